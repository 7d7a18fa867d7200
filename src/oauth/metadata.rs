//! What a provider says about itself: where it is asked.
//!
//! RFC 8414 §3; OpenID Connect Discovery 1.0 §4. The issuer in the document must be the one that was asked, or
//! somebody could have their own endpoints taken for another's (RFC 8414 §3.3).

use super::provider::Endpoints;
use crate::engine::http::{Http, Redirects, Request};
use crate::error::{Error, Kind, Result};
use serde::Deserialize;
use url::Url;

/// The members that matter here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Where the user consents.
    pub authorization: Option<Url>,
    /// Where tokens are given out.
    pub token: Option<Url>,
    /// Where a consent on another device begins (RFC 8628 §4).
    pub device: Option<Url>,
    /// Whose document it is.
    pub issuer: String,
    /// Whether answers say that too (RFC 9207 §3).
    pub says_issuer: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// Reads the document that was found for an issuer.
    fn parse(issuer: &Url, octets: &[u8]) -> Result<Self> {
        let wrong = |what: String| Error::new(Kind::Protocol, what).with_peer(issuer.as_str());
        let document: Document = serde_json::from_slice(octets)
            .map_err(|_| wrong("what the provider says about itself is not the JSON that was expected".into()))?;
        if document.issuer.trim_end_matches('/') != issuer.as_str().trim_end_matches('/') {
            let theirs: String = document.issuer.chars().take(super::SHOWN_MAX).collect();
            return Err(wrong("the provider speaks for another".into()).said(theirs));
        }
        let url = |text: Option<String>| text.map(|text| super::endpoint(&text)).transpose();
        Ok(Self {
            authorization: url(document.authorization_endpoint)?,
            token: url(document.token_endpoint)?,
            device: url(document.device_authorization_endpoint)?,
            issuer: document.issuer,
            says_issuer: document.authorization_response_iss_parameter_supported,
        })
    }
}

/// Where the document may be: between host and path by RFC 8414 §3.1, behind the path by OpenID Connect.
fn places(issuer: &Url) -> [Url; 2] {
    let path = issuer.path().trim_end_matches('/');
    let at = |path: String| {
        let mut url = issuer.clone();
        url.set_path(&path);
        url
    };
    [
        at(format!("/.well-known/oauth-authorization-server{path}")),
        at(format!("{path}/.well-known/openid-configuration")),
    ]
}

/// Asks an issuer for its endpoints.
pub async fn discover(http: &Http<'_>, issuer: &str) -> Result<Endpoints> {
    let issuer = super::endpoint(issuer)?;
    let mut status = 0;
    for place in places(&issuer) {
        let request = Request::get(place).accept("application/json").redirects(Redirects::Https);
        let response = http.ask(request).await?;
        if response.is_ok() {
            return Metadata::parse(&issuer, &response.body).map(Endpoints::from);
        }
        status = response.status;
    }
    // RFC 9110 §15.6: a server in trouble may be well again later.
    let kind = if status >= 500 { Kind::Temporary } else { Kind::Config };
    Err(Error::new(kind, format!("the provider says nothing about itself: status {status}"))
        .with_peer(issuer.as_str())
        .hint("check issuer, or name auth-url and token-url"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect(text)
    }

    #[test]
    fn both_places_are_looked_at() {
        let [rfc, openid] = places(&url("https://a.example/tenant/"));
        assert_eq!(rfc.as_str(), "https://a.example/.well-known/oauth-authorization-server/tenant");
        assert_eq!(openid.as_str(), "https://a.example/tenant/.well-known/openid-configuration");
        assert_eq!(places(&url("https://a.example"))[1].as_str(), "https://a.example/.well-known/openid-configuration");
    }

    #[test]
    fn a_document_counts_for_its_own_issuer_only() {
        let issuer = url("https://a.example/x");
        for (text, wanted) in [
            (r#"{"issuer":"https://a.example/x","token_endpoint":"https://b.example/t"}"#, Ok("https://b.example/t")),
            (r#"{"issuer":"https://evil.example/x"}"#, Err("the provider speaks for another")),
            (r#"{"issuer":"https://a.example/x","token_endpoint":"http://b.example/t"}"#, Err("https only")),
            ("<html>", Err("not the JSON")),
        ] {
            match (Metadata::parse(&issuer, text.as_bytes()), wanted) {
                (Ok(found), Ok(wanted)) => assert_eq!(found.token.map(String::from).as_deref(), Some(wanted)),
                (Err(error), Err(wanted)) => assert!(error.to_string().contains(wanted), "{error}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }
}
