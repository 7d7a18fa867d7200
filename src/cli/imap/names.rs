//! `mailkit imap mkdir`, `rename` and `rmdir`: mailboxes by their names.

use super::change::Changed;
use super::server::{Mailbox, ServerArgs, refused};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::safe::terminal;

/// Make mailboxes on an IMAP server
///
/// One that is there already is left as it is.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit imap mkdir Archive/2026
  mailkit imap mkdir --subscribe Lists 'Lists/Entwürfe & mehr'")]
pub(super) struct MkdirArgs {
    /// Their names, with whatever the server puts between levels
    #[arg(value_name = "FOLDER", required = true)]
    folders: Vec<String>,

    /// Subscribe to them too
    #[arg(long)]
    subscribe: bool,

    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    server: ServerArgs,
}

/// Rename a mailbox on an IMAP server, and with it those below it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit imap rename Work Archive/Work
  mailkit imap rename --dry-run Lists Bulk")]
pub(super) struct RenameArgs {
    /// The mailbox
    #[arg(value_name = "FOLDER")]
    folder: String,

    /// Its new name
    #[arg(value_name = "NAME")]
    to: String,

    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    server: ServerArgs,
}

/// Remove mailboxes from an IMAP server
///
/// One that holds messages is left alone, unless --force says that they are to go with it: nobody keeps them then.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit imap rmdir Old
  mailkit imap rmdir --force Lists/Noise")]
pub(super) struct RmdirArgs {
    /// The mailboxes
    #[arg(value_name = "FOLDER", required = true)]
    folders: Vec<String>,

    /// Remove the messages in them too
    #[arg(long)]
    force: bool,

    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    server: ServerArgs,
}

/// Makes them.
pub(super) fn mkdir(args: &MkdirArgs, context: &Context) -> Result<Exit> {
    context.block_on(async {
        let mut session = args.server.open(context).await?;
        for folder in &args.folders {
            let mailbox = Mailbox::named(folder)?;
            let changed = Changed::new("mkdir", &mailbox.name, args.dry_run);
            if args.dry_run {
                changed.report(context, &format!("would make mailbox {}", terminal(folder)))?;
                continue;
            }
            let what = format!("cannot make mailbox {}", terminal(folder));
            session.create(&mailbox.wire).await?.map_err(|refusal| refused(&session, &what, refusal))?;
            if args.subscribe {
                let what = format!("cannot subscribe to mailbox {}", terminal(folder));
                session.subscribe(&mailbox.wire).await?.map_err(|refusal| refused(&session, &what, refusal))?;
            }
            changed.report(context, "")?;
        }
        session.logout().await;
        Ok(Exit::OK)
    })
}

/// Renames it.
pub(super) fn rename(args: &RenameArgs, context: &Context) -> Result<Exit> {
    context.block_on(async {
        let mut session = args.server.open(context).await?;
        let mailbox = Mailbox::find(&mut session, &args.folder).await?;
        let to = Mailbox::named(&args.to)?;
        let changed = Changed::new("rename", &mailbox.name, args.dry_run).to(&to.name);
        let (name, to_name) = (terminal(&mailbox.name), terminal(&to.name));
        if !args.dry_run {
            let what = format!("cannot rename mailbox {name} to {to_name}");
            session.rename(&mailbox.wire, &to.wire).await?.map_err(|refusal| refused(&session, &what, refusal))?;
        }
        session.logout().await;
        changed.report(context, &format!("would rename mailbox {name} to {to_name}"))?;
        Ok(Exit::OK)
    })
}

/// Removes them.
pub(super) fn rmdir(args: &RmdirArgs, context: &Context) -> Result<Exit> {
    context.block_on(async {
        let mut session = args.server.open(context).await?;
        for folder in &args.folders {
            let mailbox = Mailbox::find(&mut session, folder).await?;
            let name = terminal(&mailbox.name).into_owned();
            let what = format!("cannot remove mailbox {name}");
            // One that only leads to others has no counts, and a server says so by NO.
            let counted = session.status(&mailbox.wire).await?;
            let messages = match counted {
                Ok(counts) => counts.messages,
                Err(refusal) if refusal.is("NONEXISTENT") => return Err(refused(&session, &what, refusal)),
                Err(_) => None,
            };
            if let Some(messages) = messages.filter(|messages| *messages > 0 && !args.force) {
                let why = format!("mailbox {name} holds messages: {messages}");
                return Err(Error::new(Kind::NoPermission, why)
                    .with_peer(session.peer())
                    .hint("--force removes them too"));
            }
            let changed = Changed::new("rmdir", &mailbox.name, args.dry_run);
            if !args.dry_run {
                session.delete(&mailbox.wire).await?.map_err(|refusal| refused(&session, &what, refusal))?;
            }
            let with = messages.map(|messages| format!(" and the messages in it: {messages}")).unwrap_or_default();
            changed.report(context, &format!("would remove mailbox {name}{with}"))?;
        }
        session.logout().await;
        Ok(Exit::OK)
    })
}
