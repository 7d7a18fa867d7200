//! Mutated mail through our reader, through Python's and through mail-parser: where they differ, a known cause has to
//! explain it.
//!
//! Python is asked for, since it has to be there and needs minutes: `MAILKIT_DIFFERENTIAL_CASES=20000 cargo test --test
//! differential -- --ignored --nocapture`. The mutations come from the corpus and a fixed seed, so that a failure comes
//! again. Messages with a defect are where readers may differ; those without one have to be read alike.
//! docs/parse-differences.md has the causes.

use mail_parser::{MessageParser, MimeHeaders, PartType};
use mailkit::message::defect;
use mailkit::message::guard::BlockKind;
use mailkit::message::view::{Message, Part};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A generator of numbers that look random (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit.max(1) as u64).unwrap_or(0)
    }
}

/// Messages of the corpus, the smaller ones, in order.
fn corpus() -> Vec<Vec<u8>> {
    let mut dirs = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages/corpus")];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(dir) = dirs.pop() {
        for path in std::fs::read_dir(dir).expect("the corpus").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() { dirs.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let messages = files.iter().filter(|path| path.extension().is_none_or(|end| end != "md"));
    messages.map(|path| std::fs::read(path).expect("a message")).filter(|octets| octets.len() < 20_000).collect()
}

/// One change to the lines of a message.
fn mutate(octets: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = octets.split_inclusive(|octet| *octet == b'\n').map(<[u8]>::to_vec).collect();
    if lines.is_empty() {
        return Vec::new();
    }
    let (at, other) = (chance.below(lines.len()), chance.below(lines.len()));
    match chance.below(8) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[at].clone()),
        2 => lines.swap(at, other),
        3 => lines.truncate(at),
        4 => lines.insert(at, b"\r\n".to_vec()),
        5 => lines.insert(at, lines[other].clone()),
        6 => {
            let end = chance.below(lines[at].len());
            lines[at].drain(..end);
        }
        _ => {
            let place = chance.below(lines[at].len());
            let octets = b" \t;:=\"()<>-?*%\\a0\r\xe9";
            lines[at][place] = octets[chance.below(octets.len())];
        }
    }
    lines.concat()
}

fn tree(message: &Message<'_>, part: &Part) -> String {
    let inner: Vec<_> = message.children(part).map(|child| tree(message, child)).collect();
    if part.kind == BlockKind::Leaf { part.media.to_string() } else { format!("{}({})", part.media, inner.join(",")) }
}

fn seen(message: &Message<'_>) -> [(&'static str, Value); 3] {
    let leaves = message.parts().iter().filter(|part| part.kind == BlockKind::Leaf);
    let names = leaves.map(|part| Value::from(message.file_name(part))).collect();
    let subject = message.text_field(message.root(), "Subject");
    let subject = subject.map(|subject| subject.split_whitespace().collect::<Vec<_>>().join(" "));
    [("tree", tree(message, message.root()).into()), ("names", names), ("subject", subject.into())]
}

/// Why readers may differ, if they may.
fn cause(message: &Message<'_>) -> Option<&'static str> {
    let octets = message.octets();
    let told = defect::defects(message);
    // Defects that leave no doubt about structure, names and subject.
    let harmless = ["long-line", "no-from", "utf8-header", "bad-base64", "bad-quoted-printable", "bare-lf"];
    if let Some(defect) = told.iter().find(|defect| !harmless.contains(&defect.code)) {
        return Some(defect.code);
    }
    let multiparts: Vec<&Part> = message.parts().iter().filter(|part| part.media.main == "multipart").collect();
    let boundaries: Vec<String> = multiparts.iter().filter_map(|part| part.media.parameters.get("boundary")).collect();
    let resembles = |at: usize, one: &String| boundaries[at + 1..].iter().any(|other| other.starts_with(one.as_str()));
    if boundaries.iter().enumerate().any(|(at, one)| resembles(at, one)) {
        return Some("a boundary within another multipart's");
    }
    if multiparts.iter().any(|part| part.children.is_empty()) {
        return Some("a multipart of nothing but its last boundary");
    }
    let has = |needle: &[u8]| memchr::memmem::find(octets, needle).is_some();
    [
        (has(b"*=") || has(b"*0") || has(b"*1"), "RFC 2231 beside a plain name"),
        (has(b"=?"), "encoded words against the rules"),
        (has(b"\\"), "backslashes in names"),
        (has(b"(") || has(b"\t"), "comments and folding"),
        (has(b"name=") || has(b"NAME="), "names without quotes"),
        (octets.first().is_none_or(|first| !first.is_ascii_alphabetic()), "a header section that begins oddly"),
        (message.parts().iter().any(|part| part.media.main == "message"), "messages and reports within"),
    ]
    .into_iter()
    .find_map(|(is_there, cause)| is_there.then_some(cause))
}

#[test]
#[ignore = "needs python3: MAILKIT_DIFFERENTIAL_CASES=20000 cargo test --test differential -- --ignored --nocapture"]
fn what_is_whole_is_read_as_python_reads_it() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/differential/python.py");
    let python = Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut python = python.expect("python3 is what this test compares with");
    let mut input = python.stdin.take().expect("a pipe");
    let mut output = BufReader::new(python.stdout.take().expect("a pipe"));
    let mut compared = Compared::default();
    for octets in cases() {
        input.write_all(format!("{}\n", octets.len()).as_bytes()).expect("python reads");
        input.write_all(&octets).and_then(|()| input.flush()).expect("python reads");
        let mut line = String::new();
        output.read_line(&mut line).expect("python answers");
        let theirs: Value = serde_json::from_str(&line).expect("JSON");
        let message = Message::parse(&octets);
        for (key, ours) in seen(&message) {
            let Some(wanted) = theirs["is"][key].get("is") else { continue };
            compared.take(&message, key, &ours, wanted, cause);
        }
    }
    drop(input);
    python.wait().expect("it ends");
    compared.end();
}

#[test]
fn what_is_whole_has_the_parts_that_mail_parser_finds() {
    let mut compared = Compared::default();
    for octets in cases() {
        let Some(theirs) = MessageParser::default().parse(&octets) else { continue };
        let message = Message::parse(&octets);
        let ours = tree(&message, message.root()).into();
        compared.take(&message, "tree", &ours, &their_tree(&theirs, 0).into(), their_cause);
    }
    compared.end();
}

/// A part as mail-parser sees it.
fn their_tree(message: &mail_parser::Message<'_>, index: u32) -> String {
    let Some(part) = message.part(index) else { return String::new() };
    let default = if matches!(part.body, PartType::Message(_)) { "message/rfc822" } else { "text/plain" };
    let media = part.content_type().map_or(default.to_owned(), |media| {
        format!("{}/{}", media.ctype(), media.subtype().unwrap_or_default()).to_ascii_lowercase()
    });
    let inner = match &part.body {
        PartType::Multipart(parts) => parts.iter().map(|part| their_tree(message, *part)).collect::<Vec<_>>(),
        PartType::Message(within) => vec![their_tree(within, 0)],
        _ => return media,
    };
    format!("{media}({})", inner.join(","))
}

/// Why mail-parser may differ, if it may.
fn their_cause(message: &Message<'_>) -> Option<&'static str> {
    let told = defect::defects(message);
    let harmless = ["long-line", "no-from", "utf8-header", "8bit-header", "bare-lf", "nul", "undeclared-charset"];
    if let Some(defect) = told.iter().find(|defect| !harmless.contains(&defect.code)) {
        return Some(defect.code);
    }
    let octets = message.octets();
    let within_line = |boundary: String| {
        let sign = format!("--{boundary}");
        memchr::memmem::find_iter(octets, sign.as_bytes()).any(|at| {
            let (before, behind) = (octets[..at].last(), octets.get(at + sign.len()));
            before.is_some_and(|octet| *octet != b'\n') || behind.is_some_and(|octet| !b"\r\n \t-".contains(octet))
        })
    };
    if message.parts().iter().filter_map(|part| part.media.parameters.get("boundary")).any(within_line) {
        return Some("a boundary within a line, or a longer one");
    }
    let is_hollow =
        |part: &Part| part.kind == BlockKind::Message && message.children(part).all(|p| p.header.is_empty());
    message.parts().iter().any(is_hollow).then_some("a message within that has no header section")
}

/// The corpus, and mutations of it: each time round one more.
fn cases() -> impl Iterator<Item = Vec<u8>> {
    let count = std::env::var("MAILKIT_DIFFERENTIAL_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(2_000);
    let (corpus, mut chance) = (corpus(), Chance(5322));
    (0..count).map(move |case| {
        let mutations = 0..case / corpus.len() % 4;
        mutations.fold(corpus[case % corpus.len()].clone(), |octets, _| mutate(&octets, &mut chance))
    })
}

/// What came of comparing.
#[derive(Default)]
struct Compared {
    alike: usize,
    causes: BTreeMap<&'static str, usize>,
    unexplained: Vec<String>,
}

impl Compared {
    fn take(
        &mut self,
        message: &Message<'_>,
        key: &str,
        ours: &Value,
        theirs: &Value,
        cause: fn(&Message<'_>) -> Option<&'static str>,
    ) {
        if ours == theirs {
            self.alike += 1;
            return;
        }
        match cause(message) {
            Some(cause) => *self.causes.entry(cause).or_default() += 1,
            None => {
                let octets = message.octets().escape_ascii();
                self.unexplained.push(format!("{key}\n  they {theirs}\n  we   {ours}\n{octets}"));
            }
        }
    }

    fn end(&self) {
        println!("{} values alike; differences by cause: {:#?}", self.alike, self.causes);
        let first = self.unexplained.first().map_or("", String::as_str);
        assert!(self.unexplained.is_empty(), "{} without a cause, the first:\n{first}", self.unexplained.len());
    }
}
