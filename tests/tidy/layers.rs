//! The layer rule: a room uses rooms with lower numbers only, and the words of layer 0 are one room.

use super::source::Source;
use std::collections::BTreeMap;

/// Which layer each room is on, as the table in `src/lib.rs` says.
pub(crate) struct Layers(pub(crate) BTreeMap<String, usize>);

impl Layers {
    /// Reads the lines `//! 3 store net` of the map.
    pub(crate) fn parse(map: &str) -> Self {
        let lines = map.lines().filter_map(|line| line.strip_prefix("//! "));
        let rows =
            lines.filter_map(|line| line.split_once(' ')).filter_map(|(n, rooms)| Some((n.parse().ok()?, rooms)));
        Self(rows.flat_map(|(n, rooms): (usize, &str)| rooms.split(' ').map(move |r| (r.to_owned(), n))).collect())
    }

    /// Every import that goes up or sideways, as a sentence each.
    pub(crate) fn violations(&self, source: &Source) -> Vec<String> {
        let own = source.room();
        let Some(&layer) = self.0.get(own) else {
            return vec![format!("src/{}: the room {own} is not in the table of src/lib.rs", source.name)];
        };
        let mut said = Vec::new();
        for (at, room) in used_rooms(source) {
            let place = format!("src/{}:{}", source.name, source.line(at));
            match self.0.get(&room) {
                Some(_) if room == own => {}
                Some(0) if layer == 0 => {}
                Some(used) if *used < layer => {}
                Some(used) if *used == layer => {
                    said.push(format!("{place}: {own} imports its neighbour {room} on layer {layer}"));
                }
                Some(used) => said.push(format!("{place}: {own} on layer {layer} imports {room} on layer {used}")),
                None => said.push(format!("{place}: {room} is no room in the table of src/lib.rs")),
            }
        }
        said
    }
}

/// The rooms that the code names, each with its place: behind `crate::`, `mailkit::`, or enough `super::`.
fn used_rooms(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for root in ["crate", "mailkit"] {
        // Inside the program, `crate` is the command line itself.
        if root == "crate" && source.room() == "cli" {
            continue;
        }
        for at in source.finds(root) {
            if let Some(rest) = source.code[at + root.len()..].strip_prefix("::") {
                found.extend(first_names(rest).into_iter().map(|name| (at, name)));
            }
        }
    }
    for at in source.finds("super") {
        let depth = source.modules().len() + source.nesting(at);
        let mut rest = &source.code[at..];
        let mut climbed = 0;
        while let Some(above) = rest.strip_prefix("super::") {
            (rest, climbed) = (above, climbed + 1);
        }
        let continues = source.code[..at].ends_with("super::");
        // In the program, the way up ends at the command line, which is one room.
        if climbed >= depth && !continues && source.room() != "cli" {
            found.extend(first_names(rest).into_iter().filter(|name| name != "*").map(|name| (at, name)));
        }
    }
    // Types, constants and macros at the root of the crate are no rooms.
    found.retain(|(_, name)| name.starts_with(|c: char| c.is_ascii_lowercase()));
    found
}

/// `a::b` names `a`; `{a::b, c::{d, e}}` names `a` and `c`.
fn first_names(path: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = path.strip_prefix('{') else { return vec![word(path)] };
    let mut names = Vec::new();
    let mut depth = 0;
    let mut start = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(word(group[start..at].trim_start()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}

#[test]
fn an_upward_or_sideways_import_is_reported() {
    let layers =
        Layers::parse("//! ```text\n//! 0 address error\n//! 1 wire message\n//! 2 smtp pop3\n//! 6 demo cli\n");
    for (name, code, wanted) in [
        ("wire/frame.rs", "use crate::error::Error;", None),
        ("wire/frame.rs", "use crate::wire::session::Output;", None),
        ("address.rs", "use crate::error::Error;", None),
        ("smtp/server.rs", "use super::super::wire::frame;", None),
        ("smtp/server.rs", "use super::command;", None),
        ("smtp/server.rs", "fn a() {} mod tests { use super::super::command; fn b() { super::x() } }", None),
        (
            "smtp/server.rs",
            "mod a { mod tests { use super::super::super::super::pop3; } }",
            Some("src/smtp/server.rs:1: smtp imports its neighbour pop3 on layer 2"),
        ),
        ("cli/send.rs", "use mailkit::smtp::client; use super::exit::Exit; use crate::cli::exit;", None),
        ("wire/frame.rs", "// use crate::smtp;\nlet x = \"crate::smtp\";", None),
        (
            "wire/frame.rs",
            "use crate::smtp::command;",
            Some("src/wire/frame.rs:1: wire on layer 1 imports smtp on layer 2"),
        ),
        (
            "wire/frame.rs",
            "\nlet x = crate::message::view();",
            Some("src/wire/frame.rs:2: wire imports its neighbour message on layer 1"),
        ),
        (
            "pop3/server.rs",
            "use crate::{error::Error, smtp::{reply, command}};",
            Some("src/pop3/server.rs:1: pop3 imports its neighbour smtp on layer 2"),
        ),
        ("pop3/mod.rs", "use super::smtp;", Some("src/pop3/mod.rs:1: pop3 imports its neighbour smtp on layer 2")),
        ("error.rs", "use super::wire::frame;", Some("src/error.rs:1: error on layer 0 imports wire on layer 1")),
        ("demo.rs", "use crate::cli::run;", Some("src/demo.rs:1: demo imports its neighbour cli on layer 6")),
        (
            "smtp/server.rs",
            "use crate::nowhere::x;",
            Some("src/smtp/server.rs:1: nowhere is no room in the table of src/lib.rs"),
        ),
        ("nowhere.rs", "", Some("src/nowhere.rs: the room nowhere is not in the table of src/lib.rs")),
    ] {
        let said = layers.violations(&Source::new(name, code));
        assert_eq!(said.first().map(String::as_str), wanted, "{name}: {code}");
    }
}
