//! Conversations with passwords and messages in all their forms, and what is shown of them.

use super::*;
use crate::wire::record::{self, Data};

/// What a trace shows of a conversation whose octets come in pieces of this size.
fn shown(said: &[(Side, &str)], chunk: usize) -> Vec<String> {
    let pieces = said.iter().flat_map(|(from, text)| text.as_bytes().chunks(chunk).map(|piece| (*from, piece)));
    record::shown(Box::new(Follower::new()), Data::None, pieces)
}

#[test]
fn passwords_are_never_shown() {
    use Side::{Client as C, Server as S};
    for (said, wanted) in [
        (vec![(C, "a LOGIN bob secret\r\n")], vec!["C: a LOGIN bob {secret}"]),
        (vec![(C, "a login \"b \\\"b\" \"secret\"\r\n")], vec!["C: a login \"b \\\"b\" {secret}"]),
        (
            vec![(C, "a LOGIN bob {6+}\r\nsecret\r\nb NOOP\r\n")],
            vec!["C: a LOGIN bob {6+}", "C: {secret}", "C: b NOOP"],
        ),
        (
            vec![(C, "a LOGIN {3}\r\n"), (S, "+ Go\r\n"), (C, "bob {6}\r\n"), (S, "+ Go\r\n"), (C, "secret\r\n")],
            vec!["C: a LOGIN {3}", "S: + Go", "C: bob {6}", "S: + Go", "C: {secret}"],
        ),
        (vec![(C, "a LOGIN {3+}\r\nbob secret\r\n")], vec!["C: a LOGIN {3+}", "C: bob {secret}"]),
        (vec![(C, "a AUTHENTICATE PLAIN AGJvYgBz\r\n")], vec!["C: a AUTHENTICATE PLAIN {secret}"]),
        (
            vec![(C, "a AUTHENTICATE PLAIN\r\n"), (S, "+ \r\n"), (C, "AGJv\r\n"), (S, "a OK\r\n"), (C, "b NOOP\r\n")],
            vec!["C: a AUTHENTICATE PLAIN", "S: + ", "C: {secret}", "S: a OK", "C: b NOOP"],
        ),
        (
            vec![(C, "a AUTHENTICATE SCRAM-SHA-1 bix\r\n"), (S, "+ cj1\r\n"), (C, "Yz1\r\n"), (S, "a OK\r\n")],
            vec!["C: a AUTHENTICATE SCRAM-SHA-1 {secret}", "S: + {secret}", "C: {secret}", "S: a OK"],
        ),
        (
            vec![(C, "a LOGIN bob {6}\r\n"), (S, "a BAD no\r\n"), (C, "b NOOP\r\n")],
            vec!["C: a LOGIN bob {6}", "S: a BAD no", "C: b NOOP"],
        ),
        // A literal that waits for nobody comes although the server has said no.
        (
            vec![(C, "a LOGIN bob {6+}\r\n"), (S, "a BAD no\r\n"), (C, "secret\r\nb NOOP\r\n")],
            vec!["C: a LOGIN bob {6+}", "S: a BAD no", "C: {secret}", "C: b NOOP"],
        ),
        (
            vec![(C, "a LOGIN {3+}\r\n"), (S, "a BAD no\r\n"), (C, "bob secret\r\nb NOOP\r\n")],
            vec!["C: a LOGIN {3+}", "S: a BAD no", "C: bob {secret}", "C: b NOOP"],
        ),
        // Nor does what was asked for stay away because the server says yes before it has it.
        (
            vec![(C, "a LOGIN bob {6}\r\n"), (S, "+ go\r\na OK early\r\n"), (C, "s list\r\nb NOOP\r\n")],
            vec!["C: a LOGIN bob {6}", "S: + go", "S: a OK early", "C: {secret}", "C: b NOOP"],
        ),
        (
            vec![(C, "a LOGIN bob {6}\r\n"), (S, "a OK early\r\n"), (C, "s list\r\nb NOOP\r\n")],
            vec!["C: a LOGIN bob {6}", "S: a OK early", "C: {secret}", "C: b NOOP"],
        ),
        (
            vec![
                (C, "a LOGIN {3}\r\n"),
                (S, "+ go\r\na NO early\r\n"),
                (C, "bob {6}\r\n"),
                (S, "b OK\r\n"),
                (C, "s list\r\nb NOOP\r\n"),
            ],
            vec!["C: a LOGIN {3}", "S: + go", "S: a NO early", "C: bob {6}", "S: b OK", "C: {secret}", "C: b NOOP"],
        ),
        (
            vec![
                (C, "a AUTHENTICATE LOGIN\r\n"),
                (S, "+ VXN\r\na OK early\r\n"),
                (C, "a noop\r\n"),
                (C, "c2Vj\r\n"),
                (C, "b NOOP\r\n"),
            ],
            vec!["C: a AUTHENTICATE LOGIN", "S: + VXN", "S: a OK early", "C: {secret}", "C: {secret}", "C: b NOOP"],
        ),
        (
            vec![(C, "a AUTHENTICATE LOGIN\r\n"), (S, "a OK early\r\n"), (C, "Ym9i\r\nb NOOP\r\n")],
            vec!["C: a AUTHENTICATE LOGIN", "S: a OK early", "C: {secret}", "C: b NOOP"],
        ),
        (
            vec![(C, "a LOGIN ~{3+}\r\nbob ~{6+}\r\nsecret\r\n")],
            vec!["C: a LOGIN ~{3+}", "C: bob ~{6+}", "C: {secret}"],
        ),
        (vec![(C, "a LOGIN {0+}\r\n secret\r\n")], vec!["C: a LOGIN {0+}", "C:  {secret}"]),
        (vec![(C, "a LOGIN  secret\r\n")], vec!["C: a LOGIN  {secret}"]),
        (vec![(C, "a LOGIN secret\r\n")], vec!["C: a LOGIN {secret}"]),
    ] {
        for chunk in [1, 5, 1000] {
            assert_eq!(shown(&said, chunk), wanted);
        }
    }
    let long = format!("a LOGIN {} secret\r\n", "x".repeat(40_000));
    assert!(!shown(&[(Side::Client, &long)], 5000).join("").contains("secret\r"));
}

#[test]
fn messages_are_left_out() {
    use Side::{Client as C, Server as S};
    for (said, wanted) in [
        (
            vec![(C, "a APPEND INBOX (\\Seen) {11}\r\n"), (S, "+ Go\r\n"), (C, "Subject: x\n\r\nb NOOP\r\n")],
            vec!["C: a APPEND INBOX (\\Seen) {11}", "S: + Go", "C: {...}", "C: ", "C: b NOOP"],
        ),
        (
            vec![(C, "a APPEND {5+}\r\nINBOX {4+}\r\nx\r\n\n\r\n")],
            vec!["C: a APPEND {5+}", "C: INBOX {4+}", "C: {...}", "C: "],
        ),
        (
            vec![(S, "* 1 FETCH (BODY[] {6}\r\na\r\nb\r\n FLAGS ())\r\na OK\r\n")],
            vec!["S: * 1 FETCH (BODY[] {6}", "S: {...}", "S:  FLAGS ())", "S: a OK"],
        ),
        (
            vec![(S, "* 1 FETCH (RFC822 {4}\r\na\r\nb BODY[1]<0> {3}\r\nc\r\n)\r\n")],
            vec!["S: * 1 FETCH (RFC822 {4}", "S: {...}", "S:  BODY[1]<0> {3}", "S: {...}", "S: )"],
        ),
        (
            vec![(C, "a APPEND INBOX {4+}\r\nx\r\n\n {3+}\r\ny\r\n\r\nb NOOP\r\n")],
            vec!["C: a APPEND INBOX {4+}", "C: {...}", "C:  {3+}", "C: {...}", "C: ", "C: b NOOP"],
        ),
        (
            vec![(S, "* 1 FETCH (ENVELOPE (NIL {2}\r\n\u{e4} NIL))\r\n* 2 EXISTS\r\n")],
            vec!["S: * 1 FETCH (ENVELOPE (NIL {2}", "S: \u{e4} NIL))", "S: * 2 EXISTS"],
        ),
    ] {
        for chunk in [1, 5, 1000] {
            assert_eq!(shown(&said, chunk), wanted);
        }
    }
}
