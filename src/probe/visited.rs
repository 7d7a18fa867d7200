//! What was seen at one address of an exchanger, as the report on the domain has it. Pure.
//!
//! A sighting says how far a conversation came; here it becomes one word for how the address stands.
//! RFC 5321 §3.1, §3.8, §4.2.1; RFC 3207.

use super::answer::reverse_path;
use super::sighting::{Class, Failure, Recipient, Sighting, State, Times, Tls};
use crate::engine::reach::{Reach, reach};
use crate::net::dialogue::Trouble;
use crate::net::tls::Why;
use crate::smtp::outcome::Phase;
use crate::wire::secured::{Certificate, Flaw, Objection, Verified};
use schemars::JsonSchema;
use serde::Serialize;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::time::Duration;

/// An answer that takes longer is slow: some senders do not wait much longer for the greeting.
const SLOW: Duration = Duration::from_secs(5);

/// What was seen at one address.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Visited {
    /// The address.
    #[schemars(with = "String")]
    pub ip: IpAddr,
    /// The port.
    pub port: u16,
    /// How it stands.
    pub state: Standing,
    /// The greeting, with its code.
    pub banner: Option<String>,
    /// What was offered last, in answer to EHLO.
    pub ehlo: Vec<String>,
    /// The encryption, if there was one.
    pub tls: Option<Tls>,
    /// What authorities make of the certificate: `ok`, or all that speaks against it, the worst first.
    pub pkix: Option<String>,
    /// What TLSA records make of it; null if there are none that count.
    pub dane: Option<Fit>,
    /// What each recipient was answered.
    pub rcpt: Vec<Recipient>,
    /// Whether mail for a name that cannot be there would be taken too; null if nobody asked.
    pub catch_all: Option<bool>,
    /// What ended the look before its time.
    pub failure: Option<Failure>,
    /// How long each step took, in milliseconds.
    pub ms: Times,
    /// The slowest answer: what it answers, and milliseconds.
    #[serde(skip)]
    pub(super) slowest: Option<(String, f64)>,
    /// Whether the server knows no EHLO.
    #[serde(skip)]
    pub(super) is_old: bool,
    /// The newest version of TLS that it speaks, if that is too old.
    #[serde(skip)]
    pub(super) old_tls: Option<&'static str>,
    /// The reverse-path that was told, in its angle brackets.
    #[serde(skip)]
    pub(super) from: Option<String>,
    /// What authorities have against the certificate, the worst first; whatever TLSA records make of it.
    #[serde(skip)]
    pub(super) objections: Vec<Objection>,
    /// Whether it is this machine that has no way there.
    #[serde(skip)]
    pub(super) has_no_route: bool,
    /// What was shown in the handshake.
    #[serde(skip)]
    pub shown: Vec<Certificate>,
}

/// How an address stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It talks to us.
    Ok,
    /// Nobody looked.
    Skipped,
    /// It refuses connections.
    Refused,
    /// Nobody answers.
    Timeout,
    /// It is not reached.
    Unreachable,
    /// It greets with a code that begins with 4.
    #[serde(rename = "greeted-4xx")]
    Greeted4xx,
    /// It greets with a code that begins with 5.
    #[serde(rename = "greeted-5xx")]
    Greeted5xx,
    /// It refuses us for now, after its greeting.
    Deferred,
    /// It refuses us for good, after its greeting.
    Rejected,
    /// It was waited for, and said nothing.
    Silent,
    /// It hung up.
    HungUp,
    /// What it says is no SMTP.
    Broken,
    /// It offers STARTTLS and does not let us begin.
    TlsDeclined,
    /// Its versions of TLS are too old.
    TlsOld,
    /// The TLS handshake failed.
    TlsFailed,
}

/// Whether a certificate is what TLSA records name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// It is.
    Match,
    /// It is not.
    Nomatch,
}

impl Standing {
    /// Whether mail gets through, encrypted or, with senders who do not insist, in clear.
    pub fn takes_mail(self) -> bool {
        matches!(self, Self::Ok | Self::TlsDeclined | Self::TlsOld | Self::TlsFailed)
    }

    /// Whether it will stay so, as far as anybody can tell.
    pub fn is_lasting(self) -> bool {
        matches!(self, Self::Greeted5xx | Self::Rejected | Self::Broken)
    }

    /// Of a sighting.
    pub fn of(sighting: &Sighting) -> Self {
        let failure = sighting.failure.as_ref();
        let phase = failure.map_or("", |failure| failure.phase);
        let in_tls = phase == Phase::Tls.name();
        let greets = phase == Phase::Greeting.name();
        match sighting.state {
            State::Ok => Self::Ok,
            State::Unreachable => match sighting.reason {
                Some(ErrorKind::ConnectionRefused) => Self::Refused,
                Some(ErrorKind::TimedOut) => Self::Timeout,
                _ => Self::Unreachable,
            },
            State::Refused | State::Deferred if in_tls => Self::TlsDeclined,
            State::Deferred if greets => Self::Greeted4xx,
            State::Refused if greets => Self::Greeted5xx,
            State::Deferred => Self::Deferred,
            _ if in_tls && sighting.old_tls.is_some() => Self::TlsOld,
            _ if in_tls && sighting.trouble == Some(Trouble::Handshake(Why::TooOld)) => Self::TlsOld,
            _ if in_tls => Self::TlsFailed,
            State::Refused | State::Unfit => Self::Rejected,
            State::Broken => Self::Broken,
            State::Lost if sighting.trouble == Some(Trouble::Silence) => Self::Silent,
            State::Lost => Self::HungUp,
        }
    }
}

/// Whether it is this machine that has no way to an address, whatever is there; `own` are the addresses that it speaks from
/// to far away.
fn lacks_way(ip: IpAddr, reason: Option<ErrorKind>, own: &[IpAddr]) -> bool {
    let is_way = |own: &IpAddr| match (own, ip) {
        // Behind a gateway that translates, as is the custom with IPv4 only (RFC 4193 §4.1).
        (IpAddr::V4(_), IpAddr::V4(_)) => reach(*own) != Reach::Loopback,
        (IpAddr::V6(_), IpAddr::V6(_)) => reach(*own) == Reach::Public,
        _ => false,
    };
    match reason {
        Some(ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable) => true,
        // RFC 792, RFC 4443 §3.1: said of a host that is not there, or that a firewall guards; but also of all hosts, to a
        // machine that has no address with which it could ever reach them.
        Some(ErrorKind::HostUnreachable) => reach(ip) == Reach::Public && !own.iter().any(is_way),
        _ => false,
    }
}

impl Visited {
    /// An address that nobody looked at.
    pub fn skipped(ip: IpAddr, port: u16) -> Self {
        Self {
            ip,
            port,
            state: Standing::Skipped,
            banner: None,
            ehlo: Vec::new(),
            tls: None,
            pkix: None,
            dane: None,
            rcpt: Vec::new(),
            catch_all: None,
            failure: None,
            ms: Times::default(),
            slowest: None,
            is_old: false,
            old_tls: None,
            from: None,
            objections: Vec::new(),
            has_no_route: false,
            shown: Vec::new(),
        }
    }

    /// What was seen, and what authorities and TLSA records make of what was shown. The last recipient was a name that
    /// cannot be there if `has_stranger`; `own` are
    /// the addresses of this machine.
    pub fn new(
        (ip, port): (IpAddr, u16),
        sighting: Sighting,
        judged: Option<Result<Verified, Vec<Objection>>>,
        dane: Option<Fit>,
        (has_stranger, own): (bool, &[IpAddr]),
    ) -> Self {
        let state = Standing::of(&sighting);
        let said = sighting.replies.iter().map(|said| (said.verb().unwrap_or("greeting"), said.ms));
        let slowest = said.max_by(|(_, one), (_, other)| one.total_cmp(other));
        let mut rcpt = sighting.rcpt;
        let stranger = if has_stranger { rcpt.pop() } else { None };
        let mut tls = sighting.tls;
        let (mut pkix, mut objections) = (None, Vec::new());
        if let (Some(tls), Some(judged)) = (&mut tls, judged) {
            match judged {
                Ok(verified) => {
                    tls.verified = verified.word();
                    pkix = Some("ok".to_owned());
                }
                Err(all) => {
                    pkix = Some(all.iter().map(|one| one.text.as_str()).collect::<Vec<_>>().join("; "));
                    tls.object(&all);
                    objections = all;
                }
            }
            if dane == Some(Fit::Match) {
                tls.verified = Verified::Dane.word();
                tls.object(&[]);
            }
        }
        Self {
            ip,
            port,
            state,
            banner: sighting.banner,
            ehlo: sighting.offers,
            dane: dane.filter(|_| tls.is_some()),
            tls,
            pkix,
            rcpt,
            catch_all: stranger.filter(|one| one.phase == Phase::Rcpt.name()).map(|one| one.class == Class::Ok),
            failure: sighting.failure,
            ms: sighting.ms,
            slowest: slowest.map(|(verb, ms)| (verb.to_owned(), ms)),
            old_tls: sighting.old_tls,
            from: reverse_path(&sighting.replies),
            is_old: sighting.replies.iter().any(|said| said.verb() == Some("HELO")),
            objections,
            has_no_route: lacks_way(ip, sighting.reason, own),
            shown: sighting.shown,
        }
    }

    /// Whether somebody looked, and had a way there: what this machine cannot reach says nothing about the server.
    pub(super) fn is_seen(&self) -> bool {
        self.state != Standing::Skipped && !self.has_no_route
    }

    /// The worst of what is wrong with the certificate, in a few words.
    pub fn flaw_word(&self) -> Option<&'static str> {
        Some(match self.objections.first()?.flaw {
            Flaw::Expired => "expired",
            Flaw::NotYetValid => "not valid yet",
            Flaw::OtherName => "for another name",
            Flaw::Untrusted => "nobody vouches",
            Flaw::Other => "bad certificate",
        })
    }

    /// How long the slowest answer took, if that is remarkable.
    pub fn slow_seconds(&self) -> Option<f64> {
        self.slowest.as_ref().map(|(_, ms)| ms / 1000.0).filter(|seconds| *seconds > SLOW.as_secs_f64())
    }

    /// The newest version of TLS that it speaks, if that is too old: `TLS 1.0`.
    pub fn old_tls(&self) -> Option<&'static str> {
        self.old_tls
    }

    /// `takes 6.0 seconds to greet`, if that is remarkable.
    pub(super) fn slowness(&self) -> Option<String> {
        let (seconds, (what, _)) = (self.slow_seconds()?, self.slowest.as_ref()?);
        let what = if what == "greeting" { "greet".to_owned() } else { format!("answer {what}") };
        Some(format!("takes {seconds:.1} seconds to {what}"))
    }

    /// `192.0.2.1`, and the port if it is not the usual one.
    pub fn place(&self) -> String {
        match self.port {
            25 => self.ip.to_string(),
            port => format!("{} port {port}", self.ip),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_a_family_has_no_way_and_one_with_it_is_told_of_the_host() {
        let (host, net) = (ErrorKind::HostUnreachable, ErrorKind::NetworkUnreachable);
        for (to, reason, own, wanted) in [
            ("2606:4700::1", host, &["192.168.1.2"][..], true),
            ("2606:4700::1", host, &["192.168.1.2", "fd00::1"], true),
            ("2606:4700::1", host, &["fe80::1"], true),
            ("2606:4700::1", host, &["192.168.1.2", "2606:4700::2"], false),
            ("198.51.101.1", host, &["192.168.1.2"], false),
            ("198.51.101.1", host, &["2606:4700::2"], true),
            ("198.51.101.1", host, &[], true),
            // A network of one's own is another matter: there it is the host.
            ("fd00::7", host, &["192.168.1.2"], false),
            ("198.51.101.1", net, &["192.168.1.2"], true),
            ("198.51.101.1", ErrorKind::AddrNotAvailable, &["192.168.1.2"], true),
            ("198.51.101.1", ErrorKind::ConnectionRefused, &[], false),
            ("198.51.101.1", ErrorKind::TimedOut, &[], false),
        ] {
            let own: Vec<IpAddr> = own.iter().map(|ip| ip.parse().expect("an address")).collect();
            let ip = to.parse().expect("an address");
            assert_eq!(lacks_way(ip, Some(reason), &own), wanted, "{to} {reason:?} {own:?}");
        }
        assert!(!lacks_way("2606:4700::1".parse().expect("an address"), None, &[]));
    }
}
