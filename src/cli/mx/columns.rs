//! Texts and tables in a certain number of columns, however long the names in them are.
//!
//! Lines are broken between words; a word that has no room behind its blanks has fewer of them, and one that no line has
//! room for is broken at the edge. A table whose rows do not fit has the
//! first of its cells on lines of their own.

use std::fmt::Write as _;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns where nobody says how many there are.
pub(super) const WIDTH: usize = 80;
/// Fewer and more than these help nobody.
const WIDTH_MIN: usize = 40;
const WIDTH_MAX: usize = 120;
/// What the last column of a table needs at least, if it has that much to say.
const LAST_MIN: usize = 20;
/// Blanks before the rest of a row whose first cells stand on a line of their own.
const BELOW: usize = 8;

/// How wide a page is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Width {
    /// Columns of the answer, with which the page begins.
    pub(super) answer: usize,
    /// Columns of what stands below it.
    pub(super) rest: usize,
}

impl Width {
    /// For a terminal of so many columns. Where there is none, somebody else reads: the answer is one line then, as long as
    /// it may be, so that `head -1` has it.
    pub(super) fn of(terminal: Option<usize>) -> Self {
        match terminal.map(|columns| columns.clamp(WIDTH_MIN, WIDTH_MAX)) {
            Some(columns) => Self { answer: columns, rest: columns },
            None => Self { answer: usize::MAX, rest: WIDTH },
        }
    }
}

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
        if word.width() > width.saturating_sub(indent) && word.width() <= width {
            // Whole, so that it can be copied.
            lines.truncate(lines.trim_end().len());
            column = turn(&mut lines, width - word.width());
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

/// Rows with columns of equal width, the last one wrapped. Where that does not fit, the first `lead` cells of each row
/// stand on a line of their own.
pub(super) fn table(rows: &[Vec<String>], lead: usize, width: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(|column| widest(rows, column, |cell| cell.width())).collect();
    let word = |cell: &str| cell.split(' ').map(UnicodeWidthStr::width).max().unwrap_or(0);
    let fits = |from: usize, margin: usize| match widths.get(from..) {
        None | Some([]) => true,
        Some([others @ .., last]) => {
            let taken = margin + others.iter().map(|width| width + 2).sum::<usize>();
            taken + widest(rows, columns - 1, word).max(LAST_MIN.min(*last)) <= width
        }
    };
    let mut text = String::new();
    for row in rows {
        if fits(0, 2) {
            line(&mut text, row, &widths, 2, width);
            continue;
        }
        let (first, rest) = row.split_at(lead.min(row.len()));
        if first.iter().any(|cell| !cell.is_empty()) {
            line(&mut text, first, widths.get(..lead).unwrap_or_default(), 2, width);
        }
        line(&mut text, rest, widths.get(lead..).unwrap_or_default(), BELOW, width);
    }
    text
}

/// What the widest cell of a column takes.
fn widest(rows: &[Vec<String>], column: usize, measure: impl Fn(&str) -> usize) -> usize {
    rows.iter().filter_map(|row| row.get(column)).map(|cell| measure(cell)).max().unwrap_or(0)
}

/// Cells side by side, behind a margin; the last one may need more lines.
fn line(text: &mut String, cells: &[String], widths: &[usize], margin: usize, width: usize) {
    let Some((last, others)) = cells.split_last() else { return };
    let mut lead = " ".repeat(margin);
    for (cell, width) in others.iter().zip(widths) {
        let _ = write!(lead, "{cell}{:1$}  ", "", width.saturating_sub(cell.width()));
    }
    let indent = lead.width().min(width / 2);
    for part in wrapped(&lead, last, indent, width).lines() {
        let _ = writeln!(text, "{}", part.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_broken_between_words_and_long_words_at_the_edge() {
        for (lead, text, wanted) in [
            ("", "one two three", "one two\n  three"),
            ("", "", ""),
            ("ab ", "cdef ghij kl", "ab cdef\n  ghij kl"),
            ("ab", "one abcdefghi two", "abone\n abcdefghi\n  two"),
            ("a ", "abcdefghij", "a\nabcdefghij"),
            ("", "abcdefghijklmnop q", "abcdefghij\n  klmnop q"),
            ("x ", "abcdefghijklmnop", "x abcdefgh\n  ijklmnop"),
            ("", "日本語日本語", "日本語日本\n  語"),
        ] {
            assert_eq!(wrapped(lead, text, 2, 10), wanted, "{lead}{text}");
        }
    }

    #[test]
    fn a_table_that_does_not_fit_has_names_on_lines_of_their_own() {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let rows =
            |name: &str| vec![row(["pref", "host", "address", "note"]), row(["  10", name, "192.0.2.1", "a note"])];
        let plain = "  pref  host      address    note\n    10  mx1.test  192.0.2.1  a note\n";
        assert_eq!(table(&rows("mx1.test"), 2, 40), plain);
        let name = format!("{}.test", "m".repeat(20));
        let stacked = format!("  pref  host\n        address    note\n    10  {name}\n        192.0.2.1  a note\n");
        assert_eq!(table(&rows(&name), 2, 40), stacked);
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_the_page_and_nothing_is_lost(
            text in "[a-zé日 ]{0,120}", lead in "[a-z]{0,9}", indent in 0_usize..12, width in 20_usize..60,
            cells in prop::collection::vec(prop::collection::vec("[a-z. ]{0,50}", 5), 0..4), at in 0_usize..5,
        ) {
            let plain = |text: &str| text.chars().filter(|sign| !sign.is_whitespace()).collect::<String>();
            let made = wrapped(&lead, &text, indent, width);
            prop_assert!(made.lines().all(|line| line.width() <= width), "{made}");
            prop_assert_eq!(plain(&made), plain(&format!("{lead}{text}")));
            let cells: Vec<Vec<String>> = cells.into_iter().map(|row| row.iter().map(|cell| cell.trim().to_owned()).collect()).collect();
            let made = table(&cells, at, width.max(40));
            let all: String = cells.concat().concat();
            prop_assert_eq!(plain(&made).len(), plain(&all).len());
        }
    }
}
