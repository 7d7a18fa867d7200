//! What a sender should mend before a message goes out: local rules, each with its reason and its remedy.
//!
//! Receivers refuse, hide or distrust such messages. Only the message is looked at: no link is followed, no list of
//! blocked hosts is asked. RFC 5322 §2.1.1, §3.6; RFC 2046 §5.1.4; RFC 2369; RFC 8058; RFC 2397.

use super::links::{Links, Place, Warning};
use crate::message::address_list;
use crate::message::defect;
use crate::message::defect::Severity::{self, Error, Info, Warn};
use crate::message::guard::BlockKind;
use crate::message::roles::Roles;
use crate::message::view::{Message, Part};
use memchr::memmem;

/// Octets of a whole message that large providers take (25 MB), with room for their own fields.
const SIZE_MAX: usize = 24 * 1000 * 1000;
/// Octets of HTML behind which Gmail shows no more.
const HTML_MAX: usize = 102 * 1000;
/// Octets of one tag that are looked at.
const TAG_MAX: usize = 4096;
/// Findings of one rule that are told.
const FINDINGS_MAX: usize = 20;

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// `no-date`
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What receivers do about it.
    pub why: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

/// A rule that a message breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub rule: &'static Rule,
    /// The number of the part.
    pub part: String,
    /// Where, in octets from the beginning of the message.
    pub offset: usize,
    /// What was found; may hold foreign text.
    pub text: String,
}

/// Each rule, by name.
pub static RULES: [Rule; 23] = [
    rule(
        "active-content",
        Warn,
        "mail programs run no script and send no form, and filters count them as an attack",
        "leave them out; link to a page",
    ),
    rule(
        "bad-date",
        Warn,
        "a Date that cannot be read sorts the message to one end of the list",
        "write it as RFC 5322 §3.3 says",
    ),
    rule(
        "blind-copies",
        Error,
        "a Bcc field in the message shows to all whom it should hide",
        "remove the field before sending; mailkit send does so",
    ),
    rule(
        "dangerous-attachment",
        Error,
        "most servers refuse files of this type, whatever is in them",
        "send a link, or a type that nothing runs",
    ),
    rule(
        "data-image",
        Warn,
        "Gmail and Outlook show no picture that stands in the HTML itself",
        "attach it inline and refer to it by cid:",
    ),
    rule("empty-subject", Warn, "a message without a subject looks like junk and cannot be found again", "give it one"),
    rule(
        "html-clipped",
        Info,
        "Gmail cuts HTML off behind 102 kB",
        "shorten the HTML; leave out styles that are not used",
    ),
    rule(
        "html-only",
        Warn,
        "who reads text, and many filters, see nothing",
        "add the same as text/plain, in multipart/alternative",
    ),
    rule(
        "long-line",
        Error,
        "RFC 5322 allows 998 octets in a line; servers refuse or break longer ones",
        "encode the part as quoted-printable or base64",
    ),
    rule(
        "misleading-link",
        Error,
        "the words of a link name another place than it leads to, as those of a fraud do",
        "let the words say where it leads, or name no place in them",
    ),
    rule("missing-charset", Warn, "text beyond ASCII without a charset is shown as a guess", "declare charset=utf-8"),
    rule(
        "no-date",
        Error,
        "RFC 5322 requires Date; servers add one or count the message as junk",
        "add the field; mailkit send does so",
    ),
    rule("no-from", Error, "RFC 5322 requires From; nearly all servers refuse the message", "say who it is from"),
    rule(
        "no-list-unsubscribe",
        Warn,
        "large providers want it in mail to many, and show a button for it",
        "add List-Unsubscribe with an https and a mailto link",
    ),
    rule(
        "no-message-id",
        Warn,
        "answers and threads need it, and filters miss it",
        "add the field; mailkit send does so",
    ),
    rule(
        "no-one-click",
        Info,
        "large providers want one click to be enough",
        "add List-Unsubscribe-Post: List-Unsubscribe=One-Click, and answer the POST",
    ),
    rule(
        "no-recipient",
        Info,
        "a message that is to nobody looks like junk",
        "name the recipients, or `undisclosed-recipients:;`",
    ),
    rule(
        "plain-link",
        Info,
        "the link is not encrypted, or leads to an address, or carries a user name",
        "link to https and a name",
    ),
    rule(
        "raw-header",
        Warn,
        "a field beyond ASCII that is not encoded needs SMTPUTF8 on the whole way",
        "encode it (RFC 2047)",
    ),
    rule(
        "several-from",
        Error,
        "receivers refuse what is from several, since a check of one says nothing of the other",
        "name one in From, others in Reply-To",
    ),
    rule("text-parts-differ", Info, "the plain text is empty beside HTML that is not", "say the same in both"),
    rule("too-large", Warn, "large providers take 25 MB at most", "send a link to the file"),
    rule("tracking-pixel", Warn, "programs that care about privacy block it, and filters count it", "leave it out"),
];

const fn rule(name: &'static str, severity: Severity, why: &'static str, remedy: &'static str) -> Rule {
    Rule { name, severity, why, remedy }
}

/// Ends of file names that large providers refuse.
const DANGEROUS: [&str; 46] = [
    "ade", "adp", "apk", "appx", "bat", "cab", "chm", "cmd", "com", "cpl", "diagcab", "dll", "dmg", "ex", "exe", "hta",
    "img", "ins", "iso", "isp", "jar", "jnlp", "js", "jse", "lib", "lnk", "mde", "msc", "msi", "msix", "msp", "mst",
    "nsh", "pif", "ps1", "reg", "scf", "scr", "sct", "shb", "vb", "vbe", "vbs", "vhd", "wsf", "xll",
];

/// What a sender should mend, in the order of the rules.
pub fn check(message: &Message<'_>) -> Vec<Finding> {
    let mut found = Findings { list: Vec::new(), root: message.root().id.clone() };
    fields(message, &mut found);
    let roles = Roles::of(message);
    texts(message, &roles, &mut found);
    for part in message.own_parts() {
        if part.kind == BlockKind::Leaf && part.media.is("text", "html") {
            html(message, part, &mut found);
        }
        attachment(message, part, &mut found);
    }
    links(message, &mut found);
    size(message, &mut found);
    found.list.sort_by_key(|finding| (finding.rule.name, finding.offset));
    found.list
}

struct Findings {
    list: Vec<Finding>,
    root: String,
}

impl Findings {
    fn push(&mut self, name: &str, part: &str, offset: usize, text: impl Into<String>) {
        let Some(rule) = RULES.iter().find(|rule| rule.name == name) else { return };
        if self.list.iter().filter(|finding| finding.rule == rule).count() < FINDINGS_MAX {
            self.list.push(Finding { rule, part: part.to_owned(), offset, text: text.into() });
        }
    }

    fn whole(&mut self, name: &str, text: impl Into<String>) {
        let root = self.root.clone();
        self.push(name, &root, 0, text);
    }
}

/// What the header section says and does not say.
fn fields(message: &Message<'_>, found: &mut Findings) {
    let root = message.root();
    let has = |name: &str| message.field(root, name).is_some();
    match message.field(root, "Date") {
        None => found.whole("no-date", "there is no Date"),
        Some(date) if crate::message::date::parse(date).is_none() => {
            found.whole("bad-date", "the Date cannot be read");
        }
        Some(_) => {}
    }
    if !has("Message-ID") {
        found.whole("no-message-id", "there is no Message-ID");
    }
    if message.text_field(root, "Subject").is_none_or(|subject| subject.trim().is_empty()) {
        found.whole("empty-subject", "there is no Subject, or nothing in it");
    }
    if !has("To") && !has("Cc") {
        found.whole("no-recipient", "there is neither To nor Cc");
    }
    let authors: usize = message
        .fields(root)
        .filter(|field| field.is("From"))
        .map(|field| address_list::mailboxes(&address_list::parse(field.body)).count())
        .sum();
    match authors {
        0 => found.whole("no-from", "there is no From, or nobody in it"),
        1 => {}
        _ => found.whole("several-from", format!("it is from {authors}")),
    }
    for field in message.fields(root) {
        if field.is("Bcc") || field.is("Resent-Bcc") {
            found.push(
                "blind-copies",
                &root.id,
                root.header.start + field.at.start,
                format!("{} stands there", field.name),
            );
        }
        if !field.body.is_ascii() {
            let text = format!("{} holds octets beyond ASCII", field.name);
            found.push("raw-header", &root.id, root.header.start + field.at.start, text);
        }
    }
    let precedence = message.text_field(root, "Precedence").unwrap_or_default().to_ascii_lowercase();
    let is_bulk = has("List-Id") || has("Feedback-ID") || matches!(precedence.trim(), "bulk" | "list" | "junk");
    match (has("List-Unsubscribe"), has("List-Unsubscribe-Post")) {
        (false, _) if is_bulk => found.whole("no-list-unsubscribe", "it goes to many, and has no List-Unsubscribe"),
        (true, false) => found.whole("no-one-click", "List-Unsubscribe stands there without List-Unsubscribe-Post"),
        _ => {}
    }
}

/// Whether there is something to read for everybody.
fn texts(message: &Message<'_>, roles: &Roles, found: &mut Findings) {
    let part = |index: Option<usize>| index.and_then(|index| message.parts().get(index));
    let is_blank = |part: &Part| message.content(part).content.trim_ascii().is_empty();
    match (part(roles.text), part(roles.html)) {
        (None, Some(html)) => found.push("html-only", &html.id, html.header.start, "there is HTML and no plain text"),
        (Some(text), Some(html)) if is_blank(text) && !is_blank(html) => {
            found.push("text-parts-differ", &text.id, text.body.start, "the plain text is empty, the HTML is not");
        }
        _ => {}
    }
    for part in message.own_parts().into_iter().filter(|part| part.kind == BlockKind::Leaf && part.media.main == "text")
    {
        if part.media.parameters.get("charset").is_none() && !message.content(part).content.is_ascii() {
            found.push("missing-charset", &part.id, part.header.start, "a text beyond ASCII declares no charset");
        }
    }
}

/// What mail programs do not show, or take amiss.
fn html(message: &Message<'_>, part: &Part, found: &mut Findings) {
    let html = message.content(part).content;
    if html.len() > HTML_MAX {
        found.push("html-clipped", &part.id, part.body.start, format!("the HTML has {} octets", html.len()));
    }
    for name in ["script", "form", "iframe", "object", "embed"] {
        if tags(&html, name).next().is_some() {
            found.push("active-content", &part.id, part.body.start, format!("the HTML has <{name}>"));
        }
    }
    for tag in tags(&html, "img") {
        let source = attribute(tag, "src").unwrap_or_default();
        let begins = |scheme: &str| source.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
        if begins("data:") {
            found.push("data-image", &part.id, part.body.start, "a picture stands in the HTML itself");
        }
        let is_tiny = |name: &str| {
            let size = attribute(tag, name);
            size.is_some_and(|size| matches!(size.trim_end_matches("px"), "0" | "1"))
        };
        let style = attribute(tag, "style").unwrap_or_default().replace(' ', "").to_ascii_lowercase();
        let is_hidden = ["display:none", "visibility:hidden", "width:1px", "width:0"].iter().any(|s| style.contains(s));
        if (begins("http:") || begins("https:") || begins("//")) && (is_tiny("width") && is_tiny("height") || is_hidden)
        {
            let shown: String = source.chars().take(200).collect();
            found.push("tracking-pixel", &part.id, part.body.start, format!("a picture that nobody sees: {shown}"));
        }
    }
}

/// The insides of the tags of a name, each cut to a limit. What stands in one is no tag, closed or not.
fn tags<'h>(html: &'h [u8], name: &'static str) -> impl Iterator<Item = &'h str> {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            rest = rest.get(memchr::memchr(b'<', rest)? + 1..)?;
            let is_it = rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
                && rest.get(name.len()).is_none_or(|next| !next.is_ascii_alphanumeric());
            if is_it {
                let near = &rest[name.len()..rest.len().min(TAG_MAX)];
                let tag = &near[..memchr::memchr(b'>', near).unwrap_or(near.len())];
                rest = &rest[name.len() + tag.len()..];
                return Some(tag.utf8_chunks().next().map_or("", |chunk| chunk.valid()));
            }
        }
    })
}

/// The value of an attribute in the inside of a tag.
fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let lower = tag.to_ascii_lowercase();
    let at = memmem::find_iter(lower.as_bytes(), name.as_bytes()).find(|at| {
        let before = lower[..*at].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || matches!(c, '"' | '\'' | '/'))
            && lower[at + name.len()..].trim_start().starts_with('=')
    })?;
    let value = tag[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
    match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next().map(str::trim),
        _ => value.split(|c: char| c.is_whitespace()).next(),
    }
}

/// Files that nobody takes.
fn attachment(message: &Message<'_>, part: &Part, found: &mut Findings) {
    if part.kind != BlockKind::Leaf {
        return;
    }
    let name = message.file_name(part).unwrap_or_default();
    let end = name.trim_end_matches(['.', ' ']).rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
    let is_program = part.media.main == "application"
        && matches!(
            part.media.sub.as_str(),
            "x-msdownload" | "x-msdos-program" | "x-ms-shortcut" | "hta" | "x-executable"
        );
    if is_program || end.is_some_and(|end| DANGEROUS.contains(&end.as_str())) {
        let text = format!("{name:?} of type {} is a program", part.media);
        found.push("dangerous-attachment", &part.id, part.header.start, text);
    }
}

/// Where it leads, and what it says about that.
fn links(message: &Message<'_>, found: &mut Findings) {
    for link in Links::of(message).links.iter().filter(|link| link.place != Place::Field) {
        for warning in &link.warnings {
            let rule = match warning {
                Warning::OtherHost | Warning::NotEncrypted => "misleading-link",
                Warning::UserName | Warning::Address | Warning::Malformed => "plain-link",
                Warning::ForeignLetters => continue,
            };
            let offset = message.part(&link.part).map_or(0, |part| part.body.start);
            found.push(rule, &link.part, offset, format!("{} ({})", link.url, warning.sentence()));
        }
    }
}

fn size(message: &Message<'_>, found: &mut Findings) {
    let octets = message.octets();
    if octets.len() > SIZE_MAX {
        found.whole("too-large", format!("the message has {} octets", octets.len()));
    }
    if let Some((at, line)) = defect::long_line(octets) {
        found.push("long-line", &message.root().id, at, format!("a line has {line} octets"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "From: a@x.example\nTo: b@y.example\nSubject: s\nDate: Fri, 20 Nov 2026 12:00:00 +0000\n\
        Message-ID: <1@x.example>\n";

    fn broken(header: &str, body: &str) -> String {
        let message = format!("{header}\n{body}").replace('\n', "\r\n");
        check(&Message::parse(message.as_bytes())).iter().map(|finding| finding.rule.name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_stands_in_a_tag_is_no_tag() {
        let found: Vec<_> = tags(b"<b><IMG a=<img <img>x<imgs><img/", "img").collect();
        assert_eq!(found, [" a=<img <img", "/"]);
    }

    #[test]
    fn what_a_sender_should_mend_is_found() {
        assert_eq!(broken(GOOD, "text\n"), "");
        assert_eq!(broken("X: y\n", "text\n"), "empty-subject no-date no-from no-message-id no-recipient");
        for (header, body, wanted) in [
            ("Bcc: c@z\n", "x", "blind-copies"),
            ("X-Y: é\n", "x", "raw-header"),
            ("From: z@x\n", "x", "several-from"),
            ("Precedence: bulk\n", "x", "no-list-unsubscribe"),
            ("List-Unsubscribe: <https://x.example/u>\n", "x", "no-one-click"),
            ("", "é", "missing-charset"),
            ("Content-Type: text/html\n", "<p>x", "html-only"),
            ("Content-Type: text/html\n", "<SCRIPT>x</SCRIPT><form a=b>", "active-content active-content html-only"),
            ("Content-Type: text/html\n", "<img src='data:image/png;base64,x'>", "data-image html-only"),
            (
                "Content-Type: text/html\n",
                "<img width=1 height=\"1\" src=\"https://t.example/p\">",
                "html-only tracking-pixel",
            ),
            ("Content-Type: text/html\n", "<img style='display: none' src=//t.example/p>", "html-only tracking-pixel"),
            ("Content-Type: text/html\n", "<img width=100 height=1 src=https://t.example/p>", "html-only"),
            (
                "Content-Type: text/html\n",
                "<a href='https://evil.example/'>https://bank.example</a>",
                "html-only misleading-link",
            ),
            ("Content-Type: text/html\n", "<a href='http://192.0.2.1/'>x</a>", "html-only plain-link"),
            ("Content-Type: application/pdf; name=a.pdf.EXE\n", "x", "dangerous-attachment"),
            ("Content-Type: application/x-msdownload\n", "x", "dangerous-attachment"),
            ("Content-Type: application/zip; name=a.zip\n", "x", ""),
            (
                "Content-Type: multipart/alternative; boundary=b\n",
                "--b\n\n\n--b\nContent-Type: text/html\n\n<p>x\n--b--\n",
                "text-parts-differ",
            ),
        ] {
            assert_eq!(broken(&format!("{GOOD}{header}"), body), wanted, "{header}{body}");
        }
        assert_eq!(broken(GOOD, &"x".repeat(999)), "long-line");
        assert_eq!(broken(&GOOD.replace("Fri, 20", "no"), "x"), "bad-date");
        let html = format!("{GOOD}Content-Type: text/html\n");
        assert_eq!(broken(&html, &"<p>x\n".repeat(30_000)), "html-clipped html-only");
    }

    #[test]
    fn each_rule_stands_once_and_in_order() {
        assert!(RULES.is_sorted_by(|one, next| one.name < next.name));
    }
}
