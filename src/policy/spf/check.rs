//! Whether a host may send for a domain: `check_host()`.
//!
//! Records are read whole before they count, terms are tried in order, and every question is counted: who writes records
//! of others' names must not make us ask forever. The caller sets the deadline, and takes its passing for
//! a temporary error. RFC 7208 §4, §5, §6.

use super::macros::{MacroString, Values};
use super::record::{Cidr, Kind, Mechanism, Record, is_in};
use super::{EXCHANGERS_MAX, LOOKUPS_MAX, VOIDS_MAX, Verdict, is_domain, records};
use crate::policy::reverse::{Names, addresses, names};
use crate::world::{Answer, Later, LookupError, Record as Found, RecordKind, Resolve, Timestamp};
use std::net::IpAddr;

/// Characters of an explanation that are kept: it may end in a reply line, and everything in it is a stranger's.
const EXPLANATION_MAX: usize = 1000;

/// Who sends, from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    ip: IpAddr,
    local_part: String,
    domain: String,
    helo: String,
    receiver: String,
    now: Timestamp,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The result.
    pub verdict: Verdict,
    /// What the domain says to those who fail.
    pub explanation: Option<String>,
    /// The terms that decided, from the outermost record inwards; none for a default.
    pub path: Vec<Step>,
    /// What went wrong, if it is an error, or why there is no result.
    pub why: Option<String>,
    /// Terms that asked DNS.
    pub lookups: usize,
    /// Of these, those that found nothing.
    pub voids: usize,
    /// Questions that were asked.
    pub queries: usize,
}

/// A term that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Whose record it is in.
    pub domain: String,
    /// As it is written there.
    pub term: String,
}

impl Question {
    /// A client at `ip` that says to be `helo` sends for `mail_from`, which is empty for the null reverse-path.
    pub fn new(ip: IpAddr, mail_from: &str, helo: &str, now: Timestamp) -> Self {
        // RFC 7208 §2.4: who sends for nobody sends for its own postmaster.
        let sender = if mail_from.is_empty() { helo } else { mail_from };
        let (local_part, domain) = sender.rsplit_once('@').unwrap_or(("", sender));
        let ascii = |name: &str| idna::domain_to_ascii(name).unwrap_or_else(|_| name.to_owned());
        let local_part = if local_part.is_empty() { "postmaster" } else { local_part };
        Self {
            ip: plain(ip),
            local_part: local_part.to_owned(),
            domain: ascii(domain.strip_suffix('.').unwrap_or(domain)),
            helo: helo.to_owned(),
            receiver: "unknown".to_owned(),
            now,
        }
    }

    /// The name of whoever asks, for explanations.
    pub fn receiver(self, name: &str) -> Self {
        Self { receiver: name.to_owned(), ..self }
    }
}

/// RFC 7208 §5: what came by IPv4 is compared as such, even where the operating system shows it in the dress of IPv6.
fn plain(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    }
}

/// Why there is no result.
enum Stop {
    Temporary(String),
    Permanent(String),
}

/// What a record says.
struct Said {
    verdict: Verdict,
    path: Vec<Step>,
    /// Where the explanation stands, and in whose record that is said.
    explanation: Option<(MacroString, String)>,
    why: Option<String>,
}

impl Said {
    fn plainly(verdict: Verdict, why: Option<String>) -> Self {
        Self { verdict, path: Vec::new(), explanation: None, why }
    }
}

/// Asks.
pub async fn check(dns: &dyn Resolve, question: &Question) -> Checked {
    let mut run = Run { dns, question, lookups: 0, voids: 0, queries: 0, names: None };
    let (said, explanation) = match run.host(question.domain.clone()).await {
        Ok(said) => {
            let explanation = match (&said.explanation, said.verdict) {
                (Some((target, domain)), Verdict::Fail) => run.explain(target, domain).await,
                _ => None,
            };
            (said, explanation)
        }
        Err(Stop::Temporary(why)) => (Said::plainly(Verdict::TempError, Some(why)), None),
        Err(Stop::Permanent(why)) => (Said::plainly(Verdict::PermError, Some(why)), None),
    };
    let Said { verdict, path, why, .. } = said;
    let Run { lookups, voids, queries, .. } = run;
    Checked { verdict, explanation, path, why, lookups, voids, queries }
}

struct Run<'a> {
    dns: &'a dyn Resolve,
    question: &'a Question,
    lookups: usize,
    voids: usize,
    queries: usize,
    /// The names of the address, once they were asked for; they are the same for every term.
    names: Option<Result<Names, LookupError>>,
}

impl Run<'_> {
    /// What the record of a domain says. It cannot call itself deeper than look-ups are allowed.
    fn host(&mut self, domain: String) -> Later<'_, Result<Said, Stop>> {
        Box::pin(async move {
            if !is_domain(&domain) {
                return Ok(Said::plainly(Verdict::None, Some(format!("{domain} is no domain name"))));
            }
            self.queries += 1;
            let found = records(self.dns, &domain).await;
            let texts = found.map_err(|why| Stop::Temporary(format!("{domain}: {why}")))?;
            let text = match texts.as_slice() {
                [] => return Ok(Said::plainly(Verdict::None, Some(format!("{domain} has no SPF record")))),
                [one] => one,
                // RFC 7208 §4.5.
                several => return Err(Stop::Permanent(format!("{domain} has {} SPF records", several.len()))),
            };
            let record = Record::parse(text).map_err(|error| Stop::Permanent(format!("{domain}: {error}")))?;
            self.record(&domain, &record).await
        })
    }

    async fn record(&mut self, domain: &str, record: &Record) -> Result<Said, Stop> {
        let explanation = || record.explanation().map(|target| (target.clone(), domain.to_owned()));
        for term in &record.terms {
            let Kind::Directive(qualifier, mechanism) = &term.kind else { continue };
            if let Some(inner) = self.matches(domain, mechanism).await? {
                let step = Step { domain: domain.to_owned(), term: term.text.clone() };
                let path = std::iter::once(step).chain(inner).collect();
                let verdict = Verdict::from(*qualifier);
                return Ok(Said { verdict, path, explanation: explanation(), why: None });
            }
        }
        let Some((term, target)) = record.redirect() else {
            // RFC 7208 §4.7.
            return Ok(Said::plainly(Verdict::Neutral, None));
        };
        self.count()?;
        let target = self.name(target, domain).await;
        let said = self.host(target).await?;
        if said.verdict == Verdict::None {
            // RFC 7208 §6.1.
            let why = said.why.unwrap_or_default();
            return Err(Stop::Permanent(format!("{domain}: {} leads nowhere: {why}", term.text)));
        }
        let step = Step { domain: domain.to_owned(), term: term.text.clone() };
        let path = if said.path.is_empty() { said.path } else { std::iter::once(step).chain(said.path).collect() };
        // The explanation is that of the record which was redirected to (RFC 7208 §6.2).
        Ok(Said { path, ..said })
    }

    /// Whether a mechanism is about the sender; if another record decided, by which terms.
    async fn matches(&mut self, domain: &str, mechanism: &Mechanism) -> Result<Option<Vec<Step>>, Stop> {
        let is_match = match mechanism {
            Mechanism::All => true,
            Mechanism::Ip(network, length) => is_in(self.question.ip, *network, *length),
            Mechanism::Include(target) => return self.include(target, domain).await,
            Mechanism::A(target, cidr) => self.a(target.as_ref(), *cidr, domain).await?,
            Mechanism::Mx(target, cidr) => self.mx(target.as_ref(), *cidr, domain).await?,
            Mechanism::Ptr(target) => self.ptr(target.as_ref(), domain).await?,
            Mechanism::Exists(target) => {
                self.count()?;
                let name = self.name(target, domain).await;
                // RFC 7208 §5.7: always A, whichever way the client came.
                let found = self.ask(&name, RecordKind::A).await?;
                self.note(found.is_none())?;
                found.is_some()
            }
        };
        Ok(is_match.then(Vec::new))
    }

    /// RFC 7208 §5.2.
    async fn include(&mut self, target: &MacroString, domain: &str) -> Result<Option<Vec<Step>>, Stop> {
        self.count()?;
        let name = self.name(target, domain).await;
        let said = self.host(name).await?;
        match said.verdict {
            Verdict::Pass => Ok(Some(said.path)),
            Verdict::None => {
                let why = said.why.unwrap_or_default();
                Err(Stop::Permanent(format!("{domain} includes what is not there: {why}")))
            }
            _ => Ok(None),
        }
    }

    /// RFC 7208 §5.3.
    async fn a(&mut self, target: Option<&MacroString>, cidr: Cidr, domain: &str) -> Result<bool, Stop> {
        self.count()?;
        let name = self.target(target, domain).await;
        let found = self.addresses(&name).await?;
        self.note(found.is_empty())?;
        Ok(self.is_one_of(&found, cidr))
    }

    /// RFC 7208 §5.4. A domain without exchangers has none: there is no implicit one here.
    async fn mx(&mut self, target: Option<&MacroString>, cidr: Cidr, domain: &str) -> Result<bool, Stop> {
        self.count()?;
        let name = self.target(target, domain).await;
        let Some(answer) = self.ask(&name, RecordKind::Mx).await? else {
            self.note(true)?;
            return Ok(false);
        };
        let exchanger = |record: Found| match record {
            Found::Mx { preference, exchange } if exchange != "." => Some((preference, exchange)),
            _ => None,
        };
        let mut exchangers: Vec<(u16, String)> = answer.records.into_iter().filter_map(exchanger).collect();
        exchangers.sort_by_key(|(preference, _)| *preference);
        let mut is_void = true;
        for (index, (_, exchanger)) in exchangers.iter().enumerate() {
            // RFC 7208 §4.6.4: the addresses of an eleventh are not asked for; who is one of the ten before is found.
            if index == EXCHANGERS_MAX {
                return Err(Stop::Permanent(format!("{name} has {} exchangers, more than ten", exchangers.len())));
            }
            let found = self.addresses(exchanger).await?;
            if self.is_one_of(&found, cidr) {
                return Ok(true);
            }
            is_void &= found.is_empty();
        }
        self.note(is_void)?;
        Ok(false)
    }

    /// RFC 7208 §5.5: whatever DNS has trouble with does not match.
    async fn ptr(&mut self, target: Option<&MacroString>, domain: &str) -> Result<bool, Stop> {
        self.count()?;
        let target = self.target(target, domain).await.to_ascii_lowercase();
        let found = match self.names().await {
            Ok(names) => Some(names.confirmed().any(|name| is_below(name, &target))),
            Err(LookupError::NoSuchName | LookupError::NoRecords) => None,
            Err(LookupError::Temporary(_)) => Some(false),
        };
        self.note(found.is_none())?;
        Ok(found.unwrap_or(false))
    }

    /// One more term that asks (RFC 7208 §4.6.4).
    fn count(&mut self) -> Result<(), Stop> {
        self.lookups += 1;
        match self.lookups > LOOKUPS_MAX {
            true => Err(Stop::Permanent(format!("more than {LOOKUPS_MAX} terms ask DNS"))),
            false => Ok(()),
        }
    }

    /// A term found something, or nothing at all.
    fn note(&mut self, is_void: bool) -> Result<(), Stop> {
        self.voids += usize::from(is_void);
        match self.voids > VOIDS_MAX {
            true => Err(Stop::Permanent(format!("more than {VOIDS_MAX} terms find nothing in DNS"))),
            false => Ok(()),
        }
    }

    /// An answer, if there is one; what fails for now ends everything.
    async fn ask(&mut self, name: &str, kind: RecordKind) -> Result<Option<Answer>, Stop> {
        self.queries += 1;
        match self.dns.lookup(name, kind).await {
            Ok(answer) => Ok(Some(answer)),
            Err(LookupError::NoSuchName | LookupError::NoRecords) => Ok(None),
            Err(LookupError::Temporary(why)) => Err(Stop::Temporary(format!("{name}: {why}"))),
        }
    }

    /// The addresses of a name, of the sender's family (RFC 7208 §5).
    async fn addresses(&mut self, name: &str) -> Result<Vec<IpAddr>, Stop> {
        let kind = if self.question.ip.is_ipv4() { RecordKind::A } else { RecordKind::Aaaa };
        Ok(self.ask(name, kind).await?.as_ref().map(addresses).unwrap_or_default())
    }

    fn is_one_of(&self, found: &[IpAddr], cidr: Cidr) -> bool {
        let length = if self.question.ip.is_ipv4() { cidr.v4 } else { cidr.v6 };
        found.iter().any(|ip| is_in(self.question.ip, *ip, length))
    }

    /// The names of the sender's address; asked for once.
    async fn names(&mut self) -> &Result<Names, LookupError> {
        if self.names.is_none() {
            let found = names(self.dns, self.question.ip).await;
            self.queries += 1 + found.as_ref().map_or(0, |names| names.all.len());
            self.names = Some(found);
        }
        self.names.get_or_insert(Err(LookupError::NoRecords))
    }

    async fn target(&mut self, target: Option<&MacroString>, domain: &str) -> String {
        match target {
            Some(target) => self.name(target, domain).await,
            None => domain.to_owned(),
        }
    }

    /// A name that can be asked for.
    async fn name(&mut self, text: &MacroString, domain: &str) -> String {
        let name = self.validated(text, domain).await;
        text.name(&self.values(domain, &name))
    }

    /// What `%{p}` stands for, if it is asked for.
    async fn validated(&mut self, text: &MacroString, domain: &str) -> String {
        const UNKNOWN: &str = "unknown";
        if !text.needs_name() {
            return UNKNOWN.to_owned();
        }
        let Ok(names) = self.names().await else { return UNKNOWN.to_owned() };
        // RFC 7208 §7.3: the domain itself before one below it, and that before any other.
        let domain = domain.to_ascii_lowercase();
        let best = names.confirmed().find(|name| **name == domain);
        let best = best.or_else(|| names.confirmed().find(|name| is_below(name, &domain)));
        best.or_else(|| names.confirmed().next()).unwrap_or(UNKNOWN).to_owned()
    }

    fn values<'v>(&'v self, domain: &'v str, name: &'v str) -> Values<'v> {
        Values {
            local_part: &self.question.local_part,
            sender_domain: &self.question.domain,
            domain,
            ip: self.question.ip,
            name,
            helo: &self.question.helo,
            receiver: &self.question.receiver,
            now: self.question.now,
        }
    }

    /// RFC 7208 §6.2: an explanation that cannot be had, or that is not one, is none.
    async fn explain(&mut self, target: &MacroString, domain: &str) -> Option<String> {
        let name = self.name(target, domain).await;
        let answer = self.ask(&name, RecordKind::Txt).await.ok().flatten()?;
        let [Found::Txt(text)] = answer.records.as_slice() else { return None };
        let text = std::str::from_utf8(text).ok().filter(|text| text.is_ascii())?;
        let text = MacroString::explanation(text).ok()?;
        let name = self.validated(&text, domain).await;
        let mut explanation = text.expand(&self.values(domain, &name));
        // The local part may have letters of any kind.
        if let Some((end, _)) = explanation.char_indices().nth(EXPLANATION_MAX) {
            explanation.truncate(end);
        }
        Some(explanation)
    }
}

/// Whether a name is that domain or stands below it; both in lower case.
fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn question(ip: &str, mail_from: &str, helo: &str) -> Question {
        Question::new(ip.parse().expect("an address"), mail_from, helo, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn who_sends_for_nobody_sends_for_its_postmaster() {
        let wanted = |local_part: &str, domain: &str| (local_part.to_owned(), domain.to_owned());
        for (mail_from, local_part, domain) in [
            ("", "postmaster", "mx.a.test"),
            ("@b.test", "postmaster", "b.test"),
            ("b.test", "postmaster", "b.test"),
            ("x@y@b.test", "x@y", "b.test"),
            ("x@b\u{fc}cher.test.", "x", "xn--bcher-kva.test"),
        ] {
            let question = question("192.0.2.1", mail_from, "mx.a.test");
            assert_eq!((question.local_part, question.domain), wanted(local_part, domain), "{mail_from}");
        }
    }

    /// Answers every question with the same texts, exchangers and addresses, and counts.
    struct Endless(String, std::sync::atomic::AtomicUsize);

    impl Resolve for Endless {
        fn lookup<'a>(&'a self, _: &'a str, kind: RecordKind) -> Later<'a, Result<Answer, LookupError>> {
            self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let record = |n: u8| match kind {
                RecordKind::Txt => Found::Txt(self.0.clone().into_bytes()),
                RecordKind::Mx => Found::Mx { preference: 0, exchange: format!("mx{n}.a.test") },
                RecordKind::Ptr => Found::Ptr(format!("n{n}.a.test")),
                _ => Found::A([10, 0, 0, n].into()),
            };
            let count = if kind == RecordKind::Txt { 1 } else { 10 };
            let records = (0..count).map(record).collect();
            Box::pin(std::future::ready(Ok(Answer { records, ..Answer::default() })))
        }
    }

    proptest! {
        #[test]
        fn no_record_makes_us_ask_for_long(
            words in "v=spf1( [+?~-]?(a|mx|ptr|all|include:a.test|exists:%\\{p\\}.test|mx:%\\{l\\}.test|redirect=a.test|exp=%\\{p\\}.test)){0,40}",
            local_part in "\\PC{0,20}",
        ) {
            let dns = Endless(words, 0.into());
            let mail_from = format!("{local_part}@a.test");
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            let checked = runtime.block_on(check(&dns, &question("192.0.2.1", &mail_from, "x.test")));
            let asked = dns.1.load(std::sync::atomic::Ordering::Relaxed);
            prop_assert_eq!(checked.queries, asked);
            prop_assert!(asked <= 140, "{} {:?}", asked, checked);
            prop_assert!(checked.lookups <= LOOKUPS_MAX + 1);
        }
    }

    #[test]
    fn names_that_are_none_are_known() {
        let long = "x".repeat(64);
        for (name, wanted) in [
            ("a.test", true),
            ("_spf.a.test", true),
            ("test", false),
            ("a..test", false),
            (".a.test", false),
            ("[192.0.2.1]", false),
            ("a b.test", false),
            ("", false),
            (&format!("{long}.test"), false),
        ] {
            assert_eq!(is_domain(name), wanted, "{name}");
        }
    }
}
