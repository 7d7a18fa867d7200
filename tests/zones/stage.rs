//! A name server on loopback, over UDP and TCP, that knows some zones and counts what it is asked. It says what a resolver
//! would say, or what a row of the table wants it to say instead.

use super::internet::Internet;
use hickory_proto::op::{Edns, Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use mailkit::dns::dnssec::Source;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Aliases that it follows before it hands over what it has.
const ALIASES_MAX: usize = 10;

/// A query, as it came.
pub(crate) struct Asked {
    pub(crate) message: Message,
    pub(crate) is_stream: bool,
    /// How often the same was asked before.
    pub(crate) before: usize,
}

/// What it does.
pub(crate) enum Act {
    /// Says these octets.
    Say(Vec<u8>),
    /// Says them from another port.
    SayElsewhere(Vec<u8>),
    /// Waits.
    Wait(Duration),
    /// Says that so many octets come, then these, and hangs up.
    Cut(u16, Vec<u8>),
}

/// What is done about a query, instead of saying what the zones say, which is handed over.
pub(crate) type Manner = Box<dyn Fn(&Asked, Message) -> Vec<Act> + Send + Sync>;

/// A server that runs as long as the test.
pub(crate) struct Stage {
    pub(crate) internet: Internet,
    /// Follows aliases, as those do who resolve for others.
    pub(crate) follows: bool,
    pub(crate) manner: Option<Manner>,
    queries: AtomicUsize,
    seen: Mutex<BTreeMap<String, usize>>,
}

impl Asked {
    pub(crate) fn name(&self) -> &Name {
        self.message.queries[0].name()
    }

    pub(crate) fn kind(&self) -> RecordType {
        self.message.queries[0].query_type()
    }

    /// A reply without records.
    pub(crate) fn reply(&self, code: ResponseCode) -> Message {
        let mut reply = Message::new(self.message.metadata.id, MessageType::Response, OpCode::Query);
        reply.metadata.recursion_desired = true;
        reply.metadata.recursion_available = true;
        reply.metadata.response_code = code;
        reply.queries.clone_from(&self.message.queries);
        reply.edns = self.message.edns.as_ref().map(|_| Edns::new());
        reply
    }

    /// Says it whole, or cut to what fits a datagram, with TC.
    pub(crate) fn fit(&self, mut reply: Message) -> Act {
        let size = self.message.edns.as_ref().map_or(512, |edns| usize::from(edns.max_payload()).max(512));
        let octets = octets(&reply);
        if self.is_stream || octets.len() <= size {
            return Act::Say(octets);
        }
        reply.answers.clear();
        reply.authorities.clear();
        reply.metadata.truncation = true;
        Act::Say(self::octets(&reply))
    }
}

pub(crate) fn octets(message: &Message) -> Vec<u8> {
    message.to_vec().expect("octets")
}

impl Stage {
    pub(crate) fn new(internet: Internet) -> Self {
        Self { internet, follows: true, manner: None, queries: AtomicUsize::new(0), seen: Mutex::default() }
    }

    /// Queries so far.
    pub(crate) fn queries(&self) -> usize {
        self.queries.load(Ordering::Relaxed)
    }

    /// Begins to serve.
    pub(crate) fn serve(self: &Arc<Self>) -> SocketAddr {
        let (listener, socket) = loop {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            // The same port for datagrams may be somebody else's.
            if let Ok(socket) = UdpSocket::bind(listener.local_addr().expect("bound")) {
                break (listener, socket);
            }
        };
        let address = socket.local_addr().expect("bound");
        let stage = self.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let (stage, socket, query) = (stage.clone(), socket.try_clone(), buffer[..length].to_vec());
                let Ok(socket) = socket else { continue };
                std::thread::spawn(move || {
                    for act in stage.act(&query, false) {
                        // Who is gone hears nothing.
                        let _ = match act {
                            Act::Say(octets) => socket.send_to(&octets, from),
                            Act::SayElsewhere(octets) => {
                                UdpSocket::bind("127.0.0.1:0").and_then(|other| other.send_to(&octets, from))
                            }
                            Act::Wait(wait) => {
                                std::thread::sleep(wait);
                                Ok(0)
                            }
                            Act::Cut(_, octets) => socket.send_to(&octets, from),
                        };
                    }
                });
            }
        });
        let stage = self.clone();
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let stage = stage.clone();
                std::thread::spawn(move || stage.talk(stream));
            }
        });
        address
    }

    fn talk(&self, mut stream: TcpStream) {
        let mut length = [0; 2];
        while stream.read_exact(&mut length).is_ok() {
            let mut query = vec![0; u16::from_be_bytes(length).into()];
            if stream.read_exact(&mut query).is_err() {
                return;
            }
            for act in self.act(&query, true) {
                let said = match act {
                    Act::Say(octets) | Act::SayElsewhere(octets) => {
                        let length = u16::try_from(octets.len()).expect("it fits a connection").to_be_bytes();
                        stream.write_all(&[&length[..], &octets].concat())
                    }
                    Act::Wait(wait) => {
                        std::thread::sleep(wait);
                        Ok(())
                    }
                    Act::Cut(length, octets) => {
                        let _ = stream.write_all(&[&length.to_be_bytes()[..], &octets].concat());
                        return;
                    }
                };
                if said.is_err() {
                    return;
                }
            }
        }
    }

    fn act(&self, query: &[u8], is_stream: bool) -> Vec<Act> {
        let Ok(message) = Message::from_vec(query) else { return Vec::new() };
        if message.queries.len() != 1 {
            return Vec::new();
        }
        self.queries.fetch_add(1, Ordering::Relaxed);
        let key = message.queries[0].to_string().to_ascii_lowercase();
        let before = {
            let mut seen = self.seen.lock().expect("nobody panicked");
            let count = seen.entry(key).or_default();
            *count += 1;
            *count - 1
        };
        let asked = Asked { message, is_stream, before };
        let reply = self.resolve(&asked);
        match &self.manner {
            Some(manner) => manner(&asked, reply),
            None => vec![asked.fit(reply)],
        }
    }

    /// What the zones say.
    fn resolve(&self, asked: &Asked) -> Message {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let ask = |name: &Name| runtime.block_on(self.internet.ask(name, asked.kind())).expect("an answer");
        let mut name = asked.name().clone();
        let mut reply = asked.reply(ResponseCode::NoError);
        for _ in 0..ALIASES_MAX {
            let said = ask(&name);
            let alias = said.answers.iter().find_map(|record| match &record.data {
                RData::CNAME(target) if record.name == name => Some(target.0.clone()),
                _ => None,
            });
            reply.metadata.response_code = said.rcode;
            reply.authorities = said.authorities;
            reply.answers.extend(said.answers);
            match alias.filter(|_| self.follows && asked.kind() != RecordType::CNAME) {
                Some(target) => name = target,
                None => break,
            }
        }
        // RFC 4035 §3.1: who does not ask for signatures gets none.
        let wants = asked.message.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok);
        let proves = |record: &Record| {
            let kind = record.record_type();
            matches!(kind, RecordType::RRSIG | RecordType::NSEC | RecordType::NSEC3) && kind != asked.kind()
        };
        if !wants {
            reply.answers.retain(|record| !proves(record));
            reply.authorities.retain(|record| !proves(record));
        }
        reply
    }
}
