//! SMTP, both sides, without sockets.
//!
//! `command` and `reply` read and print what travels, `extension` says what EHLO offers; `server` is a
//! session, `client` a set of exchanges. RFC 5321.

pub mod command;
pub mod extension;
pub mod reply;
pub mod server;
