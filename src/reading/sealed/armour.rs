//! Whether a signature, or a text with its signature, holds anything that people read and nobody signed.
//!
//! gpg passes over what stands in front of a block, over lines within it that it does not understand, and over the end of
//! a very long line; readers show all of that. Only the form is looked at here, what is signed gpg finds out.
//! RFC 9580 §4.2, §6.2, §7.

const BEGIN: &[u8] = b"-----BEGIN PGP SIGNATURE-----";
const END: &[u8] = b"-----END PGP SIGNATURE-----";
/// The fields that stand in armour (RFC 9580 §6.2.2).
const FIELDS: [&[u8]; 5] = [b"Version", b"Comment", b"MessageID", b"Hash", b"Charset"];
/// Octets of a line that count: gpg hashes about 20,000 and drops the rest.
const LINE_MAX: usize = 19_000;

/// Whether this is a signature and nothing else: one armoured block, or a packet without armour.
pub(super) fn is_signature(octets: &[u8]) -> bool {
    // RFC 9580 §4.2: a packet of type 2, in the new form or in the old one.
    let is_packet = matches!(octets.first(), Some(0xc2 | 0x88..=0x8b));
    is_packet || is_block(octets)
}

/// Whether all that people read in these lines, from the first of the text to the last of the signature, is signed.
pub(super) fn is_signed_text(text: &[u8]) -> bool {
    let mut at = 0;
    let begin = text.split_inclusive(|octet| *octet == b'\n').find_map(|line| {
        let start = at;
        at += line.len();
        (line.trim_ascii_end() == BEGIN).then_some(start)
    });
    let Some((signed, signature)) = begin.and_then(|begin| text.split_at_checked(begin)) else { return false };
    let mut signed = lines(signed).skip(1);
    let has_header = signed.by_ref().take_while(|line| !line.is_empty()).all(is_hash);
    // RFC 9580 §7.2: a line of the text that begins so has a dash and a space in front of it.
    has_header && signed.all(|line| line.len() <= LINE_MAX && !line.starts_with(b"-----")) && is_block(signature)
}

/// Whether this is one armoured signature, with nothing but empty lines around it.
fn is_block(octets: &[u8]) -> bool {
    let mut lines = lines(octets.trim_ascii());
    if lines.next() != Some(BEGIN) || lines.next_back() != Some(END) {
        return false;
    }
    if !lines.by_ref().take_while(|line| !line.is_empty()).all(is_field) {
        return false;
    }
    let mut data: Vec<&[u8]> = lines.filter(|line| !line.is_empty()).collect();
    data.pop_if(|line| line.strip_prefix(b"=").is_some_and(|sum| sum.len() == 4 && is_base64(sum)));
    let Some((last, others)) = data.split_last() else { return false };
    let unpadded = last.strip_suffix(b"==").or_else(|| last.strip_suffix(b"=")).unwrap_or(last);
    is_base64(unpadded) && others.iter().all(|line| is_base64(line))
}

/// Lines without their ends and the blanks in front of those, which nobody signs (RFC 9580 §7.2).
fn lines(text: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    text.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii_end)
}

fn is_field(line: &[u8]) -> bool {
    FIELDS.iter().any(|name| line.strip_prefix(*name).is_some_and(|rest| rest.starts_with(b":")))
}

fn is_hash(line: &[u8]) -> bool {
    let is_name = |octet: &u8| octet.is_ascii_alphanumeric() || b"-,".contains(octet);
    line.strip_prefix(b"Hash:").is_some_and(|names| names.trim_ascii_start().iter().all(is_name))
}

fn is_base64(line: &[u8]) -> bool {
    line.iter().all(|octet| octet.is_ascii_alphanumeric() || b"+/".contains(octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str =
        "-----BEGIN PGP SIGNATURE-----\nVersion: GnuPG v2\n\niQEz\nBA==\n=AbC1\n-----END PGP SIGNATURE-----\n";

    #[test]
    fn a_signature_is_one_block_or_a_packet() {
        for (from, to, wanted) in [
            ("", "", true),
            ("\n", "\r\n", true),
            ("\n", " \n", true),
            ("=AbC1\n", "", true),
            ("Version: GnuPG v2\n", "", true),
            ("-----BEGIN", "\n \n-----BEGIN", true),
            ("-----BEGIN", "PS\n-----BEGIN", false),
            ("END PGP SIGNATURE-----\n", "END PGP SIGNATURE-----\nPS\n", false),
            ("Version: GnuPG v2\n", "PS: please\n", false),
            ("Version: GnuPG v2\n\n", "", false),
            ("iQEz", "please pay", false),
            ("iQEz\n", "iQEz=\n", false),
            ("=AbC1", "=AbC12", false),
            ("=AbC1\n", "=AbC1\nPS\n", false),
            ("=AbC1\n", "=AbC1\n=AbC1\n", false),
            ("iQEz\nBA==\n", "", false),
            ("SIGNATURE", "MESSAGE", false),
        ] {
            let block = BLOCK.replace(from, to);
            assert_eq!(is_signature(block.as_bytes()), wanted, "{block}");
        }
        assert!(!is_signature([BLOCK, BLOCK].concat().as_bytes()) && !is_signature(b"") && !is_signature(b"PS"));
        for (first, wanted) in [(0xc2, true), (0x88, true), (0x89, true), (0xc3, false), (0x99, false), (0x50, false)] {
            assert_eq!(is_signature(&[first, 0x75, 4]), wanted, "{first}");
        }
    }

    #[test]
    fn a_signed_text_ends_where_its_signature_begins() {
        let long = |count: usize| format!("hi{}", "i".repeat(count));
        for (from, to, wanted) in [
            ("hi", "hi", true),
            ("\n", "\r\n", true),
            ("Hash: SHA512\n", "", true),
            ("Hash: SHA512\n", "Hash: SHA3-256,SHA1\nHash: SHA512\n", true),
            ("hi", "- -----BEGIN PGP SIGNATURE-----", true),
            ("hi", "-- \nAlice", true),
            ("hi", &long(LINE_MAX - 2), true),
            ("hi", &long(LINE_MAX), false),
            ("hi", "-----BEGIN PGP SIGNATURE-----\nhi", false),
            ("hi", "-----BEGIN PGP PUBLIC KEY BLOCK-----", false),
            ("Hash: SHA512\n", "NotDashEscaped: please pay Mallory\n", false),
            ("Hash: SHA512", "Hash: please pay", false),
            ("iQEz", "PS: please pay Mallory\niQEz", false),
            ("BEGIN PGP SIGNATURE", "BEGIN PGP MESSAGE", false),
        ] {
            let text = format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nhi\n{BLOCK}").replace(from, to);
            assert_eq!(is_signed_text(text.as_bytes()), wanted, "{text}");
        }
    }
}
