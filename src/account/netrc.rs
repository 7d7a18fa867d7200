//! A netrc: passwords by machine and login, as ftp(1), curl and others read them.
//!
//! Words between blanks, in quotes if they hold some; a `macdef` goes on to the next empty line and is no concern of
//! ours. A `default` is for all machines, so it is for none of them in particular: a password never goes to a server
//! it was not written for. Reads no file.

use crate::secret::Secret;

/// The password of a user at a machine; a line without a login is for every user there.
pub(super) fn password(text: &str, host: &str, user: &str) -> Option<Secret> {
    let words = words(text);
    let mut rest = words.iter().map(String::as_str).peekable();
    let mut found = None;
    let (mut machine, mut login, mut secret) = (None, None, None);
    let judge = |machine: Option<&str>, login: Option<&str>, secret: Option<&str>| {
        let is_ours = machine.is_some_and(|name| name.eq_ignore_ascii_case(host)) && login.is_none_or(|l| l == user);
        secret.filter(|_| is_ours).map(|secret| Secret::new(secret.to_owned()))
    };
    while let Some(word) = rest.next() {
        match word {
            "machine" | "default" => {
                found = found.or_else(|| judge(machine, login, secret));
                (machine, login, secret) = (None, None, None);
                if word == "machine" {
                    machine = rest.next();
                }
            }
            "login" => login = rest.next(),
            "password" => secret = rest.next(),
            "account" => drop(rest.next()),
            _ => {}
        }
    }
    found.or_else(|| judge(machine, login, secret))
}

fn words(text: &str) -> zeroize::Zeroizing<Vec<String>> {
    let mut words = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim_start();
        if line.starts_with("macdef") {
            lines.by_ref().take_while(|line| !line.trim().is_empty()).for_each(drop);
            continue;
        }
        if !line.starts_with('#') {
            split(line, &mut words);
        }
    }
    zeroize::Zeroizing::new(words)
}

fn split(line: &str, words: &mut Vec<String>) {
    let mut signs = line.chars().peekable();
    while let Some(first) = signs.next_if(|c| !c.is_whitespace()).or_else(|| {
        while signs.next_if(|c| c.is_whitespace()).is_some() {}
        signs.next()
    }) {
        let quoted = first == '"';
        let mut word = if quoted { String::new() } else { first.to_string() };
        while let Some(sign) = signs.next_if(|c| if quoted { true } else { !c.is_whitespace() }) {
            match sign {
                '"' if quoted => break,
                '\\' if quoted => word.extend(signs.next()),
                sign => word.push(sign),
            }
        }
        words.push(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_goes_to_the_server_it_was_written_for() {
        let text = r#"
            # a comment with machine mail.example login bob password wrong
            machine ftp.example login bob password ftp
            macdef init
            machine mail.example login bob password macro

            machine mail.example
              login bob
              account x
              password "two \"words\""
            machine mail.example login carol password p#w
            machine any.example password shared
            default login bob password everywhere"#;
        for (host, user, wanted) in [
            ("mail.example", "bob", Some("two \"words\"")),
            ("MAIL.example", "carol", Some("p#w")),
            ("mail.example", "eve", None),
            ("any.example", "eve", Some("shared")),
            ("elsewhere.example", "bob", None),
        ] {
            let found = password(text, host, user);
            assert_eq!(found.as_ref().map(Secret::expose), wanted, "{user} at {host}");
        }
        assert!(password("machine", "x", "y").is_none() && password("machine x password", "x", "y").is_none());
    }
}
