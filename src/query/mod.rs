//! The filter language: which messages are meant, written as people say it.
//!
//! `from:@crepes.example size>1M not is:read` is read once into a [`Query`], which says what it has to read of a message
//! ([`Query::reads_body`]), judges one as far as it is known ([`Query::judge`]), and prints itself. The page for users is
//! docs/filter.md.
//! Pure: what is known of a message comes through [`Facts`], the time through [`Moment`].

mod facts;
mod field;
mod judge;
mod letter;
mod needs;
mod parse;
mod pattern;
mod people;
mod print;
mod scan;
#[cfg(test)]
mod tests;
mod when;

pub use facts::{Facts, Known, PartFacts};
pub use field::{Has, Is, Order, Test};
pub use letter::Letter;
pub use pattern::Pattern;
pub use people::{Person, Role};
pub use scan::QueryError;
pub use when::{Moment, Point};

/// A filter, ready to be asked. Two that print alike are equal.
#[derive(Debug, Clone, PartialEq)]
pub enum Query {
    /// All of these; every message if there are none.
    All(Vec<Query>),
    /// One of these.
    Any(Vec<Query>),
    /// Not this.
    Not(Box<Query>),
    /// One statement about a message.
    Term(Test),
}

impl Query {
    /// All of these, in the one form that this has: nothing nested, nothing alone.
    pub fn all(queries: impl IntoIterator<Item = Query>) -> Self {
        let mut flat = Vec::new();
        for query in queries {
            match query {
                Self::All(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            1 => flat.remove(0),
            _ => Self::All(flat),
        }
    }

    /// One of these, in the one form that this has; of none it is the one that is given.
    pub fn any(first: Query, others: impl IntoIterator<Item = Query>) -> Self {
        let mut flat = Vec::new();
        for query in std::iter::once(first).chain(others) {
            match query {
                Self::Any(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            1 => flat.remove(0),
            _ => Self::Any(flat),
        }
    }

    /// The contrary. What is denied twice is said plainly.
    pub fn negate(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }
}

impl std::str::FromStr for Query {
    type Err = QueryError;
    fn from_str(text: &str) -> Result<Self, QueryError> {
        Self::parse(text)
    }
}
