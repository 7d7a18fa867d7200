//! What a trace writes: each event whole, no secret in any form, and nothing that breaks the form.

use super::*;
use crate::wire::event;
use crate::wire::record::Data;
use std::net::SocketAddr;

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a page").extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("a page").clone()).expect("text")
    }
}

/// Shows every line.
struct Open;

impl Follow for Open {
    fn protocol(&self) -> &'static str {
        "open"
    }

    fn line(&mut self, from: Side, _: &[u8]) -> crate::wire::record::Seen {
        use crate::wire::record::{Seen, Show, Turn};
        let answers = Turn::Answers { key: Vec::new() };
        let asks = Turn::Asks { key: Vec::new(), phase: "asks" };
        Seen::new(Show::Whole, if from == Side::Server { answers } else { asks })
    }
}

fn traced(style: Style, secret: &str, lines: &[&[u8]]) -> String {
    let page = Page::default();
    let trace = Trace::styled(Box::new(page.clone()), style);
    trace.hide(&Secret::new(secret.to_owned()));
    let mut tap = trace.tap(Side::Client, Box::new(Open));
    tap.connected(&Peer::Address(SocketAddr::from(([192, 0, 2, 1], 25))));
    lines.iter().for_each(|line| tap.received(line));
    tap.received(b"");
    drop(tap);
    page.text()
}

const JSON: Style = Style { json: true, keep: Keep { data: Data::Headers, secrets: false }, hex: false };

#[test]
fn json_tells_of_each_event_who_when_and_where() {
    let text = traced(JSON, "hunter2", &[b"220 mx\r\n", b"\xff\r\n"]);
    let events = event::parse(&text).expect("a trace");
    assert_eq!(events.len(), 4);
    for event in &events {
        assert_eq!((event.v, event.conn, &*event.proto, event.tls), (1, 1, "open", false));
        assert_eq!(event.peer.as_deref(), Some("192.0.2.1:25"));
        let t: jiff::Timestamp = event.t.as_deref().and_then(|t| t.parse().ok()).expect("a time");
        assert!(SystemClock.now().duration_since(t).as_secs().abs() < 600);
    }
    assert_eq!(events[0].event, Some(Happening::Connect));
    assert_eq!((events[1].text.as_deref(), events[1].phase.as_deref()), (Some("220 mx"), Some("greeting")));
    assert!(events[1].reply_ms.is_some());
    assert_eq!((events[2].text.as_deref(), events[2].b64.as_deref()), (None, Some("/w0K")));
    assert_eq!(events[3].event, Some(Happening::Closed { by: Some(event::Role::Server) }));
}

#[test]
fn what_a_server_repeats_is_not_shown_in_any_form() {
    let token = "ya29.canary-Token~\"value\"==";
    let quoted = format!("no {token}\r\n");
    let raw = format!("\u{1b}{token}\u{7}\n");
    let binary = [b"\xff", token.as_bytes(), b"\xfe\r\n"].concat();
    let long = format!("{}{token}{}\r\n", "x".repeat(4080), "y".repeat(30_000));
    let split = format!("{}{token}\r\n", "x".repeat(16 * 1024 - 8));
    for json in [false, true] {
        let lines = [quoted.as_bytes(), raw.as_bytes(), &binary, long.as_bytes(), split.as_bytes()];
        let text = traced(Style { json, hex: !json, ..JSON }, token, &lines);
        let in_all_forms: String = event::parse(&text)
            .expect("a trace")
            .iter()
            .filter_map(|event| match event.entry()? {
                Entry::Line { text, .. } => Some(text),
                Entry::Raw { octets, .. } => Some(String::from_utf8_lossy(&octets).into_owned()),
                _ => None,
            })
            .chain([text.clone()])
            .collect();
        for part in [&token[..8], &token[8..16], &token[token.len() - 8..]] {
            assert!(!in_all_forms.contains(part), "{part} is shown: {in_all_forms}");
        }
    }
}

#[test]
fn a_password_that_is_a_word_of_the_form_leaves_the_form_alone() {
    for password in ["text", "phase", "true", "1111", "{secret}"] {
        for json in [false, true] {
            let text = traced(Style { json, ..JSON }, password, &[format!("220 {password} x\r\n").as_bytes()]);
            let events = event::parse(&text).expect(password);
            let said = events.iter().find_map(|event| event.text.clone()).expect("a line");
            assert_eq!(said, "220 {secret} x");
        }
    }
}

#[test]
fn the_octets_are_shown_in_hexadecimal_where_they_are_wanted() {
    let text = traced(Style { hex: true, ..Style::default() }, "hunter2", &[b"220 hunter2\r\n"]);
    assert!(text.contains("#   0000  32 32 30 20 7b 73 65 63 72 65 74 7d 0d 0a        220 {secret}..\n"), "{text}");
    assert!(event::parse(&text).is_ok());
}

#[test]
fn a_full_disk_is_told_and_stops_nothing() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let trace = Trace::new(Box::new(Full));
    assert_eq!(trace.failure(), None);
    trace.note("x");
    trace.tap(Side::Client, Box::new(Open)).received(b"220 mx\r\n");
    assert_eq!(trace.failure(), Some(io::ErrorKind::StorageFull));
}
