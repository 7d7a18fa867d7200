//! `mailkit imap ls`: the mailboxes of a server, by the names people know them by.

use super::server::{ServerArgs, shown, use_word};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use mailkit::engine::imap::{Ask, Listing};
use mailkit::error::Result;
use mailkit::message::safe::terminal;
use mailkit::message::wildcard::is_like;
use schemars::JsonSchema;
use serde::Serialize;

/// Levels of a name that are shown below each other.
const LEVELS_MAX: usize = 64;

/// List the mailboxes of an IMAP server
///
/// One name in a line, as people read it. What holds no messages and is only the way to others is listed with a slash,
/// or whatever the server puts between names, behind it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit imap ls --server imaps://bob@imap.example.org --password-cmd 'pass mail/bob'
  mailkit imap ls --status 'Lists/*'")]
pub(super) struct Args {
    /// Only mailboxes of this name, where * stands for anything and ? for one character
    #[arg(value_name = "PATTERN")]
    pattern: Option<String>,

    /// Show how many messages there are, and how many of them are unseen
    #[arg(long)]
    status: bool,

    /// Show what the server says a mailbox is for, as \Sent
    #[arg(long)]
    special_use: bool,

    /// Only mailboxes that are subscribed to
    #[arg(long)]
    subscribed: bool,

    /// Show names below each other as a tree
    #[arg(long)]
    tree: bool,

    #[command(flatten)]
    server: ServerArgs,
}

/// A mailbox of a server.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Object {
    /// The number of the last change, where the server counts changes.
    highest_modseq: Option<u64>,
    /// How many messages; null where there are none to be had, or the server does not say.
    messages: Option<u32>,
    /// As people read it.
    name: String,
    /// Always `mailkit.imap-mailbox/1`.
    schema: &'static str,
    /// Whether it holds messages, or is only the way to others.
    selectable: bool,
    /// What stands between the levels of a name.
    separator: Option<char>,
    /// Octets of all messages, if the server says so.
    size: Option<u64>,
    /// What it is for: `\Sent` and its like.
    special_use: Option<&'static str>,
    /// Null unless --subscribed asked for it.
    subscribed: Option<bool>,
    /// The next message gets this UID or a higher one.
    uidnext: Option<u32>,
    /// As long as this stays, UIDs mean the same messages.
    uidvalidity: Option<u32>,
    /// How many messages are unseen; null unless --status asked for it.
    unseen: Option<u32>,
    /// As the server writes it.
    wire_name: String,
}

/// Lists them.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let listed = context.block_on(async {
        let mut session = args.server.open(context).await?;
        let wants_counts = args.status || context.is_json();
        let ask = Ask { subscribed: args.subscribed, unseen: args.status, size: wants_counts };
        let listed = match wants_counts || args.subscribed || args.special_use {
            true => session.list_status(ask).await?,
            false => {
                let bare = |listed| Listing { listed, counts: None, refused: None };
                session.list().await?.into_iter().map(|listed| listed.map(bare)).collect()
            }
        };
        session.logout().await;
        Ok(listed)
    })?;
    let mut exit = Exit::OK;
    let mut rows = Vec::new();
    for listing in listed {
        match listing {
            Ok(listing) => rows.push((shown(&listing.listed.wire_name), listing)),
            Err(line) => {
                context.complain(&format!(
                    "what the server says about a mailbox cannot be read\n  it said: {}",
                    terminal(&line)
                ));
                exit = Exit::PARTIAL;
            }
        }
    }
    let is_meant = |name: &str| args.pattern.as_ref().is_none_or(|pattern| is_like(pattern, name));
    rows.retain(|(name, listing)| is_meant(name) && (!args.subscribed || listing.listed.is_subscribed));
    rows.sort_by(|(a, _), (b, _)| (a != "INBOX", a).cmp(&(b != "INBOX", b)));
    let mut above: Vec<String> = Vec::new();
    for (name, listing) in rows {
        if let Some(refusal) = &listing.refused {
            let words = terminal(&refusal.text).into_owned();
            context.complain(&format!("mailbox {} does not tell its counts\n  it said: {words}", terminal(&name)));
            exit = Exit::PARTIAL;
        }
        if context.is_json() {
            context.object(&Object::of(name, listing, args))?;
            continue;
        }
        if args.tree {
            let levels = levels(&name, listing.listed.separator);
            // Levels that nobody listed stand as ways to what is below.
            let shared = above.iter().zip(&levels).take_while(|(a, b)| a == b).count();
            for (depth, level) in levels.iter().enumerate().take(levels.len() - 1).skip(shared) {
                context.line(&format!("{}{:2$}{3}", blank(args), "", depth * 2, terminal(level)))?;
            }
            let last = levels.last().map(String::as_str).unwrap_or_default();
            context.line(&line(args, &format!("{:1$}{2}", "", (levels.len() - 1) * 2, terminal(last)), &listing))?;
            above = levels;
        } else {
            context.line(&line(args, &terminal(&name), &listing))?;
        }
    }
    Ok(exit)
}

/// The levels of a name, from the top.
fn levels(name: &str, separator: Option<char>) -> Vec<String> {
    match separator {
        // A server may choose any number of them, and each is a line that is further to the right.
        Some(separator) if name.split(separator).count() <= LEVELS_MAX => {
            name.split(separator).map(str::to_owned).collect()
        }
        _ => vec![name.to_owned()],
    }
}

/// What stands in front of a name that has no counts.
fn blank(args: &Args) -> String {
    if args.status { format!("{:16}", "") } else { String::new() }
}

fn line(args: &Args, name: &str, listing: &Listing) -> String {
    let number = |number: Option<u32>| number.map_or("-".to_owned(), |number| number.to_string());
    let counts = listing.counts.clone().unwrap_or_default();
    let mut line = match args.status {
        true => format!("{:>7} {:>7} ", number(counts.messages), number(counts.unseen)),
        false => String::new(),
    };
    line += name;
    if !listing.listed.selectable {
        line.extend(listing.listed.separator.map(|separator| terminal(&separator.to_string()).into_owned()));
    }
    if let Some(special_use) = listing.listed.special_use.filter(|_| args.special_use) {
        line += "  ";
        line += use_word(special_use);
    }
    line
}

impl Object {
    fn of(name: String, listing: Listing, args: &Args) -> Self {
        let Listing { listed, counts, .. } = listing;
        let counts = counts.unwrap_or_default();
        Self {
            highest_modseq: counts.highest_mod_seq.map(|last| last.0),
            messages: counts.messages,
            name,
            schema: "mailkit.imap-mailbox/1",
            selectable: listed.selectable,
            separator: listed.separator,
            size: counts.size,
            special_use: listed.special_use.map(use_word),
            subscribed: args.subscribed.then_some(listed.is_subscribed),
            uidnext: counts.uid_next.map(|uid| uid.get()),
            uidvalidity: counts.uid_validity.map(|validity| validity.get()),
            unseen: counts.unseen,
            wire_name: listed.wire_name,
        }
    }
}
