//! Policies of domains: found by a record in DNS, fetched from the domain's web server, kept until they end.
//!
//! The record's id says whether a policy is new. One that is kept stays in force until its time is over, whatever becomes
//! of record and server: who could take it away early could also take mail. It is fetched anew when half of its time
//! is over, so that a server which fails for a while takes nothing away. Judges no exchanger.
//! RFC 8461 §3.1, §3.3, §5.1, §10.2.

use super::http::{Find, Http, Request};
use crate::net::tls::Trust;
use crate::net::trace::Trace;
use crate::policy::sts::{NoPolicy, Policy, SIZE_MAX, id, is_meant};
use crate::store::policies::{Kept, PolicyStore};
use crate::world::{Clock, Connect, LookupError, Record, RecordKind, Resolve, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use url::Url;

/// RFC 8461 §3.3 suggests a minute.
const PATIENCE: Duration = Duration::from_secs(60);
/// For a policy that is known already: somebody waits, and nothing is lost.
const PATIENCE_TO_RENEW: Duration = Duration::from_secs(10);
/// RFC 8461 §3.3: a server that did not give a policy is left alone for five minutes.
const SILENCE: Duration = Duration::from_secs(5 * 60);
/// Domains that are remembered for that at once.
const SILENT_MAX: usize = 10_000;

/// Where policies come from.
pub struct Policies {
    /// DNS.
    pub dns: Arc<dyn Resolve>,
    /// The way to web servers.
    pub connect: Arc<dyn Connect>,
    /// Their addresses.
    pub find: Arc<dyn Find>,
    /// Whose word counts for their certificates.
    pub trust: Trust,
    /// Where conversations are written down.
    pub trace: Option<Trace>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Where policies are kept; without it each one is fetched when it is needed.
    pub store: Option<PolicyStore>,
    /// Which domains' servers gave no policy a moment ago.
    pub silent: Silent,
}

/// Which domains' servers gave no policy, until when they are left alone, and why.
#[derive(Default)]
pub struct Silent(Mutex<HashMap<String, (Timestamp, Missing)>>);

/// What is known of a domain's policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// This one is in force.
    Policy(Policy),
    /// It has none.
    Nothing,
    /// It may have one, which cannot be had now.
    Unknown(Missing),
}

/// Why a policy cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// DNS does not say whether there is one, or the web server does not give it.
    #[error("{0}")]
    Unreached(String),
    /// What the web server gives is none.
    #[error("what the web server gives is no policy: {0}")]
    NoPolicy(NoPolicy),
}

impl Policies {
    /// What is known of the policy of a domain, in A-labels.
    pub async fn of(&self, domain: &str) -> Standing {
        if domain.starts_with('[') {
            return Standing::Nothing;
        }
        let now = self.clock.now();
        let kept = self.kept(domain).await.and_then(|kept| in_force(kept, now));
        let (found, kept) = match (self.id_of(domain).await, kept) {
            (Ok(Some(found)), kept) => (found, kept),
            // RFC 8461 §3.3: a record that is gone takes back no policy.
            (_, Some((_, policy, _))) => return Standing::Policy(policy),
            (Ok(None), None) => return Standing::Nothing,
            (Err(why), None) => return Standing::Unknown(Missing::Unreached(why)),
        };
        match kept {
            Some((id, policy, is_fresh)) if is_fresh && id == found => Standing::Policy(policy),
            kept => {
                let is_known = kept.as_ref().is_some_and(|(id, ..)| *id == found);
                let patience = if is_known { PATIENCE_TO_RENEW } else { PATIENCE };
                match (self.fetch(domain, found, now, patience).await, kept) {
                    (Ok(policy), _) | (Err(_), Some((_, policy, _))) => Standing::Policy(policy),
                    (Err(why), None) => Standing::Unknown(why),
                }
            }
        }
    }

    /// The id of a domain's policy, if DNS says that there is one; why that is not known, if it is not.
    pub async fn id_of(&self, domain: &str) -> Result<Option<String>, String> {
        match self.dns.lookup(&format!("_mta-sts.{domain}"), RecordKind::Txt).await {
            Ok(answer) => Ok(id(&answer.records.into_iter().filter_map(text).collect::<Vec<_>>())),
            Err(LookupError::NoSuchName | LookupError::NoRecords) => Ok(None),
            Err(LookupError::Temporary(why)) => Err(why),
        }
    }

    /// Whether somebody meant a text as the record, right or wrong.
    pub async fn is_meant(&self, domain: &str) -> bool {
        let answer = self.dns.lookup(&format!("_mta-sts.{domain}"), RecordKind::Txt).await;
        let texts = answer.map(|answer| answer.records).unwrap_or_default().into_iter().filter_map(text);
        texts.into_iter().any(|text| is_meant(&text))
    }

    async fn kept(&self, domain: &str) -> Option<Kept> {
        let (store, domain) = (self.store.clone()?, domain.to_owned());
        tokio::task::spawn_blocking(move || store.get(&domain)).await.ok().flatten()
    }

    async fn fetch(&self, domain: &str, id: String, now: Timestamp, patience: Duration) -> Result<Policy, Missing> {
        // A new id is worth a new try.
        let question = format!("{domain} {id}");
        if let Some((_, why)) = self.silent().get(&question).filter(|(until, _)| now < *until) {
            return Err(why.clone());
        }
        let policy = self.ask(domain, patience).await.inspect_err(|why| {
            let mut silent = self.silent();
            silent.retain(|_, (until, _)| now < *until);
            if silent.len() < SILENT_MAX {
                silent.insert(question, (now.saturating_add(SILENCE).unwrap_or(now), why.clone()));
            }
        })?;
        if let Some(store) = self.store.clone() {
            let (kept, domain) = (Kept { id, since: now, text: policy.to_string() }, domain.to_owned());
            // One that cannot be kept is in force all the same, and is fetched another time.
            let _ = tokio::task::spawn_blocking(move || store.put(&domain, &kept)).await;
        }
        Ok(policy)
    }

    async fn ask(&self, domain: &str, patience: Duration) -> Result<Policy, Missing> {
        let http = Http::new(&*self.connect, &*self.find, &self.trust, self.trace.as_ref());
        let text = fetch_text(&http, domain, patience).await.map_err(Missing::Unreached)?;
        Policy::parse(&text).map_err(Missing::NoPolicy)
    }

    fn silent(&self) -> MutexGuard<'_, HashMap<String, (Timestamp, Missing)>> {
        self.silent.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text that a domain's web server gives for its policy.
pub async fn fetch_text(http: &Http<'_>, domain: &str, patience: Duration) -> Result<Vec<u8>, String> {
    let url = Url::parse(&format!("https://mta-sts.{domain}/.well-known/mta-sts.txt"))
        .map_err(|error| format!("the domain makes no address of a web server: {error}"))?;
    // RFC 8461 §3.3: redirections are not followed.
    let request = Request::get(url).accept("text/plain").body_max(SIZE_MAX).within(patience);
    let response = http.ask(request).await.map_err(|error| error.to_string())?;
    if !response.is_ok() {
        return Err(format!("the web server says {}", response.status));
    }
    // RFC 8461 §3.2: so that a page which users write themselves is no policy.
    if response.media_type().as_deref() != Some("text/plain") {
        return Err("what the web server gives is not text/plain".to_owned());
    }
    Ok(response.body)
}

/// A policy that is kept, if its time is not over: its id, and whether more than half of its time is left.
fn in_force(kept: Kept, now: Timestamp) -> Option<(String, Policy, bool)> {
    let policy = Policy::parse(kept.text.as_bytes()).ok()?;
    // One from the future was kept by a clock that was wrong: nobody knows how old it is.
    let age = Duration::try_from(now.duration_since(kept.since)).ok()?;
    let is_fresh = age < policy.age / 2;
    (age < policy.age).then_some((kept.id, policy, is_fresh))
}

fn text(record: Record) -> Option<Vec<u8>> {
    match record {
        Record::Txt(text) => Some(text),
        _ => None,
    }
}
