//! DMARC: what the domain in From asks to be done with mail that nobody vouches for in its name.
//!
//! `record` reads what domains publish, `walk` finds whose record counts and which names belong to one owner, `apply` says
//! what follows, for a domain as such or for one message. Pure but for the names they look up; a walk asks eight at most.
//! RFC 9989; RFC 9990 §4 for reports that go to others.

mod apply;
mod record;
mod walk;

pub use apply::{Applied, Disposition, Evaluated, Outcome, Passed, Scope, accepts, applied, evaluate};
pub use record::{Alignment, Destination, Odd, Oddity, Policy, Psd, Record, is_record};
pub use walk::{Found, QUERIES_MAX, Step, Walk, walk};
