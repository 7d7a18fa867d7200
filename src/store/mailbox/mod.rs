//! What is behind an account: files, log and index of its mailboxes, and what is done with them.
//!
//! Everything here blocks, and runs for one task at a time. The truth lies in files: the Maildir has
//! octets and system flags, each mailbox's log has the UIDs. The index can be lost; see docs/mailbox.md.

mod add;
mod change;
mod file_name;
mod folder;
mod folder_files;
mod gone;
mod index;
mod line_ends;
mod meet;
mod messages;
mod names;
mod read;
mod rows;
mod scan;
mod state;
mod uid_log;

pub(super) use add::Arrival;
pub(super) use change::After;
pub use file_name::Spot;
pub(super) use file_name::{base, sizes, split, stem};
pub(super) use folder::{Folder, is_user_name};
pub(super) use folder_files::FolderFiles;
pub use folder_files::{Stamp, Stamps};
pub(super) use line_ends::{Sizes, WireReader, measure, write as write_message, write_unsynced};
pub(super) use state::{State, TICK, fresh_key};
