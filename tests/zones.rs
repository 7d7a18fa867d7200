//! One table: how zones and name servers can be, and what `mailkit mx lookup` makes of each, with how many queries and how
//! much work.
//!
//! Each row has a name server of its own on this machine. The program itself runs; what it finds must be what the row says,
//! all of it and nothing else, and the server must not be asked more often than the row allows.

// Zones that sign themselves, and those that are made to keep a validator busy, stand beside the judge's own table.
#[allow(dead_code, reason = "the judge's own table changes more about its zones")]
#[path = "dnssec/internet.rs"]
mod internet;
#[path = "zones/names.rs"]
mod names;
mod printed;
#[path = "zones/servers.rs"]
mod servers;
#[allow(dead_code, reason = "the judge's own table has more clocks")]
#[path = "dnssec/sign.rs"]
mod sign;
#[path = "zones/signatures.rs"]
mod signatures;
#[path = "zones/stage.rs"]
mod stage;
#[allow(dead_code, reason = "the judge's own table has more traps")]
#[path = "dnssec/trap.rs"]
mod trap;
mod watchdog;
#[allow(dead_code, reason = "the judge's own table changes more about its zones")]
#[path = "dnssec/zone.rs"]
mod zone;

use hickory_proto::rr::RecordType;
use serde_json::Value;
use stage::{Act, Asked, Stage};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Rows that are tried side by side.
const AT_ONCE: usize = 6;
/// The end of a row that hangs. What a row may cost is counted, not timed.
const PATIENCE: Duration = Duration::from_secs(100);

/// How something is, and what is made of it.
pub(crate) struct Row {
    /// How it is, in words.
    shape: &'static str,
    domain: String,
    options: Vec<String>,
    stage: Stage,
    /// The names of all findings, in their order.
    finds: Vec<&'static str>,
    /// How the first sentence ends.
    says: String,
    exit: i32,
    /// The most queries that the server may see.
    queries: usize,
    /// The most signatures checked and rounds of hashing for this question; as many as there are limits for if none.
    work: Option<(RecordType, u32, u32)>,
    /// Whether the page for people is looked at, too: nothing in it may drive a terminal.
    has_page: bool,
}

impl Row {
    pub(crate) fn new(shape: &'static str, domain: impl Into<String>, stage: Stage) -> Self {
        let (options, finds, says) = (Vec::new(), Vec::new(), String::new());
        Self {
            shape,
            domain: domain.into(),
            options,
            stage,
            finds,
            says,
            exit: 0,
            queries: 3,
            work: None,
            has_page: false,
        }
    }

    pub(crate) fn with(mut self, options: &[&str]) -> Self {
        self.options.extend(options.iter().map(ToString::to_string));
        self
    }

    pub(crate) fn finds(mut self, finds: &[&'static str]) -> Self {
        self.finds = finds.to_vec();
        self
    }

    pub(crate) fn says(mut self, says: impl Into<String>) -> Self {
        self.says = says.into();
        self
    }

    pub(crate) fn exits(mut self, exit: i32) -> Self {
        self.exit = exit;
        self
    }

    pub(crate) fn queries(mut self, queries: usize) -> Self {
        self.queries = queries;
        self
    }

    pub(crate) fn work(mut self, kind: RecordType, signatures: u32, hashes: u32) -> Self {
        self.work = Some((kind, signatures, hashes));
        self
    }

    pub(crate) fn paged(mut self) -> Self {
        self.has_page = true;
        self
    }

    pub(crate) fn manner(
        mut self,
        manner: impl Fn(&Asked, hickory_proto::op::Message) -> Vec<Act> + Send + Sync + 'static,
    ) -> Self {
        self.stage.manner = Some(Box::new(manner));
        self
    }

    /// What is not as the row says.
    fn faults(self, number: usize) -> Vec<String> {
        let mut faults = Vec::new();
        let Self { shape, domain, options, stage, finds, says, exit, queries, work, has_page } = self;
        if let Some((kind, signatures, hashes)) = work {
            let judged = stage.internet.validate(&format!("{domain}."), kind, sign::now());
            let done = judged.work;
            if done.verifications > signatures || done.hashes > hashes {
                faults.push(format!("{} signatures and {} rounds of hashing", done.verifications, done.hashes));
            }
        }
        let anchors = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("anchor-{number}"));
        let mut command = vec!["mx".to_owned(), "lookup".to_owned()];
        // Whoever asks for DANE knows the root of these zones, if it is signed, and asks at the time of the tests.
        let root = signatures::anchor(&stage.internet).filter(|_| options.iter().any(|option| option == "--dane"));
        if let Some(root) = root {
            std::fs::write(&anchors, root).expect("it is written");
            command.extend(["--trust-anchor".to_owned(), anchors.display().to_string()]);
            if !options.iter().any(|option| option == "--at") {
                command.extend(["--at", "2026-11-22T12:00:00Z"].map(str::to_owned));
            }
        }
        let stage = std::sync::Arc::new(stage);
        command.extend([format!("@{}", stage.serve()), domain]);
        command.extend(options);
        let begun = Instant::now();
        let (code, stdout, stderr) = run(&[command.as_slice(), &["--json".to_owned()]].concat());
        let asked = stage.queries();
        println!("{shape}: {asked} queries, {:.1?}", begun.elapsed());
        let report: Value = serde_json::from_str(&stdout).unwrap_or_default();
        let found = report["findings"].as_array().cloned().unwrap_or_default();
        let found: Vec<&str> = found.iter().filter_map(|finding| finding["id"].as_str()).collect();
        let sentence = report["sentence"].as_str().unwrap_or_default();
        if found != finds {
            faults.push(format!("finds {found:?} and not {finds:?}"));
        }
        if !sentence.trim_end_matches('.').ends_with(says.trim_end_matches('.')) {
            faults.push(format!("says {sentence:?} and not {says:?}"));
        }
        if code != Some(exit) || report["exit"] != exit {
            faults.push(format!("ends with {code:?} and not {exit}: {stderr}"));
        }
        if asked > queries {
            faults.push(format!("{asked} queries and not {queries}"));
        }
        if has_page {
            let (_, page, stderr) = run(&command);
            if (page + &stderr).chars().any(|c| c.is_control() && c != '\n') {
                faults.push("a terminal would be driven".to_owned());
            }
        }
        faults.into_iter().map(|fault| format!("{shape}: {fault}")).collect()
    }
}

fn run(arguments: &[String]) -> (Option<i32>, String, String) {
    let _watch = watchdog::over(arguments.join(" "), PATIENCE);
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    command.args(arguments).env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR"));
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().expect("it runs");
    printed::show(&stdout, &stderr);
    let text = |octets| String::from_utf8(octets).expect("output is text");
    (status.code(), text(stdout), text(stderr))
}

/// The table.
fn rows() -> Vec<Row> {
    [names::rows(), servers::rows(), signatures::rows()].into_iter().flatten().collect()
}

#[test]
fn each_shape_of_zone_and_server_gives_its_findings_with_bounded_queries_and_work() {
    let (rows, next) = (rows(), AtomicUsize::new(0));
    assert!(rows.len() > 190, "{} rows", rows.len());
    let rows: Vec<Mutex<Option<Row>>> = rows.into_iter().map(|row| Mutex::new(Some(row))).collect();
    let faults = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(row) = rows.get(number) else { break };
                    let row = row.lock().expect("nobody panicked").take().expect("each is tried once");
                    let found = row.faults(number);
                    faults.lock().expect("nobody panicked").extend(found);
                }
            });
        }
    });
    let faults = faults.into_inner().expect("nobody panicked");
    let said = faults.iter().fold(String::new(), |mut said, fault| {
        let _ = writeln!(said, "{fault}");
        said
    });
    assert!(faults.is_empty(), "\n{said}");
}

/// Findings that no zone and no name server makes, with the test that has each: most are about servers that were visited.
const ELSEWHERE: [(&str, &str, &[&str]); 10] = [
    (
        "src/probe/outlook/tests.rs",
        "each_broken_server_is_named_with_its_cause",
        &[
            "tls.none",
            "net.refused",
            "net.timeout",
            "smtp.busy",
            "smtp.greets-4xx",
            "smtp.refuses",
            "smtp.silent",
            "smtp.hangs-up",
            "smtp.broken",
            "smtp.slow",
            "tls.declined",
            "tls.old",
            "tls.failed",
            "tls.expired",
            "tls.other-name",
            "tls.untrusted",
            "rcpt.refused",
            "rcpt.greylisted",
            "mail.refused",
            "mail.later",
        ],
    ),
    (
        "src/probe/outlook/tests/promises.rs",
        "what_the_domain_promises_makes_it_worse",
        &["dane.mismatch", "dane.no-tls", "sts.no-tls", "sts.certificate"],
    ),
    (
        "src/probe/trouble/tests.rs",
        "what_is_seldom_seen_is_remarked_on_too",
        &[
            "net.unreachable",
            "net.no-route",
            "smtp.no-ehlo",
            "tls.not-yet-valid",
            "tls.certificate",
            "tls.ends-soon",
            "rcpt.later",
            "rcpt.catch-all",
            "dane.rollover",
        ],
    ),
    (
        "src/probe/visit.rs",
        "of_hundreds_of_addresses_a_bounded_number_is_visited_and_the_rest_counted",
        &["visit.too-many"],
    ),
    (
        "tests/encryption/mta_sts.rs",
        "without_a_policy_nothing_is_sent_and_the_reason_says_whether_to_wait",
        &["sts.policy"],
    ),
    (
        "src/probe/published/tests.rs",
        "exchangers_are_held_to_a_policy_as_far_as_it_is_meant",
        &["sts.uncovered", "sts.testing", "sts.short"],
    ),
    ("tests/dnssec/broken.rs", "records_are_signed_by_the_zone_that_they_are_in", &["dnssec.signer-no-zone"]),
    ("tests/dnssec/broken.rs", "without_a_trust_anchor_or_an_answer_nothing_is_known", &["dnssec.no-anchor"]),
    ("tests/dnssec/hostile.rs", "aliases_end", &["dnssec.alias-too-long"]),
    ("tests/dnssec/dane.rs", "told_of", &["dane.unanswered"]),
];

#[test]
fn each_finding_there_is_has_a_row_or_a_test_elsewhere() {
    let reasons = include_str!("../docs/dnssec.md").split('`').filter(|word| word.starts_with("dnssec."));
    let known: BTreeSet<&str> = mailkit::probe::KNOWN.iter().map(|known| known.id).chain(reasons).collect();
    let rows = rows();
    let found: BTreeSet<&str> = rows.iter().flat_map(|row| row.finds.iter().copied()).collect();
    let mut elsewhere = BTreeSet::new();
    for (file, test, ids) in ELSEWHERE {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect(file);
        let body = text.split(&format!("fn {test}(")).nth(1).unwrap_or_else(|| panic!("{file} has no test {test}"));
        let body = body.split("\n}\n").next().unwrap_or_default();
        for id in ids {
            assert!(body.contains(&format!("\"{id}\"")), "{test} in {file} says nothing of {id}");
            assert!(!found.contains(id), "{id} has a row, and need not be elsewhere");
            elsewhere.insert(*id);
        }
    }
    let made: BTreeSet<&str> = found.union(&elsewhere).copied().collect();
    assert_eq!(made, known, "findings without a row, or rows without a finding");
}
