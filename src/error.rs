//! What went wrong: what was tried, with whom, what they said, and what follows.
//!
//! The world's mistakes only: a peer's mistake is answered in its protocol, a programmer's mistake
//! panics. The kind decides fate and exit code; the sentence is for people.
//! Knows no exit numbers (see `cli::exit`) and no reply grammar.

use crate::secret::{Secret, Veil};
use crate::status::Fate;
use std::borrow::Cow;
use std::fmt;

/// The result of anything that touches the world.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure that a person or a script has to deal with.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    tried: String,
    peer: Option<String>,
    said: Option<String>,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What sort of failure: one list for all commands, matched by one table of exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The command was given wrongly.
    Usage,
    /// Input data is malformed, or the content was refused.
    Data,
    /// An input file is missing or cannot be read.
    NoInput,
    /// The recipient does not exist.
    NoUser,
    /// The host or domain does not exist, or takes no mail.
    NoHost,
    /// Permanently refused, or a service that is required is not offered.
    Unavailable,
    /// A mistake of ours.
    Software,
    /// An output file cannot be created.
    CannotCreate,
    /// Reading or writing failed underway: a full or broken disk.
    Io,
    /// May work later: refused connection, timeout, 4yz.
    Temporary,
    /// The peer broke the protocol, or the outcome is unknown.
    Protocol,
    /// Login failed or policy forbids it.
    NoPermission,
    /// The configuration is wrong or incomplete.
    Config,
}

impl Error {
    /// A failure of `kind` while doing what `tried` names: "connect", "refused RCPT TO:<bob@x>".
    pub fn new(kind: Kind, tried: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, tried: tried.into(), peer: None, said: None, hint: None, source: None }))
    }

    /// An operating system's error on a file: what was tried, on which path.
    pub fn file(tried: &str, path: &std::path::Path, source: std::io::Error) -> Self {
        Self::new(file_kind(&source), format!("{tried} {}", path.display())).caused_by(source)
    }

    /// The same on a file that somebody gave us to read: whatever is wrong with it, it is their input.
    pub fn input(path: &std::path::Path, source: std::io::Error) -> Self {
        let kind = match file_kind(&source) {
            Kind::CannotCreate => Kind::NoInput,
            other => other,
        };
        Self::new(kind, format!("cannot read {}", path.display())).caused_by(source)
    }

    /// The same on a file that is ours to make: that there is no such place is no fault of what we read.
    pub fn output(tried: &str, path: &std::path::Path, source: std::io::Error) -> Self {
        let kind = match file_kind(&source) {
            Kind::NoInput => Kind::CannotCreate,
            other => other,
        };
        Self::new(kind, format!("{tried} {}", path.display())).caused_by(source)
    }

    /// Says with whom: a host, an address with port, a server's name.
    pub fn with_peer(mut self, peer: impl Into<String>) -> Self {
        self.0.peer = Some(peer.into());
        self
    }

    /// Says of which of several things.
    pub fn about(mut self, what: &str) -> Self {
        self.0.tried = format!("{what}: {}", self.0.tried);
        self
    }

    /// Adds the peer's own words.
    pub fn said(mut self, words: impl Into<String>) -> Self {
        self.0.said = Some(words.into());
        self
    }

    /// The same without the secret, should the peer have repeated it.
    pub fn without(self, secret: &Secret) -> Self {
        self.veiled(|text| secret.veil(text))
    }

    /// The same without all that is known to be secret.
    pub fn under(self, veil: &Veil) -> Self {
        self.veiled(|text| veil.over(text))
    }

    fn veiled(mut self, over: impl for<'a> Fn(&'a str) -> Cow<'a, str>) -> Self {
        self.0.said = self.0.said.as_ref().map(|text| over(text).into_owned());
        self.0.tried = over(&self.0.tried).into_owned();
        let source = self.0.source.take_if(|source| matches!(over(&source.to_string()), Cow::Owned(_)));
        match source {
            Some(source) => self.caused_by(over(&source.to_string()).into_owned()),
            None => self,
        }
    }

    /// Adds what the user can do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds the error underneath.
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The sort of failure.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// With whom, if anybody.
    pub fn peer(&self) -> Option<&str> {
        self.0.peer.as_deref()
    }

    /// The peer's own words, unescaped: print them through `message::safe`.
    pub fn answer(&self) -> Option<&str> {
        self.0.said.as_deref()
    }

    /// What the user can do about it.
    pub fn advice(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Whether another attempt makes sense.
    pub fn fate(&self) -> Fate {
        match self.0.kind {
            Kind::Temporary | Kind::Io | Kind::CannotCreate | Kind::Protocol | Kind::Software => Fate::Transient,
            Kind::Usage
            | Kind::Data
            | Kind::NoInput
            | Kind::NoUser
            | Kind::NoHost
            | Kind::Unavailable
            | Kind::NoPermission
            | Kind::Config => Fate::Permanent,
        }
    }
}

/// One line: what, with whom, why. The peer's words and the hint are printed on lines of their own by the command.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.tried)?;
        if let Some(peer) = &self.0.peer {
            write!(f, " ({peer})")?;
        }
        if let Some(source) = &self.0.source {
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

/// Files: what is missing is the caller's input, what fails underway is the disk's doing.
fn file_kind(error: &std::io::Error) -> Kind {
    use std::io::ErrorKind as E;
    match error.kind() {
        E::NotFound | E::IsADirectory | E::NotADirectory => Kind::NoInput,
        E::PermissionDenied | E::AlreadyExists | E::ReadOnlyFilesystem => Kind::CannotCreate,
        _ => Kind::Io,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    #[test]
    fn a_file_that_cannot_be_read_is_a_mistake_of_whoever_named_it() {
        for (why, input, other) in [
            (ErrorKind::NotFound, Kind::NoInput, Kind::NoInput),
            (ErrorKind::IsADirectory, Kind::NoInput, Kind::NoInput),
            (ErrorKind::PermissionDenied, Kind::NoInput, Kind::CannotCreate),
            (ErrorKind::StorageFull, Kind::Io, Kind::Io),
        ] {
            let path = std::path::Path::new("x");
            assert_eq!(Error::input(path, why.into()).kind(), input, "{why}");
            assert_eq!(Error::file("cannot write", path, why.into()).kind(), other, "{why}");
            let made = if other == Kind::Io { Kind::Io } else { Kind::CannotCreate };
            assert_eq!(Error::output("cannot write", path, why.into()).kind(), made, "{why}");
        }
    }
}
