//! Texts in a certain number of columns, however long the names in them are.
//!
//! Lines are broken between words; a word that no line has room for, at the edge.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns of a page.
pub(super) const WIDTH: usize = 80;

/// A text behind its lead, in lines that fit, the later ones behind as many blanks. Ends without a line end.
pub(super) fn wrapped(lead: &str, text: &str, indent: usize, width: usize) -> String {
    let mut lines = lead.to_owned();
    let mut column = lead.width();
    for (index, word) in text.split(' ').enumerate() {
        let mut word = word;
        if index > 0 && column + 1 + word.width() > width && column > indent {
            column = turn(&mut lines, indent);
        } else if index > 0 {
            lines.push(' ');
            column += 1;
        }
        while column + word.width() > width {
            // Two columns are room for any character.
            if column + 2 <= width || column <= indent {
                let (start, rest) = word.split_at(fitting(word, width.saturating_sub(column)));
                lines.push_str(start);
                word = rest;
            }
            column = turn(&mut lines, indent);
        }
        lines.push_str(word);
        column += word.width();
    }
    lines
}

fn turn(lines: &mut String, indent: usize) -> usize {
    lines.push('\n');
    lines.extend(std::iter::repeat_n(' ', indent));
    indent
}

/// Octets of a word that fit into so many columns; at least one character, so that there is an end.
fn fitting(word: &str, room: usize) -> usize {
    let mut used = 0;
    let mut past = word.char_indices().skip_while(|(at, sign)| {
        used += sign.width().unwrap_or(0);
        used <= room || *at == 0
    });
    past.next().map_or(word.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_fits() {
        for (text, wanted) in [
            ("one two three", "- one two\n  three"),
            ("a-word-without-end", "- a-word-w\n  ithout-e\n  nd"),
            ("a b\u{4f8b}\u{3048}\u{4f8b}\u{3048}\u{4f8b}", "- a\n  b\u{4f8b}\u{3048}\u{4f8b}\n  \u{3048}\u{4f8b}"),
            ("", "- "),
        ] {
            let said = wrapped("- ", text, 2, 10);
            assert_eq!(said, wanted);
            assert!(said.lines().all(|line| line.width() <= 10), "{said}");
        }
    }
}
