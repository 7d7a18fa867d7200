//! Why DNSSEC does not vouch for a domain's exchangers, or says that what came is not to be believed.
//!
//! The same answers that the report rests on, looked at once more for their reasons; what a zone lacks is told once, however
//! many of its records lack it. RFC 4035 §5; RFC 7672 §2.1.1, §2.2.

use super::report::{Dnssec, Finding, Level, Report};
use crate::dns::dnssec::finding;
use crate::dns::dnssec::{Security, Validated};
use crate::net::resolve::SystemResolver;
use crate::policy::tlsa::owner;
use crate::world::RecordKind;

/// Exchangers whose names are looked at.
const HOSTS_MAX: usize = 16;

impl Report {
    /// Tells the reasons. Does nothing with a resolver that judges no answers.
    pub(super) async fn ask_for_reasons(&mut self, dns: &SystemResolver, port: u16) {
        let Some(judged) = dns.judged(&self.ascii, RecordKind::Mx).await else { return };
        match judged.security {
            Security::Bogus(_) => self.dns.dnssec = Dnssec::Bogus,
            // RFC 4035 §4.3: nobody could tell, which is another thing than that nobody has signed.
            Security::Indeterminate(_) => {
                self.dns.dnssec = Dnssec::Unchecked;
                self.dns.vouched_by = None;
            }
            Security::Secure | Security::Insecure(_) => {}
        }
        self.remark_on_security(&judged, None);
        let mut hosts: Vec<String> = self.mx.iter().map(|entry| entry.host.clone()).collect();
        hosts.retain(|host| !host.starts_with('['));
        hosts.dedup();
        for host in hosts.into_iter().take(HOSTS_MAX) {
            for (name, kind) in [
                (host.clone(), RecordKind::A),
                (host.clone(), RecordKind::Aaaa),
                (owner(&host, port), RecordKind::Tlsa),
            ] {
                if let Some(judged) = dns.judged(&name, kind).await {
                    self.remark_on_security(&judged, Some(&host));
                }
            }
        }
    }

    fn remark_on_security(&mut self, judged: &Validated, host: Option<&str>) {
        let Some(why) = judged.security.why() else { return };
        let (id, text) = (why.id(), why.to_string());
        if self.findings.iter().any(|finding| finding.id == id && finding.text == text) {
            return;
        }
        let level = match why.level() {
            finding::Level::Info => Level::Info,
            finding::Level::Warn => Level::Warn,
            finding::Level::Error => Level::Error,
        };
        let host = host.map(str::to_owned);
        self.findings.push(Finding { id, level, host, text, why: why.standard(), fix: Some(why.fix()) });
    }
}
