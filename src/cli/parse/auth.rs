//! `parse --auth`: what servers wrote about a message, and which of it can be believed.

use super::driver::Action;
use super::letter::Letter;
use super::sheet::Sheet;
use mailkit::error::Result;
use mailkit::reading::authentication::{MethodResult, Results, Statement};
use serde_json::{Value, json};

/// Results of checks, as they are written in the message.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Trust")]
pub(super) struct Auth {
    /// Print what servers say about the message in Authentication-Results and Received-SPF, and whether that can be
    /// trusted; nothing is checked anew. Exit code 1 if there is nothing
    #[arg(long, group = "wish")]
    auth: bool,

    /// With --auth, a server whose results count, by the name it writes, or by the domain it stands in; can be given
    /// several times
    #[arg(long, value_name = "HOST", requires = "auth")]
    trusted: Vec<String>,
}

impl Auth {
    /// The action, if it was asked for.
    pub(super) fn action(&self) -> Option<&dyn Action> {
        self.auth.then_some(self as &dyn Action)
    }

    fn object(&self, letter: &Letter<'_>, results: &Results) -> Value {
        let fields = results.statements.iter().map(|statement| {
            let standing = results.standing(statement, &self.trusted);
            json!({
                "field": statement.form.name(),
                "server": statement.server,
                "version": statement.version,
                "instance": statement.instance,
                "hops_above": statement.hops_above,
                "standing": standing.name(),
                "trusted": standing.is_trusted(),
                "why": standing.sentence(),
                "results": statement.results.iter().map(result_object).collect::<Value>(),
            })
        });
        json!({
            "schema": "mailkit.authentication/1",
            "source": letter.source.name(),
            "hops": results.hops.iter().map(|hop| hop.by.as_deref()).collect::<Vec<_>>(),
            "trusted": self.trusted,
            "fields": fields.collect::<Vec<_>>(),
            "truncated": results.is_cut,
        })
    }
}

impl Action for Auth {
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
            sheet.line(&format!("  {}", results.standing(statement, &self.trusted).sentence()));
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

fn result_object(result: &MethodResult) -> Value {
    let properties = result.properties.iter();
    let properties = properties.map(|p| json!({"type": p.kind, "name": p.name, "value": p.value})).collect::<Value>();
    json!({
        "method": result.method,
        "version": result.version,
        "result": result.result,
        "reason": result.reason,
        "comments": result.comments,
        "properties": properties,
    })
}
