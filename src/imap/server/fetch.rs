//! FETCH: one message after another, one piece after another.
//!
//! What rows hold is printed at once. Header sections are read as far as they go, structures are asked for, and all
//! other octets go through in pieces: memory stays one piece, or one header section, whatever the mailbox holds.
//! RFC 3501 §6.4.5, §7.4.2; RFC 2180 §4.1.

use super::ask::{Answer, Ask, Refusal};
use super::job::{Core, FLUSH_AT, Job, Step};
use super::view::View;
use super::words::{self, Done};
use crate::imap::fetch::{Item, Octets, What};
use crate::imap::flag::{Flags, SystemFlag};
use crate::imap::header::{self, HEADER_MAX};
use crate::imap::mailbox::{FlagChange, Row};
use crate::imap::response::flag_list;
use crate::imap::set::SequenceSet;
use crate::imap::structure::Structure;
use crate::imap::{date, envelope};
use crate::message::field::fields;
use crate::message::overview::Overview;
use crate::wire::session::Output;
use std::ops::Range;

/// Octets asked for in one go.
const PIECE: u64 = 64 * 1024;
/// The first look at a header section: most end within it.
const HEADER_PIECE: u64 = 16 * 1024;

pub(super) fn fetch(
    set: &SequenceSet,
    mut items: Vec<Item>,
    has_uids: bool,
    core: &mut Core,
    out: &mut Output,
) -> Step {
    let Some(view) = &mut core.view else { return Step::confused() };
    let places = if has_uids { Ok(view.by_uids(set)) } else { view.by_numbers(set) };
    let Ok(places) = places else { return Step::Done(words::no_such_number()) };
    // RFC 9051 §6.4.9: UID FETCH always tells the UID.
    if has_uids && !items.contains(&Item::Uid) {
        items.insert(0, Item::Uid);
    }
    // Said twice, told once: what costs a whole header section is not to be had two hundred times.
    let mut told = Vec::with_capacity(items.len());
    for item in items {
        if !told.contains(&item) {
            told.push(item);
        }
    }
    let items = told;
    let mut marking = items.iter().filter(|item| matches!(item, Item::Octets(octets) if octets.marks_seen));
    let marks_seen = !view.read_only && marking.next().is_some();
    let places = places.into_iter();
    let fetching =
        Fetching { items, marks_seen, places, range: 0..0, some_gone: false, message: None, wait: Wait::Write };
    Box::new(fetching).go_on(view, out)
}

/// A FETCH on its way.
struct Fetching {
    items: Vec<Item>,
    marks_seen: bool,
    /// The messages to come.
    places: std::vec::IntoIter<Range<usize>>,
    range: Range<usize>,
    some_gone: bool,
    message: Option<Message>,
    wait: Wait,
}

/// The message at hand.
struct Message {
    index: usize,
    /// The next item.
    item: usize,
    /// What is printed of it, and not said yet.
    line: Vec<u8>,
    /// Whether some of it was said, so that the rest must follow.
    is_begun: bool,
    /// Whether it has become seen by this.
    became_seen: bool,
    /// Its header section, or as much of it as anybody looks at.
    header: Option<Vec<u8>>,
    /// Whether the header section ends where `header` does.
    is_header_whole: bool,
}

/// What the world was asked for.
enum Wait {
    /// To write what was said.
    Write,
    /// To mark the message as seen.
    Seen,
    /// The structure of the message.
    Structure,
    /// More of the header section.
    Header(Vec<u8>),
    /// More of the header section of a part, up to an end that is known.
    Fields(Vec<u8>, Range<u64>),
    /// More octets, from here to there; the first ones come with their label.
    Octets(Range<u64>, IsFirst),
}

/// Whether nothing of a section was said yet.
type IsFirst = bool;

/// How an item goes on.
enum Printed {
    /// It is printed.
    Whole,
    /// It needs something first.
    Needs(Ask, Wait),
}

impl Fetching {
    /// Prints until something is needed, or all is told.
    fn go_on(mut self: Box<Self>, view: &mut View, out: &mut Output) -> Step {
        loop {
            let Some(mut message) = self.message.take() else {
                let Some(index) = self.next_place() else {
                    return Step::Done(if self.some_gone { words::gone() } else { Done::completed() });
                };
                if let Some(ask) = self.begin(index, view) {
                    self.wait = Wait::Seen;
                    return Step::Ask(ask, self);
                }
                continue;
            };
            if message.line.len() >= FLUSH_AT {
                // A long header section, asked for in many ways: what is printed need not wait for the rest.
                out.raw(&std::mem::take(&mut message.line));
                message.is_begun = true;
                self.message = Some(message);
                self.wait = Wait::Write;
                return Step::Ask(Ask::Flush, self);
            }
            let Some(row) = view.row(message.index) else { return Step::confused() };
            if let Some(item) = self.items.get(message.item) {
                if let Printed::Needs(ask, wait) = print(item, &mut message, row, view) {
                    // Octets follow what was printed before them; the rest may still be thrown away.
                    self.message = Some(message);
                    self.wait = wait;
                    return Step::Ask(ask, self);
                }
                message.item += 1;
                self.message = Some(message);
                continue;
            }
            if message.became_seen && !self.items.contains(&Item::Flags) {
                message.line.extend_from_slice(format!(" FLAGS {}", flag_list(&row.flags, row.recent)).as_bytes());
            }
            message.line.extend_from_slice(b")\r\n");
            out.raw(&message.line);
            if out.as_slice().len() >= FLUSH_AT {
                self.wait = Wait::Write;
                return Step::Ask(Ask::Flush, self);
            }
        }
    }

    fn next_place(&mut self) -> Option<usize> {
        loop {
            if let Some(index) = self.range.next() {
                return Some(index);
            }
            self.range = self.places.next()?;
        }
    }

    /// Begins with a message, unless it is gone; asks to mark it as seen if need be.
    fn begin(&mut self, index: usize, view: &View) -> Option<Ask> {
        let row = view.row(index)?;
        if view.is_gone(row.uid) {
            self.some_gone = true;
            return None;
        }
        let line = format!("* {} FETCH (", index + 1).into_bytes();
        self.message = Some(Message {
            index,
            item: 0,
            line,
            is_begun: false,
            became_seen: false,
            header: None,
            is_header_whole: false,
        });
        (self.marks_seen && !row.flags.has(SystemFlag::Seen)).then(|| Ask::StoreFlags {
            mailbox: view.name.clone(),
            uids: vec![row.uid],
            change: FlagChange::Add(seen()),
        })
    }

    /// The message cannot be told.
    fn give_up(mut self: Box<Self>, why: Refusal, view: &mut View, out: &mut Output) -> Step {
        if self.message.take().is_none_or(|message| message.is_begun) {
            // In the middle of a literal, whose length was promised: nothing that could be said would be understood.
            return Step::Close;
        }
        if why == Refusal::Gone {
            self.some_gone = true;
            return self.go_on(view, out);
        }
        Step::Done(words::refused(why))
    }

    /// Takes a piece of the message.
    fn piece(mut self: Box<Self>, octets: Vec<u8>, view: &mut View, out: &mut Output) -> Step {
        let Some(message) = &mut self.message else { return Step::confused() };
        let Some(row) = view.row(message.index) else { return Step::confused() };
        match std::mem::replace(&mut self.wait, Wait::Write) {
            Wait::Header(mut header) => {
                let is_end = octets.is_empty() || (header.len() + octets.len()) as u64 >= row.size;
                header.extend_from_slice(&octets);
                match header::len(&header, is_end) {
                    Some(len) => {
                        header.truncate(len);
                        message.is_header_whole = true;
                        message.header = Some(header);
                    }
                    None if header.len() >= HEADER_MAX => message.header = Some(header),
                    None => {
                        let ask = read(header.len() as u64..row.size, PIECE, row, view);
                        self.wait = Wait::Header(header);
                        return Step::Ask(ask, self);
                    }
                }
            }
            Wait::Fields(mut header, rest) => {
                header.extend_from_slice(&octets);
                let rest = rest.start + octets.len() as u64..rest.end;
                if !octets.is_empty() && rest.start < rest.end {
                    let ask = read(rest.clone(), PIECE, row, view);
                    self.wait = Wait::Fields(header, rest);
                    return Step::Ask(ask, self);
                }
                if let Some(Item::Octets(octets)) = self.items.get(message.item) {
                    print_selected(octets, &header, message);
                    message.item += 1;
                }
            }
            Wait::Octets(rest, is_first) => {
                let len = octets.len() as u64;
                if len == 0 || len > rest.end - rest.start {
                    return self.give_up(Refusal::Temporary, view, out);
                }
                if let (true, Some(Item::Octets(item))) = (is_first, self.items.get(message.item)) {
                    print_label(item, message);
                    message.line.extend_from_slice(format!(" {{{}}}\r\n", rest.end - rest.start).as_bytes());
                    out.raw(&std::mem::take(&mut message.line));
                    message.is_begun = true;
                }
                out.raw(&octets);
                let rest = rest.start + len..rest.end;
                if rest.start < rest.end {
                    let ask = read(rest.clone(), PIECE, row, view);
                    self.wait = Wait::Octets(rest, false);
                    return Step::Ask(ask, self);
                }
                message.item += 1;
            }
            Wait::Write | Wait::Seen | Wait::Structure => return Step::confused(),
        }
        self.go_on(view, out)
    }
}

impl Job for Fetching {
    fn answer(mut self: Box<Self>, answer: Answer, core: &mut Core, out: &mut Output) -> Step {
        let Some(view) = &mut core.view else { return Step::confused() };
        match (&self.wait, answer) {
            (Wait::Write, Answer::Done(_)) => self.go_on(view, out),
            (Wait::Seen, Answer::Rows(Ok(rows))) => {
                if rows.is_empty() {
                    return self.give_up(Refusal::Gone, view, out);
                }
                let uids: Vec<_> = rows.iter().map(|row| row.uid).collect();
                view.absorb_own(rows, |flags| flags.add(&seen()));
                uids.into_iter().for_each(|uid| view.was_told(uid));
                if let Some(message) = &mut self.message {
                    message.became_seen = true;
                }
                self.go_on(view, out)
            }
            (Wait::Structure, Answer::Structure(Ok(structure))) => {
                let row = self.message.as_ref().and_then(|message| view.row(message.index));
                view.structure = row.map(|row| (row.uid, structure));
                self.go_on(view, out)
            }
            (_, Answer::Piece(Ok(octets))) => self.piece(octets, view, out),
            (_, Answer::Rows(Err(why)) | Answer::Structure(Err(why)) | Answer::Piece(Err(why))) => {
                self.give_up(why, view, out)
            }
            _ => Step::confused(),
        }
    }

    fn is_in_literal(&self) -> bool {
        self.message.as_ref().is_some_and(|message| message.is_begun)
    }
}

fn seen() -> Flags {
    Flags::from_parts(SystemFlag::Seen as u8, [])
}

fn read(range: Range<u64>, len: u64, row: &Row, view: &View) -> Ask {
    let len = usize::try_from(len.min(range.end.saturating_sub(range.start))).unwrap_or(usize::MAX);
    Ask::Read { mailbox: view.name.clone(), uid: row.uid, offset: range.start, len }
}

/// Prints an item, or says what must be known first.
fn print(item: &Item, message: &mut Message, row: &Row, view: &View) -> Printed {
    let text = match item {
        Item::Flags => format!("FLAGS {}", flag_list(&row.flags, row.recent)),
        Item::InternalDate => format!("INTERNALDATE \"{}\"", date::print(row.arrived)),
        Item::Size => format!("RFC822.SIZE {}", row.size),
        Item::Uid => format!("UID {}", row.uid),
        Item::Envelope => {
            let Some(header) = &message.header else { return needs_header(row, view) };
            let overview = Overview::of(fields(header));
            separate(message);
            message.line.extend_from_slice(b"ENVELOPE ");
            envelope::print(&overview, &mut message.line);
            return Printed::Whole;
        }
        Item::Body | Item::BodyStructure => {
            let Some(structure) = known_structure(row, view) else { return needs_structure(row, view) };
            let extended = *item == Item::BodyStructure;
            separate(message);
            message.line.extend_from_slice(if extended { b"BODYSTRUCTURE " } else { b"BODY " });
            structure.print(extended, &mut message.line);
            return Printed::Whole;
        }
        Item::Octets(octets) => return print_octets(octets, message, row, view),
    };
    separate(message);
    message.line.extend_from_slice(text.as_bytes());
    Printed::Whole
}

fn print_octets(octets: &Octets, message: &mut Message, row: &Row, view: &View) -> Printed {
    let is_fields = matches!(octets.section.what, What::Fields(_) | What::FieldsNot(_));
    if octets.section.path.is_empty() && octets.section.what == What::All {
        return print_range(octets, 0..row.size, message, row, view);
    }
    if octets.section.path.is_empty() {
        let Some(header) = &message.header else { return needs_header(row, view) };
        let len = header.len() as u64;
        if octets.section.what == What::Text && message.is_header_whole {
            return print_range(octets, len..row.size, message, row, view);
        }
        if is_fields || octets.section.what == What::Header && message.is_header_whole {
            let header = std::mem::take(&mut message.header).unwrap_or_default();
            print_selected(octets, &header, message);
            message.header = Some(header);
            return Printed::Whole;
        }
    }
    let Some(structure) = known_structure(row, view) else { return needs_structure(row, view) };
    match structure.locate(&octets.section) {
        None => {
            print_label(octets, message);
            message.line.extend_from_slice(b" NIL");
            Printed::Whole
        }
        Some(range) if is_fields => {
            // Beyond this nobody looks for fields (see `message::guard`).
            let range = range.start..range.end.min(range.start + HEADER_MAX as u64);
            if range.is_empty() {
                print_selected(octets, &[], message);
                return Printed::Whole;
            }
            Printed::Needs(read(range.clone(), PIECE, row, view), Wait::Fields(Vec::new(), range))
        }
        Some(range) => print_range(octets, range, message, row, view),
    }
}

/// Octets of the message, as many of them as were asked for.
fn print_range(octets: &Octets, range: Range<u64>, message: &mut Message, row: &Row, view: &View) -> Printed {
    let range = part_of(octets, range);
    if range.is_empty() {
        print_label(octets, message);
        message.line.extend_from_slice(b" \"\"");
        return Printed::Whole;
    }
    Printed::Needs(read(range.clone(), PIECE, row, view), Wait::Octets(range, true))
}

/// A header section, or the fields picked out of it.
fn print_selected(octets: &Octets, header: &[u8], message: &mut Message) {
    let selected = match &octets.section.what {
        What::Fields(names) => header::select(header, names, true),
        What::FieldsNot(names) => header::select(header, names, false),
        _ => header.to_vec(),
    };
    let range = part_of(octets, 0..selected.len() as u64);
    let (from, to) =
        (usize::try_from(range.start).unwrap_or(usize::MAX), usize::try_from(range.end).unwrap_or(usize::MAX));
    let picked = selected.get(from..to).unwrap_or_default();
    print_label(octets, message);
    message.line.extend_from_slice(format!(" {{{}}}\r\n", picked.len()).as_bytes());
    message.line.extend_from_slice(picked);
}

/// The part of a section that `<first.count>` names.
fn part_of(octets: &Octets, section: Range<u64>) -> Range<u64> {
    let Some((first, count)) = octets.partial else { return section };
    let start = section.start.saturating_add(first.into()).min(section.end);
    start..start.saturating_add(count.into()).min(section.end)
}

fn print_label(octets: &Octets, message: &mut Message) {
    separate(message);
    message.line.extend_from_slice(&octets.label);
}

/// A space in front of all items but the first.
fn separate(message: &mut Message) {
    if message.item > 0 {
        message.line.push(b' ');
    }
}

fn known_structure<'v>(row: &Row, view: &'v View) -> Option<&'v Structure> {
    view.structure.as_ref().filter(|(uid, _)| *uid == row.uid).map(|(_, structure)| structure.as_ref())
}

fn needs_structure(row: &Row, view: &View) -> Printed {
    Printed::Needs(Ask::Structure { mailbox: view.name.clone(), uid: row.uid }, Wait::Structure)
}

fn needs_header(row: &Row, view: &View) -> Printed {
    Printed::Needs(read(0..row.size, HEADER_PIECE, row, view), Wait::Header(Vec::new()))
}
