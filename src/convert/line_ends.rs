//! The line ends of a whole message, for programs that want only one kind.
//!
//! A bare CR is no line end and stays. Knows no header fields. RFC 5322 §2.3.

use std::borrow::Cow;

/// What lines end with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineEnds {
    /// As they came.
    #[default]
    Kept,
    /// As on the wire.
    Crlf,
    /// As in files.
    Lf,
}

/// The message with those line ends.
pub fn with(octets: &[u8], wanted: LineEnds) -> Cow<'_, [u8]> {
    if wanted == LineEnds::Kept {
        return Cow::Borrowed(octets);
    }
    let mut changed = Vec::with_capacity(octets.len() + octets.len() / 32);
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        let text = line.strip_suffix(b"\n").map(|text| text.strip_suffix(b"\r").unwrap_or(text));
        changed.extend_from_slice(text.unwrap_or(line));
        if text.is_some() {
            changed.extend_from_slice(if wanted == LineEnds::Crlf { b"\r\n" } else { b"\n" });
        }
    }
    Cow::Owned(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_wanted_and_a_bare_cr_is_none() {
        let octets = b"a\r\nb\nc\rd\r\r\ne";
        assert_eq!(&*with(octets, LineEnds::Lf), b"a\nb\nc\rd\r\ne");
        assert_eq!(&*with(octets, LineEnds::Crlf), b"a\r\nb\r\nc\rd\r\r\ne");
        assert_eq!(&*with(octets, LineEnds::Kept), octets);
    }
}
