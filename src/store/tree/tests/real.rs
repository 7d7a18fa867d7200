//! What only the real disk can show.

use super::*;
use crate::store::disk::RealDisk;

fn open(root: &Path) -> Tree {
    let outside = Outside { disk: Arc::new(RealDisk), clock: TestClock::new(), entropy: TestEntropy::new(7) };
    Tree::make(outside, root, Layout::Verbatim).unwrap()
}

#[test]
fn names_are_told_with_inodes_that_survive_renames() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("mail");
    let tree = open(&root);
    let batch: Vec<_> = (0..300).map(|number| incoming(&format!("k{number}"), &[], &format!("{number}\r\n"))).collect();
    let placed = tree.deliver("INBOX", &batch, Before::Never).unwrap();
    let placed: Vec<Placed> = placed.into_iter().map(Result::unwrap).collect();
    let mut inodes: Vec<u64> = Vec::new();
    let scan = tree.scan("INBOX", &mut |seen| {
        inodes.push(seen.inode);
        Ok(())
    });
    assert_eq!(scan.unwrap().files, 300);
    inodes.sort_unstable();
    let mut wanted: Vec<u64> = placed.iter().map(|placed| placed.inode).collect();
    wanted.sort_unstable();
    assert_eq!(inodes, wanted);
    let edit = Edit { place: place(&placed[5]), add: flags_of(&["\\Seen"]), remove: Flags::new() };
    let seen = tree.set_flags("INBOX", &[edit]).unwrap().remove(0).unwrap().unwrap();
    assert_eq!(seen.inode, placed[5].inode);
    tree.create_folder("A", &mark(1)).unwrap();
    let moved = tree.move_to("INBOX", &[place(&seen)], "A").unwrap().remove(0).unwrap().unwrap();
    assert_eq!((moved.inode, &moved.base), (seen.inode, &seen.base));
    let (content, _) = tree.content("A", &place(&moved)).unwrap().unwrap();
    assert_eq!(octets(&*content), b"5\r\n");
}

#[test]
fn a_root_behind_a_link_is_the_directory_it_leads_to() {
    let home = tempfile::tempdir().unwrap();
    let (root, other, link) = (home.path().join("mail"), home.path().join("other"), home.path().join("link"));
    let identity = open(&root).identity().unwrap();
    std::os::unix::fs::symlink(&root, &link).unwrap();
    assert_eq!(open(&link).identity().unwrap(), identity);
    std::fs::remove_file(&link).unwrap();
    std::fs::create_dir(&other).unwrap();
    std::os::unix::fs::symlink(&other, &link).unwrap();
    assert_ne!(open(&link).identity().unwrap(), identity);
    std::fs::remove_file(&link).unwrap();
    let outside = Outside { disk: Arc::new(RealDisk), clock: TestClock::new(), entropy: TestEntropy::new(7) };
    assert!(matches!(Tree::open(outside, &link, Layout::Verbatim), Err(MailboxError::NoSuchMailbox)));
}
