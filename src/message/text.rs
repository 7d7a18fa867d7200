//! What a message says, as lines of text: plain text unwrapped, HTML reduced to words and links.
//!
//! Converted in this process; nothing is ever fetched, run or followed. The result is still a stranger's
//! text: print it through [`super::safe`]. RFC 3676; RFC 2046 §4.1.

use super::roles::Roles;
use super::view::{Message, Part};
use mail_parser::decoders::html::html_to_text;

/// Links of one HTML part that are listed.
const LINKS_MAX: usize = 200;
/// Octets of one link that are shown.
const LINK_MAX: usize = 2000;

/// The text of a message: its shown parts one after the other, with LF line ends.
pub fn of_message(message: &Message<'_>, roles: &Roles) -> String {
    let mut texts = Vec::new();
    for part in roles.shown.iter().filter_map(|index| message.parts().get(*index)) {
        let text = of_part(message, part);
        let text = text.trim_end().trim_start_matches('\n');
        if !text.is_empty() {
            texts.push(format!("{text}\n"));
        }
    }
    texts.join("\n")
}

/// The text of a part, with LF line ends.
pub fn of_part(message: &Message<'_>, part: &Part) -> String {
    let text = message.text(part).content.replace("\r\n", "\n");
    if part.media.is("text", "html") {
        return from_html(&text);
    }
    let parameter = |name: &str| part.media.parameters.get(name).unwrap_or_default();
    match parameter("format").eq_ignore_ascii_case("flowed") {
        true => unflow(&text, parameter("delsp").eq_ignore_ascii_case("yes")),
        false => text,
    }
}

/// Joins the lines that a sender cut for the wire's sake (RFC 3676 §4).
fn unflow(text: &str, delete_space: bool) -> String {
    let mut joined = String::with_capacity(text.len());
    // The quote depth of the paragraph that the line before left open.
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let depth = line.bytes().take_while(|octet| *octet == b'>').count();
        let content = line.get(depth..).unwrap_or_default();
        // §4.4: a space in front was put there lest the line look quoted, or like an mbox separator.
        let content = content.strip_prefix(' ').unwrap_or(content);
        let is_signature = content == "-- ";
        if open == Some(depth) && !is_signature {
            joined.push_str(content);
        } else {
            if open.is_some() {
                joined.push('\n');
            }
            joined.extend(std::iter::repeat_n('>', depth));
            if depth > 0 {
                joined.push(' ');
            }
            joined.push_str(content);
        }
        open = (content.ends_with(' ') && !is_signature).then_some(depth);
        match open {
            Some(_) if delete_space => drop(joined.pop()),
            Some(_) => {}
            None => joined.push('\n'),
        }
    }
    joined
}

/// The words of an HTML text, and its links behind them.
fn from_html(html: &str) -> String {
    let (html, links) = mark(html);
    let text = html_to_text(&html);
    // Blank lines pile up where blocks are nested.
    let mut lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
    let mut text = lines.join("\n").trim().to_owned();
    if !links.is_empty() {
        text.push('\n');
    }
    for (number, link) in links.iter().enumerate() {
        text += &format!("\n[{}] {link}", number + 1);
    }
    text + "\n"
}

/// Puts a line end where a block begins or ends, since the converter knows none but `<br>` and `</p>`, and
/// a number behind each link. Comments, scripts and styles are left to the converter.
fn mark(html: &str) -> (String, Vec<String>) {
    let (mut marked, mut links) = (String::with_capacity(html.len()), Vec::new());
    let mut rest = html;
    let mut open_link: Option<usize> = None;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        marked.push_str(before);
        // A tag ends at its `>`; one in an attribute's quotes is too rare in mail to make this longer.
        let end = tag.find('>').map_or(tag.len(), |end| end + 1);
        let (tag, after) = tag.split_at(end);
        rest = after;
        let name: String = tag[1..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').take(12).collect();
        let name = name.to_ascii_lowercase();
        marked.push_str(tag);
        match name.trim_end_matches('/') {
            "a" => {
                open_link = link_of(tag).filter(|_| links.len() < LINKS_MAX).map(|link| {
                    let known = links.iter().position(|other| *other == link);
                    known.unwrap_or_else(|| {
                        links.push(link);
                        links.len() - 1
                    })
                });
            }
            "/a" => {
                if let Some(index) = open_link.take() {
                    marked += &format!(" [{}]", index + 1);
                }
            }
            "/div" | "/li" | "/tr" | "/h1" | "/h2" | "/h3" | "/h4" | "/h5" | "/h6" | "/table" | "/ul" | "/ol"
            | "/blockquote" | "/pre" | "/title" | "hr" | "p" | "div" | "li" | "tr" => marked.push_str("<br>"),
            "/td" | "/th" => marked.push(' '),
            _ => {}
        }
    }
    marked.push_str(rest);
    (marked, links)
}

/// The target of a link, if it leads out: to the web or to a mailbox.
fn link_of(tag: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let value = lower.find("href").map(|at| tag[at + 4..].trim_start())?.strip_prefix('=')?.trim_start();
    let target = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?,
        _ => value.split(|c: char| c.is_whitespace() || c == '>').next()?,
    };
    let target = target.trim().replace("&amp;", "&");
    let scheme = target.split(':').next()?.to_ascii_lowercase();
    let leads_out = matches!(scheme.as_str(), "http" | "https" | "mailto" | "ftp");
    (leads_out && target.len() <= LINK_MAX).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn flowed_text_is_unwrapped() {
        for (text, delete, wanted) in [
            ("one \ntwo\nthree\n", false, "one two\nthree\n"),
            ("> one \n> two\nmine\n", false, "> one two\nmine\n"),
            ("one \n> two\n", false, "one \n> two\n"),
            ("  stuffed\n -- \n", false, " stuffed\n-- \n"),
            ("one \n-- \nsig\n", false, "one \n-- \nsig\n"),
            ("日本 \n語\n", true, "日本語\n"),
        ] {
            assert_eq!(unflow(text, delete), wanted, "{text:?}");
        }
    }

    #[test]
    fn html_becomes_words_and_links() {
        for (html, wanted) in [
            ("<p>Hello&nbsp;<b>Bob</b></p><p>Bye</p>", "Hello\u{a0}Bob\n\nBye\n"),
            ("<style>p{}</style><script>x</script><!-- c -->text", "text\n"),
            (
                "<a href=\"https://x.example/?a&amp;b\">here</a> and <a href='javascript:x'>there</a>",
                "here[1] and there\n\n[1] https://x.example/?a&b\n",
            ),
            ("<ul><li>a</li><li>b</li></ul>", "a\n\nb\n"),
            ("", "\n"),
        ] {
            assert_eq!(from_html(html), wanted, "{html}");
        }
    }

    proptest! {
        #[test]
        fn no_markup_makes_the_reader_panic(text in "[<>a/&;#x=\"' é!-]{0,60}|.{0,40}") {
            from_html(&text);
            unflow(&text, true);
        }
    }
}
