//! What a relay does, line by line, while it does it.

use super::super::context::Context;
use mailkit::error::Result;
use mailkit::relay::event::{AttemptResult, Event, Observer};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc::{Receiver, channel};
use tokio_util::sync::CancellationToken;

/// Events that wait to be printed. A reader of the output that has stopped must not cost all memory.
const WAITING_MAX: usize = 10_000;

/// Prints events. They come from the relay's tasks, which must not wait for a terminal.
pub(crate) struct Watch<'a> {
    context: &'a Context,
    events: Receiver<Event>,
    /// Events for which there was no room.
    missed: Arc<AtomicU64>,
}

impl<'a> Watch<'a> {
    /// A watch, and what to tell it through.
    pub(crate) fn new(context: &'a Context) -> (Self, Observer) {
        let (tell, events) = channel(WAITING_MAX);
        let missed = Arc::new(AtomicU64::new(0));
        let count = missed.clone();
        let observer = Arc::new(move |event: &Event| {
            if tell.try_send(event.clone()).is_err() {
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        (Self { context, events, missed }, observer)
    }

    /// Prints until `stop`, and then what is left.
    pub(crate) async fn print_until(mut self, stop: &CancellationToken) -> Result<()> {
        loop {
            tokio::select! {
                event = self.events.recv() => match event {
                    Some(event) => self.print(&event)?,
                    None => return Ok(()),
                },
                () = stop.cancelled() => return self.print_rest(),
            }
        }
    }

    /// Prints what has happened.
    fn print_rest(mut self) -> Result<()> {
        while let Ok(event) = self.events.try_recv() {
            self.print(&event)?;
        }
        Ok(())
    }

    fn print(&self, event: &Event) -> Result<()> {
        match self.missed.swap(0, Ordering::Relaxed) {
            0 => {}
            count => self.context.warn(&format!("{count} events were not shown: the output was read too slowly")),
        }
        if self.context.is_json() {
            return self.context.object(event);
        }
        match event {
            Event::Trouble { what } => self.context.warn(what),
            event if !self.context.globals.quiet => self.context.say(&line(event)),
            _ => {}
        }
        Ok(())
    }
}

/// `01ARZ3NDEKTSV4RRFFQ69G5FAV <bob@hamburger.example>: deferred until …; mx1 said: 451 later`
fn line(event: &Event) -> String {
    match event {
        Event::Attempt { id, recipient, result, status, remote, code, words, until } => {
            let result = match (result, until) {
                (AttemptResult::Delivered, _) => "delivered".to_owned(),
                (AttemptResult::Deferred, Some(until)) => format!("deferred ({status}) until {until:.0}"),
                (AttemptResult::Deferred, None) => format!("deferred ({status})"),
                (AttemptResult::Failed, _) => format!("failed ({status})"),
            };
            let said = match (remote, code) {
                (None, _) => String::new(),
                (Some(remote), Some(_)) => format!("{remote} said: "),
                (Some(remote), None) => format!("we say of {remote}: "),
            };
            format!("{id} <{recipient}>: {result}; {said}{words}")
        }
        Event::Report { about, id, to } => format!("{about}: report {id} to <{to}>"),
        Event::Trouble { what } => what.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailkit::envelope::ForwardPath;
    use mailkit::status::EnhancedStatus;
    use mailkit::world::Timestamp;

    #[test]
    fn an_event_is_one_line() {
        let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().expect("an id");
        let attempt = Event::Attempt {
            id,
            recipient: ForwardPath::parse("<bob@hamburger.example>").expect("a path"),
            result: AttemptResult::Deferred,
            status: EnhancedStatus::new(4, 2, 0),
            remote: Some("mx1.hamburger.example".into()),
            code: Some(451),
            words: "451 4.2.0 later".into(),
            until: Some(Timestamp::UNIX_EPOCH),
        };
        assert_eq!(
            line(&attempt),
            "01ARZ3NDEKTSV4RRFFQ69G5FAV <bob@hamburger.example>: deferred (4.2.0) until 1970-01-01T00:00:00Z; \
             mx1.hamburger.example said: 451 4.2.0 later"
        );
        let json = serde_json::to_value(&attempt).expect("JSON");
        // What the other side has not said is not put into its mouth.
        let mut ours = attempt;
        if let Event::Attempt { code, words, .. } = &mut ours {
            (*code, *words) = (None, "the server does not offer TLS, which is required".into());
        }
        let wanted = "; we say of mx1.hamburger.example: the server does not offer TLS, which is required";
        assert!(line(&ours).ends_with(wanted), "{}", line(&ours));
        assert_eq!((&json["event"], &json["result"]), (&"attempt".into(), &"deferred".into()));
        assert_eq!(
            (&json["recipient"], &json["until"]),
            (&"bob@hamburger.example".into(), &"1970-01-01T00:00:00Z".into())
        );
    }
}
