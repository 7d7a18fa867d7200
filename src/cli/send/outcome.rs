//! How far `send` goes, what it asks first, and what it leaves behind: the options of outcome.

use super::super::context::Context;
use super::once;
use mailkit::account::sent::Copies;
use mailkit::account::{Account, Log, LogFormat};
use mailkit::error::{Error, Kind, Result};
use std::path::{Path, PathBuf};

/// Options of outcome.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Outcome")]
pub(super) struct OutcomeArgs {
    /// Send nothing: print the message, and on standard error its envelope and route; with =connect, go as far as the
    /// login
    #[arg(
        short = 'n',
        long,
        value_name = "HOW FAR",
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "message"
    )]
    pub(super) dry_run: Option<DryRun>,

    /// Print this when the message was taken, one line on standard output
    #[arg(long, value_name = "WHAT", value_enum, conflicts_with = "dry_run")]
    pub(super) print: Option<Print>,

    /// When to put the message into the queue of this machine, from where it is sent later
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Queueing::Never, hide_default_value = true)]
    pub(super) queue: Queueing,

    /// The data directory of that queue; as configured for serve, else the user's own if not given
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,

    /// Remember under this key who has the message, and send it to nobody twice
    #[arg(long, value_name = "KEY", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(super) idempotency_key: Option<String>,

    /// The same, the key being what the message says and to whom
    #[arg(long, conflicts_with = "idempotency_key")]
    pub(super) once: bool,

    /// Send also where an earlier run with the same key does not know whether the message arrived
    #[arg(long)]
    pub(super) resend_unknown: bool,

    /// Where a copy goes when the message was taken: auto, none, or a mailbox; as the account says if not given
    #[arg(long, value_name = "MAILBOX", value_parser = |text: &str| text.parse::<Copies>())]
    pub(super) save: Option<Copies>,

    /// Name in that copy, and nowhere else, those who got the message unseen
    #[arg(long)]
    pub(super) keep_bcc: bool,

    /// Add a line on this run to a file: who, how large, what came of it
    #[arg(long, value_name = "FILE", env = "MAILKIT_LOG", hide_env_values = true)]
    pub(super) log: Option<PathBuf>,

    /// Answer yes where it would be asked
    #[arg(short, long)]
    pub(super) yes: bool,
}

/// How far a dry run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum DryRun {
    /// Connect to nobody
    Message,
    /// Connect, secure the connection, log in, and say goodbye
    Connect,
}

/// What a script may want to know of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Print {
    /// Its Message-ID, without brackets
    MessageId,
    /// What the server calls it in its queue, if it says so, or the queue of this machine
    QueueId,
}

/// When a message goes to the queue of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Queueing {
    /// Not at all
    Never,
    /// For those whom the server does not take it for now, or when it cannot be reached
    Tempfail,
    /// At once, without a word to the server
    Always,
}

impl OutcomeArgs {
    /// The key under which the ledger is to know the message, if it is.
    pub(super) fn key(&self, message: &super::compose::Outgoing) -> Result<Option<String>> {
        match (&self.idempotency_key, self.once) {
            (Some(key), _) => Ok(Some(key.clone())),
            (None, true) => once::key(message).map(Some),
            (None, false) if self.resend_unknown => {
                Err(Error::new(Kind::Usage, "--resend-unknown without --once or --idempotency-key")
                    .hint("only under a key is it known what came of an earlier run"))
            }
            (None, false) => Ok(None),
        }
    }

    /// Where the line goes, and in which form: as told, else as the account says, else as the defaults do.
    pub(super) fn log(&self, context: &Context, account: Option<&Account>) -> Result<Option<Log>> {
        let configured = match account {
            Some(account) => account.log.clone(),
            // A server that was named by URL needs no configuration; a broken one is still worth a word.
            None => context.config()?.defaults.log.clone(),
        };
        let Some(path) = &self.log else { return Ok(configured) };
        let is_json = |path: &Path| path.extension().is_some_and(|end| end == "json" || end == "jsonl");
        let format = if is_json(path) { LogFormat::Json } else { LogFormat::Logfmt };
        Ok(Some(Log { file: path.clone(), format }))
    }

    /// Where a copy goes: as told, else as the account says.
    pub(super) fn copies(&self, account: Option<&Account>) -> Copies {
        let of_account = || account.map(|account| account.sent.clone());
        self.save.clone().or_else(of_account).unwrap_or_default()
    }
}
