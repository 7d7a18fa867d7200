//! PACC: a domain's own document about its servers, and the digest in DNS that vouches for it.
//!
//! Pure: the document and the records come in. The draft knows TLS from the first octet only, on the ports of
//! RFC 8314, so a document cannot talk a client into anything weaker.
//! draft-ietf-mailmaint-pacc.

use super::{Begins, Candidate, Service, Source, Trust, endpoint};
use crate::provider::Way;
use crate::world::Record;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use serde::Deserialize;

/// Where a domain has the document.
pub(super) fn url(domain: &str) -> String {
    format!("https://ua-auto-config.{domain}/.well-known/user-agent-configuration.json")
}

/// Where it has the digest.
pub(super) fn digest_name(domain: &str) -> String {
    format!("_ua-auto-config.{domain}")
}

/// Whether one of the records vouches for these octets.
pub(super) fn is_vouched_for(document: &[u8], records: &[Record]) -> bool {
    let found = digest(&SHA256, document);
    records.iter().any(|record| {
        let Record::Txt(text) = record else { return false };
        let listed = std::str::from_utf8(text).ok().and_then(listed);
        listed.is_some_and(|listed| verify_slices_are_equal(&listed, found.as_ref()).is_ok())
    })
}

/// `v=UAAC1; a=sha256; d=…`: tags in any order, unknown ones passed over.
fn listed(text: &str) -> Option<Vec<u8>> {
    let tags =
        || text.split(';').filter_map(|tag| tag.split_once('=')).map(|(name, value)| (name.trim(), value.trim()));
    let tag = |wanted: &str| tags().find(|(name, _)| *name == wanted).map(|(_, value)| value);
    if tag("v") != Some("UAAC1") || tag("a") != Some("sha256") {
        return None;
    }
    crate::sasl::base64::decode(tag("d")?.as_bytes()).ok().map(|octets| octets.to_vec())
}

#[derive(Deserialize)]
struct Document {
    protocols: Protocols,
    #[serde(default)]
    authentication: Authentication,
}

#[derive(Deserialize)]
struct Protocols {
    imap: Option<Protocol>,
    pop3: Option<Protocol>,
    /// `smtp` until -02, `submit` from -03 on.
    #[serde(alias = "submit")]
    smtp: Option<Protocol>,
}

#[derive(Deserialize)]
struct Protocol {
    host: String,
}

#[derive(Default, Deserialize)]
struct Authentication {
    #[serde(default)]
    password: bool,
    #[serde(rename = "oauth-public")]
    oauth: Option<OAuth>,
}

#[derive(Deserialize)]
struct OAuth {
    issuer: String,
}

/// The servers that a document names, and who hands out tokens for them.
pub(super) fn read(document: &[u8], address: &str) -> Result<(Vec<Candidate>, Option<String>), String> {
    let Document { protocols, authentication } = serde_json::from_slice(document).map_err(|error| error.to_string())?;
    let oauth = authentication.oauth.is_some().then_some(Way::OAuth);
    let ways: Vec<Way> = oauth.into_iter().chain(authentication.password.then_some(Way::Password)).collect();
    let each = [
        (Service::Smtp, protocols.smtp, 465),
        (Service::Imap, protocols.imap, 993),
        (Service::Pop, protocols.pop3, 995),
    ];
    let candidates = each.into_iter().filter_map(|(service, protocol, port)| {
        let endpoint = endpoint(service, &protocol?.host, port, Begins::WithTls)?;
        let (user, ways) = (address.to_owned(), ways.clone());
        Some(Candidate { service, endpoint, user, ways, source: Source::Pacc, trust: Trust::Https })
    });
    Ok((candidates.collect(), authentication.oauth.map(|oauth| oauth.issuer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_found_among_the_records() {
        let document = b"{}";
        let right = crate::sasl::base64::encode(digest(&SHA256, document).as_ref()).to_string();
        for (text, wanted) in [
            (format!("v=UAAC1; a=sha256; d={right}"), true),
            (format!(" d = {right};x=1;a=sha256 ;v=UAAC1;"), true),
            (format!("v=UAAC2; a=sha256; d={right}"), false),
            (format!("v=UAAC1; a=md5; d={right}"), false),
            ("v=UAAC1; a=sha256; d=AAAA".to_owned(), false),
            ("v=UAAC1; a=sha256".to_owned(), false),
            (String::new(), false),
        ] {
            let other = Record::Txt(b"v=spf1 -all".to_vec());
            assert_eq!(is_vouched_for(document, &[other, Record::Txt(text.clone().into_bytes())]), wanted, "{text}");
        }
    }

    #[test]
    fn a_document_names_servers_with_tls_only() {
        let document = br#"{"protocols": {"imap": {"host": "imap.x.test"}, "submit": {"host": "smtp.x.test"},
            "pop3": {"host": "a/b@c"}, "jmap": {"url": "https://jmap.x.test"}},
            "authentication": {"password": true, "oauth-public": {"issuer": "https://id.x.test"}},
            "info": {"provider": {"name": "X"}}}"#;
        let (found, issuer) = read(document, "me@x.test").expect("a document");
        let shown: Vec<String> = found.iter().map(|candidate| candidate.endpoint.to_string()).collect();
        assert_eq!(shown, ["smtps://smtp.x.test:465", "imaps://imap.x.test:993"]);
        assert_eq!(found[0].ways, [Way::OAuth, Way::Password]);
        assert_eq!(issuer.as_deref(), Some("https://id.x.test"));
        assert!(read(b"<html>", "me@x.test").is_err());
    }
}
