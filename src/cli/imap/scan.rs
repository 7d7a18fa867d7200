//! `mailkit imap scan`: a mailbox, one line for each message, as `parse --scan` shows one that is here.
//!
//! Only the header fields that stand in the line are fetched, and each line is printed as it comes, so that a mailbox
//! may have as many messages as it likes.

use super::server::{Mailbox, ServerArgs, UidSet, refused};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::parse::{Glance, Person, names};
use mailkit::engine::imap::{Access, Named, Session};
use mailkit::error::Result;
use mailkit::imap::fetched::Fetched;
use mailkit::imap::number::Uid;
use mailkit::message::field::fields;
use mailkit::message::id;
use mailkit::message::safe::terminal;
use schemars::JsonSchema;
use serde::Serialize;

/// What is fetched of each message.
const ITEMS: &str = "(UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (DATE FROM SUBJECT MESSAGE-ID)])";

/// Show a mailbox on an IMAP server: UID, flags, date, from, subject and size of each message in one line
///
/// Flags: N is new, R answered, F flagged, D draft, T deleted. Only headers are fetched, and no message counts as seen by
/// it. Exit code 1 if UIDs are given and none of them is there.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit imap scan INBOX --limit 20
  mailkit imap search INBOX is:unread | mailkit imap scan INBOX -")]
pub(super) struct Args {
    /// The mailbox, by its name or as \Sent, \Trash and so on
    #[arg(value_name = "FOLDER")]
    folder: String,

    /// Only these messages, as 7, 1:9 or 12:*; - reads them from standard input
    #[arg(value_name = "UIDSET")]
    uids: Option<String>,

    /// Only the newest N messages
    #[arg(short = 'n', long, value_name = "N", conflicts_with = "uids")]
    limit: Option<u32>,

    #[command(flatten)]
    server: ServerArgs,
}

/// A message of a mailbox in one line.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Row {
    /// When it came into the mailbox, in UTC.
    arrived: Option<String>,
    /// When it was written, in UTC.
    date: Option<String>,
    /// As IMAP writes them.
    flags: Vec<String>,
    from: Vec<Person>,
    mailbox: String,
    message_id: Option<String>,
    /// Always `mailkit.imap-scan/1`.
    schema: &'static str,
    /// Octets, as the server counts them.
    size: u64,
    subject: Option<String>,
    uid: u32,
}

/// Shows it.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let uids = args.uids.as_deref().map(UidSet::read).transpose()?;
    context.block_on(async {
        let mut session = args.server.open(context).await?;
        let mailbox = Mailbox::find(&mut session, &args.folder).await?;
        let selected = mailbox.open(&mut session, Access::ReadOnly).await?;
        let (named, set) = match (&uids, args.limit) {
            (Some(uids), _) => (Named::Uid, uids.wire()),
            (None, Some(limit)) => {
                let from = selected.messages.saturating_sub(limit).saturating_add(1);
                (Named::Number, format!("{from}:{}", selected.messages))
            }
            (None, None) => (Named::Number, format!("1:{}", selected.messages)),
        };
        let is_empty = selected.messages == 0 || args.limit == Some(0);
        let is_meant = uids.as_ref().map(UidSet::means);
        let is_meant = |uid| is_meant.as_ref().is_none_or(|means| means(uid));
        let mut list = List::new(context, &mailbox);
        if !is_empty {
            list.show(&mut session, named, &set, is_meant).await?;
        }
        session.logout().await;
        let found_nothing = uids.is_some() && list.shown == 0;
        Ok(if found_nothing || list.unreadable > 0 { Exit::PARTIAL } else { Exit::OK })
    })
}

/// A list that is being printed.
pub(super) struct List<'a> {
    context: &'a Context,
    mailbox: &'a Mailbox,
    /// Messages that were shown.
    shown: u64,
    /// Lines of the server that could not be read.
    pub(super) unreadable: u64,
}

impl<'a> List<'a> {
    pub(super) fn new(context: &'a Context, mailbox: &'a Mailbox) -> Self {
        Self { context, mailbox, shown: 0, unreadable: 0 }
    }

    /// Fetches a set of messages of the open mailbox, and prints those that are meant.
    pub(super) async fn show(
        &mut self,
        session: &mut Session,
        named: Named,
        set: &str,
        is_meant: impl Fn(Uid) -> bool,
    ) -> Result<()> {
        let fetched = session.tell(named, set, ITEMS, |fetched| match fetched {
            Ok(fetched) => match fetched.uid.filter(|uid| is_meant(*uid)) {
                Some(uid) => self.row(uid, &fetched),
                None => Ok(()),
            },
            Err((line, why)) => {
                complain(self.context, &line, why.0);
                self.unreadable += 1;
                Ok(())
            }
        });
        let done = fetched.await?;
        done.map_err(|refusal| refused(session, "the server does not list the messages", refusal))
    }

    fn row(&mut self, uid: Uid, fetched: &Fetched<'_>) -> Result<()> {
        // What comes without its header is news of its flags, which nobody asked for.
        let header = fetched.sections.iter().find(|section| section.what.starts_with("HEADER.FIELDS"));
        let Some(header) = header else { return Ok(()) };
        self.shown += 1;
        let header = header.octets.as_deref().unwrap_or_default();
        let glance = Glance::of(fields(header));
        let size = fetched.size.unwrap_or_default();
        if !self.context.is_json() {
            return self.context.line(&terminal(&glance.line(fetched.flags.as_ref(), size, &format!("{uid:>7} "))));
        }
        let message_id = fields(header).find(|field| field.is("Message-ID")).map(|field| id::parse_list(field.body));
        self.context.object(&Row {
            arrived: fetched.arrived.map(|when| when.to_string()),
            date: glance.when.map(|when| when.to_string()),
            flags: fetched.flags.as_ref().map(names).unwrap_or_default(),
            from: glance.from,
            mailbox: self.mailbox.name.clone(),
            message_id: message_id.and_then(|ids| ids.into_iter().next()),
            schema: "mailkit.imap-scan/1",
            size,
            subject: glance.subject,
            uid: uid.get(),
        })
    }
}

/// Tells of a line that cannot be read.
pub(super) fn complain(context: &Context, line: &str, why: &str) {
    let (line, why) = (terminal(line), terminal(why));
    context.complain(&format!("what the server says about a message cannot be read: {why}\n  it said: {line}"));
}
