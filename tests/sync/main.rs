//! Synchronisation with servers that live in memory: whatever breaks, no message is lost and none is there twice.

#[path = "../imap/host.rs"]
mod host;
mod hostile;
mod pull;
mod two_way;
mod world;
