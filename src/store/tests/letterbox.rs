//! Letters are accepted with their name, taken in once, and whole.

use super::super::letterbox::put;
use super::super::memory::MemoryDisk;
use super::super::testing::{TestClock, TestEntropy, accepted, lease, open_spool};
use crate::world::{Clock, Disk};
use std::path::Path;

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
    assert_eq!(spool.take_letters().await.unwrap(), 2);
    assert_eq!(spool.take_letters().await.unwrap(), 0);
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
    assert_eq!(spool.take_letters().await.unwrap(), 0);
    assert_eq!(spool.take_letters().await.unwrap(), 0);
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
    assert_eq!(one.unwrap() + other.unwrap(), 20);
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
