//! Himalaya's `config.toml`, as its first version writes it: `backend.*` is where mail is read, `message.send.backend.*`
//! where it is sent.

use super::super::tree::{Sources, Table, Value};
use super::{Imported, Note, PLAIN, note, url};
use std::collections::BTreeMap;
use std::path::Path;

/// Values by their dotted keys, each with its line; what was understood is taken out.
type Flat = BTreeMap<String, (usize, String)>;

/// Reads all accounts.
pub(super) fn import(text: &str) -> (Vec<Imported>, Vec<Note>) {
    let (mut sources, mut problems) = (Sources::default(), Vec::new());
    let root = sources.read(Path::new(""), text.to_owned(), &mut problems);
    let mut notes: Vec<Note> = problems
        .into_iter()
        .map(|problem| note(problem.place.and_then(|place| place.line).unwrap_or(1), problem.what))
        .collect();
    let accounts = root.get("accounts").and_then(|(_, node)| node.table());
    let accounts = accounts.into_iter().flatten().filter_map(|(name, (_, node))| {
        let mut flat = Flat::new();
        flatten("", node.table()?, &sources, &mut flat);
        Some(account(name, flat, &mut notes))
    });
    let accounts = accounts.collect();
    notes.sort_by_key(|note| note.line);
    (accounts, notes)
}

fn flatten(lead: &str, table: &Table, sources: &Sources, flat: &mut Flat) {
    for (key, (span, node)) in table {
        let line = sources.place(span.start).and_then(|place| place.line).unwrap_or(1);
        let value = match &node.value {
            Value::Table(inner) => {
                flatten(&format!("{lead}{key}."), inner, sources, flat);
                continue;
            }
            Value::Text(text) | Value::Bare(text) => text.clone(),
            Value::Bool(flag) => flag.to_string(),
            Value::Array(_) => String::new(),
        };
        flat.insert(format!("{lead}{key}"), (line, value));
    }
}

fn account(name: &str, mut flat: Flat, notes: &mut Vec<Note>) -> Imported {
    let mut account = Imported::new(name);
    let mut take = |key: &str| flat.remove(key);
    if take("default").is_some_and(|(_, value)| value == "true") {
        account.set("default", "true".into());
    }
    for (theirs, ours) in [("email", "email"), ("display-name", "name")] {
        if let Some((_, value)) = take(theirs) {
            account.text(ours, &value);
        }
    }
    for (lead, service) in [("backend.", "imap"), ("message.send.backend.", "smtp")] {
        let mut of = |key: &str| take(&format!("{lead}{key}"));
        let kind = of("type");
        if let Some((line, other)) = kind.filter(|(_, kind)| kind != service) {
            if other == "maildir" {
                if let Some((_, dir)) = of("root-dir") {
                    account.text("maildir", &dir);
                }
            } else {
                notes.push(note(line, format!("mail by {other} is not taken over")));
            }
            continue;
        }
        let (port, encryption) = (of("port"), of("encryption.type").or_else(|| of("encryption")));
        let encryption = encryption.map_or_else(|| "tls".to_owned(), |(_, value)| value);
        let (scheme, plain) = match (service, encryption.as_str()) {
            ("imap", "tls") => ("imaps", ""),
            (_, "tls") => ("submissions", ""),
            ("imap", "none") => ("imap", "?tls=none"),
            (_, "none") => ("submission", "?tls=none"),
            ("imap", _) => ("imap", ""),
            _ => ("submission", ""),
        };
        if let Some((line, host)) = of("host") {
            match url(scheme, &host, port.as_ref().map(|(_, port)| port.as_str())) {
                Some(url) => account.text(service, &format!("{url}{plain}")),
                None => notes.push(note(line, format!("{host} is no server"))),
            }
        }
        if let Some((_, login)) = of("login") {
            account.text("user", &login);
        }
        match of("auth.type") {
            Some((_, kind)) if kind == "oauth2" => account.text("auth", "oauth"),
            _ => {}
        }
        for key in ["auth.cmd", "auth.command", "auth.passwd.cmd", "auth.password.command"] {
            if let Some((_, line)) = of(key).filter(|(_, line)| !line.is_empty()) {
                account.shell(&line);
            }
        }
        for key in ["auth.keyring", "auth.passwd.keyring"] {
            if let Some((line, entry)) = of(key) {
                notes.push(note(
                    line,
                    format!("its entry {entry} in the keyring is another: keep it with mailkit auth set"),
                ));
            }
        }
        for key in ["auth.raw", "auth.passwd.raw", "auth.password.raw"] {
            if let Some((line, _)) = of(key) {
                notes.push(note(line, PLAIN));
            }
        }
    }
    notes.extend(flat.into_iter().map(|(key, (line, _))| note(line, format!("{key} has no counterpart here"))));
    account
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_as_people_have_it() {
        let text = "\
[accounts.work]
default = true
email = \"alice@crepes.example\"
display-name = \"Alice\"
downloads-dir = \"~/Downloads\"
backend.type = \"imap\"
backend.host = \"imap.crepes.example\"
backend.port = 993
backend.encryption.type = \"tls\"
backend.login = \"alice\"
backend.auth.type = \"password\"
backend.auth.cmd = \"pass show mail\"
message.send.backend.type = \"smtp\"
message.send.backend.host = \"smtp.crepes.example\"
message.send.backend.port = 587
message.send.backend.encryption.type = \"start-tls\"
message.send.backend.auth.raw = \"hunter2\"
[accounts.old]
backend.type = \"notmuch\"
";
        let (accounts, notes) = import(text);
        let work = accounts.iter().find(|account| account.name == "work").expect("an account");
        let keys: Vec<String> = work.keys.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        assert_eq!(
            keys,
            [
                "default = true",
                "email = \"alice@crepes.example\"",
                "name = \"Alice\"",
                "imap = \"imaps://imap.crepes.example:993\"",
                "user = \"alice\"",
                "secret = { cmd = [\"sh\", \"-c\", \"pass show mail\"] }",
                "smtp = \"submission://smtp.crepes.example:587\"",
            ]
        );
        let notes: Vec<String> = notes.iter().map(|note| format!("{}: {}", note.line, note.what)).collect();
        assert_eq!(
            notes,
            [
                "5: downloads-dir has no counterpart here",
                &format!("17: {PLAIN}"),
                "19: mail by notmuch is not taken over"
            ]
        );
    }
}
