//! `send --once` is killed at each step of its conversation: however often it runs, nobody gets the message twice, and
//! no run says that all is well while nobody has it.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod watchdog;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Steps of a conversation: what the server has just heard. At the last one its answer is out already.
const STEPS: [&str; 8] = ["connection", "EHLO", "MAIL", "RCPT", "DATA", "text", ".", "QUIT"];

/// A server that stops answering at a step, and counts the messages it has whole.
struct Server {
    address: SocketAddr,
    silent_at: Arc<Mutex<Option<&'static str>>>,
    messages: Receiver<()>,
    steps: Receiver<&'static str>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let silent_at: Arc<Mutex<Option<&'static str>>> = Arc::default();
        let (taken, messages) = channel();
        let (reached, steps) = channel();
        let at = silent_at.clone();
        // Ends with the test process: who connects no more keeps it waiting.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let at = *at.lock().unwrap();
                // A client that is killed breaks its connection off: that is what is played here.
                let _ = converse(stream.unwrap(), at, &taken, &reached);
            }
        });
        Self { address, silent_at, messages, steps }
    }

    fn send(&self, home: &Path, more: &[&str]) -> Child {
        let server = format!("smtp://{}", self.address);
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
        command.args([
            "send",
            "--server",
            &server,
            "-f",
            "alice@crepes.example",
            "-m",
            "Hello",
            "bob@hamburger.example",
        ]);
        command.args(more).env_clear().env("HOME", home).env("MAILKIT_NO_INPUT", "1");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Lets a client come to a step and kills it there.
    fn kill_at(&self, step: &'static str, home: &Path) {
        *self.silent_at.lock().unwrap() = Some(step);
        let mut child = self.send(home, &["--once"]);
        while self.steps.recv_timeout(Duration::from_secs(20)).unwrap() != step {}
        child.kill().unwrap();
        child.wait().unwrap();
        *self.silent_at.lock().unwrap() = None;
    }
}

fn converse(
    stream: TcpStream,
    silent_at: Option<&'static str>,
    taken: &Sender<()>,
    reached: &Sender<&'static str>,
) -> std::io::Result<()> {
    let mut input = BufReader::new(stream.try_clone()?);
    let mut output = stream;
    let mut line = String::new();
    // Says something, unless this is where it falls silent; then it listens until the client is gone.
    let mut answer = |step: &'static str, words: &str, input: &mut BufReader<TcpStream>| -> std::io::Result<()> {
        if silent_at == Some(step) {
            // The test may have ended already.
            let _ = reached.send(step);
            while input.read_line(&mut String::new())? > 0 {}
            return Err(std::io::ErrorKind::ConnectionAborted.into());
        }
        output.write_all(words.as_bytes())
    };
    answer("connection", "220 mx.hamburger.example\r\n", &mut input)?;
    loop {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        match line.get(..4).unwrap_or_default() {
            "EHLO" => answer("EHLO", "250 mx.hamburger.example\r\n", &mut input)?,
            "MAIL" => answer("MAIL", "250 2.1.0 ok\r\n", &mut input)?,
            "RCPT" => answer("RCPT", "250 2.1.5 ok\r\n", &mut input)?,
            "DATA" => {
                answer("DATA", "354 go ahead\r\n", &mut input)?;
                input.read_line(&mut line)?;
                answer("text", "", &mut input)?;
                while line.trim_end() != "." {
                    line.clear();
                    if input.read_line(&mut line)? == 0 {
                        return Ok(());
                    }
                }
                let _ = taken.send(());
                answer(".", "250 2.0.0 ok\r\n", &mut input)?;
            }
            "QUIT" => answer("QUIT", "221 2.0.0 bye\r\n", &mut input)?,
            _ => return Ok(()),
        }
    }
}

#[test]
fn whoever_is_killed_anywhere_sends_nothing_twice() {
    let _watch = watchdog::over("send --once, killed", Duration::from_secs(120));
    for step in STEPS {
        let home = tempfile::tempdir().unwrap();
        let server = Server::start();
        server.kill_at(step, home.path());
        let codes: Vec<i32> =
            (0..2).map(|_| server.send(home.path(), &["--once"]).wait().unwrap().code().unwrap()).collect();
        let count = server.messages.try_iter().count();
        assert!(count <= 1, "{step}: {count} messages");
        // Who may have it is asked about, and never written to again; who has not got it gets it.
        match step {
            "text" | "." => assert_eq!(codes, [76, 76], "{step}"),
            "QUIT" => assert!(codes == [76, 76] || codes == [0, 0], "{step}: {codes:?}"),
            _ => assert_eq!((codes.as_slice(), count), (&[0, 0][..], 1), "{step}"),
        }
        assert!(count == 1 || codes == [76, 76], "{step}: nobody has it, and all is well: {codes:?}");
    }
}

#[test]
fn of_two_runs_at_once_one_sends() {
    let _watch = watchdog::over("send --once, twice at once", Duration::from_secs(60));
    let home = tempfile::tempdir().unwrap();
    let server = Server::start();
    *server.silent_at.lock().unwrap() = Some("RCPT");
    let mut first = server.send(home.path(), &["--once"]);
    while server.steps.recv_timeout(Duration::from_secs(20)).unwrap() != "RCPT" {}
    *server.silent_at.lock().unwrap() = None;
    assert_eq!(server.send(home.path(), &["--once"]).wait().unwrap().code(), Some(75), "the other is at it");
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(server.send(home.path(), &["--once"]).wait().unwrap().code(), Some(0));
    assert_eq!(server.messages.try_iter().count(), 1);
}

#[test]
fn a_running_relay_takes_what_is_queued_at_once() {
    let _watch = watchdog::over("send --queue to a running relay", Duration::from_secs(60));
    let home = tempfile::tempdir().unwrap();
    let data = tempfile::tempdir().unwrap();
    let server = Server::start();
    let path = data.path().to_str().unwrap();
    let mut relay = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    relay.args(["relay", "run", "--json", "--resolver", "127.0.0.1:9", "--hostname", "crepes.example", "--data", path]);
    relay.env_clear().env("HOME", home.path()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut relay = relay.spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(relay.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert!(ready.contains("ready"), "{ready}");
    let sent = server.send(home.path(), &["--queue", "always", "--data", path]).wait().unwrap().code();
    let taken = server.messages.recv_timeout(Duration::from_secs(20));
    relay.kill().unwrap();
    relay.wait().unwrap();
    assert_eq!((sent, taken), (Some(0), Ok(())));
}
