//! `mailkit imap caps`: what a server offers, what each of it is used for, and how well it can be kept in step with.

use super::server::ServerArgs;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use mailkit::error::Result;
use mailkit::imap::capability::Capabilities;
use mailkit::message::safe::terminal;
use schemars::JsonSchema;
use serde::Serialize;

/// Show what an IMAP server offers behind the login, and what of it mailkit uses
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit imap caps --server imaps://bob@imap.example.org
  mailkit imap caps --account work --json")]
pub(super) struct Args {
    #[command(flatten)]
    server: ServerArgs,
}

/// What a server offers.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Object {
    /// As the server writes them, in capitals.
    capabilities: Vec<Offer>,
    /// What would be used and is not offered.
    missing: Vec<Offer>,
    /// Always `mailkit.imap-caps/1`.
    schema: &'static str,
    /// The server.
    server: String,
    /// How changes are found: 0 by QRESYNC, 1 by CONDSTORE, 2 by comparing the flags of all messages.
    tier: u8,
    /// Why it is this one.
    tier_reason: &'static str,
}

/// A capability.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Offer {
    name: String,
    /// What mailkit does with it; null if nothing.
    used_for: Option<&'static str>,
}

/// What is used, and for what.
const USED: [(&str, &str); 27] = [
    ("APPENDLIMIT", "messages that are too large are not sent in vain"),
    ("COMPRESS=DEFLATE", "both sides pack what they say"),
    ("CONDSTORE", "only flags that changed are fetched"),
    ("ENABLE", "QRESYNC and CONDSTORE are switched on"),
    ("ESEARCH", "what a search finds comes as ranges"),
    ("ID", "the server is told which program this is"),
    ("IDLE", "the server tells of new mail by itself"),
    ("IMAP4REV1", "the protocol"),
    ("IMAP4REV2", "the protocol, with many extensions in it"),
    ("LIST-EXTENDED", "one LIST says what mailboxes are for and which are subscribed to"),
    ("LIST-STATUS", "one command counts all mailboxes"),
    ("LITERAL+", "messages are sent without waiting for consent"),
    ("LITERAL-", "small messages are sent without waiting for consent"),
    ("MOVE", "messages are moved without being copied"),
    ("MULTIAPPEND", "many messages are put into a mailbox at once"),
    ("NAMESPACE", "where mailboxes of one's own are"),
    ("NOTIFY", "one connection hears of changes in all mailboxes"),
    ("OBJECTID", "mailboxes and messages are known again when they were renamed or moved"),
    ("QRESYNC", "one command tells all that changed, removed messages included"),
    ("SASL-IR", "a login takes one round trip less"),
    ("SPECIAL-USE", "the mailboxes for sent mail, trash and so on are known"),
    ("STATUS=SIZE", "mailboxes tell how large they are"),
    ("STARTTLS", "the connection is encrypted"),
    ("UIDPLUS", "new messages tell their UIDs, and exactly those that are meant are removed"),
    ("UNSELECT", "a mailbox is closed without removing anything"),
    ("X-GM-EXT-1", "search --gmail-raw, and labels"),
    ("XOAUTH2", "login with a token"),
];

/// Shows it.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let (offers, server) = context.block_on(async {
        let mut session = args.server.open(context).await?;
        let offers = session.capabilities().await?.clone();
        let server = session.peer().to_owned();
        session.logout().await;
        Ok((offers, server))
    })?;
    let (tier, tier_reason) = tier(&offers);
    let said = offers.words();
    let used_for = |name: &str| used(name).map(|(_, what)| what);
    // What is of no use behind the login is not missed there, and one word for a thing is enough.
    let optional = ["IMAP4REV1", "IMAP4REV2", "STARTTLS", "XOAUTH2", "X-GM-EXT-1", "SASL-IR", "APPENDLIMIT"];
    let is_missing = |name: &str| match name {
        name if optional.contains(&name) => false,
        "LITERAL-" => !offers.has("LITERAL+") && !offers.has(name),
        name => !offers.has(name),
    };
    let missing: Vec<Offer> = USED
        .iter()
        .filter(|(name, _)| is_missing(name))
        .map(|(name, what)| Offer { name: (*name).to_owned(), used_for: Some(what) })
        .collect();
    if context.is_json() {
        let capabilities = said.iter().map(|name| Offer { name: name.clone(), used_for: used_for(name) }).collect();
        context.object(&Object { capabilities, missing, schema: "mailkit.imap-caps/1", server, tier, tier_reason })?;
        return Ok(Exit::OK);
    }
    context.line(&format!("tier T{tier}: {tier_reason}"))?;
    context.line("")?;
    for name in said {
        let line = format!("{:18} {}", terminal(name), used_for(name).unwrap_or_default());
        context.line(line.trim_end())?;
    }
    if !missing.is_empty() {
        context.line("")?;
        context.line("not offered:")?;
    }
    for Offer { name, used_for } in missing {
        context.line(&format!("{name:18} {}", used_for.unwrap_or_default()))?;
    }
    Ok(Exit::OK)
}

/// What a word of a server is used for.
fn used(word: &str) -> Option<(&'static str, &'static str)> {
    let name = match word.split_once('=') {
        Some(("AUTH", "XOAUTH2" | "OAUTHBEARER")) => "XOAUTH2",
        Some(("APPENDLIMIT", _)) => "APPENDLIMIT",
        _ => word,
    };
    USED.iter().find(|(known, _)| *known == name).copied()
}

/// How changes are found. A mailbox may do worse than its server: one without UIDs that last is not kept in step with.
fn tier(offers: &Capabilities) -> (u8, &'static str) {
    if offers.has("QRESYNC") && offers.has("ENABLE") {
        (0, "the server tells in one answer what changed and what was removed (QRESYNC)")
    } else if offers.has_mod_seq() {
        (1, "the server tells which flags changed (CONDSTORE); what was removed is found by a list of UIDs")
    } else {
        (2, "the server keeps no count of changes, so the flags of all messages are compared")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tier_follows_from_what_is_offered() {
        for (words, wanted) in [
            ("IMAP4REV1", 2),
            ("IMAP4REV1 CONDSTORE", 1),
            ("IMAP4REV1 QRESYNC ENABLE", 0),
            ("IMAP4REV1 QRESYNC", 1),
            ("IMAP4REV2 QRESYNC", 0),
            ("", 2),
        ] {
            let offers = Capabilities::new(words.split(' ').map(str::to_owned).collect());
            assert_eq!(tier(&offers).0, wanted, "{words}");
        }
    }

    #[test]
    fn words_with_a_value_are_known_too() {
        for (word, wanted) in [
            ("APPENDLIMIT=35651584", true),
            ("AUTH=XOAUTH2", true),
            ("AUTH=PLAIN", false),
            ("X-ODD", false),
            ("MOVE", true),
        ] {
            assert_eq!(used(word).is_some(), wanted, "{word}");
        }
    }
}
