//! The verdict on a domain's mail: one sentence that says where it goes, or why it does not.
//!
//! Pure. RFC 5321 §5.1; RFC 7505.

use super::answer::short;
use super::published::{MtaSts, TlsaState};
use super::report::{Host, Report, Verdict, worst_first};
use crate::engine::exchangers::{Exchanger, Exchangers, NoExchangers, Source};
use crate::engine::reach::{Reach, reach};
use crate::world::LookupError;
use std::net::IpAddr;

impl Report {
    /// Says what follows from all that is known by now.
    pub(super) fn conclude(&mut self) {
        let title = self.title();
        (self.verdict, self.sentence) = match &self.found {
            Ok(found) => self.of_exchangers(found, &title),
            Err(why) => of_none(why, &title),
        };
        worst_first(&mut self.findings);
    }

    fn of_exchangers(&self, found: &Exchangers, title: &str) -> (Verdict, String) {
        let nowhere = |why: &str| (Verdict::Undeliverable, format!("Mail to {title} cannot be delivered: {why}."));
        let seen = self.of_visits(title).or_else(|| self.of_the_dead(title));
        if let Some(seen) = seen.or_else(|| self.of_the_unseen(title, found.source)) {
            return seen;
        }
        if found.source == Source::Literal {
            let ip = found.hosts.first().and_then(|host| host.addresses.first());
            let is_itself = ip.is_some_and(|ip| reach(*ip) == Reach::Loopback);
            return match ip.is_some_and(|ip| reach(*ip) != Reach::Nobody) {
                true if is_itself => {
                    (Verdict::Deliverable, format!("Mail to {title} goes to the sender's own machine, without DNS."))
                }
                true => (Verdict::Deliverable, format!("Mail to {title} goes to that address, without DNS.")),
                false => nowhere("that is no host's address"),
            };
        }
        if let Some(way) = self.way(found.source) {
            let (dane, policy) = (self.dane_clause(), self.policy_clause());
            return (Verdict::Deliverable, format!("{}{way}{dane}{policy}.", self.beginning(title)));
        }
        let waits = |host: &Exchanger| matches!(host.missing, Some(LookupError::Temporary(_))) && !host.is_endless;
        if found.hosts.iter().any(waits) {
            let why = "the addresses of its exchangers are unknown";
            return (Verdict::Unknown, format!("Where mail to {title} goes cannot be said now: {why}."));
        }
        match self.mx.iter().any(|host| !host.addresses.is_empty()) {
            true => nowhere("none of its exchangers has an address that others reach"),
            false => nowhere("none of its exchangers has an address"),
        }
    }

    /// `mx1 or mx2 (3 addresses), then mx3`, over the exchangers that have addresses; `None` if none has.
    pub(super) fn way(&self, source: Source) -> Option<String> {
        let usable = self.usable();
        let mut groups = usable.chunk_by(|one, other| one.preference == other.preference);
        let first = group_name(groups.next()?);
        let itself = if source == Source::Implicit { " itself" } else { "" };
        let second = groups.next().map(group_name);
        // Some senders do, some do not: RFC 5321 §5.1 leaves them no choice, and RFC 2181 §10.3 says the same of DNS.
        let alias =
            if usable.iter().all(|host| host.cname.is_some()) { ", an alias that some senders refuse" } else { "" };
        Some(match (second, groups.map(<[_]>::len).sum::<usize>()) {
            (None, _) => format!("{first}{itself}{alias}"),
            (Some(second), 0) => format!("{first}, then {second}{alias}"),
            (Some(second), more) => format!("{first}, then {second} and {more} more{alias}"),
        })
    }

    /// What TLSA records are there, where nobody has held them against a certificate.
    fn dane_clause(&self) -> &'static str {
        let usable = self.usable();
        let named = |host: &&&Host| host.tlsa.as_ref().is_some_and(|tlsa| tlsa.state == TlsaState::Usable);
        match usable.iter().filter(named).count() {
            0 => "",
            all if all == usable.len() => "; TLSA records published, not compared",
            _ => "; TLSA records published for some, not compared",
        }
    }

    /// How the domain's policy stands, if somebody asked.
    pub(super) fn policy_clause(&self) -> String {
        let Some(policy) = &self.policies.mta_sts else { return String::new() };
        let usable = self.usable();
        match (policy.mode, usable.iter().find(|host| host.sts_match == Some(false))) {
            (Some("enforce"), None) => "; policy (MTA-STS) enforced".to_owned(),
            (Some("enforce"), Some(host)) => format!("; its policy (MTA-STS) does not name {}", host.host),
            (Some("testing"), _) => "; its policy (MTA-STS) is in testing only".to_owned(),
            (Some(_), _) => "; its policy (MTA-STS) is taken back".to_owned(),
            (None, _) => match (&policy.error, &policy.id) {
                (None, _) => String::new(),
                // It is announced, and senders find none.
                (Some(why), Some(_)) => format!("; its policy (MTA-STS) cannot be had: {}", short(why)),
                (Some(_), None) => "; whether it has a policy (MTA-STS) is not known".to_owned(),
            },
        }
    }

    pub(super) fn is_enforced(&self) -> bool {
        self.policies.mta_sts.as_ref().is_some_and(MtaSts::is_enforced)
    }

    /// The exchanger that is tried first, or one of those, as far as DNS says.
    pub fn first_usable(&self) -> Option<&Host> {
        self.usable().first().copied()
    }

    /// Whether mail can go to an exchanger, as far as its name and its addresses say.
    fn is_in_reach(&self, host: &Host) -> bool {
        // What somebody wrote down themselves, or says is their own network, is what is meant.
        let is_meant = self.is_private || host.host.starts_with('[');
        let is_local = host.host == "localhost" || host.host.ends_with(".localhost");
        let can = |ip: IpAddr| match reach(ip) {
            Reach::Public => true,
            Reach::Private | Reach::Loopback => is_meant,
            Reach::Nobody => false,
        };
        (is_meant || !is_local) && host.addresses.iter().any(|address| can(address.ip))
    }

    /// The exchangers that mail can go to, in their order, each once.
    pub(super) fn usable(&self) -> Vec<&Host> {
        let mut usable: Vec<&Host> = Vec::new();
        for host in &self.mx {
            if self.is_in_reach(host) && usable.iter().all(|earlier| earlier.host != host.host) {
                usable.push(host);
            }
        }
        usable
    }
}

fn of_none(why: &NoExchangers, title: &str) -> (Verdict, String) {
    match why {
        NoExchangers::NoSuchDomain => {
            (Verdict::Undeliverable, format!("Mail to {title} cannot be delivered: the domain does not exist."))
        }
        // Waiting does not help before somebody has mended the zone.
        NoExchangers::AliasToNothing { .. } | NoExchangers::AliasLoop { .. } | NoExchangers::AliasChain { .. } => {
            (Verdict::Undeliverable, format!("Mail to {title} cannot be delivered: {why}."))
        }
        NoExchangers::NoRecords => (
            Verdict::Undeliverable,
            format!("Mail to {title} cannot be delivered: it has neither MX nor address records."),
        ),
        NoExchangers::NullMx => (Verdict::NoMail, format!("{title} takes no mail: it publishes a null MX.")),
        NoExchangers::Temporary(why) => {
            (Verdict::Unknown, format!("Where mail to {title} goes cannot be said now: {why}."))
        }
    }
}

/// Exchangers of one preference, any of which may be tried first.
pub(super) fn group_name(group: &[&Host]) -> String {
    match group {
        [] => String::new(),
        [one] => name(one),
        [one, other] => format!("{} or {}", name(one), name(other)),
        [one, others @ ..] => format!("{} or one of {} others", name(one), others.len()),
    }
}

/// `mx1 (2 addresses)`.
pub(super) fn name(host: &Host) -> String {
    match host.addresses.len() {
        1 => host.host.clone(),
        count => format!("{} ({count} addresses)", host.host),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Level;
    use super::*;
    use crate::address::Domain;
    use crate::net::zone::Zone;
    use crate::probe::look_up;

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
alone MX 10 private
alone MX 20 loop
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
dangling CNAME gone
tonothing MX 10 dangling
circle CNAME round
round CNAME circle
tocircle MX 10 circle
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
                "Mail to many.cases.test goes to a.cases.test or b.cases.test (2 addresses), then c.cases.test.",
            ),
            ("equal", Deliverable, "Mail to equal.cases.test goes to a.cases.test or one of 2 others."),
            ("dup", Deliverable, "Mail to dup.cases.test goes to a.cases.test."),
            ("implicit", Deliverable, "Mail to implicit.cases.test goes to implicit.cases.test itself."),
            ("bücher", Deliverable, "Mail to bücher.cases.test (xn--bcher-kva.cases.test) goes to a.cases.test."),
            (
                "alone",
                Undeliverable,
                "Mail to alone.cases.test cannot be delivered: none of its exchangers has an address that others reach.",
            ),
            (
                "local",
                Undeliverable,
                "Mail to local.cases.test cannot be delivered: none of its exchangers has an address that others reach.",
            ),
            (
                "mxcname",
                Deliverable,
                "Mail to mxcname.cases.test goes to alias.cases.test, an alias that some senders refuse.",
            ),
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
                "dangling",
                Undeliverable,
                "Mail to dangling.cases.test cannot be delivered: dangling.cases.test is an alias of gone.cases.test, which does not exist.",
            ),
            (
                "circle",
                Undeliverable,
                "Mail to circle.cases.test cannot be delivered: its aliases do not end: round.cases.test is an alias of circle.cases.test.",
            ),
            (
                "tocircle",
                Undeliverable,
                "Mail to tocircle.cases.test cannot be delivered: none of its exchangers has an address.",
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
        for (literal, verdict, wanted) in [
            ("[192.0.2.7]", Deliverable, "goes to that address, without DNS."),
            ("[IPv6:2001:db8::1]", Deliverable, "goes to that address, without DNS."),
            ("[127.0.0.1]", Deliverable, "goes to the sender's own machine, without DNS."),
            ("[224.0.0.1]", Undeliverable, "cannot be delivered: that is no host's address."),
        ] {
            let report = look_up(&zone, &Domain::parse(literal).expect("a literal")).await;
            assert_eq!((report.verdict, report.sentence), (verdict, format!("Mail to {literal} {wanted}")));
            let is_wrong = report.findings.iter().any(|finding| finding.level == Level::Error);
            assert_eq!(is_wrong, verdict == Undeliverable, "{literal}");
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
            ("nx", vec![("mx.no-domain", Error)]),
            ("txtonly", vec![("mx.nothing", Error)]),
            ("x.broken", vec![("mx.unknown", Error)]),
            ("dangling", vec![("mx.alias-to-nothing", Error)]),
            ("tonothing", vec![("mx.alias-to-nothing", Error)]),
            ("circle", vec![("mx.alias-loop", Error)]),
            ("tocircle", vec![("mx.alias-loop", Error)]),
            ("noaddr", vec![("mx.no-address", Error)]),
            ("local", vec![("mx.localhost", Error)]),
            ("alone", vec![("mx.loopback-address", Error), ("mx.private-address", Warn)]),
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
