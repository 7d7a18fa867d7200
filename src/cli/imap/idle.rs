//! `mailkit imap idle`: what a server tells of a mailbox by itself, as lines or JSON, and a command for each of it.
//!
//! New messages are asked for their UIDs as soon as they are told of. A command learns of its event by its environment
//! and never by its words, since a server chooses some of them. RFC 2177; RFC 9051 §6.3.13, §7.5.

use super::server::{Mailbox, ServerArgs, refused};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::parse::names;
use crate::cli::stop::Stop;
use mailkit::duration;
use mailkit::engine::imap::{Access, Event, Named, Session, Woken};
use mailkit::error::{Error, Kind, Result};
use mailkit::imap::number::Uid;
use mailkit::message::safe::terminal;
use schemars::JsonSchema;
use serde::Serialize;
use std::ops::ControlFlow;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::{Instant, timeout};

/// How long it waits if nobody says how long.
const FOR_LONG: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// How long a command may take; the server waits meanwhile.
const COMMAND_WAIT: Duration = Duration::from_secs(10 * 60);
/// Messages that are told of one by one when they come at once.
const NEW_MAX: usize = 10_000;

/// Wait for news of a mailbox on an IMAP server, and print them as they come
///
/// A line for each: `new UID`, `flags UID FLAG …`, `gone UID`; where the server does not say which message it was, # and its
/// number stand for the UID. Ends with 0 when the time is over, or with --until when it has come; with 1 if it has not.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit imap idle --until new --for 10m && mailkit imap scan INBOX -n 1
  mailkit imap idle INBOX --exec 'notify-send \"mail: $MAILKIT_EVENT $MAILKIT_UID\"'")]
pub(super) struct Args {
    /// The mailbox, by its name or as \Sent, \Trash and so on
    #[arg(value_name = "FOLDER", default_value = "INBOX")]
    folder: String,

    /// Run this shell command for each event, with MAILKIT_EVENT, MAILKIT_MAILBOX, MAILKIT_UID, MAILKIT_NUMBER and
    /// MAILKIT_FLAGS in its environment
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,

    /// End when this comes: new, flags or gone
    #[arg(long, value_name = "EVENT")]
    until: Option<What>,

    /// End after this time, as 10m or 1h
    #[arg(long = "for", value_name = "TIME", value_parser = duration::parse)]
    wait: Option<Duration>,

    #[command(flatten)]
    server: ServerArgs,
}

/// What may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum What {
    /// A message came.
    New,
    /// The flags of a message changed.
    Flags,
    /// A message went away.
    Gone,
}

impl What {
    fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Flags => "flags",
            Self::Gone => "gone",
        }
    }
}

/// Something that happened in a mailbox.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Object {
    event: What,
    /// As IMAP writes them; null if the event is not about flags.
    flags: Option<Vec<String>>,
    mailbox: String,
    /// The place of the message in the mailbox, if the server says so.
    number: Option<u32>,
    /// Always `mailkit.imap-event/1`.
    schema: &'static str,
    /// Null where the server names the message by its place only.
    uid: Option<u32>,
}

/// Waits.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let stop = Stop::on_signals()?;
    context.block_on(async {
        let mut session = args.server.open(context).await?;
        let mailbox = Mailbox::find(&mut session, &args.folder).await?;
        let selected = mailbox.open(&mut session, Access::ReadOnly).await?;
        context.note(&format!("waiting for news of {}", terminal(&mailbox.name)));
        let mut watch = Watch { args, context, mailbox: &mailbox, count: selected.messages, news: Vec::new() };
        let deadline = Instant::now() + args.wait.unwrap_or(FOR_LONG);
        let exit = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let known = watch.count;
            let woken = session.idle(left, stop.token().cancelled(), |event| Ok(watch.hear(event))).await?;
            let woken = woken.map_err(|refusal| refused(&session, "the server does not tell of news", refusal))?;
            if watch.count > known {
                watch.look(&mut session, known).await?;
            }
            if watch.tell().await? {
                break Exit::OK;
            }
            match woken {
                Woken::Stopped => break stop.exit().unwrap_or(Exit::INTERRUPTED),
                Woken::Deadline if args.until.is_some() => break Exit::PARTIAL,
                Woken::Deadline => break Exit::OK,
                Woken::Heard => {}
            }
        };
        session.logout().await;
        Ok(exit)
    })
}

/// What is known of the mailbox while it is watched.
struct Watch<'a> {
    args: &'a Args,
    context: &'a Context,
    mailbox: &'a Mailbox,
    /// Messages in it.
    count: u32,
    /// Not told yet.
    news: Vec<Object>,
}

impl Watch<'_> {
    /// Takes an event in. Whatever is to be told ends the wait, so that it is told at once.
    fn hear(&mut self, event: Event) -> ControlFlow<()> {
        match event {
            Event::Exists(count) => {
                // Fewer than before without a word is a server's slip; what went away is told by itself.
                let is_new = count > self.count;
                self.count = count;
                if !is_new {
                    return ControlFlow::Continue(());
                }
            }
            Event::Expunged(number) => {
                self.count = self.count.saturating_sub(1);
                self.add(What::Gone, Some(number), None, None);
            }
            Event::Vanished(ranges) => {
                for uid in ranges.into_iter().flat_map(|range| range.start().get()..=range.end().get()).take(NEW_MAX) {
                    self.count = self.count.saturating_sub(1);
                    self.add(What::Gone, None, Uid::new(uid), None);
                }
            }
            Event::Changed { number, uid, flags, .. } => {
                self.add(What::Flags, Some(number), uid, flags.as_ref().map(names));
            }
            Event::Counts(..) | Event::Listed(_) | Event::Overflow => return ControlFlow::Continue(()),
        }
        ControlFlow::Break(())
    }

    fn add(&mut self, event: What, number: Option<u32>, uid: Option<Uid>, flags: Option<Vec<String>>) {
        if self.news.len() < NEW_MAX {
            let mailbox = self.mailbox.name.clone();
            let uid = uid.map(Uid::get);
            self.news.push(Object { event, flags, mailbox, number, schema: "mailkit.imap-event/1", uid });
        }
    }

    /// Asks for the UIDs of the messages behind the first so many.
    async fn look(&mut self, session: &mut Session, known: u32) -> Result<()> {
        let set = format!("{}:*", known + 1);
        let mut found = Vec::new();
        let fetched = session.tell(Named::Number, &set, "(UID)", |fetched| {
            found.extend(fetched.ok().and_then(|fetched| fetched.uid).filter(|_| found.len() < NEW_MAX));
            Ok(())
        });
        let done = fetched.await?;
        done.map_err(|refusal| refused(session, "the server does not say which messages are new", refusal))?;
        found.sort_unstable();
        found.dedup();
        for uid in found {
            self.add(What::New, None, Some(uid), None);
        }
        Ok(())
    }

    /// Prints what is to be told, and runs the command for it. Whether what was waited for has come.
    async fn tell(&mut self) -> Result<bool> {
        let mut has_come = false;
        for object in std::mem::take(&mut self.news) {
            has_come |= self.args.until == Some(object.event);
            if self.context.is_json() {
                self.context.object(&object)?;
            } else {
                let flags = object.flags.iter().flatten().map(|flag| format!(" {}", terminal(flag)));
                self.context.line(&format!(
                    "{} {}{}",
                    object.event.word(),
                    object.named(),
                    flags.collect::<String>()
                ))?;
            }
            if let Some(command) = &self.args.exec {
                self.execute(command, &object).await?;
            }
        }
        Ok(has_come)
    }

    /// Runs a command with the event in its environment, and waits for its end.
    async fn execute(&self, command: &str, object: &Object) -> Result<()> {
        let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(command).stdin(Stdio::null()).kill_on_drop(true);
        for variable in self.context.hidden() {
            shell.env_remove(variable);
        }
        shell.env("MAILKIT_EVENT", object.event.word());
        // No variable can hold a NUL, and a name with one is nobody's.
        shell.env("MAILKIT_MAILBOX", object.mailbox.replace('\0', ""));
        shell.env("MAILKIT_UID", number(object.uid)).env("MAILKIT_NUMBER", number(object.number));
        shell.env("MAILKIT_FLAGS", object.flags.as_ref().map(|flags| flags.join(" ")).unwrap_or_default());
        let failed = |error| Error::new(Kind::Unavailable, "cannot run the command of --exec").caused_by(error);
        let mut child = shell.spawn().map_err(failed)?;
        match timeout(COMMAND_WAIT, child.wait()).await {
            Ok(status) => {
                let status = status.map_err(failed)?;
                if !status.success() {
                    self.context.warn(&format!("the command of --exec failed: {status}"));
                }
            }
            Err(_) => self.context.warn("the command of --exec did not end within 10 minutes, and was ended"),
        }
        Ok(())
    }
}

impl Object {
    /// The message: its UID, or its place.
    fn named(&self) -> String {
        match (self.uid, self.number) {
            (Some(uid), _) => uid.to_string(),
            (None, Some(number)) => format!("#{number}"),
            (None, None) => String::new(),
        }
    }
}
