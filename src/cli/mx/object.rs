//! A report on a domain as `--json` prints it, and what the process ends with after it.

use super::earlier::Changes;
use crate::cli::exit::Exit;
use mailkit::error::Kind;
use mailkit::probe::{Finding, Level, Report, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

/// A report on a domain.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Object<'a> {
    /// The name and version of this schema.
    #[schemars(extend("const" = "mailkit.mx/1"))]
    schema: &'static str,
    /// The code the process ends with, if this is the only domain.
    exit: u8,
    #[serde(flatten)]
    report: &'a Report,
    /// With --diff: what has changed, a sentence each; else null.
    pub(super) changes: Option<Vec<String>>,
}

/// A line of the input that names no domain.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BadLineObject<'a> {
    /// The name and version of this schema.
    #[schemars(extend("const" = "mailkit.mx-line/1"))]
    pub(super) schema: &'static str,
    /// The code the process ends with, if nothing worse is found.
    pub(super) exit: u8,
    /// The number of the line.
    pub(super) line: u64,
    /// What stands there, without passwords.
    pub(super) input: &'a str,
    /// What is wrong with it.
    pub(super) error: &'a str,
}

impl<'a> Object<'a> {
    pub(super) fn new(report: &'a Report, fail_on: Level) -> Self {
        Self { schema: "mailkit.mx/1", exit: exit(report, fail_on).code(), report, changes: None }
    }

    /// With what has changed since an earlier one.
    pub(super) fn with_changes(self, changes: Changes) -> Self {
        let exit = exit_of_changes(self.report, &changes).code();
        Self { exit, changes: Some(changes.said), ..self }
    }
}

/// RFC 5321 sends mail back where there is no host; what is not known now is worth another try; else findings decide.
pub(super) fn exit(report: &Report, fail_on: Level) -> Exit {
    match report.verdict {
        Verdict::NoMail => Exit::from(Kind::NoHost),
        Verdict::Unknown => Exit::from(Kind::Temporary),
        // Those who refuse us exist, and may take mail from others.
        Verdict::Undeliverable if !report.is_visited() => Exit::from(Kind::NoHost),
        Verdict::Undeliverable => Exit::PARTIAL,
        Verdict::Deliverable if deciding(report, fail_on).is_some() => Exit::PARTIAL,
        Verdict::Deliverable => Exit::OK,
    }
}

/// What makes a failure of a domain that mail can go to, the worst of it: the verdict alone does not say why.
pub(super) fn deciding(report: &Report, fail_on: Level) -> Option<&Finding> {
    let is_for_findings = report.verdict == Verdict::Deliverable;
    // They stand there with the worst first.
    report.findings.iter().find(|finding| is_for_findings && finding.level >= fail_on)
}

/// After a comparison, what has changed decides, unless nothing can be said now.
pub(super) fn exit_of_changes(report: &Report, changes: &Changes) -> Exit {
    match report.verdict {
        Verdict::Unknown => Exit::from(Kind::Temporary),
        _ if changes.said.is_empty() => Exit::OK,
        _ => Exit::PARTIAL,
    }
}
