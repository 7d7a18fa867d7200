//! Zones that are made to keep a validator busy: each ends soon, and says why.

use super::internet::Internet;
use super::sign::{ds_of, now};
use super::trap::{colliding, trapped};
use super::zone::{Ds, Proof, Zone, name, record};
use super::{Row, check, found, verdict};
use hickory_proto::dnssec::rdata::{DNSSECRData, NSEC};
use hickory_proto::rr::{RData, Record, RecordType as T};
use mailkit::dns::dnssec::{Limits, Why};
use std::time::{Duration, Instant};

fn example() -> Zone {
    Zone::signed("example.test.", 3).with(&["a.example.test. A 192.0.2.1"])
}

fn trap(tag: u16, has_good: bool) -> Internet {
    trapped(example(), &record("a.example.test. A 192.0.2.1"), tag, has_good)
}

#[test]
fn many_keys_of_one_tag_and_many_signatures_are_a_few_of_each() {
    let limits = Limits::default();
    let each = u32::try_from(limits.keys * limits.signatures).expect("a small number");
    let own = example().keys[1].tag();
    let row = |shape, internet, verdict, found, cost| Row {
        shape,
        internet,
        name: "a.example.test.",
        kind: T::A,
        verdict,
        found,
        cost,
    };
    check(vec![
        row("KeyTrap", trap(4711, false), "dnssec.bad-signature", "nothing", (8, 5 + each + 2)),
        row("KeyTrap around the key in use", trap(own, false), "dnssec.bad-signature", "nothing", (8, 5 + each + 2)),
        row("a good signature first", trap(own, true), "secure", "records", (6, 6)),
    ]);
    // The same of keys and what vouches for them: hundreds of digests, for hundreds of keys.
    let zone = example();
    let tag = zone.keys[0].tag();
    let shown = colliding(tag, 257, 100);
    let apex = zone.apex.clone();
    let data =
        colliding(tag, 257, 200).into_iter().skip(100).map(|key| RData::DNSSEC(DNSSECRData::DS(ds_of(&key, &apex, 2))));
    let internet = Internet::of(vec![Zone { shown, ds: Ds::Data(data.collect()), ..zone }]);
    let judged = internet.validate("a.example.test.", T::A, now());
    assert_eq!((verdict(&judged.security), found(&judged)), ("dnssec.ds-mismatch", "nothing"));
    let most = u32::try_from(limits.keys * limits.delegations).expect("a small number") + 2;
    assert!(judged.work.digests <= most, "{:?}", judged.work);
    // And when one question has many such sets.
    let mut tight = trap(4711, false);
    tight.limits.verifications = 10;
    let judged = tight.validate("a.example.test.", T::A, now());
    assert_eq!((verdict(&judged.security), judged.work.verifications), ("dnssec.too-much-work", 10));
    assert_eq!(judged.security.word(), "indeterminate");
}

#[test]
fn names_that_are_to_be_hashed_for_ever_are_not() {
    let hashed = |iterations, salt: usize| {
        let proof = Proof::Nsec3 { iterations, salt: vec![7; salt], opt_out: false };
        Internet::of(vec![example().proof(proof)])
    };
    let row = |shape, internet, name, verdict, found| Row {
        shape,
        internet,
        name,
        kind: T::MX,
        verdict,
        found,
        cost: (6, 9),
    };
    let too_many = "dnssec.nsec3-iterations";
    check(vec![
        row("as often as is done", hashed(50, 8), "a.example.test.", "secure", "no-data"),
        row("with a long salt", hashed(50, 255), "b.example.test.", "secure", "no-name"),
        row("once more", hashed(51, 8), "a.example.test.", too_many, "no-data"),
        row("2,500 times with a long salt", hashed(2500, 255), "b.example.test.", too_many, "no-name"),
        row("65,535 times", hashed(65535, 0), "b.example.test.", too_many, "no-name"),
    ]);
    let judged = hashed(2500, 255).validate("b.example.test.", T::MX, now());
    assert_eq!(judged.work.hashes, 0, "nothing is hashed that does not count");
    let Some(why) = judged.security.why() else { panic!("it is insecure") };
    assert_eq!(
        why.to_string(),
        "example.test hashes names with 2500 further iterations, and more than 50 are not followed"
    );
    // What says how often is signed: otherwise anybody could make a zone insecure.
    let forged = hashed(10, 8).change("b.example.test.", T::MX, |response| {
        for record in &mut response.authorities {
            if let RData::DNSSEC(DNSSECRData::NSEC3(old)) = &record.data {
                let next = old.next_hashed_owner_name().to_vec();
                let kinds = old.type_bit_maps().collect::<Vec<_>>();
                let new = hickory_proto::dnssec::rdata::NSEC3::new(
                    old.hash_algorithm(),
                    false,
                    2500,
                    vec![7; 8],
                    next,
                    kinds,
                );
                record.data = RData::DNSSEC(DNSSECRData::NSEC3(new));
            }
        }
    });
    assert_eq!(verdict(&forged.validate("b.example.test.", T::MX, now()).security), "dnssec.bad-signature");
}

#[test]
fn a_long_name_costs_no_more_than_the_budget() {
    let deep: &'static str = Box::leak(("x.".repeat(115) + "example.test.").into_boxed_str());
    let proof = Proof::Nsec3 { iterations: 50, salt: vec![7; 255], opt_out: false };
    let internet = Internet::of(vec![example().proof(proof)]);
    let begun = Instant::now();
    let judged = internet.validate(deep, T::A, now());
    assert_eq!((verdict(&judged.security), found(&judged)), ("dnssec.too-much-work", "nothing"));
    assert!(judged.work.hashes <= Limits::default().hashes, "{:?}", judged.work);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    // Without signatures at its end each label is asked about, up to the limit.
    let internet = Internet::of(vec![example()]).change(deep, T::A, |response| response.authorities.clear());
    let judged = internet.validate(deep, T::A, now());
    assert_eq!((verdict(&judged.security), found(&judged)), ("dnssec.too-much-work", "nothing"));
    assert!(judged.work.queries <= Limits::default().queries, "{:?}", judged.work);
    assert!(judged.work.verifications <= Limits::default().verifications, "{:?}", judged.work);
}

#[test]
fn aliases_end() {
    let chain = |length: usize| {
        let lines: Vec<String> =
            (0..length).map(|at| format!("n{at}.example.test. CNAME n{}.example.test.", at + 1)).collect();
        let last = format!("n{length}.example.test. A 192.0.2.1");
        let lines: Vec<&str> = lines.iter().map(String::as_str).chain([last.as_str()]).collect();
        Internet::of(vec![example().with(&lines)])
    };
    let row = |shape, internet, name, verdict| Row {
        shape,
        internet,
        name,
        kind: T::A,
        verdict,
        found: if verdict == "secure" { "records" } else { "nothing" },
        cost: (20, 20),
    };
    let looped = |lines: &[&str]| Internet::of(vec![example().with(lines)]);
    check(vec![
        row("twelve in a row", chain(12), "n0.example.test.", "secure"),
        row("thirteen in a row", chain(13), "n0.example.test.", "dnssec.too-many-aliases"),
        row("to itself", looped(&["a1.example.test. CNAME a1.example.test."]), "a1.example.test.", "dnssec.alias-loop"),
        row(
            "to and fro",
            looped(&["a1.example.test. CNAME a2.example.test.", "a2.example.test. CNAME A1.example.test."]),
            "a1.example.test.",
            "dnssec.alias-loop",
        ),
        row(
            "longer each time",
            looped(&["d.example.test. DNAME d.d.example.test."]),
            "x.d.example.test.",
            "dnssec.too-many-aliases",
        ),
        row(
            "too long",
            looped(&[&format!(
                "d.example.test. DNAME {}.{}.{}.example.test.",
                "a".repeat(60),
                "b".repeat(60),
                "c".repeat(60)
            )]),
            Box::leak(format!("{}.x.d.example.test.", "y".repeat(60)).into_boxed_str()),
            "dnssec.alias-too-long",
        ),
    ]);
}

#[test]
fn proofs_in_great_numbers_are_a_few() {
    let internet = Internet::of(vec![example()]).change("b.example.test.", T::A, |response| {
        let proofs: Vec<Record> = response.authorities.clone();
        for number in 0..500 {
            let owner = name(&format!("p{number}.example.test."));
            let moved = proofs.iter().map(|record| Record::from_rdata(owner.clone(), record.ttl, record.data.clone()));
            response.authorities.extend(moved);
        }
        response.authorities.reverse();
    });
    let judged = internet.validate("b.example.test.", T::A, now());
    assert!(judged.security.is_useless(), "{:?}", judged.security);
    let limits = Limits::default();
    let most = limits.proofs * limits.signatures + 8;
    assert!(judged.work.verifications as usize <= most, "{:?}", judged.work);
    let Some(Why::BadSignature { .. }) = judged.security.why() else { panic!("{:?}", judged.security) };
}

#[test]
fn thousands_of_signatures_by_all_zones_above_a_long_name_are_two_zones() {
    // As much as fits a message, of a name that takes as long to compare as any.
    let deep: &'static str = Box::leak(("x.".repeat(115) + "example.test.").into_boxed_str());
    let (owner, zone) = (name(deep), example());
    let set = vec![Record::from_rdata(owner.clone(), 3600, record("a.example.test. A 192.0.2.1").data)];
    let signed = |number: usize| {
        zone.signature(&set, &zone.keys[1], |input| input.signer_name = owner.trim_to(3 + number % 110))
    };
    let signatures: Vec<Record> = (0..2000).map(signed).collect();
    let internet = Internet::of(vec![example()]).change(deep, T::A, move |response| {
        response.answers = set.iter().chain(&signatures).cloned().collect();
        response.authorities.clear();
    });
    let begun = Instant::now();
    let judged = internet.validate(deep, T::A, now());
    assert!(judged.security.is_useless(), "{:?}", judged.security);
    assert!(judged.work.queries <= Limits::default().queries, "{:?}", judged.work);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

/// Nothing of it is checked, so that no budget is spent; but long sets would have to be written out for each signature.
#[test]
fn signatures_by_no_key_cost_nothing_however_long_the_sets_are() {
    let long = |number: usize| name(&format!("{}p{number}.example.test.", "x.".repeat(112)));
    let zone = example();
    let records = |owner: usize| {
        let of = move |next| {
            Record::from_rdata(long(owner), 3600, RData::DNSSEC(DNSSECRData::NSEC(NSEC::new(long(next), []))))
        };
        (0..570).map(of).collect::<Vec<_>>()
    };
    let sets = (0..7).map(|owner| {
        let set = records(owner);
        let signed = |tag| zone.signature(&set[..1], &zone.keys[1], |input| input.key_tag = tag);
        let signatures: Vec<Record> = (0..8).map(signed).collect();
        [set, signatures].concat()
    });
    let added: std::sync::Arc<Vec<Record>> = std::sync::Arc::new(sets.flatten().collect());
    let deep: &'static str = Box::leak(("x.".repeat(20) + "example.test.").into_boxed_str());
    let mut internet = Internet::of(vec![example()]).change(deep, T::A, |response| response.authorities.clear());
    for depth in 3..=22 {
        let added = added.clone();
        internet = internet.change(&name(deep).trim_to(depth).to_string(), T::DS, move |response| {
            response.authorities.extend(added.iter().cloned());
        });
    }
    let begun = Instant::now();
    let judged = internet.validate(deep, T::A, now());
    assert!(judged.security.is_useless(), "{:?}", judged.security);
    assert!(judged.work.queries > 20 && judged.work.verifications < 100, "{:?}", judged.work);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn an_answer_about_something_else_is_none() {
    for changed in
        ["b.example.test. A 192.0.2.1", "a.example.test. TXT hello", "a.example. A 192.0.2.1", ". A 192.0.2.1"]
    {
        let other = record(changed);
        let internet = Internet::of(vec![example()]).change("a.example.test.", T::A, move |response| {
            response.answers = vec![other.clone()];
        });
        let judged = internet.validate("a.example.test.", T::A, now());
        assert_eq!((verdict(&judged.security), found(&judged)), ("dnssec.missing-denial", "nothing"), "{changed}");
    }
}
