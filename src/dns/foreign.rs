//! Proofs that nobody here can read: a library that refuses them refuses the whole message that they are in.
//!
//! They are to be passed over and nothing else (RFC 5155 §8.1, §8.2). So they get a type that means nothing, on the copy that
//! is read; nothing moves, since names may point to what stands behind. RFC 1035 §4.1.

use super::question::HEADER;

/// NSEC3 and NSEC3PARAM (RFC 5155 §3.2, §4.2): a hash algorithm, flags, and more.
const PROOFS: [u16; 2] = [50, 51];
/// The only hash algorithm there is, and the only flag.
const SHA1: u8 = 1;
const OPT_OUT: u8 = 1;
/// A type for private use (RFC 6895 §3.1).
const NOTHING: u16 = 0xff00;

/// The message with all such records called something else; none if there are none, or what is before them breaks the
/// grammar.
pub(super) fn passed_over(octets: &[u8]) -> Option<Vec<u8>> {
    let count = |at: usize| octets.get(at..at + 2).map(|two| u16::from_be_bytes([two[0], two[1]]));
    let mut at = HEADER;
    for _ in 0..count(4)? {
        at = behind_name(octets, at)? + 4;
    }
    let records = [6, 8, 10].into_iter().map(|at| count(at).map(u32::from)).sum::<Option<u32>>()?;
    let mut changed = None;
    for _ in 0..records {
        let head = behind_name(octets, at)?;
        // Type, class, TTL, and how long the data are.
        let (kind, data) = (count(head)?, head + 10);
        at = data + usize::from(count(head + 8)?);
        let is_foreign = |data: &[u8]| matches!(data, [hash, flags, ..] if *hash != SHA1 || *flags > OPT_OUT);
        if PROOFS.contains(&kind) && octets.get(data..at).is_some_and(is_foreign) {
            let changed = changed.get_or_insert_with(|| octets.to_vec());
            changed[head..head + 2].copy_from_slice(&NOTHING.to_be_bytes());
        }
    }
    changed
}

/// Where a name ends, which a pointer ends too.
fn behind_name(octets: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *octets.get(at)? {
            0 => return Some(at + 1),
            0xc0.. => return Some(at + 2),
            length => at += 1 + usize::from(length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::dnssec::Nsec3HashAlgorithm;
    use hickory_proto::dnssec::rdata::{DNSSECRData, NSEC3};
    use hickory_proto::op::{Message, MessageType, OpCode, Query};
    use hickory_proto::rr::rdata::A;
    use hickory_proto::rr::{Name, RData, Record, RecordType};
    use proptest::prelude::*;

    /// A message with an address, a proof and another address.
    fn message() -> Vec<u8> {
        let name = |text: &str| Name::from_ascii(text).expect(text);
        let mut message = Message::new(7, MessageType::Response, OpCode::Query);
        message.add_query(Query::query(name("a.example."), RecordType::MX));
        let address = Record::from_rdata(name("a.example."), 60, RData::A(A::new(192, 0, 2, 1)));
        let proof = NSEC3::new(Nsec3HashAlgorithm::SHA1, true, 0, Vec::new(), vec![9; 20], [RecordType::MX]);
        let proof = RData::DNSSEC(DNSSECRData::NSEC3(proof));
        message.answers.push(address.clone());
        message.authorities.push(Record::from_rdata(name("b.example."), 60, proof));
        message.additionals.push(address);
        message.to_vec().expect("octets")
    }

    #[test]
    fn a_proof_that_nobody_can_read_is_passed_over_and_the_rest_is_not() {
        let good = message();
        assert_eq!(passed_over(&good), None);
        // Its data begin with the algorithm, the flags, no iterations, no salt, and the length of the hash.
        let at = good.windows(6).position(|six| six == [1, 1, 0, 0, 0, 20]).expect("it is there");
        for (place, octet) in [(at, 2), (at, 0), (at + 1, 2), (at + 1, 0x81)] {
            let mut octets = good.clone();
            octets[place] = octet;
            assert!(Message::from_vec(&octets).is_err(), "if the library reads it, this file need not be");
            let read = Message::from_vec(&passed_over(&octets).expect("it is found")).expect("a message");
            assert_eq!((read.answers.len(), read.additionals.len()), (1, 1));
            assert_eq!(read.authorities[0].record_type(), RecordType::Unknown(NOTHING));
        }
    }

    proptest! {
        #[test]
        fn no_message_is_too_odd_to_be_looked_through(octets in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Some(changed) = passed_over(&octets) {
                prop_assert_eq!(changed.len(), octets.len());
            }
        }

        #[test]
        fn counts_may_promise_what_they_like(counts: [u16; 3]) {
            let mut octets = message();
            octets[6..12].copy_from_slice(&counts.map(u16::to_be_bytes).concat());
            prop_assert_eq!(passed_over(&octets), None);
        }

        #[test]
        fn one_octet_changed_anywhere_does_no_harm(at in 0usize..120, octet: u8) {
            let mut octets = message();
            prop_assume!(at < octets.len());
            octets[at] = octet;
            if let Some(changed) = passed_over(&octets) {
                prop_assert_eq!(changed.len(), octets.len());
            }
        }
    }
}
