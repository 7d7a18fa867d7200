//! What messages say between the lines and together: threads.
//!
//! Pure: what was read goes in, what it means comes out. Knows no file and no terminal.

pub mod base_subject;
pub mod thread;
