//! A message to look at: its fields decoded, its parts as a tree with IMAP's part numbers.
//!
//! Everything is read from the given octets when asked for; what is kept per part is small, and parts
//! stand in one list, so that no depth of nesting can exhaust a stack. Structure comes from [`guard`].
//! Knows no terminal, no files and no protocol. RFC 2045–2047, 2183, 2231, 5322; RFC 9051 §6.4.5.1 for numbers.

use super::guard::{self, Block, BlockKind, Flaw, Limits};
use super::media::{Disposition, MediaType};
use super::overview::Overview;
use super::transfer::{Decoded, Encoding};
use super::{field, words};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

/// A message, borrowed from its octets.
#[derive(Debug, Clone)]
pub struct Message<'o> {
    octets: &'o [u8],
    parts: Vec<Part>,
    flaws: Vec<Flaw>,
    truncated: bool,
    /// What was decoded, by part.
    contents: Vec<OnceLock<Decoded<Vec<u8>>>>,
}

/// Octets of an encoded body whose content is kept; a larger one is decoded for each who asks.
const KEPT_MAX: usize = 16 * 1024 * 1024;

/// One part, the message itself included. All ranges count octets of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// IMAP's section number: `1.2`. The body of a message that is a multipart has none of its own and is
    /// called as IMAP calls it: `TEXT`, `2.TEXT`.
    pub id: String,
    /// Its place in [`Message::parts`].
    pub index: usize,
    /// The part around it; none for the message itself.
    pub parent: Option<usize>,
    /// The parts in it: of a multipart its parts, of a message/rfc822 the message.
    pub children: Vec<usize>,
    /// The header section, with the empty line behind it.
    pub header: Range<usize>,
    /// The body, encoded.
    pub body: Range<usize>,
    /// Line ends in the body.
    pub lines: usize,
    /// Line ends in header section and body.
    pub lines_whole: usize,
    /// What stands in the body.
    pub kind: BlockKind,
    /// The media type, declared or by default.
    pub media: MediaType,
    /// The transfer encoding.
    pub encoding: Encoding,
    readable: Range<usize>,
}

/// A header field, as octets and as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header<'o> {
    /// The name as written.
    pub name: &'o str,
    /// The body as written: folded, encoded.
    pub raw: &'o [u8],
    /// The body as people read it.
    pub value: String,
}

impl<'o> Message<'o> {
    /// Reads a message. Everything is a message; what is wrong with it is in [`Message::flaws`].
    pub fn parse(octets: &'o [u8]) -> Self {
        Self::parse_within(octets, &Limits::default())
    }

    /// The same with limits of the caller's.
    pub fn parse_within(octets: &'o [u8], limits: &Limits) -> Self {
        let verdict = guard::check(octets, limits);
        let mut parts: Vec<Part> = Vec::with_capacity(verdict.blocks.len());
        for (index, block) in verdict.blocks.into_iter().enumerate() {
            let id = number(&mut parts, index, &block);
            let Block { parent, header, readable, body, lines, lines_whole, kind, media, encoding } = block;
            let children = Vec::new();
            parts.push(Part {
                id,
                index,
                parent,
                children,
                header,
                body,
                lines,
                lines_whole,
                kind,
                media,
                encoding,
                readable,
            });
        }
        let contents = parts.iter().map(|_| OnceLock::new()).collect();
        Self { octets, parts, flaws: verdict.flaws, truncated: verdict.truncated, contents }
    }

    /// The octets that were read.
    pub fn octets(&self) -> &'o [u8] {
        self.octets
    }

    /// All parts, in the order in which they begin; the message itself is the first.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The message itself, as a part.
    pub fn root(&self) -> &Part {
        self.parts.first().expect("the guard makes a block of anything")
    }

    /// The parts directly within a part.
    pub fn children<'m>(&'m self, part: &'m Part) -> impl Iterator<Item = &'m Part> {
        part.children.iter().filter_map(|index| self.parts.get(*index))
    }

    /// The parts that stand in no message within this one.
    pub fn own_parts(&self) -> Vec<&Part> {
        let mut is_own = vec![false; self.parts.len()];
        for part in &self.parts {
            // Parents stand before their children.
            let above = part.parent.and_then(|at| self.parts.get(at));
            is_own[part.index] = above.is_none_or(|above| is_own[above.index] && above.kind != BlockKind::Message);
        }
        self.parts.iter().filter(|part| is_own[part.index]).collect()
    }

    /// The part with an IMAP number: `1`, `2.1`, also `TEXT` and `2.TEXT`.
    pub fn part(&self, id: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.id.eq_ignore_ascii_case(id))
    }

    /// What is wrong with the structure.
    pub fn flaws(&self) -> &[Flaw] {
        &self.flaws
    }

    /// Whether a limit was met, so that parts or fields may be missing.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// The fields of a part's header section, as octets.
    pub fn fields(&self, part: &Part) -> field::Fields<'o> {
        field::fields(self.slice(&part.readable))
    }

    /// The fields of a part's header section, decoded.
    pub fn headers(&self, part: &Part) -> impl Iterator<Item = Header<'o>> {
        self.fields(part).map(|field| Header { name: field.name, raw: field.body, value: words::decode(field.body) })
    }

    /// The body of the first field of a name in a part's header section.
    pub fn field(&self, part: &Part, name: &str) -> Option<&'o [u8]> {
        self.fields(part).find(|field| field.is(name)).map(|field| field.body)
    }

    /// The same, decoded; for unstructured fields like Subject and Content-Description.
    pub fn text_field(&self, part: &Part, name: &str) -> Option<String> {
        self.field(part, name).map(words::decode)
    }

    /// What IMAP's ENVELOPE asks for; `part` is the message itself or the message within a message/rfc822.
    pub fn overview(&self, part: &Part) -> Overview {
        Overview::of(self.fields(part))
    }

    /// The Content-Disposition.
    pub fn disposition(&self, part: &Part) -> Option<Disposition> {
        self.field(part, "Content-Disposition").and_then(Disposition::parse)
    }

    /// The name the sender gave a part, decoded and dangerous: see [`super::safe::file_name`].
    pub fn file_name(&self, part: &Part) -> Option<String> {
        let disposition = self.disposition(part);
        let name = disposition.and_then(|disposition| disposition.parameters.get("filename"));
        name.or_else(|| part.media.parameters.get("name")).filter(|name| !name.trim().is_empty())
    }

    /// Octets of the message.
    pub fn slice(&self, range: &Range<usize>) -> &'o [u8] {
        self.octets.get(range.clone()).unwrap_or_default()
    }

    /// A part's content, its transfer encoding undone: once for all who ask, unless it is large.
    pub fn content(&self, part: &Part) -> Decoded<Cow<'_, [u8]>> {
        let decode = || part.encoding.decode(self.slice(&part.body));
        let kept =
            self.contents.get(part.index).filter(|_| !part.encoding.is_identity() && part.body.len() <= KEPT_MAX);
        let Some(kept) = kept else { return decode() };
        let Decoded { content, clean } = kept.get_or_init(|| {
            let Decoded { content, clean } = decode();
            Decoded { content: content.into_owned(), clean }
        });
        Decoded { content: Cow::Borrowed(content), clean: *clean }
    }

    /// Whether all of a part's content makes sense in its transfer encoding. Decodes as little as it can.
    pub fn is_clean(&self, part: &Part) -> bool {
        match self.contents.get(part.index).and_then(OnceLock::get) {
            Some(decoded) => decoded.clean,
            None => part.encoding.is_clean(self.slice(&part.body)),
        }
    }

    /// A part's content as text, in its charset or a guess at it; line ends as they came.
    pub fn text(&self, part: &Part) -> Decoded<String> {
        let Decoded { content, clean } = self.content(part);
        let charset = part.media.parameters.get("charset");
        match charset.map(|label| (words::decode_charset(&label, &content), label)) {
            Some((Some(text), _)) => Decoded { content: text, clean },
            unknown => {
                let (text, guessed) = words::undeclared(&content);
                Decoded { content: text.into_owned(), clean: clean && !guessed && unknown.is_none() }
            }
        }
    }
}

/// Gives a block its number and enters it with its parent (RFC 9051 §6.4.5.1).
fn number(parts: &mut [Part], index: usize, block: &Block) -> String {
    let joined =
        |prefix: &str, last: &str| if prefix.is_empty() { last.to_owned() } else { format!("{prefix}.{last}") };
    let is_multipart = block.kind == BlockKind::Multipart;
    let Some(parent) = block.parent.and_then(|parent| parts.get_mut(parent)) else {
        return if is_multipart { "TEXT".to_owned() } else { "1".to_owned() };
    };
    parent.children.push(index);
    match parent.kind {
        // The message within: its only body is part 1, unless that has parts of its own.
        BlockKind::Message => joined(&parent.id, if is_multipart { "TEXT" } else { "1" }),
        _ => {
            let prefix = parent.id.strip_suffix("TEXT").map_or(parent.id.as_str(), |id| id.trim_end_matches('.'));
            joined(prefix, &parent.children.len().to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The example of RFC 9051 §6.4.5.1, as a message.
    const NUMBERS: &str = "Subject: outer\nContent-Type: multipart/mixed; boundary=a\n\n\
        --a\nContent-Type: text/plain\n\none\n\
        --a\nContent-Type: application/octet-stream\n\ntwo\n\
        --a\nContent-Type: message/rfc822\n\n\
        Subject: third\nContent-Type: multipart/mixed; boundary=b\n\n\
        --b\n\nthree one\n--b\nContent-Type: application/octet-stream\n\nthree two\n--b--\n\
        --a\nContent-Type: multipart/mixed; boundary=c\n\n\
        --c\nContent-Type: image/gif\n\nfour one\n\
        --c\nContent-Type: message/rfc822\n\n\
        Subject: deep\nContent-Type: multipart/mixed; boundary=d\n\n\
        --d\n\nfour two one\n\
        --d\nContent-Type: multipart/alternative; boundary=e\n\n\
        --e\n\nfour two two one\n--e\nContent-Type: text/richtext\n\nfour two two two\n--e--\n\
        --d--\n--c--\n--a--\n";

    #[test]
    fn parts_have_the_numbers_imap_gives_them() {
        let message = Message::parse(NUMBERS.as_bytes());
        let ids: Vec<_> = message.parts().iter().map(|part| format!("{} {}", part.id, part.media)).collect();
        assert_eq!(
            ids,
            [
                "TEXT multipart/mixed",
                "1 text/plain",
                "2 application/octet-stream",
                "3 message/rfc822",
                "3.TEXT multipart/mixed",
                "3.1 text/plain",
                "3.2 application/octet-stream",
                "4 multipart/mixed",
                "4.1 image/gif",
                "4.2 message/rfc822",
                "4.2.TEXT multipart/mixed",
                "4.2.1 text/plain",
                "4.2.2 multipart/alternative",
                "4.2.2.1 text/plain",
                "4.2.2.2 text/richtext",
            ]
        );
        let text = |id: &str| message.part(id).map(|part| message.text(part).content);
        assert_eq!(text("4.2.2.1").as_deref(), Some("four two two one"));
        assert_eq!(text("5"), None);
        let own: Vec<_> = message.own_parts().iter().map(|part| part.id.as_str()).collect();
        assert_eq!(own, ["TEXT", "1", "2", "3", "4", "4.1", "4.2"]);
        let deep = message.part("4.2.text").expect("in any case");
        assert_eq!(message.text_field(deep, "subject").as_deref(), Some("deep"));
        assert_eq!(message.overview(message.root()).subject.as_deref(), Some("outer"));
    }

    #[test]
    fn a_single_part_is_part_one_here_and_in_messages_within() {
        for (source, wanted) in [
            ("Subject: x\n\nbody", "1"),
            ("Content-Type: message/rfc822\n\nSubject: x\n\nbody", "1 1.1"),
            (
                "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: message/rfc822\n\nA: b\n\nbody\n--a--\n",
                "TEXT 1 1.1",
            ),
        ] {
            let message = Message::parse(source.as_bytes());
            let ids: Vec<_> = message.parts().iter().map(|part| part.id.as_str()).collect();
            assert_eq!(ids.join(" "), wanted, "{source}");
        }
    }

    #[test]
    fn contents_are_decoded_by_encoding_and_charset() {
        for (fields, body, wanted) in [
            ("", &b"plain"[..], "plain"),
            ("Content-Transfer-Encoding: BASE64\n", b"Y2Fmw6k=", "café"),
            ("Content-Transfer-Encoding: quoted-printable\n", b"caf=C3=A9", "café"),
            ("Content-Type: text/plain; charset=iso-8859-1\n", b"caf\xe9", "café"),
            ("Content-Type: text/plain; charset=unknown\n", b"caf\xe9", "café"),
            ("Content-Type: text/plain; charset=shift_jis\n", b"\x93\xfa\x96{", "日本"),
        ] {
            let octets = [fields.as_bytes(), b"\n", body].concat();
            let message = Message::parse(&octets);
            assert_eq!(message.text(message.root()).content, wanted, "{fields}");
        }
    }

    proptest! {
        #[test]
        fn no_octets_make_the_reader_panic(octets in any::<Vec<u8>>()) {
            let message = Message::parse(&octets);
            for part in message.parts() {
                prop_assert_eq!(message.slice(&part.body).len(), part.body.len());
                message.text(part);
                message.overview(part);
                message.file_name(part);
            }
        }
    }
}
