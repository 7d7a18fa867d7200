//! When to stop: what the user at the terminal, or the service manager, says by a signal.
//!
//! The first word is a request, which commands hear where they wait; the second ends the process. Knows no command.

use super::exit::Exit;
use mailkit::error::{Error, Kind, Result};
use std::sync::{Arc, OnceLock};
use std::thread;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Hears SIGINT and SIGTERM from its making to the end of the process; before, they end it.
pub(super) struct Stop {
    token: CancellationToken,
    asked: Arc<OnceLock<Exit>>,
}

impl Stop {
    /// Begins to listen. Whoever asks twice does not want to wait: the process ends at once, as after a crash, which
    /// loses nothing. It listens on a thread of its own, so that even a command that hangs in a write hears it.
    pub(super) fn on_signals() -> Result<Self> {
        let failed = |error| Error::new(Kind::Software, "cannot listen for signals").caused_by(error);
        let runtime = Builder::new_current_thread().enable_io().build().map_err(failed)?;
        let inside = runtime.enter();
        let mut interrupts = signal(SignalKind::interrupt()).map_err(failed)?;
        let mut terminations = signal(SignalKind::terminate()).map_err(failed)?;
        drop(inside);
        let stop = Self { token: CancellationToken::new(), asked: Arc::default() };
        let (token, asked) = (stop.token.clone(), stop.asked.clone());
        let listen = async move {
            let mut either = async || {
                tokio::select! {
                    _ = interrupts.recv() => Exit::INTERRUPTED,
                    _ = terminations.recv() => Exit::TERMINATED,
                }
            };
            let first = either().await;
            asked.get_or_init(|| first);
            token.cancel();
            std::process::exit(either().await.code().into());
        };
        thread::Builder::new().name("signals".into()).spawn(move || runtime.block_on(listen)).map_err(failed)?;
        Ok(stop)
    }

    /// Is cancelled at the first word.
    pub(super) fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// What a command that was stopped before its work was done ends with.
    pub(super) fn exit(&self) -> Option<Exit> {
        self.asked.get().copied()
    }
}
