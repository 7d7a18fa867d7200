//! One click, as RFC 8058 has it: what the list's web server hears, and what follows from what it says.
//!
//! The server is ours, on loopback and under TLS; it writes down what it is asked, and how often.

mod names;
mod watchdog;

use mailkit::net::connection::Connection;
use mailkit::net::tls::{Identity, ServerTls};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A web server that answers each path in its own way.
struct Web {
    port: u16,
    authority: tempfile::NamedTempFile,
    /// Requests, and connections on which none came.
    asked: Arc<Mutex<Vec<String>>>,
    /// Where the key of the list is.
    resolver: String,
}

/// What the list says of its way out.
fn fields(target: &str) -> String {
    format!(
        "From: news@lists.example\r\nList-Unsubscribe: <{target}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    )
}

/// A message without a text, signed by the list; all of its fields are.
fn signed(fields: &str) -> String {
    names::signed(fields, "\r\n")
}

impl Web {
    fn start() -> Self {
        let identity = Identity::self_signed(&["localhost".into()]).expect("a certificate");
        let tls = ServerTls::new(&identity).expect("a server");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("it can be");
        let port = listener.local_addr().expect("bound").port();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let mut authority = tempfile::NamedTempFile::new().expect("a file");
        authority.write_all(identity.certificates.as_bytes()).expect("written");
        let heard = asked.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                while let Ok((stream, peer)) = listener.accept().await {
                    let connection = Connection::new(Box::new(stream), peer, None);
                    let (tls, heard) = (tls.clone(), heard.clone());
                    tokio::spawn(async move { serve(connection, &tls, port, &heard).await });
                }
            });
        });
        let resolver = names::server(names::key());
        Self { port, authority, asked, resolver }
    }

    /// `mailkit unsubscribe` for a message with this target: exit code, output, errors, and what the server heard.
    fn unsubscribe(&self, target: &str, options: &[&str]) -> (i32, String, String, Vec<String>) {
        self.run(&signed(&fields(target)), options)
    }

    /// The same for any message.
    fn run(&self, message: &str, options: &[&str]) -> (i32, String, String, Vec<String>) {
        self.asked.lock().expect("whole").clear();
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(message.as_bytes()).expect("written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
        command.args(["unsubscribe", "--ca"]).arg(self.authority.path()).args(options).arg(file.path());
        if !options.contains(&"--resolver") {
            command.args(["--resolver", &self.resolver]);
        }
        command.env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR")).stdin(Stdio::null());
        let _watch = watchdog::over(format!("unsubscribe {options:?}"), Duration::from_secs(120));
        let output = command.output().expect("it runs");
        let text = |octets| String::from_utf8(octets).expect("output is UTF-8");
        let heard = self.asked.lock().expect("whole").clone();
        (output.status.code().expect("it ends by itself"), text(output.stdout), text(output.stderr), heard)
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}/{path}", self.port)
    }
}

async fn serve(connection: Connection, tls: &ServerTls, port: u16, heard: &Mutex<Vec<String>>) {
    let Ok(mut connection) = connection.accept_tls(tls, Duration::from_secs(10)).await else {
        heard.lock().expect("whole").push("nothing".to_owned());
        return;
    };
    let mut text = Vec::new();
    let request = loop {
        if connection.read_buf(&mut text).await.unwrap_or(0) == 0 {
            return;
        }
        let read = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = read.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        if body.len() >= length {
            break read;
        }
    };
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    heard.lock().expect("whole").push(request);
    let answer = match path.as_str() {
        "/good?id=1" => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_owned(),
        "/empty" => "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "/elsewhere" => {
            format!("HTTP/1.1 302 Found\r\nLocation: https://localhost:{port}/good?id=1\r\nContent-Length: 0\r\n\r\n")
        }
        "/busy" => "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "/large" => format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1_000_000)),
        "/garbage" => "220 mail.example ESMTP\r\n".to_owned(),
        _ => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
    };
    // Whoever asked may be gone.
    let _ = connection.write_all(answer.as_bytes()).await;
    connection.close().await;
}

#[test]
fn one_request_is_made_and_carries_nothing_else() {
    let web = Web::start();
    let (code, stdout, stderr, heard) = web.unsubscribe(&web.url("good?id=1"), &["--yes", "--allow-private", "--json"]);
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    assert!(
        stdout.contains("\"done\":true,\"status\":200,\"signed_by\":[\"lists.example\"],\"verified\":true"),
        "{stdout}"
    );
    let [request] = &heard[..] else { panic!("one request: {heard:?}") };
    let (head, body) = request.split_once("\r\n\r\n").expect("a request");
    assert!(head.starts_with("POST /good?id=1 HTTP/1.1\r\n"), "{head}");
    assert_eq!(body, "List-Unsubscribe=One-Click");
    let names: Vec<&str> = head.lines().skip(1).filter_map(|line| line.split(':').next()).collect();
    assert_eq!(names, ["host", "user-agent", "accept", "connection", "content-type", "content-length"]);
    let (code, stdout, stderr, _) = web.unsubscribe(&web.url("empty"), &["--yes", "--allow-private"]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", ""), "success has nothing to say to a script");
}

#[test]
fn what_a_list_answers_decides_what_the_command_ends_with() {
    let web = Web::start();
    for (path, wanted, words, requests) in [
        ("elsewhere", 69, "leads elsewhere", 1),
        ("gone", 69, "refused", 1),
        ("busy", 75, "cannot do it now", 1),
        ("large", 76, "is longer than", 1),
        ("garbage", 76, "speaks no HTTP", 1),
    ] {
        let (code, stdout, stderr, heard) = web.unsubscribe(&web.url(path), &["--yes", "--allow-private"]);
        assert_eq!((code, stdout.as_str(), heard.len()), (wanted, "", requests), "{path}: {stderr}");
        assert!(stderr.contains(words), "{path}: {stderr}");
    }
}

#[test]
fn one_click_is_made_only_where_the_list_itself_asked_for_it() {
    let web = Web::start();
    let url = web.url("good?id=1");
    let (good, evil) = (signed(&fields(&url)), web.url("evil"));
    let silent = names::server(Vec::new());
    for (message, options, wanted, words) in [
        (good.clone(), &[][..], 0, ""),
        (good.replace("\r\n", "\n"), &[], 0, ""),
        (format!("{}\r\n", fields(&url)), &[], 77, "no good DKIM signature shows"),
        (good.replace("good?id=1", "evil"), &[], 77, "lists.example: the signature does not match"),
        (format!("{good}text\r\n"), &[], 77, "lists.example: the body was changed"),
        (good.replace("s=key", "s=other"), &[], 77, "there is no key at other._domainkey.lists.example"),
        (format!("List-Unsubscribe: <{evil}>\r\n{good}"), &[], 77, "lists.example: not about these fields"),
        (
            signed("From: x@lists.example\r\n")
                .replace("\r\n\r\n", &format!("\r\n{}\r\n", fields(&url).split_once('\n').expect("lines").1)),
            &[],
            77,
            "lists.example: not about",
        ),
        (good.clone(), &["--resolver", &silent], 75, "nobody can say now"),
        (good.replace("s=key", "s=other"), &["--allow-unsigned"], 0, ""),
        (format!("{}\r\n", fields(&url)), &["--allow-unsigned", "--resolver", &silent], 0, ""),
    ] {
        let (code, _, stderr, heard) = web.run(&message, &[&["--yes", "--allow-private"], options].concat());
        assert_eq!((code, heard.len()), (wanted, usize::from(wanted == 0)), "{options:?} {message}: {stderr}");
        assert!(stderr.contains(words) && (code == 0 || stderr.contains("--allow-unsigned")), "{message}: {stderr}");
    }
    // Nobody is asked about a signature either, unless something is to be done.
    let (code, stdout, _, _) = web.run(&good, &["--resolver", &silent]);
    assert!(code == 0 && stdout.contains("signed by lists.example, if the signature is good"), "{stdout}");
}

#[test]
fn nobody_is_asked_who_should_not_be() {
    let web = Web::start();
    let port = web.port;
    for (target, options, wanted, words) in [
        (web.url("good?id=1"), &["--allow-private"][..], 0, ""),
        (web.url("good?id=1"), &["--yes"], 77, "private network"),
        (format!("https://127.0.0.1:{port}/"), &["--yes"], 77, "private network"),
        (format!("https://[::ffff:127.0.0.1]:{port}/"), &["--yes"], 77, "private network"),
        (format!("https://2130706433:{port}/"), &["--yes"], 77, "private network"),
        (format!("https://someone@localhost:{port}/"), &["--yes", "--allow-private"], 65, "names a user"),
        (format!("http://localhost:{port}/"), &["--yes", "--allow-private"], 69, "page for people"),
        (web.url("good?id=1"), &["--yes", "--allow-private", "--method", "mail"], 1, "does not offer"),
    ] {
        let (code, _, stderr, heard) = web.unsubscribe(&target, options);
        assert_eq!((code, heard.len()), (wanted, 0), "{target} {options:?}: {stderr}");
        assert!(stderr.contains(words), "{stderr}");
    }
}
