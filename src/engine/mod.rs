//! Protocols over connections.

pub mod courier;
pub mod dial;
pub mod exchangers;
pub mod handover;
pub mod http;
pub mod imap;
pub mod pop3;
pub mod route;
pub mod smtp;
