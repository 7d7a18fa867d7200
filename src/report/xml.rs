//! XML as a tree, as far as reports need it: elements, their text, no attributes.
//!
//! The children of the root come one at a time, so that a report of many rows is never held as a tree. Prefixes of
//! names are passed over, entities of the document's own are not replaced, depth has a limit.
//! Knows no report. XML 1.0 §2, §4.1, §4.6.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Elements within one another; reports need six.
const DEPTH_MAX: usize = 16;
/// Elements within one child of the root; a row with all that may stand in it has fifty.
const ELEMENTS_MAX: usize = 2_000;
/// Octets of text that are kept of one element.
const TEXT_MAX: usize = 8 * 1024;

/// An element.
#[derive(Debug, Clone, Default)]
pub(super) struct Element {
    /// Its name without a prefix.
    pub(super) name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// The first child of a name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of a name.
    pub(super) fn children<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of a name that has one.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.children(name).map(Self::own_text).find(|text| !text.is_empty()).map(str::to_owned)
    }

    /// Its own text.
    pub(super) fn own_text(&self) -> &str {
        self.text.trim()
    }

    fn push(&mut self, text: &str) {
        let room = TEXT_MAX.saturating_sub(self.text.len());
        self.text.push_str(&text[..text.floor_char_boundary(room)]);
    }
}

/// Hands the children of the root to `each`, in order, and returns the root's name. What broke is told where it broke;
/// what stood in front of it was handed over.
pub(super) fn read(text: &str, mut each: impl FnMut(Element)) -> Result<String, String> {
    let mut reader = Reader::from_str(text);
    // The elements that are open; the root has the first place.
    let mut open: Vec<Element> = Vec::new();
    let mut elements = 0;
    loop {
        let event = reader.read_event().map_err(|error| format!("at octet {}: {error}", reader.error_position()))?;
        if matches!(event, Event::Start(_) | Event::Empty(_)) {
            elements = if open.len() < 2 { 0 } else { elements + 1 };
            if open.len() == DEPTH_MAX || elements > ELEMENTS_MAX {
                return Err(format!("at octet {}: there are too many elements", reader.buffer_position()));
            }
        }
        match event {
            Event::Start(start) => {
                open.push(Element { name: start.local_name().as_ref().to_owned(), ..Element::default() });
            }
            Event::Empty(empty) => {
                let element = Element { name: empty.local_name().as_ref().to_owned(), ..Element::default() };
                match (open.len(), open.last_mut()) {
                    (0, _) | (_, None) => return Ok(element.name),
                    (1, _) => each(element),
                    (_, Some(parent)) => parent.children.push(element),
                }
            }
            Event::End(_) => {
                let Some(element) = open.pop() else { continue };
                match (open.len(), open.last_mut()) {
                    (0, _) | (_, None) => return Ok(element.name),
                    (1, _) => each(element),
                    (_, Some(parent)) => parent.children.push(element),
                }
            }
            Event::Text(text) => {
                if let Some(element) = open.last_mut() {
                    element.push(&text);
                }
            }
            Event::CData(text) => {
                if let Some(element) = open.last_mut() {
                    element.push(&text);
                }
            }
            Event::GeneralRef(reference) => {
                let character = match reference.as_ref() {
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "amp" => Some('&'),
                    "apos" => Some('\''),
                    "quot" => Some('"'),
                    _ => reference.resolve_char_ref().ok().flatten(),
                };
                if let Some(element) = open.last_mut() {
                    element.push(character.unwrap_or('\u{fffd}').encode_utf8(&mut [0; 4]));
                }
            }
            Event::Eof => return Err("it ends before its root does".to_owned()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The children of the root in one line.
    fn shown(text: &str) -> Result<String, String> {
        fn show(element: &Element) -> String {
            let children: Vec<_> = element.children.iter().map(show).collect();
            format!("{}={}[{}]", element.name, element.own_text(), children.join(","))
        }
        let mut found = Vec::new();
        let root = read(text, |element| found.push(show(&element)))?;
        Ok(format!("{root}: {}", found.join(" ")))
    }

    #[test]
    fn elements_come_one_at_a_time() {
        for (text, wanted) in [
            ("<a><b>1</b><b/><c> <d>x&amp;&#65;&none;</d></c></a>", "a: b=1[] b=[] c=[d=x&A\u{fffd}[]]"),
            ("<?xml version='1.0'?><!-- c --><x:a xmlns:x='y'><x:b><![CDATA[<1>]]></x:b></x:a>", "a: b=<1>[]"),
            ("<!DOCTYPE a [<!ENTITY e \"x\">]><a><b>&e;</b></a>", "a: b=\u{fffd}[]"),
            ("<a/>", "a: "),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(wanted), "{text}");
        }
        for text in [
            "<a><b></a>",
            "<a>",
            "",
            "no xml",
            &"<a>".repeat(DEPTH_MAX + 1),
            &format!("<a><b>{}", "<c/>".repeat(ELEMENTS_MAX + 1)),
        ] {
            assert!(shown(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[<>/a&;#!\\[\\]?-]{0,60}|.{0,60}") {
            let _ = read(&text, drop);
        }
    }
}
