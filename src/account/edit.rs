//! Changes a configuration file that somebody wrote by hand: comments, order and blanks stay as they are.
//!
//! What is changed must be understood afterwards, or nothing is written. The file is replaced as a whole, and what it
//! was before stays beside it, for its owner only. A link, as those have who keep their settings in a repository,
//! stays a link: what it leads to is replaced.

use super::config::Config;
use super::file::read_text;
use super::replace::{Writer, directory};
use crate::error::{Error, Kind, Result};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, Item, Table, Value};

/// What goes behind the name of the file that was.
const BEFORE: &str = ".bak";

/// A file under change.
#[derive(Debug)]
pub struct Edit {
    path: PathBuf,
    before: Option<String>,
    document: DocumentMut,
    /// Nobody else writes until the change is made.
    writer: Option<Writer>,
}

impl Edit {
    /// Opens a file; one that is not there yet is empty. Until the value ends, others who want to change it wait.
    pub fn open(path: &Path) -> Result<Self> {
        let path = resolve(path);
        // A directory that is not there yet is nobody's.
        let writer = directory(&path).is_dir().then(|| Writer::beside(&path)).transpose()?;
        let before = read(&path)?;
        let document = before.as_deref().unwrap_or_default().parse().map_err(|error: toml_edit::TomlError| {
            Error::new(Kind::Config, format!("{} is no TOML: {}", path.display(), error.message()))
        })?;
        Ok(Self { path, before, document, writer })
    }

    /// A file that is only to be looked at.
    pub fn empty() -> Self {
        Self { path: PathBuf::new(), before: None, document: DocumentMut::new(), writer: None }
    }

    /// The file that is changed.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file has a section for the account.
    pub fn has(&self, account: &str) -> bool {
        self.document.get("accounts").and_then(|accounts| accounts.get(account)).is_some()
    }

    /// Sets a key of an account, which is added behind the others if it is new. `text` is TOML, or else a string.
    /// `key` may lead into a table: `tls.name`.
    pub fn set(&mut self, account: &str, key: &str, text: &str) -> Result<()> {
        let value: Value = text.parse().unwrap_or_else(|_| text.into());
        let path = self.path.clone();
        // Comments at the end of the file stay before what comes behind them.
        let mut section = Table::new();
        if !self.has(account) {
            let end = self.document.trailing().as_str().unwrap_or_default().to_owned();
            if !end.trim().is_empty() {
                section.decor_mut().set_prefix(format!("{end}\n"));
                self.document.set_trailing("");
            }
        }
        let no_table = |what: &str| Error::new(Kind::Config, format!("{what} in {} is no table", path.display()));
        let accounts = self.document.entry("accounts").or_insert_with(|| {
            let mut accounts = Table::new();
            // [accounts.NAME] says it all.
            accounts.set_implicit(true);
            Item::Table(accounts)
        });
        let accounts = accounts.as_table_like_mut().ok_or_else(|| no_table("accounts"))?;
        let mut place = accounts.entry(account).or_insert_with(|| Item::Table(section));
        let (tables, last) = key.rsplit_once('.').unwrap_or(("", key));
        for part in tables.split('.').filter(|part| !part.is_empty()) {
            let table = place.as_table_like_mut().ok_or_else(|| no_table(account))?;
            place = table.entry(part).or_insert_with(|| Item::Value(Value::InlineTable(Default::default())));
        }
        let table = place.as_table_like_mut().ok_or_else(|| no_table(key))?;
        match table.get_mut(last).and_then(Item::as_value_mut) {
            // What stands around it, as a comment behind it, stays.
            Some(old) => {
                let decor = old.decor().clone();
                *old = value;
                *old.decor_mut() = decor;
            }
            None => drop(table.insert(last, Item::Value(value))),
        }
        Ok(())
    }

    /// Takes a key away from an account; says whether it was there.
    pub fn unset(&mut self, account: &str, key: &str) -> bool {
        let mut place = self.document.get_mut("accounts").and_then(|accounts| accounts.get_mut(account));
        let (tables, last) = key.rsplit_once('.').unwrap_or(("", key));
        for part in tables.split('.').filter(|part| !part.is_empty()) {
            place = place.and_then(|item| item.get_mut(part));
        }
        place.and_then(Item::as_table_like_mut).and_then(|table| table.remove(last)).is_some()
    }

    /// Takes an account away; says whether it was there.
    pub fn remove(&mut self, account: &str) -> bool {
        let accounts = self.document.get_mut("accounts").and_then(Item::as_table_like_mut);
        accounts.and_then(|accounts| accounts.remove(account)).is_some()
    }

    /// The file as it would be.
    pub fn text(&self) -> String {
        self.document.to_string()
    }

    /// Writes the file, if anything is different, unless that made it worse. Says where the one before is kept.
    pub fn write(self) -> Result<Option<PathBuf>> {
        let text = self.text();
        if self.before.as_deref() == Some(text.as_str()) {
            return Ok(None);
        }
        let judge = |text: &str| Config::understand(vec![(self.path.clone(), text.to_owned())]).1;
        let known: Vec<String> =
            judge(self.before.as_deref().unwrap_or_default()).into_iter().map(|p| p.what).collect();
        // Accounts of other files are not seen here: what is about them was not made by this change.
        let is_ours = |what: &String| !known.contains(what) && !what.starts_with("there is no account");
        if let Some(problem) = judge(&text).into_iter().find(|problem| problem.is_error && is_ours(&problem.what)) {
            return Err(Error::new(Kind::Config, problem.what).hint(problem.hint.unwrap_or_default()));
        }
        let writer = match self.writer {
            Some(writer) => writer,
            None => {
                let dir = directory(&self.path);
                std::fs::create_dir_all(dir).map_err(|error| Error::file("cannot create", dir, error))?;
                Writer::beside(&self.path)?
            }
        };
        // Editors know nothing of our manners.
        if read(&self.path)? != self.before {
            let what = format!("somebody else has changed {} meanwhile; nothing was written", self.path.display());
            return Err(Error::new(Kind::Temporary, what).hint("try again"));
        }
        let backup = self.before.as_ref().map(|before| keep_beside(&writer, &self.path, before)).transpose()?;
        // It keeps its mode.
        let mode = std::fs::metadata(&self.path).map_or(0o600, |about| about.permissions().mode() & 0o777);
        writer.put(&self.path, text.as_bytes(), mode)?;
        Ok(backup)
    }
}

/// Where a path leads, if it is a link; a link to nothing yet is followed too.
fn resolve(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many as the system itself follows.
    for _ in 0..40 {
        let Ok(target) = std::fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    path
}

/// Keeps a file's text beside it, for its owner only; returns where.
pub fn keep(path: &Path, text: &str) -> Result<PathBuf> {
    let path = resolve(path);
    keep_beside(&Writer::beside(&path)?, &path, text)
}

fn keep_beside(writer: &Writer, path: &Path, text: &str) -> Result<PathBuf> {
    let mut backup = path.as_os_str().to_owned();
    backup.push(BEFORE);
    let backup = PathBuf::from(backup);
    writer.put(&backup, text.as_bytes(), 0o600)?;
    Ok(backup)
}

/// The text of a file, if it is there.
fn read(path: &Path) -> Result<Option<String>> {
    match read_text(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file("cannot read", path, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY_HAND: &str = "\
# My accounts, most used first.

[accounts.work]   # since 2019
default = true
email =   'alice@crepes.example'  # the short one
tls = { name = \"x.example\" }

# Do not touch.
[accounts.home]
email = 'al@home.example'
";

    #[test]
    fn what_was_written_by_hand_stays_but_for_what_is_changed() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("config.toml");
        std::fs::write(&path, BY_HAND).expect("written");
        let mut edit = Edit::open(&path).expect("opened");
        edit.set("work", "email", "bob@crepes.example").expect("set");
        edit.set("work", "max-recipients", "20").expect("set");
        edit.set("work", "tls.ca", "/ca.pem").expect("set");
        edit.set("shop", "secret", "{ cmd = [\"pass\", \"shop\"] }").expect("set");
        assert!(edit.unset("work", "default") && !edit.unset("work", "default") && !edit.unset("none", "x"));
        let wanted = BY_HAND
            .replace("default = true\n", "")
            .replace("'alice@crepes.example'", "\"bob@crepes.example\"")
            .replace("\"x.example\" }\n", "\"x.example\" , ca = \"/ca.pem\" }\nmax-recipients = 20\n")
            + "\n[accounts.shop]\nsecret = { cmd = [\"pass\", \"shop\"] }\n";
        assert_eq!(edit.text().replace("\" ,", "\","), wanted.replace("\" ,", "\","));
        let backup = edit.write().expect("written").expect("a backup");
        assert_eq!(std::fs::read_to_string(&backup).expect("kept"), BY_HAND);
        assert_eq!(std::fs::metadata(&backup).expect("kept").permissions().mode() & 0o777, 0o600);

        let mut edit = Edit::open(&path).expect("opened");
        assert!(edit.has("shop") && edit.remove("shop") && edit.remove("home") && !edit.remove("home"));
        assert!(!edit.text().contains("home.example") && edit.text().starts_with("# My accounts"));
    }

    #[test]
    fn comments_at_the_end_stay_where_they_are() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("config.toml");
        for (before, wanted) in [
            ("# mine\n", "# mine\n\n[accounts.a]\nname = \"x\"\n"),
            ("[serve]\n# last\n", "[serve]\n# last\n\n[accounts.a]\nname = \"x\"\n"),
            ("", "[accounts.a]\nname = \"x\"\n"),
            ("[accounts]\na = {}\n# last\n", "[accounts]\na = { name = \"x\" }\n# last\n"),
        ] {
            std::fs::write(&path, before).expect("written");
            let mut edit = Edit::open(&path).expect("opened");
            edit.set("a", "name", "x").expect("set");
            assert_eq!(edit.text().replace("{name", "{ name").replace("\"x\"}", "\"x\" }"), wanted);
        }
    }

    #[test]
    fn a_change_that_makes_it_worse_is_not_written() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("config.toml");
        std::fs::write(&path, "[accounts.a]\nemial = 'x'\n").expect("written");
        let mut edit = Edit::open(&path).expect("opened");
        edit.set("a", "smtp", "imap://x.example").expect("set");
        let error = edit.write().expect_err("another kind");
        assert!(error.to_string().contains("is a server of another kind"), "{error}");
        // What was wrong before is not put right by force.
        let mut edit = Edit::open(&path).expect("opened");
        edit.set("a", "smtp", "smtp://x.example").expect("set");
        assert!(edit.write().expect("written").is_some());
        assert!(Edit::open(&path).expect("opened").write().expect("nothing to do").is_none());
        std::fs::write(&path, "[accounts.a\n").expect("written");
        assert_eq!(Edit::open(&path).expect_err("no TOML").kind(), Kind::Config);
    }

    #[test]
    fn changes_at_once_are_all_made_and_those_of_others_are_not_undone() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("config.toml");
        std::fs::write(&path, BY_HAND).expect("written");
        std::thread::scope(|scope| {
            for number in 0..8 {
                let path = &path;
                scope.spawn(move || {
                    let mut edit = Edit::open(path).expect("opened");
                    edit.set(&format!("a{number}"), "name", "x").expect("set");
                    edit.write().expect("written");
                });
            }
        });
        let text = std::fs::read_to_string(&path).expect("there");
        assert!((0..8).all(|number| text.contains(&format!("[accounts.a{number}]"))), "{text}");
        let mut edit = Edit::open(&path).expect("opened");
        edit.set("work", "name", "x").expect("set");
        std::fs::write(&path, "# by an editor\n").expect("written");
        assert_eq!(edit.write().expect_err("changed").kind(), Kind::Temporary);
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "# by an editor\n");
    }

    #[test]
    fn a_link_stays_a_link_and_the_mode_stays() {
        let dir = tempfile::tempdir().expect("a directory");
        let (file, link) = (dir.path().join("dotfiles.toml"), dir.path().join("config.toml"));
        std::os::unix::fs::symlink("dotfiles.toml", &link).expect("linked");
        for (mode, number) in [(0o600, "1"), (0o640, "2")] {
            let mut edit = Edit::open(&link).expect("opened");
            edit.set("a", "max-recipients", number).expect("set");
            edit.write().expect("written");
            assert!(std::fs::symlink_metadata(&link).expect("there").is_symlink());
            assert!(std::fs::read_to_string(&file).expect("there").contains(number));
            assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, mode);
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("changed");
        }
    }
}
