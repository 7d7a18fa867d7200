//! The program as a user meets it: exit codes, and what stands on which output.

use std::io::Read;
use std::process::{Command, Output, Stdio};

/// The program, deaf to whatever the surroundings of the test say.
fn mailkit(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    let home = env!("CARGO_TARGET_TMPDIR");
    command.args(arguments).env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = mailkit(arguments).output().expect("it runs");
    let text = |octets| String::from_utf8(octets).expect("output is text");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn wrong_arguments_end_with_64_and_say_so_on_the_error_channel() {
    for (arguments, wanted) in [
        (&[][..], "Usage: mailkit"),
        (&["frobnicate"], "unrecognized subcommand 'frobnicate'"),
        (&["mx", "lookup"], "required arguments were not provided"),
        (&["mx", "lookup", "--color", "sometimes", "x"], "invalid value 'sometimes'"),
        (&["mx", "lookup", "-q", "-v", "x"], "cannot be used with"),
        (&["mx", "lookup", "a b"], "mailkit mx: a b is neither a domain nor an address"),
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (Some(64), ""), "{arguments:?}");
        assert!(stderr.contains(wanted), "{arguments:?}: {stderr}");
    }
}

#[test]
fn help_and_version_are_data_and_no_error() {
    for (arguments, wanted) in [
        (&["--help"][..], "Exit codes of all commands:"),
        (&["-h"], "Usage: mailkit"),
        (&["--version"], concat!("mailkit ", env!("CARGO_PKG_VERSION"), "\n")),
        (&["mx", "lookup", "--help"], "Examples:"),
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(stdout.contains(wanted), "{arguments:?}: {stdout}");
    }
}

#[test]
fn with_json_an_error_is_an_object_on_the_error_channel() {
    for (arguments, exit, code, message) in [
        (&["--json", "frobnicate"][..], 64, "usage", "unrecognized subcommand 'frobnicate'"),
        (&["generate", "--json", "/dev/null/x"], 66, "noinput", "cannot create /dev/null/x/man"),
        (&["mx", "lookup", "--json", "\u{202e}"], 64, "usage", "\u{202e} is neither a domain"),
    ] {
        let (status, stdout, stderr) = run(arguments);
        assert_eq!((status, stdout.as_str()), (Some(exit), ""), "{arguments:?}");
        assert!(!stderr.contains('\u{202e}'), "what turns text around is escaped: {stderr}");
        let object: serde_json::Value = serde_json::from_str(&stderr).expect("one object and nothing else");
        let error = &object["error"];
        assert_eq!((error["exit"].as_i64(), error["code"].as_str()), (Some(exit.into()), Some(code)));
        assert!(error["message"].as_str().is_some_and(|text| text.contains(message)), "{error}");
    }
}

#[test]
fn a_reader_who_goes_away_is_no_error_worth_a_word() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut command = mailkit(&["generate", dir.path().to_str().expect("a path")]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut said).expect("read");
    assert_eq!((child.wait().expect("it ends").code(), said.as_str()), (Some(141), ""));
}

#[test]
fn control_characters_from_elsewhere_do_not_reach_the_terminal() {
    let (code, _, stderr) = run(&["mx", "lookup", "\u{1b}[2J"]);
    assert_eq!(code, Some(64));
    assert!(stderr.contains(r"\x1b[2J") && !stderr.contains('\u{1b}'), "{stderr:?}");
}
