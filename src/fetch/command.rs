//! A program as a target: a mail delivery agent, which reads the message and answers by its exit code.
//!
//! It gets the message as programs on this system write it, lines ended by LF. 0 means that it has it; anything else
//! that it has not, so the message stays where it is. Knows no message.

use super::staged::Deliver;
use super::target::Handed;
use crate::error::{Error, Kind, Result};
use crate::world::{Content, Later};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::time::timeout;

/// A delivery agent may have to wait for a lock, and for others of its kind.
const WAIT: Duration = Duration::from_secs(10 * 60);
/// More of its complaints is no help to anybody.
const COMPLAINT_MAX: u64 = 2000;
/// Octets read at once.
const PIECE: usize = 64 * 1024;

/// A shell command that takes each message.
pub struct Agent {
    /// The command.
    pub command: String,
    /// Variables of the environment that it does not get.
    pub hidden: Vec<String>,
}

impl Deliver for Agent {
    fn deliver<'a>(&'a mut self, message: &'a dyn Content) -> Later<'a, Result<Handed>> {
        Box::pin(async move {
            let delivered = timeout(WAIT, self.run(message)).await;
            delivered.unwrap_or_else(|_| {
                Ok(Handed::Refused(format!("{} took more than {} seconds", self.command, WAIT.as_secs())))
            })
        })
    }
}

impl Agent {
    async fn run(&self, message: &dyn Content) -> Result<Handed> {
        let problem = |what: String| Error::new(Kind::Config, what).hint("the command is given with --to mda:COMMAND");
        let mut program = Command::new("sh");
        program.args(["-c", &self.command]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        program.kill_on_drop(true);
        self.hidden.iter().for_each(|name| {
            program.env_remove(name);
        });
        let failed = |error| problem(format!("cannot run {}", self.command)).caused_by(error);
        let mut child = program.spawn().map_err(failed)?;
        let (input, complaints) = (child.stdin.take(), child.stderr.take());
        let feed = async {
            match input {
                Some(input) => feed(message, input).await,
                None => Ok(()),
            }
        };
        let complain = async {
            let mut text = Vec::new();
            if let Some(mut complaints) = complaints {
                // What came before it broke is all there is.
                let _ = (&mut complaints).take(COMPLAINT_MAX).read_to_end(&mut text).await;
                let _ = tokio::io::copy(&mut complaints, &mut tokio::io::sink()).await;
            }
            String::from_utf8_lossy(&text).trim().to_owned()
        };
        let (fed, said, status) = tokio::join!(feed, complain, child.wait());
        fed?;
        let status = status.map_err(failed)?;
        match status.code() {
            Some(0) => Ok(Handed::Taken),
            // The shell says that there is no such program; no other message would find one.
            Some(126 | 127) => {
                let error = problem(format!("{} cannot be run", self.command));
                Err(if said.is_empty() { error } else { error.said(said) })
            }
            _ if said.is_empty() => Ok(Handed::Refused(format!("{} failed: {status}", self.command))),
            _ => Ok(Handed::Refused(format!("{} failed: {status}: {said}", self.command))),
        }
    }
}

/// Writes a message with the line ends of this system. Who has read enough may stop reading.
async fn feed(message: &dyn Content, mut input: tokio::process::ChildStdin) -> Result<()> {
    let (mut buffer, mut at, mut after_cr) = (vec![0; PIECE], 0, false);
    loop {
        let unreadable = |error| Error::new(Kind::Io, "the message cannot be read").caused_by(error);
        let count = message.read_at(at, &mut buffer).map_err(unreadable)?;
        let mut text = Vec::with_capacity(count + 1);
        for octet in buffer.get(..count).unwrap_or_default() {
            if after_cr && *octet != b'\n' {
                text.push(b'\r');
            }
            after_cr = *octet == b'\r';
            if !after_cr {
                text.push(*octet);
            }
        }
        if count == 0 && after_cr {
            text.push(b'\r');
        }
        if input.write_all(&text).await.is_err() || count == 0 {
            return Ok(());
        }
        at += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::RealDisk;
    use crate::world::Disk;

    #[tokio::test]
    async fn an_agent_takes_a_message_or_says_why_not() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("out");
        let message = b"Subject: a\r\n\r\nb\rc\r\r\n".to_vec();
        let takes = format!("cat > {}", path.display());
        for (command, wanted) in [
            (takes.as_str(), Ok("Taken".to_owned())),
            ("true", Ok("Taken".to_owned())),
            ("echo full >&2; exit 75", Ok("failed: exit status: 75: full".to_owned())),
            ("kill -9 $$", Ok("failed: signal: 9".to_owned())),
            ("/nonexistent/agent", Err("/nonexistent/agent cannot be run")),
        ] {
            let mut agent = Agent { command: command.to_owned(), hidden: Vec::new() };
            match (agent.deliver(&message).await, wanted) {
                (Ok(handed), Ok(wanted)) => assert!(format!("{handed:?}").contains(&wanted), "{handed:?}"),
                (Err(error), Err(wanted)) => assert!(error.to_string().contains(wanted), "{error}"),
                (other, _) => panic!("{command}: {other:?}"),
            }
        }
        let file = RealDisk.open(&path).expect("written");
        let mut octets = [0; 100];
        let count = file.read_at(0, &mut octets).expect("read");
        assert_eq!(&octets[..count], b"Subject: a\n\nb\rc\r\n");
    }
}
