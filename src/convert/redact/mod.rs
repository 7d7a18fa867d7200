//! A message for a report about it: addresses, names and texts replaced by fakes, everything else as it was.
//!
//! Structure, line ends, encodings and defects stay, and each octet its place, so that what a reader stumbled over is
//! still there. What is not known to be harmless is replaced. The same word has the same fake in one run, so
//! that threads and references hold. RFC 5322; RFC 2045–2047.

mod boundary;
mod calendar;
mod cells;
mod charset;
mod fake;
mod field;
mod markup;
mod vocabulary;

use crate::message::field::first_line;
use crate::message::guard::BlockKind;
use crate::message::transfer::Encoding;
use crate::message::uuencode;
use crate::message::view::{Message, Part};
use boundary::Boundaries;
use charset::Charset;
use fake::Fakes;
use std::ops::Range;
use vocabulary::List;

/// Whether a word is a keyword of some standard, which stays where it is used as one.
pub fn is_keyword(word: &str) -> bool {
    let lists = [List::Keyword, List::FieldName, List::Date, List::Subject, List::Markup, List::Entity];
    lists.into_iter().any(|list| list.has(word.as_bytes()))
}

/// Replaces what messages say.
#[derive(Debug)]
pub struct Redactor {
    fakes: Fakes,
}

impl Redactor {
    /// With a key; whoever has it can find out which fakes stand for words he guesses.
    pub fn new(key: &[u8]) -> Self {
        Self { fakes: Fakes::new(key) }
    }

    /// The message with fakes; as many octets as before.
    pub fn redact(&mut self, message: &Message<'_>) -> Vec<u8> {
        let mut octets = message.octets().to_vec();
        let boundaries = Boundaries::of(message, &self.fakes);
        // Header sections and contents lie one behind the other; what is between them are boundaries, and text around
        // them.
        let mut done = 0;
        for part in message.parts() {
            self.text(&mut octets[done..part.header.start.max(done)]);
            field::section(&mut self.fakes, &boundaries, &mut octets[part.header.clone()]);
            done = part.header.end;
            if part.kind == BlockKind::Leaf {
                self.content(part, &boundaries, &mut octets[part.body.clone()]);
                done = part.body.end;
            }
        }
        self.text(&mut octets[done..]);
        boundaries.lines(&self.fakes, message.octets(), &mut octets);
        octets
    }

    /// A text that is no message: only those words are replaced that `is_meant` points out, given the text and where the
    /// word is. As many octets as before.
    pub fn words(&mut self, text: &mut [u8], is_meant: &dyn Fn(&[u8], Range<usize>) -> bool) {
        self.fakes.text(text, Charset::Words, &|text, at| !is_meant(text, at));
    }

    fn content(&mut self, part: &Part, boundaries: &Boundaries, octets: &mut [u8]) {
        let charset = Charset::of(&part.media.parameters.get("charset").unwrap_or_default());
        let is_report = part.media.main == "message" || part.media.is("text", "rfc822-headers");
        let is_signature = part.media.sub.contains("signature");
        match part.media.main.as_str() {
            // Reports and parts of messages are fields, in sections of their own.
            _ if is_report && part.encoding.is_identity() => self.sections(boundaries, octets),
            "text" if part.media.sub == "calendar" && charset == Charset::Words => {
                cells::body(octets, part.encoding, &mut |decoded| calendar::lines(&mut self.fakes, decoded));
            }
            "text" if matches!(part.media.sub.as_str(), "html" | "xml") => {
                cells::body(octets, part.encoding, &mut |decoded| markup::page(&mut self.fakes, decoded, charset));
            }
            "text" | "message" | "multipart" => {
                cells::body(octets, part.encoding, &mut |decoded| match charset {
                    Charset::Words => self.text(decoded),
                    charset => charset.fill(decoded),
                });
            }
            _ if is_signature && part.encoding.is_identity() => self.text(octets),
            _ => fill(octets, part.encoding),
        }
    }

    /// Header sections one behind the other, and perhaps a text behind the last one.
    fn sections(&mut self, boundaries: &Boundaries, octets: &mut [u8]) {
        let mut start = 0;
        while start < octets.len() {
            let mut end = start;
            while end < octets.len() {
                let line = first_line(&octets[end..]);
                end += line.len();
                if line.trim_ascii().is_empty() {
                    break;
                }
            }
            field::section(&mut self.fakes, boundaries, &mut octets[start..end]);
            start = end;
        }
    }

    /// Text in lines; armour keeps its edges, and files within it their form.
    fn text(&mut self, text: &mut [u8]) {
        let mut done = 0;
        // They are found so many at once.
        loop {
            let (start, files) = (done, uuencode::find(&text[done..]));
            if files.is_empty() {
                break;
            }
            for file in files {
                let (begin, data) = (start + file.at.start, start + file.data.start..start + file.data.end);
                self.lines(&mut text[done..begin]);
                // The name stands at the end of the first line, behind the form and the mode.
                let name_end = begin + text[begin..data.start].trim_ascii_end().len();
                self.lines(&mut text[name_end - file.name.len()..name_end]);
                fill_lines(&mut text[data]);
                done = start + file.at.end;
            }
        }
        self.lines(&mut text[done..]);
    }

    fn lines(&mut self, text: &mut [u8]) {
        let mut at = 0;
        while at < text.len() {
            let length = first_line(&text[at..]).len();
            let line = &mut text[at..at + length];
            if !is_armour(line) {
                self.fakes.text(line, Charset::Words, &|text, at| is_scheme(text, &at));
            }
            at += length;
        }
    }
}

/// `-----BEGIN PGP MESSAGE-----`, in which nobody is named.
fn is_armour(line: &[u8]) -> bool {
    let inner = line.trim_ascii().strip_prefix(b"-----").and_then(|line| line.strip_suffix(b"-----"));
    let words = inner.and_then(|inner| std::str::from_utf8(inner).ok()).unwrap_or_default();
    let known =
        ["BEGIN", "END", "PGP", "SIGNED", "MESSAGE", "SIGNATURE", "PUBLIC", "PRIVATE", "KEY", "BLOCK", "CERTIFICATE"];
    !words.is_empty() && words.split(' ').all(|word| known.contains(&word))
}

/// Lines of a file within a text: their lengths stay, their contents are all alike.
fn fill_lines(text: &mut [u8]) {
    let mut is_first = true;
    for octet in text {
        match octet {
            b'\r' => {}
            b'\n' => is_first = true,
            octet => {
                if !std::mem::take(&mut is_first) {
                    *octet = b'A';
                }
            }
        }
    }
}

/// Content that is no text: as long as before, and valid in its encoding.
fn fill(octets: &mut [u8], encoding: Encoding) {
    match encoding {
        Encoding::Base64 => {
            let letters =
                octets.iter_mut().filter(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/'));
            letters.for_each(|octet| *octet = b'A');
        }
        encoding => cells::body(octets, encoding, &mut |decoded| {
            for octet in decoded.iter_mut().filter(|octet| !matches!(octet, 0..=0x20 | 0x7f)) {
                *octet = if octet.is_ascii() { b'x' } else { 0xe0 };
            }
        }),
    }
}

/// Whether a word says how what follows is fetched: `https://`, `mailto:`.
fn is_scheme(text: &[u8], at: &Range<usize>) -> bool {
    let word = &text[at.clone()];
    text[at.end..].starts_with(b"://") && List::Markup.has(word) || word == b"mailto"
}

/// Whether a word stands in an address or a domain: there a keyword is somebody's name.
fn is_in_address(text: &[u8], at: &Range<usize>) -> bool {
    let before = at.start.checked_sub(1).and_then(|at| text.get(at)).copied().unwrap_or(b' ');
    let behind = text.get(at.end).copied().unwrap_or(b' ');
    let follows = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphanumeric);
    matches!(before, b'@' | b'.' | b'+' | b'_')
        || behind == b'@'
        || matches!(behind, b'.' | b'+' | b'_') && follows(at.end + 1)
}

#[cfg(test)]
mod tests;
