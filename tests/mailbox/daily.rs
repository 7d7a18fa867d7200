//! Mailboxes as the protocols use them, on a disk in memory and on the real one.

use super::world::{Home, delivery, flags, one, uid, uids, whole, wire};
use mailkit::imap::flag::{Flags, SystemFlag};
use mailkit::imap::mailbox::{FlagChange, SpecialUse};
use mailkit::imap::number::ModSeq;
use mailkit::store::account::Delivery;
use mailkit::store::mailbox_error::MailboxError;
use mailkit::store::memory::Fault;
use mailkit::world::Content;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};

#[tokio::test]
async fn a_delivered_message_is_there_with_its_octets_and_counts() {
    for home in [Home::memory(), Home::real()] {
        let account = home.account("bob").await;
        let texts = ["Subject: a\r\n\r\nhello\r\n", "bare\nLF\r\n", "cr\rinside\r\n", ""];
        let deliveries = texts.iter().enumerate().map(|(n, text)| delivery(&format!("k{n}"), text)).collect();
        let delivered = account.deliver("INBOX", deliveries).await.unwrap();
        assert_eq!(
            delivered.iter().map(|one| (one.uid.get(), one.fresh)).collect::<Vec<_>>(),
            [(1, true), (2, true), (3, true), (4, true)]
        );
        let snapshot = account.snapshot("inbox").await.unwrap();
        let status = snapshot.status;
        assert_eq!((status.messages, status.unseen, status.recent, status.uid_next.get()), (4, 4, 4, 5));
        assert_eq!(status.size, texts.iter().map(|text| text.len() as u64).sum::<u64>());
        for (row, text) in snapshot.rows.iter().zip(texts) {
            assert_eq!(row.size, text.len() as u64);
            assert_eq!(row.arrived, delivery("", "").arrived);
            assert_eq!(whole(&account, "INBOX", row.uid).await, text.as_bytes());
        }
        assert_eq!(account.claim_recent("INBOX").await.unwrap(), uid(1));
        assert_eq!(account.claim_recent("INBOX").await.unwrap(), uid(5));
        assert_eq!(account.status("INBOX").await.unwrap().recent, 0);
    }
}

/// A message that is read only when somebody says so.
struct Held {
    asked: mpsc::Sender<()>,
    go_on: Mutex<mpsc::Receiver<()>>,
}

impl Content for Held {
    fn size(&self) -> u64 {
        6
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if offset == 0 {
            self.asked.send(()).unwrap();
            self.go_on.lock().unwrap().recv().unwrap();
        }
        b"late\r\n".to_vec().read_at(offset, buffer)
    }
}

#[tokio::test]
async fn what_is_being_written_is_not_tidied_away_however_long_ago_it_arrived() {
    let home = Home::memory();
    let account = home.account("bob").await;
    account.deliver("INBOX", vec![delivery("a", "1\r\n")]).await.unwrap();
    let ((asked, is_asked), (go_on, told)) = (mpsc::channel(), mpsc::channel());
    let held = Held { asked, go_on: Mutex::new(told) };
    let late = Delivery { content: Arc::new(held), ..delivery("c", "") };
    let both = vec![delivery("b", "2\r\n"), late];
    let writer = tokio::spawn({
        let account = account.clone();
        async move { account.deliver("INBOX", both).await }
    });
    tokio::task::spawn_blocking(move || is_asked.recv().unwrap()).await.unwrap();
    // A failure, after which the mailbox is looked at as if it had never been seen.
    home.memory_disk().reset_counts();
    home.memory_disk().fail_at(0, Fault::Broken);
    let seen = FlagChange::Add(flags(&[SystemFlag::Seen], &[]));
    account.store_flags("INBOX", &[uid(1)], seen).await.unwrap();
    assert_eq!(uids(&account, "INBOX").await, [1]);
    go_on.send(()).unwrap();
    let delivered = writer.await.unwrap().unwrap();
    assert_eq!(delivered.iter().map(|one| one.uid.get()).collect::<Vec<_>>(), [2, 3]);
    assert!(home.names("bob/Maildir/tmp").is_empty());
}

#[tokio::test]
async fn a_message_delivered_again_is_not_there_again_even_after_it_was_expunged() {
    for home in [Home::memory(), Home::real()] {
        let account = home.account("bob").await;
        let both = vec![delivery("a", "1\r\n"), delivery("b", "2\r\n"), delivery("a", "1\r\n")];
        let first = account.deliver("INBOX", both.clone()).await.unwrap();
        assert_eq!(
            first.iter().map(|one| (one.uid.get(), one.fresh)).collect::<Vec<_>>(),
            [(1, true), (2, true), (1, false)]
        );
        assert_eq!(account.expunge("INBOX", &[uid(1), uid(9)]).await.unwrap(), [uid(1)]);
        let again = account.deliver("INBOX", both.clone()).await.unwrap();
        assert!(again.iter().all(|one| !one.fresh) && again[0].uid == uid(1));
        let account = home.restarted().account("bob").await;
        let again = account.deliver("INBOX", both).await.unwrap();
        assert!(again.iter().all(|one| !one.fresh) && again[0].uid == uid(1), "{again:?}");
        assert_eq!(uids(&account, "INBOX").await, [2]);
        assert_eq!(account.deliver("INBOX", vec![delivery("c", "")]).await.unwrap()[0].uid, uid(3));
    }
}

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
async fn what_other_programs_do_is_noticed() {
    let home = Home::real();
    let account = home.account("bob").await;
    account.deliver("INBOX", vec![delivery("a", "1\r\n"), delivery("b", "2\r\n")]).await.unwrap();
    let before = account.snapshot("INBOX").await.unwrap().status.highest_modseq;
    let maildir = home.root().join("bob/Maildir");
    // As mutt does: mail is moved from new to cur, flagged, removed, and added.
    std::fs::rename(maildir.join("new/a,S=2,W=3"), maildir.join("cur/a,S=2,W=3:2,RS")).unwrap();
    std::fs::remove_file(maildir.join("new/b,S=2,W=3")).unwrap();
    std::fs::write(maildir.join("new/1700000000.M1.host"), "3\n\n3\n").unwrap();
    std::fs::create_dir(maildir.join("new/dir")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", maildir.join("new/link")).unwrap();
    home.turn(3);
    let changes = account.changes("INBOX", before).await.unwrap();
    assert_eq!(changes.vanished, [uid(2)]);
    assert_eq!(changes.rows.iter().map(|row| (row.uid, row.size)).collect::<Vec<_>>(), [(uid(1), 3), (uid(3), 8)]);
    assert_eq!(changes.rows[0].flags, flags(&[SystemFlag::Answered, SystemFlag::Seen], &[]));
    assert_eq!(whole(&account, "INBOX", uid(3)).await, b"3\r\n\r\n3\r\n");
    // A file that is renamed under our feet is found again.
    std::fs::rename(maildir.join("cur/a,S=2,W=3:2,RS"), maildir.join("cur/a,S=2,W=3:2,S")).unwrap();
    assert_eq!(whole(&account, "INBOX", uid(1)).await, b"1\r\n");
    // A copy of a mailbox and a foreign one are mailboxes; what is no mailbox's name is left alone.
    for dir in [".Sent/cur", ".Sent/new", ".a&AC4-b.c/cur", ".INBOX/cur", "cur/x"] {
        std::fs::create_dir_all(maildir.join(dir)).unwrap();
    }
    let names: Vec<_> =
        account.mailboxes().await.unwrap().into_iter().map(|info| (info.name, info.selectable)).collect();
    let wanted = [("INBOX", true), ("Sent", true), ("a.b", false), ("a.b/c", true)];
    assert_eq!(names, wanted.map(|(name, selectable)| (name.to_owned(), selectable)));
    assert_eq!(account.status("a.b/c").await.unwrap().messages, 0);
    std::fs::remove_dir_all(maildir.join(".Sent")).unwrap();
    assert!(matches!(account.status("Sent").await, Err(MailboxError::NoSuchMailbox)));
}

#[tokio::test]
async fn mailboxes_are_made_listed_renamed_and_deleted() {
    for home in [Home::memory(), Home::real()] {
        let account = home.account("bob").await;
        for name in ["Sent", "a/b", "a/b/c", "Entwürfe"] {
            account.create(name).await.unwrap();
        }
        assert!(matches!(account.create("a/b").await, Err(MailboxError::AlreadyExists)));
        assert!(matches!(account.create("iNBox").await, Err(MailboxError::AlreadyExists)));
        assert!(matches!(account.create("../x").await, Err(MailboxError::Cannot(_))));
        assert!(matches!(account.deliver("a", vec![delivery("k", "")]).await, Err(MailboxError::NoSuchMailbox)));
        account.subscribe("Sent", true).await.unwrap();
        account.subscribe("Gone", true).await.unwrap();
        let sent = account.mailboxes().await.unwrap().into_iter().find(|info| info.name == "Sent").unwrap();
        assert!(sent.subscribed && sent.special_use == Some(SpecialUse::Sent) && sent.selectable && sent.exists);
        let listed = |infos: Vec<mailkit::imap::mailbox::MailboxInfo>| {
            infos.into_iter().map(|info| (info.name, info.selectable, info.exists)).collect::<Vec<_>>()
        };
        let row = |name: &str, selectable, exists| (name.to_owned(), selectable, exists);
        assert_eq!(
            listed(account.mailboxes().await.unwrap()),
            [
                row("Entwürfe", true, true),
                row("Gone", false, false),
                row("INBOX", true, true),
                row("Sent", true, true),
                row("a", false, true),
                row("a/b", true, true),
                row("a/b/c", true, true),
            ]
        );
        // A mailbox takes its messages, its numbers and those below it along.
        account.deliver("a/b/c", vec![delivery("k", "text\r\n")]).await.unwrap();
        let keyword = FlagChange::Add(flags(&[], &["kept"]));
        account.store_flags("a/b/c", &[uid(1)], keyword).await.unwrap();
        let before = account.snapshot("a/b/c").await.unwrap();
        assert!(matches!(account.rename("a", "a/x").await, Err(MailboxError::Cannot(_))));
        assert!(matches!(account.rename("a", "Sent").await, Err(MailboxError::AlreadyExists)));
        assert!(matches!(account.rename("nothing", "x").await, Err(MailboxError::NoSuchMailbox)));
        account.rename("a", "z").await.unwrap();
        assert_eq!(account.snapshot("z/b/c").await.unwrap(), before);
        assert!(matches!(account.snapshot("a/b/c").await, Err(MailboxError::NoSuchMailbox)));
        assert!(matches!(account.delete("z").await, Err(MailboxError::HasChildren)));
        account.delete("z/b").await.unwrap();
        account.delete("z/b/c").await.unwrap();
        assert!(matches!(account.delete("z").await, Err(MailboxError::NoSuchMailbox)));
        assert!(matches!(account.delete("INBOX").await, Err(MailboxError::Cannot(_))));
        // The same name again is another mailbox.
        account.create("z/b/c").await.unwrap();
        let after = account.snapshot("z/b/c").await.unwrap();
        assert!(after.rows.is_empty() && after.status.uid_validity != before.status.uid_validity);
        // INBOX stays and gives its messages away.
        account.deliver("INBOX", vec![delivery("i", "1\r\n"), delivery("j", "2\r\n")]).await.unwrap();
        account.rename("INBOX", "old/mail").await.unwrap();
        assert_eq!(uids(&account, "INBOX").await, [0; 0]);
        assert_eq!(uids(&account, "old/mail").await, [1, 2]);
        assert!(!account.deliver("INBOX", vec![delivery("i", "1\r\n")]).await.unwrap()[0].fresh);
    }
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
async fn users_have_mailboxes_of_their_own_and_share_them_with_themselves() {
    let home = Home::memory();
    let store = home.store();
    let (bob, also_bob, eve) =
        (store.account("bob").await.unwrap(), store.account("bob").await.unwrap(), store.account("eve").await.unwrap());
    bob.deliver("INBOX", vec![delivery("a", "x")]).await.unwrap();
    assert_eq!((uids(&also_bob, "INBOX").await.len(), uids(&eve, "INBOX").await.len()), (1, 0));
    for bad in ["", "..", "../bob", "a/b", ".x", "a\0"] {
        assert!(store.account(bad).await.is_err(), "{bad:?}");
    }
    for number in 0..200 {
        store.account(&format!("user{number}")).await.unwrap();
    }
    assert_eq!(uids(&store.account("bob").await.unwrap(), "INBOX").await.len(), 1);
}

#[tokio::test]
async fn an_append_goes_to_cur_with_its_flags() {
    let home = Home::memory();
    let account = home.account("bob").await;
    let mut append = delivery(&account.fresh_key(), "draft\r\n");
    append.flags = flags(&[SystemFlag::Draft, SystemFlag::Seen], &["k"]);
    account.deliver("INBOX", vec![append.clone()]).await.unwrap();
    let row = one(account.snapshot("INBOX").await.unwrap().rows);
    assert_eq!((row.flags, row.recent), (append.flags, true));
    assert!(home.names("bob/Maildir/new").is_empty());
    assert!(one(home.names("bob/Maildir/cur")).ends_with(",S=6,W=7:2,DS"));
    let cleared = account.store_flags("INBOX", &[uid(1)], FlagChange::Replace(Flags::new())).await.unwrap();
    assert_eq!(one(cleared).flags, Flags::new());
    assert!(one(home.names("bob/Maildir/cur")).ends_with(":2,"));
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_at_the_same_time_do_not_meet() {
    let home = Home::memory();
    let account = home.account("bob").await;
    let tasks: Vec<_> = (0..200)
        .map(|number| {
            let account = account.clone();
            tokio::spawn(async move {
                let key = (number % 100).to_string();
                let batch =
                    (0..5).map(|part| delivery(&format!("{key}-{part}"), &format!("{key}-{part}\r\n"))).collect();
                (number, account.deliver("INBOX", batch).await.unwrap())
            })
        })
        .collect();
    let mut fresh = 0;
    for task in tasks {
        let (number, delivered) = task.await.unwrap();
        fresh += delivered.iter().filter(|one| one.fresh).count();
        for (part, one) in delivered.iter().enumerate() {
            let text = String::from_utf8(whole(&account, "INBOX", one.uid).await).unwrap();
            assert_eq!(text, format!("{}-{part}\r\n", number % 100));
        }
    }
    assert_eq!(fresh, 500);
    assert_eq!(uids(&account, "INBOX").await, (1..=500).collect::<Vec<_>>());
    assert!(home.names("bob/Maildir/tmp").is_empty());
}

#[tokio::test]
async fn links_lead_nowhere() {
    let home = Home::real();
    let (bob, eve) = (home.account("bob").await, home.account("eve").await);
    bob.create("private").await.unwrap();
    let (own, other) = (home.root().join("eve/Maildir"), home.root().join("bob/Maildir/.private"));
    std::os::unix::fs::symlink(&other, own.join(".linked")).unwrap();
    assert!(matches!(eve.status("linked").await, Err(MailboxError::NoSuchMailbox)));
    for dir in ["new", "tmp"] {
        eve.create(dir.trim_end_matches('x').to_uppercase().as_str()).await.unwrap();
        let place = own.join(format!(".{}", dir.to_uppercase())).join(dir);
        std::fs::remove_dir(&place).unwrap();
        std::os::unix::fs::symlink(other.join(dir), place).unwrap();
        let again = home.restarted().account("eve").await;
        assert!(matches!(again.status(&dir.to_uppercase()).await, Err(MailboxError::Cannot(_))), "{dir}");
    }
    assert_eq!(eve.mailboxes().await.unwrap().len(), 3);
}

#[tokio::test]
async fn what_others_did_while_we_were_away_is_not_taken_back() {
    let home = Home::real();
    let account = home.account("bob").await;
    account.deliver("INBOX", vec![delivery("a", "1\r\n"), delivery("b", "2\r\n")]).await.unwrap();
    let seen = FlagChange::Add(flags(&[SystemFlag::Seen], &["kept"]));
    account.store_flags("INBOX", &[uid(1), uid(2)], seen).await.unwrap();
    account.expunge("INBOX", &[uid(2)]).await.unwrap();
    account.status("INBOX").await.unwrap();
    // Not a clean end: the account is still open when the next one begins.
    let maildir = home.root().join("bob/Maildir/cur");
    std::fs::rename(maildir.join("a,S=2,W=3:2,S"), maildir.join("a,S=2,W=3:2,F")).unwrap();
    let again = home.restarted().account("bob").await;
    let row = one(again.snapshot("INBOX").await.unwrap().rows);
    assert_eq!(row.flags, flags(&[SystemFlag::Flagged], &["kept"]));
    assert_eq!(home.names("bob/Maildir/cur"), ["a,S=2,W=3:2,F"]);
}

#[tokio::test]
async fn what_nobody_finished_is_tidied_up() {
    let home = Home::real();
    home.account("bob").await.status("INBOX").await.unwrap();
    let maildir = home.root().join("bob/Maildir");
    std::fs::create_dir_all(maildir.join("mailkit-trash-1/cur")).unwrap();
    std::fs::write(maildir.join("mailkit-trash-1/cur/m"), "x").unwrap();
    std::fs::write(maildir.join("tmp/young"), "x").unwrap();
    let account = home.restarted().account("bob").await;
    account.status("INBOX").await.unwrap();
    assert_eq!(home.names("bob/Maildir/tmp"), ["young"]);
    home.turn(37 * 3600);
    home.restarted().account("bob").await.status("INBOX").await.unwrap();
    assert!(home.names("bob/Maildir/tmp").is_empty());
    assert_eq!(home.names("bob/Maildir"), ["cur", "mailkit-uids", "new", "tmp"]);
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
