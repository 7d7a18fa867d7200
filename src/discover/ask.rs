//! Asking everybody who may know a domain's servers, all at once, each with an end.
//!
//! What is asked and what the answers mean is in the files beside this one. DNS and the web are handed in.

use super::presets;
use super::{Candidate, Found, Source, Trust, autoconfig, jmap, pacc, srv};
use crate::address::Address;
use crate::error::{Error, Kind, Result};
use crate::provider::{Provider, of_exchanger};
use crate::world::{Later, LookupError, Record, RecordKind, Resolve};
use futures_util::future::join_all;
use std::time::Duration;
use tokio::time::timeout;

/// Gets a document from the web.
pub trait Fetch: Send + Sync {
    /// The octets of the document at a URL.
    fn get<'a>(&'a self, url: &'a str) -> Later<'a, Result<Vec<u8>>>;
}

/// What one place had to say.
type Said = Result<(Vec<Candidate>, Option<String>)>;

/// Asks for the servers of an address, and waits for nobody longer than `patience`.
pub async fn discover(address: &Address, dns: &dyn Resolve, web: &dyn Fetch, patience: Duration) -> Found {
    let domain = address.domain().to_ascii().to_string();
    let mut found = Found::known(address);
    let documents = autoconfig::urls(address);
    let documents = documents.iter().map(|(url, source)| async move {
        let trust = if *source == Source::Http { Trust::Http } else { Trust::Https };
        (shown(url), within(patience, document(web, url, address, *source, trust)).await)
    });
    let services = srv::LABELS.map(|(label, service, begins)| {
        let name = format!("{label}.{domain}");
        async move {
            let records = within(patience, asked(dns, &name, RecordKind::Srv)).await;
            let said = records.map(|(records, trust)| {
                (srv::candidates(service, begins, (&records, trust), &address.to_string()), None)
            });
            (name, said)
        }
    });
    let exchanger = async {
        let mut provider = None;
        let said = within(patience, mapped(&domain, address, dns, web, &mut provider)).await;
        (said, provider)
    };
    let label = format!("{}.{domain}", jmap::LABEL);
    let well_known = jmap::url(&domain, 443);
    let (published, documents, services, (mapped, provider), named, answered) = tokio::join!(
        within(patience, published(&domain, address, dns, web)),
        join_all(documents),
        join_all(services),
        exchanger,
        within(patience, asked(dns, &label, RecordKind::Srv)),
        within(patience, web.get(&well_known)),
    );
    let all = [(pacc::url(&domain), published), (format!("the mail exchanger of {domain}"), mapped)];
    for (who, said) in all.into_iter().chain(documents).chain(services) {
        match said {
            Ok((candidates, issuer)) => {
                found.candidates.extend(candidates);
                found.issuer = found.issuer.or(issuer);
            }
            Err(why) => found.errors.push((who, why)),
        }
    }
    let named = named.map(|(records, trust)| jmap::named(&records, trust));
    let answered = jmap::answered(&well_known, answered).map(|found| vec![found]);
    for (who, said) in [(label, named), (well_known, answered)] {
        match said {
            Ok(services) => found.jmap.extend(services),
            Err(why) => found.errors.push((who, why)),
        }
    }
    // Stable: within a source the order is the one in which its servers were named.
    found.candidates.sort_by_key(|candidate| candidate.source);
    found.provider = found.provider.or(provider);
    found
}

/// The URL without the address in it: what is printed is often shown to others.
fn shown(url: &str) -> String {
    url.split_once('?').map_or(url, |(before, _)| before).to_owned()
}

async fn within<T>(patience: Duration, answer: impl Future<Output = Result<T>>) -> Result<T> {
    let late = || Error::new(Kind::Temporary, format!("no answer within {} seconds", patience.as_secs()));
    timeout(patience, answer).await.unwrap_or_else(|_| Err(late()))
}

/// The records, and how they came.
async fn asked(dns: &dyn Resolve, name: &str, kind: RecordKind) -> Result<(Vec<Record>, Trust)> {
    let answer = dns.lookup(name, kind).await.map_err(|error| unanswered(&error))?;
    Ok((answer.records, if answer.is_authentic { Trust::Dnssec } else { Trust::Dns }))
}

/// Why DNS has no answer.
pub(super) fn unanswered(error: &LookupError) -> Error {
    let kind = if matches!(error, LookupError::Temporary(_)) { Kind::Temporary } else { Kind::NoHost };
    Error::new(kind, error.to_string())
}

fn unusable(why: String) -> Error {
    Error::new(Kind::Data, why)
}

async fn document(web: &dyn Fetch, url: &str, address: &Address, source: Source, trust: Trust) -> Said {
    autoconfig::read(&web.get(url).await?, address, source, trust).map_err(unusable)
}

/// The domain's own document, if DNS vouches for it.
async fn published(domain: &str, address: &Address, dns: &dyn Resolve, web: &dyn Fetch) -> Said {
    let (url, name) = (pacc::url(domain), pacc::digest_name(domain));
    let (document, digests) = tokio::join!(web.get(&url), asked(dns, &name, RecordKind::Txt));
    let document = document?;
    let (digests, _) = digests.map_err(|why| Error::new(why.kind(), format!("{name}: {why}")))?;
    if !pacc::is_vouched_for(&document, &digests) {
        return Err(unusable(format!("no digest at {name} fits the document")));
    }
    pacc::read(&document, &address.to_string()).map_err(unusable)
}

/// What is known of those who take the domain's mail. That they are the ones is DNS's word alone.
async fn mapped(
    domain: &str,
    address: &Address,
    dns: &dyn Resolve,
    web: &dyn Fetch,
    known: &mut Option<&'static Provider>,
) -> Said {
    let (records, trust) = asked(dns, domain, RecordKind::Mx).await?;
    let listed = records.iter().filter_map(|record| match record {
        Record::Mx { preference, exchange } if exchange != "." => Some((*preference, exchange.as_str())),
        _ => None,
    });
    let nobody = |why: String| Error::new(Kind::NoHost, why);
    let Some((_, host)) = listed.min() else { return Err(nobody("there is none".to_owned())) };
    if let Some(provider) = of_exchanger(host) {
        *known = Some(provider);
        return Ok((presets::candidates(provider, address, Source::Exchanger, trust), None));
    }
    // The collection knows providers by their domain, which is somewhere above the exchanger's name.
    let above = std::iter::successors(host.split_once('.').map(|(_, above)| above), |name| {
        name.split_once('.').map(|(_, above)| above)
    });
    let mut said = Err(nobody(format!("{host} is nobody's who is known")));
    for name in above.filter(|name| name.contains('.') && *name != domain).take(2) {
        said = document(web, &autoconfig::collected(name), address, Source::Exchanger, trust).await;
        if said.is_ok() {
            break;
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::super::choose;
    use super::*;
    use crate::net::zone::Zone;
    use std::collections::BTreeMap;

    /// A web of a few documents.
    struct Web(BTreeMap<String, String>);

    impl Fetch for Web {
        fn get<'a>(&'a self, url: &'a str) -> Later<'a, Result<Vec<u8>>> {
            Box::pin(async move {
                match self.0.get(url).map(String::as_str) {
                    Some("silence") => std::future::pending().await,
                    Some(document) => Ok(document.as_bytes().to_vec()),
                    None => Err(Error::new(Kind::NoHost, "404 Not Found")),
                }
            })
        }
    }

    fn document(host: &str) -> String {
        let server = |kind: &str, which: &str, port: u16| {
            format!(
                "<{which}Server type=\"{kind}\"><hostname>{kind}.{host}</hostname><port>{port}</port>\
                 <socketType>SSL</socketType></{which}Server>"
            )
        };
        let (imap, smtp) = (server("imap", "incoming", 993), server("smtp", "outgoing", 465));
        format!("<clientConfig><emailProvider id=\"x\">{imap}{smtp}</emailProvider></clientConfig>")
    }

    async fn found(zone: &str, web: &[(&str, String)], address: &str) -> Found {
        let web = Web(web.iter().map(|(url, document)| ((*url).to_owned(), document.clone())).collect());
        let zone = Zone::parse(zone).expect("a zone");
        let address = Address::parse(address).expect("an address");
        discover(&address, &zone, &web, Duration::from_secs(10)).await
    }

    fn shown(found: &Found) -> String {
        choose(&found.candidates)
            .servers()
            .map(|c| format!("{} {}", c.source.name(), c.endpoint))
            .collect::<Vec<_>>()
            .join(", ")
    }

    #[tokio::test(start_paused = true)]
    async fn the_best_place_that_knows_is_believed() {
        let srv = "_submissions._tcp.x.test. SRV 0 0 465 smtp.x.test.\n_imaps._tcp.x.test. SRV 0 0 993 imap.x.test.\n";
        let pacc = r#"{"protocols": {"imap": {"host": "pi.x.test"}, "smtp": {"host": "ps.x.test"}}}"#;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, pacc.as_bytes());
        let digest = crate::sasl::base64::encode(digest.as_ref());
        let txt = format!("_ua-auto-config.x.test. TXT \"v=UAAC1; a=sha256; d={}\"\n", digest.as_str());
        let pacc_url = "https://ua-auto-config.x.test/.well-known/user-agent-configuration.json";
        let own = "https://autoconfig.x.test/mail/config-v1.1.xml?emailaddress=me%40x.test";
        let clear = "http://autoconfig.x.test/mail/config-v1.1.xml";
        let collected = "https://autoconfig.thunderbird.net/v1.1/x.test";
        for (zone, web, wanted) in [
            ("", vec![], ""),
            (srv, vec![], "srv smtps://smtp.x.test:465, srv imaps://imap.x.test:993"),
            (
                srv,
                vec![(own, document("a.test"))],
                "autoconfig smtps://smtp.a.test:465, autoconfig imaps://imap.a.test:993",
            ),
            (
                &txt,
                vec![(own, document("a.test")), (pacc_url, pacc.to_owned())],
                "pacc smtps://ps.x.test:465, pacc imaps://pi.x.test:993",
            ),
            // A digest that does not fit.
            (&txt, vec![(pacc_url, format!("{pacc} "))], ""),
            (srv, vec![(own, "silence".to_owned())], "srv smtps://smtp.x.test:465, srv imaps://imap.x.test:993"),
            ("", vec![(clear, document("evil.test"))], ""),
            ("", vec![(collected, document("c.test"))], "ispdb smtps://smtp.c.test:465, ispdb imaps://imap.c.test:993"),
            (
                "x.test. MX 5 aspmx.l.google.com.\n",
                vec![],
                "mx-map smtps://smtp.gmail.com:465, mx-map imaps://imap.gmail.com:993, mx-map pop3s://pop.gmail.com:995",
            ),
            (
                "x.test. MX 20 z.other.test.\nx.test. MX 5 mx.eu.host.test.\n",
                vec![("https://autoconfig.thunderbird.net/v1.1/host.test", document("host.test"))],
                "mx-map smtps://smtp.host.test:465, mx-map imaps://imap.host.test:993",
            ),
        ] {
            let found = found(zone, &web, "me@x.test").await;
            assert_eq!(shown(&found), wanted, "{zone} {web:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_place_without_an_answer_says_why_and_no_line_holds_the_address() {
        let silent = "https://x.test/.well-known/autoconfig/mail/config-v1.1.xml";
        let found =
            found("_imaps._tcp.x.test. SRV 0 0 993 imap.x.test.\n", &[(silent, "silence".to_owned())], "me@x.test")
                .await;
        let errors: Vec<String> = found.errors.iter().map(|(who, why)| format!("{who}: {why}")).collect();
        for wanted in [
            "https://autoconfig.x.test/mail/config-v1.1.xml: 404 Not Found",
            "https://x.test/.well-known/autoconfig/mail/config-v1.1.xml: no answer within 10 seconds",
            "_submissions._tcp.x.test: no such domain",
            "the mail exchanger of x.test: no such records",
        ] {
            assert!(errors.iter().any(|error| error == wanted), "{wanted} in {errors:#?}");
        }
        assert!(!errors.concat().contains("me@") && !errors.concat().contains("me%40"));
        let later = found.errors.iter().filter(|(_, why)| why.kind() == Kind::Temporary).map(|(who, _)| who.as_str());
        assert_eq!(later.collect::<Vec<_>>(), [silent]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_is_not_spoken_here_is_shown_and_never_chosen() {
        let zone = "_jmap._tcp.x.test. SRV 0 0 443 jmap.x.test.\n";
        let session = ("https://x.test/.well-known/jmap", r#"{"apiUrl": "/api"}"#.to_owned());
        let found = found(zone, &[session], "me@x.test").await;
        let said = found.jmap.iter().map(|jmap| format!("{} {} {}", jmap.url, jmap.source, jmap.trust.name()));
        assert_eq!(
            said.collect::<Vec<_>>(),
            ["https://jmap.x.test/.well-known/jmap srv dns", "https://x.test/.well-known/jmap well-known https"]
        );
        assert_eq!(shown(&found), "");
        assert!(!found.errors.iter().any(|(who, _)| who.contains("jmap")));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_signed_is_told_from_what_is_not() {
        let zone = "_imaps._tcp.x.test. SRV 0 0 993 imap.y.test.\n_jmap._tcp.x.test. SRV 0 0 443 jmap.x.test.\n";
        let address = Address::parse("me@x.test").expect("an address");
        for (is_signed, trust, to_confirm) in [(false, "dns", 1), (true, "dnssec", 0)] {
            let zone = Zone::parse(zone).expect("a zone");
            let zone = if is_signed { zone.signed("x.test") } else { zone };
            let found = discover(&address, &zone, &Web(BTreeMap::new()), Duration::from_secs(10)).await;
            let all =
                found.candidates.iter().map(|found| found.trust).chain(found.jmap.iter().map(|found| found.trust));
            assert_eq!(all.map(Trust::name).collect::<Vec<_>>(), [trust, trust]);
            assert_eq!(choose(&found.candidates).to_confirm("x.test").count(), to_confirm);
        }
    }

    #[tokio::test]
    async fn a_large_provider_needs_no_network() {
        let found = found("", &[], "me@gmail.com").await;
        assert!(shown(&found).starts_with("preset smtps://smtp.gmail.com:465"), "{}", shown(&found));
        assert!(found.note().is_some());
    }
}
