//! Signatures of domains: who vouches for a message, for how much of it, and whether it is true.
//!
//! A signature is believed as far as it goes: what it leaves out is told beside it. Keys come from DNS by [`Resolve`];
//! all else is computed from the message. Written here because libraries for it bring DNS, TLS and a clock of their own
//! along; what could be got wrong without a word, the cryptography, is aws-lc's.
//! RFC 6376; RFC 8301; RFC 8463; RFC 8616.

mod canon;
mod key;
mod keys;
mod letter;
pub mod published;
mod signature;
mod tags;

use crate::message::view::Message;
use crate::world::{Resolve, Timestamp};
use aws_lc_rs::digest;
pub use canon::Canon;
use key::Key;
pub(super) use keys::Keys;
pub(super) use letter::Letter;
pub use letter::Uncovered;
pub use signature::Algorithm;
use signature::ascii;
pub(super) use signature::{Form, Signature, Signer, without_value};
pub(super) use tags::Tags;

/// Signatures of one message that are verified; each costs a look at all of it.
pub const SIGNATURES_MAX: usize = 10;

/// Fields that a reader goes by. What changes them changes what a message says or to whom an answer goes.
const FIELDS_READ: [&str; 16] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];

/// What came of a check, in the words of RFC 8601 §2.7.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is true.
    Pass,
    /// It is not true, or not any more.
    Fail,
    /// It may be true and proves nothing.
    Policy,
    /// DNS did not answer.
    TempError,
    /// It cannot be verified, now or later.
    PermError,
}

impl Verdict {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Policy => "policy",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

/// How the signing domain and the author's belong together (RFC 9989 would ask for the organization as well).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alignment {
    /// The domain of `From`.
    Same,
    /// A domain above or below it.
    Related,
    /// Another one.
    Other,
}

impl Alignment {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Related => "related",
            Self::Other => "other",
        }
    }
}

/// A signature that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What came of it.
    pub verdict: Verdict,
    /// Why; a sentence.
    pub why: String,
    /// `d=`, as far as it could be read.
    pub domain: Option<String>,
    /// `s=`
    pub selector: Option<String>,
    /// `i=`
    pub identity: Option<String>,
    /// `a=`
    pub algorithm: Option<Algorithm>,
    /// The forms of header fields and body that were signed.
    pub forms: Option<(Canon, Canon)>,
    /// The length of an RSA key.
    pub key_bits: Option<usize>,
    /// The domain says that it is trying things out (`t=y`).
    pub is_testing: bool,
    /// When it was made, in seconds since 1970.
    pub made: Option<u64>,
    /// When it expires.
    pub expires: Option<u64>,
    /// The fields that it says it covers.
    pub signed: Vec<String>,
    /// Fields of the message that readers go by and that it does not cover.
    pub unsigned: Vec<Uncovered>,
    /// The octets of the body that are signed, and how many there are, where that is not all.
    pub body_part: Option<(u64, u64)>,
    /// How it belongs to the author.
    pub alignment: Option<Alignment>,
}

impl Checked {
    /// What is known before anything is.
    fn of(tags: Option<&Tags>) -> Self {
        let text = |name: &str| tags.and_then(|tags| tags.get(name)).map(str::to_owned);
        Self {
            verdict: Verdict::PermError,
            why: String::new(),
            domain: text("d").map(|domain| domain.to_lowercase()),
            selector: text("s"),
            identity: text("i"),
            algorithm: None,
            forms: None,
            key_bits: None,
            is_testing: false,
            made: None,
            expires: None,
            signed: Vec::new(),
            unsigned: Vec::new(),
            body_part: None,
            alignment: None,
        }
    }

    /// Whether it is true, and about all fields of this name; of one that readers go by.
    pub fn vouches_for(&self, field: &str) -> bool {
        let is_signed = self.signed.iter().any(|name| name.eq_ignore_ascii_case(field));
        self.verdict == Verdict::Pass && is_signed && !self.unsigned.iter().any(|left| left.is(field))
    }

    fn with(self, verdict: Verdict, why: impl Into<String>) -> Self {
        Self { verdict, why: why.into(), ..self }
    }
}

/// The signatures of a message, from the top, and how many more there are than are looked at.
pub async fn verify(message: &Message<'_>, resolve: &dyn Resolve, now: Timestamp) -> (Vec<Checked>, usize) {
    let letter = Letter::of(message);
    let fields: Vec<&[u8]> = letter.named("DKIM-Signature").collect();
    let (looked_at, left) = fields.split_at(fields.len().min(SIGNATURES_MAX));
    let claims: Vec<Claim<'_>> = looked_at.iter().map(|field| Claim::read(field, Form::Dkim)).collect();
    let keys = Keys::ask(resolve, claims.iter().filter_map(Claim::record)).await;
    let checked = claims.into_iter().map(|claim| claim.check(&letter, &keys, now)).collect();
    (checked, left.len())
}

/// A field that says it is a signature.
pub(super) struct Claim<'o> {
    field: &'o [u8],
    tags: Option<Tags>,
    signature: Result<Signature, String>,
}

impl<'o> Claim<'o> {
    pub(super) fn read(field: &'o [u8], form: Form) -> Self {
        let body = field.splitn(2, |octet| *octet == b':').nth(1).unwrap_or_default();
        let tags = Tags::parse(body);
        let signature = tags.as_ref().map_err(Clone::clone).and_then(|tags| Signature::parse(tags, form));
        Self { field, tags: tags.ok(), signature }
    }

    /// Where the key is, if it makes sense to ask for it.
    pub(super) fn record(&self) -> Option<String> {
        self.signature.as_ref().ok().map(|signature| signature.signer.record.clone())
    }

    /// Looks whether it is true (RFC 6376 §6.1).
    pub(super) fn check(self, letter: &Letter<'_>, keys: &Keys, now: Timestamp) -> Checked {
        let checked = Checked::of(self.tags.as_ref());
        let signature = match self.signature {
            Ok(signature) => signature,
            Err(why) => return checked.with(Verdict::PermError, format!("the signature cannot be read: {why}")),
        };
        let covered = letter.covered(&signature.signed, self.field);
        let hashed = body_hash(letter.body, &signature);
        let mut checked = Checked {
            domain: Some(signature.signer.domain.clone()),
            selector: Some(signature.signer.selector.clone()),
            identity: Some(signature.identity.clone()).filter(|identity| !identity.is_empty()),
            algorithm: Some(signature.algorithm),
            forms: Some((signature.header, signature.body)),
            made: signature.made,
            expires: signature.expires,
            signed: signature.signed.clone(),
            unsigned: letter.uncovered(&covered, &FIELDS_READ),
            body_part: hashed.part,
            alignment: alignment(&signature.signer.domain, &letter.from),
            ..checked
        };
        if let Ok(key) = keys.get(&signature.signer.record) {
            (checked.key_bits, checked.is_testing) = (key.bits, key.is_testing);
        }
        let (verdict, why) = match judge(&signature, &hashed, keys, letter, now) {
            Ok(key) => {
                let data = letter.signed(&covered, &without_value(self.field), signature.header);
                let (verdict, why) = match key.verifies(&data, &signature.value) {
                    // RFC 6376 §8.15: readers may be shown the author whom nobody signed.
                    true if checked.unsigned.iter().any(|left| left.is("From")) => (
                        Verdict::Policy,
                        "the signature is good, and not about all authors: From stands there several times",
                    ),
                    true => (Verdict::Pass, "the signature is good"),
                    false => (
                        Verdict::Fail,
                        "the signature does not match: a signed header field was changed, or another key was used",
                    ),
                };
                (verdict, why.to_owned())
            }
            Err(end) => end,
        };
        checked.with(verdict, why)
    }
}

/// All that can be wrong before the signature itself is computed; the key, if nothing is.
fn judge<'k>(
    signature: &Signature,
    hashed: &Hashed,
    keys: &'k Keys,
    letter: &Letter<'_>,
    now: Timestamp,
) -> Result<&'k Key, (Verdict, String)> {
    let no = |verdict: Verdict, why: &str| Err((verdict, why.to_owned()));
    if letter.is_cut {
        return no(Verdict::PermError, "the header section is too long to be read whole");
    }
    if signature.expires.is_some_and(|end| i64::try_from(end).is_ok_and(|end| end < now.as_second())) {
        return no(Verdict::Fail, "the signature has expired");
    }
    if hashed.is_short {
        return no(Verdict::PermError, "more of the body is signed (l=) than there is");
    }
    if hashed.digest.as_ref() != signature.body_hash {
        return no(Verdict::Fail, "the body was changed since it was signed");
    }
    let key = keys.usable(&signature.signer.record, signature.algorithm)?;
    if key.is_strict && !signature.is_of_domain_itself() {
        return no(Verdict::PermError, "the key is not for domains below its own, and the identity is in one");
    }
    Ok(key)
}

/// The hash of a body, as much of it as is signed.
struct Hashed {
    digest: digest::Digest,
    /// The octets signed and the octets there are, where the second is more.
    part: Option<(u64, u64)>,
    /// More is signed than there is.
    is_short: bool,
}

fn body_hash(body: &[u8], signature: &Signature) -> Hashed {
    let mut context = digest::Context::new(&digest::SHA256);
    let limit = signature.length.unwrap_or(u64::MAX);
    let mut room = usize::try_from(limit).unwrap_or(usize::MAX);
    let length = signature.body.body(body, |piece| {
        let piece = &piece[..piece.len().min(room)];
        room -= piece.len();
        context.update(piece);
    });
    let is_short = signature.length.is_some_and(|limit| limit > length);
    Hashed { digest: context.finish(), part: (limit < length).then_some((limit, length)), is_short }
}

/// How a domain belongs to the authors; to the one it belongs to least.
fn alignment(domain: &str, from: &[String]) -> Option<Alignment> {
    let below = |one: &str, other: &str| one.strip_suffix(other).is_some_and(|above| above.ends_with('.'));
    let domain = &*ascii(domain);
    let one = |author: &String| match &*ascii(author) {
        author if author == domain => Alignment::Same,
        author if below(author, domain) || below(domain, author) => Alignment::Related,
        _ => Alignment::Other,
    };
    from.iter().map(one).max_by_key(|alignment| *alignment as u8)
}

#[cfg(test)]
pub(super) mod tests;
