//! Zones that are signed, should be, or say they are; judged by our own check of the signatures, as of the time of the tests.

use super::Row;
use super::internet::{Internet, anchor_text};
use super::sign::{Key, NOW, ds_of};
use super::stage::{Asked, Stage};
use super::trap::{colliding, trapped};
use super::zone::{DAY, Ds, Proof, Zone, name, record};
use hickory_proto::dnssec::rdata::{DNSKEY, DNSSECRData, RRSIG};
use hickory_proto::dnssec::{Algorithm, PublicKeyBuf};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::NULL;
use hickory_proto::rr::{RData, Record, RecordType as T};
use hickory_proto::serialize::binary::BinEncodable;
use mailkit::dns::dnssec::{Limits, Response};

const TLSA: &str = "3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const MX: &str = "example.test. MX 10 mx.example.test.";

/// The root of these zones, as a file of trust anchors has it.
pub(crate) fn anchor(internet: &Internet) -> Option<String> {
    let root = &internet.zones[0];
    root.keys.first().map(|key| anchor_text(key, &root.apex))
}

/// A signed zone with an exchanger that has TLSA records: all is well.
fn example() -> Zone {
    let tlsa = format!("_25._tcp.mx.example.test. TLSA {TLSA}");
    Zone::signed("example.test.", 3).with(&[MX, "mx.example.test. A 192.0.2.1", &tlsa])
}

/// The same without TLSA records.
fn bare() -> Zone {
    Zone::signed("example.test.", 3).with(&[MX, "mx.example.test. A 192.0.2.1"])
}

fn row(shape: &'static str, internet: Internet) -> Row {
    Row::new(shape, "example.test", Stage::new(internet)).with(&["--dane"]).queries(10).work(T::MX, 8, 0)
}

fn of(shape: &'static str, zone: Zone) -> Row {
    row(shape, Internet::of(vec![zone]))
}

const GUARDED: &str = "goes to mx.example.test; TLSA records published, not compared.";
const PLAIN: &str = "goes to mx.example.test.";

/// What is bogus from the beginning is nothing that mail could go by.
fn bogus(row: Row, finds: &[&'static str]) -> Row {
    let finds: Vec<&'static str> = ["mx.unknown"].iter().chain(finds).copied().collect();
    row.finds(&finds).exits(75)
}

fn without(kind: T, of: &str, internet: Internet) -> Internet {
    internet.change(of, kind, |response| response.answers.retain(|record| record.record_type() != T::RRSIG))
}

fn broken(kind: T, of: &str, internet: Internet) -> Internet {
    internet.change(of, kind, |response| {
        for record in &mut response.answers {
            if let RData::DNSSEC(DNSSECRData::RRSIG(old)) = &record.data {
                let mut octets = old.sig().to_vec();
                octets[20] ^= 1;
                record.data = RData::DNSSEC(DNSSECRData::RRSIG(RRSIG::from_sig(old.input().clone(), octets)));
            }
        }
    })
}

pub(crate) fn rows() -> Vec<Row> {
    [believed(), unsigned(), false_ones(), gone_wrong(), absent(), keys(), busy()].into_iter().flatten().collect()
}

fn believed() -> Vec<Row> {
    let wild = Zone::signed("example.test.", 3).with(&["*.example.test. MX 10 mx.host.test."]);
    let host = || Zone::signed("host.test.", 5).with(&["mx.host.test. A 192.0.2.1"]);
    let two = example().with(&["example.test. MX 20 other.example.test.", "other.example.test. A 192.0.2.2"]);
    let unusable = bare().with(&[&format!("_25._tcp.mx.example.test. TLSA {}", TLSA.replacen('3', "1", 1))]);
    vec![
        of("signed from the root down", example()).says(GUARDED),
        of("signed, by NSEC3", example().nsec3(0, false)).says(GUARDED).work(T::MX, 8, 0),
        of("signed, without TLSA records", bare()).says(PLAIN),
        of("TLSA records for one exchanger of two", two)
            .says("goes to mx.example.test, then other.example.test; TLSA records published for some, not compared.")
            .queries(13)
            .finds(&["dane.in-part"]),
        of("TLSA records that are not for mail", unusable).says(PLAIN).finds(&["dane.unusable"]).exits(1),
        Row::new("made by a wildcard", "x.example.test", Stage::new(Internet::of(vec![wild, host()])))
            .with(&["--dane"])
            .queries(13)
            .work(T::MX, 10, 0)
            .says("goes to mx.host.test."),
        Row::new("an address literal", "[192.0.2.1]", Stage::new(Internet::of(vec![]))).with(&["--dane"]).queries(6),
    ]
}

fn unsigned() -> Vec<Row> {
    let plain = || Zone::unsigned("example.test.").with(&[MX, "mx.example.test. A 192.0.2.1"]);
    let island = Zone { ds: Ds::Missing, ..example() };
    let keyed = |algorithm: u8| {
        let key = DNSKEY::with_flags(257, PublicKeyBuf::new(vec![7; 64], Algorithm::from_u8(algorithm)));
        let ds = Ds::Data(vec![RData::DNSSEC(DNSSECRData::DS(ds_of(&key, &name("example.test."), 2)))]);
        Zone { ds, shown: vec![key], ..bare() }
    };
    let hashed =
        |opt_out| Internet::exactly(vec![Zone::signed(".", 1), Zone::signed("test.", 2).nsec3(0, opt_out), plain()]);
    let iterated = |iterations, salt: usize| {
        of("", bare().proof(Proof::Nsec3 { iterations, salt: vec![7; salt], opt_out: false })).says(PLAIN)
    };
    let shaped = |shape, row: Row| Row { shape, ..row };
    let tlsa = plain().with(&[&format!("_25._tcp.mx.example.test. TLSA {TLSA}")]);
    vec![
        of("a delegation that is not signed", plain()).says(PLAIN).finds(&["dnssec.not-signed"]),
        row("the same, by NSEC3", hashed(false)).says(PLAIN).finds(&["dnssec.not-signed"]).work(T::MX, 8, 8),
        row("left out of the proof", hashed(true)).says(PLAIN).finds(&["dnssec.opted-out"]).work(T::MX, 8, 8),
        of("signed, and nobody above says so", island).says(PLAIN).finds(&["dane.unsigned", "dnssec.not-signed"]),
        of("TLSA records of a zone that is not signed", tlsa)
            .says(PLAIN)
            .finds(&["dane.unsigned", "dnssec.not-signed"]),
        of("an algorithm that nobody knows", keyed(200)).says(PLAIN).finds(&["dnssec.unsupported-algorithm"]),
        of("an algorithm that counts no more", keyed(5)).says(PLAIN).finds(&["dnssec.unsupported-algorithm"]),
        of("a digest that nobody knows", Zone { ds: Ds::Digests(vec![99]), ..bare() })
            .says(PLAIN)
            .finds(&["dnssec.unsupported-digest"]),
        shaped("hashed 50 times more", iterated(50, 8)),
        shaped("hashed 51 times more", iterated(51, 8).finds(&["dnssec.nsec3-iterations"])),
        shaped("hashed 2,500 times more, with a long salt", iterated(2500, 255).finds(&["dnssec.nsec3-iterations"])),
        shaped("hashed 10,000 times more", iterated(10_000, 0).finds(&["dnssec.nsec3-iterations"])),
    ]
}

fn false_ones() -> Vec<Row> {
    let timed = |inception, expiration| Zone { inception, expiration, ..example() };
    let whole = || Internet::of(vec![example()]);
    let changed = |kind, of: &str, to: &str| {
        let other = record(to);
        whole().change(of, kind, move |response| response.answers[0].data = other.data.clone())
    };
    let resigned = |change: fn(&mut hickory_proto::dnssec::rdata::SigInput)| {
        let internet = whole();
        let zone = internet.zone("example.test.");
        let signature = zone.signature(&[record(MX)], &zone.keys[1], change);
        internet.change("example.test.", T::MX, move |response| {
            response.answers.truncate(1);
            response.answers.push(signature.clone());
        })
    };
    let bad = "dnssec.bad-signature";
    vec![
        bogus(of("expired", timed(NOW - 20 * DAY, NOW - DAY)), &["dnssec.expired"]).queries(7),
        bogus(of("not yet valid", timed(NOW + DAY, NOW + 20 * DAY)), &["dnssec.not-yet-valid"]).queries(7),
        bogus(of("good now, looked at in a year", example()).with(&["--at", "2027-11-22"]), &["dnssec.expired"])
            .queries(7),
        bogus(row("another exchanger", changed(T::MX, "example.test.", "example.test. MX 10 evil.test.")), &[bad])
            .queries(7),
        bogus(row("a broken signature", broken(T::MX, "example.test.", whole())), &[bad]).queries(7),
        bogus(row("a broken signature of keys", broken(T::DNSKEY, "example.test.", whole())), &[bad]).queries(7),
        bogus(row("a broken signature of what vouches for keys", broken(T::DS, "example.test.", whole())), &[bad])
            .queries(7),
        row("another address of the exchanger", changed(T::A, "mx.example.test.", "mx.example.test. A 198.51.100.1"))
            .finds(&[bad, "mx.address-unknown"])
            .exits(75),
        row(
            "another TLSA record",
            changed(T::TLSA, "_25._tcp.mx.example.test.", "_25._tcp.mx.example.test. TLSA 3 1 1 00"),
        )
        .finds(&[bad, "dane.unknown"])
        .exits(1)
        .queries(12),
        bogus(
            row("signed by a stranger", resigned(|input| input.signer_name = name("evil.test."))),
            &["dnssec.signer-not-parent"],
        )
        .queries(9),
        bogus(row("signed by a key that is not shown", resigned(|input| input.key_tag ^= 1)), &["dnssec.no-key"])
            .queries(7),
        bogus(row("signed for a longer name", resigned(|input| input.num_labels = 9)), &["dnssec.label-count"])
            .queries(7),
        bogus(
            row(
                "signed by an algorithm that nobody knows",
                resigned(|input| input.algorithm = Algorithm::Unknown(200)),
            ),
            &["dnssec.unsupported-signature"],
        )
        .queries(7),
    ]
}

fn gone_wrong() -> Vec<Row> {
    let plain = || Zone::unsigned("example.test.").with(&[MX, "mx.example.test. A 192.0.2.1"]);
    let refer = |asked: &Asked, reply| {
        let mut referral = asked.reply(ResponseCode::NoError);
        referral.authorities.push(record("example.test. NS ns.example.test."));
        vec![asked.fit(if asked.kind() == T::MX { referral } else { reply })]
    };
    let cut = |asked: &Asked, reply| {
        let mut nothing = asked.reply(ResponseCode::NoError);
        nothing.metadata.truncation = true;
        vec![asked.fit(if asked.kind() == T::MX { nothing } else { reply })]
    };
    let whole = || Internet::of(vec![example()]);
    let fails = |response: &mut Response| {
        *response = Response { rcode: ResponseCode::ServFail, answers: Vec::new(), authorities: Vec::new() };
    };
    let tlsa = [record(&format!("_25._tcp.a.cases.test. TLSA {TLSA}"))];
    let all = whole().hide(|record| matches!(record.record_type(), T::RRSIG | T::NSEC));
    vec![
        bogus(row("a set without signature", without(T::MX, "example.test.", whole())), &["dnssec.no-signature"])
            .queries(8),
        bogus(row("keys without signature", without(T::DNSKEY, "example.test.", whole())), &["dnssec.no-signature"])
            .queries(8),
        bogus(row("no signatures from this resolver", all), &["dnssec.stripped"]).queries(4),
        bogus(
            row("keys of which nobody speaks", whole().change("example.test.", T::DNSKEY, fails)),
            &["dnssec.failed"],
        )
        .queries(7),
        bogus(
            row("a delegation of which nobody speaks", whole().change("example.test.", T::DS, fails)),
            &["dnssec.failed"],
        )
        .queries(7),
        row("TLSA records of which nobody speaks", whole().change("_25._tcp.mx.example.test.", T::TLSA, fails))
            .finds(&["dnssec.failed", "dane.unknown"])
            .exits(1)
            .says(PLAIN),
        bogus(
            row("records of which nobody says anything", whole()).with(&["--resolver-timeout", "300ms"]).manner(
                |asked, reply| match (asked.kind(), asked.name().to_ascii().as_str()) {
                    (T::MX, _) => vec![],
                    _ => vec![asked.fit(reply)],
                },
            ),
            &["dnssec.no-answer"],
        ),
        bogus(of("a referral in a zone that is not signed", plain()).manner(refer), &["dnssec.no-answer"]).queries(7),
        bogus(
            of("a reply that is cut short, in a zone that is not signed", plain()).manner(cut),
            &["dnssec.no-answer"],
        )
        .queries(8),
        // Nothing is signed there, down from the root, and the server says nothing of it.
        Row::new("a server that checks nothing", "one.cases.test", Stage::new(super::names::with(tlsa)))
            .with(&["--dane"])
            .finds(&["dane.unchecked"])
            .queries(7),
    ]
}

fn absent() -> Vec<Row> {
    let whole = || Internet::of(vec![bare()]);
    let hashed = Internet::of(vec![bare().nsec3(0, false)]);
    let proofs = |record: &Record| matches!(record.record_type(), T::NSEC | T::NSEC3);
    let no_proof = |of: &str, kind| whole().change(of, kind, |response| response.authorities.clear());
    let wild = Zone::signed("example.test.", 3)
        .with(&["*.example.test. MX 10 mx.example.test.", "mx.example.test. A 192.0.2.1"]);
    let wild = Internet::of(vec![wild]).change("x.example.test.", T::MX, |response| response.authorities.clear());
    let at = |shape, domain: &str, internet| {
        Row::new(shape, domain, Stage::new(internet)).with(&["--dane"]).queries(10).work(T::MX, 10, 0)
    };
    vec![
        at("provably no such name", "nx.example.test", whole()).finds(&["mx.no-domain"]).exits(68).queries(7),
        at("no such name, without proof", "nx.example.test", no_proof("nx.example.test.", T::MX))
            .finds(&["mx.unknown", "dnssec.missing-denial"])
            .exits(75)
            .queries(8),
        at("a zone without proofs", "nx.example.test", whole().hide(proofs))
            .finds(&["mx.unknown", "dnssec.missing-denial"])
            .exits(75)
            .queries(8),
        at("made by a wildcard, without proof", "x.example.test", wild)
            .finds(&["mx.unknown", "dnssec.wildcard-unproven"])
            .exits(75)
            .queries(8),
        at("proofs hashed in a way that nobody knows", "nx.example.test", hashed)
            .manner(|asked, mut reply| {
                for record in &mut reply.authorities {
                    if let RData::DNSSEC(DNSSECRData::NSEC3(proof)) = &record.data {
                        let mut octets = proof.to_bytes().expect("octets");
                        octets[0] = 2;
                        record.data = RData::Unknown { code: T::NSEC3, rdata: NULL::with(octets) };
                    }
                }
                vec![asked.fit(reply)]
            })
            .finds(&["mx.unknown", "dnssec.missing-denial"])
            .exits(75)
            .queries(8)
            .work(T::MX, 10, 20),
        row("no IPv6 address, without proof", no_proof("mx.example.test.", T::AAAA))
            .says(PLAIN)
            .finds(&["dnssec.missing-denial"])
            .exits(1)
            .queries(12),
        row("no TLSA records, without proof", no_proof("_25._tcp.mx.example.test.", T::TLSA))
            .says(PLAIN)
            .finds(&["dnssec.missing-denial", "dane.unknown"])
            .exits(1)
            .queries(13),
    ]
}

fn keys() -> Vec<Row> {
    let stranger = Key::new(77, 257);
    let ds = |key: &Key| Ds::Data(vec![RData::DNSSEC(DNSSECRData::DS(key.ds(&name("example.test."), 2)))]);
    let mut swapped = Internet::of(vec![example()]);
    swapped.zone_mut("example.test.").keys[0] = Key::new(78, 257);
    let no_keys = Internet::of(vec![example()]).change("example.test.", T::DNSKEY, |response| response.answers.clear());
    let other_root = Internet::of(vec![example()]).change(".", T::DNSKEY, |response| {
        let zone = Zone { keys: vec![Key::new(79, 257), Key::new(80, 256)], ..Zone::signed(".", 1) };
        response.answers = zone.sealed(zone.dnskeys());
    });
    let unsigned_keys = Zone { shown: vec![stranger.data.clone()], ds: ds(&stranger), ..example() };
    vec![
        bogus(
            of("a DS record for a key that is not there", Zone { ds: ds(&stranger), ..example() }),
            &["dnssec.ds-mismatch"],
        )
        .queries(7),
        bogus(row("a new key, and the old DS record", swapped), &["dnssec.ds-mismatch"]).queries(7),
        bogus(of("a DS record for a key that has signed nothing", unsigned_keys), &["dnssec.keys-not-signed"])
            .queries(7),
        bogus(row("a DS record, and no keys", no_keys), &["dnssec.no-dnskey"]).queries(7),
        bogus(row("another root", other_root), &["dnssec.anchor-mismatch"]).queries(4),
    ]
}

/// What one set may cost at most, beside the chain that leads to its zone.
fn trap_max() -> u32 {
    let limits = Limits::default();
    u32::try_from(limits.keys * limits.signatures).expect("a small number") + 8
}

fn busy() -> Vec<Row> {
    let own = bare().keys[1].tag();
    let trap = |tag, has_good| trapped(bare(), &record(MX), tag, has_good);
    let zone = bare();
    let tag = zone.keys[0].tag();
    let (shown, apex) = (colliding(tag, 257, 100), zone.apex.clone());
    let many = colliding(tag, 257, 200).into_iter().skip(100);
    let data = many.map(|key| RData::DNSSEC(DNSSECRData::DS(ds_of(&key, &apex, 2)))).collect();
    let vouched = Zone { shown, ds: Ds::Data(data), ..zone };
    let deep = format!("{}example.test", "x.".repeat(115));
    let bomb = bare().proof(Proof::Nsec3 { iterations: 50, salt: vec![7; 255], opt_out: false });
    let silent = Internet::of(vec![bare()]).change(&format!("{deep}."), T::MX, |response| response.authorities.clear());
    let limits = Limits::default();
    let aliases = |count: usize| {
        let lines: Vec<String> =
            (0..count).map(|at| format!("n{at}.example.test. CNAME n{}.example.test.", at + 1)).collect();
        let lines: Vec<&str> = lines
            .iter()
            .map(String::as_str)
            .chain(["circle.example.test. CNAME round.example.test.", "round.example.test. CNAME circle.example.test."])
            .collect();
        Stage::new(Internet::of(vec![bare().with(&lines)]))
    };
    let at = |shape, domain: &str, stage| Row::new(shape, domain, stage).with(&["--dane"]).work(T::MX, 40, 0);
    let crowd = Internet::of(vec![bare()]).change("nx.example.test.", T::MX, |response| {
        let proofs = response.authorities.clone();
        for number in 0..60 {
            let owner = name(&format!("p{number}.example.test."));
            response
                .authorities
                .extend(proofs.iter().map(|proof| Record::from_rdata(owner.clone(), proof.ttl, proof.data.clone())));
        }
        response.authorities.reverse();
    });
    vec![
        bogus(row("a hundred keys of one tag, a hundred signatures", trap(4711, false)), &["dnssec.bad-signature"])
            .queries(8)
            .work(T::MX, trap_max(), 0),
        bogus(row("the same around the key in use", trap(own, false)), &["dnssec.bad-signature"]).queries(8).work(
            T::MX,
            trap_max(),
            0,
        ),
        row("the same with a good signature first", trap(own, true)).says(PLAIN).queries(12),
        bogus(of("a hundred DS records for a hundred keys of one tag", vouched), &["dnssec.ds-mismatch"]).queries(8),
        at("a name of 115 labels, hashed 50 times each", &deep, Stage::new(Internet::of(vec![bomb])))
            .finds(&["mx.unknown", "dnssec.too-much-work"])
            .exits(75)
            .queries(10)
            .work(T::MX, 20, limits.hashes),
        at("a name of 115 labels, without proof", &deep, Stage::new(silent))
            // What was learned until the work was too much is known when reasons are asked for.
            .finds(&["mx.unknown", "dnssec.missing-denial"])
            .exits(75)
            .queries(130)
            .work(T::MX, limits.verifications, 0),
        at("dozens of proofs that are none", "nx.example.test", Stage::new(crowd))
            .finds(&["mx.unknown", "dnssec.bad-signature"])
            .exits(75)
            .queries(10)
            .work(T::MX, trap_max() + 32, 0),
        at("a circle of signed aliases", "circle.example.test", aliases(0))
            .finds(&["mx.alias-loop", "dnssec.alias-loop"])
            .exits(68)
            .queries(10),
        at("forty signed aliases in a row", "n0.example.test", aliases(40))
            .finds(&["mx.alias-chain", "dnssec.too-many-aliases"])
            .exits(68)
            // Ten aliases with their signatures do not fit a datagram, so each is asked about twice.
            .queries(40),
    ]
}
