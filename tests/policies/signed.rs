//! Messages that are signed here, spoilt, and judged: `? sign TAGS [| OLD -> NEW] = VERDICT`.
//!
//! TAGS are put in the place of the usual ones, `-x` takes one away, parted by `; `. What follows the bar is replaced in the
//! message once it is signed. The signer is written from RFC 6376 §3.4, §3.5 and §3.7 alone and shares no code with the
//! verifier. Its keys are in the zone as `{ed25519}` and `{rsa}`.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mailkit::message::view::Message;
use mailkit::net::zone::Zone;
use mailkit::policy::dkim::verify;
use std::sync::LazyLock;

/// 2026-03-02T09:00:00Z.
const NOW: i64 = 1_772_442_000;

const FIELDS: [(&str, &str); 4] = [
    ("From", " Alice <alice@crepes.test>"),
    ("To", " bob@hamburger.test"),
    ("Subject", " Dinner  at\r\n eight"),
    ("Date", " Mon, 02 Mar 2026 09:00:00 +0000"),
];
const BODY: &str = "Are you  hungry? \r\n\r\nYes.\r\n\r\n\r\n";

const TAGS: [(&str, &str); 7] = [
    ("v", "1"),
    ("a", "ed25519-sha256"),
    ("c", "relaxed/relaxed"),
    ("d", "crepes.test"),
    ("s", "key"),
    ("h", "from:to:subject:date"),
    ("bh", "{bh}"),
];

/// The value of a tag without an equals sign.
const NOTHING: &str = "{nothing}";

static ED25519: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key"));
static RSA: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).expect("a key"));

/// Puts the keys where the table wants them; a long one in two strings, as it has to be.
pub(super) fn with_keys(zone: &str) -> String {
    let ed25519 = STANDARD.encode(ED25519.public_key().as_ref());
    let zone = zone.replace("{ed25519}", &ed25519);
    if !zone.contains("{rsa}") {
        return zone;
    }
    let rsa = STANDARD.encode(RSA.public_key().as_ref());
    zone.replace("{rsa}", &format!("{}\" \"{}", &rsa[..180], &rsa[180..]))
}

/// Signs, spoils and judges.
pub(super) async fn judged(zone: &Zone, text: &str) -> String {
    let (edits, spoilt) = match text.split_once('|') {
        Some((edits, spoilt)) => (edits.trim(), spoilt.trim().split_once(" -> ")),
        None => (text, None),
    };
    let mut tags: Vec<(String, String)> = TAGS.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    for edit in edits.split("; ").filter(|edit| !edit.is_empty() && *edit != "as-is") {
        if let Some(name) = edit.strip_prefix('-') {
            tags.retain(|(known, _)| known != name);
            continue;
        }
        let Some((name, value)) = edit.split_once('=') else {
            tags.push((edit.to_owned(), NOTHING.to_owned()));
            continue;
        };
        match tags.iter_mut().find(|(known, _)| known == name) {
            Some(known) => known.1 = value.to_owned(),
            None => tags.push((name.to_owned(), value.to_owned())),
        }
    }
    let mut message = sign(&tags);
    if let Some((old, new)) = spoilt {
        let plain = |text: &str| text.replace("\\r", "\r").replace("\\n", "\n").replace("\\_", " ");
        assert!(message.contains(&plain(old)), "there is no {old} in it");
        message = message.replacen(&plain(old), &plain(new), 1);
    }
    let now = mailkit::world::Timestamp::from_second(NOW).expect("a time");
    let (checked, _) = verify(&Message::parse(message.as_bytes()), zone, now).await;
    checked.first().map_or("none", |checked| checked.verdict.name()).to_owned()
}

fn sign(tags: &[(String, String)]) -> String {
    let get = |name: &str| tags.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim());
    let forms = get("c").unwrap_or("simple");
    let (header, body) = forms.split_once('/').unwrap_or((forms, "simple"));
    let mut signed =
        if body == "relaxed" { "Are you hungry?\r\n\r\nYes.\r\n" } else { "Are you  hungry? \r\n\r\nYes.\r\n" };
    if let Some(length) = get("l").and_then(|length| length.parse::<usize>().ok()) {
        signed = signed.get(..length).unwrap_or(signed);
    }
    let hash = STANDARD.encode(digest(&SHA256, signed.as_bytes()));
    let tag = |(name, value): &(String, String)| match value.as_str() {
        NOTHING => name.clone(),
        value => format!("{name}={}", value.replace("{bh}", &hash)),
    };
    let list: Vec<String> = tags.iter().map(tag).collect();
    let own = format!(" {}; b=", list.join("; "));
    let mut data = String::new();
    let mut left = FIELDS.to_vec();
    for name in get("h").unwrap_or_default().split(':') {
        if let Some(at) = left.iter().position(|(known, _)| known.eq_ignore_ascii_case(name.trim())) {
            let (known, value) = left.remove(at);
            data += &format!("{}\r\n", canonical(header, known, value));
        }
    }
    data += &canonical(header, "DKIM-Signature", &own);
    let value = match get("a") {
        Some("rsa-sha256" | "rsa-sha1") => {
            let mut value = vec![0; RSA.public_modulus_len()];
            RSA.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), data.as_bytes(), &mut value).expect("a signature");
            value
        }
        _ => ED25519.sign(digest(&SHA256, data.as_bytes()).as_ref()).as_ref().to_vec(),
    };
    let fields: String = FIELDS.iter().map(|(name, value)| format!("{name}:{value}\r\n")).collect();
    format!("DKIM-Signature:{own}{}\r\n{fields}\r\n{BODY}", STANDARD.encode(value))
}

fn canonical(form: &str, name: &str, value: &str) -> String {
    match form {
        "relaxed" => {
            format!("{}:{}", name.to_ascii_lowercase(), value.split_whitespace().collect::<Vec<_>>().join(" "))
        }
        _ => format!("{name}:{value}"),
    }
}
