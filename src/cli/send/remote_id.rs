//! The name that a server gives a message in its own queue, as its last reply tells it.
//!
//! No standard says where it stands (RFC 5321 §4.2 leaves the words to the server), so each form here is one that
//! a common server uses. What looks like none of them has no name: a wrong one would be worse. Pure.

/// Finds the name in the words of the reply to the message.
pub(super) fn remote_id(words: &str) -> Option<&str> {
    // Replies of several lines are joined by line ends or blanks; the name stands where one of these begins.
    FORMS
        .iter()
        .find_map(|(lead, end)| {
            let at = find(words, lead)?;
            let rest = words.get(at + lead.len()..)?;
            let name = rest.split(|c: char| c.is_whitespace() || *end == Some(c)).next()?;
            let name = name.trim_end_matches(['.', ',', ';']);
            is_name(name).then_some(name)
        })
        .or_else(|| sendmail(words))
}

/// What stands before the name, and what ends it beside blanks.
const FORMS: [(&str, Option<char>); 7] = [
    // Postfix: `Ok: queued as 4XyZ1234`. mailkit and Haraka say `queued as`, too.
    ("queued as ", Some(')')),
    // Exim: `OK id=1tDabc-00000001abc-2xyz`.
    ("OK id=", None),
    // OpenSMTPD: `4a1b2c3d Message accepted for delivery`: see `sendmail`. Older: `Message accepted: 4a1b2c3d`.
    ("Message accepted: ", None),
    // Exchange: `<…@host> [InternalId=123, Hostname=…] 1234 bytes in 0.1, 12 KB/sec Queued mail for delivery`.
    ("[InternalId=", Some(',')),
    // qmail: `ok 1732170000 qp 4711`.
    (" qp ", None),
    // Courier: `Ok. 0000000000001234.67.abc`.
    ("Ok. ", None),
    // Stalwart: `Message queued with id 1a2b`.
    ("queued with id ", None),
];

/// Sendmail, and OpenSMTPD: the name first, `Message accepted for delivery` behind it.
fn sendmail(words: &str) -> Option<&str> {
    let before = words.get(..find(words, " Message accepted for delivery")?)?;
    let name = before.split_whitespace().next_back()?.trim_end_matches(':');
    is_name(name).then_some(name)
}

/// The place of a text, in any case of letters.
fn find(words: &str, text: &str) -> Option<usize> {
    words.as_bytes().windows(text.len()).position(|window| window.eq_ignore_ascii_case(text.as_bytes()))
}

/// Whether this can be such a name: nothing that would break a line of output, and a digit somewhere.
fn is_name(name: &str) -> bool {
    let is_fit = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.=+/:@<>".contains(&octet);
    (1..=128).contains(&name.len()) && name.bytes().all(is_fit) && name.bytes().any(|octet| octet.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_is_understood_in_its_own_words() {
        for (words, wanted) in [
            ("Ok: queued as 4XyZ123456z5Lkm", Some("4XyZ123456z5Lkm")),
            ("Ok: queued as 0A1B2C3D4E", Some("0A1B2C3D4E")),
            ("from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 7F0D21A2)", Some("7F0D21A2")),
            ("Queued as 01ARZ3NDEKTSV4RRFFQ69G5FAV", Some("01ARZ3NDEKTSV4RRFFQ69G5FAV")),
            ("OK id=1tDabc-00000001abc-2xyz", Some("1tDabc-00000001abc-2xyz")),
            ("OK id=1tDabc-0004Xz-Qk", Some("1tDabc-0004Xz-Qk")),
            ("4AL8Uuvi012345 Message accepted for delivery", Some("4AL8Uuvi012345")),
            ("3f9a61bc Message accepted for delivery", Some("3f9a61bc")),
            (
                "<b1@PR0.example> [InternalId=98765432109876, Hostname=PR0.example] 9541 bytes in 0.1, 60 KB/sec \
                 Queued mail for delivery",
                Some("98765432109876"),
            ),
            ("ok 1732170000 qp 4711", Some("4711")),
            ("Ok. 0000000000003C2A.67.1F", Some("0000000000003C2A.67.1F")),
            ("Message queued with id 1a2b3c.", Some("1a2b3c")),
            ("OK", None),
            ("Message accepted for delivery", None),
            ("queued as", None),
            ("queued as soon", None),
            ("Ok: queued as \u{1b}[31m1", None),
            ("Great success", None),
            ("", None),
        ] {
            assert_eq!(remote_id(words), wanted, "{words}");
        }
    }
}
