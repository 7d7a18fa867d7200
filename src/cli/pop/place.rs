//! Where messages go, as the user names it, and the target that it is.

use super::args::Wishes;
use super::mailbox::Mailbox;
use super::servers::Handover;
use crate::cli::console::output_error;
use crate::cli::context::Context;
use crate::cli::login::{LoginArgs, Server};
use mailkit::account::state_dir;
use mailkit::error::{Error, Result};
use mailkit::fetch::{Agent, IntoMaildir, IntoMbox, IntoStream, Staged, Target, file_name, rebuild, take_over};
use mailkit::net::clock::SystemClock;
use mailkit::store::disk::RealDisk;
use mailkit::store::maildir::Maildir;
use mailkit::store::maildrop::{Register, SqliteRegister};
use mailkit::store::mbox_file::MboxFile;
use mailkit::world::{Clock, Disk};
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A directory.
    Maildir(PathBuf),
    /// A file with all of them.
    Mbox(PathBuf),
    /// A shell command.
    Agent(String),
    /// A server of LMTP or SMTP, as a URL.
    Server(String),
    /// A mailbox of a server of IMAP.
    Mailbox(String),
    /// Standard output.
    Output,
}

impl FromStr for Place {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let server = |scheme: &str, rest: &str| match rest {
            url if url.contains("://") => Self::Server(url.to_owned()),
            socket if socket.starts_with('/') => Self::Server(format!("{scheme}+unix://{socket}")),
            host => Self::Server(format!("{scheme}://{host}")),
        };
        match text.split_once(':') {
            None if text == "-" => Ok(Self::Output),
            Some((_, "")) => Err("nothing stands behind the colon".into()),
            Some(("maildir", path)) => Ok(Self::Maildir(path.into())),
            Some(("mbox", path)) => Ok(Self::Mbox(path.into())),
            Some(("mda", command)) => Ok(Self::Agent(command.into())),
            Some(("imap", mailbox)) => Ok(Self::Mailbox(mailbox.into())),
            Some((scheme @ ("lmtp" | "smtp"), rest)) => Ok(server(scheme, rest)),
            _ => {
                Err("a target is maildir:PATH, mbox:FILE, mda:COMMAND, lmtp:HOST, smtp:HOST, or - for standard output"
                    .into())
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Maildir(path) | Self::Mbox(path) => path.display().fmt(f),
            Self::Agent(command) => f.write_str(command),
            Self::Server(url) | Self::Mailbox(url) => f.write_str(&mailkit::endpoint::masked(url)),
            Self::Output => f.write_str("-"),
        }
    }
}

/// A target, and what is remembered of the maildrop.
pub(super) struct Opened {
    pub(super) target: Box<dyn Target>,
    pub(super) register: Option<Box<dyn Register>>,
}

/// Opens both. A Maildir has its memory with it; what went elsewhere is remembered among the user's states.
pub(super) async fn open(
    context: &Context,
    login: &LoginArgs,
    server: &Server<'_>,
    wishes: &Wishes,
    source: &str,
    rebuilds: bool,
) -> Result<Opened> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let states = || state_dir().map(|dir| dir.join("pop"));
    let register = |path: &Path| -> Result<(SqliteRegister, bool)> {
        if let Some(dir) = path.parent() {
            RealDisk.create_dir(dir).map_err(|error| Error::file("cannot make", dir, error))?;
        }
        SqliteRegister::open(&RealDisk, path)
    };
    if let Place::Maildir(path) = &wishes.place {
        let maildir = Maildir::open(disk, path)?;
        let at = path.join(format!("mailkit-pop3.{}.db", file_name(source)));
        let (mut register, is_new) = register(&at)?;
        if rebuilds {
            rebuild(&maildir, &mut register, SystemClock.now())?;
        } else if is_new {
            take_over(&maildir, source, &mut register)?;
        }
        return Ok(Opened { target: Box::new(IntoMaildir::new(maildir)), register: Some(Box::new(register)) });
    }
    let target: Box<dyn Target> = match &wishes.place {
        Place::Mbox(path) => Box::new(IntoMbox::new(MboxFile::open(path)?)),
        Place::Agent(command) => {
            let agent = Agent { command: command.clone(), hidden: context.hidden().to_vec() };
            Box::new(Staged::new(agent, disk, states()?))
        }
        Place::Server(url) => {
            let to = Handover::to(context, login, url, server, wishes.recipient.as_ref()).await?;
            Box::new(Staged::new(to, disk, states()?))
        }
        Place::Mailbox(text) => {
            let to = Mailbox::of(context, login, text, server).await?;
            Box::new(Staged::new(to, disk, states()?))
        }
        Place::Maildir(_) | Place::Output => Box::new(IntoStream::new(Output)),
    };
    let register = match wishes.remembers {
        true => Some(register(&states()?.join(format!("{}.db", file_name(source))))?.0),
        false => None,
    };
    Ok(Opened { target, register: register.map(|register| Box::new(register) as _) })
}

/// Standard output as messages are printed on it: as they are, whatever is in them.
struct Output;

impl Write for Output {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let written = io::stdout().lock().write_all(octets);
        written.map(|()| octets.len()).map_err(|error| io::Error::other(output_error(error)))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_says_what_it_is() {
        for (text, wanted) in [
            ("-", Some(Place::Output)),
            ("maildir:Mail/work", Some(Place::Maildir("Mail/work".into()))),
            ("mbox:a:b", Some(Place::Mbox("a:b".into()))),
            ("mda:procmail -d bob", Some(Place::Agent("procmail -d bob".into()))),
            ("lmtp:mx.example:24", Some(Place::Server("lmtp://mx.example:24".into()))),
            ("lmtp:/run/lmtp", Some(Place::Server("lmtp+unix:///run/lmtp".into()))),
            ("smtp:smtps://bob@mx.example", Some(Place::Server("smtps://bob@mx.example".into()))),
            ("imap:Archive", Some(Place::Mailbox("Archive".into()))),
            ("maildir:", None),
            ("Mail", None),
            ("", None),
            ("ftp:x", None),
        ] {
            assert_eq!(text.parse::<Place>().ok(), wanted, "{text}");
        }
    }
}
