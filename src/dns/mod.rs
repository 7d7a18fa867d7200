//! DNS without a socket: what a question is on the wire, which reply belongs to it, whom to ask next, what to remember, and
//! what an answer is worth.
//!
//! hickory-proto lends the grammar of names and records; who is asked, how, and what counts as an answer is decided here.
//! `net::dns` sends and receives, `net::resolve` makes answers of it that mail understands.

pub mod cookie;
pub mod dnssec;
mod foreign;
pub mod frame;
pub mod memory;
pub mod plan;
pub mod print;
pub mod question;
pub mod reply;
pub mod server;
