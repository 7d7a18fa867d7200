//! What is wrong with what was seen of a domain's servers. Pure.
//!
//! One finding for each thing, with the exchanger and the address it was seen at; what a domain publishes about its
//! servers makes some of it worse. RFC 5321 §3.1, §3.8, §4.5.3.2; RFC 7672; RFC 8461 §4.2; RFC 8996.

use super::known::{
    DANE_MISMATCH, DANE_NO_TLS, DANE_ROLLOVER, Known, NET_NO_ROUTE, NET_REFUSED, NET_TIMEOUT, NET_UNREACHABLE,
    RCPT_CATCH_ALL, RCPT_GREYLISTED, RCPT_LATER, RCPT_REFUSED, SMTP_BROKEN, SMTP_BUSY, SMTP_GREETS_4XX, SMTP_HANGS_UP,
    SMTP_NO_EHLO, SMTP_REFUSES, SMTP_SILENT, SMTP_SLOW, STS_CERTIFICATE, STS_NO_TLS, TLS_CERTIFICATE, TLS_DECLINED,
    TLS_ENDS_SOON, TLS_EXPIRED, TLS_FAILED, TLS_NONE, TLS_NOT_YET_VALID, TLS_OLD, TLS_OTHER_NAME, TLS_UNTRUSTED,
    VISIT_PRIVATE, VISIT_TOO_MANY,
};
use super::opinion::ends;
use super::published::{MtaSts, TlsaState};
use super::report::{Finding, Host, Level, Report};
use super::sighting::{Class, Failure, Recipient, Tls};
use super::visited::{Fit, Standing, Visited};
use crate::engine::reach::{Reach, reach};
use crate::net::tls::Flaw;

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
                // Once: there may be thousands.
                Reach::Public if self.found.iter().any(|finding| finding.id == VISIT_TOO_MANY.id) => {}
                Reach::Public => {
                    self.find(
                        VISIT_TOO_MANY,
                        format!("from {place} on addresses were not visited: there are too many"),
                    );
                }
                // That it is no host's address was said before.
                Reach::Nobody => {}
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
                self.find(SMTP_GREETS_4XX, format!("{place} refuses us for now: {said}"));
            }
            Standing::Greeted5xx | Standing::Rejected => {
                self.find_dead(SMTP_REFUSES, format!("{place} refuses us: {said}"));
            }
            Standing::Silent => self.find_dead(SMTP_SILENT, format!("{place} falls silent: {said}")),
            Standing::HungUp => self.find_dead(SMTP_HANGS_UP, format!("{place} hangs up: {said}")),
            Standing::Broken => self.find_dead(SMTP_BROKEN, format!("{place} speaks no SMTP: {said}")),
            Standing::TlsDeclined => self.find(TLS_DECLINED, format!("{place} refuses STARTTLS: {said}")),
            Standing::TlsOld => {
                self.find(TLS_OLD, format!("{place} knows no TLS that is still safe: 1.2 or 1.3 is needed"));
            }
            Standing::TlsFailed => self.find(TLS_FAILED, format!("TLS cannot be begun with {place}: {said}")),
        }
        if let (Some(seconds), Some((what, _))) = (visited.slow_seconds(), &visited.slowest) {
            let what = if what == "greeting" { "greet".to_owned() } else { format!("answer {what}") };
            self.find(SMTP_SLOW, format!("{place} takes {seconds:.1} seconds to {what}"));
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
        visited.rcpt.iter().for_each(|recipient| self.on_recipient(recipient, &place));
        if visited.catch_all == Some(true) {
            self.find(RCPT_CATCH_ALL, format!("{place} takes mail for any name there (catch-all)"));
        }
    }

    fn on_certificate(&mut self, visited: &Visited, tls: &Tls, days_min: i64) {
        let place = visited.place();
        // RFC 7672 §3.1.1: where the server's own certificate is named, nothing else about it matters.
        if visited.dane != Some(Fit::Match)
            && let (Some(flaw), Some(text)) = (visited.flaw, &visited.pkix)
        {
            let text = format!("the certificate of {place} is not accepted: {}", objection(flaw, text, tls));
            self.find(known_of(flaw), text);
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
            match (&visited.tls, visited.flaw) {
                (None, _) => {
                    self.find(STS_NO_TLS, format!("the domain's policy (MTA-STS) wants TLS, and {place} has none"));
                }
                (Some(tls), Some(flaw)) => {
                    let why = objection(flaw, visited.pkix.as_deref().unwrap_or_default(), tls);
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

    fn on_recipient(&mut self, recipient: &Recipient, place: &str) {
        let words = words(recipient.code, recipient.enhanced.as_deref(), &recipient.text);
        match recipient.class {
            Class::Ok => {}
            Class::Perm => {
                self.find(RCPT_REFUSED, format!("{place} takes no mail for {}: {words}", recipient.address));
            }
            // RFC 6647 §2: the codes that greylisting is told by.
            Class::Temp if matches!(recipient.code, Some(450 | 451)) => {
                let text = format!("{place} wants to be asked about {} again later: {words}", recipient.address);
                self.find(RCPT_GREYLISTED, text);
            }
            Class::Temp => {
                self.find(RCPT_LATER, format!("{place} takes no mail for {} now: {words}", recipient.address));
            }
        }
    }
}

/// What speaks against a certificate, with what it says of itself.
pub(super) fn objection(flaw: Flaw, text: &str, tls: &Tls) -> String {
    let day = |time: &Option<String>| time.as_deref().and_then(|time| time.split('T').next()).map(str::to_owned);
    match flaw {
        Flaw::Expired => match day(&tls.not_after) {
            Some(day) => format!("it, or one that vouches for it, has expired (its last day is {day})"),
            None => text.to_owned(),
        },
        Flaw::NotYetValid => match day(&tls.not_before) {
            Some(day) => format!("{text} (its first day is {day})"),
            None => text.to_owned(),
        },
        Flaw::OtherName if !tls.names.is_empty() => {
            let more = tls.names.len().saturating_sub(3);
            let names = tls.names.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("it is for another name: {names}{more}")
        }
        Flaw::Untrusted if tls.chain == 1 && tls.subject == tls.issuer => "it is signed by itself".to_owned(),
        Flaw::OtherName | Flaw::Untrusted | Flaw::Other => text.to_owned(),
    }
}

fn known_of(flaw: Flaw) -> Known {
    match flaw {
        Flaw::Expired => TLS_EXPIRED,
        Flaw::NotYetValid => TLS_NOT_YET_VALID,
        Flaw::OtherName => TLS_OTHER_NAME,
        Flaw::Untrusted => TLS_UNTRUSTED,
        Flaw::Other => TLS_CERTIFICATE,
    }
}

pub(super) fn code(visited: &Visited) -> Option<u16> {
    visited.failure.as_ref().and_then(|failure| failure.code)
}

/// What ended a look, in the server's words or ours.
pub(super) fn said(failure: Option<&Failure>) -> String {
    failure.map_or_else(String::new, |failure| words(failure.code, failure.enhanced.as_deref(), &failure.text))
}

fn words(code: Option<u16>, enhanced: Option<&str>, text: &str) -> String {
    let code = code.map(|code| format!("{code} ")).unwrap_or_default();
    let enhanced = enhanced.map(|status| format!("{status} ")).unwrap_or_default();
    let text = text.trim_end_matches(['.', ' ']);
    let end = text.floor_char_boundary(TEXT_MAX);
    format!("{code}{enhanced}{}{}", &text[..end], if end < text.len() { " [...]" } else { "" })
}

/// Octets of a stranger's words in a finding; the report has all of them elsewhere.
const TEXT_MAX: usize = 160;

#[cfg(test)]
mod tests;
