//! What whoever looks on is shown of a conversation: all but secrets, and messages as long as somebody wants to see them.

use crate::wire::record::{Follow, Seen, Show};
use crate::wire::transcript::Side;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A protocol's follower that lets the text of messages be seen, as long as that is wanted.
pub(super) struct Bodies {
    pub(super) inner: Box<dyn Follow>,
    pub(super) shows_text: Arc<AtomicBool>,
}

impl Follow for Bodies {
    fn protocol(&self) -> &'static str {
        self.inner.protocol()
    }

    fn greets(&self) -> bool {
        self.inner.greets()
    }

    fn is_repeated(&self) -> bool {
        self.inner.is_repeated()
    }

    fn counted(&self, from: Side) -> Option<u64> {
        self.inner.counted(from)
    }

    fn line(&mut self, from: Side, line: &[u8]) -> Seen {
        let seen = self.inner.line(from, line);
        let is_text = matches!(seen.show, Show::Elide | Show::Message { .. });
        let show = if is_text && self.shows_text.load(Ordering::Relaxed) { Show::Whole } else { seen.show };
        Seen { show, ..seen }
    }
}
