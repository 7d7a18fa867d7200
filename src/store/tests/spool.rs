//! The spool at work on a sound disk.

use crate::address::Domain;
use crate::status::EnhancedStatus;
use crate::store::memory::MemoryDisk;
use crate::store::spool::{Outcome, Report, Settlement, Wake};
use crate::store::testing::{accept, accepted, lease, open_spool, text_of};
use crate::world::{Disk, Timestamp};
use std::path::Path;

fn now(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + seconds).unwrap()
}

fn delivered() -> Outcome {
    Outcome::Delivered { text: "250 2.0.0 ok".into() }
}

fn deferred(seconds: i64) -> Outcome {
    let (text, code) = ("450 4.2.1 later".into(), EnhancedStatus::new(4, 2, 1));
    Outcome::Deferred { until: now(seconds), text, code, warned: false }
}

#[tokio::test]
async fn a_message_is_leased_once_read_settled_and_gone() {
    let disk = MemoryDisk::new();
    let spool = open_spool(&disk, 1).await.unwrap();
    let short = accept(&spool, b"short", &["bob@a.example", "eve@b.example"]).await.unwrap();
    let long_text: Vec<u8> = (0..600_000u32).map(|n| (n % 251) as u8).collect();
    let long = accept(&spool, &long_text, &["bob@a.example"]).await.unwrap();
    assert_eq!(text_of(&spool, &short).await.unwrap(), b"short");
    assert_eq!(text_of(&spool, &long).await.unwrap(), long_text);

    let leased = lease(&spool, now(0), 100).await;
    let found: Vec<_> = leased.iter().map(|entry| (entry.id, entry.size, entry.recipients.len())).collect();
    assert_eq!(found.len(), 2);
    assert!(found.contains(&(short, 5, 2)) && found.contains(&(long, 600_000, 1)));
    assert_eq!(lease(&spool, now(0), 100).await, []);
    assert_eq!(spool.next_due().await.unwrap(), None);

    let settle = |id, recipient, outcome| Settlement { id, recipient, outcome };
    spool
        .settle(
            vec![settle(short, 0, delivered()), settle(short, 1, deferred(60)), settle(long, 0, delivered())],
            vec![],
        )
        .await
        .unwrap();
    assert_eq!(spool.next_due().await.unwrap(), Some(now(60)));
    assert_eq!(lease(&spool, now(59), 100).await, []);
    let leased = lease(&spool, now(60), 100).await;
    let due = &leased[0].recipients[0];
    assert_eq!((leased.len(), due.index, due.attempts, due.path.to_string().as_str()), (1, 1, 1, "eve@b.example"));
    assert_eq!(due.last.as_ref().map(|last| last.text.as_str()), Some("450 4.2.1 later"));

    // A lease given back comes again; what is cancelled does not; settling twice does nothing.
    spool.release(vec![(short, 1)]).await.unwrap();
    assert_eq!(lease(&spool, now(60), 100).await.len(), 1);
    spool.settle(vec![settle(short, 1, Outcome::Cancelled)], vec![]).await.unwrap();
    spool.settle(vec![settle(short, 1, delivered()), settle(long, 7, delivered())], vec![]).await.unwrap();
    assert_eq!(spool.entries(None, 10).await.unwrap(), []);
    assert!(spool.open_message(&short).await.is_err());
    assert_eq!(body_files(&disk), 0);
}

#[tokio::test]
async fn a_failure_and_its_report_are_one_and_survive_a_restart() {
    let disk = MemoryDisk::new();
    let spool = open_spool(&disk, 1).await.unwrap();
    let id = accept(&spool, b"text", &["nobody@a.example"]).await.unwrap();
    let outcome = Outcome::Failed { text: "550 5.1.1 no".into(), code: EnhancedStatus::new(5, 1, 1) };
    let reports = ["first", "second"].map(|text| {
        let id = id.derived(text.as_bytes());
        Report { id, accepted: accepted(&["alice@crepes.example"]), octets: text.into() }
    });
    let ids: Vec<_> = reports.iter().map(|report| report.id).collect();
    spool.settle(vec![Settlement { id, recipient: 0, outcome }], reports.to_vec()).await.unwrap();
    for seed in 0..10 {
        let spool = open_spool(&disk.power_cut(seed), 2).await.unwrap();
        let found: Vec<_> = spool.entries(None, 10).await.unwrap().into_iter().map(|entry| entry.id).collect();
        assert_eq!(
            {
                let mut ids = ids.clone();
                ids.sort();
                ids
            },
            found
        );
        assert_eq!(text_of(&spool, &ids[0]).await.unwrap(), b"first");
        assert_eq!(text_of(&spool, &ids[1]).await.unwrap(), b"second");
    }
}

#[tokio::test]
async fn a_settlement_that_comes_twice_brings_its_report_once() {
    let disk = MemoryDisk::new();
    let spool = open_spool(&disk, 1).await.unwrap();
    let id = accept(&spool, b"text", &["nobody@a.example"]).await.unwrap();
    let code = EnhancedStatus::new(5, 1, 1);
    let settlement = Settlement { id, recipient: 0, outcome: Outcome::Failed { text: "550 5.1.1 no".into(), code } };
    let report =
        Report { id: id.derived(b"failed"), accepted: accepted(&["alice@crepes.example"]), octets: b"no".into() };
    for _ in 0..2 {
        spool.settle(vec![settlement.clone()], vec![report.clone()]).await.unwrap();
    }
    for spool in [spool, open_spool(&disk.power_cut(1), 2).await.unwrap()] {
        let left = spool.entries(None, 10).await.unwrap();
        assert_eq!((left.len(), left[0].id, left[0].recipients.len()), (1, report.id, 1));
        assert_eq!(text_of(&spool, &report.id).await.unwrap(), b"no");
    }
}

#[tokio::test]
async fn the_queue_is_listed_in_pages_and_woken_by_message_domain_or_whole() {
    let disk = MemoryDisk::new();
    let spool = open_spool(&disk, 1).await.unwrap();
    let mut ids = Vec::new();
    for n in 0..5 {
        let id = accept(&spool, b"x", &["bob@a.example", "bob@B.example"]).await.unwrap();
        spool
            .settle((0..2).map(|recipient| Settlement { id, recipient, outcome: deferred(100 + n) }).collect(), vec![])
            .await
            .unwrap();
        ids.push(id);
    }
    ids.sort();
    let mut listed = Vec::new();
    while let page = spool.entries(listed.last().copied(), 2).await.unwrap()
        && !page.is_empty()
    {
        assert!(page.len() <= 2 && page.iter().all(|entry| entry.recipients.len() == 2));
        listed.extend(page.iter().map(|entry| entry.id));
    }
    assert_eq!(listed, ids);
    let mut arrivals = spool.arrivals();
    arrivals.mark_unchanged();
    assert_eq!(spool.make_due(Wake::Message(ids[0])).await.unwrap(), 2);
    arrivals.changed().await.unwrap();
    assert_eq!(spool.make_due(Wake::Domain(Domain::parse("b.EXAMPLE").unwrap())).await.unwrap(), 4);
    assert_eq!(lease(&spool, now(0), 100).await.iter().map(|entry| entry.recipients.len()).sum::<usize>(), 6);
    assert_eq!(spool.make_due(Wake::All).await.unwrap(), 4);
}

#[tokio::test]
async fn a_domain_is_woken_in_either_form_of_its_name() {
    let spool = open_spool(&MemoryDisk::new(), 1).await.unwrap();
    for (written, woken) in [("bücher.example", "xn--bcher-kva.example"), ("xn--bcher-kva.example", "Bücher.example")]
    {
        let id = accept(&spool, b"x", &[&format!("bob@{written}")]).await.unwrap();
        spool.settle(vec![Settlement { id, recipient: 0, outcome: deferred(100) }], vec![]).await.unwrap();
        assert_eq!(spool.make_due(Wake::Domain(Domain::parse(woken).unwrap())).await.unwrap(), 1, "{written}");
    }
}

#[tokio::test]
async fn a_second_owner_is_told_so() {
    let disk = MemoryDisk::new();
    let spool = open_spool(&disk, 1).await.unwrap();
    let error = open_spool(&disk, 2).await.err().unwrap();
    assert_eq!(error.kind(), crate::error::Kind::Temporary);
    assert_eq!(error.to_string(), "the spool in /spool is in use by another mailkit process");
    drop(spool);
    assert!(open_spool(&disk, 3).await.is_ok());
}

#[tokio::test]
async fn a_message_that_is_not_committed_leaves_nothing() {
    let disk = MemoryDisk::new();
    let spool = open_spool(&disk, 1).await.unwrap();
    let mut incoming = spool.begin().await.unwrap();
    incoming.write(&[1; 300_000]).await.unwrap();
    assert_eq!((incoming.len(), body_files(&disk)), (300_000, 1));
    drop(incoming);
    assert_eq!(body_files(&disk), 0);
    assert_eq!(spool.entries(None, 10).await.unwrap(), []);
}

fn body_files(disk: &MemoryDisk) -> usize {
    disk.read_dir(Path::new("/spool/body")).unwrap().len()
}
