//! One account: who the user is there, which servers it has, and how to deal with them.
//!
//! What a key means stands here; what an account takes from `[defaults]` or from another account is settled
//! before (see `tree`). Values are checked while they are read. Connects to nothing, fetches no secret.
//! RFC 6409, RFC 8314.

use super::config::{domain, imap_url, path, pop_url, smtp_url};
use super::guard::{Confirm, Guard};
use super::oauth_config::OAuth;
use super::pattern::Pattern;
use super::retrieve::Retrieve;
use super::schema::{Name, Text};
use super::sent::Copies;
use super::source::SecretSource;
use super::tls_files::TlsFiles;
use crate::address::{Address, Domain};
use crate::endpoint::Endpoint;
use crate::sasl::Mechanism;
use crate::wire::secured::Fingerprint;
use schemars::JsonSchema;
use serde::de::{Error, SeqAccess, Visitor, value::SeqAccessDeserializer};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// `[accounts.NAME]`
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Account {
    /// The one that is meant when nothing else tells.
    pub default: bool,
    /// The account that says what this one does not.
    #[schemars(with = "Option<Text>")]
    pub inherit: Option<String>,
    /// A large provider by name, which implies servers and ways to log in that are not said here.
    #[schemars(with = "Option<Name>")]
    pub provider: Option<String>,
    /// The user's address: From, reverse-path, and login name where nothing else is said.
    #[schemars(with = "Option<Text>")]
    pub email: Option<Address>,
    /// Other addresses of the user: mail from them belongs to this account too.
    pub aliases: Vec<Pattern>,
    /// What stands behind names without a domain, in the envelope and in the message: `root` becomes `root@` this.
    #[serde(deserialize_with = "domain")]
    #[schemars(with = "Option<Text>")]
    pub qualify: Option<Domain>,
    /// The file that says whom such names stand for, as `/etc/aliases` does.
    #[serde(deserialize_with = "path")]
    #[schemars(with = "Option<Text>")]
    pub alias_file: Option<PathBuf>,
    /// The user's name in front of the address.
    #[schemars(with = "Option<Text>")]
    pub name: Option<String>,
    /// Where messages are submitted.
    #[serde(deserialize_with = "smtp_url")]
    #[schemars(with = "Option<Text>")]
    pub smtp: Option<Endpoint>,
    /// Where mailboxes are.
    #[serde(deserialize_with = "imap_url")]
    #[schemars(with = "Option<Text>")]
    pub imap: Option<Endpoint>,
    /// Where a maildrop is.
    #[serde(deserialize_with = "pop_url")]
    #[schemars(with = "Option<Text>")]
    pub pop: Option<Endpoint>,
    /// The login name, if it is not the address.
    #[schemars(with = "Option<Text>")]
    pub user: Option<String>,
    /// How to log in.
    pub auth: Option<Auth>,
    /// Where the password is.
    pub secret: Option<SecretSource>,
    /// Where access tokens come from.
    pub oauth: Option<OAuth>,
    /// Whose certificates are accepted, and which one is shown.
    pub tls: Tls,
    /// The proxy through which servers are reached, as a URL: `socks5h://127.0.0.1:9050`.
    #[schemars(with = "Option<Text>")]
    pub proxy: Option<String>,
    /// The address of this machine to connect from.
    #[schemars(with = "Option<Text>")]
    pub source: Option<IpAddr>,
    /// How long a server may be silent.
    #[serde(deserialize_with = "duration")]
    #[schemars(with = "Option<Text>")]
    pub timeout: Option<Duration>,
    /// Where a copy of what was sent goes.
    pub sent: Option<Copies>,
    /// Who may be written to; nobody else, if it is there.
    pub allow_recipients: Option<Vec<Pattern>>,
    /// To how many a message may go.
    pub max_recipients: Option<usize>,
    /// When to ask before a message goes out.
    pub confirm: Option<Confirm>,
    /// Where a line about each message is written.
    pub log: Option<Log>,
    /// Where the account's messages are kept on this machine.
    #[serde(deserialize_with = "path")]
    #[schemars(with = "Option<Text>")]
    pub maildir: Option<PathBuf>,
    /// How its maildrop is dealt with.
    pub retrieve: Retrieve,
}

impl Account {
    /// Whom to log in as at a server: what its URL says, then `user`, then the address.
    pub fn login(&self, server: &Endpoint) -> Option<String> {
        let address = || self.email.as_ref().map(Address::to_string);
        server.user.clone().or_else(|| self.user.clone()).or_else(address)
    }

    /// By which mechanisms one may log in, if the account says that.
    pub fn mechanisms(&self) -> Option<Vec<Mechanism>> {
        match &self.auth {
            Some(Auth::Mechanisms(mechanisms)) => Some(mechanisms.clone()),
            _ => None,
        }
    }

    /// What the account says about recipients.
    pub fn guard(&self) -> Guard {
        let confirm = self.confirm.unwrap_or_default();
        Guard { allow: self.allow_recipients.clone(), max: self.max_recipients, confirm }
    }
}

/// How to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// With an access token of the account's provider.
    OAuth,
    /// With a name and a password, by the best mechanism that the server offers.
    Password,
    /// Not at all.
    None,
    /// With a name and a password, by one of these mechanisms.
    Mechanisms(Vec<Mechanism>),
}

/// `tls = {...}`: whose certificates are accepted, and which one is shown.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// SHA-256 of the server's certificate or of its key: `sha256:` and 64 digits. Whoever shows one of these is
    /// trusted, and nobody else.
    #[serde(deserialize_with = "pins")]
    #[schemars(with = "Vec<Text>")]
    pub pin: Vec<Fingerprint>,
    /// The authorities to trust, and no others; PEM.
    #[serde(deserialize_with = "path")]
    #[schemars(with = "Option<Text>")]
    pub ca: Option<PathBuf>,
    /// The certificate to show to servers; PEM.
    #[serde(deserialize_with = "path")]
    #[schemars(with = "Option<Text>")]
    pub cert: Option<PathBuf>,
    /// Its key; PEM.
    #[serde(deserialize_with = "path")]
    #[schemars(with = "Option<Text>")]
    pub key: Option<PathBuf>,
    /// The name that the certificate must carry, if it is not the host's.
    #[schemars(with = "Option<Text>")]
    pub name: Option<String>,
}

impl Tls {
    /// The same as the arguments of a command say it.
    pub fn files(&self) -> TlsFiles {
        TlsFiles {
            pins: self.pin.clone(),
            ca: self.ca.clone(),
            cert: self.cert.clone(),
            key: self.key.clone(),
            name: self.name.clone(),
        }
    }
}

/// Where a line about each message is written: `log = "FILE"`, or `log = {file = "FILE", format = "json"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The file, which grows.
    pub file: PathBuf,
    /// How a line looks.
    pub format: LogFormat,
}

/// How a line of the log looks.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// `time=... account=... exit=0`
    #[default]
    Logfmt,
    /// One object of JSON.
    Json,
}

impl<'de> Deserialize<'de> for Auth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = Auth;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#""oauth", "password", "none" or a list of mechanisms"#)
            }
            fn visit_str<E: Error>(self, word: &str) -> Result<Auth, E> {
                match word {
                    "oauth" => Ok(Auth::OAuth),
                    "password" => Ok(Auth::Password),
                    "none" => Ok(Auth::None),
                    name => Ok(Auth::Mechanisms(vec![mechanism(name)?])),
                }
            }
            fn visit_seq<A: SeqAccess<'de>>(self, words: A) -> Result<Auth, A::Error> {
                let names = Vec::<String>::deserialize(SeqAccessDeserializer::new(words))?;
                if names.is_empty() {
                    return Err(Error::custom(r#"no mechanism is named; "none" means no login"#));
                }
                names.iter().map(|name| mechanism(name)).collect::<Result<_, _>>().map(Auth::Mechanisms)
            }
        }
        deserializer.deserialize_any(Words)
    }
}

fn mechanism<E: Error>(name: &str) -> Result<Mechanism, E> {
    Mechanism::from_name(name).ok_or_else(|| {
        let known = Mechanism::ALL.map(Mechanism::name).join(", ");
        E::custom(format!(r#"{name} is no way to log in; known are "oauth", "password", "none", {known}"#))
    })
}

impl<'de> Deserialize<'de> for Log {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            #[serde(deserialize_with = "path")]
            file: Option<PathBuf>,
            #[serde(default)]
            format: LogFormat,
        }
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Log;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#"the name of a file, or {file = "...", format = "json"}"#)
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<Log, E> {
                Ok(Log { file: super::places::at_home(name.into()), format: LogFormat::default() })
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Log, A::Error> {
                let table = Table::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                let file = table.file.ok_or_else(|| Error::missing_field("file"))?;
                Ok(Log { file, format: table.format })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

fn pins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Fingerprint>, D::Error> {
    let pins = Vec::<String>::deserialize(deserializer)?;
    pins.iter().map(|text| text.parse().map_err(|error| Error::custom(format!("{text:?}: {error}")))).collect()
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    crate::duration::parse(&text).map(Some).map_err(|error| Error::custom(format!("{text:?}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_its_forms_and_a_sentence_for_what_is_none() {
        for (text, wanted) in [
            ("auth = 'oauth'", "Some(OAuth)"),
            ("auth = 'password'", "Some(Password)"),
            ("auth = 'none'", "Some(None)"),
            ("auth = 'plain'", "Some(Mechanisms([Plain]))"),
            ("auth = ['LOGIN', 'PLAIN']", "Some(Mechanisms([Login, Plain]))"),
            ("auth = []", "no mechanism is named; \"none\" means no login"),
            ("auth = 'magic'", "magic is no way to log in; known are \"oauth\", \"password\", \"none\", "),
            ("auth = 3", "invalid type: integer `3`, expected \"oauth\""),
            ("sent = 'auto'", "Some(Auto)"),
            ("sent = 'none'", "Some(None)"),
            ("sent = 'Sent Items'", "Some(Mailbox(\"Sent Items\"))"),
            ("sent = ''", "\"auto\", \"none\" or the name of a mailbox"),
            ("confirm = 'external'", "Some(External)"),
            ("confirm = 'sometimes'", "unknown variant `sometimes`, expected one of `always`, `external`, `never`"),
            ("log = '/var/log/mail'", "Some(Log { file: \"/var/log/mail\", format: Logfmt })"),
            ("log = {file = '/l', format = 'json'}", "Some(Log { file: \"/l\", format: Json })"),
            ("log = {format = 'json'}", "missing field `file`"),
            ("log = {fiel = '/l'}", "unknown field `fiel`, expected `file` or `format`"),
            ("timeout = '30s'", "Some(30s)"),
            ("timeout = '5m'", "Some(300s)"),
            ("timeout = '0s'", "\"0s\": write a whole number above 0"),
            ("timeout = 'soon'", "\"soon\": write a whole number above 0 and ms, s, m, h, d or w, as in 30s"),
            ("source = '192.0.2.1'", "Some(192.0.2.1)"),
            ("source = 'here'", "invalid IP address syntax"),
            ("max-recipients = 20", "Some(20)"),
            ("max-recipients = -1", "invalid value: integer `-1`"),
        ] {
            let (key, _) = text.split_once(" =").expect("a key");
            let said = match toml::from_str::<Account>(text) {
                Ok(account) => match key {
                    "auth" => format!("{:?}", account.auth),
                    "sent" => format!("{:?}", account.sent),
                    "confirm" => format!("{:?}", account.confirm),
                    "log" => format!("{:?}", account.log),
                    "timeout" => format!("{:?}", account.timeout),
                    "source" => format!("{:?}", account.source),
                    _ => format!("{:?}", account.max_recipients),
                },
                Err(error) => error.message().to_owned(),
            };
            assert!(said.starts_with(wanted), "{text}: {said}");
        }
    }

    #[test]
    fn what_is_said_about_tls_is_what_the_arguments_can_say() {
        let digits = "0123456789abcdef".repeat(4);
        let read = |pin: &str| toml::from_str::<Account>(&format!("tls = {{pin = [{pin:?}], ca = '/ca', name = 'x'}}"));
        let files = read(&format!("sha256:{digits}")).expect("a pin").tls.files();
        assert_eq!((files.pins.len(), files.ca, files.name.as_deref()), (1, Some("/ca".into()), Some("x")));
        for bad in ["", "sha256:", "sha256:zz"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
