//! Messages come in: whole, once, and beside each other.

use super::world::{Home, delivery, flags, one, uid, uids, whole};
use mailkit::imap::flag::{Flags, SystemFlag};
use mailkit::imap::mailbox::FlagChange;
use mailkit::store::account::Delivery;
use mailkit::store::memory::Fault;
use mailkit::world::Content;
use std::io;
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
