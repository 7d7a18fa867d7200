//! The choice among candidates.
//!
//! Pure. All servers of an account come from one source: mixing two has sent passwords to hosts that only a third
//! party had named. What came in clear is never chosen, only shown.

use super::{Candidate, Service, Source, Trust};

/// The servers of one source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chosen<'a> {
    /// Where messages are submitted.
    pub smtp: Option<&'a Candidate>,
    /// Where mailboxes are.
    pub imap: Option<&'a Candidate>,
    /// Where the maildrop is.
    pub pop: Option<&'a Candidate>,
}

impl<'a> Chosen<'a> {
    /// Those there are.
    pub fn servers(&self) -> impl Iterator<Item = &'a Candidate> + use<'a> {
        [self.smtp, self.imap, self.pop].into_iter().flatten()
    }

    /// Whoever named them.
    pub fn source(&self) -> Option<Source> {
        self.servers().next().map(|server| server.source)
    }

    /// The servers that DNS alone vouches for and that lie outside of the domain: nobody knows whether they are the
    /// domain's (RFC 6186 §6).
    pub fn to_confirm(&self, domain: &str) -> impl Iterator<Item = &'a Candidate> + use<'a> {
        let below = format!(".{domain}");
        let own = domain.to_owned();
        self.servers().filter(move |server| {
            let host = server.endpoint.host.to_string();
            server.trust == Trust::Dns && host != own && !host.ends_with(&below)
        })
    }
}

/// The best source's servers: the first that can both send and receive, or else the first that can do either.
pub fn choose(candidates: &[Candidate]) -> Chosen<'_> {
    let mut sources: Vec<Source> = candidates.iter().map(|candidate| candidate.source).collect();
    sources.sort_unstable();
    sources.dedup();
    let of = |source: Source| {
        let first = |service| {
            let is_it = |candidate: &&Candidate| candidate.source == source && candidate.service == service;
            candidates.iter().find(is_it)
        };
        Chosen { smtp: first(Service::Smtp), imap: first(Service::Imap), pop: first(Service::Pop) }
    };
    let chosen: Vec<Chosen<'_>> = sources.into_iter().filter(|source| *source != Source::Http).map(of).collect();
    let is_whole = |chosen: &&Chosen<'_>| chosen.smtp.is_some() && (chosen.imap.is_some() || chosen.pop.is_some());
    chosen.iter().find(is_whole).or(chosen.first()).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::{Begins, endpoint};
    use super::*;

    fn named(source: Source, service: Service, host: &str) -> Candidate {
        let endpoint = endpoint(service, host, 993, Begins::WithTls).expect("a host");
        let trust = if source == Source::Srv { Trust::Dns } else { Trust::Https };
        Candidate { service, endpoint, user: "me@x.test".to_owned(), ways: Vec::new(), source, trust }
    }

    #[test]
    fn servers_come_from_one_source() {
        use Service as V;
        use Source as S;
        for (candidates, wanted) in [
            (
                vec![
                    named(S::Srv, V::Imap, "srv"),
                    named(S::Autoconfig, V::Smtp, "auto"),
                    named(S::Autoconfig, V::Imap, "auto2"),
                ],
                "auto auto2",
            ),
            // Better half a source than two mixed; better a whole one than half a better one.
            (
                vec![named(S::Pacc, V::Imap, "pacc"), named(S::Srv, V::Smtp, "srv"), named(S::Srv, V::Pop, "srv2")],
                "srv srv2",
            ),
            (vec![named(S::Srv, V::Imap, "srv"), named(S::Ispdb, V::Smtp, "isp")], "srv"),
            (vec![named(S::Http, V::Smtp, "evil"), named(S::Http, V::Imap, "evil")], ""),
            (vec![], ""),
        ] {
            let chosen = choose(&candidates);
            let hosts: Vec<String> = chosen.servers().map(|server| server.endpoint.host.to_string()).collect();
            assert_eq!(hosts.join(" "), wanted);
        }
    }

    #[test]
    fn hosts_of_others_named_by_dns_are_to_be_confirmed() {
        for (source, host, wanted) in [
            (Source::Srv, "imap.x.test", 0),
            (Source::Srv, "x.test", 0),
            (Source::Srv, "imap.y.test", 1),
            (Source::Srv, "imapx.test", 1),
            (Source::Autoconfig, "imap.y.test", 0),
        ] {
            let candidates = [named(source, Service::Imap, host)];
            assert_eq!(choose(&candidates).to_confirm("x.test").count(), wanted, "{host}");
        }
    }
}
