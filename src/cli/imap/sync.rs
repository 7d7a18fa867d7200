//! `mailkit imap sync`: mailboxes on a server, brought into a Maildir.
//!
//! What is fetched and in which order it is made safe is `sync`'s business.

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::login::{self, LoginArgs, Service};
use mailkit::endpoint::Endpoint;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::safe::terminal;
use mailkit::net::clock::SystemClock;
use mailkit::net::entropy::SystemEntropy;
use mailkit::store::IndexAt;
use mailkit::store::disk::RealDisk;
use mailkit::sync::{self, Mirror, Place, Source, Summary};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bring the mailboxes of an IMAP server into a Maildir
///
/// New messages come with their flags and dates, and flags that changed on the server change here. INBOX is the Maildir
/// itself, every other mailbox a directory in it (Maildir++). A second run transfers no message again; one that was
/// interrupted anywhere loses none and doubles none.
///
/// So far this is one way only: nothing is changed on the server, and messages that are gone there stay here.
/// Those that were removed here do not come again.
///
/// Nothing is printed when all is well, unless --json or -v asks for it. Ends with 0 if everything is here, 1 if
/// mailboxes had to be left out or messages did not come, 75 if trying again may help.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit imap sync imap://bob@127.0.0.1:1143 --password-env PASSWORD --maildir Mail
  mailkit imap sync imaps://bob@imap.example.org --password-cmd 'pass mail/bob' --maildir Mail --json")]
pub(super) struct Args {
    /// The server as a URL such as imaps://bob@imap.example.org, or an account of the configuration
    #[arg(value_name = "URL|ACCOUNT")]
    server: Option<String>,

    /// Where messages go; an account's own Maildir if not given
    #[arg(long, value_name = "DIR")]
    maildir: Option<PathBuf>,

    #[command(flatten)]
    login: LoginArgs,
}

/// Brings them.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let server = login::server(context, args.server.as_deref(), Service::Imap)?;
    let of_account = || server.account.and_then(|(_, account)| account.maildir.clone());
    let maildir = args
        .maildir
        .clone()
        .or_else(of_account)
        .ok_or_else(|| Error::new(Kind::Usage, "nowhere to put the messages").hint("say where: --maildir DIR"))?;
    let endpoint = &server.endpoint;
    let summary = context.block_on(async {
        let credentials = args.login.credentials(context, &server).await?.ok_or_else(|| {
            Error::new(Kind::Usage, "nobody to log in as")
                .hint("name the user with --user or in the URL: imap://user@host")
        })?;
        let name = login::source(&credentials, endpoint);
        // Opened first: a Maildir that cannot be used should not cost a conversation.
        let mut mirror = Mirror::open(place(&maildir)).await?;
        let source = Source {
            endpoint,
            way: args.login.way(context, &server, args.login.tls(Some(&server))?).await?,
            credentials,
            trace: context.trace()?,
        };
        let mut session = sync::open(&*args.login.connect(Some(&server))?, source).await?;
        let bar = context.progress("synchronising", 0);
        let mut progress = |done: usize, all: usize| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        };
        let result = mirror.pull(&mut session, &name, &mut progress).await;
        bar.finish_and_clear();
        let summary = result?;
        session.logout().await;
        Ok(summary)
    })?;
    report(context, endpoint, &maildir, &summary)
}

fn place(maildir: &Path) -> Place {
    Place {
        disk: Arc::new(RealDisk),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        maildir: maildir.to_owned(),
        index: IndexAt::File,
    }
}

fn report(context: &Context, endpoint: &Endpoint, maildir: &Path, summary: &Summary) -> Result<Exit> {
    let is_whole = summary.refused.is_empty() && summary.missing == 0;
    let exit = if is_whole { Exit::OK } else { Exit::PARTIAL };
    if context.is_json() {
        let refused: Vec<_> =
            summary.refused.iter().map(|(name, text)| json!({"mailbox": name, "text": text})).collect();
        let unreadable: Vec<_> =
            summary.unreadable.iter().map(|(name, line)| json!({"mailbox": name, "line": line})).collect();
        context.object(&json!({
            "schema": "mailkit.imap-sync/1",
            "exit": exit.code(),
            "server": endpoint.authority(),
            "maildir": maildir.to_string_lossy(),
            "mailboxes": summary.mailboxes,
            "listed": summary.listed,
            "known": summary.known,
            "fetched": summary.fetched,
            "octets": summary.octets,
            "new": summary.new,
            "updated": summary.updated,
            "missing": summary.missing,
            "refused": refused,
            "unreadable": unreadable,
        }))?;
        return Ok(exit);
    }
    // The server's words are made safe here: a line end in a name would begin a line of its own.
    for (name, why) in &summary.refused {
        let (name, why) = (terminal(name), terminal(why));
        context.complain(&format!("mailbox {name} of {} is left out\n  because: {why}", endpoint.authority()));
    }
    for (name, line) in &summary.unreadable {
        let (name, line) = (terminal(name), terminal(line));
        let what = "what the server says about a message cannot be read";
        context.complain(&format!("{what} (mailbox {name} of {})\n  it said: {line}", endpoint.authority()));
    }
    if summary.missing > 0 {
        context.complain(&format!(
            "{} lists messages and does not give them: {}\n  the next run asks for them again",
            endpoint.authority(),
            summary.missing
        ));
    }
    context.detail(&format!(
        "{}: {} messages in {} mailboxes, {} of them new ({} octets), {} with changed flags",
        endpoint.authority(),
        summary.listed,
        summary.mailboxes,
        summary.new,
        summary.octets,
        summary.updated
    ));
    Ok(exit)
}
