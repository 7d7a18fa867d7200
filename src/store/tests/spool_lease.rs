//! Who is leased when: lanes hold up only themselves, and a clock that was set holds up nobody.

use crate::status::EnhancedStatus;
use crate::store::memory::MemoryDisk;
use crate::store::spool::{Lanes, Outcome, Settlement, Spool, SpoolId};
use crate::store::testing::{accept, lease, open_at, open_spool};
use crate::world::Timestamp;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + seconds).unwrap()
}

/// All names below one host share it.
fn lane_of(domain: &str) -> String {
    if domain.ends_with("shared.example") { "shared".to_owned() } else { domain.to_owned() }
}

/// Leases; says whom, by place, with their lanes.
async fn take(spool: &Spool, max: usize, each: usize) -> (Vec<((SpoolId, u32), String)>, bool) {
    let batch = spool.lease(at(0), max, Lanes { of: Arc::new(lane_of), each }).await.unwrap();
    let mut taken = Vec::new();
    for message in batch.messages {
        for due in message.recipients {
            taken.push(((message.id, due.index), lane_of(&due.path.address().unwrap().domain().to_string())));
        }
    }
    (taken, batch.has_more)
}

async fn deliver(spool: &Spool, places: &[(SpoolId, u32)]) {
    let outcome = || Outcome::Delivered { text: "ok".into() };
    let settle = |(id, recipient): &(SpoolId, u32)| Settlement { id: *id, recipient: *recipient, outcome: outcome() };
    spool.settle(places.iter().map(settle).collect(), vec![]).await.unwrap();
}

fn counts(taken: &[((SpoolId, u32), String)]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    taken.iter().for_each(|(_, lane)| *counts.entry(lane.as_str()).or_insert(0) += 1);
    counts
}

#[tokio::test]
async fn a_full_lane_is_passed_by_and_goes_on_where_it_stood() {
    let spool = open_spool(&MemoryDisk::new(), 1).await.unwrap();
    for _ in 0..30 {
        accept(&spool, b"x", &["a@dead.example", "b@x.shared.example", "c@y.shared.example"]).await.unwrap();
    }
    accept(&spool, b"x", &["bob@alive.example"]).await.unwrap();
    let (taken, has_more) = take(&spool, 1000, 5).await;
    assert_eq!(counts(&taken), BTreeMap::from([("alive.example", 1), ("dead.example", 5), ("shared", 5)]));
    assert!(!has_more);
    assert_eq!(spool.next_due().await.unwrap(), None, "what was passed by waits for its lane");
    assert_eq!(take(&spool, 1000, 5).await.0, []);
    accept(&spool, b"x", &["carol@alive.example"]).await.unwrap();
    assert_eq!(counts(&take(&spool, 1000, 5).await.0), BTreeMap::from([("alive.example", 1)]));
    let of = |lane: &str| taken.iter().filter(|(_, other)| other == lane).map(|(place, _)| *place).collect::<Vec<_>>();
    deliver(&spool, &of("dead.example")[..2]).await;
    assert_eq!(counts(&take(&spool, 1000, 5).await.0), BTreeMap::from([("dead.example", 2)]));
    // What is given back comes again.
    spool.release(of("shared")).await.unwrap();
    assert_eq!(take(&spool, 1000, 5).await.0.len(), 5);
}

#[tokio::test]
async fn a_pile_is_looked_through_in_pieces() {
    let spool = open_spool(&MemoryDisk::new(), 1).await.unwrap();
    let many: Vec<String> = (0..1000).map(|n| format!("u{n}@dead.example")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for _ in 0..12 {
        accept(&spool, b"x", &many).await.unwrap();
    }
    accept(&spool, b"x", &["bob@alive.example"]).await.unwrap();
    let (mut taken, mut calls) = (Vec::new(), 0);
    loop {
        let (more, has_more) = take(&spool, 1000, 10).await;
        taken.extend(more);
        calls += 1;
        if !has_more {
            break;
        }
    }
    assert_eq!((counts(&taken), calls), (BTreeMap::from([("alive.example", 1), ("dead.example", 10)]), 3));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever the order in which messages come, are leased, settled and given back.
    #[test]
    fn no_lane_has_too_many_and_nobody_is_forgotten_or_leased_twice(
        steps in prop::collection::vec((0..4u8, 0..6usize, 1..8usize), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let spool = open_spool(&MemoryDisk::new(), 1).await.unwrap();
            let hosts = ["a.example", "b.example", "c.example", "x.shared.example", "y.shared.example", "d.example"];
            let (mut held, mut done, mut accepted) = (Vec::new(), BTreeSet::new(), 0);
            for (what, host, number) in steps {
                match what {
                    0 | 1 => {
                        let to: Vec<String> = (0..number).map(|n| format!("u@{}", hosts[(host + n / 2) % 6])).collect();
                        accept(&spool, b"x", &to.iter().map(String::as_str).collect::<Vec<_>>()).await.unwrap();
                        accepted += number;
                    }
                    2 => held.extend(take(&spool, number, 3).await.0),
                    _ => {
                        let rest = held.split_off(number.min(held.len()));
                        let places: Vec<_> = held.iter().map(|(place, _)| *place).collect();
                        if host == 0 {
                            spool.release(places).await.unwrap();
                        } else {
                            deliver(&spool, &places).await;
                            done.extend(places);
                        }
                        held = rest;
                    }
                }
                let places: BTreeSet<_> = held.iter().map(|(place, _)| *place).collect();
                assert!(places.len() == held.len() && places.is_disjoint(&done), "leased twice");
                assert!(counts(&held).values().all(|count| *count <= 3), "{:?}", counts(&held));
            }
            loop {
                let places: Vec<_> = held.drain(..).map(|(place, _)| place).collect();
                deliver(&spool, &places).await;
                done.extend(places);
                let (more, has_more) = take(&spool, 4, 3).await;
                if more.is_empty() && !has_more {
                    break;
                }
                held.extend(more);
            }
            assert_eq!(done.len(), accepted, "somebody is forgotten");
        });
    }
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_nobody_wait_longer() {
    let later = |until, disk: &MemoryDisk| {
        let disk = disk.clone();
        async move {
            let spool = open_at(&disk, 1, at(0)).await.unwrap();
            accept(&spool, b"fresh", &["bob@a.example"]).await.unwrap();
            let tried = accept(&spool, b"tried", &["bob@a.example"]).await.unwrap();
            let (text, code) = ("450 later".into(), EnhancedStatus::new(4, 2, 0));
            let outcome = Outcome::Deferred { until, text, code, warned: false };
            spool.settle(vec![Settlement { id: tried, recipient: 0, outcome }], vec![]).await.unwrap();
            (spool, tried)
        }
    };
    // While it runs, and over a restart.
    for restart in [false, true] {
        let disk = MemoryDisk::new();
        let (mut spool, tried) = later(at(600), &disk).await;
        assert_eq!(lease(&spool, at(0), 10).await.len(), 1, "the fresh one");
        spool.release(vec![(spool.entries(None, 10).await.unwrap()[0].id, 0)]).await.unwrap();
        if restart {
            drop(spool);
            spool = open_at(&disk, 2, at(-86_400)).await.unwrap();
        }
        let leased = lease(&spool, at(-86_400), 10).await;
        assert_eq!(leased.len(), 1, "the fresh one is due, whatever the clock says");
        assert_ne!(leased[0].id, tried);
        assert_eq!(spool.next_due().await.unwrap(), Some(at(600 - 86_400)), "the other waits as long as it had to");
        assert_eq!(lease(&spool, at(600 - 86_400), 10).await.len(), 1);
    }
}
