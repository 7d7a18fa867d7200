//! Questions to a web server in memory: what goes out, what is read, and where it ends.

use super::*;
use crate::net::connection::Connection;
use crate::net::tls::{Identity, ServerTls};
use crate::world::Stream;
use std::io;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

/// A web server in memory: the same answers for every connection, by the target that is asked for.
struct Web {
    answers: Vec<(&'static str, String)>,
    asked: Mutex<Vec<String>>,
    tls: Option<ServerTls>,
}

impl Web {
    fn new(answers: &[(&'static str, &str)]) -> Self {
        let answers = answers.iter().map(|(target, answer)| (*target, (*answer).to_owned())).collect();
        Self { answers, asked: Mutex::default(), tls: None }
    }

    async fn serve(&'static self, stream: Box<dyn Stream>) {
        let mut connection = Connection::new(stream, address(), None);
        if let Some(tls) = &self.tls {
            let Ok(secured) = connection.accept_tls(tls, Duration::from_secs(5)).await else { return };
            connection = secured;
        }
        let mut text = Vec::new();
        let is_whole = |text: &[u8]| {
            let text = String::from_utf8_lossy(text).into_owned();
            let (head, body) = text.split_once("\r\n\r\n")?;
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            Some(body.len() >= length.unwrap_or(0))
        };
        while is_whole(&text) != Some(true) {
            if connection.read_buf(&mut text).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let text = String::from_utf8(text).expect("text");
        let target = text.split(' ').nth(1).expect("a target").to_owned();
        self.asked.lock().expect("whole").push(text);
        let answer = self.answers.iter().find(|(known, _)| *known == target).map(|(_, answer)| answer.as_str());
        match answer {
            Some("") => std::future::pending().await,
            answer => {
                let answer = answer.unwrap_or("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
                // A client that has seen enough is gone.
                let _ = connection.write_all(answer.as_bytes()).await;
                connection.close().await;
            }
        }
    }
}

struct Pipes(&'static Web);

impl Connect for Pipes {
    fn connect(&self, _: SocketAddr) -> Later<'_, io::Result<Box<dyn Stream>>> {
        let (ours, theirs) = duplex(1024 * 1024);
        tokio::spawn(self.0.serve(Box::new(theirs)));
        Box::pin(std::future::ready(Ok(Box::new(ours) as Box<dyn Stream>)))
    }
}

struct Anywhere;

impl Find for Anywhere {
    fn find<'a>(&'a self, _: &'a str, _: u16) -> Later<'a, Result<Vec<SocketAddr>>> {
        Box::pin(std::future::ready(Ok(vec![address()])))
    }
}

fn address() -> SocketAddr {
    ([127, 0, 0, 1], 80).into()
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

async fn ask(web: &'static Web, trust: &Trust, request: Request) -> Result<Response> {
    Http::new(&Pipes(web), &Anywhere, trust, None).ask(request).await
}

fn leak(web: Web) -> &'static Web {
    Box::leak(Box::new(web))
}

#[tokio::test]
async fn a_document_comes_with_its_fields_and_a_form_goes_with_its_values() {
    let web = leak(Web::new(&[
        ("/a?b=c", "HTTP/1.1 200 OK\r\nContent-Type: Text/Plain; charset=utf-8\r\nContent-Length: 2\r\n\r\nhi"),
        ("/t", "HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n3\r\n\":1\r\n1\r\n}\r\n0\r\n\r\n"),
    ]));
    let found = ask(web, &Trust::System, Request::get(url("http://h.example:81/a?b=c#d"))).await.expect("an answer");
    assert!(found.is_ok());
    assert_eq!((found.body.as_slice(), found.media_type().as_deref()), (&b"hi"[..], Some("text/plain")));
    let form = Request::form(url("http://h.example/t"), &[("code", "a b&c"), ("x", "é")])
        .authorization(Secret::new("Basic eA==".into()));
    let found = ask(web, &Trust::System, form).await.expect("an answer");
    assert_eq!((found.status, found.body.as_slice()), (400, &b"{\"a\":1}"[..]));
    let asked = web.asked.lock().expect("whole");
    assert!(asked[0].contains("host: h.example:81\r\n"), "{}", asked[0]);
    assert!(asked[0].contains(concat!("user-agent: mailkit/", env!("CARGO_PKG_VERSION"), "\r\n")), "{}", asked[0]);
    assert!(!asked[0].contains("accept-encoding"), "{}", asked[0]);
    assert!(asked[1].starts_with("POST /t HTTP/1.1\r\n") && asked[1].ends_with("\r\n\r\ncode=a+b%26c&x=%C3%A9"));
    assert!(asked[1].contains("authorization: Basic eA==\r\n"), "{}", asked[1]);
}

#[tokio::test(start_paused = true)]
async fn each_answer_has_a_limit_in_size_and_time() {
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n{}", "x".repeat(101));
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(300_000));
    let head = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let fields = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(500));
    let web = leak(Web::new(&[
        ("/long", &long),
        ("/endless", &endless),
        ("/head", &head),
        ("/fields", &fields),
        ("/short", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"),
        ("/garbage", "220 mail.example ESMTP\r\n"),
        ("/silent", ""),
    ]));
    for (target, kind, wanted) in [
        ("long", Kind::Protocol, "longer than 100 octets"),
        ("endless", Kind::Protocol, "longer than 100 octets"),
        ("head", Kind::Protocol, "speaks no HTTP"),
        ("fields", Kind::Protocol, "speaks no HTTP"),
        ("short", Kind::Protocol, "broke off its answer"),
        ("garbage", Kind::Protocol, "speaks no HTTP"),
        ("silent", Kind::Temporary, "no whole answer within 30 seconds"),
    ] {
        let request = Request::get(url(&format!("http://h.example/{target}"))).body_max(100);
        let error = ask(web, &Trust::System, request).await.err().expect(target);
        assert!(error.to_string().contains(wanted), "{target}: {error}");
        assert_eq!((error.kind(), error.peer()), (kind, Some("h.example")), "{target}");
    }
}

#[tokio::test]
async fn redirections_lead_from_https_to_https_if_at_all() {
    let to = |target: &str| format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
    let identity = Identity::self_signed(&["a.example".into(), "b.example".into()]).expect("a certificate");
    let trust = Trust::Authorities(identity.certificates.clone().into_bytes());
    let mut web = Web::new(&[
        ("/one", &to("https://b.example/two")),
        ("/two", &to("three")),
        ("/three", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
        ("/plain", &to("http://a.example/three")),
        ("/round", &to("/round")),
        ("/nowhere", "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n"),
    ]);
    web.tls = Some(ServerTls::new(&identity).expect("a server"));
    let web = leak(web);
    let get = |target: &str| Request::get(url(&format!("https://a.example/{target}")));
    let found = ask(web, &trust, get("one").redirects(Redirects::Https)).await.expect("an answer");
    assert_eq!((found.status, found.url.as_str()), (200, "https://b.example/three"));
    assert_eq!(ask(web, &trust, get("one")).await.expect("an answer").status, 302);
    let form = Request::form(url("https://a.example/one"), &[("code", "x")]).redirects(Redirects::Https);
    assert_eq!(ask(web, &trust, form).await.expect("an answer").status, 302, "a form goes to nobody else");
    for (target, wanted) in
        [("plain", "leads away from https"), ("round", "leads from place to place"), ("nowhere", "leads nowhere")]
    {
        let error = ask(web, &trust, get(target).redirects(Redirects::Https)).await.err().expect(target);
        assert!(error.to_string().contains(wanted), "{error}");
    }
    let stranger = ask(web, &trust, Request::get(url("https://c.example/three"))).await.err().expect("refused");
    assert!(stranger.to_string().contains("it is for another name"), "{stranger}");
    let user = ask(web, &trust, Request::get(url("https://b.example@a.example/three"))).await.err().expect("refused");
    assert_eq!(user.kind(), Kind::Usage);
}
