//! Why something is not secure, as data, and as a sentence that names the zone and the record.
//!
//! How each reason is called for good, how bad it is, which standard decides and what can be done is in `finding`.

use super::algorithm;
use super::budget::Spent;
use super::name::{text, zone as zone_text};
use crate::world::Timestamp;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};
use std::fmt::{self, Display, Formatter};

/// A reason. The second name of each is kept apart, so that no reason is large.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// The signature was good until then.
    Expired {
        /// Whose records.
        owner: Name,
        /// Which records.
        kind: RecordType,
        /// The end.
        at: Timestamp,
    },
    /// The signature will be good from then on.
    NotYetValid {
        /// Whose records.
        owner: Name,
        /// Which records.
        kind: RecordType,
        /// The beginning.
        at: Timestamp,
    },
    /// The zone is signed, these records are not.
    NoSignature {
        /// Whose records.
        owner: Name,
        /// Which records.
        kind: RecordType,
        /// The zone they are in.
        zone: Box<Name>,
    },
    /// What is signed is not what has come.
    BadSignature {
        /// Whose records.
        owner: Name,
        /// Which records.
        kind: RecordType,
        /// The zone that is said to have signed them.
        zone: Box<Name>,
        /// The key that is said to have been used.
        tag: u16,
    },
    /// The zone shows no key of the kind that the signature names.
    NoKey {
        /// Whose records.
        owner: Name,
        /// Which records.
        kind: RecordType,
        /// The zone that is said to have signed them.
        zone: Box<Name>,
        /// The key that is said to have been used.
        tag: u16,
    },
    /// The zone has an algorithm that is known here, and has signed these records by others only.
    UnsupportedSignature {
        /// Whose records.
        owner: Name,
        /// Which records.
        kind: RecordType,
        /// Their zone.
        zone: Box<Name>,
        /// One of the other algorithms.
        algorithm: u8,
    },
    /// Signatures are there, by zones that the records are not in.
    SignerNotParent {
        /// Whose records.
        owner: Name,
        /// Which records.
        kind: RecordType,
        /// One of those who signed.
        signer: Box<Name>,
    },
    /// A signature is there by a name that is provably no zone.
    SignerNoZone {
        /// Whose records.
        owner: Name,
        /// Which records.
        kind: RecordType,
        /// The name.
        signer: Box<Name>,
    },
    /// The signature is for a name with more labels than there are.
    LabelCount {
        /// Whose records.
        owner: Name,
        /// Which records.
        kind: RecordType,
        /// How many it says.
        labels: u8,
    },
    /// The records were made from a wildcard, and it is not proven that nothing stands in its way.
    WildcardUnproven {
        /// Whose records.
        owner: Name,
        /// Which records.
        kind: RecordType,
        /// The zone of the wildcard.
        zone: Box<Name>,
    },
    /// The zone above vouches for keys, and the zone shows none.
    NoDnskey {
        /// The zone.
        zone: Name,
    },
    /// The zone above vouches for keys that the zone does not show.
    NoKeyMatchesDs {
        /// The zone.
        zone: Name,
        /// Tags of the keys that are vouched for.
        tags: Vec<u16>,
    },
    /// The keys that are vouched for have not signed the keys of the zone.
    KeysNotSigned {
        /// The zone.
        zone: Name,
        /// Tags of the keys that are vouched for.
        tags: Vec<u16>,
    },
    /// No key of the zone is the one that a trust anchor names.
    AnchorMismatch {
        /// The zone.
        zone: Name,
        /// Tags of the keys of the trust anchors.
        tags: Vec<u16>,
    },
    /// Keys that are trusted, and signed for certain, came without their signatures or not at all.
    Stripped {
        /// The zone.
        zone: Name,
    },
    /// No trust anchor stands above the name.
    NoAnchor {
        /// The name.
        name: Name,
    },
    /// Nothing came, and it is not proven that nothing is there.
    MissingDenial {
        /// The name.
        name: Name,
        /// What was asked for.
        kind: RecordType,
        /// The zone in which it would be.
        zone: Box<Name>,
    },
    /// Provably, the zone above has no delegation signer record for it.
    NotSigned {
        /// The zone that is not signed.
        zone: Name,
        /// The zone above.
        parent: Box<Name>,
    },
    /// The zone above leaves delegations that are not signed out of its proofs.
    OptedOut {
        /// What may be there.
        name: Name,
        /// The zone that leaves it out.
        zone: Box<Name>,
    },
    /// All keys that are vouched for are of kinds that are not known here or count no more.
    UnsupportedAlgorithm {
        /// The zone.
        zone: Name,
        /// What it has.
        algorithms: Vec<u8>,
    },
    /// All that vouches for keys is of kinds that are not known here.
    UnsupportedDigest {
        /// The zone.
        zone: Name,
        /// What it has.
        digests: Vec<u8>,
    },
    /// The zone wants names hashed more often than is safe.
    IterationsTooMany {
        /// The zone.
        zone: Name,
        /// How often.
        count: u16,
        /// How often is done here.
        limit: u16,
    },
    /// To know more would take more work than is done for one question.
    TooMuchWork {
        /// Which.
        what: Spent,
        /// How much is done.
        limit: u32,
    },
    /// Aliases lead back to where they came from.
    AliasLoop {
        /// Where.
        name: Name,
    },
    /// Aliases lead on and on.
    TooManyAliases {
        /// The first of them.
        name: Name,
        /// How many are followed.
        limit: u32,
    },
    /// A DNAME makes a name that is too long.
    AliasTooLong {
        /// The name it should have replaced.
        name: Name,
    },
    /// Nobody has answered.
    NoAnswer {
        /// The name.
        name: Name,
        /// What was asked for.
        kind: RecordType,
        /// What happened instead.
        said: String,
    },
    /// The server has answered that it cannot answer.
    Failed {
        /// The name.
        name: Name,
        /// What was asked for.
        kind: RecordType,
        /// How it said so.
        rcode: ResponseCode,
    },
}

impl Display for Why {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { owner, kind, at } => {
                write!(out, "the signature of {} has expired at {at}", set(owner, *kind))
            }
            Self::NotYetValid { owner, kind, at } => {
                write!(out, "the signature of {} is not valid before {at}", set(owner, *kind))
            }
            Self::NoSignature { owner, kind, zone } => {
                write!(out, "{} have no signature, and {} is signed", set(owner, *kind), zone_text(zone))
            }
            Self::BadSignature { owner, kind, zone, tag } => {
                let zone = zone_text(zone);
                write!(out, "the signature of {} by key {tag} of {zone} does not verify", set(owner, *kind))
            }
            Self::NoKey { owner, kind, zone, tag } => {
                let zone = zone_text(zone);
                write!(out, "{} are signed by key {tag}, and {zone} shows no such key", set(owner, *kind))
            }
            Self::UnsupportedSignature { owner, kind, zone, algorithm } => write!(
                out,
                "{} are signed by algorithm {} and by none of those that count, which {} has as well",
                set(owner, *kind),
                algorithm::title(*algorithm),
                zone_text(zone)
            ),
            Self::SignerNotParent { owner, kind, signer } => {
                write!(out, "{} are signed by {}, in which they are not", set(owner, *kind), zone_text(signer))
            }
            Self::SignerNoZone { owner, kind, signer } => {
                write!(out, "{} are signed by {}, which is no zone", set(owner, *kind), zone_text(signer))
            }
            Self::LabelCount { owner, kind, labels } => {
                write!(out, "the signature of {} is for a name of {labels} labels", set(owner, *kind))
            }
            Self::WildcardUnproven { owner, kind, zone } => write!(
                out,
                "{} come from a wildcard, and {} does not prove that the name itself is not there",
                set(owner, *kind),
                zone_text(zone)
            ),
            Self::NoDnskey { zone } => {
                write!(out, "{} shows no DNSKEY records, and the zone above vouches for some", zone_text(zone))
            }
            Self::NoKeyMatchesDs { zone, tags } => write!(
                out,
                "no DNSKEY record of {} matches the DS records of the zone above, which vouch for {}",
                zone_text(zone),
                keys(tags)
            ),
            Self::KeysNotSigned { zone, tags } => write!(
                out,
                "the DNSKEY records of {} are not signed by what is vouched for, {}",
                zone_text(zone),
                keys(tags)
            ),
            Self::AnchorMismatch { zone, tags } => {
                write!(out, "no DNSKEY record of {} is the trust anchor, {}", zone_text(zone), keys(tags))
            }
            Self::Stripped { zone } => {
                write!(
                    out,
                    "the DNSKEY records of {} came without signatures: whoever was asked drops them",
                    zone_text(zone)
                )
            }
            Self::NoAnchor { name } => write!(out, "no trust anchor stands above {}", zone_text(name)),
            Self::MissingDenial { name, kind, zone } => write!(
                out,
                "there is no answer for {} {kind}, and {} does not prove that there is none",
                text(name),
                zone_text(zone)
            ),
            Self::NotSigned { zone, parent } => {
                write!(out, "{} is not signed: {} has no DS record for it", zone_text(zone), zone_text(parent))
            }
            Self::OptedOut { name, zone } => write!(
                out,
                "{} leaves unsigned delegations out of its proofs, and {} may be one",
                zone_text(zone),
                text(name)
            ),
            Self::UnsupportedAlgorithm { zone, algorithms } => write!(
                out,
                "{} is signed by algorithms that do not count: {}",
                zone_text(zone),
                list(algorithms.iter().map(|number| algorithm::title(*number)))
            ),
            Self::UnsupportedDigest { zone, digests } => write!(
                out,
                "the DS records of {} have digests that are not known here: {}",
                zone_text(zone),
                list(digests.iter().map(|number| algorithm::digest_title(*number)))
            ),
            Self::IterationsTooMany { zone, count, limit } => write!(
                out,
                "{} hashes names with {count} further iterations, and more than {limit} are not followed",
                zone_text(zone)
            ),
            Self::TooMuchWork { what, limit } => {
                write!(out, "to know more takes more than {limit} {}, and no more are spent on one name", what.noun())
            }
            Self::AliasLoop { name } => write!(out, "the aliases at {} lead back to it", text(name)),
            Self::TooManyAliases { name, limit } => {
                write!(out, "more than {limit} aliases in a row follow upon {}", text(name))
            }
            Self::AliasTooLong { name } => write!(out, "what a DNAME makes of {} is too long for a name", text(name)),
            Self::NoAnswer { name, kind, said } => write!(out, "no answer for {}: {said}", set(name, *kind)),
            Self::Failed { name, kind, rcode } => {
                write!(out, "asked for {}, the server says: {rcode}", set(name, *kind))
            }
        }
    }
}

/// `the MX records of example.org`
pub(super) fn set(owner: &Name, kind: RecordType) -> String {
    format!("the {kind} records of {}", zone_text(owner))
}

/// `key 1`, `keys 1 and 2`
pub(super) fn keys(tags: &[u16]) -> String {
    let noun = if tags.len() == 1 { "key" } else { "keys" };
    format!("{noun} {}", list(tags.iter().map(u16::to_string)))
}

/// A few of many are enough for a sentence.
fn list(items: impl Iterator<Item = String>) -> String {
    const SHOWN: usize = 6;
    let mut all: Vec<String> = items.take(SHOWN + 1).collect();
    if all.len() > SHOWN {
        all[SHOWN] = "more".to_owned();
    }
    match all.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "none".to_owned(),
    }
}
