//! Spool and mailboxes on disk.
//!
//! The one room that knows files. Everything goes through [`crate::world::Disk`], so that a disk in
//! memory can break under it. Spool and mailboxes keep their truth in append-only logs and files;
//! SQLite only indexes them. docs/spool.md and docs/mailbox.md describe the formats.

pub mod account;
pub mod delivery;
pub mod disk;
pub mod index_at;
mod mailbox;
pub mod mailbox_error;
pub mod mailstore;
pub mod memory;
mod memory_tree;
