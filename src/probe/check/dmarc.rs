//! What a domain asks to be done with mail that nobody vouches for, judged.
//!
//! RFC 9989 §4.7, §4.10, §5.1; RFC 9990 §4.

use super::report::{Dmarc, Notes, Standing};
use crate::policy::dmarc::{Applied, Destination, Found, Odd, Policy, Record, Scope, Walk, accepts};
use crate::probe::report::Level;
use crate::world::Resolve;
use futures_util::future::join_all;

/// Places for reports that are asked whether they take them.
const DESTINATIONS_MAX: usize = 10;

/// What was found out about a domain.
pub(super) struct Facts {
    pub(super) walk: Walk,
    pub(super) applied: Option<Applied>,
    /// Domains of others that are to get reports, and whether they take them.
    pub(super) others: Vec<(String, Result<bool, String>)>,
}

/// Asks those who are to get reports.
pub(super) async fn destinations(dns: &dyn Resolve, walk: &Walk) -> Vec<(String, Result<bool, String>)> {
    let Some((domain, _, record)) = walk.policy() else { return Vec::new() };
    let mut hosts: Vec<String> =
        record.aggregate.iter().chain(&record.failure).filter_map(Destination::domain).collect();
    hosts.sort();
    hosts.dedup();
    let asked = hosts.into_iter().take(DESTINATIONS_MAX).map(|host| async move {
        let answer = accepts(dns, walk, domain, &host).await;
        (host, answer)
    });
    join_all(asked).await
}

/// Judges what was found, or why nothing is known.
pub(super) fn judge(facts: Result<&Facts, &String>, domain: &str, sends_mail: bool, notes: &mut Notes) -> Dmarc {
    let facts = match facts {
        Ok(facts) => facts,
        Err(why) => {
            let text = format!("whether there is a DMARC record is not known: {why}");
            notes.note("dmarc.unknown", Level::Warn, text, "RFC 9989 §4.10", "ask again later");
            return nothing(Standing::Unknown, why.clone(), domain.to_owned(), Vec::new());
        }
    };
    let walk = &facts.walk;
    steps(walk, notes);
    if let Some(why) = &walk.cut {
        let text = format!("whose the domain is, is not known, since names above it do not answer: {why}");
        let fix = "ask a name server that resolves for others";
        notes.note("dmarc.organization-unknown", Level::Info, text, "RFC 9989 §4.10.2", fix);
    }
    let asked = walk.steps.iter().map(|step| step.domain.clone()).collect();
    let organizational = walk.organizational().to_owned();
    let (Some((owner, text, record)), Some(applied)) = (walk.policy(), &facts.applied) else {
        let text = "there is no DMARC record, so others need not refuse mail in its name";
        let fix = match sends_mail {
            true => "publish v=DMARC1; p=none; rua=mailto:... first, read the reports, then ask for more",
            false => "a domain that sends no mail says v=DMARC1; p=reject",
        };
        notes.note("dmarc.none", Level::Warn, text, "RFC 9989 §4.10.1, §5.1", fix);
        return nothing(Standing::Missing, "no record".into(), organizational, asked);
    };
    oddities(record, notes);
    reports(record, &facts.others, notes);
    let own = if applied.scope == Scope::Own { record.for_scope(Scope::Own) } else { applied.policy };
    ask(own, record, applied, sends_mail, notes);
    let name = |policy: Option<Policy>| policy.map(Policy::name);
    let standing = match own {
        None => Standing::Broken,
        Some(Policy::None) => Standing::Weak,
        Some(_) if record.is_testing => Standing::Weak,
        Some(_) => Standing::Good,
    };
    let testing = if record.is_testing { ", tried out" } else { "" };
    let whose = if owner == domain { String::new() } else { format!(", by {owner}") };
    let reported = if record.aggregate.is_empty() { ", no reports" } else { "" };
    let below = record.for_scope(Scope::Subdomain);
    let below_words = match (applied.scope, name(below)) {
        (Scope::Own, Some(words)) if below != own => format!(" (subdomains {words})"),
        _ => String::new(),
    };
    let summary = format!("{}{below_words}{testing}{whose}{reported}", name(own).unwrap_or("ignored"));
    Dmarc {
        standing,
        summary,
        record: Some(text.to_owned()),
        domain: Some(owner.to_owned()),
        organizational_domain: organizational,
        policy: name(own),
        subdomains: name(below),
        nonexistent: name(record.for_scope(Scope::Nonexistent)),
        is_testing: record.is_testing,
        rua: record.aggregate.iter().map(ToString::to_string).collect(),
        ruf: record.failure.iter().map(ToString::to_string).collect(),
        walk: asked,
    }
}

fn nothing(standing: Standing, summary: String, organizational_domain: String, walk: Vec<String>) -> Dmarc {
    Dmarc {
        standing,
        summary,
        record: None,
        domain: None,
        organizational_domain,
        policy: None,
        subdomains: None,
        nonexistent: None,
        is_testing: false,
        rua: Vec::new(),
        ruf: Vec::new(),
        walk,
    }
}

fn steps(walk: &Walk, notes: &mut Notes) {
    for step in &walk.steps {
        match &step.found {
            Found::Several(count) => {
                let text = format!("_dmarc.{} has {count} DMARC records, and so none counts", step.domain);
                notes.note("dmarc.several", Level::Error, text, "RFC 9989 §4.10", "leave one record");
            }
            Found::Nothing(almost) if !almost.is_empty() => {
                let text =
                    format!("a text at _dmarc.{} does not begin with v=DMARC1, and counts for nothing", step.domain);
                notes.note(
                    "dmarc.version",
                    Level::Error,
                    text,
                    "RFC 9989 §4.7",
                    "put v=DMARC1 first, written exactly so",
                );
            }
            Found::Nothing(_) | Found::Record(..) => {}
        }
    }
}

fn ask(own: Option<Policy>, record: &Record, applied: &Applied, sends_mail: bool, notes: &mut Notes) {
    match own {
        None => {
            let text = "the DMARC record asks for nothing that can be understood, and is ignored";
            notes.note("dmarc.ignored", Level::Error, text, "RFC 9989 §4.10.1", "mend p=, sp= and np=");
        }
        Some(Policy::None) => {
            let text = "DMARC asks for nothing yet (p=none): mail in its name by anybody is taken";
            let fix = match sends_mail {
                true => "when the reports show that all mail of yours passes, ask for quarantine, then for reject",
                false => "ask for reject (p=reject): the domain sends no mail that could be hit",
            };
            notes.note("dmarc.none-asked", Level::Warn, text, "RFC 9989 §5.1.7", fix);
        }
        Some(_) if record.is_testing => {
            let text =
                "DMARC is only tried out (t=y): what it asks for counts one step less, and nothing is refused for it";
            notes.note("dmarc.testing", Level::Warn, text, "RFC 9989 §4.7", "remove t=y when the reports are good");
        }
        Some(own) => {
            let below = record.for_scope(Scope::Subdomain).filter(|below| applied.scope == Scope::Own && *below < own);
            if let Some(below) = below {
                let text = format!("DMARC asks for {own}, and for names below only for {below}");
                notes.note("dmarc.weaker-below", Level::Warn, text, "RFC 9989 §4.7", "raise sp=, or remove it");
            }
        }
    }
    if applied.scope == Scope::Nonexistent {
        let text = "the domain's name does not exist, so DMARC goes by what is asked for such names (np)";
        notes.note("dmarc.nonexistent", Level::Info, text, "RFC 9989 §3.2.13", "");
    }
}

fn oddities(record: &Record, notes: &mut Notes) {
    for one in &record.oddities {
        let at = one.at + 1;
        let (id, level, text, fix) = match &one.odd {
            Odd::Unknown(tag) => {
                ("dmarc.unknown-tag", Level::Info, format!("nobody knows the tag {tag}="), "remove it")
            }
            Odd::Old(tag) => {
                let fix = "remove it; t=y is what pct=0 was";
                ("dmarc.old-tag", Level::Info, format!("the tag {tag}= is gone since RFC 9989"), fix)
            }
            Odd::Value(tag) => ("dmarc.value", Level::Error, format!("{tag} means nothing"), "write a value that does"),
            Odd::Twice(tag) => ("dmarc.twice", Level::Warn, format!("{tag}= stands there twice"), "leave one"),
            Odd::NoTag(text) => ("dmarc.no-tag", Level::Warn, format!("{text:?} is no tag"), "remove it"),
            Odd::Destination(uri) => {
                ("dmarc.destination", Level::Error, format!("{uri:?} is no URI"), "write mailto:reports@example.org")
            }
            Odd::Size(uri) => (
                "dmarc.size",
                Level::Info,
                format!("{uri} has a limit of size, which is gone since RFC 9989"),
                "remove it",
            ),
        };
        notes.note(id, level, format!("in the DMARC record {text} (at character {at})"), "RFC 9989 §4.7, §4.8", fix);
    }
}

fn reports(record: &Record, others: &[(String, Result<bool, String>)], notes: &mut Notes) {
    if record.aggregate.is_empty() {
        let text = "DMARC reports go nowhere (no rua), so nobody hears who writes in its name";
        notes.note("dmarc.no-reports", Level::Warn, text, "RFC 9989 §5.1.4", "add rua=mailto:...");
    }
    for place in record.aggregate.iter().chain(&record.failure) {
        if let Destination::Other(uri) = place {
            let text = format!("reports to {uri} are seldom sent: only mailto has to be known");
            notes.note("dmarc.scheme", Level::Info, text, "RFC 9989 §4.7", "name a mailto address too");
        }
    }
    for (host, answer) in others {
        match answer {
            Ok(true) => {}
            Ok(false) => {
                let text = format!("{host} does not say that it takes reports about others, so it gets none");
                let fix = "have it publish v=DMARC1 at DOMAIN._report._dmarc below its name";
                notes.note("dmarc.not-accepted", Level::Error, text, "RFC 9990 §4", fix);
            }
            Err(why) => {
                let text = format!("whether {host} takes reports is not known: {why}");
                notes.note("dmarc.acceptance-unknown", Level::Warn, text, "RFC 9990 §4", "ask again later");
            }
        }
    }
}
