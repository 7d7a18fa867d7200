//! Real and hostile mail through every conversion: what may not survive does not, what must stay does.
//!
//! The corpus in `tests/messages/corpus` is foreign mail of all kinds.

mod watchdog;

use mailkit::convert::redact::{self, Redactor};
use mailkit::message::address_list;
use mailkit::message::guard::BlockKind;
use mailkit::message::view::Message;
use std::collections::HashSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Words of four letters and more that are no keyword and could not have been made by chance.
fn telling(text: &str) -> HashSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    let is_telling = |word: &String| {
        word.chars().count() >= 4
            && word.is_ascii()
            && word.contains(['a', 'e', 'i', 'o', 'u'])
            && !redact::is_keyword(word)
    };
    words.filter(is_telling).collect()
}

#[test]
fn no_word_of_the_corpus_survives() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages/corpus");
    let mut dirs = vec![root];
    let (mut count, mut left) = (0, Vec::new());
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir).expect("the corpus") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                dirs.push(path);
                continue;
            }
            let octets = std::fs::read(&path).expect("a message");
            left.extend(check(&octets, &path.display().to_string()));
            count += 1;
        }
    }
    assert!(count > 200);
    assert_eq!(left, Vec::<String>::new());
}

/// No word of an address or a text of the message is in its redaction, raw or decoded; its structure is.
fn check(octets: &[u8], what: &str) -> Option<String> {
    let faked = Redactor::new(b"key").redact(&Message::parse(octets));
    assert_eq!(faked.len(), octets.len(), "{what}");
    let (before, after) = (Message::parse(octets), Message::parse(&faked));
    let ids = |message: &Message<'_>| {
        message.parts().iter().map(|part| (part.id.clone(), part.body.clone())).collect::<Vec<_>>()
    };
    assert_eq!(ids(&before), ids(&after), "{what}");
    let said = |message: &Message<'_>| {
        let mut said = String::new();
        for part in message.parts() {
            for name in ["From", "To", "Cc", "Reply-To", "Sender"] {
                let entries = message.field(part, name).map(address_list::parse).unwrap_or_default();
                said.extend(
                    address_list::mailboxes(&entries)
                        .map(|m| format!("{} {} ", m.spec(), m.display_name().unwrap_or_default())),
                );
            }
            said += &message.text_field(part, "Subject").unwrap_or_default();
            if part.kind == BlockKind::Leaf && part.media.is("text", "plain") {
                said += &message.text(part).content;
            }
            said.push(' ');
        }
        said
    };
    let said_at_boundaries: Vec<String> =
        before.parts().iter().filter_map(|part| part.media.parameters.get("boundary")).collect();
    let words = telling(&format!("{} {}", said(&before), said_at_boundaries.join(" ")));
    let left = telling(&format!("{} {}", said(&after), String::from_utf8_lossy(&faked)));
    let left: Vec<_> = words.intersection(&left).collect();
    (!left.is_empty()).then(|| format!("{what}: {left:?}"))
}

/// `mailkit parse …` in a directory: exit code, standard output, standard error.
fn run(dir: &Path, args: &[&str]) -> (i32, Vec<u8>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    command.arg("parse").args(args).current_dir(dir).env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR"));
    let _watch = watchdog::over(format!("parse {args:?}"), Duration::from_secs(120));
    let output = command.stdin(Stdio::null()).output().expect("it runs");
    (output.status.code().expect("it ends by itself"), output.stdout, String::from_utf8_lossy(&output.stderr).into())
}

const LETTER: &[u8] = b"From: Alice <alice@crepes.example>\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\nSubject: a/b\r\n\
    DKIM-Signature: v=1\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nFrom Paris\r\n--b\r\n\
    Content-Type: application/pdf; name=p.pdf\r\n\r\npdf\r\n--b--\r\n";

#[test]
fn messages_are_written_in_every_form() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("m"), LETTER).expect("written");
    let said = |args: &[&str]| run(dir.path(), args);
    let text = |args: &[&str]| String::from_utf8(said(args).1).expect("text");
    assert_eq!(said(&["--to", "eml", "m"]).1, LETTER);
    assert_eq!(text(&["--to", "eml", "--line-ends", "lf", "m"]).replace('\n', "\r\n").as_bytes(), LETTER);
    let mbox = text(&["--to", "mbox", "m", "m"]);
    assert_eq!(mbox.matches("From alice@crepes.example Mon Mar  2 10:00:00 2026\nFrom: Alice").count(), 2, "{mbox}");
    assert_eq!(mbox.matches("\n>From Paris\n").count(), 2, "{mbox}");
    let head = "From: Alice <alice@crepes.example>\nDate: Mon, 2 Mar 2026 10:00:00 +0000\nSubject: a/b\n";
    assert_eq!(
        text(&["--to", "text", "m"]),
        format!("{head}\nFrom Paris\n\nAttachment: p.pdf (application/pdf, 3 octets)\n")
    );
    assert!(text(&["--to", "md", "m"]).starts_with("# a/b\n\n- **From:** Alice \\<alice@crepes.example\\>\n"));
    let page = text(&["--html", "m"]);
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<pre>From Paris</pre>"), "{page}");
    assert_eq!(page, text(&["--to", "html", "m"]));
    assert!(text(&["--to", "json", "m"]).contains("\"text\":\"From Paris\""));
    assert_eq!(said(&["--to", "md", "--output", "out", "m", "m"]).1, b"out/a_b.md\nout/a_b (2).md\n");
    for args in [
        &["--to", "eml", "m", "m", "m", "m"][..],
        &["--html", "--raw", "m"],
        &["--redact", "--text", "m"],
        &["--redact", "--json", "m"],
        &["--to", "mbox", "--line-ends", "crlf", "m", "m"],
        &["--to", "text", "--line-ends", "lf", "m"],
        &["--line-ends", "lf", "m"],
        &["--to", "text", "--output", "out", "--overwrite", "m"],
    ] {
        let (code, _, stderr) = said(args);
        let told = stderr.matches("mailkit parse: ").count() + stderr.matches("\"exit\":64").count();
        // It is told once and not for each message.
        assert!(code == 64 && told <= 1, "{args:?}: {stderr}");
    }
}

#[test]
fn parts_are_taken_out_and_what_breaks_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("m"), LETTER).expect("written");
    let (code, stdout, stderr) = run(dir.path(), &["--strip", "application/*>2B", "m"]);
    let stripped = String::from_utf8(stdout).expect("text");
    assert!(code == 0 && stderr.contains("DKIM signature"), "{stderr}");
    assert!(
        stripped.contains("[A part was taken out here: \"p.pdf\"\r\ntype application/pdf, 3 octets,"),
        "{stripped}"
    );
    let (code, stdout, stderr) = run(dir.path(), &["--strip", "image/*", "m"]);
    assert_eq!((code, stdout.as_slice(), stderr.as_str()), (1, LETTER, ""));
    std::fs::write(dir.path().join("old"), "Subject: x\n\nbegin 644 cat.txt\n#0V%T\n`\nend\n").expect("written");
    let (code, stdout, _) = run(dir.path(), &["--strip", "attachments", "old"]);
    let stripped = String::from_utf8(stdout).expect("text");
    let note = "Subject: x\n\n[A file was taken out here: \"cat.txt\"\ntype text/plain, 3 octets,\nsha256 ";
    assert!(code == 0 && stripped.starts_with(note), "{stripped}");
    let (_, stdout, _) = run(dir.path(), &["--json", "old"]);
    let document: serde_json::Value = serde_json::from_slice(&stdout).expect("JSON");
    assert_eq!(document["attachments"][0], "1.uu1");
    let file = &document["parts"][0]["enclosed"][0];
    assert_eq!((&file["id"], &file["safe_filename"], &file["size"]), (&"1.uu1".into(), &"cat.txt".into(), &3.into()));
    assert_eq!(run(dir.path(), &["--strip", "nonsense", "m"]).0, 64);
}

#[test]
fn fakes_are_the_same_in_one_run_and_with_one_key() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("m"), LETTER).expect("written");
    let faked = |args: &[&str]| run(dir.path(), &[&["--redact", "--to", "mbox"], args].concat()).1;
    let twice = faked(&["m", "m"]);
    let (one, other) = twice.split_at(twice.len() / 2);
    assert!(one == other && !String::from_utf8_lossy(one).to_lowercase().contains("alice"));
    assert_ne!(faked(&["m"]), one);
    let dir = dir.path();
    std::fs::write(dir.join("key"), "k\nmore\n").expect("written");
    let code = run(dir, &["--redact", "--redact-key-file", "key", "m"]).0;
    assert_eq!(code, 78, "others can read it");
    std::fs::set_permissions(dir.join("key"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("set");
    let by_file = faked(&["--redact-key-file", "key", "m"]);
    assert_eq!(by_file, faked(&["--redact-key-cmd", "echo k", "m"]));
    assert_ne!(by_file, faked(&["m"]));
    // A secret never stands among the arguments, where others read it; and without --redact it is asked for in vain.
    for args in [&["--redact", "--redact-key", "k", "m"][..], &["--redact-key-file", "key", "m"]] {
        assert_eq!(run(dir, args).0, 64);
    }
    let (code, _, stderr) = run(dir, &["--redact", "--redact-key-env", "NONE", "m"]);
    assert!(code == 78 && stderr.contains("the variable NONE is not set"), "{code} {stderr}");
}

/// What drives a terminal, turns the reading direction, or hides, in all places where a sender can write.
fn hostile() -> Vec<u8> {
    let nasty = "\x1b[2J\x1b]0;t\x07\u{9b}31m\u{202e}\u{2066}\u{200b}\u{85}\x08\r|\x7f";
    let raw = |lead: &[u8], tail: &[u8]| [lead, nasty.as_bytes(), b"\x9b1m", tail].concat();
    let encoded = base64(nasty);
    [
        raw(b"From: ", b" <a@x>\r\n"),
        format!("To: =?utf-8?b?{encoded}?= <b@y>\r\nSubject: =?utf-8?b?{encoded}?=\r\n").into_bytes(),
        raw(b"X-Odd: ", b"\r\n"),
        b"Date: Mon, 2 Mar 2026 10:00:00 +0000\r\n".to_vec(),
        raw(b"Received: from ", b" by x.example; Mon, 2 Mar 2026 10:00:00 +0000\r\n"),
        raw(b"Authentication-Results: x.example; dkim=pass (", b") header.d=x.example\r\n"),
        raw(b"List-Unsubscribe: <https://x.example/", b">\r\n"),
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n".to_vec(),
        raw(b"text ", b"\r\nbegin 644 "),
        raw(b"", b"\r\n#0V%T\r\n`\r\nend\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p title='"),
        raw(b"", b"'>"),
        raw(b"&#27;[2J&#x9b;&#x202e;<a href='https://x/", b""),
        raw(b"'>", b"</a><img alt='"),
        raw(b"", b"'>\r\n--b\r\nContent-Type: a/b"),
        raw(b"; name=\"", b"\"\r\nContent-Disposition: attachment; filename*=utf-8''%1b%5b2J%c2%9b%e2%80%ae\r\n"),
        format!("Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n")
            .into_bytes(),
        format!("Subject: =?utf-8?b?{encoded}?=\r\n\r\nx\r\n--b--\r\n").into_bytes(),
    ]
    .concat()
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[test]
fn no_escape_reaches_any_output_of_any_action() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("m"), hostile()).expect("written");
    for args in [
        &["m"][..],
        &["m", "m"],
        &["--json", "m"],
        &["--jsonl", "m", "m"],
        &["--text", "m"],
        &["--json", "--text", "m"],
        &["-H", "From", "-H", "To", "-H", "Subject", "-H", "X-Odd", "m"],
        &["--json", "-H", "From", "-H", "Subject", "m"],
        &["-H", "Content-Type", "--param", "name", "--part", "3", "m"],
        &["--raw", "-H", "Content-Disposition", "--param", "filename", "--part", "3", "m"],
        &["--part", "3", "m"],
        &["--part", "4", "m"],
        &["--part", "2", "--text", "m"],
        &["-l", "m"],
        &["-l", "--inline", "m", "m"],
        &["-l", "--json", "m"],
        &["-x", "out", "--inline", "m"],
        &["-x", "more", "--json", "m"],
        &["--html", "m"],
        &["--to", "text", "m"],
        &["--to", "md", "m"],
        &["--to", "json", "m"],
        &["--to", "text", "--redact", "m"],
        &["--to", "md", "--output", "files", "m"],
        &["--scan", "m", "m"],
        &["--thread", "m", "m"],
        &["--addresses", "m"],
        &["--dates", "m"],
        &["--lint", "m"],
        &["--lint=send", "m"],
        &["--links", "m"],
        &["--route", "m"],
        &["--report", "m"],
        &["--calendar", "m"],
        &["--unsubscribe", "m"],
        &["--auth", "m"],
        &["--where", "size>1", "m"],
    ] {
        let (code, stdout, stderr) = run(dir.path(), args);
        // It is neither a report nor an appointment.
        let may_be_void = matches!(args[0], "--report" | "--calendar");
        assert!(code == 0 || code == 1 && may_be_void, "{args:?}: {code} {stderr}");
        for output in [String::from_utf8(stdout).expect("UTF-8"), stderr] {
            let bad = |c: char| mailkit::message::safe::is_treacherous(c) && c != '\n';
            assert!(!output.contains(bad), "{args:?}: {output:?}");
        }
    }
    let mut count = 0;
    for sub in ["out", "more", "files"] {
        for entry in std::fs::read_dir(dir.path().join(sub)).expect("it can be listed") {
            let name = entry.expect("an entry").file_name().into_string().expect("UTF-8");
            assert!(!name.contains(mailkit::message::safe::is_treacherous), "{name:?}");
            count += 1;
        }
    }
    assert!(count >= 8, "{count}");
}
