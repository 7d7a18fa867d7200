//! Nothing of a stranger's drives a terminal, and no name leaves its directory.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailkit::message::safe;

fuzz_target!(|octets: &[u8]| {
    let text = String::from_utf8_lossy(octets);
    for shown in [safe::terminal(&text), safe::terminal_bytes(octets)] {
        assert!(!shown.chars().any(safe::is_treacherous), "{shown:?}");
    }
    let lines = safe::terminal_lines(&text);
    assert!(!lines.chars().any(|c| safe::is_treacherous(c) && c != '\n' && c != '\t'), "{lines:?}");
    for sign in ['\x1b', '\u{9b}', '\u{202e}', '\u{2066}', '\u{200b}', '\x07', '\r', '\0'] {
        assert!(!lines.contains(sign));
    }
    let name = safe::file_name(&text);
    assert!(!name.is_empty() && name.len() <= 200, "{name:?}");
    assert!(!name.contains(['/', '\\', '\0', ':']) && !name.starts_with(['.', '-', ' ']), "{name:?}");
    assert!(!name.chars().any(safe::is_treacherous), "{name:?}");
    assert_eq!(std::path::Path::new("dir").join(&name).parent(), Some(std::path::Path::new("dir")), "{name:?}");
    assert_eq!(safe::file_name(&name), name);
});
