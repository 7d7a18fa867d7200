//! A mailbox kept equal on both sides.
