//! Foreign mail through the whole reading side: real, broken and hostile.
//!
//! The corpus in `tests/messages/corpus` is read and compared with what three other parsers agree on;
//! generators try to exhaust stack, memory and patience, and what they cause is counted.

mod watchdog;

use mailkit::message::address_list::{self, Entry, NameAddr};
use mailkit::message::guard::{BlockKind, Limits};
use mailkit::message::roles::Roles;
use mailkit::message::safe;
use mailkit::message::view::{Message, Part};
use mailkit::message::{date, defect, id, text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

/// Where this reader differs from the others on purpose, and why.
const DIFFERENCES: [(&str, &str, &str); 2] = [
    (
        "stalwart/resources/eml/legacy/020.eml",
        "subject",
        "raw 8-bit octets: windows-1252 is guessed, others put U+FFFD",
    ),
    (
        "stalwart/resources/eml/legacy/052.eml",
        "subject",
        "raw 8-bit octets: windows-1252 is guessed, others put U+FFFD",
    ),
];

/// `mailkit parse …`: exit code, standard output, standard error.
fn run(args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    command.arg("parse").args(args).env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR")).stdin(Stdio::null());
    let _watch = watchdog::over(format!("parse {args:?}"), Duration::from_secs(120));
    let output = command.output().expect("it runs");
    let text = |octets| String::from_utf8(octets).expect("output is UTF-8");
    (output.status.code().expect("it ends by itself"), text(output.stdout), text(output.stderr))
}

/// The same where nothing is complained of.
fn mailkit_parse(args: &[&str]) -> (i32, String) {
    let (code, stdout, stderr) = run(args);
    assert_eq!(stderr, "", "{args:?}");
    (code, stdout)
}

fn file(octets: &[u8]) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("message.eml");
    std::fs::write(&path, octets).expect("a file");
    let path = path.to_string_lossy().into_owned();
    (dir, path)
}

/// The JSON object about the only message of a file, with these things found in it.
fn object(path: &str, noun: &str, found: &str) -> String {
    let source = format!("{{\"flags\":null,\"index\":0,\"offset\":0,\"path\":\"{path}\"}}");
    format!("{{\"{noun}\":[{found}],\"schema\":\"mailkit.{noun}/1\",\"source\":{source}}}\n")
}

fn corpus_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages/corpus")
}

fn corpus() -> Vec<(String, Vec<u8>)> {
    let root = corpus_dir();
    let mut found = Vec::new();
    let mut dirs: Vec<PathBuf> = vec![root.clone()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).expect("the corpus") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_none_or(|extension| extension != "md") {
                let name = path.strip_prefix(&root).expect("below it").to_string_lossy().into_owned();
                found.push((name, std::fs::read(&path).expect("a message")));
            }
        }
    }
    found.sort();
    assert!(found.len() > 200, "{} messages", found.len());
    found
}

/// The first 16 digits of SHA-256: how the expectations keep texts.
fn digest(octets: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, octets);
    digest.as_ref().iter().take(8).map(|octet| format!("{octet:02x}")).collect()
}

/// The same over JSON, where lists are written with a blank behind the comma.
fn hash(values: &[Value]) -> Value {
    let list = values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
    Value::String(digest(format!("[{list}]").as_bytes()))
}

fn hash_one(value: impl Into<Value>) -> Value {
    Value::String(digest(value.into().to_string().as_bytes()))
}

/// A text by its words without blanks at the end, all else by its octets.
fn content(message: &Message<'_>, part: &Part) -> Value {
    if part.media.main == "text" {
        let text = message.text(part).content.replace("\r\n", "\n");
        return hash(&[digest(text.trim_end().as_bytes()).into()]);
    }
    let content = message.content(part).content;
    hash(&[content.len().into(), digest(&content).into()])
}

fn tree(message: &Message<'_>, part: &Part) -> String {
    let children: Vec<_> = message.children(part).map(|child| tree(message, child)).collect();
    if part.kind == BlockKind::Leaf {
        part.media.to_string()
    } else {
        format!("{}({})", part.media, children.join(","))
    }
}

/// `[name, address]` of everybody in the fields of a name; null for nobody.
fn people(message: &Message<'_>, name: &str) -> Value {
    let fields = message.fields(message.root()).filter(|field| field.is(name));
    let entries: Vec<Entry> = fields.flat_map(|field| address_list::parse(field.body)).collect();
    let list: Vec<Value> = address_list::mailboxes(&entries)
        .filter_map(NameAddr::person)
        .map(|(name, address)| hash(&[name.into(), address.into()]))
        .collect();
    if list.is_empty() { hash_one(Value::Null) } else { Value::Array(list) }
}

/// What the expectations hold, as this reader sees it.
fn seen(message: &Message<'_>) -> BTreeMap<&'static str, Value> {
    let root = message.root();
    let leaves: Vec<&Part> = message.parts().iter().filter(|part| part.kind == BlockKind::Leaf).collect();
    let each = |of: &dyn Fn(&Part) -> Option<String>| leaves.iter().map(|part| hash_one(of(part))).collect();
    let ids = message.field(root, "Message-ID").map(id::parse_list).unwrap_or_default();
    let when = message.field(root, "Date").and_then(date::parse);
    BTreeMap::from([
        ("tree", Value::String(tree(message, root))),
        ("nleaves", leaves.len().into()),
        ("types", leaves.iter().map(|part| part.media.to_string()).collect()),
        ("contents", leaves.iter().map(|part| content(message, part)).collect()),
        ("filenames", each(&|part| message.file_name(part))),
        ("dispositions", each(&|part| message.disposition(part).map(|disposition| disposition.kind))),
        ("subject", hash_one(message.text_field(root, "Subject"))),
        ("message_id", hash_one(ids.into_iter().next())),
        ("date", when.map(|when| when.as_second()).into()),
        ("from", people(message, "From")),
        ("to", people(message, "To")),
        ("cc", people(message, "Cc")),
    ])
}

#[test]
fn other_parsers_see_the_same_messages() {
    let expected: Value = serde_json::from_str(include_str!("messages/parse_expect.json")).expect("JSON");
    let (mut same, mut different) = (0, BTreeSet::new());
    for (name, octets) in corpus() {
        let wanted = &expected["messages"][&name];
        let message = Message::parse(&octets);
        for (key, value) in seen(&message) {
            match wanted.get(key) {
                Some(wanted) if wanted[1] == value => same += 1,
                Some(wanted) => {
                    println!("{name} {key}: {} parsers say {}, we say {value}", wanted[0], wanted[1]);
                    different.insert((name.clone(), key));
                }
                None => {}
            }
        }
    }
    let known: BTreeSet<_> = DIFFERENCES.iter().map(|(name, key, _)| ((*name).to_owned(), *key)).collect();
    assert_eq!(different, known, "the list of known differences is not what was found");
    assert!(same > 2_000, "{same} values compared");
}

#[test]
fn every_part_of_the_corpus_lies_within_its_parent() {
    for (name, octets) in corpus() {
        let message = Message::parse(&octets);
        for part in message.parts() {
            assert!(part.header.end == part.body.start && part.body.start <= part.body.end, "{name} {}", part.id);
            assert!(part.body.end <= octets.len(), "{name} {}", part.id);
            let lines = memchr::memchr_iter(b'\n', message.slice(&part.body)).count();
            assert_eq!(part.lines, lines, "{name} {}", part.id);
            let header_lines = memchr::memchr_iter(b'\n', message.slice(&part.header)).count();
            assert_eq!(part.lines_whole, lines + header_lines, "{name} {}", part.id);
            if let Some(parent) = part.parent {
                let parent = &message.parts()[parent];
                assert!(
                    parent.body.start <= part.header.start && part.body.end <= parent.body.end,
                    "{name} {}",
                    part.id
                );
            }
            assert!(std::ptr::eq(message.part(&part.id).expect("its own number"), part), "{name} {}", part.id);
        }
    }
}

#[test]
fn every_message_of_the_corpus_can_be_shown() {
    // One form each, in turn: a process for every form of every message would take long and show no more.
    for (number, (name, octets)) in corpus().iter().enumerate() {
        let path = corpus_dir().join(name);
        let path = path.to_string_lossy();
        let args = [&[][..], &["--text"], &["--json", "--text"]][number % 3];
        let (code, shown) = mailkit_parse(&[args, &[&*path]].concat());
        assert_eq!(code, 0, "{name}");
        assert!(!shown.chars().any(|c| safe::is_treacherous(c) && !matches!(c, '\n' | '\t')), "{name} {args:?}");
        if args.contains(&"--json") {
            let document: Value = serde_json::from_str(&shown).expect("one JSON document");
            assert_eq!(document["schema"], "mailkit.message/1");
            assert_eq!(document["size"], octets.len());
        }
    }
}

/// Messages made to hurt, by name, each up to ten megabytes: what is quadratic takes minutes here.
static HOSTILE: LazyLock<Vec<(&'static str, Vec<u8>)>> = LazyLock::new(|| {
    let nest = |count: usize, of: &dyn Fn(usize) -> String| (0..count).map(of).collect::<String>();
    let parameters = |of: &dyn Fn(usize) -> String| format!("Content-Type: a/b{}\r\n\r\n", nest(60_000, of));
    let to = |list: String| format!("To: {list}\r\n\r\n");
    let subject = |text: String| format!("Subject: {text}\r\n\r\n");
    let mixed = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    let digest = "Content-Type: multipart/digest; boundary=b\r\n\r\n";
    let long = "b".repeat(900_000);
    let encoded = {
        use base64::Engine;
        let mut message = "Subject: core\r\n\r\n".to_owned();
        for _ in 0..30 {
            let inner = base64::engine::general_purpose::STANDARD.encode(&message);
            message = format!("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{inner}\r\n");
        }
        message
    };
    let texts = [
        ("nested messages", "Content-Type: message/rfc822\r\n\r\n".repeat(100_000)),
        ("nested messages in odd spelling", "content-type :\tMESSAGE/(x)RFC822 ;a=b\r\n\r\n".repeat(100_000)),
        (
            "nested multiparts",
            nest(100_000, &|i| format!("Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n")),
        ),
        ("nested multiparts with one boundary", format!("{mixed}--b\r\n").repeat(100_000)),
        ("nested digests", format!("{digest}--b\r\n\r\n").repeat(100_000)),
        ("nested messages in base64", encoded),
        ("parts without end", format!("{mixed}{}", "--b\r\n\r\nx\r\n".repeat(200_000))),
        ("messages without end", format!("{digest}{}", "--b\r\n\r\n\r\n".repeat(200_000))),
        ("empty parts", format!("{mixed}{}", "--b\r\n".repeat(200_000))),
        ("empty parts and others in turn", format!("{mixed}{}", "--b\r\n--b\r\n\r\n".repeat(200_000))),
        ("references to pictures that are none", {
            let html = "Content-Type: text/html\r\n\r\n".to_owned() + &"cid:".repeat(500_000);
            let related = "Content-Type: multipart/related; boundary=b\r\n\r\n";
            format!("{related}{}", format!("--b\r\n{html}\r\n").repeat(2))
        }),
        (
            "lines that are nearly boundaries",
            format!("{}{}", format!("{mixed}--b\r\n").repeat(99), "--c\r\n".repeat(200_000)),
        ),
        ("fields", "A: b\r\n".repeat(300_000)),
        ("types", "Content-Type: x\r\n".repeat(100_000)),
        ("one field", format!("Subject: {}", "a".repeat(10_000_000))),
        ("one folded field", format!("Subject: a\r\n{}", " a\r\n".repeat(300_000))),
        (
            "a long boundary",
            format!("Content-Type: multipart/mixed; boundary={0}\r\n\r\n--{0}\r\n\r\n", "b".repeat(5_000_000)),
        ),
        ("nearly a long boundary", {
            let line = format!("--{}\r\n", &long[1..]);
            format!("Content-Type: multipart/mixed; boundary={long}\r\n\r\n--{long}\r\n\r\n{}", line.repeat(8))
        }),
        ("parameters", parameters(&|_| "; x=y".to_owned())),
        ("pieces of a parameter", parameters(&|i| format!("; name*{i}*=%41"))),
        ("pieces of a parameter backwards", parameters(&|i| format!("; name*{}*=%41", 60_000 - i))),
        ("pieces of a parameter with gaps", parameters(&|i| format!("; name*{}=x", i * 70_000))),
        ("encoded words", subject("=?utf-8?q?=41?= ".repeat(60_000))),
        ("beginnings of encoded words", subject("=?utf-8?q?".repeat(100_000))),
        ("shorter beginnings of encoded words", subject("=?".repeat(500_000))),
        ("comments in comments", to("(".repeat(1_000_000))),
        ("comments", to("(a)".repeat(300_000))),
        ("addresses", to("a@b,".repeat(250_000))),
        ("groups", to("a:;".repeat(300_000))),
        ("brackets", to("<".repeat(1_000_000))),
        ("quotes", to("\"".repeat(1_000_000))),
        ("words", to("\"a\" b @:".repeat(130_000))),
        (
            "bad quoted-printable",
            format!("Content-Transfer-Encoding: quoted-printable\r\n\r\n{}", "=".repeat(4_000_000)),
        ),
        ("bad base64", format!("Content-Transfer-Encoding: base64\r\n\r\n{}", "*".repeat(4_000_000))),
        ("open tags", format!("Content-Type: text/html\r\n\r\n{}", "<a href=".repeat(500_000))),
        ("links", format!("Content-Type: text/html\r\n\r\n{}", "<a href=http:x></a>".repeat(200_000))),
        ("entities", format!("Content-Type: text/html\r\n\r\n{}", "&".repeat(2_000_000))),
    ];
    texts.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
});

/// A thread as small as those the server's sessions run on.
fn on_a_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work);
    thread.expect("a thread").join().expect("the work ends")
}

#[test]
fn hostile_messages_are_read_within_bounds() {
    on_a_small_stack(|| {
        let limits = Limits::default();
        for (name, octets) in HOSTILE.iter() {
            let message = Message::parse(octets);
            assert!(message.parts().len() <= limits.parts, "{name}: {} parts", message.parts().len());
            assert!(message.flaws().len() <= 3 * message.parts().len(), "{name}: {} flaws", message.flaws().len());
            let mut depth = vec![0; message.parts().len()];
            for part in message.parts() {
                depth[part.index] = part.parent.map_or(0, |parent| depth[parent] + 1);
                assert!(depth[part.index] <= limits.depth, "{name}");
                assert!(message.fields(part).count() <= limits.header_lines, "{name}");
                message.overview(part);
                message.file_name(part);
            }
            let roles = Roles::of(&message);
            let words = text::of_message(&message, &roles).len();
            assert!(words <= octets.len() * 4 + 100_000, "{name}: {words} octets of text");
            assert!(defect::defects(&message).len() <= 1_001, "{name}");
        }
    });
}

#[test]
fn what_is_beyond_a_limit_is_said_to_be_missing() {
    let truncated = HOSTILE.iter().filter(|(_, octets)| Message::parse(octets).is_truncated());
    let truncated: Vec<&str> = truncated.map(|(name, _)| *name).collect();
    assert_eq!(
        truncated,
        [
            "nested messages",
            "nested messages in odd spelling",
            "nested multiparts",
            "nested multiparts with one boundary",
            "nested digests",
            "parts without end",
            "messages without end",
            "empty parts and others in turn",
            "fields",
            "types",
            "one field",
            "one folded field",
            "a long boundary",
            "pieces of a parameter with gaps",
        ]
    );
}

#[test]
fn a_hundred_thousand_nested_messages_can_be_shown() {
    let (_dir, path) = file("Content-Type: message/rfc822\r\n\r\n".repeat(100_000).as_bytes());
    let (code, shown) = mailkit_parse(&[&path]);
    assert_eq!(code, 0);
    assert!(shown.contains("truncated-depth") && shown.lines().count() < 300, "{} lines", shown.lines().count());
    let (_, json) = mailkit_parse(&["--json", &path]);
    assert!(json.contains("\"truncated\":true") && json.len() < 100_000, "{} octets", json.len());
}

#[test]
fn header_fields_are_printed_decoded_and_missing_ones_are_an_exit_code() {
    let (_dir, path) = file(b"Subject: =?utf-8?q?caf=C3=A9?=\r\nX-A: 1\r\nX-A: \x1b[2J\r\n\r\nbody\r\n");
    let json = |field: &str| object(&path, "fields", field);
    for (args, wanted) in [
        (&["-H", "subject"][..], (0, "café\n")),
        (&["-H", "X-A", "-H", "Subject"], (0, "1\ncafé\n")),
        (&["-H", "X-A:", "--all"], (0, "1\n\\x1b[2J\n")),
        (&["-H", "X-B", "-H", "X-A"], (1, "1\n")),
        (&["--json", "-H", "X-A"], (0, &json("{\"name\":\"X-A\",\"raw\":\" 1\",\"value\":\"1\"}"))),
        (&["--jsonl", "-H", "X-B"], (1, &json(""))),
    ] {
        let args: Vec<&str> = args.iter().copied().chain([&*path]).collect();
        let (code, shown) = mailkit_parse(&args);
        assert_eq!((code, shown.as_str()), wanted, "{args:?}");
    }
}

#[test]
fn the_tree_shows_numbers_types_names_and_defects() {
    let message = b"From: a@x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\n\
        Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"a\x07b.pdf\"\r\n\
        Content-Transfer-Encoding: base64\r\n\r\naGk=\r\n";
    let (_dir, path) = file(message);
    let (_, shown) = mailkit_parse(&[&path]);
    let wanted = "From: a@x\nContent-Type: multipart/mixed; boundary=b\n\n\
        TEXT  multipart/mixed        143 B\n\
        1       text/plain             2 B\n\
        2       application/pdf        6 B  attachment  \"a\\x07b.pdf\"  base64\n\n\
        warn: missing-end-boundary in part TEXT at octet 199: \
        the last boundary is missing; the message may have been cut\n";
    assert_eq!(shown, wanted);
}

#[test]
fn attachments_are_saved_under_safe_names_and_never_over_others() {
    let part = |name: &str| format!("--b\r\nContent-Type: a/b\r\nContent-Disposition: attachment; {name}\r\n\r\nx\r\n");
    let names = [
        "filename=\"../../evil.txt\"",
        "filename=evil.txt",
        "filename*=utf-8''a%0ab%e2%80%ae.txt",
        "filename=\".bashrc\"",
        "x=y",
    ];
    let parts: String = names.into_iter().map(part).collect();
    let message = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b\r\nContent-Type: message/rfc822\r\n\r\n\
         Subject: a/b\r\n\r\ninner\r\n--b--\r\n"
    );
    let (dir, path) = file(message.as_bytes());
    let target = dir.path().join("out");
    let target = target.to_string_lossy();
    let wanted = ["evil.txt", "evil (2).txt", "a_b_.txt", "_bashrc", "part-5.bin", "a_b.eml"];
    let paths = |names: &[&str]| names.iter().map(|name| format!("{target}/{name}\n")).collect::<String>();
    assert_eq!(mailkit_parse(&["-x", &target, &path]), (0, paths(&wanted)));
    assert_eq!(std::fs::read(format!("{target}/evil.txt")).expect("a file"), b"x");
    assert_eq!(std::fs::read(format!("{target}/a_b.eml")).expect("a file"), b"Subject: a/b\r\n\r\ninner");
    let again = ["evil (3).txt", "evil (4).txt", "a_b_ (2).txt", "_bashrc (2)", "part-5 (2).bin", "a_b (2).eml"];
    assert_eq!(mailkit_parse(&["-x", &target, &path]), (0, paths(&again)));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(format!("{target}/evil.txt")).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn what_was_saved_before_the_disk_was_full_is_told_and_half_a_file_does_not_stay() {
    let part = |name: &str, size: usize| {
        format!("--b\r\nContent-Disposition: attachment; filename={name}\r\n\r\n{}\r\n", "x".repeat(size))
    };
    let parts = [part("small", 10), part("large", 100_000), part("late", 10)].concat();
    let (dir, path) = file(format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n").as_bytes());
    let target = dir.path().join("out");
    std::fs::create_dir(&target).expect("made");
    std::fs::write(target.join("large"), "old").expect("written");
    for (args, wanted) in [
        (&["--overwrite"][..], format!("{}/small\n", target.display())),
        (&["--overwrite", "--match", "small"], format!("{}/small\n", target.display())),
        (
            &["--json"],
            object(
                &path,
                "files",
                &format!(
                    "{{\"filename\":\"small\",\"part\":\"1\",\"path\":\"{}/small (2)\",\"safe_filename\":\"small\"}}",
                    target.display()
                ),
            ),
        ),
    ] {
        // A limit on the size of files fails as a full disk does, and needs no disk.
        let output = Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_mailkit"), "parse", "-x"])
            .args([target.as_os_str(), path.as_ref()])
            .args(args)
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        let fails = !args.contains(&"--match");
        assert_eq!(output.status.code(), Some(if fails { 74 } else { 0 }), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), wanted);
        assert_eq!(String::from_utf8_lossy(&output.stderr).contains("cannot write"), fails, "{output:?}");
    }
    let left: BTreeSet<_> =
        std::fs::read_dir(target).expect("it").map(|entry| entry.expect("it").file_name()).collect();
    assert_eq!(left, BTreeSet::from(["large".into(), "small".into(), "small (2)".into()]));
    assert_eq!(std::fs::read(dir.path().join("out/large")).expect("it"), b"old", "what was there before is whole");
}

#[test]
fn a_thousand_attachments_of_one_name_are_told_apart() {
    let part = "--b\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nx\r\n".repeat(1_000);
    let (dir, path) = file(format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{part}--b--\r\n").as_bytes());
    let target = dir.path().join("out");
    let (_, shown) = mailkit_parse(&["-x", &target.to_string_lossy(), &path]);
    assert_eq!(shown.lines().collect::<BTreeSet<_>>().len(), 1_000);
}

#[test]
fn attachments_beyond_the_limit_are_said_to_be_left_out() {
    let part = "--b\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nx\r\n".repeat(10_001);
    let (dir, path) = file(format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{part}--b--\r\n").as_bytes());
    let target = dir.path().join("out");
    let (code, shown, stderr) = run(&["-x", &target.to_string_lossy(), &path]);
    assert_eq!((code, shown.lines().count()), (0, 9_999), "{stderr}");
    assert!(stderr.contains("there are too many parts; the others are not read"), "{stderr}");
}

#[test]
fn the_json_form_follows_its_schema() {
    let message = "From: A <a@x>\r\nTo: g: b@y;\r\nSubject: s\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\
        Message-ID: <1@x>\r\nReferences: <2@x> <3@x>\r\nList-Unsubscribe: <https://l.example/u>\r\n\
        List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhé\r\n";
    let (_dir, path) = file(message.as_bytes());
    let (_, json) = mailkit_parse(&["--json", "--text", &path]);
    let document: Value = serde_json::from_str(&json).expect("JSON");
    for (pointer, wanted) in [
        ("/from", r#"[{"address":"a@x","name":"A"}]"#),
        ("/to", r#"[{"address":"b@y","name":null}]"#),
        ("/cc", "[]"),
        ("/subject", r#""s""#),
        ("/date", r#""2026-03-02T10:00:00Z""#),
        ("/message_id", r#""1@x""#),
        ("/references", r#"["2@x","3@x"]"#),
        ("/list/unsubscribe", r#"["https://l.example/u"]"#),
        ("/list/one_click", "true"),
        ("/attachments", "[]"),
        ("/text_part", r#""1""#),
        ("/html_part", "null"),
        ("/truncated", "false"),
        ("/defects", "[]"),
        ("/source/index", "0"),
        ("/parts/0/id", r#""1""#),
        ("/parts/0/type", r#""text/plain""#),
        ("/parts/0/charset", r#""utf-8""#),
        ("/parts/0/encoding", r#""7bit""#),
        ("/parts/0/size", "5"),
        ("/parts/0/decoded_size", "5"),
        ("/parts/0/text", r#""hé\n""#),
        ("/parts/0/children", "[]"),
    ] {
        assert_eq!(document.pointer(pointer).map(Value::to_string).as_deref(), Some(wanted), "{pointer}");
    }
}

#[test]
fn several_messages_follow_one_another_and_one_that_fails_does_not_stop_the_others() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
    let [first, absent, last] = [place("a"), place("b"), place("c")];
    std::fs::write(&first, "Subject: one\n\n1\n").expect("a file");
    std::fs::write(&last, "Subject: two\nX-B: b\n\n2\n").expect("a file");
    let found = "{\"name\":\"X-B\",\"raw\":\" b\",\"value\":\"b\"}";
    let fields = |path: &str, found: &str| object(path, "fields", found);
    for (args, wanted) in [
        (&["--text"][..], format!("==> {first} <==\n1\n\n==> {last} <==\n2\n")),
        (&["-H", "subject"], "one\ntwo\n".to_owned()),
        (&["--json", "-H", "X-B"], format!("[{},\n{}]\n", fields(&first, "").trim(), fields(&last, found).trim())),
        (&["--jsonl", "-H", "X-B"], fields(&first, "") + &fields(&last, found)),
        (&["--jsonl", "-H", "X-C"], fields(&first, "") + &fields(&last, "")),
    ] {
        let args: Vec<&str> = args.iter().copied().chain([&*first, &*absent, &*last]).collect();
        let (code, stdout, stderr) = run(&args);
        assert_eq!((code, stdout), (66, wanted), "{stderr}");
        assert!(stderr.contains(&absent), "{stderr}");
    }
    for (name, wanted) in [("X-B", 0), ("X-C", 1)] {
        assert_eq!(run(&["-H", name, &first, &last]).0, wanted, "{name}");
    }
}

#[test]
fn what_cannot_be_read_is_said_in_a_sentence() {
    let (dir, path) = file(b"");
    let absent = dir.path().join("absent").to_string_lossy().into_owned();
    for (path, wanted, words) in
        [(path.as_str(), 65, "there is no message in it"), (&absent, 66, "mailkit parse: cannot read")]
    {
        let (code, stdout, stderr) = run(&[path]);
        assert_eq!((code, stdout.as_str()), (wanted, ""), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
    }
}
