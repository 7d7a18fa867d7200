//! Records and names that are not there, with the proof of it, by NSEC, by NSEC3 and made up for each question.

use super::internet::Internet;
use super::zone::{Proof, Zone};
use super::{Row, check, found, verdict};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Record, RecordType as T};

fn example(proof: &Proof) -> Zone {
    Zone::signed("example.test.", 3).proof(proof.clone()).with(&[
        "a.example.test. A 192.0.2.1",
        "k.example.test. A 192.0.2.1",
        "leaf.tree.example.test. A 192.0.2.1",
        "*.wild.example.test. TXT wild",
        "moved.example.test. DNAME other.test.",
        "z.example.test. A 192.0.2.1",
    ])
}

fn hashed(iterations: u16, opt_out: bool) -> Proof {
    Proof::Nsec3 { iterations, salt: b"\xaa\xbb\xcc".to_vec(), opt_out }
}

fn rows(proof: &Proof) -> Vec<Row> {
    let row = |shape, name, kind, found| Row {
        shape,
        internet: Internet::of(vec![example(proof)]),
        name,
        kind,
        verdict: "secure",
        found,
        cost: (6, 9),
    };
    vec![
        row("another type", "a.example.test.", T::MX, "no-data"),
        row("another type, at the apex", "example.test.", T::TXT, "no-data"),
        row("a name that has only names below it", "tree.example.test.", T::A, "no-data"),
        row("a wildcard without such records", "x.wild.example.test.", T::A, "no-data"),
        row("a name between others", "b.example.test.", T::A, "no-name"),
        row("a name behind all others", "zz.example.test.", T::A, "no-name"),
        row("a name below one that is there", "x.a.example.test.", T::A, "no-name"),
        row("names below one that is not there", "x.y.b.example.test.", T::A, "no-name"),
        row("a name below one that has only names below it", "x.tree.example.test.", T::A, "no-name"),
        row("a TLSA record", "_25._tcp.a.example.test.", T::TLSA, "no-name"),
        row("a delegation where none is", "a.example.test.", T::DS, "no-data"),
    ]
}

#[test]
fn what_is_not_there_is_proven() {
    check(rows(&Proof::Nsec));
    check(rows(&hashed(0, false)));
    check(rows(&hashed(10, false)));
    let mut compact = rows(&Proof::Compact);
    // Such a zone has no need of wildcards in its proofs.
    compact.retain(|row| !row.shape.contains("wildcard"));
    check(compact);
}

#[test]
fn in_a_zone_that_leaves_names_out_only_what_is_there_can_be_denied() {
    for (name, kind, wanted) in [
        ("a.example.test.", T::MX, ("secure", "no-data")),
        ("tree.example.test.", T::A, ("secure", "no-data")),
        ("b.example.test.", T::A, ("dnssec.opted-out", "no-name")),
        ("x.a.example.test.", T::A, ("dnssec.opted-out", "no-name")),
        ("_25._tcp.a.example.test.", T::TLSA, ("dnssec.opted-out", "no-name")),
    ] {
        let judged = Internet::of(vec![example(&hashed(0, true))]).validate(name, kind, super::sign::now());
        assert_eq!((verdict(&judged.security), found(&judged)), wanted, "{name}");
    }
}

/// Each record that a proof consists of is needed.
#[test]
fn no_part_of_a_proof_can_be_left_out() {
    for (proof, name, parts) in [
        (Proof::Nsec, "b.example.test.", 2),
        (Proof::Nsec, "a.example.test.", 1),
        (Proof::Nsec, "x.wild.example.test.", 2),
        (hashed(1, false), "b.example.test.", 3),
        (hashed(1, false), "a.example.test.", 1),
        (hashed(1, false), "x.wild.example.test.", 3),
        (Proof::Compact, "b.example.test.", 1),
    ] {
        let internet = Internet::of(vec![example(&proof)]);
        let whole = internet.zone("example.test.").answer(&super::zone::name(name), T::SRV);
        let is_proof = |record: &&Record| matches!(record.record_type(), T::NSEC | T::NSEC3);
        let owners: Vec<_> = whole.authorities.iter().filter(is_proof).map(|record| record.name.clone()).collect();
        // Two of the three may be one record, if hashes lie so.
        assert!(owners.len() <= parts && !owners.is_empty(), "{name}: {owners:?}");
        for left_out in owners {
            let internet = Internet::of(vec![example(&proof)]);
            let internet = internet.change(name, T::SRV, move |response| {
                response.authorities.retain(|record| record.name != left_out || record.record_type() == T::SOA);
            });
            let judged = internet.validate(name, T::SRV, super::sign::now());
            assert_eq!((verdict(&judged.security), found(&judged)), ("dnssec.missing-denial", "nothing"), "{name}");
        }
    }
}

#[test]
fn a_denial_that_does_not_fit_denies_nothing() {
    let internet = |proof: &Proof| Internet::of(vec![example(proof)]);
    let row = |shape, internet, name, kind, verdict| Row {
        shape,
        internet,
        name,
        kind,
        verdict,
        found: "nothing",
        cost: (8, 12),
    };
    // What one name has said, said of another.
    let replayed = |proof: &Proof, from: &'static str, to: &'static str, kind| {
        let internet = internet(proof);
        let said = internet.zone("example.test.").answer(&super::zone::name(from), kind);
        internet.change(to, kind, move |response| *response = said.clone())
    };
    let none = |response: &mut mailkit::dns::dnssec::Response| {
        response.answers.clear();
        response.authorities.clear();
    };
    let nsec3 = hashed(1, false);
    let missing = "dnssec.missing-denial";
    check(vec![
        row(
            "nothing at all",
            internet(&Proof::Nsec).change("a.example.test.", T::A, none),
            "a.example.test.",
            T::A,
            missing,
        ),
        row(
            "nothing at all, NSEC3",
            internet(&nsec3).change("a.example.test.", T::A, none),
            "a.example.test.",
            T::A,
            missing,
        ),
        row(
            "of a name that is there",
            replayed(&Proof::Nsec, "b.example.test.", "a.example.test.", T::A),
            "a.example.test.",
            T::A,
            missing,
        ),
        row(
            "of a name that is there, NSEC3",
            replayed(&nsec3, "b.example.test.", "a.example.test.", T::A),
            "a.example.test.",
            T::A,
            missing,
        ),
        row(
            "of another name",
            replayed(&Proof::Nsec, "b.example.test.", "y.example.test.", T::A),
            "y.example.test.",
            T::A,
            missing,
        ),
        row(
            "of another type",
            replayed(&Proof::Nsec, "a.example.test.", "k.example.test.", T::MX),
            "k.example.test.",
            T::MX,
            missing,
        ),
        row(
            "of another type, NSEC3",
            replayed(&nsec3, "a.example.test.", "k.example.test.", T::MX),
            "k.example.test.",
            T::MX,
            missing,
        ),
        row(
            "made up",
            replayed(&Proof::Compact, "b.example.test.", "c.example.test.", T::A),
            "c.example.test.",
            T::A,
            missing,
        ),
    ]);
}

#[test]
fn what_the_header_says_is_not_what_is_proven() {
    for (name, said, wanted) in
        [("a.example.test.", ResponseCode::NXDomain, "no-data"), ("b.example.test.", ResponseCode::NoError, "no-name")]
    {
        let internet = Internet::of(vec![example(&Proof::Nsec)]);
        let internet = internet.change(name, T::MX, move |response| response.rcode = said);
        let judged = internet.validate(name, T::MX, super::sign::now());
        assert_eq!((verdict(&judged.security), found(&judged)), ("secure", wanted), "{name}");
    }
}

#[test]
fn a_zone_above_says_nothing_about_what_is_below_a_delegation() {
    // The zone is signed and its delegation too; the zone above denies what is in it, with good signatures.
    for proof in [Proof::Nsec, hashed(0, false)] {
        let zones = || {
            let top = Zone::signed("test.", 2).proof(proof.clone());
            vec![Zone::signed(".", 1), top, example(&Proof::Nsec)]
        };
        for (name, kind) in [("example.test.", T::MX), ("a.example.test.", T::A), ("b.example.test.", T::A)] {
            let internet = Internet::exactly(zones());
            let said = internet.zone("test.").answer(&super::zone::name(name), kind);
            let internet = internet.change(name, kind, move |response| *response = said.clone());
            let judged = internet.validate(name, kind, super::sign::now());
            assert_eq!((verdict(&judged.security), found(&judged)), ("dnssec.missing-denial", "nothing"), "{name}");
        }
    }
}

#[test]
fn the_proof_is_told_with_its_end() {
    let judged = Internet::of(vec![example(&hashed(0, false))]).validate("b.example.test.", T::A, super::sign::now());
    let said: Vec<String> = judged.steps.iter().map(ToString::to_string).collect();
    assert_eq!(said.last().expect("steps"), "example.test proves by NSEC3 that there is no b.example.test");
    assert!(judged.until.is_some());
    let judged = Internet::of(vec![example(&Proof::Nsec)]).validate("a.example.test.", T::MX, super::sign::now());
    let said: Vec<String> = judged.steps.iter().map(ToString::to_string).collect();
    assert_eq!(said.last().expect("steps"), "example.test proves by NSEC that a.example.test has no MX records");
}
