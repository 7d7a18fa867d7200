//! Reads directories whose names may have changed, and writes down what is found.
//!
//! Other programs rename files while they are read, and a file that is renamed may not be seen at all. So absence is
//! believed only of a pass during which, and shortly before which, nobody changed a name.

use super::{FIRST, Run, Standing, WINDOW};
use crate::error::Result;
use crate::imap::flag::Flags;
use crate::imap::number::UidValidity;
use crate::store::tree::settles;
use crate::sync::decide::as_told;
use crate::sync::local::Local;
use crate::sync::remote::Remote;
use crate::sync::row::{Fate, File, FolderId, Here, Likeness, Row, RowId};
use crate::sync::state::{Edit, SeenHere, State};
use crate::sync::stem;

/// A directory that never rests is read so often; then what is missing stays unknown.
const PASSES: usize = 3;
impl SeenHere {
    /// Whether names are as they were when they were last read.
    fn is_same_as(&self, now: &Self) -> bool {
        (self.cur, self.new) == (now.cur, now.new) && settles(self.cur.max(self.new)) < self.at
    }
}

impl<L: Local, R: Remote, S: State> Run<'_, L, R, S> {
    /// Reads all directories whose names may have changed.
    pub(super) async fn scan(&mut self) -> Result<()> {
        let due: Vec<FolderId> =
            self.standings.values().filter(|standing| standing.is_due()).map(Standing::id).collect();
        for id in due {
            self.scan_one(id).await?;
        }
        let went: Vec<FolderId> =
            self.standings.values().filter(|standing| standing.went_here).map(Standing::id).collect();
        for id in went {
            self.miss(id, &Seen::default())?;
        }
        // Before anything is matched: what was in a mailbox that got another name is found under that name.
        self.miss_mailboxes()
    }

    async fn scan_one(&mut self, id: FolderId) -> Result<()> {
        let Some(standing) = self.standing(id) else { return Ok(()) };
        let Some(directory) = standing.folder.here.clone() else { return Ok(()) };
        let prefix = standing.folder.there.as_deref().zip(standing.folder.validity);
        let prefix = prefix.map(|(mailbox, validity)| (stem::prefix(self.account, mailbox, validity), validity));
        let told = self.local.keywords(&directory).await?;
        self.report.scanned += 1;
        for _ in 0..PASSES {
            let mut seen = Seen::default();
            let Self { local, state, .. } = &mut *self;
            let mut each = |files: Vec<File>| find(&mut **state, id, prefix.as_ref(), &told, files, &mut seen);
            let pass = local.scan(&directory, &mut each).await?;
            if pass.is_quiet {
                self.miss(id, &seen)?;
                // Before the names count as read: nobody knows it again if it is moved before somebody has looked at it.
                for ids in seen.undescribed.chunks(WINDOW) {
                    let mut rows = Vec::new();
                    for id in ids {
                        rows.extend(self.state.row(*id)?.filter(|row| row.alive_here().is_some()));
                    }
                    self.describe_in(id, rows).await?;
                }
                if let Some(standing) = self.standings.get_mut(&id) {
                    standing.folder.seen_here = Some(pass.stamp);
                    self.state.write(vec![Edit::PutFolder(standing.folder.clone())])?;
                }
                return Ok(());
            }
        }
        Ok(())
    }

    /// The files that were not seen are gone.
    fn miss(&mut self, folder: FolderId, seen: &Seen) -> Result<()> {
        let mut after = FIRST;
        loop {
            let rows = self.state.here_after(folder, after, WINDOW)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            let edits = rows.into_iter().filter(|row| !seen.has(row.id)).filter_map(|mut row| {
                let here = row.here.as_mut().filter(|here| !here.gone)?;
                here.gone = true;
                Some(Edit::Put(row))
            });
            let edits: Vec<_> = edits.collect();
            if !edits.is_empty() {
                self.state.write(edits)?;
            }
        }
    }
}

impl Standing {
    fn id(&self) -> FolderId {
        self.folder.id
    }

    fn is_due(&self) -> bool {
        let is_same = self.folder.seen_here.zip(self.stamp).is_some_and(|(seen, now)| seen.is_same_as(&now));
        self.is_here && !is_same
    }
}

/// Rows whose file was seen.
#[derive(Debug, Default)]
struct Seen {
    /// A bit for each.
    bits: Vec<u64>,
    /// Those that came in a run which did not live to say what they are like.
    undescribed: Vec<RowId>,
}

impl Seen {
    fn place(id: RowId) -> Option<(usize, u64)> {
        let at = usize::try_from(id.0).ok()?;
        Some((at / 64, 1 << (at % 64)))
    }

    fn add(&mut self, id: RowId) {
        let Some((word, bit)) = Self::place(id) else { return };
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        if let Some(known) = self.bits.get_mut(word) {
            *known |= bit;
        }
    }

    fn has(&self, id: RowId) -> bool {
        Self::place(id).is_some_and(|(word, bit)| self.bits.get(word).is_some_and(|known| known & bit != 0))
    }
}

/// Compares files with what is known of them.
fn find<S: State>(
    state: &mut S,
    folder: FolderId,
    prefix: Option<&(String, UidValidity)>,
    told: &Flags,
    files: Vec<File>,
    seen: &mut Seen,
) -> Result<()> {
    let mut edits = Vec::new();
    let mut new: Vec<Vec<u8>> = Vec::new();
    for mut file in files {
        let known = match state.by_base(folder, &file.base)? {
            Some(row) => Some(row),
            // We may have put it there and not lived to note it, or have lost our notes.
            None => match prefix.and_then(|(prefix, _)| stem::uid(prefix, &file.base)) {
                Some(uid) => state
                    .by_uid(folder, uid)?
                    .filter(|row| row.here.is_none() && row.fate != Fate::Left && row.fate != Fate::Doomed),
                None => None,
            },
        };
        let Some(before) = known else {
            // During a renaming a name may be read twice.
            if !new.contains(&file.base) {
                new.push(file.base.clone());
                edits.push(Edit::Insert(Row {
                    id: RowId(0),
                    folder,
                    there: None,
                    here: Some(Here { folder, file, gone: false }),
                    base: None,
                    likeness: Likeness::default(),
                    arrived: None,
                    fate: Fate::Normal,
                }));
            }
            continue;
        };
        seen.add(before.id);
        file.flags = as_told(&file.flags, before.base.as_ref(), told);
        let mut row = before.clone();
        row.here = Some(Here { folder, file, gone: false });
        let is_new = before.here.is_none() || row.fate == Fate::Fetching;
        if is_new && row.there.is_some() {
            let is_described = row.likeness.whole.is_some();
            row.fate = if is_described { Fate::Normal } else { Fate::Fetching };
            if !is_described {
                seen.undescribed.push(row.id);
            }
        }
        if row != before {
            edits.push(Edit::Put(row));
        }
    }
    if !edits.is_empty() {
        state.write(edits)?.into_iter().for_each(|id| seen.add(id));
    }
    Ok(())
}
