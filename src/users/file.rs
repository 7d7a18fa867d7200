//! The users file: a line `name:hash` each.
//!
//! `hash` is an Argon2 PHC string, or `{PLAIN}` and the password itself for tests. `#` begins a comment.

use super::password::Stored;
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;

/// Reads the text of a users file; an error names the line, never the password in it.
pub fn parse(text: &str) -> Result<Vec<(String, Stored)>> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            let wrong = |why: &str| Error::new(Kind::Config, format!("users file, line {number}: {why}"));
            let (name, password) = line.split_once(':').ok_or_else(|| wrong("expected name:hash"))?;
            if !is_user_name(name) {
                return Err(wrong("a user name has letters, digits and . _ - + only"));
            }
            let stored = match password.strip_prefix("{PLAIN}") {
                Some(plain) => Stored::plain(Secret::new(plain.to_owned())),
                None => Stored::from_phc(password).map_err(|_| wrong("expected an Argon2 hash or {PLAIN}password"))?,
            };
            Ok((name.to_owned(), stored))
        })
        .collect()
}

/// Names become directories: nothing that could mean another place. Checked wherever a name comes from outside.
pub fn is_user_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && !name.starts_with(['.', '-'])
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_lines_are_named_without_their_passwords() {
        for text in ["bob", "bob:hunter2", "../bob:{PLAIN}hunter2", ":{PLAIN}hunter2", "bob:$argon2id$hunter2"] {
            let error = parse(&format!("# x\n\n{text}\n")).map(|_| ()).expect_err(text).to_string();
            assert!(error.contains("line 3") && !error.contains("hunter2"), "{error}");
        }
        assert_eq!(parse("bob:{PLAIN}a:b\n").expect("a users file").len(), 1);
    }
}
