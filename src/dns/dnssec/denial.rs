//! The proof that something is not there, whichever way a zone gives it.
//!
//! RFC 4035 §5.4; RFC 5155 §8; RFC 6840 §4.

use super::budget::Budget;
use super::nsec::{self, Nsec};
use super::nsec3::{Hashed, Nsec3};
use super::set::{self, Set};
use super::signature::{self, Keys, Proven};
use super::why::Why;
use crate::world::Timestamp;
use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::rr::{Name, RData, Record, RecordType};

/// The type that a zone adds where a name is not there, if it makes up its proofs as it is asked (RFC 9824 §3.4).
const NXNAME: RecordType = RecordType::Unknown(128);

/// What is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// The name is there, records of this type are not.
    NoData {
        /// Another zone begins here.
        is_cut: bool,
    },
    /// The name is not there.
    NoName,
    /// Nothing that is signed is there; something that is not signed may be (RFC 5155 §6).
    OptOut,
}

/// What can be used of the proofs in an answer: what its zone has signed.
pub(super) struct Proofs<'a> {
    zone: &'a Name,
    nsec: Vec<Nsec<'a>>,
    nsec3: Vec<Nsec3<'a>>,
    /// What was learned of the signatures.
    pub(super) proven: Vec<Proven>,
    /// Why the first of those that cannot be used cannot.
    pub(super) flaw: Option<Why>,
}

/// The zones that may have signed the proofs about a name, deepest first.
pub(super) fn signers<'a>(section: &'a [Record], wanted: &Name, kind: RecordType) -> Vec<&'a Name> {
    let is_proof = |covered| matches!(covered, RecordType::NSEC | RecordType::NSEC3);
    let signatures = section.iter().filter_map(set::signature);
    set::signers(signatures.filter(|signature| is_proof(signature.input().type_covered)), wanted, kind)
}

impl<'a> Proofs<'a> {
    /// Checks the signatures of what a section has in proofs. An error only if the budget is spent.
    pub(super) fn collect(
        section: &'a [Record],
        keys: &'a Keys,
        now: Timestamp,
        budget: &mut Budget,
    ) -> Result<Self, Why> {
        let mut proofs = Self { zone: &keys.zone, nsec: vec![], nsec3: vec![], proven: vec![], flaw: None };
        let limit = budget.limits.proofs;
        for kind in [RecordType::NSEC, RecordType::NSEC3] {
            for owner in Set::owners(section, kind, limit).into_iter().filter(|owner| keys.zone.zone_of(owner)) {
                let Some(set) = Set::find(section, owner, kind) else { continue };
                // At a delegation there are two such sets, of the zone above and of the one below.
                if !set.signatures.is_empty() && !set.is_signed_by(&keys.zone) {
                    continue;
                }
                match signature::verify(&set, keys, now, budget) {
                    // RFC 4592 §4.7; RFC 6840 §4.3: a proof is about the name it was signed for, and no other.
                    Ok(proven) if proven.is_expanded(&set) => {}
                    Ok(proven) => {
                        proofs.add(&set);
                        proofs.proven.push(proven);
                    }
                    Err(why @ Why::TooMuchWork { .. }) => return Err(why),
                    Err(why) => {
                        proofs.flaw.get_or_insert(why);
                    }
                }
            }
        }
        Ok(proofs)
    }

    fn add(&mut self, set: &Set<'a>) {
        for record in &set.records {
            match &record.data {
                RData::DNSSEC(DNSSECRData::NSEC(data)) => self.nsec.push(Nsec { owner: set.owner, data }),
                RData::DNSSEC(DNSSECRData::NSEC3(data)) => self.nsec3.extend(Nsec3::new(set.owner, self.zone, data)),
                _ => {}
            }
        }
    }

    /// The type of the records that it rests on.
    pub(super) fn kind(&self) -> RecordType {
        if self.nsec.is_empty() { RecordType::NSEC3 } else { RecordType::NSEC }
    }

    /// When the first of their signatures expires.
    pub(super) fn until(&self) -> Option<Timestamp> {
        self.proven.iter().map(|proven| proven.until).min()
    }

    /// What they prove about a name; nothing, if they prove neither.
    pub(super) fn deny(&self, wanted: &Name, kind: RecordType, budget: &mut Budget) -> Result<Option<Denied>, Why> {
        match nsec::deny(&self.nsec, self.zone, wanted, kind) {
            None => self.hashed(budget)?.deny(wanted, kind, budget),
            some => Ok(some),
        }
    }

    /// Whether they prove that a set was rightly made from a wildcard; [`Denied::OptOut`] if only of what is signed.
    pub(super) fn expansion(&self, owner: &Name, labels: u8, budget: &mut Budget) -> Result<Option<Denied>, Why> {
        if nsec::proves_expansion(&self.nsec, self.zone, owner, labels) {
            return Ok(Some(Denied::NoName));
        }
        let is_opt_out = self.hashed(budget)?.expansion(owner, labels, budget)?;
        Ok(is_opt_out.map(|is_opt_out| if is_opt_out { Denied::OptOut } else { Denied::NoName }))
    }

    fn hashed(&self, budget: &Budget) -> Result<Hashed<'a>, Why> {
        Hashed::new(self.zone, self.nsec3.clone(), budget.limits.iterations)
    }
}

/// What a list of types at a name proves.
pub(super) fn at_name(has: impl Fn(RecordType) -> bool, owner: &Name, kind: RecordType) -> Option<Denied> {
    // RFC 6840 §4.3: an alias would have been the answer.
    if has(kind) || has(RecordType::CNAME) {
        return None;
    }
    let is_delegation = has(RecordType::NS) && !has(RecordType::SOA);
    let is_wrong_side = match kind {
        // RFC 6840 §4.4: whether there is a delegation is for the zone above to say.
        RecordType::DS => has(RecordType::SOA) && !owner.is_root(),
        // RFC 6840 §4.1: and what else is there for the zone below.
        _ => is_delegation,
    };
    match (is_wrong_side, has(NXNAME)) {
        (true, _) => None,
        (false, true) => Some(Denied::NoName),
        (false, false) => Some(Denied::NoData { is_cut: is_delegation }),
    }
}

/// Whether what lies below a name is elsewhere: a delegation or a DNAME is there (RFC 6840 §4.1; RFC 5155 §8.3).
pub(super) fn is_barrier(has: impl Fn(RecordType) -> bool) -> bool {
    has(RecordType::DNAME) || (has(RecordType::NS) && !has(RecordType::SOA))
}
