//! All that can happen to up to three messages by up to four things that users do, on either side, and each step of the
//! run that follows breaking in each way.

use super::history::{History, Play, Round, trusting};
use super::operation::{FLAGGED, Op, Pick, SEEN};
use super::world::{Blow, Fault, Options, Site};
use crate::sync::run::Side;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What becomes of one message on one side.
const CHANGES: u8 = 6;

/// The things a user does to a message on a side.
fn change(number: u8, side: Side, pick: Pick) -> Vec<Op> {
    // The two sides do not move it to the same place.
    let to = if side == Side::Here { "A" } else { "B" };
    let moves = Op::Move { side, pick, to, renames: side == Side::Here };
    match number {
        0 => Vec::new(),
        1 => vec![Op::Flag { side, pick, flags: FLAGGED, on: true }],
        2 => vec![Op::Flag { side, pick, flags: SEEN, on: true }],
        3 => vec![moves],
        4 => vec![Op::Delete { side, pick }],
        _ => vec![Op::Flag { side, pick, flags: SEEN, on: true }, moves],
    }
}

/// A message, and what users do to it.
#[derive(Debug, Clone)]
struct Fortune {
    is_old: bool,
    ops: Vec<Op>,
}

/// All fortunes of a message.
fn fortunes(mail: u32) -> Vec<Fortune> {
    let pick = Pick::Mail(mail);
    let mut all = Vec::new();
    for here in 0..CHANGES {
        for there in 0..CHANGES {
            let ops = [change(here, Side::Here, pick), change(there, Side::There, pick)].concat();
            all.push(Fortune { is_old: true, ops });
        }
    }
    let new = |side, folder| Op::New { side, folder, mail, flags: 0 };
    for ops in [
        vec![new(Side::Here, "INBOX")],
        vec![new(Side::There, "INBOX")],
        vec![new(Side::Here, "INBOX"), new(Side::There, "INBOX")],
        vec![new(Side::Here, "INBOX"), new(Side::There, "A")],
    ] {
        all.push(Fortune { is_old: false, ops });
    }
    all
}

/// All that may happen, to so many messages by so many things done.
fn cases(messages: u32, most: usize) -> Vec<Vec<Fortune>> {
    let mut cases: Vec<(usize, Vec<Fortune>)> = vec![(0, Vec::new())];
    for mail in 1..=messages {
        let mut longer = Vec::new();
        for (first, case) in &cases {
            // Messages are alike: their fortunes come in order.
            for (number, fortune) in fortunes(mail).into_iter().enumerate().skip(*first) {
                let count = case.iter().map(|fortune| fortune.ops.len()).sum::<usize>() + fortune.ops.len();
                if count <= most {
                    longer.push((number, [case.as_slice(), &[fortune]].concat()));
                }
            }
        }
        cases = longer;
    }
    cases.into_iter().map(|(_, case)| case).collect()
}

fn history(options: &Options, case: &[Fortune]) -> History {
    let old = case.iter().enumerate().filter(|(_, fortune)| fortune.is_old);
    let old = old.map(|(index, _)| {
        let mail = u32::try_from(index + 1).expect("few");
        Op::New { side: Side::There, folder: "INBOX", mail, flags: 0 }
    });
    let first = Round { ops: old.collect(), wait: 60, settles: true, ..Round::default() };
    let ops = case.iter().flat_map(|fortune| fortune.ops.clone()).collect();
    History { options: options.clone(), rounds: vec![first, Round { ops, wait: 60, ..Round::default() }] }
}

/// Breaks each step of a case; the number of histories.
fn explore(options: &Options, case: &[Fortune]) -> u64 {
    let mut history = history(options, case);
    let fail = |history: &History, why: String| panic!("{why}\n{history}");
    let mut begun = Play::new(options.clone(), trusting(), None);
    begun.settle().expect("nothing has happened yet");
    begun.round(&history.rounds[0]).unwrap_or_else(|why| fail(&history, why));
    let mut count = 1;
    let mut whole = begun.fork();
    whole.round(&history.rounds[1]).unwrap_or_else(|why| fail(&history, why));
    let sites: Vec<Site> = whole.world().sites.clone();
    whole.settle().unwrap_or_else(|why| fail(&history, why));
    for (at, site) in (1..).zip(sites) {
        for blow in Blow::ALL.into_iter().filter(|blow| blow.fits(site)) {
            // What comes late comes before the next run, while it looks, or when it has done all.
            for late in if blow.is_late() { [0, 9, u32::MAX].as_slice() } else { &[0] } {
                history.rounds[1].fault = Some(Fault { at, blow, late: *late });
                let mut play = begun.fork();
                let played = play.round(&history.rounds[1]).and_then(|()| play.settle());
                played.unwrap_or_else(|why| fail(&history, why));
                count += 1;
            }
        }
    }
    count
}

/// Explores all cases on two threads.
fn explore_all(kinds: &[Options], messages: u32, most: usize) {
    let cases = cases(messages, most);
    let work: Vec<_> = kinds.iter().flat_map(|options| cases.iter().map(move |case| (options, case))).collect();
    let (next, count) = (AtomicUsize::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((options, case)) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    count.fetch_add(explore(options, case), Ordering::Relaxed);
                }
            });
        }
    });
    assert!(count.into_inner() > 0, "there are histories of {} cases", work.len());
}

fn kinds() -> Vec<Options> {
    vec![
        Options::default(),
        Options { tier: 1, has_email_ids: true, has_trash: false, ..Options::default() },
        Options { tier: 2, has_uidplus: false, has_move: false, tells_ids: false, ..Options::default() },
        Options { has_move: false, ..Options::default() },
    ]
}

#[test]
fn each_step_may_break_for_two_messages() {
    explore_all(&kinds(), 1, 4);
    explore_all(&kinds(), 2, 2);
}

/// Minutes of it.
#[test]
#[ignore = "it takes minutes"]
fn each_step_may_break_for_three_messages() {
    for messages in 1..=3 {
        explore_all(&kinds(), messages, 4);
    }
}
