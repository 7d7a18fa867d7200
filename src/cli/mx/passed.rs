//! The options of those who say that a connection is somebody else's.

use super::address;
use mailkit::engine::passed::{Passed, Whose};
use mailkit::error::{Error, Kind, Result};
use mailkit::wire::proxy_header::{End, Version};

/// The port of a client of whom only the address is given: the first of those for everybody (RFC 6335 §6).
const CLIENT_PORT: u16 = 49152;

/// Whose connection this is.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct PassedArgs {
    /// Begin the connection with a PROXY header of this version, before any TLS; of our own connection (LOCAL, in
    /// version 1 UNKNOWN) unless told whose
    #[arg(long, value_name = "v1|v2", help_heading = "As another client")]
    proxy_protocol: Option<Version>,

    /// Whose connection the PROXY header passes on: an address, perhaps with a port, the path of a socket, or unknown
    #[arg(
        long,
        value_name = "IP[:PORT]|PATH|unknown",
        requires = "proxy_protocol",
        help_heading = "As another client"
    )]
    proxy_from: Option<String>,

    /// Where that connection led to; to the server if not given
    #[arg(long, value_name = "IP[:PORT]|PATH", requires = "proxy_from", help_heading = "As another client")]
    proxy_to: Option<String>,
}

impl PassedArgs {
    /// Whose connection is to be passed on.
    pub(super) fn read(&self, port: u16) -> Result<Option<Passed>> {
        let Some(version) = self.proxy_protocol else { return Ok(None) };
        let end = |option: &str, text: &str, port| {
            let path = || text.starts_with('/').then(|| End::Path(text.into()));
            address(text, port).map(End::Address).or_else(path).ok_or_else(|| {
                Error::new(Kind::Usage, format!("{option} {text}: neither an address nor a path"))
                    .hint("write an IP address, perhaps with a port: 192.0.2.7 or [2001:db8::7]:49152")
            })
        };
        let whose = match self.proxy_from.as_deref() {
            None => Whose::Ours,
            Some("unknown") => Whose::Unknown,
            Some(from) => {
                let to = self.proxy_to.as_deref().map(|to| end("--proxy-to", to, port)).transpose()?;
                Whose::Of(end("--proxy-from", from, CLIENT_PORT)?, to)
            }
        };
        Ok(Some(Passed { version, whose }))
    }
}
