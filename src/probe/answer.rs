//! What a server's refusal means for a sender: the words of it, and whether it is only to be asked once more. Pure.
//!
//! RFC 5321 §3.3, §4.2.1; RFC 6647 §2.1, §3.

use super::sighting::{Class, Failure, Recipient, Said};
use crate::smtp::outcome::Phase;

/// Octets of a stranger's words in a sentence; the report has all of them elsewhere.
const TEXT_MAX: usize = 240;

/// What ended a look, in the server's words or ours.
pub(super) fn said(failure: Option<&Failure>) -> String {
    failure.map_or_else(String::new, |failure| words(failure.code, failure.enhanced.as_deref(), &failure.text))
}

/// What a recipient was answered.
pub(super) fn answered(recipient: &Recipient) -> String {
    words(recipient.code, recipient.enhanced.as_deref(), &recipient.text)
}

fn words(code: Option<u16>, enhanced: Option<&str>, text: &str) -> String {
    let code_text = code.map(|code| format!("{code} ")).unwrap_or_default();
    // Where there is no code, the status is one of ours.
    let enhanced = code.and(enhanced).map(|status| format!("{status} ")).unwrap_or_default();
    format!("{code_text}{enhanced}{}", short(text)).trim_end().to_owned()
}

/// As much of a text as a sentence bears, which ends itself.
pub(super) fn short(text: &str) -> String {
    let text = text.trim_end_matches(['.', ' ']);
    let end = text.floor_char_boundary(TEXT_MAX);
    let more = if end < text.len() { " [...]" } else { "" };
    format!("{}{more}", &text[..end])
}

/// The reverse-path that was told, in its angle brackets.
pub(super) fn reverse_path(replies: &[Said]) -> Option<String> {
    let rest = replies.iter().find_map(|said| said.command.as_deref()?.strip_prefix("MAIL FROM:"))?;
    Some(rest.split_once('>').map_or(rest, |(path, _)| path).to_owned() + ">")
}

/// Whether it was the sender that was refused, before any recipient was asked about.
pub(super) fn is_about_sender(recipient: &Recipient) -> bool {
    recipient.phase == Phase::Mail.name() && recipient.class != Class::Ok
}

/// Whether a server refuses a recipient since it does not know the sender yet, and takes the mail of who comes again.
pub(super) fn is_greylisting(recipient: &Recipient) -> bool {
    // RFC 6647 §2.1, §3: 450 or 451 at RCPT, with 4.7.1 if a status is told. The same codes are told for
    // mailboxes that are locked and disks that are full, so words count where no status does.
    if recipient.class != Class::Temp || !matches!(recipient.code, Some(450 | 451)) {
        return false;
    }
    let text = recipient.text.to_ascii_lowercase();
    let is_named = ["greylist", "graylist", "grey list", "gray list", "grey-list", "gray-list", "postgrey"]
        .iter()
        .any(|word| text.contains(word));
    is_named
        || match recipient.enhanced.as_deref() {
            Some(status) => status == "4.7.1",
            None => ["again later", "come back", "retry"].iter().any(|word| text.contains(word)),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greylisting_is_told_from_other_reasons_to_come_again() {
        for (code, enhanced, text, wanted) in [
            (450, Some("4.7.1"), "<bob@x.test>: Recipient address rejected", true),
            (451, Some("4.7.1"), "come back later", true),
            (450, Some("4.2.0"), "<bob@x.test>: Recipient address rejected: Greylisted", true),
            (451, None, "Temporarily rejected, please try again later", true),
            (450, None, "Graylisting in action", true),
            (450, Some("4.2.1"), "mailbox is locked, try again later", false),
            (451, Some("4.3.0"), "local error in processing", false),
            (450, Some("4.1.8"), "Sender address rejected: Domain not found", false),
            (450, None, "mailbox busy", false),
            (452, Some("4.7.1"), "too many", false),
            (421, None, "greylisted", false),
            (550, Some("5.7.1"), "greylisted for ever", false),
        ] {
            let recipient = Recipient {
                address: "bob@x.test".to_owned(),
                class: if code < 500 { Class::Temp } else { Class::Perm },
                code: Some(code),
                enhanced: enhanced.map(str::to_owned),
                text: text.to_owned(),
                phase: Phase::Rcpt.name(),
            };
            assert_eq!(is_greylisting(&recipient), wanted, "{code} {text}");
        }
    }
}
