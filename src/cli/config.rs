//! `mailkit config`: where the configuration is, what is wrong with it, what it says, and changing it by hand.

use super::context::Context;
use super::editor;
use super::exit::Exit;
use mailkit::account::{Config, Edit, Problem, Shown, keep, read_text, schema, user_file, usual_files};
use mailkit::error::{Error, Kind, Result};
use serde_json::json;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Look into the configuration
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print the files that are read, in this order
    #[command(after_help = "Examples:
  mailkit config path
  mailkit config path --all")]
    Path {
        /// Print those too that could be there and are not
        #[arg(long)]
        all: bool,
    },
    /// Tell all that is wrong, each with its file and line
    ///
    /// Ends with 0 if nothing is, 1 if something is unwise, 78 if something is wrong.
    #[command(after_help = "Examples:
  mailkit config check
  mailkit config check --json")]
    Check,
    /// Print what the configuration says, accounts with all that they inherit; secrets are left out
    #[command(after_help = "Examples:
  mailkit config show
  mailkit config show --origin accounts.work")]
    Show {
        /// Say where each value was written
        #[arg(long)]
        origin: bool,
        /// Only what begins so: a section, or a section and a key
        prefix: Option<String>,
    },
    /// Print the JSON Schema of the configuration, for editors that complete and check
    #[command(after_help = "Examples:
  mailkit config schema > mailkit.schema.json
  mailkit config schema | jq '.\"$defs\".Account.properties | keys'")]
    Schema,
    /// Open the configuration in $VISUAL or $EDITOR, and check it afterwards
    ///
    /// What the file was before is kept beside it, with .bak behind its name.
    #[command(after_help = "Examples:
  mailkit config edit
  EDITOR='code --wait' mailkit config edit")]
    Edit,
}

/// Shows, checks or edits.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    match &args.command {
        Command::Path { all } => paths(context, *all),
        Command::Check => check(context),
        Command::Show { origin, prefix } => show(context, *origin, prefix.as_deref()),
        Command::Schema => {
            let text = serde_json::to_string_pretty(&schema())
                .map_err(|error| Error::new(Kind::Software, "the schema is no JSON").caused_by(error))?;
            context.line(&text)?;
            Ok(Exit::OK)
        }
        Command::Edit => {
            let path = match context.globals.config.last() {
                Some(path) => path.clone(),
                None => user_file()?,
            };
            edit(context, &path)
        }
    }
}

fn paths(context: &Context, all: bool) -> Result<Exit> {
    let usual = if context.globals.config.is_empty() { usual_files() } else { Vec::new() };
    let files: Vec<&PathBuf> = context.globals.config.iter().chain(&usual).collect();
    for path in &files {
        let exists = path.exists();
        match context.is_json() {
            true => context.object(&json!({"path": path.display().to_string(), "exists": exists}))?,
            false if exists || all => context.line(&path.display().to_string())?,
            false => {}
        }
    }
    match files.iter().any(|path| path.exists()) {
        true => Ok(Exit::OK),
        false => Ok(Exit::PARTIAL),
    }
}

fn check(context: &Context) -> Result<Exit> {
    let (config, problems) = Config::check(&context.globals.config)?;
    let exit = match problems.iter().map(|problem| problem.is_error).max() {
        Some(true) => Exit::from(Kind::Config),
        Some(false) => Exit::PARTIAL,
        None => Exit::OK,
    };
    if context.is_json() {
        let problems: Vec<_> = problems.iter().map(problem_json).collect();
        let files: Vec<_> = config.origin.files().map(|path| path.display().to_string()).collect();
        let object = json!({
            "schema": "mailkit.config-check/1", "exit": exit.code(), "files": files, "problems": problems,
        });
        context.object(&object)?;
        return Ok(exit);
    }
    report(context, &problems)?;
    if problems.is_empty() {
        context.note(&format!("nothing is wrong with {} files", config.origin.files().count()));
    }
    Ok(exit)
}

fn report(context: &Context, problems: &[Problem]) -> Result<()> {
    for problem in problems {
        let weight = if problem.is_error { "" } else { "unwise: " };
        let hint = problem.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        let place = problem.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
        context.line(&mailkit::message::safe::terminal(&format!("{place}{weight}{}{hint}", problem.what)))?;
    }
    Ok(())
}

fn problem_json(problem: &Problem) -> serde_json::Value {
    let place = problem.place.as_ref();
    json!({
        "file": place.map(|place| place.path.display().to_string()),
        "line": place.and_then(|place| place.line),
        "level": if problem.is_error { "error" } else { "warning" },
        "what": problem.what,
        "hint": problem.hint,
    })
}

fn show(context: &Context, origin: bool, prefix: Option<&str>) -> Result<Exit> {
    let shown = context.config()?.shown();
    let wanted = |one: &&Shown| prefix.is_none_or(|prefix| is_below(prefix, &format!("{}.{}", one.section, one.key)));
    let shown: Vec<&Shown> = shown.iter().filter(wanted).collect();
    print(context, &shown, origin)?;
    Ok(if shown.is_empty() && prefix.is_some() { Exit::PARTIAL } else { Exit::OK })
}

fn is_below(prefix: &str, path: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Values as TOML that could be read again, or as one object.
pub(super) fn print(context: &Context, shown: &[&Shown], origin: bool) -> Result<()> {
    if context.is_json() {
        let values: Vec<_> = shown
            .iter()
            .map(|one| {
                let mut value = json!({"section": one.section, "key": one.key, "value": one.json});
                if let Some(place) = one.place.as_ref().filter(|_| origin) {
                    value["file"] = json!(place.path.display().to_string());
                    value["line"] = json!(place.line);
                    value["provider"] = json!(one.provider);
                }
                value
            })
            .collect();
        return context.object(&json!({"schema": "mailkit.config/1", "values": values}));
    }
    let mut section = "";
    for one in shown {
        if one.section != section {
            let gap = if section.is_empty() { "" } else { "\n" };
            context.line(&format!("{gap}[{}]", mailkit::message::safe::terminal(&one.section)))?;
            section = &one.section;
        }
        let implied = one.provider.as_ref().map(|name| format!("provider {name}, ")).unwrap_or_default();
        let place = one.place.as_ref().filter(|_| origin);
        let place = place.map(|place| format!("  # {implied}{place}")).unwrap_or_default();
        context.line(&mailkit::message::safe::terminal(&format!("{} = {}{place}", one.key, one.text)))?;
    }
    Ok(())
}

/// Opens a file in the user's editor, and says what is wrong with it afterwards.
pub(super) fn edit(context: &Context, path: &Path) -> Result<Exit> {
    if context.globals.no_input {
        return Err(Error::new(Kind::Usage, "nobody may be asked, so nobody can edit").hint("change the file itself"));
    }
    // Also makes sure that what is there is a file of text, and that its directory is there.
    let before = match read_text(path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(Error::input(path, error)),
    };
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(|error| Error::file("cannot create", dir, error))?;
    }
    let backup = before.as_ref().map(|text| keep(path, text)).transpose()?;
    let editor = match editor::named() {
        Some(editor) => editor,
        None if std::io::stdin().is_terminal() => "vi".to_owned(),
        None => {
            return Err(Error::new(Kind::Usage, "there is no terminal to edit at").hint("name a program in EDITOR"));
        }
    };
    editor::open(&editor, path, context.hidden())?;
    // Read once more from the disk, with all others: one file may be wrong only together with another.
    let (_, problems) = Config::check(&context.globals.config)?;
    report(context, &problems)?;
    if !problems.iter().any(|problem| problem.is_error) {
        return Ok(Exit::OK);
    }
    let error = Error::new(Kind::Config, "the configuration is wrong now");
    Err(match backup {
        Some(backup) => error.hint(format!("what it was before is in {}", backup.display())),
        None => error,
    })
}

/// The file in which to change an account: the one that named it last.
pub(super) fn file_of(context: &Context, account: &str) -> Result<Edit> {
    let place = context.config()?.origin.account(account, None);
    match place {
        Some(place) => Edit::open(&place.path),
        None => Err(Error::new(Kind::Config, format!("there is no account {account:?} in the configuration"))),
    }
}
