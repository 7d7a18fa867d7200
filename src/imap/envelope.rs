//! ENVELOPE: how the header fields that a list of messages shows are printed.
//!
//! Names and subjects stay as their sender encoded them; decoding is the client's work.
//! RFC 9051 §7.5.2 (envelope), §9 (envelope, address).

use super::response::{nstring, string};
use crate::message::address_list::{Entry, NameAddr};
use crate::message::overview::Overview;

/// Prints an envelope as a parenthesized list.
pub fn print(overview: &Overview, out: &mut Vec<u8>) {
    let Overview { date, subject, from, sender, reply_to, to, cc, bcc, in_reply_to, message_id } = overview;
    let text = |text: &Option<String>, out: &mut Vec<u8>| nstring(text.as_deref().map(str::as_bytes), out);
    // RFC 9051 §7.5.2: From stands where Sender and Reply-To are missing or empty.
    let or_from = |list| if <[Entry]>::is_empty(list) { from } else { list };
    out.push(b'(');
    text(date, out);
    out.push(b' ');
    text(subject, out);
    for list in [from, or_from(sender), or_from(reply_to), to, cc, bcc] {
        out.push(b' ');
        print_list(list, out);
    }
    out.push(b' ');
    text(in_reply_to, out);
    out.push(b' ');
    text(message_id, out);
    out.push(b')');
}

fn print_list(list: &[Entry], out: &mut Vec<u8>) {
    if list.is_empty() {
        out.extend_from_slice(b"NIL");
        return;
    }
    out.push(b'(');
    for entry in list {
        match entry {
            Entry::Mailbox(mailbox) => print_mailbox(mailbox, out),
            // A group is a name without a host, its members, and an end without anything.
            Entry::Group(name, members) => {
                out.extend_from_slice(b"(NIL NIL ");
                string(name.as_bytes(), out);
                out.extend_from_slice(b" NIL)");
                members.iter().for_each(|member| print_mailbox(member, out));
                out.extend_from_slice(b"(NIL NIL NIL NIL)");
            }
        }
    }
    out.push(b')');
}

fn print_mailbox(mailbox: &NameAddr, out: &mut Vec<u8>) {
    out.push(b'(');
    nstring(mailbox.name.as_deref().map(str::as_bytes), out);
    // Source routes mean nothing any more (RFC 5321 §3.6.1).
    out.extend_from_slice(b" NIL ");
    string(mailbox.local_part.as_bytes(), out);
    out.push(b' ');
    // Never NIL, which would make it a group.
    string(mailbox.domain.as_bytes(), out);
    out.push(b')');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::field::fields;

    fn printed(section: &str) -> String {
        let mut out = Vec::new();
        print(&Overview::of(fields(section.as_bytes())), &mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn an_envelope_is_printed_in_its_order() {
        let section = "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\nFrom: Terry Gray <gray@cac.example>\r\n\
             Subject: IMAP4rev2 WG mtg summary\r\n and minutes\r\nTo: imap@cac.example\r\n\
             Cc: minutes@CNRI.example, John Klensin <KLENSIN@MIT.example>\r\nMessage-ID: <B27397-0100000@cac.example>\r\n";
        assert_eq!(
            printed(section),
            "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev2 WG mtg summary and minutes\" \
             ((\"Terry Gray\" NIL \"gray\" \"cac.example\")) ((\"Terry Gray\" NIL \"gray\" \"cac.example\")) \
             ((\"Terry Gray\" NIL \"gray\" \"cac.example\")) ((NIL NIL \"imap\" \"cac.example\")) \
             ((NIL NIL \"minutes\" \"CNRI.example\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.example\")) NIL NIL \
             \"<B27397-0100000@cac.example>\")"
        );
    }

    #[test]
    fn odd_fields_still_make_an_envelope() {
        for (section, wanted) in [
            ("", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"),
            ("Subject:\r\nTo: \r\n", "(NIL \"\" NIL NIL NIL NIL NIL NIL NIL NIL)"),
            (
                "To: us: a@b, C <d@e>;\r\n",
                "(NIL NIL NIL NIL NIL ((NIL NIL \"us\" NIL)(NIL NIL \"a\" \"b\")(\"C\" NIL \"d\" \"e\")(NIL NIL NIL NIL)) NIL NIL NIL NIL)",
            ),
            (
                "From: root\r\nSender: =?utf-8?q?J=C3=BCrgen?= <j@x>\r\n",
                "(NIL NIL ((NIL NIL \"root\" \"\")) ((\"=?utf-8?q?J=C3=BCrgen?=\" NIL \"j\" \"x\")) ((NIL NIL \"root\" \"\")) NIL NIL NIL NIL NIL)",
            ),
            ("Subject: a \"b\" \\\r\n", "(NIL \"a \\\"b\\\" \\\\\" NIL NIL NIL NIL NIL NIL NIL NIL)"),
            ("Subject: \u{e4}\r\n", "(NIL {2}\r\n\u{e4} NIL NIL NIL NIL NIL NIL NIL NIL)"),
        ] {
            assert_eq!(printed(section), wanted, "{section}");
        }
    }
}
