//! A disk that breaks under the whole server: what was acknowledged is there afterwards, once.
//!
//! Conversations are held while the disk fails, at every operation in turn: for good, so that a power cut or a
//! kill follows; for a moment; for lack of room. Then the server goes on, or a new one begins with what is left.
//! `MAILKIT_POWER_ALL=1` tries every operation; otherwise some are left out.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

#[path = "power/house.rs"]
mod house;
mod stage;
#[path = "power/talk.rs"]
mod talk;

use house::{House, Letter};
use mailkit::store::memory::{Fault, MemoryDisk};
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;

/// Points that are tried at once.
const AT_ONCE: usize = 4;

/// How the disk fails, and what comes then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// Nothing reaches it any more, and the power goes off.
    Cut,
    /// The same, but it was only the process that died.
    Kill,
    /// One operation fails; the server goes on.
    Once,
    /// All fail for a while; the server goes on.
    Broken,
    /// There is no room for a while; the server goes on.
    Full,
}

impl Trouble {
    const ALL: [Self; 5] = [Self::Cut, Self::Kill, Self::Once, Self::Broken, Self::Full];

    fn befall(self, disk: &MemoryDisk, at: u64) {
        match self {
            Self::Cut | Self::Kill | Self::Broken => disk.fail_from(at, Fault::Broken),
            Self::Once => disk.fail_at(at, Fault::Broken),
            Self::Full => disk.fail_from(at, Fault::Full),
        }
    }

    /// The disk that a new process finds, if it takes a new one.
    fn leaves(self, disk: &MemoryDisk, seed: u64) -> Option<MemoryDisk> {
        match self {
            Self::Cut => Some(disk.power_cut(seed)),
            Self::Kill => Some(disk.killed()),
            Self::Once | Self::Broken | Self::Full => None,
        }
    }
}

/// What the talk was about: who was told that it was done.
#[derive(Default)]
struct Told {
    /// Messages that must be there.
    there: BTreeSet<Letter>,
    /// Messages that must not be there any more.
    gone: BTreeSet<Letter>,
}

/// Lets a talk be disturbed at operations of the disk, `step` apart, in all ways; returns how many were tried.
async fn disturb<T>(before: MemoryDisk, step: u64, talk: impl Fn(Arc<House>, Arc<Mutex<Told>>) -> T) -> u64
where
    T: Future<Output = ()> + Send + 'static,
{
    let step = if std::env::var_os("MAILKIT_POWER_ALL").is_some() { 1 } else { step };
    let whole = before.killed();
    let house = House::open(&whole).await.unwrap();
    let told: Arc<Mutex<Told>> = Arc::default();
    talk(house.clone(), told.clone()).await;
    house.is_quiet().await;
    let operations = whole.counts().operations;
    let told = std::mem::take(&mut *told.lock().unwrap());
    check(&house, &told, "undisturbed").await;
    house.close();
    let (mut points, mut tried) = (JoinSet::new(), 0);
    for (number, trouble) in Trouble::ALL.into_iter().enumerate() {
        // Not the same operations for each.
        for at in (number as u64 * step / 5..operations + step).step_by(step as usize) {
            let (disk, told) = (before.killed(), Arc::new(Mutex::new(Told::default())));
            trouble.befall(&disk, at);
            let what = format!("{trouble:?} at operation {at} of {operations}");
            let house = House::open(&disk).await.ok();
            let talk = house.clone().map(|house| talk(house, told.clone()));
            points.spawn(async move {
                if let (Some(talk), Some(house)) = (talk, &house) {
                    talk.await;
                    house.is_quiet_or_disk_fails(at).await;
                }
                survive(trouble, at, &disk, house, &told, &what).await;
            });
            tried += 1;
            while points.len() >= AT_ONCE {
                points.join_next().await.unwrap().unwrap();
            }
        }
    }
    while let Some(point) = points.join_next().await {
        point.unwrap();
    }
    tried
}

/// The trouble ends; what was told must be true, now and after the next start.
async fn survive(
    trouble: Trouble,
    seed: u64,
    disk: &MemoryDisk,
    house: Option<Arc<House>>,
    told: &Mutex<Told>,
    what: &str,
) {
    let left = trouble.leaves(disk, seed);
    disk.heal();
    let (disk, house) = match (left, house) {
        (None, Some(house)) => (disk.clone(), house),
        (left, house) => {
            if let Some(house) = house {
                house.close();
            }
            let left = left.unwrap_or_else(|| disk.killed());
            let house = House::open(&left).await.unwrap_or_else(|error| panic!("{what}: {error}"));
            (left, house)
        }
    };
    talk::deliver(&house, &[Letter::new("afterwards", 100)], told).await;
    house.is_quiet().await;
    let mut told = std::mem::take(&mut *told.lock().unwrap());
    assert!(told.there.iter().any(|letter| letter.name == "afterwards"), "{what}: nothing is accepted any more");
    check(&house, &told, what).await;
    house.close();
    // What was not acknowledged is settled by now, one way or the other.
    told.there.extend(house.letters().await.into_keys());
    let house = House::open(&disk.power_cut(seed + 1)).await.unwrap_or_else(|error| panic!("{what}: {error}"));
    house.is_quiet().await;
    check(&house, &told, &format!("{what}, and a power cut later")).await;
    house.close();
}

async fn check(house: &House, told: &Told, what: &str) {
    let found = house.letters().await;
    for letter in &told.there {
        assert!(
            found.contains_key(letter),
            "{what}: {letter} is lost; there is {:?}, given up: {:?}",
            found.keys(),
            house.failures()
        );
    }
    for letter in &told.gone {
        assert!(!found.contains_key(letter), "{what}: {letter} came back");
    }
    for (letter, count) in &found {
        assert_eq!(*count, 1, "{what}: {letter}");
    }
    assert_eq!(house.failures(), Vec::<String>::new(), "{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_smtp_acknowledged_is_delivered_once() {
    let letters = [("a", 10), ("b", 300_000), ("c", 5000), ("d", 100_000)];
    let letters: Arc<[Letter]> = letters.map(|(name, size)| Letter::new(name, size)).into();
    let tried = disturb(MemoryDisk::new(), 5, |house, told| {
        let letters = letters.clone();
        async move { talk::deliver(&house, &letters, &told).await }
    })
    .await;
    println!("{tried} points");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_smtp_acknowledged_to_twenty_at_once_is_delivered_once() {
    let tried = disturb(MemoryDisk::new(), 90, |house, told| async move {
        let mut sessions = JoinSet::new();
        for session in 0..20 {
            let (house, told) = (house.clone(), told.clone());
            sessions.spawn(async move {
                let large = if session % 10 == 0 { 270_000 } else { 2000 };
                let letters = [("x", 50), ("y", large), ("z", 700)];
                let letters = letters.map(|(name, size)| Letter::new(&format!("{name}{session}"), size));
                talk::deliver(&house, &letters, &told).await;
            });
        }
        while let Some(session) = sessions.join_next().await {
            session.unwrap();
        }
    })
    .await;
    println!("{tried} points");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_pop3_and_imap_acknowledged_is_there_or_gone() {
    let before = MemoryDisk::new();
    let house = House::open(&before).await.unwrap();
    let letters = ["p", "q", "r", "s"].map(|name| Letter::new(name, 400));
    // One after the other: those that wait together may be delivered in any order.
    for letter in letters {
        talk::deliver(&house, &[letter], &Mutex::default()).await;
        house.is_quiet().await;
    }
    house.close();
    let tried = disturb(before, 3, |house, told| async move {
        talk::delete_by_pop3(&house, 1, &Letter::new("p", 400), &told).await;
        let appended = [Letter::new("u", 300), Letter::new("v", 300_000)];
        talk::append_and_expunge_by_imap(&house, &appended, &Letter::new("q", 400), &told).await;
        // What nobody touched.
        told.lock().unwrap().there.extend([Letter::new("r", 400), Letter::new("s", 400)]);
    })
    .await;
    println!("{tried} points");
}
