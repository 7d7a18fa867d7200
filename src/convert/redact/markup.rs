//! HTML with fakes: tags, names of attributes and of characters stay, words and values are replaced.
//!
//! Knows markup only as far as `<` and `>` tell it; what is in doubt is text. WHATWG HTML §13.1.

use super::charset::Charset;
use super::fake::Fakes;
use super::vocabulary::List;
use super::{is_in_address, is_scheme};
use std::ops::Range;

/// Replaces what an HTML text says, in place.
pub(super) fn page(fakes: &mut Fakes, text: &mut [u8], charset: Charset) {
    if charset != Charset::Words {
        // Tags are filled too; which letters are theirs cannot be told without decoding.
        return charset.fill(text);
    }
    numbers(text);
    let inside = tags(text);
    fakes.text(text, charset, &|text, at| keeps(text, at, &inside));
}

/// The tags of a text, without the contents of styles, whose words count as tags' words.
fn tags(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = memchr::memchr(b'<', &text[at..]).map(|start| at + start) {
        let is_tag = text.get(start + 1).is_some_and(|octet| octet.is_ascii_alphabetic() || b"/!?".contains(octet));
        let mut end = memchr::memchr(b'>', &text[start..]).map_or(text.len(), |end| start + end + 1);
        let is_style = text.get(start + 1..start + 6).is_some_and(|name| name.eq_ignore_ascii_case(b"style"));
        if is_style {
            end = memchr::memmem::find(&text[end..], b"</").map_or(text.len(), |length| end + length);
        }
        if is_tag {
            found.push(start..end);
        }
        at = if is_tag { end } else { start + 1 };
    }
    found
}

fn keeps(text: &[u8], at: Range<usize>, tags: &[Range<usize>]) -> bool {
    let word = &text[at.clone()];
    let (before, behind) = (at.start.checked_sub(1).and_then(|at| text.get(at)), text.get(at.end));
    // `&nbsp;`, and `&#120;`, which `numbers` has seen to.
    if behind == Some(&b';') && before == Some(&b'&') {
        return List::Entity.has(word);
    }
    if behind == Some(&b';') && before == Some(&b'#') && text.get(at.start.wrapping_sub(2)) == Some(&b'&') {
        return true;
    }
    let place = tags.partition_point(|tag| tag.end <= at.start);
    let is_inside = tags.get(place).is_some_and(|tag| tag.contains(&at.start));
    if !is_inside {
        // By the words of a link that look like another link a reader is deceived.
        return is_scheme(text, &at);
    }
    if is_in_address(text, &at) && behind != Some(&b':') {
        return false;
    }
    // Sizes stay; a number of more digits may be somebody's.
    let is_size = word.len() <= 4 && word[0].is_ascii_digit() && before.is_some_and(|octet| b"\"':= ".contains(octet));
    List::Markup.has(word) || is_size
}

/// Characters written as numbers become the letter x, written as wide.
fn numbers(text: &mut [u8]) {
    let mut at = 0;
    while let Some(start) = memchr::memmem::find(&text[at..], b"&#").map(|start| at + start + 2) {
        let is_hex = text.get(start).is_some_and(|octet| matches!(octet, b'x' | b'X'));
        let from = start + usize::from(is_hex);
        let digits =
            text[from..].iter().take_while(|o| if is_hex { o.is_ascii_hexdigit() } else { o.is_ascii_digit() }).count();
        let digits_of_x: &[u8] = match (is_hex, digits) {
            (true, _) => b"78",
            (false, 2) => b"88",
            (false, _) => b"120",
        };
        let number = &mut text[from..from + digits];
        if let Some(zeros) = digits.checked_sub(digits_of_x.len()) {
            number[..zeros].fill(b'0');
            number[zeros..].copy_from_slice(digits_of_x);
        }
        at = from + digits;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_stay_and_words_do_not() {
        let text = "<p class=\"secret\">Hello&nbsp;Bob, caf&eacute; &#66;&#111;&#98; &#x42;</p>\
            <a href=\"https://crepes.example/alice?id=12345\">http://alice</a><img width=\"100\" src=\"cid:logo@crepes.example\">\
            <style>p { color: blue; display: none } .alice { width: 20px }</style><!-- remark --> 1 < two";
        let mut octets = text.as_bytes().to_vec();
        page(&mut Fakes::new(b"key"), &mut octets, Charset::Words);
        let faked = String::from_utf8(octets).expect("text");
        assert_eq!(faked.len(), text.len());
        for kept in [
            "<p class=\"",
            "&nbsp;",
            "&eacute;",
            "<a href=\"https://",
            "\">http://",
            "<img width=\"100\" src=\"cid:",
            "display: none",
            "</style>",
        ] {
            assert!(faked.contains(kept), "{kept}: {faked}");
        }
        for gone in ["secret", "Hello", "Bob", "crepes", "example", "alice", "12345", "logo", "remark", "two", "&#66;"]
        {
            assert!(!faked.contains(gone), "{gone}: {faked}");
        }
    }
}
