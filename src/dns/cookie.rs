//! Cookies: eight octets that a server sends back if it knows them, so that who does not see a question cannot answer it.
//!
//! Only our own half is used. What the server puts behind it is for the server; one that insists on seeing it again is asked
//! over a connection instead, where nobody can guess anything. Pure: octets in, and whether they are to be believed out.
//! RFC 7873 §4, §5.3; RFC 7830 §3.

use super::question::HEADER;
use std::ops::Range;

/// Our half.
pub type Cookie = [u8; 8];

/// Octets of the option in a query.
pub const OPTION: usize = 4 + 8;

const CODE: u16 = 10;
const PADDING: u8 = 12;
const OPT: u16 = 41;

/// What a reply says about our cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// Nothing.
    None,
    /// It is the one we sent.
    Ours,
    /// It is another one.
    Other,
}

/// The option that carries a cookie.
pub fn option(cookie: Cookie) -> [u8; OPTION] {
    let mut option = [0, 10, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    option[4..].copy_from_slice(&cookie);
    option
}

/// Looks for a cookie in a reply. One that is ours becomes padding of the same length: it has done its work, and nobody who
/// hears the reply again later has sent it.
pub fn take(reply: &mut [u8], cookie: &Cookie) -> Echo {
    let Some(Range { start: mut at, end }) = options(reply) else { return Echo::None };
    let mut echo = Echo::None;
    while let (Some(code), Some(length)) = (number(&reply[..end], at), number(&reply[..end], at + 2)) {
        let data = at + 4;
        let next = data + usize::from(length);
        let Some(said) = reply[..end].get_mut(data..next) else { break };
        if code == CODE {
            // RFC 7873 §4: behind ours stand eight octets of the server's at least, and 32 at most.
            if !matches!(said.len(), 8 | 16..=40) || !said.starts_with(cookie) {
                return Echo::Other;
            }
            said.fill(0);
            reply[at + 1] = PADDING;
            echo = Echo::Ours;
        }
        at = next;
    }
    echo
}

/// Where the options of a message are.
fn options(octets: &[u8]) -> Option<Range<usize>> {
    let mut at = HEADER;
    for _ in 0..number(octets, 4)? {
        at = after_name(octets, at)? + 4;
    }
    let records = [6, 8, 10].into_iter().map(|place| number(octets, place).map(u32::from)).sum::<Option<u32>>()?;
    for _ in 0..records {
        let end = after_name(octets, at)?;
        let data = end + 10;
        let next = data + usize::from(number(octets, end + 8)?);
        if number(octets, end)? == OPT {
            return (next <= octets.len()).then_some(data..next);
        }
        at = next;
    }
    None
}

/// Where a name ends: at the root, or with a pointer, which leads elsewhere (RFC 1035 §4.1.4).
fn after_name(octets: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *octets.get(at)? {
            0 => return Some(at + 1),
            length @ 1..=63 => at += 1 + usize::from(length),
            0xc0.. => return Some(at + 2),
            64..=191 => return None,
        }
    }
}

fn number(octets: &[u8], at: usize) -> Option<u16> {
    octets.get(at..at + 2).map(|two| u16::from_be_bytes([two[0], two[1]]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::reply::Reply;
    use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query};
    use hickory_proto::rr::rdata::opt::EdnsOption;
    use hickory_proto::rr::rdata::{A, MX};
    use hickory_proto::rr::{Name, RData, Record, RecordType};
    use proptest::prelude::*;

    const OURS: Cookie = *b"01234567";

    /// A reply with compressed names, and these options.
    fn reply(options: &[(u16, Vec<u8>)]) -> Vec<u8> {
        let name = Name::from_ascii("a.example.").expect("a name");
        let mut message = Message::new(1, MessageType::Response, OpCode::Query);
        message.add_query(Query::query(name.clone(), RecordType::MX));
        message.add_answer(Record::from_rdata(name.clone(), 60, RData::MX(MX::new(10, name.clone()))));
        message.add_answer(Record::from_rdata(name, 60, RData::A(A::new(192, 0, 2, 1))));
        let mut edns = Edns::new();
        for (code, data) in options {
            edns.options_mut().insert(EdnsOption::Unknown(*code, data.clone()));
        }
        message.set_edns(edns);
        message.to_vec().expect("octets")
    }

    #[test]
    fn a_cookie_is_ours_or_is_not() {
        let with = |rest: usize| [&OURS[..], &vec![b'x'; rest]].concat();
        for (options, wanted) in [
            (vec![], Echo::None),
            (vec![(3, b"ns1".to_vec())], Echo::None),
            (vec![(10, with(8))], Echo::Ours),
            (vec![(10, with(32))], Echo::Ours),
            (vec![(10, with(0))], Echo::Ours),
            (vec![(3, b"ns1".to_vec()), (10, with(8)), (15, vec![0, 6])], Echo::Ours),
            (vec![(10, with(7))], Echo::Other),
            (vec![(10, with(33))], Echo::Other),
            (vec![(10, b"01234566xxxxxxxx".to_vec())], Echo::Other),
            (vec![(10, OURS[..7].to_vec())], Echo::Other),
            (vec![(10, vec![])], Echo::Other),
        ] {
            let mut octets = reply(&options);
            let before = octets.clone();
            assert_eq!(take(&mut octets, &OURS), wanted, "{options:?}");
            assert_eq!(octets == before, wanted != Echo::Ours, "{options:?}");
            assert_eq!(octets.len(), before.len());
            let (before, after) = (Reply::parse(&before).expect("a reply"), Reply::parse(&octets).expect("a reply"));
            assert_eq!((before.answers(), before.code()), (after.answers(), after.code()));
            if wanted == Echo::Ours {
                assert_eq!(take(&mut octets, &OURS), Echo::None, "it is gone");
                assert!(!octets.windows(8).any(|eight| eight == OURS));
            }
        }
    }

    proptest! {
        #[test]
        fn no_octets_lead_astray(mut octets in prop::collection::vec(any::<u8>(), 0..80), cut in 0usize..80) {
            take(&mut octets, &OURS);
            let mut broken = reply(&[(10, OURS.repeat(2))]);
            broken.truncate(cut);
            for (place, octet) in octets.iter().enumerate().take(broken.len()) {
                let mut bent = broken.clone();
                bent[place] = *octet;
                take(&mut bent, &OURS);
            }
        }
    }
}
