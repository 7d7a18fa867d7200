//! Flags: what one side changed changes on the other, many messages with one order.

use super::{FIRST, Run, WINDOW};
use crate::error::Result;
use crate::imap::flag::Flags;
use crate::imap::number::Uid;
use crate::sync::decide::{Merge, Step, decide};
use crate::sync::local::{Deed, Did, Local};
use crate::sync::remote::{Done, Order, Remote};
use crate::sync::row::{Class, FolderId, Row};
use crate::sync::state::{Edit, State};
use futures_util::future::join;

/// Messages of a mailbox that get the same flags.
struct Store {
    folder: FolderId,
    add: Flags,
    remove: Flags,
    uids: Vec<Uid>,
    rows: Vec<usize>,
}

impl<L: Local, R: Remote, S: State> Run<'_, L, R, S> {
    /// Makes flags the same on both sides, as far as they may change.
    pub(super) async fn agree(&mut self) -> Result<()> {
        let mut after = FIRST;
        loop {
            let rows = self.state.pending(Class::Flags, after, WINDOW)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            let merges = rows.into_iter().filter_map(|row| match decide(&row, self.policy, self.trash) {
                Step::Flags(merge) => Some((row, merge)),
                _ => None,
            });
            let merges: Vec<(Row, Merge)> = merges.filter(|(row, merge)| self.may_agree(row, merge)).collect();
            self.agree_on(merges).await?;
        }
    }

    /// Whether the sides that would change can be reached.
    fn may_agree(&self, row: &Row, merge: &Merge) -> bool {
        let standing = self.standing(row.folder);
        let is_writable = || {
            standing.is_some_and(|standing| {
                standing.is_there && standing.folder.can.as_ref().is_none_or(|can| !can.is_read_only)
            })
        };
        let is_here = || standing.is_some_and(|standing| standing.is_here);
        (!merge.is_there() || is_writable()) && (!merge.is_here() || is_here())
    }

    async fn agree_on(&mut self, merges: Vec<(Row, Merge)>) -> Result<()> {
        let mut stores: Vec<Store> = Vec::new();
        let (mut deeds, mut deed_rows) = (Vec::new(), Vec::new());
        for (index, (row, merge)) in merges.iter().enumerate() {
            let (Some(there), Some(here)) = (&row.there, &row.here) else { continue };
            // Flags that the server does not keep are not sent; they count as said.
            let kept = |flags: &Flags| self.kept(row.folder, flags);
            for (add, remove) in [(kept(&merge.add_there), Flags::new()), (Flags::new(), kept(&merge.remove_there))] {
                if add.is_none() && remove.is_none() {
                    continue;
                }
                let is_same =
                    |store: &&mut Store| (store.folder, &store.add, &store.remove) == (row.folder, &add, &remove);
                match stores.iter_mut().find(is_same) {
                    Some(store) => {
                        store.uids.push(there.uid);
                        store.rows.push(index);
                    }
                    None => {
                        let (uids, rows) = (vec![there.uid], vec![index]);
                        stores.push(Store { folder: row.folder, add, remove, uids, rows });
                    }
                }
            }
            if merge.is_here()
                && let Some(directory) = self.directory(row.folder)
            {
                let (folder, base) = (directory.to_owned(), here.file.base.clone());
                let (add, remove) = (merge.add_here.clone(), merge.remove_here.clone());
                deeds.push(Deed::Flag { folder, base, add, remove });
                deed_rows.push(index);
            }
        }
        let orders = stores.iter_mut().filter_map(|store| {
            store.uids.sort_unstable();
            let mailbox = self.mailbox(store.folder)?.to_owned();
            let Store { uids, add, remove, .. } = store;
            Some(Order::Store { mailbox, uids: uids.clone(), add: add.clone(), remove: remove.clone() })
        });
        let orders: Vec<Order> = orders.collect();
        let (performed, did) = join(self.remote.perform(orders), self.local.perform(deeds)).await;
        // Whoever was refused by one side keeps the old agreement, and is asked again.
        let mut is_good = vec![true; merges.len()];
        let mut done = performed.done.into_iter();
        for store in &stores {
            let refused = match done.next() {
                Some(Done::Refused(refused)) => Some(refused.text),
                Some(_) => continue,
                None => None,
            };
            store.rows.iter().for_each(|index| is_good[*index] = false);
            if let Some(text) = refused {
                let mailbox = self.mailbox(store.folder).unwrap_or_default().to_owned();
                self.report.refuse(&mailbox, "change flags", text);
            }
        }
        let mut files = std::collections::HashMap::new();
        for (index, did) in deed_rows.into_iter().zip(did?) {
            match did {
                Did::File(file) => drop(files.insert(index, file)),
                Did::Ok => {}
                Did::Missing => is_good[index] = false,
                Did::Failed(error) => {
                    is_good[index] = false;
                    let directory = self.directory(merges[index].0.folder).unwrap_or_default().to_owned();
                    self.report.refuse(&directory, "change flags", error.to_string());
                }
            }
        }
        let mut edits = Vec::new();
        for (index, (mut row, merge)) in merges.into_iter().enumerate() {
            if let (Some(file), Some(here)) = (files.remove(&index), &mut row.here) {
                // Keywords that a file cannot tell count as told.
                let mut flags = here.file.flags.clone();
                flags.add(&merge.add_here);
                flags.remove(&merge.remove_here);
                here.file = file;
                here.file.flags = flags;
            }
            if is_good[index] {
                if let Some(there) = &mut row.there {
                    there.flags.add(&merge.add_there);
                    there.flags.remove(&merge.remove_there);
                }
                self.report.flagged_here += u64::from(merge.is_here());
                self.report.flagged_there += u64::from(merge.is_there());
                row.base = Some(merge.base);
            }
            edits.push(Edit::Put(row));
        }
        if !edits.is_empty() {
            self.state.write(edits)?;
        }
        performed.cut.map_or(Ok(()), Err)
    }

    /// The flags among these that stay on the server.
    pub(super) fn kept(&self, folder: FolderId, flags: &Flags) -> Flags {
        let can = self.standing(folder).and_then(|standing| standing.folder.can.as_ref());
        let Some(can) = can else { return flags.clone() };
        let system = flags.system_bits() & can.stay.system_bits();
        let keywords = flags.keywords().filter(|keyword| can.any_keyword || can.stay.has_keyword(keyword));
        Flags::from_parts(system, keywords.map(str::to_owned))
    }
}
