//! A question, answered with how much the answer can be believed, and why.
//!
//! Follows aliases through zones, each judged by itself; the answer is worth what the least of them is worth.
//! RFC 4033 §5; RFC 4035 §4.3, §5; RFC 5155 §8; RFC 6672 §5.3.

use super::anchors::Anchors;
use super::budget::{Budget, Limits, Work};
use super::chain::{Run, within};
use super::denial::{self, Denied, Proofs};
use super::finding::Class;
use super::known::Known;
use super::name;
use super::set::{Set, dname};
use super::signature::Keys;
use super::source::{Response, Source};
use super::step::Step;
use super::why::Why;
use crate::world::Timestamp;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::CNAME;
use hickory_proto::rr::{Name, RData, Record, RecordType};

/// How much something can be believed (RFC 4033 §5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Security {
    /// A chain of signatures leads to it from a trust anchor.
    Secure,
    /// Provably there is no such chain: it may be so or otherwise.
    Insecure(Why),
    /// There should be one, and it is broken: nothing of it counts.
    Bogus(Why),
    /// It cannot be known; whoever depends on it treats it as bogus (RFC 7672 §2.1.1).
    Indeterminate(Why),
}

/// What there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// These records; each may be kept no longer than its TTL says, which is at most what signatures allow.
    Records(Vec<Record>),
    /// The name, without such records.
    NoData,
    /// Not even the name.
    NoName,
    /// Nothing that could be believed: the answer is bogus or cannot be known.
    Nothing,
}

/// A name that stands for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The name.
    pub owner: Name,
    /// The other.
    pub target: Name,
    /// How much this one alias can be believed.
    pub security: Security,
}

/// An answer, and what it is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validated {
    /// The name at the end of all aliases.
    pub name: Name,
    /// What there is.
    pub found: Found,
    /// What all of it is worth.
    pub security: Security,
    /// The aliases before it, in order.
    pub aliases: Vec<Alias>,
    /// When the first of the signatures that it rests on expires.
    pub until: Option<Timestamp>,
    /// What was found on the way, in order.
    pub steps: Vec<Step>,
    /// What it has cost.
    pub work: Work,
}

/// Judges answers from trust anchors on, and remembers what it has learned of zones.
#[derive(Debug)]
pub struct Validator {
    anchors: Anchors,
    limits: Limits,
    known: Known,
}

impl Validator {
    /// Trusts these.
    pub fn new(anchors: Anchors) -> Self {
        Self::with_limits(anchors, Limits::default())
    }

    /// Trusts these, and does so much for one question.
    pub fn with_limits(anchors: Anchors, limits: Limits) -> Self {
        Self { anchors, limits, known: Known::default() }
    }

    /// What is trusted.
    pub fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    /// Asks, and judges what is answered as of this time.
    pub async fn validate(&self, source: &dyn Source, name: &Name, kind: RecordType, now: Timestamp) -> Validated {
        let mut name = name.clone();
        name.set_fqdn(true);
        let budget = Budget::new(self.limits);
        let (steps, asked) = (Vec::new(), Vec::new());
        let mut run = Run { source, anchors: &self.anchors, known: &self.known, now, budget, steps, asked };
        let (found, security, aliases) = (Found::Nothing, Security::Secure, Vec::new());
        let mut answer = Answer { name, found, security, aliases, ttl: u32::MAX };
        if let Err(why) = run.resolve(&mut answer, kind).await {
            answer.lower(why.into());
        }
        if answer.security.is_useless() {
            answer.found = Found::Nothing;
        }
        if matches!(answer.security, Security::Bogus(_) | Security::Indeterminate(Why::Stripped { .. })) {
            run.distrust();
        }
        if let Some(why) = answer.security.why() {
            run.tell(Step::Stopped(why.clone()));
        }
        let Answer { name, found, security, aliases, .. } = answer;
        let until = run.steps.iter().filter_map(Step::until).min();
        Validated { name, found, security, aliases, until, steps: run.steps, work: run.budget.work }
    }
}

/// What is known so far.
struct Answer {
    name: Name,
    found: Found,
    security: Security,
    aliases: Vec<Alias>,
    /// Seconds the aliases may be kept.
    ttl: u32,
}

impl Answer {
    /// Is worth no more than this from here on.
    fn lower(&mut self, security: Security) {
        if security.rank() > self.security.rank() {
            self.security = security;
        }
    }

    fn denied(&mut self, judged: Result<Denied, Why>, rcode: ResponseCode) {
        let is_no_name = match judged {
            // What is proven counts, whatever the header says: nobody has signed that.
            Ok(denied) => denied == Denied::NoName,
            Err(why) => {
                self.lower(why.into());
                rcode == ResponseCode::NXDomain
            }
        };
        self.found = if is_no_name { Found::NoName } else { Found::NoData };
    }
}

impl Run<'_> {
    /// Follows aliases to their end. An error if that is not reached.
    async fn resolve(&mut self, answer: &mut Answer, kind: RecordType) -> Result<(), Why> {
        let first = answer.name.clone();
        loop {
            let response = self.ask(&answer.name, kind).await?;
            if kind == RecordType::CNAME
                && let Some((set, target)) = alias(&response, &answer.name)
            {
                return self.alias_itself(answer, &set, target, &response).await;
            }
            if let Some(set) = Set::find(&response.answers, &answer.name, kind) {
                let ttl = match self.secure(&set, &response).await {
                    Ok(ttl) => ttl,
                    Err(why) => {
                        answer.lower(why.into());
                        u32::MAX
                    }
                };
                let shortened = |record: &&Record| {
                    let mut record = (*record).clone();
                    record.ttl = record.ttl.min(ttl).min(answer.ttl);
                    record
                };
                answer.found = Found::Records(set.records.iter().map(shortened).collect());
                return Ok(());
            }
            let Some((set, target)) = alias(&response, &answer.name) else {
                let judged = self.denied(&answer.name, kind, &response).await;
                answer.denied(judged, response.rcode);
                return Ok(());
            };
            let judged = self.secure(&set, &response).await;
            answer.ttl = answer.ttl.min(set.ttl()).min(*judged.as_ref().unwrap_or(&u32::MAX));
            let security = judged.map_or_else(Security::from, |_| Security::Secure);
            answer.lower(security.clone());
            let target = target.ok_or_else(|| Why::AliasTooLong { name: answer.name.clone() })?;
            let owner = std::mem::replace(&mut answer.name, target.clone());
            answer.aliases.push(Alias { owner: owner.clone(), target: target.clone(), security });
            if answer.security.is_useless() {
                return Ok(());
            }
            self.tell(Step::Alias { owner, target });
            if answer.aliases.iter().any(|alias| alias.owner == answer.name) {
                return Err(Why::AliasLoop { name: answer.name.clone() });
            }
            let limit = self.budget.limits.aliases;
            if answer.aliases.len() > limit as usize {
                return Err(Why::TooManyAliases { name: first, limit });
            }
        }
    }

    /// An alias that was asked for itself: it is worth what has made it, a CNAME or a DNAME.
    async fn alias_itself(
        &mut self,
        answer: &mut Answer,
        set: &Set<'_>,
        target: Option<Name>,
        response: &Response,
    ) -> Result<(), Why> {
        let ttl = match self.secure(set, response).await {
            Ok(ttl) => ttl,
            Err(why) => {
                answer.lower(why.into());
                u32::MAX
            }
        };
        let target = target.ok_or_else(|| Why::AliasTooLong { name: answer.name.clone() })?;
        let ttl = set.records.iter().map(|record| record.ttl).min().unwrap_or_default().min(ttl);
        answer.found = Found::Records(vec![Record::from_rdata(answer.name.clone(), ttl, RData::CNAME(CNAME(target)))]);
        Ok(())
    }

    /// Judges a set of records: seconds it may be kept, or why it is not secure.
    async fn secure(&mut self, set: &Set<'_>, response: &Response) -> Result<u32, Why> {
        let mut failure: Option<Why> = None;
        for signer in set.signers() {
            if !self.may_vouch(signer, set.owner, set.kind) {
                continue;
            }
            let keys = self.walk(signer).await?;
            let judged = if keys.zone == *signer {
                self.signed(set, &keys, response)
            } else {
                Err(Why::SignerNoZone { owner: set.owner.clone(), kind: set.kind, signer: signer.clone().into() })
            };
            match judged {
                Ok(ttl) => return Ok(ttl),
                Err(why) if why.class() != Class::Bogus => return Err(why),
                Err(why) => _ = failure.get_or_insert(why),
            }
        }
        let (owner, kind) = (set.owner.clone(), set.kind);
        let failure = failure.or_else(|| {
            let signer = Box::new(set.signatures.first()?.input().signer_name.clone());
            Some(Why::SignerNotParent { owner: owner.clone(), kind, signer })
        });
        Err(self.unsigned(set.owner, kind, failure, |zone| Why::NoSignature { owner, kind, zone: zone.into() }).await)
    }

    /// Judges a set of records by the keys of the zone that has signed it.
    fn signed(&mut self, set: &Set<'_>, keys: &Keys, response: &Response) -> Result<u32, Why> {
        let proven = self.proven(set, keys, response)?;
        self.tell(proven.step(set, &keys.zone));
        Ok(proven.ttl)
    }

    /// Judges that nothing came.
    async fn denied(&mut self, wanted: &Name, kind: RecordType, response: &Response) -> Result<Denied, Why> {
        let mut failure: Option<Why> = None;
        for signer in denial::signers(&response.authorities, wanted, kind) {
            if !self.may_vouch(signer, wanted, kind) {
                continue;
            }
            let keys = self.walk(signer).await?;
            if keys.zone != *signer {
                continue;
            }
            let proofs = Proofs::collect(&response.authorities, &keys, self.now, &mut self.budget)?;
            let by = proofs.kind();
            match proofs.deny(wanted, kind, &mut self.budget)? {
                Some(Denied::OptOut) => {
                    return Err(Why::OptedOut { name: wanted.clone(), zone: keys.zone.clone().into() });
                }
                Some(denied) => {
                    let no_name = denied == Denied::NoName;
                    let (name, zone, until) = (wanted.clone(), keys.zone.clone(), proofs.until());
                    self.tell(Step::Denied { name, kind, zone, by, no_name, until });
                    return Ok(denied);
                }
                None => {
                    _ = failure.get_or_insert_with(|| proofs.flaw.unwrap_or_else(|| missing(wanted, kind, &keys.zone)))
                }
            }
        }
        Err(self.unsigned(wanted, kind, failure, |zone| missing(wanted, kind, &zone)).await)
    }

    /// Why there is no good signature: because provably nobody has to sign there, or this failure, or that none was found.
    async fn unsigned(
        &mut self,
        owner: &Name,
        kind: RecordType,
        failure: Option<Why>,
        missing: impl FnOnce(Name) -> Why,
    ) -> Why {
        match (self.walk(&within(owner, kind)).await, failure) {
            (Err(why), _) if why.class() == Class::Insecure => why,
            (_, Some(failure)) => failure,
            (Err(why), None) => why,
            (Ok(keys), None) => missing(keys.zone.clone()),
        }
    }
}

fn missing(wanted: &Name, kind: RecordType, zone: &Name) -> Why {
    Why::MissingDenial { name: wanted.clone(), kind, zone: zone.clone().into() }
}

/// The records that make a name an alias, and what it stands for; no target if that would be too long.
fn alias<'a>(response: &'a Response, wanted: &Name) -> Option<(Set<'a>, Option<Name>)> {
    let cname = Set::find(&response.answers, wanted, RecordType::CNAME);
    // RFC 6672 §5.3.1: what a DNAME gives is not signed, the DNAME is; so the name is replaced here again.
    if cname.as_ref().is_none_or(|set| set.signatures.is_empty()) {
        let owners = Set::owners(&response.answers, RecordType::DNAME, 4);
        let owner = owners.into_iter().find(|owner| name::is_below(wanted, owner));
        if let Some(set) = owner.and_then(|owner| Set::find(&response.answers, owner, RecordType::DNAME)) {
            let target = set.records.iter().find_map(|record| dname(&record.data))?;
            let front = wanted.iter().take(name::depth(wanted) - name::depth(set.owner));
            let replaced = Name::from_labels(front.chain(target.iter())).ok();
            return Some((set, replaced));
        }
    }
    let set = cname?;
    let target = set.records.iter().find_map(|record| match &record.data {
        RData::CNAME(target) => Some(target.0.clone()),
        _ => None,
    })?;
    Some((set, Some(target)))
}

impl Security {
    /// The reason, if it is not secure.
    pub fn why(&self) -> Option<&Why> {
        match self {
            Self::Secure => None,
            Self::Insecure(why) | Self::Bogus(why) | Self::Indeterminate(why) => Some(why),
        }
    }

    /// In one word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Secure => "secure",
            Self::Insecure(_) => "insecure",
            Self::Bogus(_) => "bogus",
            Self::Indeterminate(_) => "indeterminate",
        }
    }

    /// Whether what it is said of must not be used.
    pub fn is_useless(&self) -> bool {
        matches!(self, Self::Bogus(_) | Self::Indeterminate(_))
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Secure => 0,
            Self::Insecure(_) => 1,
            Self::Indeterminate(_) => 2,
            Self::Bogus(_) => 3,
        }
    }
}

impl From<Why> for Security {
    fn from(why: Why) -> Self {
        match why.class() {
            Class::Insecure => Self::Insecure(why),
            Class::Bogus => Self::Bogus(why),
            Class::Indeterminate => Self::Indeterminate(why),
        }
    }
}
