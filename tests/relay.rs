//! `mailkit relay` as a program: one process owns a spool, the others ask it.
//!
//! The smarthost is a port where nobody listens, so that nothing leaves and everything waits.

mod printed;
mod watchdog;

use mailkit::envelope::{Envelope, ForwardPath, ReversePath};
use mailkit::net::clock::SystemClock;
use mailkit::net::entropy::SystemEntropy;
use mailkit::store::IndexAt;
use mailkit::store::disk::RealDisk;
use mailkit::store::spool::{Accepted, Spool, SpoolId};
use mailkit::world::Clock;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// Puts a message into the spool of a data directory, as a server would.
fn accept(data: &Path, to: &str) -> SpoolId {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let root = data.join("spool");
        let spool =
            Spool::open(Arc::new(RealDisk), clock.clone(), entropy, &root, IndexAt::File).await.expect("a spool");
        let mut incoming = spool.begin().await.expect("room");
        incoming.write(b"Subject: x\r\n\r\nhello\r\n").await.expect("room");
        let reverse_path = ReversePath::parse("<alice@crepes.example>").expect("a path");
        let envelope = Envelope::new(reverse_path, vec![ForwardPath::parse(to).expect(to)]);
        let accepted = Accepted { envelope, received: clock.now(), user: None, origin: "test".into(), route: None };
        incoming.commit(accepted).await.expect("durable")
    })
}

fn mailkit(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    command.args(["relay", arguments[0], "--json", "--data"]).arg(data).args(&arguments[1..]);
    // Whoever runs the tests may have a configuration of their own.
    command.env("MAILKIT_CONFIG", "/dev/null").stdin(Stdio::null());
    command
}

fn objects(output: &Output) -> Vec<Value> {
    printed::show(&output.stdout, &output.stderr);
    let text = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// A daemon that is killed when the test is over.
struct Daemon(Child);

impl Daemon {
    fn start(data: &Path, smarthost: &str) -> (Self, impl Iterator<Item = Value>) {
        let mut child = mailkit(data, &["run", "--hostname", "mx.crepes.example", "--smarthost", smarthost])
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        (Self(child), lines.map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON")))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn one_process_works_on_a_spool_and_the_others_ask_it() {
    let _watch = watchdog::over("a queue and its commands", Duration::from_secs(120));
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let smarthost = format!("smtp://{closed}");
    let missing = mailkit(data, &["queue"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(66), "no queue there");

    let id = accept(data, "<bob@hamburger.example>").to_string();
    let queue = objects(&mailkit(data, &["queue"]).output().unwrap());
    assert_eq!((queue[0]["id"].as_str(), &queue[0]["recipients"][0]["attempts"]), (Some(id.as_str()), &0.into()));

    // Nobody works there yet: the command makes the attempt itself.
    let flush = mailkit(data, &["flush", "--smarthost", &smarthost]).output().unwrap();
    assert_eq!(flush.status.code(), Some(0), "{flush:?}");
    let told = objects(&flush);
    assert_eq!((&told[0]["result"], &told[1]["daemon"]), (&"deferred".into(), &false.into()));

    let (mut daemon, mut events) = Daemon::start(data, &smarthost);
    assert_eq!(events.next().unwrap()["ready"], true);
    let second = mailkit(data, &["run", "--smarthost", &smarthost]).output().unwrap();
    assert_eq!(second.status.code(), Some(75), "{second:?}");

    let flush = objects(&mailkit(data, &["flush", &id]).output().unwrap());
    assert_eq!((&flush[0]["daemon"], &flush[0]["woken"]), (&true.into(), &1.into()));
    let event = events.next().unwrap();
    assert_eq!((event["id"].as_str(), &event["result"]), (Some(id.as_str()), &"deferred".into()));
    let queue = objects(&mailkit(data, &["queue"]).output().unwrap());
    assert_eq!(queue[0]["recipients"][0]["attempts"], 2);

    let stopped = Command::new("kill").arg(daemon.0.id().to_string()).status().unwrap();
    assert!(stopped.success() && daemon.0.wait().unwrap().success(), "a clean end on SIGTERM");
}

#[test]
fn a_letter_that_cannot_be_read_is_listed_told_and_set_aside() {
    let _watch = watchdog::over("a flush", Duration::from_secs(60));
    let directory = tempfile::tempdir().expect("a directory");
    accept(directory.path(), "<bob@hamburger.example>");
    let letters = directory.path().join("spool/letters");
    std::fs::create_dir_all(&letters).expect("a letter box");
    let name = |end: &str| letters.join(format!("01ARZ3NDEKTSV4RRFFQ69G5FAV.{end}"));
    std::fs::write(name("letter"), "{\"version\":1,").expect("a letter");
    let said = |arguments: &[&str]| {
        let output = mailkit(directory.path(), arguments).output().expect("it runs");
        assert!(output.status.success(), "{output:?}");
        let objects = output.stdout.iter().filter(|octet| **octet == b'\n').count();
        (objects, [output.stdout, output.stderr].concat().escape_ascii().to_string())
    };
    let (listed, text) = said(&["queue"]);
    assert!(listed == 1 && text.contains("not taken in yet: 1"), "{text}");
    // Nobody listens at port 1.
    let (_, text) = said(&["flush", "--hostname", "mx.crepes.example", "--smarthost", "smtp://127.0.0.1:1?tls=none"]);
    assert!(text.contains("01ARZ3NDEKTSV4RRFFQ69G5FAV.damaged"), "{text}");
    assert!(name("damaged").exists() && !name("letter").exists());
    let (listed, text) = said(&["queue"]);
    assert!(listed == 1 && !text.contains("not taken in"), "{text}");
}
