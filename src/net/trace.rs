//! The trace: conversations written down while they happen, as text that tests play back, or as lines of JSON.
//!
//! One sink for all connections of a program; each event is written whole and at once. What may not be shown is
//! decided by the protocol's follower; nothing here looks into lines, but for secrets that are known.

use super::clock::SystemClock;
use super::peer::Peer;
use crate::secret::{Secret, Veil};
use crate::wire::event::{Decision, Event, Happening};
use crate::wire::record::{Follow, Hidden, Keep, Recorder, Spoken};
use crate::wire::secured::Tls;
use crate::wire::transcript::{Entry, Side};
use crate::world::Clock;
use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Of a line that is too long this much is shown: a secret that begins in it ends where it is still looked for.
const CUT: usize = 4096;

/// Where conversations are written down. Cheap to clone.
#[derive(Clone)]
pub struct Trace(Arc<Sink>);

/// How they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// As lines of JSON, not as text.
    pub json: bool,
    /// What is shown that need not be.
    pub keep: Keep,
    /// Below each line of text its octets, in hexadecimal too.
    pub hex: bool,
}

struct Sink {
    out: Mutex<Box<dyn Write + Send>>,
    style: Style,
    started: Instant,
    connections: AtomicU32,
    veil: Mutex<Veil>,
    /// Why something is missing in it.
    failure: OnceLock<io::ErrorKind>,
}

/// One connection's place in a trace.
pub struct Tap {
    trace: Trace,
    recorder: Recorder,
    number: u32,
    ours: Side,
    peer: Option<String>,
    tls: bool,
    /// Who has said that it will say no more.
    closed_by: Option<Side>,
}

impl Trace {
    /// A trace that writes text to `out`.
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self::styled(out, Style::default())
    }

    /// A trace that writes to `out` in this style.
    pub fn styled(out: Box<dyn Write + Send>, style: Style) -> Self {
        Self(Arc::new(Sink {
            out: Mutex::new(out),
            style,
            started: Instant::now(),
            connections: AtomicU32::new(0),
            veil: Mutex::default(),
            failure: OnceLock::new(),
        }))
    }

    /// From now on this is shown in no line. What we say is hidden by the protocol's follower; a server may repeat it.
    pub fn hide(&self, secret: &Secret) {
        self.veils().add(secret);
    }

    fn veils(&self) -> MutexGuard<'_, Veil> {
        self.0.veil.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to follow a connection on which we are `ours`.
    pub fn tap(&self, ours: Side, follow: Box<dyn Follow>) -> Tap {
        let number = self.0.connections.fetch_add(1, Ordering::Relaxed) + 1;
        let recorder = Recorder::new(follow, self.0.style.keep, self.0.started.elapsed());
        Tap { trace: self.clone(), recorder, number, ours, peer: None, tls: false, closed_by: None }
    }

    /// Writes a line that belongs to no connection.
    pub fn note(&self, text: &str) {
        self.happened(Happening::Note { what: text.to_owned() }, None, true);
    }

    /// Writes what happened on no connection that is followed, as a question to DNS; how long it took, and whether it is
    /// what was hoped for.
    pub fn happened(&self, what: Happening, took: Option<Duration>, expected: bool) {
        self.happened_with(None, what, took, expected);
    }

    /// The same, with whom.
    pub fn happened_with(&self, peer: Option<&str>, what: Happening, took: Option<Duration>, expected: bool) {
        let proto = match what {
            Happening::Dns { .. } | Happening::Query { .. } => "dns",
            Happening::Http { .. } => "http",
            _ => "",
        };
        let reply_ms = took.map(millis);
        let peer = peer.map(|peer| self.veil(peer).into_owned());
        self.write(Event { proto: proto.into(), peer, reply_ms, expected, ..Event::happened(0, what) });
    }

    /// Writes why something is done, or left, on no connection that is followed.
    pub fn decided(&self, what: impl Into<Decision>) {
        self.happened(Happening::Decision(what.into()), None, true);
    }

    /// Why something is missing in the trace: it could not be written.
    pub fn failure(&self) -> Option<io::ErrorKind> {
        self.0.failure.get().copied()
    }

    fn write(&self, event: Event) {
        let what = event.event.map(|what| self.veil_happening(what));
        let event = Event { ms: millis(self.0.started.elapsed()), event: what, ..event };
        let lines = if self.0.style.json {
            // Milliseconds are what clocks of machines agree on, if at all.
            let now = SystemClock.now();
            let t = Some(format!("{now:.3}"));
            Event { t, ..event }.to_json() + "\n"
        } else {
            let mut text = event.to_text();
            if self.0.style.hex {
                dump(&event, &mut text);
            }
            text
        };
        let mut out = self.0.out.lock().unwrap_or_else(PoisonError::into_inner);
        // A trace that cannot be written must not stop the mail; who asked for it is told at the end.
        if let Err(error) = out.write_all(lines.as_bytes()).and_then(|()| out.flush()) {
            let _ = self.0.failure.set(error.kind());
        }
    }

    /// A text without the secrets that are known.
    fn veil<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.0.style.keep.secrets { Cow::Borrowed(text) } else { self.veils().over(text) }
    }

    /// What happened, without them.
    fn veil_happening(&self, mut what: Happening) -> Happening {
        let veil = |text: &mut String| {
            if let Cow::Owned(veiled) = self.veil(text) {
                *text = veiled;
            }
        };
        match &mut what {
            Happening::Connect | Happening::Timeout { .. } | Happening::Closed { .. } => {}
            Happening::Tls { version, cipher, verified, chain } => {
                [version, cipher, verified].into_iter().chain(chain).for_each(veil);
            }
            Happening::Dns { record, name, answer, .. } => [record, name].into_iter().chain(answer).for_each(veil),
            // Of what is asked nothing stands in the octets that does not stand in the name.
            Happening::Query { record, name, query, reply, .. } => {
                let before = name.clone();
                [record, &mut *name].into_iter().for_each(veil);
                if *name != before {
                    (*query, *reply) = (None, None);
                }
            }
            Happening::Http { method, url, .. } => [method, url].into_iter().for_each(veil),
            Happening::Decision(decision) => decision.texts().for_each(veil),
            Happening::Cut { why: text } | Happening::Note { what: text } => veil(text),
        }
        what
    }

    /// Octets without them.
    fn veil_octets(&self, octets: Vec<u8>) -> Vec<u8> {
        if self.0.style.keep.secrets { octets } else { self.veils().over_octets(octets) }
    }
}

impl Tap {
    /// The connection stands.
    pub fn connected(&mut self, peer: &Peer) {
        self.peer = Some(peer.to_string());
        self.happened(Happening::Connect, None);
    }

    /// Octets that we sent.
    pub fn sent(&mut self, octets: &[u8]) {
        self.octets(self.ours, octets);
    }

    /// Octets that we received; none means that there will be no more.
    pub fn received(&mut self, octets: &[u8]) {
        let theirs = self.theirs();
        if octets.is_empty() {
            self.closed_by.get_or_insert(theirs);
        }
        self.octets(theirs, octets);
    }

    /// We will say no more.
    pub fn closing(&mut self) {
        self.closed_by.get_or_insert(self.ours);
    }

    /// The TLS handshake is done.
    pub fn secured(&mut self, tls: &Tls, took: Duration) {
        self.tls = true;
        let what = Happening::Tls {
            version: tls.version.clone(),
            cipher: tls.cipher.clone(),
            verified: tls.verified.word().to_owned(),
            chain: tls.chain.iter().map(|certificate| certificate.sha256.to_string()).collect(),
        };
        self.happened(what, Some(took));
    }

    /// Something that happened to the connection, and how long it took.
    pub fn happened(&mut self, what: Happening, took: Option<Duration>) {
        let expected = !matches!(what, Happening::Timeout { .. } | Happening::Cut { .. });
        let event = Event { expected, reply_ms: took.map(millis), ..Event::happened(self.number, what) };
        self.write(event);
    }

    /// From now on this is shown in no line.
    pub fn hide(&self, secret: &Secret) {
        self.trace.hide(secret);
    }

    /// Something worth a line.
    pub fn note(&mut self, text: &str) {
        self.happened(Happening::Note { what: text.to_owned() }, None);
    }

    fn theirs(&self) -> Side {
        match self.ours {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }

    fn octets(&mut self, from: Side, octets: &[u8]) {
        let mut said = Vec::new();
        self.recorder.octets(from, octets, self.trace.0.started.elapsed(), |spoken| said.push(spoken));
        said.into_iter().for_each(|spoken| self.spoken(spoken));
    }

    fn spoken(&self, spoken: Spoken) {
        // Before they are cut or escaped, in which forms nobody would know a secret.
        let octets = self.trace.veil_octets(spoken.octets);
        let spoken = Spoken { octets, ..spoken };
        let (text, phase, reply, expected) = (spoken.text(), spoken.phase, spoken.reply, spoken.expected);
        let secret = match spoken.hidden {
            Hidden::Secret(count) | Hidden::Within(count) => count,
            Hidden::Nothing | Hidden::Body => 0,
        };
        let (bytes, elided) = (spoken.bytes, spoken.hidden == Hidden::Body);
        let event = Event {
            phase: Some(phase.into()),
            bytes,
            secret,
            elided,
            reply_ms: reply.map(millis),
            expected,
            ..Event::new(self.number, spoken.side.into())
        };
        let event = match text {
            Some(text) => Event { text: Some(text.into_owned()), ..event },
            None => {
                let mut octets = spoken.octets;
                octets.truncate(if spoken.is_cut { CUT } else { octets.len() });
                event.saying(&octets)
            }
        };
        self.write(event);
    }

    fn write(&self, event: Event) {
        let (proto, side) = (self.recorder.protocol().into(), Some(self.ours.into()));
        self.trace.write(Event { proto, side, peer: self.peer.clone(), tls: self.tls, ..event });
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        let mut said = Vec::new();
        self.recorder.finish(self.trace.0.started.elapsed(), |spoken| said.push(spoken));
        said.into_iter().for_each(|spoken| self.spoken(spoken));
        self.happened(Happening::Closed { by: self.closed_by.map(Into::into) }, None);
    }
}

/// What is less than a tenth of a millisecond tells nobody anything.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

/// The octets that an event shows, as comments.
fn dump(event: &Event, text: &mut String) {
    let octets = match event.entry() {
        _ if event.secret > 0 || event.elided => return,
        Some(Entry::Line { text, .. }) => format!("{text}\r\n").into_bytes(),
        Some(Entry::Raw { octets, .. }) => octets,
        _ => return,
    };
    for (row, piece) in octets.chunks(16).enumerate() {
        let hex: String = piece.iter().map(|octet| format!("{octet:02x} ")).collect();
        let seen: String = piece
            .iter()
            .map(|octet| if octet.is_ascii_graphic() || *octet == b' ' { char::from(*octet) } else { '.' })
            .collect();
        // A String takes whatever is written to it.
        let _ = writeln!(text, "#   {:04x}  {hex:<48} {seen}", row * 16);
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trace")
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tap")
    }
}

#[cfg(test)]
mod tests;
