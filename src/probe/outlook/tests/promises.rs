//! What a domain promises of its servers, by TLSA records and by a policy, and what becomes of it when one of them breaks it.

use super::super::super::published::TlsaState;
use super::*;
use crate::probe::{MtaSts, Tlsa};

#[tokio::test]
async fn what_the_domain_promises_makes_it_worse() {
    let named = |report: &mut Report| {
        for host in &mut report.mx {
            host.tlsa = Some(Tlsa {
                state: TlsaState::Usable,
                owner: String::new(),
                records: Vec::new(),
                associations: Vec::new(),
                names: Vec::new(),
            });
        }
    };
    let policed = |is_named: bool| {
        move |report: &mut Report| {
            report.policies.mta_sts = Some(MtaSts {
                state: "policy",
                id: None,
                mode: Some("enforce"),
                max_age: None,
                mx: Vec::new(),
                error: None,
            });
            report.mx.iter_mut().for_each(|host| host.sts_match = Some(is_named));
        }
    };
    let fits = |fit: Fit| {
        move |report: &mut Report| {
            named(report);
            for visited in report.mx.iter_mut().flat_map(|host| &mut host.probes) {
                visited.dane = Some(fit);
            }
        }
    };
    let untrusted = Does::Tls(Err((Flaw::Untrusted, "nobody we trust has signed it")));
    let mismatch = report(&[GOOD], fits(Fit::Nomatch)).await;
    assert!(mismatch.sentence.ends_with(", but its certificate is not the one that its TLSA records name."));
    assert_eq!(told(&mismatch), [("dane.mismatch", Level::Error)]);
    let matching = report(std::slice::from_ref(&untrusted), fits(Fit::Match)).await;
    assert!(matching.sentence.ends_with(", TLS 1.3, guarded by DANE."), "{}", matching.sentence);
    assert_eq!(told(&matching), []);
    let clear = report(&[Does::Clear], named).await;
    assert!(clear.sentence.ends_with("STARTTLS, but its TLSA records promise TLS."), "{}", clear.sentence);
    assert!(told(&clear).contains(&("dane.no-tls", Level::Error)));
    let bad = report(&[untrusted], policed(true)).await;
    assert!(bad.sentence.ends_with(", but the domain's policy (MTA-STS) forbids its certificate."));
    assert!(told(&bad).contains(&("sts.certificate", Level::Error)));
    let clear = report(&[Does::Clear], policed(true)).await;
    assert!(told(&clear).contains(&("sts.no-tls", Level::Error)));
    let one_of_two = report(&[GOOD, GOOD], |report| {
        policed(true)(report);
        report.mx.iter_mut().skip(1).for_each(|host| host.sts_match = Some(false));
    })
    .await;
    let wanted = "; b.cases.test at 192.0.2.2 has TLS 1.3, certificate valid until 2026-06-01, but the domain's policy \
                      (MTA-STS) does not name it.";
    assert!(one_of_two.sentence.ends_with(wanted), "{}", one_of_two.sentence);
    let guarded = report(&[GOOD], policed(true)).await;
    assert!(guarded.sentence.ends_with("until 2026-06-01, guarded by its policy (MTA-STS)."), "{}", guarded.sentence);
    let testing = report(&[GOOD], |report| {
        policed(true)(report);
        report.policies.mta_sts.as_mut().expect("a policy").mode = Some("testing");
    })
    .await;
    let wanted = "until 2026-06-01; its policy (MTA-STS) is in testing only.";
    assert!(testing.sentence.ends_with(wanted), "{}", testing.sentence);
    let both = |report: &mut Report| {
        policed(true)(report);
        fits(Fit::Match)(report);
    };
    let both = report(&[GOOD], both).await;
    let wanted = "TLS 1.3, guarded by DANE and by its policy (MTA-STS).";
    assert!(both.sentence.ends_with(wanted), "{}", both.sentence);
    // Where nobody has looked, nothing is guarded: records are there, and a policy is.
    let goes = "Mail to two.cases.test goes to a.cases.test, then b.cases.test";
    let unseen = report(&[], named).await;
    assert_eq!(unseen.sentence, format!("{goes}; TLSA records published, not compared."));
    let unseen = report(&[], policed(true)).await;
    assert_eq!(unseen.sentence, format!("{goes}; policy (MTA-STS) enforced."));
    let unseen = report(&[], policed(false)).await;
    let nothing = "Senders who keep to the policy (MTA-STS) of two.cases.test send it nothing; mail of others goes to \
                   a.cases.test, then b.cases.test; its policy (MTA-STS) does not name a.cases.test.";
    assert_eq!(unseen.sentence, nothing);
    // Where one is named that nobody has seen, it may take their mail.
    let unseen = report(&[], |report| {
        policed(true)(report);
        report.mx.iter_mut().take(1).for_each(|host| host.sts_match = Some(false));
    })
    .await;
    assert_eq!(unseen.sentence, format!("{goes}; its policy (MTA-STS) does not name a.cases.test."));
    for (id, error, wanted) in [
        (Some("1"), "the web server says 404", "its policy (MTA-STS) cannot be had: the web server says 404."),
        (None, "the name server is silent", "whether it has a policy (MTA-STS) is not known."),
    ] {
        let unfetched = report(&[GOOD], |report| {
            report.policies.mta_sts = Some(MtaSts {
                state: "unknown",
                id: id.map(str::to_owned),
                mode: None,
                max_age: None,
                mx: Vec::new(),
                error: Some(error.to_owned()),
            });
        })
        .await;
        assert!(unfetched.sentence.ends_with(&format!("; {wanted}")), "{}", unfetched.sentence);
    }
    let unseen = report(&[], |report| {
        named(report);
        report.mx.iter_mut().skip(1).for_each(|host| host.tlsa = None);
        policed(true)(report);
        report.policies.mta_sts.as_mut().expect("a policy").mode = Some("testing");
    })
    .await;
    let wanted = "; TLSA records published for some, not compared; its policy (MTA-STS) is in testing only.";
    assert_eq!(unseen.sentence, format!("{goes}{wanted}"));
    // What one of two promises guards nobody: who sits on the way chooses the other one.
    let half = report(&[GOOD, GOOD], |report| {
        fits(Fit::Match)(report);
        report.mx.iter_mut().skip(1).flat_map(|host| &mut host.probes).for_each(|visited| visited.dane = None);
    })
    .await;
    assert!(half.sentence.contains("TLS 1.3, its TLSA records fit"), "{}", half.sentence);
    let stranger = report(&[GOOD], policed(false)).await;
    assert!(stranger.sentence.ends_with(", but the domain's policy (MTA-STS) does not name it."));
    let nothing = "Senders who keep to the policy (MTA-STS) of one.cases.test send it nothing; mail of others goes to ";
    assert!(stranger.sentence.starts_with(nothing), "{}", stranger.sentence);
    assert_eq!(stranger.verdict, Verdict::Deliverable);
    // One good exchanger of two takes their mail.
    assert!(one_of_two.sentence.starts_with("Mail to two.cases.test goes to "), "{}", one_of_two.sentence);
    assert!(bad.sentence.starts_with(nothing), "{}", bad.sentence);
    let nothing =
        "Senders who keep to the TLSA records (DANE) of one.cases.test send it nothing; mail of others goes to ";
    assert!(mismatch.sentence.starts_with(nothing), "{}", mismatch.sentence);
    let neither = report(&[GOOD], |report| {
        policed(false)(report);
        fits(Fit::Nomatch)(report);
    })
    .await;
    let nothing = "Senders who keep to the policy (MTA-STS) or to the TLSA records (DANE) of one.cases.test send it \
                   nothing; mail of others goes to a.cases.test, TLS 1.3";
    assert!(neither.sentence.starts_with(nothing), "{}", neither.sentence);
    let wanted = ", but its certificate is not the one that its TLSA records name, and the domain's policy (MTA-STS) does \
                  not name it.";
    assert!(neither.sentence.ends_with(wanted), "{}", neither.sentence);
    // Who is guarded by his records is not by his policy.
    let guarded = report(&[GOOD], |report| {
        policed(false)(report);
        fits(Fit::Match)(report);
    })
    .await;
    assert!(guarded.sentence.contains("guarded by DANE, but the domain's policy"), "{}", guarded.sentence);
}
