//! `parse --auth`: what servers wrote about a message, and which of it can be believed.

use super::driver::Action;
use super::json::Origin;
use super::letter::Letter;
use super::own::Own;
use super::sheet::Sheet;
use mailkit::error::Result;
use mailkit::reading::authentication::{MethodResult, Property, Results, Statement};
use schemars::JsonSchema;
use serde::Serialize;

/// Results of checks, as they are written in the message.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Trust")]
pub(super) struct Auth {
    /// Print what servers say about the message in Authentication-Results and Received-SPF, and whether that can be
    /// trusted because an --own server wrote it; nothing is checked anew. Exit code 1 if there is nothing
    #[arg(long, groups = ["wish", "writers"])]
    auth: bool,
}

impl Auth {
    /// The action, if it was asked for.
    pub(super) fn action<'o>(&self, own: &'o Own) -> Option<Judge<'o>> {
        self.auth.then_some(Judge { own: &own.hosts })
    }
}

/// The action, with the servers that it believes.
pub(super) struct Judge<'o> {
    own: &'o [String],
}

impl Judge<'_> {
    fn object<'m>(&'m self, letter: &Letter<'_>, results: &'m Results) -> Authentication<'m> {
        let field = |statement: &'m Statement| {
            let standing = results.standing(statement, self.own);
            Field {
                field: statement.form.name(),
                hops_above: statement.hops_above,
                instance: statement.instance,
                results: statement.results.iter().map(Outcome::of).collect(),
                server: statement.server.as_deref(),
                standing: standing.name(),
                trusted: standing.is_trusted(),
                version: statement.version.as_deref(),
                why: standing.sentence(),
            }
        };
        Authentication {
            fields: results.statements.iter().map(field).collect(),
            hops: results.hops.iter().map(|hop| hop.by.as_deref()).collect(),
            own: self.own,
            schema: "mailkit.authentication/1",
            source: Origin::of(letter.source),
            truncated: results.is_cut,
        }
    }
}

/// What servers say about a message: the schema `mailkit.authentication/1`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Authentication<'m> {
    /// From the top of the header section.
    fields: Vec<Field<'m>>,
    /// Who took the message over, the last one first; null where that is not said.
    hops: Vec<Option<&'m str>>,
    /// The servers that were named as one's own.
    own: &'m [String],
    /// Always `mailkit.authentication/1`.
    schema: &'static str,
    /// The message.
    source: Origin,
    /// There are more results than are read.
    truncated: bool,
}

/// A header field with results.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Field<'m> {
    /// Its name.
    field: &'static str,
    /// How many Received fields stand above it.
    hops_above: usize,
    /// Which ARC set it belongs to.
    instance: Option<u32>,
    results: Vec<Outcome<'m>>,
    /// Who says so.
    server: Option<&'m str>,
    /// `own`, `edge`, `below`, `unplaced`, `foreign`, `unjudged`
    standing: &'static str,
    /// Whether it can be believed.
    trusted: bool,
    version: Option<&'m str>,
    /// What the standing means, in a sentence.
    why: &'static str,
}

/// What a method said.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Outcome<'m> {
    comments: &'m [String],
    /// Empty where something was said without a method.
    method: &'m str,
    properties: Vec<Detail<'m>>,
    reason: Option<&'m str>,
    result: &'m str,
    version: Option<&'m str>,
}

/// What was checked.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Detail<'m> {
    name: &'m str,
    /// `smtp`, `header`, `body`, `policy`; empty where none is written.
    #[serde(rename = "type")]
    kind: &'m str,
    value: &'m str,
}

impl<'m> Outcome<'m> {
    fn of(result: &'m MethodResult) -> Self {
        let detail = |p: &'m Property| Detail { name: &p.name, kind: &p.kind, value: &p.value };
        Self {
            comments: &result.comments,
            method: &result.method,
            properties: result.properties.iter().map(detail).collect(),
            reason: result.reason.as_deref(),
            result: &result.result,
            version: result.version.as_deref(),
        }
    }
}

impl Action for Judge<'_> {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let results = Results::of(letter.message.fields(letter.message.root()));
        if results.statements.is_empty() {
            sheet.found_nothing();
        }
        if sheet.is_json() {
            return sheet.value(&self.object(letter, &results));
        }
        for statement in &results.statements {
            sheet.line(&head(statement, results.hops.len()));
            sheet.line(&format!("  {}", results.standing(statement, self.own).sentence()));
            match statement.results.as_slice() {
                [] => sheet.line("  nothing was checked"),
                some => some.iter().for_each(|result| sheet.line(&format!("  {}", result_line(result)))),
            }
        }
        if results.is_cut {
            sheet.warn("there are more results than anybody writes; the others are not shown".to_owned());
        }
        Ok(())
    }

    fn is_headed(&self) -> bool {
        true
    }

    fn needs_body(&self) -> bool {
        false
    }

    fn is_beside_others(&self) -> bool {
        true
    }
}

/// `Authentication-Results by mx.example, below 1 of 3 hops`
fn head(statement: &Statement, hops: usize) -> String {
    let instance = statement.instance.map(|instance| format!(" of set {instance}")).unwrap_or_default();
    let server = statement.server.as_deref().unwrap_or("a server that does not name itself");
    let place = match statement.hops_above {
        0 => "above all hops".to_owned(),
        above => format!("below {above} of {hops} {}", if hops == 1 { "hop" } else { "hops" }),
    };
    format!("{}{instance} by {server}, {place}", statement.form.name())
}

fn result_line(result: &MethodResult) -> String {
    let mut line = match result.method.as_str() {
        "" => "about".to_owned(),
        method => format!("{method}={}", result.result),
    };
    for property in &result.properties {
        let dot = if property.kind.is_empty() { "" } else { "." };
        line += &format!(" {}{dot}{}={}", property.kind, property.name, property.value);
    }
    if let Some(reason) = &result.reason {
        line += &format!(" reason: {reason}");
    }
    result.comments.iter().for_each(|comment| line += &format!(" ({comment})"));
    line
}
