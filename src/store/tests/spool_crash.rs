//! The spool over a disk that breaks at every operation in turn.
//!
//! A history is played; at some operation the disk fails, once or for good. Then the power goes, and a
//! new spool is opened on what is left. What was acknowledged must be there, once and whole; what was
//! acknowledged as settled must not; anything else may or may not be there, but never in part.

use crate::status::EnhancedStatus;
use crate::store::is_disk_full;
use crate::store::memory::{Fault, MemoryDisk};
use crate::store::spool::{Outcome, Report, Settlement, Spool, SpoolId};
use crate::store::testing::{accept, accepted, lease, open_spool, text_of};
use crate::world::{Disk, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

const SEEDS: u64 = 4;

/// What may be true afterwards.
#[derive(Default, Debug, Clone)]
struct Promises {
    /// Texts of messages whose acceptance was acknowledged, with the recipients not acknowledged as settled.
    there: BTreeMap<String, BTreeSet<u32>>,
    /// Recipients whose settlement was asked for and not acknowledged: either is right.
    open: BTreeSet<(String, u32)>,
    /// Texts that were offered, but whose acceptance was not acknowledged.
    offered: BTreeSet<String>,
}

impl Promises {
    fn accepted(&mut self, text: &str, recipients: u32) {
        self.offered.remove(text);
        self.there.insert(text.to_owned(), (0..recipients).collect());
    }

    fn settled(&mut self, text: &str, recipient: u32) {
        self.open.remove(&(text.to_owned(), recipient));
        if let Some(left) = self.there.get_mut(text) {
            left.remove(&recipient);
        }
    }
}

/// A text that is long enough for its place, and tells which it is.
fn text(name: &str, len: usize) -> Vec<u8> {
    let mut text = format!("{name}|").into_bytes();
    text.extend((0..len).map(|n| (n * 7 % 251) as u8));
    text
}

fn name_of(text: &[u8]) -> String {
    String::from_utf8_lossy(text.split(|octet| *octet == b'|').next().unwrap_or_default()).into_owned()
}

async fn offer(spool: &Spool, promises: &Mutex<Promises>, name: &str, len: usize) -> Option<SpoolId> {
    promises.lock().unwrap().offered.insert(name.to_owned());
    let id = accept(spool, &text(name, len), &["bob@a.example", "eve@b.example"]).await.ok()?;
    promises.lock().unwrap().accepted(name, 2);
    Some(id)
}

async fn settle(
    spool: &Spool,
    promises: &Mutex<Promises>,
    name: &str,
    id: SpoolId,
    recipient: u32,
    report: Option<&str>,
) {
    promises.lock().unwrap().open.insert((name.to_owned(), recipient));
    let outcome = match report {
        Some(_) => Outcome::Failed { text: "no".into(), code: EnhancedStatus::new(5, 1, 1) },
        None => Outcome::Delivered { text: "ok".into() },
    };
    let reports: Vec<Report> = report
        .iter()
        .map(|name| {
            let id = id.derived(name.as_bytes());
            Report { id, accepted: accepted(&["alice@crepes.example"]), octets: text(name, 300) }
        })
        .collect();
    if let Some(report) = report {
        promises.lock().unwrap().offered.insert(report.to_owned());
    }
    if spool.settle(vec![Settlement { id, recipient, outcome }], reports).await.is_ok() {
        let mut promises = promises.lock().unwrap();
        promises.settled(name, recipient);
        if let Some(report) = report {
            promises.accepted(report, 1);
        }
    }
}

/// Short and long messages, a delivery, a failure with its report.
async fn history(disk: &MemoryDisk, promises: &Mutex<Promises>) {
    let Ok(spool) = open_spool(disk, 1).await else { return };
    let first = offer(&spool, promises, "first", 1000).await;
    let (short, long) = tokio::join!(offer(&spool, promises, "short", 50), offer(&spool, promises, "long", 400_000));
    if let Some(id) = first {
        settle(&spool, promises, "first", id, 0, None).await;
        settle(&spool, promises, "first", id, 1, Some("report")).await;
    }
    if let Some(id) = long {
        settle(&spool, promises, "long", id, 0, None).await;
        settle(&spool, promises, "long", id, 1, None).await;
    }
    if let Some(id) = short {
        settle(&spool, promises, "short", id, 1, None).await;
    }
    offer(&spool, promises, "last", 10).await;
}

/// Opens a spool on what is left, and holds it against the promises.
async fn check(left: &MemoryDisk, promises: &Promises, context: &str) {
    let spool = open_spool(left, 99).await.unwrap_or_else(|error| panic!("{context}: {error}"));
    let mut found: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    let mut in_files = 0;
    for entry in spool.entries(None, 1000).await.unwrap() {
        let octets = text_of(&spool, &entry.id).await.unwrap_or_else(|error| panic!("{context}: {error}"));
        let name = name_of(&octets);
        assert_eq!(octets, text(&name, octets.len() - name.len() - 1), "{context}: {name} is not whole");
        in_files += usize::from(octets.len() > 256 * 1024);
        let recipients = entry.recipients.iter().map(|due| due.index).collect();
        assert!(found.insert(name.clone(), recipients).is_none(), "{context}: {name} is there twice");
    }
    for (name, promised) in &promises.there {
        let there = found.remove(name).unwrap_or_default();
        let may_be_gone = |recipient: &u32| promises.open.contains(&(name.clone(), *recipient));
        assert!(promised.iter().all(|r| there.contains(r) || may_be_gone(r)), "{context}: {name} lost {promised:?}");
        assert!(there.is_subset(promised), "{context}: {name} is settled and came back: {there:?}");
    }
    assert!(found.keys().all(|name| promises.offered.contains(name)), "{context}: {found:?} came from nowhere");
    assert_eq!(left.read_dir(Path::new("/spool/body")).unwrap().len(), in_files, "{context}: body files are left over");
    // And it goes on working.
    let leased = lease(&spool, Timestamp::from_second(2_000_000_000).unwrap(), 1000).await;
    assert_eq!(leased.len(), spool.entries(None, 1000).await.unwrap().len(), "{context}");
    accept(&spool, b"afterwards", &["bob@a.example"]).await.unwrap();
}

/// Operations in the undisturbed history.
async fn operations() -> u64 {
    let (disk, promises) = (MemoryDisk::new(), Mutex::new(Promises::default()));
    history(&disk, &promises).await;
    assert_eq!(promises.lock().unwrap().there.len(), 5, "all of it works on a sound disk");
    disk.counts().operations
}

#[tokio::test]
async fn the_power_may_go_at_any_operation() {
    for at in 0..=operations().await {
        let (disk, promises) = (MemoryDisk::new(), Mutex::new(Promises::default()));
        disk.fail_from(at, Fault::Broken);
        history(&disk, &promises).await;
        let promises = promises.into_inner().unwrap();
        for seed in 0..SEEDS {
            check(&disk.power_cut(seed), &promises, &format!("operation {at}, seed {seed}")).await;
        }
        let killed = disk.killed();
        check(&killed, &promises, &format!("operation {at}, killed")).await;
    }
}

#[tokio::test]
async fn one_failure_anywhere_costs_only_what_was_refused() {
    for fault in [Fault::Broken, Fault::Full] {
        for at in 0..=operations().await {
            let (disk, promises) = (MemoryDisk::new(), Mutex::new(Promises::default()));
            disk.fail_at(at, fault);
            history(&disk, &promises).await;
            let mut promises = promises.into_inner().unwrap();
            let context = format!("{fault:?} at {at}");
            for seed in 0..SEEDS {
                check(&disk.power_cut(seed), &promises, &context).await;
            }
            // Once something later was accepted, what was refused stays refused, whatever the disk kept of it.
            if promises.there.contains_key("last") {
                promises.offered.clear();
                for seed in 0..SEEDS {
                    check(&disk.power_cut(seed), &promises, &format!("{context}, refused for good")).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_full_disk_is_told_from_other_trouble_and_ends() {
    for at in 0..operations().await {
        let disk = MemoryDisk::new();
        drop(open_spool(&disk, 1).await.unwrap());
        disk.reset_counts();
        disk.fail_from(at, Fault::Full);
        let promises = Mutex::new(Promises::default());
        let spool = match open_spool(&disk, 2).await {
            Ok(spool) => spool,
            Err(error) => {
                assert!(is_disk_full(&error), "{error}");
                continue;
            }
        };
        for name in ["a", "b"] {
            promises.lock().unwrap().offered.insert(name.to_owned());
            match accept(&spool, &text(name, 300_000), &["bob@a.example", "eve@b.example"]).await {
                Ok(_) => promises.lock().unwrap().accepted(name, 2),
                Err(error) => assert!(is_disk_full(&error), "{at}: {error}"),
            }
        }
        disk.heal();
        assert!(offer(&spool, &promises, "later", 300_000).await.is_some(), "{at}: space is back");
        drop(spool);
        let promises = promises.into_inner().unwrap();
        check(&disk.power_cut(at), &promises, &format!("full at {at}")).await;
    }
}

#[tokio::test]
async fn acceptance_leaves_room_for_settlements() {
    let disk = MemoryDisk::new();
    let spool = open_spool(&disk, 1).await.unwrap();
    let id = accept(&spool, b"text", &["bob@a.example"]).await.unwrap();
    // Begun while there was room, and then there is none.
    let (mut short, mut long) = (spool.begin().await.unwrap(), spool.begin().await.unwrap());
    disk.limit(1024 * 1024);
    short.write(b"short").await.unwrap();
    let error = long.write(&[b'x'; 300_000]).await.expect_err("no room for a piece");
    assert!(is_disk_full(&error), "{error}");
    drop(long);
    let error = short.commit(accepted(&["bob@a.example"])).await.expect_err("no room for a message");
    assert!(is_disk_full(&error), "{error}");
    let error = spool.begin().await.err().expect("no room for messages");
    assert!(is_disk_full(&error), "{error}");
    let outcome = Outcome::Delivered { text: "ok".into() };
    spool.settle(vec![Settlement { id, recipient: 0, outcome }], vec![]).await.expect("room for outcomes");
    disk.heal();
    assert!(spool.begin().await.is_ok());
}

#[tokio::test]
async fn many_that_wait_share_one_sync() {
    let disk = MemoryDisk::new();
    let spool = open_spool(&disk, 1).await.unwrap();
    accept(&spool, b"first", &["bob@a.example"]).await.unwrap();
    disk.reset_counts();
    disk.hold_syncs(true);
    let waiting: Vec<_> = (0..100)
        .map(|n| {
            let spool = spool.clone();
            tokio::spawn(async move { accept(&spool, format!("{n}").as_bytes(), &["bob@a.example"]).await })
        })
        .collect();
    // All have handed their message over, and the first of them holds the sync.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert!(waiting.iter().all(|task| !task.is_finished()), "nobody is answered before the sync");
    disk.hold_syncs(false);
    for task in waiting {
        task.await.unwrap().unwrap();
    }
    assert!(disk.counts().syncs <= 5, "{} syncs for 100 messages", disk.counts().syncs);
    assert_eq!(spool.entries(None, 1000).await.unwrap().len(), 101);
}

#[tokio::test]
async fn a_waiter_that_goes_away_changes_nothing() {
    let disk = MemoryDisk::new();
    let spool = open_spool(&disk, 1).await.unwrap();
    disk.hold_syncs(true);
    let gone = tokio::spawn({
        let spool = spool.clone();
        async move { accept(&spool, &text("gone", 10), &["bob@a.example"]).await }
    });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    gone.abort();
    disk.hold_syncs(false);
    accept(&spool, &text("stays", 10), &["bob@a.example"]).await.unwrap();
    for entry in spool.entries(None, 10).await.unwrap() {
        let octets = text_of(&spool, &entry.id).await.unwrap();
        assert_eq!(octets, text(&name_of(&octets), 10));
    }
}

/// Random histories: several at once, each accepting, leasing and settling, until the disk breaks.
#[tokio::test]
async fn concurrent_histories_keep_their_promises() {
    for seed in 0..20u64 {
        let disk = MemoryDisk::new();
        let promises = Arc::new(Mutex::new(Promises::default()));
        let spool = open_spool(&disk, seed).await.unwrap();
        let fault = if seed % 2 == 0 { Fault::Broken } else { Fault::Full };
        disk.reset_counts();
        if seed % 3 == 0 {
            disk.fail_at(seed * 2, fault);
        } else {
            disk.fail_from(10 + seed * 3, fault);
        }
        let tasks: Vec<_> = (0..6u64)
            .map(|task| {
                let (spool, promises) = (spool.clone(), promises.clone());
                tokio::spawn(async move {
                    for step in 0..5u64 {
                        let name = format!("{task}-{step}");
                        let len = if (task + step + seed) % 5 == 0 { 300_000 } else { 200 };
                        if let Some(id) = offer(&spool, &promises, &name, len).await {
                            if (task + step) % 3 != 0 {
                                settle(&spool, &promises, &name, id, 0, None).await;
                            }
                            if step % 2 == 0 {
                                let report = format!("report-{name}");
                                settle(&spool, &promises, &name, id, 1, Some(&report)).await;
                            }
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        drop(spool);
        let promises = promises.lock().unwrap().clone();
        for cut in 0..4 {
            check(&disk.power_cut(cut), &promises, &format!("seed {seed}, cut {cut}")).await;
        }
    }
}
