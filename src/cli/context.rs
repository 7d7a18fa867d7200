//! What every subcommand is given: what was said about all commands, and how to get at the world.
//!
//! Configuration, trace and runtime are made when a command asks for them, so that one that needs
//! none of them starts at once. How things are printed is in `console`.

use super::console::output_error;
use super::globals::Globals;
use super::talk::Talk;
use mailkit::account::{Config, Whose};
use mailkit::error::{Error, Kind, Result};
use mailkit::net::trace::{Style, Trace};
use mailkit::secret::Secret;
use mailkit::wire::event::{Event, Happening};
use mailkit::wire::record::Keep;
use std::fs::File;
use std::future::Future;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// The global options, and what follows from them.
#[derive(Debug)]
pub(crate) struct Context {
    /// The subcommand as the user typed it, for error messages.
    pub(super) command: &'static str,
    /// The options.
    pub(super) globals: Globals,
    /// Variables of the environment that hold secrets, as the arguments say.
    secret_variables: Vec<String>,
    hidden: OnceLock<Vec<String>>,
    config: OnceLock<Config>,
    trace: OnceLock<Option<Trace>>,
    /// Made when a command begins to serve.
    pub(super) talks: OnceLock<Talks>,
    /// The password that was typed for an account and a user.
    pub(super) typed: Mutex<Option<Typed>>,
}

/// The outputs of a command that serves. The threads behind them end with the program.
#[derive(Debug)]
pub(super) struct Talks {
    pub(super) out: Talk,
    pub(super) err: Talk,
    /// The trace, if it goes to somebody who may stop reading.
    trace: OnceLock<Talk>,
}

/// What was typed once, and is not asked for again.
pub(super) struct Typed {
    pub(super) account: String,
    pub(super) user: String,
    pub(super) password: Secret,
}

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed")
    }
}

/// How long a command waits at its end for work that nobody waits for any more, as a keyring that does not answer.
const LINGER: Duration = Duration::from_millis(100);

impl Context {
    pub(super) fn new(command: &'static str, globals: Globals) -> Self {
        let (hidden, config, trace, talks) = (OnceLock::new(), OnceLock::new(), OnceLock::new(), OnceLock::new());
        let typed = Mutex::new(None);
        Self { command, globals, secret_variables: Vec::new(), hidden, config, trace, talks, typed }
    }

    /// With the variables that the arguments name.
    pub(super) fn hiding(self, secret_variables: Vec<String>) -> Self {
        Self { secret_variables, ..self }
    }

    /// Says that others depend on this command from here on: whoever stops reading what it prints holds up nothing.
    pub(super) fn serves(&self) -> Result<()> {
        let no_thread = |error| Error::new(Kind::Temporary, "the system gives no threads").caused_by(error);
        let missing = |count| format!("{count} events were not shown: the output was read too slowly");
        let (json, command) = (self.globals.json, self.command);
        let on_out = move |count| format!("{}\n", serde_json::json!({ "event": "trouble", "what": missing(count) }));
        let on_err = move |count| format!("mailkit {command}: {}\n", missing(count));
        let out = Talk::to(io::stdout(), move |count| if json { on_out(count) } else { String::new() });
        let err = Talk::to(io::stderr(), on_err);
        let talks = Talks { out: out.map_err(no_thread)?, err: err.map_err(no_thread)?, trace: OnceLock::new() };
        // Said twice it is said once.
        let _ = self.talks.set(talks);
        Ok(())
    }

    /// Gives those who read what was printed a moment for the rest of it. An error if it cannot be written.
    pub(super) fn linger(&self) -> Result<()> {
        if let Some(kind) = self.trace.get().and_then(|trace| trace.as_ref()?.failure()) {
            // It is no reason to say that anything else went wrong.
            self.warn(&format!("something is missing in the trace: {kind}"));
        }
        let Some(Talks { out, err, trace }) = self.talks.get() else {
            // A last line without an end waits in a buffer still.
            return io::stdout().flush().map_err(output_error);
        };
        for talk in [Some(out), Some(err), trace.get()].into_iter().flatten() {
            // There is nobody left to tell.
            let _ = talk.drain(Some(LINGER));
        }
        Ok(())
    }

    /// The configuration file, read once.
    pub(super) fn config(&self) -> Result<&Config> {
        if let Some(config) = self.config.get() {
            return Ok(config);
        }
        let config = Config::load(&self.globals.config)?;
        let secret_variables = self.secret_variables.clone();
        Ok(self.config.get_or_init(|| Config { secret_variables, ..config }))
    }

    /// Variables of the environment that hold secrets: those of all accounts, and those that the arguments name. No
    /// program that is started is given them, an editor that is to put the configuration right included: then they
    /// are what can be read of it.
    pub(super) fn hidden(&self) -> &[String] {
        self.hidden.get_or_init(|| match self.config() {
            Ok(config) => config.hidden(),
            Err(_) => {
                let config = Config::check(&self.globals.config).map(|(config, _)| config).unwrap_or_default();
                Config { secret_variables: self.secret_variables.clone(), ..config }.hidden()
            }
        })
    }

    /// Whose secret is wanted; `login` is a server and a name there.
    pub(super) fn whose<'a>(&'a self, account: &'a str, login: Option<(&'a str, &'a str)>) -> Whose<'a> {
        Whose { account, login, is_attended: self.is_attended(), hidden: self.hidden() }
    }

    /// Where conversations are written down, if the user asked for it.
    pub(super) fn trace(&self) -> Result<Option<Trace>> {
        if let Some(trace) = self.trace.get() {
            return Ok(trace.clone());
        }
        let trace = self.globals.trace.as_deref().map(|path| self.open_trace(path)).transpose()?;
        Ok(self.trace.get_or_init(|| trace).clone())
    }

    fn open_trace(&self, path: &Path) -> Result<Trace> {
        let keep = Keep { data: self.globals.trace_data.into(), secrets: self.may_show_secrets()? };
        let json = path.extension().is_some_and(|ending| ending == "jsonl");
        let style = Style { json, keep, hex: self.globals.trace_hex };
        let talks = self.talks.get();
        if path == Path::new("-") {
            return Ok(match talks {
                Some(talks) => Trace::styled(Box::new(talks.err.writer()), style),
                None => Trace::styled(Box::new(io::stderr()), style),
            });
        }
        let failed = |error| Error::output("cannot write the trace to", path, error);
        let file = create_private(path).map_err(failed)?;
        let is_ordinary = file.metadata().map_err(failed)?.is_file();
        Ok(match talks.filter(|_| !is_ordinary) {
            Some(talks) => {
                let missing = move |count| match json {
                    true => format!("{}\n", missing_events(count).to_json()),
                    false => format!("# {count} lines are missing: they were read too slowly\n"),
                };
                let talk = Talk::to(file, missing).map_err(failed)?;
                Trace::styled(Box::new(talks.trace.get_or_init(|| talk).writer()), style)
            }
            None => Trace::styled(Box::new(file), style),
        })
    }

    /// Whether secrets are to be shown. Whoever wants that is asked whether it is meant, since what is on a screen or
    /// in a file is soon somewhere else; without a terminal the environment has to say so, which no alias does by
    /// accident.
    fn may_show_secrets(&self) -> Result<bool> {
        if !self.globals.trace_secrets {
            return Ok(false);
        }
        if std::env::var_os("MAILKIT_TRACE_SECRETS").is_some_and(|word| word == "yes") {
            return Ok(true);
        }
        if self.asks("The trace will show passwords and tokens as they are. Go on?") == Some(true) {
            return Ok(true);
        }
        Err(Error::new(Kind::Usage, "--trace-secrets shows passwords, and nobody has said that this is meant")
            .hint("answer yes on a terminal, or set MAILKIT_TRACE_SECRETS=yes"))
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

/// A file that only its owner may read, also if it was there before.
fn create_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        // Who may write to the file of somebody else cannot change who may read it; that is for its owner to say.
        let _ = file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600));
    }
    Ok(file)
}

fn missing_events(count: u64) -> Event {
    Event::happened(0, Happening::Note { what: format!("{count} events are missing: they were read too slowly") })
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
