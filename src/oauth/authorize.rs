//! The question for consent, as an address for a browser, and the address the browser comes back with.
//!
//! RFC 6749 §4.1.1, §4.1.2, §10.12; RFC 7636 §4.3; RFC 8252 §7.3; RFC 9207 §2.4.

use super::Client;
use super::grant::Refusal;
use super::pkce::{Pkce, unguessable};
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::world::Entropy;
use url::Url;

/// One question for consent, until its answer is here.
pub struct Authorization {
    /// What the browser is sent to. Holds no secret: neither the verifier nor a token.
    pub url: Url,
    pub(super) redirect: String,
    pub(super) pkce: Pkce,
    state: Secret,
    /// Who is asked, if that is known, and whether the answer has to say it.
    issuer: Option<String>,
    says_issuer: bool,
}

impl Authorization {
    /// Asks for a code that comes to `redirect`.
    pub fn new(client: &Client, redirect: &str, extra: &[(&str, &str)], entropy: &dyn Entropy) -> Result<Self> {
        let endpoint = client.endpoints.authorization.clone();
        let mut url = endpoint.ok_or_else(|| {
            Error::new(Kind::Config, "nobody says where the user consents")
                .hint("add provider, issuer or auth-url to oauth = {...}")
        })?;
        let pkce = Pkce::new(entropy);
        let state = unguessable(entropy);
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &client.id)
                .append_pair("redirect_uri", redirect)
                .append_pair("state", state.expose())
                .append_pair("code_challenge", &pkce.challenge())
                .append_pair("code_challenge_method", "S256");
            if !client.scopes.is_empty() {
                query.append_pair("scope", &client.scopes.join(" "));
            }
            if let Some(hint) = &client.login_hint {
                query.append_pair("login_hint", hint);
            }
            query.extend_pairs(extra);
        }
        let (issuer, says_issuer) = (client.endpoints.issuer.clone(), client.endpoints.says_issuer);
        Ok(Self { url, redirect: redirect.to_owned(), pkce, state, issuer, says_issuer })
    }

    /// The code in an answer, if it is the answer to this question.
    pub(super) fn code(&self, answer: &str) -> Result<Secret> {
        let mut code = None;
        let mut state = None;
        let mut refusal = None;
        let mut words = None;
        let mut issuer = None;
        for (name, value) in url::form_urlencoded::parse(answer.as_bytes()) {
            match name.as_ref() {
                "code" => code = Some(Secret::new(value.into_owned())),
                "state" => state = Some(Secret::new(value.into_owned())),
                "iss" => issuer = Some(value.into_owned()),
                "error" => refusal = Some(value.into_owned()),
                "error_description" => words = Some(value.into_owned()),
                _ => {}
            }
        }
        // First of all: whoever does not know the state answers another question, perhaps one of their own.
        if !state.is_some_and(|state| state.is_same(&self.state)) {
            return Err(Error::new(Kind::NoPermission, "the answer belongs to another question: its state is wrong")
                .hint("begin again; if this repeats, somebody may try to log you in as themselves"));
        }
        // RFC 9207 §2.4: a code of one provider must not be shown to another.
        let is_same = |said: &String, asked: &String| said.trim_end_matches('/') == asked.trim_end_matches('/');
        let is_theirs = match (&issuer, &self.issuer) {
            (Some(said), Some(asked)) => is_same(said, asked),
            (None, _) => !self.says_issuer,
            (Some(_), None) => true,
        };
        if !is_theirs {
            return Err(Error::new(Kind::NoPermission, "the answer is not of the provider that was asked"));
        }
        if let Some(refusal) = refusal {
            return Err(Refusal::new(refusal, words).into_error("the provider gave no consent"));
        }
        code.filter(|code| !code.expose().is_empty())
            .ok_or_else(|| Error::new(Kind::Protocol, "the provider's answer holds no code"))
    }
}

/// The query of an address that somebody typed in: the whole address, or what stands behind its question mark.
pub fn answer_of(typed: &str) -> Option<&str> {
    let typed = typed.trim();
    let query = match typed.split_once('?') {
        Some((_, query)) => query,
        None if typed.contains("://") => return None,
        None => typed,
    };
    let query = query.split('#').next().unwrap_or_default();
    query.contains('=').then_some(query)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::entropy::SeededEntropy;
    use crate::oauth::Endpoints;

    fn authorization() -> Authorization {
        asked(None, false)
    }

    fn asked(issuer: Option<&str>, says_issuer: bool) -> Authorization {
        let authorization = Url::parse("https://a.example/auth?x=y").ok();
        let issuer = issuer.map(str::to_owned);
        let endpoints = Endpoints { authorization, issuer, says_issuer, ..Endpoints::default() };
        let (scopes, hint) = (vec!["mail".into(), "send".into()], Some("alice@crepes.example".into()));
        let client =
            Client { id: "me&you".into(), secret: None, endpoints, scopes, login_hint: hint, is_own_user: false };
        let extra = [("prompt", "consent")];
        Authorization::new(&client, "http://127.0.0.1:7/", &extra, &SeededEntropy::new(1)).expect("an address")
    }

    #[test]
    fn the_question_has_all_that_the_standards_ask_for() {
        let authorization = authorization();
        let pairs: Vec<_> = authorization.url.query_pairs().into_owned().collect();
        let value = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        for (name, wanted) in [
            ("x", "y"),
            ("response_type", "code"),
            ("client_id", "me&you"),
            ("redirect_uri", "http://127.0.0.1:7/"),
            ("scope", "mail send"),
            ("login_hint", "alice@crepes.example"),
            ("code_challenge_method", "S256"),
            ("prompt", "consent"),
        ] {
            assert_eq!(value(name), Some(wanted), "{name}");
        }
        assert_eq!(value("code_challenge"), Some(authorization.pkce.challenge().as_str()));
        assert!(!authorization.url.as_str().contains(authorization.pkce.verifier().expose()));
    }

    #[test]
    fn only_the_answer_to_this_question_counts() {
        let authorization = authorization();
        let state = authorization.state.expose();
        let read = |answer: String| match authorization.code(&answer) {
            Ok(code) => code.expose().to_owned(),
            Err(error) => format!("{:?} {error} {}", error.kind(), error.answer().unwrap_or_default()),
        };
        assert_eq!(read(format!("code=a%2Fb&state={state}")), "a/b");
        for (answer, wanted) in [
            ("code=x&state=wrong".to_owned(), "NoPermission the answer belongs to another question"),
            ("code=x".to_owned(), "NoPermission the answer belongs"),
            ("error=access_denied&state=wrong".to_owned(), "NoPermission the answer belongs"),
            (format!("error=access_denied&error_description=No%20way&state={state}"), "access_denied: No way"),
            (format!("state={state}"), "Protocol the provider's answer holds no code"),
            (format!("code=&state={state}"), "Protocol the provider's answer holds no code"),
        ] {
            assert!(read(answer.clone()).contains(wanted), "{answer}: {}", read(answer.clone()));
        }
    }

    #[test]
    fn a_code_of_another_provider_is_not_taken() {
        for (issuer, says_issuer, said, wanted) in [
            (Some("https://a.example"), true, "&iss=https%3A%2F%2Fa.example", true),
            (Some("https://a.example/"), false, "&iss=https%3A%2F%2Fa.example", true),
            (Some("https://a.example"), true, "&iss=https%3A%2F%2Fb.example", false),
            (Some("https://a.example"), true, "", false),
            (Some("https://a.example"), false, "", true),
            (None, false, "&iss=https%3A%2F%2Fb.example", true),
        ] {
            let asked = asked(issuer, says_issuer);
            let read = asked.code(&format!("code=x&state={}{said}", asked.state.expose()));
            assert_eq!(read.is_ok(), wanted, "{issuer:?} {said}");
        }
    }

    #[test]
    fn what_is_pasted_may_be_the_address_or_its_query() {
        for (typed, wanted) in [
            (" http://127.0.0.1:7/?code=a&state=b \n", Some("code=a&state=b")),
            ("code=a&state=b", Some("code=a&state=b")),
            ("http://127.0.0.1:7/?code=a#x", Some("code=a")),
            ("http://127.0.0.1:7/", None),
            ("4/0AX4", None),
            ("", None),
        ] {
            assert_eq!(answer_of(typed), wanted, "{typed}");
        }
    }
}
