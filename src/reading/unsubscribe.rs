//! How to get off a mailing list: what the message says, best way first.
//!
//! One click comes first, because it needs no page and no mail; then the order in which the sender put his ways.
//! Asks nobody. RFC 2369 §2, §3.2; RFC 8058 §3, §4; RFC 6068 for what stands in a mailto.

use crate::message::media::unescape_percent;
use crate::message::view::Message;
use crate::message::words;
use schemars::JsonSchema;
use serde::Serialize;

/// Ways of one message that are read; nobody offers more than three.
const TARGETS_MAX: usize = 20;
/// Octets of a field.
const FIELD_MAX: usize = 16 * 1024;

/// What a message says about its list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Unsubscribe {
    /// The List-ID, decoded.
    pub list: Option<String>,
    /// The ways, best first.
    pub targets: Vec<Target>,
    /// The domains whose DKIM signatures cover both fields, as RFC 8058 §4 asks; whether they are good was not checked.
    pub signed_by: Vec<String>,
}

/// One way to unsubscribe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "method", rename_all = "kebab-case")]
pub enum Target {
    /// An https request that needs nobody's eyes (RFC 8058).
    OneClick {
        /// Where it goes.
        url: String,
    },
    /// A message.
    Mail {
        /// As written.
        url: String,
        /// To whom.
        to: Vec<String>,
        /// Its subject.
        subject: Option<String>,
        /// Its text.
        body: Option<String>,
    },
    /// A page for people.
    Web {
        /// Where it is.
        url: String,
    },
}

impl Target {
    /// Where it leads, as written.
    pub fn url(&self) -> &str {
        match self {
            Self::OneClick { url } | Self::Mail { url, .. } | Self::Web { url } => url,
        }
    }

    /// The word for it.
    pub fn method(&self) -> &'static str {
        match self {
            Self::OneClick { .. } => "one-click",
            Self::Mail { .. } => "mail",
            Self::Web { .. } => "web",
        }
    }

    fn read(url: String, is_one_click: bool) -> Option<Self> {
        let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase())?;
        match scheme.as_str() {
            // RFC 8058 §3.1: only https will do.
            "https" if is_one_click => Some(Self::OneClick { url }),
            "https" | "http" => Some(Self::Web { url }),
            "mailto" => Some(Self::mail(url)),
            _ => None,
        }
    }

    /// RFC 6068 §2. Of the fields that a mailto may set, two do no harm.
    fn mail(url: String) -> Self {
        let rest = url.split_once(':').map_or("", |(_, rest)| rest);
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let decoded = |text: &str| words::undeclared(&unescape_percent(text.as_bytes())).0.into_owned();
        let fields = query.split('&').filter_map(|field| field.split_once('='));
        let fields: Vec<(String, String)> = fields.map(|(name, value)| (decoded(name), decoded(value))).collect();
        let field = |wanted: &str| {
            let found = fields.iter().find(|(name, value)| name.eq_ignore_ascii_case(wanted) && !value.is_empty());
            found.map(|(_, value)| value.clone())
        };
        let others = fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("to")).map(|(_, value)| value.clone());
        let to: Vec<String> =
            path.split(',').map(decoded).chain(others).filter(|address| !address.is_empty()).collect();
        Self::Mail { to, subject: field("subject"), body: field("body"), url }
    }
}

impl Unsubscribe {
    /// Reads what a message says; `None` if it says nothing.
    pub fn of(message: &Message<'_>) -> Option<Self> {
        let root = message.root();
        let field = message.field(root, "List-Unsubscribe")?;
        let post = message.field(root, "List-Unsubscribe-Post").map(words::decode).unwrap_or_default();
        let says_one_click = post.split(',').any(|word| word.trim().eq_ignore_ascii_case("List-Unsubscribe=One-Click"));
        let mut targets = Vec::new();
        for url in urls(field).into_iter().take(TARGETS_MAX) {
            // RFC 8058 §3.1 allows a single https URI; of several, the first can be meant.
            let is_first = !targets.iter().any(|target| matches!(target, Target::OneClick { .. }));
            targets.extend(Target::read(url, says_one_click && is_first));
        }
        targets.sort_by_key(|target| !matches!(target, Target::OneClick { .. }));
        let list = message.text_field(root, "List-ID").filter(|list| !list.is_empty());
        let signatures = message.fields(root).filter(|field| field.is("DKIM-Signature"));
        let mut signed_by: Vec<String> = signatures.filter_map(|field| covers(field.body)).collect();
        signed_by.dedup();
        Some(Self { list, targets, signed_by })
    }
}

/// The domain of a signature that covers both fields (RFC 6376 §3.5).
fn covers(signature: &[u8]) -> Option<String> {
    let text = words::decode(signature.get(..FIELD_MAX).unwrap_or(signature)).replace([' ', '\t'], "");
    let tag = |name: &str| {
        text.split(';').find_map(|tag| tag.split_once('=').filter(|(key, _)| *key == name)).map(|(_, v)| v)
    };
    let names: Vec<&str> = tag("h")?.split(':').collect();
    let is_covered = |field: &str| names.iter().any(|name| name.eq_ignore_ascii_case(field));
    (is_covered("List-Unsubscribe") && is_covered("List-Unsubscribe-Post")).then(|| tag("d").map(str::to_owned))?
}

/// The URLs of a field of RFC 2369: in brackets, with comments around them; some leave the brackets out.
pub(super) fn urls(body: &[u8]) -> Vec<String> {
    let text = words::decode(body.get(..FIELD_MAX).unwrap_or(body));
    let tidy = |url: &str| url.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect::<String>();
    let urls: Vec<String> = match text.contains('<') {
        true => text.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(url, _)| tidy(url)).collect(),
        false => text.split(',').map(tidy).collect(),
    };
    urls.into_iter().filter(|url| url.contains(':')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(fields: &str) -> String {
        let message = format!("{fields}\r\n\r\n");
        let Some(found) = Unsubscribe::of(&Message::parse(message.as_bytes())) else { return "nothing".to_owned() };
        let targets: Vec<_> = found
            .targets
            .iter()
            .map(|target| match target {
                Target::Mail { to, subject, body, .. } => format!("mail {} {subject:?} {body:?}", to.join(",")),
                other => format!("{} {}", other.method(), other.url()),
            })
            .collect();
        format!("{} [{}]", targets.join(" | "), found.signed_by.join(" "))
    }

    #[test]
    fn the_best_way_comes_first() {
        let one_click = "List-Unsubscribe-Post: List-Unsubscribe=One-Click";
        for (fields, wanted) in [
            ("Subject: x", "nothing"),
            ("List-Unsubscribe: ", " []"),
            ("List-Unsubscribe: <https://a.example/u>", "web https://a.example/u []"),
            (
                &format!("List-Unsubscribe: <mailto:u@a.example>, <https://a.example/\r\n u>\r\n{one_click}"),
                "one-click https://a.example/u | mail u@a.example None None []",
            ),
            (&format!("List-Unsubscribe: <http://a.example/u>\r\n{one_click}"), "web http://a.example/u []"),
            (
                &format!("List-Unsubscribe: <https://a.example/1>,<https://a.example/2>\r\n{one_click}"),
                "one-click https://a.example/1 | web https://a.example/2 []",
            ),
            (
                "List-Unsubscribe: (Use this) <mailto:u%2Bx@a.example?subject=un%20sub+&body=a%0D%0Ab&bcc=c@d>",
                "mail u+x@a.example Some(\"un sub+\") Some(\"a\\r\\nb\") []",
            ),
            ("List-Unsubscribe: https://a.example/u, mailto:b@c", "web https://a.example/u | mail b@c None None []"),
            ("List-Unsubscribe: =?utf-8?q?=3Chttps=3A//a.example/u=3E?=", "web https://a.example/u []"),
            ("List-Unsubscribe: <javascript:x>, <file:///etc/passwd>", " []"),
            (
                &format!(
                    "List-Unsubscribe: <https://a.example/u>\r\n{one_click}\r\nDKIM-Signature: v=1; d=a.example;\r\n \
                     h=From:list-unsubscribe:\r\n List-Unsubscribe-Post; b=x=\r\nDKIM-Signature: d=b.example; h=from"
                ),
                "one-click https://a.example/u [a.example]",
            ),
        ] {
            assert_eq!(shown(fields), wanted, "{fields}");
        }
    }

    proptest! {
        #[test]
        fn no_octets_make_the_reader_panic(octets in any::<Vec<u8>>(), text in "[<>,:a%2?&=; é]{0,60}") {
            urls(&octets);
            covers(&octets);
            shown(&format!("List-Unsubscribe: <mailto:{text}>,{text}\r\nDKIM-Signature: h={text}"));
        }
    }
}
