//! Which mechanism a client takes: the strongest that the server offers, the credentials allow and the user allows.
//!
//! Nothing that shows a password or a token goes over a connection that others can read, unless somebody has said that
//! it may. Once chosen, nothing weaker is tried: who could make us try it would only have to break the first attempt.
//! RFC 4422 §3.2, §6.1.1; RFC 8314 §3.

use super::scram::Binding;
use super::{Credentials, Factor, Mechanism, Permit, Proof, SaslError};

/// Mechanisms that are told of; nobody offers more.
const TOLD_MAX: usize = 20;

/// What a login has to work with: the server's offer, and the connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ground<'a> {
    /// The mechanisms that the server names, known or not, in capitals.
    pub offered: &'a [String],
    /// The server's name, or nothing.
    pub host: &'a str,
    /// Its port.
    pub port: u16,
    /// Whether nobody else can read what is said: there is TLS, or no wire.
    pub is_private: bool,
    /// Keying material of the TLS connection, to which a login can be bound (RFC 9266).
    pub exporter: Option<&'a [u8]>,
}

/// Why there is no way to log in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// There is a way, but others could listen.
    #[error("the connection is not encrypted, so the {0} was not sent")]
    InClear(&'static str),
    /// The server has no login at all.
    #[error("the server offers no login")]
    NothingOffered,
    /// It has none that we speak.
    #[error("the server offers only {0}, none of which is known here")]
    Unknown(String),
    /// It has none that the user allows.
    #[error("the server offers only {0}, none of which is allowed")]
    Forbidden(String),
    /// It has none for what we have.
    #[error("the server offers only {0}, none of which takes {1}")]
    WrongFactor(String, &'static str),
}

impl Ground<'_> {
    /// In one line, which mechanism was taken and what there was to choose from.
    pub fn told(&self, mechanism: Mechanism) -> String {
        let offered: Vec<&str> = self.offered.iter().map(String::as_str).take(TOLD_MAX).collect();
        format!("login by {}; offered: {}", mechanism.name(), offered.join(" "))
    }

    /// The mechanism to take.
    pub fn choose(&self, credentials: &Credentials) -> Result<Mechanism, Unfit> {
        let Permit { mechanisms, in_clear } = &*credentials.permit;
        let list = || self.offered.join(" ");
        let known = || Mechanism::ALL.into_iter().filter(|mechanism| self.offers(*mechanism));
        let fitting = || known().filter(|mechanism| mechanism.takes(&credentials.factor));
        let allowed = || fitting().filter(|found| mechanisms.as_ref().is_none_or(|list| list.contains(found)));
        let private = |found: &Mechanism| self.is_private || *in_clear || !found.shows_secret();
        match allowed().find(private) {
            Some(found) => Ok(found),
            None if allowed().next().is_some() => Err(Unfit::InClear(credentials.factor.name())),
            None if self.offered.is_empty() => Err(Unfit::NothingOffered),
            None if known().next().is_none() => Err(Unfit::Unknown(list())),
            None if fitting().next().is_none() => Err(Unfit::WrongFactor(list(), credentials.factor.phrase())),
            None => Err(Unfit::Forbidden(list())),
        }
    }

    /// Whether a protocol's own command for name and password may be used, where no mechanism fits.
    pub fn allows_own_login(&self, credentials: &Credentials) -> Result<bool, Unfit> {
        let Permit { mechanisms, in_clear } = &*credentials.permit;
        let is_allowed = mechanisms.as_ref().is_none_or(|list| list.contains(&Mechanism::Login));
        match credentials.factor {
            Factor::Password(_) if is_allowed && !self.is_private && !in_clear => {
                Err(Unfit::InClear(credentials.factor.name()))
            }
            Factor::Password(_) => Ok(is_allowed),
            _ => Ok(false),
        }
    }

    /// A login by this mechanism. `nonce` is fresh and random, of printable characters without a comma.
    pub fn proof<'c>(
        &self,
        mechanism: Mechanism,
        credentials: &'c Credentials,
        nonce: &str,
    ) -> Result<Proof<'c>, SaslError> {
        Proof::new(mechanism, credentials, self, nonce)
    }

    /// How a login by this mechanism is bound to the connection (RFC 5802 §6).
    pub(super) fn binding(&self, mechanism: Mechanism) -> Binding {
        let is_offered = || Mechanism::ALL.into_iter().any(|other| other.is_bound() && self.names(other));
        match self.exporter {
            Some(material) if mechanism.is_bound() => Binding::Exporter(material.to_vec()),
            // It is offered, be it with another hash, and the user wanted to do without.
            Some(_) if is_offered() => Binding::Unsupported,
            Some(_) => Binding::NotOffered,
            None => Binding::Unsupported,
        }
    }

    fn offers(&self, mechanism: Mechanism) -> bool {
        self.names(mechanism) && (self.exporter.is_some() || !mechanism.is_bound())
    }

    fn names(&self, mechanism: Mechanism) -> bool {
        self.offered.iter().any(|name| name == mechanism.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn choose(offered: &str, credentials: &Credentials, is_private: bool, exporter: Option<&[u8]>) -> String {
        let offered: Vec<String> = offered.split_whitespace().map(str::to_owned).collect();
        let ground = Ground { offered: &offered, is_private, exporter, ..Ground::default() };
        ground.choose(credentials).map_or_else(|unfit| unfit.to_string(), |found| found.name().to_owned())
    }

    fn password(permit: Permit) -> Credentials {
        Credentials::new("bob", Secret::new("x".into())).with(permit)
    }

    #[test]
    fn the_strongest_that_all_sides_allow_is_taken() {
        let all = "LOGIN PLAIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-256-PLUS XOAUTH2 OAUTHBEARER EXTERNAL";
        let (word, token) = (password(Permit::default()), Credentials::token("bob", Secret::new("x".into())));
        let external = Credentials::external(None);
        let only = |names: &[Mechanism]| password(Permit { mechanisms: Some(names.to_vec()), in_clear: false });
        let in_clear = password(Permit { mechanisms: None, in_clear: true });
        let bound = Some(&[1][..]);
        for (offered, credentials, is_private, exporter, wanted) in [
            (all, &word, true, bound, "SCRAM-SHA-256-PLUS"),
            (all, &word, true, None, "SCRAM-SHA-256"),
            ("PLAIN SCRAM-SHA-1 SCRAM-SHA-1-PLUS SCRAM-SHA-256", &word, true, bound, "SCRAM-SHA-1-PLUS"),
            ("PLAIN SCRAM-SHA-1 CRAM-MD5", &word, true, None, "SCRAM-SHA-1"),
            ("PLAIN LOGIN CRAM-MD5", &word, true, None, "CRAM-MD5"),
            ("PLAIN LOGIN CRAM-MD5", &word, false, None, "CRAM-MD5"),
            ("LOGIN PLAIN", &word, true, None, "PLAIN"),
            ("LOGIN", &word, true, None, "LOGIN"),
            ("LOGIN PLAIN", &word, false, None, "the connection is not encrypted, so the password was not sent"),
            ("LOGIN PLAIN", &in_clear, false, None, "PLAIN"),
            ("", &word, true, None, "the server offers no login"),
            ("GSSAPI NTLM", &word, true, None, "the server offers only GSSAPI NTLM, none of which is known here"),
            (
                "SCRAM-SHA-256-PLUS",
                &word,
                true,
                None,
                "the server offers only SCRAM-SHA-256-PLUS, none of which is known here",
            ),
            (all, &only(&[Mechanism::Login, Mechanism::Plain]), true, bound, "PLAIN"),
            (all, &only(&[Mechanism::ScramSha256]), true, bound, "SCRAM-SHA-256"),
            (
                "PLAIN",
                &only(&[Mechanism::ScramSha256]),
                true,
                None,
                "the server offers only PLAIN, none of which is allowed",
            ),
            (all, &token, true, bound, "OAUTHBEARER"),
            ("PLAIN XOAUTH2", &token, true, None, "XOAUTH2"),
            ("XOAUTH2", &token, false, None, "the connection is not encrypted, so the access token was not sent"),
            (
                "PLAIN LOGIN",
                &token,
                true,
                None,
                "the server offers only PLAIN LOGIN, none of which takes an access token",
            ),
            ("XOAUTH2", &word, true, None, "the server offers only XOAUTH2, none of which takes a password"),
            (all, &external, true, None, "EXTERNAL"),
            ("PLAIN", &external, true, None, "the server offers only PLAIN, none of which takes a certificate"),
        ] {
            assert_eq!(choose(offered, credentials, is_private, exporter), wanted, "{offered}");
        }
    }

    #[test]
    fn a_server_hears_that_it_could_have_bound_the_login() {
        let plain = ["SCRAM-SHA-256".to_owned()];
        let plus = ["SCRAM-SHA-256".to_owned(), "SCRAM-SHA-256-PLUS".to_owned()];
        for (offered, exporter, mechanism, wanted) in [
            (&plain[..], None, Mechanism::ScramSha256, Binding::Unsupported),
            (&plain, Some(&[1][..]), Mechanism::ScramSha256, Binding::NotOffered),
            (&plus, Some(&[1]), Mechanism::ScramSha256, Binding::Unsupported),
            (&plus, Some(&[1]), Mechanism::ScramSha1, Binding::Unsupported),
            (&plus, Some(&[1]), Mechanism::ScramSha256Plus, Binding::Exporter(vec![1])),
        ] {
            let ground = Ground { offered, exporter, ..Ground::default() };
            assert_eq!(ground.binding(mechanism), wanted);
        }
    }

    #[test]
    fn a_protocols_own_login_is_the_last_resort_of_passwords() {
        let ground = |is_private| Ground { is_private, ..Ground::default() };
        let only = |name| password(Permit { mechanisms: Some(vec![name]), in_clear: false });
        assert_eq!(ground(true).allows_own_login(&password(Permit::default())), Ok(true));
        assert_eq!(ground(true).allows_own_login(&only(Mechanism::Login)), Ok(true));
        assert_eq!(ground(true).allows_own_login(&only(Mechanism::Plain)), Ok(false));
        assert_eq!(ground(true).allows_own_login(&Credentials::token("b", Secret::new("x".into()))), Ok(false));
        assert_eq!(ground(false).allows_own_login(&password(Permit::default())), Err(Unfit::InClear("password")));
    }
}
