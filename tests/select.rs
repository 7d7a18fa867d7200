//! What `parse` picks out of messages and saves: header fields, parts, raw octets, attachments.
//!
//! Names and texts are those of somebody who wants out of the directory or into the terminal.

mod watchdog;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// `mailkit parse …` in a directory: exit code, standard output, standard error.
fn run(dir: &Path, args: &[&str]) -> (i32, Vec<u8>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    command.arg("parse").args(args).current_dir(dir).env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR"));
    let _watch = watchdog::over(format!("parse {args:?}"), Duration::from_secs(120));
    let output = command.stdin(Stdio::null()).output().expect("it runs");
    (output.status.code().expect("it ends by itself"), output.stdout, String::from_utf8_lossy(&output.stderr).into())
}

/// The same on a terminal: exit code, and what appeared there.
fn shown(dir: &Path, args: &[&str]) -> (i32, String) {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).expect("granted");
    unlockpt(&terminal).expect("unlocked");
    let name = ptsname(&terminal, Vec::new()).expect("it has a name").into_string().expect("text");
    let side = || File::options().read(true).write(true).open(&name).expect("its other side");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    command.arg("parse").args(args).current_dir(dir).env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR"));
    command.env("NO_COLOR", "1");
    let _watch = watchdog::over(format!("parse {args:?} on a terminal"), Duration::from_secs(120));
    let mut child = command.stdin(Stdio::null()).stdout(side()).stderr(side()).spawn().expect("it runs");
    drop(command);
    let (mut text, mut octets) = (Vec::new(), [0; 4096]);
    let mut terminal = File::from(terminal);
    // When nobody has the other side any more, reading fails.
    while let Some(count) = terminal.read(&mut octets).ok().filter(|count| *count > 0) {
        text.extend_from_slice(&octets[..count]);
    }
    let code = child.wait().expect("it ends").code().expect("by itself");
    (code, String::from_utf8(text).expect("text"))
}

/// The same where the output is text and nothing is complained of.
fn said(dir: &Path, args: &[&str]) -> (i32, String) {
    let (code, stdout, stderr) = run(dir, args);
    assert_eq!(stderr, "", "{args:?}");
    (code, String::from_utf8(stdout).expect("text"))
}

/// A directory with a message `m` in it.
fn with(message: &[u8]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("m"), message).expect("written");
    dir
}

fn names(dir: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(dir).expect("it can be listed");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

/// Parts one after the other, each with its header fields, in a message with others around them.
fn mixed(parts: &[(&str, &str)]) -> Vec<u8> {
    let parts: String = parts.iter().map(|(fields, body)| format!("--b\r\n{fields}\r\n\r\n{body}\r\n")).collect();
    format!("Subject: =?utf-8?q?caf=C3=A9?=\r\n  x\r\nContent-Type: multipart/mixed;\r\n boundary=b\r\n\r\n{parts}--b--\r\nend\r\n")
        .into_bytes()
}

/// A text, a picture in HTML, a file, and a message with a file in it.
fn letter() -> Vec<u8> {
    mixed(&[
        ("Content-Type: text/plain; charset=iso-8859-1", "Hello"),
        (
            "Content-Type: multipart/related; boundary=r",
            "--r\r\nContent-Type: text/html\r\n\r\n<img src='cid:p'>\r\n--r\r\nContent-Type: image/png\r\n\
             Content-ID: <p>\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--r--",
        ),
        ("Content-Type: application/pdf; name=Report.PDF\r\nContent-Transfer-Encoding: base64", "cGRm"),
        (
            "Content-Type: message/rfc822",
            "Subject: in/ner\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\ntext\r\n\
             --i\r\nContent-Type: application/pdf\r\n\r\ninner pdf\r\n--i--",
        ),
    ])
}

#[test]
fn fields_are_printed_decoded_raw_and_by_parameter() {
    let dir = with(&letter());
    for (args, wanted) in [
        (&["-H", "Subject", "m"][..], (0, "café x\n")),
        (&["--raw", "-H", "Subject", "m"], (0, " =?utf-8?q?caf=C3=A9?=\r\n  x\n")),
        (&["-H", "Content-Type", "--param", "BOUNDARY", "m"], (0, "b\n")),
        (&["-H", "Content-Type", "--param", "charset", "m"], (1, "")),
        (&["-H", "Content-Type", "--param", "name", "--part", "3", "m"], (0, "Report.PDF\n")),
        (&["-H", "Subject", "--part", "4", "m"], (0, "in/ner\n")),
        (&["-H", "Content-Type", "--part", "4", "m"], (0, "message/rfc822\n")),
        (&["-H", "Subject", "--part", "9", "m"], (1, "")),
        (
            &["--json", "-H", "Content-Type", "--param", "name", "--part", "3", "m"],
            (
                0,
                "{\"fields\":[{\"name\":\"Content-Type\",\"param\":\"name\",\"value\":\"Report.PDF\"}],\
                 \"schema\":\"mailkit.fields/1\",\
                 \"source\":{\"flags\":null,\"index\":0,\"offset\":0,\"path\":\"m\"}}\n",
            ),
        ),
    ] {
        let (code, shown) = said(dir.path(), args);
        assert_eq!((code, shown.as_str()), wanted, "{args:?}");
    }
    let folded = "Content-Disposition: attachment; filename*0*=utf-8''%e2%82; filename*1*=%ac; filename=old\r\n\r\n";
    let dir = with(folded.as_bytes());
    assert_eq!(said(dir.path(), &["-H", "Content-Disposition", "--param", "filename", "m"]), (0, "€\n".into()));
}

#[test]
fn raw_and_decoded_octets_come_out_as_they_are() {
    let message = letter();
    let dir = with(&message);
    assert_eq!(run(dir.path(), &["--raw", "m"]).1, message);
    for (args, wanted) in [
        (&["--raw=1", "m"][..], (0, &b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nHello"[..])),
        (&["--raw", "--part", "1", "m"], (0, b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nHello")),
        (&["--raw=7", "m"], (1, b"")),
        (&["-O", "3", "m"], (0, b"pdf")),
        (&["-O", "2.2", "m"], (0, b"\x00\x01\x02")),
        (&["-O", "4.2", "m"], (0, b"inner pdf")),
        (&["-O", "4.9", "m"], (1, b"")),
    ] {
        let (code, stdout, stderr) = run(dir.path(), args);
        assert_eq!((code, stdout.as_slice(), stderr.as_str()), (wanted.0, wanted.1, ""), "{args:?}");
    }
    for (args, words) in [
        (&["--raw", "-l", "m"][..], "two things at once"),
        (&["--raw", "--json", "m"], "raw octets are no JSON"),
        (&["--overwrite", "m"], "--extract"),
        (&["--match", "*", "m"], "--list"),
    ] {
        let (code, _, stderr) = run(dir.path(), args);
        assert!(code == 64 && stderr.contains(words), "{args:?}: {code} {stderr}");
    }
}

#[test]
fn raw_octets_reach_a_terminal_only_if_somebody_insists() {
    let dir = with(b"Subject: \x1b]0;subject\x07\r\n\r\n\x1b]0;body\x07");
    for args in [&["--raw", "m"][..], &["--raw=1", "m"], &["-O", "1", "m"], &["--raw", "-H", "Subject", "m"]] {
        let (code, text) = shown(dir.path(), args);
        assert!(code == 64 && text.contains("--force") && !text.contains('\x1b'), "{args:?}: {code} {text:?}");
        let (code, text) = shown(dir.path(), &[args, &["--force"]].concat());
        assert!(code == 0 && text.contains("\x1b]0;"), "{args:?}: {code} {text:?}");
    }
    for args in [&["m"][..], &["--text", "m"], &["-H", "Subject", "m"], &["--json", "m"], &["--scan", "m"]] {
        let (code, text) = shown(dir.path(), args);
        assert!(code == 0 && !text.contains(['\x1b', '\x07']), "{args:?}: {code} {text:?}");
    }
}

#[test]
fn what_would_be_saved_is_listed_with_both_names() {
    let dir = with(&letter());
    let listed = |args: &[&str]| said(dir.path(), &[&["-l"], args, &["m"]].concat());
    let (pdf, eml) = ("3  application/pdf  3  Report.PDF\n", "4  message/rfc822  129  in_ner.eml\n");
    for (args, wanted) in [
        (&[][..], format!("{pdf}{eml}")),
        (
            &["--inline"],
            format!(
                "1  text/plain  5  part-1.txt\n2.1  text/html  17  part-2.1.html\n2.2  image/png  3  part-2.2.png\n{pdf}{eml}"
            ),
        ),
        (&["--match", "*.pdf"], pdf.to_owned()),
        (&["--type", "image/*"], "2.2  image/png  3  part-2.2.png\n".to_owned()),
        (&["--type", "APPLICATION/PDF"], format!("{pdf}4.2  application/pdf  9  part-4.2.pdf\n")),
        (&["--part", "4.2"], "4.2  application/pdf  9  part-4.2.pdf\n".to_owned()),
        (&["--part", "4"], eml.to_owned()),
        (&["--part", "2"], "2.1  text/html  17  part-2.1.html\n2.2  image/png  3  part-2.2.png\n".to_owned()),
    ] {
        assert_eq!(listed(args), (0, wanted), "{args:?}");
    }
    assert_eq!(listed(&["--match", "*.doc"]), (1, String::new()));
    assert_eq!(listed(&["--part", "5"]), (1, String::new()));
    let (_, json) = said(dir.path(), &["-l", "--json", "--match", "*.eml", "m"]);
    assert_eq!(
        json,
        "{\"attachments\":[{\"filename\":null,\"part\":\"4\",\"safe_filename\":\"in_ner.eml\",\"size\":129,\
         \"type\":\"message/rfc822\"}],\"schema\":\"mailkit.attachments/1\",\
         \"source\":{\"flags\":null,\"index\":0,\"offset\":0,\"path\":\"m\"}}\n"
    );
}

#[test]
fn names_are_read_as_senders_write_them_and_none_leaves_the_directory() {
    let cases = [
        ("Content-Disposition: attachment; filename=two words.txt", "two words.txt"),
        ("Content-Disposition: attachment; filename=\"=?utf-8?b?w7wuZG9j?=\"", "ü.doc"),
        ("Content-Disposition: attachment; filename*=iso-8859-1''%fc.doc", "ü (2).doc"),
        // CVE-2024-39929: the name is told in pieces, on lines of their own, and a harmless one stands beside it.
        (
            "Content-Disposition: attachment; filename=harmless.txt;\r\n filename*0*=utf-8''evil;\r\n filename*1=.exe",
            "evil.exe",
        ),
        ("Content-Type: a/b; name=n.txt\r\nContent-Disposition: attachment; filename=\"f.txt\"", "f.txt"),
        ("Content-Disposition: attachment; filename=\"../../../../tmp/up.txt\"", "up.txt"),
        ("Content-Disposition: attachment; filename=\"..\\\\..\\\\win.ini\"", "win.ini"),
        ("Content-Disposition: attachment; filename=\"/etc/cron.d/x\"", "x"),
        ("Content-Disposition: attachment; filename=\".bashrc\"", "_bashrc"),
        ("Content-Disposition: attachment; filename=\"-rf\"", "_rf"),
        ("Content-Disposition: attachment; filename=\"a.desktop\"", "a.desktop"),
        ("Content-Disposition: attachment; filename*=utf-8''cod%E2%80%AEcod.exe", "cod_cod.exe"),
        ("Content-Disposition: attachment; filename=\"a\x1b]0;t\x07.txt\"", "a_]0;t_.txt"),
        ("Content-Disposition: attachment; filename=\"CON\"", "_CON"),
        ("Content-Disposition: attachment; filename=\"..\"", "attachment"),
        ("Content-Disposition: attachment; filename*=utf-8''a%00b%0a.txt", "a_b_.txt"),
    ];
    let parts: Vec<_> = cases.iter().map(|(fields, _)| (*fields, "x")).collect();
    let dir = with(&mixed(&parts));
    let (_, shown) = said(dir.path(), &["-x", "out", "m"]);
    let wanted: Vec<_> = cases.iter().map(|(_, name)| format!("out/{name}")).collect();
    assert_eq!(shown.lines().collect::<Vec<_>>(), wanted);
    assert_eq!(names(dir.path()), BTreeSet::from(["m".to_owned(), "out".to_owned()]));
    assert_eq!(names(&dir.path().join("out")), cases.iter().map(|(_, name)| (*name).to_owned()).collect());
    let (_, json) = said(dir.path(), &["--json", "-x", "more", "--match", "up.txt", "m"]);
    let both =
        "\"filename\":\"../../../../tmp/up.txt\",\"part\":\"6\",\"path\":\"more/up.txt\",\"safe_filename\":\"up.txt\"";
    assert!(json.contains(both), "{json}");
}

#[test]
fn files_of_several_messages_share_a_directory_and_are_overwritten_only_on_demand() {
    let file = |text| mixed(&[("Content-Disposition: attachment; filename=a.txt", text)]);
    let dir = with(&file("one"));
    std::fs::write(dir.path().join("n"), file("two")).expect("written");
    let out = |name: &str| std::fs::read_to_string(dir.path().join("out").join(name)).expect("a file");
    assert_eq!(said(dir.path(), &["-x", "out", "m", "n"]), (0, "out/a.txt\nout/a (2).txt\n".into()));
    assert_eq!((out("a.txt"), out("a (2).txt")), ("one".into(), "two".into()));
    let victim = dir.path().join("victim");
    std::fs::write(&victim, "old").expect("written");
    std::fs::remove_file(dir.path().join("out/a.txt")).expect("removed");
    std::os::unix::fs::symlink(&victim, dir.path().join("out/a.txt")).expect("linked");
    assert_eq!(said(dir.path(), &["-x", "out", "m"]), (0, "out/a (3).txt\n".into()));
    assert_eq!(
        said(dir.path(), &["-0", "--overwrite", "-x", "out", "n", "m"]),
        (0, "out/a.txt\0out/a (2).txt\0".into())
    );
    assert_eq!((out("a.txt"), out("a (2).txt")), ("two".into(), "one".into()));
    assert_eq!(std::fs::read_to_string(victim).expect("it"), "old");
}

#[test]
fn files_within_a_text_are_parts_of_their_own() {
    let text = "Hello\r\nbegin 644 ../cat.txt\r\n#0V%T\r\n`\r\nend\r\nBye\r\n";
    let dir = with(format!("Subject: x\r\n\r\n{text}").as_bytes());
    assert_eq!(said(dir.path(), &["-l", "m"]), (0, "1.uu1  text/plain  3  cat.txt  \"../cat.txt\"\n".into()));
    assert_eq!(said(dir.path(), &["-x", "out", "m"]), (0, "out/cat.txt\n".into()));
    assert_eq!(run(dir.path(), &["-O", "1.uu1", "m"]).1, b"Cat");
    assert_eq!(run(dir.path(), &["-O", "1.uu2", "m"]).0, 1);
}

#[test]
fn what_is_behind_a_limit_is_said_to_be_missing() {
    let files: String = (0..1001).map(|number| format!("begin 644 {number}\n#0V%T\nend\n")).collect();
    let fields = "X: y\n".repeat(12_000);
    let dir = with(format!("Subject: x\n\n{files}").as_bytes());
    let texts = "--b\n\nhi\n".repeat(20);
    let many = format!("Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n{texts}--b--\n");
    let thousand = files.split_once("begin 644 1000").expect("more than that").0;
    for (name, text) in [
        ("long", format!("{fields}Subject: x\nFrom: a@b.example\n\nhi\n")),
        ("many", many),
        ("thousand", format!("Subject: x\n\n{thousand}")),
    ] {
        std::fs::write(dir.path().join(name), text).expect("written");
    }
    for (args, lines, wanted) in [
        (&["-x", "out", "m"][..], 1000, "part 1: only the first 1000 files"),
        (&["-l", "--match", "9", "m"], 1, "part 1: only the first 1000 files"),
        (&["-l", "thousand"], 1000, ""),
        (&["-H", "Subject", "long"], 0, "the header section is beyond the limits"),
        (&["--addresses", "from", "long"], 0, "the header section is beyond the limits"),
        (&["--links", "long"], 0, "the header section is beyond the limits"),
        (&["-H", "Subject", "--max-depth", "0", "many"], 1, ""),
        (&["-H", "Subject", "--max-parts", "5", "--where", "body:hi", "many"], 1, ""),
        (&["-O", "1", "--max-parts", "5", "many"], 1, "there are too many parts"),
        (&["--links", "--max-parts", "5", "many"], 0, "there are too many parts"),
    ] {
        let (_, stdout, stderr) = run(dir.path(), args);
        let said = String::from_utf8_lossy(&stdout);
        assert_eq!(said.lines().count(), lines, "{args:?}: {said}");
        assert_eq!(stderr.is_empty(), wanted.is_empty(), "{args:?}: {stderr}");
        assert!(stderr.contains(wanted), "{args:?}: {stderr}");
    }
    for (name, wanted) in [("m", "only the first 1000 files"), ("many", "there are too many parts")] {
        let (_, _, stderr) = run(dir.path(), &["--max-parts", "5", "--strip", "attachments", name]);
        assert!(stderr.contains(wanted), "{name}: {stderr}");
    }
}

#[test]
fn one_part_can_be_looked_at_alone() {
    let dir = with(&letter());
    let wanted = "Content-Type: message/rfc822\n\n\
        4       message/rfc822     129 B  attachment  \"in/ner\"\n\
        4.TEXT    multipart/mixed   67 B\n\
        4.1         text/plain       4 B\n\
        4.2         application/pdf  9 B\n\n\
        info: no-from in part 4.TEXT at octet 477: the message does not say who it is from";
    let (code, shown) = said(dir.path(), &["--part", "4", "m"]);
    let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!((code, squeeze(&shown)), (0, squeeze(wanted)));
    assert_eq!(said(dir.path(), &["--part", "4", "--text", "m"]), (0, "text\n".into()));
    assert_eq!(said(dir.path(), &["--part", "1", "--text", "m"]), (0, "Hello".into()));
    assert_eq!(said(dir.path(), &["--part", "8", "m"]), (1, String::new()));
    let (_, json) = said(dir.path(), &["--json", "--part", "2.2", "m"]);
    assert!(json.contains("\"id\":\"2.2\"") && json.contains("\"decoded_size\":3,"), "{json}");
}
