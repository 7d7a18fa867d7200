//! What every subcommand is given: what was said about all commands, and how to get at the world.
//!
//! Configuration, trace and runtime are made when a command asks for them, so that one that needs
//! none of them starts at once. How things are printed is in `console`.

use super::globals::Globals;
use mailkit::account::Config;
use mailkit::error::{Error, Kind, Result};
use mailkit::net::trace::Trace;
use std::future::Future;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// The global options, and what follows from them.
#[derive(Debug)]
pub(crate) struct Context {
    /// The subcommand as the user typed it, for error messages.
    pub(super) command: &'static str,
    /// The options.
    pub(super) globals: Globals,
    config: OnceLock<Config>,
    trace: OnceLock<Option<Trace>>,
}

/// How long a command waits at its end for work that nobody waits for any more, as a keyring that does not answer.
const LINGER: Duration = Duration::from_millis(100);

impl Context {
    pub(super) fn new(command: &'static str, globals: Globals) -> Self {
        Self { command, globals, config: OnceLock::new(), trace: OnceLock::new() }
    }

    /// The configuration file, read once.
    pub(super) fn config(&self) -> Result<&Config> {
        if let Some(config) = self.config.get() {
            return Ok(config);
        }
        let config = Config::load(self.globals.config.as_deref())?;
        Ok(self.config.get_or_init(|| config))
    }

    /// Where conversations are written down, if the user asked for it.
    pub(super) fn trace(&self) -> Result<Option<Trace>> {
        if let Some(trace) = self.trace.get() {
            return Ok(trace.clone());
        }
        let trace = self.globals.trace.as_deref().map(open_trace).transpose()?;
        Ok(self.trace.get_or_init(|| trace).clone())
    }

    /// Runs a command that talks to one or a few servers: one thread is enough.
    pub(super) fn block_on<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        finish(Builder::new_current_thread(), work)
    }

    /// Runs a command that serves many: one thread for each processor.
    pub(super) fn block_on_all_cores<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        finish(Builder::new_multi_thread(), work)
    }
}

fn finish<T>(mut builder: Builder, work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime: Runtime = builder
        .enable_all()
        .build()
        .map_err(|error| Error::new(Kind::Temporary, "the system gives no threads or timers").caused_by(error))?;
    let result = runtime.block_on(work);
    runtime.shutdown_timeout(LINGER);
    result
}

fn open_trace(path: &Path) -> Result<Trace> {
    if path == Path::new("-") {
        return Ok(Trace::new(Box::new(std::io::stderr())));
    }
    let file = std::fs::File::create(path).map_err(|error| Error::file("cannot write the trace to", path, error))?;
    Ok(Trace::new(Box::new(file)))
}
