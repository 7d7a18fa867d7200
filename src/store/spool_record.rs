//! What the spool's log says: accepted, settled, carried forward.
//!
//! The heads of its frames, in JSON, so that a field can be added without a new format. Anything
//! that is not said here is not remembered: the index is only a copy. See docs/spool.md.

use super::entry::{Accepted, Due, Settlement, micros};
use super::id::SpoolId;
use crate::world::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The head of a frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SpoolRecord<'a> {
    /// A message was accepted.
    Accepted(Arrival<'a>),
    /// Outcomes, and the reports that follow from them, as one.
    Settled {
        #[serde(with = "micros")]
        at: Timestamp,
        outcomes: Cow<'a, [Settlement]>,
        /// Their octets are the frame's body, one behind the other.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        reports: Vec<Arrival<'a>>,
    },
    /// A message and how far it is, written again because its old segment is to go. Replaces what was known of it.
    Carried { message: Arrival<'a>, recipients: Vec<Due> },
}

/// A message that enters the spool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Arrival<'a> {
    pub(super) id: SpoolId,
    #[serde(flatten)]
    pub(super) accepted: Cow<'a, Accepted>,
    /// Octets of the message.
    pub(super) size: u64,
    #[serde(default, skip_serializing_if = "Held::is_inline")]
    pub(super) held: Held,
    /// The checksum of these octets, where the frame holds others too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) crc: Option<u32>,
}

/// Where a message's octets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Held {
    /// In the frame.
    #[default]
    Inline,
    /// In a body file that bears its id.
    File,
}

impl Held {
    fn is_inline(&self) -> bool {
        *self == Self::Inline
    }
}

impl SpoolRecord<'_> {
    /// As a frame's head.
    pub(super) fn to_head(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings and numbers always print")
    }
}
