//! Content transfer encodings: base64 and quoted-printable, both ways, as tolerant as readers must be.
//!
//! Decoding never fails: what is broken is passed over or kept, and the defect is told.
//! Knows no charsets and no parts. RFC 2045 §6.

use super::uuencode;

/// How a body is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Lines of ASCII; what nobody declared is this too.
    #[default]
    SevenBit,
    /// Lines of octets.
    EightBit,
    /// Octets.
    Binary,
    /// RFC 2045 §6.7.
    QuotedPrintable,
    /// RFC 2045 §6.8.
    Base64,
    /// Never registered, yet in use before base64 was.
    Uuencode,
    /// Something nobody registered: taken as it is.
    Unknown,
}

/// A decoded body, and whether all of it made sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<T> {
    /// The content.
    pub content: T,
    /// False if something had to be passed over or guessed.
    pub clean: bool,
}

impl Encoding {
    /// Reads the value of Content-Transfer-Encoding.
    pub fn parse(body: &[u8]) -> Self {
        let token = super::media::first_token(body);
        match token.to_ascii_lowercase().as_str() {
            "" | "7bit" => Self::SevenBit,
            "8bit" => Self::EightBit,
            "binary" => Self::Binary,
            "quoted-printable" => Self::QuotedPrintable,
            "base64" => Self::Base64,
            "x-uuencode" | "uuencode" | "x-uue" | "uue" => Self::Uuencode,
            _ => Self::Unknown,
        }
    }

    /// The registered name; `7bit` for what is unknown, since that is how it is read.
    pub fn name(self) -> &'static str {
        match self {
            Self::SevenBit | Self::Unknown => "7bit",
            Self::EightBit => "8bit",
            Self::Binary => "binary",
            Self::QuotedPrintable => "quoted-printable",
            Self::Base64 => "base64",
            Self::Uuencode => "x-uuencode",
        }
    }

    /// Whether octets stand for themselves.
    pub fn is_identity(self) -> bool {
        !matches!(self, Self::QuotedPrintable | Self::Base64 | Self::Uuencode)
    }

    /// Decodes a body; one that stands for itself is copied only when the caller makes it so.
    pub fn decode(self, body: &[u8]) -> Decoded<std::borrow::Cow<'_, [u8]>> {
        match self {
            Self::Base64 => owned(decode_base64(body)),
            Self::QuotedPrintable => owned(decode_quoted_printable(body)),
            // Without a file in it, it is the text that somebody put there instead.
            Self::Uuencode => match uuencode::find(body).first() {
                Some(file) => owned(file.decode(body)),
                None => Decoded { content: body.into(), clean: false },
            },
            _ => Decoded { content: body.into(), clean: true },
        }
    }

    /// What [`Self::decode`] would say of a body, all of which makes sense or not, and mostly without decoding it.
    pub fn is_clean(self, body: &[u8]) -> bool {
        match self {
            Self::Base64 => is_whole_base64(body) || self.decode(body).clean,
            Self::QuotedPrintable => is_whole_quoted_printable(body),
            _ => self.decode(body).clean,
        }
    }
}

fn owned(decoded: Decoded<Vec<u8>>) -> Decoded<std::borrow::Cow<'static, [u8]>> {
    Decoded { content: decoded.content.into(), clean: decoded.clean }
}

/// Line ends and blanks are passed over silently, other octets outside the alphabet with a defect. Padding is the
/// end: what stands behind it was not meant to be read, or is meant to deceive (RFC 2045 §6.8).
pub fn decode_base64(body: &[u8]) -> Decoded<Vec<u8>> {
    let mut content = Content { octets: vec![0; body.len() / 4 * 3 + 3], count: 0 };
    let (mut bits, mut count, mut padding, mut clean) = (0u32, 0u8, 0u8, true);
    let mut at = 0;
    while let Some(octet) = body.get(at) {
        if count == 0 && padding == 0 {
            let taken = content.quanta(&body[at..]);
            if taken > 0 {
                at += taken;
                continue;
            }
        }
        at += 1;
        let value = VALUES[0][usize::from(*octet)];
        if value == NONE {
            match octet {
                b'=' if count >= 2 => {
                    padding += 1;
                    if count + padding < 4 {
                        continue;
                    }
                    let rest = body.get(at..).unwrap_or_default();
                    clean &= rest.iter().all(|octet| octet.is_ascii_whitespace() || *octet == b'=');
                    return Decoded { content: content.finish(bits, count), clean };
                }
                b'\r' | b'\n' | b' ' | b'\t' => continue,
                _ => {
                    clean = false;
                    continue;
                }
            }
        }
        clean &= padding == 0;
        padding = 0;
        bits = bits << 6 | value;
        count += 1;
        if count == 4 {
            content.push(&bits.to_be_bytes()[1..]);
            (bits, count) = (0, 0);
        }
    }
    Decoded { content: content.finish(bits, count), clean: clean && count == 0 }
}

/// Whether this is base64 as nearly all of it is: characters of the alphabet in lines, padded where they have to be.
fn is_whole_base64(body: &[u8]) -> bool {
    let (text, padding) = body.split_at(memchr::memchr(b'=', body).unwrap_or(body.len()));
    let is_blank = |octet: u8| matches!(octet, b'\r' | b'\n' | b' ' | b'\t');
    let is_letter = |octet: u8| {
        (octet | 0x20).wrapping_sub(b'a') < 26 || octet.wrapping_sub(b'0') < 10 || matches!(octet, b'+' | b'/')
    };
    // Many octets at once: no decision hangs on a single one.
    let sort = |octets: &[u8]| {
        octets.iter().fold((0u8, true), |(letters, is_known), octet| {
            let is_letter = is_letter(*octet);
            (letters + u8::from(is_letter), is_known & (is_letter | is_blank(*octet)))
        })
    };
    let mut letters = 0;
    for octets in text.chunks(128) {
        let (some, is_known) = sort(octets);
        if !is_known {
            return false;
        }
        letters += usize::from(some);
    }
    let signs = padding.iter().filter(|octet| **octet == b'=').count();
    let is_padded = padding.iter().all(|octet| *octet == b'=' || is_blank(*octet));
    match letters % 4 {
        0 => signs == 0,
        1 => false,
        count => is_padded && count + signs >= 4,
    }
}

/// What is being decoded; there is room for all of it from the beginning.
struct Content {
    octets: Vec<u8>,
    count: usize,
}

impl Content {
    fn push(&mut self, octets: &[u8]) {
        if let Some(room) = self.octets.get_mut(self.count..self.count + octets.len()) {
            room.copy_from_slice(octets);
            self.count += octets.len();
        }
    }

    /// Decodes what begins here as it should be, four characters at once; gives how many it has taken.
    fn quanta(&mut self, body: &[u8]) -> usize {
        let room = self.octets.get_mut(self.count..).unwrap_or_default();
        let mut taken = 0;
        for ([a, b, c, d], room) in body.as_chunks().0.iter().zip(room.as_chunks_mut::<3>().0) {
            let value = |place: usize, octet: &u8| VALUES[place][usize::from(*octet)];
            let bits = value(3, a) | value(2, b) | value(1, c) | value(0, d);
            if bits & NONE != 0 {
                break;
            }
            let [_, octets @ ..] = bits.to_be_bytes();
            *room = octets;
            taken += 1;
        }
        self.count += taken * 3;
        taken * 4
    }

    /// With what an incomplete quantum of `count` characters holds; a single character holds no octet.
    fn finish(mut self, bits: u32, count: u8) -> Vec<u8> {
        match count {
            2 => self.push(&[(bits >> 4) as u8]),
            3 => self.push(&[(bits >> 10) as u8, (bits >> 2) as u8]),
            _ => {}
        }
        self.octets.truncate(self.count);
        self.octets
    }
}

/// What no character of the alphabet stands for.
const NONE: u32 = 1 << 31;

/// The value of each character of the alphabet: in the last place of a quantum, in the one before it, and so on.
static VALUES: [[u32; 256]; 4] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [[NONE; 256]; 4];
    let mut place = 0;
    while place < 4 {
        let mut at = 0;
        while at < alphabet.len() {
            values[place][alphabet[at] as usize] = (at as u32) << (6 * place);
            at += 1;
        }
        place += 1;
    }
    values
};

/// A `=` that begins no code stays as it is, with a defect (RFC 2045 §6.7, rule 1 and what follows it).
pub fn decode_quoted_printable(body: &[u8]) -> Decoded<Vec<u8>> {
    let mut content = Vec::with_capacity(body.len());
    let mut clean = true;
    let mut rest = body;
    while !rest.is_empty() {
        let line = super::field::first_line(rest);
        rest = &rest[line.len()..];
        let text = super::field::trim_line_end(line);
        let end = &line[text.len()..];
        // Rule 3: blanks at the end of a line were added on the way.
        let mut text = text.trim_ascii_end();
        let soft = match text.strip_suffix(b"=") {
            Some(rest) => {
                text = rest;
                true
            }
            None => false,
        };
        let mut octets = text;
        while let Some(sign) = memchr::memchr(b'=', octets) {
            let (plain, code) = octets.split_at(sign);
            content.extend_from_slice(plain);
            octets = match code {
                [_, high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    content.push(nibble(*high) << 4 | nibble(*low));
                    rest
                }
                _ => {
                    clean = false;
                    content.push(b'=');
                    &code[1..]
                }
            };
        }
        content.extend_from_slice(octets);
        if !soft {
            content.extend_from_slice(end);
        }
    }
    Decoded { content, clean }
}

/// Whether each `=` begins a code or ends a line, blanks aside.
fn is_whole_quoted_printable(body: &[u8]) -> bool {
    let mut rest = body;
    while let Some(sign) = memchr::memchr(b'=', rest) {
        rest = &rest[sign + 1..];
        if let [high, low, behind @ ..] = rest
            && high.is_ascii_hexdigit()
            && low.is_ascii_hexdigit()
        {
            rest = behind;
            continue;
        }
        match rest.iter().position(|octet| *octet == b'\n' || !octet.is_ascii_whitespace()) {
            Some(end) if rest[end] != b'\n' => return false,
            end => rest = &rest[end.unwrap_or(rest.len())..],
        }
    }
    true
}

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20).wrapping_sub(b'a') + 10,
    }
}

/// Writes quoted-printable with CRLF; line ends in the content, LF or CRLF, are line ends again.
pub fn encode_quoted_printable(content: &[u8], out: &mut Vec<u8>) {
    const WIDTH: usize = 75;
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for line in content.split_inclusive(|octet| *octet == b'\n') {
        let text = super::field::trim_line_end(line);
        let mut column = 0;
        for (at, octet) in text.iter().enumerate() {
            let is_last = at + 1 == text.len();
            if column + 3 > WIDTH {
                out.extend_from_slice(b"=\r\n");
                column = 0;
            }
            let is_plain = match octet {
                b' ' | b'\t' => !is_last,
                b'=' => false,
                // Rule 2 lets a dot stand; encoded at the beginning of a line it needs no stuffing by anybody.
                b'.' => column != 0,
                // The same with what an mbox or a boundary begins with.
                b'F' | b'-' => column != 0,
                octet => octet.is_ascii_graphic(),
            };
            match is_plain {
                true => out.push(*octet),
                false => {
                    out.extend_from_slice(&[b'=', HEX[usize::from(octet >> 4)], HEX[usize::from(octet & 15)]]);
                }
            }
            column += if is_plain { 1 } else { 3 };
        }
        if text.len() < line.len() {
            out.extend_from_slice(b"\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn broken_base64_gives_what_can_be_read() {
        for (body, wanted, clean) in [
            (&b"aGVsbG8="[..], &b"hello"[..], true),
            (b"aGVs\r\nbG8=\r\n", b"hello", true),
            (b"aGVsbG8", b"hello", false),
            (b"aGVs*bG8=", b"hello", false),
            (b"aGk=aGk=", b"hi", false),
            (b"aGk=\r\n=\r\n", b"hi", true),
            (b"aA=aGk=", b"h\x06\x86", false),
            (b"a", b"", false),
            (b"", b"", true),
            (b"====", b"", false),
        ] {
            assert_eq!(decode_base64(body), Decoded { content: wanted.to_vec(), clean }, "{}", body.escape_ascii());
        }
    }

    #[test]
    fn encodings_are_known_by_their_tokens() {
        for (field, body, wanted) in [
            (" BASE64 (really)", "aGk=", "hi"),
            ("(c) \"base64\"; x=y", "aGk=", "hi"),
            ("quoted-printable", "=68i", "hi"),
            ("x-uuencode", "begin 644 a\r\n\":&D \r\n`\r\nend\r\n", "hi"),
            ("X-UUE", "no file", "no file"),
            ("8-bit", "=68i", "=68i"),
            ("", "=68i", "=68i"),
        ] {
            let decoded = Encoding::parse(field.as_bytes()).decode(body.as_bytes());
            assert_eq!(String::from_utf8_lossy(&decoded.content), wanted, "{field}");
        }
    }

    #[test]
    fn broken_quoted_printable_stays_readable() {
        for (body, wanted, clean) in [
            (&b"caf=C3=A9"[..], "café".as_bytes(), true),
            (b"soft=\r\n line  \r\nend=20\r\n", b"soft line\r\nend \r\n", true),
            (b"soft=  \r\nline", b"softline", true),
            (b"1 = 2, =ZZ, =3d", b"1 = 2, =ZZ, =", false),
            (b"end=", b"end", true),
            (b"end=3", b"end=3", false),
            (b"=c3=A9 =0d=0A \t\r\n", "é \r\n\r\n".as_bytes(), true),
            (b"", b"", true),
        ] {
            let decoded = decode_quoted_printable(body);
            assert_eq!(decoded, Decoded { content: wanted.to_vec(), clean }, "{}", body.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded_again(content in any::<Vec<u8>>()) {
            // Line ends are the one thing quoted-printable may change.
            let content: Vec<u8> = content.into_iter().filter(|octet| !matches!(octet, b'\r' | b'\n')).collect();
            let mut encoded = Vec::new();
            encode_quoted_printable(&content, &mut encoded);
            prop_assert!(encoded.is_ascii() && encoded.split(|o| *o == b'\n').all(|line| line.len() <= 77));
            prop_assert_eq!(decode_quoted_printable(&encoded), Decoded { content, clean: true });
        }

        #[test]
        fn what_is_clean_is_found_out_without_decoding(
            base64 in "[A-Da-d+/= \r\n\t*]{0,20}(=[= \r\n]{0,3})?",
            quoted in "(=|=4|=3D|x| |\r|\n|\t|\x0c){0,12}",
            octets in any::<Vec<u8>>(),
            copies in 1..40usize,
        ) {
            for body in [base64.repeat(copies).as_bytes(), quoted.as_bytes(), &octets] {
                for encoding in [Encoding::Base64, Encoding::QuotedPrintable, Encoding::Uuencode, Encoding::SevenBit] {
                    let is_clean = encoding.decode(body).clean;
                    prop_assert_eq!(encoding.is_clean(body), is_clean, "{:?} {}", encoding, body.escape_ascii());
                    prop_assert!(encoding != Encoding::Base64 || is_clean || !is_whole_base64(body));
                }
            }
        }

        #[test]
        fn base64_of_others_is_decoded(content in any::<Vec<u8>>()) {
            use base64::Engine;
            let encoded = base64::engine::general_purpose::STANDARD.encode(&content);
            prop_assert_eq!(decode_base64(encoded.as_bytes()), Decoded { content, clean: true });
        }
    }
}
