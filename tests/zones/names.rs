//! Names, and where their records lead. The name server is one that resolves for others and does nothing wrong.

use super::Row;
use super::internet::Internet;
use super::stage::Stage;
use super::zone::{Zone, name};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RData, Record, RecordType as T, rdata};
use hickory_proto::serialize::txt::Parser;
use mailkit::dns::dnssec::Response;

/// Nothing is signed here: whether it is, is another question.
pub(crate) fn cases() -> Internet {
    let text = include_str!("cases.zone").to_owned();
    let origin = name("cases.test.");
    let (_, sets) = Parser::new(text, None, Some(origin)).parse().expect("zone text");
    let records = sets.values().flat_map(|set| set.records_without_rrsigs()).cloned().chain(odd_records()).collect();
    let zone = Zone { records, ..Zone::unsigned("cases.test.") };
    Internet::exactly(vec![Zone::unsigned("."), Zone::unsigned("test."), zone])
        .change("mx.broken.test.", T::MX, fails)
        .change("mx.broken.test.", T::A, fails)
        .change("mx.broken.test.", T::AAAA, fails)
}

/// Names that no zone file of the library can have.
fn odd_records() -> Vec<Record> {
    let below =
        |label: &[u8], owner: &str| Name::from_labels([label, owner.as_bytes(), b"cases", b"test"]).expect("a name");
    let data = |owner: &str, data| Record::from_rdata(name(&format!("{owner}.cases.test.")), 300, data);
    let listed = |owner: &str, host: &Name| data(owner, RData::MX(rdata::MX::new(10, host.clone())));
    let address = |host: &Name| Record::from_rdata(host.clone(), 300, RData::A(rdata::A::new(192, 0, 2, 1)));
    let (odd, dotted) = (below(b"h\x1b[31m\x07", "odd"), below(b"h.h", "dotted"));
    let spaced = below(b"h \xc3\xbc\xff", "spaced");
    vec![
        listed("odd", &odd),
        address(&odd),
        listed("dotted", &dotted),
        address(&dotted),
        listed("spaced", &spaced),
        data("oddalias", RData::CNAME(rdata::CNAME(below(b"o\x1b]0;x\x07dd", "oddalias")))),
    ]
}

fn fails(response: &mut Response) {
    *response = Response { rcode: ResponseCode::ServFail, answers: Vec::new(), authorities: Vec::new() };
}

/// The zone with other records beside its own.
pub(crate) fn with(records: impl IntoIterator<Item = Record>) -> Internet {
    let mut internet = cases();
    internet.zone_mut("cases.test.").records.extend(records);
    internet
}

pub(crate) fn mx(owner: &str, preference: u16, host: &str) -> Record {
    let data = RData::MX(rdata::MX::new(preference, Name::from_ascii(host).expect(host)));
    Record::from_rdata(name(owner), 300, data)
}

pub(crate) fn a(owner: &str, number: u32) -> Record {
    Record::from_rdata(name(owner), 300, RData::A(rdata::A((0xc000_0200 + number).into())))
}

/// Twenty aliases in a row, of which the last leads to a host.
fn long_chain() -> Stage {
    let target = |number: u8| if number == 19 { "a".to_owned() } else { format!("long{}", number + 1) };
    let alias = |number: u8| {
        let data = RData::CNAME(rdata::CNAME(name(&format!("{}.cases.test.", target(number)))));
        Record::from_rdata(name(&format!("long{number}.cases.test.")), 300, data)
    };
    Stage::new(with((0..20).map(alias).chain([mx("tolong.cases.test.", 10, "long0.cases.test.")])))
}

/// A row for a name of the zone.
fn row(shape: &'static str, label: &str) -> Row {
    Row::new(shape, format!("{label}.cases.test"), Stage::new(cases()))
}

fn goes(row: Row, label: &str, way: &str) -> Row {
    row.says(format!("Mail to {label}.cases.test goes to {way}."))
}

/// A domain whose exchanger is one of those with an address that is wrong somehow.
fn wrong(shape: &'static str, label: &str, finds: &[&'static str], exit: i32) -> Row {
    row(shape, label).finds(finds).exits(exit)
}

const LONG: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

pub(crate) fn rows() -> Vec<Row> {
    [existing(), missing(), aliased(), addressed(), huge(), odd(), policies()].into_iter().flatten().collect()
}

fn existing() -> Vec<Row> {
    let many = "a.cases.test or b.cases.test, then c.cases.test and 2 more";
    vec![
        goes(row("one exchanger", "one"), "one", "a.cases.test"),
        goes(row("five exchangers", "many").queries(11), "many", many),
        goes(
            row("eight of one preference", "equal8").queries(18).finds(&["mx.cname-target"]),
            "equal8",
            "a.cases.test or one of 7 others",
        ),
        goes(row("no MX", "implicit").finds(&["mx.implicit"]), "implicit", "implicit.cases.test itself"),
        goes(row("no MX, IPv6 only", "implicit6").finds(&["mx.implicit"]), "implicit6", "implicit6.cases.test itself"),
        row("a null MX", "nullmx")
            .finds(&["mx.null"])
            .exits(68)
            .queries(1)
            .says("nullmx.cases.test takes no mail: it publishes a null MX."),
        row("two null MX", "twonulls").finds(&["mx.null"]).exits(68).queries(1),
        goes(row("a null MX beside another", "nullplus").finds(&["mx.null-mixed"]), "nullplus", "a.cases.test"),
        goes(row("one host twice", "dup").finds(&["mx.duplicate"]), "dup", "a.cases.test"),
        goes(row("an exchanger for itself", "selfloop"), "selfloop", "selfloop.cases.test"),
        goes(row("addresses of both families", "mixed"), "mixed", "ds.cases.test (2 addresses)"),
        goes(row("only IPv6", "v6only"), "v6only", "six.cases.test"),
        goes(row("a wildcard", "x.wild"), "x.wild", "a.cases.test"),
        goes(row("a TTL of a week", "longttl"), "longttl", "a.cases.test"),
        goes(row("a TTL of nothing", "zerottl"), "zerottl", "a.cases.test"),
        goes(row("a label that no host has", "_under"), "_under", "a.cases.test"),
        goes(row("capital letters", "upper"), "upper", "a.cases.test"),
        goes(row("letters of other languages", "bücher"), "bücher", "a.cases.test")
            .says("Mail to bücher.cases.test (xn--bcher-kva.cases.test) goes to a.cases.test."),
    ]
}

fn missing() -> Vec<Row> {
    vec![
        row("no such name", "nx")
            .finds(&["mx.no-domain"])
            .exits(68)
            .queries(1)
            .says("cannot be delivered: the domain does not exist."),
        Row::new("no such top-level domain", "nx.nowhere", Stage::new(cases()))
            .finds(&["mx.no-domain"])
            .exits(68)
            .queries(1),
        Row::new("a name that nobody may have", "nx.invalid", Stage::new(cases()))
            .finds(&["mx.no-domain"])
            .exits(68)
            .queries(0),
        row("neither MX nor address", "nothing")
            .finds(&["mx.nothing"])
            .exits(68)
            .says("it has neither MX nor address records."),
        row("only names below it", "wild").finds(&["mx.nothing"]).exits(68),
        row("exchangers that do not exist", "nohost")
            .finds(&["mx.no-host", "mx.no-host"])
            .exits(68)
            .queries(5)
            .says("none of its exchangers has an address."),
        goes(
            row("one that does not exist", "halfhost").finds(&["mx.no-host"]).exits(1).queries(5),
            "halfhost",
            "a.cases.test",
        ),
        row("an exchanger without address", "noaddr").finds(&["mx.no-address"]).exits(68),
        row("an exchanger below a broken zone", "below")
            .finds(&["mx.address-unknown"])
            .exits(75)
            .says("the addresses of its exchangers are unknown."),
    ]
}

fn aliased() -> Vec<Row> {
    let loops = |label: &str, alias: &str, target: &str| {
        format!(
            "Mail to {label}.cases.test cannot be delivered: its aliases do not end: {alias}.cases.test is an alias of {target}.cases.test."
        )
    };
    let to_nothing = |label: &str| {
        format!(
            "Mail to {label}.cases.test cannot be delivered: dangling.cases.test is an alias of gone.cases.test, which does not exist."
        )
    };
    let own = |mut row: Row| {
        row.stage.follows = false;
        row
    };
    let many = "a.cases.test or b.cases.test, then c.cases.test and 2 more";
    vec![
        goes(row("an alias of a domain with MX", "cnamed").queries(11).finds(&["mx.alias"]), "cnamed", many),
        goes(
            row("an alias of a host", "cnamehost").finds(&["mx.implicit", "mx.alias"]),
            "cnamehost",
            "cnamehost.cases.test itself",
        ),
        goes(row("eight aliases in a row", "chain").queries(11).finds(&["mx.alias"]), "chain", many),
        own(goes(
            row("eight aliases in a row, from who follows none", "chain").queries(19).finds(&["mx.alias"]),
            "chain",
            many,
        )),
        goes(
            row("an exchanger that is an alias", "mxcname").finds(&["mx.cname-target"]),
            "mxcname",
            "alias.cases.test, an alias that some senders refuse",
        ),
        row("an exchanger that is an alias without address", "aliasnoaddr")
            .finds(&["mx.no-address", "mx.cname-target"])
            .exits(68),
        row("a circle of two", "loopa")
            .finds(&["mx.alias-loop"])
            .exits(68)
            .queries(1)
            .says(loops("loopa", "loopb", "loopa")),
        own(row("a circle, from who follows none", "loopa")
            .finds(&["mx.alias-loop"])
            .exits(68)
            .queries(2)
            .says(loops("loopa", "loopb", "loopa"))),
        own(Row::new("twenty aliases in a row", "long0.cases.test".to_owned(), long_chain())
            .finds(&["mx.alias-chain"])
            .exits(68)
            .queries(17)
            .says("Mail to long0.cases.test cannot be delivered: it has more aliases in a row than anybody follows: long16.cases.test is an alias of long17.cases.test.")),
        own(Row::new("an exchanger behind twenty aliases", "tolong.cases.test".to_owned(), long_chain())
            .finds(&["mx.alias-chain"])
            .exits(68)
            .queries(35)),
        row("an alias of itself", "itself")
            .finds(&["mx.alias-loop"])
            .exits(68)
            .queries(1)
            .says(loops("itself", "itself", "itself")),
        row("an exchanger in a circle", "onlyloop")
            .finds(&["mx.alias-loop"])
            .exits(68)
            .says("none of its exchangers has an address."),
        goes(
            row("one of two in a circle", "toloop").finds(&["mx.alias-loop"]).exits(1).queries(5),
            "toloop",
            "a.cases.test",
        ),
        row("a circle that a server calls a failure", "loopa")
            .manner(|asked, _| vec![asked.fit(asked.reply(ResponseCode::ServFail))])
            .finds(&["mx.unknown"])
            .exits(75)
            .queries(1),
        row("an alias of nothing", "dangling")
            .finds(&["mx.alias-to-nothing"])
            .exits(68)
            .queries(1)
            .says(to_nothing("dangling")),
        own(row("an alias of nothing, from who follows none", "dangling")
            .finds(&["mx.alias-to-nothing"])
            .exits(68)
            .queries(2)
            .says(to_nothing("dangling"))),
        row("an alias of an alias of nothing", "twice")
            .finds(&["mx.alias-to-nothing"])
            .exits(68)
            .queries(1)
            .says(to_nothing("twice")),
        row("an exchanger that is an alias of nothing", "tonothing").finds(&["mx.alias-to-nothing"]).exits(68),
        row("an alias below a broken zone", "broken").finds(&["mx.unknown"]).exits(75).queries(1),
    ]
}

fn addressed() -> Vec<Row> {
    vec![
        wrong("an address in place of a name", "literal", &["mx.address-as-name", "mx.no-host"], 68),
        wrong("localhost", "local", &["mx.localhost"], 68).queries(1),
        wrong("an address of a private network", "private", &["mx.private-address"], 68),
        wrong("an address that many customers share", "shared", &["mx.private-address"], 68),
        wrong("addresses of one cable", "linklocal", &["mx.private-address", "mx.private-address"], 68),
        wrong("an address of a private network, IPv6", "unique", &["mx.private-address"], 68),
        wrong("addresses of the sender itself", "loopback", &["mx.loopback-address", "mx.loopback-address"], 68),
        wrong("an address of the sender itself, mapped", "mapped", &["mx.loopback-address"], 68),
        wrong("the address of nobody in particular", "nobody", &["mx.loopback-address"], 68),
        wrong("addresses of many", "multicast", &["mx.impossible-address", "mx.impossible-address"], 68),
        wrong("the address of all", "broadcast", &["mx.impossible-address"], 68),
        wrong("an address of a private network that is ours", "private", &["mx.private-address"], 0)
            .with(&["--private"]),
        wrong("one that is not visited", "private", &["mx.private-address", "visit.private"], 68).with(&["--probe"]),
        Row::new("an address of documentation, literally", "[192.0.2.1]", Stage::new(cases()))
            .queries(0)
            .says("goes to that address, without DNS."),
        Row::new("an address of many, literally", "[224.0.0.1]", Stage::new(cases()))
            .queries(0)
            .finds(&["mx.impossible-address"])
            .exits(68),
    ]
}

fn huge() -> Vec<Row> {
    let listed = |count: u16| {
        with((0..count).flat_map(|number| {
            let host = format!("a-rather-long-mail-exchanger-name-{number}.cases.test.");
            [mx("big.cases.test.", number, &host), a(&host, u32::from(number % 200))]
        }))
    };
    let big = |shape, count| Row::new(shape, "big.cases.test", Stage::new(listed(count)));
    let crowd = |count: u32| {
        with((0..count).map(|number| a("crowd.cases.test.", number)).chain([mx(
            "big.cases.test.",
            10,
            "crowd.cases.test.",
        )]))
    };
    vec![
        // The MX records do not fit a datagram: two queries for them.
        big("120 exchangers", 120).queries(2 + 240),
        big("128 exchangers, as many as are looked at", 128).queries(2 + 256),
        big("700 exchangers", 700).queries(2 + 256).finds(&["mx.too-many"]).says("and 126 more."),
        Row::new(
            "a connection full of exchangers",
            "big.cases.test",
            Stage::new(with((0..1500).map(|number| mx("big.cases.test.", number, "a.cases.test.")))),
        )
        .queries(2 + 2)
        .finds(&[&["mx.too-many"][..], &["mx.duplicate"; 127]].concat()),
        Row::new("2,000 addresses of one host", "big.cases.test", Stage::new(crowd(2000)))
            .queries(4)
            .says("crowd.cases.test (16 addresses).")
            .finds(&["mx.too-many"]),
        Row::new(
            "more exchangers than a connection can carry",
            "big.cases.test",
            Stage::new(with((0..5000).map(|number| mx("big.cases.test.", number, "a.cases.test.")))),
        )
        .queries(2)
        .finds(&["mx.unknown"])
        .exits(75),
    ]
}

fn odd() -> Vec<Row> {
    let long = format!("{LONG}.{LONG}.{LONG}.{}", &LONG[..50]);
    assert_eq!(long.len() + ".cases.test".len(), 253, "255 octets on the wire");
    let full = format!("{long}.cases.test.");
    // Nobody is asked about what no host can be called, even if something is there.
    let bad = |shape, label| row(shape, label).paged().finds(&["mx.bad-name"]).exits(68).queries(1);
    let known = vec![mx(&full, 10, "a.cases.test."), mx("tolong.cases.test.", 10, &full), a(&full, 7)];
    vec![
        Row::new("a name of 255 octets", format!("{long}.cases.test"), Stage::new(with(known.clone()))).queries(3),
        Row::new("an exchanger of 255 octets", "tolong.cases.test", Stage::new(with(known))).queries(3).paged(),
        bad("an exchanger with octets that drive terminals", "odd"),
        bad("an exchanger with a dot in a label", "dotted"),
        bad("an exchanger with octets of no language", "spaced"),
        row("an alias that drives terminals", "oddalias").paged().finds(&["mx.alias-to-nothing"]).exits(68).queries(1),
    ]
}

fn policies() -> Vec<Row> {
    let sts = |shape, label| row(shape, label).with(&["--mta-sts"]);
    vec![
        sts("no policy", "one").queries(4),
        sts("a policy whose record is broken", "badid").queries(4).finds(&["sts.record"]).exits(1),
        sts("two records of a policy", "twosts").queries(4).finds(&["sts.record"]).exits(1),
        sts("a policy that no web server gives", "nopolicy").queries(6).finds(&["sts.unreachable"]).exits(1),
        sts("a policy of which DNS does not speak", "one")
            .manner(|asked, reply| {
                let is_policy = asked.name().to_ascii().starts_with("_mta-sts.");
                vec![asked.fit(if is_policy { asked.reply(ResponseCode::ServFail) } else { reply })]
            })
            .queries(4)
            .finds(&["sts.unknown"]),
    ]
}
