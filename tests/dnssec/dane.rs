//! RFC 7672, section by section: what a sender makes of signed zones, in tables of text.
//!
//! The way that the relay takes to a domain is asked for, from resolvers as it has them: one that checks the signatures
//! itself, and one that believes a name server which does. What `mx lookup` says of the same exchangers must be the same.
//!
//! In a table `+ ZONE` and `- ZONE` are zones that are signed and that are not; `! NAME TYPE unsigned` takes the
//! signatures, and the proofs, out of an answer, `! NAME TYPE failed` is a server that fails; all else is records, in which
//! `*32` and `+32` stand for so many octets. `? LEVEL DOMAIN[:PORT] = WAY` has one step for each exchanger, in their order:
//! `usual`, `encrypted`, or its records and, behind `as`, the names that its certificate may carry; `later:` and `never:`
//! begin a sentence.

use super::internet::{Internet, anchor};
use super::served::{Noon, answer, serve};
use super::sign::Key;
use super::zone::{Zone, name, record};
use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::CNAME;
use hickory_proto::rr::{RData, Record, RecordType};
use mailkit::address::Domain;
use mailkit::dns::dnssec::{Anchors, Found, Response, Security, Source, Validator};
use mailkit::engine::guarding::{Guarding, NoWay, without_dane};
use mailkit::engine::route::Rules;
use mailkit::net::resolve::{SystemResolver, Voucher};
use mailkit::policy::guard::{Guard, Refusal};
use mailkit::policy::level::Level;
use mailkit::probe::{Dnssec, Survey, TlsaState};
use mailkit::wire::association::{Association, Matching, Selector, Usage};
use mailkit::world::{Clock, Resolve};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A table.
struct Table {
    zones: Vec<(String, bool)>,
    records: Vec<String>,
    /// A name, a type, and what is done to the answer.
    wrongs: Vec<(String, RecordType, String)>,
    /// The number of a line, the question, and what must come out.
    questions: Vec<(usize, String, String)>,
}

impl Table {
    fn read(text: &str) -> Self {
        let mut table = Self { zones: Vec::new(), records: Vec::new(), wrongs: Vec::new(), questions: Vec::new() };
        for (index, line) in text.lines().enumerate() {
            match line.split_at_checked(2) {
                None | Some(("# ", _)) => {}
                Some(("+ ", zone)) => table.zones.push((zone.to_owned(), true)),
                Some(("- ", zone)) => table.zones.push((zone.to_owned(), false)),
                Some(("! ", wrong)) => {
                    let words: Vec<&str> = wrong.split(' ').collect();
                    let [name, kind, what] = words.as_slice() else { panic!("{line}") };
                    table.wrongs.push(((*name).to_owned(), kind.parse().expect(line), (*what).to_owned()));
                }
                Some(("? ", question)) => {
                    let (asked, wanted) = question.split_once(" = ").expect(line);
                    table.questions.push((index + 1, asked.to_owned(), wanted.to_owned()));
                }
                _ => table.records.push(spelled(line)),
            }
        }
        assert!(!table.questions.is_empty());
        table
    }

    fn internet(&self) -> Internet {
        let mut zones: Vec<Zone> = (3..)
            .zip(&self.zones)
            .map(|(seed, (apex, is_signed))| match is_signed {
                true => Zone::signed(&format!("{apex}."), seed),
                false => Zone::unsigned(&format!("{apex}.")),
            })
            .collect();
        for line in &self.records {
            let record = record(line);
            let zone = zones
                .iter_mut()
                .filter(|zone| zone.apex.zone_of(&record.name))
                .max_by_key(|zone| zone.apex.iter().len());
            zone.expect(line).records.push(record);
        }
        let mut internet = Internet::of(zones);
        for (name, kind, what) in &self.wrongs {
            let wrong = match what.as_str() {
                "failed" => |response: &mut Response| {
                    *response =
                        Response { rcode: ResponseCode::ServFail, answers: Vec::new(), authorities: Vec::new() };
                },
                "unsigned" => |response: &mut Response| {
                    response.answers.retain(|record| !is_proof(record));
                    response.authorities.retain(|record| !is_proof(record));
                },
                _ => panic!("{what} is nothing that is known"),
            };
            internet = internet.change(&format!("{name}."), *kind, wrong);
        }
        internet
    }
}

fn is_proof(record: &Record) -> bool {
    matches!(&record.data, RData::DNSSEC(DNSSECRData::RRSIG(_) | DNSSECRData::NSEC(_) | DNSSECRData::NSEC3(_)))
}

/// A record in which octets are written out.
fn spelled(line: &str) -> String {
    let word = |word: &str| match word.split_at_checked(1) {
        Some(("*", count)) => "aa".repeat(count.parse().expect(line)),
        Some(("+", count)) => "bb".repeat(count.parse().expect(line)),
        _ => word.to_owned(),
    };
    line.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// A name server that checks signatures, says so by AD, and keeps to itself what is bogus.
fn checking(internet: Internet) -> SocketAddr {
    let validator = Validator::new(internet.anchors());
    answer("127.0.0.1", move |asked| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let query = asked.queries.first().expect("a question").clone();
        let judged = runtime.block_on(validator.validate(&internet, query.name(), query.query_type(), Noon(0).now()));
        let mut reply = Message::new(asked.metadata.id, MessageType::Response, OpCode::Query);
        reply.metadata.recursion_available = true;
        reply.add_query(query);
        if judged.security.is_useless() {
            reply.metadata.response_code = ResponseCode::ServFail;
            return reply;
        }
        reply.metadata.authentic_data = judged.security == Security::Secure;
        let alias = |(owner, target): (&_, &_)| {
            Record::from_rdata(Clone::clone(owner), 60, RData::CNAME(CNAME(Clone::clone(target))))
        };
        reply.answers = judged.aliases.iter().map(|it| alias((&it.owner, &it.target))).collect();
        match judged.found {
            Found::Records(records) => reply.answers.extend(records),
            Found::NoName => reply.metadata.response_code = ResponseCode::NXDomain,
            Found::NoData | Found::Nothing => {}
        }
        reply.authorities = vec![record("test. SOA ns.test. hostmaster.test. 1 3600 600 86400 300")];
        reply
    })
}

/// The way to a domain, in words.
async fn way(dns: &dyn Resolve, level: Level, domain: &str, port: u16) -> String {
    let guarding = Guarding { level, policies: None };
    let domain = Domain::parse(domain).expect(domain);
    match guarding.route(dns, &domain, port, &Rules::default(), 0).await {
        Ok(route) => {
            route.hops.iter().map(|hop| format!("{} {}", hop.host, guarded(&hop.guard))).collect::<Vec<_>>().join("; ")
        }
        Err(NoWay::Unroutable(why)) => format!("{} {}", why.code, why.status),
        Err(NoWay::Refused(Refusal { text, may_pass: true })) => format!("later: {text}"),
        Err(NoWay::Refused(Refusal { text, may_pass: false })) => format!("never: {text}"),
    }
}

fn guarded(guard: &Guard) -> String {
    match guard {
        Guard::Usual => "usual".to_owned(),
        Guard::Encrypted => "encrypted".to_owned(),
        Guard::Verified => "verified".to_owned(),
        Guard::Named { associations, names } => {
            let mut numbers: Vec<String> = associations.iter().map(numbers).collect();
            numbers.sort();
            format!("{} as {}", numbers.join(","), names.join(" "))
        }
    }
}

fn numbers(one: &Association) -> String {
    let usage = match one.usage {
        Usage::Anchor => 2,
        Usage::Server => 3,
    };
    let selector = match one.selector {
        Selector::Certificate => 0,
        Selector::Key => 1,
    };
    let matching = match one.matching {
        Matching::Full => 0,
        Matching::Sha256 => 1,
        Matching::Sha512 => 2,
    };
    format!("{usage} {selector} {matching}")
}

/// What a report says of the same exchangers, in the words of the table as far as they agree.
async fn reported(dns: &SystemResolver, domain: &str) -> Vec<(String, TlsaState)> {
    let survey = Survey {
        dns,
        resolver: "ours",
        dane: Some("we"),
        reasons: None,
        policies: None,
        visiting: None,
        is_private: true,
        port: 25,
        days_min: 14,
        is_vouched: AtomicBool::new(true),
    };
    let report = survey.of(&Domain::parse(domain).expect(domain)).await.expect("a report");
    report.mx.iter().filter_map(|host| Some((host.host.clone(), host.tlsa.as_ref()?.state))).collect()
}

/// Whether a report agrees with a way: each step of it stands there as what it is.
fn agrees(way: &str, reported: &[(String, TlsaState)]) -> bool {
    way.split("; ").all(|step| {
        let Some((host, guard)) = step.split_once(' ') else { return false };
        let Some((_, state)) = reported.iter().find(|(name, _)| name == host) else { return host.starts_with('[') };
        match guard {
            "usual" => matches!(state, TlsaState::None | TlsaState::Insecure),
            "encrypted" => *state == TlsaState::Unusable,
            _ => *state == TlsaState::Usable,
        }
    })
}

async fn hold(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dnssec/dane").join(file);
    let table = Table::read(&std::fs::read_to_string(path).expect(file));
    let anchors = table.internet().anchors();
    let ours = SystemResolver::at(serve(table.internet())).expect("a resolver");
    let ours = ours.validating_if_possible(anchors, Arc::new(Noon(0)));
    let theirs =
        SystemResolver::at(checking(table.internet())).and_then(SystemResolver::authentic).expect("a resolver");
    assert_eq!((ours.voucher().await, theirs.voucher().await), (Voucher::Ours, Voucher::Server));
    let mut wrong = Vec::new();
    for (line, asked, wanted) in &table.questions {
        let (level, domain) = asked.split_once(' ').expect("a level and a domain");
        let (domain, port) =
            domain.split_once(':').map_or((domain, 25), |(domain, port)| (domain, port.parse().expect(port)));
        let level: Level = level.parse().expect("a level");
        for (who, dns) in [("ours", &ours), ("theirs", &theirs)] {
            let found = way(dns, level, domain, port).await;
            let is_right = match wanted.split_once(": ") {
                Some(("later" | "never", _)) => found.starts_with(wanted),
                _ => found == *wanted,
            };
            if !is_right {
                wrong.push(format!("{file}:{line} {who}: {asked}\n  wanted {wanted}\n  found  {found}"));
            }
            let is_way = !wanted.contains(": ") && !wanted.starts_with(|first: char| first.is_ascii_digit());
            if level == Level::Opportunistic && is_way && port == 25 {
                let report = reported(dns, domain).await;
                if !agrees(wanted, &report) {
                    wrong.push(format!("{file}:{line} {who}: a report on {domain} says {report:?}, not {wanted}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn answers_are_worth_what_they_are_proven_to_be() {
    hold("2.1-answers.txt").await;
}

#[tokio::test]
async fn records_are_found_where_the_standard_looks_for_them() {
    hold("2.2-discovery.txt").await;
}

#[tokio::test]
async fn records_count_as_the_standard_says() {
    hold("3-records.txt").await;
}

fn one_zone(apex: &str, seed: u8) -> Zone {
    let line = |line: &str| spelled(&line.replace('@', apex));
    let lines = [line("@. MX 10 mx.@."), line("mx.@. A 192.0.2.1"), line("_25._tcp.mx.@. TLSA 3 1 1 *32")];
    Zone::signed(&format!("{apex}."), seed).with(&[&lines[0], &lines[1], &lines[2]])
}

/// A name server that checks nothing, says that all is well, and drops signatures if it is told to.
fn boasting(ip: &str, internet: Internet, drops: Arc<AtomicBool>) -> SocketAddr {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    answer(ip, move |asked| {
        let query = asked.queries.first().expect("a question").clone();
        let mut said = runtime.block_on(internet.ask(query.name(), query.query_type())).expect("an answer");
        if drops.load(Ordering::SeqCst) {
            said.answers.retain(|record| !is_proof(record));
            said.authorities.retain(|record| !is_proof(record));
        }
        let mut reply = Message::new(asked.metadata.id, MessageType::Response, OpCode::Query);
        reply.metadata.response_code = said.rcode;
        reply.metadata.authentic_data = true;
        reply.add_query(query);
        (reply.answers, reply.authorities) = (said.answers, said.authorities);
        reply
    })
}

#[tokio::test]
async fn below_no_trust_anchor_everything_is_as_if_it_were_not_signed() {
    // RFC 7672 §2.1.1: what RFC 4033 calls indeterminate is insecure here.
    let internet = Internet::of(vec![one_zone("x.test", 3), one_zone("y.test", 4)]);
    let anchors = anchor(&Key::new(3, 257), &name("x.test."));
    let server = boasting("127.0.0.1", internet, Arc::default());
    let dns = SystemResolver::at(server).expect("a resolver").validating(anchors, Arc::new(Noon(0)));
    assert_eq!(way(&dns, Level::Opportunistic, "x.test", 25).await, "mx.x.test 3 1 1 as mx.x.test x.test");
    assert_eq!(way(&dns, Level::Opportunistic, "y.test", 25).await, "mx.y.test usual");
}

#[tokio::test]
async fn a_name_server_that_nobody_has_to_believe_is_asked_for_signatures_and_held_to_them() {
    // RFC 7672 §2.1.3: what an untrusted server says of DNSSEC does not count, what it passes on does.
    let internet = Internet::of(vec![one_zone("x.test", 3)]);
    let anchors = internet.anchors();
    let drops = Arc::new(AtomicBool::new(false));
    // Docker's address: on this machine, and known not to speak for itself.
    let server = boasting("127.0.0.11", internet, drops.clone());
    let resolver = || SystemResolver::at(server).expect("a resolver");
    let possible = || resolver().validating_if_possible(anchors.clone(), Arc::new(Noon(0)));
    let named = "mx.x.test 3 1 1 as mx.x.test x.test";
    drops.store(true, Ordering::SeqCst);
    let blind = possible();
    assert!(matches!(blind.voucher().await, Voucher::Nobody { may_pass: false, .. }));
    assert_eq!(way(&blind, Level::Opportunistic, "x.test", 25).await, "mx.x.test usual");
    let refused = way(&blind, Level::Dane, "x.test", 25).await;
    assert!(refused.starts_with("never: DANE cannot be relied on here: the name server 127.0.0.11"), "{refused}");
    // Who has trust anchors of his own does not do without.
    let strict = resolver().validating(anchors.clone(), Arc::new(Noon(0)));
    assert_eq!(way(&strict, Level::Opportunistic, "x.test", 25).await, "451 4.4.3");
    drops.store(false, Ordering::SeqCst);
    let sighted = possible();
    assert_eq!((sighted.voucher().await, sighted.is_trusted()), (Voucher::Ours, false));
    assert_eq!(way(&sighted, Level::Dane, "x.test", 25).await, named);
    // RFC 7672 §2.1.2: once signatures came through, their loss is no reason to do without.
    let again = possible();
    assert_eq!(again.voucher().await, Voucher::Ours);
    drops.store(true, Ordering::SeqCst);
    assert_eq!(way(&again, Level::Opportunistic, "x.test", 25).await, "451 4.4.3");
}

#[tokio::test]
async fn keys_that_nobody_shows_now_put_dane_off_and_that_is_told() {
    let internet = Internet::of(vec![one_zone("x.test", 3)]);
    let anchors = internet.anchors();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    // Who stands on the way answers questions for keys with a failure, and takes TLSA records out.
    let server = answer("127.0.0.11", move |asked| {
        let query = asked.queries.first().expect("a question").clone();
        let said = runtime.block_on(internet.ask(query.name(), query.query_type())).expect("an answer");
        let mut reply = Message::new(asked.metadata.id, MessageType::Response, OpCode::Query);
        reply.metadata.response_code = match query.query_type() {
            RecordType::DNSKEY => ResponseCode::ServFail,
            RecordType::TLSA => ResponseCode::NXDomain,
            _ => said.rcode,
        };
        if reply.metadata.response_code == ResponseCode::NoError {
            (reply.answers, reply.authorities) = (said.answers, said.authorities);
        }
        reply.add_query(query);
        reply
    });
    tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(told_of(server, anchors));
    })
    .await
    .expect("it holds");
}

async fn told_of(server: SocketAddr, anchors: Anchors) {
    let resolver = || SystemResolver::at(server).expect("a resolver");
    let dns = resolver().validating_if_possible(anchors.clone(), Arc::new(Noon(0)));
    assert_eq!(way(&dns, Level::Opportunistic, "x.test", 25).await, "mx.x.test usual");
    let guarding = |level| Guarding { level, policies: None };
    let obstacle = guarding(Level::Opportunistic).obstacle_to_dane(&dns).await.expect("nobody showed the keys");
    assert!(obstacle.may_pass, "{obstacle:?}");
    let told = without_dane(&obstacle);
    assert!(told.starts_with("mail goes now without DANE, because DNSSEC cannot be looked at: "), "{told}");
    // Who insists on DANE waits, and who does not want it is not told.
    assert!(way(&dns, Level::Dane, "x.test", 25).await.starts_with("later: "));
    assert_eq!(guarding(Level::None).obstacle_to_dane(&dns).await, None);
    // The same for a report, which tries to look for itself once.
    let strict = resolver().validating(anchors, Arc::new(Noon(0)));
    let obstacle = strict.unauthentic().await.expect("nobody showed the keys");
    let dns = resolver().authentic_instead(obstacle).expect("a resolver");
    let survey = Survey {
        dns: &dns,
        resolver: "ours",
        dane: Some("they"),
        reasons: None,
        policies: None,
        visiting: None,
        is_private: true,
        port: 25,
        days_min: 14,
        is_vouched: AtomicBool::new(false),
    };
    let report = survey.of(&Domain::parse("x.test").expect("a domain")).await.expect("a report");
    let found: Vec<&str> =
        report.findings.iter().map(|finding| finding.id).filter(|id| id.starts_with("dane")).collect();
    assert_eq!((found, report.dns.dnssec), (vec!["dane.unanswered"], Dnssec::Unchecked));
}
