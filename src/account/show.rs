//! What the configuration says, value by value, with its place and without its secrets.
//!
//! For `config show`: accounts are shown with what they inherit, so that nobody has to put it together by head.

use super::config::Config;
use super::preset;
use super::problem::Position;
use super::tree::{Node, Table, Value};
use crate::endpoint;
use serde_json::json;
use std::ops::Range;

/// One key.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The heading it belongs to: `accounts.work`.
    pub section: String,
    /// The key.
    pub key: String,
    /// The value as TOML.
    pub text: String,
    /// The value as JSON.
    pub json: serde_json::Value,
    /// Where it was written.
    pub place: Option<Position>,
    /// The provider that implies it, if it is not written itself.
    pub provider: Option<String>,
}

/// What stands for a secret.
const MASK: &str = "{secret}";

impl Config {
    /// All values, section by section.
    pub fn shown(&self) -> Vec<Shown> {
        let mut shown = Vec::new();
        for (section, (_, node)) in &self.origin.tree {
            match (section.as_str(), node.table()) {
                ("accounts" | "oauth", Some(tables)) => {
                    for (name, (_, node)) in tables {
                        let table = node.table().cloned().unwrap_or_default();
                        self.show(&format!("{section}.{}", bare(name)), &table, &mut shown);
                    }
                }
                (_, Some(table)) => self.show(section, table, &mut shown),
                (_, None) => {}
            }
        }
        shown
    }

    fn show(&self, section: &str, table: &Table, shown: &mut Vec<Shown>) {
        let named = table.get(preset::KEY).and_then(|(span, node)| Some((span, node.text()?)));
        // What a provider implies stands where its name stands.
        let implied = |key: &str, place: &Range<usize>| {
            named.filter(|(span, _)| key != preset::KEY && *span == place).map(|(_, name)| name.to_owned())
        };
        shown.extend(table.iter().map(|(key, (span, node))| Shown {
            section: section.to_owned(),
            key: bare(key),
            text: text(node),
            json: json(node),
            place: self.origin.place(span.start),
            provider: implied(key, span),
        }));
    }
}

/// A key as it is written: in quotes if it has signs that need them.
fn bare(key: &str) -> String {
    let is_bare = !key.is_empty() && key.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet));
    if is_bare { key.to_owned() } else { quoted(key) }
}

fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

fn text(node: &Node) -> String {
    match &node.value {
        Value::Text(plain) => quoted(&masked(plain)),
        Value::Bool(flag) => flag.to_string(),
        Value::Bare(plain) => plain.clone(),
        Value::Array(values) => format!("[{}]", values.iter().map(text).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => {
            let pair = |(key, (_, node)): (&String, &(_, Node))| match key.as_str() {
                "plain" => format!("plain = {}", quoted(MASK)),
                key => format!("{} = {}", bare(key), text(node)),
            };
            format!("{{ {} }}", table.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
    }
}

fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Text(text) => json!(masked(text)),
        Value::Bool(flag) => json!(flag),
        Value::Bare(text) => text.parse().unwrap_or_else(|_| json!(text)),
        Value::Array(values) => values.iter().map(json).collect(),
        Value::Table(table) => {
            let pair = |(key, (_, node)): (&String, &(_, Node))| match key.as_str() {
                "plain" => (key.clone(), json!(MASK)),
                _ => (key.clone(), json(node)),
            };
            serde_json::Value::Object(table.iter().map(pair).collect())
        }
    }
}

/// A URL without the password in it: a proxy may have one.
fn masked(text: &str) -> String {
    if text.contains("://") { endpoint::masked(text) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_value_is_shown_with_its_line_and_no_secret_is() {
        let text = "\
[defaults]
timeout = '30s'
[accounts.\"my work\"]
email = 'alice@crepes.example'
secret = { plain = 'hunter2' }
oauth = { issuer = 'https://bob:hunter2@127.0.0.1:9050' }
aliases = ['a@x.example', '*@y.example']
max-recipients = 3
tls = { name = \"a\\\"b\" }
";
        let config = Config::parse(text, Path::new("c.toml")).expect("a configuration");
        let shown: Vec<String> = config
            .shown()
            .iter()
            .map(|one| {
                let line = one.place.as_ref().map(ToString::to_string).unwrap_or_default();
                format!("{}: {} = {}  # {line}", one.section, one.key, one.text)
            })
            .collect();
        let of = "accounts.\"my work\": ";
        assert_eq!(
            shown,
            [
                format!("{of}aliases = [\"a@x.example\", \"*@y.example\"]  # c.toml:7"),
                format!("{of}email = \"alice@crepes.example\"  # c.toml:4"),
                format!("{of}max-recipients = 3  # c.toml:8"),
                format!("{of}oauth = {{ issuer = \"https://bob:{{secret}}@127.0.0.1:9050\" }}  # c.toml:6"),
                format!("{of}secret = {{ plain = \"{{secret}}\" }}  # c.toml:5"),
                format!("{of}timeout = \"30s\"  # c.toml:2"),
                format!("{of}tls = {{ name = 'a\"b' }}  # c.toml:9"),
                "defaults: timeout = \"30s\"  # c.toml:2".to_owned(),
            ]
        );
        assert!(!config.shown().iter().any(|one| one.json.to_string().contains("hunter2")));
    }
}
