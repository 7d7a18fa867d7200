//! What a reader wants to know of a message beyond its parts: who vouches for it, which way it came, what it asks for.
//!
//! Pure: header fields and contents come in, values go out. Knows no terminal, no files and no network.

pub mod authentication;
