//! The numbers of IMAP: UIDs, sequence numbers, modification sequences. They never meet by accident.
//!
//! Types only; sets and their grammar are in `set`. RFC 9051 §2.3.1, RFC 7162 §3.1.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU32;

/// Names a message in a mailbox for good, as long as the UIDVALIDITY stays (RFC 9051 §2.3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Uid(pub NonZeroU32);

/// A message's place in a mailbox at this moment, from 1 (RFC 9051 §2.3.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeqNum(pub NonZeroU32);

/// Changes when a mailbox's UIDs do not mean the same messages any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UidValidity(pub NonZeroU32);

/// Counts the changes of a mailbox; 63 bits (RFC 7162 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct ModSeq(pub u64);

macro_rules! number {
    ($($name:ident),*) => {$(
        impl $name {
            /// Zero is no such number.
            pub fn new(number: u32) -> Option<Self> {
                NonZeroU32::new(number).map(Self)
            }

            /// The bare number.
            pub fn get(self) -> u32 {
                self.0.get()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

number!(Uid, SeqNum, UidValidity);
