//! The network, for real: connections, TLS, the one driver of all servers, the one driver of clients.

pub mod connection;
pub mod dialogue;
pub mod gate;
pub mod serve;
pub mod tcp;
pub mod tls;
pub mod trace;
