//! From a domain to a guarded way: what it publishes about its exchangers is looked up, and the way held to it.
//!
//! Asks DNS and the web, `policy` decides, the courier obeys. An exchanger that may not be used is left out of the way;
//! if none is left, the domain gets nothing, and what is told is the reason that may pass, if there is one.
//! RFC 7672 §2; RFC 8461 §5.

use super::dane::{Interest, search};
use super::exchangers::{Exchangers, exchangers};
use super::route::{Hop, Route, Rules, Unroutable, plan};
use super::sts::{Policies, Standing};
use crate::address::Domain;
use crate::policy::dane;
use crate::policy::guard::{Guard, Refusal, by_dane, by_policy, remark};
use crate::policy::level::Level;
use crate::policy::sts::Mode;
use crate::smtp::outcome::{Ending, Outcome, Phase};
use crate::status::Fate;
use crate::world::{Obstacle, Resolve};
use futures_util::future::join_all;
use std::sync::Arc;

/// What the way to exchangers is held to.
#[derive(Clone, Default)]
pub struct Guarding {
    /// The least that will do.
    pub level: Level,
    /// Where policies come from, for those who keep to them; without it no domain has one.
    pub policies: Option<Arc<Policies>>,
}

/// Why there is no way to a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoWay {
    /// There is none.
    Unroutable(Unroutable),
    /// There is one, and it is not safe enough.
    Refused(Refusal),
}

impl NoWay {
    /// What it means to whoever sends.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Unroutable(why) => Outcome::refused_here(Phase::Connect, why.status, why.text),
            Self::Refused(Refusal { text, may_pass }) => {
                let fate = if may_pass { Fate::Transient } else { Fate::Permanent };
                Outcome { phase: Phase::Tls, code: None, enhanced: None, text, ending: Ending::Failed(fate) }
            }
        }
    }
}

/// Settings are shown without what the policies are fetched with.
impl std::fmt::Debug for Guarding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Guarding({})", self.level)
    }
}

impl Guarding {
    /// The way to a domain whose exchangers take mail at `port`. `random` decides among equals.
    pub async fn route(
        &self,
        dns: &dyn Resolve,
        domain: &Domain,
        port: u16,
        rules: &Rules,
        random: u64,
    ) -> Result<Route, NoWay> {
        let found = exchangers(dns, domain).await;
        let route = plan(&domain.to_string(), found.as_ref(), rules, random).map_err(NoWay::Unroutable)?;
        let name = domain.to_ascii().to_string();
        let Ok(found) = found else { return Ok(route.thin()) };
        let route = match self.level {
            Level::Dane => match self.by_dane(dns, &name, port, &found, route).await {
                Err(NoWay::Refused(why)) if !found.is_authentic && !why.may_pass => {
                    Err(NoWay::Refused(unvouched(dns, &name).await))
                }
                route => route,
            },
            Level::Opportunistic => {
                let route = self.by_dane(dns, &name, port, &found, route).await?;
                self.by_policy(&name, route).await
            }
            // Who keeps to policies does so at every level.
            Level::None | Level::Require | Level::Verify | Level::MtaSts => self.by_policy(&name, route).await,
        };
        // Not before: of two names for one machine, one may be good and the other not.
        route.map(Route::thin)
    }

    /// Why DANE protects nobody here, at a level that would use it and does without: DNSSEC cannot be looked at.
    pub async fn obstacle_to_dane(&self, dns: &dyn Resolve) -> Option<Obstacle> {
        match self.level {
            Level::Opportunistic => dns.unauthentic().await,
            // The others have no use for it, or do not do without.
            Level::None | Level::Require | Level::Verify | Level::MtaSts | Level::Dane => None,
        }
    }

    async fn by_dane(
        &self,
        dns: &dyn Resolve,
        domain: &str,
        port: u16,
        found: &Exchangers,
        route: Route,
    ) -> Result<Route, NoWay> {
        let verdicts = route.hops.iter().map(|hop| async {
            let standing = match found.hosts.iter().find(|host| host.host == hop.host) {
                Some(host) => search(dns, (domain, found), host, port, Interest::Counting).await.standing,
                None => dane::Standing::Unvouched,
            };
            by_dane(self.level, &hop.host, domain, standing)
        });
        let verdicts = join_all(verdicts).await;
        left(route, verdicts)
    }

    async fn by_policy(&self, domain: &str, route: Route) -> Result<Route, NoWay> {
        let standing = match &self.policies {
            Some(policies) => policies.of(domain).await,
            None => Standing::Nothing,
        };
        let policy = match standing {
            Standing::Policy(policy) if policy.mode != Mode::None => policy,
            // RFC 8461 §5.1: without a policy, mail goes as it always went, unless somebody here wants more.
            _ if self.level != Level::MtaSts => return Ok(route),
            Standing::Policy(_) | Standing::Nothing => {
                let why = format!("{domain} has no policy for mail that is sent to it (MTA-STS)");
                return Err(NoWay::Refused(Refusal::lasting(why)));
            }
            Standing::Unknown(why) => {
                let why = format!("the policy of {domain} cannot be had now (MTA-STS): {why}");
                return Err(NoWay::Refused(Refusal::passing(why)));
            }
        };
        let hosts: Vec<&str> = route.hops.iter().map(|hop| hop.host.as_str()).collect();
        let remarks = remark(&policy, &hosts, domain).into_iter().collect();
        let verdict = |hop: &Hop| match &hop.guard {
            // RFC 8461 §2: what signed DNS names goes before any policy.
            named @ Guard::Named { .. } => Ok(named.clone()),
            guard => by_policy(&policy, &hop.host, domain).map(|policed| match policed {
                Guard::Usual => guard.clone(),
                policed => policed,
            }),
        };
        let verdicts = route.hops.iter().map(verdict).collect();
        left(Route { remarks, ..route }, verdicts)
    }
}

/// What is left of a way of those exchangers that may be used.
fn left(route: Route, verdicts: Vec<Result<Guard, Refusal>>) -> Result<Route, NoWay> {
    let (mut hops, mut refusals) = (Vec::new(), Vec::new());
    for (hop, verdict) in route.hops.into_iter().zip(verdicts) {
        match verdict {
            Ok(guard) => hops.push(Hop { guard, ..hop }),
            Err(refusal) => refusals.push(refusal),
        }
    }
    if hops.is_empty() {
        let passing = refusals.iter().position(|refusal| refusal.may_pass).unwrap_or(0);
        if !refusals.is_empty() {
            return Err(NoWay::Refused(refusals.swap_remove(passing)));
        }
    }
    Ok(Route { hops, ..route })
}

/// What is told where DANE protects nobody.
pub fn without_dane(obstacle: &Obstacle) -> String {
    let (now, later) = if obstacle.may_pass { (" now", "; it is looked at again later") } else { ("", "") };
    format!("mail goes{now} without DANE, because DNSSEC cannot be looked at: {}{later}", obstacle.why)
}

/// Why DNSSEC does not vouch for a domain: it is not signed, or nobody here would know.
async fn unvouched(dns: &dyn Resolve, domain: &str) -> Refusal {
    match dns.unauthentic().await {
        None => Refusal::lasting(format!("DNSSEC does not vouch for the mail exchangers of {domain}, so DANE cannot")),
        // Whoever can swallow an answer could else turn mail away for good.
        Some(Obstacle { why, may_pass: true }) => Refusal::passing(format!(
            "whether DNSSEC vouches for the mail exchangers of {domain} is not known now: {why}"
        )),
        Some(Obstacle { why, may_pass: false }) => Refusal::lasting(format!(
            "DANE cannot be relied on here: {why}; it takes a name server that passes signatures on, or one on this machine \
             that checks them"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::zone::Zone;
    use crate::world::{Answer, Later, LookupError, RecordKind};

    /// A zone, and why nobody vouches for it.
    struct Unchecked(Zone, Obstacle);

    impl Resolve for Unchecked {
        fn lookup<'a>(&'a self, name: &'a str, kind: RecordKind) -> Later<'a, Result<Answer, LookupError>> {
            self.0.lookup(name, kind)
        }

        fn unauthentic(&self) -> Later<'_, Option<Obstacle>> {
            Box::pin(std::future::ready(Some(self.1.clone())))
        }
    }

    #[tokio::test]
    async fn what_nobody_knows_now_turns_no_mail_away_for_good() {
        for may_pass in [true, false] {
            let zone = Zone::parse("x.test MX 10 a.test\na.test A 192.0.2.1\n").expect("a zone");
            let dns = Unchecked(zone, Obstacle { why: "no answer within 5 seconds".into(), may_pass });
            let refusal = unvouched(&dns, "x.test").await;
            assert_eq!(refusal.may_pass, may_pass, "{refusal}");
            assert!(refusal.text.contains("no answer within 5 seconds"), "{refusal}");
        }
    }
}
