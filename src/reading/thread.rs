//! Threads: which message answers which, by what they say of each other.
//!
//! Every message hangs below the last one it names, if need be below one that is not there: a gap. What others say about
//! the order of missing messages joins what is left. Links go from roots only and are never taken back, so that a set of
//! joined trees, which knows its root in next to no time, finds each circle before it is closed; nothing recurses. All
//! of it is linear in the ids but for the sorting.
//! RFC 5256 §2.1, §2.2, §3 (REFERENCES), after Jamie Zawinski. Knows no message: it is told ids, dates and subjects.

use super::base_subject::{self, BaseSubject};
use crate::world::Timestamp;
use std::collections::HashMap;

/// Ids of one message that are looked at: the oldest, and the rest counted from the youngest.
const REFERENCES_MAX: usize = 200;

/// What a message says about its place.
#[derive(Debug, Clone, Default)]
pub struct Letter {
    /// Its Message-ID, without brackets.
    pub id: Option<String>,
    /// The messages it goes back to, the oldest first: References, or the first id of In-Reply-To.
    pub references: Vec<String>,
    /// When it was sent, or came.
    pub date: Option<Timestamp>,
    /// Its subject, decoded.
    pub subject: String,
}

/// What holds threads together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// What messages name.
    References,
    /// The same, and then the subjects of those that name nothing (RFC 5256 §3, step 5).
    Subjects,
}

/// What to do about messages that are named and not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gaps {
    /// They stand where they would be; several in a row are one gap.
    Show,
    /// As IMAP's THREAD wants it: only where several answer one that is not there, and began a thread.
    Prune,
}

/// A line of the picture, in its order: threads by their dates, each message before its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The number of the message, as it was handed in; none for a gap.
    pub message: Option<usize>,
    /// Messages that are missing here, if it is a gap that was named; 0 where a subject alone joins what is below.
    pub missing: usize,
    /// The row of the message that it answers; none for the beginning of a thread.
    pub parent: Option<usize>,
    /// How many are above it.
    pub depth: usize,
    /// Whether no other answer to the same message follows.
    pub is_last: bool,
}

/// Puts messages into threads.
pub fn threads(letters: &[Letter], by: By, gaps: Gaps) -> Vec<Row> {
    let mut forest = Forest::of(letters);
    let order = forest.order();
    forest.prune(&order, gaps);
    if by == By::Subjects {
        forest.join_subjects(letters);
    }
    forest.rows(letters)
}

/// A message or a gap, among others.
#[derive(Debug, Clone, Default)]
struct Node {
    message: Option<usize>,
    missing: usize,
    parent: Option<usize>,
    children: Vec<usize>,
}

/// All of them; those of messages come first, in their order.
struct Forest {
    nodes: Vec<Node>,
    roots: Vec<usize>,
}

impl Forest {
    fn of(letters: &[Letter]) -> Self {
        let mut nodes: Vec<Node> = (0..letters.len()).map(|at| Node { message: Some(at), ..Node::default() }).collect();
        let mut known: HashMap<String, usize> = HashMap::with_capacity(letters.len());
        for (at, letter) in letters.iter().enumerate() {
            // Of two with one id the first is meant; the other has none (RFC 5256 §3, step 1.A).
            if let Some(id) = &letter.id {
                known.entry(normal(id)).or_insert(at);
            }
        }
        let named: Vec<Vec<usize>> = letters
            .iter()
            .map(|letter| {
                let youngest = letter.references.len().saturating_sub(REFERENCES_MAX - 1).max(1);
                let kept = letter.references.iter().take(1).chain(letter.references.iter().skip(youngest));
                let place = |id: &String| {
                    *known.entry(normal(id)).or_insert_with(|| {
                        nodes.push(Node { missing: 1, ..Node::default() });
                        nodes.len() - 1
                    })
                };
                kept.map(place).collect()
            })
            .collect();
        let mut trees = Trees((0..nodes.len()).collect());
        let mut link = |parent: usize, child: usize| {
            // Below itself nothing can be, and a child has one parent.
            if nodes[child].parent.is_none() && trees.root(parent) != child {
                nodes[child].parent = Some(parent);
                trees.0[child] = parent;
            }
        };
        // What a message says about itself goes before what others say about it.
        for (at, references) in named.iter().enumerate() {
            if let Some(last) = references.last() {
                link(*last, at);
            }
        }
        for references in &named {
            references.windows(2).for_each(|pair| link(pair[0], pair[1]));
        }
        let mut roots = Vec::new();
        for at in 0..nodes.len() {
            match nodes[at].parent {
                Some(parent) => nodes[parent].children.push(at),
                None => roots.push(at),
            }
        }
        Self { nodes, roots }
    }

    /// All nodes, each before those below it.
    fn order(&self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.nodes.len());
        let mut waiting: Vec<usize> = self.roots.iter().rev().copied().collect();
        while let Some(at) = waiting.pop() {
            order.push(at);
            waiting.extend(self.nodes[at].children.iter().rev());
        }
        order
    }

    /// Takes out the gaps that tell nothing (RFC 5256 §3, step 3), from the leaves upwards.
    fn prune(&mut self, order: &[usize], gaps: Gaps) {
        for at in order.iter().rev() {
            let children = std::mem::take(&mut self.nodes[*at].children);
            self.nodes[*at].children = self.kept(children, gaps);
        }
        // A gap that began a thread of one tells nothing; one that several answer holds them together.
        for root in std::mem::take(&mut self.roots) {
            let mut at = root;
            while let (None, [only]) = (self.nodes[at].message, self.nodes[at].children.as_slice()) {
                at = *only;
            }
            if self.nodes[at].message.is_some() || !self.nodes[at].children.is_empty() {
                self.roots.push(at);
            }
        }
    }

    /// Of some children those that stay, and in the place of the others theirs.
    fn kept(&mut self, children: Vec<usize>, gaps: Gaps) -> Vec<usize> {
        let mut kept = Vec::with_capacity(children.len());
        for child in children {
            let node = &self.nodes[child];
            match (node.message, node.children.as_slice(), gaps) {
                (Some(_), ..) => kept.push(child),
                (None, [], _) => {}
                (None, [only], Gaps::Show) if self.nodes[*only].message.is_none() => {
                    // Gaps in a row become one.
                    let only = *only;
                    self.nodes[only].missing += self.nodes[child].missing;
                    kept.push(only);
                }
                (None, _, Gaps::Show) => kept.push(child),
                (None, below, Gaps::Prune) => kept.extend(below),
            }
        }
        kept
    }

    /// Joins threads of one subject (RFC 5256 §3, step 5).
    fn join_subjects(&mut self, letters: &[Letter]) {
        self.sort(letters);
        let subject_of = |forest: &Self, at: usize| -> BaseSubject {
            let node = &forest.nodes[at];
            let first = node.children.first().and_then(|child| forest.nodes[*child].message);
            let letter = node.message.or(first).and_then(|message| letters.get(message));
            letter.map(|letter| base_subject::of(&letter.subject)).unwrap_or_default()
        };
        let roots = std::mem::take(&mut self.roots);
        let subjects: Vec<BaseSubject> = roots.iter().map(|root| subject_of(self, *root)).collect();
        let is_gap = |forest: &Self, at: usize| forest.nodes[at].message.is_none();
        let mut table: HashMap<&str, (usize, bool)> = HashMap::new();
        for (root, subject) in roots.iter().zip(&subjects).filter(|(_, subject)| !subject.text.is_empty()) {
            let entry = table.entry(&subject.text).or_insert((*root, subject.is_reply));
            let is_better = is_gap(self, *root) || entry.1 && !subject.is_reply;
            if entry.0 != *root && !is_gap(self, entry.0) && is_better {
                *entry = (*root, subject.is_reply);
            }
        }
        let mut joined = vec![false; roots.len()];
        for ((at, root), subject) in roots.iter().enumerate().zip(&subjects) {
            let Some(entry) = table.get_mut(subject.text.as_str()) else { continue };
            let head = entry.0;
            if head == *root {
                continue;
            }
            joined[at] = true;
            match (is_gap(self, head), is_gap(self, *root)) {
                (true, true) => {
                    let below = std::mem::take(&mut self.nodes[*root].children);
                    self.nodes[head].children.extend(below);
                }
                (true, false) => self.nodes[head].children.push(*root),
                _ if subject.is_reply && !entry.1 => self.nodes[head].children.push(*root),
                _ => {
                    // Two that began alike: neither answers the other. The new gap takes the place of the first.
                    let first = std::mem::replace(&mut self.nodes[head], Node::default());
                    let moved = self.nodes.len();
                    self.nodes.push(first);
                    self.nodes[head].children = vec![moved, *root];
                }
            }
        }
        self.roots = roots.iter().zip(joined).filter(|(_, joined)| !joined).map(|(root, _)| *root).collect();
    }

    /// Sorts all siblings by date, and those of one date in the order in which they were handed in.
    fn sort(&mut self, letters: &[Letter]) {
        let mut dates: Vec<(Option<Timestamp>, usize)> = vec![(None, usize::MAX); self.nodes.len()];
        for at in self.order().into_iter().rev() {
            let mut children = std::mem::take(&mut self.nodes[at].children);
            children.sort_by_key(|child| dates[*child]);
            let first = children.first().map(|child| dates[*child]);
            let own = self.nodes[at].message.map(|message| (letters.get(message).and_then(|l| l.date), message));
            // A gap is as old as the first of its answers (RFC 5256 §3, step 4).
            dates[at] = own.or(first).unwrap_or((None, usize::MAX));
            self.nodes[at].children = children;
        }
        self.roots.sort_by_key(|root| dates[*root]);
    }

    fn rows(mut self, letters: &[Letter]) -> Vec<Row> {
        self.sort(letters);
        let mut rows: Vec<Row> = Vec::with_capacity(self.nodes.len());
        let mut waiting: Vec<(usize, Option<usize>, usize, bool)> = Vec::new();
        let pushed = |children: &[usize], parent: Option<usize>, depth: usize| {
            let last = children.len().saturating_sub(1);
            children.iter().enumerate().rev().map(|(at, child)| (*child, parent, depth, at == last)).collect::<Vec<_>>()
        };
        waiting.extend(pushed(&self.roots, None, 0));
        while let Some((at, parent, depth, is_last)) = waiting.pop() {
            let Node { message, missing, children, .. } = &self.nodes[at];
            rows.push(Row { message: *message, missing: *missing, parent, depth, is_last });
            waiting.extend(pushed(children, Some(rows.len() - 1), depth + 1));
        }
        rows
    }
}

/// Which tree somebody stands in: each knows somebody above it, and learns the root when it is asked.
struct Trees(Vec<usize>);

impl Trees {
    fn root(&mut self, start: usize) -> usize {
        let mut root = start;
        while self.0[root] != root {
            root = self.0[root];
        }
        let mut at = start;
        while self.0[at] != root {
            at = std::mem::replace(&mut self.0[at], root);
        }
        root
    }
}

/// Quotes in an id are no part of it (RFC 5256 §3); case is.
fn normal(id: &str) -> String {
    id.replace('"', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn letter(id: &str, references: &str, day: i64, subject: &str) -> Letter {
        Letter {
            id: Some(id.to_owned()).filter(|id| !id.is_empty()),
            references: references.split_whitespace().map(str::to_owned).collect(),
            date: Timestamp::from_second(day * 86_400).ok(),
            subject: subject.to_owned(),
        }
    }

    /// `a(b(c)d)`, gaps as `?` with their number.
    fn drawn(letters: &[Letter], by: By, gaps: Gaps) -> String {
        let rows = threads(letters, by, gaps);
        let mut text = String::new();
        let mut depth = 0;
        for row in &rows {
            while depth > row.depth {
                text.push(')');
                depth -= 1;
            }
            if depth < row.depth {
                text.push('(');
                depth += 1;
            } else if !text.is_empty() {
                text.push(' ');
            }
            match row.message {
                Some(at) => text += letters[at].id.as_deref().unwrap_or("-"),
                None => text += &format!("?{}", row.missing),
            }
        }
        text + &")".repeat(depth)
    }

    #[test]
    fn messages_hang_below_what_they_answer() {
        for (what, letters, shown, pruned) in [
            ("nothing", vec![], "", ""),
            ("strangers by date", vec![letter("b", "", 2, ""), letter("a", "", 1, "")], "a b", "a b"),
            ("an answer before its question", vec![letter("b", "a", 1, ""), letter("a", "", 2, "")], "a(b)", "a(b)"),
            (
                "answers by date",
                vec![
                    letter("a", "", 1, ""),
                    letter("c", "a", 3, ""),
                    letter("b", "a", 2, ""),
                    letter("d", "a b", 4, ""),
                ],
                "a(b(d) c)",
                "a(b(d) c)",
            ),
            ("one answer to what is missing", vec![letter("b", "x y", 1, "")], "b", "b"),
            (
                "two answers to what is missing",
                vec![letter("b", "x", 1, ""), letter("c", "x", 2, "")],
                "?1(b c)",
                "?1(b c)",
            ),
            ("gaps in the middle", vec![letter("a", "", 1, ""), letter("b", "a x y", 2, "")], "a(?2(b))", "a(b)"),
            (
                "a gap that branches",
                vec![letter("a", "", 1, ""), letter("b", "a x", 2, ""), letter("c", "a x y", 3, "")],
                "a(?1(b ?1(c)))",
                "a(b c)",
            ),
            (
                "one that lost its references, and another that knows better",
                vec![letter("a", "", 1, ""), letter("b", "", 2, ""), letter("c", "a b", 3, "")],
                "a(b(c))",
                "a(b(c))",
            ),
            (
                "two with one id",
                vec![letter("a", "", 1, ""), letter("a", "", 2, ""), letter("b", "a", 3, "")],
                "a(b) a",
                "a(b) a",
            ),
            ("no id", vec![letter("", "a", 2, ""), letter("a", "", 1, "")], "a(-)", "a(-)"),
            ("itself", vec![letter("a", "a", 1, "")], "a", "a"),
            ("a circle", vec![letter("a", "b", 1, ""), letter("b", "a", 2, "")], "b(a)", "b(a)"),
            ("a circle of gaps", vec![letter("a", "x y x", 1, ""), letter("b", "y", 2, "")], "?1(a ?1(b))", "?1(a b)"),
            ("quoted ids", vec![letter("\"1\"@x", "", 1, ""), letter("b", "1@x", 2, "")], "\"1\"@x(b)", "\"1\"@x(b)"),
        ] {
            assert_eq!(drawn(&letters, By::References, Gaps::Show), shown, "{what}");
            assert_eq!(drawn(&letters, By::References, Gaps::Prune), pruned, "{what}");
        }
    }

    #[test]
    fn subjects_join_threads_where_that_is_wanted() {
        for (what, letters, wanted) in [
            ("an answer that names nothing", vec![letter("a", "", 1, "Hi"), letter("b", "", 2, "Re: hi")], "a(b)"),
            ("an answer before", vec![letter("b", "", 1, "Re: hi"), letter("a", "", 2, "Hi")], "a(b)"),
            ("two beginnings", vec![letter("a", "", 1, "Hi"), letter("b", "", 2, "Hi")], "?0(a b)"),
            (
                "three beginnings",
                vec![letter("a", "", 1, "Hi"), letter("b", "", 2, "Hi"), letter("c", "", 3, "Re: Hi")],
                "?0(a b c)",
            ),
            ("two answers", vec![letter("a", "", 1, "Re: Hi"), letter("b", "", 2, "Re: Hi")], "?0(a b)"),
            ("no subjects", vec![letter("a", "", 1, "Re:"), letter("b", "", 2, "")], "a b"),
            (
                "a gap and a beginning",
                vec![letter("b", "x", 1, "Re: Hi"), letter("c", "x", 2, "Re: Hi"), letter("a", "", 3, "Hi")],
                "?1(b c a)",
            ),
            (
                "two gaps",
                vec![
                    letter("b", "x", 1, "Hi"),
                    letter("c", "x", 2, "Hi"),
                    letter("d", "y", 3, "Hi"),
                    letter("e", "y", 4, "Hi"),
                ],
                "?1(b c d e)",
            ),
        ] {
            assert_eq!(drawn(&letters, By::Subjects, Gaps::Show), wanted, "{what}");
        }
    }

    #[test]
    fn chains_of_any_length_cost_no_stack_and_little_time() {
        const LENGTH: usize = 100_000;
        let chain = |at: usize| {
            let before = if at == 0 { String::new() } else { format!("m{}", at - 1) };
            letter(&format!("m{at}"), &before, 1, "")
        };
        // Forwards, backwards, and from everywhere at once.
        let orders: [fn(usize) -> usize; 3] = [|at| at, |at| LENGTH - 1 - at, |at| at * 7_919 % LENGTH];
        for order in orders {
            let letters: Vec<Letter> = (0..LENGTH).map(|at| chain(order(at))).collect();
            for gaps in [Gaps::Show, Gaps::Prune] {
                let rows = threads(&letters, By::References, gaps);
                assert_eq!(rows.iter().map(|row| row.depth).max(), Some(LENGTH - 1));
            }
        }
        // A star, and one message that names very many.
        let mut letters: Vec<Letter> = (0..LENGTH).map(|at| letter(&format!("s{at}"), "x", 1, "Hi")).collect();
        let names: Vec<String> = (0..LENGTH).map(|at| format!("n{at}")).collect();
        letters.push(Letter { references: names, ..Letter::default() });
        assert_eq!(threads(&letters, By::Subjects, Gaps::Show).len(), LENGTH + 2);
    }

    proptest! {
        #[test]
        fn every_message_stands_once_below_its_parent_whatever_is_named(
            named in proptest::collection::vec((0u8..12, proptest::collection::vec(0u8..12, 0..4), 0i64..3, 0u8..3), 0..14),
            subjects in any::<bool>(),
            shown in any::<bool>(),
        ) {
            let one = |(id, references, day, subject): &(u8, Vec<u8>, i64, u8)| {
                let references: Vec<String> = references.iter().map(u8::to_string).collect();
                letter(&id.to_string(), &references.join(" "), *day, ["", "a", "re: a"][usize::from(*subject)])
            };
            let letters: Vec<Letter> = named.iter().map(one).collect();
            let by = if subjects { By::Subjects } else { By::References };
            let rows = threads(&letters, by, if shown { Gaps::Show } else { Gaps::Prune });
            let mut seen: Vec<usize> = rows.iter().filter_map(|row| row.message).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..letters.len()).collect::<Vec<_>>());
            for (at, row) in rows.iter().enumerate() {
                let depth = row.parent.map_or(0, |parent| rows[parent].depth + 1);
                prop_assert!(row.depth == depth && row.parent.is_none_or(|parent| parent < at));
                // Who is the last has no younger sibling.
                let follows = rows[at + 1..].iter().any(|other| other.parent == row.parent);
                prop_assert_eq!(row.is_last, !follows);
                // Below a gap there is something.
                prop_assert!(row.message.is_some() || rows[at + 1..].iter().any(|other| other.parent == Some(at)));
            }
        }
    }
}
