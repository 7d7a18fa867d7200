//! Whose turn it is in a conversation, and the few sentences that a conversation by hand is helped with.
//!
//! One for each protocol. Lines come as they were said, by either side; nothing is refused, and what makes no sense is
//! passed over. Bounded, whatever is said. Knows no connection.

use crate::endpoint::Protocol;
use std::collections::VecDeque;

/// Octets of a line that are kept: more than are shown of it, since a secret is known by its whole.
const KEPT_MAX: usize = 16 * 1024;
/// Lines of an answer that are kept.
pub(super) const LINES_MAX: usize = 100;
/// Answers that are waited for; who says more without listening is not followed any further.
pub(super) const DUE_MAX: usize = 1000;

/// What a server means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// Yes.
    Good,
    /// Go on: it waits for what we say next.
    More,
    /// No, or not now.
    Bad,
}

/// A complete answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What it begins with, behind the tag if there is one: `250`, `+OK`, `NO`.
    pub word: String,
    /// What that means.
    pub grade: Grade,
    /// What stands behind the word in the line that ends the answer.
    pub text: String,
}

/// What is kept of a conversation, whatever is spoken.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// What the server offers, as it has said last.
    pub(super) offer: Vec<String>,
    /// The last complete answer.
    pub(super) last: Option<Answer>,
}

/// Follows a conversation.
pub(super) trait Turn: Send {
    /// What is known by now.
    fn known(&self) -> &Known;
    /// The same, to forget it.
    fn known_mut(&mut self) -> &mut Known;
    /// We have said this line, its end included.
    fn said(&mut self, line: &[u8]);
    /// The server has said this line, its end included; a line that is too long may come in several.
    fn heard(&mut self, line: &[u8]);
    /// How many answers are still to come.
    fn due(&self) -> usize;
    /// No answer is due any more.
    fn forget(&mut self);
    /// Whether what we say is part of a message.
    fn is_text(&self) -> bool {
        false
    }
    /// Whether a message was ended, and nobody knows what became of it.
    fn is_unsure(&self) -> bool {
        false
    }
    /// The last complete answer.
    fn last(&self) -> Option<&Answer> {
        self.known().last.as_ref()
    }
    /// What the server offers, as it has said last.
    fn offer(&self) -> &[String] {
        &self.known().offer
    }
    /// The question for that.
    fn ask_offer(&mut self, helo: &str) -> String;
    /// The words for TLS.
    fn start_tls(&mut self) -> String {
        "STARTTLS".to_owned()
    }
    /// What a login begins with.
    fn begin_login(&mut self, mechanism: &str, initial: Option<&str>) -> String {
        format!("AUTH {mechanism}{}", behind(initial))
    }
    /// What a challenge is answered with.
    fn answer(&self, text: &str) -> String {
        text.to_owned()
    }
    /// What the server has to say last in a login, where that stands in its yes.
    fn last_challenge(&self) -> Option<&str> {
        None
    }
    /// Whether a first answer may go along with that.
    fn takes_initial(&self) -> bool {
        true
    }
    /// The mechanisms that the server offers.
    fn mechanisms(&self) -> Vec<String>;
    /// The last words.
    fn goodbye(&mut self) -> String {
        "QUIT".to_owned()
    }
    /// The connection is encrypted now: what was offered before counts no more.
    fn secured(&mut self) {
        self.known_mut().offer.clear();
    }
}

/// Begins to follow a conversation, in front of the greeting.
pub(super) fn begin(protocol: Protocol) -> Box<dyn Turn> {
    match protocol {
        Protocol::Smtp => Box::new(super::smtp::Smtp::new(false)),
        Protocol::Lmtp => Box::new(super::smtp::Smtp::new(true)),
        Protocol::Pop3 => Box::new(super::pop3::Pop3::new()),
        Protocol::Imap => Box::new(super::imap::Imap::new()),
        Protocol::Sieve => Box::new(super::sieve::Sieve::new()),
    }
}

/// What is kept of a line: text, without its end.
pub(super) fn kept(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line.get(..line.len().min(KEPT_MAX)).unwrap_or(line));
    text.trim_end_matches(['\r', '\n']).to_owned()
}

/// The first word of a line, in capitals.
pub(super) fn verb(line: &[u8]) -> String {
    let word = line.trim_ascii().split(u8::is_ascii_whitespace).next().unwrap_or_default();
    String::from_utf8_lossy(word.get(..word.len().min(32)).unwrap_or(word)).to_ascii_uppercase()
}

/// A first answer behind the name of its mechanism.
pub(super) fn behind(initial: Option<&str>) -> String {
    initial.map(|answer| format!(" {answer}")).unwrap_or_default()
}

/// One more answer is due.
pub(super) fn expect<T>(due: &mut VecDeque<T>, what: T) {
    if due.len() < DUE_MAX {
        due.push_back(what);
    }
}

/// The mechanisms among words of an offer.
pub(super) fn names<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for word in words.map(str::to_ascii_uppercase).filter(|word| !word.is_empty()) {
        if !names.contains(&word) {
            names.push(word);
        }
    }
    names
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Plays `C:` and `S:` lines; the number says how many answers are due behind each.
    pub(in super::super) fn play(turn: &mut dyn Turn, lines: &[(&str, usize)]) {
        for (line, due) in lines {
            let (from, text) = line.split_at(3);
            let text = format!("{text}\r\n");
            match from {
                "C: " => turn.said(text.as_bytes()),
                _ => turn.heard(text.as_bytes()),
            }
            assert_eq!(turn.due(), *due, "{line}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_said_breaks_the_reckoning(
            lines in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..60)), 0..60),
        ) {
            for protocol in [Protocol::Smtp, Protocol::Lmtp, Protocol::Pop3, Protocol::Imap, Protocol::Sieve] {
                let mut turn = begin(protocol);
                for (ours, line) in &lines {
                    if *ours { turn.said(line) } else { turn.heard(line) }
                }
                prop_assert!(turn.due() <= DUE_MAX + 1);
                prop_assert!(turn.offer().len() <= LINES_MAX);
            }
        }
    }
}
