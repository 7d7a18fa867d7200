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

proptest! {
    #[test]
    fn no_word_survives_wherever_it_stands(
        lines in proptest::collection::vec(
            "(--b(--)?|Content-Type: (multipart/mixed; boundary=b|text/(plain|html)|message/rfc822|a/b; name=alice)|\
            Content-Transfer-Encoding: (base64|quoted-printable)|From: alice <x@alice.example>|Subject: =\\?utf-8\\?[bq]\\?alice\\?=|\
            x|alice, <p alice='alice'>|X-Alice: alice|begin 644 alice|QWxpY2U=|=61lice=|)\r?\n", 0..30),
    ) {
        let octets = lines.concat();
        let faked = redacted(octets.as_bytes());
        prop_assert_eq!(faked.len(), octets.len());
        prop_assert_eq!(shape(&faked).len(), shape(octets.as_bytes()).len());
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
