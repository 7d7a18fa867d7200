//! Synchronisation against servers that live in memory: whatever breaks, no message is lost and none comes twice.

#[path = "../imap/host.rs"]
mod host;
mod hostile;
mod pull;
mod world;
