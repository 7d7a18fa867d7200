//! Both sides against the standards' examples, against each other, and against liars.

use super::*;
use crate::sasl::Malformed;
use crate::sasl::base64::decode;
use crate::secret::Secret;
use proptest::prelude::*;

/// As little work as is allowed.
const LEAST: NonZeroU32 = NonZeroU32::new(ITERATIONS_MIN).expect("it is not zero");

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).expect("ASCII")
}

/// The dialogues of RFC 5802 §5 and RFC 7677 §3.
#[test]
fn the_standards_own_examples_hold() {
    let password = secret("pencil");
    for (hash, nonce, server_nonce, salt, proof, signature) in [
        (
            Hash::Sha1,
            "fyko+d2lbbFgONRv9qkxdawL",
            "3rfcNHYJY1ZVvWVs7j",
            "QSXCR+Q6sek8bf92",
            "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        ),
        (
            Hash::Sha256,
            "rOprNGfwEbeRWgbNEkqO",
            "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
            "W22ZaJ0SNY7soEsUEjb6gQ==",
            "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        ),
    ] {
        let mut client = Client::new(hash, "user", &password, None, Binding::Unsupported, nonce).expect("a name");
        assert_eq!(text(&client.first()), format!("n,,n=user,r={nonce}"));
        let challenge = format!("r={nonce}{server_nonce},s={salt},i=4096");
        let last = client.answer(challenge.as_bytes()).expect("a fair challenge");
        assert_eq!(text(&last), format!("c=biws,r={nonce}{server_nonce},p={proof}"));
        assert!(!client.is_proven());
        assert_eq!(client.answer(format!("v={signature}").as_bytes()), Ok(Vec::new()));
        assert!(client.is_proven());

        let named = Named::read(hash, &client.first(), Binding::NotOffered).expect("a first message");
        let salt = decode(salt.as_bytes()).expect("base64");
        let iterations = NonZeroU32::new(4096).expect("not zero");
        let keys = Keys::derive(hash, &password, &salt, iterations).expect("an ordinary password");
        assert_eq!(Keys::parse(&keys.to_string()).as_ref(), Some(&keys));
        let (challenged, sent) = named.challenge(keys, server_nonce);
        assert_eq!(text(&sent), challenge);
        let (claim, answer) = challenged.answer(&last).expect("well-formed");
        assert!(claim.is_true());
        assert_eq!(text(&answer), format!("v={signature}"));
    }
}

#[test]
fn a_server_that_is_none_of_ours_is_found_out() {
    let password = secret("pencil");
    let with = |challenge: &str| {
        let mut client =
            Client::new(Hash::Sha256, "user", &password, None, Binding::Unsupported, "abc").expect("a name");
        client.answer(challenge.as_bytes()).map(|_| ())
    };
    for (challenge, wanted) in [
        ("r=abcdef,s=c2FsdA==,i=4096", Ok(())),
        ("r=abc,s=c2FsdA==,i=4096", Err(Distrust::Nonce)),
        ("r=xyz,s=c2FsdA==,i=4096", Err(Distrust::Nonce)),
        ("r=abcdef,s=c2FsdA==,i=1", Err(Distrust::Iterations(1))),
        ("r=abcdef,s=c2FsdA==,i=99999999999", Err(Distrust::Iterations(99_999_999_999))),
        ("r=abcdef,s=?,i=4096", Err(Distrust::Malformed)),
        ("m=x,r=abcdef,s=c2FsdA==,i=4096", Err(Distrust::Malformed)),
        ("r=abcdef", Err(Distrust::Malformed)),
        ("v=AAAA", Err(Distrust::Malformed)),
        ("", Err(Distrust::Malformed)),
        ("e=unknown-user,x=y", Err(Distrust::Refused("unknown-user".to_owned()))),
    ] {
        assert_eq!(with(challenge), wanted, "{challenge}");
    }
    let mut client = Client::new(Hash::Sha256, "user", &password, None, Binding::Unsupported, "abc").expect("a name");
    client.answer(b"r=abcdef,s=c2FsdA==,i=4096").expect("a fair challenge");
    assert_eq!(client.answer(b"v=AAAA"), Err(Distrust::Impostor));
    assert!(!client.is_proven());
    assert_eq!(
        Client::new(Hash::Sha256, "a\u{7}b", &password, None, Binding::Unsupported, "n").err(),
        Some(Distrust::Prohibited)
    );
}

#[test]
fn a_login_is_bound_to_its_connection() {
    let password = secret("pencil");
    let keys = Keys::derive(Hash::Sha256, &password, &[7; 16], LEAST).expect("an ordinary password");
    let exporter = |octet| Binding::Exporter(vec![octet; 32]);
    for (client, server, wanted) in [
        (exporter(1), exporter(1), Ok(true)),
        // Somebody between them has a TLS connection with each.
        (exporter(1), exporter(2), Ok(false)),
        (Binding::NotOffered, Binding::NotOffered, Ok(true)),
        // Somebody took the offer away.
        (Binding::NotOffered, Binding::Unsupported, Err(Malformed::Downgraded)),
        (Binding::Unsupported, Binding::Unsupported, Ok(true)),
        (Binding::Unsupported, Binding::NotOffered, Ok(true)),
        (Binding::Unsupported, exporter(1), Err(Malformed::NotThisMechanism)),
        (exporter(1), Binding::Unsupported, Err(Malformed::NotThisMechanism)),
    ] {
        let mut client = Client::new(Hash::Sha256, "user", &password, None, client, "abc").expect("a name");
        let named = Named::read(Hash::Sha256, &client.first(), server);
        let done = named.map(|named| {
            let (challenged, challenge) = named.challenge(keys.clone(), "def");
            let last = client.answer(&challenge).expect("a fair challenge");
            challenged.answer(&last).expect("well-formed").0.is_true()
        });
        assert_eq!(done, wanted);
    }
}

#[test]
fn first_messages_are_read_strictly() {
    let read = |first: &str| {
        Named::read(Hash::Sha256, first.as_bytes(), Binding::NotOffered).map(|named| named.user().to_owned())
    };
    for (first, wanted) in [
        ("n,,n=bob,r=x", Ok("bob")),
        ("n,a=Bob,n=bob,r=x", Ok("bob")),
        ("n,a=alice,n=bob,r=x", Err(Malformed::ForAnother)),
        ("n,,n=b=2Co=3Db,r=x", Ok("b,o=b")),
        ("n,,n=b=2,r=x", Err(Malformed::NotThisMechanism)),
        ("n,,n=,r=x", Err(Malformed::NotThisMechanism)),
        ("n,,n=bob,r=", Err(Malformed::NotThisMechanism)),
        ("n,,m=x,n=bob,r=x", Err(Malformed::NotThisMechanism)),
        ("n,,n=bo\u{1}b,r=x", Err(Malformed::NotThisMechanism)),
        ("p=tls-unique,,n=bob,r=x", Err(Malformed::NotThisMechanism)),
        ("x,,n=bob,r=x", Err(Malformed::NotThisMechanism)),
        ("n,b,n=bob,r=x", Err(Malformed::NotThisMechanism)),
        ("", Err(Malformed::NotThisMechanism)),
    ] {
        assert_eq!(read(first), wanted.map(str::to_owned), "{first}");
    }
}

#[test]
fn nobodys_keys_open_nothing_and_look_like_anybodys() {
    let keys = Keys::of_nobody(Hash::Sha256, "eve", &[9; 32], None);
    assert_eq!(keys, Keys::of_nobody(Hash::Sha256, "eve", &[9; 32], None));
    assert_ne!(keys, Keys::of_nobody(Hash::Sha256, "eva", &[9; 32], None));
    let password = secret("x");
    let mut client = Client::new(Hash::Sha256, "eve", &password, None, Binding::Unsupported, "abc").expect("a name");
    let named = Named::read(Hash::Sha256, &client.first(), Binding::NotOffered).expect("a first message");
    let (challenged, challenge) = named.challenge(keys, "def");
    let last = client.answer(&challenge).expect("a fair challenge");
    assert!(!challenged.answer(&last).expect("well-formed").0.is_true());
}

#[test]
fn stored_forms_that_are_none_are_refused() {
    let good = Keys::new(Hash::Sha1, &secret("x"), &[1; 16]).expect("an ordinary password").to_string();
    assert!(Keys::parse(&good).is_some());
    for bad in [
        "",
        "{SCRAM-SHA-1}",
        "{SCRAM-MD5}4096,AAAA,AAAA,AAAA",
        "{SCRAM-SHA-1}4096,AAAA,AAAA,AAAA",
        &good.replace("100000", "0"),
        &good.replace("100000", "4000000"),
        &good.replace("100000", "4095"),
        &format!("{good},x"),
        &good.replace("SHA-1", "SHA-256"),
    ] {
        assert_eq!(Keys::parse(bad), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn only_the_right_password_opens(user in "[a-z,=é]{1,20}", right in "[ -~ß]{1,20}", wrong in "[ -~ß]{1,20}") {
        let keys = Keys::derive(Hash::Sha256, &secret(&right), b"salt", LEAST);
        prop_assume!(keys.is_some());
        let wrong = secret(&wrong);
        let mut client = Client::new(Hash::Sha256, &user, &wrong, None, Binding::Unsupported, "abc").expect("a name");
        let named = Named::read(Hash::Sha256, &client.first(), Binding::NotOffered).expect("a first message");
        prop_assert_eq!(named.user(), &user);
        let (challenged, challenge) = named.challenge(keys.expect("assumed"), "def");
        let last = client.answer(&challenge).expect("a fair challenge");
        let opened = challenged.answer(&last).expect("well-formed").0;
        prop_assert_eq!(opened.is_true(), wrong.expose() == right);
    }

    #[test]
    fn nothing_a_peer_says_is_a_panic(first in ".{0,60}", challenge in "(r=abc.{0,5},s=[A-Za-z0-9=]{0,8},i=.{0,6})|.{0,60}", last in ".{0,60}") {
        let password = secret("pencil");
        let mut client = Client::new(Hash::Sha1, "u", &password, None, Binding::Unsupported, "abc").expect("a name");
        let _ = client.answer(challenge.as_bytes());
        let _ = client.answer(last.as_bytes());
        if let Ok(named) = Named::read(Hash::Sha1, first.as_bytes(), Binding::NotOffered) {
            let keys = Keys::of_nobody(Hash::Sha1, "u", &[0; 32], None);
            let _ = named.challenge(keys, "s").0.answer(last.as_bytes());
        }
    }
}
