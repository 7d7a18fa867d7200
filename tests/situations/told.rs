//! What became of a message is told as it is, also where something else fails after it was sent.

use crate::server::{Act, Script, Seen, serve, stop};
use crate::watchdog;
use serde_json::Value;
use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Sends to two recipients, of whom the server puts the second off.
fn send(home: &Path, more: &[&str], out: Stdio) -> (Output, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let act = Act::Say("450 4.2.1 Mailbox busy".to_owned());
    let script = Script { moment: "rcpt 2".to_owned(), act, offers: vec!["8BITMIME"] };
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let server = scope.spawn(|| serve(&listener, &script, &is_over));
        let ended = Command::new(env!("CARGO_BIN_EXE_mailkit"))
            .args(["send", "--json", "--no-input", "--helo=crepes.example", "-f=alice@crepes.example", "-m=Hello"])
            .args(["--server", &format!("smtp://{address}"), "bob@hamburger.example", "carol@hamburger.example"])
            .args(more)
            .current_dir(home)
            .env_clear()
            .env("HOME", home)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap();
        stop(&listener, &is_over);
        (ended, server.join().unwrap())
    })
}

#[test]
fn where_nobody_can_be_told_the_log_still_says_what_was_sent() {
    let _watch = watchdog::over("send to a full disk", Duration::from_secs(60));
    let home = tempfile::tempdir().unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let (ended, seen) = send(home.path(), &["--log=log.json"], full.into());
    assert_eq!((ended.status.code(), seen.messages), (Some(74), 1));
    let error: Value = serde_json::from_slice(&ended.stderr).unwrap();
    let hint = error["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("partial"), "{hint}");
    let line = std::fs::read_to_string(home.path().join("log.json")).unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&line["outcome"], &line["exit"]), (&Value::from("partial"), &Value::from(74)));
    assert_eq!(line["codes"], serde_json::json!([250, 450]));
}

#[test]
fn where_the_queue_fails_those_who_have_the_message_are_told_all_the_same() {
    let _watch = watchdog::over("send to a broken queue", Duration::from_secs(60));
    let home = tempfile::tempdir().unwrap();
    // A spool in which no letter can be put down.
    let spool = home.path().join("data/spool");
    std::fs::create_dir_all(&spool).unwrap();
    std::fs::write(spool.join("letters"), "no directory").unwrap();
    let queue = ["--queue=tempfail", "--data=data", "--once"];
    let (ended, _) = send(home.path(), &queue, Stdio::piped());
    let object: Value = serde_json::from_slice(&ended.stdout).unwrap();
    let status = |at: usize| object["recipients"][at]["status"].as_str().unwrap().to_owned();
    assert_eq!((ended.status.code(), status(0).as_str(), status(1).as_str()), (Some(1), "accepted", "deferred"));
    assert_eq!(object["warnings"].as_array().unwrap().len(), 1, "{object}");
    // A second run knows of both.
    let (ended, seen) = send(home.path(), &["--once"], Stdio::piped());
    let object: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!((ended.status.code(), seen.messages), (Some(0), 1), "{object}");
}
