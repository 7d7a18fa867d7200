//! Mailboxes when the power goes: after every single operation on the disk, with whatever is left of it.
//!
//! What was answered is there, once; what was not is there whole or not at all. The index survives,
//! or is lost, or has forgotten its last commits: the three things that can happen to it.

use super::world::{clock, delivery, fast_directory, flags, uid};
use mailkit::imap::flag::SystemFlag;
use mailkit::imap::mailbox::{FlagChange, Row};
use mailkit::imap::number::UidValidity;
use mailkit::net::clock::FastClock;
use mailkit::net::entropy::SeededEntropy;
use mailkit::store::account::Account;
use mailkit::store::mailbox_error::{MailboxError, Outcome};
use mailkit::store::memory::{Fault, MemoryDisk};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const MAILDIR: &str = "/mail/bob/Maildir";
const SEEDS: u64 = 3;

/// What becomes of the index.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Index {
    Kept,
    Lost,
    /// As it was before the operation.
    Old,
}

/// A machine with one account.
struct Machine {
    /// As it is before anything happens to it.
    whole: MemoryDisk,
    disk: MemoryDisk,
    clock: Arc<FastClock>,
    home: tempfile::TempDir,
    index: Index,
}

impl Machine {
    /// Two messages in INBOX, the first one seen; one in `old`.
    async fn new(index: Index) -> Self {
        let home = fast_directory();
        let (whole, disk) = (MemoryDisk::new(), MemoryDisk::new());
        let mut machine = Self { whole, disk, clock: clock(), home, index };
        let account = machine.boot(&machine.disk, 1).await.unwrap();
        account.deliver("INBOX", vec![delivery("p", "text p\r\n"), delivery("q", "text q\r\n")]).await.unwrap();
        let seen = FlagChange::Add(flags(&[SystemFlag::Seen], &[]));
        account.store_flags("INBOX", &[uid(1)], seen).await.unwrap();
        account.create("old").await.unwrap();
        account.deliver("old", vec![delivery("o", "text o\r\n")]).await.unwrap();
        machine.stop(account).await;
        machine.whole = machine.disk.killed();
        if machine.index != Index::Lost {
            std::fs::copy(machine.index_file(), machine.old_index_file()).unwrap();
        }
        machine
    }

    /// As if nothing had happened.
    async fn restore(&mut self) {
        self.disk = self.whole.killed();
        self.restore_index().await;
    }

    async fn restore_index(&self) {
        self.index_is_closed().await;
        if self.index != Index::Lost {
            std::fs::copy(self.old_index_file(), self.index_file()).unwrap();
        }
    }

    /// SQLite takes its own log away when the last thread is done.
    async fn index_is_closed(&self) {
        while self.home.path().join("index.db-wal").exists() {
            tokio::task::yield_now().await;
        }
    }

    fn index_file(&self) -> PathBuf {
        self.home.path().join("index.db")
    }

    fn old_index_file(&self) -> PathBuf {
        self.home.path().join("old.db")
    }

    async fn boot(&self, disk: &MemoryDisk, seed: u64) -> Outcome<Account> {
        let index = (self.index != Index::Lost).then(|| self.index_file());
        let entropy = Arc::new(SeededEntropy::new(seed));
        Account::open(Arc::new(disk.clone()), self.clock.clone(), entropy, MAILDIR.into(), index).await
    }

    /// Ends the program.
    async fn stop(&self, account: Account) {
        // What follows an answer is done when the next one is given.
        let _ = account.status("INBOX").await;
        drop(account);
        self.index_is_closed().await;
    }

    /// The machine after the power came back.
    async fn reboot(&self, seed: u64) -> Account {
        let disk = self.disk.power_cut(seed);
        if self.index == Index::Old {
            self.restore_index().await;
        }
        self.clock.turn(Duration::from_secs(5));
        self.boot(&disk, 100 + seed).await.unwrap()
    }
}

/// What a mailbox has: rows and texts. `None` if it is not there.
async fn contents(account: &Account, name: &str) -> Option<Vec<(Row, String)>> {
    let snapshot = match account.snapshot(name).await {
        Err(MailboxError::NoSuchMailbox) => return None,
        snapshot => snapshot.unwrap(),
    };
    let mut found = Vec::new();
    for row in snapshot.rows {
        assert!(row.uid < snapshot.status.uid_next);
        let text = String::from_utf8(account.read(name, row.uid, 0, 1000).await.unwrap()).unwrap();
        assert_eq!(text.len() as u64, row.size);
        found.push((row, text));
    }
    Some(found)
}

fn texts(contents: &[(Row, String)]) -> Vec<&str> {
    contents.iter().map(|(_, text)| text.trim_start_matches("text ").trim_end()).collect()
}

/// Those that were there before are still there.
fn assert_old(inbox: &[(Row, String)], wanted: &[(u32, &str, bool)]) {
    for (number, text, seen) in wanted {
        let found: Vec<_> = inbox.iter().filter(|(_, found)| found.trim_end() == format!("text {text}")).collect();
        assert_eq!(found.len(), 1, "{text}: {inbox:?}");
        assert_eq!(found[0].0.uid, uid(*number));
        assert_eq!(found[0].0.flags.has(SystemFlag::Seen), *seen);
    }
}

/// Breaks the disk for good at every operation that `act` does, cuts the power, and lets `check` look.
async fn break_everywhere<T, A, C>(
    indexes: &[Index],
    act: impl Fn(Account) -> A,
    check: impl Fn(Account, Option<T>, String) -> C,
) where
    T: Clone,
    A: Future<Output = Outcome<T>>,
    C: Future<Output = ()>,
{
    for index in indexes {
        let mut machine = Machine::new(*index).await;
        for seed in 0..SEEDS {
            let mut at = 0;
            loop {
                machine.restore().await;
                let account = machine.boot(&machine.disk, 2).await.unwrap();
                account.status("INBOX").await.unwrap();
                machine.disk.reset_counts();
                machine.disk.fail_from(at, Fault::Broken);
                let answer = act(account.clone()).await;
                machine.stop(account).await;
                let was_enough = machine.disk.counts().operations <= at;
                let account = machine.reboot(seed).await;
                let what = format!("index {index:?}, operation {at}, seed {seed}");
                check(account, answer.ok(), what).await;
                at += 1;
                if was_enough {
                    break;
                }
                assert!(at < 200, "it never ends");
            }
        }
    }
}

const ALL: [Index; 3] = [Index::Kept, Index::Lost, Index::Old];

#[tokio::test]
async fn a_delivery_is_there_once_or_was_not_answered() {
    // Their names sort the other way round, so that a UID made up again is another one.
    let both = || vec![delivery("z", "text a\r\n"), delivery("b", "text b\r\n")];
    break_everywhere(
        &ALL,
        |account| async move { account.deliver("INBOX", both()).await },
        |account, answer, what| async move {
            let inbox = contents(&account, "INBOX").await.unwrap();
            assert_old(&inbox, &[(1, "p", true), (2, "q", false)]);
            if let Some(told) = &answer {
                assert_old(&inbox, &[(told[0].uid.get(), "a", false), (told[1].uid.get(), "b", false)]);
            }
            let again = account.deliver("INBOX", both()).await.unwrap();
            let inbox = contents(&account, "INBOX").await.unwrap();
            assert_old(&inbox, &[(again[0].uid.get(), "a", false), (again[1].uid.get(), "b", false)]);
            assert_eq!(inbox.len(), 4, "{what}");
            if let Some(told) = answer {
                assert!(again.iter().zip(told).all(|(again, told)| !again.fresh && again.uid == told.uid), "{what}");
                assert_eq!(again[0].uid_validity, account.status("INBOX").await.unwrap().uid_validity);
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_message_that_was_expunged_stays_away() {
    break_everywhere(
        &[Index::Kept, Index::Lost],
        |account| async move { account.expunge("INBOX", &[uid(1)]).await },
        |account, answer, what| async move {
            let inbox = contents(&account, "INBOX").await.unwrap();
            assert_old(&inbox, &[(2, "q", false)]);
            match answer {
                Some(told) => assert!(told == [uid(1)] && inbox.len() == 1, "{what}: {inbox:?}"),
                None if inbox.len() == 2 => assert_old(&inbox, &[(1, "p", true)]),
                None => assert_eq!(inbox.len(), 1),
            }
            let again = account.deliver("INBOX", vec![delivery("p", "text p\r\n")]).await.unwrap();
            assert!(!again[0].fresh && again[0].uid == uid(1), "{what}");
            let new = account.deliver("INBOX", vec![delivery("n", "text n\r\n")]).await.unwrap();
            assert_eq!(new[0].uid, uid(3), "{what}");
        },
    )
    .await;
}

#[tokio::test]
async fn flags_that_were_stored_stay() {
    let change = || FlagChange::Replace(flags(&[SystemFlag::Flagged, SystemFlag::Answered], &["word"]));
    break_everywhere(
        &[Index::Kept, Index::Lost],
        |account| async move { account.store_flags("INBOX", &[uid(1), uid(2)], change()).await },
        |account, answer, what| async move {
            let inbox = contents(&account, "INBOX").await.unwrap();
            assert_eq!(texts(&inbox), ["p", "q"]);
            for (row, _) in &inbox {
                let is_new = row.flags.has(SystemFlag::Flagged) && row.flags.has(SystemFlag::Answered);
                assert!(is_new || answer.is_none(), "{what}: {row:?}");
                assert!(!is_new || !row.flags.has(SystemFlag::Seen), "{what}: {row:?}");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_copy_is_whole_or_was_not_answered_and_the_original_stays() {
    break_everywhere(
        &ALL,
        |account| async move { account.copy("INBOX", &[uid(1), uid(2)], "old").await },
        |account, answer, what| async move {
            let inbox = contents(&account, "INBOX").await.unwrap();
            assert_old(&inbox, &[(1, "p", true), (2, "q", false)]);
            let old = contents(&account, "old").await.unwrap();
            assert_old(&old, &[(1, "o", false)]);
            if let Some(told) = answer {
                assert_eq!(told.validity, account.status("old").await.unwrap().uid_validity);
                assert_old(&old, &[(told.pairs[0].1.get(), "p", true), (told.pairs[1].1.get(), "q", false)]);
                assert_eq!(old.len(), 3, "{what}");
            }
            assert!(old.len() <= 3 && texts(&old).iter().all(|text| "opq".contains(text)), "{what}");
        },
    )
    .await;
}

#[tokio::test]
async fn a_moved_message_is_always_in_exactly_one_mailbox() {
    break_everywhere(
        &ALL,
        |account| async move { account.move_to("INBOX", &[uid(1), uid(2)], "old").await },
        |account, answer, what| async move {
            let inbox = contents(&account, "INBOX").await.unwrap();
            let old = contents(&account, "old").await.unwrap();
            let mut all = [texts(&inbox), texts(&old)].concat();
            all.sort_unstable();
            assert_eq!(all, ["o", "p", "q"], "{what}");
            if let Some(told) = answer {
                assert!(inbox.is_empty(), "{what}");
                assert_old(&old, &[(told.pairs[0].1.get(), "p", true), (told.pairs[1].1.get(), "q", false)]);
            }
            let next = account.deliver("INBOX", vec![delivery("n", "text n\r\n")]).await.unwrap();
            // One that went and came back has a new number by now.
            assert!(next[0].uid >= uid(3), "{what}: numbers are not given twice");
        },
    )
    .await;
}

#[tokio::test]
async fn a_mailbox_is_renamed_or_deleted_whole_or_not_at_all() {
    let validity = |account: Account, name: &'static str| async move {
        account.status(name).await.ok().map(|status| status.uid_validity)
    };
    break_everywhere(
        &ALL,
        |account| async move {
            let before: UidValidity = account.status("old").await?.uid_validity;
            account.rename("old", "new name").await.map(|()| before)
        },
        |account, answer, what| async move {
            let (old, new) = (contents(&account, "old").await, contents(&account, "new name").await);
            assert!(old.is_some() != new.is_some() && (answer.is_none() || new.is_some()), "{what}");
            assert_old(&old.or(new).unwrap(), &[(1, "o", false)]);
            if let Some(before) = answer {
                assert_eq!(validity(account, "new name").await, Some(before), "{what}");
            }
        },
    )
    .await;
    break_everywhere(
        &ALL,
        |account| async move { account.delete("old").await },
        |account, answer, what| async move {
            match contents(&account, "old").await {
                Some(old) => {
                    assert!(answer.is_none(), "{what}");
                    assert_old(&old, &[(1, "o", false)]);
                }
                None => {
                    account.create("old").await.unwrap();
                    assert!(contents(&account, "old").await.unwrap().is_empty(), "{what}");
                }
            }
        },
    )
    .await;
    break_everywhere(
        &ALL,
        |account| async move {
            account.create("a/b").await?;
            Ok(account.status("a/b").await?.uid_validity)
        },
        |account, answer, what| async move {
            match answer {
                Some(told) => assert_eq!(validity(account, "a/b").await, Some(told), "{what}"),
                None => assert!(matches!(account.create("a/b").await, Ok(()) | Err(MailboxError::AlreadyExists))),
            }
        },
    )
    .await;
}

/// One operation fails, the disk heals, the caller tries again, and then the power goes.
#[tokio::test]
async fn after_a_failure_the_next_try_works_and_lasts() {
    for (index, fault) in [(Index::Kept, Fault::Broken), (Index::Lost, Fault::Broken), (Index::Lost, Fault::Full)] {
        let mut machine = Machine::new(index).await;
        for at in 0..40 {
            machine.restore().await;
            let account = machine.boot(&machine.disk, 2).await.unwrap();
            machine.disk.reset_counts();
            machine.disk.fail_at(at, fault);
            let both = || vec![delivery("z", "text a\r\n"), delivery("b", "text b\r\n")];
            let flagged = || FlagChange::Add(flags(&[SystemFlag::Flagged], &[]));
            let mut told = account.deliver("INBOX", both()).await;
            for _ in 0..2 {
                if told.is_err() {
                    told = account.deliver("INBOX", both()).await;
                }
            }
            let told = told.unwrap();
            let uids = [told[0].uid, uid(1)];
            if account.store_flags("INBOX", &uids, flagged()).await.is_err() {
                account.store_flags("INBOX", &uids, flagged()).await.unwrap();
            }
            if account.expunge("INBOX", &[uid(2)]).await.is_err() {
                account.expunge("INBOX", &[uid(2)]).await.unwrap();
            }
            machine.stop(account).await;
            let kept = std::fs::read(machine.index_file());
            for seed in 0..SEEDS {
                machine.index_is_closed().await;
                if let Ok(kept) = &kept {
                    std::fs::write(machine.index_file(), kept).unwrap();
                }
                let account = machine.reboot(seed).await;
                let what = format!("index {index:?}, {fault:?}, operation {at}, seed {seed}");
                let inbox = contents(&account, "INBOX").await.unwrap();
                assert_old(&inbox, &[(1, "p", true)]);
                assert_old(&inbox, &[(told[0].uid.get(), "a", false), (told[1].uid.get(), "b", false)]);
                assert_eq!(inbox.len(), 3, "{what}");
                let is_flagged: Vec<_> = inbox.iter().map(|(row, _)| row.flags.has(SystemFlag::Flagged)).collect();
                assert_eq!(is_flagged, [true, true, false], "{what}");
            }
        }
    }
}
