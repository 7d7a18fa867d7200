//! What CAPA announces, printed and read.
//!
//! RFC 2449 §5, §6; RFC 2595 §4; RFC 3206 §5; RFC 5034 §3.

/// The capabilities of one server at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// The beginning of a message can be had.
    pub top: bool,
    /// Messages have unique ids.
    pub uidl: bool,
    /// USER and PASS are taken.
    pub user: bool,
    /// The login mechanisms, in upper case, known to us or not.
    pub sasl: Vec<String>,
    /// The connection can be encrypted.
    pub stls: bool,
    /// `-ERR` may carry a code.
    pub resp_codes: bool,
    /// `-ERR [AUTH]` means the password and nothing else.
    pub auth_resp_code: bool,
    /// Commands may be sent before earlier responses came.
    pub pipelining: bool,
    /// What the server calls itself.
    pub implementation: Option<String>,
}

impl Capabilities {
    /// The lines of the response.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut announce = |is_so, line: &str| {
            if is_so {
                lines.push(line.to_owned());
            }
        };
        announce(self.top, "TOP");
        announce(self.uidl, "UIDL");
        announce(self.user, "USER");
        announce(!self.sasl.is_empty(), &format!("SASL {}", self.sasl.join(" ")));
        announce(self.stls, "STLS");
        announce(self.resp_codes, "RESP-CODES");
        announce(self.auth_resp_code, "AUTH-RESP-CODE");
        announce(self.pipelining, "PIPELINING");
        if let Some(implementation) = &self.implementation {
            announce(true, &format!("IMPLEMENTATION {implementation}"));
        }
        lines
    }

    /// Reads the lines of the response; what nobody here knows is passed over.
    pub fn parse<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let mut found = Self::default();
        for line in lines {
            let (tag, arguments) = line.split_once(' ').unwrap_or((line, ""));
            match tag.to_ascii_uppercase().as_str() {
                "TOP" => found.top = true,
                "UIDL" => found.uidl = true,
                "USER" => found.user = true,
                "SASL" => {
                    let words = arguments.split(' ').filter(|word| !word.is_empty());
                    found.sasl = words.map(str::to_ascii_uppercase).collect();
                }
                "STLS" => found.stls = true,
                "RESP-CODES" => found.resp_codes = true,
                "AUTH-RESP-CODE" => found.auth_resp_code = true,
                "PIPELINING" => found.pipelining = true,
                "IMPLEMENTATION" => found.implementation = Some(arguments.to_owned()),
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_what_is_read() {
        let all = Capabilities {
            top: true,
            uidl: true,
            user: true,
            sasl: vec!["PLAIN".into(), "LOGIN".into()],
            stls: true,
            resp_codes: true,
            auth_resp_code: true,
            pipelining: true,
            implementation: Some("mailkit 0.1".into()),
        };
        for capabilities in [all, Capabilities::default()] {
            let lines = capabilities.lines();
            assert_eq!(Capabilities::parse(lines.iter().map(String::as_str)), capabilities);
        }
    }

    #[test]
    fn announcements_of_other_servers_are_understood() {
        let found = Capabilities::parse(["sasl  cram-md5 login", "EXPIRE 60", "", "Stls"].into_iter());
        assert_eq!((found.sasl, found.stls, found.user), (vec!["CRAM-MD5".into(), "LOGIN".into()], true, false));
    }
}
