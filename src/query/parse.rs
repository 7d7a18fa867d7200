//! Reading a filter: words bind by `not`, then by standing side by side or `and`, then by `or`.
//!
//! The grammar is in docs/filter.md. Whatever is typed, reading ends: text, statements and parentheses are counted.

use super::Query;
use super::field::{Has, Is, Order, Sort, Test};
use super::pattern::Pattern;
use super::people::Person;
use super::scan::{Form, Operator, QueryError, Scanner, Value};
use super::when::Point;
use crate::{duration, size};

/// Octets of a filter.
const TEXT_MAX: usize = 8 * 1024;
/// Statements in it; each costs time for every message.
const TESTS_MAX: usize = 500;
/// Parentheses within each other.
const DEPTH_MAX: usize = 50;

impl Query {
    /// Reads a filter; nothing but blanks means every message.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let mut reader = Reader { scan: Scanner::new(text), tests: 0 };
        if text.len() > TEXT_MAX {
            return Err(reader.scan.wrong(0, "a filter of at most 8192 octets", "more"));
        }
        reader.scan.skip_blanks();
        if reader.scan.peek().is_none() {
            return Ok(Self::All(Vec::new()));
        }
        let query = reader.any(0)?;
        match reader.scan.peek() {
            None => Ok(query),
            Some(_) => Err(reader.scan.expected("the end, or a parenthesis that opens before")),
        }
    }
}

struct Reader<'t> {
    scan: Scanner<'t>,
    tests: usize,
}

impl Reader<'_> {
    fn any(&mut self, depth: usize) -> Result<Query, QueryError> {
        let first = self.all(depth)?;
        let mut others = Vec::new();
        while self.scan.keyword("or") {
            others.push(self.all(depth)?);
        }
        Ok(Query::any(first, others))
    }

    /// Ends at `or`, at a closing parenthesis, or at the end; blanks before them are passed over.
    fn all(&mut self, depth: usize) -> Result<Query, QueryError> {
        let mut queries = vec![self.one(depth)?];
        loop {
            self.scan.skip_blanks();
            let is_or = self.scan.clone().keyword("or");
            match self.scan.peek() {
                None | Some(')') => break,
                Some(_) if is_or => break,
                Some(_) => {
                    self.scan.keyword("and");
                    queries.push(self.one(depth)?);
                }
            }
        }
        Ok(Query::all(queries))
    }

    fn one(&mut self, depth: usize) -> Result<Query, QueryError> {
        let mut is_denied = false;
        loop {
            self.scan.skip_blanks();
            if !self.scan.keyword("not") && !self.scan.eat('-') {
                break;
            }
            is_denied = !is_denied;
        }
        let start = self.scan.clone();
        let query = if self.scan.eat('(') {
            if depth >= DEPTH_MAX {
                return Err(start.expected("at most 50 parentheses within each other"));
            }
            let inner = self.any(depth + 1)?;
            if !self.scan.eat(')') {
                return Err(self.scan.expected("a closing parenthesis"));
            }
            inner
        } else {
            self.tests += 1;
            let test = self.test()?;
            if self.tests > TESTS_MAX {
                return Err(start.expected("at most 500 statements"));
            }
            test
        };
        Ok(if is_denied { query.negate() } else { query })
    }

    fn test(&mut self) -> Result<Query, QueryError> {
        const WANTED: &str = "a word, a field like from:, or a parenthesis";
        let start = self.scan.clone();
        if ["and", "or"].iter().any(|word| self.scan.clone().keyword(word)) {
            return Err(start.expected(WANTED));
        }
        if let Some(name) = self.scan.name() {
            let sort = Sort::of(name);
            let clings = self.scan.peek().is_some_and(|c| !c.is_whitespace());
            // Whatever has the looks of a field is one, lest a slip be taken for a word that is nowhere.
            if let Some(operator) = (clings || sort.is_some()).then(|| self.scan.operator()).flatten() {
                let unknown = || format!("one of the fields {}; a word with this sign needs quotes", Sort::words());
                let sort = sort.ok_or_else(|| start.wrong(start.at(), &unknown(), name))?;
                return self.statement(sort, operator);
            }
        }
        self.scan = start;
        let value = self.scan.value(WANTED, false)?;
        Ok(Query::Term(Test::Word(within(&value))))
    }

    /// What is said about a field.
    fn statement(&mut self, sort: Sort, operator: Operator) -> Result<Query, QueryError> {
        let (operator, is_denied) = match operator {
            Operator::IsNot => (Operator::Is, true),
            Operator::NotLike => (Operator::Like, true),
            other => (other, false),
        };
        if !matches!(sort, Sort::Header) && !sort.takes(operator, is_denied) {
            return Err(self.scan.expected_before(&format!("one of {}", sort.operators())));
        }
        let query = match sort {
            Sort::People(role) => {
                let pattern = self.pattern(operator)?;
                let person = if operator == Operator::Like { Person::Like(pattern) } else { Person::named(pattern) };
                Query::Term(Test::People(role, person))
            }
            Sort::Text(make) => Query::Term(make(self.pattern(operator)?)),
            Sort::Id(make) => {
                let pattern = self.name(operator)?;
                let id = pattern.written().trim_start_matches('<').trim_end_matches('>');
                let bare = if pattern.is_whole() { Pattern::whole(id) } else { pattern };
                Query::Term(make(bare))
            }
            Sort::Type => Query::Term(Test::Type(self.name(operator)?)),
            Sort::Header => return self.header(operator, is_denied),
            Sort::Size => self.span(operator, "a size like 10K or 1M", |text| size::parse(text).ok(), Test::Size)?,
            Sort::Time(make) => self.span(operator, "a date like 2026-01-31 or today, or 7d", Point::parse, make)?,
            Sort::Age => {
                self.span(operator, "a length of time like 12h or 2w", |text| duration::parse(text).ok(), Test::Age)?
            }
            Sort::Is => {
                let (is, opposite) = self.word(&format!("one of {}", Is::words()), Is::of)?;
                let query = Query::Term(Test::Is(is));
                if opposite { query.negate() } else { query }
            }
            Sort::Has => Query::Term(Test::Has(self.word(&format!("one of {}", Has::words()), Has::of)?)),
            Sort::Flag => Query::Term(Test::Flag(self.word("a flag like \\Seen", some_text)?)),
            Sort::Tag => Query::Term(Test::Tag(self.word("a tag", some_text)?)),
        };
        Ok(if is_denied { query.negate() } else { query })
    }

    /// `header:X-Foo`, and perhaps what it says.
    fn header(&mut self, operator: Operator, is_denied: bool) -> Result<Query, QueryError> {
        const WANTED: &str = "the name of a header field";
        if operator != Operator::Colon || is_denied {
            return Err(self.scan.expected_before(":"));
        }
        self.scan.skip_blanks();
        let name = self.scan.field_name();
        if name.is_empty() {
            return Err(self.scan.expected(WANTED));
        }
        let before = self.scan.clone();
        let Some(operator) = self.scan.operator() else {
            self.scan.end_of_value()?;
            return Ok(Query::Term(Test::Header(name.to_owned(), None)));
        };
        let (operator, is_denied) = match operator {
            Operator::IsNot => (Operator::Is, true),
            Operator::NotLike => (Operator::Like, true),
            other => (other, false),
        };
        if !Sort::Header.takes(operator, is_denied) {
            return Err(before.expected(&format!("one of {}", Sort::Header.operators())));
        }
        let query = Query::Term(Test::Header(name.to_owned(), Some(self.pattern(operator)?)));
        Ok(if is_denied { query.negate() } else { query })
    }

    /// What a text should look like.
    fn pattern(&mut self, operator: Operator) -> Result<Pattern, QueryError> {
        let value = self.scan.value("a text", operator == Operator::Like)?;
        match (value.form, operator) {
            (Form::Regex, _) => {
                let wrong =
                    |why: String| self.scan.wrong(value.start, &format!("a regular expression ({why})"), &value.text);
                Pattern::regex(&value.text).map_err(wrong)
            }
            (_, Operator::Is) => Ok(Pattern::whole(&value.text)),
            _ => Ok(within(&value)),
        }
    }

    /// The same for what is a name and no text: unless a part is asked for, it is the whole of it.
    fn name(&mut self, operator: Operator) -> Result<Pattern, QueryError> {
        let pattern = self.pattern(operator)?;
        let is_part = operator == Operator::Like || !pattern.is_literal();
        Ok(if is_part { pattern } else { Pattern::whole(pattern.written()) })
    }

    /// A value that can be more or less than another, or lie between two.
    fn span<T>(
        &mut self,
        operator: Operator,
        wanted: &str,
        read: fn(&str) -> Option<T>,
        make: fn(Order, T) -> Test,
    ) -> Result<Query, QueryError> {
        let value = self.scan.value(wanted, false)?;
        let order = match operator {
            Operator::Less => Order::Less,
            Operator::AtMost => Order::AtMost,
            Operator::More => Order::More,
            Operator::AtLeast => Order::AtLeast,
            _ => Order::Same,
        };
        let ends = match value.text.split_once("..") {
            Some((first, last)) if operator == Operator::Colon && !(first.is_empty() && last.is_empty()) => {
                let ends = [(Order::AtLeast, first), (Order::AtMost, last)].into_iter();
                ends.filter(|(_, text)| !text.is_empty()).collect()
            }
            _ => vec![(order, value.text.as_ref())],
        };
        // Two ends are two statements, here and when they are printed.
        self.tests += ends.len().saturating_sub(1);
        let test = |(order, text): (Order, &str)| {
            let test = read(text).map(|it| make(order, it)).ok_or_else(|| self.unlike(&value, wanted))?;
            match &test {
                Test::Date(Order::Same, at) | Test::Received(Order::Same, at) if !at.is_stretch() => {
                    Err(self.unlike(&value, "a day, a month or a year; the time since then is 7d.., before then ..7d"))
                }
                _ => Ok(Query::Term(test)),
            }
        };
        Ok(Query::all(ends.into_iter().map(test).collect::<Result<Vec<_>, _>>()?))
    }

    /// One of a few words.
    fn word<T>(&mut self, wanted: &str, read: fn(&str) -> Option<T>) -> Result<T, QueryError> {
        let value = self.scan.value(wanted, false)?;
        read(&value.text).ok_or_else(|| self.unlike(&value, wanted))
    }

    fn unlike(&self, value: &Value<'_>, wanted: &str) -> QueryError {
        self.scan.wrong(value.start, wanted, &format!("{:?}", value.text))
    }
}

fn some_text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// What is looked for within others; without quotes `*` and `?` stand for others.
fn within(value: &Value<'_>) -> Pattern {
    match value.form == Form::Plain && value.text.contains(['*', '?']) {
        true => Pattern::glob(&value.text),
        false => Pattern::within(&value.text),
    }
}
