//! A connection that is said to be somebody else's: the PROXY header before all other words.
//!
//! For those who look at a server with the eyes of another client. <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>

use crate::error::{Error, Kind, Result};
use crate::net::connection::Connection;
use crate::net::peer::Peer;
use crate::wire::proxy_header::{self, End, Origin, Version};
use std::time::Duration;

/// Whose connection a PROXY header passes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// In which form that is said.
    pub version: Version,
    /// Who it is said to be.
    pub whose: Whose,
}

/// Who is said to be behind us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Nobody: it is ours.
    Ours,
    /// Somebody unknown.
    Unknown,
    /// Somebody from there, who connected to there, or if that is not given to where we do.
    Of(End, Option<End>),
}

/// Sends the PROXY header, and says what it said. The outer error is a mistake of whoever asked for it.
pub async fn introduce(connection: &mut Connection, passed: &Passed, within: Duration) -> Result<Result<String>> {
    let origin = origin(passed, connection.peer())?;
    let header = proxy_header::encode(passed.version, &origin).map_err(usage)?;
    let said = format!("{} {origin}", passed.version);
    let sent = connection.send_before(&header, &format!("PROXY header {said}"), within).await;
    Ok(sent
        .map(|()| said)
        .map_err(|error| Error::new(Kind::Temporary, "the PROXY header could not be sent").caused_by(error)))
}

/// What the header says.
fn origin(passed: &Passed, peer: &Peer) -> Result<Origin> {
    let (from, to) = match &passed.whose {
        Whose::Ours => return Ok(Origin::Local),
        Whose::Unknown => return Ok(Origin::Unknown),
        Whose::Of(from, to) => (from.clone(), to.clone()),
    };
    let here = || match peer {
        Peer::Address(address) => Some(End::Address(*address)),
        Peer::Unix(path) => Some(End::Path(path.clone())),
        Peer::Pipe | Peer::Behind(_) => None,
    };
    let to = to.or_else(here).ok_or_else(|| {
        Error::new(Kind::Usage, "the server's address is not known here, and the PROXY header needs one")
    })?;
    Origin::between(from, to).map_err(usage)
}

fn usage(error: proxy_header::NoHeader) -> Error {
    Error::new(Kind::Usage, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    #[test]
    fn a_header_says_where_we_connect_to_unless_told_otherwise() {
        let here: SocketAddr = ([127, 0, 0, 1], 25).into();
        let from = || End::Address(([192, 0, 2, 7], 1).into());
        let passed = |whose| Passed { version: Version::One, whose };
        let to = |to| Origin::Tcp { from: ([192, 0, 2, 7], 1).into(), to };
        let other: SocketAddr = ([192, 0, 2, 1], 26).into();
        for (whose, peer, wanted) in [
            (Whose::Ours, Peer::Pipe, Some(Origin::Local)),
            (Whose::Unknown, Peer::Pipe, Some(Origin::Unknown)),
            (Whose::Of(from(), None), here.into(), Some(to(here))),
            (Whose::Of(from(), Some(End::Address(other))), here.into(), Some(to(other))),
            (Whose::Of(from(), Some(End::Address(other))), Peer::Behind(here), Some(to(other))),
            (Whose::Of(from(), None), Peer::Behind(here), None),
            (Whose::Of(from(), None), Peer::Unix("/run/mail".into()), None),
        ] {
            let said = origin(&passed(whose.clone()), &peer);
            assert_eq!(said.as_ref().ok(), wanted.as_ref(), "{whose:?}, {peer}");
            assert!(said.err().is_none_or(|error| error.kind() == Kind::Usage));
        }
    }
}
