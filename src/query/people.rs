//! Whom a message names, and how somebody is looked for among them.
//!
//! Addresses are the same when their domains are the same place and their local parts differ in nothing but case: that
//! is how people mean it, though only the host may say so. `bücher.example` and `xn--bcher-kva.example` are one domain.
//! RFC 5321 §2.4; RFC 5890 §2.3.2.1.

use super::pattern::Pattern;
use crate::address::Domain;
use crate::message::address_list::{self, NameAddr};
use crate::message::fold::{fold, is_same};
use std::borrow::Cow;

/// Where a message names somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Who wrote it.
    From,
    /// Whom it is for.
    To,
    /// Who gets a copy.
    Cc,
    /// Who gets a copy unseen.
    Bcc,
    /// Who sent it for others.
    Sender,
    /// Who gets answers.
    ReplyTo,
    /// To, Cc or Bcc.
    Recipient,
    /// Any of them.
    Anybody,
}

/// Somebody who is looked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Person {
    /// `:alice@crepes.example`, and nobody else.
    Address(Pattern),
    /// `:@crepes.example`, everybody there.
    Domain(Pattern),
    /// A name, or a part of name or address.
    Like(Pattern),
}

impl Role {
    /// As it is written.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::To => "to",
            Self::Cc => "cc",
            Self::Bcc => "bcc",
            Self::Sender => "sender",
            Self::ReplyTo => "reply-to",
            Self::Recipient => "recipient",
            Self::Anybody => "with",
        }
    }

    /// The header fields that name them.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::From => &["From"],
            Self::To => &["To"],
            Self::Cc => &["Cc"],
            Self::Bcc => &["Bcc"],
            Self::Sender => &["Sender"],
            Self::ReplyTo => &["Reply-To"],
            Self::Recipient => &["To", "Cc", "Bcc"],
            Self::Anybody => &["From", "Sender", "Reply-To", "To", "Cc", "Bcc"],
        }
    }
}

impl Person {
    /// Whom a text behind `:` or `=` means: with an `@` in it an address or a domain, else a name.
    pub fn named(pattern: Pattern) -> Self {
        match pattern.written().rsplit_once('@') {
            Some((_, "")) => Self::Like(pattern),
            Some(("", _)) => Self::Domain(pattern),
            Some(_) if pattern.is_literal() => Self::Address(pattern),
            _ => Self::Like(pattern),
        }
    }

    /// The pattern as it was written.
    pub fn pattern(&self) -> &Pattern {
        match self {
            Self::Address(pattern) | Self::Domain(pattern) | Self::Like(pattern) => pattern,
        }
    }

    /// Whether one of those in a field body is meant.
    pub(super) fn is_in(&self, body: &[u8]) -> bool {
        let entries = address_list::parse(body);
        address_list::mailboxes(&entries).any(|mailbox| self.is(mailbox))
    }

    fn is(&self, mailbox: &NameAddr) -> bool {
        match self {
            Self::Address(pattern) => {
                let (local_part, domain) = pattern.written().rsplit_once('@').unwrap_or_default();
                is_same(&mailbox.local_part, unquoted(local_part).as_ref()) && is_same_domain(&mailbox.domain, domain)
            }
            Self::Domain(pattern) if pattern.is_literal() => {
                is_same_domain(&mailbox.domain, pattern.written().trim_start_matches('@'))
            }
            Self::Domain(pattern) => {
                let other_form = in_other_labels(mailbox);
                let specs = [mailbox.spec()].into_iter().chain(other_form);
                specs.filter_map(|spec| spec.rfind('@').map(|at| spec[at..].to_owned())).any(|at| pattern.meets(&at))
            }
            Self::Like(pattern) => {
                let name = mailbox.display_name();
                let spec = mailbox.spec();
                let other_form = in_other_labels(mailbox);
                let name_or_spec = name.iter().chain([&spec]).chain(&other_form);
                if !pattern.is_literal() || pattern.is_whole() {
                    return name_or_spec.into_iter().any(|text| pattern.meets(text));
                }
                let whole = |spec: &String| format!("{} <{spec}>", name.as_deref().unwrap_or_default());
                pattern.meets(&whole(&spec)) || other_form.as_ref().is_some_and(|spec| pattern.meets(&whole(spec)))
            }
        }
    }
}

fn is_same_domain(one: &str, other: &str) -> bool {
    canonical(one) == canonical(other)
}

/// A domain in the form in which it can be compared; what is no domain, as it stands.
fn canonical(domain: &str) -> Cow<'_, str> {
    if domain.is_ascii() {
        return fold(domain);
    }
    match Domain::parse(domain) {
        Ok(domain) => Cow::Owned(domain.to_ascii().to_string()),
        Err(_) => fold(domain),
    }
}

/// The address with U-labels for A-labels or the other way round, if it has any.
fn in_other_labels(mailbox: &NameAddr) -> Option<String> {
    let domain = match mailbox.domain.is_ascii() {
        false => canonical(&mailbox.domain),
        true if fold(&mailbox.domain).contains("xn--") => Cow::Owned(idna::domain_to_unicode(&mailbox.domain).0),
        true => return None,
    };
    Some(format!("{}@{domain}", mailbox.local_part))
}

/// A local part without its quotes.
fn unquoted(local_part: &str) -> Cow<'_, str> {
    match local_part.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => Cow::Owned(inner.replace("\\\"", "\"").replace("\\\\", "\\")),
        None => Cow::Borrowed(local_part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_found_by_address_domain_and_name() {
        let named = |text: &str| Person::named(Pattern::within(text));
        let exactly = |text: &str| Person::named(Pattern::whole(text));
        let like = |text: &str| Person::Like(Pattern::within(text));
        for (person, body, wanted) in [
            (named("alice@crepes.example"), "Alice <Alice@CREPES.example>", true),
            (named("alice@crepes.example"), "malice@crepes.example", false),
            (named("alice@crepes.example"), "alice@crepes.example.evil.example", false),
            (named("alice@crepes.example"), "friends: bob@x, alice@crepes.example;", true),
            (named("\"a b\"@x"), "\"a b\"@x", true),
            (named("@crepes.example"), "alice@crepes.example", true),
            (named("@crepes.example"), "alice@mail.crepes.example", false),
            (named("@bücher.example"), "a@xn--bcher-kva.example", true),
            (named("a@xn--bcher-kva.example"), "A@BÜCHER.example", true),
            (named("crepes"), "alice@crepes.example", true),
            (named("alice ex"), "=?utf-8?q?Alice?= Example <a@x>", true),
            (named("root"), "root", true),
            (like("@crepes"), "alice@crepes.example", true),
            (like("bücher"), "a@xn--bcher-kva.example", true),
            (like("xn--bcher"), "a@bücher.example", true),
            (like("alice <a@"), "Alice <a@x>", true),
            (exactly("Alice Example"), "Alice Example <a@x>", true),
            (exactly("Alice"), "Alice Example <a@x>", false),
            (exactly("a@x"), "Alice Example <a@x>", true),
            (exactly("root"), "root", true),
            (Person::named(Pattern::glob("@*.crepes.example")), "alice@mail.crepes.example", true),
            (Person::named(Pattern::glob("@*.crepes.example")), "alice@crepes.example", false),
            (Person::Like(Pattern::glob("*@*.example")), "Alice <a@x.example>", true),
            (Person::Like(Pattern::glob("a*")), "Bob <bob@x>", false),
            (named("alice@"), "Alice <alice@x>", true),
        ] {
            assert_eq!(person.is_in(body.as_bytes()), wanted, "{person:?} {body}");
        }
    }
}
