//! The recorder: turns the octets of a conversation into transcript entries, without its secrets.
//!
//! It sits on the plain side of a connection and sees both directions. What a line means is the
//! protocol's business: a [`Follow`] tells which lines hold a secret or belong to a message body.
//! Knows no verbs and writes nothing.

use super::transcript::{self, Entry, Side};

/// Longer lines are cut into several, so that a line without end costs no memory.
const LINE_MAX: usize = 16 * 1024;

/// How a line may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// As it is.
    Whole,
    /// Only its first octets; the rest is a secret.
    Secret {
        /// Octets that may be seen.
        keep: usize,
    },
    /// Part of a message body: one `{...}` stands for all of it.
    Elide,
}

/// A protocol's understanding of a conversation, good enough to know what must not be shown.
pub trait Follow: Send + Sync {
    /// Takes the next line, with its line end if it had one, and says how it may be shown.
    fn line(&mut self, from: Side, line: &[u8]) -> Show;
}

/// Begins to follow a new connection of a protocol.
pub type NewFollow = fn() -> Box<dyn Follow>;

/// Collects octets into lines and lines into entries.
pub struct Recorder {
    follow: Box<dyn Follow>,
    connection: u32,
    client: Vec<u8>,
    server: Vec<u8>,
    eliding: bool,
}

impl Recorder {
    /// For one connection, shown under a number.
    pub fn new(connection: u32, follow: Box<dyn Follow>) -> Self {
        Self { follow, connection, client: Vec::new(), server: Vec::new(), eliding: false }
    }

    /// Takes octets that went over the connection; gives each completed entry to `each`.
    pub fn octets(&mut self, from: Side, octets: &[u8], mut each: impl FnMut(Entry)) {
        for piece in octets.split_inclusive(|octet| *octet == b'\n') {
            let pending = match from {
                Side::Client => &mut self.client,
                Side::Server => &mut self.server,
            };
            pending.extend_from_slice(piece);
            if pending.ends_with(b"\n") || pending.len() >= LINE_MAX {
                let line = std::mem::take(pending);
                self.line(from, &line, &mut each);
            }
        }
    }

    /// Gives what was said without a line end, as at the end of a connection.
    pub fn finish(&mut self, mut each: impl FnMut(Entry)) {
        for from in [Side::Client, Side::Server] {
            let line = std::mem::take(match from {
                Side::Client => &mut self.client,
                Side::Server => &mut self.server,
            });
            if !line.is_empty() {
                self.line(from, &line, &mut each);
            }
        }
    }

    fn line(&mut self, from: Side, line: &[u8], each: &mut impl FnMut(Entry)) {
        let show = self.follow.line(from, line);
        let elided = std::mem::replace(&mut self.eliding, show == Show::Elide);
        let text = |text: String| Entry::Line { connection: self.connection, side: from, text };
        match show {
            Show::Whole => each(transcript::said(self.connection, from, line)),
            Show::Secret { keep } => {
                let seen = line.get(..keep).unwrap_or(line).escape_ascii().to_string();
                each(text(format!("{seen}{{secret}}")));
            }
            Show::Elide if elided => {}
            Show::Elide => each(text("{...}".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hides what follows PASS, and everything between BEGIN and END.
    struct Toy(bool);

    impl Follow for Toy {
        fn line(&mut self, _: Side, line: &[u8]) -> Show {
            match line {
                b"BEGIN\r\n" => self.0 = true,
                b"END\r\n" => self.0 = false,
                line if line.starts_with(b"PASS ") => return Show::Secret { keep: 5 },
                _ if self.0 => return Show::Elide,
                _ => {}
            }
            Show::Whole
        }
    }

    #[test]
    fn secrets_and_bodies_are_left_out_however_the_octets_arrive() {
        let said = b"PASS hunter2\r\nBEGIN\r\na\r\nb\r\nEND\r\n\x1b[2J\r\nhalf";
        for chunk in 1..said.len() {
            let mut recorder = Recorder::new(1, Box::new(Toy(false)));
            let mut entries = Vec::new();
            for octets in said.chunks(chunk) {
                recorder.octets(Side::Client, octets, |entry| entries.push(entry.to_string()));
            }
            recorder.finish(|entry| entries.push(entry.to_string()));
            let wanted = ["C: PASS {secret}", "C: BEGIN", "C: {...}", "C: END", r"C! \x1b[2J\r\n", "C! half"];
            assert_eq!(entries, wanted);
        }
    }
}
