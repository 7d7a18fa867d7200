//! `parse --verify`: signatures of domains by DNS, signatures of people by GnuPG, and how far each of them goes.
//!
//! "Good" alone misleads: with each signature stands who made it, whether that is the author, and what of the message it
//! is not about.

mod domains;
mod people;

use super::driver::Action;
use super::json::Origin;
use super::letter::Letter;
use super::sheet::Sheet;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::resolver::BelievedArgs;
use mailkit::dns::server::Server;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::view::Message;
pub(super) use people::Signed;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::{Mutex, PoisonError};

/// What is to be verified.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Trust")]
#[command(mut_arg("trust_anchor", |arg| arg.requires("verify")), mut_arg("resolver_ca", |arg| arg.requires("verify")))]
pub(super) struct Verify {
    /// Verify signatures and say who made them and what they cover: of dkim one that is good is enough, of pgp and
    /// smime all have to be, and together about every part. Exit code 1 if one of these fails or people signed only some
    /// of the message, or if there is none of a domain (dkim, arc) or none of a person (pgp, smime) where that was asked
    /// for, 75 if DNS does not answer. dkim and arc ask DNS for keys, pgp and smime run gpg and gpgsm, which ask nobody
    #[arg(long, value_name = "KIND", value_enum, value_delimiter = ',', group = "wish")]
    verify: Vec<Family>,

    /// With --verify, ask this name server, not the system's: an address or a name, perhaps with a port, or tcp://, tls://,
    /// https:// and where it is
    #[arg(long, value_name = "RESOLVER", value_parser = crate::cli::resolver::named, requires = "verify")]
    resolver: Option<Server>,

    #[command(flatten)]
    believed: BelievedArgs,
}

/// What signatures are made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Family {
    /// The domains a message passed, over header fields and body
    Dkim,
    /// The servers that passed it on, over what each of them found
    Arc,
    /// A person, with OpenPGP
    Pgp,
    /// A person, with S/MIME
    Smime,
}

/// What came of all of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Pass,
    Fail,
    /// Good, but not about all of the message.
    Partial,
    /// DNS did not answer.
    Unknown,
    /// There is nothing to verify.
    None,
}

impl Verdict {
    fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Partial => "partial",
            Self::Unknown => "temperror",
            Self::None => "none",
        }
    }
}

/// What came of signatures: the schema `mailkit.verification/1`. What was not asked for is left out.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Verification {
    /// The chain of those who passed the message on; null if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    arc: Option<Option<domains::Chained>>,
    /// Signatures of domains, from the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    dkim: Option<Vec<domains::DomainSignature>>,
    /// `lf` or `crlf`: how lines end here; on the wire they end with CRLF, and that is what is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    line_ends: Option<&'static str>,
    /// Always `mailkit.verification/1`.
    schema: &'static str,
    /// What people signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed: Option<Vec<people::SignedPart>>,
    /// The message.
    source: Origin,
    /// `pass`; `fail`; `partial` if what people signed is not all of the message, or a limit was met, so that nobody knows;
    /// `temperror`; `none` if there is nothing to verify of domains (dkim, arc) or of people (pgp, smime), where that was
    /// asked for.
    verdict: &'static str,
}

impl Verification {
    fn new(source: Origin) -> Self {
        let schema = "mailkit.verification/1";
        Self { arc: None, dkim: None, line_ends: None, schema, signed: None, source, verdict: "none" }
    }
}

impl Verify {
    /// The action, if it was asked for.
    pub(super) fn action<'c>(&'c self, context: &'c Context) -> Option<Verifier<'c>> {
        let is_asked = !self.verify.is_empty();
        is_asked.then(|| Verifier { verify: self, context, unsealed: Mutex::default() })
    }
}

/// The action, with what it needs.
pub(super) struct Verifier<'c> {
    verify: &'c Verify,
    context: &'c Context,
    /// What was met when the message was taken out of its envelope.
    unsealed: Mutex<Unsealed>,
}

/// What stood around a message.
#[derive(Default)]
struct Unsealed {
    signed: Vec<Signed>,
    /// Domains sign what went over the wire.
    domains: Option<domains::Found>,
}

impl Verifier<'_> {
    /// Tells of the message around the next one, and of the signatures that were met on the way in.
    pub(super) fn unseals(&self, outer: &Message<'_>, signed: Vec<Signed>) -> Result<()> {
        let unsealed = Unsealed { signed, domains: self.domains(outer)? };
        *self.unsealed.lock().unwrap_or_else(PoisonError::into_inner) = unsealed;
        Ok(())
    }

    fn asks(&self, family: Family) -> bool {
        self.verify.verify.contains(&family)
    }

    /// What domains signed, if that was asked for.
    fn domains(&self, message: &Message<'_>) -> Result<Option<domains::Found>> {
        let wanted = (self.asks(Family::Dkim), self.asks(Family::Arc));
        let is_wanted = wanted.0 || wanted.1;
        is_wanted
            .then(|| {
                domains::look(message, wanted, (self.verify.resolver.as_ref(), &self.verify.believed), self.context)
            })
            .transpose()
    }
}

impl Action for Verifier<'_> {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        if letter.is_of_part() {
            return Err(Error::new(Kind::Usage, "only whole messages are verified").hint("leave --part out"));
        }
        let asks = |family: Family| self.asks(family);
        let message = &letter.message;
        let mut object = Verification::new(Origin::of(letter.source));
        let mut kinds = Vec::new();
        let Unsealed { signed, domains } =
            std::mem::take(&mut *self.unsealed.lock().unwrap_or_else(PoisonError::into_inner));
        let domains = if domains.is_some() { domains } else { self.domains(message)? };
        if let Some(found) = domains {
            if found.has_lf && found.has_signature() && !sheet.is_json() {
                sheet.line("lines end with LF here; they are verified with CRLF, as they went over the wire");
            }
            let mut verdicts = Vec::new();
            object.line_ends = Some(if found.has_lf { "lf" } else { "crlf" });
            if asks(Family::Dkim) {
                object.dkim = Some(found.dkim_object());
                verdicts.push(found.dkim_verdict());
            }
            if asks(Family::Arc) {
                object.arc = Some(found.arc_object());
                verdicts.push(found.arc_verdict());
            }
            kinds.push(whole(&verdicts));
            if !sheet.is_json() {
                found.lines().iter().for_each(|line| sheet.line(line));
            }
        }
        if asks(Family::Pgp) || asks(Family::Smime) {
            let schemes = (asks(Family::Pgp), asks(Family::Smime));
            let found = people::look(message, signed, schemes, self.context)?;
            if !sheet.is_json() {
                found.lines().iter().for_each(|line| sheet.line(line));
            }
            object.signed = Some(found.object());
            kinds.push(found.verdict());
        }
        let verdict = match whole(&kinds) {
            // No person vouches in the place of a domain, and no domain in the place of a person.
            Verdict::Pass if kinds.contains(&Verdict::None) => Verdict::None,
            verdict => verdict,
        };
        match verdict {
            Verdict::Pass => {}
            Verdict::Fail | Verdict::Partial | Verdict::None => sheet.ends_with(Exit::PARTIAL),
            Verdict::Unknown => sheet.ends_with(Kind::Temporary.into()),
        }
        if sheet.is_json() {
            object.verdict = verdict.name();
            sheet.value(&object)?;
        }
        Ok(())
    }

    fn is_headed(&self) -> bool {
        true
    }
}

/// Of several signatures, or families: one that fails is a failure, one that is partial makes it partial, and one without
/// an answer leaves the answer open.
fn whole(verdicts: &[Verdict]) -> Verdict {
    let order = [Verdict::Fail, Verdict::Partial, Verdict::Unknown, Verdict::Pass];
    order.into_iter().find(|verdict| verdicts.contains(verdict)).unwrap_or(Verdict::None)
}
