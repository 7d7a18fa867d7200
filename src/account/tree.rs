//! The configuration as it was written: files laid over each other, each value with its place.
//!
//! What a later file says goes before what an earlier one says, key by key; a value is taken whole, tables such as
//! `tls = {...}` too. Then an account takes what it does not say from the one it inherits from, then from
//! `[defaults]`. Knows which keys are special, but not what any value means: that is `profile` and `config`.

use super::preset;
use super::problem::{Position, Problem, nearest};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// The keys of a table, each with its own place and its value.
pub(super) type Table = BTreeMap<String, (Range<usize>, Node)>;

/// A value and its place: an offset into all files that were read.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) value: Value,
}

/// What stands behind a key.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    Bool(bool),
    /// A number or a date, as it is written.
    Bare(String),
    Array(Vec<Node>),
    Table(Table),
}

/// What belongs to one account only, and is not inherited.
const OWN: [&str; 2] = ["default", "inherit"];
/// What no two accounts can share.
const NOT_IN_DEFAULTS: [&str; 5] = ["default", "inherit", "email", "aliases", "maildir"];

/// The files that were read, and where each begins among all of them.
#[derive(Debug, Default, Clone)]
pub(super) struct Sources(Vec<(PathBuf, String, usize)>);

impl Sources {
    /// The file and line of an offset.
    pub(super) fn place(&self, offset: usize) -> Option<Position> {
        let (path, text, base) = self.0.iter().rev().find(|(_, _, base)| *base <= offset)?;
        let line = text.get(..offset - base).map(|before| before.matches('\n').count() + 1);
        Some(Position { path: path.clone(), line })
    }

    /// The files, in the order in which they were read.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(|(path, ..)| path.as_path())
    }

    /// Reads a file's text as TOML. What is none is reported; the rest is returned all the same.
    pub(super) fn read(&mut self, path: &Path, text: String, problems: &mut Vec<Problem>) -> Table {
        let base = self.0.last().map_or(0, |(_, text, base)| base + text.len() + 1);
        let (table, errors) = DeTable::parse_recoverable(&text);
        let table = self::table(table.into_inner(), base);
        self.0.push((path.to_owned(), text, base));
        for error in errors {
            let place = self.place(base + error.span().map_or(0, |span| span.start));
            problems.push(Problem::new(place, error.message()));
        }
        table
    }
}

fn moved(span: Range<usize>, base: usize) -> Range<usize> {
    span.start + base..span.end + base
}

fn table(table: DeTable<'_>, base: usize) -> Table {
    let entry = |(key, value): (Spanned<Cow<'_, str>>, _)| {
        let span = moved(key.span(), base);
        (key.into_inner().into_owned(), (span, node(value, base)))
    };
    table.into_iter().map(entry).collect()
}

fn node(value: Spanned<DeValue<'_>>, base: usize) -> Node {
    let span = moved(value.span(), base);
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Boolean(flag) => Value::Bool(flag),
        DeValue::Integer(number) => Value::Bare(number.to_string()),
        DeValue::Float(number) => Value::Bare(number.to_string()),
        DeValue::Datetime(time) => Value::Bare(time.to_string()),
        DeValue::Array(values) => Value::Array(values.into_iter().map(|value| node(value, base)).collect()),
        DeValue::Table(values) => Value::Table(table(values, base)),
    };
    Node { span, value }
}

impl Node {
    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The table, if it is one.
    pub(super) fn table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// As the parser's own type, which knows how to become any other.
    pub(super) fn to_toml(&self) -> Spanned<DeValue<'_>> {
        let value = match &self.value {
            Value::Text(text) => DeValue::String(Cow::Borrowed(text)),
            Value::Bool(flag) => DeValue::Boolean(*flag),
            // It was a number when it was read.
            Value::Bare(text) => DeValue::parse(text).map_or(DeValue::Boolean(false), Spanned::into_inner),
            Value::Array(values) => {
                let mut array = DeArray::new();
                values.iter().for_each(|value| array.push(value.to_toml()));
                DeValue::Array(array)
            }
            Value::Table(table) => return to_toml(table, self.span.clone()),
        };
        Spanned::new(self.span.clone(), value)
    }
}

/// A table as the parser's own type.
pub(super) fn to_toml(table: &Table, span: Range<usize>) -> Spanned<DeValue<'_>> {
    let entries = table
        .iter()
        .map(|(key, (place, value))| (Spanned::new(place.clone(), Cow::Borrowed(key.as_str())), value.to_toml()));
    Spanned::new(span, DeValue::Table(entries.collect()))
}

/// Lays a file over what was read before it. `[accounts.NAME]` and `[oauth.NAME]` are laid over each other by name.
pub(super) fn lay(over: Table, under: &mut Table) {
    for (section, (place, node)) in over {
        let depth = if matches!(section.as_str(), "accounts" | "oauth") { 2 } else { 1 };
        lay_one(section, place, node, under, depth);
    }
}

fn lay_one(key: String, place: Range<usize>, node: Node, under: &mut Table, depth: usize) {
    match (under.get_mut(&key), node) {
        (Some((_, Node { value: Value::Table(theirs), .. })), Node { value: Value::Table(ours), .. }) if depth > 0 => {
            for (key, (place, node)) in ours {
                lay_one(key, place, node, theirs, depth - 1);
            }
        }
        (_, node) => {
            under.insert(key, (place, node));
        }
    }
}

/// Gives each account what it inherits and what `[defaults]` says.
pub(super) fn complete(root: &Table, sources: &Sources, problems: &mut Vec<Problem>) -> Table {
    let mut root = root.clone();
    let section = |name: &str| root.get(name).and_then(|(_, node)| node.table()).cloned().unwrap_or_default();
    let (accounts, mut defaults) = (section("accounts"), section("defaults"));
    for key in NOT_IN_DEFAULTS {
        if let Some((place, _)) = defaults.remove(key) {
            let place = sources.place(place.start);
            problems.push(Problem::new(place, format!("{key} belongs to one account, not into [defaults]")));
        }
    }
    let complete = accounts.iter().map(|(name, (place, node))| {
        let mut node = node.clone();
        if let Value::Table(own) = &mut node.value {
            preset::fill(own, sources, problems);
            for base in chain(name, &accounts, sources, problems) {
                fill(own, &base, &OWN);
                preset::fill(own, sources, problems);
            }
            fill(own, &defaults, &[]);
            preset::fill(own, sources, problems);
        }
        (name.clone(), (place.clone(), node))
    });
    let complete: Table = complete.collect();
    if let Some((_, node)) = root.get_mut("defaults") {
        node.value = Value::Table(defaults);
    }
    if let Some((_, Node { value: Value::Table(accounts), .. })) = root.get_mut("accounts") {
        *accounts = complete;
    }
    root
}

fn fill(own: &mut Table, from: &Table, but: &[&str]) {
    for (key, entry) in from.iter().filter(|(key, _)| !but.contains(&key.as_str())) {
        own.entry(key.clone()).or_insert_with(|| entry.clone());
    }
}

/// The accounts that one inherits from, nearest first. A circle and a name that is not there are told once, and end it.
fn chain(name: &str, accounts: &Table, sources: &Sources, problems: &mut Vec<Problem>) -> Vec<Table> {
    let mut bases = Vec::new();
    let mut path = vec![name.to_owned()];
    loop {
        let table = path.last().and_then(|last| accounts.get(last)?.1.table());
        let Some(node) = table.and_then(|table| table.get("inherit")).map(|(_, node)| node) else { return bases };
        // Of another type: told when it is read.
        let Some(base) = node.text() else { return bases };
        let place = sources.place(node.span.start);
        if let Some(at) = path.iter().position(|known| known == base) {
            let circle: Vec<&str> = path.iter().skip(at).map(String::as_str).chain([base]).collect();
            // Each of its accounts would tell the same: the first of them does.
            if at == 0 && path.iter().min().is_some_and(|first| first == name) {
                problems.push(Problem::new(place, format!("accounts inherit in a circle: {}", circle.join(" > "))));
            }
            return bases;
        }
        match accounts.get(base).map(|(_, node)| node.table()) {
            Some(Some(table)) => bases.push(table.clone()),
            Some(None) => return bases,
            None => {
                if path.len() == 1 {
                    let names = accounts.keys().map(String::as_str);
                    let what = format!("there is no account {base:?} to inherit from");
                    problems.push(Problem::new(place, what).near(nearest(base, names)));
                }
                return bases;
            }
        }
        path.push(base.to_owned());
    }
}

/// Takes out what stands at an offset: the smallest key or value there. Says whether anything did.
pub(super) fn remove_at(table: &mut Table, offset: usize) -> bool {
    let within = |node: &Node| node.span.contains(&offset) || node.span.start == offset;
    for (_, node) in table.values_mut().map(|(_, node)| ((), node)) {
        if let Value::Table(inner) = &mut node.value
            && remove_at(inner, offset)
        {
            return true;
        }
    }
    let found = table.iter().find(|(_, (place, node))| place.contains(&offset) || within(node));
    match found.map(|(key, _)| key.clone()) {
        Some(key) => table.remove(&key).is_some(),
        None => false,
    }
}
