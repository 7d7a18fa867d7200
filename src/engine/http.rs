//! HTTP, as far as mail needs it: one question, one answer, one connection.
//!
//! For OAuth, discovery and policies that are published on the web. It rides on our own connections, so that names,
//! certificates, traces and deadlines mean what they mean everywhere else. Each answer has a limit in size and in
//! time; there are no cookies and no compression, and nobody is followed from https to http.
//! RFC 9110, RFC 9112; RFC 9525 for names in certificates.

mod body;
pub mod follow;
pub(super) mod stream;

use crate::error::{Error, Kind, Result};
use crate::net::tcp::{self, connect_any};
use crate::net::tls::{ClientTls, Trust};
use crate::net::trace::Trace;
use crate::secret::Secret;
use crate::wire::event::Happening;
use crate::wire::transcript::Side;
use crate::world::{Connect, Later};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, StatusCode};
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;
use stream::Octets;
use tokio::time::{Instant, timeout};
use url::Url;

/// A metadata document or a list of tokens is a few kilobytes.
const BODY_MAX: usize = 256 * 1024;
/// Somebody waits for it.
const PATIENCE: Duration = Duration::from_secs(30);
/// An address that has not answered by now is not there.
const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// Octets of a status line with all fields; the least that hyper works with is 8192.
const HEAD_MAX: usize = 32 * 1024;
/// More fields than any server has a reason for.
const FIELDS_MAX: usize = 100;
/// Beyond this somebody is leading us in circles.
const REDIRECTS_MAX: usize = 3;

/// Finds the addresses of a host. Tests lead any name to a port of theirs.
pub trait Find: Send + Sync {
    /// The addresses of a name, or of an address as URLs write it.
    fn find<'a>(&'a self, host: &'a str, port: u16) -> Later<'a, Result<Vec<SocketAddr>>>;
}

/// Names as the operating system finds them.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemNames;

impl Find for SystemNames {
    fn find<'a>(&'a self, host: &'a str, port: u16) -> Later<'a, Result<Vec<SocketAddr>>> {
        Box::pin(tcp::addresses(host, port))
    }
}

/// Asks servers.
pub struct Http<'a> {
    connect: &'a dyn Connect,
    find: &'a dyn Find,
    trust: &'a Trust,
    trace: Option<&'a Trace>,
    tls: OnceLock<ClientTls>,
}

/// Where a redirection may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Redirects {
    /// Nowhere: the redirection itself is the answer.
    #[default]
    None,
    /// To another https address, three times at most; only for what was asked by GET at an https address.
    Https,
}

/// A question.
pub struct Request {
    url: Url,
    /// What is posted, and its media type.
    content: Option<(&'static str, Secret)>,
    authorization: Option<Secret>,
    /// What a trace never shows, whoever says it.
    hidden: Vec<Secret>,
    accept: &'static str,
    redirects: Redirects,
    body_max: usize,
    within: Duration,
}

/// An answer, whatever its status.
pub struct Response {
    /// The status code: 200.
    pub status: u16,
    /// Where it came from, after redirections.
    pub url: Url,
    /// What it says.
    pub body: Vec<u8>,
    fields: HeaderMap,
}

impl Request {
    /// A document is wanted.
    pub fn get(url: Url) -> Self {
        Self {
            url,
            content: None,
            authorization: None,
            hidden: Vec::new(),
            accept: "*/*",
            redirects: Redirects::None,
            body_max: BODY_MAX,
            within: PATIENCE,
        }
    }

    /// A form is filled in. Its values are taken for secrets.
    pub fn form(url: Url, fields: &[(&str, &str)]) -> Self {
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let content = Some(("application/x-www-form-urlencoded", Secret::new(text)));
        Self { content, accept: "application/json", ..Self::get(url) }
    }

    /// A JSON text is handed in. It is taken for a secret.
    pub fn json(url: Url, text: String) -> Self {
        let content = Some(("application/json", Secret::new(text)));
        Self { content, accept: "application/json", ..Self::get(url) }
    }

    /// What a trace never shows: what is said is left out anyhow, but a server may repeat it.
    pub fn hiding(self, secrets: &[Secret]) -> Self {
        let copies = secrets.iter().map(|secret| Secret::new(secret.expose().to_owned()));
        Self { hidden: copies.collect(), ..self }
    }

    /// Which media types are understood.
    pub fn accept(self, types: &'static str) -> Self {
        Self { accept: types, ..self }
    }

    /// What proves who asks: `Basic …` or `Bearer …`.
    pub fn authorization(self, proof: Secret) -> Self {
        Self { authorization: Some(proof), ..self }
    }

    /// Where a redirection may lead.
    pub fn redirects(self, redirects: Redirects) -> Self {
        Self { redirects, ..self }
    }

    /// How long an answer may be.
    pub fn body_max(self, octets: usize) -> Self {
        Self { body_max: octets, ..self }
    }

    /// How long all of it may take, redirections included.
    pub fn within(self, limit: Duration) -> Self {
        Self { within: limit, ..self }
    }
}

impl Response {
    /// Whether what was asked for is here.
    pub fn is_ok(&self) -> bool {
        self.status == 200
    }

    /// A field of the answer, if it is text.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.to_str().ok()
    }

    /// An answer that nobody gave.
    #[cfg(test)]
    pub(crate) fn for_test(status: u16, body: &str) -> Self {
        let url = Url::parse("https://provider.example/token").expect("a URL");
        Self { status, url, body: body.as_bytes().to_vec(), fields: HeaderMap::new() }
    }

    /// The media type without its parameters, in lower case.
    pub fn media_type(&self) -> Option<String> {
        let value = self.field("content-type")?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }
}

impl<'a> Http<'a> {
    /// Over these connections, to these addresses; `trust` says whose certificates are good.
    pub fn new(connect: &'a dyn Connect, find: &'a dyn Find, trust: &'a Trust, trace: Option<&'a Trace>) -> Self {
        Self { connect, find, trust, trace, tls: OnceLock::new() }
    }

    /// Asks, and follows where the request allows it. An answer of any status is an answer; an error says that there
    /// is none.
    pub async fn ask(&self, request: Request) -> Result<Response> {
        if let Some(trace) = self.trace {
            request.hidden.iter().for_each(|secret| trace.hide(secret));
        }
        let peer = authority(&request.url);
        let late = || {
            let what = format!("the web server gave no whole answer within {} seconds", request.within.as_secs());
            Error::new(Kind::Temporary, what).with_peer(&peer)
        };
        timeout(request.within, self.follow(&request)).await.unwrap_or_else(|_| Err(late()))
    }

    async fn follow(&self, request: &Request) -> Result<Response> {
        let mut url = request.url.clone();
        for _ in 0..=REDIRECTS_MAX {
            let response = self.ask_once(&url, request).await?;
            let is_asked_for = request.redirects == Redirects::Https && request.content.is_none();
            // RFC 9110 §15.4: 300 and 304 are none of these.
            if !is_asked_for || !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            let target = response.field("location").and_then(|target| url.join(target).ok());
            url = match target {
                Some(target) if target.scheme() == "https" && url.scheme() == "https" => target,
                Some(_) => return Err(broken(&url, "the web server leads away from https")),
                None => return Err(broken(&url, "the web server leads nowhere")),
            };
        }
        Err(broken(&request.url, "the web server leads from place to place"))
    }

    async fn ask_once(&self, url: &Url, request: &Request) -> Result<Response> {
        let begun = Instant::now();
        let answer = self.converse(url, request).await;
        if let Some(trace) = self.trace {
            let (status, size) = answer.as_ref().map_or((None, 0), |a| (Some(a.status), a.body.len() as u64));
            let what = Happening::Http {
                method: method(request).to_string(),
                url: url[..url::Position::AfterPath].to_owned(),
                status,
                size,
            };
            trace.happened(what, Some(begun.elapsed()), status.is_some_and(|status| status < 400));
        }
        answer
    }

    async fn converse(&self, url: &Url, request: &Request) -> Result<Response> {
        let host = url.host_str().unwrap_or_default();
        let (port, is_secure) = match (url.scheme(), url.port_or_known_default()) {
            ("https", Some(port)) => (port, true),
            ("http", Some(port)) => (port, false),
            _ => return Err(Error::new(Kind::Usage, format!("{}: is no address of a web server", url.scheme()))),
        };
        // RFC 9110 §4.2.4: who writes a name in front of the host wants to look like somebody else.
        if host.is_empty() || !url.username().is_empty() || url.password().is_some() {
            return Err(Error::new(Kind::Usage, "the address of the web server names a user, or no host"));
        }
        let addresses = self.find.find(host, port).await?;
        let tap = || self.trace.map(|trace| trace.tap(Side::Client, follow::follow()));
        let mut connection = connect_any(self.connect, host, &addresses, CONNECT_WAIT, tap).await?;
        if is_secure {
            connection = connection.connect_tls(self.tls()?, host, PATIENCE).await?;
        }
        let failed = |error: hyper::Error| broken(url, "the web server broke off, or speaks no HTTP").caused_by(error);
        let (mut sender, driver) = http1::Builder::new()
            .max_buf_size(HEAD_MAX)
            .max_headers(FIELDS_MAX)
            .handshake(Octets(connection))
            .await
            .map_err(failed)?;
        let exchange = async {
            let answer = sender.send_request(encode(url, request)?).await.map_err(failed)?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, request.body_max).collect().await.map_err(|error| {
                if error.is::<LengthLimitError>() {
                    broken(url, &format!("the web server's answer is longer than {} octets", request.body_max))
                } else {
                    broken(url, "the web server broke off its answer").caused_by(error.to_string())
                }
            })?;
            let body = body.to_bytes().to_vec();
            Ok(Response { status: StatusCode::as_u16(&head.status), url: url.clone(), body, fields: head.headers })
        };
        // The end of the connection says nothing that the exchange would not say better.
        let driver = async {
            let _ = driver.await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            answer = exchange => answer,
            () = driver => Err(broken(url, "the web server broke off")),
        }
    }

    /// The system's certificates take a while to load; one that only asks in clear needs none.
    fn tls(&self) -> Result<&ClientTls> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls);
        }
        let tls = ClientTls::new(self.trust)?;
        Ok(self.tls.get_or_init(|| tls))
    }
}

fn method(request: &Request) -> Method {
    if request.content.is_some() { Method::POST } else { Method::GET }
}

fn encode(url: &Url, request: &Request) -> Result<hyper::Request<Full<Bytes>>> {
    let malformed = |_| Error::new(Kind::Software, "a request holds what no field can");
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = HeaderValue::from_str(&authority(url)).map_err(malformed)?;
    let mut builder = hyper::Request::builder()
        .method(method(request))
        .uri(target)
        .header(header::HOST, host)
        .header(header::USER_AGENT, concat!("mailkit/", env!("CARGO_PKG_VERSION")))
        .header(header::ACCEPT, request.accept)
        .header(header::CONNECTION, "close");
    if let Some(proof) = &request.authorization {
        let mut proof = HeaderValue::from_str(proof.expose()).map_err(malformed)?;
        proof.set_sensitive(true);
        builder = builder.header(header::AUTHORIZATION, proof);
    }
    let body = match &request.content {
        Some((media_type, content)) => {
            builder = builder.header(header::CONTENT_TYPE, *media_type);
            Bytes::copy_from_slice(content.expose().as_bytes())
        }
        None => Bytes::new(),
    };
    builder.body(Full::new(body)).map_err(|_| {
        Error::new(Kind::Usage, "the address of the web server cannot be asked for").with_peer(authority(url))
    })
}

/// Host and port as the Host field has them (RFC 9110 §7.2), and errors.
fn authority(url: &Url) -> String {
    url[url::Position::BeforeHost..url::Position::AfterPort].to_owned()
}

fn broken(url: &Url, what: &str) -> Error {
    Error::new(Kind::Protocol, what).with_peer(authority(url))
}

#[cfg(test)]
mod tests;
