//! The server driver, proven with a toy protocol: waits do not spread, slow readers cost nothing, and
//! nothing slips in before TLS.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

use mailkit::net::gate::Gate;
use mailkit::net::serve::{Ended, Host, Port};
use mailkit::net::tls::{Identity, ServerTls};
use mailkit::wire::frame::{Expect, Frame};
use mailkit::wire::session::{Farewell, Flow, Input, Output, Session};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Octets of what is said last.
const LAST_WORDS: usize = 1 << 20;

/// PING is answered, SYNC waits for the host, FLOOD asks for pieces without end, NAP asks for one short wait after
/// another, TLS upgrades, QUIT ends it.
#[derive(Default)]
struct Toy {
    flooding: bool,
    naps: u32,
}

#[derive(Debug)]
enum Ask {
    Sync,
    Piece,
    Nap,
}

impl Session for Toy {
    type Ask = Ask;
    type Answer = Vec<u8>;

    fn expect(&self) -> Expect {
        Expect::Line { max: 100 }
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(300)
    }

    fn on(&mut self, input: Input<'_, Vec<u8>>, out: &mut Output) -> Flow<Ask> {
        match input {
            Input::Start(_) => out.line("hello"),
            Input::Frame(Frame::Line(b"PING")) => out.line("pong"),
            Input::Frame(Frame::Line(b"SYNC")) => return Flow::Ask(Ask::Sync),
            Input::Frame(Frame::Line(b"FLOOD")) => {
                self.flooding = true;
                return Flow::Ask(Ask::Piece);
            }
            Input::Frame(Frame::Line(b"NAP")) => {
                out.line("sleepy");
                self.naps = 100;
                return Flow::Ask(Ask::Nap);
            }
            Input::Frame(Frame::Line(b"TLS")) => {
                out.line("go");
                return Flow::StartTls;
            }
            Input::Frame(Frame::Line(b"QUIT")) => {
                // More than the client's side takes at once.
                out.raw(&[b'x'; LAST_WORDS]);
                return Flow::Close;
            }
            Input::Frame(_) => out.line("what?"),
            Input::Answer(piece) => {
                out.raw(&piece);
                if self.flooding {
                    return Flow::Ask(Ask::Piece);
                }
                self.naps = self.naps.saturating_sub(1);
                if self.naps > 0 {
                    return Flow::Ask(Ask::Nap);
                }
            }
            Input::Secured(_) | Input::News => {}
            Input::Farewell(Farewell::Shutdown) => out.line("bye, stopping"),
            Input::Farewell(Farewell::TooSlow) => out.line("bye, too slow"),
            Input::Farewell(Farewell::TooMany) => out.line("bye, too many"),
        }
        Flow::Continue
    }
}

#[derive(Clone, Default)]
struct World {
    disk: Arc<Notify>,
    waiting: Arc<AtomicUsize>,
    pieces: Arc<AtomicUsize>,
}

impl Host<Toy> for World {
    async fn perform(&mut self, ask: Ask) -> Vec<u8> {
        match ask {
            Ask::Sync => {
                let synced = self.disk.notified();
                self.waiting.fetch_add(1, Ordering::SeqCst);
                synced.await;
                b"synced\r\n".to_vec()
            }
            Ask::Piece => {
                self.pieces.fetch_add(1, Ordering::SeqCst);
                vec![b'x'; 64 * 1024]
            }
            Ask::Nap => {
                tokio::time::sleep(Duration::from_millis(2)).await;
                Vec::new()
            }
        }
    }
}

fn port(tls: Option<ServerTls>) -> Port {
    Port { tls, implicit: false, gate: Gate::new(1000, 1000), trace: None, stop: CancellationToken::new() }
}

fn peer() -> SocketAddr {
    "127.0.0.1:1".parse().unwrap()
}

/// Starts a session behind a pipe and reads its greeting.
async fn connect(port: &Port, world: World) -> (DuplexStream, tokio::task::JoinHandle<Ended>) {
    let (mut near, far) = duplex(4096);
    let port = port.clone();
    let task = tokio::spawn(async move { port.run(Box::new(far), peer(), Toy::default(), world).await });
    expect(&mut near, "hello\r\n").await;
    (near, task)
}

async fn expect(stream: &mut DuplexStream, wanted: &str) {
    let mut got = vec![0; wanted.len()];
    stream.read_exact(&mut got).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&got), wanted);
}

#[tokio::test]
async fn a_hundred_sessions_wait_for_one_sync_while_another_answers_at_once() {
    let world = World::default();
    let port = port(None);
    let mut waiting = Vec::new();
    for _ in 0..100 {
        let (mut near, task) = connect(&port, world.clone()).await;
        near.write_all(b"SYNC\r\nPING\r\n").await.unwrap();
        waiting.push((near, task));
    }
    while world.waiting.load(Ordering::SeqCst) < 100 {
        tokio::task::yield_now().await;
    }
    let (mut near, _task) = connect(&port, world.clone()).await;
    near.write_all(b"PING\r\n").await.unwrap();
    expect(&mut near, "pong\r\n").await;
    for (_, task) in &waiting {
        assert!(!task.is_finished(), "nobody was released meanwhile");
    }
    world.disk.notify_waiters();
    for (near, _) in &mut waiting {
        expect(near, "synced\r\npong\r\n").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_reading_costs_no_memory() {
    let world = World::default();
    let port = port(None);
    let (mut near, task) = connect(&port, world.clone()).await;
    near.write_all(b"FLOOD\r\n").await.unwrap();
    // The clock runs through the whole patience; nobody reads.
    assert_eq!(task.await.unwrap(), Ended::Cut);
    let pieces = world.pieces.load(Ordering::SeqCst);
    assert!(pieces <= 2, "{pieces} pieces were made for a client that read none");
}

#[tokio::test(start_paused = true)]
async fn a_word_does_not_wait_for_the_last_of_many_requests() {
    let port = port(None);
    let (mut near, _task) = connect(&port, World::default()).await;
    let started = tokio::time::Instant::now();
    near.write_all(b"NAP\r\nPING\r\n").await.unwrap();
    expect(&mut near, "sleepy\r\n").await;
    let waited = started.elapsed();
    expect(&mut near, "pong\r\n").await;
    assert!(waited < Duration::from_millis(20) && started.elapsed() >= Duration::from_millis(200), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_line_that_drips_has_one_deadline() {
    let port = port(None);
    let (mut near, task) = connect(&port, World::default()).await;
    let started = tokio::time::Instant::now();
    let drip = async {
        while near.write_all(b"P").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
    };
    tokio::select! {
        () = drip => {}
        ended = task => assert_eq!(ended.unwrap(), Ended::TooSlow),
    }
    assert!(started.elapsed() <= Duration::from_secs(361));
}

#[tokio::test(start_paused = true)]
async fn who_always_begins_another_line_has_all_the_time_for_it() {
    let port = port(None);
    let (mut near, task) = connect(&port, World::default()).await;
    near.write_all(b"PI").await.unwrap();
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_secs(60)).await;
        near.write_all(b"NG\r\nPI").await.unwrap();
        expect(&mut near, "pong\r\n").await;
    }
    assert!(!task.is_finished());
}

#[tokio::test]
async fn octets_behind_starttls_close_the_connection() {
    let identity = Identity::self_signed(&["localhost".to_owned()]).unwrap();
    let port = port(Some(ServerTls::new(&identity).unwrap()));
    let (mut near, task) = connect(&port, World::default()).await;
    near.write_all(b"TLS\r\nPING\r\n").await.unwrap();
    let mut rest = String::new();
    near.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "go\r\n");
    assert_eq!(task.await.unwrap(), Ended::Injected);
}

#[tokio::test]
async fn a_stopping_server_says_farewell() {
    let port = port(None);
    let (mut near, task) = connect(&port, World::default()).await;
    port.stop.cancel();
    expect(&mut near, "bye, stopping\r\n").await;
    assert_eq!(task.await.unwrap(), Ended::Shutdown);
}

#[tokio::test]
async fn there_is_room_for_so_many_and_no_more() {
    let port = Port { gate: Gate::new(1, 1), ..port(None) };
    let (_near, _task) = connect(&port, World::default()).await;
    let (mut near, far) = duplex(4096);
    assert_eq!(port.run(Box::new(far), peer(), Toy::default(), World::default()).await, Ended::Closed);
    expect(&mut near, "bye, too many\r\n").await;
    // Where TLS comes first, a handshake would cost more than it says.
    let identity = Identity::self_signed(&["localhost".to_owned()]).unwrap();
    let implicit = Port { implicit: true, tls: Some(ServerTls::new(&identity).unwrap()), ..port };
    let (_near, far) = duplex(4096);
    assert_eq!(implicit.run(Box::new(far), peer(), Toy::default(), World::default()).await, Ended::Handshake);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_speaks_on_behind_the_end_hears_the_last_words() {
    let port = port(None);
    let listener = mailkit::net::tcp::listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.address().unwrap();
    let (stop, tasks) = (port.stop.clone(), tokio_util::task::TaskTracker::new());
    let listening = tokio::spawn(port.listen(listener, tasks, |_| (Toy::default(), World::default())));
    for _ in 0..20 {
        let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
        let mut said = b"PING\r\nQUIT\r\n".to_vec();
        said.extend(b"PING\r\n".repeat(100_000));
        client.write_all(&said).await.unwrap();
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard.len(), "hello\r\npong\r\n".len() + LAST_WORDS);
    }
    stop.cancel();
    listening.await.unwrap();
}
