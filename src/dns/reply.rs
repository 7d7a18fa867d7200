//! A reply: whether it belongs to a query, and what it says.
//!
//! Anybody can send a datagram to a port. What does not repeat the id and the question is nobody's reply, whatever it
//! says; what does is read with hickory's grammar, and keeps what an administrator wants to see: flags, the code with its
//! extension, and the server's own words about a failure.
//! RFC 1035 §4.1, §7.3; RFC 5452 §9.1; RFC 6891 §6.1.3; RFC 8914; RFC 2308 §5; RFC 2181 §8.

use super::foreign::passed_over;
use super::question::HEADER;
use crate::message::safe::terminal;
use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::{RData, Record, RecordType};

/// Nothing is remembered longer than a day, whatever its TTL says (RFC 8767 §4 suggests as much).
const TTL_MAX: u32 = 86_400;
/// RFC 2308 §5: an absence that is remembered for more than a few hours is found to be wrong too late.
const ABSENCE_MAX: u32 = 3 * 3600;
/// The number of the option with extended errors (RFC 8914 §2).
const EXTENDED_ERROR: u16 = 15;
/// Extended errors that are told of one reply, and characters of each.
const ERRORS_MAX: usize = 4;
const WORDS_MAX: usize = 200;

/// Pointers that lead straight to pointers, and octets of a message that is looked through for them. Three thousand names
/// of eight thousand pointers each fit a long message, and keep a reader busy for most of a second.
const HOPS_MAX: u8 = 8;
const MAZE_MIN: usize = 2048;

/// Why a message is not the reply to a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is too short for a header, or for the question.
    Short,
    /// It has another id.
    Id,
    /// It is a query itself, or about something else than queries.
    Purpose,
    /// It answers another question.
    Question,
}

/// The id of a message.
pub fn id(octets: &[u8]) -> Option<u16> {
    octets.first_chunk().map(|id| u16::from_be_bytes(*id))
}

/// Whether a message is the reply to the query with this id and this question section.
pub fn accept(octets: &[u8], id: u16, question: &[u8]) -> Result<(), Refusal> {
    let header: &[u8; HEADER] = octets.first_chunk().ok_or(Refusal::Short)?;
    if u16::from_be_bytes([header[0], header[1]]) != id {
        return Err(Refusal::Id);
    }
    // QR is set, and the operation is a standard query.
    if header[2] & 0b1111_1000 != 0b1000_0000 {
        return Err(Refusal::Purpose);
    }
    match u16::from_be_bytes([header[4], header[5]]) {
        // RFC 1035 §4.1.1: a server that could not read the query has no question to repeat.
        0 if matches!(header[3] & 0xf, 1 | 4) => Ok(()),
        1 => {
            let said = octets.get(HEADER..HEADER + question.len()).ok_or(Refusal::Short)?;
            is_same(said, question).then_some(()).ok_or(Refusal::Question)
        }
        _ => Err(Refusal::Question),
    }
}

/// Whether two question sections of one length ask the same.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    // RFC 4343 §3: case does not matter, in names. The length of a label is below every letter, so all of a name can be
    // compared at once; behind it type and class are numbers.
    let (Some((name, numbers)), Some((other, same))) = (one.split_last_chunk::<4>(), other.split_last_chunk::<4>())
    else {
        return false;
    };
    numbers == same && name.eq_ignore_ascii_case(other)
}

/// Whether the server had more to say than fits (TC).
pub fn is_truncated(octets: &[u8]) -> bool {
    octets.get(2).is_some_and(|flags| flags & 0b10 != 0)
}

/// Whether there are names of nothing but pointers to pointers, which take time to read and say nothing.
fn is_maze(octets: &[u8]) -> bool {
    // RFC 1035 §4.1.4: a pointer has 14 bits. Where names begin is not known here, so each place may be a pointer; the
    // octets of a signature look like a few in a row at most.
    let mut hops = vec![0u8; octets.len().min(1 << 14)];
    for at in 0..hops.len() {
        let Some([high @ 0xc0..=0xff, low]) = octets.get(at..at + 2) else { continue };
        let target = usize::from(high & 0x3f) << 8 | usize::from(*low);
        if target < at {
            hops[at] = hops[target] + 1;
            if hops[at] > HOPS_MAX {
                return true;
            }
        }
    }
    false
}

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    message: Message,
    size: usize,
}

/// A server's own words about a failure (RFC 8914).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedError {
    /// As numbered by IANA.
    pub code: u16,
    /// What the server added, fit for a terminal.
    pub words: String,
}

/// A message that breaks the grammar; the sentence says where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Garbled(String);

impl Reply {
    /// Reads a message that was accepted.
    pub fn parse(octets: &[u8]) -> Result<Self, Garbled> {
        if octets.len() > MAZE_MIN && is_maze(octets) {
            return Err(Garbled("its names lead from pointer to pointer".to_owned()));
        }
        let message = Message::from_vec(octets).or_else(|error| match passed_over(octets) {
            Some(readable) => Message::from_vec(&readable),
            None => Err(error),
        });
        let message = message.map_err(|error| Garbled(error.to_string()))?;
        Ok(Self { message, size: octets.len() })
    }

    /// Its octets on the wire.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The code, with what the extension adds.
    pub fn code(&self) -> ResponseCode {
        self.message.metadata.response_code
    }

    /// AD: the server vouches for the answer.
    pub fn is_authentic(&self) -> bool {
        self.message.metadata.authentic_data
    }

    /// AA: the server speaks of its own zone.
    pub fn is_authoritative(&self) -> bool {
        self.message.metadata.authoritative
    }

    /// TC: there is more to say.
    pub fn is_truncated(&self) -> bool {
        self.message.metadata.truncation
    }

    /// The whole message.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// What answers the question, aliases included.
    pub fn answers(&self) -> &[Record] {
        &self.message.answers
    }

    /// Who would know, or what proves that there is nothing.
    pub fn authorities(&self) -> &[Record] {
        &self.message.authorities
    }

    /// Whether a type of records stands in the authority section.
    pub fn has_authority(&self, kind: RecordType) -> bool {
        self.authorities().iter().any(|record| record.record_type() == kind)
    }

    /// RFC 2308 §2.2.3: name servers in place of an answer. This server does not ask others for us.
    pub fn is_referral(&self) -> bool {
        self.code() == ResponseCode::NoError
            && self.answers().is_empty()
            && !self.is_authoritative()
            && self.has_authority(RecordType::NS)
            && !self.has_authority(RecordType::SOA)
    }

    /// What the server adds to its code.
    pub fn extended_errors(&self) -> Vec<ExtendedError> {
        let options = self.message.edns.iter().flat_map(|edns| edns.options().as_ref());
        let errors = options.filter_map(|(_, option)| match option {
            EdnsOption::Unknown(EXTENDED_ERROR, data) => {
                let (code, words) = data.split_first_chunk()?;
                let words: String = String::from_utf8_lossy(words).chars().take(WORDS_MAX).collect();
                Some(ExtendedError {
                    code: u16::from_be_bytes(*code),
                    words: terminal(words.trim_end_matches('\0')).into_owned(),
                })
            }
            _ => None,
        });
        errors.take(ERRORS_MAX).collect()
    }

    /// Seconds for which it may be given again: none if it is no answer, or is not to be remembered.
    pub fn ttl(&self) -> Option<u32> {
        let absence = || {
            let soa = self.authorities().iter().find_map(|record| match &record.data {
                RData::SOA(soa) => Some(ttl(record).min(soa.minimum)),
                _ => None,
            });
            // RFC 2308 §5: without an SOA an absence is not remembered.
            soa.map(|ttl| ttl.min(ABSENCE_MAX))
        };
        let answers = self.answers().iter().map(ttl).min().map(|ttl| ttl.min(TTL_MAX));
        let ttl = match self.code() {
            ResponseCode::NoError if !self.is_truncated() => match self.is_complete() {
                true => answers,
                false => absence().map(|absence| answers.map_or(absence, |answers| answers.min(absence))),
            },
            ResponseCode::NXDomain => absence().map(|absence| answers.map_or(absence, |answers| answers.min(absence))),
            _ => None,
        };
        ttl.filter(|ttl| *ttl > 0)
    }

    /// Whether there is an answer that is no mere alias; an alias alone is an answer of a server that asks nobody else.
    fn is_complete(&self) -> bool {
        !self.answers().is_empty() && !self.has_authority(RecordType::SOA)
    }
}

/// A record's TTL. RFC 2181 §8: what has the highest bit set counts as zero.
fn ttl(record: &Record) -> u32 {
    let ttl = if record.ttl > i32::MAX as u32 { 0 } else { record.ttl };
    match &record.data {
        // RFC 4035 §5.3.3: anybody on the way can make a TTL longer, and all signatures hold; the original one is signed.
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) => ttl.min(signature.input().original_ttl),
        _ => ttl,
    }
}

#[cfg(test)]
mod tests {
    use super::super::question::{Query, Question, Wishes};
    use super::*;
    use hickory_proto::dnssec::Algorithm;
    use hickory_proto::dnssec::rdata::{RRSIG, SigInput};
    use hickory_proto::op::{Edns, MessageType, OpCode};
    use hickory_proto::rr::rdata::{A, CNAME, NS, SOA};
    use hickory_proto::rr::{Name, RecordType, SerialNumber};
    use proptest::prelude::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).expect(text)
    }

    fn query(text: &str, kind: RecordType) -> Query {
        Query::new(&Question { name: name(text), kind }, Wishes::default())
    }

    /// The reply to a query, as octets.
    fn reply(query: &Query, id: u16, change: impl Fn(&mut Message)) -> Vec<u8> {
        let asked = Message::from_vec(query.octets()).expect("a query");
        let mut message = Message::new(id, MessageType::Response, OpCode::Query);
        message.queries = asked.queries;
        change(&mut message);
        message.to_vec().expect("octets")
    }

    #[test]
    fn only_what_repeats_id_and_question_is_a_reply() {
        let asked = query("a.example.", RecordType::from(65));
        let other = |text, kind| query(text, kind);
        for (octets, wanted) in [
            (reply(&asked, 7, |_| {}), Ok(())),
            (reply(&other("A.Example.", RecordType::from(65)), 7, |_| {}), Ok(())),
            (reply(&asked, 8, |_| {}), Err(Refusal::Id)),
            (reply(&other("b.example.", RecordType::from(65)), 7, |_| {}), Err(Refusal::Question)),
            (reply(&other("a.example.", RecordType::from(97)), 7, |_| {}), Err(Refusal::Question)),
            (reply(&other("a.a.example.", RecordType::from(65)), 7, |_| {}), Err(Refusal::Question)),
            (reply(&other(".", RecordType::A), 7, |_| {}), Err(Refusal::Short)),
            (reply(&asked, 7, |message| message.queries.clear()), Err(Refusal::Question)),
            (reply(&asked, 7, |message| message.queries.push(message.queries[0].clone())), Err(Refusal::Question)),
            (
                reply(&asked, 7, |message| {
                    message.queries.clear();
                    message.metadata.response_code = ResponseCode::FormErr;
                }),
                Ok(()),
            ),
            (
                reply(&asked, 7, |message| {
                    message.queries.clear();
                    message.metadata.response_code = ResponseCode::NXDomain;
                }),
                Err(Refusal::Question),
            ),
            (reply(&asked, 7, |message| message.metadata.message_type = MessageType::Query), Err(Refusal::Purpose)),
            (reply(&asked, 7, |message| message.metadata.op_code = OpCode::Notify), Err(Refusal::Purpose)),
            (reply(&asked, 7, |_| {})[..11].to_vec(), Err(Refusal::Short)),
            (reply(&asked, 7, |_| {})[..14].to_vec(), Err(Refusal::Short)),
            (vec![], Err(Refusal::Short)),
        ] {
            assert_eq!(accept(&octets, 7, asked.question()), wanted, "{octets:?}");
        }
    }

    fn record(owner: &str, ttl: u32, data: RData) -> Record {
        Record::from_rdata(name(owner), ttl, data)
    }

    fn soa(ttl: u32, minimum: u32) -> Record {
        let data = SOA::new(name("ns."), name("host."), 1, 1, 1, 1, minimum);
        record("example.", ttl, RData::SOA(data))
    }

    #[test]
    fn answers_are_remembered_as_long_as_all_of_them_hold() {
        let address = |ttl| record("a.example.", ttl, RData::A(A::new(192, 0, 2, 1)));
        let signature = |ttl, original_ttl| {
            let input = SigInput {
                type_covered: RecordType::A,
                algorithm: Algorithm::ED25519,
                num_labels: 2,
                original_ttl,
                sig_expiration: SerialNumber::new(2),
                sig_inception: SerialNumber::new(1),
                key_tag: 7,
                signer_name: name("example."),
            };
            let data = DNSSECRData::RRSIG(RRSIG::from_sig(input, vec![7; 64]));
            record("a.example.", ttl, RData::DNSSEC(data))
        };
        let alias = |ttl| record("a.example.", ttl, RData::CNAME(CNAME(name("b.example."))));
        for (answers, authorities, code, wanted) in [
            (vec![address(60), address(30)], vec![], ResponseCode::NoError, Some(30)),
            (vec![alias(10), address(30)], vec![], ResponseCode::NoError, Some(10)),
            // Who makes a TTL longer leaves the one that was signed as it was.
            (vec![address(9999), signature(9999, 60)], vec![], ResponseCode::NoError, Some(60)),
            (vec![address(30), signature(30, 60)], vec![], ResponseCode::NoError, Some(30)),
            (vec![address(0)], vec![], ResponseCode::NoError, None),
            (vec![address(u32::MAX)], vec![], ResponseCode::NoError, None),
            (vec![address(9_999_999)], vec![], ResponseCode::NoError, Some(86_400)),
            (vec![], vec![soa(300, 60)], ResponseCode::NXDomain, Some(60)),
            (vec![], vec![soa(30, 60)], ResponseCode::NoError, Some(30)),
            (vec![], vec![soa(99_999, 99_999)], ResponseCode::NoError, Some(10_800)),
            (vec![alias(20)], vec![soa(30, 60)], ResponseCode::NoError, Some(20)),
            (vec![alias(20)], vec![soa(30, 10)], ResponseCode::NXDomain, Some(10)),
            (vec![], vec![], ResponseCode::NoError, None),
            (vec![], vec![], ResponseCode::NXDomain, None),
            (vec![address(60)], vec![], ResponseCode::ServFail, None),
        ] {
            let octets = reply(&query("a.example.", RecordType::A), 1, |message| {
                message.metadata.response_code = code;
                message.answers.clone_from(&answers);
                message.authorities.clone_from(&authorities);
            });
            assert_eq!(Reply::parse(&octets).expect("a reply").ttl(), wanted, "{answers:?} {authorities:?}");
        }
    }

    #[test]
    fn names_that_are_mazes_are_not_read() {
        let maze = |hops: u16| {
            let mut octets = reply(&query(".", RecordType::A), 1, |message| message.metadata.authoritative = true);
            octets[7] = 2;
            // A record whose data are pointers, each to the one before, and one whose name is the last of them.
            octets.extend([0, 0, 10, 0, 1, 0, 0, 0, 60]);
            octets.extend((2 * hops + 3000).to_be_bytes());
            let mut last = 12;
            for _ in 0..hops {
                let pointer = 0xc000 | last;
                last = octets.len() as u16;
                octets.extend(pointer.to_be_bytes());
            }
            octets.resize(octets.len() + 3000, 0);
            octets.extend((0xc000 | last).to_be_bytes());
            octets.extend([0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
            octets
        };
        assert_eq!(Reply::parse(&maze(3)).expect("a few are usual").answers().len(), 2);
        assert!(Reply::parse(&maze(5000)).is_err());
    }

    #[test]
    fn a_referral_is_no_absence() {
        let ns = || record("example.", 60, RData::NS(NS(name("ns."))));
        for (authorities, is_authoritative, wanted) in
            [(vec![ns()], false, true), (vec![ns(), soa(1, 1)], false, false), (vec![], false, false)]
        {
            let octets = reply(&query("a.example.", RecordType::A), 1, |message| {
                message.metadata.authoritative = is_authoritative;
                message.authorities.clone_from(&authorities);
            });
            assert_eq!(Reply::parse(&octets).expect("a reply").is_referral(), wanted, "{authorities:?}");
        }
    }

    #[test]
    fn the_servers_own_words_are_kept_and_drive_no_terminal() {
        let octets = reply(&query("a.example.", RecordType::A), 1, |message| {
            let mut edns = Edns::new();
            for data in [&b"\0\x16no \x1b[31mreach\0"[..], b"\0\x06", b"\0"] {
                edns.options_mut().insert(EdnsOption::Unknown(15, data.to_vec()));
            }
            message.edns = Some(edns);
            message.metadata.response_code = ResponseCode::BADCOOKIE;
        });
        let reply = Reply::parse(&octets).expect("a reply");
        assert_eq!(reply.code(), ResponseCode::BADCOOKIE);
        let errors = reply.extended_errors();
        assert_eq!((errors.len(), errors[0].code, errors[1].code), (2, 22, 6));
        assert_eq!((errors[0].words.as_str(), errors[1].words.as_str()), ("no \\x1b[31mreach", ""));
    }

    proptest! {
        #[test]
        fn no_octets_are_too_odd_to_be_judged(octets in prop::collection::vec(any::<u8>(), 0..600), id: u16) {
            let asked = query("a.example.", RecordType::MX);
            if accept(&octets, id, asked.question()).is_ok() {
                prop_assert_eq!(super::id(&octets), Some(id));
            }
            if let Ok(reply) = Reply::parse(&octets) {
                let _ = (reply.ttl(), reply.extended_errors(), reply.is_referral());
            }
        }

        #[test]
        fn a_reply_with_one_octet_changed_in_id_or_question_is_refused(at in 0usize..27, change in 1u8..) {
            let asked = query("a.example.", RecordType::MX);
            let mut octets = reply(&asked, 0x1234, |_| {});
            prop_assert!(accept(&octets, 0x1234, asked.question()).is_ok());
            // Flags and counts but that of questions decide nothing.
            prop_assume!(!matches!(at, 2..=3 | 6..=11));
            let before = octets[at];
            octets[at] ^= change;
            // But for the case of a letter.
            let is_case = (HEADER..23).contains(&at) && octets[at].eq_ignore_ascii_case(&before);
            prop_assert_eq!(accept(&octets, 0x1234, asked.question()).is_ok(), is_case);
        }
    }
}
