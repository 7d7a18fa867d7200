//! Chains made here, link by link, and every way to break them.

use super::super::dkim::tests::{Texts, base64, now, pair, record, signed};
use super::*;
use aws_lc_rs::digest;
use aws_lc_rs::signature::Ed25519KeyPair;

const MESSAGE: &str = "From: Alice <alice@crepes.example>\r\nSubject: Dinner\r\n\r\nAre you hungry?\r\n";

/// Puts one more set on top.
fn add(message: &str, number: usize, chain: &str, pair: &Ed25519KeyPair) -> String {
    let with_results = format!("{RESULTS}: i={number}; s{number}.example; dkim=pass\r\n{message}");
    let tags =
        format!("i={number}; a=ed25519-sha256; c=relaxed/relaxed; d=s{number}.example; s=arc; h=from:subject; bh=; b=");
    let with_signature = signed(MESSAGE_SIGNATURE, &tags, &with_results, pair, Form::Arc);
    let seal = format!("{SEAL}: i={number}; a=ed25519-sha256; cv={chain}; d=s{number}.example; s=arc; b=");
    let whole = format!("{seal}\r\n{with_signature}");
    let read = Message::parse(whole.as_bytes());
    let letter = Letter::of(&read);
    let sets = collect(&letter).expect("sets");
    let mut data = Vec::new();
    for (at, set) in sets.iter().enumerate() {
        for field in [set.results, set.message, set.seal] {
            Canon::Relaxed.field(field, &mut data);
            if at + 1 < sets.len() || field != set.seal {
                data.extend_from_slice(b"\r\n");
            }
        }
    }
    let value = base64(pair.sign(digest::digest(&digest::SHA256, &data).as_ref()).as_ref());
    format!("{seal}{value}\r\n{with_signature}")
}

/// A message with so many good sets, and the keys to them.
fn chain(count: usize) -> (String, Texts) {
    let mut message = MESSAGE.to_owned();
    let mut texts = Vec::new();
    for number in 1..=count {
        let pair = pair(number as u8);
        message = add(&message, number, if number == 1 { "none" } else { "pass" }, &pair);
        texts.push((format!("arc._domainkey.s{number}.example"), record(&pair)));
    }
    (message, Texts(texts))
}

async fn judged(message: &str, texts: &Texts) -> (Verdict, String) {
    let chain = verify(&Message::parse(message.as_bytes()), texts, now()).await.expect("a chain");
    (chain.verdict, chain.why)
}

#[tokio::test]
async fn a_chain_holds_as_long_as_nobody_touches_a_link() {
    let (message, texts) = chain(3);
    let found = verify(&Message::parse(message.as_bytes()), &texts, now()).await.expect("a chain");
    assert_eq!((found.verdict, found.sets.len()), (Verdict::Pass, 3), "{}", found.why);
    assert!(found.sets.iter().all(|set| set.seal == Some(Verdict::Pass)));
    assert_eq!(found.sets[1].domain, "s2.example");
    assert_eq!(found.message.expect("a signature").signed, ["from", "subject"]);
    for (from, to, why) in [
        ("i=1; s1.example; dkim=pass", "i=1; s1.example; dkim=fail", "the seal of set 3: it does not match"),
        ("hungry", "angry", "the newest signature over the message: the body was changed"),
        (
            "i=2; a=ed25519-sha256; cv=pass",
            "i=2; a=ed25519-sha256; cv=fail",
            "set 2 says that the chain before it is fail",
        ),
        ("ARC-Seal: i=2;", "ARC-Seal: i=1;", "there are two ARC-Seal fields with the number 1"),
        ("ARC-Seal: i=2;", "X-Seal: i=2;", "set 2 is not whole"),
        ("ARC-Seal: i=2;", "ARC-Seal: i=4;", "set 2 is not whole"),
        ("ARC-Seal: i=2;", "ARC-Seal: i=x;", "an ARC-Seal field has no number"),
        ("ARC-Seal: i=2;", "ARC-Seal: i=2; h=from;", "a seal cannot be read: it has h="),
        ("h=from:subject", "h=subject", "the newest signature over the message: the signature cannot be read: From"),
    ] {
        let (verdict, sentence) = judged(&message.replace(from, to), &texts).await;
        assert_eq!(verdict, Verdict::Fail, "{from}");
        assert!(sentence.contains(why), "{sentence}");
    }
    // What was signed underway and not at the end may be changed: only the newest signature is about the message.
    assert!(verify(&Message::parse(MESSAGE.as_bytes()), &texts, now()).await.is_none());
}

#[tokio::test]
async fn a_chain_is_no_better_than_its_keys() {
    let (message, mut texts) = chain(2);
    texts.0[0].1 = "silent".to_owned();
    let (verdict, why) = judged(&message, &texts).await;
    assert!(verdict == Verdict::TempError && why.starts_with("the seal of set 1: the key at"), "{why}");
    texts.0[0].1 = record(&pair(9));
    assert_eq!(judged(&message, &texts).await.0, Verdict::Fail);
    texts.0.clear();
    assert_eq!(judged(&message, &texts).await.0, Verdict::Fail);
}

#[tokio::test]
async fn a_chain_has_an_end() {
    let (message, texts) = chain(50);
    assert_eq!(judged(&message, &texts).await.0, Verdict::Pass);
    let longer = format!("{SEAL}: i=51\r\n{MESSAGE_SIGNATURE}: i=51\r\n{RESULTS}: i=51; x\r\n{message}");
    assert_eq!(judged(&longer, &texts).await, (Verdict::Fail, "there are more than 50 sets".to_owned()));
}
