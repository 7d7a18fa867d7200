//! Protocols over connections.

pub mod courier;
pub mod exchangers;
pub mod handover;
pub mod smtp;
