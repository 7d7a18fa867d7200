//! `parse --lint`, `--lint=send` and `--strict` on the command line, and the page that lists what they can say.

use mailkit::message::defect_code::CODES;
use mailkit::reading::lint_send::RULES;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// `mailkit parse …`: exit code and standard output.
fn mailkit_parse(args: &[&str], message: &[u8]) -> (i32, String) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("message.eml");
    std::fs::write(&path, message).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    let output = command.arg("parse").args(args).arg(&path).env_clear().output().expect("it runs");
    (output.status.code().expect("a code"), String::from_utf8(output.stdout).expect("UTF-8"))
}

const BROKEN: &[u8] =
    b"From: \"bank@good.example\" <a@x.example>\r\nContent-Transfer-Encoding: base64\r\n\r\na*\x1b[2J\r\n";
const FINE: &[u8] = b"From: a@x.example\r\n\r\nfine\r\n";

#[test]
fn each_defect_is_a_line_with_its_standard() {
    let wanted = "error: address-in-name in part 1 at octet 0: the name \"bank@good.example\" in From looks like an \
        address, which is a@x.example (RFC 5322 §3.4)\n\
        warn: bad-base64 in part 1 at octet 78: the base64 is broken; what could be read is shown (RFC 2045 §6.8)\n";
    assert_eq!(mailkit_parse(&["--lint"], BROKEN), (0, wanted.to_owned()));
    assert_eq!(mailkit_parse(&["--lint"], FINE), (0, String::new()));
    let (code, json) = mailkit_parse(&["--lint", "--json"], BROKEN);
    let document: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((code, &document["schema"], &document["for"]), (0, &"mailkit.lint/1".into(), &"read".into()));
    let first = &document["findings"][0];
    assert_eq!((&first["code"], &first["section"]), (&"address-in-name".into(), &"RFC 5322 §3.4".into()));
    assert_eq!((&first["severity"], &first["offset"], &first["part"]), (&"error".into(), &0.into(), &"1".into()));
}

#[test]
fn a_sender_learns_what_to_mend_and_why() {
    let (code, text) = mailkit_parse(&["--lint=send"], FINE);
    assert_eq!((code, text.matches("why: ").count(), text.matches("remedy: ").count()), (0, 4, 4), "{text}");
    let wanted = "warn: empty-subject in part 1 at octet 0: there is no Subject, or nothing in it\n  why: ";
    assert!(text.starts_with(wanted), "{text}");
    let (_, json) = mailkit_parse(&["--lint=send", "--json"], FINE);
    let document: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&document["for"], &document["findings"][1]["code"]), (&"send".into(), &"no-date".into()));
    assert!(document["findings"][1]["remedy"].is_string());
}

#[test]
fn strict_is_an_exit_code_beside_whatever_is_done() {
    for args in [&["--strict"][..], &["--strict", "--lint"], &["--strict", "--json"], &["--strict", "-H", "From"]] {
        let (code, shown) = mailkit_parse(args, BROKEN);
        assert_eq!(code, 65, "{args:?}");
        assert!(!shown.contains('\x1b'), "{args:?}");
        assert_eq!(mailkit_parse(args, FINE).0, 0, "{args:?}");
    }
    assert_eq!(mailkit_parse(&["--text"], BROKEN).0, 0);
    assert_eq!(mailkit_parse(&["--strict", "--lint=send"], FINE).0, 65);
}

#[test]
fn what_deceives_is_told_in_view_json_and_lint() {
    for args in [&[][..], &["--json"], &["--lint"]] {
        let (_, shown) = mailkit_parse(args, b"From: a@xn--pypal-4ve.example\r\nReply-To: b@evil.example\r\n\r\n");
        for code in ["mixed-script", "a-label", "reply-to-elsewhere"] {
            assert!(shown.contains(code), "{code} in {args:?}: {shown}");
        }
    }
}

#[test]
fn the_page_lists_what_can_be_said() {
    let mut page = String::from(
        "# What `mailkit parse` says of a message\n\nWritten by `BLESS=1 cargo test --test lint` from the tables in \
        `src/message/defect_code.rs` and `src/reading/lint_send.rs`.\nNames keep their meaning; new ones may come.\n\n\
        ## Defects: `--lint`, in the view, and `defects` in JSON\n\n*info*: against a standard, and harmless. *warn*: other \
        readers may see something else.\n*error*: something is lost, left out, or shows one thing and means another. \
        `--strict` ends with 65 if there is one of any kind; \
        with `--lint=send` also if the sender should mend something.\n\n| code | severity | section | meaning |\n|---|---|---|---|\n",
    );
    for code in CODES {
        page += &format!("| `{}` | {} | {} | {} |\n", code.name, code.severity.name(), code.section, code.meaning);
    }
    page += "\n## For senders: `--lint=send`\n\nLocal rules: no link is followed and nobody is asked.\n\n\
        | rule | severity | why | remedy |\n|---|---|---|---|\n";
    for rule in &RULES {
        page += &format!("| `{}` | {} | {} | {} |\n", rule.name, rule.severity.name(), rule.why, rule.remedy);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lint.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &page).expect("docs/lint.md can be written");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), page, "BLESS=1 cargo test --test lint");
}
