//! Histories by chance: up to forty things that users do, and up to five runs, each cut off somewhere.

use super::history::{History, Round};
use super::operation::{ANSWERED, DELETED, FLAGGED, Op, Pick, SEEN};
use super::world::{Blow, Fault, Options, SECOND};
use crate::sync::run::Side;
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers by chance (SplitMix64).
pub(super) struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.next() % u64::from(end)).expect("it is below the end")
    }

    /// Once in so many times.
    fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(u32::try_from(all.len()).expect("few")) as usize]
    }
}

const FOLDERS: [&str; 3] = ["INBOX", "A", "B"];

fn options(dice: &mut Dice) -> Options {
    Options {
        tier: dice.below(3).try_into().expect("of three"),
        has_uidplus: !dice.once_in(4),
        has_move: !dice.once_in(3),
        has_mailbox_ids: !dice.once_in(3),
        has_email_ids: dice.once_in(3),
        tells_ids: !dice.once_in(3),
        tells_counters: !dice.once_in(4),
        has_wrong_sizes: dice.once_in(6),
        keeps_few: dice.once_in(6),
        coarse: dice.of(&[1, SECOND, 2 * SECOND]),
        has_trash: !dice.once_in(4),
    }
}

/// Folders get other names only where they can be known again.
fn op(dice: &mut Dice, last: &mut u32, options: &Options) -> Op {
    let side = dice.of(&[Side::Here, Side::There]);
    let pick = Pick::Nth(u8::try_from(dice.below(60)).expect("a small number"));
    let folder = dice.of(&FOLDERS);
    match dice.below(40) {
        0..8 => {
            if dice.once_in(8) && *last > 1 {
                // The same message once more.
                let mail = 1 + dice.below(*last);
                return Op::New { side, folder, mail, flags: 0 };
            }
            *last += 1;
            let flags = if dice.once_in(4) { dice.of(&[SEEN, FLAGGED, SEEN | ANSWERED]) } else { 0 };
            Op::New { side, folder, mail: *last, flags }
        }
        8..16 => {
            // Where the server has to be asked who else is flagged, this would be in the way for ever.
            let flags = dice.of(&[SEEN, FLAGGED, ANSWERED, if options.has_uidplus { DELETED } else { SEEN }]);
            Op::Flag { side, pick, flags, on: !dice.once_in(3) }
        }
        16..18 => Op::Keyword { side, pick, keyword: dice.of(&["ka", "kb"]), on: !dice.once_in(3) },
        18..24 => Op::Move { side, pick, to: folder, renames: dice.once_in(3) },
        24..26 => Op::Copy { side, pick, to: folder },
        26..34 => Op::Delete { side, pick },
        34 => Op::Name { pick },
        35 => Op::Reset { folder, half: dice.once_in(2) },
        36 if options.has_mailbox_ids => Op::Rename { side, folder: dice.of(&["A", "B"]) },
        37 => Op::Again { pick, by: folder },
        _ => Op::Flag { side, pick, flags: SEEN, on: true },
    }
}

pub(super) fn fault(dice: &mut Dice, steps: u32) -> Fault {
    Fault { at: 1 + dice.below(steps), blow: dice.of(&Blow::ALL), late: dice.below(steps) }
}

/// The history of a number.
pub(super) fn history(seed: u64) -> History {
    let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let options = options(&mut dice);
    let mut last = 0;
    let mut rounds = Vec::new();
    // First something that both sides agree on.
    let ops = (0..dice.below(8)).map(|_| {
        last += 1;
        let (side, folder) = (dice.of(&[Side::Here, Side::There]), dice.of(&FOLDERS));
        Op::New { side, folder, mail: last, flags: 0 }
    });
    rounds.push(Round { ops: ops.collect(), wait: 60, settles: true, ..Round::default() });
    // Half of all are exact: users rest until both sides agree again.
    let is_calm = dice.once_in(2);
    for _ in 0..1 + dice.below(5) {
        let most = if dice.once_in(4) { 9 } else { 5 };
        let count = dice.below(most);
        let ops = (0..count).map(|_| op(&mut dice, &mut last, &options)).collect();
        let steps = 20 + 12 * count;
        let fault = (!dice.once_in(4)).then(|| fault(&mut dice, steps));
        let visits = if is_calm || dice.once_in(2) { 0 } else { dice.below(3) };
        let visits = (0..visits).map(|_| (1 + dice.below(steps), op(&mut dice, &mut last, &options))).collect();
        let wait = dice.of(&[0, 1, 3, 60]);
        rounds.push(Round { ops, fault, visits, wait, settles: is_calm });
    }
    History { options, rounds }
}

/// Plays the histories of these numbers on all processors; the first that is wrong, made short.
fn play_all(seeds: std::ops::Range<u64>) {
    let next = AtomicU64::new(seeds.start);
    let runs = AtomicU64::new(0);
    let first = std::thread::scope(|scope| {
        let play = || loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return None;
            }
            match history(seed).play(None) {
                Ok(count) => drop(runs.fetch_add(count, Ordering::Relaxed)),
                Err(_) => {
                    next.store(seeds.end, Ordering::Relaxed);
                    return Some(seed);
                }
            }
        };
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(play)).collect();
        threads.into_iter().filter_map(|thread| thread.join().expect("a history that panics")).min()
    });
    if let Some(seed) = first {
        let short = history(seed).shrunk(None);
        panic!("history {seed} is wrong: {}\n{short}", short.play(None).unwrap_err());
    }
    assert!(runs.into_inner() > 0, "histories of {} seeds run", seeds.end - seeds.start);
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|number| number.parse().expect("a number"))
}

/// `MAILKIT_SYNC_HISTORIES` says how many, `MAILKIT_SYNC_SEED` at which to begin.
#[test]
fn histories_by_chance_end_well() {
    let (count, from) = (number("MAILKIT_SYNC_HISTORIES").unwrap_or(300), number("MAILKIT_SYNC_SEED").unwrap_or(0));
    play_all(from..from + count);
}
