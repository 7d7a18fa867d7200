//! Each broken server, made up, with the sentence and the finding that name its cause.

use super::super::report::Level;
use super::super::sighting::{Said, Sighting};
use super::*;
use crate::address::Domain;
use crate::endpoint::Endpoint;
use crate::envelope::{Envelope, ForwardPath, ReversePath};
use crate::error::{Error, Kind};
use crate::net::dialogue::Trouble;
use crate::net::tls::Why;
use crate::net::zone::Zone;
use crate::probe::look_up;
use crate::smtp::outcome::{Outcome, Phase};
use crate::smtp::reply::Reply;
use crate::status::{EnhancedStatus, ReplyCode};
use crate::wire::secured::{self, Flaw, Objection, Verified};
use std::io;

mod promises;
mod unseen;

/// What a made-up server does.
#[derive(Clone)]
enum Does {
    /// Takes mail under TLS, with a certificate that is worth so much.
    Tls(Result<Verified, (Flaw, &'static str)>),
    /// Takes mail in clear.
    Clear,
    /// Cannot be connected to.
    Fails(io::ErrorKind),
    /// Says so at this point, or hangs up.
    Ends(Outcome),
    /// Takes so many seconds for its greeting.
    Waits(f64),
    /// Answers so about bob.
    Answers(u16, &'static str),
    /// Answers so to MAIL.
    Refuses(u16, &'static str),
    /// Speaks no newer version of TLS than this one, if it has told that.
    Old(Option<&'static str>),
    /// Falls silent at this point.
    Silent(Phase),
    /// Knows no EHLO.
    Helo,
}

fn reply(code: u16, text: &str) -> Reply {
    let enhanced = EnhancedStatus::parse(text.split(' ').next().unwrap_or_default());
    let lines = vec![text.split_once(' ').map_or(text, |(_, rest)| rest).to_owned()];
    Reply { code: ReplyCode::new(code).expect("a code"), enhanced, lines }
}

fn said(phase: Phase, code: u16, text: &str) -> Does {
    Does::Ends(Outcome::of(phase, &reply(code, text)))
}

fn visited(ip: &str, does: &Does) -> Visited {
    let endpoint = Endpoint::parse("smtp://a.cases.test?tls=try").expect("a URL");
    let mut sighting = Sighting::new(&endpoint);
    let mut judged = None;
    match does {
        Does::Tls(worth) => {
            let now = "2026-03-02T09:00:00Z".parse().expect("a time");
            let facts = secured::Tls { version: "TLSv1.3".into(), ..secured::Tls::default() };
            let mut tls = super::super::sighting::Tls::new(&facts, "a.cases.test", now);
            tls.not_after = Some("2026-06-01T00:00:00Z".into());
            sighting.tls = Some(tls);
            judged = Some(worth.map_err(|(flaw, text)| vec![Objection { flaw, text: text.into() }]));
        }
        Does::Clear => {}
        Does::Fails(kind) => {
            let why = Error::new(Kind::Temporary, "cannot connect").caused_by(io::Error::from(*kind));
            sighting.unreached(&why);
        }
        Does::Ends(outcome) => sighting.ended(outcome),
        Does::Silent(phase) => {
            sighting.ended(&Outcome::lost(*phase, "mx: no answer within 30 seconds"));
            sighting.trouble = Some(Trouble::Silence);
        }
        Does::Old(version) => {
            sighting.ended(&Outcome::failed_here(Phase::Tls, "mx: too old"));
            sighting.old_tls = *version;
            sighting.trouble = Some(Trouble::Handshake(Why::TooOld));
        }
        Does::Helo => sighting.replies.push(asked("HELO x.test")),
        Does::Waits(_) | Does::Answers(..) | Does::Refuses(..) => {}
    }
    let answer = match does {
        Does::Answers(code, text) => Some(Outcome::of(Phase::Rcpt, &reply(*code, text))),
        Does::Refuses(code, text) => Some(Outcome::of(Phase::Mail, &reply(*code, text))),
        _ => None,
    };
    if let Some(outcome) = answer {
        let recipients = vec![ForwardPath::parse("<bob@cases.test>").expect("a path"); 2];
        let count = if outcome.phase == Phase::Mail { 2 } else { 1 };
        sighting.replies.push(asked("MAIL FROM:<eve@x.test> SIZE=0"));
        let envelope = Envelope::new(ReversePath::Null, recipients[..count].to_vec());
        sighting.asked(&envelope, &vec![outcome; count]);
    }
    let mut visited = Visited::new((ip.parse().expect("an address"), 25), sighting, judged, None, (false, &[]));
    if let Does::Waits(seconds) = does {
        visited.slowest = Some(("greeting".into(), seconds * 1000.0));
    }
    visited
}

fn asked(command: &str) -> Said {
    Said { command: Some(command.to_owned()), code: Some(250), enhanced: None, lines: Vec::new(), ms: 1.0 }
}

/// A domain with one or two exchangers, which do so.
async fn report(does: &[Does], change: impl FnOnce(&mut Report)) -> Report {
    let text = "$ORIGIN cases.test.\na A 192.0.2.1\nb A 192.0.2.2\none MX 10 a\ntwo MX 10 a\ntwo MX 20 b\n";
    let zone = Zone::parse(text).expect("a zone");
    let name = if does.len() == 1 { "one.cases.test" } else { "two.cases.test" };
    let mut report = look_up(&zone, &Domain::parse(name).expect("a name")).await;
    for ((host, does), ip) in report.mx.iter_mut().zip(does).zip(["192.0.2.1", "192.0.2.2"]) {
        host.probes.push(visited(ip, does));
    }
    change(&mut report);
    report.remark_on_visits(14);
    report.conclude();
    report
}

fn told(report: &Report) -> Vec<(&'static str, Level)> {
    report.findings.iter().map(|finding| (finding.id, finding.level)).collect()
}

const GOOD: Does = Does::Tls(Ok(Verified::Pkix));

#[tokio::test]
async fn each_broken_server_is_named_with_its_cause() {
    use Level::{Error, Info, Warn};
    use Verdict::{Deliverable, Undeliverable, Unknown};
    let goes = "Mail to one.cases.test goes to a.cases.test";
    let not_now = "Mail to one.cases.test cannot be delivered now: a.cases.test at 192.0.2.1";
    let never = "Mail to one.cases.test cannot be delivered: a.cases.test at 192.0.2.1";
    let bad = |flaw, text| Does::Tls(Err((flaw, text)));
    let tls = |text: &str| Does::Ends(Outcome::failed_here(Phase::Tls, text));
    let lost = |phase, text: &str| Does::Ends(Outcome::lost(phase, text));
    for (does, verdict, start, end, finding) in [
        (GOOD, Deliverable, goes, ", TLS 1.3, certificate valid until 2026-06-01.", None),
        (Does::Clear, Deliverable, goes, ", not encrypted: it offers no STARTTLS.", Some(("tls.none", Warn))),
        (
            bad(Flaw::Expired, "it has expired (its last day was 2026-06-01)"),
            Deliverable,
            goes,
            ", TLS 1.3, but its certificate is not accepted: it has expired (its last day was 2026-06-01).",
            Some(("tls.expired", Warn)),
        ),
        (
            bad(Flaw::OtherName, "it is for another name"),
            Deliverable,
            goes,
            ", TLS 1.3, but its certificate is not accepted: it is for another name.",
            Some(("tls.other-name", Warn)),
        ),
        (
            bad(Flaw::Untrusted, "nobody we trust has signed it"),
            Deliverable,
            goes,
            ", TLS 1.3, but its certificate is not accepted: nobody we trust has signed it.",
            Some(("tls.untrusted", Warn)),
        ),
        (
            Does::Old(None),
            Deliverable,
            goes,
            ", but TLS cannot be used: its versions are older than 1.2.",
            Some(("tls.old", Error)),
        ),
        (
            Does::Old(Some("TLS 1.0")),
            Deliverable,
            goes,
            ", but TLS cannot be used: it speaks TLS 1.0 at most.",
            Some(("tls.old", Error)),
        ),
        (
            Does::Helo,
            Deliverable,
            goes,
            ", not encrypted: it knows HELO only, and so no STARTTLS.",
            Some(("smtp.no-ehlo", Warn)),
        ),
        (
            said(Phase::Hello, 550, "5.7.1 who are you"),
            Undeliverable,
            never,
            " refuses us at EHLO: 550 5.7.1 who are you.",
            Some(("smtp.refuses", Error)),
        ),
        (
            said(Phase::Hello, 450, "4.7.1 not yet"),
            Unknown,
            not_now,
            " refuses us for now at EHLO: 450 4.7.1 not yet.",
            Some(("smtp.greets-4xx", Warn)),
        ),
        (
            tls("mx: the server breaks the rules of TLS"),
            Deliverable,
            goes,
            ", but TLS cannot be used: mx: the server breaks the rules of TLS.",
            Some(("tls.failed", Error)),
        ),
        (
            said(Phase::Tls, 454, "4.7.0 TLS not available"),
            Deliverable,
            goes,
            ", but TLS cannot be used: it refuses STARTTLS with 454 4.7.0 TLS not available.",
            Some(("tls.declined", Error)),
        ),
        (
            said(Phase::Greeting, 421, "4.3.2 too busy"),
            Unknown,
            not_now,
            " is busy: 421 4.3.2 too busy.",
            Some(("smtp.busy", Warn)),
        ),
        (
            said(Phase::Greeting, 450, "4.7.1 come back later"),
            Unknown,
            not_now,
            " refuses us for now in its greeting: 450 4.7.1 come back later.",
            Some(("smtp.greets-4xx", Warn)),
        ),
        (
            said(Phase::Greeting, 554, "5.7.1 no"),
            Undeliverable,
            never,
            " refuses us in its greeting: 554 5.7.1 no.",
            Some(("smtp.refuses", Error)),
        ),
        (
            Does::Silent(Phase::Greeting),
            Unknown,
            not_now,
            " is connected to and says nothing: mx: no answer within 30 seconds.",
            Some(("smtp.silent", Error)),
        ),
        (
            Does::Silent(Phase::Hello),
            Unknown,
            not_now,
            " falls silent at EHLO: mx: no answer within 30 seconds.",
            Some(("smtp.silent", Error)),
        ),
        (
            lost(Phase::Greeting, "mx: it is gone"),
            Unknown,
            not_now,
            " hangs up before its greeting.",
            Some(("smtp.hangs-up", Error)),
        ),
        (lost(Phase::Hello, "mx: it is gone"), Unknown, not_now, " hangs up at EHLO.", Some(("smtp.hangs-up", Error))),
        (
            Does::Ends(Outcome::broken(Phase::Greeting, "what")),
            Undeliverable,
            never,
            " speaks no SMTP: what.",
            Some(("smtp.broken", Error)),
        ),
        (
            Does::Fails(io::ErrorKind::ConnectionRefused),
            Unknown,
            not_now,
            " refuses connections.",
            Some(("net.refused", Error)),
        ),
        (Does::Fails(io::ErrorKind::TimedOut), Unknown, not_now, " does not answer.", Some(("net.timeout", Error))),
        (
            Does::Answers(450, "4.2.0 greylisted"),
            Deliverable,
            goes,
            ", not encrypted: it offers no STARTTLS. It defers first contact for bob@cases.test (greylisting), mail arrives \
             after a retry: 450 4.2.0 greylisted.",
            Some(("rcpt.greylisted", Info)),
        ),
        (
            Does::Answers(452, "4.2.2 full"),
            Deliverable,
            goes,
            ", not encrypted: it offers no STARTTLS. It takes no mail for bob@cases.test now: 452 4.2.2 full.",
            Some(("rcpt.later", Warn)),
        ),
        (
            Does::Refuses(550, "5.7.1 not you"),
            Deliverable,
            goes,
            ", not encrypted: it offers no STARTTLS. It takes no mail from <eve@x.test>: 550 5.7.1 not you.",
            Some(("mail.refused", Error)),
        ),
        (
            Does::Refuses(451, "4.3.0 later"),
            Deliverable,
            goes,
            ", not encrypted: it offers no STARTTLS. It takes no mail from <eve@x.test> now: 451 4.3.0 later.",
            Some(("mail.later", Warn)),
        ),
        (
            Does::Answers(550, "5.1.1 unknown"),
            Deliverable,
            goes,
            ", not encrypted: it offers no STARTTLS. It takes no mail for bob@cases.test: 550 5.1.1 unknown.",
            Some(("rcpt.refused", Error)),
        ),
        (
            Does::Waits(12.5),
            Deliverable,
            goes,
            ", not encrypted: it offers no STARTTLS, but it takes 12.5 seconds to greet.",
            Some(("smtp.slow", Warn)),
        ),
    ] {
        let report = report(&[does], |_| {}).await;
        assert_eq!((report.verdict, report.sentence.clone()), (verdict, format!("{start}{end}")));
        let told = told(&report);
        assert!(finding.is_none_or(|finding| told.contains(&finding)), "{told:?} lacks {finding:?}");
        assert!(told.iter().all(|(id, _)| told.iter().filter(|(other, _)| id == other).count() == 1), "{told:?}");
        assert!(told.is_sorted_by_key(|(_, level)| std::cmp::Reverse(*level)), "the worst comes first: {told:?}");
    }
}

#[tokio::test]
async fn the_worst_stands_beside_where_mail_goes() {
    let refused = Does::Fails(io::ErrorKind::ConnectionRefused);
    let valid = "TLS 1.3, certificate valid until 2026-06-01";
    for (does, wanted) in [
        ([GOOD, GOOD], format!("a.cases.test, {valid}.")),
        ([GOOD, refused.clone()], format!("a.cases.test, {valid}; b.cases.test at 192.0.2.2 refuses connections.")),
        ([refused.clone(), GOOD], format!("b.cases.test, {valid}; a.cases.test at 192.0.2.1 refuses connections.")),
        ([GOOD, Does::Clear], format!("a.cases.test, {valid}; b.cases.test at 192.0.2.2 offers no encryption.")),
        (
            [Does::Clear, GOOD],
            format!("a.cases.test, not encrypted: it offers no STARTTLS; b.cases.test at 192.0.2.2 has {valid}."),
        ),
        // No route to one of them from here says nothing about it.
        ([GOOD, Does::Fails(io::ErrorKind::NetworkUnreachable)], format!("a.cases.test, {valid}.")),
    ] {
        let report = report(&does, |_| {}).await;
        assert_eq!(report.sentence, format!("Mail to two.cases.test goes to {wanted}"));
    }
    let both = report(&[refused.clone(), refused.clone()], |_| {}).await;
    let wanted = "a.cases.test at 192.0.2.1 refuses connections, and so for 1 more address.";
    assert!(both.sentence.ends_with(wanted), "{}", both.sentence);
    // A dead address beside a living one is no reason for alarm.
    let one = report(&[GOOD, refused], |_| {}).await;
    assert_eq!(told(&one), [("net.refused", Level::Warn)]);
}
