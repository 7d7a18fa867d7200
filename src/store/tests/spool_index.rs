//! The index may be lost, old, broken or another version's: the log is enough.

use crate::store::IndexAt;
use crate::store::disk::RealDisk;
use crate::store::spool::{Outcome, Settlement, Spool};
use crate::store::testing::{TestClock, TestEntropy, accept, text_of};
use std::fs;
use std::path::Path;
use std::sync::Arc;

async fn open(root: &Path, seed: u64) -> Spool {
    let (clock, entropy) = (TestClock::new(), TestEntropy::new(seed));
    Spool::open(Arc::new(RealDisk), clock, entropy, root, IndexAt::File).await.unwrap()
}

async fn texts(spool: &Spool) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in spool.entries(None, 100).await.unwrap() {
        texts.push(String::from_utf8(text_of(spool, &entry.id).await.unwrap()).unwrap());
    }
    texts.sort();
    texts
}

/// Two messages stay, one is settled; in between the index is kept aside.
async fn history(root: &Path) {
    let spool = open(root, 1).await;
    let settled = accept(&spool, b"settled", &["bob@a.example"]).await.unwrap();
    accept(&spool, b"early", &["bob@a.example"]).await.unwrap();
    drop(spool);
    fs::copy(root.join("index.db"), root.join("old.db")).unwrap();
    let spool = open(root, 2).await;
    accept(&spool, b"late", &["bob@a.example"]).await.unwrap();
    let outcome = Outcome::Delivered { text: "ok".into() };
    spool.settle(vec![Settlement { id: settled, recipient: 0, outcome }], vec![]).await.unwrap();
}

#[tokio::test]
async fn whatever_happens_to_the_index_the_queue_is_the_same() {
    type Break = fn(&Path);
    let break_it: [(&str, Break); 5] = [
        ("kept", |_| {}),
        ("missing", |root| fs::remove_file(root.join("index.db")).unwrap()),
        ("old", |root| fs::rename(root.join("old.db"), root.join("index.db")).unwrap()),
        ("broken", |root| fs::write(root.join("index.db"), vec![0xa5; 20_000]).unwrap()),
        ("of another version", |root| {
            let connection = rusqlite::Connection::open(root.join("index.db")).unwrap();
            connection.pragma_update(None, "user_version", 99).unwrap();
        }),
    ];
    for (seed, (name, break_it)) in break_it.into_iter().enumerate() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("spool");
        history(&root).await;
        break_it(&root);
        let spool = open(&root, 10 + seed as u64).await;
        assert_eq!(texts(&spool).await, ["early", "late"], "{name}");
        accept(&spool, b"more", &["bob@a.example"]).await.unwrap();
        drop(spool);
        assert_eq!(texts(&open(&root, 20).await).await, ["early", "late", "more"], "{name}");
    }
}

#[tokio::test]
async fn the_queue_can_be_listed_beside_its_owner() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("spool");
    let disk = || Arc::new(RealDisk);
    assert!(Spool::list_read_only(disk(), &root, None, 10).await.is_err(), "there is none yet");
    let spool = open(&root, 1).await;
    let id = accept(&spool, b"text", &["bob@a.example"]).await.unwrap();
    let listed = Spool::list_read_only(disk(), &root, None, 10).await.unwrap();
    assert_eq!(listed, spool.entries(None, 10).await.unwrap());
    assert_eq!(listed[0].id, id);
    drop(spool);
    assert_eq!(Spool::list_read_only(disk(), &root, None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn everything_in_a_spool_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("spool");
    let spool = open(&root, 1).await;
    accept(&spool, b"text", &["bob@a.example"]).await.unwrap();
    accept(&spool, &[b'x'; 300_000], &["bob@a.example"]).await.unwrap();
    let mut waiting = vec![root];
    while let Some(path) = waiting.pop() {
        let found = fs::metadata(&path).unwrap();
        assert_eq!(found.permissions().mode() & 0o077, 0, "{}", path.display());
        if found.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
}
