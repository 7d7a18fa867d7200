//! A source file in two views: its code without comments and strings, and its comments without code.
//!
//! Rules about imports must not trip over a word in a comment, and citations stand in comments only.
//! Understands as much of Rust's grammar as that takes: comments, strings, raw strings, characters.

use std::path::{Path, PathBuf};

/// A file below `src`.
pub(crate) struct Source {
    /// Its path below `src`, with `/` between the parts: `wire/frame.rs`.
    pub(crate) name: String,
    /// Everything.
    pub(crate) text: String,
    /// The text with every comment, string and character blanked out; line ends stay.
    pub(crate) code: String,
    /// The comments, each block of neighbouring lines joined into one line.
    pub(crate) comments: String,
}

impl Source {
    /// Splits a text.
    pub(crate) fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let (code, comments) = split(&text);
        Self { name: name.into(), text, code, comments }
    }

    /// The room it belongs to: the first part of its path. The program itself belongs to `cli`.
    pub(crate) fn room(&self) -> &str {
        match self.name.split(['/', '.']).next().unwrap_or_default() {
            "main" => "cli",
            room => room,
        }
    }

    /// Where in the module tree it stands: `["wire", "frame"]`.
    pub(crate) fn modules(&self) -> Vec<&str> {
        let path = self.name.strip_suffix(".rs").unwrap_or(&self.name);
        path.split('/').filter(|part| !matches!(*part, "mod" | "lib" | "main")).collect()
    }

    /// How many modules written out in the file, as `mod tests { … }`, enclose an offset.
    pub(crate) fn nesting(&self, offset: usize) -> usize {
        let mut blocks = Vec::new();
        let mut words = Vec::new();
        let before = &self.code[..offset];
        for piece in before.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_') {
            let end = piece.chars().last().unwrap_or_default();
            let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_');
            words.extend(Some(word).filter(|word| !word.is_empty()));
            match end {
                '{' => blocks.push(words.len() >= 2 && words[words.len() - 2] == "mod"),
                '}' => drop(blocks.pop()),
                _ => {}
            }
            if matches!(end, '{' | '}' | ';') {
                words.clear();
            }
        }
        blocks.into_iter().filter(|is_module| *is_module).count()
    }

    /// The line an offset into `code` or `text` lies in, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.text.as_bytes()[..offset].iter().filter(|octet| **octet == b'\n').count() + 1
    }

    /// Offsets at which a path like `std::fs` begins in the code: with no part of a word before or behind it.
    pub(crate) fn finds<'a>(&'a self, path: &'a str) -> impl Iterator<Item = usize> + 'a {
        let is_word = |octet: Option<&u8>| octet.is_some_and(|o| o.is_ascii_alphanumeric() || *o == b'_');
        let code = self.code.as_bytes();
        self.code.match_indices(path).map(|(at, _)| at).filter(move |at| {
            let before = at.checked_sub(1).and_then(|before| code.get(before));
            !is_word(before) && !is_word(code.get(at + path.len()))
        })
    }
}

/// All sources below `src`, in order of their names.
pub(crate) fn all() -> Vec<Source> {
    let root = root().join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    found.sort();
    let name = |path: &Path| path.strip_prefix(&root).expect("walked from there").to_string_lossy().replace('\\', "/");
    found.iter().map(|path| Source::new(name(path), std::fs::read_to_string(path).expect("a source is text"))).collect()
}

/// The directory of the package.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("src can be listed") {
        let path = entry.expect("src can be listed").path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Code and comments apart.
fn split(text: &str) -> (String, String) {
    let mut code = Vec::with_capacity(text.len());
    let mut comments = String::new();
    let mut last_comment_line = 0;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = if rest.starts_with("//") {
            let comment = rest.split('\n').next().unwrap_or(rest);
            let line = text[..text.len() - rest.len()].matches('\n').count();
            comments.push(if line == last_comment_line + 1 { ' ' } else { '\n' });
            comments.push_str(comment.trim_start_matches(['/', '!']).trim());
            last_comment_line = line;
            comment.len()
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == '"' {
            string(rest)
        } else if let Some(length) = raw_string(rest).filter(|_| !ends_in_word(&code)) {
            length
        } else if first == '\'' {
            character(rest)
        } else {
            0
        };
        if taken == 0 {
            code.extend_from_slice(first.encode_utf8(&mut [0; 4]).as_bytes());
            rest = &rest[first.len_utf8()..];
        } else {
            code.extend(rest[..taken].bytes().map(|octet| if octet == b'\n' { b'\n' } else { b' ' }));
            rest = &rest[taken..];
        }
    }
    (String::from_utf8(code).expect("only whole parts were blanked"), comments)
}

/// The length of the string literal at the front.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of the raw string at the front, with `b` before the `r` or not.
fn raw_string(text: &str) -> Option<usize> {
    let opened = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = opened.len() - opened.trim_start_matches('#').len();
    let inside = opened.trim_start_matches('#').strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = inside.find(&end).map_or(inside.len(), |at| at + end.len());
    Some(text.len() - inside.len() + length)
}

/// The length of the character literal at the front; a lifetime is none.
fn character(text: &str) -> usize {
    let inside = &text[1..];
    match inside.chars().next() {
        Some('\\') => inside.char_indices().skip(2).find(|(_, c)| *c == '\'').map_or(0, |(at, _)| at + 2),
        Some(c) if inside[c.len_utf8()..].starts_with('\'') => c.len_utf8() + 2,
        _ => 0,
    }
}

fn ends_in_word(code: &[u8]) -> bool {
    code.last().is_some_and(|octet| octet.is_ascii_alphanumeric() || *octet == b'_')
}

#[test]
fn comments_and_strings_are_no_code() {
    let text = "//! Says `use std::fs`.\n//! RFC 1.\nlet a = \"std::fs \\\" \"; // std::fs\nlet b = r#\"std::fs\"#;\n\
                let c = '\"'; fn d<'a>(x: &'a str) { std::fs::x() } /* std::fs */ let e = b'\\'';\nfoo_std::fs::y()";
    let source = Source::new("wire/frame.rs", text);
    let lines: Vec<usize> = source.finds("std::fs").map(|at| source.line(at)).collect();
    assert_eq!(lines, [5]);
    assert_eq!(source.comments, "\nSays `use std::fs`. RFC 1. std::fs");
    assert_eq!((source.room(), source.modules()), ("wire", vec!["wire", "frame"]));
}
