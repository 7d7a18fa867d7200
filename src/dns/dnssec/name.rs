//! Names of DNS in the form that is signed and hashed, and how they lie to each other.
//!
//! RFC 4034 §6.1, §6.2; RFC 4592 §3.3.1.

use hickory_proto::rr::Name;

/// As octets: no compression, letters small (RFC 4034 §6.2).
pub(super) fn octets(name: &Name) -> Vec<u8> {
    let mut octets = Vec::with_capacity(name.len() + 1);
    for label in name.iter() {
        // A label has 63 octets at most.
        octets.push(u8::try_from(label.len()).unwrap_or(63));
        octets.extend(label.iter().map(u8::to_ascii_lowercase));
    }
    octets.push(0);
    octets
}

/// How many labels there are, the one of a wildcard too.
pub(super) fn depth(name: &Name) -> usize {
    name.iter().len()
}

/// The name as people write it, without the dot at its end; what could do harm on a terminal is escaped as in zone files
/// (RFC 1035 §5.1).
pub fn text(name: &Name) -> String {
    let mut text = String::with_capacity(name.len());
    for label in name.iter() {
        if !text.is_empty() {
            text.push('.');
        }
        for octet in label {
            match octet {
                b'.' | b'\\' | b'"' | b';' | b'(' | b')' | b'$' | b'@' => text.extend(['\\', char::from(*octet)]),
                octet if octet.is_ascii_graphic() => text.push(char::from(*octet)),
                octet => text.push_str(&format!("\\{octet:03}")),
            }
        }
    }
    if text.is_empty() { ".".to_owned() } else { text }
}

/// A zone in a sentence: the root has no name that could be read.
pub(super) fn zone(name: &Name) -> String {
    if name.is_root() { "the root zone".to_owned() } else { text(name) }
}

/// Below, and not the same.
pub(super) fn is_below(name: &Name, above: &Name) -> bool {
    depth(name) > depth(above) && above.zone_of(name)
}

/// The last labels that both have (RFC 4592 §3.3.1: the closest encloser, if both exist).
pub(super) fn common(one: &Name, other: &Name) -> Name {
    let same = |(a, b): &(&[u8], &[u8])| a.eq_ignore_ascii_case(b);
    one.trim_to(one.iter().rev().zip(other.iter().rev()).take_while(same).count())
}

/// The wildcard right below a name. None if there is no room for it.
pub(super) fn wildcard(encloser: &Name) -> Option<Name> {
    encloser.prepend_label(&b"*"[..]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    #[test]
    fn names_are_written_small_and_whole() {
        assert_eq!(octets(&name("Mail.EXAMPLE.")), b"\x04mail\x07example\0");
        assert_eq!(octets(&Name::root()), b"\0");
        assert_eq!(octets(&name("*.a.")), b"\x01*\x01a\0");
    }

    #[test]
    fn the_order_is_the_one_of_the_standard() {
        // The example of RFC 4034 §6.1.
        let octet = |octet: u8| name("z.example.").prepend_label(&[octet][..]).unwrap();
        let sorted = [
            name("example."),
            name("a.example."),
            name("yljkjljk.a.example."),
            name("Z.a.example."),
            name("zABC.a.EXAMPLE."),
            name("z.example."),
            octet(1),
            name("*.z.example."),
            octet(200),
        ];
        assert!(sorted.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn names_lie_above_below_and_beside_each_other() {
        for (one, other, below, both) in [
            ("a.b.example.", "b.example.", true, "b.example."),
            ("A.B.example.", "b.EXAMPLE.", true, "b.example."),
            ("b.example.", "b.example.", false, "b.example."),
            ("ab.example.", "b.example.", false, "example."),
            ("example.", "b.example.", false, "example."),
            ("example.", ".", true, "."),
            (".", ".", false, "."),
            ("a.test.", "a.example.", false, "."),
        ] {
            assert_eq!(is_below(&name(one), &name(other)), below, "{one} {other}");
            assert_eq!(common(&name(one), &name(other)), name(both), "{one} {other}");
        }
    }

    #[test]
    fn nothing_in_a_name_reaches_a_terminal_as_it_is() {
        let nasty = Name::from_labels([&b"a\x1b[2J"[..], "\u{202e}".as_bytes(), b"example"]).unwrap();
        assert!(text(&nasty).bytes().all(|octet| octet.is_ascii_graphic()), "{}", text(&nasty));
        let label = Name::from_labels([&b"a.b\\ \x07"[..]]).unwrap();
        assert_eq!(text(&label), "a\\.b\\\\\\032\\007");
        assert_eq!((zone(&Name::root()).as_str(), text(&Name::root()).as_str()), ("the root zone", "."));
        assert_eq!(text(&name("a.example.")), "a.example");
    }
}
