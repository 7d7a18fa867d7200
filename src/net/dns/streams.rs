//! Questions over a connection, with TLS or without: one connection, many questions at once, answered in any order.
//!
//! It is opened when somebody asks and kept for a while after the last reply. A server may close it whenever it likes
//! (RFC 7766 §6.2.4), so a question that an old connection took along is asked once more over a new one.
//! RFC 7766 §6.2; RFC 7858 §3; RFC 8310 §8.1.

use super::datagrams::Listener;
use super::table::{Broken, Table};
use crate::dns::frame::{Frames, framed};
use crate::dns::question::{QUERY_MAX, Query};
use crate::net::race;
use crate::net::tcp::{Tcp, unreachable};
use crate::net::tls::ClientTls;
use crate::world::{Connect, Stream};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// A connection on which nothing is asked is kept for so long.
const IDLE: Duration = Duration::from_secs(10);
/// Queries that wait to be written.
const WAITING_MAX: usize = 64;
/// Messages that answer nothing, or what was given up, before a connection is.
const STRAYS_MAX: u32 = 1000;
/// Octets read at once.
const READ_SIZE: usize = 8 * 1024;
/// An address that has not answered by now is not there. The wait for the reply cuts it further.
const CONNECT_WAIT: Duration = Duration::from_secs(5);

/// Connections to one server, one at a time.
pub(super) struct Streams {
    host: String,
    tls: Option<(ClientTls, String)>,
    pipe: Mutex<Option<Arc<Pipe>>>,
    /// Who opens a connection opens it for all.
    opening: tokio::sync::Mutex<()>,
}

/// An open connection, and the task that reads and writes it. The task ends with the value.
struct Pipe {
    table: Arc<Table>,
    queries: mpsc::Sender<Vec<u8>>,
    driver: Listener,
    /// Nobody new is to ask here.
    is_stale: AtomicBool,
    has_answered: Arc<AtomicBool>,
}

impl Streams {
    /// To this host, which a certificate must name if there is TLS.
    pub(super) fn new(host: String, tls: Option<(ClientTls, String)>) -> Self {
        Self { host, tls, pipe: Mutex::default(), opening: tokio::sync::Mutex::default() }
    }

    /// Sends a query and waits for its reply, for ever.
    pub(super) async fn ask(&self, addresses: &[SocketAddr], query: &Arc<Query>) -> Result<Vec<u8>, Broken> {
        let pipe = self.pipe(addresses).await?;
        let is_old = pipe.has_answered.load(Ordering::Relaxed);
        match pipe.ask(query).await {
            Err(Broken::Closed(_)) if is_old => self.pipe(addresses).await?.ask(query).await,
            said => said,
        }
    }

    /// Nothing came in time: the connection may be dead, and nobody else shall find out by waiting.
    pub(super) fn distrust(&self) {
        if let Some(pipe) = self.pipe.lock().unwrap_or_else(PoisonError::into_inner).take() {
            pipe.is_stale.store(true, Ordering::Relaxed);
        }
    }

    fn open_pipe(&self) -> Option<Arc<Pipe>> {
        let pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        pipe.as_ref().filter(|pipe| pipe.is_usable()).cloned()
    }

    async fn pipe(&self, addresses: &[SocketAddr]) -> Result<Arc<Pipe>, Broken> {
        if let Some(pipe) = self.open_pipe() {
            return Ok(pipe);
        }
        let _opening = self.opening.lock().await;
        if let Some(pipe) = self.open_pipe() {
            return Ok(pipe);
        }
        let connected = race::first(race::order(addresses), CONNECT_WAIT, |address| Tcp.connect(address)).await;
        let (_, mut stream) = connected.map_err(|failures| {
            let first = failures.first().map(|(_, error)| error.to_string());
            Broken::Closed(first.unwrap_or_else(|| unreachable(&self.host, failures).to_string()))
        })?;
        if let Some((tls, name)) = &self.tls {
            stream = match tls.connect(stream, name).await {
                Ok((stream, _)) => stream,
                Err(error) => return Err(Broken::Closed(error.to_string())),
            };
        }
        let pipe = Arc::new(Pipe::new(stream));
        *self.pipe.lock().unwrap_or_else(PoisonError::into_inner) = Some(pipe.clone());
        Ok(pipe)
    }
}

impl Pipe {
    fn new(stream: Box<dyn Stream>) -> Self {
        let (table, has_answered) = (Arc::new(Table::new(true)), Arc::new(AtomicBool::new(false)));
        let (queries, waiting) = mpsc::channel(WAITING_MAX);
        let driver = drive(stream, table.clone(), has_answered.clone(), waiting);
        let driver = Listener::new(&tokio::spawn(driver));
        Self { table, queries, driver, is_stale: AtomicBool::new(false), has_answered }
    }

    fn is_usable(&self) -> bool {
        self.driver.is_there() && self.table.is_open() && !self.is_stale.load(Ordering::Relaxed)
    }

    async fn ask(&self, query: &Arc<Query>) -> Result<Vec<u8>, Broken> {
        let ticket = self.table.begin(query)?;
        let mut buffer = [0; QUERY_MAX];
        // If nobody takes it any more, the table knows why.
        let _ = self.queries.send(framed(query.write(ticket.id, &mut buffer))).await;
        ticket.reply().await
    }
}

async fn drive(
    stream: Box<dyn Stream>,
    table: Arc<Table>,
    has_answered: Arc<AtomicBool>,
    waiting: mpsc::Receiver<Vec<u8>>,
) {
    let (input, output) = tokio::io::split(stream);
    let why = tokio::select! {
        why = read(input, &table, &has_answered) => why,
        why = write(output, waiting) => why,
    };
    table.close(&why);
}

async fn read(mut input: ReadHalf<Box<dyn Stream>>, table: &Table, has_answered: &AtomicBool) -> String {
    let mut frames = Frames::default();
    let mut buffer = vec![0; READ_SIZE];
    let mut strays = 0;
    while strays < STRAYS_MAX {
        match timeout(IDLE, input.read(&mut buffer)).await {
            Ok(Ok(0)) => return "the name server closed the connection".to_owned(),
            Ok(Ok(length)) => frames.push(&buffer[..length]),
            Ok(Err(error)) => return error.to_string(),
            Err(_) if table.flying() == 0 => return "nothing was asked for a while".to_owned(),
            Err(_) => {}
        }
        while let Some(message) = frames.pull() {
            match table.deliver(message) {
                true => has_answered.store(true, Ordering::Relaxed),
                false => strays += 1,
            }
        }
    }
    "the name server answers what nobody asked".to_owned()
}

async fn write(mut output: WriteHalf<Box<dyn Stream>>, mut waiting: mpsc::Receiver<Vec<u8>>) -> String {
    let mut queries = Vec::new();
    // RFC 7766 §8: length and message in one write; and what came meanwhile along with it.
    while waiting.recv_many(&mut queries, WAITING_MAX).await > 0 {
        let octets = queries.concat();
        queries.clear();
        let written = async {
            output.write_all(&octets).await?;
            output.flush().await
        };
        if let Err(error) = written.await {
            return error.to_string();
        }
    }
    "nobody asks any more".to_owned()
}
