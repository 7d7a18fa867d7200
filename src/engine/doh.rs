//! DNS over HTTPS: queries as the bodies of requests, over a few connections that are kept.
//!
//! Each query is posted, so that nothing of it stands in an address. Connections speak HTTP/1.1, one question at a time
//! on each; so there are several of them. The certificate is checked like any other. No cookies, no user agent, no
//! redirections: a name server that is not here is not anywhere.
//! RFC 8484 §4.1, §4.2, §8.2; RFC 9112 §9.3.

use super::http::Find;
use super::http::stream::Octets;
use crate::dns::server::Server;
use crate::error::{Error, Kind, Result};
use crate::net::dns::Carry;
use crate::net::tcp::connect_any;
use crate::net::tls::{ClientTls, Trust};
use crate::world::{Connect, Later};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use url::Url;

/// The media type of a query and of a reply (RFC 8484 §6).
const MESSAGE: &str = "application/dns-message";
/// No reply is longer (RFC 1035 §4.2.2).
const REPLY_MAX: usize = 65_535;
/// Connections at one time, and so questions.
const CONNECTIONS_MAX: usize = 8;
/// An address that has not answered by now is not there. The wait for the reply cuts it further.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// Octets of a status line with all fields; the least that hyper works with.
const HEAD_MAX: usize = 8192;

type Sender = SendRequest<Full<Bytes>>;

/// A web server that answers queries.
pub struct Doh {
    server: Server,
    url: Url,
    tls: ClientTls,
    connect: Arc<dyn Connect>,
    find: Arc<dyn Find>,
    /// Connections on which nothing is asked.
    idle: Mutex<Vec<Sender>>,
    permits: Semaphore,
}

impl Doh {
    /// Asks this server, over these connections; `trust` says whose certificates are good.
    pub fn new(server: Server, connect: Arc<dyn Connect>, find: Arc<dyn Find>, trust: &Trust) -> Result<Self> {
        let no_url = || Error::new(Kind::Usage, format!("{server} is no address of a web server"));
        let url = server.url().ok_or_else(no_url)?;
        let (tls, idle, permits) = (ClientTls::new(trust)?, Mutex::default(), Semaphore::new(CONNECTIONS_MAX));
        Ok(Self { server, url, tls, connect, find, idle, permits })
    }

    async fn ask(&self, query: &[u8]) -> std::result::Result<Vec<u8>, String> {
        // It is never closed.
        let _permit = self.permits.acquire().await;
        while let Some(sender) = self.idle() {
            // RFC 9112 §9.3.1: a server may have closed it meanwhile, and then has not seen the question.
            if let Ok(reply) = self.post(sender, query).await {
                return reply;
            }
        }
        let sender = self.open().await.map_err(|error| error.to_string())?;
        self.post(sender, query).await.unwrap_or_else(|error| Err(error.to_string()))
    }

    fn idle(&self) -> Option<Sender> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|sender| !sender.is_closed());
        idle.pop()
    }

    async fn open(&self) -> Result<Sender> {
        let addresses = self.find.find(&self.server.host, self.server.port).await?;
        let connection = connect_any(&*self.connect, &self.server.host, &addresses, CONNECT_WAIT, || None).await?;
        let connection = connection.connect_tls(&self.tls, self.server.certified(), CONNECT_WAIT).await?;
        let opened = http1::Builder::new().max_buf_size(HEAD_MAX).handshake(Octets(connection)).await;
        let (sender, driver) =
            opened.map_err(|error| Error::new(Kind::Protocol, "the web server speaks no HTTP").caused_by(error))?;
        // It ends with the sender, or with the connection.
        tokio::spawn(async move { drop(driver.await) });
        Ok(sender)
    }

    /// Posts a query. The error outside says that the connection failed before there was an answer.
    async fn post(&self, mut sender: Sender, query: &[u8]) -> hyper::Result<std::result::Result<Vec<u8>, String>> {
        sender.ready().await?;
        let host = &self.url[url::Position::BeforeHost..url::Position::AfterPort];
        let request = hyper::Request::post(&self.url[url::Position::BeforePath..url::Position::AfterQuery])
            .header(header::HOST, host)
            .header(header::CONTENT_TYPE, MESSAGE)
            .header(header::ACCEPT, MESSAGE)
            .body(Full::new(Bytes::copy_from_slice(query)));
        let Ok(request) = request else { return Ok(Err("its address cannot be asked for".to_owned())) };
        let (head, body) = sender.send_request(request).await?.into_parts();
        // RFC 8484 §4.2.1: whatever a query comes to, the status is 2xx.
        if !head.status.is_success() {
            return Ok(Err(format!("the web server answered with status {}", head.status.as_u16())));
        }
        let kind = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case(MESSAGE) {
            return Ok(Err("the web server answered with something else than DNS".to_owned()));
        }
        let reply = match Limited::new(body, REPLY_MAX).collect().await {
            Ok(body) => body.to_bytes().to_vec(),
            Err(_) => return Ok(Err("the web server broke off its answer, or it is too long".to_owned())),
        };
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        Ok(Ok(reply))
    }
}

impl Carry for Doh {
    fn carry<'a>(&'a self, query: &'a [u8]) -> Later<'a, std::result::Result<Vec<u8>, String>> {
        Box::pin(self.ask(query))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::connection::Connection;
    use crate::net::dns::Upstream;
    use crate::net::resolve::{Asking, SystemResolver};
    use crate::net::tls::{Identity, ServerTls};
    use crate::world::{LookupError, RecordKind, Resolve, Stream};
    use std::io;
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, duplex};

    /// A web server in memory. It repeats the query as a reply, with this status line and these fields.
    struct Web {
        head: &'static str,
        /// Requests that it answers on one connection.
        patience: usize,
        tls: ServerTls,
        connections: AtomicUsize,
        requests: AtomicUsize,
    }

    impl Web {
        async fn serve(self: Arc<Self>, stream: Box<dyn Stream>) -> io::Result<()> {
            self.connections.fetch_add(1, Ordering::Relaxed);
            let address: SocketAddr = ([127, 0, 0, 1], 443).into();
            let connection = Connection::new(stream, address, None);
            let mut stream = BufReader::new(connection.accept_tls(&self.tls, Duration::from_secs(5)).await?);
            for _ in 0..self.patience {
                let (mut head, mut length) = (String::new(), 0);
                while stream.read_line(&mut head).await? > 2 {
                    let last = head.lines().last().unwrap_or_default();
                    length = last.strip_prefix("content-length: ").map_or(length, |n| n.parse().expect("a number"));
                }
                assert!(head.starts_with("POST /dns-query HTTP/1.1\r\nhost: dns.test\r\n"), "{head}");
                assert!(head.contains("content-type: application/dns-message\r\n"), "{head}");
                let mut body = vec![0; length];
                stream.read_exact(&mut body).await?;
                assert_eq!(body[..2], [0, 0], "RFC 8484 §4.1: an id of zero");
                self.requests.fetch_add(1, Ordering::Relaxed);
                body[2] |= 0x80;
                let answer = format!("HTTP/1.1 {}\r\nContent-Length: {length}\r\n\r\n", self.head);
                stream.write_all(&[answer.as_bytes(), &body].concat()).await?;
                stream.flush().await?;
            }
            Ok(())
        }
    }

    struct Pipes(Arc<Web>);

    impl Connect for Pipes {
        fn connect(&self, _: SocketAddr) -> Later<'_, io::Result<Box<dyn Stream>>> {
            let (ours, theirs) = duplex(64 * 1024);
            tokio::spawn(self.0.clone().serve(Box::new(theirs)));
            Box::pin(std::future::ready(Ok(Box::new(ours) as Box<dyn Stream>)))
        }
    }

    struct Anywhere;

    impl Find for Anywhere {
        fn find<'a>(&'a self, host: &'a str, port: u16) -> Later<'a, Result<Vec<SocketAddr>>> {
            assert_eq!((host, port), ("192.0.2.1", 443));
            Box::pin(std::future::ready(Ok(vec![([192, 0, 2, 1], port).into()])))
        }
    }

    fn web(head: &'static str, patience: usize) -> (Arc<Web>, SystemResolver, SystemResolver) {
        let identity = Identity::self_signed(&["dns.test".to_owned()]).expect("a certificate");
        let tls = ServerTls::new(&identity).expect("a certificate");
        let (connections, requests) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let web = Arc::new(Web { head, patience, tls, connections, requests });
        let trust = Trust::Authorities(identity.certificates.clone().into_bytes());
        let client = |name: &str| {
            let server = Server::parse(&format!("https://192.0.2.1{name}")).expect("a server");
            let doh = Doh::new(server.clone(), Arc::new(Pipes(web.clone())), Arc::new(Anywhere), &trust);
            let upstream = Upstream::carried(server, Arc::new(doh.expect("a carrier")));
            SystemResolver::over(upstream, Asking::default())
        };
        let (good, stranger) = (client("#dns.test"), client("#other.test"));
        (web, good, stranger)
    }

    /// What is repeated is a reply without records.
    async fn ask(resolver: &SystemResolver, name: &str) -> std::result::Result<(), String> {
        match resolver.lookup(name, RecordKind::Mx).await {
            Err(LookupError::NoRecords) => Ok(()),
            other => Err(other.map(|_| ()).expect_err("no records").to_string()),
        }
    }

    const GOOD: &str = "200 OK\r\nContent-Type: application/dns-message; x=y";

    #[tokio::test]
    async fn questions_are_posted_over_a_connection_that_is_kept() {
        let (web, client, stranger) = web(GOOD, 3);
        for number in 0..4 {
            assert_eq!(ask(&client, &format!("n{number}.test.")).await, Ok(()));
        }
        // The fourth found it closed.
        assert_eq!(web.connections.load(Ordering::Relaxed), 2);
        let names: Vec<String> = (0..40).map(|number| format!("m{number}.test.")).collect();
        let found = futures_util::future::join_all(names.iter().map(|name| ask(&client, name))).await;
        assert!(found.iter().all(std::result::Result::is_ok), "{found:?}");
        assert_eq!(web.requests.load(Ordering::Relaxed), 44);
        let refused = ask(&stranger, "a.test.").await.expect_err("another name");
        assert!(refused.contains("certificate"), "{refused}");
        assert_eq!(web.requests.load(Ordering::Relaxed), 44);
    }

    #[tokio::test]
    async fn what_is_no_reply_is_told_in_a_sentence() {
        for (head, wanted) in [
            ("404 Not Found", "the web server answered with status 404"),
            ("301 Moved\r\nLocation: https://dns.test/", "the web server answered with status 301"),
            ("200 OK\r\nContent-Type: text/html", "the web server answered with something else than DNS"),
            ("200 OK", "the web server answered with something else than DNS"),
        ] {
            let (web, client, _) = web(head, 9);
            let said = ask(&client, "a.test.").await.expect_err(head);
            assert!(said.ends_with(wanted), "{said}");
            assert_eq!(web.requests.load(Ordering::Relaxed), 1, "{head}");
        }
    }
}
