//! The disk fails at each step in turn, and then the power goes.

use super::*;
use crate::store::memory::Fault;

const STEPS: u64 = 60;
const SEEDS: u64 = 6;

/// A tree with one message in INBOX and one in A.
fn start(disk: &MemoryDisk) -> (Tree, Placed, Placed) {
    let tree = tree(disk, Layout::default(), &["A"]);
    let inbox = deliver(&tree, "INBOX", "i", &["\\Seen"], "first\r\n");
    let inner = deliver(&tree, "A", "a", &[], "second\r\n");
    (tree, inbox, inner)
}

/// Does something while everything fails from a step on; then looks at what each power cut leaves.
fn at_each_step(
    name: &str,
    one_by_one: bool,
    act: &dyn Fn(&Tree, &Placed, &Placed) -> bool,
    check: &dyn Fn(&Tree, bool) -> Result<(), String>,
) {
    for step in 0..STEPS {
        let disk = MemoryDisk::new();
        let (tree, inbox, inner) = start(&disk);
        if one_by_one {
            disk.sync_one_by_one();
        }
        disk.reset_counts();
        disk.fail_from(step, Fault::Broken);
        let done = act(&tree, &inbox, &inner);
        let all = disk.counts().operations;
        for seed in 0..SEEDS {
            let after = disk.power_cut(seed);
            let tree = Tree::open(outside(&after), Path::new(ROOT), Layout::default()).unwrap();
            if let Err(why) = check(&tree, done) {
                panic!("{name}, step {step} of {all}, seed {seed}, told done: {done}: {why}");
            }
        }
        if step > all {
            assert!(done);
            return;
        }
    }
    panic!("{name}: more steps than {STEPS}");
}

fn expect(found: &[String], wanted: &[&str]) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{found:?} instead of {wanted:?}")) }
}

/// Octets of all messages of a folder by key.
fn texts(tree: &Tree, folder: &str) -> Vec<(String, String)> {
    let mut places = Vec::new();
    tree.scan(folder, &mut |seen| {
        places.push(Place { base: seen.base.to_vec(), spot: seen.spot.clone() });
        Ok(())
    })
    .unwrap();
    let text = |place: &Place| String::from_utf8(octets(&*tree.content(folder, place).unwrap().unwrap().0)).unwrap();
    let key = |place: &Place| String::from_utf8_lossy(stem_of(&place.base)).into_owned();
    places.iter().map(|place| (key(place), text(place))).collect()
}

#[test]
fn what_was_delivered_is_there_whole_and_nothing_else_is() {
    let batch = |count: usize| -> Vec<Incoming> {
        (0..count)
            .map(|at| incoming(&format!("k{at:02}"), &["\\Seen", "work"][..at % 3], &format!("text {at}\r\n")))
            .collect()
    };
    // Few are synced each for itself, many at once.
    for (count, one_by_one) in [(3, false), (17, false), (17, true)] {
        for step in 0..count as u64 * 8 + 8 {
            let disk = MemoryDisk::new();
            let (tree, ..) = start(&disk);
            if one_by_one {
                disk.sync_one_by_one();
            }
            disk.reset_counts();
            disk.fail_from(step, Fault::Broken);
            let told = tree.deliver("A", &batch(count), Before::Never);
            let told: Vec<bool> = told.map_or(vec![false; count], |all| all.iter().map(Result::is_ok).collect());
            for seed in 0..3 {
                let after = disk.power_cut(seed);
                let tree = Tree::open(outside(&after), Path::new(ROOT), Layout::default()).unwrap();
                let found = texts(&tree, "A");
                for (key, text) in found.iter().filter(|(key, _)| key.starts_with('k')) {
                    assert_eq!(
                        *text,
                        format!("text {}\r\n", key[1..].parse::<usize>().unwrap()),
                        "step {step} seed {seed}"
                    );
                }
                for (at, _) in told.iter().enumerate().filter(|(_, told)| **told) {
                    assert!(found.iter().any(|(key, _)| *key == format!("k{at:02}")), "step {step} seed {seed}: {at}");
                }
                assert_eq!(after.read_dir(Path::new("/mail/.A/tmp")).unwrap(), [], "swept");
                let again = tree.deliver("A", &batch(count), Before::Perhaps).unwrap();
                assert!(again.iter().all(Result::is_ok));
                assert_eq!(texts(&tree, "A").len(), count + 1, "none is doubled: step {step} seed {seed}");
            }
        }
    }
}

#[test]
fn a_change_of_flags_is_there_or_not_and_there_once_it_was_told() {
    let act = |tree: &Tree, inbox: &Placed, _: &Placed| {
        let edit = Edit { place: place(inbox), add: flags_of(&["\\Flagged", "work"]), remove: flags_of(&["\\Seen"]) };
        tree.set_flags("INBOX", &[edit]).is_ok_and(|all| all.iter().all(Result::is_ok))
    };
    let check = |tree: &Tree, done: bool| match list(tree, "INBOX").as_slice() {
        [one] if !done && *one == "i \\Seen" => Ok(()),
        found => expect(found, &["i \\Flagged work"]),
    };
    at_each_step("set_flags", false, &act, &check);
}

#[test]
fn a_message_that_moves_is_always_somewhere() {
    let act = |tree: &Tree, inbox: &Placed, _: &Placed| {
        tree.move_to("INBOX", &[place(inbox)], "A").is_ok_and(|all| all.iter().all(Result::is_ok))
    };
    let check = |tree: &Tree, done: bool| match list(tree, "INBOX").as_slice() {
        [] => expect(&list(tree, "A"), &["a", "i \\Seen"]),
        [_] if !done => expect(&list(tree, "A"), &["a"]),
        found => expect(found, &[]),
    };
    at_each_step("move", false, &act, &check);
}

#[test]
fn a_message_that_is_removed_is_kept_or_still_there() {
    let act = |tree: &Tree, inbox: &Placed, _: &Placed| {
        tree.remove("INBOX", &[place(inbox)], "run").is_ok_and(|all| all.iter().all(Result::is_ok))
    };
    let check = |tree: &Tree, done: bool| {
        let is_here = !list(tree, "INBOX").is_empty();
        if is_here && done {
            return Err("it is still there".into());
        }
        tree.restore("run").map_err(|error| error.to_string())?;
        expect(&list(tree, "INBOX"), &["i \\Seen"])
    };
    at_each_step("remove", false, &act, &check);
}

#[test]
fn bringing_back_and_removing_folders_loses_nothing() {
    let act = |tree: &Tree, _: &Placed, _: &Placed| tree.remove_folder("A", "run").is_ok();
    let check = |tree: &Tree, done: bool| {
        if done && tree.folders().unwrap().len() > 1 {
            return Err("it is still there".into());
        }
        tree.restore("run").map_err(|error| error.to_string())?;
        expect(&list(tree, "A"), &["a"])
    };
    at_each_step("remove_folder", false, &act, &check);

    let act = |tree: &Tree, inbox: &Placed, _: &Placed| {
        let removed = tree.remove("INBOX", &[place(inbox)], "run");
        removed.is_ok() && tree.restore("run").is_ok()
    };
    let check = |tree: &Tree, _: bool| {
        tree.restore("run").map_err(|error| error.to_string())?;
        expect(&list(tree, "INBOX"), &["i \\Seen"])
    };
    at_each_step("restore", false, &act, &check);
}

#[test]
fn a_folder_is_made_whole_or_can_be_made_again() {
    let act = |tree: &Tree, _: &Placed, _: &Placed| tree.create_folder("New", &mark(5)).is_ok();
    let check = |tree: &Tree, done: bool| {
        match tree.create_folder("New", &mark(5)) {
            Ok(()) if done => return Err("it was gone".into()),
            Ok(()) | Err(MailboxError::AlreadyExists) => {}
            Err(error) => return Err(error.to_string()),
        }
        let folders = tree.folders().unwrap();
        let found = folders.iter().find(|folder| folder.name == "New").ok_or("it is not there")?;
        if found.mark == Some(mark(5)) { Ok(()) } else { Err("it has no mark".into()) }
    };
    at_each_step("create_folder", false, &act, &check);
}
