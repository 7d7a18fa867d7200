//! `parse -x` and `-l`: attachments become files in one directory, or are listed as they would be.

use super::destination::Destination;
use super::driver::Action;
use super::json::Origin;
use super::letter::Letter;
use super::pick::{Item, Pick};
use super::sheet::Sheet;
use mailkit::error::Result;
use mailkit::message::defect::{Severity, defects};
use mailkit::message::safe::terminal;
use mailkit::message::uuencode::FILES_MAX;
use schemars::JsonSchema;
use serde::Serialize;
use std::borrow::Cow;
use std::path::{Path, PathBuf};
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

/// What of a message can be saved.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Listing<'m> {
    /// In the order in which -x would save them.
    attachments: Vec<Attachment<'m>>,
    /// Always `mailkit.attachments/1`.
    schema: &'static str,
    source: Origin,
}

/// A part, or a file within a text, that can be saved.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Attachment<'m> {
    /// The name that the sender gave it, dangerous.
    filename: Option<&'m str>,
    /// The id of the part; a file within a text has the part's number and one of its own: `1.uu2`.
    part: &'m str,
    /// The name under which it can be saved.
    safe_filename: &'m str,
    /// Octets, decoded.
    size: usize,
    #[serde(rename = "type")]
    media: &'m str,
}

/// What of a message was saved.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Saved<'m> {
    /// Those that are there; if something failed, not all.
    files: Vec<SavedFile<'m>>,
    /// Always `mailkit.files/1`.
    schema: &'static str,
    source: Origin,
}

/// A file that was written.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SavedFile<'m> {
    /// The name that the sender gave it, dangerous.
    filename: Option<&'m str>,
    /// The id of the part; a file within a text has the part's number and one of its own: `1.uu2`.
    part: &'m str,
    /// Where it is.
    path: Cow<'m, str>,
    /// The name under which it was to be saved; where that was taken, the path ends with a number.
    safe_filename: &'m str,
}

impl Extract {
    /// The action, if it was asked for.
    pub(super) fn action(&self) -> Option<&dyn Action> {
        (self.extract.is_some() || self.list).then_some(self as &dyn Action)
    }

    /// The directory, opened when the first message comes.
    fn destination(&self, path: &Path) -> Result<&Destination> {
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
            let attachments = items.iter().map(|item| Attachment::of(item, size(item))).collect();
            let source = Origin::of(letter.source);
            return sheet.value(&Listing { attachments, schema: "mailkit.attachments/1", source });
        }
        for item in items {
            let raw = item.raw_name.as_ref().filter(|raw| **raw != item.name);
            let raw = raw.map(|raw| format!("  \"{}\"", terminal(raw))).unwrap_or_default();
            sheet.line(&format!("{}  {}  {}  {}{raw}", item.id, item.media, size(item), item.name));
        }
        Ok(())
    }

    fn save(&self, letter: &Letter<'_>, items: &[Item<'_>], path: &Path, sheet: &mut Sheet) -> Result<()> {
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
            let files = written.iter().map(|(item, path)| SavedFile::of(item, path)).collect();
            sheet.value(&Saved { files, schema: "mailkit.files/1", source: Origin::of(letter.source) })?;
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

impl<'m> Attachment<'m> {
    fn of(item: &'m Item<'_>, size: usize) -> Self {
        let Item { id: part, media, raw_name, name, .. } = item;
        Self { filename: raw_name.as_deref(), part, safe_filename: name, size, media }
    }
}

impl<'m> SavedFile<'m> {
    fn of(item: &'m Item<'_>, path: &'m Path) -> Self {
        let Item { id: part, raw_name, name, .. } = item;
        Self { filename: raw_name.as_deref(), part, path: path.to_string_lossy(), safe_filename: name }
    }
}
