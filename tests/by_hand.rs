//! `mx talk` with servers that misbehave, and with a person at a terminal.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod watchdog;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

const MAILKIT: &str = env!("CARGO_BIN_EXE_mailkit");

/// A server that does what it is told with its first connection.
fn server<T: Send + 'static>(
    play: impl FnOnce(&mut BufReader<TcpStream>) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let playing = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        play(&mut BufReader::new(stream))
    });
    (url, playing)
}

fn say(peer: &mut BufReader<TcpStream>, text: &str) {
    peer.get_mut().write_all(text.as_bytes()).unwrap();
}

fn hear(peer: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    peer.read_line(&mut line).unwrap();
    line
}

fn talk(arguments: &[&str], lines: &str) -> Output {
    let mut child = Command::new(MAILKIT)
        .args(["mx", "talk"])
        .args(arguments)
        .env("MAILKIT_CONFIG", "/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

#[test]
fn a_server_that_goes_or_falls_silent_is_told_by_what_is_at_stake() {
    let _watch = watchdog::over("misbehaving servers", Duration::from_secs(60));
    // It goes while an answer is due.
    let (url, playing) = server(|peer| {
        say(peer, "220 mx\r\n");
        hear(peer);
    });
    let output = talk(&[&url], "NOOP\n");
    assert_eq!(output.status.code(), Some(75), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("the server closed the connection"), "{}", text(&output.stderr));
    playing.join().unwrap();
    // It says nothing.
    let (url, playing) = server(hear);
    let output = talk(&["--timeout", "200ms", &url], "NOOP\n");
    assert_eq!(output.status.code(), Some(75), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("no answer within 0.2 seconds"), "{}", text(&output.stderr));
    assert_eq!(playing.join().unwrap(), "", "nothing is said before the greeting");
    // It goes behind the end of a message, and nobody knows what became of that.
    let (url, playing) = server(|peer| {
        say(peer, "220 mx\r\n");
        while hear(peer) != "DATA\r\n" {}
        say(peer, "354 go\r\n");
        while hear(peer) != ".\r\n" {}
    });
    let output = talk(&[&url], "DATA\nSubject: x\n\n.quit\n.\n");
    assert_eq!(output.status.code(), Some(76), "{}", text(&output.stderr));
    playing.join().unwrap();
    // A message without an end is not sent.
    let (url, playing) = server(|peer| {
        say(peer, "220 mx\r\n");
        hear(peer);
        say(peer, "354 go\r\n");
        let mut rest = String::new();
        peer.read_to_string(&mut rest).unwrap();
        rest
    });
    let output = talk(&[&url], "DATA\nSubject: x\n");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(playing.join().unwrap(), "Subject: x\r\n");
    assert!(text(&output.stderr).contains("the message has no end"), "{}", text(&output.stderr));
}

#[test]
fn a_line_without_end_costs_no_memory_and_is_shown_in_parts() {
    let _watch = watchdog::over("an endless line", Duration::from_secs(60));
    let (url, playing) = server(|peer| {
        let piece = vec![b'a'; 64 * 1024];
        // Ends when the other side has enough.
        for _ in 0..64 {
            if peer.get_mut().write_all(&piece).is_err() {
                break;
            }
        }
    });
    let output = talk(&["--timeout", "2s", &url], "");
    playing.join().unwrap();
    assert_eq!(output.status.code(), Some(75), "{}", text(&output.stderr));
    let longest = output.stdout.split(|octet| *octet == b'\n').map(<[u8]>::len).max().unwrap();
    assert!(longest < 64 * 1024, "{longest}");
}

#[test]
fn a_file_goes_whole_and_stuffed() {
    let _watch = watchdog::over("a message", Duration::from_secs(60));
    let dir = tempfile::tempdir().unwrap();
    let path: PathBuf = dir.path().join("letter");
    let body = format!("Subject: x\n\n{}", ".dot and more\nno dot\n".repeat(20_000));
    std::fs::write(&path, &body).unwrap();
    let (url, playing) = server(|peer| {
        say(peer, "220 mx\r\n");
        hear(peer);
        say(peer, "354 go\r\n");
        let mut got = String::new();
        loop {
            let line = hear(peer);
            if line == ".\r\n" {
                break;
            }
            got.push_str(line.strip_prefix('.').unwrap_or(&line));
        }
        say(peer, "250 taken\r\n");
        hear(peer);
        say(peer, "221 bye\r\n");
        got
    });
    let output = talk(&[&url], &format!(".data {}\n.expect 250\n", path.display()));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(playing.join().unwrap(), body.replace('\n', "\r\n"));
    // What went by itself is not shown line by line.
    assert!(text(&output.stdout).contains("C: {...}\nC: .\nS: 250 taken\n"), "{}", text(&output.stdout));
    let (url, playing) = server(|peer| {
        say(peer, "220 mx\r\n");
        hear(peer)
    });
    let output = talk(&[&url], ".data /nowhere/at/all\n");
    assert_eq!(output.status.code(), Some(66), "{}", text(&output.stderr));
    assert_eq!(playing.join().unwrap(), "", "a file that is not there is no reason to say DATA");
}

#[test]
fn a_person_may_speak_at_any_time_and_sees_what_went_wrong() {
    let _watch = watchdog::over("a person", Duration::from_secs(60));
    let (url, playing) = server(|peer| {
        // Not a word before it is spoken to.
        let first = hear(peer);
        say(peer, "220 mx\r\n250 ok\r\n");
        let second = hear(peer);
        say(peer, "421 enough\r\n");
        (first, second)
    });
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let side = || File::options().read(true).write(true).open(&name).unwrap();
    let mut child = Command::new(MAILKIT)
        .args(["mx", "talk", &url])
        .env("MAILKIT_CONFIG", "/dev/null")
        .stdin(side())
        .stdout(side())
        .stderr(side())
        .spawn()
        .unwrap();
    let mut terminal = File::from(terminal);
    let mut seen = String::new();
    let mut buffer = [0; 4096];
    for (keys, wanted) in
        [("NOOP\n", "S: 250 ok"), (".help\n", ".starttls"), (".nothing\n", "there is no command"), ("QUIT\n", "S: 421")]
    {
        terminal.write_all(keys.as_bytes()).unwrap();
        while !seen.contains(wanted) {
            let count = terminal.read(&mut buffer).unwrap_or(0);
            assert!(count > 0, "{wanted} did not come: {seen}");
            seen.push_str(&text(&buffer[..count]));
        }
    }
    assert_eq!(child.wait().unwrap().code(), Some(0), "{seen}");
    assert!(!seen.contains("C: "), "what was typed stands there already: {seen}");
    assert_eq!(playing.join().unwrap(), ("NOOP\r\n".to_owned(), "QUIT\r\n".to_owned()));
}

#[test]
fn an_answer_that_never_ends_is_no_answer() {
    for pause in [Duration::from_millis(50), Duration::ZERO] {
        let _watch = watchdog::over("a server that never stops talking", Duration::from_secs(30));
        let (url, playing) = server(move |peer| {
            // Ends when the other side has enough.
            while peer.get_mut().write_all(b"220-not yet\r\n").is_ok() {
                std::thread::sleep(pause);
            }
        });
        let output = talk(&["--timeout", "500ms", &url], "NOOP\n");
        assert_eq!(output.status.code(), Some(75), "{}", text(&output.stderr));
        playing.join().unwrap();
    }
}

#[test]
fn a_server_that_repeats_the_password_shows_it_to_nobody() {
    let _watch = watchdog::over("a talkative server", Duration::from_secs(60));
    let (url, playing) = server(|peer| {
        say(peer, "220 mx\r\n");
        hear(peer);
        say(peer, "250-mx\r\n250 AUTH PLAIN\r\n");
        let line = hear(peer);
        say(peer, &format!("535 5.7.8 you said {line}"));
    });
    let mut child = Command::new(MAILKIT)
        .args(["mx", "talk", "--until", "auth", "--user", "bob", "--password-env", "PW", "--script", "/dev/null", &url])
        .env("MAILKIT_CONFIG", "/dev/null")
        .env("PW", "ham and eggs")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdout, mut stderr) = (String::new(), String::new());
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(77), "{stderr}");
    playing.join().unwrap();
    assert!(stdout.contains("S: 535 5.7.8 you said AUTH PLAIN {secret}"), "{stdout}");
    // NUL, bob, NUL, and the password.
    for said in [&stdout, &stderr] {
        assert!(!said.contains("AGJvYgBoYW0gYW5kIGVnZ3M") && !said.contains("ham and eggs"), "{said}");
    }
}

#[test]
fn a_conversation_that_nobody_can_see_ends() {
    let _watch = watchdog::over("a full disk", Duration::from_secs(60));
    let (url, playing) = server(|peer| {
        say(peer, "220 mx\r\n");
        let mut heard = String::new();
        let _ = peer.read_to_string(&mut heard);
        heard
    });
    let mut child = Command::new(MAILKIT)
        .args(["mx", "talk", &url])
        .env("MAILKIT_CONFIG", "/dev/null")
        .stdin(Stdio::piped())
        .stdout(File::options().write(true).open("/dev/full").unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let _ = input.write_all(&b"NOOP\n".repeat(100));
    assert_eq!(child.wait().unwrap().code(), Some(74));
    assert!(playing.join().unwrap().lines().count() <= 1, "it ends at once, and does not wait for answers");
}
