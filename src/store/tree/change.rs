//! Changes to files that are there: flags, moves, second names.
//!
//! Each is a rename or a link. When a call returns they are durable, with one sync of each directory for the whole
//! batch. A file that is not where it was seen last is looked for once, by its base name.

use super::deliver::Placed;
use super::flags::Keywords;
use super::{Tree, deliver};
use crate::imap::flag::Flags;
use crate::store::mailbox::{FolderFiles, Spot};
use crate::store::mailbox_error::{MailboxError, Outcome};
use crate::store::note;
use crate::world::Timestamp;
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;

const PIECE: usize = 64 * 1024;

/// Where a message's file was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The part of its name that stays.
    pub base: Vec<u8>,
    /// The part that changes, and the directory.
    pub spot: Spot,
}

/// A change of flags. All others stay as they are, also as somebody else has set them meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Which message.
    pub place: Place,
    /// Flags it gets.
    pub add: Flags,
    /// Flags it loses.
    pub remove: Flags,
}

/// What came of each message of a batch; `None` if its file is not there any more.
type Each = Vec<Outcome<Option<Placed>>>;

/// How a file comes to another place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Move,
    Copy,
}

impl Tree {
    /// Changes flags. The flags in the answer are those that the names now tell: keywords for which the folder has no
    /// letter left are not among them.
    pub fn set_flags(&self, folder: &str, edits: &[Edit]) -> Outcome<Each> {
        let files = self.files(folder)?;
        let words = edits.iter().flat_map(|edit| edit.add.keywords());
        let keywords = self.keywords_with(&files, words)?;
        let places: Vec<&Place> = edits.iter().map(|edit| &edit.place).collect();
        let (mut cur, mut new) = (false, false);
        let results = self.on_each(&files, &places, &mut |at, spot| {
            let Some(edit) = edits.get(at) else { return Ok(None) };
            let mut flags = keywords.flags(spot);
            flags.add(&edit.add);
            flags.remove(&edit.remove);
            let after = keywords.spot(spot, &keywords.tellable(&flags));
            let target = Place { base: edit.place.base.clone(), spot: after };
            let placed = self.put((&files, &edit.place.base, spot), (&files, target, &keywords), Way::Move)?;
            if placed.as_ref().is_some_and(|placed| placed.is_fresh) {
                (cur, new) = (true, new || !spot.in_cur);
            }
            Ok(placed)
        })?;
        self.sync_names(&files, cur, new)?;
        Ok(results)
    }

    /// Moves messages to another folder, with their flags. Under another base name, should theirs be taken there.
    pub fn move_to(&self, from: &str, places: &[Place], to: &str) -> Outcome<Each> {
        self.carry(&self.files(from)?, places, &self.files(to)?, Way::Move)
    }

    /// Gives messages a second name in another folder: as hard links, or as copies where the disk has none.
    pub fn copy_to(&self, from: &str, places: &[Place], to: &str) -> Outcome<Each> {
        self.carry(&self.files(from)?, places, &self.files(to)?, Way::Copy)
    }

    pub(super) fn move_files(&self, from: &FolderFiles<'_>, places: &[Place], to: &FolderFiles<'_>) -> Outcome<Each> {
        self.carry(from, places, to, Way::Move)
    }

    fn carry(&self, from: &FolderFiles<'_>, places: &[Place], to: &FolderFiles<'_>, way: Way) -> Outcome<Each> {
        if !to.exists() {
            return Err(MailboxError::NoSuchMailbox);
        }
        // What a name tells must be known before letters are given out for it.
        let here = |at: usize, spot: &Spot| {
            let path = places.get(at).map(|place| spot.path(&from.path, &place.base));
            Ok(path.is_some_and(|path| self.disk().stat(&path).is_ok()).then(|| spot.clone()))
        };
        let spots = self.on_each(from, &places.iter().collect::<Vec<_>>(), &mut { here })?;
        let places: Vec<Place> = places
            .iter()
            .zip(spots)
            .map(|(place, spot)| {
                let spot = spot.ok().flatten().unwrap_or_else(|| place.spot.clone());
                Place { base: place.base.clone(), spot }
            })
            .collect();
        let known = self.keywords(from)?;
        let told: Vec<Flags> = places.iter().map(|place| known.flags(&place.spot)).collect();
        let keywords = self.keywords_with(to, told.iter().flat_map(Flags::keywords))?;
        let mut taken = HashSet::new();
        let bases: HashSet<&[u8]> = places.iter().map(|place| place.base.as_slice()).collect();
        self.each_file(to, &mut |base, _, _| {
            if bases.contains(base) {
                taken.insert(base.to_vec());
            }
            Ok(())
        })?;
        let (mut cur, mut new, mut left) = (false, false, (false, false));
        let all: Vec<&Place> = places.iter().collect();
        let results = self.on_each(from, &all, &mut |at, spot| {
            let Some(place) = places.get(at) else { return Ok(None) };
            let is_taken = !taken.insert(place.base.clone());
            let base = if is_taken { self.other_base(&place.base) } else { place.base.clone() };
            let target = Place { base, spot: keywords.spot_from(&known, spot) };
            let in_cur = target.spot.in_cur;
            let placed = self.put((from, &place.base, spot), (to, target, &keywords), way)?;
            match placed {
                Some(_) => {
                    (cur, new) = (cur || in_cur, new || !in_cur);
                    left = (left.0 || spot.in_cur, left.1 || !spot.in_cur);
                }
                // It may be found elsewhere, and then wants its name.
                None if !is_taken => drop(taken.remove(&place.base)),
                None => {}
            }
            Ok(placed)
        })?;
        // First where they are now, so that a power cut never finds them nowhere.
        self.sync_names(to, cur, new)?;
        if way == Way::Move {
            self.sync_names(from, left.0, left.1)?;
        }
        Ok(results)
    }

    /// Brings one file to its new name; not fresh if that is the one it has.
    fn put(
        &self,
        (from, base, spot): (&FolderFiles<'_>, &[u8], &Spot),
        (to, target, keywords): (&FolderFiles<'_>, Place, &Keywords),
        way: Way,
    ) -> Outcome<Option<Placed>> {
        let (here, there) = (spot.path(&from.path, base), target.spot.path(&to.path, &target.base));
        if here != there {
            // A rename would replace it. Between this look and the rename only somebody who gives this very name to
            // another message could come, and base names are given once.
            if self.disk().stat(&there).is_ok() {
                return Err(MailboxError::Cannot("Another file has this name already"));
            }
            let done = match way {
                Way::Move => self.disk().rename(&here, &there),
                Way::Copy => self.link(&here, to, &there),
            };
            match done {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                done => done.map_err(|error| MailboxError::file("moving", &here, error))?,
            }
        }
        match self.disk().stat(&there) {
            Ok(stat) => Ok(Some(Placed {
                flags: keywords.flags(&target.spot),
                base: target.base,
                spot: target.spot,
                inode: stat.inode,
                is_fresh: here != there,
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(MailboxError::file("looking at", &there, error)),
        }
    }

    fn link(&self, here: &Path, to: &FolderFiles<'_>, there: &Path) -> io::Result<()> {
        use io::ErrorKind::{CrossesDevices, PermissionDenied, TooManyLinks, Unsupported};
        match self.disk().link(here, there) {
            // Not all disks have second names, nor for everybody.
            Err(error) if matches!(error.kind(), CrossesDevices | PermissionDenied | TooManyLinks | Unsupported) => {
                let draft = self.temporary(to);
                self.copy_octets(here, &draft)?;
                self.disk().rename(&draft, there)
            }
            linked => linked,
        }
    }

    fn copy_octets(&self, from: &Path, to: &Path) -> io::Result<()> {
        let source = self.disk().open(from)?;
        let modified = Timestamp::from_nanosecond(self.disk().stat(from)?.modified).map_err(io::Error::other)?;
        let mut target = note::create_anew(self.disk(), to)?;
        let (mut buffer, mut at) = (vec![0; PIECE], 0);
        loop {
            let count = source.read_at(at, &mut buffer)?;
            if count == 0 {
                break;
            }
            target.append(buffer.get(..count).unwrap_or_default())?;
            at += count as u64;
        }
        target.set_modified(modified)?;
        if self.durable { target.sync() } else { Ok(()) }
    }

    /// A base name that nobody has: the stem changes, what follows it stays.
    fn other_base(&self, base: &[u8]) -> Vec<u8> {
        let (stem, rest) = base.split_at(deliver::stem_of(base).len());
        let mut random = [0; 8];
        self.outside.entropy.fill(&mut random);
        let end = format!("_{:016x}", u64::from_le_bytes(random));
        // A file's name has 255 octets, of which the info needs some.
        let room = 200_usize.saturating_sub(rest.len() + end.len());
        [stem.get(..room).unwrap_or(stem), end.as_bytes(), rest].concat()
    }

    /// Does something where a file was last seen, or else where it is found. The path and the spot are for `act`.
    pub(super) fn on_place<T>(
        &self,
        files: &FolderFiles<'_>,
        place: &Place,
        act: &mut dyn FnMut(&Path, &Spot) -> Outcome<Option<T>>,
    ) -> Outcome<Option<T>> {
        let one = self.on_each(files, &[place], &mut |_, spot| act(&spot.path(&files.path, &place.base), spot))?;
        one.into_iter().next().unwrap_or(Ok(None))
    }

    /// The same for many. Those that are not where they were are looked for together, once.
    fn on_each<T>(
        &self,
        files: &FolderFiles<'_>,
        places: &[&Place],
        act: &mut dyn FnMut(usize, &Spot) -> Outcome<Option<T>>,
    ) -> Outcome<Vec<Outcome<Option<T>>>> {
        let mut results: Vec<_> = places.iter().enumerate().map(|(at, place)| act(at, &place.spot)).collect();
        let missing = results.iter().zip(places).enumerate().filter(|(_, (result, _))| matches!(result, Ok(None)));
        let missing: Vec<(&[u8], usize)> = missing.map(|(at, (_, place))| (place.base.as_slice(), at)).collect();
        // Who is named twice is found by the first.
        let missing: HashMap<&[u8], usize> = missing.into_iter().rev().collect();
        if missing.is_empty() {
            return Ok(results);
        }
        let mut found = Vec::new();
        self.each_file(files, &mut |base, spot, _| {
            found.extend(missing.get(base).map(|at| (*at, spot.clone())));
            Ok(())
        })?;
        for (at, spot) in found {
            if let Some(result @ Ok(None)) = results.get_mut(at) {
                *result = act(at, &spot);
            }
        }
        Ok(results)
    }
}
