//! Text in columns of a terminal: some characters take two, some none.

use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// As much of a text as fits, with a sign that there is more.
pub(super) fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let mut used = 0;
    let fitting = text.char_indices().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used >= width
    });
    Cow::Owned(format!("{}…", &text[..fitting.map_or(text.len(), |(at, _)| at)]))
}

/// The columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// A text with as many blanks behind it as its column has room.
pub(super) fn padded(text: &str, width: usize) -> String {
    format!("{text}{:1$}", "", width.saturating_sub(text.width()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_columns_and_not_by_characters() {
        for (text, width, wanted) in [
            ("plain", 5, "plain"),
            ("plain", 4, "pla…"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
            ("", 1, ""),
        ] {
            assert_eq!(cut(text, width), wanted, "{text} in {width}");
            assert!(cut(text, width).width() <= width);
            assert_eq!(padded(&cut(text, width), 9).width(), 9);
        }
    }
}
