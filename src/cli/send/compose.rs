//! From arguments and input to an envelope and a message.

use super::{Args, host_name};
use mailkit::account::Account;
use mailkit::address::{Address, Domain};
use mailkit::envelope::{BodyType, Envelope, ForwardPath, ReversePath};
use mailkit::error::{Error, Kind, Result};
use mailkit::message::address_list::{self, NameAddr};
use mailkit::message::build::{Attachment, Correspondent, Draft};
use mailkit::message::prepare::{Fixups, Prepared, prepare};
use mailkit::world::{Clock, Entropy};
use std::io::Read;
use std::path::Path;

/// What goes to the server.
pub(super) struct Outgoing {
    pub(super) envelope: Envelope,
    pub(super) octets: Vec<u8>,
    pub(super) message_id: Option<String>,
    pub(super) needs_utf8: bool,
}

/// Reads what is to be read and puts the message together.
pub(super) fn compose(
    args: &Args,
    account: Option<&Account>,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<Outgoing> {
    let from = args.from.as_deref().map(|text| one("--from", text)).transpose()?;
    let arguments = many("recipient", &args.recipients)?;
    let is_complete = args.read_recipients || args.message.is_some();
    let (prepared, mut recipients) = if is_complete {
        let octets = read(args.message.as_deref().unwrap_or(Path::new("-")))?;
        let from = from.clone().or_else(|| account_sender(account)).or_else(local_sender);
        let fixups = Fixups { from: from.as_ref(), now: clock.now(), entropy };
        let prepared = prepare(&octets, (!args.no_fixups).then_some(fixups))?;
        let named = if args.read_recipients { named_recipients(&prepared)? } else { Vec::new() };
        (prepared, named)
    } else {
        let draft = draft(args, from.clone().or_else(|| account_sender(account)).or_else(local_sender), &arguments)?;
        let octets = draft.to_octets(clock.now(), entropy)?;
        let mut copies = many("--cc", &args.cc)?;
        copies.extend(many("--bcc", &args.bcc)?);
        (prepare(&octets, None)?, copies.into_iter().map(|person| person.address).collect())
    };
    let mut all: Vec<Address> = arguments.into_iter().map(|person| person.address).collect();
    all.append(&mut recipients);
    let mut paths: Vec<ForwardPath> = Vec::with_capacity(all.len());
    for address in all {
        let path = ForwardPath::Mailbox(address);
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(Error::new(Kind::Usage, "nobody to send to")
            .hint("give recipients as arguments, or -t to take them from the message"));
    }
    let reverse_path = reverse_path(args, from.as_ref(), &prepared, account)?;
    let smtputf8 = prepared.needs_utf8
        || paths.iter().filter_map(ForwardPath::address).any(Address::needs_smtputf8)
        || reverse_path.address().is_some_and(Address::needs_smtputf8);
    let body = if prepared.eight_bit { BodyType::EightBitMime } else { BodyType::SevenBit };
    Ok(Outgoing {
        envelope: Envelope { reverse_path, recipients: paths, body, smtputf8 },
        octets: prepared.octets,
        message_id: prepared.message_id,
        needs_utf8: prepared.needs_utf8,
    })
}

fn draft(args: &Args, from: Option<Correspondent>, to: &[Correspondent]) -> Result<Draft> {
    let from = from.ok_or_else(|| {
        Error::new(Kind::Usage, "nobody to send from").hint("name the sender with -f, or in an account as email = ...")
    })?;
    let mut draft = Draft::new(from);
    draft.to = to.to_vec();
    draft.cc = many("--cc", &args.cc)?;
    draft.subject = args.subject.clone();
    for path in &args.attach {
        draft.attachments.push(attachment(path)?);
    }
    draft.text = String::from_utf8(read(Path::new("-"))?).map_err(|error| {
        Error::new(Kind::Data, "the body is not UTF-8")
            .caused_by(error)
            .hint("convert it, or send it as an attachment or as a complete message")
    })?;
    Ok(draft)
}

/// Where bounces go: as told, else to whoever the message is from.
fn reverse_path(
    args: &Args,
    from: Option<&Correspondent>,
    prepared: &Prepared,
    account: Option<&Account>,
) -> Result<ReversePath> {
    match args.envelope_from.as_deref() {
        Some("<>" | "") => return Ok(ReversePath::Null),
        Some(text) => return Ok(ReversePath::Mailbox(one("--envelope-from", text)?.address)),
        None => {}
    }
    from.map(|person| person.address.clone())
        .or_else(|| prepared.from.clone())
        .or_else(|| account_sender(account).map(|person| person.address))
        .or_else(|| local_sender().map(|person| person.address))
        .map(ReversePath::Mailbox)
        .ok_or_else(|| Error::new(Kind::Usage, "nobody to send bounces to").hint("name an address with -r, or -r '<>'"))
}

fn named_recipients(prepared: &Prepared) -> Result<Vec<Address>> {
    if let Some(text) = prepared.unusable.first() {
        return Err(Error::new(Kind::Data, format!("the message names a recipient that is no address: {text}")));
    }
    Ok(prepared.recipients.clone())
}

fn account_sender(account: Option<&Account>) -> Option<Correspondent> {
    let account = account?;
    Some(Correspondent { name: account.name.clone(), address: account.email.clone()? })
}

/// `user@machine`, for those who never set anything up.
fn local_sender() -> Option<Correspondent> {
    let user = ["LOGNAME", "USER"].iter().find_map(|name| std::env::var(name).ok()).unwrap_or("root".to_owned());
    let domain = Domain::parse(&host_name()).ok()?;
    Some(Correspondent { name: None, address: Address::new(&user, domain).ok()? })
}

fn one(what: &str, text: &str) -> Result<Correspondent> {
    let mut people = many(what, std::slice::from_ref(&text.to_owned()))?;
    match (people.pop(), people.is_empty()) {
        (Some(person), true) => Ok(person),
        _ => Err(Error::new(Kind::Usage, format!("{what} {text}: expected one address"))),
    }
}

/// Reads address lists as header fields have them: `Bob <bob@x.example>, carol@y.example`.
fn many(what: &str, texts: &[String]) -> Result<Vec<Correspondent>> {
    let mut people = Vec::new();
    for text in texts {
        let wrong = |error: &dyn std::fmt::Display| {
            Error::new(Kind::Usage, format!("{what} {text}: {error}")).hint("write name@domain or 'Name <name@domain>'")
        };
        if text.chars().any(char::is_control) {
            return Err(wrong(&"control characters are not allowed"));
        }
        let entries = address_list::parse(text.as_bytes());
        let found: Vec<&NameAddr> = address_list::mailboxes(&entries).collect();
        if found.is_empty() {
            return Err(wrong(&"there is no address"));
        }
        for mailbox in found {
            let address = mailbox.address().map_err(|error| wrong(&error))?;
            people.push(Correspondent { name: mailbox.display_name(), address });
        }
    }
    Ok(people)
}

fn attachment(path: &Path) -> Result<Attachment> {
    let content = std::fs::read(path).map_err(|error| Error::file("cannot read", path, error))?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    let media_type = match extension.as_str() {
        "txt" | "log" | "md" => "text/plain",
        "html" | "htm" => "text/html",
        "csv" => "text/csv",
        "ics" => "text/calendar",
        "pdf" => "application/pdf",
        "json" => "application/json",
        "zip" => "application/zip",
        "gz" | "tgz" => "application/gzip",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        _ => "application/octet-stream",
    };
    Ok(Attachment { name, media_type: media_type.to_owned(), content, inline: false })
}

fn read(path: &Path) -> Result<Vec<u8>> {
    if path != Path::new("-") {
        return std::fs::read(path).map_err(|error| Error::file("cannot read", path, error));
    }
    let mut octets = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut octets)
        .map_err(|error| Error::new(Kind::NoInput, "cannot read standard input").caused_by(error))?;
    Ok(octets)
}
