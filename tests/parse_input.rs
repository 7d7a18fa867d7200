//! What `mailkit parse` takes for a message: files, mailboxes of all kinds, directories, lists, compressed or not.

#[path = "clients/schema.rs"]
mod schema;
mod watchdog;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// `mailkit parse …` in a directory: exit code, standard output, standard error.
fn run(dir: &Path, args: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    command.arg("parse").args(args).current_dir(dir).env_clear().env("HOME", dir).env("TZ", "UTC");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let _watch = watchdog::over(format!("parse {args:?}"), Duration::from_secs(120));
    let mut child = command.spawn().expect("it runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    // Whoever does not read its input is no failure.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("written");
    let text = |octets| String::from_utf8(octets).expect("output is UTF-8");
    (output.status.code().expect("it ends by itself"), text(output.stdout), text(output.stderr))
}

/// The subjects of what these arguments name.
fn subjects(dir: &Path, args: &[&str], input: &[u8]) -> String {
    let (code, stdout, stderr) = run(dir, &[&["-H", "Subject"], args].concat(), input);
    assert_eq!((code, stderr.as_str()), (0, ""), "{args:?}");
    stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn message(subject: &str) -> String {
    format!("From: Alice <alice@crepes.example>\nSubject: {subject}\nDate: Fri, 20 Nov 2026 12:00:00 +0000\n\nbody\n")
}

const FROM_LINE: &str = "From alice@crepes.example Fri Nov 20 12:00:00 2026\n";

fn mbox(subjects: &[&str]) -> String {
    subjects.iter().map(|subject| format!("{FROM_LINE}{}\n", message(subject))).collect()
}

/// Files of these paths, with messages of these subjects.
fn put(dir: &Path, files: &[(&str, &str)]) {
    for (path, subject) in files {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(path, message(subject)).expect("written");
    }
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(octets).expect("compressed");
    encoder.finish().expect("compressed")
}

/// A Zstandard file whose frames hold these octets as they are: enough for whoever reads one (RFC 8878 §3.1.1).
fn zstd(frames: &[&[u8]]) -> Vec<u8> {
    let mut file = b"\x50\x2a\x4d\x18\x03\0\0\0any".to_vec();
    for octets in frames {
        let size = u32::try_from(octets.len()).expect("small");
        // One segment with its size in four octets, then one last block, raw.
        file.extend_from_slice(b"\x28\xb5\x2f\xfd\xa0");
        file.extend_from_slice(&size.to_le_bytes());
        file.extend_from_slice(&(size << 3 | 1).to_le_bytes()[..3]);
        file.extend_from_slice(octets);
    }
    file
}

#[test]
fn each_kind_of_mailbox_is_known_for_what_it_is() {
    let home = tempfile::tempdir().expect("a directory");
    let dir = home.path();
    put(
        dir,
        &[
            ("md/new/1.a", "new"),
            ("md/cur/2.a:2,S", "seen"),
            ("md/tmp/3.a", "half"),
            ("md/.Work/cur/4.a:2,", "work"),
            ("md/.Work/new/.hidden", "hidden"),
            ("mh/10", "ten"),
            ("mh/9", "nine"),
            ("mh/,8", "removed"),
            ("mh/sub/1", "below"),
            ("numbers/2", "two"),
            ("numbers/11", "eleven"),
            ("files/b.eml", "b"),
            ("files/a", "a"),
            ("files/.git", "hidden"),
            ("files/sub/deeper/c.eml", "c"),
            ("files/sub/md/cur/1:2,F", "within"),
        ],
    );
    fs::create_dir(dir.join("files/sub/md/new")).expect("made");
    fs::create_dir(dir.join("md/.Work/new")).unwrap_or_default();
    fs::write(dir.join("mh/.mh_sequences"), "unseen: 9\n").expect("written");
    fs::write(dir.join("mh/readme"), message("other")).expect("written");
    fs::write(dir.join("box"), mbox(&["m1", "m2"])).expect("written");
    fs::write(dir.join("files/box"), mbox(&["m3", "m4"])).expect("written");
    std::os::unix::fs::symlink("..", dir.join("files/sub/round")).expect("linked");
    std::os::unix::fs::symlink("nowhere", dir.join("files/dead")).expect("linked");
    std::os::unix::fs::symlink("../b.eml", dir.join("files/sub/link")).expect("linked");
    for (args, wanted) in [
        (&["md"][..], "new seen"),
        (&["md", "--recursive"], "new seen work"),
        (&["md/cur"], "seen"),
        (&["mh"], "nine ten"),
        (&["mh", "--recursive"], "nine ten below"),
        (&["numbers"], "two eleven"),
        (&["files"], "a b m3 m4 b c within"),
        (&["box"], "m1 m2"),
        (&["box", "numbers", "files/a", "box"], "m1 m2 two eleven a m1 m2"),
        (&["box", "numbers", "files/a", "box", "--jobs", "1"], "m1 m2 two eleven a m1 m2"),
    ] {
        assert_eq!(subjects(dir, args, b""), wanted, "{args:?}");
    }
    for input in [mbox(&["m1", "m2"]).into_bytes(), gzip(mbox(&["m1", "m2"]).as_bytes())] {
        assert_eq!(subjects(dir, &[], &input), "m1 m2");
        assert_eq!(subjects(dir, &["-"], &input), "m1 m2");
    }
}

#[test]
fn files_that_are_compressed_are_read_as_if_they_were_not() {
    let home = tempfile::tempdir().expect("a directory");
    let dir = home.path();
    let (one, many) = (message("one"), mbox(&["m1", "m2"]));
    let (first, second) = many.split_at(100);
    fs::create_dir_all(dir.join("md/cur")).expect("made");
    fs::create_dir_all(dir.join("md/new")).expect("made");
    for (name, octets) in [
        ("one.gz", gzip(one.as_bytes())),
        ("one.zst", zstd(&[one.as_bytes()])),
        ("many.gz", [gzip(first.as_bytes()), gzip(second.as_bytes())].concat()),
        ("many.zst", zstd(&[first.as_bytes(), second.as_bytes()])),
        ("md/cur/1:2,S", gzip(one.as_bytes())),
        ("cut.gz", gzip(&many.repeat(9).into_bytes())[..100].to_vec()),
        ("cut.zst", zstd(&[many.as_bytes()])[..200].to_vec()),
    ] {
        fs::write(dir.join(name), octets).expect("written");
    }
    for (file, wanted) in
        [("one.gz", "one"), ("one.zst", "one"), ("many.gz", "m1 m2"), ("many.zst", "m1 m2"), ("md", "one")]
    {
        assert_eq!(subjects(dir, &[file], b""), wanted, "{file}");
    }
    for file in ["cut.gz", "cut.zst"] {
        let (code, _, stderr) = run(dir, &[file], b"");
        assert!(code >= 65 && stderr.contains(&format!("cannot read {file}")), "{file}: {code} {stderr}");
    }
}

#[test]
fn a_list_names_what_is_read() {
    let home = tempfile::tempdir().expect("a directory");
    let dir = home.path();
    put(dir, &[("a.eml", "a"), ("with\nline", "b"), ("md/cur/1:2,", "c"), ("-", "dash")]);
    fs::create_dir(dir.join("md/new")).expect("made");
    fs::write(dir.join("list"), "md\n\na.eml\n-").expect("written");
    for (args, input, wanted) in [
        (&["--files-from", "-"][..], "a.eml\nmd\n", "a c"),
        (&["--files-from", "list"], "", "c a dash"),
        (&["--files-from", "-", "-0"], "with\nline\0a.eml", "b a"),
        (&["a.eml", "--files-from", "-"], "md\n", "a c"),
        (&["--files-from", "-"], "", ""),
    ] {
        assert_eq!(subjects(dir, args, input.as_bytes()), wanted, "{args:?}");
    }
    let (code, shown, stderr) = run(dir, &["-H", "Subject", "--files-from", "-"], b"none\na.eml\n");
    assert_eq!((code, shown.as_str()), (66, "a\n"), "{stderr}");
    let (code, shown, stderr) = run(dir, &["-H", "Subject", "--files-from", "-"], b"a.eml\0md\0");
    assert!(code == 74 && shown.is_empty() && stderr.contains("say -0"), "{code} {stderr}");
    for args in [&["--files-from", "-", "-"][..], &["-", "-"]] {
        let (code, _, stderr) = run(dir, args, b"");
        assert_eq!((code, stderr.contains("only once")), (64, true), "{stderr}");
    }
}

#[test]
fn quoting_in_an_mbox_is_undone_where_somebody_says_how_it_was_done() {
    let home = tempfile::tempdir().expect("a directory");
    let dir = home.path();
    fs::write(dir.join("box"), format!("{FROM_LINE}Subject: x\n\n>From a\n>>From b\n\n{FROM_LINE}A: b\n\n"))
        .expect("written");
    for (args, wanted) in [
        (&[][..], ">From a\n>>From b\n"),
        (&["--mbox", "mboxo"], "From a\n>>From b\n"),
        (&["--mbox", "mboxrd"], "From a\n>From b\n"),
        (&["--mbox", "mboxcl2"], ">From a\n>>From b\n"),
    ] {
        let (_, shown, _) = run(dir, &[&["--jsonl", "--text", "box"], args].concat(), b"");
        let first: Value = serde_json::from_str(shown.lines().next().expect("a line")).expect("JSON");
        assert_eq!(first["parts"][0]["text"], wanted, "{args:?}");
    }
}

#[test]
fn each_message_says_where_it_was_found() {
    let home = tempfile::tempdir().expect("a directory");
    let dir = home.path();
    fs::write(dir.join("box"), mbox(&["m1", "m2"])).expect("written");
    fs::write(dir.join("single"), mbox(&["m1"])).expect("written");
    let (_, shown, _) = run(dir, &["--json", "box"], b"");
    let all: Value = serde_json::from_str(&shown).expect("one array");
    let offset = FROM_LINE.len() * 2 + message("m1").len() + 1;
    assert_eq!(all[1]["source"]["offset"], offset);
    assert_eq!(all[1]["source"]["index"], 1);
    assert_eq!(all[0]["size"], message("m1").len());
    let (_, shown, _) = run(dir, &["--json", "single"], b"");
    let one: Value = serde_json::from_str(&shown).expect("one object");
    assert_eq!(one["subject"], "m1");
    let (_, shown, _) = run(dir, &["box"], b"");
    assert!(shown.starts_with("==> box <==\nFrom: ") && shown.contains("\n\n==> box[1] <==\n"), "{shown}");
}

#[test]
fn a_message_without_end_is_an_error_and_the_memory_stays_small() {
    let home = tempfile::tempdir().expect("a directory");
    let dir = home.path();
    // A few octets that become a hundred megabytes.
    fs::write(dir.join("bomb.gz"), gzip(&vec![0; 1024 * 1024]).repeat(100)).expect("written");
    let text = format!("{FROM_LINE}{}\n{FROM_LINE}{}\n\n{FROM_LINE}", message("first"), "x".repeat(100_000));
    fs::write(dir.join("box"), format!("{text}{}", message("last"))).expect("written");
    fs::write(dir.join("box.gz"), gzip(format!("{text}{}", message("last")).as_bytes())).expect("written");
    put(dir, &[("a.eml", "a")]);
    for (file, subjects, words) in [
        ("bomb.gz", "a\n", "bomb.gz: it is larger than 32 KiB"),
        ("box", "first\nlast\na\n", "box[1]: it is larger than 32 KiB"),
        ("box.gz", "first\nlast\na\n", "box.gz[1]: it is larger than 32 KiB"),
    ] {
        let (code, shown, stderr) = run(dir, &["-H", "Subject", "--max-size", "32K", file, "a.eml"], b"");
        assert_eq!((code, shown.as_str()), (65, subjects), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
    }
    let (code, _, stderr) = run(dir, &["--max-size", "16M", "/dev/zero"], b"");
    assert_eq!(code, 65, "{stderr}");
}

#[test]
fn all_cores_print_what_one_prints() {
    let home = tempfile::tempdir().expect("a directory");
    let dir = home.path();
    let names: Vec<String> = (0..300).map(|number| format!("m{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    fs::write(dir.join("box"), mbox(&names)).expect("written");
    let files: Vec<String> = (0..100).map(|number| format!("md/cur/{number:03}:2,S")).collect();
    put(dir, &files.iter().map(|name| (name.as_str(), name.as_str())).collect::<Vec<_>>());
    fs::create_dir(dir.join("md/new")).expect("made");
    for args in [
        &["--jsonl", "md", "box", "none", "md"][..],
        &["--json", "box", "md"],
        &["box", "md"],
        &["-H", "Subject", "box"],
    ] {
        let one = run(dir, &[args, &["--jobs", "1"]].concat(), b"");
        assert!(one.1.len() > 1_000, "{one:?}");
        for jobs in ["2", "7"] {
            assert_eq!(run(dir, &[args, &["--jobs", jobs]].concat(), b""), one, "{args:?} with {jobs}");
        }
    }
}

#[test]
fn a_mailbox_is_listed_one_line_for_each_message() {
    let home = tempfile::tempdir().expect("a directory");
    let dir = home.path();
    put(dir, &[("md/new/1", "new"), ("md/cur/2:2,S", "seen"), ("md/cur/3:2,FRS", "=?utf-8?q?caf=C3=A9_=1B[2J?=")]);
    let status = "Status: RO\nX-Status: D\n";
    fs::write(dir.join("box"), format!("{FROM_LINE}{status}{}", message("m1"))).expect("written");
    fs::write(dir.join("bare"), "Subject: x\n\nbody\n").expect("written");
    fs::write(dir.join("large"), format!("{}{}", message("large"), "x\n".repeat(100_000))).expect("written");
    let (code, shown, stderr) = run(dir, &["--scan", "md", "box", "bare", "large"], b"");
    let wanted = "N   2026-11-20 12:00 Alice                new                                 92\n\
                  \x20   2026-11-20 12:00 Alice                seen                                93\n\
                  \x20RF 2026-11-20 12:00 Alice                café \\x1b[2J                       117\n\
                  \x20T  2026-11-20 12:00 Alice                m1                                 114\n\
                  \x20                                         x                                   17\n\
                  \x20   2026-11-20 12:00 Alice                large                             195K\n";
    assert_eq!((code, shown.as_str(), stderr.as_str()), (0, wanted, ""));
    assert!(shown.lines().all(|line| line.chars().count() == 80), "{shown}");
    let (_, shown, _) = run(dir, &["--scan", "--jsonl", "md", "large"], b"");
    let rows: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(rows[2]["source"]["flags"].to_string(), r#"["\\Answered","\\Flagged","\\Seen"]"#);
    assert_eq!(rows[2]["subject"], "café \u{1b}[2J");
    assert_eq!(rows[0]["from"][0]["address"], "alice@crepes.example");
    assert_eq!((&rows[0]["date"], &rows[3]["size"]), (&"2026-11-20T12:00:00Z".into(), &200_094.into()));
}

#[test]
fn no_more_than_a_header_section_is_read_where_no_more_is_wanted() {
    let home = tempfile::tempdir().expect("a directory");
    let path = home.path().join("large");
    let mut file = fs::File::create(&path).expect("a file");
    file.write_all(message("large").as_bytes()).expect("written");
    // A hole: reading it would be an error, since it is beyond the limit.
    file.set_len(600 * 1024 * 1024).expect("a large file");
    assert_eq!(subjects(home.path(), &["large"], b""), "large");
    let (code, _, _) = run(home.path(), &["large"], b"");
    assert_eq!(code, 65);
    let fields = "X-A: b\n".repeat(5_000);
    fs::write(home.path().join("long"), format!("{fields}Subject: behind\n\nbody\n")).expect("written");
    assert_eq!(subjects(home.path(), &["long"], b""), "behind");
}

#[test]
fn bodies_are_in_the_json_form_as_they_are_asked_for() {
    let home = tempfile::tempdir().expect("a directory");
    let dir = home.path();
    let text = "From: a@x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\n--b\n\
        Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nJVBE\nRi0=\n--b--\n";
    fs::write(dir.join("m"), text).expect("written");
    for (args, text, content) in [
        (&[][..], Value::Null, Value::Null),
        (&["--bodies", "none"], Value::Null, Value::Null),
        (&["--bodies", "text"], "hi".into(), Value::Null),
        (&["--text"], "hi".into(), Value::Null),
        (&["--bodies", "all"], "hi".into(), "JVBERi0=".into()),
    ] {
        let (_, shown, _) = run(dir, &[&["--json", "m"], args].concat(), b"");
        let document: Value = serde_json::from_str(&shown).expect("JSON");
        let parts = &document["parts"][0]["children"];
        assert_eq!((&parts[0]["text"], parts[1].get("content").unwrap_or(&Value::Null)), (&text, &content), "{args:?}");
        assert_eq!(parts[1]["decoded_size"], 5);
    }
}

#[test]
fn what_is_printed_as_json_is_what_the_schema_says() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages/corpus");
    let home = tempfile::tempdir().expect("a directory");
    let out = home.path().join("out").to_string_lossy().into_owned();
    for (args, schema) in [
        (&["--bodies", "all"][..], "message"),
        (&["--scan"], "scan"),
        (&["-H", "Received", "-H", "Subject", "--all"], "fields"),
        (&["-H", "Content-Type", "--param", "charset"], "fields"),
        (&["--addresses"], "addresses"),
        (&["--dates"], "dates"),
        (&["-l", "--inline"], "attachments"),
        (&["-x", &out], "files"),
    ] {
        let (_, shown, stderr) = run(&corpus, &[&["--jsonl", "--recursive", "."], args].concat(), b"");
        assert!(shown.lines().count() > 200, "{stderr}");
        let schema = format!("\"schema\":\"mailkit.{schema}/1\"");
        assert!(shown.lines().all(|line| line.contains(&schema)), "{args:?}");
        schema::check(&shown, "").expect("as the schema says");
    }
}

#[test]
fn limits_can_be_narrowed() {
    let home = tempfile::tempdir().expect("a directory");
    let dir = home.path();
    let nested = "Content-Type: message/rfc822\n\n".repeat(5) + "Subject: x\n\nbody\n";
    fs::write(dir.join("m"), nested).expect("written");
    for (args, parts, is_truncated) in [
        (&[][..], 6, false),
        (&["--max-depth", "2"], 3, true),
        (&["--max-parts", "4"], 4, true),
        (&["--max-parts", "0"], 1, true),
    ] {
        let (_, shown, _) = run(dir, &[&["--json", "m"], args].concat(), b"");
        let document: Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(shown.matches("\"header_len\"").count(), parts, "{args:?}");
        assert_eq!(document["truncated"], is_truncated, "{args:?}");
    }
}

#[test]
fn names_that_are_no_text_can_be_read() {
    use std::os::unix::ffi::OsStrExt;
    let home = tempfile::tempdir().expect("a directory");
    let name = OsStr::from_bytes(b"caf\xe9.eml");
    fs::write(home.path().join(name), message("x")).expect("written");
    assert_eq!(subjects(home.path(), &["."], b""), "x");
    assert_eq!(subjects(home.path(), &["--files-from", "-"], b"caf\xe9.eml\n"), "x");
}
