//! A maildrop as one session sees it: fixed at the login, with marks on what is to go.
//!
//! Numbers are stable until QUIT; a marked message is as good as gone, until RSET. RFC 1939 §5.

use super::Listing;
use crate::pop3::command::Number;

/// The messages and their marks.
#[derive(Debug, Default)]
pub(super) struct Maildrop {
    messages: Vec<(Listing, bool)>,
}

impl Maildrop {
    pub(super) fn new(listings: Vec<Listing>) -> Self {
        Self { messages: listings.into_iter().map(|listing| (listing, false)).collect() }
    }

    /// The message of that number, with its index for the world; `None` if it is marked or was never there.
    pub(super) fn get(&self, number: Number) -> Option<(usize, &Listing)> {
        let index = usize::try_from(number.0).ok()?.checked_sub(1)?;
        let (listing, _) = self.messages.get(index).filter(|(_, is_marked)| !is_marked)?;
        Some((index, listing))
    }

    /// All that are not marked, with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Number, &Listing)> {
        let numbers = (1..=u32::MAX).map(Number);
        numbers
            .zip(&self.messages)
            .filter(|(_, (_, is_marked))| !is_marked)
            .map(|(number, (listing, _))| (number, listing))
    }

    /// How many are not marked, and how many octets these have.
    pub(super) fn total(&self) -> (usize, u64) {
        self.iter().fold((0, 0), |(count, octets), (_, listing)| (count + 1, octets.saturating_add(listing.size)))
    }

    /// Marks a message; whether it was there.
    pub(super) fn mark(&mut self, number: Number) -> bool {
        let index = self.get(number).map(|(index, _)| index);
        match index.and_then(|index| self.messages.get_mut(index)) {
            Some((_, is_marked)) => {
                *is_marked = true;
                true
            }
            None => false,
        }
    }

    /// Takes all marks away.
    pub(super) fn unmark_all(&mut self) {
        self.messages.iter_mut().for_each(|(_, is_marked)| *is_marked = false);
    }

    /// The indices of what is marked.
    pub(super) fn marked(&self) -> Vec<usize> {
        self.messages.iter().enumerate().filter(|(_, (_, is_marked))| *is_marked).map(|(index, _)| index).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_messages_are_gone_until_they_are_unmarked() {
        let listing = |size| Listing { size, uid: size.to_string() };
        let mut maildrop = Maildrop::new(vec![listing(10), listing(20), listing(30)]);
        assert!(maildrop.mark(Number(2)) && !maildrop.mark(Number(2)));
        assert!(!maildrop.mark(Number(0)) && !maildrop.mark(Number(4)) && !maildrop.mark(Number(u32::MAX)));
        assert_eq!((maildrop.total(), maildrop.marked()), ((2, 40), vec![1]));
        assert_eq!(maildrop.iter().map(|(number, _)| number.0).collect::<Vec<_>>(), [1, 3]);
        assert!(maildrop.get(Number(2)).is_none());
        maildrop.unmark_all();
        assert_eq!((maildrop.total(), maildrop.marked()), ((3, 60), vec![]));
    }
}
