//! The recorder: turns the octets of a conversation into what may be shown of it, line by line.
//!
//! It sits on the plain side of a connection and sees both directions. What a line means is the protocol's business:
//! a [`Follow`] tells which lines hold a secret or belong to a message, and who waits for whom. However the octets
//! are cut on their way, the lines are the same. What was hidden once is not shown when the other side repeats it, either.
//! Knows no verbs, holds no clock, writes nothing.

use super::transcript::{self, Entry, Side, is_plain};
use crate::secret::{Said, Secret, Veil};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::Duration;

/// Of longer lines only the beginning is shown, so that a line without end costs no memory.
const LINE_MAX: usize = 16 * 1024;
/// A header section is shown up to this.
const HEADER_MAX: u64 = 16 * 1024;
/// Requests that may be waiting for their replies; those before them are forgotten.
const DUE_MAX: usize = 1024;

/// Counted data up to the end of the connection, of which nothing is shown: it is taken as it comes.
pub const ENDLESS: u64 = u64::MAX;

/// How a line may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Show {
    /// As it is.
    Whole,
    /// Only its first octets; the rest is a secret.
    Secret {
        /// Octets that may be seen.
        keep: usize,
    },
    /// This in its place, with `{secret}` wherever a secret stands in it.
    Instead {
        /// What may be seen.
        text: String,
        /// Octets that may not.
        secret: u64,
    },
    /// Part of a body that is no message from its beginning: one `{...}` stands for all of it.
    Elide,
    /// Part of a body that may hold secrets anywhere.
    Hidden,
    /// Part of a message: its header section may be wanted.
    Message {
        /// The first line of it.
        is_first: bool,
    },
}

/// Who waits for whom after a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// As before: it is part of something longer.
    None,
    /// A request was said, and a reply is due.
    Asks {
        /// What the reply is told by, where replies may overtake each other; empty where they may not.
        key: Vec<u8>,
        /// What the request is about.
        phase: &'static str,
    },
    /// More of the last request was said, perhaps its end.
    More {
        /// What it is about now.
        phase: &'static str,
    },
    /// The server asks for the rest of a request.
    Prompts,
    /// A reply is whole.
    Answers {
        /// The key of its request.
        key: Vec<u8>,
    },
}

/// What a protocol understands of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// How it may be shown.
    pub show: Show,
    /// Who waits for whom now.
    pub turn: Turn,
    /// Whether it is what was hoped for.
    pub expected: bool,
}

impl Seen {
    /// A line that was hoped for.
    pub fn new(show: Show, turn: Turn) -> Self {
        Self { show, turn, expected: true }
    }
}

/// A protocol's understanding of a conversation, good enough to know what must not be shown.
pub trait Follow: Send + Sync {
    /// Its name: `smtp`.
    fn protocol(&self) -> &'static str;

    /// Whether the server speaks first.
    fn greets(&self) -> bool {
        true
    }

    /// Whether a server may repeat what the client says, so that the secrets in it are looked for in all that follows.
    /// Where more is hidden than secrets, they would veil what everybody says.
    fn is_repeated(&self) -> bool {
        true
    }

    /// How many octets of counted data come next from this side, whatever lines they are made of.
    fn counted(&self, _: Side) -> Option<u64> {
        None
    }

    /// Takes the next line, with its line end if it had one, or a piece of counted data.
    fn line(&mut self, from: Side, line: &[u8]) -> Seen;
}

/// Begins to follow a new connection of a protocol.
pub type NewFollow = fn() -> Box<dyn Follow>;

/// How much is shown of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Data {
    /// That there was one.
    None,
    /// The header section.
    #[default]
    Headers,
    /// All of it.
    Full,
}

/// What is shown that need not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keep {
    /// How much of messages.
    pub data: Data,
    /// Secrets too: for those who asked for it and were asked whether they mean it.
    pub secrets: bool,
}

/// Something that was said, as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// Who says it.
    pub side: Side,
    /// What may be seen of it.
    pub octets: Vec<u8>,
    /// What of it may not.
    pub hidden: Hidden,
    /// How many octets it has in truth.
    pub bytes: u64,
    /// Whether it is the beginning of a line that is too long.
    pub is_cut: bool,
    /// What it is about.
    pub phase: &'static str,
    /// How long the reply took that ends here.
    pub reply: Option<Duration>,
    /// Whether it is what was hoped for.
    pub expected: bool,
}

/// What is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    /// Nothing.
    Nothing,
    /// A secret of so many octets, behind what is shown.
    Secret(u64),
    /// Secrets of so many octets, where what is shown has `{secret}`.
    Within(u64),
    /// All of it, as part of a body.
    Body,
}

/// Collects octets into lines.
pub struct Recorder {
    follow: Box<dyn Follow>,
    keep: Keep,
    client: Direction,
    server: Direction,
    due: VecDeque<Due>,
    /// The request that was answered last.
    last: Due,
    /// What is being left out, and is not shown until something else is said.
    elided: Option<Spoken>,
    /// Secrets that were said here. Each connection has its own: what one client says must not veil the words of others.
    veil: Veil,
    said: Said,
}

#[derive(Default)]
struct Direction {
    pending: Vec<u8>,
    /// The beginning of this line was shown: it is too long.
    is_cut: bool,
    /// Octets of a header section that were seen, while we are in one.
    header: Option<u64>,
}

/// A request, and since when its reply is waited for.
#[derive(Clone)]
struct Due {
    key: Vec<u8>,
    phase: &'static str,
    since: Duration,
}

impl Recorder {
    /// For one connection, which begins at this time; times are counted from wherever the caller likes.
    pub fn new(follow: Box<dyn Follow>, keep: Keep, now: Duration) -> Self {
        let greeting = Due { key: Vec::new(), phase: "greeting", since: now };
        let due = follow.greets().then(|| greeting.clone()).into_iter().collect();
        Self {
            follow,
            keep,
            client: Direction::default(),
            server: Direction::default(),
            due,
            last: greeting,
            elided: None,
            veil: Veil::default(),
            said: Said::default(),
        }
    }

    /// From now on this is shown in no line.
    pub fn hide(&mut self, secret: &Secret) {
        self.veil.add(secret);
    }

    /// All that was said and is not to be shown.
    pub fn veil(&self) -> &Veil {
        &self.veil
    }

    /// The protocol's name.
    pub fn protocol(&self) -> &'static str {
        self.follow.protocol()
    }

    /// Takes octets that went over the connection at this time; gives each completed line to `each`.
    pub fn octets(&mut self, from: Side, mut octets: &[u8], now: Duration, mut each: impl FnMut(Spoken)) {
        while !octets.is_empty() {
            let counted = self.follow.counted(from);
            let is_endless = counted == Some(ENDLESS);
            let counted = counted.map(|count| usize::try_from(count).unwrap_or(usize::MAX));
            let pending = &mut self.direction(from).pending;
            // A piece ends with its line, with the counted data, or where it is too long.
            let line = memchr::memchr(b'\n', octets).map_or(octets.len(), |end| end + 1);
            let room = (LINE_MAX.saturating_sub(pending.len()))
                .min(counted.map_or(usize::MAX, |count| count.saturating_sub(pending.len())));
            let (piece, rest) = octets.split_at(line.min(room));
            pending.extend_from_slice(piece);
            octets = rest;
            let is_counted = is_endless || counted.is_some_and(|count| pending.len() >= count);
            if is_counted || pending.ends_with(b"\n") || pending.len() >= LINE_MAX {
                let line = std::mem::take(pending);
                self.line(from, &line, now, &mut each);
            }
        }
    }

    /// Gives what was said without a line end, as at the end of a connection.
    pub fn finish(&mut self, now: Duration, mut each: impl FnMut(Spoken)) {
        for from in [Side::Client, Side::Server] {
            let line = std::mem::take(&mut self.direction(from).pending);
            if !line.is_empty() {
                self.line(from, &line, now, &mut each);
            }
        }
        self.elided.take().into_iter().for_each(each);
    }

    fn direction(&mut self, from: Side) -> &mut Direction {
        match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn line(&mut self, from: Side, line: &[u8], now: Duration, each: &mut impl FnMut(Spoken)) {
        let seen = self.follow.line(from, line);
        if from == Side::Server && matches!(seen.turn, Turn::Answers { .. }) {
            self.said.answered();
        }
        let (phase, reply) = self.turn(from, seen.turn, now);
        let keep = self.keep;
        let direction = self.direction(from);
        let is_rest = std::mem::replace(&mut direction.is_cut, line.len() >= LINE_MAX && !line.ends_with(b"\n"));
        let is_cut = direction.is_cut;
        let is_shown = match &seen.show {
            Show::Whole | Show::Secret { .. } | Show::Instead { .. } => true,
            Show::Elide => keep.data == Data::Full,
            Show::Hidden => keep.data == Data::Full && keep.secrets,
            Show::Message { is_first } => match keep.data {
                Data::None => false,
                Data::Full => true,
                Data::Headers => direction.is_header(*is_first, line),
            },
        };
        let spoken = Spoken {
            side: from,
            octets: Vec::new(),
            hidden: Hidden::Body,
            bytes: line.len() as u64,
            is_cut: false,
            phase,
            reply,
            expected: seen.expected,
        };
        // A secret may stand where a line is cut, and would not be known by its half: what is behind is not shown.
        if !is_shown || is_rest {
            match &mut self.elided {
                Some(elided) if elided.side == from => elided.bytes += spoken.bytes,
                _ => self.elided.replace(spoken).into_iter().for_each(each),
            }
            return;
        }
        self.elided.take().into_iter().for_each(&mut *each);
        let (shown, hidden) = match &seen.show {
            Show::Instead { text, secret } if !keep.secrets => (text.as_bytes(), Hidden::Within(*secret)),
            Show::Secret { keep: seen } if !keep.secrets => {
                let seen = (*seen).min(line.len());
                let secret = line[seen..].strip_suffix(b"\n").map_or(&line[seen..], |rest| rest);
                let secret = secret.strip_suffix(b"\r").unwrap_or(secret);
                (&line[..seen], Hidden::Secret(secret.len() as u64))
            }
            _ => (line, Hidden::Nothing),
        };
        let mut octets = shown.to_vec();
        if !keep.secrets {
            if from == Side::Client && self.follow.is_repeated() && !matches!(hidden, Hidden::Within(_)) {
                let count = if let Hidden::Secret(count) = hidden { count } else { 0 };
                self.veil.learn(self.said.line(line, count));
            }
            octets = self.veil.over_octets(octets);
        }
        each(Spoken { octets, hidden, is_cut, ..spoken });
    }

    /// What a line is about, and how long the reply took that it ends.
    fn turn(&mut self, from: Side, turn: Turn, now: Duration) -> (&'static str, Option<Duration>) {
        let took = |due: &Due| Some(now.saturating_sub(due.since));
        match turn {
            Turn::Asks { key, phase } => {
                if self.due.len() == DUE_MAX {
                    self.due.pop_front();
                }
                self.due.push_back(Due { key, phase, since: now });
                (phase, None)
            }
            Turn::More { phase } => {
                if let Some(due) = self.due.back_mut() {
                    (due.phase, due.since) = (phase, now);
                }
                (phase, None)
            }
            Turn::None => {
                let due = match from {
                    Side::Client => self.due.back(),
                    Side::Server => self.due.front(),
                };
                (due.unwrap_or(&self.last).phase, None)
            }
            Turn::Prompts => self.due.front().map_or((self.last.phase, None), |due| (due.phase, took(due))),
            Turn::Answers { key } => {
                // A request may have several replies, as a message has by LMTP: one for each recipient.
                let found = self.due.iter().position(|due| due.key == key).and_then(|at| self.due.remove(at));
                if let Some(found) = found {
                    self.last = found;
                }
                (self.last.phase, took(&self.last))
            }
        }
    }
}

impl Direction {
    /// Whether this line of a message belongs to its header section, as far as that is shown.
    fn is_header(&mut self, is_first: bool, line: &[u8]) -> bool {
        if is_first {
            self.header = Some(0);
        }
        let Some(seen) = self.header else { return false };
        let name = line.iter().take_while(|octet| octet.is_ascii_graphic() && **octet != b':').count();
        // RFC 5322 §2.2: a field begins with its name and a colon, or goes on behind a blank.
        let is_field = line.starts_with(b" ") || line.starts_with(b"\t") || line.get(name) == Some(&b':');
        let seen = seen + line.len() as u64;
        let is_in = is_field && seen <= HEADER_MAX && line.ends_with(b"\n");
        self.header = is_in.then_some(seen);
        is_in
    }
}

impl Spoken {
    /// As a line of text: what may be seen, and `{secret}` or `{...}` for what may not.
    pub fn text(&self) -> Option<Cow<'static, str>> {
        match self.hidden {
            Hidden::Nothing | Hidden::Within(_) => None,
            Hidden::Body => Some("{...}".into()),
            Hidden::Secret(_) => {
                let seen = std::str::from_utf8(&self.octets).ok().filter(|seen| seen.chars().all(is_plain));
                let seen = seen.map_or_else(|| self.octets.escape_ascii().to_string(), str::to_owned);
                // What is behind the beginning of a secret may be all of that secret.
                let seen = seen.strip_suffix("{secret}").unwrap_or(&seen);
                Some(format!("{seen}{{secret}}").into())
            }
        }
    }

    /// As an entry of a transcript.
    pub fn entry(&self, connection: u32) -> Entry {
        match self.text() {
            Some(text) => Entry::Line { connection, side: self.side, text: text.into_owned() },
            None => transcript::said(connection, self.side, &self.octets),
        }
    }
}

/// What a trace shows of a conversation, for the tests of those who follow one.
#[cfg(test)]
pub(crate) fn shown<'a>(
    follow: Box<dyn Follow>,
    data: Data,
    said: impl IntoIterator<Item = (Side, &'a [u8])>,
) -> Vec<String> {
    let mut recorder = Recorder::new(follow, Keep { data, secrets: false }, Duration::ZERO);
    let mut entries = Vec::new();
    for (from, octets) in said {
        recorder.octets(from, octets, Duration::ZERO, |spoken| entries.push(spoken.entry(1).to_string()));
    }
    recorder.finish(Duration::ZERO, |spoken| entries.push(spoken.entry(1).to_string()));
    entries
}

#[cfg(test)]
mod tests;
