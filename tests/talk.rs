//! `serve` talks to readers who stopped reading: neither the mail nor the end waits for them.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// What a pipe holds at least on the systems we know.
const PIPE: usize = 64 * 1024;

/// A server whose outputs are read only as far as a test likes.
struct Serve {
    child: Child,
    out: BufReader<ChildStdout>,
    err: ChildStderr,
    smtp: BufReader<TcpStream>,
    _data: tempfile::TempDir,
}

impl Serve {
    fn start(options: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_mailkit"))
            .args(["serve", "--hostname", "mx.example", "--smtp", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .args(options)
            .env("MAILKIT_CONFIG", "/dev/null")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut out, err) = (BufReader::new(child.stdout.take().unwrap()), child.stderr.take().unwrap());
        let mut ready = String::new();
        out.read_line(&mut ready).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&ready).expect("a ready line");
        let smtp = TcpStream::connect(ready["listen"]["smtp"].as_str().unwrap()).unwrap();
        smtp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut serve = Self { child, out, err, smtp: BufReader::new(smtp), _data: data };
        assert!(serve.reply().starts_with("220 "));
        serve
    }

    /// The last line of the next reply.
    fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.smtp.read_line(&mut line).expect("an answer in time"), 0);
            if line.as_bytes().get(3) == Some(&b' ') {
                return line;
            }
        }
    }

    fn say(&mut self, text: &str) -> String {
        self.smtp.get_mut().write_all(text.as_bytes()).unwrap();
        self.reply()
    }

    /// Asks for the end, once; gives the exit code.
    fn stop(&mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let deadline = Instant::now() + Duration::from_secs(8);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("it goes on although it was told to stop");
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_trace_that_nobody_reads_holds_up_neither_sessions_nor_the_end() {
    let mut serve = Serve::start(&["--trace"]);
    assert!(serve.say("EHLO crepes.example\r\n").starts_with("250 "));
    // Each line of the trace is longer than the command; twice what the pipe and the queue can hold.
    let noop = format!("NOOP {}\r\n", "x".repeat(400));
    for _ in 0..6 * PIPE / noop.len() {
        assert!(serve.say(&noop).starts_with("250 "));
    }
    assert_eq!(serve.stop(), Some(0));
}

#[test]
fn events_that_nobody_reads_hold_up_neither_deliveries_nor_the_end() {
    let mut serve = Serve::start(&["--json"]);
    assert!(serve.say("EHLO crepes.example\r\n").starts_with("250 "));
    let (messages, recipients) = (6, 100);
    for _ in 0..messages {
        serve.say("MAIL FROM:<alice@crepes.example>\r\n");
        for number in 0..recipients {
            let reply = serve.say(&format!("RCPT TO:<user{number}@{}.example>\r\n", "x".repeat(60)));
            assert!(reply.starts_with("250 "), "{reply}");
        }
        assert!(serve.say("DATA\r\n").starts_with("354 "));
        assert!(serve.say("Subject: x\r\n\r\nhello\r\n.\r\n").starts_with("250 "));
    }
    // The queue holds more than the pipe: nothing is missing for who reads on, however late.
    let mut events = 0;
    let mut octets = 0;
    while events < messages * recipients {
        let mut line = String::new();
        assert_ne!(serve.out.read_line(&mut line).unwrap(), 0);
        octets += line.len();
        let event: serde_json::Value = serde_json::from_str(&line).expect(&line);
        events += usize::from(event["result"] == "delivered");
    }
    assert!(octets > PIPE, "{octets} octets fit the pipe, so this shows nothing");
    assert_eq!(serve.stop(), Some(0));
}

#[test]
fn events_that_are_never_read_do_not_hold_up_the_end() {
    let mut serve = Serve::start(&[]);
    serve.say("EHLO crepes.example\r\n");
    for _ in 0..6 {
        serve.say("MAIL FROM:<alice@crepes.example>\r\n");
        for number in 0..100 {
            serve.say(&format!("RCPT TO:<user{number}@{}.example>\r\n", "x".repeat(60)));
        }
        serve.say("DATA\r\n");
        assert!(serve.say("Subject: x\r\n\r\nhello\r\n.\r\n").starts_with("250 "));
    }
    // That deliveries go on is seen by their first lines; the others stay in the pipe.
    let mut some = [0; 10];
    serve.err.read_exact(&mut some).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(serve.stop(), Some(0));
}
