//! `parse -x` and `-l`: attachments become files in one directory, or are listed as they would be.

use super::destination::Destination;
use super::driver::Action;
use super::json;
use super::letter::Letter;
use super::pick::{Item, Pick};
use super::sheet::Sheet;
use mailkit::error::Result;
use mailkit::message::defect::{Severity, defects};
use mailkit::message::safe::terminal;
use mailkit::message::uuencode::FILES_MAX;
use serde_json::json;
use std::path::PathBuf;
use std::sync::OnceLock;

/// What becomes of attachments.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Extract")]
pub(super) struct Extract {
    /// Save the attachments in this directory and print the path of each; never overwrites a file
    #[arg(short = 'x', long, value_name = "DIR", groups = ["wish", "saved", "paths"])]
    extract: Option<PathBuf>,

    /// List what -x would save: number, type, size, the name it gets, and the sender's name if that is another
    #[arg(short = 'l', long, groups = ["wish", "saved"])]
    list: bool,

    #[command(flatten)]
    pick: Pick,

    /// With -x, put files in the place of those of the same name that were there before
    #[arg(long, requires = "extract", conflicts_with = "output")]
    overwrite: bool,

    #[arg(skip)]
    destination: OnceLock<Destination>,
}

impl Extract {
    /// The action, if it was asked for.
    pub(super) fn action(&self) -> Option<&dyn Action> {
        (self.extract.is_some() || self.list).then_some(self as &dyn Action)
    }

    /// The directory, opened when the first message comes.
    fn destination(&self, path: &std::path::Path) -> Result<&Destination> {
        if let Some(destination) = self.destination.get() {
            return Ok(destination);
        }
        let destination = Destination::open(path, self.overwrite)?;
        Ok(self.destination.get_or_init(|| destination))
    }

    /// One line for each part.
    fn list(&self, letter: &Letter<'_>, items: &[Item<'_>], sheet: &mut Sheet) -> Result<()> {
        let size = |item: &Item<'_>| item.octets(&letter.message).len();
        if sheet.is_json() {
            let one = |item: &Item<'_>| json!({"part": item.id, "type": item.media, "size": size(item), "filename": item.raw_name, "safe_filename": item.name});
            return sheet.value(&items.iter().map(one).collect::<Vec<_>>());
        }
        for item in items {
            let raw = item.raw_name.as_ref().filter(|raw| **raw != item.name);
            let raw = raw.map(|raw| format!("  \"{}\"", terminal(raw))).unwrap_or_default();
            sheet.line(&format!("{}  {}  {}  {}{raw}", item.id, item.media, size(item), item.name));
        }
        Ok(())
    }

    fn save(&self, letter: &Letter<'_>, items: &[Item<'_>], path: &std::path::Path, sheet: &mut Sheet) -> Result<()> {
        let destination = self.destination(path)?;
        let mut written = Vec::new();
        let outcome = items.iter().try_for_each(|item| {
            let path = destination.save(&item.name, &item.octets(&letter.message))?;
            if !sheet.is_json() {
                sheet.path(&path);
            }
            written.push((item, path));
            Ok(())
        });
        // What was saved before something failed is there, and has to be known.
        if sheet.is_json() {
            sheet.value(&json::written(&written))?;
        }
        outcome
    }
}

impl Action for Extract {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let (items, crowded) = self.pick.items(letter);
        // A message without attachments is no failure; one without what was named is.
        if items.is_empty() && (self.pick.is_narrow() || letter.is_of_part()) {
            sheet.found_nothing();
        }
        match &self.extract {
            Some(path) => self.save(letter, &items, path, sheet)?,
            None => self.list(letter, &items, sheet)?,
        }
        for part in crowded {
            sheet.warn(format!("part {part}: only the first {FILES_MAX} files within the text are looked at"));
        }
        // What was not read was not saved either, and nobody would see it in the paths.
        for defect in defects(&letter.message).iter().filter(|defect| defect.severity == Severity::Error) {
            sheet.warn(format!("part {}: {}", defect.part, defect.text));
        }
        Ok(())
    }

    fn is_headed(&self) -> bool {
        self.list
    }

    fn tells_limits(&self) -> bool {
        true
    }
}
