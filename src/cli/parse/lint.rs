//! `parse --lint`: what is wrong with a message, with the section of the standard; `--lint=send`: what its sender should
//! mend; `--strict`: an exit code for it, whatever else is done.

use super::driver::Action;
use super::json::Origin;
use super::letter::Letter;
use super::sheet::Sheet;
use crate::cli::exit::Exit;
use mailkit::error::{Kind, Result};
use mailkit::message::defect::{self, Defect, Severity};
use mailkit::message::view::Message;
use mailkit::reading::{lint_send, spoof};
use schemars::JsonSchema;
use serde::Serialize;

/// What is wrong.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Defects")]
pub(super) struct Lint {
    /// Print what is wrong with the message, one defect a line with the standard it offends; with =send, what its
    /// sender should mend, with reason and remedy
    #[arg(long, group = "wish", value_name = "FOR", num_args = 0..=1, require_equals = true, default_missing_value = "read")]
    lint: Option<Purpose>,

    /// Exit code 65 if there are defects, whatever else is done with the message; with --lint=send also if its sender
    /// should mend something
    #[arg(long)]
    strict: bool,
}

/// For whom a message is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Purpose {
    /// Defects that readers meet
    Read,
    /// What its sender should mend
    Send,
}

impl Lint {
    /// The action, if it was asked for.
    pub(super) fn action(&self) -> Option<&dyn Action> {
        self.lint.map(|_| self as &dyn Action)
    }

    /// An action, and behind it the exit code if that was asked for.
    pub(super) fn strictly<'a>(&self, action: &'a dyn Action) -> Option<Strict<'a>> {
        self.strict.then_some(Strict { action, is_for_sender: self.lint == Some(Purpose::Send) })
    }
}

/// All that is wrong with a message, and what in it deceives, in the order of the places.
pub(super) fn defects(message: &Message<'_>) -> Vec<Defect> {
    let mut defects = defect::defects(message);
    defects.extend(spoof::flags(message));
    defects.sort_by_key(|defect| defect.offset);
    defects
}

/// What is wrong with a message.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Object {
    /// In the order of their places, or of the rules.
    findings: Vec<Finding>,
    /// For whom the message was looked at: read or send.
    #[serde(rename = "for")]
    purpose: &'static str,
    /// Always `mailkit.lint/1`.
    schema: &'static str,
    source: Origin,
}

/// Something that is wrong.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Finding {
    /// A short name that stays the same.
    code: &'static str,
    /// The octet of the message.
    offset: usize,
    /// The id of the part.
    part: String,
    /// With --lint=send, what to do.
    remedy: Option<&'static str>,
    /// The section of a standard that it offends; null for a limit or a rule of ours.
    section: Option<&'static str>,
    /// info, warn or error
    severity: &'static str,
    /// A sentence for people.
    text: String,
    /// With --lint=send, what receivers do about it.
    why: Option<&'static str>,
}

impl From<Defect> for Finding {
    fn from(defect: Defect) -> Self {
        let section = Some(defect.section()).filter(|section| !section.is_empty());
        let Defect { code, part, offset, severity, text } = defect;
        Self { code, offset, part, remedy: None, section, severity: severity.name(), text, why: None }
    }
}

impl From<lint_send::Finding> for Finding {
    fn from(finding: lint_send::Finding) -> Self {
        let lint_send::Finding { rule, part, offset, text } = finding;
        let lint_send::Rule { name: code, severity, why, remedy } = *rule;
        let severity = severity.name();
        Self { code, offset, part, remedy: Some(remedy), section: None, severity, text, why: Some(why) }
    }
}

impl Action for Lint {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let is_meant = |offset: usize| {
            let part = letter.part().filter(|_| letter.is_of_part());
            part.is_none_or(|part| (part.header.start..part.body.end.max(part.header.start + 1)).contains(&offset))
        };
        let findings: Vec<Finding> = match self.lint {
            Some(Purpose::Send) => lint_send::check(&letter.message).into_iter().map(Finding::from).collect(),
            _ => defects(&letter.message).into_iter().map(Finding::from).collect(),
        };
        let findings: Vec<Finding> = findings.into_iter().filter(|finding| is_meant(finding.offset)).collect();
        if sheet.is_json() {
            let purpose = if self.lint == Some(Purpose::Send) { "send" } else { "read" };
            let source = Origin::of(letter.source);
            return sheet.value(&Object { findings, purpose, schema: "mailkit.lint/1", source });
        }
        for finding in &findings {
            let section = finding.section.map(|section| format!(" ({section})")).unwrap_or_default();
            sheet.line(&(finding.told() + &section));
            finding.why.iter().for_each(|why| sheet.line(&format!("  why: {why}")));
            finding.remedy.iter().for_each(|remedy| sheet.line(&format!("  remedy: {remedy}")));
        }
        Ok(())
    }

    fn is_headed(&self) -> bool {
        true
    }

    fn tells_limits(&self) -> bool {
        self.lint != Some(Purpose::Send)
    }

    fn is_beside_others(&self) -> bool {
        true
    }
}

impl Finding {
    /// `warn: bad-base64 in part 2 at octet 310: …`
    fn told(&self) -> String {
        // A line end in foreign text would begin a line of its own.
        let text = self.text.replace(['\r', '\n'], " ");
        format!("{}: {} in part {} at octet {}: {text}", self.severity, self.code, self.part, self.offset)
    }
}

/// The line about a defect, for a view of more than defects.
pub(super) fn told(defect: Defect) -> String {
    Finding::from(defect).told()
}

/// Does what another does, and ends with 65 if the message has defects.
pub(super) struct Strict<'a> {
    action: &'a dyn Action,
    /// Whether what the sender should mend counts, too, but for mere hints.
    is_for_sender: bool,
}

impl Action for Strict<'_> {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let outcome = self.action.run(letter, sheet);
        let is_to_mend = || lint_send::check(&letter.message).iter().any(|found| found.rule.severity != Severity::Info);
        if !defects(&letter.message).is_empty() || self.is_for_sender && is_to_mend() {
            sheet.ends_with(Exit::from(Kind::Data));
        }
        outcome
    }

    fn is_headed(&self) -> bool {
        self.action.is_headed()
    }

    fn needs_json(&self) -> bool {
        self.action.needs_json()
    }

    fn tells_limits(&self) -> bool {
        self.action.tells_limits()
    }

    fn picks(&self) -> bool {
        self.action.picks()
    }

    fn is_about_all(&self) -> bool {
        self.action.is_about_all()
    }

    fn is_beside_others(&self) -> bool {
        self.action.is_beside_others()
    }

    fn finish(&self, sheet: &mut Sheet) -> Result<()> {
        self.action.finish(sheet)
    }
}
