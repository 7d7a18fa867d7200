//! What is signed or encrypted in a message by its author, and how much of the message that is.
//!
//! Finds the places only; whether a signature is good and what is inside an envelope others find out. What is found is
//! never put back into the text around it: whoever can write around an encrypted part could otherwise have it sent to
//! himself by the HTML he wraps it in. RFC 1847; RFC 3156 §2, §4, §5; RFC 8551 §3; RFC 9580 §6.2, §7.

mod armour;

use crate::message::field::{self, Field};
use crate::message::guard::BlockKind;
use crate::message::view::{Message, Part};
use crate::message::words;
use memchr::memmem;
use std::collections::HashSet;
use std::ops::Range;

/// Octets at the beginning of an envelope in which its kind stands.
const KIND_MAX: usize = 64;

/// The two families.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// OpenPGP.
    Pgp,
    /// S/MIME.
    Smime,
}

impl Scheme {
    /// The short name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pgp => "pgp",
            Self::Smime => "smime",
        }
    }
}

/// Something signed or encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// By which family.
    pub scheme: Scheme,
    /// The part that it is, as an index.
    pub part: usize,
    /// How it is written.
    pub form: Form,
}

/// How a signature or an envelope is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// A part, and beside it the signature: both as indices of parts.
    Detached {
        /// What is signed.
        content: usize,
        /// The signature.
        signature: usize,
    },
    /// The whole content of a part holds what is signed, and its signature.
    SignedWhole,
    /// The whole content of a part is encrypted.
    Encrypted,
    /// Lines of a text that is signed; octets of the decoded part.
    SignedLines(Lines),
    /// Lines of a text that are encrypted.
    EncryptedLines(Lines),
}

/// Lines within a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    /// Octets of the decoded part.
    pub at: Range<usize>,
    /// Whether there is text around them, or in the lines of the signature, which nobody signed or encrypted.
    pub has_text_around: bool,
}

impl Sealed {
    /// Whether it has to be opened before it can be read.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.form, Form::Encrypted | Form::EncryptedLines(_))
    }
}

/// What is signed or encrypted, in the order of its beginnings.
pub fn find<'m>(message: &'m Message<'_>) -> impl Iterator<Item = Sealed> + 'm {
    message.parts().iter().filter_map(|part| of_part(message, part))
}

fn of_part(message: &Message<'_>, part: &Part) -> Option<Sealed> {
    let sealed = |scheme: Scheme, form: Form| Some(Sealed { scheme, part: part.index, form });
    if part.kind == BlockKind::Multipart {
        let children: Vec<&Part> = message.children(part).collect();
        return match (part.media.sub.as_str(), children.as_slice()) {
            ("signed", [content, signature, ..]) => {
                let form = Form::Detached { content: content.index, signature: signature.index };
                sealed(signature_scheme(part, signature)?, form)
            }
            _ => None,
        };
    }
    match (part.media.main.as_str(), part.media.sub.as_str()) {
        // RFC 3156 §4. Some servers make a multipart/mixed of the multipart/encrypted; the two stay beside each other.
        ("application", "octet-stream") => {
            let parent = message.parts().get(part.parent?)?;
            let at = parent.children.iter().position(|index| *index == part.index)?;
            let before = message.parts().get(*parent.children.get(at.checked_sub(1)?)?)?;
            before.media.is("application", "pgp-encrypted").then_some(())?;
            sealed(Scheme::Pgp, Form::Encrypted)
        }
        ("application", "pkcs7-mime" | "x-pkcs7-mime") => match envelope(&message.content(part).content)? {
            Envelope::Signed => sealed(Scheme::Smime, Form::SignedWhole),
            Envelope::Encrypted => sealed(Scheme::Smime, Form::Encrypted),
        },
        // In HTML it would be in the hands of whoever wrote the HTML.
        ("text", "plain") | ("application", "pgp") => sealed(Scheme::Pgp, armoured(&message.content(part).content)?),
        _ => None,
    }
}

fn signature_scheme(part: &Part, signature: &Part) -> Option<Scheme> {
    let protocol = part.media.parameters.get("protocol").unwrap_or_default().trim().to_ascii_lowercase();
    let protocol = if protocol.is_empty() { signature.media.to_string() } else { protocol };
    match protocol.as_str() {
        "application/pgp-signature" => Some(Scheme::Pgp),
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => Some(Scheme::Smime),
        _ => None,
    }
}

enum Envelope {
    Signed,
    Encrypted,
}

/// What a CMS envelope holds, by its content type (RFC 5652 §14; RFC 5083): what the sender says of it may be wrong.
fn envelope(der: &[u8]) -> Option<Envelope> {
    const CMS: [u8; 10] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07];
    const CMS_MAIL: [u8; 13] = [0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17];
    let head = &der[..der.len().min(KIND_MAX)];
    if memmem::find(head, &CMS_MAIL).is_some() {
        return Some(Envelope::Encrypted);
    }
    let at = memmem::find(head, &CMS)?;
    match head.get(at + CMS.len())? {
        2 => Some(Envelope::Signed),
        3 => Some(Envelope::Encrypted),
        _ => None,
    }
}

/// The first signed or encrypted lines of a text.
fn armoured(text: &[u8]) -> Option<Form> {
    const SIGNED: (&[u8], &[u8]) = (b"-----BEGIN PGP SIGNED MESSAGE-----", b"-----END PGP SIGNATURE-----");
    const ENCRYPTED: (&[u8], &[u8]) = (b"-----BEGIN PGP MESSAGE-----", b"-----END PGP MESSAGE-----");
    memmem::find(text, b"-----BEGIN PGP ")?;
    let (mut start, mut at) = (None::<(usize, bool)>, 0);
    for line in text.split_inclusive(|octet| *octet == b'\n') {
        let trimmed = line.trim_ascii_end();
        match start {
            None if trimmed == SIGNED.0 => start = Some((at, true)),
            None if trimmed == ENCRYPTED.0 => start = Some((at, false)),
            Some((start, is_signed)) if trimmed == if is_signed { SIGNED.1 } else { ENCRYPTED.1 } => {
                let end = at + line.len();
                let around = [&text[..start], &text[end..]];
                let has_text_around = around.iter().any(|text| !text.trim_ascii().is_empty())
                    || is_signed && !armour::is_signed_text(&text[start..end]);
                let lines = Lines { at: start..end, has_text_around };
                return Some(if is_signed { Form::SignedLines(lines) } else { Form::EncryptedLines(lines) });
            }
            _ => {}
        }
        at += line.len();
    }
    None
}

/// A part as it was signed: header section and body, with CRLF (RFC 3156 §5, RFC 8551 §3.1.1).
pub fn canonical(message: &Message<'_>, part: &Part) -> Vec<u8> {
    let octets = message.slice(&(part.header.start..part.body.end));
    let mut canonical = Vec::with_capacity(octets.len() + octets.len() / 32);
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(text) => {
                canonical.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
                canonical.extend_from_slice(b"\r\n");
            }
            None => canonical.extend_from_slice(line),
        }
    }
    canonical
}

/// What a signature is not about, though the message shows it: the numbers of parts.
pub fn uncovered(message: &Message<'_>, sealed: &Sealed) -> Vec<String> {
    let covered = match &sealed.form {
        Form::Detached { content, .. } => *content,
        _ => sealed.part,
    };
    let is_signature = |part: &Part| match sealed.form {
        Form::Detached { signature, .. } => signature == part.index && is_signature(message, part, sealed.scheme),
        _ => false,
    };
    let is_below = |part: &Part| {
        let mut above = Some(part.index);
        while let Some(index) = above {
            if index == covered {
                return true;
            }
            above = message.parts().get(index).and_then(|part| part.parent);
        }
        false
    };
    let leaves = message.parts().iter().filter(|part| part.kind == BlockKind::Leaf);
    leaves.filter(|part| !is_signature(part) && !is_below(part)).map(|part| part.id.clone()).collect()
}

/// Whether a part is what its place says, a signature, and nothing that readers show.
fn is_signature(message: &Message<'_>, part: &Part, scheme: Scheme) -> bool {
    let is = |sub| part.media.is("application", sub);
    match scheme {
        Scheme::Pgp => is("pgp-signature") && armour::is_signature(&message.content(part).content),
        Scheme::Smime => is("pkcs7-signature") || is("x-pkcs7-signature"),
    }
}

/// Whether a part brings its own copy of the header fields that readers go by, which is then signed with it, and the
/// copy says what the header section of the message says (RFC 9788 §2.1.1).
pub fn protects_header(message: &Message<'_>, part: &Part) -> bool {
    let is_same = |name: &&str| {
        let values = |of: &Part| -> Vec<String> {
            message.fields(of).filter(|field| field.is(name)).map(|field| words::decode(field.body)).collect()
        };
        values(part) == values(message.root())
    };
    has_copy(part) && ["From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date"].iter().all(is_same)
}

fn has_copy(part: &Part) -> bool {
    let parameters = &part.media.parameters;
    parameters.get("hp").is_some() || parameters.get("protected-headers").is_some()
}

/// A message of what was in an envelope: the header fields of the message around it, and nothing else of that. What the
/// content says of itself stands there too. Of a field that both have, the author's own copy counts where it is meant as
/// one (RFC 9788 §2.1.1), and for From the message around it, by which others know the message.
pub fn opened(message: &Message<'_>, sealed: &Sealed, content: &[u8]) -> Vec<u8> {
    // Lines of a text are text again, whatever they look like.
    let is_text = matches!(sealed.form, Form::EncryptedLines(_) | Form::SignedLines(_));
    let has_header = !is_text && field::has_header_section(content);
    let end = if has_header { field::section_end(content).unwrap_or(content.len()) } else { 0 };
    let within = Message::parse(&content[..end]);
    let is_copy = has_copy(within.root());
    let names = |of: &Message<'_>| of.fields(of.root()).map(|field| field.name.to_lowercase()).collect::<HashSet<_>>();
    let (outer, inner) = (names(message), names(&within));
    let is_of_mime = |field: &Field<'_>| {
        field.name.get(..8).is_some_and(|name| name.eq_ignore_ascii_case("Content-")) || field.is("MIME-Version")
    };
    let is_authors = |field: &Field<'_>| is_copy && !field.is("From");
    let of_outer = message
        .fields(message.root())
        .filter(|field| !(is_of_mime(field) || is_authors(field) && inner.contains(&field.name.to_lowercase())));
    let of_inner = within.fields(within.root()).filter(|field| match is_of_mime(field) {
        true => !field.is("MIME-Version"),
        false => is_authors(field) || !outer.contains(&field.name.to_lowercase()),
    });
    let line_end: &[u8] = if field::first_line(content).ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
    let mut whole = Vec::with_capacity(content.len() + message.root().header.len());
    let mut put = |name: &str, body: &[u8]| {
        whole.extend_from_slice(name.as_bytes());
        whole.push(b':');
        for line in body.split_inclusive(|octet| *octet == b'\n') {
            whole.extend_from_slice(field::trim_line_end(line));
            whole.extend_from_slice(line_end);
        }
    };
    of_outer.for_each(|field| put(field.name, field.body));
    put("MIME-Version", b" 1.0");
    of_inner.for_each(|field| put(field.name, field.body));
    if is_text {
        put("Content-Type", b" text/plain; charset=utf-8");
        put("Content-Transfer-Encoding", b" 8bit");
    }
    whole.extend_from_slice(line_end);
    whole.extend_from_slice(&content[end..]);
    whole
}

#[cfg(test)]
mod tests;
