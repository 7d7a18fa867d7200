//! The tree on a disk in memory, which breaks, and on the real one.

mod folders;
mod messages;
mod power;
mod real;

use super::*;
use crate::imap::flag::{Flags, SystemFlag};
use crate::store::memory::MemoryDisk;
use crate::store::testing::{TestClock, TestEntropy};
use crate::world::{Content, Timestamp};

const ROOT: &str = "/mail";

fn outside(disk: &MemoryDisk) -> Outside {
    Outside {
        disk: Arc::new(disk.clone()),
        clock: TestClock::new(),
        entropy: TestEntropy::new(disk.counts().operations),
    }
}

fn mark(number: u32) -> Mark {
    Mark::parse(&format!("mark-{number}")).unwrap()
}

/// A tree with INBOX and these folders.
fn tree(disk: &MemoryDisk, layout: Layout, folders: &[&str]) -> Tree {
    let tree = Tree::make(outside(disk), Path::new(ROOT), layout).unwrap();
    for (number, folder) in (1..).zip(folders) {
        tree.create_folder(folder, &mark(number)).unwrap();
    }
    tree
}

fn incoming(key: &str, flags: &[&str], text: &str) -> Incoming {
    let content = Arc::new(text.as_bytes().to_vec());
    Incoming {
        key: key.into(),
        flags: flags_of(flags),
        arrived: Timestamp::from_second(1_000_000_000).unwrap(),
        content,
    }
}

fn flags_of(words: &[&str]) -> Flags {
    crate::imap::client::flags(words.iter().copied())
}

fn deliver(tree: &Tree, folder: &str, key: &str, flags: &[&str], text: &str) -> Placed {
    let mut placed = tree.deliver(folder, &[incoming(key, flags, text)], Before::Never).unwrap();
    placed.remove(0).unwrap()
}

fn place(placed: &Placed) -> Place {
    Place { base: placed.base.clone(), spot: placed.spot.clone() }
}

/// All messages of a folder in order: key and flags, as text.
fn list(tree: &Tree, folder: &str) -> Vec<String> {
    let mut all = Vec::new();
    tree.scan(folder, &mut |seen| {
        let system = SystemFlag::ALL.iter().filter(|flag| seen.flags.has(**flag)).map(|flag| flag.name());
        let words: Vec<&str> = system.chain(seen.flags.keywords()).collect();
        all.push([&*String::from_utf8_lossy(stem_of(seen.base)), &*words.join(" ")].join(" ").trim_end().to_owned());
        Ok(())
    })
    .unwrap();
    all.sort();
    all
}

fn octets(content: &dyn Content) -> Vec<u8> {
    let mut octets = vec![0; content.size() as usize];
    let mut at = 0;
    while let count @ 1.. = content.read_at(at as u64, &mut octets[at..]).unwrap() {
        at += count;
    }
    assert_eq!(at, octets.len());
    octets
}
