//! Waiting for news: IDLE, and NOTIFY for more than the open mailbox.
//!
//! A wait ends by a deadline, by whoever waits, or by what was heard; it is renewed before the server may take us for
//! asleep. RFC 2177 §3; RFC 5465 §3, §5; RFC 9051 §6.3.13.

use super::answer::{self, Answer};
use super::event::Event;
use super::mend::mended;
use super::pipeline::{Command, Heard};
use super::{Refusal, Session};
use crate::error::{Kind, Result};
use crate::imap::client::Verdict;
use std::ops::ControlFlow;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// RFC 2177 §3 wants it said anew before 29 minutes are over.
const RENEW: Duration = Duration::from_secs(28 * 60);

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// The time is over.
    Deadline,
    /// Whoever waits was told to stop.
    Stopped,
    /// What was heard is enough.
    Heard,
}

impl Session {
    /// IDLE: waits for news, for so long at most, until `stop` is ready, or until `each` breaks off. What came before
    /// unheard is told first.
    pub async fn idle(
        &mut self,
        wait: Duration,
        stop: impl Future<Output = ()>,
        mut each: impl FnMut(Event) -> Result<ControlFlow<()>>,
    ) -> Result<Result<Woken, Refusal>> {
        let mut stop = pin!(stop);
        let deadline = Instant::now() + wait;
        let mut is_enough = false;
        while let Some(event) = self.missed.next() {
            is_enough |= each(event)?.is_break();
        }
        if !is_enough && !self.can("IDLE").await? {
            return Ok(Err(Refusal::new(Kind::Unavailable, "the server cannot tell of news (IDLE)")));
        }
        let mut woken = is_enough.then_some(Woken::Heard);
        while woken.is_none() {
            self.enter()?;
            self.begin(&Command::listing("IDLE"));
            let mut tell = |answer: Answer<'_>, woken: &mut Option<Woken>| -> Result<()> {
                if let Some(event) = Event::of(&answer)
                    && each(event)?.is_break()
                {
                    *woken = Some(Woken::Heard);
                }
                Ok(())
            };
            if let Heard::End(end) = self.listen(true, |answer| tell(answer, &mut woken)).await? {
                self.leave();
                match end {
                    Err(refusal) => return Ok(Err(refusal)),
                    Ok(_) => return Err(self.error(Kind::Protocol, "the server ends a wait before it began")),
                }
            }
            let renew = Instant::now() + RENEW;
            while woken.is_none() && Instant::now() < renew && !self.queue.has_ended() {
                tokio::select! {
                    biased;
                    () = &mut stop => woken = Some(Woken::Stopped),
                    () = sleep_until(deadline) => woken = Some(Woken::Deadline),
                    () = sleep_until(renew) => {}
                    heard = self.wire.next() => {
                        match heard {
                            Ok(true) => self.take_in(|answer| tell(answer, &mut woken))?,
                            Ok(false) => return Err(self.error(Kind::Temporary, "the server closed the connection")),
                            Err(error) => return Err(self.broke(error)),
                        }
                    }
                }
            }
            if !self.queue.has_ended() {
                self.wire.push(b"DONE\r\n");
            }
            let end = self.hear(|answer| tell(answer, &mut woken)).await?;
            self.leave();
            self.expect(end, "the server does not wait any longer")?;
        }
        Ok(Ok(woken.unwrap_or(Woken::Heard)))
    }

    /// A response that came while no answer was waited for.
    pub(super) fn take_in(&mut self, mut tell: impl FnMut(Answer<'_>) -> Result<()>) -> Result<()> {
        let said = self.wire.response();
        let mended = mended(said);
        let said = mended.as_deref().unwrap_or(said);
        match answer::read(said) {
            Some(Answer::Status { verdict: Verdict::Bye, text }) => Err(self.goodbye(&text)),
            Some(Answer::Done { tag, verdict, text }) if self.queue.end(tag, verdict, &text) => Ok(()),
            Some(Answer::Done { text, .. }) => {
                Err(self.error(Kind::Protocol, "the server answers a command that was not sent").said(text))
            }
            Some(answer) => {
                self.view.note(&answer);
                tell(answer)
            }
            None => Err(self.error(Kind::Protocol, "what the server says is no IMAP").said(answer::shown(said))),
        }
    }

    /// NOTIFY: from now on the server tells what happens in all mailboxes of the user, in `idle` and meanwhile. With
    /// `counts` it begins with those of all.
    pub async fn notify(&mut self, counts: bool) -> Result<Result<(), Refusal>> {
        if !self.can("NOTIFY").await? {
            return Ok(Err(Refusal::new(Kind::Unavailable, "the server cannot tell of other mailboxes (NOTIFY)")));
        }
        self.missed.want(true);
        let status = if counts { "STATUS " } else { "" };
        // RFC 5465 §5.3: who wants to know of changed flags has to want the other two.
        let events = "MessageNew MessageExpunge FlagChange";
        let command = format!(
            "NOTIFY SET {status}(selected-delayed ({events})) (personal ({events} MailboxName SubscriptionChange))"
        );
        let end = self.exec(command, |_| Ok(())).await?;
        self.missed.want_if(end.is_ok());
        Ok(end.map(drop))
    }
}
