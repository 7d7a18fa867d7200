//! `serve` is killed in the middle of deliveries, again and again: what was acknowledged is in the mailbox
//! afterwards, once.
//!
//! `MAILKIT_CRASH_ROUNDS` sets how often (3 by default, 10 in CI's own step).

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod watchdog;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout_at;

const CLIENTS: usize = 200;
/// Whoever the kernel does not tell that the server is dead waits no longer than this.
const GRACE: Duration = Duration::from_secs(5);
/// A round takes about a second; a machine that is busy with other things, some more.
const ROUND_MAX: Duration = Duration::from_secs(30);

/// A server that dies with its test.
struct Serve {
    child: Child,
    smtp: SocketAddr,
}

impl Serve {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mailkit"))
            .args(["serve", "--hostname", "mx.example", "--smtp", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let stdout = child.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut ready).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&ready).expect("a ready line");
        assert_eq!(ready["ready"], true);
        let smtp = ready["listen"]["smtp"].as_str().unwrap().parse().unwrap();
        Self { child, smtp }
    }
}

impl Drop for Serve {
    /// SIGKILL: no farewell, no tidying up.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9() {
    let rounds = std::env::var("MAILKIT_CRASH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let _watch = watchdog::over(format!("{rounds} kills"), ROUND_MAX * (u32::try_from(rounds).unwrap() + 4));
    let directory = tempfile::tempdir().unwrap();
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let tried = Arc::new(AtomicUsize::new(0));
    let mut unaware = 0;
    for round in 0..rounds {
        let serve = Serve::start(directory.path());
        let before = acknowledged.lock().unwrap().len();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (smtp, acknowledged, tried) = (serve.smtp, acknowledged.clone(), tried.clone());
                tokio::spawn(async move {
                    // The connection breaks when the server is killed: that ends the client.
                    let _ = deliver(smtp, round, client, &acknowledged, &tried).await;
                })
            })
            .collect();
        // Somewhere in the middle: later in each round, and never when all is quiet.
        let enough = before + 100 + 90 * round;
        let deadline = Instant::now() + ROUND_MAX;
        while acknowledged.lock().unwrap().len() < enough {
            assert!(Instant::now() < deadline, "the server acknowledges nothing");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        drop(serve);
        let deadline = tokio::time::Instant::now() + GRACE;
        for mut client in clients {
            match timeout_at(deadline, &mut client).await {
                Ok(ended) => ended.unwrap(),
                Err(_) => {
                    unaware += 1;
                    client.abort();
                }
            }
        }
    }
    let acknowledged = acknowledged.lock().unwrap().clone();
    let _serve = Serve::start(directory.path());
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_queue_empty(directory.path()) {
        assert!(Instant::now() < deadline, "the queue never empties");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let found = mailbox(directory.path());
    let missing: Vec<_> = acknowledged.iter().filter(|id| !found.contains_key(*id)).collect();
    assert!(missing.is_empty(), "{} acknowledged messages are lost: {missing:?}", missing.len());
    let doubled: Vec<_> = found.iter().filter(|(_, count)| **count > 1).collect();
    assert!(doubled.is_empty(), "delivered more than once: {doubled:?}");
    println!(
        "{rounds} kills ({unaware} clients never noticed): {} messages tried, {} acknowledged, {} in the mailbox, \
         none lost, none doubled",
        tried.load(Ordering::Relaxed),
        acknowledged.len(),
        found.len()
    );
}

/// Nothing waits any more: what is in the mailboxes now is all there will be.
fn is_queue_empty(data: &Path) -> bool {
    let mut queue = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    let queue = queue.env("MAILKIT_CONFIG", "/dev/null").args(["relay", "queue", "--json", "--data"]).arg(data);
    let output = queue.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout.is_empty()
}

/// A message; every tenth is larger than what travels inside a record of the spool.
fn text(id: &str, is_large: bool) -> String {
    let lines = if is_large { 5000 } else { 20 };
    format!("Subject: crash\r\nX-Crash-Id: {id} {is_large}\r\n\r\n{}", ("x".repeat(70) + "\r\n").repeat(lines))
}

/// Sends one message after the other until the connection breaks.
async fn deliver(
    smtp: SocketAddr,
    round: usize,
    client: usize,
    acknowledged: &Mutex<Vec<String>>,
    tried: &AtomicUsize,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(TcpStream::connect(smtp).await?);
    expect(&mut stream, "220").await?;
    stream.write_all(b"EHLO client.example\r\n").await?;
    expect(&mut stream, "250").await?;
    for number in 0.. {
        let id = format!("{round}.{client}.{number}");
        stream.write_all(b"MAIL FROM:<a@client.example>\r\nRCPT TO:<b@mx.example>\r\nDATA\r\n").await?;
        for code in ["250", "250", "354"] {
            expect(&mut stream, code).await?;
        }
        tried.fetch_add(1, Ordering::Relaxed);
        let is_large = (client + number) % 10 == 9;
        stream.write_all((text(&id, is_large) + ".\r\n").as_bytes()).await?;
        expect(&mut stream, "250").await?;
        acknowledged.lock().unwrap().push(id);
    }
    Ok(())
}

async fn expect(stream: &mut BufReader<TcpStream>, code: &str) -> std::io::Result<()> {
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        assert!(line.starts_with(code), "wanted {code}, heard {line}");
        if line.as_bytes().get(3) == Some(&b' ') {
            return Ok(());
        }
    }
}

/// How often each message is in the catch-all mailbox; each must be whole.
fn mailbox(data: &Path) -> HashMap<String, usize> {
    let maildir: PathBuf = data.join("mail/catchall/Maildir");
    let mut found = HashMap::new();
    for directory in ["new", "cur"] {
        for entry in std::fs::read_dir(maildir.join(directory)).unwrap() {
            let octets = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let (_, rest) = octets.split_once("\nX-Crash-Id: ").expect("a whole header section");
            let (id, is_large) = rest.lines().next().unwrap().split_once(' ').unwrap();
            let wanted = text(id, is_large == "true").replace("\r\n", "\n");
            assert!(octets.ends_with(&wanted), "{id} is not whole: {} octets", octets.len());
            *found.entry(id.to_owned()).or_insert(0) += 1;
        }
    }
    found
}
