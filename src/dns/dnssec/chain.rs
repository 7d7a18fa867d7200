//! The way down from a trust anchor: at each label, whether a zone begins there and who vouches for its keys.
//!
//! Asks and has `delegation`, `signature` and `denial` decide. Every question and every check comes out of one budget.
//! RFC 4035 §5, §5.2; RFC 6840 §4.4, §5.2.

use super::anchors::Anchors;
use super::budget::Budget;
use super::delegation::{self, Voucher};
use super::denial::{Denied, Proofs};
use super::finding::Class;
use super::known::{Finding, Known, Standing};
use super::name;
use super::set::Set;
use super::signature::{self, Keys, Proven};
use super::source::{Response, Source};
use super::step::Step;
use super::why::Why;
use crate::world::Timestamp;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};
use std::collections::BTreeSet;
use std::sync::Arc;

/// One question on its way.
pub(super) struct Run<'a> {
    pub(super) source: &'a dyn Source,
    pub(super) anchors: &'a Anchors,
    pub(super) known: &'a Known,
    pub(super) now: Timestamp,
    pub(super) budget: Budget,
    pub(super) steps: Vec<Step>,
    /// What the source was asked; the budget bounds it.
    pub(super) asked: Vec<(Name, RecordType)>,
}

impl Run<'_> {
    /// Asks the source, if there is budget for it.
    pub(super) async fn ask(&mut self, name: &Name, kind: RecordType) -> Result<Response, Why> {
        self.budget.query()?;
        self.asked.push((name.clone(), kind));
        let response = self.source.ask(name, kind).await;
        let response = response.map_err(|said| Why::NoAnswer { name: name.clone(), kind, said })?;
        match response.rcode {
            ResponseCode::NoError | ResponseCode::NXDomain => Ok(response),
            rcode => Err(Why::Failed { name: name.clone(), kind, rcode }),
        }
    }

    /// Nothing of what was said is to be given again for long.
    pub(super) fn distrust(&self) {
        self.asked.iter().for_each(|(name, kind)| self.source.distrust(name, *kind));
    }

    /// Keeps a step, once.
    pub(super) fn tell(&mut self, step: Step) {
        if !self.steps.contains(&step) {
            self.steps.push(step);
        }
    }

    /// The keys of the zone that a name is in. An error is also that nobody vouches for it.
    pub(super) async fn walk(&mut self, target: &Name) -> Result<Arc<Keys>, Why> {
        let anchor = self.anchors.above(target).ok_or_else(|| Why::NoAnchor { name: target.clone() })?.clone();
        let mut keys: Option<Arc<Keys>> = None;
        for depth in name::depth(&anchor)..=name::depth(target) {
            let here = target.trim_to(depth);
            let finding = match self.known.get(&here, self.now) {
                Some(finding) => finding,
                None => {
                    let finding = Arc::new(match &keys {
                        None => self.anchored(&here).await?,
                        Some(parent) => self.descend(parent, &here).await?,
                    });
                    self.known.put(&here, &finding, self.now);
                    finding
                }
            };
            for step in &finding.steps {
                self.tell(step.clone());
            }
            match &finding.standing {
                Standing::Zone(below) => keys = Some(Arc::clone(below)),
                Standing::Insecure(why) => return Err(why.clone()),
                Standing::Same => {}
            }
        }
        keys.ok_or_else(|| Why::NoAnchor { name: target.clone() })
    }

    async fn anchored(&mut self, zone: &Name) -> Result<Finding, Why> {
        let all = self.anchors.of(zone);
        let tags = tags(&all);
        let vouchers = match delegation::usable(zone, &all, self.budget.limits.delegations) {
            Ok(vouchers) => vouchers,
            Err(why) => return Ok(Finding { standing: Standing::Insecure(why), steps: Vec::new(), ttl: u32::MAX }),
        };
        let mismatch = || Why::AnchorMismatch { zone: zone.clone(), tags: tags.clone() };
        let mut finding = self.keys(zone, &vouchers).await.map_err(|why| match why {
            Why::NoKeyMatchesDs { .. } => mismatch(),
            // What a trust anchor is about is signed: it has got lost on the way.
            Why::NoDnskey { .. } | Why::NoSignature { .. } => Why::Stripped { zone: zone.clone() },
            why => why,
        })?;
        finding.steps.insert(0, Step::Anchored { zone: zone.clone(), tags: tags.clone() });
        Ok(finding)
    }

    /// What a name is, one label below a zone or below a name in it.
    async fn descend(&mut self, parent: &Keys, here: &Name) -> Result<Finding, Why> {
        let response = self.ask(here, RecordType::DS).await?;
        if let Some(set) = Set::find(&response.answers, here, RecordType::DS) {
            return self.delegated(parent, &set).await;
        }
        if let Some(finding) = self.replaced(parent, here, &response)? {
            return Ok(finding);
        }
        let proofs = Proofs::collect(&response.authorities, parent, self.now, &mut self.budget)?;
        let ttl = proofs.proven.iter().map(|proven| proven.ttl).min().unwrap_or(0);
        let insecure = |why, steps| Finding { standing: Standing::Insecure(why), steps, ttl };
        let step = Step::Denied {
            name: here.clone(),
            kind: RecordType::DS,
            zone: parent.zone.clone(),
            by: proofs.kind(),
            no_name: false,
            until: proofs.until(),
        };
        match proofs.deny(here, RecordType::DS, &mut self.budget) {
            Ok(Some(Denied::NoData { is_cut: true })) => {
                let why = Why::NotSigned { zone: here.clone(), parent: parent.zone.clone().into() };
                Ok(insecure(why, vec![step]))
            }
            // A name without NS records is no zone; one that is not there is none either.
            Ok(Some(Denied::NoData { is_cut: false } | Denied::NoName)) => {
                Ok(Finding { standing: Standing::Same, steps: Vec::new(), ttl })
            }
            Ok(Some(Denied::OptOut)) => {
                Ok(insecure(Why::OptedOut { name: here.clone(), zone: parent.zone.clone().into() }, Vec::new()))
            }
            Ok(None) => {
                let (name, zone) = (here.clone(), Box::new(parent.zone.clone()));
                Err(proofs.flaw.unwrap_or(Why::MissingDenial { name, kind: RecordType::DS, zone }))
            }
            Err(why) if why.class() == Class::Insecure => Ok(insecure(why, Vec::new())),
            Err(why) => Err(why),
        }
    }

    /// A delegation that the zone above has signed.
    async fn delegated(&mut self, parent: &Keys, set: &Set<'_>) -> Result<Finding, Why> {
        let zone = set.owner;
        let proven = signature::verify(set, parent, self.now, &mut self.budget)?;
        if proven.is_expanded(set) {
            // RFC 4592 §4.6: there are no delegations by wildcard.
            return Err(Why::LabelCount { owner: zone.clone(), kind: set.kind, labels: proven.labels });
        }
        let all = delegation::vouchers(set);
        let vouchers = match delegation::usable(zone, &all, self.budget.limits.delegations) {
            Ok(vouchers) => vouchers,
            Err(why) => {
                let steps = vec![proven.step(set, &parent.zone)];
                return Ok(Finding { standing: Standing::Insecure(why), steps, ttl: proven.ttl });
            }
        };
        let mut steps = vec![
            proven.step(set, &parent.zone),
            Step::Delegated {
                zone: zone.clone(),
                parent: parent.zone.clone(),
                tags: tags(&vouchers),
                digests: vouchers.iter().filter_map(Voucher::digest).collect::<BTreeSet<_>>().into_iter().collect(),
            },
        ];
        if delegation::is_weak(&vouchers) {
            steps.push(Step::WeakDigest { zone: zone.clone() });
        }
        let keys = self.keys(zone, &vouchers).await?;
        steps.extend(keys.steps);
        Ok(Finding { standing: keys.standing, steps, ttl: keys.ttl.min(proven.ttl) })
    }

    /// The keys of a zone, signed by one of those that are vouched for.
    async fn keys(&mut self, zone: &Name, vouchers: &[Voucher]) -> Result<Finding, Why> {
        let response = self.ask(zone, RecordType::DNSKEY).await?;
        let set = Set::find(&response.answers, zone, RecordType::DNSKEY);
        let set = set.ok_or_else(|| Why::NoDnskey { zone: zone.clone() })?;
        let all = Keys::of(&set);
        let entries = delegation::entries(&all, vouchers, &mut self.budget)?;
        let Some(entries) = entries else {
            return Err(Why::NoKeyMatchesDs { zone: zone.clone(), tags: tags(vouchers) });
        };
        let proven = signature::verify(&set, &entries, self.now, &mut self.budget).map_err(|why| match why {
            Why::NoSignature { .. } | Why::NoKey { .. } if !set.signatures.is_empty() => {
                Why::KeysNotSigned { zone: zone.clone(), tags: tags(vouchers) }
            }
            why => why,
        })?;
        if proven.is_expanded(&set) {
            return Err(Why::LabelCount { owner: zone.clone(), kind: set.kind, labels: proven.labels });
        }
        let steps = vec![proven.step(&set, zone)];
        Ok(Finding { standing: Standing::Zone(Arc::new(all)), steps, ttl: proven.ttl })
    }

    /// A name that is an alias is no zone: a delegation can have no CNAME beside it, nor lie behind a DNAME of its zone.
    fn replaced(&mut self, parent: &Keys, here: &Name, response: &Response) -> Result<Option<Finding>, Why> {
        let owners = Set::owners(&response.answers, RecordType::DNAME, 1);
        let dname = owners.into_iter().find(|owner| name::is_below(here, owner) && parent.zone.zone_of(owner));
        let set = match dname {
            Some(owner) => Set::find(&response.answers, owner, RecordType::DNAME),
            None => Set::find(&response.answers, here, RecordType::CNAME),
        };
        let Some(set) = set else { return Ok(None) };
        // An alias by wildcard is sent for any name, also for one where there is a delegation.
        let proven = self.proven(&set, parent, response)?;
        Ok(Some(Finding { standing: Standing::Same, steps: Vec::new(), ttl: proven.ttl }))
    }

    /// What the signature of a set tells. One that was made from a wildcard needs the proof that nothing stands in its way.
    pub(super) fn proven(&mut self, set: &Set<'_>, keys: &Keys, response: &Response) -> Result<Proven, Why> {
        let proven = signature::verify(set, keys, self.now, &mut self.budget)?;
        if proven.is_expanded(set) {
            let (owner, kind, zone) = (set.owner.clone(), set.kind, Box::new(keys.zone.clone()));
            let proofs = Proofs::collect(&response.authorities, keys, self.now, &mut self.budget)?;
            match proofs.expansion(set.owner, proven.labels, &mut self.budget)? {
                Some(Denied::OptOut) => return Err(Why::OptedOut { name: owner, zone }),
                Some(_) => {}
                None => return Err(proofs.flaw.unwrap_or(Why::WildcardUnproven { owner, kind, zone })),
            }
        }
        Ok(proven)
    }

    /// Whether a zone may have signed something for us: from the trust anchor on that is used for the name. Whatever is
    /// above that one vouches for nothing, nor does it say that nothing is vouched for (RFC 4035 §5; RFC 4033 §5).
    pub(super) fn may_vouch(&self, signer: &Name, owner: &Name, kind: RecordType) -> bool {
        let anchor = self.anchors.above(&within(owner, kind));
        anchor.is_none_or(|anchor| anchor.zone_of(signer))
    }
}

/// A name in the zone that the records are in: a delegation belongs to the zone above.
pub(super) fn within(owner: &Name, kind: RecordType) -> Name {
    let is_above = kind == RecordType::DS && !owner.is_root();
    if is_above { owner.base_name() } else { owner.clone() }
}

fn tags(vouchers: &[Voucher]) -> Vec<u16> {
    vouchers.iter().filter_map(Voucher::tag).collect::<BTreeSet<_>>().into_iter().collect()
}
