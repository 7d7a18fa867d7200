//! Lines and times, by a protocol that is small enough for a test.

use super::*;
use proptest::prelude::*;

/// Hides what follows PASS, and everything between BEGIN and END; each line of the client asks, each of the server
/// that begins with a blank answers. `#5` announces five counted octets.
#[derive(Default)]
struct Toy {
    in_body: bool,
    counted: u64,
}

impl Follow for Toy {
    fn protocol(&self) -> &'static str {
        "toy"
    }

    fn counted(&self, from: Side) -> Option<u64> {
        (from == Side::Client && self.counted > 0).then_some(self.counted)
    }

    fn line(&mut self, from: Side, line: &[u8]) -> Seen {
        if from == Side::Server {
            let key = line.trim_ascii().to_vec();
            return Seen::new(Show::Whole, if line.starts_with(b" ") { Turn::Answers { key } } else { Turn::None });
        }
        if self.counted > 0 {
            self.counted -= line.len() as u64;
            return Seen::new(Show::Elide, Turn::More { phase: "data" });
        }
        let asks = Turn::Asks { key: line.trim_ascii_end().to_vec(), phase: "command" };
        let show = match line {
            b"BEGIN\r\n" => {
                self.in_body = true;
                Show::Whole
            }
            b"END\r\n" => {
                self.in_body = false;
                Show::Whole
            }
            [b'#', count @ b'1'..=b'9', b'\r', b'\n'] => {
                self.counted = u64::from(count - b'0');
                Show::Whole
            }
            line if line.starts_with(b"PASS ") => Show::Secret { keep: 5 },
            _ if self.in_body => Show::Elide,
            _ => Show::Whole,
        };
        Seen::new(show, asks)
    }
}

fn toy() -> Box<dyn Follow> {
    Box::new(Toy::default())
}

#[test]
fn secrets_and_bodies_are_left_out_however_the_octets_arrive() {
    let said = b"PASS hunter2\r\nBEGIN\r\na\r\nb\r\nEND\r\n#5\r\n\n12\r\nQUIT\r\n\x1b[2J\r\nhalf";
    let wanted = [
        "C: PASS {secret}",
        "C: BEGIN",
        "C: {...}",
        "C: END",
        "C: #5",
        "C: {...}",
        "C: QUIT",
        r"C! \x1b[2J\r\n",
        "C! half",
    ];
    for chunk in 1..said.len() {
        let pieces = said.chunks(chunk).map(|octets| (Side::Client, octets));
        assert_eq!(shown(toy(), Data::None, pieces), wanted);
    }
}

#[test]
fn of_a_line_that_is_too_long_the_beginning_is_shown() {
    for (verb, first) in [("PASS ", "C: PASS {secret}".to_owned()), ("aaaaa", format!("C! {}", "a".repeat(LINE_MAX)))] {
        let said = format!("{verb}{}\r\nNOOP\r\n", "a".repeat(LINE_MAX * 3));
        let lines = shown(toy(), Data::None, [(Side::Client, said.as_bytes())]);
        assert_eq!(lines, [first, "C: {...}".to_owned(), "C: NOOP".to_owned()]);
    }
}

#[test]
fn each_reply_is_timed_from_the_end_of_its_own_request() {
    let mut recorder = Recorder::new(toy(), Keep::default(), Duration::ZERO);
    let mut replies = Vec::new();
    for (at, from, octets) in [
        (5, Side::Server, &b" \r\n"[..]),
        (10, Side::Client, b"a\r\nb"),
        (20, Side::Client, b"\r\n#3\r\n"),
        (25, Side::Client, b"123"),
        (30, Side::Server, b" b"),
        (40, Side::Server, b"\r\n a\r\n"),
        (65, Side::Server, b"more\r\n #3\r\n"),
        (70, Side::Server, b" #3\r\n"),
    ] {
        recorder.octets(from, octets, Duration::from_millis(at), |spoken| {
            replies.extend(spoken.reply.map(|reply| (spoken.phase, reply.as_millis())));
        });
    }
    assert_eq!(replies, [("greeting", 5), ("command", 20), ("command", 30), ("data", 40), ("data", 45)]);
}

#[test]
fn of_a_message_the_header_section_is_shown_if_wanted() {
    /// Everything is one message.
    struct Message(bool);
    impl Follow for Message {
        fn protocol(&self) -> &'static str {
            "message"
        }
        fn line(&mut self, _: Side, _: &[u8]) -> Seen {
            Seen::new(Show::Message { is_first: std::mem::take(&mut self.0) }, Turn::None)
        }
    }
    let lines = |said: &str, data| shown(Box::new(Message(true)), data, [(Side::Client, said.as_bytes())]);
    let said = "Subject: x\r\n y\r\n\r\nHello: you\r\n";
    assert_eq!(lines(said, Data::Headers), ["C: Subject: x", "C:  y", "C: {...}"]);
    assert_eq!(lines(said, Data::None), ["C: {...}"]);
    assert_eq!(lines(said, Data::Full), ["C: Subject: x", "C:  y", "C: ", "C: Hello: you"]);
    assert_eq!(lines("Hello you\r\nA: b\r\n", Data::Headers), ["C: {...}"]);
    let endless = "X: y\r\n".repeat(10_000);
    assert_eq!(lines(&endless, Data::Headers).len() as u64, HEADER_MAX / 6 + 1);
}

proptest! {
    #[test]
    fn octets_cut_anyhow_give_the_same_lines(
        words in proptest::collection::vec(("(PASS |BEGIN|END|#4|x|\\PC)?", "(\r\n|\n|\r|)"), 0..12),
        cuts in proptest::collection::vec(1_usize..9, 1..20),
    ) {
        let said: String = words.into_iter().map(|(word, end)| word + &end).collect();
        let whole = shown(toy(), Data::None, [(Side::Client, said.as_bytes())]);
        let mut rest = said.as_bytes();
        let mut pieces = Vec::new();
        for cut in cuts.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, behind) = rest.split_at(cut.min(rest.len()));
            pieces.push((Side::Client, piece));
            rest = behind;
        }
        prop_assert_eq!(shown(toy(), Data::None, pieces), whole);
    }
}
