//! Header fields with fakes: syntax, keywords, dates, charsets and boundaries stay, all else is replaced.
//!
//! What nobody knows is text. RFC 5322 §3.6; RFC 2045 §5; RFC 2047; RFC 2231; RFC 8601; RFC 6376.

use super::charset::Charset;
use super::fake::Fakes;
use super::vocabulary::List;
use super::{cells, is_in_address};
use crate::message::{field, guess, words};
use memchr::memmem;
use std::ops::Range;

/// Fields whose words are keywords of some standard, as far as they are known.
const STRUCTURED: [&str; 28] = [
    "received",
    "authentication-results",
    "arc-authentication-results",
    "arc-message-signature",
    "arc-seal",
    "dkim-signature",
    "received-spf",
    "mime-version",
    "content-transfer-encoding",
    "content-language",
    "precedence",
    "auto-submitted",
    "importance",
    "priority",
    "sensitivity",
    "x-priority",
    "x-msmail-priority",
    "list-unsubscribe",
    "list-unsubscribe-post",
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
pub(super) fn section(fakes: &mut Fakes, octets: &mut [u8]) {
    let found: Vec<(Range<usize>, usize)> = field::fields(octets)
        .map(|field| (field.at.clone(), field.at.end - field.at.start))
        .map(|(at, _)| (at.clone(), at.start))
        .collect();
    let mut done = 0;
    for (at, _) in found {
        other(fakes, &mut octets[done..at.start], done == 0);
        one(fakes, &mut octets[at.clone()]);
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
fn one(fakes: &mut Fakes, octets: &mut [u8]) {
    let Some(colon) = field::colon_of(field::first_line(octets)) else { return };
    let (name, body) = octets.split_at_mut(colon);
    let lower = String::from_utf8_lossy(name).trim().to_ascii_lowercase();
    fakes.text(name, Charset::Words, &|text, at| List::FieldName.has(&text[at]));
    let is = |names: &[&str]| names.contains(&lower.as_str());
    match lower.as_str() {
        "content-type" | "content-disposition" => parameters(fakes, body),
        "received" => {
            // The date stands behind the last semicolon.
            let at = memchr::memrchr(b';', body).unwrap_or(body.len());
            let (trace, date) = body.split_at_mut(at);
            text(fakes, trace, List::Keyword);
            dated(fakes, date);
        }
        "subject" | "thread-topic" => text(fakes, body, List::Subject),
        "status" if body.iter().all(|octet| !octet.is_ascii_alphabetic()) => {}
        _ if is(&DATES) => dated(fakes, body),
        _ if is(&STRUCTURED) => text(fakes, body, List::Keyword),
        _ => text(fakes, body, List::Nothing),
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
        is_free && list.has(&text[at])
    });
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

/// A type or disposition with its parameters.
fn parameters(fakes: &mut Fakes, body: &mut [u8]) {
    let mut start = 0;
    let mut is_first = true;
    while start < body.len() {
        let end = start + parameter_end(&body[start..]);
        let piece = &mut body[start..end];
        match is_first {
            true => media(fakes, piece),
            false => parameter(fakes, piece),
        }
        (start, is_first) = (end + 1, false);
    }
}

/// Where a parameter ends: at a semicolon that is not quoted.
fn parameter_end(text: &[u8]) -> usize {
    let mut in_quotes = false;
    let mut is_escaped = false;
    for (at, octet) in text.iter().enumerate() {
        match octet {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_quotes => is_escaped = true,
            b'"' => in_quotes = !in_quotes,
            b';' if !in_quotes => return at,
            _ => {}
        }
    }
    text.len()
}

/// `: type/subtype`, or `: attachment`; types that many have stay whole.
fn media(fakes: &mut Fakes, text: &mut [u8]) {
    let shown = String::from_utf8_lossy(text).trim_start_matches(':').trim().to_ascii_lowercase();
    let is_known = guess::extension(&shown).is_some() || guess::media_type(&shown) == shown;
    if !is_known {
        self::text(fakes, text, List::Keyword);
    }
}

/// `name=value`: what the value may say depends on the name.
fn parameter(fakes: &mut Fakes, text: &mut [u8]) {
    let Some(equals) = memchr::memchr(b'=', text) else { return self::text(fakes, text, List::Nothing) };
    let (name, value) = text.split_at_mut(equals);
    let lower = String::from_utf8_lossy(name).trim().to_ascii_lowercase();
    let base = lower.split('*').next().unwrap_or_default();
    let is_extended = lower.ends_with('*');
    // Numbers are those of pieces (RFC 2231 §3).
    fakes.text(name, Charset::Words, &|text, at| {
        let word = &text[at];
        List::Keyword.has(word) || word.iter().all(u8::is_ascii_digit)
    });
    let label = String::from_utf8_lossy(&value[1..]).trim().trim_matches('"').to_owned();
    match base {
        // Boundaries are structure: what is between them would not be found again.
        "boundary" => {}
        "charset" if is_charset(&label) => {}
        "filename" | "name" => {
            // The end of a name says what kind of file it is.
            let end = value.iter().rposition(|octet| octet.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
            let dot = memchr::memrchr(b'.', &value[..end]).filter(|dot| {
                std::str::from_utf8(&value[*dot + 1..end])
                    .is_ok_and(|e| guess::media_type(&format!("x.{e}")) != "application/octet-stream")
            });
            let kept = value.len() - dot.map_or(value.len(), |dot| dot);
            let until = value.len() - kept;
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
        && std::str::from_utf8(&value[..quote]).is_ok_and(|label| is_charset(label.trim_matches(['=', '"', ' '])))
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
        section(&mut Fakes::new(b"key"), &mut octets);
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
                "Content-Type: multipart/mixed; boundary=\"=_alice\"; charset=utf-8\r\n",
                "boundary=\"=_alice\"; charset=utf-8",
                "x",
            ),
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
    fn what_is_no_field_is_replaced_too() {
        let faked =
            shown("From alice@crepes.example Mon Mar  2 10:00:00 2026\nnot a field\nSubject: x\n folded words\n");
        assert!(faked.starts_with("From ") && faked.contains(" Mon Mar  ") && faked.contains("\nSubject: "), "{faked}");
        for word in ["alice", "field", "folded", "words"] {
            assert!(!faked.contains(word), "{word} {faked}");
        }
    }
}
