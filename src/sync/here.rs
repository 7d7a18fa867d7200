//! The Maildirs on this machine, as a run sees them.
//!
//! All that touches files happens on threads for it. Deeds that are alike and come one after the other are done
//! together: one look for their files, one sync of their directory.

use super::local::{Deed, Delivery, Did, Directory, Local, Pass};
use super::row::{File, Likeness};
use super::state::SeenHere;
use crate::error::{Error, Kind, Result};
use crate::imap::flag::Flags;
use crate::message::fingerprint::Fingerprint;
use crate::store::mailbox_error::{MailboxError, Outcome};
use crate::store::tree::{Before, Edit, Incoming, Mark, Place, Placed, Seen, Spot, Stamps, Tree, settles, stem_of};
use crate::world::{Clock, Content, Timestamp};
use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

/// Files told at a time, and pieces that wait for whoever listens.
const PIECE: usize = 512;
const PIECES: usize = 2;
/// The longest wait for a directory to settle. Longer, and its clock goes ahead of ours.
const SETTLE_MAX: Duration = Duration::from_secs(3);

/// A tree of Maildirs.
pub(super) struct HereTree {
    tree: Arc<Tree>,
    clock: Arc<dyn Clock>,
    /// By what this run is called, under which removed messages are kept.
    run: String,
    stems: Arc<Mutex<Stems>>,
}

/// Which stems a folder holds, as hashes of eight octets: so that a first run looks at a growing folder once.
#[derive(Default)]
struct Stems {
    folder: Option<String>,
    hashes: BTreeSet<u64>,
    by: RandomState,
}

impl HereTree {
    /// `run` is letters, digits, `-` and `_`, and no earlier run's.
    pub(super) fn new(tree: Arc<Tree>, clock: Arc<dyn Clock>, run: String) -> Self {
        Self { tree, clock, run, stems: Arc::default() }
    }

    async fn with<T: Send + 'static>(&self, work: impl FnOnce(&Tree) -> Outcome<T> + Send + 'static) -> Result<T> {
        let tree = self.tree.clone();
        spawn_blocking(move || work(&tree)).await.map_err(stopped)?.map_err(Error::from)
    }

    fn seen(&self, stamps: &Stamps, at: Timestamp) -> SeenHere {
        SeenHere { cur: stamps.cur.modified, new: stamps.new.modified, at: at.as_nanosecond() }
    }
}

impl Local for HereTree {
    async fn directories(&mut self) -> Result<Vec<Directory>> {
        let at = self.clock.now();
        let folders = self.with(Tree::folders).await?;
        let directory = |folder: crate::store::tree::FolderInfo| Directory {
            stamp: self.seen(&folder.stamps, at),
            name: folder.name,
            mark: folder.mark.map(|mark| mark.to_string()),
        };
        Ok(folders.into_iter().map(directory).collect())
    }

    async fn scan(&mut self, folder: &str, each: &mut (dyn FnMut(Vec<File>) -> Result<()> + Send)) -> Result<Pass> {
        // What changed just now may change again under the same time: a moment later a pass can prove that nothing did.
        let name = folder.to_owned();
        let stamps = self.with(move |tree| tree.stamps(&name)).await?;
        let young = settles(stamps.latest()) - self.clock.now().as_nanosecond();
        if (0..=SETTLE_MAX.as_nanos() as i128).contains(&young) {
            self.clock.sleep(Duration::from_nanos(u64::try_from(young).unwrap_or_default() + 1)).await;
        }
        let (come, mut coming) = mpsc::channel(PIECES);
        let (tree, folder) = (self.tree.clone(), folder.to_owned());
        let pass = spawn_blocking(move || {
            let mut piece = Vec::new();
            let send = |piece: &mut Vec<File>| {
                // Whoever listened has ended with an error, which is told there.
                come.blocking_send(std::mem::take(piece)).map_err(|_| MailboxError::Cannot("nobody listens"))
            };
            let scan = tree.scan(&folder, &mut |Seen { base, spot, flags, inode }| {
                let (base, info) = (base.to_vec(), spot.info.clone());
                piece.push(File { base, in_cur: spot.in_cur, info, flags, inode });
                if piece.len() < PIECE { Ok(()) } else { send(&mut piece) }
            })?;
            if !piece.is_empty() {
                send(&mut piece)?;
            }
            Ok::<_, MailboxError>(scan)
        });
        let mut told = Ok(());
        while let Some(piece) = coming.recv().await {
            told = each(piece);
            if told.is_err() {
                break;
            }
        }
        drop(coming);
        let scan = pass.await.map_err(stopped)?;
        told?;
        let scan = scan?;
        Ok(Pass { stamp: self.seen(&scan.stamps, scan.began), is_quiet: scan.is_quiet })
    }

    async fn describe(&mut self, folder: &str, files: &[File]) -> Result<Vec<Option<Likeness>>> {
        let (folder, places) = (folder.to_owned(), files.iter().map(place_of).collect::<Vec<_>>());
        self.with(move |tree| {
            let known = places.iter().map(|place| gone_is_none(tree.describe(&folder, place)));
            known.map(|known| Ok(known?.map(likeness))).collect()
        })
        .await
    }

    async fn content(&mut self, folder: &str, file: &File) -> Result<Option<(Arc<dyn Content>, Option<Timestamp>)>> {
        let (folder, place) = (folder.to_owned(), place_of(file));
        let content = self.with(move |tree| gone_is_none(tree.content(&folder, &place))).await?;
        Ok(content.map(|(content, arrived)| (content, Some(arrived))))
    }

    async fn deliver(&mut self, folder: &str, deliveries: Vec<Delivery>) -> Result<Vec<Result<File>>> {
        let (folder, stems, now) = (folder.to_owned(), self.stems.clone(), self.clock.now());
        let placed = self.with(move |tree| {
            let mut stems = stems.lock().unwrap_or_else(PoisonError::into_inner);
            let incoming = |delivery: Delivery| Incoming {
                key: delivery.stem,
                flags: delivery.flags,
                // Without a date from the server, now is when it came.
                arrived: delivery.arrived.unwrap_or(now),
                content: delivery.content,
            };
            let batch: Vec<Incoming> = deliveries.into_iter().map(incoming).collect();
            let before = stems.enter(tree, &folder, &batch)?;
            let placed = tree.deliver(&folder, &batch, before);
            // What was not told to be there may be there all the same.
            if !placed.as_ref().is_ok_and(|placed| placed.iter().all(Result::is_ok)) {
                stems.folder = None;
            }
            placed
        });
        Ok(placed.await?.into_iter().map(|placed| Ok(file_of(placed?))).collect())
    }

    async fn perform(&mut self, deeds: Vec<Deed>) -> Result<Vec<Did>> {
        let run = self.run.clone();
        // Files come and go under names that a delivery would not expect.
        self.stems.lock().unwrap_or_else(PoisonError::into_inner).folder = None;
        self.with(move |tree| {
            let mut rest = deeds.as_slice();
            let mut done = Vec::with_capacity(rest.len());
            while let Some(first) = rest.first() {
                // What is done to a file twice is done to what the first deed made of it.
                let mut bases = HashSet::new();
                let alike = rest
                    .iter()
                    .take_while(|deed| is_alike(first, deed) && deed.base().is_some_and(|base| bases.insert(base)));
                let count = alike.count();
                let (alike, others) = rest.split_at(count.max(1));
                done.extend(together(tree, alike, &run));
                rest = others;
            }
            Ok(done)
        })
        .await
    }

    async fn keywords(&mut self, folder: &str) -> Result<Flags> {
        let folder = folder.to_owned();
        self.with(move |tree| tree.tellable(&folder)).await
    }
}

impl Stems {
    /// Whether any message of a batch may be in a folder; from now on they all may.
    fn enter(&mut self, tree: &Tree, folder: &str, batch: &[Incoming]) -> Outcome<Before> {
        if self.folder.as_deref() != Some(folder) {
            self.folder = None;
            self.hashes.clear();
            tree.scan(folder, &mut |seen| {
                self.hashes.insert(self.by.hash_one(stem_of(seen.base)));
                Ok(())
            })?;
            self.folder = Some(folder.to_owned());
        }
        let mut before = Before::Never;
        for one in batch {
            if !self.hashes.insert(self.by.hash_one(Tree::stem(&one.key)?.as_bytes())) {
                before = Before::Perhaps;
            }
        }
        Ok(before)
    }
}

/// Whether two deeds can be done in one go.
fn is_alike(one: &Deed, other: &Deed) -> bool {
    match (one, other) {
        (Deed::Flag { folder, .. }, Deed::Flag { folder: other, .. }) => folder == other,
        (Deed::Remove { folder, .. }, Deed::Remove { folder: other, .. }) => folder == other,
        (Deed::Move { folder, to, .. }, Deed::Move { folder: other, to: other_to, .. }) => {
            (folder, to) == (other, other_to)
        }
        _ => false,
    }
}

/// Does deeds that are alike. What goes wrong with all of them is told of each.
fn together(tree: &Tree, deeds: &[Deed], run: &str) -> Vec<Did> {
    let Some(first) = deeds.first() else { return Vec::new() };
    let bases = || deeds.iter().filter_map(Deed::base).map(somewhere).collect::<Vec<Place>>();
    let results = match first {
        Deed::Flag { folder, .. } => {
            let edits = deeds.iter().filter_map(|deed| match deed {
                Deed::Flag { base, add, remove, .. } => {
                    Some(Edit { place: somewhere(base), add: add.clone(), remove: remove.clone() })
                }
                _ => None,
            });
            tree.set_flags(folder, &edits.collect::<Vec<_>>())
        }
        Deed::Move { folder, to, .. } => match tree.stamps(to) {
            // That there is no such folder is about the one they leave.
            Err(error) => Err(MailboxError::Broken(Error::from(error))),
            Ok(_) => tree.move_to(folder, &bases(), to),
        },
        Deed::Remove { folder, .. } => {
            let removed = tree.remove(folder, &bases(), run);
            return each_of(removed, deeds.len(), |_| Did::Ok);
        }
        one => return vec![alone(tree, one, run)],
    };
    each_of(results, deeds.len(), |placed| Did::File(file_of(placed)))
}

fn each_of(results: Outcome<Vec<Outcome<Option<Placed>>>>, count: usize, did: impl Fn(Placed) -> Did) -> Vec<Did> {
    let told = |result: Outcome<Option<Placed>>| match result {
        Ok(Some(placed)) => did(placed),
        Ok(None) => Did::Missing,
        Err(error) => failed(error),
    };
    match results {
        Ok(results) => results.into_iter().map(told).collect(),
        Err(MailboxError::NoSuchMailbox) => (0..count).map(|_| Did::Missing).collect(),
        Err(error) => {
            let why = Error::from(error);
            let again = || Error::new(why.kind(), why.to_string());
            (0..count).map(|_| Did::Failed(again())).collect()
        }
    }
}

fn alone(tree: &Tree, deed: &Deed, run: &str) -> Did {
    let done = match deed {
        // One that is there is what was wanted: an earlier run may have come that far.
        Deed::Create { folder } => match tree.create_folder(folder, &tree.new_mark()) {
            Err(MailboxError::AlreadyExists) => Ok(true),
            created => created.map(|()| true),
        },
        Deed::Mark { folder, mark } => match Mark::parse(mark) {
            Some(mark) if tree.stamps(folder).is_ok() => tree.mark_folder(folder, &mark).map(|()| true),
            Some(_) => Ok(false),
            None => Err(MailboxError::Cannot("A mark is 1 to 64 visible characters")),
        },
        Deed::Rename { folder, to } => tree.rename_folder(folder, to),
        Deed::Delete { folder } => tree.remove_folder(folder, run).map(|removed| removed.is_some()),
        Deed::Flag { .. } | Deed::Move { .. } | Deed::Remove { .. } => Ok(false),
    };
    match done {
        Ok(true) => Did::Ok,
        Ok(false) | Err(MailboxError::NoSuchMailbox) => Did::Missing,
        Err(error) => failed(error),
    }
}

impl Deed {
    fn base(&self) -> Option<&[u8]> {
        match self {
            Self::Flag { base, .. } | Self::Move { base, .. } | Self::Remove { base, .. } => Some(base),
            Self::Create { .. } | Self::Mark { .. } | Self::Rename { .. } | Self::Delete { .. } => None,
        }
    }
}

/// A file of which only the base name is known: the tree looks for it.
fn somewhere(base: &[u8]) -> Place {
    Place { base: base.to_vec(), spot: Spot::new_mail() }
}

fn place_of(file: &File) -> Place {
    Place { base: file.base.clone(), spot: Spot { in_cur: file.in_cur, info: file.info.clone() } }
}

fn file_of(Placed { base, spot, flags, inode, .. }: Placed) -> File {
    File { base, in_cur: spot.in_cur, info: spot.info, flags, inode }
}

fn likeness(Fingerprint { size, whole, header, message_id }: Fingerprint) -> Likeness {
    let (header, whole) = (Some(header), Some(whole));
    Likeness { size: Some(size), message_id: Some(message_id.unwrap_or(0)), object: None, header, whole }
}

/// With its folder, a file is gone too.
fn gone_is_none<T>(found: Outcome<Option<T>>) -> Outcome<Option<T>> {
    match found {
        Err(MailboxError::NoSuchMailbox) => Ok(None),
        found => found,
    }
}

fn failed(error: MailboxError) -> Did {
    Did::Failed(error.into())
}

/// A thread that panicked, or a runtime that ends.
fn stopped(error: tokio::task::JoinError) -> Error {
    Error::new(Kind::Software, "working on the Maildir").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::fingerprint::{Digest, header_digest, message_id};
    use crate::store::memory::MemoryDisk;
    use crate::store::tree::{Layout, Outside};
    use crate::world::{Disk, Entropy, Later};
    use std::path::Path;
    use std::time::Duration;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(1_750_000_000).unwrap()
        }
        fn sleep(&self, _wait: Duration) -> Later<'_, ()> {
            Box::pin(std::future::pending())
        }
    }

    struct Count(std::sync::atomic::AtomicU8);

    impl Entropy for Count {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill_with(|| self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    fn open(disk: &MemoryDisk) -> HereTree {
        let disk: Arc<dyn Disk> = Arc::new(disk.clone());
        let outside = Outside { disk, clock: Arc::new(Still), entropy: Arc::new(Count(0.into())) };
        let tree = Tree::make(outside, Path::new("/mail"), Layout::Verbatim).unwrap();
        HereTree::new(Arc::new(tree), Arc::new(Still), "run-1".to_owned())
    }

    fn flags(words: &[&str]) -> Flags {
        crate::imap::client::flags(words.iter().copied())
    }

    fn delivery(stem: &str, words: &[&str], text: &str) -> Delivery {
        let content = Arc::new(text.as_bytes().to_vec());
        Delivery { stem: stem.to_owned(), flags: flags(words), arrived: Timestamp::from_second(5).ok(), content }
    }

    async fn files(here: &mut HereTree, folder: &str) -> Vec<File> {
        let mut all = Vec::new();
        let mut each = |piece: Vec<File>| {
            assert!((1..=PIECE).contains(&piece.len()));
            all.extend(piece);
            Ok(())
        };
        assert!(here.scan(folder, &mut each).await.unwrap().is_quiet);
        all.sort_by(|one, other| one.base.cmp(&other.base));
        all
    }

    #[tokio::test]
    async fn what_is_delivered_is_found_described_and_read() {
        let disk = MemoryDisk::new();
        let mut here = open(&disk);
        let text = "Message-ID: <a@b>\r\n\r\ntext\r\n";
        let placed =
            here.deliver("INBOX", vec![delivery("a", &["\\Seen", "work"], text), delivery("b", &[], "")]).await;
        let placed: Vec<File> = placed.unwrap().into_iter().map(Result::unwrap).collect();
        assert_eq!(files(&mut here, "INBOX").await, placed);
        let known = here.describe("INBOX", &placed).await.unwrap();
        let wanted = Likeness {
            size: Some(text.len() as u64),
            message_id: message_id(text.as_bytes()),
            object: None,
            header: Some(header_digest(text.as_bytes())),
            whole: Some(Digest::of(text.as_bytes())),
        };
        assert_eq!(known[0], Some(wanted));
        assert_eq!(known[1].as_ref().and_then(|known| known.message_id), Some(0));
        let (content, arrived) = here.content("INBOX", &placed[0]).await.unwrap().unwrap();
        assert_eq!((content.size(), arrived), (text.len() as u64, Timestamp::from_second(5).ok()));
        let again = here.deliver("INBOX", vec![delivery("a", &[], text), delivery("c", &[], "")]).await.unwrap();
        assert_eq!(again[0].as_ref().unwrap(), &placed[0]);
        assert_eq!(files(&mut here, "INBOX").await.len(), 3);
        assert!(here.keywords("INBOX").await.unwrap().has_keyword("work"));
        let nobody = File { base: b"x".to_vec(), ..placed[0].clone() };
        assert_eq!(here.describe("INBOX", std::slice::from_ref(&nobody)).await.unwrap(), [None]);
        assert!(here.content("None", &nobody).await.unwrap().is_none());
        drop(here);
        // Another run finds what this one delivered.
        let mut here = open(&disk);
        let again = here.deliver("INBOX", vec![delivery("a", &[], text)]).await.unwrap();
        assert_eq!(again[0].as_ref().unwrap(), &placed[0]);
    }

    #[tokio::test]
    async fn deeds_are_done_in_their_order() {
        let disk = MemoryDisk::new();
        let mut here = open(&disk);
        let batch = ["a", "b", "c"].map(|stem| delivery(stem, &["work"], stem)).to_vec();
        let placed: Vec<File> = here.deliver("INBOX", batch).await.unwrap().into_iter().map(Result::unwrap).collect();
        let (folder, base) = (|name: &str| name.to_owned(), |at: usize| placed[at].base.clone());
        let flag = |at, words: &[&str]| Deed::Flag {
            folder: folder("INBOX"),
            base: base(at),
            add: flags(words),
            remove: Flags::new(),
        };
        let mark = "m".to_owned();
        let deeds = vec![
            flag(0, &["\\Seen"]),
            flag(1, &["\\Flagged"]),
            Deed::Create { folder: folder("A") },
            Deed::Create { folder: folder("A") },
            Deed::Mark { folder: folder("A"), mark },
            Deed::Move { folder: folder("INBOX"), base: base(0), to: folder("A") },
            Deed::Move { folder: folder("INBOX"), base: base(0), to: folder("A") },
            Deed::Rename { folder: folder("A"), to: folder("B") },
            Deed::Rename { folder: folder("A"), to: folder("C") },
            Deed::Remove { folder: folder("INBOX"), base: base(1) },
            Deed::Remove { folder: folder("INBOX"), base: base(1) },
            Deed::Move { folder: folder("INBOX"), base: base(2), to: folder("None") },
            Deed::Create { folder: folder("D") },
            Deed::Delete { folder: folder("D") },
            Deed::Delete { folder: folder("D") },
            Deed::Mark { folder: folder("D"), mark: "m".into() },
        ];
        let done: Vec<String> = here
            .perform(deeds)
            .await
            .unwrap()
            .iter()
            .map(|did| match did {
                Did::Ok => "ok".to_owned(),
                Did::Missing => "missing".to_owned(),
                Did::Failed(_) => "failed".to_owned(),
                Did::File(file) => String::from_utf8_lossy(&file.info).into_owned(),
            })
            .collect();
        let wanted = [
            ":2,Sa", ":2,Fa", "ok", "ok", "ok", ":2,Sa", "missing", "ok", "missing", "ok", "missing", "failed", "ok",
            "ok", "missing", "missing",
        ];
        assert_eq!(done, wanted);
        let directories = here.directories().await.unwrap();
        let told: Vec<_> = directories.iter().map(|one| (one.name.as_str(), one.mark.as_deref())).collect();
        assert_eq!(told, [("B", Some("m")), ("INBOX", None)]);
        let moved = files(&mut here, "B").await;
        assert_eq!((moved.len(), &moved[0].flags), (1, &flags(&["\\Seen", "work"])));
        assert_eq!(files(&mut here, "INBOX").await, placed[2..]);
    }

    #[tokio::test]
    async fn whoever_has_heard_enough_ends_the_pass() {
        let disk = MemoryDisk::new();
        let mut here = open(&disk);
        for number in 0..3000 {
            drop(disk.create(&Path::new("/mail/INBOX/cur").join(format!("{number}:2,"))));
        }
        assert_eq!(files(&mut here, "INBOX").await.len(), 3000);
        let stopped = here.scan("INBOX", &mut |_| Err(Error::new(Kind::Data, "enough"))).await;
        assert_eq!(stopped.err().map(|error| error.kind()), Some(Kind::Data));
    }
}
