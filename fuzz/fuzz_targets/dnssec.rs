//! Whatever answers a validator gets, it ends within its limits, and nothing that is false is secure.

#![no_main]

#[path = "../../tests/dnssec/bent.rs"]
mod bent;
#[path = "../../tests/dnssec/recorded.rs"]
mod recorded;

use libfuzzer_sys::fuzz_target;
use recorded::Recorded;
use tokio::runtime::{Builder, Runtime};

thread_local!(static WORLD: (Runtime, Recorded) =
    (Builder::new_current_thread().build().expect("a runtime"), recorded::read()));

fuzz_target!(|octets: &[u8]| WORLD.with(|(runtime, recorded)| bent::check(runtime, recorded, octets)));
