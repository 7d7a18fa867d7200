//! Replay: a conversation that was written down is had again, and one of its sides is played.
//!
//! What a trace of either form holds, and what a test writes by hand, becomes cues: what is said, what is waited for,
//! what happens. One player takes either side of them. Beside it, what else is done with a trace that somebody sends:
//! see how it differs from another, and take out of it who was meant. Opens no connection by itself.

pub mod answers;
pub mod diff;
pub mod end;
pub mod player;
pub mod scrub;
pub mod stage;
mod tolerance;

use crate::wire::event::{Event, Happening, NotAnEvent, Role, parse};
use crate::wire::transcript::{Entry, Side};
use std::collections::BTreeMap;
use std::time::Duration;

/// What stands where a secret was.
const SECRET: &str = "{secret}";

/// Something that is said, or happens, on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cue {
    /// What it is.
    pub entry: Entry,
    /// When, since the trace began.
    pub at: Duration,
    /// The octets of a body that was left out, or of what holds a secret and has no end of a line, if that is known.
    pub elided: Option<u64>,
    /// Who closed, if that is known.
    pub by: Option<Side>,
}

impl From<Entry> for Cue {
    fn from(entry: Entry) -> Self {
        Self { entry, at: Duration::ZERO, elided: None, by: None }
    }
}

impl Cue {
    /// What of an event can be played; nothing for questions to DNS and for what is only worth knowing.
    fn of(event: &Event) -> Option<Self> {
        let connection = event.conn;
        let by = |role: Role| if role == Role::Client { Side::Client } else { Side::Server };
        let (entry, closed_by) = match (&event.event, event.entry()) {
            (_, Some(entry)) => (entry, None),
            (Some(Happening::Tls { .. }), _) => (Entry::Tls(connection), None),
            (Some(Happening::Closed { by: who }), _) => (Entry::Closed(connection), who.map(by)),
            (Some(Happening::Cut { why }), _) if why.is_empty() => (Entry::Cut(connection), None),
            _ => return None,
        };
        // A time that is no time is as good as none.
        let at = Duration::try_from_secs_f64(event.ms / 1000.0).unwrap_or_default();
        let is_partly_seen =
            matches!(&entry, Entry::Raw { octets, .. } if memchr::memmem::find(octets, SECRET.as_bytes()).is_some());
        let elided = ((event.elided || is_partly_seen) && event.bytes > 0).then_some(event.bytes);
        Some(Self { entry, at, elided, by: closed_by })
    }
}

/// The conversations of a trace, by the numbers of their connections.
pub fn read(trace: &str) -> Result<BTreeMap<u32, Vec<Cue>>, NotAnEvent> {
    let mut conversations = BTreeMap::<u32, Vec<Cue>>::new();
    for event in parse(trace)?.iter().filter(|event| event.conn > 0) {
        if let Some(cue) = Cue::of(event) {
            conversations.entry(event.conn).or_default().push(cue);
        }
    }
    // A note alone is no conversation.
    conversations.retain(|_, cues| cues.iter().any(|cue| matches!(cue.entry, Entry::Line { .. } | Entry::Raw { .. })));
    Ok(conversations)
}

/// How many secrets have to be given to say what one side says.
pub fn secrets(entry: &Entry, role: Side) -> usize {
    match entry {
        Entry::Line { side, text, .. } if *side == role && !is_any_field(text, role) => text.matches(SECRET).count(),
        Entry::Raw { side, octets, .. } if *side == role => {
            memchr::memmem::find_iter(octets, SECRET.as_bytes()).count()
        }
        _ => 0,
    }
}

/// Whether a line is a field of a web server's answer whose value was left out: nobody needs it to go on.
fn is_any_field(text: &str, role: Side) -> bool {
    let name = text.strip_suffix(SECRET).and_then(|before| before.strip_suffix(": "));
    let is_sign = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
    role == Side::Server && name.is_some_and(|name| !name.is_empty() && name.bytes().all(is_sign))
}
