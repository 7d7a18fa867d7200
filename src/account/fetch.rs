//! Gets a secret from its source: the keyring, a program, the environment, a file, the service manager, or the user.
//!
//! A source that does not answer in time is an error with advice, not a hang: a locked keyring on a server asks
//! nobody. A program gets nothing to read, no secret in its environment, and half a minute; what it complains about is
//! told. Nothing here ever prints a secret.

use super::netrc;
use super::places::at_home;
use super::source::SecretSource;
use super::wallet;
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// A command may have to ask for a passphrase; and what is named as a file may be a pipe behind which somebody is asked.
const WAIT: Duration = Duration::from_secs(30);
/// More than this is no password and no token.
const SECRET_MAX: usize = 64 * 1024;
/// More of a program's complaints is no help to anybody.
const COMPLAINT_MAX: usize = 2000;

/// Whose secret is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    /// The account's name, which is its name in a keyring too.
    pub account: &'a str,
    /// The server it is for, and the name there: a netrc has lines for both.
    pub login: Option<(&'a str, &'a str)>,
    /// Whether somebody sits there who could open a locked keyring.
    pub is_attended: bool,
    /// Variables of the environment that hold secrets: no program is given them.
    pub hidden: &'a [String],
}

impl SecretSource {
    /// Gets the secret; `ask` puts the question to the user, if there is one.
    pub async fn fetch(&self, whose: Whose<'_>, ask: &(dyn Fn() -> Result<Secret> + Sync)) -> Result<Secret> {
        match self {
            Self::Keyring => wallet::get(whose.account, whose.is_attended).await,
            Self::Command(words) => {
                let (program, arguments) = words.split_first().ok_or_else(|| problem("the command is empty"))?;
                let mut command = Command::new(program);
                command.args(arguments);
                from_command(command, program, whose.hidden).await
            }
            Self::Shell(line) => {
                let mut command = Command::new("sh");
                command.args(["-c", line]);
                from_command(command, line, whose.hidden).await
            }
            Self::Env(name) => match std::env::var(name) {
                Ok(value) => first_line(value, || format!("the variable {name}")),
                Err(_) => Err(problem(format!("the variable {name} is not set"))),
            },
            Self::File(path) => from_file(path).await,
            Self::Systemd(name) => from_credential(name).await,
            Self::Netrc(path) => {
                let path = path.clone().unwrap_or_else(|| at_home(PathBuf::from("~/.netrc")));
                let Some((host, user)) = whose.login else {
                    return Err(problem("a netrc has a password for a server only, and none is known here"));
                };
                let text = read_private(&path).await?;
                netrc::password(&text, host, user).ok_or_else(|| {
                    problem(format!("{} has no password for {user} at {host}", path.display()))
                        .hint(format!("it needs a line: machine {host} login {user} password ..."))
                })
            }
            Self::Prompt => ask(),
            Self::Plain(secret) => first_line(secret.0.expose().to_owned(), || "the configuration".into()),
        }
    }
}

async fn from_command(mut command: Command, shown: &str, hidden: &[String]) -> Result<Secret> {
    // The message to send may be on standard input: a command that reads must not eat it.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    discreet(&mut command, hidden);
    let mut child = command.spawn().map_err(|e| problem(format!("cannot run {shown}")).caused_by(e))?;
    let (output, complaint) = (child.stdout.take(), child.stderr.take());
    let ended = async { tokio::join!(up_to(SECRET_MAX, output), up_to(COMPLAINT_MAX, complaint), child.wait()) };
    let ended = timeout(WAIT, ended).await;
    let (output, complaint, status) =
        ended.map_err(|_| problem(format!("{shown} gave no secret within 30 seconds")))?;
    let status = status.map_err(|e| problem(format!("cannot wait for {shown}")).caused_by(e))?;
    if !status.success() {
        let said = String::from_utf8_lossy(&complaint).trim().to_owned();
        let failure = problem(format!("{shown} failed: {status}"));
        return Err(if said.is_empty() { failure } else { failure.said(said) });
    }
    first_line(text(output, shown)?, || shown.to_owned())
}

/// Takes the secrets of others from the environment of a program, and shows it the terminal on which it may ask for one.
pub fn discreet(command: &mut Command, hidden: &[String]) {
    for name in hidden {
        command.env_remove(name);
    }
    // gpg asks for its passphrase there, and does not look for a terminal by itself.
    if let Some(terminal) = terminal().filter(|_| std::env::var_os("GPG_TTY").is_none()) {
        command.env("GPG_TTY", terminal);
    }
}

/// What somebody writes, up to a limit, in memory that never moves and so leaves no copies; the rest is let go by.
async fn up_to(max: usize, reader: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut octets = Vec::with_capacity(max);
    if let Some(mut reader) = reader {
        let mut limited = (&mut reader).take(max as u64);
        // What came before it broke is all there is.
        let _ = limited.read_to_end(&mut octets).await;
        let _ = tokio::io::copy(&mut reader, &mut tokio::io::sink()).await;
    }
    octets
}

/// The terminal that this process sits at.
fn terminal() -> Option<PathBuf> {
    let ours = [("0", std::io::stdin().is_terminal()), ("2", std::io::stderr().is_terminal())];
    let (number, _) = ours.into_iter().find(|(_, is_terminal)| *is_terminal)?;
    std::fs::read_link(format!("/proc/self/fd/{number}")).ok().filter(|path| path.starts_with("/dev"))
}

async fn from_file(path: &Path) -> Result<Secret> {
    let mut text = read_private(path).await?;
    first_line(std::mem::take(&mut *text), || path.display().to_string())
}

/// The service manager keeps others out of its directory by itself (systemd.exec(5)).
async fn from_credential(name: &str) -> Result<Secret> {
    let Some(dir) = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from) else {
        return Err(problem("no service manager has handed over credentials here")
            .hint(format!("in the unit: LoadCredential={name}:/path, or LoadCredentialEncrypted=")));
    };
    if Path::new(name).components().count() != 1 || name.starts_with('.') {
        return Err(problem(format!("{name:?} is no name of a credential")));
    }
    let path = dir.join(name);
    let unreadable = |e| problem(format!("cannot read the credential {}", path.display())).caused_by(e);
    let file = tokio::fs::File::open(&path).await.map_err(unreadable)?;
    let octets = timeout(WAIT, up_to(SECRET_MAX, Some(file))).await.map_err(|_| silent(&path))?;
    first_line(text(octets, name)?, || format!("the credential {name}"))
}

/// The text of a file that nobody else may read.
async fn read_private(path: &Path) -> Result<Zeroizing<String>> {
    let unreadable = |e| problem(format!("cannot read the secret in {}", path.display())).caused_by(e);
    // A pipe is opened when somebody writes.
    let opened = timeout(WAIT, tokio::fs::File::open(path)).await.map_err(|_| silent(path))?;
    let file = opened.map_err(unreadable)?;
    let about = file.metadata().await.map_err(unreadable)?;
    if is_open_to_others(&about) {
        return Err(problem(format!("others may read the secret in {}", path.display()))
            .hint(format!("close it with: chmod 600 {}", path.display())));
    }
    if about.is_dir() {
        return Err(problem(format!("{} is a directory, no secret", path.display())));
    }
    let octets = timeout(WAIT, up_to(SECRET_MAX, Some(file))).await.map_err(|_| silent(path))?;
    text(octets, &path.display().to_string()).map(Zeroizing::new)
}

fn silent(path: &Path) -> Error {
    problem(format!("{} gave no secret within 30 seconds", path.display()))
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
    String::from_utf8(octets).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        problem(format!("the secret from {place} is not UTF-8 text"))
    })
}

/// Password stores write notes below the first line.
fn first_line(mut text: String, place: impl Fn() -> String) -> Result<Secret> {
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let rest = zeroize::Zeroizing::new(text.split_off(end));
    drop(rest);
    let secret = Secret::new(text);
    if secret.expose().len() >= SECRET_MAX {
        return Err(problem(format!("the first line of {} is no secret: it is too long", place())));
    }
    if secret.expose().is_empty() {
        return Err(problem(format!("{} gave an empty secret", place())));
    }
    Ok(secret)
}

fn problem(what: impl Into<String>) -> Error {
    Error::new(Kind::Config, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const NOBODY: Whose<'_> = Whose { account: "nobody-of-this-name", login: None, is_attended: false, hidden: &[] };

    async fn fetch(source: SecretSource) -> std::result::Result<String, String> {
        let ask = || Ok(Secret::new("typed".into()));
        let fetched = source.fetch(NOBODY, &ask).await;
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
            // Half a password is a wrong one.
            (shell("yes | tr -d '\\n' | head -c 100000"), "it is too long"),
            (shell("printf '\\377'"), "not UTF-8"),
            (command(&["/nonexistent/pass"]), "cannot run /nonexistent/pass"),
            (command(&[]), "the command is empty"),
            (SecretSource::Env("MAILKIT_TEST_UNSET".into()), "is not set"),
        ] {
            let said = fetch(source).await.expect_err(wanted);
            assert!(said.contains(wanted), "{said}");
        }
        let error = shell("echo gpg: no secret key >&2; exit 2").fetch(NOBODY, &|| unreachable()).await;
        assert_eq!(error.err().and_then(|e| e.answer().map(str::to_owned)).as_deref(), Some("gpg: no secret key"));
    }

    fn unreachable() -> Result<Secret> {
        Err(problem("nobody is asked"))
    }

    #[tokio::test]
    async fn a_program_is_not_given_the_secrets_of_others() {
        // CARGO is in the environment of every test.
        let hidden = ["CARGO".to_owned()];
        let whose = Whose { hidden: &hidden, ..NOBODY };
        let source = SecretSource::Shell("echo ${CARGO-nothing}".into());
        let secret = source.fetch(whose, &unreachable).await.expect("a secret");
        assert_eq!(secret.expose(), "nothing");
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
        assert!(fetch(SecretSource::File(dir.path().into())).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pipe_is_read_like_a_file_and_not_waited_for_without_end() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("pipe");
        let made = std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&path).status();
        assert!(made.is_ok_and(|made| made.success()), "there is mkfifo");
        let writer = path.clone();
        let written = std::thread::spawn(move || std::fs::write(writer, "hunter2\n"));
        assert_eq!(fetch(SecretSource::File(path.clone())).await.as_deref(), Ok("hunter2"));
        written.join().expect("a thread").expect("written");
        // The first is waiting already when the second moves the clock.
        let (fetched, ()) = tokio::join!(fetch(SecretSource::File(path.clone())), tokio::time::advance(WAIT * 2));
        let said = fetched.expect_err("nobody writes");
        assert!(said.ends_with("gave no secret within 30 seconds"), "{said}");
        // Whoever still waits for a writer ends with one.
        std::fs::write(&path, "").expect("written");
    }

    #[tokio::test]
    async fn a_netrc_gives_the_password_of_a_user_at_a_server() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("netrc");
        std::fs::write(&path, "machine mail.example login bob password hunter2\n").expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("changed");
        let source = SecretSource::Netrc(Some(path.clone()));
        let whose = Whose { login: Some(("mail.example", "bob")), ..NOBODY };
        assert_eq!(source.fetch(whose, &unreachable).await.expect("found").expose(), "hunter2");
        let whose = Whose { login: Some(("mail.example", "eve")), ..NOBODY };
        let error = source.fetch(whose, &unreachable).await.err().expect("none");
        assert!(error.to_string().ends_with("has no password for eve at mail.example"), "{error}");
    }
}
