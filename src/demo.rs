//! The seed story.
