//! HTML read as what it shows: words, and the elements that a page without styles still has.
//!
//! One pass over the text; elements are opened and closed in order whatever the sender wrote, scripts, styles and what
//! is hidden are left out, and nesting beyond a limit is passed over. Who prints this prints nothing of the sender's
//! markup, so nothing of it can run or be fetched. Knows no lines and no output.
//! RFC 2854; WHATWG HTML §13 in as far as mail needs it.

use mail_parser::decoders::html::add_html_token;
use std::borrow::Cow;
use std::collections::VecDeque;

/// Elements within each other; what is deeper is shown as if it stood here.
const DEPTH_MAX: usize = 200;
/// Octets of a name behind `&`; the longest one has 31.
const ENTITY_MAX: usize = 33;
/// Octets of a link that is kept.
const LINK_MAX: usize = 64 * 1024;

/// One thing that is shown, or the beginning or end of what stands around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'h> {
    /// An element begins.
    Open(Element),
    /// The element that was opened last ends.
    Close(Element),
    /// Words, with their blanks as written and entities decoded.
    Text(Cow<'h, str>),
    /// A line ends.
    Break,
    /// A line across the page.
    Rule,
    /// A picture: where it is, and what is said instead of it.
    Image(String, String),
}

/// What stands around words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    /// A paragraph, or anything else that begins on a line of its own.
    Block,
    /// A heading of a level from 1 to 6.
    Heading(u8),
    /// A list; if it is ordered, with the number of its first item.
    List(Option<u32>),
    /// An item of a list.
    Item,
    /// What somebody else said.
    Quote,
    /// Text whose lines and blanks stay.
    Verbatim,
    /// A table.
    Table,
    /// A row of a table.
    Row,
    /// A cell of a table; true if it heads a column or a row.
    Cell(bool),
    /// A link that leads out, to the web or to a mailbox.
    Link(String),
    /// Words that weigh more.
    Strong,
    /// Words that are stressed.
    Emphasis,
    /// Words for a machine.
    Code,
    /// Words that no longer hold.
    Struck,
}

/// What an HTML text shows, in order.
pub fn pieces(html: &str) -> Pieces<'_> {
    Pieces { rest: html, open: Vec::new(), hidden: 0, waiting: VecDeque::new(), with_hidden: false }
}

/// The same with what is not shown: whoever hides a link or a picture means it for somebody.
pub fn pieces_with_hidden(html: &str) -> Pieces<'_> {
    Pieces { with_hidden: true, ..pieces(html) }
}

/// See [`pieces`].
#[derive(Debug, Clone)]
pub struct Pieces<'h> {
    rest: &'h str,
    open: Vec<Open>,
    /// How many of those open are hidden.
    hidden: usize,
    waiting: VecDeque<Piece<'h>>,
    with_hidden: bool,
}

#[derive(Debug, Clone)]
struct Open {
    name: String,
    element: Option<Element>,
    hidden: bool,
}

impl<'h> Iterator for Pieces<'h> {
    type Item = Piece<'h>;

    fn next(&mut self) -> Option<Piece<'h>> {
        loop {
            if let Some(piece) = self.waiting.pop_front() {
                return Some(piece);
            }
            if self.rest.is_empty() {
                self.close(0);
                if self.waiting.is_empty() {
                    return None;
                }
            } else {
                self.step();
            }
        }
    }
}

impl<'h> Pieces<'h> {
    /// Reads a run of text or one tag.
    fn step(&mut self) {
        let is_markup =
            |at: usize| self.rest[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c));
        let start = memchr::memchr_iter(b'<', self.rest.as_bytes()).find(|at| is_markup(*at));
        match start {
            Some(0) => self.markup(),
            start => {
                let (text, rest) = self.rest.split_at(start.unwrap_or(self.rest.len()));
                self.rest = rest;
                if self.hidden == 0 {
                    self.waiting.push_back(Piece::Text(unescape(text)));
                }
            }
        }
    }

    fn markup(&mut self) {
        let inner = &self.rest[1..];
        if let Some(comment) = inner.strip_prefix("!--") {
            // `<!-->` is a comment too; without an end all the rest is one.
            self.rest = match comment.strip_prefix('>').or_else(|| comment.strip_prefix("->")) {
                Some(rest) => rest,
                None => comment.find("-->").map_or("", |end| &comment[end + 3..]),
            };
            return;
        }
        if inner.starts_with(['!', '?']) {
            self.rest = inner.find('>').map_or("", |end| &inner[end + 1..]);
            return;
        }
        let tag = Tag::read(inner);
        self.rest = &inner[tag.length..];
        match tag.is_end {
            true => self.end(&tag.name),
            false => self.start(tag),
        }
    }

    fn start(&mut self, tag: Tag) {
        let name = tag.name.as_str();
        if matches!(name, "script" | "style" | "title" | "textarea" | "xmp" | "iframe" | "noembed" | "noframes") {
            self.skip_raw(name);
            return;
        }
        match name {
            "br" => self.show(Piece::Break),
            "hr" => {
                self.end_paragraph();
                self.show(Piece::Rule);
            }
            "img" => self.show(Piece::Image(tag.source, tag.alt)),
            "area" => {
                // A piece of a picture that leads somewhere.
                if let Some(link) = tag.link.map(Element::Link) {
                    self.show(Piece::Open(link.clone()));
                    self.show(Piece::Text(tag.alt.into()));
                    self.show(Piece::Close(link));
                }
            }
            "input" | "meta" | "link" | "wbr" | "col" | "base" | "embed" | "source" | "track" | "param" => {}
            _ => {
                let element = element(&tag);
                self.imply_ends(name, element.as_ref());
                if self.open.len() < DEPTH_MAX {
                    let hidden = tag.hidden || matches!(name, "template" | "svg" | "object" | "audio" | "video");
                    self.push(tag.name, element, hidden);
                }
            }
        }
    }

    fn push(&mut self, name: String, element: Option<Element>, hidden: bool) {
        if let Some(element) = element.clone() {
            self.show(Piece::Open(element));
        }
        let hidden = hidden && !self.with_hidden;
        self.hidden += usize::from(hidden);
        self.open.push(Open { name, element, hidden });
    }

    fn show(&mut self, piece: Piece<'h>) {
        if self.hidden == 0 {
            self.waiting.push_back(piece);
        }
    }

    /// Closes what HTML lets a sender leave open.
    fn imply_ends(&mut self, name: &str, element: Option<&Element>) {
        match name {
            "li" => self.close_within(&["li"], &["ul", "ol", "menu", "dir"]),
            "dt" | "dd" => self.close_within(&["dt", "dd"], &["dl"]),
            "td" | "th" => self.close_within(&["td", "th", "caption"], &["tr", "table"]),
            "tr" => self.close_within(&["tr", "caption"], &["table"]),
            "thead" | "tbody" | "tfoot" => self.close_within(&["thead", "tbody", "tfoot", "tr", "caption"], &["table"]),
            "a" => self.close_within(&["a"], &["td", "th", "table", "li"]),
            _ => {}
        }
        if element.is_some_and(is_block) {
            self.end_paragraph();
        }
    }

    /// A paragraph ends where the next block begins.
    fn end_paragraph(&mut self) {
        self.close_within(&["p"], &["td", "th", "table", "li", "blockquote", "div"]);
    }

    fn end(&mut self, name: &str) {
        let barrier: &[&str] = match name {
            "table" => &[],
            "tr" | "td" | "th" | "tbody" | "thead" | "tfoot" | "caption" => &["table"],
            _ => &["table", "td", "th"],
        };
        self.close_within(&[name], barrier);
    }

    /// Closes the innermost element of these names, and what is in it, unless one of the others stands in between.
    fn close_within(&mut self, names: &[&str], barriers: &[&str]) {
        let is_end = |open: &Open| names.contains(&open.name.as_str());
        let found = self.open.iter().rposition(|open| is_end(open) || barriers.contains(&open.name.as_str()));
        if let Some(at) = found.filter(|at| is_end(&self.open[*at])) {
            self.close(at);
        }
    }

    fn close(&mut self, level: usize) {
        while self.open.len() > level {
            let Some(open) = self.open.pop() else { return };
            self.hidden -= usize::from(open.hidden);
            if let Some(element) = open.element {
                self.show(Piece::Close(element));
            }
        }
    }

    /// Passes over content that is no markup, up to the end tag of that name.
    fn skip_raw(&mut self, name: &str) {
        let octets = self.rest.as_bytes();
        let is_end = |at: &usize| {
            octets.get(at + 1) == Some(&b'/')
                && octets.get(at + 2..at + 2 + name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()))
        };
        let end = memchr::memchr_iter(b'<', octets).find(is_end);
        self.rest = end.map_or("", |at| &self.rest[at..]);
    }
}

/// Whether an element begins on a line of its own.
fn is_block(element: &Element) -> bool {
    use Element::{Block, Heading, Item, List, Quote, Table, Verbatim};
    matches!(element, Block | Heading(_) | List(_) | Item | Quote | Verbatim | Table)
}

fn element(tag: &Tag) -> Option<Element> {
    Some(match tag.name.as_str() {
        "p" | "div" | "section" | "article" | "header" | "footer" | "main" | "nav" | "aside" | "address" | "center"
        | "form" | "fieldset" | "figure" | "figcaption" | "details" | "summary" | "dl" | "dt" | "dd" | "caption"
        | "body" => Element::Block,
        "h1" => Element::Heading(1),
        "h2" => Element::Heading(2),
        "h3" => Element::Heading(3),
        "h4" => Element::Heading(4),
        "h5" => Element::Heading(5),
        "h6" => Element::Heading(6),
        "ul" | "menu" | "dir" => Element::List(None),
        "ol" => Element::List(Some(tag.start.unwrap_or(1))),
        "li" => Element::Item,
        "blockquote" => Element::Quote,
        "pre" | "listing" | "plaintext" => Element::Verbatim,
        "table" => Element::Table,
        "tr" => Element::Row,
        "td" => Element::Cell(false),
        "th" => Element::Cell(true),
        "a" => Element::Link(tag.link.clone()?),
        "b" | "strong" => Element::Strong,
        "i" | "em" => Element::Emphasis,
        "code" | "tt" | "kbd" | "samp" => Element::Code,
        "s" | "del" | "strike" => Element::Struck,
        _ => return None,
    })
}

/// A tag, with those of its attributes that matter here.
#[derive(Debug, Default)]
struct Tag {
    name: String,
    is_end: bool,
    link: Option<String>,
    source: String,
    alt: String,
    start: Option<u32>,
    hidden: bool,
    /// Octets behind its `<`.
    length: usize,
}

impl Tag {
    /// Reads the tag that begins behind a `<`, to its `>` or to the end of all.
    fn read(text: &str) -> Self {
        let mut tag = Self { is_end: text.starts_with('/'), ..Self::default() };
        let mut at = usize::from(tag.is_end);
        let name = until(text, at, |octet| octet.is_ascii_whitespace() || matches!(octet, b'/' | b'>'));
        tag.name = text[at..name].chars().take(20).collect::<String>().to_ascii_lowercase();
        at = name;
        loop {
            at = until(text, at, |octet| !octet.is_ascii_whitespace() && octet != b'/');
            if at >= text.len() || text.as_bytes()[at] == b'>' {
                tag.length = text.len().min(at + 1);
                return tag;
            }
            // A name may begin with `=`, and with nothing else that ends one.
            let key_end = until(text, at + 1, |o| o.is_ascii_whitespace() || matches!(o, b'/' | b'>' | b'='));
            let key = &text[at..key_end];
            at = until(text, key_end, |octet| !octet.is_ascii_whitespace());
            let mut value = "";
            if text.as_bytes().get(at) == Some(&b'=') {
                at = until(text, at + 1, |octet| !octet.is_ascii_whitespace());
                let quote = text.as_bytes().get(at).copied().filter(|octet| matches!(octet, b'"' | b'\''));
                let begin = at + usize::from(quote.is_some());
                let end = match quote {
                    Some(quote) => until(text, begin, |octet| octet == quote),
                    None => until(text, begin, |octet| octet.is_ascii_whitespace() || octet == b'>'),
                };
                value = &text[begin..end];
                at = text.len().min(end + usize::from(quote.is_some()));
            }
            tag.attribute(key, value);
        }
    }

    fn attribute(&mut self, key: &str, value: &str) {
        let is = |name: &str| key.eq_ignore_ascii_case(name);
        if is("href") && self.link.is_none() {
            self.link = leads_out(&unescape(value));
        } else if is("src") && self.source.is_empty() && value.len() <= LINK_MAX {
            self.source = unescape(value).trim().to_owned();
        } else if is("alt") && self.alt.is_empty() && value.len() <= LINK_MAX {
            self.alt = unescape(value).split_whitespace().collect::<Vec<_>>().join(" ");
        } else if is("start") {
            self.start = value.trim().parse().ok();
        } else if is("hidden") {
            self.hidden = true;
        } else if is("style") {
            let style: String = value.chars().filter(|c| !c.is_whitespace()).take(LINK_MAX).collect();
            self.hidden |= style.to_ascii_lowercase().contains("display:none");
        }
    }
}

/// Where the first octet from `at` stands for which `ends` holds; at the end if there is none. The octets asked for
/// are ASCII or what follows ASCII, so this is a character's edge.
fn until(text: &str, at: usize, ends: impl Fn(u8) -> bool) -> usize {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    rest.iter().position(|octet| ends(*octet)).map_or(text.len(), |length| at + length)
}

/// The target of a link, if it leads out: to the web or to a mailbox.
pub(super) fn leads_out(target: &str) -> Option<String> {
    // A browser takes no notice of line ends and tabs in a target.
    let target: String = target.chars().filter(|c| !c.is_control()).take(LINK_MAX + 1).collect();
    let target = target.trim();
    // What names no scheme leads where the page would: those who show mail have https.
    let target = if target.starts_with("//") { Cow::Owned(format!("https:{target}")) } else { Cow::Borrowed(target) };
    let scheme = target.split(':').next()?.to_ascii_lowercase();
    let leads_out = matches!(scheme.as_str(), "http" | "https" | "mailto" | "ftp" | "tel");
    (leads_out && target.len() <= LINK_MAX).then(|| target.into_owned())
}

/// Puts characters in the place of entities; what is none stays.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let near = &rest.as_bytes()[..rest.len().min(ENTITY_MAX)];
        let length = near[1..].iter().position(|octet| !octet.is_ascii_alphanumeric() && *octet != b'#');
        let length = length.map_or(near.len(), |length| length + 1);
        if near.get(length) == Some(&b';') {
            add_html_token(&mut plain, &near[..=length], false);
            rest = &rest[length + 1..];
        } else {
            // The oldest names need no semicolon, and numbers never needed one to be understood.
            let known = ["&amp", "&lt", "&gt", "&quot", "&nbsp"].iter().find(|name| rest.starts_with(**name));
            let known = match known {
                Some(name) => name.len(),
                None if near.get(1) == Some(&b'#') && length > 2 => length,
                None => 0,
            };
            match known {
                0 => plain.push('&'),
                _ => add_html_token(&mut plain, format!("{};", &rest[..known]).as_bytes(), false),
            }
            rest = &rest[known.max(1)..];
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The pieces, as short as can be: `<Block` `words` `>Block`.
    fn shown(html: &str) -> String {
        let one = |piece| match piece {
            Piece::Open(element) => format!("<{element:?}"),
            Piece::Close(element) => format!(">{element:?}"),
            Piece::Text(text) => text.into_owned(),
            Piece::Break => "|".to_owned(),
            Piece::Rule => "---".to_owned(),
            Piece::Image(source, alt) => format!("{source}={alt}"),
        };
        pieces(html).map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_shown_is_told_from_what_is_not() {
        for (html, wanted) in [
            ("a &lt;b&gt; &amp c&eacute; &#8364; &#x41 &copy &;&", "a <b> & cé € A &copy &;&"),
            ("<!-- a --><script>x</scr</script ><style>p</STYLE><title>t</title>b<!doctype x>", "b"),
            ("<!-- no end", ""),
            ("<script>no end", ""),
            ("a < b <3 </> c", "a < b <3   c"),
            ("<p>a<p>b<div>c", "<Block a >Block <Block b >Block <Block c >Block"),
            ("<b>a<i>b</b>c</i>", "<Strong a <Emphasis b >Emphasis >Strong c"),
            ("<ul><li>a<li>b</ul>", "<List(None) <Item a >Item <Item b >Item >List(None)"),
            (
                "<table><tr><td>a<td>b<tr><th>c</table>",
                "<Table <Row <Cell(false) a >Cell(false) <Cell(false) b >Cell(false) >Row <Row <Cell(true) c >Cell(true) >Row >Table",
            ),
            ("<div style='DISPLAY : none'>a<div>b</div></div>c<span hidden>d</span>", "<Block >Block c"),
            ("<div><span hidden>a</div>b", "<Block >Block b"),
            (
                "<a href='HTTPS://x/?a&amp;b'>a</a><a href=javascript:x>b</a>",
                "<Link(\"HTTPS://x/?a&b\") a >Link(\"HTTPS://x/?a&b\") b",
            ),
            ("<a title='>' href=\"java\nscript:x\">a</a>", "a"),
            ("<img alt=' a  b ' src=cid:x><br/><hr>", "cid:x=a b | ---"),
            ("<a href=\"x", ""),
        ] {
            assert_eq!(shown(html), wanted, "{html}");
        }
    }

    #[test]
    fn what_is_hidden_can_be_asked_for() {
        let html = "<div style=display:none>a<img src=b></div><script>c</script>";
        assert!(!pieces(html).any(|piece| matches!(piece, Piece::Image(..) | Piece::Text(_))));
        let shown: Vec<_> = pieces_with_hidden(html).collect();
        assert_eq!((shown.len(), &shown[2]), (4, &Piece::Image("b".to_owned(), String::new())));
    }

    #[test]
    fn nesting_beyond_the_limit_is_passed_over() {
        let html = format!("{}deep", "<div>".repeat(100_000));
        assert_eq!(pieces(&html).count(), 2 * DEPTH_MAX + 1);
    }

    proptest! {
        #[test]
        fn elements_are_closed_in_the_order_in_which_they_were_opened(
            html in "(<(/?(p|b|i|table|tr|td|li|ul|div hidden|blockquote|pre|script|é)|!--|a href=')|>|'|&[a-z#1]{0,3};?|-->|é| ){0,40}",
        ) {
            let mut open = Vec::new();
            for piece in pieces(&html) {
                match piece {
                    Piece::Open(element) => open.push(element),
                    Piece::Close(element) => prop_assert_eq!(open.pop(), Some(element)),
                    _ => {}
                }
            }
            prop_assert!(open.is_empty());
        }
    }
}
