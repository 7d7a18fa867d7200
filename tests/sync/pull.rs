//! Pulls that go well, are cut off, and are repeated.

use crate::host::Store;
use crate::world::{
    Notes, SOURCE, Seen, Wire, connect, counts, edit, flags_of, here, in_memory, on_disk, places, pull, pull_traced,
    pulling, some_mail, steady, there, tree,
};
use mailkit::error::Kind;
use mailkit::imap::mailbox::FlagChange;
use mailkit::store::memory::{Fault, MemoryDisk};
use mailkit::store::tree::Edit;
use mailkit::sync::Mirror;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

/// Everything but flags and dates, which a crash may leave for the next run.
fn bare(seen: &[Seen]) -> Vec<(&str, &str)> {
    counts(seen).into_keys().collect()
}

#[tokio::test]
async fn everything_comes_as_it_is_and_a_second_run_fetches_nothing() {
    let (dir, store, notes) = (directory(), some_mail(), Notes::default());
    let place = on_disk(dir.path());
    let first = pull_traced(&place, &steady(&store), notes.trace()).await.expect("pulled");
    assert_eq!((first.folders, first.looked_at, first.fetched, first.missing), (4, 4, 8, 0));
    assert_eq!(here(&place).await, there(&store));
    let octets: usize = there(&store).iter().map(|(_, text, ..)| text.len()).sum();
    assert_eq!(first.fetched_octets, octets as u64);
    // One command for all messages of a mailbox, and no password in the trace.
    let trace = notes.text();
    assert_eq!(trace.matches("BODY.PEEK[])").count(), 3, "{trace}");
    assert!(trace.contains("{secret}") && !trace.contains("AGJvYgBzZWNyZXQ"), "{trace}");

    // What came here changed the directories, once. The server does not count changes of flags, so it is asked.
    for scanned in [3, 0] {
        let notes = Notes::default();
        let second = pull_traced(&place, &steady(&store), notes.trace()).await.expect("pulled");
        assert_eq!((second.folders, second.looked_at, second.scanned, second.fetched), (4, 4, scanned, 0));
        assert!(!notes.text().contains("BODY.PEEK[])") && notes.text().contains("(UID FLAGS)"), "{}", notes.text());
        assert_eq!(here(&place).await, there(&store));
    }

    edit(&store, |store| {
        let allowed = ["Authenticate", "Mailboxes", "Open", "Changes", "Status", "Read", "Flush"];
        let changing: Vec<_> = store.asked.iter().filter(|asked| !allowed.contains(asked)).collect();
        assert!(changing.is_empty(), "nothing is changed on the server: {changing:?}");
        assert!(store.mailboxes["INBOX"].messages.values().all(|kept| kept.recent), "not even \\Recent");
        store.create("INBOX").deliver(b"new\r\n", flags_of(&["\\Draft"]));
    });
    let third = pull(&place, &steady(&store)).await.expect("pulled");
    assert_eq!((third.fetched, third.missing), (1, 0));
    assert_eq!(here(&place).await, there(&store));
}

#[tokio::test]
async fn flags_changed_there_change_here_and_those_changed_here_stay() {
    let (dir, store) = (directory(), some_mail());
    let place = on_disk(dir.path());
    pull(&place, &steady(&store)).await.expect("pulled");
    let own = tree(&place);
    let change = |place| Edit { place, add: flags_of(&["\\Answered", "mine"]), remove: flags_of(&[]) };
    let changes: Vec<_> = places(&own, "INBOX").into_iter().map(|(place, _)| change(place)).collect();
    own.set_flags("INBOX", &changes).expect("stored");
    drop(own);
    edit(&store, |store| {
        for kept in store.create("INBOX").messages.values_mut() {
            FlagChange::Add(flags_of(&["\\Draft", "theirs"])).apply(&mut kept.flags);
            FlagChange::Remove(flags_of(&["\\Flagged", "work"])).apply(&mut kept.flags);
        }
    });
    let run = pull(&place, &steady(&store)).await.expect("pulled");
    assert_eq!((run.fetched, run.flagged_here, run.flagged_there), (0, 5, 0));
    // From here on what is there plus what was done here is what is wanted.
    edit(&store, |store| {
        for kept in store.create("INBOX").messages.values_mut() {
            FlagChange::Add(flags_of(&["\\Answered", "mine"])).apply(&mut kept.flags);
        }
    });
    assert_eq!(here(&place).await, there(&store));
    assert_eq!(pull(&place, &steady(&store)).await.expect("pulled").fetched, 0);
    assert_eq!(here(&place).await, there(&store));
}

#[tokio::test]
async fn what_is_gone_there_goes_here_and_what_was_removed_here_does_not_come_again() {
    let (dir, store) = (directory(), some_mail());
    let place = on_disk(dir.path());
    pull(&place, &steady(&store)).await.expect("pulled");
    let before = here(&place).await;
    edit(&store, |store| {
        store.create("INBOX").expunge(1);
        store.mailboxes.remove("Empty");
    });
    let run = pull(&place, &steady(&store)).await.expect("pulled");
    assert_eq!((run.fetched, run.removed_here, run.removed_there, run.folders_changed), (0, 1, 0, 1));
    assert_eq!(here(&place).await, there(&store));
    assert!(!place.maildir.join(".Empty").exists());
    // It can be had back for some days.
    let own = tree(&place);
    let runs = own.undo_runs().expect("listed");
    assert_eq!(runs.len(), 1);
    assert_eq!(runs.iter().map(|run| own.restore(&run.run).expect("restored")).sum::<u64>(), 1);
    let removed: Vec<_> = places(&own, "INBOX").into_iter().map(|(place, _)| place).collect();
    own.remove("INBOX", &removed[1..3], "test").expect("removed");
    drop(own);
    for _ in 0..2 {
        let run = pull(&place, &steady(&store)).await.expect("pulled");
        assert_eq!((run.fetched, run.removed_there, here(&place).await.len()), (0, 0, before.len() - 2));
    }
    // Once it is forgotten what both sides agreed on, nobody knows that it was ever here.
    std::fs::remove_dir_all(dir.path().join("state")).expect("removed");
    let run = pull(&place, &steady(&store)).await.expect("pulled");
    assert_eq!(run.removed_here + run.removed_there, 0);
    let (here, there) = (here(&place).await, there(&store));
    assert!(there.iter().all(|message| here.contains(message)));
    assert_eq!(here.len(), before.len(), "what was restored is here only");
}

#[tokio::test]
async fn a_new_uidvalidity_doubles_nothing() {
    let (dir, store) = (directory(), some_mail());
    let place = on_disk(dir.path());
    edit(&store, |store| {
        // The same letter twice is two messages.
        store.create("INBOX").deliver(b"Subject: twin\r\n\r\ntwin\r\n", flags_of(&[]));
        store.create("INBOX").deliver(b"Subject: twin\r\n\r\ntwin\r\n", flags_of(&[]));
    });
    pull(&place, &steady(&store)).await.expect("pulled");
    edit(&store, |store| {
        let inbox = store.create("INBOX");
        inbox.validity += 100;
        let messages = std::mem::take(&mut inbox.messages);
        inbox.messages = messages.into_iter().map(|(uid, kept)| (uid + 50, kept)).collect();
        inbox.uid_next += 50;
        for kept in inbox.messages.values_mut() {
            FlagChange::Add(flags_of(&["\\Deleted"])).apply(&mut kept.flags);
        }
        inbox.deliver(b"third twin\r\n", flags_of(&[]));
    });
    let run = pull(&place, &steady(&store)).await.expect("pulled");
    assert_eq!((run.paired, run.fetched, run.flagged_here, run.stranded), (7, 1, 7, 0));
    assert_eq!(here(&place).await, there(&store));
    assert_eq!(pull(&place, &steady(&store)).await.expect("pulled").fetched, 0);
}

#[tokio::test]
async fn large_messages_come_in_pieces() {
    let (dir, store) = (directory(), Store::new());
    let place = on_disk(dir.path());
    let line = [&[b'x'; 70][..], b"\r\n"].concat();
    edit(&store, |store| {
        for lines in [0, 4 * 1024 * 1024 / 72, 8 * 1024 * 1024 / 72 + 100] {
            let letter = [b"Subject: large\r\n\r\n".to_vec(), line.repeat(lines)].concat();
            store.create("INBOX").deliver(&letter, flags_of(&[]));
        }
        // Exactly two pieces.
        store.create("INBOX").deliver(&vec![b'y'; 8 * 1024 * 1024], flags_of(&[]));
    });
    let notes = Notes::default();
    let run = pull_traced(&place, &steady(&store), notes.trace()).await.expect("pulled");
    assert_eq!(run.fetched, 4);
    assert!(notes.text().contains("BODY.PEEK[]<4194304.4194304>"));
    assert!(here(&place).await == there(&store), "the texts are the same");
    let left = std::fs::read_dir(place.maildir.join("tmp")).expect("listed").count();
    assert_eq!(left, 0, "nothing is left in tmp");
}

#[tokio::test]
async fn what_goes_away_while_it_is_fetched_is_missing_and_nothing_else_is() {
    let (dir, store) = (directory(), Store::new());
    let place = on_disk(dir.path());
    edit(&store, |store| {
        let inbox = store.create("INBOX");
        for number in 0..2100 {
            inbox.deliver(format!("{number}\r\n").as_bytes(), flags_of(&[]));
        }
    });
    let mut is_done = false;
    let mut progress = |_, _| {
        if !std::mem::replace(&mut is_done, true) {
            edit(&store, |store| (1..=300).for_each(|uid| store.create("INBOX").expunge(uid)));
        }
    };
    let mut mirror = Mirror::open(place.clone(), SOURCE).await.expect("opened");
    let session = connect(&steady(&store), None).await.expect("connected");
    let run = mirror.sync(session, SOURCE, &pulling(), false, &mut progress).await.expect("pulled");
    drop(mirror);
    assert_eq!((run.fetched + run.missing, run.refusals), (2100, 0));
    let second = pull(&place, &steady(&store)).await.expect("pulled");
    assert_eq!((second.fetched, second.missing, second.removed_here), (0, 0, run.fetched - 1800));
    assert_eq!(here(&place).await, there(&store));
}

#[tokio::test]
async fn two_runs_do_not_work_at_once() {
    let (dir, store) = (directory(), some_mail());
    let place = on_disk(dir.path());
    let busy = Mirror::open(place.clone(), SOURCE).await.expect("opened");
    assert_eq!(pull(&place, &steady(&store)).await.expect_err("refused").kind(), Kind::Temporary);
    drop(busy);
    pull(&place, &steady(&store)).await.expect("pulled");
}

#[tokio::test]
async fn a_connection_that_breaks_anywhere_loses_and_doubles_nothing() {
    let mut breaks_after = 0;
    loop {
        let (disk, store) = (MemoryDisk::new(), some_mail());
        let place = in_memory(&disk);
        let wire = Wire { store: store.clone(), breaks_after };
        let result = pull(&place, &wire).await;
        if result.is_ok() {
            assert!(breaks_after > 1000, "the conversation is longer than that");
            return;
        }
        pull(&place, &steady(&store)).await.expect("the second run goes through");
        let (here, there) = (here(&place).await, there(&store));
        assert_eq!(counts(&here), counts(&there), "after {breaks_after} octets");
        // A prime, so that over the lengths of lines it falls everywhere.
        breaks_after += 41;
    }
}

#[tokio::test]
async fn a_disk_that_breaks_anywhere_and_a_power_cut_lose_and_double_nothing() {
    for (fault, stride) in [(Fault::Broken, 3), (Fault::Full, 7)] {
        for step in (0..).step_by(stride) {
            let (disk, store) = (MemoryDisk::new(), some_mail());
            disk.fail_at(step, fault);
            let result = pull(&in_memory(&disk), &steady(&store)).await;
            let place = in_memory(&disk.power_cut(step));
            pull(&place, &steady(&store)).await.expect("the second run goes through");
            let (here, there) = (here(&place).await, there(&store));
            assert_eq!(counts(&here), counts(&there), "{fault:?} at {step}");
            if result.is_ok() && disk.counts().operations <= step {
                break;
            }
        }
    }
}

/// Polls a future so often, then drops it: a process that is killed, with whatever its threads had begun finished.
fn cut_off(polls: usize, work: impl Future) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut left = polls;
    runtime.block_on(async {
        let mut work = pin!(work);
        poll_fn(|cx| {
            if left == 0 {
                return Poll::Ready(false);
            }
            left -= 1;
            work.as_mut().poll(cx).map(|_| true)
        })
        .await
    })
}

#[test]
fn a_run_that_is_cut_off_anywhere_is_made_good_by_the_next() {
    let store = some_mail();
    for polls in (0..).step_by(3) {
        let dir = directory();
        let place = on_disk(dir.path());
        let is_whole = cut_off(polls, pull(&place, &steady(&store)));
        // What changes meanwhile arrives too.
        edit(&store, |store| {
            let inbox = store.create("INBOX");
            let (number, kept) = inbox.messages.iter_mut().next().expect("it holds messages");
            kept.flags = flags_of(if (polls + *number as usize).is_multiple_of(2) { &["\\Seen", "odd"] } else { &[] });
        });
        let check = async {
            pull(&place, &steady(&store)).await.expect("the second run goes through");
            assert_eq!(here(&place).await, there(&store), "after {polls} polls");
            let third = pull(&place, &steady(&store)).await.expect("the third run goes through");
            assert_eq!(third.fetched, 0, "after {polls} polls");
        };
        assert!(cut_off(usize::MAX, check));
        if is_whole {
            assert!(polls > 20, "a run takes more steps than that");
            break;
        }
    }
}

#[tokio::test]
async fn a_name_that_cannot_be_kept_is_reported_and_the_others_come() {
    let (dir, store) = (directory(), some_mail());
    let place = on_disk(dir.path());
    // File systems take names of 255 octets.
    let long = "long".repeat(100);
    edit(&store, |store| {
        store.create(&long).deliver(b"x\r\n", flags_of(&[]));
    });
    let run = pull(&place, &steady(&store)).await.expect("pulled");
    assert_eq!(run.refused.iter().map(|refused| &refused.folder).collect::<Vec<_>>(), [&long]);
    edit(&store, |store| drop(store.mailboxes.remove(&long)));
    assert_eq!(bare(&here(&place).await), bare(&there(&store)));
}
