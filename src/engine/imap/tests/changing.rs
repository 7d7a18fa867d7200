//! Changing what is there: which commands are given, and what is made of the answers.

use super::*;
use crate::error::Kind;
use crate::imap::flag::SystemFlag;
use crate::imap::number::ModSeq;

fn seen() -> Flags {
    let mut flags = Flags::new();
    flags.set(SystemFlag::Seen, true);
    flags.set_keyword("$Forwarded", true);
    flags
}

#[tokio::test]
async fn flags_of_many_messages_change_in_one_turn() {
    let (mut session, log) = session("IMAP4REV1 CONDSTORE", |line| {
        if line.contains("UNCHANGEDSINCE") {
            "TAG OK [MODIFIED 2] some had changed\r\n".to_owned()
        } else if line.contains("-FLAGS") {
            "TAG NO [CANNOT] read only\r\n".to_owned()
        } else {
            ok(line)
        }
    });
    let (few, many, flags) = (uids(1..=3), uids((1..5000).map(|n| 2 * n)), seen());
    let changes = [
        Store { uids: &few, add: true, flags: &flags, unchanged_since: Some(ModSeq(7)) },
        Store { uids: &many, add: true, flags: &flags, unchanged_since: None },
        Store { uids: &few, add: false, flags: &flags, unchanged_since: None },
        Store { uids: &few, add: false, flags: &Flags::new(), unchanged_since: None },
    ];
    let mut told = Vec::new();
    session
        .store(&changes, |change, end| {
            told.push((change, end.map(|left| left.len()).map_err(|refused| refused.uids.len())));
            Ok(())
        })
        .await
        .expect("stored");
    assert_eq!(log.lines()[0], "UID STORE 1:3 (UNCHANGEDSINCE 7) +FLAGS.SILENT (\\Seen $Forwarded)");
    assert!(log.lines().iter().all(|line| line.len() < 8192));
    assert_eq!((told.first(), told.last()), (Some(&(0, Ok(1))), Some(&(2, Err(3)))));
    assert!(told.iter().filter(|(change, _)| *change == 1).all(|(_, end)| *end == Ok(0)));
    assert_eq!(log.turns(), 1);
}

#[tokio::test]
async fn copies_are_paired_and_moves_are_told_before_the_messages_go() {
    let (mut session, log) = session("IMAP4REV1 MOVE UIDPLUS", |line| {
        if line.starts_with("UID MOVE") {
            "* OK [COPYUID 9 4:5 11:12] moved\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\nTAG OK done\r\n".to_owned()
        } else if line.contains("nowhere") {
            "TAG NO [TRYCREATE] no such mailbox\r\n".to_owned()
        } else {
            "TAG OK [COPYUID 9 4:6 21:22,30] copied\r\n".to_owned()
        }
    });
    let pairs = |copied: &Copied| copied.pairs.iter().map(|(from, to)| (from.get(), to.get())).collect::<Vec<_>>();
    // A message that was not asked for is none of ours.
    let copied = session.copy(&uids([4, 6]), "a \"b\"").await.expect("copied");
    assert_eq!((pairs(&copied), copied.uid_validity.map(|it| it.get())), (vec![(4, 21)], Some(9)));
    let moved = session.move_to(&uids([4, 5]), "there").await.expect("moved");
    assert_eq!(pairs(&moved), [(4, 11), (5, 12)]);
    let refused = session.copy(&uids([4]), "nowhere").await.expect("heard");
    assert!(refused.refused[0].refusal.is("TRYCREATE") && refused.pairs.is_empty());
    assert_eq!(log.lines()[..2], ["UID COPY 4,6 \"a \\\"b\\\"\"", "UID MOVE 4:5 \"there\""]);
}

#[tokio::test]
async fn a_server_without_move_copies_marks_and_removes() {
    let (mut session, log) = session("IMAP4REV1 UIDPLUS", |line| {
        if line.starts_with("UID COPY") { "TAG OK [COPYUID 9 4:5 11:12]\r\n".to_owned() } else { ok(line) }
    });
    let moved = session.move_to(&uids([4, 5]), "there").await.expect("moved");
    assert_eq!((moved.pairs.len(), moved.left.len()), (2, 0));
    assert_eq!(log.lines(), ["UID COPY 4:5 \"there\"", "UID STORE 4:5 +FLAGS.SILENT (\\Deleted)", "UID EXPUNGE 4:5"]);
}

#[tokio::test]
async fn a_bare_expunge_is_said_only_when_it_removes_what_is_meant() {
    for (deleted, removes) in [("4 5", true), ("5", true), ("4 5 6", false), ("4 6", false), ("", false)] {
        let (mut session, log) = session("IMAP4REV1", move |line| match line {
            line if line.starts_with("UID SEARCH") => format!("* SEARCH {deleted}\r\nTAG OK done\r\n"),
            line => ok(line),
        });
        let removed = session.remove(&uids([4, 5])).await.expect("heard");
        let lines = log.lines();
        assert_eq!(lines[..2], ["UID STORE 4:5 +FLAGS.SILENT (\\Deleted)", "UID SEARCH DELETED"]);
        assert_eq!(lines.get(2).map(String::as_str), removes.then_some("EXPUNGE"), "{deleted}");
        assert_eq!(removed.refused.is_empty(), removes || deleted.is_empty(), "{deleted}");
        assert!(lines.iter().all(|line| line != "CLOSE"));
    }
}

/// What messages there are to append.
fn append_all<'a>(messages: &'a [Vec<u8>], flags: &'a Flags) -> Vec<Upload<'a>> {
    messages.iter().map(|content| Upload { content, flags, arrived: None }).collect()
}

async fn told(session: &mut Session, uploads: &[Upload<'_>]) -> Vec<Option<Result<Option<u32>, Kind>>> {
    let mut told = vec![None; uploads.len()];
    session
        .append("Sent", uploads, |number, end| {
            assert!(told[number].is_none(), "{number} is told twice");
            told[number] = Some(end.map(|called| called.map(|called| called.uid.get())).map_err(|it| it.kind));
            Ok(())
        })
        .await
        .expect("the conversation goes on");
    told
}

#[tokio::test]
async fn messages_go_in_groups_and_are_called_by_their_names() {
    let mut next = 0;
    let (mut session, log) = session("IMAP4REV1 LITERAL+ MULTIAPPEND UIDPLUS", move |line| {
        // What ends with no announcement ends a command.
        if !line.ends_with("+}") {
            next += 8;
            format!("TAG OK [APPENDUID 7 {}:{}] done\r\n", next - 7, next)
        } else {
            String::new()
        }
    });
    let messages: Vec<Vec<u8>> = (0..32).map(|n| format!("Subject: {n}").into_bytes()).collect();
    let flags = seen();
    let mut uploads = append_all(&messages, &flags);
    uploads[0].arrived = Some(Timestamp::UNIX_EPOCH);
    let told = told(&mut session, &uploads).await;
    let wanted: Vec<_> = (1..=32).map(|uid| Some(Ok(Some(uid)))).collect();
    assert_eq!(told, wanted);
    assert_eq!(log.lines()[0], "APPEND \"Sent\" (\\Seen $Forwarded) \" 1-Jan-1970 00:00:00 +0000\" {10+}");
    assert_eq!(log.lines()[1], "Subject: 0 (\\Seen $Forwarded) {10+}");
    assert!(log.turns() <= 4, "{}", log.turns());
}

#[tokio::test]
async fn a_group_that_is_refused_is_tried_one_by_one() {
    let mut is_group = true;
    let (mut session, _) = session("IMAP4REV1 LITERAL+ MULTIAPPEND APPENDLIMIT=100", move |line| match line {
        "b" if is_group => {
            is_group = false;
            "TAG NO one of them is odd\r\n".to_owned()
        }
        "odd" => "TAG NO [LIMIT] odd\r\n".to_owned(),
        "a" | "b" => "TAG OK\r\n".to_owned(),
        _ => String::new(),
    });
    let messages = [b"a".to_vec(), b"odd".to_vec(), vec![b'x'; 101], b"b".to_vec()];
    let flags = Flags::new();
    let found = told(&mut session, &append_all(&messages, &flags)).await;
    assert_eq!(found.iter().filter(|end| end.as_ref().is_some_and(Result::is_ok)).count(), 2);
    assert_eq!(found[2], Some(Err(Kind::Data)));
}

#[tokio::test]
async fn who_has_to_be_asked_for_each_literal_is_asked() {
    let (mut session, log) = session("IMAP4REV1 LITERAL-", |line| {
        if line.ends_with("{5000}") {
            "+ go on\r\n".to_owned()
        } else if line.ends_with("{6000}") {
            "TAG NO [TOOBIG] no\r\n".to_owned()
        } else if line.ends_with("+}") {
            String::new()
        } else {
            "TAG OK\r\n".to_owned()
        }
    });
    let messages = [vec![b'x'; 5], vec![b'x'; 5000], vec![b'x'; 6000], vec![b'x'; 7]];
    let flags = Flags::new();
    let found = told(&mut session, &append_all(&messages, &flags)).await;
    assert_eq!(found, [Some(Ok(None)), Some(Ok(None)), Some(Err(Kind::Unavailable)), Some(Ok(None))]);
    assert_eq!(log.lines().len(), 7);
}

#[tokio::test]
async fn a_message_larger_than_any_buffer_goes_over_while_the_server_talks() {
    let (mut session, _) = session("IMAP4REV1 LITERAL+", |line| {
        if line.starts_with('x') { "* OK still here\r\nTAG OK [APPENDUID 7 3]\r\n".to_owned() } else { String::new() }
    });
    let messages = [vec![b'x'; 5_000_000]];
    let flags = Flags::new();
    assert_eq!(told(&mut session, &append_all(&messages, &flags)).await, [Some(Ok(Some(3)))]);
}

#[tokio::test]
async fn the_open_mailbox_is_closed_before_it_is_removed() {
    for (offers, closing) in [("IMAP4REV1 UNSELECT", "UNSELECT"), ("IMAP4REV1", "EXAMINE \"\"")] {
        let (mut session, log) = session(offers, |line| match line {
            "SELECT \"a\"" => "* 0 EXISTS\r\nTAG OK\r\n".to_owned(),
            line => ok(line),
        });
        session.open("a", Access::ReadWrite).await.expect("heard").expect("open");
        session.delete("b").await.expect("heard").expect("removed");
        session.delete("a").await.expect("heard").expect("removed");
        assert_eq!(log.lines(), ["SELECT \"a\"", "DELETE \"b\"", closing, "DELETE \"a\""]);
    }
}
