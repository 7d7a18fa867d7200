//! Short words that servers say by themselves.
//!
//! If one of them is a password, it is not veiled where somebody says it: a veil in "no such mailbox" would tell what is
//! behind it. Longer words are veiled wherever they stand.

/// Words of two and three letters, those of the protocols too (RFC 9051 §7.1, RFC 1939 §3).
const WORDS: [&str; 73] = [
    "all", "an", "and", "any", "are", "as", "at", "bad", "be", "but", "by", "bye", "can", "did", "do", "due", "end",
    "err", "esp", "for", "get", "go", "had", "has", "if", "in", "is", "it", "its", "key", "ko", "may", "me", "mx",
    "my", "new", "no", "nor", "not", "now", "of", "off", "ok", "old", "on", "one", "or", "our", "out", "per", "pop",
    "put", "see", "set", "so", "ssl", "tag", "the", "tls", "to", "too", "try", "two", "uid", "up", "us", "use", "via",
    "was", "way", "we", "yes", "you",
];

/// Whether it is one of them, or a number.
pub(super) fn is_everyday(word: &str) -> bool {
    word.bytes().all(|octet| octet.is_ascii_digit()) || WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}
