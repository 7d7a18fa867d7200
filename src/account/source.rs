//! Where a secret comes from: the keyring, a command, the environment, a file, or the user.
//!
//! Never from an argument, where every user of the machine could read it. A source that does not
//! answer in time is an error with advice, not a hang: a locked keyring on a server asks nobody.

use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// The service name under which mailkit's secrets stand in a keyring; the user name there is the account's name.
const KEYRING_SERVICE: &str = "mailkit";
/// A keyring that is open answers in milliseconds; one that is locked waits for somebody to type.
const KEYRING_WAIT: Duration = Duration::from_secs(5);
/// A command may have to ask for a passphrase.
const COMMAND_WAIT: Duration = Duration::from_secs(30);
/// More than this is no password and no token.
const SECRET_MAX: usize = 64 * 1024;

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
    /// The user, at the terminal.
    Prompt,
}

impl SecretSource {
    /// Gets the secret. `account` is its name in a keyring; `ask` puts the question to the user, if there is one.
    pub async fn fetch(&self, account: &str, ask: &(dyn Fn() -> Result<Secret> + Sync)) -> Result<Secret> {
        match self {
            Self::Keyring => from_keyring(account).await,
            Self::Command(words) => {
                let (program, arguments) = words.split_first().ok_or_else(|| problem("the command is empty"))?;
                let mut command = tokio::process::Command::new(program);
                command.args(arguments);
                from_command(command, program).await
            }
            Self::Shell(line) => {
                let mut command = tokio::process::Command::new("sh");
                command.args(["-c", line]);
                from_command(command, line).await
            }
            Self::Env(name) => match std::env::var(name) {
                Ok(value) => first_line(value, || format!("the variable {name}")),
                Err(_) => Err(problem(format!("the variable {name} is not set"))),
            },
            Self::File(path) => from_file(path).await,
            Self::Prompt => ask(),
        }
    }
}

async fn from_keyring(account: &str) -> Result<Secret> {
    let name = account.to_owned();
    let lookup = tokio::task::spawn_blocking(move || match keyring::v1::Entry::store_status() {
        Ok(()) => keyring::v1::Entry::new(KEYRING_SERVICE, &name)?.get_password(),
        Err(_) => Err(keyring::v1::Error::NoDefaultStore),
    });
    let advice = "store it with: secret-tool store --label mailkit service mailkit username ACCOUNT";
    match tokio::time::timeout(KEYRING_WAIT, lookup).await {
        Ok(Ok(Ok(password))) => Ok(Secret::new(password)),
        Ok(Ok(Err(keyring::v1::Error::NoEntry))) => {
            Err(problem(format!("the keyring has no secret for {account}")).hint(advice.replace("ACCOUNT", account)))
        }
        Ok(Ok(Err(keyring::v1::Error::NoDefaultStore))) => {
            Err(problem("there is no keyring here: no Secret Service answers").hint(ELSEWHERE))
        }
        Ok(Ok(Err(error))) => Err(problem("the keyring gave no secret").caused_by(error.to_string()).hint(ELSEWHERE)),
        Ok(Err(panic)) => Err(Error::new(Kind::Software, "the keyring's library failed").caused_by(panic)),
        Err(_) => Err(problem("the keyring did not answer within 5 seconds; it may be locked").hint(ELSEWHERE)),
    }
}

const ELSEWHERE: &str = "keep the secret elsewhere: secret = {cmd = [...]}, {file = ...} or {env = ...}";

async fn from_command(mut command: tokio::process::Command, shown: &str) -> Result<Secret> {
    // The message to send may be on standard input: a command that reads must not eat it.
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let ended = tokio::time::timeout(COMMAND_WAIT, command.output()).await;
    let output = ended
        .map_err(|_| problem(format!("{shown} gave no secret within 30 seconds")))?
        .map_err(|e| problem(format!("cannot run {shown}")).caused_by(e))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let failure = problem(format!("{shown} failed: {}", output.status));
        return Err(if said.is_empty() { failure } else { failure.said(said) });
    }
    first_line(text(output.stdout, shown)?, || shown.to_owned())
}

async fn from_file(path: &Path) -> Result<Secret> {
    let unreadable = |e| problem(format!("cannot read the secret in {}", path.display())).caused_by(e);
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let about = file.metadata().await.map_err(unreadable)?;
    if is_open_to_others(&about) {
        return Err(problem(format!("others may read the secret in {}", path.display()))
            .hint(format!("close it with: chmod 600 {}", path.display())));
    }
    let mut octets = Vec::new();
    let mut limited = tokio::io::AsyncReadExt::take(file, SECRET_MAX as u64);
    tokio::io::AsyncReadExt::read_to_end(&mut limited, &mut octets).await.map_err(unreadable)?;
    let shown = path.display().to_string();
    first_line(text(octets, &shown)?, || shown.clone())
}

#[cfg(unix)]
fn is_open_to_others(about: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

fn text(octets: Vec<u8>, place: &str) -> Result<String> {
    String::from_utf8(octets).map_err(|_| problem(format!("the secret from {place} is not UTF-8 text")))
}

/// Password stores write notes below the first line.
fn first_line(mut text: String, place: impl Fn() -> String) -> Result<Secret> {
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let rest = zeroize::Zeroizing::new(text.split_off(end));
    drop(rest);
    let secret = Secret::new(text);
    if secret.expose().is_empty() {
        return Err(problem(format!("{} gave an empty secret", place())));
    }
    Ok(secret)
}

fn problem(what: impl Into<String>) -> Error {
    Error::new(Kind::Config, what)
}

/// `"prompt"`, or a table with one of `keyring`, `cmd`, `env`, `file`.
impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(SourceVisitor)
    }
}

struct SourceVisitor;

const FORMS: &str = r#""prompt", {keyring = true}, {cmd = ["..."]}, {env = "..."} or {file = "..."}"#;

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = SecretSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FORMS)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<SecretSource, E> {
        // What stands here is likely the password itself: it is not repeated.
        if text == "prompt" {
            Ok(SecretSource::Prompt)
        } else {
            Err(E::custom(format!("a secret is not written here but fetched: {FORMS}")))
        }
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> std::result::Result<SecretSource, M::Error> {
        let key: Option<String> = map.next_key()?;
        // What stands behind a key may be the password itself, put into the wrong place.
        let form = |_: M::Error| de::Error::custom(format!("a secret needs one source: {FORMS}"));
        let source = match key.as_deref() {
            Some("keyring") if map.next_value().map_err(form)? => SecretSource::Keyring,
            Some("cmd") => SecretSource::Command(map.next_value().map_err(form)?),
            Some("env") => SecretSource::Env(map.next_value().map_err(form)?),
            Some("file") => SecretSource::File(super::file::at_home(map.next_value::<PathBuf>().map_err(form)?)),
            Some(other) if other != "keyring" => {
                return Err(de::Error::unknown_field(other, &["keyring", "cmd", "env", "file"]));
            }
            _ => return Err(de::Error::custom(format!("a secret needs one source: {FORMS}"))),
        };
        match map.next_key::<String>()? {
            None => Ok(source),
            Some(_) => Err(de::Error::custom(format!("a secret has one source only: {FORMS}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    async fn fetch(source: SecretSource) -> std::result::Result<String, String> {
        let ask = || Ok(Secret::new("typed".into()));
        let fetched = source.fetch("nobody-of-this-name", &ask).await;
        fetched.map(|secret| secret.expose().to_owned()).map_err(|error| {
            assert_eq!(error.kind(), Kind::Config);
            error.to_string()
        })
    }

    #[tokio::test]
    async fn commands_give_their_first_line_or_say_why_not() {
        let command = |words: &[&str]| SecretSource::Command(words.iter().map(|word| (*word).to_owned()).collect());
        let shell = |line: &str| SecretSource::Shell(line.to_owned());
        assert_eq!(fetch(command(&["printf", "hunter2\nuser: bob\n"])).await.as_deref(), Ok("hunter2"));
        assert_eq!(fetch(command(&["echo", "$HOME;id"])).await.as_deref(), Ok("$HOME;id"));
        assert_eq!(fetch(shell("printf 'a%s' b; cat")).await.as_deref(), Ok("ab"));
        assert_eq!(fetch(SecretSource::Prompt).await.as_deref(), Ok("typed"));
        for (source, wanted) in [
            (shell("echo gpg: no >&2; exit 2"), "failed: exit status: 2"),
            (shell("true"), "gave an empty secret"),
            (shell("printf '\\377'"), "not UTF-8"),
            (command(&["/nonexistent/pass"]), "cannot run /nonexistent/pass"),
            (command(&[]), "the command is empty"),
            (SecretSource::Env("MAILKIT_TEST_UNSET".into()), "is not set"),
        ] {
            let said = fetch(source).await.expect_err(wanted);
            assert!(said.contains(wanted), "{said}");
        }
    }

    #[tokio::test]
    async fn a_file_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("secret");
        std::fs::write(&path, "hunter2\n").expect("written");
        for (mode, good) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("changed");
            let fetched = fetch(SecretSource::File(path.clone())).await;
            assert_eq!(fetched.is_ok(), good, "{mode:o} {fetched:?}");
        }
        assert!(fetch(SecretSource::File(dir.path().join("missing"))).await.is_err());
    }
}
