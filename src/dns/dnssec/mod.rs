//! Whether DNS can be believed, and why not: a validator that gives its reasons.
//!
//! From a trust anchor down to the records that were asked for each step is looked at: the delegation of a zone, its keys,
//! the signature of a set of records, the proof that something is not there. What is asked comes from a [`Source`], which
//! need not be trusted; the time is handed in, so that one can ask about another day as well. All work is counted, since
//! whoever writes a zone decides how much of it there is.
//!
//! [`validate`] walks; `set`, `signature`, `validity`, `delegation`, `nsec`, `nsec3` and `denial` decide, each about its own
//! matter; [`why`] and [`step`] say it in sentences.
//! RFC 4033; RFC 4034; RFC 4035; RFC 5155; RFC 6840; RFC 9364.

pub mod algorithm;
pub mod anchors;
pub mod budget;
mod chain;
mod delegation;
mod denial;
pub mod finding;
mod known;
mod name;
mod nsec;
mod nsec3;
mod set;
mod signature;
pub mod source;
pub mod step;
pub mod validate;
mod validity;
pub mod why;

pub use anchors::Anchors;
pub use budget::{Limits, Work};
pub use name::text as name_text;
pub use source::{Response, Source};
pub use step::Step;
pub use validate::{Alias, Found, Security, Validated, Validator};
pub use why::Why;
