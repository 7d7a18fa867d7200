//! Delivery reports in free words: programs without number have written them, each in its own way.
//!
//! One is told by who sent it (a daemon, nobody, a postmaster) together with what it says of itself; a person's letter about
//! a bounce has the second alone. Whom it is about is looked for where such programs name him: in `X-Failed-Recipients`, else
//! at the front of a line, else behind words like "user", else anywhere before the copy of the message. The sender's own
//! address and those for questions are nobody's who was missed. Knows no program's format: those are in [`super::bounce`].
//! RFC 5321 §6.1 (the null reverse-path).

use super::delivery::{Delivery, Form, Recipient};
use crate::message::address_list;
use crate::message::view::Message;
use std::collections::BTreeSet;

/// Recipients of one report that are kept.
const RECIPIENTS_MAX: usize = 1000;
/// Octets of a reason that are kept, beyond its first line.
const REASON_MAX: usize = 1000;

/// What a report says of itself, in its subject or its text.
const FAILED: [&str; 33] = [
    "failed addresses",
    "failed mail",
    "failed recipient",
    "invalid mailbox",
    "mail failed",
    "mailbox unavailable",
    "no such user",
    "not be delivered to",
    "unknown user",
    "unsuccessful delivery",
    "user not found",
    "undeliver",
    "not be delivered",
    "not delivered",
    "failed delivery",
    "delivery fail",
    "delivery status notification",
    "delivery notification",
    "delivery has failed",
    "delivery problem",
    "delivery error",
    "returned mail",
    "returned to sender",
    "returning message",
    "failure notice",
    "unable to deliver",
    "could not deliver",
    "cannot deliver",
    "did not reach",
    "wasn't able to deliver",
    "user unknown",
    "mail error",
    "mail system error",
];
/// The same of one that is no end yet.
const DELAYED: [&str; 8] = [
    "delayed",
    "not yet been delivered",
    "not yet delivered",
    "will be retried",
    "will keep trying",
    "will continue to",
    "still being",
    "do not need to resend",
];
/// What the line in front of the copy of the message says.
const COPY: [&str; 13] = [
    "original message follows",
    "original message -",
    "original message attached",
    "returned message",
    "copy of your message",
    "copy of the message",
    "copy of the original",
    "message headers",
    "header of the original",
    "unsent message below",
    "message text follows",
    "below this line",
    "message follows",
];
/// Behind which word an address is one that was missed.
const BEFORE: [&str; 15] = [
    "smtp",
    "user",
    "userid",
    "recipient",
    "recipients",
    "address",
    "mailbox",
    "account",
    "attempts",
    "deliver",
    "delivered",
    "rcpt",
    "to",
    "for",
    "unknown",
];
/// Whom one asks.
const HELPERS: [&str; 7] = ["postmaster", "mailer-daemon", "abuse", "support", "help", "helpdesk", "webmaster"];

/// What a text says became of a message, if who sent it is a program.
pub(super) fn read(message: &Message<'_>, text: &str) -> Option<Delivery> {
    let field = |name: &str| message.text_field(message.root(), name).unwrap_or_default();
    let report = before_copy(text);
    let (subject, said) = (field("Subject").to_lowercase(), report.to_lowercase());
    let says = |text: &str, marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
    let tells = |text: &str| says(text, &DELAYED) || says(text, &FAILED);
    let (in_subject, in_text) = (tells(&subject) && !is_answer(&subject), tells(&said));
    let sender = Sender::of(message);
    if !(in_subject && in_text || sender != Sender::Anybody && (in_subject || in_text) || sender == Sender::Daemon) {
        return None;
    }
    let is_late = says(&subject, &DELAYED) || says(&said, &DELAYED);
    let action = if is_late && !said.contains("no longer") { "delayed" } else { "failed" };
    let named: BTreeSet<String> =
        addresses(&field("X-Failed-Recipients")).map(|(_, address)| address.to_lowercase()).collect();
    let mut strangers = people(message, "To");
    strangers.extend(people(message, "From"));
    let mentions = mentions(report, &strangers);
    let nearest = mentions.iter().map(|mention| mention.rank).min();
    // Without a word that it is one, a daemon's letter is a report if it begins a line with whom it is about.
    if !in_subject && !in_text && named.is_empty() && nearest != Some(0) {
        return None;
    }
    let mut seen = BTreeSet::new();
    let mut recipients = Vec::new();
    for mention in mentions.iter().filter(|mention| !named.is_empty() || Some(mention.rank) == nearest) {
        let is_named = named.is_empty() || named.contains(&mention.address.to_lowercase());
        if is_named && seen.insert(mention.address.to_lowercase()) && recipients.len() <= RECIPIENTS_MAX {
            recipients.push(Recipient::in_words(mention.address, action, mention.reason));
        }
    }
    for name in named.iter().take(RECIPIENTS_MAX) {
        if seen.insert(name.clone()) {
            recipients.push(Recipient::in_words(name, action, ""));
        }
    }
    Delivery::in_words(Form::Prose, recipients)
}

/// Who sends such reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sender {
    /// Nobody else sends under this name.
    Daemon,
    /// Nobody who could be answered; who is away answers so as well.
    Program,
    Anybody,
}

impl Sender {
    fn of(message: &Message<'_>) -> Self {
        let text = |name: &str| message.text_field(message.root(), name).unwrap_or_default().to_lowercase();
        let (from, path) = (text("From"), text("Return-Path"));
        let is = |names: &[&str]| names.iter().any(|name| from.contains(name));
        if is(&["mailer-daemon@", "mailer_daemon@", "maildaemon@", "mail-daemon@", "mdaemon@"]) {
            Self::Daemon
        } else if is(&["postmaster", "mail delivery s", "system administrator", "<>"])
            || path.trim() == "<>"
            || path.contains("mailer-daemon")
        {
            Self::Program
        } else {
            Self::Anybody
        }
    }
}

/// Whether a subject is that of an answer to a report, or of one passed on.
fn is_answer(subject: &str) -> bool {
    ["re:", "fw:", "fwd:", "aw:", "wg:"].iter().any(|start| subject.trim_start().starts_with(start))
}

/// The addresses in a field, in small letters.
fn people(message: &Message<'_>, name: &str) -> BTreeSet<String> {
    let entries = message.field(message.root(), name).map(address_list::parse).unwrap_or_default();
    let people = address_list::mailboxes(&entries).filter_map(address_list::NameAddr::person);
    people.map(|(_, address)| address.to_lowercase()).collect()
}

/// What stands in front of the copy of the message.
fn before_copy(text: &str) -> &str {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let low = line.trim().to_lowercase();
        let is_short = low.len() < 100 && !low.contains('@');
        // The line that says that a copy will come ("the message returned below could not …") is a sentence.
        let says = |mark: &&str| low.contains(*mark);
        let is_heading = is_short && COPY.iter().any(says) && is_apart(&low);
        if at > 0 && (is_heading || low.starts_with("received: ") || low.starts_with("return-path: ")) {
            return &text[..at];
        }
        at += line.len();
    }
    text
}

/// Whether a line is a heading and no part of a sentence.
fn is_apart(low: &str) -> bool {
    low.starts_with(|c: char| !c.is_alphanumeric())
        || low.ends_with([':', '-', '='])
        || low.split_whitespace().count() <= 5
}

/// An address in a report.
struct Mention<'t> {
    address: &'t str,
    /// How sure it is that he was missed: less is surer.
    rank: u8,
    reason: &'t str,
}

fn mentions<'t>(report: &'t str, strangers: &BTreeSet<String>) -> Vec<Mention<'t>> {
    let mut found: Vec<Mention<'t>> = Vec::new();
    let mut at = 0;
    for line in report.split_inclusive('\n') {
        for (start, address) in addresses(line) {
            let local = address.split('@').next().unwrap_or_default();
            let is_stranger = strangers.contains(&address.to_lowercase());
            if is_stranger || HELPERS.iter().any(|helper| local.eq_ignore_ascii_case(helper)) {
                continue;
            }
            let before = line[..start].trim_matches(|c: char| !c.is_alphanumeric());
            let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_lowercase();
            let rank = match () {
                () if before.is_empty() => 0,
                // The head of the message that was not delivered, told to the sender: he may have written to a list.
                () if ["to", "cc", "from"].iter().any(|name| before.eq_ignore_ascii_case(name)) => 3,
                () if BEFORE.contains(&word.as_str()) => 1,
                () => 2,
            };
            found.push(Mention { address, rank, reason: reason(&report[at..], line.len()) });
        }
        at += line.len();
    }
    found
}

/// The line and what stands below it, up to an empty line.
fn reason(rest: &str, line: usize) -> &str {
    let near = &rest[..rest.floor_char_boundary(REASON_MAX.max(line))];
    let below = &near[line..];
    // Where the line says it all, the empty line comes at once.
    let end = if below.starts_with(['\n', '\r']) { 0 } else { below.find("\n\n").unwrap_or(below.len()) };
    &near[..line + end]
}

/// The addresses in a line, and where they begin.
fn addresses(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_between = |c: char| c.is_whitespace() || "<>()[]\"'`,;:=|".contains(c);
    line.split(is_between).filter_map(move |word| {
        let start = word.as_ptr() as usize - line.as_ptr() as usize;
        let address = word.trim_end_matches(['.', '!', '?', '*']);
        let (local, domain) = address.rsplit_once('@')?;
        let is_domain = domain.contains('.') && domain.chars().all(|c| c.is_alphanumeric() || "-._".contains(c));
        (is_domain && !local.is_empty() && !local.contains('@')).then_some((start, address))
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Outcome, Report, read as report};
    use super::*;
    use proptest::prelude::*;

    fn found(letter: &str) -> String {
        let Outcome::Report(found) = report(&Message::parse(letter.as_bytes())) else { return "nothing".to_owned() };
        let Report::Delivery(delivery) = &found.report else { return "another".to_owned() };
        let lines = delivery.lines().into_iter().zip(&delivery.recipients);
        let line = |(line, recipient): (super::super::Line, &Recipient)| {
            format!("{} {} {}", line.address, recipient.action.as_deref().unwrap_or_default(), line.status)
        };
        lines.map(line).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn programs_name_whom_they_missed_in_their_own_ways() {
        for (letter, wanted) in [
            // Behind words in a line, and the head of the message below a heading.
            (
                "From: \"Postmaster\" <postmaster@mx.example>\nTo: <alice@crepes.example>\nSubject: Undeliverable Mail\n\n\
                 Invalid final delivery userid: bob@hamburger.example\n\n\nOriginal message follows.\n\nTo: carol@x.example\n",
                "bob@hamburger.example failed 5.0.0",
            ),
            // At the front of lines, each with its reason; whom to ask, and the sender, are not missed.
            (
                "From: MAILER-DAEMON@mx.example (Mail Delivery System)\nTo: alice@crepes.example\nSubject: Returned to \
                 Sender\n\nThe message of alice@crepes.example returned below could not be delivered.\nAsk \
                 <postmaster@mx.example>.\n\n<bob@hamburger.example>: host mx said: 550 5.1.1\n    no such user\n\n\
                 <carol@nowhere.example>: 452 4.2.2 full\n",
                "bob@hamburger.example failed 5.1.1|carol@nowhere.example failed 4.2.2",
            ),
            // What a field says is surer than any text.
            (
                "X-Failed-Recipients: bob@hamburger.example,\n carol@nowhere.example\nFrom: Mail Delivery Service \
                 <noreply@mx.example>\nSubject: Delivery failed\n\ndave@other.example <bob@hamburger.example> 5.7.1 no\n",
                "bob@hamburger.example failed 5.7.1|carol@nowhere.example failed 5.0.0",
            ),
            // It is tried again.
            (
                "Return-Path: <>\nFrom: queue@mx.example\nSubject: Your message\n\nDelivery of your message was delayed:\n\n\
                 * bob@hamburger.example\n\nYou do not need to resend it.\n",
                "bob@hamburger.example delayed 4.0.0",
            ),
            // Subject and text say it, whoever sent it.
            (
                "From: gateway@mx.example\nTo: alice@crepes.example\nSubject: Delivery failure\n\nCould not be delivered to \
                 the recipient bob@hamburger.example.\n",
                "bob@hamburger.example failed 5.0.0",
            ),
            // A daemon's letter in another language.
            (
                "From: MAILER-DAEMON@mx.example\n\n邮件无法\n\n<bob@hamburger.example>:\n\n",
                "bob@hamburger.example failed 5.0.0",
            ),
            ("From: MAILER-DAEMON@mx.example\n\nWe moved; write to bob@hamburger.example\n", "nothing"),
            // Who is away answers without a reverse-path as well, and people speak of reports.
            ("Return-Path: <>\nFrom: bob@x.example\nSubject: Away\n\nCall carol@x.example.\n", "nothing"),
            (
                "From: bob@x.example\nSubject: Re: Delivery failure\n\ncarol@x.example could not be delivered to?\n",
                "nothing",
            ),
            ("From: bob@x.example\nSubject: delivery failure\n\nsee carol@x.example\n", "nothing"),
            ("From: postmaster@mx.example\nSubject: Undeliverable\n\nNobody is named, a@b neither.\n", "nothing"),
        ] {
            assert_eq!(found(letter), wanted, "{letter}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "(bob@x\\.example|[-<>@:. \n\r(é]|to |received: |copy of the message|.){0,60}") {
            found(&format!("From: MAILER-DAEMON@x\nSubject: undelivered\n\n{text}"));
        }
    }
}
