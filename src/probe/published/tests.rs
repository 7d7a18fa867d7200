//! Policies that hold the exchangers of a domain to something.

use super::*;
use crate::address::Domain;
use crate::net::zone::Zone;
use crate::probe::look_up;

#[tokio::test]
async fn exchangers_are_held_to_a_policy_as_far_as_it_is_meant() {
    let zone =
        Zone::parse("$ORIGIN cases.test.\na A 192.0.2.1\nb A 192.0.2.2\ntwo MX 10 a\ntwo MX 20 b\ntwo MX 30 b\n");
    let zone = zone.expect("a zone");
    for (mode, age, names, wanted) in [
        ("enforce", 86_400, vec!["a.cases.test", "b.cases.test"], vec![]),
        ("enforce", 86_400, vec!["*.cases.test"], vec![]),
        ("enforce", 86_400, vec!["a.cases.test"], vec![("sts.uncovered", Level::Error)]),
        ("testing", 86_400, vec!["*.cases.test"], vec![("sts.testing", Level::Warn)]),
        ("testing", 86_400, vec!["a.cases.test"], vec![("sts.testing", Level::Warn), ("sts.uncovered", Level::Warn)]),
        ("enforce", 86_399, vec!["*.cases.test"], vec![("sts.short", Level::Warn)]),
        ("none", 60, vec!["elsewhere.test"], vec![]),
    ] {
        let lines: String = names.iter().map(|name| format!("mx: {name}\r\n")).collect();
        let text = format!("version: STSv1\r\nmode: {mode}\r\n{lines}max_age: {age}\r\n");
        let policy = Policy::parse(text.as_bytes()).expect("a policy");
        let mut report = look_up(&zone, &Domain::parse("two.cases.test").expect("a name")).await;
        report.findings.clear();
        report.hold_to(&policy);
        let found: Vec<_> = report.findings.iter().map(|finding| (finding.id, finding.level)).collect();
        assert_eq!(found, wanted, "{text}");
        let is_held = mode != "none";
        assert!(report.mx.iter().all(|host| host.sts_match.is_some() == is_held), "{text}");
    }
}
