//! The messages of the standards, and messages signed here in every way that can go wrong.

use super::*;
use crate::world::{Answer, Later, LookupError, Record, RecordKind};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// DNS with these texts and nothing else; `silent` is what does not answer.
pub(in crate::policy) struct Texts(pub(in crate::policy) Vec<(String, String)>);

impl Resolve for Texts {
    fn lookup<'a>(&'a self, name: &'a str, kind: RecordKind) -> Later<'a, Result<Answer, LookupError>> {
        assert_eq!(kind, RecordKind::Txt);
        let known = self.0.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str());
        let answer = match known {
            Some("silent") => Err(LookupError::Temporary("the name server did not answer in time".into())),
            Some(text) => Ok(Answer { records: vec![Record::Txt(text.into())], ..Answer::default() }),
            None => Err(LookupError::NoSuchName),
        };
        Box::pin(std::future::ready(answer))
    }
}

pub(in crate::policy) fn base64(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

/// A key that is the same in every run.
pub(in crate::policy) fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a key")
}

pub(in crate::policy) fn record(pair: &Ed25519KeyPair) -> String {
    format!("v=DKIM1; k=ed25519; p={}", base64(pair.public_key().as_ref()))
}

pub(in crate::policy) const NOW: i64 = 1_700_000_000;

pub(in crate::policy) fn now() -> Timestamp {
    Timestamp::from_second(NOW).expect("a time")
}

/// A message with a signature of `crepes.example` on top; the tags have to have `bh=` and `b=` without values.
pub(in crate::policy) fn signed(field: &str, tags: &str, message: &str, pair: &Ed25519KeyPair, form: Form) -> String {
    let (_, body) = message.split_once("\r\n\r\n").expect("a body");
    let parsed = Tags::parse(tags.replace("bh=", "bh=AAAA").replace(" b=", " b=AAAA").as_bytes()).expect("tags");
    let signature = Signature::parse(&parsed, form).expect("a signature");
    let hash = base64(body_hash(body.as_bytes(), &signature).digest.as_ref());
    let tags = tags.replace("bh=", &format!("bh={hash}"));
    let own = format!("{field}: {tags}");
    let octets = message.as_bytes();
    let read = Message::parse(octets);
    let letter = Letter::of(&read);
    let data = letter.signed(&letter.covered(&signature.signed, own.as_bytes()), own.as_bytes(), signature.header);
    let value = base64(pair.sign(digest::digest(&digest::SHA256, &data).as_ref()).as_ref());
    format!("{}\r\n{message}", own.replace(" b=", &format!(" b={value}")))
}

const TAGS: &str =
    "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=crepes.example; s=key;\r\n h=from:to:subject:date; bh=; b=";
const MESSAGE: &str = "From: Alice <alice@crepes.example>\r\nTo: bob@hamburger.example\r\nSubject: Dinner\r\n\
    Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n\r\nAre you hungry?\r\n";

async fn check(message: &str, texts: &[(&str, &str)]) -> Vec<Checked> {
    let texts = texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    verify(&Message::parse(message.as_bytes()), &Texts(texts), now()).await.0
}

/// Verdict and reason of the only signature, with the key where it should be.
async fn judged(message: &str, key: &str) -> (Verdict, String) {
    let mut all = check(message, &[("key._domainkey.crepes.example", key)]).await;
    assert_eq!(all.len(), 1);
    let one = all.remove(0);
    (one.verdict, one.why)
}

fn left_out(checked: &Checked) -> Vec<String> {
    checked.unsigned.iter().map(ToString::to_string).collect()
}

/// RFC 8463, Appendix A.
const RFC8463: &str = include_str!("../../../tests/messages/dkim/rfc8463.eml");
const RFC8463_KEYS: [(&str, &str); 2] = [
    ("brisbane._domainkey.football.example.com", "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
    (
        "test._domainkey.football.example.com",
        "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi\
         Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+\
         2kryOTIKT+l/K4w3QIDAQAB",
    ),
];
/// RFC 6376, Appendices A and C.
const RFC6376: &str = include_str!("../../../tests/messages/dkim/rfc6376.eml");
const RFC6376_KEY: &str = "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt\
    IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcW\
    ToIMmPSPDdQPNUYckcQ2QIDAQAB";

#[tokio::test]
async fn the_messages_of_the_standards_are_good_until_somebody_touches_them() {
    for message in [RFC8463.to_owned(), RFC8463.replace('\n', "\r\n")] {
        let all = check(&message, &RFC8463_KEYS).await;
        let verdicts: Vec<_> = all.iter().map(|c| (c.verdict, c.selector.as_deref(), c.key_bits)).collect();
        assert_eq!(verdicts, [(Verdict::Pass, Some("brisbane"), None), (Verdict::Pass, Some("test"), Some(1024))]);
        assert!(all.iter().all(|c| c.unsigned.is_empty() && c.alignment == Some(Alignment::Same)));
    }
    let texts = [("brisbane._domainkey.example.com", RFC6376_KEY)];
    let all = check(RFC6376, &texts).await;
    assert_eq!((all[0].verdict, all[0].why.as_str()), (Verdict::Pass, "the signature is good"));
    assert_eq!(all[0].alignment, Some(Alignment::Related));
    for (from, to) in [("hungry", "angry"), ("Is dinner", "Is supper"), ("Suzie Q <suzie@", "Suzie Q <eve@")] {
        for (message, texts) in [(RFC8463, &RFC8463_KEYS[..]), (RFC6376, &texts)] {
            let all = check(&message.replace(from, to), texts).await;
            assert!(all.iter().all(|c| c.verdict == Verdict::Fail), "{from} {all:?}");
        }
    }
}

#[tokio::test]
async fn what_is_not_signed_is_told() {
    let pair = pair(1);
    let key = record(&pair);
    let text = ("key._domainkey.crepes.example", key.as_str());
    let message = signed("DKIM-Signature", TAGS, MESSAGE, &pair, Form::Dkim);
    let good = check(&message, &[text]).await.remove(0);
    assert_eq!((good.verdict, good.unsigned.len(), good.body_part), (Verdict::Pass, 0, None));
    // A field that was put on top is what a reader sees, and the signature is about the one below.
    let doubled = format!("Subject: Win!\r\nReply-To: eve@evil.example\r\nFrom: eve@evil.example\r\n{message}");
    let found = check(&doubled, &[text]).await.remove(0);
    assert_eq!(found.verdict, Verdict::Policy);
    assert_eq!(left_out(&found), ["From (1 of 2)", "Reply-To", "Subject (1 of 2)"]);
    assert_eq!(found.alignment, Some(Alignment::Other));
    assert!(!found.vouches_for("From") && !found.vouches_for("To"));
    let found = check(&format!("Subject: Win!\r\n{message}"), &[text]).await.remove(0);
    assert_eq!((found.verdict, left_out(&found)), (Verdict::Pass, vec!["Subject (1 of 2)".to_owned()]));
    assert!(found.vouches_for("From") && !found.vouches_for("Subject") && !found.vouches_for("Reply-To"));
    // Unless whoever signed said that there is only one.
    let tags = TAGS.replace("h=from", "h=from:from");
    let message = signed("DKIM-Signature", &tags, MESSAGE, &pair, Form::Dkim);
    let doubled = format!("From: eve@evil.example\r\n{message}");
    assert_eq!(check(&doubled, &[text]).await[0].verdict, Verdict::Fail);
    // And where only the beginning of the body is signed, anything may follow.
    let tags = TAGS.replace("bh=", "l=9; bh=");
    let message = signed("DKIM-Signature", &tags, MESSAGE, &pair, Form::Dkim);
    let found = check(&format!("{message}Buy this!\r\n"), &[text]).await.remove(0);
    assert_eq!((found.verdict, found.body_part), (Verdict::Pass, Some((9, 28))));
    let (verdict, why) = judged(&message.replace("you hungry?", ""), &key).await;
    assert_eq!((verdict, why.as_str()), (Verdict::PermError, "more of the body is signed (l=) than there is"));
}

#[tokio::test]
async fn every_reason_not_to_believe_a_signature_has_its_verdict() {
    use Verdict::{Fail, Pass, PermError, Policy, TempError};
    let pair = pair(1);
    let key = record(&pair);
    let sign = |from: &str, to: &str| signed("DKIM-Signature", &TAGS.replace(from, to), MESSAGE, &pair, Form::Dkim);
    let good = sign("", "");
    let weak =
        format!("p={}", base64(&[&[0x30, 0x0a, 0x02, 0x05, 0x00, 0x9f, 1, 2, 3][..], &[0x02, 0x01, 0x03]].concat()));
    for (message, key, verdict, why) in [
        (good.clone(), key.as_str(), Pass, "the signature is good"),
        (good.clone(), "silent", TempError, "could not be asked for: the name server did not answer in time"),
        (good.clone(), "p=", PermError, "the key at key._domainkey.crepes.example is revoked"),
        (good.clone(), "v=spf1 -all", PermError, "is no key"),
        (good.replace("s=key", "s=other"), &key, PermError, "there is no key at other._domainkey.crepes.example"),
        (good.clone(), &weak, PermError, "of another type"),
        (good.replace("ed25519-sha256", "rsa-sha256"), &weak, Policy, "a key of 32 bits proves nothing"),
        (good.replace("ed25519-sha256", "rsa-sha1"), &weak, PermError, "SHA-1 proves nothing"),
        (good.clone(), &record(&super::tests::pair(2)), Fail, "the signature does not match"),
        (good.clone(), &format!("{key}; s=tlsrpt"), PermError, "not meant for mail"),
        (good.clone(), &format!("{key}; h=sha1"), PermError, "not for SHA-256"),
        (good.replace("Subject: D", "Subject: d"), &key, Fail, "the signature does not match"),
        (good.replace("hungry", "angry"), &key, Fail, "the body was changed"),
        (good.replace("hungry", " \t hungry "), &key, Fail, "the body was changed"),
        (good.replace("Are you", "Are  \t you"), &key, Pass, "the signature is good"),
        (good.replace("Subject: ", "SUBJECT :\r\n "), &key, Pass, "the signature is good"),
        (sign("bh=", "t=1; x=1699999999; bh="), &key, Fail, "the signature has expired"),
        (sign("bh=", "t=1; x=1700000001; bh="), &key, Pass, "the signature is good"),
        (sign("bh=", "i=a@mail.crepes.example; bh="), &key, Pass, "the signature is good"),
        (sign("bh=", "i=a@mail.crepes.example; bh="), &format!("{key}; t=s"), PermError, "not for domains below"),
        (good.replace("v=1", "v=2"), &key, PermError, "the signature cannot be read: v= is not 1"),
        (good.replace("v=1", "v=1; v=1"), &key, PermError, "the tag v= stands there twice"),
    ] {
        let (found, sentence) = judged(&message, key).await;
        assert_eq!(found, verdict, "{why}: {sentence}");
        assert!(sentence.contains(why), "{sentence}");
    }
    let testing = check(&good, &[("key._domainkey.crepes.example", &format!("{key}; t=y"))]).await;
    assert!(testing[0].is_testing && testing[0].verdict == Pass);
}

#[tokio::test]
async fn a_signature_is_about_the_others_and_never_about_itself() {
    let pair = pair(1);
    let key = record(&pair);
    let texts = [("key._domainkey.crepes.example", key.as_str())];
    let tags = TAGS.replace("h=from", "h=dkim-signature:from");
    let alone = signed("DKIM-Signature", &tags, MESSAGE, &pair, Form::Dkim);
    assert_eq!(check(&alone, &texts).await[0].verdict, Verdict::Pass);
    // Over the one that was there; one that comes later changes what is signed.
    let second = signed("DKIM-Signature", &tags, &alone, &pair, Form::Dkim);
    let verdicts: Vec<_> = check(&second, &texts).await.iter().map(|checked| checked.verdict).collect();
    assert_eq!(verdicts, [Verdict::Pass, Verdict::Fail]);
}

#[tokio::test]
async fn a_domain_is_the_same_in_both_of_its_forms() {
    let pair = pair(1);
    let key = record(&pair);
    let tags = TAGS.replace("d=crepes.example", "d=xn--bcher-kva.example");
    let message = MESSAGE.replace("crepes.example", "bücher.example");
    let message = signed("DKIM-Signature", &tags, &message, &pair, Form::Dkim);
    let found = check(&message, &[("key._domainkey.xn--bcher-kva.example", key.as_str())]).await.remove(0);
    assert_eq!((found.verdict, found.alignment), (Verdict::Pass, Some(Alignment::Same)));
}

#[tokio::test]
async fn work_is_bounded_however_many_signatures_there_are() {
    let pair = pair(1);
    let message = signed("DKIM-Signature", TAGS, MESSAGE, &pair, Form::Dkim);
    let (field, _) = message.split_once("From: Alice").expect("a field");
    let many = format!("{}{message}", field.repeat(999));
    let texts = Texts(vec![("key._domainkey.crepes.example".into(), record(&pair))]);
    let (checked, left) = verify(&Message::parse(many.as_bytes()), &texts, now()).await;
    assert_eq!((checked.len(), left), (SIGNATURES_MAX, 990));
    assert!(checked.iter().all(|c| c.verdict == Verdict::Pass));
    // What is beyond the guard's limit may be signed, and nobody read it.
    let filler = format!("X: {}\r\nTo: bob", "y".repeat(2 << 20));
    let long = message.replace("To: bob", &filler);
    let (checked, _) = verify(&Message::parse(long.as_bytes()), &texts, now()).await;
    assert_eq!(checked[0].verdict, Verdict::PermError);
    assert!(verify(&Message::parse(b""), &texts, now()).await.0.is_empty());
}
