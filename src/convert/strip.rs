//! Parts taken out of a message: a note stands in the place of each, the rest stays octet for octet.
//!
//! The note says what was there, with its hash, so that a copy elsewhere can be known again; one stands in a text for a
//! file that was in it. A signature over what is taken out no longer holds, which is told.
//! RFC 2046 §5.1; RFC 1847; RFC 6376 §3.7.

use super::hash::sha256;
use crate::message::enclosed::{self, Inner};
use crate::message::field;
use crate::message::guard::BlockKind;
use crate::message::roles::Roles;
use crate::message::safe;
use crate::message::transfer::{self, Encoding};
use crate::message::uuencode::FILES_MAX;
use crate::message::view::{Message, Part};
use crate::message::wildcard::is_like_in_any_case;
use crate::size;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::ops::Range;

/// Characters of a name that a note within a text repeats.
const NAME_MAX: usize = 200;

/// What is to be taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    what: What,
    /// Only if the decoded content has more octets.
    above: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// Whatever a reader would list as an attachment.
    Attachments,
    /// The part, or the file within a text, of a number.
    Number(String),
    /// Parts of a type, with `*` and `?`.
    Type(String),
}

/// The text names nothing that could be taken out; the sentence is for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write attachments, a type like image/*, or the number of a part, and perhaps a size: application/*>1M")]
pub struct NotASpec;

impl std::str::FromStr for Spec {
    type Err = NotASpec;

    fn from_str(text: &str) -> Result<Self, NotASpec> {
        let (what, above) = match text.split_once('>') {
            Some((what, above)) => (what, Some(size::parse(above.trim()).map_err(|_| NotASpec)?)),
            None => (text, None),
        };
        let what = what.trim();
        let is_digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.');
        let is_number = match what.rsplit_once(".uu") {
            Some((part, file)) => is_digits(part) && !file.is_empty() && is_digits(file),
            None => is_digits(what),
        };
        let what = match what {
            "" => return Err(NotASpec),
            "attachments" => What::Attachments,
            "*" => What::Type("*/*".to_owned()),
            what if what.contains('/') => What::Type(what.to_owned()),
            what if is_number || what.to_ascii_uppercase().ends_with("TEXT") => What::Number(what.to_owned()),
            _ => return Err(NotASpec),
        };
        Ok(Self { what, above })
    }
}

impl Spec {
    fn is_above(&self, size: usize) -> bool {
        self.above.is_none_or(|above| size as u64 > above)
    }
}

/// A message that lacks some of its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stripped {
    /// The message.
    pub octets: Vec<u8>,
    /// What was taken out, in order.
    pub removed: Vec<Removed>,
    /// What no longer holds, in sentences.
    pub broken: Vec<String>,
}

/// A part that was taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// Its number.
    pub part: String,
    /// Its type.
    pub media: String,
    /// The name the sender gave it: dangerous.
    pub name: Option<String>,
    /// Octets of its content, decoded.
    pub size: usize,
    /// The hash of its content, decoded.
    pub sha256: String,
}

/// Takes parts out.
pub fn strip(message: &Message<'_>, roles: &Roles, specs: &[Spec]) -> Stripped {
    let octets = message.octets();
    let mut stripped = Stripped { octets: Vec::with_capacity(octets.len()), removed: Vec::new(), broken: Vec::new() };
    let mut done = 0;
    let mut gone = vec![false; message.parts().len()];
    for part in message.parts() {
        // What stands in a part that is gone is gone with it.
        if part.parent.is_some_and(|parent| gone[parent]) {
            gone[part.index] = true;
            continue;
        }
        let Some(removed) = removed(message, roles, part, specs) else {
            let (body, files) = without_files(message, (roles, specs), part, &mut stripped.broken);
            if !files.is_empty() {
                stripped.octets.extend_from_slice(&octets[done..part.body.start]);
                stripped.octets.extend_from_slice(&body);
                done = part.body.end;
                stripped.removed.extend(files);
                stripped.broken.extend(broken_above(message, part));
            }
            continue;
        };
        gone[part.index] = true;
        stripped.octets.extend_from_slice(&octets[done..part.header.start]);
        stripped.octets.extend_from_slice(&note(message, part, &removed));
        done = part.body.end;
        // A part without a body may have nothing between its fields and the boundary, which stands on a line of its own.
        let rest = &octets[done..];
        if !rest.is_empty()
            && !rest.starts_with(b"\n")
            && !rest.starts_with(b"\r\n")
            && !stripped.octets.ends_with(b"\n")
        {
            stripped.octets.extend_from_slice(line_end(message).as_bytes());
        }
        stripped.removed.push(removed);
        stripped.broken.extend(broken_above(message, part));
    }
    stripped.octets.extend_from_slice(&octets[done..]);
    if !stripped.removed.is_empty() {
        let has = |name: &str| message.field(message.root(), name).is_some();
        if has("DKIM-Signature") || has("ARC-Message-Signature") {
            stripped.broken.push("the DKIM signature over the body no longer holds".to_owned());
        }
    }
    stripped.broken.dedup();
    stripped
}

/// What a part is, if it is to be taken out.
fn removed(message: &Message<'_>, roles: &Roles, part: &Part, specs: &[Spec]) -> Option<Removed> {
    let is_meant = |spec: &&Spec| match &spec.what {
        What::Attachments => roles.attachments.contains(&part.index),
        What::Number(number) => part.id.eq_ignore_ascii_case(number),
        // A multipart is its parts: it goes only if it is called by its own name.
        What::Type(media) => {
            let is_whole = part.kind != BlockKind::Multipart || media.to_ascii_lowercase().starts_with("multipart/");
            is_whole && is_like_in_any_case(media, &part.media.to_string())
        }
    };
    let mut meant = specs.iter().filter(is_meant).peekable();
    meant.peek()?;
    let content = message.content(part).content;
    meant.any(|spec| spec.is_above(content.len())).then(|| Removed {
        part: part.id.clone(),
        media: part.media.to_string(),
        name: message.file_name(part),
        size: content.len(),
        sha256: sha256(&content),
    })
}

/// Signatures over what a part stands in.
fn broken_above(message: &Message<'_>, part: &Part) -> Option<String> {
    let mut above = part.parent;
    while let Some(parent) = above.and_then(|index| message.parts().get(index)) {
        if parent.media.is("multipart", "signed") {
            return Some(format!("the signature in part {} no longer holds", parent.id));
        }
        above = parent.parent;
    }
    None
}

/// What lines of a message end with.
fn line_end(message: &Message<'_>) -> &'static str {
    if field::first_line(message.octets()).ends_with(b"\r\n") { "\r\n" } else { "\n" }
}

/// What stands in the place of a part: of the message itself only the fields that describe the content change.
fn note(message: &Message<'_>, part: &Part, removed: &Removed) -> Vec<u8> {
    let section = message.slice(&part.header);
    let line_end = line_end(message);
    let mut note = Vec::new();
    if part.parent.is_none() {
        let mut kept = 0;
        for Range { start, end } in content_fields(message, part) {
            note.extend_from_slice(section.get(kept..start).unwrap_or_default());
            kept = end;
        }
        let rest = section.get(kept..).unwrap_or_default();
        note.extend_from_slice(rest.strip_suffix(b"\r\n").or(rest.strip_suffix(b"\n")).unwrap_or(rest));
        if !note.is_empty() && !note.ends_with(b"\n") {
            note.extend_from_slice(line_end.as_bytes());
        }
    }
    let text = said("part", removed, line_end);
    let mut fields = format!("Content-Type: text/plain; charset=utf-8{line_end}");
    let mut body = text.into_bytes();
    // A name can be long, and beyond ASCII.
    if !body.is_ascii() || body.len() > 900 {
        let mut encoded = Vec::new();
        transfer::encode_quoted_printable(&body, &mut encoded);
        body = encoded;
        if line_end == "\n" {
            body.retain(|octet| *octet != b'\r');
        }
        fields += &format!("Content-Transfer-Encoding: quoted-printable{line_end}");
    }
    note.extend_from_slice(fields.as_bytes());
    note.extend_from_slice(line_end.as_bytes());
    // The line end in front of a boundary is the boundary's.
    let keep = if part.parent.is_some() { body.len() - line_end.len() } else { body.len() };
    note.extend_from_slice(&body[..keep]);
    note
}

/// What the note says.
fn said(what: &str, removed: &Removed, line_end: &str) -> String {
    let name = removed.name.as_deref().map(|name| format!(" \"{}\"", safe::terminal(name))).unwrap_or_default();
    format!(
        "[A {what} was taken out here:{name}{line_end}type {}, {} octets,{line_end}sha256 {}]{line_end}",
        removed.media, removed.size, removed.sha256
    )
}

/// The body of a text with notes in the place of the files that are meant, and what they were. In an encoding it is
/// written anew.
fn without_files(
    message: &Message<'_>,
    (roles, specs): (&Roles, &[Spec]),
    part: &Part,
    broken: &mut Vec<String>,
) -> (Vec<u8>, Vec<Removed>) {
    // It goes as a whole, if at all; so does one that is nothing but a file.
    let is_attachment = roles.attachments.contains(&part.index) || part.encoding == Encoding::Uuencode;
    let inner = if is_attachment { Vec::new() } else { enclosed::of(message, part) };
    if enclosed::has_more(message, part, &inner) {
        broken.push(format!("part {}: only the first {FILES_MAX} files within the text are looked at", part.id));
    }
    let content = message.content(part).content;
    let (mut text, mut removed, mut done) = (Vec::new(), Vec::new(), 0);
    for Inner { id, media, name, file } in inner {
        let is_meant = |spec: &&Spec| match &spec.what {
            What::Attachments => true,
            What::Number(number) => id.eq_ignore_ascii_case(number),
            What::Type(pattern) => is_like_in_any_case(pattern, media),
        };
        let octets = file.decode(&content).content;
        if !specs.iter().filter(is_meant).any(|spec| spec.is_above(octets.len())) {
            continue;
        }
        let (size, sha256) = (octets.len(), sha256(&octets));
        // Which charset the text has does not matter to ASCII.
        let name = name.chars().map(|c| if c.is_ascii() { c } else { '?' }).take(NAME_MAX).collect();
        let file_removed = Removed { part: id, media: media.to_owned(), name: Some(name), size, sha256 };
        let note = said("file", &file_removed, line_end(message));
        let is_ended = content[file.at.clone()].ends_with(b"\n");
        text.extend_from_slice(&content[done..file.at.start]);
        text.extend_from_slice(if is_ended { note.as_bytes() } else { note.trim_ascii_end().as_bytes() });
        done = file.at.end;
        removed.push(file_removed);
    }
    text.extend_from_slice(&content[done..]);
    (encoded(&text, part.encoding, line_end(message)), removed)
}

/// A text in an encoding, in lines.
fn encoded(text: &[u8], encoding: Encoding, line_end: &str) -> Vec<u8> {
    let mut body = Vec::with_capacity(text.len());
    match encoding {
        Encoding::QuotedPrintable => transfer::encode_quoted_printable(text, &mut body),
        Encoding::Base64 => {
            for line in STANDARD.encode(text).as_bytes().chunks(76) {
                body.extend_from_slice(line);
                body.extend_from_slice(b"\r\n");
            }
        }
        _ => return text.to_vec(),
    }
    if line_end == "\n" {
        body.retain(|octet| *octet != b'\r');
    }
    body
}

/// The fields of the message itself that say what its body is, within its header section.
fn content_fields(message: &Message<'_>, part: &Part) -> Vec<Range<usize>> {
    let is_content = |name: &str| name.get(..8).is_some_and(|lead| lead.eq_ignore_ascii_case("Content-"));
    message.fields(part).filter(|field| is_content(field.name)).map(|field| field.at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stripped(message: &str, specs: &[&str]) -> Stripped {
        let specs: Vec<Spec> = specs.iter().map(|spec| spec.parse().expect(spec)).collect();
        let message = Message::parse(message.as_bytes());
        strip(&message, &Roles::of(&message), &specs)
    }

    const MIXED: &str = "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\n\r\nhi\r\n\
        --b\r\nContent-Type: application/pdf; name=\"ü\x07.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\ncGRm\r\n\
        --b\r\nContent-Type: image/png\r\n\r\n12345678\r\n--b--\r\nepi\r\n";

    #[test]
    fn a_note_stands_where_a_part_was_and_the_rest_is_untouched() {
        let pdf = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
            [A part was taken out here: \"=C3=BC\\x07.pdf\"\r\ntype application/pdf, 3 octets,\r\n\
            sha256 57f9ebb8c3d7571ba1a3dff43ceed1d9f7fd0e46cd6d7b0e2c7db0bff5d5e3a4]";
        let result = stripped(MIXED, &["application/*"]);
        let text = String::from_utf8(result.octets).expect("text");
        let (before, rest) = MIXED.split_once("Content-Type: application/pdf").expect("it");
        let (_, behind) = rest.split_once("cGRm").expect("it");
        let middle = text.strip_prefix(before).and_then(|text| text.strip_suffix(behind)).expect("the rest");
        let cut = |text: &str| text.split("sha256").next().map(str::to_owned);
        assert_eq!(cut(middle), cut(pdf));
        assert_eq!(result.removed[0].size, 3);
        assert_eq!(result.removed[0].sha256, sha256(b"pdf"));
    }

    #[test]
    fn parts_are_named_by_number_type_role_and_size() {
        for (specs, wanted) in [
            (&["attachments"][..], "2 3"),
            (&["attachments>3"], "3"),
            (&["image/*>1K"], ""),
            (&["2", "1"], "1 2"),
            (&["*"], "1 2 3"),
            (&["multipart/*"], "TEXT"),
            (&["text", "IMAGE/PNG>7B"], "TEXT"),
            (&["9"], ""),
        ] {
            let removed: Vec<_> = stripped(MIXED, specs).removed.into_iter().map(|removed| removed.part).collect();
            assert_eq!(removed.join(" "), wanted, "{specs:?}");
        }
        for bad in ["", ">1M", "pdf", "attachments>", "a/b>x", "1.uu", "x.uu1", "1.uu1x"] {
            assert_eq!(bad.parse::<Spec>(), Err(NotASpec), "{bad}");
        }
        assert_eq!(stripped(MIXED, &["9"]).octets, MIXED.as_bytes());
    }

    #[test]
    fn a_note_stands_where_a_file_was_in_a_text() {
        let text = "see\nbegin 644 \u{e9}\x07.pdf\n#0V%T\n`\nend\nbye =\nbegin 644 b.txt\n#0V%T\n`\nend\n";
        let note = |what: &str| {
            let hash = sha256(b"Cat");
            format!(
                "[A file was taken out here: \"{what}\"\ntype {}, 3 octets,\nsha256 {hash}]\n",
                crate::message::guess::media_type(what)
            )
        };
        let rest = "begin 644 b.txt\n#0V%T\n`\nend\n";
        for (spec, wanted) in [
            ("attachments", format!("see\n{}bye =\n{}", note("?\\x07.pdf"), note("b.txt"))),
            ("application/pdf>2B", format!("see\n{}bye =\n{rest}", note("?\\x07.pdf"))),
            ("1.uu1", format!("see\n{}bye =\n{rest}", note("?\\x07.pdf"))),
            ("application/*>3B", text.to_owned()),
            ("1.uu3", text.to_owned()),
        ] {
            for encoding in [Encoding::SevenBit, Encoding::Base64, Encoding::QuotedPrintable] {
                let body = String::from_utf8(encoded(text.as_bytes(), encoding, "\n")).expect("text");
                let message = format!("Subject: x\nContent-Transfer-Encoding: {}\n\n{body}", encoding.name());
                let result = stripped(&message, &[spec]);
                let after = Message::parse(&result.octets);
                assert_eq!(after.text(after.root()).content, wanted, "{spec} {encoding:?}");
                assert_eq!(result.octets == message.as_bytes(), result.removed.is_empty(), "{spec} {encoding:?}");
            }
        }
        let mixed =
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nbegin 644 a\r\n#0V%T\r\n`\r\nend\r\n--b--\r\n";
        let result = String::from_utf8(stripped(mixed, &["*/*"]).octets).expect("text");
        assert!(result.ends_with("]\r\n--b--\r\n"), "{result}");
    }

    #[test]
    fn a_message_that_is_the_part_keeps_its_other_fields() {
        let message = "Subject: x\nContent-Type: application/pdf;\n name=a.pdf\nTo: b@y\nContent-ID: <c>\n\npdf\n";
        let text = String::from_utf8(stripped(message, &["*"]).octets).expect("text");
        let wanted =
            "Subject: x\nTo: b@y\nContent-Type: text/plain; charset=utf-8\n\n[A part was taken out here: \"a.pdf\"\n";
        assert!(text.starts_with(wanted) && !text.contains('\r'), "{text}");
    }

    #[test]
    fn signatures_that_break_are_told() {
        let message = "DKIM-Signature: x\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\nhi\r\n\
            --s\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--s--\r\n";
        let wanted = ["the signature in part TEXT no longer holds", "the DKIM signature over the body no longer holds"];
        assert_eq!(stripped(message, &["1"]).broken, wanted);
        assert!(stripped(message, &["7"]).broken.is_empty());
    }

    proptest! {
        #[test]
        fn what_remains_is_what_was_there(
            lines in proptest::collection::vec(
                "(--[ab](--)?|Content-Type: (multipart/mixed; boundary=[ab]|image/png|message/rfc822)|x: y|z|)\r?\n", 0..30),
        ) {
            let octets = lines.concat();
            let message = Message::parse(octets.as_bytes());
            let specs = ["image/*".parse().expect("a spec")];
            let result = strip(&message, &Roles::of(&message), &specs);
            if result.removed.is_empty() {
                prop_assert_eq!(&result.octets, octets.as_bytes());
            }
            let again = Message::parse(&result.octets);
            let images = again.parts().iter().filter(|part| part.media.is("image", "png"));
            prop_assert_eq!(images.count(), 0);
            prop_assert_eq!(again.parts().len(), message.parts().len());
        }
    }
}
