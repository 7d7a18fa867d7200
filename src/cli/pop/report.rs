//! What `mailkit pop` says at the end: nothing when all is well, an object with --json, and what stayed behind.

use super::place::Place;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use mailkit::endpoint::Endpoint;
use mailkit::error::Result;
use mailkit::fetch::{Action, Summary};
use mailkit::size;
use schemars::JsonSchema;
use serde::Serialize;

/// The result of a retrieval from one server.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Object {
    /// The account of the configuration, unless the server was named by URL.
    account: Option<String>,
    /// Messages deleted on the server.
    deleted: usize,
    /// The code that this ends with.
    exit: u8,
    /// Messages retrieved now.
    fetched: usize,
    /// Messages that were retrieved before.
    known: usize,
    /// Messages that are larger than wanted.
    larger: usize,
    /// Messages that another run retrieves, since this one has its limits.
    later: usize,
    /// Messages in the maildrop.
    listed: usize,
    /// Octets retrieved now, line ends as CRLF.
    octets: u64,
    /// What would be done, with --dry-run.
    plan: Option<Vec<Step>>,
    /// Messages that the server did not give or delete.
    refused: Vec<Kept>,
    /// Messages that the target did not take.
    rejected: Vec<Kept>,
    /// The name and version of this schema.
    #[schemars(extend("const" = "mailkit.pop/1"))]
    schema: &'static str,
    /// Host and port.
    server: String,
    /// Messages that the filter leaves there.
    skipped: usize,
    /// Where messages go.
    target: String,
}

/// A message that stayed behind.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// Its place on the server in this run.
    number: u32,
    /// Why.
    text: String,
}

/// What would be done about a message.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Step {
    /// What: fetch, delete, or delete-unread.
    action: &'static str,
    /// Its place on the server in this run.
    number: u32,
    /// Octets, as the server counts them.
    size: u64,
    /// Its unique id.
    uid: Option<String>,
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Fetch => "fetch",
        Action::Delete => "delete",
        Action::DeleteUnread => "delete-unread",
    }
}

/// Says what came of one server.
pub(super) fn report(
    context: &Context,
    account: Option<&str>,
    endpoint: &Endpoint,
    place: &Place,
    summary: &Summary,
) -> Result<Exit> {
    let is_whole = summary.refused.is_empty() && summary.rejected.is_empty();
    let exit = if is_whole { Exit::OK } else { Exit::PARTIAL };
    if context.is_json() {
        let kept = |list: &[(u32, String)]| {
            list.iter().map(|(number, text)| Kept { number: *number, text: text.clone() }).collect()
        };
        let step = |step: &mailkit::fetch::Step| Step {
            action: word(step.action),
            number: step.number,
            size: step.size,
            uid: step.uid.clone(),
        };
        context.object(&Object {
            account: account.map(str::to_owned),
            deleted: summary.deleted,
            exit: exit.code(),
            fetched: summary.fetched,
            known: summary.known,
            larger: summary.larger,
            later: summary.later,
            listed: summary.listed,
            octets: summary.octets,
            plan: summary.plan.as_ref().map(|steps| steps.iter().map(step).collect()),
            refused: kept(&summary.refused),
            rejected: kept(&summary.rejected),
            schema: "mailkit.pop/1",
            server: endpoint.authority(),
            skipped: summary.skipped,
            target: place.to_string(),
        })?;
        return Ok(exit);
    }
    for step in summary.plan.iter().flatten() {
        let uid = step.uid.as_deref().unwrap_or("-");
        context.line(&format!("{:<13} {:>6} {:>10} {uid}", word(step.action), step.number, size::print(step.size)))?;
    }
    for (number, text) in &summary.refused {
        let what = format!("{} did not give message {number}", endpoint.authority());
        context.complain(&format!("{what}\n  it said: {text}"));
    }
    for (number, text) in &summary.rejected {
        context.complain(&format!("{place} did not take message {number}, which stays there\n  it said: {text}"));
    }
    context.detail(&format!(
        "{}: {} messages, {} of them new ({} octets), {} deleted there",
        endpoint.authority(),
        summary.listed,
        summary.fetched,
        summary.octets,
        summary.deleted
    ));
    Ok(exit)
}
