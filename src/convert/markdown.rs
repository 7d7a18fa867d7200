//! A message as Markdown: its subject as a heading, its fields as a list, its text with lists, links and quotes.
//!
//! What a stranger wrote is escaped, so that it is text and no markup; no picture is named that a reader would fetch.
//! CommonMark 0.31.

use super::letterhead::Letterhead;
use crate::message::html_text::{self, Form, escape};
use crate::message::roles::Roles;
use crate::message::text;
use crate::message::view::Message;

/// The whole message, with LF line ends.
pub fn print(message: &Message<'_>, roles: &Roles) -> String {
    let head = Letterhead::of(message, roles);
    let mut printed = format!("# {}\n\n", escape(head.subject(), false));
    for (name, value) in head.fields.iter().filter(|(name, _)| *name != "Subject") {
        printed += &format!("- **{name}:** {}\n", escape(value, false));
    }
    // HTML says more than the plain text beside it.
    let shown = roles.html.map_or_else(
        || roles.shown.clone(),
        |html| {
            let others = roles.shown.iter().copied().filter(|index| Some(*index) != roles.text);
            std::iter::once(html).chain(others.filter(|index| *index != html)).collect()
        },
    );
    for part in shown.iter().filter_map(|index| message.parts().get(*index)) {
        printed.push('\n');
        printed += &match part.media.is("text", "html") {
            true => html_text::print(&message.text(part).content, Form::Markdown),
            false => plain(&text::of_part(message, part)),
        };
    }
    if !head.attachments.is_empty() {
        printed += "\n## Attachments\n\n";
    }
    printed.extend(head.attachments.iter().map(|attachment| format!("- {}\n", escape(attachment, false))));
    printed
}

/// Plain text whose lines stay lines; what is quoted stays a quote.
fn plain(text: &str) -> String {
    let mut printed = String::with_capacity(text.len() + text.len() / 8);
    let mut lines = text.trim_end().lines().peekable();
    let depth = |line: &str| line.len() - line.trim_start_matches(['>', ' ']).len();
    while let Some(line) = lines.next() {
        let marks = line.chars().take(depth(line)).filter(|c| *c == '>').count().min(8);
        let content = line.trim_start_matches(['>', ' ', '\t']).trim_end();
        printed += &">".repeat(marks);
        printed += if marks > 0 && !content.is_empty() { " " } else { "" };
        printed += &escape(content, true);
        // A backslash at its end keeps a line apart from the next one.
        let goes_on = lines.peek().is_some_and(|next| !next.trim_matches(['>', ' ', '\t']).is_empty());
        printed += if goes_on && !content.is_empty() { "\\\n" } else { "\n" };
    }
    printed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(message: &str) -> String {
        let message = Message::parse(message.as_bytes());
        print(&message, &Roles::of(&message))
    }

    #[test]
    fn a_message_becomes_a_page_of_markdown() {
        for (message, wanted) in [
            ("Subject: =?utf-8?q?a=0A=23_b?=\n\nc\n", "# a # b\n\n\nc\n"),
            (
                "From: A *b* <a@x>\nSubject: <script>\n\n# one\ntwo\n\n> three\n>> four\n- five\n",
                "# \\<script\\>\n\n- **From:** A \\*b\\* \\<a@x\\>\n\n\\# one\\\ntwo\n\n> three\\\n>> four\\\n\\- five\n",
            ),
            (
                "Subject: s\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: text/html\n\n\
                 <h2>rich</h2><img src=http://t/ alt=a>\n--b--\n",
                "# s\n\n\n## rich\n\n\\[a\\]\n",
            ),
            (
                "Subject: s\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\n--b\nContent-Type: a/b; name=c_d\n\nx\n--b--\n",
                "# s\n\n\nhi\n\n## Attachments\n\n- c\\_d (a/b, 1 octets)\n",
            ),
        ] {
            assert_eq!(shown(message), wanted, "{message}");
        }
    }
}
