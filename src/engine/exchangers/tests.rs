//! Zones with all that mail hosts meet, and where each of them leads.

use super::*;
use crate::net::zone::Zone;
use crate::world::{Answer, Later};

/// The troublesome names that mail hosts meet.
const CASES: &str = r#"
$ORIGIN cases.test.
a A 127.0.1.1
b A 127.0.1.2
c A 127.0.1.3
d A 127.0.1.4
dead A 127.0.1.99
ds A 127.0.1.5
ds AAAA ::1
six AAAA ::1
alias CNAME a
txtonly TXT "no address here"
many MX 20 d
many MX 5 a
many MX 10 c
many MX 5 b
many MX 30 dead
nullmx MX 0 .
nullplus MX 0 .
nullplus MX 10 a
implicit A 127.0.1.1
implicit6 AAAA ::1
cnamed CNAME many
cnamehost CNAME implicit
halfway CNAME implicit6
mxcname MX 10 alias
nohost MX 10 gone
nohost MX 20 gone2
halfhost MX 10 gone
halfhost MX 20 a
noaddr MX 10 txtonly
selfloop MX 10 selfloop
selfloop A 127.0.1.1
dup MX 10 a
dup MX 20 a
nothing TXT "nothing for mail"
mixed MX 10 ds
v6only MX 10 six
*.wild MX 10 a
_under MX 10 a
UPPER MX 10 A
loopa CNAME loopb
loopb CNAME loopa
chain CNAME chain1
chain1 CNAME chain2
chain2 CNAME chain3
chain3 CNAME chain4
chain4 CNAME chain5
chain5 CNAME chain6
chain6 CNAME chain7
chain7 CNAME many
xn--bcher-kva MX 10 a
dangling CNAME gone
toloop MX 10 loopa
toloop MX 20 a
tonothing MX 10 dangling
broken MX 10 mx.down
halfbroken MX 10 mx.down
halfbroken MX 20 a
mx.down A 127.0.1.7
"#;

fn zone() -> Zone {
    let mut text = CASES.to_owned();
    for number in 0..2000 {
        text.push_str(&format!(
            "big MX {number} host-{number}\nhost-{number} A 10.1.{}.{}\n",
            number / 250,
            number % 250
        ));
    }
    let zone = Zone::parse(&text).expect("a zone");
    zone.fail("down.cases.test");
    zone
}

/// One line per result: `10 a.cases.test 127.0.1.1; …`, or why there is none.
async fn summary(zone: &Zone, domain: &str) -> String {
    let found = match exchangers(zone, &Domain::parse(domain).expect(domain)).await {
        Ok(found) => found,
        Err(why) => return format!("{why:?}"),
    };
    let hosts = found.hosts.iter().map(|host| {
        let addresses: Vec<String> = match &host.missing {
            None => host.addresses.iter().map(IpAddr::to_string).collect(),
            Some(LookupError::Temporary(_)) => vec!["later".into()],
            Some(why) => vec![format!("{why:?}")],
        };
        let name = host.host.strip_suffix(".cases.test").unwrap_or(&host.host);
        format!("{} {name} {}", host.preference, addresses.join(","))
    });
    hosts.collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn each_kind_of_zone_leads_where_the_standards_say() {
    let zone = zone();
    let many = "5 a 127.0.1.1; 5 b 127.0.1.2; 10 c 127.0.1.3; 20 d 127.0.1.4; 30 dead 127.0.1.99";
    for (name, wanted) in [
        ("many", many),
        ("cnamed", many),
        ("chain", many),
        ("nullmx", "NullMx"),
        ("nullplus", "10 a 127.0.1.1"),
        ("implicit", "0 implicit 127.0.1.1"),
        ("implicit6", "0 implicit6 ::1"),
        ("cnamehost", "0 cnamehost 127.0.1.1"),
        ("mxcname", "10 alias 127.0.1.1"),
        ("nohost", "10 gone NoSuchName; 20 gone2 NoSuchName"),
        ("halfhost", "10 gone NoSuchName; 20 a 127.0.1.1"),
        ("noaddr", "10 txtonly NoRecords"),
        ("selfloop", "10 selfloop 127.0.1.1"),
        ("dup", "10 a 127.0.1.1; 20 a 127.0.1.1"),
        ("nothing", "NoRecords"),
        ("mixed", "10 ds 127.0.1.5,::1"),
        ("v6only", "10 six ::1"),
        ("some.wild", "10 a 127.0.1.1"),
        ("_under", "10 a 127.0.1.1"),
        ("upper", "10 a 127.0.1.1"),
        ("bücher", "10 a 127.0.1.1"),
        ("loopa", "AliasLoop { alias: \"loopb.cases.test\", target: \"loopa.cases.test\" }"),
        ("dangling", "AliasToNothing { alias: \"dangling.cases.test\", target: \"gone.cases.test\" }"),
        ("toloop", "10 loopa later; 20 a 127.0.1.1"),
        ("tonothing", "10 dangling NoSuchName"),
        ("nx", "NoSuchDomain"),
        ("broken", "10 mx.down later"),
        ("halfbroken", "10 mx.down later; 20 a 127.0.1.1"),
        ("below.down", "Temporary(\"the name server answered: Server Failure\")"),
    ] {
        assert_eq!(summary(&zone, &format!("{name}.cases.test")).await, wanted, "{name}");
    }
    assert_eq!(summary(&zone, "[192.0.2.7]").await, "0 [192.0.2.7] 192.0.2.7");
}

#[tokio::test]
async fn thousands_of_exchangers_are_cut_off_at_the_least_preferred() {
    let found = exchangers(&zone(), &Domain::parse("big.cases.test").expect("a name")).await.expect("exchangers");
    assert_eq!((found.hosts.len(), found.left_out), (EXCHANGERS_MAX, 2000 - EXCHANGERS_MAX));
    assert!(found.hosts.iter().zip(0..).all(|(host, preference)| host.preference == preference));
}

/// Names the exchangers at once, and never an address.
struct Silent(Zone);

impl Resolve for Silent {
    fn lookup<'a>(&'a self, name: &'a str, kind: RecordKind) -> Later<'a, Result<Answer, LookupError>> {
        match kind {
            RecordKind::Mx => self.0.lookup(name, kind),
            _ => Box::pin(async {
                tokio::time::sleep(Duration::from_secs(20)).await;
                Err(LookupError::Temporary("silence".into()))
            }),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn many_silent_hosts_take_no_longer_than_a_few() {
    let before = Instant::now();
    let domain = Domain::parse("big.cases.test").expect("a name");
    let found = exchangers(&Silent(zone()), &domain).await.expect("exchangers");
    assert!(before.elapsed() <= SEARCH + Duration::from_secs(1), "{:?}", before.elapsed());
    let waits = |host: &Exchanger| matches!(host.missing, Some(LookupError::Temporary(_)));
    assert!(found.hosts.len() == EXCHANGERS_MAX && found.hosts.iter().all(waits));
}

#[tokio::test]
async fn how_it_was_found_is_told() {
    let zone = zone();
    let look = async |name: &str| {
        exchangers(&zone, &Domain::parse(&format!("{name}.cases.test")).expect("a name")).await.expect("exchangers")
    };
    let plus = look("nullplus").await;
    assert!(plus.stray_null && plus.source == Source::Mx);
    assert_eq!(look("mxcname").await.hosts[0].aliases, ["a.cases.test"]);
    assert_eq!(look("cnamed").await.aliases, ["many.cases.test"]);
    let implicit = look("cnamehost").await;
    assert_eq!((implicit.source, implicit.aliases.len()), (Source::Implicit, 1));
    assert!(implicit.hosts[0].aliases.is_empty());
}

#[tokio::test]
async fn what_dnssec_vouches_for_is_told() {
    let zone = zone().signed("many.cases.test").signed("a.cases.test").signed("implicit.cases.test");
    let zone = zone.signed("cnamehost.cases.test").signed("halfway.cases.test").signed("ds.cases.test");
    for (name, domain, hosts) in [
        ("many", true, vec![true, false, false, false, false]),
        ("cnamed", false, vec![true, false, false, false, false]),
        ("implicit", true, vec![true]),
        // RFC 7672 §2.2.2: what an alias leads to counts if each step is vouched for.
        ("cnamehost", true, vec![true]),
        ("halfway", false, vec![false]),
        ("mixed", false, vec![true]),
    ] {
        let found = exchangers(&zone, &Domain::parse(&format!("{name}.cases.test")).expect("a name")).await;
        let found = found.expect("exchangers");
        let of_hosts: Vec<bool> = found.hosts.iter().map(|host| host.is_authentic).collect();
        assert_eq!((found.is_authentic, of_hosts), (domain, hosts), "{name}");
    }
}
