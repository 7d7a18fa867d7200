//! `mailkit account edit`, `default` and `remove`: the file stays as its owner wrote it, but for what is changed.

use crate::cli::config;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use mailkit::account::Edit as File;
use mailkit::error::{Error, Kind, Result};

/// Change an account: key by key, or in an editor if no change is named
///
/// Comments and order of the file stay, and what it was before is kept beside it. A value is TOML, or else a text.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit account edit work
  mailkit account edit work --set smtp=smtps://smtp.example.org --set max-recipients=20")]
pub(super) struct Edit {
    /// The account
    name: String,

    /// Set a key; tls.name leads into a table
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,

    /// Take a key away
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,
}

/// Say which account is meant when none is named
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit account default work
  mailkit account default work -v")]
pub(super) struct Default {
    /// The account
    name: String,
}

/// Take an account out of the configuration; mail and secrets stay where they are
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit account remove --yes old
  mailkit account remove --yes older")]
pub(super) struct Remove {
    /// Do not ask
    #[arg(long)]
    yes: bool,

    /// The account
    name: String,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.trim().to_owned())),
        _ => Err("it is written KEY=VALUE".into()),
    }
}

/// Changes what is named, or opens the editor.
pub(super) fn edit(args: &Edit, context: &Context) -> Result<Exit> {
    let name = known(context, &args.name)?;
    let mut file = config::file_of(context, name)?;
    if args.set.is_empty() && args.unset.is_empty() {
        let path = file.path().to_owned();
        // Whoever edits may take long; nobody waits for that.
        drop(file);
        return config::edit(context, &path);
    }
    for (key, _) in args.set.iter().filter(|(key, _)| is_secret(key)) {
        let is_plain = |value: &str| key.contains("plain") || value.contains("plain");
        if args.set.iter().any(|(known, value)| known == key && is_plain(value)) {
            return Err(Error::new(Kind::Usage, "a password among the arguments can be seen by every user")
                .hint(format!("mailkit auth set {name} asks for it")));
        }
    }
    for (key, value) in &args.set {
        file.set(name, key, value)?;
    }
    for key in &args.unset {
        if !file.unset(name, key) {
            return Err(Error::new(Kind::Usage, format!("{name} has no {key} in {}", file.path().display())).hint(
                "it may stand in [defaults], in another account or in another file: mailkit account show --origin",
            ));
        }
    }
    write(file, context)
}

fn is_secret(key: &str) -> bool {
    key.split('.').any(|part| part == "secret" || part.ends_with("-secret"))
}

/// One account says `default = true`, and no other.
pub(super) fn default(args: &Default, context: &Context) -> Result<Exit> {
    let name = known(context, &args.name)?;
    let config = context.config()?;
    for (other, _) in config.accounts.iter().filter(|(other, account)| *other != name && account.default) {
        let Some(place) = config.origin.account(other, Some("default")) else { continue };
        let mut file = File::open(&place.path)?;
        file.unset(other, "default");
        write(file, context)?;
    }
    let mut file = config::file_of(context, name)?;
    file.set(name, "default", "true")?;
    write(file, context)
}

/// The account goes from each file that says something about it.
pub(super) fn remove(args: &Remove, context: &Context) -> Result<Exit> {
    let name = known(context, &args.name)?;
    let config = context.config()?;
    let heirs: Vec<&str> = config
        .accounts
        .iter()
        .filter(|(_, account)| account.inherit.as_deref() == Some(name))
        .map(|(heir, _)| heir.as_str())
        .chain(config.route.iter().filter(|(_, to)| *to == name).map(|_| "[route]"))
        .collect();
    if !heirs.is_empty() {
        return Err(Error::new(Kind::Config, format!("{name} is still needed by {}", heirs.join(", ")))
            .hint("change these first"));
    }
    if !args.yes {
        context.confirm(&format!("Take {name} out of the configuration?"), "--yes")?;
    }
    for path in config.origin.files() {
        let mut file = File::open(path)?;
        if file.remove(name) {
            write(file, context)?;
        }
    }
    Ok(Exit::OK)
}

/// The account of a name, whatever else is wrong with its values.
fn known<'a>(context: &'a Context, name: &str) -> Result<&'a str> {
    context.config()?.account(Some(name)).map(|(name, _)| name)
}

fn write(file: File, context: &Context) -> Result<Exit> {
    let path = file.path().display().to_string();
    match file.write()? {
        Some(backup) => context.note(&format!("{path} is changed; what it was before is in {}", backup.display())),
        None => context.note(&format!("{path} is as it was")),
    }
    Ok(Exit::OK)
}
