//! The control socket: how a command talks to the daemon that owns a data directory.
//!
//! One line asks, one line answers, then the connection closes. The socket lies in the data
//! directory, for its owner only, and whoever connects must be the same user: file modes on sockets
//! do not hold everywhere. Knows no orders, only lines.

use crate::error::{Error, Kind, Result};
use rustix::process::geteuid;
use std::fs::{Permissions, remove_file, set_permissions};
use std::future::Future;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The socket's name in the data directory.
const NAME: &str = "control";
/// Orders and answers are short.
const LINE_MAX: u64 = 4096;
/// A daemon that is alive answers at once; orders that take longer are answered before they are carried out.
const WAIT: Duration = Duration::from_secs(10);

/// The daemon's end.
#[derive(Debug)]
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Opens the socket in a data directory. Only who holds the directory's lock may do so: a socket that a dead
    /// daemon left behind is replaced. Must be called inside a runtime.
    pub fn open(data: &Path) -> Result<Self> {
        let path = data.join(NAME);
        let failed = |error| {
            let hint = "the path of a socket may have about 100 characters; use a shorter data directory";
            let too_long = path.as_os_str().len() > 100;
            let failure = Error::file("cannot open the control socket", &path, error);
            if too_long { failure.hint(hint) } else { failure }
        };
        match remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let listener = UnixListener::bind(&path).map_err(failed)?;
        set_permissions(&path, Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self { listener, path })
    }

    /// Answers orders until `stop`. `obey` gets the line without its end and returns the answer's.
    pub async fn serve<F>(self, stop: CancellationToken, obey: impl Fn(String) -> F + Clone + Send + 'static)
    where
        F: Future<Output = String> + Send + 'static,
    {
        let tasks = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let (obey, stop) = (obey.clone(), stop.clone());
                    tasks.spawn(timeout(2 * WAIT, converse(stream, stop, obey)));
                }
                // No descriptors left: they may come back.
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
        // The next daemon replaces what stays behind; removing it only makes clients fail sooner.
        let _ = remove_file(&self.path);
        tasks.close();
        tasks.wait().await;
    }
}

/// Asks the daemon of a data directory. `None`: no daemon runs there.
pub async fn ask(data: &Path, order: &str) -> Result<Option<String>> {
    let path = data.join(NAME);
    let failed = |error| {
        Error::new(Kind::Temporary, "ask the running daemon").with_peer(path.display().to_string()).caused_by(error)
    };
    let stream = match UnixStream::connect(&path).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Err(Error::new(Kind::NoPermission, "the data directory belongs to another user").caused_by(error));
        }
        Err(error) => return Err(failed(error)),
    };
    let mut stream = BufReader::new(stream);
    let exchange = async {
        stream.write_all(format!("{order}\n").as_bytes()).await?;
        read_line(&mut stream).await
    };
    match timeout(2 * WAIT, exchange).await {
        Ok(Ok(Some(answer))) => Ok(Some(answer)),
        Ok(Ok(None)) => Err(failed(io::ErrorKind::UnexpectedEof.into())),
        Ok(Err(error)) => Err(failed(error)),
        Err(_) => Err(failed(io::ErrorKind::TimedOut.into())),
    }
}

/// One order and its answer. Whatever fails here, there is nobody to tell but the peer, who sees the end.
async fn converse<F: Future<Output = String>>(
    stream: UnixStream,
    stop: CancellationToken,
    obey: impl FnOnce(String) -> F,
) {
    if !stream.peer_cred().is_ok_and(|peer| peer.uid() == geteuid().as_raw()) {
        return;
    }
    let mut stream = BufReader::new(stream);
    let order = tokio::select! {
        // Who has not asked yet holds nobody up.
        () = stop.cancelled() => return,
        order = timeout(WAIT, read_line(&mut stream)) => order,
    };
    if let Ok(Ok(Some(order))) = order {
        // An answer with a line end in it would be half an answer.
        let answer = obey(order).await.replace(['\r', '\n'], " ");
        let _ = stream.write_all(format!("{answer}\n").as_bytes()).await;
    }
}

/// A whole line, without its end; `None` if the peer closes before, or the line is too long or no text.
async fn read_line(stream: &mut BufReader<UnixStream>) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    stream.take(LINE_MAX).read_until(b'\n', &mut line).await?;
    Ok(match line.split_last() {
        Some((b'\n', text)) => String::from_utf8(text.to_vec()).ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    fn serve(data: &Path) -> (CancellationToken, tokio::task::JoinHandle<()>) {
        let stop = CancellationToken::new();
        let control = Control::open(data).expect("a socket");
        let task = tokio::spawn(control.serve(stop.clone(), |order| async move { format!("did {order}\nat once") }));
        (stop, task)
    }

    #[tokio::test]
    async fn an_order_is_answered_in_one_line() {
        let data = tempfile::tempdir().expect("a directory");
        assert_eq!(ask(data.path(), "flush").await.expect("no failure"), None, "nobody is there");
        let (stop, task) = serve(data.path());
        let mode = std::fs::metadata(data.path().join(NAME)).expect("the socket").mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(ask(data.path(), "flush").await.expect("no failure").as_deref(), Some("did flush at once"));
        stop.cancel();
        task.await.expect("the daemon");
        assert_eq!(ask(data.path(), "flush").await.expect("no failure"), None);
    }

    #[tokio::test]
    async fn what_a_dead_daemon_left_is_replaced() {
        let data = tempfile::tempdir().expect("a directory");
        drop(Control::open(data.path()).expect("a socket"));
        assert!(data.path().join(NAME).exists());
        assert_eq!(ask(data.path(), "flush").await.expect("no failure"), None);
        let (_stop, _task) = serve(data.path());
        assert!(ask(data.path(), "flush").await.expect("no failure").is_some());
    }

    #[tokio::test]
    async fn malformed_orders_end_the_connection_and_nothing_else() {
        let data = tempfile::tempdir().expect("a directory");
        let (_stop, _task) = serve(data.path());
        for bad in [&b"no end"[..], &[0xff, b'\n'], &[b'x'; 8192], b""] {
            let mut stream = UnixStream::connect(data.path().join(NAME)).await.expect("a connection");
            // The daemon may hang up before it has read everything.
            let _ = stream.write_all(bad).await;
            let _ = stream.shutdown().await;
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            assert!(answer.is_empty(), "{bad:?}");
        }
        let _silent = UnixStream::connect(data.path().join(NAME)).await.expect("a connection");
        assert!(ask(data.path(), "flush").await.expect("no failure").is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_client_does_not_delay_the_end() {
        let data = tempfile::tempdir().expect("a directory");
        let (stop, task) = serve(data.path());
        let mut silent = UnixStream::connect(data.path().join(NAME)).await.expect("a connection");
        silent.write_all(b"flu").await.expect("half an order");
        assert!(ask(data.path(), "flush").await.expect("no failure").is_some(), "it is being listened to");
        let before = tokio::time::Instant::now();
        stop.cancel();
        task.await.expect("the daemon");
        assert!(before.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test]
    async fn a_path_too_long_for_a_socket_is_explained() {
        let data = tempfile::tempdir().expect("a directory");
        let deep = data.path().join("x".repeat(120));
        std::fs::create_dir(&deep).expect("a directory");
        let error = Control::open(&deep).expect_err("too long");
        assert!(error.advice().is_some_and(|advice| advice.contains("shorter")), "{error}");
    }
}
