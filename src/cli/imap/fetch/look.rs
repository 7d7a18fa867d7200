//! What messages consist of, as their server tells it: the tree that `parse` shows of a message that is here.

use super::super::scan::complain;
use super::super::server::{Mailbox, refused};
use super::Wanted;
use crate::cli::context::Context;
use crate::cli::parse::tree;
use mailkit::engine::imap::{Named, Session};
use mailkit::error::Result;
use mailkit::imap::outline::{Branch, Outline};
use mailkit::imap::set::print_uids;
use mailkit::message::safe;
use schemars::JsonSchema;
use serde::Serialize;

/// Messages whose structures are asked for at once.
const BATCH: usize = 200;

/// What a message consists of.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Object {
    mailbox: String,
    /// In the order of their beginnings; the first is the message itself.
    parts: Vec<Part>,
    /// Always `mailkit.imap-structure/1`.
    schema: &'static str,
    /// Octets, as the server counts them.
    size: u64,
    uid: u32,
}

/// A part of a message.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Part {
    charset: Option<String>,
    /// Parts around it.
    depth: usize,
    /// `attachment` or `inline`.
    disposition: Option<String>,
    encoding: Option<String>,
    /// The name that the sender gave it, dangerous.
    filename: Option<String>,
    /// Its number, as IMAP counts.
    id: String,
    /// The name under which it can be saved.
    safe_filename: Option<String>,
    /// Octets, encoded; null for a multipart, of which a server counts none.
    size: Option<u64>,
    /// Of a message within.
    subject: Option<String>,
    #[serde(rename = "type")]
    media: String,
}

/// Shows them. Says whether one is missing.
pub(super) async fn show(
    context: &Context,
    session: &mut Session,
    mailbox: &Mailbox,
    wanted: &[Wanted],
) -> Result<bool> {
    let mut missing = false;
    for batch in wanted.chunks(BATCH) {
        let mut left: Vec<Wanted> = batch.to_vec();
        let set = print_uids(batch.iter().map(|wanted| wanted.uid));
        let fetched = session.tell(Named::Uid, &set, "(UID BODYSTRUCTURE)", |fetched| {
            match fetched {
                Ok(fetched) => {
                    let at = fetched.uid.and_then(|uid| left.iter().position(|wanted| wanted.uid == uid));
                    if let (Some(at), Some(outline)) = (at, fetched.outline) {
                        return one(context, mailbox, left.remove(at), outline, wanted.len() > 1);
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
        done.map_err(|refusal| refused(session, "the server does not tell what the messages consist of", refusal))?;
        missing |= !left.is_empty();
    }
    Ok(missing)
}

fn one(context: &Context, mailbox: &Mailbox, wanted: Wanted, outline: Outline, is_headed: bool) -> Result<()> {
    let Wanted { uid, size } = wanted;
    if context.is_json() {
        let parts = outline.branches.into_iter().map(Part::from).collect();
        let (mailbox, uid) = (mailbox.name.clone(), uid.get());
        return context.object(&Object { mailbox, parts, schema: "mailkit.imap-structure/1", size, uid });
    }
    if is_headed {
        context.line(&format!("UID {uid}"))?;
    }
    let rows: Vec<_> = outline.branches.iter().map(row).collect();
    context.octets(tree::print(&rows).as_bytes())?;
    if is_headed { context.line("") } else { Ok(()) }
}

fn row(branch: &Branch) -> tree::Row {
    let quoted = |text: &Option<String>| text.as_ref().map(|text| format!("\"{text}\""));
    let is_leaf = branch.size.is_some();
    let encoding =
        Some(branch.encoding.clone()).filter(|name| is_leaf && !matches!(name.as_str(), "7bit" | "8bit" | "binary"));
    let attachment = branch.disposition.clone().filter(|kind| kind == "attachment");
    let notes = [attachment, quoted(&branch.file_name), branch.charset.clone(), encoding, quoted(&branch.subject)];
    let notes: Vec<String> = notes.into_iter().flatten().collect();
    tree::Row::new(&branch.id, branch.depth, &branch.media, branch.size, &notes)
}

impl From<Branch> for Part {
    fn from(branch: Branch) -> Self {
        let Branch { id, depth, media, size, encoding, charset, file_name, disposition, subject } = branch;
        let encoding = Some(encoding).filter(|encoding| !encoding.is_empty());
        let safe_filename = file_name.as_deref().map(safe::file_name);
        Self { charset, depth, disposition, encoding, filename: file_name, id, safe_filename, size, subject, media }
    }
}
