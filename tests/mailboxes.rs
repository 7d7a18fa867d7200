//! `mailkit imap` by hand against `mailkit serve`: what one command puts there, another finds, fetches, moves, removes.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod printed;
mod served;
mod watchdog;

use served::Served;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

struct House {
    home: tempfile::TempDir,
    server: Served,
}

fn mailkit(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    command.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("MAILKIT_CONFIG", "/dev/null").env("PASSWORD", "secret").env("TZ", "UTC");
    command
}

impl House {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut serve = mailkit(home.path());
        serve.args(["serve", "--domain", "hamburger.example", "--user", "bob:secret", "--imap", "127.0.0.1:0"]);
        serve.arg("--data").arg(home.path().join("data")).stdin(Stdio::null());
        let server = Served::start(&mut serve);
        Self { home, server }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Exit code, output and complaints of `mailkit imap COMMAND --server … WORDS`.
    fn imap(&self, command: &str, words: &[&str]) -> (i32, String, String) {
        self.imap_with(command, words, "")
    }

    fn imap_with(&self, command: &str, words: &[&str], input: &str) -> (i32, String, String) {
        let _watch = watchdog::over(format!("imap {command} {}", words.join(" ")), Duration::from_secs(60));
        let url = format!("imap://bob@127.0.0.1:{}", self.server.port("imap"));
        let mut run = mailkit(self.home.path());
        run.args(["imap", command, "--password-env", "PASSWORD"]);
        if command != "raw" {
            run.arg("--server");
        }
        run.arg(url).args(words);
        let mut child = run.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Who does not read to the end, does not.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        printed::show(&stdout, &stderr);
        let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }

    /// The same of a command that has to end well without a word of complaint.
    fn good(&self, command: &str, words: &[&str]) -> String {
        let (code, out, err) = self.imap(command, words);
        assert_eq!((code, err.as_str()), (0, ""), "imap {command} {words:?}: {out}");
        out
    }
}

fn letter(number: u32, more: &str) -> String {
    format!(
        "From: Alice {number} <alice{number}@crepes.example>\nTo: bob@hamburger.example\nSubject: Pickles {number}\n\
         Date: Mon, {number} Jun 2026 12:00:00 +0000\nMessage-ID: <m{number}@x>\n{more}\nHow about pickles? {number}\n"
    )
}

const PARTS: &str = "Subject: two parts\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nsee inside\n--b\n\
    Content-Type: image/png; name=\"../../x.png\"\nContent-Transfer-Encoding: base64\n\
    Content-Disposition: attachment; filename=\"../../x.png\"\n\niVBORw0KGgo=\n--b--\n";

#[test]
fn messages_are_put_listed_found_and_fetched() {
    let house = House::new();
    let files: Vec<String> = (1..=3).map(|number| house.file(&format!("{number}.eml"), &letter(number, ""))).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    assert_eq!(house.good("append", &[&["INBOX", "--flags", "seen,work"], &files[..]].concat()), "1:3\n");
    let (code, out, _) = house.imap_with("append", &["INBOX"], PARTS);
    assert_eq!((code, out.as_str()), (0, "4\n"));
    assert_eq!(house.imap("append", &["INBOX", "/nowhere/at/all"]).0, 66);
    let scanned = house.good("scan", &["INBOX"]);
    let lines: Vec<&str> = scanned.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines[0].starts_with("      1     2026-06-01 12:00 Alice 1  "), "{scanned}");
    assert!(lines[3].starts_with("      4 N "), "{scanned}");
    assert_eq!(house.good("scan", &["INBOX", "-n", "2"]).lines().collect::<Vec<_>>(), lines[2..]);
    assert_eq!(house.good("scan", &["INBOX", "2:3,77"]).lines().collect::<Vec<_>>(), lines[1..3]);
    assert_eq!(house.imap("scan", &["INBOX", "77:*"]).0, 1);

    for (query, wanted) in [
        (&["from:alice2@crepes.example"][..], "2\n"),
        (&["from:lice2@crepes.example"], ""),
        (&["is:read", "not", "from:alice2"], "1,3\n"),
        (&["tag:work", "date>=2026-06-02T12:00Z"], "2:3\n"),
        (&["subject=\"pickles 3\"", "or", "has:attachment"], "3:4\n"),
        (&["name:*.png"], "4\n"),
        (&["body:pickles", "subject~/[12]$/"], "1:2\n"),
        (&["size<10"], ""),
        (&["--imap", "OR SUBJECT \"two\" FROM alice1"], "1,4\n"),
        (&["id:m2@x"], "2\n"),
    ] {
        let (code, out, err) = house.imap("search", &[&["INBOX"], query].concat());
        let exit = i32::from(wanted.is_empty());
        assert_eq!((code, out.as_str(), err.as_str()), (exit, wanted, ""), "{query:?}");
    }
    assert_eq!(house.imap("search", &["INBOX", "--gmail-raw", "x"]).0, 69);
    assert_eq!(house.imap("search", &["INBOX", "nonsense:x"]).0, 64);
    assert_eq!(house.imap("search", &["INBOX"]).0, 64);
    let found = house.good("search", &["INBOX", "is:unread", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert_eq!((found["uid"].as_u64(), found["subject"].as_str()), (Some(4), Some("two parts")));

    assert_eq!(house.good("fetch", &["INBOX", "1"]), letter(1, "").replace('\n', "\r\n"));
    let raw = house.good("fetch", &["INBOX", "1:2", "--raw"]);
    assert_eq!(raw, format!("{}{}", letter(1, ""), letter(2, "")).replace('\n', "\r\n"));
    let mbox = house.good("fetch", &["INBOX", "1:3"]);
    assert_eq!(mbox.matches("\nFrom alice").count() + usize::from(mbox.starts_with("From alice")), 3);
    let structure = house.good("fetch", &["INBOX", "4", "--structure"]);
    assert!(structure.contains("2       image/png") && structure.contains("\"../../x.png\""), "{structure}");
    let (code, out, _) =
        house.imap("fetch", &["INBOX", "4", "--part", "2", "--save", house.path("out").to_str().unwrap()]);
    let path = out.trim_end();
    assert_eq!((code, Path::new(path).parent()), (0, Some(house.path("out").as_path())), "{out}");
    assert_eq!(std::fs::read(path).unwrap(), b"\x89PNG\r\n\x1a\n");
    assert_eq!(house.good("fetch", &["INBOX", "4", "--part", "2", "--raw"]).trim_end(), "iVBORw0KGgo=");
    assert_eq!(house.good("fetch", &["INBOX", "4", "-p", "2.mime"]).matches("base64").count(), 1);
    assert_eq!(house.imap("fetch", &["INBOX", "4", "--part", "9"]).0, 1);
    assert_eq!(house.imap("fetch", &["INBOX", "99"]).0, 1);
    let (code, out, _) = house.imap_with("fetch", &["INBOX", "-", "--headers"], "3\n");
    assert!(code == 0 && out.contains("Subject: Pickles 3") && !out.contains("How about"), "{out}");
    // Nothing became seen by all that.
    assert_eq!(house.good("search", &["INBOX", "is:unread"]), "4\n");
    house.good("fetch", &["INBOX", "4", "--headers", "--mark-seen"]);
    assert_eq!(house.imap("search", &["INBOX", "is:unread"]).0, 1);
}

#[test]
fn messages_and_mailboxes_are_changed_and_nothing_is_said_of_it() {
    let house = House::new();
    let mbox: String = (1..=4)
        .map(|number| format!("From a@x Mon Jun  1 12:00:00 2026\n{}\n", letter(number, "Status: RO\n")))
        .collect();
    let mbox = house.file("box", &mbox);
    assert_eq!(house.good("append", &["INBOX", &mbox, "--date", "header"]), "1:4\n");
    assert_eq!(house.good("search", &["INBOX", "is:read", "received<2026-06-03"]), "1:2\n");
    assert!(
        house.good("flag", &["--dry-run", "INBOX", "1,3", "+flagged", "-seen"]).starts_with("would set (\\Flagged)")
    );
    assert_eq!(house.imap("search", &["INBOX", "is:flagged"]).0, 1);
    assert_eq!(house.good("flag", &["INBOX", "1,3", "+flagged", "-seen", "+work"]), "");
    assert_eq!(house.good("search", &["INBOX", "is:flagged", "is:unread", "tag:work"]), "1,3\n");
    assert_eq!(house.imap("flag", &["INBOX", "1", "seen"]).0, 64);
    assert_eq!(house.imap("flag", &["INBOX", "1", "+seen", "--dry-run"]).0, 64);

    assert_eq!(house.good("mkdir", &["Entwürfe/Alt & Neu", "Arch"]), "");
    assert_eq!(house.good("ls", &[]), "INBOX\nArch\nEntwürfe/\nEntwürfe/Alt & Neu\n");
    assert_eq!(house.good("ls", &["--tree", "Entw*"]), "Entwürfe/\n  Alt & Neu\n");
    assert_eq!(house.good("copy", &["INBOX", "1:2", "Arch"]), "");
    assert_eq!(house.good("move", &["INBOX", "3", "Entwürfe/Alt & Neu"]), "");
    assert_eq!(house.good("ls", &["--status"]).lines().nth(1), Some("      2       1 Arch"));
    let moved: serde_json::Value =
        serde_json::from_str(&house.good("move", &["INBOX", "4", "Arch", "--json"])).unwrap();
    assert_eq!((moved["uids"].as_str(), moved["new_uids"].as_str()), (Some("4"), Some("3")));
    assert_eq!(house.imap("move", &["INBOX", "77", "Arch"]).0, 66);
    assert_eq!(house.imap("copy", &["INBOX", "1", "Nowhere"]).0, 1);

    // There is no mailbox for trash, and nobody guesses one.
    assert_eq!(house.imap("rm", &["INBOX", "1"]).0, 69);
    assert!(house.good("rm", &["INBOX", "1:*", "--expunge", "--dry-run"]).contains("2 messages of INBOX: 1:2"));
    assert_eq!(house.imap("rm", &["INBOX", "500:*", "--expunge"]).0, 66);
    assert_eq!(house.good("rm", &["INBOX", "1", "--expunge"]), "");
    assert_eq!(house.good("search", &["INBOX", "is:read"]), "2\n");

    assert_eq!(house.imap("rmdir", &["Arch"]).0, 77);
    assert_eq!(house.good("rename", &["Arch", "Brch"]), "");
    assert_eq!(house.good("rmdir", &["--force", "Brch"]), "");
    assert_eq!(house.imap("rmdir", &["Brch"]).0, 69);
    assert_eq!(house.imap("scan", &["Brch"]).0, 69);
    assert_eq!(house.imap("scan", &["\\Odd"]).0, 64);
}

#[test]
fn a_large_message_comes_whole_and_into_its_file() {
    let house = House::new();
    let body: String =
        (0..60_000).map(|number| format!("line {number} of a message that is larger than one piece\n")).collect();
    let text = letter(5, "").replace("How about", &format!("{body}How about"));
    let file = house.file("large.eml", &text);
    assert_eq!(house.good("append", &["INBOX", &file]), "1\n");
    let wanted = text.replace('\n', "\r\n");
    assert!(house.good("fetch", &["INBOX", "1"]) == wanted);
    let out = house.path("out");
    let saved = house.good("fetch", &["INBOX", "1", "--save", out.to_str().unwrap()]);
    assert!(std::fs::read_to_string(saved.trim_end()).unwrap() == wanted);
    assert!(house.good("fetch", &["INBOX", "1", "--part", "1"]).ends_with("How about pickles? 5\r\n"));
}

#[test]
fn a_server_tells_what_it_offers_and_is_talked_to_by_hand() {
    let house = House::new();
    let told = house.good("caps", &[]);
    assert!(told.starts_with("tier T") && told.contains("UIDPLUS            new messages tell"), "{told}");
    let told: serde_json::Value = serde_json::from_str(&house.good("caps", &["--json"])).unwrap();
    assert!(told["tier"].as_u64().is_some_and(|tier| tier <= 2), "{told}");
    let (code, out, _) = house.imap_with("raw", &[], "a1 STATUS INBOX (MESSAGES)\na2 LOGOUT\n");
    assert!(code == 0 && out.contains("S: * STATUS INBOX (MESSAGES 0)") && !out.contains("secret\n"), "{out}");
    assert_eq!(house.imap_with("raw", &["--expect", "OK"], "a1 NONSENSE\n").0, 1);
}

#[test]
fn news_run_a_command_that_has_them_in_its_environment() {
    let house = House::new();
    let file = house.file("1.eml", &letter(1, ""));
    house.good("mkdir", &["a $(touch oops) \u{e4}"]);
    let told = house.path("told");
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| {
            let exec = "printf '%s|%s|%s' \"$MAILKIT_EVENT\" \"$MAILKIT_UID\" \"$MAILKIT_MAILBOX\" > told; test -z \"$PASSWORD\"";
            let exec = exec.replace("told", told.to_str().unwrap());
            house.imap("idle", &["a $(touch oops) \u{e4}", "--until", "new", "--for", "30s", "--exec", &exec])
        });
        // Until somebody waits, new mail is no news; so some comes until it is.
        while !waits.is_finished() {
            house.good("append", &["a $(touch oops) \u{e4}", &file]);
            std::thread::sleep(Duration::from_millis(300));
        }
        let (code, out, err) = waits.join().unwrap();
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        let uid = out.lines().next().and_then(|line| line.strip_prefix("new ")).unwrap();
        assert!(uid.parse::<u32>().is_ok(), "{out}");
    });
    let told = std::fs::read_to_string(told).unwrap();
    assert!(told.starts_with("new|") && told.ends_with("|a $(touch oops) \u{e4}"), "{told}");
    assert!(!house.path("oops").exists() && !Path::new("oops").exists());
    assert_eq!(house.imap("idle", &["INBOX", "--until", "new", "--for", "1s"]).0, 1);
}
