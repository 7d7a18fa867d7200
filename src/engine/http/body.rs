//! What of a body of HTTP may be shown.
//!
//! A document that anybody may ask for is shown, as long as it is not too long. Of forms and JSON the names are shown, and
//! the few values that are no secret in any answer of OAuth. Whatever is not written as it should be is hidden from there on.
//! RFC 6749 §4, §5; RFC 8628 §3.2; RFC 8259 §2; the URL standard, §5.1, for forms.

use crate::wire::record::Show;

/// Of a document so much is shown: as much as a policy may have (RFC 8461 §3.3).
const DOCUMENT_MAX: u64 = 64 * 1024;
/// Longer names are none.
const NAME_MAX: usize = 40;
/// Values that may be seen: what is asked for, how, and why not.
const HARMLESS: [&str; 11] = [
    "error",
    "expires_in",
    "ext_expires_in",
    "grant_type",
    "interval",
    "response_type",
    "scope",
    "token_type",
    "token_type_hint",
    "verification_uri",
    "verification_url",
];
/// What stands for a secret.
const SECRET: &str = "{secret}";

/// How a body is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Body {
    /// Not at all.
    #[default]
    Hidden,
    /// Whole, up to a limit.
    Document {
        /// Octets that were seen.
        seen: u64,
    },
    /// Names, and values that are harmless.
    Form,
    /// The same.
    Json {
        /// The name of the value that comes next; empty if it is none that could be known.
        name: String,
        /// The last sign that was no blank: what stands behind a colon is a value.
        before: u8,
    },
}

/// Whether a request asks for what anybody may ask for: without a query, or with an address of mail as the only thing in it,
/// as clients ask for settings.
pub(super) fn is_document(request: &[u8]) -> bool {
    match request.iter().position(|octet| *octet == b'?') {
        None => true,
        Some(at) => request[at..].starts_with(b"?emailaddress=") && !request[at..].contains(&b'&'),
    }
}

impl Body {
    pub(super) fn document() -> Self {
        Self::Document { seen: 0 }
    }

    pub(super) fn json() -> Self {
        Self::Json { name: String::new(), before: b'{' }
    }

    /// How its next line is shown: a piece that ends with LF, with the body, or where it is too long.
    pub(super) fn show(&mut self, line: &[u8]) -> Show {
        match self {
            Self::Hidden => Show::Hidden,
            Self::Document { seen } => {
                *seen += line.len() as u64;
                if *seen <= DOCUMENT_MAX { Show::Whole } else { Show::Elide }
            }
            Self::Form => {
                // Forms have no lines: what follows one is no form any more.
                let shown = form(line);
                if line.ends_with(b"\n") {
                    *self = Self::Hidden;
                }
                shown
            }
            Self::Json { name, before } => {
                let mut printed = Printed { line, at: 0, text: String::new(), hidden: 0 };
                let is_whole = printed.json(name, before);
                if !is_whole {
                    *self = Self::Hidden;
                }
                printed.show()
            }
        }
    }
}

/// A line as it is shown, so far.
struct Printed<'a> {
    line: &'a [u8],
    at: usize,
    text: String,
    hidden: u64,
}

/// A form: names and what is harmless.
fn form(line: &[u8]) -> Show {
    let mut printed = Printed { line, at: 0, text: String::new(), hidden: 0 };
    for (index, pair) in line.split(|octet| *octet == b'&').enumerate() {
        if index > 0 {
            printed.text.push('&');
        }
        let equals = pair.iter().position(|octet| *octet == b'=');
        match equals.map(|at| (name_of(&pair[..at]), &pair[at + 1..])) {
            Some((Some(name), value)) => {
                printed.text.push_str(name);
                printed.text.push('=');
                printed.value(value, HARMLESS.contains(&name));
            }
            _ => printed.value(pair, false),
        }
    }
    printed.show()
}

impl Printed<'_> {
    fn show(self) -> Show {
        match self.hidden {
            0 => Show::Whole,
            secret => Show::Instead { text: self.text, secret },
        }
    }

    /// Shows a value, or that there is one.
    fn value(&mut self, value: &[u8], is_harmless: bool) {
        let plain = std::str::from_utf8(value).ok().filter(|text| is_harmless && text.bytes().all(is_plain));
        match plain {
            _ if value.is_empty() => {}
            Some(text) => self.text.push_str(text),
            None => {
                self.text.push_str(SECRET);
                self.hidden += value.len() as u64;
            }
        }
    }

    /// Hides all that is left.
    fn hide_rest(&mut self) -> bool {
        let rest = &self.line[self.at..];
        self.value(rest, false);
        self.at = self.line.len();
        false
    }

    /// JSON, token by token; whether it is still JSON at its end.
    fn json(&mut self, name: &mut String, before: &mut u8) -> bool {
        while let Some(&sign) = self.line.get(self.at) {
            match sign {
                b' ' | b'\t' | b'\r' | b'\n' => self.text.push(char::from(sign)),
                b'{' | b'}' | b'[' | b']' | b',' | b':' => {
                    self.text.push(char::from(sign));
                    *before = sign;
                    // Behind these there is another value, and nothing is known of it.
                    if matches!(sign, b'{' | b'}' | b']' | b',') {
                        name.clear();
                    }
                }
                b'"' => {
                    let Some(len) = string_len(&self.line[self.at + 1..]) else { return self.hide_rest() };
                    let inner = self.at + 1..self.at + 1 + len;
                    let (inner, behind) = (&self.line[inner.clone()], &self.line[inner.end + 1..]);
                    let is_name = matches!(*before, b'{' | b',') && behind.trim_ascii_start().starts_with(b":");
                    self.text.push('"');
                    match name_of(inner).filter(|_| is_name) {
                        Some(known) => {
                            self.text.push_str(known);
                            known.clone_into(name);
                        }
                        // A name that is no plain word may be any, written otherwise (RFC 8259 §7).
                        None => {
                            let is_harmless = takes_value(*before) && HARMLESS.contains(&name.as_str());
                            self.value(inner, is_harmless);
                            name.clear();
                        }
                    }
                    self.text.push('"');
                    *before = b'"';
                    self.at += len + 1;
                }
                b'-' | b'0'..=b'9' | b'a'..=b'z' => {
                    let is_word = |octet: &&u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'+' | b'.');
                    let len = self.line[self.at..].iter().take_while(is_word).count();
                    let word = &self.line[self.at..self.at + len];
                    let is_number = word.iter().all(|octet| octet.is_ascii_digit());
                    match word {
                        b"true" | b"false" | b"null" => self.value(word, true),
                        _ if is_number => {
                            self.value(word, takes_value(*before) && HARMLESS.contains(&name.as_str()));
                        }
                        _ => return self.hide_rest(),
                    }
                    name.clear();
                    *before = b'0';
                    self.at += len - 1;
                }
                _ => return self.hide_rest(),
            }
            self.at += 1;
        }
        true
    }
}

/// Whether a value of the last name stands behind this sign.
fn takes_value(before: u8) -> bool {
    matches!(before, b':' | b'[')
}

/// Octets of a string up to its end.
fn string_len(text: &[u8]) -> Option<usize> {
    let mut is_escaped = false;
    text.iter().position(|octet| match octet {
        _ if is_escaped => {
            is_escaped = false;
            false
        }
        b'\\' => {
            is_escaped = true;
            false
        }
        octet => *octet == b'"',
    })
}

/// A name as parameters have them (RFC 6749 §8.2).
fn name_of(octets: &[u8]) -> Option<&str> {
    let is_sign = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-' | b'.');
    let is_name = (1..=NAME_MAX).contains(&octets.len()) && octets.iter().all(is_sign);
    std::str::from_utf8(octets).ok().filter(|_| is_name)
}

fn is_plain(octet: u8) -> bool {
    octet.is_ascii_graphic() && !b"{}\\\"".contains(&octet) || octet == b' '
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(body: &mut Body, line: &str) -> String {
        match body.show(line.as_bytes()) {
            Show::Whole => line.to_owned(),
            Show::Instead { text, .. } => text,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn values_are_shown_where_they_are_no_secret() {
        for (body, line, wanted) in [
            (Body::json(), "{}", "{}"),
            (Body::json(), r#"{"error":"invalid_grant"}"#, r#"{"error":"invalid_grant"}"#),
            (Body::json(), r#"{"error":"a{secret}"}"#, r#"{"error":"{secret}"}"#),
            (Body::json(), r#"{"a":["x","y"], "scope":["z"]}"#, r#"{"a":["{secret}","{secret}"], "scope":["z"]}"#),
            (Body::json(), r#"{"user_code":123456,"b":true}"#, r#"{"user_code":{secret},"b":true}"#),
            (Body::json(), r#"{"a":"x\"y"}"#, r#"{"a":"{secret}"}"#),
            (Body::json(), r#"{"a":"x"#, r#"{"a":{secret}"#),
            (Body::json(), r#"{"a":"x":"y"}"#, r#"{"a":"{secret}":"{secret}"}"#),
            (Body::json(), r#"{"scope":"x","a\u0062":"y"}"#, r#"{"scope":"x","{secret}":"{secret}"}"#),
            (Body::json(), r#"{"scope":"x","a b":["y"]}"#, r#"{"scope":"x","{secret}":["{secret}"]}"#),
            (Body::json(), r#"{"expires_in":1,"":2}"#, r#"{"expires_in":1,"":{secret}}"#),
            (Body::json(), r#"{"scope":"x":"y"}"#, r#"{"scope":"x":"{secret}"}"#),
            (Body::json(), r#"{"scope":{"a b":"y"},"c":1}"#, r#"{"scope":{"{secret}":"{secret}"},"c":{secret}}"#),
            (Body::json(), "hunter2", "{secret}"),
            (Body::json(), r#"{"a":1e5,"b":"#, r#"{"a":{secret}"#),
            (Body::Form, "a=b&scope=x&c", "a={secret}&scope=x&{secret}"),
            (Body::Form, "hunter2", "{secret}"),
            (Body::Form, "=hunter2&scope=%7b", "{secret}&scope=%7b"),
        ] {
            assert_eq!(shown(&mut body.clone(), line), wanted, "{line}");
        }
    }

    #[test]
    fn behind_what_is_not_as_it_should_be_nothing_is_shown() {
        for (mut body, first) in [(Body::json(), "{\"a\":\"hun\n"), (Body::Form, "a=hun\n")] {
            assert!(!shown(&mut body, first).contains("hun"));
            assert_eq!(body.show(b"ter=2"), Show::Hidden);
        }
    }

    #[test]
    fn a_name_whose_colon_is_in_another_line_is_none() {
        let mut body = Body::json();
        let lines = ["{\"scope\":\"x\",\n", "\"access_token\"\n", ":\n", "\"hunter2\"}"];
        let all = lines.map(|line| shown(&mut body, line)).concat();
        assert!(all.contains("\"x\"") && !all.contains("hunter2"), "{all}");
    }

    proptest! {
        #[test]
        fn no_value_is_shown_behind_a_name_that_is_not_known(
            name in prop_oneof![
                "[a-z_]{0,60}", "[a-z :/?#=.-]{1,20}", "https://[a-z./]{1,60}", "(\\\\u00[2-7][0-9a-f]|[a-z]){1,12}",
            ],
            value in prop_oneof!["\"canary[a-z0-9 ]{0,9}\"", "\\[\"canary\"\\]", "\\{\"b c\":\"canary\"\\}", "8642[0-9]{4}"],
            known in prop::sample::select(HARMLESS.as_slice()),
            gap in prop::sample::select(&["", " ", "\n", "\r\n\t"][..]),
        ) {
            prop_assume!(!HARMLESS.contains(&name.as_str()));
            let json = format!("{{\"{known}\":\"x\",{gap}\"{name}\"{gap}:{gap}{value}}}");
            let mut body = Body::json();
            let all: String = json.split_inclusive('\n').map(|line| shown(&mut body, line)).collect();
            prop_assert!(!all.contains("canary") && !all.contains("8642"), "{} {}", json, all);
        }

        #[test]
        fn no_value_is_shown_that_is_not_known(value in "[a-z0-9\\\\\"{}:,= &\n]{8,30}") {
            let json = serde_json::json!({ "access_token": format!("canary{value}"), "expires_in": 1 }).to_string();
            prop_assert!(!shown(&mut Body::json(), &json).contains("canary"));
            let form = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("scope", "x").append_pair("refresh_token", &format!("canary{value}")).finish();
            prop_assert!(!shown(&mut Body::Form, &form).contains("canary"));
        }
    }
}
