//! `--trace` and `mailkit trace` as a user has them: forms, files, what is shown and what not, and what is said of
//! a trace that cannot be written.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod watchdog;

use mailkit::wire::event::{self, Happening};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const SECRET: &str = "canary-of-the-trace";

fn mailkit(home: &TempDir, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    command.args(words).current_dir(home).env_clear().env("HOME", home.path()).env("PASSWORD", SECRET);
    command.stdin(Stdio::null());
    command
}

/// Fetches mail from the server of the POP3 trace, with these options.
fn fetch(home: &TempDir, options: &[&str], variables: &[(&str, &str)]) -> Output {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces/pop3.txt");
    let mut server = mailkit(home, &["trace", "replay", "--listen", "127.0.0.1:0", "--wait", "5s"]);
    let mut server = server.arg(recorded).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut at = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut at).unwrap();
    let url = format!("pop3://bob@{}?tls=none", at.trim());
    let fixed = ["pop", &url, "--password-env", "PASSWORD", "--auth", "PLAIN", "--to", "maildir:Mail", "--keep", "all"];
    let output = mailkit(home, &[&fixed, options].concat()).envs(variables.iter().copied()).output().unwrap();
    // Whoever was refused before has not connected; then it waits for nobody.
    server.kill().unwrap();
    server.wait().unwrap();
    output
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).unwrap()
}

#[test]
fn a_trace_that_cannot_be_made_is_told_as_that() {
    let home = TempDir::new().unwrap();
    for place in ["nowhere/trace.txt", "."] {
        let output = fetch(&home, &[&format!("--trace={place}")], &[]);
        assert_eq!(output.status.code(), Some(73), "{place}: {}", text(&output.stderr));
    }
}

#[test]
fn a_difference_is_told_as_json_too() {
    let home = TempDir::new().unwrap();
    fs::write(home.path().join("a.txt"), "S: 220 mx\nC: NOOP\n").unwrap();
    fs::write(home.path().join("b.txt"), "S: 220 mx\nC: RSET\n").unwrap();
    for (second, exit, wanted) in [
        ("a.txt", 0, serde_json::json!({"version": 1, "differences": 0, "conversations": []})),
        (
            "b.txt",
            1,
            serde_json::json!({"version": 1, "differences": 2, "conversations": [{"number": 1, "lines": [
                {"in": "both", "text": "S: 220 mx"},
                {"in": "first", "text": "C: NOOP"},
                {"in": "second", "text": "C: RSET"},
            ]}]}),
        ),
    ] {
        let output = mailkit(&home, &["trace", "diff", "--json", "a.txt", second]).output().unwrap();
        assert_eq!(output.status.code(), Some(exit));
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap(), wanted);
    }
}

#[test]
fn a_file_that_ends_in_jsonl_holds_events_and_nobody_else_may_read_it() {
    let _watch = watchdog::over("trace", Duration::from_secs(60));
    let home = TempDir::new().unwrap();
    let file = home.path().join("trace.jsonl");
    fs::write(&file, "old").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let output = fetch(&home, &["--trace=trace.jsonl"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let written = fs::read_to_string(&file).unwrap();
    let events = event::parse(&written).unwrap();
    assert!(written.lines().all(|line| line.starts_with("{\"v\":1,\"t\":\"20")), "{written}");
    let login = events.iter().find(|event| event.secret > 0).unwrap();
    assert_eq!((login.text.as_deref(), login.secret), (Some("AUTH PLAIN {secret}"), 32));
    assert!(!written.contains(SECRET));
    let body = events.iter().find(|event| event.elided).unwrap();
    assert_eq!((body.phase.as_deref(), body.bytes), (Some("retr"), 11));
    assert!(matches!(events.first().unwrap().event, Some(Happening::Connect)));
    assert!(matches!(events.last().unwrap().event, Some(Happening::Closed { .. })));
    assert!(events.iter().filter(|event| event.reply_ms.is_some()).count() >= 6);
}

#[test]
fn of_messages_as_much_is_shown_as_is_wanted() {
    let home = TempDir::new().unwrap();
    for (data, subject, body, elided) in
        [("none", false, false, true), ("headers", true, false, true), ("full", true, true, false)]
    {
        let _ = fs::remove_dir_all(home.path().join("Mail"));
        let output = fetch(&home, &["--trace=trace.txt", "--trace-data", data], &[]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let written = fs::read_to_string(home.path().join("trace.txt")).unwrap();
        assert_eq!(written.contains("S: Subject: Ketchup"), subject, "{data}: {written}");
        assert_eq!(written.contains("S: xxx"), body, "{data}: {written}");
        assert_eq!(written.contains("B] S: {...}"), elided, "{data}: {written}");
    }
    let output = fetch(&home, &["--trace=trace.txt", "--trace-hex"], &[]);
    assert_eq!(output.status.code(), Some(0));
    let written = fs::read_to_string(home.path().join("trace.txt")).unwrap();
    assert!(written.contains("#   0000  43 41 50 41 0d 0a                                CAPA..\n"), "{written}");
    assert!(event::parse(&written).is_ok());
}

#[test]
fn secrets_are_shown_only_to_those_who_say_twice_that_they_want_it() {
    let home = TempDir::new().unwrap();
    for (more, variables, code) in [
        (&[][..], &[][..], 64),
        (&["--no-input"], &[], 64),
        (&[], &[("MAILKIT_TRACE_SECRETS", "no")], 64),
        (&["--no-input"], &[("MAILKIT_TRACE_SECRETS", "yes")], 0),
    ] {
        let output = fetch(&home, &[&["--trace=trace.txt", "--trace-secrets"], more].concat(), variables);
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
    }
    let written = fs::read_to_string(home.path().join("trace.txt")).unwrap();
    let proof = mailkit::sasl::base64::encode(format!("\0bob\0{SECRET}").as_bytes()).to_string();
    assert!(written.contains(&format!("C: AUTH PLAIN {proof}\n")), "{written}");
}

#[test]
fn a_trace_that_cannot_be_written_is_told_at_the_end_and_stops_no_mail() {
    let home = TempDir::new().unwrap();
    let output = fetch(&home, &["--trace=/dev/full"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(fs::read_dir(home.path().join("Mail/new")).unwrap().count(), 1);
    let said = text(&output.stderr);
    assert_eq!(said.matches("something is missing in the trace").count(), 1, "{said}");
}

#[test]
fn a_trace_is_shown_in_either_form_and_in_part() {
    let home = TempDir::new().unwrap();
    let trace = "[     1.0ms] -- connect 192.0.2.1:25\n[     1.5ms +0.5ms] S: 220 mx\n[     2.0ms] C! a\\x1b[2J\\n\n\
                 [     3.0ms ~ +1.0ms !] 2S: 550 no\n[     4.0ms] 2-- closed\n";
    fs::write(home.path().join("trace.txt"), trace).unwrap();
    let show = |words: &[&str]| {
        let output = mailkit(&home, &[&["trace", "show"], words].concat()).output().unwrap();
        (output.status.code().unwrap(), text(&output.stdout))
    };
    assert_eq!(show(&["--times", "trace.txt"]), (0, trace.to_owned()));
    let bare = "-- connect 192.0.2.1:25\nS: 220 mx\nC! a\\x1b[2J\\n\n2S: 550 no\n2-- closed\n";
    assert_eq!(show(&["trace.txt"]), (0, bare.to_owned()));
    assert_eq!(show(&["--dir", "S", "--conn", "2", "trace.txt"]), (0, "2S: 550 no\n".to_owned()));
    assert_eq!(show(&["--conn", "7", "trace.txt"]), (1, String::new()));
    let other = |file| text(&mailkit(&home, &["trace", "show", "--proto", "bogus", file]).output().unwrap().stderr);
    assert_eq!(show(&["--proto", "smtp", "trace.txt"]).0, 1);
    assert!(other("trace.txt").contains("only JSON lines do"), "{}", other("trace.txt"));
    let (code, json) = show(&["--json", "trace.txt"]);
    assert_eq!((code, json.lines().count()), (0, 5));
    assert!(!json.contains('\x1b'));
    fs::write(home.path().join("trace.jsonl"), &json).unwrap();
    assert_eq!(show(&["--times", "trace.jsonl"]), (0, trace.to_owned()));
    let events = json.replace("\"proto\":\"\"", "\"proto\":\"imap\"");
    fs::write(home.path().join("events.jsonl"), events).unwrap();
    assert!(other("events.jsonl").contains("spoken in events.jsonl: imap"), "{}", other("events.jsonl"));
    assert!(show(&["--color=always", "trace.txt"]).1.contains("\x1b[31m2S: 550 no\x1b[0m"));
    fs::write(home.path().join("bad"), "S: 220 mx\nhello\n").unwrap();
    let output = mailkit(&home, &["trace", "show", "bad"]).output().unwrap();
    assert_eq!(output.status.code(), Some(65));
    assert!(text(&output.stderr).contains("line 2"), "{}", text(&output.stderr));
}

#[test]
fn two_traces_are_compared_and_one_is_scrubbed() {
    let home = TempDir::new().unwrap();
    let first = "S: 220 mx.hamburger.example\nC: RCPT TO:<bob@hamburger.example>\nS: 250 2.1.5 ok\nC: QUIT\n";
    fs::write(home.path().join("a"), first).unwrap();
    fs::write(home.path().join("b"), first.replace("250 2.1.5 ok", "550 5.1.1 no")).unwrap();
    let run = |words: &[&str]| {
        let output = mailkit(&home, &[&["trace"], words].concat()).output().unwrap();
        (output.status.code().unwrap(), text(&output.stdout))
    };
    assert_eq!(run(&["diff", "a", "a"]), (0, "the same was said in both\n".to_owned()));
    let wanted = "2 lines differ, the first in conversation 1, behind `C: RCPT TO:<bob@hamburger.example>`\nconversation 1\n  \
                  C: RCPT TO:<bob@hamburger.example>\n- S: 250 2.1.5 ok\n+ S: 550 5.1.1 no\n";
    assert_eq!(run(&["diff", "a", "b"]), (1, wanted.to_owned()));
    assert_eq!(run(&["diff", "a", "absent"]).0, 66);
    let (code, scrubbed) = run(&["scrub", "a"]);
    assert_eq!((code, scrubbed.lines().count()), (0, 4));
    assert!(!scrubbed.contains("bob") && !scrubbed.contains("hamburger") && scrubbed.contains("S: 250 2.1.5 ok"));
}
