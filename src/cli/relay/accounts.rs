//! The courier of a relay that knows its user's accounts: what `send` left in the queue goes as `send` would have sent it.
//!
//! The configuration is read at each attempt and the secret fetched then, so that what is put right counts at the next
//! one, and nothing secret lies in a queue. Everything else goes the way of the courier within.

use super::super::auth::TokenProof;
use super::super::dial::DialArgs;
use super::super::login::{self, Service, is_external, prove};
use mailkit::account::{Account, Asked, Auth, Config, SecretSource, Whose};
use mailkit::address::Domain;
use mailkit::engine::courier::answer;
use mailkit::engine::dial;
use mailkit::engine::handover::{Answer, Courier, Parcel};
use mailkit::engine::route::Hop;
use mailkit::engine::smtp::Manner;
use mailkit::error::{Error, Kind, Result};
use mailkit::net::trace::Trace;
use mailkit::sasl::{Credentials, Permit};
use mailkit::secret::Secret;
use mailkit::smtp::outcome::Phase;
use mailkit::status::EnhancedStatus;
use mailkit::submit::{Submission, submit};
use mailkit::wire::event::Decision;
use mailkit::world::Later;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A courier that can submit, too.
pub(crate) struct WithAccounts {
    pub(crate) within: Arc<dyn Courier>,
    /// The configuration that was named, if one was.
    pub(crate) config: Vec<PathBuf>,
    /// Who gives the tokens of accounts that log in with them, by the account's name.
    pub(crate) tokens: BTreeMap<String, TokenProof>,
    pub(crate) helo: Domain,
    pub(crate) trace: Option<Trace>,
    /// Variables that no program is given, beside those that the configuration names.
    pub(crate) hidden: Vec<String>,
}

impl Courier for WithAccounts {
    fn deliver<'a>(&'a self, host: &'a Hop, address: SocketAddr, parcel: &'a Parcel) -> Later<'a, Vec<Answer>> {
        self.within.deliver(host, address, parcel)
    }

    fn decided(&self, decision: Decision) {
        self.within.decided(decision);
    }

    fn submit<'a>(&'a self, account: &'a str, parcel: &'a Parcel) -> Later<'a, Vec<Answer>> {
        Box::pin(async move {
            self.try_submit(account, parcel).await.unwrap_or_else(|error| {
                // Whatever is wrong with a configuration, a secret or a network may be put right.
                let words = [Some(error.to_string()), error.answer().map(str::to_owned)].into_iter().flatten();
                let words = words.collect::<Vec<_>>().join(": ");
                let later = Answer::failed(EnhancedStatus::new(4, 4, 1), words);
                vec![Answer { try_next: true, ..later }; parcel.envelope.recipients.len()]
            })
        })
    }
}

/// A relay has nobody to ask.
pub(super) fn nobody(what: &str) -> Result<Secret> {
    Err(Error::new(Kind::Config, format!("no {}: a relay asks nobody", what.to_lowercase())))
}

impl WithAccounts {
    async fn try_submit(&self, account: &str, parcel: &Parcel) -> Result<Vec<Answer>> {
        let config = Config { secret_variables: self.hidden.clone(), ..Config::load(&self.config)? };
        let hidden = config.hidden();
        let asked = Asked { name: Some(account), ..Asked::default() };
        let server = login::server_of(|| Ok(&config), Some(account), Service::Smtp, &asked)?;
        let credentials = match server.account {
            Some((_, Account { auth: Some(Auth::None), .. })) | None => None,
            Some((name, Account { auth: Some(Auth::OAuth), .. })) => {
                let what = format!("account {name} logs in with tokens, and did not when this relay began");
                let proof = self.tokens.get(name).ok_or_else(|| Error::new(Kind::Config, what))?;
                Some(proof.now().await?)
            }
            Some((name, account)) => {
                let permit = Permit { mechanisms: account.mechanisms(), in_clear: false };
                match account.login(&server.endpoint) {
                    Some(user) => {
                        let source = account.secret.clone().unwrap_or(SecretSource::Keyring);
                        let host = dial::name(&server.endpoint.host);
                        let login = Some((host.as_str(), user.as_str()));
                        let whose = Whose { account: name, login, is_attended: false, hidden: &hidden };
                        Some(prove(&user, permit, &source, whose, &nobody).await?)
                    }
                    None => is_external(&permit).then(|| Credentials::external(None).with(permit)),
                }
            }
        };
        let ways = DialArgs::default().over(server.account.map(|(_, account)| account))?;
        let way = ways.way(&nobody, &server, &hidden, ways.tls().read()?).await?;
        let submission = Submission {
            endpoint: &server.endpoint,
            way,
            credentials,
            helo: self.helo.clone(),
            envelope: &parcel.envelope,
            content: parcel.message.as_ref(),
            needs_utf8: parcel.envelope.smtputf8,
            manner: Manner::default(),
            required: &[],
            trace: self.trace.clone(),
            stop: CancellationToken::new(),
        };
        let submitted = submit(&*ways.connect(), submission, |_| {}).await?;
        let host = server.endpoint.authority();
        let answers = submitted.recipients.iter().map(|(_, outcome)| {
            let before_mail = outcome.phase < Phase::Mail;
            let said = answer(outcome, &host, before_mail);
            match before_mail {
                // That a server does not let us in judges no recipient.
                true => Answer { status: EnhancedStatus { class: 4, ..said.status }, ..said },
                false => said,
            }
        });
        Ok(answers.collect())
    }
}
