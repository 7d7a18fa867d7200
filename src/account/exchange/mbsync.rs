//! `~/.mbsyncrc`: each `IMAPAccount`, or `IMAPStore` with a server of its own.

use super::{Imported, Note, PLAIN, note, url, words};

#[derive(Default)]
struct Section {
    name: String,
    line: usize,
    host: Option<String>,
    port: Option<String>,
    tls: Option<String>,
    account: Imported,
}

/// Reads all accounts. Stores, channels and groups say what is carried where, and are not taken over.
pub(super) fn import(text: &str) -> (Vec<Imported>, Vec<Note>) {
    let (mut accounts, mut notes) = (Vec::new(), Vec::new());
    let mut current: Option<Section> = None;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let words = words(line.split(" #").next().unwrap_or_default());
        let Some((key, values)) = words.split_first().filter(|(key, _)| !key.starts_with('#')) else { continue };
        let value = values.first().map_or("", String::as_str);
        let key = key.to_ascii_lowercase();
        match (key.as_str(), &mut current) {
            ("imapaccount" | "imapstore", _) => {
                finish(current.take(), &mut accounts, &mut notes);
                let account = Imported::new(value);
                current = Some(Section { name: value.to_owned(), line: number, account, ..Section::default() });
            }
            ("channel" | "group" | "maildirstore", _) => {
                finish(current.take(), &mut accounts, &mut notes);
                notes.push(note(number, format!("{} is not taken over: see mailkit imap sync", words.join(" "))));
            }
            ("host", Some(section)) => section.host = Some(value.to_owned()),
            ("port", Some(section)) => section.port = Some(value.to_owned()),
            ("tlstype" | "ssltype", Some(section)) => section.tls = Some(value.to_ascii_uppercase()),
            ("user", Some(section)) => section.account.text("user", value),
            ("passcmd", Some(section)) => section.account.shell(value.strip_prefix('+').unwrap_or(value)),
            ("pass", Some(_)) => notes.push(note(number, PLAIN)),
            ("certificatefile", Some(section)) => section.account.text("tls.ca", value),
            ("clientcertificate", Some(section)) => section.account.text("tls.cert", value),
            ("clientkey", Some(section)) => section.account.text("tls.key", value),
            ("authmechs" | "authmech", Some(section)) => {
                if values.iter().any(|name| matches!(name.to_ascii_uppercase().as_str(), "XOAUTH2" | "OAUTHBEARER")) {
                    section.account.text("auth", "oauth");
                }
            }
            ("timeout", Some(section)) if value.parse::<u32>().is_ok_and(|seconds| seconds > 0) => {
                section.account.text("timeout", &format!("{value}s"));
            }
            // Belongs to a store that takes its server from an account, or to mbsync's own ways.
            ("account" | "path" | "tunnel" | "pipelinedepth" | "systemcertificates" | "usernamespace", Some(_)) => {
                if key == "tunnel" {
                    notes.push(note(number, "a server behind a command is not taken over"));
                }
            }
            (_, Some(_)) => notes.push(note(number, format!("{} has no counterpart here", words[0]))),
            (_, None) => {}
        }
    }
    finish(current, &mut accounts, &mut notes);
    (accounts, notes)
}

fn finish(section: Option<Section>, accounts: &mut Vec<Imported>, notes: &mut Vec<Note>) {
    let Some(mut section) = section else { return };
    // A store without a server of its own belongs to an account that was read already.
    let Some(host) = section.host else { return };
    let scheme = if matches!(section.tls.as_deref(), Some("IMAPS")) { "imaps" } else { "imap" };
    let plain = if section.tls.as_deref() == Some("NONE") { "?tls=none" } else { "" };
    match url(scheme, &host, section.port.as_deref()) {
        Some(url) => section.account.text("imap", &format!("{url}{plain}")),
        None => notes.push(note(section.line, format!("{host} is no server of {}", section.name))),
    }
    accounts.push(section.account);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_as_people_have_it() {
        let text = "\
IMAPAccount gmail
# Address to connect to
Host imap.gmail.com
User alice@gmail.com
PassCmd \"gpg -q --for-your-eyes-only -d ~/.gmail.gpg\"
TLSType IMAPS
CertificateFile /etc/ssl/certs/ca-certificates.crt

IMAPStore gmail-remote
Account gmail

MaildirStore gmail-local
SubFolders Verbatim
Path ~/.mail/gmail/

Channel gmail
Far :gmail-remote:
Near :gmail-local:

IMAPStore old
Host 10.0.0.1
Port 1143
Pass hunter2
SSLType None
";
        let (accounts, notes) = import(text);
        let said: Vec<String> = accounts
            .iter()
            .flat_map(|one| one.keys.iter().map(move |(key, value)| format!("{}: {key} = {value}", one.name)))
            .collect();
        assert_eq!(
            said,
            [
                "gmail: user = \"alice@gmail.com\"",
                "gmail: secret = { cmd = [\"sh\", \"-c\", \"gpg -q --for-your-eyes-only -d ~/.gmail.gpg\"] }",
                "gmail: tls.ca = \"/etc/ssl/certs/ca-certificates.crt\"",
                "gmail: imap = \"imaps://imap.gmail.com\"",
                "old: imap = \"imap://10.0.0.1:1143?tls=none\"",
            ]
        );
        assert_eq!(notes.iter().map(|note| note.line).collect::<Vec<_>>(), [12, 16, 23]);
    }
}
