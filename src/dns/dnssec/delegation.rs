//! Which keys of a zone are vouched for: by the delegation in the zone above, or by a trust anchor.
//!
//! RFC 4035 §5, §5.2; RFC 4509 §3; RFC 6840 §5.2, §6.1.

use super::algorithm;
use super::budget::Budget;
use super::set::Set;
use super::signature::Keys;
use super::why::Why;
use hickory_proto::dnssec::rdata::{DNSKEY, DNSSECRData, DS};
use hickory_proto::dnssec::{Algorithm, PublicKey};
use hickory_proto::rr::{Name, RData};
use std::collections::BTreeSet;

/// What vouches for keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Voucher {
    /// A digest of the key.
    Digest(DS),
    /// The key itself; as a trust anchor only.
    Key(DNSKEY),
}

impl Voucher {
    /// The tag of the key that is meant.
    pub(super) fn tag(&self) -> Option<u16> {
        match self {
            Self::Digest(digest) => Some(digest.key_tag()),
            Self::Key(key) => key.calculate_key_tag().ok(),
        }
    }

    /// The sort of digest, if it is one.
    pub(super) fn digest(&self) -> Option<u8> {
        match self {
            Self::Digest(digest) => Some(u8::from(digest.digest_type())),
            Self::Key(_) => None,
        }
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Digest(digest) => digest.algorithm(),
            Self::Key(key) => key.public_key().algorithm(),
        }
    }

    fn is_usable(&self) -> bool {
        let is_readable = match self {
            Self::Digest(digest) => algorithm::is_digest_supported(digest.digest_type()),
            Self::Key(_) => true,
        };
        is_readable && algorithm::is_supported(self.algorithm())
    }
}

/// The delegations in a set of them.
pub(super) fn vouchers(set: &Set<'_>) -> Vec<Voucher> {
    let of = |data: &RData| match data {
        RData::DNSSEC(DNSSECRData::DS(digest)) => Some(Voucher::Digest(digest.clone())),
        _ => None,
    };
    set.records.iter().filter_map(|record| of(&record.data)).collect()
}

/// Those that can be followed. If there are none the zone counts as not signed (RFC 4035 §5.2; RFC 6840 §5.2).
pub(super) fn usable(zone: &Name, all: &[Voucher], limit: usize) -> Result<Vec<Voucher>, Why> {
    let mut usable: Vec<&Voucher> = all.iter().filter(|voucher| voucher.is_usable()).collect();
    if usable.is_empty() {
        let known = all.iter().filter(|voucher| algorithm::is_supported(voucher.algorithm()));
        let digests: BTreeSet<u8> = known.filter_map(Voucher::digest).collect();
        let algorithms: BTreeSet<u8> = all.iter().map(|voucher| u8::from(voucher.algorithm())).collect();
        let zone = zone.clone();
        return Err(match digests.is_empty() {
            true => Why::UnsupportedAlgorithm { zone, algorithms: algorithms.into_iter().collect() },
            false => Why::UnsupportedDigest { zone, digests: digests.into_iter().collect() },
        });
    }
    // RFC 4509 §3: SHA-1 does not count beside a stronger digest, or whoever can forge it would choose it.
    let is_weak = |voucher: &Voucher| voucher.digest() == Some(1);
    if usable.iter().any(|voucher| !is_weak(voucher)) {
        usable.retain(|voucher| !is_weak(voucher));
    }
    Ok(usable.into_iter().take(limit).cloned().collect())
}

/// Whether all that is left to follow are digests by SHA-1.
pub(super) fn is_weak(vouchers: &[Voucher]) -> bool {
    !vouchers.is_empty() && vouchers.iter().all(|voucher| voucher.digest() == Some(1))
}

/// The keys of a zone that are vouched for, at least one.
pub(super) fn entries(keys: &Keys, vouchers: &[Voucher], budget: &mut Budget) -> Result<Option<Keys>, Why> {
    let mut found = Keys { zone: keys.zone.clone(), all: Vec::new() };
    for voucher in vouchers {
        let Some(tag) = voucher.tag() else { continue };
        for key in keys.with(tag, voucher.algorithm(), budget.limits.keys) {
            let fits = match voucher {
                Voucher::Key(known) => known.public_key() == key.data.public_key(),
                Voucher::Digest(digest) => {
                    budget.digest()?;
                    digest.covers(&keys.zone, &key.data).unwrap_or(false)
                }
            };
            if fits && !found.all.iter().any(|known| known.data == key.data) {
                found.all.push(key.clone());
            }
        }
    }
    Ok(Some(found).filter(|found| !found.all.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::dnssec::DigestType;

    fn digest(algorithm: u8, digest: u8) -> Voucher {
        Voucher::Digest(DS::new(7, Algorithm::from_u8(algorithm), DigestType::from(digest), vec![1; 32]))
    }

    #[test]
    fn what_can_be_followed_is_and_what_cannot_makes_no_zone_bogus() {
        let zone = Name::from_ascii("example.").unwrap();
        let algorithms =
            |numbers: &[u8]| Why::UnsupportedAlgorithm { zone: zone.clone(), algorithms: numbers.to_vec() };
        let digests = |numbers: &[u8]| Why::UnsupportedDigest { zone: zone.clone(), digests: numbers.to_vec() };
        for (all, wanted) in [
            (vec![digest(13, 2)], Ok(vec![digest(13, 2)])),
            (vec![digest(13, 1)], Ok(vec![digest(13, 1)])),
            (vec![digest(13, 1), digest(13, 2)], Ok(vec![digest(13, 2)])),
            (vec![digest(13, 4), digest(13, 1), digest(8, 2)], Ok(vec![digest(13, 4), digest(8, 2)])),
            (vec![digest(5, 2), digest(13, 2)], Ok(vec![digest(13, 2)])),
            // A strong digest of a key that cannot be used does not make the usable one go away.
            (vec![digest(5, 2), digest(13, 1)], Ok(vec![digest(13, 1)])),
            (vec![digest(5, 2)], Err(algorithms(&[5]))),
            (vec![digest(16, 2), digest(7, 1), digest(7, 2)], Err(algorithms(&[7, 16]))),
            (vec![digest(13, 3)], Err(digests(&[3]))),
            (vec![digest(13, 6), digest(8, 5)], Err(digests(&[5, 6]))),
        ] {
            assert_eq!(usable(&zone, &all, 12), wanted, "{all:?}");
        }
        assert_eq!(usable(&zone, &vec![digest(13, 2); 100], 12).unwrap().len(), 12);
    }
}
