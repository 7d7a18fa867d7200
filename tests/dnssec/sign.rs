//! Keys that follow from a number, so that every run signs the same.

use aws_lc_rs::signature::Ed25519KeyPair;
use hickory_proto::dnssec::crypto::Ed25519SigningKey;
use hickory_proto::dnssec::rdata::{DNSKEY, DS, SigInput};
use hickory_proto::dnssec::{Algorithm, DigestType, SigningKey, TBS};
use hickory_proto::rr::{DNSClass, Name, Record};
use mailkit::world::Timestamp;

/// 2026-11-22T12:00:00Z, in the tests.
pub(crate) const NOW: u32 = 1_795_348_800;

pub(crate) fn now() -> Timestamp {
    at(NOW)
}

pub(crate) fn at(second: u32) -> Timestamp {
    Timestamp::from_second(i64::from(second)).expect("a time")
}

pub(crate) struct Key {
    pub(crate) data: DNSKEY,
    signer: Ed25519SigningKey,
}

impl Key {
    pub(crate) fn new(seed: u8, flags: u16) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a key");
        let signer = Ed25519SigningKey::from_ed25519(pair);
        let public = signer.to_public_key().expect("it has one");
        Self { data: DNSKEY::with_flags(flags, public), signer }
    }

    pub(crate) fn tag(&self) -> u16 {
        self.data.calculate_key_tag().expect("it has one")
    }

    pub(crate) fn sign(&self, owner: &Name, input: &SigInput, set: &[Record]) -> Vec<u8> {
        match TBS::from_input(owner, DNSClass::IN, input, set.iter()) {
            Ok(octets) => self.signer.sign(&octets).expect("it signs"),
            // For a signature that says it is for a longer name there is nothing to sign.
            Err(_) => vec![0; 64],
        }
    }

    /// What the zone above says of this key.
    pub(crate) fn ds(&self, zone: &Name, digest: u8) -> DS {
        ds_of(&self.data, zone, digest)
    }
}

pub(crate) fn ds_of(key: &DNSKEY, zone: &Name, digest: u8) -> DS {
    let sort = DigestType::from(digest);
    let octets = match key.to_digest(zone, sort) {
        Ok(octets) => octets.as_ref().to_vec(),
        Err(_) => vec![9; 32],
    };
    DS::new(key.calculate_key_tag().expect("it has one"), key_algorithm(key), sort, octets)
}

fn key_algorithm(key: &DNSKEY) -> Algorithm {
    use hickory_proto::dnssec::PublicKey;
    key.public_key().algorithm()
}
