//! The client's side of IMAP up to the login: requests as values, each with its answer.
//!
//! Before the login nobody is trusted yet, so lines are all that is read here: no literals, no long lists.
//! Knows no connection. RFC 9051 §6.2, §7.1; RFC 4959; RFC 5530 §3.

use super::flag::{Flags, SystemFlag};
use super::response::is_keyword;
use crate::error::{Error, Kind, Result};
use crate::wire::exchange::{Exchange, Next};
use crate::wire::frame::{Expect, Frame};
use crate::wire::literal::announced;
use crate::wire::session::Output;
use zeroize::Zeroizing;

/// Lists of capabilities grow over the years; none has come near this.
const LINE_MAX: usize = 16 * 1024;
/// Lines that a server may say before it answers.
const LINES_MAX: usize = 100;
/// Keywords of one message; each is compared with all others.
const KEYWORDS_MAX: usize = 500;

/// What a server says to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Done.
    Ok,
    /// Not done.
    No,
    /// Not understood.
    Bad,
    /// Not done, and the connection ends.
    Bye,
    /// A greeting that skips the login.
    PreAuth,
    /// Go on with what the command announced.
    Continue,
}

/// A status response, and what was said before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The answer in one word.
    pub verdict: Verdict,
    /// The server's words, its code in brackets included.
    pub text: String,
    /// In capitals; `None` if the server did not say.
    pub capabilities: Option<Vec<String>>,
}

impl Status {
    /// Whether the command is done.
    pub fn is_ok(&self) -> bool {
        self.verdict == Verdict::Ok
    }

    /// What sort of failure this is.
    pub fn kind(&self) -> Kind {
        kind(self.verdict, &self.text)
    }

    /// What sort of failure this is when it answers a login.
    pub fn login_kind(&self) -> Kind {
        match self.kind() {
            Kind::Unavailable => Kind::NoPermission,
            kind => kind,
        }
    }
}

/// What sort of failure a refusal is, given its words.
pub fn kind(verdict: Verdict, text: &str) -> Kind {
    let code = code(text).map_or("", |(name, _)| name);
    let is = |known: &str| code.eq_ignore_ascii_case(known);
    match verdict {
        // RFC 5530 §3: these say that it may work later.
        Verdict::No | Verdict::Bye if ["UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"].into_iter().any(is) => {
            Kind::Temporary
        }
        Verdict::No if ["AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "NOPERM"].into_iter().any(is) => {
            Kind::NoPermission
        }
        Verdict::No => Kind::Unavailable,
        Verdict::Bye => Kind::Temporary,
        Verdict::Ok | Verdict::Bad | Verdict::PreAuth | Verdict::Continue => Kind::Protocol,
    }
}

/// A command before or at the login, and the status response that answers it.
pub struct Request {
    /// Empty for the greeting, which no command asks for.
    tag: &'static str,
    line: Option<Zeroizing<String>>,
    capabilities: Option<Vec<String>>,
    lines: usize,
}

impl Request {
    fn new(tag: &'static str, line: Option<Zeroizing<String>>) -> Self {
        Self { tag, line, capabilities: None, lines: 0 }
    }

    /// The greeting (RFC 9051 §7.1).
    pub fn greeting() -> Self {
        Self::new("", None)
    }

    /// `CAPABILITY`
    pub fn capability() -> Self {
        Self::new("c1", Some(Zeroizing::new("c1 CAPABILITY".to_owned())))
    }

    /// `STARTTLS`
    pub fn start_tls() -> Self {
        Self::new("c2", Some(Zeroizing::new("c2 STARTTLS".to_owned())))
    }

    /// `LOGIN`; `None` if the name or the password cannot stand between quotes.
    pub fn login(user: &str, password: &str) -> Option<Self> {
        let (user, password) = (Zeroizing::new(quoted(user)?), Zeroizing::new(quoted(password)?));
        Some(Self::new("c3", Some(Zeroizing::new(["c3 LOGIN ", &user, " ", &password].concat()))))
    }

    /// `AUTHENTICATE`, with the first answer if the server takes it at once (RFC 4959). In base64.
    pub fn authenticate(mechanism: &str, initial: Option<&str>) -> Self {
        let space = if initial.is_some() { " " } else { "" };
        let line = ["c4 AUTHENTICATE ", mechanism, space, initial.unwrap_or_default()].concat();
        Self::new("c4", Some(Zeroizing::new(line)))
    }

    /// The answer to a challenge, in base64; `*` gives up.
    pub fn answer(base64: &str) -> Self {
        Self::new("c4", Some(Zeroizing::new(base64.to_owned())))
    }

    fn status(&mut self, verdict: Verdict, text: &[u8]) -> Next<Status> {
        let text = String::from_utf8_lossy(text).into_owned();
        let code = text.strip_prefix('[').and_then(|text| text.split(']').next()).and_then(capabilities);
        Next::Done(Status { verdict, text, capabilities: code.or(self.capabilities.take()) })
    }
}

impl Exchange for Request {
    type Reply = Status;

    fn encode(&self, out: &mut Output) {
        if let Some(line) = &self.line {
            out.line(line.as_str());
        }
    }

    fn first(&self) -> Expect {
        Expect::Line { max: LINE_MAX }
    }

    fn take(&mut self, frame: Frame<'_>) -> Result<Next<Status>> {
        let broken = |what: &str| Error::new(Kind::Protocol, what);
        let line = match frame {
            Frame::Line(line) => line,
            Frame::Fault(fault) => return Err(broken("the server's answer is no line").caused_by(fault.to_string())),
            Frame::Piece(_) | Frame::End => return Err(broken("a text where a line was due")),
        };
        self.lines += 1;
        if self.lines > LINES_MAX {
            return Err(broken("the server speaks on and does not answer"));
        }
        let said = StatusLine::parse(line);
        match said {
            Some(StatusLine { tag: b"*", verdict, text }) if self.tag.is_empty() || verdict == Verdict::Bye => {
                Ok(self.status(verdict, text))
            }
            Some(StatusLine { tag: b"+", verdict, text }) => Ok(self.status(verdict, text)),
            Some(StatusLine { tag, verdict: verdict @ (Verdict::Ok | Verdict::No | Verdict::Bad), text })
                if tag == self.tag.as_bytes() =>
            {
                Ok(self.status(verdict, text))
            }
            _ if line.starts_with(b"* ") && !self.tag.is_empty() => {
                // What a status response says is text, whatever it ends with.
                if said.is_none() && announced(line).is_some() {
                    return Err(broken("the server sends more than lines before the login"));
                }
                let found = line.get(2..).and_then(|rest| std::str::from_utf8(rest).ok()).and_then(capabilities);
                if let Some(found) = found {
                    self.capabilities = Some(found);
                }
                Ok(Next::More(self.first()))
            }
            _ => Err(broken("what the server says is no IMAP").said(String::from_utf8_lossy(line))),
        }
    }
}

/// A line that came before anything was asked: its status response, if it ends a command, asks for more, or says goodbye.
/// Data and warnings may come at any time (RFC 9051 §7).
#[derive(Debug, Default)]
pub struct Unasked {
    lines: usize,
}

impl Exchange for Unasked {
    type Reply = Option<Status>;

    fn encode(&self, _: &mut Output) {}

    fn first(&self) -> Expect {
        Expect::Line { max: LINE_MAX }
    }

    fn take(&mut self, frame: Frame<'_>) -> Result<Next<Option<Status>>> {
        self.lines += 1;
        let line = match frame {
            Frame::Line(line) if self.lines <= LINES_MAX => line,
            _ => return Err(Error::new(Kind::Protocol, "the server speaks without being asked, and not in lines")),
        };
        let status = match StatusLine::parse(line) {
            Some(said) if said.tag != b"*" || said.verdict == Verdict::Bye => said,
            said if line.starts_with(b"* ") && (said.is_some() || announced(line).is_none()) => {
                return Ok(Next::Done(None));
            }
            _ => {
                let words = String::from_utf8_lossy(line);
                return Err(Error::new(Kind::Protocol, "what the server says is no IMAP").said(words));
            }
        };
        let text = String::from_utf8_lossy(status.text).into_owned();
        Ok(Next::Done(Some(Status { verdict: status.verdict, text, capabilities: None })))
    }
}

/// A status response, or a request to go on, as it stands in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusLine<'a> {
    /// Of the command it ends; `*` if it ends none, `+` if it is a request to go on.
    pub tag: &'a [u8],
    /// The answer in one word.
    pub verdict: Verdict,
    /// The server's words, in no character set for sure.
    pub text: &'a [u8],
}

impl<'a> StatusLine<'a> {
    /// Reads a line without its CRLF; `None` if it is of another sort.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        const VERDICTS: [(&str, Verdict); 5] = [
            ("OK", Verdict::Ok),
            ("NO", Verdict::No),
            ("BAD", Verdict::Bad),
            ("BYE", Verdict::Bye),
            ("PREAUTH", Verdict::PreAuth),
        ];
        let (tag, rest) = word(line);
        if tag == b"+" {
            return Some(Self { tag, verdict: Verdict::Continue, text: rest });
        }
        let (second, text) = word(rest);
        let (_, verdict) = VERDICTS.iter().find(|(name, _)| second.eq_ignore_ascii_case(name.as_bytes()))?;
        (!tag.is_empty()).then_some(Self { tag, verdict: *verdict, text })
    }
}

/// The response code at the start of a text: its name, and what follows the name (RFC 9051 §7.1).
pub fn code(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('[')?.split(']').next()?;
    Some(inside.split_once(' ').unwrap_or((inside, "")))
}

/// A text between quotes; `None` if it must not stand there (RFC 9051 §4.3).
pub fn quoted(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            _ => return None,
        }
    }
    out.push('"');
    Some(out)
}

/// The flags that a server names. `\Recent` and unknown system flags are none; neither are words that no keyword can
/// be, nor more keywords than people give.
pub fn flags<'a>(words: impl IntoIterator<Item = &'a str>) -> Flags {
    let mut flags = Flags::new();
    let mut keywords = 0;
    for word in words {
        match SystemFlag::ALL.into_iter().find(|flag| flag.name().eq_ignore_ascii_case(word)) {
            Some(flag) => flags.set(flag, true),
            None if is_keyword(word) && keywords < KEYWORDS_MAX => {
                keywords += 1;
                flags.set_keyword(word, true);
            }
            None => {}
        }
    }
    flags
}

/// `CAPABILITY IMAP4rev1 …`
fn capabilities(text: &str) -> Option<Vec<String>> {
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    words.next().filter(|word| word.eq_ignore_ascii_case("CAPABILITY"))?;
    Some(words.map(str::to_ascii_uppercase).collect())
}

fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|octet| *octet == b' ').unwrap_or(text.len());
    (&text[..end], text.get(end + 1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(mut request: Request, lines: &[&str]) -> Option<Result<Status>> {
        for line in lines {
            match request.take(Frame::Line(line.as_bytes())) {
                Ok(Next::Done(status)) => return Some(Ok(status)),
                Ok(Next::More(_)) => {}
                Err(error) => return Some(Err(error)),
            }
        }
        None
    }

    #[test]
    fn an_answer_is_its_tag_with_a_word() {
        for (lines, wanted) in [
            (&["c1 OK done"][..], Some(Verdict::Ok)),
            (&["* CAPABILITY IMAP4rev1 AUTH=PLAIN", "c1 ok"], Some(Verdict::Ok)),
            (&["* 3 EXISTS", "c1 NO [UNAVAILABLE] later"], Some(Verdict::No)),
            (&["* BYE too many"], Some(Verdict::Bye)),
            (&["+ go on"], Some(Verdict::Continue)),
            (&["c2 OK not mine"], None),
            (&["c1 BYE no such thing"], None),
            (&["c1 PREAUTH neither"], None),
            (&["* LIST () \"/\" {3}"], None),
            (&["HTTP/1.1 400 Bad Request"], None),
            (&[""], None),
        ] {
            let found = play(Request::capability(), lines).expect("an answer");
            assert_eq!(found.ok().map(|status| status.verdict), wanted, "{lines:?}");
        }
        assert!(play(Request::capability(), &["* OK still here"; 101]).expect("an answer").is_err());
    }

    #[test]
    fn what_comes_unasked_is_told_from_data_and_warnings() {
        for (line, wanted) in [
            ("* OK still here", Some(None)),
            ("* 3 EXISTS", Some(None)),
            ("* BYE too late", Some(Some(Verdict::Bye))),
            ("c4 OK early", Some(Some(Verdict::Ok))),
            ("x no", Some(Some(Verdict::No))),
            ("+ once more", Some(Some(Verdict::Continue))),
            ("* LIST () \"/\" {3}", None),
            ("HTTP/1.1 400 Bad Request", None),
            ("", None),
        ] {
            let found = match Unasked::default().take(Frame::Line(line.as_bytes())) {
                Ok(Next::Done(status)) => Some(status.map(|status| status.verdict)),
                _ => None,
            };
            assert_eq!(found, wanted, "{line}");
        }
        let mut unasked = Unasked::default();
        let mut takes = || unasked.take(Frame::Line(b"* OK still here")).is_ok();
        assert!((0..LINES_MAX).all(|_| takes()) && !takes());
    }

    #[test]
    fn a_greeting_is_one_line_without_tag() {
        for (line, wanted) in [
            ("* OK [CAPABILITY IMAP4rev1 STARTTLS] hello", Some((Verdict::Ok, Some(2)))),
            ("* PREAUTH welcome", Some((Verdict::PreAuth, None))),
            ("* BYE busy", Some((Verdict::Bye, None))),
            ("* CAPABILITY IMAP4rev1", None),
            (" OK hello", None),
            ("220 mail.example ESMTP", None),
            ("+OK POP3", None),
        ] {
            let found = play(Request::greeting(), &[line]).expect("an answer").ok();
            let found = found.map(|status| (status.verdict, status.capabilities.map(|list| list.len())));
            assert_eq!(found, wanted, "{line}");
        }
    }

    #[test]
    fn secrets_that_quotes_cannot_hold_are_not_sent_by_login() {
        assert_eq!(quoted(r#"a "b" \c"#).as_deref(), Some(r#""a \"b\" \\c""#));
        for bad in ["a\r\nb", "p\u{e4}ss", "\0", "\u{7f}"] {
            assert!(quoted(bad).is_none() && Request::login("bob", bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn refusals_say_whether_to_try_again() {
        for (verdict, text, wanted) in [
            (Verdict::No, "[AUTHENTICATIONFAILED] no", Kind::NoPermission),
            (Verdict::No, "[unavailable] later", Kind::Temporary),
            (Verdict::No, "no", Kind::Unavailable),
            (Verdict::Bad, "what?", Kind::Protocol),
            (Verdict::Bye, "going down", Kind::Temporary),
        ] {
            assert_eq!(kind(verdict, text), wanted, "{text}");
        }
    }

    #[test]
    fn flags_are_taken_as_far_as_they_mean_something() {
        let found = flags(["\\seen", "\\Recent", "\\XUnknown", "$Forwarded", "a b", "", "\\*"]);
        assert!(found.has(SystemFlag::Seen) && found.has_keyword("$forwarded"));
        assert_eq!(found.keywords().count(), 1);
        let many: Vec<String> = (0..100_000).map(|number| format!("k{number}")).collect();
        let found = flags(many.iter().map(String::as_str).chain(["\\Seen"]));
        assert_eq!((found.keywords().count(), found.has(SystemFlag::Seen)), (KEYWORDS_MAX, true));
    }

    #[test]
    fn status_responses_are_told_from_others_and_have_codes() {
        for (line, wanted) in [
            ("* OK", Some(("*", Verdict::Ok, ""))),
            ("m1 no [X y] z", Some(("m1", Verdict::No, "[X y] z"))),
            ("* BYE", Some(("*", Verdict::Bye, ""))),
            ("+ go", Some(("+", Verdict::Continue, "go"))),
            ("+", Some(("+", Verdict::Continue, ""))),
            ("* OKAY", None),
            ("* 3 EXISTS", None),
            (" OK", None),
            ("", None),
        ] {
            let found = StatusLine::parse(line.as_bytes());
            let wanted = wanted.map(|(tag, verdict, text): (&str, _, &str)| StatusLine {
                tag: tag.as_bytes(),
                verdict,
                text: text.as_bytes(),
            });
            assert_eq!(found, wanted, "{line}");
        }
        for (text, wanted) in [
            ("[UIDVALIDITY 7] x", Some(("UIDVALIDITY", "7"))),
            ("[ALERT]\u{e9}", Some(("ALERT", ""))),
            ("[PERMANENTFLAGS (a b)]", Some(("PERMANENTFLAGS", "(a b)"))),
            ("[", Some(("", ""))),
            ("no [ALERT]", None),
            ("", None),
        ] {
            assert_eq!(code(text), wanted, "{text}");
        }
    }
}
