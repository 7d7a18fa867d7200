//! `mailkit user`: the users file of a server, so that nobody has to hash a password by hand.

use super::context::Context;
use super::exit::Exit;
use super::input;
use super::login::PasswordArgs;
use mailkit::account::{SecretSource, read_text};
use mailkit::error::{Error, Kind, Result};
use mailkit::net::entropy::SystemEntropy;
use mailkit::users::{self, is_user_name, parse};
use mailkit::world::Entropy;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

/// Manage the users of a server
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Add(Add),
    Remove(Remove),
    List(List),
}

/// Add a user to a users file, or give one a new password
///
/// The file holds an Argon2 hash and keys for SCRAM-SHA-256, never the password. A running server reads it again when it is restarted.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit user add --users users.txt --password-cmd 'pass mail/bob' bob
  mailkit user add --users users.txt --password-cmd 'pass mail/alice' alice")]
struct Add {
    /// The users file, made if missing
    #[arg(long, value_name = "FILE")]
    users: PathBuf,

    /// The user
    name: String,

    #[command(flatten)]
    password: PasswordArgs,
}

/// Take a user out of a users file; their mail stays
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit user remove --users users.txt bob
  mailkit user remove --users users.txt alice")]
struct Remove {
    /// The users file
    #[arg(long, value_name = "FILE")]
    users: PathBuf,

    /// The user
    name: String,
}

/// List the names in a users file
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit user list --users users.txt
  mailkit user list --users users.txt --json")]
struct List {
    /// The users file
    #[arg(long, value_name = "FILE")]
    users: PathBuf,
}

/// Changes or lists.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    match &args.command {
        Command::Add(add) => {
            if !is_user_name(&add.name) {
                return Err(Error::new(Kind::Usage, format!("{} is no user name", add.name))
                    .hint("a user name has letters, digits and . _ - + only"));
            }
            let source = add.password.source().unwrap_or(SecretSource::Prompt);
            let ask = || context.ask_password(&format!("New password of {}", add.name));
            let password = context.block_on(source.fetch(context.whose(&add.name, None), &ask))?;
            let mut salts = [[0; 16]; 2];
            salts.iter_mut().for_each(|salt| SystemEntropy.fill(salt));
            let line = format!("{}:{}", add.name, users::line(&password, [&salts[0], &salts[1]])?);
            change(&add.users, &add.name, Some(&line))
        }
        Command::Remove(remove) => change(&remove.users, &remove.name, None),
        Command::List(list) => {
            let users = parse(&input::text(&list.users)?)?;
            for (name, _) in &users {
                match context.is_json() {
                    true => context.object(&serde_json::json!({ "user": name }))?,
                    false => context.line(name)?,
                }
            }
            Ok(Exit::OK)
        }
    }
}

/// Puts `line` in the place of the user's, or at the end; without one the user's line goes. Comments stay.
fn change(path: &Path, name: &str, line: Option<&str>) -> Result<Exit> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Two at a time would each write what the other has not. The directory is locked, because the file is replaced.
    let dir = File::open(dir).map_err(|error| Error::file("cannot write", path, error))?;
    dir.lock().map_err(|error| Error::file("cannot lock the directory of", path, error))?;
    let before = match read_text(path) {
        // Only what is not there: a file that may not be read must not be replaced by an empty one.
        Err(error) if error.kind() == ErrorKind::NotFound && line.is_some() => String::new(),
        text => text.map_err(|error| Error::input(path, error))?,
    };
    // A file that is wrong already is not made worse.
    parse(&before)?;
    let is_theirs = |text: &str| text.trim().split_once(':').is_some_and(|(known, _)| known.eq_ignore_ascii_case(name));
    let known = before.lines().any(is_theirs);
    if !known && line.is_none() {
        return Err(Error::new(Kind::NoInput, format!("there is no user {name} in {}", path.display())));
    }
    let mut after = String::new();
    let others = before.lines().filter_map(|text| if is_theirs(text) { line } else { Some(text) });
    for text in others.chain(line.filter(|_| !known)) {
        after.push_str(text);
        after.push('\n');
    }
    write(&dir, path, &after)?;
    Ok(Exit::OK)
}

/// Replaces the file as a whole: a server that starts meanwhile reads the old one or the new one. Whoever could read
/// the old one, and nobody else, can read the new one.
fn write(dir: &File, path: &Path, text: &str) -> Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    let replace = || {
        match std::fs::remove_file(&new) {
            // What a crash left may be readable by others.
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        if let Ok(old) = std::fs::metadata(path) {
            let mine = file.metadata()?;
            if (old.uid(), old.gid()) != (mine.uid(), mine.gid()) {
                fchown(&file, Some(old.uid()), Some(old.gid()))?;
            }
            file.set_permissions(old.permissions())?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, path)?;
        dir.sync_all()
    };
    replace().map_err(|error| Error::file("cannot write", path, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn users_come_change_and_go_and_comments_stay() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("users");
        let text = || input::text(&path).expect("a file");
        change(&path, "bob", Some("bob:{PLAIN}one")).expect("made");
        std::fs::write(&path, format!("# people\n{}", text())).expect("written");
        change(&path, "alice", Some("alice:{PLAIN}two")).expect("added");
        change(&path, "Bob", Some("bob:{PLAIN}three")).expect("changed");
        assert_eq!(text(), "# people\nbob:{PLAIN}three\nalice:{PLAIN}two\n");
        change(&path, "bob", None).expect("removed");
        assert_eq!(text(), "# people\nalice:{PLAIN}two\n");
        assert_eq!(change(&path, "bob", None).expect_err("gone").kind(), Kind::NoInput);
        std::fs::write(&path, "nonsense\n").expect("written");
        assert_eq!(change(&path, "bob", Some("bob:{PLAIN}x")).expect_err("a bad file").kind(), Kind::Config);
        assert_eq!(text(), "nonsense\n");
    }

    #[test]
    fn whoever_could_read_the_file_still_can_and_nobody_else() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("users");
        let mode = || std::fs::metadata(&path).expect("a file").mode() & 0o777;
        change(&path, "bob", Some("bob:{PLAIN}one")).expect("made");
        assert_eq!(mode(), 0o600);
        let readable = std::fs::Permissions::from_mode(0o640);
        std::fs::set_permissions(&path, readable).expect("set");
        std::fs::write(directory.path().join("users.new"), "left by a crash").expect("written");
        change(&path, "alice", Some("alice:{PLAIN}two")).expect("added");
        assert_eq!(mode(), 0o640);
    }

    #[test]
    fn who_adds_at_the_same_time_is_added() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("users");
        std::thread::scope(|scope| {
            for number in 0..20 {
                let (path, name) = (&path, format!("user{number}"));
                scope.spawn(move || change(path, &name, Some(&format!("{name}:{{PLAIN}}x"))).expect("added"));
            }
        });
        assert_eq!(input::text(&path).expect("a file").lines().count(), 20);
    }
}
