//! The trace: conversations written down while they happen, in the form that tests play back.
//!
//! One sink for all connections of a program; each line is written whole and at once. What may not
//! be shown is decided by the protocol's follower; nothing here looks into lines.

use crate::secret::Secret;
use crate::wire::record::{Follow, Recorder};
use crate::wire::transcript::{Entry, Side};
use std::fmt;
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Secrets that are looked for in each line.
const SECRETS_MAX: usize = 64;

/// Where conversations are written down. Cheap to clone.
#[derive(Clone)]
pub struct Trace(Arc<Sink>);

struct Sink {
    out: Mutex<Box<dyn Write + Send>>,
    started: Instant,
    connections: AtomicU32,
    /// What nobody may read, whoever says it.
    secrets: Mutex<Vec<Secret>>,
}

/// One connection's place in a trace.
pub struct Tap {
    trace: Trace,
    recorder: Recorder,
    ours: Side,
}

impl Trace {
    /// A trace that writes to `out`.
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self(Arc::new(Sink {
            out: Mutex::new(out),
            started: Instant::now(),
            connections: AtomicU32::new(0),
            secrets: Mutex::default(),
        }))
    }

    /// From now on this is shown in no line. What we say is hidden by the protocol's follower; a server may repeat it.
    pub fn hide(&self, secret: &Secret) {
        let mut secrets = self.0.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        if !secrets.iter().any(|known| known.is_same(secret)) {
            // A relay with tokens of an hour has a new one each hour, and talks with the last few.
            if secrets.len() == SECRETS_MAX {
                secrets.remove(0);
            }
            secrets.push(Secret::new(secret.expose().to_owned()));
        }
    }

    /// Begins to follow a connection on which we are `ours`.
    pub fn tap(&self, ours: Side, follow: Box<dyn Follow>) -> Tap {
        let number = self.0.connections.fetch_add(1, Ordering::Relaxed) + 1;
        Tap { trace: self.clone(), recorder: Recorder::new(number, follow), ours }
    }

    /// Writes an entry that belongs to no connection, as a DNS answer.
    pub fn note(&self, text: &str) {
        self.write(&Entry::Note(text.to_owned()));
    }

    fn write(&self, entry: &Entry) {
        let millis = self.0.started.elapsed().as_secs_f64() * 1000.0;
        let mut line = entry.to_string();
        for secret in &*self.0.secrets.lock().unwrap_or_else(PoisonError::into_inner) {
            line = secret.veil(&line).into_owned();
        }
        let mut out = self.0.out.lock().unwrap_or_else(PoisonError::into_inner);
        // A trace that cannot be written must not stop the mail.
        let _ = writeln!(out, "[{millis:8.1}ms] {line}").and_then(|()| out.flush());
    }
}

impl Tap {
    /// Octets that we sent.
    pub fn sent(&mut self, octets: &[u8]) {
        self.octets(self.ours, octets);
    }

    /// Octets that we received.
    pub fn received(&mut self, octets: &[u8]) {
        let theirs = match self.ours {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        };
        self.octets(theirs, octets);
    }

    /// Something that happened to the connection.
    pub fn note(&mut self, text: &str) {
        self.trace.note(text);
    }

    fn octets(&mut self, from: Side, octets: &[u8]) {
        let trace = &self.trace;
        self.recorder.octets(from, octets, |entry| trace.write(&entry));
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        let trace = &self.trace;
        self.recorder.finish(|entry| trace.write(&entry));
        trace.write(&Entry::Closed);
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
