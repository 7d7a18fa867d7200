//! What a server answers: lines of strings, then `OK`, `NO` or `BYE`.
//!
//! Read frame by frame, since a string may be a literal that holds anything. A reader takes hostile responses too:
//! limited in lines and octets. RFC 5804 §1.2, §1.3, §4.

use crate::error::{Error, Kind, Result};
use crate::wire::frame::{Expect, Frame};
use crate::wire::literal::announced;

/// A longer line is no answer of such a server.
const LINE_MAX: usize = 8 * 1024;
/// Octets of one answer, literals included.
const ANSWER_MAX: usize = 256 * 1024;
/// Lines of one answer that are kept.
const LINES_MAX: usize = 200;

/// Octets of what is no answer that are shown: more than what other protocols greet with.
const SHOWN_MAX: usize = 1000;

/// How an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Yes.
    Ok,
    /// No.
    No,
    /// No, and the connection is closed.
    Bye,
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// How it ends.
    pub status: Status,
    /// What stood in parentheses, in capitals: `TRYLATER`, `ENCRYPT-NEEDED`.
    pub code: Option<String>,
    /// The words for people.
    pub text: String,
    /// The lines before the end, each as its words: a name, and perhaps a value.
    pub lines: Vec<Vec<String>>,
}

impl Response {
    /// What to read first where an answer is due.
    pub const FIRST: Expect = Expect::Line { max: LINE_MAX };
}

/// Reads one answer.
#[derive(Debug, Default)]
pub struct Reader {
    lines: Vec<Vec<String>>,
    /// The line that is being read, with the literals that came so far in the form of quoted strings.
    line: Vec<u8>,
    literal: Option<Literal>,
    size: usize,
}

/// A string that comes as counted octets.
#[derive(Debug)]
struct Literal {
    len: u64,
    octets: Vec<u8>,
}

/// How far a reader is.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// This comes next.
    More(Expect),
    /// The answer is complete.
    Done(Response),
}

impl Reader {
    /// In front of an answer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next frame. An error says that this is no answer of such a server.
    pub fn take(&mut self, frame: Frame<'_>) -> Result<Progress> {
        match frame {
            Frame::Line(line) => self.line(line),
            Frame::Piece(octets) => {
                self.grow(octets.len())?;
                let Some(literal) = &mut self.literal else { return Err(no_answer("octets that nobody announced")) };
                literal.octets.extend_from_slice(octets);
                Ok(Progress::More(Expect::Octets { len: literal.len }))
            }
            Frame::End => {
                let literal = self.literal.take().map(|literal| literal.octets);
                self.line.extend_from_slice(&quoted(&literal.unwrap_or_default()));
                Ok(Progress::More(Response::FIRST))
            }
            Frame::Fault(fault) => Err(no_answer(&fault.to_string())),
        }
    }

    fn line(&mut self, part: &[u8]) -> Result<Progress> {
        self.grow(part.len())?;
        if let Some(announcement) = announced(part) {
            let len = announcement.map(|literal| literal.len).filter(|len| *len <= ANSWER_MAX as u64);
            let len = len.ok_or_else(|| no_answer("it announces a string of no sensible length"))?;
            let begin = part.iter().rposition(|octet| *octet == b'{').unwrap_or(part.len());
            self.line.extend_from_slice(&part[..begin]);
            self.literal = Some(Literal { len, octets: Vec::new() });
            return Ok(Progress::More(Expect::Octets { len }));
        }
        self.line.extend_from_slice(part);
        let line = std::mem::take(&mut self.line);
        let is_string = line.first() == Some(&b'"');
        let words = words(&line).ok_or_else(|| no_answer(&shown(&line)))?;
        if is_string {
            if self.lines.len() < LINES_MAX {
                self.lines.push(words.into_iter().map(|word| word.text).collect());
            }
            return Ok(Progress::More(Response::FIRST));
        }
        let (first, rest) = words.split_first().ok_or_else(|| no_answer("an empty line"))?;
        let status = match first.text.to_ascii_uppercase().as_str() {
            "OK" => Status::Ok,
            "NO" => Status::No,
            "BYE" => Status::Bye,
            _ => return Err(no_answer(&shown(&line))),
        };
        let code = rest.first().filter(|word| word.is_code).map(|word| word.text.to_ascii_uppercase());
        let text = rest.iter().find(|word| !word.is_code).map(|word| word.text.clone()).unwrap_or_default();
        Ok(Progress::Done(Response { status, code, text, lines: std::mem::take(&mut self.lines) }))
    }

    fn grow(&mut self, by: usize) -> Result<()> {
        self.size += by;
        if self.size > ANSWER_MAX { Err(no_answer("it has no end")) } else { Ok(()) }
    }
}

/// A word of a line.
#[derive(Debug)]
struct Word {
    text: String,
    /// It stood in parentheses.
    is_code: bool,
}

/// Atoms, quoted strings, and one level of parentheses. None where a quote or a parenthesis has no end.
fn words(line: &[u8]) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = line.trim_ascii();
    while let Some(first) = rest.first() {
        let (text, behind, is_code) = match first {
            b'"' => {
                let (text, behind) = unquoted(&rest[1..])?;
                (text, behind, false)
            }
            b'(' => {
                let end = rest.iter().position(|octet| *octet == b')')?;
                (rest[1..end].to_vec(), &rest[end + 1..], true)
            }
            _ => {
                let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
                (rest[..end].to_vec(), &rest[end..], false)
            }
        };
        words.push(Word { text: String::from_utf8_lossy(&text).into_owned(), is_code });
        rest = behind.trim_ascii_start();
    }
    Some(words)
}

/// The octets up to the closing quote, and what stands behind it (RFC 5804 §1.2).
fn unquoted(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (mut octets, mut at) = (Vec::new(), 0);
    loop {
        match text.get(at)? {
            b'"' => return Some((octets, &text[at + 1..])),
            b'\\' => {
                octets.push(*text.get(at + 1)?);
                at += 2;
            }
            octet => {
                octets.push(*octet);
                at += 1;
            }
        }
    }
}

/// A string as one of quotes holds it: what a literal was, for those who read on.
fn quoted(octets: &[u8]) -> Vec<u8> {
    let mut text = vec![b'"'];
    for octet in octets {
        if matches!(octet, b'"' | b'\\') {
            text.push(b'\\');
        }
        text.push(*octet);
    }
    text.push(b'"');
    text
}

fn no_answer(words: &str) -> Error {
    Error::new(Kind::Protocol, "the server sent no answer of ManageSieve").said(words.to_owned())
}

fn shown(line: &[u8]) -> String {
    let (start, more) = line.get(..SHOWN_MAX).map_or((line, ""), |start| (start, " [...]"));
    format!("{}{more}", String::from_utf8_lossy(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::Framer;

    fn read(octets: &[u8], step: usize) -> Result<Response> {
        let (mut framer, mut reader, mut expect) = (Framer::new(), Reader::new(), Response::FIRST);
        for piece in octets.chunks(step) {
            framer.push(piece);
            while let Some(frame) = framer.next(expect) {
                match reader.take(frame)? {
                    Progress::More(next) => expect = next,
                    Progress::Done(response) => return Ok(response),
                }
            }
        }
        Err(no_answer("it has no end"))
    }

    #[test]
    fn answers_are_read_however_they_come() {
        let lines = |lines: &[&[&str]]| -> Vec<Vec<String>> {
            lines.iter().map(|line| line.iter().map(ToString::to_string).collect()).collect()
        };
        for (text, status, code, words, wanted) in [
            (&b"OK\r\n"[..], Status::Ok, None, "", lines(&[])),
            (
                b"\"IMPLEMENTATION\" \"a \\\"b\\\"\"\r\n\"SASL\" {11}\r\nPLAIN LOGIN\r\n\"STARTTLS\"\r\nok \"hi\"\r\n",
                Status::Ok,
                None,
                "hi",
                lines(&[&["IMPLEMENTATION", "a \"b\""], &["SASL", "PLAIN LOGIN"], &["STARTTLS"]]),
            ),
            (b"NO (TRYLATER) \"busy\"\r\n", Status::No, Some("TRYLATER"), "busy", lines(&[])),
            (b"BYE (referral \"x\") {3}\r\na\r\n\r\n", Status::Bye, Some("REFERRAL \"X\""), "a\r\n", lines(&[])),
        ] {
            for step in 1..text.len() {
                let response = read(text, step).expect("an answer");
                assert_eq!((response.status, response.code.as_deref()), (status, code));
                assert_eq!((response.text.as_str(), &response.lines), (words, &wanted));
            }
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for text in [&b"220 mx\r\n"[..], b"\"a\r\n", b"OK (x\r\n", b"\r\n", b"OK {999999999}\r\n", b"* OK hi\r\n"] {
            assert_eq!(read(text, 3).expect_err("no answer").kind(), Kind::Protocol);
        }
        let endless = b"\"X\" \"y\"\r\n".repeat(100_000);
        assert!(read(&endless, 1000).is_err());
    }
}
