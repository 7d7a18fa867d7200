//! What should be bogus, and somebody on the way would like to be taken for merely unsigned: then nobody checks it.

use super::internet::Internet;
use super::sign::{Key, ds_of, now};
use super::zone::{Zone, name, record};
use super::{found, verdict};
use hickory_proto::dnssec::rdata::{DNSSECRData, NSEC, RRSIG};
use hickory_proto::rr::{RData, Record, RecordType as T};
use mailkit::dns::dnssec::{Anchors, Found, Validator};

/// The keys of several zones, as trust anchors.
fn anchors(keys: &[(&str, &Key)]) -> Anchors {
    let line = |(zone, key): &(&str, &Key)| {
        let ds = ds_of(&key.data, &name(zone), 2);
        let digits: String = ds.digest().iter().map(|octet| format!("{octet:02x}")).collect();
        format!("{zone} IN DS {} {} 2 {digits}\n", ds.key_tag(), u8::from(ds.algorithm()))
    };
    Anchors::parse(&keys.iter().map(line).collect::<String>()).expect("they are some")
}

/// What a stranger says to have signed as this zone.
fn by_a_stranger(set: &[Record], zone: &str) -> Vec<Record> {
    let stranger = Zone::signed(zone, 66);
    let signed = stranger.signature(set, &stranger.keys[1], |_| {});
    set.iter().cloned().chain([signed]).collect()
}

#[test]
fn a_signature_of_a_zone_above_the_trust_anchor_makes_nothing_unsigned() {
    let island = || {
        Zone::signed("island.plain.test.", 3)
            .with(&["a.island.plain.test. A 192.0.2.1", "z.island.plain.test. A 192.0.2.1"])
    };
    let owner = "a.island.plain.test.";
    for (shape, has_root, signer) in [
        // No trust anchor is above the signer: that is not to say that none is above the name.
        ("by the zone above", false, "plain.test."),
        ("by the root", false, "."),
        // And one is, but the zone between them is not signed.
        ("by an unsigned zone below another trust anchor", true, "plain.test."),
        ("by another trust anchor", true, "."),
    ] {
        let internet = || Internet::of(vec![Zone::unsigned("plain.test."), island()]);
        let known = internet();
        let (root, below) = (&known.zone(".").keys[0], &known.zone("island.plain.test.").keys[0]);
        let mut keys = vec![("island.plain.test.", below)];
        keys.extend(has_root.then_some((".", root)));
        let validator = || Validator::new(anchors(&keys));
        let good = known.validate_by(&validator(), owner, T::A, now());
        assert_eq!((verdict(&good.security), found(&good)), ("secure", "records"), "{shape}");
        let forged = internet().change(owner, T::A, move |response| {
            response.answers = by_a_stranger(&[record("a.island.plain.test. A 203.0.113.9")], signer);
        });
        let judged = forged.validate_by(&validator(), owner, T::A, now());
        assert_eq!((verdict(&judged.security), found(&judged)), ("dnssec.signer-not-parent", "nothing"), "{shape}");
        let denied = internet().change(owner, T::A, move |response| {
            let gone = NSEC::new(name("b.island.plain.test."), [T::TXT]);
            let gone = Record::from_rdata(name(owner), 3600, RData::DNSSEC(DNSSECRData::NSEC(gone)));
            response.answers.clear();
            response.authorities = by_a_stranger(&[gone], signer);
        });
        let judged = denied.validate_by(&validator(), owner, T::A, now());
        assert_eq!((verdict(&judged.security), found(&judged)), ("dnssec.missing-denial", "nothing"), "{shape}");
    }
}

/// What a wildcard gives for a name, as the zone has signed it.
fn from_wildcard(zone: &Zone, owner: &str, line: &str) -> Vec<Record> {
    let mut set = zone.sealed(vec![record(line)]);
    set.iter_mut().for_each(|record| record.name = name(owner));
    set
}

#[test]
fn an_alias_by_wildcard_hides_no_delegation() {
    let zones = || {
        vec![
            Zone::signed("example.test.", 3)
                .with(&["*.example.test. CNAME a.example.test.", "a.example.test. A 192.0.2.1"]),
            Zone::unsigned("plain.example.test.").with(&["plain.example.test. A 192.0.2.2"]),
        ]
    };
    let honest = Internet::of(zones());
    let given =
        from_wildcard(honest.zone("example.test."), "plain.example.test.", "*.example.test. CNAME a.example.test.");
    assert!(
        given.iter().any(|record| matches!(&record.data, RData::DNSSEC(DNSSECRData::RRSIG(data)) if is_wild(data)))
    );
    let lying = Internet::of(zones()).change("plain.example.test.", T::DS, move |response| {
        response.answers = given.clone();
        response.authorities.clear();
    });
    let validator = Validator::new(honest.anchors());
    let judged = lying.validate_by(&validator, "plain.example.test.", T::A, now());
    assert_eq!((verdict(&judged.security), found(&judged)), ("dnssec.wildcard-unproven", "nothing"));
    // And nothing of it is remembered.
    let judged = honest.validate_by(&validator, "plain.example.test.", T::A, now());
    assert_eq!((verdict(&judged.security), found(&judged)), ("dnssec.not-signed", "records"));
    // Where nothing stands in its way it does not matter what the alias was made from.
    let judged = honest.validate_by(&validator, "x.y.example.test.", T::A, now());
    assert_eq!((verdict(&judged.security), found(&judged)), ("secure", "records"));
    let stripped = Internet::of(zones()).change("x.y.example.test.", T::A, |response| {
        response.answers.retain(|record| record.record_type() == T::CNAME);
    });
    let judged = stripped.validate("x.y.example.test.", T::A, now());
    assert_eq!((verdict(&judged.security), found(&judged)), ("dnssec.no-signature", "nothing"));
}

fn is_wild(data: &RRSIG) -> bool {
    data.input().num_labels == 2
}

#[test]
fn what_is_not_believed_is_not_remembered_for_long() {
    let zone = || Zone::signed("example.test.", 3).with(&["a.example.test. A 192.0.2.1"]);
    let good = Internet::of(vec![zone()]);
    let judged = good.validate("a.example.test.", T::A, now());
    assert_eq!((verdict(&judged.security), good.distrusted()), ("secure", vec![]));
    let forged = Internet::of(vec![zone()]).change("a.example.test.", T::A, |response| {
        response.answers[0] = record("a.example.test. A 203.0.113.9");
    });
    let judged = forged.validate("a.example.test.", T::A, now());
    assert_eq!((verdict(&judged.security), forged.distrusted()), ("dnssec.bad-signature", forged.asked()));
    // Where the keys that are trusted came without their signatures nothing else is worth more.
    let stripped = Internet::of(vec![zone()]).hide(|record| record.record_type() == T::RRSIG);
    let judged = stripped.validate("a.example.test.", T::A, now());
    assert_eq!((verdict(&judged.security), stripped.distrusted()), ("dnssec.stripped", stripped.asked()));
    assert!(!stripped.asked().is_empty());
    // Nobody is asked again and again about what is unsigned, or an endless alias.
    let plain =
        Internet::of(vec![Zone::unsigned("plain.test."), zone().with(&["b.example.test. CNAME b.example.test."])]);
    for name in ["plain.test.", "b.example.test."] {
        let judged = plain.validate(name, T::A, now());
        assert!(judged.security.why().is_some());
        assert_eq!(plain.distrusted(), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn what_is_behind_an_alias_is_kept_no_longer_than_the_alias() {
    let with_ttl = |line, ttl| {
        let mut record = record(line);
        record.ttl = ttl;
        record
    };
    let address = || with_ttl("a.example.test. A 192.0.2.1", 3600);
    for (keys, ttl, wanted) in [(true, 60, 60), (true, 7200, 3600), (false, 60, 60)] {
        let mut zone = if keys { Zone::signed("example.test.", 3) } else { Zone::unsigned("example.test.") };
        zone.records.extend([with_ttl("b.example.test. CNAME a.example.test.", ttl), address()]);
        let judged = Internet::of(vec![zone]).validate("b.example.test.", T::A, now());
        let Found::Records(records) = &judged.found else { panic!("{:?}", judged.found) };
        assert_eq!(records.iter().map(|record| record.ttl).collect::<Vec<_>>(), [wanted], "{keys} {ttl}");
    }
}
