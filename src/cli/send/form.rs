//! From what is known of a run to the object that `--json` prints.
//!
//! `object` says what its fields are, `report` what became of a message; here the one is filled from the other. Prints
//! nothing.

use super::compose::Outgoing;
use super::object::{self, Class, Object, Queue, Recipient, Route, Saved, Status, Summary, Timing};
use super::report::{Fared, Reached, said, status};
use crate::cli::exit::Exit;
use crate::cli::login::Server;
use mailkit::account::Reason;
use mailkit::endpoint::{Endpoint, Protocol, TlsMode};
use mailkit::envelope::{BodyType, ForwardPath};
use mailkit::error::{Error, Kind, Result};
use mailkit::submit::{self, direct};
use mailkit::wire::session::Tls;
use mailkit::world::Content;
use std::time::Duration;

/// Octets of a message that a dry run shows in JSON.
const JSON_MAX: u64 = 16 * 1024 * 1024;

/// Members in the order of their names, as in all objects that are printed here.
pub(super) fn in_order(object: &Object) -> serde_json::Value {
    serde_json::to_value(object).expect("strings, numbers and lists always print")
}

/// All that is known before anything was tried.
pub(super) fn plan(message: &Outgoing, server: Option<&Server<'_>>, total: Duration) -> Object {
    let asked = message.envelope.reports.as_deref();
    Object {
        schema: "mailkit.send/1",
        outcome: Summary::DryRun,
        exit: Exit::OK.code(),
        message_id: message.message_id.clone(),
        size: message.content.size(),
        account: server.and_then(|server| server.account).map(|(name, _)| name.to_owned()),
        account_by: server.and_then(|server| server.why).map(Reason::name),
        idempotency_key: None,
        envelope: object::Envelope {
            from: message.envelope.reverse_path.to_string(),
            smtputf8: message.envelope.smtputf8,
            body: match message.envelope.body {
                BodyType::SevenBit => "7BIT",
                BodyType::EightBitMime => "8BITMIME",
            },
            notify: asked.and_then(|asked| asked.recipients.first()?.notify).map(|notify| notify.to_string()),
            ret: asked.and_then(|asked| asked.ret).map(|ret| ret.to_string()),
            envid: asked.and_then(|asked| asked.envelope_id.as_ref()).map(|id| id.as_str().to_owned()),
        },
        route: server.map(|server| route(&server.endpoint, &Reached::default())),
        recipients: message.envelope.recipients.iter().map(|path| recipient(message, path, None)).collect(),
        queue: Queue::default(),
        saved: Saved::skipped("nothing was sent"),
        timing_ms: timing(&submit::Timing::default(), None, total),
        warnings: Vec::new(),
        offers: None,
        message: None,
    }
}

/// The message as it stands in JSON, which has no way to come in pieces.
pub(super) fn text(message: &Outgoing) -> Result<Option<String>> {
    let is_small = message.content.size() <= JSON_MAX;
    let octets = is_small.then(|| message.content.to_vec().map_err(unreadable)).transpose()?;
    Ok(octets.map(|octets| String::from_utf8_lossy(&octets).into_owned()))
}

pub(super) fn unreadable(error: std::io::Error) -> Error {
    Error::new(Kind::Io, "cannot read the message").caused_by(error)
}

pub(super) fn timing(steps: &submit::Timing, dns: Option<Duration>, total: Duration) -> Timing {
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Timing {
        dns: dns.map(ms),
        connect: steps.connect.map(ms),
        hello: steps.hello.map(ms),
        tls: steps.tls.map(ms),
        auth: steps.auth.map(ms),
        data: steps.data.map(ms),
        total: ms(total),
    }
}

pub(super) fn route(endpoint: &Endpoint, reached: &Reached) -> Route {
    Route {
        kind: if endpoint.protocol == Protocol::Lmtp { "lmtp" } else { "submission" },
        host: Some(endpoint.place()),
        port: endpoint.local.is_none().then_some(endpoint.port),
        ip: reached.ip.map(|ip| ip.to_string()),
        proxy: reached.proxy.clone(),
        tls: reached
            .tls
            .as_ref()
            .map(|tls| secured(tls, if endpoint.tls == TlsMode::Implicit { "implicit" } else { "starttls" })),
        auth: reached.login.map(|mechanism| mechanism.name().to_owned()),
        ways: Vec::new(),
    }
}

/// The ways to the exchangers of the recipients' domains.
pub(super) fn direct(ways: &[direct::Way]) -> Route {
    let way = |way: &direct::Way| object::Way {
        domain: way.domain.as_ref().map(ToString::to_string),
        host: way.host.clone(),
        ip: way.ip.map(|ip| ip.to_string()),
        tls: way.tls.as_ref().map(|tls| secured(tls, "starttls")),
    };
    let ways = ways.iter().map(way).collect();
    Route { kind: "mx", host: None, port: None, ip: None, proxy: None, tls: None, auth: None, ways }
}

fn secured(tls: &Tls, mode: &'static str) -> object::Tls {
    object::Tls {
        mode,
        version: tls.version.clone(),
        cipher: tls.cipher.clone(),
        verified: tls.verified.word().to_owned(),
    }
}

pub(super) fn recipient(message: &Outgoing, path: &ForwardPath, fared: Option<&Fared>) -> Recipient {
    let outcome = fared.and_then(said);
    let earlier = match fared {
        Some(Fared::Before) => Some("done by an earlier run with the same key"),
        Some(Fared::UnknownBefore) => Some("an earlier run with the same key does not know"),
        _ => None,
    };
    Recipient {
        address: path.to_string(),
        original: message.originals.get(path).map(ToString::to_string),
        status: fared.map(status),
        code: outcome.and_then(|outcome| outcome.code).map(|code| code.get()),
        enhanced: outcome.and_then(|outcome| outcome.enhanced).map(|status| status.to_string()),
        text: outcome.map(|outcome| outcome.text.clone()).or(earlier.map(str::to_owned)),
        phase: outcome.map(|outcome| outcome.phase.name().to_owned()),
        class: fared.map(|fared| match status(fared) {
            Status::Accepted | Status::Queued => Class::Ok,
            Status::Refused => Class::Perm,
            Status::Deferred | Status::Withheld | Status::Unknown => Class::Temp,
        }),
    }
}
