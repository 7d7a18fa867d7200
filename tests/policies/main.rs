//! What domains publish, and what comes of it: tables of zones and questions, in text.
//!
//! In a table, a line `? …` asks and says what must come out; `! NAME` is a name whose servers are down; `# …` says what
//! it is about, `= …` which rule; `> DOMAIN TEXT` is what a domain's web server gives, with `\n` in it; everything else is
//! zone text. The forms of the questions stand before each reader.

mod dmarc;
mod looked_up;
mod name_server;
mod openspf;
mod program;
mod rules;
#[path = "../clients/schema.rs"]
mod schema;
mod signed;
mod spf;

use mailkit::net::zone::Zone;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A table.
struct Table {
    path: PathBuf,
    zone: Zone,
    /// The number of a line, and what it asks.
    questions: Vec<(usize, String)>,
    /// The number of a line, and the rule that begins there.
    rules: Vec<(usize, String)>,
    /// What web servers give.
    texts: BTreeMap<String, String>,
}

/// The tables of a directory.
fn tables(directory: &str) -> Vec<Table> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies").join(directory);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(&directory).expect("a directory").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has tables", directory.display());
    paths.into_iter().map(Table::read).collect()
}

impl Table {
    fn read(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path).expect("a table");
        let (mut zone, mut down, mut questions) = (String::new(), Vec::new(), Vec::new());
        let (mut rules, mut texts) = (Vec::new(), BTreeMap::new());
        for (index, line) in text.lines().enumerate() {
            match line.split_at_checked(2) {
                Some(("? ", question)) => questions.push((index + 1, question.to_owned())),
                Some(("! ", name)) => down.push(name.trim().to_owned()),
                Some(("= ", rule)) => rules.push((index + 1, rule.to_owned())),
                Some(("> ", given)) => {
                    let (domain, text) = given.split_once(' ').expect("a domain and a text");
                    texts.insert(domain.to_owned(), text.replace("\\r", "\r").replace("\\n", "\n"));
                }
                Some(("# ", _)) => {}
                _ => {
                    zone.push_str(line);
                    zone.push('\n');
                }
            }
        }
        let zone = Zone::parse(&signed::with_keys(&zone)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        down.iter().for_each(|name| zone.fail(name));
        assert!(questions.len() > 1, "{} asks", path.display());
        Self { path, zone, questions, rules, texts }
    }

    /// Where a question stands, for whoever reads a failure.
    fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.path.file_name().unwrap_or_default().to_string_lossy())
    }
}
