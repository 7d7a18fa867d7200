//! Messages in other forms: a stream of many, a page, Markdown; with parts taken out, or with all names replaced.
//!
//! What is not converted stays octet for octet. Reads through `message`, writes octets; knows no files and no terminal.

pub mod hash;
pub mod letterhead;
pub mod line_ends;
pub mod markdown;
pub mod mbox;
pub mod page;
pub mod redact;
pub mod strip;
pub mod text;
