//! What NSEC records say is not there: each names its owner, the next name of the zone, and the types at its owner.
//!
//! RFC 4034 §4; RFC 4035 §5.4; RFC 6840 §4.1, §4.3, §4.4; RFC 4592 §3.3; RFC 9824 §3, §5.

use super::denial::{Denied, at_name, is_barrier};
use super::name;
use hickory_proto::dnssec::rdata::NSEC;
use hickory_proto::rr::{Name, RecordType};

/// A record that was signed by its zone, where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nsec<'a> {
    pub(super) owner: &'a Name,
    pub(super) data: &'a NSEC,
}

/// What these records of a zone prove about a name in it; nothing, if they prove neither.
pub(super) fn deny(records: &[Nsec<'_>], zone: &Name, wanted: &Name, kind: RecordType) -> Option<Denied> {
    if let Some(same) = find(records, wanted) {
        return at_name(|kind| same.has(kind), wanted, kind);
    }
    let cover = records.iter().find(|record| record.covers(wanted, zone))?;
    if cover.is_empty_non_terminal(wanted) {
        return Some(Denied::NoData { is_cut: false });
    }
    // The name is not there. Then only a wildcard right below its closest encloser could stand for it.
    let wildcard = name::wildcard(&cover.encloser(wanted))?;
    if let Some(same) = find(records, &wildcard) {
        return at_name(|kind| same.has(kind), &wildcard, kind).map(|_| Denied::NoData { is_cut: false });
    }
    let cover = records.iter().find(|record| record.covers(&wildcard, zone))?;
    match cover.is_empty_non_terminal(&wildcard) {
        true => Some(Denied::NoData { is_cut: false }),
        false => Some(Denied::NoName),
    }
}

/// Whether they prove that a name was rightly made from the wildcard that has so many labels below it (RFC 4035 §5.3.4).
pub(super) fn proves_expansion(records: &[Nsec<'_>], zone: &Name, owner: &Name, labels: u8) -> bool {
    records.iter().any(|record| {
        record.covers(owner, zone)
            && !record.is_empty_non_terminal(owner)
            // No closer wildcard may be there, nor a name on the way to it.
            && name::depth(&record.encloser(owner)) == usize::from(labels)
    })
}

fn find<'r, 'a>(records: &'r [Nsec<'a>], owner: &Name) -> Option<&'r Nsec<'a>> {
    records.iter().find(|record| record.owner == owner)
}

impl Nsec<'_> {
    fn has(&self, kind: RecordType) -> bool {
        self.data.type_set().contains(kind)
    }

    /// Whether the name would stand between this one and the next.
    fn covers(&self, wanted: &Name, zone: &Name) -> bool {
        let next = self.data.next_domain_name();
        // RFC 4034 §4.1.1: the last one names the apex of the zone.
        let is_between = self.owner < wanted && (wanted < next || next == zone);
        // RFC 6840 §4.1: what lies below a delegation or a DNAME is not in this zone.
        let is_behind = name::is_below(wanted, self.owner) && is_barrier(|kind| self.has(kind));
        is_between && !is_behind && name::is_below(wanted, zone)
    }

    /// Whether a name that has no records is there because of names below it (RFC 4592 §2.2.2).
    fn is_empty_non_terminal(&self, wanted: &Name) -> bool {
        name::is_below(self.data.next_domain_name(), wanted)
    }

    /// The longest name above one that it covers of which it shows that it exists.
    fn encloser(&self, wanted: &Name) -> Name {
        let (before, behind) = (name::common(wanted, self.owner), name::common(wanted, self.data.next_domain_name()));
        if name::depth(&behind) > name::depth(&before) { behind } else { before }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use RecordType as T;

    /// `0` stands for a label that is one octet of that value.
    fn name(text: &str) -> Name {
        let labels = text.split_terminator('.').map(|label| if label == "0" { &b"\0"[..] } else { label.as_bytes() });
        Name::from_labels(labels).unwrap()
    }

    /// Records from `owner next type...`.
    fn judged<R>(lines: &[(&str, &str, &[T])], judge: impl Fn(&[Nsec<'_>]) -> R) -> R {
        let data: Vec<_> = lines
            .iter()
            .map(|(owner, next, kinds)| (name(owner), NSEC::new(name(next), kinds.iter().copied())))
            .collect();
        let records: Vec<_> = data.iter().map(|(owner, data)| Nsec { owner, data }).collect();
        judge(&records)
    }

    const NO_NAME: Option<Denied> = Some(Denied::NoName);
    const NO_DATA: Option<Denied> = Some(Denied::NoData { is_cut: false });
    const CUT: Option<Denied> = Some(Denied::NoData { is_cut: true });
    const NXNAME: T = T::Unknown(128);

    #[test]
    fn what_records_prove_and_what_they_do_not() {
        let apex: (&str, &str, &[T]) = ("example.", "a.example.", &[T::NS, T::SOA, T::MX, T::NSEC]);
        let last: (&str, &str, &[T]) = ("x.example.", "example.", &[T::A]);
        for (lines, wanted, kind, denied) in [
            // At the name itself.
            (vec![apex], "example.", T::TXT, NO_DATA),
            (vec![apex], "example.", T::MX, None),
            (vec![("a.example.", "c.example.", &[T::CNAME][..])], "a.example.", T::MX, None),
            (vec![("a.example.", "c.example.", &[T::A])], "A.EXAMPLE.", T::MX, NO_DATA),
            // The apex of a zone says nothing about its delegation, and a delegation nothing about the zone below.
            (vec![apex], "example.", T::DS, None),
            (vec![("a.example.", "c.example.", &[T::NS])], "a.example.", T::DS, CUT),
            (vec![("a.example.", "c.example.", &[T::NS])], "a.example.", T::A, None),
            (vec![("a.example.", "c.example.", &[T::NS, T::DS])], "a.example.", T::DS, None),
            (vec![("a.example.", "c.example.", &[T::A])], "a.example.", T::DS, NO_DATA),
            // Names that are not there, with and without what is needed about the wildcard.
            (vec![apex, ("a.example.", "c.example.", &[T::A])], "b.example.", T::A, NO_NAME),
            (vec![("a.example.", "c.example.", &[T::A])], "b.example.", T::A, None),
            (vec![apex], "b.example.", T::A, None),
            (vec![apex, last], "z.example.", T::A, NO_NAME),
            (vec![apex, last], "b.example.", T::A, None),
            (vec![("example.", "example.", &[T::SOA, T::NS])], "b.example.", T::A, NO_NAME),
            (vec![("example.", "example.", &[T::SOA, T::NS])], "b.test.", T::A, None),
            // A name that is there only because of names below it.
            (vec![("a.example.", "x.b.example.", &[T::A])], "b.example.", T::A, NO_DATA),
            (vec![("a.example.", "x.b.example.", &[T::A])], "b.example.", T::DS, NO_DATA),
            // A wildcard without such records.
            (
                vec![("a.example.", "c.example.", &[T::A]), ("*.example.", "a.example.", &[T::TXT])],
                "b.example.",
                T::A,
                NO_DATA,
            ),
            (
                vec![("a.example.", "c.example.", &[T::A]), ("*.example.", "a.example.", &[T::A])],
                "b.example.",
                T::A,
                None,
            ),
            (
                vec![("a.example.", "c.example.", &[T::A]), ("*.example.", "a.example.", &[T::CNAME])],
                "b.example.",
                T::A,
                None,
            ),
            // The wildcard has to be the one below the closest encloser: here that is b.example, not example.
            (vec![apex, ("a.b.example.", "d.b.example.", &[T::A])], "c.b.example.", T::A, None),
            (
                vec![("b.example.", "a.b.example.", &[T::A]), ("a.b.example.", "d.b.example.", &[T::A])],
                "c.b.example.",
                T::A,
                NO_NAME,
            ),
            // Behind a delegation or a DNAME nothing can be denied by the zone above.
            (vec![apex, ("a.example.", "c.example.", &[T::NS])], "x.a.example.", T::A, None),
            (vec![apex, ("a.example.", "c.example.", &[T::DNAME])], "x.a.example.", T::A, None),
            // Below a name that has nothing below it one record is enough for the wildcard too.
            (vec![apex, ("a.example.", "c.example.", &[T::A])], "x.a.example.", T::A, NO_NAME),
            // Compact denial: the name that is not there has a record of its own (RFC 9824).
            (vec![("b.example.", "0.b.example.", &[NXNAME, T::NSEC, T::RRSIG])], "b.example.", T::A, NO_NAME),
            (vec![("b.example.", "0.b.example.", &[T::NSEC, T::RRSIG])], "b.example.", T::A, NO_DATA),
            (vec![("b.example.", "0.b.example.", &[T::NSEC, T::A])], "b.example.", T::A, None),
        ] {
            let found = judged(&lines, |records| deny(records, &name("example."), &name(wanted), kind));
            assert_eq!(found, denied, "{wanted} {kind} by {lines:?}");
        }
    }

    #[test]
    fn a_wildcard_stands_for_a_name_only_if_nothing_closer_is_there() {
        let zone = name("example.");
        for (lines, owner, labels, proven) in [
            (vec![("a.example.", "c.example.", &[T::A][..])], "b.example.", 1, true),
            (vec![("a.example.", "c.example.", &[T::A])], "x.b.example.", 1, true),
            (vec![("c.example.", "d.example.", &[T::A])], "b.example.", 1, false),
            (vec![("x.example.", "example.", &[T::A])], "z.example.", 1, true),
            // The name itself is there.
            (vec![("b.example.", "c.example.", &[T::TXT])], "b.example.", 1, false),
            // b.example is there, so its own wildcard would count.
            (vec![("a.b.example.", "z.b.example.", &[T::A])], "c.b.example.", 1, false),
            (vec![("a.b.example.", "z.b.example.", &[T::A])], "c.b.example.", 2, true),
            // It is there for names below it.
            (vec![("a.example.", "x.b.example.", &[T::A])], "b.example.", 1, false),
            (vec![], "b.example.", 1, false),
        ] {
            let found = judged(&lines, |records| proves_expansion(records, &zone, &name(owner), labels));
            assert_eq!(found, proven, "{owner} {labels} by {lines:?}");
        }
    }
}
