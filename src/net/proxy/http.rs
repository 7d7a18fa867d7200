//! HTTP CONNECT: a request, a header section, and then it is the server who speaks.
//!
//! RFC 9110 §9.3.6, §11.7; RFC 9112 §4; RFC 7617.

use super::{Refusal, Target};
use crate::error::Kind;
use crate::secret::Secret;
use crate::world::Stream;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zeroize::Zeroizing;

/// A header section longer than this is nothing that a proxy says.
const HEAD_MAX: usize = 16 * 1024;

/// Asks for a server.
pub(super) async fn ask(
    stream: &mut dyn Stream,
    target: &Target,
    login: Option<(&str, &Secret)>,
) -> Result<(), Refusal> {
    let mut request = Zeroizing::new(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"));
    if let Some((user, password)) = login {
        let pair = Zeroizing::new(format!("{user}:{}", password.expose()));
        let pair = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        request.extend(["Proxy-Authorization: Basic ", pair.as_str(), "\r\n"]);
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await?;
    let head = head(stream).await?;
    let status = String::from_utf8_lossy(head.split(|octet| *octet == b'\r').next().unwrap_or_default());
    let status: String = status.chars().filter(|sign| !sign.is_control()).collect();
    let code = status.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).and_then(|code| code.parse::<u16>().ok());
    let (kind, why) = match code {
        Some(200..300) => return Ok(()),
        Some(407) => match login {
            Some(_) => (Kind::NoPermission, "it refused our login".to_owned()),
            None => (Kind::NoPermission, "it wants a login".to_owned()),
        },
        Some(401 | 403 | 405) => (Kind::NoPermission, format!("its rules do not allow it: {status}")),
        Some(500..) => (Kind::Temporary, format!("it said {status}")),
        Some(_) => (Kind::Unavailable, format!("it said {status}")),
        None => (Kind::Unavailable, "what it says is not HTTP".to_owned()),
    };
    Err(Refusal::Said(kind, why))
}

/// Octet by octet: what comes behind the empty line is the server's.
async fn head(stream: &mut dyn Stream) -> Result<Vec<u8>, Refusal> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
        let is_http = b"HTTP/1.".iter().zip(&head).all(|(wanted, octet)| wanted == octet);
        if head.len() > HEAD_MAX || !is_http {
            return Err(Refusal::Said(Kind::Unavailable, "what it says is not HTTP".to_owned()));
        }
    }
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::super::tests::play;
    use super::*;

    const ASK: &[u8] = b"CONNECT mail.example:25 HTTP/1.1\r\nHost: mail.example:25\r\n\r\n";
    const LOG_IN: &[u8] =
        b"CONNECT mail.example:25 HTTP/1.1\r\nHost: mail.example:25\r\nProxy-Authorization: Basic YTpodW50ZXIy\r\n\r\n";

    #[tokio::test]
    async fn the_servers_first_words_come_right_behind_the_empty_line() {
        let name = Target::Name("mail.example".into(), 25);
        let ok = b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n220 mx\r\n";
        assert_eq!(play("http://p", &name, &[(ASK, ok)]).await.expect("through"), "220 mx\r\n");
        assert_eq!(play("http://a@p", &name, &[(LOG_IN, ok)]).await.expect("through"), "220 mx\r\n");
    }

    #[tokio::test]
    async fn each_refusal_has_its_sentence() {
        let name = Target::Name("mail.example".into(), 25);
        for (url, answer, kind, wanted) in [
            ("http://p", "HTTP/1.1 407 x\r\n\r\n", Kind::NoPermission, "it wants a login"),
            ("http://a@p", "HTTP/1.0 407 x\r\n\r\n", Kind::NoPermission, "it refused our login"),
            (
                "http://p",
                "HTTP/1.1 403 Forbidden\r\n\r\n",
                Kind::NoPermission,
                "its rules do not allow it: HTTP/1.1 403 Forbidden",
            ),
            ("http://p", "HTTP/1.1 503 Later\r\n\r\n", Kind::Temporary, "it said HTTP/1.1 503 Later"),
            ("http://p", "HTTP/1.1 404 None\r\n\r\n", Kind::Unavailable, "it said HTTP/1.1 404 None"),
            ("http://p", "HTTP/1.1 200 cut", Kind::Temporary, "it closed the connection"),
            ("http://p", "220 mx ESMTP\r\n", Kind::Unavailable, "not HTTP"),
        ] {
            let request = if url.contains('@') { LOG_IN } else { ASK };
            let error = play(url, &name, &[(request, answer.as_bytes())]).await.expect_err(wanted);
            assert!(error.kind() == kind && error.to_string().contains(wanted), "{error}");
        }
    }
}
