//! Deceit: header fields that show a reader one thing and mean another.
//!
//! Each is a [`Defect`] like any other, so that view, JSON and lint tell it in the same words. Nothing is looked up, and
//! nothing here proves an intent; it says what a person could not see. RFC 5322 §3.4, §3.6.2; RFC 2047 §5; RFC 5890 §4.4;
//! UTS 39 §5.1 for scripts that are written together.

use crate::message::address_list::{self, NameAddr};
use crate::message::defect::Defect;
use crate::message::field::Field;
use crate::message::guard::BlockKind;
use crate::message::safe;
use crate::message::view::{Message, Part};
use crate::message::words;
use icu_properties::CodePointMapData;
use icu_properties::props::Script;
use std::collections::HashSet;

/// Flags of one message that are told.
const FLAGS_MAX: usize = 200;
/// Mailboxes of one field that are looked at.
const MAILBOXES_MAX: usize = 100;

/// What in a message, and in those within it, could deceive its reader; in the order of the places.
pub fn flags(message: &Message<'_>) -> Vec<Defect> {
    let mut flags = Vec::new();
    for part in message.parts() {
        let is_message =
            part.parent.and_then(|at| message.parts().get(at)).is_none_or(|p| p.kind == BlockKind::Message);
        if is_message && flags.len() < FLAGS_MAX {
            of_message(message, part, &mut flags);
        }
    }
    flags.truncate(FLAGS_MAX);
    flags.sort_by_key(|flag| flag.offset);
    flags
}

/// The fields of one message that say whom it is from.
fn of_message(message: &Message<'_>, part: &Part, flags: &mut Vec<Defect>) {
    let (mut from, mut reply_to) = (Vec::new(), Vec::new());
    let (mut from_fields, mut has_sender, mut is_list) = (0, false, false);
    for field in message.fields(part) {
        let place = Place { part, offset: part.header.start + field.at.start, name: field.name };
        is_list |= field.is("List-Id") || field.is("List-Post");
        has_sender |= field.is("Sender");
        let is_from = field.is("From");
        if !is_from && !field.is("Sender") && !field.is("Reply-To") || flags.len() >= FLAGS_MAX {
            continue;
        }
        from_fields += usize::from(is_from);
        words_of(&field, &place, flags);
        let entries = address_list::parse(field.body);
        let mailboxes: Vec<NameAddr> = address_list::mailboxes(&entries).take(MAILBOXES_MAX).cloned().collect();
        names(&mailboxes, &place, flags);
        domains(&mailboxes, &place, flags);
        if is_from && (from_fields > 1 || mailboxes.len() > 1 && !has_sender && !sender_follows(message, part)) {
            let what = if from_fields > 1 {
                "a second field From stands there"
            } else {
                "From names several and no Sender stands there"
            };
            flags.push(place.flag("several-from", format!("{what}; readers differ in whom they show")));
        }
        if is_from {
            from.extend(mailboxes);
        } else if field.is("Reply-To") {
            reply_to.extend(mailboxes.into_iter().map(|mailbox| (mailbox, place.offset)));
        }
    }
    // A list directs answers to itself, and says that it is one.
    let elsewhere = reply_to.iter().find(|(mailbox, _)| {
        let is_apart = |other: &NameAddr| !other.domain.is_empty() && !is_same_place(&mailbox.domain, &other.domain);
        !mailbox.domain.is_empty() && !from.is_empty() && from.iter().all(is_apart)
    });
    if let Some((mailbox, offset)) = elsewhere.filter(|_| !is_list) {
        let text = format!("answers go to {}, which is another domain than that of From", mailbox.spec());
        flags.push(Defect::new("reply-to-elsewhere", &part.id, *offset, text));
    }
}

fn sender_follows(message: &Message<'_>, part: &Part) -> bool {
    message.field(part, "Sender").is_some()
}

/// Where a flag stands.
struct Place<'p> {
    part: &'p Part,
    offset: usize,
    name: &'p str,
}

impl Place<'_> {
    fn flag(&self, code: &'static str, text: String) -> Defect {
        Defect::new(code, &self.part.id, self.offset, text)
    }
}

/// Mailsploit: an encoded word puts a line end or a NUL into an address, and readers cut it there.
fn words_of(field: &Field<'_>, place: &Place<'_>, flags: &mut Vec<Defect>) {
    let plain = words::unfold(field.body);
    let raw = words::field_text(&plain);
    let hidden = words::decode_words(&raw).chars().find(|c| c.is_control() && !raw.contains(*c));
    if let Some(c) = hidden {
        let text =
            format!("an encoded word in {} hides the control {:?}, where some readers cut the address", place.name, c);
        flags.push(place.flag("control-in-word", text));
    }
}

fn names(mailboxes: &[NameAddr], place: &Place<'_>, flags: &mut Vec<Defect>) {
    for mailbox in mailboxes {
        let Some(shown) = mailbox.display_name() else { continue };
        let spec = mailbox.spec();
        let is_end = |c: char| c.is_whitespace() || c.is_control() || "<>()\"'[],;".contains(c);
        let claims = shown.split(is_end).find(|word| {
            word.rsplit_once('@')
                .is_some_and(|(local, domain)| !local.is_empty() && domain.trim_matches('.').contains('.'))
        });
        if claims.is_some_and(|claim| !claim.eq_ignore_ascii_case(&spec)) {
            let text = format!("the name {shown:?} in {} looks like an address, which is {spec}", place.name);
            flags.push(place.flag("address-in-name", text));
        }
        if shown.chars().any(safe::is_treacherous) {
            let text = format!("the name in {} holds characters that cannot be seen", place.name);
            flags.push(place.flag("hidden-characters", text));
        }
    }
}

fn domains(mailboxes: &[NameAddr], place: &Place<'_>, flags: &mut Vec<Defect>) {
    let known: HashSet<&str> = mailboxes.iter().map(|mailbox| mailbox.domain.as_str()).collect();
    let mut known: Vec<&str> = known.into_iter().collect();
    known.sort_unstable();
    for domain in known {
        let is_encoded =
            domain.split('.').any(|label| label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xn--")));
        if domain.is_ascii() && !is_encoded {
            continue;
        }
        let (shown, _) = idna::domain_to_unicode(domain);
        let written = idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_owned());
        if let Some(label) = shown.split('.').find(|label| is_mixed(label)) {
            let text = format!("the label {label:?} of {written} in {} is written in several scripts", place.name);
            flags.push(place.flag("mixed-script", text));
        }
        if is_encoded {
            flags.push(place.flag("a-label", format!("the domain {written} in {} is shown as {shown:?}", place.name)));
        }
    }
}

/// Whether a label has letters of scripts that nobody writes together.
fn is_mixed(label: &str) -> bool {
    let map = CodePointMapData::<Script>::new();
    let mut scripts: Vec<Script> = Vec::new();
    for script in
        label.chars().map(|c| map.get(c)).filter(|script| !matches!(*script, Script::Common | Script::Inherited))
    {
        if !scripts.contains(&script) {
            scripts.push(script);
        }
    }
    // Japanese, Korean and Chinese each use several, and Latin letters among them.
    let together: [&[Script]; 3] = [
        &[Script::Latin, Script::Han, Script::Hiragana, Script::Katakana],
        &[Script::Latin, Script::Han, Script::Hangul],
        &[Script::Latin, Script::Han, Script::Bopomofo],
    ];
    scripts.len() > 1 && !together.iter().any(|set| scripts.iter().all(|script| set.contains(script)))
}

/// Whether one domain is the other, or below it.
fn is_same_place(one: &str, other: &str) -> bool {
    let (one, other) =
        (one.trim_end_matches('.').to_ascii_lowercase(), other.trim_end_matches('.').to_ascii_lowercase());
    let is_below = |domain: &str, name: &str| domain.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
    one == other || is_below(&one, &other) || is_below(&other, &one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn codes(header: &str) -> String {
        let message = format!("{header}\r\n\r\ntext");
        let message = Message::parse(message.as_bytes());
        flags(&message).iter().map(|flag| flag.code).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_shows_one_thing_and_means_another_is_told() {
        for (header, wanted) in [
            ("From: Alice <a@x.example>\r\nReply-To: b@x.example", ""),
            ("From: \"bank@good.example\" <a@x.example>", "address-in-name"),
            ("From: \"a@x.example\" <A@x.example>", ""),
            ("From: Alice @ work <a@x.example>", ""),
            ("From: =?utf-8?q?a=E2=80=8Bb?= <a@x.example>", "hidden-characters"),
            (
                "From: =?utf-8?b?cG90dXNAd2hpdGVob3VzZS5nb3YA?= <a@x.example>",
                "control-in-word address-in-name hidden-characters",
            ),
            ("From: =?utf-8?q?a=0A?=@x.example", "control-in-word"),
            ("From: a@x.example\r\nFrom: b@x.example", "several-from"),
            ("From: a@x.example, b@x.example", "several-from"),
            ("From: a@x.example, b@x.example\r\nSender: a@x.example", ""),
            ("From: a@x.example\r\nReply-To: b@evil.example", "reply-to-elsewhere"),
            ("From: a@mail.x.example\r\nReply-To: b@x.example", ""),
            ("From: a@x.example\r\nReply-To: l@lists.example\r\nList-Id: <l.lists.example>", ""),
            ("From: a@xn--bcher-kva.example", "a-label"),
            ("From: a@b\u{fc}cher.example", ""),
            ("From: a@p\u{430}ypal.example", "mixed-script"),
            ("From: a@xn--pypal-4ve.example", "mixed-script a-label"),
            ("From: a@\u{43f}\u{440}\u{438}\u{43c}\u{435}\u{440}.example", ""),
            ("From: a@\u{65e5}\u{672c}\u{306e}shop.example", ""),
            ("Subject: x", ""),
        ] {
            assert_eq!(codes(header), wanted, "{header}");
        }
    }

    #[test]
    fn both_forms_of_a_domain_are_shown() {
        let message = Message::parse(b"From: a@xn--bcher-kva.example\r\n\r\n");
        assert_eq!(flags(&message)[0].text, "the domain xn--bcher-kva.example in From is shown as \"bücher.example\"");
    }

    proptest! {
        #[test]
        fn no_field_makes_the_reader_panic(body in "(=\\?utf-8\\?q\\?|\\?=|=0A|xn--|[a-z@.<>\", éаж]){0,30}") {
            codes(&format!("From: {body}\r\nReply-To: {body}"));
        }
    }
}
