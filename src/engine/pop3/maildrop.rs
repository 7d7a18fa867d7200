//! What there is in a maildrop: number, size and unique id of each message, in little memory.
//!
//! A million messages are a few dozen octets each: their ids stand in one text. Servers leave lines out, say them
//! twice and in any order; what they say about messages that they do not list counts for nothing.
//! RFC 1939 §5 (STAT, LIST), §7 (UIDL).

use super::{Session, refused};
use crate::error::Result;
use crate::pop3::client::{Request, stat};
use crate::pop3::list;
use crate::pop3::response::Response;
use crate::wire::exchange::Exchange;
use crate::wire::session::Output;

/// No message is as large, whatever its server says; sums of it stay numbers.
const SIZE_MAX: u64 = 1 << 48;

/// The messages in a maildrop, in the order of their numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Maildrop {
    messages: Vec<Listed>,
    uids: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Listed {
    number: u32,
    /// Where its id begins in the text of all ids, and how long it is; none has no length.
    uid: (u32, u8),
    size: u64,
}

/// A message in a maildrop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in this session.
    pub number: u32,
    /// Octets, as the server counts them.
    pub size: u64,
    /// Its name in all sessions, if the server gives names.
    pub uid: Option<String>,
}

impl Maildrop {
    /// How many messages.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Its place in this session, its size, and its name in all sessions if the server gives names.
    pub fn get(&self, index: usize) -> Option<(u32, u64, Option<&str>)> {
        self.messages.get(index).map(|listed| (listed.number, listed.size, self.uid(listed)))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u64, Option<&str>)> {
        self.messages.iter().map(|listed| (listed.number, listed.size, self.uid(listed)))
    }

    /// Gives a message a name, in place of the one that it has.
    pub fn name(&mut self, index: usize, uid: &str) {
        let start = u32::try_from(self.uids.len()).ok();
        let place = start.zip(u8::try_from(uid.len()).ok()).filter(|_| (1..=255).contains(&uid.len()));
        if let (Some(place), Some(listed)) = (place, self.messages.get_mut(index)) {
            self.uids.push_str(uid);
            listed.uid = place;
        }
    }

    fn uid(&self, listed: &Listed) -> Option<&str> {
        let (start, len) = (listed.uid.0 as usize, usize::from(listed.uid.1));
        self.uids.get(start..start + len).filter(|uid| !uid.is_empty())
    }

    /// A line of LIST.
    fn size(&mut self, number: u32, size: u64) {
        self.messages.push(Listed { number, uid: (0, 0), size: size.min(SIZE_MAX) });
    }

    /// All sizes are known.
    fn sized(&mut self) {
        self.messages.sort_by_key(|listed| listed.number);
        self.messages.dedup_by_key(|listed| listed.number);
    }

    /// A line of UIDL; the first one about a message counts.
    fn line(&mut self, number: u32, uid: &str, expected: &mut usize) {
        let index = match self.messages.get(*expected) {
            Some(listed) if listed.number == number => *expected,
            _ => match self.messages.binary_search_by_key(&number, |listed| listed.number) {
                Ok(index) => index,
                Err(_) => return,
            },
        };
        *expected = index + 1;
        if self.messages.get(index).is_some_and(|listed| listed.uid.1 == 0) {
            self.name(index, uid);
        }
    }
}

impl Session {
    /// What there is. A server that takes pipelining is asked for everything at once, and others in the order in which
    /// they have always been asked.
    pub async fn maildrop(&mut self) -> Result<Maildrop> {
        let mut found = Maildrop::default();
        let mut sum = Request::stat();
        let is_pipelined = self.capabilities.pipelining;
        if is_pipelined {
            let mut out = Output::new();
            sum.encode(&mut out);
            list::sizes(|_, _| {}).encode(&mut out);
            list::uids(|_, _| {}).encode(&mut out);
            self.dialogue.post(&out).await?;
            let answer = self.dialogue.answer(&mut sum).await?;
            if let Some((count, _)) = stat(&answer).filter(|_| answer.is_ok()) {
                // What it says is not believed beyond what is cheap.
                found.messages.reserve(usize::try_from(count).unwrap_or(0).min(100_000));
            }
        }
        let mut sizes = list::sizes(|number, size| found.size(number.0, size));
        let answer = self.listed(&mut sizes, is_pipelined).await?;
        drop(sizes);
        found.sized();
        if let Err(refusal) = answer {
            return Err(refused(&self.dialogue, "the server does not list its messages", &refusal));
        }
        let mut expected = 0;
        let mut uids = list::uids(|number, uid| found.line(number.0, uid, &mut expected));
        // Optional in RFC 1939 §7, and not all that have it announce it.
        let _refused = self.listed(&mut uids, is_pipelined).await?;
        drop(uids);
        Ok(found)
    }

    /// The messages in the maildrop, in order: for those who know that they are few.
    pub async fn list(&mut self) -> Result<Vec<Entry>> {
        let entry = |(number, size, uid): (u32, u64, Option<&str>)| Entry { number, size, uid: uid.map(str::to_owned) };
        Ok(self.maildrop().await?.iter().map(entry).collect())
    }

    async fn listed<E: Exchange<Reply = Result<(), Response>>>(
        &mut self,
        exchange: &mut E,
        is_asked: bool,
    ) -> Result<Result<(), Response>> {
        if is_asked { self.dialogue.answer(exchange).await } else { self.dialogue.ask(exchange).await }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sizes: &[(u32, u64)], uids: &[(u32, &str)]) -> Vec<(u32, u64, Option<String>)> {
        let mut maildrop = Maildrop::default();
        sizes.iter().for_each(|(number, size)| maildrop.size(*number, *size));
        maildrop.sized();
        let mut expected = 0;
        uids.iter().for_each(|(number, uid)| maildrop.line(*number, uid, &mut expected));
        maildrop.iter().map(|(number, size, uid)| (number, size, uid.map(str::to_owned))).collect()
    }

    #[test]
    fn each_message_is_there_once_whatever_the_lists_say() {
        let one = |number, size, uid: &str| (number, size, Some(uid.to_owned()).filter(|uid| !uid.is_empty()));
        for (sizes, uids, wanted) in [
            (&[][..], &[(1, "a")][..], vec![]),
            (&[(1, 5), (2, 6)], &[(1, "a"), (2, "b")], vec![one(1, 5, "a"), one(2, 6, "b")]),
            (&[(2, 6), (1, 5), (2, 7)], &[(2, "b"), (1, "a")], vec![one(1, 5, "a"), one(2, 6, "b")]),
            (
                &[(1, 5), (2, 6), (4, 7)],
                &[(1, "a"), (1, "x"), (3, "c"), (4, "d")],
                vec![one(1, 5, "a"), one(2, 6, ""), one(4, 7, "d")],
            ),
        ] {
            assert_eq!(of(sizes, uids), wanted);
        }
    }

    #[test]
    fn a_million_messages_are_a_few_dozen_octets_each() {
        let mut maildrop = Maildrop::default();
        (1..=1_000_000).for_each(|number| maildrop.size(number, 6000));
        maildrop.sized();
        let mut expected = 0;
        (1..=1_000_000_u32).for_each(|number| maildrop.line(number, &format!("{number:032}"), &mut expected));
        let octets = maildrop.messages.capacity() * size_of::<Listed>() + maildrop.uids.capacity();
        assert!(octets < 100 * 1024 * 1024, "{octets}");
        assert_eq!(maildrop.get(999_999), Some((1_000_000, 6000, Some("00000000000000000000000001000000"))));
    }
}
