//! `~/.msmtprc`: `defaults`, `account NAME [: OTHER]`, and a command with its value on each line.

use super::{Imported, Note, PLAIN, note, url};
use std::collections::BTreeMap;

/// Commands and values, each with its line.
type Section = BTreeMap<String, (usize, String)>;

/// Reads all accounts; `account default : NAME` marks one of them.
pub(super) fn import(text: &str) -> (Vec<Imported>, Vec<Note>) {
    let (mut sections, mut notes) = (Vec::<(String, Section)>::new(), Vec::new());
    let (mut defaults, mut default) = (Section::new(), None);
    let mut current: Option<usize> = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (command, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let value = value.trim();
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        match command {
            "defaults" => current = None,
            "account" => {
                let (name, bases) = value.split_once(':').unwrap_or((value, ""));
                let bases: Vec<&str> = bases.split(',').map(str::trim).filter(|base| !base.is_empty()).collect();
                if let ("default", [base]) = (name.trim(), bases.as_slice()) {
                    default = Some((*base).to_owned());
                }
                let mut section = defaults.clone();
                for base in bases {
                    match sections.iter().find(|(known, _)| known == base) {
                        Some((_, theirs)) => section.extend(theirs.clone()),
                        None => notes.push(note(index + 1, format!("there is no account {base} to take from"))),
                    }
                }
                sections.push((name.trim().to_owned(), section));
                current = Some(sections.len() - 1);
            }
            _ => {
                let section = current.and_then(|at| sections.get_mut(at)).map_or(&mut defaults, |(_, section)| section);
                section.insert(command.to_owned(), (index + 1, value.to_owned()));
            }
        }
    }
    let mut accounts = Vec::new();
    for (name, section) in sections {
        // The default is one of the others under a second name, unless it says something of its own.
        if name == "default" && default.is_some() {
            continue;
        }
        let mut account = account(&name, &section, &mut notes);
        if default.as_ref() == Some(&name) || name == "default" {
            account.set("default", "true".into());
        }
        accounts.push(account);
    }
    notes.sort_by_key(|note| note.line);
    notes.dedup();
    (accounts, notes)
}

fn account(name: &str, section: &Section, notes: &mut Vec<Note>) -> Imported {
    let mut account = Imported::new(name);
    let value = |key: &str| section.get(key).map(|(_, value)| value.as_str());
    let is_on = |key: &str, otherwise: bool| value(key).map_or(otherwise, |value| value != "off");
    let scheme = match (is_on("tls", false), is_on("tls_starttls", true)) {
        (true, true) => "submission",
        (true, false) => "submissions",
        (false, _) => "smtp",
    };
    // As msmtp: 25 unless TLS from the first octet says otherwise.
    let port = value("port").or((scheme != "submissions").then_some("25"));
    if let Some(host) = value("host") {
        let plain = if scheme == "smtp" && !matches!(host, "localhost" | "127.0.0.1") { "?tls=none" } else { "" };
        match url(scheme, host, port) {
            Some(url) => account.text("smtp", &format!("{url}{plain}")),
            None => notes.push(note(section["host"].0, format!("{host} is no server"))),
        }
    }
    let texts = [("from", "email"), ("user", "user"), ("logfile", "log"), ("source_ip", "source")];
    let tls = [("tls_trust_file", "tls.ca"), ("tls_cert_file", "tls.cert"), ("tls_key_file", "tls.key")];
    for (theirs, ours) in texts.into_iter().chain(tls).chain([("tls_host_override", "tls.name")]) {
        if let Some(value) = value(theirs).filter(|value| !value.is_empty()) {
            match (theirs, value) {
                ("tls_trust_file", "system") => {}
                ("from", pattern) if pattern.contains('*') => {
                    account.set("aliases", format!("[{}]", super::quoted(pattern)));
                }
                ("logfile", "-") => notes.push(note(section[theirs].0, "a log on standard output is not taken over")),
                _ => account.text(ours, value),
            }
        }
    }
    for (key, (line, value)) in section {
        match key.as_str() {
            "passwordeval" => account.shell(value),
            "password" => notes.push(note(*line, PLAIN)),
            "timeout" if value.parse::<u32>().is_ok_and(|seconds| seconds > 0) => {
                account.text("timeout", &format!("{value}s"));
            }
            "timeout" => {}
            "auth" => match value.as_str() {
                "on" | "" => account.text("auth", "password"),
                "off" => account.text("auth", "none"),
                "oauthbearer" | "xoauth2" => account.text("auth", "oauth"),
                name => match crate::sasl::Mechanism::from_name(name) {
                    Some(mechanism) => account.set("auth", format!("[{}]", super::quoted(mechanism.name()))),
                    None => notes.push(note(*line, format!("{name} is not spoken here"))),
                },
            },
            "tls_fingerprint" => {
                let pin = format!("sha256:{}", value.replace(':', "").to_ascii_lowercase());
                match pin.len() {
                    71 => account.set("tls.pin", format!("[{}]", super::quoted(&pin))),
                    _ => notes.push(note(*line, "a pin is a SHA-256 here: take it anew from the server")),
                }
            }
            "tls_certcheck" if value == "off" => {
                notes.push(note(*line, "certificates are always checked here: name a pin or an authority in tls"));
            }
            "host" | "port" | "tls" | "tls_starttls" | "tls_certcheck" | "protocol" | "from" | "user" | "logfile"
            | "source_ip" | "tls_trust_file" | "tls_cert_file" | "tls_key_file" | "tls_host_override" => {}
            other => notes.push(note(*line, format!("{other} has no counterpart here"))),
        }
    }
    account
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_as_people_have_it() {
        let text = "\
# Set default values for all following accounts.
defaults
auth           on
tls            on
tls_trust_file /etc/ssl/certs/ca-certificates.crt
logfile        ~/.msmtp.log

account        gmail
host           smtp.gmail.com
port           587
from           alice@gmail.com
user           alice
passwordeval   \"gpg --quiet --decrypt ~/.msmtp-gmail.gpg\"

account        work : gmail
host           mail.crepes.example
port           465
tls_starttls   off
from           alice@crepes.example
timeout        20
aliases        /etc/aliases

account        old : nowhere
host           10.0.0.1
tls            off
auth           off

account default : gmail
";
        let (accounts, notes) = import(text);
        let said: Vec<String> = accounts
            .iter()
            .map(|account| {
                let mut keys: Vec<String> = account.keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                keys.sort();
                format!("{}: {}", account.name, keys.join(" "))
            })
            .collect();
        let common =
            "log=\"~/.msmtp.log\" secret={ cmd = [\"sh\", \"-c\", \"gpg --quiet --decrypt ~/.msmtp-gmail.gpg\"] }";
        let ca = "tls.ca=\"/etc/ssl/certs/ca-certificates.crt\"";
        assert_eq!(
            said,
            [
                format!(
                    "gmail: auth=\"password\" default=true email=\"alice@gmail.com\" {common} \
                     smtp=\"submission://smtp.gmail.com:587\" {ca} user=\"alice\""
                ),
                format!(
                    "work: auth=\"password\" email=\"alice@crepes.example\" {common} \
                     smtp=\"submissions://mail.crepes.example:465\" timeout=\"20s\" {ca} user=\"alice\""
                ),
                format!("old: auth=\"none\" log=\"~/.msmtp.log\" smtp=\"smtp://10.0.0.1:25?tls=none\" {ca}"),
            ]
        );
        let notes: Vec<String> = notes.iter().map(|note| format!("{}: {}", note.line, note.what)).collect();
        assert_eq!(notes, ["21: aliases has no counterpart here", "23: there is no account nowhere to take from"]);
    }
}
