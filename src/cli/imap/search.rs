//! `mailkit imap search`: which messages of a mailbox are meant, by a filter or in IMAP's own words.
//!
//! The server is asked for what it can find; what the filter says beyond that is judged here, first by header fields, and
//! only where those leave it open by the message. RFC 9051 §6.4.4.

use super::scan::{List, complain};
use super::server::{Mailbox, ServerArgs, refused};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::parse::names;
use mailkit::engine::imap::{Access, Named, PIECE, Piece, Program, Session, typed};
use mailkit::error::{Error, Kind, Result};
use mailkit::imap::client::quoted;
use mailkit::imap::number::Uid;
use mailkit::imap::set::print_uids;
use mailkit::message::view::Message;
use mailkit::net::clock::SystemClock;
use mailkit::query::{Facts, Known, Letter, Moment, PartFacts, Query};
use mailkit::world::{Clock, Timestamp};
use std::borrow::Cow;

/// Octets of a message that is read whole to be judged.
const MESSAGE_MAX: usize = 512 * 1024 * 1024;
/// Messages whose header fields are asked for at once.
const BATCH: usize = 1000;

/// Search a mailbox on an IMAP server, and print the UIDs of what is found as a set
///
/// The filter is that of `mailkit parse --where`. Flags, sizes and what stands in fields and texts the server finds; what it
/// cannot say exactly, as whole addresses, dates to the minute, patterns and attachments, is judged here of what it names.
/// Exit code 1 if nothing is found; with --json the messages are printed as `mailkit imap scan` prints them.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("how").required(true))]
#[command(after_help = "Examples:
  mailkit imap search INBOX from:alice@crepes.example age:..2w
  mailkit imap fetch INBOX \"$(mailkit imap search INBOX is:unread has:attachment)\"
  mailkit imap search INBOX --imap 'OR SUBJECT invoice SINCE 1-Jan-2026'")]
pub(super) struct Args {
    /// The mailbox, by its name or as \Sent, \Trash and so on
    #[arg(value_name = "FOLDER")]
    folder: String,

    /// Which messages, as in from:alice subject:invoice is:unread; all of it must be true
    #[arg(value_name = "QUERY", group = "how")]
    query: Vec<String>,

    /// The same in IMAP's own words
    #[arg(long, value_name = "SEARCH", group = "how")]
    imap: Option<String>,

    /// The same as it is typed at Gmail
    #[arg(long, value_name = "SEARCH", group = "how")]
    gmail_raw: Option<String>,

    #[command(flatten)]
    server: ServerArgs,
}

/// Searches.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let moment = Moment { now: SystemClock.now(), zone: jiff::tz::TimeZone::system() };
    let program = match (&args.imap, &args.gmail_raw) {
        (None, None) => {
            let text = args.query.join(" ");
            let query = Query::parse(&text).map_err(|error| Error::new(Kind::Usage, error.to_string()))?;
            Some(Program::of(&query, &moment))
        }
        _ => None,
    };
    let asked = match (&program, &args.imap, &args.gmail_raw) {
        (Some(program), ..) => program.key.pieces()?,
        (None, Some(text), _) => typed(text)?,
        (None, None, text) => gmail(text.as_deref().unwrap_or_default())?,
    };
    context.block_on(async {
        let mut session = args.server.open(context).await?;
        if args.gmail_raw.is_some() && !session.capabilities().await?.has("X-GM-EXT-1") {
            let what = "the server does not search as Gmail does";
            return Err(Error::new(Kind::Unavailable, what)
                .with_peer(session.peer())
                .hint("search without --gmail-raw"));
        }
        let mailbox = Mailbox::find(&mut session, &args.folder).await?;
        mailbox.open(&mut session, Access::ReadOnly).await?;
        let found = session.find(&asked).await?;
        let mut found = found.map_err(|refusal| refused(&session, "the server does not search", refusal))?;
        let mut exit = Exit::OK;
        if let Some(program) = program.filter(|program| !program.is_exact()) {
            let mut judge = Judge { context, program: &program, moment: &moment, meant: Vec::new(), open: Vec::new() };
            if !judge.by_header(&mut session, &found).await? {
                exit = Exit::PARTIAL;
            }
            judge.by_message(&mut session).await?;
            found = judge.meant;
            found.sort_unstable();
        }
        if found.is_empty() {
            session.logout().await;
            return Ok(Exit::PARTIAL);
        }
        let set = print_uids(found.iter().copied());
        if context.is_json() {
            let mut list = List::new(context, &mailbox);
            list.show(&mut session, Named::Uid, &set, |uid| found.binary_search(&uid).is_ok()).await?;
            if list.unreadable > 0 {
                exit = Exit::PARTIAL;
            }
        } else {
            context.line(&set)?;
        }
        session.logout().await;
        Ok(exit)
    })
}

/// X-GM-RAW, of Google's own. It takes a string.
fn gmail(text: &str) -> Result<Vec<Piece>> {
    if text.chars().any(char::is_control) {
        return Err(Error::new(Kind::Usage, "a search is one line, without control characters"));
    }
    Ok(match quoted(text) {
        Some(text) => vec![Piece::Line(format!("X-GM-RAW {text}"))],
        None => vec![Piece::Line("CHARSET UTF-8 X-GM-RAW ".to_owned()), Piece::Literal(text.as_bytes().to_vec())],
    })
}

/// Judges what a server has named.
struct Judge<'a> {
    context: &'a Context,
    program: &'a Program,
    moment: &'a Moment,
    meant: Vec<Uid>,
    /// Those of which more has to be known.
    open: Vec<Row>,
}

/// What is known of a message without its content.
struct Row {
    uid: Uid,
    size: u64,
    flags: Vec<String>,
    arrived: Option<Timestamp>,
}

impl Judge<'_> {
    /// By flags, size, arrival and the header fields that the filter asks about. False if a line could not be read.
    async fn by_header(&mut self, session: &mut Session, found: &[Uid]) -> Result<bool> {
        let fields = self.program.fields.join(" ");
        let items = match fields.is_empty() {
            true => "(UID FLAGS RFC822.SIZE INTERNALDATE)".to_owned(),
            false => format!("(UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS ({fields})])"),
        };
        let mut is_readable = true;
        for batch in found.chunks(BATCH) {
            let (set, mut left) = (print_uids(batch.iter().copied()), batch.to_vec());
            let fetched = session.tell(Named::Uid, &set, &items, |fetched| {
                let fetched = match fetched {
                    Ok(fetched) => fetched,
                    Err((line, why)) => {
                        complain(self.context, &line, why.0);
                        is_readable = false;
                        return Ok(());
                    }
                };
                let at = fetched.uid.and_then(|uid| left.binary_search(&uid).ok());
                let section = fetched.sections.iter().find(|section| section.what.starts_with("HEADER.FIELDS"));
                // Flags alone are news.
                let is_whole = fetched.size.is_some() && (fields.is_empty() || section.is_some());
                if let (Some(at), true) = (at, is_whole) {
                    let flags = fetched.flags.as_ref().map(names).unwrap_or_default();
                    let size = fetched.size.unwrap_or_default();
                    let row = Row { uid: left.remove(at), size, flags, arrived: fetched.arrived };
                    let section = section.and_then(|section| section.octets.as_deref()).unwrap_or_default();
                    let letter = Letter::header(section, row.size).with_flags(row.flags.iter().cloned());
                    match self.program.rest.judge(&Remote { letter, arrived: row.arrived }, self.moment) {
                        Some(true) => self.meant.push(row.uid),
                        Some(false) => {}
                        None => self.open.push(row),
                    }
                }
                Ok(())
            });
            let done = fetched.await?;
            done.map_err(|refusal| refused(session, "the server does not give the headers", refusal))?;
        }
        Ok(is_readable)
    }

    /// By all of the message.
    async fn by_message(&mut self, session: &mut Session) -> Result<()> {
        let open = std::mem::take(&mut self.open);
        if !open.is_empty() {
            self.context.detail(&format!("{} messages are read, because their headers do not decide", open.len()));
        }
        for row in open {
            let mut octets = Vec::new();
            let keep = |piece: &[u8]| {
                if octets.len() + piece.len() > MESSAGE_MAX {
                    let what = format!("message {} has more than {MESSAGE_MAX} octets", row.uid);
                    return Err(Error::new(Kind::Data, what).hint("leave large messages out: size<100M"));
                }
                octets.extend_from_slice(piece);
                Ok(())
            };
            let size = u32::try_from(row.size).unwrap_or(u32::MAX).min(u32::MAX - PIECE);
            if !session.body_in_pieces(row.uid, size, keep).await? {
                continue;
            }
            let message = Message::parse(&octets);
            let letter = Letter::new(&message).with_flags(row.flags);
            if self.program.rest.means(&Remote { letter, arrived: row.arrived }, self.moment) {
                self.meant.push(row.uid);
            }
        }
        Ok(())
    }
}

/// A message on a server: when it came there, the server knows.
struct Remote<'m> {
    letter: Letter<'m>,
    arrived: Option<Timestamp>,
}

impl Facts for Remote<'_> {
    fn size(&self) -> Known<u64> {
        self.letter.size()
    }

    fn has_flag(&self, flag: &str) -> Known<bool> {
        self.letter.has_flag(flag)
    }

    fn arrived(&self) -> Known<Option<Timestamp>> {
        Some(self.arrived)
    }

    fn fields(&self, name: &str) -> Known<Vec<Cow<'_, [u8]>>> {
        self.letter.fields(name)
    }

    fn parts(&self) -> Known<Vec<PartFacts<'_>>> {
        self.letter.parts()
    }

    fn texts(&self) -> Known<Vec<String>> {
        self.letter.texts()
    }
}
