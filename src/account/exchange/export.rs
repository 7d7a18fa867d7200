//! An account of ours as other programs write it: msmtp, neomutt, mbsync, and the XML that Thunderbird reads.
//!
//! No password is written: the other program runs what prints it. Where there is no such command, a comment says so.
//! The XML is Thunderbird's own format, version 1.1.

use super::super::profile::{Account, Auth};
use super::super::source::SecretSource;
use crate::endpoint::{Endpoint, TlsMode};
use crate::error::{Error, Kind, Result};
use std::fmt::Write;

/// For whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// `~/.msmtprc`
    Msmtprc,
    /// `~/.config/neomutt/neomuttrc`
    Neomutt,
    /// `~/.mbsyncrc`
    Mbsync,
    /// `config-v1.1.xml`
    Thunderbird,
}

/// The account in the other program's words.
pub fn export(target: Target, name: &str, account: &Account) -> Result<String> {
    let texts = [Some(name), account.name.as_deref(), account.user.as_deref()];
    if texts.into_iter().flatten().any(|text| text.chars().any(char::is_control)) {
        return Err(Error::new(Kind::Config, format!("a name in account {name} has control characters")));
    }
    match target {
        Target::Msmtprc => msmtp(name, account),
        Target::Neomutt => neomutt(name, account),
        Target::Mbsync => mbsync(name, account),
        Target::Thunderbird => thunderbird(name, account),
    }
}

fn server<'a>(of: Option<&'a Endpoint>, name: &str, key: &str) -> Result<&'a Endpoint> {
    of.ok_or_else(|| Error::new(Kind::Config, format!("account {name} has no {key} server")))
}

fn host(endpoint: &Endpoint) -> String {
    let authority = endpoint.authority();
    let host = authority.rsplit_once(':').map_or(authority.as_str(), |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']').to_owned()
}

/// A shell command that prints the password or token.
fn command(name: &str, account: &Account) -> Option<String> {
    if account.auth == Some(Auth::OAuth) {
        return Some(format!("mailkit auth token {}", word(name)));
    }
    Some(match account.secret.as_ref()? {
        SecretSource::Keyring => format!("secret-tool lookup service mailkit username {}", word(name)),
        SecretSource::Command(words) => words.iter().map(|text| word(text)).collect::<Vec<_>>().join(" "),
        SecretSource::Shell(line) => line.clone(),
        SecretSource::Env(variable) => format!("printenv {}", word(variable)),
        SecretSource::File(path) => format!("head -n 1 {}", word(&path.display().to_string())),
        SecretSource::Systemd(_) | SecretSource::Netrc(_) | SecretSource::Prompt | SecretSource::Plain(_) => {
            return None;
        }
    })
}

/// A word of a shell command.
fn word(text: &str) -> String {
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-_./+@:%=,".contains(&octet);
    match !text.is_empty() && text.bytes().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

const NO_COMMAND: &str = "# the password: there is no command that prints it; the program will ask";

fn msmtp(name: &str, account: &Account) -> Result<String> {
    let server = server(account.smtp.as_ref(), name, "smtp")?;
    let mut text = format!("account {name}\nhost {}\nport {}\n", host(server), server.port);
    text.push_str(match server.tls {
        TlsMode::Implicit => "tls on\ntls_starttls off\n",
        TlsMode::StartTls | TlsMode::Opportunistic => "tls on\ntls_starttls on\n",
        TlsMode::None => "tls off\n",
    });
    line(&mut text, "tls_trust_file", account.tls.ca.as_ref().map(|path| path.display().to_string()));
    line(&mut text, "from", account.email.as_ref().map(ToString::to_string));
    if account.auth == Some(Auth::None) {
        text.push_str("auth off\n");
        return Ok(text);
    }
    text.push_str(if account.auth == Some(Auth::OAuth) { "auth oauthbearer\n" } else { "auth on\n" });
    line(&mut text, "user", account.login(server));
    match command(name, account) {
        Some(command) => line(&mut text, "passwordeval", Some(command)),
        None => text.push_str(&format!("{NO_COMMAND}\n")),
    }
    Ok(text)
}

fn line(text: &mut String, key: &str, value: Option<String>) {
    if let Some(value) = value {
        text.push_str(&format!("{key} {value}\n"));
    }
}

fn neomutt(name: &str, account: &Account) -> Result<String> {
    // Inside double quotes these mean something to mutt.
    let quoted = |value: &str| {
        let escaped = value.chars().flat_map(|c| "\\\"$`".contains(c).then_some('\\').into_iter().chain([c]));
        format!("\"{}\"", escaped.collect::<String>())
    };
    let mut text = format!("# account {name}\n");
    let mut set = |key: &str, value: String| text.push_str(&format!("set {key} = {value}\n"));
    if let Some(email) = &account.email {
        set("from", quoted(&email.to_string()));
    }
    if let Some(name) = &account.name {
        set("real_name", quoted(name));
    }
    let command = command(name, account).map(|command| format!("\"`{command}`\""));
    let is_oauth = account.auth == Some(Auth::OAuth);
    for (service, endpoint) in [("smtp", &account.smtp), ("imap", &account.imap)] {
        let Some(endpoint) = endpoint else { continue };
        let mut url = endpoint.clone();
        url.user = account.login(endpoint);
        let url = url.to_string();
        let url = url.split('?').next().unwrap_or_default().to_owned();
        set(if service == "smtp" { "smtp_url" } else { "folder" }, quoted(&url));
        match (&command, is_oauth) {
            (Some(command), false) => set(&format!("{service}_pass"), command.clone()),
            (Some(_), true) => {
                set(&format!("{service}_authenticators"), quoted("oauthbearer:xoauth2"));
                let refresh = format!("mailkit auth token {}", word(name));
                set(&format!("{service}_oauth_refresh_command"), quoted(&refresh));
            }
            (None, _) => {}
        }
    }
    if command.is_none() {
        text.push_str(&format!("{NO_COMMAND}\n"));
    }
    Ok(text)
}

fn mbsync(name: &str, account: &Account) -> Result<String> {
    let server = server(account.imap.as_ref(), name, "imap")?;
    let quoted = |value: &str| format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\""));
    let mut text = format!("IMAPAccount {}\nHost {}\nPort {}\n", quoted(name), host(server), server.port);
    text.push_str(match server.tls {
        TlsMode::Implicit => "TLSType IMAPS\n",
        TlsMode::StartTls | TlsMode::Opportunistic => "TLSType STARTTLS\n",
        TlsMode::None => "TLSType None\n",
    });
    line(&mut text, "User", account.login(server).map(|user| quoted(&user)));
    line(&mut text, "CertificateFile", account.tls.ca.as_ref().map(|path| quoted(&path.display().to_string())));
    if account.auth == Some(Auth::OAuth) {
        text.push_str("AuthMechs XOAUTH2\n");
    }
    match command(name, account) {
        Some(command) => line(&mut text, "PassCmd", Some(quoted(&command))),
        None => text.push_str(&format!("{NO_COMMAND}\n")),
    }
    Ok(text)
}

fn thunderbird(name: &str, account: &Account) -> Result<String> {
    let email = account.email.as_ref().ok_or_else(|| {
        Error::new(Kind::Config, format!("account {name} has no address")).hint("add email = \"...\" to it")
    })?;
    let domain = escaped(&email.domain().to_string());
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<clientConfig version=\"1.1\">\n  <emailProvider id=\"{domain}\">\n    \
         <domain>{domain}</domain>\n    <displayName>{}</displayName>\n",
        escaped(account.name.as_deref().unwrap_or(name))
    );
    let servers =
        [("incoming", "imap", &account.imap), ("incoming", "pop3", &account.pop), ("outgoing", "smtp", &account.smtp)];
    for (direction, kind, endpoint) in servers {
        let Some(endpoint) = endpoint else { continue };
        let socket = match endpoint.tls {
            TlsMode::Implicit => "SSL",
            TlsMode::StartTls | TlsMode::Opportunistic => "STARTTLS",
            TlsMode::None => "plain",
        };
        let authentication = match &account.auth {
            Some(Auth::OAuth) => "OAuth2",
            Some(Auth::None) => "none",
            _ => "password-cleartext",
        };
        let user = account.login(endpoint).unwrap_or_else(|| "%EMAILADDRESS%".into());
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "    <{direction}Server type=\"{kind}\">\n      <hostname>{}</hostname>\n      <port>{}</port>\n      \
             <socketType>{socket}</socketType>\n      <username>{}</username>\n      \
             <authentication>{authentication}</authentication>\n    </{direction}Server>\n",
            escaped(&host(endpoint)),
            endpoint.port,
            escaped(&user)
        );
    }
    text.push_str("  </emailProvider>\n</clientConfig>\n");
    Ok(text)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::{Format, import};
    use super::*;

    const ACCOUNT: &str = "
        email = 'alice@crepes.example'
        name = 'Alice & \"Bob\"'
        user = 'alice'
        smtp = 'smtps://smtp.crepes.example'
        imap = 'imap://imap.crepes.example'
        secret = {cmd = ['pass', \"mail/alice's\"]}
        tls = {ca = '/ca.pem'}";

    fn account(text: &str) -> Account {
        toml::from_str(text).expect(text)
    }

    #[test]
    fn what_is_exported_is_imported_as_the_same() {
        let account = account(ACCOUNT);
        for (target, format, wanted) in [
            (Target::Msmtprc, Format::Msmtprc, &["email", "user", "smtp", "secret", "tls.ca", "auth"][..]),
            (Target::Neomutt, Format::Muttrc, &["email", "name", "smtp", "imap", "secret"]),
            (Target::Mbsync, Format::Mbsyncrc, &["user", "imap", "secret", "tls.ca"]),
        ] {
            let text = export(target, "work", &account).expect("exported");
            let (accounts, notes) = import(format, &text);
            assert_eq!((accounts.len(), notes.as_slice()), (1, &[][..]), "{text}");
            let mut keys: Vec<&str> = accounts[0].keys.iter().map(|(key, _)| key.as_str()).collect();
            let mut wanted = wanted.to_vec();
            keys.sort_unstable();
            wanted.sort_unstable();
            assert_eq!(keys, wanted, "{text}");
            let toml: String = accounts[0].keys.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
            let again = self::account(&toml);
            let command = SecretSource::Command(["sh", "-c", r"pass 'mail/alice'\''s'"].map(str::to_owned).to_vec());
            assert_eq!(again.secret, Some(command), "{text}");
        }
    }

    #[test]
    fn each_source_has_its_command_and_no_secret_is_written() {
        for (secret, wanted) in [
            ("secret = {keyring = true}", "passwordeval secret-tool lookup service mailkit username work\n"),
            ("secret = {env = 'PW'}", "passwordeval printenv PW\n"),
            ("secret = {file = '/my secret'}", "passwordeval head -n 1 '/my secret'\n"),
            ("secret = {plain = 'hunter2'}", NO_COMMAND),
            ("secret = 'prompt'", NO_COMMAND),
            ("auth = 'oauth'", "auth oauthbearer\nuser al\npasswordeval mailkit auth token work\n"),
            ("auth = 'none'", "auth off\n"),
        ] {
            let account = account(&format!("user = 'al'\nsmtp = 'smtp://mail.example'\n{secret}"));
            let text = export(Target::Msmtprc, "work", &account).expect(secret);
            assert!(text.contains(wanted) && !text.contains("hunter2"), "{text}");
        }
        assert!(export(Target::Mbsync, "work", &account("user = 'x'")).is_err());
        assert!(export(Target::Msmtprc, "a\nb", &account(ACCOUNT)).is_err());
    }

    #[test]
    fn the_xml_is_escaped() {
        let text = export(Target::Thunderbird, "work", &account(ACCOUNT)).expect("exported");
        assert!(text.contains("<displayName>Alice &amp; &quot;Bob&quot;</displayName>"), "{text}");
        assert!(text.contains("<outgoingServer type=\"smtp\">\n      <hostname>smtp.crepes.example</hostname>\n      <port>465</port>\n      <socketType>SSL</socketType>"), "{text}");
    }
}
