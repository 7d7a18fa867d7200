//! Remarks that few visits call for, each on one that was made up.

use super::super::sighting::{self, Recipient};
use super::*;
use crate::address::Domain;
use crate::net::zone::Zone;
use crate::probe::{Tlsa, TlsaRecord, look_up};
use crate::wire::secured::{self, Flaw, Objection};

/// An address that takes mail under TLS, with a certificate that is good for months.
fn good() -> Visited {
    let facts = secured::Tls { version: "TLSv1.3".into(), ..secured::Tls::default() };
    let now = "2026-03-02T09:00:00Z".parse().expect("a time");
    let tls = sighting::Tls { days_left: Some(90), ..sighting::Tls::new(&facts, "a.cases.test", now) };
    let skipped = Visited::skipped("192.0.2.1".parse().expect("an address"), 25);
    Visited { state: Standing::Ok, tls: Some(tls), ..skipped }
}

fn flawed(flaw: Flaw) -> Visited {
    Visited { objections: vec![Objection { flaw, text: "it is not good".into() }], ..good() }
}

fn tlsa() -> Tlsa {
    let record = |data: &str, fits| TlsaRecord {
        usage: 3,
        selector: 1,
        mtype: 1,
        data: data.repeat(32),
        counts: true,
        fits: Some(fits),
        association: None,
    };
    let records = vec![record("01", true), record("02", false)];
    let owner = "_25._tcp.a.cases.test".to_owned();
    Tlsa { state: TlsaState::Usable, owner, records, associations: Vec::new(), names: Vec::new() }
}

#[tokio::test]
async fn what_is_seldom_seen_is_remarked_on_too() {
    let zone = Zone::parse("$ORIGIN cases.test.\na A 192.0.2.1\none MX 10 a\n").expect("a zone");
    let answered = |code| Recipient {
        address: "<bob@cases.test>".into(),
        class: Class::Temp,
        code: Some(code),
        enhanced: None,
        text: "later".into(),
        phase: "rcpt",
    };
    let ending = |days| Visited { tls: good().tls.map(|tls| sighting::Tls { days_left: Some(days), ..tls }), ..good() };
    let unreached = |has_no_route| Visited { state: Standing::Unreachable, tls: None, has_no_route, ..good() };
    for (visited, id, level, has_tlsa) in [
        (unreached(false), "net.unreachable", Level::Error, false),
        (unreached(true), "net.no-route", Level::Info, false),
        (Visited { is_old: true, ..good() }, "smtp.no-ehlo", Level::Warn, false),
        (flawed(Flaw::NotYetValid), "tls.not-yet-valid", Level::Warn, false),
        (flawed(Flaw::Other), "tls.certificate", Level::Warn, false),
        (ending(13), "tls.ends-soon", Level::Warn, false),
        (Visited { rcpt: vec![answered(452)], ..good() }, "rcpt.later", Level::Warn, false),
        (Visited { catch_all: Some(true), ..good() }, "rcpt.catch-all", Level::Info, false),
        (Visited { dane: Some(Fit::Match), ..good() }, "dane.rollover", Level::Info, true),
    ] {
        let mut report = look_up(&zone, &Domain::parse("one.cases.test").expect("a name")).await;
        report.mx[0].tlsa = has_tlsa.then(tlsa);
        report.mx[0].probes.push(visited);
        report.remark_on_visits(14);
        let found: Vec<_> = report.findings.iter().map(|finding| (finding.id, finding.level)).collect();
        assert_eq!(found, [(id, level)]);
        assert_eq!(report.findings[0].host.as_deref(), Some("a.cases.test"), "{id}");
    }
}
