//! What name servers said in a trace, by the questions that they were asked.
//!
//! A played name server answers each question as it was answered, however often it is asked: in the order of the trace,
//! and then as it was answered last. Asked of another server, the same questions show what is different now.
//! RFC 1035 §4.1; RFC 1034 §3.6: the order of records says nothing, and a TTL runs down.

use crate::dns::question::{HEADER, PAYLOAD, Query};
use crate::dns::reply::Reply;
use crate::wire::event::{Event, Happening, NotAnEvent, parse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;

/// The longest message (RFC 1035 §4.2.2).
const MESSAGE_MAX: usize = 65_535;
/// QR, and TC (RFC 1035 §4.1.1).
const RESPONSE: u8 = 0x80;
const TRUNCATED: u8 = 0x02;

/// A question with its answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The type and the name, for people.
    pub title: String,
    /// What was asked.
    pub query: Query,
    /// Whether that was over something with an order: a connection, with or without TLS.
    pub is_stream: bool,
    /// What was said; nothing if nobody answered.
    pub reply: Option<Vec<u8>>,
    is_given: bool,
}

/// All of a trace.
#[derive(Debug, Default)]
pub struct Answers {
    exchanges: Vec<Exchange>,
    /// Questions of which the trace has no octets.
    bare: usize,
}

/// What a played server does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It says this.
    Say(Vec<u8>),
    /// It says nothing, as it did.
    Silence,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// What came is no query: anybody may send anything to a name server, and that is no question of the trace.
    #[error("what came is no query, but {0} octets of something else")]
    NoQuery(usize),
    /// Nobody asked that, or not of that name.
    #[error("the questions are not as they were: nobody asked for {0}")]
    Unknown(String),
}

impl Answers {
    /// Reads the questions of a trace.
    pub fn read(trace: &str) -> Result<Self, NotAnEvent> {
        let mut answers = Self::default();
        // Empty lines are no events.
        let lines = trace.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        for ((index, _), event) in lines.zip(parse(trace)?) {
            let Some(Happening::Query { query, .. }) = &event.event else {
                answers.bare += usize::from(is_bare(&event));
                continue;
            };
            match query {
                None => answers.bare += 1,
                Some(_) => answers
                    .exchanges
                    .push(exchange(&event).map_err(|why| NotAnEvent { line: index + 1, why: why.to_owned() })?),
            }
        }
        Ok(answers)
    }

    /// How many questions the trace has without the octets, so that nobody can ask or answer them.
    pub fn bare(&self) -> usize {
        self.bare
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
    }

    /// Each of them, in their order.
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// What is answered to these octets.
    pub fn answer(&mut self, octets: &[u8], is_stream: bool) -> Result<Answer, NoAnswer> {
        let query = Query::read(octets).ok_or(NoAnswer::NoQuery(octets.len()))?;
        let question = query.question().to_ascii_lowercase();
        // Best is one that was asked in the same way and is not given yet; of several, the first.
        let fit = |known: &Exchange| (known.query.key() == query.key(), known.is_stream == is_stream, !known.is_given);
        let known = self.exchanges.iter_mut().filter(|known| known.query.question().eq_ignore_ascii_case(&question));
        let best = known.rev().max_by_key(|known| fit(known));
        let best = best.ok_or_else(|| NoAnswer::Unknown(shown(&query)))?;
        best.is_given = true;
        let Some(reply) = &best.reply else { return Ok(Answer::Silence) };
        // What does not fit a datagram was heard over something else.
        if !is_stream && best.is_stream && reply.len() > usize::from(PAYLOAD) {
            let mut short = [&octets[..HEADER], query.question()].concat();
            (short[2], short[3]) = (short[2] | RESPONSE | TRUNCATED, 0);
            short[6..HEADER].fill(0);
            return Ok(Answer::Say(short));
        }
        let mut reply = reply.clone();
        // The id and the spelling of the name are the client's.
        reply[..2].copy_from_slice(&octets[..2]);
        let place = HEADER..HEADER + query.question().len();
        if let Some(said) = reply.get_mut(place).filter(|said| said.eq_ignore_ascii_case(query.question())) {
            said.copy_from_slice(query.question());
        }
        Ok(Answer::Say(reply))
    }

    /// How many questions nobody has asked yet.
    pub fn left(&self) -> usize {
        self.exchanges.iter().filter(|known| !known.is_given).count()
    }

    /// The first question that nobody has asked yet.
    pub fn missing(&self) -> Option<&Exchange> {
        self.exchanges.iter().find(|known| !known.is_given)
    }
}

/// How another answer to the same question differs, in words; nothing if only its id does, or, unless somebody is exact,
/// the order and the TTLs of its records.
pub fn difference(before: &[u8], now: &[u8], is_exact: bool) -> Option<String> {
    if before.get(2..) == now.get(2..) {
        return None;
    }
    if is_exact {
        return Some("its octets are others".to_owned());
    }
    let (Ok(before), Ok(now)) = (Reply::parse(before), Reply::parse(now)) else {
        return Some("one of the answers cannot be read".to_owned());
    };
    if before.code() != now.code() {
        return Some(format!("the code is {} and was {}", now.code(), before.code()));
    }
    if before.is_truncated() != now.is_truncated() || before.is_authentic() != now.is_authentic() {
        return Some("it is cut, or vouched for, as it was not before".to_owned());
    }
    let (before, now) = (records(&before), records(&now));
    let gone = before.iter().find(|(record, count)| now.get(*record) != Some(count)).map(|(record, _)| record);
    let new = now.iter().find(|(record, count)| before.get(*record) != Some(count)).map(|(record, _)| record);
    match (gone, new) {
        (Some(gone), Some(new)) => Some(format!("{gone} is {new} now")),
        (Some(gone), None) => Some(format!("{gone} is gone")),
        (None, Some(new)) => Some(format!("{new} is new")),
        (None, None) => None,
    }
}

/// What is told, without TTLs; whatever proves it may be signed anew.
fn records(reply: &Reply) -> BTreeMap<String, usize> {
    let mut records = BTreeMap::new();
    for record in reply.answers() {
        *records.entry(format!("{} {} {}", record.name, record.record_type(), record.data)).or_default() += 1;
    }
    records
}

/// Whether it is a question in the text of a trace, which has no octets.
fn is_bare(event: &Event) -> bool {
    matches!(&event.event, Some(Happening::Note { what }) if ["query ", "dns "].iter().any(|word| what.starts_with(word)))
}

fn exchange(event: &Event) -> Result<Exchange, &'static str> {
    let Some(Happening::Query { record, name, over, query, reply }) = &event.event else { return Err("no question") };
    let query = query.as_ref().and_then(|query| STANDARD.decode(query).ok());
    let query = query.ok_or("the question is not base64")?;
    let query = Query::read(&query).ok_or("the question is none that anybody asks")?;
    let reply = match reply {
        Some(reply) => {
            let reply = STANDARD.decode(reply).map_err(|_| "the reply is not base64")?;
            // Shorter than a header, longer than a message: nobody has said that.
            if !(HEADER..=MESSAGE_MAX).contains(&reply.len()) {
                return Err("the reply has a length that none can have");
            }
            Some(reply)
        }
        None => None,
    };
    let (title, is_stream) = (format!("{record} {name}"), over != "udp");
    Ok(Exchange { title, query, is_stream, reply, is_given: false })
}

/// The name that is asked for, for people.
fn shown(query: &Query) -> String {
    let mut labels = Vec::new();
    let mut rest = query.question();
    while let Some((length @ 1.., behind)) = rest.split_first() {
        let Some((label, behind)) = behind.split_at_checked(usize::from(*length)) else { break };
        labels.push(label.escape_ascii().to_string());
        rest = behind;
    }
    labels.join(".") + "."
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Asks for the texts of a name.
    fn query(name: &str) -> Query {
        let mut octets = vec![0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split_terminator('.') {
            octets.push(u8::try_from(label.len()).expect("a label"));
            octets.extend_from_slice(label.as_bytes());
        }
        octets.extend([0, 0, 16, 0, 1]);
        Query::read(&octets).expect("a query")
    }

    /// Texts for what was asked (RFC 1035 §3.3.14, §4.1.4).
    fn reply(query: &Query, texts: &[&str], ttl: u32) -> Vec<u8> {
        let mut octets = query.octets().to_vec();
        (octets[2], octets[3], octets[7]) = (0x81, 0x80, u8::try_from(texts.len()).expect("a few"));
        for text in texts {
            let len = u8::try_from(text.len()).expect("a string");
            octets.extend([0xc0, 12, 0, 16, 0, 1]);
            octets.extend(ttl.to_be_bytes());
            octets.extend([0, len + 1, len]);
            octets.extend_from_slice(text.as_bytes());
        }
        octets
    }

    fn line(over: &str, name: &str, reply: Option<&[u8]>) -> String {
        let what = Happening::Query {
            record: "TXT".into(),
            name: name.into(),
            over: over.into(),
            query: Some(STANDARD.encode(query(name).octets())),
            reply: reply.map(|reply| STANDARD.encode(reply)),
        };
        Event::happened(0, what).to_json() + "\n"
    }

    fn said(answer: Result<Answer, NoAnswer>) -> Vec<u8> {
        match answer {
            Ok(Answer::Say(octets)) => octets,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_question_is_answered_as_it_was() {
        let asked = query("a.example.");
        let (first, second) = (reply(&asked, &["1"], 60), reply(&asked, &["2"], 60));
        let long = reply(&asked, &["x".repeat(200).as_str(); 8], 60);
        let trace = [
            line("udp", "a.example.", Some(&first)),
            line("udp", "a.example.", Some(&second)),
            line("tls", "b.example.", None),
            line("tcp", "a.example.", Some(&long)),
        ];
        let mut answers = Answers::read(&trace.concat()).expect("a trace");
        assert_eq!(answers.exchanges().len(), 4);
        let spelt = query("A.Example.");
        let mut octets = spelt.octets().to_vec();
        octets[..2].copy_from_slice(&[7, 9]);
        let one = said(answers.answer(&octets, false));
        assert_eq!((&one[..2], &one[HEADER + 1..HEADER + 2]), (&[7, 9][..], &b"A"[..]));
        assert_eq!(difference(&first, &one.to_ascii_lowercase(), false), None);
        assert_eq!(said(answers.answer(asked.octets(), false)), second);
        assert_eq!(said(answers.answer(asked.octets(), false)), first, "whoever asks again is answered again");
        assert_eq!(answers.missing().map(|known| known.title.as_str()), Some("TXT b.example."));
        assert_eq!(answers.answer(query("b.example.").octets(), false), Ok(Answer::Silence));
        assert_eq!(said(answers.answer(asked.octets(), true)), long);
        assert!(answers.missing().is_none());
        assert_eq!(answers.answer(query("c.example.").octets(), true), Err(NoAnswer::Unknown("c.example.".to_owned())));
        let mut two = asked.octets().to_vec();
        two[5] = 2;
        for garbage in [&[][..], &[0; 30], b"GET / HTTP/1.1\r\n\r\n", &two, &asked.octets()[..20]] {
            assert_eq!(answers.answer(garbage, false), Err(NoAnswer::NoQuery(garbage.len())));
        }
    }

    #[test]
    fn what_came_over_a_connection_and_fits_no_datagram_is_cut() {
        let asked = query("a.example.");
        let long = reply(&asked, &["x".repeat(200).as_str(); 8], 60);
        let mut answers = Answers::read(&line("https", "a.example.", Some(&long))).expect("a trace");
        let cut = Reply::parse(&said(answers.answer(asked.octets(), false))).expect("a reply");
        assert!(cut.is_truncated() && cut.answers().is_empty());
        assert_eq!(said(answers.answer(asked.octets(), true)), long);
    }

    #[test]
    fn another_order_and_another_ttl_are_no_difference_unless_somebody_is_exact() {
        let asked = query("a.example.");
        let before = reply(&asked, &["1", "2"], 60);
        for (texts, ttl, wanted) in [
            (&["1", "2"][..], 60, [None, None]),
            (&["2", "1"], 7, [None, Some("octets")]),
            (&["1", "3"], 60, [Some("is a.example. TXT 3 now"), Some("octets")]),
            (&["1"], 60, [Some("a.example. TXT 2 is gone"), Some("octets")]),
            (&["1", "2", "2"], 60, [Some("now"), Some("octets")]),
        ] {
            let mut now = reply(&asked, texts, ttl);
            now[..2].copy_from_slice(&[1, 2]);
            for (is_exact, wanted) in [false, true].into_iter().zip(wanted) {
                let told = difference(&before, &now, is_exact).map(|told| told.replace('"', ""));
                let is_told = |wanted: &str| told.as_ref().is_some_and(|told| told.contains(wanted));
                assert!(wanted.map_or(told.is_none(), is_told), "{texts:?}: {told:?}");
            }
        }
    }

    #[test]
    fn a_question_or_a_reply_that_cannot_be_is_told_of() {
        let asked = STANDARD.encode(query("a.example.").octets());
        for (asked, reply, wanted) in [
            ("!", None, "the question is not base64"),
            ("AAAA", None, "none that anybody asks"),
            (asked.as_str(), Some("!"), "the reply is not base64"),
            (asked.as_str(), Some("AAAA"), "a length that none can have"),
        ] {
            let what = Happening::Query {
                record: "TXT".into(),
                name: "a.example.".into(),
                over: "udp".into(),
                query: Some(asked.to_owned()),
                reply: reply.map(str::to_owned),
            };
            let trace = format!("\n{}\n", Event::happened(0, what).to_json());
            let error = Answers::read(&trace).expect_err("a mistake");
            assert_eq!(error.line, 2);
            assert!(error.why.contains(wanted), "{error}");
        }
        let answers = Answers::read("-- query MX a.example over udp: 30 octets\nS: 220 mx\n").expect("a trace");
        assert_eq!((answers.is_empty(), answers.bare()), (true, 1));
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(
            octets in prop::collection::vec(any::<u8>(), 0..80),
            reply in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let Ok(mut answers) = Answers::read(&line("udp", "a.example.", Some(&reply))) else {
                prop_assert!(reply.len() < HEADER);
                return Ok(());
            };
            let _ = answers.answer(&octets, false);
            let _ = answers.answer(query("a.example.").octets(), false);
            let _ = difference(&reply, &octets, false);
        }
    }
}
