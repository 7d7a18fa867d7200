//! Which server is meant, which mailbox on it, and which messages in that: the same words in every subcommand.
//!
//! Mailboxes are named as people read them; `\Trash` and its like are whatever the server uses for that. A set of UIDs
//! stands for what it names and not for more: a server takes `500:*` to name the last message, whatever its UID is.
//! RFC 9051 §5.1, §9 (sequence-set); RFC 6154 §2.

use crate::cli::context::Context;
use crate::cli::input::STDIN;
use crate::cli::login::{self, LoginArgs, Service};
use mailkit::engine::imap::{Access, Refusal, Selected, Session, wire_name};
use mailkit::error::{Error, Kind, Result};
use mailkit::imap::mailbox::SpecialUse;
use mailkit::imap::name;
use mailkit::imap::number::Uid;
use mailkit::imap::set::SequenceSet;
use mailkit::message::safe::terminal;
use mailkit::sync::{self, Source};
use std::io::Read;

/// Octets of a set that is read from standard input.
const SET_MAX: u64 = 16 * 1024 * 1024;

/// Which server, and how to log in there.
#[derive(Debug, clap::Args)]
pub(super) struct ServerArgs {
    /// The server as a URL such as imaps://bob@imap.example.org, or an account of the configuration; without it, the
    /// account that --account names, or the default one
    #[arg(short = 's', long, value_name = "URL|ACCOUNT")]
    server: Option<String>,

    #[command(flatten)]
    login: LoginArgs,
}

impl ServerArgs {
    /// Connects and logs in.
    pub(super) async fn open(&self, context: &Context) -> Result<Session> {
        let server = login::server(context, self.server.as_deref(), Service::Imap)?;
        let credentials = self.login.credentials(context, &server).await?.ok_or_else(|| {
            Error::new(Kind::Usage, "nobody to log in as")
                .hint("name the user with --user or in the URL: imap://user@host")
        })?;
        let source = Source {
            endpoint: &server.endpoint,
            way: self.login.way(context, &server, self.login.tls(Some(&server))?).await?,
            credentials,
            trace: context.trace()?,
        };
        sync::open(&*self.login.connect(Some(&server))?, source).await
    }
}

/// A mailbox by its two names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mailbox {
    /// As the server writes it.
    pub(super) wire: String,
    /// As people read it.
    pub(super) name: String,
}

impl Mailbox {
    /// The one of this name, or the one that the server uses for this.
    pub(super) async fn find(session: &mut Session, name: &str) -> Result<Self> {
        let Some(word) = name.strip_prefix('\\') else { return Self::named(name) };
        let is_meant = |use_: SpecialUse| use_word(use_)[1..].eq_ignore_ascii_case(word);
        if !USES.into_iter().any(is_meant) {
            let known = USES.map(use_word).join(", ");
            return Err(
                Error::new(Kind::Usage, format!("{name} is no use of a mailbox")).hint(format!("there is {known}"))
            );
        }
        let listed = session.list_status(Default::default()).await?;
        let found = listed.into_iter().flatten().map(|listing| listing.listed);
        let found = found.filter(|listed| listed.selectable).find(|listed| listed.special_use.is_some_and(is_meant));
        found.map(|listed| Self::of_wire(listed.wire_name)).ok_or_else(|| {
            Error::new(Kind::Unavailable, format!("the server does not say which mailbox is {name}"))
                .with_peer(session.peer())
                .hint("name the mailbox itself: mailkit imap ls shows what there is")
        })
    }

    /// The one of this name.
    pub(super) fn named(name: &str) -> Result<Self> {
        match name {
            "" => Err(Error::new(Kind::Usage, "a mailbox has no name")),
            name => Ok(Self { wire: wire_name(name), name: name.to_owned() }),
        }
    }

    /// The one that the server calls so.
    pub(super) fn of_wire(wire: String) -> Self {
        let name = shown(&wire);
        Self { wire, name }
    }

    /// Opens it.
    pub(super) async fn open(&self, session: &mut Session, access: Access) -> Result<Selected> {
        let opened = session.open(&self.wire, access).await?;
        opened.map_err(|refusal| refused(session, &format!("cannot open mailbox {}", terminal(&self.name)), refusal))
    }
}

/// The name as people read it; one that is not well written stands as it is.
pub(super) fn shown(wire: &str) -> String {
    name::decode(wire.as_bytes()).unwrap_or_else(|_| wire.to_owned())
}

/// What a mailbox can be for.
const USES: [SpecialUse; 7] = [
    SpecialUse::All,
    SpecialUse::Archive,
    SpecialUse::Drafts,
    SpecialUse::Flagged,
    SpecialUse::Junk,
    SpecialUse::Sent,
    SpecialUse::Trash,
];

/// As IMAP writes it.
pub(super) fn use_word(special_use: SpecialUse) -> &'static str {
    match special_use {
        SpecialUse::All => "\\All",
        SpecialUse::Archive => "\\Archive",
        SpecialUse::Drafts => "\\Drafts",
        SpecialUse::Flagged => "\\Flagged",
        SpecialUse::Junk => "\\Junk",
        SpecialUse::Sent => "\\Sent",
        SpecialUse::Trash => "\\Trash",
    }
}

/// The error for what a server refused.
pub(super) fn refused(session: &Session, what: &str, refusal: Refusal) -> Error {
    Error::new(refusal.kind, what).said(refusal.text).with_peer(session.peer())
}

/// UIDs as they were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UidSet {
    set: SequenceSet,
    /// Whether the last message is named, whatever it is.
    names_last: bool,
}

impl UidSet {
    /// Reads the argument; `-` is standard input, where UIDs may stand one behind the other or in lines.
    pub(super) fn read(argument: &str) -> Result<Self> {
        if argument != STDIN {
            return Self::parse(argument);
        }
        let mut text = String::new();
        let failed = |error| Error::new(Kind::NoInput, "cannot read UIDs from standard input").caused_by(error);
        std::io::stdin().take(SET_MAX + 1).read_to_string(&mut text).map_err(failed)?;
        if text.len() as u64 > SET_MAX {
            return Err(Error::new(Kind::Data, format!("more than {SET_MAX} octets of UIDs")));
        }
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        let words: Vec<&str> = text.split([' ', '\t', '\r', '\n', ',']).filter(|word| !word.is_empty()).collect();
        if words.is_empty() {
            return Err(Error::new(Kind::Usage, "no UIDs are given").hint("all messages are 1:*"));
        }
        let set = SequenceSet::parse(words.join(",").as_bytes()).ok_or_else(|| {
            let cut: String = text.chars().take(40).collect();
            Error::new(Kind::Usage, format!("not a set of UIDs: {}", terminal(&cut)))
                .hint("write 7, 1:9, 12:* or 3,5:7")
        })?;
        Ok(Self { set, names_last: words.iter().any(|word| matches!(*word, "*" | "*:*")) })
    }

    /// As a command says it.
    pub(super) fn wire(&self) -> String {
        self.set.to_string()
    }

    /// The number, if one message is named by it.
    pub(super) fn single(&self) -> Option<Uid> {
        Uid::new(self.set.to_string().parse().ok()?)
    }

    /// Whether a message is meant that the server took to be.
    pub(super) fn means(&self) -> impl Fn(Uid) -> bool + use<> {
        let (is_in, names_last) = (self.contains(), self.names_last);
        move |uid| names_last || is_in(uid)
    }

    /// Whether a number is in the set, of which an open end has no end.
    fn contains(&self) -> impl Fn(Uid) -> bool + use<> {
        let ranges = self.set.ranges(Some(u32::MAX));
        move |uid| {
            let at = ranges.partition_point(|range| *range.end() < uid.get());
            ranges.get(at).is_some_and(|range| range.contains(&uid.get()))
        }
    }

    /// The messages of the open mailbox that are meant.
    pub(super) async fn resolve(&self, session: &mut Session) -> Result<Vec<Uid>> {
        let found = session.among(&self.wire()).await?;
        let mut found =
            found.map_err(|refusal| refused(session, "the server does not say which messages there are", refusal))?;
        // The last one was asked for among others: the others are known by their numbers.
        let last = found.last().copied().filter(|_| self.names_last);
        let is_in = self.contains();
        found.retain(|uid| Some(*uid) == last || is_in(*uid));
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_read_as_people_and_commands_write_them() {
        for (text, wanted) in [
            ("7", Some("7")),
            ("1:3,9", Some("1:3,9")),
            ("1:3\n9 12:*\n", Some("1:3,9,12:*")),
            ("", None),
            (" \n", None),
            ("all", None),
            ("0", None),
            ("1;2", None),
        ] {
            assert_eq!(UidSet::parse(text).ok().map(|set| set.wire()).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn an_open_end_is_no_reason_to_take_the_last_message() {
        let uid = |number| Uid::new(number).expect("not zero");
        for (text, number, wanted) in [
            ("500:*", 499, false),
            ("500:*", 500, true),
            ("*:500", 499, false),
            ("*", 499, true),
            ("3,7:9", 8, true),
            ("3,7:9", 5, false),
        ] {
            let set = UidSet::parse(text).expect("a set");
            assert_eq!(set.means()(uid(number)), wanted, "{text} {number}");
        }
        assert_eq!(UidSet::parse("7").expect("a set").single(), Some(uid(7)));
        assert_eq!(UidSet::parse("7:8").expect("a set").single(), None);
    }
}
