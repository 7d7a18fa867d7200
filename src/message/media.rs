//! Media types and dispositions: a token, then parameters.
//!
//! Read by hand because two readers want two things: IMAP wants the parameters as they stand, people
//! want them put together and decoded; and because the mail of thirty years breaks every rule here.
//! RFC 2045 §5; RFC 2183 §2; RFC 2231 §3, §4.

use super::words;
use std::borrow::Cow;
use std::ops::Range;

/// `type/subtype; name=value; …`, both names in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType {
    /// `text`
    pub main: String,
    /// `plain`
    pub sub: String,
    /// What follows.
    pub parameters: Parameters,
}

/// `attachment; filename=…`, the kind in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposition {
    /// `inline`, `attachment` or what the sender invented.
    pub kind: String,
    /// What follows.
    pub parameters: Parameters,
}

/// Parameters in the order and form in which they were written, quotes taken off.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters(pub Vec<(String, String)>);

impl MediaType {
    /// A type without parameters; both names in lower case.
    pub fn new(main: &str, sub: &str) -> Self {
        Self { main: main.to_owned(), sub: sub.to_owned(), parameters: Parameters::default() }
    }

    /// Reads a Content-Type; `None` if it has not the form `type/subtype` (RFC 2045 §5.2: take text/plain).
    pub fn parse(body: &[u8]) -> Option<Self> {
        let (head, parameters) = split(body);
        let (main, sub) = head.split_once('/')?;
        let is_token =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !b"/\"".contains(&b));
        let (main, sub) = (main.trim().to_ascii_lowercase(), sub.trim().to_ascii_lowercase());
        (is_token(&main) && is_token(&sub)).then_some(Self { main, sub, parameters })
    }

    /// Whether this is that type.
    pub fn is(&self, main: &str, sub: &str) -> bool {
        self.main == main && self.sub == sub
    }

    /// Whether a whole message stands inside (RFC 2046 §5.2.1, RFC 6532 §3.7).
    pub fn is_message(&self) -> bool {
        self.main == "message" && matches!(self.sub.as_str(), "rfc822" | "global" | "news")
    }
}

impl std::fmt::Display for MediaType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.main, self.sub)
    }
}

impl Disposition {
    /// Reads a Content-Disposition; `None` if it is empty.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let (head, parameters) = split(body);
        let kind = head.trim().to_ascii_lowercase();
        (!kind.is_empty() || !parameters.0.is_empty()).then_some(Self { kind, parameters })
    }
}

impl Parameters {
    /// The value of a parameter: pieces joined, percent and encoded words decoded. An extended value is
    /// preferred to a plain one beside it, which is there for old readers.
    pub fn get(&self, name: &str) -> Option<String> {
        let mut pieces: Vec<(u32, bool, &str)> = Vec::new();
        let mut plain = None;
        for (key, value) in &self.0 {
            let (base, suffix) = key.split_once('*').map_or((key.as_str(), None), |(base, rest)| (base, Some(rest)));
            if !base.eq_ignore_ascii_case(name) {
                continue;
            }
            let Some(suffix) = suffix else {
                // Twice the same name: the first that says something.
                plain = plain.filter(|known: &&String| !known.is_empty()).or(Some(value));
                continue;
            };
            let (number, extended) = match suffix.strip_suffix('*') {
                Some(number) => (number, true),
                None => (suffix, suffix.is_empty()),
            };
            // `name*` is a single piece; what has no number there belongs to another parameter.
            let Ok(number) = (if number.is_empty() { Ok(0) } else { number.parse() }) else { continue };
            pieces.push((number, extended, value));
        }
        if pieces.is_empty() {
            return plain.map(|value| words::decode_words(value).into_owned());
        }
        pieces.sort_by_key(|piece| piece.0);
        pieces.dedup_by_key(|piece| piece.0);
        Some(join(&pieces))
    }
}

/// RFC 2231 §4.1: the charset stands in the first piece, and each piece says whether it is encoded.
fn join(pieces: &[(u32, bool, &str)]) -> String {
    let (mut charset, mut octets) = ("", Vec::new());
    for (at, (_, extended, value)) in pieces.iter().enumerate() {
        let mut value = *value;
        if at == 0 && *extended {
            let mut parts = value.splitn(3, '\'');
            if let (Some(label), Some(_), Some(text)) = (parts.next(), parts.next(), parts.next()) {
                (charset, value) = (label, text);
            }
        }
        match extended {
            true => octets.extend(unescape_percent(value.as_bytes())),
            false => octets.extend_from_slice(value.as_bytes()),
        }
    }
    let text = words::decode_charset(charset, &octets).unwrap_or_else(|| words::undeclared(&octets).0.into_owned());
    words::decode_words(&text).into_owned()
}

/// `%e2%82%ac` as octets; what is no code stays.
pub fn unescape_percent(value: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(value.len());
    let mut rest = value;
    while let [first, tail @ ..] = rest {
        rest = tail;
        let digit = |octet: u8| char::from(octet).to_digit(16);
        match (first, tail) {
            (b'%', [high, low, tail @ ..]) if digit(*high).is_some() && digit(*low).is_some() => {
                let (high, low) = (digit(*high).unwrap_or(0), digit(*low).unwrap_or(0));
                octets.push((high * 16 + low) as u8);
                rest = tail;
            }
            (octet, _) => octets.push(*octet),
        }
    }
    octets
}

/// The first token of a field body, comments left out: `base64` of ` base64 (really)`.
pub fn first_token(body: &[u8]) -> String {
    split(body).0.split_ascii_whitespace().next().unwrap_or_default().trim_matches('"').to_owned()
}

/// Where the pieces of a field body stand in it, read as [`MediaType`] and [`Disposition`] read them; but octets that
/// stand raw in an encoded word are not decoded by its charset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// The type, disposition or token, without comments, and where it stands.
    pub head: (String, Range<usize>),
    /// The parameters: name and value as [`Parameters`] has them, and where each stands, quotes and comments included.
    pub parameters: Vec<Placed>,
    /// Comments, wherever they stand.
    pub comments: Vec<Range<usize>>,
}

/// A parameter and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// As in [`Parameters`].
    pub name: String,
    /// As in [`Parameters`].
    pub value: String,
    /// Where the name stands.
    pub name_at: Range<usize>,
    /// Where the value stands.
    pub value_at: Range<usize>,
}

impl Layout {
    /// The parameters alone.
    pub fn parameters(&self) -> Parameters {
        Parameters(self.parameters.iter().map(|placed| (placed.name.clone(), placed.value.clone())).collect())
    }
}

/// The layout of a field body, in its octets.
pub fn layout(body: &[u8]) -> Layout {
    let unfolded = words::unfold(body);
    let (text, _) = words::undeclared(&unfolded);
    let mut layout = read(&text);
    // For each octet of the text the octet of the body that it came from: line ends are not in the text, and what is no
    // UTF-8 has become one character for each octet.
    let mut octets = (0..body.len()).filter(|at| !matches!(body[*at], b'\r' | b'\n'));
    let mut places = Vec::with_capacity(text.len() + 1);
    for c in text.chars() {
        let count = if matches!(text, Cow::Borrowed(_)) { c.len_utf8() } else { 1 };
        let first = places.len();
        places.extend(octets.by_ref().take(count));
        places.resize(first + c.len_utf8(), places.last().copied().unwrap_or(0));
    }
    places.push(body.len());
    let place = |at: usize| places.get(at).copied().unwrap_or(body.len());
    let moved = |at: &mut Range<usize>| *at = place(at.start)..place(at.end);
    moved(&mut layout.head.1);
    layout.comments.iter_mut().for_each(moved);
    for parameter in &mut layout.parameters {
        moved(&mut parameter.name_at);
        moved(&mut parameter.value_at);
    }
    layout
}

/// What stands before the first semicolon, and the parameters behind it.
fn split(body: &[u8]) -> (String, Parameters) {
    let unfolded = words::unfold(body);
    let layout = read(&words::field_text(&unfolded));
    (layout.head.0, Parameters(layout.parameters.into_iter().map(|placed| (placed.name, placed.value)).collect()))
}

/// The layout of a text without line ends.
fn read(text: &str) -> Layout {
    let mut reader = Reader { rest: text, whole: text.len(), comments: Vec::new() };
    let head = reader.bare(true, |c| c == ';');
    let head = (head.trim().to_owned(), 0..reader.at());
    let mut parameters = Vec::new();
    while !reader.rest.is_empty() {
        reader.rest = reader.rest.trim_start_matches(|c: char| c == ';' || c.is_whitespace());
        let start = reader.at();
        let name = reader.bare(true, |c| matches!(c, '=' | ';'));
        let name = name.trim();
        let name_at = start..reader.at();
        let Some(after) = reader.rest.strip_prefix('=') else { continue };
        reader.rest = after;
        let start = reader.at();
        let value = reader.value();
        if !name.is_empty() && !name.contains(char::is_whitespace) {
            parameters.push(Placed { name: name.to_owned(), value, name_at, value_at: start..reader.at() });
        }
    }
    Layout { head, parameters, comments: reader.comments }
}

struct Reader<'t> {
    rest: &'t str,
    /// Octets of the text at the beginning.
    whole: usize,
    comments: Vec<Range<usize>>,
}

impl Reader<'_> {
    /// Where the rest begins.
    fn at(&self) -> usize {
        self.whole - self.rest.len()
    }

    /// Text up to a delimiter, which stays; comments left out (RFC 822 §3.4.3). In a value, a parenthesis in the
    /// middle of a word is part of it: `report(1).pdf`; in a `token` it never is.
    fn bare(&mut self, token: bool, ends: impl Fn(char) -> bool) -> String {
        let mut text = String::new();
        let mut chars = self.rest.char_indices();
        let (mut depth, mut comment) = (0usize, 0);
        let (start, mut end) = (self.at(), self.rest.len());
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' if depth > 0 => drop(chars.next()),
                '(' if token || depth > 0 || text.is_empty() || text.ends_with(char::is_whitespace) => {
                    comment = if depth == 0 { at } else { comment };
                    depth += 1;
                }
                ')' if depth > 0 => {
                    depth -= 1;
                    if depth == 0 {
                        self.comments.push(start + comment..start + at + 1);
                    }
                }
                c if depth == 0 && ends(c) => {
                    end = at;
                    break;
                }
                c if depth == 0 => text.push(c),
                _ => {}
            }
        }
        if depth > 0 {
            self.comments.push(start + comment..self.whole);
        }
        self.rest = &self.rest[end..];
        text
    }

    /// A value, quoted or not. Unquoted, it goes to the semicolon: names with spaces are common.
    fn value(&mut self) -> String {
        self.rest = self.rest.trim_start();
        let Some(quoted) = self.rest.strip_prefix('"') else {
            return self.bare(false, |c| c == ';').trim_end().to_owned();
        };
        let mut value = String::new();
        let mut chars = quoted.char_indices().peekable();
        let mut end = quoted.len();
        while let Some((at, c)) = chars.next() {
            match c {
                // A backslash before anything else is a path somebody forgot to escape.
                '\\' if matches!(chars.peek(), Some((_, '"' | '\\'))) => value.extend(chars.next().map(|(_, c)| c)),
                '"' => {
                    end = at + 1;
                    break;
                }
                c => value.push(c),
            }
        }
        self.rest = &quoted[end..];
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parameter(body: &str, name: &str) -> Option<String> {
        MediaType::parse(body.as_bytes()).expect(body).parameters.get(name)
    }

    #[test]
    fn types_are_read_in_any_case_and_with_comments() {
        for (body, wanted) in [
            ("text/plain", Some("text/plain")),
            (" TEXT/Html ; charset=utf-8", Some("text/html")),
            ("text/plain (a comment; with \\) semicolon); charset=x", Some("text/plain")),
            ("multipart/mixed;boundary=x", Some("multipart/mixed")),
            ("application/x.y-z+json", Some("application/x.y-z+json")),
            ("message/(x)rfc822", Some("message/rfc822")),
            ("text", None),
            ("", None),
            ("text/", None),
            ("a b/c", None),
        ] {
            let found = MediaType::parse(body.as_bytes()).map(|media| media.to_string());
            assert_eq!(found.as_deref(), wanted, "{body}");
        }
        assert_eq!(first_token(b" base64 (really)"), "base64");
    }

    #[test]
    fn parameters_are_put_together() {
        for (body, wanted) in [
            ("a/b; name=x.txt", Some("x.txt")),
            ("a/b; NAME=\"x \\\"y\\\".txt\"", Some("x \"y\".txt")),
            ("a/b; name=two words.txt; x=y", Some("two words.txt")),
            ("a/b; name=report(1).pdf", Some("report(1).pdf")),
            ("a/b; name=x (a comment)", Some("x")),
            ("a/b; name=\"C:\\dir\\x.txt\"", Some("C:\\dir\\x.txt")),
            ("a/b; name=\"no end", Some("no end")),
            ("a/b; x=\"y\" name=z", Some("z")),
            ("a/b; name*=utf-8''%e2%82%ac%20rates", Some("€ rates")),
            ("a/b; name=old; name*=utf-8''new", Some("new")),
            ("a/b; name*1=b; name*0=a; name*2*=%63", Some("abc")),
            ("a/b; name*0*=utf-8''caf%c3; name*1*=%a9", Some("café")),
            ("a/b; name=\"=?utf-8?q?caf=C3=A9?=\"", Some("café")),
            ("a/b; name*=%zz", Some("%zz")),
            ("a/b; name=\"\"; name=x", Some("x")),
            ("a/b; name*x=y", None),
            ("a/b; name=x; name*=utf-8''y", Some("y")),
            ("a/b; name*0*=utf-8''%C3%A9; name*1=\"%41.txt\"", Some("é%41.txt")),
            ("a/b; name*00=a; name*01=b", Some("ab")),
            ("a/b;;; =x; name=a.txt", Some("a.txt")),
            ("a/b; name=", Some("")),
            ("a/b; name", None),
            ("a/b", None),
        ] {
            assert_eq!(parameter(body, "name").as_deref(), wanted, "{body}");
        }
    }

    #[test]
    fn each_piece_has_its_place() {
        for body in [
            &b" a/b (c; d);\r\n\tstray\"; na(x)me = \"y\\\"\xe9;\r\n z\" junk; n*0=(q) w (r\r\n"[..],
            " a/b (c; d);\n stray\"; na(x)me = \"y\\\"é;\r\n z\" junk; n*0=(q) w (r".as_bytes(),
        ] {
            let layout = layout(body);
            let said = |at: &Range<usize>| words::undeclared(&words::unfold(&body[at.clone()])).0.trim().to_owned();
            assert_eq!((layout.head.0.as_str(), said(&layout.head.1).as_str()), ("a/b", "a/b (c; d)"));
            let found: Vec<_> = layout.parameters.iter().map(|p| (said(&p.name_at), said(&p.value_at))).collect();
            let wanted = [("na(x)me", "\"y\\\"é; z\""), ("n*0", "(q) w (r")];
            assert_eq!(found, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
            assert_eq!(layout.comments.iter().map(said).collect::<Vec<_>>(), ["(c; d)", "(x)", "(q)", "(r"]);
        }
    }

    proptest! {
        #[test]
        fn no_octets_make_the_reader_panic(octets in any::<Vec<u8>>(), text in "[a/;=*0\"\\\\(')%é\r\n ]{0,40}") {
            let cut = [text.as_bytes(), b"\xe9", &octets].concat();
            for body in [&octets[..], text.as_bytes(), &cut] {
                let (_, parameters) = split(body);
                for (name, _) in &parameters.0 {
                    parameters.get(name);
                }
                let mut done = 0;
                for Placed { name_at, value_at, .. } in layout(body).parameters {
                    prop_assert!(done <= name_at.start && name_at.end < value_at.start && value_at.end <= body.len());
                    prop_assert_eq!(body[name_at.end], b'=');
                    done = value_at.end;
                }
            }
        }
    }
}
