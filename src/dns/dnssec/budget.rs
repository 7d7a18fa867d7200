//! How much work one question may make, and how much it has made.
//!
//! Who writes a zone chooses how many keys share a tag, how many signatures stand beside a set and how often a name is
//! hashed. A validator that does all of it can be stopped by one answer (CVE-2023-50387, CVE-2023-50868); this one counts,
//! and says when it gives up. RFC 9276 §3.2; RFC 4035 §5.3.3.

use super::why::Why;

/// The most that is done for one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Questions to the source. A name in ip6.arpa below a zone without signatures needs 36.
    pub queries: u32,
    /// Signatures checked. A chain of five zones needs ten, each label below without signatures up to three more.
    pub verifications: u32,
    /// Rounds of hashing names (RFC 5155 §5).
    pub hashes: u32,
    /// Digests of keys, to compare them with what the zone above has of them.
    pub digests: u32,
    /// Aliases in a row; common resolvers follow as many.
    pub aliases: u32,
    /// Signatures of one set that are looked at; a zone in the middle of a change of algorithms and keys has four.
    pub signatures: usize,
    /// Keys of one zone that share tag and algorithm; two do by chance in one zone of many thousands.
    pub keys: usize,
    /// Delegation signer records of one zone; one or two is common, six has been seen.
    pub delegations: usize,
    /// Sets in one proof that something is not there; three are needed, four with a wildcard.
    pub proofs: usize,
    /// Further rounds of hashing above which a zone counts as not signed.
    pub iterations: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queries: 80,
            verifications: 160,
            hashes: 4000,
            digests: 64,
            aliases: 12,
            signatures: 8,
            keys: 4,
            delegations: 12,
            proofs: 8,
            // RFC 9276 §3.2 lets a validator choose. Common resolvers have gone down to 50.
            iterations: 50,
        }
    }
}

/// What one question has cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// Questions to the source.
    pub queries: u32,
    /// Signatures checked.
    pub verifications: u32,
    /// Rounds of hashing names.
    pub hashes: u32,
    /// Digests of keys.
    pub digests: u32,
}

/// Which work was too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Spent {
    /// Questions to the source.
    Queries,
    /// Signatures checked.
    Verifications,
    /// Rounds of hashing names.
    Hashes,
    /// Digests of keys.
    Digests,
}

/// Limits, and what is left of them.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    pub(super) limits: Limits,
    pub(super) work: Work,
}

impl Budget {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, work: Work::default() }
    }

    pub(super) fn query(&mut self) -> Result<(), Why> {
        spend(&mut self.work.queries, 1, self.limits.queries, Spent::Queries)
    }

    pub(super) fn verification(&mut self) -> Result<(), Why> {
        spend(&mut self.work.verifications, 1, self.limits.verifications, Spent::Verifications)
    }

    /// One name, with so many rounds after the first.
    pub(super) fn hash(&mut self, iterations: u16) -> Result<(), Why> {
        spend(&mut self.work.hashes, u32::from(iterations) + 1, self.limits.hashes, Spent::Hashes)
    }

    pub(super) fn digest(&mut self) -> Result<(), Why> {
        spend(&mut self.work.digests, 1, self.limits.digests, Spent::Digests)
    }
}

/// Nothing is begun that there is no budget for.
fn spend(used: &mut u32, count: u32, limit: u32, what: Spent) -> Result<(), Why> {
    match used.checked_add(count).filter(|sum| *sum <= limit) {
        Some(sum) => {
            *used = sum;
            Ok(())
        }
        None => Err(Why::TooMuchWork { what, limit }),
    }
}

impl Spent {
    /// In words, after a number.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Queries => "questions",
            Self::Verifications => "signatures to check",
            Self::Hashes => "rounds of hashing names",
            Self::Digests => "digests of keys",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_begun_beyond_a_limit() {
        let mut budget = Budget::new(Limits { queries: 2, hashes: 100, ..Limits::default() });
        assert_eq!((budget.query(), budget.query()), (Ok(()), Ok(())));
        assert_eq!(budget.query(), Err(Why::TooMuchWork { what: Spent::Queries, limit: 2 }));
        assert_eq!(budget.hash(49), Ok(()));
        assert_eq!(budget.hash(50), Err(Why::TooMuchWork { what: Spent::Hashes, limit: 100 }));
        assert_eq!(budget.hash(49), Ok(()));
        assert_eq!(budget.hash(u16::MAX), Err(Why::TooMuchWork { what: Spent::Hashes, limit: 100 }));
        assert_eq!(budget.work, Work { queries: 2, hashes: 100, ..Work::default() });
    }
}
