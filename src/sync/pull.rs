//! One mailbox of the server into its mailbox here: new messages, then changed flags.
//!
//! The order is what makes it safe: a message is noted, fetched, durable here under a name made from what it is
//! called there, and then noted as here. Whatever breaks in between, the next run delivers under the same name
//! again, and the store knows it. What is to be done is `plan`'s decision. RFC 9051 §2.3.1.1, §6.4.5.

use super::base::{Base, Folder, FolderId, Settled};
use super::plan::{self, Change, Step, is_none, windows};
use super::{Place, Summary};
use crate::engine::imap::{Row, Session};
use crate::error::Result;
use crate::imap::flag::Flags;
use crate::imap::mailbox::FlagChange;
use crate::imap::number::Uid;
use crate::store::account::{Account, Delivery};
use crate::store::stash::Stash;
use crate::world::Content;
use aws_lc_rs::digest;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Octets of a window that are held in memory. Servers that count their messages right never come near it.
const HELD_MAX: usize = 16 * 1024 * 1024;

/// Who works on a mailbox, and for whom.
pub(super) struct Pull<'a> {
    pub(super) place: &'a Place,
    pub(super) account: &'a Account,
    pub(super) base: &'a mut Base,
    pub(super) session: &'a mut Session,
    pub(super) summary: &'a mut Summary,
    /// Gets the messages that are done and all in the mailbox.
    pub(super) progress: &'a mut (dyn FnMut(usize, usize) + Send),
}

/// A message to be fetched.
struct Wanted {
    row: Row,
    /// The flags it had when an earlier run was about to fetch it.
    noted: Option<Flags>,
}

/// A message that came.
struct Came {
    content: Arc<dyn Content>,
    digest: [u8; 32],
}

/// Messages here whose flags change in the same way.
struct Changes {
    change: Change,
    locals: Vec<Uid>,
    agreed: Vec<(Uid, Flags)>,
}

/// Messages here by how their flags change.
#[derive(Default)]
struct ChangeList(HashMap<String, Changes>);

impl Pull<'_> {
    /// The mailbox that is open on the server, a window of its list after the other, so that what is held does not
    /// grow with it.
    pub(super) async fn mailbox(&mut self, folder: &Folder, messages: u32) -> Result<()> {
        let id = self.base.folder(folder)?;
        let mut done = 0;
        while let Some(rows) = self.rows(folder).await? {
            let listed = rows.len();
            let (wanted, mut changes) = self.compare(id, rows)?;
            done += listed - wanted.len();
            for window in windows(&wanted, |wanted| wanted.row.size) {
                self.base.intend(id, window.iter().map(|wanted| (wanted.row.uid, &wanted.row.flags)))?;
                let came = self.fetch(folder, window).await?;
                self.take(folder, id, window, came, &mut changes).await?;
                done += window.len();
                (self.progress)(done, messages as usize);
            }
            self.change(folder, id, changes).await?;
        }
        Ok(())
    }

    /// Asks for the next messages; none when all are known.
    async fn rows(&mut self, folder: &Folder) -> Result<Option<BTreeMap<Uid, Row>>> {
        let mut rows = BTreeMap::new();
        let summary = &mut *self.summary;
        let each = |row: Result<Row, String>| match row {
            // By UID, since a server that changes flags meanwhile says the same message twice.
            Ok(row) => drop(rows.insert(row.uid, row)),
            Err(line) => summary.cannot_read(&folder.wire_name, line),
        };
        let Some(count) = self.session.rows(each).await? else { return Ok(None) };
        let count = rows.len().max(count as usize);
        self.summary.listed += count;
        self.summary.missing += count - rows.len();
        Ok(Some(rows))
    }

    /// Compares messages with what is known of them.
    fn compare(&mut self, id: FolderId, rows: BTreeMap<Uid, Row>) -> Result<(Vec<Wanted>, ChangeList)> {
        let (mut wanted, mut changes) = (Vec::new(), ChangeList::default());
        let ends = rows.first_key_value().zip(rows.last_key_value());
        let Some(((first, _), (last, _))) = ends else { return Ok((wanted, changes)) };
        let known = self.base.pairs(id, *first..=*last)?;
        self.summary.known += rows.len();
        for row in rows.into_values() {
            match plan::step(known.get(&row.uid), &row) {
                Step::Nothing => {}
                Step::Fetch(noted) => wanted.push(Wanted { row, noted }),
                Step::Change(local, change) => changes.add(change, local, row.uid, row.flags),
            }
        }
        self.summary.known -= wanted.len();
        Ok((wanted, changes))
    }

    /// Fetches a window. What is gone by now is missing.
    async fn fetch(&mut self, folder: &Folder, window: &[Wanted]) -> Result<HashMap<Uid, Came>> {
        let mut came = HashMap::new();
        let Place { disk, entropy, maildir, .. } = self.place;
        let stash = || Stash::new(disk.clone(), &maildir.join("tmp"), &**entropy);
        if let [Wanted { row: Row { uid, size: size @ plan::WHOLE_MAX.., .. }, .. }] = window {
            let mut stash = stash();
            let mut context = digest::Context::new(&digest::SHA256);
            let each = |piece: &[u8]| {
                context.update(piece);
                stash.write(piece)
            };
            if self.session.body_in_pieces(*uid, *size, each).await? {
                came.insert(*uid, Came { content: stash.finish()?, digest: octets(&context.finish()) });
            }
            return Ok(came);
        }
        let sizes: BTreeMap<Uid, u32> = window.iter().map(|wanted| (wanted.row.uid, wanted.row.size)).collect();
        let uids: Vec<Uid> = sizes.keys().copied().collect();
        let size = sizes.values().copied().map(u64::from).sum();
        let mut held = 0;
        let summary = &mut *self.summary;
        let each = |message: Result<(Uid, &[u8]), String>| {
            let (uid, text) = match message {
                Ok(message) => message,
                Err(line) => {
                    summary.cannot_read(&folder.wire_name, line);
                    return Ok(());
                }
            };
            // Of messages that nobody asked for, and of second ones, nothing is held. RFC 2180 §4.1.3: nothing may
            // also be what a server gives of a message that is gone.
            let is_wanted = sizes.get(&uid).is_some_and(|size| *size == 0 || !text.is_empty());
            if is_wanted && !came.contains_key(&uid) {
                let digest = octets(&digest::digest(&digest::SHA256, text));
                held += text.len();
                let content: Arc<dyn Content> = if held <= HELD_MAX {
                    Arc::new(text.to_vec())
                } else {
                    let mut stash = stash();
                    stash.write(text)?;
                    stash.finish()?
                };
                came.insert(uid, Came { content, digest });
            }
            Ok(())
        };
        self.session.bodies(&uids, size, each).await?;
        Ok(came)
    }

    /// Puts what came into the mailbox, unless it is there.
    async fn take(
        &mut self,
        folder: &Folder,
        id: FolderId,
        window: &[Wanted],
        mut came: HashMap<Uid, Came>,
        changes: &mut ChangeList,
    ) -> Result<()> {
        let (mut deliveries, mut waiting) = (Vec::new(), Vec::new());
        for wanted in window {
            let uid = wanted.row.uid;
            let Some(Came { content, digest }) = came.remove(&uid) else {
                self.summary.missing += 1;
                continue;
            };
            self.summary.fetched += 1;
            self.summary.octets += content.size();
            if let Some((local, flags)) = self.base.adopt(id, uid, &digest)? {
                self.summary.recognised += 1;
                changes.add(Change::between(Some(&flags), &wanted.row.flags), local, uid, wanted.row.flags.clone());
                continue;
            }
            // Without a date from the server, now is when it came.
            let arrived = wanted.row.arrived.unwrap_or_else(|| self.place.clock.now());
            let delivery = Delivery { key: key(folder, uid), flags: wanted.row.flags.clone(), arrived, content };
            deliveries.push(delivery);
            waiting.push((wanted, digest));
        }
        if deliveries.is_empty() {
            return Ok(());
        }
        let delivered = self.account.deliver(&folder.local, deliveries).await?;
        let mut settled = Vec::with_capacity(delivered.len());
        for ((wanted, digest), delivered) in waiting.into_iter().zip(delivered) {
            let Row { uid, flags, .. } = &wanted.row;
            settled.push(Settled { uid: *uid, local: delivered.uid, digest });
            if delivered.fresh {
                self.summary.new += 1;
            } else {
                self.summary.recognised += 1;
                changes.add(Change::between(wanted.noted.as_ref(), flags), delivered.uid, *uid, flags.clone());
            }
        }
        self.base.settle(id, &settled)
    }

    /// Applies changed flags, then notes them.
    async fn change(&mut self, folder: &Folder, id: FolderId, changes: ChangeList) -> Result<()> {
        for Changes { change, locals, agreed } in changes.0.into_values() {
            let mut touched = 0;
            for (flags, is_added) in [(change.added, true), (change.removed, false)] {
                if !is_none(&flags) {
                    let change = if is_added { FlagChange::Add(flags) } else { FlagChange::Remove(flags) };
                    touched = self.account.store_flags(&folder.local, &locals, change).await?.len();
                }
            }
            self.summary.updated += touched;
            self.base.set_flags(id, &agreed)?;
        }
        Ok(())
    }
}

impl ChangeList {
    fn add(&mut self, change: Change, local: Uid, uid: Uid, flags: Flags) {
        let key = format!("{change:?}");
        let new = || Changes { change, locals: Vec::new(), agreed: Vec::new() };
        let changes = self.0.entry(key).or_insert_with(new);
        changes.locals.push(local);
        changes.agreed.push((uid, flags));
    }
}

/// Names a message of the server for good.
fn key(folder: &Folder, uid: Uid) -> String {
    let mailbox = format!("{}\0{}\0{}", folder.account, folder.wire_name, folder.validity);
    let digest = octets(&digest::digest(&digest::SHA256, mailbox.as_bytes()));
    let start: String = digest.iter().take(16).map(|octet| format!("{octet:02x}")).collect();
    format!("{start}-{uid}")
}

fn octets(digest: &digest::Digest) -> [u8; 32] {
    let mut octets = [0; 32];
    octets.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    octets
}
