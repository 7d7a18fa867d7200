//! Both printings of events, and reading them back.

use super::*;
use proptest::prelude::*;

fn spoken(text: &str) -> Event {
    Event {
        ms: 41.25,
        bytes: text.len() as u64 + 2,
        ..Event::new(1, Direction::S).saying(format!("{text}\r\n").as_bytes())
    }
}

#[test]
fn an_event_is_a_line_of_text_behind_its_column() {
    let reply = Event { tls: true, reply_ms: Some(38.04), expected: false, ..spoken("550 no") };
    let body = Event { elided: true, bytes: 512, text: Some("{...}".into()), conn: 2, ..spoken("") };
    let raw = Event { ms: 1.0, ..Event::new(1, Direction::C).saying(b"a\nb\xff") };
    let chain = vec!["sha256:00".to_owned()];
    let tls = Happening::Tls { version: "TLSv1.3".into(), cipher: "X".into(), verified: "pkix".into(), chain };
    let chain = vec!["sha256:00".to_owned()];
    let unjudged = Happening::Tls { version: "TLSv1.3".into(), cipher: "X".into(), verified: "none".into(), chain };
    let silent = |query: Option<String>| Happening::Query {
        record: "MX".into(),
        name: "a.example".into(),
        over: "udp".into(),
        query,
        reply: None,
    };
    let query = Happening::Query {
        record: "MX".into(),
        name: "a.example".into(),
        over: "udp".into(),
        query: Some("AAAB".into()),
        reply: Some("AAABAAE=".into()),
    };
    let evil = Happening::Note { what: "a\x1b[2J\nS: b".into() };
    for (event, wanted) in [
        (spoken("250 ok"), "[    41.2ms] S: 250 ok\n"),
        (reply, "[    41.2ms ~ +38.0ms !] S: 550 no\n"),
        (body, "[    41.2ms 512B] 2S: {...}\n"),
        (raw, "[     1.0ms] C! a\\nb\\xff\n"),
        (Event::happened(3, Happening::Closed { by: None }), "[     0.0ms] 3-- closed\n"),
        (
            Event::happened(2, tls),
            "[     0.0ms] 2-- tls\n[     0.0ms] # TLSv1.3, X, certificate sha256:00 verified by pkix\n",
        ),
        (Event::happened(2, unjudged), "[     0.0ms] 2-- tls\n[     0.0ms] # TLSv1.3, X, certificate sha256:00\n"),
        (Event::happened(0, silent(Some("AAAB".into()))), "[     0.0ms] -- query MX a.example over udp: no reply\n"),
        (Event::happened(0, silent(None)), "[     0.0ms] -- query MX a.example over udp: taken out\n"),
        (
            Event { peer: Some("192.0.2.53".into()), ..Event::happened(0, query) },
            "[     0.0ms] -- query MX a.example of 192.0.2.53 over udp: 5 octets\n",
        ),
        (Event::happened(0, evil), "[     0.0ms] -- a\\u{1b}[2J\\nS: b\n"),
    ] {
        assert_eq!(event.to_text(), wanted);
    }
}

#[test]
fn the_column_is_told_from_what_looks_like_one() {
    for (line, wanted, rest) in [
        ("[  41.2ms] S: x", Some((41.2, None)), "S: x"),
        ("[    41.2ms ~ +38.0ms ! 7B] S: x", Some((41.2, Some(38.0))), "S: x"),
        ("[AUTH] x", None, "[AUTH] x"),
        ("[1ms", None, "[1ms"),
        ("[nanms] x", None, "[nanms] x"),
        ("[1ms huh] x", None, "[1ms huh] x"),
        ("[1ms]x", None, "[1ms]x"),
    ] {
        let (column, behind) = Column::split(line);
        assert_eq!((column.map(|column| (column.ms, column.reply_ms)), behind), (wanted, rest));
    }
}

#[test]
fn a_trace_of_either_form_is_read_and_what_is_none_is_refused_with_its_line() {
    let event = spoken("250 ok");
    let both = format!("{}\n\n{}", event.to_json(), event.to_text());
    let read = parse(&both).expect("a trace");
    assert_eq!(read[0], event);
    assert_eq!((read[1].entry(), read[1].ms), (event.entry(), 41.2));
    for (text, line) in [("hello", 1), ("\n{}", 2), ("{\"v\":2}", 1), ("{", 1)] {
        assert_eq!(parse(text).expect_err(text).line, line, "{text}");
    }
    let long = format!("S: {}", "x".repeat(LINE_MAX - 3));
    assert!(parse(&long).is_ok() && parse(&(long + "x")).expect_err("too long").why.contains("longer"));
    let later = event.to_json().replace("\"v\":1", "\"v\":2");
    assert!(parse(&later).expect_err("a later version").why.contains("version 2"));
}

proptest! {
    #[test]
    fn what_is_printed_as_json_is_read_back(
        octets in proptest::collection::vec(any::<u8>(), 0..40),
        text in "\\PC{0,20}",
        numbers in (any::<u32>(), any::<u64>(), any::<u32>(), proptest::option::of(any::<u32>())),
        flags in any::<(bool, bool, bool)>(),
    ) {
        let spoken = Event {
            t: Some("2026-11-20T12:00:00.123Z".into()),
            ms: f64::from(numbers.2) / 10.0,
            conn: numbers.0,
            bytes: numbers.1,
            reply_ms: numbers.3.map(|tenths| f64::from(tenths) / 10.0),
            tls: flags.0,
            expected: flags.1,
            elided: flags.2,
            peer: Some(text.clone()),
            ..Event::new(1, Direction::C)
        }
        .saying(&octets);
        let answer = vec![text.clone(); 2];
        let happened = Happening::Dns { record: "MX".into(), name: text, answer, authentic: flags.0 };
        for event in [spoken, Event::happened(0, happened)] {
            prop_assert_eq!(parse(&event.to_json()), Ok(vec![event]));
        }
    }

    #[test]
    fn what_was_said_survives_both_forms(octets in proptest::collection::vec(any::<u8>(), 0..40)) {
        let event = Event::new(1, Direction::S).saying(&octets);
        let entry = event.entry().expect("something was said");
        prop_assert_eq!(transcript_octets(&entry), octets.clone());
        let read = parse(&event.to_text()).expect("text");
        prop_assert_eq!(read[0].entry(), Some(entry));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
        let _ = parse(&text);
    }
}

fn transcript_octets(entry: &Entry) -> Vec<u8> {
    match entry {
        Entry::Line { text, .. } => format!("{text}\r\n").into_bytes(),
        Entry::Raw { octets, .. } => octets.clone(),
        other => panic!("{other:?} says nothing"),
    }
}

#[test]
fn a_decision_says_more_to_machines_and_as_much_to_people() {
    let decision = Decision {
        exchanger: Some("mx.x".into()),
        why: Some("preference 10".into()),
        ..Decision::from("mx.x is asked".to_owned())
    };
    let event = Event::happened(0, Happening::Decision(decision));
    let json = event.to_json();
    let wanted = r#""event":{"kind":"decision","what":"mx.x is asked","exchanger":"mx.x","why":"preference 10"}"#;
    assert!(json.contains(wanted), "{json}");
    assert_eq!(Event::from_json(&json), Ok(event.clone()));
    assert_eq!(event.lines(), ["-- mx.x is asked"]);
    // What was written before there was more of it.
    let old = r#"{"kind":"decision","what":"so"}"#;
    assert_eq!(serde_json::from_str::<Happening>(old).unwrap(), Happening::Decision("so".to_owned().into()));
}
