//! Character sets: octets of a declared one become characters, by whichever of its names it goes.
//!
//! mail-parser has those of the web; mail also has the code pages of DOS, UTF-32, and names that a program of its
//! maker's gave them. Knows no header field and guesses nothing: that is [`super::words`].
//! RFC 2978; RFC 1843 (HZ); RFC 1557 (ISO-2022-KR).

use mail_parser::decoders::charsets::map::charset_decoder;

/// Octets in a charset's label; the longest registered name has 45.
pub(super) const LABEL_MAX: usize = 64;

/// Code pages of DOS, from 0x80 upwards.
const PAGES: [(&str, &str); 7] = [
    (
        "437",
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    ),
    (
        "737",
        "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρσςτυφχψ░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀ωάέήϊίόύϋώΆΈΉΊΌΎΏ±≥≤ΪΫ÷≈°∙·√ⁿ²■\u{a0}",
    ),
    (
        "775",
        "ĆüéāäģåćłēŖŗīŹÄÅÉæÆōöĢ¢ŚśÖÜø£Ø×¤ĀĪóŻżź”¦©®¬½¼Ł«»░▒▓│┤ĄČĘĖ╣║╗╝ĮŠ┐└┴┬├─┼ŲŪ╚╔╩╦╠═╬Žąčęėįšųūž┘┌█▄▌▐▀ÓßŌŃõÕµńĶķĻļņĒŅ’\u{ad}±“¾¶§÷„°∙·¹³²■\u{a0}",
    ),
    (
        "852",
        "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}",
    ),
    (
        "855",
        "ђЂѓЃёЁєЄѕЅіІїЇјЈљЉњЊћЋќЌўЎџЏюЮъЪаАбБцЦдДеЕфФгГ«»░▒▓│┤хХиИ╣║╗╝йЙ┐└┴┬├─┼кК╚╔╩╦╠═╬¤лЛмМнНоОп┘┌█▄Пя▀ЯрРсСтТуУжЖвВьЬ№\u{ad}ыЫзЗшШэЭщЩчЧ§■\u{a0}",
    ),
    (
        "857",
        "ÇüéâäàåçêëèïîıÄÅÉæÆôöòûùİÖÜø£ØŞşáíóúñÑĞğ¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ºªÊËÈ�ÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµ�×ÚÛÙìÿ¯´\u{ad}±�¾¶§÷¸°¨·¹³²■\u{a0}",
    ),
    (
        "862",
        "אבגדהוזחטיךכלםמןנסעףפץצקרשת¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    ),
];

/// What a label means.
#[derive(Debug, Clone, Copy)]
pub(super) enum Charset {
    /// ASCII, where whoever declared it may have written something else.
    Ascii,
    Utf8,
    Utf7,
    /// With its byte order mark, or in the order given: true for the smaller end first.
    Utf32(Option<bool>),
    Hz,
    Iso2022Kr,
    Page(&'static str),
    /// mail-parser's.
    Known(fn(&[u8]) -> String),
}

impl Charset {
    /// Finds a charset by its label; `None` if nobody knows it.
    pub(super) fn named(label: &str) -> Option<Self> {
        let label = label.trim().trim_matches(['"', '\'']).trim();
        if label.is_empty() || label.len() > LABEL_MAX {
            return None;
        }
        // Punctuation in these names is anybody's guess: `utf8`, `UTF_8`, `iso_8859-1`, `ISO8859-1`.
        let key: String = label.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        match key.as_str() {
            // mail-parser reads ASCII as windows-1252; where somebody declared ASCII and wrote UTF-8, the text is clear.
            "ascii" | "usascii" | "ansix341968" | "iso646us" | "isoir6" | "646" | "us" => return Some(Self::Ascii),
            // mail-parser's table leaves UTF-8 to the caller.
            "utf8" | "utf8mb4" | "unicode11utf8" | "xunicode20utf8" | "cp65001" => return Some(Self::Utf8),
            "utf7" | "unicode11utf7" | "csunicode11utf7" | "xunicode20utf7" => return Some(Self::Utf7),
            "utf32" => return Some(Self::Utf32(None)),
            "utf32le" => return Some(Self::Utf32(Some(true))),
            "utf32be" | "ucs4" | "iso10646ucs4" => return Some(Self::Utf32(Some(false))),
            "hz" | "hzgb" | "hzgb2312" => return Some(Self::Hz),
            "iso2022kr" | "csiso2022kr" => return Some(Self::Iso2022Kr),
            _ => {}
        }
        let page = page_number(&key);
        if let Some((_, upper)) = PAGES.iter().find(|(name, _)| page == Some(*name)) {
            return Some(Self::Page(upper));
        }
        let standard = match (page, key.strip_prefix("iso8859").or_else(|| key.strip_prefix("8859"))) {
            (Some("932" | "31j" | "943"), _) => "shift_jis".to_owned(),
            (Some("949" | "51949"), _) => "euc-kr".to_owned(),
            (Some("950" | "951"), _) => "big5".to_owned(),
            (Some("936" | "51936"), _) => "gbk".to_owned(),
            (Some("54936"), _) => "gb18030".to_owned(),
            (Some("20866"), _) => "koi8-r".to_owned(),
            (Some("21866"), _) => "koi8-u".to_owned(),
            (Some("858"), _) => "cp850".to_owned(),
            (Some("10000"), _) => "macintosh".to_owned(),
            (Some("1200"), _) => "utf-16le".to_owned(),
            (Some("1201"), _) => "utf-16be".to_owned(),
            (Some("50220" | "50221" | "50222"), _) => "iso-2022-jp".to_owned(),
            (Some("51932"), _) => "euc-jp".to_owned(),
            (Some(page), _) => format!("cp{page}"),
            (_, Some(part)) => format!("iso-8859-{}", part.trim_end_matches(|c: char| !c.is_ascii_digit())),
            _ => label.to_owned(),
        };
        let known = |label: &str| charset_decoder(label.as_bytes());
        known(label).or_else(|| known(&standard)).or_else(|| known(label.strip_prefix("x-")?)).map(Self::Known)
    }

    /// The characters of some octets. What makes no sense becomes U+FFFD.
    pub(super) fn decode(self, octets: &[u8]) -> String {
        match self {
            Self::Ascii => super::words::undeclared(octets).0.into_owned(),
            Self::Utf8 => String::from_utf8_lossy(octets).into_owned(),
            Self::Utf7 => utf7::UTF_7.decode_without_bom_handling(octets).0.into_owned(),
            Self::Utf32(order) => utf32(octets, order),
            Self::Hz => super::words::decode_charset("gbk", &hz(octets)).unwrap_or_default(),
            Self::Iso2022Kr => super::words::decode_charset("euc-kr", &iso_2022_kr(octets)).unwrap_or_default(),
            Self::Page(page) => {
                let upper: Vec<char> = page.chars().collect();
                let high = |octet: u8| upper.get(usize::from(octet & 0x7f)).copied().unwrap_or('\u{fffd}');
                octets.iter().map(|octet| if octet.is_ascii() { char::from(*octet) } else { high(*octet) }).collect()
            }
            Self::Known(decoder) => decoder(octets),
        }
    }
}

/// The number in `cp437`, `ibm-437`, `windows-1252`, `win1252`, `x-cp1252`, `ms932`.
fn page_number(key: &str) -> Option<&str> {
    let name =
        key.strip_prefix("cspc8").or_else(|| key.strip_prefix("cs")).or_else(|| key.strip_prefix('x')).unwrap_or(key);
    let number = ["cp", "ibm", "windows", "win", "ansi", "ms", "dos", "oem", "codepage"]
        .iter()
        .find_map(|kind| name.strip_prefix(kind))?;
    // Word put `windows-1252http-equivContent-Type` into many messages.
    let end = number.find(|c: char| !c.is_ascii_digit()).filter(|_| number != "31j").unwrap_or(number.len());
    Some(&number[..end]).filter(|number| number.len() >= 3)
}

fn utf32(octets: &[u8], order: Option<bool>) -> String {
    let (little, octets) = match (order, octets) {
        (_, [0xff, 0xfe, 0, 0, rest @ ..]) => (true, rest),
        (_, [0, 0, 0xfe, 0xff, rest @ ..]) => (false, rest),
        (order, octets) => (order.unwrap_or(false), octets),
    };
    let number = |unit: &[u8]| {
        let digit = |number: u32, octet: &u8| number << 8 | u32::from(*octet);
        if little { unit.iter().rev().fold(0, digit) } else { unit.iter().fold(0, digit) }
    };
    octets.chunks(4).map(|unit| char::from_u32(number(unit)).unwrap_or('\u{fffd}')).collect()
}

/// Between `~{` and `~}` each octet lacks its upper bit; `~~` is a tilde and a line never ends within.
fn hz(octets: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(octets.len());
    let (mut rest, mut high) = (octets, 0);
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'~', [b'{', tail @ ..]) => (high, rest) = (0x80, tail),
            (b'~', [b'}', tail @ ..]) => (high, rest) = (0, tail),
            (b'~', [b'~', tail @ ..]) if high == 0 => {
                plain.push(b'~');
                rest = tail;
            }
            (b'~', [b'\n', tail @ ..]) => rest = tail,
            (b'\n', _) => {
                high = 0;
                plain.push(b'\n');
            }
            (octet, _) if octet.is_ascii_graphic() => plain.push(octet | high),
            (octet, _) => plain.push(*octet),
        }
    }
    plain
}

/// Behind SO each octet lacks its upper bit, until SI; a mark on the first line says so.
fn iso_2022_kr(octets: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(octets.len());
    let (mut rest, mut high) = (octets, 0);
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (0x1b, [b'$', b')', b'C', tail @ ..]) => rest = tail,
            (0x0e, _) => high = 0x80,
            (0x0f, _) => high = 0,
            (b'\n', _) => {
                high = 0;
                plain.push(b'\n');
            }
            (octet, _) if octet.is_ascii_graphic() => plain.push(octet | high),
            (octet, _) => plain.push(*octet),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charsets_are_known_by_all_their_names() {
        for (label, octets, wanted) in [
            ("utf-8", "café".as_bytes(), "café"),
            ("UTF_8", "é".as_bytes(), "é"),
            ("utf8mb4", "é".as_bytes(), "é"),
            ("us-ascii", "é".as_bytes(), "é"),
            ("ISO8859-1", b"\xe9", "é"),
            ("iso_8859-15", b"\xa4", "€"),
            ("iso-8859-8-i", b"\xe0", "א"),
            ("8859-2", b"\xb1", "ą"),
            ("latin1", b"\xe9", "é"),
            ("iso-8859-1", b"\x80", "€"),
            ("windows-1252http-equivContent-Type", b"\x80", "€"),
            ("win-1251", b"\xef", "п"),
            ("x-cp1251", b"\xef", "п"),
            ("ansi-1252", b"\x80", "€"),
            ("cp437", b"\x82", "é"),
            ("IBM437", b"\xe1", "ß"),
            ("csPC8CodePage437", b"\x82", "é"),
            ("ibm852", b"\xa5", "ą"),
            ("cp858", b"\x82", "é"),
            ("cp932", b"\x87\x40", "①"),
            ("windows-31j", b"\x93\xfa", "日"),
            ("ms936", b"\xc4\xe3", "你"),
            ("cp949", b"\xbe\xc8", "안"),
            ("cp950", b"\xa7A", "你"),
            ("x-gbk", b"\xc4\xe3", "你"),
            ("hz-gb-2312", b"~{<{<n~} ~~a", "见碱 ~a"),
            ("iso-2022-kr", b"\x1b$)C\r\n\x0e>H3g\x0f a", "\r\n안녕 a"),
            ("utf-7", b"+AKM. +AKM, 1 +- 1", "£. £, 1 + 1"),
            ("X-UNICODE-2-0-UTF-7", b"+2D3eAA-", "😀"),
            ("utf-32", b"\xff\xfe\0\0a\0\0\0", "a"),
            ("UTF-32BE", b"\0\0\0a\0\0", "a\0"),
            ("'utf-16'", b"\xfe\xff\0a", "a"),
        ] {
            let charset = Charset::named(label).expect(label);
            assert_eq!(charset.decode(octets), wanted, "{label}");
        }
        for label in ["klingon", "", "\"\"", "cp", "cp1", "iso-8859-99", "x-", &"a".repeat(99)] {
            assert!(Charset::named(label).is_none(), "{label}");
        }
    }
}
