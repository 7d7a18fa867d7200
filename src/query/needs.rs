//! What has to be read of a message before a filter can judge it: so that nobody reads what nobody asks for.

use super::Query;
use super::field::{Is, Test};

impl Query {
    /// Whether it may ask for more than size, flags, arrival and header section.
    pub fn reads_body(&self) -> bool {
        match self {
            Self::All(queries) | Self::Any(queries) => queries.iter().any(Self::reads_body),
            Self::Not(query) => query.reads_body(),
            Self::Term(test) => test.reads_body(),
        }
    }
}

impl Test {
    fn reads_body(&self) -> bool {
        match self {
            Self::Word(_) | Self::Body(_) | Self::Name(_) | Self::Type(_) | Self::Has(_) => true,
            Self::Is(is) => matches!(is, Is::Signed | Is::Encrypted),
            Self::People(..)
            | Self::Subject(_)
            | Self::List(_)
            | Self::Id(_)
            | Self::Reference(_)
            | Self::Header(..)
            | Self::Size(..)
            | Self::Date(..)
            | Self::Received(..)
            | Self::Age(..)
            | Self::Flag(_)
            | Self::Tag(_) => false,
        }
    }
}
