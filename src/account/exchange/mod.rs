//! Accounts of other mail programs, read and written.
//!
//! What cannot be taken over is said line by line, never dropped in silence. A password that stands in plain text is
//! not copied: it would only stand in one more place. Pure: text in, text out.

mod export;
mod himalaya;
mod mbsync;
mod msmtp;
mod mutt;

pub use export::{Target, export};

use crate::address::Domain;

/// An account as another program has it, in the words of ours.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its name there.
    pub name: String,
    /// Keys, and values as TOML.
    pub keys: Vec<(String, String)>,
}

/// Something that could not be taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The line, counted from 1.
    pub line: usize,
    /// What, and why or what to do.
    pub what: String,
}

/// Whose files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// msmtp
    Msmtprc,
    /// mutt and neomutt
    Muttrc,
    /// mbsync (isync)
    Mbsyncrc,
    /// Himalaya
    Himalaya,
}

/// Reads the accounts of another program.
pub fn import(format: Format, text: &str) -> (Vec<Imported>, Vec<Note>) {
    match format {
        Format::Msmtprc => msmtp::import(text),
        Format::Muttrc => mutt::import(text),
        Format::Mbsyncrc => mbsync::import(text),
        Format::Himalaya => himalaya::import(text),
    }
}

impl Imported {
    fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), keys: Vec::new() }
    }

    /// Sets a key; a later value goes before an earlier one.
    fn set(&mut self, key: &str, value: String) {
        self.keys.retain(|(known, _)| known != key);
        self.keys.push((key.to_owned(), value));
    }

    fn text(&mut self, key: &str, text: &str) {
        self.set(key, quoted(text));
    }

    /// A command that prints the password, for a shell as these programs run it.
    fn shell(&mut self, line: &str) {
        self.set("secret", format!("{{ cmd = [\"sh\", \"-c\", {}] }}", quoted(line)));
    }
}

fn note(line: usize, what: impl Into<String>) -> Note {
    Note { line, what: what.into() }
}

const PLAIN: &str = "a password in plain text is not copied: keep it with mailkit auth set";

/// A text as TOML.
fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

/// A server's URL, with its port if that is not the scheme's own; `None` if the host can be none.
fn url(scheme: &str, host: &str, port: Option<&str>) -> Option<String> {
    let host = match host.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V6(ip)) => format!("[{ip}]"),
        Ok(ip) => ip.to_string(),
        Err(_) => Domain::parse(host).ok()?.to_string(),
    };
    let port = port.map(|port| port.parse::<u16>().map(|port| format!(":{port}"))).transpose().ok()?;
    Some(format!("{scheme}://{host}{}", port.unwrap_or_default()))
}

/// The words of a line: between blanks, or in quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut signs = line.chars();
    while let Some(sign) = signs.next() {
        match (sign, quote) {
            ('\\', Some('"') | None) => word.get_or_insert_default().extend(signs.next()),
            (sign, Some(open)) if sign == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(sign);
                word.get_or_insert_default();
            }
            (sign, None) if sign.is_whitespace() => words.extend(word.take()),
            (sign, _) => word.get_or_insert_default().push(sign),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_would() {
        for (line, wanted) in [
            ("set from = bob", &["set", "from", "=", "bob"][..]),
            ("a \"b c\"'d e' f\\ g \"\"", &["a", "b cd e", "f g", ""]),
            ("  ", &[]),
            ("\"x\\\"y\" 'a\\b'", &["x\"y", "a\\b"]),
            ("\"open", &["open"]),
        ] {
            assert_eq!(words(line), wanted, "{line}");
        }
    }

    #[test]
    fn what_was_imported_can_be_read_and_no_password_comes_along() {
        let msmtp =
            "defaults\ntls on\naccount a\nhost mail.example\nfrom a@mail.example\npassword hunter2\nfrobnicate on\n";
        let mutt = "set from=a@mail.example\nset smtp_url=smtps://a:hunter2@mail.example\nset imap_pass=hunter2\n\
                    set folder=imaps://mail.example/\n";
        let mbsync = "IMAPAccount a\nHost mail.example\nUser a\nPass hunter2\nTLSType IMAPS\n";
        for (format, text, lines) in
            [(Format::Msmtprc, msmtp, &[6, 7][..]), (Format::Muttrc, mutt, &[2, 3]), (Format::Mbsyncrc, mbsync, &[4])]
        {
            let (accounts, notes) = import(format, text);
            assert_eq!(accounts.len(), 1, "{format:?}");
            assert_eq!(notes.iter().map(|note| note.line).collect::<Vec<_>>(), lines, "{notes:?}");
            assert!(!format!("{accounts:?}{notes:?}").contains("hunter2"), "{format:?}");
            let keys: Vec<String> = accounts[0].keys.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
            let read = toml::from_str::<crate::account::Account>(&keys.concat());
            assert!(read.is_ok(), "{format:?}: {keys:?} {read:?}");
        }
    }
}
