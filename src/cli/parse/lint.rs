//! `parse --lint`: what is wrong with a message, with the section of the standard; `--lint=send`: what its sender should
//! mend; `--strict`: an exit code for it, whatever else is done.

use super::driver::Action;
use super::letter::Letter;
use super::sheet::Sheet;
use crate::cli::exit::Exit;
use mailkit::error::{Kind, Result};
use mailkit::message::defect::{self, Defect};
use mailkit::message::view::Message;
use mailkit::reading::{lint_send, spoof};
use serde_json::{Value, json};

/// What is wrong.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Defects")]
pub(super) struct Lint {
    /// Print what is wrong with the message, one defect a line with the standard it offends; with =send, what its
    /// sender should mend, with reason and remedy
    #[arg(long, group = "wish", value_name = "FOR", num_args = 0..=1, require_equals = true, default_missing_value = "read")]
    lint: Option<Purpose>,

    /// Exit code 65 if there are defects, whatever else is done with the message
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
        self.strict.then_some(Strict(action))
    }
}

/// All that is wrong with a message, and what in it deceives, in the order of the places.
pub(super) fn defects(message: &Message<'_>) -> Vec<Defect> {
    let mut defects = defect::defects(message);
    defects.extend(spoof::flags(message));
    defects.sort_by_key(|defect| defect.offset);
    defects
}

/// A defect for programs.
pub(super) fn object(defect: &Defect) -> Value {
    json!({
        "code": defect.code,
        "part": defect.part,
        "offset": defect.offset,
        "severity": defect.severity.name(),
        "text": defect.text,
        "section": Some(defect.section()).filter(|section| !section.is_empty()),
    })
}

impl Action for Lint {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let is_meant = |offset: usize| {
            let part = letter.part().filter(|_| letter.is_of_part());
            part.is_none_or(|part| (part.header.start..part.body.end.max(part.header.start + 1)).contains(&offset))
        };
        let findings: Vec<(String, Value)> = match self.lint {
            Some(Purpose::Send) => lint_send::check(&letter.message)
                .iter()
                .filter(|finding| is_meant(finding.offset))
                .map(|finding| (sender_line(finding), sender_object(finding)))
                .collect(),
            _ => defects(&letter.message)
                .iter()
                .filter(|defect| is_meant(defect.offset))
                .map(|defect| (line(defect), object(defect)))
                .collect(),
        };
        if sheet.is_json() {
            let purpose = if self.lint == Some(Purpose::Send) { "send" } else { "read" };
            return sheet.value(&json!({
                "schema": "mailkit.lint/1",
                "source": letter.source.name(),
                "for": purpose,
                "findings": findings.into_iter().map(|(_, object)| object).collect::<Value>(),
            }));
        }
        findings.iter().flat_map(|(text, _)| text.lines()).for_each(|line| sheet.line(line));
        Ok(())
    }

    fn is_headed(&self) -> bool {
        true
    }

    fn beside_others(&self) -> Option<&(dyn Action + Sync)> {
        Some(self)
    }
}

/// `warn: bad-base64 in part 2 at octet 310: … (RFC 2045 §6.8)`
fn line(defect: &Defect) -> String {
    let section = match defect.section() {
        "" => String::new(),
        section => format!(" ({section})"),
    };
    format!("{}{section}", told(defect))
}

/// `warn: bad-base64 in part 2 at octet 310: …`
pub(super) fn told(defect: &Defect) -> String {
    let place = format!("{} in part {} at octet {}", defect.code, defect.part, defect.offset);
    // A line end in foreign text would begin a line of its own.
    format!("{}: {place}: {}", defect.severity.name(), defect.text.replace(['\r', '\n'], " "))
}

fn sender_line(finding: &lint_send::Finding) -> String {
    let rule = finding.rule;
    let place = format!("{} in part {} at octet {}", rule.name, finding.part, finding.offset);
    let text = finding.text.replace(['\r', '\n'], " ");
    format!("{}: {place}: {text}\n  why: {}\n  remedy: {}", rule.severity.name(), rule.why, rule.remedy)
}

fn sender_object(finding: &lint_send::Finding) -> Value {
    let rule = finding.rule;
    json!({
        "code": rule.name,
        "part": finding.part,
        "offset": finding.offset,
        "severity": rule.severity.name(),
        "text": finding.text,
        "why": rule.why,
        "remedy": rule.remedy,
    })
}

/// Does what another does, and ends with 65 if the message has defects.
pub(super) struct Strict<'a>(&'a dyn Action);

impl Action for Strict<'_> {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let outcome = self.0.run(letter, sheet);
        if !defects(&letter.message).is_empty() {
            sheet.ends_with(Exit::from(Kind::Data));
        }
        outcome
    }

    fn is_headed(&self) -> bool {
        self.0.is_headed()
    }

    fn finish(&self, sheet: &mut Sheet) -> Result<()> {
        self.0.finish(sheet)
    }
}
