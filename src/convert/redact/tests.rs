//! Redaction over whole messages: nothing that was said survives, everything else does.

use super::*;
use crate::message::defect::defects;
use crate::message::text;
use proptest::prelude::*;

fn redacted(octets: &[u8]) -> Vec<u8> {
    Redactor::new(b"key").redact(&Message::parse(octets))
}

/// Structure and defects, without what people wrote.
fn shape(octets: &[u8]) -> Vec<String> {
    let message = Message::parse(octets);
    let part =
        |part: &Part| format!("{} {:?} {:?} {} {}", part.id, part.header, part.body, part.lines, part.encoding.name());
    let defect = |d: crate::message::defect::Defect| format!("{} {} {}", d.code, d.part, d.offset);
    message.parts().iter().map(part).chain(defects(&message).into_iter().map(defect)).collect()
}

const LETTER: &str = "Received: from boxer.crepes.example by mx.hamburger.example; Mon, 2 Mar 2026 10:00:00 +0000\r\n\
    From: Alice Wonder <alice@crepes.example>\r\nTo: =?utf-8?q?Bob_M=C3=BCller?= <bob@hamburger.example>\r\n\
    Subject: Re: Secret plans\r\nMessage-ID: <feed.1234@boxer.crepes.example>\r\nIn-Reply-To: <feed.1234@boxer.crepes.example>\r\n\
    Content-Type: multipart/mixed; boundary=\"b1\"\r\n\r\nThis preamble is from alice\r\n--b1\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
    Hello Bob, meet Alice=\r\nWonder in M=C3=BCnchen\r\n--b1\r\n\
    Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n\
    PHA+SGVsbG8gPGI+Qm9iYnk8L2I+PC9wPg==\r\n--b1\r\n\
    Content-Type: application/pdf; name=\"plans.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nc2VjcmV0IHBsYW5z\r\n--b1\r\n\
    Content-Type: message/rfc822\r\n\r\nSubject: Inner secret\r\n\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n--b1--\r\nepilogue words\r\n";

#[test]
fn what_was_said_is_gone_and_what_was_sent_is_there() {
    let faked = redacted(LETTER.as_bytes());
    assert_eq!(shape(&faked), shape(LETTER.as_bytes()));
    let message = Message::parse(&faked);
    let id = |name: &str| message.text_field(message.root(), name);
    assert_eq!(id("Message-ID"), id("In-Reply-To"));
    let all = String::from_utf8(faked.clone()).expect("text").to_lowercase();
    let shown: String = message.parts().iter().map(|part| text::of_part(&message, part).to_lowercase()).collect();
    for word in [
        "alice",
        "wonder",
        "crepes",
        "boxer",
        "hamburger",
        "bob",
        "ller",
        "secret",
        "plans",
        "feed",
        "1234",
        "hello",
        "nchen",
        "preamble",
        "epilogue",
        "words",
        "b1",
        "inner",
        "#0v%t",
    ] {
        assert!(!all.contains(word) && !shown.contains(word), "{word}: {all}");
    }
    assert_eq!(message.file_name(message.part("3").expect("it")).map(|name| name.ends_with(".pdf")), Some(true));
    assert!(message.content(message.part("3").expect("it")).content.iter().all(|octet| *octet == 0));
    assert!(
        all.contains("re: ")
            && all.contains("mon, 2 mar 2026 10:00:00 +0000")
            && all.contains("<p>") == LETTER.contains("<p>")
    );
    let html = message.text(message.part("2").expect("it")).content;
    assert!(html.starts_with("<p>") && html.ends_with("</b></p>"), "{html}");
}

#[test]
fn the_same_key_gives_the_same_fakes_and_another_key_others() {
    assert_eq!(redacted(LETTER.as_bytes()), redacted(LETTER.as_bytes()));
    assert_ne!(redacted(LETTER.as_bytes()), Redactor::new(b"other").redact(&Message::parse(LETTER.as_bytes())));
}

/// All that a reader takes for structure.
fn structure(octets: &[u8]) -> Vec<String> {
    let message = Message::parse(octets);
    let one =
        |part: &Part| format!("{} {:?} {:?} {:?} {:?}", part.id, part.kind, part.encoding, part.header, part.body);
    message.parts().iter().map(one).collect()
}

#[test]
fn boundaries_have_fakes_and_hold_parts_together() {
    let parts =
        |boundary: &str| format!("--{boundary}\n\none\n--{boundary} \n\ntwo\n--{boundary}--\nend\n--{boundary}\n");
    for (kind, boundary, is_gone) in [
        ("boundary=\"alice.host\"", "alice.host", true),
        ("boundary=alice-- ;x=y", "alice--", true),
        ("bound(bob)ary=alice(x); boundary=other", "alice(x)", true),
        ("boundary=\"\"; boundary=' alice", "' alice", true),
        ("boung-necked-animals\";\n\tspooge=\"yummy\"; hipposd; boundary=\"alice\"", "alice", true),
        ("boundary=\"no end of alice", "no end of alice", true),
        ("boundary*=\"us-ascii'en'alice\"", "alice", true),
        ("boundary*0=alice", "alice", true),
        ("boundary*0=ali; boundary*1=ce", "alice", false),
        ("boundary*=us-ascii''%61lice", "alice", false),
        ("boundary=\"ali\\\"ce\"", "ali\"ce", false),
        ("boundary=\"ali\n ce\"", "ali ce", false),
        ("boundary=\"=?utf-8?q?alice?=\"", "alice", false),
    ] {
        let letter = format!("Content-Type: multipart/mixed; {kind}\n\n{}", parts(boundary));
        let faked = redacted(letter.as_bytes());
        assert_eq!(structure(&faked), structure(letter.as_bytes()), "{letter}");
        assert_eq!(structure(&faked).len(), 3, "{letter}");
        let text = String::from_utf8_lossy(&faked);
        assert!(is_gone != text.contains(boundary) && !text.contains("bob"), "{text}");
    }
}

#[test]
fn a_boundary_in_octets_of_its_own_charset_stays() {
    for word in [&b"=?iso-8859-1?q?\xe9l?="[..], b"\xe9l", b"x\xa0(y"] {
        let section = [b"Content-Type: multipart/mixed; name=\xff; boundary=\"", word, b"\"\n\n"].concat();
        let boundary = Message::parse(&section).root().media.parameters.get("boundary").expect("it");
        let letter = [&section, format!("--{boundary}\n\none\n--{boundary}--\n").as_bytes()].concat();
        assert_eq!(structure(&letter).len(), 2);
        assert_eq!(structure(&redacted(&letter)), structure(&letter), "{boundary}");
    }
}

#[test]
fn boundaries_that_are_alike_have_fakes_that_are_not_and_no_line_becomes_one() {
    let part = |boundary: &str, inner: &str| {
        format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\n\n--{boundary}\n{inner}\n--{boundary}--\n")
    };
    let deep =
        |names: &[&str]| names.iter().rev().fold("\n--k\n--m\n--q--\n".to_owned(), |inner, name| part(name, &inner));
    let digits: Vec<String> = (0..10).map(|digit| format!("--_Part_{digit}_77")).collect();
    let digits: Vec<&str> = digits.iter().map(String::as_str).collect();
    let letters: Vec<String> = ('a'..='z').map(String::from).collect();
    let letters: Vec<&str> = letters.iter().map(String::as_str).filter(|letter| !"kmq".contains(*letter)).collect();
    for names in [&digits[..], &["a", "a--", "b", "--", "b----"], &letters[..9], &letters] {
        let letter = deep(names);
        for key in 0..20 {
            let faked = Redactor::new(&[key]).redact(&Message::parse(letter.as_bytes()));
            assert_eq!(
                structure(&faked),
                structure(letter.as_bytes()),
                "{letter}\n{}",
                String::from_utf8_lossy(&faked)
            );
        }
    }
}

proptest! {
    #[test]
    fn no_word_survives_wherever_it_stands(
        lines in proptest::collection::vec(
            "(--(b|alice)(--)?|Content-Type: (multipart/mixed; boundary=(b|alice)|text/(plain|html)|message/rfc822|a/b; name=alice)|\
            Content-Transfer-Encoding: (base64|quoted-printable)|From: alice <x@alice.example>|Subject: =\\?utf-8\\?[bq]\\?alice\\?=|\
            x|alice, <p alice='alice'>|X-Alice: alice|begin 644 alice|QWxpY2U=|=61lice=|)\r?\n", 0..30),
    ) {
        let octets = lines.concat();
        let faked = redacted(octets.as_bytes());
        prop_assert_eq!(faked.len(), octets.len());
        prop_assert_eq!(structure(&faked), structure(octets.as_bytes()));
        let text = String::from_utf8_lossy(&faked).to_lowercase();
        prop_assert!(!text.contains("alice"), "{}\n{}", octets, text);
    }

    #[test]
    fn no_octets_make_the_redactor_panic(octets in any::<Vec<u8>>(), text in "[a-z:;=?%&#<>\"' \r\n\\x1b$()*.]{0,80}") {
        for octets in [&octets, text.as_bytes()] {
            prop_assert_eq!(redacted(octets).len(), octets.len());
        }
    }
}
