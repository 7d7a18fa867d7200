//! What EHLO offers, printed and read.
//!
//! RFC 5321 §4.1.1.1; keywords from RFC 1870, RFC 2034, RFC 2920, RFC 3030, RFC 3207, RFC 3461, RFC 4954, RFC 6152,
//! RFC 6531.

use super::reply::Reply;

/// The extensions of one server at one moment: STARTTLS and a login change them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extensions {
    /// Commands may be sent before earlier replies came.
    pub pipelining: bool,
    /// MAIL may say the message's size.
    pub size: bool,
    /// The largest message in octets, if there is a fixed limit.
    pub size_max: Option<u64>,
    /// Octets above 127 may stand in the body.
    pub eight_bit_mime: bool,
    /// Addresses and header fields may be UTF-8.
    pub smtputf8: bool,
    /// Replies carry enhanced status codes.
    pub enhanced_status_codes: bool,
    /// Reports can be asked for.
    pub dsn: bool,
    /// Messages may come in counted chunks.
    pub chunking: bool,
    /// The connection can be encrypted.
    pub starttls: bool,
    /// The login mechanisms, in upper case, known to us or not.
    pub auth: Vec<String>,
    /// All other lines, their keywords in upper case: few here know what to do with them, but somebody may ask whether
    /// they are there.
    pub others: Vec<String>,
}

impl Extensions {
    /// The lines of the reply to EHLO behind the first.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut offer = |is_offered, line: &str| {
            if is_offered {
                lines.push(line.to_owned());
            }
        };
        offer(self.pipelining, "PIPELINING");
        match self.size_max {
            Some(size_max) => offer(self.size, &format!("SIZE {size_max}")),
            None => offer(self.size, "SIZE"),
        }
        offer(self.eight_bit_mime, "8BITMIME");
        offer(self.smtputf8, "SMTPUTF8");
        offer(self.starttls, "STARTTLS");
        offer(!self.auth.is_empty(), &format!("AUTH {}", self.auth.join(" ")));
        offer(self.enhanced_status_codes, "ENHANCEDSTATUSCODES");
        offer(self.dsn, "DSN");
        offer(self.chunking, "CHUNKING");
        lines.extend(self.others.iter().cloned());
        lines
    }

    /// Reads the reply to EHLO; what nobody here knows is passed over.
    pub fn parse(reply: &Reply) -> Self {
        let mut found = Self::default();
        for said in reply.lines.iter().skip(1) {
            let line = said.to_ascii_uppercase();
            // `AUTH=LOGIN` is how servers of the nineties said it; some still do.
            let mut words = line.split([' ', '=']).filter(|word| !word.is_empty());
            match words.next() {
                Some("PIPELINING") => found.pipelining = true,
                Some("SIZE") => {
                    found.size = true;
                    // RFC 1870 §4: zero means no fixed limit.
                    found.size_max = words.next().and_then(|size| size.parse().ok()).filter(|size| *size > 0);
                }
                Some("8BITMIME") => found.eight_bit_mime = true,
                Some("SMTPUTF8") => found.smtputf8 = true,
                Some("ENHANCEDSTATUSCODES") => found.enhanced_status_codes = true,
                Some("DSN") => found.dsn = true,
                Some("CHUNKING") => found.chunking = true,
                Some("STARTTLS") => found.starttls = true,
                Some("AUTH") => {
                    for mechanism in words.map(str::to_owned) {
                        if !found.auth.contains(&mechanism) {
                            found.auth.push(mechanism);
                        }
                    }
                }
                Some(other) => found.others.push(match said.trim().split_once(' ') {
                    Some((_, parameters)) => format!("{other} {}", parameters.trim()),
                    None => other.to_owned(),
                }),
                None => {}
            }
        }
        found
    }

    /// Whether a keyword is offered, in letters of any case.
    pub fn offers(&self, keyword: &str) -> bool {
        let keyword = keyword.to_ascii_uppercase();
        self.lines().iter().any(|line| line.split(' ').next() == Some(keyword.as_str()))
    }

    /// What is said behind a keyword, in letters of any case; none if it is not offered.
    pub fn parameters(&self, keyword: &str) -> Option<Vec<String>> {
        let lines = self.lines();
        let mut offers = lines.iter().map(|line| line.split_ascii_whitespace());
        offers.find_map(|mut words| {
            words
                .next()
                .is_some_and(|word| word.eq_ignore_ascii_case(keyword))
                .then(|| words.map(str::to_owned).collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::ReplyCode;

    fn reply(lines: &[&str]) -> Reply {
        let lines = std::iter::once("mx.example at your service").chain(lines.iter().copied());
        Reply { code: ReplyCode::new(250).expect("a code"), enhanced: None, lines: lines.map(str::to_owned).collect() }
    }

    #[test]
    fn what_is_printed_is_what_is_read() {
        let all = Extensions {
            pipelining: true,
            size: true,
            size_max: Some(1000),
            eight_bit_mime: true,
            smtputf8: true,
            enhanced_status_codes: true,
            dsn: true,
            chunking: true,
            starttls: true,
            auth: vec!["PLAIN".into(), "LOGIN".into()],
            others: vec!["X-ODD".into(), "XCLIENT ADDR Name".into()],
        };
        for extensions in [all.clone(), Extensions { size_max: None, auth: Vec::new(), ..all }, Extensions::default()] {
            let lines = extensions.lines();
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            assert_eq!(Extensions::parse(&reply(&lines)), extensions);
        }
    }

    #[test]
    fn offers_of_other_servers_are_understood() {
        let found = Extensions::parse(&reply(&[
            "size 0",
            "auth=login",
            "AUTH CRAM-MD5 plain LOGIN",
            "x-unknown  y z",
            "X-ODD=y",
            "",
            "8bitmime",
        ]));
        let auth = vec!["LOGIN".into(), "CRAM-MD5".into(), "PLAIN".into()];
        let others = vec!["X-UNKNOWN y z".into(), "X-ODD".into()];
        assert_eq!(found, Extensions { size: true, eight_bit_mime: true, auth, others, ..Extensions::default() });
        for (keyword, is_offered) in [("size", true), ("Auth", true), ("x-unknown", true), ("y", false), ("DSN", false)]
        {
            assert_eq!(found.offers(keyword), is_offered, "{keyword}");
        }
        for (keyword, wanted) in [("x-Unknown", Some(vec!["y", "z"])), ("8BITMIME", Some(vec![])), ("y", None)] {
            let wanted = wanted.map(|words| words.iter().map(ToString::to_string).collect());
            assert_eq!(found.parameters(keyword), wanted, "{keyword}");
        }
        assert_eq!(Extensions::parse(&reply(&["SIZE 99999999999999999999"])).size_max, None);
    }

    #[test]
    fn the_first_line_offers_nothing() {
        let mut reply = reply(&[]);
        reply.lines = vec!["STARTTLS".into()];
        assert!(!Extensions::parse(&reply).starttls);
    }
}
