//! POP3, both sides, without sockets.
//!
//! `command` and `response` read and print what travels, `capability` says what CAPA announces; `server`
//! is a session, `client`, `list` and `retrieve` are sets of exchanges; `follow` keeps secrets out of traces. RFC 1939.

pub mod capability;
pub mod client;
pub mod command;
pub mod follow;
pub mod list;
pub mod response;
pub mod retrieve;
pub mod server;
