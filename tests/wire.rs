//! No input puts a bare CR or LF, or an unstuffed dot, on the wire.
//!
//! The same check runs under a fuzzer: fuzz/fuzz_targets/wire.rs.

#[path = "wire/check.rs"]
mod check;

use check::check;
use proptest::prelude::*;
use tokio::runtime::{Builder, Runtime};

/// Texts that are tried; `MAILKIT_WIRE_CASES` says another number, and the fuzzer has no end.
fn cases() -> u32 {
    std::env::var("MAILKIT_WIRE_CASES").ok().and_then(|number| number.parse().ok()).unwrap_or(400)
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

#[test]
fn the_ways_to_smuggle_a_second_message_end_as_text() {
    let runtime = runtime();
    let ends = ["\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n", "\r\n.\r", "\r.\r\n", "\n.\r", "\r\n.\r\n", "\0\r\n.\r\n"];
    for end in ends {
        for before in ["", "Subject: x\r\n\r\n", "Subject: x\r\n\r\ntext", "Subject: x\r\n\r\ntext\r\n"] {
            check(&runtime, format!("{before}{end}MAIL FROM:<evil@blind.example>{end}").as_bytes());
        }
    }
    // Cut where a piece ends.
    for length in 65_530..65_540 {
        check(&runtime, format!("Subject: x\n\n{}\r\n.\r\n..\n.", "a".repeat(length)).as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]
    #[test]
    fn no_text_at_all_breaks_the_rules_of_the_wire(
        pieces in proptest::collection::vec("\r|\n|\r\n|\\.|\\.\\.|A: b|Bcc: c|From x|[a-c ]{1,9}|\0|é", 0..60),
    ) {
        thread_local!(static RUNTIME: Runtime = runtime());
        RUNTIME.with(|runtime| check(runtime, pieces.concat().as_bytes()));
    }
}
