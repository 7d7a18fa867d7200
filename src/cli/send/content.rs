//! What `send` is given to say, and to whom: the options of content and addresses.

use mailkit::address::Domain;
use std::path::PathBuf;

/// Options of content and addresses.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ContentArgs {
    /// Recipients: addresses, with or without names; several may be separated by commas. @FILE names a file with
    /// one to a line
    #[arg(value_name = "RECIPIENT")]
    pub(super) recipients: Vec<String>,

    /// Send this text
    #[arg(short = 'm', long, value_name = "TEXT", conflicts_with_all = ["body_file", "read_recipients", "message"])]
    pub(super) body: Option<String>,

    /// Send the text in this file; - is standard input, which it comes from anyway if nothing else is said
    #[arg(short = 'F', long, value_name = "FILE", conflicts_with_all = ["read_recipients", "message"])]
    pub(super) body_file: Option<PathBuf>,

    /// Take the recipients from the To, Cc and Bcc fields of a complete message; those among the arguments get it too
    #[arg(short = 't', long)]
    pub(super) read_recipients: bool,

    /// Send this complete message; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["subject", "to", "cc", "bcc", "attach", "header", "reply_to", "undisclosed"])]
    pub(super) message: Option<PathBuf>,

    /// The subject
    #[arg(short, long, value_name = "TEXT", conflicts_with = "read_recipients")]
    pub(super) subject: Option<String>,

    /// Send it to these too
    #[arg(long, value_name = "RECIPIENT", conflicts_with = "read_recipients")]
    pub(super) to: Vec<String>,

    /// Send a copy to these too
    #[arg(short, long, value_name = "RECIPIENT", conflicts_with = "read_recipients")]
    pub(super) cc: Vec<String>,

    /// Send a copy to these too, unseen by the others
    #[arg(short, long, value_name = "RECIPIENT", conflicts_with = "read_recipients")]
    pub(super) bcc: Vec<String>,

    /// Name none of the recipients in the message
    #[arg(long, conflicts_with_all = ["read_recipients", "cc"])]
    pub(super) undisclosed: bool,

    /// Attach a file; - is standard input. What it is and what it is called may be added, as in
    /// 'scan.bin;type=image/png;name=page 1.png;disposition=inline'
    #[arg(short, long, value_name = "FILE", conflicts_with = "read_recipients", allow_hyphen_values = true)]
    pub(super) attach: Vec<String>,

    /// Add a header field: 'Name: value'
    #[arg(short = 'H', long, value_name = "FIELD", conflicts_with = "read_recipients")]
    pub(super) header: Vec<String>,

    /// Who the message is from
    #[arg(short, long, value_name = "ADDRESS")]
    pub(super) from: Option<String>,

    /// Who gets the answers, if not the sender
    #[arg(long, value_name = "ADDRESS", conflicts_with = "read_recipients")]
    pub(super) reply_to: Vec<String>,

    /// Where bounces go; <> for nowhere
    #[arg(short = 'r', long, value_name = "ADDRESS")]
    pub(super) envelope_from: Option<String>,

    /// Put this domain behind names without one, in the envelope and in address fields: root becomes root@DOMAIN
    #[arg(long, value_name = "DOMAIN")]
    pub(super) qualify: Option<Domain>,

    /// Send to whom this file says that such names stand for, in the form of /etc/aliases
    #[arg(long, value_name = "FILE")]
    pub(super) alias_file: Option<PathBuf>,

    /// Leave a complete message as it is, but for its line ends and Bcc
    #[arg(long)]
    pub(super) no_fixups: bool,

    /// Make line ends of octets that are half of one, instead of refusing the message
    #[arg(long)]
    pub(super) fix: bool,

    /// Take for a mistake what is only likely to be one: a body that looks like a complete message, lines that are
    /// too long for some servers, a text without subject or without the attachment that it mentions
    #[arg(long)]
    pub(super) strict: bool,
}

impl ContentArgs {
    /// Whether a complete message is given, and not what one is made of.
    pub(super) fn is_complete(&self) -> bool {
        self.read_recipients || self.message.is_some()
    }
}
