//! A password, wherever it comes from and whatever the server does to it, is read by nobody but that server.
//!
//! The program runs against servers that refuse, break, vanish and repeat what they hear; what it prints, traces and
//! logs, its arguments, and the environment and arguments of every program that it starts are searched for the
//! password in every form.

mod canary;
mod watchdog;

use canary::{PASSWORD, leak};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How the server answers the login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Takes,
    Refuses,
    Repeats,
    TalksNonsense,
    Vanishes,
}

const MANNERS: [Manner; 5] = [Manner::Takes, Manner::Refuses, Manner::Repeats, Manner::TalksNonsense, Manner::Vanishes];

/// The ways to give a password that are no argument; the last two are the configuration's.
const SOURCES: [&[&str]; 5] = [
    &["--server", "{url}", "--password-env", "PASSWORD"],
    &["--server", "{url}", "--password-file", "password"],
    &["--server", "{url}", "--password-cmd", "./command"],
    &["--server", "by-file"],
    &["--server", "by-command"],
];

/// What is asked of the program besides; each may print more than the others.
const WISHES: [&[&str]; 5] =
    [&["--json"], &["-v", "--trace"], &["--trace=trace", "--log=log"], &["--auth", "LOGIN"], &["-n=connect"]];

/// Serves one connection after the other in this manner, until the test is over.
fn serve(manner: Manner) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let mut line = String::new();
            let mut is_login = false;
            // Whoever has hung up hears no more.
            let _ = reader.get_mut().write_all(b"220 mx\r\n");
            while reader.read_line(&mut line).is_ok_and(|count| count > 0) {
                let heard = line.trim_end().to_owned();
                line.clear();
                let verb = heard.split(' ').next().unwrap_or_default();
                is_login = is_login || verb == "AUTH";
                let answer = match (verb, manner) {
                    ("EHLO", _) => "250-mx\r\n250 AUTH PLAIN LOGIN\r\n".to_owned(),
                    ("AUTH", _) if heard == "AUTH LOGIN" => "334 VXNlcm5hbWU6\r\n".to_owned(),
                    ("MAIL" | "RCPT" | ".", _) => "250 ok\r\n".to_owned(),
                    ("DATA", _) => "354 go on\r\n".to_owned(),
                    ("QUIT", _) => "221 bye\r\n".to_owned(),
                    (_, Manner::Refuses) if is_login => "535 5.7.8 no\r\n".to_owned(),
                    (_, Manner::Repeats) if is_login => format!("535 5.7.8 {heard} is wrong, {PASSWORD} too\r\n"),
                    (_, Manner::TalksNonsense) if is_login => format!("{heard}\r\n"),
                    (_, Manner::Vanishes) if is_login => break,
                    (_, Manner::Takes) if is_login && heard == "YWxpY2U=" => "334 UGFzc3dvcmQ6\r\n".to_owned(),
                    (_, Manner::Takes) if is_login => {
                        is_login = false;
                        "235 welcome\r\n".to_owned()
                    }
                    _ => String::new(),
                };
                let _ = reader.get_mut().write_all(answer.as_bytes());
            }
        }
    });
    format!("smtp://alice@{address}")
}

/// A home with a password in it, and accounts that know where.
fn home(url: &str) -> TempDir {
    let directory = TempDir::new().expect("a directory");
    let write = |name: &str, text: &str, mode: u32| {
        let path = directory.path().join(name);
        fs::write(&path, text).expect("it can be written");
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    write("password", &format!("{PASSWORD}\nnotes\n"), 0o600);
    // What the program is called with, and what it gives to those whom it calls.
    let command =
        "#!/bin/sh\nenv > seen.env\ntr '\\0' '\\n' < /proc/$PPID/cmdline > seen.arguments\nhead -n1 password\n";
    write("command", command, 0o700);
    let file = directory.path().join("password");
    let config = format!(
        "[accounts.by-file]\nsmtp = '{url}'\nsecret = {{file = '{}'}}\n\
         [accounts.by-command]\nsmtp = '{url}'\nsecret = {{cmd = ['./command']}}\n\
         [accounts.by-variable]\nsmtp = '{url}'\nsecret = {{env = 'PASSWORD'}}\n",
        file.display()
    );
    write("config.toml", &config, 0o600);
    directory
}

/// Runs the program, and returns all that anybody can read of it: what, and its octets.
fn run(directory: &Path, arguments: &[String]) -> Vec<(String, Vec<u8>)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    command.args(arguments).current_dir(directory).env_clear().env("HOME", directory);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    // A variable that nobody names is no secret of the program's; one that a configured account names is.
    let is_named = |word: &String| matches!(word.as_str(), "--password-env" | "by-command");
    if arguments.iter().any(is_named) {
        command.env("PASSWORD", PASSWORD);
    }
    command.env("MAILKIT_CONFIG", directory.join("config.toml")).env("MAILKIT_NO_INPUT", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    // A run that is refused may not read it.
    let _ = child.stdin.take().expect("it is piped").write_all(b"Hello\n");
    let own = fs::read(format!("/proc/{}/cmdline", child.id())).unwrap_or_default();
    let output = child.wait_with_output().expect("it ends");
    let mut seen = vec![
        ("the arguments".to_owned(), own),
        ("standard output".to_owned(), output.stdout),
        ("standard error".to_owned(), output.stderr),
    ];
    for name in ["trace", "log", "seen.env", "seen.arguments"] {
        if let Ok(octets) = fs::read(directory.join(name)) {
            seen.push((name.to_owned(), octets));
            fs::remove_file(directory.join(name)).expect("it is ours");
        }
    }
    seen
}

fn expect_silence(seen: &[(String, Vec<u8>)], what: &str) {
    for ((place, octets), secret) in seen.iter().flat_map(|seen| canary::ALL.map(|secret| (seen, secret))) {
        let found = leak(octets, secret);
        assert_eq!(found, None, "{what}: {place} shows the password:\n{}", String::from_utf8_lossy(octets));
    }
}

#[test]
fn nobody_but_the_server_reads_the_password() {
    let _watch = watchdog::over("secrets", Duration::from_secs(300));
    for manner in MANNERS {
        let url = serve(manner);
        let directory = home(&url);
        for (source, wish) in SOURCES.iter().flat_map(|source| WISHES.iter().map(move |wish| (source, wish))) {
            let given = source.iter().map(|word| word.replace("{url}", &url));
            let wished = wish.iter().map(|word| (*word).to_owned());
            let rest = ["--helo", "crepes.example", "-f", "alice@crepes.example", "bob@hamburger.example"];
            let all = ["send".to_owned()].into_iter().chain(given).chain(wished).chain(rest.map(str::to_owned));
            let arguments: Vec<String> = all.collect();
            let seen = run(directory.path(), &arguments);
            expect_silence(&seen, &format!("{manner:?} {arguments:?}"));
        }
    }
}

#[test]
fn a_program_that_is_started_learns_no_password_of_others() {
    let _watch = watchdog::over("secrets", Duration::from_secs(120));
    let directory = home("smtp://alice@127.0.0.1:1");
    let pipe = "smtp+pipe:env > seen.env; tr '\\0' '\\n' < /proc/$PPID/cmdline > seen.arguments; echo 421 bye";
    for arguments in [
        // The program is the server, and the password is meant for it alone, in the protocol.
        &[
            "send",
            "--server",
            pipe,
            "--user",
            "alice",
            "--password-env",
            "PASSWORD",
            "-f",
            "a@x.example",
            "b@x.example",
        ][..],
        // The program gives one account's password; another account's is in a variable.
        &["send", "--server", "by-command", "-f", "a@x.example", "b@x.example"],
    ] {
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        let seen = run(directory.path(), &arguments);
        assert!(seen.iter().any(|(place, _)| place == "seen.env"), "the program was not started: {arguments:?}");
        expect_silence(&seen, &format!("{arguments:?}"));
    }
}

#[test]
fn a_password_in_a_place_where_none_belongs_is_not_repeated() {
    let _watch = watchdog::over("secrets", Duration::from_secs(120));
    let directory = home("smtp://alice@127.0.0.1:1");
    let url = format!("smtp://alice:{PASSWORD}@127.0.0.1");
    let proxy = format!("socks5://alice:{PASSWORD}@127.0.0.1:1");
    for arguments in [
        &["send", "--server", &url, "b@x.example"][..],
        &["pop", &url.replace("smtp", "pop3"), "--to", "-"],
        &["imap", "sync", &url.replace("smtp", "imap"), "--maildir", "Mail"],
        &["send", "--server", "smtp://127.0.0.1:1", "--proxy", &proxy, "b@x.example"],
        &["account", "add", &url, "--print"],
        &["config", "show"],
        &["config", "show", "--origin", "--json"],
        &["account", "show", "by-file", "--json"],
    ] {
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        let seen = run(directory.path(), &arguments);
        // The arguments were not ours.
        expect_silence(&seen[1..], &format!("{arguments:?}"));
    }
    let plain =
        format!("[accounts.a]\nsmtp = 'smtp://127.0.0.1:1'\nuser = 'alice'\nsecret = {{plain = '{PASSWORD}'}}\n");
    fs::write(directory.path().join("config.toml"), plain).expect("it can be written");
    for arguments in [&["config", "show"][..], &["config", "check"], &["account", "show", "a"], &["account", "list"]] {
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        expect_silence(&run(directory.path(), &arguments), &format!("{arguments:?}"));
    }
}
