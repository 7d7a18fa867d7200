//! The program under test: started with what it may know, watched until it ends.

use super::PATIENCE;
use super::scene::{PASSWORD, Scene};
use crate::{canary, printed};
use mailkit::wire::pattern::{Bindings, matches};
use mailkit::wire::transcript::Entry;
use rustix::process::{Pid, Signal, kill_process};
use std::process::{ExitStatus, Stdio};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub(crate) struct Program {
    child: Child,
    /// Kept open and silent when there is nothing to read.
    _silent: Option<ChildStdin>,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
    wanted: Wanted,
}

/// What the transcript says about a program's end.
#[derive(Default)]
struct Wanted {
    stdin: Vec<String>,
    stdout: Vec<String>,
    stderr: Vec<String>,
    exit: Option<i32>,
}

impl Program {
    /// Starts a command line; `later` is what follows it in the transcript.
    pub(crate) fn start(scene: &Scene, line: &str, later: &[Entry]) -> Result<Self, String> {
        let mut words = words(line)?.into_iter();
        if words.next().as_deref() != Some("mailkit") {
            return Err("only mailkit is run here".to_owned());
        }
        let wanted = Wanted::read(later);
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
        command.args(words).current_dir(scene.directory()).env_clear().kill_on_drop(true);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", scene.directory().join("home"));
        command.env("LOGNAME", "alice").env("PASSWORD", PASSWORD).env("TOKEN", canary::TOKEN);
        command.env("MAILKIT_NO_INPUT", "1").env("MAILKIT_TRACE", scene.trace());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let mut stdin = child.stdin.take();
        if !wanted.stdin.is_empty() {
            let mut pipe = stdin.take().expect("it is piped");
            let text: String = wanted.stdin.iter().map(|line| format!("{line}\n")).collect();
            // Who does not read to the end, does not: that is no failure of ours.
            tokio::spawn(async move { pipe.write_all(text.as_bytes()).await });
        }
        let stdout = child.stdout.take().map(collect);
        let stderr = child.stderr.take().map(collect);
        Ok(Self { child, _silent: stdin, stdout, stderr, wanted })
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) -> Result<(), String> {
        let id = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())).ok_or("the program has ended")?;
        kill_process(id, signal).map_err(|error| error.to_string())
    }

    /// Waits for the end, for as long as it takes.
    pub(crate) async fn ended(&mut self) -> Result<ExitStatus, String> {
        self.child.wait().await.map_err(|error| error.to_string())
    }

    /// Waits for the end and compares what was printed.
    pub(crate) async fn expect_end(&mut self, bindings: &mut Bindings) -> Result<(), String> {
        let Ok(status) = timeout(PATIENCE, self.ended()).await else {
            return Err(format!("the program does not end{}", self.kill().await));
        };
        let (stdout, stderr) = self.output().await;
        let code = status?.code();
        let mut wrong = Vec::new();
        if code != self.wanted.exit {
            wrong.push(format!("it ended with {code:?}, not {:?}", self.wanted.exit));
        }
        if let Err(why) = compare(&self.wanted.stdout, &stdout, bindings) {
            wrong.push(format!("standard output: {why}"));
        }
        if let Err(why) = compare(&self.wanted.stderr, &stderr, bindings) {
            wrong.push(format!("standard error: {why}"));
        }
        for (secret, output) in canary::ALL.into_iter().flat_map(|secret| [(secret, &stdout), (secret, &stderr)]) {
            if let Some(form) = canary::leak(output.as_bytes(), secret) {
                wrong.push(format!("it printed a secret {form}"));
            }
        }
        if let Err(why) = super::schema::check(&stdout, &stderr) {
            wrong.push(format!("JSON {why}"));
        }
        if wrong.is_empty() { Ok(()) } else { Err(format!("{}{}", wrong.join("; "), shown(&stdout, &stderr))) }
    }

    /// Ends it, and tells what it had to say.
    pub(crate) async fn last_words(mut self) -> String {
        self.kill().await
    }

    async fn kill(&mut self) -> String {
        // It may have ended by itself.
        let _ = self.child.kill().await;
        let (stdout, stderr) = self.output().await;
        shown(&stdout, &stderr)
    }

    async fn output(&mut self) -> (String, String) {
        let mut texts = [String::new(), String::new()];
        for (text, task) in texts.iter_mut().zip([self.stdout.take(), self.stderr.take()]) {
            if let Some(task) = task {
                *text = task.await.expect("reading does not panic");
            }
            printed::show(text.as_bytes(), &[]);
        }
        texts.into()
    }
}

impl Wanted {
    fn read(later: &[Entry]) -> Self {
        let mut wanted = Self::default();
        for entry in later.iter().take_while(|entry| !matches!(entry, Entry::Command(_))) {
            match entry {
                Entry::Stdin(line) => wanted.stdin.push(line.clone()),
                Entry::Stdout(line) => wanted.stdout.push(line.clone()),
                Entry::Stderr(line) => wanted.stderr.push(line.clone()),
                Entry::Exit(code) => wanted.exit = Some(*code),
                _ => {}
            }
        }
        wanted
    }
}

fn collect(mut pipe: impl AsyncRead + Send + Unpin + 'static) -> JoinHandle<String> {
    tokio::spawn(async move {
        let mut octets = Vec::new();
        pipe.read_to_end(&mut octets).await.expect("a pipe can be read");
        String::from_utf8(octets).unwrap_or_else(|error| error.into_bytes().escape_ascii().to_string())
    })
}

fn shown(stdout: &str, stderr: &str) -> String {
    let lines = |mark: char, text: &str| text.lines().map(|line| format!("\n    {mark} {line}")).collect::<String>();
    lines('>', stdout) + &lines('!', stderr)
}

/// Line by line; a pattern `{...}` stands for any lines up to the one that is expected behind it.
fn compare(wanted: &[String], text: &str, bindings: &mut Bindings) -> Result<(), String> {
    let mut lines = text.lines();
    let mut wanted = wanted.iter().peekable();
    while let Some(pattern) = wanted.next() {
        if pattern == "{...}" {
            match wanted.peek() {
                None => return Ok(()),
                Some(next) => {
                    while lines.clone().next().is_some_and(|line| !matches(next, line, &mut bindings.clone())) {
                        lines.next();
                    }
                }
            }
        } else {
            match lines.next() {
                None => return Err(format!("`{pattern}` is missing")),
                Some(line) if !matches(pattern, line, bindings) => return Err(format!("`{line}` is not `{pattern}`")),
                Some(_) => {}
            }
        }
    }
    lines.next().map_or(Ok(()), |line| Err(format!("`{line}` is too much")))
}

/// A command line as a shell would cut it, as far as quotes go.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), _) if c == open => quote = None,
            (None, ' ') => words.extend(word.take()),
            (_, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if quote.is_none() { Ok(words) } else { Err("a quote is not closed".to_owned()) }
}

#[test]
fn words_are_cut_at_blanks_outside_of_quotes() {
    assert_eq!(words("a  'b c' \"\" d'e'\"f g\" '<>'").unwrap(), ["a", "b c", "", "def g", "<>"]);
    assert!(words("a 'b").is_err());
}
