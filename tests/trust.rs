//! Who vouches for a message: what `parse --auth` makes of what servers wrote.

mod watchdog;

use serde_json::Value;
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
    std::fs::write(dir.path().join("message.eml"), message).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    command.arg("parse").args(args).arg("message.eml").current_dir(dir.path());
    command.env_clear().env("HOME", dir.path()).stdin(Stdio::null());
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
            "  anybody may have written this; name the servers you trust",
            "  dkim=pass header.d=a.example (2048-bit key)",
            "  spf=fail smtp.mailfrom=x@b.example reason: not \\x1b[2Jlisted",
        ]
    );
    assert_eq!(lines[4], "Received-SPF by mx.own.example, below 1 of 2 hops");
    assert_eq!(lines.last(), Some(&"  nothing was checked"));

    let run = parse(TOLD.as_bytes(), &["--auth", "--json", "--trusted", "mx.own.example"]);
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
    assert_eq!(parse(b"Subject: x\r\n\r\n", &["--trusted", "x"]).code, 64);
}
