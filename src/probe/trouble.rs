//! What is wrong with what was seen of a domain's servers. Pure.
//!
//! One finding for each thing, with the exchanger and the address it was seen at; what a domain publishes about its
//! servers makes some of it worse. RFC 5321 §3.1, §3.8, §4.5.3.2; RFC 7672; RFC 8461 §4.2; RFC 8996.

use super::answer::{answered, is_about_sender, is_greylisting, said};
use super::certificate::{ends, known_of};
use super::known::{
    DANE_MISMATCH, DANE_NO_TLS, DANE_ROLLOVER, Known, MAIL_LATER, MAIL_REFUSED, NET_NO_ROUTE, NET_REFUSED, NET_TIMEOUT,
    NET_UNREACHABLE, RCPT_CATCH_ALL, RCPT_GREYLISTED, RCPT_LATER, RCPT_REFUSED, SMTP_BROKEN, SMTP_BUSY,
    SMTP_GREETS_4XX, SMTP_HANGS_UP, SMTP_NO_EHLO, SMTP_REFUSES, SMTP_SILENT, SMTP_SLOW, STS_CERTIFICATE, STS_NO_TLS,
    TLS_DECLINED, TLS_ENDS_SOON, TLS_FAILED, TLS_NONE, TLS_OLD, VISIT_PRIVATE, VISIT_TOO_MANY,
};
use super::published::{MtaSts, TlsaState};
use super::report::{Finding, Host, Level, Report};
use super::sighting::{Class, Tls};
use super::visit::VISITS_MAX;
use super::visited::{Fit, Standing, Visited};
use crate::engine::reach::{Reach, reach};
use crate::smtp::outcome::Phase;

impl Report {
    /// Remarks on everything that was seen.
    pub(super) fn remark_on_visits(&mut self, days_min: i64) {
        let talks = |host: &Host| host.probes.iter().any(|visited| visited.state.takes_mail());
        // A dead address beside a living one costs senders time, not mail.
        let level = if self.mx.iter().any(talks) { Level::Warn } else { Level::Error };
        let mut remarks = Remarks { found: Vec::new(), host: "", level };
        for host in &self.mx {
            remarks.host = &host.host;
            for visited in &host.probes {
                remarks.on(visited, days_min);
                remarks.on_promises(host, visited, self.policies.mta_sts.as_ref());
            }
            remarks.on_rollover(host);
        }
        let found = remarks.found;
        self.findings.extend(found);
        self.remark_on_family();
        if self.unvisited > 0 {
            let text = format!("looked at the first {VISITS_MAX} addresses and left {} alone", self.unvisited);
            self.find(VISIT_TOO_MANY, None, text);
        }
    }
}

struct Remarks<'a> {
    found: Vec<Finding>,
    host: &'a str,
    /// How bad it is if an address takes no mail.
    level: Level,
}

impl Remarks<'_> {
    fn find(&mut self, known: Known, text: impl Into<String>) {
        self.found.push(Finding::new(known, Some(self.host), text));
    }

    /// What is worse if no other address takes the mail.
    fn find_dead(&mut self, known: Known, text: String) {
        self.find(Known { level: self.level, ..known }, text);
    }

    fn on(&mut self, visited: &Visited, days_min: i64) {
        let place = visited.place();
        let said = said(visited.failure.as_ref());
        match visited.state {
            Standing::Ok => {}
            Standing::Skipped => match reach(visited.ip) {
                // Too many are told together, and that it is no host's address was said before.
                Reach::Public | Reach::Nobody => {}
                Reach::Private | Reach::Loopback => {
                    self.find(VISIT_PRIVATE, format!("{place} was not visited: it is none of the internet"));
                }
            },
            Standing::Refused => self.find_dead(NET_REFUSED, format!("{place} refuses connections")),
            Standing::Timeout => self.find_dead(NET_TIMEOUT, format!("nobody answers at {place}")),
            Standing::Unreachable if visited.has_no_route => {
                self.find(NET_NO_ROUTE, format!("this machine has no way to {place}"));
            }
            Standing::Unreachable => self.find_dead(NET_UNREACHABLE, format!("{place} is not reached: {said}")),
            Standing::Greeted4xx if code(visited) == Some(421) => {
                self.find(SMTP_BUSY, format!("{place} is busy, or stopping: {said}"));
            }
            Standing::Greeted4xx | Standing::Deferred => {
                self.find(SMTP_GREETS_4XX, format!("{place} {}", refusal(visited)));
            }
            Standing::Greeted5xx | Standing::Rejected => {
                self.find_dead(SMTP_REFUSES, format!("{place} {}", refusal(visited)));
            }
            Standing::Silent => self.find_dead(SMTP_SILENT, format!("{place} {}", silence(visited))),
            Standing::HungUp => {
                self.find_dead(SMTP_HANGS_UP, format!("{place} hangs up {}: {said}", place_of(visited)))
            }
            Standing::Broken => self.find_dead(SMTP_BROKEN, format!("{place} speaks no SMTP: {said}")),
            Standing::TlsDeclined => self.find(TLS_DECLINED, format!("{place} refuses STARTTLS: {said}")),
            Standing::TlsOld => {
                let newest = visited.old_tls.as_ref();
                let newest =
                    newest.map(|version| format!("speaks {version} at most")).unwrap_or("knows none".to_owned());
                self.find(TLS_OLD, format!("{place} {newest}: TLS 1.2 or 1.3 is needed"));
            }
            Standing::TlsFailed => self.find(TLS_FAILED, format!("TLS cannot be begun with {place}: {said}")),
        }
        if let Some(slowness) = visited.slowness() {
            self.find(SMTP_SLOW, format!("{place} {slowness}"));
        }
        if visited.state == Standing::Ok {
            if visited.is_old {
                self.find(SMTP_NO_EHLO, format!("{place} does not know EHLO"));
            }
            if visited.tls.is_none() {
                self.find(TLS_NONE, format!("{place} offers no encryption"));
            }
        }
        if let Some(tls) = &visited.tls {
            self.on_certificate(visited, tls, days_min);
        }
        self.on_recipients(visited, &place);
        if visited.catch_all == Some(true) {
            self.find(RCPT_CATCH_ALL, format!("{place} takes mail for any name there (catch-all)"));
        }
    }

    fn on_certificate(&mut self, visited: &Visited, tls: &Tls, days_min: i64) {
        let place = visited.place();
        // RFC 7672 §3.1.1: where the server's own certificate is named, nothing else about it matters.
        for one in visited.objections.iter().filter(|_| visited.dane != Some(Fit::Match)) {
            self.find(known_of(one.flaw), format!("the certificate of {place} is not accepted: {}", one.text));
        }
        if let Some(days) = tls.days_left.filter(|days| *days < days_min) {
            self.find(TLS_ENDS_SOON, format!("the certificate of {place} {}", ends(days)));
        }
    }

    /// What the domain promises of its servers.
    fn on_promises(&mut self, host: &Host, visited: &Visited, policy: Option<&MtaSts>) {
        let place = visited.place();
        let can_talk = visited.state.takes_mail();
        let is_named = host.tlsa.as_ref().is_some_and(|tlsa| tlsa.state == TlsaState::Usable);
        if visited.dane == Some(Fit::Nomatch) {
            self.find(DANE_MISMATCH, format!("no TLSA record fits the certificate of {place}"));
        } else if is_named && can_talk && visited.tls.is_none() {
            self.find(DANE_NO_TLS, format!("TLSA records promise TLS, and {place} has none"));
        }
        if policy.is_some_and(MtaSts::is_enforced) && host.sts_match == Some(true) && can_talk {
            match (&visited.tls, visited.objections.first()) {
                (None, _) => {
                    self.find(STS_NO_TLS, format!("the domain's policy (MTA-STS) wants TLS, and {place} has none"));
                }
                (Some(_), Some(worst)) => {
                    let why = &worst.text;
                    let text = format!("the domain's policy (MTA-STS) forbids the certificate of {place}: {why}");
                    self.find(STS_CERTIFICATE, text);
                }
                (Some(_), None) => {}
            }
        }
    }

    fn on_rollover(&mut self, host: &Host) {
        let Some(tlsa) = &host.tlsa else { return };
        let name = |fits| {
            let records = tlsa.records.iter().filter(move |record| record.fits == Some(fits));
            let name = |record: &super::published::TlsaRecord| {
                format!("{} {} {} {:.8}", record.usage, record.selector, record.mtype, record.data)
            };
            records.map(name).collect::<Vec<_>>().join(", ")
        };
        let (fitting, others) = (name(true), name(false));
        if !fitting.is_empty() && !others.is_empty() {
            let text = format!("its certificate fits the TLSA records {fitting}; others are for another: {others}");
            self.find(DANE_ROLLOVER, text);
        }
    }

    fn on_recipients(&mut self, visited: &Visited, place: &str) {
        // The sender is refused once, however many were to be asked about.
        if visited.rcpt.first().is_some_and(|one| one.code.is_none()) && visited.failure.is_some() {
            // What ended the conversation was told.
            return;
        }
        if let Some(one) = visited.rcpt.first().filter(|one| is_about_sender(one)) {
            let known = if one.class == Class::Temp { MAIL_LATER } else { MAIL_REFUSED };
            let from = visited.from.as_deref().unwrap_or_default();
            let now = if one.class == Class::Temp { " now" } else { "" };
            return self.find(known, format!("{place} takes no mail from {from}{now}: {}", answered(one)));
        }
        for one in &visited.rcpt {
            let (words, address) = (answered(one), &one.address);
            match one.class {
                Class::Ok => {}
                Class::Perm => self.find(RCPT_REFUSED, format!("{place} takes no mail for {address}: {words}")),
                Class::Temp if is_greylisting(one) => {
                    let text = format!("{place} defers first contact for {address} (greylisting): {words}");
                    self.find(RCPT_GREYLISTED, text);
                }
                Class::Temp => self.find(RCPT_LATER, format!("{place} takes no mail for {address} now: {words}")),
            }
        }
    }
}

pub(super) fn code(visited: &Visited) -> Option<u16> {
    visited.failure.as_ref().and_then(|failure| failure.code)
}

/// `refuses us in its greeting: 554 5.7.1 no`, behind the name of a server.
pub(super) fn refusal(visited: &Visited) -> String {
    let now = if visited.state.is_lasting() { "" } else { " for now" };
    format!("refuses us{now} {}: {}", place_of(visited), said(visited.failure.as_ref()))
}

/// `says nothing: no answer within 30 seconds`, behind the name of a server.
pub(super) fn silence(visited: &Visited) -> String {
    let said = said(visited.failure.as_ref());
    match visited.failure.as_ref().map(|failure| failure.phase) {
        Some(phase) if phase != Phase::Greeting.name() => format!("falls silent {}: {said}", place_of(visited)),
        _ => format!("is connected to and says nothing: {said}"),
    }
}

/// Where a conversation ended.
pub(super) fn place_of(visited: &Visited) -> String {
    match visited.failure.as_ref().map_or("", |failure| failure.phase) {
        phase if phase == Phase::Greeting.name() => match visited.state {
            Standing::HungUp => "before its greeting".to_owned(),
            _ => "in its greeting".to_owned(),
        },
        phase => format!("at {}", phase.to_ascii_uppercase()),
    }
}

#[cfg(test)]
mod tests;
