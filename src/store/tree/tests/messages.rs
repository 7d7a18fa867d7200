//! Messages: what comes in comes back, and changes find their files.

use super::*;
use crate::message::fingerprint::{Digest, header_digest, message_id};
use crate::store::memory::Fault;
use proptest::prelude::*;

#[test]
fn a_message_comes_back_as_it_was_under_a_name_that_tells_its_flags() {
    let disk = MemoryDisk::new();
    let tree = tree(&disk, Layout::MaildirPlusPlus, &["Work"]);
    let text = "Message-ID: <a@b>\r\nSubject: x\r\n\r\ntext\r\n";
    let placed = deliver(&tree, "Work", "1-7", &["\\Seen", "$Forwarded", "work"], text);
    let path = Path::new("/mail/.Work/cur/1-7,S=35,W=39:2,PSa");
    assert_eq!(placed.spot.path(Path::new("/mail/.Work"), &placed.base), path);
    let stat = disk.stat(path).unwrap();
    assert_eq!((stat.inode, stat.modified, stat.size), (placed.inode, 1_000_000_000_000_000_000, 35));
    assert_eq!(list(&tree, "Work"), ["1-7 \\Seen $Forwarded work"]);
    let (content, _) = tree.content("Work", &place(&placed)).unwrap().unwrap();
    assert_eq!(octets(&*content), text.as_bytes());
    let known = tree.describe("Work", &place(&placed)).unwrap().unwrap();
    assert_eq!((known.size, known.whole), (39, Digest::of(text.as_bytes())));
    let header = b"Message-ID: <a@b>\r\nSubject: x\r\n\r\n";
    assert_eq!((known.header, known.message_id), (header_digest(header), message_id(header)));
    assert_eq!(deliver(&tree, "INBOX", "new", &[], "x").spot, Spot::new_mail());
}

#[test]
fn what_others_put_there_is_read_by_the_same_rule_whatever_its_name_claims() {
    let disk = MemoryDisk::new();
    let tree = tree(&disk, Layout::Verbatim, &[]);
    for (name, found, wire) in [
        ("1.host:2,S", "a\nb\n", "a\r\nb\r\n"),
        ("2.host,S=4,W=6:2,S", "a\nb\n", "a\r\nb\r\n"),
        ("3.host,S=4,W=5:2,S", "a\nb\n", "a\r\nb\r\n"),
        ("4.host,S=9,W=9:2,S", "a\nb\n", "a\r\nb\r\n"),
        ("5.host,S=4,W=4:2,S", "a\nb\n", "a\nb\n"),
        ("6.host,U=5:2,S", "a\r\nb\r\n", "a\r\nb\r\n"),
        ("7", "", ""),
    ] {
        disk.create(&Path::new("/mail/INBOX/cur").join(name)).unwrap().append(found.as_bytes()).unwrap();
        let (base, info) = crate::store::mailbox::split(name.as_bytes());
        let place = Place { base: base.to_vec(), spot: Spot { in_cur: true, info: info.to_vec() } };
        let (content, _) = tree.content("INBOX", &place).unwrap().unwrap();
        assert_eq!(String::from_utf8(octets(&*content)).unwrap(), wire, "{name}");
        assert_eq!(tree.describe("INBOX", &place).unwrap().unwrap().size, wire.len() as u64);
    }
    assert_eq!(list(&tree, "INBOX").len(), 7);
}

#[test]
fn a_second_delivery_changes_nothing_wherever_the_first_one_is_by_now() {
    let disk = MemoryDisk::new();
    let tree = tree(&disk, Layout::default(), &[]);
    let placed = deliver(&tree, "INBOX", "a/b", &[], "x\r\n");
    let edit = Edit { place: place(&placed), add: flags_of(&["\\Flagged"]), remove: Flags::new() };
    tree.set_flags("INBOX", &[edit]).unwrap();
    let batch = [incoming("a/b", &[], "x\r\n"), incoming("c", &[], "y\r\n")];
    let again = tree.deliver("INBOX", &batch, Before::Perhaps).unwrap();
    let again: Vec<Placed> = again.into_iter().map(Result::unwrap).collect();
    assert_eq!((again[0].is_fresh, again[0].inode, &again[0].flags), (false, placed.inode, &flags_of(&["\\Flagged"])));
    assert!(again[1].is_fresh && stem_of(&again[0].base) == Tree::stem("a/b").unwrap().as_bytes());
    assert_eq!(list(&tree, "INBOX"), ["a%2Fb \\Flagged", "c"]);
    assert!(tree.deliver("INBOX", &[incoming("", &[], "")], Before::Never).is_err());
    assert!(matches!(tree.deliver("None", &batch, Before::Never), Err(MailboxError::NoSuchMailbox)));
}

#[test]
fn flags_are_changed_one_by_one_wherever_the_file_is() {
    let disk = MemoryDisk::new();
    let tree = tree(&disk, Layout::default(), &[]);
    let (a, b, c) = (
        deliver(&tree, "INBOX", "a", &["\\Seen"], "a"),
        deliver(&tree, "INBOX", "b", &[], "b"),
        deliver(&tree, "INBOX", "c", &[], "c"),
    );
    // Somebody else was quicker.
    let at = |name: &str| Path::new(ROOT).join(name);
    disk.rename(&at("cur/a,S=1,W=1:2,S"), &at("cur/a,S=1,W=1:2,FRz")).unwrap();
    disk.remove(&at("new/b,S=1,W=1")).unwrap();
    let edit = |placed: &Placed, add: &[&str], remove: &[&str]| Edit {
        place: place(placed),
        add: flags_of(add),
        remove: flags_of(remove),
    };
    let edits =
        [edit(&a, &["\\Draft", "home"], &["\\Answered"]), edit(&b, &["\\Seen"], &[]), edit(&c, &[], &["\\Seen"])];
    let results: Vec<_> = tree.set_flags("INBOX", &edits).unwrap().into_iter().map(Result::unwrap).collect();
    let wanted = Spot { in_cur: true, info: b":2,DFaz".into() };
    assert_eq!(results[0].as_ref().map(|placed| (&placed.spot, placed.inode)), Some((&wanted, a.inode)));
    assert_eq!(results[1], None);
    assert_eq!(results[2].as_ref().map(|placed| (&placed.spot, placed.is_fresh)), Some((&Spot::new_mail(), false)));
    assert_eq!(list(&tree, "INBOX"), ["a \\Draft \\Flagged home", "c"]);
}

#[test]
fn keywords_beyond_the_letters_are_told_to_whoever_asked() {
    let disk = MemoryDisk::new();
    let tree = tree(&disk, Layout::default(), &[]);
    let words: Vec<String> = (0..30).map(|number| format!("k{number:02}")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let placed = deliver(&tree, "INBOX", "a", &words, "a");
    assert_eq!(placed.flags, flags_of(&words[..26]));
    assert_eq!(list(&tree, "INBOX"), [["a", &words[..26].join(" ")].join(" ")]);
    assert!(disk.stat(Path::new("/mail/dovecot-uidlist.lock")).is_err());
    let edit = Edit { place: place(&placed), add: flags_of(&["k29", "\\Seen"]), remove: flags_of(&words[1..]) };
    let after = tree.set_flags("INBOX", &[edit]).unwrap().remove(0).unwrap().unwrap();
    assert_eq!(after.flags, flags_of(&["\\Seen", "k00"]));
}

#[test]
fn the_list_of_keywords_is_changed_by_whoever_holds_its_lock() {
    let disk = MemoryDisk::new();
    let tree = tree(&disk, Layout::default(), &[]);
    disk.create(Path::new("/mail/dovecot-keywords")).unwrap().append(b"0 home\n").unwrap();
    let lock = Path::new("/mail/dovecot-uidlist.lock");
    let mut held = disk.create(lock).unwrap();
    held.set_modified(TestClock::new().now()).unwrap();
    let placed = deliver(&tree, "INBOX", "a", &["home", "work"], "a");
    assert_eq!(placed.flags, flags_of(&["home"]), "nothing waits for long, and what is known needs no lock");
    // Left by a crash.
    held.set_modified(Timestamp::from_second(TestClock::new().now().as_second() - 121).unwrap()).unwrap();
    assert_eq!(deliver(&tree, "INBOX", "b", &["work"], "b").flags, flags_of(&["work"]));
    assert!(disk.stat(lock).is_err());
    assert_eq!(list(&tree, "INBOX"), ["a home", "b work"]);
}

#[test]
fn a_message_moves_with_its_flags_and_never_over_another() {
    let disk = MemoryDisk::new();
    let tree = tree(&disk, Layout::Verbatim, &["A", "A/B"]);
    let first = deliver(&tree, "A", "m", &["\\Seen", "work"], "1");
    deliver(&tree, "A/B", "x", &["home"], "x");
    let other = deliver(&tree, "A/B", "m", &["\\Flagged"], "2");
    let moved = tree.move_to("A", &[place(&first), place(&first)], "A/B").unwrap();
    let moved: Vec<_> = moved.into_iter().map(Result::unwrap).collect();
    let now = moved[0].as_ref().unwrap();
    assert_eq!((now.inode, &now.flags), (first.inode, &flags_of(&["\\Seen", "work"])));
    assert!(now.base != other.base && now.base.ends_with(b",S=1,W=1"));
    assert_eq!(moved[1], None);
    assert_eq!((list(&tree, "A").len(), list(&tree, "A/B").len()), (0, 3));
    let copied = tree.copy_to("A/B", &[place(&other)], "INBOX").unwrap().remove(0).unwrap().unwrap();
    assert_eq!((copied.inode, &copied.base), (other.inode, &other.base));
    assert_eq!(list(&tree, "INBOX"), ["m \\Flagged"]);
    assert!(matches!(tree.move_to("A", &[], "None"), Err(MailboxError::NoSuchMailbox)));
}

#[test]
fn what_is_removed_is_kept_until_it_is_brought_back_or_purged() {
    for layout in [Layout::MaildirPlusPlus, Layout::Verbatim, Layout::Escaped] {
        let disk = MemoryDisk::new();
        let tree = tree(&disk, layout, &["A", "A/B"]);
        let inbox = deliver(&tree, "INBOX", "i", &["work"], "i");
        let inner = deliver(&tree, "A/B", "b", &[], "b");
        assert_eq!(tree.undo_runs().unwrap(), []);
        for (folder, placed) in [("INBOX", &inbox), ("A/B", &inner)] {
            assert!(tree.remove(folder, &[place(placed)], "run-1").unwrap().remove(0).unwrap().is_some());
            assert!(tree.remove(folder, &[place(placed)], "run-2").unwrap().remove(0).unwrap().is_none());
            assert_eq!(list(&tree, folder), [""; 0]);
        }
        assert_eq!(tree.remove_folder("A/B", "run-2").unwrap(), Some(Removed::Empty));
        let mut kept = Vec::new();
        let mut each = |folder: &str, place: Place| {
            kept.push(format!("{folder} {}", String::from_utf8_lossy(&place.base)));
            Ok(())
        };
        tree.undo_list("run-1", &mut each).unwrap();
        kept.sort();
        assert_eq!(kept, ["A/B b,S=1,W=1", "INBOX i,S=1,W=1"], "{layout:?}");
        assert_eq!(tree.undo_runs().unwrap().len(), 2);
        assert_eq!(tree.restore("run-1").unwrap(), 2);
        assert_eq!((list(&tree, "INBOX"), list(&tree, "A/B")), (vec!["i work".into()], vec!["b".into()]), "{layout:?}");
        assert!(tree.purge("run-2").unwrap() && !tree.purge("run-1").unwrap());
        for bad in ["", "..", "a/b", ".x"] {
            assert!(tree.purge(bad).is_err(), "{bad:?}");
        }
    }
}

#[test]
fn a_full_disk_takes_what_fits() {
    for one_by_one in [false, true] {
        let disk = MemoryDisk::new();
        let tree = tree(&disk, Layout::default(), &[]);
        if one_by_one {
            disk.sync_one_by_one();
        }
        let text = "x".repeat(10_000);
        disk.limit(4 * 1024 * 1024 + 100_000);
        let batch: Vec<_> = (0..40).map(|number| incoming(&format!("k{number}"), &[], &text)).collect();
        let results = tree.deliver("INBOX", &batch, Before::Never).unwrap();
        let whole = results.iter().filter(|result| result.is_ok()).count();
        // Each thread looks for room before it writes, and so may several before one of them does.
        assert!((5..=10 + 16).contains(&whole), "{whole}");
        assert!(results.iter().all(|result| matches!(result, Ok(_) | Err(MailboxError::Full))));
        assert_eq!(list(&tree, "INBOX").len(), whole);
        assert_eq!(disk.read_dir(Path::new("/mail/tmp")).unwrap(), []);
        disk.heal();
        let results = tree.deliver("INBOX", &batch, Before::Perhaps).unwrap();
        assert_eq!(
            results.iter().filter(|result| result.as_ref().is_ok_and(|placed| placed.is_fresh)).count(),
            40 - whole
        );
        assert_eq!(list(&tree, "INBOX").len(), 40);
    }
}

#[test]
fn one_message_that_cannot_be_written_spoils_no_other() {
    struct Broken;
    impl Content for Broken {
        fn size(&self) -> u64 {
            5
        }
        fn read_at(&self, _offset: u64, _buffer: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let disk = MemoryDisk::new();
    let tree = tree(&disk, Layout::default(), &[]);
    let mut batch: Vec<_> = (0..20).map(|number| incoming(&format!("k{number}"), &[], "x")).collect();
    batch[7].content = Arc::new(Broken);
    let results = tree.deliver("INBOX", &batch, Before::Never).unwrap();
    assert!(results.iter().enumerate().all(|(at, result)| result.is_ok() == (at != 7)));
    assert_eq!(disk.read_dir(Path::new("/mail/tmp")).unwrap(), []);
    // Where all are made durable at once, they share the failure.
    disk.reset_counts();
    disk.fail_at(60, Fault::Broken);
    let results = tree.deliver(
        "INBOX",
        &(20..40).map(|n| incoming(&format!("k{n}"), &[], "x")).collect::<Vec<_>>(),
        Before::Never,
    );
    let failed = results.unwrap().iter().filter(|result| result.is_err()).count();
    assert!(failed == 20 || failed == 1, "{failed}");
}

#[test]
fn a_pass_is_quiet_if_nothing_moved() {
    let disk = MemoryDisk::new();
    let tree = tree(&disk, Layout::default(), &[]);
    for key in ["a", "b", "c"] {
        deliver(&tree, "INBOX", key, &[], key);
    }
    let scan = tree.scan("INBOX", &mut |_| Ok(())).unwrap();
    assert!(scan.is_quiet && scan.files == 3 && scan.still_holds(&tree.stamps("INBOX").unwrap()));
    let mut is_first = true;
    let disturbed = tree.scan("INBOX", &mut |seen| {
        if std::mem::take(&mut is_first) {
            let from = seen.spot.path(Path::new(ROOT), seen.base);
            disk.rename(&from, &Path::new("/mail/cur").join("a,S=1,W=1:2,S")).unwrap();
        }
        Ok(())
    });
    let disturbed = disturbed.unwrap();
    assert!(!disturbed.is_quiet && disturbed.files == 4, "told twice, not never");
    assert!(!scan.still_holds(&tree.stamps("INBOX").unwrap()));
    let at = |nanoseconds| Timestamp::from_nanosecond(nanoseconds).unwrap();
    let latest = disturbed.stamps.latest();
    assert!(!Scan::is_settled(&disturbed.stamps, at(settles(latest))));
    assert!(Scan::is_settled(&disturbed.stamps, at(settles(latest) + 1)));
    assert!(!Scan::is_settled(&disturbed.stamps, at(0)), "a clock that was set back");
    let stopped = tree.scan("INBOX", &mut |_| Err(MailboxError::Cannot("no more")));
    assert!(matches!(stopped, Err(MailboxError::Cannot("no more"))));
}

proptest! {
    #[test]
    fn every_text_comes_back_and_is_known_by_its_wire_form(text in "[a:\r\n\0]{0,40}") {
        let disk = MemoryDisk::new();
        let tree = tree(&disk, Layout::default(), &[]);
        let placed = deliver(&tree, "INBOX", "k", &[], &text);
        let (content, _) = tree.content("INBOX", &place(&placed)).unwrap().unwrap();
        prop_assert_eq!(octets(&*content), text.as_bytes());
        let known = tree.describe("INBOX", &place(&placed)).unwrap().unwrap();
        prop_assert_eq!((known.whole, known.header), (Digest::of(text.as_bytes()), header_digest(text.as_bytes())));
    }
}
