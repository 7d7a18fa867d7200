//! What `send --json` prints, field by field: the schema `mailkit.send/1`.
//!
//! These types are the schema: `mailkit schema send` prints it from them, and every object that a test sees is held
//! against it. Fields are only added; a list that is empty is there all the same. Decides nothing.

use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// The result of one run of `mailkit send`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Object {
    /// The name and version of this schema.
    #[schemars(extend("const" = "mailkit.send/1"))]
    pub(super) schema: &'static str,
    /// What became of the message as a whole.
    pub(super) outcome: Summary,
    /// The code the process ends with.
    pub(super) exit: u8,
    /// The Message-ID without its brackets, if the message has one.
    pub(super) message_id: Option<String>,
    /// Octets of the message.
    pub(super) size: u64,
    /// The account of the configuration, unless the server was named by URL.
    pub(super) account: Option<String>,
    /// Why it is this one: named, sender, route, or default.
    pub(super) account_by: Option<&'static str>,
    /// The key under which the ledger knows this message, if it was asked to.
    pub(super) idempotency_key: Option<String>,
    /// The envelope.
    pub(super) envelope: Envelope,
    /// The way it took, as far as it is known.
    pub(super) route: Option<Route>,
    /// Each recipient, in the order of the envelope.
    pub(super) recipients: Vec<Recipient>,
    /// Its names in queues.
    pub(super) queue: Queue,
    /// The copy for the sender's own mailbox.
    pub(super) saved: Saved,
    /// How long each step took, in milliseconds.
    pub(super) timing_ms: Timing,
    /// What did not stop the command, but should be known.
    pub(super) warnings: Vec<String>,
    /// What the server offered: only after a dry run that went as far as the login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) offers: Option<Vec<String>>,
    /// The message itself: only in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Summary {
    /// Every recipient was accepted.
    Accepted,
    /// Some were, some were not.
    Partial,
    /// None was, and trying again will not help.
    Rejected,
    /// None was, and trying again may help.
    Deferred,
    /// It waits in the queue of this machine for all that the server has not taken.
    Queued,
    /// Nobody knows: it may be delivered or not.
    Unknown,
    /// An earlier run with the same key has done it already.
    Duplicate,
    /// Nothing was to be sent.
    DryRun,
}

/// As it stands in JSON.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(word)) => f.write_str(&word),
            _ => Err(fmt::Error),
        }
    }
}

/// What SMTP says about a message apart from the message.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Envelope {
    /// Where reports go; empty for nowhere.
    pub(super) from: String,
    /// Whether every further server must know SMTPUTF8.
    pub(super) smtputf8: bool,
    /// BODY= of MAIL: 7BIT or 8BITMIME.
    pub(super) body: &'static str,
    /// NOTIFY= of each RCPT: NEVER, or some of SUCCESS, FAILURE and DELAY; null if nothing was asked for.
    pub(super) notify: Option<String>,
    /// RET= of MAIL: FULL or HDRS.
    pub(super) ret: Option<String>,
    /// ENVID= of MAIL, not encoded.
    pub(super) envid: Option<String>,
}

/// The way to the server.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    /// submission, lmtp, or mx.
    pub(super) kind: &'static str,
    /// The server's name; null if there were several.
    pub(super) host: Option<String>,
    /// Its port.
    pub(super) port: Option<u16>,
    /// The address that was reached.
    pub(super) ip: Option<String>,
    /// The proxy, if it went through one.
    pub(super) proxy: Option<String>,
    /// The encryption, if there was one.
    pub(super) tls: Option<Tls>,
    /// The mechanism of the login, if there was one.
    pub(super) auth: Option<String>,
    /// The way to each domain, where a message goes directly to mail exchangers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) ways: Vec<Way>,
}

/// The way to the recipients of one domain.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Way {
    /// The domain; null for a postmaster without one.
    pub(super) domain: Option<String>,
    /// The exchanger that was talked to last.
    pub(super) host: Option<String>,
    /// Its address.
    pub(super) ip: Option<String>,
    /// The encryption, if there was one.
    pub(super) tls: Option<Tls>,
}

/// How a connection was protected.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Tls {
    /// implicit, or starttls.
    pub(super) mode: &'static str,
    /// TLSv1.3 or TLSv1.2.
    pub(super) version: String,
    /// The cipher suite by its IANA name.
    pub(super) cipher: String,
    /// By what the server's certificate was verified: pkix, pin, dane, mta-sts, or none.
    pub(super) verified: String,
}

/// What became of one recipient.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Recipient {
    /// As the envelope says it.
    pub(super) address: String,
    /// Whom an alias stood for: the name that was given, with its domain (ORCPT=); null where the address is what was
    /// given.
    pub(super) original: Option<String>,
    /// What became of it; null in a dry run.
    pub(super) status: Option<Status>,
    /// The server's reply code.
    pub(super) code: Option<u16>,
    /// The enhanced status code: the server's, or ours.
    pub(super) enhanced: Option<String>,
    /// The server's words, or ours.
    pub(super) text: Option<String>,
    /// How far the conversation came: connect, greeting, ehlo, tls, auth, mail, rcpt, data, dot.
    pub(super) phase: Option<String>,
    /// Whether trying again makes sense.
    pub(super) class: Option<Class>,
}

/// What became of a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// The server has the message for it, from this run or an earlier one with the same key.
    Accepted,
    /// For good.
    Refused,
    /// For now.
    Deferred,
    /// The queue of this machine has it.
    Queued,
    /// Not asked for, because another was refused and all were to have it or nobody.
    Withheld,
    /// Nobody knows.
    Unknown,
}

/// Whether trying again makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Class {
    /// There is no need.
    Ok,
    /// It does, later.
    Temp,
    /// It does not.
    Perm,
}

/// Names of a message in queues.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Queue {
    /// What the server calls it, if its last reply says so.
    pub(super) remote_id: Option<String>,
    /// What the queue of this machine calls it.
    pub(super) local_id: Option<String>,
    /// Whether somebody works on the queue of this machine; null if the message is not in it.
    pub(super) runner: Option<Runner>,
}

/// Whether somebody works on a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Runner {
    /// `mailkit serve` or `mailkit relay run`.
    Active,
    /// Nobody: it waits until somebody does.
    None,
}

/// The copy for the sender's own mailbox.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    /// What became of it.
    pub(super) status: Saving,
    /// The mailbox that has it or should have it.
    pub(super) mailbox: Option<String>,
    /// Why it was skipped, or what failed.
    pub(super) reason: Option<String>,
}

/// What became of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Saving {
    /// It is there.
    Saved,
    /// There was no need, or nobody asked for it.
    Skipped,
    /// It is not there; the message is sent all the same.
    Failed,
}

/// How long each step took, in milliseconds; null for those that were not come to.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Timing {
    /// Finding the server's addresses.
    pub(super) dns: Option<u64>,
    /// Until one of them answered.
    pub(super) connect: Option<u64>,
    /// The greeting, EHLO and TLS.
    pub(super) hello: Option<u64>,
    /// The TLS handshake, which is a part of that.
    pub(super) tls: Option<u64>,
    /// The login.
    pub(super) auth: Option<u64>,
    /// From MAIL to the last reply.
    pub(super) data: Option<u64>,
    /// All of it, reading and composing the message included.
    pub(super) total: u64,
}

impl Saved {
    /// No copy, and why.
    pub(super) fn skipped(reason: &str) -> Self {
        Self { status: Saving::Skipped, mailbox: None, reason: Some(reason.to_owned()) }
    }
}
