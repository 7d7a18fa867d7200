//! Spool and mailboxes on disk.
