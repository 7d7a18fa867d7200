//! A mail store in memory, just good enough to hold a conversation with; it can be told to fail.

use mailkit::imap::content;
use mailkit::imap::flag::{Flags, SystemFlag};
use mailkit::imap::mailbox::{Changes, CopyUid, MailboxInfo, Row, Snapshot, SpecialUse, Status};
use mailkit::imap::number::{ModSeq, Uid, UidValidity};
use mailkit::imap::server::{Answer, Ask, Refusal};
use mailkit::imap::structure::Structure;
use mailkit::message::view::Message;
use mailkit::sasl::LoginRefusal;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// All mailboxes of the one user there is.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) mailboxes: BTreeMap<String, Mailbox>,
    pub(crate) subscribed: BTreeSet<String>,
    pub(crate) validities: u32,
    /// What every task but login is refused with.
    pub(crate) failing: Option<Refusal>,
    /// Octets that `Read` gave in one go, at most.
    pub(crate) largest_piece: usize,
    pub(crate) asked: Vec<&'static str>,
}

pub(crate) struct Mailbox {
    pub(crate) validity: u32,
    pub(crate) uid_next: u32,
    pub(crate) modseq: u64,
    pub(crate) messages: BTreeMap<u32, Kept>,
    pub(crate) vanished: Vec<(u64, u32)>,
    pub(crate) special_use: Option<SpecialUse>,
}

#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) flags: Flags,
    pub(crate) octets: Arc<Vec<u8>>,
    pub(crate) arrived: mailkit::world::Timestamp,
    pub(crate) modseq: u64,
    pub(crate) recent: bool,
}

/// One connection's hands.
pub(crate) struct Host {
    pub(crate) store: Arc<Mutex<Store>>,
    coming: Option<(String, Kept)>,
}

impl Store {
    pub(crate) fn new() -> Arc<Mutex<Self>> {
        let mut store = Self::default();
        store.create("INBOX");
        Arc::new(Mutex::new(store))
    }

    pub(crate) fn create(&mut self, name: &str) -> &mut Mailbox {
        self.validities += 1;
        let mailbox = Mailbox {
            validity: self.validities,
            uid_next: 1,
            modseq: 1,
            messages: BTreeMap::new(),
            vanished: Vec::new(),
            special_use: (name == "Sent").then_some(SpecialUse::Sent),
        };
        self.mailboxes.entry(name.to_owned()).or_insert(mailbox)
    }

    fn mailbox(&mut self, name: &str) -> Result<&mut Mailbox, Refusal> {
        self.mailboxes.get_mut(name).ok_or(Refusal::NoMailbox)
    }
}

impl Mailbox {
    pub(crate) fn deliver(&mut self, octets: &[u8], flags: Flags) -> Uid {
        let arrived = "2026-11-21T07:45:00Z".parse().expect("well formed");
        self.keep(Kept { flags, octets: Arc::new(octets.to_vec()), arrived, modseq: 0, recent: true })
    }

    fn keep(&mut self, mut kept: Kept) -> Uid {
        self.modseq += 1;
        kept.modseq = self.modseq;
        self.messages.insert(self.uid_next, kept);
        self.uid_next += 1;
        uid(self.uid_next - 1)
    }

    pub(crate) fn expunge(&mut self, number: u32) {
        if self.messages.remove(&number).is_some() {
            self.modseq += 1;
            self.vanished.push((self.modseq, number));
        }
    }

    fn row(number: u32, kept: &Kept) -> Row {
        Row {
            uid: uid(number),
            flags: kept.flags.clone(),
            size: kept.octets.len() as u64,
            arrived: kept.arrived,
            modseq: ModSeq(kept.modseq),
            recent: kept.recent,
        }
    }

    fn rows(&mut self, since: u64, claims_recent: bool) -> Vec<Row> {
        let changed = self.messages.iter_mut().filter(|(_, kept)| kept.modseq > since);
        changed
            .map(|(number, kept)| {
                let row = Self::row(*number, kept);
                kept.recent &= !claims_recent;
                row
            })
            .collect()
    }

    fn status(&self) -> Status {
        let count = |wanted: &dyn Fn(&Kept) -> bool| self.messages.values().filter(|kept| wanted(kept)).count() as u32;
        Status {
            messages: self.messages.len() as u32,
            unseen: count(&|kept| !kept.flags.has(SystemFlag::Seen)),
            deleted: count(&|kept| kept.flags.has(SystemFlag::Deleted)),
            recent: count(&|kept| kept.recent),
            uid_next: uid(self.uid_next),
            uid_validity: UidValidity::new(self.validity).expect("not zero"),
            highest_modseq: ModSeq(self.modseq),
            size: self.messages.values().map(|kept| kept.octets.len() as u64).sum(),
        }
    }
}

fn uid(number: u32) -> Uid {
    Uid::new(number).expect("not zero")
}

impl Host {
    pub(crate) fn new(store: &Arc<Mutex<Store>>) -> Self {
        Self { store: store.clone(), coming: None }
    }

    pub(crate) fn perform(&mut self, ask: Ask) -> Answer {
        let mut store = self.store.lock().expect("nobody panicked");
        let store = &mut *store;
        store.asked.push(name_of(&ask));
        let failing = store.failing.clone().map_or(Ok(()), Err);
        match ask {
            Ask::Authenticate(credentials) => {
                let good = credentials.user == "bob"
                    && credentials.password().is_some_and(|password| password.expose() == "secret");
                Answer::Authenticated(if good { Ok(credentials.user) } else { Err(LoginRefusal::Bad) })
            }
            Ask::Flush => Answer::Done(Ok(())),
            Ask::Mailboxes => Answer::Mailboxes(failing.map(|()| infos(store))),
            Ask::Create { mailbox } => Answer::Done(failing.and_then(|()| {
                if store.mailboxes.contains_key(&mailbox) {
                    return Err(Refusal::Exists);
                }
                store.create(&mailbox);
                Ok(())
            })),
            Ask::Delete { mailbox } => Answer::Done(
                failing.and_then(|()| store.mailboxes.remove(&mailbox).map(drop).ok_or(Refusal::NoMailbox)),
            ),
            Ask::Rename { from, to } => Answer::Done(failing.and_then(|()| rename(store, &from, &to))),
            Ask::Subscribe { mailbox, on } => Answer::Done(failing.map(|()| {
                if on {
                    store.subscribed.insert(mailbox)
                } else {
                    store.subscribed.remove(&mailbox)
                };
            })),
            Ask::Status { mailbox } => {
                Answer::Status(failing.and_then(|()| store.mailbox(&mailbox).map(|mailbox| mailbox.status())))
            }
            Ask::Open { mailbox, claims_recent } => Answer::Opened(failing.and_then(|()| {
                let mailbox = store.mailbox(&mailbox)?;
                Ok(Snapshot { status: mailbox.status(), rows: mailbox.rows(0, claims_recent) })
            })),
            Ask::Changes { mailbox, since, claims_recent } => Answer::Changes(store.mailbox(&mailbox).map(|mailbox| {
                let vanished = mailbox.vanished.iter().filter(|(modseq, _)| *modseq > since.0);
                let mut vanished: Vec<Uid> = vanished.map(|(_, number)| uid(*number)).collect();
                vanished.sort();
                Changes {
                    rows: mailbox.rows(since.0, claims_recent),
                    vanished,
                    highest_modseq: ModSeq(mailbox.modseq),
                    uid_next: uid(mailbox.uid_next),
                    uid_validity: UidValidity::new(mailbox.validity).expect("not zero"),
                }
            })),
            Ask::Read { mailbox, uid, offset, len } => {
                store.largest_piece = store.largest_piece.max(len);
                Answer::Piece(failing.and_then(|()| {
                    let octets = content(store, &mailbox, uid)?;
                    let rest = octets.get(offset as usize..).unwrap_or_default();
                    Ok(rest[..len.min(rest.len())].to_vec())
                }))
            }
            Ask::Structure { mailbox, uid } => Answer::Structure(
                failing.and_then(|()| content(store, &mailbox, uid).map(|octets| Box::new(Structure::read(&octets)))),
            ),
            Ask::Search { mailbox, rows, key } => Answer::Found(failing.map(|()| {
                let meets = |row: &Row| {
                    let octets = content(store, &mailbox, row.uid).unwrap_or_default();
                    content::matches(&key, row, &Message::parse(&octets))
                };
                rows.iter().filter(|row| meets(row)).map(|row| row.uid).collect()
            })),
            Ask::StoreFlags { mailbox, uids, change } => Answer::Rows(failing.and_then(|()| {
                let mailbox = store.mailbox(&mailbox)?;
                mailbox.modseq += 1;
                let mut rows = Vec::new();
                for uid in uids {
                    let Some(kept) = mailbox.messages.get_mut(&uid.get()) else { continue };
                    change.apply(&mut kept.flags);
                    kept.modseq = mailbox.modseq;
                    rows.push(Mailbox::row(uid.get(), kept));
                }
                Ok(rows)
            })),
            Ask::Expunge { mailbox, uids } => Answer::Done(failing.and_then(|()| {
                let mailbox = store.mailbox(&mailbox)?;
                uids.into_iter().for_each(|uid| mailbox.expunge(uid.get()));
                Ok(())
            })),
            Ask::Copy { mailbox, uids, to } => {
                Answer::Copied(failing.and_then(|()| transfer(store, &mailbox, &uids, &to, false)))
            }
            Ask::Move { mailbox, uids, to } => {
                Answer::Copied(failing.and_then(|()| transfer(store, &mailbox, &uids, &to, true)))
            }
            Ask::AppendBegin { mailbox, flags, arrived, .. } => Answer::Done(failing.and_then(|()| {
                store.mailbox(&mailbox)?;
                let arrived = arrived.unwrap_or_else(|| "2026-11-21T07:45:00Z".parse().expect("well formed"));
                self.coming = Some((mailbox, Kept { flags, octets: Arc::default(), arrived, modseq: 0, recent: true }));
                Ok(())
            })),
            Ask::AppendWrite(octets) => Answer::Done(failing.map(|()| {
                let (_, kept) = self.coming.as_mut().expect("a message was begun");
                Arc::make_mut(&mut kept.octets).extend_from_slice(&octets);
            })),
            Ask::AppendCommit => Answer::Appended(failing.and_then(|()| {
                let (mailbox, kept) = self.coming.take().expect("a message was begun");
                let mailbox = store.mailbox(&mailbox)?;
                let uid = mailbox.keep(kept);
                Ok((UidValidity::new(mailbox.validity).expect("not zero"), uid))
            })),
            Ask::AppendDiscard => {
                self.coming.take().expect("a message was begun");
                Answer::Done(Ok(()))
            }
        }
    }
}

fn infos(store: &Store) -> Vec<MailboxInfo> {
    let names: BTreeSet<&String> = store.mailboxes.keys().chain(&store.subscribed).collect();
    let info = |name: &String| MailboxInfo {
        name: name.clone(),
        subscribed: store.subscribed.contains(name),
        special_use: store.mailboxes.get(name).and_then(|mailbox| mailbox.special_use),
        selectable: store.mailboxes.contains_key(name),
        exists: store.mailboxes.contains_key(name),
    };
    names.into_iter().map(info).collect()
}

fn rename(store: &mut Store, from: &str, to: &str) -> Result<(), Refusal> {
    if store.mailboxes.contains_key(to) {
        return Err(Refusal::Exists);
    }
    if from == "INBOX" {
        let uids: Vec<Uid> = store.mailbox(from)?.messages.keys().map(|number| uid(*number)).collect();
        store.create(to);
        return transfer(store, from, &uids, to, true).map(drop);
    }
    let below: Vec<String> =
        store.mailboxes.keys().filter(|name| *name == from || name.starts_with(&format!("{from}/"))).cloned().collect();
    if below.is_empty() {
        return Err(Refusal::NoMailbox);
    }
    for name in below {
        let mailbox = store.mailboxes.remove(&name).expect("it was found");
        store.mailboxes.insert(format!("{to}{}", &name[from.len()..]), mailbox);
    }
    Ok(())
}

fn content(store: &Store, mailbox: &str, uid: Uid) -> Result<Arc<Vec<u8>>, Refusal> {
    let mailbox = store.mailboxes.get(mailbox).ok_or(Refusal::NoMailbox)?;
    mailbox.messages.get(&uid.get()).map(|kept| kept.octets.clone()).ok_or(Refusal::Gone)
}

fn transfer(store: &mut Store, from: &str, uids: &[Uid], to: &str, moves: bool) -> Result<CopyUid, Refusal> {
    let source = store.mailbox(from)?;
    let kept: Vec<_> = uids.iter().filter_map(|uid| Some((*uid, source.messages.get(&uid.get())?.clone()))).collect();
    let target = store.mailbox(to)?;
    let validity = UidValidity::new(target.validity).expect("not zero");
    let pairs: Vec<_> = kept.into_iter().map(|(uid, kept)| (uid, target.keep(Kept { recent: true, ..kept }))).collect();
    if moves {
        let source = store.mailbox(from)?;
        pairs.iter().for_each(|(uid, _)| source.expunge(uid.get()));
    }
    Ok(CopyUid { validity, pairs })
}

fn name_of(ask: &Ask) -> &'static str {
    match ask {
        Ask::Authenticate(_) => "Authenticate",
        Ask::Mailboxes => "Mailboxes",
        Ask::Create { .. } => "Create",
        Ask::Delete { .. } => "Delete",
        Ask::Rename { .. } => "Rename",
        Ask::Subscribe { .. } => "Subscribe",
        Ask::Status { .. } => "Status",
        Ask::Open { .. } => "Open",
        Ask::Changes { .. } => "Changes",
        Ask::Read { .. } => "Read",
        Ask::Structure { .. } => "Structure",
        Ask::Search { .. } => "Search",
        Ask::StoreFlags { .. } => "StoreFlags",
        Ask::Expunge { .. } => "Expunge",
        Ask::Copy { .. } => "Copy",
        Ask::Move { .. } => "Move",
        Ask::AppendBegin { .. } => "AppendBegin",
        Ask::AppendWrite(_) => "AppendWrite",
        Ask::AppendCommit => "AppendCommit",
        Ask::AppendDiscard => "AppendDiscard",
        Ask::Flush => "Flush",
    }
}
