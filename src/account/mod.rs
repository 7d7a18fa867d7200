//! Accounts: which servers a user talks to, as whom, and where the secrets are kept.
//!
//! One configuration for all of mailkit. It is read when a command needs it, and it belongs to the user: what changes
//! it changes nothing else in it, and keeps what was. Asking for a password is the command line's business.

mod aliases;
mod choice;
mod config;
mod doubt;
mod draft;
mod edit;
mod exchange;
mod fetch;
mod file;
pub mod guard;
mod indirect;
mod netrc;
mod oauth_config;
mod pattern;
mod places;
mod preset;
mod problem;
mod profile;
mod replace;
mod retrieve;
mod schema;
mod secret_file;
pub mod sent;
mod settle;
mod show;
mod source;
mod tls_files;
mod tree;
mod vault;
pub mod wallet;

pub use aliases::{AliasError, Aliases};
pub use choice::{Asked, Reason};
pub use config::{Config, Relay, Serve};
pub use draft::{Draft, Keep, is_name, pins};
pub use edit::{Edit, keep};
pub use exchange::{Format, Imported, Note, Target, export, import};
pub use fetch::{Whose, discreet};
pub use file::{Origin, read_text};
pub use oauth_config::{Grant, OAuth};
pub use pattern::Pattern;
pub use places::{state_dir, user_file, usual_files};
pub use problem::{Position, Problem};
pub use profile::{Account, Auth, Log, LogFormat, Tls};
pub use retrieve::Retrieve;
pub use schema::schema;
pub use secret_file::{forget_file, keep_in_file, secret_file};
pub use show::Shown;
pub use source::SecretSource;
pub use tls_files::TlsFiles;
pub use vault::{Place, Vault};
