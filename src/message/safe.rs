//! Foreign text made harmless: for terminals, and as a file name.
//!
//! A header field can hold escape sequences that retitle, clear or program a terminal, and characters
//! that turn the reading direction or cannot be seen; an attachment can call itself `../../.bashrc`.
//! Everything that prints what a stranger wrote goes through here. Visible is the aim, not reversible.
//! Knows no terminal and no file system.

use std::borrow::Cow;

/// Octets in a file name; most file systems take 255, and a suffix like ` (2)` still has to fit.
const FILE_NAME_MAX: usize = 200;
/// A longer tail behind the last dot is no file extension worth saving from the cut.
const EXTENSION_MAX: usize = 20;
/// The name of what has none.
const FILE_NAME_DEFAULT: &str = "attachment";

/// Text for one line of a terminal: every control, line end and tab included, is shown as an escape.
pub fn terminal(text: &str) -> Cow<'_, str> {
    escape(text, |_| false)
}

/// Text of several lines for a terminal: LF and tab stay, CRLF becomes LF, all else as in [`terminal`].
pub fn terminal_lines(text: &str) -> Cow<'_, str> {
    match text.contains("\r\n") {
        true => Cow::Owned(escape(&text.replace("\r\n", "\n"), |c| matches!(c, '\n' | '\t')).into_owned()),
        false => escape(text, |c| matches!(c, '\n' | '\t')),
    }
}

/// Octets for one line of a terminal: UTF-8 is shown as [`terminal`] does, other octets as `\xNN`.
pub fn terminal_bytes(octets: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(octets) {
        return terminal(text);
    }
    let mut shown = String::with_capacity(octets.len() + 16);
    for chunk in octets.utf8_chunks() {
        shown.push_str(&terminal(chunk.valid()));
        for octet in chunk.invalid() {
            push_octet(&mut shown, *octet);
        }
    }
    Cow::Owned(shown)
}

/// Whether a character drives a terminal, turns the reading direction, or takes no room at all.
pub fn is_treacherous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A name that can be created in a directory and stays in it: no path, no controls, not hidden, no
/// option of a command, no device of Windows, at most 200 octets. Never empty.
pub fn file_name(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).find(|part| !part.trim().is_empty()).unwrap_or_default();
    let mut safe: String = base.chars().map(|c| if is_unfit(c) { '_' } else { c }).collect();
    // Windows drops dots and spaces at the end, so two names could become one.
    safe.truncate(safe.trim_end_matches([' ', '.']).len());
    let shown = safe.trim_start();
    let mut safe = match shown.trim_start_matches(['.', '-']) {
        rest if rest.len() < shown.len() => format!("_{rest}"),
        rest => rest.to_owned(),
    };
    if is_device(&safe) {
        safe.insert(0, '_');
    }
    shorten(&mut safe);
    if safe.is_empty() { FILE_NAME_DEFAULT.to_owned() } else { safe }
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    // Nearly all of it is plain ASCII, which is seen many octets at once.
    let (keeps_lf, keeps_tab) = (keep('\n'), keep('\t'));
    let is_kept =
        |octet: u8| (0x20..0x7f).contains(&octet) | keeps_lf & (octet == b'\n') | keeps_tab & (octet == b'\t');
    let are_kept = |run: &[u8]| run.iter().fold(true, |all, octet| all & is_kept(*octet));
    if text.as_bytes().chunks(64).all(are_kept) {
        return Cow::Borrowed(text);
    }
    let is_plain = |c: char| keep(c) || !is_treacherous(c);
    let Some(first) = text.find(|c| !is_plain(c)) else { return Cow::Borrowed(text) };
    let (clean, rest) = text.split_at(first);
    let mut shown = String::with_capacity(text.len() + 16);
    shown.push_str(clean);
    for c in rest.chars() {
        match c {
            c if is_plain(c) => shown.push(c),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if c.is_ascii() => push_octet(&mut shown, c as u8),
            c => shown.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        }
    }
    Cow::Owned(shown)
}

fn push_octet(shown: &mut String, octet: u8) {
    shown.push_str(&format!("\\x{octet:02x}"));
}

/// What no file name should hold: the above, and what Windows or a shell's user would trip over.
fn is_unfit(c: char) -> bool {
    is_treacherous(c) || matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*')
}

/// `CON`, `nul.txt`, `COM1`: devices on Windows, whatever the extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    if ["con", "prn", "aux", "nul", "conin$", "conout$"].iter().any(|device| stem.eq_ignore_ascii_case(device)) {
        return true;
    }
    let Some(port) = stem.get(..3) else { return false };
    let is_port = port.eq_ignore_ascii_case("com") || port.eq_ignore_ascii_case("lpt");
    is_port && matches!(&stem[3..], number if "0123456789¹²³".chars().any(|c| number.strip_prefix(c) == Some("")))
}

/// Cuts the stem so that stem and extension fit, on a character's edge.
fn shorten(name: &mut String) {
    if name.len() <= FILE_NAME_MAX {
        return;
    }
    let extension = match name.rfind('.') {
        Some(dot) if name.len() - dot <= EXTENSION_MAX => name.split_off(dot),
        _ => String::new(),
    };
    let room = name.floor_char_boundary(FILE_NAME_MAX - extension.len());
    name.truncate(room);
    name.truncate(name.trim_end_matches([' ', '.']).len());
    name.push_str(&extension);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_terminal_sees_escapes_instead_of_controls() {
        for (text, wanted) in [
            ("plain text, Zürich, 日本", "plain text, Zürich, 日本"),
            ("\x1b[2J\x07", "\\x1b[2J\\x07"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("a\u{202e}gpj.exe", "a\\u{202e}gpj.exe"),
            ("\u{200b}\u{feff}\u{2028}", "\\u{200b}\\u{feff}\\u{2028}"),
            ("\x7f\0", "\\x7f\\x00"),
            ("a\r\nb\tc", "a\\r\\nb\\tc"),
            ("", ""),
        ] {
            assert_eq!(terminal(text), wanted);
        }
        assert_eq!(terminal_lines("a\r\nb\tc\rd\x1b\n"), "a\nb\tc\\rd\\x1b\n");
        assert_eq!(terminal_bytes(b"caf\xe9 \x1b \xc3\xa9"), "caf\\xe9 \\x1b é");
    }

    #[test]
    fn a_file_name_stays_in_its_directory() {
        for (name, wanted) in [
            ("report.pdf", "report.pdf"),
            ("€ rates.pdf", "€ rates.pdf"),
            ("../../.bashrc", "_bashrc"),
            ("C:\\windows\\system.ini", "system.ini"),
            ("/etc/passwd", "passwd"),
            ("dir/", "dir"),
            ("..", "attachment"),
            ("../..", "attachment"),
            ("", "attachment"),
            (" . ", "attachment"),
            ("-rf", "_rf"),
            ("--help", "_help"),
            (".desktop", "_desktop"),
            ("a\x1b]0;x\x07.txt", "a_]0;x_.txt"),
            ("photo\u{202e}gpj.exe", "photo_gpj.exe"),
            ("a\nb", "a_b"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("com1.log", "_com1.log"),
            ("comet.log", "comet.log"),
            ("lpt\u{b9}", "_lpt\u{b9}"),
            ("a:b?.txt", "a_b_.txt"),
            ("name. . .", "name"),
        ] {
            assert_eq!(file_name(name), wanted, "{name:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters_and_keeps_its_extension() {
        let name = file_name(&format!("{}.tar.gz", "ü".repeat(300)));
        assert!(name.len() <= FILE_NAME_MAX && name.ends_with("ü.gz"), "{name}");
        assert!(file_name(&"日".repeat(300)).len() <= FILE_NAME_MAX);
    }

    proptest! {
        #[test]
        fn no_text_reaches_a_terminal_raw(text in any::<String>(), octets in any::<Vec<u8>>()) {
            prop_assert!(!terminal(&text).chars().any(is_treacherous));
            prop_assert!(!terminal_lines(&text).chars().any(|c| is_treacherous(c) && c != '\n' && c != '\t'));
            prop_assert!(!terminal_bytes(&octets).chars().any(is_treacherous));
        }

        #[test]
        fn a_safe_name_is_a_single_harmless_component(name in any::<String>()) {
            let safe = file_name(&name);
            prop_assert!(!safe.is_empty() && safe.len() <= FILE_NAME_MAX);
            prop_assert!(!safe.contains(['/', '\\']) && !safe.starts_with(['.', '-', ' ']));
            prop_assert!(!safe.chars().any(is_unfit));
            prop_assert_eq!(file_name(&safe), safe);
        }
    }
}
