//! DNS for real: hickory-resolver behind [`Resolve`].
//!
//! Names are always absolute, so that no search list turns `example` into `example.my.lan`; every
//! lookup has a deadline of its own, because a resolver's timeouts multiply with its servers and
//! attempts. NXDOMAIN and "no such records" are answers, everything else is a reason to ask later.
//! Knows nothing of mail routing.
//! RFC 1034 §3.6.2; RFC 2308 §2; RFC 7766.

use crate::error::{Error, Kind, Result};
use crate::world::{Answer, Later, LookupError, Record, RecordKind, Resolve};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use std::net::SocketAddr;
use std::time::Duration;

/// The end of a lookup: two attempts of five seconds at each of two servers fit, and no user waits longer.
const DEADLINE: Duration = Duration::from_secs(20);
/// One attempt at one server.
const ATTEMPT: Duration = Duration::from_secs(5);

/// Asks real name servers, over UDP, and over TCP when the answer is cut short.
pub struct SystemResolver {
    inner: TokioResolver,
    deadline: Duration,
}

impl SystemResolver {
    /// Asks the servers that the machine is configured for (`/etc/resolv.conf`, `/etc/hosts`).
    pub fn from_system() -> Result<Self> {
        let builder = TokioResolver::builder_tokio().map_err(|error| {
            Error::new(Kind::Config, "read the system's resolver configuration")
                .hint("name a server yourself, as in --resolver 192.0.2.53:53")
                .caused_by(error)
        })?;
        Self::build(builder.build())
    }

    /// Asks this server only.
    pub fn at(server: SocketAddr) -> Result<Self> {
        let mut config = NameServerConfig::udp_and_tcp(server.ip());
        for connection in &mut config.connections {
            connection.port = server.port();
        }
        let config = ResolverConfig::from_name_servers(vec![config]);
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        let options = builder.options_mut();
        options.timeout = ATTEMPT;
        options.attempts = 2;
        options.use_hosts_file = ResolveHosts::Never;
        Self::build(builder.build())
    }

    fn build(built: Result<TokioResolver, NetError>) -> Result<Self> {
        let inner = built.map_err(|error| Error::new(Kind::Config, "set up the resolver").caused_by(error))?;
        Ok(Self { inner, deadline: DEADLINE })
    }

    async fn ask(&self, name: &str, kind: RecordKind) -> Result<Answer, LookupError> {
        // What does not fit a query exists nowhere in DNS: over-long labels and names, empty labels.
        let mut absolute = Name::from_ascii(name).map_err(|_| LookupError::NoSuchName)?;
        absolute.set_fqdn(true);
        let found = tokio::time::timeout(self.deadline, self.inner.lookup(absolute, record_type(kind)))
            .await
            .map_err(|_| LookupError::Temporary("the name server did not answer in time".into()))?
            .map_err(|error| why_not(&error))?;
        let mut answer = Answer { ttl: u32::MAX, ..Answer::default() };
        for record in found.answers() {
            match &record.data {
                RData::CNAME(target) => answer.aliases.push(host(target)),
                data => match to_record(data, kind) {
                    Some(found) => answer.records.push(found),
                    None => continue,
                },
            }
            answer.ttl = answer.ttl.min(record.ttl);
        }
        if answer.records.is_empty() { Err(LookupError::NoRecords) } else { Ok(answer) }
    }
}

impl Resolve for SystemResolver {
    fn lookup<'a>(&'a self, name: &'a str, kind: RecordKind) -> Later<'a, Result<Answer, LookupError>> {
        Box::pin(self.ask(name, kind))
    }
}

/// The record's type as DNS numbers it.
fn record_type(kind: RecordKind) -> RecordType {
    match kind {
        RecordKind::Mx => RecordType::MX,
        RecordKind::A => RecordType::A,
        RecordKind::Aaaa => RecordType::AAAA,
    }
}

/// Our record for theirs, if it is one of those asked for.
pub(super) fn to_record(data: &RData, kind: RecordKind) -> Option<Record> {
    match (data, kind) {
        (RData::MX(mx), RecordKind::Mx) => Some(Record::Mx { preference: mx.preference, exchange: host(&mx.exchange) }),
        (RData::A(ip), RecordKind::A) => Some(Record::A(ip.0)),
        (RData::AAAA(ip), RecordKind::Aaaa) => Some(Record::Aaaa(ip.0)),
        _ => None,
    }
}

/// A name as text: lower case, no final dot (`.` for the root), odd octets escaped as in zone files.
pub(super) fn host(name: &Name) -> String {
    let text = name.to_ascii().to_lowercase();
    match text.strip_suffix('.') {
        // `\.` at the end is a dot within the last label.
        Some(rest) if !rest.is_empty() && !rest.ends_with('\\') => rest.to_owned(),
        _ => text,
    }
}

fn why_not(error: &NetError) -> LookupError {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(nothing)) => match nothing.response_code {
            ResponseCode::NXDomain => LookupError::NoSuchName,
            // RFC 2308 §2.2: name servers without an SOA are a referral: this server does not know.
            ResponseCode::NoError if nothing.soa.is_none() && nothing.ns.is_some() => {
                LookupError::Temporary("the name server refers to others; it does not resolve for us".into())
            }
            ResponseCode::NoError => LookupError::NoRecords,
            code => LookupError::Temporary(format!("the name server answered: {code}")),
        },
        NetError::Dns(DnsError::ResponseCode(code)) => {
            LookupError::Temporary(format!("the name server answered: {code}"))
        }
        NetError::Timeout => LookupError::Temporary("the name server did not answer in time".into()),
        error => LookupError::Temporary(format!("no answer from the name server: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;

    #[test]
    fn names_are_printed_without_their_final_dot() {
        for (name, wanted) in [(".", "."), ("MX1.Example.org.", "mx1.example.org"), ("a.b", "a.b"), ("x\\.", "x\\.")] {
            assert_eq!(host(&Name::from_str(name).expect(name)), wanted);
        }
    }

    #[tokio::test]
    async fn a_name_that_fits_no_query_does_not_exist() {
        // Nobody listens there, and nobody is asked.
        let resolver = SystemResolver::at(([127, 0, 0, 1], 9).into()).expect("a resolver");
        for name in ["a..b", &"x".repeat(64), &"abcdefg.".repeat(40)] {
            assert_eq!(resolver.lookup(name, RecordKind::Mx).await, Err(LookupError::NoSuchName), "{name}");
        }
    }

    #[tokio::test]
    async fn a_closed_port_is_a_reason_to_ask_later() {
        let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let address = silent.local_addr().expect("its address");
        let mut resolver = SystemResolver::at(address).expect("a resolver");
        resolver.deadline = Duration::from_millis(50);
        let answer = resolver.lookup("example.org", RecordKind::A).await;
        assert!(matches!(answer, Err(LookupError::Temporary(_))), "{answer:?}");
    }
}
