//! How a message is handed over, and what its sender wants to hear of it: the options of delivery.

use mailkit::address::Address;
use mailkit::engine::smtp::{Manner, Partial};
use mailkit::envelope::{Envelope, ForwardPath};
use mailkit::error::{Error, Kind, Result};
use mailkit::notify::{EnvelopeId, Notify, RecipientRequest, ReportRequest, Ret};
use mailkit::smtp::extension::Extensions;
use std::collections::HashMap;

/// Options of delivery.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Delivery")]
pub(super) struct DeliveryArgs {
    /// Ask for reports: never, or any of success,failure,delay
    #[arg(short = 'N', long, value_name = "WHEN")]
    notify: Option<String>,

    /// With a report of failure, ask for the full message or for its header section (hdrs) back
    #[arg(short = 'R', long = "return", value_name = "full|hdrs")]
    ret: Option<String>,

    /// What reports are to call this message
    #[arg(short = 'V', long = "envid", value_name = "ID")]
    envelope_id: Option<String>,

    /// Send nothing unless the server offers these extensions, such as dsn, smtputf8 or starttls
    #[arg(long, value_name = "EXTENSION", value_delimiter = ',')]
    require: Vec<String>,

    /// Send the message in counted chunks (BDAT) if the server takes them
    #[arg(long)]
    chunking: bool,

    /// When only some recipients are accepted: deliver to those, or abort and send nothing to anybody
    #[arg(long, value_name = "deliver|abort", default_value = "deliver", value_parser = ["deliver", "abort"])]
    partial: String,
}

impl DeliveryArgs {
    /// Checks what clap does not, so that a mistake is told before anything else happens.
    pub(super) fn check(&self) -> Result<()> {
        let is_keyword = |word: &str| {
            word.starts_with(|c: char| c.is_ascii_alphanumeric())
                && word.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
        };
        if let Some(word) = self.require.iter().find(|word| !is_keyword(word)) {
            return Err(Error::new(Kind::Usage, format!("--require {word}: not the name of an extension")));
        }
        self.reports().map(|_| ())
    }

    /// Writes into the envelope which reports are asked for, and who was meant by recipients that were named otherwise.
    pub(super) fn ask(&self, envelope: &mut Envelope, originals: &HashMap<ForwardPath, Address>) -> Result<()> {
        let (notify, ret, envelope_id) = self.reports()?;
        let is_asked = notify.is_some() || ret.is_some() || envelope_id.is_some();
        let about = envelope.recipients.iter().filter_map(|recipient| {
            let meant = originals.get(recipient);
            // RFC 3461 §4.2: who submits a message names the recipient's own address as the original one, and behind
            // an alias the address that it was sent to.
            let original = meant.or(recipient.address().filter(|_| is_asked)).cloned();
            let is_needed = is_asked || original.is_some();
            is_needed.then(|| RecipientRequest { recipient: recipient.clone(), notify, original })
        });
        let recipients: Vec<_> = about.collect();
        if !recipients.is_empty() {
            envelope.reports = Some(Box::new(ReportRequest { ret, envelope_id, recipients }));
        }
        Ok(())
    }

    /// How the message is handed over.
    pub(super) fn manner(&self) -> Manner {
        let partial = if self.partial == "abort" { Partial::Abort } else { Partial::Deliver };
        Manner { chunking: self.chunking, partial, downcode: true }
    }

    /// Whether nobody is to get the message unless all do.
    pub(super) fn is_all_or_none(&self) -> bool {
        self.manner().partial == Partial::Abort
    }

    /// What the server must offer.
    pub(super) fn required(&self) -> &[String] {
        &self.require
    }

    /// What was asked for and could not be had of a server that offers these, a sentence each.
    pub(super) fn warnings(&self, offered: &Extensions) -> Vec<&'static str> {
        let asks_for_reports = self.notify.is_some() || self.ret.is_some() || self.envelope_id.is_some();
        let mut warnings = Vec::new();
        if asks_for_reports && !offered.dsn {
            warnings.push("the server does not offer DSN, so it was not asked for reports");
        }
        if self.chunking && !offered.chunking {
            warnings.push("the server does not offer CHUNKING, so the message goes by DATA");
        }
        warnings
    }

    fn reports(&self) -> Result<(Option<Notify>, Option<Ret>, Option<EnvelopeId>)> {
        let wrong = |option: &str, text: &str, error: &dyn std::fmt::Display| {
            Error::new(Kind::Usage, format!("{option} {text}: {error}"))
        };
        let notify = self.notify.as_deref().map(|text| Notify::parse(text).map_err(|e| wrong("--notify", text, &e)));
        let ret = self.ret.as_deref().map(|text| Ret::parse(text).map_err(|e| wrong("--return", text, &e)));
        let id = self.envelope_id.as_deref();
        let id =
            id.map(|text| EnvelopeId::new(text).map_err(|e| wrong("--envid", &text.escape_debug().to_string(), &e)));
        Ok((notify.transpose()?, ret.transpose()?, id.transpose()?))
    }
}
