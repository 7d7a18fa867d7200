//! `~/.muttrc`, `~/.config/neomutt/neomuttrc`: what `set` says about the one account that is configured.

use super::{Imported, Note, PLAIN, note, words};
use crate::endpoint::Endpoint;

/// Reads the account; it gets the name `mutt`.
pub(super) fn import(text: &str) -> (Vec<Imported>, Vec<Note>) {
    let mut account = Imported::new("mutt");
    let mut notes = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let spaced = line.trim().replacen('=', " = ", 1);
        let words = words(spaced.split(" #").next().unwrap_or_default());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["set", key, "=", value, ..] => set(&mut account, key, value, line, number, &mut notes),
            ["source", ..] => notes.push(note(number, "files that are named here are not read: import them too")),
            ["account-hook" | "folder-hook" | "send-hook", ..] => {
                notes.push(note(number, "hooks are not taken over: write an account for each"));
            }
            _ => {}
        }
    }
    (if account.keys.is_empty() { Vec::new() } else { vec![account] }, notes)
}

fn set(account: &mut Imported, key: &str, value: &str, line: &str, number: usize, notes: &mut Vec<Note>) {
    match key {
        "from" => match value.rsplit_once('<').and_then(|(name, rest)| Some((name, rest.strip_suffix('>')?))) {
            Some((name, address)) => {
                account.text("email", address);
                if !name.trim().is_empty() {
                    account.text("name", name.trim());
                }
            }
            None => account.text("email", value),
        },
        "realname" | "real_name" => account.text("name", value),
        "imap_user" => account.text("user", value),
        "smtp_url" => server(account, "smtp", value, number, notes),
        "folder" | "spoolfile" | "spool_file" if value.starts_with("imap") => {
            server(account, "imap", value, number, notes);
        }
        "folder" if value.starts_with('~') || value.starts_with('/') => account.text("maildir", value),
        "record" if value.is_empty() => account.text("sent", "none"),
        "record" if value.starts_with('=') || value.starts_with('+') => account.text("sent", &value[1..]),
        "imap_pass" | "smtp_pass" => match backticks(line) {
            Some(command) => account.shell(command),
            None => notes.push(note(number, PLAIN)),
        },
        "imap_authenticators" | "smtp_authenticators" => {
            let is_oauth = value.split(':').any(|name| matches!(name, "oauthbearer" | "xoauth2"));
            if is_oauth {
                account.text("auth", "oauth");
            }
        }
        "imap_oauth_refresh_command" | "smtp_oauth_refresh_command" => {
            notes.push(note(number, "tokens come from mailkit auth login: name the provider in oauth"));
        }
        "ssl_verify_host" | "ssl_verify_dates" if value == "no" => {
            notes.push(note(number, "certificates are always checked here"));
        }
        "certificate_file" | "ssl_client_cert" => {
            notes.push(note(number, format!("{key}: look at tls.ca, tls.cert and tls.key")));
        }
        "my_pass" => notes.push(note(number, PLAIN)),
        // The rest is about how mail is shown and written, not about accounts.
        _ => {}
    }
}

fn server(account: &mut Imported, key: &str, value: &str, number: usize, notes: &mut Vec<Note>) {
    let Some((scheme, rest)) = value.split_once("://") else {
        return notes.push(note(number, format!("{key}: {value} is no URL")));
    };
    // What stands behind the host is a mailbox there, and before it perhaps a password.
    let (user, place) = rest.rsplit_once('@').map_or((None, rest), |(user, place)| (Some(user), place));
    let place = place.split('/').next().unwrap_or_default();
    let (user, password) = user.map_or((None, None), |user| match user.split_once(':') {
        Some((user, password)) => (Some(user), Some(password)),
        None => (Some(user), None),
    });
    if password.is_some() {
        notes.push(note(number, PLAIN));
    }
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    match Endpoint::parse(&format!("{scheme}://{user}{place}")) {
        Ok(endpoint) => account.text(key, &endpoint.to_string()),
        Err(error) => notes.push(note(number, error.to_string())),
    }
}

/// The command in `set imap_pass="`pass mail`"`.
fn backticks(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once('`')?;
    rest.rsplit_once('`').map(|(command, _)| command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_as_people_have_it() {
        let text = "\
set from = \"Alice <alice@crepes.example>\"   # me
set use_from = yes
set smtp_url = \"smtps://alice@smtp.crepes.example:465/\"
set smtp_pass = \"`pass mail/work`\"
set folder = imaps://imap.crepes.example/
set imap_user = alice
set imap_pass = hunter2
set record = \"=Sent Items\"
set sort = threads
source ~/.mutt/colors
";
        let (accounts, notes) = import(text);
        let keys: Vec<String> = accounts[0].keys.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        assert_eq!(
            keys,
            [
                "email = \"alice@crepes.example\"",
                "name = \"Alice\"",
                "smtp = \"smtps://alice@smtp.crepes.example:465\"",
                "secret = { cmd = [\"sh\", \"-c\", \"pass mail/work\"] }",
                "imap = \"imaps://imap.crepes.example:993\"",
                "user = \"alice\"",
                "sent = \"Sent Items\"",
            ]
        );
        assert_eq!(notes.iter().map(|note| note.line).collect::<Vec<_>>(), [7, 10]);
        assert_eq!(import("set sort=date\n").0, []);
    }
}
