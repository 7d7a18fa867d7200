//! Protocols over connections.

pub mod exchangers;
