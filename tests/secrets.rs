//! A password, wherever it comes from and whatever the server does to it, is read by nobody but that server.
//!
//! The program runs against servers that refuse, break, vanish and repeat what they hear; what it prints, traces and
//! logs, its arguments, and the environment and arguments of every program that it starts are searched for the
//! password in every form.

mod canary;
mod printed;
mod watchdog;

use canary::{PASSWORD, leak};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// How the secrets begin that other tests make as they go.
const OTHERS: [&str; 5] = ["canary-access-", "canary-refresh-", "canary-code-", "canary-device-", "canary-client-"];

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

/// What the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tongue {
    Smtp,
    Pop3,
    Imap,
}

/// The ways to give a password that are no argument; the last four are the configuration's.
const SOURCES: [&[&str]; 7] = [
    &["{url}", "--password-env", "PASSWORD"],
    &["{url}", "--password-file", "password"],
    &["{url}", "--password-cmd", "./child"],
    &["by-file"],
    &["by-command"],
    &["by-variable"],
    &["by-netrc"],
];

/// What is asked of the program besides; each may print more than the others.
const WISHES: [&[&str]; 4] = [&["--json"], &["-v", "--trace"], &["--trace=trace", "--quiet"], &["--auth", "LOGIN"]];

/// Serves one connection after the other in this manner, until the test is over. Returns its URL, and how often
/// somebody has begun to log in.
fn serve(tongue: Tongue, manner: Manner) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let logins = Arc::new(AtomicUsize::new(0));
    let counted = logins.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let (mut line, mut login) = (String::new(), Vec::new());
            // Whoever has hung up hears no more.
            let _ = reader.get_mut().write_all(tongue.greeting().as_bytes());
            while reader.read_line(&mut line).is_ok_and(|count| count > 0) {
                let heard = std::mem::take(&mut line).trim_end().to_owned();
                if login.is_empty() && tongue.is_login(&heard) {
                    counted.fetch_add(1, Ordering::Relaxed);
                    login.push(heard.clone());
                } else if !login.is_empty() {
                    login.push(heard.clone());
                }
                let answer = match (login.as_slice(), manner) {
                    ([], _) => tongue.answer(&heard),
                    (_, Manner::Vanishes) => break,
                    (_, Manner::TalksNonsense) => format!("{heard}\r\n"),
                    (_, Manner::Repeats) => tongue.refusal(&login[0], &format!("{heard} is wrong, {PASSWORD} too")),
                    (_, Manner::Refuses) => tongue.refusal(&login[0], "no"),
                    (steps, Manner::Takes) => match tongue.question(steps) {
                        Some(question) => question.to_owned(),
                        None => {
                            let welcome = tongue.welcome(&steps[0]);
                            login.clear();
                            welcome
                        }
                    },
                };
                if manner != Manner::Takes {
                    login.clear();
                }
                let _ = reader.get_mut().write_all(answer.as_bytes());
            }
        }
    });
    (format!("{}://alice@{address}", tongue.scheme()), logins)
}

impl Tongue {
    fn scheme(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Pop3 => "pop3",
            Self::Imap => "imap",
        }
    }

    fn greeting(self) -> &'static str {
        match self {
            Self::Smtp => "220 mx\r\n",
            Self::Pop3 => "+OK mx\r\n",
            Self::Imap => "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=LOGIN] mx\r\n",
        }
    }

    fn is_login(self, heard: &str) -> bool {
        ["AUTH", "PASS", "LOGIN", "AUTHENTICATE"].iter().any(|verb| heard.split(' ').take(2).any(|word| word == *verb))
    }

    /// What is asked after these lines of a login, if its end is not here yet.
    fn question(self, steps: &[String]) -> Option<&'static str> {
        let goes_on = if self == Self::Smtp { ["334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n"] } else { ["+ \r\n"; 2] };
        let is_bare = steps[0].ends_with(" LOGIN");
        match (steps[0].ends_with(" PLAIN"), is_bare, steps.len()) {
            (true, _, 1) | (_, true, 1) => Some(goes_on[0]),
            (_, true, 2) => Some(goes_on[1]),
            _ => None,
        }
    }

    fn welcome(self, login: &str) -> String {
        match self {
            Self::Smtp => "235 welcome\r\n".to_owned(),
            Self::Pop3 => "+OK welcome\r\n".to_owned(),
            Self::Imap => format!("{} OK welcome\r\n", tag(login)),
        }
    }

    fn refusal(self, login: &str, words: &str) -> String {
        match self {
            Self::Smtp => format!("535 5.7.8 {words}\r\n"),
            Self::Pop3 => format!("-ERR [AUTH] {words}\r\n"),
            Self::Imap => format!("{} NO [AUTHENTICATIONFAILED] {words}\r\n", tag(login)),
        }
    }

    /// What is said to anything but a login.
    fn answer(self, heard: &str) -> String {
        let verb = heard.split(' ').nth(usize::from(self == Self::Imap)).unwrap_or_default();
        match (self, verb) {
            (Self::Smtp, "EHLO") => "250-mx\r\n250 AUTH PLAIN LOGIN\r\n".to_owned(),
            (Self::Smtp, "MAIL" | "RCPT" | "." | "RSET") => "250 ok\r\n".to_owned(),
            (Self::Smtp, "DATA") => "354 go on\r\n".to_owned(),
            (Self::Smtp, "QUIT") => "221 bye\r\n".to_owned(),
            (Self::Smtp, _) => String::new(),
            (Self::Pop3, "CAPA") => "+OK\r\nUSER\r\nUIDL\r\nSASL PLAIN LOGIN\r\n.\r\n".to_owned(),
            (Self::Pop3, "STAT") => "+OK 0 0\r\n".to_owned(),
            (Self::Pop3, "UIDL" | "LIST") => "+OK\r\n.\r\n".to_owned(),
            (Self::Pop3, _) => "+OK\r\n".to_owned(),
            (Self::Imap, "CAPABILITY") => {
                format!("* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=LOGIN\r\n{} OK\r\n", tag(heard))
            }
            (Self::Imap, "LOGOUT") => format!("* BYE\r\n{} OK\r\n", tag(heard)),
            // There is nothing to synchronise with.
            (Self::Imap, _) => format!("{} NO not today\r\n", tag(heard)),
        }
    }
}

fn tag(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
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
    write("netrc", &format!("machine 127.0.0.1 login alice password {PASSWORD}\n"), 0o600);
    // A program that is started: as a command it gives the password, as anything else it is only there. What it is
    // given, and what the program that starts it was given as arguments, is seen. Whoever waits for a browser ends.
    let child = "#!/bin/sh\ncd \"$HOME\"\nenv >> seen.env\n\
                 for who in $$ $PPID; do tr '\\0' '\\n' < /proc/$who/cmdline >> seen.arguments; done\n\
                 case $1 in https:*) kill $PPID ;; ?*) ;; *) head -n1 password ;; esac\n";
    write("child", child, 0o700);
    let (file, child) = (directory.path().join("password"), directory.path().join("child"));
    let servers = match url.split_once("://") {
        Some(("pop3", _)) => format!("pop = '{url}'"),
        Some((scheme, _)) => format!("{scheme} = '{url}'"),
        None => String::new(),
    };
    let config = format!(
        "[accounts.by-file]\n{servers}\nsecret = {{file = '{0}'}}\n[accounts.by-command]\n{servers}\nsecret = {{cmd = ['{1}']}}\n\
         [accounts.by-variable]\n{servers}\nsecret = {{env = 'PASSWORD'}}\n\
         [accounts.by-netrc]\n{servers}\nsecret = {{netrc = '{2}'}}\n\
         [accounts.elsewhere]\nname = {{cmd = ['{1}']}}\nsmtp = 'smtp://127.0.0.1:1'\nauth = 'none'\n\
         [accounts.tokens]\nuser = 'alice'\nauth = 'oauth'\noauth = {{client-id = 'me', auth-url = 'https://localhost:1/', \
         token-url = 'https://localhost:1/'}}\n",
        file.display(),
        child.display(),
        directory.path().join("netrc").display()
    );
    write("config.toml", &config, 0o600);
    directory
}

/// Runs the program, and returns all that anybody can read of it: what, and its octets.
fn run(directory: &Path, arguments: &[String]) -> Vec<(String, Vec<u8>)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    command.args(arguments).current_dir(directory).env_clear().env("HOME", directory);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("PASSWORD", PASSWORD);
    // An account names the first; a variable that nobody names is no secret of the program's.
    if arguments.iter().any(|word| word == "PROXY_PASSWORD") {
        command.env("PROXY_PASSWORD", PASSWORD);
    }
    for name in ["VISUAL", "BROWSER"] {
        command.env(name, directory.join("child"));
    }
    command.env("MAILKIT_CONFIG", directory.join("config.toml"));
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
    seen.iter().for_each(|(_, octets)| printed::show(octets, &[]));
    for ((place, octets), secret) in seen.iter().flat_map(|seen| canary::ALL.map(|secret| (seen, secret))) {
        let found = leak(octets, secret);
        assert_eq!(found, None, "{what}: {place} shows the password:\n{}", String::from_utf8_lossy(octets));
    }
}

fn words(all: &[&[&str]], url: &str) -> Vec<String> {
    all.concat().into_iter().map(|word| word.replace("{url}", url)).collect()
}

/// Runs a command with a server, or an account, between these words, in all ways.
fn runs_in_silence(tongue: Tongue, before: &[&str], after: &[&str]) {
    let _watch = watchdog::over("secrets", Duration::from_secs(300));
    for manner in MANNERS {
        let (url, logins) = serve(tongue, manner);
        let directory = home(&url);
        for (source, wish) in SOURCES.iter().flat_map(|source| WISHES.iter().map(move |wish| (source, wish))) {
            let arguments = words(&[before, source, wish, after], &url);
            let before = logins.load(Ordering::Relaxed);
            let seen = run(directory.path(), &arguments);
            expect_silence(&seen, &format!("{manner:?} {arguments:?}"));
            assert!(logins.load(Ordering::Relaxed) > before, "nobody logged in: {manner:?} {arguments:?}");
        }
    }
}

const MESSAGE: [&str; 5] = ["--helo", "crepes.example", "-f", "alice@crepes.example", "bob@hamburger.example"];

#[test]
fn nobody_but_the_server_reads_the_password_of_who_sends() {
    runs_in_silence(Tongue::Smtp, &["send", "--server"], &MESSAGE);
    runs_in_silence(Tongue::Smtp, &["send", "--server"], &[&["-n=connect", "--log=log"], &MESSAGE[..]].concat());
}

#[test]
fn nobody_but_the_server_reads_the_password_of_who_retrieves() {
    runs_in_silence(Tongue::Pop3, &["pop"], &["--to", "maildir:Mail", "--keep", "all"]);
}

#[test]
fn nobody_but_the_server_reads_the_password_of_who_synchronises() {
    runs_in_silence(Tongue::Imap, &["imap", "sync"], &["--maildir", "Mail"]);
}

#[test]
fn nobody_but_the_server_reads_the_password_of_a_relay() {
    let _watch = watchdog::over("secrets", Duration::from_secs(300));
    for manner in MANNERS {
        let (url, logins) = serve(Tongue::Smtp, manner);
        let directory = home(&url);
        let by = |option: &'static str, what: &'static str| vec!["--smarthost", &url, option, what];
        for (account, relay) in [
            ("by-command", vec![]),
            ("by-file", vec![]),
            ("by-variable", vec![]),
            ("by-netrc", vec![]),
            // Without an account it is for the relay to say where the password is.
            ("", by("--smarthost-password-cmd", "./child")),
            ("", by("--smarthost-password-env", "PASSWORD")),
            ("", by("--smarthost-password-file", "password")),
        ] {
            let queue = ["send", "--queue", "always", "--data", "data"];
            let account = if account.is_empty() { &[][..] } else { &["-A", account] };
            let send = words(&[&queue, account, &MESSAGE[2..]], &url);
            expect_silence(&run(directory.path(), &send), &format!("{manner:?} {send:?}"));
            let flush = ["relay", "flush", "--data", "data", "--trace=trace", "--resolver", "127.0.0.1:1"];
            let flush = words(&[&flush[..], &relay], &url);
            let before = logins.load(Ordering::Relaxed);
            expect_silence(&run(directory.path(), &flush), &format!("{manner:?} {flush:?}"));
            assert!(logins.load(Ordering::Relaxed) > before, "nobody logged in: {manner:?} {flush:?}");
        }
    }
}

#[test]
fn a_program_that_is_started_learns_no_password() {
    let _watch = watchdog::over("secrets", Duration::from_secs(120));
    let pipe = "smtp+pipe:./child >/dev/null; echo 421 bye";
    let who = ["-f", "a@x.example", "b@x.example"];
    for arguments in [
        // The program is the server, and the password is meant for it alone, in the protocol.
        &["send", "--server", pipe, "--user", "alice", "--password-env", "PASSWORD"][..],
        // The program gives one account's password; another account's is in a variable, which only the account names.
        &["send", "--server", "by-command"],
        &["send", "--server", "smtp://alice@127.0.0.1:1", "--password-cmd", "./child"],
        &["account", "check", "by-command"],
        // A proxy has a password too, which only an argument names.
        &[
            "send",
            "--server",
            "smtp://alice@127.0.0.1:1",
            "--password-cmd",
            "./child",
            "--proxy",
            "socks5h://alice@127.0.0.1:1",
            "--proxy-password-env",
            "PROXY_PASSWORD",
        ],
        // It gives something else.
        &["send", "--server", "elsewhere"],
        &["account", "show", "elsewhere"],
        // It is an editor, or a browser.
        &["config", "edit"],
        &["account", "edit", "by-file"],
        &["auth", "login", "tokens", "--browser"],
    ] {
        let directory = home("smtp://alice@127.0.0.1:1");
        let arguments = words(&[arguments, if arguments[0] == "send" { &who } else { &[] }], "");
        let seen = run(directory.path(), &arguments);
        if arguments[1] != "show" {
            assert!(seen.iter().any(|(place, _)| place == "seen.env"), "the program was not started: {arguments:?}");
        }
        expect_silence(&seen, &format!("{arguments:?}"));
    }
}

#[test]
fn an_editor_for_what_is_broken_learns_no_password() {
    let _watch = watchdog::over("secrets", Duration::from_secs(120));
    let directory = home("smtp://alice@127.0.0.1:1");
    let path = directory.path().join("config.toml");
    let text = fs::read_to_string(&path).expect("a file") + "[accounts.x]\nsmpt = 1\n";
    fs::write(path, text).expect("it can be written");
    let seen = run(directory.path(), &["config".to_owned(), "edit".to_owned()]);
    assert!(seen.iter().any(|(place, _)| place == "seen.env"), "no editor was started");
    expect_silence(&seen, "config edit");
}

/// What `.ci/run` has kept of the whole suite.
#[test]
#[ignore = "looks at what another run has printed, named by MAILKIT_SUITE"]
fn the_output_of_the_whole_suite_holds_no_secret() {
    let path = std::env::var_os("MAILKIT_SUITE").expect("MAILKIT_SUITE names a file");
    let output = fs::read(path).expect("it is there");
    let text = String::from_utf8_lossy(&output);
    // An output that is empty has no secret in it either.
    assert!(text.matches(printed::MARK).count() > 500 && text.contains("a_program_that_is_started_learns_no_password"));
    // Line by line, so that what was found is seen with its neighbours.
    let lines: Vec<&str> = text.lines().collect();
    let found = canary::ALL.into_iter().chain(OTHERS).find(|secret| leak(&output, secret).is_some());
    let at = found.and_then(|secret| lines.iter().position(|line| leak(line.as_bytes(), secret).is_some()));
    let shown = at.map(|at| format!("line {}:\n{}", at + 1, lines[at.saturating_sub(10)..=at].join("\n")));
    assert_eq!((found, shown), (None, None), "the suite printed a secret");
}

#[test]
fn a_password_in_a_place_where_none_belongs_is_not_repeated() {
    let _watch = watchdog::over("secrets", Duration::from_secs(120));
    let directory = home("smtp://alice@127.0.0.1:1");
    let path = directory.path().join("config.toml");
    let wrong = format!(
        "[accounts.wrong-urls]\nauth = 'oauth'\noauth = {{client-id = 'x', auth-url = 'https://a:{PASSWORD}@x/'}}\n"
    );
    let text = fs::read_to_string(&path).expect("a file") + &wrong;
    fs::write(&path, text).expect("it can be written");
    let url = format!("smtp://alice:{PASSWORD}@127.0.0.1");
    let proxy = format!("socks5://alice:{PASSWORD}@127.0.0.1:1");
    for arguments in [
        &["send", "--server", &url, "b@x.example"][..],
        &["pop", &url.replace("smtp", "pop3"), "--to", "-"],
        &["imap", "sync", &url.replace("smtp", "imap"), "--maildir", "Mail"],
        &["send", "--server", "smtp://127.0.0.1:1", "--proxy", &proxy, "b@x.example"],
        &["account", "add", &url, "--print"],
        &["account", "add", &url.replace("smtp://", ""), "--print"],
        &["account", "discover", &url],
        &["account", "trust", &url],
        &["account", "trust", &url.replace("smtp:", "")],
        &["account", "show", &url],
        &["send", "--server", &url.replace("smtp", "imap").replace("e:h", "e%3Ah"), "b@x.example"],
        &["mx", "probe", &url],
        &["mx", "probe", &url.replace("e:h", "e%3Ah")],
        &["mx", "lookup", &url],
        &["mx", "lookup", &url.replace("smtp://", "@"), "x.example"],
        &["account", "edit", "by-file", "--set", &format!("secret={{plain='{PASSWORD}'}}")],
        &["account", "edit", "by-file", "--set", &format!("secret.plain={PASSWORD}")],
        &["auth", "login", "wrong-urls"],
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
