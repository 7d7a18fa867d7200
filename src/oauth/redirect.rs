//! The place on this machine to which the browser comes back with a code.
//!
//! A port that the system picks, on loopback only, for the time of one login. It understands one request line and
//! answers with a page for people; whatever is too long, too slow or not the answer is sent away.
//! RFC 8252 §7.3; RFC 9112 §3.

use super::authorize::Authorization;
use crate::error::{Error, Kind, Result};
use crate::net::connection::Connection;
use crate::net::tcp::{self, Listener};
use crate::secret::Secret;
use crate::wire::frame::{Expect, Frame, Framer};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// A browser has its request ready.
const REQUEST_WAIT: Duration = Duration::from_secs(10);
/// Octets of a line of the request; codes and states are a few hundred.
const LINE_MAX: usize = 16 * 1024;
/// Lines of the request's head.
const LINES_MAX: usize = 100;
/// Browsers open some connections ahead; more is somebody else.
const CONNECTIONS_MAX: usize = 16;

/// A place to come back to.
#[derive(Debug)]
pub struct Loopback {
    listener: Listener,
    port: u16,
}

impl Loopback {
    /// Opens it, at a port of its own where a provider wants that.
    pub fn open(port: Option<u16>) -> Result<Self> {
        let listener = tcp::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(0))))?;
        let bound = listener.address();
        let bound = bound.map_err(|error| Error::new(Kind::Temporary, "the system gives no port").caused_by(error))?;
        Ok(Self { listener, port: bound.port() })
    }

    /// Its address for the browser; `host` is what this machine is called there.
    pub fn address(&self, host: &str) -> String {
        format!("http://{host}:{}/", self.port)
    }

    /// Waits for the answer to this question. A wrong one is sent away and the right one still awaited, so that
    /// nobody who merely knocks can end a login.
    pub(super) async fn code(&self, asked: &Authorization, within: Duration) -> Result<Secret> {
        let late = || {
            let minutes = within.as_secs() / 60;
            Error::new(Kind::NoPermission, format!("nobody consented within {minutes} minutes"))
                .hint("begin again, or use --paste or --device where the browser cannot reach this machine")
        };
        timeout(within, self.wait(asked)).await.unwrap_or_else(|_| Err(late()))
    }

    async fn wait(&self, asked: &Authorization) -> Result<Secret> {
        let mut readers = JoinSet::new();
        loop {
            let (mut connection, target) = tokio::select! {
                Some(read) = readers.join_next() => match read {
                    Ok(Some(read)) => read,
                    _ => continue,
                },
                accepted = self.listener.connection(), if readers.len() < CONNECTIONS_MAX => {
                    let accepted = accepted
                        .map_err(|error| Error::new(Kind::Temporary, "the system accepts no connection").caused_by(error))?;
                    readers.spawn(read(accepted));
                    continue;
                }
            };
            let Some(query) = target.expose().strip_prefix("/?") else {
                say(&mut connection, 404, "Nothing is here", "The answer to a login is expected, and nothing else.")
                    .await;
                continue;
            };
            match asked.code(query) {
                Ok(code) => {
                    say(&mut connection, 200, "Done", "mailkit has what it needs. You may close this page.").await;
                    return Ok(code);
                }
                Err(error) if error.answer().is_none() && error.kind() == Kind::NoPermission => {
                    say(&mut connection, 400, "Refused", "This is the answer to another question.").await;
                }
                Err(error) => {
                    let words = error.answer().unwrap_or("The answer cannot be used.").to_owned();
                    say(&mut connection, 400, "No consent", &words).await;
                    return Err(error);
                }
            }
        }
    }
}

/// Reads a request's head; its target is a secret. `None` if it is none that is understood.
async fn read(mut connection: Connection) -> Option<(Connection, Secret)> {
    let head = async {
        let mut framer = Framer::new();
        let mut target = None;
        for _ in 0..LINES_MAX {
            let line = loop {
                match framer.next(Expect::Line { max: LINE_MAX }) {
                    Some(Frame::Line(line)) => break line.to_vec(),
                    Some(_) => return None,
                    None => {}
                }
                if connection.fill(&mut framer).await.ok()? == 0 {
                    return None;
                }
            };
            if target.is_none() {
                let line = String::from_utf8(line).ok()?;
                let mut words = line.split(' ');
                let (method, found, version) = (words.next()?, words.next()?, words.next()?);
                if method != "GET" || !version.trim_end().starts_with("HTTP/1.") {
                    return None;
                }
                target = Some(Secret::new(found.to_owned()));
            } else if line.trim_ascii().is_empty() {
                return target;
            }
        }
        None
    };
    let target = timeout(REQUEST_WAIT, head).await.ok().flatten();
    match target {
        Some(target) => Some((connection, target)),
        None => {
            say(&mut connection, 400, "Not understood", "The answer to a login is expected, and nothing else.").await;
            None
        }
    }
}

/// Answers with a page. Whoever reads it may be gone; the login does not depend on it.
async fn say(connection: &mut Connection, status: u16, title: &str, words: &str) {
    let escape =
        |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let (title, words) = (escape(title), escape(words));
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><h1>{title}</h1><p>{words}</p></html>\n"
    );
    let reason = if status == 200 { "OK" } else { "Refused" };
    // The address of this page holds a code: it goes nowhere else, and nothing here runs.
    let answer = format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\
         Content-Security-Policy: default-src 'none'\r\n\r\n{page}",
        page.len()
    );
    let _ = connection.send(answer.as_bytes(), REQUEST_WAIT).await;
    connection.close().await;
}
