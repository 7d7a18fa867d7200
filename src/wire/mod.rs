//! Octets and line ends: what SMTP, POP3 and IMAP share below their verbs.

pub mod association;
pub mod event;
pub mod exchange;
pub mod frame;
pub mod literal;
pub mod pattern;
pub mod proxy_header;
pub mod record;
pub mod secured;
pub mod session;
pub mod stuff;
pub mod transcript;
