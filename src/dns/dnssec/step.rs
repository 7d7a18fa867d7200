//! What was found on the way from a trust anchor to an answer, one sentence each.

use super::algorithm::{digest_title, title};
use super::name::{text, zone as zone_text};
use super::why::{Why, keys, set};
use crate::world::Timestamp;
use hickory_proto::rr::{Name, RecordType};
use std::fmt::{self, Display, Formatter};

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Keys of a zone are trust anchors.
    Anchored {
        /// The zone.
        zone: Name,
        /// Tags of the keys that are trusted.
        tags: Vec<u16>,
    },
    /// A zone is vouched for by the one above.
    Delegated {
        /// The zone.
        zone: Name,
        /// The zone above.
        parent: Name,
        /// Tags of the keys that are vouched for.
        tags: Vec<u16>,
        /// By which sorts of digests.
        digests: Vec<u8>,
    },
    /// Records are signed, and rightly so.
    Signed {
        /// Whose records.
        owner: Name,
        /// Which records.
        kind: RecordType,
        /// By which zone.
        zone: Name,
        /// By which of its keys.
        tag: u16,
        /// The algorithm of that key.
        algorithm: u8,
        /// When the signature expires.
        until: Timestamp,
        /// By how many seconds a clock is wrong, if the signature holds.
        skew: Option<i64>,
        /// Whether a wildcard of the zone stands for the owner.
        is_expanded: bool,
    },
    /// It is proven that something is not there.
    Denied {
        /// The name.
        name: Name,
        /// The type of records.
        kind: RecordType,
        /// The zone that proves it.
        zone: Name,
        /// By records of which type.
        by: RecordType,
        /// Whether the name is not there either.
        no_name: bool,
        /// When the first of the signatures of those records expires.
        until: Option<Timestamp>,
    },
    /// The name stands for another.
    Alias {
        /// The name.
        owner: Name,
        /// The other.
        target: Name,
    },
    /// All keys of a zone are vouched for by SHA-1 only, which still counts (RFC 8624 §3.3).
    WeakDigest {
        /// The zone.
        zone: Name,
    },
    /// Here it ends, or is worth less from here on.
    Stopped(Why),
}

impl Step {
    /// When what it says ends to be so, if it does.
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Signed { until, .. } => Some(*until),
            Self::Denied { until, .. } => *until,
            _ => None,
        }
    }
}

impl Display for Step {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anchored { zone, tags } => write!(out, "{} is trusted by {}", zone_text(zone), keys(tags)),
            Self::Delegated { zone, parent, tags, digests } => {
                let (zone, parent) = (zone_text(zone), zone_text(parent));
                let digests: Vec<String> = digests.iter().map(|digest| digest_title(*digest)).collect();
                write!(out, "{parent} vouches for {} of {zone}, by digest {}", keys(tags), digests.join(", "))
            }
            Self::Signed { owner, kind, zone, tag, algorithm, until, skew, is_expanded } => {
                let zone = zone_text(zone);
                write!(out, "{} are signed by key {tag} of {zone}, {}, ", set(owner, *kind), title(*algorithm))?;
                write!(out, "until {until}")?;
                if *is_expanded {
                    write!(out, ", as a wildcard")?;
                }
                match skew {
                    Some(seconds) => write!(out, ", if a clock is wrong by {seconds} seconds"),
                    None => Ok(()),
                }
            }
            Self::Denied { name, kind, zone, by, no_name, .. } => {
                let zone = zone_text(zone);
                match no_name {
                    true => write!(out, "{zone} proves by {by} that there is no {}", text(name)),
                    false => write!(out, "{zone} proves by {by} that {} has no {kind} records", zone_text(name)),
                }
            }
            Self::Alias { owner, target } => write!(out, "{} is an alias of {}", text(owner), text(target)),
            Self::WeakDigest { zone } => write!(out, "{} is vouched for by SHA-1 only", zone_text(zone)),
            Self::Stopped(why) => why.fmt(out),
        }
    }
}
