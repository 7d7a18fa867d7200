//! From arguments and input to an envelope and a message.

use super::super::context::Context;
use super::super::host::host_name;
use super::super::input;
use super::attach::Spec;
use super::content::ContentArgs;
use super::copy::beginning;
use super::editor;
use super::people::{People, Recipients};
use mailkit::account::Account;
use mailkit::address::{Address, Domain};
use mailkit::envelope::{BodyType, Envelope, ForwardPath};
use mailkit::error::{Error, Kind, Result};
use mailkit::message::build::{Attachment, Correspondent, Draft};
use mailkit::message::field::fields;
use mailkit::message::guess;
use mailkit::message::long_text::{self, Text};
use mailkit::message::prepare::{Fixups, prepare};
use mailkit::message::rope::Rope;
use mailkit::world::{Clock, Content, Entropy};
use std::collections::HashMap;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

/// What goes to the server.
pub(super) struct Outgoing {
    pub(super) envelope: Envelope,
    /// Recipients who were named otherwise, and how.
    pub(super) originals: HashMap<ForwardPath, Address>,
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
    let sender = people.from.clone().or_else(|| account_sender(account)).or_else(|| local_sender(people.domain()));
    let (mut warnings, mut doubts) = (Vec::new(), Vec::new());
    let is_complete = args.is_complete();
    let (content, message_id, eight_bit, needs_utf8, named, written_from, volatile);
    if is_complete {
        let message = people.message.clone().map_or_else(|| complete(args, context), Ok)?;
        let fixups = Fixups { from: sender.as_ref(), now: clock.now(), entropy, domain: people.domain() };
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
    let Recipients { paths, originals } = people.envelope(&named)?;
    let reverse_path = people.reverse_path(written_from, sender)?;
    // What holds for all recipients; one whose own address needs it fails alone where it is missing.
    let smtputf8 = needs_utf8 || reverse_path.address().is_some_and(Address::needs_smtputf8);
    let body = if eight_bit { BodyType::EightBitMime } else { BodyType::SevenBit };
    let envelope = Envelope { body, smtputf8, ..Envelope::new(reverse_path, paths) };
    Ok(Outgoing { envelope, originals, content, message_id, needs_utf8, volatile, doubts })
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
        && let Some(editor) = super::super::editor::named()
    {
        return editor::write(&editor, context.hidden()).map(Text::Short);
    }
    long_text::text(&read(context, path)?)
}

/// The complete message, from wherever it comes. Where there is none, something in front of us has failed.
pub(super) fn complete(args: &ContentArgs, context: &Context) -> Result<Arc<dyn Content>> {
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

fn account_sender(account: Option<&Account>) -> Option<Correspondent> {
    let account = account?;
    Some(Correspondent { name: account.name.clone(), address: account.email.clone()? })
}

/// `user@machine`, for those who never set anything up; with the domain that stands behind local names, if there is one.
fn local_sender(domain: Option<&Domain>) -> Option<Correspondent> {
    let user = ["LOGNAME", "USER"].iter().find_map(|name| std::env::var(name).ok()).unwrap_or("root".to_owned());
    let domain = domain.cloned().or_else(|| Domain::parse(&host_name()).ok())?;
    Some(Correspondent { name: None, address: Address::new(&user, domain).ok()? })
}

fn read(context: &Context, path: &Path) -> Result<Arc<dyn Content>> {
    if path == Path::new(input::STDIN) {
        context.await_message("pipe the message in, or name its file with --message")?;
    }
    input::content(path)
}
