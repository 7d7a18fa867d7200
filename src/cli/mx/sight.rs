//! What was seen of a server, as `mailkit mx probe` prints it: for people, or as JSON.

use super::columns::{Width, wrapped};
use super::page::remark_within;
use crate::cli::exit::Exit;
use mailkit::message::safe::terminal;
use mailkit::probe::{Class, Said, Sighting};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write as _;

/// Columns before what was said.
const INDENT: usize = 25;

/// Octets of an answer that are shown; JSON has more.
const TEXT_MAX: usize = 1000;

/// A look at a server as `--json` prints it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Object<'a> {
    /// The name and version of this schema.
    #[schemars(extend("const" = "mailkit.probe/1"))]
    schema: &'static str,
    /// The code the process ends with.
    exit: u8,
    #[serde(flatten)]
    sighting: &'a Sighting,
}

impl<'a> Object<'a> {
    pub(super) fn new(sighting: &'a Sighting) -> Self {
        Self { schema: "mailkit.probe/1", exit: exit(sighting).code(), sighting }
    }
}

/// What the process ends with.
pub(super) fn exit(sighting: &Sighting) -> Exit {
    let taken = sighting.rcpt.iter().filter(|recipient| recipient.class == Class::Ok).count();
    match sighting.kind {
        Some(kind) => Exit::from(kind),
        None if taken < sighting.rcpt.len() => Exit::PARTIAL,
        None => Exit::OK,
    }
}

/// The answer, what was said, what is wrong, in so many columns.
pub(super) fn page(sighting: &Sighting, Width { answer, rest: width }: Width) -> String {
    // A stranger's words must not begin a line of their own either.
    let mut page = format!("{}\n", wrapped("", &terminal(&sighting.sentence), 2, answer));
    if let Some(hint) = sighting.failure.as_ref().and_then(|failure| failure.hint.as_ref()) {
        let _ = writeln!(page, "{}", wrapped("  ", &terminal(hint), 4, width));
    }
    let rows = rows(sighting);
    if !rows.is_empty() {
        page.push('\n');
    }
    for Row { ms, what, text } in rows {
        let time = ms.map(|ms| format!("{ms:.1}ms")).unwrap_or_default();
        let text = match text.get(..text.floor_char_boundary(TEXT_MAX)) {
            Some(start) if start.len() < text.len() => format!("{start} [...]"),
            _ => text,
        };
        let _ = writeln!(page, "{}", wrapped(&format!("  {time:>9}  {what:<10}  "), &terminal(&text), INDENT, width));
    }
    if !sighting.findings.is_empty() {
        page.push('\n');
    }
    page.extend(sighting.findings.iter().map(|finding| remark_within(finding, 0, width)));
    page
}

/// A line of the page, or a few.
struct Row {
    ms: Option<f64>,
    what: String,
    text: String,
}

fn rows(sighting: &Sighting) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |ms, what: &str, text| rows.push(Row { ms, what: what.to_owned(), text });
    if let Some(ms) = sighting.ms.connect {
        let place = sighting.ip.as_ref().zip(sighting.port).map(|(ip, port)| match ip.contains(':') {
            true => format!("[{ip}]:{port}"),
            false => format!("{ip}:{port}"),
        });
        row(Some(ms), "connect", place.unwrap_or_else(|| sighting.host.clone()));
    }
    if let Some(proxy) = &sighting.proxy {
        row(None, "PROXY", proxy.clone());
    }
    // Where nobody asked for TLS, it was there before all words.
    let asks = |said: &Said| matches!(said.verb(), Some("STARTTLS" | "STLS"));
    if !sighting.replies.iter().any(asks) {
        rows.extend(on_encryption(sighting));
    }
    let mut offer: Option<&[String]> = None;
    for (index, said) in sighting.replies.iter().enumerate() {
        let what = said.verb().unwrap_or(if index == 0 { "greeting" } else { "unasked" });
        let text = match (what, said.lines.as_slice()) {
            ("EHLO" | "LHLO" | "CAPA", [name, lines @ ..]) if !lines.is_empty() || offer.is_some() => {
                let code = said.code.map(|code| format!("{code} ")).unwrap_or_default();
                match offer.replace(lines) {
                    None => [&[format!("{code}{name}")], lines].concat().join(" | "),
                    Some(before) => format!("{code}{}", change(before, lines)),
                }
            }
            ("RCPT", _) => {
                let whom = said.command.as_deref().and_then(|command| command.split(['<', '>']).nth(1));
                format!("{}: {}", whom.unwrap_or_default(), said.words())
            }
            _ => said.words(),
        };
        rows.push(Row { ms: Some(said.ms), what: what.to_owned(), text });
        if asks(said) {
            rows.extend(on_encryption(sighting));
        }
    }
    rows
}

fn on_encryption(sighting: &Sighting) -> Vec<Row> {
    let Some(tls) = &sighting.tls else { return Vec::new() };
    let mut rows =
        vec![Row { ms: sighting.ms.tls, what: "TLS".to_owned(), text: format!("{}, {}", tls.version, tls.cipher) }];
    let mut row = |what: &str, text| rows.push(Row { ms: None, what: what.to_owned(), text });
    if let Some(subject) = &tls.subject {
        let whose = if subject.is_empty() { "nobody" } else { subject };
        row("for", format!("{whose}; {}", tls.names.join(" ")));
    }
    if let Some(issuer) = &tls.issuer {
        row("signed by", issuer.clone());
    }
    if let Some(until) = &tls.not_after {
        let left = tls.days_left.map_or_else(
            || "not valid now".to_owned(),
            |days| match days {
                1 => "1 day left".to_owned(),
                days => format!("{days} days left"),
            },
        );
        row("until", format!("{until}, {left}"));
    }
    if let Some(hash) = &tls.sha256 {
        row("hash", hash.clone());
    }
    rows
}

/// What is offered now and was not, or the other way round.
fn change(before: &[String], now: &[String]) -> String {
    let keyword = |line: &str| line.split([' ', '=']).next().unwrap_or_default().to_ascii_uppercase();
    let stays = |line: &&String| now.iter().any(|other| keyword(other) == keyword(line));
    let gone: Vec<String> = before.iter().filter(|line| !stays(line)).map(|line| keyword(line)).collect();
    let new: Vec<String> = now.iter().filter(|line| !before.contains(line)).cloned().collect();
    let part = |word: &str, lines: &[String]| match lines {
        [] => String::new(),
        lines => format!(", {word} {}", lines.join(" | ")),
    };
    format!("as before{}{}", part("without", &gone), part("with", &new))
}
