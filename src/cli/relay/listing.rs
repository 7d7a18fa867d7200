//! The queue as a list: for people, or one object a line.
//!
//! Read beside a daemon that works on it, without its lock, page by page.

use super::super::context::Context;
use super::super::data;
use super::super::exit::Exit;
use super::{no_queue, options};
use mailkit::error::{Kind, Result};
use mailkit::store::disk::RealDisk;
use mailkit::store::letterbox;
use mailkit::store::spool::{Due, Entry, Spool, SpoolId};
use mailkit::world::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;

/// Messages read at once.
const PAGE: usize = 500;

/// Prints the queue of a data directory.
pub(super) async fn list(context: &Context, data: &Path) -> Result<Exit> {
    let root = data::spool(data);
    let now = options::clock().now();
    let (mut messages, mut recipients) = (0, 0);
    let mut after: Option<SpoolId> = None;
    loop {
        let page = match Spool::list_read_only(Arc::new(RealDisk), &root, after, PAGE).await {
            Err(error) if error.kind() == Kind::NoInput => return Err(no_queue(data)),
            page => page?,
        };
        for entry in &page {
            messages += 1;
            recipients += entry.recipients.len();
            if context.is_json() {
                context.object(&Object::from(entry))?;
            } else {
                show(entry, now).iter().try_for_each(|line| context.line(line))?;
            }
        }
        after = page.last().map(|entry| entry.id);
        if page.len() < PAGE {
            break;
        }
    }
    let letters = letterbox::waiting(&RealDisk, &root)?;
    if letters > 0 {
        context.warn(&format!("handed over and not taken in yet: {letters}; mailkit relay flush says why"));
    }
    if !context.is_json() {
        context.line(&match messages {
            0 if letters > 0 => return Ok(Exit::OK),
            0 => "The queue is empty.".to_owned(),
            1 => format!("1 message, {recipients} to deliver to."),
            count => format!("{count} messages, {recipients} to deliver to."),
        })?;
    }
    Ok(Exit::OK)
}

/// A line for the message, one for each recipient, an empty one.
fn show(entry: &Entry, now: Timestamp) -> Vec<String> {
    use mailkit::message::safe::terminal;
    let accepted = &entry.accepted;
    let from = accepted.envelope.reverse_path.to_string();
    let mut lines = vec![format!(
        "{}  {}  {}  from <{}>",
        entry.id,
        span(accepted.received, now),
        size(entry.size),
        terminal(&from)
    )];
    if let Some(route) = &accepted.route {
        lines.push(format!("  by the server of {}", terminal(route)));
    }
    for due in &entry.recipients {
        let tried = match due.attempts {
            0 => "not tried yet".to_owned(),
            1 => "tried once".to_owned(),
            times => format!("tried {times} times"),
        };
        let next = if due.due <= now { "now".to_owned() } else { format!("in {}", span(now, due.due).trim_start()) };
        let why = due.last.as_ref().map(|last| format!("\n      {}", terminal(&last.text))).unwrap_or_default();
        lines.push(format!("  to <{}>: {tried}, next {next}{why}", terminal(&due.path.to_string())));
    }
    lines.push(String::new());
    lines
}

/// `  5m`, ` 12h`, `  3d`: the largest unit that is at least one.
fn span(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).as_secs().max(0);
    let (number, unit) = match seconds {
        0..60 => (seconds, 's'),
        60..3600 => (seconds / 60, 'm'),
        3600..86_400 => (seconds / 3600, 'h'),
        _ => (seconds / 86_400, 'd'),
    };
    format!("{number:>3}{unit}")
}

/// Octets, or in thousands and millions.
fn size(octets: u64) -> String {
    match octets {
        0..1000 => format!("{octets:>4}B"),
        1000..1_000_000 => format!("{:>4}k", octets / 1000),
        _ => format!("{:>4}M", octets / 1_000_000),
    }
}

/// A message as `--json` prints it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Object {
    #[schemars(extend("const" = "mailkit.queue/1"))]
    schema: &'static str,
    #[schemars(with = "String")]
    id: SpoolId,
    reverse_path: String,
    received: String,
    size: u64,
    user: Option<String>,
    origin: String,
    route: Option<String>,
    recipients: Vec<Recipient>,
}

/// A recipient as `--json` prints it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Recipient {
    address: String,
    next: String,
    attempts: u32,
    warned: bool,
    last: Option<Last>,
}

/// The last failure as `--json` prints it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Last {
    at: String,
    status: String,
    text: String,
}

impl From<&Entry> for Object {
    fn from(entry: &Entry) -> Self {
        let accepted = &entry.accepted;
        Self {
            schema: "mailkit.queue/1",
            id: entry.id,
            reverse_path: accepted.envelope.reverse_path.to_string(),
            received: accepted.received.to_string(),
            size: entry.size,
            user: accepted.user.clone(),
            origin: accepted.origin.clone(),
            route: accepted.route.clone(),
            recipients: entry.recipients.iter().map(Recipient::from).collect(),
        }
    }
}

impl From<&Due> for Recipient {
    fn from(due: &Due) -> Self {
        let last = |last: &mailkit::store::spool::Attempt| Last {
            at: last.at.to_string(),
            status: last.code.to_string(),
            text: last.text.clone(),
        };
        Self {
            address: due.path.to_string(),
            next: due.due.to_string(),
            attempts: due.attempts,
            warned: due.warned,
            last: due.last.as_ref().map(last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailkit::envelope::{Envelope, ForwardPath, ReversePath};
    use mailkit::status::EnhancedStatus;
    use mailkit::store::spool::{Accepted, Attempt};

    fn entry() -> Entry {
        let path = ForwardPath::parse("<bob@hamburger.example>").expect("a path");
        let reverse_path = ReversePath::parse("<alice@crepes.example>").expect("a path");
        let due = Due {
            index: 0,
            path: path.clone(),
            due: Timestamp::from_second(7500).expect("a time"),
            first: Timestamp::UNIX_EPOCH,
            attempts: 4,
            warned: false,
            last: Some(Attempt {
                at: Timestamp::from_second(6000).expect("a time"),
                code: EnhancedStatus::new(4, 2, 0),
                text: "mx1: 451 \u{1b}[31mlater".into(),
            }),
        };
        Entry {
            id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().expect("an id"),
            accepted: Arc::new(Accepted {
                envelope: Envelope::new(reverse_path, vec![path]),
                received: Timestamp::UNIX_EPOCH,
                user: Some("alice".into()),
                origin: "127.0.0.1".into(),
                route: Some("work".into()),
            }),
            size: 12_345,
            recipients: vec![due],
        }
    }

    #[test]
    fn a_message_is_shown_with_why_it_waits() {
        let lines = show(&entry(), Timestamp::from_second(7200).expect("a time"));
        assert_eq!(lines[0], "01ARZ3NDEKTSV4RRFFQ69G5FAV    2h    12k  from <alice@crepes.example>");
        assert_eq!(lines[1], "  by the server of work");
        assert!(lines[2].starts_with("  to <bob@hamburger.example>: tried 4 times, next in 5m\n      mx1: 451 "));
        assert!(!lines.concat().contains('\u{1b}'), "{lines:?}");
    }

    #[test]
    fn the_object_has_what_scripts_ask_for() {
        let json = serde_json::to_value(Object::from(&entry())).expect("JSON");
        assert_eq!(json["schema"], "mailkit.queue/1");
        assert_eq!(json["recipients"][0]["next"], "1970-01-01T02:05:00Z");
        assert_eq!(json["recipients"][0]["last"]["status"], "4.2.0");
    }

    #[test]
    fn spans_and_sizes_fit_their_columns() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        for (second, wanted) in [(-5, "  0s"), (59, " 59s"), (3599, " 59m"), (86_399, " 23h"), (864_000, " 10d")] {
            assert_eq!(span(Timestamp::UNIX_EPOCH, at(second)), wanted);
        }
        for (octets, wanted) in [(0, "   0B"), (999, " 999B"), (1000, "   1k"), (52_428_800, "  52M")] {
            assert_eq!(size(octets), wanted);
        }
    }
}
