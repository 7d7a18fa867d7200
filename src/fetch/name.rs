//! What a message is called in a target: made from where it comes from, so that it is found again and not doubled.
//!
//! What a server says stands in it, so nothing of that may mean anything to a file system. Pure.

/// Whose maildrop, where, as part of a file's name.
pub fn file_name(text: &str) -> String {
    /// Two of these and the flags of a Maildir fit into the 255 octets of a name.
    const LENGTH_MAX: usize = 110;
    let mut name = String::with_capacity(text.len() + 8);
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-_@".contains(&octet) {
            name.push(char::from(octet));
        } else {
            name.push_str(&format!("%{octet:02X}"));
        }
    }
    match name.get(..LENGTH_MAX) {
        Some(start) => format!("{start}%{:08X}", crc32fast::hash(text.as_bytes())),
        None => name,
    }
}

/// A message's name. Its size tells it from an earlier message that was called the same; `time` from itself, fetched
/// again.
pub(super) fn message_name(uid: &str, source: &str, size: u64, time: Option<i64>) -> String {
    // No octet is written like these marks.
    let mut name = format!("{}%S{size}", file_name(uid));
    if let Some(time) = time {
        name.push_str(&format!("%T{time}"));
    }
    format!("{name}.{}", file_name(source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_means_anything_to_a_file_system() {
        for uid in ["../../etc/passwd", "..", ".", "a/b", "a:2,S", "~root", "\u{0}", "cur", &"x".repeat(300), "ü"] {
            let name = message_name(uid, "bob@[::1]:110", u64::MAX, Some(i64::MAX));
            assert!(name.len() <= 248 && !name.contains(['/', ':', '\0', ' ']) && !name.starts_with('.'), "{name}");
        }
        assert_eq!(message_name("a/b", "bob@x", 7, None), "a%2Fb%S7.bob@x");
    }

    #[test]
    fn two_messages_never_share_a_name() {
        let long = "x".repeat(200);
        let names = [
            message_name("a", "s", 5, None),
            message_name("a", "s", 6, None),
            message_name("a%S5", "s", 5, None),
            message_name("a", "s", 5, Some(5)),
            message_name(&format!("{long}1"), "s", 5, None),
            message_name(&format!("{long}2"), "s", 5, None),
        ];
        let distinct: std::collections::HashSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
    }
}
