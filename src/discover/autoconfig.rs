//! Autoconfig: the document in which Thunderbird, and many after it, look for a domain's servers.
//!
//! Pure: the document comes in. Servers without encryption are passed over: a password for them would be
//! read by anybody. draft-ietf-mailmaint-autoconfig §4.

use super::{Begins, Candidate, Service, Source, Trust, endpoint};
use crate::address::Address;
use crate::provider::Way;
use serde::Deserialize;

/// Where a domain may have its document, and Thunderbird's collection has one about it. The domain's own server is
/// told the address, as the draft says, since some answer for each user differently; the collection is not.
pub(super) fn urls(address: &Address) -> [(String, Source); 4] {
    let domain = address.domain().to_ascii().to_string();
    let user: String = url::form_urlencoded::byte_serialize(address.to_string().as_bytes()).collect();
    [
        (format!("https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress={user}"), Source::Autoconfig),
        (format!("https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml"), Source::Autoconfig),
        (collected(&domain), Source::Ispdb),
        (format!("http://autoconfig.{domain}/mail/config-v1.1.xml"), Source::Http),
    ]
}

/// Thunderbird's collection about a domain.
pub(super) fn collected(domain: &str) -> String {
    format!("https://autoconfig.thunderbird.net/v1.1/{domain}")
}

#[derive(Deserialize)]
struct ClientConfig {
    #[serde(rename = "emailProvider")]
    provider: Provider,
    #[serde(rename = "oAuth2")]
    oauth: Option<OAuth>,
}

#[derive(Deserialize)]
struct Provider {
    #[serde(rename = "$value", default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Part {
    IncomingServer(Server),
    OutgoingServer(Server),
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct OAuth {
    issuer: Option<String>,
}

#[derive(Deserialize)]
struct Server {
    #[serde(rename = "@type")]
    kind: String,
    #[serde(rename = "$value", default)]
    fields: Vec<Field>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Field {
    Hostname(String),
    Port(String),
    SocketType(String),
    Username(String),
    Authentication(String),
    #[serde(other)]
    Other,
}

/// The servers that a document names, in its order, and who hands out tokens for them.
pub(super) fn read(
    document: &[u8],
    address: &Address,
    source: Source,
    trust: Trust,
) -> Result<(Vec<Candidate>, Option<String>), String> {
    let text = std::str::from_utf8(document).map_err(|_| "it is not UTF-8".to_owned())?;
    let config: ClientConfig = quick_xml::de::from_str(text).map_err(|error| error.to_string())?;
    let servers = config.provider.parts.into_iter().filter_map(|part| match part {
        Part::IncomingServer(server) | Part::OutgoingServer(server) => Some(server),
        Part::Other => None,
    });
    let candidates = servers.filter_map(|server| candidate(&server, address, source, trust));
    Ok((candidates.collect(), config.oauth.and_then(|oauth| oauth.issuer)))
}

fn candidate(server: &Server, address: &Address, source: Source, trust: Trust) -> Option<Candidate> {
    let service = match server.kind.as_str() {
        "smtp" => Service::Smtp,
        "imap" => Service::Imap,
        "pop3" => Service::Pop,
        _ => return None,
    };
    let (mut host, mut port, mut begins, mut user) = (None, None, None, None);
    let mut ways = Vec::new();
    for field in &server.fields {
        match field {
            Field::Hostname(text) => host = Some(filled(text, address)),
            Field::Port(text) => port = text.trim().parse().ok(),
            Field::SocketType(text) => begins = how(text.trim()),
            Field::Username(text) => user = Some(filled(text, address)),
            Field::Authentication(text) => ways.extend(way(text.trim()).filter(|way| !ways.contains(way))),
            Field::Other => {}
        }
    }
    let endpoint = endpoint(service, &host?, port?, begins?)?;
    let user = user.filter(|user| !user.is_empty() && !user.chars().any(char::is_control));
    Some(Candidate { service, endpoint, user: user.unwrap_or_else(|| address.to_string()), ways, source, trust })
}

fn how(socket_type: &str) -> Option<Begins> {
    match socket_type {
        "SSL" => Some(Begins::WithTls),
        "STARTTLS" => Some(Begins::WithStartTls),
        _ => None,
    }
}

fn way(authentication: &str) -> Option<Way> {
    match authentication {
        "OAuth2" => Some(Way::OAuth),
        // The first two are what older documents say.
        "plain" | "secure" | "password-cleartext" | "password-encrypted" => Some(Way::Password),
        _ => None,
    }
}

/// `%EMAILADDRESS%` and its like as the parts of this address.
fn filled(text: &str, address: &Address) -> String {
    let text = text.trim().replace("%EMAILADDRESS%", &address.to_string());
    text.replace("%EMAILLOCALPART%", address.local_part()).replace("%EMAILDOMAIN%", &address.domain().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="x.test">
    <domain>x.test</domain>
    <displayName>X</displayName>
    <incomingServer type="imap">
      <hostname>imap.%EMAILDOMAIN%</hostname><port>993</port><socketType>SSL</socketType>
      <username>%EMAILADDRESS%</username>
      <authentication>OAuth2</authentication><authentication>password-cleartext</authentication>
    </incomingServer>
    <incomingServer type="pop3">
      <hostname>pop.x.test</hostname> <port> 110 </port> <socketType>STARTTLS</socketType>
      <username>%EMAILLOCALPART%</username> <authentication>password-encrypted</authentication>
      <pop3><leaveMessagesOnServer>true</leaveMessagesOnServer></pop3>
    </incomingServer>
    <incomingServer type="exchange"><hostname>ews.x.test</hostname></incomingServer>
    <incomingServer type="imap"><hostname>old.x.test</hostname><port>143</port><socketType>plain</socketType></incomingServer>
    <outgoingServer type="smtp">
      <hostname>smtp.x.test</hostname><port>587</port><socketType>STARTTLS</socketType>
      <username>%EMAILADDRESS%</username><authentication>password-cleartext</authentication>
    </outgoingServer>
    <documentation url="https://x.test/help"><descr lang="en">Help</descr></documentation>
  </emailProvider>
  <oAuth2><issuer>id.x.test</issuer><scope>mail</scope></oAuth2>
  <webMail><loginPage url="https://x.test"/></webMail>
</clientConfig>"#;

    fn me() -> Address {
        Address::parse("me@x.test").expect("an address")
    }

    #[test]
    fn servers_are_read_in_their_order_and_those_in_clear_passed_over() {
        let read = read(DOCUMENT.as_bytes(), &me(), Source::Autoconfig, Trust::Https);
        let (found, issuer) = read.expect("a document");
        let shown = found.iter().map(|c| format!("{} {} {:?}", c.endpoint, c.user, c.ways)).collect::<Vec<_>>();
        assert_eq!(
            shown,
            [
                "imaps://imap.x.test:993 me@x.test [OAuth, Password]",
                "pop3://pop.x.test:110 me [Password]",
                "smtp://smtp.x.test:587 me@x.test [Password]",
            ]
        );
        assert_eq!(issuer.as_deref(), Some("id.x.test"));
    }

    #[test]
    fn what_is_no_such_document_is_told() {
        let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><clientConfig>&b;</clientConfig>"#;
        for text in ["", "<html><body>not found</body></html>", "<clientConfig", bomb, "\u{0}"] {
            let read = read(text.as_bytes(), &me(), Source::Autoconfig, Trust::Https);
            assert!(read.is_err(), "{text}: {read:?}");
        }
        let odd = DOCUMENT.replace("imap.%EMAILDOMAIN%", "evil@host/x?").replace("993", "99999");
        let (found, _) = super::read(odd.as_bytes(), &me(), Source::Autoconfig, Trust::Https).expect("a document");
        assert_eq!(found.len(), 2);
    }
}
