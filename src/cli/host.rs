//! What this machine is called.

use mailkit::address::Domain;
use mailkit::error::{Error, Kind, Result};
use std::net::Ipv4Addr;

/// The machine's name as the operating system has it.
pub(super) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// What we call ourselves in EHLO: as told by `--helo`, else by the machine's name if it is one, else by its loopback
/// address (RFC 5321 §4.1.1.1, §4.1.4).
pub(super) fn helo(told: Option<&str>) -> Result<Domain> {
    match told {
        Some(name) => {
            Domain::parse(name).map_err(|error| Error::new(Kind::Usage, format!("--helo {name}")).caused_by(error))
        }
        None => Ok(Domain::parse(&host_name()).unwrap_or(Domain::Literal(Ipv4Addr::LOCALHOST.into()))),
    }
}
