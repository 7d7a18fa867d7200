//! What is named on the command line: who is asked, and about which domains.
//!
//! The resolver may stand anywhere among the names, as with `dig`.

use super::names::{Target, parse_target};
use crate::cli::resolver;
use mailkit::dns::server::Server;
use mailkit::error::{Error, Kind, Result};

/// What is named.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Given {
    /// Who is asked; those of the system if nobody is named.
    pub(super) server: Option<Server>,
    /// The domains, in their order.
    pub(super) targets: Vec<Target>,
    /// Whether more of them stand on standard input.
    pub(super) is_input_meant: bool,
}

impl Given {
    /// Reads the arguments.
    pub(super) fn parse(arguments: &[String]) -> Result<Self> {
        let (servers, names): (Vec<&str>, Vec<&str>) =
            arguments.iter().map(String::as_str).partition(|name| name.starts_with('@'));
        let server = match servers.as_slice() {
            [] => None,
            [server] => Some(resolver::server(server)?),
            _ => return Err(Error::new(Kind::Usage, "more than one @RESOLVER is given")),
        };
        let (inputs, names): (Vec<&str>, Vec<&str>) = names.into_iter().partition(|name| *name == "-");
        if inputs.len() > 1 {
            return Err(Error::new(Kind::Usage, "standard input (-) can be read only once"));
        }
        let targets = names.into_iter().map(parse_target).collect::<Result<Vec<_>>>()?;
        Ok(Self { server, targets, is_input_meant: !inputs.is_empty() })
    }

    /// The same, if it names anything.
    pub(super) fn nonempty(self) -> Result<Self> {
        match self.targets.is_empty() && !self.is_input_meant {
            true => Err(Error::new(Kind::Usage, "no domain is given")
                .hint("name one or several, as in @192.0.2.53 example.org, or - for a list on standard input")),
            false => Ok(self),
        }
    }

    /// How much is named.
    pub(super) fn extent(&self) -> Extent {
        match (self.is_input_meant, self.targets.len()) {
            (true, _) => Extent::List,
            (false, 0 | 1) => Extent::One,
            (false, _) => Extent::Some,
        }
    }
}

/// How much is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// One domain.
    One,
    /// Several, as arguments.
    Some,
    /// A list that is read: all there is.
    List,
}

impl Extent {
    /// Whether a result has to say whose it is.
    pub(super) fn is_many(self) -> bool {
        self != Self::One
    }
}
