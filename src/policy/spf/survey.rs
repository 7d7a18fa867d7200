//! All that a record leads to, without a message: each term with what it finds, and how many look-ups it costs.
//!
//! A message that nobody is meant by costs most, so that is what is counted. Terms that depend on the message are counted
//! and not followed. Bounded more loosely than `check` is, so that it can be seen by how much a record is too long.
//! RFC 7208 §4.6.4, §5.2, §6.1.

use super::record::{Kind, Mechanism, Qualifier, Record, SyntaxError, Term};
use super::{EXCHANGERS_MAX, LOOKUPS_MAX, is_domain, records};
use crate::policy::reverse::addresses;
use crate::world::{Later, LookupError, Record as Found, RecordKind, Resolve};
use std::net::IpAddr;

/// Terms that are looked up; the others are counted.
const FOLLOWED_MAX: usize = 40;
/// Terms that are shown: a record of a hostile owner may have tens of thousands, in each of many records.
const TERMS_MAX: usize = 2000;
/// How deep records may lie in each other.
const DEPTH_MAX: usize = 12;

/// The record of a domain, and what it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Whose it is.
    pub domain: String,
    /// What there is.
    pub state: State,
    /// Its terms.
    pub leaves: Vec<Leaf>,
}

/// What there is of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// This one.
    Record(String),
    /// One that cannot be read.
    Broken(String, SyntaxError),
    /// Several, of which none counts.
    Several(Vec<String>),
    /// None.
    Nothing,
    /// DNS does not say now.
    Silent(String),
    /// It was not asked for, since it includes itself, or since there is too much of it.
    Unfollowed(&'static str),
}

/// One term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// What it says.
    pub term: Term,
    /// Whether it asks DNS, and counts.
    pub is_counted: bool,
    /// Whether it found nothing.
    pub is_void: bool,
    /// Whether it depends on the message, and was not followed.
    pub is_open: bool,
    /// The addresses or exchangers it means.
    pub found: Vec<String>,
    /// What went wrong.
    pub trouble: Option<String>,
    /// The record it leads to.
    pub branch: Option<Branch>,
}

/// Follows the record of a domain.
pub async fn survey(dns: &dyn Resolve, domain: &str) -> Branch {
    let mut walk = Walk { dns, root: domain, followed: 0, terms: 0 };
    walk.branch(domain.to_owned(), Vec::new()).await
}

impl Branch {
    /// Terms that ask DNS, here and below.
    pub fn lookups(&self) -> usize {
        self.sum(&|leaf| leaf.is_counted)
    }

    /// Of these, those that find nothing.
    pub fn voids(&self) -> usize {
        self.sum(&|leaf| leaf.is_void)
    }

    fn sum(&self, counts: &dyn Fn(&Leaf) -> bool) -> usize {
        let of_leaf =
            |leaf: &Leaf| usize::from(counts(leaf)) + leaf.branch.as_ref().map_or(0, |branch| branch.sum(counts));
        self.leaves.iter().map(of_leaf).sum()
    }

    /// Whether somewhere below DNS does not say what there is.
    pub fn is_uncertain(&self) -> bool {
        matches!(self.state, State::Silent(_))
            || self.leaves.iter().any(|leaf| leaf.branch.as_ref().is_some_and(Self::is_uncertain))
    }

    /// What becomes of those whom nothing in the record is about.
    pub fn closing(&self) -> Option<Qualifier> {
        let State::Record(_) = self.state else { return None };
        for leaf in &self.leaves {
            if let Kind::Directive(qualifier, Mechanism::All) = &leaf.term.kind {
                return Some(*qualifier);
            }
        }
        let redirect = self.leaves.iter().find(|leaf| matches!(leaf.term.kind, Kind::Redirect(_)));
        match redirect {
            Some(leaf) => leaf.branch.as_ref().and_then(Self::closing),
            None => Some(Qualifier::Neutral),
        }
    }

    /// Whether strangers pass, whoever they are: the terms are read in their order, as a receiver reads them, and an error
    /// before the term that lets all pass shuts the record again (RFC 7208 §4.6.2, §4.6.4).
    pub fn lets_everybody_pass(&self) -> bool {
        self.end(&mut 0) == End::Passes
    }

    fn end(&self, lookups: &mut usize) -> End {
        let State::Record(_) = self.state else { return End::Error };
        for leaf in &self.leaves {
            // Modifiers are read when no mechanism has matched (RFC 7208 §6.1).
            let Kind::Directive(qualifier, mechanism) = &leaf.term.kind else { continue };
            if leaf.counts_too_much(lookups) {
                return End::Error;
            }
            let below = leaf.branch.as_ref().map(|branch| branch.end(lookups));
            match (mechanism, qualifier, below) {
                (Mechanism::All, Qualifier::Pass, _) => return End::Passes,
                (Mechanism::All, ..) => return End::Shut,
                (Mechanism::Include(_), _, Some(End::Error)) => return End::Error,
                (Mechanism::Include(_), Qualifier::Pass, Some(End::Passes)) => return End::Passes,
                (Mechanism::Include(_), _, Some(End::Passes)) => return End::Shut,
                (mechanism, Qualifier::Pass, _) if !leaf.is_void && mechanism.is_everybody() => return End::Passes,
                _ => {}
            }
        }
        let redirect = self.leaves.iter().find(|leaf| matches!(leaf.term.kind, Kind::Redirect(_)));
        match redirect {
            Some(leaf) if leaf.counts_too_much(lookups) => End::Error,
            Some(leaf) => leaf.branch.as_ref().map_or(End::Shut, |branch| branch.end(lookups)),
            None => End::Shut,
        }
    }

    /// Whether nobody at all may send: `-all` is all that the record says.
    pub fn refuses_everybody(&self) -> bool {
        let is_end = |leaf: &Leaf| leaf.term.kind == Kind::Directive(Qualifier::Fail, Mechanism::All);
        let says_whom = |leaf: &&Leaf| matches!(leaf.term.kind, Kind::Directive(..));
        matches!(self.state, State::Record(_)) && self.leaves.iter().find(says_whom).is_some_and(is_end)
    }

    /// This record and all below it, outermost first.
    pub fn all(&self) -> Vec<&Branch> {
        let below = self.leaves.iter().filter_map(|leaf| leaf.branch.as_ref());
        std::iter::once(self).chain(below.flat_map(Self::all)).collect()
    }
}

/// How the reading of a record ends for somebody whom nothing in it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Passes,
    Shut,
    Error,
}

impl Leaf {
    /// Counts the term, and tells whether that is one too many.
    fn counts_too_much(&self, lookups: &mut usize) -> bool {
        *lookups += usize::from(self.is_counted);
        *lookups > LOOKUPS_MAX
    }
}

impl Mechanism {
    /// Whether a network of it has all addresses of a family.
    fn is_everybody(&self) -> bool {
        match self {
            Self::Ip(_, length) => *length == 0,
            Self::A(_, cidr) | Self::Mx(_, cidr) => cidr.v4 == 0 || cidr.v6 == 0,
            _ => false,
        }
    }
}

struct Walk<'a> {
    dns: &'a dyn Resolve,
    root: &'a str,
    followed: usize,
    terms: usize,
}

impl Walk<'_> {
    fn branch(&mut self, domain: String, above: Vec<String>) -> Later<'_, Branch> {
        Box::pin(async move {
            let plain = |state| Branch { domain: domain.clone(), state, leaves: Vec::new() };
            if !is_domain(&domain) {
                return plain(State::Nothing);
            }
            if above.iter().any(|other| other.eq_ignore_ascii_case(&domain)) {
                return plain(State::Unfollowed("it leads back to itself"));
            }
            if above.len() >= DEPTH_MAX {
                return plain(State::Unfollowed("it lies too deep"));
            }
            let texts = match records(self.dns, &domain).await {
                Ok(texts) => texts,
                Err(why) => return plain(State::Silent(why.to_string())),
            };
            let shown = |text: &Vec<u8>| String::from_utf8_lossy(text).into_owned();
            let text = match texts.as_slice() {
                [] => return plain(State::Nothing),
                [one] => one,
                several => return plain(State::Several(several.iter().map(shown).collect())),
            };
            let record = match Record::parse(text) {
                Ok(record) => record,
                Err(error) => return plain(State::Broken(shown(text), error)),
            };
            self.terms += record.terms.len();
            if self.terms > TERMS_MAX {
                return plain(State::Unfollowed("there are more terms than anybody writes"));
            }
            let mut above = above;
            above.push(domain.clone());
            let follows_redirect = record.redirect().is_some();
            let mut leaves = Vec::with_capacity(record.terms.len());
            for term in record.terms {
                let counts = term.is_counted() && (follows_redirect || !matches!(term.kind, Kind::Redirect(_)));
                leaves.push(self.leaf(&domain, term, counts, &above).await);
            }
            Branch { state: State::Record(shown(text)), domain, leaves }
        })
    }

    async fn leaf(&mut self, domain: &str, term: Term, is_counted: bool, above: &[String]) -> Leaf {
        let mut leaf =
            Leaf { term, is_counted, is_void: false, is_open: false, found: Vec::new(), trouble: None, branch: None };
        if !is_counted {
            return leaf;
        }
        self.followed += 1;
        let (kind, target) = match &leaf.term.kind {
            Kind::Redirect(target) => (None, Some(target)),
            Kind::Directive(_, Mechanism::Include(target)) => (None, Some(target)),
            Kind::Directive(_, Mechanism::Exists(target)) => (Some(RecordKind::A), Some(target)),
            Kind::Directive(_, Mechanism::A(target, _)) => (Some(RecordKind::A), target.as_ref()),
            Kind::Directive(_, Mechanism::Mx(target, _)) => (Some(RecordKind::Mx), target.as_ref()),
            // Which names an address has, nobody can say without one.
            _ => return Leaf { is_open: true, ..leaf },
        };
        let name = match target {
            None => Some(domain.to_owned()),
            Some(target) => target.fixed(domain, self.root),
        };
        let Some(name) = name else { return Leaf { is_open: true, ..leaf } };
        if self.followed > FOLLOWED_MAX {
            leaf.trouble = Some("not looked up: there are too many".to_owned());
            return leaf;
        }
        match kind {
            None => leaf.branch = Some(self.branch(name, above.to_vec()).await),
            Some(RecordKind::Mx) => self.exchangers(&name, &mut leaf).await,
            Some(_) => self.addresses(&name, &mut leaf).await,
        }
        leaf
    }

    async fn addresses(&self, name: &str, leaf: &mut Leaf) {
        let is_exists = matches!(leaf.term.kind, Kind::Directive(_, Mechanism::Exists(_)));
        let v4 = self.dns.lookup(name, RecordKind::A);
        let (v4, v6) = match is_exists {
            true => (v4.await, Err(LookupError::NoRecords)),
            false => futures_util::future::join(v4, self.dns.lookup(name, RecordKind::Aaaa)).await,
        };
        let mut found: Vec<IpAddr> = Vec::new();
        for answer in [v4, v6] {
            match answer {
                Ok(answer) => found.extend(addresses(&answer)),
                Err(LookupError::Temporary(why)) => leaf.trouble = Some(format!("{name}: {why}")),
                Err(LookupError::NoSuchName | LookupError::NoRecords) => {}
            }
        }
        leaf.is_void = found.is_empty() && leaf.trouble.is_none();
        leaf.found = found.iter().map(ToString::to_string).collect();
    }

    async fn exchangers(&self, name: &str, leaf: &mut Leaf) {
        let answer = match self.dns.lookup(name, RecordKind::Mx).await {
            Ok(answer) => answer,
            Err(LookupError::Temporary(why)) => return leaf.trouble = Some(format!("{name}: {why}")),
            Err(LookupError::NoSuchName | LookupError::NoRecords) => return leaf.is_void = true,
        };
        let exchanger = |record: Found| match record {
            Found::Mx { exchange, .. } if exchange != "." => Some(exchange),
            _ => None,
        };
        leaf.found = answer.records.into_iter().filter_map(exchanger).collect();
        leaf.is_void = leaf.found.is_empty();
        if leaf.found.len() > EXCHANGERS_MAX {
            leaf.trouble = Some(format!("{name} has {} exchangers, more than ten", leaf.found.len()));
        }
    }
}
