//! Whatever comes instead of the right answers: it ends within its limits, and nothing false is secure.

use super::recorded::{Recorded, found, response};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use mailkit::dns::dnssec::{Found, Limits, Response, Security, Source, Validated, Validator};
use mailkit::world::Later;
use std::sync::Mutex;
use tokio::runtime::Runtime;

/// Answers from a record, each spoilt as the next octets say.
struct Bent<'a> {
    recorded: &'a Recorded,
    rest: Mutex<&'a [u8]>,
}

impl Bent<'_> {
    fn answer(&self, wanted: &Name, kind: RecordType) -> Result<Vec<u8>, String> {
        let mut rest = self.rest.lock().expect("nobody panicked");
        let mut take = || {
            let (first, behind) = rest.split_first()?;
            *rest = behind;
            Some(*first)
        };
        let sort = take().unwrap_or(0);
        let right = self.recorded.answer(wanted, kind);
        if sort % 8 == 1 {
            // What was said of something else.
            let which = usize::from(take().unwrap_or(0)) * self.recorded.answers.len() / 256;
            return Ok(self.recorded.answers[which].1.clone());
        }
        if sort % 8 == 2 {
            // Anything at all.
            let length = usize::from(take().unwrap_or(0)) * 4;
            let (octets, behind) = rest.split_at(length.min(rest.len()));
            *rest = behind;
            return Ok(octets.to_vec());
        }
        let mut octets = right?.to_vec();
        // A few octets changed, most often none.
        for _ in 0..(sort / 8) % 4 {
            let (high, low, bits) = (take().unwrap_or(0), take().unwrap_or(0), take().unwrap_or(0));
            let at = usize::from(u16::from_be_bytes([high, low])) % octets.len();
            octets[at] ^= bits;
        }
        Ok(octets)
    }
}

impl Source for Bent<'_> {
    fn ask<'a>(&'a self, wanted: &'a Name, kind: RecordType) -> Later<'a, Result<Response, String>> {
        Box::pin(std::future::ready(self.answer(wanted, kind).and_then(|octets| response(&octets))))
    }
}

/// Asks one of the recorded questions; the first octet says which.
pub(crate) fn check(runtime: &Runtime, recorded: &Recorded, octets: &[u8]) {
    let Some((which, rest)) = octets.split_first() else { return };
    let which = usize::from(*which) * recorded.judged.len() / 256;
    let ((wanted, kind), _, _) = &recorded.judged[which];
    let limits = Limits::default();
    let ask = |source: &dyn Source| {
        let validator = Validator::with_limits(recorded.anchors.clone(), limits);
        runtime.block_on(validator.validate(source, wanted, *kind, recorded.time))
    };
    let judged = ask(&Bent { recorded, rest: Mutex::new(rest) });
    let work = judged.work;
    assert!(work.queries <= limits.queries && work.verifications <= limits.verifications, "{work:?}");
    assert!(work.hashes <= limits.hashes && work.digests <= limits.digests, "{work:?}");
    assert!(judged.aliases.len() <= limits.aliases as usize + 1);
    for step in &judged.steps {
        assert!(!step.to_string().contains(char::is_control), "{step:?}");
    }
    if judged.security == Security::Secure {
        let right = ask(recorded);
        assert_eq!(right.security, Security::Secure, "{wanted} {kind} became secure");
        assert_eq!((found(&judged), data(&judged)), (found(&right), data(&right)), "{wanted} {kind} was forged");
    }
}

/// The data of all records, in order. TTLs are not signed, and small and large letters are the same in owners, and in names
/// within the older kinds of records (RFC 4034 §6.2).
fn data(judged: &Validated) -> Vec<String> {
    let Found::Records(records) = &judged.found else { return Vec::new() };
    let shown = |record: &Record| match record.data {
        RData::MX(_) | RData::NS(_) | RData::CNAME(_) | RData::SOA(_) | RData::SRV(_) | RData::PTR(_) => {
            record.data.to_string().to_lowercase()
        }
        _ => record.data.to_string(),
    };
    let mut data: Vec<String> = records.iter().map(shown).collect();
    data.sort_unstable();
    data
}
