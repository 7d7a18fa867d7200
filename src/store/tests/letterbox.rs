//! Letters are accepted with their name, taken in once, and whole.

use super::super::letterbox::put;
use super::super::memory::{Fault, MemoryDisk};
use super::super::spool::{Outcome, Settlement, Spool};
use super::super::testing::{TestClock, TestEntropy, accepted, lease, open_spool, text_of};
use crate::error::{Kind, Result};
use crate::store::spool::SpoolId;
use crate::world::{Clock, Disk};
use std::path::{Path, PathBuf};

const SMALL: &[u8] = b"Subject: x\r\n\r\nHello\r\n";

fn post(disk: &MemoryDisk, seed: u64, text: &[u8]) -> Result<SpoolId> {
    put(disk, &*TestClock::new(), &*TestEntropy::new(seed), Path::new("/spool"), &accepted(&["bob@x"]), &text.to_vec())
}

fn path(id: SpoolId, end: &str) -> PathBuf {
    format!("/spool/letters/{id}.{end}").into()
}

/// What is in the letter box.
fn names(disk: &MemoryDisk) -> Vec<String> {
    let entries = disk.read_dir(Path::new("/spool/letters")).unwrap();
    entries.into_iter().map(|entry| entry.name.into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_letter_is_taken_in_once_and_whole() {
    let disk = MemoryDisk::new();
    let (clock, entropy) = (TestClock::new(), TestEntropy::new(7));
    let mut wanted = accepted(&["bob@x", "carol@y"]);
    wanted.route = Some("work".to_owned());
    let large = b"0123456789".repeat(100_000);
    let small = b"Subject: x\r\n\r\nHello\r\n".to_vec();
    let mut ids = Vec::new();
    for message in [&small, &large] {
        ids.push(put(&disk, &*clock, &*entropy, Path::new("/spool"), &wanted, message).unwrap());
    }
    let spool = open_spool(&disk, 1).await.unwrap();
    assert_eq!(spool.take_letters().await.unwrap().count, 2);
    assert_eq!(spool.take_letters().await.unwrap().count, 0);
    for (id, message) in ids.iter().zip([&small, &large]) {
        let stored = spool.open_message(id).await.unwrap();
        let mut octets = vec![0; message.len() + 1];
        let mut at = 0;
        while let count @ 1.. = stored.read_at(at as u64, &mut octets[at..]).unwrap() {
            at += count;
        }
        assert_eq!(&octets[..at], &message[..]);
    }
    let leased = lease(&spool, TestClock::new().now(), 100).await;
    assert_eq!(leased.len(), 2);
    assert!(leased.iter().all(|leased| leased.accepted.route.as_deref() == Some("work")));
}

#[tokio::test]
async fn a_letter_that_was_taken_in_before_a_crash_is_thrown_away() {
    let disk = MemoryDisk::new();
    let (clock, entropy) = (TestClock::new(), TestEntropy::new(7));
    let message = b"Subject: x\r\n\r\nHello\r\n".to_vec();
    let id = put(&disk, &*clock, &*entropy, Path::new("/spool"), &accepted(&["bob@x"]), &message).unwrap();
    let spool = open_spool(&disk, 1).await.unwrap();
    // As if the letter had not been removed.
    let mut incoming = spool.begin_as(id).await.unwrap();
    incoming.write(&message).await.unwrap();
    incoming.commit(accepted(&["bob@x"])).await.unwrap();
    assert_eq!(spool.take_letters().await.unwrap().count, 0);
    assert_eq!(spool.take_letters().await.unwrap().count, 0);
}

#[tokio::test]
async fn two_takers_find_a_letter_once() {
    let disk = MemoryDisk::new();
    let (clock, entropy) = (TestClock::new(), TestEntropy::new(7));
    for _ in 0..20 {
        let message = b"Subject: x\r\n\r\nHello\r\n".to_vec();
        put(&disk, &*clock, &*entropy, Path::new("/spool"), &accepted(&["bob@x"]), &message).unwrap();
    }
    let spool = open_spool(&disk, 1).await.unwrap();
    let (one, other) = tokio::join!(spool.take_letters(), spool.take_letters());
    assert_eq!(one.unwrap().count + other.unwrap().count, 20);
    assert_eq!(lease(&spool, clock.now(), 100).await.len(), 20);
}

#[tokio::test]
async fn a_letter_does_not_come_back_with_a_power_cut() {
    let disk = MemoryDisk::new();
    let (clock, entropy) = (TestClock::new(), TestEntropy::new(7));
    let message = b"Subject: x\r\n\r\nHello\r\n".to_vec();
    let letters = Path::new("/spool/letters");
    put(&disk, &*clock, &*entropy, Path::new("/spool"), &accepted(&["bob@x"]), &message).unwrap();
    open_spool(&disk, 1).await.unwrap().take_letters().await.unwrap();
    for seed in 0..64 {
        assert_eq!(disk.power_cut(seed).read_dir(letters).unwrap(), [], "{seed}");
    }
}

/// A text that was sent, and whether the spool wrote it down.
type Sent = (Vec<u8>, bool);

/// Sends what the spool gives out.
async fn carry(spool: &Spool, sent: &mut Vec<Sent>) {
    for leased in lease(spool, TestClock::new().now(), 100).await {
        let Ok(text) = text_of(spool, &leased.id).await else { continue };
        let outcome = Outcome::Delivered { text: "ok".into() };
        let settled = spool.settle(vec![Settlement { id: leased.id, recipient: 0, outcome }], Vec::new()).await;
        sent.push((text, settled.is_ok()));
    }
}

/// How often each was sent, and whether what was written down was not sent again.
fn check(sent: &[Sent], texts: &[Vec<u8>], context: &str) {
    for text in texts {
        let is_written: Vec<bool> = sent.iter().filter(|(found, _)| found == text).map(|(_, is)| *is).collect();
        let before_last = is_written.split_last().unwrap_or_else(|| panic!("{context}: one is lost")).1;
        assert!(!before_last.contains(&true), "{context}: one was sent again");
    }
}

/// Takes letters in while a relay is at work, and goes on a little afterwards.
async fn work(disk: &MemoryDisk, seed: u64, sent: &mut Vec<Sent>) -> Result<()> {
    let spool = open_spool(disk, seed).await?;
    let mut arrivals = spool.arrivals();
    let taken = spool.take_letters();
    tokio::pin!(taken);
    loop {
        tokio::select! {
            taken = &mut taken => {
                carry(&spool, sent).await;
                return taken.map(drop);
            }
            _ = arrivals.changed() => carry(&spool, sent).await,
        }
    }
}

#[tokio::test]
async fn a_letter_is_delivered_once_whenever_the_disk_fails() {
    let large = SMALL.repeat(15_000);
    let posted = |disk: &MemoryDisk| {
        let texts: Vec<Vec<u8>> = vec![[b"1", SMALL].concat(), [b"2", &large[..]].concat(), [b"3", SMALL].concat()];
        for (text, seed) in texts.iter().zip(1..) {
            post(disk, seed, text).unwrap();
        }
        texts
    };
    let whole = MemoryDisk::new();
    let texts = posted(&whole);
    whole.reset_counts();
    let mut sent = Vec::new();
    work(&whole, 9, &mut sent).await.unwrap();
    check(&sent, &texts, "undisturbed");
    for at in 0..whole.counts().operations {
        for (lasts, cut) in [(true, true), (true, false), (false, true), (false, false)] {
            let disk = MemoryDisk::new();
            posted(&disk);
            disk.reset_counts();
            if lasts {
                disk.fail_from(at, Fault::Broken)
            } else {
                disk.fail_at(at, Fault::Broken)
            }
            let mut sent = Vec::new();
            let _ = work(&disk, 9, &mut sent).await;
            disk.heal();
            let left = if cut { disk.power_cut(at) } else { disk.killed() };
            work(&left, 10, &mut sent).await.unwrap();
            let context = format!("operation {at}, lasts: {lasts}, cut: {cut}");
            check(&sent, &texts, &context);
            assert_eq!(names(&left), [""; 0], "{context}");
        }
    }
}

#[tokio::test]
async fn a_letter_that_is_not_accepted_does_not_arrive() {
    for at in 0.. {
        for cut in [true, false] {
            let disk = MemoryDisk::new();
            post(&disk, 1, SMALL).unwrap();
            disk.reset_counts();
            // From the first operation that fails on, all do but those that tidy up.
            disk.fail_at(at, Fault::Broken);
            let posted = post(&disk, 2, b"2");
            disk.heal();
            let left = if cut { disk.power_cut(at) } else { disk.killed() };
            let mut sent = Vec::new();
            work(&left, 3, &mut sent).await.unwrap();
            assert_eq!(names(&left), [""; 0], "{at}");
            let arrived = sent.iter().any(|(text, _)| text == b"2");
            assert!(posted.is_err() || arrived, "{at}: lost");
            assert!(posted.is_ok() || !arrived, "{at}: sent though it was said not to be");
            assert!(sent.iter().any(|(text, _)| text == SMALL));
            if at >= disk.counts().operations {
                return;
            }
        }
    }
}

#[tokio::test]
async fn a_damaged_letter_is_set_aside_and_told_once() {
    let disk = MemoryDisk::new();
    let ids: Vec<SpoolId> = (1..=4).map(|seed| post(&disk, seed, SMALL).unwrap()).collect();
    disk.corrupt(&path(ids[1], "letter"), 100, 1).unwrap();
    let mut newer = disk.create(&path(ids[2].derived(b"newer"), "letter")).unwrap();
    newer.append(b"{\"version\":9}\n").unwrap();
    disk.create(&path(ids[3].derived(b"empty"), "letter")).unwrap();
    let spool = open_spool(&disk, 1).await.unwrap();
    let taken = spool.take_letters().await.unwrap();
    assert_eq!(taken.count, 3);
    let mut kinds: Vec<Kind> = taken.troubles.iter().map(|trouble| trouble.kind()).collect();
    kinds.sort_by_key(|kind| *kind == Kind::Config);
    assert_eq!(kinds, [Kind::Data, Kind::Data, Kind::Config], "{:?}", taken.troubles);
    let aside = path(ids[1], "damaged");
    let told = |trouble: &crate::error::Error| trouble.to_string().contains(&*aside.to_string_lossy());
    assert!(taken.troubles.iter().any(told), "{:?}", taken.troubles);
    assert!(disk.stat(&aside).is_ok());
    let again = spool.take_letters().await.unwrap();
    assert!(again.count == 0 && again.troubles.is_empty(), "{again:?}");
    assert_eq!(lease(&spool, TestClock::new().now(), 100).await.len(), 3);
}

#[tokio::test]
async fn what_a_crash_left_half_written_is_removed_and_what_is_being_written_is_not() {
    let disk = MemoryDisk::new();
    let id = post(&disk, 1, SMALL).unwrap();
    let (left, written) = (id.derived(b"left"), id.derived(b"written"));
    for id in [left, written] {
        disk.create(&path(id, "draft")).unwrap().append(b"half of").unwrap();
    }
    let lock = disk.lock(&path(written, "lock")).unwrap();
    let spool = open_spool(&disk, 1).await.unwrap();
    assert_eq!(spool.take_letters().await.unwrap().count, 1);
    assert_eq!(names(&disk), [format!("{written}.draft")]);
    // With its name, but not yet durable: it comes when its writer is through.
    disk.rename(&path(written, "draft"), &path(written, "letter")).unwrap();
    let taken = spool.take_letters().await.unwrap();
    assert!(taken.count == 0 && taken.troubles.is_empty(), "{taken:?}");
    drop(lock);
    assert_eq!(spool.take_letters().await.unwrap().troubles.len(), 1);
}

#[tokio::test]
async fn a_disk_without_room_keeps_a_letter_for_later() {
    let disk = MemoryDisk::new();
    post(&disk, 1, SMALL).unwrap();
    let spool = open_spool(&disk, 1).await.unwrap();
    disk.limit(0);
    let taken = spool.take_letters().await.unwrap();
    assert_eq!((taken.count, taken.troubles.len()), (0, 1));
    assert_eq!(spool.take_letters().await.unwrap().troubles.len(), 0, "told once");
    disk.limit(1 << 30);
    assert_eq!(spool.take_letters().await.unwrap().count, 1);
    assert_eq!(lease(&spool, TestClock::new().now(), 100).await.len(), 1);
}
