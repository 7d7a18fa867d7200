//! The index: lost or broken, it is made again from what it indexes.

use super::world::{Home, delivery, flags, uid};
use mailkit::imap::flag::SystemFlag;
use mailkit::imap::mailbox::FlagChange;

#[tokio::test]
async fn a_lost_index_gets_its_uids_back_from_the_log_and_flags_from_the_names() {
    let home = Home::real();
    let account = home.account("bob").await;
    let texts = ["1\r\n", "2\r\n", "3\r\n"];
    account.deliver("INBOX", texts.map(|text| delivery(text.trim(), text)).to_vec()).await.unwrap();
    account.store_flags("INBOX", &[uid(3)], FlagChange::Add(flags(&[SystemFlag::Answered], &[]))).await.unwrap();
    account.expunge("INBOX", &[uid(2)]).await.unwrap();
    let before = account.snapshot("INBOX").await.unwrap();
    let keys = account.keys("INBOX").await.unwrap();
    assert_eq!(keys.iter().map(|(uid, _)| *uid).collect::<Vec<_>>(), [uid(1), uid(3)]);
    drop(account);
    let home = home.restarted();
    for file in ["index.db", "index.db-wal", "index.db-shm"] {
        let _ = std::fs::remove_file(home.root().join("bob").join(file));
    }
    let account = home.account("bob").await;
    let after = account.snapshot("INBOX").await.unwrap();
    let seen = |rows: &[mailkit::imap::mailbox::Row]| {
        rows.iter().map(|row| (row.uid, row.flags.clone(), row.size, row.arrived)).collect::<Vec<_>>()
    };
    assert_eq!(seen(&after.rows), seen(&before.rows));
    assert_eq!(after.status.uid_validity, before.status.uid_validity);
    assert_eq!(after.status.uid_next, before.status.uid_next);
    assert!(after.status.highest_modseq > before.status.highest_modseq);
    assert_eq!(account.keys("INBOX").await.unwrap(), keys);
    assert_eq!(account.changes("INBOX", before.status.highest_modseq).await.unwrap().vanished, [uid(2)]);
    assert!(!account.deliver("INBOX", vec![delivery("2", "2\r\n")]).await.unwrap()[0].fresh);
    drop(account);
    // Without the log nobody knows the numbers any more, and says so.
    let home = home.restarted();
    std::fs::remove_file(home.root().join("bob/Maildir/mailkit-uids")).unwrap();
    for file in ["index.db", "index.db-wal", "index.db-shm"] {
        let _ = std::fs::remove_file(home.root().join("bob").join(file));
    }
    let anew = home.account("bob").await.snapshot("INBOX").await.unwrap();
    assert_eq!(anew.rows.len(), 2);
    assert_ne!(anew.status.uid_validity, before.status.uid_validity);
}

#[tokio::test]
async fn an_index_that_breaks_is_made_again() {
    let home = Home::real();
    let account = home.account("bob").await;
    account.deliver("INBOX", vec![delivery("a", "1\r\n")]).await.unwrap();
    let before = account.status("INBOX").await.unwrap();
    drop(account);
    let (index, home) = (home.root().join("bob/index.db"), home.restarted());
    while home.root().join("bob/index.db-wal").exists() {
        tokio::task::yield_now().await;
    }
    std::fs::write(&index, vec![b'x'; 20_000]).unwrap();
    let after = home.account("bob").await.status("INBOX").await.unwrap();
    assert_eq!((after.uid_validity, after.uid_next, after.messages), (before.uid_validity, before.uid_next, 1));
    assert!(home.root().join("bob/index.db.broken").exists());
}
