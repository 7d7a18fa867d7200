//! What DNS says about a domain's mail, judged: the report behind `mailkit mx lookup`.
//!
//! A verdict in one sentence, the exchangers in order, and what is wrong with them, each finding
//! with the standard that says so. Prints nothing and knows no exit codes: the command does.
//! A look at one server, behind `mailkit mx probe`, is made by `server` and judged by `opinion`.
//! RFC 5321 §5.1; RFC 2181 §10.3; RFC 7505; RFC 6761 §6.3; RFC 1918.

pub mod check;
mod opinion;
mod report;
mod server;
mod sighting;

pub use report::{Dns, Finding, Host, HostAddress, Level, Report, Verdict};
pub use server::{Look, Passed, Whose, look_at, unreached};
pub use sighting::{Class, Failure, Said, Sighting, State};

use crate::address::Domain;
use crate::engine::exchangers::{Exchanger, Exchangers, NoExchangers, Source, exchangers};
use crate::engine::reach::{Reach, reach};
use crate::world::{LookupError, Resolve};
use std::net::IpAddr;

/// Asks DNS and judges the answer.
pub async fn look_up(dns: &dyn Resolve, domain: &Domain) -> Report {
    judge(domain, exchangers(dns, domain).await)
}

/// Makes the report of what DNS said.
pub fn judge(domain: &Domain, found: Result<Exchangers, NoExchangers>) -> Report {
    let ascii = domain.to_ascii().to_string();
    let mut report = Report {
        domain: match domain {
            Domain::Name(_) => u_labels(&ascii),
            Domain::Literal(_) => ascii.clone(),
        },
        ascii,
        verdict: Verdict::Unknown,
        sentence: String::new(),
        dns: Dns::default(),
        mx: Vec::new(),
        findings: Vec::new(),
    };
    match found {
        Ok(found) => report.describe(&found),
        Err(why) => report.regret(&why),
    }
    report
}

impl Report {
    fn regret(&mut self, why: &NoExchangers) {
        let title = self.title();
        (self.verdict, self.sentence) = match why {
            NoExchangers::NoSuchDomain => {
                (Verdict::Undeliverable, format!("Mail to {title} cannot be delivered: the domain does not exist."))
            }
            NoExchangers::NoRecords => (
                Verdict::Undeliverable,
                format!("Mail to {title} cannot be delivered: it has neither MX nor address records."),
            ),
            NoExchangers::NullMx => (Verdict::NoMail, format!("{title} takes no mail: it publishes a null MX.")),
            NoExchangers::Temporary(why) => {
                (Verdict::Unknown, format!("Where mail to {title} goes cannot be said now: {why}."))
            }
        };
        if *why == NoExchangers::NullMx {
            self.dns.null_mx = true;
            self.find("mx.null", Level::Info, None, "the domain declares that it takes no mail", "RFC 7505", None);
        }
    }

    fn describe(&mut self, found: &Exchangers) {
        self.dns = Dns {
            ttl: (found.source == Source::Mx).then_some(found.ttl),
            implicit_mx: found.source == Source::Implicit,
            null_mx: false,
            aliases: found.aliases.clone(),
        };
        self.mx = found.hosts.iter().map(Host::from).collect();
        self.remark_on_domain(found);
        for (index, host) in found.hosts.iter().enumerate() {
            if found.hosts.iter().take(index).any(|earlier| earlier.host == host.host) {
                let text = "listed before with a better preference, so this entry has no effect";
                self.find("mx.duplicate", Level::Info, Some(host), text, "RFC 5321 §5.1", Some("remove one entry"));
            } else {
                self.remark_on_host(host);
            }
        }
        let waits = found.hosts.iter().any(|host| matches!(host.missing, Some(LookupError::Temporary(_))));
        let title = self.title();
        (self.verdict, self.sentence) = match way(found) {
            Some(way) => (Verdict::Deliverable, format!("Mail to {title} goes to {way}.")),
            None if waits => (
                Verdict::Unknown,
                format!("Where mail to {title} goes cannot be said now: the addresses of its exchangers are unknown."),
            ),
            None => (
                Verdict::Undeliverable,
                format!("Mail to {title} cannot be delivered: none of its exchangers has an address."),
            ),
        };
    }

    fn remark_on_domain(&mut self, found: &Exchangers) {
        if found.source == Source::Implicit {
            let text = "there is no MX record, so the domain's own addresses take its mail";
            let fix = "publish an MX record, or a null MX if no mail is wanted";
            self.find("mx.implicit", Level::Info, None, text, "RFC 5321 §5.1", Some(fix));
        }
        if let Some(target) = found.aliases.last() {
            self.find(
                "mx.alias",
                Level::Info,
                None,
                format!("the domain is an alias of {target}"),
                "RFC 5321 §5.1",
                None,
            );
        }
        if found.stray_null {
            let fix = "remove the null MX, or all others";
            self.find("mx.null-mixed", Level::Warn, None, "a null MX stands beside others", "RFC 7505 §3", Some(fix));
        }
        if found.left_out > 0 {
            let text = format!("{} more exchangers are listed and were not looked at", found.left_out);
            self.find("mx.too-many", Level::Warn, None, text, "RFC 5321 §5.1", Some("list a handful"));
        }
    }

    fn remark_on_host(&mut self, host: &Exchanger) {
        let about = Some(host);
        if host.host.parse::<IpAddr>().is_ok() {
            let fix = "give the host a name with an address record";
            let text = "an MX record must name a host, not an address";
            self.find("mx.address-as-name", Level::Error, about, text, "RFC 1035 §3.3.9", Some(fix));
        }
        if let Some(target) = host.aliases.last() {
            let text = format!("an alias of {target}; some senders refuse it");
            let fix = "name the host itself in the MX record";
            self.find("mx.cname-target", Level::Warn, about, text, "RFC 5321 §5.1, RFC 2181 §10.3", Some(fix));
        }
        let fix = Some("give it an address record, or remove the MX record");
        let (id, level, text, fix) = match &host.missing {
            None => return self.remark_on_addresses(host),
            Some(LookupError::NoSuchName) => ("mx.no-host", Level::Error, "there is no such host".to_owned(), fix),
            Some(LookupError::NoRecords) => ("mx.no-address", Level::Error, "the host has no address".to_owned(), fix),
            Some(LookupError::Temporary(why)) => ("mx.address-unknown", Level::Warn, why.clone(), None),
        };
        self.find(id, level, about, text, "RFC 5321 §5.1", fix);
    }

    fn remark_on_addresses(&mut self, host: &Exchanger) {
        if host.host == "localhost" || host.host.ends_with(".localhost") {
            let text = "every sender takes this name for itself";
            let fix = "name the host as the internet knows it, or publish a null MX";
            return self.find("mx.localhost", Level::Error, Some(host), text, "RFC 6761 §6.3", Some(fix));
        }
        for ip in &host.addresses {
            let (id, level, text, why) = match reach(*ip) {
                Reach::Public => continue,
                Reach::Private => (
                    "mx.private-address",
                    Level::Warn,
                    format!("{ip} can be reached only within its own network"),
                    "RFC 1918, RFC 6890",
                ),
                Reach::Loopback => {
                    ("mx.loopback-address", Level::Error, format!("every sender takes {ip} for itself"), "RFC 6890")
                }
                Reach::Nobody => {
                    ("mx.impossible-address", Level::Error, format!("{ip} is no host's address"), "RFC 6890")
                }
            };
            self.find(id, level, Some(host), text, why, Some("publish a public address"));
        }
    }

    fn find(
        &mut self,
        id: &'static str,
        level: Level,
        host: Option<&Exchanger>,
        text: impl Into<String>,
        why: &'static str,
        fix: Option<&'static str>,
    ) {
        let host = host.map(|host| host.host.clone());
        self.findings.push(Finding { id, level, host, text: text.into(), why, fix });
    }
}

/// `mx1 or mx2 (3 addresses), then mx3`, over the exchangers that have addresses; `None` if none has.
fn way(found: &Exchangers) -> Option<String> {
    let mut usable: Vec<&Exchanger> = Vec::new();
    for host in found.hosts.iter().filter(|host| !host.addresses.is_empty()) {
        if usable.iter().all(|earlier| earlier.host != host.host) {
            usable.push(host);
        }
    }
    let mut groups = usable.chunk_by(|one, other| one.preference == other.preference);
    let first = group_name(groups.next()?);
    let itself = match found.source {
        Source::Mx => "",
        Source::Implicit => " itself",
        Source::Literal => return Some("that address, without DNS".into()),
    };
    let second = groups.next().map(group_name);
    Some(match (second, groups.map(<[_]>::len).sum::<usize>()) {
        (None, _) => format!("{first}{itself}"),
        (Some(second), 0) => format!("{first}, then {second}"),
        (Some(second), more) => format!("{first}, then {second} and {more} more"),
    })
}

/// Exchangers of one preference, any of which may be tried first.
fn group_name(group: &[&Exchanger]) -> String {
    let name = |host: &Exchanger| match host.addresses.len() {
        1 => host.host.clone(),
        count => format!("{} ({count} addresses)", host.host),
    };
    match group {
        [] => String::new(),
        [one] => name(one),
        [one, other] => format!("{} or {}", name(one), name(other)),
        [one, others @ ..] => format!("{} or one of {} others", name(one), others.len()),
    }
}

/// A name of A-labels as people write it; as it is where that is not possible.
fn u_labels(ascii: &str) -> String {
    match idna::domain_to_unicode(ascii) {
        (name, Ok(())) => name,
        (_, Err(_)) => ascii.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::zone::Zone;

    const ZONE: &str = r#"
$ORIGIN cases.test.
a A 192.0.2.1
b A 192.0.2.2
b AAAA 2001:db8::2
c A 192.0.2.3
private A 10.0.0.1
loop A 127.0.0.1
alias CNAME a
many MX 5 b
many MX 5 a
many MX 10 c
many MX 20 private
many MX 20 loop
equal MX 10 a
equal MX 10 b
equal MX 10 c
nullmx MX 0 .
nullplus MX 0 .
nullplus MX 10 a
implicit A 192.0.2.9
xn--bcher-kva MX 10 a
cnamed CNAME implicit
mxcname MX 10 alias
nohost MX 10 gone
noaddr MX 10 txtonly
txtonly TXT "no address"
local MX 10 localhost.
localhost.  A 127.0.0.1
literal MX 10 192.0.2.1.
dup MX 10 a
dup MX 20 a
down MX 10 mx.broken
mx.broken A 192.0.2.5
"#;

    async fn report(name: &str) -> Report {
        let zone = Zone::parse(ZONE).expect("a zone");
        zone.fail("broken.cases.test");
        look_up(&zone, &Domain::parse(&format!("{name}.cases.test")).expect(name)).await
    }

    #[tokio::test]
    async fn the_verdict_is_one_sentence() {
        use Verdict::*;
        for (name, verdict, sentence) in [
            (
                "many",
                Deliverable,
                "Mail to many.cases.test goes to a.cases.test or b.cases.test (2 addresses), then c.cases.test and 2 more.",
            ),
            ("equal", Deliverable, "Mail to equal.cases.test goes to a.cases.test or one of 2 others."),
            ("dup", Deliverable, "Mail to dup.cases.test goes to a.cases.test."),
            ("implicit", Deliverable, "Mail to implicit.cases.test goes to implicit.cases.test itself."),
            ("bücher", Deliverable, "Mail to bücher.cases.test (xn--bcher-kva.cases.test) goes to a.cases.test."),
            ("nullmx", NoMail, "nullmx.cases.test takes no mail: it publishes a null MX."),
            ("nx", Undeliverable, "Mail to nx.cases.test cannot be delivered: the domain does not exist."),
            (
                "txtonly",
                Undeliverable,
                "Mail to txtonly.cases.test cannot be delivered: it has neither MX nor address records.",
            ),
            (
                "nohost",
                Undeliverable,
                "Mail to nohost.cases.test cannot be delivered: none of its exchangers has an address.",
            ),
            (
                "down",
                Unknown,
                "Where mail to down.cases.test goes cannot be said now: the addresses of its exchangers are unknown.",
            ),
            (
                "x.broken",
                Unknown,
                "Where mail to x.broken.cases.test goes cannot be said now: the name server answered: Server Failure.",
            ),
        ] {
            let report = report(name).await;
            assert_eq!((report.verdict, report.sentence.as_str()), (verdict, sentence), "{name}");
        }
        let zone = Zone::parse(ZONE).expect("a zone");
        for literal in ["[192.0.2.7]", "[IPv6:2001:db8::1]"] {
            let report = look_up(&zone, &Domain::parse(literal).expect("a literal")).await;
            assert_eq!(report.sentence, format!("Mail to {literal} goes to that address, without DNS."));
        }
    }

    #[tokio::test]
    async fn what_is_wrong_is_found_with_its_standard() {
        use Level::*;
        for (name, wanted) in [
            ("equal", vec![]),
            ("many", vec![("mx.loopback-address", Error), ("mx.private-address", Warn)]),
            ("implicit", vec![("mx.implicit", Info)]),
            ("cnamed", vec![("mx.implicit", Info), ("mx.alias", Info)]),
            ("nullmx", vec![("mx.null", Info)]),
            ("nullplus", vec![("mx.null-mixed", Warn)]),
            ("mxcname", vec![("mx.cname-target", Warn)]),
            ("nohost", vec![("mx.no-host", Error)]),
            ("noaddr", vec![("mx.no-address", Error)]),
            ("local", vec![("mx.localhost", Error)]),
            ("literal", vec![("mx.address-as-name", Error), ("mx.no-host", Error)]),
            ("dup", vec![("mx.duplicate", Info)]),
            ("down", vec![("mx.address-unknown", Warn)]),
        ] {
            let report = report(name).await;
            let found: Vec<_> = report.findings.iter().map(|finding| (finding.id, finding.level)).collect();
            assert_eq!(found, wanted, "{name}");
        }
    }

    #[tokio::test]
    async fn the_json_form_has_stable_names() {
        let json = serde_json::to_value(report("mxcname").await).expect("json");
        assert_eq!(json["verdict"], "deliverable");
        assert_eq!(json["dns"]["implicit_mx"], false);
        assert_eq!(json["mx"][0]["cname"], "a.cases.test");
        assert_eq!(json["mx"][0]["addresses"][0]["ip"], "192.0.2.1");
        assert_eq!(json["findings"][0]["level"], "warn");
        assert_eq!(serde_json::to_value(report("nullmx").await).expect("json")["verdict"], "no-mail");
    }
}
