//! What `parse` reads: messages one after the other, each with the place it came from.
//!
//! The arguments name files, directories and lists of them; what each of them is shows when it is opened (`open`). What
//! cannot be read is an error in its place, and the next one follows.

use super::flags;
use super::open::{Opened, open};
use crate::cli::input;
use mailkit::error::{Error, Kind, Result};
use mailkit::imap::flag::Flags;
use mailkit::message::guard::Limits;
use mailkit::message::mbox::Dialect;
use mailkit::size;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// Octets that are read first of a message whose header section is wanted; most are shorter.
pub(super) const HEAD: usize = 8 * 1024;
/// Octets of a whole message whose place in memory is kept for the next one.
const SPARE_MAX: usize = 1024 * 1024;
/// Octets of a path in a list; no system takes a longer one.
const PATH_MAX: usize = 64 * 1024;

/// What is read.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Input")]
pub(super) struct Input {
    /// Messages, mbox files, Maildirs, MH folders, directories of messages; each may be compressed with gzip or
    /// Zstandard. `-` or nothing means standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Read what this file names, one path a line; `-` means standard input
    #[arg(long, value_name = "FILE", group = "paths")]
    files_from: Option<PathBuf>,

    /// Paths end with NUL instead of a line end: those that --files-from reads, as find -print0 writes them, and those
    /// that -x and --output print
    #[arg(short = '0', long, requires = "paths")]
    null: bool,

    /// Of a Maildir or an MH folder, read also the folders in it
    #[arg(long)]
    recursive: bool,

    /// How lines that begin with "From " are quoted in an mbox; unless it is said they are left as they are
    #[arg(long, value_name = "DIALECT", value_enum)]
    mbox: Option<Quoting>,

    /// Of each message only the part of this number, as the tree shows it; exit code 1 if there is none
    #[arg(long, value_name = "ID", help_heading = "Select")]
    part: Option<String>,

    /// Multiparts and messages within each other that are looked into
    #[arg(long, value_name = "N", default_value_t = Limits::default().depth)]
    max_depth: usize,

    /// Octets of one message, as 10M: what is larger is an error, and the next one follows
    #[arg(long, value_name = "SIZE", value_parser = octets)]
    max_size: Option<usize>,

    /// Parts of a message that are looked at
    #[arg(long, value_name = "N", default_value_t = Limits::default().parts)]
    max_parts: usize,
}

fn octets(text: &str) -> std::result::Result<usize, String> {
    let octets = size::parse(text).map_err(|error| error.to_string())?;
    usize::try_from(octets).map_err(|error| error.to_string())
}

/// The dialects by their names.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Quoting {
    Mboxo,
    Mboxrd,
    Mboxcl,
    Mboxcl2,
}

/// How files are read.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    /// Octets of one message.
    pub(super) size_max: usize,
    /// Structure of one message.
    pub(super) limits: Limits,
    /// What is known of an mbox.
    pub(super) dialect: Dialect,
    /// Whether the folders in a folder are read.
    pub(super) is_recursive: bool,
    /// Whether bodies are wanted, or header sections only.
    pub(super) is_whole: bool,
    /// What ends a path that is printed.
    pub(super) path_end: u8,
    /// The number of the part that is meant, if not all of a message is.
    pub(super) part: Option<String>,
}

impl Reading {
    /// Octets of a message whose place in memory is kept for the next one: so much is read at once where there is room.
    pub(super) fn spare_max(&self) -> usize {
        if self.is_whole { SPARE_MAX } else { HEAD }
    }
}

/// A message as it was found.
#[derive(Debug)]
pub(super) struct Source {
    /// The file it stands in; `-` is standard input.
    pub(super) path: PathBuf,
    /// Which message of the file it is, from 0.
    pub(super) index: u64,
    /// The octet of the file at which it begins.
    pub(super) offset: u64,
    /// Its octets, whether they were read or not.
    pub(super) size: u64,
    /// The message; perhaps only the beginning, with its header section, if no more is wanted.
    pub(super) octets: Vec<u8>,
    /// What the place says about it.
    pub(super) flags: Option<Flags>,
    /// Whether it stands in an mbox, where fields of its own tell the flags.
    pub(super) is_in_mbox: bool,
}

/// A file that is to be opened.
#[derive(Debug)]
pub(super) struct Place {
    /// Its path; `-` is standard input.
    pub(super) path: PathBuf,
    /// What the directory says about the message.
    pub(super) flags: Option<Flags>,
    /// Whether it is known to be one message, whatever its first line looks like.
    pub(super) is_message: bool,
}

/// What is to be looked at next.
#[derive(Debug)]
pub(super) enum Item {
    /// A file.
    File(Place),
    /// A message that has been read.
    Message(Source),
    /// What could not be read.
    Failed(Error),
}

/// What is to be looked at, in its order.
pub(super) type Items = Box<dyn Iterator<Item = Item> + Send>;

impl Input {
    /// What ends a path, read or printed.
    pub(super) fn path_end(&self) -> u8 {
        if self.null { 0 } else { b'\n' }
    }

    /// How files are read, if bodies are wanted or not.
    pub(super) fn reading(&self, is_whole: bool) -> Reading {
        Reading {
            size_max: self.max_size.unwrap_or(usize::try_from(input::MESSAGE_MAX).unwrap_or(usize::MAX)),
            limits: Limits { depth: self.max_depth, parts: self.max_parts.max(1), ..Limits::default() },
            dialect: match self.mbox {
                None => Dialect::Unknown,
                Some(Quoting::Mboxo) => Dialect::O,
                Some(Quoting::Mboxrd) => Dialect::Rd,
                Some(Quoting::Mboxcl) => Dialect::Cl,
                Some(Quoting::Mboxcl2) => Dialect::Cl2,
            },
            is_recursive: self.recursive,
            is_whole: is_whole || self.part.is_some(),
            part: self.part.clone(),
            path_end: self.path_end(),
        }
    }

    /// Whether messages come from standard input, perhaps one now and one later.
    pub(super) fn is_live(&self) -> bool {
        self.files_from.is_none() && self.files.iter().all(|path| path.as_os_str() == input::STDIN)
    }

    /// What there is to read, and whether it may be more than one message: to know that, a single file is opened.
    pub(super) fn items(&self, reading: &Reading) -> Result<(Items, bool)> {
        let is_input = |path: &&PathBuf| path.as_os_str() == input::STDIN;
        if self.files.iter().chain(&self.files_from).filter(is_input).count() > 1 {
            return Err(Error::new(Kind::Usage, "standard input can be read only once"));
        }
        let list = self.files_from.as_deref().map(|path| List::open(path, self.path_end())).transpose()?;
        let files = match self.files.is_empty() && list.is_none() {
            true => vec![PathBuf::from(input::STDIN)],
            false => self.files.clone(),
        };
        if let ([file], None) = (files.as_slice(), &list) {
            let mut opened = open(Place::of(file.clone()), reading, &mut Vec::new())?;
            let is_many = match &mut opened {
                Opened::Message(_) => false,
                Opened::Mbox(stream) => !stream.is_single(),
                Opened::Directory(_) => true,
            };
            return Ok((opened.items(), is_many));
        }
        let files = files.into_iter().map(|path| Item::File(Place::of(path)));
        Ok((Box::new(files.chain(list.into_iter().flatten())), true))
    }
}

impl Source {
    /// The path, and the number of the message if it is not the first in its file.
    pub(super) fn name(&self) -> String {
        name(&self.path, self.index)
    }

    /// What is known of the message's flags; none if it is kept where nobody keeps them.
    pub(super) fn flags(&self) -> Option<Flags> {
        match self.is_in_mbox {
            true => Some(flags::of_status_fields(&self.octets)),
            false => self.flags.clone(),
        }
    }
}

impl Item {
    /// Octets that are held until somebody has worked on it: those that were read, or those that a file says it has. Of
    /// one of which the beginning is enough, none worth counting.
    pub(super) fn weight(&self, reading: &Reading) -> usize {
        match self {
            Self::Message(source) => source.octets.len(),
            Self::File(place) if reading.is_whole => {
                std::fs::metadata(&place.path).map_or(0, |state| usize::try_from(state.len()).unwrap_or(usize::MAX))
            }
            Self::File(_) | Self::Failed(_) => 0,
        }
    }
}

/// The name of a message by its place.
pub(super) fn name(path: &Path, index: u64) -> String {
    match index {
        0 => path.display().to_string(),
        index => format!("{}[{index}]", path.display()),
    }
}

impl Place {
    /// A file that may be anything.
    pub(super) fn of(path: PathBuf) -> Self {
        Self { path, flags: None, is_message: false }
    }

    /// A file that is one message.
    pub(super) fn message(path: PathBuf, flags: Option<Flags>) -> Self {
        Self { path, flags, is_message: true }
    }
}

impl Opened {
    /// What there is to look at in it.
    pub(super) fn items(self) -> Items {
        match self {
            Self::Message(source) => Box::new(std::iter::once(Item::Message(source))),
            Self::Mbox(stream) => stream,
            Self::Directory(walk) => Box::new(walk),
        }
    }
}

/// The paths in a list.
struct List {
    path: PathBuf,
    reader: BufReader<Box<dyn Read + Send>>,
    end: u8,
    is_over: bool,
}

impl List {
    fn open(path: &Path, end: u8) -> Result<Self> {
        let reader: Box<dyn Read + Send> = match path.as_os_str() == input::STDIN {
            true => Box::new(io::stdin()),
            false => Box::new(File::open(path).map_err(|error| input::unreadable(path, error))?),
        };
        Ok(Self { path: path.to_owned(), reader: BufReader::new(reader), end, is_over: false })
    }

    fn read(&mut self) -> io::Result<Option<PathBuf>> {
        loop {
            let mut name = Vec::new();
            if self.reader.by_ref().take(PATH_MAX as u64).read_until(self.end, &mut name)? == 0 {
                return Ok(None);
            }
            if name.len() == PATH_MAX {
                return Err(io::Error::other("a path in it has no end"));
            }
            name.pop_if(|last| *last == self.end);
            if self.end != 0 && name.contains(&0) {
                return Err(io::Error::other("a path in it holds a NUL octet; if paths end with it, say -0"));
            }
            if !name.is_empty() {
                // Who lists `-` means the file of that name.
                let is_dash = name == input::STDIN.as_bytes();
                let path = PathBuf::from(OsString::from_vec(name));
                return Ok(Some(if is_dash { Path::new(".").join(path) } else { path }));
            }
        }
    }
}

impl Iterator for List {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        if self.is_over {
            return None;
        }
        match self.read() {
            Ok(Some(path)) => Some(Item::File(Place::of(path))),
            Ok(None) => None,
            Err(error) => {
                self.is_over = true;
                Some(Item::Failed(input::unreadable(&self.path, error)))
            }
        }
    }
}
