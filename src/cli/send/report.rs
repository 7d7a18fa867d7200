//! What came of a message: lines for people, JSON for scripts, one exit code.

use super::compose::Outgoing;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use mailkit::endpoint::Endpoint;
use mailkit::error::Result;
use mailkit::smtp::outcome::{Ending, Outcome};
use mailkit::status::Fate;
use mailkit::submit::Submitted;
use serde_json::{Value, json};

/// Shows what would be sent.
pub(super) fn dry_run(context: &Context, message: &Outgoing, endpoint: Option<&Endpoint>) -> Result<Exit> {
    if context.is_json() {
        let recipients: Vec<String> = message.envelope.recipients.iter().map(ToString::to_string).collect();
        context.object(&json!({
            "schema": "mailkit.send/1",
            "outcome": "dry-run",
            "exit": 0,
            "message_id": message.message_id,
            "size": message.octets.len(),
            "envelope": envelope(message),
            "route": endpoint.map(|endpoint| json!({"host": endpoint.host.to_string(), "port": endpoint.port})),
            "recipients": recipients,
            "message": String::from_utf8_lossy(&message.octets),
        }))?;
        return Ok(Exit::OK);
    }
    context.octets(&message.octets)?;
    context.say(&format!("envelope from <{}>", message.envelope.reverse_path));
    for recipient in &message.envelope.recipients {
        context.say(&format!("envelope to   <{recipient}>"));
    }
    if let Some(endpoint) = endpoint {
        context.say(&format!("would go to   {}", endpoint.authority()));
    }
    Ok(Exit::OK)
}

/// Reports the outcome of each recipient and says which code the process ends with.
pub(super) fn outcome(
    context: &Context,
    message: &Outgoing,
    endpoint: &Endpoint,
    submitted: Result<Submitted>,
) -> Result<Exit> {
    let submitted = submitted?;
    let outcomes: Vec<&Outcome> = submitted.recipients.iter().map(|(_, outcome)| outcome).collect();
    let exit = exit(&outcomes);
    if context.is_json() {
        let recipients: Vec<Value> = submitted
            .recipients
            .iter()
            .map(|(path, outcome)| {
                json!({
                    "address": path.to_string(),
                    "status": status(outcome),
                    "code": outcome.code.map(|code| code.get()),
                    "enhanced": outcome.enhanced,
                    "text": outcome.text,
                    "phase": outcome.phase.name(),
                    "class": class(outcome),
                })
            })
            .collect();
        context.object(&json!({
            "schema": "mailkit.send/1",
            "outcome": summary(&outcomes),
            "exit": exit.code(),
            "message_id": message.message_id,
            "size": message.octets.len(),
            "envelope": envelope(message),
            "route": {
                "host": endpoint.host.to_string(),
                "port": endpoint.port,
                "ip": submitted.ip.map(|ip| ip.to_string()),
                "tls": submitted.tls.as_ref().map(|tls| json!({"version": tls.version, "cipher": tls.cipher})),
            },
            "recipients": recipients,
        }))?;
        return Ok(exit);
    }
    // A refusal before MAIL holds for all alike: it is said once.
    let all_alike = outcomes.windows(2).all(|pair| pair[0] == pair[1]);
    for (index, (path, outcome)) in submitted.recipients.iter().enumerate() {
        if outcome.is_accepted() {
            context.detail(&format!("{path}: accepted: {}", words(outcome)));
        } else if index == 0 || !all_alike {
            let whom = if all_alike && outcomes.len() > 1 {
                format!("all {} recipients", outcomes.len())
            } else {
                path.to_string()
            };
            context.complain(&format!(
                "{whom}: {} at {} ({})\n  it said: {}\n  {}",
                status(outcome),
                outcome.phase.name(),
                endpoint.authority(),
                words(outcome),
                consequence(outcome)
            ));
        }
    }
    let accepted = outcomes.iter().filter(|outcome| outcome.is_accepted()).count();
    if accepted == outcomes.len() {
        context.note(&format!("accepted for {accepted} of {accepted} recipients"));
    } else if accepted > 0 {
        context.complain(&format!("the other {accepted} of {} recipients were accepted", outcomes.len()));
    }
    Ok(exit)
}

/// 0 if all were accepted, 1 if some were; else the code that all failures share, or the most careful of them.
fn exit(outcomes: &[&Outcome]) -> Exit {
    let failures: Vec<Exit> = outcomes.iter().filter_map(|outcome| outcome.kind()).map(Exit::from).collect();
    if outcomes.iter().any(|outcome| outcome.ending == Ending::Unknown) {
        return Exit::from(mailkit::error::Kind::Protocol);
    }
    match failures.split_first() {
        None => Exit::OK,
        Some(_) if failures.len() < outcomes.len() => Exit::PARTIAL,
        Some((first, rest)) if rest.iter().all(|exit| exit == first) => *first,
        // Different reasons: if any may pass, trying again is worth it, and nothing was delivered yet.
        Some(_) if outcomes.iter().any(|outcome| outcome.ending == Ending::Failed(Fate::Transient)) => {
            Exit::from(mailkit::error::Kind::Temporary)
        }
        Some(_) => Exit::from(mailkit::error::Kind::Unavailable),
    }
}

fn envelope(message: &Outgoing) -> Value {
    json!({
        "from": message.envelope.reverse_path.to_string(),
        "smtputf8": message.envelope.smtputf8,
        "body": message.envelope.body,
    })
}

fn status(outcome: &Outcome) -> &'static str {
    match outcome.ending {
        Ending::Accepted => "accepted",
        Ending::Failed(Fate::Permanent) => "refused",
        Ending::Failed(Fate::Transient) => "deferred",
        Ending::Unknown => "unknown",
    }
}

fn class(outcome: &Outcome) -> &'static str {
    match outcome.ending {
        Ending::Accepted => "ok",
        Ending::Failed(Fate::Permanent) => "perm",
        Ending::Failed(Fate::Transient) | Ending::Unknown => "temp",
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
    format!("{code}{enhanced}{}", outcome.text)
}

fn consequence(outcome: &Outcome) -> &'static str {
    match outcome.ending {
        Ending::Accepted => "",
        Ending::Failed(Fate::Permanent) => "permanent: trying again will not help",
        Ending::Failed(Fate::Transient) => "not delivered; try again later",
        Ending::Unknown => "nobody knows whether it was delivered; look before trying again",
    }
}
