//! Messages that are there: flags, copies, moves, and reading them.

use super::world::{Home, delivery, flags, uid, uids, whole, wire};
use mailkit::imap::flag::SystemFlag;
use mailkit::imap::mailbox::FlagChange;
use mailkit::imap::number::ModSeq;
use mailkit::store::mailbox_error::MailboxError;

#[tokio::test]
async fn flags_and_keywords_are_kept_and_told() {
    let home = Home::real();
    let account = home.account("bob").await;
    let mut news = account.watch("inbox");
    account.deliver("INBOX", vec![delivery("a", "x"), delivery("b", "y")]).await.unwrap();
    assert!(news.has_changed().unwrap());
    news.mark_unchanged();
    let before = account.status("INBOX").await.unwrap().highest_modseq;
    assert!(!news.has_changed().unwrap());
    let wanted = flags(&[SystemFlag::Seen, SystemFlag::Flagged], &["Work"]);
    let rows = account.store_flags("INBOX", &[uid(2), uid(7)], FlagChange::Add(wanted.clone())).await.unwrap();
    assert_eq!(rows.iter().map(|row| (row.uid, row.flags.clone())).collect::<Vec<_>>(), [(uid(2), wanted.clone())]);
    assert!(news.has_changed().unwrap() && rows[0].modseq > before);
    let changes = account.changes("INBOX", before).await.unwrap();
    assert_eq!((changes.rows.len(), changes.vanished.len(), changes.highest_modseq), (1, 0, rows[0].modseq));
    let same = account.store_flags("INBOX", &[uid(2)], FlagChange::Add(wanted.clone())).await.unwrap();
    assert_eq!(same, rows, "nothing changed, so the modification sequence stays");
    assert_eq!(account.status("INBOX").await.unwrap().unseen, 1);
    assert_eq!(home.names("bob/Maildir/cur"), ["b,S=1,W=1:2,FS"]);
    account.expunge("INBOX", &[uid(1)]).await.unwrap();
    let changes = account.changes("INBOX", before).await.unwrap();
    assert_eq!(changes.vanished, [uid(1)]);
    drop(account);
    let account = home.restarted().account("bob").await;
    let snapshot = account.snapshot("INBOX").await.unwrap();
    assert_eq!(snapshot.rows.iter().map(|row| (row.uid, row.flags.clone())).collect::<Vec<_>>(), [(uid(2), wanted)]);
    assert_eq!(account.changes("INBOX", before).await.unwrap(), changes);
    assert!(home.names("bob/Maildir/new").is_empty());
}

#[tokio::test]
async fn messages_are_copied_and_moved_with_their_flags() {
    for home in [Home::memory(), Home::real()] {
        let account = home.account("bob").await;
        account.create("to").await.unwrap();
        account
            .deliver("INBOX", (1..=4).map(|n| delivery(&n.to_string(), &format!("{n}\r\n"))).collect())
            .await
            .unwrap();
        let wanted = flags(&[SystemFlag::Flagged], &["Work"]);
        account.store_flags("INBOX", &[uid(2)], FlagChange::Replace(wanted.clone())).await.unwrap();
        let copied = account.copy("INBOX", &[uid(3), uid(2), uid(8)], "to").await.unwrap();
        assert_eq!(copied.pairs, [(uid(2), uid(1)), (uid(3), uid(2))]);
        let before = account.status("INBOX").await.unwrap().highest_modseq;
        let moved = account.move_to("INBOX", &[uid(2), uid(4)], "to").await.unwrap();
        assert_eq!(moved.pairs, [(uid(2), uid(3)), (uid(4), uid(4))]);
        assert_eq!(moved.validity, account.status("to").await.unwrap().uid_validity);
        assert_eq!(uids(&account, "INBOX").await, [1, 3]);
        assert_eq!(account.changes("INBOX", before).await.unwrap().vanished, [uid(2), uid(4)]);
        let rows = account.snapshot("to").await.unwrap().rows;
        assert_eq!(rows.iter().map(|row| row.flags == wanted).collect::<Vec<_>>(), [true, false, true, false]);
        for (number, text) in [(1, "2\r\n"), (2, "3\r\n"), (3, "2\r\n"), (4, "4\r\n")] {
            assert_eq!(whole(&account, "to", uid(number)).await, text.as_bytes());
        }
        // Into itself: a new number, the same message.
        assert_eq!(account.move_to("to", &[uid(4)], "to").await.unwrap().pairs, [(uid(4), uid(5))]);
        assert_eq!(account.copy("to", &[uid(5)], "to").await.unwrap().pairs, [(uid(5), uid(6))]);
        assert_eq!(uids(&account, "to").await, [1, 2, 3, 5, 6]);
        assert!(matches!(account.copy("INBOX", &[uid(1)], "no").await, Err(MailboxError::NoSuchMailbox)));
        assert!(matches!(account.move_to("no", &[uid(1)], "to").await, Err(MailboxError::NoSuchMessage)));
        assert!(account.changes("to", ModSeq(0)).await.unwrap().vanished.contains(&uid(4)));
    }
}

#[tokio::test]
async fn a_maildrop_has_one_reader_and_messages_have_names_for_good() {
    let home = Home::memory();
    let account = home.account("bob").await;
    account.deliver("INBOX", vec![delivery("a", "x"), delivery(&"ü".repeat(20), "y")]).await.unwrap();
    let held = account.lock_maildrop("INBOX").await.unwrap();
    assert!(held.is_some() && account.lock_maildrop("INBOX").await.unwrap().is_none());
    drop(held);
    assert!(account.lock_maildrop("INBOX").await.unwrap().is_some());
    assert!(matches!(account.lock_maildrop("no").await, Err(MailboxError::NoSuchMailbox)));
    let keys: Vec<String> = account.keys("INBOX").await.unwrap().into_iter().map(|(_, key)| key).collect();
    assert!(keys.iter().all(|key| (1..=70).contains(&key.len()) && key.bytes().all(|octet| octet.is_ascii_graphic())));
    account.store_flags("INBOX", &[uid(1)], FlagChange::Add(flags(&[SystemFlag::Seen], &[]))).await.unwrap();
    let after = account.keys("INBOX").await.unwrap();
    assert_eq!(after, [(uid(1), keys[0].clone()), (uid(2), keys[1].clone())]);
    assert!(matches!(account.read("INBOX", uid(3), 0, 1).await, Err(MailboxError::NoSuchMessage)));
}

#[tokio::test]
async fn a_large_message_is_read_in_pieces_by_several_at_once() {
    let home = Home::memory();
    let account = home.account("bob").await;
    let text = wire(300_000);
    for key in ["a", "b", "c", "d", "e", "f"] {
        account.deliver("INBOX", vec![delivery(key, &text)]).await.unwrap();
    }
    let readers = (1..=6).map(|number| {
        let account = account.clone();
        tokio::spawn(async move {
            let mut octets = Vec::new();
            while let piece = account.read("INBOX", uid(number), octets.len() as u64, 10_000).await.unwrap()
                && !piece.is_empty()
            {
                octets.extend(piece);
            }
            octets
        })
    });
    for reader in readers.collect::<Vec<_>>() {
        assert!(reader.await.unwrap() == text.as_bytes());
    }
    // Who reads while another expunges reads to the end.
    account.read("INBOX", uid(1), 0, 1000).await.unwrap();
    account.expunge("INBOX", &[uid(1)]).await.unwrap();
    assert_eq!(account.read("INBOX", uid(1), 1000, 1000).await.unwrap(), text.as_bytes()[1000..2000]);
}
