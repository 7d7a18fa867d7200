//! Second thoughts about a message: no subject, or an attachment that is spoken of and not there.
//!
//! Doubts only: whoever sits at the terminal is asked, a script never is, and with --strict a doubt is an error.
//! Looks at the beginning of a message; what is quoted from others is not what this one says. Pure.

use mailkit::message::roles::Roles;
use mailkit::message::text;
use mailkit::message::view::Message;

/// Octets of a message that are looked at: the words of a letter are at its beginning.
pub(super) const LOOKED_AT: usize = 1024 * 1024;

/// Beginnings of words that speak of an attachment, in the languages whose people were asked.
const WORDS: [&str; 14] = [
    "attached", "attachment", "enclosed", "anhang", "anbei", "angehängt", "beigefügt", "pièce jointe", "pièces jointes",
    "ci-joint", "adjunto", "adjunta", "allegato", "bijlage",
];

/// What may be wrong with a message, a sentence each.
pub(super) fn doubts(beginning: &[u8]) -> Vec<&'static str> {
    let message = Message::parse(beginning);
    let mut found = Vec::new();
    let subject = message.text_field(message.root(), "Subject");
    if subject.as_deref().unwrap_or_default().trim().is_empty() {
        found.push("the message has no subject");
    }
    let roles = Roles::of(&message);
    if roles.attachments.is_empty() && subject.iter().map(String::as_str).any(speaks_of_one) {
        found.push("the subject speaks of an attachment, and there is none");
    } else if roles.attachments.is_empty() && speaks_of_one(&own_words(&text::of_message(&message, &roles))) {
        found.push("the text speaks of an attachment, and there is none");
    }
    found
}

/// What the writer says here: without quoted lines, and without what stands below the signature's mark.
fn own_words(text: &str) -> String {
    let own = text.lines().take_while(|line| *line != "-- ").filter(|line| !line.trim_start().starts_with('>'));
    own.collect::<Vec<_>>().join(" ")
}

fn speaks_of_one(text: &str) -> bool {
    let text = text.to_lowercase();
    WORDS.iter().any(|word| {
        text.match_indices(word).any(|(at, _)| !text[..at].ends_with(|before: char| before.is_alphanumeric()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubts_are_about_what_the_writer_says() {
        let file = "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nattached\n--x\n\
            Content-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment\n\n%PDF\n--x--\n";
        for (text, wanted) in [
            ("Subject: Crepes\n\nDo you like ketchup?\n", vec![]),
            ("Subject:  \n\nDo you like ketchup?\n", vec!["no subject"]),
            ("From: a@b\n\nDo you like ketchup?\n", vec!["no subject"]),
            ("Subject: =?utf-8?q?Cr=C3=AApes?=\n\nSee the attached menu.\n", vec!["the text"]),
            ("Subject: x\n\nPlease find ATTACHED the menu.\n", vec!["the text"]),
            ("Subject: x\n\nDie Karte ist im Anhang.\n", vec!["the text"]),
            ("Subject: the attachment\n\nHere.\n", vec!["the subject"]),
            ("Subject: x\n\nUnattached.\n", vec![]),
            ("Subject: x\n\n> see the attached menu\nThanks!\n", vec![]),
            ("Subject: x\n\nThanks!\n-- \nattached to no party\n", vec![]),
            (&format!("Subject: x\n{file}"), vec![]),
        ] {
            let found = doubts(text.replace('\n', "\r\n").as_bytes());
            assert_eq!(found.len(), wanted.len(), "{text}: {found:?}");
            assert!(found.iter().zip(&wanted).all(|(found, wanted)| found.contains(wanted)), "{text}: {found:?}");
        }
    }
}
