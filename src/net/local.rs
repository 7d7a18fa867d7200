//! Servers on this machine that are not reached by TCP: a socket of the file system, or a program's input and output.
//!
//! A program is the user's own shell command, so it inherits the terminal and the environment, but for the variables
//! that hold secrets of ours. It is told of the end by the end of its input; if it stays, it is killed, and in any
//! case waited for. Knows no protocol.

use super::connection::Connection;
use super::peer::Peer;
use super::trace::Tap;
use crate::endpoint::Local;
use crate::error::{Error, Kind, Result};
use crate::world::Stream;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long a program may take to end once its input has ended.
const GRACE: Duration = Duration::from_secs(2);

/// Connects to a socket, or starts a program, which is not given the variables `hidden`.
pub async fn connect(
    local: &Local,
    hidden: &[String],
    within: Duration,
    tap: impl FnOnce() -> Option<Tap>,
) -> Result<Connection> {
    let failed = |what: &str| Error::new(Kind::Temporary, what).with_peer(local.to_string());
    match local {
        Local::Unix(path) => {
            let stream = unix(path, within).await.map_err(|error| failed("cannot connect").caused_by(error))?;
            Ok(Connection::new(stream, Peer::Unix(path.clone()), tap()))
        }
        Local::Pipe(command) => {
            let program =
                Program::start(command, hidden).map_err(|error| failed("cannot start the program").caused_by(error))?;
            Ok(Connection::new(Box::new(program), Peer::Pipe, tap()))
        }
    }
}

#[cfg(unix)]
async fn unix(path: &std::path::Path, within: Duration) -> io::Result<Box<dyn Stream>> {
    let connecting = timeout(within, tokio::net::UnixStream::connect(path)).await;
    Ok(Box::new(connecting.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?))
}

#[cfg(not(unix))]
async fn unix(_: &std::path::Path, _: Duration) -> io::Result<Box<dyn Stream>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A running program, as a stream.
struct Program {
    output: ChildStdout,
    input: Option<ChildStdin>,
    child: Option<Child>,
    ending: Option<JoinHandle<()>>,
}

impl Program {
    fn start(command: &str, hidden: &[String]) -> io::Result<Self> {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(command).stdin(Stdio::piped()).stdout(Stdio::piped());
        // Whatever ends us ends it.
        shell.kill_on_drop(true);
        hidden.iter().for_each(|variable| {
            shell.env_remove(variable);
        });
        let mut child = shell.spawn()?;
        let no_pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
        let (input, output) = (child.stdin.take(), child.stdout.take().ok_or_else(no_pipe)?);
        Ok(Self { output, input, child: Some(child), ending: None })
    }
}

async fn end(mut child: Child) {
    if timeout(GRACE, child.wait()).await.is_err() {
        // It may have ended just now; then there is nothing to kill.
        let _ = child.kill().await;
    }
}

impl AsyncRead for Program {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_read(cx, buf)
    }
}

impl AsyncWrite for Program {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.input {
            Some(input) => Pin::new(input).poll_write(cx, octets),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.input.as_mut().map_or(Poll::Ready(Ok(())), |input| Pin::new(input).poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.input = None;
        if let Some(child) = self.child.take() {
            self.ending = Some(tokio::spawn(end(child)));
        }
        match &mut self.ending {
            Some(ending) => Pin::new(ending).poll(cx).map(|_| Ok(())),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Program")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn start(command: &str, hidden: &[&str]) -> Connection {
        let hidden: Vec<String> = hidden.iter().map(ToString::to_string).collect();
        connect(&Local::Pipe(command.into()), &hidden, GRACE, || None).await.expect("it starts")
    }

    #[tokio::test]
    async fn a_program_is_talked_to_and_ends_with_its_input() {
        let mut connection = start("cat; echo end", &[]).await;
        assert!(connection.peer().crosses_no_wire());
        connection.send(b"hello\n", GRACE).await.expect("it listens");
        let mut said = [0; 6];
        connection.read_exact(&mut said).await.expect("it answers");
        assert_eq!(&said, b"hello\n");
        connection.shutdown().await.expect("it ends");
        let mut rest = String::new();
        connection.read_to_string(&mut rest).await.expect("what it said last");
        assert_eq!(rest, "end\n");
    }

    #[tokio::test]
    async fn a_program_that_stays_is_killed_and_waited_for() {
        let mut connection = start("echo $$; exec sleep 1000", &[]).await;
        let mut said = [0; 32];
        let count = connection.read(&mut said).await.expect("its number");
        let number = String::from_utf8_lossy(&said[..count]).trim().to_owned();
        assert!(std::path::Path::new("/proc").join(&number).exists() || !cfg!(target_os = "linux"));
        connection.shutdown().await.expect("it is over");
        assert!(!std::path::Path::new("/proc").join(&number).exists());
    }

    #[tokio::test]
    async fn a_program_is_not_given_our_secrets() {
        let names = |text: &str| text.lines().filter_map(|line| line.split_once('=')).any(|(name, _)| name == "CARGO");
        let mut all = String::new();
        start("env", &[]).await.read_to_string(&mut all).await.expect("text");
        let mut without = String::new();
        start("env", &["CARGO"]).await.read_to_string(&mut without).await.expect("text");
        assert!(!names(&without) && (names(&all) || std::env::var_os("CARGO").is_none()));
    }

    #[tokio::test]
    async fn what_is_not_there_is_said_to_be() {
        let none = Local::Unix("/nonexistent/socket".into());
        let error = connect(&none, &[], GRACE, || None).await.expect_err("nothing is there");
        assert!(error.to_string().starts_with("cannot connect (/nonexistent/socket): "), "{error}");
    }
}
