//! By what a message is known again: digests of its octets and of its header section, and its Message-ID.
//!
//! One definition for messages that lie here and for those of a server, of which only the header section may have
//! come: whoever compares the two compares the same thing. All of it is about the wire form. Two messages of one
//! fingerprint are taken for one; that a sender can make others of the same Message-ID is why it is a hint only.
//! RFC 5322 §2.2, §3.6.4; RFC 9051 §7.5.2 (what is a header section there).

use super::field;
use aws_lc_rs::digest;
use std::fmt;

/// Octets of a header section that count. Beyond, it is no header section but a text that was never interrupted.
pub const HEADER_MAX: usize = 256 * 1024;

/// SHA-256, of which 16 octets are kept: enough that nobody finds two messages of one digest, and half the room.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 16]);

/// Takes a message in pieces, in order.
pub struct Digester {
    whole: digest::Context,
    header: Vec<u8>,
    is_inside: bool,
    size: u64,
}

/// What a message is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    /// Octets on the wire.
    pub size: u64,
    /// Of all octets.
    pub whole: Digest,
    /// Of the header section, see [`header_digest`].
    pub header: Digest,
    /// See [`message_id`].
    pub message_id: Option<u64>,
}

impl Digest {
    /// Of some octets.
    pub fn of(octets: &[u8]) -> Self {
        Self::from(&digest::digest(&digest::SHA256, octets))
    }

    fn from(digest: &digest::Digest) -> Self {
        let mut kept = [0; 16];
        kept.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
        Self(kept)
    }
}

/// In hexadecimal digits.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Default for Digester {
    fn default() -> Self {
        Self { whole: digest::Context::new(&digest::SHA256), header: Vec::new(), is_inside: true, size: 0 }
    }
}

impl Digester {
    /// Takes the next octets.
    pub fn take(&mut self, piece: &[u8]) {
        self.whole.update(piece);
        self.size += piece.len() as u64;
        if self.is_inside {
            self.header.extend_from_slice(piece.get(..HEADER_MAX - self.header.len()).unwrap_or(piece));
            self.is_inside = self.header.len() < HEADER_MAX && field::section_end(&self.header).is_none();
        }
    }

    /// What came of all that was taken.
    pub fn finish(self) -> Fingerprint {
        Fingerprint {
            size: self.size,
            whole: Digest::from(&self.whole.finish()),
            header: header_digest(&self.header),
            message_id: message_id(&self.header),
        }
    }
}

/// The digest of a header section. Whether the empty line behind it has come with it makes no difference, since servers
/// disagree about that where there is no body; nor does what follows.
pub fn header_digest(header: &[u8]) -> Digest {
    let header = header_of(header);
    let end = header.iter().rposition(|octet| !matches!(octet, b'\r' | b'\n')).map_or(0, |last| last + 1);
    Digest::of(&header[..end])
}

/// A hash of the Message-ID: of the body of the first such field, unfolded and without the white space around it.
/// Takes a header section, whole or only this field of it. None without such a field, or with an empty one.
pub fn message_id(header: &[u8]) -> Option<u64> {
    let field = field::fields(header_of(header)).find(|field| field.name.eq_ignore_ascii_case("Message-ID"))?;
    let value: Vec<u8> = field.body.iter().copied().filter(|octet| !matches!(octet, b'\r' | b'\n')).collect();
    let value = value.trim_ascii();
    let mut octets = [0; 8];
    octets.iter_mut().zip(Digest::of(value).0).for_each(|(to, from)| *to = from);
    (!value.is_empty()).then(|| u64::from_be_bytes(octets))
}

fn header_of(octets: &[u8]) -> &[u8] {
    let octets = octets.get(..HEADER_MAX).unwrap_or(octets);
    field::section_end(octets).map_or(octets, |end| octets.get(..end).unwrap_or(octets))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fingerprint(octets: &[u8], piece: usize) -> Fingerprint {
        let mut digester = Digester::default();
        octets.chunks(piece.max(1)).for_each(|piece| digester.take(piece));
        digester.finish()
    }

    #[test]
    fn a_header_section_is_the_same_with_and_without_what_follows_it() {
        let alone = header_digest(b"A: 1\r\nB: 2");
        for whole in
            ["A: 1\r\nB: 2\r\n", "A: 1\r\nB: 2\r\n\r\n", "A: 1\r\nB: 2\r\n\r\ntext\r\n\r\n", "A: 1\r\nB: 2\r\n\nx"]
        {
            assert_eq!(header_digest(whole.as_bytes()), alone, "{whole:?}");
            assert_eq!(fingerprint(whole.as_bytes(), 3).header, alone, "{whole:?}");
        }
        for other in ["A: 1\r\n\r\nB: 2", "A: 1\nB: 2\r\n\r\n", "\r\nA: 1\r\nB: 2", ""] {
            assert_ne!(header_digest(other.as_bytes()), alone, "{other:?}");
        }
        assert_eq!(alone.to_string().len(), 32);
    }

    #[test]
    fn a_message_id_is_its_field_body() {
        let known = message_id(b"Message-ID: <a@b>\r\n");
        assert!(known.is_some());
        for (header, is_known) in [
            ("Subject: x\r\nmessage-id:<a@b>\r\n\r\n", true),
            ("Message-Id: \r\n <a@b> \r\n\r\nMessage-ID: <c@d>\r\n", true),
            ("Message-ID: <a@b>\r\nMessage-ID: <c@d>\r\n", true),
            ("Message-ID: <c@d>\r\nMessage-ID: <a@b>\r\n", false),
            ("\r\nMessage-ID: <a@b>\r\n", false),
            ("Message-ID: <A@b>\r\n", false),
        ] {
            assert_eq!(message_id(header.as_bytes()) == known, is_known, "{header:?}");
        }
        for none in ["", "Message-ID:\r\n", "Message-ID: \r\n \r\n", "X-Message-ID: <a@b>\r\n", "\r\n\r\n"] {
            assert_eq!(message_id(none.as_bytes()), None, "{none:?}");
        }
    }

    #[test]
    fn an_endless_header_section_is_held_in_part_only() {
        let endless = b"a".repeat(3 * HEADER_MAX);
        let mut digester = Digester::default();
        endless.chunks(1000).for_each(|piece| digester.take(piece));
        assert_eq!(digester.header.len(), HEADER_MAX);
        assert_eq!(digester.finish().header, header_digest(&endless));
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(text in "[a:\r\n]{0,24}", piece in 1..9_usize) {
            let wanted = Fingerprint {
                size: text.len() as u64,
                whole: Digest::of(text.as_bytes()),
                header: header_digest(text.as_bytes()),
                message_id: message_id(text.as_bytes()),
            };
            prop_assert_eq!(fingerprint(text.as_bytes(), piece), wanted);
        }
    }
}
