//! What surrounds the program under test: a directory, files, certificates, and the server that the test is.

use super::PATIENCE;
use super::program::Program;
use mailkit::envelope::{Envelope, ForwardPath, ReversePath};
use mailkit::net::clock::SystemClock;
use mailkit::net::connection::Connection;
use mailkit::net::entropy::SystemEntropy;
use mailkit::net::tls::{Identity, ServerTls};
use mailkit::store::IndexAt;
use mailkit::store::disk::RealDisk;
use mailkit::store::spool::{Accepted, Spool};
use mailkit::wire::pattern::{Bindings, fill};
use mailkit::world::{Clock, Stream};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// What the variable PASSWORD holds, and what nobody may ever read in a trace.
pub(crate) use crate::canary::PASSWORD;

/// How the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Whole,
    OctetByOctet,
}

pub(crate) struct Scene {
    directory: TempDir,
    listener: TcpListener,
    server: SocketAddr,
    /// Has a port, which nobody else can take, and does not listen there.
    closed: TcpSocket,
    certificate: String,
    manner: Manner,
}

impl Scene {
    /// Puts in place what the transcript takes as given.
    pub(crate) async fn set<'a>(givens: impl Iterator<Item = &'a str>, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has ports");
        listener.set_nonblocking(true).expect("sockets can do that");
        let server = listener.local_addr().expect("it is bound");
        let closed = TcpSocket::new_v4().expect("a socket");
        closed.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("loopback has ports");
        let directory = tempfile::tempdir().expect("a directory");
        let mut scene = Self { directory, listener, server, closed, certificate: "127.0.0.1".to_owned(), manner };
        for given in givens {
            let (word, rest) = given.split_once(' ').unwrap_or((given, ""));
            match word {
                "whole" => {}
                // `given: certificate mx.example`: the name in the server's certificate.
                "certificate" => scene.certificate = rest.to_owned(),
                // `given: file NAME Subject: x\r\n\r\nHello\r\n`
                "file" => {
                    let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
                    scene.write(name, &fill(&unescape(text), &scene.bindings()));
                }
                // `given: queue alice@crepes.example bob@hamburger.example,carol@hamburger.example Subject: x\r\n...`
                "queue" => scene.queue(rest).await,
                other => panic!("unknown given: {other}"),
            }
        }
        scene.write("ca.pem", &identity(&scene.certificate).certificates);
        scene.write("other_ca.pem", &identity("stranger.example").certificates);
        scene
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.directory().join(name), text).expect("a file");
    }

    /// Puts a message into the spool of the data directory `data`, as a server would.
    async fn queue(&self, given: &str) {
        let mut parts = given.splitn(3, ' ');
        let mut next = || parts.next().unwrap_or_default();
        let (sender, recipients, text) = (next(), next(), unescape(next()));
        let reverse_path = ReversePath::parse(&format!("<{sender}>")).expect("a sender");
        let path = |text: &str| ForwardPath::parse(&format!("<{text}>")).expect("a recipient");
        let envelope = Envelope::new(reverse_path, recipients.split(',').map(path).collect());
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let root = self.directory().join("data/spool");
        let received = clock.now();
        let spool = Spool::open(Arc::new(RealDisk), clock, entropy, &root, IndexAt::File).await.expect("a spool");
        let mut incoming = spool.begin().await.expect("room");
        incoming.write(text.as_bytes()).await.expect("room");
        let accepted = Accepted { envelope, received, user: None, origin: "test".to_owned(), route: None };
        incoming.commit(accepted).await.expect("durable");
    }

    /// What the names in a transcript stand for.
    pub(crate) fn bindings(&self) -> Bindings {
        let bind = |name: &str, value: String| (name.to_owned(), value);
        Bindings::from([
            bind("server", self.server.to_string()),
            bind("closed", self.closed.local_addr().expect("it is bound").to_string()),
            bind("port", self.server.port().to_string()),
            bind("closed_port", self.closed.local_addr().expect("it is bound").port().to_string()),
            bind("ca", "ca.pem".to_owned()),
            bind("other_ca", "other_ca.pem".to_owned()),
        ])
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn trace(&self) -> PathBuf {
        self.directory().join("trace.txt")
    }

    pub(crate) fn server_tls(&self) -> ServerTls {
        ServerTls::new(&identity(&self.certificate)).expect("they go together")
    }

    /// Waits for the program to connect; it cannot do that any more once it has ended.
    pub(crate) async fn accept(&self, program: &mut Program) -> Result<End, String> {
        let listener = self.listener.try_clone().and_then(tokio::net::TcpListener::from_std).expect("a listener");
        let accepted = tokio::select! {
            biased;
            accepted = timeout(PATIENCE, listener.accept()) => accepted,
            status = program.ended() => {
                return Err(format!("the program ended with {:?} instead of connecting", status?.code()));
            }
        };
        let (stream, peer) =
            accepted.map_err(|_| "the program does not connect")?.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).expect("sockets can do that");
        Ok(End::new(stream, peer, self.manner))
    }

    /// Whether somebody has connected and was not expected.
    pub(crate) fn has_more_connections(&self) -> bool {
        self.listener.accept().is_ok()
    }
}

/// A key and a certificate for a name. Making them takes a while in an unoptimised build.
fn identity(name: &str) -> Arc<Identity> {
    static MADE: OnceLock<Mutex<BTreeMap<String, Arc<Identity>>>> = OnceLock::new();
    let mut made = MADE.get_or_init(Mutex::default).lock().expect("not poisoned");
    let make = || Arc::new(Identity::self_signed(&[name.to_owned()]).expect("a certificate"));
    made.entry(name.to_owned()).or_insert_with(make).clone()
}

fn unescape(text: &str) -> String {
    text.replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0")
}

/// The server's end of a connection.
pub(crate) struct End {
    stream: Option<Box<dyn Stream>>,
    peer: SocketAddr,
    manner: Manner,
    unread: Vec<u8>,
    /// All that was said, on the plain side.
    pub(crate) said: Vec<u8>,
    /// All that was heard.
    pub(crate) heard: Vec<u8>,
    /// Whether the server hung up first.
    pub(crate) was_cut: bool,
}

impl End {
    fn new(stream: TcpStream, peer: SocketAddr, manner: Manner) -> Self {
        let stream: Option<Box<dyn Stream>> = Some(Box::new(stream));
        Self { stream, peer, manner, unread: Vec::new(), said: Vec::new(), heard: Vec::new(), was_cut: false }
    }

    pub(crate) async fn say(&mut self, octets: &[u8]) -> Result<(), String> {
        let Some(stream) = &mut self.stream else { return Err("the connection is closed".to_owned()) };
        self.said.extend_from_slice(octets);
        let size = if self.manner == Manner::OctetByOctet { 1 } else { octets.len().max(1) };
        for piece in octets.chunks(size) {
            // The program may have hung up already; what it said until then is what counts.
            if stream.write_all(piece).await.is_err() || stream.flush().await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    pub(crate) async fn secure(&mut self, tls: &ServerTls) -> Result<(), String> {
        if !self.unread.is_empty() {
            return Err(format!("the program spoke before the handshake: {}", self.unread.escape_ascii()));
        }
        let stream = self.stream.take().ok_or("the connection is closed")?;
        // A program that does not like the certificate breaks the handshake off, as some transcripts want it to.
        if let Ok(secured) = Connection::new(stream, self.peer, None).accept_tls(tls, PATIENCE).await {
            self.stream = Some(Box::new(secured));
        }
        Ok(())
    }

    pub(crate) fn is_open(&self) -> bool {
        self.stream.is_some()
    }

    /// Hangs up.
    pub(crate) async fn cut(&mut self) {
        self.was_cut = true;
        if let Some(mut stream) = self.stream.take() {
            // The other side may be gone already.
            let _ = stream.shutdown().await;
            self.unread.clear();
        }
    }

    pub(crate) async fn line(&mut self) -> Result<Vec<u8>, String> {
        loop {
            if let Some(at) = self.unread.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.unread[..at].to_vec();
                self.unread.drain(..at + 2);
                return Ok(line);
            }
            self.read().await?;
        }
    }

    pub(crate) fn put_back(&mut self, line: Vec<u8>) {
        self.unread = [line, b"\r\n".to_vec(), std::mem::take(&mut self.unread)].concat();
    }

    pub(crate) async fn exactly(&mut self, len: usize) -> Result<Vec<u8>, String> {
        while self.unread.len() < len {
            self.read().await?;
        }
        Ok(self.unread.drain(..len).collect())
    }

    /// The program hangs up, whatever it says before.
    pub(crate) async fn skip_to_end(&mut self) -> Result<(), String> {
        while self.stream.is_some() {
            self.unread.clear();
            if let Err(why) = self.read().await
                && self.stream.is_some()
            {
                return Err(why);
            }
        }
        self.unread.clear();
        Ok(())
    }

    /// The program hangs up, and says nothing before.
    pub(crate) async fn expect_end(&mut self) -> Result<(), String> {
        while self.stream.is_some() && self.unread.is_empty() {
            if let Err(why) = self.read().await
                && self.stream.is_some()
            {
                return Err(why);
            }
        }
        if self.unread.is_empty() { Ok(()) } else { Err(format!("heard `{}` first", self.shown())) }
    }

    /// The beginning of what is unread.
    fn shown(&self) -> String {
        self.unread.get(..200).unwrap_or(&self.unread).escape_ascii().to_string()
    }

    async fn read(&mut self) -> Result<(), String> {
        let Some(stream) = &mut self.stream else { return Err("the connection is closed".to_owned()) };
        let mut buffer = [0; 16 * 1024];
        match timeout(PATIENCE, stream.read(&mut buffer)).await {
            Err(_) => Err(format!("nothing more comes behind `{}`", self.shown())),
            Ok(Ok(0) | Err(_)) => {
                self.stream = None;
                Err(format!("the program hung up behind `{}`", self.shown()))
            }
            Ok(Ok(count)) => {
                self.unread.extend_from_slice(&buffer[..count]);
                self.heard.extend_from_slice(&buffer[..count]);
                Ok(())
            }
        }
    }
}
