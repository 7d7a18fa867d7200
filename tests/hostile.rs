//! Messages made to hurt, in the sizes that attackers send, through the whole command: view, JSON, text, extraction.
//!
//! Small sizes run with all other tests. The full ones take minutes and are asked for: `MAILKIT_BINARY=target/release/mailkit
//! cargo test --test hostile -- --ignored`. Memory is read where the system keeps its peak; work is counted in
//! instructions by cachegrind, where that is installed, and has to double with the message.

mod watchdog;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// KiB that the program takes for a message of a line, with room for what an unoptimised one takes.
const BASE: u64 = 64 * 1024;

/// A shape, how often it is repeated at full size, and the defect that is told.
type Shape = (&'static str, usize, &'static str, fn(usize) -> String);

fn each(count: usize, of: impl Fn(usize, &mut String)) -> String {
    (0..count).fold(String::new(), |mut text, at| {
        of(at, &mut text);
        text
    })
}

fn parameters(count: usize, of: impl Fn(usize) -> String) -> String {
    format!("Content-Type: a/b{}\r\n\r\n", each(count, |at, text| text.push_str(&of(at))))
}

/// Octets in base64, as a body.
fn encoded(octets: &[u8]) -> String {
    let text = STANDARD.encode(octets);
    each(text.len().div_ceil(76), |line, body| {
        body.push_str(&text[line * 76..text.len().min(line * 76 + 76)]);
        body.push_str("\r\n");
    })
}

/// The header section of a message that is another one in base64.
const SEALED: &str = "From: a@b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n";

/// Messages in base64 within each other, as deep as so many octets allow: each adds a third to what is in it.
fn sealed(octets: usize) -> String {
    let (mut size, mut depth) = (octets, 0);
    while size > 300 {
        (size, depth) = ((size - SEALED.len()) * 76 / 78 * 3 / 4, depth + 1);
    }
    let innermost = format!("From: a@b\r\n\r\n{}", "x".repeat(size));
    (0..depth).fold(innermost, |inner, _| SEALED.to_owned() + &encoded(inner.as_bytes()))
}

const SHAPES: [Shape; 27] = [
    ("nested multiparts", 100_000, "truncated-depth", |n| {
        each(n, |i, text| {
            let _ = write!(text, "Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n");
        })
    }),
    ("nested multiparts with one boundary", 100_000, "truncated-depth", |n| {
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".repeat(n)
    }),
    ("nested messages", 100_000, "truncated-depth", |n| "Content-Type: message/rfc822\r\n\r\n".repeat(n)),
    ("messages that claim to be in base64", 100_000, "encoded-structure", |n| {
        "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n".repeat(n)
    }),
    ("messages in base64 beside each other", 100_000, "truncated-parts", |n| {
        let part = format!("--b\r\n{SEALED}{}", encoded(b"From: a@b\r\n\r\nx\r\n"));
        format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", part.repeat(n))
    }),
    ("messages in base64 within each other", 100_000_000, "encoded-structure", sealed),
    ("parts", 1_000_000, "truncated-parts", |n| {
        format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", "--b\r\n\r\nx\r\n".repeat(n))
    }),
    ("messages in a digest", 1_000_000, "truncated-parts", |n| {
        format!("Content-Type: multipart/digest; boundary=b\r\n\r\n{}", "--b\r\n\r\n\r\n".repeat(n))
    }),
    ("fields", 1_000_000, "header-too-long", |n| "Subject: b\r\n".repeat(n)),
    ("slips among fields", 1_000_000, "header-too-long", |n| format!("From: a@b\r\n{}", "slip\r\nTo: b\r\n".repeat(n))),
    ("a single field", 100_000_000, "header-too-long", |n| format!("Subject: {}\r\n\r\n", "a".repeat(n))),
    ("addresses", 1_000_000, "header-too-long", |n| format!("To: {}\r\n\r\n", "a@b,".repeat(n))),
    ("groups", 1_000_000, "header-too-long", |n| format!("To: {}\r\n\r\n", "a:;".repeat(n))),
    ("comments", 1_000_000, "", |n| format!("To: {}\r\n\r\n", "(".repeat(n))),
    ("pieces of a parameter", 100_000, "header-too-long", |n| parameters(n, |i| format!("; name*{i}*=%41"))),
    ("pieces backwards", 100_000, "header-too-long", |n| parameters(n, |i| format!("; name*{}*=%41", n - i))),
    ("pieces with gaps", 100_000, "header-too-long", |n| parameters(n, |i| format!("; name*{}=x", i * 1000))),
    ("parameters", 1_000_000, "header-too-long", |n| parameters(n, |_| "; x=y".to_owned())),
    ("encoded words", 1_000_000, "header-too-long", |n| format!("Subject: {}\r\n\r\n", "=?utf-8?q?=41?= ".repeat(n))),
    ("a long boundary", 10_000_000, "header-too-long", |n| {
        let b = "b".repeat(n);
        format!("Content-Type: multipart/mixed; boundary={b}\r\n\r\n--{b}\r\n\r\nx\r\n")
    }),
    ("lines that are nearly boundaries", 1_000_000, "missing-end-boundary", |n| {
        format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{}", "--c\r\n".repeat(n))
    }),
    ("a shape that returns into itself", 50_000, "truncated-depth", |n| {
        "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: message/rfc822\r\n\r\n".repeat(n)
    }),
    ("bad base64", 10_000_000, "bad-base64", |n| {
        format!("From: a@b\r\nContent-Transfer-Encoding: base64\r\n\r\n{}", "*".repeat(n))
    }),
    ("bad quoted-printable", 10_000_000, "bad-quoted-printable", |n| {
        format!("From: a@b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}", "=".repeat(n))
    }),
    ("files in a text", 200_000, "", |n| format!("From: a@b\r\n\r\n{}", "begin 644 a\n#0V%T\n`\nend\n".repeat(n))),
    ("open tags", 500_000, "", |n| {
        format!("From: a@b\r\nContent-Type: text/html\r\n\r\n{}", "<a href=x><b>".repeat(n))
    }),
    ("links", 300_000, "", |n| {
        format!("From: a@b\r\nContent-Type: text/html\r\n\r\n{}", "<a href=http:x>y</a>".repeat(n))
    }),
];

fn binary() -> PathBuf {
    std::env::var_os("MAILKIT_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_mailkit").into(), PathBuf::from)
}

/// The forms in which all of the command is asked for.
fn forms(dir: &Path) -> [Vec<String>; 5] {
    let out = dir.join("out").to_string_lossy().into_owned();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    [words(&[]), words(&["--json"]), words(&["--text"]), words(&["--lint"]), words(&["-x", &out])]
}

/// Runs a form; gives the peak in KiB and what was printed.
fn measured(args: &[String], path: &Path) -> (u64, Vec<u8>) {
    let _watch = watchdog::over(format!("parse {args:?}"), Duration::from_secs(300));
    let mut child = Command::new(binary())
        .arg("parse")
        .args(args)
        .args(["--jobs", "1"])
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut stdout = child.stdout.take().expect("a pipe");
    let reader = std::thread::spawn(move || {
        let mut printed = Vec::new();
        stdout.read_to_end(&mut printed).expect("its output");
        printed
    });
    let mut peak = 0;
    let (program, exe) = (binary().canonicalize().expect("it is there"), format!("/proc/{}/exe", child.id()));
    let code = loop {
        // A child that has not become the program yet is a copy of this process, and as large.
        let is_program = std::fs::read_link(&exe).is_ok_and(|path| path == program);
        let text = if is_program { std::fs::read_to_string(&status).unwrap_or_default() } else { String::new() };
        let now =
            text.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(|rest| rest.trim().trim_end_matches(" kB"));
        peak = peak.max(now.and_then(|number| number.parse().ok()).unwrap_or(0));
        match child.try_wait().expect("a child") {
            Some(code) => break code,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    // 1 says that there is nothing to save.
    assert!(matches!(code.code(), Some(0 | 1)), "{args:?}: {code}");
    (peak, reader.join().expect("its output"))
}

/// Every form of a shape ends, in memory below ten times the message, and the defect is told.
fn bounded(part: usize) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("message.eml");
    for (name, full, defect, make) in SHAPES {
        let text = make(full / part);
        std::fs::write(&path, &text).expect("a file");
        for args in forms(dir.path()) {
            let (peak, printed) = measured(&args, &path);
            let limit = BASE + 10 * text.len() as u64 / 1024;
            assert!(peak <= limit, "{name} {args:?}: {peak} KiB for {} octets", text.len());
            if part == 1 {
                println!("{name} {args:?}: {} octets, {peak} KiB at most, {} printed", text.len(), printed.len());
            }
            if args == ["--json"] {
                // As text: a hundred nested parts are deeper than what many readers of JSON take.
                let document = String::from_utf8(printed).expect(name);
                let is_told = defect.is_empty() || document.contains(&format!("\"code\":\"{defect}\""));
                let is_limit = defect.starts_with("truncated") || defect == "header-too-long";
                // A limit is only met where a message is large enough.
                assert!(is_told || part > 1 && is_limit, "{name}: {defect} is not told");
                assert!(document.contains("\"truncated\":true") == is_limit || part > 1, "{name}");
            }
            let _ = std::fs::remove_dir_all(dir.path().join("out"));
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn small_ones_end_in_memory_that_their_size_allows() {
    bounded(200);
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "minutes: MAILKIT_BINARY=target/release/mailkit cargo test --test hostile -- --ignored"]
fn those_of_full_size_end_in_memory_that_their_size_allows() {
    bounded(1);
}

/// Instructions of a form, counted.
fn counted(args: &[String], path: &Path) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(binary())
        .arg("parse")
        .args(args)
        .args(["--jobs", "1"])
        .arg(path)
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = said
        .lines()
        .find(|line| line.contains("I refs:") || line.contains("I   refs:") || line.contains("I  refs:"))?;
    line.rsplit(' ').next()?.replace(',', "").parse().ok()
}

#[test]
#[ignore = "minutes, and cachegrind: MAILKIT_BINARY=target/release/mailkit cargo test --test hostile -- --ignored"]
fn work_doubles_with_the_message() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("message.eml");
    for (name, full, _, make) in SHAPES {
        for args in forms(dir.path()) {
            let count = |size: usize| {
                std::fs::write(&path, make(size)).expect("a file");
                let count = counted(&args, &path);
                let _ = std::fs::remove_dir_all(dir.path().join("out"));
                count
            };
            let least = full / 100;
            let Some((none, one, two)) = count(1).zip(count(least)).zip(count(2 * least)).map(|((a, b), c)| (a, b, c))
            else {
                panic!("nothing can be counted: valgrind is not there, or the program failed under it");
            };
            let (one, two) = (one.saturating_sub(none).max(100_000), two.saturating_sub(none));
            println!("{name} {args:?}: {one} instructions, twice the message {two}");
            assert!(two <= one * 5 / 2, "{name} {args:?}: {one} instructions, twice the message {two}");
        }
    }
}
