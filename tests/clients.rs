//! Plays the transcripts that begin with `$ mailkit …`: our program runs, and the test is its server.
//!
//! `S:` is said to it and `C:` expected of it; `<` is its standard input, `>` and `!` are all it may print on standard
//! output and standard error, `?` is its exit code. The next `$` begins when the one before has ended, in the same
//! directory. In all lines `{server}` is the address where the test listens, `{closed}` one where nobody does, `{port}` and
//! `{closed_port}` are their ports, `{ca}`
//! a file with the certificate that `-- tls` shows, and `{other_ca}` one with a stranger's; the variables PASSWORD
//! and TOKEN are set, and hold what may be read nowhere. `-- SIGINT` is sent to it; `-- cut` means that the server
//! vanishes, `-- closed` that the program has hung up without another word.
//! Time is real, so nothing here can wait; the long waits are tested where the clock can be turned.
//!
//! What a program should not touch is made to hurt: without `<` its input stays silent for ever, a connection or a
//! word that nobody expects is a failure, its home is empty. Each transcript is played whole and octet by octet
//! (but for those marked `given: whole`), and each run writes a trace, which must tell what happened without secrets.

mod canary;
mod printed;
#[path = "clients/program.rs"]
mod program;
#[path = "clients/scene.rs"]
mod scene;
#[path = "clients/schema.rs"]
mod schema;
#[path = "clients/trace.rs"]
mod trace;

use mailkit::wire::pattern::{Bindings, fill, matches};
use mailkit::wire::transcript::{Entry, Side, parse};
use program::Program;
use rustix::process::Signal;
use scene::{End, Manner, Scene};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What does not come within this time does not come.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn send_transcripts_hold() {
    play_all("send");
}

#[test]
fn pop_transcripts_hold() {
    play_all("pop");
}

#[test]
fn relay_transcripts_hold() {
    play_all("relay");
}

#[test]
fn mx_transcripts_hold() {
    play_all("mx");
}

#[test]
fn parse_transcripts_hold() {
    play_all("parse");
}

#[test]
fn mailboxes_transcripts_hold() {
    play_all("mailboxes");
}

#[test]
fn unsubscribe_transcripts_hold() {
    play_all("unsubscribe");
}

fn play_all(command: &str) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(command);
    let listed = std::fs::read_dir(&directory).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut paths: Vec<PathBuf> = listed.expect("the transcripts can be listed");
    paths.sort();
    assert!(!paths.is_empty(), "no transcripts in {}", directory.display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut failures = Vec::new();
    for path in &paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let entries = match parse(&std::fs::read_to_string(path).expect("a text")) {
            Ok(entries) => entries,
            Err(error) => {
                failures.push(format!("{name}: {error}"));
                continue;
            }
        };
        let is_whole = |entry: &Entry| matches!(entry, Entry::Given(given) if given == "whole");
        for manner in [Manner::Whole, Manner::OctetByOctet] {
            if manner == Manner::OctetByOctet && entries.iter().any(is_whole) {
                continue;
            }
            if let Err(why) = runtime.block_on(play(&entries, manner)) {
                failures.push(format!("{name}, {manner:?}: {why}"));
            }
        }
    }
    assert!(failures.is_empty(), "{} of the transcripts fail:\n{}", failures.len(), failures.join("\n"));
}

async fn play(entries: &[Entry], manner: Manner) -> Result<(), String> {
    let givens = entries.iter().filter_map(|entry| match entry {
        Entry::Given(given) => Some(given.as_str()),
        _ => None,
    });
    let scene = Scene::set(givens, manner).await;
    let bindings = scene.bindings();
    let mut player = Player { scene, bindings, program: None, ends: BTreeMap::new() };
    for (index, entry) in entries.iter().enumerate() {
        if let Err(why) = player.step(entry, &entries[index + 1..]).await {
            let last_words = match player.program.take() {
                Some(program) => program.last_words().await,
                None => String::new(),
            };
            return Err(format!("at `{entry}`: {why}{last_words}"));
        }
    }
    player.end_act().await
}

/// `-- SIGINT`: somebody stops the program.
fn signal(note: &str) -> Option<Signal> {
    match note {
        "SIGINT" => Some(Signal::INT),
        "SIGTERM" => Some(Signal::TERM),
        _ => None,
    }
}

struct Player {
    scene: Scene,
    bindings: Bindings,
    program: Option<Program>,
    /// The connections of the program that runs now, by number.
    ends: BTreeMap<u32, End>,
}

impl Player {
    async fn step(&mut self, entry: &Entry, later: &[Entry]) -> Result<(), String> {
        match entry {
            Entry::Note(_, note) => match self.program.as_mut().zip(signal(note)) {
                Some((program, signal)) => program.signal(signal),
                None => Err("nothing that could happen".to_owned()),
            },
            // What a program reads and prints is seen to when it starts and ends.
            Entry::Comment(_) | Entry::Given(_) => Ok(()),
            Entry::Stdin(_) | Entry::Stdout(_) | Entry::Stderr(_) | Entry::Exit(_) => Ok(()),
            Entry::Command(line) => {
                self.end_act().await?;
                self.program = Some(Program::start(&self.scene, &fill(line, &self.bindings), later)?);
                Ok(())
            }
            Entry::Line { connection, side: Side::Server, text } => {
                let line = fill(text, &self.bindings) + "\r\n";
                self.end(*connection).await?.say(line.as_bytes()).await
            }
            Entry::Raw { connection, side: Side::Server, octets } => {
                // Repetitions are written out only where the octets are text.
                let octets = match std::str::from_utf8(octets) {
                    Ok(text) => fill(text, &self.bindings).into_bytes(),
                    Err(_) => octets.clone(),
                };
                self.end(*connection).await?.say(&octets).await
            }
            Entry::Line { connection, side: Side::Client, text } if text == "{...}" => {
                self.skip_to(*connection, later).await
            }
            Entry::Line { connection, side: Side::Client, text } => {
                let line = self.end(*connection).await?.line().await?;
                let line =
                    String::from_utf8(line).map_err(|error| format!("heard octets that are no text: {error}"))?;
                if matches(text, &line, &mut self.bindings) { Ok(()) } else { Err(format!("heard `{line}`")) }
            }
            Entry::Raw { connection, side: Side::Client, octets } => {
                let heard = self.end(*connection).await?.exactly(octets.len()).await?;
                if heard == *octets { Ok(()) } else { Err(format!("heard `{}`", heard.escape_ascii())) }
            }
            Entry::Tls(_) => {
                let tls = self.scene.server_tls();
                // Where TLS comes before any word, the handshake is the first that is seen of a connection.
                let latest = self.ends.keys().next_back().copied().unwrap_or_default();
                let number = if self.ends.get(&latest).is_some_and(End::is_open) { latest } else { latest + 1 };
                self.end(number).await?.secure(&tls).await
            }
            Entry::Cut(_) => {
                self.latest()?.cut().await;
                Ok(())
            }
            Entry::Closed(_) => self.latest()?.expect_end().await,
            Entry::Wait(_) => Err("a running program's clock cannot be turned".to_owned()),
        }
    }

    /// Sees the program out: its exit code, what it printed, and that it said no more than was expected.
    async fn end_act(&mut self) -> Result<(), String> {
        let Some(mut program) = self.program.take() else { return Ok(()) };
        program.expect_end(&mut self.bindings).await?;
        let mut ends = std::mem::take(&mut self.ends);
        for (number, end) in &mut ends {
            end.expect_end().await.map_err(|why| format!("on connection {number} after the end: {why}"))?;
        }
        if self.scene.has_more_connections() {
            return Err("the program connected once more than expected".to_owned());
        }
        trace::check(&self.scene, ends.values())
    }

    /// Skips the lines of a message up to the next one that is expected, or to its end in the middle.
    async fn skip_to(&mut self, connection: u32, later: &[Entry]) -> Result<(), String> {
        let wanted = later.iter().find_map(|entry| match entry {
            Entry::Line { connection: other, side: Side::Client, text } if *other == connection => Some(text),
            _ => None,
        });
        let Some(wanted) = wanted else {
            // Who is not read from cannot come to the end of a long message.
            let program = self.program.as_mut().ok_or("no program runs")?;
            tokio::time::timeout(PATIENCE, program.ended()).await.map_err(|_| "the program goes on")??;
            return self.end(connection).await?.skip_to_end().await;
        };
        loop {
            let end = self.end(connection).await?;
            let line = end.line().await?;
            let text = String::from_utf8_lossy(&line).into_owned();
            if matches(wanted, &text, &mut self.bindings.clone()) {
                self.end(connection).await?.put_back(line);
                return Ok(());
            }
        }
    }

    /// The connection of that number; if it is a new one, the program has to make it now.
    async fn end(&mut self, number: u32) -> Result<&mut End, String> {
        let program = self.program.as_mut().ok_or("no program runs")?;
        if !self.ends.contains_key(&number) {
            let end = self.scene.accept(program).await?;
            self.ends.insert(number, end);
        }
        Ok(self.ends.get_mut(&number).expect("it was put in"))
    }

    /// The connection that was made last: what happens to a connection happens to that one.
    fn latest(&mut self) -> Result<&mut End, String> {
        self.ends.values_mut().next_back().ok_or_else(|| "there is no connection".to_owned())
    }
}
