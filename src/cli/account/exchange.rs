//! `mailkit account import` and `export`: accounts come from other mail programs, and go there.

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::input;
use mailkit::account::{Edit, Format, Imported, Target, export as exported, import as imported, user_file};
use mailkit::error::{Error, Kind, Result};
use std::path::PathBuf;

/// Take over accounts from another mail program
///
/// What cannot be taken over is told line by line, and then the command ends with 1. Passwords that stand in plain
/// text are not copied.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit account import msmtprc ~/.msmtprc
  mailkit account import --print mbsyncrc ~/.mbsyncrc")]
pub(super) struct Import {
    /// Whose file it is
    #[arg(value_enum)]
    format: ImportFormat,

    /// The file
    file: PathBuf,

    /// Print what would be written, and write nothing
    #[arg(long)]
    print: bool,

    /// The account's name, if the file has one account only
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

/// Print an account in the words of another mail program
///
/// No password is printed: the other program runs a command for it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit account export msmtprc work >> ~/.msmtprc
  mailkit account export thunderbird work > config-v1.1.xml")]
pub(super) struct Export {
    /// For whom
    #[arg(value_enum)]
    format: ExportFormat,

    /// The account; the default one if none is named
    name: Option<String>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum ImportFormat {
    Msmtprc,
    Muttrc,
    Mbsyncrc,
    Himalaya,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum ExportFormat {
    Msmtprc,
    Neomutt,
    Mbsync,
    Thunderbird,
}

/// Reads, tells what is left out, writes.
pub(super) fn import(args: &Import, context: &Context) -> Result<Exit> {
    let format = match args.format {
        ImportFormat::Msmtprc => Format::Msmtprc,
        ImportFormat::Muttrc => Format::Muttrc,
        ImportFormat::Mbsyncrc => Format::Mbsyncrc,
        ImportFormat::Himalaya => Format::Himalaya,
    };
    let (mut accounts, notes) = imported(format, &input::text(&args.file)?);
    for note in &notes {
        context.complain(&format!("{}:{}: {}", args.file.display(), note.line, note.what));
    }
    match (&args.name, accounts.as_mut_slice()) {
        (_, []) => {
            let what = format!("{} has no account in it", args.file.display());
            return Err(Error::new(Kind::Data, what));
        }
        (Some(name), [account]) => account.name.clone_from(name),
        (Some(_), _) => {
            let names: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
            let error = Error::new(Kind::Usage, "--name is for a file with one account only");
            return Err(error.hint(format!("there are {}", names.join(", "))));
        }
        (None, _) => {}
    }
    let known: Vec<&str> = context.config()?.accounts.keys().map(String::as_str).collect();
    if let Some(account) =
        accounts.iter().find(|account| known.contains(&account.name.as_str())).filter(|_| !args.print)
    {
        return Err(Error::new(
            Kind::Usage,
            format!("there is an account {} already; nothing was written", account.name),
        )
        .hint("give this one another --name, or look at it with --print"));
    }
    let path = match context.globals.config.last() {
        Some(path) => path.clone(),
        None => user_file()?,
    };
    let mut file = if args.print { Edit::empty() } else { Edit::open(&path)? };
    for account in &accounts {
        add(&mut file, account, !known.is_empty())?;
    }
    if args.print {
        context.octets(file.text().as_bytes())?;
    } else {
        file.write()?;
        let names: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
        context.note(&format!("{} has now: {}", path.display(), names.join(", ")));
    }
    Ok(if notes.is_empty() { Exit::OK } else { Exit::PARTIAL })
}

fn add(file: &mut Edit, account: &Imported, is_one_of_many: bool) -> Result<()> {
    for (key, value) in &account.keys {
        // Which one is meant was settled before this one came.
        if key != "default" || !is_one_of_many {
            file.set(&account.name, key, value)?;
        }
    }
    Ok(())
}

/// Prints the account.
pub(super) fn export(args: &Export, context: &Context) -> Result<Exit> {
    let target = match args.format {
        ExportFormat::Msmtprc => Target::Msmtprc,
        ExportFormat::Neomutt => Target::Neomutt,
        ExportFormat::Mbsync => Target::Mbsync,
        ExportFormat::Thunderbird => Target::Thunderbird,
    };
    let named = args.name.as_deref().or(context.globals.account.as_deref());
    let (name, account) = context.config()?.account(named)?;
    context.octets(exported(target, name, account)?.as_bytes())?;
    Ok(Exit::OK)
}
