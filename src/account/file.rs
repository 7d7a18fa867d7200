//! The configuration file: TOML, in the user's configuration directory or where `--config` says.
//!
//! A key that nobody knows is a mistake the user wants to hear about, with its line and the likely
//! word, not a setting that silently does nothing. Which account is meant is never guessed.

use super::config::Config;
use super::profile::Account;
use crate::error::{Error, Kind, Result};
use etcetera::BaseStrategy;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Octets of a file of settings: a hundred thousand users, or all certificate authorities of the world.
const TEXT_MAX: u64 = 16 * 1024 * 1024;

impl Config {
    /// Reads the file that was named, or the one in its usual place if there is one.
    pub fn load(named: Option<&Path>) -> Result<Self> {
        let usual;
        let path = match named {
            Some(path) => path,
            None => {
                usual = match etcetera::choose_base_strategy() {
                    Ok(strategy) => strategy.config_dir().join("mailkit/config.toml"),
                    Err(_) => return Ok(Self::default()),
                };
                &usual
            }
        };
        match read_text(path) {
            Ok(text) => Self::parse(&text, path),
            Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => {
                let what = format!("cannot read the configuration {}", path.display());
                Err(Error::new(Kind::Config, what).caused_by(error))
            }
        }
    }

    /// Reads a file's text; `path` is for messages.
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        let mut config: Self = toml::from_str(text).map_err(|error| explain(&error, text, path))?;
        for account in config.accounts.values_mut() {
            account.name = account.name.take().or_else(|| config.defaults.name.clone());
            account.smtp = account.smtp.take().or_else(|| config.defaults.smtp.clone());
            account.secret = account.secret.take().or_else(|| config.defaults.secret.clone());
        }
        Ok(config)
    }

    /// The account of a name; without one the default account, or the only one.
    pub fn account(&self, name: Option<&str>) -> Result<(&str, &Account)> {
        let names = || self.accounts.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let problem = |what: String| Error::new(Kind::Config, what);
        let Some(name) = name else {
            let mut defaults = self.accounts.iter().filter(|(_, account)| account.default || self.accounts.len() == 1);
            return match (defaults.next(), defaults.next()) {
                (Some((name, account)), None) => Ok((name, account)),
                (Some(_), Some(_)) => Err(problem("more than one account says default = true".into()).hint(names())),
                (None, _) if self.accounts.is_empty() => Err(problem("no account is configured".into())
                    .hint("name the server by URL, or add [accounts.NAME] to the configuration")),
                (None, _) => {
                    Err(problem("no account is the default".into()).hint(format!("choose one of {}", names())))
                }
            };
        };
        match self.accounts.get_key_value(name) {
            Some((name, account)) => Ok((name, account)),
            None => {
                let error = problem(format!("there is no account {name:?} in the configuration"));
                Err(match nearest(name, self.accounts.keys().map(String::as_str)) {
                    Some(near) => error.hint(format!("did you mean {near}?")),
                    None if self.accounts.is_empty() => error.hint("no account is configured"),
                    None => error.hint(format!("there is {}", names())),
                })
            }
        }
    }
}

/// A file of settings, whole. One without an end, as a device, is an error.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(TEXT_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > TEXT_MAX { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}

/// Where programs keep what must outlive them but is no user's document: `$XDG_STATE_HOME/mailkit`.
pub fn state_dir() -> Result<PathBuf> {
    let strategy = etcetera::choose_base_strategy()
        .map_err(|error| Error::new(Kind::Config, "cannot tell where the home directory is").caused_by(error))?;
    Ok(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("mailkit"))
}

/// `~/Mail` as a path below the user's home directory.
pub(super) fn at_home(path: PathBuf) -> PathBuf {
    match (path.strip_prefix("~"), etcetera::home_dir()) {
        (Ok(rest), Ok(home)) => home.join(rest),
        _ => path,
    }
}

/// Turns the parser's words into ours: file, line, what is wrong, and the likely word.
fn explain(error: &toml::de::Error, text: &str, path: &Path) -> Error {
    let line = error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
    let place = line.map_or_else(|| path.display().to_string(), |line| format!("{}:{line}", path.display()));
    // serde says: unknown field `a`, expected `b`; or: expected one of `b`, `c`.
    let mut quoted = error.message().split('`').skip(1).step_by(2);
    match (error.message().starts_with("unknown field"), quoted.next()) {
        (true, Some(key)) => {
            let known: Vec<_> = quoted.collect();
            let error = Error::new(Kind::Config, format!("{place}: unknown key {key:?}"));
            error.hint(match nearest(key, known.iter().copied()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("known here are {}", known.join(", ")),
            })
        }
        _ => Error::new(Kind::Config, format!("{place}: {}", error.message())),
    }
}

/// The word that was likely meant: at most every second letter is wrong.
fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| distance * 2 <= word.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::super::SecretSource;
    use super::*;

    fn parse(text: &str) -> Result<Config> {
        Config::parse(text, Path::new("c.toml"))
    }

    #[test]
    fn an_account_takes_from_the_defaults_what_it_does_not_say() {
        let config = parse(
            r#"
            [defaults]
            name = "Alice"
            smtp = "smtps://smtp.crepes.example"
            secret = {keyring = true}
            [accounts.work]
            email = "alice@crepes.example"
            pop = "pop3s://pop.crepes.example"
            secret = {cmd = ["pass", "mail/work"]}
            [accounts.home]
            default = true
            user = "al"
            smtp = "smtp://127.0.0.1:1025"
            "#,
        )
        .expect("a configuration");
        let (name, home) = config.account(None).expect("a default");
        assert_eq!((name, home.name.as_deref(), &home.secret), ("home", Some("Alice"), &Some(SecretSource::Keyring)));
        let server = home.smtp.as_ref().expect("a server");
        assert_eq!((server.port, home.login(server).as_deref()), (1025, Some("al")));
        let (_, work) = config.account(Some("work")).expect("an account");
        let server = work.smtp.as_ref().expect("a server");
        assert_eq!((server.port, work.login(server).as_deref()), (465, Some("alice@crepes.example")));
        assert_eq!(work.secret, Some(SecretSource::Command(vec!["pass".into(), "mail/work".into()])));
    }

    #[test]
    fn mistakes_are_named_with_line_and_likely_word() {
        for (text, wanted, hint) in [
            ("[accounts.a]\nsmpt = \"x\"", "c.toml:2: unknown key \"smpt\"", "did you mean smtp?"),
            ("\n[acounts.a]\n", "c.toml:2: unknown key \"acounts\"", "did you mean accounts?"),
            ("[serve]\nzzz = 1", "c.toml:2: unknown key \"zzz\"", "known here are data, hostname"),
            ("[accounts.a]\nsmtp = \"imap://x\"", "c.toml:2: imap://x:143 is a server of another kind", ""),
            ("[accounts.a]\nsmtp = \"ftp://x\"", "c.toml:2: ftp:// is not a mail protocol", ""),
            ("[accounts.a]\nemail = \"alice\"", "c.toml:2: an address needs an @", ""),
            ("[accounts.a]\nsecret = \"hunter2\"", "c.toml:2: a secret is not written here but fetched", ""),
            ("[accounts.a]\nsecret = {}", "c.toml:2: a secret needs one source", ""),
            ("[accounts.a]\nsecret = {keyring = \"hunter2\"}", "c.toml:2: a secret needs one source", ""),
            ("[accounts.a]\nsecret = {cmd = \"hunter2\"}", "c.toml:2: a secret needs one source", ""),
            ("[accounts.a]\nsecret = [\"hunter2\"]", "c.toml:2: ", ""),
            ("[accounts.a]\nsecret = \"hunter2", "c.toml:2: ", ""),
            ("[accounts.a]\nsecret = hunter2\n", "c.toml:2: ", ""),
            ("[accounts.a]\npassword = \"hunter2\"", "c.toml:2: unknown key \"password\"", ""),
            ("[accounts.a]\nimap = \"imap://bob:1/hunter2@x\"", "c.toml:2: a URL is no place for a password", ""),
            ("[accounts.a]\nsecret = {keyring = false}", "c.toml:2: a secret needs one source", ""),
            ("[accounts.a]\nsecret = {env = \"A\", file = \"b\"}", "c.toml:2: a secret has one source only", ""),
            ("[accounts.a]\nsecret = {evn = \"A\"}", "c.toml:2: unknown key \"evn\"", "did you mean env?"),
            ("[serve]\nsmtp = \"25\"", "c.toml:2: invalid socket address", ""),
            ("[serve\n", "c.toml:1: ", ""),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.kind(), Kind::Config);
            assert!(error.to_string().starts_with(wanted), "{error} for {text}");
            assert!(error.advice().unwrap_or_default().starts_with(hint), "{:?} for {text}", error.advice());
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn which_account_is_meant_is_never_guessed() {
        let two = "[accounts.work]\n[accounts.home]\n";
        for (text, name, wanted, hint) in [
            ("", None, "no account is configured", "name the server"),
            (two, None, "no account is the default", "choose one of home, work"),
            (two, Some("wrok"), "there is no account \"wrok\"", "did you mean work?"),
            (two, Some("x"), "there is no account \"x\"", "there is home, work"),
            ("", Some("x"), "there is no account \"x\"", "no account is configured"),
            ("[accounts.a]\ndefault = true\n[accounts.b]\ndefault = true", None, "more than one account", "a, b"),
        ] {
            let config = parse(text).expect(text);
            let error = config.account(name).expect_err(text);
            assert!(error.to_string().starts_with(wanted), "{error}");
            assert!(error.advice().unwrap_or_default().starts_with(hint), "{:?}", error.advice());
        }
        assert_eq!(parse("[accounts.only]").expect("one").account(None).expect("it").0, "only");
    }

    #[test]
    fn the_page_on_configuration_shows_every_key_and_no_other() {
        let page = include_str!("../../docs/configuration.md");
        let example = page.split("```").nth(1).and_then(|block| block.strip_prefix("toml\n")).expect("an example");
        parse(example).expect("the example is good");
        let mut shown = 0;
        for section in example.split("\n[") {
            let name = section.trim_start_matches('[').split(']').next().expect("a heading");
            if name == "route" {
                continue;
            }
            let error = parse(&format!("[{name}]\nzzzzzzzz = 1")).expect_err(name);
            let known = error.advice().and_then(|hint| hint.strip_prefix("known here are ")).expect("a list");
            for key in known.split(", ") {
                // What may stand in [defaults] is what may stand in an account.
                let known = section.lines().any(|line| line.starts_with(&format!("{key} ")));
                assert!(known || name == "defaults", "{key} in [{name}]");
                shown += 1;
            }
        }
        assert!(shown > 30, "{shown} keys");
    }

    #[test]
    fn a_file_that_was_named_must_be_there() {
        assert!(Config::load(Some(Path::new("/nonexistent/c.toml"))).is_err());
    }
}
