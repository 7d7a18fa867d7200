//! How fast a message leaves, beside msmtp, swaks and curl: `cargo bench --bench send [-- --quick]`.
//!
//! One message from start to accepted; a thousand messages, each program in its best way; an attachment of 1 GiB,
//! with the memory it takes. All against one server in this process, which takes everything and keeps nothing, in
//! turns, so that a slow moment hits all of them. Programs that are not installed are passed over.

#![allow(clippy::unwrap_used, reason = "a bench may stop where it stands")]

use mailkit::address::Domain;
use mailkit::endpoint::Endpoint;
use mailkit::engine::dial::Way;
use mailkit::engine::smtp::Manner;
use mailkit::envelope::{Envelope, ForwardPath, ReversePath};
use mailkit::net::tcp::Tcp;
use mailkit::net::tls::Trust;
use mailkit::submit::Submission;
use mailkit::submit::line::Line;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const TEXT: &str = "From: alice@crepes.example\r\nTo: bob@hamburger.example\r\nSubject: Crepes\r\n\
    Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@crepes.example>\r\n\r\nDo you like ketchup?\r\n";
const PEERS: [&str; 3] = ["msmtp", "swaks", "curl"];
/// The size of the attachment.
const LARGE: u64 = 1024 * 1024 * 1024;

fn main() {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let home = tempfile::tempdir().unwrap();
    let bench = Bench::new(home.path().to_owned());
    bench.one_message(if is_quick { 5 } else { 30 });
    bench.many_messages(if is_quick { 100 } else { 1000 });
    bench.large_attachment(if is_quick { LARGE / 16 } else { LARGE });
}

struct Bench {
    home: PathBuf,
    address: SocketAddr,
    /// When the server answered the end of each message.
    accepted: Receiver<Instant>,
    programs: Vec<&'static str>,
}

impl Bench {
    fn new(home: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, accepted) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let tell = tell.clone();
                std::thread::spawn(move || serve(&stream.unwrap(), &tell));
            }
        });
        std::fs::write(home.join("message"), TEXT).unwrap();
        let is_there = |name: &&str| Command::new(name).arg("--version").stdout(Stdio::null()).status().is_ok();
        Self { home, address, accepted, programs: PEERS.into_iter().filter(is_there).collect() }
    }

    fn one_message(&self, rounds: usize) {
        println!("one message, from start to accepted, median of {rounds} [ms]");
        let mut times: Vec<(&str, Vec<f64>)> =
            std::iter::once("mailkit").chain(self.programs.iter().copied()).map(|name| (name, Vec::new())).collect();
        for _ in 0..rounds {
            for (name, times) in &mut times {
                let start = Instant::now();
                self.send_one(name);
                times.push(milliseconds(self.accepted.recv().unwrap() - start));
            }
        }
        let medians: Vec<(&str, f64)> = times.iter_mut().map(|(name, times)| (*name, median(times))).collect();
        print(&medians, "of mailkit's time");
    }

    fn many_messages(&self, count: u32) {
        println!("{count} messages, each program in its best way [messages a second]");
        let mut rates = vec![("mailkit", rate(count, || self.library(count)))];
        for name in &self.programs {
            // One process for each message, but for curl, which can be told all at once and keeps the connection.
            let count = if *name == "swaks" { count / 10 } else { count };
            rates.push((*name, rate(count, || self.peer_sends(name, count))));
        }
        self.accepted.try_iter().for_each(drop);
        print(&rates, "of mailkit's rate");
    }

    fn large_attachment(&self, size: u64) {
        println!("an attachment of {} MiB [s], and the memory for it", size / 1024 / 1024);
        let path = self.home.join("large.bin");
        File::create(&path).unwrap().set_len(size).unwrap();
        let mut mailkit = Command::new(env!("CARGO_BIN_EXE_mailkit"));
        mailkit.args(["send", "-f", "alice@crepes.example", "-s", "Large", "--server"]);
        mailkit.arg(format!("smtp://{}", self.address)).arg("-a").arg(&path).arg("bob@hamburger.example");
        let mut found = vec![("mailkit", self.weigh(mailkit))];
        if self.programs.contains(&"curl") {
            let mut curl = Command::new("curl");
            curl.args(["-sS", "--url"]).arg(format!("smtp://{}", self.address));
            curl.args(["--mail-from", "alice@crepes.example", "--mail-rcpt", "bob@hamburger.example"]);
            curl.args(["-H", "Subject: Large", "-F", "=Do you like ketchup?;type=text/plain", "-F"]);
            curl.arg(format!("file=@{};encoder=base64", path.display()));
            found.push(("curl", self.weigh(curl)));
        }
        for (name, (time, memory)) in found {
            println!("  {name:<8} {:>8.2}   {:>6} KiB", time.as_secs_f64(), memory);
        }
        println!(
            "  msmtp and swaks attach nothing of this size: one takes finished messages, one holds them in memory"
        );
    }

    /// Runs a program until its message is accepted; gives the time and the most memory it had.
    fn weigh(&self, mut command: Command) -> (Duration, u64) {
        let start = Instant::now();
        let mut child = self.start(&mut command);
        child.stdin.take().unwrap().write_all(b"Do you like ketchup?\n").unwrap();
        let status = PathBuf::from(format!("/proc/{}/status", child.id()));
        let mut memory = 0;
        while child.try_wait().unwrap().is_none() {
            memory = high_water(&status).unwrap_or(memory).max(memory);
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(child.wait().unwrap().success(), "{command:?}");
        (self.accepted.recv().unwrap() - start, memory)
    }

    fn send_one(&self, name: &str) {
        let mut command = self.command(name);
        let mut child = self.start(&mut command);
        child.stdin.take().unwrap().write_all(TEXT.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "{command:?}");
    }

    fn start(&self, command: &mut Command) -> Child {
        command.env("HOME", &self.home).env("MAILKIT_CONFIG", "/dev/null");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
    }

    /// How a program sends the message that comes on its standard input.
    fn command(&self, name: &str) -> Command {
        let (host, port) = (self.address.ip().to_string(), self.address.port().to_string());
        let (from, to) = ("alice@crepes.example", "bob@hamburger.example");
        let mut command = Command::new(if name == "mailkit" { env!("CARGO_BIN_EXE_mailkit") } else { name });
        match name {
            "mailkit" => command
                .args(["send", "-r", from, "--message", "-", "--server"])
                .arg(format!("smtp://{}", self.address))
                .arg(to),
            "msmtp" => command.args(["--host", &host, "--port", &port, "--tls=off", "--from", from, to]),
            "swaks" => command.args(["--server", &host, "--port", &port, "--from", from, "--to", to, "--data", "-"]),
            _ => command
                .args(["-sS", "--crlf", "--mail-from", from, "--mail-rcpt", to, "-T", "-", "--url"])
                .arg(format!("smtp://{host}:{port}")),
        };
        command
    }

    fn peer_sends(&self, name: &str, count: u32) {
        if name != "curl" {
            return (0..count).for_each(|_| self.send_one(name));
        }
        let message = self.home.join("message");
        let one = format!(
            "url = smtp://{}\nmail-from = alice@crepes.example\nmail-rcpt = bob@hamburger.example\nupload-file = {}\n",
            self.address,
            message.display()
        );
        let path = self.home.join("curl.conf");
        std::fs::write(&path, vec![one; count as usize].join("next\n")).unwrap();
        let mut command = Command::new("curl");
        command.arg("-sS").arg("-K").arg(&path);
        assert!(self.start(&mut command).wait().unwrap().success());
    }

    /// All messages over one connection, by the library.
    fn library(&self, count: u32) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let path = ForwardPath::parse("<bob@hamburger.example>").unwrap();
            let envelope = Envelope::new(ReversePath::parse("<alice@crepes.example>").unwrap(), vec![path]);
            let endpoint = Endpoint::parse(&format!("smtp://{}", self.address)).unwrap();
            let content = TEXT.as_bytes().to_vec();
            let submission = Submission {
                endpoint: &endpoint,
                way: Way::to(vec![self.address], Trust::Anyone),
                credentials: None,
                helo: Domain::parse("crepes.example").unwrap(),
                envelope: &envelope,
                content: &content,
                needs_utf8: false,
                manner: Manner::default(),
                required: &[],
                trace: None,
                stop: CancellationToken::new(),
            };
            let mut line = Line::new(&Tcp);
            for _ in 0..count {
                let submitted = line.send(&submission, |_| {}).await.unwrap();
                assert!(submitted.recipients[0].1.is_accepted());
            }
            line.close().await;
        });
    }
}

/// A server that takes everything.
fn serve(stream: &TcpStream, accepted: &Sender<Instant>) {
    stream.set_nodelay(true).unwrap();
    let mut out = stream;
    let mut lines = BufReader::with_capacity(256 * 1024, stream);
    let mut say = |text: &str| out.write_all(text.as_bytes()).is_ok();
    let mut line = Vec::new();
    let mut is_fine = say("220 sink ESMTP\r\n");
    while is_fine {
        line.clear();
        if lines.read_until(b'\n', &mut line).unwrap_or(0) == 0 {
            return;
        }
        let verb = String::from_utf8_lossy(line.get(..4).unwrap_or_default()).to_ascii_uppercase();
        is_fine = match verb.as_str() {
            "EHLO" => say("250-sink\r\n250-PIPELINING\r\n250-SIZE\r\n250 8BITMIME\r\n"),
            "QUIT" => {
                say("221 bye\r\n");
                return;
            }
            "DATA" => {
                let _ = say("354 go\r\n");
                skip_text(&mut lines);
                let is_fine = say("250 2.0.0 queued\r\n");
                let _ = accepted.send(Instant::now());
                is_fine
            }
            _ => say("250 2.0.0 ok\r\n"),
        };
    }
}

/// Reads up to the lone dot; as fast as can be, so that the server is nobody's bottleneck.
fn skip_text(lines: &mut impl BufRead) {
    let mut tail: Vec<u8> = b"\r\n".to_vec();
    loop {
        let Ok(buffer) = lines.fill_buf() else { return };
        if buffer.is_empty() {
            return;
        }
        // Nothing comes behind the dot before it is answered, so it is at the end of what there is.
        let count = buffer.len();
        tail.extend_from_slice(&buffer[count.saturating_sub(5)..]);
        tail.drain(..tail.len().saturating_sub(5));
        lines.consume(count);
        if tail == b"\r\n.\r\n" {
            return;
        }
    }
}

/// The most memory a process has had so far, in KiB.
fn high_water(status: &Path) -> Option<u64> {
    let mut text = String::new();
    File::open(status).ok()?.read_to_string(&mut text).ok()?;
    text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

fn rate(count: u32, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    f64::from(count) / start.elapsed().as_secs_f64()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Each figure, and its ratio to the first.
fn print(figures: &[(&str, f64)], of_what: &str) {
    let first = figures[0].1;
    for (name, figure) in figures {
        println!("  {name:<8} {figure:>10.2}   {:>8.2} {of_what}", figure / first);
    }
}
