//! Dot-stuffing: how a sender makes a text safe to end with a lone dot.
//!
//! The other half of the framer's dot-ended text. Pure: pieces in, octets out.
//! RFC 5321 §4.5.2; RFC 1939 §3.

use memchr::memchr_iter;

/// Stuffs a text that comes in pieces. The text must use CRLF; it is not repaired here.
#[derive(Debug)]
pub struct Stuffer {
    line_start: bool,
    after_cr: bool,
}

impl Default for Stuffer {
    fn default() -> Self {
        Self { line_start: true, after_cr: false }
    }
}

impl Stuffer {
    /// At the start of a text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends `piece` to `out`, with a dot more in front of each line that begins with one.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let Some(last) = piece.last() else { return };
        let mut from = 0;
        if self.line_start && piece[0] == b'.' {
            out.push(b'.');
        } else if self.after_cr && piece[0] == b'\n' && piece.get(1) == Some(&b'.') {
            out.extend_from_slice(b"\n.");
            from = 1;
        }
        for dot in memchr_iter(b'.', piece) {
            if dot >= 2 && piece[dot - 2..dot] == *b"\r\n" {
                out.extend_from_slice(&piece[from..dot]);
                out.push(b'.');
                from = dot;
            }
        }
        out.extend_from_slice(&piece[from..]);
        self.line_start = match piece {
            [.., b'\r', b'\n'] => true,
            [b'\n'] => self.after_cr,
            _ => false,
        };
        self.after_cr = *last == b'\r';
    }

    /// Ends the text: CRLF if the last line lacks it, then the lone dot.
    pub fn finish(self, out: &mut Vec<u8>) {
        if !self.line_start {
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b".\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_that_begins_with_a_dot_gets_another() {
        for (text, wanted) in [
            (&b""[..], &b".\r\n"[..]),
            (b".\r\n", b"..\r\n.\r\n"),
            (b"a\r\n.b\r\n..\r\n", b"a\r\n..b\r\n...\r\n.\r\n"),
            (b"no line end", b"no line end\r\n.\r\n"),
            (b"a.b\r\n", b"a.b\r\n.\r\n"),
        ] {
            for chunk in 1..=text.len().max(1) {
                let (mut stuffer, mut out) = (Stuffer::new(), Vec::new());
                for piece in text.chunks(chunk) {
                    stuffer.push(piece, &mut out);
                }
                stuffer.finish(&mut out);
                assert_eq!(out, wanted, "{:?} by {chunk}", text.escape_ascii().to_string());
            }
        }
    }
}
