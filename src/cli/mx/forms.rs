//! What `mailkit mx lookup` prints of a report: a page, a few words for scripts, certificates, or JSON.

use super::bulk::Line;
use super::columns::Width;
use super::earlier::{Changes, Earlier};
use super::given::Extent;
use super::names::BadLine;
use super::object::{BadLineObject, Object, deciding, exit, exit_of_changes};
use super::page::page;
use super::tally::Tally;
use crate::cli::console::{json, terminal_columns};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::safe::terminal;
use mailkit::probe::{Host, Level, Report, Verdict};
use mailkit::wire::secured::Certificate;
use std::fmt::Write as _;

/// Which form is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// For people.
    Page,
    /// The MX records.
    Short,
    /// The host to use.
    First,
    /// Certificates as PEM.
    Certificates,
    /// One object a line.
    Json,
}

/// Prints reports one after the other.
pub(super) struct Printer<'a> {
    pub(super) context: &'a Context,
    pub(super) form: Form,
    /// From which level on findings count.
    pub(super) fail_on: Level,
    /// What to compare with.
    pub(super) earlier: Option<Earlier>,
    /// How many domains there may be.
    pub(super) extent: Extent,
}

impl Printer<'_> {
    /// What is to be printed of a report.
    pub(super) fn report(&self, report: &Report) -> Result<Line> {
        let earlier = self.earlier.as_ref();
        let changes = earlier.map(|earlier| earlier.compare(&report.ascii, report)).transpose()?;
        let exit = match earlier.zip(changes.as_ref()) {
            Some((earlier, changes)) => {
                let exit = exit_of_changes(report, changes);
                earlier.count(changes, exit);
                exit
            }
            None => exit(report, self.fail_on),
        };
        let is_page = self.form == Form::Page && changes.is_none();
        let text = match (self.form, changes) {
            (Form::Json, changes) => {
                let object = Object::new(report, self.fail_on);
                let object = match changes {
                    Some(changes) => object.with_changes(changes),
                    None => object,
                };
                format!("{}\n", json(&object)?)
            }
            (_, Some(changes)) => compared(&report.title(), &changes, exit, self.extent),
            (Form::Page, None) => {
                format!("{}\n", page(report, deciding(report, self.fail_on), Width::of(terminal_columns())))
            }
            (form, None) => {
                // Silence would leave a script's reader with a bare exit code.
                if report.verdict != Verdict::Deliverable {
                    self.context.warn(&report.sentence);
                }
                let lines = match form {
                    Form::Short => short(report),
                    Form::First => first(report).map(|host| self.owned(report, host)).into_iter().collect(),
                    _ => certificates(report),
                };
                if form == Form::Certificates && lines.is_empty() && report.verdict == Verdict::Deliverable {
                    self.context.warn(&format!("{}: no server showed a certificate", report.title()));
                }
                lines.iter().fold(String::new(), |text, line| text + line + "\n")
            }
        };
        Ok(Line { text, is_page, exit })
    }

    /// A host, behind the domain that it is of where there may be several.
    fn owned(&self, report: &Report, host: &str) -> String {
        let whose = if self.extent.is_many() { format!("{} ", report.ascii) } else { String::new() };
        terminal(&format!("{whose}{host}")).into_owned()
    }

    /// What is to be printed of a line that names nothing.
    pub(super) fn bad_line(&self, bad: &BadLine) -> Result<Line> {
        bad_line(self.context, self.form == Form::Json, bad)
    }
}

/// What is to be printed of a line that names nothing: an object, or a word to whoever watches.
pub(super) fn bad_line(context: &Context, is_json: bool, bad: &BadLine) -> Result<Line> {
    let exit = Exit::from(Kind::Data);
    let BadLine { line, text: input, why: error } = bad;
    if !is_json {
        context.complain(&format!("line {line}: {input} is {error}"));
        return Ok(Line { text: String::new(), is_page: false, exit });
    }
    let object = BadLineObject { schema: "mailkit.mx-line/1", exit: exit.code(), line: *line, input, error };
    Ok(Line { text: format!("{}\n", json(&object)?), is_page: false, exit })
}

/// What has changed, a line each. Of several domains only the end says how many are as they were.
pub(super) fn compared(title: &str, changes: &Changes, exit: Exit, extent: Extent) -> String {
    let lines: Vec<&str> = match (changes.said.is_empty(), exit) {
        (false, _) => changes.said.iter().map(String::as_str).collect(),
        (true, Exit::OK) if extent.is_many() => Vec::new(),
        (true, Exit::OK) => vec!["nothing has changed"],
        (true, _) => vec!["it is not known now whether anything has changed"],
    };
    lines.into_iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{}", terminal(&format!("{title}: {line}")));
        text
    })
}

/// The end of several domains: what has changed in all, or, for those who watch, how all of them stand, where `gone` is
/// what 68 means. Returns what the process ends with.
pub(super) fn end(
    context: &Context,
    extent: Extent,
    earlier: Option<&Earlier>,
    mut tally: Tally,
    (is_json, gone): (bool, &str),
) -> Result<Exit> {
    match earlier {
        _ if !extent.is_many() => {}
        // Whoever makes the list may have failed, and nothing would say so. With an earlier report all of its domains are gone.
        None if tally.is_empty() => {
            let what = "standard input names no domain: it is empty, or has only comments";
            return Err(Error::new(Kind::Data, what).hint("see what makes the list"));
        }
        None => context.note(&tally.sentence(gone)),
        Some(earlier) => {
            let sum = earlier.sum(extent == Extent::List);
            if sum.has_lost() {
                tally.add(Exit::PARTIAL);
            }
            let sum = sum.ending(tally.exit());
            let text = if is_json { format!("{}\n", json(&sum)?) } else { sum.text() };
            context.octets(text.as_bytes())?;
        }
    }
    Ok(tally.exit())
}

/// As `dig +short` prints it, so that scripts need not change. An implicit MX shows as what it stands for.
fn short(report: &Report) -> Vec<String> {
    if report.dns.null_mx {
        return vec!["0 .".into()];
    }
    let line = |host: &Host| match host.host.starts_with('[') {
        true => format!("{} {}", host.preference, host.host),
        false => format!("{} {}.", host.preference, terminal(&host.host)),
    };
    report.mx.iter().map(line).collect()
}

/// The host that mail goes to: the first that takes it, as far as is known.
fn first(report: &Report) -> Option<&str> {
    let takes = |host: &&Host| host.probes.iter().any(|visited| visited.state.takes_mail());
    let host = match report.is_visited() {
        true => report.mx.iter().find(takes)?,
        false => report.first_usable()?,
    };
    Some(&host.host)
}

/// What was shown, each chain once, with the place where it was.
fn certificates(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    let mut told: Vec<&[Certificate]> = Vec::new();
    for host in &report.mx {
        for visited in host.probes.iter().filter(|visited| !visited.shown.is_empty()) {
            if !told.contains(&visited.shown.as_slice()) {
                told.push(&visited.shown);
                lines.push(format!("# {} {}", terminal(&host.host), visited.place()));
                lines.extend(visited.shown.iter().map(|one| one.pem().trim_end().to_owned()));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailkit::address::Domain;
    use mailkit::net::zone::Zone;
    use mailkit::probe::look_up;

    const ZONE: &str = "
$ORIGIN cases.test.
a A 192.0.2.1
b A 192.0.2.2
b AAAA 2001:db8::2
alias CNAME a
many MX 5 b
many MX 5 a
many MX 10 alias
nullmx MX 0 .
implicit A 192.0.2.9
nohost MX 10 gone
gone2 MX 10 gone
gone2 MX 20 gone3
";

    async fn report(name: &str) -> Report {
        let zone = Zone::parse(ZONE).expect("a zone");
        zone.fail("down.cases.test");
        look_up(&zone, &Domain::parse(name).expect(name)).await
    }

    #[tokio::test]
    async fn the_short_form_is_one_record_a_line() {
        for (name, wanted, code) in [
            ("many.cases.test", vec!["5 a.cases.test.", "5 b.cases.test.", "10 alias.cases.test."], 0),
            ("implicit.cases.test", vec!["0 implicit.cases.test."], 0),
            ("nullmx.cases.test", vec!["0 ."], 68),
            ("nohost.cases.test", vec!["10 gone.cases.test."], 68),
            ("nx.cases.test", vec![], 68),
            ("x.down.cases.test", vec![], 75),
            ("[192.0.2.1]", vec!["0 [192.0.2.1]"], 0),
        ] {
            let report = report(name).await;
            assert_eq!(short(&report), wanted, "{name}");
            assert_eq!(exit(&report, Level::Error).code(), code, "{name}");
        }
    }

    #[tokio::test]
    async fn the_object_says_how_it_came_about() {
        let report = report("nx.cases.test").await;
        let object = serde_json::to_value(Object::new(&report, Level::Error)).expect("JSON");
        for (member, wanted) in [
            ("schema", "mailkit.mx/1".into()),
            ("exit", 68.into()),
            ("domain", "nx.cases.test".into()),
            ("verdict", serde_json::Value::from("undeliverable")),
        ] {
            assert_eq!(object[member], wanted, "{member}");
        }
    }
}
