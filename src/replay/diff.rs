//! What differs between two traces, but for what always does: times, dates, ids, tags.
//!
//! Conversations are compared in their order, and within each of them line by line, with as many lines in common as
//! there can be.

use super::tolerance::{tagged, usual};
use crate::wire::event::{Event, Happening, NotAnEvent, parse};
use std::collections::{BTreeMap, HashSet};

/// Of longer conversations the middle, where they differ, is not compared line by line: that takes the square of it.
const COMPARED_MAX: usize = 3000;

/// A line of what was compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// In both.
    Both(String),
    /// In the first only.
    First(String),
    /// In the second only.
    Second(String),
}

/// Two conversations that are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Their place among the others, from 1.
    pub number: usize,
    /// Their lines.
    pub lines: Vec<Line>,
}

impl Line {
    /// Whether it is in both.
    pub fn is_common(&self) -> bool {
        matches!(self, Self::Both(_))
    }
}

impl Compared {
    /// How many lines are in one of them only.
    pub fn differences(&self) -> usize {
        self.lines.iter().filter(|line| !line.is_common()).count()
    }
}

/// Compares all conversations of two traces.
pub fn compare(first: &str, second: &str) -> Result<Vec<Compared>, NotAnEvent> {
    let (first, second) = (conversations(&parse(first)?), conversations(&parse(second)?));
    let count = first.len().max(second.len());
    let empty = Vec::new();
    let pair = |at: usize| (first.get(at).unwrap_or(&empty), second.get(at).unwrap_or(&empty));
    Ok((0..count)
        .map(|at| {
            let (first, second) = pair(at);
            Compared { number: at + 1, lines: lines(first, second) }
        })
        .collect())
}

/// A line as it is shown, and as it is compared.
type Said = (String, String);

/// What was said in each conversation, in the order of their numbers.
fn conversations(events: &[Event]) -> Vec<Vec<Said>> {
    let mut conversations = BTreeMap::<u32, Vec<Said>>::new();
    let mut tags = HashSet::new();
    for event in events {
        // Where it led to, why, and who closed first, says nothing about what was said.
        use Happening::{Closed, Connect, Decision, Note};
        if matches!(event.event, Some(Connect | Closed { .. } | Decision(_) | Note { .. })) {
            continue;
        }
        let shown = match event.entry() {
            Some(_) => Event { conn: 1, ..event.clone() }.lines(),
            None => Event { conn: 1, peer: None, ..event.clone() }.lines().into_iter().take(1).collect(),
        };
        for shown in shown {
            let compared = alike(&shown, &mut tags);
            conversations.entry(event.conn).or_default().push((shown, compared));
        }
    }
    conversations.into_values().collect()
}

/// A line without what is another one each time.
fn alike(line: &str, tags: &mut HashSet<String>) -> String {
    let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
    if mark == "C:"
        && let Some((tag, _)) = tagged(rest)
    {
        tags.insert(tag.to_owned());
    }
    let (tag, behind) = rest.split_once(' ').unwrap_or((rest, ""));
    match tags.contains(tag) {
        true => usual(&format!("{mark} TAG {behind}")),
        false => usual(line),
    }
}

/// The lines of both, with as many in common as there can be.
fn lines(first: &[Said], second: &[Said]) -> Vec<Line> {
    let is_same = |a: &Said, b: &Said| a.1 == b.1;
    let before = first.iter().zip(second).take_while(|(a, b)| is_same(a, b)).count();
    let (first_rest, second_rest) = (&first[before..], &second[before..]);
    let behind = first_rest.iter().rev().zip(second_rest.iter().rev()).take_while(|(a, b)| is_same(a, b)).count();
    let (first_middle, tail) = first_rest.split_at(first_rest.len() - behind);
    let second_middle = &second_rest[..second_rest.len() - behind];
    let both = |said: &Said| Line::Both(said.0.clone());
    let head = first[..before].iter().map(both);
    head.chain(middle(first_middle, second_middle)).chain(tail.iter().map(both)).collect()
}

fn middle(first: &[Said], second: &[Said]) -> Vec<Line> {
    let only_first = |said: &Said| Line::First(said.0.clone());
    let only_second = |said: &Said| Line::Second(said.0.clone());
    if first.len() > COMPARED_MAX || second.len() > COMPARED_MAX {
        return first.iter().map(only_first).chain(second.iter().map(only_second)).collect();
    }
    // For each two places, how many lines are in common behind them.
    let width = second.len() + 1;
    let mut common = vec![0_u16; (first.len() + 1) * width];
    for a in (0..first.len()).rev() {
        for b in (0..second.len()).rev() {
            common[a * width + b] = match first[a].1 == second[b].1 {
                true => common[(a + 1) * width + b + 1] + 1,
                false => common[(a + 1) * width + b].max(common[a * width + b + 1]),
            };
        }
    }
    let (mut a, mut b) = (0, 0);
    let mut lines = Vec::new();
    while a < first.len() || b < second.len() {
        let (one, other) = (first.get(a), second.get(b));
        match (one, other) {
            (Some(one), Some(other)) if one.1 == other.1 => {
                lines.push(Line::Both(one.0.clone()));
                (a, b) = (a + 1, b + 1);
            }
            (Some(one), other) if other.is_none() || common[(a + 1) * width + b] >= common[a * width + b + 1] => {
                lines.push(only_first(one));
                a += 1;
            }
            (_, Some(other)) => {
                lines.push(only_second(other));
                b += 1;
            }
            (_, None) => break,
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn differing(first: &str, second: &str) -> Vec<Line> {
        let compared = compare(first, second).expect("traces");
        compared.into_iter().flat_map(|compared| compared.lines).filter(|line| !line.is_common()).collect()
    }

    #[test]
    fn what_is_another_one_each_time_is_no_difference() {
        for (first, second) in [
            ("[1ms] S: 250 ok", "[9ms +3ms] S: 250 ok"),
            ("S: 250 queued as 01M81DG7NC00TA3G", "S: 250 queued as 01M81DHHHHH0TA3G"),
            ("C: Date: Sun, 22 Nov 2026 10:40:47 +0000", "C: Date: Mon, 2 Nov 2026 1:40:47 +0100"),
            ("C: Message-ID: <1m81dg7n1.sq4x@x.example>", "C: Message-ID: <1m91dg7n1.aaaa@x.example>"),
            ("C: a1 NOOP\nS: a1 OK", "C: m7 NOOP\nS: m7 OK"),
            ("S: x 22-Nov-2026 10:40:47 +0000", "S: x 23-Nov-2027 10:40:47 +0000"),
            ("3S: 220 mx\n3-- closed", "-- connect 192.0.2.1:25\nS: 220 mx"),
        ] {
            assert_eq!(differing(first, second), [], "{first} {second}");
        }
    }

    #[test]
    fn a_difference_is_found_where_it_is() {
        let first = "S: 220 mx\nC: EHLO a\nS: 250-SIZE 10\nS: 250 DSN\nC: QUIT\n";
        let second = "S: 220 mx\nC: EHLO a\nS: 250 DSN\nC: NOOP\nC: QUIT\n";
        let wanted = [Line::First("S: 250-SIZE 10".into()), Line::Second("C: NOOP".into())];
        assert_eq!(differing(first, second), wanted);
        assert_eq!(differing("C: RCPT TO:<bob@x>\nS: 250 ok", "C: RCPT TO:<eve@x>\nS: 550 no").len(), 4);
        assert_eq!(differing("S: 220 mx", "S: 220 mx\n2S: 220 mx").len(), 1);
    }

    proptest! {
        #[test]
        fn both_are_there_whole(first in "(S: [abc]\n){0,9}", second in "(S: [abc]\n){0,9}") {
            let lines = compare(&first, &second).expect("traces").into_iter().flat_map(|compared| compared.lines);
            let (mut one, mut other) = (String::new(), String::new());
            for line in lines {
                match line {
                    Line::Both(text) => { one += &(text.clone() + "\n"); other += &(text + "\n"); }
                    Line::First(text) => one += &(text + "\n"),
                    Line::Second(text) => other += &(text + "\n"),
                }
            }
            prop_assert_eq!((one, other), (first, second));
        }
    }
}
