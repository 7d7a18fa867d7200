//! Outside libraries: each has a reason in docs/dependencies.md, and many have rooms that they do not leave.

use super::source::Source;
use std::collections::{BTreeMap, BTreeSet};

/// What Cargo.toml and the page do not agree on, libraries that nobody uses, and uses of one outside its rooms.
pub(crate) fn violations(manifest: &str, page: &str, sources: &[Source]) -> Vec<String> {
    let needed = &names(manifest, "[dependencies]") | &names(manifest, "[dev-dependencies]");
    let reasons = reasons(page);
    let listed: BTreeSet<String> = reasons.keys().cloned().collect();
    let missing = needed.difference(&listed).map(|name| format!("docs/dependencies.md gives no reason for {name}"));
    let stale =
        listed.difference(&needed).map(|name| format!("docs/dependencies.md lists {name}, Cargo.toml does not"));
    let mut said: Vec<String> = missing.chain(stale).collect();
    let is_used = |name: &str| sources.iter().any(|source| source.finds(&name.replace('-', "_")).next().is_some());
    let tests_only = names(manifest, "[dev-dependencies]");
    let unused = needed.iter().filter(|name| !tests_only.contains(*name) && !is_used(name));
    said.extend(unused.map(|name| format!("Cargo.toml asks for {name}, which nothing uses")));
    for (name, rooms) in reasons.iter().filter(|(_, rooms)| !rooms.is_empty()) {
        let path = name.replace('-', "_");
        for source in sources.iter().filter(|source| !rooms.contains(source.room())) {
            said.extend(
                source
                    .finds(&path)
                    .filter(|at| source.code[at + path.len()..].starts_with("::"))
                    .map(|at| format!("src/{}:{}: {name} belongs to {rooms:?}", source.name, source.line(at))),
            );
        }
    }
    said
}

/// The names under a heading.
fn names(manifest: &str, heading: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line == heading;
        } else if let Some((name, _)) = line.split_once('=').filter(|_| inside) {
            names.insert(name.trim().to_owned());
        }
    }
    names
}

/// Rows `| name | `room` | why |`, and names in bold, which may be used anywhere.
fn reasons(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let row = |line: &str| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        let (name, rooms) = (cells.next()?, cells.next().filter(|rooms| !rooms.contains("---"))?);
        Some((name.to_owned(), rooms.split('`').skip(1).step_by(2).map(str::to_owned).collect()))
    };
    let rows = page.lines().filter(|line| *line != "| crate | room | why |").filter_map(row);
    let bold = page.split("**").skip(1).step_by(2).map(|name| (name.to_owned(), BTreeSet::new()));
    rows.chain(bold).collect()
}

#[test]
fn a_library_without_reason_or_out_of_its_rooms_is_reported() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\nclap = \"4\"\nmail-parser = \"1\"\nidle = \"1\"\nserde = \"1\"\n[dev-dependencies]\ntempfile = \"3\"\n";
    let page = "| crate | room | why |\n|---|---|---|\n| clap | `cli` | x |\n| mail-parser | `message` | x |\n| old | | `x` |\n| idle | | x |\n\n**tempfile**";
    let sources = [
        Source::new("cli/send.rs", "use clap::Args; use serde::Serialize;"),
        Source::new("sync/base.rs", "use mail_parser::Message; let clap = 1;"),
    ];
    assert_eq!(
        violations(manifest, page, &sources),
        [
            "docs/dependencies.md gives no reason for serde",
            "docs/dependencies.md lists old, Cargo.toml does not",
            "Cargo.toml asks for idle, which nothing uses",
            "src/sync/base.rs:1: mail-parser belongs to {\"message\"}",
        ]
    );
}
