//! Mailboxes as a whole: list, create, delete, rename, subscribe.
//!
//! The directories are the truth; the index follows, now or when it meets them. A mailbox that is
//! deleted is first moved out of sight, so that it is there whole or not at all.
//! RFC 9051 §6.3.4 to §6.3.9; RFC 3501 §6.3.5 for the renaming of INBOX.

use super::folder::{Folder, special_use};
use super::folder_files::remove_mailbox;
use super::index::Commit;
use super::messages;
use super::rows;
use super::state::{State, TRASH};
use crate::imap::mailbox::{INBOX, MailboxInfo, SEPARATOR};
use crate::imap::number::Uid;
use crate::store::mailbox_error::{MailboxError, Outcome};
use std::collections::BTreeMap;
use std::path::Path;

impl State {
    /// All names: mailboxes, the levels above them, and subscriptions.
    pub(in crate::store) fn mailboxes(&mut self) -> Outcome<Vec<MailboxInfo>> {
        let mut all = BTreeMap::new();
        let info = |name: &str, selectable, exists| MailboxInfo {
            name: name.to_owned(),
            subscribed: false,
            special_use: special_use(name).filter(|_| selectable),
            selectable,
            exists,
        };
        for Folder { name, .. } in self.folders()? {
            for (at, _) in name.match_indices(SEPARATOR) {
                let above = &name[..at];
                all.entry(above.to_owned()).or_insert_with(|| info(above, false, true));
            }
            let there = info(&name, true, true);
            all.insert(name, there);
        }
        for name in rows::subscriptions(self.index.connection())? {
            all.entry(name).or_insert_with_key(|name| info(name, false, false)).subscribed = true;
        }
        Ok(all.into_values().collect())
    }

    /// The mailboxes on disk, INBOX first.
    fn folders(&self) -> Outcome<Vec<Folder>> {
        let entries =
            self.disk.read_dir(&self.maildir).map_err(|error| MailboxError::file("reading", &self.maildir, error))?;
        let inner = entries.iter().filter(|entry| entry.is_dir).filter_map(|entry| Folder::from_dir(&entry.name));
        let mut folders = vec![Folder::of(INBOX)?];
        folders.extend(inner.filter(|folder| self.files(&folder.path(&self.maildir)).exists()));
        Ok(folders)
    }

    /// Makes an empty mailbox.
    pub(in crate::store) fn create(&mut self, name: &str) -> Outcome<()> {
        let folder = Folder::of(name)?;
        let path = folder.path(&self.maildir);
        if self.files(&path).exists() {
            return Err(MailboxError::AlreadyExists);
        }
        // A row that is left belongs to a mailbox that another program removed.
        self.forget(&folder.name)?;
        self.files(&path).make()?;
        // Maildir++ marks what is not a Maildir of its own.
        match self.disk.create(&path.join("maildirfolder")) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error.into()),
            _ => {}
        }
        self.enter(&folder.name)?;
        self.touched.insert(folder.name);
        Ok(())
    }

    /// Removes a mailbox with its messages; those below it stay.
    pub(in crate::store) fn delete(&mut self, name: &str) -> Outcome<()> {
        let folder = Folder::of(name)?;
        if folder.is_inbox() {
            return Err(MailboxError::Cannot("INBOX cannot be deleted"));
        }
        let path = folder.path(&self.maildir);
        if !self.files(&path).exists() {
            let has_children = self.folders()?.iter().any(|other| is_below(&other.name, &folder.name));
            return Err(if has_children { MailboxError::HasChildren } else { MailboxError::NoSuchMailbox });
        }
        let trash = self.maildir.join(format!("{TRASH}{}", self.fresh_stem()));
        self.rename_dir(&path, &trash)?;
        self.disk.sync_dir(&self.maildir)?;
        self.forget(&folder.name)?;
        // What cannot be removed now is removed at the next start.
        let _ = remove_mailbox(&*self.disk, &trash);
        Ok(())
    }

    /// Drops what the index has about a name.
    fn forget(&mut self, name: &str) -> Outcome<()> {
        let change = self.index.begin(Commit::Quick)?;
        if let Some(row) = rows::find(&change, name)? {
            rows::remove(&change, row.id)?;
            self.known.remove(&row.id);
        }
        change.commit()?;
        self.readers.clear();
        self.touched.insert(name.to_owned());
        Ok(())
    }

    /// Gives a mailbox, and those below it, another name. INBOX stays, and gives away its messages.
    pub(in crate::store) fn rename(&mut self, from: &str, to: &str) -> Outcome<()> {
        let (from, to) = (Folder::of(from)?, Folder::of(to)?);
        if self.files(&to.path(&self.maildir)).exists() {
            return Err(MailboxError::AlreadyExists);
        }
        if from.is_inbox() {
            return self.give_away(&to);
        }
        if is_below(&to.name, &from.name) {
            return Err(MailboxError::Cannot("A mailbox cannot move below itself"));
        }
        let mut renames = Vec::new();
        for old in self.folders()? {
            if old.name == from.name || is_below(&old.name, &from.name) {
                let new = Folder::of(&format!("{}{}", to.name, &old.name[from.name.len()..]))?;
                if self.files(&new.path(&self.maildir)).exists() {
                    return Err(MailboxError::AlreadyExists);
                }
                renames.push((old, new));
            }
        }
        if renames.is_empty() {
            return Err(MailboxError::NoSuchMailbox);
        }
        for (old, new) in renames {
            // A row under the new name would be left from a mailbox that another program removed.
            self.forget(&new.name)?;
            self.rename_dir(&old.path(&self.maildir), &new.path(&self.maildir))?;
            let change = self.index.begin(Commit::Quick)?;
            if let Some(row) = rows::find(&change, &old.name)? {
                rows::rename(&change, row.id, &new.name)?;
                self.known.remove(&row.id);
            }
            change.commit()?;
            self.touched.extend([old.name, new.name]);
        }
        self.readers.clear();
        Ok(self.disk.sync_dir(&self.maildir)?)
    }

    /// RFC 3501 §6.3.5: renaming INBOX moves all messages to a new mailbox and leaves INBOX empty.
    fn give_away(&mut self, to: &Folder) -> Outcome<()> {
        self.create(&to.name)?;
        let at = self.enter(INBOX)?;
        let uids: Vec<_> =
            messages::all(self.index.connection(), at.id)?.iter().filter_map(|message| Uid::new(message.uid)).collect();
        self.move_to(INBOX, &uids, &to.name).map(|_| ())
    }

    fn rename_dir(&self, from: &Path, to: &Path) -> Outcome<()> {
        self.disk.rename(from, to).map_err(|error| MailboxError::file("renaming", from, error))
    }

    /// Subscribes to a name, or no longer.
    pub(in crate::store) fn subscribe(&mut self, name: &str, on: bool) -> Outcome<()> {
        let folder = Folder::of(name)?;
        let change = self.index.begin(Commit::Durable)?;
        rows::subscribe(&change, &folder.name, on)?;
        Ok(change.commit()?)
    }
}

fn is_below(name: &str, above: &str) -> bool {
    name.strip_prefix(above).is_some_and(|rest| rest.starts_with(SEPARATOR))
}
