//! Whatever a message is made of, a server hears lines that end with CRLF, dots stuffed, and one end.

#![no_main]

#[path = "../../tests/wire/check.rs"]
mod check;

use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

thread_local!(static RUNTIME: Runtime = Builder::new_current_thread().enable_all().build().expect("a runtime"));

fuzz_target!(|text: &[u8]| RUNTIME.with(|runtime| check::check(runtime, text)));
