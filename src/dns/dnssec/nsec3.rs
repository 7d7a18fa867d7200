//! What NSEC3 records say is not there: the same as NSEC, about hashes of names.
//!
//! Each name that is asked about has to be hashed, as often as the zone wants it: the budget counts the rounds.
//! RFC 5155 §5, §7.2.1, §8; RFC 9276 §3.2; RFC 6840 §4.1, §4.4.

use super::budget::Budget;
use super::denial::{Denied, at_name, is_barrier};
use super::name;
use super::why::Why;
use hickory_proto::dnssec::rdata::NSEC3;
use hickory_proto::rr::{Name, RecordType};

/// Octets of the one hash there is, SHA-1.
const HASH: usize = 20;

/// A record that was signed by its zone, with the hash that is its owner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nsec3<'a> {
    owner: [u8; HASH],
    next: [u8; HASH],
    data: &'a NSEC3,
}

/// Records of one zone that hash alike, and the hashes made so far.
pub(super) struct Hashed<'a> {
    zone: &'a Name,
    records: Vec<Nsec3<'a>>,
    known: Vec<(Name, [u8; HASH])>,
}

impl<'a> Nsec3<'a> {
    /// Reads the hash in the owner's name. None if it is no hash, or not right below the zone.
    pub(super) fn new(owner: &Name, zone: &Name, data: &'a NSEC3) -> Option<Self> {
        let label = owner.iter().next().filter(|_| owner.base_name() == *zone)?;
        let next = data.next_hashed_owner_name().try_into().ok()?;
        Some(Self { owner: unhex(label)?, next, data })
    }

    fn has(&self, kind: RecordType) -> bool {
        self.data.type_set().contains(kind)
    }

    /// Whether a hash would stand between this one and the next (RFC 5155 §1.3: the last one names the first).
    fn covers(&self, hash: &[u8; HASH]) -> bool {
        if self.owner < self.next {
            self.owner < *hash && *hash < self.next
        } else {
            self.owner < *hash || *hash < self.next
        }
    }

    fn hashes_like(&self, other: &Self) -> bool {
        self.data.hash_algorithm() == other.data.hash_algorithm()
            && self.data.iterations() == other.data.iterations()
            && self.data.salt() == other.data.salt()
    }
}

impl<'a> Hashed<'a> {
    /// The records that hash as the first of them does (RFC 5155 §8.2). An error if they hash too often.
    pub(super) fn new(zone: &'a Name, mut records: Vec<Nsec3<'a>>, limit: u16) -> Result<Self, Why> {
        let most = records.iter().map(|record| record.data.iterations()).max().unwrap_or(0);
        if most > limit {
            // RFC 9276 §3.2: the zone counts as not signed. The signatures that say how often have been checked.
            return Err(Why::IterationsTooMany { zone: zone.clone(), count: most, limit });
        }
        if let Some(first) = records.first().copied() {
            records.retain(|record| record.hashes_like(&first));
        }
        Ok(Self { zone, records, known: Vec::new() })
    }

    /// What they prove about a name; nothing, if they prove neither.
    pub(super) fn deny(&mut self, wanted: &Name, kind: RecordType, budget: &mut Budget) -> Result<Option<Denied>, Why> {
        if let Some(same) = self.find(wanted, budget)? {
            return Ok(at_name(|kind| same.has(kind), wanted, kind));
        }
        let Some((encloser, closer)) = self.encloser(wanted, budget)? else { return Ok(None) };
        let Some(cover) = self.cover(&closer, budget)? else { return Ok(None) };
        if cover.data.opt_out() {
            // RFC 5155 §6, §8.6, §9.2: a delegation that is not signed may be there, or nothing at all.
            return Ok(Some(Denied::OptOut));
        }
        let Some(wildcard) = name::wildcard(&encloser) else { return Ok(Some(Denied::NoName)) };
        if let Some(same) = self.find(&wildcard, budget)? {
            // RFC 5155 §8.7.
            let denied = at_name(|kind| same.has(kind), &wildcard, kind);
            return Ok(denied.map(|_| Denied::NoData { is_cut: false }));
        }
        Ok(self.cover(&wildcard, budget)?.map(|_| Denied::NoName))
    }

    /// Whether they prove that a name was rightly made from the wildcard that has so many labels below it; and if so,
    /// whether a delegation that is not signed could be there all the same (RFC 5155 §8.8).
    pub(super) fn expansion(&mut self, owner: &Name, labels: u8, budget: &mut Budget) -> Result<Option<IsOptOut>, Why> {
        let closer = owner.trim_to(usize::from(labels) + 1);
        Ok(self.cover(&closer, budget)?.map(|cover| cover.data.opt_out()))
    }

    /// The closest name above that is there, and the one below it on the way to the name (RFC 5155 §8.3).
    fn encloser(&mut self, wanted: &Name, budget: &mut Budget) -> Result<Option<(Name, Name)>, Why> {
        for depth in (name::depth(self.zone)..name::depth(wanted)).rev() {
            let above = wanted.trim_to(depth);
            if let Some(same) = self.find(&above, budget)? {
                // Behind a delegation or a DNAME this zone has nothing to say.
                let is_barrier = is_barrier(|kind| same.has(kind));
                return Ok((!is_barrier).then(|| (above, wanted.trim_to(depth + 1))));
            }
        }
        Ok(None)
    }

    fn find(&mut self, wanted: &Name, budget: &mut Budget) -> Result<Option<Nsec3<'a>>, Why> {
        let Some(hash) = self.hash(wanted, budget)? else { return Ok(None) };
        Ok(self.records.iter().find(|record| record.owner == hash).copied())
    }

    fn cover(&mut self, wanted: &Name, budget: &mut Budget) -> Result<Option<Nsec3<'a>>, Why> {
        let Some(hash) = self.hash(wanted, budget)? else { return Ok(None) };
        Ok(self.records.iter().find(|record| record.covers(&hash)).copied())
    }

    fn hash(&mut self, wanted: &Name, budget: &mut Budget) -> Result<Option<[u8; HASH]>, Why> {
        if let Some((_, hash)) = self.known.iter().find(|(known, _)| known == wanted) {
            return Ok(Some(*hash));
        }
        let Some(first) = self.records.first() else { return Ok(None) };
        budget.hash(first.data.iterations())?;
        let digest = first.data.hash_algorithm().hash(first.data.salt(), wanted, first.data.iterations());
        let hash = digest.ok().and_then(|digest| digest.as_ref().try_into().ok());
        if let Some(hash) = hash {
            self.known.push((wanted.clone(), hash));
        }
        Ok(hash)
    }
}

/// Whether names that are not signed are left out of the proof.
pub(super) type IsOptOut = bool;

/// A hash in base32hex without padding, as it stands in the owner's name (RFC 5155 §3; RFC 4648 §7).
fn unhex(label: &[u8]) -> Option<[u8; HASH]> {
    if label.len() != HASH * 8 / 5 {
        return None;
    }
    let mut hash = [0; HASH];
    for (digits, octets) in label.chunks_exact(8).zip(hash.chunks_exact_mut(5)) {
        let mut bits = 0_u64;
        for digit in digits {
            let value = match digit.to_ascii_lowercase() {
                digit @ b'0'..=b'9' => digit - b'0',
                digit @ b'a'..=b'v' => digit - b'a' + 10,
                _ => return None,
            };
            bits = bits << 5 | u64::from(value);
        }
        octets.copy_from_slice(&bits.to_be_bytes()[3..]);
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::super::budget::Limits;
    use super::*;
    use hickory_proto::dnssec::Nsec3HashAlgorithm;
    use std::collections::BTreeMap;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    use RecordType as T;

    #[test]
    fn hashes_are_those_of_the_example_in_the_standard() {
        // RFC 5155 appendix A: salt aabbccdd, 12 iterations.
        for (text, wanted) in [
            ("example.", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"),
            ("a.example.", "35mthgpgcu1qg68fab165klnsnk3dpvl"),
            ("*.w.example.", "r53bq7cc2uvmubfu5ocmm6pers9tk9en"),
            ("X.y.W.example.", "2vptu5timamqttgl4luu9kg21e0aor3s"),
        ] {
            let hash = Nsec3HashAlgorithm::SHA1.hash(&[0xaa, 0xbb, 0xcc, 0xdd], &name(text), 12).unwrap();
            assert_eq!(unhex(wanted.as_bytes()).unwrap(), hash.as_ref(), "{text}");
            assert_eq!(unhex(wanted.to_ascii_uppercase().as_bytes()).unwrap(), hash.as_ref(), "{text}");
        }
        for bad in [
            "",
            "0p9mhaveqvm6t7vbl5lop2u3t2rp3to",
            "0p9mhaveqvm6t7vbl5lop2u3t2rp3tomm",
            "wxyz0000000000000000000000000000",
        ] {
            assert_eq!(unhex(bad.as_bytes()), None, "{bad}");
        }
    }

    /// The whole zone, hashed; then only the records of these names, and those that cover these.
    fn judged(
        zone: &[(&str, &[T])],
        opt_out: bool,
        shown: (&[&str], &[&str]),
        wanted: &str,
        kind: T,
    ) -> (Result<Option<Denied>, Why>, u32) {
        let hash = |text: &str| Nsec3HashAlgorithm::SHA1.hash(b"salt", &name(text), 3).unwrap().as_ref().to_vec();
        let mut sorted: BTreeMap<Vec<u8>, &[T]> = BTreeMap::new();
        for (owner, kinds) in zone {
            sorted.insert(hash(owner), kinds);
        }
        let owners: Vec<_> = sorted.keys().cloned().collect();
        let data: Vec<_> = owners
            .iter()
            .enumerate()
            .map(|(at, owner)| {
                let next = owners[(at + 1) % owners.len()].clone();
                let kinds = sorted[owner].iter().copied();
                (owner, NSEC3::new(Nsec3HashAlgorithm::SHA1, opt_out, 3, b"salt".to_vec(), next, kinds))
            })
            .collect();
        let all = data.iter().map(|(owner, data)| Nsec3 {
            owner: owner.as_slice().try_into().unwrap(),
            next: data.next_hashed_owner_name().try_into().unwrap(),
            data,
        });
        let records = all.filter(|record| {
            let covers = |text: &&str| record.covers(&hash(text).try_into().unwrap());
            shown.0.iter().any(|text| hash(text) == record.owner) || shown.1.iter().any(covers)
        });
        let apex = name("example.");
        let mut budget = Budget::new(Limits::default());
        let mut hashed = Hashed::new(&apex, records.collect(), 50).unwrap();
        (hashed.deny(&name(wanted), kind, &mut budget), budget.work.hashes)
    }

    #[test]
    fn what_records_prove_and_what_they_do_not() {
        const NO_NAME: Option<Denied> = Some(Denied::NoName);
        const NO_DATA: Option<Denied> = Some(Denied::NoData { is_cut: false });
        const CUT: Option<Denied> = Some(Denied::NoData { is_cut: true });
        let zone: Vec<(&str, &[T])> = vec![
            ("example.", &[T::SOA, T::NS]),
            ("a.example.", &[T::A]),
            ("sub.example.", &[T::NS]),
            ("tree.example.", &[]),
            ("leaf.tree.example.", &[T::A]),
            ("moved.example.", &[T::DNAME]),
            ("alias.example.", &[T::CNAME]),
        ];
        let wild: Vec<(&str, &[T])> = [&zone[..], &[("*.example.", &[T::TXT])]].concat();
        let apex = "example.";
        for (zone, shown, wanted, kind, denied) in [
            (&zone, (&["a.example."][..], &[][..]), "a.example.", T::MX, NO_DATA),
            (&zone, (&["a.example."], &[]), "a.example.", T::A, None),
            (&zone, (&["alias.example."], &[]), "alias.example.", T::MX, None),
            (&zone, (&["tree.example."], &[]), "tree.example.", T::MX, NO_DATA),
            (&zone, (&["sub.example."], &[]), "sub.example.", T::DS, CUT),
            (&zone, (&["sub.example."], &[]), "sub.example.", T::A, None),
            (&zone, (&[apex], &[]), apex, T::DS, None),
            (&zone, (&[apex], &["b.example.", "*.example."]), "b.example.", T::A, NO_NAME),
            (&zone, (&[apex], &["b.example.", "*.example."]), "x.b.example.", T::A, NO_NAME),
            // One of the three is missing each time.
            (&zone, (&[], &["b.example.", "*.example."]), "b.example.", T::A, None),
            // A name that has no record at all is not shown by the record of another.
            (&zone, (&["leaf.tree.example."], &[]), "b.example.", T::A, None),
            // Behind a delegation and behind a DNAME.
            (&zone, (&["sub.example."], &["x.sub.example.", "*.sub.example."]), "x.sub.example.", T::A, None),
            (&zone, (&["moved.example."], &["x.moved.example.", "*.moved.example."]), "x.moved.example.", T::A, None),
            // Wildcards with and without such records.
            (&wild, (&[apex, "*.example."], &["b.example."]), "b.example.", T::A, NO_DATA),
            (&wild, (&[apex, "*.example."], &["b.example."]), "b.example.", T::TXT, None),
        ] {
            let (found, hashes) = judged(zone, false, shown, wanted, kind);
            assert_eq!(found, Ok(denied), "{wanted} {kind} by {shown:?}");
            assert!(hashes <= 4 * 5, "{wanted}: {hashes} rounds");
        }
    }

    #[test]
    fn what_is_left_out_of_a_proof_may_be_there() {
        let zone: Vec<(&str, &[T])> = vec![("example.", &[T::SOA, T::NS]), ("a.example.", &[T::A])];
        let shown = (&["example."][..], &["b.example.", "*.example."][..]);
        for kind in [T::DS, T::A] {
            assert_eq!(judged(&zone, true, shown, "b.example.", kind).0, Ok(Some(Denied::OptOut)));
        }
        assert_eq!(
            judged(&zone, true, (&["a.example."], &[]), "a.example.", T::MX).0,
            Ok(Some(Denied::NoData { is_cut: false }))
        );
    }

    #[test]
    fn who_wants_names_hashed_too_often_is_not_signed_and_long_names_end() {
        let zone = name("example.");
        let data = |iterations| NSEC3::new(Nsec3HashAlgorithm::SHA1, false, iterations, vec![1; 255], vec![9; 20], []);
        let (few, many) = (data(50), data(2500));
        let record = |data| Nsec3 { owner: [1; HASH], next: [9; HASH], data };
        let Err(why) = Hashed::new(&zone, vec![record(&few), record(&many)], 50).map(|_| ()) else {
            panic!("it is too much")
        };
        assert_eq!(why, Why::IterationsTooMany { zone: zone.clone(), count: 2500, limit: 50 });
        // 120 labels below the zone, and no record above any of them: each is hashed, until the budget is spent.
        let deep = Name::from_ascii("x.".repeat(120) + "example.").unwrap();
        let mut budget = Budget::new(Limits::default());
        let mut hashed = Hashed::new(&zone, vec![record(&few)], 50).unwrap();
        let Err(Why::TooMuchWork { .. }) = hashed.deny(&deep, T::A, &mut budget) else { panic!("it is too much") };
        assert!(budget.work.hashes <= budget.limits.hashes);
    }
}
