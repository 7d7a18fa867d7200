//! KeyTrap (CVE-2023-50387): many keys that share a tag, and many signatures that name it.

use super::internet::Internet;
use super::zone::Zone;
use hickory_proto::dnssec::rdata::{DNSKEY, DNSSECRData, RRSIG};
use hickory_proto::dnssec::{Algorithm, PublicKeyBuf};
use hickory_proto::rr::{RData, Record};

/// Keys that are none and share a tag.
pub(crate) fn colliding(tag: u16, flags: u16, count: usize) -> Vec<DNSKEY> {
    let mut found = Vec::new();
    for seed in 0_u32.. {
        let mut octets = [0_u8; 32];
        octets[..4].copy_from_slice(&seed.to_be_bytes());
        octets[8] = 1;
        let key = |octets: &[u8]| DNSKEY::with_flags(flags, PublicKeyBuf::new(octets.to_vec(), Algorithm::ED25519));
        let near = key(&octets).calculate_key_tag().expect("it has one");
        // The tag is a sum of pairs of octets: what is missing is added, and a carry may spoil it.
        octets[30..].copy_from_slice(&tag.wrapping_sub(near).to_be_bytes());
        if key(&octets).calculate_key_tag().is_ok_and(|made| made == tag) {
            found.push(key(&octets));
        }
        if found.len() == count {
            break;
        }
    }
    found
}

/// A zone with a hundred keys of this tag, and a hundred signatures by them that are none beside a record of it, after the
/// good one if there is to be one.
pub(crate) fn trapped(zone: Zone, record: &Record, tag: u16, has_good: bool) -> Internet {
    let (apex, shown) = (zone.apex.to_string(), colliding(tag, 256, 100));
    let internet = Internet::of(vec![Zone { shown, ..zone }]);
    let zone = internet.zone(&apex);
    let good = zone.signature(std::slice::from_ref(record), &zone.keys[1], |_| {});
    let RData::DNSSEC(DNSSECRData::RRSIG(data)) = &good.data else { panic!("it is one") };
    let bad = (0_u8..100).map(|number| {
        let mut input = data.input().clone();
        input.key_tag = tag;
        let octets = [number; 64].to_vec();
        Record::from_rdata(good.name.clone(), 3600, RData::DNSSEC(DNSSECRData::RRSIG(RRSIG::from_sig(input, octets))))
    });
    let mut signatures: Vec<Record> = bad.collect();
    if has_good {
        signatures.insert(0, good.clone());
    }
    internet.change(&record.name.to_string(), record.record_type(), move |response| {
        response.answers.truncate(1);
        response.answers.extend(signatures.clone());
    })
}
