//! The data directory: where it is, what in it is whose, and when to stop working in it.
//!
//! The names stand here once, so that all commands that work on one directory find the same things.

use super::context::Context;
use super::exit::Exit;
use mailkit::account::state_dir;
use mailkit::error::{Error, Kind, Result};
use std::path::{Path, PathBuf};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The directory that the arguments, else the configuration, else custom names.
pub(super) fn directory(context: &Context, given: Option<&Path>) -> Result<PathBuf> {
    let path = match given {
        Some(path) => path.to_owned(),
        None => context.config()?.serve.data.clone().map_or_else(state_dir, Ok)?,
    };
    if path.exists() && !path.is_dir() {
        let what = format!("{} is no directory, so no data can be kept in it", path.display());
        return Err(Error::new(Kind::CannotCreate, what));
    }
    Ok(path)
}

/// Where accepted messages wait.
pub(super) fn spool(data: &Path) -> PathBuf {
    data.join("spool")
}

/// Is cancelled when the user or the service manager asks for an end. Whoever asks twice does not want to wait: the
/// process ends at once, as after a crash, which loses nothing. Must be called inside a runtime.
pub(super) fn stop_on_signals() -> Result<CancellationToken> {
    let failed = |error| Error::new(Kind::Software, "cannot listen for signals").caused_by(error);
    let mut asked = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut told = signal(SignalKind::terminate()).map_err(failed)?;
    let stop = CancellationToken::new();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            let mut either = async || {
                tokio::select! {
                    _ = asked.recv() => {}
                    _ = told.recv() => {}
                }
            };
            either().await;
            stop.cancel();
            either().await;
            std::process::exit(Exit::INTERRUPTED.code().into());
        }
    });
    Ok(stop)
}
