//! isync's scenarios (its test suite's first set) and our own, each by name.
//!
//! Not here, since no policy has them: size limits with stubs, keep-last, a trash on the near side, solo expunge.

use super::history::{Play, trusting};
use super::operation::{ANSWERED, DELETED, FLAGGED, Op, Pick, SEEN};
use super::oracle::Snapshot;
use super::world::Options;
use crate::sync::policy::{Expunge, Kinds, OnDelete, Policy};
use crate::sync::run::Side;

/// Messages of a side as letters with their flags, in order: `1F 3`.
fn held(play: &Play, side: Side) -> String {
    let snapshot = Snapshot::of(&play.world());
    let all = if side == Side::Here { snapshot.here } else { snapshot.there };
    let each = all.into_iter().flat_map(|(mail, held)| {
        held.into_iter().map(move |(folder, flags)| {
            let letter =
                |(bit, letter): (u8, &str)| if flags.system_bits() & bit == 0 { "" } else { letter }.to_owned();
            let flags: String =
                [(FLAGGED, "F"), (ANSWERED, "R"), (SEEN, "S"), (DELETED, "T")].into_iter().map(letter).collect();
            let folder = if folder == "INBOX" { String::new() } else { format!("@{folder}") };
            format!("{mail}{flags}{folder}")
        })
    });
    each.collect::<Vec<_>>().join(" ")
}

fn flag(side: Side, mail: u32, flags: u8) -> Op {
    Op::Flag { side, pick: Pick::Mail(mail), flags, on: true }
}

fn delete(side: Side, mail: u32) -> Op {
    Op::Delete { side, pick: Pick::Mail(mail) }
}

fn new(side: Side, mail: u32, flags: u8) -> Op {
    Op::New { side, folder: "INBOX", mail, flags }
}

/// isync's messages A to Q as numbers 1 to 17, as far as they are about what a policy here can say.
/// Both sides first agreed on no flags.
fn base_set(options: Options, policy: Policy) -> Play {
    use Side::{Here, There};
    let mut play = Play::new(options, trusting(), None);
    play.settle().expect("nothing has happened yet");
    let old = [1, 2, 3, 5, 6, 7, 8, 9, 15, 16, 17];
    let old = old.map(|mail| new(There, mail, 0));
    play.users(&old);
    play.world().now += 60_000_000_000;
    play.settle().expect("new messages come");
    play.policy = policy;
    play.users(&[
        flag(There, 1, FLAGGED),
        flag(Here, 2, FLAGGED),
        flag(There, 3, FLAGGED | SEEN),
        flag(Here, 3, FLAGGED),
        flag(There, 5, DELETED),
        flag(Here, 6, DELETED),
        flag(There, 7, SEEN),
        delete(Here, 7),
        flag(There, 8, FLAGGED | DELETED),
        delete(There, 9),
        flag(Here, 15, DELETED),
        flag(There, 15, DELETED),
        delete(Here, 16),
        delete(There, 16),
        new(There, 10, DELETED),
        new(There, 11, 0),
        new(Here, 12, DELETED),
        new(Here, 13, 0),
    ]);
    play.world().now += 60_000_000_000;
    play
}

#[test]
fn the_first_set_of_isync_under_its_policies() {
    let plain = Policy { on_delete: OnDelete::Expunge, ..trusting() };
    let only = |new, flags, deletions| Kinds { new, flags, deletions, folders: true };
    let (none, all) = (Kinds::NONE, Kinds::ALL);
    for (name, policy, here, there) in [
        (
            "everything, no expunge",
            plain.clone(),
            "1F 2F 3FS 5T 6T 8FT 11 12T 13 15T 17",
            "1F 2F 3FS 5T 6T 8FT 10T 11 13 15T 17",
        ),
        (
            "everything, deleted ones are flagged",
            Policy { on_delete: OnDelete::Flag, ..plain.clone() },
            "1F 2F 3FS 5T 6T 8FT 11 12T 13 15T 17",
            "1F 2F 3FS 5T 6T 7ST 8FT 10T 11 13 15T 17",
        ),
        (
            "everything, expunge on both sides",
            Policy { expunge: Expunge { here: true, there: true }, ..plain.clone() },
            "1F 2F 3FS 11 13 17",
            "1F 2F 3FS 11 13 17",
        ),
        (
            "pull only",
            Policy { push: none, ..plain.clone() },
            "1F 2F 3FS 5T 6T 8FT 11 12T 13 15T 17",
            "1F 2 3FS 5T 6 7S 8FT 10T 11 15T 17",
        ),
        (
            "flags only",
            Policy { push: only(false, true, false), pull: only(false, true, false), ..plain.clone() },
            "1F 2F 3FS 5T 6T 8FT 9 12T 13 15T 17",
            "1F 2F 3FS 5T 6T 7S 8FT 10T 11 15T 17",
        ),
        (
            "removals only",
            Policy { push: only(false, false, true), pull: only(false, false, true), ..plain.clone() },
            "1 2F 3F 5 6T 8 12T 13 15T 17",
            "1F 2 3FS 5T 6 8FT 10T 11 15T 17",
        ),
        (
            "new ones only",
            Policy { push: only(true, false, false), pull: only(true, false, false), ..plain.clone() },
            "1 2F 3F 5 6T 8 9 11 12T 13 15T 17",
            "1F 2 3FS 5T 6 7S 8FT 10T 11 13 15T 17",
        ),
        (
            "nothing",
            Policy { push: none, pull: none, ..plain.clone() },
            "1 2F 3F 5 6T 8 9 12T 13 15T 17",
            "1F 2 3FS 5T 6 7S 8FT 10T 11 15T 17",
        ),
        (
            "everything into the trash",
            Policy { push: all, ..trusting() },
            "1F 2F 3FS 5T 6T 7S@Trash 8FT 11 12T 13 15T 17",
            "1F 2F 3FS 5T 6T 7S@Trash 8FT 10T 11 13 15T 17",
        ),
    ] {
        // Without UIDPLUS nothing could be expunged here, for others are flagged as deleted too.
        for tier in 0..3 {
            let mut play = base_set(Options { tier, ..Options::default() }, policy.clone());
            for run in 0..4 {
                play.world().now += 60_000_000_000;
                let ran = play.run(None, Vec::new()).expect("nobody kills it");
                ran.unwrap_or_else(|error| panic!("{name}, run {run}: {error}"));
            }
            let found = (held(&play, Side::Here), held(&play, Side::There));
            assert_eq!((found.0.as_str(), found.1.as_str()), (here, there), "{name}, tier {tier}");
        }
    }
}
