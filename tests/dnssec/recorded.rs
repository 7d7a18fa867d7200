//! Answers of zones that Knot has signed, recorded once with their trust anchor and their time. `knot.rs` writes them.
//!
//! In `knot.txt` stand `anchor` and `time`, then each `answer` in hexadecimal digits with its question, then what each
//! question of ours is `judged`.

use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RecordType};
use mailkit::dns::dnssec::{Anchors, Found, Response, Source, Validated};
use mailkit::world::{Later, Timestamp};

const TEXT: &str = include_str!("knot.txt");

/// A question.
pub(crate) type Question = (Name, RecordType);

/// All that was recorded.
pub(crate) struct Recorded {
    pub(crate) anchors: Anchors,
    pub(crate) time: Timestamp,
    pub(crate) answers: Vec<(Question, Vec<u8>)>,
    /// Questions, with the name of the reason or `secure`, and what is found.
    pub(crate) judged: Vec<(Question, &'static str, &'static str)>,
}

/// Reads it.
pub(crate) fn read() -> Recorded {
    let all = |first: &'static str| {
        let words = TEXT.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        words.filter(move |words| words[0] == first).map(|words| words[1..].to_vec())
    };
    let question = |wanted: &str, kind: &str| -> Question {
        (Name::from_ascii(wanted).expect("a name"), kind.parse().expect("a type"))
    };
    let anchors: Vec<String> = all("anchor").map(|words| words.join(" ")).collect();
    let answers = all("answer").map(|words| (question(words[0], words[1]), unhex(words[2])));
    let judged = all("judged").map(|words| (question(words[0], words[1]), words[2], words[3]));
    Recorded {
        anchors: Anchors::parse(&anchors.join("\n")).expect("trust anchors"),
        time: all("time").next().expect("a time")[0].parse().expect("a time"),
        answers: answers.collect(),
        judged: judged.collect(),
    }
}

/// A message as the validator takes it.
pub(crate) fn response(octets: &[u8]) -> Result<Response, String> {
    let message = Message::from_vec(octets).map_err(|error| error.to_string())?;
    let rcode = message.metadata.response_code;
    Ok(Response { rcode, answers: message.answers, authorities: message.authorities })
}

/// What is found, in a word.
pub(crate) fn found(validated: &Validated) -> &'static str {
    match &validated.found {
        Found::Records(_) => "records",
        Found::NoData => "no-data",
        Found::NoName => "no-name",
        Found::Nothing => "nothing",
    }
}

impl Recorded {
    pub(crate) fn answer(&self, wanted: &Name, kind: RecordType) -> Result<&[u8], String> {
        let answer = self.answers.iter().find(|((name, known), _)| name == wanted && *known == kind);
        answer.map(|(_, octets)| octets.as_slice()).ok_or_else(|| format!("{wanted} {kind} was not recorded"))
    }
}

impl Source for Recorded {
    fn ask<'a>(&'a self, wanted: &'a Name, kind: RecordType) -> Later<'a, Result<Response, String>> {
        Box::pin(std::future::ready(self.answer(wanted, kind).and_then(response)))
    }
}

fn unhex(digits: &str) -> Vec<u8> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("digits"), 16).expect("digits");
    digits.as_bytes().chunks(2).map(pair).collect()
}
