//! Which parts a reader shows, and which are attachments.
//!
//! One answer for the tree, the JSON form, extraction and listings. A picture that the HTML text itself
//! shows is no attachment, a signature's technical part is none either; a message within is one, and what
//! is in it is its own affair. RFC 2183 §2; RFC 2387; RFC 2392; RFC 1847; RFC 3156.

use super::guard::BlockKind;
use super::view::{Message, Part};
use memchr::memmem;
use std::collections::HashSet;

/// HTML of one part that is searched for the pictures it shows.
const HTML_MAX: usize = 4 * 1024 * 1024;
/// Octets of an id that are compared; no line holds a longer one.
const CID_MAX: usize = 998;

/// What the parts of a message are for, as indices of parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roles {
    /// The plain text.
    pub text: Option<usize>,
    /// The HTML text.
    pub html: Option<usize>,
    /// Texts and pictures that are shown one after the other, of alternatives the best.
    pub shown: Vec<usize>,
    /// What can be saved.
    pub attachments: Vec<usize>,
}

impl Roles {
    /// Sorts the parts of a message. Parts of messages within it have no role here.
    pub fn of(message: &Message<'_>) -> Self {
        let cids = referenced(message);
        let mut roles = Self::default();
        // The parts in order, without those in messages and without alternatives that lost.
        let mut waiting = vec![(message.root(), false)];
        while let Some((part, hidden)) = waiting.pop() {
            match part.kind {
                BlockKind::Multipart => {
                    let children: Vec<&Part> = message.children(part).collect();
                    let best = if part.media.sub == "alternative" { best(message, &children) } else { None };
                    let is_hidden = |at: usize| hidden || best.is_some_and(|best| best != at);
                    waiting.extend(children.iter().enumerate().map(|(at, child)| (*child, is_hidden(at))).rev());
                }
                BlockKind::Message => roles.attachments.push(part.index),
                BlockKind::Leaf => roles.sort(message, part, hidden, &cids),
            }
        }
        roles
    }

    fn sort(&mut self, message: &Message<'_>, part: &Part, hidden: bool, cids: &HashSet<Vec<u8>>) {
        let disposition = message.disposition(part).map(|disposition| disposition.kind);
        let is_attachment = disposition.as_deref() == Some("attachment");
        if is_crypto(part) && !is_attachment {
            return;
        }
        let is_text = part.media.main == "text" && matches!(part.media.sub.as_str(), "plain" | "html" | "enriched");
        if is_text && !is_attachment && (disposition.is_some() || message.file_name(part).is_none()) {
            let slot = if part.media.sub == "html" { &mut self.html } else { &mut self.text };
            slot.get_or_insert(part.index);
            if !hidden {
                self.shown.push(part.index);
            }
            return;
        }
        let id = content_id(message, part);
        let in_related =
            part.parent.and_then(|at| message.parts().get(at)).is_some_and(|p| p.media.is("multipart", "related"));
        let is_shown_by_html = in_related && id.is_some_and(|id| cids.contains(id));
        let is_inline_picture = disposition.as_deref() == Some("inline") && part.media.main == "image" && id.is_some();
        let is_picture = !is_attachment && (is_shown_by_html || is_inline_picture);
        // Reports have parts for programs, which nobody saves unless they are named.
        let is_note = matches!(part.media.main.as_str(), "message" | "text")
            && !part.media.is_message()
            && message.file_name(part).is_none();
        if is_attachment || !is_picture && !is_note {
            self.attachments.push(part.index);
        }
    }
}

/// Of alternatives the one to show as text: plain text if there is some, else the last, which is the richest
/// (RFC 2046 §5.1.4).
fn best(message: &Message<'_>, children: &[&Part]) -> Option<usize> {
    let is_plain = |part: &Part| part.media.is("text", "plain") && !message.slice(&part.body).trim_ascii().is_empty();
    let is_readable = |part: &Part| part.media.main == "text" || part.kind == BlockKind::Multipart;
    let plain = children.iter().position(|part| is_plain(part));
    plain.or_else(|| children.iter().rposition(|part| is_readable(part))).or(children.len().checked_sub(1))
}

/// Parts that only a program reads (RFC 1847, RFC 3156, RFC 8551).
fn is_crypto(part: &Part) -> bool {
    part.media.main == "application"
        && matches!(
            part.media.sub.as_str(),
            "pgp-signature" | "pgp-encrypted" | "pgp-keys" | "pkcs7-signature" | "x-pkcs7-signature"
        )
}

/// The Content-IDs of other parts that HTML parts refer to as `cid:…` (RFC 2392).
fn referenced(message: &Message<'_>) -> HashSet<Vec<u8>> {
    let mut cids = HashSet::new();
    if !message.parts().iter().any(|part| part.media.is("multipart", "related")) {
        return cids;
    }
    // HTML could name millions of ids; those that no part has are forgotten at once.
    let known: HashSet<&[u8]> = message.parts().iter().filter_map(|part| content_id(message, part)).collect();
    for part in message.parts().iter().filter(|part| part.media.is("text", "html")) {
        let content = message.content(part).content;
        let mut html = content.get(..HTML_MAX).unwrap_or(&content);
        while let Some(at) = memmem::find(html, b"cid:") {
            let rest = &html[at + 4..];
            let near = rest.get(..CID_MAX).unwrap_or(rest);
            let is_end = |octet: &u8| matches!(octet, b'"' | b'\'' | b'>' | b')' | b'&') || octet.is_ascii_whitespace();
            let end = near.iter().position(is_end);
            if let Some(end) = end {
                let id = super::media::unescape_percent(&near[..end]);
                if known.contains(id.as_slice()) {
                    cids.insert(id);
                }
            }
            // What was looked at is not looked at again, whether it was an id or not.
            html = &rest[end.unwrap_or(near.len())..];
        }
    }
    cids
}

/// The id in a part's Content-ID, without its brackets.
fn content_id<'o>(message: &Message<'o>, part: &Part) -> Option<&'o [u8]> {
    message.field(part, "Content-ID").map(|body| strip_brackets(body.trim_ascii()))
}

fn strip_brackets(id: &[u8]) -> &[u8] {
    let id = id.strip_prefix(b"<").unwrap_or(id);
    id.strip_suffix(b">").unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of text, HTML, shown parts and attachments.
    fn roles(message: &str) -> String {
        let octets = message.replace('\n', "\r\n");
        let message = Message::parse(octets.as_bytes());
        let roles = Roles::of(&message);
        let ids = |parts: &[usize]| {
            parts.iter().map(|index| message.parts()[*index].id.as_str()).collect::<Vec<_>>().join(" ")
        };
        let one = |part: Option<usize>| part.map_or("-".to_owned(), |index| ids(&[index]));
        format!("{} {} | {} | {}", one(roles.text), one(roles.html), ids(&roles.shown), ids(&roles.attachments))
    }

    #[test]
    fn texts_and_attachments_are_told_apart() {
        for (what, message, wanted) in [
            ("text", "Subject: x\n\ntext\n", "1 - | 1 | "),
            ("a file alone", "Content-Type: application/pdf\n\nx\n", "- - |  | 1"),
            (
                "alternatives",
                "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: text/html\n\n<p>\n--b--\n",
                "1 2 | 1 | ",
            ),
            (
                "an empty plain text",
                "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n\n--b\nContent-Type: text/html\n\n<p>\n--b--\n",
                "1 2 | 2 | ",
            ),
            (
                "a picture in HTML, another beside it",
                "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n<img src=\"cid:a%40x\">\n\
                 --b\nContent-Type: image/png; name=a.png\nContent-ID: <a@x>\n\nx\n\
                 --b\nContent-Type: image/png; name=b.png\nContent-ID: <b@x>\n\nx\n--b--\n",
                "- 1 | 1 | 3",
            ),
            (
                "dispositions",
                "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n\
                 --b\nContent-Disposition: attachment; filename=a.txt\n\nx\n\
                 --b\nContent-Type: text/plain; name=b.txt\n\nx\n\
                 --b\nContent-Type: image/png\nContent-Disposition: inline\nContent-ID: <l>\n\nx\n\
                 --b\nContent-Type: application/pgp-signature; name=s.asc\n\nx\n--b--\n",
                "1 - | 1 | 2 3",
            ),
            (
                "a message within, encoded against the rules",
                "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee\n--b\nContent-Type: message/rfc822\n\
                 Content-Transfer-Encoding: base64\n\nU3ViamVjdDogeAoK\n--b\nContent-Type: message/delivery-status\n\nx\n--b--\n",
                "1 - | 1 | 2",
            ),
            (
                "a message within",
                "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee\n--b\nContent-Type: message/rfc822\n\n\
                 Subject: inner\nContent-Type: application/pdf; name=x.pdf\n\nx\n--b--\n",
                "1 - | 1 | 2",
            ),
        ] {
            assert_eq!(roles(message), wanted, "{what}");
        }
    }

    #[test]
    fn only_references_to_parts_that_are_there_are_kept() {
        let html = "<img src=\"cid:none\"><img src='cid:a%40x'> cid: cid:cid:a@x";
        let message = format!(
            "Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n{html}\r\n\
             --b\r\nContent-Type: image/png\r\nContent-ID: <a@x>\r\n\r\nx\r\n--b--\r\n"
        );
        assert_eq!(referenced(&Message::parse(message.as_bytes())), HashSet::from([b"a@x".to_vec()]));
    }
}
