//! The text of a message being written: held while it is short, left where it is when it is long.
//!
//! Either way it is UTF-8. Knows no files. RFC 3629; RFC 2045 §2.7.

use super::prepare::continues_utf8;
use super::{line_ends, rope};
use crate::error::{Error, Kind, Result};
use crate::world::Content;
use std::sync::Arc;

/// Octets of a text that is held.
const SHORT: u64 = 1024 * 1024;

/// A text.
pub enum Text {
    /// In memory, in lines of any kind.
    Short(String),
    /// Elsewhere, in lines that end with CRLF, without NUL.
    Long(Arc<dyn Content>),
}

/// Takes a content as a text. Returns an error of kind `Data` if it is none.
pub fn text(content: &Arc<dyn Content>) -> Result<Text> {
    let unreadable = |error| Error::new(Kind::Io, "cannot read the body").caused_by(error);
    if content.size() <= SHORT {
        let octets = rope::octets(&**content, 0..SHORT).map_err(unreadable)?;
        return String::from_utf8(octets).map(Text::Short).map_err(|error| not_utf8().caused_by(error));
    }
    let survey = line_ends::survey(&**content).map_err(unreadable)?;
    if survey.has_nul {
        return Err(Error::new(Kind::Data, "write the message").caused_by("a NUL in the text cannot be sent"));
    }
    let (mut carry, mut is_utf8) = (Vec::new(), true);
    let walked = rope::walk(&**content, 0..content.size(), |piece| {
        is_utf8 = is_utf8 && continues_utf8(&mut carry, piece);
        std::io::Result::Ok(())
    });
    walked.map_err(unreadable)?;
    match is_utf8 && carry.is_empty() {
        true => Ok(Text::Long(survey.with_crlf(content.clone()))),
        false => Err(not_utf8()),
    }
}

fn not_utf8() -> Error {
    Error::new(Kind::Data, "the body is not UTF-8")
        .hint("convert it, or send it as an attachment or as a complete message")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(octets: Vec<u8>) -> Result<Text> {
        let content: Arc<dyn Content> = Arc::new(octets);
        text(&content)
    }

    #[test]
    fn a_text_is_utf8_however_long_it_is() {
        let long = "Crêpes\n".repeat(200_000);
        for (octets, is_long) in [(b"short\n".to_vec(), false), (long.clone().into_bytes(), true)] {
            match taken(octets.clone()) {
                Ok(Text::Short(text)) => assert_eq!((text.into_bytes(), false), (octets, is_long)),
                Ok(Text::Long(content)) => {
                    let found = rope::octets(&*content, 0..content.size()).expect("it lies in memory");
                    assert_eq!((found, true), (long.replace('\n', "\r\n").into_bytes(), is_long));
                }
                Err(error) => panic!("{error}"),
            }
        }
        for bad in [b"caf\xe9".to_vec(), [long.as_bytes(), b"\xe9"].concat(), [long.as_bytes(), b"\0"].concat()] {
            assert_eq!(taken(bad).map(|_| ()).expect_err("no text").kind(), Kind::Data);
        }
    }
}
