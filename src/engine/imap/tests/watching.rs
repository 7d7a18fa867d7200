//! Waiting for news, and what is under the conversation.

use super::*;
use crate::imap::counts::Counts;
use std::future::{pending, ready};
use std::ops::ControlFlow;

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn a_wait_is_renewed_and_ends_by_its_deadline() {
    let (mut session, log) = session("IMAP4REV1 IDLE", |line| match line {
        "IDLE" => "* 3 EXISTS\r\n+ waiting\r\n* 2 EXPUNGE\r\n* 1 FETCH (FLAGS (\\Seen) UID 4)\r\n".to_owned(),
        "DONE" => "* OK still here\r\n* VANISHED 5:6\r\nTAG OK\r\n".to_owned(),
        line => ok(line),
    });
    let mut told = Vec::new();
    let each = |event| {
        told.push(match event {
            Event::Exists(count) => format!("exists {count}"),
            Event::Expunged(number) => format!("expunged {number}"),
            Event::Vanished(ranges) => format!("gone {}", ranges.len()),
            Event::Changed { number, uid, .. } => format!("changed {number} {uid:?}"),
            other => format!("{other:?}"),
        });
        Ok(ControlFlow::Continue(()))
    };
    let woken = session.idle(HOUR, pending(), each).await.expect("heard").expect("not refused");
    assert_eq!(woken, Woken::Deadline);
    assert_eq!(log.lines(), ["IDLE", "DONE", "IDLE", "DONE", "IDLE", "DONE"]);
    assert_eq!(told[..3], ["exists 3", "expunged 2", "changed 1 Some(Uid(4))"]);
    assert_eq!((told.len(), told[3].as_str()), (12, "gone 1"));
    session.noop().await.expect("the conversation goes on");
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_when_enough_was_heard_or_somebody_says_so_or_the_server_does() {
    let (mut session, _) = session("IMAP4REV1 IDLE", |line| match line {
        "IDLE" => "+ waiting\r\n* 3 EXISTS\r\n".to_owned(),
        line => ok(line),
    });
    let enough = session.idle(HOUR, pending(), |_| Ok(ControlFlow::Break(()))).await.expect("heard");
    assert_eq!(enough.expect("not refused"), Woken::Heard);
    let stopped = session.idle(HOUR, ready(()), |_| Ok(ControlFlow::Continue(()))).await.expect("heard");
    assert_eq!(stopped.expect("not refused"), Woken::Stopped);

    for (said, is_refused) in
        [("TAG NO not here\r\n", true), ("+ w\r\n* BYE enough\r\n", false), ("+ w\r\nm9 OK\r\n", false)]
    {
        let (mut session, _) = super::session("IMAP4REV1 IDLE", |_| said.to_owned());
        let end = session.idle(HOUR, pending(), |_| Ok(ControlFlow::Continue(()))).await;
        assert_eq!(end.is_ok_and(|end| end.is_err()), is_refused, "{said}");
    }
    // A server that ends it by itself is asked once more, until the time is over.
    let (mut session, log) = super::session("IMAP4REV1 IDLE", |_| "+ w\r\nTAG NO too long\r\n".to_owned());
    session.idle(HOUR, pending(), |_| Ok(ControlFlow::Continue(()))).await.expect_err("it does not wait");
    assert_eq!(log.lines(), ["IDLE"]);
    let (mut session, _) = super::session("IMAP4REV1", ok);
    assert!(session.idle(HOUR, pending(), |_| Ok(ControlFlow::Continue(()))).await.expect("not asked").is_err());
}

#[tokio::test(start_paused = true)]
async fn news_of_other_mailboxes_are_kept_until_somebody_watches() {
    let (mut session, log) = session("IMAP4REV1 IDLE NOTIFY", |line| match line {
        "NOOP" => "* STATUS a (MESSAGES 4)\r\n* LIST () \"/\" b\r\nTAG OK\r\n".to_owned(),
        "IDLE" => "+ waiting\r\n* OK [NOTIFICATIONOVERFLOW] too much\r\n".to_owned(),
        line => ok(line),
    });
    session.noop().await.expect("heard");
    session.notify(false).await.expect("heard").expect("not refused");
    session.noop().await.expect("heard");
    let mut told = Vec::new();
    let each = |event| {
        let is_last = event == Event::Overflow;
        told.push(event);
        Ok(if is_last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    };
    session.idle(HOUR, pending(), each).await.expect("heard").expect("not refused");
    let counts = Counts { messages: Some(4), ..Counts::default() };
    assert_eq!((told.len(), &told[0]), (3, &Event::Counts("a".to_owned(), counts)));
    assert!(matches!(&told[1], Event::Listed(listed) if listed.wire_name == "b"));
    let wanted = "NOTIFY SET (selected-delayed (MessageNew MessageExpunge FlagChange)) \
        (personal (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange))";
    assert_eq!(log.lines()[1], wanted);
}

#[tokio::test]
async fn who_has_nothing_to_say_to_id_or_enable_is_not_asked() {
    let (mut session, log) = session("IMAP4REV1 ID", |line| match line {
        line if line.starts_with("ID") => "* ID (\"name\" NIL)\r\nTAG BAD not today\r\n".to_owned(),
        line => ok(line),
    });
    session.identify("mailkit", "0 \"beta\"").await.expect("no failure");
    assert!(!session.enable(&["QRESYNC"]).await.expect("not asked") && !session.compress().await.expect("not asked"));
    assert_eq!(log.lines(), ["ID (\"name\" \"mailkit\" \"version\" \"0 \\\"beta\\\"\")"]);
}
