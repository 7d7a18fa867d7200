//! mailkit's core: everything but the command line.
//!
//! Each room uses rooms with lower numbers only, never a neighbour on its own layer; the words of
//! layer 0 are one room. `tests/tidy.rs` reads this list and holds the rule.
//!
//! ```text
//! 0 address duration endpoint envelope notify size status error secret world
//! 1 wire message sasl provider
//! 2 smtp pop3 imap dns managesieve query report reading convert
//! 3 store net policy
//! 4 engine users
//! 5 submit relay deliver sync fetch account probe oauth discover checkup replay talk
//! 6 server
//! 7 demo
//! 8 cli
//! ```

pub mod account;
pub mod address;
pub mod checkup;
pub mod convert;
pub mod deliver;
pub mod demo;
pub mod discover;
pub mod dns;
pub mod duration;
pub mod endpoint;
pub mod engine;
pub mod envelope;
pub mod error;
pub mod fetch;
pub mod imap;
pub mod managesieve;
pub mod message;
pub mod net;
pub mod notify;
pub mod oauth;
pub mod policy;
pub mod pop3;
pub mod probe;
pub mod provider;
pub mod query;
pub mod reading;
pub mod relay;
pub mod replay;
pub mod report;
pub mod sasl;
pub mod secret;
pub mod server;
pub mod size;
pub mod smtp;
pub mod status;
pub mod store;
pub mod submit;
pub mod sync;
pub mod talk;
pub mod users;
pub mod wire;
pub mod world;
