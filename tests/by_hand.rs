//! `mx talk` with servers that misbehave, and with a person at a terminal.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod watchdog;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
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
        .env("PW", "another word")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who has heard enough reads no more.
    let _ = child.stdin.take().unwrap().write_all(lines.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// A server that repeats what it hears, behind these words for each line.
fn echo(greeting: &'static str, words: &'static [&'static str]) -> (String, JoinHandle<()>) {
    server(move |peer| {
        say(peer, greeting);
        for word in words {
            let heard = hear(peer);
            say(peer, &format!("{word} {}\r\n", heard.trim_end()));
        }
    })
}

#[test]
fn what_was_typed_as_a_secret_is_shown_nowhere_when_a_server_repeats_it() {
    let _watch = watchdog::over("echoes", Duration::from_secs(60));
    let plain = "AGJvYgBodW50ZXIy";
    for (scheme, greeting, words, lines) in [
        ("pop3", "+OK hi\r\n", &["+OK", "-ERR you said", "+OK"][..], "USER bob\nPASS hunter2\n".to_owned()),
        ("imap", "* OK hi\r\n", &["a NO no", "* BYE hunter2"], "a LOGIN bob \"hunter2\"\n".to_owned()),
        ("smtp", "220 mx\r\n", &["535 no", "500 it was hunter2, and"], format!("AUTH PLAIN {plain}\n")),
        ("smtp", "220 mx\r\n", &["334 go", "535 hunter2", "221"], format!("AUTH PLAIN\n{plain}\n")),
        // What misses the grammar by little.
        ("imap", "* OK hi\r\n", &["* BAD what is", "* BAD hunter2"], "LOGIN bob hunter2\nhunter2\n".to_owned()),
        ("pop3", "+OK hi\r\n", &["-ERR what is", "-ERR hunter2"], "PASShunter2\nNOOP\n".to_owned()),
        ("smtp", "220 mx\r\n", &["500 what is", "500 hunter2"], format!("AUTH PLAIN{plain}\nhunter2\n")),
    ] {
        let (url, playing) = echo(greeting, words);
        let url = format!("{}?tls=none", url.replace("smtp", scheme));
        let home = tempfile::TempDir::new().unwrap();
        let trace = home.path().join("trace.jsonl");
        let output = talk(&[&format!("--trace={}", trace.display()), &url], &lines);
        let shown = text(&output.stdout) + &text(&output.stderr);
        let traced = std::fs::read_to_string(&trace).unwrap();
        for place in [&shown, &traced] {
            assert!(place.contains("{secret}"), "{scheme}: {place}");
            assert!(!place.contains("hunter2") && !place.contains(plain), "{scheme}: {place}");
        }
        let _ = playing.join();
    }
}

/// What was typed as a secret, and the options and lines that make an error of its echo.
#[test]
fn what_was_typed_as_a_secret_is_in_no_error_when_a_server_repeats_it() {
    let _watch = watchdog::over("echoes in errors", Duration::from_secs(120));
    let plain = "AGJvYgBodW50ZXIy";
    for (scheme, greeting, words, options, lines, exit) in [
        ("pop3", "+OK\r\n", &["-ERR you said", "+OK"][..], &[][..], "PASS hunter2\n.expect +OK\n".to_owned(), 1),
        ("pop3", "+OK\r\n", &["-ERR you said", "+OK"], &["--expect", "+OK"], "PASS hunter2\n".to_owned(), 1),
        ("smtp", "220 mx\r\n", &["535 you said", "221"], &["--expect", "235"], format!("AUTH PLAIN {plain}\n"), 1),
        (
            "smtp",
            "220 mx\r\n",
            &["535 you said", "221"],
            &["--expect", "235", "--json", "--user", "bob", "--password-env", "PW"],
            format!("AUTH PLAIN {plain}\n"),
            1,
        ),
        ("pop3", "+OK\r\n", &["-ERR", "-ERR it was hunter2,"], &[], "PASS hunter2\n.starttls\n".to_owned(), 69),
    ] {
        let (url, playing) = echo(greeting, words);
        let url = format!("{}?tls=none", url.replace("smtp", scheme));
        let output = talk(&[options, &[&url]].concat(), &lines);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        for place in [&out, &err] {
            assert!(place.contains("{secret}"), "{scheme} {options:?}: {place}");
            assert!(!place.contains("hunter2") && !place.contains(plain), "{scheme} {options:?}: {place}");
        }
        assert_eq!(output.status.code(), Some(exit), "{scheme} {options:?}: {err}");
        let _ = playing.join();
    }
}

#[test]
fn an_answer_that_is_cut_does_not_end_with_half_a_secret() {
    let _watch = watchdog::over("long answers", Duration::from_secs(120));
    for before in [2030, 2038, 2040, 2042, 2047, 16 * 1024 - 9, 16 * 1024 - 5] {
        for (ending, words) in [("\r\n", &["--expect", "+OK"][..]), ("", &[])] {
            let (url, playing) = server(move |peer| {
                say(peer, "+OK hi\r\n");
                hear(peer);
                say(peer, &format!("-ERR {} hunter2{ending}", "x".repeat(before - 7)));
                if ending.is_empty() {
                    return;
                }
                hear(peer);
                say(peer, "+OK\r\n");
            });
            let url = format!("{}?tls=none", url.replace("smtp", "pop3"));
            let output = talk(&[words, &[&url]].concat(), "PASS hunter2\n");
            let shown = text(&output.stdout) + &text(&output.stderr);
            assert!(!shown.contains("hun"), "{before}: {shown}");
            let _ = playing.join();
        }
    }
    // The server goes in the middle of it.
    let (url, playing) = server(|peer| {
        say(peer, "+OK hi\r\n");
        hear(peer);
        say(peer, "-ERR not hunt");
    });
    let output = talk(&[&format!("{}?tls=none", url.replace("smtp", "pop3"))], "PASS hunter2\n");
    let shown = text(&output.stdout) + &text(&output.stderr);
    assert!(shown.contains("not {secret}") && !shown.contains("hunt"), "{shown}");
    let _ = playing.join();
}

#[test]
fn a_line_that_is_too_long_is_not_said_in_parts() {
    let _watch = watchdog::over("a long line", Duration::from_secs(60));
    let (url, playing) = server(|peer| {
        say(peer, "220 mx\r\n");
        let mut rest = String::new();
        let _ = peer.read_to_string(&mut rest);
        rest
    });
    let output = talk(&[&url], &("x".repeat(1024 * 1024 + 1) + "\n"));
    assert_eq!(output.status.code(), Some(65), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("a line of standard input has more than 1048576 octets"));
    assert!(!playing.join().unwrap().contains('x'));
}

#[test]
fn a_script_with_a_mistake_is_told_of_before_anybody_is_talked_to() {
    let home = tempfile::TempDir::new().unwrap();
    let script = home.path().join("script.txt");
    for (lines, wanted) in [
        ("EHLO x\n.expct 250\n", Some("line 2 of ")),
        ("EHLO x\r\n.wait forever\r\n", Some("line 2 of ")),
        ("DATA\n.anything\n.\nQUIT\n", None),
    ] {
        std::fs::write(&script, lines).unwrap();
        // Nobody listens there.
        let output = talk(&["--script", script.to_str().unwrap(), "smtp://127.0.0.1:1"], "");
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(if wanted.is_some() { 64 } else { 75 }), "{told}");
        assert!(wanted.is_none_or(|wanted| told.contains(wanted)), "{told}");
    }
}

#[test]
fn who_waits_for_the_answer_to_a_lone_lf_says_so_once() {
    let _watch = watchdog::over("lone LF", Duration::from_secs(60));
    let (url, playing) = server(|peer| {
        say(peer, "220 mx\r\n");
        let heard = [hear(peer), hear(peer)];
        say(peer, "221 bye\r\n");
        heard
    });
    let output = talk(&["--lf", &url], "NOOP\nNOOP\n.cut\n");
    let told = text(&output.stderr);
    assert_eq!(told.matches("ended without CRLF").count(), 1, "{told}");
    assert_eq!(playing.join().unwrap(), ["NOOP\n", "NOOP\n"]);
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

/// Talks to a server as a person does; gives the other side of the terminal.
fn at_a_terminal(arguments: &[&str]) -> (Child, File) {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let side = || File::options().read(true).write(true).open(&name).unwrap();
    let child = Command::new(MAILKIT)
        .args(["mx", "talk"])
        .args(arguments)
        .env("MAILKIT_CONFIG", "/dev/null")
        .stdin(side())
        .stdout(side())
        .stderr(side())
        .spawn()
        .unwrap();
    (child, File::from(terminal))
}

/// Waits until these words stand at the terminal, or there is no more to come.
fn see(terminal: &mut File, seen: &mut String, wanted: &str) -> bool {
    let mut buffer = [0; 4096];
    while !seen.contains(wanted) {
        match terminal.read(&mut buffer).unwrap_or(0) {
            0 => return false,
            count => seen.push_str(&text(&buffer[..count])),
        }
    }
    true
}

#[test]
fn a_person_thinks_for_as_long_as_he_likes_and_a_server_does_not() {
    let _watch = watchdog::over("a mute server", Duration::from_secs(60));
    // Not even a greeting.
    let (url, playing) = server(hear);
    let (mut child, mut terminal) = at_a_terminal(&["--timeout", "1500ms", &url]);
    let mut seen = String::new();
    assert!(see(&mut terminal, &mut seen, "which has not greeted yet"), "{seen}");
    assert!(see(&mut terminal, &mut seen, "no answer within 1.5 seconds"), "{seen}");
    assert_eq!(child.wait().unwrap().code(), Some(75), "{seen}");
    assert_eq!(seen.matches("not greeted").count(), 1, "{seen}");
    playing.join().unwrap();
    // No answer, after one that took no time and a thought that took longer than any may.
    let (url, playing) = server(|peer| {
        say(peer, "220 mx\r\n");
        hear(peer);
        say(peer, "250 ok\r\n");
        (hear(peer), hear(peer))
    });
    let (mut child, mut terminal) = at_a_terminal(&["--timeout", "1200ms", &url]);
    let mut seen = String::new();
    for wanted in ["S: 220", "S: 250", "no answer within 1.2 seconds"] {
        assert!(see(&mut terminal, &mut seen, wanted), "{wanted} did not come: {seen}");
        std::thread::sleep(Duration::from_millis(1700));
        // At the end nobody listens any more.
        let _ = terminal.write_all(b"NOOP\n");
    }
    assert_eq!(child.wait().unwrap().code(), Some(75), "{seen}");
    assert_eq!(playing.join().unwrap(), ("NOOP\r\n".to_owned(), String::new()));
}

#[test]
fn a_command_of_ours_in_capitals_goes_to_no_server() {
    let (url, playing) = server(|peer| {
        say(peer, "220 mx\r\n");
        let heard = hear(peer);
        say(peer, "221 bye\r\n");
        heard
    });
    let output = talk(&[&url], ".AUTH hunter2\n");
    let told = text(&output.stderr) + &text(&output.stdout);
    assert_eq!(output.status.code(), Some(64), "{told}");
    assert!(!told.to_ascii_lowercase().contains("hunter2"), "{told}");
    drop(playing);
    let (url, playing) = server(|peer| {
        say(peer, "220 mx\r\n");
        let heard = hear(peer);
        say(peer, "221 bye\r\n");
        heard
    });
    let output = talk(&[&url], ".QUIT\n");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(playing.join().unwrap(), "QUIT\r\n");
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
    let (mut child, mut terminal) = at_a_terminal(&[&url]);
    let mut seen = String::new();
    for (keys, wanted) in
        [("NOOP\n", "S: 250 ok"), (".help\n", ".starttls"), (".nothing\n", "there is no command"), ("QUIT\n", "S: 421")]
    {
        terminal.write_all(keys.as_bytes()).unwrap();
        assert!(see(&mut terminal, &mut seen, wanted), "{wanted} did not come: {seen}");
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
