//! A message that is larger than what the program may use of the memory.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod watchdog;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Octets of the file that is sent.
const SIZE: u64 = 40 * 1024 * 1024;
/// KiB that the program may have used beyond what a message of a line takes, when all of it has gone out. What it takes
/// for that depends on how it was compiled: a program without optimisation fills 30 MiB with itself.
const MORE_MAX: u64 = 8 * 1024;

/// Sends a file of a size that begins as given, and gives the KiB that were used at most, with the octets that came.
fn send(arguments: &[&str], content: &[u8], size: u64) -> (u64, u64) {
    let _watch = watchdog::over("a large message", Duration::from_secs(240));
    let directory = tempfile::tempdir().unwrap();
    let mut text = content.to_vec();
    text.resize_with(usize::try_from(size).unwrap(), lines());
    std::fs::write(directory.path().join("large"), text).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_mailkit"))
        .args(["send", "--helo=crepes.example", "-f=alice@crepes.example", "--server"])
        .arg(format!("smtp://{}", listener.local_addr().unwrap()))
        .args(arguments)
        .arg("bob@hamburger.example")
        .current_dir(directory.path())
        .env("HOME", directory.path())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    stream.write_all(b"220 mx\r\n").unwrap();
    let mut line = String::new();
    while !line.starts_with("DATA") {
        line.clear();
        reader.read_line(&mut line).unwrap();
        stream.write_all(if line.starts_with("DATA") { b"354 go\r\n" } else { b"250 ok\r\n" }).unwrap();
    }
    let (mut count, mut end, mut buffer) = (0, Vec::new(), vec![0; 64 * 1024]);
    while !end.ends_with(b"\r\n.\r\n") {
        let read = reader.read(&mut buffer).unwrap();
        assert!(read > 0, "it hung up after {count} octets");
        count += read as u64;
        end.extend_from_slice(&buffer[..read]);
        end.drain(..end.len().saturating_sub(5));
    }
    // Before it hears that it is done it cannot end.
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    stream.write_all(b"250 ok\r\n221 bye\r\n").unwrap();
    assert!(child.wait().unwrap().success());
    (peak.trim().trim_end_matches(" kB").parse().unwrap(), count)
}

/// The octets of a text without end.
fn lines() -> impl FnMut() -> u8 {
    let mut at = 0;
    move || {
        at += 1;
        if at % 77 == 0 { b'\n' } else { b'x' }
    }
}

#[test]
fn neither_a_large_attachment_nor_a_large_message_is_held() {
    let attached = ["-m=Text", "-a=large"];
    let (least, _) = send(&attached, b"", 78);
    let (peak, count) = send(&attached, b"", SIZE);
    assert!(count > SIZE / 57 * 78 && peak < least + MORE_MAX, "{peak} KiB for {count} octets, {least} for a line");
    let (message, content) = (["--message=large"], b"Subject: x\n\none\ntwo\n");
    let (least, _) = send(&message, content, 78);
    let (peak, count) = send(&message, content, SIZE);
    assert!(count > SIZE && peak < least + MORE_MAX, "{peak} KiB for {count} octets, {least} for a line");
}
