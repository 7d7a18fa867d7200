//! HTML printed as text: plain for people, or as Markdown.
//!
//! Links are numbered and listed at the end, or stand where they are in Markdown; pictures are what is said instead of
//! them. Tables of data keep their rows and columns, tables for the layout are taken apart. Nothing of the sender's
//! markup is printed, and no form of output makes a reader fetch anything. CommonMark 0.31; GFM 0.29 §4.10.

use super::flow::{self, Flow};
use super::html::{self, Element, Piece, Pieces};
use std::collections::HashMap;

/// Links of one text that are listed; in Markdown all stand where they are.
const LINKS_MAX: usize = 1000;
/// Rows and columns of a table that is printed as one.
const ROWS_MAX: usize = 500;
const COLUMNS_MAX: usize = 12;
/// Octets in a cell of a table that is printed as one; more of them are a text.
const CELL_MAX: usize = 80;

/// The form of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Words and lines, links behind them.
    Plain,
    /// Markdown.
    Markdown,
}

/// The text of an HTML text, with LF line ends.
pub fn print(html: &str, form: Form) -> String {
    let mut printer = Printer::new(form);
    let mut pieces = html::pieces(html);
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Open(Element::Table) => match Table::read(&pieces) {
                Some((table, behind)) => {
                    printer.table(table);
                    pieces = behind;
                }
                None => printer.flow.block(0),
            },
            piece => printer.take(piece),
        }
    }
    printer.finish()
}

struct Printer {
    form: Form,
    flow: Flow,
    /// Targets in the order of their numbers.
    links: Vec<String>,
    numbers: HashMap<String, usize>,
    /// Where the link that is open began, in octets of the text.
    link_at: usize,
    /// For each open list the number of its next item.
    lists: Vec<Option<u32>>,
    verbatim: usize,
    /// Whether verbatim text stands where Markdown takes it for such: neither in a heading nor deeper than can be set in.
    is_set_in: bool,
    /// How many headings are open.
    headings: usize,
    /// How many elements for machines are open, in whose words Markdown knows no escapes.
    codes: usize,
    /// Whether what is printed becomes a cell of a table.
    in_cell: bool,
}

impl Printer {
    fn new(form: Form) -> Self {
        let (links, numbers) = (Vec::new(), HashMap::new());
        let (link_at, verbatim, headings, codes) = (0, 0, 0, 0);
        let (flow, lists, in_cell) = (Flow::default(), Vec::new(), false);
        Self { form, flow, links, numbers, link_at, lists, verbatim, is_set_in: false, headings, codes, in_cell }
    }

    fn is_markdown(&self) -> bool {
        self.form == Form::Markdown
    }

    /// Whether marks around words are printed. Among verbatim text they would stand as they are.
    fn has_markers(&self) -> bool {
        self.is_markdown() && self.verbatim == 0
    }

    fn take(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Text(text) if self.verbatim > 0 => self.verbatim(&text),
            Piece::Text(text) if self.codes > 0 => {
                let text = text.replace('`', "'");
                self.flow.words(&if self.in_cell { text.replace('|', "\\|") } else { text });
            }
            Piece::Text(text) if self.is_markdown() => {
                let escaped = escape(&text, !self.flow.is_in_line());
                self.flow.words(&escaped);
            }
            Piece::Text(text) => self.flow.words(&text),
            Piece::Break => self.flow.end_line(),
            Piece::Rule => {
                self.flow.block(1);
                self.flow.verbatim("-----");
                self.flow.block(1);
            }
            Piece::Image(_, alt) if alt.is_empty() => {}
            Piece::Image(_, alt) if self.is_markdown() => self.flow.mark(&format!("\\[{}\\]", escape(&alt, false))),
            Piece::Image(_, alt) => self.flow.mark(&format!("[{alt}]")),
            Piece::Open(element) => self.open(element),
            Piece::Close(element) => self.close(element),
        }
    }

    fn open(&mut self, element: Element) {
        match element {
            Element::Block => self.flow.block(usize::from(self.is_markdown())),
            Element::Heading(level) => {
                self.flow.block(1);
                self.headings += 1;
                if self.is_markdown() {
                    self.flow.indent(format!("{} ", "#".repeat(usize::from(level))), "");
                }
            }
            Element::List(start) => {
                self.flow.block(usize::from(self.lists.is_empty()));
                self.lists.push(start);
            }
            Element::Item => {
                self.flow.block(0);
                let marker = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number = number.saturating_add(1);
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".to_owned(),
                };
                let rest = " ".repeat(marker.len());
                self.flow.indent(marker, &rest);
            }
            Element::Quote => {
                self.flow.block(1);
                self.flow.indent("> ".to_owned(), "> ");
            }
            Element::Verbatim => {
                self.flow.block(1);
                if self.verbatim == 0 {
                    self.is_set_in = self.headings == 0 && self.flow.has_room();
                }
                if self.is_markdown() {
                    self.flow.indent("    ".to_owned(), "    ");
                }
                self.verbatim += 1;
            }
            Element::Row => self.flow.block(0),
            Element::Cell(_) if self.flow.is_in_line() => self.flow.words(" "),
            Element::Link(_) if self.is_markdown() => {
                // Behind an exclamation mark it would be a picture.
                self.flow.disarm('!');
                self.flow.mark("[");
            }
            Element::Link(_) => self.link_at = self.flow.len(),
            Element::Strong | Element::Emphasis | Element::Struck | Element::Code if self.has_markers() => {
                self.codes += usize::from(element == Element::Code);
                self.flow.mark(marker(&element));
            }
            _ => {}
        }
    }

    fn close(&mut self, element: Element) {
        match element {
            Element::Block => self.flow.block(usize::from(self.is_markdown())),
            Element::Heading(_) => {
                self.headings -= 1;
                if self.is_markdown() {
                    self.flow.outdent();
                }
                self.flow.block(1);
            }
            Element::List(_) => {
                self.lists.pop();
                self.flow.block(usize::from(self.lists.is_empty()));
            }
            Element::Item => {
                self.flow.block(0);
                self.flow.outdent();
            }
            Element::Quote => {
                self.flow.outdent();
                self.flow.block(1);
            }
            Element::Verbatim => {
                self.verbatim -= 1;
                self.flow.block(0);
                if self.is_markdown() {
                    self.flow.outdent();
                }
                self.flow.block(1);
            }
            Element::Row | Element::Table => self.flow.block(0),
            Element::Cell(_) => self.flow.words(" "),
            Element::Link(target) => self.end_link(target),
            Element::Strong | Element::Emphasis | Element::Struck | Element::Code if self.has_markers() => {
                self.codes -= usize::from(element == Element::Code);
                self.flow.cling(marker(&element));
            }
            _ => {}
        }
    }

    fn end_link(&mut self, target: String) {
        if self.is_markdown() {
            // Angle brackets take any target but these; and a table ends a cell wherever its mark stands.
            let codes = [("\\", "%5C"), ("<", "%3C"), (">", "%3E"), (" ", "%20"), ("|", "%7C"), ("&", "\\&")];
            let target = codes.into_iter().fold(target, |target, (from, to)| target.replace(from, to));
            return self.flow.cling(&format!("](<{target}>)"));
        }
        let shown = self.flow.since(self.link_at).trim();
        let is_said = !shown.is_empty() && target.trim_start_matches("mailto:").trim_end_matches('/').ends_with(shown);
        if is_said && shown.contains(['.', '@']) {
            return;
        }
        let next = self.links.len();
        let number = match self.numbers.get(&target) {
            Some(number) => *number,
            None if next < LINKS_MAX => {
                self.numbers.insert(target.clone(), next);
                self.links.push(target);
                next
            }
            None => return,
        };
        self.flow.words(" ");
        self.flow.mark(&format!("[{}]", number + 1));
    }

    /// Text whose lines stay; the one right behind the beginning is no line.
    fn verbatim(&mut self, text: &str) {
        let text = text.replace('\r', "");
        let is_set_in = !self.is_markdown() || self.is_set_in;
        let mut lines = text.split('\n').peekable();
        while let Some(line) = lines.next() {
            let escaped = (!is_set_in).then(|| escape(line.trim_start(), true));
            let line = escaped.as_deref().unwrap_or(line);
            match lines.peek() {
                Some(_) => self.flow.verbatim(line),
                None if line.is_empty() => {}
                None => self.flow.cling(line),
            }
        }
    }

    fn table(&mut self, table: Table<'_>) {
        self.in_cell = true;
        let mut rows: Vec<Vec<String>> = Vec::new();
        for row in table.rows {
            let mut cells = Vec::new();
            for cell in row {
                let outer = std::mem::take(&mut self.flow);
                cell.into_iter().for_each(|piece| self.take(piece));
                let text = std::mem::replace(&mut self.flow, outer).finish();
                cells.push(text.split_whitespace().collect::<Vec<_>>().join(" "));
            }
            rows.push(cells);
        }
        self.in_cell = false;
        self.flow.block(1);
        if self.is_markdown() {
            let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
            let head = if table.is_headed { rows.remove(0) } else { vec![String::new(); columns] };
            let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
            self.flow.verbatim(&line(&head));
            self.flow.verbatim(&format!("|{}", " --- |".repeat(columns)));
            rows.iter().for_each(|row| self.flow.verbatim(&line(row)));
        } else {
            let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max();
            let widths: Vec<usize> = (0..COLUMNS_MAX).map_while(width).collect();
            for row in &rows {
                let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
                self.flow.verbatim(cells.collect::<Vec<_>>().join("  ").trim_end());
            }
        }
        self.flow.block(1);
    }

    fn finish(self) -> String {
        let mut text = self.flow.finish();
        if !self.links.is_empty() {
            text.push('\n');
        }
        for (number, link) in self.links.iter().enumerate() {
            text += &format!("[{}] {link}\n", number + 1);
        }
        text
    }
}

/// A table of data: rows of cells with words in them, as many in each.
struct Table<'h> {
    rows: Vec<Vec<Vec<Piece<'h>>>>,
    is_headed: bool,
}

impl<'h> Table<'h> {
    /// Reads the table behind whose beginning `pieces` stand, and what follows it; `None` if it is there for the layout.
    /// A table in a table ends the reading, so that nothing is read more than twice.
    fn read(pieces: &Pieces<'h>) -> Option<(Self, Pieces<'h>)> {
        let mut pieces = pieces.clone();
        let mut table = Self { rows: Vec::new(), is_headed: false };
        let (mut in_cell, mut octets) = (false, 0);
        loop {
            let piece = pieces.next()?;
            match piece {
                Piece::Close(Element::Table) => break,
                Piece::Open(Element::Row) if !in_cell => {
                    table.rows.push(Vec::new());
                    if table.rows.len() > ROWS_MAX {
                        return None;
                    }
                }
                Piece::Open(Element::Cell(is_head)) => {
                    let is_first = table.rows.len() == 1;
                    let row = table.rows.last_mut().filter(|row| row.len() < COLUMNS_MAX)?;
                    table.is_headed |= is_head && is_first;
                    row.push(Vec::new());
                    (in_cell, octets) = (true, 0);
                }
                Piece::Close(Element::Cell(_)) => in_cell = false,
                Piece::Open(
                    Element::Table | Element::List(_) | Element::Quote | Element::Verbatim | Element::Heading(_),
                )
                | Piece::Rule => return None,
                Piece::Text(ref text) if !in_cell && !text.trim().is_empty() => return None,
                piece if in_cell => {
                    octets += if let Piece::Text(text) = &piece { text.trim().len() } else { 0 };
                    let cell = table.rows.last_mut()?.last_mut().filter(|_| octets <= CELL_MAX)?;
                    cell.push(piece);
                }
                _ => {}
            }
        }
        table.rows.retain(|row| !row.is_empty());
        let columns = table.rows.first()?.len();
        let is_even = columns > 1 && table.rows.len() > 1 && table.rows.iter().all(|row| row.len() == columns);
        is_even.then_some((table, pieces))
    }
}

fn marker(element: &Element) -> &'static str {
    match element {
        Element::Strong => "**",
        Element::Emphasis => "*",
        Element::Code => "`",
        Element::Struck => "~~",
        _ => "",
    }
}

/// Text that Markdown takes for text; at the beginning of a line some more characters mean something.
pub fn escape(text: &str, at_line_start: bool) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut is_first = at_line_start;
    let mut number = at_line_start;
    for c in text.chars() {
        let starts = is_first && matches!(c, '#' | '-' | '+' | '=' | '>' | '~');
        let numbers = number && matches!(c, '.' | ')') && escaped.ends_with(|c: char| c.is_ascii_digit());
        if starts || numbers || matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '&') {
            escaped.push('\\');
        }
        escaped.push(c);
        is_first &= c.is_whitespace() || flow::is_padding(c);
        number &= c.is_whitespace() || flow::is_padding(c) || c.is_ascii_digit();
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn html_becomes_words_and_links() {
        for (html, wanted) in [
            ("<p>Hello&nbsp;<b>Bob</b>,\r\n  how</p><p>Bye", "Hello Bob, how\nBye\n"),
            ("<style>p{}</style><script>x</script><!-- c -->text", "text\n"),
            (
                "<a href=\"https://x.example/?a&amp;b\">here</a> and <a href='javascript:x'>there</a>, \
                 <a href='https://x.example/?a&b'>again</a>",
                "here [1] and there, again [1]\n\n[1] https://x.example/?a&b\n",
            ),
            ("<a href='https://x.example/'>x.example</a> <a href='mailto:a@b.c'>a@b.c</a>", "x.example a@b.c\n"),
            ("<a href='https://evil.example/'>bank.example</a>", "bank.example [1]\n\n[1] https://evil.example/\n"),
            ("<ul><li>a<ul><li>b</ul><li>c</ul><ol start=9><li>d<li>e</ol>", "- a\n  - b\n- c\n\n9. d\n10. e\n"),
            ("a<blockquote>b<br>c<blockquote>d</blockquote></blockquote>e", "a\n\n> b\n> c\n>\n> > d\n\ne\n"),
            ("<pre>\n a\n\n  b</pre>c", "\n a\n\n  b\n\nc\n"),
            ("<h1>T</h1>x<hr>y", "T\n\nx\n\n-----\n\ny\n"),
            (
                "<table><tr><th>Item<th>Price<tr><td>Tea<td>2<tr><td>Coffee<td>3</table>z",
                "Item    Price\nTea     2\nCoffee  3\n\nz\n",
            ),
            ("<table><tr><td><table><tr><td>a<td>b</table><td>c</table>", "a b\nc\n"),
            ("<img src=https://t/ width=1><img alt=Logo src=x>", "[Logo]\n"),
            ("\u{34f}\u{200c} \u{200c}a", "a\n"),
            ("", ""),
        ] {
            assert_eq!(print(html, Form::Plain), wanted, "{html}");
        }
    }

    #[test]
    fn html_becomes_markdown() {
        for (html, wanted) in [
            ("<h2>A *b*</h2><p>c <b>d</b> <i>e</i> <code>f</code>", "## A \\*b\\*\n\nc **d** *e* `f`\n"),
            ("<a href='https://x/(a)'>y</a>", "[y](<https://x/(a)>)\n"),
            ("<p># no\n<p>1. no <p>- no", "\\# no\n\n1\\. no\n\n\\- no\n"),
            ("&lt;script&gt; &amp;lt;", "\\<script\\> \\&lt;\n"),
            ("<table><tr><th>a<th>b<tr><td>1|2<td>3</table>", "| a | b |\n| --- | --- |\n| 1\\|2 | 3 |\n"),
            ("<pre>x *y*\nz</pre>", "    x *y*\n    z\n"),
            ("<ol><li>a<p>b</ol>", "1. a\n\n   b\n"),
            (
                "see!<a href='https://x/'>y</a> oh! <a href='https://x/'>y</a>",
                "see\\![y](<https://x/>) oh! [y](<https://x/>)\n",
            ),
            ("<a href='https://x/?a&lt;=1&copy;\\'>y</a>", "[y](<https://x/?a%3C=1©%5C>)\n"),
            ("<a href='https://x/?a&amp;copy;'>y</a>", "[y](<https://x/?a\\&copy;>)\n"),
            ("<code>a_b`c</code> \u{200b}<p>\u{200b}# d", "`a_b'c`\n\n\\# d\n"),
            ("<pre><code>a_b\n*c*</code></pre>", "    a_b\n    *c*\n"),
            ("<h1><pre>![a](https://x/)</pre></h1>", "#     !\\[a\\](https://x/)\n"),
            (
                "<table><tr><th>a<th>b<tr><td><code>1|2</code><td>3</table>",
                "| a | b |\n| --- | --- |\n| `1\\|2` | 3 |\n",
            ),
        ] {
            assert_eq!(print(html, Form::Markdown), wanted, "{html}");
        }
    }

    #[test]
    fn verbatim_text_that_cannot_be_set_in_is_escaped() {
        for depth in 0..12 {
            let html = format!("{}<pre>x\n![a](https://x/)</pre>", "<blockquote>".repeat(depth));
            let text = print(&html, Form::Markdown);
            let is_code = |line: &str| line.trim_start_matches("> ").starts_with("    ");
            assert!(text.lines().all(|line| is_code(line) || !line.contains("![")), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_markup_makes_the_printer_panic(text in "(<(/?(p|b|a href=http:x|table|tr|td|li|ol|pre|blockquote))|>|x|\n|[<>&;#='\" é!-]){0,60}") {
            let plain = print(&text, Form::Plain);
            prop_assert!(plain.is_empty() || plain.ends_with('\n'));
            print(&text, Form::Markdown);
        }
    }
}
