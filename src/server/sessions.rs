//! Sessions that read mail, counted by user: nobody's broken client uses up what all share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The open sessions of all users. Cheap to clone.
#[derive(Clone)]
pub(super) struct Sessions(Arc<Inner>);

struct Inner {
    each_max: usize,
    open: Mutex<HashMap<String, usize>>,
}

/// The right to one session; ends when dropped.
pub(super) struct Seat {
    sessions: Sessions,
    user: String,
}

impl Sessions {
    /// A user may have so many at once.
    pub(super) fn new(each_max: usize) -> Self {
        Self(Arc::new(Inner { each_max, open: Mutex::default() }))
    }

    /// Begins a session, if the user may have one more.
    pub(super) fn enter(&self, user: &str) -> Option<Seat> {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.get(user).copied().unwrap_or(0);
        if count >= self.0.each_max {
            return None;
        }
        open.insert(user.to_owned(), count + 1);
        Some(Seat { sessions: self.clone(), user: user.to_owned() })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.sessions.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_has_so_many_and_who_leaves_makes_room() {
        let sessions = Sessions::new(2);
        let first = sessions.enter("bob");
        let second = sessions.enter("bob");
        assert!(first.is_some() && second.is_some() && sessions.enter("bob").is_none());
        assert!(sessions.enter("alice").is_some());
        drop(first);
        assert!(sessions.enter("bob").is_some());
        drop(second);
        assert!(sessions.0.open.lock().expect("nobody panicked").is_empty());
    }
}
