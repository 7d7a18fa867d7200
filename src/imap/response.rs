//! How a server writes: strings in the right quotes, flags, status responses and their codes.
//!
//! Whatever octets come in, what goes out is one well-formed response: what cannot be quoted
//! becomes a literal, what cannot be a literal loses its NULs. Decides nothing.
//! RFC 9051 §4.3, §7.1, §9; RFC 5530.

use super::flag::{Flags, SystemFlag};
use super::mailbox::CopyUid;
use super::name;
use super::number::{SeqNum, Uid, UidValidity};
use super::set::print_uids;
use super::token::{is_astring, is_atom};
use std::fmt;

/// How a command ended, or what the server has to say meanwhile (RFC 9051 §7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Done.
    Ok,
    /// Understood, and not done.
    No,
    /// Not understood, or not allowed now.
    Bad,
    /// The connection closes.
    Bye,
}

/// What a status response tells a program, beside its text for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// The name is taken.
    AlreadyExists,
    /// Where an appended message went.
    AppendUid(UidValidity, Uid),
    /// Name or password is wrong.
    AuthenticationFailed,
    /// The charsets that SEARCH knows.
    BadCharset,
    /// It can never be done.
    Cannot,
    /// What the server can do.
    Capability(String),
    /// Which message became which.
    CopyUid(CopyUid),
    /// The message is gone, only the client has not been told yet.
    ExpungeIssued,
    /// There is more of something than the server takes.
    Limit,
    /// No such mailbox.
    NonExistent,
    /// No room is left.
    OverQuota,
    /// The flags that can be changed for good; `None` if nothing can.
    PermanentFlags(Option<Flags>),
    /// Not without TLS.
    PrivacyRequired,
    /// Nothing can be changed in this mailbox.
    ReadOnly,
    /// Messages can be changed and removed.
    ReadWrite,
    /// A mistake of the server's.
    ServerBug,
    /// The message or literal is larger than the server takes.
    TooBig,
    /// No such mailbox, but creating it might help.
    TryCreate,
    /// The next message's UID.
    UidNext(Uid),
    /// The mailbox's UIDVALIDITY.
    UidValidity(UidValidity),
    /// It may work later.
    Unavailable,
    /// The first message without `\Seen`.
    Unseen(SeqNum),
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "OK",
            Self::No => "NO",
            Self::Bad => "BAD",
            Self::Bye => "BYE",
        })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyExists => f.write_str("ALREADYEXISTS"),
            Self::AppendUid(validity, uid) => write!(f, "APPENDUID {validity} {uid}"),
            Self::AuthenticationFailed => f.write_str("AUTHENTICATIONFAILED"),
            Self::BadCharset => f.write_str("BADCHARSET (US-ASCII UTF-8)"),
            Self::Cannot => f.write_str("CANNOT"),
            Self::Capability(list) => write!(f, "CAPABILITY {list}"),
            Self::CopyUid(CopyUid { validity, pairs }) => {
                let (old, new) = (pairs.iter().map(|pair| pair.0), pairs.iter().map(|pair| pair.1));
                write!(f, "COPYUID {validity} {} {}", print_uids(old), print_uids(new))
            }
            Self::ExpungeIssued => f.write_str("EXPUNGEISSUED"),
            Self::Limit => f.write_str("LIMIT"),
            Self::NonExistent => f.write_str("NONEXISTENT"),
            Self::OverQuota => f.write_str("OVERQUOTA"),
            Self::PermanentFlags(None) => f.write_str("PERMANENTFLAGS ()"),
            Self::PermanentFlags(Some(flags)) => {
                let list = flag_list(flags, false);
                let inner = list.trim_end_matches(')');
                // `\*`: keywords can be made up (RFC 9051 §7.1).
                write!(f, "PERMANENTFLAGS {inner}{}\\*)", if inner == "(" { "" } else { " " })
            }
            Self::PrivacyRequired => f.write_str("PRIVACYREQUIRED"),
            Self::ReadOnly => f.write_str("READ-ONLY"),
            Self::ReadWrite => f.write_str("READ-WRITE"),
            Self::ServerBug => f.write_str("SERVERBUG"),
            Self::TooBig => f.write_str("TOOBIG"),
            Self::TryCreate => f.write_str("TRYCREATE"),
            Self::UidNext(uid) => write!(f, "UIDNEXT {uid}"),
            Self::UidValidity(validity) => write!(f, "UIDVALIDITY {validity}"),
            Self::Unavailable => f.write_str("UNAVAILABLE"),
            Self::Unseen(number) => write!(f, "UNSEEN {number}"),
        }
    }
}

/// A status response without tag and line end: `NO [CANNOT] text`.
pub fn status(condition: Condition, code: Option<&Code>, text: &str) -> String {
    match code {
        Some(code) => format!("{condition} [{code}] {text}"),
        None => format!("{condition} {text}"),
    }
}

/// A quoted string, or a literal if it holds what may not be quoted.
pub fn string(octets: &[u8], out: &mut Vec<u8>) {
    // Long strings go as literals too: clients read lines into buffers of a fixed size (RFC 2683 §3.2.1.5).
    let quotable = octets.len() <= 1000 && octets.iter().all(|octet| matches!(octet, b' '..=b'~' | b'\t'));
    if quotable {
        out.push(b'"');
        for octet in octets {
            if matches!(octet, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(*octet);
        }
        out.push(b'"');
        return;
    }
    // RFC 9051 §4.3: no NUL in a literal either.
    let len = octets.iter().filter(|octet| **octet != 0).count();
    out.extend_from_slice(format!("{{{len}}}\r\n").as_bytes());
    out.extend(octets.iter().filter(|octet| **octet != 0));
}

/// A string, or NIL for nothing.
pub fn nstring(octets: Option<&[u8]>, out: &mut Vec<u8>) {
    match octets {
        Some(octets) => string(octets, out),
        None => out.extend_from_slice(b"NIL"),
    }
}

/// An atom if it can be one, a string otherwise.
pub fn astring(octets: &[u8], out: &mut Vec<u8>) {
    let is_word = !octets.is_empty() && octets.iter().copied().all(is_astring) && !octets.eq_ignore_ascii_case(b"NIL");
    if is_word { out.extend_from_slice(octets) } else { string(octets, out) }
}

/// A mailbox name.
pub fn mailbox(name: &str, out: &mut Vec<u8>) {
    astring(name::encode(name).as_bytes(), out);
}

/// `(\Seen Work)`; keywords that are no atoms, as another program may have left them, are passed over.
pub fn flag_list(flags: &Flags, recent: bool) -> String {
    let mut words: Vec<&str> = Vec::new();
    words.extend(SystemFlag::ALL.into_iter().filter(|flag| flags.has(*flag)).map(|flag| flag.name()));
    words.extend(flags.keywords().filter(|keyword| is_keyword(keyword)));
    words.extend(recent.then_some("\\Recent"));
    format!("({})", words.join(" "))
}

/// Whether a word can be a keyword.
pub fn is_keyword(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(is_atom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::token::Lexer;
    use proptest::prelude::*;

    fn printed(print: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        print(&mut out);
        out.escape_ascii().to_string().replace("\\\"", "\"").replace("\\\\", "\\")
    }

    #[test]
    fn strings_get_the_quotes_they_need() {
        let long = "x".repeat(1001);
        for (octets, wanted) in [
            (&b""[..], "\"\""),
            (b"a b", "\"a b\""),
            (b"a\"b\\", "\"a\\\"b\\\\\""),
            (b"a\r\nb", "{4}\\r\\na\\r\\nb"),
            (b"\xc3\xa4", "{2}\\r\\n\\xc3\\xa4"),
            (b"a\0b", "{2}\\r\\nab"),
            (b"\x7f", "{1}\\r\\n\\x7f"),
            (long.as_bytes(), &format!("{{1001}}\\r\\n{long}")),
        ] {
            assert_eq!(printed(|out| string(octets, out)), wanted);
        }
        assert_eq!(printed(|out| nstring(None, out)), "NIL");
        assert_eq!(printed(|out| nstring(Some(b""), out)), "\"\"");
        assert_eq!(printed(|out| astring(b"a]b", out)), "a]b");
        for quoted in ["NIL", "a b", "", "a%b"] {
            assert_eq!(printed(|out| astring(quoted.as_bytes(), out)), format!("\"{quoted}\""));
        }
        assert_eq!(printed(|out| mailbox("Entwürfe & mehr", out)), "\"Entw&APw-rfe &- mehr\"");
    }

    #[test]
    fn flags_and_codes_are_written_as_the_grammar_wants_them() {
        let flags = Flags::from_parts(
            SystemFlag::Seen as u8 | SystemFlag::Answered as u8,
            ["Work".to_owned(), "not one".to_owned(), "x)".to_owned()],
        );
        assert_eq!(flag_list(&flags, true), "(\\Answered \\Seen Work \\Recent)");
        assert_eq!(flag_list(&Flags::new(), false), "()");
        assert_eq!(Code::PermanentFlags(Some(flags)).to_string(), "PERMANENTFLAGS (\\Answered \\Seen Work \\*)");
        assert_eq!(Code::PermanentFlags(Some(Flags::new())).to_string(), "PERMANENTFLAGS (\\*)");
        assert_eq!(Code::PermanentFlags(None).to_string(), "PERMANENTFLAGS ()");
        let uid = |number| Uid::new(number).expect("not zero");
        let pairs = vec![(uid(3), uid(10)), (uid(4), uid(11)), (uid(9), uid(12))];
        let code = Code::CopyUid(CopyUid { validity: UidValidity::new(7).expect("not zero"), pairs });
        assert_eq!(status(Condition::Ok, Some(&code), "Done"), "OK [COPYUID 7 3:4,9 10:12] Done");
        assert_eq!(status(Condition::No, None, "No"), "NO No");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(octets in proptest::collection::vec(1_u8.., 0..40)) {
            for print in [string, astring] {
                let mut out = Vec::new();
                print(&octets, &mut out);
                let mut lexer = Lexer::new(&out);
                let read = lexer.astring().map(|text| text.into_owned());
                prop_assert_eq!(read.as_deref(), Ok(octets.as_slice()));
                prop_assert!(lexer.end().is_ok());
            }
        }
    }
}
