//! docs/rfcs.md: from each section of a standard to the files that follow it, and back.
//!
//! Made from the citations in comments, `RFC 5321 §4.1.2, §4.5.5; RFC 6531`. Files, not lines: a page
//! that changes with every line added above would be rewritten by everybody and read by nobody.

use super::source::Source;
use std::collections::{BTreeMap, BTreeSet};

/// A standard and one of its sections, in the order people count: §4.2 before §4.10. The whole of it is empty.
type Citation = (u32, Vec<Step>);

/// A part of a section number: `4`, or `A` of an appendix.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Number(u32),
    Letter(String),
}

/// The page.
pub(crate) fn page(sources: &[Source]) -> String {
    let mut by_section: BTreeMap<Citation, BTreeSet<&str>> = BTreeMap::new();
    let mut by_file: BTreeMap<&str, BTreeSet<Citation>> = BTreeMap::new();
    for source in sources {
        for citation in citations(&source.comments) {
            by_section.entry(citation.clone()).or_default().insert(&source.name);
            by_file.entry(&source.name).or_default().insert(citation);
        }
    }
    let mut page = String::from(
        "# Where each standard is followed\n\n\
         Made from the citations in the sources by `BLESS=1 cargo test --test tidy`; file names are below `src/`.\n\n\
         ## From standard to file\n",
    );
    let mut last = None;
    for ((rfc, section), files) in &by_section {
        if last.replace(rfc) != Some(rfc) {
            page.push_str(&format!("\n### [RFC {rfc}](https://www.rfc-editor.org/rfc/rfc{rfc})\n\n"));
        }
        let files: Vec<_> = files.iter().map(|file| format!("`{file}`")).collect();
        page.push_str(&format!("- {}: {}\n", print(section), files.join(", ")));
    }
    page.push_str("\n## From file to standard\n\n");
    for (file, citations) in by_file {
        page.push_str(&format!("- `{file}`: {}\n", in_one_line(&citations)));
    }
    page
}

/// `RFC 1939 §3, §4; RFC 2449`
fn in_one_line(citations: &BTreeSet<Citation>) -> String {
    let mut text = String::new();
    let mut last = None;
    for (rfc, section) in citations {
        let section = Some(section).filter(|section| !section.is_empty()).map(|section| print(section));
        match (last.replace(rfc) == Some(rfc), section) {
            (true, Some(section)) => text.push_str(&format!(", {section}")),
            (_, section) => {
                let lead = if text.is_empty() { "" } else { "; " };
                let section = section.map(|section| format!(" {section}")).unwrap_or_default();
                text.push_str(&format!("{lead}RFC {rfc}{section}"));
            }
        }
    }
    text
}

fn print(section: &[Step]) -> String {
    if section.is_empty() {
        return "as a whole".to_owned();
    }
    let steps = section.iter().map(|step| match step {
        Step::Number(number) => number.to_string(),
        Step::Letter(letter) => letter.clone(),
    });
    format!("§{}", steps.collect::<Vec<_>>().join("."))
}

/// All citations in a text. Sections behind a comma, `and` or `to` belong to the standard before them.
fn citations(text: &str) -> BTreeSet<Citation> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("RFC ") {
        let rest = &text[at + "RFC ".len()..];
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let Ok(rfc) = rest[..digits].parse::<u32>() else { continue };
        let mut rest = &rest[digits..];
        let mut whole = true;
        while let Some((section, behind)) = next_section(rest) {
            found.insert((rfc, section));
            (rest, whole) = (behind, false);
        }
        if whole {
            found.insert((rfc, Vec::new()));
        }
    }
    found
}

fn next_section(text: &str) -> Option<(Vec<Step>, &str)> {
    let leads = [" §", ", §", " and §", " to §", "; §", ", and §"];
    let rest = leads.iter().find_map(|lead| text.strip_prefix(lead))?;
    let length = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '.').len();
    let section = rest[..length].trim_end_matches('.');
    let step = |part: &str| part.parse().map_or_else(|_| Step::Letter(part.to_owned()), Step::Number);
    (!section.is_empty()).then(|| (section.split('.').map(step).collect(), &rest[section.len()..]))
}

#[test]
fn citations_are_read_in_all_their_forms() {
    for (text, wanted) in [
        ("RFC 5321 §4.1.2, §4.1.10 and §2; RFC 6531.", "RFC 5321 §2, §4.1.2, §4.1.10; RFC 6531"),
        ("(RFC 1939 §3 to §7.) RFC 3464 §2.3.3: x", "RFC 1939 §3, §7; RFC 3464 §2.3.3"),
        ("RFC 5321 §A.2; as RFCs say, RFC x", "RFC 5321 §A.2"),
        ("RFC 5321 and RFC 5322 §3, RFC 5321 §1", "RFC 5321, §1; RFC 5322 §3"),
    ] {
        assert_eq!(in_one_line(&citations(text)), wanted);
    }
}
