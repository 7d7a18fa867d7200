//! What a server has forgotten, or never knew: messages without names, and messages whose names have all changed.
//!
//! Both are known by their header sections, which cost a fraction of the messages. One message of the server is one
//! message that is remembered, never two. RFC 1939 §7 (TOP, UIDL).

use super::look::tops;
use super::plan::{Plan, unlisted};
use super::rule::{Rules, Verdict};
use crate::engine::pop3::{Maildrop, Session};
use crate::error::{Kind, Result};
use crate::store::maildrop::{Register, Row, State};
use crate::world::Timestamp;
use std::collections::HashMap;

/// Header sections in memory at once.
const BATCH: usize = 256;

/// Names messages that the server gives no name, by their header sections.
pub(super) async fn identify(session: &mut Session, maildrop: &mut Maildrop) -> Result<()> {
    let nameless: Vec<u32> =
        (0..).zip(maildrop.iter()).filter(|(_, (_, _, uid))| uid.is_none()).map(|(index, _)| index).collect();
    let mut counts: HashMap<[u8; 16], u32> = HashMap::new();
    for batch in nameless.chunks(BATCH) {
        let tops = tops(session, maildrop, batch).await?;
        if tops.iter().all(Option::is_none) && nameless.len() == maildrop.len() {
            let error = session.failed(Kind::Unavailable, "the server gives its messages no unique ids");
            return Err(error
                .hint("without them a second run cannot tell which messages are new; --to - retrieves all of them"));
        }
        for (index, top) in batch.iter().zip(tops) {
            if let Some(top) = top {
                let digest = top.finish();
                let count = counts.entry(digest).or_default();
                *count += 1;
                let digits: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
                // No server may write a blank into an id, so this is none of its. What only looks alike is not the same.
                maildrop.name(*index as usize, &format!("top {digits} {count}"));
            }
        }
    }
    Ok(())
}

/// Finds what is called otherwise now: messages of the same size and header section as remembered ones that are not
/// listed. Their rows get the new names, in the place of the old ones.
pub(super) async fn reset(
    session: &mut Session,
    maildrop: &Maildrop,
    plan: &mut Plan,
    register: &mut dyn Register,
    rules: &Rules,
    now: Timestamp,
) -> Result<()> {
    let mut lost: HashMap<u64, Vec<Row>> = HashMap::new();
    for row in unlisted(maildrop, register)?.into_iter().filter(|row| row.digest.is_some()) {
        lost.entry(row.size).or_default().push(row);
    }
    let size = |index: &u32| maildrop.get(*index as usize).map_or(0, |(_, size, _)| size);
    let alike: Vec<u32> = plan.fetch.iter().copied().filter(|index| lost.contains_key(&size(index))).collect();
    let mut found = HashMap::new();
    for batch in alike.chunks(BATCH) {
        let tops = tops(session, maildrop, batch).await?;
        let mut rows = Vec::new();
        for (index, top) in batch.iter().zip(tops) {
            let (Some(top), Some((_, size, Some(uid)))) = (top, maildrop.get(*index as usize)) else { continue };
            let digest = top.finish();
            let Some(same) = lost.get_mut(&size) else { continue };
            let Some(at) = same.iter().position(|row| row.digest == Some(digest)) else { continue };
            let old = same.swap_remove(at);
            let new = Row { uid: uid.to_owned(), state: State::Delivered, ..old.clone() };
            rows.push(Row { state: State::Deleted, changed: now, ..old });
            found.insert(*index, matches!(rules.judge(size, Some(&new), now), Verdict::Known { goes: true }));
            rows.push(new);
        }
        register.commit(&rows)?;
    }
    plan.fetch.retain(|index| !found.contains_key(index));
    plan.known += found.len();
    plan.met += found.len() as u64;
    plan.delete.extend(found.into_iter().filter(|(_, goes)| *goes).map(|(index, _)| index));
    Ok(())
}
