//! Header fields with fakes: syntax, keywords, dates and charsets stay, all else is replaced.
//!
//! What nobody knows is text. RFC 5322 §3.6; RFC 2045 §5; RFC 2047; RFC 2231; RFC 8601; RFC 6376.

use super::boundary::{Boundaries, Named};
use super::charset::Charset;
use super::fake::Fakes;
use super::vocabulary::List;
use super::{cells, is_in_address};
use crate::message::media::{self, Placed};
use crate::message::transfer::Encoding;
use crate::message::{field, guess, words};
use memchr::memmem;
use std::ops::Range;

/// Fields whose words are keywords of some standard, as far as they are known.
const STRUCTURED: [&str; 25] = [
    "received",
    "authentication-results",
    "arc-authentication-results",
    "arc-message-signature",
    "arc-seal",
    "dkim-signature",
    "received-spf",
    "content-language",
    "precedence",
    "auto-submitted",
    "importance",
    "priority",
    "sensitivity",
    "x-priority",
    "x-msmail-priority",
    "list-unsubscribe",
    "original-recipient",
    "final-recipient",
    "reporting-mta",
    "remote-mta",
    "action",
    "diagnostic-code",
    "disposition",
    "feedback-type",
    "auth-failure",
];
/// Fields that are a date, or end with one.
const DATES: [&str; 9] = [
    "date",
    "resent-date",
    "expires",
    "delivery-date",
    "reply-by",
    "arrival-date",
    "last-attempt-date",
    "will-retry-until",
    "received",
];

/// Replaces what a header section says, in place.
pub(super) fn section(fakes: &mut Fakes, boundaries: &Boundaries, octets: &mut [u8]) {
    let found: Vec<Range<usize>> = field::fields(octets).map(|field| field.at).collect();
    let mut done = 0;
    for at in found {
        other(fakes, &mut octets[done..at.start], done == 0);
        one(fakes, boundaries, &mut octets[at.clone()]);
        done = at.end;
    }
    let is_first = done == 0;
    other(fakes, &mut octets[done..], is_first);
}

/// What stands between fields and is none: perhaps the line that an mbox begins a message with.
fn other(fakes: &mut Fakes, octets: &mut [u8], is_first: bool) {
    let is_mbox = is_first && (octets.starts_with(b"From ") || octets.starts_with(b">From "));
    let lead = if is_mbox { memchr::memchr(b' ', octets).unwrap_or(0) } else { 0 };
    let list = if is_mbox { List::Date } else { List::Nothing };
    text(fakes, &mut octets[lead..], list);
}

/// One field, name and all.
fn one(fakes: &mut Fakes, boundaries: &Boundaries, octets: &mut [u8]) {
    let Some(colon) = field::colon_of(field::first_line(octets)) else { return };
    let (name, body) = octets.split_at_mut(colon);
    let lower = String::from_utf8_lossy(name).trim().to_ascii_lowercase();
    self::name(fakes, name);
    let is = |names: &[&str]| names.contains(&lower.as_str());
    match lower.as_str() {
        "content-type" | "content-disposition" => parameters(fakes, boundaries, &mut body[1..]),
        "content-transfer-encoding" => encoding(fakes, &mut body[1..]),
        "received" => {
            // The date stands behind the last semicolon.
            let at = memchr::memrchr(b';', body).unwrap_or(body.len());
            let (trace, date) = body.split_at_mut(at);
            text(fakes, trace, List::Keyword);
            dated(fakes, date);
        }
        "subject" | "thread-topic" => text(fakes, body, List::Subject),
        "mime-version" => fakes.text(body, Charset::Words, &|text, at| text[at].iter().all(u8::is_ascii_digit)),
        // RFC 8058 §3.1: it says this, or nothing.
        "list-unsubscribe-post" => fakes.text(body, Charset::Words, &|text, at| {
            let is_word = |known: &[u8]| known.eq_ignore_ascii_case(&text[at.clone()]);
            [&b"list"[..], b"unsubscribe", b"one", b"click"].into_iter().any(is_word)
        }),
        "status" if body.iter().all(|octet| !octet.is_ascii_alphabetic()) => {}
        _ if is(&DATES) => dated(fakes, body),
        _ if is(&STRUCTURED) => text(fakes, body, List::Keyword),
        _ => text(fakes, body, List::Nothing),
    }
}

/// A field name. Whether it is surely one tells a slip in a header section from its end, so that has to stay.
fn name(fakes: &mut Fakes, name: &mut [u8]) {
    let before = name.to_vec();
    fakes.text(name, Charset::Words, &|text, at| List::FieldName.has(&text[at]));
    if field::is_sure_name(name) && !field::is_sure_name(&before) {
        name.iter_mut().filter(|octet| octet.is_ascii_alphanumeric()).for_each(|octet| *octet = b'q');
    }
}

/// A date: its numbers stay.
fn dated(fakes: &mut Fakes, octets: &mut [u8]) {
    fakes.text(octets, Charset::Words, &|text, at| {
        let word = &text[at];
        List::Date.has(word) || word.iter().all(u8::is_ascii_digit)
    });
}

/// Text with encoded words; those in `list` stay where they are no part of an address.
pub(super) fn text(fakes: &mut Fakes, octets: &mut [u8], list: List) {
    let mut done = 0;
    let finder = memmem::Finder::new(b"=?");
    while let Some(at) = finder.find(&octets[done..]).map(|at| done + at) {
        plain(fakes, &mut octets[done..at], list);
        done = match encoded_word(&octets[at..]) {
            Some((charset, is_base64, content)) => {
                let content = at + content.start..at + content.end;
                let mut change = |decoded: &mut [u8]| fakes.text(decoded, charset, &|_, _| false);
                match is_base64 {
                    true => cells::base64(&mut octets[content.clone()], &mut change),
                    false => cells::escaped(&mut octets[content.clone()], b'=', &mut |decoded| {
                        // RFC 2047 §4.2: `_` is a blank.
                        change(decoded);
                    }),
                }
                content.end + 2
            }
            None => at + 2,
        };
    }
    plain(fakes, &mut octets[done..], list);
}

fn plain(fakes: &mut Fakes, octets: &mut [u8], list: List) {
    fakes.text(octets, Charset::Words, &|text, at| {
        let is_free = !is_in_address(text, &at) || list == List::Keyword && is_property(text, &at);
        is_free && list.has(&text[at.clone()]) || list == List::Keyword && is_version(text, &at)
    });
}

/// Whether a word is one of the two in a version of TLS: `TLS1.3`, `TLSv1.2`.
fn is_version(text: &[u8], at: &Range<usize>) -> bool {
    let is_major = |word: &[u8]| word.eq_ignore_ascii_case(b"tls1") || word.eq_ignore_ascii_case(b"tlsv1");
    let is_minor = |text: &[u8]| {
        let is_end = |octet: Option<&u8>| octet.is_none_or(|octet| !octet.is_ascii_alphanumeric() && *octet != b'.');
        matches!(text, [b'.', b'0'..=b'3', rest @ ..] if is_end(rest.first()))
    };
    if is_major(&text[at.clone()]) {
        return is_minor(&text[at.end..]);
    }
    let Some(before) = text[..at.start].strip_suffix(b".") else { return false };
    let start = before.iter().rposition(|octet| !octet.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
    is_major(&before[start..]) && is_minor(&text[before.len()..])
}

/// Whether a word is one of two that name a property in results: `smtp.mailfrom=` (RFC 8601 §2.2).
fn is_property(text: &[u8], at: &Range<usize>) -> bool {
    const KINDS: [&[u8]; 4] = [b"header", b"smtp", b"policy", b"body"];
    let (before, behind) = (&text[..at.start], &text[at.end..]);
    let is_second = before.strip_suffix(b".").is_some_and(|before| KINDS.iter().any(|kind| before.ends_with(kind)));
    let name = |text: &[u8]| text.iter().take_while(|octet| octet.is_ascii_alphanumeric() || **octet == b'-').count();
    let ends = |text: &[u8]| text.get(name(text)) == Some(&b'=');
    match behind.strip_prefix(b".") {
        Some(second) => KINDS.contains(&&text[at.clone()]) && ends(second),
        None => is_second && ends(behind),
    }
}

/// `=?charset?encoding?content?=`: the charset, whether it is base64, and where the content is.
fn encoded_word(text: &[u8]) -> Option<(Charset, bool, Range<usize>)> {
    let near = &text[..text.len().min(2000)];
    let charset_end = 2 + memchr::memchr(b'?', near.get(2..)?)?;
    let label = std::str::from_utf8(&near[2..charset_end]).ok()?;
    let label = label.split('*').next().filter(|label| is_charset(label))?;
    let is_base64 = match near.get(charset_end + 1..charset_end + 3)? {
        b"B?" | b"b?" => true,
        b"Q?" | b"q?" => false,
        _ => return None,
    };
    let start = charset_end + 3;
    let end = start + memmem::find(near.get(start..)?, b"?=")?;
    Some((Charset::of(label), is_base64, start..end))
}

/// Whether a label is that of a charset, and says nothing else.
fn is_charset(label: &str) -> bool {
    words::decode_charset(label, b"").is_some()
}

/// A type or disposition with its parameters, as the reader finds them; what is none of these is text.
fn parameters(fakes: &mut Fakes, boundaries: &Boundaries, body: &mut [u8]) {
    let layout = media::layout(body);
    let named = Named::of(&layout, body);
    let (head, at) = &layout.head;
    media(fakes, &mut body[at.clone()], head, &layout.comments);
    let mut done = at.end;
    for placed in &layout.parameters {
        text(fakes, &mut body[done..placed.name_at.start], List::Nothing);
        let base = placed.name.split('*').next().unwrap_or_default().to_ascii_lowercase();
        if !all_words(&placed.name, |word| List::Keyword.has(word) || word.iter().all(u8::is_ascii_digit)) {
            // Numbers are those of pieces (RFC 2231 §3).
            fakes.text(&mut body[placed.name_at.clone()], Charset::Words, &|text, at| {
                let word = &text[at];
                List::Keyword.has(word) || word.iter().all(u8::is_ascii_digit)
            });
        }
        match named.as_ref().filter(|_| base == "boundary").map(|named| (named, boundaries.fake(&named.boundary))) {
            Some((Named { at: Some(at), .. }, Some(fake))) if placed.value_at.contains(&at.start) => {
                body[at.clone()].copy_from_slice(fake);
            }
            // It is written in a form of its own.
            Some((Named { at: None, .. }, _)) => {}
            _ => value(fakes, &mut body[placed.value_at.clone()], placed, &base),
        }
        done = placed.value_at.end;
    }
    text(fakes, &mut body[done..], List::Nothing);
    layout.comments.into_iter().for_each(|at| text(fakes, &mut body[at], List::Nothing));
}

/// Whether something holds for all words of a text, and there are some.
fn all_words(text: &str, holds: impl Fn(&[u8]) -> bool) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    words.peek().is_some() && words.all(|word| holds(word.as_bytes()))
}

/// `type/subtype`, or `attachment`; types that many have stay whole. `comments` begin where the text does.
fn media(fakes: &mut Fakes, octets: &mut [u8], shown: &str, comments: &[Range<usize>]) {
    let shown = shown.to_ascii_lowercase();
    if guess::extension(&shown).is_some() || guess::media_type(&shown) == shown {
        return;
    }
    let is_comment = |at: usize| comments.iter().any(|comment| comment.contains(&at));
    let slash = memchr::memchr_iter(b'/', octets).find(|at| !is_comment(*at)).unwrap_or(octets.len());
    let (main, sub) = shown.split_once('/').unwrap_or((&shown, ""));
    let (main_octets, sub_octets) = octets.split_at_mut(slash);
    for (shown, octets) in [(main, main_octets), (sub, sub_octets)] {
        if !all_words(shown, |word| List::Keyword.has(word)) {
            text(fakes, octets, List::Keyword);
        }
    }
}

/// A transfer encoding: one that is known stays, whatever stands around it.
fn encoding(fakes: &mut Fakes, body: &mut [u8]) {
    let layout = media::layout(body);
    let token = match Encoding::parse(body) {
        Encoding::Unknown => String::new(),
        _ => media::first_token(body).to_ascii_lowercase(),
    };
    let head = layout.head.1;
    fakes.text(&mut body[..head.end], Charset::Words, &|text, at| {
        let word = text[at].to_ascii_lowercase();
        List::Keyword.has(&word) || memmem::find(token.as_bytes(), &word).is_some()
    });
    text(fakes, &mut body[head.end..], List::Keyword);
    layout.comments.into_iter().for_each(|at| text(fakes, &mut body[at], List::Keyword));
}

/// The value of a parameter: what it may say depends on the name.
fn value(fakes: &mut Fakes, value: &mut [u8], placed: &Placed, base: &str) {
    let is_extended = placed.name.ends_with('*');
    match base {
        "charset" if is_charset(&placed.value) => {}
        "filename" | "name" => {
            // The end of a name says what kind of file it is.
            let end = value.iter().rposition(|octet| octet.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
            let dot = memchr::memrchr(b'.', &value[..end]).filter(|dot| {
                std::str::from_utf8(&value[*dot + 1..end])
                    .is_ok_and(|e| guess::media_type(&format!("x.{e}")) != "application/octet-stream")
            });
            let until = dot.unwrap_or(value.len());
            extended(fakes, &mut value[..until], is_extended);
        }
        "format" | "delsp" | "type" | "protocol" | "micalg" | "report-type" | "reply-type" | "method"
        | "smime-type" | "size" => {
            plain(fakes, value, List::Keyword);
        }
        _ if base.ends_with("-date") => dated(fakes, value),
        _ => extended(fakes, value, is_extended),
    }
}

/// A value as RFC 2231 §4 writes it, `utf-8'en'%41`, or one without charset and codes.
fn extended(fakes: &mut Fakes, value: &mut [u8], is_extended: bool) {
    if !is_extended {
        return text(fakes, value, List::Nothing);
    }
    let mut start = 0;
    if let Some(quote) = memchr::memchr(b'\'', value)
        && let Some(second) = memchr::memchr(b'\'', &value[quote + 1..])
        && std::str::from_utf8(&value[..quote]).is_ok_and(|label| is_charset(label.trim_matches(['"', ' '])))
    {
        start = quote + second + 2;
    }
    cells::escaped(&mut value[start..], b'%', &mut |decoded| fakes.text(decoded, Charset::Words, &|_, _| false));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A section with fakes; each word of fakes as `#`.
    fn shown(section_text: &str) -> String {
        let mut octets = section_text.as_bytes().to_vec();
        section(&mut Fakes::new(b"key"), &Boundaries::default(), &mut octets);
        assert_eq!(octets.len(), section_text.len());
        String::from_utf8(octets).expect("text")
    }

    #[test]
    fn syntax_stays_and_names_do_not() {
        for (text, kept, gone) in [
            ("Subject: Re: Hello Bob\r\n", "Subject: Re: ", "Hello Bob"),
            ("Date: Mon, 2 Mar 2026 10:00:00 +0100 (CET)\r\n", "Date: Mon, 2 Mar 2026 10:00:00 +0100 (CET)", "x"),
            (
                "Received: from mx.alice.example (HELO boxer) by mail.bob.example with ESMTPS id A1b2c3d4; Mon, 2 Mar 2026 10:00:00 +0000\r\n",
                "with ESMTPS id ",
                "alice bob boxer A1b2c3d4 example",
            ),
            (
                "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=crepes.example; s=sellec; h=from:to; b=QmFzZTY0\r\n",
                "a=rsa-sha256; c=relaxed/simple; d=",
                "crepes sellec QmFzZTY0",
            ),
            (
                "Authentication-Results: mx.bob.example; dkim=pass header.d=crepes.example; spf=fail smtp.mailfrom=alice@crepes.example\r\n",
                "dkim=pass header.",
                "crepes alice bob",
            ),
            ("X-Contoso-Spam-Score: contoso says 5\r\n", "-Spam-Score: ", "Contoso contoso says"),
            ("List-Id: Cooks of crepes <cooks.crepes.example>\r\n", "List-Id: ", "Cooks crepes"),
            (
                "Content-Type: multi(crepes)part/mixed; boun(bob)dary=\"=_alice\"; charset=utf-8\r\n",
                "\"; charset=utf-8",
                "alice crepes bob",
            ),
            (
                "Content-Type: text/plain; alice-bob\"; x=\"alice\"; bob; charset=\"utf-8\"\r\n",
                "; charset=\"utf-8\"",
                "alice bob",
            ),
            ("Content-Transfer-Encoding: x-uu(alice)encode (bob)\r\n", "Content-Transfer-Encoding: x-uu(", "alice bob"),
            (
                "Content-Type: application/pdf; name=\"secret plan.pdf\"\r\n",
                ": application/pdf; name=\"",
                "secret plan",
            ),
            ("Content-Type: application/x-contoso\r\n", ": application/x-", "contoso"),
            (
                "Content-Disposition: attachment; filename*0*=utf-8''gr%C3%BC%C3%9Fe; filename*1=rest.doc\r\n",
                "attachment; filename*0*=utf-8''",
                "gr%C3%BC%C3%9Fe rest",
            ),
            ("From: =?utf-8?b?QWxpY2U=?= <alice@crepes.example>\r\n", "=?utf-8?b?", "QWxpY2U= alice crepes"),
            ("To: \"Bob, the Cook\" <bob@[192.168.1.2]>\r\n", "To: \"", "Cook 192.168"),
            ("MIME-Version: 1.0 (Bob's)\r\n", "MIME-Version: 1.0 (", "Bob"),
            ("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", ": List-Unsubscribe=One-Click", "x"),
            (
                "Received: from a.example by b.example (TLSv1.2) with SMTP (TLS1.3 bob.1.3 tls1.3.example);\r\n",
                " (TLSv1.2) with SMTP (TLS1.3 ",
                "bob tls1.3.example",
            ),
            ("Message-ID: <1234.abcd@crepes.example>\r\n", "Message-ID: <", "1234 abcd crepes"),
        ] {
            let faked = shown(text);
            assert!(faked.contains(kept), "{text}{faked}");
            for word in gone.split(' ').filter(|word| *word != "x") {
                assert!(!faked.contains(word), "{word} of {text} is in {faked}");
            }
        }
    }

    #[test]
    fn names_that_are_surely_fields_stay_so_and_no_other_becomes_one() {
        let faked = |text: &str, key: &[u8]| {
            let mut octets = text.as_bytes().to_vec();
            name(&mut Fakes::new(key), &mut octets);
            octets
        };
        for text in "Authentication-Results BCC CC Comments Date Delivered-To DKIM-Signature Errors-To Envelope-To From Importance \
            In-Reply-To Keywords Lines Message-ID MIME-Version Newsgroups Organization Precedence Received References Reply-To \
            Return-Path Sender Status Subject Thread-Index Thread-Topic To User-Agent X- Content- List- Resent- ARC- MS- \
            Disposition-Notification-"
            .split_ascii_whitespace()
        {
            assert!(field::is_sure_name(text.as_bytes()) && faked(text, b"key") == text.as_bytes(), "{text}");
        }
        let is_sure = |key: u8| ["k-l", "kl", "kll"].iter().any(|text| field::is_sure_name(&faked(text, &[key])));
        assert!(!(0..=255).any(is_sure));
    }

    #[test]
    fn what_is_no_field_is_replaced_too() {
        let faked =
            shown("From alice@crepes.example Mon Mar  2 10:00:00 2026\nnot a field\nSubject: x\n folded words\n");
        assert!(faked.starts_with("From ") && faked.contains(" Mon Mar  ") && faked.contains("\nSubject: "), "{faked}");
        for word in ["alice", "field", "folded", "words"] {
            assert!(!faked.contains(word), "{word} {faked}");
        }
    }
}
