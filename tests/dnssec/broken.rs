//! Chains that should be whole and are not: each break by its name.

use super::internet::{Internet, anchor};
use super::sign::{Key, NOW, at, now};
use super::zone::{DAY, Ds, Zone, name, record};
use super::{Row, check, verdict};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{RData, Record, RecordType as T};
use mailkit::dns::dnssec::{Limits, Response, Source, Step, Validator};
use mailkit::world::Later;

fn example() -> Zone {
    Zone::signed("example.test.", 3).with(&[
        "a.example.test. A 192.0.2.1",
        "b.example.test. A 192.0.2.2",
        "*.w.example.test. A 192.0.2.3",
    ])
}

fn internet() -> Internet {
    Internet::of(vec![example()])
}

fn row(shape: &'static str, internet: Internet, verdict: &'static str) -> Row {
    Row { shape, internet, name: "a.example.test.", kind: T::A, verdict, found: "nothing", cost: (8, 10) }
}

fn is_signature(record: &Record) -> bool {
    record.record_type() == T::RRSIG
}

/// Signs the addresses of `a.example.test` anew, in another way.
fn resigned(sign: impl Fn(&Zone, &[Record]) -> Vec<Record>) -> Internet {
    let internet = internet();
    let set = [record("a.example.test. A 192.0.2.1")];
    let signatures = sign(internet.zone("example.test."), &set);
    internet.change("a.example.test.", T::A, move |response| {
        response.answers.retain(|record| !is_signature(record));
        response.answers.extend(signatures.clone());
    })
}

#[test]
fn signatures_hold_from_their_beginning_to_their_end() {
    let timed = |inception: u32, expiration: u32| Internet::of(vec![Zone { inception, expiration, ..example() }]);
    let good = |shape, internet| Row { found: "records", ..row(shape, internet, "secure") };
    check(vec![
        row("expired", timed(NOW - 20 * DAY, NOW - DAY), "dnssec.expired"),
        row("expired just now", timed(NOW - 20 * DAY, NOW - 301), "dnssec.expired"),
        row("not yet valid", timed(NOW + DAY, NOW + 20 * DAY), "dnssec.not-yet-valid"),
        row("nearly valid", timed(NOW + 301, NOW + 20 * DAY), "dnssec.not-yet-valid"),
        row("never", timed(NOW + DAY, NOW - DAY), "dnssec.expired"),
        good("expired within what clocks differ", timed(NOW - 20 * DAY, NOW - 299)),
        good("beginning within what clocks differ", timed(NOW + 299, NOW + 20 * DAY)),
    ]);
    let judged = timed(NOW - 20 * DAY, NOW - 90).validate("a.example.test.", T::A, now());
    let told = judged.steps.iter().filter(|step| matches!(step, Step::Signed { skew: Some(90), .. })).count();
    assert_eq!(told, 2, "{:?}", judged.steps);
    let said = judged.steps.last().expect("steps").to_string();
    assert!(said.ends_with("if a clock is wrong by 90 seconds"), "{said}");
}

#[test]
fn one_can_ask_about_another_day() {
    let internet = internet();
    for (second, wanted) in [
        (NOW, "secure"),
        (NOW + 13 * DAY, "secure"),
        (NOW + 14 * DAY + 301, "dnssec.expired"),
        (NOW - 2 * DAY, "dnssec.not-yet-valid"),
    ] {
        assert_eq!(verdict(&internet.validate("a.example.test.", T::A, at(second)).security), wanted, "{second}");
    }
    let judged = internet.validate("a.example.test.", T::A, at(NOW + 15 * DAY));
    let said = judged.security.why().expect("it is bogus").to_string();
    assert_eq!(said, "the signature of the DNSKEY records of the root zone has expired at 2026-12-06T12:00:00Z");
}

#[test]
fn what_was_changed_or_never_signed_is_bogus() {
    let changed = |response: &mut Response| {
        response.answers[0].data = RData::A(A::new(198, 51, 100, 1));
    };
    let added = record("a.example.test. A 198.51.100.1");
    let hidden = |name: &'static str, kind| {
        internet().change(name, kind, |response| response.answers.retain(|record| !is_signature(record)))
    };
    let broken = |name: &'static str, kind| {
        internet().change(name, kind, |response| {
            response.answers.iter_mut().for_each(|record| {
                if let RData::DNSSEC(hickory_proto::dnssec::rdata::DNSSECRData::RRSIG(old)) = &record.data {
                    let mut octets = old.sig().to_vec();
                    octets[20] ^= 1;
                    let new = hickory_proto::dnssec::rdata::RRSIG::from_sig(old.input().clone(), octets);
                    record.data = RData::DNSSEC(hickory_proto::dnssec::rdata::DNSSECRData::RRSIG(new));
                }
            })
        })
    };
    let short = || {
        internet().change("a.example.test.", T::A, |response| {
            response.answers.iter_mut().for_each(|record| {
                if let RData::DNSSEC(hickory_proto::dnssec::rdata::DNSSECRData::RRSIG(old)) = &record.data {
                    let new = hickory_proto::dnssec::rdata::RRSIG::from_sig(old.input().clone(), Vec::new());
                    record.data = RData::DNSSEC(hickory_proto::dnssec::rdata::DNSSECRData::RRSIG(new));
                }
            })
        })
    };
    let no_keys = internet().change(".", T::DNSKEY, |response| response.answers.clear());
    check(vec![
        row("another address", internet().change("a.example.test.", T::A, changed), "dnssec.bad-signature"),
        row("one address more", internet().add("a.example.test.", T::A, added), "dnssec.bad-signature"),
        row("a broken signature", broken("a.example.test.", T::A), "dnssec.bad-signature"),
        row("an empty signature", short(), "dnssec.bad-signature"),
        row("no signature", hidden("a.example.test.", T::A), "dnssec.no-signature"),
        row("no signature of a delegation", hidden("example.test.", T::DS), "dnssec.no-signature"),
        row("no signature of keys", hidden("example.test.", T::DNSKEY), "dnssec.no-signature"),
        row("a broken signature of keys", broken("example.test.", T::DNSKEY), "dnssec.bad-signature"),
        row("a broken signature of a delegation", broken("example.test.", T::DS), "dnssec.bad-signature"),
        row("no signatures at all", internet().hide(is_signature), "dnssec.stripped"),
        row("no keys of the root", no_keys, "dnssec.stripped"),
    ]);
}

#[test]
fn a_delegation_cannot_be_taken_away() {
    let stripped = |proofs: bool| {
        internet().change("example.test.", T::DS, move |response| {
            response.answers.clear();
            if !proofs {
                response.authorities.clear();
            }
        })
    };
    // What the zone says of itself is no proof about its delegation, nor is what was said of another one.
    let child = |from: &'static str| {
        let plain = Zone::unsigned("plain.test.").with(&["a.plain.test. A 192.0.2.1"]);
        let internet = Internet::of(vec![example(), plain]);
        let zone = if from == "plain.test." { "test." } else { from };
        let said = internet.zone(zone).answer(&name(from), T::DS);
        internet.change("example.test.", T::DS, move |response| *response = said.clone())
    };
    check(vec![
        row("nothing in its place", stripped(false), "dnssec.missing-denial"),
        row("an empty answer", stripped(true), "dnssec.missing-denial"),
        row("the word of the zone itself", child("example.test."), "dnssec.missing-denial"),
        row("the proof about another zone", child("plain.test."), "dnssec.missing-denial"),
    ]);
}

#[test]
fn keys_that_nobody_vouches_for_sign_nothing() {
    let rekeyed = |seed| {
        let mut internet = internet();
        internet.zone_mut("example.test.").keys[0] = Key::new(seed, 257);
        internet
    };
    // A delegation to a key that only looks alike: the same tag is not enough.
    let vouched = |digest: u8, octets: usize| {
        let zone = example();
        let key = &zone.keys[0];
        let ds = hickory_proto::dnssec::rdata::DS::new(
            key.tag(),
            hickory_proto::dnssec::Algorithm::ED25519,
            digest.into(),
            vec![1; octets],
        );
        let ds = Ds::Data(vec![RData::DNSSEC(hickory_proto::dnssec::rdata::DNSSECRData::DS(ds))]);
        Internet::of(vec![Zone { ds, ..zone }])
    };
    // The right SHA-1 digest beside a wrong one of SHA-256: the weaker one does not count.
    let weaker = || {
        let zone = example();
        let (tag, right) = (zone.keys[0].tag(), zone.keys[0].ds(&zone.apex, 1));
        let algorithm = hickory_proto::dnssec::Algorithm::ED25519;
        let wrong = hickory_proto::dnssec::rdata::DS::new(tag, algorithm, 2.into(), vec![1; 32]);
        let data = [right, wrong].map(|ds| RData::DNSSEC(hickory_proto::dnssec::rdata::DNSSECRData::DS(ds)));
        Internet::of(vec![Zone { ds: Ds::Data(data.to_vec()), ..zone }])
    };
    let unsigned_keys = || {
        let mut internet = internet();
        internet.zone_mut("example.test.").keys.remove(0);
        let entry = Key::new(3, 257).data;
        internet.zone_mut("example.test.").shown.push(entry);
        internet
    };
    let no_keys = internet().change("example.test.", T::DNSKEY, |response| response.answers.clear());
    let revoked = || {
        let zone = Zone { keys: vec![Key::new(3, 257 | 0x80), Key::new(103, 256)], ..example() };
        Internet::of(vec![zone])
    };
    let no_zone_key = || Internet::of(vec![Zone { keys: vec![Key::new(3, 1), Key::new(103, 256)], ..example() }]);
    check(vec![
        row("another key", rekeyed(77), "dnssec.ds-mismatch"),
        row("a wrong digest", vouched(2, 32), "dnssec.ds-mismatch"),
        row("a digest cut short", vouched(2, 3), "dnssec.ds-mismatch"),
        row("a wrong digest beside a right one that is weaker", weaker(), "dnssec.ds-mismatch"),
        row("keys signed by another of them", unsigned_keys(), "dnssec.keys-not-signed"),
        row("no keys", no_keys, "dnssec.no-dnskey"),
        row("a key that is revoked", revoked(), "dnssec.ds-mismatch"),
        row("a key of something else", no_zone_key(), "dnssec.ds-mismatch"),
    ]);
}

#[test]
fn records_are_signed_by_the_zone_that_they_are_in() {
    let other = Key::new(42, 256);
    let by = |signer: &'static str| {
        resigned(move |zone, set| {
            vec![zone.signature(set, &Key::new(103, 256), |input| input.signer_name = name(signer))]
        })
    };
    let unknown_key = resigned(|zone, set| vec![zone.signature(set, &Key::new(42, 256), |_| {})]);
    let tag = other.tag();
    let lying_tag = resigned(move |zone, set| vec![zone.signature(set, &zone.keys[1], |input| input.key_tag = tag)]);
    let foreign = Zone::signed("other.test.", 5);
    let by_neighbour = {
        let internet = Internet::of(vec![example(), foreign]);
        let signature = internet.zone("other.test.").signature(
            &[record("a.example.test. A 192.0.2.1")],
            &Key::new(105, 256),
            |_| {},
        );
        internet.change("a.example.test.", T::A, move |response| {
            response.answers.retain(|record| !is_signature(record));
            response.answers.push(signature.clone());
        })
    };
    check(vec![
        row("by a neighbour", by_neighbour, "dnssec.signer-not-parent"),
        row("by a name below", by("x.a.example.test."), "dnssec.signer-not-parent"),
        row("by the name itself, which is no zone", by("a.example.test."), "dnssec.signer-no-zone"),
        row("by the zone above with a key that it has not", by("test."), "dnssec.no-key"),
        row("by a key that is not shown", unknown_key, "dnssec.no-key"),
        row("by a key said to be another", lying_tag, "dnssec.no-key"),
    ]);
}

#[test]
fn labels_cannot_be_miscounted() {
    let counted = |labels: u8| {
        resigned(move |zone, set| vec![zone.signature(set, &zone.keys[1], |input| input.num_labels = labels)])
    };
    // A signature of a wildcard, whose count was changed to fit.
    let recounted = {
        let internet = internet();
        let mut taken = internet.zone("example.test.").answer(&name("x.w.example.test."), T::A);
        for record in &mut taken.answers {
            record.name = name("x.w.example.test.");
            if let RData::DNSSEC(hickory_proto::dnssec::rdata::DNSSECRData::RRSIG(old)) = &record.data {
                let mut input = old.input().clone();
                input.num_labels = 4;
                let new = hickory_proto::dnssec::rdata::RRSIG::from_sig(input, old.sig().to_vec());
                record.data = RData::DNSSEC(hickory_proto::dnssec::rdata::DNSSECRData::RRSIG(new));
            }
        }
        internet.change("x.w.example.test.", T::A, move |response| *response = taken.clone())
    };
    check(vec![
        row("more than there are", counted(4), "dnssec.label-count"),
        row("as many as can be", counted(255), "dnssec.label-count"),
        // Then it is a wildcard of the zone, and the name is there.
        row("fewer than there are", counted(2), "dnssec.wildcard-unproven"),
        row("none", counted(0), "dnssec.wildcard-unproven"),
        Row { name: "x.w.example.test.", ..row("a wildcard as a name", recounted, "dnssec.bad-signature") },
    ]);
}

#[test]
fn one_good_signature_is_enough() {
    let beside = |first: fn(&Zone, &[Record]) -> Record| {
        resigned(move |zone, set| vec![first(zone, set), zone.signature(set, &zone.keys[1], |_| {})])
    };
    let good = |shape, internet| Row { found: "records", ..row(shape, internet, "secure") };
    check(vec![
        good(
            "beside one that has expired",
            beside(|zone, set| zone.signature(set, &zone.keys[1], |input| input.sig_expiration = (NOW - DAY).into())),
        ),
        good("beside one by a key that is gone", beside(|zone, set| zone.signature(set, &Key::new(9, 256), |_| {}))),
        good(
            "beside one by a neighbour",
            beside(|zone, set| zone.signature(set, &zone.keys[1], |input| input.signer_name = name("other.test."))),
        ),
        good(
            "beside one by a name that is no zone",
            beside(|zone, set| zone.signature(set, &zone.keys[1], |input| input.signer_name = name("a.example.test."))),
        ),
        good(
            "beside one of an unknown algorithm",
            beside(|zone, set| {
                zone.signature(set, &zone.keys[1], |input| {
                    input.algorithm = hickory_proto::dnssec::Algorithm::Unknown(99)
                })
            }),
        ),
        row(
            "only of an unknown algorithm",
            resigned(|zone, set| {
                vec![zone.signature(set, &zone.keys[1], |input| {
                    input.algorithm = hickory_proto::dnssec::Algorithm::Unknown(99);
                })]
            }),
            "dnssec.unsupported-signature",
        ),
    ]);
}

#[test]
fn without_a_trust_anchor_or_an_answer_nothing_is_known() {
    let internet = internet();
    let other = Key::new(200, 257);
    let wrong = Validator::new(anchor(&other, &name(".")));
    let judged = internet.validate_by(&wrong, "a.example.test.", T::A, now());
    assert_eq!(verdict(&judged.security), "dnssec.anchor-mismatch");
    let elsewhere = Validator::new(anchor(&internet.zone("test.").keys[0], &name("invalid.")));
    let judged = internet.validate_by(&elsewhere, "a.example.test.", T::A, now());
    assert_eq!((verdict(&judged.security), judged.security.word()), ("dnssec.no-anchor", "indeterminate"));
    // An anchor further down needs nothing above it.
    let low = Validator::new(anchor(&internet.zone("example.test.").keys[0], &name("example.test.")));
    let judged = internet.validate_by(&low, "a.example.test.", T::A, now());
    assert_eq!((verdict(&judged.security), judged.work.queries), ("secure", 2));
    for rcode in [ResponseCode::ServFail, ResponseCode::Refused] {
        let internet = Internet::of(vec![example()]);
        let internet = internet.change("example.test.", T::DNSKEY, move |response| response.rcode = rcode);
        let judged = internet.validate("a.example.test.", T::A, now());
        assert_eq!((verdict(&judged.security), judged.security.word()), ("dnssec.failed", "indeterminate"));
    }
}

/// Nobody answers.
struct Silence;

impl Source for Silence {
    fn ask<'a>(&'a self, _: &'a hickory_proto::rr::Name, _: T) -> Later<'a, Result<Response, String>> {
        Box::pin(std::future::ready(Err("no answer within 5 seconds".to_owned())))
    }
}

#[test]
fn silence_is_told_as_such() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let validator = Validator::with_limits(internet().anchors(), Limits::default());
    let judged = runtime.block_on(validator.validate(&Silence, &name("a.test."), T::A, now()));
    assert_eq!(verdict(&judged.security), "dnssec.no-answer");
    let said = judged.security.why().expect("a reason").to_string();
    assert_eq!(said, "no answer for the A records of a.test: no answer within 5 seconds");
}
