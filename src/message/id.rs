//! Message-IDs and MIME boundaries: names that nobody else gives.
//!
//! Both come from [`Entropy`], so that tests and the demo see the same ones each time.
//! RFC 5322 §3.6.4; RFC 2046 §5.1.1.

use crate::world::{Entropy, Timestamp};

/// The digits of an id: no pair differs by case alone, none needs quoting.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new Message-ID without its angle brackets: `time.chance@domain`, the domain being the sender's.
/// A domain that cannot stand there (controls, spaces, brackets) is left out in favour of `mailkit.invalid`.
pub fn message_id(entropy: &dyn Entropy, now: Timestamp, domain: &str) -> String {
    let is_fit = !domain.is_empty() && domain.bytes().all(|b| b.is_ascii_graphic() && !b"<>@\"\\,;:()".contains(&b));
    let domain = if is_fit { domain } else { "mailkit.invalid" };
    format!("{}.{}@{domain}", in_digits(now.as_millisecond().unsigned_abs(), 9), chance(entropy, 16))
}

/// A new boundary. The `=_` in it can stand neither in base64 nor in quoted-printable text.
pub fn boundary(entropy: &dyn Entropy) -> String {
    format!("=_{}", chance(entropy, 26))
}

/// The ids in a field body, without their brackets; a body without
/// brackets holds ids as old senders write them, one that lacks a bracket an id that was cut.
pub fn parse_list(body: &[u8]) -> Vec<String> {
    let text = super::words::decode(body);
    let inside = text.split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(id, _)| id));
    let ids: Vec<String> =
        inside.map(|id| id.split_whitespace().collect()).filter(|id: &String| !id.is_empty()).collect();
    if !ids.is_empty() {
        return ids;
    }
    let bare = text.split_whitespace().map(|id| id.trim_matches(['<', '>'])).filter(|id| !id.is_empty());
    bare.map(str::to_owned).collect()
}

/// Characters of chance, five bits each.
fn chance(entropy: &dyn Entropy, length: usize) -> String {
    let mut octets = vec![0; length];
    entropy.fill(&mut octets);
    octets.iter().map(|octet| char::from(DIGITS[usize::from(octet % 32)])).collect()
}

fn in_digits(mut number: u64, length: usize) -> String {
    let mut digits = vec![b'0'; length];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(number % 32) as usize];
        number /= 32;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};

    /// Chance that counts, for tests of all files in this room.
    #[derive(Default)]
    pub(crate) struct Counting(AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            for octet in buffer {
                *octet = self.0.fetch_add(7, Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn ids_differ_and_name_the_senders_domain() {
        let (entropy, now) = (Counting::default(), Timestamp::UNIX_EPOCH);
        let (one, two) = (message_id(&entropy, now, "crepes.fr"), message_id(&entropy, now, "crepes.fr"));
        assert!(one != two && one.ends_with("@crepes.fr") && one.starts_with("000000000."), "{one} {two}");
        assert!(boundary(&entropy).len() <= 70);
    }

    #[test]
    fn ids_are_read_from_all_who_write_them() {
        for (body, wanted) in [
            (" <a@b>", "a@b"),
            ("<a@b> (comment) <c@d>\r\n <e@f>", "a@b,c@d,e@f"),
            ("<a\r\n @b>", "a@b"),
            ("a@b", "a@b"),
            ("<>", ""),
            ("<a@b", "a@b"),
            ("a@b>", "a@b"),
            ("", ""),
        ] {
            assert_eq!(parse_list(body.as_bytes()).join(","), wanted, "{body}");
        }
    }

    #[test]
    fn a_domain_that_would_break_the_field_is_left_out() {
        for domain in ["", "a b", "x\r\nBcc: y", "a>b", "bücher.example"] {
            assert!(message_id(&Counting::default(), Timestamp::UNIX_EPOCH, domain).ends_with("@mailkit.invalid"));
        }
        let literal = message_id(&Counting::default(), Timestamp::UNIX_EPOCH, "[192.0.2.1]");
        assert!(literal.ends_with("@[192.0.2.1]"));
    }
}
