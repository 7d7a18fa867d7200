//! What is typed: words for the server, or one of a few commands for us, which begin with a dot.
//!
//! A line is said as it is typed. Text of a message may begin with a dot too: so while a message is being said, only
//! `.raw`, `.cut` and `.wait` are commands. Pure. RFC 5321 §4.5.2.

use crate::duration;
use crate::wire::stuff::Stuffer;
use crate::wire::transcript::unescape;
use std::path::PathBuf;
use std::time::Duration;

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Say these octets.
    Say(Vec<u8>),
    /// Begin TLS.
    StartTls,
    /// Log in, by this mechanism if one is named.
    Login(Option<String>),
    /// Send this file as a message.
    Data(PathBuf),
    /// Listen this long.
    Wait(Duration),
    /// The last answer must begin so.
    Expect(String),
    /// Hang up without a word.
    Cut,
    /// Say goodbye, and end.
    Quit,
    /// Tell what there is.
    Help,
}

/// Why a line is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAct {
    /// It begins as one of ours, and we have no such command.
    #[error("there is no command {0}: .help tells which there are, .raw says anything")]
    Unknown(String),
    /// Something is missing behind it, or wrong.
    #[error("{command} takes {takes}")]
    Argument {
        /// The command.
        command: &'static str,
        /// What should stand behind it.
        takes: &'static str,
    },
}

/// What there is, as `.help` tells it.
pub(super) const HELP: &str = "\
.starttls         begin TLS in the words of the protocol
.auth [MECHANISM] log in as --user, the URL or --account says
.data FILE        send a file as a message (SMTP, LMTP): lines end with CRLF,
                  dots are stuffed
.raw TEXT         say exactly this, with \\r \\n \\t \\0 \\\\ \\xNN;
                  no line end is added
.expect WORD      end with 1 if the last answer does not begin so,
                  as 250, +OK, NO
.wait TIME        listen for so long, as 500ms or 3s
.cut              hang up without a word
.quit             say goodbye and end
Anything else is said as it stands, with CRLF behind it.";

/// Makes the text of a message from a file that comes in pieces: lines end with CRLF, dots are stuffed.
#[derive(Debug, Default)]
pub(super) struct Text {
    stuffer: Stuffer,
    lines: Vec<u8>,
    after_cr: bool,
}

impl Text {
    /// Appends the next piece to `wire`.
    pub(super) fn push(&mut self, piece: &[u8], wire: &mut Vec<u8>) {
        self.lines.clear();
        for octet in piece {
            if *octet == b'\n' && !self.after_cr {
                self.lines.push(b'\r');
            }
            self.after_cr = *octet == b'\r';
            self.lines.push(*octet);
        }
        self.stuffer.push(&self.lines, wire);
    }

    /// Appends the lone dot.
    pub(super) fn finish(self, wire: &mut Vec<u8>) {
        self.stuffer.finish(wire);
    }
}

/// Reads a line, without its end. `end` is what is said behind each.
pub fn parse(octets: &[u8], end: &[u8], is_text: bool) -> Result<Act, NotAnAct> {
    let say = || Act::Say([octets, end].concat());
    // What is no text is nothing of ours.
    let Ok(line) = std::str::from_utf8(octets) else { return Ok(say()) };
    let (typed, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let rest = rest.trim();
    let is_ours = typed.strip_prefix('.').is_some_and(|name| name.starts_with(|sign: char| sign.is_ascii_alphabetic()));
    let word = typed.to_ascii_lowercase();
    if !is_ours || is_text && !matches!(word.as_str(), ".raw" | ".cut" | ".wait") {
        return Ok(say());
    }
    let wrong = |command, takes| NotAnAct::Argument { command, takes };
    let alone = |command, act| if rest.is_empty() { Ok(act) } else { Err(wrong(command, "nothing behind it")) };
    match word.as_str() {
        ".starttls" => alone(".starttls", Act::StartTls),
        ".auth" if rest.contains(' ') => Err(wrong(".auth", "one mechanism, or nothing")),
        ".auth" => Ok(Act::Login((!rest.is_empty()).then(|| rest.to_ascii_uppercase()))),
        ".data" if rest.is_empty() => Err(wrong(".data", "the name of a file")),
        ".data" => Ok(Act::Data(rest.into())),
        ".raw" => unescape(line.get(".raw ".len()..).unwrap_or_default())
            .map(Act::Say)
            .ok_or_else(|| wrong(".raw", "text with the escapes \\r \\n \\t \\0 \\\\ \\xNN")),
        ".expect" if rest.is_empty() => Err(wrong(".expect", "what an answer begins with, as 250")),
        ".expect" => Ok(Act::Expect(rest.to_owned())),
        ".wait" => duration::parse(rest).map(Act::Wait).map_err(|_| wrong(".wait", "a time, as 500ms or 3s")),
        ".cut" => alone(".cut", Act::Cut),
        ".quit" => alone(".quit", Act::Quit),
        ".help" => alone(".help", Act::Help),
        _ => Err(NotAnAct::Unknown(known(typed))),
    }
}

/// An unknown command as it may be told: what is glued to its word may be a secret.
fn known(typed: &str) -> String {
    let letters = 1 + typed.bytes().skip(1).take_while(u8::is_ascii_alphabetic).count();
    if letters < typed.len() { format!("{}...", &typed[..letters]) } else { typed.to_owned() }
}

/// Looks through a script before anything is said: the first line that is no command of ours though it looks like one, with
/// its number. What stands between DATA and a lone dot may be anything.
pub fn check<'a>(lines: impl IntoIterator<Item = &'a [u8]>, has_messages: bool) -> Result<(), (usize, NotAnAct)> {
    let mut is_text = false;
    for (index, line) in lines.into_iter().enumerate() {
        parse(line, b"", is_text).map_err(|error| (index + 1, error))?;
        is_text = if is_text { line != b"." } else { has_messages && line.eq_ignore_ascii_case(b"DATA") };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_said_unless_it_is_for_us() {
        let say = |text: &str| Ok(Act::Say(text.as_bytes().to_vec()));
        let wrong = |command, takes| Err(NotAnAct::Argument { command, takes });
        for (line, wanted) in [
            ("EHLO x", say("EHLO x\r\n")),
            ("", say("\r\n")),
            (".", say(".\r\n")),
            ("..", say("..\r\n")),
            ("..quit", say("..quit\r\n")),
            (".QUIT", Ok(Act::Quit)),
            (".StartTLS", Ok(Act::StartTls)),
            (".AUTH Plain", Ok(Act::Login(Some("PLAIN".into())))),
            (".auth\tplain", Ok(Act::Login(Some("PLAIN".into())))),
            (r".Raw  a", Ok(Act::Say(b" a".to_vec()))),
            (".Nothing hunter2", Err(NotAnAct::Unknown(".Nothing".into()))),
            (".auth=hunter2", Err(NotAnAct::Unknown(".auth...".into()))),
            (".1", say(".1\r\n")),
            (". quit", say(". quit\r\n")),
            (".starttls", Ok(Act::StartTls)),
            (".auth", Ok(Act::Login(None))),
            (".auth cram-md5", Ok(Act::Login(Some("CRAM-MD5".into())))),
            (".auth a b", wrong(".auth", "one mechanism, or nothing")),
            (".data /tmp/a b", Ok(Act::Data("/tmp/a b".into()))),
            (".data", wrong(".data", "the name of a file")),
            (r".raw  a\r\n\xff", Ok(Act::Say(b" a\r\n\xff".to_vec()))),
            (".raw", Ok(Act::Say(Vec::new()))),
            (r".raw \q", wrong(".raw", "text with the escapes \\r \\n \\t \\0 \\\\ \\xNN")),
            (".wait 2s", Ok(Act::Wait(Duration::from_secs(2)))),
            (".wait", wrong(".wait", "a time, as 500ms or 3s")),
            (".expect 250 2.1.0", Ok(Act::Expect("250 2.1.0".into()))),
            (".expect", wrong(".expect", "what an answer begins with, as 250")),
            (".cut", Ok(Act::Cut)),
            (".quit now", wrong(".quit", "nothing behind it")),
            (".help", Ok(Act::Help)),
            (".nothing", Err(NotAnAct::Unknown(".nothing".into()))),
        ] {
            assert_eq!(parse(line.as_bytes(), b"\r\n", false), wanted, "{line}");
        }
        assert_eq!(parse(b"a", b"\n", false), say("a\n"));
        assert_eq!(parse(b".\xff", b"", false), Ok(Act::Say(b".\xff".to_vec())));
    }

    #[test]
    fn help_fits_a_narrow_terminal() {
        assert!(HELP.lines().all(|line| line.len() < 80), "{HELP}");
    }

    #[test]
    fn a_script_is_looked_through_before_it_is_said() {
        let checked = |text: &str, has_messages| {
            check(text.lines().map(str::as_bytes), has_messages).map_err(|(number, error)| (number, error.to_string()))
        };
        for (script, has_messages, wrong) in [
            ("EHLO x\n.expect 250\nQUIT", true, None),
            ("EHLO x\n.expct 250\nQUIT", true, Some(2)),
            ("EHLO x\n.expect", true, Some(2)),
            ("data\n.expct 250\n.\n.quit", true, None),
            ("DATA\n.expct 250\n.\n.qit", true, Some(4)),
            ("DATA\n.expct 250\n.", false, Some(2)),
        ] {
            assert_eq!(checked(script, has_messages).err().map(|(number, _)| number), wrong, "{script}");
        }
    }

    #[test]
    fn a_file_is_a_message_however_its_pieces_fall() {
        for (file, wanted) in [
            (&b"Subject: x\n\n.a\n"[..], &b"Subject: x\r\n\r\n..a\r\n.\r\n"[..]),
            (b"a\r\n.\r\nb", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"", b".\r\n"),
        ] {
            for size in 1..4 {
                let (mut text, mut wire) = (Text::default(), Vec::new());
                file.chunks(size).for_each(|piece| text.push(piece, &mut wire));
                text.finish(&mut wire);
                assert_eq!(wire, wanted, "{size}");
            }
        }
    }

    #[test]
    fn a_message_may_hold_lines_that_look_like_ours() {
        assert_eq!(parse(b".quit", b"\r\n", true), Ok(Act::Say(b".quit\r\n".to_vec())));
        assert_eq!(parse(b".nothing", b"\r\n", true), Ok(Act::Say(b".nothing\r\n".to_vec())));
        assert_eq!(parse(b".Quit", b"\r\n", true), Ok(Act::Say(b".Quit\r\n".to_vec())));
        assert_eq!(parse(b".cut", b"\r\n", true), Ok(Act::Cut));
        assert_eq!(parse(b".Cut", b"\r\n", true), Ok(Act::Cut));
    }
}
