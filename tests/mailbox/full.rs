//! A full disk: messages are refused, and what is there can be read and deleted, to the last free octet.
//!
//! For the last octet: SQLite finds its own way to the disk, so the disk has to be a real one: a small file system in memory, which a
//! process may mount where the system lets it have a view of its own. Elsewhere nothing is shown.

use super::world::{Home, clock, delivery, flags, uid, uids, whole, wire};
use mailkit::imap::flag::SystemFlag;
use mailkit::imap::mailbox::FlagChange;
use mailkit::net::entropy::SeededEntropy;
use mailkit::store::IndexAt;
use mailkit::store::disk::RealDisk;
use mailkit::store::mailbox_error::MailboxError;
use mailkit::store::mailstore::Mailstore;
use mailkit::world::Disk;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// Where the small file system is, in the process that sees it.
const PLACE: &str = "MAILKIT_FULL_DISK";

/// A program for `sh` with the place and this test.
const MOUNT: &str = r#"mount -t tmpfs -o size=48m tmpfs "$1" && exec "$0" --exact full::mail_can_be_read_and_deleted"#;

#[tokio::test]
async fn a_full_disk_refuses_and_leaves_nothing_behind() {
    let home = Home::memory();
    let account = home.account("bob").await;
    account.deliver("INBOX", vec![delivery("a", "x")]).await.unwrap();
    let used = u64::MAX - home.disk().free_space(Path::new("/")).unwrap();
    assert_eq!(used, 0, "an unlimited disk");
    home.memory_disk().limit(2000);
    let large = "x".repeat(5000);
    let refused = account.deliver("INBOX", vec![delivery("b", "y"), delivery("c", &large)]).await;
    assert!(matches!(refused, Err(MailboxError::Full)), "{refused:?}");
    assert!(home.names("bob/Maildir/tmp").is_empty());
    assert_eq!(uids(&account, "INBOX").await, [1]);
    home.memory_disk().heal();
    assert_eq!(account.deliver("INBOX", vec![delivery("b", "y")]).await.unwrap()[0].uid, uid(2));
}

#[tokio::test]
async fn the_last_room_is_kept_for_flags_and_expunges() {
    let home = Home::memory();
    let account = home.account("bob").await;
    account.deliver("INBOX", vec![delivery("a", "x"), delivery("b", "y")]).await.unwrap();
    home.memory_disk().limit(4 * 1024 * 1024);
    let refused = account.deliver("INBOX", vec![delivery("c", "z")]).await;
    assert!(matches!(refused, Err(MailboxError::Full)), "{refused:?}");
    let refused = account.copy("INBOX", &[uid(1)], "INBOX").await;
    assert!(matches!(refused, Err(MailboxError::Full)), "{refused:?}");
    let seen = FlagChange::Add(flags(&[SystemFlag::Seen], &[]));
    assert_eq!(account.store_flags("INBOX", &[uid(1)], seen).await.unwrap().len(), 1);
    assert_eq!(account.expunge("INBOX", &[uid(1)]).await.unwrap(), [uid(1)]);
    home.memory_disk().limit(5 * 1024 * 1024);
    assert_eq!(account.deliver("INBOX", vec![delivery("c", "z")]).await.unwrap()[0].uid, uid(3));
}

#[tokio::test]
async fn mail_can_be_read_and_deleted() {
    if let Some(place) = std::env::var_os(PLACE) {
        return on_a_full_disk(Path::new(&place)).await;
    }
    let own_view = || {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount"]);
        command
    };
    if !own_view().args(["mount", "-t", "tmpfs", "tmpfs", "/tmp"]).output().is_ok_and(|tried| tried.status.success()) {
        eprintln!("not shown here: this system gives no view of its own");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let mut inside = own_view();
    inside.args(["sh", "-c", MOUNT]).arg(std::env::current_exe().unwrap()).arg(place.path());
    let shown = inside.env(PLACE, place.path()).output().unwrap();
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&[shown.stdout, shown.stderr].concat()));
}

async fn on_a_full_disk(place: &Path) {
    let clock = clock();
    let open = || {
        let entropy = Arc::new(SeededEntropy::new(7));
        Mailstore::open(Arc::new(RealDisk), clock.clone(), entropy, place.join("mail"), IndexAt::File)
    };
    let text = wire(60_000);
    let store = open();
    for user in ["bob", "eve"] {
        let batch = (1..=300).map(|number| delivery(&number.to_string(), if number > 40 { "x\r\n" } else { &text }));
        store.account(user).await.unwrap().deliver("INBOX", batch.collect()).await.unwrap();
    }
    let bob = store.account("bob").await.unwrap();
    let deleted = || FlagChange::Add(flags(&[SystemFlag::Deleted], &["gone"]));
    fill(place);
    assert!(matches!(bob.deliver("INBOX", vec![delivery("y", "y")]).await, Err(MailboxError::Full)));
    assert_eq!(bob.store_flags("INBOX", &[uid(1), uid(2)], deleted()).await.unwrap().len(), 2);
    // Whatever is given up, somebody else takes it.
    fill(place);
    assert_eq!(bob.expunge("INBOX", &[uid(1), uid(2)]).await.unwrap(), [uid(1), uid(2)]);
    fill(place);
    assert_eq!(whole(&bob, "INBOX", uid(300)).await, b"x\r\n");
    // Most of these give back no room, being small.
    let small: Vec<_> = (3..=290).rev().map(uid).collect();
    assert_eq!(bob.expunge("INBOX", &small).await.unwrap().len(), small.len());
    drop((bob, store));
    for user in ["bob", "eve"] {
        // Closed: then nothing of the indexes is left that could be written to.
        while place.join("mail").join(user).join("index.db-wal").exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    clock.turn(Duration::from_secs(5));
    fill(place);
    let store = open();
    let (bob, eve) = (store.account("bob").await.unwrap(), store.account("eve").await.unwrap());
    fill(place);
    assert_eq!(uids(&bob, "INBOX").await, (291..=300).collect::<Vec<_>>());
    assert!(eve.lock_maildrop("INBOX").await.unwrap().is_some());
    fill(place);
    assert_eq!(eve.expunge("INBOX", &[uid(7)]).await.unwrap(), [uid(7)]);
    assert_eq!(eve.status("INBOX").await.unwrap().messages, 299);
}

/// Takes the last octet.
fn fill(place: &Path) {
    let mut file = OpenOptions::new().append(true).create(true).open(place.join("filler")).unwrap();
    for count in [1 << 20, 4096, 1] {
        while file.write_all(&vec![b'x'; count]).is_ok() {}
    }
    assert_eq!(RealDisk.free_space(place).unwrap(), 0);
}
