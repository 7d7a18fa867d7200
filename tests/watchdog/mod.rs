//! An end for tests that wait for processes: whoever takes too long is shown, and the test process ends.
//!
//! A test that hangs says nothing, and hides every test behind it. What this prints tells who waited for
//! whom: each process below this one with its threads, where the kernel holds them, and the TCP
//! connections of the machine.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Watches until it is dropped.
pub(crate) struct Watch(#[expect(dead_code, reason = "its end tells the watching thread")] Sender<()>);

/// From now on, `what` may take as long as `limit`.
pub(crate) fn over(what: impl Into<String>, limit: Duration) -> Watch {
    let (guard, dropped) = channel::<()>();
    let what = what.into();
    std::thread::spawn(move || {
        if dropped.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            // Not through `eprintln!`: the harness keeps that until the test ends, and it does not end.
            let report = format!("{what}: no end after {limit:?}\n{}", whereabouts());
            let _ = fs::write("/dev/stderr", report);
            std::process::exit(101);
        }
    });
    Watch(guard)
}

/// This process, and all below it.
fn whereabouts() -> String {
    let mut report = String::new();
    let mut family = vec![std::process::id().to_string()];
    let mut next = 0;
    while let Some(process) = family.get(next) {
        let root = Path::new("/proc").join(process);
        let command = read(&root.join("cmdline")).replace('\0', " ");
        let _ = writeln!(report, "process {process}: {command}");
        let mut tasks = entries(&root.join("task"));
        tasks.sort();
        let mut children = Vec::new();
        for task in tasks {
            let status = read(&task.join("status"));
            let state = status.lines().find(|line| line.starts_with("State:")).unwrap_or_default();
            let (name, held, stack) = (read(&task.join("comm")), read(&task.join("wchan")), read(&task.join("stack")));
            let _ = writeln!(report, "  {} {} {} {}", name.trim(), state.replace('\t', " "), held, stack.trim());
            children.extend(read(&task.join("children")).split_whitespace().map(str::to_owned));
        }
        family.extend(children);
        next += 1;
    }
    // State 06 is TIME-WAIT: nobody waits there, and there are thousands.
    let connections = read(Path::new("/proc/net/tcp"));
    for line in connections.lines().filter(|line| line.split_whitespace().nth(3) != Some("06")).take(300) {
        let _ = writeln!(report, "{line}");
    }
    report
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(directory).into_iter().flatten();
    found.flatten().map(|entry| entry.path()).collect()
}

/// What has gone meanwhile reads as nothing.
fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}
