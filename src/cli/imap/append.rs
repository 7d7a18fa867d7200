//! `mailkit imap append`: messages from files, mailboxes and directories, put into a mailbox on a server.
//!
//! They go in groups, and each has an outcome of its own. Lines end as the wire wants them. RFC 9051 §6.3.12.

use super::server::{Mailbox, ServerArgs};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::input::STDIN;
use crate::cli::parse::Letters;
use mailkit::convert::line_ends::{self, LineEnds};
use mailkit::engine::imap::{Appended, Session, Upload};
use mailkit::error::{Error, Kind, Result};
use mailkit::imap::change;
use mailkit::imap::flag::Flags;
use mailkit::imap::number::{Uid, UidValidity};
use mailkit::imap::set::print_uids;
use mailkit::message::date;
use mailkit::message::field::fields;
use mailkit::message::safe::terminal;
use mailkit::world::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// Messages that are held at a time.
const HELD: usize = 64;
/// Their octets, unless one is larger.
const HELD_OCTETS: usize = 8 * 1024 * 1024;

/// Put messages into a mailbox on an IMAP server, and print their UIDs
///
/// A file may be a message, an mbox or a directory such as a Maildir; flags come along where they are kept. What the server
/// refuses is told, and the others go on. UIDs are printed where the server tells them, in the order of the messages.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit imap append '\\Drafts' --flags draft,seen < draft.eml
  mailkit imap append Archive/2025 archive.mbox.gz ~/Maildir/.Old")]
pub(super) struct Args {
    /// The mailbox, by its name or as \Sent, \Trash and so on
    #[arg(value_name = "FOLDER")]
    folder: String,

    /// What holds the messages; standard input if nothing is named, or for -
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Give them these flags and no others: seen, answered, flagged, deleted, draft, or any keyword
    #[arg(long, value_name = "FLAG[,…]", value_delimiter = ',')]
    flags: Option<Vec<String>>,

    /// When they came, as 2026-01-31T12:00:00Z or as in a Date field; header stands for the Date field of each message
    #[arg(long, value_name = "DATE", value_parser = when)]
    date: Option<When>,

    /// Make the mailbox first if there is none
    #[arg(long)]
    create: bool,

    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    server: ServerArgs,
}

/// What becomes of INTERNALDATE.
#[derive(Debug, Clone, Copy)]
enum When {
    At(Timestamp),
    Header,
}

fn when(text: &str) -> std::result::Result<When, String> {
    if text.eq_ignore_ascii_case("header") {
        return Ok(When::Header);
    }
    let at = text.parse().ok().or_else(|| date::parse(text.as_bytes()));
    at.map(When::At).ok_or_else(|| "write 2026-01-31T12:00:00Z, or a date as in a Date field, or header".to_owned())
}

/// What was put into a mailbox.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Object {
    /// How many are there now; with --dry-run, how many would be.
    appended: u64,
    dry_run: bool,
    exit: u8,
    mailbox: String,
    /// Messages that are not there, and why.
    refused: Vec<NotThere>,
    /// Always `mailkit.imap-append/1`.
    schema: &'static str,
    /// What the UIDs belong to.
    uidvalidity: Option<u32>,
    /// As a set, in the order of the messages; null where the server does not tell them.
    uids: Option<String>,
}

/// A message that is not there.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NotThere {
    /// Where it is.
    name: String,
    text: String,
}

/// A message on its way.
struct Message {
    name: String,
    octets: Vec<u8>,
    flags: Flags,
    arrived: Option<Timestamp>,
}

/// Puts them there.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let flags = args.flags.as_ref().map(|words| change::flags(words.iter().map(|word| word.trim())));
    let flags = flags.transpose().map_err(|why| Error::new(Kind::Usage, why))?;
    let files = match args.files.as_slice() {
        [] => vec![PathBuf::from(STDIN)],
        files => files.to_vec(),
    };
    if files.iter().filter(|path| path.as_os_str() == STDIN).count() > 1 {
        return Err(Error::new(Kind::Usage, "standard input can be read only once"));
    }
    if files.iter().any(|path| path.as_os_str() == STDIN) {
        context.await_message("pipe messages in, or name their files")?;
    }
    context.block_on(async {
        let mut session = args.server.open(context).await?;
        let mailbox = Mailbox::find(&mut session, &args.folder).await?;
        if args.create && !args.dry_run {
            let what = format!("cannot make mailbox {}", terminal(&mailbox.name));
            let made = session.create(&mailbox.wire).await?;
            made.map_err(|refusal| super::server::refused(&session, &what, refusal))?;
        }
        let mut done = Done {
            context,
            mailbox,
            dry_run: args.dry_run,
            appended: 0,
            uids: Vec::new(),
            validity: None,
            refused: Vec::new(),
            failed: None,
        };
        let (mut held, mut octets) = (Vec::new(), 0);
        for found in Letters::of(files) {
            let found = match found {
                Ok(found) => found,
                Err(error) => {
                    done.fail(&error);
                    continue;
                }
            };
            let arrived = match args.date {
                Some(When::At(at)) => Some(at),
                Some(When::Header) => {
                    fields(&found.octets).find(|field| field.is("Date")).and_then(|field| date::parse(field.body))
                }
                None => None,
            };
            octets += found.octets.len();
            held.push(Message {
                name: found.name,
                octets: line_ends::with(&found.octets, LineEnds::Crlf).into_owned(),
                flags: flags.clone().or(found.flags).unwrap_or_default(),
                arrived,
            });
            if held.len() >= HELD || octets >= HELD_OCTETS {
                done.send(&mut session, &std::mem::take(&mut held)).await?;
                octets = 0;
            }
        }
        done.send(&mut session, &held).await?;
        session.logout().await;
        done.report()
    })
}

/// What has come of it so far.
struct Done<'a> {
    context: &'a Context,
    mailbox: Mailbox,
    dry_run: bool,
    appended: u64,
    uids: Vec<Uid>,
    /// What the last UIDs belong to.
    validity: Option<UidValidity>,
    refused: Vec<NotThere>,
    /// What the first file that cannot be read would end the command with.
    failed: Option<Exit>,
}

impl Done<'_> {
    async fn send(&mut self, session: &mut Session, messages: &[Message]) -> Result<()> {
        if self.dry_run {
            self.appended += messages.len() as u64;
            return Ok(());
        }
        let uploads: Vec<Upload<'_>> = messages
            .iter()
            .map(|message| Upload { content: &message.octets, flags: &message.flags, arrived: message.arrived })
            .collect();
        let mut ends: Vec<Option<Appended>> = vec![None; messages.len()];
        let appended = session.append(&self.mailbox.wire, &uploads, |number, end| {
            match end {
                Ok(called) => {
                    self.appended += 1;
                    if let Some(place) = ends.get_mut(number) {
                        *place = called;
                    }
                }
                Err(refusal) => {
                    let name = messages.get(number).map(|message| message.name.clone()).unwrap_or_default();
                    let words = terminal(&refusal.text).into_owned();
                    let hint = match refusal.is("TRYCREATE") {
                        true => format!("\n  --create makes mailbox {} first", terminal(&self.mailbox.name)),
                        false => String::new(),
                    };
                    self.context.complain(&format!("{} is refused\n  it said: {words}{hint}", terminal(&name)));
                    self.refused.push(NotThere { name, text: refusal.text });
                }
            }
            Ok(())
        });
        appended.await?;
        for Appended { uid_validity, uid } in ends.into_iter().flatten() {
            self.validity = Some(uid_validity);
            self.uids.push(uid);
        }
        Ok(())
    }

    /// A file that cannot be read.
    fn fail(&mut self, error: &Error) {
        let exit = self.context.explain(error);
        self.failed.get_or_insert(exit);
        self.refused.push(NotThere { name: String::new(), text: error.to_string() });
    }

    fn report(self) -> Result<Exit> {
        let Self { context, mailbox, dry_run, appended, uids, validity, refused, failed } = self;
        let exit = match failed.filter(|_| appended == 0) {
            _ if refused.is_empty() => Exit::OK,
            Some(exit) => exit,
            None => Exit::PARTIAL,
        };
        let uids = (!uids.is_empty()).then(|| print_uids(uids));
        if context.is_json() {
            context.object(&Object {
                appended,
                dry_run,
                exit: exit.code(),
                mailbox: mailbox.name,
                refused,
                schema: "mailkit.imap-append/1",
                uidvalidity: validity.map(UidValidity::get),
                uids,
            })?;
        } else if dry_run {
            context.line(&format!("would append to {}: {appended}", terminal(&mailbox.name)))?;
        } else if let Some(uids) = uids {
            context.line(&uids)?;
        }
        Ok(exit)
    }
}
