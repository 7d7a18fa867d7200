//! Attachments become files: in one directory, under names made safe, never over anything that is there.

use super::driver::Action;
use super::json;
use super::letter::Letter;
use super::sheet::Sheet;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::defect::{Severity, defects};
use mailkit::message::guard::BlockKind;
use mailkit::message::roles::Roles;
use mailkit::message::safe;
use mailkit::message::view::{Message, Part};
use std::collections::HashMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Names tried for one file: ` (2)`, ` (3)` … before giving up on a crowded directory.
const TRIES_MAX: u32 = 100_000;

/// Where attachments go.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Extract")]
pub(super) struct Extract {
    /// Save the attachments in this directory and print the path of each; never overwrites a file
    #[arg(short = 'x', long, value_name = "DIR", group = "wish")]
    extract: Option<PathBuf>,
}

impl Extract {
    /// The action, if it was asked for.
    pub(super) fn action(&self) -> Option<&dyn Action> {
        self.extract.is_some().then_some(self as &dyn Action)
    }
}

impl Action for Extract {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let Some(dir) = &self.extract else { return Ok(()) };
        let mut written = Vec::new();
        let outcome = attachments(&letter.message, letter.roles(), dir, |file| {
            if !sheet.is_json() {
                // A path exactly as it is, so that a script can open it; the part of it that a stranger chose is a
                // safe name.
                sheet.octets(file.path.as_os_str().as_encoded_bytes());
                sheet.octets(b"\n");
            }
            written.push(file);
        });
        // What was saved before something failed is there, and has to be known.
        if sheet.is_json() {
            sheet.value(&json::written(&written))?;
        }
        outcome?;
        // What was not read was not saved either, and nobody would see it in the paths.
        for defect in defects(&letter.message).iter().filter(|defect| defect.severity == Severity::Error) {
            sheet.warn(format!("part {}: {}", defect.part, defect.text));
        }
        Ok(())
    }
}

/// A file that was written.
pub(super) struct Written {
    /// The part's number.
    pub(super) part: String,
    /// Where it is now.
    pub(super) path: PathBuf,
}

/// Writes the attachments of a message into a directory, which is made if it is missing; `each` learns of every file
/// when it is whole. One that cannot be written to its end does not stay.
fn attachments(message: &Message<'_>, roles: &Roles, dir: &Path, mut each: impl FnMut(Written)) -> Result<()> {
    private(DirBuilder::new().recursive(true)).create(dir).map_err(|error| cannot_create(dir, error))?;
    // How many files of a name there were, so that ten thousand of one name cost ten thousand tries.
    let mut taken: HashMap<String, u32> = HashMap::new();
    for part in roles.attachments.iter().filter_map(|index| message.parts().get(*index)) {
        let name = name_of(message, part);
        let (mut file, path) = create(dir, &name, taken.entry(name.clone()).or_insert(1))?;
        if let Err(error) = file.write_all(&message.content(part).content) {
            // The failure is the news; that half a file may stay in a directory that breaks is not.
            let _ = std::fs::remove_file(&path);
            return Err(Error::new(Kind::Io, format!("cannot write {}", path.display())).caused_by(error));
        }
        each(Written { part: part.id.clone(), path });
    }
    Ok(())
}

fn cannot_create(path: &Path, error: io::Error) -> Error {
    Error::new(Kind::CannotCreate, format!("cannot create {}", path.display())).caused_by(error)
}

#[cfg(unix)]
fn private(builder: &mut DirBuilder) -> &mut DirBuilder {
    std::os::unix::fs::DirBuilderExt::mode(builder, 0o700)
}

#[cfg(not(unix))]
fn private(builder: &mut DirBuilder) -> &mut DirBuilder {
    builder
}

/// A new file of that name, or of the name with the next number that is free.
fn create(dir: &Path, name: &str, number: &mut u32) -> Result<(File, PathBuf)> {
    let mut options = OpenOptions::new();
    // O_EXCL: neither a file nor a link that somebody put there is followed or overwritten.
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    loop {
        let path = dir.join(numbered(name, *number));
        *number += 1;
        match options.open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && *number < TRIES_MAX => {}
            Err(error) => return Err(cannot_create(&path, error)),
        }
    }
}

/// `report.pdf`, `report (2).pdf` …
fn numbered(name: &str, number: u32) -> String {
    match (number, name.rsplit_once('.')) {
        (1, _) => name.to_owned(),
        (_, Some((stem, extension))) if !stem.is_empty() => format!("{stem} ({number}).{extension}"),
        _ => format!("{name} ({number})"),
    }
}

/// The sender's name made safe; a message within goes by its subject, what has no name by its number.
fn name_of(message: &Message<'_>, part: &Part) -> String {
    if let Some(name) = message.file_name(part) {
        return safe::file_name(&name);
    }
    if part.kind == BlockKind::Message {
        let subject = message.children(part).next().and_then(|root| message.text_field(root, "Subject"));
        // A slash in a subject separates nothing.
        let subject = subject.unwrap_or_default().replace(['/', '\\'], "_");
        let stem = if subject.trim().is_empty() { "message" } else { subject.trim() };
        return safe::file_name(&format!("{stem}.eml"));
    }
    let extension = match part.media.to_string().as_str() {
        "text/plain" => "txt",
        "text/html" => "html",
        "text/calendar" => "ics",
        "text/csv" => "csv",
        "text/vcard" => "vcf",
        "application/pdf" => "pdf",
        "application/json" => "json",
        "application/zip" => "zip",
        "image/gif" => "gif",
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/svg+xml" => "svg",
        _ if part.media.main == "message" => "eml",
        _ => "bin",
    };
    safe::file_name(&format!("part-{}.{extension}", part.id))
}
