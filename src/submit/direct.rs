//! Directly to the mail exchangers of each recipient's domain, without a server of one's own and without a queue.
//!
//! Recipients of one domain travel together: its exchangers are tried in the order that the route says, each with
//! all its addresses, until one of them has judged each recipient. Whoever nobody judged gets the failure that came
//! furthest, the last one of several.
//! RFC 5321 §5.1; RFC 7505.

use crate::address::Domain;
use crate::engine::chosen::{self, Earlier};
use crate::engine::courier::{SmtpCourier, answer};
use crate::engine::guarding::{Guarding, NoWay, without_dane};
use crate::engine::handover::Courier;
use crate::engine::route::{Route, Rules, Unroutable};
use crate::engine::smtp::{Cargo, Manner};
use crate::envelope::{Envelope, ForwardPath};
use crate::smtp::extension::Extensions;
use crate::smtp::outcome::{Outcome, Phase};
use crate::smtp::transaction::Facts;
use crate::status::EnhancedStatus;
use crate::wire::session::Tls;
use crate::world::{Content, Entropy, Obstacle, Resolve};
use futures_util::future::join;
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
    /// What the way to exchangers is held to.
    pub guarding: Guarding,
    /// The port of the exchangers.
    pub port: u16,
    /// From whom, to whom.
    pub envelope: &'a Envelope,
    /// The message, with CRLF line ends.
    pub content: &'a dyn Content,
    /// Whether its header section is UTF-8 beyond ASCII.
    pub needs_utf8: bool,
    /// How it is handed over.
    pub manner: Manner,
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
    /// What the sender may want to know of it.
    pub remarks: Vec<String>,
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
                let remarks = Vec::new();
                ways.push(Way { domain, recipients, host: None, ip: None, tls: None, extensions: None, remarks });
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
    // None while nobody has looked.
    let mut obstacle: Option<Option<Obstacle>> = None;
    for way in &mut ways {
        let route = tokio::select! {
            biased;
            () = direct.stop.cancelled() => break,
            route = direct.route(way.domain.as_ref(), &mut obstacle) => route,
        };
        match route {
            Ok(route) => direct.follow(&route, way, &mut outcomes, &mut progress).await,
            Err(why) => {
                let outcome = why.outcome();
                way.recipients.iter().for_each(|place| outcomes[*place] = outcome.clone());
            }
        }
    }
    // What may pass is worth a word, once: somebody may have swallowed what would have protected the message. A name server
    // that never lets anybody look at DNSSEC is nothing new to those who have it.
    if let Some(way) = ways.iter_mut().find(|way| way.host.is_some())
        && let Some(obstacle) = obstacle.flatten().filter(|obstacle| obstacle.may_pass)
    {
        way.remarks.push(without_dane(&obstacle));
    }
    Directed { recipients: paths.iter().cloned().zip(outcomes).collect(), ways }
}

impl Direct<'_> {
    /// The way to a domain. Beside the first one it is looked for what keeps DANE from protecting it: not behind the
    /// delivery, of which the sender would learn so much later.
    async fn route(&self, domain: Option<&Domain>, obstacle: &mut Option<Option<Obstacle>>) -> Result<Route, NoWay> {
        let Some(domain) = domain else { return Err(NoWay::Unroutable(Unroutable::nowhere())) };
        let mut random = [0; 8];
        self.entropy.fill(&mut random);
        let route = self.guarding.route(self.dns, domain, self.port, &self.rules, u64::from_le_bytes(random));
        if obstacle.is_some() || matches!(domain, Domain::Literal(_)) {
            return route.await;
        }
        let (route, found) = join(route, self.guarding.obstacle_to_dane(self.dns)).await;
        *obstacle = Some(found);
        route
    }

    /// Tries one address after the other, until nobody is left whom no host has judged.
    async fn follow(&self, route: &Route, way: &mut Way, outcomes: &mut [Outcome], mut progress: impl FnMut(u64)) {
        way.remarks.clone_from(&route.remarks);
        let mut open = way.recipients.clone();
        let mut earlier: Option<Earlier> = None;
        for hop in &route.hops {
            for ip in &hop.addresses {
                if open.is_empty() || self.stop.is_cancelled() {
                    return;
                }
                let recipients = open.iter().map(|place| self.envelope.recipients[*place].clone()).collect();
                let envelope = Envelope { recipients, ..self.envelope.clone() };
                let facts = Facts::new(self.content.size(), &envelope, self.needs_utf8);
                let cargo = Cargo { envelope: &envelope, content: self.content, facts, manner: self.manner };
                let address = SocketAddr::new(*ip, self.port);
                self.courier.decided(chosen::asked(hop, address, earlier.as_ref()));
                let visit = self.courier.visit(hop, address, &cargo, self.required, &self.stop, &mut progress).await;
                let mut left = Vec::new();
                let mut is_told = false;
                for (place, outcome) in open.into_iter().zip(&visit.outcomes) {
                    if visit.leaves_open(outcome) {
                        left.push(place);
                        let words = answer(outcome, &hop.host, true).words;
                        earlier = Some(Earlier { host: hop.host.clone(), address, words });
                    }
                    // A host that does not answer says nothing about what another one did with the message.
                    if outcome.phase >= outcomes[place].phase {
                        outcomes[place] = outcome.clone();
                        is_told = true;
                    }
                }
                open = left;
                if is_told {
                    (way.host, way.ip) = (Some(hop.host.clone()), Some(*ip));
                    (way.tls, way.extensions) = (visit.tls, visit.extensions);
                }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::TlsMode;
    use crate::engine::smtp::Dialect;
    use crate::envelope::ReversePath;
    use crate::error::Kind;
    use crate::net::entropy::SeededEntropy;
    use crate::net::tls::{ClientTls, Trust};
    use crate::net::trace::{Style, Trace};
    use crate::net::zone::Zone;
    use crate::wire::event::{self, Decision, Happening};
    use crate::world::{Answer as Found, Connect, Later, LookupError, RecordKind, Stream};
    use std::io;
    use std::sync::{Arc, Mutex};
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, duplex};

    const ZONE: &str = r#"
$ORIGIN test.
two MX 20 spare.two
two MX 10 main.two
main.two A 127.0.2.1
main.two A 127.0.2.2
spare.two A 127.0.2.3
implicit A 127.0.3.1
null MX 0 .
nothing TXT "no mail here"
"#;

    /// What each address says to whom; nobody listens at the others.
    struct Net {
        hosts: Vec<(&'static str, &'static str, &'static str)>,
        asked: Mutex<Vec<String>>,
    }

    impl Connect for Net {
        fn connect(&self, to: SocketAddr) -> Later<'_, io::Result<Box<dyn Stream>>> {
            let known = self.hosts.iter().find(|(ip, ..)| *ip == to.ip().to_string());
            self.asked.lock().unwrap().push(to.ip().to_string());
            let (near, far) = duplex(64 * 1024);
            let answer = match known {
                None => Err(io::ErrorKind::ConnectionRefused.into()),
                Some((_, verb, reply)) => {
                    tokio::spawn(serve(far, verb, reply));
                    Ok(Box::new(near) as Box<dyn Stream>)
                }
            };
            Box::pin(async { answer })
        }
    }

    /// A host that is content with everything but one verb, or its own greeting.
    async fn serve(far: tokio::io::DuplexStream, verb: &str, reply: &str) {
        let mut far = BufReader::new(far);
        let mut next = "GREETING".to_owned();
        let mut in_text = false;
        loop {
            let usual = match next.as_str() {
                "GREETING" => "220 mx",
                "DATA" => "354 go",
                "QUIT" => "221 bye",
                _ => "250 ok",
            };
            let said = if next == verb { reply } else { usual };
            if said.is_empty() || far.write_all(format!("{said}\r\n").as_bytes()).await.is_err() {
                return;
            }
            in_text |= said.starts_with("354");
            loop {
                let mut line = String::new();
                if far.read_line(&mut line).await.unwrap_or(0) == 0 {
                    return;
                }
                next = line.split([' ', '\r']).next().unwrap_or_default().to_owned();
                if !in_text || next == "." {
                    in_text = false;
                    break;
                }
            }
        }
    }

    /// How each recipient fared, as `phase kind`, and which addresses were asked.
    async fn run(
        hosts: &[(&'static str, &'static str, &'static str)],
        recipients: &[&str],
        required: &[String],
    ) -> (Vec<String>, Vec<String>) {
        traced(hosts, recipients, required, None).await
    }

    async fn traced(
        hosts: &[(&'static str, &'static str, &'static str)],
        recipients: &[&str],
        required: &[String],
        trace: Option<Trace>,
    ) -> (Vec<String>, Vec<String>) {
        let zone = Zone::parse(ZONE).expect("a zone");
        let (directed, asked) = directed(&zone, hosts, recipients, required, trace).await;
        let fared = directed.recipients.iter().map(|(_, outcome)| match outcome.kind() {
            None => outcome.phase.to_string(),
            Some(kind) => format!("{} {kind:?}", outcome.phase),
        });
        (fared.collect(), asked)
    }

    async fn directed(
        dns: &dyn Resolve,
        hosts: &[(&'static str, &'static str, &'static str)],
        recipients: &[&str],
        required: &[String],
        trace: Option<Trace>,
    ) -> (Directed, Vec<String>) {
        let net = Arc::new(Net { hosts: hosts.to_vec(), asked: Mutex::default() });
        let paths = recipients.iter().map(|path| ForwardPath::parse(&format!("<{path}>")).expect(path)).collect();
        let envelope = Envelope::new(ReversePath::Null, paths);
        let content = b"Subject: x\r\n\r\n".to_vec();
        let direct = Direct {
            courier: SmtpCourier {
                connect: net.clone(),
                helo: Domain::parse("crepes.example").expect("a name"),
                tls: ClientTls::new(&Trust::Anyone).expect("it trusts anyone"),
                mode: TlsMode::Opportunistic,
                authorities: Trust::Anyone.into(),
                credentials: None,
                dialect: Dialect::Smtp,
                trace,
            },
            dns,
            entropy: &SeededEntropy::new(7),
            rules: Rules { private_addresses: true, ..Rules::default() },
            guarding: Guarding::default(),
            port: 25,
            envelope: &envelope,
            content: &content,
            needs_utf8: false,
            manner: Manner::default(),
            required,
            stop: CancellationToken::new(),
        };
        let directed = send(&direct, |_| {}).await;
        assert_eq!(
            directed.recipients.iter().map(|(path, _)| path).collect::<Vec<_>>(),
            envelope.recipients.iter().collect::<Vec<_>>()
        );
        let asked = net.asked.lock().unwrap().clone();
        (directed, asked)
    }

    #[tokio::test]
    async fn a_trace_says_why_an_exchanger_was_asked() {
        let (mut far, near) = std::io::pipe().expect("a pipe");
        let trace = Trace::styled(Box::new(near), Style { json: true, ..Style::default() });
        let hosts = [("127.0.2.1", "GREETING", "421 busy"), ("127.0.2.3", "", "")];
        traced(&hosts, &["bob@two.test"], &[], Some(trace)).await;
        let mut text = String::new();
        io::Read::read_to_string(&mut far, &mut text).expect("a trace");
        let decided = event::parse(&text).expect("a trace").into_iter().filter_map(|event| match event.event {
            Some(Happening::Decision(Decision {
                exchanger: Some(host), address: Some(at), why: Some(why), ..
            })) => Some(format!("{host} {at}: {why}")),
            _ => None,
        });
        let wanted = [
            "main.two.test 127.0.2.1:25: preference 10, which comes first",
            "main.two.test 127.0.2.2:25: preference 10, after main.two.test at 127.0.2.1:25: 421 busy",
            "spare.two.test 127.0.2.3:25: preference 20, after main.two.test at 127.0.2.2:25: cannot connect",
        ];
        let decided: Vec<String> = decided.collect();
        assert_eq!(decided.len(), 3, "{text}");
        decided.iter().zip(wanted).for_each(|(told, wanted)| assert!(told.starts_with(wanted), "{told}"));
    }

    #[tokio::test]
    async fn that_dane_is_off_for_now_is_told_of_the_first_domain_that_was_reached() {
        /// A zone for which nobody can vouch, perhaps only now.
        struct Unchecked(Zone, bool);
        impl Resolve for Unchecked {
            fn lookup<'a>(&'a self, name: &'a str, kind: RecordKind) -> Later<'a, Result<Found, LookupError>> {
                self.0.lookup(name, kind)
            }

            fn unauthentic(&self) -> Later<'_, Option<Obstacle>> {
                let obstacle = Obstacle { why: "silence".into(), may_pass: self.1 };
                Box::pin(std::future::ready(Some(obstacle)))
            }
        }
        let hosts = [("127.0.2.1", "", ""), ("127.0.3.1", "", ""), ("127.0.4.1", "", "")];
        for (recipients, may_pass, wanted) in [
            (&["a@gone.test", "b@two.test", "c@implicit.test"][..], true, &[0, 1, 0][..]),
            (&["b@two.test", "c@implicit.test"], false, &[0, 0]),
            (&["e@[127.0.4.1]"], true, &[0]),
        ] {
            let dns = Unchecked(Zone::parse(ZONE).expect("a zone"), may_pass);
            let (directed, _) = directed(&dns, &hosts, recipients, &[], None).await;
            let told = directed.ways.iter().map(|way| way.remarks.iter().filter(|text| text.contains("DANE")).count());
            assert_eq!(told.collect::<Vec<_>>(), wanted, "{recipients:?}");
        }
    }

    #[tokio::test]
    async fn exchangers_are_tried_in_order_until_one_judges() {
        let all = ["127.0.2.1", "127.0.2.2", "127.0.2.3"];
        let fine = |ip| (ip, "", "");
        for (hosts, fared, asked) in [
            (vec![fine("127.0.2.1")], "dot", 1),
            // Nobody there, at the first address or at both.
            (vec![fine("127.0.2.2")], "dot", 2),
            (vec![fine("127.0.2.3")], "dot", 3),
            (vec![], "connect Temporary", 3),
            // A host that will not talk, for now or for good, judges nobody.
            (vec![("127.0.2.1", "GREETING", "421 busy"), fine("127.0.2.2")], "dot", 2),
            (vec![("127.0.2.1", "GREETING", "554 no"), fine("127.0.2.3")], "dot", 3),
            (vec![("127.0.2.1", "EHLO", ""), fine("127.0.2.2")], "dot", 2),
            // One that does judge is not asked twice, and neither is anybody else.
            (vec![("127.0.2.1", "RCPT", "550 5.1.1 no"), fine("127.0.2.2")], "rcpt NoUser", 1),
            (vec![("127.0.2.1", "RCPT", "450 later"), fine("127.0.2.2")], "rcpt Temporary", 1),
            (vec![("127.0.2.1", "MAIL", "550 5.7.1 no"), fine("127.0.2.2")], "mail NoPermission", 1),
            (vec![("127.0.2.1", "DATA", ""), fine("127.0.2.2")], "dot", 2),
            // It may have the message.
            (vec![("127.0.2.1", ".", ""), fine("127.0.2.2")], "dot Protocol", 1),
        ] {
            let (outcomes, tried) = run(&hosts, &["bob@two.test"], &[]).await;
            assert_eq!(
                (outcomes, tried),
                (vec![fared.to_owned()], all[..asked].to_vec().iter().map(ToString::to_string).collect()),
                "{hosts:?}"
            );
        }
    }

    #[tokio::test]
    async fn each_domain_has_a_way_and_an_outcome_of_its_own() {
        let hosts = [("127.0.2.1", "", ""), ("127.0.3.1", "RCPT", "550 5.1.1 no"), ("127.0.4.1", "", "")];
        let recipients = [
            "a@two.test",
            "b@null.test",
            "c@implicit.test",
            "d@TWO.test",
            "e@[127.0.4.1]",
            "f@gone.test",
            "g@nothing.test",
            "postmaster",
        ];
        let (fared, asked) = run(&hosts, &recipients, &[]).await;
        assert_eq!(
            fared,
            [
                "dot",
                "connect NoHost",
                "rcpt NoUser",
                "dot",
                "dot",
                "connect NoHost",
                "connect NoHost",
                "connect NoUser"
            ]
        );
        assert_eq!(asked, ["127.0.2.1", "127.0.3.1", "127.0.4.1"]);
    }

    #[tokio::test]
    async fn an_exchanger_without_what_is_required_gets_nothing() {
        let (fared, asked) = run(&[("127.0.3.1", "", "")], &["c@implicit.test"], &["dsn".to_owned()]).await;
        assert_eq!((fared, asked), (vec![format!("ehlo {:?}", Kind::Unavailable)], vec!["127.0.3.1".to_owned()]));
    }
}
