//! The walk up the tree of names: which of those above a domain publish a record, and whose the domain is.
//!
//! It asks the name itself and at most seven above it, so that a name of a hundred labels costs no more than one of eight.
//! RFC 9989 §4.10, §4.10.2.

use super::record::{Psd, Record, is_record};
use crate::world::{LookupError, Record as Data, RecordKind, Resolve};

/// RFC 9989 §4.10: questions of one walk.
pub const QUERIES_MAX: usize = 8;

/// What a walk found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    /// The names that were asked, longest first; the first is where it began.
    pub steps: Vec<Step>,
    /// Why it ended below its end, if it did: then it is not known whose the domain is.
    pub cut: Option<String>,
}

/// One name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The domain, without `_dmarc`.
    pub domain: String,
    /// What it publishes.
    pub found: Found,
}

/// What a domain publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A record: as it is written, and what it says.
    Record(String, Box<Record>),
    /// Several, of which none counts.
    Several(usize),
    /// None; there may be texts that almost are.
    Nothing(Vec<String>),
}

/// Walks from a domain, in A-labels, upwards.
pub async fn walk(dns: &dyn Resolve, domain: &str) -> Result<Walk, String> {
    let domain = domain.to_ascii_lowercase();
    let mut steps: Vec<Step> = Vec::new();
    for name in names(&domain) {
        let found = match look(dns, name).await {
            Ok(found) => found,
            // The domain's own record counts, whatever those above it say (RFC 9989 §4.10.1).
            Err(why) if matches!(steps.first(), Some(Step { found: Found::Record(..), .. })) => {
                return Ok(Walk { steps, cut: Some(why) });
            }
            Err(why) => return Err(why),
        };
        // RFC 9989 §4.10: a domain that says what it is ends the walk.
        let is_end = matches!(&found, Found::Record(_, record) if record.psd != Psd::Unsaid);
        steps.push(Step { domain: name.to_owned(), found });
        if is_end {
            break;
        }
    }
    Ok(Walk { steps, cut: None })
}

/// The name itself, then those above it, from the seventh label on.
fn names(domain: &str) -> impl Iterator<Item = &str> {
    let count = domain.split('.').count();
    let above = std::iter::successors(Some(domain), |name| name.split_once('.').map(|(_, above)| above));
    above.enumerate().filter(move |(index, _)| *index == 0 || count - index < QUERIES_MAX).map(|(_, name)| name)
}

async fn look(dns: &dyn Resolve, domain: &str) -> Result<Found, String> {
    let texts = match dns.lookup(&format!("_dmarc.{domain}"), RecordKind::Txt).await {
        Ok(answer) => answer.records,
        Err(LookupError::NoSuchName | LookupError::NoRecords) => Vec::new(),
        Err(LookupError::Temporary(why)) => return Err(format!("_dmarc.{domain}: {why}")),
    };
    let (records, others): (Vec<Vec<u8>>, Vec<Vec<u8>>) = texts
        .into_iter()
        .filter_map(|record| match record {
            Data::Txt(text) => Some(text),
            _ => None,
        })
        .partition(|text| is_record(text));
    let shown = |text: &Vec<u8>| String::from_utf8_lossy(text).into_owned();
    Ok(match records.as_slice() {
        [] => Found::Nothing(others.iter().map(shown).filter(|text| is_almost(text)).collect()),
        [one] => Found::Record(shown(one), Box::new(Record::parse(one))),
        several => Found::Several(several.len()),
    })
}

/// Whether somebody meant a record, and wrote something else.
fn is_almost(text: &str) -> bool {
    text.to_ascii_lowercase().contains("dmarc1")
}

impl Walk {
    /// Where it began.
    pub fn start(&self) -> &str {
        self.steps.first().map_or("", |step| &step.domain)
    }

    /// The records, longest name first.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = (&str, &str, &Record)> {
        self.steps.iter().filter_map(|step| match &step.found {
            Found::Record(text, record) => Some((step.domain.as_str(), text.as_str(), &**record)),
            Found::Several(_) | Found::Nothing(_) => None,
        })
    }

    /// The domain of the organization that the start belongs to (RFC 9989 §4.10.2).
    pub fn organizational(&self) -> &str {
        let start = self.start();
        for (domain, _, record) in self.records() {
            match record.psd {
                Psd::No => return domain,
                // One label below a suffix is what people register.
                Psd::Yes if domain != start => return below(start, domain),
                Psd::Yes | Psd::Unsaid => {}
            }
        }
        self.records().next_back().map_or(start, |(domain, ..)| domain)
    }

    /// The same, if it is known: names above may not have answered.
    pub fn whose(&self) -> Result<&str, String> {
        self.cut.as_ref().map_or(Ok(self.organizational()), |why| Err(why.clone()))
    }

    /// The record that counts: the domain's own, or its organization's, or that of the suffix above (RFC 9989 §4.10.1).
    pub fn policy(&self) -> Option<(&str, &str, &Record)> {
        let of = |name: &str| self.records().find(|(domain, ..)| *domain == name);
        let suffix = || self.records().find(|(_, _, record)| record.psd == Psd::Yes);
        of(self.start()).or_else(|| of(self.organizational())).or_else(suffix)
    }
}

/// The part of a name that has one label more than a domain above it.
fn below<'n>(name: &'n str, domain: &str) -> &'n str {
    let above = name.len().checked_sub(domain.len() + 1).and_then(|end| name.get(..end)).unwrap_or_default();
    let start = above.rfind('.').map_or(0, |dot| dot + 1);
    &name[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_asks_eight_names_at_most() {
        for (domain, wanted) in [
            ("x", &["x"][..]),
            ("a.x", &["a.x", "x"]),
            ("g.f.e.d.c.b.a", &["g.f.e.d.c.b.a", "f.e.d.c.b.a", "e.d.c.b.a", "d.c.b.a", "c.b.a", "b.a", "a"]),
            (
                "h.g.f.e.d.c.b.a",
                &["h.g.f.e.d.c.b.a", "g.f.e.d.c.b.a", "f.e.d.c.b.a", "e.d.c.b.a", "d.c.b.a", "c.b.a", "b.a", "a"],
            ),
            (
                "k.j.i.h.g.f.e.d.c.b.a",
                &["k.j.i.h.g.f.e.d.c.b.a", "g.f.e.d.c.b.a", "f.e.d.c.b.a", "e.d.c.b.a", "d.c.b.a", "c.b.a", "b.a", "a"],
            ),
        ] {
            assert_eq!(names(domain).collect::<Vec<_>>(), wanted, "{domain}");
        }
    }
}
