//! What servers say: three digits, perhaps an enhanced status code, and lines of text; printed and read.
//!
//! A reader takes hostile replies too: endless ones, huge lines, two codes in one reply, octets that are no
//! text. The grammar is lettre's; what goes beyond it, real servers do. RFC 5321 §4.2; RFC 2034; RFC 3463.

use crate::error::{Error, Kind, Result};
use crate::sasl;
use crate::status::{EnhancedStatus, ReplyCode};
use crate::wire::frame::{Expect, Fault, Frame};
use crate::wire::session::Output;
use lettre::transport::smtp::response::Response;

/// RFC 5321 §4.5.3.1.5 asks for 512 octets; longer lines are cut there.
const LINE_KEPT: usize = 512;
/// A line longer than this is no reply of a mail server.
const LINE_MAX: usize = 64 * 1024;
/// The longest replies are those to EHLO and HELP; nobody needs this many lines.
const LINES_MAX: usize = 100;

/// One reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// `250`
    pub code: ReplyCode,
    /// `2.1.0`
    pub enhanced: Option<EnhancedStatus>,
    /// The text, without codes; one line at least, which may be empty. A peer's may hold any character.
    pub lines: Vec<String>,
}

impl Reply {
    /// The text on one line.
    pub fn text(&self) -> String {
        self.lines.join(" ")
    }

    /// The reply whose lines these are, without their line ends.
    pub fn of_lines(lines: &[String]) -> Option<Self> {
        let mut reader = Reader::new();
        lines.iter().find_map(|line| reader.take(Frame::Line(line.as_bytes())).transpose()).and_then(Result::ok)
    }

    /// Writes the reply, the enhanced status code on every line (RFC 2034 §4).
    pub fn print(&self, out: &mut Output) {
        let enhanced = self.enhanced.map(|status| format!("{status} ")).unwrap_or_default();
        let (last, others) = self.lines.split_last().map_or(("", &[][..]), |(last, others)| (last.as_str(), others));
        for line in others {
            out.line(format!("{}-{enhanced}{line}", self.code));
        }
        out.line(format!("{} {enhanced}{last}", self.code));
    }
}

/// Reads one reply, line by line.
#[derive(Debug, Default)]
pub struct Reader {
    /// The lines so far, in the form of the grammar.
    text: String,
    lines: usize,
}

impl Reader {
    /// What to read next.
    pub const EXPECT: Expect = Expect::Line { max: LINE_MAX };

    /// At the start of a reply.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a line; gives the reply with its last one. An error means that this is no mail server's reply.
    pub fn take(&mut self, frame: Frame<'_>) -> Result<Option<Reply>> {
        let line = match frame {
            Frame::Line(line) => line,
            Frame::Fault(Fault::LineTooLong) => return Err(broken("sent a line without an end")),
            Frame::Fault(_) | Frame::Piece(_) | Frame::End => return Err(broken("sent no reply of SMTP")),
        };
        let line = String::from_utf8_lossy(line);
        // A challenge is of no use when it is cut.
        let max = if line.starts_with("334") { sasl::login::LINE_MAX } else { LINE_KEPT };
        let kept = line.get(..line.floor_char_boundary(max)).unwrap_or_default();
        self.lines += 1;
        if self.lines > LINES_MAX {
            return Err(broken("sent a reply without an end"));
        }
        // Else `SSH-2.0` would be a line behind which more is to come, and none is.
        if !has_code(kept) {
            return Err(broken("sent no reply of SMTP").said(kept.trim_end()));
        }
        self.text.push_str(kept);
        let is_last = match kept.as_bytes().get(3) {
            Some(separator) => *separator != b'-',
            None => {
                // RFC 5321 §4.2.1: a bare code is to be taken; the grammar wants its space.
                self.text.push(' ');
                true
            }
        };
        self.text.push_str("\r\n");
        if !is_last {
            return Ok(None);
        }
        let text = std::mem::take(&mut self.text);
        self.lines = 0;
        let response: Response = text.parse().map_err(|_| broken("sent no reply of SMTP").said(text.trim_end()))?;
        Reply::from_response(&response).map(Some).ok_or_else(|| broken("sent no reply of SMTP").said(text.trim_end()))
    }

    /// What there is to say of a line that ends with LF alone: whatever comes behind it, this is no reply (RFC 5321 §2.3.8).
    pub fn spoilt_by(&self, line: &[u8]) -> Error {
        let line = String::from_utf8_lossy(line);
        let kept = line.get(..line.floor_char_boundary(LINE_KEPT)).unwrap_or_default();
        let what = if has_code(kept) { "ended a line with LF alone, without CR" } else { "sent no reply of SMTP" };
        broken(what).said(kept.trim_end())
    }
}

impl Reply {
    fn from_response(response: &Response) -> Option<Self> {
        let code = ReplyCode::new(u16::from(response.code()))?;
        let mut lines: Vec<String> = response.message().map(str::to_owned).collect();
        let enhanced = lines.first().and_then(|line| enhanced_status(line, code));
        if let Some(status) = enhanced {
            for line in &mut lines {
                if enhanced_status(line, code) == Some(status) {
                    let rest = line.split_once(' ').map_or("", |(_, rest)| rest);
                    *line = rest.to_owned();
                }
            }
        }
        Some(Self { code, enhanced, lines })
    }
}

/// Whether a line begins with three digits.
fn has_code(line: &str) -> bool {
    line.as_bytes().first_chunk::<3>().is_some_and(|code| code.iter().all(u8::is_ascii_digit))
}

/// The status a line begins with, if its class agrees with the reply code (RFC 2034 §4).
fn enhanced_status(line: &str, code: ReplyCode) -> Option<EnhancedStatus> {
    let word = line.split(' ').next()?;
    EnhancedStatus::parse(word).filter(|status| u16::from(status.class) == code.get() / 100)
}

fn broken(what: &str) -> Error {
    Error::new(Kind::Protocol, format!("the server {what}"))
}

#[cfg(test)]
impl Reply {
    /// The whole reply on one line: `550 5.1.1 No such user`.
    pub(super) fn words(&self) -> String {
        let enhanced = self.enhanced.map(|status| format!("{status} ")).unwrap_or_default();
        format!("{} {enhanced}{}", self.code, self.text()).trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::Framer;
    use proptest::prelude::*;

    /// Reads the first reply in `octets`.
    fn read(octets: &[u8]) -> Result<Option<Reply>> {
        let (mut framer, mut reader) = (Framer::new(), Reader::new());
        framer.push(octets);
        while let Some(frame) = framer.next(Reader::EXPECT) {
            if let Some(reply) = reader.take(frame)? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    #[test]
    fn replies_are_read() {
        for (octets, wanted) in [
            (&b"250 ok\r\n"[..], "250 ok"),
            (b"250\r\n", "250"),
            (b"250 \r\n", "250"),
            (b"250 2.1.0 Sender ok\r\n", "250 2.1.0 Sender ok"),
            (b"550 5.7.2\r\n", "550 5.7.2"),
            (b"550-5.1.1 no\r\n550 5.1.1 such user\r\n", "550 5.1.1 no such user"),
            (b"550-5.1.1 no\r\n550 such user\r\n", "550 5.1.1 no such user"),
            (b"250 5.1.1 is a joke\r\n", "250 5.1.1 is a joke"),
            (b"550 5.1 is none\r\n", "550 5.1 is none"),
            (b"354 Go ahead\r\n", "354 Go ahead"),
            (b"250 na\xefve\r\n", "250 na\u{fffd}ve"),
            (b"250 jos\xc3\xa9\r\n", "250 jos\u{e9}"),
        ] {
            let reply = read(octets).expect("a reply").expect("a whole one");
            assert_eq!(reply.words(), wanted, "{}", octets.escape_ascii());
        }
        assert_eq!(
            read(b"550 5.1.1 no\r\n").expect("a reply").and_then(|r| r.enhanced),
            EnhancedStatus::parse("5.1.1")
        );
        assert_eq!(read(b"250 5.1.1 no\r\n").expect("a reply").and_then(|r| r.enhanced), None);
    }

    #[test]
    fn hostile_replies_are_an_error_and_bounded() {
        for octets in [
            &b"5\r\n"[..],
            b"\r\n",
            b"999 x\r\n",
            b"150 x\r\n",
            b"25x ok\r\n",
            b"250ok\r\n",
            b"550-a\r\n551 b\r\n",
            b"550-a\r\nb\r\n",
            b"250 a\0b\r\n",
            b"250-a\n250 b\r\n",
            b"HTTP/1.1 400 Bad Request\r\n",
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"250-a\r\nSSH-2.0\r\n",
            b"22-ab\r\n",
            b"\r\n",
            b"+OK ready\r\n",
            &b"250-more\r\n".repeat(101),
            &[&[b'2'; 70_000][..], b"\r\n"].concat(),
        ] {
            let error = read(octets).expect_err("no reply");
            assert_eq!(error.kind(), Kind::Protocol, "{}", octets[..octets.len().min(40)].escape_ascii());
        }
        assert!(read(b"250-more\r\n").expect("so far good").is_none());
    }

    #[test]
    fn long_lines_are_cut_and_not_lost() {
        for filler in ["a", "\u{20ac}", "\u{1f4e7}"] {
            let reply = read(format!("250-{}\r\n250 end\r\n", filler.repeat(400)).as_bytes());
            let reply = reply.expect("a reply").expect("a whole one");
            assert!(reply.lines[0].len() <= LINE_KEPT && reply.lines[1] == "end");
        }
    }

    #[test]
    fn a_challenge_is_kept_whole() {
        let challenge = "QUJD".repeat(3000);
        let reply = read(format!("334 {challenge}\r\n").as_bytes()).expect("a reply").expect("a whole one");
        assert_eq!(reply.lines, [challenge]);
    }

    proptest! {
        #[test]
        fn printing_and_reading_are_inverse(
            code in prop::sample::select(vec![211_u16, 250, 354, 421, 450, 550, 554]),
            detail in proptest::option::of(0_u16..1000),
            lines in proptest::collection::vec("[a-zé][ a-z.é-]{0,20}", 1..5),
        ) {
            let class = (code / 100) as u8;
            let enhanced = detail.filter(|_| class != 3).map(|detail| EnhancedStatus::new(class, 1, detail));
            let reply = Reply { code: ReplyCode::new(code).expect("a code"), enhanced, lines };
            let mut out = Output::new();
            reply.print(&mut out);
            let said = String::from_utf8(out.as_slice().to_vec()).expect("text");
            let lines: Vec<String> = said.lines().map(str::to_owned).collect();
            prop_assert_eq!(Reply::of_lines(&lines), Some(reply.clone()));
            prop_assert_eq!(read(out.as_slice()).expect("a reply"), Some(reply));
        }

        #[test]
        fn no_reply_makes_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = read(&[b"250-", octets.as_slice(), b"\r\n250 \r\n"].concat());
            let _ = read(&[octets.as_slice(), b"\r\n"].concat());
        }
    }
}
