//! What a list of domains amounts to: how many ended how, and the one code that the process ends with.

use crate::cli::exit::Exit;
use mailkit::error::Kind;
use std::collections::BTreeMap;

/// How many ended how.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally(BTreeMap<Exit, usize>);

/// The codes of single domains, the lightest first. What lasts until somebody mends it goes before what another time may
/// say: a domain that could not be asked about must not hide what was found about the next one. A line that names
/// nothing is a mistake of the list, which hides nothing of the domains either.
fn weight(exit: Exit) -> usize {
    let known = [Exit::OK, Kind::Temporary.into(), Kind::Data.into(), Exit::PARTIAL, Kind::NoHost.into()];
    known.iter().position(|one| *one == exit).unwrap_or(known.len())
}

impl Tally {
    /// Counts one more.
    pub(super) fn add(&mut self, exit: Exit) {
        *self.0.entry(exit).or_default() += 1;
    }

    /// Whether there was nothing to count.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the process ends with.
    pub(super) fn exit(&self) -> Exit {
        self.0.keys().copied().max_by_key(|exit| weight(*exit)).unwrap_or(Exit::OK)
    }

    fn count(&self, exit: impl Into<Exit>) -> usize {
        self.0.get(&exit.into()).copied().unwrap_or(0)
    }

    /// `12 domains: 10 good, 1 with findings, 1 not known now`, for those who watch; `gone` is what 68 means here.
    pub(super) fn sentence(&self, gone: &str) -> String {
        let lines = self.count(Kind::Data);
        let domains = self.0.values().sum::<usize>() - lines;
        let parts = [
            (self.count(Exit::OK), "good"),
            (self.count(Exit::PARTIAL), "with findings"),
            (self.count(Kind::NoHost), gone),
            (self.count(Kind::Temporary), "not known now"),
        ];
        let bad = match lines {
            0 => String::new(),
            1 => "; 1 line names none".to_owned(),
            lines => format!("; {lines} lines name none"),
        };
        format!("{}{bad}", listed(domains, &parts))
    }
}

/// `3 domains: 2 good, 1 not known now`.
pub(super) fn listed(domains: usize, parts: &[(usize, &str)]) -> String {
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let whose = if domains == 1 { "1 domain".to_owned() } else { format!("{domains} domains") };
    if parts.is_empty() { whose } else { format!("{whose}: {}", parts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(codes: &[Exit]) -> Tally {
        let mut tally = Tally::default();
        codes.iter().for_each(|code| tally.add(*code));
        tally
    }

    #[test]
    fn what_lasts_goes_before_what_could_not_be_asked() {
        let (ok, found, gone) = (Exit::OK, Exit::PARTIAL, Exit::from(Kind::NoHost));
        let (later, line, odd) = (Exit::from(Kind::Temporary), Exit::from(Kind::Data), Exit::from(Kind::Protocol));
        for (codes, wanted) in [
            (&[][..], ok),
            (&[ok, ok], ok),
            (&[ok, later], later),
            (&[later, found], found),
            (&[found, later], found),
            (&[later, gone, found], gone),
            (&[later, line], line),
            (&[line, found], found),
            (&[line, gone, later], gone),
            (&[gone, odd], odd),
        ] {
            assert_eq!(tally(codes).exit(), wanted, "{codes:?}");
        }
    }

    #[test]
    fn a_sentence_counts_what_there_is() {
        let (found, later, line) = (Exit::PARTIAL, Exit::from(Kind::Temporary), Exit::from(Kind::Data));
        for (codes, wanted) in [
            (&[Exit::OK, found, later, found][..], "4 domains: 1 good, 2 with findings, 1 not known now"),
            (&[Exit::from(Kind::NoHost), line], "1 domain: 1 without mail; 1 line names none"),
            (&[line, line], "0 domains; 2 lines name none"),
        ] {
            assert_eq!(tally(codes).sentence("without mail"), wanted);
        }
    }
}
