//! `mailkit imap flag`, `move`, `copy` and `rm`: what becomes of messages.
//!
//! Messages are looked up before anything is changed, so that what is said to be done is said of those that are there.
//! Nothing is printed where all is done; what the server refuses is told with its words.

use super::server::{Mailbox, ServerArgs, UidSet};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use mailkit::engine::imap::{Access, Copied, Refused, Session, Store};
use mailkit::error::{Error, Kind, Result};
use mailkit::imap::change::Change;
use mailkit::imap::number::Uid;
use mailkit::imap::response::flag_list;
use mailkit::imap::set::print_uids;
use mailkit::message::safe::terminal;
use schemars::JsonSchema;
use serde::Serialize;

/// Set and clear flags of messages on an IMAP server
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit imap flag INBOX 7,9:12 +seen -flagged +work
  mailkit imap search INBOX age:30d.. is:unread | mailkit imap flag INBOX - +seen")]
pub(super) struct FlagArgs {
    /// The mailbox, by its name or as \Sent, \Trash and so on
    #[arg(value_name = "FOLDER")]
    folder: String,

    /// The messages, as 7, 1:9 or 12:*; - reads them from standard input
    #[arg(value_name = "UIDSET")]
    uids: String,

    /// +FLAG sets it, -FLAG clears it: seen, answered, flagged, deleted, draft, or any keyword; options stand before
    #[arg(value_name = "+FLAG|-FLAG", required = true, allow_hyphen_values = true)]
    flags: Vec<String>,

    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    server: ServerArgs,
}

/// Move messages into another mailbox on an IMAP server
///
/// Where the server cannot move, they are copied and then removed, and only where the server can remove these alone.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit imap move INBOX 7 Archive
  mailkit imap search INBOX is:list age:90d.. | mailkit imap move INBOX - Lists")]
pub(super) struct MoveArgs {
    #[command(flatten)]
    transfer: Transfer,
}

/// Copy messages into another mailbox on an IMAP server
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit imap copy INBOX 7 Archive
  mailkit imap copy INBOX 1:* Backup --dry-run")]
pub(super) struct CopyArgs {
    #[command(flatten)]
    transfer: Transfer,
}

#[derive(Debug, clap::Args)]
struct Transfer {
    /// The mailbox, by its name or as \Sent, \Trash and so on
    #[arg(value_name = "FOLDER")]
    folder: String,

    /// The messages, as 7, 1:9 or 12:*; - reads them from standard input
    #[arg(value_name = "UIDSET")]
    uids: String,

    /// Where they go
    #[arg(value_name = "TO")]
    to: String,

    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    server: ServerArgs,
}

/// Put messages on an IMAP server into the trash, or remove them
///
/// The trash is the mailbox that the server says is for that. With --expunge messages are removed for good: these only,
/// never others that somebody has marked as deleted.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit imap rm INBOX 7
  mailkit imap rm '\\Trash' 1:* --expunge")]
pub(super) struct RmArgs {
    /// The mailbox, by its name or as \Sent, \Trash and so on
    #[arg(value_name = "FOLDER")]
    folder: String,

    /// The messages, as 7, 1:9 or 12:*; - reads them from standard input
    #[arg(value_name = "UIDSET")]
    uids: String,

    /// Remove them for good
    #[arg(long)]
    expunge: bool,

    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    server: ServerArgs,
}

/// What was changed on a server, or would be.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Changed {
    /// `flag`, `move`, `copy`, `rm`, `mkdir`, `rename` or `rmdir`.
    command: &'static str,
    /// Whether it was only said what would be done.
    dry_run: bool,
    exit: u8,
    /// The mailbox, as people read its name.
    mailbox: String,
    /// The UIDs that the messages have in the other mailbox, as far as the server says so, in the order of `uids`.
    new_uids: Option<String>,
    /// What was not done, and why.
    refused: Vec<NotDone>,
    /// Always `mailkit.imap-change/1`.
    schema: &'static str,
    /// The other mailbox, or the new name.
    to: Option<String>,
    /// The messages that were there.
    uids: Option<String>,
}

/// Messages with which something was not done.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NotDone {
    /// What the server says.
    text: String,
    uids: String,
}

impl Changed {
    pub(super) fn new(command: &'static str, mailbox: &str, dry_run: bool) -> Self {
        Self {
            command,
            dry_run,
            exit: 0,
            mailbox: mailbox.to_owned(),
            new_uids: None,
            refused: Vec::new(),
            schema: "mailkit.imap-change/1",
            to: None,
            uids: None,
        }
    }

    /// The same, with another mailbox or a new name.
    pub(super) fn to(self, name: &str) -> Self {
        Self { to: Some(name.to_owned()), ..self }
    }

    /// Prints it as JSON, or what would be done; what was done is silent.
    pub(super) fn report(&self, context: &Context, would: &str) -> Result<()> {
        if context.is_json() {
            return context.object(self);
        }
        if self.dry_run { context.line(would) } else { Ok(()) }
    }

    fn of(self, uids: &[Uid]) -> Self {
        Self { uids: Some(print_uids(uids.iter().copied())), ..self }
    }

    /// Tells what was not done, and how the command ends.
    fn ends(mut self, context: &Context, refused: &[Refused], what: &str) -> Result<Exit> {
        for Refused { uids, refusal } in refused {
            let uids = print_uids(uids.iter().copied());
            let words = terminal(&refusal.text).into_owned();
            context.complain(&format!("{what}: {uids}\n  because: {words}"));
            self.refused.push(NotDone { text: refusal.text.clone(), uids });
        }
        let exit = if refused.is_empty() { Exit::OK } else { Exit::PARTIAL };
        self.exit = exit.code();
        self.report(context, "")?;
        Ok(exit)
    }
}

/// Opens a mailbox and looks up messages in it: an error if there are none of them.
async fn look_up(session: &mut Session, mailbox: &Mailbox, uids: &UidSet, is_only_read: bool) -> Result<Vec<Uid>> {
    let access = if is_only_read { Access::ReadOnly } else { Access::ReadWrite };
    let selected = mailbox.open(session, access).await?;
    if selected.is_read_only && !is_only_read {
        let what = format!("mailbox {} can only be read", terminal(&mailbox.name));
        return Err(Error::new(Kind::NoPermission, what).with_peer(session.peer()));
    }
    let found = uids.resolve(session).await?;
    match found.is_empty() {
        true => {
            let what = format!("none of these messages is in mailbox {}", terminal(&mailbox.name));
            Err(Error::new(Kind::NoInput, what).with_peer(session.peer()).hint("mailkit imap scan shows what there is"))
        }
        false => Ok(found),
    }
}

/// `3 messages of INBOX: 1:3`
fn those(uids: &[Uid], mailbox: &Mailbox) -> String {
    let noun = if uids.len() == 1 { "message" } else { "messages" };
    format!("{} {noun} of {}: {}", uids.len(), terminal(&mailbox.name), print_uids(uids.iter().copied()))
}

/// Changes flags.
pub(super) fn flag(args: &FlagArgs, context: &Context) -> Result<Exit> {
    if let Some(option) = args.flags.iter().find(|word| word.starts_with("--")) {
        // It could be a keyword too, and then the change would not be the one that was meant.
        let what = format!("{} stands among flags", terminal(option));
        return Err(Error::new(Kind::Usage, what).hint("options stand in front of the mailbox"));
    }
    let change = Change::parse(args.flags.iter().map(String::as_str)).map_err(|why| Error::new(Kind::Usage, why))?;
    let uids = UidSet::read(&args.uids)?;
    context.block_on(async {
        let mut session = args.server.open(context).await?;
        let mailbox = Mailbox::find(&mut session, &args.folder).await?;
        let found = look_up(&mut session, &mailbox, &uids, args.dry_run).await?;
        let changed = Changed::new("flag", &mailbox.name, args.dry_run).of(&found);
        if args.dry_run {
            session.logout().await;
            let (add, remove) = (flag_list(&change.add, false), flag_list(&change.remove, false));
            changed.report(context, &format!("would set {add} and clear {remove} on {}", those(&found, &mailbox)))?;
            return Ok(Exit::OK);
        }
        let stores = [
            Store { uids: &found, add: true, flags: &change.add, unchanged_since: None },
            Store { uids: &found, add: false, flags: &change.remove, unchanged_since: None },
        ];
        let mut not_done = Vec::new();
        session
            .store(&stores, |_, end| {
                not_done.extend(end.err());
                Ok(())
            })
            .await?;
        session.logout().await;
        changed.ends(context, &not_done, "flags are not changed")
    })
}

/// Moves messages.
pub(super) fn move_(args: &MoveArgs, context: &Context) -> Result<Exit> {
    transfer(&args.transfer, context, "move")
}

/// Copies messages.
pub(super) fn copy(args: &CopyArgs, context: &Context) -> Result<Exit> {
    transfer(&args.transfer, context, "copy")
}

fn transfer(args: &Transfer, context: &Context, command: &'static str) -> Result<Exit> {
    let uids = UidSet::read(&args.uids)?;
    let is_copy = command == "copy";
    context.block_on(async {
        let mut session = args.server.open(context).await?;
        let mailbox = Mailbox::find(&mut session, &args.folder).await?;
        let to = Mailbox::find(&mut session, &args.to).await?;
        let found = look_up(&mut session, &mailbox, &uids, args.dry_run || is_copy).await?;
        transferred(context, session, command, &mailbox, &to, &found, args.dry_run).await
    })
}

async fn transferred(
    context: &Context,
    mut session: Session,
    command: &'static str,
    mailbox: &Mailbox,
    to: &Mailbox,
    found: &[Uid],
    dry_run: bool,
) -> Result<Exit> {
    let changed = Changed::new(command, &mailbox.name, dry_run).of(found).to(&to.name);
    if dry_run {
        session.logout().await;
        let verb = if command == "copy" { "copy" } else { "move" };
        changed.report(context, &format!("would {verb} to {} {}", terminal(&to.name), those(found, mailbox)))?;
        return Ok(Exit::OK);
    }
    let done = match command {
        "copy" => session.copy(found, &to.wire).await?,
        _ => session.move_to(found, &to.wire).await?,
    };
    session.logout().await;
    let Copied { mut pairs, refused, left, .. } = done;
    pairs.sort_unstable();
    let new_uids = (!pairs.is_empty()).then(|| print_uids(pairs.iter().map(|(_, new)| *new)));
    let changed = Changed { new_uids, ..changed };
    let what = format!("messages are not in {}", terminal(&to.name));
    if left.is_empty() {
        return changed.ends(context, &refused, &what);
    }
    for Refused { uids, refusal } in &refused {
        let words = terminal(&refusal.text).into_owned();
        context.complain(&format!("{what}: {}\n  because: {words}", print_uids(uids.iter().copied())));
    }
    let what = format!("messages are in {}, and in {} as well", terminal(&to.name), terminal(&mailbox.name));
    changed.ends(context, &left, &what)
}

/// Removes messages.
pub(super) fn rm(args: &RmArgs, context: &Context) -> Result<Exit> {
    let uids = UidSet::read(&args.uids)?;
    context.block_on(async {
        let mut session = args.server.open(context).await?;
        let mailbox = Mailbox::find(&mut session, &args.folder).await?;
        if !args.expunge {
            let trash = Mailbox::find(&mut session, "\\Trash").await.map_err(|error| match error.kind() {
                Kind::Unavailable => {
                    error.hint("name it yourself with mailkit imap move, or remove for good with --expunge")
                }
                _ => error,
            })?;
            if trash.wire == mailbox.wire {
                let what = format!("these messages are in the trash, which is {}", terminal(&trash.name));
                return Err(Error::new(Kind::Usage, what).hint("--expunge removes them for good"));
            }
            let found = look_up(&mut session, &mailbox, &uids, args.dry_run).await?;
            return transferred(context, session, "rm", &mailbox, &trash, &found, args.dry_run).await;
        }
        let found = look_up(&mut session, &mailbox, &uids, args.dry_run).await?;
        let changed = Changed::new("rm", &mailbox.name, args.dry_run).of(&found);
        if args.dry_run {
            session.logout().await;
            changed.report(context, &format!("would remove for good {}", those(&found, &mailbox)))?;
            return Ok(Exit::OK);
        }
        let removed = session.remove(&found).await?;
        session.logout().await;
        changed.ends(context, &removed.refused, "messages are not removed")
    })
}
