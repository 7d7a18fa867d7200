//! What `send` is given to say, and to whom: the options of content and addresses.

use std::path::PathBuf;

/// Options of content and addresses.
#[derive(Debug, clap::Args)]
pub(super) struct ContentArgs {
    /// Recipients: addresses, with or without names; several may be separated by commas
    #[arg(value_name = "RECIPIENT")]
    pub(super) recipients: Vec<String>,

    /// Take the recipients from the To, Cc and Bcc fields of a complete message
    #[arg(short = 't', long)]
    pub(super) read_recipients: bool,

    /// Send this complete message; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["subject", "cc", "bcc", "attach"])]
    pub(super) message: Option<PathBuf>,

    /// The subject
    #[arg(short, long, value_name = "TEXT", conflicts_with = "read_recipients")]
    pub(super) subject: Option<String>,

    /// Send a copy to these too
    #[arg(short, long, value_name = "RECIPIENT", conflicts_with = "read_recipients")]
    pub(super) cc: Vec<String>,

    /// Send a copy to these too, unseen by the others
    #[arg(short, long, value_name = "RECIPIENT", conflicts_with = "read_recipients")]
    pub(super) bcc: Vec<String>,

    /// Attach a file
    #[arg(short, long, value_name = "FILE", conflicts_with = "read_recipients")]
    pub(super) attach: Vec<PathBuf>,

    /// Who the message is from
    #[arg(short, long, value_name = "ADDRESS")]
    pub(super) from: Option<String>,

    /// Where bounces go; <> for nowhere
    #[arg(short = 'r', long, value_name = "ADDRESS")]
    pub(super) envelope_from: Option<String>,

    /// Leave a complete message as it is, but for its line ends and Bcc
    #[arg(long)]
    pub(super) no_fixups: bool,
}
