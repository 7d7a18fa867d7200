//! Protocols over connections.

pub mod exchangers;
pub mod handover;
