//! The view for people: header fields, the tree of parts, attachments, defects.

use super::letter::Letter;
use super::lint;
use mailkit::message::guard::BlockKind;
use mailkit::message::roles::Roles;
use mailkit::message::safe::terminal;
use mailkit::message::view::{Message, Part};

/// The whole view, safe for a terminal; of the part that is meant, if not all of it is.
pub(super) fn show(letter: &Letter<'_>) -> String {
    let (message, roles, mut text) = (&letter.message, letter.roles(), String::new());
    let top = letter.part().unwrap_or(message.root());
    for header in message.headers(top) {
        [&terminal(header.name), ": ", &terminal(&header.value), "\n"].iter().for_each(|piece| text.push_str(piece));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let rows: Vec<Row> = message.parts()[top.index..]
        .iter()
        .enumerate()
        .take_while(|(at, part)| *at == 0 || part.header.start < top.body.end)
        .map(|(_, part)| Row::of(message, part, roles))
        .collect();
    text += &print(&rows);
    let mut defects = lint::defects(message);
    defects.retain(|defect| !letter.is_of_part() || (top.header.start..top.body.end).contains(&defect.offset));
    if !defects.is_empty() {
        text.push('\n');
    }
    for defect in defects {
        text.push_str(&terminal(&lint::told(defect)));
        text.push('\n');
    }
    text
}

/// One part in one line.
pub(in crate::cli) struct Row {
    id: String,
    media: String,
    size: String,
    notes: String,
}

/// The lines of a tree, safe for a terminal, in columns.
pub(in crate::cli) fn print(rows: &[Row]) -> String {
    let width =
        |column: fn(&Row) -> &str| rows.iter().map(|row| column(row).chars().count()).max().unwrap_or(0).min(48);
    let (id_width, media_width) = (width(|row| &row.id), width(|row| &row.media));
    let mut text = String::new();
    for row in rows {
        let line = format!("{:id_width$}  {:media_width$}  {:>9}  {}", row.id, row.media, row.size, row.notes);
        text += line.trim_end();
        text.push('\n');
    }
    text
}

impl Row {
    /// The line of a part: its number, how deep it lies, its type, octets if they are known, what else is to be said.
    pub(in crate::cli) fn new(id: &str, depth: usize, media: &str, octets: Option<u64>, notes: &[String]) -> Self {
        let notes: Vec<_> = notes.iter().map(|note| terminal(note)).collect();
        Self {
            id: terminal(id).into_owned(),
            media: format!("{:indent$}{}", "", terminal(media), indent = depth * 2),
            size: octets.map(size).unwrap_or_default(),
            notes: notes.join("  "),
        }
    }

    fn of(message: &Message<'_>, part: &Part, roles: &Roles) -> Self {
        let mut depth = 0;
        let mut above = part.parent;
        while let Some(parent) = above.and_then(|index| message.parts().get(index)) {
            (depth, above) = (depth + 1, parent.parent);
        }
        let mut notes = Vec::new();
        if roles.attachments.contains(&part.index) {
            notes.push("attachment".to_owned());
        }
        if let Some(name) = message.file_name(part) {
            notes.push(format!("\"{name}\""));
        }
        if part.kind == BlockKind::Leaf {
            if let Some(charset) = part.media.parameters.get("charset") {
                notes.push(charset.to_ascii_lowercase());
            }
            if !part.encoding.is_identity() {
                notes.push(part.encoding.name().to_owned());
            }
        } else if part.kind == BlockKind::Message {
            let within = message.children(part).next();
            let subject = within.and_then(|root| message.text_field(root, "Subject")).unwrap_or_default();
            notes.push(format!("\"{subject}\""));
        }
        Self::new(&part.id, depth, &part.media.to_string(), Some(part.body.len() as u64), &notes)
    }
}

/// Octets for people.
fn size(octets: u64) -> String {
    match octets {
        0..10_000 => format!("{octets} B"),
        10_000..10_000_000 => format!("{} kB", octets / 1000),
        _ => format!("{} MB", octets / 1_000_000),
    }
}
