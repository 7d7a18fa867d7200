//! How a host that sends a domain's mail looks to those who get it.
//!
//! RFC 5321 §4.1.1.1, §4.1.4; RFC 7208 §2.3, §2.4; RFC 9989 §4.4; RFC 5782.

use super::Asked;
use super::report::{Listing, Notes, Sender, SpfResult};
use super::{dmarc, ptr};
use crate::address::Domain;
use crate::policy::blocklist::{self, Said};
use crate::policy::dmarc::{Passed, evaluate};
use crate::policy::spf::{Checked, Question, Verdict, check};
use crate::probe::report::Level;
use crate::world::{LookupError, Record, RecordKind, Resolve};
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::timeout;

/// RFC 7208 §4.6.4: at least 20 seconds.
const PATIENCE: Duration = Duration::from_secs(25);

/// Asks everything about one sender, and judges it.
pub(super) async fn look(
    dns: &dyn Resolve,
    ip: IpAddr,
    asked: &Asked,
    facts: Result<&dmarc::Facts, &String>,
    notes: &mut Notes,
) -> Sender {
    let domain = asked.ascii();
    let address = ptr::look(dns, ip, None).await;
    ptr::remark(&address, Level::Error, notes);
    let helo_leads_here = leads(dns, &asked.helo, ip).await;
    if helo_leads_here == Some(false) {
        let text = format!("the EHLO name {} does not lead to {ip}", asked.helo);
        let fix = "say the name that the address has (--helo tries another one)";
        notes.note("sender.helo", Level::Warn, text, "RFC 5321 §4.1.4", fix);
    }
    let mail_from = format!("{}@{domain}", asked.local_part.as_deref().unwrap_or("postmaster"));
    let spf = of(dns, ip, &mail_from, asked).await;
    let spf_helo = of(dns, ip, "", asked).await;
    on_spf(&spf, ip, Level::Error, notes);
    if spf_helo.result != "none" {
        on_spf(&spf_helo, ip, Level::Warn, notes);
    }
    let dmarc_by_spf = match facts {
        Ok(facts) if facts.walk.policy().is_some() => {
            let passed = Passed { spf: (spf.result == "pass").then_some(domain.as_str()), ..Passed::default() };
            Some(evaluate(dns, &domain, passed).await.spf_aligned)
        }
        _ => None,
    };
    let mut blocklists = Vec::new();
    for zone in &asked.blocklists {
        blocklists.push(listing(zone, blocklist::ask(dns, zone, ip).await, ip, notes));
    }
    Sender { address, helo: asked.helo.clone(), helo_leads_here, spf, spf_helo, dmarc_by_spf, blocklists }
}

/// What SPF says of a sender.
async fn of(dns: &dyn Resolve, ip: IpAddr, mail_from: &str, asked: &Asked) -> SpfResult {
    let question = Question::new(ip, mail_from, &asked.helo, asked.now).receiver(&asked.helo);
    let identity = if mail_from.is_empty() { asked.helo.clone() } else { mail_from.to_owned() };
    let late = Checked {
        verdict: Verdict::TempError,
        explanation: None,
        path: Vec::new(),
        why: Some("it takes too long".to_owned()),
        lookups: 0,
        voids: 0,
        queries: 0,
    };
    // RFC 7208 §4.6.4: what takes longer is a temporary error.
    let checked = timeout(PATIENCE, check(dns, &question)).await.unwrap_or(late);
    SpfResult {
        identity,
        result: checked.verdict.name(),
        explanation: checked.explanation,
        path: checked.path.iter().map(|step| format!("{}: {}", step.domain, step.term)).collect(),
        why: checked.why,
        lookups: checked.lookups,
        voids: checked.voids,
    }
}

fn on_spf(spf: &SpfResult, ip: IpAddr, level: Level, notes: &mut Notes) {
    let by = spf.path.last().map(|step| format!(" by {step}")).unwrap_or_default();
    let why = spf.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
    let text = format!("SPF says {} of {ip} for {}{by}{why}", spf.result, spf.identity);
    let (id, level, fix) = match spf.result {
        "pass" => return,
        "temperror" => ("sender.spf-unknown", Level::Warn, "ask again later"),
        "permerror" => ("sender.spf", level, "mend the record"),
        "none" | "neutral" => ("sender.spf", level.min(Level::Warn), "let the record name the address"),
        _ => ("sender.spf", level, "let the record name the address"),
    };
    notes.note(id, level, text, "RFC 7208 §2.6", fix);
}

/// Whether a name leads to an address; none if DNS does not say.
async fn leads(dns: &dyn Resolve, name: &str, ip: IpAddr) -> Option<bool> {
    // RFC 5321 §4.1.3: who has no name may say its address.
    if let Ok(Domain::Literal(literal)) = Domain::parse(name) {
        return Some(literal == ip);
    }
    let kind = if ip.is_ipv4() { RecordKind::A } else { RecordKind::Aaaa };
    match dns.lookup(name, kind).await {
        Ok(answer) => Some(answer.records.iter().filter_map(Record::ip).any(|found| found == ip)),
        Err(LookupError::NoSuchName | LookupError::NoRecords) => Some(false),
        Err(LookupError::Temporary(_)) => None,
    }
}

fn listing(zone: &str, said: Said, ip: IpAddr, notes: &mut Notes) -> Listing {
    let (state, text) = match said {
        Said::Listed(reason) => {
            let text = format!("{zone} warns of {ip}: {reason}");
            let fix = "find out why, stop it, then ask the list to forget you";
            notes.note("sender.listed", Level::Error, text, "RFC 5782 §2.1", fix);
            ("listed", Some(reason))
        }
        Said::NotListed => ("clear", None),
        Said::Useless(why) => {
            let text = format!("the word of {zone} does not count: {why}");
            notes.note(
                "sender.list-useless",
                Level::Warn,
                text,
                "RFC 5782 §5",
                "ask another list, or by another name server",
            );
            ("useless", Some(why))
        }
    };
    Listing { zone: zone.to_owned(), state, text }
}
