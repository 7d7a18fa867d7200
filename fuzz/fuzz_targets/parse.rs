//! The whole way of a message to its reader: parts, roles, fields, text, defects, links, and what its sender should mend.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailkit::message::defect_code;
use mailkit::message::roles::Roles;
use mailkit::message::view::Message;
use mailkit::message::{defect, safe, text};
use mailkit::reading::links::Links;
use mailkit::reading::{lint_send, spoof};

fuzz_target!(|octets: &[u8]| {
    let message = Message::parse(octets);
    let roles = Roles::of(&message);
    for part in message.parts() {
        assert!(std::ptr::eq(message.part(&part.id).expect("its own number"), part));
        message.overview(part);
        message.disposition(part);
        if let Some(name) = message.file_name(part) {
            safe::file_name(&name);
        }
        message.headers(part).for_each(|header| assert!(!safe::terminal(&header.value).contains('\x1b')));
        text::of_part(&message, part);
    }
    let shown = text::of_message(&message, &roles);
    assert!(!safe::terminal_lines(&shown).chars().any(|c| safe::is_treacherous(c) && c != '\n' && c != '\t'));
    for defect in defect::defects(&message).iter().chain(&spoof::flags(&message)) {
        assert!(defect.offset <= octets.len() && defect_code::find(defect.code).is_some(), "{defect:?}");
        assert!(message.part(&defect.part).is_some(), "{defect:?}");
    }
    Links::of(&message);
    lint_send::check(&message);
});
