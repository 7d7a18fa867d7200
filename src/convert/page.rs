//! A message as a page of HTML that stands alone: no script, no style of the sender's, nothing that is fetched.
//!
//! The sender's markup is not cleaned but left out: the page is written anew from what the message shows, with elements
//! of our own, text escaped, links only to the web and to mailboxes, and pictures only those that came along, if they
//! are of a kind that can hold no program. A policy in the page says the same to the browser.
//! WHATWG HTML §13.3; RFC 2392 for pictures; RFC 2397; W3C CSP 3.

use super::letterhead::Letterhead;
use crate::message::html::{self, Element, Piece};
use crate::message::roles::Roles;
use crate::message::safe;
use crate::message::text;
use crate::message::view::{Message, Part};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;

/// Octets of all pictures in a page; each stands there again as base64.
const PICTURES_MAX: usize = 10 * 1024 * 1024;
/// Kinds of pictures that are nothing but pictures. SVG is a document, and can load and run what it likes.
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

const HEAD: &str = "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n\
    <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n\
    <meta name=\"referrer\" content=\"no-referrer\">\n\
    <style>body { max-width: 50em; margin: 2em auto; font-family: sans-serif } th { text-align: left; padding-right: 1em } \
    blockquote { border-left: 2px solid; margin-left: 0; padding-left: 1em } pre { white-space: pre-wrap } \
    img { max-width: 100% }</style>\n";

/// The page of a message.
pub fn print(message: &Message<'_>, roles: &Roles) -> String {
    let head = Letterhead::of(message, roles);
    let mut page = format!("{HEAD}<title>{}</title>\n</head>\n<body>\n<table>\n", escape(head.subject()));
    for (name, value) in &head.fields {
        page += &format!("<tr><th>{name}</th><td>{}</td></tr>\n", escape(value));
    }
    page += "</table>\n<hr>\n";
    let mut pictures = Pictures::of(message);
    // HTML says more than the plain text beside it.
    let skipped = roles.html.and(roles.text);
    let mut shown: Vec<usize> = roles.html.into_iter().collect();
    shown.extend(roles.shown.iter().filter(|index| Some(**index) != skipped && Some(**index) != roles.html));
    for part in shown.iter().filter_map(|index| message.parts().get(*index)) {
        page += "<div>\n";
        match part.media.is("text", "html") {
            true => body(&message.text(part).content, &mut pictures, &mut page),
            false => page += &format!("<pre>{}</pre>", escape(&text::of_part(message, part))),
        }
        page += "\n</div>\n";
    }
    if !head.attachments.is_empty() {
        page += "<hr>\n<ul>\n";
        page.extend(head.attachments.iter().map(|name| format!("<li>{}</li>\n", escape(name))));
        page += "</ul>\n";
    }
    page + "</body>\n</html>\n"
}

/// Writes what an HTML text shows.
fn body(html: &str, pictures: &mut Pictures<'_, '_>, page: &mut String) {
    for piece in html::pieces(html) {
        match piece {
            Piece::Text(text) => page.push_str(&escape(&text)),
            Piece::Break => page.push_str("<br>\n"),
            Piece::Rule => page.push_str("<hr>\n"),
            Piece::Image(source, alt) => match pictures.data(&source) {
                Some(data) => page.push_str(&format!("<img src=\"{data}\" alt=\"{}\">", escape(&alt))),
                None if alt.is_empty() => {}
                None => page.push_str(&format!("[{}]", escape(&alt))),
            },
            Piece::Open(Element::Link(target)) => {
                page.push_str(&format!("<a href=\"{}\" rel=\"noopener noreferrer\">", escape(&target)));
            }
            Piece::Open(Element::List(Some(start))) => page.push_str(&format!("<ol start=\"{start}\">")),
            Piece::Open(element) => page.push_str(&format!("<{}>", name(&element))),
            Piece::Close(element) => page.push_str(&format!("</{}>", name(&element))),
        }
    }
}

/// The element of the page for one of the message.
fn name(element: &Element) -> &'static str {
    match element {
        Element::Block => "div",
        Element::Heading(level) => ["h1", "h2", "h3", "h4", "h5", "h6"][usize::from(level.saturating_sub(1)).min(5)],
        Element::List(None) => "ul",
        Element::List(Some(_)) => "ol",
        Element::Item => "li",
        Element::Quote => "blockquote",
        Element::Verbatim => "pre",
        Element::Table => "table",
        Element::Row => "tr",
        Element::Cell(true) => "th",
        Element::Cell(false) => "td",
        Element::Link(_) => "a",
        Element::Strong => "strong",
        Element::Emphasis => "em",
        Element::Code => "code",
        Element::Struck => "s",
    }
}

/// The pictures that came along, by the ids that HTML calls them by.
struct Pictures<'m, 'o> {
    message: &'m Message<'o>,
    by_id: HashMap<String, &'m Part>,
    room: usize,
}

impl<'m, 'o> Pictures<'m, 'o> {
    fn of(message: &'m Message<'o>) -> Self {
        let is_picture = |part: &&Part| PICTURES.contains(&part.media.to_string().as_str());
        let id =
            |part: &Part| message.text_field(part, "Content-ID").map(|id| id.trim_matches(['<', '>', ' ']).to_owned());
        let by_id = message.parts().iter().filter(is_picture).filter_map(|part| Some((id(part)?, part))).collect();
        Self { message, by_id, room: PICTURES_MAX }
    }

    /// The picture of a `cid:` as a `data:`, if it came along and there is room for it.
    fn data(&mut self, source: &str) -> Option<String> {
        let id = source.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("cid:")).map(|_| &source[4..])?;
        let id = crate::message::media::unescape_percent(id.as_bytes());
        let part = *self.by_id.get(std::str::from_utf8(&id).ok()?)?;
        let content = self.message.content(part).content;
        let Some(room) = self.room.checked_sub(content.len()) else {
            // It is not decoded again for each who asks.
            self.by_id.retain(|_, known| known.index != part.index);
            return None;
        };
        self.room = room;
        Some(format!("data:{};base64,{}", part.media, STANDARD.encode(&content)))
    }
}

/// Text that is nothing but text, in an element and in quotes. Controls and what turns the reading direction are shown;
/// what joins or separates letters does so, though it cannot be seen here.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(c),
            '\r' => {}
            '\u{ad}' | '\u{200b}'..='\u{200d}' => escaped.push_str(&format!("&#{};", u32::from(c))),
            c if safe::is_treacherous(c) => escaped.push_str(&safe::terminal(c.encode_utf8(&mut [0; 4]))),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(html: &str) -> String {
        let octets = format!(
            "Subject: </title><script>\r\nContent-Type: multipart/related; boundary=b\r\n\r\n\
             --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n\
             --b\r\nContent-Type: image/png\r\nContent-ID: <p@x>\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n\
             --b\r\nContent-Type: image/svg+xml\r\nContent-ID: <s@x>\r\n\r\n<svg onload=alert(1)>\r\n--b--\r\n"
        );
        let message = Message::parse(octets.as_bytes());
        print(&message, &Roles::of(&message))
    }

    /// The body alone.
    fn shown(html: &str) -> String {
        let page = page_of(html);
        let (_, body) = page.split_once("<hr>\n<div>\n").expect("a body");
        body.split_once("\n</div>").expect("an end").0.trim_end().to_owned()
    }

    #[test]
    fn a_page_shows_what_the_message_shows() {
        for (html, wanted) in [
            ("<h1 onclick=x>a</h1><b class=y>b</b>", "<h1>a</h1><strong>b</strong>"),
            ("<ol start=3><li>a</ol>", "<ol start=\"3\"><li>a</li></ol>"),
            ("a & b < c &lt;script&gt;", "a &amp; b &lt; c &lt;script&gt;"),
            ("<img src='cid:p%40x' alt='a\"b'>", "<img src=\"data:image/png;base64,AAEC\" alt=\"a&quot;b\">"),
            (
                "<img src=cid:s@x alt=svg><img src=https://t.example/1.gif><img src=data:image/svg+xml,x alt=y>",
                "[svg][y]",
            ),
            (
                "<a href='https://x/?a&amp;b&quot;'>c</a>",
                "<a href=\"https://x/?a&amp;b&quot;\" rel=\"noopener noreferrer\">c</a>",
            ),
            ("a\u{200d}b\u{202e}c\u{1b}", "a&#8205;b\\u{202e}c\\x1b"),
        ] {
            assert_eq!(shown(html), wanted, "{html}");
        }
        assert!(page_of("x").contains("<title>&lt;/title&gt;&lt;script&gt;</title>"));
    }

    /// Every tag of a page, with its attributes.
    fn tags(page: &str) -> Vec<&str> {
        page.split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag)).collect()
    }

    #[test]
    fn nothing_of_the_senders_markup_reaches_the_page() {
        for html in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<svg/onload=alert(1)>",
            "<svg><script>alert(1)</script></svg>",
            "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<a href=\"java\tscript:alert(1)\">x</a>",
            "<a href=\" &#1; javascript:alert(1)\">x</a>",
            "<a href='https://x/\" onmouseover=alert(1) \"'>x</a>",
            "<a href=\"https://x/&quot; onmouseover=alert(1)\">x</a>",
            "<a href=data:text/html,x>x</a>",
            "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
            "<style>@import 'http://t/';</style><link rel=stylesheet href=http://t/>",
            "<div style=\"background:url(http://t/)\">x</div>",
            "<body background=http://t/ onload=alert(1)>x",
            "<meta http-equiv=refresh content='0;url=http://t/'><base href=http://t/>",
            "<form action=http://t/><input name=x><button formaction=javascript:alert(1)>x</button></form>",
            "<video poster=http://t/><source src=http://t/></video><audio src=http://t/>",
            "<object data=http://t/></object><embed src=http://t/>",
            "<img srcset='http://t/ 2x' src=http://t/><picture><source srcset=http://t/></picture>",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<textarea></textarea><script>alert(1)</script>",
            "<!--><script>alert(1)</script>-->",
            "<![CDATA[<script>alert(1)</script>]]>",
            "<<script>alert(1)//<</script>",
            "<scr<script>ipt>alert(1)</scr</script>ipt>",
            "<p title='>'<script>alert(1)</script>",
            "<xmp><p title=\"</xmp><svg/onload=alert(1)>\"></xmp>",
        ] {
            let page = page_of(html);
            for tag in tags(page.split_once("<hr>").expect("a body").1) {
                let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
                let known = [
                    "div", "a", "p", "img", "body", "html", "hr", "ul", "li", "br", "pre", "strong", "title", "table",
                    "tr", "td",
                ];
                assert!(known.contains(&name), "{html}: <{tag}>");
                let rest = tag.strip_prefix("a href=\"https://x/").unwrap_or(tag);
                assert!(!rest.contains("http:") && !rest.contains("script"), "{html}: <{tag}>");
                let is_bare =
                    !tag.contains('=') || tag.starts_with("a href=\"https://x/") || tag.starts_with("img src=\"data:");
                // A quote of the sender's would end the value, and what follows would be an attribute.
                assert!(is_bare && tag.matches('"').count() % 4 == 0, "{html}: <{tag}>");
            }
        }
    }

    #[test]
    fn pictures_take_no_more_than_their_room() {
        let message = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: image/gif\nContent-ID: <a>\n\n12345\n--b--\n";
        let message = Message::parse(message.as_bytes());
        let mut pictures = Pictures::of(&message);
        pictures.room = 9;
        assert!(pictures.data("CID:a").is_some() && pictures.data("cid:a").is_none());
        assert!(pictures.by_id.is_empty() && pictures.room == 4, "it is asked for in vain once only");
    }
}
