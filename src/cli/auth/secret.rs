//! `mailkit auth set` and `forget`: a password goes where the account says it is, or where it can be kept.

use crate::cli::config;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use mailkit::account::{SecretSource, forget_file, keep_in_file, secret_file, wallet};
use mailkit::error::{Error, Kind, Result};
use mailkit::secret::Secret;
use std::io::{self, Read};

/// Octets of a password; more is a mistake in what was piped here.
const SECRET_MAX: u64 = 64 * 1024;

/// Keep the password of an account, where the account says it is
///
/// In the keyring or in a file. If the account does not say where, it goes to the keyring, or with --file to a
/// file that only you can read, and the account says so from then on.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pass mail/work | mailkit auth set work --stdin --file
  pass mail/old | mailkit auth set --stdin --file old")]
pub(super) struct Set {
    /// The account
    name: String,

    /// Take the first line of standard input, and ask nobody
    #[arg(long)]
    stdin: bool,

    /// Keep it in a file below the state directory: for machines without a keyring
    #[arg(long)]
    file: bool,
}

/// Forget the password of an account, in the keyring or in its file
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit auth forget work
  mailkit auth forget old --json")]
pub(super) struct Forget {
    /// The account
    name: String,
}

/// Asks for the secret and keeps it.
pub(super) fn set(args: &Set, context: &Context) -> Result<Exit> {
    let (name, account) = context.config()?.account(Some(&args.name))?;
    let source = match (&account.secret, args.file) {
        (Some(SecretSource::File(path)), _) => SecretSource::File(path.clone()),
        (_, true) => SecretSource::File(secret_file(name)?),
        (None | Some(SecretSource::Keyring | SecretSource::Prompt | SecretSource::Plain(_)), false) => {
            SecretSource::Keyring
        }
        (Some(other), false) => return Err(elsewhere(name, other)),
    };
    let secret = if args.stdin { from_input()? } else { context.ask_password(&format!("Password of {name}"))? };
    match &source {
        SecretSource::File(path) => keep_in_file(path, &secret)?,
        _ => {
            context.block_on(wallet::set(name, secret, context.is_attended()))?;
        }
    }
    if account.secret.as_ref() != Some(&source) {
        let value = match &source {
            SecretSource::File(path) => {
                // A path as TOML writes a text.
                format!("{{ file = {} }}", serde_json::Value::from(path.display().to_string()))
            }
            _ => "{ keyring = true }".to_owned(),
        };
        let mut file = config::file_of(context, name)?;
        file.set(name, "secret", &value)?;
        let path = file.path().display().to_string();
        let backup = file.write()?;
        context.note(&format!("{path} says now: secret = {value}"));
        if let (Some(backup), Some(SecretSource::Plain(_))) = (backup, &account.secret) {
            context.warn(&format!("the password still stands in {}; remove that file", backup.display()));
        }
    }
    Ok(Exit::OK)
}

/// Takes the secret away from where it is kept.
pub(super) fn forget(args: &Forget, context: &Context) -> Result<Exit> {
    let (name, account) = context.config()?.account(Some(&args.name))?;
    let forgotten = match &account.secret {
        Some(SecretSource::File(path)) => forget_file(path)?,
        None | Some(SecretSource::Keyring | SecretSource::Prompt) => {
            context.block_on(wallet::forget(name, context.is_attended()))?
        }
        Some(other) => return Err(elsewhere(name, other)),
    };
    if !forgotten {
        context.complain(&format!("there was no password of {name}"));
    }
    Ok(if forgotten { Exit::OK } else { Exit::PARTIAL })
}

fn elsewhere(name: &str, source: &SecretSource) -> Error {
    Error::new(Kind::Config, format!("the password of {name} is kept by somebody else: {}", source.describe()))
        .hint(format!("change it there, or say secret = {{keyring = true}} in [accounts.{name}]"))
}

/// The first line of standard input.
fn from_input() -> Result<Secret> {
    let mut text = String::with_capacity(SECRET_MAX as usize);
    let read = io::stdin().lock().take(SECRET_MAX).read_to_string(&mut text);
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    text.truncate(end);
    let secret = Secret::new(text);
    read.map_err(|error| Error::new(Kind::NoInput, "cannot read the password from standard input").caused_by(error))?;
    if secret.expose().is_empty() {
        return Err(Error::new(Kind::NoInput, "standard input has no password in its first line"));
    }
    Ok(secret)
}
