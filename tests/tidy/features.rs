//! The page of features: each row there, in order, and each proof a test that exists.

use std::path::Path;

/// The letters of rows, and how many of each there are.
const ROWS: [(char, usize); 8] =
    [('S', 52), ('A', 21), ('P', 27), ('I', 11), ('M', 19), ('Y', 16), ('R', 12), ('T', 12)];

/// What is wrong with the page.
pub(crate) fn violations(page: &str, root: &Path) -> Vec<String> {
    let rows: Vec<Vec<&str>> = page.lines().filter_map(row).collect();
    let wanted = ROWS.iter().flat_map(|(letter, count)| (1..=*count).map(move |number| format!("{letter}{number}")));
    let found = rows.iter().map(|row| row[0].to_owned());
    if !wanted.clone().eq(found.clone()) {
        let missing: Vec<String> = wanted.filter(|name| !found.clone().any(|found| found == *name)).collect();
        return vec![format!("docs/features.md: rows are missing or out of order: {}", missing.join(" "))];
    }
    rows.iter().flat_map(|row| wrong_in(row, root)).collect()
}

/// The cells of a line that begins with the name of a row.
fn row(line: &str) -> Option<Vec<&str>> {
    let cells: Vec<&str> = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
    let name = cells.first()?;
    let is_row = name.len() > 1 && name.is_char_boundary(1) && name[1..].bytes().all(|digit| digit.is_ascii_digit());
    is_row.then_some(cells)
}

fn wrong_in(row: &[&str], root: &Path) -> Vec<String> {
    let [name, _, state, proof] = row else { return vec![format!("docs/features.md: {row:?} has not four cells")] };
    let (tests, missing) = proof.split_once(';').unwrap_or((proof, ""));
    let tests: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
    let mut said: Vec<String> =
        tests.iter().filter(|test| !exists(test, root)).map(|test| format!("no {test}")).collect();
    match *state {
        "done" if tests.is_empty() => said.push("done without a test".to_owned()),
        "in part" if missing.trim().is_empty() => said.push("in part does not say what is missing".to_owned()),
        "done" | "in part" | "not yet" => {}
        other => said.push(format!("{other:?} is no state")),
    }
    said.into_iter().map(|why| format!("docs/features.md, {name}: {why}")).collect()
}

/// `tests/cli.rs` is a file, `tests/cli.rs::name` a test in it.
fn exists(test: &str, root: &Path) -> bool {
    match test.split_once("::") {
        None => root.join(test).exists(),
        Some((file, name)) => {
            std::fs::read_to_string(root.join(file)).is_ok_and(|text| text.contains(&format!("fn {name}(")))
        }
    }
}

#[test]
fn a_row_without_its_proof_is_reported() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (line, wanted) in [
        ("| S1 | x | done | `tests/tidy.rs` |", 0),
        ("| S1 | x | done | `tests/tidy/features.rs::a_row_without_its_proof_is_reported` |", 0),
        ("| S1 | x | done | `tests/tidy/features.rs::nothing_of_the_sort` |", 1),
        ("| S1 | x | done | |", 1),
        ("| S1 | x | in part | `tests/tidy.rs` |", 1),
        ("| S1 | x | in part | `tests/tidy.rs`; no more than that |", 0),
        ("| S1 | x | nearly | |", 1),
        ("| S1 | x | not yet | |", 0),
        ("| S1 | x |", 1),
    ] {
        assert_eq!(wrong_in(&row(line).expect("a row"), root).len(), wanted, "{line}");
    }
    assert_eq!(violations("| S1 | x | not yet | |", root).len(), 1);
}
