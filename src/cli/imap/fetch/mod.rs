//! `mailkit imap fetch`: messages, or parts of them, to standard output or into files.
//!
//! Small messages come many at a time, large ones in pieces that go out as they come. Nothing becomes seen unless that is
//! asked for. `out` knows where octets go, `look` shows structures.

mod look;
mod out;

use super::scan::complain;
use super::server::{Mailbox, ServerArgs, UidSet, refused};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
pub(in crate::cli) use look::Object;
use mailkit::engine::imap::{Access, Named, Session, Store};
use mailkit::error::{Error, Kind, Result};
use mailkit::imap::flag::{Flags, SystemFlag};
use mailkit::imap::number::Uid;
use mailkit::message::guard::BlockKind;
use mailkit::message::safe;
use mailkit::message::view::Message;
use out::Out;
pub(in crate::cli) use out::Saved;
use std::path::PathBuf;

/// Octets of messages that are asked for at once.
const BATCH: u64 = 1024 * 1024;
/// Messages that are asked for at once.
const BATCH_MESSAGES: usize = 100;
/// Messages that may have come since the mailbox was opened.
const NEWER_MAX: usize = 100_000;
/// Octets of a part, encoded; it is held to be decoded.
const PART_MAX: usize = 512 * 1024 * 1024;

/// Fetch messages from a mailbox on an IMAP server
///
/// A single message is printed as it is; several as an mbox, which `mailkit parse` and others read, unless --raw asks
/// for their octets alone. No message counts as seen by it. Exit code 1 if something that was asked for is not there.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit imap fetch INBOX 7 | mailkit parse
  mailkit imap fetch INBOX 7 --part 2 --save Downloads
  mailkit imap fetch INBOX \"$(mailkit imap search INBOX from:alice)\" > alice.mbox")]
pub(super) struct Args {
    /// The mailbox, by its name or as \Sent, \Trash and so on
    #[arg(value_name = "FOLDER")]
    folder: String,

    /// The messages, as 7, 1:9 or 12:*; - reads them from standard input
    #[arg(value_name = "UIDSET")]
    uids: String,

    /// Only the part of this number, as 1.2, decoded; 1.2.MIME is its header, 1.2.HEADER that of a message within
    #[arg(short, long, value_name = "NUMBER", group = "what")]
    part: Option<String>,

    /// Only the header section
    #[arg(long, group = "what")]
    headers: bool,

    /// Show the parts with their numbers, types, sizes and names; no content is fetched
    #[arg(long, group = "what", conflicts_with_all = ["raw", "save"])]
    structure: bool,

    /// Octets as they are: several messages without anything between them, a part in its transfer encoding
    #[arg(long)]
    raw: bool,

    /// Save each message as UID.eml, or each part under its own name, in this directory, and print the path of each;
    /// never overwrites a file
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,

    /// Let the messages count as seen
    #[arg(long)]
    mark_seen: bool,

    #[command(flatten)]
    server: ServerArgs,
}

/// A message that is to be fetched.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    uid: Uid,
    size: u64,
}

/// Fetches them.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let uids = UidSet::read(&args.uids)?;
    if let Some(part) = &args.part
        && !is_section(part)
    {
        let what = format!("{} is no number of a part", safe::terminal(part));
        return Err(Error::new(Kind::Usage, what).hint("parts are numbered as in 1.2; --structure shows them"));
    }
    if context.is_json() && !args.structure && args.save.is_none() {
        return Err(Error::new(Kind::Usage, "messages are octets and no JSON")
            .hint("--structure --json tells of their parts, mailkit parse --json of all that is in them"));
    }
    let mut out = Out::new(context, args.save.as_deref(), !args.raw && uids.single().is_none() && args.part.is_none())?;
    context.block_on(async {
        let mut session = args.server.open(context).await?;
        let mailbox = Mailbox::find(&mut session, &args.folder).await?;
        let access = if args.mark_seen { Access::ReadWrite } else { Access::ReadOnly };
        let selected = mailbox.open(&mut session, access).await?;
        let (wanted, mut exit) = list(context, &mut session, &uids, selected.messages).await?;
        if wanted.is_empty() {
            let what = format!("none of these messages is in mailbox {}", safe::terminal(&mailbox.name));
            context.complain(&what);
            exit = Exit::PARTIAL;
        }
        let missing = match (&args.part, args.headers, args.structure) {
            (_, _, true) => look::show(context, &mut session, &mailbox, &wanted).await?,
            (Some(part), ..) => parts(args, context, &mut session, &wanted, part, &mut out).await?,
            (None, true, _) => headers(context, &mut session, &wanted, &mut out).await?,
            (None, false, _) => whole(context, &mut session, &wanted, &mut out).await?,
        };
        out.finish()?;
        if args.mark_seen && !wanted.is_empty() {
            mark_seen(&mut session, &wanted).await?;
        }
        session.logout().await;
        Ok(if missing { Exit::PARTIAL } else { exit })
    })
}

/// The messages that are there, in the server's order, with their sizes.
async fn list(context: &Context, session: &mut Session, uids: &UidSet, messages: u32) -> Result<(Vec<Wanted>, Exit)> {
    let max = (messages as usize).saturating_add(NEWER_MAX);
    let (mut found, mut exit) = (Vec::new(), Exit::OK);
    let means = uids.means();
    let set = uids.wire();
    let fetched = session.tell(Named::Uid, &set, "(UID RFC822.SIZE)", |fetched| {
        match fetched {
            Ok(fetched) => {
                if let (Some(uid), Some(size)) = (fetched.uid.filter(|uid| means(*uid)), fetched.size) {
                    found.push(Wanted { uid, size });
                    if found.len() > max {
                        return Err(Error::new(Kind::Protocol, "the server tells of more messages than it has"));
                    }
                }
            }
            Err((line, why)) => {
                complain(context, &line, why.0);
                exit = Exit::PARTIAL;
            }
        }
        Ok(())
    });
    let done = fetched.await?;
    done.map_err(|refusal| refused(session, "the server does not list the messages", refusal))?;
    found.sort_by_key(|wanted| wanted.uid);
    found.dedup_by_key(|wanted| wanted.uid);
    Ok((found, exit))
}

/// Whole messages. Says whether one is missing.
async fn whole(context: &Context, session: &mut Session, wanted: &[Wanted], out: &mut Out<'_>) -> Result<bool> {
    let mut missing = false;
    let mut rest = wanted;
    while let Some(first) = rest.first() {
        if first.size > BATCH {
            let Wanted { uid, size } = *first;
            out.begin(&format!("{uid}.eml"))?;
            let size = u32::try_from(size).unwrap_or(u32::MAX);
            let came = session.body_in_pieces(uid, size, |piece| out.piece(piece)).await;
            let is_there = out.settle(came)?;
            missing |= !is_there;
            if !is_there {
                gone(context, uid);
            }
            rest = &rest[1..];
            continue;
        }
        let (mut octets, mut count) = (0, 0);
        for wanted in rest.iter().take(BATCH_MESSAGES) {
            octets += wanted.size;
            if wanted.size > BATCH || octets > BATCH && count > 0 {
                break;
            }
            count += 1;
        }
        let (batch, behind) = rest.split_at(count.max(1));
        rest = behind;
        let uids: Vec<Uid> = batch.iter().map(|wanted| wanted.uid).collect();
        let mut came = Vec::new();
        let bodies = session.bodies(&uids, octets, |body| match body {
            Ok((uid, body)) if uids.binary_search(&uid).is_ok() && !came.contains(&uid) => {
                came.push(uid);
                out.all(&format!("{uid}.eml"), body)
            }
            Ok(_) => Ok(()),
            Err(line) => {
                complain(context, &line, "what a message holds is malformed");
                missing = true;
                Ok(())
            }
        });
        bodies.await?;
        for uid in uids.into_iter().filter(|uid| !came.contains(uid)) {
            gone(context, uid);
            missing = true;
        }
    }
    Ok(missing)
}

/// Header sections.
async fn headers(context: &Context, session: &mut Session, wanted: &[Wanted], out: &mut Out<'_>) -> Result<bool> {
    let mut missing = false;
    for batch in wanted.chunks(BATCH_MESSAGES) {
        let mut came = Vec::new();
        let set = mailkit::imap::set::print_uids(batch.iter().map(|wanted| wanted.uid));
        let fetched = session.tell(Named::Uid, &set, "(UID BODY.PEEK[HEADER])", |fetched| {
            match fetched {
                Ok(fetched) => {
                    let uid = fetched.uid.filter(|uid| batch.iter().any(|wanted| wanted.uid == *uid));
                    if let (Some(uid), Some(header)) =
                        (uid.filter(|uid| !came.contains(uid)), fetched.section("HEADER"))
                    {
                        came.push(uid);
                        return out.all(&format!("{uid}.header.eml"), header);
                    }
                }
                Err((line, why)) => {
                    complain(context, &line, why.0);
                    missing = true;
                }
            }
            Ok(())
        });
        let done = fetched.await?;
        done.map_err(|refusal| refused(session, "the server does not give the headers", refusal))?;
        for wanted in batch.iter().filter(|wanted| !came.contains(&wanted.uid)) {
            gone(context, wanted.uid);
            missing = true;
        }
    }
    Ok(missing)
}

/// One part of each message: decoded, unless its octets are wanted as they are.
async fn parts(
    args: &Args,
    context: &Context,
    session: &mut Session,
    wanted: &[Wanted],
    part: &str,
    out: &mut Out<'_>,
) -> Result<bool> {
    let mut missing = false;
    let is_named = part.ends_with(|c: char| c.is_ascii_alphabetic());
    for Wanted { uid, .. } in wanted {
        // The fields of the part say how to read it; of the octets alone nobody knows.
        let mut octets = Vec::new();
        if !is_named {
            let mime =
                session.section_in_pieces(*uid, &format!("{part}.MIME"), |piece| keep(&mut octets, piece)).await?;
            mime.map_err(|refusal| refused(session, "the server does not give the part", refusal))?;
        }
        let header = octets.len();
        let body = session.section_in_pieces(*uid, part, |piece| keep(&mut octets, piece)).await?;
        let is_there = body.map_err(|refusal| refused(session, "the server does not give the part", refusal))?;
        if !is_there {
            context.complain(&format!("message {uid} has no part {}", safe::terminal(part)));
            missing = true;
            continue;
        }
        let message = Message::parse(&octets);
        let root = message.root();
        let own_name = message.file_name(root).filter(|_| !is_named).map(|name| safe::file_name(&name));
        let name = own_name.unwrap_or_else(|| format!("{uid}-{}", safe::file_name(part)));
        let is_decoded = !args.raw && !is_named && root.kind == BlockKind::Leaf;
        match is_decoded {
            true => out.all(&name, &message.content(root).content)?,
            false => out.all(&name, &octets[header..])?,
        }
    }
    Ok(missing)
}

fn keep(octets: &mut Vec<u8>, piece: &[u8]) -> Result<()> {
    if octets.len() + piece.len() > PART_MAX {
        return Err(
            Error::new(Kind::Data, format!("the part has more than {PART_MAX} octets")).hint("fetch the message")
        );
    }
    octets.extend_from_slice(piece);
    Ok(())
}

async fn mark_seen(session: &mut Session, wanted: &[Wanted]) -> Result<()> {
    let uids: Vec<Uid> = wanted.iter().map(|wanted| wanted.uid).collect();
    let mut seen = Flags::new();
    seen.set(SystemFlag::Seen, true);
    let mut refusal = None;
    let store = Store { uids: &uids, add: true, flags: &seen, unchanged_since: None };
    session
        .store(&[store], |_, end| {
            refusal = end.err().map(|refused| refused.refusal).or(refusal.take());
            Ok(())
        })
        .await?;
    refusal.map_or(Ok(()), |refusal| Err(refused(session, "the messages do not count as seen", refusal)))
}

fn gone(context: &Context, uid: Uid) {
    context.complain(&format!("message {uid} is not there any more"));
}

/// `1.2`, perhaps with what of it behind it (RFC 9051 §9, section-spec).
fn is_section(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let path = match upper.rsplit_once('.') {
        Some((path, "MIME" | "HEADER" | "TEXT")) => path,
        None if matches!(upper.as_str(), "HEADER" | "TEXT") => return true,
        _ => upper.as_str(),
    };
    let is_number = |text: &str| !text.starts_with(['0', '+']) && text.parse::<u32>().is_ok();
    path.split('.').all(is_number)
}

#[cfg(test)]
mod tests {
    use super::is_section;

    #[test]
    fn sections_are_numbers_and_a_word() {
        for (text, wanted) in [
            ("1", true),
            ("1.2.3", true),
            ("1.2.MIME", true),
            ("2.header", true),
            ("TEXT", true),
            ("MIME", false),
            ("", false),
            ("1.", false),
            ("0", false),
            ("1.x", false),
            ("1] BODY[", false),
            ("1.2\r\n", false),
            ("*", false),
            ("1:2", false),
            ("HEADER.FIELDS (TO)", false),
        ] {
            assert_eq!(is_section(text), wanted, "{text}");
        }
    }
}
