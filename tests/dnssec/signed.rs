//! Zones that Knot has signed: ECDSA, RSA and Ed25519, NSEC and NSEC3, judged as when they were recorded.

use super::recorded::{Recorded, found, read};
use super::{bent, verdict};
use mailkit::dns::dnssec::{Found, Validator};
use mailkit::world::Timestamp;
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

fn judge(runtime: &Runtime, recorded: &Recorded, which: usize, time: Timestamp) -> (&'static str, &'static str) {
    let ((wanted, kind), _, _) = &recorded.judged[which];
    let validator = Validator::new(recorded.anchors.clone());
    let judged = runtime.block_on(validator.validate(recorded, wanted, *kind, time));
    if let Found::Records(records) = &judged.found {
        assert!(!records.is_empty() && records.iter().all(|record| record.record_type() == *kind));
    }
    (verdict(&judged.security), found(&judged))
}

#[test]
fn zones_that_knot_has_signed_are_judged_as_when_they_were_recorded() {
    let (runtime, recorded) = (runtime(), read());
    assert!(recorded.judged.len() >= 20, "{} questions were recorded", recorded.judged.len());
    for (which, ((wanted, kind), by, what)) in recorded.judged.iter().enumerate() {
        assert_eq!(judge(&runtime, &recorded, which, recorded.time), (*by, *what), "{wanted} {kind}");
        // A year later nothing of it holds any more.
        let late = recorded.time + jiff::SignedDuration::from_hours(24 * 365);
        assert_eq!(judge(&runtime, &recorded, which, late), ("dnssec.expired", "nothing"), "{wanted} {kind}");
    }
}

#[test]
fn nothing_that_is_bent_on_the_way_is_secure_and_false() {
    let (runtime, recorded) = (runtime(), read());
    let cases = std::env::var("MAILKIT_DNSSEC_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1500);
    // A simple generator with a fixed beginning: every run bends the same.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    for _ in 0..cases {
        // The first octet chooses a question; after it most answers are left as they are.
        let octets: Vec<u8> =
            (0..120).map(|at| (next(), at)).map(|(octet, at)| if at > 0 && octet < 90 { 0 } else { octet }).collect();
        bent::check(&runtime, &recorded, &octets);
    }
}
