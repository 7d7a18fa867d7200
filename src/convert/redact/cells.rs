//! Encoded text changed in place: each decoded octet has its place in the encoded text, and goes back there.
//!
//! Line ends, soft breaks, padding and what is broken stay where they are. RFC 2045 §6.7, §6.8; RFC 2047 §4.

use crate::message::transfer::Encoding;

/// Changes a body in place: `change` is given the decoded octets and may change each, not their number.
pub(super) fn body(text: &mut [u8], encoding: Encoding, change: &mut dyn FnMut(&mut [u8])) {
    match encoding {
        Encoding::Base64 => base64(text, change),
        Encoding::QuotedPrintable => escaped(text, b'=', change),
        _ => change(text),
    }
}

/// Changes text in which an octet may stand as `=41` or, with another mark, as `%41`.
pub(super) fn escaped(text: &mut [u8], mark: u8, change: &mut dyn FnMut(&mut [u8])) {
    let (mut decoded, mut places) = (Vec::with_capacity(text.len()), Vec::<u32>::with_capacity(text.len()));
    let mut at = 0;
    while at < text.len() {
        // The guard takes no message as large as four gigabytes.
        let place = u32::try_from(at).unwrap_or(u32::MAX);
        if text[at] != mark {
            decoded.push(text[at]);
            places.push(place);
            at += 1;
            continue;
        }
        let rest = &text[at + 1..];
        if let [high, low, ..] = rest
            && let (Some(high), Some(low)) = (char::from(*high).to_digit(16), char::from(*low).to_digit(16))
        {
            decoded.push((high * 16 + low) as u8);
            places.push(place);
            at += 3;
        } else if mark == b'=' && (rest.starts_with(b"\n") || rest.starts_with(b"\r\n")) {
            // A soft break is between letters, not one of them.
            at += if rest.starts_with(b"\n") { 2 } else { 3 };
        } else {
            decoded.push(mark);
            places.push(place);
            at += 1;
        }
    }
    let before = decoded.clone();
    change(&mut decoded);
    for ((octet, was), place) in decoded.into_iter().zip(before).zip(places) {
        let at = place as usize;
        if octet == was {
            continue;
        }
        // What follows is as it was: it belongs to later letters, if it is no code.
        match text[at..] {
            [first, ref mut high, ref mut low, ..]
                if first == mark && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                let is_lower = high.is_ascii_lowercase() || low.is_ascii_lowercase();
                let code = if is_lower { format!("{octet:02x}") } else { format!("{octet:02X}") };
                if let [first, second] = *code.as_bytes() {
                    (*high, *low) = (first, second);
                }
            }
            _ => text[at] = octet,
        }
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn sextet(octet: u8) -> Option<u32> {
    let value = match octet {
        b'A'..=b'Z' => octet - b'A',
        b'a'..=b'z' => octet - b'a' + 26,
        b'0'..=b'9' => octet - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

/// Changes base64. What stands behind padding is decoded too, since others may show it.
pub(super) fn base64(text: &mut [u8], change: &mut dyn FnMut(&mut [u8])) {
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3);
    each_quantum(text, |text, places| {
        let bits = places.iter().fold(0, |bits, at| bits << 6 | text.get(*at).copied().and_then(sextet).unwrap_or(0));
        let bits = bits << (6 * (4 - places.len()));
        decoded.extend_from_slice(&bits.to_be_bytes()[1..places.len()]);
    });
    change(&mut decoded);
    let mut rest = decoded.as_slice();
    each_quantum(text, |text, places| {
        let (now, behind) = rest.split_at(rest.len().min(places.len() - 1));
        rest = behind;
        let octet = |at: usize| now.get(at).copied().map_or(0, u32::from);
        let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
        for (number, at) in places.iter().enumerate() {
            text[*at] = ALPHABET[(bits >> (18 - 6 * number) & 63) as usize];
        }
    });
}

/// Calls for the places of each four characters, or of fewer in front of padding or the end.
fn each_quantum(text: &mut [u8], mut take: impl FnMut(&mut [u8], &[usize])) {
    let (mut places, mut count) = ([0; 4], 0);
    for at in 0..=text.len() {
        let octet = text.get(at).copied();
        if octet.and_then(sextet).is_some() {
            places[count] = at;
            count += 1;
        }
        if count == 4 || count > 0 && matches!(octet, None | Some(b'=')) {
            take(text, &places[..count]);
            count = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn upper(text: &[u8], encoding: Encoding) -> String {
        let mut text = text.to_vec();
        body(&mut text, encoding, &mut |decoded| decoded.make_ascii_uppercase());
        String::from_utf8(text).expect("text")
    }

    #[test]
    fn octets_go_back_to_their_places() {
        for (text, encoding, wanted) in [
            ("ab=\r\nc=61=3D =zz=\n=4", Encoding::QuotedPrintable, "AB=\r\nC=41=3D =ZZ=\n=4"),
            ("aGVs\r\nbG8=\r\n", Encoding::Base64, "SEVM\r\nTE8=\r\n"),
            ("aGk=aGk=", Encoding::Base64, "SEk=SEk="),
            ("aG*k!", Encoding::Base64, "SE*k!"),
            ("abc", Encoding::SevenBit, "ABC"),
        ] {
            assert_eq!(upper(text.as_bytes(), encoding), wanted, "{text}");
        }
    }

    #[test]
    fn a_mark_that_begins_no_code_is_a_letter_like_others() {
        for (text, wanted) in [("a=", "xx"), ("==41=4", "x=78xx"), ("=zz=\n", "xxx=\n")] {
            let mut text = text.as_bytes().to_vec();
            body(&mut text, Encoding::QuotedPrintable, &mut |decoded| decoded.fill(b'x'));
            assert_eq!(String::from_utf8_lossy(&text), wanted);
        }
    }

    proptest! {
        #[test]
        fn what_is_not_changed_stays(text in "([a-zA-Z0-9+/]{4}|=|\r\n|[*é]| ){0,20}", qp in "(=[0-9A-F]{2}|=\r\n|[a-z =é]){0,20}") {
            for (text, encoding) in [(text, Encoding::Base64), (qp, Encoding::QuotedPrintable)] {
                let mut same = text.clone().into_bytes();
                body(&mut same, encoding, &mut |_| {});
                prop_assert_eq!(same.len(), text.len());
                prop_assert_eq!(encoding.decode(&same).content, encoding.decode(text.as_bytes()).content);
            }
        }
    }
}
