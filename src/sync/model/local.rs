//! The Maildirs of the model, as a run works in them.

use super::disk::Entry;
use super::mail::{content, likeness, named};
use super::world::{SECOND, Shared, Site, Verdict, World};
use super::wrong::Rule;
use crate::error::{Error, Kind, Result};
use crate::imap::flag::Flags;
use crate::sync::local::{Deed, Delivery, Did, Directory, Local, Pass};
use crate::sync::row::{File, Likeness};
use crate::world::{Content, Timestamp};
use std::future::pending;
use std::sync::{Arc, MutexGuard};

/// How young a change may be and hide another one: as the real one has it.
const COARSE: i128 = 2 * SECOND;
/// Files that are told of together.
const PIECE: usize = 2;

/// The Maildirs.
pub(super) struct ModelLocal {
    pub(super) world: Shared,
    /// A mistake that is made on purpose.
    pub(super) rule: Option<Rule>,
}

fn failed() -> Error {
    Error::new(Kind::Io, "it does not work")
}

impl ModelLocal {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("one thread")
    }

    /// Ends here if the program is killed.
    async fn read(&self) {
        let verdict = self.world().step(Site::Read);
        if matches!(verdict, Verdict::Stop(_)) {
            pending::<()>().await;
        }
    }

    /// Does one thing; `None` if it does not work.
    async fn act<T>(&self, effect: impl FnOnce(&mut World) -> T) -> Option<T> {
        let verdict = self.world().step(Site::Deed);
        match verdict {
            Verdict::Go | Verdict::GoThen(_) => {
                let result = {
                    let mut world = self.world();
                    world.tally.deeds += 1;
                    let result = effect(&mut world);
                    world.watch("a deed here");
                    result
                };
                if verdict != Verdict::Go {
                    pending::<()>().await;
                }
                Some(result)
            }
            Verdict::No => None,
            Verdict::Stop(_) | Verdict::Late(_) => pending().await,
        }
    }
}

impl World {
    fn deliver(&mut self, folder: &str, delivery: Delivery) -> Option<File> {
        let Delivery { stem, flags, content, .. } = delivery;
        let stem = stem.into_bytes();
        let has_stem =
            |entry: &&Entry| entry.base.starts_with(&stem) && matches!(entry.base.get(stem.len()), None | Some(b','));
        let directory = self.disk.folders.get_mut(folder)?;
        if let Some(known) = directory.files.iter().find(has_stem) {
            return Some(known.file());
        }
        let (now, coarse) = (self.now, self.options.coarse);
        let told = Self::told();
        let keywords = flags.keywords().filter(|keyword| told.has_keyword(keyword)).map(str::to_owned);
        let flags = Flags::from_parts(flags.system_bits(), keywords);
        let base = [stem.as_slice(), b",S=1"].concat();
        let entry = Entry { base, in_cur: !flags.is_none(), flags, inode: self.disk.inode(), mail: named(&*content) };
        let file = entry.file();
        self.disk.add(folder, entry, now, coarse);
        Some(file)
    }

    fn do_deed(&mut self, deed: Deed) -> Did {
        let (now, coarse) = (self.now, self.options.coarse);
        match deed {
            Deed::Flag { folder, base, add, remove } => {
                let Some(at) = self.disk.folders.get(&folder).and_then(|it| it.find(&base)) else {
                    return Did::Missing;
                };
                let told = Self::told();
                let tell = |flags: &Flags| {
                    let keywords = flags.keywords().filter(|keyword| told.has_keyword(keyword)).map(str::to_owned);
                    Flags::from_parts(flags.system_bits(), keywords)
                };
                let (add, remove) = (tell(&add), tell(&remove));
                let change = |flags: &mut Flags| {
                    flags.add(&add);
                    flags.remove(&remove);
                };
                self.disk.flag(&folder, at, change, now, coarse);
                let directory = &self.disk.folders[&folder];
                directory.find(&base).map_or(Did::Missing, |at| Did::File(directory.files[at].file()))
            }
            Deed::Move { folder, base, to } => {
                let Some(at) = self.disk.folders.get(&folder).and_then(|it| it.find(&base)) else {
                    return Did::Missing;
                };
                let Some(target) = self.disk.folders.get(&to) else { return Did::Failed(failed()) };
                let is_taken = target.find(&base).is_some();
                let Some(mut entry) = self.disk.take(&folder, at, now, coarse) else { return Did::Missing };
                if is_taken {
                    entry.base = self.disk.name();
                }
                let file = entry.file();
                self.disk.add(&to, entry, now, coarse);
                Did::File(file)
            }
            Deed::Remove { folder, base } => {
                let Some(at) = self.disk.folders.get(&folder).and_then(|it| it.find(&base)) else {
                    return Did::Missing;
                };
                self.disk.take(&folder, at, now, coarse);
                Did::Ok
            }
            Deed::Create { folder } => {
                self.disk.folders.entry(folder).or_default();
                Did::Ok
            }
            Deed::Mark { folder, mark } => match self.disk.folders.get_mut(&folder) {
                Some(directory) => {
                    directory.mark = Some(mark);
                    Did::Ok
                }
                None => Did::Missing,
            },
            Deed::Rename { folder, to } => {
                if self.disk.folders.contains_key(&to) {
                    return Did::Failed(failed());
                }
                match self.disk.folders.remove(&folder) {
                    Some(directory) => {
                        self.disk.folders.insert(to, directory);
                        Did::Ok
                    }
                    None => Did::Missing,
                }
            }
            Deed::Delete { folder } => match self.disk.folders.get(&folder) {
                Some(directory) if !directory.files.is_empty() => Did::Failed(failed()),
                _ => {
                    self.disk.folders.remove(&folder);
                    Did::Ok
                }
            },
        }
    }
}

impl Local for ModelLocal {
    async fn directories(&mut self) -> Result<Vec<Directory>> {
        self.read().await;
        let world = self.world();
        let each = world.disk.folders.iter();
        let each = each.map(|(name, directory)| Directory {
            name: name.clone(),
            mark: directory.mark.clone(),
            stamp: directory.stamp(world.now),
        });
        Ok(each.collect())
    }

    async fn scan(&mut self, folder: &str, each: &mut (dyn FnMut(Vec<File>) -> Result<()> + Send)) -> Result<Pass> {
        self.read().await;
        let (stamp, names) = {
            let world = self.world();
            let Some(directory) = world.disk.folders.get(folder) else { return Err(failed()) };
            (directory.stamp(world.now), directory.files.clone())
        };
        let mut rest = names.as_slice();
        while !rest.is_empty() {
            let (piece, others) = rest.split_at(rest.len().min(PIECE));
            rest = others;
            self.read().await;
            // What was renamed or removed since is not seen at all.
            let files: Vec<File> = {
                let world = self.world();
                let Some(directory) = world.disk.folders.get(folder) else { return Err(failed()) };
                let is_same = |file: &File| directory.files.iter().any(|entry| entry.file() == *file);
                piece.iter().map(Entry::file).filter(is_same).collect()
            };
            each(files)?;
        }
        let world = self.world();
        let after = world.disk.folders.get(folder).map(|directory| directory.stamp(world.now));
        let is_quiet = after.is_some_and(|after| (after.cur, after.new) == (stamp.cur, stamp.new))
            && stamp.cur.max(stamp.new) < stamp.at - COARSE;
        Ok(Pass { stamp, is_quiet: is_quiet || self.rule == Some(Rule::BelieveAbsence) })
    }

    async fn describe(&mut self, folder: &str, files: &[File]) -> Result<Vec<Option<Likeness>>> {
        self.read().await;
        let world = self.world();
        let directory = world.disk.folders.get(folder);
        let look = |file: &File| Some(likeness(directory?.files[directory?.find(&file.base)?].mail));
        Ok(files.iter().map(look).collect())
    }

    async fn content(&mut self, folder: &str, file: &File) -> Result<Option<(Arc<dyn Content>, Option<Timestamp>)>> {
        self.read().await;
        let world = self.world();
        let found = world.disk.folders.get(folder).and_then(|it| Some(it.files[it.find(&file.base)?].mail));
        Ok(found.map(|mail| (content(mail), None)))
    }

    async fn deliver(&mut self, folder: &str, deliveries: Vec<Delivery>) -> Result<Vec<Result<File>>> {
        let mut delivered = Vec::new();
        for delivery in deliveries {
            let file = self.act(|world| world.deliver(folder, delivery)).await;
            delivered.push(file.flatten().ok_or_else(failed));
        }
        Ok(delivered)
    }

    async fn perform(&mut self, deeds: Vec<Deed>) -> Result<Vec<Did>> {
        let mut did = Vec::new();
        for deed in deeds {
            did.push(self.act(|world| world.do_deed(deed)).await.unwrap_or_else(|| Did::Failed(failed())));
        }
        Ok(did)
    }

    async fn keywords(&mut self, _folder: &str) -> Result<Flags> {
        self.read().await;
        Ok(World::told())
    }
}
