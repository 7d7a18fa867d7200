//! Links: where a message leads, and what it says about that. Nothing is ever fetched.
//!
//! Texts and HTML are searched, with what HTML hides, and the fields that mailing lists add. Where the words of a link
//! name one place and it leads to another, that is told: it is how people are led astray, and how mailers count clicks.
//! RFC 3986 Appendix C for links in text; RFC 2369 for lists; RFC 5064 for archives.

use super::unsubscribe;
use crate::address::is_within;
use crate::message::guard::BlockKind;
use crate::message::html::{self, Element, Piece};
use crate::message::text;
use crate::message::view::{Message, Part};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use url::{Host, Url};

/// Links of one message that are told.
const LINKS_MAX: usize = 20_000;
/// Octets of one link that are told; browsers follow longer ones.
const URL_MAX: usize = 8 * 1024;
/// Octets of the words of a link.
const WORDS_MAX: usize = 500;

/// Fields in which lists name places.
const FIELDS: [&str; 7] =
    ["List-Unsubscribe", "List-Subscribe", "List-Help", "List-Post", "List-Owner", "List-Archive", "Archived-At"];

/// The end of a name that people write without `https://`, and that is no end of a file's name.
const ENDS: [&str; 24] = [
    "at", "au", "be", "biz", "br", "ca", "ch", "cn", "com", "de", "edu", "es", "eu", "fr", "gov", "info", "it", "jp",
    "net", "nl", "org", "ru", "uk", "us",
];

/// The links of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Links {
    /// Each place, in the order of the message; what stands there several times in the same words is told once.
    pub links: Vec<Link>,
    /// There were more, or one was too long to be told whole.
    pub truncated: bool,
}

/// One link.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, JsonSchema)]
pub struct Link {
    /// The number of the part; empty for a field of the message.
    pub part: String,
    /// How it stands there.
    pub place: Place,
    /// Where it leads, as written; of a very long one the beginning.
    pub url: String,
    /// The words that lead there: those of the link, those instead of a picture, the name of a field.
    pub text: Option<String>,
    /// What should make one wary.
    pub warnings: Vec<Warning>,
}

/// How a link stands in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// As a link of HTML.
    Link,
    /// As a picture, which whoever shows the message would have to fetch.
    Image,
    /// Written out in a text.
    Text,
    /// In a field of a mailing list.
    Field,
}

/// What should make one wary of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Warning {
    /// Its words name another host than the one it leads to.
    OtherHost,
    /// Its words say https, and it leads to http.
    NotEncrypted,
    /// A name stands in front of the host, and looks like one.
    UserName,
    /// It leads to an address instead of a name.
    Address,
    /// Its host has letters beyond ASCII, some of which look like others.
    ForeignLetters,
    /// It cannot be read as a URL.
    Malformed,
}

impl Place {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Image => "image",
            Self::Text => "text",
            Self::Field => "field",
        }
    }
}

impl Warning {
    /// The warning for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::OtherHost => "its words name another host",
            Self::NotEncrypted => "its words say https",
            Self::UserName => "a user name stands in front of the host",
            Self::Address => "the host is an address",
            Self::ForeignLetters => "the host has letters beyond ASCII",
            Self::Malformed => "it is no URL",
        }
    }
}

impl Links {
    /// Collects them. Messages within the message are not searched.
    pub fn of(message: &Message<'_>) -> Self {
        let mut gathering = Gathering::default();
        for field in message.fields(message.root()) {
            if let Some(name) = FIELDS.iter().find(|name| field.is(name)) {
                unsubscribe::urls(field.body)
                    .into_iter()
                    .for_each(|url| gathering.add("", Place::Field, url, Some(name)));
            }
        }
        for part in message.own_parts() {
            let is_text = part.kind == BlockKind::Leaf && part.media.main == "text";
            match part.media.sub.as_str() {
                "html" if is_text => gathering.html(message, part),
                "plain" | "enriched" | "markdown" if is_text => {
                    let text = text::of_part(message, part);
                    urls_in(&text).for_each(|url| gathering.add(&part.id, Place::Text, url.to_owned(), None));
                }
                _ => {}
            }
        }
        gathering.links
    }
}

#[derive(Default)]
struct Gathering {
    links: Links,
    /// Digests of those that are told; by chance alike, two of them would be one in a billion messages.
    known: HashSet<u64>,
    state: RandomState,
}

impl Gathering {
    fn html(&mut self, message: &Message<'_>, part: &Part) {
        let html = message.text(part).content;
        // Links do not stand in one another; where somebody wrote so, the inner one's words are both's.
        let mut open: Vec<(String, String)> = Vec::new();
        for piece in html::pieces_with_hidden(&html) {
            match piece {
                Piece::Open(Element::Link(url)) => open.push((url, String::new())),
                Piece::Close(Element::Link(_)) => {
                    if let Some((url, words)) = open.pop() {
                        self.add(&part.id, Place::Link, url, Some(&words));
                    }
                }
                Piece::Image(source, alt) => {
                    // What comes with the message leads nowhere.
                    let leads_out = ["http:", "https:", "//"].iter().any(|scheme| {
                        source.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
                    });
                    if leads_out {
                        self.add(&part.id, Place::Image, source, Some(&alt));
                    }
                    open.last_mut().into_iter().for_each(|(_, words)| push_words(words, &alt));
                }
                Piece::Text(text) => {
                    // A link that is never closed would gather all that follows.
                    if let Some((_, words)) = open.last_mut() {
                        push_words(words, &text);
                    } else {
                        urls_in(&text).for_each(|url| self.add(&part.id, Place::Text, url.to_owned(), None));
                    }
                }
                _ => {}
            }
        }
    }

    fn add(&mut self, part: &str, place: Place, url: String, words: Option<&str>) {
        let mut url = url;
        if url.len() > URL_MAX {
            url.truncate(url.floor_char_boundary(URL_MAX));
            self.links.truncated = true;
        }
        if self.links.links.len() >= LINKS_MAX {
            self.links.truncated = true;
            return;
        }
        let words = words.map(|words| words.split_whitespace().collect::<Vec<_>>().join(" "));
        let text = words.filter(|words| !words.is_empty() && *words != url);
        let warnings = warnings(&url, text.as_deref().filter(|_| place == Place::Link));
        let link = Link { part: part.to_owned(), place, url, text, warnings };
        if self.known.insert(self.state.hash_one(&link)) {
            self.links.links.push(link);
        }
    }
}

fn push_words(words: &mut String, more: &str) {
    let room = WORDS_MAX.saturating_sub(words.len());
    words.push_str(&more[..more.floor_char_boundary(room)]);
}

/// What should make one wary of a URL, and of the words that lead there.
fn warnings(url: &str, words: Option<&str>) -> Vec<Warning> {
    let mut found = Vec::new();
    let based = if url.starts_with("//") { format!("https:{url}") } else { url.to_owned() };
    let Ok(target) = Url::parse(&based) else { return vec![Warning::Malformed] };
    if !matches!(target.scheme(), "http" | "https" | "ftp") {
        return found;
    }
    match target.host() {
        Some(Host::Domain(name)) if name.split('.').any(|label| label.starts_with("xn--")) => {
            found.push(Warning::ForeignLetters);
        }
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => found.push(Warning::Address),
        _ => {}
    }
    if !target.username().is_empty() || target.password().is_some() {
        found.push(Warning::UserName);
    }
    if let Some((host, is_https)) = words.and_then(named) {
        if !is_same_place(&host, target.host_str().unwrap_or_default()) {
            found.push(Warning::OtherHost);
        }
        if is_https && target.scheme() == "http" {
            found.push(Warning::NotEncrypted);
        }
    }
    found
}

/// The host that words name, and whether they say https: by a URL among them, or by being a name alone.
fn named(words: &str) -> Option<(String, bool)> {
    let host = |text: &str| Url::parse(text).ok()?.host_str().map(str::to_owned);
    if let Some(url) = urls_in(words).find(|url| !url.starts_with("mailto:")) {
        let is_https = url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"));
        return Some((host(&absolute(url))?, is_https));
    }
    let name = words.split('/').next().unwrap_or_default();
    let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase())?;
    let is_name = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-')) && !name.starts_with('.');
    (is_name && ENDS.contains(&end.as_str())).then(|| host(&format!("https://{name}/")).map(|host| (host, false)))?
}

/// Whether one of two hosts is the other, or below it.
fn is_same_place(one: &str, other: &str) -> bool {
    let bare = |host: &str| host.to_ascii_lowercase().trim_start_matches("www.").to_owned();
    let (one, other) = (bare(one), bare(other));
    is_within(&one, &other) || is_within(&other, &one)
}

fn absolute(url: &str) -> String {
    let is_bare = url.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("www."));
    if is_bare { format!("http://{url}") } else { url.to_owned() }
}

/// The URLs that are written out in a text.
fn urls_in(text: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = text.get(at..)?;
            let colon = memchr::memchr2(b':', b'w', rest.as_bytes())?;
            let Some(start) = start_of(text, at, at + colon) else {
                at += colon + 1;
                continue;
            };
            let url = trimmed(&text[start..]);
            at = start + url.len().max(1);
            at = text.ceil_char_boundary(at.max(start + 1));
            if url.len() > "https://".len() {
                return Some(url);
            }
        }
    })
}

/// Where a URL begins whose colon, or whose `www`, stands here; not before `from`.
fn start_of(text: &str, from: usize, at: usize) -> Option<usize> {
    let (before, rest) = (text.get(from..at)?, &text[at..]);
    let is_apart =
        |start: usize| !text[..start].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '@'));
    if rest.starts_with('w') {
        return (rest.starts_with("www.") && is_apart(at)).then_some(at);
    }
    let schemes: &[&str] = if rest.starts_with("://") { &["https", "http", "ftp"] } else { &["mailto"] };
    let scheme = schemes.iter().find(|scheme| {
        let start = before.len().checked_sub(scheme.len());
        start.and_then(|start| before.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(scheme))
    })?;
    let start = at - scheme.len();
    is_apart(start).then_some(start)
}

/// A URL to its end; punctuation and brackets that belong to the sentence are left out.
fn trimmed(text: &str) -> &str {
    let is_end = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`' | '|' | '\\' | '^');
    let mut url = &text[..text.find(is_end).unwrap_or(text.len())];
    let count = |url: &str, c: char| url.matches(c).count();
    let (round, square) = (count(url, '('), count(url, '['));
    let (mut round_ends, mut square_ends) = (count(url, ')'), count(url, ']'));
    while let Some(last) = url.chars().next_back() {
        match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '}' => {}
            ')' if round_ends > round => round_ends -= 1,
            ']' if square_ends > square => square_ends -= 1,
            _ => break,
        }
        url = &url[..url.len() - last.len_utf8()];
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn links_are_found_in_text_and_end_where_they_should() {
        for (text, wanted) in [
            ("See https://a.example/b, or (http://c.example/d_(e)).", "https://a.example/b http://c.example/d_(e)"),
            (
                "<https://a.example/?b=c&d>\nwww.e.example! ftp://f.example/",
                "https://a.example/?b=c&d www.e.example ftp://f.example/",
            ),
            ("HTTPS://A.example/é mailto:bob@x?subject=y.", "HTTPS://A.example/é mailto:bob@x?subject=y"),
            ("xhttp://a.example http:// https:// www. wwww.a.example x://y", ""),
            ("[1]: https://a.example/[b] 'https://c.example'", "https://a.example/[b] https://c.example"),
            ("", ""),
        ] {
            assert_eq!(urls_in(text).collect::<Vec<_>>().join(" "), wanted, "{text}");
        }
    }

    #[test]
    fn what_should_make_one_wary_is_told() {
        for (url, words, wanted) in [
            ("https://a.example/", "click here", ""),
            ("https://evil.example/", "https://bank.example/login", "OtherHost"),
            ("http://bank.example/", "https://bank.example/login", "NotEncrypted"),
            ("https://www.bank.example/", "bank.example", ""),
            ("https://login.bank.com/", "bank.com", ""),
            ("https://bank.com.evil.example/", "Bank.com", "OtherHost"),
            ("https://a.example/", "README.md", ""),
            ("https://a.example/", "Go to www.bank.example now", "OtherHost"),
            ("https://bank.example@evil.example/", "x", "UserName"),
            ("http://192.0.2.1/", "x", "Address"),
            ("https://bücher.example/", "x", "ForeignLetters"),
            ("https://", "x", "Malformed"),
            ("mailto:bob@x", "https://a.example/", ""),
        ] {
            let found: Vec<_> = warnings(url, Some(words)).iter().map(|warning| format!("{warning:?}")).collect();
            assert_eq!(found.join(" "), wanted, "{url} {words}");
        }
    }

    #[test]
    fn links_of_all_parts_and_fields_are_told_once() {
        let message = "List-Unsubscribe: <mailto:x@list.example>,\r\n <https://list.example/u>\r\n\
            Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhttps://a.example/ https://a.example/\r\n--b\r\n\
            Content-Type: text/html\r\n\r\n<a href='https://a.example/?a&amp;b'>my <b>shop</b><img src=https://p.example/1 \
            alt=logo></a> and http://c.example <div hidden><img src='//t.example/p.gif'><img src=cid:x></div>\r\n--b\r\n\
            Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nhttps://inner.example/\r\n--b--\r\n";
        let links = Links::of(&Message::parse(message.as_bytes()));
        let shown: Vec<_> = links
            .links
            .iter()
            .map(|l| format!("{} {} {} {}", l.part, l.place.name(), l.url, l.text.as_deref().unwrap_or("-")))
            .collect();
        assert_eq!(
            shown,
            [
                " field mailto:x@list.example List-Unsubscribe",
                " field https://list.example/u List-Unsubscribe",
                "1 text https://a.example/ -",
                "2 image https://p.example/1 logo",
                "2 link https://a.example/?a&b my shoplogo",
                "2 text http://c.example -",
                "2 image //t.example/p.gif -",
            ]
        );
    }

    #[test]
    fn a_link_does_not_hide_in_its_form_or_length() {
        let html = "Content-Type: text/html\n\n<map><area href='//a.example/1' alt='A map'></map>\
            <a href='//evil.example/'>bank.com</a>";
        let found = Links::of(&Message::parse(html.as_bytes()));
        let told: Vec<_> = found.links.iter().map(|l| format!("{} {:?} {:?}", l.url, l.text, l.warnings)).collect();
        assert_eq!(
            told,
            ["https://a.example/1 Some(\"A map\") []", "https://evil.example/ Some(\"bank.com\") [OtherHost]"]
        );
        let url = format!("https://evil.example/?{}", "x".repeat(3 * URL_MAX));
        let message = format!("Content-Type: text/html\n\n<a href='{url}'>https://bank.example/</a> {url}");
        let found = Links::of(&Message::parse(message.as_bytes()));
        let told: Vec<_> = found.links.iter().map(|l| (l.url.len(), &l.warnings[..])).collect();
        assert_eq!((told, found.truncated), (vec![(URL_MAX, &[Warning::OtherHost][..]), (URL_MAX, &[][..])], true));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "(https?://|www\\.|mailto:|[a-z:/.w)(é\\[ ]){0,40}") {
            for url in urls_in(&text) {
                warnings(url, Some(&text));
            }
            warnings(&text, Some(&text));
            let html = format!("Content-Type: text/html\n\n<a href='{text}'>{text}<img src='{text}'>");
            Links::of(&Message::parse(html.as_bytes()));
        }
    }
}
