//! The seed story, in one process on loopback: how a mail travels from Alice to Bob and back.
//!
//! Two real servers, each with its spool, relay and mailboxes, a zone of their own and a clock that
//! can be turned. Every stage is checked: what left must be what arrived. Knows no terminal: stages
//! are handed to whoever prints them.

mod cast;
mod letters;
mod stage;
mod story;

pub use stage::{Fact, Stage};

use crate::error::Result;

/// Plays the story; `each` gets every stage as it ends. Returns whether all of them held.
pub async fn play(mut each: impl FnMut(&Stage) -> Result<()>) -> Result<bool> {
    let cast = cast::Cast::assemble().await?;
    let mut all_held = true;
    let mut story = story::Story::new(&cast);
    while let Some(stage) = story.next().await {
        all_held &= stage.held;
        each(&stage)?;
        if !stage.held {
            // What follows stands on what failed.
            break;
        }
    }
    cast.dismiss().await;
    Ok(all_held)
}
