//! Earlier reports, to compare new ones with: a file that `mx lookup --json` wrote.

use mailkit::error::{Error, Kind, Result};
use mailkit::probe::{Report, changes};
use serde_json::{Deserializer, Value};
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Octets of a file that are read: reports on tens of thousands of domains.
const SIZE_MAX: u64 = 256 * 1024 * 1024;

/// Reports by domain, in A-labels.
#[derive(Debug)]
pub(super) struct Earlier(HashMap<String, Value>);

impl Earlier {
    /// Reads a file; of two reports on a domain the later one counts.
    pub(super) fn read(path: &Path) -> Result<Self> {
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
            if value["schema"] != "mailkit.mx/1" {
                // Lines that named nothing are told between the reports.
                continue;
            }
            let Some(domain) = value["ascii"].as_str().map(str::to_owned) else { continue };
            reports.insert(domain, value);
        }
        match reports.is_empty() {
            true => Err(bad("there is no report in it".to_owned()).hint("mailkit mx lookup --json writes one")),
            false => Ok(Self(reports)),
        }
    }

    /// What has changed since then.
    pub(super) fn compare(&self, report: &Report) -> Result<Vec<String>> {
        let Some(old) = self.0.get(&report.ascii) else {
            return Ok(vec!["there is no earlier report on it".to_owned()]);
        };
        let new = serde_json::to_value(report)
            .map_err(|error| Error::new(Kind::Software, "a report cannot be written as JSON").caused_by(error))?;
        Ok(changes(old, &new))
    }
}
