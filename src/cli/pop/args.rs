//! What `mailkit pop` is told: its options, over those that an account has.

use super::place::Place;
use crate::cli::context::Context;
use crate::cli::login::LoginArgs;
use mailkit::account::{Account, Retrieve};
use mailkit::address::Address;
use mailkit::error::{Error, Kind, Result};
use mailkit::fetch::{Keep, Rules, Selection};
use mailkit::net::clock::SystemClock;
use mailkit::query::{Moment, Query};
use mailkit::world::Clock;
use mailkit::{duration, size};
use std::time::Duration;

/// Retrieve messages from maildrops by POP3
///
/// Each message comes once: it is on disk before it counts as retrieved, and only then may the server delete it.
/// Programs and other servers get a message again if everything breaks while they take it. Nothing is printed when
/// all is well, unless --json or -v asks for it; on a terminal a bar shows how far it is.
///
/// Ends with 0 if everything new was retrieved, 1 if messages stayed behind that should have come, 75 if trying again
/// may help.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit pop pop3://bob@127.0.0.1:1110 --password-env PASSWORD --to maildir:Mail
  mailkit pop pop3://bob@127.0.0.1:1110 --password-cmd 'echo secret' --to - | grep '^Subject:'")]
pub(in crate::cli) struct Args {
    /// Servers as URLs such as pop3s://bob@pop.example.org, or accounts of the configuration
    #[arg(value_name = "URL|ACCOUNT")]
    pub(super) servers: Vec<String>,

    /// Where messages go: maildir:PATH, mbox:FILE, mda:COMMAND, lmtp:HOST, smtp:HOST, imap:MAILBOX, or - to print them
    ///
    /// An account's own Maildir if not given. mda: gives each message to a shell command, on its input and with LF at the
    /// end of its lines; unless the command ends with 0 the message stays on the server. lmtp: and smtp: take a host, a
    /// host and a port, or a URL; imap: takes a mailbox of the account, or imaps://user@host/MAILBOX. - prints everything there is, each time, as an mbox.
    #[arg(long, value_name = "TARGET")]
    to: Option<Place>,

    /// Which messages stay on the server: all, none once they are safe here, or those that came within a time such as 7d
    #[arg(long, value_name = "all|none|TIME")]
    keep: Option<Keep>,

    /// For whom messages are handed over with lmtp: and smtp:; the account's address if not given
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(super) recipient: Option<Address>,

    #[command(flatten)]
    which: Which,

    /// Retrieve again and again, with this time in between; longer and longer while a server fails
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(super) every: Option<Duration>,

    /// Retrieve and delete nothing: say what would be done
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,

    #[command(flatten)]
    pub(super) login: LoginArgs,
}

/// Which messages are meant.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Which messages")]
pub(super) struct Which {
    /// Only those that were not retrieved before; - alone prints all if this is not given
    #[arg(long, conflicts_with = "all")]
    only_new: bool,

    /// Those that were retrieved before too
    #[arg(long)]
    all: bool,

    /// Leave messages there that are larger than this
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    max_size: Option<u64>,

    /// Delete them there, unread
    #[arg(long, requires = "max_size")]
    delete_larger: bool,

    /// Retrieve no more than so many messages in one run
    #[arg(long, value_name = "COUNT")]
    limit_messages: Option<usize>,

    /// Retrieve no more than so much in one run; but one message, whatever its size
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    limit_bytes: Option<u64>,

    /// Retrieve only messages that this expression of the filter language means; it may ask for header fields and size
    #[arg(long = "where", value_name = "EXPRESSION", value_parser = Query::parse)]
    meant: Option<Query>,

    /// Give the header section to a shell command first: 0 retrieves the message, 1 leaves it there, 2 deletes it unread
    #[arg(long, value_name = "COMMAND")]
    filter: Option<String>,

    /// Print header sections only, with --to -
    #[arg(long)]
    pub(super) headers_only: bool,

    /// Forget what was retrieved, and find out from what is in the Maildir
    #[arg(long)]
    pub(super) rebuild_state: bool,
}

fn address(text: &str) -> std::result::Result<Address, String> {
    Address::parse(text).map_err(|error| error.to_string())
}

/// What holds for one server.
pub(super) struct Wishes {
    pub(super) place: Place,
    pub(super) rules: Rules,
    pub(super) selection: Selection,
    pub(super) recipient: Option<Address>,
    /// Whether anything is remembered, or everything is fetched each time.
    pub(super) remembers: bool,
}

impl Args {
    /// What holds for a server, of an account if it is one's.
    pub(super) fn wishes(&self, context: &Context, account: Option<&Account>) -> Result<Wishes> {
        let nothing = Retrieve::default();
        let own = account.map_or(&nothing, |account| &account.retrieve);
        let wrong = |key: &str, why: String| Error::new(Kind::Config, format!("{key} of the account: {why}"));
        let place = match (&self.to, &own.to) {
            (Some(place), _) => place.clone(),
            (None, Some(text)) => text.parse().map_err(|why| wrong("retrieve.to", why))?,
            (None, None) => {
                account.and_then(|account| account.maildir.clone()).map(Place::Maildir).ok_or_else(|| {
                    Error::new(Kind::Usage, "nowhere to put the messages")
                        .hint("say where: --to maildir:PATH, or --to -")
                })?
            }
        };
        let keep = match (self.keep, &own.keep) {
            (Some(keep), _) => keep,
            (None, Some(text)) => text.parse().map_err(|why| wrong("retrieve.keep", why))?,
            (None, None) => Keep::All,
        };
        let query = match (&self.which.meant, &own.meant) {
            (Some(query), _) => Some(query.clone()),
            (None, Some(text)) => Some(Query::parse(text).map_err(|why| wrong("retrieve.where", why.to_string()))?),
            (None, None) => None,
        };
        if query.as_ref().is_some_and(Query::reads_body) {
            return Err(Error::new(Kind::Usage, "--where asks for more than header fields and size")
                .hint("messages are chosen before they are fetched, and bodies are not seen then"));
        }
        let prints = place == Place::Output;
        let usage = |what: &str, hint: &str| Err(Error::new(Kind::Usage, what).hint(hint));
        if prints && keep != Keep::All {
            return usage(
                "--keep none needs a Maildir",
                "what is only printed cannot be known to be safe, so it stays on the server",
            );
        }
        if prints && context.is_json() && !self.dry_run {
            return Err(Error::new(Kind::Usage, "--json and --to - both want standard output"));
        }
        if self.which.headers_only && !prints {
            return usage(
                "--headers-only is for --to -",
                "a message of which only the beginning is there is not there",
            );
        }
        if self.which.rebuild_state && !matches!(place, Place::Maildir(_)) {
            return usage("--rebuild-state needs a Maildir", "nothing else tells which messages are in it");
        }
        let moment = || Moment { now: SystemClock.now(), zone: jiff::tz::TimeZone::system() };
        Ok(Wishes {
            rules: Rules {
                keep,
                size_max: self.which.max_size.or(own.max_size),
                deletes_larger: self.which.delete_larger,
                messages_max: self.which.limit_messages.or(own.limit_messages),
                octets_max: self.which.limit_bytes.or(own.limit_bytes),
                again: self.which.all,
            },
            selection: Selection {
                query: query.map(|query| (query, moment())),
                command: self.which.filter.clone().or_else(|| own.filter.clone()),
                hidden: context.hidden().to_vec(),
            },
            recipient: self.recipient.clone().or_else(|| own.recipient.clone()),
            remembers: !prints || self.which.only_new,
            place,
        })
    }

    pub(super) fn is_headers_only(&self) -> bool {
        self.which.headers_only
    }

    pub(super) fn rebuilds(&self) -> bool {
        self.which.rebuild_state
    }
}
