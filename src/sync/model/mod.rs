//! The model of two-way sync: a server and a Maildir in memory, users on both sides, and a world that breaks anywhere.
//!
//! A history is what users did, and where each run was cut off. Whatever happened, once runs are left in peace both
//! sides must hold what the users wanted (`oracle`), no message may ever have been without a copy, and a further run
//! must find nothing to do. Everything is deterministic: a history that fails is a seed, and is made short.

mod disk;
mod history;
mod local;
mod mail;
mod operation;
mod oracle;
mod remote;
mod server;
mod state;
mod world;

mod exhaustive;
mod random;
mod scenarios;
mod wrong;
