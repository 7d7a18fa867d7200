//! What a domain publishes about mail in its name and to it, and what that is worth: the report behind `mailkit mx check`.
//!
//! Everything is asked by [`Resolve`], but for the policy of a domain's web server, for which [`Fetch`] is handed in.
//! Each policy is judged in a file of its own; here they are asked for, and the sentence is made.
//! RFC 7208; RFC 6376; RFC 9989; RFC 8461; RFC 8460; RFC 7672.

mod bimi;
mod dane;
mod diff;
mod dkim;
mod dmarc;
mod known;
mod ptr;
mod report;
mod sender;
mod spf;
mod sts;
#[cfg(test)]
mod tests;
mod verdict;

pub use diff::{changes, verdicts};
pub use known::ALL as KNOWN;
pub use report::{
    Address, Bimi, Branch, Checkup, Dane, DaneHost, Dkim, Dmarc, Key, Leaf, Listing, MtaSts, Policies, Ptr, Sender,
    Spf, SpfResult, Standing, TlsRpt, Verdict,
};

use super::report::{Finding, Level};
use crate::address::Domain;
use crate::engine::exchangers::{NoExchangers, exchangers};
use crate::policy::dkim::published::{GUESSES, published};
use crate::policy::dmarc::{applied, walk};
use crate::policy::{bimi as bimi_record, spf as spf_record, tlsrpt};
use crate::world::{Later, LookupError, Record, RecordKind, Resolve, Timestamp};
use futures_util::future::{join, join_all, join4};
use report::Notes;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::timeout;
use verdict::{endless, sentence, verdict};

/// A record that leads to many names whose servers are silent would take minutes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Gives the text of a domain's policy, from its web server.
pub trait Fetch: Send + Sync {
    /// The text, or why it cannot be had.
    fn policy<'a>(&'a self, domain: &'a str) -> Later<'a, Result<Vec<u8>, String>>;
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Whose policies.
    pub domain: Domain,
    /// The local part of the sender, if one was named.
    pub local_part: Option<String>,
    /// The selectors of its keys; without any the usual ones are tried.
    pub selectors: Vec<String>,
    /// Who sends its mail, if that is asked.
    pub senders: Vec<IpAddr>,
    /// What they say in EHLO.
    pub helo: String,
    /// Lists of addresses that are asked about them.
    pub blocklists: Vec<String>,
    /// The time of day.
    pub now: Timestamp,
}

impl Asked {
    /// The domain in A-labels.
    fn ascii(&self) -> String {
        self.domain.to_ascii().to_string()
    }
}

/// Asks everything, and judges it.
pub async fn check(dns: &dyn Resolve, fetch: &dyn Fetch, asked: &Asked) -> Checkup {
    let ascii = asked.ascii();
    let mut notes = Notes::default();
    let name = |label: &str| format!("{label}.{ascii}");
    let is_guess = asked.selectors.is_empty();
    let selectors: Vec<&str> = match is_guess {
        true => GUESSES.to_vec(),
        false => asked.selectors.iter().map(String::as_str).collect(),
    };
    let (found, tree, walked, keys) = join4(
        exchangers(dns, &asked.domain),
        surveyed(dns, &ascii),
        walk(dns, &ascii),
        join_all(selectors.iter().map(|selector| published(dns, selector, &ascii))),
    )
    .await;
    let (sts_name, rpt_name, bimi_name) = (name("_mta-sts"), name("_smtp._tls"), name("default._bimi"));
    let (sts_texts, rpt_texts, bimi_texts, unauthentic) =
        join4(texts(dns, &sts_name), texts(dns, &rpt_name), texts(dns, &bimi_name), dns.unauthentic()).await;
    let fetched = match &sts_texts {
        Ok(texts) if crate::policy::sts::id(texts).is_some() => Some(fetch.policy(&ascii).await),
        _ => None,
    };
    let (dane_facts, addresses) = match &found {
        Ok(found) => join(dane::gather(dns, &ascii, found), ptr::gather(dns, found)).await,
        Err(_) => (Vec::new(), Vec::new()),
    };
    let dmarc_facts = match walked {
        Ok(walk) => match applied(dns, &walk).await {
            Ok(applied) => {
                let others = dmarc::destinations(dns, &walk).await;
                Ok(dmarc::Facts { walk, applied, others })
            }
            Err(why) => Err(why),
        },
        Err(why) => Err(why),
    };
    let exchangers = found.as_ref().ok();
    // What is not known is no absence.
    let is_known = !matches!(found, Err(NoExchangers::Temporary(_)));
    let takes_mail = exchangers.is_some() || !is_known;
    let sends_mail = sends_mail(&tree, found.as_ref().err());
    let endless = endless(found.as_ref().err(), &mut notes);
    let spf = spf::judge(&tree, takes_mail, &mut notes);
    let dkim = dkim::judge(&keys, is_guess, sends_mail, &mut notes);
    let dmarc = dmarc::judge(dmarc_facts.as_ref(), &ascii, sends_mail, &mut notes);
    let mta_sts = sts::judge(&sts::Facts { texts: sts_texts, fetched }, (exchangers, takes_mail), &mut notes);
    let tls_rpt = sts::reports(rpt_texts.map(|texts| tlsrpt::published(&texts)), takes_mail, &mut notes);
    let bimi = bimi::judge(bimi_texts.map(|texts| bimi_record::published(&texts)), &dmarc, &mut notes);
    let unauthentic = unauthentic.as_ref().map(|obstacle| obstacle.why.as_str());
    let dane = dane::judge(&dane_facts, is_known, unauthentic, &mut notes);
    let ptr = ptr::judge(addresses, is_known && exchangers.is_none_or(ptr::knows_all), &mut notes);
    let mut senders = Vec::new();
    for ip in &asked.senders {
        senders.push(sender::look(dns, *ip, asked, dmarc_facts.as_ref(), &mut notes).await);
    }
    let policies = Policies { spf, dkim, dmarc, mta_sts, tls_rpt, bimi, dane, ptr };
    let verdict = verdict(&policies, found.as_ref().err());
    let domain = super::records::u_labels(&ascii);
    let title = if domain == ascii { domain.clone() } else { format!("{domain} ({ascii})") };
    let mut findings = notes.0;
    let sentence = match endless {
        // Not "now": what was found of other names does not matter before somebody has mended this.
        Some(why) if verdict == Verdict::Unknown => {
            format!("How well {title} protects its name cannot be said: {why}.")
        }
        _ => sentence(&title, verdict, &policies, (&senders, &findings)),
    };
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    if verdict == Verdict::NoSuchDomain {
        findings.clear();
    }
    Checkup { domain, ascii, verdict, sentence, policies, senders, findings }
}

/// All that an SPF record leads to, or what is known of it when somebody has waited long enough.
async fn surveyed(dns: &dyn Resolve, domain: &str) -> spf_record::Branch {
    let late = || spf_record::Branch {
        domain: domain.to_owned(),
        state: spf_record::State::Silent("it takes too long to follow it".to_owned()),
        leaves: Vec::new(),
    };
    timeout(PATIENCE, spf_record::survey(dns, domain)).await.unwrap_or_else(|_| late())
}

/// Whether mail comes from the domain, for all that it says: a null MX is for domains without mail (RFC 7505 §4.2), unless
/// SPF names somebody.
fn sends_mail(tree: &spf_record::Branch, missing: Option<&NoExchangers>) -> bool {
    let is_silent = matches!(tree.state, spf_record::State::Nothing);
    !(tree.refuses_everybody() || is_silent && matches!(missing, Some(NoExchangers::NullMx)))
}

/// The texts of a name; none if there are none.
async fn texts(dns: &dyn Resolve, name: &str) -> Result<Vec<Vec<u8>>, String> {
    match dns.lookup(name, RecordKind::Txt).await {
        Ok(answer) => Ok(answer
            .records
            .into_iter()
            .filter_map(|record| match record {
                Record::Txt(text) => Some(text),
                _ => None,
            })
            .collect()),
        Err(LookupError::NoSuchName | LookupError::NoRecords) => Ok(Vec::new()),
        Err(LookupError::Temporary(why)) => Err(why),
    }
}

/// One line for each policy.
pub fn table(policies: &Policies) -> [(&'static str, Standing, &str); 8] {
    let Policies { spf, dkim, dmarc, mta_sts, tls_rpt, bimi, dane, ptr } = policies;
    [
        ("SPF", spf.standing, spf.summary.as_str()),
        ("DKIM", dkim.standing, &dkim.summary),
        ("DMARC", dmarc.standing, &dmarc.summary),
        ("MTA-STS", mta_sts.standing, &mta_sts.summary),
        ("TLS-RPT", tls_rpt.standing, &tls_rpt.summary),
        ("BIMI", bimi.standing, &bimi.summary),
        ("DANE", dane.standing, &dane.summary),
        ("PTR", ptr.standing, &ptr.summary),
    ]
}

impl Checkup {
    /// Those who know what is behind an answer that was not believed say what can be done: time alone does not mend a
    /// signature. `reason` is looked for in what was found.
    pub fn remedy(&mut self, reason: &str, fix: &'static str) {
        let is_meant = |one: &&mut Finding| one.fix == Some("ask again later") && one.text.contains(reason);
        self.findings.iter_mut().filter(is_meant).for_each(|one| one.fix = Some(fix));
    }

    /// The worst that was found.
    pub fn worst(&self) -> Option<Level> {
        self.findings.iter().map(|finding| finding.level).max()
    }

    /// Whether something could not be asked, so that another time may say more.
    pub fn is_unsure(&self) -> bool {
        let senders = self.senders.iter().any(|sender| {
            sender.spf.result == "temperror" || sender.address.unknown.is_some() || sender.helo_leads_here.is_none()
        });
        self.verdict == Verdict::Unknown
            || senders
            || table(&self.policies).iter().any(|(name, standing, _)| {
                *standing == Standing::Unknown && !matches!(*name, "DANE" | "PTR" | "MTA-STS")
            })
    }
}
