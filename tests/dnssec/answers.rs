//! Records that are there: signed, not signed, by wildcards, behind aliases.

use super::internet::Internet;
use super::sign::{Key, NOW, at, now};
use super::zone::{DAY, Ds, Zone, record};
use super::{Row, check, found, verdict};
use hickory_proto::dnssec::Algorithm;
use hickory_proto::dnssec::rdata::DNSKEY;
use hickory_proto::dnssec::{PublicKey, PublicKeyBuf};
use hickory_proto::rr::{RData, RecordType as T};
use mailkit::dns::dnssec::{Found, Security, Step, Validator};

fn example() -> Zone {
    Zone::signed("example.test.", 3).with(&[
        "example.test. MX 10 mx.example.test.",
        "mx.example.test. A 192.0.2.1",
        "mx.example.test. A 192.0.2.2",
        "_25._tcp.mx.example.test. TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "*.wild.example.test. TXT wild",
        "there.wild.example.test. TXT tame",
    ])
}

fn row(shape: &'static str, zones: Vec<Zone>, name: &'static str, kind: T, verdict: &'static str) -> Row {
    Row { shape, internet: Internet::of(zones), name, kind, verdict, found: "records", cost: (6, 6) }
}

#[test]
fn what_is_signed_from_the_root_down_is_secure() {
    let deep = || Zone::signed("deep.example.test.", 4).with(&["x.deep.example.test. A 192.0.2.3"]);
    check(vec![
        row("a host", vec![example()], "mx.example.test.", T::A, "secure"),
        row("letters do not count", vec![example()], "MX.Example.TEST.", T::A, "secure"),
        row("the apex", vec![example()], "example.test.", T::MX, "secure"),
        row("keys", vec![example()], "example.test.", T::DNSKEY, "secure"),
        row("labels without a zone", vec![example()], "_25._tcp.mx.example.test.", T::TLSA, "secure"),
        Row { cost: (8, 8), ..row("a zone below", vec![example(), deep()], "x.deep.example.test.", T::A, "secure") },
        Row { cost: (4, 4), ..row("a delegation", vec![example()], "example.test.", T::DS, "secure") },
        row("with NSEC3", vec![example().nsec3(0, false)], "mx.example.test.", T::A, "secure"),
        Row { cost: (2, 2), ..row("the root itself", vec![], ".", T::NS, "secure") },
    ]);
}

#[test]
fn the_way_down_is_told_in_sentences() {
    let internet = Internet::of(vec![example()]);
    let judged = internet.validate("example.test.", T::MX, now());
    let tags: Vec<u16> = internet.zones.iter().flat_map(|zone| zone.keys.iter().map(Key::tag)).collect();
    let said: Vec<String> = judged.steps.iter().map(ToString::to_string).collect();
    let until = "15 (ED25519), until 2026-12-06T12:00:00Z";
    assert_eq!(
        said,
        [
            format!("the root zone is trusted by key {}", tags[0]),
            format!("the DNSKEY records of the root zone are signed by key {} of the root zone, {until}", tags[0]),
            format!("the DS records of test are signed by key {} of the root zone, {until}", tags[1]),
            format!("the root zone vouches for key {} of test, by digest 2 (SHA-256)", tags[2]),
            format!("the DNSKEY records of test are signed by key {} of test, {until}", tags[2]),
            format!("the DS records of example.test are signed by key {} of test, {until}", tags[3]),
            format!("test vouches for key {} of example.test, by digest 2 (SHA-256)", tags[4]),
            format!("the DNSKEY records of example.test are signed by key {} of example.test, {until}", tags[4]),
            format!("the MX records of example.test are signed by key {} of example.test, {until}", tags[5]),
        ]
    );
    assert_eq!(judged.until, Some(at(NOW + 14 * DAY)));
}

#[test]
fn what_provably_nobody_vouches_for_is_insecure() {
    let plain = || Zone::unsigned("plain.test.").with(&["a.plain.test. A 192.0.2.9", "b.c.plain.test. A 192.0.2.9"]);
    // Signed, but the zone above does not say so.
    let island = || Zone { ds: Ds::Missing, ..Zone::signed("island.test.", 8).with(&["a.island.test. A 192.0.2.9"]) };
    let hashed = |opt_out, zones: Vec<Zone>| {
        let tops = vec![Zone::signed(".", 1), Zone::signed("test.", 2).nsec3(0, opt_out)];
        Internet::exactly(tops.into_iter().chain(zones).collect())
    };
    let below = Zone::unsigned("below.plain.test.").with(&["a.below.plain.test. A 192.0.2.9"]);
    let signed_below = || Zone::signed("signed.plain.test.", 9).with(&["a.signed.plain.test. A 192.0.2.9"]);
    let plain_row = |shape, internet, verdict| Row { internet, ..row(shape, vec![], "a.plain.test.", T::A, verdict) };
    check(vec![
        row("no DS record", vec![plain()], "a.plain.test.", T::A, "dnssec.not-signed"),
        row("no DS record, a name further down", vec![plain()], "b.c.plain.test.", T::A, "dnssec.not-signed"),
        row("a zone of it", vec![plain(), below], "a.below.plain.test.", T::A, "dnssec.not-signed"),
        row("an island", vec![island()], "a.island.test.", T::A, "dnssec.not-signed"),
        row(
            "below a zone that is not signed",
            vec![plain(), signed_below()],
            "a.signed.plain.test.",
            T::A,
            "dnssec.not-signed",
        ),
        plain_row("no DS record, by NSEC3", hashed(false, vec![plain()]), "dnssec.not-signed"),
        plain_row("left out of the proof", hashed(true, vec![plain()]), "dnssec.opted-out"),
        Row { found: "no-data", ..row("no such records", vec![plain()], "a.plain.test.", T::MX, "dnssec.not-signed") },
        Row { found: "no-name", ..row("no such name", vec![plain()], "x.plain.test.", T::MX, "dnssec.not-signed") },
    ]);
}

#[test]
fn algorithms_and_digests_that_do_not_count_make_a_zone_insecure() {
    let keyed = |algorithm: u8, digests: &[u8]| {
        let key = DNSKEY::with_flags(257, PublicKeyBuf::new(vec![7; 64], Algorithm::from_u8(algorithm)));
        let ds = digests.iter().map(|digest| {
            RData::DNSSEC(hickory_proto::dnssec::rdata::DNSSECRData::DS(super::sign::ds_of(
                &key,
                &super::zone::name("example.test."),
                *digest,
            )))
        });
        let ds = Ds::Data(ds.collect());
        Zone { ds, shown: vec![key.clone()], ..example() }
    };
    let digests = |digests: &[u8]| Zone { ds: Ds::Digests(digests.to_vec()), ..example() };
    let both = || {
        let zone = keyed(8, &[2]);
        let Ds::Data(mut data) = zone.ds.clone() else { panic!("it has data") };
        data.push(RData::DNSSEC(hickory_proto::dnssec::rdata::DNSSECRData::DS(zone.keys[0].ds(&zone.apex, 2))));
        Zone { ds: Ds::Data(data), ..zone }
    };
    let mx = "mx.example.test.";
    check(vec![
        row("unknown algorithm", vec![keyed(200, &[2])], mx, T::A, "dnssec.unsupported-algorithm"),
        row("ED448", vec![keyed(16, &[2, 4])], mx, T::A, "dnssec.unsupported-algorithm"),
        row("RSASHA1", vec![keyed(5, &[2])], mx, T::A, "dnssec.unsupported-algorithm"),
        row("RSASHA1-NSEC3-SHA1", vec![keyed(7, &[1, 2])], mx, T::A, "dnssec.unsupported-algorithm"),
        row("RSAMD5", vec![keyed(1, &[2])], mx, T::A, "dnssec.unsupported-algorithm"),
        row("GOST digest only", vec![digests(&[3])], mx, T::A, "dnssec.unsupported-digest"),
        row("unknown digests only", vec![digests(&[0, 99])], mx, T::A, "dnssec.unsupported-digest"),
        row("an unknown digest beside a known one", vec![digests(&[3, 2])], mx, T::A, "secure"),
        row("SHA-384", vec![digests(&[4])], mx, T::A, "secure"),
        row("SHA-1 only", vec![digests(&[1])], mx, T::A, "secure"),
        row("SHA-1 beside SHA-256", vec![digests(&[1, 2])], mx, T::A, "secure"),
        row("two algorithms, one without signatures", vec![both()], mx, T::A, "secure"),
    ]);
    let weak = Internet::of(vec![digests(&[1])]).validate(mx, T::A, now());
    assert!(weak.steps.iter().any(|step| matches!(step, Step::WeakDigest { .. })));
    let strong = Internet::of(vec![digests(&[1, 2])]).validate(mx, T::A, now());
    assert!(!strong.steps.iter().any(|step| matches!(step, Step::WeakDigest { .. })));
}

#[test]
fn a_wildcard_counts_with_the_proof_that_nothing_stands_in_its_way() {
    let proofs = |record: &hickory_proto::rr::Record| matches!(record.record_type(), T::NSEC | T::NSEC3);
    let internet = |hashed: bool| Internet::of(vec![if hashed { example().nsec3(1, false) } else { example() }]);
    let wild = |shape, internet, name, verdict, found| Row {
        internet,
        found,
        cost: (8, 10),
        ..row(shape, vec![], name, T::TXT, verdict)
    };
    // The wildcard's records, said to be those of a name that is there.
    let forged = |hashed| {
        let internet = internet(hashed);
        let mut taken = internet.zone("example.test.").answer(&super::zone::name("x.wild.example.test."), T::TXT);
        taken.answers.iter_mut().for_each(|record| record.name = super::zone::name("there.wild.example.test."));
        internet.change("there.wild.example.test.", T::TXT, move |response| *response = taken.clone())
    };
    check(vec![
        wild("with proof", internet(false), "x.wild.example.test.", "secure", "records"),
        wild("with proof, deeper", internet(false), "x.y.wild.example.test.", "secure", "records"),
        wild("with proof by NSEC3", internet(true), "x.wild.example.test.", "secure", "records"),
        wild("with proof by NSEC3, deeper", internet(true), "x.y.wild.example.test.", "secure", "records"),
        wild("asked for by its name", internet(false), "*.wild.example.test.", "secure", "records"),
        wild("without", internet(false).hide(proofs), "x.wild.example.test.", "dnssec.wildcard-unproven", "nothing"),
        wild(
            "without NSEC3",
            internet(true).hide(proofs),
            "x.wild.example.test.",
            "dnssec.wildcard-unproven",
            "nothing",
        ),
        wild(
            "in the place of a name",
            forged(false),
            "there.wild.example.test.",
            "dnssec.wildcard-unproven",
            "nothing",
        ),
        wild(
            "in the place of a name, NSEC3",
            forged(true),
            "there.wild.example.test.",
            "dnssec.wildcard-unproven",
            "nothing",
        ),
    ]);
    let judged = internet(false).validate("x.wild.example.test.", T::TXT, now());
    assert!(judged.steps.iter().any(|step| step.to_string().contains(", as a wildcard")), "{:?}", judged.steps);
}

#[test]
fn a_wildcard_of_a_zone_that_leaves_names_out_vouches_for_nothing() {
    let internet = Internet::of(vec![example().nsec3(0, true)]);
    let judged = internet.validate("x.wild.example.test.", T::TXT, now());
    assert_eq!((verdict(&judged.security), found(&judged)), ("dnssec.opted-out", "records"));
    let judged = internet.validate("mx.example.test.", T::A, now());
    assert_eq!((verdict(&judged.security), found(&judged)), ("secure", "records"));
}

#[test]
fn an_answer_behind_aliases_is_worth_what_the_least_of_them_is_worth() {
    let zones = || {
        vec![
            example().with(&[
                "to-signed.example.test. CNAME to-host.other.test.",
                "to-plain.example.test. CNAME a.plain.test.",
                "to-bad.example.test. CNAME a.bad.test.",
                "to-gone.example.test. CNAME gone.other.test.",
                "old.example.test. DNAME other.test.",
                "*.alias.example.test. CNAME mx.example.test.",
            ]),
            Zone::signed("other.test.", 5)
                .with(&["host.other.test. A 192.0.2.5", "to-host.other.test. CNAME host.other.test."]),
            Zone::unsigned("plain.test.")
                .with(&["a.plain.test. A 192.0.2.6", "back.plain.test. CNAME mx.example.test."]),
            Zone { expiration: NOW - DAY / 2, ..Zone::signed("bad.test.", 6).with(&["a.bad.test. A 192.0.2.7"]) },
        ]
    };
    let alias = |name, verdict, found| Row { found, cost: (12, 12), ..row("an alias", zones(), name, T::A, verdict) };
    check(vec![
        alias("to-signed.example.test.", "secure", "records"),
        alias("to-plain.example.test.", "dnssec.not-signed", "records"),
        alias("back.plain.test.", "dnssec.not-signed", "records"),
        alias("to-bad.example.test.", "dnssec.expired", "nothing"),
        alias("to-gone.example.test.", "secure", "no-name"),
        alias("host.old.example.test.", "secure", "records"),
        alias("gone.old.example.test.", "secure", "no-name"),
        alias("x.alias.example.test.", "secure", "records"),
    ]);
    let judged = Internet::of(zones()).validate("to-signed.example.test.", T::A, now());
    let aliases: Vec<_> =
        judged.aliases.iter().map(|alias| (alias.owner.to_ascii(), alias.target.to_ascii())).collect();
    let text = |owner: &str, target: &str| (owner.to_owned(), target.to_owned());
    assert_eq!(
        aliases,
        [text("to-signed.example.test.", "to-host.other.test."), text("to-host.other.test.", "host.other.test.")]
    );
    let judged = Internet::of(zones()).validate("back.plain.test.", T::A, now());
    assert!(matches!(judged.aliases[0].security, Security::Insecure(_)), "{:?}", judged.aliases);
    let judged = Internet::of(zones()).validate("to-signed.example.test.", T::CNAME, now());
    assert_eq!((verdict(&judged.security), judged.aliases.len()), ("secure", 0), "asked for, it is not followed");
}

#[test]
fn no_record_is_kept_longer_than_it_was_signed_for() {
    let large = Internet::of(vec![example()]).change("mx.example.test.", T::A, |response| {
        response.answers.iter_mut().for_each(|record| record.ttl = 1_000_000);
    });
    let ttls = |internet: &Internet, second| {
        let judged = internet.validate("mx.example.test.", T::A, at(second));
        let Found::Records(records) = judged.found else { panic!("{:?}", judged.security) };
        records.iter().map(|record| record.ttl).collect::<Vec<_>>()
    };
    assert_eq!(ttls(&large, NOW), [3600, 3600]);
    // Its signature ends before.
    assert_eq!(ttls(&large, NOW + 14 * DAY - 100), [100, 100]);
    let small = Internet::of(vec![example()]).change("mx.example.test.", T::A, |response| response.answers[1].ttl = 7);
    assert_eq!(ttls(&small, NOW), [7, 7]);
}

#[test]
fn what_is_learned_of_zones_is_not_asked_for_again() {
    let names: Vec<String> = (0..300).map(|number| format!("h{number}.example.test.")).collect();
    let lines: Vec<String> = names.iter().map(|name| format!("{name} A 192.0.2.1")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let internet = Internet::of(vec![example().with(&lines)]);
    let validator = Validator::new(internet.anchors());
    for (at, name) in names.iter().enumerate() {
        let judged = internet.validate_by(&validator, name, T::A, now());
        assert_eq!(verdict(&judged.security), "secure", "{name}");
        let asked = if at == 0 { 6 } else { 1 };
        assert_eq!((judged.work.queries, judged.work.verifications), (asked, asked), "{name}");
        assert_eq!(judged.steps.len(), 9, "the way is told all the same");
    }
    // For another day it is judged again, and for a time after everything has expired too.
    let later = internet.validate_by(&validator, &names[0], T::A, at(NOW + 2 * DAY));
    assert_eq!((verdict(&later.security), later.work.queries), ("secure", 6));
    let later = internet.validate_by(&validator, &names[0], T::A, at(NOW + 15 * DAY));
    assert_eq!(verdict(&later.security), "dnssec.expired");
}

#[test]
fn records_that_come_twice_are_signed_once() {
    let internet = Internet::of(vec![example()]).add("mx.example.test.", T::A, record("MX.example.test. A 192.0.2.1"));
    let judged = internet.validate("mx.example.test.", T::A, now());
    assert_eq!(verdict(&judged.security), "secure");
    let keys = &internet.zone("example.test.").keys;
    assert!(keys.iter().all(|key| key.data.public_key().algorithm() == Algorithm::ED25519));
}
