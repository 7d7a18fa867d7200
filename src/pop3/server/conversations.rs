//! Conversations with a session, sentence by sentence.

use super::stage::Stage;
use crate::sasl::base64;
use crate::wire::session::Farewell;
use proptest::prelude::*;

#[test]
fn a_maildrop_is_listed_read_and_emptied() {
    let said = "STAT\r\nLIST\r\nLIST 2\r\nUIDL\r\nUIDL 1\r\nRETR 1\r\nTOP 2 1\r\nDELE 1\r\nSTAT\r\nLIST\r\nRETR 1\r\nDELE 1\r\nNOOP\r\nQUIT\r\n";
    let wanted = "+OK 2 62\r\n+OK 2 messages\r\n1 26\r\n2 36\r\n.\r\n+OK 2 36\r\n\
        +OK 2 messages\r\n1 uid-0\r\n2 uid-1\r\n.\r\n+OK 1 uid-0\r\n\
        +OK 26 octets\r\nSubject: One\r\n\r\nHello\r\n..\r\n.\r\n\
        +OK The beginning follows\r\nSubject: Two\r\n\r\nKetchup?\r\n.\r\n\
        +OK Message 1 will be deleted at QUIT\r\n+OK 1 36\r\n+OK 1 messages\r\n2 36\r\n.\r\n\
        -ERR No such message\r\n-ERR No such message\r\n+OK Ok\r\n+OK Bye\r\n";
    for chunk in [1, 2, 7, said.len()] {
        let mut stage = Stage::open();
        let heard: String = said.as_bytes().chunks(chunk).map(|octets| stage.say(octets)).collect();
        assert_eq!(heard, wanted);
        assert_eq!(stage.updates, [[0]]);
        assert!(stage.is_closed);
    }
}

#[test]
fn nothing_is_removed_but_at_quit() {
    let mut stage = Stage::open();
    assert_eq!(stage.say("DELE 1\r\nDELE 2\r\nRSET\r\nQUIT\r\n").lines().last(), Some("+OK Bye"));
    assert_eq!(stage.updates, [[0; 0]], "let go of, with nothing removed");
    let mut stage = Stage::open();
    stage.say("DELE 1\r\n");
    assert_eq!(stage.farewell(Farewell::Shutdown), "-ERR [SYS/TEMP] The server is shutting down, try again later\r\n");
    assert!(stage.updates.is_empty() && stage.is_closed);
    let mut stage = Stage::open();
    stage.can_update = false;
    assert_eq!(
        stage.say("DELE 2\r\nQUIT\r\n").lines().last(),
        Some("-ERR [SYS/TEMP] Deleted messages were not removed")
    );
    assert!(stage.is_closed);
}

#[test]
fn who_is_silent_too_long_hears_nothing() {
    let mut stage = Stage::open();
    assert_eq!(stage.farewell(Farewell::TooSlow), "");
    assert!(stage.is_closed);
}

#[test]
fn a_message_is_asked_for_piece_by_piece() {
    let mut stage = Stage::open();
    stage.say("RETR 2\r\n");
    assert_eq!(stage.reads, 6);
    stage.reads = 0;
    stage.say("TOP 2 0\r\n");
    assert_eq!(stage.reads, 3);
}

#[test]
fn a_message_that_cannot_be_read_is_refused_before_and_cut_within() {
    let mut stage = Stage::open();
    stage.unreadable_from = Some(0);
    assert_eq!(stage.say("RETR 1\r\n"), "-ERR [SYS/TEMP] Not possible at the moment, try again later\r\n");
    assert!(!stage.is_closed);
    stage.unreadable_from = Some(14);
    assert_eq!(stage.say("RETR 1\r\nNOOP\r\n"), "+OK 26 octets\r\nSubject: One\r\n");
    assert!(stage.is_closed);
}

#[test]
fn each_verb_has_its_state() {
    let (mut stage, greeting) = Stage::new();
    assert_eq!(greeting, "+OK mx.hamburger.edu POP3 ready\r\n");
    for verb in ["STAT", "LIST", "UIDL", "RETR 1", "TOP 1 1", "DELE 1", "RSET", "NOOP"] {
        assert_eq!(stage.say(format!("{verb}\r\n")), "-ERR Log in first\r\n", "{verb}");
    }
    let mut stage = Stage::open();
    for verb in ["USER bob", "PASS secret", "AUTH PLAIN", "STLS"] {
        assert_eq!(stage.say(format!("{verb}\r\n")), "-ERR Logged in already\r\n", "{verb}");
    }
}

#[test]
fn passwords_wait_for_tls_unless_the_peer_is_near() {
    let (mut far, _) = Stage::from("192.0.2.1:49152");
    let without = "+OK What can be said here\r\nTOP\r\nUIDL\r\nSTLS\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nIMPLEMENTATION mailkit\r\n.\r\n";
    assert_eq!(far.say("CAPA\r\n"), without);
    for line in ["USER bob", "PASS secret", "AUTH PLAIN AGJvYgBzZWNyZXQ="] {
        assert_eq!(far.say(format!("{line}\r\n")), "-ERR Passwords need TLS here\r\n");
    }
    assert_eq!(far.say("STLS\r\n"), "+OK Ready to start TLS\r\n");
    assert_eq!(far.say("CAPA\r\n"), without.replace("STLS", "USER\r\nSASL PLAIN LOGIN"));
    assert_eq!(far.say("STLS\r\n"), "-ERR TLS is in use already\r\n");
    assert_eq!(far.say("AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n"), "+OK 2 messages, 62 octets\r\n");
}

#[test]
fn tls_makes_what_was_said_in_clear_forgotten() {
    let (mut stage, _) = Stage::new();
    stage.say("USER bob\r\nSTLS\r\n");
    assert_eq!(stage.say("PASS secret\r\n"), "-ERR Say USER first\r\n");
    let (mut stage, _) = Stage::new();
    assert_eq!(stage.say("STLS\r\nUSER bob\r\n"), "+OK Ready to start TLS\r\n");
    assert!(stage.is_closed);
}

#[test]
fn logins_fail_in_their_own_ways() {
    let (mut stage, _) = Stage::new();
    assert_eq!(stage.say("PASS secret\r\n"), "-ERR Say USER first\r\n");
    assert_eq!(stage.say("AUTH CRAM-MD5\r\n"), "-ERR Mechanism not supported\r\n");
    assert_eq!(stage.say("AUTH PLAIN ***\r\n"), "-ERR The answer is not base64\r\n");
    assert_eq!(stage.say("AUTH PLAIN\r\n"), "+ \r\n");
    assert_eq!(stage.say("*\r\n"), "-ERR Login cancelled\r\n");
    assert_eq!(
        stage.say("USER bob\r\nPASS wrong\r\n"),
        "+OK Now the password\r\n-ERR [AUTH] User name or password is wrong\r\n"
    );
    assert_eq!(stage.say("PASS secret\r\n"), "-ERR Say USER first\r\n");
    stage.is_in_use = true;
    assert_eq!(
        stage.say("USER bob\r\nPASS secret\r\n").lines().last(),
        Some("-ERR [IN-USE] Another session has the maildrop open")
    );
    stage.is_in_use = false;
    assert_eq!(
        stage.say("USER tired\r\nPASS secret\r\n").lines().last(),
        Some("-ERR [SYS/TEMP] Login is not possible at the moment, try again later")
    );
    assert_eq!(
        stage.say("USER nobody\r\nPASS secret\r\n").lines().last(),
        Some("-ERR [AUTH] User name or password is wrong")
    );
    let for_another = base64::encode(b"alice\0bob\0secret");
    assert_eq!(stage.say(format!("AUTH PLAIN {}\r\n", for_another.as_str())), "-ERR [AUTH] Too many failed logins\r\n");
    assert!(stage.is_closed);
}

#[test]
fn nonsense_is_answered_and_ends_the_connection_in_the_end() {
    let mut stage = Stage::open();
    assert_eq!(stage.say("XYZZY\r\n"), "-ERR Command not recognized\r\n");
    assert_eq!(stage.say("NOOP\nNOOP\r\n"), "-ERR Lines end with CR LF together, and neither may stand alone\r\n");
    assert_eq!(stage.say("NO\0OP\r\n"), "-ERR NUL octets are not allowed\r\n");
    assert_eq!(stage.say(format!("NOOP {}\r\n", "x".repeat(1000))), "-ERR The line is too long\r\n");
    assert_eq!(stage.say("TOP 1\r\n"), "-ERR Syntax: TOP number lines\r\n");
    assert_eq!(stage.say("RETR 0\r\nRETR 3\r\n"), "-ERR No such message\r\n-ERR No such message\r\n");
    assert_eq!(stage.say("x\r\n".repeat(5)).lines().last(), Some("-ERR Too many bad commands"));
    assert!(stage.is_closed);
    let (mut stage, _) = Stage::new();
    assert_eq!(stage.say("GET / HTTP/1.1\r\nNOOP\r\n"), "-ERR This is no web server\r\n");
    assert!(stage.is_closed);
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..200), open: bool) {
        let mut stage = if open { Stage::open() } else { Stage::new().0 };
        stage.say(&octets);
        stage.say("\r\nQUIT\r\n");
    }

    #[test]
    fn what_is_marked_last_is_what_goes(acts in proptest::collection::vec(0_u32..5, 0..12)) {
        let mut stage = Stage::open();
        let mut marked = std::collections::BTreeSet::new();
        for act in acts {
            let (line, is_ok) = match act {
                0 => { marked.clear(); ("RSET".to_owned(), true) }
                4 => ("RETR 1".to_owned(), !marked.contains(&0)),
                number => (format!("DELE {number}"), number < 3 && marked.insert(number as usize - 1)),
            };
            prop_assert_eq!(stage.say(line + "\r\n").starts_with("+OK"), is_ok);
        }
        stage.say("QUIT\r\n");
        prop_assert_eq!(stage.updates.concat(), marked.into_iter().collect::<Vec<_>>());
    }
}
