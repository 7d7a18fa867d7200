//! Whether a set of records was signed by one of these keys, at this time; if not, what comes nearest to a reason.
//!
//! One good signature is enough, whatever stands beside it (RFC 6840 §5.4, §5.11). Of many bad ones the failure that got
//! furthest is told. RFC 4035 §5.3.1, §5.3.3.

use super::algorithm;
use super::budget::Budget;
use super::set::Set;
use super::step::Step;
use super::validity::{self, Validity};
use super::why::Why;
use crate::world::Timestamp;
use hickory_proto::dnssec::rdata::{DNSKEY, DNSSECRData, RRSIG};
use hickory_proto::dnssec::{Algorithm, PublicKey};
use hickory_proto::rr::{Name, RData};

/// A zone and the keys that sign for it.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) zone: Name,
    pub(super) all: Vec<Key>,
}

/// A key with its tag.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) tag: u16,
    pub(super) data: DNSKEY,
}

/// What a good signature tells.
#[derive(Debug, Clone)]
pub(super) struct Proven {
    /// The tag of the key.
    pub(super) tag: u16,
    /// Its algorithm.
    pub(super) algorithm: u8,
    /// When the signature expires.
    pub(super) until: Timestamp,
    /// Seconds the records may be kept (RFC 4035 §5.3.3).
    pub(super) ttl: u32,
    /// How many labels the signed name has; fewer than the owner if it was made from a wildcard.
    pub(super) labels: u8,
    /// By how many seconds our clock would have to be wrong, if it has to.
    pub(super) skew: Option<i64>,
}

impl Keys {
    /// The keys of a set of records that may sign for the zone.
    pub(super) fn of(set: &Set<'_>) -> Self {
        let all = set.records.iter().filter_map(|record| match &record.data {
            RData::DNSSEC(DNSSECRData::DNSKEY(key)) => Some(key),
            _ => None,
        });
        // RFC 4034 §2.1.1: without the zone flag it is no key of a zone. RFC 5011 §2.1: one that is revoked signs nothing.
        let all = all.filter(|key| key.zone_key() && !key.revoke());
        let all = all.filter_map(|key| Some(Key { tag: key.calculate_key_tag().ok()?, data: key.clone() }));
        Self { zone: set.owner.clone(), all: all.collect() }
    }

    /// Those that a signature or a delegation may mean, as many as are tried.
    pub(super) fn with(&self, tag: u16, algorithm: Algorithm, limit: usize) -> impl Iterator<Item = &Key> {
        let fits = move |key: &&Key| key.tag == tag && key.data.public_key().algorithm() == algorithm;
        self.all.iter().filter(fits).take(limit)
    }
}

impl Proven {
    /// Whether the owner was made from a wildcard.
    pub(super) fn is_expanded(&self, set: &Set<'_>) -> bool {
        self.labels < set.owner.num_labels()
    }

    /// What is told about it.
    pub(super) fn step(&self, set: &Set<'_>, zone: &Name) -> Step {
        Step::Signed {
            owner: set.owner.clone(),
            kind: set.kind,
            zone: zone.clone(),
            tag: self.tag,
            algorithm: self.algorithm,
            until: self.until,
            skew: self.skew,
            is_expanded: self.is_expanded(set),
        }
    }
}

/// Looks for a signature of these keys that holds.
pub(super) fn verify(set: &Set<'_>, keys: &Keys, now: Timestamp, budget: &mut Budget) -> Result<Proven, Why> {
    let place = || (set.owner.clone(), set.kind, Box::new(keys.zone.clone()));
    let mut worst: Option<(u8, Why)> = None;
    let mut failed = |rank: u8, why: Why| {
        if worst.as_ref().is_none_or(|(known, _)| *known < rank) {
            worst = Some((rank, why));
        }
    };
    let ours = set.signatures.iter().filter(|signature| signature.input().signer_name == keys.zone);
    for signature in ours.take(budget.limits.signatures) {
        let input = signature.input();
        let (owner, kind, zone) = place();
        if input.num_labels > set.owner.num_labels() {
            failed(1, Why::LabelCount { owner, kind, labels: input.num_labels });
            continue;
        }
        if !algorithm::is_supported(input.algorithm) {
            failed(2, Why::UnsupportedSignature { owner, kind, zone, algorithm: input.algorithm.into() });
            continue;
        }
        let validity = validity::judge(input.sig_inception.get(), input.sig_expiration.get(), now);
        let (until, skew) = match validity {
            Validity::Good(until) => (until, None),
            Validity::Skewed(until, seconds) => (until, Some(seconds)),
            Validity::Expired(at) => {
                failed(4, Why::Expired { owner, kind, at });
                continue;
            }
            Validity::Early(at) => {
                failed(4, Why::NotYetValid { owner, kind, at });
                continue;
            }
        };
        let tag = input.key_tag;
        let mut fitting = keys.with(tag, input.algorithm, budget.limits.keys).peekable();
        // A long set takes time to write out, and the budget counts only what is checked.
        if fitting.peek().is_none() {
            failed(3, Why::NoKey { owner, kind, zone, tag });
            continue;
        }
        let Some(octets) = set.octets(signature) else {
            failed(1, Why::LabelCount { owner, kind, labels: input.num_labels });
            continue;
        };
        for key in fitting {
            budget.verification()?;
            if key.data.public_key().verify(&octets, signature.sig()).is_ok() {
                return Ok(proven(set, signature, until, skew, now));
            }
        }
        failed(5, Why::BadSignature { owner, kind, zone, tag });
    }
    let (owner, kind, zone) = place();
    Err(worst.map_or(Why::NoSignature { owner, kind, zone }, |(_, why)| why))
}

fn proven(set: &Set<'_>, signature: &RRSIG, until: Timestamp, skew: Option<i64>, now: Timestamp) -> Proven {
    let input = signature.input();
    // RFC 4035 §5.3.3: no longer than records, signature and its end allow. The TTL is not signed, the original one is.
    let left = u32::try_from((until.as_second() - now.as_second()).max(0)).unwrap_or(u32::MAX);
    let ttl = set.ttl().min(input.original_ttl).min(left);
    Proven { tag: input.key_tag, algorithm: input.algorithm.into(), until, ttl, labels: input.num_labels, skew }
}
