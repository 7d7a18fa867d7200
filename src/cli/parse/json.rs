//! The view for programs: one JSON document, schema `mailkit.message/1`.
//!
//! Offsets and sizes count octets of the source; `offset` is where a part's header section begins, and its
//! body begins `header_len` later. Ids are IMAP section numbers. What can be borrowed from the message is.

use super::letter::Letter;
use super::lint;
use super::sources::Source;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mailkit::convert::hash::sha256;
use mailkit::imap::flag::{Flags, SystemFlag};
use mailkit::message::address_list::{self, NameAddr};
use mailkit::message::defect::Defect;
use mailkit::message::enclosed::{self, Inner};
use mailkit::message::field::Field;
use mailkit::message::guard::BlockKind;
use mailkit::message::roles::Roles;
use mailkit::message::view::{Message, Part};
use mailkit::message::{date, id, safe, text, words};
use mailkit::reading::unsubscribe::{Target, Unsubscribe};
use schemars::JsonSchema;
use serde::Serialize;
use std::borrow::Cow;

/// How much of what the parts say is in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, clap::ValueEnum)]
pub(super) enum Bodies {
    /// Nothing of it.
    #[default]
    None,
    /// Texts, as people read them.
    Text,
    /// Texts, and all other contents in base64.
    All,
}

/// A message.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Document<'m> {
    /// The ids of the parts, and of the files within texts, that can be saved.
    attachments: Vec<Cow<'m, str>>,
    bcc: Vec<Person>,
    cc: Vec<Person>,
    /// When it was written, in UTC.
    date: Option<String>,
    /// What is wrong with it.
    defects: Vec<Finding>,
    from: Vec<Person>,
    /// All fields of its header section.
    headers: Vec<HeaderField<'m>>,
    /// The id of the HTML text.
    html_part: Option<&'m str>,
    in_reply_to: Vec<String>,
    list: List,
    message_id: Option<String>,
    /// The message itself as a part, with all others in it.
    parts: Vec<PartObject<'m>>,
    references: Vec<String>,
    /// Always `mailkit.message/1`.
    schema: &'static str,
    /// Of the whole message, in hexadecimal digits.
    sha256: String,
    /// Octets.
    size: usize,
    source: Origin,
    subject: Option<String>,
    /// The id of the plain text.
    text_part: Option<&'m str>,
    to: Vec<Person>,
    /// Whether a limit was met, so that parts or fields may be missing.
    truncated: bool,
}

/// Where a message was found.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Origin {
    /// As IMAP writes them; null where nobody keeps flags.
    flags: Option<Vec<String>>,
    /// Which message of the file, from 0.
    index: u64,
    /// The octet of the file at which it begins.
    offset: u64,
    /// The file; `-` is standard input.
    path: String,
}

/// Somebody in an address field.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Person {
    address: String,
    name: Option<String>,
}

/// A header field.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HeaderField<'m> {
    name: &'m str,
    /// As it is written, folded and encoded.
    raw: Cow<'m, str>,
    /// As people read it.
    value: String,
}

/// What the fields for mailing lists say.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct List {
    id: Option<String>,
    /// Whether one POST is enough to unsubscribe (RFC 8058).
    one_click: bool,
    /// Where to unsubscribe, the best way first.
    unsubscribe: Vec<String>,
}

/// Something that is wrong.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Finding {
    /// A short name that stays the same.
    code: &'static str,
    /// The octet of the message.
    offset: usize,
    /// The id of the part.
    part: String,
    /// The section of a standard that it offends; null for a limit of ours.
    section: Option<&'static str>,
    /// info, warn or error
    severity: &'static str,
    /// A sentence for people.
    text: String,
}

/// One part.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PartObject<'m> {
    charset: Option<String>,
    /// The parts in it. A hundred within each other are two hundred levels of JSON, and some readers of JSON stop at 128:
    /// --max-depth asks for fewer.
    children: Vec<PartObject<'m>>,
    /// With --bodies all, what is no text, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    content_id: Option<String>,
    decoded_size: usize,
    disposition: Option<String>,
    /// Files within the text, between `begin` and `end`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    enclosed: Vec<EnclosedFile>,
    /// The transfer encoding.
    encoding: &'static str,
    /// The name that the sender gave it, dangerous.
    filename: Option<String>,
    header_len: usize,
    /// IMAP's section number.
    id: &'m str,
    lines: usize,
    offset: usize,
    /// The name under which it can be saved.
    safe_filename: Option<String>,
    /// Of the decoded content, in hexadecimal digits; null for what has parts.
    sha256: Option<String>,
    /// Octets of the body, encoded.
    size: usize,
    /// With --bodies text or all, what people read.
    text: Option<String>,
    #[serde(rename = "type")]
    media: String,
}

/// A file within a text.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EnclosedFile {
    /// The name that the sender gave it, dangerous.
    filename: String,
    /// The part's number and one of its own: `1.uu2`.
    id: String,
    /// The name under which it can be saved.
    safe_filename: String,
    /// Of its content, in hexadecimal digits.
    sha256: String,
    /// Octets.
    size: usize,
    /// The type that its name suggests.
    #[serde(rename = "type")]
    media: &'static str,
}

/// The document about a message.
pub(super) fn document<'m>(letter: &'m Letter<'_>, bodies: Bodies) -> Document<'m> {
    let (message, roles) = (&letter.message, letter.roles());
    let id_of = |part: Option<usize>| part.and_then(|index| message.parts().get(index)).map(|part| part.id.as_str());
    let found = Found::of(message);
    // First, since it decodes what the search for defects then finds decoded.
    let parts = vec![part(message, message.root(), bodies)];
    let one = |body: Option<&[u8]>| body.map(words::decode);
    let ids = |body: Option<&[u8]>| body.map(id::parse_list).unwrap_or_default();
    let ways = found.has_ways.then(|| Unsubscribe::of(message)).flatten().map(|found| found.targets);
    let ways = ways.unwrap_or_default();
    Document {
        attachments: attachments(message, roles),
        bcc: found.bcc,
        cc: found.cc,
        date: found.date.and_then(date::parse).map(|when| when.to_string()),
        defects: lint::defects(message).into_iter().map(Finding::from).collect(),
        from: found.from,
        headers: found.headers,
        html_part: id_of(roles.html),
        in_reply_to: ids(found.in_reply_to),
        list: List {
            id: one(found.list_id),
            one_click: ways.iter().any(|way| matches!(way, Target::OneClick { .. })),
            unsubscribe: ways.iter().map(|way| way.url().to_owned()).collect(),
        },
        message_id: ids(found.message_id).into_iter().next(),
        parts,
        references: ids(found.references),
        schema: "mailkit.message/1",
        sha256: sha256(message.octets()),
        size: message.octets().len(),
        source: Origin::of(letter.source),
        subject: one(found.subject),
        text_part: id_of(roles.text),
        to: found.to,
        truncated: message.is_truncated(),
    }
}

/// What the document takes from the header section, gathered in one pass: of most fields the first counts, of address
/// fields all.
#[derive(Default)]
struct Found<'m> {
    headers: Vec<HeaderField<'m>>,
    from: Vec<Person>,
    to: Vec<Person>,
    cc: Vec<Person>,
    bcc: Vec<Person>,
    subject: Option<&'m [u8]>,
    date: Option<&'m [u8]>,
    message_id: Option<&'m [u8]>,
    in_reply_to: Option<&'m [u8]>,
    references: Option<&'m [u8]>,
    list_id: Option<&'m [u8]>,
    has_ways: bool,
}

impl<'m> Found<'m> {
    fn of(message: &Message<'m>) -> Self {
        let mut found = Self::default();
        for field in message.fields(message.root()) {
            let name = field.name.to_ascii_lowercase();
            let people = match name.as_str() {
                "from" => Some(&mut found.from),
                "to" => Some(&mut found.to),
                "cc" => Some(&mut found.cc),
                "bcc" => Some(&mut found.bcc),
                _ => None,
            };
            if let Some(people) = people {
                people.extend(everybody(&field));
            }
            let first = match name.as_str() {
                "subject" => Some(&mut found.subject),
                "date" => Some(&mut found.date),
                "message-id" => Some(&mut found.message_id),
                "in-reply-to" => Some(&mut found.in_reply_to),
                "references" => Some(&mut found.references),
                "list-id" => Some(&mut found.list_id),
                _ => None,
            };
            if let Some(first) = first {
                first.get_or_insert(field.body);
            }
            found.has_ways |= name == "list-unsubscribe";
            found.headers.push(header(field));
        }
        found
    }
}

impl Origin {
    /// Where this was found.
    pub(super) fn of(source: &Source) -> Self {
        let path = source.path.to_string_lossy().into_owned();
        Self { flags: source.flags().as_ref().map(names), index: source.index, offset: source.offset, path }
    }
}

impl Person {
    /// The name, or else the address.
    pub(super) fn shown(&self) -> &str {
        self.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&self.address)
    }
}

impl From<Defect> for Finding {
    fn from(defect: Defect) -> Self {
        let section = Some(defect.section()).filter(|section| !section.is_empty());
        let Defect { code, part, offset, severity, text } = defect;
        Self { code, offset, part, section, severity: severity.name(), text }
    }
}

/// Flags as IMAP writes them.
pub(in crate::cli) fn names(flags: &Flags) -> Vec<String> {
    let system = SystemFlag::ALL.into_iter().filter(|flag| flags.has(*flag)).map(SystemFlag::name);
    system.map(str::to_owned).chain(flags.keywords().map(str::to_owned)).collect()
}

/// A field as it came, and as people read it.
pub(super) fn header(field: Field<'_>) -> HeaderField<'_> {
    HeaderField { name: field.name, raw: words::undeclared(field.body).0, value: words::decode(field.body) }
}

/// Everybody in a field, members of groups included. Who has no address is nobody.
pub(super) fn everybody(field: &Field<'_>) -> Vec<Person> {
    let entries = address_list::parse(field.body);
    let people = address_list::mailboxes(&entries).filter_map(NameAddr::person);
    people.map(|(name, address)| Person { address, name }).collect()
}

/// What can be saved, in its order. What stands in a message within is saved with it.
fn attachments<'m>(message: &'m Message<'_>, roles: &Roles) -> Vec<Cow<'m, str>> {
    let mut ids = Vec::new();
    for part in message.own_parts() {
        match roles.attachments.contains(&part.index) {
            true => ids.push(Cow::Borrowed(part.id.as_str())),
            false => ids.extend(enclosed::of(message, part).into_iter().map(|inner| Cow::Owned(inner.id))),
        }
    }
    ids
}

impl EnclosedFile {
    fn of(inner: Inner, content: &[u8]) -> Self {
        let octets = inner.file.decode(content).content;
        let safe_filename = safe::file_name(&inner.name);
        let (sha256, size) = (sha256(&octets), octets.len());
        Self { filename: inner.name, id: inner.id, safe_filename, sha256, size, media: inner.media }
    }
}

/// One part with those in it. The guard's limit on nesting bounds the recursion.
pub(super) fn part<'m>(message: &'m Message<'_>, part: &'m Part, bodies: Bodies) -> PartObject<'m> {
    let is_leaf = part.kind == BlockKind::Leaf;
    let content = is_leaf.then(|| message.content(part).content);
    let filename = message.file_name(part);
    let content_id = message.field(part, "Content-ID").map(id::parse_list).and_then(|ids| ids.into_iter().next());
    let is_text = is_leaf && part.media.main == "text";
    PartObject {
        charset: part.media.parameters.get("charset").filter(|_| is_leaf),
        children: message.children(part).map(|child| self::part(message, child, bodies)).collect(),
        content: content.as_ref().filter(|_| bodies == Bodies::All && !is_text).map(|content| STANDARD.encode(content)),
        content_id,
        decoded_size: content.as_ref().map_or(part.body.len(), |content| content.len()),
        disposition: message.disposition(part).map(|disposition| disposition.kind),
        enclosed: content.as_ref().map_or_else(Vec::new, |content| {
            enclosed::of(message, part).into_iter().map(|inner| EnclosedFile::of(inner, content)).collect()
        }),
        encoding: part.encoding.name(),
        safe_filename: filename.as_deref().map(safe::file_name),
        filename,
        header_len: part.header.len(),
        id: &part.id,
        lines: part.lines,
        offset: part.header.start,
        sha256: content.as_ref().map(|content| sha256(content)),
        size: part.body.len(),
        text: (bodies != Bodies::None && is_text).then(|| text::of_part(message, part)),
        media: part.media.to_string(),
    }
}
