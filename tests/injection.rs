//! Whatever somebody puts into any field of `send` is refused, or comes out as that one field.
//!
//! Each value goes into each place; the program really sends, and what the server hears is looked at: the commands,
//! the fields of the message and of its parts, and nothing else.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod nasty;
mod printed;
mod watchdog;

use mailkit::message::view::Message;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const THREADS: usize = 4;
const WAIT: Duration = Duration::from_secs(60);

/// Places, as the arguments that put a value there; `{}` is the value. What the message has there as its own is its
/// own business: of these only the commands are looked at.
const PLACES: [(&str, &[&str], bool); 18] = [
    ("-s", &["-s={}", "-m=Text", "bob@hamburger.example"], false),
    ("-f", &["-f={}", "-m=Text", "bob@hamburger.example"], false),
    ("-f name", &["-f={} <alice@crepes.example>", "-m=Text", "bob@hamburger.example"], false),
    ("-r", &["-r={}", "-m=Text", "bob@hamburger.example"], false),
    ("--to", &["--to={}", "-m=Text", "bob@hamburger.example"], false),
    ("-c", &["-c={}", "-m=Text", "bob@hamburger.example"], false),
    ("-c name", &["-c=\"{}\" <carol@hamburger.example>", "-m=Text", "bob@hamburger.example"], false),
    ("-b", &["-b={}", "-m=Text", "bob@hamburger.example"], false),
    ("--reply-to", &["--reply-to={}", "-m=Text", "bob@hamburger.example"], false),
    ("recipient", &["-m=Text", "--", "{}"], false),
    ("-H name", &["-H={}: value", "-m=Text", "bob@hamburger.example"], false),
    ("-H value", &["-H=X-Test: {}", "-m=Text", "bob@hamburger.example"], false),
    ("-a name", &["-a=file;name={}", "-m=Text", "bob@hamburger.example"], false),
    ("-a type", &["-a=file;type={}", "-m=Text", "bob@hamburger.example"], false),
    ("--helo", &["--helo={}", "-m=Text", "bob@hamburger.example"], false),
    ("-m", &["-m={}", "bob@hamburger.example"], false),
    ("To of a message", &["-t", "--message=message"], true),
    ("account", &["--config=config", "-m=Text", "bob@hamburger.example"], false),
];

/// Top fields that there may be, each once, beside the one under test.
const FIELDS: [&str; 11] = [
    "date",
    "from",
    "message-id",
    "to",
    "cc",
    "reply-to",
    "subject",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "x-test",
];
const PART_FIELDS: [&str; 3] = ["content-type", "content-disposition", "content-transfer-encoding"];

#[test]
fn no_value_in_any_place_makes_more_than_that_place_is_for() {
    let _watch = watchdog::over("the injection of values", WAIT * 4);
    let endless = nasty::endless();
    let values: Vec<&str> = nasty::VALUES.iter().copied().chain([endless.as_str()]).collect();
    let cases: Vec<(usize, &str)> =
        (0..PLACES.len()).flat_map(|place| values.iter().map(move |value| (place, *value))).collect();
    let (next, sent) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let directory = tempfile::tempdir().unwrap();
        let mut failures = Vec::new();
        while let Some((place, value)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (name, arguments, is_complete) = PLACES[*place];
            match try_one(directory.path(), name, arguments, value, is_complete) {
                Ok(accepted) => _ = sent.fetch_add(usize::from(accepted), Ordering::Relaxed),
                Err(why) => failures.push(format!("{name} = {value:?}: {why}")),
            }
        }
        failures
    };
    let failures: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), cases.len(), failures.join("\n"));
    // A test in which everything is refused would show nothing.
    assert!(sent.into_inner() > 300);
}

/// Sends once; says whether it went out.
fn try_one(directory: &Path, name: &str, arguments: &[&str], value: &str, is_complete: bool) -> Result<bool, String> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::fs::write(directory.join("file"), "content").unwrap();
    if is_complete {
        let message = format!("From: alice@crepes.example\r\nTo: {value}\r\n\r\nText\r\n");
        std::fs::write(directory.join("message"), message).unwrap();
    }
    let server = if name == "account" {
        let quoted = serde_json::to_string(value).unwrap();
        let config =
            format!("[accounts.a]\nemail = \"alice@crepes.example\"\nname = {quoted}\nsmtp = \"smtp://{address}\"\n");
        std::fs::write(directory.join("config"), config).unwrap();
        "a".to_owned()
    } else {
        format!("smtp://{address}")
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    command.args(["send", "--no-input", "--server", &server]).current_dir(directory);
    if name != "--helo" {
        command.arg("--helo=crepes.example");
    }
    if !name.starts_with("-f") && name != "account" {
        command.arg("-f=alice@crepes.example");
    }
    command.args(arguments.iter().map(|argument| argument.replace("{}", value)));
    command.env("HOME", directory).env("XDG_CONFIG_HOME", directory).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let heard = std::thread::spawn(move || serve(&listener));
    let ended = command.output();
    // The connection after which the server asks for no other.
    drop(TcpStream::connect(address).unwrap());
    let sessions = heard.join().unwrap();
    // No program can be given a NUL as an argument.
    let Ok(ended) = ended else { return Ok(false) };
    printed::show(&ended.stdout, &ended.stderr);
    let code = ended.status.code();
    if code != Some(0) {
        return match (code, sessions.iter().any(|session| session.message.is_some())) {
            (Some(64 | 65 | 66 | 78), false) => Ok(false),
            other => Err(format!("it ended with {other:?}: {}", String::from_utf8_lossy(&ended.stderr))),
        };
    }
    let [session] = sessions.as_slice() else { return Err(format!("{} connections", sessions.len())) };
    // Who is named among recipients is one.
    let may_add = ["--to", "-c", "-b", "recipient", "To of a message"].contains(&name);
    commands(session, may_add)?;
    let message = session.message.as_deref().ok_or("no message")?;
    // What stands before a colon of its own is the name, the rest the value.
    let own = if name == "-H name" { value.split(':').next().unwrap_or_default() } else { "" };
    fields(message, is_complete, own.trim_end().to_ascii_lowercase().as_str())?;
    Ok(true)
}

/// What the server heard.
struct Session {
    lines: Vec<String>,
    message: Option<Vec<u8>>,
}

fn serve(listener: &TcpListener) -> Vec<Session> {
    let mut sessions = Vec::new();
    loop {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(WAIT)).unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut session = Session { lines: Vec::new(), message: None };
        // Whoever is gone already hears nothing.
        let _ = stream.write_all(b"220 mx ESMTP\r\n");
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            let text = String::from_utf8_lossy(&line).into_owned();
            line.clear();
            let answer = match text.get(..4).map(str::to_ascii_uppercase).as_deref() {
                Some("EHLO") => "250-mx\r\n250-8BITMIME\r\n250-SIZE\r\n250 SMTPUTF8\r\n",
                Some("DATA") => "354 go\r\n",
                _ => "250 ok\r\n",
            };
            let is_data = answer.starts_with("354");
            session.lines.push(text);
            if stream.write_all(answer.as_bytes()).is_err() {
                break;
            }
            if is_data {
                let mut message = Vec::new();
                while !message.ends_with(b"\r\n.\r\n") && reader.read_until(b'\n', &mut message).unwrap() > 0 {}
                message.truncate(message.len() - 3);
                session.message = Some(message);
                let _ = stream.write_all(b"250 ok\r\n");
            }
        }
        if session.lines.is_empty() {
            return sessions;
        }
        sessions.push(session);
    }
}

/// EHLO, MAIL, RCPTs, DATA, QUIT, in this order and with nothing behind them but what is ours.
fn commands(session: &Session, may_add: bool) -> Result<(), String> {
    let wrong = |line: &str| Err(format!("it said {line:?}"));
    let mut words = Vec::new();
    for line in &session.lines {
        let Some(text) = line.strip_suffix("\r\n") else { return wrong(line) };
        if text.chars().any(char::is_control) || text.len() > 1000 {
            return wrong(line);
        }
        let word = text.get(..4).unwrap_or_default();
        let is_ours = match word {
            "EHLO" => text.split(' ').count() == 2,
            "MAIL" => {
                let (path, parameters) = text.rsplit_once('>').unwrap_or_default();
                let ours = |p: &str| p.is_empty() || p == "SMTPUTF8" || p == "BODY=8BITMIME" || p.starts_with("SIZE=");
                path.starts_with("MAIL FROM:<") && parameters.split(' ').all(ours)
            }
            "RCPT" => text.starts_with("RCPT TO:<") && text.ends_with('>') && (may_add || !text.contains("evil@blind")),
            _ => text == "DATA" || text == "QUIT",
        };
        if !is_ours {
            return wrong(line);
        }
        words.push(word);
    }
    words.dedup();
    match words.as_slice() {
        ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"] => Ok(()),
        other => Err(format!("it said {other:?}")),
    }
}

/// One field of each name, none that is not ours; parts as many as were asked for, with their fields.
fn fields(octets: &[u8], is_complete: bool, own: &str) -> Result<(), String> {
    let text = String::from_utf8_lossy(octets);
    let wrong = |what: &str| Err(format!("{what} in {text:?}"));
    if text.replace("\r\n", "").contains(['\r', '\n', '\0']) {
        return wrong("a bare line end");
    }
    if text.split("\r\n").any(|line| line.len() > 998) && !is_complete {
        return wrong("a long line");
    }
    let message = Message::parse(octets);
    let names = |part| message.fields(part).map(|field| field.name.to_ascii_lowercase()).collect::<Vec<_>>();
    let mut seen = Vec::new();
    for name in names(message.root()) {
        let is_ours = is_complete || FIELDS.contains(&name.as_str()) || name == own;
        if name == "bcc" || !is_complete && seen.contains(&name) || !is_ours {
            return wrong(&format!("the field {name}"));
        }
        seen.push(name);
    }
    if message.parts().len() > 3 || !is_complete && !message.flaws().is_empty() {
        return wrong(&format!("{} parts, {:?}", message.parts().len(), message.flaws()));
    }
    for part in message.parts().iter().skip(1) {
        if !names(part).iter().all(|name| PART_FIELDS.contains(&name.as_str())) {
            return wrong("a field of a part");
        }
    }
    Ok(())
}
