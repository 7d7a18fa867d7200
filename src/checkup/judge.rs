//! What a server showed, judged: good, to be looked after, or missing. Pure.

use super::Step;
use crate::endpoint::{Endpoint, Protocol, TlsMode};
use crate::engine::imap::Listed;
use crate::imap::mailbox::SpecialUse;
use crate::net::tls::{Certified, DAYS_MIN};
use crate::pop3::capability::Capabilities;
use crate::smtp::extension::Extensions;
use crate::wire::secured::{Tls, Verified};
use crate::world::Timestamp;
use std::net::SocketAddr;

/// Addresses that are named; a large provider has dozens.
const NAMED_MAX: usize = 4;

/// The server's name resolves, or that of the proxy before it.
pub(super) fn addresses(found: &[SocketAddr], is_proxy: bool) -> Step {
    let mut ips: Vec<String> = Vec::new();
    for address in found {
        let ip = address.ip().to_string();
        if !ips.contains(&ip) {
            ips.push(ip);
        }
    }
    let more = ips.len().saturating_sub(NAMED_MAX);
    ips.truncate(NAMED_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let whose = if is_proxy { "the proxy, at " } else { "" };
    Step::ok("dns", format!("{whose}{}{more}", ips.join(", ")))
}

/// The encryption, or that there is none.
pub(super) fn encryption(tls: Option<&Tls>, endpoint: &Endpoint, crosses_no_wire: bool, now: Timestamp) -> Step {
    let Some(tls) = tls else {
        return match crosses_no_wire {
            true => Step::ok("tls", "none, and none is needed on this machine"),
            false => Step::warn(
                "tls",
                "none: everybody on the way can read along",
                format!("let the server be reached with TLS: {}", with_tls(endpoint)),
            ),
        };
    };
    let how = match tls.verified {
        Verified::Pkix => "certificate vouched for by an authority",
        Verified::Pin => "certificate pinned",
        Verified::Dane => "certificate named by the domain's TLSA records",
        Verified::MtaSts => "certificate vouched for by an authority, server named by the domain's policy",
        Verified::No => "certificate not checked",
    };
    let left = tls.chain.first().and_then(|own| Certified::read(&own.der)).map(|own| own.days_left(now));
    let text = match left {
        Some(Some(days)) => format!("{}, {how}, good for {days} more days", tls.version),
        Some(None) => format!("{}, {how}, past its time", tls.version),
        None => format!("{}, {how}", tls.version),
    };
    match left {
        Some(Some(days)) if days < DAYS_MIN => Step::warn("tls", text, "whoever runs the server should renew it"),
        Some(None) => Step::warn("tls", text, "only the pin makes it acceptable: ask for a new certificate"),
        _ => Step::ok("tls", text),
    }
}

fn with_tls(endpoint: &Endpoint) -> String {
    Endpoint { tls: TlsMode::StartTls, ..endpoint.clone() }.to_string()
}

/// What an SMTP server offers, and how large a message may be.
pub(super) fn extensions(offered: &Extensions) -> Vec<Step> {
    let size = match offered.size_max {
        Some(octets) => format!("messages up to {} MB", octets / 1_000_000),
        None if offered.size => "no limit is named".to_owned(),
        None => "the server says nothing about sizes".to_owned(),
    };
    vec![Step::ok("capabilities", offered.lines().join(" | ")), Step::ok("size", size)]
}

/// What a POP3 server offers.
pub(super) fn capabilities(offered: &Capabilities) -> Step {
    let all = offered.lines().join(" | ");
    match offered.uidl {
        true => Step::ok("capabilities", all),
        false => Step::warn(
            "capabilities",
            format!("no UIDL, only {all}"),
            "messages have no names there, so those that stay on the server may be fetched again",
        ),
    }
}

/// Which mailboxes an IMAP server has for what.
pub(super) fn mailboxes(listed: &[Listed]) -> Step {
    let named = |wanted: SpecialUse| listed.iter().find(|one| one.special_use == Some(wanted));
    let uses = [
        (SpecialUse::Sent, "Sent"),
        (SpecialUse::Drafts, "Drafts"),
        (SpecialUse::Trash, "Trash"),
        (SpecialUse::Junk, "Junk"),
        (SpecialUse::Archive, "Archive"),
    ];
    let found: Vec<String> = uses
        .iter()
        .filter_map(|(wanted, word)| named(*wanted).map(|one| format!("{word} is {}", one.wire_name)))
        .collect();
    let text = match found.is_empty() {
        true => format!("{} mailboxes, none of them marked for a purpose", listed.len()),
        false => format!("{} mailboxes, {}", listed.len(), found.join(", ")),
    };
    match named(SpecialUse::Sent) {
        Some(_) => Step::ok("mailboxes", text),
        None => {
            Step::warn("mailboxes", text, "copies of what is sent find their place if the account says sent = \"NAME\"")
        }
    }
}

/// What the user can do about a step that failed with a server.
pub(super) fn advice(step: &str, endpoint: &Endpoint) -> Option<String> {
    Some(match step {
        "dns" => "is the name of the server right?".to_owned(),
        "tcp" => format!("is {} the right port, and does a firewall let you through?", endpoint.port),
        "tls" => format!(
            "if you know that this is the right server, look at its certificate with: mailkit account trust {endpoint}"
        ),
        "auth" => "is the user's name right, and the secret? Where a login has two factors, mail programs need an \
                   app password"
            .to_owned(),
        _ => return None,
    })
}

/// The name of a service in an account.
pub(super) fn service(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Smtp | Protocol::Lmtp => "smtp",
        Protocol::Imap => "imap",
        Protocol::Pop3 => "pop",
        Protocol::Sieve => "sieve",
    }
}

/// All steps in one sentence, as for somebody who asked whether it works.
pub fn opinion(steps: &[Step]) -> String {
    let count = |level| steps.iter().filter(|step| step.level == level).count();
    match (steps.iter().find(|step| step.kind.is_some()), count(super::Level::Warn)) {
        (Some(step), _) => {
            let place = step.service.map_or_else(String::new, |service| format!("{service} "));
            format!("{place}{} failed", step.name)
        }
        (None, 0) => "all is well".to_owned(),
        (None, 1) => "it works, with one warning".to_owned(),
        (None, more) => format!("it works, with {more} warnings"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;
    use crate::net::tls::Identity;
    use crate::wire::secured::{Certificate, Fingerprint};

    fn endpoint(url: &str) -> Endpoint {
        Endpoint::parse(url).expect("a URL")
    }

    #[test]
    fn encryption_is_judged_by_what_it_protects() {
        let now = "2026-03-02T09:00:00Z".parse().expect("a time");
        let remote = endpoint("imap://imap.x.test?tls=none");
        assert_eq!(encryption(None, &remote, true, now).level, Level::Ok);
        let bare = encryption(None, &remote, false, now);
        assert_eq!(bare.level, Level::Warn);
        assert!(bare.hint.is_some_and(|hint| hint.ends_with("imap://imap.x.test:143")));
        // What this program makes for itself is good for centuries.
        let made = Identity::self_signed(&["imap.x.test".to_owned()]).expect("a certificate");
        let der = pem(&made.certificates);
        let own = Certificate { der, sha256: Fingerprint([1; 32]), spki: None };
        let tls = |verified| Tls { version: "TLSv1.3".into(), verified, chain: vec![own.clone()], ..Tls::default() };
        let step = encryption(Some(&tls(Verified::Pkix)), &remote, false, now);
        assert_eq!(step.level, Level::Ok);
        assert!(step.text.starts_with("TLSv1.3, certificate vouched for by an authority, good for "), "{}", step.text);
        let (soon, late) = ("4095-12-28T00:00:00Z", "4096-01-02T00:00:00Z");
        for (at, wanted) in [(soon, "good for 4 more days"), (late, "past its time")] {
            let step = encryption(Some(&tls(Verified::Pin)), &remote, false, at.parse().expect("a time"));
            assert_eq!(
                (step.level, step.text.as_str()),
                (Level::Warn, format!("TLSv1.3, certificate pinned, {wanted}").as_str())
            );
        }
    }

    fn pem(text: &str) -> Vec<u8> {
        let inner: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
        crate::sasl::base64::decode(inner.as_bytes()).expect("base64").to_vec()
    }

    #[test]
    fn what_is_missing_is_a_warning_with_advice() {
        let listed = |name: &str, special_use| Listed {
            wire_name: name.into(),
            separator: Some('/'),
            selectable: true,
            special_use,
            is_subscribed: false,
        };
        let all = [listed("INBOX", None), listed("Gesendet", Some(SpecialUse::Sent))];
        let step = mailboxes(&all);
        assert_eq!((step.level, step.text.as_str()), (Level::Ok, "2 mailboxes, Sent is Gesendet"));
        assert_eq!(mailboxes(&all[..1]).level, Level::Warn);
        assert_eq!(capabilities(&Capabilities::default()).level, Level::Warn);
        assert_eq!(capabilities(&Capabilities { uidl: true, ..Capabilities::default() }).level, Level::Ok);
        let size = |size_max| extensions(&Extensions { size: true, size_max, ..Extensions::default() })[1].text.clone();
        assert_eq!(
            (size(Some(35_000_000)).as_str(), size(None).as_str()),
            ("messages up to 35 MB", "no limit is named")
        );
    }

    #[test]
    fn the_first_failure_is_the_opinion() {
        let fail = Step { kind: Some(crate::error::Kind::NoPermission), ..Step::ok("auth", "") }.of("imap");
        let warn = Step::warn("tls", "", "");
        for (steps, wanted) in [
            (vec![], "all is well"),
            (vec![warn.clone()], "it works, with one warning"),
            (vec![warn.clone(), warn.clone()], "it works, with 2 warnings"),
            (vec![warn, fail], "imap auth failed"),
        ] {
            assert_eq!(opinion(&steps), wanted);
        }
    }

    #[test]
    fn addresses_are_named_once_and_not_without_end() {
        let many: Vec<SocketAddr> = (1..=6).flat_map(|n| [([192, 0, 2, n], 25).into(); 2]).collect();
        assert_eq!(addresses(&many, false).text, "192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4 and 2 more");
    }
}
