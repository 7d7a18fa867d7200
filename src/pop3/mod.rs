//! POP3, both sides, without sockets. RFC 1939.

pub mod server;
