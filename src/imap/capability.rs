//! What a server says it can do, as a client asks about it.
//!
//! IMAP4rev2 took many extensions in; where a server offers nothing older, they are there without being named.
//! RFC 9051 §6.1.1, Appendix E; RFC 7888 §5; RFC 7889 §4.

/// Extensions that are part of IMAP4rev2.
const REV2: [&str; 15] = [
    "NAMESPACE",
    "UNSELECT",
    "UIDPLUS",
    "ESEARCH",
    "SEARCHRES",
    "ENABLE",
    "IDLE",
    "SASL-IR",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "MOVE",
    "LITERAL-",
    "SPECIAL-USE",
    "STATUS=SIZE",
    "CHILDREN",
];
/// RFC 7888 §5: the largest literal that LITERAL- lets go without asking.
const LITERAL_MINUS_MAX: u64 = 4096;

/// What a server can do, in capitals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capabilities(Vec<String>);

impl Capabilities {
    /// From the words of a server.
    pub fn new(words: Vec<String>) -> Self {
        Self(words)
    }

    /// Whether it offers the one of this name, written in capitals.
    pub fn has(&self, name: &str) -> bool {
        let says = |name: &str| self.0.iter().any(|word| word == name);
        says(name) || (REV2.contains(&name) && says("IMAP4REV2") && !says("IMAP4REV1"))
    }

    /// Whether modification sequences are kept.
    pub fn has_mod_seq(&self) -> bool {
        self.has("CONDSTORE") || self.has("QRESYNC")
    }

    /// Whether a literal of this size may follow without being asked for.
    pub fn takes_at_once(&self, size: u64) -> bool {
        self.has("LITERAL+") || (size <= LITERAL_MINUS_MAX && (self.has("LITERAL-") || self.has("IMAP4REV2")))
    }

    /// The largest message that APPEND takes, if there is one limit for all mailboxes.
    pub fn append_limit(&self) -> Option<u64> {
        self.0.iter().find_map(|word| word.strip_prefix("APPENDLIMIT=")?.parse().ok())
    }

    /// All words.
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &str) -> Capabilities {
        Capabilities::new(words.split(' ').map(str::to_owned).collect())
    }

    #[test]
    fn the_newest_version_alone_brings_what_it_took_in() {
        for (words, name, wanted) in [
            ("IMAP4REV1 MOVE", "MOVE", true),
            ("IMAP4REV1 MOVE", "UIDPLUS", false),
            ("IMAP4REV1 IMAP4REV2", "MOVE", false),
            ("IMAP4REV2", "MOVE", true),
            ("IMAP4REV2", "CONDSTORE", false),
        ] {
            assert_eq!(of(words).has(name), wanted, "{words}: {name}");
        }
    }

    #[test]
    fn literals_go_at_once_as_far_as_they_may() {
        for (words, size, wanted) in [
            ("IMAP4REV1 LITERAL+", 1 << 40, true),
            ("IMAP4REV1 LITERAL-", 4096, true),
            ("IMAP4REV1 LITERAL-", 4097, false),
            ("IMAP4REV1 IMAP4REV2", 4096, true),
            ("IMAP4REV1", 1, false),
        ] {
            assert_eq!(of(words).takes_at_once(size), wanted, "{words}: {size}");
        }
        assert_eq!(of("IMAP4REV1 APPENDLIMIT=35651584").append_limit(), Some(35_651_584));
        assert_eq!(of("IMAP4REV1 APPENDLIMIT").append_limit(), None);
    }
}
