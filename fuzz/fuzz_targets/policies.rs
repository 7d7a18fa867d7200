//! Whatever a domain publishes as a policy is read, or refused with a place in it; no record makes us ask for long.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailkit::policy::dkim::published;
use mailkit::policy::spf::{MacroString, Question, Record, check, is_record, survey};
use mailkit::policy::{bimi, dmarc, sts, tlsrpt};
use mailkit::world::{Answer, Later, LookupError, RecordKind, Resolve, Timestamp};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Every name has this text, an exchanger, an address and a name.
struct Everywhere<'o>(&'o [u8], AtomicUsize);

impl Resolve for Everywhere<'_> {
    fn lookup<'a>(&'a self, _: &'a str, kind: RecordKind) -> Later<'a, Result<Answer, LookupError>> {
        use mailkit::world::Record;
        self.1.fetch_add(1, Ordering::Relaxed);
        let record = match kind {
            RecordKind::Txt => Record::Txt(self.0.to_vec()),
            RecordKind::Mx => Record::Mx { preference: 1, exchange: "mx.a.test".into() },
            RecordKind::A => Record::A([192, 0, 2, 1].into()),
            RecordKind::Ptr => Record::Ptr("mx.a.test".into()),
            _ => return Box::pin(std::future::ready(Err(LookupError::NoRecords))),
        };
        Box::pin(std::future::ready(Ok(Answer { records: vec![record], ..Answer::default() })))
    }
}

fuzz_target!(|octets: &[u8]| {
    if is_record(octets) {
        match Record::parse(octets) {
            Ok(record) => {
                for term in record.terms {
                    assert_eq!(&octets[term.at..term.at + term.text.len()], term.text.as_bytes());
                }
            }
            Err(error) => assert!(error.at <= octets.len()),
        }
    }
    if let Ok(text) = std::str::from_utf8(octets) {
        let _ = MacroString::explanation(text);
        let _ = dmarc::Destination::read(text);
    }
    if dmarc::is_record(octets) {
        let record = dmarc::Record::parse(octets);
        record.asks();
    }
    published::read(octets);
    let texts = [octets.to_vec()];
    let _ = (sts::id(&texts), sts::Policy::parse(octets), tlsrpt::published(&texts), bimi::published(&texts));
    let dns = Everywhere(octets, AtomicUsize::new(0));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let question = Question::new([192, 0, 2, 1].into(), "x@a.test", "h.test", Timestamp::UNIX_EPOCH);
        let checked = check(&dns, &question).await;
        assert!(checked.queries <= 140, "{checked:?}");
        let tree = survey(&dns, "a.test").await;
        assert!(dns.1.load(Ordering::Relaxed) <= 300 && tree.domain == "a.test");
        let walk = dmarc::walk(&dns, "a.b.c.d.e.f.g.h.i.j.test").await.expect("a walk");
        assert!(walk.steps.len() <= dmarc::QUERIES_MAX);
    });
});
