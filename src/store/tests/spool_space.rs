//! Space comes back: segments go when nothing in them counts, and damage stays where it is.

use crate::store::memory::{Fault, MemoryDisk};
use crate::store::spool::{Outcome, Settlement, Spool, SpoolId};
use crate::store::testing::{accept, open_small, open_spool, text_of};
use crate::world::{Disk, Timestamp};
use proptest::prelude::*;
use std::path::Path;

const SMALL: u64 = 4096;

fn segments(disk: &MemoryDisk) -> Vec<String> {
    let mut names: Vec<String> = disk
        .read_dir(Path::new("/spool/log"))
        .unwrap()
        .into_iter()
        .map(|entry| entry.name.into_string().unwrap())
        .collect();
    names.sort();
    names
}

async fn deliver(spool: &Spool, id: SpoolId, recipient: u32) {
    let outcome = Outcome::Delivered { text: "ok".into() };
    spool.settle(vec![Settlement { id, recipient, outcome }], vec![]).await.unwrap();
}

#[tokio::test]
async fn a_queue_that_empties_gives_its_space_back() {
    let disk = MemoryDisk::new();
    let spool = open_small(&disk, 1, SMALL).await.unwrap();
    for _ in 0..100 {
        let id = accept(&spool, &[b'x'; 1000], &["bob@a.example"]).await.unwrap();
        deliver(&spool, id, 0).await;
    }
    drop(spool);
    assert!(segments(&disk).len() <= 2, "{:?}", segments(&disk));
}

#[tokio::test]
async fn what_no_reader_would_believe_is_not_written() {
    let disk = MemoryDisk::new();
    let spool = open_spool(&disk, 1).await.unwrap();
    let id = accept(&spool, b"first", &["bob@a.example"]).await.unwrap();
    let endless = Outcome::Delivered { text: "x".repeat(17 * 1024 * 1024) };
    let endless = spool.settle(vec![Settlement { id, recipient: 0, outcome: endless }], vec![]);
    let (refused, second) = tokio::join!(endless, accept(&spool, b"second", &["bob@a.example"]));
    assert!(refused.is_err() && second.is_ok());
    let found = open_spool(&disk.power_cut(1), 2).await.unwrap();
    assert_eq!((found.damage(), found.entries(None, 10).await.unwrap().len()), (&[][..], 2));
}

#[tokio::test]
async fn an_old_message_is_carried_forward_with_all_that_is_known_of_it() {
    let disk = MemoryDisk::new();
    let spool = open_small(&disk, 1, SMALL).await.unwrap();
    let old = accept(&spool, b"old", &["bob@a.example", "eve@b.example"]).await.unwrap();
    deliver(&spool, old, 0).await;
    let until = Timestamp::from_second(1_750_009_999).unwrap();
    let code = crate::status::EnhancedStatus::new(4, 0, 0);
    let outcome = Outcome::Deferred { until, text: "later".into(), code, warned: true };
    spool.settle(vec![Settlement { id: old, recipient: 1, outcome }], vec![]).await.unwrap();
    let before = spool.entry(&old).await.unwrap();
    for _ in 0..100 {
        let id = accept(&spool, &[b'x'; 1000], &["bob@a.example"]).await.unwrap();
        deliver(&spool, id, 0).await;
    }
    drop(spool);
    assert!(segments(&disk).len() <= 5 && segments(&disk)[0] != "0000000001.seg", "{:?}", segments(&disk));
    for seed in 0..10 {
        let spool = open_small(&disk.power_cut(seed), 2, SMALL).await.unwrap();
        assert_eq!(spool.entry(&old).await.unwrap(), before);
        assert_eq!(text_of(&spool, &old).await.unwrap(), b"old");
        assert_eq!(spool.entries(None, 10).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn the_power_may_go_while_space_is_given_back() {
    let mut at = 0;
    loop {
        let disk = MemoryDisk::new();
        let spool = open_small(&disk, 1, SMALL).await.unwrap();
        let old = accept(&spool, b"old", &["bob@a.example"]).await.unwrap();
        disk.reset_counts();
        disk.fail_from(at, Fault::Broken);
        let mut delivered = Vec::new();
        for _ in 0..30 {
            let Ok(id) = accept(&spool, &[b'x'; 1500], &["bob@a.example"]).await else { break };
            let outcome = Outcome::Delivered { text: "ok".into() };
            if spool.settle(vec![Settlement { id, recipient: 0, outcome }], vec![]).await.is_ok() {
                delivered.push(id);
            }
        }
        drop(spool);
        for seed in 0..3 {
            let spool = open_small(&disk.power_cut(seed), 2, SMALL).await.unwrap();
            let left = spool.entries(None, 100).await.unwrap();
            assert!(left.iter().any(|entry| entry.id == old), "operation {at}, seed {seed}: lost");
            assert!(left.iter().all(|entry| !delivered.contains(&entry.id)), "operation {at}, seed {seed}: came back");
            assert!(left.len() <= 2, "operation {at}, seed {seed}");
            assert_eq!(text_of(&spool, &old).await.unwrap(), b"old");
        }
        if disk.counts().operations <= at {
            return;
        }
        at += 1;
    }
}

#[tokio::test]
async fn many_restarts_leave_few_segments() {
    let disk = MemoryDisk::new();
    for start in 0..90 {
        let spool = open_spool(&disk, start).await.unwrap();
        accept(&spool, format!("{start}").as_bytes(), &["bob@a.example"]).await.unwrap();
    }
    let spool = open_spool(&disk, 1000).await.unwrap();
    assert_eq!(spool.entries(None, 1000).await.unwrap().len(), 90);
    drop(spool);
    assert!(segments(&disk).len() <= 70, "{}", segments(&disk).len());
}

#[tokio::test]
async fn without_header_and_first_frame_a_segment_is_known_by_the_others() {
    // The first message holds frames of another spool's segment of the same number: with its frame damaged, they
    // stand open, but nobody takes them for this segment's own.
    let segment = Path::new("/spool/log/0000000001.seg");
    let foreign = MemoryDisk::new();
    let spool = open_spool(&foreign, 77).await.unwrap();
    accept(&spool, b"foreign", &["eve@a.example"]).await.unwrap();
    drop(spool);
    let disk = MemoryDisk::new();
    let spool = open_spool(&disk, 1).await.unwrap();
    let mut frames = vec![0; foreign.stat(segment).unwrap().size as usize];
    foreign.open(segment).unwrap().read_at(0, &mut frames).unwrap();
    accept(&spool, &frames, &["bob@a.example"]).await.unwrap();
    for n in 0..20u8 {
        accept(&spool, &[n; 500], &["bob@a.example"]).await.unwrap();
    }
    drop(spool);
    // An octet of the segment's header, one of the first frame's.
    for place in [0, 40] {
        disk.corrupt(segment, place, 1).unwrap();
    }
    let spool = open_spool(&disk, 2).await.unwrap();
    let left = spool.entries(None, 100).await.unwrap();
    assert_eq!(left.len(), 20);
    for entry in &left {
        assert_eq!(text_of(&spool, &entry.id).await.unwrap().len(), 500);
    }
    assert_eq!(spool.damage().len(), 2, "{:?}", spool.damage());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// A disk that forgets costs the messages it forgot, not those behind them, and never a panic.
    #[test]
    fn damage_in_the_middle_is_stepped_over_and_told(places in prop::collection::vec((0.0f64..1.0, 1u8..=255), 1..4)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let disk = MemoryDisk::new();
            let spool = open_spool(&disk, 1).await.unwrap();
            for n in 0..20u8 {
                accept(&spool, &[n; 500], &["bob@a.example"]).await.unwrap();
            }
            drop(spool);
            let path = Path::new("/spool/log/0000000001.seg");
            let size = disk.stat(path).unwrap().size;
            for (place, bits) in &places {
                disk.corrupt(path, (place * size as f64) as u64, *bits).unwrap();
            }
            let spool = open_spool(&disk, 2).await.unwrap();
            let left = spool.entries(None, 100).await.unwrap();
            assert!(left.len() + places.len() >= 20, "{} are left", left.len());
            let mut numbers = Vec::new();
            for entry in &left {
                let octets = text_of(&spool, &entry.id).await.unwrap();
                numbers.push(octets[0]);
                assert!(octets.len() == 500 && octets.iter().all(|octet| *octet == octets[0]));
            }
            // Untold losses can only be at the very end, where they look like the tail of a crash.
            if spool.damage().is_empty() {
                numbers.sort_unstable();
                assert!(numbers.iter().copied().eq(0..numbers.len() as u8), "{numbers:?}");
            }
        });
    }

    /// Any octets at all in place of a segment.
    #[test]
    fn a_segment_of_anything_opens(octets in prop::collection::vec(any::<u8>(), 0..2000), magic in 0usize..2000) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let disk = MemoryDisk::new();
            disk.create_dir(Path::new("/spool/log")).unwrap();
            let mut octets = octets;
            let at = magic.min(octets.len());
            octets.splice(at..at, *b"MKFR\x01\x01\0\0");
            disk.create(Path::new("/spool/log/0000000007.seg")).unwrap().append(&octets).unwrap();
            let spool = open_spool(&disk, 2).await.unwrap();
            assert_eq!(spool.entries(None, 10).await.unwrap(), []);
            accept(&spool, b"x", &["bob@a.example"]).await.unwrap();
        });
    }
}

#[tokio::test]
async fn a_message_that_looks_like_a_log_is_a_message() {
    // The octets of one spool's log, mailed through another.
    let disk = MemoryDisk::new();
    let spool = open_spool(&disk, 1).await.unwrap();
    accept(&spool, b"inner", &["bob@a.example"]).await.unwrap();
    drop(spool);
    let path = Path::new("/spool/log/0000000001.seg");
    let mut forged = vec![0; disk.stat(path).unwrap().size as usize];
    disk.open(path).unwrap().read_at(0, &mut forged).unwrap();
    let other = MemoryDisk::new();
    let spool = open_spool(&other, 2).await.unwrap();
    accept(&spool, &forged, &["bob@a.example"]).await.unwrap();
    accept(&spool, b"behind", &["bob@a.example"]).await.unwrap();
    drop(spool);
    // Its frame is damaged, so the reader looks for the next one, inside the message too.
    other.corrupt(path, 40, 1).unwrap();
    let spool = open_spool(&other, 3).await.unwrap();
    let left = spool.entries(None, 10).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(text_of(&spool, &left[0].id).await.unwrap(), b"behind");
    assert_eq!(spool.damage().len(), 1);
}
