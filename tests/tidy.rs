//! The rules of the house, held by reading the sources as text.
//!
//! What a reviewer would have to look for in every change is looked for here: imports against the layer
//! table, files without a header, outside libraries in the wrong room, generated files that have gone
//! stale. `BLESS=1 cargo test --test tidy` rewrites the generated files; the diff is the review.

#[path = "tidy/features.rs"]
mod features;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/libraries.rs"]
mod libraries;
#[path = "tidy/rfcs.rs"]
mod rfcs;
#[path = "tidy/source.rs"]
mod source;

use layers::Layers;
use source::{Source, all, root};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// A file should be one noun; beyond this there are two in it.
const LINES_MAX: usize = 500;

/// Code that belongs to certain rooms.
struct Place {
    /// Paths and words of the code.
    paths: &'static [&'static str],
    /// Rooms, or single files, that may use them, and why.
    rooms: &'static [(&'static str, &'static str)],
}

const PLACES: [Place; 6] = [
    Place {
        paths: &[
            "tokio::net",
            "TcpStream",
            "TcpListener",
            "TcpSocket",
            "UdpSocket",
            "UnixStream",
            "UnixListener",
            "UnixDatagram",
        ],
        rooms: &[("net/", "sockets are opened and accepted in one place")],
    },
    Place {
        paths: &["std::fs", "tokio::fs", "rustix::fs", "std::os::unix::fs"],
        rooms: &[
            ("store/", "mailboxes, spool, and the real disk"),
            ("account/", "the user's configuration and secret files"),
            ("cli/", "files that the user names: messages, traces, keys, generated pages"),
            ("net/control.rs", "the name of a socket is a file too"),
            ("net/resolve.rs", "how far the system's name servers are trusted stands in a file"),
        ],
    },
    Place {
        paths: &["SystemTime", "Timestamp::now", "Zoned::now"],
        rooms: &[("net/clock.rs", "everybody else is handed a clock")],
    },
    Place { paths: &["rustix::rand"], rooms: &[("net/entropy.rs", "everybody else is handed entropy")] },
    Place { paths: &["println!", "eprintln!", "print!", "eprint!"], rooms: &[] },
    Place { paths: &["process::exit"], rooms: &[("cli/stop.rs", "whoever asks twice for an end gets it at once")] },
];

#[test]
fn imports_go_down_only() {
    let layers = Layers::parse(&lib());
    clean(all().iter().filter(|source| source.name != "lib.rs").flat_map(|source| layers.violations(source)));
}

#[test]
fn the_map_lists_every_room_and_nothing_else() {
    let layers = Layers::parse(&lib());
    let listed: BTreeSet<&str> = layers.0.keys().map(String::as_str).filter(|room| *room != "cli").collect();
    let text = lib();
    let declared = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    assert_eq!(listed, declared.collect());
}

#[test]
fn the_page_on_architecture_shows_the_same_map() {
    let page = std::fs::read_to_string(root().join("docs/architecture.md")).expect("the page is there");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    let shown = rows.filter_map(|(layer, rest)| Some((layer.parse::<usize>().ok()?, rest.split(" | ").next()?)));
    let shown = shown.flat_map(|(layer, rooms)| {
        rooms.split_whitespace().map(move |room| (room.trim_matches('`').to_owned(), layer))
    });
    assert_eq!(shown.collect::<BTreeMap<_, _>>(), Layers::parse(&lib()).0);
}

#[test]
fn links_in_the_docs_lead_somewhere() {
    let docs =
        std::fs::read_dir(root().join("docs")).expect("it can be listed").map(|entry| entry.expect("listed").path());
    let pages = docs.chain([root().join("README.md"), root().join("CHANGELOG.md")]);
    clean(pages.filter(|page| page.extension().is_some_and(|end| end == "md")).flat_map(|page| {
        let text = std::fs::read_to_string(&page).expect("a page is text");
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        let local = targets.filter(|target| !target.is_empty() && !target.contains("://"));
        let dead = local.filter(|target| !page.with_file_name("").join(target).exists());
        dead.map(|target| format!("{}: {target} is not there", page.display())).collect::<Vec<_>>()
    }));
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    clean(all().iter().filter_map(|source| {
        let lines = source.text.lines().map_while(|line| line.strip_prefix("//!"));
        let first: String = lines.take_while(|line| !line.trim().is_empty()).collect();
        let is_sentence = first.split_whitespace().count() >= 3 && first.trim_end().ends_with(['.', ':']);
        (!is_sentence).then(|| format!("src/{}: the first lines say in no sentence what the file is for", source.name))
    }));
}

#[test]
fn no_file_is_too_long_to_read() {
    clean(all().iter().filter_map(|source| {
        let lines = source.text.lines().count();
        (lines > LINES_MAX).then(|| format!("src/{}: {lines} lines: two nouns in one room?", source.name))
    }));
}

#[test]
fn sockets_files_clock_and_terminal_stay_in_their_rooms() {
    clean(all().iter().flat_map(misplaced));
}

fn misplaced(source: &Source) -> Vec<String> {
    let mut said = Vec::new();
    for place in PLACES {
        if place.rooms.iter().any(|(room, _)| source.name.starts_with(room)) {
            continue;
        }
        let rooms: Vec<String> = place.rooms.iter().map(|(room, why)| format!("{room} ({why})")).collect();
        let rooms = if rooms.is_empty() { "nobody".to_owned() } else { rooms.join(", ") };
        for path in place.paths {
            let found = source.finds(path);
            said.extend(found.map(|at| format!("src/{}:{}: {path} belongs to {rooms}", source.name, source.line(at))));
        }
    }
    said
}

#[test]
fn a_socket_or_a_file_in_the_wrong_room_is_reported() {
    for (name, code, reported) in [
        ("relay/queue.rs", "use tokio::net::TcpStream;", 2),
        ("relay/queue.rs", "println!(\"x\");", 1),
        ("relay/queue.rs", "let x = std::fs::read(path);", 1),
        ("relay/queue.rs", "// std::fs\nuse crate::net::tcp;", 0),
        ("net/tcp.rs", "use tokio::net::TcpStream;", 0),
        ("cli/send.rs", "std::fs::read(path); eprintln!(\"x\")", 1),
    ] {
        assert_eq!(misplaced(&Source::new(name, code)).len(), reported, "{name}: {code}");
    }
}

#[test]
fn each_library_has_a_reason_and_stays_in_its_rooms() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).expect(name);
    clean(libraries::violations(&read("Cargo.toml"), &read("docs/dependencies.md"), &all()).into_iter());
}

#[test]
fn the_page_of_features_names_tests_that_exist() {
    let page = std::fs::read_to_string(root().join("docs/features.md")).expect("the page is there");
    clean(features::violations(&page, &root()).into_iter());
}

#[test]
fn the_page_of_standards_is_fresh() {
    fresh(&[("docs/rfcs.md".to_owned(), rfcs::page(&all()))].into());
}

#[test]
fn the_list_of_findings_is_fresh() {
    use mailkit::probe::{KNOWN, Known, check::KNOWN as CHECKED};
    let level = |known: &Known| format!("{:?}", known.level).to_lowercase();
    let looked_up = |known: &Known| {
        let fix = known.fix.unwrap_or("");
        format!("| `{}` | {} | {} | {fix} | {} |\n", known.id, level(known), known.means, known.why)
    };
    let checked = |known: &Known| format!("| `{}` | {} | {} | {} |\n", known.id, level(known), known.means, known.why);
    let made = "Made from the program by `BLESS=1 cargo test --test tidy`. The names stay; a level may be another where \
                something makes it better or worse";
    let page = |path: &str, list: String| {
        let page = std::fs::read_to_string(root().join(path)).expect("the page is there");
        let head = page.split("## Findings\n").next().unwrap_or_default().trim_end();
        (path.to_owned(), format!("{head}\n\n## Findings\n\n{made}{list}"))
    };
    let rows: String = KNOWN.iter().map(looked_up).collect();
    let head = ", as a dead address beside a living one.\n\n\
                | name | level | what is the case | what to do | standard |\n|---|---|---|---|---|\n";
    let others: String = CHECKED.iter().map(checked).collect();
    let others_head = ", as a policy that is only tried out.\n\n\
                       | name | level | what is the case | standard |\n|---|---|---|---|\n";
    fresh(
        &[page("docs/mx.md", format!("{head}{rows}")), page("docs/check.md", format!("{others_head}{others}"))].into(),
    );
    let mut names: Vec<&str> = KNOWN.iter().map(|known| known.id).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), KNOWN.len(), "each finding has a name of its own");
}

#[test]
fn man_pages_completions_and_the_table_of_exit_codes_are_fresh() {
    let dir = tempfile::tempdir().expect("a directory");
    let run = Command::new(env!("CARGO_BIN_EXE_mailkit")).arg("generate").arg(dir.path()).output().expect("it runs");
    assert!(run.status.success(), "{run:?}");
    let written = String::from_utf8(run.stdout).expect("paths are text");
    let mut wanted = BTreeMap::new();
    for path in written.lines().map(Path::new) {
        let name = path.strip_prefix(dir.path()).expect("below the directory").to_string_lossy().into_owned();
        wanted.insert(name, std::fs::read_to_string(path).expect("it was written"));
    }
    fresh(&wanted);

    let generated = ["man", "completions"].into_iter().flat_map(|dir| {
        let entries = std::fs::read_dir(root().join(dir)).expect("it was just compared");
        entries.map(move |entry| format!("{dir}/{}", entry.expect("an entry").file_name().to_string_lossy()))
    });
    clean(generated.filter(|name| !wanted.contains_key(name)).filter_map(|name| {
        if blessing() {
            std::fs::remove_file(root().join(&name)).expect("it can be removed");
            return None;
        }
        Some(format!("{name}: there is no such command any more; {REMEDY}"))
    }));
}

const REMEDY: &str = "BLESS=1 cargo test --test tidy brings it up to date";

fn blessing() -> bool {
    std::env::var_os("BLESS").is_some_and(|value| value == "1")
}

/// Compares files of the repository with what they should be, or makes them so.
fn fresh(wanted: &BTreeMap<String, String>) {
    clean(wanted.iter().filter_map(|(name, text)| {
        let path = root().join(name);
        if std::fs::read_to_string(&path).is_ok_and(|found| found == *text) {
            return None;
        }
        if blessing() {
            std::fs::create_dir_all(path.parent().expect("a file has a directory")).expect("it can be made");
            std::fs::write(&path, text).expect("it can be written");
            return None;
        }
        Some(format!("{name} is stale; {REMEDY}"))
    }));
}

fn lib() -> String {
    std::fs::read_to_string(root().join("src/lib.rs")).expect("the map is there")
}

fn clean(violations: impl Iterator<Item = String>) {
    let said: Vec<String> = violations.collect();
    assert!(said.is_empty(), "\n{}\n", said.join("\n"));
}
