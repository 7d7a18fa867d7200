//! What was seen of one server, as data: what the terminal shows and `--json` prints.
//!
//! The names of the JSON schema `mailkit.probe/1` live here and nowhere else, but for its exit code. Judges nothing.

use super::certificate::known_of;
use super::report::Finding;
use crate::endpoint::{Endpoint, Protocol};
use crate::envelope::Envelope;
use crate::error::{Error, Kind};
use crate::net::dialogue::{Heard, Trouble};
use crate::net::tls::Certified;
use crate::smtp::outcome::{Ending, Outcome, Phase};
use crate::smtp::reply::Reply;
use crate::status::Fate;
use crate::wire::secured;
use crate::world::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::io;
use std::time::Duration;

/// What was seen of a server.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Sighting {
    /// The server, as it was dialled.
    pub url: String,
    /// Its name or address; its path, if it is reached by one; the command, if it is a program.
    pub host: String,
    /// Its port.
    pub port: Option<u16>,
    /// The address that answered.
    pub ip: Option<String>,
    /// How it stands.
    pub state: State,
    /// The same as a sentence.
    pub sentence: String,
    /// Whose connection was said to be passed on, if that was said, as `v2 192.0.2.7:49152 to 127.0.0.1:25`.
    pub proxy: Option<String>,
    /// What XCLIENT said.
    pub xclient: Vec<String>,
    /// What ended it before its time.
    pub failure: Option<Failure>,
    /// The first greeting, with its code.
    pub banner: Option<String>,
    /// What was offered last, in answer to EHLO, LHLO, CAPA or CAPABILITY.
    pub offers: Vec<String>,
    /// The encryption, if there was one.
    pub tls: Option<Tls>,
    /// What each recipient was answered.
    pub rcpt: Vec<Recipient>,
    /// All replies, in order.
    pub replies: Vec<Said>,
    /// How long each step took, in milliseconds.
    pub ms: Times,
    /// What is remarkable or wrong.
    pub findings: Vec<Finding>,
    /// Whether nobody on the way can read along, encrypted or not.
    #[serde(skip)]
    pub crosses_no_wire: bool,
    /// Whether a certificate that is accepted was asked for, where TLS is a must.
    #[serde(skip)]
    pub(super) is_demanded: bool,
    /// What sort of failure it is, if it is one.
    #[serde(skip)]
    pub kind: Option<Kind>,
    /// What the system said of a connection that was not made.
    #[serde(skip)]
    pub reason: Option<io::ErrorKind>,
    /// What was shown in the handshake.
    #[serde(skip)]
    pub shown: Vec<secured::Certificate>,
    /// The newest version of TLS that it speaks, if that is too old, as `TLS 1.0`.
    #[serde(skip)]
    pub(super) old_tls: Option<&'static str>,
    /// What ended the conversation, as far as that is more than its words.
    #[serde(skip)]
    pub(super) trouble: Option<Trouble>,
}

/// How a server stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It came as far as was wanted; what it said of recipients is another matter.
    Ok,
    /// Nobody answered.
    Unreachable,
    /// It refused for good.
    Refused,
    /// It refused for now.
    Deferred,
    /// It fell silent, or hung up.
    Lost,
    /// What it said made no sense.
    Broken,
    /// It lacks what was asked for: encryption, a good certificate, XCLIENT, patience with a PROXY header.
    Unfit,
}

/// What ended a look before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// How far it came: connect, greeting, ehlo, tls, xclient, mail, rcpt; capabilities in POP3 and IMAP.
    pub phase: &'static str,
    /// The server's reply code.
    pub code: Option<u16>,
    /// Its enhanced status code.
    pub enhanced: Option<String>,
    /// Its words, or ours.
    pub text: String,
    /// What to do.
    pub hint: Option<String>,
}

/// The encryption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// TLSv1.3 or TLSv1.2.
    pub version: String,
    /// The cipher suite by its IANA name.
    pub cipher: String,
    /// The name that was looked for in the certificate.
    pub expected: String,
    /// By what the certificate was found good: pkix, pin, or none.
    pub verified: &'static str,
    /// Why it was not, if it was not: the worst of what speaks against it.
    pub objection: Option<String>,
    /// All that speaks against it, the worst first.
    pub objections: Vec<Objection>,
    /// Whose the certificate is, as its subject says.
    pub subject: Option<String>,
    /// Who signed it.
    pub issuer: Option<String>,
    /// The names and addresses it is good for.
    pub names: Vec<String>,
    /// From when it is good.
    pub not_before: Option<String>,
    /// Until when.
    pub not_after: Option<String>,
    /// Whole days that it is still good for; null if it is not.
    pub days_left: Option<i64>,
    /// Its fingerprint.
    pub sha256: Option<String>,
    /// The fingerprint of its key.
    pub spki_sha256: Option<String>,
    /// How many certificates were shown.
    pub chain: usize,
}

/// What speaks against a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objection {
    /// The finding that it is: tls.untrusted, tls.other-name, tls.expired, tls.not-yet-valid or tls.certificate.
    pub id: &'static str,
    /// A sentence about the certificate, which is "it" there.
    pub text: String,
    /// Of which sort it is.
    #[serde(skip)]
    pub(super) flaw: secured::Flaw,
}

/// What a recipient was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// The address that was asked about.
    pub address: String,
    /// Whether mail for it would be taken.
    pub class: Class,
    /// The server's reply code.
    pub code: Option<u16>,
    /// Its enhanced status code.
    pub enhanced: Option<String>,
    /// Its words, or ours.
    pub text: String,
    /// What it was that was answered so: mail or rcpt.
    pub phase: &'static str,
}

/// Whether mail would be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// It would.
    Ok,
    /// Not now.
    Temp,
    /// Not at all.
    Perm,
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// What it answers, without the tag of IMAP; null for a greeting.
    pub command: Option<String>,
    /// The reply code of SMTP.
    pub code: Option<u16>,
    /// Its enhanced status code.
    pub enhanced: Option<String>,
    /// The text, without these codes; in other protocols as it was said.
    pub lines: Vec<String>,
    /// How long it took, in milliseconds.
    pub ms: f64,
}

/// How long each step took, in milliseconds; null for those that were not come to.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Times {
    /// Until an address answered.
    pub connect: Option<f64>,
    /// Until the server had greeted.
    pub banner: Option<f64>,
    /// The TLS handshake.
    pub tls: Option<f64>,
    /// All of it.
    pub total: f64,
}

impl Sighting {
    /// Of a server of which nothing is known yet.
    pub(super) fn new(endpoint: &Endpoint) -> Self {
        Self {
            url: endpoint.to_string(),
            host: endpoint.place(),
            port: endpoint.local.is_none().then_some(endpoint.port),
            ip: None,
            state: State::Ok,
            sentence: String::new(),
            proxy: None,
            xclient: Vec::new(),
            failure: None,
            banner: None,
            offers: Vec::new(),
            tls: None,
            rcpt: Vec::new(),
            replies: Vec::new(),
            ms: Times::default(),
            findings: Vec::new(),
            crosses_no_wire: false,
            is_demanded: true,
            kind: None,
            reason: None,
            shown: Vec::new(),
            old_tls: None,
            trouble: None,
        }
    }

    /// Nobody answered.
    pub(super) fn unreached(&mut self, error: &Error) {
        self.state = State::Unreachable;
        self.kind = Some(error.kind());
        let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<io::Error>());
        self.reason = source.map(io::Error::kind);
        self.failure = Some(Failure {
            phase: Phase::Connect.name(),
            code: None,
            enhanced: None,
            text: error.to_string(),
            hint: error.advice().map(str::to_owned),
        });
    }

    /// The conversation ended so.
    pub(super) fn ended(&mut self, outcome: &Outcome) {
        self.state = match (outcome.code, outcome.ending, outcome.kind()) {
            (_, _, Some(Kind::Protocol)) => State::Broken,
            (Some(_), Ending::Failed(Fate::Transient), _) => State::Deferred,
            (Some(_), ..) => State::Refused,
            (None, Ending::Failed(Fate::Permanent), _) => State::Unfit,
            (None, ..) => State::Lost,
        };
        self.kind = outcome.kind();
        self.failure = Some(Failure {
            phase: outcome.phase.name(),
            code: outcome.code.map(|code| code.get()),
            enhanced: outcome.code.and(outcome.enhanced).map(|status| status.to_string()),
            text: outcome.text.clone(),
            hint: None,
        });
    }

    /// What was answered of each recipient.
    pub(super) fn asked(&mut self, envelope: &Envelope, outcomes: &[Outcome]) {
        let both = envelope.recipients.iter().zip(outcomes);
        self.rcpt = both.map(|(path, outcome)| Recipient::new(path.to_string(), outcome)).collect();
        if !outcomes.iter().any(Outcome::is_accepted) {
            self.kind = outcomes.iter().find_map(Outcome::kind);
        }
        let is_lost = |outcome: &&Outcome| outcome.code.is_none() && outcome.ending == Ending::Failed(Fate::Transient);
        if let Some(lost) = outcomes.iter().find(is_lost) {
            self.ended(lost);
        }
    }

    /// A conversation of POP3 or IMAP ended so, after this much of it.
    pub(super) fn failed(&mut self, error: &Error, heard: &[Heard]) {
        self.state = match (error.kind(), error.answer()) {
            (Kind::Protocol, _) => State::Broken,
            (Kind::Temporary, Some(_)) => State::Deferred,
            (_, Some(_)) => State::Refused,
            (Kind::Temporary, None) => State::Lost,
            (_, None) => State::Unfit,
        };
        self.kind = Some(error.kind());
        let last = heard.iter().rev().find_map(|one| one.question.as_deref());
        self.failure = Some(Failure {
            phase: match last {
                Some(question) if question.ends_with("STLS") || question.ends_with("STARTTLS") => Phase::Tls.name(),
                Some(_) => "capabilities",
                None if heard.is_empty() && error.kind() == Kind::Unavailable => Phase::Tls.name(),
                // It has greeted, and has not answered what comes next.
                None if !heard.is_empty() && self.state == State::Lost => "capabilities",
                None => Phase::Greeting.name(),
            },
            code: None,
            enhanced: None,
            text: error.answer().map_or_else(|| error.to_string(), str::to_owned),
            hint: error.advice().map(str::to_owned),
        });
    }

    /// What was said on the way there.
    pub(super) fn told(&mut self, protocol: Protocol, heard: &[Heard]) {
        self.replies = heard.iter().map(|heard| Said::new(protocol, heard)).collect();
        let greeting = self.replies.first().filter(|said| said.command.is_none());
        self.banner = greeting.map(Said::words);
        self.ms.banner = greeting.map(|said| said.ms);
        if let Some(offers) = self.replies.iter().rev().find_map(Said::offers) {
            self.offers = offers;
        }
    }
}

impl Tls {
    /// What the handshake settled, at this time, with whoever was to have this name.
    pub(super) fn new(tls: &secured::Tls, expected: &str, now: Timestamp) -> Self {
        let own = tls.chain.first();
        let read = own.and_then(|own| Certified::read(&own.der));
        let read = read.as_ref();
        let mut seen = Self {
            version: tls.version.clone(),
            cipher: tls.cipher.clone(),
            expected: expected.to_owned(),
            verified: tls.verified.word(),
            objection: None,
            objections: Vec::new(),
            subject: read.map(|read| read.subject.clone()),
            issuer: read.map(|read| read.issuer.clone()),
            names: read.map(|read| read.names.clone()).unwrap_or_default(),
            not_before: read.map(|read| read.begins.to_string()),
            not_after: read.map(|read| read.ends.to_string()),
            days_left: read.and_then(|read| read.days_left(now)),
            sha256: own.map(|own| own.sha256.to_string()),
            spki_sha256: own.and_then(|own| own.spki).map(|key| key.to_string()),
            chain: tls.chain.len(),
        };
        seen.object(&tls.objections);
        seen
    }

    /// Takes these objections for all there are.
    pub(super) fn object(&mut self, objections: &[secured::Objection]) {
        let told =
            |one: &secured::Objection| Objection { id: known_of(one.flaw).id, text: one.text.clone(), flaw: one.flaw };
        self.objections = objections.iter().map(told).collect();
        self.objection = self.objections.first().map(|worst| worst.text.clone());
    }
}

impl Recipient {
    /// What became of the question about an address.
    pub(super) fn new(address: String, outcome: &Outcome) -> Self {
        Self {
            address,
            class: match outcome.ending {
                Ending::Accepted => Class::Ok,
                Ending::Failed(Fate::Permanent) => Class::Perm,
                Ending::Failed(Fate::Transient) | Ending::Withheld | Ending::Unknown => Class::Temp,
            },
            code: outcome.code.map(|code| code.get()),
            enhanced: outcome.enhanced.map(|status| status.to_string()),
            text: outcome.text.clone(),
            phase: outcome.phase.name(),
        }
    }
}

impl Said {
    fn new(protocol: Protocol, heard: &Heard) -> Self {
        let is_smtp = matches!(protocol, Protocol::Smtp | Protocol::Lmtp);
        let reply = is_smtp.then(|| Reply::of_lines(&heard.lines)).flatten();
        let untagged = |question: &String| match (protocol, question.split_once(' ')) {
            (Protocol::Imap, Some((_, command))) => command.to_owned(),
            _ => question.clone(),
        };
        Self {
            command: heard.question.as_ref().map(untagged),
            code: reply.as_ref().map(|reply| reply.code.get()),
            enhanced: reply.as_ref().and_then(|reply| reply.enhanced).map(|status| status.to_string()),
            lines: reply.map_or_else(|| heard.lines.clone(), |reply| reply.lines),
            ms: millis(heard.took),
        }
    }

    /// The word that the command begins with.
    pub fn verb(&self) -> Option<&str> {
        self.command.as_deref()?.split(' ').next()
    }

    /// All of it on one line.
    pub fn words(&self) -> String {
        let code = self.code.map(|code| format!("{code} ")).unwrap_or_default();
        let enhanced = self.enhanced.as_ref().map(|status| format!("{status} ")).unwrap_or_default();
        let text = self.lines.join(if self.code.is_some() { " " } else { " | " });
        format!("{code}{enhanced}{text}").trim_end().to_owned()
    }

    /// What is offered, if that was the question, and it was answered.
    fn offers(&self) -> Option<Vec<String>> {
        let (first, rest) = self.lines.split_first()?;
        match self.verb()? {
            "EHLO" | "LHLO" if self.code.is_some_and(|code| code < 300) => Some(rest.to_vec()),
            "CAPA" if first.starts_with("+OK") => Some(rest.to_vec()),
            _ => None,
        }
    }
}

/// Tenths are enough: whoever looks closer measures the network.
pub(super) fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}
