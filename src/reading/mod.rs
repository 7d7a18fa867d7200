//! What a message tells beyond its text: the way it took, where its links lead, how to get off its list, appointments.
//!
//! Pure: a message goes in, values come out; nothing is fetched, looked up or sent. Built on `message` alone.

pub mod calendar;
mod content_line;
pub mod links;
mod recurrence;
pub mod route;
mod trace_field;
pub mod unsubscribe;
