//! `serve` is told to stop: at once where it can, and at once at the second word in any case.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod watchdog;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that dies with its test, and its SMTP connection, greeted.
struct Serve {
    child: Child,
    address: SocketAddr,
    smtp: BufReader<TcpStream>,
}

impl Serve {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mailkit"))
            .args(["serve", "--hostname", "mx.example", "--smtp", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&ready).expect("a ready line");
        let address = ready["listen"]["smtp"].as_str().unwrap().parse().unwrap();
        Self { child, address, smtp: greeted(address) }
    }

    fn connect(&self) -> BufReader<TcpStream> {
        greeted(self.address)
    }

    /// Waits until nobody is let in.
    fn refuses_others(&self) {
        while TcpStream::connect(self.address).is_ok() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Waits for the end; gives the exit code.
    fn end(&mut self, within: Duration) -> Option<i32> {
        let deadline = Instant::now() + within;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("it goes on after {within:?}");
    }
}

/// A connection that was greeted.
fn greeted(address: SocketAddr) -> BufReader<TcpStream> {
    let smtp = TcpStream::connect(address).unwrap();
    smtp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut smtp = BufReader::new(smtp);
    let mut greeting = String::new();
    smtp.read_line(&mut greeting).unwrap();
    assert!(greeting.starts_with("220 "), "{greeting}");
    smtp
}

fn answer_to(smtp: &mut BufReader<TcpStream>, command: &str) {
    smtp.get_mut().write_all(command.as_bytes()).unwrap();
    let mut answer = String::new();
    smtp.read_line(&mut answer).unwrap();
    assert!(answer.starts_with("250 "), "{answer}");
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn idle_connections_and_a_silent_control_client_delay_nothing() {
    let _watch = watchdog::over("a stop", Duration::from_secs(120));
    let data = tempfile::tempdir().unwrap();
    let mut serve = Serve::start(data.path());
    let _silent = UnixStream::connect(data.path().join("control")).unwrap();
    serve.terminate();
    let mut farewell = String::new();
    serve.smtp.read_to_string(&mut farewell).unwrap();
    assert!(farewell.starts_with("421 4.3.2 "), "{farewell}");
    assert_eq!(serve.end(Duration::from_secs(5)), Some(0));
}

#[test]
fn whoever_asks_twice_is_not_made_to_wait_for_a_client_that_does_not_read() {
    let _watch = watchdog::over("a stop", Duration::from_secs(120));
    let data = tempfile::tempdir().unwrap();
    let mut serve = Serve::start(data.path());
    let mut other = serve.connect();
    let client = serve.smtp.get_mut();
    client.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
    // Until both sides' buffers are full: then the server waits for us to read. That it is not merely slow shows when
    // it answers somebody else all the while.
    let mut silent = 0;
    while silent < 3 {
        silent = if client.write(&b"HELP\r\n".repeat(10_000)).is_ok() { 0 } else { silent + 1 };
        for _ in 0..10 {
            answer_to(&mut other, "NOOP\r\n");
        }
    }
    serve.terminate();
    // It has heard us when nobody gets in any more; two signals that meet are one.
    serve.refuses_others();
    assert!(serve.child.try_wait().unwrap().is_none(), "the client has a while yet");
    serve.terminate();
    assert_eq!(serve.end(Duration::from_secs(5)), Some(143));
}
