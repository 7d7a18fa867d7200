//! POP3, both sides, without sockets.
//!
//! `command` and `response` read and print what travels, `capability` says what CAPA announces; `server`
//! is a session, `client` a set of exchanges; `follow` keeps secrets out of traces. RFC 1939.

pub mod capability;
pub mod client;
pub mod command;
pub mod follow;
pub mod response;
pub mod server;
