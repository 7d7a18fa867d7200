//! What both sides must hold once they are left in peace, from what users did and nothing else.
//!
//! It knows no rows, UIDs or files: only which content each side had in which folder with which flags when they last
//! agreed, and has now. It is said of contents of which each side has no more than one message; of others, and where
//! users went on while runs were cut off, it says how many there may be.

use super::mail::Mail;
use super::world::{Story, World};
use crate::imap::flag::{Flags, SystemFlag};
use crate::sync::run::Side;
use std::collections::{BTreeMap, BTreeSet};

/// A message: folder and flags.
pub(super) type Held = (String, Flags);

/// The name that a folder had before somebody renamed it.
fn first_name(name: &str) -> String {
    name.trim_end_matches('2').to_owned()
}

/// All messages of a side, by content.
pub(super) type Holding = BTreeMap<Mail, Vec<Held>>;

/// Both sides at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Snapshot {
    pub(super) here: Holding,
    pub(super) there: Holding,
}

impl Snapshot {
    pub(super) fn of(world: &World) -> Self {
        let mut snapshot = Self::default();
        for (name, directory) in &world.disk.folders {
            for entry in &directory.files {
                snapshot.here.entry(entry.mail).or_default().push((first_name(name), entry.flags.clone()));
            }
        }
        for (name, mailbox) in &world.server.mailboxes {
            for message in mailbox.messages.values() {
                snapshot.there.entry(message.mail).or_default().push((first_name(name), message.flags.clone()));
            }
        }
        for held in snapshot.here.values_mut().chain(snapshot.there.values_mut()) {
            held.sort_by_key(|(folder, flags)| (folder.clone(), flags.system_bits(), flags.keywords().len()));
        }
        snapshot
    }

    fn mails(&self) -> BTreeSet<Mail> {
        self.here.keys().chain(self.there.keys()).copied().collect()
    }

    fn side(&self, side: Side, mail: Mail) -> &[Held] {
        let held = match side {
            Side::Here => &self.here,
            Side::There => &self.there,
        };
        held.get(&mail).map_or(&[], Vec::as_slice)
    }
}

/// What can be told of flags by a side.
struct Tells {
    stay: Flags,
    any_keyword: bool,
}

impl Tells {
    fn of(world: &World, side: Side) -> Self {
        match side {
            Side::Here => {
                let mut stay = World::told();
                stay.add(&Flags::from_parts(31, []));
                Self { stay, any_keyword: false }
            }
            Side::There => {
                let (stay, any_keyword) = world.kept();
                Self { stay, any_keyword }
            }
        }
    }

    fn told(&self, flags: &Flags) -> Flags {
        let keywords = flags.keywords().filter(|keyword| self.any_keyword || self.stay.has_keyword(keyword));
        Flags::from_parts(flags.system_bits() & self.stay.system_bits(), keywords.map(str::to_owned))
    }

    /// What the side says, and of what it cannot say what was agreed.
    fn full(&self, said: &Flags, base: &Flags) -> Flags {
        let mut untold = base.clone();
        untold.remove(&self.told(base));
        let mut flags = said.clone();
        flags.add(&untold);
        flags
    }
}

fn is_deleted(flags: &Flags) -> bool {
    flags.has(SystemFlag::Deleted)
}

/// A change that says that somebody wants the message.
fn is_wanted(base: &Flags, now: &Flags) -> bool {
    let mut added = now.clone();
    added.remove(base);
    added.has(SystemFlag::Flagged)
        || added.has(SystemFlag::Answered)
        || added.keywords().len() > 0
        || is_deleted(base) && !is_deleted(now)
}

fn merged(base: &Flags, here: &Flags, there: &Flags) -> Flags {
    let less = |one: &Flags, other: &Flags| {
        let mut flags = one.clone();
        flags.remove(other);
        flags
    };
    let mut flags = base.clone();
    for side in [here, there] {
        flags.remove(&less(base, side));
    }
    for side in [here, there] {
        flags.add(&less(side, base));
    }
    flags
}

/// Where a message is to be at last: here, and there.
type Wanted = (Vec<Held>, Vec<Held>);

/// What is to become of one message.
fn expected(world: &World, base: Option<Held>, here: Option<Held>, there: Option<Held>, is_stranded: bool) -> Wanted {
    let both = |held: Held| {
        // What somebody has given up is not copied to where it is not.
        (vec![held.clone()], vec![held])
    };
    let none = || (Vec::new(), Vec::new());
    match (base, here, there) {
        (_, None, None) => none(),
        (_, Some(here), None) if is_stranded => (vec![here], Vec::new()),
        (None, Some(here), None) if is_deleted(&here.1) => (vec![here], Vec::new()),
        (None, None, Some(there)) if is_deleted(&there.1) => (Vec::new(), vec![there]),
        (None, Some(one), None) | (None, None, Some(one)) => both(one),
        (None, Some(here), Some(there)) if here.0 == there.0 => {
            both((here.0, merged(&Flags::new(), &here.1, &there.1)))
        }
        (None, Some(here), Some(there)) => {
            let (mut at_here, mut at_there) = (vec![here.clone()], vec![there.clone()]);
            if !is_deleted(&here.1) {
                at_there.push(here);
            }
            if !is_deleted(&there.1) {
                at_here.push(there);
            }
            (at_here, at_there)
        }
        (Some(base), Some(here), Some(there)) => {
            let folder = if there.0 == base.0 { here.0 } else { there.0 };
            both((folder, merged(&base.1, &here.1, &there.1)))
        }
        (Some(base), None, Some(there)) => {
            if is_wanted(&base.1, &there.1) || there.0 != base.0 {
                if is_deleted(&there.1) { (Vec::new(), vec![there]) } else { both(there) }
            } else if world.options.has_trash && there.0 != "Trash" {
                let kept = ("Trash".to_owned(), there.1);
                if is_deleted(&kept.1) { (Vec::new(), vec![kept]) } else { both(kept) }
            } else {
                none()
            }
        }
        (Some(base), Some(here), None) => {
            if is_wanted(&base.1, &here.1) || here.0 != base.0 {
                if is_deleted(&here.1) { (vec![here], Vec::new()) } else { both(here) }
            } else {
                none()
            }
        }
    }
}

/// What users have done since both sides agreed, at one moment.
pub(super) struct Before<'a> {
    /// What both sides held when they agreed.
    pub(super) agreed: &'a Snapshot,
    /// The same after all that users did; nothing if they did it in between runs.
    pub(super) changed: Option<&'a Snapshot>,
    pub(super) stories: &'a BTreeMap<Mail, Story>,
}

/// What is wrong with the end of a history.
pub(super) fn wrong(world: &World, before: &Before<'_>) -> Option<String> {
    let now = Snapshot::of(world);
    let names: [Vec<&String>; 2] = [world.disk.folders.keys().collect(), world.server.mailboxes.keys().collect()];
    if names[0] != names[1] {
        return Some(format!("other folders here than there: {names:?}"));
    }
    let mut mails = now.mails();
    mails.extend(before.agreed.mails());
    mails.extend(before.changed.map(Snapshot::mails).unwrap_or_default());
    mails.into_iter().find_map(|mail| wrong_of(world, before, &now, mail).map(|why| format!("{mail}: {why}")))
}

fn wrong_of(world: &World, before: &Before<'_>, now: &Snapshot, mail: Mail) -> Option<String> {
    let [tells_here, tells_there] = [Side::Here, Side::There].map(|side| Tells::of(world, side));
    let one = |snapshot: &Snapshot, side| -> Result<Option<Held>, ()> {
        match snapshot.side(side, mail) {
            [] => Ok(None),
            [one] => Ok(Some(one.clone())),
            _ => Err(()),
        }
    };
    // Where moving is copying and removing, a copy that comes late into the trash stays there.
    let once = |held: &[Held]| {
        let mut held = held.to_vec();
        if !world.options.has_move {
            held.dedup_by(|one, other| one.0 == "Trash" && other.0 == "Trash");
        }
        held
    };
    let (now_here, now_there) = (now.side(Side::Here, mail), now.side(Side::There, mail));
    let is_stranded = world.stranded.contains(&mail);
    let sides = [Side::Here, Side::There];
    let known = before.changed.map(|changed| {
        let [h0, t0, h1, t1] =
            [(before.agreed, sides[0]), (before.agreed, sides[1]), (changed, sides[0]), (changed, sides[1])]
                .map(|(snapshot, side)| one(snapshot, side));
        Ok::<_, ()>((h0?, t0?, h1?, t1?))
    });
    // A new life tells nobody what was removed before. A file that got another name, or a message another UID, while the
    // other side removed it may be another one of the same content, and stays.
    let story = before.stories.get(&mail).cloned().unwrap_or_default();
    let is_stranded = is_stranded || world.has_new_life && (story.deleted > 0 || story.is_edited);
    let is_made = story.made_here + story.made_there > 0;
    let is_unclear = is_stranded && (story.deleted > 0 || story.is_edited || is_made)
        || story.deleted > 0 && (story.is_renewed || is_made);
    if let Some(Ok((base_here, base_there, here, there))) = known
        && !is_unclear
    {
        let base = base_here.zip(base_there).filter(|(here, there)| here.0 == there.0).map(|(here, there)| {
            let mut flags = here.1;
            flags.add(&there.1);
            (here.0, flags)
        });
        let none = Flags::new();
        let agreed = base.as_ref().map_or(&none, |base| &base.1);
        let here = here.map(|(folder, flags)| (folder, tells_here.full(&flags, agreed)));
        let there = there.map(|(folder, flags)| (folder, tells_there.full(&flags, agreed)));
        let (want_here, want_there) = expected(world, base.clone(), here.clone(), there.clone(), is_stranded);
        let told = |held: &[Held], tells: &Tells| -> Vec<Held> {
            let mut held: Vec<Held> = held.iter().map(|(folder, flags)| (folder.clone(), tells.told(flags))).collect();
            held.sort_by_key(|(folder, flags)| (folder.clone(), flags.system_bits(), flags.keywords().len()));
            held
        };
        let (want_here, want_there) = (told(&want_here, &tells_here), told(&want_there, &tells_there));
        if once(now_here) == want_here && once(now_there) == want_there {
            return None;
        }
        return Some(format!(
            "agreed {base:?}, then here {here:?} there {there:?}\n  wanted here {want_here:?} there {want_there:?}\n  \
             found here {now_here:?} there {now_there:?}"
        ));
    }
    let may_double = !world.options.has_move && now_there.iter().any(|(folder, _)| folder == "Trash");
    loosely_wrong(before, &story, mail, [now_here, now_there], is_stranded, may_double)
}

/// Users went on between and during runs that were cut off, or there are several of one content. Then a removal may
/// meet a message that just moved, and it stays; but nobody loses what nobody removed, and nobody gets what nobody made.
fn loosely_wrong(
    before: &Before<'_>,
    story: &Story,
    mail: Mail,
    [here, there]: [&[Held]; 2],
    is_stranded: bool,
    may_double: bool,
) -> Option<String> {
    let agreed = |side| before.agreed.side(side, mail).len();
    let (had_here, had_there) = (agreed(Side::Here), agreed(Side::There));
    // One that was under way to the other side when the run was cut off, and was moved before the next one looked, cannot
    // be told from another one of the same content. So with one that was moved in a new life.
    let is_missed = before.changed.is_none() && story.is_edited || is_stranded;
    let made = story.made_here + story.made_there;
    let most = had_here.max(had_there) + made + if is_missed { story.moved.max(1) } else { usize::from(may_double) };
    // One that moves during a run to where the same is made anew may be taken for that, but the last one stays.
    let all = (had_here + story.made_here).max(had_there + story.made_there).saturating_sub(story.deleted);
    let least = if is_missed { all.saturating_sub(story.moved).max(all.min(1)) } else { all };
    let found = here.len().max(there.len());
    let say = |what: &str| {
        Some(format!("{what}: had here {had_here} there {had_there}, {story:?}\n  found here {here:?} there {there:?}"))
    };
    if found > most {
        return say("I2: more than users made");
    }
    if found < least {
        return say("I1: fewer than users left");
    }
    let folders = |held: &[Held]| held.iter().map(|(folder, _)| folder.clone()).collect::<Vec<_>>();
    let is_given_up = here.iter().chain(there).any(|(_, flags)| is_deleted(flags));
    if folders(here) != folders(there) && !is_stranded && !is_given_up {
        return say("I3: the sides differ");
    }
    if had_here == 1 && had_there == 1 && story.deleted > 0 && !story.is_edited && made == 0 {
        let stays = here.iter().chain(there).find(|(folder, _)| folder != "Trash");
        if stays.is_some() && !is_stranded {
            return say("it was removed and is there again");
        }
    }
    None
}
