//! From arguments and input to an envelope and a message.

use super::super::context::Context;
use super::super::host::host_name;
use super::super::input;
use super::content::ContentArgs;
use mailkit::account::Account;
use mailkit::address::{Address, Domain};
use mailkit::envelope::{BodyType, Envelope, ForwardPath, ReversePath};
use mailkit::error::{Error, Kind, Result};
use mailkit::message::address_list::{self, NameAddr};
use mailkit::message::build::{Attachment, Correspondent, Draft};
use mailkit::message::prepare::{Fixups, Prepared, prepare};
use mailkit::world::{Clock, Entropy};
use std::collections::HashSet;
use std::io::IsTerminal;
use std::path::Path;

/// What stands for standard input where a file is expected.
const INPUT: &str = "-";

/// What goes to the server.
pub(super) struct Outgoing {
    pub(super) envelope: Envelope,
    pub(super) octets: Vec<u8>,
    pub(super) message_id: Option<String>,
    pub(super) needs_utf8: bool,
}

/// The people that the arguments name.
pub(super) struct People {
    from: Option<Correspondent>,
    to: Vec<Correspondent>,
    cc: Vec<Correspondent>,
    bcc: Vec<Correspondent>,
    /// Where bounces go, if somewhere else.
    reverse_path: Option<ReversePath>,
}

impl People {
    /// Reads the addresses among the arguments, so that a wrong one is told before anybody has typed a message.
    pub(super) fn new(args: &ContentArgs) -> Result<Self> {
        let people = Self {
            from: args.from.as_deref().map(|text| one("--from", text)).transpose()?,
            to: many("recipient", &args.recipients)?,
            cc: many("--cc", &args.cc)?,
            bcc: many("--bcc", &args.bcc)?,
            reverse_path: match args.envelope_from.as_deref() {
                None => None,
                Some("<>" | "") => Some(ReversePath::Null),
                Some(text) => Some(ReversePath::Mailbox(one("--envelope-from", text)?.address)),
            },
        };
        if people.recipients().next().is_none() && !args.read_recipients {
            return Err(nobody());
        }
        Ok(people)
    }

    /// From whom it is, as far as the arguments tell.
    pub(super) fn sender(&self) -> Option<&Address> {
        let from = self.from.as_ref().map(|from| &from.address);
        from.or(match &self.reverse_path {
            Some(ReversePath::Mailbox(address)) => Some(address),
            _ => None,
        })
    }

    pub(super) fn recipients(&self) -> impl Iterator<Item = &Address> {
        self.to.iter().chain(&self.cc).chain(&self.bcc).map(|person| &person.address)
    }
}

/// Reads what is to be read and puts the message together.
pub(super) fn compose(
    args: &ContentArgs,
    people: People,
    context: &Context,
    account: Option<&Account>,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<Outgoing> {
    let sender = people.from.clone().or_else(|| account_sender(account)).or_else(local_sender);
    let is_complete = args.read_recipients || args.message.is_some();
    let (prepared, named) = if is_complete {
        let octets = read(context, args.message.as_deref().unwrap_or(Path::new(INPUT)))?;
        let fixups = Fixups { from: sender.as_ref(), now: clock.now(), entropy };
        let prepared = prepare(&octets, (!args.no_fixups).then_some(fixups))?;
        let named = if args.read_recipients { named_recipients(&prepared)? } else { Vec::new() };
        (prepared, named)
    } else {
        let octets = draft(args, &people, context, sender.as_ref())?.to_octets(clock.now(), entropy)?;
        (prepare(&octets, None)?, Vec::new())
    };
    let mut seen = HashSet::new();
    let each = people.recipients().chain(&named).filter(|address| seen.insert(*address));
    let paths: Vec<ForwardPath> = each.cloned().map(ForwardPath::Mailbox).collect();
    if paths.is_empty() {
        return Err(nobody());
    }
    let reverse_path = reverse_path(people, &prepared, sender)?;
    // What holds for all recipients; one whose own address needs it fails alone where it is missing.
    let smtputf8 = prepared.needs_utf8 || reverse_path.address().is_some_and(Address::needs_smtputf8);
    let body = if prepared.eight_bit { BodyType::EightBitMime } else { BodyType::SevenBit };
    Ok(Outgoing {
        envelope: Envelope { reverse_path, recipients: paths, body, smtputf8 },
        octets: prepared.octets,
        message_id: prepared.message_id,
        needs_utf8: prepared.needs_utf8,
    })
}

fn draft(args: &ContentArgs, people: &People, context: &Context, from: Option<&Correspondent>) -> Result<Draft> {
    let from = from.ok_or_else(|| {
        Error::new(Kind::Usage, "nobody to send from").hint("name the sender with -f, or in an account as email = ...")
    })?;
    let mut draft = Draft::new(in_ascii(from));
    draft.to = people.to.iter().map(in_ascii).collect();
    draft.cc = people.cc.iter().map(in_ascii).collect();
    draft.subject = args.subject.clone();
    for path in &args.attach {
        draft.attachments.push(attachment(path)?);
    }
    draft.text = String::from_utf8(read(context, Path::new(INPUT))?).map_err(|error| {
        Error::new(Kind::Data, "the body is not UTF-8")
            .caused_by(error)
            .hint("convert it, or send it as an attachment or as a complete message")
    })?;
    Ok(draft)
}

/// A domain beyond ASCII has a form in ASCII. Without it the header section would need SMTPUTF8, which few servers
/// know, for an address that does not (RFC 6531 §3.2).
fn in_ascii(person: &Correspondent) -> Correspondent {
    match person.address.needs_smtputf8() {
        true => person.clone(),
        false => Correspondent { name: person.name.clone(), address: person.address.to_ascii_domain() },
    }
}

fn nobody() -> Error {
    Error::new(Kind::Usage, "nobody to send to")
        .hint("give recipients as arguments, or -t to take them from the message")
}

/// Where bounces go: as told, else to whoever the message is from.
fn reverse_path(people: People, prepared: &Prepared, sender: Option<Correspondent>) -> Result<ReversePath> {
    let from = people.from.map(|person| person.address);
    let written = || prepared.from.clone().or(sender.map(|person| person.address));
    people
        .reverse_path
        .or_else(|| from.or_else(written).map(ReversePath::Mailbox))
        .ok_or_else(|| Error::new(Kind::Usage, "nobody to send bounces to").hint("name an address with -r, or -r '<>'"))
}

fn named_recipients(prepared: &Prepared) -> Result<Vec<Address>> {
    if let Some(text) = prepared.unusable.first() {
        return Err(Error::new(Kind::Data, format!("the message names a recipient that is no address: {text}"))
            .hint("an address is name@domain; commas stand between addresses, quotes around a name with blanks"));
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
    if path == Path::new(INPUT) {
        return Err(Error::new(Kind::Usage, "standard input is the body already, so it cannot be attached")
            .hint("attach a file instead"));
    }
    let content = input::file(path)?;
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

fn read(context: &Context, path: &Path) -> Result<Vec<u8>> {
    if path == Path::new(INPUT) && std::io::stdin().is_terminal() {
        if context.globals.no_input {
            return Err(Error::new(
                Kind::Usage,
                "no message: standard input is a terminal, where nothing may be asked",
            )
            .hint("pipe the message in, or name its file with --message"));
        }
        context.note("reading the message from the terminal; end it with Ctrl-D");
    }
    input::message(path)
}
