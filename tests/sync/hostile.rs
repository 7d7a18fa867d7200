//! Servers that lie, break off, or say nonsense: each is an error with a name, and nothing is lost by it.

use crate::host::Store;
use crate::world::{flags_of, here, on_disk, pull, steady, there};
use mailkit::endpoint::Endpoint;
use mailkit::error::Kind;
use mailkit::net::tls::Trust;
use mailkit::sasl::Credentials;
use mailkit::secret::Secret;
use mailkit::sync::{self, Source};
use mailkit::world::{Connect, Later, Stream};
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, duplex};

/// Says these things. `{tag}` is the tag of the command that is answered; without answer the connection ends.
#[derive(Clone, Copy)]
struct Script {
    greeting: &'static str,
    capability: &'static str,
    start_tls: &'static str,
    login: &'static str,
    list: &'static str,
    open: &'static str,
    rows: &'static str,
    bodies: &'static str,
}

/// A good one, with a message more than the true server had.
const GOOD: Script = Script {
    greeting: "* OK hello\r\n",
    capability: "* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n",
    start_tls: "{tag} NO none\r\n",
    login: "{tag} OK welcome\r\n",
    list: "* LIST () \"/\" INBOX\r\n{tag} OK done\r\n",
    open: "* 3 EXISTS\r\n* OK [UIDVALIDITY 1] valid\r\n{tag} OK [READ-ONLY] done\r\n",
    rows: "* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 5 INTERNALDATE \"01-Jan-2024 10:00:00 +0000\")\r\n\
           * 2 FETCH (UID 2 FLAGS () RFC822.SIZE 5 INTERNALDATE \"01-Jan-2024 10:00:00 +0000\")\r\n\
           * 3 FETCH (UID 3 FLAGS () RFC822.SIZE 7 INTERNALDATE \"01-Jan-2024 10:00:00 +0000\")\r\n{tag} OK done\r\n",
    bodies: "* 3 FETCH (UID 3 BODY[] {7}\r\nthree\r\n)\r\n{tag} OK done\r\n",
};

impl Connect for Script {
    fn connect(&self, _: SocketAddr) -> Later<'_, io::Result<Box<dyn Stream>>> {
        let (near, far) = duplex(64 * 1024);
        let script = *self;
        tokio::spawn(async move {
            let (read, mut write) = tokio::io::split(far);
            let mut lines = BufReader::new(read).lines();
            if script.greeting.is_empty() || write.write_all(script.greeting.as_bytes()).await.is_err() {
                return;
            }
            while let Ok(Some(line)) = lines.next_line().await {
                let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
                let answer = match command {
                    "CAPABILITY" => script.capability,
                    "STARTTLS" => script.start_tls,
                    "AUTHENTICATE PLAIN" => "+ \r\n",
                    // The answer to the challenge; its tag is the one from before.
                    "" => "c4 OK welcome\r\n",
                    _ if command.starts_with("LOGIN") => script.login,
                    _ if command.starts_with("LIST") => script.list,
                    _ if command.starts_with("EXAMINE") => script.open,
                    _ if command.contains("BODY") => script.bodies,
                    _ if command.starts_with("UID FETCH") => script.rows,
                    _ => "* BYE\r\n{tag} OK done\r\n",
                };
                let sent = write.write_all(answer.replace("{tag}", tag).as_bytes()).await;
                if answer.is_empty() {
                    // Says nothing, and does not go away.
                    std::future::pending::<()>().await;
                }
                if sent.is_err() || !(answer.contains("{tag} ") || answer.starts_with(['+', 'c'])) {
                    return;
                }
            }
        });
        Box::pin(async move { Ok(Box::new(near) as Box<dyn Stream>) })
    }
}

#[tokio::test]
async fn a_server_that_does_not_end_well_is_an_error_and_the_next_run_completes() {
    let half = "* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 5 INTERNALDATE \"01-Jan-2024 10:00:00 +0000\")\r\n";
    let table: Vec<(&str, Script, Kind)> = vec![
        ("no greeting", Script { greeting: "", ..GOOD }, Kind::Temporary),
        ("a greeting of another protocol", Script { greeting: "220 mail.example ESMTP\r\n", ..GOOD }, Kind::Protocol),
        ("a greeting that skips the login", Script { greeting: "* PREAUTH hi\r\n", ..GOOD }, Kind::Unavailable),
        ("busy", Script { greeting: "* BYE too many connections\r\n", ..GOOD }, Kind::Temporary),
        (
            "no logins",
            Script { capability: "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n{tag} OK done\r\n", ..GOOD },
            Kind::Unavailable,
        ),
        ("a refused login", Script { login: "{tag} NO wrong\r\n", ..GOOD }, Kind::NoPermission),
        ("a login at another time", Script { login: "{tag} NO [UNAVAILABLE] later\r\n", ..GOOD }, Kind::Temporary),
        ("a refused list", Script { list: "{tag} NO not now\r\n", ..GOOD }, Kind::Unavailable),
        ("a list that breaks off", Script { list: "* LIST () \"/\" INBOX\r\n", ..GOOD }, Kind::Temporary),
        ("no EXISTS", Script { open: "* OK [UIDVALIDITY 1] valid\r\n{tag} OK done\r\n", ..GOOD }, Kind::Protocol),
        ("rows that break off", Script { rows: half, ..GOOD }, Kind::Temporary),
        ("rows that break off in a line", Script { rows: "* 1 FETCH (UID 1 FL", ..GOOD }, Kind::Temporary),
        ("rows with NO", Script { rows: "{tag} NO not now\r\n", ..GOOD }, Kind::Unavailable),
        ("rows with BAD", Script { rows: "{tag} BAD what?\r\n", ..GOOD }, Kind::Protocol),
        ("rows with BYE", Script { rows: "* BYE going down\r\n{tag} OK done\r\n", ..GOOD }, Kind::Temporary),
        ("another tag", Script { rows: "x{tag} OK done\r\n", ..GOOD }, Kind::Protocol),
        ("an old tag", Script { rows: "m1 OK done\r\n{tag} OK done\r\n", ..GOOD }, Kind::Protocol),
        ("a request to go on", Script { rows: "+ go on\r\n{tag} OK done\r\n", ..GOOD }, Kind::Protocol),
        ("nonsense", Script { rows: "* 1 FETCH nonsense\r\n{tag} OK done\r\n", ..GOOD }, Kind::Protocol),
        ("bodies that break off", Script { bodies: "* 3 FETCH (UID 3 BODY[] {7}\r\nth", ..GOOD }, Kind::Temporary),
        (
            "bodies without end",
            Script { bodies: "* 3 FETCH (UID 3 BODY[] {7}\r\nthree\r\n)\r\n", ..GOOD },
            Kind::Temporary,
        ),
        ("bodies with NO", Script { bodies: "{tag} NO not now\r\n", ..GOOD }, Kind::Unavailable),
        (
            "a literal of four gigabytes",
            Script { bodies: "* 3 FETCH (UID 3 BODY[] {4294967295}\r\n{tag} OK done\r\n", ..GOOD },
            Kind::Protocol,
        ),
        (
            "a literal longer than it is",
            Script { bodies: "* 3 FETCH (UID 3 BODY[] {900}\r\nthree\r\n)\r\n", ..GOOD },
            Kind::Temporary,
        ),
        (
            "a literal shorter than it is",
            Script { bodies: "* 3 FETCH (UID 3 BODY[] {3}\r\nthree\r\n)\r\n{tag} OK done\r\n", ..GOOD },
            Kind::Protocol,
        ),
    ];
    let dir = tempfile::tempdir().expect("a directory");
    let place = on_disk(dir.path());
    let store = Store::new();
    for letter in ["one\r\n", "two\r\n"] {
        store.lock().expect("nobody panicked").create("INBOX").deliver(letter.as_bytes(), flags_of(&[]));
    }
    pull(&place, &steady(&store)).await.expect("pulled");
    let before = here(&place).await;
    for (what, script, kind) in table {
        let error = pull(&place, &script).await.expect_err(what);
        assert_eq!(error.kind(), kind, "{what}: {error}");
        assert!(!error.to_string().contains("secret"), "{what}: {error}");
        assert!(error.to_string().len() < 300, "{what}: {error}");
        assert_eq!(here(&place).await, before, "{what}");
    }
    assert_eq!(pull(&place, &GOOD).await.expect("pulled").new, 1);
    store.lock().expect("nobody panicked").create("INBOX").deliver(b"three\r\n", flags_of(&[]));
    assert_eq!(pull(&place, &steady(&store)).await.expect("pulled").fetched, 0);
    let texts = |seen: Vec<crate::world::Seen>| seen.into_iter().map(|(_, text, ..)| text).collect::<Vec<_>>();
    assert_eq!(texts(here(&place).await), texts(there(&store)));
}

#[tokio::test]
async fn words_in_clear_behind_the_answer_to_starttls_end_the_conversation() {
    let capability = "* CAPABILITY IMAP4rev1 STARTTLS\r\n{tag} OK done\r\n";
    for (start_tls, wanted) in [
        ("{tag} OK go on\r\n* PREAUTH it is me\r\n", "spoke on in clear"),
        ("{tag} OK go on\r\n", "handshake"),
        ("{tag} NO not today\r\n", "offers TLS and then refuses it"),
        ("{tag} BAD what?\r\n", "offers TLS and then refuses it"),
    ] {
        let error = log_in(&Script { capability, start_tls, ..GOOD }, "imap://bob@127.0.0.1?tls=require").await;
        assert!(error.as_ref().is_some_and(|error| error.contains(wanted)), "{start_tls}: {error:?}");
    }
    let error = log_in(&GOOD, "imap://bob@127.0.0.1?tls=require").await;
    assert!(error.is_some_and(|error| error.contains("does not offer TLS")));
    assert_eq!(log_in(&GOOD, "imap://bob@127.0.0.1?tls=try").await, None);
}

#[tokio::test]
async fn a_challenge_is_answered_when_the_server_wants_to_be_asked_first() {
    let capability = "* CAPABILITY IMAP4rev1 AUTH=PLAIN LOGINDISABLED\r\n{tag} OK done\r\n";
    assert_eq!(log_in(&Script { capability, ..GOOD }, "imap://bob@127.0.0.1").await, None);
}

/// Why the login does not succeed, if it does not.
async fn log_in(script: &Script, url: &str) -> Option<String> {
    let endpoint = Endpoint::parse(url).expect("a URL");
    let source = Source {
        endpoint: &endpoint,
        addresses: vec![SocketAddr::from(([127, 0, 0, 1], 143))],
        credentials: Credentials::new("bob", Secret::new("secret".into())),
        trust: Trust::Anyone,
        trace: None,
    };
    sync::open(script, source).await.err().map(|error| error.to_string())
}

#[tokio::test(start_paused = true)]
async fn a_server_that_falls_silent_is_not_waited_for_without_end() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = on_disk(dir.path());
    for script in [
        Script { capability: "", ..GOOD },
        Script { login: "", ..GOOD },
        Script { list: "", ..GOOD },
        Script { rows: "", ..GOOD },
        Script { bodies: "", ..GOOD },
    ] {
        let error = pull(&place, &script).await.expect_err("it ends");
        assert_eq!(error.kind(), Kind::Temporary, "{error}");
    }
}

#[tokio::test]
async fn news_between_the_answers_and_messages_nobody_asked_for_change_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = on_disk(dir.path());
    let script = Script {
        rows: "* 4 EXISTS\r\n* 3 FETCH (FLAGS (\\Seen))\r\n\
               * 3 FETCH (UID 3 FLAGS () RFC822.SIZE 7 INTERNALDATE \" 1-Jan-2024 10:00:00 +0000\")\r\n\
               * OK still here\r\n{tag} OK done\r\n",
        bodies: "* 9 FETCH (UID 9 BODY[] {5}\r\nnine\n)\r\n* 3 FETCH (UID 3 BODY[] {7}\r\nthree\r\n)\r\n\
                 * 3 FETCH (UID 3 BODY[] {5}\r\nfour\n)\r\n* 1 EXPUNGE\r\n{tag} OK done\r\n",
        ..GOOD
    };
    assert_eq!(pull(&place, &script).await.expect("pulled").new, 1);
    let found = here(&place).await;
    assert_eq!(found.iter().map(|(_, text, ..)| text.as_str()).collect::<Vec<_>>(), ["three\r\n"]);
    // A message that is listed but does not come is asked for again.
    let silent = Script { bodies: "{tag} OK done\r\n", ..GOOD };
    let run = pull(&place, &silent).await.expect("pulled");
    assert_eq!((run.new, run.missing), (0, 2));
    assert_eq!(here(&place).await, found);
}
