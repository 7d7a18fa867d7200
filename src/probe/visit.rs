//! A visit to every address of a domain's exchangers: what each of them says, never more than a RCPT.
//!
//! One connection for each address and port, as [`Manners`] allow. What was seen is not merged: two addresses of one
//! name are two machines until they prove otherwise. Addresses that lead into a private network are left alone unless
//! that is wanted: a stranger's DNS may name anybody's printer. Judges nothing but certificates.
//! RFC 5321 §3.3, §5.1; RFC 6890; RFC 7672 §2.2.

use super::manners::Manners;
use super::published::{Tlsa, TlsaRecord, TlsaState};
use super::question::{is_open, settle};
use super::report::{Host, Report, Sought};
use super::server::{Look, look_once};
use super::visited::{Fit, Visited};
use crate::address::{Address, Domain};
use crate::endpoint::{Endpoint, Protocol, TlsMode};
use crate::engine::dial::Way;
use crate::engine::reach::{Reach, reach};
use crate::envelope::{Envelope, ForwardPath, ReversePath};
use crate::error::{Error, Result};
use crate::net::tls::{Judge, TlsOptions, Trust};
use crate::net::trace::Trace;
use crate::wire::association::Association;
use crate::wire::secured::Certificate;
use crate::world::{Connect, Entropy, Timestamp};
use futures_util::{StreamExt, TryStreamExt};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Addresses of one domain that are visited.
pub(super) const VISITS_MAX: usize = 64;
/// Those that are told, visited or not.
const PLACES_MAX: usize = 256;
/// The port at which TLS begins before all words (RFC 8314 §3.3).
const SUBMISSIONS: u16 = 465;

/// How addresses are visited, and what is asked there.
pub struct Visiting<'a> {
    /// The way to them.
    pub connect: &'a dyn Connect,
    /// How often, and how many at once.
    pub manners: &'a Manners,
    /// Who judges the certificates.
    pub judge: &'a Judge,
    /// Our name in EHLO.
    pub helo: &'a Domain,
    /// The ports, of which the first is the one that TLSA records are for.
    pub ports: &'a [u16],
    /// Only this family.
    pub is_v6: Option<bool>,
    /// How long an address has to answer.
    pub connect_wait: Duration,
    /// How long a server has for each answer.
    pub each_wait: Duration,
    /// Whom to ask about, and from whom that mail would come.
    pub recipients: &'a [Address],
    /// From whom.
    pub from: &'a ReversePath,
    /// Where to find a name that nobody has, to ask about it too; nobody asks if there is none.
    pub chance: Option<&'a dyn Entropy>,
    /// Whether private addresses are visited.
    pub is_private: bool,
    /// The addresses that this machine speaks from to far away.
    pub own: &'a [IpAddr],
    /// Where conversations are written down.
    pub trace: Option<&'a Trace>,
    /// The time at which certificates are judged.
    pub at: Timestamp,
}

/// One address that is to be visited.
struct Place {
    /// Which exchanger it is of.
    host: usize,
    ip: IpAddr,
    port: u16,
    is_left_out: bool,
}

impl Report {
    /// Visits them all. An error is a mistake of whoever asked.
    pub(super) async fn visit(&mut self, visiting: &Visiting<'_>) -> Result<()> {
        self.sought = Some(match visiting.is_v6 {
            None => Sought::Both,
            Some(false) => Sought::V4,
            Some(true) => Sought::V6,
        });
        let (places, unvisited) = self.places(visiting);
        self.unvisited = unvisited;
        let (envelope, has_stranger) = visiting.envelope(&self.ascii);
        let hosts = &self.mx;
        let visits = places.iter().map(|place| async {
            let seen = match (place.is_left_out, hosts.get(place.host)) {
                (false, Some(host)) => visiting.look(host, place, envelope.as_ref(), has_stranger).await?,
                _ => Visited::skipped(place.ip, place.port),
            };
            Ok::<_, Error>((place.host, seen))
        });
        let seen: Vec<(usize, Visited)> =
            futures_util::stream::iter(visits.collect::<Vec<_>>()).buffered(VISITS_MAX).try_collect().await?;
        for (host, visited) in seen {
            if let Some(host) = self.mx.get_mut(host) {
                if let Some(tlsa) = &mut host.tlsa {
                    tlsa.hold_against(&visited, visiting.at);
                }
                host.probes.push(visited);
            }
        }
        Ok(())
    }

    /// The places to visit, by exchanger, each once, and how many others are left alone.
    fn places(&self, visiting: &Visiting<'_>) -> (Vec<Place>, usize) {
        let (mut places, mut wanted): (Vec<Place>, usize) = (Vec::new(), 0);
        for (index, host) in self.mx.iter().enumerate() {
            if self.mx.iter().take(index).any(|earlier| earlier.host == host.host) {
                continue;
            }
            let fits = |ip: &IpAddr| self.sought.is_none_or(|sought| sought.has(*ip));
            for ip in host.addresses.iter().map(|address| address.ip).filter(fits) {
                let is_left_out = match reach(ip) {
                    Reach::Public => false,
                    Reach::Private | Reach::Loopback => !visiting.is_private,
                    Reach::Nobody => true,
                };
                for port in visiting.ports {
                    wanted += usize::from(!is_left_out);
                    let is_left_out = is_left_out || wanted > VISITS_MAX;
                    if !is_left_out || places.len() < PLACES_MAX {
                        places.push(Place { host: index, ip, port: *port, is_left_out });
                    }
                }
            }
        }
        (places, wanted.saturating_sub(VISITS_MAX))
    }
}

impl Visiting<'_> {
    /// What to ask about the recipients at a domain, and whether the last of them is made up.
    fn envelope(&self, domain: &str) -> (Option<Envelope>, bool) {
        let at_domain = |address: &&Address| address.domain().to_ascii().to_string() == domain;
        let mut recipients: Vec<ForwardPath> =
            self.recipients.iter().filter(at_domain).cloned().map(ForwardPath::Mailbox).collect();
        let stranger = self.chance.and_then(|chance| {
            let mut octets = [0; 8];
            chance.fill(&mut octets);
            let name: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
            Address::parse(&format!("nobody-{name}@{domain}")).ok()
        });
        let has_stranger = stranger.is_some();
        recipients.extend(stranger.map(ForwardPath::Mailbox));
        ((!recipients.is_empty()).then(|| Envelope::new(self.from.clone(), recipients)), has_stranger)
    }

    async fn look(
        &self,
        host: &Host,
        place: &Place,
        envelope: Option<&Envelope>,
        has_stranger: bool,
    ) -> Result<Visited> {
        let endpoint = Endpoint {
            protocol: Protocol::Smtp,
            local: None,
            host: match host.host.starts_with('[') {
                true => Domain::Literal(place.ip),
                false => Domain::Name(host.host.clone()),
            },
            port: place.port,
            user: None,
            tls: if place.port == SUBMISSIONS { TlsMode::Implicit } else { TlsMode::Opportunistic },
        };
        let named = host.tlsa.as_ref().filter(|tlsa| tlsa.state == TlsaState::Usable);
        let mut way = Way::to(vec![SocketAddr::new(place.ip, place.port)], TlsOptions::from(Trust::Anyone));
        // RFC 7672 §8.1: the base domain of the records is asked for.
        way.tls.name = named.and_then(|tlsa| tlsa.names.first().cloned()).filter(|name| *name != host.host);
        way.connect_wait = self.connect_wait;
        way.limits.each = Some(self.each_wait);
        let look = Look {
            endpoint: &endpoint,
            way: &way,
            helo: self.helo,
            proxy: None,
            xclient: &[],
            envelope,
            trace: self.trace,
            now: self.at,
            // Senders who go there look no closer than elsewhere.
            is_demanding: false,
        };
        let mut sighting = {
            let _visit = self.manners.visit(place.ip).await;
            look_once(self.connect, &look, std::future::pending()).await?
        };
        if is_open(&sighting) {
            let _visit = self.manners.visit(place.ip).await;
            settle(self.connect, &look, &mut sighting).await;
        }
        let shown = &sighting.shown;
        let name = if host.host.starts_with('[') { place.ip.to_string() } else { host.host.clone() };
        let judged = (!shown.is_empty()).then(|| self.judge.judge(shown, &name, self.at));
        let dane = match named {
            Some(tlsa) if !shown.is_empty() => Some(tlsa.fit(shown, self.at)?),
            _ => None,
        };
        Ok(Visited::new((place.ip, place.port), sighting, judged, dane, (has_stranger, self.own)))
    }
}

impl Tlsa {
    /// Whether a chain is what the records name.
    fn fit(&self, shown: &[Certificate], at: Timestamp) -> Result<Fit> {
        self.fit_of(&self.associations, shown, at)
    }

    fn fit_of(&self, associations: &[Association], shown: &[Certificate], at: Timestamp) -> Result<Fit> {
        let judge = Judge::new(&Trust::Named { associations: associations.to_vec(), names: self.names.clone() })?;
        // The names are the trust's own.
        let name = self.names.first().map(String::as_str).unwrap_or_default();
        Ok(if judge.judge(shown, name, at).is_ok() { Fit::Match } else { Fit::Nomatch })
    }

    /// Notes which of the records fit what was shown.
    fn hold_against(&mut self, visited: &Visited, at: Timestamp) {
        if visited.shown.is_empty() || self.state != TlsaState::Usable {
            return;
        }
        let fits = |record: &TlsaRecord| {
            let association = record.association.as_ref()?;
            let fit = self.fit_of(std::slice::from_ref(association), &visited.shown, at).ok()?;
            Some(fit == Fit::Match || record.fits == Some(true))
        };
        let fits: Vec<Option<bool>> = self.records.iter().map(fits).collect();
        for (record, fits) in self.records.iter_mut().zip(fits) {
            record.fits = fits;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::zone::Zone;
    use crate::probe::Survey;
    use crate::world::{Later, Stream};
    use std::io;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    /// Nobody listens anywhere.
    #[derive(Default)]
    struct Closed(AtomicUsize);

    impl Connect for Closed {
        fn connect(&self, _: SocketAddr) -> Later<'_, io::Result<Box<dyn Stream>>> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Err(io::ErrorKind::ConnectionRefused.into()) })
        }
    }

    #[tokio::test]
    async fn of_hundreds_of_addresses_a_bounded_number_is_visited_and_the_rest_counted() {
        let mut zone = String::from("$ORIGIN cases.test.\n");
        for number in 0..200 {
            zone.push_str(&format!("big MX {number} h{number}\n"));
            (0..20).for_each(|last| zone.push_str(&format!("h{number} A 198.51.{number}.{last}\n")));
        }
        let zone = Zone::parse(&zone).expect("a zone");
        let (connect, manners) = (Closed::default(), Manners::new(None, 20));
        let judge = Judge::new(&Trust::Anyone).expect("a judge");
        let visiting = Visiting {
            connect: &connect,
            manners: &manners,
            judge: &judge,
            helo: &Domain::parse("crepes.example").expect("a name"),
            ports: &[25],
            is_v6: None,
            connect_wait: Duration::from_secs(1),
            each_wait: Duration::from_secs(1),
            recipients: &[],
            from: &ReversePath::Null,
            chance: None,
            is_private: false,
            own: &[],
            trace: None,
            at: Timestamp::UNIX_EPOCH,
        };
        let survey = Survey {
            dns: &zone,
            resolver: "system",
            dane: None,
            reasons: None,
            policies: None,
            port: 25,
            visiting: Some(visiting),
            is_private: false,
            days_min: 14,
            is_vouched: AtomicBool::new(false),
        };
        let report = survey.of(&Domain::parse("big.cases.test").expect("a name")).await.expect("a report");
        let text = |id: &str| {
            let all = report.findings.iter().filter(|one| one.id == id);
            all.map(|one| one.text.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(connect.0.load(Ordering::SeqCst), VISITS_MAX);
        assert_eq!(text("visit.too-many"), ["looked at the first 64 addresses and left 1984 alone"]);
        let cut = text("mx.too-many");
        assert_eq!(cut.first(), Some(&"looked at the first 128 exchangers and left 72 alone"));
        assert!(cut.len() == 129 && cut[1] == "looked at 16 of its addresses and left 4 alone", "{cut:?}");
        assert!(report.mx.iter().map(|host| host.probes.len()).sum::<usize>() <= PLACES_MAX);
    }
}
