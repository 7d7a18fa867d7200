//! Many commands under way: how many turns they cost, and whose answer is whose.

use super::*;
use crate::error::Kind;

const STATUS: &str = "MESSAGES 3 UIDNEXT 8 UIDVALIDITY 7 HIGHESTMODSEQ 99";

#[tokio::test]
async fn a_server_with_list_status_is_asked_once() {
    let (mut session, log) = session("IMAP4REV1 LIST-EXTENDED LIST-STATUS SPECIAL-USE CONDSTORE", |_| {
        let mut all: String =
            (0..100).map(|n| format!("* LIST (\\Subscribed) \"/\" f{n}\r\n* STATUS f{n} ({STATUS})\r\n")).collect();
        all += "* LIST (\\Noselect) \"/\" level\r\n* STATUS \"late one\" (MESSAGES 1)\r\n";
        all + "* LIST (\\Trash) \"/\" \"late one\"\r\nTAG OK done\r\n"
    });
    let ask = Ask { subscribed: true, ..Ask::default() };
    let found: Vec<Listing> = session.list_status(ask).await.expect("listed").into_iter().flatten().collect();
    assert_eq!((found.len(), log.turns()), (102, 1));
    assert_eq!(
        log.lines(),
        ["LIST \"\" \"*\" RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ))"]
    );
    let counts = found[7].counts.clone().expect("counts");
    assert_eq!((counts.messages, counts.highest_mod_seq.map(|last| last.0)), (Some(3), Some(99)));
    assert!(found[0].listed.is_subscribed && found[100].counts.is_none());
    assert_eq!(found[101].counts.as_ref().and_then(|counts| counts.messages), Some(1));
}

#[tokio::test]
async fn a_server_without_it_is_asked_for_all_counts_together_but_not_for_the_open_mailbox() {
    let (mut session, log) = session("IMAP4REV1", |line| match line.split_once(' ') {
        Some(("SELECT", _)) => "* 3 EXISTS\r\nTAG OK done\r\n".to_owned(),
        Some(("LIST", _)) => {
            let all: String = (0..50).map(|n| format!("* LIST () \"/\" f{n}\r\n")).collect();
            all + "* LIST () \"/\" inbox\r\nTAG OK done\r\n"
        }
        Some(("LSUB", _)) => "* LSUB () \"/\" f3\r\n* LSUB () \"/\" gone\r\nTAG OK done\r\n".to_owned(),
        Some(("STATUS", rest)) if rest.starts_with("\"f9\"") => "TAG NO [NONEXISTENT] gone\r\n".to_owned(),
        Some(("STATUS", rest)) => {
            format!("* STATUS {} (MESSAGES 4)\r\nTAG OK done\r\n", rest.split(' ').next().expect("a name"))
        }
        _ => panic!("unexpected: {line}"),
    });
    session.open("INBOX", Access::ReadWrite).await.expect("there").expect("opened");
    let before = log.turns();
    let ask = Ask { subscribed: true, unseen: true, ..Ask::default() };
    let found: Vec<Listing> = session.list_status(ask).await.expect("listed").into_iter().flatten().collect();
    assert_eq!(log.turns() - before, 3);
    assert_eq!(log.lines()[3], "STATUS \"f0\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)");
    assert!(found[3].listed.is_subscribed && !found[4].listed.is_subscribed);
    assert!(found[9].refused.as_ref().is_some_and(|refusal| refusal.is("NONEXISTENT")));
    assert_eq!(found[8].counts.as_ref().and_then(|counts| counts.messages), Some(4));
    assert_eq!((found[50].counts.clone(), found[50].refused.clone()), (None, None));
}

#[tokio::test]
async fn what_a_server_offers_and_does_not_do_is_asked_the_old_way() {
    let (mut session, log) = session("IMAP4REV1 LIST-EXTENDED LIST-STATUS", |line| match line {
        line if line.contains("RETURN") => "TAG BAD what?\r\n".to_owned(),
        line if line.starts_with("STATUS") => "* STATUS a (MESSAGES 1)\r\nTAG OK done\r\n".to_owned(),
        _ => "* LIST () NIL a\r\nTAG OK done\r\n".to_owned(),
    });
    let found = session.list_status(Ask::default()).await.expect("listed");
    assert_eq!((found.len(), log.lines().len()), (1, 3));
    assert!(found[0].as_ref().is_ok_and(|listing| listing.counts.is_some()));
}

#[tokio::test]
async fn no_more_is_under_way_than_may_be() {
    let (mut session, log) = session("IMAP4REV1", ok);
    let commands = (0..200).map(|n| format!("NOOP {n}").into());
    let mut ends = Vec::new();
    session
        .run(commands, |command, said| {
            if matches!(said, pipeline::Said::End(Ok(_))) {
                ends.push(command);
            }
            Ok(())
        })
        .await
        .expect("all are answered");
    assert_eq!((ends, log.lines().len()), ((0..200).collect(), 200));
    // 64 at first, then one for each that ended, as they come together.
    assert!((3..10).contains(&log.turns()), "{}", log.turns());
}

#[tokio::test]
async fn answers_out_of_order_find_their_commands_and_a_refusal_is_of_one() {
    let (mut session, _) = session("IMAP4REV1", |line| match line {
        "A" => String::new(),
        "B" => "m2 NO not this\r\n* 5 EXISTS\r\nm1 OK first\r\n".to_owned(),
        _ => "TAG OK third\r\n".to_owned(),
    });
    let mut told = Vec::new();
    session
        .run(["A", "B", "C"].map(pipeline::Command::from), |command, said| {
            told.push(match said {
                pipeline::Said::Answer(answer) => format!("{command} {answer:?}"),
                pipeline::Said::End(end) => format!("{command} {}", end.unwrap_or_else(|refusal| refusal.text)),
            });
            Ok(())
        })
        .await
        .expect("it goes on");
    assert_eq!(told, ["0 Exists(5)", "0 first", "1 not this", "2 third"]);
}

#[tokio::test]
async fn a_search_that_is_through_first_is_still_the_answer_to_a_search() {
    for result in ["* ESEARCH (tag \"m3\") UID ALL 7\r\n", "* SEARCH 7\r\n"] {
        // Dovecot does so while it looks for what is gone.
        let (mut session, _) = session("IMAP4REV1", move |line| match line {
            "UID FETCH 1:*" => "* 1 FETCH (UID 1 FLAGS ())\r\n".to_owned(),
            "NOOP" => String::new(),
            _ => format!("{result}* ESEARCH (tag \"m9\") UID ALL 9\r\nm3 OK\r\nm1 OK\r\nm2 OK\r\n"),
        });
        let mut told = Vec::new();
        session
            .run(["UID FETCH 1:*", "NOOP", "UID SEARCH ALL"].map(pipeline::Command::from), |command, said| {
                told.push((command, matches!(said, pipeline::Said::End(_))));
                Ok(())
            })
            .await
            .expect("heard");
        assert_eq!(told, [(0, false), (2, false), (0, true), (1, true), (2, true)], "{result}");
    }
}

#[tokio::test]
async fn what_ends_a_conversation_says_why_and_nothing_goes_on_behind_it() {
    for (answer, kind, words) in [
        ("* BYE Suggested Backoff Time: 500 milliseconds\r\n", Kind::Temporary, "ends the conversation"),
        ("* 1 FETCH (UID 1 BODY[] {500}\r\nhalf", Kind::Temporary, "the connection broke"),
        ("", Kind::Temporary, "closed the connection"),
        ("m77 OK whose\r\n", Kind::Protocol, "was not sent"),
        ("+ go on\r\n", Kind::Protocol, "waits for nothing"),
        ("HTTP/1.1 400 Bad Request\r\n", Kind::Protocol, "no IMAP"),
        ("* 1 FETCH (UID 1 BODY[] {9223372036854775807}\r\n", Kind::Protocol, "refused"),
        ("* 1 FETCH (UID 1 BODY[] {9223372036854775808}\r\n", Kind::Protocol, "refused"),
    ] {
        let mut lines = 0;
        let (mut session, _) = session("IMAP4REV1", move |_| {
            lines += 1;
            if lines == 1 { answer.to_owned() } else { "hang up".to_owned() }
        });
        let commands = ["A", "B"].map(pipeline::Command::from);
        let error = session.run(commands, |_, _| Ok(())).await.expect_err(answer);
        assert_eq!(error.kind(), kind, "{answer}: {error}");
        assert!(error.to_string().contains(words), "{answer}: {error}");
        let again = session.noop().await.expect_err("it is over");
        assert!(again.to_string().contains("broken off"), "{again}");
    }
}

#[tokio::test]
async fn endless_talk_and_endless_lines_end() {
    for piece in ["* X-NEWS of no interest\r\n".repeat(200_000), format!("* VANISHED {}\r\n", "1,".repeat(5_000_000))] {
        let (mut session, _) = session("IMAP4REV1", move |_| piece.clone());
        let error = session.noop().await.expect_err("it ends");
        assert_eq!(error.kind(), Kind::Protocol, "{error}");
    }
}

#[test]
fn messages_that_go_away_move_the_others_up() {
    for (number, wanted) in [(1, (9, 3)), (4, (9, 3)), (5, (9, 4)), (10, (9, 4)), (11, (10, 4)), (0, (10, 4))] {
        let mut view = View { messages: 10, listed: 4, gone: 0 };
        view.expunge(number);
        assert_eq!((view.messages, view.listed), wanted, "{number}");
    }
}
