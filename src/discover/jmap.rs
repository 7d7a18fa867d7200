//! JMAP: where a domain has the one service that could stand in for all others.
//!
//! It is shown with what was found and never chosen, since it is not spoken here. DNS names a host, or the domain itself
//! has the well-known address; a server that wants a login before it says anything is there all the same.
//! RFC 8620 §2.2; RFC 8615.

use super::Trust;
use crate::error::{Error, Kind, Result};
use crate::world::Record;

/// A JMAP service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jmap {
    /// Where a session begins.
    pub url: String,
    /// Who says so: `srv` or `well-known`.
    pub source: &'static str,
    /// How it came here.
    pub trust: Trust,
}

/// The label below the domain.
pub(super) const LABEL: &str = "_jmap._tcp";

/// What a host's address for it is.
pub(super) fn url(host: &str, port: u16) -> String {
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    format!("https://{host}{port}/.well-known/jmap")
}

/// The services in the records, the first choice first.
pub(super) fn named(records: &[Record], trust: Trust) -> Vec<Jmap> {
    let is_host = |host: &str| !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'));
    let mut listed: Vec<(u16, u16, String)> = records
        .iter()
        .filter_map(|record| match record {
            // RFC 2782: a dot says that the service is decidedly not there.
            Record::Srv { target, .. } if target == "." || !is_host(target) => None,
            Record::Srv { priority, weight, port, target } => {
                Some((*priority, u16::MAX - *weight, url(target.trim_end_matches('.'), *port)))
            }
            _ => None,
        })
        .collect();
    listed.sort();
    listed.into_iter().map(|(.., url)| Jmap { url, source: "srv", trust }).collect()
}

/// What the domain's own address said: a session, or that nobody gets one without a login.
pub(super) fn answered(url: &str, answer: Result<Vec<u8>>) -> Result<Jmap> {
    let found = Jmap { url: url.to_owned(), source: "well-known", trust: Trust::Https };
    match answer {
        Err(error) if error.kind() == Kind::NoPermission => Ok(found),
        Err(error) => Err(error),
        Ok(document) => {
            let session: Option<serde_json::Value> = serde_json::from_slice(&document).ok();
            let is_session = session.is_some_and(|session| session.get("apiUrl").is_some());
            is_session.then_some(found).ok_or_else(|| Error::new(Kind::Data, "what is there is no JMAP session"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_name_addresses_of_hosts() {
        let record =
            |priority, weight, port, target: &str| Record::Srv { priority, weight, port, target: target.into() };
        let records = [
            record(10, 0, 443, "b.x.test"),
            record(0, 1, 8443, "a.x.test"),
            record(0, 9, 443, "c.x.test"),
            record(0, 0, 443, "a/b@c"),
            record(0, 0, 0, "."),
            Record::Txt(b"x".to_vec()),
        ];
        let found: Vec<String> = named(&records, Trust::Dns).into_iter().map(|found| found.url).collect();
        assert_eq!(
            found,
            [
                "https://c.x.test/.well-known/jmap",
                "https://a.x.test:8443/.well-known/jmap",
                "https://b.x.test/.well-known/jmap"
            ]
        );
    }

    #[test]
    fn a_session_or_a_wish_for_a_login_is_an_answer() {
        let says = |kind| Err(Error::new(kind, "the web server says so"));
        for (answer, wanted) in [
            (Ok(br#"{"apiUrl": "https://x.test/api"}"#.to_vec()), true),
            (says(Kind::NoPermission), true),
            (Ok(b"<html>welcome".to_vec()), false),
            (Ok(b"[]".to_vec()), false),
            (says(Kind::NoHost), false),
        ] {
            assert_eq!(answered("https://x.test/.well-known/jmap", answer).is_ok(), wanted);
        }
    }
}
