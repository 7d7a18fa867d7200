//! Which files of a directory are messages: those of a Maildir, of an MH folder, or simply all.
//!
//! A directory is listed whole and closed again before anything in it is opened, so that no depth costs open files.
//! Links to directories are not followed: they may lead out, or round in circles. Everything comes in the order of its
//! name, numbers by their value.

use super::flags::{self, Sequences};
use super::sources::{Item, Place};
use crate::cli::input;
use mailkit::error::{Error, Kind, Result};
use std::ffi::{OsStr, OsString};
use std::fs::FileType;
use std::path::{Path, PathBuf};

/// Directories within each other; no mail lies deeper.
const DEPTH_MAX: usize = 64;
/// Where MH keeps its sequences.
const SEQUENCES: &str = ".mh_sequences";

/// The messages of a directory and, where they are asked for, of those in it.
#[derive(Debug)]
pub(super) struct Walk {
    /// What is to come, the next one last.
    waiting: Vec<Node>,
    /// Whether the folders in a folder are wanted.
    is_recursive: bool,
}

/// Something in a directory.
#[derive(Debug)]
enum Node {
    File(Place),
    Directory(PathBuf, usize),
}

impl Walk {
    /// The messages of a directory. Directories in one that is no mail folder are always looked into.
    pub(super) fn of(path: PathBuf, is_recursive: bool) -> Self {
        Self { waiting: vec![Node::Directory(path, 0)], is_recursive }
    }

    fn enter(&mut self, path: &Path, depth: usize) -> Result<()> {
        if depth > DEPTH_MAX {
            let what = format!("cannot read {}", path.display());
            return Err(Error::new(Kind::NoInput, what).caused_by("there are too many directories within each other"));
        }
        let listing = Listing::read(path)?;
        let within = |name: &OsString| Node::Directory(path.join(name), depth + 1);
        let mut nodes: Vec<Node> = match listing.sort() {
            Sort::Maildir => {
                let mut nodes = Vec::new();
                for (part, is_cur) in [("new", false), ("cur", true)] {
                    nodes.extend(maildir_files(&path.join(part), is_cur)?.map(Node::File));
                }
                // Maildir++: a folder in it has a name that begins with a dot.
                let is_folder = |name: &&OsString| name.as_encoded_bytes().starts_with(b".");
                nodes.extend(listing.directories.iter().filter(is_folder).filter(|_| self.is_recursive).map(within));
                nodes
            }
            Sort::Mh => {
                let sequences = match listing.has_sequences {
                    true => Sequences::parse(&input::text(&path.join(SEQUENCES))?),
                    false => Sequences::default(),
                };
                let file = |(number, name): (u64, &OsString)| {
                    Node::File(Place::message(path.join(name), Some(sequences.flags(number))))
                };
                let folders = listing.directories.iter().filter(is_visible).filter(|_| self.is_recursive);
                listing.numbered().map(file).chain(folders.map(within)).collect()
            }
            Sort::Plain => {
                let file = |name: &OsString| Node::File(Place::of(path.join(name)));
                let files = listing.files.iter().filter(is_visible).map(file);
                files.chain(listing.directories.iter().filter(is_visible).map(within)).collect()
            }
        };
        nodes.reverse();
        self.waiting.append(&mut nodes);
        Ok(())
    }
}

impl Iterator for Walk {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            match self.waiting.pop()? {
                Node::File(place) => return Some(Item::File(place)),
                Node::Directory(path, depth) => {
                    if let Err(error) = self.enter(&path, depth) {
                        return Some(Item::Failed(error));
                    }
                }
            }
        }
    }
}

/// How messages are kept in a directory.
#[derive(Debug, PartialEq, Eq)]
enum Sort {
    Maildir,
    Mh,
    Plain,
}

/// The names in a directory, sorted.
#[derive(Debug, Default)]
struct Listing {
    files: Vec<OsString>,
    directories: Vec<OsString>,
    has_sequences: bool,
}

impl Listing {
    fn read(path: &Path) -> Result<Self> {
        let mut listing = Self::default();
        each(path, |name, kind| {
            if kind.is_dir() {
                listing.directories.push(name);
            } else if name == SEQUENCES {
                listing.has_sequences = true;
            } else {
                listing.files.push(name);
            }
        })?;
        listing.files.sort_unstable();
        listing.directories.sort_unstable();
        Ok(listing)
    }

    fn sort(&self) -> Sort {
        let has =
            |name: &str| self.directories.binary_search_by(|other| other.as_os_str().cmp(OsStr::new(name))).is_ok();
        if has("cur") && has("new") {
            return Sort::Maildir;
        }
        let mut visible = self.files.iter().filter(is_visible).peekable();
        // MH puts a comma in front of what it has removed; others put names of their own beside the sequences.
        let is_number = |name: &OsString| number(name).is_some() || name.as_encoded_bytes().starts_with(b",");
        let is_numbered = visible.peek().is_some() && visible.all(is_number);
        if self.has_sequences || is_numbered { Sort::Mh } else { Sort::Plain }
    }

    /// The files that are numbers, in their order.
    fn numbered(&self) -> impl Iterator<Item = (u64, &OsString)> {
        let mut numbered: Vec<_> = self.files.iter().filter_map(|name| Some((number(name)?, name))).collect();
        numbered.sort_unstable();
        numbered.into_iter()
    }
}

/// The messages of one part of a Maildir.
fn maildir_files(path: &Path, is_cur: bool) -> Result<impl Iterator<Item = Place>> {
    let mut names = Vec::new();
    each(path, |name, kind| {
        if !kind.is_dir() && is_visible(&&name) {
            names.push(name);
        }
    })?;
    names.sort_unstable();
    Ok(names.into_iter().map(move |name| {
        // A name in `new` tells no flags: nobody has seen the message.
        let letters = if is_cur { name.as_encoded_bytes() } else { b"" };
        Place::message(path.join(&name), Some(flags::of_maildir_name(letters)))
    }))
}

/// Files and directories of a directory: what is neither, as a device or a socket, would only be waited for.
fn each(path: &Path, mut found: impl FnMut(OsString, FileType)) -> Result<()> {
    let failed = |error| Error::input(path, error);
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let mut kind = entry.file_type().map_err(failed)?;
        if kind.is_symlink() {
            // A link that leads nowhere is nothing.
            match std::fs::metadata(entry.path()) {
                Ok(target) if target.is_file() => kind = target.file_type(),
                _ => continue,
            }
        }
        if kind.is_dir() || kind.is_file() {
            found(entry.file_name(), kind);
        }
    }
    Ok(())
}

fn is_visible(name: &&OsString) -> bool {
    !name.as_encoded_bytes().starts_with(b".")
}

fn number(name: &OsStr) -> Option<u64> {
    name.to_str().filter(|name| name.bytes().all(|octet| octet.is_ascii_digit()))?.parse().ok()
}
