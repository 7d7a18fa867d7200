//! What a message says, as lines of text: plain text unwrapped, HTML reduced to words and links.
//!
//! Converted in this process; nothing is ever fetched, run or followed. The result is still a stranger's
//! text: print it through [`super::safe`]. RFC 3676; RFC 2046 §4.1.

use super::html_text::{self, Form};
use super::roles::Roles;
use super::view::{Message, Part};

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
        return html_text::print(&text, Form::Plain);
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

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,40}|[> x\n-]{0,40}") {
            unflow(&text, true);
        }
    }
}
