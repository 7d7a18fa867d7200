//! Accounts: which servers a user talks to, as whom, and where the secrets are kept.
//!
//! One configuration file for all of mailkit. It is read when a command needs it, never written:
//! it belongs to the user. Asking the user for a password is the command line's business.

mod config;
mod file;
mod oauth_config;
mod pattern;
mod profile;
mod source;
mod tls_files;

pub use config::{Config, Relay, Serve};
pub use file::{read_text, state_dir};
pub use oauth_config::{Grant, OAuth};
pub use pattern::Pattern;
pub use profile::{Account, Auth, Confirm, Log, LogFormat, Sent, Tls};
pub use source::SecretSource;
pub use tls_files::TlsFiles;
