//! Delivery reports in words alone, by the marks of the programs that wrote them.
//!
//! Four families are told by the first line of their text, which a person who forwards such a report does not begin
//! with. Where recipients and reasons stand in it is as much a format as any. What bears no mark is no report.
//! QSBMF (cr.yp.to/proto/qsbmf.txt) for qmail; the others by what Exim, Exchange and sendmail write.

use super::Original;
use super::delivery::{Delivery, Form, Recipient};
use super::prose;
use crate::message::guard::BlockKind;
use crate::message::text;
use crate::message::view::{Message, Part};

/// Octets of a text that are searched; the copy of the message behind the reasons may be long.
const TEXT_MAX: usize = 256 * 1024;
/// Texts of a message that are looked at; disclaimers and translations stand around the report.
const TEXTS_MAX: usize = 4;

/// How the texts begin.
const MARKS: [(&str, Form); 7] = [
    ("Hi. This is the ", Form::Qmail),
    ("This message was created automatically by mail delivery software", Form::Exim),
    ("Your message did not reach some or all of the intended recipients", Form::Exchange),
    ("Delivery has failed to these recipients", Form::Exchange),
    ("The original message was received at ", Form::Sendmail),
    ("----- The following addresses had ", Form::Sendmail),
    ("----- The following addresses have ", Form::Sendmail),
];

/// The report in the texts of a message: the number of its part, what it says, and of which message.
pub(super) fn read(message: &Message<'_>, parts: &[&Part]) -> Option<(String, Delivery, Option<Original>)> {
    let is_text = |part: &&&Part| part.kind == BlockKind::Leaf && part.media.main == "text";
    parts.iter().filter(is_text).take(TEXTS_MAX).find_map(|part| {
        let (delivery, original) = read_text(message, &text::of_part(message, part))?;
        Some((part.id.clone(), delivery, original))
    })
}

fn read_text(message: &Message<'_>, text: &str) -> Option<(Delivery, Option<Original>)> {
    if text.is_empty() {
        return None;
    }
    let near = &text[..text.floor_char_boundary(TEXT_MAX)];
    let Some(form) = form(text) else { return prose::read(message, near).map(|delivery| (delivery, None)) };
    let (recipients, copy) = match form {
        Form::Qmail => qmail(near),
        Form::Exim => exim(near),
        Form::Exchange => exchange(near),
        Form::Sendmail => sendmail(near),
        Form::Dsn | Form::Prose => return None,
    };
    if recipients.is_empty() {
        return prose::read(message, near).map(|delivery| (delivery, None));
    }
    let original = copy.map(|copy| {
        let copy = Message::parse(copy.trim_start().as_bytes());
        Original::of("", &copy, copy.root())
    });
    let original = original.filter(|original| original.message_id.is_some() || original.subject.is_some());
    Some((Delivery::in_words(form, recipients)?, original))
}

fn form(text: &str) -> Option<Form> {
    let first = text.trim_start();
    MARKS.iter().find(|(mark, _)| first.starts_with(mark)).map(|(_, form)| *form)
}

/// What was found: recipients, and the copy of the message behind them.
type Reading<'t> = (Vec<Recipient>, Option<&'t str>);

/// The text in front of the first line that fits, and what stands behind that line.
fn split_at_line(text: &str, fits: impl Fn(&str) -> bool) -> (&str, Option<&str>) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if fits(line.trim()) {
            return (&text[..at], Some(&text[at + line.len()..]));
        }
        at += line.len();
    }
    (text, None)
}

/// Paragraphs: lines that stand together.
fn paragraphs(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let mut lines = text.lines().peekable();
    std::iter::from_fn(move || {
        while lines.next_if(|line| line.trim().is_empty()).is_some() {}
        let mut paragraph = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.trim().is_empty()) {
            paragraph.push(line);
        }
        (!paragraph.is_empty()).then_some(paragraph)
    })
}

fn is_address(word: &str) -> bool {
    word.contains('@') && !word.contains(char::is_whitespace)
}

/// QSBMF: a paragraph for each recipient, `<bob@hamburger.example>:` on top, up to one that begins with a dash.
fn qmail(text: &str) -> Reading<'_> {
    let (report, copy) = split_at_line(text, |line| line.starts_with('-'));
    let recipients = paragraphs(report).filter_map(|paragraph| {
        let (first, said) = paragraph.split_first()?;
        let address = first.trim_end().strip_suffix(">:")?.strip_prefix('<')?;
        Some(Recipient::in_words(address, "failed", &said.join("\n")))
    });
    (recipients.collect(), copy)
}

/// An address two columns in, the reasons four or more.
fn exim(text: &str) -> Reading<'_> {
    let (report, copy) = split_at_line(text, |line| line.starts_with("------ This is a copy of "));
    let action = if report.contains("has not yet been delivered") { "delayed" } else { "failed" };
    let mut recipients = Vec::new();
    for paragraph in paragraphs(report) {
        let mut lines = paragraph.into_iter().peekable();
        while let Some(line) = lines.next() {
            let Some(address) = line.strip_prefix("  ").filter(|address| is_address(address.trim_end())) else {
                continue;
            };
            let mut said = String::new();
            while let Some(line) = lines.next_if(|line| line.starts_with("    ")) {
                said += line;
                said.push('\n');
            }
            recipients.push(Recipient::in_words(address.trim(), action, &said));
        }
    }
    (recipients, copy)
}

/// The older form names recipients and days, `bob@hamburger.example on 1/2/2004 3:04 PM`; the younger has a paragraph for
/// each behind the words for administrators.
fn exchange(text: &str) -> Reading<'_> {
    let (_, details) = split_at_line(text, |line| line.starts_with("Diagnostic information for administrators"));
    if let Some(details) = details {
        let (report, copy) = split_at_line(details, |line| line.starts_with("Original message headers"));
        let recipients = paragraphs(report).filter_map(|paragraph| {
            let (first, said) = paragraph.split_first()?;
            is_address(first.trim()).then(|| Recipient::in_words(first.trim(), "failed", &said.join("\n")))
        });
        return (recipients.collect(), copy);
    }
    let (_, list) = split_at_line(text, |line| line.starts_with("The following recipient(s) c"));
    let recipients = paragraphs(list.unwrap_or_default()).filter_map(|paragraph| {
        let (first, said) = paragraph.split_first()?;
        let (address, _) = first.trim().split_once(" on ").filter(|_| first.starts_with([' ', '\t']))?;
        Some(Recipient::in_words(address.trim_matches('\''), "failed", &said.join("\n")))
    });
    (recipients.collect(), None)
}

/// A list of addresses under a heading, the reasons in parentheses below each.
fn sendmail(text: &str) -> Reading<'_> {
    let is_heading = |line: &str| line.starts_with("----- ");
    let (report, copy) =
        split_at_line(text, |line| is_heading(line) && line.to_ascii_lowercase().contains("message follows"));
    let (_, list) = split_at_line(report, |line| is_heading(line) && line.contains("following addresses ha"));
    let heading = report.lines().find(|line| line.contains("following addresses ha")).unwrap_or_default();
    let action = if heading.contains("transient") { "delayed" } else { "failed" };
    let (list, _) = split_at_line(list.unwrap_or_default(), is_heading);
    let mut lines = list.lines().peekable();
    let mut recipients = Vec::new();
    while let Some(line) = lines.next() {
        let address = line.trim().trim_start_matches('<').trim_end_matches('>');
        if line.starts_with([' ', '\t']) || !is_address(address) {
            continue;
        }
        let mut said = String::new();
        while let Some(line) = lines.next_if(|line| line.starts_with([' ', '\t'])) {
            let line = line.trim().trim_start_matches("(reason:").trim_start_matches('(');
            said += line.strip_suffix(')').unwrap_or(line);
            said.push('\n');
        }
        recipients.push(Recipient::in_words(address, action, &said));
    }
    (recipients, copy)
}

#[cfg(test)]
mod tests {
    use super::super::{Outcome, Report, read as report};
    use super::*;
    use proptest::prelude::*;

    /// Form and lines of what is found, and the subject of the message it is about.
    fn found(text: &str) -> String {
        let octets = format!("From: MAILER-DAEMON@mx.example\r\n\r\n{}", text.replace('\n', "\r\n"));
        let Outcome::Report(found) = report(&Message::parse(octets.as_bytes())) else { return "nothing".to_owned() };
        let Report::Delivery(delivery) = &found.report else { panic!("no other kind is put in words") };
        let subject = found.original.as_ref().and_then(|original| original.subject.clone());
        let lines = delivery.lines();
        let lines: Vec<_> = lines.iter().map(|l| format!("{} {} {}", l.status, l.address, l.diagnostic)).collect();
        format!("{:?} {} [{}]", delivery.form, lines.join("|"), subject.unwrap_or_default())
    }

    #[test]
    fn four_families_are_read_by_their_marks() {
        for (text, wanted) in [
            (
                "Hi. This is the qmail-send program at crepes.example.\nI'm afraid I wasn't able to deliver your message.\n\n\
                 <bob@hamburger.example>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 no such user\n\
                 Giving up on 192.0.2.1.\n\n<carol@nowhere.example>:\nSorry, I couldn't find any host. (#5.1.2)\n\n\
                 --- Below this line is a copy of the message.\n\nReturn-Path: <alice@crepes.example>\nSubject: ketchup\n\nhi\n",
                "Qmail 5.1.1 bob@hamburger.example 192.0.2.1 does not like recipient. Remote host said: 550 5.1.1 no such \
                 user Giving up on 192.0.2.1.|5.1.2 carol@nowhere.example Sorry, I couldn't find any host. (#5.1.2) [ketchup]",
            ),
            (
                "This message was created automatically by mail delivery software.\n\nA message that you sent could not be \
                 delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  \
                 bob@hamburger.example\n    host mx1.hamburger.example [192.0.2.1]\n    SMTP error after RCPT TO:<bob@x>:\n    \
                 550 no such user\n  carol@nowhere.example\n    Unrouteable address\n\n\
                 ------ This is a copy of the message, including all the headers. ------\n\nSubject: ketchup\n\nhi\n",
                "Exim 5.0.0 bob@hamburger.example host mx1.hamburger.example [192.0.2.1] SMTP error after RCPT TO:<bob@x>: 550 \
                 no such user|5.0.0 carol@nowhere.example Unrouteable address [ketchup]",
            ),
            (
                "This message was created automatically by mail delivery software.\nA message that you sent has not yet been \
                 delivered to one or more of its\nrecipients after more than 24 hours on the queue on mx.\n\nThe address to \
                 which the message has not yet been delivered is:\n\n  bob@hamburger.example\n    Delay reason: busy\n\nNo action\n",
                "Exim 4.0.0 bob@hamburger.example delayed: Delay reason: busy []",
            ),
            (
                "Your message did not reach some or all of the intended recipients.\n\n      Subject:\tketchup\n      Sent:\t\
                 1/2/2004 3:04 PM\n\nThe following recipient(s) could not be reached:\n\n      bob@hamburger.example on 1/2/2004 \
                 3:04 PM\n            The e-mail account does not exist.\n            <mx.hamburger.example #5.1.1>\n",
                "Exchange 5.1.1 bob@hamburger.example The e-mail account does not exist. <mx.hamburger.example #5.1.1> []",
            ),
            (
                "Delivery has failed to these recipients or groups:\n\nBob\nNot found.\n\nDiagnostic information for \
                 administrators:\n\nGenerating server: ex1.crepes.example\n\nbob@hamburger.example\n#550 5.1.1 \
                 RESOLVER.ADR.RecipNotFound; not found ##\n\nOriginal message headers:\n\nSubject: ketchup\n",
                "Exchange 5.1.1 bob@hamburger.example #550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ## [ketchup]",
            ),
            (
                "The original message was received at Fri, 8 Jul 1994 09:21:25 -0400\nfrom root@localhost\n\n   ----- The \
                 following addresses had permanent fatal errors -----\n<bob@hamburger.example>\n    (reason: 550 5.1.1 User \
                 unknown)\n\n   ----- Transcript of session follows -----\n>>> RCPT To:<bob@hamburger.example>\n\n   ----- \
                 Original message follows -----\n\nSubject: ketchup\n\nhi\n",
                "Sendmail 5.1.1 bob@hamburger.example 550 5.1.1 User unknown [ketchup]",
            ),
            // No mark where the text begins, no recipient behind it.
            ("I got this:\n\nHi. This is the qmail-send program.\n\n<bob@x>:\nno\n", "nothing"),
            ("> Hi. This is the qmail-send program.\n\n<bob@x>:\nno\n", "nothing"),
            ("Hi. This is the best ketchup.\n\nBob\n", "nothing"),
            ("", "nothing"),
        ] {
            assert_eq!(found(text), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_behind_a_mark_makes_the_reader_panic(mark in 0..MARKS.len(), text in "[-<>@:a \n(é]{0,60}|.{0,60}") {
            let known = ["The following recipient(s) could", "Diagnostic information for administrators", "----- "];
            for words in known {
                found(&format!("{}\n{words}\n{text}", MARKS[mark].0));
            }
        }
    }
}
