//! IMAP sessions in conversation, with a store in memory behind them.

#[path = "imap/host.rs"]
mod host;
#[path = "imap/talk.rs"]
mod talk;

use host::Store;
use mailkit::imap::flag::{Flags, SystemFlag};
use mailkit::imap::server::Refusal;
use mailkit::imap::verb::Verb;
use mailkit::wire::session::{Farewell, Input, Session as _};
use proptest::prelude::*;
use std::time::Duration;
use talk::{Talk, peer, play, policy};

const LETTER: &[u8] = b"Subject: pickles\r\n\r\nHow about pickles?\r\n";

#[test]
fn transcripts_hold() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts/imap");
    let mut failures = Vec::new();
    let mut paths: Vec<_> =
        std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("text");
        if let Err(why) = play(&text, |_| {}) {
            failures.push(format!("{}: {why}", path.display()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A store whose INBOX holds these messages.
fn store_with(messages: &[&[u8]]) -> std::sync::Arc<std::sync::Mutex<Store>> {
    let store = Store::new();
    for message in messages {
        store
            .lock()
            .expect("nobody panicked")
            .mailboxes
            .get_mut("INBOX")
            .expect("it is there")
            .deliver(message, Flags::new());
    }
    store
}

/// The last line that was said.
fn last(heard: &str) -> &str {
    heard.trim_end().rsplit("\r\n").next().expect("one")
}

#[test]
fn every_verb_is_refused_where_the_table_says_so() {
    let store = store_with(&[LETTER]);
    let arguments = |verb: Verb| match verb {
        Verb::Append => " INBOX {2+}\r\nhi",
        Verb::Authenticate => " PLAIN AGJvYgB3cm9uZw==",
        Verb::Copy | Verb::UidCopy | Verb::Move | Verb::UidMove => " 1 INBOX",
        Verb::Create | Verb::Delete | Verb::Subscribe | Verb::Unsubscribe => " x",
        Verb::Examine | Verb::Select => " INBOX",
        Verb::Fetch | Verb::UidFetch => " 1 FLAGS",
        Verb::Id => " NIL",
        Verb::List | Verb::Lsub => " \"\" *",
        Verb::Login => " bob wrong",
        Verb::Rename => " x y",
        Verb::Search | Verb::UidSearch => " ALL",
        Verb::Status => " INBOX (MESSAGES)",
        Verb::Store | Verb::UidStore => " 1 FLAGS ()",
        Verb::UidExpunge => " 1",
        _ => "",
    };
    use mailkit::imap::verb::State;
    for state in [State::NotAuthenticated, State::Authenticated, State::Selected] {
        for verb in Verb::all() {
            let mut talk = match state {
                State::NotAuthenticated => Talk::new(&store, policy(), peer("127.0.0.1:9")),
                _ => Talk::of_bob(&store),
            };
            if state == State::Selected {
                talk.ask("s SELECT INBOX");
            }
            talk.hear();
            let heard = talk.ask(&format!("a {}{}", verb.name(), arguments(verb)));
            let is_refused = last(&heard).starts_with("a BAD");
            assert_eq!(is_refused, !verb.is_allowed(state), "{} in {state:?}: {heard}", verb.name());
        }
    }
}

#[test]
fn a_store_that_fails_is_told_of_and_nothing_is_lost() {
    for (why, code) in [
        (Refusal::Temporary, "[UNAVAILABLE]"),
        (Refusal::DiskFull, "[OVERQUOTA]"),
        (Refusal::Cannot("Not here".into()), "[CANNOT] Not here"),
    ] {
        let store = store_with(&[LETTER]);
        let mut talk = Talk::of_bob(&store);
        talk.ask("s SELECT INBOX");
        store.lock().expect("nobody panicked").failing = Some(why.clone());
        for command in [
            "CREATE x",
            "DELETE x",
            "RENAME x y",
            "SUBSCRIBE x",
            "LIST \"\" *",
            "LSUB \"\" *",
            "STATUS INBOX (MESSAGES)",
            "FETCH 1 BODY[]",
            "FETCH 1 BODY.PEEK[]",
            "FETCH 1 ENVELOPE",
            "FETCH 1 BODYSTRUCTURE",
            "FETCH 1 BODY.PEEK[1]",
            "SEARCH TEXT x",
            "STORE 1 +FLAGS (\\Deleted)",
            "COPY 1 INBOX",
            "MOVE 1 INBOX",
            "APPEND INBOX {2+}\r\nhi",
        ] {
            let heard = talk.ask(&format!("a {command}"));
            assert_eq!(last(&heard).split_once(code).map(|(before, _)| before), Some("a NO "), "{command}: {heard}");
            assert!(!heard.contains("FETCH ("), "{command}: {heard}");
        }
        let heard = talk.ask("a SELECT INBOX");
        assert!(heard.starts_with("a NO"), "{heard}");
        store.lock().expect("nobody panicked").failing = None;
        assert!(talk.ask("b STATUS INBOX (MESSAGES)").contains("MESSAGES 1"));
    }
}

#[test]
fn a_disk_that_fills_up_in_the_middle_of_a_message_loses_no_step() {
    let store = Store::new();
    let mut talk = Talk::of_bob(&store);
    assert_eq!(talk.ask("a APPEND INBOX {20}"), "+ Go ahead\r\n");
    talk.say(b"0123456789");
    store.lock().expect("nobody panicked").failing = Some(Refusal::DiskFull);
    talk.say(b"a NO");
    store.lock().expect("nobody panicked").failing = None;
    talk.say(b"OP\r\nb \r\n");
    assert!(last(&talk.hear()).starts_with("a NO [OVERQUOTA]"));
    assert_eq!(talk.ask("c NOOP"), "c OK NOOP completed\r\n");
    assert_eq!(
        store.lock().expect("nobody panicked").asked.iter().filter(|asked| **asked == "AppendDiscard").count(),
        1
    );
    assert!(store.lock().expect("nobody panicked").mailboxes["INBOX"].messages.is_empty());
}

#[test]
fn a_large_message_goes_through_in_pieces() {
    let store = Store::new();
    let mut policy = policy();
    policy.size_max = 100_000_000;
    let mut talk = Talk::new(&store, policy, peer("127.0.0.1:9"));
    talk.ask("l LOGIN bob secret");
    let body: Vec<u8> = (0..5_000_000_u32).map(|at| b"abcdefgh\r\n"[at as usize % 10]).collect();
    talk.ask("s SELECT INBOX");
    talk.ask(&format!("a APPEND INBOX (\\Seen) {{{}}}", body.len()));
    for piece in body.chunks(16 * 1024) {
        talk.say(piece);
    }
    assert!(talk.ask("").contains("a OK [APPENDUID"));
    let heard = talk.ask("b FETCH 1 (BODY[] UID BODY[]<4999990.100> FLAGS)");
    let wanted = format!(
        "* 1 FETCH (BODY[] {{5000000}}\r\n{} UID 1 BODY[]<4999990> {{10}}\r\nabcdefgh\r\n FLAGS (\\Seen \\Recent))\r\nb OK FETCH completed\r\n",
        String::from_utf8(body).expect("text")
    );
    assert!(heard == wanted, "{} octets instead of {}", heard.len(), wanted.len());
    assert!(talk.largest_output <= 128 * 1024, "{} octets waited", talk.largest_output);
    assert!(store.lock().expect("nobody panicked").largest_piece <= 64 * 1024);
}

#[test]
fn a_mailbox_of_a_hundred_thousand_is_told_in_pieces() {
    let store = Store::new();
    {
        let mut store = store.lock().expect("nobody panicked");
        let inbox = store.mailboxes.get_mut("INBOX").expect("it is there");
        for number in 0..100_000 {
            let flag = if number % 2 == 0 { SystemFlag::Deleted } else { SystemFlag::Seen };
            inbox.deliver(LETTER, Flags::from_parts(flag as u8, []));
        }
    }
    let mut talk = Talk::of_bob(&store);
    talk.ask("s SELECT INBOX");
    let heard = talk.ask("a UID FETCH 1:* (FLAGS RFC822.SIZE)");
    assert_eq!(heard.matches(" FETCH (").count(), 100_000);
    let heard = talk.ask("b SEARCH ALL");
    assert_eq!(heard.split("\r\n").next().map(|line| line.split(' ').count()), Some(100_002));
    let heard = talk.ask("c STORE 1:* +FLAGS (Work)");
    assert_eq!(heard.matches(" FETCH (").count(), 100_000);
    let heard = talk.ask("d EXPUNGE");
    assert_eq!(heard.matches(" EXPUNGE\r\n").count(), 50_000);
    assert!(heard.starts_with("* 1 EXPUNGE\r\n* 2 EXPUNGE\r\n* 3 EXPUNGE\r\n"));
    assert!(talk.largest_output <= 64 * 1024, "{} octets waited", talk.largest_output);
}

#[test]
fn a_message_that_goes_while_it_is_fetched_is_left_out() {
    let store = store_with(&[LETTER, LETTER, LETTER]);
    let mut talk = Talk::of_bob(&store);
    talk.ask("s SELECT INBOX");
    store.lock().expect("nobody panicked").mailboxes.get_mut("INBOX").expect("it is there").expunge(2);
    let heard = talk.ask("a FETCH 1:3 (UID BODY[TEXT])");
    assert!(heard.contains("* 1 FETCH (UID 1 ") && !heard.contains("* 2 FETCH") && heard.contains("* 3 FETCH (UID 3 "));
    assert!(last(&heard).starts_with("a NO [EXPUNGEISSUED]"), "{heard}");
    assert_eq!(talk.ask("b NOOP"), "* 2 EXPUNGE\r\nb OK NOOP completed\r\n");
}

#[test]
fn a_message_that_breaks_off_ends_the_connection() {
    let store = store_with(&[&[b'x'; 200_000]]);
    let mut talk = Talk::of_bob(&store);
    talk.ask("s SELECT INBOX");
    // The row promises more octets than the disk has.
    let kept = store
        .lock()
        .expect("nobody panicked")
        .mailboxes
        .get_mut("INBOX")
        .expect("it is there")
        .messages
        .get_mut(&1)
        .expect("it is there")
        .octets
        .clone();
    assert_eq!(kept.len(), 200_000);
    store
        .lock()
        .expect("nobody panicked")
        .mailboxes
        .get_mut("INBOX")
        .expect("it is there")
        .messages
        .get_mut(&1)
        .expect("it is there")
        .octets = std::sync::Arc::new(kept[..100_000].to_vec());
    let heard = talk.ask("a FETCH 1 BODY.PEEK[]");
    assert!(talk.is_closed && heard.len() < 110_000 && !heard.contains("a OK"));
}

#[test]
fn passwords_need_tls_when_they_cross_a_wire() {
    let store = Store::new();
    let mut talk = Talk::new(&store, policy(), peer("192.0.2.1:9"));
    let greeting = talk.hear();
    assert!(greeting.contains(" STARTTLS LOGINDISABLED]") && !greeting.contains("AUTH="), "{greeting}");
    assert_eq!(talk.ask("a LOGIN bob secret"), "a NO [PRIVACYREQUIRED] Passwords need TLS here\r\n");
    assert_eq!(talk.ask("b AUTHENTICATE PLAIN"), "b NO [PRIVACYREQUIRED] Passwords need TLS here\r\n");
    assert_eq!(talk.ask("c STARTTLS"), "c OK Ready to start TLS\r\n");
    talk.secure();
    assert!(talk.ask("d CAPABILITY").contains("AUTH=PLAIN AUTH=LOGIN\r\n"));
    assert!(talk.ask("e LOGIN bob secret").starts_with("e OK "));
    assert!(!store.lock().expect("nobody panicked").asked.contains(&"Open"));

    let mut peer = peer("192.0.2.1:9");
    peer.can_start_tls = false;
    let mut talk = Talk::new(&store, policy(), peer.clone());
    assert!(!talk.hear().contains("STARTTLS"));
    assert_eq!(talk.ask("a STARTTLS"), "a NO [CANNOT] TLS is not available here\r\n");
    peer.tls = Some(talk::tls());
    let mut talk = Talk::new(&store, policy(), peer);
    assert!(talk.hear().contains("AUTH=PLAIN"));
    assert!(talk.ask("a STARTTLS").starts_with("a BAD"));
}

#[test]
fn a_farewell_is_said_where_it_can_be_understood() {
    let store = store_with(&[&[b'x'; 200_000]]);
    let mut talk = Talk::new(&store, policy(), peer("127.0.0.1:9"));
    talk.hear();
    talk.input(Input::Farewell(Farewell::TooSlow));
    assert_eq!(talk.hear(), "* BYE Nothing came for too long, good bye\r\n");
    assert!(talk.is_closed);
    let mut idling = Talk::of_bob(&store);
    idling.ask("a IDLE");
    idling.input(Input::Farewell(Farewell::Shutdown));
    assert_eq!(idling.hear(), "* BYE The server is shutting down, try again later\r\n");
}

#[test]
fn patience_grows_with_acquaintance() {
    let store = Store::new();
    let mut talk = Talk::new(&store, policy(), peer("127.0.0.1:9"));
    assert_eq!(talk.session().patience(), Duration::from_secs(60));
    talk.ask("l LOGIN bob secret");
    assert_eq!(talk.session().patience(), Duration::from_secs(1800));
    assert!(!talk.session().listens());
    talk.ask("i IDLE");
    assert!(talk.session().listens());
    assert_eq!(talk.session().patience(), Duration::from_secs(1800));
}

#[test]
fn flags_and_recent_are_told_as_each_session_knows_them() {
    let store = store_with(&[LETTER]);
    let mut first = Talk::of_bob(&store);
    let mut second = Talk::of_bob(&store);
    assert!(first.ask("a SELECT INBOX").contains("* 1 RECENT"));
    assert!(second.ask("a SELECT INBOX").contains("* 0 RECENT"));
    // What a silent change leaves is told only if somebody else changed it too.
    second.ask("b STORE 1 +FLAGS.SILENT (\\Flagged)");
    let heard = first.ask("b STORE 1 +FLAGS.SILENT (\\Seen)");
    assert_eq!(heard, "* 1 FETCH (UID 1 FLAGS (\\Flagged \\Seen \\Recent))\r\nb OK STORE completed\r\n");
    let heard = first.ask("c STORE 1 +FLAGS.SILENT (\\Draft)");
    assert_eq!(heard, "c OK STORE completed\r\n");
    assert!(second.ask("c NOOP").starts_with("* 1 FETCH (UID 1 FLAGS (\\Draft \\Flagged \\Seen))\r\n"));
    // Expunged and never known: not a word.
    store
        .lock()
        .expect("nobody panicked")
        .mailboxes
        .get_mut("INBOX")
        .expect("it is there")
        .deliver(LETTER, Flags::new());
    store.lock().expect("nobody panicked").mailboxes.get_mut("INBOX").expect("it is there").expunge(2);
    assert_eq!(first.ask("d NOOP"), "d OK NOOP completed\r\n");
}

#[test]
fn header_fields_cost_header_fields() {
    let long = [b"Subject: x\r\nFrom: a@b\r\n\r\n".as_slice(), &[b'x'; 900_000]].concat();
    let store = store_with(&[&long]);
    let mut talk = Talk::of_bob(&store);
    talk.ask("s SELECT INBOX");
    store.lock().expect("nobody panicked").asked.clear();
    talk.ask("a FETCH 1 (ENVELOPE BODY.PEEK[HEADER.FIELDS (FROM)] RFC822.HEADER)");
    assert_eq!(store.lock().expect("nobody panicked").asked, ["Read", "Changes"]);
    assert_eq!(store.lock().expect("nobody panicked").largest_piece, 16 * 1024);
}

#[test]
fn a_header_section_without_end_is_told_all_the_same() {
    let mut long = b"Subject: x\r\n".to_vec();
    for number in 0..100_000 {
        long.extend_from_slice(format!("X-{number}: y\r\n").as_bytes());
    }
    let header = long.len() + 2;
    long.extend_from_slice(b"\r\nbody\r\n");
    let store = store_with(&[&long]);
    let mut talk = Talk::of_bob(&store);
    talk.ask("s SELECT INBOX");
    let heard = talk.ask("a FETCH 1 (BODY.PEEK[TEXT] BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODY.PEEK[HEADER])");
    let wanted = format!(
        "* 1 FETCH (BODY[TEXT] {{6}}\r\nbody\r\n BODY[HEADER.FIELDS (SUBJECT)] {{14}}\r\nSubject: x\r\n\r\n BODY[HEADER] {{{header}}}\r\n"
    );
    assert!(heard.starts_with(&wanted), "{}", &heard[..200]);
    assert!(last(&heard).starts_with("a OK"));
}

#[test]
fn a_long_header_section_asked_for_in_many_ways_does_not_gather() {
    let mut long = b"Subject: x\r\n".to_vec();
    (0..400).for_each(|number| long.extend_from_slice(format!("X-{number}: {}\r\n", "y".repeat(200)).as_bytes()));
    long.extend_from_slice(b"\r\nbody\r\n");
    let store = store_with(&[&long]);
    let mut talk = Talk::of_bob(&store);
    talk.ask("s SELECT INBOX");
    let ways: Vec<String> = (0..50).map(|number| format!("BODY.PEEK[HEADER.FIELDS.NOT (A{number})]")).collect();
    let heard = talk.ask(&format!("a FETCH 1 (UID {0} ENVELOPE ENVELOPE UID)", ways.join(" ")));
    assert_eq!(heard.matches("Subject: x\r\n").count(), 50);
    assert_eq!((heard.matches("ENVELOPE").count(), heard.matches("UID").count()), (1, 1));
    assert!(last(&heard).starts_with("a OK"));
    assert!(talk.largest_output <= 160 * 1024, "{} octets waited", talk.largest_output);
}

#[test]
fn keywords_come_in_thousands_at_most() {
    let store = store_with(&[LETTER]);
    let mut talk = Talk::of_bob(&store);
    talk.ask("s SELECT INBOX");
    let words = |from: usize| (from..from + 100).map(|number| format!("k{number}")).collect::<Vec<_>>().join(" ");
    for from in (0..1000).step_by(100) {
        assert!(last(&talk.ask(&format!("a STORE 1 +FLAGS.SILENT ({})", words(from)))).starts_with("a OK"));
    }
    for command in ["+FLAGS", "FLAGS", "+FLAGS.SILENT"] {
        let heard = talk.ask(&format!("b STORE 1 {command} (one.more)"));
        assert_eq!(heard, "b NO [LIMIT] The mailbox has too many keywords already\r\n");
    }
    assert!(last(&talk.ask("c STORE 1 +FLAGS (K7 \\Seen)")).starts_with("c OK"));
    assert!(last(&talk.ask(&format!("d STORE 1 -FLAGS ({} one.more)", words(0)))).starts_with("d BAD"));
    assert!(last(&talk.ask(&format!("d STORE 1 -FLAGS ({})", words(0)))).starts_with("d OK"));
}

#[test]
fn a_long_search_is_done_in_pieces_and_says_that_it_goes_on() {
    let store = store_with(&[]);
    {
        let mut store = store.lock().expect("nobody panicked");
        let inbox = store.mailboxes.get_mut("INBOX").expect("it is there");
        for _ in 0..12_000 {
            inbox.deliver(LETTER, Flags::new());
        }
    }
    let mut talk = Talk::of_bob(&store);
    talk.ask("s SELECT INBOX");
    let asked = |of: &str| store.lock().expect("nobody panicked").asked.iter().filter(|asked| **asked == of).count();
    let heard = talk.ask("a SEARCH SUBJECT mustard");
    let words = "* OK Still searching, at message 5050 of 12000\r\n* OK Still searching, at message 10100 of 12000\r\n";
    assert_eq!(heard, format!("{words}* SEARCH\r\na OK SEARCH completed\r\n"));
    assert_eq!(asked("Search"), 240);
    // What rows tell needs nobody's help, and still lets others have their turn.
    store.lock().expect("nobody panicked").asked.clear();
    assert_eq!(talk.ask("b SEARCH SEEN"), "* SEARCH\r\nb OK SEARCH completed\r\n");
    assert_eq!((asked("Search"), asked("Flush")), (0, 5));
    assert!(talk.ask("c SEARCH OR 3 12000 NOT SUBJECT mustard").starts_with("* SEARCH 3 12000\r\n"));
}

#[test]
fn a_search_looks_at_few_large_messages_at_once() {
    let large = [b"Subject: x\r\n\r\n".as_slice(), &vec![b'x'; 5_000_000]].concat();
    let store = store_with(&[&large, LETTER, &large, LETTER, &large, LETTER]);
    let mut talk = Talk::of_bob(&store);
    talk.ask("s SELECT INBOX");
    assert!(talk.ask("a SEARCH BODY pickles").starts_with("* SEARCH 2 4 6\r\n"));
    assert!(talk.ask("b SEARCH SUBJECT pickles").starts_with("* SEARCH 2 4 6\r\n"));
    let asked = store.lock().expect("nobody panicked").asked.iter().filter(|asked| **asked == "Search").count();
    // Two of the large ones are enough for one go; their header sections are never too much.
    assert_eq!(asked, 2 + 1);
}

#[test]
fn ten_thousand_mailboxes_are_listed_in_pieces() {
    let store = Store::new();
    for number in 0..10_000 {
        store.lock().expect("nobody panicked").create(&format!("a/{}/{number}", number % 100));
        store.lock().expect("nobody panicked").subscribed.insert(format!("a/{}/{number}", number % 100));
    }
    let mut talk = Talk::of_bob(&store);
    for (verb, parents) in [("LIST", 101), ("LSUB", 0)] {
        let heard = talk.ask(&format!("a {verb} \"\" *"));
        let inbox = usize::from(verb == "LIST");
        assert_eq!(heard.matches(&format!("* {verb} ")).count(), 10_000 + parents + inbox);
        assert_eq!(heard.matches("\\Noselect").count(), parents);
    }
    assert_eq!(talk.ask("b LSUB \"\" a/%").matches("* LSUB (\\Noselect) ").count(), 100);
    assert_eq!(talk.ask("c LIST \"\" a/7/%").matches("* LIST (\\HasNoChildren) ").count(), 100);
    assert!(talk.largest_output <= 64 * 1024, "{} octets waited", talk.largest_output);
}

/// What commands are made of.
const WORDS: [&str; 40] = [
    "a", "b", "UID", "FETCH", "SEARCH", "STORE", "APPEND", "LIST", "COPY", "MOVE", "EXPUNGE", "IDLE", "DONE", "SELECT",
    "INBOX", "1:*", "1", "(", ")", "[", "]", "\"", "\\", "BODY[", "NOT", "OR", "TEXT", "FLAGS", "+FLAGS", "{3}",
    "{2+}", "{-1}", "{0+}", "\r\n", "\r\n", "\r\n", " ", "%", "\u{e4}", "*",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn no_soup_of_words_makes_a_session_panic_or_lose_its_step(
        words in proptest::collection::vec(proptest::sample::select(&WORDS[..]), 0..60),
        chunk in 1_usize..50,
    ) {
        let store = store_with(&[LETTER, LETTER]);
        let mut talk = Talk::of_bob(&store);
        talk.ask("s SELECT INBOX");
        let text = words.join(" ").replace(" \r\n ", "\r\n");
        for piece in text.as_bytes().chunks(chunk) {
            talk.say(piece);
        }
        // However confused the conversation is, some line ends it, or brings it back.
        talk.say(b"\r\nDONE\r\n\r\n\r\n");
        talk.hear();
        let heard = talk.ask("zz NOOP");
        prop_assert!(talk.is_closed || last(&heard).starts_with("zz "), "{heard}");
    }
}
