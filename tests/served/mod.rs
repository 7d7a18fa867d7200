//! A server of ours as a process of its own, for tests of the program.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A running `mailkit serve`; stopped when dropped.
pub(crate) struct Served {
    child: Child,
    ready: serde_json::Value,
}

impl Served {
    /// Starts it and waits until it listens.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let ready = first_line(&mut child);
        Self { child, ready: serde_json::from_str(&ready).expect("the ready line is JSON") }
    }

    /// Where it listens for a protocol: `127.0.0.1:41234`.
    pub(crate) fn address(&self, service: &str) -> String {
        self.ready["listen"][service].as_str().expect(service).to_owned()
    }

    /// The same without the host.
    pub(crate) fn port(&self, service: &str) -> String {
        self.address(service).rsplit(':').next().expect("a port").to_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        stop(&self.child);
        let _ = self.child.wait();
    }
}

/// The first line of what a process prints. It may go on printing.
pub(crate) fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("piped"));
    out.read_line(&mut line).expect("read");
    // The pipe stays open behind the first line, so that whoever writes more is not cut off.
    std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
    line
}

/// Asks a process to end.
pub(crate) fn stop(child: &Child) {
    Command::new("kill").arg(child.id().to_string()).status().expect("there is kill");
}
