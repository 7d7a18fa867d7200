//! One file, opened: a message, or several in an mbox, or a directory; compressed or not.
//!
//! A message is read whole, or as far as its header section reaches where no more is asked for; an mbox is left open
//! and read as far as it is needed. Every read has a limit, which counts what comes out of a compressed file.

use super::folder::Walk;
use super::sources::{self, HEAD, Item, Place, Reading, Source};
use super::unpack::Packing;
use crate::cli::input;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::field;
use mailkit::message::mbox::{self, Found, Splitter};
use rustix::buffer::spare_capacity;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::os::fd::AsFd;
use std::path::PathBuf;

/// Octets that are read first of what has no size.
const PIECE: usize = 64 * 1024;

/// Octets of messages that are too large which are unpacked in search of the next one.
const PASSED_MAX: u64 = 512 * 1024 * 1024;

/// What a file turned out to be.
pub(super) enum Opened {
    /// One message.
    Message(Source),
    /// Several, which come one by one.
    Mbox(Box<Stream>),
    /// Files with messages.
    Directory(Walk),
}

/// Opens a file. The octets of `spare` may be used for what is read.
pub(super) fn open(place: Place, reading: &Reading, spare: &mut Vec<u8>) -> Result<Opened> {
    let failed = |error| input::unreadable(&place.path, error);
    let is_input = place.path.as_os_str() == input::STDIN;
    let file = match is_input {
        // Nobody has read from it before, so nothing waits in a buffer of ours.
        true => File::from(io::stdin().as_fd().try_clone_to_owned().map_err(failed)?),
        false => File::open(&place.path).map_err(failed)?,
    };
    let state = file.metadata().map_err(failed)?;
    if state.is_dir() {
        return Ok(Opened::Directory(Walk::of(place.path, reading.is_recursive)));
    }
    // Files of /proc say they are empty and are not; where standard input stands in its file is its own affair.
    let size = Some(state.len()).filter(|size| state.is_file() && *size > 0 && !is_input);
    let size = size.map(|size| usize::try_from(size).unwrap_or(usize::MAX));
    let mut octets = std::mem::take(spare);
    octets.clear();
    // What has a size is not asked whether there is more behind it.
    let first = if reading.is_whole { PIECE } else { HEAD };
    let is_over = fill(&file, &mut octets, size.map_or(first, |size| size.min(first))).map_err(failed)?;
    if let Some(packing) = Packing::of(&octets) {
        return unpacked(place, packing.unpack(Cursor::new(octets).chain(file)), reading);
    }
    if !place.is_message && mbox::is_mbox(&octets) {
        let reader: Box<dyn Read + Send> = match is_over {
            true => Box::new(Cursor::new(octets)),
            false => Box::new(Cursor::new(octets).chain(file)),
        };
        return Ok(Opened::Mbox(Box::new(Stream::new(place.path, reader, reading, false))));
    }
    if reading.is_whole && size.is_some_and(|size| size > reading.size_max) {
        return Err(input::too_large(&place.path, reading.size_max as u64));
    }
    if !is_over {
        rest(&file, &mut octets, size, reading).map_err(failed)?;
    }
    message(place, octets, size, reading).map(Opened::Message)
}

/// The same for what comes out of a compressed file.
fn unpacked(place: Place, mut reader: Box<dyn Read + Send>, reading: &Reading) -> Result<Opened> {
    let failed = |error| input::unreadable(&place.path, error);
    let mut octets = Vec::new();
    reader.by_ref().take(PIECE as u64).read_to_end(&mut octets).map_err(failed)?;
    if !place.is_message && mbox::is_mbox(&octets) {
        let reader = Box::new(Cursor::new(octets).chain(reader));
        return Ok(Opened::Mbox(Box::new(Stream::new(place.path, reader, reading, true))));
    }
    let more = reading.size_max.saturating_add(1).saturating_sub(octets.len()) as u64;
    reader.take(more).read_to_end(&mut octets).map_err(failed)?;
    message(place, octets, None, reading).map(Opened::Message)
}

fn message(place: Place, octets: Vec<u8>, size: Option<usize>, reading: &Reading) -> Result<Source> {
    if octets.is_empty() {
        let empty = Error::new(Kind::Data, format!("cannot read {}", input::named(&place.path).display()));
        return Err(empty.caused_by("there is no message in it"));
    }
    if octets.len() > reading.size_max {
        return Err(input::too_large(&place.path, reading.size_max as u64));
    }
    let size = size.unwrap_or(0).max(octets.len()) as u64;
    let Place { path, flags, .. } = place;
    Ok(Source { path, index: 0, offset: 0, size, octets, flags, is_in_mbox: false })
}

/// Reads what is missing of a message of that size, if it is known: at most just beyond the limit.
fn rest(file: &File, octets: &mut Vec<u8>, size: Option<usize>, reading: &Reading) -> io::Result<()> {
    let limit = reading.size_max.saturating_add(1);
    let size = size.unwrap_or(limit).min(limit);
    loop {
        let wanted = match reading.is_whole {
            true => size,
            false if field::section_end(octets).is_some() => return Ok(()),
            // Ever larger pieces, until the header section is whole.
            false => octets.len().saturating_mul(4).clamp(HEAD, size.max(HEAD)),
        };
        if fill(file, octets, wanted)? || octets.len() >= size {
            return Ok(());
        }
    }
}

/// Reads until there are so many octets; true if there are no more. Whoever types would have to say that again and again.
fn fill(file: &File, octets: &mut Vec<u8>, wanted: usize) -> io::Result<bool> {
    while octets.len() < wanted {
        if octets.len() == octets.capacity() {
            // What says no size gets room as it comes.
            octets.reserve_exact((wanted - octets.len()).min(octets.len().max(PIECE)));
        }
        match rustix::io::read(file, spare_capacity(octets)) {
            Ok(0) => return Ok(true),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}

/// The messages of an mbox.
pub(super) struct Stream {
    path: PathBuf,
    splitter: Splitter<Box<dyn Read + Send>>,
    count: u64,
    size_max: usize,
    is_over: bool,
    /// Read ahead.
    waiting: VecDeque<Item>,
}

impl Stream {
    fn new(path: PathBuf, reader: Box<dyn Read + Send>, reading: &Reading, is_packed: bool) -> Self {
        let splitter = Splitter::new(reader, reading.dialect, reading.size_max);
        let splitter = if is_packed { splitter.passing(PASSED_MAX) } else { splitter };
        Self { path, splitter, count: 0, size_max: reading.size_max, is_over: false, waiting: VecDeque::new() }
    }

    /// Whether there is only one message: looks for the second.
    pub(super) fn is_single(&mut self) -> bool {
        while self.waiting.len() < 2 {
            match self.advance() {
                Some(item) => self.waiting.push_back(item),
                None => break,
            }
        }
        self.waiting.len() < 2
    }

    fn advance(&mut self) -> Option<Item> {
        if self.is_over {
            return None;
        }
        let index = self.count;
        self.count += 1;
        match self.splitter.advance() {
            Ok(None) => {
                self.is_over = true;
                None
            }
            Ok(Some(Found::Message(entry))) => Some(Item::Message(Source {
                path: self.path.clone(),
                index,
                offset: entry.offset,
                size: entry.octets.len() as u64,
                octets: entry.octets.into_owned(),
                flags: None,
                is_in_mbox: true,
            })),
            Ok(Some(Found::TooLarge { .. })) => {
                let name = sources::name(&self.path, index);
                let error = input::too_large(name.as_ref(), self.size_max as u64);
                Some(Item::Failed(match self.splitter.has_given_up() {
                    true => error.hint("its end was not found, and what follows is not read: unpack the file"),
                    false => error,
                }))
            }
            Err(error) => {
                self.is_over = true;
                Some(Item::Failed(input::unreadable(&self.path, error)))
            }
        }
    }
}

impl Iterator for Stream {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        self.waiting.pop_front().or_else(|| self.advance())
    }
}
