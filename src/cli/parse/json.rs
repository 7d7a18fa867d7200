//! The view for programs: one JSON document, schema `mailkit.message/1`.
//!
//! Offsets and sizes count octets of the source; `offset` is where a part's header section begins, and its
//! body begins `header_len` later. Ids are IMAP section numbers.

use super::letter::Letter;
use super::pick::Item;
use mailkit::convert::hash::sha256;
use mailkit::message::address_list::{self, Entry};
use mailkit::message::field::Field;
use mailkit::message::guard::BlockKind;
use mailkit::message::view::{Message, Part};
use mailkit::message::{date, defect, id, safe, text, words};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// The document about a message; texts are part of it where they are asked for.
pub(super) fn message(letter: &Letter<'_>, with_text: bool) -> Value {
    let (message, roles, source) = (&letter.message, letter.roles(), letter.source);
    let root = message.root();
    let ids = |name: &str| message.field(root, name).map(id::parse_list).unwrap_or_default();
    let id_of = |part: Option<usize>| part.and_then(|index| message.parts().get(index)).map(|part| part.id.as_str());
    let attachments: Vec<_> = roles.attachments.iter().filter_map(|index| id_of(Some(*index))).collect();
    let unsubscribe = message.field(root, "List-Unsubscribe").map(words::decode).unwrap_or_default();
    let links: Vec<_> = unsubscribe.split(['<', '>', ',']).map(str::trim).filter(|link| link.contains(':')).collect();
    let one_click = message.text_field(root, "List-Unsubscribe-Post").unwrap_or_default();
    let defects: Vec<Value> = defect::defects(message)
        .into_iter()
        .map(|d| json!({"code": d.code, "part": d.part, "offset": d.offset, "severity": d.severity.name(), "text": d.text}))
        .collect();
    json!({
        "schema": "mailkit.message/1",
        "source": {"path": source.path.to_string_lossy(), "index": source.index, "offset": source.offset},
        "size": message.octets().len(),
        "sha256": sha256(message.octets()),
        "headers": message.fields(root).map(header).collect::<Vec<_>>(),
        "from": people(message, "From"),
        "to": people(message, "To"),
        "cc": people(message, "Cc"),
        "bcc": people(message, "Bcc"),
        "subject": message.text_field(root, "Subject"),
        "date": message.field(root, "Date").and_then(date::parse).map(|when| when.to_string()),
        "message_id": ids("Message-ID").into_iter().next(),
        "in_reply_to": ids("In-Reply-To"),
        "references": ids("References"),
        "list": {
            "id": message.text_field(root, "List-ID"),
            "unsubscribe": links,
            "one_click": one_click.eq_ignore_ascii_case("List-Unsubscribe=One-Click"),
        },
        "parts": [part(message, root, with_text)],
        "attachments": attachments,
        "text_part": id_of(roles.text),
        "html_part": id_of(roles.html),
        "defects": defects,
        "truncated": message.is_truncated(),
    })
}

/// Header fields that were asked for.
pub(super) fn headers<'o>(fields: impl Iterator<Item = Field<'o>>) -> Value {
    Value::Array(fields.map(header).collect())
}

/// The files that were written.
pub(super) fn written(files: &[(&Item<'_>, PathBuf)]) -> Value {
    let one = |(item, path): &(&Item<'_>, PathBuf)| json!({"part": item.id, "path": path.to_string_lossy(), "filename": item.raw_name, "safe_filename": item.name});
    files.iter().map(one).collect()
}

fn header(field: Field<'_>) -> Value {
    let raw = words::undeclared(field.body).0.into_owned();
    json!({"name": field.name, "value": words::decode(field.body), "raw": raw})
}

/// Everybody in the fields of a name, members of groups included. Who has no address is nobody.
fn people(message: &Message<'_>, name: &str) -> Vec<Value> {
    let fields = message.fields(message.root()).filter(|field| field.is(name));
    let entries: Vec<Entry> = fields.flat_map(|field| address_list::parse(field.body)).collect();
    address_list::mailboxes(&entries)
        .map(|mailbox| (mailbox.display_name(), mailbox.spec()))
        .filter(|(_, address)| !address.is_empty())
        .map(|(name, address)| json!({"name": name, "address": address}))
        .collect()
}

/// One part with those in it. The guard's limit on nesting bounds the recursion.
pub(super) fn part(message: &Message<'_>, part: &Part, with_text: bool) -> Value {
    let is_leaf = part.kind == BlockKind::Leaf;
    let content = is_leaf.then(|| message.content(part).content);
    let name = message.file_name(part);
    let content_id = message.field(part, "Content-ID").map(id::parse_list).and_then(|ids| ids.into_iter().next());
    let is_text = is_leaf && part.media.main == "text";
    let mut object = Map::new();
    for (key, value) in [
        ("id", json!(part.id)),
        ("type", json!(part.media.to_string())),
        ("charset", json!(part.media.parameters.get("charset").filter(|_| is_leaf))),
        ("disposition", json!(message.disposition(part).map(|disposition| disposition.kind))),
        ("filename", json!(name)),
        ("safe_filename", json!(name.as_deref().map(safe::file_name))),
        ("content_id", json!(content_id)),
        ("encoding", json!(part.encoding.name())),
        ("offset", json!(part.header.start)),
        ("header_len", json!(part.header.len())),
        ("size", json!(part.body.len())),
        ("lines", json!(part.lines)),
        ("decoded_size", json!(content.as_ref().map_or(part.body.len(), |content| content.len()))),
        ("sha256", json!(content.as_ref().map(|content| sha256(content)))),
        ("text", json!((with_text && is_text).then(|| text::of_part(message, part)))),
    ] {
        object.insert(key.to_owned(), value);
    }
    let children = message.children(part).map(|child| self::part(message, child, with_text)).collect();
    object.insert("children".to_owned(), Value::Array(children));
    Value::Object(object)
}
