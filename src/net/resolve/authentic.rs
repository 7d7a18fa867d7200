//! Questions that DNSSEC has an answer to: whether what a name server says is authentic.
//!
//! The signatures are checked by the name server, which says by one bit (AD) whether they are good. That bit is as safe
//! as the way it comes: it is believed from a server on this machine, or where the administrator says so in
//! `/etc/resolv.conf` (`options trust-ad`), and from nobody else. Nothing is remembered from one question to the next;
//! the server does that. Checks no signature itself.
//! RFC 4035 §3.2.3, §4.9.3; RFC 6840 §5.7, §5.8; RFC 7671 §6.

use super::{ALIASES_MAX, follow, host, record_type, too_many_aliases, why_not};
use crate::error::{Error, Kind, Result};
use crate::world::{Answer, LookupError, RecordKind};
use futures_util::StreamExt;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle, RetryDnsHandle};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{DnsRequest, DnsRequestOptions, DnsResponse, Edns, Message, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, Record, RecordType};
use hickory_resolver::{Hosts, NameServerPool, PoolContext, TlsConfig};
use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Asks whether answers are authentic.
pub(super) struct Authentic {
    pool: RetryDnsHandle<NameServerPool<TokioRuntimeProvider>>,
    /// The administrator's own words about hosts, which nobody signs.
    hosts: Option<Hosts>,
    /// A server whose word does not count, if there is one.
    untrusted: Option<String>,
}

impl Authentic {
    /// Asks these servers. `trusts_all` says that the administrator trusts the way to each of them.
    pub(super) fn new(servers: &[NameServerConfig], options: &ResolverOpts, trusts_all: bool) -> Result<Self> {
        let failed = |error| Error::new(Kind::Config, "set up the resolver").caused_by(error);
        let context = PoolContext::new(options.clone(), TlsConfig::new().map_err(failed)?);
        let hosts = match options.use_hosts_file {
            ResolveHosts::Never => None,
            _ => Hosts::from_system().ok(),
        };
        let untrusted = servers.iter().find(|server| !trusts_all && !is_here(server.ip));
        let runtime = TokioRuntimeProvider::default();
        let pool = NameServerPool::from_config(servers.iter().cloned(), Arc::new(context), runtime);
        Ok(Self {
            pool: RetryDnsHandle::new(pool, options.attempts),
            hosts,
            untrusted: untrusted.map(|server| server.ip.to_string()),
        })
    }

    /// The records of a kind that a name has, or what it is an alias of has; authentic if every answer on the way was.
    pub(super) async fn ask(&self, name: &Name, kind: RecordKind) -> Result<Answer, LookupError> {
        let mut found = Answer { is_authentic: true, ..Answer::default() };
        let mut name = name.clone();
        for _ in 0..=ALIASES_MAX {
            let (records, is_authentic) = self.question(&name, record_type(kind)).await?;
            found.is_authentic &= is_authentic;
            let visited = RefCell::new(Vec::new());
            let records: Vec<_> = records.iter().map(|record| (host(&record.name), record.ttl, &record.data)).collect();
            let here = follow(host(&name), kind, |name| {
                visited.borrow_mut().push(name.to_owned());
                let name = name.to_owned();
                Ok(records.iter().filter(move |(owner, _, _)| *owner == name).map(|(_, ttl, data)| (*ttl, *data)))
            });
            // A server that resolves for us tells all there is; one that does not stops at the end of its own zones.
            let end = visited.borrow_mut().split_off(1);
            found.aliases.extend(end.iter().cloned());
            match (here, end.last()) {
                (Ok(here), _) => return Ok(Answer { records: here.records, ttl: here.ttl, ..found }),
                (Err(LookupError::NoRecords), Some(target)) => {
                    name = Name::from_ascii(target).map_err(|_| LookupError::NoSuchName)?;
                    name.set_fqdn(true);
                }
                (Err(why), _) => return Err(why),
            }
        }
        Err(too_many_aliases())
    }

    /// Why no answer is ever authentic: the server is not to be trusted, or does not look.
    pub(super) async fn obstacle(&self) -> Option<String> {
        if let Some(server) = &self.untrusted {
            return Some(format!(
                "the name server {server} is not on this machine, and what it says of DNSSEC could be anybody's"
            ));
        }
        // The root is signed: a server that checks signatures knows it for authentic, or cannot reach it.
        match self.question(&Name::root(), RecordType::NS).await {
            Ok((_, true)) => None,
            _ => Some("the name server does not check DNSSEC".to_owned()),
        }
    }

    async fn question(&self, name: &Name, kind: RecordType) -> Result<(Vec<Record>, bool), LookupError> {
        let query = Query::query(name.clone(), kind);
        if let Some(known) = self.hosts.as_ref().and_then(|hosts| hosts.lookup_static_host(&query)) {
            return Ok((known.answers().to_vec(), false));
        }
        let mut answer = self.send(query.clone(), true).await;
        // RFC 6891 §7: an old server chokes on the extension, and answers the same question without it.
        if let Err(error) = &answer
            && matches!(response_code(error), Some(ResponseCode::FormErr | ResponseCode::NotImp))
        {
            answer = self.send(query, false).await;
        }
        let answer = answer.map_err(|error| why_not(&error))?;
        let is_authentic = answer.metadata.authentic_data && self.untrusted.is_none();
        Ok((answer.answers.clone(), is_authentic))
    }

    async fn send(&self, query: Query, is_extended: bool) -> Result<DnsResponse, NetError> {
        let mut message = Message::query();
        message.add_query(query);
        message.metadata.recursion_desired = true;
        // RFC 6840 §5.7 lets AD ask for AD; some servers wait for DO.
        message.metadata.authentic_data = true;
        let options = DnsRequestOptions::default();
        if is_extended {
            let mut extension = Edns::new();
            extension.set_max_payload(options.edns_payload_len).set_dnssec_ok(true);
            message.set_edns(extension);
        }
        self.pool.send(DnsRequest::new(message, options)).next().await.unwrap_or_else(|| Err("no answer".into()))
    }
}

/// What a server answered in place of records.
fn response_code(error: &NetError) -> Option<ResponseCode> {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(nothing)) => Some(nothing.response_code),
        NetError::Dns(DnsError::ResponseCode(code)) => Some(*code),
        _ => None,
    }
}

/// Docker's name server. It stands on loopback in every container, and passes on the word of servers elsewhere, with AD.
const DOCKER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 11);

/// Whether a name server is on this machine, and so speaks for itself.
pub(super) fn is_here(server: IpAddr) -> bool {
    let server = server.to_canonical();
    server.is_loopback() && server != DOCKER
}

/// Whether the administrator trusts the way to the name servers, as `resolv.conf` says.
pub(super) fn trusts_ad(configuration: &str) -> bool {
    let is_said = |line: &str| {
        let mut words = line.split_whitespace();
        words.next() == Some("options") && words.any(|word| word == "trust-ad")
    };
    configuration.lines().any(is_said)
}

#[cfg(test)]
mod tests {
    use super::super::SystemResolver;
    use super::super::tests::{Zone, name_server};
    use super::*;
    use crate::world::{Record as Known, Resolve};

    const ZONES: Zone = &[
        ("signed.test", "signed.test. MX 10 mx.signed.test."),
        ("plain.test", "plain.test. MX 10 mx.signed.test."),
        ("whole.test", "whole.test. CNAME signed.test.\nsigned.test. MX 10 mx.signed.test."),
        ("half.test", "half.test. CNAME signed.test."),
        ("mixed.test", "mixed.test. CNAME plain.test."),
        ("dangling.test", "dangling.test. CNAME empty.test."),
        ("circle.test", "circle.test. CNAME round.test."),
        ("round.test", "round.test. CNAME circle.test."),
        ("_25._tcp.signed.test", "_25._tcp.signed.test. TLSA 3 1 1 00ff"),
    ];
    const SIGNED: &[&str] = &["signed.test", "whole.test", "half.test", "mixed.test", "_25._tcp.signed.test"];

    #[tokio::test]
    async fn an_answer_is_authentic_if_the_server_says_so_of_all_of_it() {
        let server = name_server(ZONES, SIGNED).await;
        let resolver = SystemResolver::at(server).and_then(SystemResolver::authentic).expect("a resolver");
        for (name, wanted) in [
            ("signed.test", Ok((true, vec![]))),
            ("plain.test", Ok((false, vec![]))),
            ("whole.test", Ok((true, vec!["signed.test".to_owned()]))),
            ("half.test", Ok((true, vec!["signed.test".to_owned()]))),
            ("mixed.test", Ok((false, vec!["plain.test".to_owned()]))),
            ("dangling.test", Err(LookupError::NoRecords)),
            ("nothing.test", Err(LookupError::NoRecords)),
            ("circle.test", Err(too_many_aliases())),
            ("a..b", Err(LookupError::NoSuchName)),
        ] {
            let answer = resolver.lookup(name, RecordKind::Mx).await;
            assert_eq!(answer.map(|answer| (answer.is_authentic, answer.aliases)), wanted, "{name}");
        }
        let tlsa = resolver.lookup("_25._tcp.signed.test", RecordKind::Tlsa).await.expect("records");
        assert_eq!(tlsa.records, [Known::Tlsa { usage: 3, selector: 1, matching: 1, data: vec![0, 255] }]);
        // Who does not ask is not told.
        let usual = SystemResolver::at(server).expect("a resolver").lookup("signed.test", RecordKind::Mx).await;
        assert!(!usual.expect("records").is_authentic);
    }

    #[tokio::test]
    async fn nobody_is_asked_about_names_that_are_nobodys() {
        // It would lead all of them elsewhere.
        let server = old_server(1).await;
        let resolver = SystemResolver::at(server).and_then(SystemResolver::authentic).expect("a resolver");
        for (name, wanted) in [
            ("localhost", Err(LookupError::NoRecords)),
            ("mx.LocalHost", Err(LookupError::NoRecords)),
            ("x.invalid", Err(LookupError::NoSuchName)),
            ("x.onion", Err(LookupError::NoSuchName)),
            ("onion.test", Ok(true)),
        ] {
            let answer = resolver.lookup(name, RecordKind::Mx).await;
            assert_eq!(answer.map(|answer| answer.is_authentic), wanted, "{name}");
        }
        let own = resolver.lookup("localhost", RecordKind::A).await.expect("it has an address");
        assert_eq!((own.records, own.is_authentic), (vec![Known::A([127, 0, 0, 1].into())], false));
    }

    /// A name server that answers with this code whoever asks with the extension, and else with a record.
    async fn old_server(refusal: u8) -> std::net::SocketAddr {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        let address = socket.local_addr().expect("its address");
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let question = Message::from_vec(&buffer[..length]).expect("a question");
                let query = question.queries.first().expect("a query").clone();
                let mut reply = Message::response(question.metadata.id, hickory_proto::op::OpCode::Query);
                match question.edns {
                    Some(_) => reply.metadata.response_code = ResponseCode::from(0, refusal),
                    None => {
                        let mx = hickory_proto::rr::rdata::MX::new(10, Name::from_ascii("mx.test.").expect("a name"));
                        let data = hickory_proto::rr::RData::MX(mx);
                        reply.add_answer(Record::from_rdata(query.name().clone(), 60, data));
                        reply.metadata.authentic_data = question.metadata.authentic_data;
                    }
                }
                reply.add_query(query);
                socket.send_to(&reply.to_vec().expect("octets"), from).await.expect("a reply");
            }
        });
        address
    }

    #[tokio::test]
    async fn a_server_without_the_extension_is_asked_without_it() {
        // FORMERR and NOTIMP; what SERVFAIL means is another matter.
        for (refusal, wanted) in [(1, Some(true)), (4, Some(true)), (2, None)] {
            let server = old_server(refusal).await;
            let resolver = SystemResolver::at(server).and_then(SystemResolver::authentic).expect("a resolver");
            let answer = resolver.lookup("x.test", RecordKind::Mx).await;
            assert_eq!(answer.ok().map(|answer| answer.is_authentic), wanted, "{refusal}");
        }
    }

    #[tokio::test]
    async fn a_server_elsewhere_or_one_that_does_not_check_is_named_as_the_obstacle() {
        let checks = name_server(&[("", ". NS a.root.")], &[""]).await;
        let lax = name_server(&[("", ". NS a.root.")], &[]).await;
        for (server, trusts_all, wanted) in [
            (checks, false, None),
            (checks, true, None),
            (lax, false, Some("does not check DNSSEC")),
            (([192, 0, 2, 53], 53).into(), false, Some("192.0.2.53 is not on this machine")),
            (([127, 0, 0, 11], 53).into(), false, Some("127.0.0.11 is not on this machine")),
        ] {
            let mut config = NameServerConfig::udp_and_tcp(server.ip());
            config.connections.iter_mut().for_each(|connection| connection.port = server.port());
            let mut options = ResolverOpts::default();
            options.use_hosts_file = ResolveHosts::Never;
            let authentic = Authentic::new(&[config], &options, trusts_all).expect("servers");
            let obstacle = authentic.obstacle().await;
            let is_right = match (&obstacle, wanted) {
                (Some(obstacle), Some(wanted)) => obstacle.contains(wanted),
                (obstacle, wanted) => obstacle.is_none() && wanted.is_none(),
            };
            assert!(is_right, "{server}: {obstacle:?}");
        }
    }

    #[test]
    fn only_who_speaks_for_itself_is_here() {
        for (ip, wanted) in [
            ("127.0.0.1", true),
            ("127.0.0.53", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("127.0.0.11", false),
            ("::ffff:127.0.0.11", false),
            ("192.0.2.53", false),
        ] {
            assert_eq!(is_here(ip.parse().expect(ip)), wanted, "{ip}");
        }
    }

    #[test]
    fn trust_is_what_the_administrator_wrote_and_no_comment() {
        for (text, wanted) in [
            ("nameserver 192.0.2.1\noptions trust-ad\n", true),
            ("options edns0 trust-ad", true),
            ("options edns0\noptions\ttrust-ad timeout:1", true),
            ("", false),
            ("options edns0", false),
            ("# options trust-ad", false),
            ("search trust-ad", false),
        ] {
            assert_eq!(trusts_ad(text), wanted, "{text}");
        }
    }
}
