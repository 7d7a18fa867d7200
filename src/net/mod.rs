//! The outside, for real: connections, TLS, names, time; the one driver of servers and the one of clients.

pub mod clock;
pub mod connection;
pub mod control;
mod deflate;
pub mod dialogue;
pub mod dns;
pub mod entropy;
pub mod gate;
pub mod local;
pub mod pace;
pub mod peer;
pub mod proxy;
pub mod public;
mod race;
pub mod resolve;
pub mod serve;
pub mod tcp;
pub mod tls;
pub mod trace;
pub mod zone;
