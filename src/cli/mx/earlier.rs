//! Earlier reports, to compare new ones with: a file that `mx lookup --json` or `mx check --json` wrote.
//!
//! What a domain's two reports say differently is the library's business; here are the file, and the count of what came of
//! all domains, with those that only one of the two lists names.

use super::tally::listed;
use crate::cli::exit::Exit;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::safe::terminal;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Deserializer, Value};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Octets of a file that are read: reports on tens of thousands of domains.
const SIZE_MAX: u64 = 256 * 1024 * 1024;

/// Whose reports are compared.
pub(super) struct Sort {
    /// The name of their schema.
    pub(super) schema: &'static str,
    /// Who writes them.
    pub(super) command: &'static str,
    /// What is different, a sentence each.
    pub(super) changes: fn(&Value, &Value) -> Vec<String>,
    /// The verdicts, if they differ.
    pub(super) verdicts: fn(&Value, &Value) -> Option<(String, String)>,
}

/// Reports by domain, in A-labels, and what was made of them so far.
pub(super) struct Earlier {
    reports: HashMap<String, Value>,
    /// The file.
    name: String,
    sort: &'static Sort,
    told: RefCell<Told>,
}

/// What came of the domains so far.
#[derive(Debug, Default)]
struct Told {
    /// Those that the file knows.
    seen: HashSet<String>,
    domains: usize,
    changed: usize,
    unchanged: usize,
    unknown: usize,
    new: usize,
    changes: usize,
    verdicts: usize,
}

/// What is different about a domain.
pub(super) struct Changes {
    /// A sentence each.
    pub(super) said: Vec<String>,
    is_new: bool,
    has_other_verdict: bool,
}

impl Earlier {
    /// Reads a file; of two reports on a domain the later one counts.
    pub(super) fn read(path: &Path, sort: &'static Sort) -> Result<Self> {
        let bad = |why: String| Error::new(Kind::Data, format!("{}: {why}", path.display()));
        let mut text = String::new();
        let file = File::open(path).map_err(|error| Error::input(path, error))?;
        file.take(SIZE_MAX + 1).read_to_string(&mut text).map_err(|error| Error::input(path, error))?;
        if text.len() as u64 > SIZE_MAX {
            return Err(bad("the file is too large".to_owned()));
        }
        let mut reports = HashMap::new();
        for value in Deserializer::from_str(&text).into_iter::<Value>() {
            let value = value.map_err(|error| bad(format!("this is no JSON: {error}")))?;
            if value["schema"] != sort.schema {
                // Lines that named nothing are told between the reports, and what had changed behind them.
                continue;
            }
            let Some(domain) = value["ascii"].as_str().map(str::to_owned) else { continue };
            reports.insert(domain, value);
        }
        match reports.is_empty() {
            true => {
                Err(bad("there is no report in it".to_owned())
                    .hint(format!("mailkit {} --json writes one", sort.command)))
            }
            false => {
                let (name, told) = (path.display().to_string(), RefCell::default());
                Ok(Self { reports, name, sort, told })
            }
        }
    }

    /// What has changed since then.
    pub(super) fn compare(&self, domain: &str, report: &impl Serialize) -> Result<Changes> {
        let Some(old) = self.reports.get(domain) else {
            let said = vec!["there is no earlier report on it".to_owned()];
            return Ok(Changes { said, is_new: true, has_other_verdict: false });
        };
        self.told.borrow_mut().seen.insert(domain.to_owned());
        let new = serde_json::to_value(report)
            .map_err(|error| Error::new(Kind::Software, "a report cannot be written as JSON").caused_by(error))?;
        let has_other_verdict = (self.sort.verdicts)(old, &new).is_some();
        Ok(Changes { said: (self.sort.changes)(old, &new), is_new: false, has_other_verdict })
    }

    /// Counts what came of a domain, and what it alone would end the process with.
    pub(super) fn count(&self, changes: &Changes, exit: Exit) {
        let mut told = self.told.borrow_mut();
        told.domains += 1;
        match exit {
            Exit::OK => told.unchanged += 1,
            Exit::PARTIAL if changes.is_new => told.new += 1,
            Exit::PARTIAL => {
                told.changed += 1;
                told.changes += changes.said.len();
                told.verdicts += usize::from(changes.has_other_verdict);
            }
            _ => told.unknown += 1,
        }
    }

    /// What all of it amounts to. A list that was read is the whole list, so that what it lacks is gone from it; who names
    /// domains may mean a few of many.
    pub(super) fn sum(&self, is_whole_list: bool) -> Sum {
        let told = self.told.borrow();
        let mut others: Vec<String> = self.reports.keys().filter(|name| !told.seen.contains(*name)).cloned().collect();
        others.sort_unstable();
        let Told { domains, changed, unchanged, unknown, new, changes, verdicts, .. } = *told;
        let (not_asked, gone) = if is_whole_list { (0, others) } else { (others.len(), Vec::new()) };
        let earlier = self.name.clone();
        Sum {
            schema: SCHEMA,
            exit: 0,
            earlier,
            domains,
            changed,
            unchanged,
            unknown,
            new,
            changes,
            verdicts,
            not_asked,
            gone,
        }
    }
}

/// The name of the schema.
const SCHEMA: &str = "mailkit.mx-diff/1";

/// What has changed since an earlier report on a list of domains.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sum {
    /// The name and version of this schema.
    #[schemars(extend("const" = "mailkit.mx-diff/1"))]
    schema: &'static str,
    /// The code the process ends with.
    exit: u8,
    /// The file with the earlier report.
    earlier: String,
    /// How many were asked about.
    domains: usize,
    /// Of these, those that something is different about.
    changed: usize,
    /// Those that nothing is different about.
    unchanged: usize,
    /// Those that DNS or the servers do not answer for now.
    unknown: usize,
    /// Those that the earlier report does not have.
    new: usize,
    /// How many things are different.
    changes: usize,
    /// How many domains have another verdict.
    verdicts: usize,
    /// Domains of the earlier report that were not named this time; 0 where the list came from standard input.
    not_asked: usize,
    /// Domains of the earlier report that are not on the list any more, where it came from standard input.
    gone: Vec<String>,
}

impl Sum {
    /// With what the process ends with.
    pub(super) fn ending(self, exit: Exit) -> Self {
        Self { exit: exit.code(), ..self }
    }

    /// Whether the list has lost a domain.
    pub(super) fn has_lost(&self) -> bool {
        !self.gone.is_empty()
    }

    /// Those that are gone, a line each, and one for all.
    pub(super) fn text(&self) -> String {
        let mut text = self.gone.iter().fold(String::new(), |mut text, domain| {
            let _ = writeln!(text, "{}: it is not on the list any more", terminal(domain));
            text
        });
        let things = match (self.changes, self.verdicts) {
            (1, 0) => "1 thing".to_owned(),
            (count, 0) => format!("{count} things"),
            (1, _) => "the verdict".to_owned(),
            (count, verdicts) => format!("{count} things, {verdicts} of them a verdict"),
        };
        let changed = format!("changed ({things})");
        let parts = [
            (self.changed, changed.as_str()),
            (self.unchanged, "as before"),
            (self.new, "new"),
            (self.gone.len(), "gone"),
            (self.unknown, "not known now"),
        ];
        let _ = write!(text, "{}", listed(self.domains, &parts));
        if self.not_asked > 0 {
            let _ = write!(text, "; {} more in {} not asked about", self.not_asked, terminal(&self.earlier));
        }
        text.push('\n');
        text
    }
}
