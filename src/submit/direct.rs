//! Directly to the mail exchangers of each recipient's domain, without a server of one's own and without a queue.
//!
//! Recipients of one domain travel together: its exchangers are tried in the order that the route says, each with
//! all its addresses, until one of them has judged each recipient. Whoever nobody judged gets the last failure.
//! RFC 5321 §5.1; RFC 7505.

use crate::address::Domain;
use crate::engine::courier::SmtpCourier;
use crate::engine::exchangers::exchangers;
use crate::engine::route::{Route, Rules, Unroutable, plan};
use crate::engine::smtp::{Cargo, Manner};
use crate::envelope::{BodyType, Envelope, ForwardPath};
use crate::smtp::extension::Extensions;
use crate::smtp::outcome::{Outcome, Phase};
use crate::smtp::transaction::Facts;
use crate::status::EnhancedStatus;
use crate::wire::session::Tls;
use crate::world::{Content, Entropy, Resolve};
use std::net::{IpAddr, SocketAddr};
use tokio_util::sync::CancellationToken;

/// What is to be sent, and how exchangers are found and talked to.
pub struct Direct<'a> {
    /// Talks to hosts.
    pub courier: SmtpCourier,
    /// DNS.
    pub dns: &'a dyn Resolve,
    /// Chooses among equal exchangers.
    pub entropy: &'a dyn Entropy,
    /// Who we are, and whom we may connect to.
    pub rules: Rules,
    /// The port of the exchangers.
    pub port: u16,
    /// From whom, to whom.
    pub envelope: &'a Envelope,
    /// The message, with CRLF line ends.
    pub content: &'a dyn Content,
    /// Whether its header section is UTF-8 beyond ASCII.
    pub needs_utf8: bool,
    /// How it is handed over.
    pub manner: Manner<'a>,
    /// What each exchanger has to offer, or nothing is sent to it: keywords of EHLO.
    pub required: &'a [String],
    /// When cancelled, all ends at once, and each recipient's outcome says what that means.
    pub stop: CancellationToken,
}

/// What came of it.
#[derive(Debug)]
pub struct Directed {
    /// Each recipient's outcome, in the order of the envelope.
    pub recipients: Vec<(ForwardPath, Outcome)>,
    /// The ways that the message took, one for each domain, in the order of its first recipient.
    pub ways: Vec<Way>,
}

/// The way to one domain, as far as it went.
#[derive(Debug)]
pub struct Way {
    /// Where it leads; none for a postmaster without a domain.
    pub domain: Option<Domain>,
    /// The places in the envelope of those who live there.
    pub recipients: Vec<usize>,
    /// The exchanger that was talked to last.
    pub host: Option<String>,
    /// Its address.
    pub ip: Option<IpAddr>,
    /// The encryption, if any.
    pub tls: Option<Tls>,
    /// What it offers, if it came to a transaction.
    pub extensions: Option<Extensions>,
}

/// Groups recipients by domain, in the order in which the domains first occur.
pub fn groups(envelope: &Envelope) -> Vec<Way> {
    let mut ways: Vec<Way> = Vec::new();
    for (place, path) in envelope.recipients.iter().enumerate() {
        let domain = path.address().map(|address| address.domain().to_ascii());
        match ways.iter_mut().find(|way| way.domain == domain) {
            Some(way) => way.recipients.push(place),
            None => {
                let recipients = vec![place];
                ways.push(Way { domain, recipients, host: None, ip: None, tls: None, extensions: None });
            }
        }
    }
    ways
}

/// Sends, one domain after the other.
pub async fn send(direct: &Direct<'_>, mut progress: impl FnMut(u64)) -> Directed {
    let paths = &direct.envelope.recipients;
    let mut outcomes = vec![Outcome::lost(Phase::Connect, "interrupted"); paths.len()];
    let mut ways = groups(direct.envelope);
    for way in &mut ways {
        let route = tokio::select! {
            biased;
            () = direct.stop.cancelled() => break,
            route = direct.route(way.domain.as_ref()) => route,
        };
        match route {
            Ok(route) => direct.follow(&route, way, &mut outcomes, &mut progress).await,
            Err(why) => {
                let outcome = Outcome::refused_here(Phase::Connect, why.status, why.text);
                way.recipients.iter().for_each(|place| outcomes[*place] = outcome.clone());
            }
        }
    }
    Directed { recipients: paths.iter().cloned().zip(outcomes).collect(), ways }
}

impl Direct<'_> {
    async fn route(&self, domain: Option<&Domain>) -> Result<Route, Unroutable> {
        let Some(domain) = domain else { return Err(Unroutable::nowhere()) };
        let found = exchangers(self.dns, domain).await;
        let mut random = [0; 8];
        self.entropy.fill(&mut random);
        plan(&domain.to_string(), found, &self.rules, u64::from_le_bytes(random))
    }

    /// Tries one address after the other, until nobody is left whom no host has judged.
    async fn follow(
        &self,
        route: &Route,
        way: &mut Way,
        outcomes: &mut [Outcome],
        mut progress: impl FnMut(u64),
    ) {
        let mut open = way.recipients.clone();
        for hop in &route.hops {
            for ip in &hop.addresses {
                if open.is_empty() || self.stop.is_cancelled() {
                    return;
                }
                let recipients = open.iter().map(|place| self.envelope.recipients[*place].clone()).collect();
                let envelope = Envelope { recipients, ..self.envelope.clone() };
                let facts = Facts {
                    size: self.content.size(),
                    is_eight_bit: self.envelope.body == BodyType::EightBitMime,
                    has_utf8_header: self.needs_utf8,
                };
                let cargo = Cargo { envelope: &envelope, content: self.content, facts, manner: self.manner };
                let address = SocketAddr::new(*ip, self.port);
                let host = hop.host.as_str();
                let visit =
                    self.courier.visit(host, address, &cargo, self.required, &self.stop, &mut progress).await;
                let mut left = Vec::new();
                for (place, outcome) in open.into_iter().zip(&visit.outcomes) {
                    if visit.leaves_open(outcome) {
                        left.push(place);
                    }
                    outcomes[place] = outcome.clone();
                }
                open = left;
                (way.host, way.ip) = (Some(hop.host.clone()), Some(*ip));
                (way.tls, way.extensions) = (visit.tls, visit.extensions);
            }
        }
    }
}

impl Unroutable {
    fn nowhere() -> Self {
        Self {
            code: crate::status::ReplyCode::new(550).expect("550 is between 200 and 599"),
            status: EnhancedStatus::new(5, 1, 3),
            text: "postmaster without a domain is nobody elsewhere".into(),
        }
    }
}
