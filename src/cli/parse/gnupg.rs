//! `gpg` and `gpgsm`, run for one signature or one envelope.
//!
//! They are given their arguments as they are, never a shell's line; what they read and write goes through pipes, and only
//! a signature that stands beside its text, and gpg's own words, lie in a directory nobody else can look into. They ask no
//! server for keys or lists: who reads a message tells nobody. What they say for programs comes on a channel of its own
//! wherever a stranger's words could come between.

use crate::cli::context::Context;
use mailkit::account::discreet;
use mailkit::error::{Error, Kind, Result};
use mailkit::reading::gnupg::Outcome;
use mailkit::reading::sealed::Scheme;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::time::timeout;

/// Somebody may have to type a passphrase.
const WAIT: Duration = Duration::from_secs(120);
/// Octets that may come out of an envelope; what is packed can unpack to anything.
const CONTENT_MAX: usize = 256 * 1024 * 1024;
/// Octets of lines for programs.
const STATUS_MAX: usize = 1024 * 1024;
/// Octets of the program's own words that are worth repeating.
const WORDS_MAX: usize = 2000;

/// What is to be done.
pub(super) enum Task<'t> {
    /// Verify a signature that stands beside its text.
    Detached { signature: &'t [u8], content: &'t [u8] },
    /// Verify what holds text and signature.
    Whole(&'t [u8]),
    /// Take out what is signed or encrypted.
    Open { envelope: &'t [u8], is_encrypted: bool },
    /// List the names on keys, by their fingerprints.
    Names(Vec<&'t str>),
}

/// What came of it.
pub(super) struct Done {
    /// What was said for programs.
    pub(super) outcome: Outcome,
    /// What was in the envelope.
    pub(super) content: Vec<u8>,
    /// Whether the program says that all is well.
    pub(super) is_success: bool,
    /// What the program says for people; a stranger's words may be among them.
    pub(super) words: String,
}

/// Does it.
pub(super) async fn run(scheme: Scheme, task: &Task<'_>, context: &Context) -> Result<Done> {
    let dir = tempfile::tempdir().map_err(|error| failed("there is no place for a signature").caused_by(error))?;
    let (signature, log) = (dir.path().join("signature"), dir.path().join("log"));
    let (mut command, program) = match scheme {
        Scheme::Pgp => (gpg(&log), "gpg"),
        Scheme::Smime => (gpgsm(task), "gpgsm"),
    };
    if context.globals.no_input {
        command.args(["--pinentry-mode", "error"]);
    }
    let input = match task {
        Task::Detached { signature: octets, content } => {
            std::fs::write(&signature, octets).map_err(|error| failed("cannot write a signature").caused_by(error))?;
            command.arg("--verify").arg("--").arg(&signature).arg("-");
            *content
        }
        Task::Whole(octets) => {
            command.args(["--verify", "-"]);
            *octets
        }
        Task::Open { envelope, is_encrypted } => {
            let act = if *is_encrypted || scheme == Scheme::Pgp { "--decrypt" } else { "--verify" };
            command.args(["--output", "-", act, "-"]);
            *envelope
        }
        Task::Names(keys) => {
            command.args(["--with-colons", "--list-keys", "--"]).args(keys);
            &[]
        }
    };
    discreet(&mut command, context.hidden());
    let ran = pipe(command, program, input).await?;
    let has_content = has_content(task);
    // gpgsm has no channel for its own words, so its lines for programs get the one that would hold the content, where
    // there is none; where there is, nothing but the exit code is believed.
    let (status, content) = match (scheme, has_content) {
        (Scheme::Smime, false) => (ran.out.clone(), Vec::new()),
        (Scheme::Smime, true) => (Vec::new(), ran.out),
        (Scheme::Pgp, _) => (ran.err.clone(), ran.out),
    };
    let words = match scheme {
        Scheme::Pgp => std::fs::read(&log).unwrap_or_default(),
        Scheme::Smime => ran.err,
    };
    let words = String::from_utf8_lossy(&words);
    let words: Vec<&str> = words.lines().filter(|line| !line.starts_with("[GNUPG:] ")).map(without_time).collect();
    let mut words = words.join("\n").trim().to_owned();
    words.truncate(words.floor_char_boundary(WORDS_MAX));
    Ok(Done { outcome: Outcome::read(&status), content, is_success: ran.is_success, words })
}

/// `2026-11-22 04:01:22 gpg[28646] not a detached signature`, as its log has it, without what changes in every run.
fn without_time(line: &str) -> &str {
    let words = line.split_once(" gpg[").filter(|(time, _)| time.starts_with(|c: char| c.is_ascii_digit()));
    words.and_then(|(_, rest)| rest.split_once("] ")).map_or(line, |(_, words)| words)
}

/// gpg with what every run of it is told.
fn gpg(log: &Path) -> Command {
    let mut command = Command::new("gpg");
    command.args(["--batch", "--no-auto-key-retrieve", "--disable-dirmngr", "--display-charset", "utf-8"]);
    command.arg("--max-output").arg(CONTENT_MAX.to_string());
    command.args(["--status-fd", "2", "--log-file"]).arg(log);
    command
}

/// gpgsm with what every run of it is told. Whether a certificate was revoked only the network knows.
fn gpgsm(task: &Task<'_>) -> Command {
    let mut command = Command::new("gpgsm");
    command.args(["--batch", "--disable-dirmngr", "--disable-crl-checks"]);
    command.args(["--status-fd", if has_content(task) { "2" } else { "1" }]);
    command
}

/// Whether something is to come out besides lines of status.
fn has_content(task: &Task<'_>) -> bool {
    matches!(task, Task::Open { .. } | Task::Names(_))
}

struct Ran {
    out: Vec<u8>,
    err: Vec<u8>,
    is_success: bool,
}

/// Runs a program over some octets.
async fn pipe(mut command: Command, program: &str, input: &[u8]) -> Result<Ran> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    // Its words are in English, as ours are.
    command.env("LC_ALL", "C.UTF-8").env("LANGUAGE", "en");
    let mut child = command.spawn().map_err(|error| {
        let is_missing = error.kind() == ErrorKind::NotFound;
        let error = Error::new(Kind::Unavailable, format!("cannot run {program}")).caused_by(error);
        if is_missing { error.hint("signatures and encryption are GnuPG's work: install it") } else { error }
    })?;
    let (stdin, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // Whoever has seen enough reads no further; what it makes of that is its own affair.
            let _ = stdin.write_all(input).await;
        }
    };
    let work = async { tokio::join!(write, up_to(CONTENT_MAX, out), up_to(STATUS_MAX, err), child.wait()) };
    let ((), out, err, status) = timeout(WAIT, work)
        .await
        .map_err(|_| Error::new(Kind::Temporary, format!("{program} did not end within {} seconds", WAIT.as_secs())))?;
    let status = status.map_err(|error| failed(&format!("cannot wait for {program}")).caused_by(error))?;
    let too_much = || failed(&format!("{program} says more than anybody wants to hear"));
    Ok(Ran { out: out.ok_or_else(too_much)?, err: err.ok_or_else(too_much)?, is_success: status.success() })
}

/// All that somebody writes; none if that is too much, and the rest is not waited for.
async fn up_to(max: usize, reader: Option<impl AsyncRead + Unpin>) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let mut limited = reader?.take(max as u64 + 1);
    // What came before it broke is all there is.
    let _ = limited.read_to_end(&mut octets).await;
    (octets.len() <= max).then_some(octets)
}

fn failed(what: &str) -> Error {
    Error::new(Kind::Io, what)
}
