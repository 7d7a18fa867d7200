//! Local names in address fields, made complete: `To: root` becomes `To: root@host.example`.
//!
//! Programs on a machine write to its users without a domain; outside of it nobody knows whom they mean, and RFC 5322
//! has no such address. Nothing is written anew: a domain is put in behind each name that stands alone, and every
//! other octet stays, so that addresses, display names, comments, groups and what is broken are what they were.
//! RFC 5322 §3.4, §3.6.2, §3.6.3, §3.6.6; RFC 5321 §2.3.5; RFC 6409 §8.1.

use super::field;
use crate::address::{Domain, is_atext};

/// The fields that hold addresses of people.
const FIELDS: [&str; 12] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Resent-From",
    "Resent-Sender",
    "Resent-Reply-To",
    "Resent-To",
    "Resent-Cc",
    "Resent-Bcc",
];

/// A header section with the domain behind each local name; none if there is no such name.
pub(super) fn qualify(section: &[u8], domain: &Domain) -> Option<Vec<u8>> {
    let places: Vec<usize> = field::fields(section)
        .filter(|field| FIELDS.iter().any(|name| field.is(name)))
        .flat_map(|field| {
            let body = field::colon_of(field::first_line(&section[field.at.clone()]));
            let start = field.at.start + body.map_or(0, |colon| colon + 1);
            places(field.body).into_iter().map(move |place| start + place)
        })
        .collect();
    if places.is_empty() {
        return None;
    }
    // As everywhere in header fields: in ASCII where that is possible.
    let domain = format!("@{}", domain.to_ascii());
    let mut octets = Vec::with_capacity(section.len() + places.len() * domain.len());
    let mut at = 0;
    for place in places {
        octets.extend_from_slice(&section[at..place]);
        octets.extend_from_slice(domain.as_bytes());
        at = place;
    }
    octets.extend_from_slice(&section[at..]);
    Some(octets)
}

/// What has been met of a mailbox.
#[derive(Debug, Default, Clone, Copy)]
struct Met {
    /// Where the last atom or quoted string ended, and how many there were.
    end: usize,
    words: usize,
    has_at: bool,
    /// Something that is in no local part.
    is_other: bool,
    /// What stood in angle brackets, if there were any: they alone hold the address then.
    bracketed: Option<Option<usize>>,
}

impl Met {
    fn word(&mut self, end: usize) {
        self.end = end;
        self.words += 1;
    }

    /// Where a local name ends that is all there was.
    fn local_name(&self) -> Option<usize> {
        let bare = || (self.words == 1 && !self.has_at && !self.is_other).then_some(self.end);
        self.bracketed.unwrap_or_else(bare)
    }
}

/// Where local names end in the body of an address field.
fn places(body: &[u8]) -> Vec<usize> {
    let is_utf8 = std::str::from_utf8(body).is_ok();
    let (mut places, mut met, mut in_group, mut at) = (Vec::new(), Met::default(), false, 0);
    while let Some(&octet) = body.get(at) {
        match octet {
            b',' | b';' => {
                places.extend(std::mem::take(&mut met).local_name());
                in_group &= octet == b',';
                at += 1;
            }
            // What stood before was the name of a group.
            b':' if !in_group && !met.has_at && met.bracketed.is_none() => {
                (met, in_group) = (Met::default(), true);
                at += 1;
            }
            b'<' => {
                let (end, place) = bracketed(body, at + 1, is_utf8);
                met.bracketed = Some(place);
                at = end;
            }
            _ => at = word(body, at, is_utf8, &mut met),
        }
    }
    places.extend(met.local_name());
    places
}

/// What stands between angle brackets: where it ends, and where a local name ends that is all there is.
fn bracketed(body: &[u8], start: usize, is_utf8: bool) -> (usize, Option<usize>) {
    let (mut met, mut at) = (Met::default(), start);
    while let Some(&octet) = body.get(at) {
        match octet {
            b'>' => return (at + 1, met.local_name()),
            // A bracket that nobody closed: readers begin anew as well.
            b'<' => {
                met = Met::default();
                at += 1;
            }
            _ => at = word(body, at, is_utf8, &mut met),
        }
    }
    (at, None)
}

/// Passes over one element, and says where the next begins.
fn word(body: &[u8], at: usize, is_utf8: bool, met: &mut Met) -> usize {
    let is_part = |octet: &u8| match octet {
        128.. => is_utf8,
        b'.' => true,
        octet => is_atext(char::from(*octet)),
    };
    let rest = body.get(at..).unwrap_or_default();
    match rest.first() {
        Some(b' ' | b'\t' | b'\r' | b'\n') => at + 1,
        Some(b'(') => past(body, at, b'(', b')').unwrap_or(body.len()),
        Some(b'"') => match past(body, at, b'"', b'"') {
            Some(end) => {
                met.word(end);
                // Nobody is called nothing.
                met.is_other |= end == at + 2;
                end
            }
            None => {
                met.is_other = true;
                body.len()
            }
        },
        Some(octet) if is_part(octet) => {
            let end = at + rest.iter().position(|octet| !is_part(octet)).unwrap_or(rest.len());
            met.word(end);
            // The beginning of an encoded word that some program put a comma into (against RFC 2047 §5).
            met.is_other |= rest.starts_with(b"=?");
            end
        }
        other => {
            met.has_at |= other == Some(&b'@');
            met.is_other |= other != Some(&b'@');
            at + 1
        }
    }
}

/// Behind a comment or a quoted string; none if it has no end. Comments stand in each other.
fn past(body: &[u8], start: usize, open: u8, close: u8) -> Option<usize> {
    let (mut depth, mut at) = (1usize, start + 1);
    while let Some(&octet) = body.get(at) {
        at += if octet == b'\\' { 2 } else { 1 };
        match octet {
            octet if octet == close => depth -= 1,
            octet if octet == open => depth += 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::address_list::{self, Entry, NameAddr};
    use super::*;
    use proptest::prelude::*;

    fn host() -> Domain {
        Domain::parse("h.example").expect("a domain")
    }

    fn qualified(section: &str) -> String {
        let octets = qualify(section.as_bytes(), &host());
        octets.map_or(section.to_owned(), |octets| String::from_utf8_lossy(&octets).into_owned())
    }

    #[test]
    fn a_name_alone_gets_its_domain_and_nothing_else_does() {
        for (body, wanted) in [
            ("root", "root@h.example"),
            (" root ", " root@h.example "),
            ("root, bob@x, \r\n\talice", "root@h.example, bob@x, \r\n\talice@h.example"),
            ("Root <root>", "Root <root@h.example>"),
            ("root <root@x>", "root <root@x>"),
            ("\"root\" <root>", "\"root\" <root@h.example>"),
            ("< root (the boss) >", "< root@h.example (the boss) >"),
            ("root (root, <root>)", "root@h.example (root, <root>)"),
            ("(root) root (Cron Daemon)", "(root) root@h.example (Cron Daemon)"),
            ("\"a b\"", "\"a b\"@h.example"),
            ("\"a\\\"b\", c", "\"a\\\"b\"@h.example, c@h.example"),
            ("first.last", "first.last@h.example"),
            ("jürgen", "jürgen@h.example"),
            ("staff: root, Bob <bob@x>, al;, c", "staff: root@h.example, Bob <bob@x>, al@h.example;, c@h.example"),
            ("undisclosed-recipients:;", "undisclosed-recipients:;"),
            ("root;", "root@h.example;"),
            ("", ""),
            ("<>", "<>"),
            ("\"\"", "\"\""),
            (", ,", ", ,"),
            // What is no name stays what it is, for readers to complain of.
            ("root admin", "root admin"),
            ("<root admin>", "<root admin>"),
            ("root \"admin\"", "root \"admin\""),
            ("a @ x . y", "a @ x . y"),
            ("\"a\"@x", "\"a\"@x"),
            ("a@[192.0.2.1]", "a@[192.0.2.1]"),
            ("<@r1,@r2:a@x>", "<@r1,@r2:a@x>"),
            ("\"root", "\"root"),
            ("root (", "root@h.example ("),
            ("<root", "<root"),
            ("A <root, B <b@x>", "A <root, B <b@x>"),
            ("root\\", "root\\"),
            ("=?utf-8?q?Doe,_Jo?= <jo@x>", "=?utf-8?q?Doe,_Jo?= <jo@x>"),
        ] {
            assert_eq!(qualified(&format!("To:{body}\r\n")), format!("To:{wanted}\r\n"), "{body}");
        }
    }

    #[test]
    fn only_fields_of_addresses_are_looked_at() {
        let section = "FROM : root\r\nSubject: root\r\nX-To: root\r\nBcc:\r\n root\r\nno field\r\nresent-to:a,b@x\r\n";
        let wanted = "FROM : root@h.example\r\nSubject: root\r\nX-To: root\r\nBcc:\r\n root@h.example\r\nno field\r\n\
                      resent-to:a@h.example,b@x\r\n";
        assert_eq!(qualified(section), wanted);
        assert_eq!(qualify(b"To: \xff\r\nCc: a@b\r\n", &host()), None, "octets of an unknown charset are no name");
        assert_eq!(qualified("To: a"), "To: a@h.example");
    }

    /// Addresses as people and programs write them, all of them with a domain.
    fn complete() -> impl Strategy<Value = String> {
        let address = prop_oneof![
            "[a-z]{1,5}(\\.[a-z]{1,3})?@[a-z]{1,5}\\.example",
            "\"[a-z ,;:<>@()]{0,6}\"@[a-z]{1,5}\\.example",
            Just("a @ b . example".to_owned()),
            Just("root@[192.0.2.1]".to_owned()),
            Just("jürgen@bücher.example".to_owned()),
        ];
        let name =
            prop_oneof!["[a-z]{1,6}( [a-z]{1,6})?", "\"[a-z ,;:<>@()]{0,8}\"", Just("=?utf-8?q?a=2Cb?=".to_owned())];
        let comment = prop_oneof![Just(String::new()), "\\([a-z ,;:<>@]{0,6}\\)"];
        prop_oneof![
            (address.clone(), comment.clone()).prop_map(|(address, comment)| format!("{address} {comment}")),
            (name.clone(), address.clone(), comment).prop_map(|(n, a, c)| format!("{n} <{a}> {c}")),
            (name, address)
                .prop_map(|(name, address)| format!("{}: {address}, x <{address}>;", name.replace('=', "-"))),
        ]
    }

    proptest! {
        #[test]
        fn addresses_with_a_domain_are_octet_for_octet_unchanged(
            fields in proptest::collection::vec((0..FIELDS.len(), proptest::collection::vec(complete(), 0..5), any::<bool>()), 0..5),
        ) {
            let section: String = fields.iter().map(|(name, list, is_folded)| {
                format!("{}: {}\r\n", FIELDS[*name], list.join(if *is_folded { ",\r\n\t" } else { ", " }))
            }).collect();
            prop_assert_eq!(qualify(section.as_bytes(), &host()), None, "{}", section);
        }

        #[test]
        fn a_reader_sees_domains_where_there_were_none_and_nothing_else_changed(
            soup in "([a-z]{1,3}|\"[a-z ]{0,3}\"|\\([a-z]\\)|[@,;:<>()\"\\\\. ]|é|\r\n ){0,24}",
        ) {
            let after = qualified(&format!("To:{soup}\r\n"));
            let body = after.strip_prefix("To:").and_then(|rest| rest.strip_suffix("\r\n")).expect("the same field");
            prop_assert_eq!(body.replace("@h.example", ""), soup.clone());
            let (before, after) = (address_list::parse(soup.as_bytes()), address_list::parse(body.as_bytes()));
            prop_assert_eq!(before.len(), after.len(), "{}", body);
            let alike = |old: &NameAddr, new: &NameAddr| {
                let gained = old.domain.is_empty() && new.domain == "h.example" && old.local_name() == Some(&new.local_part);
                old == new || gained && old.name == new.name
            };
            for pair in before.iter().zip(&after) {
                match pair {
                    (Entry::Mailbox(old), Entry::Mailbox(new)) => prop_assert!(alike(old, new), "{}", body),
                    (Entry::Group(old, before), Entry::Group(new, after)) => {
                        prop_assert!(old == new && before.len() == after.len(), "{}", body);
                        prop_assert!(before.iter().zip(after).all(|(old, new)| alike(old, new)), "{}", body);
                    }
                    _ => prop_assert!(false, "{} became something else", body),
                }
            }
            prop_assert_eq!(qualified(&format!("To:{body}\r\n")), format!("To:{body}\r\n"), "once is enough");
        }
    }
}
