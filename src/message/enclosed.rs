//! Files within the texts of a message, as things that can be listed, saved and taken out.
//!
//! Each has the number of its text and one of its own: `1.uu2`. What a file is, its name tells, as nobody said more when
//! this was how files were mailed. Knows what IMAP calls parts, and nothing of how a file is written down.

use super::guard::BlockKind;
use super::uuencode::{self, Enclosed};
use super::view::{Message, Part};
use super::{guess, words};

/// A file within a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inner {
    /// `1.uu2`
    pub id: String,
    /// The media type that its name suggests.
    pub media: &'static str,
    /// The name the sender gave it: dangerous.
    pub name: String,
    /// Where it stands in the decoded content of the part.
    pub file: Enclosed,
}

/// The files within a part; there are none in what is no plain text.
pub fn of(message: &Message<'_>, part: &Part) -> Vec<Inner> {
    if part.kind != BlockKind::Leaf || !part.media.is("text", "plain") {
        return Vec::new();
    }
    let one = |(at, file): (usize, Enclosed)| {
        let name = words::undeclared(&file.name).0.into_owned();
        Inner { id: format!("{}.uu{}", part.id, at + 1), media: guess::media_type(&name), name, file }
    };
    uuencode::find(&message.content(part).content).into_iter().enumerate().map(one).collect()
}

/// Whether there are more files within a part than were found: so many are looked for, and no more.
pub fn has_more(message: &Message<'_>, part: &Part, found: &[Inner]) -> bool {
    let Some(last) = found.last().filter(|_| found.len() == uuencode::FILES_MAX) else { return false };
    message.content(part).content.get(last.file.at.end..).is_some_and(|rest| !uuencode::find(rest).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_the_number_of_their_text_and_one_of_their_own() {
        let file = |name: &str| format!("begin 644 {name}\n#0V%T\n`\nend\n");
        let texts = format!("{}{}", file("a.pdf"), file("b"));
        for (fields, wanted) in [
            ("", &[("1.uu1", "application/pdf", "a.pdf"), ("1.uu2", "application/octet-stream", "b")][..]),
            ("Content-Type: text/html\n", &[]),
        ] {
            let octets = format!("{fields}\n{texts}");
            let message = Message::parse(octets.as_bytes());
            let found = of(&message, message.root());
            let shown: Vec<_> =
                found.iter().map(|inner| (inner.id.as_str(), inner.media, inner.name.as_str())).collect();
            assert_eq!(shown, wanted);
        }
    }
}
