//! The configuration files: TOML, system-wide, then the user's own, or exactly those that were named.
//!
//! A key that nobody knows is a mistake the user wants to hear about, with its line and the likely
//! word, not a setting that silently does nothing. Which account is meant is never guessed.

use super::choice::{Asked, Reason, choose};
use super::config::Config;
use super::doubt::doubt;
use super::indirect;
use super::places::usual_files;
use super::problem::{Position, Problem};
use super::profile::Account;
use super::settle::Waiting;
use super::source::SecretSource;
use super::tree::{self, Sources, Table, Value};
use crate::error::{Error, Kind, Result};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Octets of a file of settings: a hundred thousand users, or all certificate authorities of the world.
const TEXT_MAX: u64 = 16 * 1024 * 1024;
/// More than this is no configuration that somebody wrote; each of them costs a reading.
const PROBLEMS_MAX: usize = 100;

/// Where the configuration was written, and what it says before it is understood.
#[derive(Default)]
pub struct Origin {
    sources: Sources,
    /// Completed: accounts have what they inherit.
    pub(super) tree: Table,
    pub(super) waiting: Waiting,
}

/// The text of the files may hold passwords.
impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.files()).finish()
    }
}

impl Origin {
    /// The files that were read, in this order.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.sources.files()
    }

    /// Where an account, or one of its keys, was written last.
    pub fn account(&self, name: &str, key: Option<&str>) -> Option<Position> {
        self.entry("accounts", name, key)
    }

    /// Where what stands below a section was written last.
    fn entry(&self, section: &str, name: &str, key: Option<&str>) -> Option<Position> {
        let (_, section) = self.tree.get(section)?;
        let (place, node) = section.table()?.get(name)?;
        let inner = key.and_then(|key| Some(node.table()?.get(key)?.0.clone()));
        self.place(inner.unwrap_or_else(|| place.clone()).start)
    }

    /// Where a value was written.
    pub(super) fn place(&self, offset: usize) -> Option<Position> {
        self.sources.place(offset)
    }
}

impl Config {
    /// Reads the files that were named, or those in the usual places that are there. The first problem is an error.
    pub fn load(named: &[PathBuf]) -> Result<Self> {
        let (config, problems) = Self::check(named)?;
        match problems.into_iter().find(|problem| problem.is_error) {
            Some(problem) => Err(problem.into()),
            None => Ok(config),
        }
    }

    /// Reads the same files and tells all that is wrong with them; what is right can be used.
    pub fn check(named: &[PathBuf]) -> Result<(Self, Vec<Problem>)> {
        let usual = if named.is_empty() { usual_files() } else { Vec::new() };
        let mut texts = Vec::new();
        for path in named.iter().chain(&usual) {
            match read_text(path) {
                Ok(text) => texts.push((path.clone(), text)),
                Err(error) if named.is_empty() && error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    let what = format!("cannot read the configuration {}", path.display());
                    return Err(Error::new(Kind::Config, what).caused_by(error));
                }
            }
        }
        let (config, mut problems) = Self::understand(texts);
        let doubts = config.origin.files().filter_map(doubt);
        problems.extend(doubts);
        Ok((config, problems))
    }

    /// Reads one file's text; `path` is for messages.
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        let (config, problems) = Self::understand(vec![(path.to_owned(), text.to_owned())]);
        problems.into_iter().find(|problem| problem.is_error).map_or(Ok(config), |problem| Err(problem.into()))
    }

    pub(super) fn understand(texts: Vec<(PathBuf, String)>) -> (Self, Vec<Problem>) {
        let (mut sources, mut problems, mut written) = (Sources::default(), Vec::new(), Table::new());
        for (path, text) in texts {
            let table = sources.read(&path, text, &mut problems);
            tree::lay(table, &mut written);
        }
        let completed = tree::complete(&written, &sources, &mut problems);
        let mut known = completed.clone();
        let waiting = Waiting::take_out(&mut known);
        if let Some((_, tree::Node { value: Value::Table(defaults), .. })) = known.get_mut("defaults") {
            indirect::take_out(defaults);
        }
        let mut config = understood(known, &sources, &mut problems);
        config.origin = Origin { sources, tree: completed, waiting };
        config.judge(&mut problems);
        (config, problems)
    }

    /// What is well-formed and yet wrong or unwise.
    fn judge(&self, problems: &mut Vec<Problem>) {
        let names = || self.accounts.keys().map(String::as_str);
        for (pattern, name) in &self.route {
            if !self.accounts.contains_key(name) {
                let at = self.origin.tree.get("route").and_then(|(_, node)| node.table());
                let at = at.and_then(|rules| rules.iter().find(|(key, _)| key.to_lowercase() == pattern.to_string()));
                let at = at.and_then(|(_, (span, _))| self.origin.place(span.start));
                let what = format!("there is no account {name:?} to write to {pattern} from");
                problems.push(Problem::new(at, what).near(super::problem::nearest(name, names())));
            }
        }
        let mut defaults = self.accounts.iter().filter(|(_, account)| account.default).map(|(name, _)| name);
        if let (Some(one), Some(two)) = (defaults.next(), defaults.next()) {
            let what = format!("more than one account says default = true: {one}, {two}");
            problems.push(Problem::new(self.origin.account(two, Some("default")), what).unwise());
        }
        for (name, account) in &self.accounts {
            let at = self.origin.account(name, Some("secret"));
            if account.secret.as_ref().is_some_and(SecretSource::is_plain) {
                let what = format!("the password of {name} stands here in plain text");
                let hint = format!("whoever sees this file has it; mailkit auth set {name} keeps it elsewhere");
                let warning = Problem::new(at, what).hint(hint).unwise();
                if !problems.contains(&warning) {
                    problems.push(warning);
                }
            }
        }
    }

    /// The account of a name; without one the default account, or the only one.
    pub fn account(&self, name: Option<&str>) -> Result<(&str, &Account)> {
        self.choose(&Asked { name, ..Asked::default() }).map(|(name, account, _)| (name, account))
    }

    /// The account that is meant, with all its values, and why it is.
    pub fn choose(&self, asked: &Asked<'_>) -> Result<(&str, &Account, Reason)> {
        // Who is asked about a sender must know all addresses, also those that stand elsewhere.
        let by_sender = asked.name.is_none() && asked.sender.is_some();
        let known = |name, account| if by_sender { self.settled(name, account) } else { Ok(account) };
        let accounts = self.accounts.iter().map(|(name, account)| Ok((name.as_str(), known(name, account)?)));
        let accounts: Vec<(&str, &Account)> = accounts.collect::<Result<_>>()?;
        let (chosen, why) = choose(&accounts, &self.route, asked)?;
        match self.accounts.get_key_value(chosen) {
            Some((name, account)) => Ok((name, self.settled(name, account)?, why)),
            None => Err(Error::new(Kind::Software, "an account was chosen that is not there")),
        }
    }

    /// All variables of the environment that hold secrets: no program is given them.
    pub fn hidden(&self) -> Vec<String> {
        let own = self.accounts.values().chain([&self.defaults]).flat_map(|account| {
            [account.secret.as_ref(), account.oauth.as_ref().and_then(|oauth| oauth.client_secret.as_ref())]
        });
        let providers = self.oauth.values().map(|oauth| oauth.client_secret.as_ref());
        let all = own.chain(providers).chain([self.relay.secret.as_ref()]).flatten();
        let all = all.filter_map(|source| if let SecretSource::Env(name) = source { Some(name) } else { None });
        let all: BTreeSet<String> = all.chain(&self.secret_variables).cloned().collect();
        all.into_iter().collect()
    }
}

/// Understands what can be understood: what cannot is told, taken out, and the rest is read again.
fn understood(mut tree: Table, sources: &Sources, problems: &mut Vec<Problem>) -> Config {
    while problems.len() < PROBLEMS_MAX {
        let value = tree::to_toml(&tree, 0..0);
        let error = match Config::deserialize(toml::de::ValueDeserializer::from(value)) {
            Ok(config) => return config,
            Err(error) => error,
        };
        let offset = error.span().map(|span| span.start);
        let problem = Problem::explain(offset.and_then(|offset| sources.place(offset)), &error);
        // What stands in [defaults] is wrong in each account that takes it from there.
        if !problems.contains(&problem) {
            problems.push(problem);
        }
        if !offset.is_some_and(|offset| tree::remove_at(&mut tree, offset)) {
            break;
        }
    }
    Config::default()
}

/// A file of settings, whole. One without an end, as a device, is an error.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(TEXT_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > TEXT_MAX { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::super::Auth;
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
            ("[accounts.a]\nsecret = 12345", "c.toml:2: a secret is not written here but fetched", ""),
            (
                "[defaults]\nemail = \"alice@x.example\"",
                "c.toml:2: email belongs to one account, not into [defaults]",
                "",
            ),
            ("[defaults]\nsmtp = \"imap://x\"\n[accounts.a]", "c.toml:2: imap://x:143 is a server of another kind", ""),
            ("[accounts.a]\ninherit = \"b\"", "c.toml:2: there is no account \"b\" to inherit from", ""),
            (
                "[accounts.abc]\n[route]\n\"*\" = \"abd\"",
                "c.toml:3: there is no account \"abd\" to write to * from",
                "did you mean abc?",
            ),
            ("[route]\n\"bob@\" = \"a\"", "c.toml:2: \"bob@\" is no pattern of addresses", ""),
            ("[accounts.a]\nuser = {cmd = \"x\"}", "c.toml:2: invalid type: map, expected a string", ""),
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
            (two, None, "no account is the default", "choose one with -A: home, work"),
            (two, Some("wrok"), "there is no account \"wrok\"", "did you mean work?"),
            (two, Some("x"), "there is no account \"x\"", "there is home, work"),
            ("", Some("x"), "there is no account \"x\"", "no account is configured"),
            (
                "[accounts.a]\ndefault = true\n[accounts.b]\ndefault = true",
                None,
                "more than one account says",
                "choose one with -A: a, b",
            ),
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
                // One account shows what may stand in all of them.
                let known = section.lines().any(|line| line.starts_with(&format!("{key} ")))
                    || example.contains(&format!("[{name}.{key}]"));
                assert!(known || matches!(name, "defaults" | "accounts.home"), "{key} in [{name}]");
                shown += 1;
            }
        }
        assert!(shown > 30, "{shown} keys");
    }

    #[test]
    fn a_file_that_was_named_must_be_there() {
        assert!(Config::load(&[PathBuf::from("/nonexistent/c.toml")]).is_err());
    }

    fn layered(files: &[(&str, &str)]) -> (Config, Vec<String>) {
        let texts = files.iter().map(|(name, text)| (PathBuf::from(name), (*text).to_owned())).collect();
        let (config, problems) = Config::understand(texts);
        (config, problems.iter().map(Problem::to_string).collect())
    }

    #[test]
    fn the_last_file_has_the_last_word_key_by_key() {
        let (config, problems) = layered(&[
            (
                "system",
                "[defaults]\ntimeout = '10s'\nname = 'Staff'\n[accounts.work]\nsmtp = 'smtps://old.example'\nuser = 'al'\ntls = {ca = '/ca'}",
            ),
            ("mine", "[accounts.work]\nsmtp = 'smtps://new.example'\ntls = {name = 'x.example'}"),
            ("more", "[defaults]\nname = 'Alice'\n[accounts.home]\nuser = 'alice'"),
        ]);
        assert_eq!(problems, Vec::<String>::new());
        let work = &config.accounts["work"];
        assert_eq!(work.smtp.as_ref().map(|smtp| smtp.authority()).as_deref(), Some("new.example:465"));
        assert_eq!((work.user.as_deref(), work.name.as_deref()), (Some("al"), Some("Alice")));
        assert_eq!((work.tls.ca.as_ref(), work.tls.name.as_deref()), (None, Some("x.example")), "taken whole");
        assert_eq!(config.accounts["home"].timeout, Some(std::time::Duration::from_secs(10)));
        assert_eq!(config.origin.files().count(), 3);
    }

    #[test]
    fn an_account_takes_from_another_what_it_does_not_say() {
        let (config, problems) = layered(&[(
            "c.toml",
            "[defaults]\nuser = 'd'\nconfirm = 'never'\n[accounts.a]\ndefault = true\nemail = 'a@x.example'\nauth = 'none'\nuser = 'a'\n\
             [accounts.b]\ninherit = 'a'\nuser = 'b'\nsecret = 'prompt'\n[accounts.c]\ninherit = 'b'\nemail = 'c@x.example'",
        )]);
        assert_eq!(problems, Vec::<String>::new());
        let c = &config.accounts["c"];
        assert_eq!(
            (c.user.as_deref(), &c.auth, &c.secret),
            (Some("b"), &Some(Auth::None), &Some(SecretSource::Prompt))
        );
        assert_eq!(c.email.as_ref().map(ToString::to_string).as_deref(), Some("c@x.example"));
        assert!(!c.default && c.confirm.is_some());
        assert_eq!(config.account(None).expect("the default").0, "a");
    }

    #[test]
    fn accounts_that_inherit_in_a_circle_are_told_once() {
        let circle = "[accounts.b]\ninherit = 'c'\n[accounts.c]\ninherit = 'a'\n[accounts.a]\ninherit = 'b'\n[accounts.d]\ninherit = 'a'";
        assert_eq!(layered(&[("c", circle)]).1, ["c:4: accounts inherit in a circle: a > b > c > a"]);
        let alone = "[accounts.a]\ninherit = 'a'";
        assert_eq!(layered(&[("c", alone)]).1, ["c:2: accounts inherit in a circle: a > a"]);
    }

    #[test]
    fn all_problems_are_told_each_with_its_file_and_line() {
        let (config, problems) = layered(&[
            ("one", "[accounts.work]\nsmpt = 'x'\nport = 3\nname = 7\n[nonsense]\na = 1\n[defaults]\nsent = 3"),
            (
                "two",
                "[accounts.home]\nemail = 'home'\ndefault = true\nsecret = {plain = 'hunter2'}\n[accounts.work]\ndefault = true\n[serve\n",
            ),
        ]);
        let mut sorted = problems.clone();
        sorted.sort();
        let said = sorted.join("\n");
        for wanted in [
            "one:2: unknown key \"smpt\"",
            "one:3: unknown key \"port\"",
            "one:4: invalid type: integer `7`, expected a string",
            "one:5: unknown key \"nonsense\"",
            "one:8: invalid type: integer `3`, expected a string",
            "two:2: an address needs an @",
            "two:7: ",
            "two:6: more than one account says default = true: home, work",
            "two:4: the password of home stands here in plain text",
        ] {
            assert_eq!(said.matches(wanted).count(), 1, "{wanted} in\n{said}");
        }
        assert!(!said.contains("hunter2") && !format!("{config:?}").contains("hunter2"));
        assert_eq!(sorted.len(), 9, "{said}");
    }

    #[test]
    fn a_value_that_stands_elsewhere_is_got_for_the_account_that_is_used() {
        let dir = tempfile::tempdir().expect("a directory");
        let mark = dir.path().join("ran");
        let text = format!(
            "[accounts.a]\nuser = {{cmd = ['sh', '-c', 'echo al; echo note; echo x >>{0}']}}\nemail = {{cmd = ['echo', 'a@x.example']}}\n\
             tls = {{name = {{env = 'CARGO_PKG_NAME'}}}}\n[accounts.b]\nuser = {{env = 'MAILKIT_TEST_UNSET'}}\n\
             [accounts.c]\nsmtp = {{cmd = ['echo', 'imap://x.example']}}\n[oauth.o]\nclient-id = {{cmd = ['echo', 'me']}}\n\
             client-secret = {{env = 'X'}}\n[oauth.p]\nissuer = {{env = 'MAILKIT_TEST_UNSET'}}",
            mark.display()
        );
        let (config, problems) = layered(&[("c.toml", &text)]);
        assert_eq!(problems, Vec::<String>::new());
        assert!(!mark.exists(), "nothing ran before it was needed");
        for _ in 0..2 {
            let (_, a) = config.account(Some("a")).expect("an account");
            assert_eq!((a.user.as_deref(), a.tls.name.as_deref()), (Some("al"), Some("mailkit")));
            assert_eq!(a.email.as_ref().map(ToString::to_string).as_deref(), Some("a@x.example"));
        }
        assert_eq!(std::fs::read_to_string(&mark).expect("it ran"), "x\n", "and once");
        let error = config.account(Some("b")).expect_err("unset");
        assert_eq!(error.to_string(), "no value for user: the variable MAILKIT_TEST_UNSET is not set");
        let oauth = config.token_provider("o").expect("it is got").expect("it is there");
        assert_eq!(
            (oauth.client_id.as_deref(), &oauth.client_secret),
            (Some("me"), &Some(SecretSource::Env("X".into())))
        );
        let error = config.token_provider("p").expect_err("unset");
        assert_eq!(error.advice(), Some("it is wanted by the provider of tokens p"));
        assert!(config.token_provider("q").expect("no error").is_none());
        let error = config.account(Some("c")).expect_err("another kind");
        assert!(error.to_string().starts_with("c.toml:8: imap://x.example:143 is a server of another kind"), "{error}");
    }
}
