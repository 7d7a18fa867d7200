//! What was seen of a server, judged: one sentence, and what is wrong with it. Pure.
//!
//! RFC 5321 §2.2.1; RFC 3207; RFC 5280 §4.1.2.5, §6; RFC 8314 §4; RFC 9525.

use super::answer::{answered, is_about_sender, is_greylisting, reverse_path, said};
use super::certificate::{ends, known_of};
use super::known::{Known, SMTP_NO_EHLO, TLS_ENDS_SOON, TLS_NONE};
use super::report::{Finding, Level, worst_first};
use super::sighting::{Class, Failure, Objection, Recipient, Said, Sighting, State, Tls};
use crate::endpoint::{Endpoint, Protocol, TlsMode};
use crate::net::dialogue::Trouble;
use crate::net::tls::DAYS_MIN;
use crate::smtp::outcome::Phase;

/// Forms an opinion, and writes it into what was seen.
pub(super) fn form(sighting: &mut Sighting, endpoint: &Endpoint) {
    let hint = hint(sighting, endpoint);
    if let Some(failure) = sighting.failure.as_mut().filter(|failure| failure.hint.is_none()) {
        failure.hint = hint;
    }
    sighting.sentence = sentence(sighting, endpoint);
    sighting.findings = findings(sighting, endpoint);
    worst_first(&mut sighting.findings);
}

/// What to do about a failure that has no advice of its own.
fn hint(sighting: &Sighting, endpoint: &Endpoint) -> Option<String> {
    let failure = sighting.failure.as_ref()?;
    let is_before_ehlo = failure.phase == Phase::Greeting.name();
    match (&sighting.proxy, sighting.state) {
        (None, State::Lost) if is_before_ehlo && sighting.replies.is_empty() => Some(match endpoint.tls {
            TlsMode::Implicit => PROXIED.to_owned(),
            // Who waits for TLS does not hang up first.
            _ if endpoint.local.is_some() || sighting.trouble != Some(Trouble::Silence) => PROXIED.to_owned(),
            _ => {
                let url = begun_with_tls(endpoint);
                format!("it may wait for TLS, with which {url} begins; {PROXIED}")
            }
        }),
        (Some(_), State::Lost | State::Broken) => {
            Some("does it expect a PROXY header, of this version, and from us?".to_owned())
        }
        // RFC 2033 §4.1: a server of LMTP knows neither EHLO nor HELO.
        (None, State::Refused)
            if endpoint.protocol == Protocol::Smtp
                && endpoint.local.is_none()
                && failure.phase == Phase::Hello.name()
                && matches!(failure.code, Some(500 | 502)) =>
        {
            let url = Endpoint { protocol: Protocol::Lmtp, ..endpoint.clone() };
            Some(format!("it knows neither EHLO nor HELO; it may speak LMTP: {url}"))
        }
        (None, State::Broken) => other_protocol(sighting.replies.first()?, endpoint),
        _ => None,
    }
}

/// What a server without a greeting may wait for, besides.
const PROXIED: &str = "behind a proxy it may wait for a PROXY header, which --proxy-protocol says";

/// The same server where TLS comes before all words, with what is spoken there at well-known ports (RFC 8314 §7.3).
pub(super) fn begun_with_tls(endpoint: &Endpoint) -> Endpoint {
    let protocol = match endpoint.port {
        465 => Protocol::Smtp,
        993 => Protocol::Imap,
        995 => Protocol::Pop3,
        _ => endpoint.protocol,
    };
    Endpoint { protocol, tls: TlsMode::Implicit, ..endpoint.clone() }
}

/// The URL of a server that greets as those of another protocol do.
fn other_protocol(greeting: &Said, endpoint: &Endpoint) -> Option<String> {
    let line = greeting.lines.first().filter(|_| greeting.command.is_none() && endpoint.local.is_none())?;
    let (name, protocol) = match line.as_bytes() {
        [b'*', b' ', ..] => ("IMAP", Protocol::Imap),
        [b'+', b'O', b'K', ..] => ("POP3", Protocol::Pop3),
        [b'2', b'2', b'0', ..] => ("SMTP", Protocol::Smtp),
        [b'"', ..] => ("ManageSieve", Protocol::Sieve),
        _ => return None,
    };
    let url = Endpoint { protocol, ..endpoint.clone() };
    (protocol != endpoint.protocol).then(|| format!("it greets as a server of {name} does: {url}"))
}

fn sentence(sighting: &Sighting, endpoint: &Endpoint) -> String {
    let server = endpoint.authority();
    match &sighting.failure {
        Some(failure) => format!("{server} {}.", bad_end(sighting.state, failure)),
        None => format!(
            "{server} {}{}.",
            readiness(&sighting.rcpt, reverse_path(&sighting.replies), endpoint.protocol),
            protection(sighting)
        ),
    }
}

fn bad_end(state: State, failure: &Failure) -> String {
    let words = said(Some(failure));
    let place = match (failure.phase, state) {
        ("greeting", State::Lost) => "before its greeting".to_owned(),
        ("greeting", _) => "in its greeting".to_owned(),
        ("tls", State::Refused | State::Deferred) => "at STARTTLS".to_owned(),
        ("tls", _) => "in the TLS handshake".to_owned(),
        ("capabilities", _) => "when asked for its capabilities".to_owned(),
        (phase, _) => format!("at {}", phase.to_ascii_uppercase()),
    };
    match state {
        // Then nothing has failed.
        State::Ok => "answers".to_owned(),
        State::Unreachable => format!("is not reached: {words}"),
        State::Refused => format!("refuses us {place}: {words}"),
        State::Deferred => format!("refuses us for now {place}: {words}"),
        State::Lost => format!("breaks off {place}: {words}"),
        State::Broken => format!("breaks the protocol {place}: {words}"),
        State::Unfit => format!("cannot be used as asked: {words}"),
    }
}

fn readiness(recipients: &[Recipient], from: Option<String>, protocol: Protocol) -> String {
    let taken = recipients.iter().filter(|recipient| recipient.class == Class::Ok).count();
    match (recipients, taken) {
        ([], _) if matches!(protocol, Protocol::Pop3 | Protocol::Imap | Protocol::Sieve) => {
            "is ready for its users".to_owned()
        }
        ([], _) => "is ready for mail".to_owned(),
        ([one], 1) => format!("would take mail for {}", one.address),
        ([one, ..], 0) if is_about_sender(one) => {
            let refused = if one.class == Class::Temp { "takes no mail now" } else { "takes no mail" };
            format!("{refused} from {}: {}", from.as_deref().unwrap_or("this sender"), answered(one))
        }
        ([one], _) if is_greylisting(one) => {
            let what = "defers first contact (greylisting), mail arrives after a retry";
            format!("{what}: of {} it says {}", one.address, answered(one))
        }
        ([one], _) => {
            let refused = if one.class == Class::Temp { "does not take mail now" } else { "takes no mail" };
            format!("{refused} for {}: {}", one.address, answered(one))
        }
        (all, taken) if taken == all.len() => format!("would take mail for all {taken} recipients"),
        (all, 0) => format!("takes mail for none of {} recipients", all.len()),
        (all, taken) => format!("would take mail for {taken} of {} recipients", all.len()),
    }
}

fn protection(sighting: &Sighting) -> String {
    let Some(tls) = &sighting.tls else { return ", not encrypted".to_owned() };
    let version = tls.version.replacen("TLSv", "TLS ", 1);
    let until = || tls.not_after.as_deref().map(|until| format!(" until {}", day(until))).unwrap_or_default();
    let certificate = match (&tls.objection, tls.verified) {
        (Some(worst), _) => format!("but its certificate is not accepted: {worst}"),
        (None, "pin") => format!("certificate pinned, valid{}", until()),
        (None, _) => format!("certificate valid for {}{}", tls.expected, until()),
    };
    format!(", encrypted by {version}, {certificate}")
}

/// The date of a time.
fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}

fn findings(sighting: &Sighting, endpoint: &Endpoint) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut find = |known: Known, text: String| found.push(Finding::new(known, None, text));
    if sighting.state == State::Unreachable {
        return found;
    }
    let said_helo = sighting.replies.iter().any(|said| said.verb() == Some("HELO"));
    if said_helo && sighting.failure.is_none() {
        find(SMTP_NO_EHLO, "it does not know EHLO".to_owned());
    }
    match &sighting.tls {
        None if sighting.crosses_no_wire || sighting.failure.is_some() => {}
        None if endpoint.tls == TlsMode::None => {}
        None => {
            find(TLS_NONE, "no encryption is offered: everybody on the way can read and change what is said".to_owned())
        }
        Some(tls) => on_certificate(tls, sighting.is_demanded, endpoint, &mut find),
    }
    found
}

fn on_certificate(tls: &Tls, is_demanded: bool, endpoint: &Endpoint, find: &mut impl FnMut(Known, String)) {
    let level = match endpoint.tls {
        TlsMode::Implicit | TlsMode::StartTls if is_demanded => Level::Error,
        // Those who relay mail seldom look (RFC 7435).
        _ => Level::Warn,
    };
    for Objection { flaw, text, .. } in &tls.objections {
        find(Known { level, ..known_of(*flaw) }, format!("the certificate is not accepted: {text}"));
    }
    if let Some(days) = tls.days_left.filter(|days| *days < DAYS_MIN) {
        find(TLS_ENDS_SOON, format!("the certificate {}", ends(days)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::sighting::Said;
    use super::*;
    use crate::smtp::outcome::Outcome;
    use crate::smtp::reply::Reply;
    use crate::status::{EnhancedStatus, ReplyCode};
    use crate::wire::secured;

    fn seen(url: &str) -> (Sighting, Endpoint) {
        let endpoint = Endpoint::parse(url).expect(url);
        (Sighting::new(&endpoint), endpoint)
    }

    fn refusal(phase: Phase, code: u16, text: &str) -> Outcome {
        let enhanced = EnhancedStatus::parse(text.split(' ').next().unwrap_or_default());
        let lines = vec![text.split_once(' ').map_or(text, |(_, rest)| rest).to_owned()];
        Outcome::of(phase, &Reply { code: ReplyCode::new(code).expect("a code"), enhanced, lines })
    }

    #[test]
    fn each_end_is_one_sentence() {
        use State::*;
        for (outcome, state, wanted) in [
            (refusal(Phase::Greeting, 554, "5.7.1 no"), Refused, "refuses us in its greeting: 554 5.7.1 no."),
            (refusal(Phase::Hello, 421, "4.3.2 busy."), Deferred, "refuses us for now at EHLO: 421 4.3.2 busy."),
            (refusal(Phase::Tls, 454, "4.7.0 later"), Deferred, "refuses us for now at STARTTLS: 454 4.7.0 later."),
            (refusal(Phase::Xclient, 550, "5.7.0 no"), Refused, "refuses us at XCLIENT: 550 5.7.0 no."),
            (Outcome::lost(Phase::Greeting, "it is gone"), Lost, "breaks off before its greeting: it is gone."),
            (Outcome::lost(Phase::Rcpt, "it is gone"), Lost, "breaks off at RCPT: it is gone."),
            (Outcome::lost(Phase::Tls, "cut"), Lost, "breaks off in the TLS handshake: cut."),
            (Outcome::broken(Phase::Greeting, "what"), Broken, "breaks the protocol in its greeting: what."),
            (Outcome::failed_here(Phase::Tls, "no TLS"), Unfit, "cannot be used as asked: no TLS."),
        ] {
            let (mut sighting, endpoint) = seen("smtp://mx.x.test?tls=try");
            sighting.ended(&outcome);
            form(&mut sighting, &endpoint);
            let wanted = format!("mx.x.test:25 {wanted}");
            assert_eq!((sighting.state, sighting.sentence.as_str()), (state, wanted.as_str()));
            assert!(sighting.kind.is_some(), "{wanted}");
        }
    }

    const SILENT: &str = "no answer within 30 seconds";

    #[test]
    fn who_is_answered_nothing_is_told_of_proxy_headers() {
        for (proxy, outcome, wanted) in [
            (None, Outcome::lost(Phase::Greeting, "x"), Some("behind a proxy it may wait for a PROXY header")),
            (
                None,
                Outcome::lost(Phase::Greeting, SILENT),
                Some("it may wait for TLS, with which smtps://mx.x.test:25 begins; behind a proxy"),
            ),
            (None, Outcome::lost(Phase::Hello, "x"), None),
            (None, refusal(Phase::Greeting, 554, "5.7.1 no"), None),
            (
                None,
                refusal(Phase::Hello, 500, "5.5.1 what"),
                Some("it knows neither EHLO nor HELO; it may speak LMTP: lmtp://mx.x.test:25"),
            ),
            (None, refusal(Phase::Hello, 550, "5.7.1 no"), None),
            (Some("v1 unknown"), Outcome::lost(Phase::Greeting, "x"), Some("does it expect a PROXY header")),
            (Some("v1 unknown"), Outcome::broken(Phase::Greeting, "x"), Some("does it expect a PROXY header")),
        ] {
            let (mut sighting, endpoint) = seen("smtp://mx.x.test?tls=try");
            sighting.proxy = proxy.map(str::to_owned);
            sighting.trouble = (outcome.text == SILENT).then_some(Trouble::Silence);
            sighting.ended(&outcome);
            form(&mut sighting, &endpoint);
            let hint = sighting.failure.and_then(|failure| failure.hint);
            assert_eq!(hint.is_some(), wanted.is_some(), "{hint:?}");
            assert!(hint.zip(wanted).is_none_or(|(hint, wanted)| hint.starts_with(wanted)));
        }
    }

    #[test]
    fn a_server_of_another_protocol_is_told_by_its_greeting() {
        for (url, greeting, wanted) in [
            ("smtp://x.test?tls=try", "* OK [CAPABILITY IMAP4rev1] ready", Some("imap://x.test:25?tls=try")),
            ("sieve://x.test:143", "* OK ready", Some("imap://x.test:143")),
            ("smtp://x.test?tls=try", "+OK ready", Some("pop3://x.test:25?tls=try")),
            ("pop3://x.test", "220 mx ESMTP", Some("smtp://x.test:110")),
            ("imap://x.test", "\"IMPLEMENTATION\" \"x\"", Some("sieve://x.test:143")),
            ("imap://x.test", "* what", None),
            ("imap://x.test", "who is it?", None),
        ] {
            let (mut sighting, endpoint) = seen(url);
            sighting.ended(&Outcome::broken(Phase::Greeting, "what"));
            let lines = vec![greeting.to_owned()];
            sighting.replies = vec![Said { command: None, code: None, enhanced: None, lines, ms: 0.0 }];
            form(&mut sighting, &endpoint);
            let hint = sighting.failure.and_then(|failure| failure.hint);
            let url = hint.as_deref().and_then(|hint| hint.rsplit_once(": "));
            assert_eq!(url.map(|(_, url)| url), wanted, "{url:?} {greeting}");
        }
    }

    #[test]
    fn encryption_is_judged_by_what_was_asked_for() {
        let now = "2026-03-02T09:00:00Z".parse().expect("a time");
        let found = |url: &str, change: &dyn Fn(&mut Sighting)| {
            let (mut sighting, endpoint) = seen(url);
            change(&mut sighting);
            form(&mut sighting, &endpoint);
            let ids: Vec<_> = sighting.findings.iter().map(|finding| (finding.id, finding.level)).collect();
            (sighting.sentence, ids)
        };
        let wrong = |flaw, text: &str| secured::Objection { flaw, text: text.to_owned() };
        let tls = |objections: &[(secured::Flaw, &str)], days: i64| {
            let facts = secured::Tls {
                version: "TLSv1.2".into(),
                objections: objections.iter().map(|(flaw, text)| wrong(*flaw, text)).collect(),
                ..secured::Tls::default()
            };
            let until = Some("2026-03-09T09:00:00Z".to_owned());
            Tls { days_left: Some(days), not_after: until, ..Tls::new(&facts, "mx.x.test", now) }
        };
        let ready = "mx.x.test:25 is ready for mail";
        assert_eq!(
            found("smtp://mx.x.test?tls=try", &|_| {}),
            (format!("{ready}, not encrypted."), vec![("tls.none", Level::Warn)])
        );
        assert_eq!(found("smtp://mx.x.test?tls=none", &|_| {}).1, []);
        assert_eq!(found("smtp://mx.x.test?tls=try", &|seen| seen.crosses_no_wire = true).1, []);
        assert_eq!(
            found("smtp://mx.x.test?tls=try", &|seen| seen.tls = Some(tls(&[], 7))),
            (
                format!("{ready}, encrypted by TLS 1.2, certificate valid for mx.x.test until 2026-03-09."),
                vec![("tls.ends-soon", Level::Warn)]
            )
        );
        // The sentence names the worst, and each has a finding of its own.
        let old = [(secured::Flaw::Other, "it is old"), (secured::Flaw::OtherName, "it is another's")];
        for (url, level) in [("smtp://mx.x.test?tls=try", Level::Warn), ("smtp://mx.x.test", Level::Error)] {
            assert_eq!(
                found(url, &|seen| seen.tls = Some(tls(&old, 400))),
                (
                    format!("{ready}, encrypted by TLS 1.2, but its certificate is not accepted: it is old."),
                    vec![("tls.certificate", level), ("tls.other-name", level)]
                )
            );
        }
        // Whoever names a port only asks for no good certificate, also where TLS comes first.
        let undemanded = found("smtps://mx.x.test", &|seen| {
            seen.is_demanded = false;
            seen.tls = Some(tls(&old, 400));
        });
        assert_eq!(undemanded.1, [("tls.certificate", Level::Warn), ("tls.other-name", Level::Warn)]);
        let helo = Said { command: Some("HELO x".into()), code: Some(250), enhanced: None, lines: Vec::new(), ms: 0.0 };
        let says_helo = |seen: &mut Sighting| {
            seen.crosses_no_wire = true;
            seen.replies = vec![helo.clone()];
        };
        assert_eq!(found("smtp://mx.x.test?tls=try", &says_helo).1, [("smtp.no-ehlo", Level::Warn)]);
    }
}
