//! The client of name servers: many questions at once, each asked once, over few sockets.
//!
//! Who asks what is being asked already waits for the same reply, and what was answered is remembered as long as it
//! holds. What came is kept whole, so that who diagnoses sees it. Knows what a reply is, and not what it means for mail.
//! RFC 1035 §7; RFC 5452; RFC 7766; RFC 9520 §3.

mod client;
mod datagrams;
mod desk;
mod streams;
mod table;
mod upstream;

pub use client::{Client, Sight, Trouble, Watch};
pub use desk::{Asked, Desk};
pub use upstream::{Carry, Upstream};

#[cfg(test)]
mod tests;
