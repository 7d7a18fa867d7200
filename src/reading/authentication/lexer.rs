//! Words, quoted strings and comments of a structured field, one after the other.
//!
//! One pass and no recursion: brackets within brackets are counted. What is never closed ends with the field.
//! RFC 5322 §3.2; RFC 2045 §5.1.

/// What stands next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// Anything without blanks and without the signs below.
    Word(&'t str),
    /// A text that stood in quotes.
    Quoted(String),
    /// A text that stood in brackets.
    Comment(String),
    /// `=`
    Equals,
    /// `;`
    Semicolon,
}

/// Reads from the front.
#[derive(Debug)]
pub(super) struct Lexer<'t> {
    rest: &'t str,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text }
    }

    /// The next token; none at the end.
    pub(super) fn token(&mut self) -> Option<Token<'t>> {
        self.rest = self.rest.trim_start();
        let first = self.rest.chars().next()?;
        let behind = &self.rest[first.len_utf8()..];
        Some(match first {
            ';' => self.single(behind, Token::Semicolon),
            '=' => self.single(behind, Token::Equals),
            '(' => Token::Comment(self.enclosed('(', ')')),
            '"' => Token::Quoted(self.enclosed('"', '"')),
            _ => Token::Word(self.word(|c| c.is_whitespace() || matches!(c, ';' | '=' | '(' | '"'))),
        })
    }

    /// What stands behind an `=`: a quoted string, perhaps with a domain behind it, or everything up to a blank, a
    /// bracket or a semicolon; an `=` may be part of it, as in base64. Comments before it are put aside.
    pub(super) fn value(&mut self, comments: &mut Vec<String>) -> String {
        loop {
            self.rest = self.rest.trim_start();
            match self.rest.as_bytes().first() {
                Some(b'(') => comments.push(self.enclosed('(', ')')),
                Some(b'"') => {
                    let mut value = self.enclosed('"', '"');
                    if self.rest.starts_with('@') {
                        value.push_str(self.word(ends_value));
                    }
                    return value;
                }
                _ => return self.word(ends_value).to_owned(),
            }
        }
    }

    fn single(&mut self, behind: &'t str, token: Token<'t>) -> Token<'t> {
        self.rest = behind;
        token
    }

    fn word(&mut self, is_end: impl Fn(char) -> bool) -> &'t str {
        let (word, rest) = self.rest.split_at(self.rest.find(is_end).unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    /// Text between two signs, the first of which stands next; a backslash takes the meaning from what follows.
    fn enclosed(&mut self, open: char, close: char) -> String {
        let (mut text, mut depth) = (String::new(), 0usize);
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => text.extend(chars.next().map(|(_, c)| c)),
                c if c == close && depth <= 1 && (open != close || at > 0) => {
                    self.rest = &self.rest[at + c.len_utf8()..];
                    return text;
                }
                c if c == open && open == close => {}
                c if c == open => {
                    if depth > 0 {
                        text.push(c);
                    }
                    depth += 1;
                }
                c => {
                    depth -= usize::from(c == close);
                    text.push(c);
                }
            }
        }
        self.rest = "";
        text
    }
}

fn ends_value(c: char) -> bool {
    c.is_whitespace() || matches!(c, ';' | '(')
}
