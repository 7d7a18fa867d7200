//! What people signed: OpenPGP and S/MIME, for people and for programs.

use super::Verdict;
use crate::cli::context::Context;
use crate::cli::parse::gnupg::{self, Done, Task};
use mailkit::error::Result;
use mailkit::message::address_list;
use mailkit::message::view::Message;
use mailkit::reading::gnupg::{Owner, Signature, Trust, Verdict as Finding};
use mailkit::reading::sealed::{self, Form, Scheme, Sealed};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// Something signed, with what came of its signatures.
pub(in crate::cli::parse) struct Signed {
    scheme: Scheme,
    part: String,
    /// None for what is encrypted: nobody knows before it is opened.
    signatures: Option<Vec<Signature>>,
    /// Whether the program has no objection, and there is one text only.
    is_well: bool,
    /// What it says, where there is no signature to tell of.
    words: String,
    /// The author, as the header says.
    author: Option<String>,
    /// Whether a copy of the header fields is signed with the part.
    has_header: bool,
    /// Whether it is or was encrypted.
    is_encrypted: bool,
    /// Whether it stood in an envelope that is open now.
    is_unsealed: bool,
    uncovered: Vec<String>,
    has_text_around: bool,
}

/// Places in one message that are verified; each costs a run of a program.
const PLACES_MAX: usize = 10;

/// What was found, of what was asked for.
pub(super) struct Found {
    signed: Vec<Signed>,
    schemes: (bool, bool),
    /// Places that were not looked at.
    left: usize,
    /// Whether the message has more than the limits let anybody see.
    is_truncated: bool,
}

/// Verifies the signatures of these families that are in the message. Of what was met on the way in, the same are kept.
pub(super) fn look(
    message: &Message<'_>,
    mut signed: Vec<Signed>,
    schemes: (bool, bool),
    context: &Context,
) -> Result<Found> {
    signed.retain(|signed| is_wanted(signed.scheme, schemes));
    let mut wanted = sealed::find(message).filter(|sealed| is_wanted(sealed.scheme, schemes));
    let places: Vec<Sealed> = wanted.by_ref().take(PLACES_MAX).collect();
    let left = wanted.count();
    if !places.is_empty() {
        context.block_on(async {
            for sealed in &places {
                signed.push(one(message, sealed, context).await?);
            }
            Ok(())
        })?;
    }
    Ok(Found { signed, schemes, left, is_truncated: message.is_truncated() })
}

impl Found {
    /// All have to be good, and together about every part: what somebody signed elsewhere vouches for nothing beside it.
    pub(super) fn verdict(&self) -> Verdict {
        let verdict = super::whole(&self.signed.iter().map(Signed::verdict).collect::<Vec<_>>());
        let good = || self.signed.iter().filter(|signed| signed.verdict() == Verdict::Pass);
        let is_left_out = |part: &String| good().all(|signed| signed.uncovered.contains(part));
        // Text around signed lines counts unless another signature is about all of their part.
        let is_covered = |lines: &Signed| {
            good().any(|signed| !std::ptr::eq(signed, lines) && !signed.uncovered.contains(&lines.part))
        };
        let is_partial = self.left > 0
            || self.is_truncated
            || good().any(|signed| signed.has_text_around && !is_covered(signed))
            || good().next().is_some_and(|first| first.uncovered.iter().any(is_left_out));
        match verdict {
            Verdict::Pass if is_partial => Verdict::Partial,
            verdict => verdict,
        }
    }

    pub(super) fn object(&self) -> Vec<SignedPart> {
        self.signed.iter().map(Signed::object).collect()
    }

    /// For people.
    pub(super) fn lines(&self) -> Vec<String> {
        let name = match self.schemes {
            (true, true) => "pgp, smime",
            (true, false) => "pgp",
            _ => "smime",
        };
        let mut lines: Vec<String> = self.signed.iter().flat_map(Signed::lines).collect();
        if lines.is_empty() {
            lines.push(format!("{name}: none: nobody signed the message"));
        }
        if self.left > 0 {
            lines.push(format!("{name}: {} more places were not looked at", self.left));
        }
        if self.is_truncated {
            lines.push(format!("{name}: a limit was met, so there may be more that nobody signed"));
        }
        lines
    }
}

async fn one(message: &Message<'_>, sealed: &Sealed, context: &Context) -> Result<Signed> {
    let mut signed = Signed::of(message, sealed);
    let Some(part) = message.parts().get(sealed.part) else { return Ok(signed) };
    let done = match &sealed.form {
        Form::Encrypted | Form::EncryptedLines(_) => return Ok(signed),
        Form::Detached { content, signature } => {
            let (Some(content), Some(signature)) = (message.parts().get(*content), message.parts().get(*signature))
            else {
                return Ok(signed);
            };
            signed.has_header = sealed::protects_header(message, content);
            let (content, signature) = (sealed::canonical(message, content), message.content(signature).content);
            gnupg::run(sealed.scheme, &Task::Detached { signature: &signature, content: &content }, context).await?
        }
        Form::SignedWhole => gnupg::run(sealed.scheme, &Task::Whole(&message.content(part).content), context).await?,
        Form::SignedLines(lines) => {
            let text = message.content(part).content;
            let text = text.get(lines.at.clone()).unwrap_or_default();
            gnupg::run(sealed.scheme, &Task::Whole(text), context).await?
        }
    };
    signed.came(done);
    signed.with_owners(context).await
}

impl Signed {
    /// What is known before anything is verified.
    pub(in crate::cli::parse) fn of(message: &Message<'_>, sealed: &Sealed) -> Self {
        let id = |index: usize| message.parts().get(index).map_or(String::new(), |part| part.id.clone());
        let part = match sealed.form {
            Form::Detached { content, .. } => id(content),
            _ => id(sealed.part),
        };
        let has_text_around = match &sealed.form {
            Form::SignedLines(lines) | Form::EncryptedLines(lines) => lines.has_text_around,
            _ => false,
        };
        let from = message.field(message.root(), "From").map(address_list::parse).unwrap_or_default();
        let author = address_list::mailboxes(&from).next().map(|mailbox| mailbox.spec());
        let uncovered = sealed::uncovered(message, sealed);
        Self {
            scheme: sealed.scheme,
            part,
            signatures: None,
            is_well: false,
            words: String::new(),
            author,
            has_header: false,
            is_encrypted: sealed.is_encrypted(),
            is_unsealed: false,
            uncovered,
            has_text_around,
        }
    }

    fn came(&mut self, done: Done) {
        self.is_well = done.is_success && done.outcome.plaintexts <= 1;
        self.signatures = Some(done.outcome.signatures);
        self.words = done.words;
    }

    /// The same, with all names that are on the keys.
    pub(in crate::cli::parse) async fn with_owners(mut self, context: &Context) -> Result<Self> {
        let signatures = self.signatures.iter_mut().flatten();
        let mut made: Vec<&mut Signature> = signatures.filter(|signature| signature.has_key()).collect();
        let keys: BTreeSet<String> = made.iter().filter_map(|signature| signature.fingerprint.clone()).collect();
        if keys.is_empty() {
            return Ok(self);
        }
        let keys = Task::Names(keys.iter().map(String::as_str).collect());
        let owners = Owner::read(&gnupg::run(self.scheme, &keys, context).await?.content);
        let is_pgp = self.scheme == Scheme::Pgp;
        for signature in &mut made {
            // The first whose key it is says the rest.
            for owner in &owners {
                if owner.signed(signature, self.author.as_deref(), is_pgp) {
                    break;
                }
            }
        }
        Ok(self)
    }

    /// The same of an envelope that was opened.
    pub(in crate::cli::parse) fn unsealed(mut self, done: Done) -> Self {
        // What was not encrypted with it is not shown with it either.
        (self.uncovered, self.has_text_around, self.is_unsealed) = (Vec::new(), false, true);
        self.came(done);
        self
    }

    /// Whether there is something to tell.
    pub(in crate::cli::parse) fn has_signature(&self) -> bool {
        self.signatures.as_ref().is_some_and(|signatures| !signatures.is_empty())
    }

    fn verdict(&self) -> Verdict {
        let Some(signatures) = &self.signatures else { return Verdict::None };
        if signatures.is_empty() && self.is_unsealed {
            return Verdict::None;
        }
        let is_good = |signature: &Signature| {
            let is_known = match self.scheme {
                // The user chose what is in the keyring; what the key says of its owner is shown beside it.
                Scheme::Pgp => signature.trust != Trust::Never,
                // Anybody can make a certificate with any name.
                Scheme::Smime => matches!(signature.trust, Trust::Full | Trust::Ultimate),
            };
            signature.verdict == Finding::Good && is_known
        };
        match self.is_well && !signatures.is_empty() && signatures.iter().all(is_good) {
            true => Verdict::Pass,
            false => Verdict::Fail,
        }
    }

    /// For people.
    pub(in crate::cli::parse) fn lines(&self) -> Vec<String> {
        let (name, part, verdict) = (self.scheme.name(), &self.part, self.verdict().name());
        let Some(signatures) = &self.signatures else {
            return vec![format!("{name}: part {part} is encrypted; what is signed in it is seen with --decrypt")];
        };
        let place = if self.is_unsealed && self.is_encrypted { "what was encrypted in part" } else { "part" };
        if signatures.is_empty() {
            let words = self.words.lines().last().unwrap_or("no reason was given");
            let why = if self.is_unsealed { "nobody signed it" } else { words };
            return vec![format!("{name}: {verdict}, {place} {part}: {why}")];
        }
        let mut lines = Vec::new();
        for signature in signatures {
            lines.push(format!("{name}: {verdict}, {place} {part}: {}", signature.verdict.words().1));
            let signer = signature.signer.as_deref().unwrap_or("somebody unknown");
            let key = signature.fingerprint.as_deref().or(signature.key_id.as_deref()).unwrap_or("of no name");
            lines.push(format!("  signed by {signer}, key {key}"));
            if let Some(made) = signature.made {
                lines.push(format!("  made {made}"));
            }
            if signature.trust != Trust::Unsaid {
                lines.push(format!("  {}", signature.trust.words().1));
            }
            match (self.author.as_deref(), self.author.as_deref().and_then(|author| signature.names(author))) {
                (Some(author), Some(false)) => lines.push(format!("  the author, {author}, is not named by the key")),
                (Some(author), None) => {
                    lines.push(format!("  the key does not say whether it is of the author, {author}"))
                }
                _ => {}
            }
        }
        if !self.is_well && signatures.iter().all(|signature| signature.verdict == Finding::Good) {
            let words = self.words.lines().last().unwrap_or("it gave no reason");
            lines.push(format!("  yet the program is not content: {words}"));
        }
        if !self.has_header {
            lines.push("  not signed: the header fields of the message, as From, Subject and Date".to_owned());
        }
        if self.has_text_around {
            lines.push("  not signed: some of the text around the signed lines".to_owned());
        }
        if !self.uncovered.is_empty() {
            lines.push(format!("  not signed: part {}", self.uncovered.join(", ")));
        }
        if self.scheme == Scheme::Smime {
            lines.push(
                "  whether the certificate was revoked was not asked: that would tell others what you read".into(),
            );
        }
        lines
    }

    fn object(&self) -> SignedPart {
        let one = |signature: &Signature| PersonSignature {
            fingerprint: signature.fingerprint.clone(),
            key_id: signature.key_id.clone(),
            made: signature.made.map(|made| made.to_string()),
            names_author: self.author.as_deref().and_then(|author| signature.names(author)),
            primary_fingerprint: signature.primary.clone(),
            signer: signature.signer.clone(),
            validity: signature.trust.words().0,
            verdict: signature.verdict.words().0,
        };
        SignedPart {
            by: self.scheme.name(),
            encrypted: self.is_encrypted,
            header_signed: self.has_header,
            part: self.part.clone(),
            signatures: self.signatures.as_ref().map(|signatures| signatures.iter().map(one).collect()),
            unsigned_parts: self.uncovered.clone(),
            unsigned_text: self.has_text_around,
            verdict: self.verdict().name(),
        }
    }
}

/// A part that somebody signed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignedPart {
    /// `pgp` or `smime`
    by: &'static str,
    /// Whether it is, or was, encrypted.
    encrypted: bool,
    /// Whether the signature is about the header fields of the message too.
    header_signed: bool,
    /// Its number.
    part: String,
    /// Null for what is encrypted still.
    signatures: Option<Vec<PersonSignature>>,
    /// Parts of the message that it is not about.
    unsigned_parts: Vec<String>,
    /// Whether text stands above or below the lines that are signed, or among those of the signature.
    unsigned_text: bool,
    /// `pass` or `fail`; `none` for what is encrypted still.
    verdict: &'static str,
}

/// A signature of a person.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PersonSignature {
    fingerprint: Option<String>,
    key_id: Option<String>,
    made: Option<String>,
    /// Whether the key names the author, as From has it; null if it names no address.
    names_author: Option<bool>,
    primary_fingerprint: Option<String>,
    /// Whose key it says it is.
    signer: Option<String>,
    /// How sure that is: `unsaid`, `undefined`, `never`, `marginal`, `full`, `ultimate`.
    validity: &'static str,
    /// `good`, `expired`, `key-expired`, `key-revoked`, `bad`, `no-key`, `failed`, `unknown`
    verdict: &'static str,
}

fn is_wanted(scheme: Scheme, (pgp, smime): (bool, bool)) -> bool {
    match scheme {
        Scheme::Pgp => pgp,
        Scheme::Smime => smime,
    }
}
