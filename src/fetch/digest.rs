//! A message's header section as a number that stays the same.
//!
//! By it a message is known again when its server has forgotten what it called it. Servers write fields of their own
//! into what they keep, so those do not count; line ends do not count either. Knows no server. RFC 5322 §2.2.

use crate::convert::hash::sha256;

/// A header section longer than this is known by its beginning.
const HEADER_MAX: usize = 256 * 1024;
/// What servers and readers write in later.
const PASSING: [&str; 9] =
    ["status", "x-status", "x-uid", "x-uidl", "x-keywords", "x-imap", "x-imapbase", "content-length", "lines"];

/// A digest being made of the pieces of a message, whose body is passed over.
#[derive(Debug, Default)]
pub(super) struct HeaderDigest {
    header: Vec<u8>,
    is_whole: bool,
}

impl HeaderDigest {
    /// The next octets of the message.
    pub(super) fn push(&mut self, octets: &[u8]) {
        if self.is_whole {
            return;
        }
        // The end may stand at the seam.
        let from = self.header.len().saturating_sub(3);
        let room = HEADER_MAX.saturating_sub(self.header.len());
        self.header.extend(octets.iter().take(room));
        let end = self.header.get(from..).and_then(end_of_header).map(|end| from + end);
        if let Some(end) = end.or((self.header.len() >= HEADER_MAX).then_some(HEADER_MAX)) {
            self.header.truncate(end);
            self.is_whole = true;
        }
    }

    /// The header section, as far as it came.
    pub(super) fn header(&self) -> &[u8] {
        &self.header
    }

    /// The number.
    pub(super) fn finish(&self) -> [u8; 16] {
        digest(&self.header)
    }
}

/// Behind the empty line, or the line end before it.
fn end_of_header(octets: &[u8]) -> Option<usize> {
    let crlf = octets.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 2);
    let lf = octets.windows(2).position(|two| two == b"\n\n").map(|at| at + 1);
    crlf.into_iter().chain(lf).min()
}

fn digest(header: &[u8]) -> [u8; 16] {
    let mut counted = Vec::with_capacity(header.len());
    let mut counts = true;
    for line in header.split(|octet| *octet == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            let name = line.split(|octet| *octet == b':').next().unwrap_or_default().trim_ascii_end();
            counts = !PASSING.iter().any(|passing| name.eq_ignore_ascii_case(passing.as_bytes()));
        }
        if counts && !line.is_empty() {
            counted.extend_from_slice(line);
            counted.push(b'\n');
        }
    }
    let hash = sha256(&counted);
    let half = hash.get(..32).and_then(|half| u128::from_str_radix(half, 16).ok());
    half.unwrap_or_default().to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, cut: usize) -> [u8; 16] {
        let mut digest = HeaderDigest::default();
        text.as_bytes().chunks(cut).for_each(|piece| digest.push(piece));
        digest.finish()
    }

    #[test]
    fn the_header_section_counts_however_it_is_cut_and_whoever_wrote_into_it() {
        let plain = "Subject: a\r\n b\r\nFrom: x\r\n\r\nbody\r\n\r\nmore\r\n";
        for other in [
            "Subject: a\r\n b\r\nFrom: x\r\n",
            "Subject: a\n b\nFrom: x\n\nother body",
            "Subject: a\r\n b\r\nStatus: RO\r\nX-UIDL: 1\r\n 2\r\nFrom: x\r\n\r\n",
        ] {
            for cut in [1, 2, 3, 5, 100] {
                assert_eq!(of(other, cut), of(plain, 100), "{other:?} by {cut}");
            }
        }
        for other in ["Subject: a\r\n c\r\nFrom: x\r\n\r\n", "Subject: a\r\n\r\n", ""] {
            assert_ne!(of(other, 7), of(plain, 100), "{other:?}");
        }
    }

    #[test]
    fn a_header_without_an_end_costs_a_limited_memory() {
        let mut digest = HeaderDigest::default();
        (0..1000).for_each(|_| digest.push(&[b'a'; 4096]));
        assert_eq!(digest.header().len(), HEADER_MAX);
    }
}
