//! Where questions are taken instead of asked: datagrams and connections at one address, for a name server that is played.
//!
//! Whoever sits at it answers one question after the other, as tests and replays do; it is no server for a crowd.
//! RFC 1035 §4.2; RFC 7766.

use crate::dns::frame::{Frames, framed};
use crate::error::{Error, Kind, Result};
use crate::net::connection::Connection;
use crate::net::tcp::{Listener, listen};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Connections at one time; more have to wait.
const CONNECTIONS_MAX: usize = 64;
/// A connection on which nothing is said for so long is closed (RFC 7766 §6.2.3), and so is one where nobody reads.
const IDLE: Duration = Duration::from_secs(30);
/// Questions are short; what is longer is cut, and then no question.
const DATAGRAM_MAX: usize = 4096;
/// Errors in a row before the socket is given up.
const ERRORS_MAX: usize = 16;
/// Times that another free port is taken, because the one for connections was not free for datagrams.
const PORTS_MAX: usize = 16;

/// The place.
#[derive(Debug)]
pub struct Desk {
    socket: UdpSocket,
    listener: Listener,
    connections: JoinSet<()>,
    asks: mpsc::Sender<Asked>,
    asked: mpsc::Receiver<Asked>,
}

/// A question that waits.
#[derive(Debug)]
pub struct Asked {
    /// Its octets, whatever they are.
    pub octets: Vec<u8>,
    /// Whether it came over a connection.
    pub is_stream: bool,
    back: Back,
}

#[derive(Debug)]
enum Back {
    Datagram(SocketAddr),
    Stream(oneshot::Sender<(Vec<u8>, oneshot::Sender<()>)>),
}

impl Desk {
    /// Opens it; port 0 takes one that is free.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let failed = |error| Error::new(Kind::Unavailable, format!("cannot listen on {address}")).caused_by(error);
        let mut tries = 0;
        let (listener, socket) = loop {
            let listener = listen(address)?;
            let at = listener.address().map_err(failed)?;
            match UdpSocket::bind(at).await {
                Ok(socket) => break (listener, socket),
                Err(_) if address.port() == 0 && tries < PORTS_MAX => tries += 1,
                Err(error) => return Err(failed(error)),
            }
        };
        let (asks, asked) = mpsc::channel(1);
        Ok(Self { socket, listener, connections: JoinSet::new(), asks, asked })
    }

    /// Where it is.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The next question. Can be dropped without loss, but for a datagram.
    pub async fn next(&mut self) -> std::io::Result<Asked> {
        let mut buffer = vec![0; DATAGRAM_MAX];
        let mut errors = 0;
        loop {
            let has_room = self.connections.len() < CONNECTIONS_MAX;
            tokio::select! {
                came = self.socket.recv_from(&mut buffer) => {
                    // A system tells here that nobody is there any more for an answer.
                    let (count, peer) = match came {
                        Ok(came) => came,
                        Err(_) if errors < ERRORS_MAX => {
                            errors += 1;
                            continue;
                        }
                        Err(error) => return Err(error),
                    };
                    buffer.truncate(count);
                    return Ok(Asked { octets: buffer, is_stream: false, back: Back::Datagram(peer) });
                }
                stream = self.listener.connection(), if has_room => {
                    self.connections.spawn(converse(stream?, self.asks.clone()));
                }
                // The sender is ours too, so this never ends.
                Some(asked) = self.asked.recv() => return Ok(asked),
                Some(_) = self.connections.join_next() => {}
            }
        }
    }

    /// Answers; when this is over, it is said. Who has gone needs no answer.
    pub async fn reply(&self, asked: Asked, octets: Vec<u8>) {
        match asked.back {
            Back::Datagram(peer) => {
                let _ = self.socket.send_to(&octets, peer).await;
            }
            Back::Stream(back) => {
                let (done, is_done) = oneshot::channel();
                if back.send((octets, done)).is_ok() {
                    let _ = is_done.await;
                }
            }
        }
    }
}

/// One connection, question by question.
async fn converse(mut stream: Connection, asks: mpsc::Sender<Asked>) {
    let (mut frames, mut buffer) = (Frames::default(), vec![0; DATAGRAM_MAX]);
    while let Ok(Ok(count @ 1..)) = timeout(IDLE, stream.read(&mut buffer)).await {
        frames.push(&buffer[..count]);
        while let Some(octets) = frames.pull().map(<[u8]>::to_vec) {
            let (back, answer) = oneshot::channel();
            let asked = Asked { octets, is_stream: true, back: Back::Stream(back) };
            if asks.send(asked).await.is_err() {
                return;
            }
            // Who is to say nothing drops the question.
            let Ok((octets, done)) = answer.await else { continue };
            let written = timeout(IDLE, stream.write_all(&framed(&octets))).await;
            if !matches!(written, Ok(Ok(()))) {
                return;
            }
            let _ = done.send(());
        }
    }
}
