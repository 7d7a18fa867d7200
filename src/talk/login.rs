//! Proving who we are, in the words of whatever protocol is spoken.
//!
//! The rules for passwords are those of all clients: none over a wire that others can read, none to a server that may
//! be somebody else. RFC 4954 §4; RFC 5034 §4; RFC 9051 §6.2.2; RFC 4959.

use super::session::Talk;
use super::turn::Grade;
use crate::error::{Error, Kind, Result};
use crate::net::entropy::SystemEntropy;
use crate::sasl::{Ground, Mechanism, base64, is_mechanism, nonce};
use crate::smtp::outcome::Phase as Step;
use crate::wire::session::Tls;
use zeroize::Zeroizing;

impl Talk<'_> {
    /// Logs in by the mechanism that is named, or by the strongest that is offered.
    pub(super) async fn login(&mut self, named: Option<&str>) -> Result<()> {
        let Some(credentials) = self.credentials else {
            return Err(Error::new(Kind::Usage, "nobody is named who could log in")
                .hint("name a user with --user, in the URL, or by --account"));
        };
        let named = named.map(|name| {
            Mechanism::from_name(name).ok_or_else(|| {
                // Who takes this for a place of the password is not shown it.
                let shown = if is_mechanism(name.as_bytes()) { name } else { "a mechanism of that name" };
                Error::new(Kind::Usage, format!("{shown} is not spoken here"))
            })
        });
        let named = named.transpose()?;
        if self.turn.offer().is_empty() {
            self.learn().await?;
        }
        let tls = self.connection.as_ref().and_then(|connection| connection.tls().cloned());
        if let Some(worst) = tls.as_ref().and_then(|tls| tls.objections.first())
            && !credentials.permit.in_clear
        {
            let what = format!("its certificate is not accepted, so nobody logs in: {}", worst.text);
            return Err(Error::new(Kind::Unavailable, what).with_peer(&self.name));
        }
        let stays_here = self.connection.as_ref().is_some_and(|connection| connection.peer().crosses_no_wire());
        let offered = self.turn.mechanisms();
        let port =
            self.connection.as_ref().and_then(|connection| connection.peer().address()).map_or(0, |at| at.port());
        let (name, is_private) = (self.name.clone(), tls.is_some() || stays_here);
        let exporter = tls.as_ref().and_then(Tls::exporter);
        let ground = Ground { offered: &offered, host: &name, port, is_private, exporter };
        let failed = |why: String| Error::new(Kind::NoPermission, why).with_peer(&name);
        let mechanism = match named {
            Some(mechanism) if mechanism.shows_secret() && !is_private && !credentials.permit.in_clear => {
                let what = "the connection is not encrypted, and this mechanism would show the password to others";
                return Err(failed(what.to_owned())
                    .hint("say .starttls before, or take one that does not: .auth scram-sha-256"));
            }
            Some(mechanism) => mechanism,
            None => ground.choose(credentials).map_err(|unfit| failed(unfit.to_string()))?,
        };
        let proof = ground.proof(mechanism, credentials, &nonce(&SystemEntropy));
        let mut proof = proof.map_err(|error| failed(error.to_string()))?;
        let mut held = proof.initial();
        let takes_initial = self.turn.takes_initial();
        let initial = held.take_if(|_| takes_initial).map(|octets| base64::encode_initial(&octets));
        let begin = self.turn.begin_login(mechanism.name(), initial.as_ref().map(|text| text.as_str()));
        self.say_line(&Zeroizing::new(begin)).await?;
        self.answered().await?;
        while let Some(challenge) = self.last().filter(|last| last.grade == Grade::More).map(|last| last.text.clone()) {
            let answer = match held.take() {
                Some(octets) => Ok(base64::encode(&octets)),
                None => proof.answer(challenge.as_bytes()),
            };
            let failure = answer.as_ref().err().map(ToString::to_string);
            let answer = answer.unwrap_or_else(|_| Zeroizing::new("*".to_owned()));
            let answer = Zeroizing::new(self.turn.answer(&answer));
            self.say_line(&answer).await?;
            self.answered().await?;
            // Why we broke off counts, whatever the server says to that.
            if let Some(failure) = failure {
                return Err(failed(failure));
            }
        }
        self.expect_yes(Step::Auth, "login refused", Kind::NoPermission)?;
        if let Some(challenge) = self.turn.last_challenge() {
            proof.answer(challenge.as_bytes()).map_err(|error| failed(error.to_string()))?;
        }
        proof.may_succeed().map_err(|error| failed(error.to_string()))
    }
}
