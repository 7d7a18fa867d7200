//! What STATUS says of a mailbox, as far as a server says it.
//!
//! Whatever is missing or cannot be read is not known. RFC 9051 §6.3.11, §7.3.4; RFC 7162 §3.1.7; RFC 8474 §4.3.

use super::number::{ModSeq, Uid, UidValidity};
use super::token::{Lexer, Syntax};

/// Names of mailboxes that servers make up are short.
const ID_MAX: usize = 255;

/// The counts of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// How many messages.
    pub messages: Option<u32>,
    /// The next message will get this one or a higher one.
    pub uid_next: Option<Uid>,
    /// As long as this stays, UIDs mean the same messages.
    pub uid_validity: Option<UidValidity>,
    /// The last change; `None` also where the mailbox keeps no count of them.
    pub highest_mod_seq: Option<ModSeq>,
    /// How many without `\Seen`.
    pub unseen: Option<u32>,
    /// Octets of all messages.
    pub size: Option<u64>,
    /// The server's own name for it, which stays when it is renamed.
    pub mailbox_id: Option<String>,
}

impl Counts {
    /// Reads `name (ITEM value ...)`, from the name on: whose counts, and the counts.
    pub(crate) fn parse(lexer: &mut Lexer<'_>) -> Result<(String, Self), Syntax> {
        const FORM: Syntax = Syntax("no counts");
        let name = String::from_utf8_lossy(&lexer.list_mailbox()?).into_owned();
        blanks(lexer);
        lexer.expect(b'(', FORM.0)?;
        let mut counts = Self::default();
        loop {
            blanks(lexer);
            if lexer.eat(b')') {
                return Ok((name, counts));
            }
            let item = lexer.atom()?.to_ascii_uppercase();
            blanks(lexer);
            if lexer.eat(b'(') {
                let id = String::from_utf8_lossy(lexer.run(|octet| octet != b')'));
                lexer.expect(b')', FORM.0)?;
                counts.mailbox_id =
                    counts.mailbox_id.or_else(|| (item == "MAILBOXID" && id.len() <= ID_MAX).then(|| id.into_owned()));
                continue;
            }
            let value = lexer.atom()?;
            counts.set(&item, value);
        }
    }

    fn set(&mut self, item: &str, value: &str) {
        let number = || value.parse::<u32>().ok();
        match item {
            "MESSAGES" => self.messages = number(),
            "UIDNEXT" => self.uid_next = number().and_then(Uid::new),
            "UIDVALIDITY" => self.uid_validity = number().and_then(UidValidity::new),
            "UNSEEN" => self.unseen = number(),
            // RFC 7162 §3.1.7: 0 is a mailbox that keeps none.
            "HIGHESTMODSEQ" => self.highest_mod_seq = value.parse().ok().filter(|last| *last > 0).map(ModSeq),
            "SIZE" => self.size = value.parse().ok(),
            _ => {}
        }
    }
}

fn blanks(lexer: &mut Lexer<'_>) {
    while lexer.eat(b' ') {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_are_taken_as_far_as_they_are_said() {
        let read = |text: &str| Counts::parse(&mut Lexer::new(text.as_bytes())).ok();
        let (name, counts) =
            read("\"a b\" (MESSAGES 17 uidnext 44 UIDVALIDITY 7 UNSEEN 3 HIGHESTMODSEQ 9223372036854775807 SIZE 5 MAILBOXID (F-1))").expect("read");
        assert_eq!((name.as_str(), counts.messages, counts.unseen, counts.size), ("a b", Some(17), Some(3), Some(5)));
        assert_eq!(counts.uid_next.map(Uid::get), Some(44));
        assert_eq!(counts.uid_validity.map(UidValidity::get), Some(7));
        assert_eq!(counts.highest_mod_seq, Some(ModSeq(i64::MAX as u64)));
        assert_eq!(counts.mailbox_id.as_deref(), Some("F-1"));
        for (text, messages) in [
            ("x ()", None),
            ("x  ( MESSAGES  3 )", Some(3)),
            ("x (X-OTHER (a b) MESSAGES 3)", Some(3)),
            ("x (MESSAGES 99999999999 HIGHESTMODSEQ 0)", None),
            ("{1}\r\nx (MESSAGES 1)", Some(1)),
        ] {
            let found = read(text).map(|(name, counts)| (name, counts.messages, counts.highest_mod_seq));
            assert_eq!(found, Some(("x".to_owned(), messages, None)), "{text}");
        }
        for bad in ["", "x", "x MESSAGES 3", "x (MESSAGES", "x (MESSAGES 3", "x (MESSAGES (3", "x (\"a\" 3)"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[ ()a-zA-Z0-9\"{}\r\né]{0,40}") {
            let _ = Counts::parse(&mut Lexer::new(text.as_bytes()));
        }
    }
}
