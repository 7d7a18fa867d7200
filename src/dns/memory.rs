//! What was answered, for as long as it stays true, and no more of it than fits.
//!
//! Two shelves: what is new or was asked for again stands on the first. When that is full, it becomes the second, and what
//! stood there is forgotten. So the memory has a bound and forgets first what nobody asks for, without a list to keep.
//! RFC 1035 §7.4; RFC 2308 §5.

use super::question::Key;
use std::collections::HashMap;
use tokio::time::Instant;

/// A memory of answers.
#[derive(Debug)]
pub struct Memory<V> {
    new: Shelf<V>,
    old: Shelf<V>,
    entries_max: usize,
    octets_max: usize,
}

#[derive(Debug)]
struct Shelf<V> {
    entries: HashMap<Key, Entry<V>>,
    octets: usize,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    octets: usize,
    until: Instant,
}

impl<V> Default for Shelf<V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), octets: 0 }
    }
}

impl<V: Clone> Memory<V> {
    /// Each shelf holds so many answers, of so many octets on the wire together.
    pub fn new(entries_max: usize, octets_max: usize) -> Self {
        Self { new: Shelf::default(), old: Shelf::default(), entries_max, octets_max }
    }

    /// What was answered, if it still holds.
    pub fn get(&mut self, key: &Key, now: Instant) -> Option<V> {
        if let Some(entry) = self.new.entries.get(key) {
            return (entry.until > now).then(|| entry.value.clone());
        }
        let entry = self.old.entries.remove(key)?;
        self.old.octets -= entry.octets;
        let value = entry.value.clone();
        (entry.until > now).then(|| {
            self.place(key.clone(), entry);
            value
        })
    }

    /// Remembers an answer, which had so many octets, until it is no longer true.
    pub fn put(&mut self, key: Key, value: V, octets: usize, until: Instant) {
        if octets <= self.octets_max {
            self.place(key, Entry { value, octets, until });
        }
    }

    /// Lets an answer end sooner than it would by itself.
    pub fn shorten(&mut self, key: &Key, until: Instant) {
        for shelf in [&mut self.new, &mut self.old] {
            if let Some(entry) = shelf.entries.get_mut(key) {
                entry.until = entry.until.min(until);
            }
        }
    }

    fn place(&mut self, key: Key, entry: Entry<V>) {
        if self.new.entries.len() >= self.entries_max || self.new.octets + entry.octets > self.octets_max {
            self.old = std::mem::take(&mut self.new);
        }
        self.new.octets += entry.octets;
        if let Some(before) = self.new.entries.insert(key, entry) {
            self.new.octets -= before.octets;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::question::{Query, Question, Wishes};
    use super::*;
    use hickory_proto::rr::{Name, RecordType};
    use std::time::Duration;

    fn key(number: usize) -> Key {
        let name = Name::from_ascii(format!("n{number}.test.")).expect("a name");
        Query::new(&Question { name, kind: RecordType::A }, Wishes::default()).key()
    }

    #[test]
    fn an_answer_is_forgotten_when_it_is_no_longer_true() {
        let now = Instant::now();
        let mut memory = Memory::new(8, 100);
        memory.put(key(1), "one", 1, now + Duration::from_secs(2));
        assert_eq!(memory.get(&key(1), now + Duration::from_secs(1)), Some("one"));
        assert_eq!(memory.get(&key(1), now + Duration::from_secs(2)), None);
        assert_eq!(memory.get(&key(2), now), None);
        memory.put(key(1), "again", 1, now + Duration::from_secs(9));
        assert_eq!(memory.get(&key(1), now + Duration::from_secs(2)), Some("again"));
    }

    #[test]
    fn an_answer_can_be_made_to_end_sooner_and_never_later() {
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        let mut memory = Memory::new(2, 100);
        for number in 0..3 {
            memory.put(key(number), number, 1, now + 10 * second);
        }
        // The first stands on the old shelf by now.
        for (number, end) in [(0, 5), (2, 20)] {
            memory.shorten(&key(number), now + end * second);
            let last = end.min(10) - 1;
            assert_eq!(memory.get(&key(number), now + last * second), Some(number));
            assert_eq!(memory.get(&key(number), now + (last + 1) * second), None);
        }
        memory.shorten(&key(7), now);
        assert_eq!(memory.get(&key(1), now), Some(1));
    }

    #[test]
    fn it_has_a_bound_and_forgets_first_what_nobody_asks_for() {
        let (now, until) = (Instant::now(), Instant::now() + Duration::from_secs(60));
        let mut memory = Memory::new(4, 100);
        for number in 0..100 {
            memory.put(key(number), number, 1, until);
            assert_eq!(memory.get(&key(0), now), Some(0), "{number}: it is asked for again and again");
            assert!(memory.new.entries.len() <= 4 && memory.old.entries.len() <= 4);
        }
        assert_eq!(memory.get(&key(50), now), None);
        assert_eq!(memory.get(&key(99), now), Some(99));
    }

    #[test]
    fn the_octets_have_a_bound_too() {
        let (now, until) = (Instant::now(), Instant::now() + Duration::from_secs(60));
        let mut memory = Memory::new(1000, 100);
        memory.put(key(0), 0, 101, until);
        assert_eq!(memory.get(&key(0), now), None, "larger than a shelf");
        for number in 0..50 {
            memory.put(key(number), number, 30, until);
            assert!(memory.new.octets <= 100 && memory.old.octets <= 100);
            let octets: usize = memory.new.entries.values().map(|entry| entry.octets).sum();
            assert_eq!(octets, memory.new.octets);
        }
        memory.put(key(49), 1, 30, until);
        memory.put(key(49), 2, 30, until);
        assert_eq!(memory.get(&key(49), now), Some(2));
    }
}
