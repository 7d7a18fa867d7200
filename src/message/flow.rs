//! Words flow into lines: blanks collapse, blocks stand apart, and what is within lists and quotes is set in.
//!
//! Knows no markup; whoever prints some form of text says where lines begin and end. RFC 3676 §4.5 for the quotes.

/// Blocks within each other that are set in; each costs octets in every line.
const DEPTH_MAX: usize = 8;

/// Lines that are being written.
#[derive(Debug, Default)]
pub(super) struct Flow {
    text: String,
    frames: Vec<Frame>,
    /// Frames that were opened beyond the limit.
    beyond: usize,
    /// Empty lines that stand before the next word.
    gap: usize,
    in_line: bool,
    blank: bool,
}

/// What stands in front of each line of a block.
#[derive(Debug)]
struct Frame {
    /// In front of its first line.
    first: Option<String>,
    /// In front of the others.
    rest: String,
}

impl Flow {
    /// Adds words: blanks of any kind and number are one blank, at the edges of lines none.
    pub(super) fn words(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                c if c.is_whitespace() => self.blank = true,
                c if is_padding(c) => {}
                '\u{200c}'..='\u{200f}' if self.blank || !self.in_line => {}
                c => {
                    self.open_line();
                    if std::mem::take(&mut self.blank) {
                        self.text.push(' ');
                    }
                    self.text.push(c);
                }
            }
        }
    }

    /// Adds text as it is, behind the blank that is due.
    pub(super) fn mark(&mut self, text: &str) {
        self.open_line();
        if std::mem::take(&mut self.blank) {
            self.text.push(' ');
        }
        self.text.push_str(text);
    }

    /// Adds text that closes something: it clings to the word before it.
    pub(super) fn cling(&mut self, text: &str) {
        self.open_line();
        self.text.push_str(text);
    }

    /// Adds a line as it is, be it empty.
    pub(super) fn verbatim(&mut self, line: &str) {
        self.open_line();
        self.text.push_str(line);
        self.end_line();
    }

    /// Ends the line; an empty one if nothing is in it.
    pub(super) fn end_line(&mut self) {
        if self.in_line {
            self.text.truncate(self.text.trim_end_matches([' ', '\t']).len());
            self.text.push('\n');
            self.in_line = false;
        } else if !self.text.is_empty() {
            self.gap = self.gap.max(1);
        }
        self.blank = false;
    }

    /// Ends the line and asks for empty lines before the next one.
    pub(super) fn block(&mut self, gap: usize) {
        if self.in_line {
            self.end_line();
        }
        self.blank = false;
        if !self.text.is_empty() {
            self.gap = self.gap.max(gap);
        }
    }

    /// Sets in what follows: `- ` in front of its first line, blanks in front of the others.
    pub(super) fn indent(&mut self, first: String, rest: &str) {
        match self.has_room() {
            true => self.frames.push(Frame { first: Some(first), rest: rest.to_owned() }),
            false => self.beyond += 1,
        }
    }

    /// Ends what was set in last.
    pub(super) fn outdent(&mut self) {
        match self.beyond {
            0 => drop(self.frames.pop()),
            _ => self.beyond -= 1,
        }
    }

    /// Whether one more block can be set in.
    pub(super) fn has_room(&self) -> bool {
        self.frames.len() < DEPTH_MAX
    }

    /// Puts a backslash in front of a last character of the line, if that is it.
    pub(super) fn disarm(&mut self, last: char) {
        if self.in_line && !self.blank && self.text.ends_with(last) {
            self.text.truncate(self.text.len() - last.len_utf8());
            self.text.extend(['\\', last]);
        }
    }

    /// Whether a word stands in the line.
    pub(super) fn is_in_line(&self) -> bool {
        self.in_line
    }

    /// Octets that were written.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// What was written from an offset on.
    pub(super) fn since(&self, offset: usize) -> &str {
        self.text.get(offset..).unwrap_or_default()
    }

    /// All lines; each ends with LF.
    pub(super) fn finish(mut self) -> String {
        if self.in_line {
            self.end_line();
        }
        self.text
    }

    fn open_line(&mut self) {
        if self.in_line {
            return;
        }
        for _ in 0..std::mem::take(&mut self.gap) {
            let empty: String = self.frames.iter().filter(|f| f.first.is_none()).map(|f| f.rest.as_str()).collect();
            self.text.push_str(empty.trim_end());
            self.text.push('\n');
        }
        for frame in &mut self.frames {
            self.text.push_str(frame.first.take().as_deref().unwrap_or(&frame.rest));
        }
        (self.in_line, self.blank) = (true, false);
    }
}

/// What senders fill the preview with that a mailbox shows: it has no width.
pub(super) fn is_padding(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{200b}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_set_in_and_stand_apart() {
        let mut flow = Flow::default();
        flow.words("  one \n two ");
        flow.block(1);
        flow.indent("> ".to_owned(), "> ");
        flow.words("quoted");
        flow.block(1);
        flow.indent("- ".to_owned(), "  ");
        flow.words("a\u{200b}b");
        flow.end_line();
        flow.words("c");
        flow.outdent();
        flow.outdent();
        flow.block(0);
        flow.verbatim("  x");
        assert_eq!(flow.finish(), "one two\n\n> quoted\n>\n> - ab\n>   c\n  x\n");
    }
}
