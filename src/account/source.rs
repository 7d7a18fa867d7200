//! Where a secret comes from, as the configuration says it. How it is got from there is in `fetch`.
//!
//! Never from an argument, where every user of the machine could read it. In the configuration itself it may stand
//! in plain text, for whoever insists: then `config check` says so, and nothing ever shows it.

use super::places::at_home;
use crate::secret::Secret;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// The desktop's keyring (Secret Service, Keychain).
    Keyring,
    /// The first line that a program prints; run directly, without a shell.
    Command(Vec<String>),
    /// The first line that a shell command prints: for `--password-cmd`, as other mail programs understand it.
    Shell(String),
    /// An environment variable.
    Env(String),
    /// The first line of a file that nobody else may read.
    File(PathBuf),
    /// A credential that the service manager hands over: a file in `$CREDENTIALS_DIRECTORY` (systemd.exec(5)).
    Systemd(String),
    /// The line for the server and the user in a file of such lines, as ftp has them; `~/.netrc` if none is named.
    Netrc(Option<PathBuf>),
    /// The user, at the terminal.
    Prompt,
    /// The configuration itself.
    Plain(Plain),
}

/// A secret that stands in the configuration: it can be had, not shown.
#[derive(Clone)]
pub struct Plain(pub(super) Arc<Secret>);

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{secret}")
    }
}

impl PartialEq for Plain {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_same(&other.0)
    }
}

impl Eq for Plain {}

/// One that is at hand already.
impl From<Secret> for SecretSource {
    fn from(secret: Secret) -> Self {
        Self::Plain(Plain(Arc::new(secret)))
    }
}

impl SecretSource {
    /// Whether the configuration itself holds it.
    pub fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// The kind of source, for people.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::Command(_) | Self::Shell(_) => "command",
            Self::Env(_) => "environment",
            Self::File(_) => "file",
            Self::Systemd(_) => "systemd",
            Self::Netrc(_) => "netrc",
            Self::Prompt => "prompt",
            Self::Plain(_) => "plain text",
        }
    }
}

/// `"prompt"`, or a table with one of the sources.
impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(SourceVisitor)
    }
}

struct SourceVisitor;

const SOURCES: [&str; 7] = ["keyring", "cmd", "env", "file", "systemd", "netrc", "plain"];

const FORMS: &str = concat!(
    r#""prompt", {keyring = true}, {cmd = ["..."]}, {env = "..."}, {file = "..."}, {systemd = "..."}, "#,
    r#"{netrc = true} or {plain = "..."}"#
);

/// What stands in the place of a source is likely the password itself: it is not repeated.
fn not_here<E: de::Error>() -> E {
    E::custom(format!("a secret is not written here but fetched: {FORMS}"))
}

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = SecretSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FORMS)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<SecretSource, E> {
        if text == "prompt" { Ok(SecretSource::Prompt) } else { Err(not_here()) }
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> std::result::Result<SecretSource, E> {
        Err(not_here())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> std::result::Result<SecretSource, E> {
        Err(not_here())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> std::result::Result<SecretSource, E> {
        Err(not_here())
    }

    fn visit_i128<E: de::Error>(self, _: i128) -> std::result::Result<SecretSource, E> {
        Err(not_here())
    }

    fn visit_u128<E: de::Error>(self, _: u128) -> std::result::Result<SecretSource, E> {
        Err(not_here())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> std::result::Result<SecretSource, E> {
        Err(not_here())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> std::result::Result<SecretSource, M::Error> {
        let key: Option<String> = map.next_key()?;
        // What stands behind a key may be the password itself, put into the wrong place.
        let form = |_: M::Error| de::Error::custom(format!("a secret needs one source: {FORMS}"));
        let source = match key.as_deref() {
            Some("keyring") if map.next_value().map_err(form)? => SecretSource::Keyring,
            Some("cmd") => SecretSource::Command(map.next_value().map_err(form)?),
            Some("env") => SecretSource::Env(map.next_value().map_err(form)?),
            Some("file") => SecretSource::File(at_home(map.next_value::<PathBuf>().map_err(form)?)),
            Some("systemd") => SecretSource::Systemd(map.next_value().map_err(form)?),
            Some("netrc") => match map.next_value::<Netrc>().map_err(form)? {
                Netrc::Usual(true) => SecretSource::Netrc(None),
                Netrc::Usual(false) => return Err(de::Error::custom(format!("a secret needs one source: {FORMS}"))),
                Netrc::File(path) => SecretSource::Netrc(Some(at_home(path))),
            },
            Some("plain") => SecretSource::from(Secret::new(map.next_value().map_err(form)?)),
            Some(other) if other != "keyring" => return Err(de::Error::unknown_field(other, &SOURCES)),
            _ => return Err(de::Error::custom(format!("a secret needs one source: {FORMS}"))),
        };
        match map.next_key::<String>()? {
            None => Ok(source),
            Some(_) => Err(de::Error::custom(format!("a secret has one source only: {FORMS}"))),
        }
    }
}

/// `netrc = true`, or the file's name.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Netrc {
    Usual(bool),
    File(PathBuf),
}
