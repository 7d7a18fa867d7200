//! `parse --to`, `--html`, `--strip` and `--redact`: the message in another form, or without some of it.
//!
//! A message that stays one is written octet for octet, but to a terminal only what cannot drive it.

use super::destination::Destination;
use super::driver::Action;
use super::json::{self, Bodies};
use super::letter::Letter;
use super::sheet::Sheet;
use super::sources::Source;
use crate::cli::context::Context;
use mailkit::account::SecretSource;
use mailkit::convert::line_ends::{self, LineEnds};
use mailkit::convert::mbox::{self, Mbox};
use mailkit::convert::redact::Redactor;
use mailkit::convert::strip::{self, Spec};
use mailkit::convert::{markdown, page, text};
use mailkit::error::{Error, Kind, Result};
use mailkit::message::roles::Roles;
use mailkit::message::safe;
use mailkit::message::view::Message;
use mailkit::net::entropy::SystemEntropy;
use mailkit::world::Entropy;
use std::borrow::Cow;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// What becomes of messages.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Convert")]
pub(super) struct Convert {
    /// Write the message in this form; several messages become one mbox, text, Markdown or JSON, or files with --output
    #[arg(long, value_name = "FORM", value_enum, group = "wish")]
    to: Option<To>,

    /// The same as --to html: a page that loads nothing, runs nothing and holds nothing of the sender's markup
    #[arg(long, group = "wish")]
    html: bool,

    /// Take parts and files within texts out and leave a note with name, type, size and hash: `attachments`, a type like
    /// `image/*`, the number of a part, each perhaps with a size: `application/*>1M`; can be given several times
    #[arg(long, value_name = "SPEC")]
    strip: Vec<Spec>,

    /// Replace addresses, names and texts by fakes of the same shape, for a report; structure and defects stay
    #[arg(long)]
    redact: bool,

    #[command(flatten)]
    key: KeyArgs,

    /// With --to eml, --strip or --redact, what lines end with
    #[arg(long, value_name = "KIND", value_enum, default_value_t = Ends::Keep)]
    line_ends: Ends,

    /// Write each message to a file of its own in this directory, and print the paths
    #[arg(long, value_name = "DIR", group = "paths")]
    output: Option<PathBuf>,

    #[arg(skip)]
    redactor: OnceLock<Mutex<Redactor>>,
    #[arg(skip)]
    destination: OnceLock<Destination>,
    /// Whether a message was printed that no other may follow.
    #[arg(skip)]
    is_done: AtomicBool,
}

/// Where the key of the fakes comes from: whoever has it can find out which fakes stand for words he guesses.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Convert")]
struct KeyArgs {
    /// With --redact, the same fakes in every run with the key on the first line that this shell command prints
    #[arg(long, value_name = "COMMAND", group = "redact_key", requires = "redact")]
    redact_key_cmd: Option<String>,

    /// With --redact, the same fakes in every run with the key in this environment variable
    #[arg(long, value_name = "VARIABLE", group = "redact_key", requires = "redact")]
    redact_key_env: Option<String>,

    /// With --redact, the same fakes in every run with the key on the first line of a file that nobody else may read
    #[arg(long, value_name = "FILE", group = "redact_key", requires = "redact")]
    redact_key_file: Option<PathBuf>,
}

impl KeyArgs {
    fn source(&self) -> Option<SecretSource> {
        let command = self.redact_key_cmd.clone().map(SecretSource::Shell);
        let variable = || self.redact_key_env.clone().map(SecretSource::Env);
        let file = || self.redact_key_file.clone().map(SecretSource::File);
        command.or_else(variable).or_else(file)
    }
}

/// Forms of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum To {
    /// As it is
    Eml,
    /// In a stream of many
    Mbox,
    /// What people would read
    Text,
    /// A page that stands alone
    Html,
    /// Markdown
    Md,
    /// As --json, with texts
    Json,
}

/// Line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Ends {
    /// As they came
    Keep,
    /// CRLF, as on the wire
    Crlf,
    /// LF, as in files
    Lf,
}

impl Convert {
    /// The action, if it was asked for.
    pub(super) fn action(&self) -> Option<&dyn Action> {
        let is_asked = self.to.is_some() || self.html || !self.strip.is_empty() || self.redact || self.output.is_some();
        is_asked.then_some(self as &dyn Action)
    }

    /// Gets what is needed before the first message comes: the key for the fakes. Nothing that was asked for is passed
    /// over.
    pub(super) fn prepare(&self, context: &Context) -> Result<()> {
        if self.line_ends != Ends::Keep && (self.action().is_none() || self.form() != To::Eml) {
            let what = "--line-ends is for messages that stay single messages";
            return Err(Error::new(Kind::Usage, what).hint("use it with --to eml, --strip or --redact"));
        }
        let Some(source) = self.key.source() else { return Ok(()) };
        let nobody = || Err(Error::new(Kind::Usage, "nobody is asked for a key"));
        let key = context.block_on(source.fetch(context.whose("", None), &nobody))?;
        self.redactor.get_or_init(|| Mutex::new(Redactor::new(key.expose().as_bytes())));
        Ok(())
    }

    fn form(&self) -> To {
        self.to.unwrap_or(if self.html { To::Html } else { To::Eml })
    }

    /// The message with what was to go gone, and what was to be replaced replaced.
    fn changed<'o>(&self, letter: &Letter<'o>, sheet: &mut Sheet) -> Cow<'o, [u8]> {
        let mut octets = Cow::Borrowed(letter.message.octets());
        if !self.strip.is_empty() {
            let stripped = strip::strip(&letter.message, letter.roles(), &self.strip);
            if stripped.removed.is_empty() {
                sheet.found_nothing();
            }
            stripped.broken.into_iter().for_each(|broken| sheet.warn(broken));
            octets = Cow::Owned(stripped.octets);
        }
        if self.redact {
            let fresh = || {
                let mut key = [0; 32];
                SystemEntropy.fill(&mut key);
                Mutex::new(Redactor::new(&key))
            };
            let mut redactor = self.redactor.get_or_init(fresh).lock().unwrap_or_else(PoisonError::into_inner);
            octets = Cow::Owned(redactor.redact(&Message::parse(&octets)));
        }
        octets
    }

    /// The message in its form.
    fn printed(&self, octets: &[u8]) -> Result<Vec<u8>> {
        let message = Message::parse(octets);
        let roles = || Roles::of(&message);
        Ok(match self.form() {
            To::Text => safe::terminal_lines(&text::print(&message, &roles())).into_owned().into_bytes(),
            To::Html => page::print(&message, &roles()).into_bytes(),
            To::Md => safe::terminal_lines(&markdown::print(&message, &roles())).into_owned().into_bytes(),
            To::Mbox => {
                let mut out = Vec::with_capacity(octets.len() + octets.len() / 16);
                let (sender, when) = mbox::postmark(&message);
                let mut stream = Mbox::new(&mut out);
                let written =
                    stream.begin(&sender, when).and_then(|()| stream.piece(octets)).and_then(|()| stream.finish());
                written.map_err(|error| Error::new(Kind::Io, "cannot hold the message").caused_by(error))?;
                out
            }
            To::Eml | To::Json => {
                let ends = match self.line_ends {
                    Ends::Keep => LineEnds::Kept,
                    Ends::Crlf => LineEnds::Crlf,
                    Ends::Lf => LineEnds::Lf,
                };
                line_ends::with(octets, ends).into_owned()
            }
        })
    }

    /// Writes a message to a file named after its subject.
    fn save(&self, path: &std::path::Path, octets: &[u8], printed: &[u8], sheet: &mut Sheet) -> Result<()> {
        if self.destination.get().is_none() {
            let destination = Destination::open(path, false)?;
            self.destination.get_or_init(|| destination);
        }
        let Some(destination) = self.destination.get() else { return Ok(()) };
        let message = Message::parse(octets);
        let subject = message.text_field(message.root(), "Subject").unwrap_or_default().replace(['/', '\\'], "_");
        let stem = if subject.trim().is_empty() { "message" } else { subject.trim() };
        let extension = match self.form() {
            To::Eml => "eml",
            To::Mbox => "mbox",
            To::Text => "txt",
            To::Html => "html",
            To::Md => "md",
            To::Json => "json",
        };
        let path = destination.save(&safe::file_name(&format!("{stem}.{extension}")), printed)?;
        sheet.path(&path);
        Ok(())
    }
}

impl Action for Convert {
    fn needs_json(&self) -> bool {
        self.to == Some(To::Json)
    }

    fn is_beside_others(&self) -> bool {
        self.output.is_none() && !self.redact && !matches!(self.form(), To::Eml | To::Html)
    }

    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        if letter.is_of_part() {
            return Err(Error::new(Kind::Usage, "only whole messages are converted").hint("leave --part out"));
        }
        let octets = self.changed(letter, sheet);
        if sheet.is_json() {
            if !self.needs_json() || self.output.is_some() {
                return Err(Error::new(Kind::Usage, "a converted message is no JSON")
                    .hint("leave --json out, or use --to json"));
            }
            let Source { path, index, offset, flags, is_in_mbox, .. } = letter.source;
            let (path, octets, flags) = (path.clone(), octets.into_owned(), flags.clone());
            let (index, offset, is_in_mbox, size) = (*index, *offset, *is_in_mbox, octets.len() as u64);
            let source = Source { path, index, offset, size, octets, flags, is_in_mbox };
            return sheet.value(&json::document(&Letter::made(&source), Bodies::Text));
        }
        let printed = self.printed(&octets)?;
        if let Some(path) = &self.output {
            return self.save(path, &octets, &printed, sheet);
        }
        let is_single = matches!(self.form(), To::Eml | To::Html);
        if is_single && self.is_done.swap(true, Ordering::Relaxed) {
            let many = Error::new(Kind::Usage, "a second message cannot follow in this form");
            return Err(many.hint("write --to mbox, or --output DIR for files"));
        }
        let is_message = matches!(self.form(), To::Eml | To::Mbox);
        if is_message && !std::io::stdout().is_terminal() {
            sheet.octets(&printed);
        } else {
            sheet.lines(&String::from_utf8_lossy(&printed));
        }
        Ok(())
    }
}
