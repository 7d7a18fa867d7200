//! The matrix of certificates: each bad one is refused in its own words before anything is said, each good one is taken.

use super::authority::{Authority, Chain, authority_params, params};
use super::clients::{End, PASSWORD, PROTOCOLS, log_in, tells, words};
use mailkit::endpoint::Protocol;
use mailkit::engine::dial::Security;
use mailkit::error::Kind;
use mailkit::net::connection::Connection;
use mailkit::net::tls::{ClientTls, Identity, TlsOptions, Trust};
use mailkit::wire::secured::{Fingerprint, Tls, Verified};
use rcgen::{
    BasicConstraints, CidrSubnet, CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, NameConstraints,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_rustls::TlsAcceptor;

const NAME: &str = "mail.crepes.example";

// What our own library would not make any more: by OpenSSL, for a hundred years.
const WEAK_KEY: &[u8] = include_bytes!("weak/leaf_key.pem");
const SHA1_CA: &[u8] = include_bytes!("weak/sha1_ca.pem");
const SHA1: &[u8] = include_bytes!("weak/sha1.pem");
const RSA1024_CA: &[u8] = include_bytes!("weak/rsa1024_ca.pem");
const RSA1024: &[u8] = include_bytes!("weak/rsa1024.pem");

/// Trusts an authority.
fn trusting(authority: &Authority) -> TlsOptions {
    Trust::Authorities(authority.certificate.pem().into_bytes()).into()
}

/// What becomes of a login at a server with TLS from the first octet, and what the server heard on the plain side.
async fn meet(
    protocol: Protocol,
    config: Arc<ServerConfig>,
    options: &TlsOptions,
    name: &str,
) -> (Result<(), (Kind, String)>, Vec<u8>) {
    let (near, far) = duplex(64 * 1024);
    let server = tokio::spawn(async move {
        let Ok(stream) = TlsAcceptor::from(config).accept(far).await else { return Vec::new() };
        let (mut end, words) = (End::new(stream), words(protocol));
        end.say(words.greeting).await;
        end.serve(&words, words.offer_without_tls).await;
        end.heard
    });
    let tls = ClientTls::with(options).expect("options that are in order");
    let result = log_in(protocol, Box::new(near), name, Security::Implicit(tls)).await;
    (result, server.await.expect("it ends"))
}

/// What is said against a certificate that is only looked at; none if the handshake fails all the same.
async fn observe(chain: &Chain, options: &TlsOptions, name: &str) -> Option<Tls> {
    let (near, far) = duplex(64 * 1024);
    let accept = TlsAcceptor::from(chain.server()).accept(far);
    let observed = TlsOptions { trust: Trust::Observed(Box::new(options.trust.clone())), ..options.clone() };
    let tls = ClientTls::with(&observed).expect("options that are in order");
    let address: std::net::SocketAddr = ([192, 0, 2, 1], 25).into();
    let connection = Connection::new(Box::new(near), address, None);
    let (connected, _) = tokio::join!(connection.connect_tls(&tls, name, Duration::from_secs(60)), accept);
    connected.ok().and_then(|connection| connection.tls().cloned())
}

/// Each case to each client, and to one who only looks.
async fn judge(case: &str, chain: &Chain, options: &TlsOptions, name: &str, wanted: Option<&str>) {
    // A certificate that cannot be read has no key to prove anything with.
    if let Some(seen) = observe(chain, options, name).await {
        assert_eq!(!seen.objections.is_empty(), wanted.is_some(), "{case}: {:?}", seen.objections);
        assert_eq!(seen.verified == Verified::No, wanted.is_some(), "{case}");
        let said: Vec<&str> = seen.objections.iter().map(|objection| objection.text.as_str()).collect();
        // Who looks on is told what the certificate says of itself, too.
        let wanted = wanted.map(|wanted| match case {
            "expired" => "it has expired (its last day was 2020-01-01)",
            "expired intermediate" => "one that vouches for it has expired",
            "not yet valid" => "it is not valid yet (its first day is 2999-01-01)",
            "vouches for itself" | "authority's own, vouches for itself" => "it is signed by itself",
            _ => wanted,
        });
        assert_eq!(said.len(), usize::from(wanted.is_some()), "{case}: {said:?}");
        let words = said.first().zip(wanted);
        assert!(words.is_none_or(|(said, wanted)| said.starts_with(wanted)), "{case}: {words:?}");
    } else {
        assert!(wanted.is_some(), "{case}");
    }
    for protocol in PROTOCOLS {
        let (result, heard) = meet(protocol, chain.server(), options, name).await;
        match wanted {
            None => {
                assert_eq!(result, Ok(()), "{case}, {protocol:?}");
                assert!(tells(&heard), "{case}, {protocol:?}: there was a login");
            }
            Some(why) => {
                let (kind, text) = result.expect_err(case);
                let sentence = format!("the server's certificate was refused: {why} ({name})");
                assert!(text.starts_with(&sentence), "{case}, {protocol:?}: {text}");
                assert_eq!(kind, Kind::Unavailable, "{case}, {protocol:?}");
                assert!(heard.is_empty(), "{case}, {protocol:?}: {}", heard.escape_ascii());
            }
        }
    }
}

#[tokio::test]
async fn each_bad_certificate_is_refused_in_its_own_words() {
    const STRANGER: &str = "nobody we trust has signed it";
    const UNSIGNED: &str = "nobody we trust has signed it, or a key is too short to be safe";
    const OTHER_NAME: &str = "it is for another name";
    const EXPIRED: &str = "it, or one that vouches for it, has expired";
    const EARLY: &str = "it, or one that vouches for it, is not valid yet";
    const AUTHORITY: &str = "it is an authority's own certificate, made to sign others and not for a server";
    const PURPOSE: &str = "it is not made for servers";
    const CONSTRAINED: &str = "it is for a name that its authority may not vouch for";
    const NO_AUTHORITY: &str = "it was signed with a certificate that may not sign others";
    const TOO_FAR: &str = "it was signed by an authority too far down the chain";
    const CONDITIONS: &str = "it has conditions that are not understood here";
    const UNREADABLE: &str = "it cannot be read";

    let root = Authority::root("root");
    let middle = root.below(authority_params("middle"));
    let options = trusting(&root);
    let good = params(&[NAME]);
    let with = |change: &dyn Fn(&mut rcgen::CertificateParams)| {
        let mut changed = params(&[NAME]);
        change(&mut changed);
        changed
    };
    let signed = |names: &[&str]| root.sign(&params(names), &[]);
    let expired = with(&|params| params.not_after = date_time_ymd(2020, 1, 1));
    let early = with(&|params| params.not_before = date_time_ymd(2999, 1, 1));
    let for_clients = with(&|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    let is_authority = with(&|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let odd = with(&|params| {
        let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
        extension.set_criticality(true);
        params.custom_extensions.push(extension);
    });
    let below = |change: &dyn Fn(&mut rcgen::CertificateParams)| {
        let mut params = authority_params("changed");
        change(&mut params);
        let authority = root.below(params);
        authority.sign(&good, &[&authority])
    };
    let constrained = |permitted: &[&str], excluded: &[&str]| {
        let subtrees = |names: &[&str]| names.iter().map(|name| GeneralSubtree::DnsName((*name).to_owned())).collect();
        let constraints =
            NameConstraints { permitted_subtrees: subtrees(permitted), excluded_subtrees: subtrees(excluded) };
        below(&|params| params.name_constraints = Some(constraints.clone()))
    };
    let leaf_as_authority = {
        let between = root.below(params(&["other.example"]));
        between.sign(&good, &[&between])
    };
    let too_deep = {
        let mut shallow = authority_params("shallow");
        shallow.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let shallow = root.below(shallow);
        let deep = shallow.below(authority_params("deep"));
        deep.sign(&good, &[&deep, &shallow])
    };
    let garbage = {
        let mut chain = root.sign(&good, &[]);
        chain.certificates[0].extend_from_slice(b"more");
        chain
    };
    for (case, chain, name, wanted) in [
        ("good", root.sign(&good, &[]), NAME, None),
        ("through an intermediate", middle.sign(&good, &[&middle]), NAME, None),
        ("the root comes along", middle.sign(&good, &[&middle, &root]), NAME, None),
        ("case of the name", signed(&["MAIL.crepes.EXAMPLE"]), NAME, None),
        ("one of several names", signed(&["a.example", NAME]), NAME, None),
        ("wildcard", signed(&["*.crepes.example"]), NAME, None),
        ("address", signed(&["192.0.2.1"]), "192.0.2.1", None),
        ("IPv6 address", signed(&["2001:db8::1"]), "2001:db8::1", None),
        ("A-label", signed(&["xn--crpes-isa.example"]), "xn--crpes-isa.example", None),
        ("permitted name", constrained(&["crepes.example"], &[]), NAME, None),
        ("expired", root.sign(&expired, &[]), NAME, Some(EXPIRED)),
        ("not yet valid", root.sign(&early, &[]), NAME, Some(EARLY)),
        ("expired intermediate", below(&|params| params.not_after = date_time_ymd(2020, 1, 1)), NAME, Some(EXPIRED)),
        ("another name", signed(&["mail.hamburger.example"]), NAME, Some(OTHER_NAME)),
        ("name only as common name", signed(&[]), NAME, Some(OTHER_NAME)),
        ("domain of the name", signed(&["crepes.example"]), NAME, Some(OTHER_NAME)),
        ("wildcard above two labels", signed(&["*.example"]), NAME, Some(OTHER_NAME)),
        ("wildcard for the domain itself", signed(&["*.crepes.example"]), "crepes.example", Some(OTHER_NAME)),
        ("another address", signed(&["192.0.2.2"]), "192.0.2.1", Some(OTHER_NAME)),
        ("a name for an address", signed(&[NAME]), "192.0.2.1", Some(OTHER_NAME)),
        ("an address for a name", signed(&["192.0.2.1"]), NAME, Some(OTHER_NAME)),
        ("another authority", Authority::root("other").sign(&good, &[]), NAME, Some(STRANGER)),
        ("another authority of the same name", Authority::root("root").sign(&good, &[]), NAME, Some(UNSIGNED)),
        ("vouches for itself", Chain::own(&good), NAME, Some(STRANGER)),
        ("intermediate is missing", middle.sign(&good, &[]), NAME, Some(STRANGER)),
        ("authority's own", root.sign(&is_authority, &[]), NAME, Some(AUTHORITY)),
        ("authority's own, vouches for itself", Chain::own(&is_authority), NAME, Some(AUTHORITY)),
        ("for clients only", root.sign(&for_clients, &[]), NAME, Some(PURPOSE)),
        ("name that is not permitted", constrained(&["hamburger.example"], &[]), NAME, Some(CONSTRAINED)),
        ("name that is excluded", constrained(&[], &["crepes.example"]), NAME, Some(CONSTRAINED)),
        ("signed by a server", leaf_as_authority, NAME, Some(NO_AUTHORITY)),
        ("chain is too long", too_deep, NAME, Some(TOO_FAR)),
        ("unknown condition", root.sign(&odd, &[]), NAME, Some(CONDITIONS)),
        ("garbage at its end", garbage, NAME, Some(UNREADABLE)),
    ] {
        judge(case, &chain, &options, name, wanted).await;
    }
    for (case, authority, leaf, wanted) in [
        ("signed with SHA-1", SHA1_CA, SHA1, "its signature, or its key, is not safe any more"),
        ("signed with 1024 bits", RSA1024_CA, RSA1024, UNSIGNED),
    ] {
        let der = CertificateDer::from_pem_slice(leaf).expect("a certificate");
        let key = String::from_utf8(WEAK_KEY.to_vec()).expect("text");
        let chain = Chain { certificates: vec![der.to_vec()], key };
        judge(case, &chain, &Trust::Authorities(authority.to_vec()).into(), NAME, Some(wanted)).await;
    }
    let subnet = NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([10, 0, 0, 0], 8))],
        excluded_subtrees: Vec::new(),
    };
    let mut params_of_net = authority_params("net");
    params_of_net.name_constraints = Some(subnet);
    let net = root.below(params_of_net);
    let chain = net.sign(&params(&["192.0.2.1"]), &[&net]);
    judge("address outside its net", &chain, &options, "192.0.2.1", Some(CONSTRAINED)).await;
    // What another name was asked for counts, not what was dialled.
    let named = TlsOptions { name: Some("mail.hamburger.example".to_owned()), ..options };
    judge("another name was asked for", &signed(&["mail.hamburger.example"]), &named, NAME, None).await;
}

#[tokio::test]
async fn a_pin_takes_its_certificate_whatever_is_wrong_with_it_and_no_other() {
    let mut local = params(&["bridge.example"]);
    local.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    local.not_after = date_time_ymd(2020, 1, 1);
    let chain = Chain::own(&local);
    let seen = {
        let (near, far) = duplex(64 * 1024);
        let config = chain.server();
        let server = tokio::spawn(async move { TlsAcceptor::from(config).accept(far).await.map(|_| ()) });
        let tls = ClientTls::new(&Trust::Anyone).expect("no files");
        let peer: std::net::SocketAddr = ([192, 0, 2, 1], 1).into();
        let connection = mailkit::net::connection::Connection::new(Box::new(near), peer, None);
        let connection = connection.connect_tls(&tls, NAME, std::time::Duration::from_secs(10)).await.expect("TLS");
        server.await.expect("it ends").expect("a handshake");
        connection.tls().expect("facts").chain[0].clone()
    };
    let stranger = Fingerprint([7; 32]);
    for pins in [vec![seen.sha256], vec![seen.spki.expect("a key")], vec![stranger, seen.sha256]] {
        judge("pinned", &chain, &Trust::Pinned(pins).into(), NAME, None).await;
    }
    let key = seen.spki.expect("a key");
    let found = format!("it is not the pinned one but {}, with the key {key}", seen.sha256);
    judge("another", &chain, &Trust::Pinned(vec![stranger]).into(), NAME, Some(&found)).await;
    // An authority's pin would take in all that it signs.
    let root = Authority::root("root");
    let signed = root.sign(&params(&[NAME]), &[&root]);
    let of_root = TlsOptions::from(Trust::Pinned(vec![fingerprint(root.certificate.der())]));
    let (result, heard) = meet(Protocol::Smtp, signed.server(), &of_root, NAME).await;
    assert!(result.is_err_and(|(_, text)| text.contains("not the pinned one")) && heard.is_empty());
}

fn fingerprint(der: &[u8]) -> Fingerprint {
    let mut hash = [0; 32];
    hash.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der).as_ref());
    Fingerprint(hash)
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_gets_ours_or_says_so() {
    let (root, clients) = (Authority::root("root"), Authority::root("clients"));
    let chain = root.sign(&params(&[NAME]), &[]);
    let mut ours = params(&[]);
    ours.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let identity = |authority: &Authority| {
        let made = authority.sign(&ours, &[]);
        let pem = mailkit::wire::secured::Certificate {
            der: made.certificates[0].clone(),
            sha256: fingerprint(&made.certificates[0]),
            spki: None,
        };
        Some(Arc::new(Identity { certificates: pem.pem(), key: made.key }))
    };
    for (identity, wanted) in [
        (identity(&clients), None),
        (None, Some("the server wants a certificate of ours")),
        (identity(&root), Some("the server refused our certificate")),
    ] {
        for protocol in PROTOCOLS {
            let options = TlsOptions { identity: identity.clone(), ..trusting(&root) };
            let (result, heard) = meet(protocol, chain.server_for_clients_of(&clients), &options, NAME).await;
            match wanted {
                None => assert_eq!(result, Ok(()), "{protocol:?}"),
                Some(why) => {
                    let (kind, text) = result.expect_err(why);
                    assert!(text.starts_with(why) && kind == Kind::Unavailable, "{protocol:?}: {kind:?} {text}");
                    assert!(!tells(&heard), "{protocol:?}");
                }
            }
        }
    }
}

/// A handshake's first answer by a server of an old version: the record, the message, the version, a random number, no
/// session, the cipher, no compression, no extensions.
fn old_hello(version: [u8; 2], cipher: [u8; 2]) -> Vec<u8> {
    let hello = [&version[..], &[0x55; 32], &[0], &cipher, &[0]].concat();
    let length = u8::try_from(hello.len()).expect("short");
    [&[22, version[0], version[1], 0, length + 4, 2, 0, 0, length], &hello[..]].concat()
}

#[tokio::test]
async fn what_is_too_old_or_no_tls_is_called_so() {
    const OLD: &str = "the server speaks no version of TLS that is still safe: 1.2 or 1.3 is needed";
    let alert = |description: u8| vec![21, 3, 1, 0, 2, 2, description];
    for (case, said, wanted) in [
        ("SSL 3", old_hello([3, 0], [0, 0x35]), OLD),
        ("TLS 1.0", old_hello([3, 1], [0, 0x35]), OLD),
        ("TLS 1.1", old_hello([3, 2], [0, 0x35]), OLD),
        ("TLS 1.0, which says that it does not know 1.2", alert(70), OLD),
        ("a cipher that hides nothing", old_hello([3, 3], [0, 2]), "the server breaks the rules of TLS"),
        ("an exported cipher", old_hello([3, 3], [0, 3]), "the server breaks the rules of TLS"),
        ("no cipher in common", alert(40), "the server refused the TLS handshake"),
        ("too weak for it", alert(71), "the server and we share no way of encryption that is safe"),
        ("no such name", alert(112), "the server has no certificate for the name that we dialled"),
        ("a greeting in clear", b"220 mx.crepes.example ESMTP\r\n".to_vec(), "what the server says is not TLS"),
    ] {
        for protocol in PROTOCOLS {
            let (near, mut far) = duplex(64 * 1024);
            let said = said.clone();
            let server = tokio::spawn(async move {
                // What comes first is the client's hello; what comes then may only be its last word.
                let mut heard = vec![0; 4096];
                let count = far.read(&mut heard).await.expect("a hello");
                far.write_all(&said).await.expect("somebody listens");
                heard.truncate(count);
                far.read_to_end(&mut heard).await.expect("an end");
                heard
            });
            let tls = ClientTls::new(&Trust::Anyone).expect("no files");
            let result = log_in(protocol, Box::new(near), NAME, Security::Implicit(tls)).await;
            let (kind, text) = result.expect_err(case);
            assert!(text.starts_with(wanted), "{case}, {protocol:?}: {text}");
            assert_eq!(kind, Kind::Unavailable, "{case}");
            let heard = server.await.expect("it ends");
            assert!(!heard.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes()), "{case}");
        }
    }
}
