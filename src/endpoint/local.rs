//! Servers on this machine that are not reached by TCP: sockets of the file system, and programs.
//!
//! `lmtp+unix:///run/lmtp` is a URL: what would end the path is written `%3F`. `smtp+pipe:` is followed by a shell
//! command as it is, since that is what users of such commands know from elsewhere (ssh's ProxyCommand, mbsync's
//! Tunnel); nothing in it is decoded.

use super::{Endpoint, EndpointError, Protocol, TLS_MODES, TlsMode, decode, encode, tls_mode};
use crate::address::Domain;
use std::fmt;
use std::path::PathBuf;

/// Where on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Local {
    /// At a socket of the file system.
    Unix(PathBuf),
    /// On the input and output of a shell command.
    Pipe(String),
}

const SCHEMES: [(&str, Protocol); 2] = [("smtp", Protocol::Smtp), ("lmtp", Protocol::Lmtp)];

/// Reads a URL of a local server; `None` if it is of another kind.
pub(super) fn parse(text: &str) -> Option<Result<Endpoint, EndpointError>> {
    let (scheme, rest) = text.split_once(':')?;
    let (word, way) = scheme.split_once('+')?;
    let (_, protocol) = *SCHEMES.iter().find(|(known, _)| word.eq_ignore_ascii_case(known))?;
    let read = match way.to_ascii_lowercase().as_str() {
        "unix" => unix(rest),
        "pipe" => pipe(rest).map(|local| (local, TlsMode::None)),
        _ => return None,
    };
    let host = Domain::Name("localhost".to_owned());
    Some(read.map(|(local, tls)| Endpoint { protocol, local: Some(local), host, port: 0, user: None, tls }))
}

fn unix(rest: &str) -> Result<(Local, TlsMode), EndpointError> {
    let path = rest.strip_prefix("//").ok_or(EndpointError::Local)?;
    let (path, tls) = match path.split_once('?') {
        Some((path, query)) => (path, tls_mode(query)?),
        None => (path, TlsMode::None),
    };
    let path = decode(path).filter(|path| path.starts_with('/') && path.len() > 1 && !path.contains('\0'));
    Ok((Local::Unix(path.ok_or(EndpointError::Local)?.into()), tls))
}

fn pipe(command: &str) -> Result<Local, EndpointError> {
    let is_command = !command.trim().is_empty() && !command.contains(['\0', '\n', '\r']);
    if is_command { Ok(Local::Pipe(command.to_owned())) } else { Err(EndpointError::Local) }
}

impl Local {
    /// The URL. What a path may not hold is written as `%` and two digits.
    pub(super) fn print(&self, endpoint: &Endpoint, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = SCHEMES.iter().find(|(_, known)| *known == endpoint.protocol).map_or("smtp", |(word, _)| *word);
        match self {
            Self::Unix(path) => {
                let path = path.to_string_lossy();
                let parts: Vec<String> = path.split('/').map(encode).collect();
                write!(f, "{protocol}+unix://{}", parts.join("/"))?;
                match TLS_MODES.iter().find(|(_, mode)| *mode == endpoint.tls && *mode != TlsMode::None) {
                    Some((word, _)) => write!(f, "?tls={word}"),
                    None => Ok(()),
                }
            }
            Self::Pipe(command) => write!(f, "{protocol}+pipe:{command}"),
        }
    }
}

/// The path, or the command, as messages name the server.
impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => path.display().fmt(f),
            Self::Pipe(command) => f.write_str(command),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_and_programs_are_printed_as_they_are_read() {
        let unix = |path: &str| Local::Unix(path.into());
        let pipe = |command: &str| Local::Pipe(command.into());
        for (text, protocol, local, tls) in [
            ("smtp+unix:///run/mail.sock", Protocol::Smtp, unix("/run/mail.sock"), TlsMode::None),
            ("lmtp+unix:///var/run/dovecot/lmtp", Protocol::Lmtp, unix("/var/run/dovecot/lmtp"), TlsMode::None),
            ("lmtp+unix:///a%20b%3Fc%25", Protocol::Lmtp, unix("/a b?c%"), TlsMode::None),
            ("smtp+unix:///s?tls=require", Protocol::Smtp, unix("/s"), TlsMode::StartTls),
            ("smtp+pipe:sendmail -bs", Protocol::Smtp, pipe("sendmail -bs"), TlsMode::None),
            (
                "smtp+pipe:ssh a@b 'nc 127.0.0.1 25' 2>&1?",
                Protocol::Smtp,
                pipe("ssh a@b 'nc 127.0.0.1 25' 2>&1?"),
                TlsMode::None,
            ),
            ("lmtp+pipe:dovecot-lda://x%20", Protocol::Lmtp, pipe("dovecot-lda://x%20"), TlsMode::None),
        ] {
            let endpoint = Endpoint::parse(text).expect(text);
            assert_eq!((endpoint.protocol, &endpoint.local, endpoint.tls), (protocol, &Some(local), tls), "{text}");
            assert_eq!(endpoint.to_string(), text);
            assert!(endpoint.is_loopback(), "{text}");
        }
        let upper = Endpoint::parse("LMTP+Unix:///S").expect("schemes know no case");
        assert_eq!((upper.to_string().as_str(), upper.authority().as_str()), ("lmtp+unix:///S", "/S"));
    }

    #[test]
    fn what_names_no_local_server_is_refused() {
        for text in [
            "smtp+unix:",
            "smtp+unix:/run/x",
            "smtp+unix://",
            "smtp+unix:///",
            "smtp+unix://host/x",
            "lmtp+unix:///%4",
            "smtp+unix:///a%00b",
            "smtp+pipe:",
            "smtp+pipe:  ",
            "smtp+pipe:a\nb",
        ] {
            assert_eq!(Endpoint::parse(text), Err(EndpointError::Local), "{text:?}");
        }
        for (text, wanted) in [
            ("smtp+unix:///s?tls=maybe", EndpointError::Tls),
            ("imap+unix:///s", EndpointError::Scheme("imap+unix".into())),
            ("smtp+tcp://mail.example", EndpointError::Scheme("smtp+tcp".into())),
        ] {
            assert_eq!(Endpoint::parse(text), Err(wanted), "{text}");
        }
    }
}
