//! The users file: a line `name:hash` each.
//!
//! `hash` is an Argon2 PHC string, keys for SCRAM, hashes of access tokens, or several of them with blanks between;
//! or `{PLAIN}` and the password itself for tests. `#` begins a comment.

use super::password::Stored;
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use std::collections::HashSet;

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
                Some("") => return Err(wrong("the password is empty")),
                Some(plain) => Stored::plain(Secret::new(plain.to_owned())),
                None => Stored::parse(password).map_err(|error| wrong(&error.to_string()))?,
            };
            Ok((name.to_owned(), stored))
        })
        .collect()
}

/// Refuses a name that stands for two passwords: which one counts would be a guess.
pub fn expect_distinct(users: &[(String, Stored)]) -> Result<()> {
    let mut names = HashSet::new();
    match users.iter().find(|(name, _)| !names.insert(name.to_lowercase())) {
        Some((name, _)) => Err(Error::new(Kind::Config, format!("the user {name} is named twice"))),
        None => Ok(()),
    }
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
        let greedy = "bob:$argon2id$v=19$m=4294967295,t=2,p=1$aHVudGVyMmh1bnRlcjI$aHVudGVyMmh1bnRlcjI";
        for text in [
            greedy,
            "bob:{PLAIN}",
            "bob",
            "bob:hunter2",
            "../bob:{PLAIN}hunter2",
            ":{PLAIN}hunter2",
            "bob:$argon2id$hunter2",
            "bob:{SCRAM-SHA-256}4096,hunter2,hunter2,hunter2",
            "bob:{SCRAM-SHA-1}4096,aHVudGVyMg==,hunter2,hunter2",
            "bob:{BEARER-SHA256}hunter2",
            "bob:{CRAM-MD5}hunter2",
        ] {
            let error = parse(&format!("# x\n\n{text}\n")).map(|_| ()).expect_err(text).to_string();
            assert!(error.contains("line 3") && !error.contains("hunter2"), "{error}");
        }
        assert_eq!(parse("bob:{PLAIN}a:b\n").expect("a users file").len(), 1);
    }

    #[test]
    fn a_name_has_one_password() {
        let users = |text| parse(text).expect("a users file");
        assert!(expect_distinct(&users("bob:{PLAIN}a\nalice:{PLAIN}a\n")).is_ok());
        let error = expect_distinct(&users("bob:{PLAIN}a\nBob:{PLAIN}b\n")).expect_err("twice");
        assert_eq!(error.to_string(), "the user Bob is named twice");
    }
}
