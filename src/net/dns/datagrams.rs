//! Questions over UDP: a few sockets, each shared by many questions.
//!
//! A socket is connected, so that the kernel lets in nothing but what comes from the server, and tells when nobody is
//! there. Each has a random port, which is given up after a while. So many questions share a socket that their replies
//! still fit its buffer when they come all at once.
//! RFC 5452 §9.2; RFC 6056 §3; RFC 7873 §5.

use super::table::{Broken, Table};
use crate::dns::question::{QUERY_MAX, Query};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::UdpSocket;
use tokio::task::{AbortHandle, JoinHandle};

/// Questions that share a socket at one time. A kernel's buffer holds some 160 small datagrams.
const FLYING: usize = 64;
/// Sockets in use at one time.
const LINES_MAX: usize = 4;
/// Questions for which a port is kept.
const LIFE: u32 = 4096;
/// We ask for no more than 1232 octets; a server that sends more is heard all the same.
const DATAGRAM_MAX: usize = 8192;
/// Errors in a row, as those of a network that is gone, before a socket is given up.
const ERRORS_MAX: u32 = 16;

/// The sockets to one server.
#[derive(Debug)]
pub(super) struct Datagrams {
    server: SocketAddr,
    lines: Mutex<Vec<Arc<Line>>>,
    /// Whether the server sends cookies back.
    knows_cookies: Arc<AtomicBool>,
    /// Whether it gets none, since it or something on the way may choke on them.
    is_without: AtomicBool,
}

/// One socket, and the task that listens to it. The task ends with the value.
#[derive(Debug)]
struct Line {
    shared: Arc<Shared>,
    sent: AtomicU32,
    listener: Listener,
}

#[derive(Debug)]
struct Shared {
    socket: UdpSocket,
    table: Table,
}

#[derive(Debug)]
pub(super) struct Listener(AbortHandle);

impl Listener {
    pub(super) fn new(task: &JoinHandle<()>) -> Self {
        Self(task.abort_handle())
    }

    /// Whether somebody listens still. Nobody does when the runtime is gone in which the task was.
    pub(super) fn is_there(&self) -> bool {
        !self.0.is_finished()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Datagrams {
    pub(super) fn new(server: SocketAddr) -> Self {
        Self { server, lines: Mutex::default(), knows_cookies: Arc::default(), is_without: AtomicBool::new(false) }
    }

    /// Sends a query and waits for its reply, for ever.
    pub(super) async fn ask(&self, query: &Arc<Query>) -> Result<Vec<u8>, Broken> {
        let has_cookie = query.takes_cookie() && !self.is_without.load(Ordering::Relaxed);
        let said = self.ask_with(query, has_cookie).await?;
        // RFC 6891 §6.1.2 lets servers pass over options that they do not know; those that take them for an error would get
        // the whole extension taken away.
        if has_cookie && has_format_error(&said) && self.gives_up_cookies() {
            return self.ask_with(query, false).await;
        }
        Ok(said)
    }

    /// Nothing came in time. Something on the way may swallow what has cookies.
    pub(super) fn was_silent(&self) {
        self.gives_up_cookies();
    }

    /// Does without from now on, unless the server is known to know better.
    fn gives_up_cookies(&self) -> bool {
        let knows_none = !self.knows_cookies.load(Ordering::Relaxed);
        self.is_without.fetch_or(knows_none, Ordering::Relaxed);
        knows_none
    }

    async fn ask_with(&self, query: &Arc<Query>, has_cookie: bool) -> Result<Vec<u8>, Broken> {
        let line = self.line().await?;
        let table = &line.shared.table;
        let ticket = if has_cookie { table.begin_with_cookie(query)? } else { table.begin(query)? };
        let mut buffer = [0; QUERY_MAX];
        let octets = match table.cookie().filter(|_| has_cookie) {
            Some(cookie) => query.write_with(ticket.id, cookie, &mut buffer),
            None => query.write(ticket.id, &mut buffer),
        };
        line.shared.socket.send(octets).await.map_err(closed)?;
        ticket.reply().await
    }

    /// A socket with room for a question.
    async fn line(&self) -> Result<Arc<Line>, Broken> {
        if let Some(line) = self.choose() {
            return Ok(line);
        }
        let line = Arc::new(Line::open(self.server, self.knows_cookies.clone()).await.map_err(closed)?);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        // Several may have found that there is none; all but a few of the sockets go again when their question is over.
        if lines.len() < LINES_MAX {
            lines.push(line.clone());
        }
        line.sent.fetch_add(1, Ordering::Relaxed);
        Ok(line)
    }

    fn choose(&self) -> Option<Arc<Line>> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|line| line.is_usable());
        let is_full = lines.len() >= LINES_MAX;
        let found = lines.iter().find(|line| line.shared.table.flying() < FLYING);
        let found = found.or_else(|| lines.iter().min_by_key(|line| line.shared.table.flying()).filter(|_| is_full))?;
        found.sent.fetch_add(1, Ordering::Relaxed);
        Some(found.clone())
    }
}

impl Line {
    async fn open(server: SocketAddr, knows_cookies: Arc<AtomicBool>) -> io::Result<Self> {
        // The kernel picks a port at random.
        let own: SocketAddr = match server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(own).await?;
        socket.connect(server).await?;
        let shared = Arc::new(Shared { socket, table: Table::with_cookie(knows_cookies) });
        let listener = Listener::new(&tokio::spawn(listen(shared.clone())));
        Ok(Self { shared, sent: AtomicU32::new(0), listener })
    }

    fn is_usable(&self) -> bool {
        self.listener.is_there() && self.shared.table.is_open() && self.sent.load(Ordering::Relaxed) < LIFE
    }
}

async fn listen(shared: Arc<Shared>) {
    let mut buffer = vec![0; DATAGRAM_MAX];
    let mut errors = 0;
    while errors < ERRORS_MAX {
        match shared.socket.recv(&mut buffer).await {
            Ok(length) => {
                errors = 0;
                shared.table.deliver(&buffer[..length]);
            }
            // The kernel passes on what came back for something that we sent, and nobody knows for which of it.
            Err(error) => {
                errors += 1;
                shared.table.fail(&error.to_string());
            }
        }
    }
    shared.table.close("the network is gone");
}

/// RFC 1035 §4.1.1: the server could not read the query, it says.
fn has_format_error(reply: &[u8]) -> bool {
    reply.get(3).is_some_and(|flags| flags & 0xf == 1)
}

fn closed(error: io::Error) -> Broken {
    Broken::Closed(error.to_string())
}
