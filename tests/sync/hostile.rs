//! Servers that lie, break off, or say nonsense: each is an error with a name, and nothing is lost by it.

use crate::host::Store;
use crate::world::{flags_of, here, on_disk, pull, steady, there};
use mailkit::endpoint::Endpoint;
use mailkit::engine::dial::Way;
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
    /// Answers to what there is and with which flags.
    rows: &'static str,
    headers: &'static str,
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
    headers: "{tag} OK done\r\n",
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
                    _ if command.starts_with("LSUB") => "{tag} OK done\r\n",
                    _ if command.starts_with("STATUS") => "{tag} NO not of mailboxes that are closed\r\n",
                    _ if command.starts_with("EXAMINE") => script.open,
                    _ if command.ends_with("(UID BODY.PEEK[HEADER])") => script.headers,
                    _ if command.contains("BODY.PEEK[]") => script.bodies,
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
        ("rows with BYE", Script { rows: "* BYE going down\r\n{tag} OK done\r\n", ..GOOD }, Kind::Temporary),
        ("another tag", Script { rows: "x{tag} OK done\r\n", ..GOOD }, Kind::Protocol),
        ("an old tag", Script { rows: "m1 OK done\r\n{tag} OK done\r\n", ..GOOD }, Kind::Protocol),
        ("a request to go on", Script { rows: "+ go on\r\n{tag} OK done\r\n", ..GOOD }, Kind::Protocol),
        ("another protocol", Script { rows: "HTTP/1.1 400 Bad Request\r\n{tag} OK done\r\n", ..GOOD }, Kind::Protocol),
        ("a line with a NUL", Script { rows: "* OK \0\r\n{tag} OK done\r\n", ..GOOD }, Kind::Protocol),
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
    // A mailbox that is refused is told, and costs no other one.
    for script in [
        Script { open: "{tag} NO not now\r\n", ..GOOD },
        Script { rows: "{tag} NO not now\r\n", ..GOOD },
        Script { rows: "{tag} BAD what?\r\n", ..GOOD },
        Script { open: "* 3 EXISTS\r\n{tag} OK done\r\n", ..GOOD },
    ] {
        let run = pull(&place, &script).await.expect("pulled");
        assert_eq!((run.refusals, run.refused[0].folder.as_str(), run.fetched), (1, "INBOX", 0));
        assert_eq!(here(&place).await, before);
    }
    assert_eq!(pull(&place, &GOOD).await.expect("pulled").fetched, 1);
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
        way: Way::to(vec![SocketAddr::from(([127, 0, 0, 1], 143))], Trust::Anyone),
        credentials: Credentials::new("bob", Secret::new("secret".into())),
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
    assert_eq!(pull(&place, &script).await.expect("pulled").fetched, 1);
    let found = here(&place).await;
    assert_eq!(found.iter().map(|(_, text, ..)| text.as_str()).collect::<Vec<_>>(), ["three\r\n"]);
    // A message that is listed but does not come is asked for again.
    let silent = Script { bodies: "{tag} OK done\r\n", ..GOOD };
    let run = pull(&place, &silent).await.expect("pulled");
    assert_eq!((run.fetched, run.missing), (0, 2));
    assert_eq!(here(&place).await, found);
}

#[tokio::test]
async fn what_nobody_asked_for_is_passed_over_however_odd_it_is() {
    let depth = 200_000;
    let nested = format!("* 1 FETCH (BODYSTRUCTURE {}{})\r\n", "(".repeat(depth / 2), ")".repeat(depth / 2));
    let odd = [
        "* OK [ALERT]\u{e9}\r\n",
        "* NO [BADCHARSET ((((] x\r\n",
        "* ESEARCH (TAG \"x\") UID ALL 1:3\r\n",
        "* XJUNK \u{1b}[2J {5}\r\n12345 more\r\n",
        "* 99999999999 EXISTS\r\n",
        "* 1 FETCH (FLAGS nonsense)\r\n",
        "* CAPABILITY IMAP4rev2\r\n",
        "\r\n",
        &nested,
    ];
    for odd in odd {
        let script = |answer: &'static str| -> &'static str { String::leak(format!("{odd}{answer}")) };
        let script = Script {
            list: script(GOOD.list),
            open: script(GOOD.open),
            rows: script(GOOD.rows),
            bodies: script(GOOD.bodies),
            ..GOOD
        };
        let dir = tempfile::tempdir().expect("a directory");
        let run = pull(&on_disk(dir.path()), &script).await;
        let run = run.unwrap_or_else(|error| panic!("{error} at {odd:.40}"));
        assert_eq!((run.fetched, run.missing, run.refusals), (1, 2, 0), "{odd:.40}");
    }
}

#[tokio::test]
async fn what_was_asked_for_and_cannot_be_read_is_told_and_the_rest_comes() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = on_disk(dir.path());
    let list = "* LIST \\Marked \"/\" odd\r\n* LIST () \"/\" INBOX\r\n{tag} OK done\r\n";
    let rows = "* 1 FETCH (UID 1 FLAGS ((()))\r\n\
                * 3 FETCH (UID 3 FLAGS () RFC822.SIZE 7 INTERNALDATE \"01-Jan-2024 10:00:00 +0000\")\r\n{tag} OK\r\n";
    let run = pull(&place, &Script { list, rows, ..GOOD }).await.expect("pulled");
    assert_eq!((run.fetched, run.missing), (1, 2));
    let told: Vec<_> = run.refused.iter().map(|refused| (refused.folder.as_str(), refused.text.as_str())).collect();
    assert_eq!(told, [("", "* LIST \\Marked \"/\" odd"), ("INBOX", "* 1 FETCH (UID 1 FLAGS ((()))")]);
    // The same for a message itself: it is missing, and comes when it can be read.
    let dir = tempfile::tempdir().expect("a directory");
    let place = on_disk(dir.path());
    let bodies = "* 3 FETCH (UID 3 BODY[] nothing at all)\r\n{tag} OK done\r\n";
    let run = pull(&place, &Script { bodies, ..GOOD }).await.expect("pulled");
    assert_eq!((run.fetched, run.missing, run.refusals), (0, 3, 1));
    assert_eq!(run.refused[0].text, "* 3 FETCH (UID 3 BODY[] nothing at all)");
    assert_eq!(pull(&place, &GOOD).await.expect("pulled").fetched, 1);
}

#[tokio::test]
async fn messages_that_are_counted_and_never_told_of_are_missing() {
    let uids = "* 1 FETCH (UID 0 FLAGS () RFC822.SIZE 5)\r\n* 2 FETCH (UID 2 FLAGS ())\r\n{tag} OK done\r\n";
    for (open, rows, missing) in [
        (GOOD.open, "{tag} OK done\r\n", 3),
        (GOOD.open, uids, 3),
        ("* 4294967295 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n{tag} OK done\r\n", "{tag} OK done\r\n", 4_294_967_295),
    ] {
        let dir = tempfile::tempdir().expect("a directory");
        let place = on_disk(dir.path());
        let open = String::leak(open.replace("* OK", "* OK [UIDNEXT 4] next\r\n* OK"));
        let run = pull(&place, &Script { open, rows, ..GOOD }).await.expect("pulled");
        assert_eq!((run.missing, run.fetched), (missing, 0), "{rows}");
        // The counters would say that nothing is new; they are not believed.
        assert_eq!(pull(&place, &GOOD).await.expect("pulled").fetched, 1);
    }
}

#[tokio::test]
async fn messages_that_are_gone_by_now_do_not_end_the_run() {
    let dir = tempfile::tempdir().expect("a directory");
    let bodies = "* 3 FETCH (UID 3 BODY[] {7}\r\nthree\r\n)\r\n{tag} NO [EXPUNGEISSUED] gone\r\n";
    let run = pull(&on_disk(dir.path()), &Script { bodies, ..GOOD }).await.expect("pulled");
    assert_eq!((run.fetched, run.missing), (1, 2));
}

#[tokio::test]
async fn an_empty_message_is_one_and_nothing_is_none() {
    let row = |size: u32| -> &'static str {
        let row = format!("* 3 FETCH (UID 3 FLAGS () RFC822.SIZE {size})\r\n{{tag}} OK done\r\n");
        String::leak(row)
    };
    for (size, text, new) in [(0, "NIL", 1), (0, "\"\"", 1), (0, "{0}\r\n", 1), (7, "NIL", 0), (7, "{0}\r\n", 0)] {
        let dir = tempfile::tempdir().expect("a directory");
        let bodies = String::leak(format!("* 3 FETCH (UID 3 BODY[] {text})\r\n{{tag}} OK done\r\n"));
        let open = "* 1 EXISTS\r\n* OK [UIDVALIDITY 1] valid\r\n{tag} OK done\r\n";
        let run = pull(&on_disk(dir.path()), &Script { open, rows: row(size), bodies, ..GOOD }).await.expect("pulled");
        assert_eq!((run.fetched, run.missing), (new, 1 - new), "{size} {text}");
    }
}

#[tokio::test]
async fn a_large_message_is_whole_when_the_server_gives_no_more() {
    let row = "* 3 FETCH (UID 3 FLAGS () RFC822.SIZE 9000000)\r\n{tag} OK done\r\n";
    // Less than was asked for, then the rest, then nothing.
    let pieces = ["<0> {3}\r\nabc", "<3> {2}\r\nde", "<5> \"\""];
    let pieces = pieces.map(|piece| format!("* 3 FETCH (UID 3 BODY[]{piece})\r\n"));
    let bodies = String::leak(pieces.concat() + "{tag} OK done\r\n");
    let dir = tempfile::tempdir().expect("a directory");
    let place = on_disk(dir.path());
    assert_eq!(pull(&place, &Script { rows: row, bodies, ..GOOD }).await.expect("pulled").fetched, 1);
    let found = here(&place).await;
    assert_eq!(found.iter().map(|(_, text, ..)| text.as_str()).collect::<Vec<_>>(), ["abcde"]);
}

#[tokio::test]
async fn a_list_longer_than_it_was_asked_for_ends_the_run() {
    let dir = tempfile::tempdir().expect("a directory");
    let list = String::leak("* LIST () \"/\" x\r\n".repeat(100_001) + "{tag} OK done\r\n");
    let error = pull(&on_disk(dir.path()), &Script { list, ..GOOD }).await.expect_err("it ends");
    assert!(error.to_string().contains("more than 100000 mailboxes"), "{error}");
}
