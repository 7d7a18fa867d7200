//! SMTP, both sides, without sockets.
//!
//! `command` and `reply` read and print what travels, `extension` says what EHLO offers; `server` is a
//! session, `client` a set of requests, `transaction` what to say with them, `outcome` what became of it;
//! `xclient` speaks for another client; `follow` keeps secrets out of traces. RFC 5321.

pub mod client;
pub mod command;
pub mod extension;
pub mod follow;
pub mod outcome;
pub mod reply;
pub mod server;
pub mod transaction;
pub mod xclient;
