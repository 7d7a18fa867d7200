//! Accounts: which servers a user talks to, as whom, and where the secrets are kept.
//!
//! One configuration file for all of mailkit. It is read when a command needs it, never written:
//! it belongs to the user. Asking the user for a password is the command line's business.

mod config;
mod file;
mod oauth_config;
mod source;
mod tls_files;
mod vault;

pub use config::{Account, Auth, Config, Defaults, Relay, Serve};
pub use file::{read_text, state_dir};
pub use oauth_config::{Grant, OAuth};
pub use source::SecretSource;
pub use tls_files::TlsFiles;
pub use vault::{Place, Vault};
