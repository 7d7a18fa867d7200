//! Whatever a message is made of, it can be stripped, redacted, split, and printed in every form.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailkit::convert::line_ends::{self, LineEnds};
use mailkit::convert::mbox::{Mbox, postmark};
use mailkit::convert::redact::Redactor;
use mailkit::convert::strip::{Spec, strip};
use mailkit::convert::{markdown, page, text};
use mailkit::message::mbox::{Dialect, Found, Splitter};
use mailkit::message::roles::Roles;
use mailkit::message::view::{Message, Part};

const SIZE_MAX: usize = 1 << 20;

/// What a page may be made of.
const TAGS: [&str; 31] = [
    "DOCTYPE", "html", "head", "meta", "style", "title", "body", "table", "tr", "th", "td", "hr", "div", "pre", "ul", "li", "br",
    "img", "a", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "strong", "em", "code", "s",
];

/// The messages of an mbox.
fn split(octets: &[u8], dialect: Dialect) -> Vec<Vec<u8>> {
    let mut splitter = Splitter::new(octets, dialect, SIZE_MAX);
    let mut messages = Vec::new();
    while let Some(found) = splitter.advance().expect("octets can be read") {
        if let Found::Message(entry) = found {
            messages.push(entry.octets.to_vec());
        }
    }
    messages
}

fuzz_target!(|octets: &[u8]| {
    let message = Message::parse(octets);
    let roles = Roles::of(&message);
    for specs in [&["image/*"][..], &["attachments>10"], &["2", "text"]] {
        let specs: Vec<Spec> = specs.iter().map(|spec| spec.parse().expect("a spec")).collect();
        let stripped = strip(&message, &roles, &specs);
        assert_eq!(stripped.removed.is_empty(), stripped.octets == octets);
    }
    let first = Redactor::new(b"key").redact(&message);
    assert_eq!(Redactor::new(b"key").redact(&message), first);
    let redacted = Message::parse(&first);
    let structure = |message: &Message<'_>| {
        let one = |part: &Part| (part.id.clone(), part.kind, part.encoding, part.header.clone(), part.body.clone());
        message.parts().iter().map(one).collect::<Vec<_>>()
    };
    assert_eq!(structure(&redacted), structure(&message));
    let shown = page::print(&message, &roles);
    for tag in shown.split('<').skip(1) {
        let name = tag.trim_start_matches(['/', '!']).split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        assert!(TAGS.contains(&name), "{tag}");
    }
    markdown::print(&message, &roles);
    text::print(&message, &roles);
    for dialect in [Dialect::Rd, Dialect::O, Dialect::Cl2] {
        split(octets, dialect);
    }
    let (sender, when) = postmark(&message);
    let mut written = Vec::new();
    let mut mbox = Mbox::new(&mut written);
    mbox.begin(&sender, when).and_then(|()| mbox.piece(octets)).and_then(|()| mbox.end()).expect("octets can be written");
    let read = split(&written, Dialect::Rd);
    let plain = line_ends::with(octets, LineEnds::Lf);
    assert_eq!(read.len(), 1);
    let rest = read[0].strip_prefix(&plain[..]);
    assert!(rest.is_some_and(|rest| rest.is_empty() || rest == b"\n"), "{:?}", String::from_utf8_lossy(&read[0]));
});
