//! The verdict on servers that were visited: where mail goes and how it is protected, or why nobody takes it. Pure.
//!
//! The first exchanger that takes mail is where it goes; beside it stands the worst there is, or, if it is the worst
//! itself, the best. RFC 5321 §5.1; RFC 7672; RFC 8461 §4.2.

use super::answer::{answered, is_about_sender, is_greylisting, said};
use super::barred::{broken_promise, has_records, is_named, is_policed};
use super::report::{Host, Report, Verdict};
use super::sighting::{Class, Recipient, Tls};
use super::trouble::{code, place_of, refusal, silence};
use super::verdict::{group_name, name};
use super::visited::{Fit, Standing, Visited};
use std::cmp::Reverse;

impl Report {
    /// What the servers themselves say, if any was visited.
    pub(super) fn of_visits(&self, title: &str) -> Option<(Verdict, String)> {
        let seen: Vec<(&Host, &Visited)> = self
            .mx
            .iter()
            .flat_map(|host| host.probes.iter().map(move |visited| (host, visited)))
            .filter(|(_, visited)| visited.is_seen())
            .collect();
        let is_enforced = self.is_enforced();
        let rank = |(host, visited): &(&Host, &Visited)| rank(host, visited, is_enforced);
        let first_takes = seen.iter().find(|(_, visited)| visited.state.takes_mail())?.0;
        let of_first =
            seen.iter().filter(|(host, visited)| host.host == first_takes.host && visited.state.takes_mail());
        let best = of_first.min_by_key(|one| rank(one))?;
        let mut sentence = self.beginning(title) + &self.goal(best.0);
        let usable = self.usable();
        let keeps = |(_, visited): &&(&Host, &Visited)| !visited.state.takes_mail() || is_named(visited);
        // Also by those that nobody met: who sits on the way chooses among all of them.
        let guards = Guards {
            dane: self.unvisited == 0
                && usable.iter().all(|host| has_records(host))
                && seen.iter().all(|one| keeps(&one)),
            sts: self.unvisited == 0
                && is_enforced
                && usable.iter().all(|host| host.sts_match == Some(true))
                && seen.iter().all(|(_, visited)| !visited.state.takes_mail() || is_policed(visited)),
        };
        sentence.push_str(&protection(best.0, best.1, is_enforced, guards));
        let worse: Vec<_> = seen.iter().filter(|one| rank(one) > rank(best)).collect();
        // The first of the worst, which is the one that more senders meet.
        if let Some(worst) = worse.iter().min_by_key(|one| Reverse(rank(one))) {
            let (host, visited) = worst;
            sentence.push_str(&format!("; {}", state(host, visited, is_enforced)));
            sentence.push_str(match worse.len() {
                1 => "",
                2 => ", and one more address is in trouble",
                _ => ", and others are in trouble",
            });
        }
        if worse.is_empty()
            && let Some((host, visited)) = seen.iter().filter(|one| rank(one) < rank(best)).min_by_key(|one| rank(one))
        {
            sentence.push_str(&format!("; {}", state(host, visited, is_enforced)));
        }
        if !is_enforced {
            sentence.push_str(&self.policy_clause());
        }
        sentence.push('.');
        sentence.push_str(&answers(best.1));
        Some((Verdict::Deliverable, sentence))
    }

    /// The exchanger that mail goes to, and those of the same preference that take it as well.
    fn goal(&self, first: &Host) -> String {
        if first.host.starts_with('[') {
            return "that address".to_owned();
        }
        if self.dns.implicit_mx {
            return format!("{} itself", name(first));
        }
        let takes = |host: &&Host| host.probes.iter().any(|visited| visited.state.takes_mail());
        let equals = self.mx.iter().filter(|host| host.preference == first.preference && host.host != first.host);
        let group: Vec<&Host> = [first].into_iter().chain(equals.filter(takes)).collect();
        group_name(&group)
    }

    /// Why none of those who were visited takes mail; nothing if somebody does, or nobody was visited.
    pub(super) fn of_the_dead(&self, title: &str) -> Option<(Verdict, String)> {
        let seen: Vec<(&Host, &Visited)> = self
            .mx
            .iter()
            .flat_map(|host| host.probes.iter().filter(|visited| visited.is_seen()).map(move |visited| (host, visited)))
            .collect();
        let (host, visited) = seen.first()?;
        let is_lasting = seen.iter().all(|(_, visited)| visited.state.is_lasting());
        let mut why = state(host, visited, false);
        let likewise = seen.iter().skip(1).filter(|(_, other)| other.state == visited.state).count();
        match (seen.len() - 1, likewise) {
            (0, _) => {}
            (others, likewise) if others == likewise => {
                why.push_str(&format!(
                    ", and so for {others} more {}",
                    if others == 1 { "address" } else { "addresses" }
                ));
            }
            (others, _) => {
                let (host, visited) = seen.iter().find(|(_, other)| other.state != visited.state)?;
                why.push_str(&format!("; {}", state(host, visited, false)));
                if others > 1 {
                    why.push_str("; others are in trouble, too");
                }
            }
        }
        Some(match is_lasting {
            true => (Verdict::Undeliverable, format!("Mail to {title} cannot be delivered: {why}.")),
            false => (Verdict::Unknown, format!("Mail to {title} cannot be delivered now: {why}.")),
        })
    }
}

/// How much is wrong with an address: nothing, its certificate, its encryption, what was promised of it, all of it.
fn rank(host: &Host, visited: &Visited, is_enforced: bool) -> u8 {
    let certificate = visited.tls.as_ref().is_none_or(|tls| tls.verified != "none");
    match visited.state {
        state if state.is_lasting() => 6,
        state if !state.takes_mail() => 5,
        _ if broken_promise(host, visited, is_enforced).is_some() => 4,
        Standing::Ok if visited.tls.is_none() => 2,
        Standing::Ok if !certificate => 1,
        Standing::Ok => 0,
        _ => 3,
    }
}

/// What guards the way to all of the addresses that were visited.
#[derive(Clone, Copy)]
struct Guards {
    dane: bool,
    sts: bool,
}

/// How mail is protected on its way to an address, behind its name.
fn protection(host: &Host, visited: &Visited, is_enforced: bool, guards: Guards) -> String {
    let mut text = match (&visited.tls, visited.state) {
        (_, Standing::TlsOld) => match visited.old_tls {
            Some(version) => format!(", but TLS cannot be used: it speaks {version} at most"),
            None => ", but TLS cannot be used: its versions are older than 1.2".to_owned(),
        },
        (_, Standing::TlsDeclined) => {
            format!(", but TLS cannot be used: it refuses STARTTLS with {}", said(visited.failure.as_ref()))
        }
        (_, Standing::TlsFailed) => format!(", but TLS cannot be used: {}", said(visited.failure.as_ref())),
        (None, _) if visited.is_old => ", not encrypted: it knows HELO only, and so no STARTTLS".to_owned(),
        (None, _) => ", not encrypted: it offers no STARTTLS".to_owned(),
        (Some(tls), _) => format!(", {}{}", version(tls), certificate(visited, tls)),
    };
    text.push_str(match (is_named(visited) && guards.dane, guards.sts) {
        (true, true) => ", guarded by DANE and by its policy (MTA-STS)",
        (true, false) => ", guarded by DANE",
        (false, true) => ", guarded by its policy (MTA-STS)",
        (false, false) => "",
    });
    if is_named(visited) && !guards.dane {
        text.push_str(", its TLSA records fit");
    }
    if let Some(promise) = broken_promise(host, visited, is_enforced) {
        text.push_str(", but ");
        text.push_str(&promise);
    }
    if let Some(slowness) = visited.slowness() {
        text.push_str(&format!(", but it {slowness}"));
    }
    text
}

fn version(tls: &Tls) -> String {
    tls.version.replacen("TLSv", "TLS ", 1)
}

fn certificate(visited: &Visited, tls: &Tls) -> String {
    let until = tls.not_after.as_deref().and_then(|until| until.split('T').next());
    match (visited.dane, visited.objections.first()) {
        // Then nothing else about it matters.
        (Some(Fit::Match), _) => String::new(),
        (_, Some(worst)) => format!(", but its certificate is not accepted: {}", worst.text),
        (_, None) => until.map_or_else(String::new, |until| format!(", certificate valid until {until}")),
    }
}

/// How an address stands, as a clause of its own.
fn state(host: &Host, visited: &Visited, is_enforced: bool) -> String {
    let promise = broken_promise(host, visited, is_enforced).filter(|_| visited.state.takes_mail());
    let promise = promise.map(|promise| format!(", but {promise}")).unwrap_or_default();
    format!("{} at {} {}{promise}", host.host, visited.place(), trouble(visited))
}

/// What is wrong with an address, behind its name.
fn trouble(visited: &Visited) -> String {
    let said = said(visited.failure.as_ref());
    match visited.state {
        Standing::Ok => match &visited.tls {
            None => "offers no encryption".to_owned(),
            Some(tls) if is_named(visited) => format!("has {}, its TLSA records fit", version(tls)),
            Some(tls) => format!("has {}{}", version(tls), certificate(visited, tls)),
        },
        Standing::Skipped => "was not visited".to_owned(),
        Standing::Refused => "refuses connections".to_owned(),
        Standing::Timeout => "does not answer".to_owned(),
        Standing::Unreachable => format!("is not reached: {said}"),
        Standing::Greeted4xx if code(visited) == Some(421) => format!("is busy: {said}"),
        Standing::Greeted4xx | Standing::Deferred | Standing::Greeted5xx | Standing::Rejected => refusal(visited),
        Standing::Silent => silence(visited),
        Standing::HungUp => format!("hangs up {}", place_of(visited)),
        Standing::Broken => format!("speaks no SMTP: {said}"),
        Standing::TlsDeclined => format!("refuses STARTTLS: {said}"),
        Standing::TlsOld => match visited.old_tls {
            Some(version) => format!("speaks {version} at most"),
            None => "knows only versions of TLS that are older than 1.2".to_owned(),
        },
        Standing::TlsFailed => format!("fails in the TLS handshake: {said}"),
    }
}

/// What recipients were answered there, as sentences of their own.
fn answers(visited: &Visited) -> String {
    let taken = visited.rcpt.iter().filter(|one| one.class == Class::Ok).count();
    let deferred = visited.rcpt.iter().filter(|one| is_greylisting(one)).count();
    let now = |one: &Recipient| if one.class == Class::Temp { " now" } else { "" };
    let mut text = match (visited.rcpt.as_slice(), taken) {
        ([], _) => String::new(),
        ([one, ..], _) if is_about_sender(one) => {
            let from = visited.from.as_deref().unwrap_or("this sender");
            format!(" It takes no mail from {from}{}: {}.", now(one), answered(one))
        }
        ([one], 1) => format!(" It would take mail for {}.", one.address),
        ([one], _) if deferred == 1 => format!(
            " It defers first contact for {} (greylisting), mail arrives after a retry: {}.",
            one.address,
            answered(one)
        ),
        ([one], _) => format!(" It takes no mail for {}{}: {}.", one.address, now(one), answered(one)),
        (all, taken) => {
            let more = match deferred {
                0 => String::new(),
                deferred => format!(" and defers first contact for {deferred} (greylisting)"),
            };
            format!(" It would take mail for {taken} of {} recipients{more}.", all.len())
        }
    };
    if visited.catch_all == Some(true) {
        text.push_str(" It takes mail for any name (catch-all).");
    }
    text
}

#[cfg(test)]
mod tests;
