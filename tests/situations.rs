//! What `send` makes of everything a server can do: exit code, outcome and phase, in one table.
//!
//! The program runs against a server that does one thing wrong at one moment, once step by step and once
//! pipelined. Nothing is ever sent twice: each run makes one connection.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod printed;
#[path = "situations/server.rs"]
mod server;
#[path = "situations/told.rs"]
mod told;
mod watchdog;

use server::{Act, Script, serve, stop};
use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// The situations that every sending program meets: what the server does at which moment; then the exit code, what
/// became of the recipient, and the phase in which that was settled.
const SITUATIONS: &str = "
never     ok                               0 accepted dot
connect   refuses                         75 deferred connect
rcpt      450 4.2.1 Mailbox busy          75 deferred rcpt
rcpt      550 5.1.1 No such user          67 refused  rcpt
data      554 5.7.1 Not from you          77 refused  data
dot       452 4.2.2 Mailbox full          75 deferred dot
dot       554 5.6.0 Content refused       65 refused  dot
dot       closes                          76 unknown  dot
rcpt_2    550 5.1.1 No such user           1 accepted dot
auth      535 5.7.8 Wrong password        77 refused  auth
";

/// Every failure at every moment: refused for now and for good, with and without an enhanced code, with words that
/// are no SMTP, by hanging up, by silence.
const FAILURES: &str = "
greeting  421 Busy                        75 deferred greeting
greeting  421 4.3.2 Busy                  75 deferred greeting
greeting  554 No                          69 refused  greeting
greeting  554 5.3.2 No                    69 refused  greeting
greeting  554 5.7.1 Your host is listed   77 refused  greeting
greeting  521 Takes no mail               68 refused  greeting
greeting  HTTP/1.1 400 Bad Request        76 deferred greeting
greeting  closes                          75 deferred greeting
greeting  says nothing                75 deferred greeting
ehlo      421 Busy                        75 deferred ehlo
ehlo      451 4.3.0 Not now               75 deferred ehlo
ehlo      550 No                          69 refused  ehlo
ehlo      550 5.7.1 Not you               77 refused  ehlo
ehlo      +OK what                        76 deferred ehlo
ehlo      closes                          75 deferred ehlo
ehlo      says nothing                75 deferred ehlo
starttls  454 Not now                     75 deferred tls
starttls  454 4.7.0 Not now               75 deferred tls
starttls  554 No                          69 refused  tls
starttls  554 5.3.0 No                    69 refused  tls
starttls  554 5.7.0 No                    77 refused  tls
starttls  what                            76 deferred tls
starttls  closes                          75 deferred tls
starttls  says nothing                75 deferred tls
handshake closes                          75 deferred tls
handshake says nothing                75 deferred tls
auth      454 Not now                     75 deferred auth
auth      454 4.7.0 Not now               75 deferred auth
auth      535 No                          77 refused  auth
auth      554 5.3.0 No                    77 refused  auth
auth      what                            76 deferred auth
auth      closes                          75 deferred auth
auth      says nothing                75 deferred auth
mail      451 Not now                     75 deferred mail
mail      451 4.3.0 Not now               75 deferred mail
mail      550 No                          69 refused  mail
mail      550 5.1.8 No such sender        69 refused  mail
mail      550 5.7.1 Policy                77 refused  mail
mail      552 5.3.4 Too big               65 refused  mail
mail      530 5.7.0 Log in first          77 refused  mail
mail      what                            76 deferred mail
mail      closes                          75 deferred mail
mail      says nothing                75 deferred mail
rcpt      450 Not now                     75 deferred rcpt
rcpt      451 4.7.1 Greylisted            75 deferred rcpt
rcpt      550 No                          67 refused  rcpt
rcpt      550 5.7.1 No relaying           77 refused  rcpt
rcpt      552 5.2.2 Mailbox full          69 refused  rcpt
rcpt      556 5.1.10 Null MX              68 refused  rcpt
rcpt      what                            76 deferred rcpt
rcpt      closes                          75 deferred rcpt
rcpt      says nothing                75 deferred rcpt
data      451 Not now                     75 deferred data
data      451 4.3.0 Not now               75 deferred data
data      554 No                          69 refused  data
data      250 What                        76 deferred data
data      what                            76 deferred data
data      closes                          75 deferred data
data      says nothing                75 deferred data
dot       451 Not now                     75 deferred dot
dot       421 4.3.2 Stopping              75 deferred dot
dot       554 No                          69 refused  dot
dot       552 Too big                     65 refused  dot
dot       554 5.4.6 Loop                  69 refused  dot
dot       550 5.7.26 No DMARC             77 refused  dot
dot       354 What                        76 unknown  dot
dot       says nothing                76 unknown  dot
dot       what                            76 unknown  dot
";

/// Servers that say more than they were asked for, which would shift all that follows. `\n` is where a line ends.
const OUT_OF_TURN: &str = "
greeting  220 mx\\n220 mx                  76 deferred ehlo
ehlo      250 mx\\n250 mx                  76 deferred mail
ehlo      250 mx\\n421 Stopping            75 deferred mail
data      354 Go ahead\\n250 Queued        76 deferred data
data      354 Go ahead\\n421 Stopping      75 deferred data
data      354 Go ahead\\n552 5.3.4 Too big 65 refused  data
";

/// How long the program waits for a server that says nothing; any other answers well within it.
const PATIENCE: &str = "2s";

/// Runs that are under way at once: most of their time is spent starting.
const AT_ONCE: usize = 8;

/// One line of the table.
#[derive(Debug)]
struct Row<'a> {
    moment: &'a str,
    does: &'a str,
    exit: i32,
    status: &'a str,
    phase: &'a str,
}

impl<'a> Row<'a> {
    fn parse(line: &'a str) -> Self {
        let (moment, rest) = line.split_once(' ').unwrap();
        let words: Vec<&str> = rest.split_whitespace().collect();
        let [.., exit, status, phase] = words.as_slice() else { panic!("{line}") };
        let end = rest.rfind(&format!("{exit} {status}")).unwrap();
        Self { moment, does: rest[..end].trim(), exit: exit.parse().unwrap(), status, phase }
    }

    /// Runs the program against its server; gives what is wrong, if anything is.
    fn play(&self, is_pipelined: bool) -> Result<(), String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let act = match self.does {
            "closes" => Act::Close,
            "says nothing" => Act::Silence,
            words => Act::Say(words.replace("\\n", "\r\n")),
        };
        let with_tls = matches!(self.moment, "starttls" | "handshake");
        let mut offers = vec!["8BITMIME", "AUTH PLAIN"];
        offers.extend(with_tls.then_some("STARTTLS"));
        offers.extend(is_pipelined.then_some("PIPELINING"));
        let script = Script { moment: self.moment.replace('_', " "), act, offers };
        if self.moment == "connect" {
            drop(listener);
            return self.judge(&self.run(&address.to_string())?, None);
        }
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let server = scope.spawn(|| serve(&listener, &script, &is_over));
            let ran = self.run(&address.to_string());
            stop(&listener, &is_over);
            let seen = server.join().unwrap();
            self.judge(&ran?, Some(&seen))
        })
    }

    fn run(&self, address: &str) -> Result<(i32, serde_json::Value), String> {
        let login = if self.moment == "auth" { "bob@" } else { "" };
        let tls = if matches!(self.moment, "starttls" | "handshake") { "require" } else { "none" };
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
        command
            .args(["send", "--json", "--helo", "crepes.example", "-f", "alice@crepes.example", "--server"])
            .arg(format!("smtp://{login}{address}?tls={tls}"))
            .arg("bob@hamburger.example")
            .env_clear()
            .envs([("HOME", home.path()), ("SECRET", std::path::Path::new("hunter2"))]);
        if self.moment == "auth" {
            command.args(["--password-env", "SECRET"]);
        }
        if self.moment == "rcpt_2" {
            command.arg("carol@hamburger.example");
        }
        if self.does == "says nothing" {
            command.args(["--timeout", PATIENCE, "--final-timeout", PATIENCE]);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"Do you like ketchup?\n").unwrap();
        let output = child.wait_with_output().unwrap();
        printed::show(&output.stdout, &output.stderr);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let words = || format!("{text}{}", String::from_utf8_lossy(&output.stderr));
        let object = serde_json::from_slice(&output.stdout).map_err(|error| format!("{error}: {}", words()))?;
        Ok((output.status.code().unwrap_or(-1), object))
    }

    fn judge(&self, ran: &(i32, serde_json::Value), seen: Option<&server::Seen>) -> Result<(), String> {
        let (exit, object) = ran;
        let first = &object["recipients"][0];
        let found = (*exit, first["status"].as_str().unwrap_or(""), first["phase"].as_str().unwrap_or(""));
        let wanted = (self.exit, self.status, self.phase);
        if found != wanted || object["exit"] != *exit {
            return Err(format!("{found:?} instead of {wanted:?}: {object}"));
        }
        if self.moment == "rcpt_2" && object["recipients"][1]["status"] != "refused" {
            return Err(format!("the second recipient is not listed as refused: {object}"));
        }
        let Some(seen) = seen else { return Ok(()) };
        // What may have arrived is never sent again.
        let messages = usize::from(self.phase == "dot");
        match (seen.connections, seen.messages) {
            (1, count) if count == messages => Ok(()),
            _ => Err(format!("the server has seen {seen:?}")),
        }
    }
}

fn play_all(table: &str) {
    let _watch = watchdog::over("situations", Duration::from_secs(120));
    let rows: Vec<Row<'_>> = table.lines().filter(|line| !line.is_empty()).map(Row::parse).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut failures = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(row) = rows.get(number / 2) else { return failures };
            let is_pipelined = number % 2 == 1;
            if let Err(why) = row.play(is_pipelined) {
                let manner = if is_pipelined { "pipelined" } else { "step by step" };
                failures.push(format!("{} {}, {manner}: {why}", row.moment, row.does));
            }
        }
    };
    let failures: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{} of {} runs:\n{}", failures.len(), rows.len() * 2, failures.join("\n"));
}

#[test]
fn the_ten_situations_end_as_a_script_can_rely_on() {
    play_all(SITUATIONS);
}

#[test]
fn an_answer_that_comes_too_early_is_not_taken_for_the_one_to_the_message() {
    play_all(OUT_OF_TURN);
}

#[test]
fn each_failure_at_each_moment_has_its_code_its_outcome_and_its_phase() {
    play_all(FAILURES);
}
