//! Large providers, by name, by domain and by mail exchanger.
//!
//! What most people's addresses need no network for. Only servers that a provider's own help pages name, with TLS;
//! changes come with new versions of this program, and an answer from the provider itself can always be asked for.
//! Knows no addresses of people and no configuration: who finds servers and who writes them down both look here.

/// A way to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// By access tokens (RFC 6749).
    OAuth,
    /// By password.
    Password,
}

/// A provider whose servers are known here.
#[derive(Debug, PartialEq, Eq)]
pub struct Provider {
    /// How the user may call it.
    pub name: &'static str,
    /// Domains of its addresses.
    domains: &'static [&'static str],
    /// Ends of the names of its mail exchangers, for domains of its customers.
    exchangers: &'static [&'static str],
    smtp: &'static str,
    imap: &'static str,
    pop: &'static str,
    /// How one logs in there, the best way first.
    pub ways: &'static [Way],
    /// What the user has to know before a login can work.
    pub note: Option<&'static str>,
}

const BOTH: &[Way] = &[Way::OAuth, Way::Password];
const PASSWORD: &[Way] = &[Way::Password];
const APP_PASSWORD: &str =
    "it takes no account password from mail programs: make an app password, or log in with OAuth";
const APP_PASSWORD_ONLY: &str = "it takes no account password from mail programs: make an app password";
const OAUTH_ONLY: &str = "it takes no passwords from mail programs: log in with OAuth";
const SWITCH: &str = "access for mail programs has to be switched on in its web pages first";

const PROVIDERS: [Provider; 21] = [
    Provider {
        name: "gmail",
        domains: &["gmail.com", "googlemail.com"],
        exchangers: &[".google.com", ".googlemail.com"],
        smtp: "smtps://smtp.gmail.com",
        imap: "imaps://imap.gmail.com",
        pop: "pop3s://pop.gmail.com",
        ways: BOTH,
        note: Some(APP_PASSWORD),
    },
    Provider {
        name: "outlook",
        domains: &["outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.de", "hotmail.co.uk", "hotmail.fr"],
        exchangers: &[],
        smtp: "smtp://smtp-mail.outlook.com:587",
        imap: "imaps://outlook.office365.com",
        pop: "pop3s://outlook.office365.com",
        ways: &[Way::OAuth],
        note: Some(OAUTH_ONLY),
    },
    Provider {
        name: "microsoft365",
        domains: &[],
        exchangers: &[".mail.protection.outlook.com", ".mx.microsoft"],
        smtp: "smtp://smtp.office365.com:587",
        imap: "imaps://outlook.office365.com",
        pop: "pop3s://outlook.office365.com",
        ways: &[Way::OAuth],
        note: Some(OAUTH_ONLY),
    },
    Provider {
        name: "yahoo",
        domains: &[
            "yahoo.com",
            "ymail.com",
            "rocketmail.com",
            "yahoo.co.uk",
            "yahoo.de",
            "yahoo.fr",
            "yahoo.it",
            "yahoo.es",
        ],
        exchangers: &[".yahoodns.net"],
        smtp: "smtps://smtp.mail.yahoo.com",
        imap: "imaps://imap.mail.yahoo.com",
        pop: "pop3s://pop.mail.yahoo.com",
        ways: BOTH,
        note: Some(APP_PASSWORD),
    },
    Provider {
        name: "aol",
        domains: &["aol.com", "aim.com"],
        exchangers: &[],
        smtp: "smtps://smtp.aol.com",
        imap: "imaps://imap.aol.com",
        pop: "pop3s://pop.aol.com",
        ways: BOTH,
        note: Some(APP_PASSWORD),
    },
    Provider {
        name: "icloud",
        domains: &["icloud.com", "me.com", "mac.com"],
        exchangers: &[".mail.icloud.com"],
        smtp: "smtp://smtp.mail.me.com:587",
        imap: "imaps://imap.mail.me.com",
        pop: "",
        ways: PASSWORD,
        note: Some(APP_PASSWORD_ONLY),
    },
    Provider {
        name: "fastmail",
        domains: &["fastmail.com", "fastmail.fm"],
        exchangers: &[".messagingengine.com"],
        smtp: "smtps://smtp.fastmail.com",
        imap: "imaps://imap.fastmail.com",
        pop: "pop3s://pop.fastmail.com",
        ways: BOTH,
        note: Some(APP_PASSWORD),
    },
    Provider {
        name: "proton",
        domains: &["proton.me", "protonmail.com", "pm.me"],
        exchangers: &[".protonmail.ch"],
        smtp: "smtp://127.0.0.1:1025?tls=require",
        imap: "imap://127.0.0.1:1143?tls=require",
        pop: "",
        ways: PASSWORD,
        note: Some("it is reached through Proton Mail Bridge on this machine, with the password that the bridge shows"),
    },
    Provider {
        name: "gmx",
        domains: &["gmx.de", "gmx.net", "gmx.at", "gmx.ch"],
        exchangers: &[],
        smtp: "smtps://mail.gmx.net",
        imap: "imaps://imap.gmx.net",
        pop: "pop3s://pop.gmx.net",
        ways: PASSWORD,
        note: Some(SWITCH),
    },
    Provider {
        name: "gmx.com",
        domains: &["gmx.com", "gmx.us", "gmx.co.uk"],
        exchangers: &[],
        smtp: "smtps://mail.gmx.com",
        imap: "imaps://imap.gmx.com",
        pop: "pop3s://pop.gmx.com",
        ways: PASSWORD,
        note: Some(SWITCH),
    },
    Provider {
        name: "web.de",
        domains: &["web.de"],
        exchangers: &[],
        smtp: "smtp://smtp.web.de:587",
        imap: "imaps://imap.web.de",
        pop: "pop3s://pop3.web.de",
        ways: PASSWORD,
        note: Some(SWITCH),
    },
    Provider {
        name: "t-online",
        domains: &["t-online.de", "magenta.de"],
        exchangers: &[],
        smtp: "smtps://securesmtp.t-online.de",
        imap: "imaps://secureimap.t-online.de",
        pop: "pop3s://securepop.t-online.de",
        ways: PASSWORD,
        note: Some("it wants a password for mail programs, made in its web pages"),
    },
    Provider {
        name: "posteo",
        domains: &["posteo.de", "posteo.net", "posteo.eu"],
        exchangers: &[],
        smtp: "smtps://posteo.de",
        imap: "imaps://posteo.de",
        pop: "pop3s://posteo.de",
        ways: PASSWORD,
        note: None,
    },
    Provider {
        name: "mailbox.org",
        domains: &["mailbox.org"],
        exchangers: &[".mailbox.org"],
        smtp: "smtps://smtp.mailbox.org",
        imap: "imaps://imap.mailbox.org",
        pop: "pop3s://pop3.mailbox.org",
        ways: PASSWORD,
        note: None,
    },
    Provider {
        name: "zoho",
        domains: &["zoho.com", "zohomail.com"],
        exchangers: &[".zoho.com"],
        smtp: "smtps://smtp.zoho.com",
        imap: "imaps://imap.zoho.com",
        pop: "pop3s://pop.zoho.com",
        ways: PASSWORD,
        note: Some(SWITCH),
    },
    Provider {
        name: "migadu",
        domains: &[],
        exchangers: &[".migadu.com"],
        smtp: "smtps://smtp.migadu.com",
        imap: "imaps://imap.migadu.com",
        pop: "pop3s://pop.migadu.com",
        ways: PASSWORD,
        note: None,
    },
    Provider {
        name: "yandex",
        domains: &["yandex.com", "yandex.ru", "ya.ru"],
        exchangers: &[".yandex.net", ".yandex.ru"],
        smtp: "smtps://smtp.yandex.com",
        imap: "imaps://imap.yandex.com",
        pop: "pop3s://pop.yandex.com",
        ways: PASSWORD,
        note: Some(APP_PASSWORD_ONLY),
    },
    Provider {
        name: "mail.ru",
        domains: &["mail.ru", "bk.ru", "inbox.ru", "list.ru"],
        exchangers: &[],
        smtp: "smtps://smtp.mail.ru",
        imap: "imaps://imap.mail.ru",
        pop: "pop3s://pop.mail.ru",
        ways: PASSWORD,
        note: Some(APP_PASSWORD_ONLY),
    },
    Provider {
        name: "163",
        domains: &["163.com"],
        exchangers: &[],
        smtp: "smtps://smtp.163.com",
        imap: "imaps://imap.163.com",
        pop: "pop3s://pop.163.com",
        ways: PASSWORD,
        note: Some(APP_PASSWORD_ONLY),
    },
    Provider {
        name: "qq",
        domains: &["qq.com", "foxmail.com"],
        exchangers: &[],
        smtp: "smtps://smtp.qq.com",
        imap: "imaps://imap.qq.com",
        pop: "pop3s://pop.qq.com",
        ways: PASSWORD,
        note: Some(APP_PASSWORD_ONLY),
    },
    Provider {
        name: "orange",
        domains: &["orange.fr", "wanadoo.fr"],
        exchangers: &[],
        smtp: "smtps://smtp.orange.fr",
        imap: "imaps://imap.orange.fr",
        pop: "pop3s://pop.orange.fr",
        ways: PASSWORD,
        note: None,
    },
];

impl Way {
    /// One word, as in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::OAuth => "oauth2",
            Self::Password => "password",
        }
    }
}

/// The provider of that name.
pub fn provider(name: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.name.eq_ignore_ascii_case(name))
}

/// Whose addresses end in this domain.
pub fn of_domain(domain: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.domains.contains(&domain))
}

/// Whose mail exchanger this is.
pub fn of_exchanger(host: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.exchangers.iter().any(|end| host.ends_with(end)))
}

impl Provider {
    /// The names of all of them.
    pub fn names() -> impl Iterator<Item = &'static str> {
        PROVIDERS.iter().map(|provider| provider.name)
    }

    /// The name under which it hands out tokens, if it does.
    pub fn oauth(&self) -> Option<&'static str> {
        match self.name {
            "gmail" => Some("google"),
            "outlook" | "microsoft365" => Some("microsoft"),
            "yahoo" | "aol" => Some("yahoo"),
            "fastmail" => Some("fastmail"),
            _ => None,
        }
    }

    /// Its servers: the key of an account, and the URL.
    pub fn servers(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let all = [("smtp", self.smtp), ("imap", self.imap), ("pop", self.pop)];
        all.into_iter().filter(|(_, url)| !url.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::{Endpoint, TlsMode};
    use std::collections::HashSet;

    #[test]
    fn every_server_has_a_valid_url_with_tls() {
        for provider in &PROVIDERS {
            assert!(provider.servers().any(|(key, _)| key == "smtp"), "{}", provider.name);
            for (_, url) in provider.servers() {
                let endpoint = Endpoint::parse(url).expect(url);
                assert!(matches!(endpoint.tls, TlsMode::Implicit | TlsMode::StartTls), "{url}");
            }
        }
    }

    #[test]
    fn nobody_is_two_providers() {
        let mut seen = HashSet::new();
        let words = PROVIDERS.iter().flat_map(|p| p.domains.iter().chain(p.exchangers).chain([&p.name]));
        let again: Vec<_> = words.filter(|word| !seen.insert((**word).to_owned())).collect();
        // A provider may be called what its domain is.
        assert!(again.iter().all(|word| provider(word).is_some()), "{again:?}");
        for (host, wanted) in [
            ("aspmx.l.google.com", Some("gmail")),
            ("x-com.mail.protection.outlook.com", Some("microsoft365")),
            ("google.com.evil.test", None),
            ("mx.x.test", None),
        ] {
            assert_eq!(of_exchanger(host).map(|provider| provider.name), wanted, "{host}");
        }
        assert_eq!(of_domain("gmail.com").map(|provider| provider.name), Some("gmail"));
        for provider in &PROVIDERS {
            assert_eq!(provider.oauth().is_some(), provider.ways.contains(&Way::OAuth), "{}", provider.name);
        }
        assert_eq!(provider("Yahoo").map(|provider| provider.name), Some("yahoo"));
    }
}
