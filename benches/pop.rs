//! How fast a maildrop is emptied into a Maildir, beside mpop: `cargo bench --bench pop [-- --quick]`, as root.
//!
//! A thousand messages from one Dovecot, directly and over a line of 50 ms that counts octets and turns; then the same
//! again, when there is nothing new. Each program makes its Maildir durable as it does by itself. They take turns, so
//! that a slow moment hits both. Programs that are not installed are passed over.

#![allow(clippy::unwrap_used, reason = "a bench may stop where it stands")]

mod dovecot;
mod line;

use dovecot::Dovecot;
use line::{Counts, Line};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROUND_TRIP: Duration = Duration::from_millis(50);
/// Octets of a message, about: 6.2 MB in a thousand.
const SIZE: usize = 6200;

fn main() {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let (count, rounds) = if is_quick { (100, 1) } else { (1000, 5) };
    let home = tempfile::tempdir().unwrap();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let Some(dovecot) = Dovecot::start(&home.path().join("dovecot"), "") else {
        println!("no Dovecot could be started: it has to be installed, and wants root");
        return;
    };
    dovecot.deposit("bob", (0..count).map(message));
    let programs = ["mailkit", "mpop"].into_iter().filter(|name| is_there(name)).collect::<Vec<_>>();
    for (what, round_trip) in [("directly", Duration::ZERO), ("over a line of 50 ms", ROUND_TRIP)] {
        let line = Line::to(dovecot.pop3, round_trip);
        println!("{count} messages {what}, median and range of {rounds} [s]");
        let mut found: Vec<(&str, Vec<Run>)> = programs.iter().map(|name| (*name, Vec::new())).collect();
        for round in 0..rounds {
            for (name, runs) in &mut found {
                let place = Place { home: home.path().join(format!("{name}-{}-{round}", round_trip.as_millis())) };
                std::fs::create_dir_all(&place.home).unwrap();
                let first = place.run(name, &line);
                assert_eq!(place.messages(), count, "{name} has all of them");
                let second = place.run(name, &line);
                assert_eq!(place.messages(), count, "{name} has none of them twice");
                runs.push(Run { first, second });
            }
        }
        for (name, mut runs) in found {
            print(name, "all of them new", &mut runs, |run| run.first);
            print(name, "nothing new", &mut runs, |run| run.second);
        }
    }
}

/// What one program did: with everything new, and again.
struct Run {
    first: Effort,
    second: Effort,
}

#[derive(Clone, Copy)]
struct Effort {
    time: Duration,
    counts: Counts,
}

/// Where a program keeps its Maildir and what it remembers.
struct Place {
    home: PathBuf,
}

impl Place {
    fn run(&self, name: &str, line: &Line) -> Effort {
        line.take();
        let begun = Instant::now();
        let mut command = if name == "mpop" { self.mpop(line.address()) } else { self.mailkit(line.address()) };
        command.env("HOME", &self.home).env("XDG_STATE_HOME", self.home.join("state")).stdout(Stdio::null());
        assert!(command.status().unwrap().success(), "{command:?}");
        Effort { time: begun.elapsed(), counts: line.take() }
    }

    fn mailkit(&self, server: SocketAddr) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
        command.arg("pop").arg(format!("pop3://bob@{server}")).args(["--password-env", "SECRET", "--to"]);
        command.arg(format!("maildir:{}", self.maildir().display())).env("SECRET", "secret");
        command.env("MAILKIT_CONFIG", "/dev/null");
        command
    }

    fn mpop(&self, server: SocketAddr) -> Command {
        for part in ["tmp", "new", "cur"] {
            std::fs::create_dir_all(self.maildir().join(part)).unwrap();
        }
        let mut command = Command::new("mpop");
        command.args(["--quiet", "--host", &server.ip().to_string(), "--port", &server.port().to_string()]);
        command.args(["--user", "bob", "--passwordeval", "echo secret", "--tls=off", "--auth=plain", "--keep=on"]);
        command.arg(format!("--delivery=maildir,{}", self.maildir().display()));
        command.arg(format!("--uidls-file={}", self.home.join("uidls").display()));
        command
    }

    fn maildir(&self) -> PathBuf {
        self.home.join("Maildir")
    }

    fn messages(&self) -> usize {
        let count = |part: &str| std::fs::read_dir(self.maildir().join(part)).map_or(0, Iterator::count);
        count("new") + count("cur")
    }
}

fn message(number: usize) -> Vec<u8> {
    let header = format!(
        "From: alice@crepes.example\nTo: bob@hamburger.example\nSubject: Crepes, the {number}th\n\
        Date: Sat, 21 Nov 2026 10:00:00 +0000\nMessage-ID: <{number}@crepes.example>\n\n"
    );
    let line = "Do you like ketchup? I have asked this before, and shall ask it again.\n";
    let mut octets = header.into_bytes();
    while octets.len() < SIZE {
        octets.extend_from_slice(line.as_bytes());
    }
    octets
}

fn is_there(name: &str) -> bool {
    let is_program = |path: PathBuf| path.join(name).is_file();
    name == "mailkit" || std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(is_program))
}

fn print(name: &str, what: &str, runs: &mut [Run], of: impl Fn(&Run) -> Effort) {
    let mut times: Vec<f64> = runs.iter().map(|run| of(run).time.as_secs_f64()).collect();
    times.sort_by(f64::total_cmp);
    let (least, median, most) = (times[0], times[times.len() / 2], times[times.len() - 1]);
    let Counts { up, down, turns, .. } = of(&runs[0]).counts;
    println!(
        "  {name:<8} {what:<16} {median:>6.2} ({least:.2} to {most:.2})  {turns:>3} turns, {up} octets up, {down} down"
    );
}
