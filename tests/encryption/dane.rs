//! DANE: certificates that signed DNS names, and the way to exchangers that it protects. RFC 7672; RFC 7671 §5.

use super::authority::{Authority, Chain, params};
use super::exchangers::{Net, send};
use aws_lc_rs::digest::{SHA256, SHA512, digest};
use mailkit::net::zone::Zone;
use mailkit::policy::level::Level;
use rcgen::{CertificateParams, DnType, KeyPair, PublicKeyData, date_time_ymd};
use std::sync::Arc;

/// The data of a TLSA record, in the digits of zone files.
fn data(part: &[u8], matching: u8) -> String {
    let octets = match matching {
        1 => digest(&SHA256, part).as_ref().to_vec(),
        2 => digest(&SHA512, part).as_ref().to_vec(),
        _ => part.to_vec(),
    };
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// A record about a certificate.
fn certificate(usage: u8, matching: u8, der: &[u8]) -> String {
    format!("{usage} 0 {matching} {}", data(der, matching))
}

/// A record about the key of a chain's first certificate.
fn key(usage: u8, matching: u8, chain: &Chain) -> String {
    let pair = KeyPair::from_pem(&chain.key).expect("a key");
    format!("{usage} 1 {matching} {}", data(&pair.subject_public_key_info(), matching))
}

/// A zone of one domain with one exchanger, and these records for it.
fn zone(records: &[String]) -> Zone {
    let mut text = "x.test MX 10 mx.x.test\nmx.x.test A 192.0.2.1\n".to_owned();
    for record in records {
        text.push_str(&format!("_25._tcp.mx.x.test TLSA {record}\n"));
    }
    Zone::parse(&text).expect("a zone").signed("x.test")
}

fn net(chain: &Chain) -> Arc<Net> {
    Arc::new(Net { hosts: vec![("192.0.2.1", Some(chain.clone()))], ..Net::default() })
}

/// A certificate with a common name alone.
fn nameless(name: &str) -> CertificateParams {
    let mut params = params(&[]);
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

const NOT_NAMED: &str = "it is not the one that the domain's TLSA records name";
const OTHER_NAME: &str = "it is for another name";
const EXPIRED: &str = "it, or one that vouches for it, has expired";
const STRANGER: &str = "nobody we trust has signed it";

#[tokio::test]
async fn a_certificate_is_taken_if_dns_names_it_and_refused_in_its_own_words_if_not() {
    let (root, other) = (Authority::root("root"), Authority::root("other"));
    let middle = root.below(super::authority::authority_params("middle"));
    let mut expired = params(&["mx.x.test"]);
    (expired.not_before, expired.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    let good = middle.sign(&params(&["mx.x.test"]), &[&middle, &root]);
    let bare = root.sign(&params(&["mx.x.test"]), &[]);
    let stranger = Chain::own(&params(&["else.where.test"]));
    let old = root.sign(&expired, &[&root]);
    let of_domain = root.sign(&params(&["x.test"]), &[&root]);
    let elsewhere = root.sign(&params(&["mx.evil.test"]), &[&root]);
    let wild = root.sign(&params(&["*.x.test"]), &[&root]);
    let deeper = root.sign(&params(&["*.mx.x.test"]), &[&root]);
    let partly = root.sign(&params(&["m*.x.test"]), &[&root]);
    let common = root.sign(&nameless("mx.x.test"), &[&root]);
    let leaf = |chain: &Chain| chain.certificates[0].clone();
    let (root_der, other_der) = (root.certificate.der().to_vec(), other.certificate.der().to_vec());
    let middle_der = middle.certificate.der().to_vec();
    for (case, chain, records, wanted) in [
        // RFC 7672 §3.1.1, §3.2.1: the server's own certificate or key, by itself, whatever else is wrong with it.
        ("key", &good, vec![key(3, 1, &good)], None),
        ("key, longer hash", &good, vec![key(3, 2, &good)], None),
        ("key, whole", &good, vec![key(3, 0, &good)], None),
        ("certificate", &good, vec![certificate(3, 1, &leaf(&good))], None),
        ("certificate, whole", &good, vec![certificate(3, 0, &leaf(&good))], None),
        ("by itself", &stranger, vec![key(3, 1, &stranger)], None),
        ("expired", &old, vec![key(3, 1, &old)], None),
        // RFC 7672 §4: this key, or the next one.
        ("one of two", &good, vec![key(3, 1, &stranger), key(3, 1, &good)], None),
        ("neither of two", &good, vec![key(3, 1, &stranger), key(3, 1, &old)], Some(NOT_NAMED)),
        ("another key", &good, vec![key(3, 1, &stranger)], Some(NOT_NAMED)),
        ("another certificate", &good, vec![certificate(3, 1, &leaf(&bare))], Some(NOT_NAMED)),
        ("an authority's, as the server's", &good, vec![certificate(3, 1, &root_der)], Some(NOT_NAMED)),
        // RFC 7672 §5: of two hashes the stronger counts, even if only the weaker would do.
        ("agility", &good, vec![key(3, 1, &good), key(3, 2, &stranger)], Some(NOT_NAMED)),
        ("agility, the other way", &good, vec![key(3, 1, &stranger), key(3, 2, &good)], None),
        // RFC 7672 §3.1.2, §3.2.2: authorities; the name and the dates count.
        ("root", &good, vec![certificate(2, 1, &root_der)], None),
        ("between", &good, vec![certificate(2, 1, &middle_der)], None),
        ("root, not shown, but whole in DNS", &bare, vec![certificate(2, 0, &root_der)], None),
        ("name of the domain", &of_domain, vec![certificate(2, 1, &root_der)], None),
        ("another authority", &good, vec![certificate(2, 1, &other_der)], Some(NOT_NAMED)),
        ("another authority, whole in DNS", &good, vec![certificate(2, 0, &other_der)], Some(STRANGER)),
        ("root, not shown", &bare, vec![certificate(2, 1, &root_der)], Some(NOT_NAMED)),
        ("another name", &elsewhere, vec![certificate(2, 1, &root_der)], Some(OTHER_NAME)),
        ("expired below a root", &old, vec![certificate(2, 1, &root_der)], Some(EXPIRED)),
        // RFC 7672 §3.2.3: a star stands for one label, the first, and for all of it.
        ("a star", &wild, vec![certificate(2, 1, &root_der)], None),
        ("a star too deep", &deeper, vec![certificate(2, 1, &root_der)], Some(OTHER_NAME)),
        ("a star for a part", &partly, vec![certificate(2, 1, &root_der)], Some(OTHER_NAME)),
        // Against RFC 7672 §3.2.3, by RFC 9525 §2, §6.3: a common name is no name of a host, also where no other is.
        ("a common name", &common, vec![certificate(2, 1, &root_der)], Some(OTHER_NAME)),
        ("a common name, of the server's own", &common, vec![key(3, 1, &common)], None),
        ("no certificate at all", &good, vec!["2 0 0 00ff00ff".to_owned()], Some(NOT_NAMED)),
    ] {
        let net = net(chain);
        let (said, _) = send(&net, zone(&records), Level::Dane, None, "bob@x.test").await;
        let letters = net.letters.lock().expect("whole").clone();
        match wanted {
            None => assert_eq!(
                (said.as_str(), letters),
                ("accepted: dane", vec!["192.0.2.1 tls mx.x.test".into()]),
                "{case}"
            ),
            Some(why) => {
                let sentence = format!("Unavailable: the server's certificate was refused: {why}");
                assert!(said.starts_with(&sentence) && letters.is_empty(), "{case}: {said}");
            }
        }
    }
}

#[tokio::test]
async fn what_dns_says_decides_how_much_is_asked_for() {
    let chain = Chain::own(&params(&["mx.x.test"]));
    let named = || vec![key(3, 1, &chain)];
    let nothing = || Zone::parse("x.test MX 10 mx.x.test\nmx.x.test A 192.0.2.1").expect("a zone");
    let unsigned = || {
        let text =
            format!("x.test MX 10 mx.x.test\nmx.x.test A 192.0.2.1\n_25._tcp.mx.x.test TLSA {}", key(3, 1, &chain));
        Zone::parse(&text).expect("a zone")
    };
    let half = |signed: &[&str]| signed.iter().fold(unsigned(), |zone, name| zone.signed(name));
    let failing = || {
        let zone = zone(&named());
        zone.fail("_25._tcp.mx.x.test");
        zone
    };
    let implicit = || {
        let text = format!("x.test A 192.0.2.1\n_25._tcp.x.test TLSA {}", key(3, 1, &chain));
        Zone::parse(&text).expect("a zone").signed("x.test")
    };
    const NO_RECORDS: &str = "Unavailable: mx.x.test has no TLSA records that DNSSEC vouches for";
    const NO_DOMAIN: &str = "Unavailable: DNSSEC does not vouch for the mail exchangers of x.test";
    const NO_HOST: &str = "Unavailable: DNSSEC does not vouch for mx.x.test as a mail exchanger of x.test";
    const LATER: &str = "Temporary: DNS does not say now whether mx.x.test has TLSA records";
    const NO_TLS: &str = "Unavailable: the server does not offer TLS, which is required";
    const UNUSABLE: &str = "Unavailable: none of the TLSA records of mx.x.test can be used for mail";
    type Case<'a> = (&'a str, &'a dyn Fn() -> Zone, bool, &'a str, &'a str);
    let unusable = || zone(&[key(1, 1, &chain)]);
    let signed = || zone(&named());
    let cases: [Case<'_>; 10] = [
        ("named", &signed, true, "accepted: dane", "accepted: dane"),
        ("named, and TLS is stripped", &signed, false, NO_TLS, NO_TLS),
        ("nothing, unsigned", &nothing, true, "accepted: none", NO_DOMAIN),
        ("nothing, signed", &|| zone(&[]), true, "accepted: none", NO_RECORDS),
        ("nothing, and no TLS", &|| zone(&[]), false, "accepted: clear", NO_RECORDS),
        ("not to be had now", &failing, true, LATER, LATER),
        ("unusable", &unusable, true, "accepted: none", UNUSABLE),
        ("unusable, and no TLS", &unusable, false, NO_TLS, UNUSABLE),
        ("the host is signed, the way to it is not", &|| half(&["mx.x.test"]), true, "accepted: none", NO_DOMAIN),
        ("no MX", &implicit, true, "accepted: dane", "accepted: dane"),
    ];
    for (case, zone, has_tls, opportunistic, dane) in cases {
        for (level, wanted) in [(Level::Opportunistic, opportunistic), (Level::Dane, dane)] {
            let hosts = vec![("192.0.2.1", has_tls.then(|| chain.clone()))];
            let net = Arc::new(Net { hosts, ..Net::default() });
            let (said, _) = send(&net, zone(), level, None, "bob@x.test").await;
            assert!(said.starts_with(wanted), "{case}, {level}: {said}");
            assert_eq!(net.letters.lock().expect("whole").len(), usize::from(wanted.starts_with("accepted")), "{case}");
        }
    }
    // The way is signed, the host is elsewhere and is not.
    let text = format!("x.test MX 10 mx.y.test\nmx.y.test A 192.0.2.1\n_25._tcp.mx.y.test TLSA {}", key(3, 1, &chain));
    let zone = || Zone::parse(&text).expect("a zone").signed("x.test");
    let (said, _) = send(&net(&chain), zone(), Level::Dane, None, "bob@x.test").await;
    assert!(said.starts_with(&NO_HOST.replace("mx.x.test", "mx.y.test")), "{said}");
    let (said, _) = send(&net(&chain), zone(), Level::Opportunistic, None, "bob@x.test").await;
    assert_eq!(said, "accepted: none");
}

#[tokio::test]
async fn exchangers_that_may_not_be_used_are_left_out_and_the_others_are_tried() {
    let chain = Chain::own(&params(&["spare.test"]));
    let text = format!(
        "x.test MX 10 mx.x.test\nx.test MX 20 spare.x.test\nmx.x.test A 192.0.2.1\nspare.x.test A 192.0.2.2\n\
         _25._tcp.spare.x.test TLSA {}",
        key(3, 1, &chain)
    );
    let zone = || Zone::parse(&text).expect("a zone").signed("x.test");
    let hosts = vec![("192.0.2.1", Some(chain.clone())), ("192.0.2.2", Some(chain.clone()))];
    for (level, wanted) in
        [(Level::Dane, "192.0.2.2 tls spare.x.test"), (Level::Opportunistic, "192.0.2.1 tls mx.x.test")]
    {
        let net = Arc::new(Net { hosts: hosts.clone(), ..Net::default() });
        send(&net, zone(), level, None, "bob@x.test").await;
        assert_eq!(*net.letters.lock().expect("whole"), [wanted], "{level}");
    }
}

#[tokio::test]
async fn below_a_named_authority_the_end_of_the_domain_s_alias_is_a_name_too() {
    let root = Authority::root("root");
    let chain = root.sign(&params(&["x.test"]), &[&root]);
    let text = format!(
        "alias.test CNAME x.test\nx.test MX 10 mx.x.test\nmx.x.test A 192.0.2.1\n_25._tcp.mx.x.test TLSA {}",
        certificate(2, 1, root.certificate.der())
    );
    let zone = |names: &[&str]| names.iter().fold(Zone::parse(&text).expect("a zone"), |zone, name| zone.signed(name));
    // RFC 7672 §3.2.2: it is, as the domain itself is; where the alias is not signed, nothing of it counts (§2.2.1).
    for (signed, wanted) in [
        (&["alias.test", "x.test"][..], "accepted: dane"),
        (&["x.test"], "Unavailable: DNSSEC does not vouch for the mail exchangers of alias.test"),
    ] {
        let (said, _) = send(&net(&chain), zone(signed), Level::Dane, None, "bob@alias.test").await;
        assert!(said.starts_with(wanted), "{signed:?}: {said}");
    }
}

#[tokio::test]
async fn the_name_behind_an_alias_is_asked_for_where_its_records_stand() {
    let root = Authority::root("root");
    let real = root.sign(&params(&["real.x.test"]), &[&root]);
    let anchor = certificate(2, 1, root.certificate.der());
    let zone = |at: &str| {
        let text = format!(
            "x.test MX 10 mx.x.test\nmx.x.test CNAME real.x.test\nreal.x.test A 192.0.2.1\n_25._tcp.{at} TLSA {anchor}"
        );
        Zone::parse(&text).expect("a zone").signed("x.test")
    };
    for (at, wanted) in [("real.x.test", "accepted: dane"), ("mx.x.test", "Unavailable: the server's certificate")] {
        let net = net(&real);
        let (said, _) = send(&net, zone(at), Level::Dane, None, "bob@x.test").await;
        assert!(said.starts_with(wanted), "{at}: {said}");
        if said.starts_with("accepted") {
            assert_eq!(*net.letters.lock().expect("whole"), ["192.0.2.1 tls real.x.test"]);
        }
    }
}
