//! IMAP: the words of RFC 9051 and RFC 3501, without sockets and stores.

pub mod capability;
pub mod change;
pub mod client;
pub mod code;
pub mod command;
pub mod content;
pub mod counts;
pub mod date;
pub mod envelope;
pub mod esearch;
pub mod fetch;
pub mod fetched;
pub mod flag;
pub mod follow;
pub mod header;
pub mod mailbox;
pub mod name;
pub mod number;
pub mod outline;
pub mod response;
pub mod search;
pub mod server;
pub mod set;
pub mod structure;
pub mod token;
pub mod verb;
