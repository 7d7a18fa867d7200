//! What makes a message the same as one that was sent before: the key of `--once`.
//!
//! A hash of the envelope and of all octets, without what is made anew each time the same is said: the Date,
//! Message-ID and boundaries that were added here. What the writer gave is never left out. The message is read in
//! pieces. RFC 5322 §3.6; RFC 2046 §5.1.1.

use super::compose::{Outgoing, Volatile};
use aws_lc_rs::digest::{Context, SHA256};
use mailkit::envelope::Envelope;
use mailkit::error::{Error, Kind, Result};
use mailkit::world::Content;

/// Octets read at a time.
const PIECE: usize = 64 * 1024;
/// Characters of a boundary of ours behind its `=_`.
const BOUNDARY: usize = 26;

/// The key of a message.
pub(super) fn key(message: &Outgoing) -> Result<String> {
    key_of(&message.envelope, &message.content, message.volatile)
}

fn key_of(envelope: &Envelope, content: &dyn Content, volatile: Volatile) -> Result<String> {
    let mut context = Context::new(&SHA256);
    let mut recipients: Vec<String> = envelope.recipients.iter().map(ToString::to_string).collect();
    recipients.sort();
    for word in std::iter::once(envelope.reverse_path.to_string()).chain(recipients) {
        context.update(word.as_bytes());
        context.update(b"\0");
    }
    let mut lines = Lines { context, volatile, in_header: true, is_left_out: false };
    each_line(content, |line| lines.take(line))?;
    let digest = lines.context.finish();
    Ok(format!("once:{}", digest.as_ref().iter().map(|octet| format!("{octet:02x}")).collect::<String>()))
}

/// Hears the lines of a message and hashes what counts.
struct Lines {
    context: Context,
    volatile: Volatile,
    in_header: bool,
    is_left_out: bool,
}

impl Lines {
    fn take(&mut self, line: &[u8]) {
        if self.in_header {
            let is_fold = line.starts_with(b" ") || line.starts_with(b"\t");
            self.in_header = !matches!(line, b"\r\n" | b"\n");
            let name = line.split(|octet| *octet == b':').next().unwrap_or_default().trim_ascii_end();
            let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
            if !is_fold {
                self.is_left_out = self.volatile.date && is("Date") || self.volatile.message_id && is("Message-ID");
            }
            if self.is_left_out && self.in_header {
                return;
            }
        }
        match self.volatile.boundaries.then(|| memchr::memmem::find(line, b"=_")).flatten() {
            // Behind the sign stands chance, in lines that are ours alone: no encoding has this sign.
            Some(at) if line.len() >= at + 2 + BOUNDARY => {
                self.context.update(&line[..at]);
                self.context.update(line.get(at + 2 + BOUNDARY..).unwrap_or_default());
            }
            _ => self.context.update(line),
        }
    }
}

/// Gives the lines of a message, line ends included; one longer than a piece comes in pieces.
fn each_line(content: &dyn Content, mut take: impl FnMut(&[u8])) -> Result<()> {
    let mut rest = Vec::new();
    let mut buffer = vec![0; PIECE];
    let mut at = 0;
    loop {
        let count = content
            .read_at(at, &mut buffer)
            .map_err(|error| Error::new(Kind::Io, "the message cannot be read").caused_by(error))?;
        at += count as u64;
        rest.extend_from_slice(&buffer[..count]);
        let whole = match memchr::memrchr(b'\n', &rest) {
            Some(last) => last + 1,
            None if count == 0 || rest.len() > PIECE => rest.len(),
            None => 0,
        };
        rest.get(..whole).unwrap_or_default().split_inclusive(|octet| *octet == b'\n').for_each(&mut take);
        rest.drain(..whole);
        if count == 0 {
            if !rest.is_empty() {
                take(&rest);
            }
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailkit::envelope::{ForwardPath, ReversePath};

    fn of(text: &str, recipients: &[&str], ours: bool) -> String {
        let path = |text: &&str| ForwardPath::parse(&format!("<{text}>")).expect(text);
        let volatile = Volatile { date: ours, message_id: ours, boundaries: ours };
        let envelope = Envelope::new(ReversePath::Null, recipients.iter().map(path).collect());
        let octets = text.replace('\n', "\r\n").into_bytes();
        key_of(&envelope, &octets, volatile).expect("it can be read")
    }

    #[test]
    fn only_what_was_added_here_may_differ() {
        let bob = ["bob@x"];
        let first = "Date: 1\n folded\nMessage-ID: <1@x>\nSubject: a\n\nDate: 1\n--=_abcdefghjkmnpqrstvwxyz0123\n";
        for (text, is_same) in [
            ("Date: 2\nMessage-ID: <2@x>\nSubject: a\n\nDate: 1\n--=_0bcdefghjkmnpqrstvwxyz0123\n", true),
            ("Subject: a\nDate: 2\n\nDate: 1\n--=_0bcdefghjkmnpqrstvwxyz0123\n", true),
            ("Date: 2\nSubject: a\n\nDate: 2\n--=_0bcdefghjkmnpqrstvwxyz0123\n", false),
            ("Date: 2\nSubject: a\n\nDate: 1\n--=_0bcdefghjkmnpqrstvwxyz0123--\n", false),
            ("Date: 2\nSubject: b\n\nDate: 1\n--=_0bcdefghjkmnpqrstvwxyz0123\n", false),
        ] {
            assert_eq!(of(first, &bob, true) == of(text, &bob, true), is_same, "{text}");
            assert_ne!(of(first, &bob, false), of(text, &bob, false), "{text}");
        }
        assert_eq!(of("a: b\n\n", &["bob@x", "carol@x"], true), of("a: b\n\n", &["carol@x", "bob@x"], true));
        assert_ne!(of("a: b\n\n", &["bob@x"], true), of("a: b\n\n", &["carol@x"], true));
        // Longer than what is read at once.
        let long = "x".repeat(3 * PIECE);
        assert_ne!(of(&format!("a: b\n\n{long}y\n"), &bob, true), of(&format!("a: b\n\n{long}z\n"), &bob, true));
    }
}
