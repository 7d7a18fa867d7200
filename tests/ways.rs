//! The ways to a server as `mailkit send` takes them: sockets of the file system, programs, proxies, all addresses.
//!
//! The program runs, the test is the server, or the proxy before it.

mod printed;
mod watchdog;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;
use tempfile::TempDir;

/// Each test is over in a second.
const LIMIT: Duration = Duration::from_secs(120);

const LETTER: &[u8] = b"Do you like ketchup?\n";

/// Runs `mailkit send` in a directory of its own.
fn send(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    command.args(["send", "--no-input", "--helo", "crepes.example", "-f", "alice@crepes.example"]);
    command.args(arguments).arg("bob@hamburger.example").current_dir(directory).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", directory);
    command.env("CANARY", "canary-secret").env("ALL_PROXY", "socks5h://nobody.invalid:1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    child.stdin.take().expect("it is piped").write_all(LETTER).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    printed::show(&output.stdout, &output.stderr);
    output
}

fn expect(output: &Output, code: i32, wanted: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(code) && said.contains(wanted), "{:?}: {said}", output.status);
    assert!(!said.contains("canary-secret"), "{said}");
}

/// A server that takes one message; returns what it heard.
fn serve(mut stream: impl Read + Write) -> String {
    let mut heard = String::new();
    let say = |stream: &mut dyn Write, text: &str| {
        // Whoever does not listen any more has hung up.
        let _ = stream.write_all(text.as_bytes());
    };
    say(&mut stream, "220 mx\r\n");
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|count| count > 0) {
        heard.push_str(&line);
        let answer = match line.split_whitespace().next() {
            Some("EHLO") => "250-mx\r\n250 AUTH PLAIN\r\n",
            Some("MAIL" | "RCPT" | "LHLO" | ".") => "250 ok\r\n",
            Some("DATA") => "354 go on\r\n",
            Some("QUIT") => "221 bye\r\n",
            _ => "",
        };
        say(reader.get_mut(), answer);
        line.clear();
    }
    heard
}

/// Waits for one connection, and for what `play` makes of it.
fn listen<T: Send + 'static>(play: impl FnOnce(TcpStream) -> T + Send + 'static) -> (u16, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    (port, std::thread::spawn(move || play(listener.accept().expect("a connection").0)))
}

#[test]
fn a_socket_of_the_file_system_is_a_server() {
    let _watch = watchdog::over("a socket of the file system", LIMIT);
    let directory = TempDir::new().expect("a directory");
    let listener = UnixListener::bind(directory.path().join("lmtp.sock")).expect("a socket");
    let server = std::thread::spawn(move || serve(listener.accept().expect("a connection").0));
    let url = format!("lmtp+unix://{}/lmtp.sock", directory.path().display());
    expect(&send(directory.path(), &["--server", &url]), 0, "");
    let heard = server.join().expect("it served");
    assert!(heard.starts_with("LHLO crepes.example\r\n") && heard.contains("ketchup?\r\n.\r\n"), "{heard}");
    let none = format!("smtp+unix://{}/none.sock", directory.path().display());
    expect(&send(directory.path(), &["--server", &none]), 75, "cannot connect (");
}

#[test]
fn a_program_is_a_server_and_does_not_see_our_secrets() {
    let _watch = watchdog::over("a program", LIMIT);
    let directory = TempDir::new().expect("a directory");
    let script = r#"printf '220 mx\r\n'; while read -r line; do printf '%s\n' "$line" >> heard; case "$line" in
        EHLO*) printf '250-mx\r\n250 AUTH PLAIN\r\n' ;; AUTH*) printf '235 welcome\r\n' ;;
        MAIL*|RCPT*|.*) printf '250 ok\r\n' ;; DATA*) printf '354 go on\r\n' ;; QUIT*) printf '221 bye\r\n' ;;
        esac; done; env > environment; echo ended >> heard"#;
    std::fs::write(directory.path().join("server.sh"), script).expect("a file");
    let arguments = ["--server", "smtp+pipe:. ./server.sh", "--user", "alice", "--password-env", "CANARY"];
    expect(&send(directory.path(), &arguments), 0, "");
    let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).expect(name);
    // It was told of the end, and waited for.
    assert!(read("heard").contains("RCPT TO:<bob@hamburger.example>") && read("heard").ends_with("ended\n"));
    assert!(read("environment").contains("ALL_PROXY") && !read("environment").contains("canary-secret"));
    expect(&send(directory.path(), &["--server", "smtp+pipe:exit 3"]), 75, "the server closed the connection");
}

#[test]
fn a_proxy_leads_to_the_server_and_looks_its_name_up() {
    let _watch = watchdog::over("a proxy", LIMIT);
    let directory = TempDir::new().expect("a directory");
    let (port, proxy) = listen(|mut stream| {
        let mut asked = vec![0; 3];
        stream.read_exact(&mut asked).expect("a greeting");
        stream.write_all(&[5, 0]).expect("it listens");
        let mut asked = vec![0; 4 + 1 + 12 + 2];
        stream.read_exact(&mut asked).expect("a request");
        stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).expect("it listens");
        (asked, serve(stream))
    });
    let url = format!("socks5h://127.0.0.1:{port}");
    let arguments = ["--server", "smtp://mail.invalid?tls=none", "--proxy", &url, "--json"];
    let sent = send(directory.path(), &arguments);
    expect(&sent, 0, "");
    let object: serde_json::Value = serde_json::from_slice(&sent.stdout).expect("an object");
    assert_eq!(object["route"]["proxy"], url.as_str(), "{object}");
    let (asked, heard) = proxy.join().expect("it served");
    assert_eq!(asked, b"\x05\x01\x00\x03\x0cmail.invalid\x00\x19");
    assert!(heard.contains("ketchup?"), "{heard}");

    let (port, proxy) = listen(|stream| {
        let mut reader = BufReader::new(stream);
        let mut asked = String::new();
        while !asked.ends_with("\r\n\r\n") {
            reader.read_line(&mut asked).expect("a request");
        }
        reader.get_mut().write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").expect("it listens");
        asked
    });
    let url = format!("http://alice@127.0.0.1:{port}");
    let arguments = ["--server", "smtps://mail.invalid", "--proxy", &url, "--proxy-password-env", "CANARY"];
    expect(&send(directory.path(), &arguments), 77, "the proxy did not connect us to mail.invalid:465");
    let asked = proxy.join().expect("it served");
    assert!(asked.contains("Proxy-Authorization: Basic YWxpY2U6Y2FuYXJ5LXNlY3JldA==\r\n"), "{asked}");
    // Behind a proxy nothing is on this machine, so no password goes there in clear.
    let (port, proxy) = listen(|mut stream| {
        stream.read_exact(&mut [0; 3]).expect("a greeting");
        stream.write_all(&[5, 0]).expect("it listens");
        stream.read_exact(&mut [0; 10]).expect("a request");
        stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).expect("it listens");
        serve(stream)
    });
    let url = format!("socks5://127.0.0.1:{port}");
    let arguments = ["--server", "smtp://alice@127.0.0.1", "--proxy", &url, "--password-env", "CANARY"];
    expect(&send(directory.path(), &arguments), 69, "the connection is not encrypted, so the password was not sent");
    assert!(!proxy.join().expect("it served").contains("AUTH"));
    // Only those who ask for it use the proxy of the environment.
    let arguments = ["--server", "smtp://127.0.0.1:1", "--proxy", "env"];
    expect(&send(directory.path(), &arguments), 68, "nobody.invalid");
}

#[test]
fn the_way_can_be_narrowed() {
    let _watch = watchdog::over("a narrow way", LIMIT);
    let directory = TempDir::new().expect("a directory");
    let (port, server) = listen(|stream| {
        let peer = stream.peer_addr().expect("an address");
        (peer.ip(), serve(stream))
    });
    let url = format!("smtp://127.0.0.1:{port}");
    expect(&send(directory.path(), &["--server", &url, "--source", "127.0.0.7", "-4"]), 0, "");
    assert_eq!(server.join().expect("it served").0.to_string(), "127.0.0.7");
    expect(&send(directory.path(), &["--server", &url, "-6"]), 68, "the server has no IPv6 address (");
    let (port, server) = listen(|mut stream| {
        // Nothing is said, until the client has had enough.
        let _ = stream.read(&mut [0; 16]);
    });
    let url = format!("smtp://127.0.0.1:{port}");
    expect(&send(directory.path(), &["--server", &url, "--timeout", "200ms"]), 75, "no answer within");
    server.join().expect("it is over");
    expect(
        &send(directory.path(), &["--server", &url, "--ca", "x", "--pin", &format!("sha256:{:064}", 0)]),
        64,
        "--pin",
    );
}
