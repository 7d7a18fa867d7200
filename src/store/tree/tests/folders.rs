//! Folders: marks, removal and renaming, also after a crash that came halfway.

use super::*;
use crate::store::memory::Fault;

fn names(tree: &Tree) -> Vec<String> {
    tree.folders().unwrap().into_iter().map(|folder| folder.name).collect()
}

const ALL: [Layout; 3] = [Layout::MaildirPlusPlus, Layout::Verbatim, Layout::Escaped];

#[test]
fn folders_are_known_by_their_marks_wherever_they_are() {
    for layout in ALL {
        let disk = MemoryDisk::new();
        let tree = tree(&disk, layout, &["A", "A/B", "mailkit", "Entwürfe", "cur"]);
        assert_eq!(names(&tree), ["A", "A/B", "Entwürfe", "INBOX", "cur", "mailkit"], "{layout:?}");
        let before = tree.folders().unwrap();
        assert_eq!(before[1].mark, Some(mark(2)));
        assert_eq!(before[3].mark, None);
        assert!(matches!(tree.create_folder("A", &mark(9)), Err(MailboxError::AlreadyExists)));
        deliver(&tree, "A", "m", &["work"], "m");
        deliver(&tree, "A/B", "n", &[], "n");
        assert!(tree.rename_folder("A", "X/Y").unwrap());
        assert_eq!(names(&tree), ["A/B", "Entwürfe", "INBOX", "X/Y", "cur", "mailkit"], "{layout:?}");
        assert_eq!(tree.folders().unwrap()[3].mark, Some(mark(1)));
        assert_eq!((list(&tree, "X/Y"), list(&tree, "A/B")), (vec!["m work".into()], vec!["n".into()]), "{layout:?}");
        assert!(!tree.rename_folder("A", "Z").unwrap(), "it is not there any more");
        assert!(matches!(tree.rename_folder("A/B", "cur"), Err(MailboxError::AlreadyExists)));
        assert!(matches!(tree.rename_folder("inbox", "Z"), Err(MailboxError::Cannot(_))));
        assert!(matches!(tree.remove_folder("INBOX", "run"), Err(MailboxError::Cannot(_))));
        tree.mark_folder("INBOX", &mark(77)).unwrap();
        assert_eq!(tree.folders().unwrap()[2].mark, Some(mark(77)));
    }
}

#[test]
fn only_what_is_empty_goes_and_all_else_is_kept() {
    for layout in ALL {
        let disk = MemoryDisk::new();
        let tree = tree(&disk, layout, &["A", "A/B", "C"]);
        let path = |name: &str| Path::new(ROOT).join(layout.path(name).unwrap());
        deliver(&tree, "A", "m", &["work"], "m");
        let inner = deliver(&tree, "A/B", "n", &[], "n");
        disk.create(&path("C").join("notes.txt")).unwrap();
        assert_eq!(tree.remove_folder("None", "run").unwrap(), None);
        assert_eq!(tree.remove_folder("C", "run").unwrap(), Some(Removed::Kept), "a file of somebody else");
        assert_eq!(tree.remove_folder("A", "run").unwrap(), Some(Removed::Kept));
        assert_eq!(names(&tree), ["A/B", "INBOX"], "{layout:?}");
        assert!(tree.remove("A/B", &[place(&inner)], "run").unwrap().remove(0).unwrap().is_some());
        deliver(&tree, "A/B", "o", &[], "o");
        assert_eq!(tree.remove_folder("A/B", "run").unwrap(), Some(Removed::Kept), "what is left joins the first");
        assert_eq!(names(&tree), ["INBOX"], "{layout:?}");
        assert_eq!(tree.restore("run").unwrap(), 3);
        assert_eq!((list(&tree, "A"), list(&tree, "A/B")), (vec!["m work".into()], vec!["n".into(), "o".into()]));
        assert!(tree.undo_runs().unwrap().is_empty());
    }
}

#[test]
fn a_folder_that_was_renamed_halfway_is_renamed_to_the_end() {
    for layout in ALL {
        for step in 0..40 {
            let disk = MemoryDisk::new();
            {
                let tree = tree(&disk, layout, &["A", "A/B"]);
                deliver(&tree, "A", "m", &["\\Seen"], "m");
                deliver(&tree, "A/B", "n", &[], "n");
                disk.reset_counts();
                disk.fail_from(step, Fault::Broken);
                let _ = tree.rename_folder("A", "X");
            }
            disk.heal();
            for seed in 0..4 {
                let after = disk.power_cut(seed);
                let tree = Tree::open(outside(&after), Path::new(ROOT), layout).unwrap();
                match tree.rename_folder("A", "X") {
                    Ok(_) | Err(MailboxError::AlreadyExists) => {}
                    Err(error) => panic!("{layout:?} step {step} seed {seed}: {error}"),
                }
                assert_eq!(list(&tree, "X"), ["m \\Seen"], "{layout:?} step {step} seed {seed}");
                assert_eq!(list(&tree, "A/B"), ["n"]);
                assert_eq!(names(&tree), ["A/B", "INBOX", "X"], "{layout:?} step {step} seed {seed}");
            }
        }
    }
}

#[test]
fn a_root_that_is_gone_or_in_use_is_not_opened() {
    let disk = MemoryDisk::new();
    let open = || Tree::open(outside(&disk), Path::new(ROOT), Layout::default());
    assert!(matches!(open(), Err(MailboxError::NoSuchMailbox)));
    let tree = tree(&disk, Layout::default(), &[]);
    assert!(matches!(open(), Err(MailboxError::Broken(error)) if error.kind() == Kind::Temporary));
    assert_eq!(tree.account().unwrap(), None);
    let (account, identity) = (tree.new_mark(), tree.identity().unwrap());
    tree.mark_account(&account).unwrap();
    drop(tree);
    let tree = open().unwrap();
    assert_eq!((tree.account().unwrap(), tree.identity().unwrap()), (Some(account), identity));
    disk.create(Path::new("/mail/.mailkit-folder")).unwrap().append(b"something else").unwrap();
    assert!(tree.folders().is_err(), "a mark that is damaged is not passed over");
}

#[test]
fn what_a_crash_left_in_tmp_is_swept_and_what_others_write_is_not() {
    let disk = MemoryDisk::new();
    drop(tree(&disk, Layout::default(), &["A"]));
    for name in ["mailkit-sync.0000000000000001.5", "mailkit-0000000000000001-0000000000000002", "1.host"] {
        disk.create(&Path::new("/mail/.A/tmp").join(name)).unwrap();
    }
    disk.remove_dir(Path::new("/mail/tmp")).unwrap();
    let tree = Tree::open(outside(&disk), Path::new(ROOT), Layout::default()).unwrap();
    assert_eq!(disk.read_dir(Path::new("/mail/.A/tmp")).unwrap().len(), 2);
    deliver(&tree, "INBOX", "m", &[], "m");
}
