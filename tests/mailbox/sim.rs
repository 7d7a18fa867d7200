//! Everything at random: our operations, other programs' doings, restarts, lost indexes. A simple model says
//! what has to be there.

use super::world::{Home, delivery, flags};
use mailkit::imap::flag::SystemFlag;
use mailkit::imap::mailbox::{FlagChange, Row};
use mailkit::imap::number::{ModSeq, Uid, UidValidity};
use mailkit::net::entropy::SeededEntropy;
use mailkit::store::account::Account;
use mailkit::world::Entropy;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

const NAMES: [&str; 2] = ["INBOX", "other"];

/// What has to be in a mailbox: text, and the bits of the flags. By UID.
type Model = BTreeMap<Uid, (String, u8)>;

/// A client that follows a mailbox by its changes only.
#[derive(Default)]
struct Client {
    rows: BTreeMap<Uid, Row>,
    since: ModSeq,
    validity: Option<UidValidity>,
}

struct Sim {
    home: Home,
    account: Account,
    chance: SeededEntropy,
    models: [Model; 2],
    clients: [Client; 2],
    given: [HashSet<Uid>; 2],
    keys: u32,
}

impl Sim {
    async fn new(seed: u64, home: Home) -> Self {
        let account = home.account("bob").await;
        account.create("other").await.unwrap();
        let (models, clients, given) = Default::default();
        Self { home, account, chance: SeededEntropy::new(seed), models, clients, given, keys: 0 }
    }

    fn below(&self, limit: usize) -> usize {
        let mut octets = [0; 8];
        self.chance.fill(&mut octets);
        (u64::from_le_bytes(octets) % limit.max(1) as u64) as usize
    }

    /// Some messages of a mailbox.
    fn some(&self, at: usize) -> Vec<Uid> {
        self.models[at].keys().copied().filter(|_| self.below(3) == 0).collect()
    }

    fn arrived(&mut self, at: usize, uid: Uid, message: (String, u8)) {
        assert!(self.given[at].insert(uid), "a UID was given twice");
        self.models[at].insert(uid, message);
    }

    async fn step(&mut self) {
        let (at, to) = (self.below(2), self.below(2));
        let (name, target) = (NAMES[at], NAMES[to]);
        let uids = self.some(at);
        match self.below(9) {
            0 | 1 => {
                let count = 1 + self.below(3);
                let batch: Vec<_> = (0..count)
                    .map(|_| {
                        // Now and then a key comes again.
                        self.keys += u32::from(self.below(4) > 0);
                        let text = format!("key {}\r\nand\r\n", self.keys);
                        delivery(&self.keys.to_string(), &text)
                    })
                    .collect();
                let texts: Vec<_> = batch.iter().map(|one| format!("key {}\r\nand\r\n", one.key)).collect();
                let delivered = self.account.deliver(name, batch).await.unwrap();
                for (one, text) in delivered.into_iter().zip(texts) {
                    if one.fresh {
                        self.arrived(at, one.uid, (text, 0));
                    }
                    assert!(self.given[at].contains(&one.uid));
                }
            }
            2 => {
                let flag = SystemFlag::ALL[self.below(5)];
                let is_adding = self.below(2) == 0;
                let set = flags(&[flag], &[]);
                let change = if is_adding { FlagChange::Add(set) } else { FlagChange::Remove(set) };
                self.account.store_flags(name, &uids, change).await.unwrap();
                for uid in uids {
                    let bits = &mut self.models[at].get_mut(&uid).unwrap().1;
                    *bits = if is_adding { *bits | flag as u8 } else { *bits & !(flag as u8) };
                }
            }
            3 => {
                assert_eq!(self.account.expunge(name, &uids).await.unwrap(), uids);
                self.models[at].retain(|uid, _| !uids.contains(uid));
            }
            4 => {
                let copied = self.account.copy(name, &uids, target).await.unwrap();
                assert_eq!(copied.pairs.len(), uids.len());
                for (old, new) in copied.pairs {
                    let message = self.models[at][&old].clone();
                    self.arrived(to, new, message);
                }
            }
            5 => {
                let moved = self.account.move_to(name, &uids, target).await.unwrap();
                assert_eq!(moved.pairs.len(), uids.len());
                for (old, new) in moved.pairs {
                    let message = self.models[at].remove(&old).unwrap();
                    self.arrived(to, new, message);
                }
            }
            6 => self.another_program(at).await,
            7 => self.restart(false).await,
            _ => self.restart(true).await,
        }
    }

    /// Renames, removes and adds files, as mutt and others do.
    async fn another_program(&mut self, at: usize) {
        let maildir: PathBuf = self.home.root().join(if at == 0 { "bob/Maildir" } else { "bob/Maildir/.other" });
        // What follows an answer is done when the next one is given.
        self.account.status(NAMES[at]).await.unwrap();
        let disk = self.home.disk();
        for (uid, key) in self.account.keys(NAMES[at]).await.unwrap() {
            let place = |dir: &str| {
                let names = disk.read_dir(&maildir.join(dir)).unwrap().into_iter();
                let mut names = names.map(|entry| entry.name.into_string().unwrap());
                names.find(|name| name.split(':').next() == Some(&key)).map(|name| maildir.join(dir).join(name))
            };
            let path = place("new").or_else(|| place("cur")).unwrap();
            match self.below(6) {
                0 => {
                    disk.remove(&path).unwrap();
                    self.models[at].remove(&uid).unwrap();
                }
                1 => {
                    disk.rename(&path, &maildir.join("cur").join(format!("{key}:2,FPS"))).unwrap();
                    self.models[at].get_mut(&uid).unwrap().1 = SystemFlag::Flagged as u8 | SystemFlag::Seen as u8;
                }
                _ => {}
            }
        }
        self.keys += 1;
        let mut file = disk.create(&maildir.join(format!("new/{}.foreign", self.keys))).unwrap();
        file.append(format!("foreign {}\n", self.keys).as_bytes()).unwrap();
        drop(file);
        self.home.turn(3);
        let next = self.account.status(NAMES[at]).await.unwrap().uid_next.get() - 1;
        self.arrived(at, Uid::new(next).unwrap(), (format!("foreign {}\r\n", self.keys), 0));
    }

    async fn restart(&mut self, loses_index: bool) {
        self.account.status("INBOX").await.unwrap();
        let index = self.home.root().join("bob/index.db");
        self.home = self.home.restarted();
        // Dropped when the next one is there, or before: a process that is killed drops nothing.
        let next = if loses_index { None } else { Some(self.home.account("bob").await) };
        self.account = match next {
            Some(next) => next,
            None => {
                let elsewhere = self.home.store();
                drop(std::mem::replace(&mut self.account, elsewhere.account("nobody").await.unwrap()));
                while index.with_extension("db-wal").exists() {
                    tokio::task::yield_now().await;
                }
                std::fs::remove_file(&index).ok();
                self.home.account("bob").await
            }
        };
    }

    /// The mailboxes are as the model says, and as a client thinks who asked for changes only.
    async fn check(&mut self) {
        for (at, name) in NAMES.into_iter().enumerate() {
            let snapshot = self.account.snapshot(name).await.unwrap();
            let found: Vec<_> = snapshot.rows.iter().map(|row| (row.uid, row.flags.system_bits())).collect();
            let wanted: Vec<_> = self.models[at].iter().map(|(uid, (_, bits))| (*uid, *bits)).collect();
            assert_eq!(found, wanted, "{name}");
            let unseen = wanted.iter().filter(|(_, bits)| bits & SystemFlag::Seen as u8 == 0).count();
            let counts = (snapshot.status.messages as usize, snapshot.status.unseen as usize);
            assert_eq!(counts, (wanted.len(), unseen), "{name}");
            for (uid, (text, _)) in &self.models[at] {
                let octets = self.account.read(name, *uid, 0, 1000).await.unwrap();
                assert_eq!(&String::from_utf8(octets).unwrap(), text);
            }
            let client = &mut self.clients[at];
            let changes = self.account.changes(name, client.since).await.unwrap();
            assert_eq!(*client.validity.get_or_insert(changes.uid_validity), changes.uid_validity);
            client.rows.retain(|uid, _| !changes.vanished.contains(uid));
            client.rows.extend(changes.rows.into_iter().map(|row| (row.uid, row)));
            client.since = changes.highest_modseq;
            let recent = |row: &Row| Row { recent: false, ..row.clone() };
            let known: Vec<_> = client.rows.values().map(recent).collect();
            assert_eq!(known, snapshot.rows.iter().map(recent).collect::<Vec<_>>(), "{name}");
        }
    }
}

#[tokio::test]
async fn whatever_happens_the_mailboxes_are_what_they_should_be() {
    for seed in 0..24 {
        let home = if seed % 6 == 0 { Home::real() } else { Home::memory() };
        let mut sim = Sim::new(seed, home).await;
        for _ in 0..40 {
            sim.step().await;
            sim.check().await;
        }
    }
}
