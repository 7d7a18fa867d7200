//! Which folders there are: those of the server and those here, paired, made and renamed.
//!
//! A mailbox is known by its MAILBOXID where the server has such, else by its name; a directory by the mark that was
//! written into it, else by its name. So a new name is a new name and not another folder. RFC 8474 §4.

use super::{Run, Standing};
use crate::error::Result;
use crate::imap::mailbox::{INBOX, SpecialUse};
use crate::sync::local::{Deed, Did, Directory, Local};
use crate::sync::names::Names;
use crate::sync::remote::{Done, Mailbox, Order, Remote};
use crate::sync::row::FolderId;
use crate::sync::state::{Edit, Folder, State};
use futures_util::future::join;
use std::collections::BTreeMap;

impl<L: Local, R: Remote, S: State> Run<'_, L, R, S> {
    /// Learns what there is on both sides, and makes both have the same folders.
    pub(super) async fn meet(&mut self) -> Result<()> {
        // Both are waited for: whoever reads directories holds the tree.
        let (mailboxes, directories) = join(self.remote.mailboxes(), self.local.directories()).await;
        let (mailboxes, directories) = (mailboxes?, directories?);
        self.names = Names { separator: mailboxes.iter().find_map(|mailbox| mailbox.separator) };
        for folder in self.state.folders()? {
            let standing = Standing::new(folder);
            self.standings.insert(standing.folder.id, standing);
        }
        let trash = self.meet_mailboxes(mailboxes)?;
        self.meet_directories(directories)?;
        self.note_missing();
        self.make_here().await?;
        self.make_there().await?;
        self.mark_new().await?;
        self.trash = trash.filter(|trash| self.mailbox(*trash).is_some());
        self.report.folders =
            self.standings.values().filter(|standing| standing.is_here && standing.is_there).count() as u64;
        Ok(())
    }

    /// Finds each mailbox among the known folders; the folder for removed mail.
    fn meet_mailboxes(&mut self, mailboxes: Vec<Mailbox>) -> Result<Option<FolderId>> {
        let mut trash = None;
        let by_object: BTreeMap<String, FolderId> = self
            .standings
            .values()
            .filter_map(|standing| Some((standing.folder.object.clone()?, standing.folder.id)))
            .collect();
        let by_name: BTreeMap<String, FolderId> = self
            .standings
            .values()
            .filter_map(|standing| Some((standing.folder.there.clone()?, standing.folder.id)))
            .collect();
        for mailbox in mailboxes.into_iter().filter(|mailbox| mailbox.selectable) {
            let Mailbox { name, object, counters, special_use, .. } = mailbox;
            let known = object.as_ref().and_then(|object| by_object.get(object)).or_else(|| {
                // One that had another object is another mailbox under this name.
                by_name.get(&name).filter(|id| {
                    let known = self.standings.get(id).and_then(|standing| standing.folder.object.as_ref());
                    known.is_none() || object.is_none() || known == object.as_ref()
                })
            });
            let id = match known.copied() {
                Some(id) => id,
                None => {
                    let Some(here) = self.names.here(&name) else {
                        self.report.refuse(&name, "give it a name here", "its name is not in modified UTF-7");
                        continue;
                    };
                    let is_taken = |standing: &Standing| standing.folder.here.as_deref() == Some(&here);
                    match self.standings.values().find(|standing| is_taken(standing)).map(|other| &other.folder) {
                        // A directory that waits for its mailbox.
                        Some(Folder { id, there: None, .. }) => *id,
                        Some(other) if !self.names_mailbox(other) => {
                            // The mailbox of this name was replaced by another one. Its messages are matched anew.
                            other.id
                        }
                        Some(_) => {
                            self.report.refuse(&name, "give it a name here", "another mailbox has the same name here");
                            continue;
                        }
                        None => self.add(Folder::new(Some(name.clone()), here))?,
                    }
                }
            };
            if special_use == Some(SpecialUse::Trash) {
                trash = Some(id);
            }
            let Some(standing) = self.standings.get_mut(&id) else { continue };
            if standing.is_there {
                continue;
            }
            (standing.is_there, standing.counters) = (true, counters);
            let is_renamed = standing.folder.there.as_ref() != Some(&name);
            if is_renamed || standing.folder.object != object {
                standing.folder.there = Some(name);
                standing.folder.object = object;
                self.state.write(vec![Edit::PutFolder(standing.folder.clone())])?;
            }
        }
        Ok(trash)
    }

    /// Whether a folder's mailbox was found in this run.
    fn names_mailbox(&self, folder: &Folder) -> bool {
        self.standing(folder.id).is_some_and(|standing| standing.is_there)
    }

    /// Finds each directory among the known folders.
    fn meet_directories(&mut self, directories: Vec<Directory>) -> Result<()> {
        let by_mark: BTreeMap<String, FolderId> = self
            .standings
            .values()
            .filter_map(|standing| Some((standing.folder.mark.clone()?, standing.folder.id)))
            .collect();
        // Those that still have their name come first, so that a copy of a directory is not taken for it.
        let (kept, others): (Vec<_>, Vec<_>) = directories.into_iter().partition(|directory| {
            let known = directory.mark.as_ref().and_then(|mark| by_mark.get(mark));
            let folder = known.and_then(|id| self.standings.get(id)).map(|standing| &standing.folder);
            folder.is_some_and(|folder| folder.here.as_ref() == Some(&directory.name))
        });
        for Directory { name, mark, stamp } in kept.into_iter().chain(others) {
            let known = mark
                .as_ref()
                .and_then(|mark| by_mark.get(mark))
                .filter(|id| self.standings.get(id).is_some_and(|standing| !standing.is_here));
            let by_name = || {
                let is_it = |standing: &&Standing| {
                    standing.folder.here.as_ref() == Some(&name)
                        && !standing.is_here
                        && (standing.folder.mark.is_none() || mark.is_none())
                };
                self.standings.values().find(is_it).map(|standing| standing.folder.id)
            };
            let id = match known.copied().or_else(by_name) {
                Some(id) => id,
                None => self.add(Folder::new(None, name.clone()))?,
            };
            let Some(standing) = self.standings.get_mut(&id) else { continue };
            (standing.is_here, standing.stamp) = (true, Some(stamp));
            if standing.folder.here.as_ref() != Some(&name) {
                standing.folder.here = Some(name);
                self.state.write(vec![Edit::PutFolder(standing.folder.clone())])?;
            }
            if mark.is_none() && standing.folder.mark.take().is_some() {
                // Somebody removed it; it is written again below.
                self.state.write(vec![Edit::PutFolder(standing.folder.clone())])?;
            }
        }
        Ok(())
    }

    fn add(&mut self, mut folder: Folder) -> Result<FolderId> {
        let id = self.state.add_folder(folder.clone())?;
        folder.id = id;
        let standing = Standing::new(folder);
        self.standings.insert(id, standing);
        Ok(id)
    }

    /// A folder that was once worked in, and is not there now, was removed. A new one has yet to be made.
    fn note_missing(&mut self) {
        for standing in self.standings.values_mut() {
            standing.went_there = !standing.is_there && standing.folder.validity.is_some();
            standing.went_here = !standing.is_here && standing.folder.mark.is_some();
        }
    }

    /// Makes and renames directories after the server's mailboxes.
    async fn make_here(&mut self) -> Result<()> {
        let mut deeds = Vec::new();
        for standing in self.standings.values().filter(|standing| standing.is_there) {
            let Folder { id, there, here, agreed, .. } = &standing.folder;
            let wanted = there.as_deref().and_then(|there| self.names.here(there));
            let Some(wanted) = wanted else { continue };
            match here {
                Some(here) if standing.is_here && *here != wanted && agreed != there && self.policy.pull.folders => {
                    deeds.push((*id, wanted.clone(), Deed::Rename { folder: here.clone(), to: wanted }));
                }
                _ if !standing.is_here && !standing.went_here && self.policy.pull.folders => {
                    deeds.push((*id, wanted.clone(), Deed::Create { folder: wanted }));
                }
                _ => {}
            }
        }
        let did = self.local.perform(deeds.iter().map(|(_, _, deed)| deed.clone()).collect()).await?;
        for ((id, name, _), did) in deeds.into_iter().zip(did) {
            let Some(standing) = self.standings.get_mut(&id) else { continue };
            match did {
                Did::Ok | Did::File(_) => {
                    self.report.folders_changed += 1;
                    standing.is_here = true;
                    standing.folder.here = Some(name);
                    self.state.write(vec![Edit::PutFolder(standing.folder.clone())])?;
                }
                Did::Missing => standing.is_here = false,
                Did::Failed(error) => {
                    standing.is_here = false;
                    self.report.refuse(&name, "make the directory", error.to_string());
                }
            }
        }
        Ok(())
    }

    /// The name on the wire for a directory that got another name here, while its mailbox kept its own.
    fn renamed_here(&self, id: FolderId) -> Option<String> {
        let Standing { folder, is_here: true, is_there: true, .. } = self.standing(id)? else { return None };
        let wanted = self.names.there(folder.here.as_deref()?)?;
        (folder.agreed == folder.there && folder.there.as_ref() != Some(&wanted)).then_some(wanted)
    }

    /// Makes and renames mailboxes after the directories here.
    async fn make_there(&mut self) -> Result<()> {
        if !self.policy.push.folders {
            return Ok(());
        }
        let mut orders = Vec::new();
        for standing in self.standings.values().filter(|standing| standing.is_here && !standing.went_there) {
            let Folder { id, there, here, .. } = &standing.folder;
            let Some(here) = here.as_deref() else { continue };
            match (standing.is_there, there) {
                (true, Some(there)) => {
                    if let Some(to) = self.renamed_here(*id) {
                        orders.push((*id, to.clone(), Order::Rename { mailbox: there.clone(), to }));
                    }
                }
                _ => match self.names.there(here) {
                    Some(name) if name == INBOX => {}
                    Some(name) => orders.push((*id, name.clone(), Order::Create { mailbox: name })),
                    None => {
                        self.report.refuse(here, "give it a name on the server", "the server cannot have this name")
                    }
                },
            }
        }
        let performed = self.remote.perform(orders.iter().map(|(_, _, order)| order.clone()).collect()).await;
        for ((id, name, _), done) in orders.into_iter().zip(performed.done) {
            let Some(standing) = self.standings.get_mut(&id) else { continue };
            match done {
                Done::Refused(refused) => self.report.refuse(&name, "make the mailbox", refused.text),
                _ => {
                    self.report.folders_changed += 1;
                    standing.is_there = true;
                    standing.folder.there = Some(name);
                    self.state.write(vec![Edit::PutFolder(standing.folder.clone())])?;
                }
            }
        }
        performed.cut.map_or(Ok(()), Err)
    }

    /// Writes marks into directories that have none, and notes on which names both sides agree.
    async fn mark_new(&mut self) -> Result<()> {
        let mut deeds = Vec::new();
        for standing in self.standings.values_mut().filter(|standing| standing.is_here && standing.is_there) {
            let folder = &mut standing.folder;
            if folder.agreed != folder.there {
                folder.agreed.clone_from(&folder.there);
                self.state.write(vec![Edit::PutFolder(folder.clone())])?;
            }
            if folder.mark.is_none()
                && let Some(here) = &folder.here
            {
                let mut octets = [0; 16];
                self.entropy.fill(&mut octets);
                let mark: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
                deeds.push((folder.id, mark.clone(), Deed::Mark { folder: here.clone(), mark }));
            }
        }
        let did = self.local.perform(deeds.iter().map(|(_, _, deed)| deed.clone()).collect()).await?;
        for ((id, mark, _), did) in deeds.into_iter().zip(did) {
            if let (Some(standing), Did::Ok) = (self.standings.get_mut(&id), did) {
                standing.folder.mark = Some(mark);
                self.state.write(vec![Edit::PutFolder(standing.folder.clone())])?;
            }
        }
        Ok(())
    }
}
