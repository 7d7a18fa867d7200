//! From arguments and input to an envelope and a message.

use super::super::context::Context;
use super::super::host::host_name;
use super::super::input;
use super::attach::Spec;
use super::content::ContentArgs;
use super::copy::beginning;
use super::editor;
use mailkit::account::Account;
use mailkit::address::{Address, Domain};
use mailkit::envelope::{BodyType, Envelope, ForwardPath, ReversePath};
use mailkit::error::{Error, Kind, Result};
use mailkit::message::address_list::{self, NameAddr};
use mailkit::message::build::{Attachment, Correspondent, Draft};
use mailkit::message::field::fields;
use mailkit::message::guess;
use mailkit::message::long_text::{self, Text};
use mailkit::message::prepare::{Fixups, prepare};
use mailkit::message::rope::Rope;
use mailkit::world::{Clock, Content, Entropy};
use std::collections::HashSet;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

/// What goes to the server.
pub(super) struct Outgoing {
    pub(super) envelope: Envelope,
    pub(super) content: Rope<'static>,
    pub(super) message_id: Option<String>,
    pub(super) needs_utf8: bool,
    /// What differs each time the same is said again.
    pub(super) volatile: Volatile,
    /// What somebody at a terminal may want to think about once more, in sentences.
    pub(super) doubts: Vec<String>,
}

/// What was added here and not by whoever wrote the message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Volatile {
    pub(super) date: bool,
    pub(super) message_id: bool,
    pub(super) boundaries: bool,
}

/// Octets of a header section in which fields are looked for that would otherwise be added.
const HEADER_MAX: usize = 1024 * 1024;

/// The people that the arguments name.
pub(super) struct People {
    from: Option<Correspondent>,
    to: Vec<Correspondent>,
    cc: Vec<Correspondent>,
    bcc: Vec<Correspondent>,
    reply_to: Vec<Correspondent>,
    /// Where bounces go, if somewhere else.
    reverse_path: Option<ReversePath>,
}

impl People {
    /// Reads the addresses among the arguments, so that a wrong one is told before anybody has typed a message.
    pub(super) fn new(args: &ContentArgs) -> Result<Self> {
        let mut to = many("recipient", &listed(&args.recipients)?)?;
        to.extend(many("--to", &listed(&args.to)?)?);
        let mut people = Self {
            from: args.from.as_deref().map(|text| one("--from", text)).transpose()?,
            to,
            cc: many("--cc", &listed(&args.cc)?)?,
            bcc: many("--bcc", &listed(&args.bcc)?)?,
            reply_to: many("--reply-to", &args.reply_to)?,
            reverse_path: match args.envelope_from.as_deref() {
                None => None,
                Some("<>" | "") => Some(ReversePath::Null),
                Some(text) => Some(ReversePath::Mailbox(one("--envelope-from", text)?.address)),
            },
        };
        if args.undisclosed {
            let named = std::mem::take(&mut people.to);
            people.bcc.splice(0..0, named);
        }
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
    one_input(args)?;
    let sender = people.from.clone().or_else(|| account_sender(account)).or_else(local_sender);
    let (mut warnings, mut doubts) = (Vec::new(), Vec::new());
    let is_complete = args.read_recipients || args.message.is_some();
    let (content, message_id, eight_bit, needs_utf8, named, written_from, volatile);
    if is_complete {
        let message = complete(args, context)?;
        let fixups = Fixups { from: sender.as_ref(), now: clock.now(), entropy };
        let prepared = prepare(&message, (!args.no_fixups).then_some(fixups), args.fix)?;
        if let (true, Some(text)) = (args.read_recipients, prepared.unusable.first()) {
            return Err(Error::new(Kind::Data, format!("the message names a recipient that is no address: {text}"))
                .hint("an address is name@domain; commas stand between addresses, quotes around a name with blanks"));
        }
        if let Some((line, octets)) = prepared.long_line {
            warnings.push(format!("line {line} has {octets} octets, and some servers take no more than 998"));
        }
        let header = beginning(&*message, HEADER_MAX)?;
        let lacks = |name: &str| !fields(&header).any(|field| field.is(name));
        volatile = Volatile { date: lacks("Date"), message_id: lacks("Message-ID"), boundaries: false };
        named = if args.read_recipients { prepared.recipients } else { Vec::new() };
        (content, message_id, written_from) = (prepared.content, prepared.message_id, prepared.from);
        (eight_bit, needs_utf8) = (prepared.eight_bit, prepared.needs_utf8);
    } else {
        let draft = draft(args, &people, context, sender.as_ref())?;
        if guess::looks_complete(draft.text.as_bytes()) {
            warnings.push("the body looks like a complete message; -t or --message would send it as one".to_owned());
        }
        doubts.extend(doubts_about(&draft));
        let written = draft.write(clock.now(), entropy)?;
        (content, message_id, written_from) = (written.content, Some(written.message_id), None);
        (eight_bit, needs_utf8, named) = (written.eight_bit, written.needs_utf8, Vec::new());
        volatile = Volatile { date: true, message_id: true, boundaries: true };
    }
    if let (true, Some(why)) = (args.strict, warnings.iter().chain(&doubts).next()) {
        return Err(Error::new(Kind::Data, why.clone()).hint("without --strict this is no error"));
    }
    warnings.iter().for_each(|warning| context.warn(warning));
    let mut seen = HashSet::new();
    let each = people.recipients().chain(&named).filter(|address| seen.insert(*address));
    let paths: Vec<ForwardPath> = each.cloned().map(ForwardPath::Mailbox).collect();
    if paths.is_empty() {
        return Err(nobody());
    }
    let reverse_path = reverse_path(people, written_from, sender)?;
    // What holds for all recipients; one whose own address needs it fails alone where it is missing.
    let smtputf8 = needs_utf8 || reverse_path.address().is_some_and(Address::needs_smtputf8);
    let body = if eight_bit { BodyType::EightBitMime } else { BodyType::SevenBit };
    let envelope = Envelope { body, smtputf8, ..Envelope::new(reverse_path, paths) };
    Ok(Outgoing { envelope, content, message_id, needs_utf8, volatile, doubts })
}

/// Standard input can be read once.
fn one_input(args: &ContentArgs) -> Result<()> {
    let is_input = |path: Option<&Path>| path == Some(Path::new(input::STDIN));
    let is_text = args.body.is_none() && !args.read_recipients && args.message.is_none();
    let text = is_text && args.body_file.as_deref().is_none_or(|path| is_input(Some(path)));
    let attached = args.attach.iter().map(|text| Spec::parse(text)).collect::<Result<Vec<_>>>()?;
    match attached.iter().filter(|spec| spec.is_input()).count() {
        0 => Ok(()),
        1 if !text => Ok(()),
        1 => Err(Error::new(Kind::Usage, "standard input is the body already, so it cannot be attached")
            .hint("give the body with -m or -F, or attach a file instead")),
        _ => Err(Error::new(Kind::Usage, "standard input cannot be attached twice")),
    }
}

fn draft(args: &ContentArgs, people: &People, context: &Context, from: Option<&Correspondent>) -> Result<Draft> {
    let from = from.ok_or_else(|| {
        Error::new(Kind::Usage, "nobody to send from").hint("name the sender with -f, or in an account as email = ...")
    })?;
    let mut draft = Draft::new(in_ascii(from));
    draft.to = people.to.iter().map(in_ascii).collect();
    draft.cc = people.cc.iter().map(in_ascii).collect();
    draft.reply_to = people.reply_to.iter().map(in_ascii).collect();
    draft.undisclosed = args.undisclosed;
    draft.subject = args.subject.clone();
    for field in &args.header {
        let (name, value) = field.split_once(':').ok_or_else(|| {
            Error::new(Kind::Usage, format!("--header {field}: no colon after a name")).hint("write 'Name: value'")
        })?;
        draft.fields.push((name.to_owned(), value.trim().to_owned()));
    }
    // What cannot be read is told before anything is read from standard input.
    draft.attachments =
        args.attach.iter().map(|text| Spec::parse(text)?.open()).collect::<Result<Vec<Attachment>>>()?;
    match text(args, context)? {
        Text::Short(text) => draft.text = text,
        Text::Long(content) => draft.long_text = Some(content),
    }
    Ok(draft)
}

/// The body, from wherever it comes.
fn text(args: &ContentArgs, context: &Context) -> Result<Text> {
    if let Some(text) = &args.body {
        return Ok(Text::Short(text.clone()));
    }
    let path = args.body_file.as_deref().unwrap_or(Path::new(input::STDIN));
    if args.body_file.is_none()
        && std::io::stdin().is_terminal()
        && !context.globals.no_input
        && let Some(editor) = editor::editor()
    {
        return editor::write(&editor, context.hidden()).map(Text::Short);
    }
    long_text::text(&read(context, path)?)
}

/// The complete message, from wherever it comes. Where there is none, something in front of us has failed.
fn complete(args: &ContentArgs, context: &Context) -> Result<Arc<dyn Content>> {
    let content = read(context, args.message.as_deref().unwrap_or(Path::new(input::STDIN)))?;
    match content.size() {
        0 => Err(Error::new(Kind::Data, "the message is empty").hint("nothing was sent; look where it comes from")),
        _ => Ok(content),
    }
}

/// What the writer of a text may have forgotten.
fn doubts_about(draft: &Draft) -> impl Iterator<Item = String> {
    let subject = draft.subject.as_deref().unwrap_or_default().trim().is_empty().then_some("there is no subject");
    let forgotten = (draft.attachments.is_empty() && guess::mentions_attachment(&draft.text))
        .then_some("the text mentions an attachment, but there is none");
    [forgotten, subject].into_iter().flatten().map(str::to_owned)
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
fn reverse_path(people: People, written: Option<Address>, sender: Option<Correspondent>) -> Result<ReversePath> {
    let from = people.from.map(|person| person.address);
    people
        .reverse_path
        .or_else(|| from.or(written).or(sender.map(|person| person.address)).map(ReversePath::Mailbox))
        .ok_or_else(|| Error::new(Kind::Usage, "nobody to send bounces to").hint("name an address with -r, or -r '<>'"))
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

/// Texts, with those in the place of each `@FILE`: one to a line, but for empty lines and those that begin with `#`.
fn listed(texts: &[String]) -> Result<Vec<String>> {
    let mut list = Vec::new();
    for text in texts {
        match text.strip_prefix('@') {
            None => list.push(text.clone()),
            Some(path) => {
                let lines = input::text(Path::new(path))?;
                let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
                list.extend(lines.map(str::to_owned));
            }
        }
    }
    Ok(list)
}

fn read(context: &Context, path: &Path) -> Result<Arc<dyn Content>> {
    if path == Path::new(input::STDIN) && std::io::stdin().is_terminal() {
        if context.globals.no_input {
            return Err(Error::new(
                Kind::Usage,
                "no message: standard input is a terminal, where nothing may be asked",
            )
            .hint("pipe the message in, or name its file with --message"));
        }
        context.note("reading the message from the terminal; end it with Ctrl-D");
    }
    input::content(path)
}
