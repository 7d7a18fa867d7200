//! What messages tell beyond their text: the way they took, where their links lead, how to get off a list, appointments,
//! and which of them answer which.
//!
//! Pure: what was read goes in, what it means comes out; nothing is fetched, looked up or sent, and no file or terminal
//! is known.

pub mod authentication;
pub mod base_subject;
pub mod calendar;
mod content_line;
pub mod gnupg;
pub mod links;
mod recurrence;
pub mod route;
pub mod sealed;
pub mod thread;
mod trace_field;
pub mod unsubscribe;
