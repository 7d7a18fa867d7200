//! What the spool knows of a message: its envelope, where each recipient stands, what came of attempts.
//!
//! Words only, shared by the log, its index and whoever delivers. Decides nothing.
//! RFC 5321 §4.5.4.1 (waiting and trying again); RFC 3464 §2.3 (what a report wants to know).

use super::id::SpoolId;
use crate::address::Domain;
use crate::envelope::{Envelope, ForwardPath};
use crate::status::EnhancedStatus;
use crate::world::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A message that was accepted: everything but its octets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// From whom, to whom.
    pub envelope: Envelope,
    /// When; kept to the microsecond.
    #[serde(with = "micros")]
    pub received: Timestamp,
    /// Who was logged in, if anybody.
    pub user: Option<String>,
    /// Where it came from, for people who look at the queue.
    pub origin: String,
}

/// A recipient that is not settled yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// Its place in the envelope, from 0.
    pub index: u32,
    /// Who.
    pub path: ForwardPath,
    /// When the next attempt may begin.
    #[serde(with = "micros")]
    pub due: Timestamp,
    /// Since when it is tried: the acceptance of the message.
    #[serde(with = "micros")]
    pub first: Timestamp,
    /// How often it was tried without success.
    pub attempts: u32,
    /// Whether the sender was told of the delay.
    pub warned: bool,
    /// How the last attempt failed.
    pub last: Option<Attempt>,
}

/// An attempt that failed for the time being.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When its outcome was settled.
    #[serde(with = "micros")]
    pub at: Timestamp,
    /// What sort of failure.
    pub code: EnhancedStatus,
    /// What was said, by them or by us.
    pub text: String,
}

/// A message, and those of its recipients that are to be tried now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    /// Its name in the spool.
    pub id: SpoolId,
    /// Its envelope and origin.
    pub accepted: Arc<Accepted>,
    /// Octets of the message.
    pub size: u64,
    /// Whom to try.
    pub recipients: Vec<Due>,
}

/// What was leased at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Messages, in the order in which they are due.
    pub messages: Vec<Leased>,
    /// Whether there may be more that can be leased now.
    pub has_more: bool,
}

/// Which recipients hold each other up, and how many of them may be leased together. Of a lane that has so many the
/// rest is passed by, however long it is due.
#[derive(Clone)]
pub struct Lanes {
    /// The lane of a domain, which is in A-labels, and empty for `<Postmaster>`.
    pub of: Arc<dyn Fn(&str) -> String + Send + Sync>,
    /// Leases that a lane may have.
    pub each: usize,
}

/// A message in the queue, for listings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the spool.
    pub id: SpoolId,
    /// Its envelope and origin.
    pub accepted: Arc<Accepted>,
    /// Octets of the message.
    pub size: u64,
    /// All recipients that are not settled.
    pub recipients: Vec<Due>,
}

/// What became of one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// Of which message.
    pub id: SpoolId,
    /// [`Due::index`].
    pub recipient: u32,
    /// What became of it.
    pub outcome: Outcome,
}

/// The outcome of an attempt, or of a person's decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Somebody else has it now.
    Delivered {
        /// What they said.
        text: String,
    },
    /// To be tried again.
    Deferred {
        /// Not before.
        #[serde(with = "micros")]
        until: Timestamp,
        /// What was said.
        text: String,
        /// What sort of failure.
        code: EnhancedStatus,
        /// Whether the sender is being told of the delay with this settlement; once told, it stays so.
        warned: bool,
    },
    /// Given up; the report, if one is due, comes with the same settlement.
    Failed {
        /// What was said.
        text: String,
        /// What sort of failure.
        code: EnhancedStatus,
    },
    /// Taken out of the queue by a person.
    Cancelled,
}

/// A message that enters the spool together with the settlements that made it necessary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its name, which follows from what it reports: see [`SpoolId::derived`].
    pub id: SpoolId,
    /// Its envelope; the reverse-path is null.
    pub accepted: Accepted,
    /// The message.
    pub octets: Vec<u8>,
}

/// Which recipients are to be tried at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// Everything that waits.
    All,
    /// One message.
    Message(SpoolId),
    /// All recipients in one domain.
    Domain(Domain),
}

/// Times as microseconds since 1970: compact, exact, and the same in the log and its index.
pub(super) mod micros {
    use crate::world::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(time.as_microsecond())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        Timestamp::from_microsecond(i64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
