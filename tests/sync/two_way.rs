//! Runs in both directions: what each side changed is changed on the other, and nothing else is.

use crate::host::Store;
use crate::world::{
    Notes, Seen, Wire, agree, counts, edit, flags_of, here, in_memory, on_disk, places, pulling, run, some_mail,
    steady, there, tree,
};
use mailkit::imap::flag::Flags;
use mailkit::imap::mailbox::{FlagChange, SpecialUse};
use mailkit::store::memory::MemoryDisk;
use mailkit::store::tree::{self, Before, Incoming, Tree};
use mailkit::sync::{Kinds, Place, Policy, Report, Side};
use mailkit::world::Timestamp;
use std::sync::{Arc, Mutex};

/// Everything that a run did.
fn deeds(report: &Report) -> u64 {
    report.fetched
        + report.sent
        + report.paired
        + report.flagged_here
        + report.flagged_there
        + report.moved_here
        + report.moved_there
        + report.removed_here
        + report.removed_there
        + report.ghosts
        + report.folders_changed
        + report.revived
        + report.refusals
        + report.missing
        + report.stranded
        + report.suspicions.len() as u64
}

/// Both sides are the same, and a run more finds nothing to do.
async fn at_rest(place: &Place, store: &Arc<Mutex<Store>>) {
    assert_eq!(here(place).await, there(store));
    let before = there(store);
    let report = agree(place, &steady(store)).await.expect("a run more");
    assert_eq!(deeds(&report), 0, "{report:?}");
    assert_eq!((here(place).await, there(store)), (before.clone(), before));
}

/// Mail with a mailbox for removed mail.
fn with_trash() -> Arc<Mutex<Store>> {
    let store = some_mail();
    edit(&store, |store| store.create("Trash").special_use = Some(SpecialUse::Trash));
    store
}

/// The file of a message, by its text.
fn file(tree: &Tree, folder: &str, text: &str) -> tree::Place {
    let is_it = |place: &tree::Place| {
        let (content, _) = tree.content(folder, place).expect("read").expect("it is there");
        let mut octets = vec![0; text.len()];
        content.size() == text.len() as u64
            && content.read_at(0, &mut octets).is_ok_and(|count| count == text.len())
            && octets == text.as_bytes()
    };
    places(tree, folder).into_iter().map(|(place, _)| place).find(is_it).expect("there is such a message")
}

fn letter(number: u32) -> String {
    format!("Subject: {number}\r\n\r\nbody {number}\r\n")
}

/// Another program puts a message into a folder.
fn deliver(tree: &Tree, folder: &str, text: &str, flags: &[&str]) {
    let incoming = Incoming {
        key: format!("own-{}-{}", folder.len(), text.replace(|letter: char| !letter.is_ascii_alphanumeric(), "")),
        flags: flags_of(flags),
        arrived: Timestamp::from_second(1_600_000_000).expect("a time"),
        content: Arc::new(text.as_bytes().to_vec()),
    };
    let placed = tree.deliver(folder, &[incoming], Before::Never).expect("delivered");
    assert!(placed.iter().all(Result::is_ok));
}

fn count(seen: &[Seen], mailbox: &str, text: &str) -> usize {
    counts(seen).get(&(mailbox, text)).copied().unwrap_or_default()
}

#[tokio::test]
async fn flags_go_both_ways_and_each_change_is_kept() {
    let (dir, store) = (tempfile::tempdir().expect("a directory"), some_mail());
    let place = on_disk(dir.path());
    agree(&place, &steady(&store)).await.expect("agreed");
    let own = tree(&place);
    let change = |place| tree::Edit { place, add: flags_of(&["\\Answered", "mine"]), remove: flags_of(&["\\Flagged"]) };
    let changes: Vec<_> = places(&own, "INBOX").into_iter().map(|(place, _)| change(place)).collect();
    own.set_flags("INBOX", &changes).expect("stored");
    drop(own);
    edit(&store, |store| {
        let inbox = store.create("INBOX");
        inbox.modseq += 1;
        for kept in inbox.messages.values_mut() {
            FlagChange::Add(flags_of(&["\\Draft", "theirs"])).apply(&mut kept.flags);
            FlagChange::Remove(flags_of(&["\\Seen", "work"])).apply(&mut kept.flags);
            kept.modseq = inbox.modseq;
        }
    });
    let report = agree(&place, &steady(&store)).await.expect("agreed");
    assert_eq!((report.flagged_here, report.flagged_there, report.fetched, report.sent), (5, 5, 0, 0));
    for (mailbox, _, flags, _) in there(&store) {
        assert!(mailbox != "INBOX" || flags == ["\\Answered", "\\Draft", "mine", "theirs"], "{flags:?}");
    }
    at_rest(&place, &store).await;
}

#[tokio::test]
async fn what_is_new_here_goes_there_with_its_flags_and_its_date() {
    let (dir, store) = (tempfile::tempdir().expect("a directory"), some_mail());
    let place = on_disk(dir.path());
    agree(&place, &steady(&store)).await.expect("agreed");
    let own = tree(&place);
    deliver(&own, "INBOX", "Subject: mine\r\n\r\nhello\r\n", &["\\Seen", "work"]);
    own.create_folder("New/Below", &own.new_mark()).expect("made");
    deliver(&own, "New/Below", "in a new folder\r\n", &[]);
    drop(own);
    edit(&store, |store| {
        store.create("INBOX").deliver(b"theirs\r\n", Flags::new());
    });
    let report = agree(&place, &steady(&store)).await.expect("agreed");
    assert_eq!((report.fetched, report.sent, report.refusals), (1, 2, 0));
    let octets = "Subject: mine\r\n\r\nhello\r\n".len() + "in a new folder\r\n".len();
    assert_eq!(report.sent_octets, octets as u64);
    assert_eq!(count(&there(&store), "New/Below", "in a new folder\r\n"), 1);
    at_rest(&place, &store).await;
}

#[tokio::test]
async fn a_message_that_moved_is_moved_without_its_octets() {
    let (dir, store) = (tempfile::tempdir().expect("a directory"), some_mail());
    let place = on_disk(dir.path());
    agree(&place, &steady(&store)).await.expect("agreed");
    let own = tree(&place);
    let moved = own.move_to("INBOX", &[file(&own, "INBOX", &letter(0))], "Empty").expect("moved");
    assert!(moved.iter().all(|one| matches!(one, Ok(Some(_)))));
    drop(own);
    edit(&store, |store| {
        let kept = store.create("INBOX").messages.get(&2).cloned().expect("it is there");
        store.create("INBOX").expunge(2);
        let arrived = kept.arrived;
        let uid = store.create("Empty").deliver(&kept.octets, kept.flags);
        store.create("Empty").messages.get_mut(&uid.get()).expect("it was delivered").arrived = arrived;
        store.asked.clear();
    });
    let notes = Notes::default();
    let report = run(&place, &steady(&store), &Policy::default(), notes.trace()).await.expect("agreed");
    assert_eq!((report.moved_here, report.moved_there, report.sent, report.removed_here), (1, 1, 0, 0), "{report:?}");
    assert!(!notes.text().contains(" APPEND "), "{}", notes.text());
    edit(&store, |store| assert!(store.asked.contains(&"Move") && !store.asked.contains(&"AppendBegin")));
    assert_eq!(counts(&here(&place).await), counts(&there(&store)));
    at_rest(&place, &store).await;
}

#[tokio::test]
async fn removals_go_to_the_trash_there_and_aside_here() {
    let (dir, store) = (tempfile::tempdir().expect("a directory"), with_trash());
    let place = on_disk(dir.path());
    agree(&place, &steady(&store)).await.expect("agreed");
    let own = tree(&place);
    own.remove("INBOX", &[file(&own, "INBOX", &letter(3))], "test").expect("removed");
    assert!(own.purge("test").expect("purged"));
    drop(own);
    edit(&store, |store| store.create("INBOX").expunge(2));
    let report = agree(&place, &steady(&store)).await.expect("agreed");
    assert_eq!((report.removed_here, report.removed_there), (1, 1), "{report:?}");
    let seen = there(&store);
    assert_eq!((count(&seen, "Trash", &letter(3)), count(&seen, "INBOX", &letter(3))), (1, 0));
    let runs = tree(&place).undo_runs().expect("listed");
    assert_eq!(runs.len(), 1);
    let mut aside = Vec::new();
    tree(&place)
        .undo_list(&runs[0].run, &mut |folder, _| {
            aside.push(folder.to_owned());
            Ok(())
        })
        .expect("listed");
    assert_eq!(aside, ["INBOX"]);
    // What lies in the trash now comes here with the next run.
    agree(&place, &steady(&store)).await.expect("agreed");
    at_rest(&place, &store).await;
    assert_eq!(count(&here(&place).await, "Trash", &letter(3)), 1);
}

#[tokio::test]
async fn a_removal_and_a_change_that_wants_the_message_leave_it() {
    let (dir, store) = (tempfile::tempdir().expect("a directory"), with_trash());
    let place = on_disk(dir.path());
    agree(&place, &steady(&store)).await.expect("agreed");
    let own = tree(&place);
    own.remove("INBOX", &[file(&own, "INBOX", &letter(0))], "test").expect("removed");
    let change = tree::Edit { place: file(&own, "INBOX", &letter(1)), add: flags_of(&["mine"]), remove: Flags::new() };
    own.set_flags("INBOX", &[change]).expect("stored");
    drop(own);
    edit(&store, |store| {
        let inbox = store.create("INBOX");
        inbox.modseq += 1;
        let kept = inbox.messages.get_mut(&1).expect("it is there");
        (kept.flags, kept.modseq) = (flags_of(&["\\Flagged"]), inbox.modseq);
        inbox.expunge(2);
    });
    let report = agree(&place, &steady(&store)).await.expect("agreed");
    assert_eq!((report.revived, report.removed_here, report.removed_there), (2, 0, 0), "{report:?}");
    at_rest(&place, &store).await;
    for number in [0, 1] {
        assert_eq!(count(&there(&store), "INBOX", &letter(number)), 1, "{number}");
    }
}

#[tokio::test]
async fn a_folder_that_is_renamed_is_renamed_and_not_made_anew() {
    let (dir, store) = (tempfile::tempdir().expect("a directory"), some_mail());
    let place = on_disk(dir.path());
    agree(&place, &steady(&store)).await.expect("agreed");
    let own = tree(&place);
    assert!(own.rename_folder("Entw\u{fc}rfe & Co", "Drafts").expect("renamed"));
    drop(own);
    edit(&store, |store| store.asked.clear());
    let report = agree(&place, &steady(&store)).await.expect("agreed");
    assert_eq!((report.folders_changed, report.sent, report.fetched, report.removed_there), (1, 0, 0, 0), "{report:?}");
    edit(&store, |store| {
        assert!(store.asked.contains(&"Rename") && !store.asked.contains(&"Create"));
        assert!(store.mailboxes.contains_key("Drafts"));
    });
    at_rest(&place, &store).await;
    // On a server that does not say which mailbox is which, another name is another mailbox; its messages moved.
    edit(&store, |store| {
        let mailbox = store.mailboxes.remove("Drafts").expect("it is there");
        store.mailboxes.insert("Sketches".into(), mailbox);
    });
    let mut fetched = 0;
    for _ in 0..3 {
        fetched += agree(&place, &steady(&store)).await.expect("agreed").fetched;
    }
    assert_eq!(fetched, 0, "the octets were here");
    at_rest(&place, &store).await;
    assert!(!there(&store).iter().any(|(mailbox, ..)| mailbox == "Drafts"));
}

#[tokio::test]
async fn many_removals_are_held_back_until_they_are_allowed() {
    for side in [Side::Here, Side::There] {
        let (dir, store) = (tempfile::tempdir().expect("a directory"), Store::new());
        edit(&store, |store| {
            for number in 0..40 {
                store.create("INBOX").deliver(letter(number).as_bytes(), Flags::new());
            }
        });
        let place = on_disk(dir.path());
        agree(&place, &steady(&store)).await.expect("agreed");
        match side {
            Side::Here => edit(&store, |store| (1..=30).for_each(|uid| store.create("INBOX").expunge(uid))),
            Side::There => {
                let own = tree(&place);
                let files: Vec<_> = places(&own, "INBOX").into_iter().map(|(place, _)| place).take(30).collect();
                own.remove("INBOX", &files, "test").expect("removed");
            }
        }
        for _ in 0..2 {
            let report = agree(&place, &steady(&store)).await.expect("agreed");
            let found: Vec<_> = report.suspicions.iter().map(|found| (found.side, found.removals, found.of)).collect();
            assert_eq!(found, [(side, 30, 40)]);
            assert_eq!(here(&place).await.len() + there(&store).len(), 50);
        }
        let mut policy = Policy::default();
        policy.guard.allowed = 30;
        let report = run(&place, &steady(&store), &policy, None).await.expect("agreed");
        assert_eq!(report.removed_here + report.removed_there, 30, "{report:?}");
        at_rest(&place, &store).await;
        assert_eq!(there(&store).len(), 10);
    }
}

#[tokio::test]
async fn a_root_that_is_gone_or_another_one_is_no_reason_to_remove_anything() {
    let (dir, store) = (tempfile::tempdir().expect("a directory"), some_mail());
    let place = on_disk(dir.path());
    agree(&place, &steady(&store)).await.expect("agreed");
    let before = there(&store);
    std::fs::rename(&place.maildir, dir.path().join("elsewhere")).expect("renamed");
    for is_there in [false, true] {
        if is_there {
            std::fs::create_dir_all(place.maildir.join("cur")).expect("made");
        }
        let error = agree(&place, &steady(&store)).await.expect_err("refused");
        assert_eq!(error.kind(), mailkit::error::Kind::Config, "{error}");
    }
    std::fs::remove_dir_all(&place.maildir).expect("removed");
    std::fs::rename(dir.path().join("elsewhere"), &place.maildir).expect("renamed");
    assert_eq!(there(&store), before);
    at_rest(&place, &store).await;
}

#[tokio::test]
async fn one_direction_changes_the_other_side_only() {
    let (dir, store) = (tempfile::tempdir().expect("a directory"), with_trash());
    let place = on_disk(dir.path());
    agree(&place, &steady(&store)).await.expect("agreed");
    let own = tree(&place);
    deliver(&own, "INBOX", "mine\r\n", &[]);
    own.remove("INBOX", &[file(&own, "INBOX", &letter(0))], "test").expect("removed");
    drop(own);
    edit(&store, |store| {
        store.create("INBOX").deliver(b"theirs\r\n", Flags::new());
        store.create("INBOX").expunge(2);
    });
    let (mine, theirs) = (here(&place).await, there(&store));
    run(&place, &steady(&store), &pulling(), None).await.expect("pulled");
    assert_eq!(there(&store), theirs);
    let after = here(&place).await;
    assert_eq!(after.len(), mine.len(), "one came and one went");
    let pushing = Policy { pull: Kinds::NONE, ..Policy::default() };
    edit(&store, |store| {
        store.create("INBOX").deliver(b"later\r\n", Flags::new());
    });
    let report = run(&place, &steady(&store), &pushing, None).await.expect("pushed");
    assert_eq!((report.sent, report.removed_there, report.fetched), (1, 1, 0), "{report:?}");
    assert_eq!(here(&place).await, after);
    agree(&place, &steady(&store)).await.expect("agreed");
    at_rest(&place, &store).await;
}

#[tokio::test]
async fn two_sides_that_have_the_same_mail_already_are_one() {
    let (dir, store) = (tempfile::tempdir().expect("a directory"), some_mail());
    let place = on_disk(dir.path());
    agree(&place, &steady(&store)).await.expect("agreed");
    let before = there(&store);
    std::fs::remove_dir_all(dir.path().join("state")).expect("removed");
    let report = agree(&place, &steady(&store)).await.expect("agreed");
    assert_eq!((report.sent, report.fetched, report.paired), (0, 0, 0), "their names tell: {report:?}");
    at_rest(&place, &store).await;
    // The same under names that somebody else gave them.
    let other = on_disk(&dir.path().join("other"));
    let outside =
        tree::Outside { disk: other.disk.clone(), clock: other.clock.clone(), entropy: other.entropy.clone() };
    std::fs::create_dir(dir.path().join("other")).expect("made");
    let own = Tree::make(outside, &other.maildir, other.layout).expect("made");
    for (mailbox, text, ..) in &before {
        if own.stamps(mailbox).is_err() {
            own.create_folder(mailbox, &own.new_mark()).expect("made");
        }
        deliver(&own, mailbox, text, &[]);
    }
    drop(own);
    let report = agree(&other, &steady(&store)).await.expect("agreed");
    assert_eq!((report.sent, report.fetched, report.paired), (0, 0, 8), "{report:?}");
    assert_eq!(there(&store), before);
}

/// What each side does between two runs: new mail, flags, moves and removals.
fn busy(place: &Place, store: &Arc<Mutex<Store>>) {
    let own = tree(place);
    deliver(&own, "INBOX", "mine\r\n", &["\\Seen"]);
    own.move_to("INBOX", &[file(&own, "INBOX", &letter(0))], "Empty").expect("moved");
    own.remove("INBOX", &[file(&own, "INBOX", &letter(1))], "test").expect("removed");
    let change =
        tree::Edit { place: file(&own, "INBOX", &letter(4)), add: flags_of(&["\\Answered"]), remove: Flags::new() };
    own.set_flags("INBOX", &[change]).expect("stored");
    edit(store, |store| {
        store.create("INBOX").deliver(b"theirs\r\n", flags_of(&["work"]));
        store.create("INBOX").expunge(3);
        let inbox = store.create("INBOX");
        inbox.modseq += 1;
        let kept = inbox.messages.get_mut(&4).expect("it is there");
        (kept.flags, kept.modseq) = (flags_of(&["\\Draft"]), inbox.modseq);
    });
}

#[tokio::test]
async fn a_connection_that_breaks_anywhere_while_both_sides_change_loses_and_doubles_nothing() {
    let mut breaks_after = 0;
    loop {
        let (dir, disk, store) = (tempfile::tempdir().expect("a directory"), MemoryDisk::new(), with_trash());
        // The memory is SQLite's, on the machine's own disk.
        let place = Place { state: Some(dir.path().join("sync.db")), ..in_memory(&disk) };
        let place = Place { disk: place.disk.clone(), ..place };
        agree(&place, &steady(&store)).await.expect("agreed");
        busy(&place, &store);
        let result = agree(&place, &Wire { store: store.clone(), breaks_after }).await;
        for _ in 0..2 {
            agree(&place, &steady(&store)).await.expect("the next run goes through");
        }
        let (here, there) = (here(&place).await, there(&store));
        assert_eq!(counts(&here), counts(&there), "after {breaks_after} octets");
        for (mailbox, text, wanted) in [
            ("INBOX", "mine\r\n", 1),
            ("INBOX", "theirs\r\n", 1),
            ("Empty", letter(0).as_str(), 1),
            ("INBOX", letter(0).as_str(), 0),
            ("Trash", letter(1).as_str(), 1),
            ("INBOX", letter(1).as_str(), 0),
            ("INBOX", letter(2).as_str(), 0),
            ("INBOX", letter(3).as_str(), 1),
            ("INBOX", letter(4).as_str(), 1),
        ] {
            assert_eq!(count(&there, mailbox, text), wanted, "{text} in {mailbox} after {breaks_after} octets");
        }
        at_rest(&place, &store).await;
        if result.is_ok() {
            assert!(breaks_after > 1000, "the conversation is longer than that");
            return;
        }
        breaks_after += 61;
    }
}

#[tokio::test]
async fn a_run_that_finds_nothing_costs_a_bounded_number_of_commands() {
    let (dir, store) = (tempfile::tempdir().expect("a directory"), Store::new());
    edit(&store, |store| {
        for number in 0..50 {
            store.create(&format!("folder {number}")).deliver(letter(number).as_bytes(), Flags::new());
        }
    });
    let place = on_disk(dir.path());
    for _ in 0..2 {
        agree(&place, &steady(&store)).await.expect("agreed");
    }
    let notes = Notes::default();
    let report = run(&place, &steady(&store), &Policy::default(), notes.trace()).await.expect("agreed");
    assert_eq!((deeds(&report), report.scanned, report.folders), (0, 0, 51));
    // This server neither counts changes of flags nor lists with counters: of each mailbox its counters are asked for,
    // it is opened, and asked for flags and for what is new. Nothing waits for anything but the list.
    let trace = notes.text();
    let commands = trace.lines().filter(|line| line.contains(" C: m")).count();
    assert!(commands <= 4 * 51 + 10, "{commands} commands");
    assert!(!trace.contains("BODY.PEEK[])") && !trace.contains("BODY.PEEK[HEADER])"), "{trace}");
}
