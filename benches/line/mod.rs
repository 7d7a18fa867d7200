//! A line with a length: what goes in at one end comes out at the other after half a round trip, and is counted.
//!
//! Knows no protocol. A turn is what costs a round trip: a client that says something after the server has.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A line to one server.
pub(crate) struct Line {
    address: SocketAddr,
    counted: Arc<Mutex<Counts>>,
}

/// What went over it since somebody asked last.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    /// Octets from clients.
    pub(crate) up: u64,
    /// Octets to clients.
    pub(crate) down: u64,
    /// How often a client spoke after the server.
    pub(crate) turns: u64,
    /// Connections.
    pub(crate) connections: u64,
    has_server_spoken: bool,
}

#[derive(Clone, Copy)]
enum Way {
    Up,
    Down,
}

impl Line {
    /// To a server, with this round trip.
    pub(crate) fn to(server: SocketAddr, round_trip: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let counted = Arc::new(Mutex::new(Counts::default()));
        let counts = counted.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect(server) else { continue };
                let _ = (client.set_nodelay(true), far.set_nodelay(true));
                // A handshake of TCP costs a round trip of its own, which loopback does not have.
                let begun = Instant::now() + round_trip;
                counts.lock().unwrap().connections += 1;
                let (client_too, far_too) = (client.try_clone().unwrap(), far.try_clone().unwrap());
                carry(client, far, Way::Up, round_trip / 2, begun, counts.clone());
                carry(far_too, client_too, Way::Down, round_trip / 2, begun, counts.clone());
            }
        });
        Self { address, counted }
    }

    /// Where clients connect.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What went over it, counted from zero again.
    pub(crate) fn take(&self) -> Counts {
        std::mem::take(&mut self.counted.lock().unwrap())
    }
}

/// Carries octets one way: one thread takes them in, another lets them out in time.
fn carry(mut from: TcpStream, to: TcpStream, way: Way, delay: Duration, begun: Instant, counts: Arc<Mutex<Counts>>) {
    let (put, take) = channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || let_out(to, &take));
    thread::spawn(move || {
        let mut buffer = vec![0; 256 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            counts.lock().unwrap().count(way, count as u64);
            let due = begun.max(Instant::now() + delay);
            if put.send((due, buffer[..count].to_vec())).is_err() {
                return;
            }
        }
    });
}

fn let_out(mut to: TcpStream, take: &Receiver<(Instant, Vec<u8>)>) {
    for (due, octets) in take {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&octets).is_err() {
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

impl Counts {
    fn count(&mut self, way: Way, octets: u64) {
        match way {
            Way::Up => {
                self.up += octets;
                self.turns += u64::from(std::mem::take(&mut self.has_server_spoken));
            }
            Way::Down => {
                self.down += octets;
                self.has_server_spoken = true;
            }
        }
    }
}
