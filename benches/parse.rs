//! How fast mail is read, beside mblaze, ripmime, munpack, notmuch, Python's email and the bare mail-parser library.
//!
//! `cargo bench --bench parse`; with `-- --quick` a tenth of it. Whoever of the others is not there is left out: mblaze,
//! ripmime, mpack and notmuch are packages of Debian. All read the same messages from the page cache and are asked for
//! the same: a field, a list, the structure, the attachments, JSON. First on one core, then on all, where they can.

#[path = "parse/corpus.rs"]
mod corpus;

use mail_parser::{MessageParser, MimeHeaders};
use mailkit::message::view::Message;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: usize = 3;

fn main() {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let (count, size) = if is_quick { (1_000, 1 << 27) } else { (10_000, 1 << 30) };
    let home = tempfile::tempdir().expect("a directory");
    let bench = Bench::new(home.path(), count, size);
    bench.library();
    bench.fields();
    bench.list();
    bench.structure();
    bench.json();
    bench.extract();
    bench.index();
    bench.mbox();
}

struct Bench {
    home: PathBuf,
    /// Messages in the Maildir, and their octets.
    count: u64,
    octets: u64,
    /// Messages in the mbox, and its octets.
    boxed: u64,
    box_octets: u64,
}

/// What a program took.
struct Taken {
    time: Duration,
    /// The most memory it had, in KiB.
    memory: u64,
    lines: usize,
}

impl Bench {
    fn new(home: &Path, count: u64, size: u64) -> Self {
        println!("making {count} messages and an mbox of {} MiB", size >> 20);
        let octets = corpus::maildir(&home.join("md"), count);
        let boxed = corpus::mbox(&home.join("box"), size);
        let box_octets = fs::metadata(home.join("box")).expect("a file").len();
        let list: String = (0..count).map(|n| format!("{}/md/cur/{n:06}.bench:2,S\n", home.display())).collect();
        fs::write(home.join("list"), list).expect("a file");
        fs::write(home.join("read.py"), PYTHON).expect("a file");
        Self { home: home.to_owned(), count, octets, boxed, box_octets }
    }

    /// The reading itself, without files and output: a message and the content of each of its parts.
    fn library(&self) {
        println!("\nin memory, one core: structure, and each part decoded");
        let messages: Vec<Vec<u8>> = (0..self.count).map(corpus::message).collect();
        let ours = || {
            messages.iter().map(|octets| {
                let message = Message::parse(octets);
                message.parts().iter().map(|part| message.content(part).content.len()).sum::<usize>()
            })
        };
        let theirs = || {
            messages.iter().map(|octets| {
                let message = MessageParser::default().parse(octets).expect("a message");
                message.parts.iter().map(|part| part.contents().len()).sum::<usize>()
            })
        };
        let structure = || messages.iter().map(|octets| Message::parse(octets).parts().len());
        let names = || {
            messages.iter().map(|octets| {
                let message = MessageParser::default().parse(octets).expect("a message");
                message.parts.iter().filter_map(|part| part.attachment_name()).count()
            })
        };
        let mut rows = vec![
            ("mailkit", self.best(|| ours().sum())),
            ("mail-parser", self.best(|| theirs().sum())),
            ("mailkit, structure only", self.best(|| structure().sum())),
            ("mail-parser, names only", self.best(|| names().sum())),
        ];
        for (_, taken) in &mut rows {
            taken.memory = 0;
        }
        self.print(&rows, self.count, self.octets);
    }

    fn best(&self, mut work: impl FnMut() -> usize) -> Taken {
        let time = (0..RUNS).map(|_| {
            let start = Instant::now();
            std::hint::black_box(work());
            start.elapsed()
        });
        Taken { time: time.min().expect("it ran"), memory: 0, lines: 0 }
    }

    fn fields(&self) {
        let rows = [
            ("mailkit", "mailkit parse -H Subject --files-from list --jobs 1"),
            ("mailkit, all cores", "mailkit parse -H Subject --files-from list"),
            ("mhdr", "mhdr -d -h subject <list"),
            ("python", "python3 read.py subject list"),
        ];
        self.compare("one field of each message", &rows, self.count, self.octets);
    }

    fn list(&self) {
        let rows = [
            ("mailkit", "mailkit parse --scan --files-from list --jobs 1"),
            ("mailkit, all cores", "mailkit parse --scan --files-from list"),
            ("mscan", "mscan <list"),
            ("python", "python3 read.py scan list"),
        ];
        self.compare("one line for each message", &rows, self.count, self.octets);
    }

    fn structure(&self) {
        let rows = [
            ("mailkit", "mailkit parse --files-from list --jobs 1"),
            ("mailkit, all cores", "mailkit parse --files-from list"),
            ("mshow", "xargs mshow -t <list"),
            ("python", "python3 read.py tree list"),
        ];
        self.compare("the structure of each message", &rows, self.count, self.octets);
    }

    fn json(&self) {
        let rows = [
            ("mailkit", "mailkit parse --jsonl --files-from list --jobs 1"),
            ("mailkit, all cores", "mailkit parse --jsonl --files-from list"),
            ("mailkit, texts", "mailkit parse --jsonl --bodies text --files-from list --jobs 1"),
            ("python", "python3 read.py json list"),
        ];
        self.compare("fields, parts, sizes and SHA-256 of each message as JSON lines", &rows, self.count, self.octets);
    }

    fn extract(&self) {
        let rows = [
            ("mailkit", "mailkit parse -x out --files-from list"),
            ("ripmime", "ripmime -q -i md/cur -d out --unique-names --no-nameless"),
            ("munpack", "xargs munpack -q -C out <list"),
            ("python", "python3 read.py extract list"),
        ];
        self.compare("attachments into a directory", &rows, self.count, self.octets);
    }

    fn index(&self) {
        let config =
            format!("[database]\npath={}/md\n[user]\nname=a\nprimary_email=a@crepes.example\n", self.home.display());
        fs::write(self.home.join("notmuch.conf"), config).expect("a file");
        let rows = [
            ("mailkit --text", "mailkit parse --text --files-from list --jobs 1"),
            ("notmuch new", "notmuch --config=notmuch.conf new --quiet --no-hooks"),
        ];
        self.compare("the texts of each message (notmuch also writes an index)", &rows, self.count, self.octets);
    }

    fn mbox(&self) {
        let rows = [
            ("mailkit", "mailkit parse --jsonl box --jobs 1"),
            ("mailkit, all cores", "mailkit parse --jsonl box"),
            ("mailkit --scan", "mailkit parse --scan box --jobs 1"),
            ("python", "python3 read.py mbox box"),
        ];
        self.compare("an mbox to JSON lines", &rows, self.boxed, self.box_octets);
    }

    /// Runs each of the commands, all but those that say otherwise on one core, and prints what they took.
    fn compare(&self, what: &str, rows: &[(&'static str, &str)], count: u64, octets: u64) {
        println!("\n{what}");
        let is_there = |line: &str| {
            let name = line.trim_start_matches("xargs ").split(' ').next().unwrap_or_default();
            name == "mailkit"
                || Command::new("which").arg(name).stdout(Stdio::null()).status().is_ok_and(|s| s.success())
        };
        let run = |(name, line): &(&'static str, &str)| (*name, self.run(line, !name.contains("all cores")));
        let round = || rows.iter().filter(|(_, line)| is_there(line)).map(run).collect::<Vec<_>>();
        // One after the other, and all of them again: a machine whose speed wanders does so for each of them.
        let mut best = round();
        for _ in 1..RUNS {
            for (best, (_, again)) in best.iter_mut().zip(round()) {
                if again.time < best.1.time {
                    best.1 = again;
                }
            }
        }
        self.print(&best, count, octets);
    }

    fn run(&self, line: &str, is_alone: bool) -> Taken {
        for made in ["out", "md/.notmuch"] {
            let _ = fs::remove_dir_all(self.home.join(made));
        }
        fs::create_dir(self.home.join("out")).expect("a directory");
        let output = self.home.join("output");
        let line = line.replace("mailkit parse", &format!("{} parse", env!("CARGO_BIN_EXE_mailkit")));
        let line = if is_alone { format!("exec taskset -c 0 {}", in_shell(&line)) } else { format!("exec {line}") };
        let mut command = Command::new("sh");
        command.arg("-c").arg(&line).current_dir(&self.home).env("HOME", &self.home).env("MAILKIT_CONFIG", "/dev/null");
        command.stdin(Stdio::null()).stdout(File::create(&output).expect("a file")).stderr(Stdio::null());
        let start = Instant::now();
        let mut child = command.spawn().expect("a shell");
        let status = PathBuf::from(format!("/proc/{}/status", child.id()));
        let mut memory = 0;
        while child.try_wait().expect("it runs").is_none() {
            memory = high_water(&status).unwrap_or(0).max(memory);
            std::thread::sleep(Duration::from_millis(2));
        }
        let time = start.elapsed();
        let lines = memchr::memchr_iter(b'\n', &fs::read(output).expect("output")).count();
        Taken { time, memory, lines }
    }

    /// Each rate, and its ratio to the first.
    fn print(&self, rows: &[(&str, Taken)], count: u64, octets: u64) {
        let rate = |taken: &Taken| count as f64 / taken.time.as_secs_f64();
        let first = rows.first().map_or(1.0, |(_, taken)| rate(taken));
        for (name, taken) in rows {
            let speed = octets as f64 / 1024.0 / 1024.0 / taken.time.as_secs_f64();
            println!(
                "  {name:<24} {:>10.0} messages/s {speed:>8.0} MiB/s {:>8.3} of mailkit's rate {:>8} KiB {:>9} lines",
                rate(taken),
                rate(taken) / first,
                taken.memory,
                taken.lines
            );
        }
    }
}

/// A pipeline or a redirection as one word that `taskset` can run.
fn in_shell(line: &str) -> String {
    match line.split_once('<') {
        Some((command, file)) => format!("{command} <{file}"),
        None => line.to_owned(),
    }
}

/// The most memory a process has had so far, in KiB.
fn high_water(status: &Path) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

/// What Python's library is asked for: the same as the others.
const PYTHON: &str = r#"
import email, email.parser, email.policy, hashlib, json, mailbox, os, sys

what, path = sys.argv[1:]

def files():
    for line in open(path):
        with open(line.rstrip("\n"), "rb") as file:
            yield file

def document(octets):
    message, parts = email.message_from_bytes(octets), []
    for part in message.walk():
        content = None if part.is_multipart() else part.get_payload(decode=True) or b""
        parts.append({"type": part.get_content_type(), "filename": part.get_filename(),
            "disposition": part.get_content_disposition(),
            "size": None if content is None else len(content),
            "sha256": None if content is None else hashlib.sha256(content).hexdigest()})
    return {"headers": [[name, str(value)] for name, value in message.items()], "parts": parts,
        "size": len(octets), "sha256": hashlib.sha256(octets).hexdigest()}

if what == "subject":
    parser = email.parser.BytesHeaderParser(policy=email.policy.default)
    for file in files():
        print(parser.parse(file)["subject"])
elif what == "scan":
    parser = email.parser.BytesHeaderParser(policy=email.policy.default)
    for file in files():
        message = parser.parse(file)
        print(message["date"], message["from"], message["subject"], os.fstat(file.fileno()).st_size)
elif what == "tree":
    for file in files():
        for part in email.message_from_binary_file(file).walk():
            print(part.get_content_type(), part.get_filename())
elif what == "json":
    for file in files():
        print(json.dumps(document(file.read())))
elif what == "extract":
    number = 0
    for file in files():
        for part in email.message_from_binary_file(file).walk():
            if part.get_content_disposition() == "attachment":
                number += 1
                with open(f"out/{number}", "wb") as out:
                    out.write(part.get_payload(decode=True))
elif what == "mbox":
    box = mailbox.mbox(path)
    for key in box.iterkeys():
        print(json.dumps(document(box.get_bytes(key))))
"#;
