//! What SASL says on the wire of a line protocol: base64, `=` for nothing, `*` for giving up.
//!
//! RFC 4954 §4, RFC 5034 §4, RFC 9051 §6.2.2; RFC 4648 §4.

use super::Malformed;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// The octets in base64.
pub fn encode(octets: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(octets))
}

/// The answer that goes with the command itself, where `=` stands for an empty one.
pub fn encode_initial(octets: &[u8]) -> Zeroizing<String> {
    if octets.is_empty() { Zeroizing::new("=".to_owned()) } else { encode(octets) }
}

/// Reads base64 with its padding; a character outside the alphabet is no base64.
pub fn decode(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Malformed> {
    STANDARD.decode(text).map(Zeroizing::new).map_err(|_| Malformed::NotBase64)
}

/// Reads the answer that comes with the command itself, where `=` stands for an empty one.
pub fn decode_initial(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Malformed> {
    if text == b"=" { Ok(Zeroizing::default()) } else { decode(text) }
}

/// Reads an answer on a line of its own, where `*` gives up.
pub fn decode_answer(line: &[u8]) -> Result<Zeroizing<Vec<u8>>, Malformed> {
    if line == b"*" { Err(Malformed::Cancelled) } else { decode(line) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_strictly() {
        for (text, wanted) in [
            (&b"AGJvYgBzZWNyZXQ="[..], Ok(&b"\0bob\0secret"[..])),
            (b"", Ok(b"")),
            (b"AGJvYgBzZWNyZXQ", Err(Malformed::NotBase64)),
            (b"AGJv YgBz", Err(Malformed::NotBase64)),
            (b"AGJv\nYgBz", Err(Malformed::NotBase64)),
            (b"====", Err(Malformed::NotBase64)),
            (b"\xff\xfe", Err(Malformed::NotBase64)),
        ] {
            assert_eq!(decode(text).map(|octets| octets.to_vec()), wanted.map(<[u8]>::to_vec));
        }
        assert_eq!(encode(b"\0bob\0secret").as_str(), "AGJvYgBzZWNyZXQ=");
    }

    #[test]
    fn an_equals_sign_is_nothing_and_a_star_gives_up() {
        assert_eq!(decode_initial(b"=").map(|octets| octets.to_vec()), Ok(Vec::new()));
        assert_eq!(decode_answer(b"=").err(), Some(Malformed::NotBase64));
        assert_eq!(decode_answer(b"*").err(), Some(Malformed::Cancelled));
        assert_eq!(decode_initial(b"*").err(), Some(Malformed::NotBase64));
    }
}
