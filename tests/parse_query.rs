//! `mailkit parse` with a filter, addresses, dates and threads.

mod watchdog;

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// `mailkit parse …` in a directory: exit code, standard output, standard error.
fn run(dir: &Path, args: &[&str]) -> (i32, String, String) {
    let _watch = watchdog::over(format!("parse {args:?}"), Duration::from_secs(120));
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    command.arg("parse").args(args).current_dir(dir).env_clear().env("HOME", dir).env("TZ", "UTC");
    let output = command.output().expect("it runs");
    let text = |octets| String::from_utf8(octets).expect("output is UTF-8");
    (output.status.code().expect("it ends by itself"), text(output.stdout), text(output.stderr))
}

/// A Maildir, and a message outside.
fn mailbox() -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a directory");
    for (path, fields, body) in [
        (
            "M/cur/1:2,S",
            "From: Alice <alice@crepes.example>\nSubject: old\nDate: Sat, 1 Jan 2000 12:00:00 +0100",
            "pickles",
        ),
        (
            "M/cur/2:2,F",
            "From: bob@hamburger.example\nTo: friends: alice@crepes.example, C <c@x>;, ALICE <alice@CREPES.example>\n\
             Cc: a@b\u{fc}cher.example, a@xn--bcher-kva.example, root\n\
             Received: from x by y; Sun, 02 Jan 2000 00:00:01 +0000\nSubject: flagged\nDate: never",
            "ketchup",
        ),
        (
            "M/new/3",
            "From: Alice <alice@crepes.example>\nSubject: new\nDate: Fri, 20 Nov 2026 12:00:00 +0000\n\
             Content-Type: multipart/mixed; boundary=b",
            "--b\n\nhello\n--b\nContent-Type: application/pdf; name=a.pdf\n\nx\n--b--",
        ),
        ("one.eml", "Subject: \u{1b}[31mone\nFrom: \"\u{1b}]0;x\" <e@x>", "text"),
    ] {
        let path = home.path().join(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(path, format!("{fields}\n\n{body}\n")).expect("written");
    }
    fs::create_dir_all(home.path().join("M/tmp")).expect("made");
    home
}

#[test]
fn a_filter_chooses_the_messages_of_any_action() {
    let home = mailbox();
    for (filter, wanted) in [
        ("", "flagged new old"),
        ("from:@crepes.example", "new old"),
        ("from:alice is:unread", "new"),
        ("flag:\\Flagged", "flagged"),
        ("has:attachment or ketchup", "flagged new"),
        ("-name:*.pdf", "flagged old"),
        ("date:2000 or received:2000-01-02", "flagged old"),
        ("body:pickles size<1K", "old"),
        ("to:c@x", "flagged"),
        ("age>20000d", ""),
    ] {
        for jobs in ["1", "2"] {
            let (code, stdout, stderr) = run(home.path(), &["--jobs", jobs, "-H", "Subject", "--where", filter, "M"]);
            let mut found: Vec<&str> = stdout.split_whitespace().collect();
            found.sort_unstable();
            assert_eq!((found.join(" ").as_str(), stderr.as_str()), (wanted, ""), "{filter}");
            assert_eq!(code, i32::from(wanted.is_empty()), "{filter}");
        }
    }
    let (code, stdout, _) = run(home.path(), &["--json", "--where", "subject:new", "M"]);
    let values: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!((code, &values[0]["attachments"]), (0, &serde_json::json!(["2"])), "{stdout}");
    assert_eq!(run(home.path(), &["--json", "--where", "nowhere", "M"]), (1, "[]\n".to_owned(), String::new()));
    assert_eq!(run(home.path(), &["--where", "from:e@x -has:attachment", "--text", "one.eml"]).1, "text\n");
    assert_eq!(run(home.path(), &["--where", "subject:two", "one.eml"]), (1, String::new(), String::new()));
}

#[test]
fn a_filter_that_is_wrong_is_said_to_be_so() {
    let home = mailbox();
    for (filter, wanted) in [
        ("size>big", "column 6: expected a size like 10K or 1M, found \"big\""),
        ("form:x", "column 1: expected one of the fields from, to"),
        ("is:\u{1b}]0;x", "column 4: expected one of read, unread"),
    ] {
        let (code, stdout, stderr) = run(home.path(), &["--where", filter, "M"]);
        assert_eq!((code, stdout.as_str()), (64, ""), "{filter}");
        assert!(stderr.contains(wanted), "{filter}: {stderr}");
        assert!(!stderr.contains('\u{1b}'), "{stderr:?}");
    }
}

#[test]
fn addresses_are_printed_once_for_each_message() {
    let home = mailbox();
    let (code, stdout, stderr) = run(home.path(), &["--addresses", "--where", "is:flagged", "M"]);
    let wanted = "bob@hamburger.example\nalice@crepes.example\nc@x\na@b\u{fc}cher.example\nroot\n";
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, wanted, ""));
    let (_, stdout, _) = run(home.path(), &["--addresses=to,from", "--where", "is:flagged", "M"]);
    assert_eq!(stdout, "alice@crepes.example\nc@x\nbob@hamburger.example\n");
    assert_eq!(run(home.path(), &["--addresses=bcc", "M"]), (1, String::new(), String::new()));
    let (_, stdout, _) = run(home.path(), &["--addresses=to", "--json", "--where", "is:flagged", "M"]);
    let values: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(
        values[0]["addresses"],
        serde_json::json!([
            {"field": "To", "group": "friends", "name": null, "address": "alice@crepes.example"},
            {"field": "To", "group": "friends", "name": "C", "address": "c@x"},
        ])
    );
    let (_, stdout, _) = run(home.path(), &["--addresses", "one.eml"]);
    assert_eq!(stdout, "e@x\n");
}

#[test]
fn dates_are_printed_in_utc_and_in_seconds() {
    let home = mailbox();
    let (code, stdout, _) = run(home.path(), &["--dates", "--where", "is:read or is:flagged", "M"]);
    let mut lines: Vec<&str> = stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(code, 0);
    assert_eq!(lines, ["2000-01-01T11:00:00Z 946724400 Date", "2000-01-02T00:00:01Z 946771201 Received"]);
    assert_eq!(run(home.path(), &["--dates=date", "--where", "is:flagged", "M"]).0, 1);
    let (_, stdout, _) = run(home.path(), &["--dates=Date", "--jsonl", "--where", "is:read", "M"]);
    let value: Value = serde_json::from_str(&stdout).expect("JSON");
    let wanted = serde_json::json!([{"field": "Date", "date": "2000-01-01T11:00:00Z", "epoch": 946_724_400}]);
    assert_eq!((&value["dates"], &value["schema"]), (&wanted, &"mailkit.dates/1".into()));
    assert_eq!(value["source"]["flags"], serde_json::json!(["\\Seen"]));
}

/// A conversation with a message that is missing, and one that has nothing to do with it.
fn conversation() -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a directory");
    for (name, id, references, hour, from, subject) in [
        ("1", "a", "", 1, "Alice <alice@x>", "Lunch"),
        ("2", "b", "<a@x>", 2, "=?utf-8?q?J=C3=BCrgen_von_der_sehr_langen_Gasse?= <j@x>", "Re: Lunch"),
        ("3", "c", "<a@x> <missing@x>", 3, "carol@x", "Re: Lunch"),
        ("4", "d", "<a@x> <b@x>", 4, "Alice <alice@x>", "Re: Lunch \u{1b}[2J"),
        ("5", "e", "", 5, "bob@x", "Re: lunch"),
        ("6", "f", "", 6, "", ""),
    ] {
        let text = format!(
            "Message-ID: <{id}@x>\nReferences: {references}\nDate: Fri, 20 Nov 2026 {hour:02}:00:00 +0000\nFrom: {from}\n\
             Subject: {subject}\n\nbody\n"
        );
        fs::write(home.path().join(name), text).expect("written");
    }
    home
}

#[test]
fn threads_are_drawn_with_their_gaps() {
    let home = conversation();
    let (code, stdout, stderr) = run(home.path(), &["--thread", "6", "5", "4", "3", "2", "1"]);
    let wanted = "\
2026-11-20 01:00  Alice                 Lunch
2026-11-20 02:00  Jürgen von der sehr…  ├─ Re: Lunch
2026-11-20 04:00  Alice                 │  └─ Re: Lunch \\x1b[2J
                                        └─ (1 missing)
2026-11-20 03:00  carol@x                  └─ Re: Lunch
2026-11-20 05:00  bob@x                 Re: lunch
2026-11-20 06:00
";
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, wanted, ""));
    let (_, stdout, _) = run(home.path(), &["--thread=subjects", "1", "5"]);
    assert!(stdout.ends_with("bob@x                 └─ Re: lunch\n"), "{stdout}");
    let (_, stdout, _) = run(home.path(), &["--thread", "--where", "from:alice or from:bob", "."]);
    assert_eq!(stdout.lines().filter(|line| line.contains("missing")).count(), 1, "{stdout}");
    assert_eq!(run(home.path(), &["--thread", "--where", "from:nobody@x", "."]).0, 1);
}

#[test]
fn threads_are_a_flat_list_in_json() {
    let home = conversation();
    let (code, stdout, _) = run(home.path(), &["--thread", "--json", "."]);
    let rows: Vec<Value> = serde_json::from_str(&stdout).expect("JSON");
    let shown: Vec<String> = rows
        .iter()
        .map(|row| format!("{} {} {} {} {}", row["row"], row["thread"], row["parent"], row["depth"], row["message_id"]))
        .collect();
    assert_eq!(code, 0);
    assert_eq!(
        shown,
        [
            "0 0 null 0 \"a@x\"",
            "1 0 0 1 \"b@x\"",
            "2 0 1 2 \"d@x\"",
            "3 0 0 1 null",
            "4 0 3 2 \"c@x\"",
            "5 1 null 0 \"e@x\"",
            "6 2 null 0 \"f@x\"",
        ]
    );
    assert_eq!(
        (&rows[3]["missing"], &rows[3]["source"], &rows[3]["from"]),
        (&1.into(), &Value::Null, &serde_json::json!([]))
    );
    assert_eq!(rows[2]["source"]["path"], "./4");
    let (_, lines, _) = run(home.path(), &["--thread", "--jsonl", "."]);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines, rows);
    let (_, stdout, _) = run(home.path(), &["--thread", "--json", "1"]);
    assert_eq!(serde_json::from_str::<Vec<Value>>(&stdout).expect("an array").len(), 1);
}

#[test]
fn a_very_long_thread_is_drawn_in_lines_of_bounded_length() {
    let home = tempfile::tempdir().expect("a directory");
    let mut mbox = String::new();
    for at in 0..20_000 {
        mbox += &format!(
            "From x Fri Nov 20 12:00:00 2026\nMessage-ID: <{}@x>\nIn-Reply-To: <{at}@x>\nSubject: s\n\nx\n\n",
            at + 1
        );
    }
    fs::write(home.path().join("long"), mbox).expect("written");
    let (code, stdout, _) = run(home.path(), &["--thread", "long"]);
    assert_eq!((code, stdout.lines().count()), (0, 20_000));
    assert!(stdout.lines().all(|line| line.chars().count() < 120));
}
