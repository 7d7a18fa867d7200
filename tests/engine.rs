//! The IMAP engine and our own server, end to end in memory: what one says the other understands.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod stage;

use mailkit::engine::dial::Security;
use mailkit::engine::imap::{
    Access, Ask, Change, Found, Look, Opening, Scan, Seen, Session, Since, Store, Upload, Woken,
};
use mailkit::imap::flag::{Flags, SystemFlag};
use mailkit::imap::number::Uid;
use mailkit::net::connection::Connection;
use mailkit::sasl::Credentials;
use mailkit::secret::Secret;
use mailkit::server::{Server, Service};
use mailkit::store::memory::MemoryDisk;
use mailkit::world::Timestamp;
use stage::Wishes;
use std::future::pending;
use std::net::SocketAddr;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;
use std::time::Duration;

async fn server() -> Arc<Server> {
    let wishes = Wishes { users: vec!["bob".into()], ..Wishes::default() };
    Arc::new(stage::server_on(&wishes, MemoryDisk::new()).await.unwrap())
}

async fn login(server: &Arc<Server>) -> Session {
    let peer = SocketAddr::from(([127, 0, 0, 1], 49152));
    let connection = Connection::new(stage::connect(server, Service::Imap, false), peer, None);
    let opening = Opening::begin(connection, "localhost", Security::None).await.unwrap();
    opening.login(&Credentials::new("bob", Secret::new("secret".into()))).await.unwrap()
}

fn numbers(uids: &[Uid]) -> Vec<u32> {
    uids.iter().map(|uid| uid.get()).collect()
}

/// Puts so many messages into a mailbox; their UIDs.
async fn fill(session: &mut Session, mailbox: &str, count: usize) -> Vec<Uid> {
    let mut flags = Flags::new();
    flags.set(SystemFlag::Flagged, true);
    flags.set_keyword("work", true);
    let letters: Vec<Vec<u8>> = (0..count)
        .map(|n| format!("Message-ID: <{n}@example>\r\nSubject: {n}\r\n\r\nHow about pickles?\r\n").into_bytes())
        .collect();
    let arrived = Some(Timestamp::from_second(1_000_000_000).unwrap());
    let uploads: Vec<_> = letters.iter().map(|content| Upload { content, flags: &flags, arrived }).collect();
    let mut uids = vec![None; count];
    session
        .append(mailbox, &uploads, |number, end| {
            uids[number] = end.unwrap().map(|called| called.uid);
            Ok(())
        })
        .await
        .unwrap();
    uids.into_iter().map(|uid| uid.expect("the server says how it is called")).collect()
}

async fn all(session: &mut Session) -> Vec<u32> {
    let mut found = Vec::new();
    session
        .search_all(|range| {
            found.extend(range.start().get()..=range.end().get());
            Ok(())
        })
        .await
        .unwrap();
    found
}

#[tokio::test]
async fn messages_come_and_go_as_they_are_told_to() {
    let server = server().await;
    let mut session = login(&server).await;
    for name in ["Work", "Old"] {
        session.create(name).await.unwrap().unwrap();
        session.subscribe(name).await.unwrap().unwrap();
    }
    let uids = fill(&mut session, "Work", 40).await;
    assert_eq!(numbers(&uids), (1..=40).collect::<Vec<_>>());
    let opened = session.open("Work", Access::ReadWrite).await.unwrap().unwrap();
    assert_eq!((opened.messages, opened.uid_next.map(Uid::get), opened.is_read_only), (40, Some(41), false));

    let mut rows = Vec::new();
    session
        .overview(Uid::new(39).unwrap().., |seen| {
            if let Seen::Overview(row) = seen {
                rows.push(row);
            }
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1].message_id.as_deref(), Some("<39@example>"));
    assert!(rows[1].flags.has_keyword("work") && rows[1].flags.has(SystemFlag::Flagged));
    assert_eq!(rows[1].arrived.map(Timestamp::as_second), Some(1_000_000_000));

    let mut octets = 0;
    let wanted: Vec<_> = uids.iter().map(|uid| (*uid, rows[0].size.unwrap())).collect();
    session
        .messages(&wanted, |message| {
            octets += message.unwrap().1.len();
            Ok(())
        })
        .await
        .unwrap();
    let mut heads = 0;
    session
        .headers(&uids, |message| {
            heads += usize::from(message.unwrap().1.ends_with(b"\r\n\r\n"));
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!((heads, octets > 40 * 60), (40, true));
    let mut text = Vec::new();
    assert!(
        session
            .part(uids[0], "TEXT", |octets| {
                text.extend_from_slice(octets);
                Ok(())
            })
            .await
            .unwrap()
    );
    assert_eq!(text, b"How about pickles?\r\n");

    let mut seen = Flags::new();
    seen.set(SystemFlag::Seen, true);
    let changes = [
        Store { uids: &uids[..20], add: true, flags: &seen, unchanged_since: None },
        Store { uids: &uids[..5], add: false, flags: &seen, unchanged_since: None },
    ];
    session
        .store(&changes, |_, end| {
            assert!(end.unwrap().is_empty());
            Ok(())
        })
        .await
        .unwrap();
    let mut unseen = 0;
    session
        .search("SEEN", |range| {
            unseen += range.end().get() - range.start().get() + 1;
            Ok(())
        })
        .await
        .unwrap()
        .unwrap();
    assert_eq!(unseen, 15);

    let copied = session.copy(&uids[..3], "Old").await.unwrap();
    let moved = session.move_to(&uids[3..6], "Old").await.unwrap();
    assert_eq!((copied.pairs.len(), moved.pairs.len()), (3, 3));
    assert!(session.remove(&uids[6..8]).await.unwrap().refused.is_empty());
    let left: Vec<u32> = (1..=3).chain(9..=40).collect();
    assert_eq!(all(&mut session).await, left);
    let refused = session.copy(&uids[..1], "Nowhere").await.unwrap().refused;
    assert!(refused[0].refusal.is("TRYCREATE") || refused[0].refusal.is("NONEXISTENT"));

    session.unselect().await.unwrap();
    let ask = Ask { subscribed: true, unseen: true, size: true };
    let listed: Vec<_> = session.list_status(ask).await.unwrap().into_iter().flatten().collect();
    let work = listed.iter().find(|row| row.listed.wire_name == "Work").unwrap();
    assert!(work.listed.is_subscribed);
    assert_eq!(work.counts.as_ref().unwrap().messages, Some(35));

    session.rename("Old", "Older").await.unwrap().unwrap();
    assert!(session.delete("Old").await.unwrap().unwrap_err().is("NONEXISTENT"));
    session.delete("Older").await.unwrap().unwrap();
    session.logout().await;
}

#[tokio::test]
async fn several_mailboxes_are_looked_at_together() {
    let server = server().await;
    let mut session = login(&server).await;
    let names = ["A", "B", "C"];
    for (count, name) in names.iter().enumerate() {
        session.create(name).await.unwrap().unwrap();
        fill(&mut session, name, count + 1).await;
    }
    let range = (Bound::Unbounded, Bound::Unbounded);
    let looks =
        vec![Look::Flags { range, changed_since: None, with_vanished: false }, Look::Overview { range }, Look::All];
    let scans: Vec<Scan> = names
        .iter()
        .map(|name| Scan {
            wire_name: (*name).to_owned(),
            access: Access::ReadOnly,
            since: Since::Nothing,
            looks: looks.clone(),
        })
        .collect();
    let mut counts = [(0, 0, 0, 0); 3];
    session
        .scan_many(&scans, |number, found| {
            let (opened, flags, rows, uids) = &mut counts[number];
            match found {
                Found::Opened(selected) => *opened = selected.messages,
                Found::Seen(Seen::Change(Change::Flags(_))) => *flags += 1,
                Found::Seen(Seen::Overview(_)) => *rows += 1,
                Found::Uids(range) => *uids += range.end().get() - range.start().get() + 1,
                Found::Looked(_, end) => end.unwrap(),
                other => panic!("{other:?}"),
            }
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(counts, [(1, 1, 1, 1), (2, 2, 2, 2), (3, 3, 3, 3)]);
}

#[tokio::test]
async fn who_idles_hears_of_a_message() {
    let server = server().await;
    let (mut watcher, mut writer) = (login(&server).await, login(&server).await);
    watcher.open("INBOX", Access::ReadOnly).await.unwrap().unwrap();
    let wait = watcher.idle(Duration::from_secs(60), pending(), |_| Ok(ControlFlow::Break(())));
    let (woken, uids) = tokio::join!(wait, fill(&mut writer, "INBOX", 1));
    assert_eq!((woken.unwrap().unwrap(), uids.len()), (Woken::Heard, 1));
    assert_eq!(all(&mut watcher).await, [1]);
}
