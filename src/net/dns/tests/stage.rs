//! A name server on loopback that does what a test says, and counts.

use hickory_proto::op::{Edns, Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, SOA};
use hickory_proto::rr::{Name, RData, Record};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

/// What the server is asked.
pub(super) struct Asked {
    pub(super) message: Message,
    pub(super) is_stream: bool,
    /// How many came before, over the same.
    pub(super) before: usize,
}

/// What it does then.
pub(super) enum Act {
    /// Says a message.
    Say(Vec<u8>),
    /// Writes octets to a connection that are no message.
    Write(Vec<u8>),
    /// Closes the connection.
    Cut,
}

type Script = dyn Fn(&Asked) -> Vec<Act> + Send + Sync;

/// The server, and what came.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) address: SocketAddr,
    script: Arc<Script>,
    pub(super) udp: Arc<AtomicUsize>,
    pub(super) tcp: Arc<AtomicUsize>,
    pub(super) connections: Arc<AtomicUsize>,
    pub(super) clients: Arc<Mutex<BTreeSet<SocketAddr>>>,
}

impl Stage {
    pub(super) async fn new(script: impl Fn(&Asked) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let (listener, socket) = loop {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            // The same port for datagrams may be somebody else's.
            if let Ok(socket) = UdpSocket::bind(listener.local_addr().expect("bound")).await {
                break (listener, socket);
            }
        };
        let stage = Self {
            address: socket.local_addr().expect("bound"),
            script: Arc::new(script),
            udp: Arc::default(),
            tcp: Arc::default(),
            connections: Arc::default(),
            clients: Arc::default(),
        };
        tokio::spawn(stage.clone().datagrams(socket));
        let streams = stage.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                streams.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(streams.clone().stream(stream));
            }
        });
        stage
    }

    /// Datagrams and queries over connections that came so far.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.udp.load(Ordering::Relaxed), self.tcp.load(Ordering::Relaxed))
    }

    async fn datagrams(self, socket: UdpSocket) {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            self.clients.lock().expect("whole").insert(from);
            let before = self.udp.fetch_add(1, Ordering::Relaxed);
            let message = Message::from_vec(&buffer[..length]).expect("a query");
            for act in (self.script)(&Asked { message, is_stream: false, before }) {
                if let Act::Say(octets) = act {
                    socket.send_to(&octets, from).await.expect("sent");
                }
            }
        }
    }

    /// Serves a connection, whatever it rides on.
    pub(super) async fn stream(self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        while let Ok(length) = stream.read_u16().await {
            let mut octets = vec![0; length.into()];
            stream.read_exact(&mut octets).await.expect("a query");
            let before = self.tcp.fetch_add(1, Ordering::Relaxed);
            let message = Message::from_vec(&octets).expect("a query");
            for act in (self.script)(&Asked { message, is_stream: true, before }) {
                let octets = match act {
                    Act::Say(octets) => crate::dns::frame::framed(&octets),
                    Act::Write(octets) => octets,
                    Act::Cut => return,
                };
                // A client that has seen enough is gone.
                let _ = stream.write_all(&octets).await;
                let _ = stream.flush().await;
            }
        }
    }
}

impl Asked {
    /// A reply with this code, and what `change` adds.
    pub(super) fn reply(&self, code: ResponseCode, change: impl FnOnce(&mut Message)) -> Message {
        let mut reply = Message::new(self.message.metadata.id, MessageType::Response, OpCode::Query);
        reply.metadata.response_code = code;
        reply.queries.clone_from(&self.message.queries);
        reply.edns = self.message.edns.is_some().then(Edns::new);
        change(&mut reply);
        reply
    }

    /// The name that is asked for, with one address.
    pub(super) fn address(&self) -> Message {
        self.reply(ResponseCode::NoError, |reply| reply.answers.push(self.record(60, 1)))
    }

    pub(super) fn record(&self, ttl: u32, last: u8) -> Record {
        let name = self.message.queries[0].name().clone();
        Record::from_rdata(name, ttl, RData::A(A::new(192, 0, 2, last)))
    }

    /// The same reply, cut short.
    pub(super) fn cut(&self) -> Message {
        self.reply(ResponseCode::NoError, |reply| reply.metadata.truncation = true)
    }
}

/// An SOA, which vouches for an absence.
pub(super) fn soa(ttl: u32) -> Record {
    let data = SOA::new(Name::root(), Name::root(), 1, 1, 1, 1, ttl);
    Record::from_rdata(Name::root(), ttl, RData::SOA(data))
}

/// What says a message.
pub(super) fn say(message: &Message) -> Act {
    Act::Say(message.to_vec().expect("octets"))
}
