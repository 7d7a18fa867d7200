//! How fast names are asked for, beside dig, kdig and dnspython: `cargo bench --bench mx [-- --quick]`.
//!
//! Two thousand names of one zone, all by each program in one process and in its best way, against one Knot on loopback,
//! in turns, so that a slow moment hits all of them. First the MX records alone, as the others ask for; then, by us, with
//! the addresses of each exchanger. Then one name as a process, which is mostly the start of a program; and a million
//! names through the program's standard input, no two alike, with the memory that takes. Programs that are not installed
//! are passed over; without `knotd` there is nothing to measure.

#![allow(clippy::unwrap_used, reason = "a bench may stop where it stands")]

use futures_util::StreamExt;
use mailkit::address::Domain;
use mailkit::engine::exchangers::exchangers;
use mailkit::net::resolve::SystemResolver;
use mailkit::world::{RecordKind, Resolve};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Names asked about at once, by us and by dnspython.
const AT_ONCE: usize = 64;
/// The program itself.
const MAILKIT: &str = env!("CARGO_BIN_EXE_mailkit");
/// Interpreters of Python, of which the first that has dnspython is asked.
const PYTHONS: [&str; 2] = ["python3", "/usr/bin/python3"];

fn main() {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let home = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..2000).map(|number| format!("h{number:04}.bench.test")).collect();
    let Some(knot) = Knot::start(home.path()) else { return println!("knotd is not there: nothing to measure") };
    let bench = Bench { home: home.path().to_owned(), server: knot.address, names };
    bench.run(if is_quick { 3 } else { 15 });
    bench.one_name(if is_quick { 10 } else { 100 });
    bench.stream(if is_quick { 20_000 } else { 1_000_000 });
}

/// A name server with the zone.
struct Knot {
    child: Child,
    address: SocketAddr,
}

impl Knot {
    fn start(home: &Path) -> Option<Self> {
        let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut zone = "$TTL 300\n@ SOA ns host 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n".to_owned();
        for n in 0..2000 {
            let (three, four) = (n / 250, n % 250 + 1);
            let _ = writeln!(zone, "h{n:04} MX 10 m{n:04}\nh{n:04} MX 20 m0000\nm{n:04} A 127.1.{three}.{four}");
        }
        zone.push_str("*.any MX 10 m0000\n");
        std::fs::write(home.join("bench.test"), zone).unwrap();
        let shown = home.display();
        let settings = format!(
            "server:\n  listen: 127.0.0.1@{port}\n  rundir: \"{shown}\"\n  udp-workers: 1\n  tcp-workers: 1\n\
             database:\n  storage: \"{shown}\"\nzone:\n  - domain: bench.test\n    file: \"{shown}/bench.test\"\n"
        );
        let file = home.join("knot.conf");
        std::fs::write(&file, settings).unwrap();
        let program = ["knotd", "/usr/sbin/knotd"];
        let start = |program: &&str| {
            let quiet = || Stdio::null();
            Command::new(program).arg("-c").arg(&file).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn().ok()
        };
        let child = program.iter().find_map(start)?;
        let knot = Self { child, address: ([127, 0, 0, 1], port).into() };
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end {
            let is_up = ask(knot.address, &["h0000.bench.test".to_owned()], Depth::Mx) == 1;
            if is_up {
                return Some(knot);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("knotd does not answer");
    }
}

impl Drop for Knot {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Clone, Copy)]
enum Depth {
    /// The exchangers' names.
    Mx,
    /// Their addresses too.
    Addresses,
}

/// Asks for all names by our client. How many had two exchangers, or one.
fn ask(server: SocketAddr, names: &[String], depth: Depth) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let resolver = SystemResolver::at(server).unwrap();
        let one = async |name: &String| match depth {
            Depth::Mx => resolver.lookup(name, RecordKind::Mx).await.is_ok_and(|answer| !answer.records.is_empty()),
            Depth::Addresses => {
                let found = exchangers(&resolver, &Domain::parse(name).unwrap()).await;
                found.is_ok_and(|found| found.hosts.iter().all(|host| !host.addresses.is_empty()))
            }
        };
        let found = futures_util::stream::iter(names.iter().map(one)).buffered(AT_ONCE);
        found.filter(|is_good| std::future::ready(*is_good)).count().await
    })
}

struct Bench {
    home: PathBuf,
    server: SocketAddr,
    names: Vec<String>,
}

impl Bench {
    fn run(&self, rounds: usize) {
        let batch = self.home.join("names");
        std::fs::write(&batch, self.names.iter().map(|name| format!("{name} MX\n")).collect::<String>()).unwrap();
        let (host, port) = (format!("@{}", self.server.ip()), self.server.port().to_string());
        let script = self.home.join("all.py");
        std::fs::write(&script, PYTHON).unwrap();
        let dig = ["dig", &host, "-p", &port, "+short", "-f", batch.to_str().unwrap()].map(str::to_owned).to_vec();
        let mut kdig = ["kdig", &host, "-p", &port, "+short"].map(str::to_owned).to_vec();
        kdig.extend(
            self.names.iter().flat_map(|name| ["-q".to_owned(), name.clone(), "-t".to_owned(), "MX".to_owned()]),
        );
        let has_dns = |python: &&&str| timed(&[python, "-c", "import dns; print(dns)"].map(str::to_owned), 1).is_some();
        let interpreter = PYTHONS.iter().find(has_dns).unwrap_or(&PYTHONS[0]);
        let python =
            [interpreter, script.to_str().unwrap(), &port, batch.to_str().unwrap()].map(str::to_owned).to_vec();
        let mut rows = Rows::default();
        for _ in 0..rounds {
            for (name, depth) in [("mailkit, MX", Depth::Mx), ("mailkit, MX and addresses", Depth::Addresses)] {
                let began = Instant::now();
                assert_eq!(ask(self.server, &self.names, depth), self.names.len(), "{name}");
                rows.note(name, began.elapsed());
            }
            for (name, command) in [("kdig", &kdig), ("dig", &dig), ("dnspython", &python)] {
                // Two exchangers for each name.
                if let Some(taken) = timed(command, 2 * self.names.len() - 1) {
                    rows.note(name, taken);
                }
            }
        }
        println!("{:26} {:>10} {:>10} {:>10}  names a second: median, slowest, fastest", "", "median", "min", "max");
        for (name, [median, first, last]) in rows.sorted() {
            let rate = |taken: Duration| (self.names.len() as f64 / taken.as_secs_f64()).round();
            println!("{name:26} {:>10} {:>10} {:>10}", rate(median), rate(last), rate(first));
        }
    }

    /// One name by one process, from its start to its end. The others are asked for the MX records; we look up the
    /// addresses behind them, too.
    fn one_name(&self, rounds: usize) {
        let (server, port) = (format!("@{}", self.server), self.server.port().to_string());
        let (host, name) = (format!("@{}", self.server.ip()), self.names[0].as_str());
        let commands: [(&str, Vec<&str>); 4] = [
            ("mailkit mx lookup --short", vec![MAILKIT, "mx", "lookup", &server, "--private", "--short", name]),
            ("mailkit mx lookup", vec![MAILKIT, "mx", "lookup", &server, "--private", name]),
            ("kdig", vec!["kdig", &host, "-p", &port, "+short", name, "MX"]),
            ("dig", vec!["dig", &host, "-p", &port, "+short", name, "MX"]),
        ];
        let mut rows = Rows::default();
        for _ in 0..rounds {
            for (name, command) in &commands {
                let command: Vec<_> = command.iter().map(|word| (*word).to_owned()).collect();
                if let Some(taken) = timed(&command, 2) {
                    rows.note(name, taken);
                }
            }
        }
        println!("\n{:26} {:>10} {:>10} {:>10}  milliseconds for one name", "", "median", "min", "max");
        for (name, taken) in rows.sorted() {
            let [median, first, last] = taken.map(|taken| format!("{:.2}", taken.as_secs_f64() * 1000.0));
            println!("{name:26} {median:>10} {first:>10} {last:>10}");
        }
    }

    /// Names through standard input, no two alike, and what memory that took.
    fn stream(&self, count: usize) {
        let server = format!("@{}", self.server);
        let began = Instant::now();
        let mut child = Command::new(MAILKIT)
            .args(["mx", "lookup", &server, "--private", "--jsonl", "--jobs", "100", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut names = BufWriter::new(child.stdin.take().unwrap());
        let feeder = std::thread::spawn(move || {
            for number in 0..count {
                writeln!(names, "n{number}.any.bench.test").unwrap();
            }
        });
        let mut peak = 0;
        let mut lines = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            line.unwrap();
            lines += 1;
            // The last look is at the last line but a few: what a process has taken, it has not given back by then.
            if lines % 1000 == 0 || lines + 10 > count {
                peak = peak.max(most_memory(child.id()).unwrap_or(0));
            }
        }
        feeder.join().unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(lines, count, "a line for each name");
        let taken = began.elapsed().as_secs_f64();
        println!("\n{count} names, no two alike: {taken:.1} s, {:.0} a second, {peak} KiB", count as f64 / taken);
    }
}

/// What each program took, in the order they first came.
#[derive(Default)]
struct Rows(Vec<(&'static str, Vec<Duration>)>);

impl Rows {
    fn note(&mut self, name: &'static str, taken: Duration) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, all)) => all.push(taken),
            None => self.0.push((name, vec![taken])),
        }
    }

    /// The median, the shortest and the longest of each.
    fn sorted(self) -> impl Iterator<Item = (&'static str, [Duration; 3])> {
        self.0.into_iter().map(|(name, mut taken)| {
            taken.sort();
            (name, [taken[taken.len() / 2], taken[0], taken[taken.len() - 1]])
        })
    }
}

/// How long a program took that printed so many lines; none if it did not, or is not there.
fn timed(command: &[String], lines_min: usize) -> Option<Duration> {
    let began = Instant::now();
    let said = Command::new(&command[0]).args(&command[1..]).stderr(Stdio::null()).output().ok()?;
    let taken = began.elapsed();
    let lines = said.stdout.split(|octet| *octet == b'\n').filter(|line| !line.is_empty()).count();
    (lines >= lines_min).then_some(taken)
}

/// The most memory that a process has had, in KiB.
fn most_memory(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

const PYTHON: &str = "
import asyncio, sys
import dns.asyncresolver
async def main():
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ['127.0.0.1'], int(sys.argv[1])
    turn = asyncio.Semaphore(64)
    async def one(name):
        async with turn:
            for record in await resolver.resolve(name, 'MX'):
                print(record)
    await asyncio.gather(*(one(line.split()[0]) for line in open(sys.argv[2])))
asyncio.run(main())
";
