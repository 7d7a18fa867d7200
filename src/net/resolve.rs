//! DNS for real: hickory-resolver behind [`Resolve`].
//!
//! Names are always absolute, so that no search list turns `example` into `example.my.lan`; every
//! lookup has a deadline of its own, because a resolver's timeouts multiply with its servers and
//! attempts. NXDOMAIN and "no such records" are answers, everything else is a reason to ask later: a circle
//! of aliases too, since somebody will mend it. Knows nothing of mail routing.
//! RFC 1034 §3.6.2; RFC 2308 §2; RFC 7766.

mod authentic;

use super::trace::Trace;
use crate::error::{Error, Kind, Result};
use crate::message::safe::terminal;
use crate::wire::event::Happening;
use crate::world::{Answer, Later, LookupError, Record, RecordKind, Resolve};
use authentic::{Authentic, is_here, trusts_ad};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::rdata::CNAME;
use hickory_resolver::proto::rr::{Name, RData, Record as DnsRecord, RecordType};
use hickory_resolver::system_conf::read_system_conf;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// The end of a lookup: two attempts of five seconds at each of two servers fit, and no user waits longer.
const DEADLINE: Duration = Duration::from_secs(20);
/// One attempt at one server.
const ATTEMPT: Duration = Duration::from_secs(5);
/// Where the system's name servers are named.
const CONFIGURATION: &str = "/etc/resolv.conf";
/// As many aliases in a row are followed as common resolvers follow.
const ALIASES_MAX: usize = 16;

/// Names that no name server is asked about, with all below them.
const SPECIAL: [&str; 3] = ["localhost", "invalid", "onion"];

/// Asks real name servers, over UDP, and over TCP when the answer is cut short.
pub struct SystemResolver {
    inner: TokioResolver,
    servers: Vec<NameServerConfig>,
    authentic: Option<Authentic>,
    /// Whether the administrator trusts the way to all of the servers.
    trusts_all: bool,
    deadline: Duration,
    trace: Option<Trace>,
}

impl SystemResolver {
    /// Asks the servers that the machine is configured for (`/etc/resolv.conf`, `/etc/hosts`).
    pub fn from_system() -> Result<Self> {
        let (config, options) = read_system_conf().map_err(|error| {
            Error::new(Kind::Config, "cannot read the system's resolver configuration").caused_by(error)
        })?;
        let trusts_all = std::fs::read_to_string(CONFIGURATION).is_ok_and(|text| trusts_ad(&text));
        Ok(Self { trusts_all, ..Self::build(config, options)? })
    }

    /// Asks this server only.
    pub fn at(server: SocketAddr) -> Result<Self> {
        let mut config = NameServerConfig::udp_and_tcp(server.ip());
        for connection in &mut config.connections {
            connection.port = server.port();
        }
        let mut options = ResolverOpts::default();
        options.timeout = ATTEMPT;
        options.attempts = 2;
        options.use_hosts_file = ResolveHosts::Never;
        Self::build(ResolverConfig::from_name_servers(vec![config]), options)
    }

    fn build(config: ResolverConfig, options: ResolverOpts) -> Result<Self> {
        let servers = config.name_servers().to_vec();
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        *builder.options_mut() = options;
        let built = builder.build();
        let inner = built.map_err(|error| Error::new(Kind::Config, "set up the resolver").caused_by(error))?;
        Ok(Self { inner, servers, authentic: None, trusts_all: false, deadline: DEADLINE, trace: None })
    }

    /// Whether what the servers say of DNSSEC counts: they are on this machine, or the administrator says so.
    pub fn is_trusted(&self) -> bool {
        self.trusts_all || self.servers.iter().all(|server| is_here(server.ip))
    }

    /// The same, which asks with each question whether the answer is authentic.
    pub fn authentic(self) -> Result<Self> {
        let authentic = Authentic::new(&self.servers, self.inner.options(), self.trusts_all)?;
        Ok(Self { authentic: Some(authentic), ..self })
    }

    /// Writes each question down with its answer.
    pub fn traced(self, trace: Option<Trace>) -> Self {
        Self { trace, ..self }
    }

    async fn ask(&self, name: &str, kind: RecordKind) -> Result<Answer, LookupError> {
        // What does not fit a query exists nowhere in DNS: over-long labels and names, empty labels.
        let mut absolute = Name::from_ascii(name).map_err(|_| LookupError::NoSuchName)?;
        absolute.set_fqdn(true);
        if let Some(authentic) = self.authentic.as_ref().filter(|_| !is_special(&absolute)) {
            return authentic.ask(&absolute, kind).await;
        }
        let records = match self.inner.lookup(absolute.clone(), record_type(kind)).await {
            Ok(found) => found.answers().to_vec(),
            Err(error) => {
                // hickory stops behind a few aliases and calls that "no records". Whether it stopped, one more tells.
                if let Some(end) = end_of_aliases(&error, &absolute)
                    && self.inner.lookup(end, RecordType::CNAME).await.is_ok()
                {
                    return Err(too_many_aliases());
                }
                return Err(why_not(&error));
            }
        };
        // What hickory remembers of an alias's target comes back without the alias, or with somebody else's.
        let is_asked = |record: &&DnsRecord| record.record_type() == record_type(kind);
        let begins_elsewhere = records.iter().find(is_asked).filter(|_| records.iter().all(|r| r.name != absolute));
        let alias = begins_elsewhere.map(|record| RData::CNAME(CNAME(record.name.clone())));
        let asked = host(&absolute);
        let mut records: Vec<_> = records.iter().map(|record| (host(&record.name), record.ttl, &record.data)).collect();
        records.extend(alias.iter().map(|alias| (asked.clone(), u32::MAX, alias)));
        // What an answer says about names that nobody asked for does not count.
        follow(asked, kind, |name| {
            let name = name.to_owned();
            Ok(records.iter().filter(move |(owner, _, _)| *owner == name).map(|(_, ttl, data)| (*ttl, *data)))
        })
    }

    fn note(&self, name: &str, kind: RecordKind, answer: &Result<Answer, LookupError>, took: Duration) {
        let Some(trace) = &self.trace else { return };
        let said = match answer {
            Ok(answer) => {
                let aliases = answer.aliases.iter().map(|alias| format!("alias of {alias}"));
                aliases.chain(answer.records.iter().map(shown)).collect()
            }
            Err(why) => vec![why.to_string()],
        };
        let what = Happening::Dns {
            record: record_type(kind).to_string(),
            name: terminal(name).into_owned(),
            answer: said.iter().map(|said| terminal(said).into_owned()).collect(),
            authentic: answer.as_ref().is_ok_and(|answer| answer.is_authentic),
            server: None,
        };
        trace.happened(what, Some(took), !matches!(answer, Err(LookupError::Temporary(_))));
    }
}

impl Resolve for SystemResolver {
    fn lookup<'a>(&'a self, name: &'a str, kind: RecordKind) -> Later<'a, Result<Answer, LookupError>> {
        Box::pin(async move {
            let late = |_| Err(LookupError::Temporary("the name server did not answer in time".into()));
            let begun = Instant::now();
            let answer = tokio::time::timeout(self.deadline, self.ask(name, kind)).await.unwrap_or_else(late);
            self.note(name, kind, &answer, begun.elapsed());
            answer
        })
    }

    fn unauthentic(&self) -> Later<'_, Option<String>> {
        Box::pin(async move {
            let Some(authentic) = &self.authentic else { return Some("nobody asked whether they are".to_owned()) };
            let late = |_| Some("the name server did not answer in time".to_owned());
            tokio::time::timeout(self.deadline, authentic.obstacle()).await.unwrap_or_else(late)
        })
    }
}

/// Whether hickory knows by itself what there is to say of a name, so that no server may say anything else, or learn
/// who was meant (RFC 6761 §6.3, §6.4; RFC 7686 §2).
fn is_special(name: &Name) -> bool {
    name.iter()
        .next_back()
        .is_some_and(|top| SPECIAL.iter().any(|special| top.eq_ignore_ascii_case(special.as_bytes())))
}

/// The record's type as DNS numbers it.
fn record_type(kind: RecordKind) -> RecordType {
    match kind {
        RecordKind::Mx => RecordType::MX,
        RecordKind::A => RecordType::A,
        RecordKind::Aaaa => RecordType::AAAA,
        RecordKind::Srv => RecordType::SRV,
        RecordKind::Txt => RecordType::TXT,
        RecordKind::Tlsa => RecordType::TLSA,
        RecordKind::Ptr => RecordType::PTR,
    }
}

/// A record's data as zone files write it.
fn shown(record: &Record) -> String {
    match record {
        Record::Mx { preference, exchange } => format!("{preference} {exchange}"),
        Record::A(ip) => ip.to_string(),
        Record::Aaaa(ip) => ip.to_string(),
        Record::Srv { priority, weight, port, target } => format!("{priority} {weight} {port} {target}"),
        Record::Txt(text) => format!("\"{}\"", text.escape_ascii()),
        Record::Tlsa { usage, selector, matching, data } => {
            let digits: String = data.iter().map(|octet| format!("{octet:02x}")).collect();
            format!("{usage} {selector} {matching} {digits}")
        }
        Record::Ptr(name) => name.clone(),
    }
}

/// The records of a kind that a name has, or that the names have it is an alias of; `at` says what is at a name.
pub(super) fn follow<'r, I: Iterator<Item = (u32, &'r RData)>>(
    mut name: String,
    kind: RecordKind,
    at: impl Fn(&str) -> Result<I, LookupError>,
) -> Result<Answer, LookupError> {
    let mut answer = Answer { ttl: u32::MAX, ..Answer::default() };
    loop {
        let mut alias = None;
        for (ttl, data) in at(&name)? {
            if let RData::CNAME(target) = data {
                alias = alias.or(Some((ttl, host(target))));
            } else if let Some(record) = to_record(data, kind) {
                answer.records.push(record);
                answer.ttl = answer.ttl.min(ttl);
            }
        }
        if !answer.records.is_empty() {
            return Ok(answer);
        }
        let (ttl, target) = alias.ok_or(LookupError::NoRecords)?;
        if answer.aliases.len() == ALIASES_MAX {
            return Err(too_many_aliases());
        }
        answer.ttl = answer.ttl.min(ttl);
        answer.aliases.push(target.clone());
        name = target;
    }
}

fn too_many_aliases() -> LookupError {
    LookupError::Temporary("too many aliases in a row".into())
}

/// Our record for theirs, if it is one of those asked for.
fn to_record(data: &RData, kind: RecordKind) -> Option<Record> {
    match (data, kind) {
        (RData::MX(mx), RecordKind::Mx) => Some(Record::Mx { preference: mx.preference, exchange: host(&mx.exchange) }),
        (RData::A(ip), RecordKind::A) => Some(Record::A(ip.0)),
        (RData::AAAA(ip), RecordKind::Aaaa) => Some(Record::Aaaa(ip.0)),
        (RData::SRV(srv), RecordKind::Srv) => {
            Some(Record::Srv { priority: srv.priority, weight: srv.weight, port: srv.port, target: host(&srv.target) })
        }
        (RData::TXT(txt), RecordKind::Txt) => Some(Record::Txt(txt.txt_data.concat())),
        (RData::PTR(name), RecordKind::Ptr) => Some(Record::Ptr(host(name))),
        (RData::TLSA(tlsa), RecordKind::Tlsa) => Some(Record::Tlsa {
            usage: tlsa.cert_usage.into(),
            selector: tlsa.selector.into(),
            matching: tlsa.matching.into(),
            data: tlsa.cert_data.clone(),
        }),
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

/// The name at which a search through aliases ended without records. None if the name that was asked for has none:
/// then the answer came with an SOA (RFC 2308 §2.2).
fn end_of_aliases(error: &NetError, asked: &Name) -> Option<Name> {
    let NetError::Dns(DnsError::NoRecordsFound(nothing)) = error else { return None };
    let is_sure = nothing.soa.is_some() && nothing.query.name() == asked;
    (nothing.response_code == ResponseCode::NoError && !is_sure).then(|| nothing.query.name().clone())
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
pub(super) mod tests {
    use super::*;
    use crate::wire::event::Column;
    use hickory_proto::op::{Message, OpCode};
    use hickory_proto::serialize::txt::Parser;
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

    /// For each name that may be asked for, the answer in zone text.
    pub(super) type Zone = &'static [(&'static str, &'static str)];

    /// A name server on loopback. It vouches for what it says of the names in `signed`, to those who ask for that.
    pub(super) async fn name_server(answers: Zone, signed: &'static [&'static str]) -> SocketAddr {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        let address = socket.local_addr().expect("its address");
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let question = Message::from_vec(&buffer[..length]).expect("a question");
                let query = question.queries.first().expect("a query");
                let name = host(query.name());
                let name = name.trim_end_matches('.');
                let answer = answers.iter().find(|(known, _)| name == *known).map_or("", |answer| answer.1);
                let text = format!("$TTL 60\n{answer}\n");
                let (_, sets) = Parser::new(text, None, Some(Name::root())).parse().expect("zone text");
                let mut reply = Message::response(question.metadata.id, OpCode::Query);
                reply.metadata.authentic_data = question.metadata.authentic_data && signed.contains(&name);
                reply.add_query(query.clone());
                reply.add_answers(sets.values().flat_map(|set| set.records_without_rrsigs()).cloned());
                socket.send_to(&reply.to_vec().expect("octets"), from).await.expect("a reply");
            }
        });
        address
    }

    #[tokio::test]
    async fn aliases_are_followed_to_the_name_that_was_meant_and_a_circle_may_be_mended() {
        let server = name_server(
            &[
                ("loopa.test", "loopa.test. CNAME loopb.test."),
                ("loopb.test", "loopb.test. CNAME loopa.test."),
                ("self.test", "self.test. CNAME self.test."),
                ("circle.test", "circle.test. CNAME round.test.\nround.test. CNAME circle.test."),
                ("dangling.test", "dangling.test. CNAME empty.test."),
                ("many.test", "many.test. MX 10 a.test."),
                ("half.test", "half.test. CNAME many.test."),
                ("other.test", "other.test. CNAME many.test."),
                ("whole.test", "whole.test. CNAME many.test.\nmany.test. MX 10 a.test."),
                ("foreign.test", "foreign.test. MX 10 a.test.\nevil.test. MX 5 b.test."),
            ],
            &[],
        );
        let resolver = SystemResolver::at(server.await).expect("a resolver");
        let mx = |aliases: &[&str]| Answer {
            records: vec![Record::Mx { preference: 10, exchange: "a.test".into() }],
            aliases: aliases.iter().map(ToString::to_string).collect(),
            ttl: 60,
            is_authentic: false,
        };
        for (name, wanted) in [
            ("loopa.test", Err(too_many_aliases())),
            ("self.test", Err(too_many_aliases())),
            ("circle.test", Err(too_many_aliases())),
            ("dangling.test", Err(LookupError::NoRecords)),
            ("empty.test", Err(LookupError::NoRecords)),
            ("half.test", Ok(mx(&["many.test"]))),
            ("many.test", Ok(mx(&[]))),
            ("other.test", Ok(mx(&["many.test"]))),
            ("whole.test", Ok(mx(&["many.test"]))),
            ("foreign.test", Ok(mx(&[]))),
        ] {
            assert_eq!(resolver.lookup(name, RecordKind::Mx).await, wanted, "{name}");
        }
    }

    #[derive(Clone, Default)]
    struct Page(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

    impl std::io::Write for Page {
        fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("a page").extend_from_slice(octets);
            Ok(octets.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_trace_has_each_question_with_its_answer() {
        let server = name_server(&[("alias.test", "alias.test. CNAME mx.test.\nmx.test. A 192.0.2.1")], &[]).await;
        let page = Page::default();
        let trace = Trace::new(Box::new(page.clone()));
        let resolver = SystemResolver::at(server).expect("a resolver").traced(Some(trace));
        for name in ["alias.test", "none.test", "a..\x1b"] {
            let _ = resolver.lookup(name, RecordKind::A).await;
        }
        let text = String::from_utf8(page.0.lock().expect("a page").clone()).expect("text");
        let lines: Vec<_> = text.lines().map(|line| Column::split(line).1).collect();
        let wanted = [
            "-- dns A alias.test: alias of mx.test, 192.0.2.1",
            "-- dns A none.test: no such records",
            "-- dns A a..\\x1b: no such domain",
        ];
        assert_eq!(lines, wanted);
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
