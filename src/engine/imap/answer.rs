//! What a response says, as far as anybody here asks for it.
//!
//! Servers say more than they are asked: news, extensions, things of their own. What nobody here uses is passed
//! over without being read. What is used and cannot be read is handed on as the line that it is, so that one odd line
//! costs one message and not the run. The grammar of FETCH is imap-proto's, which goes into body structures as deep
//! as they are and ends the process where the stack does: so what nests deeper than what is asked for is not given
//! to it. RFC 9051 §7.

use super::Listed;
use super::mend::has_no_date;
use crate::imap::client::{StatusLine, Verdict};
use crate::imap::counts::Counts;
use crate::imap::esearch::Esearch;
use crate::imap::mailbox::SpecialUse;
use crate::imap::set::UidRanges;
use crate::imap::token::{Lexer, Syntax};
use crate::wire::literal::announced;
use async_imap::imap_proto::{AttributeValue, Response};
use std::borrow::Cow;

/// Parentheses within each other in an answer to what is asked for here: the items, and the flags in them.
const DEPTH_MAX: usize = 2;
/// Words of a list of capabilities.
const WORDS_MAX: usize = 1000;
/// Octets of a FETCH outside its literals; what is asked for here comes in some hundred.
const FETCH_MAX: usize = 256 * 1024;
/// Octets of a line that are shown to a user.
const SHOWN: usize = 200;

/// A response.
#[derive(Debug)]
pub(super) enum Answer<'a> {
    /// The end of a command.
    Done { tag: &'a [u8], verdict: Verdict, text: Cow<'a, str> },
    /// What a server says by itself, or about the command that is under way.
    Status { verdict: Verdict, text: Cow<'a, str> },
    /// The server waits for more.
    Continue,
    /// How many messages there are.
    Exists(u32),
    /// The message of this number is gone, and those behind it move up.
    Expunge(u32),
    /// A mailbox, or the line that names one and cannot be read.
    List(Result<Listed, String>),
    /// A mailbox that is subscribed to.
    Subscribed(Listed),
    /// The counts of a mailbox.
    Counts(String, Counts),
    /// Messages that are gone; whether they went before the mailbox was opened (RFC 7162 §3.2.10).
    Vanished { is_earlier: bool, uids: UidRanges<'a> },
    /// What a search found, as ranges.
    Esearch(Esearch<'a>),
    /// What a search found, number by number: digits and blanks, and perhaps a MODSEQ.
    Search(&'a [u8]),
    /// Extensions that are on from now, in capitals.
    Enabled(Vec<String>),
    /// What the server can do, in capitals.
    Capability(Vec<String>),
    /// A message by its number, or the line that tells of one and cannot be read.
    Fetch(Result<(u32, Vec<AttributeValue<'a>>), String>),
    /// Something else.
    Unasked,
}

/// Reads a response that is mended, its CRLF included; `None` if no IMAP server says such a thing.
pub(super) fn read(response: &[u8]) -> Option<Answer<'_>> {
    let line = response.strip_suffix(b"\r\n").unwrap_or(response);
    if let Some(StatusLine { tag, verdict, text }) = StatusLine::parse(line) {
        let text = String::from_utf8_lossy(text);
        return Some(match tag {
            b"+" => Answer::Continue,
            b"*" => Answer::Status { verdict, text },
            _ => Answer::Done { tag, verdict, text },
        });
    }
    let Some(data) = line.strip_prefix(b"* ") else {
        return line.is_empty().then_some(Answer::Unasked);
    };
    let mut lexer = Lexer::new(data);
    // Against RFC 9051 §9: some servers write more blanks than one.
    blanks(&mut lexer);
    let number = lexer.number().and_then(|number| lexer.space().map(|()| number));
    blanks(&mut lexer);
    let word = lexer.run(|octet| octet.is_ascii_alphanumeric());
    let is = |wanted: &str| word.eq_ignore_ascii_case(wanted.as_bytes());
    Some(match number {
        Ok(number) if is("EXISTS") => Answer::Exists(number),
        Ok(number) if is("EXPUNGE") => Answer::Expunge(number),
        Ok(_) if is("FETCH") => fetch(response),
        Err(_) if is("CAPABILITY") => Answer::Capability(words(lexer)),
        Err(_) if is("ENABLED") => Answer::Enabled(words(lexer)),
        Err(_) if is("LIST") => Answer::List(list(lexer).map_err(|_| shown(response))),
        Err(_) if is("LSUB") => list(lexer).map_or(Answer::Unasked, Answer::Subscribed),
        Err(_) if is("STATUS") => {
            blanks(&mut lexer);
            Counts::parse(&mut lexer).map_or(Answer::Unasked, |(name, counts)| Answer::Counts(name, counts))
        }
        Err(_) if is("ESEARCH") => Esearch::parse(&mut lexer).map_or(Answer::Unasked, Answer::Esearch),
        Err(_) if is("SEARCH") => Answer::Search(lexer.rest()),
        Err(_) if is("VANISHED") => vanished(lexer).unwrap_or(Answer::Unasked),
        _ => Answer::Unasked,
    })
}

fn words(lexer: Lexer<'_>) -> Vec<String> {
    let words = String::from_utf8_lossy(lexer.rest()).to_ascii_uppercase();
    words.split(' ').filter(|word| !word.is_empty()).take(WORDS_MAX).map(str::to_owned).collect()
}

/// `(EARLIER) uids`
fn vanished(mut lexer: Lexer<'_>) -> Option<Answer<'_>> {
    blanks(&mut lexer);
    let mark = lexer.run(|octet| !octet.is_ascii_digit());
    let is_earlier = mark.trim_ascii().eq_ignore_ascii_case(b"(EARLIER)");
    let uids = UidRanges::parse(lexer.rest().trim_ascii_end())?;
    (is_earlier || mark.is_empty()).then_some(Answer::Vanished { is_earlier, uids })
}

fn blanks(lexer: &mut Lexer<'_>) {
    while lexer.eat(b' ') {}
}

/// `(attributes) separator name`, and perhaps more that nobody asked for.
fn list(mut lexer: Lexer<'_>) -> Result<Listed, Syntax> {
    const FORM: &str = "no list";
    lexer.space()?;
    blanks(&mut lexer);
    lexer.expect(b'(', FORM)?;
    let attributes = String::from_utf8_lossy(lexer.run(|octet| !matches!(octet, b')' | b'"' | b'{')));
    lexer.expect(b')', FORM)?;
    lexer.space()?;
    blanks(&mut lexer);
    let separator = match lexer.peek() {
        Some(b'"' | b'{') => String::from_utf8_lossy(&lexer.string()?).chars().next(),
        _ if lexer.atom()?.eq_ignore_ascii_case("NIL") => None,
        _ => return Err(Syntax(FORM)),
    };
    lexer.space()?;
    blanks(&mut lexer);
    let wire_name = String::from_utf8_lossy(&lexer.list_mailbox()?).into_owned();
    if !matches!(lexer.peek(), None | Some(b' ')) {
        return Err(Syntax(FORM));
    }
    // RFC 9051 §7.3.1: a level that holds no messages, or one that is only the way to others.
    let is_level = |word: &str| ["\\Noselect", "\\NonExistent"].iter().any(|known| known.eq_ignore_ascii_case(word));
    let special_use = attributes.split(' ').find_map(special_use);
    let is_subscribed = attributes.split(' ').any(|word| word.eq_ignore_ascii_case("\\Subscribed"));
    Ok(Listed { wire_name, separator, selectable: !attributes.split(' ').any(is_level), special_use, is_subscribed })
}

/// RFC 6154 §2: servers say it even to those who did not ask.
fn special_use(attribute: &str) -> Option<SpecialUse> {
    let known = [
        ("\\All", SpecialUse::All),
        ("\\Archive", SpecialUse::Archive),
        ("\\Drafts", SpecialUse::Drafts),
        ("\\Flagged", SpecialUse::Flagged),
        ("\\Junk", SpecialUse::Junk),
        ("\\Sent", SpecialUse::Sent),
        ("\\Trash", SpecialUse::Trash),
    ];
    known.into_iter().find(|(word, _)| word.eq_ignore_ascii_case(attribute)).map(|(_, what)| what)
}

fn fetch(response: &[u8]) -> Answer<'_> {
    // What is left of such dates stands where only the parser sees it, and the parser panics.
    let is_readable = depth(response) <= DEPTH_MAX
        && Lines(response).map(<[u8]>::len).sum::<usize>() <= FETCH_MAX
        && !has_no_date(response);
    let parsed = is_readable.then(|| Response::parse(response));
    match parsed {
        Some(Ok(([], Response::Fetch(number, attributes)))) => Answer::Fetch(Ok((number, attributes))),
        // Whatever is asked for here comes with its UID; without one it is news.
        _ if has_uid(response) => Answer::Fetch(Err(shown(response))),
        _ => Answer::Unasked,
    }
}

/// How deep parentheses are within each other, outside literals.
fn depth(response: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for line in Lines(response) {
        let mut is_quoted = false;
        let mut octets = line.iter();
        while let Some(octet) = octets.next() {
            match octet {
                b'"' => is_quoted = !is_quoted,
                b'\\' if is_quoted => drop(octets.next()),
                b'(' if !is_quoted => depth += 1,
                b')' if !is_quoted => depth = depth.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(depth);
        }
    }
    deepest
}

fn has_uid(response: &[u8]) -> bool {
    Lines(response).any(|line| {
        line.windows(4).any(|word| word[..3].eq_ignore_ascii_case(b"UID") && matches!(word[3], b' ' | b')'))
    })
}

/// The start of a response, for people.
pub(super) fn shown(response: &[u8]) -> String {
    let line = Lines(response).next().unwrap_or_default();
    let cut = line.get(..SHOWN).map_or((line, ""), |start| (start, "..."));
    String::from_utf8_lossy(cut.0).into_owned() + cut.1
}

/// The lines of a response, without the literals between them.
pub(super) struct Lines<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = memchr::memchr(b'\n', self.0)?;
        let (line, behind) = self.0.split_at(end + 1);
        let line = line.strip_suffix(b"\r\n").unwrap_or(line);
        let literal = announced(line).flatten().and_then(|literal| usize::try_from(literal.len).ok());
        self.0 = behind.get(literal.unwrap_or_default()..).unwrap_or_default();
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::super::mend::mended;
    use super::*;
    use proptest::prelude::*;

    /// The answer in a word, and what is in it.
    fn told(response: &str) -> String {
        let mended = mended(response.as_bytes());
        match read(mended.as_deref().unwrap_or(response.as_bytes())) {
            None => "no IMAP".to_owned(),
            Some(Answer::Done { tag, verdict, text }) => {
                format!("done {} {verdict:?} {text}", String::from_utf8_lossy(tag))
            }
            Some(Answer::Status { verdict, text }) => format!("status {verdict:?} {text}"),
            Some(Answer::Continue) => "continue".to_owned(),
            Some(Answer::Exists(number)) => format!("exists {number}"),
            Some(Answer::Expunge(number)) => format!("expunge {number}"),
            Some(Answer::List(Ok(Listed { wire_name, separator, selectable, .. }))) => {
                format!("list {wire_name} {separator:?} {selectable}")
            }
            Some(Answer::Capability(words)) => format!("capability {}", words.join(" ")),
            Some(Answer::Fetch(Ok((_, attributes)))) => format!("fetch {}", attributes.len()),
            Some(Answer::List(Err(line)) | Answer::Fetch(Err(line))) => format!("unreadable {line}"),
            Some(Answer::Subscribed(listed)) => format!("subscribed {}", listed.wire_name),
            Some(Answer::Counts(name, counts)) => format!("counts {name} {:?}", counts.messages),
            Some(Answer::Vanished { is_earlier, uids }) => format!("vanished {is_earlier} {}", uids.count()),
            Some(Answer::Esearch(found)) => format!("esearch {:?}", found.all.map(UidRanges::count)),
            Some(Answer::Search(found)) => format!("search{}", String::from_utf8_lossy(found)),
            Some(Answer::Enabled(words)) => format!("enabled {}", words.join(" ")),
            Some(Answer::Unasked) => "unasked".to_owned(),
        }
    }

    #[test]
    fn what_is_asked_for_is_read_and_all_else_is_passed_over() {
        for (response, wanted) in [
            ("m1 OK done", "done m1 Ok done"),
            ("m1 no [ALERT]\u{e9}", "done m1 No [ALERT]\u{e9}"),
            ("* OK [ALERT]\u{e9}", "status Ok [ALERT]\u{e9}"),
            ("* bye", "status Bye "),
            ("+", "continue"),
            ("* 3 EXISTS", "exists 3"),
            ("* 3 exists ", "exists 3"),
            ("* 3 EXPUNGE", "expunge 3"),
            ("* 4294967296 EXISTS", "unasked"),
            ("* 3 RECENT", "unasked"),
            ("* FLAGS (\\Seen)", "unasked"),
            ("* ESEARCH (TAG \"x\") UID ALL 1:3", "esearch Some(3)"),
            ("* ESEARCH (TAG \"x\") UID ALL 1:*", "unasked"),
            ("* SEARCH 4 7 2 (MODSEQ 3)", "search 4 7 2 (MODSEQ 3)"),
            ("* SEARCH", "search"),
            ("* VANISHED (EARLIER) 1:3", "vanished true 3"),
            ("*  vanished  (earlier)  1:4294967295", "vanished true 4294967295"),
            ("* VANISHED 7", "vanished false 1"),
            ("* VANISHED (LATER) 7", "unasked"),
            ("* VANISHED (EARLIER) *", "unasked"),
            ("* STATUS \"a b\" (MESSAGES 3)", "counts a b Some(3)"),
            ("* STATUS a", "unasked"),
            ("* LSUB () \"/\" a/b", "subscribed a/b"),
            ("* ENABLED condstore QRESYNC", "enabled CONDSTORE QRESYNC"),
            ("*  3  EXISTS", "exists 3"),
            ("* CAPABILITY IMAP4rev2 literal+", "capability IMAP4REV2 LITERAL+"),
            ("* XLIST (((((((((", "unasked"),
            ("* \u{e9}", "unasked"),
            ("", "unasked"),
            ("HTTP/1.1 400 Bad Request", "no IMAP"),
            ("m1", "no IMAP"),
            ("*", "no IMAP"),
        ] {
            assert_eq!(told(&format!("{response}\r\n")), wanted, "{response}");
        }
    }

    #[test]
    fn mailboxes_are_read_as_servers_write_them() {
        for (response, wanted) in [
            ("() \"/\" INBOX", "list INBOX Some('/') true"),
            ("(\\NoSelect \\HasChildren) \".\" Work", "list Work Some('.') false"),
            ("(\\nonexistent) NIL \"a b\"", "list a b None false"),
            ("() \"\\\\\" \"a\\\\b\\\"c\\\"\"", "list a\\b\"c\" Some('\\\\') true"),
            // In a literal a backslash is one.
            ("() \"/\" {3}\r\na\\b", "list a\\b Some('/') true"),
            ("() \"/\" {3}\r\na\nb", "list a\nb Some('/') true"),
            ("() \"/\" x (\"CHILDINFO\" (\"SUBSCRIBED\"))", "list x Some('/') true"),
            ("() \"\" x", "list x None true"),
            ("() x", "unreadable * LIST () x"),
            ("\\Marked \"/\" x", "unreadable * LIST \\Marked \"/\" x"),
            ("() \"/\" x(y", "unreadable * LIST () \"/\" x(y"),
            ("", "unreadable * LIST "),
        ] {
            assert_eq!(told(&format!("* LIST {response}\r\n")), wanted, "{response}");
        }
    }

    #[test]
    fn messages_are_read_unless_they_nest_deeper_than_what_was_asked_for() {
        let deep = format!("(UID 1 BODYSTRUCTURE {}{})", "(".repeat(300_000), ")".repeat(300_000));
        let long = format!("(UID 1 FLAGS ({}", "x ".repeat(1000));
        for (items, wanted) in [
            ("(UID 1 FLAGS (\\Seen a) RFC822.SIZE 3)", "fetch 3"),
            ("(UID 1 X-NEW (1 2) MODSEQ (7) EMAILID (M1))", "fetch 4"),
            ("(UID 1 BODY[] {9}\r\n((((\"\r\n\\))", "fetch 2"),
            ("(UID 1 BODY[]<0> NIL)", "fetch 2"),
            ("(FLAGS (\"((((\"))", "fetch 1"),
            ("(UID 1 INTERNALDATE NIL)", "fetch 2"),
            ("( UID 1  FLAGS ( \\Seen ) ) ", "fetch 2"),
            ("(UID 1 X-TEXT \"\u{e9}\")", "fetch 2"),
            ("(UID 1 BODY[HEADER.FIELDS (MESSAGE-ID)] {2}\r\n\r\n)", "fetch 2"),
            // A quote where none may be hides it from whoever believes in quotes.
            ("(UID 1 X a\"b INTERNALDATE NIL \")", "unreadable * 1 FETCH (UID 1 X a\"b INTERNALDATE NIL \")"),
            ("(UID )", "unreadable * 1 FETCH (UID)"),
            ("(UID nonsense)", "fetch 1"),
            ("nonsense", "unasked"),
            ("(ENVELOPE ((((\"x\")))))", "unasked"),
            (&deep, &format!("unreadable * 1 FETCH (UID 1 BODYSTRUCTURE {}...", "(".repeat(SHOWN - 31))),
            (&long, &format!("unreadable * 1 FETCH {}...", &long[..SHOWN - 10])),
        ] {
            assert_eq!(told(&format!("* 1 FETCH {items}\r\n")), wanted, "{items:.80}");
        }
    }

    proptest! {
        #[test]
        fn no_response_makes_it_panic(
            start in "(\\* (LIST|[0-9] FETCH|OK) |m1 OK |\\+ ?|)",
            rest in "([\\[\\](){}\"\\\\ a-z0-9é\r\n]|UID |BODY|FLAGS |NIL|\\{3\\}\r\n){0,40}",
        ) {
            let response = format!("{start}{rest}\r\n");
            let _ = read(mended(response.as_bytes()).as_deref().unwrap_or(response.as_bytes()));
        }
    }
}
