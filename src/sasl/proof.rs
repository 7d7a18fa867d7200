//! The client's side: the answers that prove who we are.
//!
//! Works on decoded octets. A login is good when the server says so and, where the mechanism lets it, has proved itself
//! too. RFC 4422 §3; RFC 4616 §2; RFC 4422 appendix A (EXTERNAL); draft-murchison-sasl-login §2.

use super::scram::{self, Distrust, Hash};
use super::{Credentials, Factor, Ground, Mechanism, base64, cram, oauth};
use std::borrow::Cow;
use zeroize::Zeroizing;

/// The answers of one login, in order.
pub struct Proof<'a> {
    mechanism: Mechanism,
    script: Script<'a>,
    answered: usize,
    reason: Option<String>,
}

/// Where the answers come from.
enum Script<'a> {
    /// They are known beforehand, whatever is asked.
    Known(Vec<Zeroizing<Vec<u8>>>),
    /// One that follows from the challenge.
    Cram(&'a Credentials),
    /// One, and then a way to end a login that was refused.
    Token(Zeroizing<Vec<u8>>),
    /// Both sides have to say something.
    Scram(Box<scram::Client<'a>>),
}

/// Why the client's side ends a login.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SaslError {
    /// The server asks on although everything has been said.
    #[error("the server asks for more than the login has")]
    Asked,
    /// The credentials are not of the sort that the mechanism takes.
    #[error("the mechanism does not take such credentials")]
    Factor,
    /// The name, the password or the token holds characters that the mechanism cannot carry.
    #[error("the user name or the password holds characters that the mechanism does not allow")]
    Characters,
    /// What the server asks is no base64.
    #[error("the server's challenge is not base64")]
    NotBase64,
    /// The server is not what it pretends to be.
    #[error(transparent)]
    Distrust(#[from] Distrust),
}

impl<'a> Proof<'a> {
    /// A login by this mechanism.
    pub fn new(
        mechanism: Mechanism,
        credentials: &'a Credentials,
        ground: &Ground<'_>,
        nonce: &str,
    ) -> Result<Self, SaslError> {
        let user = credentials.user.as_str();
        let authzid = credentials.authzid.as_deref();
        let known = |texts: &[&str]| {
            let octets = |text: &&str| Zeroizing::new(text.as_bytes().to_vec());
            Script::Known(texts.iter().map(octets).collect())
        };
        let script = match (mechanism, &credentials.factor) {
            (Mechanism::Plain, Factor::Password(password)) => {
                let parts = [authzid.unwrap_or_default(), user, password.expose()];
                // RFC 4616 §2: NUL stands between the parts.
                if parts.iter().any(|part| part.contains('\0')) {
                    return Err(SaslError::Characters);
                }
                known(&[&Zeroizing::new(parts.join("\0"))])
            }
            (Mechanism::Login, Factor::Password(password)) => known(&[user, password.expose()]),
            (Mechanism::CramMd5, Factor::Password(_)) => Script::Cram(credentials),
            (Mechanism::External, Factor::External) => known(&[authzid.unwrap_or_default()]),
            (Mechanism::XOAuth2 | Mechanism::OAuthBearer, Factor::Token(token)) => {
                let parts = [user, token.expose()];
                if parts.iter().any(|part| part.chars().any(char::is_control)) {
                    return Err(SaslError::Characters);
                }
                Script::Token(oauth::message(mechanism, user, token, ground.host, ground.port))
            }
            (mechanism, Factor::Password(password)) => {
                let hash = mechanism.scram_hash().ok_or(SaslError::Factor)?;
                let binding = ground.binding(mechanism);
                Script::Scram(Box::new(scram::Client::new(hash, user, password, authzid, binding, nonce)?))
            }
            _ => return Err(SaslError::Factor),
        };
        Ok(Self { mechanism, script, answered: 0, reason: None })
    }

    /// The mechanism to be named.
    pub fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// What can be said along with the command, before any challenge. LOGIN was made without that, and some
    /// servers do not understand it; CRAM-MD5 has nothing to say before.
    pub fn initial(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        match self.mechanism {
            Mechanism::Login | Mechanism::CramMd5 => None,
            _ => self.step(b"").ok(),
        }
    }

    /// The answer to a challenge as it stands in a line, in base64 both. Where it does not matter what is asked, it need
    /// not be base64.
    pub fn answer(&mut self, challenge: &[u8]) -> Result<Zeroizing<String>, SaslError> {
        let octets = match (base64::decode(challenge.trim_ascii()), &self.script) {
            (Ok(octets), _) => octets,
            (Err(_), Script::Known(_)) => Zeroizing::default(),
            (Err(_), _) => return Err(SaslError::NotBase64),
        };
        self.step(&octets).map(|octets| base64::encode(&octets))
    }

    /// The answer to a challenge. What LOGIN asks is not looked at: servers word it as they like.
    pub fn step(&mut self, challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, SaslError> {
        let turn = self.answered;
        self.answered += 1;
        match &mut self.script {
            Script::Known(answers) => answers.get(turn).cloned().ok_or(SaslError::Asked),
            Script::Cram(Credentials { user, factor: Factor::Password(password), .. }) if turn == 0 => {
                Ok(Zeroizing::new(cram::answer(user, password, challenge).into_bytes()))
            }
            Script::Token(message) if turn == 0 => Ok(message.clone()),
            Script::Token(_) if turn == 1 => {
                self.reason = oauth::refusal(challenge);
                Ok(Zeroizing::new(oauth::acknowledgement(self.mechanism).to_vec()))
            }
            Script::Scram(client) if turn == 0 => Ok(Zeroizing::new(client.first())),
            Script::Scram(client) => Ok(Zeroizing::new(client.answer(challenge)?)),
            Script::Cram(_) | Script::Token(_) => Err(SaslError::Asked),
        }
    }

    /// Whether the server may say that the login is good: a server that has not proved that it knows the password is
    /// not the one we have an account with (RFC 5802 §3).
    pub fn may_succeed(&self) -> Result<(), SaslError> {
        match &self.script {
            Script::Scram(client) if !client.is_proven() => Err(Distrust::Impostor.into()),
            _ => Ok(()),
        }
    }

    /// What the server said about the token it refused, put in words.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

impl SaslError {
    /// Whether the server broke the rules, rather than that it or we are not who we should be.
    pub fn is_protocol(&self) -> bool {
        matches!(self, Self::Asked | Self::NotBase64 | Self::Distrust(Distrust::Malformed))
    }
}

impl Mechanism {
    /// The hash function, if this is SCRAM.
    pub fn scram_hash(self) -> Option<Hash> {
        match self {
            Self::ScramSha256Plus | Self::ScramSha256 => Some(Hash::Sha256),
            Self::ScramSha1Plus | Self::ScramSha1 => Some(Hash::Sha1),
            _ => None,
        }
    }
}

/// Puts the server's reason, if there is one, behind its words.
pub fn with_reason<'a>(text: &'a str, reason: Option<&str>) -> Cow<'a, str> {
    match reason {
        Some(reason) => Cow::Owned(format!("{text} ({reason})")),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scram::{Binding, Keys};
    use super::super::{Exchange, Found, Step};
    use super::*;
    use crate::secret::Secret;
    use proptest::prelude::*;

    /// Plays both sides to the end; what the server was shown, and whether the client trusts it.
    fn play(mechanism: Mechanism, credentials: &Credentials, kept: &Secret) -> Result<(Credentials, bool), String> {
        let exporter = [7; 32];
        let offered: Vec<String> = Mechanism::ALL.iter().map(|found| found.name().to_owned()).collect();
        let ground = Ground { offered: &offered, exporter: Some(&exporter), is_private: true, host: "mx", port: 25 };
        let mut proof = Proof::new(mechanism, credentials, &ground, "abc").map_err(|error| error.to_string())?;
        let binding = if mechanism.is_bound() { Binding::Exporter(exporter.to_vec()) } else { Binding::Unsupported };
        let initial = proof.initial();
        let mut step = Exchange::start(mechanism, initial.as_ref().map(|octets| octets.as_slice()), binding);
        loop {
            step = match step {
                Step::Challenge(exchange, challenge) => {
                    exchange.answer(&proof.step(&challenge).map_err(|error| error.to_string())?)
                }
                Step::LookUp(exchange, wanted) => {
                    let keys = Keys::new(wanted.hash, kept, &[1; 16]).ok_or("no keys")?;
                    exchange.found(Found { keys, nonce: "def".to_owned() })
                }
                Step::Done(found, tail) => {
                    if let Some(last) = tail.on_success {
                        proof.step(&last).map_err(|error| error.to_string())?;
                    }
                    return Ok((found, proof.may_succeed().is_ok()));
                }
                Step::Failed(malformed) => return Err(malformed.to_string()),
            }
        }
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    const BY_PASSWORD: [Mechanism; 6] = [
        Mechanism::Plain,
        Mechanism::Login,
        Mechanism::ScramSha1,
        Mechanism::ScramSha256,
        Mechanism::ScramSha1Plus,
        Mechanism::ScramSha256Plus,
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn what_the_client_says_is_what_the_server_hears(user in "[a-z,=é@.]{1,20}", word in "[!-~ß]{1,20}", token in "[!-~]{1,20}") {
            let credentials = Credentials::new(user.clone(), secret(&word));
            for mechanism in BY_PASSWORD {
                let (found, is_trusted) = play(mechanism, &credentials, &secret(&word)).map_err(TestCaseError::fail)?;
                prop_assert!(is_trusted);
                prop_assert_eq!(&found.user, &user);
                match &found.factor {
                    Factor::Claim(claim) => prop_assert!(claim.is_true()),
                    factor => prop_assert!(*factor == credentials.factor),
                }
            }
            let credentials = Credentials::token(user.clone(), secret(&token));
            for mechanism in [Mechanism::XOAuth2, Mechanism::OAuthBearer] {
                let (found, _) = play(mechanism, &credentials, &secret("")).map_err(TestCaseError::fail)?;
                prop_assert!(found == credentials);
            }
        }
    }

    #[test]
    fn a_server_that_knows_another_password_is_found_out() {
        let credentials = Credentials::new("bob", secret("right"));
        for mechanism in [Mechanism::ScramSha1, Mechanism::ScramSha256, Mechanism::ScramSha256Plus] {
            let said = play(mechanism, &credentials, &secret("wrong")).expect_err("an impostor");
            assert!(said.contains("does not know the password"), "{said}");
        }
    }

    #[test]
    fn credentials_of_another_sort_are_not_said() {
        let (word, token) = (Credentials::new("bob", secret("x")), Credentials::token("bob", secret("x")));
        for mechanism in Mechanism::ALL {
            for credentials in [&word, &token, &Credentials::external(None)] {
                let proof = Proof::new(mechanism, credentials, &Ground::default(), "abc");
                assert_eq!(proof.is_ok(), mechanism.takes(&credentials.factor), "{mechanism:?}");
            }
        }
        let nul = Credentials::new("b\0ob", secret("x"));
        assert_eq!(Proof::new(Mechanism::Plain, &nul, &Ground::default(), "").err(), Some(SaslError::Characters));
        let stuffed = Credentials::token("bob", secret("x\x01auth=y"));
        assert_eq!(Proof::new(Mechanism::XOAuth2, &stuffed, &Ground::default(), "").err(), Some(SaslError::Characters));
    }

    #[test]
    fn a_refused_token_is_acknowledged_and_explained() {
        let credentials = Credentials::token("bob", secret("x"));
        for (mechanism, wanted) in [(Mechanism::XOAuth2, &b""[..]), (Mechanism::OAuthBearer, b"\x01")] {
            let mut proof = Proof::new(mechanism, &credentials, &Ground::default(), "").expect("a token");
            assert!(proof.initial().is_some() && proof.reason().is_none());
            let answer = proof.step(br#"{"status":"invalid_token","scope":"mail"}"#).expect("an answer");
            assert_eq!(answer.as_slice(), wanted);
            assert_eq!(proof.reason(), Some("invalid_token, scope: mail"));
            assert_eq!(proof.step(b"").err(), Some(SaslError::Asked));
        }
        assert_eq!(with_reason("no", None), "no");
        assert_eq!(with_reason("no", Some("401")), "no (401)");
    }

    #[test]
    fn external_says_whom_to_act_for_or_nothing() {
        for (user, wanted) in [(None, ""), (Some("bob".to_owned()), "bob")] {
            let external = Credentials::external(user);
            let proof = Proof::new(Mechanism::External, &external, &Ground::default(), "");
            let said = proof.expect("it needs nothing").initial();
            assert_eq!(said.as_deref().map(Vec::as_slice), Some(wanted.as_bytes()));
        }
    }
}
