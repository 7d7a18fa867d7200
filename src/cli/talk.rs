//! What a command that serves prints: written by a thread of its own.
//!
//! A pipe that nobody reads and a terminal that was stopped hold up whoever writes to them. That must be neither
//! the mail nor the end of the program. So what is said waits in bounded memory; what finds no room is counted, and
//! the count is said as soon as somebody reads again. Knows no options and no formats.

use std::fmt;
use std::io::{self, Write};
use std::mem::take;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Octets that may wait: some ten thousand lines.
const WAITING_MAX: usize = 1024 * 1024;

/// One output. Cheap to clone; all clones are one.
#[derive(Clone)]
pub(super) struct Talk(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// How many were turned away since that was last said.
    missed: u64,
    is_writing: bool,
    /// Why nothing is written any more.
    failure: Option<io::Error>,
    is_over: bool,
}

impl Talk {
    /// Begins to write to `out`; `notice` says that so many pieces are missing.
    pub(super) fn to(
        mut out: impl Write + Send + 'static,
        notice: impl Fn(u64) -> String + Send + 'static,
    ) -> io::Result<Self> {
        let talk = Self(Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() }));
        let shared = talk.0.clone();
        let write = move || {
            while let Some(octets) = shared.next(&notice) {
                let written = out.write_all(&octets).and_then(|()| out.flush());
                shared.written(written);
            }
        };
        std::thread::Builder::new().name("talk".into()).spawn(write)?;
        Ok(talk)
    }

    /// Says something whole, or not at all. Never waits.
    pub(super) fn say(&self, octets: &[u8]) -> io::Result<()> {
        let mut state = self.0.lock();
        if let Some(failure) = &state.failure {
            return Err(failure.kind().into());
        }
        if state.waiting.len() + octets.len() > WAITING_MAX {
            state.missed += 1;
        } else {
            state.waiting.extend_from_slice(octets);
            self.0.changed.notify_all();
        }
        Ok(())
    }

    /// Waits until all is written, but no longer than this; without a limit as long as it takes.
    pub(super) fn drain(&self, patience: Option<Duration>) -> io::Result<()> {
        let state = self.0.lock();
        let is_busy = |state: &mut State| state.failure.is_none() && (state.is_writing || state.has_more());
        let state = match patience {
            None => self.0.changed.wait_while(state, is_busy).unwrap_or_else(PoisonError::into_inner),
            Some(patience) => {
                let waited = self.0.changed.wait_timeout_while(state, patience, is_busy);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        state.failure.as_ref().map_or(Ok(()), |failure| Err(failure.kind().into()))
    }

    /// To be written to like a file; what comes between two flushes is said at once.
    pub(super) fn writer(&self) -> impl Write + Send + use<> {
        Writer { talk: self.clone(), piece: Vec::new() }
    }
}

impl State {
    fn has_more(&self) -> bool {
        !self.waiting.is_empty() || self.missed > 0
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something to write; `None` when nothing more will come.
    fn next(&self, notice: &impl Fn(u64) -> String) -> Option<Vec<u8>> {
        let idle = |state: &mut State| !state.has_more() && !state.is_over;
        let mut state = self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        if !state.has_more() || state.failure.is_some() {
            return None;
        }
        let mut octets = take(&mut state.waiting);
        match take(&mut state.missed) {
            0 => {}
            count => octets.extend_from_slice(notice(count).as_bytes()),
        }
        state.is_writing = true;
        Some(octets)
    }

    fn written(&self, result: io::Result<()>) {
        let mut state = self.lock();
        state.is_writing = false;
        if let Err(error) = result {
            (state.failure, state.waiting, state.missed) = (Some(error), Vec::new(), 0);
            state.is_over = true;
        }
        self.changed.notify_all();
    }
}

impl fmt::Debug for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Talk")
    }
}

struct Writer {
    talk: Talk,
    piece: Vec<u8>,
}

impl Write for Writer {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.talk.say(&take(&mut self.piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// An output whose reader takes a piece when told to.
    struct Slow(Sender<Vec<u8>>, Receiver<io::Result<()>>);

    impl Write for Slow {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            let _ = self.0.send(octets.to_vec());
            self.1.recv().unwrap_or(Ok(())).map(|()| octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow() -> (Talk, Receiver<Vec<u8>>, Sender<io::Result<()>>) {
        let ((tell, told), (go, gone)) = (channel(), channel());
        (Talk::to(Slow(tell, gone), |count| format!("{count} missing\n")).unwrap(), told, go)
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn who_speaks_to_a_reader_that_stopped_never_waits_and_what_is_lost_is_counted() {
        let (talk, told, go) = slow();
        talk.say(b"first\n").unwrap();
        assert_eq!(told.recv_timeout(LONG).unwrap(), b"first\n");
        let line = [b'x'; 1023];
        for _ in 0..5000 {
            talk.say(&line).unwrap();
        }
        talk.drain(Some(Duration::from_millis(10))).unwrap();
        assert!(told.try_recv().is_err(), "the reader has not read the first one");
        go.send(Ok(())).unwrap();
        let rest = told.recv_timeout(LONG).unwrap();
        let kept = WAITING_MAX / line.len();
        assert_eq!(rest.len(), kept * line.len() + format!("{} missing\n", 5000 - kept).len());
        assert!(rest.ends_with(format!("{} missing\n", 5000 - kept).as_bytes()));
        go.send(Ok(())).unwrap();
        talk.drain(None).unwrap();
    }

    #[test]
    fn an_output_that_is_closed_is_told_to_whoever_speaks_next() {
        let (talk, told, go) = slow();
        talk.writer().write_all(b"never said without a flush").unwrap();
        writeln!(talk.writer(), "a").unwrap();
        let mut writer = talk.writer();
        writer.write_all(b"b").and_then(|()| writer.flush()).unwrap();
        assert_eq!(told.recv_timeout(LONG).unwrap(), b"b");
        go.send(Err(io::ErrorKind::BrokenPipe.into())).unwrap();
        assert_eq!(talk.drain(None).map_err(|error| error.kind()), Err(io::ErrorKind::BrokenPipe));
        assert_eq!(talk.say(b"c").map_err(|error| error.kind()), Err(io::ErrorKind::BrokenPipe));
    }
}
