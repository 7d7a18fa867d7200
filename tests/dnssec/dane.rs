//! What signed DNS says of the certificate of a server, at every worth of every step.

use super::internet::Internet;
use super::sign::{NOW, now};
use super::zone::{DAY, Zone, name};
use hickory_proto::rr::RecordType as T;
use mailkit::dns::dnssec::Validator;
use mailkit::policy::dane::{Verdict, examine};
use mailkit::policy::tlsa::Published;

const DIGITS: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn internet() -> Internet {
    let usable = |host: &str| format!("_25._tcp.{host} TLSA 3 1 1 {DIGITS}");
    Internet::of(vec![
        Zone::signed("example.test.", 3).with(&[
            "mx.example.test. A 192.0.2.1",
            &usable("mx.example.test."),
            "odd.example.test. AAAA 2001:db8::1",
            &format!("_25._tcp.odd.example.test. TLSA 1 1 1 {DIGITS}"),
            "bare.example.test. A 192.0.2.1",
            "alias.example.test. CNAME mx.example.test.",
            "own.example.test. CNAME bare.example.test.",
            &usable("own.example.test."),
            "out.example.test. CNAME mx.plain.test.",
            "bad.example.test. A 192.0.2.1",
            &usable("bad.example.test."),
        ]),
        Zone::unsigned("plain.test.").with(&["mx.plain.test. A 192.0.2.2", &usable("mx.plain.test.")]),
        Zone { expiration: NOW - DAY / 2, ..Zone::signed("late.test.", 4).with(&["mx.late.test. A 192.0.2.3"]) },
    ])
    .hide(|record| record.record_type() == T::RRSIG && record.name == name("_25._tcp.bad.example.test."))
}

#[test]
fn a_certificate_is_named_only_if_every_step_is_secure() {
    let internet = internet();
    let validator = Validator::new(internet.anchors());
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for (host, wanted, looked) in [
        ("mx.example.test.", "1 below mx.example.test.", 1),
        ("odd.example.test.", "unusable below odd.example.test.", 1),
        ("bare.example.test.", "nothing", 1),
        ("alias.example.test.", "1 below mx.example.test.", 1),
        ("own.example.test.", "1 below own.example.test.", 2),
        ("out.example.test.", "insecure: dnssec.not-signed", 0),
        ("mx.plain.test.", "insecure: dnssec.not-signed", 0),
        ("mx.late.test.", "unknown: dnssec.expired", 0),
        ("bad.example.test.", "unknown: dnssec.no-signature", 1),
    ] {
        let examined = runtime.block_on(examine(&validator, &internet, &name(host), 25, now()));
        let said = match &examined.verdict {
            Verdict::Nothing => "nothing".to_owned(),
            Verdict::Insecure(why) => format!("insecure: {}", why.id()),
            Verdict::Unknown(why) => format!("unknown: {}", why.id()),
            Verdict::Published(base, Published::Usable(all)) => format!("{} below {base}.", all.len()),
            Verdict::Published(base, Published::Unusable) => format!("unusable below {base}."),
            Verdict::Published(base, Published::Nothing) => panic!("{base}: nothing is not published"),
        };
        assert_eq!(
            (said.replace("..", ".").as_str(), examined.looked.len()),
            (wanted, looked),
            "{host}: {examined:#?}"
        );
    }
}
