//! Results of checks that servers wrote on top of a message, and which of them can be believed.
//!
//! `Authentication-Results`, its twin in an ARC set, and `Received-SPF`, with all that has been written into them for
//! twenty years. Nothing is checked here: a result is a claim, and the one who makes it is known by a name that anybody
//! can write. What decides is the place: above a `Received` of one's own server nobody else could write.
//! RFC 8601 §2.2, §5, §7.1; RFC 8617 §4.1.1; RFC 7208 §9.1.

mod lexer;

use super::trace_field::TraceField;
use crate::message::field::Field;
use crate::message::words;
use lexer::{Lexer, Token};

/// Results of one message that are read; hostile ones could have a hundred thousand.
const RESULTS_MAX: usize = 1000;

/// One header field with results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Which field it is.
    pub form: Form,
    /// Who says so: the authserv-id, or the receiver of `Received-SPF`.
    pub server: Option<String>,
    /// The version behind the authserv-id; what has none is of version 1.
    pub version: Option<String>,
    /// Which ARC set it belongs to.
    pub instance: Option<u32>,
    /// What was checked, with what came of it; empty if nothing was.
    pub results: Vec<MethodResult>,
    /// How many `Received` fields stand above it.
    pub hops_above: usize,
}

/// The header fields that hold results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `Authentication-Results`
    Plain,
    /// `ARC-Authentication-Results`
    Arc,
    /// `Received-SPF`
    Spf,
}

/// What a method said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MethodResult {
    /// `dkim`, `spf` … in lower case; empty where something was said without a method.
    pub method: String,
    /// The method's version, if one is written.
    pub version: Option<String>,
    /// `pass`, `fail`, `none` … in lower case.
    pub result: String,
    /// Why.
    pub reason: Option<String>,
    /// What stands in brackets.
    pub comments: Vec<String>,
    /// What was checked.
    pub properties: Vec<Property>,
}

/// `smtp.mailfrom=alice@crepes.example`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// `smtp`, `header`, `body`, `policy`; empty where none is written.
    pub kind: String,
    /// `mailfrom`
    pub name: String,
    /// The value without its quotes.
    pub value: String,
}

/// Whether results can be believed, as their place tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nobody said whose results count.
    Unjudged,
    /// Somebody else wrote it, or nobody says who.
    Foreign,
    /// It names a server of one's own and stands where only such servers write.
    Own,
    /// It names a server of one's own and stands directly below that server's `Received`: some write there, and so
    /// may whoever sent the message.
    Edge,
    /// It names a server of one's own and stands where others wrote.
    Below,
    /// It names a server of one's own, and no `Received` of such a server stands on top and shows where others ended.
    Unplaced,
}

impl Form {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Plain, "Authentication-Results"),
        (Self::Arc, "ARC-Authentication-Results"),
        (Self::Spf, "Received-SPF"),
    ];

    /// The field's name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(form, _)| *form == self).map_or("", |(_, name)| name)
    }

    fn of(field: &Field<'_>) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| field.is(name)).map(|(form, _)| *form)
    }
}

impl Standing {
    /// The word for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unjudged => "unjudged",
            Self::Foreign => "foreign",
            Self::Own => "own",
            Self::Edge => "edge",
            Self::Below => "below",
            Self::Unplaced => "unplaced",
        }
    }

    /// The sentence for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Unjudged => "anybody may have written this; name the servers you trust",
            Self::Foreign => "not trusted: no server of yours says so",
            Self::Own => "trusted: it stands above the Received field of your server, where nobody else could write",
            Self::Edge => {
                "not certain: it stands directly below the Received field of your server; some servers write there, \
                 and so can whoever sent the message, unless the server removes what bears its name"
            }
            Self::Below => "not trusted: it bears the name of your server and stands where others wrote",
            Self::Unplaced => {
                "not trusted: it bears the name of your server, but the topmost Received field is not of a server you \
                 trust, so nothing shows where others ended"
            }
        }
    }

    /// Whether it can be believed.
    pub fn is_trusted(self) -> bool {
        self == Self::Own
    }
}

/// The results that a header section holds, from its top, and the hosts of its `Received` fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Results {
    /// Fields with results.
    pub statements: Vec<Statement>,
    /// Who took the message over, the last one first.
    pub hops: Vec<Hop>,
    /// Whether there were more results than are read.
    pub is_cut: bool,
}

/// What a `Received` field says of who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hop {
    /// The host behind `by`, in lower case.
    pub by: Option<String>,
    /// Whether it came by LMTP, over which nobody speaks to strangers (RFC 2033 §5).
    pub is_local: bool,
}

impl Results {
    /// Reads a header section.
    pub fn of<'o>(fields: impl Iterator<Item = Field<'o>>) -> Self {
        let mut results = Self::default();
        let mut count = 0;
        for field in fields {
            if field.is("Received") {
                results.hops.push(hop(field.body));
            } else if let Some(form) = Form::of(&field) {
                if count >= RESULTS_MAX {
                    results.is_cut = true;
                    continue;
                }
                let statement = Statement { hops_above: results.hops.len(), ..statement(form, field.body) };
                count += statement.results.len().max(1);
                results.statements.push(statement);
            }
        }
        results
    }

    /// What the place of a statement is worth to somebody who trusts these servers, named as authserv-ids or by
    /// their domains. Of hops only the topmost counts, and the one below it as long as that one handed over within the
    /// house: those further down anybody could have written.
    pub fn standing(&self, statement: &Statement, trusted: &[String]) -> Standing {
        if trusted.is_empty() {
            return Standing::Unjudged;
        }
        let is_named = |host: &String| trusted.iter().any(|name| is_within(name, host));
        // Whoever keeps a set sealed it (RFC 8617 §5.1); without its seal its name is as good as any other.
        if statement.form == Form::Arc || !statement.server.as_ref().is_some_and(is_named) {
            return Standing::Foreign;
        }
        let is_own = |hop: &Hop| hop.by.as_ref().is_some_and(is_named);
        let border = self.hops.iter().position(|hop| !hop.is_local).unwrap_or(self.hops.len());
        match self.hops.get(..=border).is_some_and(|hops| hops.iter().all(is_own)) {
            false => Standing::Unplaced,
            true if statement.hops_above <= border => Standing::Own,
            true if statement.hops_above == border + 1 => Standing::Edge,
            true => Standing::Below,
        }
    }
}

fn trim_dot(host: &str) -> &str {
    host.trim().trim_end_matches('.')
}

fn same_host(one: &str, other: &str) -> bool {
    trim_dot(one).eq_ignore_ascii_case(trim_dot(other))
}

/// Whether a host is that domain, or in it.
fn is_within(domain: &str, host: &str) -> bool {
    let (domain, host) = (trim_dot(domain), trim_dot(host));
    let above = host.len().checked_sub(domain.len() + 1).and_then(|at| host.split_at_checked(at));
    same_host(domain, host)
        || !domain.is_empty()
            && above.is_some_and(|(_, tail)| tail.strip_prefix('.').is_some_and(|tail| same_host(tail, domain)))
}

/// What a `Received` field says of who wrote it, as far as that matters here.
fn hop(body: &[u8]) -> Hop {
    let field = TraceField::parse(body);
    let is_lmtp = |name: &str| name.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("LMTP"));
    Hop { by: field.by.map(|by| by.to_lowercase()), is_local: field.protocol.as_deref().is_some_and(is_lmtp) }
}

/// Reads the body of one field.
fn statement(form: Form, body: &[u8]) -> Statement {
    let unfolded = words::unfold(body);
    let (text, _) = words::undeclared(&unfolded);
    let mut reader = Reader { lexer: Lexer::new(&text), comments: Vec::new() };
    match form {
        Form::Spf => reader.received_spf(),
        form => reader.results(form),
    }
}

struct Reader<'t> {
    lexer: Lexer<'t>,
    comments: Vec<String>,
}

/// A part of a field, up to its semicolon: words that stand alone, and pairs.
#[derive(Debug, Default)]
struct Segment {
    alone: Vec<String>,
    pairs: Vec<(String, String)>,
    comments: Vec<String>,
}

impl Reader<'_> {
    /// The next segment; none at the end.
    fn segment(&mut self) -> Option<Segment> {
        let mut segment = Segment::default();
        // A name that waits for its `=`.
        let mut name: Option<String> = None;
        let mut is_end = true;
        while let Some(token) = self.lexer.token() {
            is_end = false;
            match token {
                Token::Semicolon => break,
                Token::Comment(comment) => segment.comments.push(comment),
                Token::Equals => {
                    let value = self.lexer.value(&mut self.comments);
                    segment.comments.append(&mut self.comments);
                    match name.take() {
                        Some(name) => segment.pairs.push((name, value)),
                        None => segment.alone.push(value),
                    }
                }
                Token::Quoted(text) => segment.alone.extend(name.replace(text)),
                // RFC 8601 §2.2 has blanks and comments around the dot and the stroke.
                Token::Word(word) => match &mut name {
                    Some(name) if name.ends_with(['.', '/']) || word.starts_with(['.', '/']) => name.push_str(word),
                    name => segment.alone.extend(name.replace(word.to_owned())),
                },
            }
        }
        segment.alone.extend(name);
        (!is_end).then_some(segment)
    }

    fn results(&mut self, form: Form) -> Statement {
        let mut statement =
            Statement { form, server: None, version: None, instance: None, results: Vec::new(), hops_above: 0 };
        let mut first = self.segment().unwrap_or_default();
        if form == Form::Arc
            && let [(name, value)] = first.pairs.as_slice()
            && name.eq_ignore_ascii_case("i")
        {
            statement.instance = value.parse().ok();
            first = self.segment().unwrap_or_default();
        }
        // Some servers never name themselves, and begin with a result.
        let mut alone = std::mem::take(&mut first.alone).into_iter();
        statement.server = alone.next().filter(|_| first.alone.is_empty());
        statement.version = alone.next();
        // In drafts of the standard, what the results are about stood behind the name.
        if !first.pairs.is_empty() {
            statement.results.extend(first.result(statement.server.is_none()));
        }
        while let Some(segment) = self.segment() {
            if statement.results.len() >= RESULTS_MAX {
                break;
            }
            statement.results.extend(segment.result(true));
        }
        statement
    }

    /// `pass (comment) client-ip=…; envelope-from=…; receiver=…`
    fn received_spf(&mut self) -> Statement {
        let mut result = MethodResult { method: "spf".to_owned(), ..MethodResult::default() };
        while let Some(segment) = self.segment() {
            if let Some(word) = segment.alone.first().filter(|_| result.result.is_empty()) {
                result.result = word.to_ascii_lowercase();
            }
            result.comments.extend(segment.comments);
            let room = RESULTS_MAX.saturating_sub(result.properties.len());
            result.properties.extend(segment.pairs.into_iter().take(room).map(|(name, value)| property(&name, value)));
        }
        let server = result.properties.iter().find(|property| property.name == "receiver").map(|p| p.value.clone());
        Statement { form: Form::Spf, server, version: None, instance: None, results: vec![result], hops_above: 0 }
    }
}

impl Segment {
    /// What it says; the first pair is the method's, unless there is none. `none` alone says nothing.
    fn result(self, has_method: bool) -> Option<MethodResult> {
        let mut result = MethodResult { comments: self.comments, ..MethodResult::default() };
        let mut pairs = self.pairs.into_iter();
        if has_method {
            let (name, value) = pairs.next()?;
            let (method, version) = match name.split_once('/') {
                Some((method, version)) => (method, Some(version.to_owned())),
                None => (name.as_str(), None),
            };
            result.method = method.to_ascii_lowercase();
            result.version = version;
            result.result = value.to_ascii_lowercase();
        }
        for (name, value) in pairs.take(RESULTS_MAX) {
            match name.eq_ignore_ascii_case("reason") && result.reason.is_none() {
                true => result.reason = Some(value),
                false => result.properties.push(property(&name, value)),
            }
        }
        Some(result)
    }
}

fn property(name: &str, value: String) -> Property {
    let name = name.to_ascii_lowercase();
    match name.split_once('.') {
        Some((kind, name)) => Property { kind: kind.to_owned(), name: name.to_owned(), value },
        None => Property { kind: String::new(), name, value },
    }
}

#[cfg(test)]
mod tests;
