//! SPF: which hosts a domain says send its mail, and whether one of them does.
//!
//! Records are read by `record` and `macros`; `check` answers for one message, `survey` shows all a record leads to
//! without one. Pure but for the names they look up, and bounded in how many these are.
//! RFC 7208.

mod check;
mod macros;
mod record;
mod survey;

pub use check::{Checked, Question, Step, check};
pub use macros::MacroString;
pub use record::{Cidr, Kind, Mechanism, Qualifier, Record, SyntaxError, Term, is_record};
pub use survey::{Branch, Leaf, State, survey};

use crate::world::{LookupError, Record as Found, RecordKind, Resolve};

/// RFC 7208 §4.6.4: terms of a record, and of those it includes, that ask DNS.
pub const LOOKUPS_MAX: usize = 10;
/// RFC 7208 §4.6.4: of these, how many may find nothing.
pub const VOIDS_MAX: usize = 2;
/// RFC 7208 §4.6.4: exchangers of one `mx`.
pub const EXCHANGERS_MAX: usize = 10;

/// What comes of the question whether a host may send for a domain (RFC 7208 §2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The domain says nothing, or is none.
    None,
    /// The domain does not want to say.
    Neutral,
    /// It may.
    Pass,
    /// It may not.
    Fail,
    /// It probably may not.
    Softfail,
    /// Nobody knows now.
    TempError,
    /// What the domain says cannot be understood.
    PermError,
}

impl Verdict {
    /// The word of RFC 8601 §2.7.2.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Neutral => "neutral",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Softfail => "softfail",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

impl From<Qualifier> for Verdict {
    fn from(qualifier: Qualifier) -> Self {
        match qualifier {
            Qualifier::Pass => Self::Pass,
            Qualifier::Fail => Self::Fail,
            Qualifier::Softfail => Self::Softfail,
            Qualifier::Neutral => Self::Neutral,
        }
    }
}

/// The records a domain publishes: one, if all is well.
async fn records(dns: &dyn Resolve, domain: &str) -> Result<Vec<Vec<u8>>, LookupError> {
    let texts = match dns.lookup(domain, RecordKind::Txt).await {
        Ok(answer) => answer.records,
        Err(LookupError::NoSuchName | LookupError::NoRecords) => Vec::new(),
        Err(why) => return Err(why),
    };
    let texts = texts.into_iter().filter_map(|record| match record {
        Found::Txt(text) => Some(text),
        _ => None,
    });
    Ok(texts.filter(|text| is_record(text)).collect())
}

/// Whether a name can be one: several labels, none of them empty or too long (RFC 7208 §4.3).
fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(|octet| octet.is_ascii_graphic());
    let is_literal = name.starts_with('[');
    (1..=253).contains(&name.len()) && !is_literal && name.contains('.') && name.split('.').all(is_label)
}
