//! Providers that are known by name: their endpoints, and what is asked for so that mail may be read and sent.
//!
//! No client ids: each user registers their own (RFC 6749 §2), docs/oauth.md says how. What a borrowed one is worth
//! shows when its owner withdraws it.

use super::metadata::Metadata;
use crate::error::Result;
use url::Url;

/// Where a provider is asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Endpoints {
    /// Where the user consents.
    pub authorization: Option<Url>,
    /// Where tokens are given out.
    pub token: Option<Url>,
    /// Where a consent on another device begins (RFC 8628 §3.1).
    pub device: Option<Url>,
    /// Who it says it is, if that is known.
    pub issuer: Option<String>,
    /// Whether its answers say that too (RFC 9207 §3).
    pub says_issuer: bool,
}

/// A provider that is known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its name in the configuration.
    pub name: &'static str,
    authorization: &'static str,
    token: &'static str,
    device: Option<&'static str>,
    /// What is asked for.
    pub scopes: &'static [&'static str],
    /// More fields of the question for consent.
    pub extra: &'static [(&'static str, &'static str)],
    /// What this machine is called in the address the browser comes back to, where a provider knows one name only.
    pub redirect_host: &'static str,
}

/// RFC 8252 §7.3 and §8.3 prefer the address to the name, which may lead elsewhere.
pub const LOOPBACK: &str = "127.0.0.1";

/// All that are known.
pub const KNOWN: [Known; 4] = [
    Known {
        name: "google",
        authorization: "https://accounts.google.com/o/oauth2/v2/auth",
        token: "https://oauth2.googleapis.com/token",
        // Google gives no mail by device code: the scope is refused there.
        device: None,
        scopes: &["https://mail.google.com/"],
        // Without these Google gives a token that ends after an hour, and nothing to renew it with.
        extra: &[("access_type", "offline"), ("prompt", "consent")],
        redirect_host: LOOPBACK,
    },
    Known {
        name: "microsoft",
        authorization: "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        token: "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        device: Some("https://login.microsoftonline.com/common/oauth2/v2.0/devicecode"),
        scopes: &[
            "https://outlook.office.com/IMAP.AccessAsUser.All",
            "https://outlook.office.com/POP.AccessAsUser.All",
            "https://outlook.office.com/SMTP.Send",
            "offline_access",
        ],
        extra: &[],
        redirect_host: "localhost",
    },
    Known {
        name: "yahoo",
        authorization: "https://api.login.yahoo.com/oauth2/request_auth",
        token: "https://api.login.yahoo.com/oauth2/get_token",
        device: None,
        scopes: &["mail-w"],
        extra: &[],
        redirect_host: LOOPBACK,
    },
    Known {
        name: "fastmail",
        authorization: "https://api.fastmail.com/oauth/authorize",
        token: "https://api.fastmail.com/oauth/refresh",
        device: None,
        scopes: &[
            "https://www.fastmail.com/dev/protocol-imap",
            "https://www.fastmail.com/dev/protocol-pop",
            "https://www.fastmail.com/dev/protocol-smtp",
            "offline_access",
        ],
        extra: &[],
        redirect_host: LOOPBACK,
    },
];

/// The provider of that name.
pub fn known(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name.eq_ignore_ascii_case(name))
}

impl Known {
    /// Where it is asked.
    pub fn endpoints(&self) -> Result<Endpoints> {
        Ok(Endpoints {
            authorization: Some(super::endpoint(self.authorization)?),
            token: Some(super::endpoint(self.token)?),
            device: self.device.map(super::endpoint).transpose()?,
            ..Endpoints::default()
        })
    }
}

impl Endpoints {
    /// Takes from `other` what is missing here.
    pub fn or(self, other: Self) -> Self {
        Self {
            authorization: self.authorization.or(other.authorization),
            token: self.token.or(other.token),
            device: self.device.or(other.device),
            issuer: self.issuer.or(other.issuer),
            says_issuer: self.says_issuer || other.says_issuer,
        }
    }
}

impl From<Metadata> for Endpoints {
    fn from(metadata: Metadata) -> Self {
        let Metadata { authorization, token, device, issuer, says_issuer } = metadata;
        Self { authorization, token, device, issuer: Some(issuer), says_issuer }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_known_provider_has_endpoints_and_asks_for_something() {
        for known in KNOWN {
            let endpoints = known.endpoints().expect(known.name);
            assert!(endpoints.authorization.is_some() && endpoints.token.is_some() && !known.scopes.is_empty());
        }
        assert_eq!(super::known("Google").map(|known| known.name), Some("google"));
        assert_eq!(super::known("gogle"), None);
    }

    #[test]
    fn secrets_go_by_https_only() {
        for (text, good) in [
            ("https://a.example/token", true),
            ("https://127.0.0.1:8443/token?tenant=x", true),
            ("http://a.example/token", false),
            ("http://127.0.0.1/token", false),
            ("https://a@b.example/", false),
            ("https://a.example/#x", false),
            ("token", false),
        ] {
            assert_eq!(crate::oauth::endpoint(text).is_ok(), good, "{text}");
        }
    }
}
