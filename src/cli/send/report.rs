//! What came of a message: lines for people, JSON for scripts, one exit code.
//!
//! A failure is told as what was tried, with whom, their words, and what follows; recipients of one fate share
//! one telling.

use super::compose::Outgoing;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::login::Server;
use mailkit::address::Domain;
use mailkit::endpoint::{Endpoint, Protocol, TlsMode};
use mailkit::envelope::{BodyType, ForwardPath};
use mailkit::error::{Error, Kind, Result};
use mailkit::sasl::Mechanism;
use mailkit::smtp::outcome::{Ending, Outcome, Phase};
use mailkit::status::Fate;
use mailkit::submit::Submitted;
use mailkit::world::Content;
use serde_json::{Value, json};

/// A server that never stops talking does not get to fill the terminal; JSON has all of it.
const WORDS_MAX: usize = 1000;

/// Octets of a message that a dry run shows in JSON.
const JSON_MAX: u64 = 16 * 1024 * 1024;
const PIECE: usize = 64 * 1024;

/// Shows what would be sent.
pub(super) fn dry_run(context: &Context, message: &Outgoing, server: Option<&Server<'_>>) -> Result<Exit> {
    if context.is_json() {
        let recipients = message.envelope.recipients.iter().map(|path| json!({"address": path.to_string()}));
        let mut object = object(message, server, "dry-run", Exit::OK, recipients.collect());
        object["route"] = server.map_or(Value::Null, |server| route(&server.endpoint));
        // JSON has no way to come in pieces.
        let is_small = message.content.size() <= JSON_MAX;
        let octets = is_small.then(|| message.content.to_vec().map_err(unreadable)).transpose()?;
        object["message"] = json!(octets.map(|octets| String::from_utf8_lossy(&octets).into_owned()));
        context.object(&object)?;
        return Ok(Exit::OK);
    }
    let (mut buffer, mut at) = (vec![0; PIECE], 0);
    loop {
        let count = message.content.read_at(at, &mut buffer).map_err(unreadable)?;
        if count == 0 {
            break;
        }
        context.octets(&buffer[..count])?;
        at += count as u64;
    }
    context.say(&format!("envelope from <{}>", message.envelope.reverse_path));
    for recipient in &message.envelope.recipients {
        context.say(&format!("envelope to   <{recipient}>"));
    }
    if let Some(server) = server {
        context.say(&format!("would go to   {}", server.endpoint.authority()));
    }
    Ok(Exit::OK)
}

fn unreadable(error: std::io::Error) -> Error {
    Error::new(Kind::Io, "cannot read the message").caused_by(error)
}

/// Reports the outcome of each recipient and says which code the process ends with: `stopped` if a signal came.
pub(super) fn outcome(
    context: &Context,
    message: &Outgoing,
    server: &Server<'_>,
    submitted: &Submitted,
    stopped: Option<Exit>,
) -> Result<Exit> {
    let outcomes: Vec<&Outcome> = submitted.recipients.iter().map(|(_, outcome)| outcome).collect();
    // A signal that came when all was done has stopped nothing.
    let exit = stopped.filter(|_| exit(&outcomes) != Exit::OK).unwrap_or_else(|| exit(&outcomes));
    if context.is_json() {
        let recipients = submitted.recipients.iter().map(|(path, outcome)| recipient(path, outcome)).collect();
        let mut object = object(message, Some(server), summary(&outcomes), exit, recipients);
        object["route"] = route(&server.endpoint);
        object["route"]["ip"] = json!(submitted.ip.map(|ip| ip.to_string()));
        object["route"]["auth"] = json!(submitted.login.map(Mechanism::name));
        let mode = if server.endpoint.tls == TlsMode::Implicit { "implicit" } else { "starttls" };
        object["route"]["tls"] = submitted.tls.as_ref().map_or(
            Value::Null,
            |tls| json!({"mode": mode, "version": tls.version, "cipher": tls.cipher, "verified": "pkix"}),
        );
        context.object(&object)?;
        return Ok(exit);
    }
    let host = server.endpoint.authority();
    for (outcome, paths) in groups(submitted) {
        if outcome.is_accepted() {
            for path in paths {
                context.detail(&format!("{path}: accepted: {}", words(outcome)));
            }
        } else {
            context.complain(&tell(message, &host, outcome, &paths));
        }
    }
    let accepted = outcomes.iter().filter(|outcome| outcome.is_accepted()).count();
    match outcomes.len() - accepted {
        0 => context.note(&format!("accepted for {accepted} of {accepted} recipients")),
        failed if accepted > 0 => {
            context
                .complain(&format!("accepted for {accepted} of {} recipients, but not for {failed}", outcomes.len()));
        }
        _ => {}
    }
    Ok(exit)
}

/// 0 if all were accepted, 1 if some were; else the code that all failures share, or the most careful of them.
fn exit(outcomes: &[&Outcome]) -> Exit {
    // Those from whom the message was withheld follow those for whom it was refused.
    let outcomes: Vec<&Outcome> =
        outcomes.iter().copied().filter(|outcome| outcome.ending != Ending::Withheld).collect();
    let failures: Vec<Exit> = outcomes.iter().filter_map(|outcome| outcome.kind()).map(Exit::from).collect();
    if outcomes.iter().any(|outcome| outcome.ending == Ending::Unknown) {
        return Exit::from(Kind::Protocol);
    }
    match failures.split_first() {
        None => Exit::OK,
        Some(_) if failures.len() < outcomes.len() => Exit::PARTIAL,
        Some((first, rest)) if rest.iter().all(|exit| exit == first) => *first,
        // Different reasons: if any may pass, trying again is worth it, and nothing was delivered yet.
        Some(_) if outcomes.iter().any(|outcome| outcome.ending == Ending::Failed(Fate::Transient)) => {
            Exit::from(Kind::Temporary)
        }
        Some(_) => Exit::from(Kind::Unavailable),
    }
}

/// Recipients that share an outcome, in the order of the first of each. To RCPT each has an answer of its own.
fn groups(submitted: &Submitted) -> Vec<(&Outcome, Vec<&ForwardPath>)> {
    let mut groups: Vec<(&Outcome, Vec<&ForwardPath>)> = Vec::new();
    for (path, outcome) in &submitted.recipients {
        match groups.iter_mut().find(|(known, _)| *known == outcome && outcome.phase != Phase::Rcpt) {
            Some((_, paths)) => paths.push(path),
            None => groups.push((outcome, vec![path])),
        }
    }
    groups
}

/// What was tried, with whom, their words, what follows.
fn tell(message: &Outgoing, host: &str, outcome: &Outcome, paths: &[&ForwardPath]) -> String {
    let whom = match paths {
        [path] => path.to_string(),
        _ => format!("{} recipients", paths.len()),
    };
    let tried = match outcome.phase {
        Phase::Connect | Phase::Greeting => "to talk".to_owned(),
        Phase::Hello => "EHLO".to_owned(),
        Phase::Tls => "STARTTLS".to_owned(),
        Phase::Auth => "the login".to_owned(),
        Phase::Mail => format!("MAIL FROM:<{}>", message.envelope.reverse_path),
        Phase::Rcpt => format!("RCPT TO:<{whom}>"),
        Phase::Data => format!("DATA for {whom}"),
        Phase::Dot => format!("the message for {whom}"),
    };
    let (told, follows) = match outcome.ending {
        Ending::Unknown => (
            format!("{host} may have the message for {whom}, or not"),
            "nobody knows whether it was delivered; look before trying again",
        ),
        // The exit code says the same: 76, not 75.
        Ending::Failed(_) if outcome.kind() == Some(Kind::Protocol) => (
            match outcome.phase {
                Phase::Connect | Phase::Greeting => format!("{host} does not greet as a mail server does"),
                _ => format!("{host} gave no sensible answer to {tried}"),
            },
            "not delivered; the server breaks the protocol, so look into that before trying again",
        ),
        // The other side's code, and so its words.
        Ending::Failed(fate) if outcome.code.is_some() => match fate {
            Fate::Permanent => (format!("{host} refused {tried}"), "permanent: trying again will not help"),
            Fate::Transient => (format!("{host} refused {tried} for now"), "not delivered; try again later"),
        },
        Ending::Failed(Fate::Permanent) => {
            (format!("not sent to {whom} by {host}"), "permanent: trying again will not help")
        }
        Ending::Failed(Fate::Transient) => (format!("not sent to {whom} by {host}"), "not delivered; try again later"),
        Ending::Withheld => (format!("not sent to {whom}"), "nothing was sent to anybody"),
        Ending::Accepted => (format!("{host} accepted {tried}"), ""),
    };
    let lead = if outcome.code.is_some() { "it said: " } else { "" };
    format!("{told}\n  {lead}{}\n  {follows}", words(outcome))
}

fn object(message: &Outgoing, server: Option<&Server<'_>>, outcome: &str, exit: Exit, recipients: Vec<Value>) -> Value {
    json!({
        "schema": "mailkit.send/1",
        "outcome": outcome,
        "exit": exit.code(),
        "message_id": message.message_id,
        "size": message.content.size(),
        "account": server.and_then(|server| server.account).map(|(name, _)| name),
        "envelope": {
            "from": message.envelope.reverse_path.to_string(),
            "smtputf8": message.envelope.smtputf8,
            "body": match message.envelope.body {
                BodyType::SevenBit => "7BIT",
                BodyType::EightBitMime => "8BITMIME",
            },
        },
        "recipients": recipients,
    })
}

fn route(endpoint: &Endpoint) -> Value {
    let kind = if endpoint.protocol == Protocol::Lmtp { "lmtp" } else { "submission" };
    let host = match &endpoint.host {
        Domain::Literal(ip) => ip.to_string(),
        name => name.to_string(),
    };
    json!({"kind": kind, "host": host, "port": endpoint.port})
}

fn recipient(path: &ForwardPath, outcome: &Outcome) -> Value {
    json!({
        "address": path.to_string(),
        "status": status(outcome),
        "code": outcome.code.map(|code| code.get()),
        "enhanced": outcome.enhanced,
        "text": outcome.text,
        "phase": outcome.phase.name(),
        "class": class(outcome),
    })
}

fn status(outcome: &Outcome) -> &'static str {
    match outcome.ending {
        Ending::Accepted => "accepted",
        Ending::Failed(Fate::Permanent) => "refused",
        Ending::Failed(Fate::Transient) => "deferred",
        Ending::Withheld => "withheld",
        Ending::Unknown => "unknown",
    }
}

fn class(outcome: &Outcome) -> &'static str {
    match outcome.ending {
        Ending::Accepted => "ok",
        Ending::Failed(Fate::Permanent) => "perm",
        Ending::Failed(Fate::Transient) | Ending::Withheld | Ending::Unknown => "temp",
    }
}

fn summary(outcomes: &[&Outcome]) -> &'static str {
    let count = |name: &str| outcomes.iter().filter(|outcome| status(outcome) == name).count();
    match (count("accepted"), count("unknown"), count("deferred")) {
        (accepted, ..) if accepted == outcomes.len() => "accepted",
        (_, unknown, _) if unknown > 0 => "unknown",
        (accepted, ..) if accepted > 0 => "partial",
        (_, _, deferred) if deferred > 0 => "deferred",
        _ => "rejected",
    }
}

fn words(outcome: &Outcome) -> String {
    let code = outcome.code.map(|code| format!("{code} ")).unwrap_or_default();
    let enhanced = outcome.enhanced.filter(|_| outcome.code.is_some()).map(|e| format!("{e} ")).unwrap_or_default();
    let words = format!("{code}{enhanced}{}", outcome.text);
    match words.get(..words.floor_char_boundary(WORDS_MAX)) {
        Some(start) if start.len() < words.len() => format!("{start} [...]"),
        _ => words,
    }
}
