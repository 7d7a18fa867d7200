//! The terminal: where results, notes and errors are printed, and what the global options say about that.
//!
//! Data goes to standard output, everything else to standard error. Whatever a stranger wrote is made
//! harmless before it is printed. A reader of the output who goes away is no failure worth a word.

use super::context::{Context, Typed};
use super::exit::Exit;
use super::globals::ColorChoice;
use clap::error::{ContextKind, ContextValue};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mailkit::endpoint::masked;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::safe::{is_treacherous, terminal};
use mailkit::secret::Secret;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};
use std::sync::PoisonError;

/// Octets from which on an upload takes long enough to be watched.
const UPLOAD_SHOWN: u64 = 256 * 1024;

/// Standard output was closed by its reader.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads the output")]
struct OutputClosed;

impl Context {
    /// Prints a line of data on standard output.
    pub(super) fn line(&self, text: &str) -> Result<()> {
        self.octets(format!("{text}\n").as_bytes())
    }

    /// Writes octets to standard output as they are.
    pub(super) fn octets(&self, octets: &[u8]) -> Result<()> {
        let written = match self.talks.get() {
            Some(talks) => talks.out.say(octets),
            None => io::stdout().lock().write_all(octets),
        };
        written.map_err(output_error)
    }

    /// Whether what is printed on standard output is looked at as it comes.
    pub(super) fn shows_output(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Waits until what was printed on standard output is on its way to whoever reads it.
    pub(super) fn delivered(&self) -> Result<()> {
        self.talks.get().map_or(Ok(()), |talks| talks.out.drain(None)).map_err(output_error)
    }

    /// A line on standard error.
    fn utter(&self, text: &str) {
        match self.talks.get() {
            // There is nobody to tell if that fails.
            Some(talks) => drop(talks.err.say(format!("{text}\n").as_bytes())),
            None => complain(text),
        }
    }

    /// Prints a result as one line of JSON.
    pub(super) fn object(&self, value: &impl Serialize) -> Result<()> {
        self.line(&json(value)?)
    }

    /// Whether results are to be printed as JSON.
    pub(super) fn is_json(&self) -> bool {
        self.globals.json
    }

    /// A word for somebody who watches: only on a terminal, so that cron stays silent while all is well.
    pub(super) fn note(&self, text: &str) {
        if !self.globals.quiet && !self.globals.json && io::stderr().is_terminal() {
            self.utter(&terminal(text));
        }
    }

    /// Standard input is to be read: whoever sits there is told that he is waited for. An error if nobody may be asked.
    pub(super) fn await_message(&self, hint: &str) -> Result<()> {
        match io::stdin().is_terminal() {
            true if self.globals.no_input => {
                let what = "no message: standard input is a terminal, where nothing may be asked";
                return Err(Error::new(Kind::Usage, what).hint(hint));
            }
            true => self.note("reading the message from the terminal; end it with Ctrl-D"),
            false => {}
        }
        Ok(())
    }

    /// What a command was asked to say on standard error.
    pub(super) fn say(&self, text: &str) {
        self.utter(&terminal(text));
    }

    /// A failure that is a result: it is said even when notes are not wanted. Lines stay lines.
    pub(super) fn complain(&self, text: &str) {
        for (index, line) in text.lines().enumerate() {
            let lead = if index == 0 { format!("mailkit {}: ", self.command) } else { String::new() };
            self.utter(&format!("{lead}{}", terminal(line)));
        }
    }

    /// A word for somebody who asked for more.
    pub(super) fn detail(&self, text: &str) {
        if self.globals.verbose > 0 {
            self.utter(&terminal(text));
        }
    }

    /// Something that did not stop the command, but that the user should know.
    pub(super) fn warn(&self, text: &str) {
        if !self.globals.quiet {
            self.utter(&format!("mailkit {}: {}", self.command, terminal(text)));
        }
    }

    /// Whether somebody sits there who could answer.
    pub(super) fn is_attended(&self) -> bool {
        !self.globals.no_input && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks for a password, if there is somebody to ask.
    pub(super) fn ask_password(&self, question: &str) -> Result<Secret> {
        let advice = "name a source: --password-cmd, --password-env or --password-file, or secret = ... in the account";
        let nobody = |why: &str| Error::new(Kind::Config, format!("no password: {why}")).hint(advice);
        if self.globals.no_input {
            return Err(nobody("it may not be asked for"));
        }
        if !self.is_attended() {
            return Err(nobody("there is no terminal to ask on"));
        }
        let answer = dialoguer::Password::new().with_prompt(terminal(question)).allow_empty_password(true).interact();
        match answer {
            Ok(password) if password.is_empty() => Err(nobody("nothing was typed")),
            Ok(password) => Ok(Secret::new(password)),
            Err(error) => Err(nobody("nothing was typed").caused_by(error)),
        }
    }

    /// Asks for the password of an account's user, once in this run.
    pub(super) fn ask_password_once(&self, (account, user): (&str, &str), question: &str) -> Result<Secret> {
        // Nobody panics while holding it.
        let mut typed = self.typed.lock().unwrap_or_else(PoisonError::into_inner);
        let password = match typed.take() {
            Some(known) if known.account == account && known.user == user => known.password,
            _ => self.ask_password(question)?,
        };
        let copy = Secret::new(password.expose().to_owned());
        *typed = Some(Typed { account: account.to_owned(), user: user.to_owned(), password });
        Ok(copy)
    }

    /// Asks whether to do what cannot be undone; `flag` is the option that answers without a terminal.
    pub(super) fn confirm(&self, question: &str, flag: &str) -> Result<()> {
        if !self.is_attended() {
            let error = Error::new(Kind::Usage, format!("{question} There is nobody to ask"));
            return Err(error.hint(format!("{flag} says yes")));
        }
        match dialoguer::Confirm::new().with_prompt(terminal(question)).default(false).interact() {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::new(Kind::Usage, "nothing was done")),
            Err(error) => Err(Error::new(Kind::Usage, "nothing was done").caused_by(error)),
        }
    }

    /// Asks a question that yes or no answers; none where nobody can be asked.
    pub(super) fn asks(&self, question: &str) -> Option<bool> {
        self.is_attended().then(|| {
            let prompt = dialoguer::Confirm::new().with_prompt(terminal(question)).default(false);
            // Whoever goes away without an answer has not said yes.
            prompt.interact().unwrap_or(false)
        })
    }

    /// A bar that shows how far a command is, on a terminal; elsewhere it draws nothing.
    pub(super) fn progress(&self, what: &'static str, total: u64) -> ProgressBar {
        self.bar(what, total, "{msg} {wide_bar} {pos}/{len}")
    }

    /// The same for octets, with their rate and how long the rest may take.
    pub(super) fn upload(&self, what: &'static str, total: u64) -> ProgressBar {
        let total = if total < UPLOAD_SHOWN { None } else { Some(total) };
        match total {
            Some(total) => self.bar(what, total, "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left"),
            // What is over before anybody has looked would only flicker.
            None => ProgressBar::hidden(),
        }
    }

    fn bar(&self, what: &'static str, total: u64, template: &str) -> ProgressBar {
        let watched = !self.globals.quiet && !self.globals.json && io::stderr().is_terminal();
        // A trace on the same terminal and a bar would write over each other.
        let drawn = watched && self.globals.trace.is_none();
        let target = if drawn { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        ProgressBar::with_draw_target(Some(total), target).with_style(style).with_message(what)
    }

    /// Says on standard error what went wrong, and returns the code to end with.
    pub(super) fn explain(&self, error: &Error) -> Exit {
        let exit = exit_of(error);
        if exit == Exit::PIPE {
            return exit;
        }
        let text = if self.globals.json {
            error_json(error.kind(), &error.to_string(), error.answer(), error.advice())
        } else {
            let name = format!("mailkit {}:", self.command);
            let name = if self.colors(io::stderr().is_terminal()) { format!("\x1b[1;31m{name}\x1b[0m") } else { name };
            let mut text = format!("{name} {}", terminal(&error.to_string()));
            for (lead, more) in [("it said: ", error.answer()), ("", error.advice())] {
                for line in more.into_iter().flat_map(str::lines) {
                    text.push_str(&format!("\n  {lead}{}", terminal(line)));
                }
            }
            text
        };
        self.utter(&text);
        exit
    }

    /// Whether to use colour on an output that is a terminal or is not.
    pub(super) fn colors(&self, terminal: bool) -> bool {
        let is_set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        match self.globals.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && is_set("NO_COLOR").is_none() && is_set("TERM").is_none_or(|t| t != "dumb"),
        }
    }
}

/// Says what was wrong with the arguments, or prints the help that was asked for; returns the code to end with.
pub(super) fn explain_usage(mut error: clap::Error) -> Exit {
    // What is wrong is repeated, and may be a URL with a password in it.
    if let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) {
        let masked = ContextValue::String(masked(value));
        error.insert(ContextKind::InvalidValue, masked);
    }
    // clap ends with 2 for wrong arguments; sysexits.h, which scripts around mail know, has 64.
    let exit = if error.use_stderr() { Exit::from(Kind::Usage) } else { Exit::OK };
    // Nothing is parsed yet, so the option is looked for as it stands.
    let json = std::env::args_os().take_while(|arg| arg != "--").any(|arg| arg == "--json");
    if error.use_stderr() && json {
        let text = error.to_string();
        let (message, hint) = text.trim_end().split_once("\n\n").unwrap_or((text.trim_end(), ""));
        let message = message.strip_prefix("error: ").unwrap_or(message);
        complain(&error_json(Kind::Usage, message, None, Some(hint).filter(|hint| !hint.is_empty())));
        return exit;
    }
    match error.print() {
        // On standard error there is nobody left to tell.
        Err(failure) if !error.use_stderr() => {
            let failure = output_error(failure);
            if !closed_output(&failure) {
                complain(&format!("mailkit: {failure}"));
            }
            exit_of(&failure)
        }
        _ => exit,
    }
}

/// A panic is a mistake of ours: it says so in one line instead of a backtrace.
pub(crate) fn announce_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
        let what = panic.payload_as_str().unwrap_or("no message");
        complain(&format!(
            "mailkit {}: a mistake in the program{place}: {}\n  please report this line",
            env!("CARGO_PKG_VERSION"),
            terminal(what)
        ));
    }));
}

/// A line on standard error. There is nobody to tell if that fails.
pub(super) fn complain(text: &str) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n"));
}

pub(super) fn output_error(error: io::Error) -> Error {
    let failure = Error::new(Kind::Io, "cannot write to standard output");
    if error.kind() == io::ErrorKind::BrokenPipe { failure.caused_by(OutputClosed) } else { failure.caused_by(error) }
}

/// What the process ends with after an error.
pub(super) fn exit_of(error: &Error) -> Exit {
    if closed_output(error) { Exit::PIPE } else { Exit::from(error.kind()) }
}

fn closed_output(error: &Error) -> bool {
    let mut causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.any(|cause| cause.is::<OutputClosed>())
}

/// What `--json` prints on standard error when a command fails.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Failure {
    error: FailureBody,
}

/// What went wrong.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FailureBody {
    /// The name of the exit code, as in sysexits.h.
    code: &'static str,
    /// The code the process ends with.
    exit: u8,
    /// What the user can do.
    hint: Option<String>,
    /// The sort of failure, a word.
    kind: String,
    /// What was tried, and why it failed.
    message: String,
    /// The other side's own words.
    said: Option<String>,
}

fn error_json(kind: Kind, message: &str, said: Option<&str>, hint: Option<&str>) -> String {
    let exit = Exit::from(kind);
    let failure = Failure {
        error: FailureBody {
            code: exit.name(),
            exit: exit.code(),
            hint: hint.map(str::to_owned),
            kind: kebab(&format!("{kind:?}")),
            message: message.to_owned(),
            said: said.map(str::to_owned),
        },
    };
    harmless_json(&serde_json::to_string(&failure).expect("strings and numbers always print"))
}

/// `NoUser` as `no-user`.
fn kebab(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

/// Columns of the terminal that standard output is; none if it is none.
pub(super) fn terminal_columns() -> Option<usize> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let columns = rustix::termios::tcgetwinsize(&stdout).map_or(0, |size| usize::from(size.ws_col));
    // A terminal that does not know how wide it is has the width that most had.
    Some(if columns == 0 { 80 } else { columns })
}

/// A result as one line of JSON, harmless on a terminal too.
pub(super) fn json(value: &impl Serialize) -> Result<String> {
    let json = serde_json::to_string(value)
        .map_err(|error| Error::new(Kind::Software, "a result cannot be written as JSON").caused_by(error))?;
    Ok(harmless_json(&json))
}

/// JSON escapes the control characters of ASCII only; all others can stand nowhere but in strings.
pub(super) fn harmless_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut rest = json;
    // Runs of plain ASCII, by far most of it, are looked at many octets at once.
    while let Some(at) = first_odd(rest.as_bytes()) {
        let (plain, odd) = rest.split_at(at);
        text.push_str(plain);
        let end = odd.find(|c: char| c.is_ascii() && c != '\u{7f}').unwrap_or(odd.len());
        let (odd, behind) = odd.split_at(end);
        for c in odd.chars() {
            if is_treacherous(c) {
                // JSON counts in UTF-16 (RFC 8259 §7).
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
            } else {
                text.push(c);
            }
        }
        rest = behind;
    }
    text.push_str(rest);
    text
}

/// Where the first octet is that is no ASCII, or DEL: what else drives a terminal JSON escapes itself.
fn first_odd(octets: &[u8]) -> Option<usize> {
    const RUN: usize = 64;
    let plain = octets.chunks(RUN).take_while(|run| run.iter().fold(true, |plain, octet| plain & (*octet < 0x7f)));
    let start = plain.count() * RUN;
    let found = octets.get(start..)?.iter().position(|octet| *octet >= 0x7f);
    found.map(|at| start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_as_json_has_all_its_members_and_no_control_characters() {
        let json = error_json(Kind::NoUser, "refused \u{9b}31m\u{e0001}", Some("550 5.1.1 who?"), None);
        let wanted = concat!(
            r#"{"error":{"code":"nouser","exit":67,"hint":null,"kind":"no-user","#,
            r#""message":"refused \u009b31m\udb40\udc01","said":"550 5.1.1 who?"}}"#
        );
        assert_eq!(json, wanted);
    }
}
