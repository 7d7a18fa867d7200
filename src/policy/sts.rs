//! A domain's policy for mail that is sent to it, as it stands on its web server, and the record in DNS that tells of it.
//!
//! Pure grammar and matching; where policies are kept and how they are fetched is `engine::sts`'s business. Unknown
//! fields are passed over, since later versions may have more.
//! RFC 8461 §3.1, §3.2, §4.1, §5.

use std::fmt;
use std::time::Duration;

/// RFC 8461 §3.2: a year, more or less; the longest that a policy may be kept.
const AGE_MAX: u64 = 31_557_600;
/// RFC 8461 §3.3 leaves the limit to us, and suggests this.
pub const SIZE_MAX: usize = 64 * 1024;
/// Patterns that are kept; nobody has as many exchangers.
const PATTERNS_MAX: usize = 1000;

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What it is for.
    pub mode: Mode,
    /// How long it counts, from when it was fetched.
    pub age: Duration,
    /// The hosts that may take mail, lower case; `*.x` is every name with one label before `x`.
    patterns: Vec<String>,
}

/// What a policy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Only hosts that it names get mail, and only if their certificates are verified.
    Enforce,
    /// It is tried out: what fails is told and sent all the same.
    Testing,
    /// It is taken back.
    None,
}

/// Why a text is no policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoPolicy {
    /// Longer than any policy.
    #[error("it is longer than {SIZE_MAX} octets")]
    TooLong,
    /// Octets that are no text.
    #[error("it is not text")]
    NotText,
    /// `version: STSv1` is missing.
    #[error("its version is not STSv1")]
    Version,
    /// `mode` is missing or unknown.
    #[error("its mode is none of enforce, testing, none")]
    Mode,
    /// `max_age` is missing or no number.
    #[error("its max_age is no number of seconds")]
    Age,
    /// No `mx`, or one that is no name.
    #[error("it names no exchangers, or something that is no name")]
    Exchangers,
}

/// Whether a text is a record that announces a policy, right or wrong: it begins with the version and a semicolon
/// (RFC 8461 §3.1).
fn is_record(text: &[u8]) -> bool {
    let rest = text.strip_prefix(b"v=STSv1").map(|rest| rest.trim_ascii_start());
    rest.is_some_and(|rest| rest.first() == Some(&b';'))
}

/// Whether somebody meant a text as such a record, right or wrong, or nearly one.
pub fn is_meant(text: &[u8]) -> bool {
    text.to_ascii_lowercase().windows(5).any(|part| part == b"stsv1")
}

/// How many of these texts are such records.
pub fn count(texts: &[Vec<u8>]) -> usize {
    texts.iter().filter(|text| is_record(text)).count()
}

/// The id in a domain's record, if exactly one of its texts is such a record.
pub fn id(texts: &[Vec<u8>]) -> Option<String> {
    // RFC 8461 §3.1: texts that do not begin so are about something else; of two that do, nobody knows which counts.
    let mut records = texts.iter().filter(|text| is_record(text));
    let (record, None) = (records.next()?, records.next()) else { return None };
    let fields = fields_of_record(std::str::from_utf8(record).ok()?)?;
    let id = fields.iter().find(|(name, _)| *name == "id").map(|(_, value)| *value)?;
    let is_id = (1..=32).contains(&id.len()) && id.bytes().all(|sign| sign.is_ascii_alphanumeric());
    is_id.then(|| id.to_owned())
}

fn fields_of_record(text: &str) -> Option<Vec<(&str, &str)>> {
    let mut fields = text.split(';').map(str::trim);
    (fields.next()? == "v=STSv1").then_some(())?;
    fields.filter(|field| !field.is_empty()).map(|field| field.split_once('=')).collect()
}

impl Policy {
    /// Reads a policy.
    pub fn parse(octets: &[u8]) -> Result<Self, NoPolicy> {
        if octets.len() > SIZE_MAX {
            return Err(NoPolicy::TooLong);
        }
        let text = std::str::from_utf8(octets).map_err(|_| NoPolicy::NotText)?;
        let fields: Vec<(&str, &str)> = text.lines().filter_map(field).collect();
        // RFC 8461 §3.2: of fields that stand there twice the first counts, but for mx.
        let first = |name: &str| fields.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        if first("version") != Some("STSv1") {
            return Err(NoPolicy::Version);
        }
        let mode = match first("mode") {
            Some("enforce") => Mode::Enforce,
            Some("testing") => Mode::Testing,
            Some("none") => Mode::None,
            _ => return Err(NoPolicy::Mode),
        };
        let digits = first("max_age").filter(|age| (1..=10).contains(&age.len()));
        let digits = digits.filter(|age| age.bytes().all(|sign| sign.is_ascii_digit()));
        let age = digits.and_then(|digits| digits.parse::<u64>().ok()).ok_or(NoPolicy::Age)?;
        let named = fields.iter().filter(|(name, _)| *name == "mx").take(PATTERNS_MAX);
        let patterns: Option<Vec<String>> = named.map(|(_, value)| pattern(value)).collect();
        let patterns = patterns.ok_or(NoPolicy::Exchangers)?;
        if patterns.is_empty() && mode != Mode::None {
            return Err(NoPolicy::Exchangers);
        }
        Ok(Self { mode, age: Duration::from_secs(age.min(AGE_MAX)), patterns })
    }

    /// The exchangers that it names, some of them with `*.` before.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Whether it names a host, which is in A-labels and without a final dot (RFC 8461 §4.1).
    pub fn names(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.patterns.iter().any(|pattern| match pattern.strip_prefix("*.") {
            Some(above) => host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == above),
            None => *pattern == host,
        })
    }
}

impl Mode {
    /// Its word in a policy.
    pub fn word(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Testing => "testing",
            Self::None => "none",
        }
    }
}

/// As `Policy::parse` reads it.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = self.mode.word();
        write!(f, "version: STSv1\nmode: {mode}\nmax_age: {}\n", self.age.as_secs())?;
        self.patterns.iter().try_for_each(|pattern| writeln!(f, "mx: {pattern}"))
    }
}

fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    Some((name.trim(), value.trim()))
}

/// A host name in A-labels, perhaps with `*.` before it.
fn pattern(text: &str) -> Option<String> {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let is_label = |label: &str| {
        let is_sign = |sign: u8| sign.is_ascii_alphanumeric() || sign == b'-' || sign == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(is_sign)
    };
    (name.len() <= 253 && name.split('.').all(is_label)).then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_id_is_that_of_the_only_record() {
        for (texts, wanted) in [
            (&["v=STSv1; id=20160831085700Z;"][..], Some("20160831085700Z")),
            (&["v=STSv1;id=a"], Some("a")),
            (&["v=STSv1 ; id=a ; new=1;"], Some("a")),
            (&["v=spf1 -all", "v=STSv1; id=a;"], Some("a")),
            (&["v=STSv1; new=1; id=a"], Some("a")),
            // None, two, or something else.
            (&[], None),
            (&["v=spf1 -all"], None),
            (&["v=STSv1; id=a;", "v=STSv1; id=b;"], None),
            (&["v=STSv2; id=a;"], None),
            (&["v=stsv1; id=a;"], None),
            (&["id=a; v=STSv1;"], None),
            (&["v=STSv1"], None),
            // No id that is one.
            (&["v=STSv1;"], None),
            (&["v=STSv1; id=;"], None),
            (&["v=STSv1; id=a-b;"], None),
            (&["v=STSv1; id=123456789012345678901234567890123;"], None),
            (&["v=STSv1; id"], None),
        ] {
            let texts: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
            assert_eq!(id(&texts).as_deref(), wanted, "{texts:?}");
        }
        assert_eq!(id(&[b"v=STSv1; id=\xff;".to_vec()]), None);
    }

    fn read(text: &str) -> Result<(Mode, u64, Vec<String>), NoPolicy> {
        Policy::parse(text.as_bytes()).map(|policy| (policy.mode, policy.age.as_secs(), policy.patterns))
    }

    #[test]
    fn policies_are_read_as_the_standard_writes_them() {
        let both = vec!["mail.example.com".to_owned(), "*.example.net".to_owned()];
        let one = vec!["a.test".to_owned()];
        for (text, wanted) in [
            (
                "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n",
                (Mode::Enforce, 604_800, both),
            ),
            ("version:STSv1\nmode:testing\nmx:A.test\nmax_age:0", (Mode::Testing, 0, one.clone())),
            ("mx: a.test\nmax_age: 1\nmode: enforce\nversion: STSv1\n", (Mode::Enforce, 1, one.clone())),
            ("version: STSv1\nmode: none\nmax_age: 86400\n", (Mode::None, 86_400, vec![])),
            // What is not known, and what stands there twice.
            (
                "version: STSv1\nnew: x\nrubbish\nmode: enforce\nmode: none\nmx: a.test\nmax_age: 5\nmax_age: 9\n",
                (Mode::Enforce, 5, one.clone()),
            ),
            // Longer than anything may be kept.
            ("version: STSv1\nmode: enforce\nmx: a.test\nmax_age: 9999999999\n", (Mode::Enforce, AGE_MAX, one)),
        ] {
            assert_eq!(read(text), Ok(wanted), "{text}");
            let policy = Policy::parse(text.as_bytes()).expect(text);
            assert_eq!(Policy::parse(policy.to_string().as_bytes()), Ok(policy), "{text}");
        }
    }

    #[test]
    fn what_is_no_policy_says_why() {
        let with =
            |line: &str, other: &str| "version: STSv1\nmode: enforce\nmx: a.test\nmax_age: 5\n".replace(line, other);
        for (text, wanted) in [
            (String::new(), NoPolicy::Version),
            (with("STSv1", "STSv2"), NoPolicy::Version),
            (with("version: STSv1\n", ""), NoPolicy::Version),
            (with("enforce", "report"), NoPolicy::Mode),
            (with("mode: enforce\n", ""), NoPolicy::Mode),
            (with("max_age: 5", ""), NoPolicy::Age),
            (with("max_age: 5", "max_age: -5"), NoPolicy::Age),
            (with("max_age: 5", "max_age: 5s"), NoPolicy::Age),
            (with("max_age: 5", "max_age: 12345678901"), NoPolicy::Age),
            (with("mx: a.test\n", ""), NoPolicy::Exchangers),
            (with("a.test", ""), NoPolicy::Exchangers),
            (with("a.test", "a..test"), NoPolicy::Exchangers),
            (with("a.test", "*.*.test"), NoPolicy::Exchangers),
            (with("a.test", "*"), NoPolicy::Exchangers),
            (with("a.test", "mäx.test"), NoPolicy::Exchangers),
            (format!("{}{}", with("", ""), "x".repeat(SIZE_MAX)), NoPolicy::TooLong),
        ] {
            assert_eq!(read(&text), Err(wanted), "{text}");
        }
        assert_eq!(Policy::parse(b"version: STSv1\xff"), Err(NoPolicy::NotText));
    }

    #[test]
    fn a_star_is_one_label_and_the_first() {
        let policy = "version: STSv1\nmode: enforce\nmax_age: 5\nmx: mail.example.com\nmx: *.example.net\n";
        let policy = Policy::parse(policy.as_bytes()).expect("a policy");
        for (host, wanted) in [
            ("mail.example.com", true),
            ("MAIL.example.COM", true),
            ("mx.example.net", true),
            ("MX.Example.net", true),
            ("a.mail.example.com", false),
            ("example.com", false),
            ("example.net", false),
            (".example.net", false),
            ("a.mx.example.net", false),
            ("mx.example.net.evil.test", false),
            ("mxexample.net", false),
            ("", false),
        ] {
            assert_eq!(policy.names(host), wanted, "{host}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_as_a_policy_is_printed_as_the_same(
            octets in prop::collection::vec(any::<u8>(), 0..200),
            lines in "((version: STSv1|mode: (enforce|none)|max_age: [0-9]{1,10}|mx: [a-z*.]{1,9}|[ -~]{0,9})\r?\n){0,9}",
        ) {
            let _ = id(std::slice::from_ref(&octets));
            let _ = Policy::parse(&octets);
            if let Ok(policy) = Policy::parse(lines.as_bytes()) {
                prop_assert_eq!(Policy::parse(policy.to_string().as_bytes()), Ok(policy));
            }
        }
    }
}
