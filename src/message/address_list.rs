//! Address lists of header fields: names, mailboxes, groups.
//!
//! Read by hand, since IMAP must give names as they stand and submission must take nothing for an
//! address that is none. One pass, no recursion; reads what is obsolete and most of what is wrong.
//! RFC 5322 §3.4, §4.4; RFC 6854.

use super::words;
use crate::address::{Address, AddressError, Domain, is_atext};

/// Mailboxes and groups of one field that are read; who writes more wants to fill memory.
pub const ENTRIES_MAX: usize = 50_000;

/// One element of an address list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// `Alice <alice@crepes.example>`
    Mailbox(NameAddr),
    /// `friends: bob@x, carol@y;` with its name undecoded; often empty, for undisclosed recipients.
    Group(String, Vec<NameAddr>),
}

/// A display name and an address, as written: nothing decoded, nothing checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameAddr {
    /// The display name without quotes, encoded words still encoded; else the comment behind the address.
    pub name: Option<String>,
    /// The local part without quotes.
    pub local_part: String,
    /// The domain; empty if there was no `@`.
    pub domain: String,
    /// A blank, or another character that is in no atom, stands in the local part without quotes around it: more
    /// likely a slip, as a comma that was forgotten, than somebody's name. Or there is an `@` and nothing behind it.
    pub lacks_quotes: bool,
}

impl NameAddr {
    /// The name as people read it.
    pub fn display_name(&self) -> Option<String> {
        self.name.as_deref().map(|name| words::decode_words(name).into_owned())
    }

    /// The address, if it is one that an envelope can hold.
    pub fn address(&self) -> Result<Address, AddressError> {
        if self.domain.is_empty() {
            return Err(AddressError::NoAt);
        }
        if self.lacks_quotes {
            return Err(AddressError::Unquoted);
        }
        Address::new(&self.local_part, Domain::parse(&self.domain)?)
    }

    /// The name of a user of this machine, if that is all there is: `root`.
    pub fn local_name(&self) -> Option<&str> {
        // Where a comma stands in an encoded word, its beginning only looks like a name.
        let is_odd = self.lacks_quotes || self.local_part.starts_with("=?");
        let is_name = self.domain.is_empty() && !self.local_part.is_empty() && !is_odd;
        is_name.then_some(self.local_part.as_str())
    }

    /// `local-part@domain` for people, or the local part alone; not always an address.
    pub fn spec(&self) -> String {
        if self.domain.is_empty() {
            return self.local_part.clone();
        }
        // What came in quotes is no address without them; what never had any stays as it is.
        let needs_quotes = !self.lacks_quotes && self.local_part.chars().any(|c| c != '.' && !is_atext(c));
        match needs_quotes {
            true => format!("\"{}\"@{}", self.local_part.replace('\\', "\\\\").replace('"', "\\\""), self.domain),
            false => format!("{}@{}", self.local_part, self.domain),
        }
    }

    /// Name and address for a reader; `None` where words stand that are neither, like `undisclosed recipients`.
    pub fn person(&self) -> Option<(Option<String>, String)> {
        let address = self.spec();
        if address.is_empty() || self.domain.is_empty() && self.lacks_quotes && address.contains(' ') {
            return None;
        }
        Some((self.display_name().filter(|name| !name.is_empty()), address))
    }
}

/// The mailboxes of a list, those in groups included, in order.
pub fn mailboxes(entries: &[Entry]) -> impl Iterator<Item = &NameAddr> {
    entries.iter().flat_map(|entry| match entry {
        Entry::Mailbox(mailbox) => std::slice::from_ref(mailbox),
        Entry::Group(_, members) => members,
    })
}

/// Whether a list was so long that its end was not read, and with it whoever stands there.
pub fn is_cut(entries: &[Entry]) -> bool {
    let groups = entries.iter().filter(|entry| matches!(entry, Entry::Group(..)));
    groups.count() + mailboxes(entries).count() >= ENTRIES_MAX
}

/// Reads a field body. Nothing is an error: what makes no sense becomes a name or a local part.
pub fn parse(body: &[u8]) -> Vec<Entry> {
    let unfolded = words::unfold(body);
    let text = words::field_text(&unfolded);
    let mut list = List::default();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => list.word(&quoted(&mut chars, '"'), true),
            '(' => {
                // What stands behind an address may be a name (RFC 822 §A.1.2 wrote it so); in front of one, it is none.
                let comment = comment(&mut chars);
                list.space = true;
                if !list.phrase.is_empty() || list.angle.is_some() {
                    list.comment = Some(comment);
                }
            }
            '[' => {
                let literal = quoted(&mut chars, ']');
                list.word(&format!("[{literal}]"), false);
            }
            '<' => list.angle = Some(angle(&mut chars)),
            ',' => list.end_mailbox(),
            ';' => list.end_group(),
            ':' if list.angle.is_none() && !list.has_at => list.begin_group(),
            // RFC 5322 §4.1 let a NUL be, and nobody means one.
            '\0' => {}
            c if c.is_whitespace() => list.space = true,
            c => list.character(c),
        }
        if list.count >= ENTRIES_MAX {
            break;
        }
    }
    list.end_mailbox();
    list.end_group();
    list.entries
}

/// Text, and whether it came in quotes.
type Word = (String, bool);

/// What has been read of the list, and of the mailbox that is being read.
#[derive(Default)]
struct List {
    entries: Vec<Entry>,
    count: usize,
    group: Option<(String, Vec<NameAddr>)>,
    /// The display name, or an address without brackets: text and whether it came in quotes.
    phrase: Vec<Word>,
    /// Which of those words have white space in front of them.
    spaced: Vec<bool>,
    /// An `@` stands in it, outside quotes.
    has_at: bool,
    /// White space stands before what comes next.
    space: bool,
    angle: Option<String>,
    comment: Option<String>,
}

impl List {
    fn character(&mut self, c: char) {
        self.has_at |= c == '@';
        match self.phrase.last_mut() {
            Some((word, false)) => {
                if self.space {
                    word.push(' ');
                }
                word.push(c);
            }
            _ => self.push(c.to_string(), false),
        }
        self.space = false;
    }

    fn push(&mut self, word: String, quoted: bool) {
        self.phrase.push((word, quoted));
        self.spaced.push(self.space);
    }

    fn word(&mut self, word: &str, quoted: bool) {
        match (quoted, self.phrase.last_mut()) {
            (false, Some((last, false))) => last.push_str(word),
            _ => self.push(word.to_owned(), quoted),
        }
        self.space = false;
    }

    fn begin_group(&mut self) {
        let name = self.take_phrase().unwrap_or_default();
        // No group may stand in another; who is in it belongs to the one around it.
        self.group.get_or_insert((name, Vec::new()));
        self.comment = None;
        self.count += 1;
    }

    fn end_group(&mut self) {
        self.end_mailbox();
        if let Some((name, members)) = self.group.take() {
            self.entries.push(Entry::Group(name, members));
        }
    }

    fn take_phrase(&mut self) -> Option<String> {
        let mut phrase = String::new();
        for ((word, _), spaced) in self.take_words().iter().zip(std::mem::take(&mut self.spaced)) {
            phrase.push_str(if spaced { " " } else { "" });
            phrase.push_str(word);
        }
        let phrase = phrase.trim().to_owned();
        (!phrase.is_empty()).then_some(phrase)
    }

    fn take_words(&mut self) -> Vec<Word> {
        (self.space, self.has_at) = (false, false);
        std::mem::take(&mut self.phrase)
    }

    fn end_mailbox(&mut self) {
        let comment = self.comment.take().filter(|comment| !comment.is_empty());
        let mailbox = match self.angle.take() {
            Some(spec) => {
                // `a@x <a@x>`, without quotes, is an address written twice and no name.
                let is_twice = self.has_at && self.phrase.iter().all(|(word, _)| *word == spec);
                let name = self.take_phrase().filter(|_| !is_twice).or(comment);
                NameAddr { name, ..bracketed(&spec) }
            }
            None => {
                let phrase = self.take_words();
                self.spaced.clear();
                let Some(mailbox) = bare(phrase, comment) else { return };
                mailbox
            }
        };
        self.count += 1;
        match &mut self.group {
            Some((_, members)) => members.push(mailbox),
            None => self.entries.push(Entry::Mailbox(mailbox)),
        }
    }
}

/// An address without angle brackets: `alice@crepes.example (Alice)`.
fn bare(phrase: Vec<Word>, name: Option<String>) -> Option<NameAddr> {
    let joined = |words: &[Word]| words.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(" ");
    let Some((left, domain, behind)) = split_at_sign(&phrase) else {
        return (!joined(&phrase).is_empty()).then(|| NameAddr { name, ..local_part(&phrase) });
    };
    // What stands behind a domain and a blank belongs to nobody: `bob@x Bob`.
    let domain = tight(domain).split(' ').next().unwrap_or_default().to_owned();
    let trailing = Some(joined(behind)).filter(|text| !text.is_empty());
    let mut found = local_part(&left);
    found.lacks_quotes |= domain.is_empty();
    Some(NameAddr { name: name.or(trailing), domain, ..found })
}

/// The inside of angle brackets; a source route in front is passed over (RFC 5322 §4.4).
fn bracketed(spec: &str) -> NameAddr {
    let spec = spec.trim();
    let spec = match spec.strip_prefix('@').and_then(|route| route.split_once(':')) {
        Some((_, mailbox)) if mailbox.contains('@') => mailbox.trim(),
        _ => spec,
    };
    let mut words: Vec<Word> = Vec::new();
    let mut chars = spec.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, words.last_mut()) {
            ('"', _) => words.push((quoted(&mut chars, '"'), true)),
            (c, Some((word, false))) => word.push(c),
            (c, _) => words.push((c.to_string(), false)),
        }
    }
    let Some((left, domain, behind)) = split_at_sign(&words) else {
        return local_part(&words);
    };
    let domain = behind.iter().fold(tight(domain), |domain, (word, _)| domain + " " + word);
    let mut found = local_part(&left);
    found.lacks_quotes |= domain.is_empty();
    NameAddr { domain, ..found }
}

/// What stands before the last `@` outside quotes, the rest of its word, and the words behind.
fn split_at_sign(words: &[Word]) -> Option<(Vec<Word>, &str, &[Word])> {
    let at = words.iter().rposition(|(word, quoted)| !quoted && word.contains('@'))?;
    let (before, from) = words.split_at_checked(at)?;
    let ((word, _), behind) = from.split_first()?;
    let (left, domain) = word.rsplit_once('@')?;
    Some(([before, &[(left.to_owned(), false)]].concat(), domain, behind))
}

/// A local part from its words: quoted ones as they are, others without blanks at their dots.
fn local_part(words: &[Word]) -> NameAddr {
    let mut found = NameAddr::default();
    let mut after_dot = true;
    for (word, quoted) in words {
        let word = if *quoted { word.clone() } else { tight(word) };
        if word.is_empty() {
            continue;
        }
        if !after_dot && (*quoted || !word.starts_with('.')) {
            found.local_part.push(' ');
            found.lacks_quotes = true;
        }
        found.lacks_quotes |= !quoted && word.chars().any(|c| c != '.' && !is_atext(c));
        after_dot = !quoted && word.ends_with('.');
        found.local_part.push_str(&word);
    }
    found
}

/// Without white space at dots and ends, where RFC 5322 §4.4 lets it be; other blanks become one.
fn tight(text: &str) -> String {
    text.split_whitespace().fold(String::new(), |mut tight, word| {
        if !(tight.is_empty() || tight.ends_with('.') || word.starts_with('.')) {
            tight.push(' ');
        }
        tight + word
    })
}

type Chars<'t> = std::iter::Peekable<std::str::Chars<'t>>;

/// Up to a closing character, backslashes taken off.
fn quoted(chars: &mut Chars<'_>, end: char) -> String {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            c if c == end => break,
            c => text.push(c),
        }
    }
    text
}

/// A comment without its outer parentheses; those inside count.
fn comment(chars: &mut Chars<'_>) -> String {
    let (mut text, mut depth) = (String::new(), 1usize);
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                text.extend(chars.next());
                continue;
            }
            '(' => depth += 1,
            ')' if depth == 1 => break,
            ')' => depth -= 1,
            _ => {}
        }
        text.push(c);
    }
    text.trim().to_owned()
}

/// The inside of angle brackets, quotes kept, comments left out.
fn angle(chars: &mut Chars<'_>) -> String {
    let mut text = String::new();
    let mut in_quotes = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' if in_quotes => {
                text.push(c);
                text.extend(chars.next());
                continue;
            }
            '"' => in_quotes = !in_quotes,
            '(' if !in_quotes => {
                comment(chars);
                continue;
            }
            '>' if !in_quotes => break,
            // A bracket nobody closed ends with the mailbox, so that the next one is not swallowed.
            '<' if !in_quotes => {
                text.clear();
                continue;
            }
            _ => {}
        }
        text.push(c);
        if !in_quotes && matches!(chars.peek(), Some(',')) && text.contains('@') && !text.starts_with('@') {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `name|local|domain` of each mailbox; groups in braces.
    fn shown(body: &str) -> String {
        let one = |m: &NameAddr| format!("{}|{}|{}", m.name.as_deref().unwrap_or("-"), m.local_part, m.domain);
        let entries = parse(body.as_bytes());
        let shown = entries.iter().map(|entry| match entry {
            Entry::Mailbox(mailbox) => one(mailbox),
            Entry::Group(name, members) => {
                format!("{name}{{{}}}", members.iter().map(one).collect::<Vec<_>>().join(" "))
            }
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn lists_are_read_as_people_write_them() {
        for (body, wanted) in [
            ("alice@crepes.example", "-|alice|crepes.example"),
            ("Alice <alice@crepes.example>", "Alice|alice|crepes.example"),
            ("\"Doe, Jane\" <j@x>, b@y", "Doe, Jane|j|x -|b|y"),
            ("alice@x (Alice (home))", "Alice (home)|alice|x"),
            ("=?utf-8?q?a?= <a@x>", "=?utf-8?q?a?=|a|x"),
            ("friends: a@x, B <b@y>;, c@z", "friends{-|a|x B|b|y} -|c|z"),
            ("undisclosed-recipients:;", "undisclosed-recipients{}"),
            ("<@r1,@r2:a@x>", "-|a|x"),
            ("\"a b\"@x", "-|a b|x"),
            ("<\"a@b\"@x>", "-|a@b|x"),
            ("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "Pete|pete|silly.test"),
            ("a @ x . y", "-|a|x.y"),
            ("a . b @ x", "-|a.b|x"),
            ("\"a . b\"@x", "-|a . b|x"),
            ("a.\"b c\"@x", "-|a.b c|x"),
            ("<a . \"b c\" @ x . y>", "-|a.b c|x.y"),
            ("bob@x Bob", "-|bob|x"),
            ("B <bob smith@x>", "B|bob smith|x"),
            ("root", "-|root|"),
            ("\"John\"Doe <j@x>", "JohnDoe|j|x"),
            ("John \"Q\" Doe <j@x>", "John Q Doe|j|x"),
            ("j@x <j@x>, \"k@x\" <k@x>, k@y <j@x>", "-|j|x k@x|k|x k@y|j|x"),
            ("(John) j@x", "-|j|x"),
            ("(c) John (d) Doe <j@x> (e)", "John Doe|j|x"),
            ("a: b@x, c: d@y;;, e@z", "a{-|b|x -|d|y} -|e|z"),
            ("a@x; B <b@y>", "-|a|x B|b|y"),
            ("\0a@x\0", "-|a|x"),
            ("a@[192.0.2.1]", "-|a|[192.0.2.1]"),
            (", ,a@x,,", "-|a|x"),
            ("<>", "-||"),
            ("A <a@x, B <b@y>", "A|a|x B|b|y"),
            ("Alice\r\n <a@x>", "Alice|a|x"),
            ("", ""),
        ] {
            assert_eq!(shown(body), wanted, "{body}");
        }
    }

    #[test]
    fn only_addresses_become_addresses() {
        for (body, wanted) in [
            ("a@x", Ok("a@x")),
            ("a..b@x", Ok("\"a..b\"@x")),
            ("\"a b\"@x", Ok("\"a b\"@x")),
            ("\"a . b\"@x", Ok("\"a . b\"@x")),
            ("a . \"b c\" . d @ x", Ok("\"a.b c.d\"@x")),
            ("<\"a@b\"@x>", Ok("\"a@b\"@x")),
            ("root", Err(AddressError::NoAt)),
            ("<>", Err(AddressError::NoAt)),
            ("a@-x", Err(AddressError::Domain)),
            ("<a@x y>", Err(AddressError::Domain)),
            ("a b@x", Err(AddressError::Unquoted)),
            ("<a b@x>", Err(AddressError::Unquoted)),
            ("A \"b\"@x", Err(AddressError::Unquoted)),
            ("a@x b@y", Err(AddressError::Unquoted)),
        ] {
            let entries = parse(body.as_bytes());
            let first = mailboxes(&entries).next().expect("a mailbox").address();
            assert_eq!(first.map(|address| address.to_string()).as_deref().map_err(|error| *error), wanted, "{body}");
        }
    }

    #[test]
    fn only_what_stands_alone_is_a_local_name() {
        for (body, wanted) in [
            ("root", Some("root")),
            ("A <root>", Some("root")),
            ("\"a@b\"", Some("a@b")),
            ("root@", None),
            ("<root@>", None),
            ("root@ (x)", None),
            ("<@r1:root>", None),
            ("root@x", None),
            ("r\\oot", None),
        ] {
            let entries = parse(body.as_bytes());
            assert_eq!(mailboxes(&entries).next().and_then(NameAddr::local_name), wanted, "{body}");
        }
    }

    #[test]
    fn a_list_whose_end_is_not_read_is_known() {
        for (entry, count, wanted) in [("a@x,", 49_999, false), ("a@x,", 50_001, true), ("g:;", 50_001, true)] {
            assert_eq!(is_cut(&parse(entry.repeat(count).as_bytes())), wanted, "{entry}");
        }
    }

    proptest! {
        #[test]
        fn no_soup_makes_the_reader_panic(octets in any::<Vec<u8>>(), text in "[a@,;:<>()\"\\\\. \\[\\]]{0,40}") {
            parse(&octets);
            parse(text.as_bytes());
        }
    }
}
