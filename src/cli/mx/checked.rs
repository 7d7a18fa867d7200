//! What a domain publishes, as `mailkit mx check` prints it: for people, or as JSON.
//!
//! Everything that came from DNS is a stranger's text, and is shown so that it cannot drive the terminal.

use super::columns::{Width, wrapped};
use super::earlier::Changes;
use super::page::remark_within;
use crate::cli::exit::Exit;
use mailkit::dns::server::Server;
use mailkit::error::Kind;
use mailkit::message::safe::terminal;
use mailkit::probe::check::{Branch, Checkup, Sender, SpfResult, Standing, Verdict, table};
use mailkit::probe::{Finding, Level};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthChar;

/// Columns of what is said of a policy, over some lines: the rest is in JSON.
const SUMMARY: usize = 240;
/// Columns before it.
const LEAD: usize = 20;
/// Columns of a term of SPF, with its indentation.
const TERM: usize = 44;

/// A report as `--json` prints it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Object<'a> {
    /// The name and version of this schema.
    #[schemars(extend("const" = "mailkit.check/1"))]
    schema: &'static str,
    /// The code that this domain alone would end the process with.
    exit: u8,
    /// Who was asked.
    resolver: String,
    #[serde(flatten)]
    checkup: &'a Checkup,
    /// With --diff: what has changed, a sentence each; else null.
    changes: Option<Vec<String>>,
}

impl<'a> Object<'a> {
    pub(super) fn new(checkup: &'a Checkup, exit: Exit, server: Option<&Server>, changes: Option<Changes>) -> Self {
        let resolver = server.map_or_else(|| "system".to_owned(), |server| server.to_string());
        Self {
            schema: "mailkit.check/1",
            exit: exit.code(),
            resolver,
            checkup,
            changes: changes.map(|changes| changes.said),
        }
    }
}

/// What one domain amounts to. What is not known now is a warning at most: an error is certain, and lasts.
pub(super) fn exit(checkup: &Checkup, fail_on: Level) -> Exit {
    match checkup.worst() {
        _ if checkup.verdict == Verdict::NoSuchDomain => Exit::from(Kind::NoHost),
        Some(Level::Error) => Exit::PARTIAL,
        _ if checkup.is_unsure() => Exit::from(Kind::Temporary),
        Some(worst) if worst >= fail_on => Exit::PARTIAL,
        _ => Exit::OK,
    }
}

/// After a comparison, what has changed decides: only what both reports know is compared.
pub(super) fn exit_of_changes(checkup: &Checkup, changes: &Changes) -> Exit {
    match changes.said.is_empty() {
        false => Exit::PARTIAL,
        true if checkup.is_unsure() => Exit::from(Kind::Temporary),
        true => Exit::OK,
    }
}

/// The verdict, the table, the terms of SPF if they are wanted or wrong, senders, findings, in so many columns.
pub(super) fn page(
    checkup: &Checkup,
    (is_verbose, shows_notes): (bool, bool),
    Width { answer, rest: width }: Width,
) -> String {
    let mut page = format!("{}\n", wrapped("", &cut(&terminal(&checkup.sentence), 2 * SUMMARY), 2, answer));
    if checkup.verdict == Verdict::NoSuchDomain {
        page.truncate(page.trim_end().len());
        return page;
    }
    page.push('\n');
    for (name, standing, summary) in table(&checkup.policies) {
        let lead = format!("  {name:<8} {:<8} ", word(standing));
        let line = wrapped(&lead, &cut(&terminal(summary), SUMMARY), LEAD, width);
        let _ = writeln!(page, "{}", line.trim_end());
    }
    let spf = &checkup.policies.spf;
    if spf.tree.record.is_some() && (is_verbose || spf.standing == Standing::Broken) {
        let _ = writeln!(page, "\n  {:<pad$}  look-ups", format!("SPF of {}", spf.tree.domain), pad = TERM - 2);
        tree(&spf.tree, (2, width), &mut page);
        let _ = writeln!(page, "  {:<pad$}  {:>2}", "sum", spf.lookups, pad = TERM - 2);
    }
    for sender in &checkup.senders {
        page.push('\n');
        one_sender(sender, width, &mut page);
    }
    findings(&checkup.findings, (is_verbose, shows_notes), width, &mut page);
    page.truncate(page.trim_end().len());
    page
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Good => "good",
        Standing::Present => "present",
        Standing::Weak => "weak",
        Standing::Missing => "missing",
        Standing::Broken => "broken",
        Standing::Unknown => "unknown",
        Standing::Unneeded => "-",
    }
}

/// As much of a text as fits into so many columns.
fn cut(text: &str, width: usize) -> String {
    let mut used = 0;
    // Where three dots still have room behind it.
    let mut end = 0;
    for (at, sign) in text.char_indices() {
        used += sign.width().unwrap_or(0);
        if used > width {
            return format!("{}...", &text[..end]);
        }
        if used + 3 <= width {
            end = at + sign.len_utf8();
        }
    }
    text.to_owned()
}

fn tree(branch: &Branch, (indent, width): (usize, usize), page: &mut String) {
    if let (Some(trouble), Some(record)) = (&branch.trouble, &branch.record) {
        let at = branch.at.map(|at| format!(" at character {at}")).unwrap_or_default();
        let said = format!("{}{at}", terminal(trouble));
        let _ = writeln!(page, "{}", pointed(record, branch.at, &said, (indent, width)));
    } else if let Some(trouble) = &branch.trouble {
        let _ = writeln!(page, "{}", wrapped(&" ".repeat(indent), &terminal(trouble), indent, width));
    }
    for leaf in &branch.terms {
        let term = format!("{:indent$}{}", "", terminal(&leaf.term));
        let below = leaf.record.as_ref().map_or(0, |record| record.lookups);
        let cost = if leaf.is_counted { (1 + below).to_string() } else { String::new() };
        let said = match (&leaf.trouble, leaf.is_void, leaf.is_open) {
            (Some(trouble), ..) => terminal(trouble).into_owned(),
            (None, true, _) => "nothing".to_owned(),
            (None, false, true) => "depends on the message".to_owned(),
            (None, false, false) => terminal(&leaf.found.join(", ")).into_owned(),
        };
        let line = format!("{term:<TERM$}  {cost:>2}  {said}");
        let _ = writeln!(page, "{}", cut(line.trim_end(), width));
        if let Some(record) = &leaf.record {
            tree(record, (indent + 2, width), page);
        }
    }
}

/// A record, a sign below the character that is meant, and what is said of it.
fn pointed(record: &str, at: Option<usize>, said: &str, (indent, width): (usize, usize)) -> String {
    let blanks = " ".repeat(indent);
    let room = width.saturating_sub(indent).max(10);
    // Characters are counted in octets, of which each is a column only in what is printable ASCII.
    let is_plain = record.bytes().all(|octet| (b' '..=b'~').contains(&octet));
    let column = at.filter(|at| is_plain && (1..=record.len() + 1).contains(at)).map_or(0, |at| at - 1);
    // Of a long record that part is shown where the character is.
    let (shown, column) = match column < room - 3 {
        true => (cut(&terminal(record), room), column),
        false => {
            let start = column - room / 2;
            (format!("...{}", cut(&record[start..], room - 3)), column - start + 3)
        }
    };
    let caret = format!("{blanks}{}^ ", " ".repeat(column));
    let lines = match caret.len() + said.len() <= width {
        true => format!("{caret}{said}"),
        false => format!("{}\n{}", caret.trim_end(), wrapped(&blanks, said, indent, width)),
    };
    format!("{blanks}{shown}\n{lines}")
}

fn one_sender(sender: &Sender, width: usize, page: &mut String) {
    let _ = writeln!(page, "  sender {}", sender.address.ip);
    let mut line = |name: &str, said: String| {
        let line = wrapped(&format!("    {:<15} ", cut(name, 15)), &terminal(&said), LEAD, width);
        let _ = writeln!(page, "{line}");
    };
    let names = match (&sender.address.unknown, sender.address.names.is_empty()) {
        (Some(why), _) => format!("unknown: {why}"),
        (None, true) => "none".to_owned(),
        (None, false) => {
            let confirmed = &sender.address.confirmed;
            let name = |name: &String| match confirmed.contains(name) {
                true => format!("{name} (leads back)"),
                false => format!("{name} (does not lead back)"),
            };
            sender.address.names.iter().map(name).collect::<Vec<_>>().join(", ")
        }
    };
    line("name", names);
    let leads = match sender.helo_leads_here {
        Some(true) => "leads here",
        Some(false) => "does not lead here",
        None => "unknown",
    };
    line("EHLO", format!("{} ({leads})", sender.helo));
    line("SPF", result(&sender.spf));
    line("SPF of EHLO", result(&sender.spf_helo));
    let dmarc = match sender.dmarc_by_spf {
        None => "no record",
        Some(true) => "passes by SPF",
        Some(false) => "takes a DKIM signature of the domain",
    };
    line("DMARC", dmarc.to_owned());
    for list in &sender.blocklists {
        let text = list.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
        line(&list.zone, format!("{}{text}", list.state));
    }
}

fn result(spf: &SpfResult) -> String {
    let by = match (spf.path.as_slice(), &spf.why) {
        ([], Some(why)) => format!(": {why}"),
        ([], None) => String::new(),
        (path, _) => format!(" by {}", path.join(" > ")),
    };
    let explanation = spf.explanation.as_ref().map(|text| format!(" ({text})")).unwrap_or_default();
    format!("{} for {}{by}{explanation}", spf.result, spf.identity)
}

fn findings(found: &[Finding], (is_verbose, shows_notes): (bool, bool), width: usize, page: &mut String) {
    let shown: Vec<&Finding> = found.iter().filter(|one| shows_notes || one.level > Level::Info).collect();
    if !shown.is_empty() {
        page.push('\n');
    }
    let mut told = BTreeSet::new();
    for finding in &shown {
        // What is wrong in the same way in many places is told once, unless somebody wants to hear all.
        if is_verbose || told.insert(finding.id) {
            let others = shown.iter().filter(|other| other.id == finding.id).count() - 1;
            let safe = Finding {
                text: terminal(&finding.text).into_owned(),
                host: finding.host.as_ref().map(|host| terminal(host).into_owned()),
                ..(*finding).clone()
            };
            page.push_str(&remark_within(&safe, if is_verbose { 0 } else { others }, width));
        }
    }
    let notes = found.len() - shown.len();
    if notes > 0 {
        let _ = writeln!(page, "\n{notes} {} (-v shows {})", plural(notes), if notes == 1 { "it" } else { "them" });
    }
}

fn plural(notes: usize) -> &'static str {
    if notes == 1 { "note" } else { "notes" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_stands_below_the_character_that_is_meant() {
        let said = "there is no such mechanism";
        let long = format!("v=spf1 {}bad -all", "ip4:192.0.2.1 ".repeat(20));
        for (record, meant, indent) in [("v=spf1 foo -all", "foo", 2), (long.as_str(), "bad", 4), ("foo", "foo", 2)] {
            let at = record.find(meant).map(|at| at + 1);
            let text = pointed(record, at, said, (indent, 80));
            let lines: Vec<&str> = text.lines().collect();
            let column = lines[1].find('^').expect("a sign");
            assert!(lines[0][column..].starts_with(meant), "{text}");
            assert!(text.ends_with(said) && lines.iter().all(|line| line.len() <= 80), "{text}");
        }
        // Where nobody knows which column it is, the sign stands at the beginning.
        for (record, at) in [("v=spf1 \u{e4}\u{1b} -all", Some(8)), ("v=spf1 foo", Some(99)), ("", None)] {
            let text = pointed(record, at, said, (2, 80));
            assert!(text.contains("\n  ^ there") && !text.contains('\u{1b}'), "{text}");
        }
        let text = pointed("v=spf1 foo -all", Some(8), &"word ".repeat(60), (2, 40));
        assert!(text.lines().all(|line| line.len() <= 40), "{text}");
    }
}
