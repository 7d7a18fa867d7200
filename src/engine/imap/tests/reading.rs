//! Reading: what changed, what is there, and what odd servers make of it.

use super::*;
use crate::error::Kind;
use crate::imap::number::{ModSeq, UidValidity};
use std::ops::Bound;

/// What an open mailbox says of itself.
const OPENED: &str = "* FLAGS (\\Seen)\r\n* OK [PERMANENTFLAGS (\\Seen $Work \\*)] kept\r\n* 3 EXISTS\r\n\
    * OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 12] next\r\n* OK [HIGHESTMODSEQ 99] last\r\n* OK [MAILBOXID (F-1)]\r\n";

fn change(found: &Change<'_>) -> String {
    match found {
        Change::Flags(flagged) => {
            format!("{} {} {:?}", flagged.uid, change::print(&flagged.flags), flagged.mod_seq.map(|last| last.0))
        }
        Change::Vanished(uids) => {
            uids.iter().map(|range| format!("gone {}-{}", range.start(), range.end())).collect::<Vec<_>>().join(" ")
        }
        Change::Unreadable(line) => format!("unreadable {line}"),
    }
}

fn seen(found: &Seen<'_>) -> String {
    match found {
        Seen::Overview(it) => format!(
            "{} {:?} {} {:?} {:?} {:?}",
            it.uid,
            it.size,
            it.arrived.is_some(),
            it.email_id.as_deref(),
            it.labels.as_deref(),
            it.message_id.as_deref()
        ),
        Seen::Change(found) => change(found),
    }
}

#[tokio::test]
async fn a_mailbox_tells_what_changed_while_it_is_opened() {
    let (mut session, log) = session("IMAP4REV1 QRESYNC ENABLE", |line| match line {
        "ENABLE QRESYNC" => "* ENABLED QRESYNC\r\nTAG OK\r\n".to_owned(),
        "SELECT \"a\"" => format!("{OPENED}TAG OK [READ-WRITE] done\r\n"),
        // News of the mailbox before come until the server says that it is closed.
        _ => format!(
            "* 9 FETCH (UID 9 FLAGS (\\Deleted))\r\n* VANISHED 4\r\n* OK [CLOSED] gone\r\n{OPENED}\
             * VANISHED (EARLIER) 1:4294967295\r\n* 2 FETCH (UID 5 FLAGS (\\Seen x) MODSEQ (98))\r\nTAG OK [READ-ONLY] done\r\n"
        ),
    });
    assert!(session.enable(&["QRESYNC"]).await.expect("heard") && session.has_enabled("CONDSTORE"));
    let opened = session.open("a", Access::ReadWrite).await.expect("heard").expect("open");
    assert_eq!((opened.messages, opened.uid_validity, opened.is_read_only), (3, UidValidity::new(7), false));
    assert_eq!((opened.uid_next, opened.highest_mod_seq), (Uid::new(12), Some(ModSeq(99))));
    assert!(opened.takes_keywords && opened.permanent_flags.is_some_and(|flags| flags.has_keyword("$Work")));
    assert_eq!(opened.mailbox_id.as_deref(), Some("F-1"));
    let (first, last) = (Uid::new(1).expect("a UID"), Uid::new(11).expect("a UID"));
    let since = Since::QResync {
        uid_validity: UidValidity::new(7).expect("one"),
        mod_seq: ModSeq(90),
        known: vec![first..=last],
    };
    let mut told = Vec::new();
    let opened = session
        .open_since("b", Access::ReadWrite, &since, |found| {
            told.push(change(&found));
            Ok(())
        })
        .await
        .expect("heard")
        .expect("open");
    assert!(opened.is_read_only);
    assert_eq!(told, ["gone 1-4294967295", "5 \\Seen x Some(98)"]);
    assert_eq!(log.lines()[2], "SELECT \"b\" (QRESYNC (7 90 1:11))");
}

#[tokio::test]
async fn what_a_server_does_not_say_of_a_mailbox_is_not_known() {
    for (said, wanted) in [
        ("* 3 EXISTS\r\nTAG OK done\r\n", Some((None, None, None))),
        ("* 3 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [NOMODSEQ]\r\nTAG OK\r\n", Some((Some(7), None, None))),
        ("* 3 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* NO [UIDNOTSTICKY] x\r\nTAG OK\r\n", Some((None, None, None))),
        ("* 3 EXISTS\r\n* OK [UIDNEXT 0]\r\n* OK [HIGHESTMODSEQ 0]\r\nTAG OK\r\n", Some((None, None, None))),
        ("* OK [UIDVALIDITY 7]\r\nTAG OK done\r\n", None),
    ] {
        let (mut session, _) = session("IMAP4REV1", |_| said.to_owned());
        let opened = session.open("a", Access::ReadOnly).await.ok().map(|opened| opened.expect("not refused"));
        let found = opened.map(|it| {
            (it.uid_validity.map(UidValidity::get), it.uid_next.map(Uid::get), it.highest_mod_seq.map(|last| last.0))
        });
        assert_eq!(found, wanted, "{said}");
    }
}

#[tokio::test]
async fn changed_mailboxes_cost_one_turn_together() {
    let (mut session, log) = session("IMAP4REV1 CONDSTORE", |line| {
        if line.contains("\"f3\"") {
            return "TAG NO [NONEXISTENT] gone\r\n".to_owned();
        }
        let number = line.split('"').nth(1).and_then(|name| name.strip_prefix('f')).map(str::to_owned);
        if let Some(number) = number {
            return format!("* {number} EXISTS\r\n* OK [UIDVALIDITY 7]\r\nTAG OK done\r\n");
        }
        match line {
            line if line.contains("CHANGEDSINCE") => {
                "* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (9))\r\nTAG OK done\r\n".to_owned()
            }
            line if line.starts_with("UID SEARCH") => "* SEARCH 1 2 3 9\r\nTAG OK done\r\n".to_owned(),
            _ => "* 3 FETCH (UID 4 FLAGS () RFC822.SIZE 5)\r\n* 4 FETCH (UID 9 FLAGS () RFC822.SIZE 5)\r\nTAG OK\r\n"
                .to_owned(),
        }
    });
    let range = (Bound::Included(Uid::new(5).expect("a UID")), Bound::Unbounded);
    let all = (Bound::Unbounded, Bound::Unbounded);
    let looks = vec![
        Look::Flags { range: all, changed_since: Some(ModSeq(8)), with_vanished: false },
        Look::Overview { range },
        Look::All,
    ];
    let scans: Vec<Scan> = (0..10)
        .map(|number| Scan {
            wire_name: if number == 5 { "\u{fc}".to_owned() } else { format!("f{number}") },
            access: Access::ReadOnly,
            since: Since::CondStore,
            looks: looks.clone(),
        })
        .collect();
    let mut told = vec![Vec::new(); 10];
    session
        .scan_many(&scans, |number, found| {
            told[number].push(match found {
                Found::Opened(opened) => format!("opened {}", opened.messages),
                Found::Refused(refusal) => format!("refused {:?}", refusal.kind),
                Found::Seen(found) => seen(&found),
                Found::Uids(range) => format!("{}-{}", range.start(), range.end()),
                Found::Looked(look, end) => format!("looked {look} {}", end.is_ok()),
            });
            Ok(())
        })
        .await
        .expect("looked");
    for (number, told) in told.iter().enumerate() {
        match number {
            3 => assert_eq!(told, &["refused Unavailable"]),
            5 => assert_eq!(told, &["refused Data"]),
            _ => assert_eq!(
                told,
                &[
                    format!("opened {number}").as_str(),
                    "1 \\Seen Some(9)",
                    "looked 0 true",
                    "9 Some(5) false None None None",
                    "looked 1 true",
                    "1-3",
                    "9-9",
                    "looked 2 true",
                ]
            ),
        }
    }
    assert_eq!(log.turns(), 1);
    assert_eq!(log.lines()[..2], ["EXAMINE \"f0\" (CONDSTORE)", "UID FETCH 1:* (UID FLAGS) (CHANGEDSINCE 8)"]);
}

#[tokio::test]
async fn odd_answers_are_read_as_far_as_they_mean_something() {
    let full = "(UID 1 FLAGS (\\Seen) RFC822.SIZE 5 INTERNALDATE \" 1-Jan-2026 00:00:00 +0000\" MODSEQ (9) EMAILID (M1) \
        BODY[HEADER.FIELDS (MESSAGE-ID)] {29}\r\nMessage-ID:\r\n <a@b.example>\r\n)";
    let gmail = "(X-GM-MSGID 1278455344230334865 X-GM-LABELS (\"\\\\Inbox\" \\Sent \"a b\" \"caf\u{e9}\") UID 1 FLAGS () RFC822.SIZE 5)";
    for (said, wanted) in [
        (full, Some("1 Some(5) true Some(\"M1\") None Some(\"<a@b.example>\")")),
        (
            gmail,
            Some(
                "1 Some(5) false Some(\"1278455344230334865\") Some([\"\\\\Inbox\", \"\\\\Sent\", \"a b\", \"caf\u{e9}\"]) None",
            ),
        ),
        ("( UID  1 FLAGS ( ) RFC822.SIZE 5 ) ", Some("1 Some(5) false None None None")),
        ("(UID 1 FLAGS () INTERNALDATE NIL BODY[HEADER.FIELDS (MESSAGE-ID)] NIL)", Some("1 None false None None None")),
        ("(UID 1 FLAGS () RFC822.SIZE 4294967296)", Some("1  None")),
        ("(UID 1 FLAGS (\\Seen))", Some("1 \\Seen None")),
        ("(FLAGS (\\Seen))", None),
        ("(UID 0 FLAGS (\\Seen))", None),
    ] {
        let (mut session, _) =
            session("IMAP4REV1", move |_| format!("* 1 FETCH {said}\r\n* 2 EXPUNGE\r\nTAG OK done\r\n"));
        let mut told = Vec::new();
        let asked = session.overview(.., |found| {
            told.push(seen(&found));
            Ok(())
        });
        asked.await.expect("heard");
        assert_eq!(told, wanted.into_iter().collect::<Vec<_>>(), "{said}");
    }
}

#[tokio::test]
async fn contents_come_in_batches_whatever_their_sizes_were_said_to_be() {
    let (mut session, log) = session("IMAP4REV1", |line| {
        let said = match line.split(' ').nth(2) {
            // Not the size that was said, nothing at all, the same again, and one that is gone.
            Some("1:3") => {
                "* 1 FETCH (UID 1 BODY[] {4}\r\nabcd)\r\n* 2 FETCH (UID 2 BODY[] NIL)\r\n\
                 * 1 FETCH (UID 1 BODY[] {4}\r\nabcd)\r\n* 4 EXPUNGE\r\n* 4 FETCH (FLAGS (\\Seen))\r\n"
            }
            Some("9") => return "TAG NO [EXPUNGEISSUED] some are gone\r\n".to_owned(),
            _ => "* 7 FETCH (BODY[] {2}\r\nef UID 7)\r\n",
        };
        format!("{said}TAG OK done\r\n")
    });
    let uid = |number| Uid::new(number).expect("a UID");
    let wanted = [(uid(1), 3), (uid(2), 3), (uid(3), 3), (uid(7), 1_048_576), (uid(9), 3)];
    let mut told = Vec::new();
    session
        .messages(&wanted, |found| {
            let (uid, octets) = found.expect("readable");
            told.push((uid.get(), octets.len()));
            Ok(())
        })
        .await
        .expect("heard");
    assert_eq!(told, [(1, 4), (2, 0), (1, 4), (7, 2)]);
    assert_eq!((log.lines().len(), log.turns()), (3, 1));
    let mut heads = Vec::new();
    session
        .headers(&[uid(9)], |found| {
            heads.push(found.is_ok());
            Ok(())
        })
        .await
        .expect("gone is no failure");
    assert!(heads.is_empty());
}

#[tokio::test]
async fn large_mailboxes_are_searched_by_the_piece_and_again_if_something_moved() {
    let mut has_moved = false;
    let (mut session, log) = session("IMAP4REV1 ESEARCH", move |line| match line {
        "SELECT \"a\"" => "* 50000 EXISTS\r\nTAG OK\r\n".to_owned(),
        "UID SEARCH RETURN (ALL) 20001:40000 ALL" if !has_moved => {
            has_moved = true;
            "* 7 EXPUNGE\r\n* ESEARCH (tag \"TAG\") UID ALL 20001:40000\r\nTAG OK\r\n".to_owned()
        }
        "UID SEARCH RETURN (ALL) 40001:* ALL" => "* ESEARCH (tag \"TAG\") UID\r\nTAG OK\r\n".to_owned(),
        _ => "* ESEARCH (tag \"TAG\") UID ALL 1:9\r\nTAG OK\r\n".to_owned(),
    });
    session.open("a", Access::ReadWrite).await.expect("heard").expect("open");
    let mut count = 0;
    session
        .search_all(|range| {
            count += range.end().get() - range.start().get() + 1;
            Ok(())
        })
        .await
        .expect("found");
    assert_eq!((count, log.turns()), (9 + 20_000 + 9 + 9, 3));
    assert_eq!(log.lines().len(), 7);
    let refused = session.search("SUBJECT \"caf\u{e9}\"", |_| Ok(())).await;
    assert!(refused.expect("heard").is_ok());
    assert_eq!(log.lines()[7], "UID SEARCH RETURN (ALL) CHARSET UTF-8 1:20000 SUBJECT \"caf\u{e9}\"");
}

#[tokio::test]
async fn a_part_comes_whole_or_not_at_all() {
    let (mut session, log) = session("IMAP4REV1", |line| match line {
        line if line.contains("[9]") => "* 1 FETCH (UID 4 BODY[9] NIL)\r\nTAG OK\r\n".to_owned(),
        line if line.contains("[1.MIME]") => "TAG BAD what?\r\n".to_owned(),
        _ => "* 1 FETCH (UID 4 BODY[1.2] \"text\")\r\nTAG OK\r\n".to_owned(),
    });
    let uid = Uid::new(4).expect("a UID");
    let mut text = Vec::new();
    assert!(
        session
            .part(uid, "1.2", |octets| {
                text.extend_from_slice(octets);
                Ok(())
            })
            .await
            .expect("heard")
    );
    assert_eq!(text, b"text");
    assert!(!session.part(uid, "9", |_| Ok(())).await.expect("heard"));
    assert!(!session.part(uid, "1] x", |_| Ok(())).await.expect("not asked"));
    let error = session.part(uid, "1.MIME", |_| Ok(())).await.expect_err("refused");
    assert_eq!((error.kind(), log.lines().len()), (Kind::Protocol, 3));
    assert!(session.noop().await.is_err_and(|error| error.kind() == Kind::Protocol) || log.lines().len() == 4);
}
