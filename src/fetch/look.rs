//! A look at header sections before anything is fetched: what the user's filters say.
//!
//! An expression of the filter language is judged here; a program reads the header section and answers by its exit code,
//! as mpop's filters do: 0 takes the message, 1 leaves it there, 2 deletes it unread. Anything else ends the run.
//! RFC 1939 §7 (TOP).

use super::digest::HeaderDigest;
use crate::engine::pop3::{Maildrop, Session, Sink, Wanted};
use crate::error::{Error, Kind, Result};
use crate::net::pace::Pace;
use crate::pop3::retrieve::Retrieved;
use crate::query::{Letter, Moment, Query};
use std::io;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// Header sections in memory at once.
const BATCH: usize = 256;
/// How long a program may think about one message.
const WAIT: Duration = Duration::from_secs(60);

/// Which messages the user wants.
#[derive(Debug, Default)]
pub struct Selection {
    /// Those that this means; it asks for no more than the header section and the size.
    pub query: Option<(Query, Moment)>,
    /// Those that this shell command takes.
    pub command: Option<String>,
    /// Variables of the environment that it does not get.
    pub hidden: Vec<String>,
}

/// What a filter says about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// It is fetched.
    Take,
    /// It stays there.
    Skip,
    /// It is deleted unread.
    Condemn,
}

/// Header sections as they come; none for those that the server does not show.
#[derive(Default)]
struct Tops {
    found: Vec<Option<HeaderDigest>>,
    open: HeaderDigest,
}

impl Sink for Tops {
    fn begin(&mut self, _: &Wanted) {
        self.open = HeaderDigest::default();
    }

    fn piece(&mut self, octets: &[u8]) -> io::Result<()> {
        self.open.push(octets);
        Ok(())
    }

    fn end(&mut self, _: &Wanted, what: &Retrieved) -> Result<()> {
        let top = std::mem::take(&mut self.open);
        self.found.push(Some(top).filter(|_| matches!(what, Retrieved::Whole(_))));
        Ok(())
    }

    fn pace(&self) -> Pace {
        // Nobody else works on them.
        Pace::new(u64::MAX)
    }
}

/// The header sections of messages, by their places; none for those that the server does not show.
pub(super) async fn tops(
    session: &mut Session,
    maildrop: &Maildrop,
    indices: &[u32],
) -> Result<Vec<Option<HeaderDigest>>> {
    let mut tops = Tops::default();
    let wanted = indices.iter().filter_map(|index| {
        let (number, size, _) = maildrop.get(*index as usize)?;
        Some(Wanted { index: *index as usize, number, size, is_top: true })
    });
    session.fetch(wanted, &mut tops).await?;
    Ok(tops.found)
}

impl Selection {
    /// Whether every message is wanted.
    pub fn is_empty(&self) -> bool {
        self.query.is_none() && self.command.is_none()
    }

    async fn judge(&self, header: &[u8], size: u64) -> Result<Look> {
        if let Some((query, moment)) = &self.query
            && !query.means(&Letter::header(header, size), moment)
        {
            return Ok(Look::Skip);
        }
        match &self.command {
            Some(command) => ask(command, header, &self.hidden).await,
            None => Ok(Look::Take),
        }
    }
}

/// Asks about messages, in order.
pub(super) async fn look(
    session: &mut Session,
    maildrop: &Maildrop,
    indices: &[u32],
    selection: &Selection,
) -> Result<Vec<Look>> {
    let mut looks = Vec::with_capacity(indices.len());
    for batch in indices.chunks(BATCH) {
        let tops = tops(session, maildrop, batch).await?;
        for (index, top) in batch.iter().zip(tops) {
            let size = maildrop.get(*index as usize).map_or(0, |(_, size, _)| size);
            looks.push(match top {
                Some(top) => selection.judge(top.header(), size).await?,
                // Whoever shows no message at all would leave the filter without effect.
                None if !session.capabilities().top => {
                    let error = session.failed(Kind::Unavailable, "the server does not show header sections");
                    return Err(error.hint("without TOP no filter can be asked before messages are fetched"));
                }
                // It is gone, or damaged: the attempt to fetch it will tell.
                None => Look::Take,
            });
        }
    }
    Ok(looks)
}

async fn ask(command: &str, header: &[u8], hidden: &[String]) -> Result<Look> {
    let problem = |what: String| Error::new(Kind::Config, what).hint("the filter is given with --filter");
    let mut program = Command::new("sh");
    program.args(["-c", command]).stdin(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true);
    hidden.iter().for_each(|name| {
        program.env_remove(name);
    });
    let mut child = program.spawn().map_err(|error| problem(format!("cannot run {command}")).caused_by(error))?;
    let mut input = child.stdin.take();
    let answer = async {
        if let Some(input) = &mut input {
            // Who has read enough may stop reading.
            let _ = input.write_all(header).await;
        }
        drop(input);
        child.wait().await
    };
    let ended = timeout(WAIT, answer).await;
    let ended = ended.map_err(|_| problem(format!("{command} took more than {} seconds", WAIT.as_secs())))?;
    let status = ended.map_err(|error| problem(format!("cannot wait for {command}")).caused_by(error))?;
    match status.code() {
        Some(0) => Ok(Look::Take),
        Some(1) => Ok(Look::Skip),
        Some(2) => Ok(Look::Condemn),
        _ => Err(problem(format!("{command} failed: {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_answers_by_its_exit_code() {
        for (command, wanted) in [
            ("grep -q '^Subject: a'", Some(Look::Take)),
            ("grep -q '^Subject: b'", Some(Look::Skip)),
            ("exit 2", Some(Look::Condemn)),
            ("exit 3", None),
            ("kill -9 $$", None),
            ("/nonexistent/program", None),
        ] {
            assert_eq!(ask(command, b"Subject: a\r\n\r\n", &[]).await.ok(), wanted, "{command}");
        }
    }

    #[tokio::test]
    async fn an_expression_goes_before_a_program() {
        let query = Query::parse("subject:a").expect("a query");
        let moment = Moment { now: crate::world::Timestamp::UNIX_EPOCH, zone: jiff::tz::TimeZone::UTC };
        let selection = Selection { query: Some((query, moment)), command: Some("exit 2".into()), hidden: Vec::new() };
        assert_eq!(selection.judge(b"Subject: a\r\n\r\n", 1).await.expect("judged"), Look::Condemn);
        assert_eq!(selection.judge(b"Subject: b\r\n\r\n", 1).await.expect("judged"), Look::Skip);
    }
}
