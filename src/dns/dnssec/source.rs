//! Where answers come from: anybody who passes on signatures as they are.

use crate::world::Later;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, Record, RecordType};

/// One answer, as it came: with the signatures, and with whatever else a server has put beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// How the server says that it went.
    pub rcode: ResponseCode,
    /// The answer section.
    pub answers: Vec<Record>,
    /// The authority section, in which the proofs are.
    pub authorities: Vec<Record>,
}

/// A resolver that is asked for signatures (DO) and leaves judging them to us (CD): RFC 4035 §3.2.1, §3.2.2.
pub trait Source: Send + Sync {
    /// Asks once, within a time of its own. An error is a sentence: nobody has answered.
    fn ask<'a>(&'a self, name: &'a Name, kind: RecordType) -> Later<'a, Result<Response, String>>;

    /// An answer that rests on what was said to this was not believed. Who remembers it is to forget it soon: its TTL is
    /// as little to be trusted as the rest of it (RFC 4035 §4.7).
    fn distrust(&self, _name: &Name, _kind: RecordType) {}
}

impl<S: Source + ?Sized> Source for &S {
    fn ask<'a>(&'a self, name: &'a Name, kind: RecordType) -> Later<'a, Result<Response, String>> {
        (**self).ask(name, kind)
    }

    fn distrust(&self, name: &Name, kind: RecordType) {
        (**self).distrust(name, kind);
    }
}
