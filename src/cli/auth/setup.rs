//! An account's tokens, ready to be asked for: whom to ask, as which client, and where they are kept.
//!
//! What the account says goes before its `[oauth.NAME]`, and that before what is known of the provider.

use super::super::context::Context;
use super::super::login::trust;
use mailkit::account::{Account, Auth, Grant, OAuth, Place, Vault, Whose};
use mailkit::engine::courier::Prove;
use mailkit::engine::http::{Http, SystemNames};
use mailkit::error::{Error, Kind, Result};
use mailkit::net::clock::SystemClock;
use mailkit::net::tcp::Tcp;
use mailkit::net::tls::Trust;
use mailkit::net::trace::Trace;
use mailkit::oauth::{self, Client, Endpoints, Keep, Known, Login, Tokens, Want};
use mailkit::sasl::Credentials;
use mailkit::world::{Clock, Later};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What a notification may take.
const NOTIFY_WAIT: Duration = Duration::from_secs(30);
/// What is asked of a token before it is used: the login follows at once.
const USE_WAIT: Duration = Duration::from_secs(30);

/// An account, and what the configuration says about its tokens.
pub(super) struct Setup {
    pub(super) name: String,
    /// Whom the user logs in as, if the account says so.
    pub(super) user: Option<String>,
    pub(super) oauth: OAuth,
    pub(super) vault: Vault,
    trace: Option<Trace>,
    /// Variables that no program is given.
    hidden: Vec<String>,
}

/// The way to the provider.
pub(super) struct Web {
    trust: Trust,
    trace: Option<Trace>,
}

impl Web {
    pub(super) fn http(&self) -> Http<'_> {
        Http::new(&Tcp, &SystemNames, &self.trust, self.trace.as_ref())
    }
}

impl Setup {
    /// For an account that logs in with tokens.
    pub(super) fn new(context: &Context, name: &str) -> Result<Self> {
        let (name, account) = context.config()?.account(Some(name))?;
        Self::of(context, name, account)
    }

    pub(super) fn of(context: &Context, name: &str, account: &Account) -> Result<Self> {
        if account.auth != Some(Auth::OAuth) {
            return Err(Error::new(Kind::Config, format!("account {name} does not log in with tokens"))
                .hint(format!("add auth = \"oauth\" and oauth = {{...}} to [accounts.{name}]")));
        }
        let mut oauth = account.oauth.clone().unwrap_or_default();
        let section = match &oauth.provider {
            Some(name) => context.config()?.token_provider(name)?,
            None => None,
        };
        if let Some(section) = section {
            // What the section says of its own provider goes before its name, which may be a known one too.
            let provider = section.provider.clone().or_else(|| oauth.provider.clone());
            oauth = OAuth { provider, ..oauth.or(section) };
        }
        let address = || account.email.as_ref().map(ToString::to_string);
        let user = account.user.clone().or_else(address);
        let (vault, trace, hidden) = (Vault::of(name)?, context.trace()?, context.hidden().to_vec());
        Ok(Self { name: name.to_owned(), user, oauth, vault, trace, hidden })
    }

    /// What is known of the provider by its name.
    pub(super) fn known(&self) -> Option<&'static Known> {
        self.oauth.provider.as_deref().and_then(oauth::known)
    }

    pub(super) fn web(&self) -> Result<Web> {
        Ok(Web { trust: trust(self.oauth.ca.as_deref())?, trace: self.trace.clone() })
    }

    /// Who asks whom. `id` was given at the login; where it was not, the configuration has it.
    pub(super) async fn client(&self, http: &Http<'_>, id: Option<&str>) -> Result<Client> {
        let id = id.map(str::to_owned).or_else(|| self.oauth.client_id.clone()).ok_or_else(|| {
            let what = format!("account {} has no client-id: mailkit brings none of its own", self.name);
            Error::new(Kind::Config, what).hint("docs/oauth.md says how to get one; add client-id to oauth = {...}")
        })?;
        let secret = match &self.oauth.client_secret {
            Some(source) => {
                let ask = || Err(Error::new(Kind::Config, "the secret of a client is not asked for"));
                let name = format!("{} client", self.name);
                let whose = Whose { account: &name, login: None, is_attended: false, hidden: &self.hidden };
                Some(source.fetch(whose, &ask).await?)
            }
            None => None,
        };
        let known = self.known();
        let scopes = match (&self.oauth.scopes, known) {
            (Some(scopes), _) => scopes.clone(),
            (None, Some(known)) => known.scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            (None, None) => Vec::new(),
        };
        Ok(Client {
            id,
            secret,
            endpoints: self.endpoints(http, known).await?,
            scopes,
            login_hint: self.user.clone(),
            is_own_user: self.is_own_user(),
        })
    }

    /// Whether no user has to consent.
    pub(super) fn is_own_user(&self) -> bool {
        self.oauth.grant == Some(Grant::ClientCredentials)
    }

    async fn endpoints(&self, http: &Http<'_>, known: Option<&Known>) -> Result<Endpoints> {
        let url = |text: &Option<String>| text.as_deref().map(oauth::endpoint).transpose();
        let named = Endpoints {
            authorization: url(&self.oauth.auth_url)?,
            token: url(&self.oauth.token_url)?,
            device: url(&self.oauth.device_url)?,
            issuer: self.oauth.issuer.clone(),
            ..Endpoints::default()
        };
        let rest = match (&self.oauth.issuer, known, &self.oauth.provider) {
            // Who names all that is needed spares the question.
            (Some(_), ..) if named.authorization.is_some() && named.token.is_some() => Endpoints::default(),
            (Some(issuer), ..) => oauth::discover(http, issuer).await?,
            (None, Some(known), _) => known.endpoints()?,
            (None, None, Some(name)) if named.token.is_none() => {
                let names: Vec<_> = oauth::KNOWN.iter().map(|known| known.name).collect();
                return Err(Error::new(Kind::Config, format!("{name} is no provider that is known")).hint(format!(
                    "known are {}; for others add issuer, or auth-url and token-url",
                    names.join(", ")
                )));
            }
            (None, None, _) => Endpoints::default(),
        };
        Ok(named.or(rest))
    }

    /// What is kept, and where.
    pub(super) async fn load(&self) -> Result<Option<(Tokens, Place)>> {
        let Some((text, place)) = self.vault.load().await? else { return Ok(None) };
        let tokens = Tokens::parse(&text).ok_or_else(|| {
            Error::new(Kind::Config, format!("what is kept for account {} are no tokens", self.name))
                .hint(format!("run mailkit auth login {}", self.name))
        })?;
        Ok(Some((tokens, place)))
    }

    /// Tokens that are good for as long as is wanted. Nobody is asked where those that are kept will do.
    pub(super) async fn tokens(&self, want: Want) -> Result<Tokens> {
        let kept = self.load().await?;
        let web = self.web()?;
        let http = web.http();
        let id = match kept {
            Some((tokens, _)) if !want.is_new && tokens.rest(SystemClock.now()) >= want.enough() => return Ok(tokens),
            Some((tokens, _)) => tokens.client_id,
            None if !self.is_own_user() => return Err(oauth::needs_login("nobody has logged in yet", &self.name)),
            None => None,
        };
        let client = self.client(&http, id.as_deref()).await?;
        let login = Login { client: &client, http: &http, clock: &SystemClock };
        oauth::fresh(&login, &Kept { setup: self, place: Mutex::default() }, want, &self.name).await
    }
}

/// The vault as those see it who renew tokens.
struct Kept<'a> {
    setup: &'a Setup,
    place: Mutex<Option<Place>>,
}

impl Keep for Kept<'_> {
    fn load(&self) -> Later<'_, Result<Option<Tokens>>> {
        Box::pin(async {
            let Some((tokens, place)) = self.setup.load().await? else { return Ok(None) };
            *self.place.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
            Ok(Some(tokens))
        })
    }

    fn save<'a>(&'a self, tokens: &'a Tokens) -> Later<'a, Result<()>> {
        Box::pin(async {
            let place = *self.place.lock().unwrap_or_else(PoisonError::into_inner);
            self.setup.vault.save(&tokens.print(), place).await.map(drop)
        })
    }

    fn lock(&self) -> Later<'_, Result<Box<dyn Send + Sync>>> {
        Box::pin(async {
            let lock = self.setup.vault.lock().await?;
            Ok(Box::new(lock) as Box<dyn Send + Sync>)
        })
    }

    fn lost(&self) -> Later<'_, ()> {
        Box::pin(notify(self.setup))
    }
}

/// Tells the user in their own way that a login is needed. What comes of it changes nothing here.
async fn notify(setup: &Setup) {
    let words = setup.oauth.notify_cmd.as_deref().unwrap_or_default();
    let Some((program, arguments)) = words.split_first() else { return };
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).env("MAILKIT_ACCOUNT", &setup.name).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    for name in &setup.hidden {
        command.env_remove(name);
    }
    let _ = tokio::time::timeout(NOTIFY_WAIT, command.status()).await;
}

/// Logs a user in with the account's token of the moment, for as long as the process lasts.
pub(crate) struct TokenProof {
    setup: Setup,
    user: String,
}

impl TokenProof {
    /// For an account that logs in with tokens, as `user`.
    pub(crate) fn new(context: &Context, name: &str, account: &Account, user: String) -> Result<Self> {
        Ok(Self { setup: Setup::of(context, name, account)?, user })
    }

    /// With a token that is good for a login now.
    pub(crate) async fn now(&self) -> Result<Credentials> {
        let tokens = self.setup.tokens(Want { at_least: USE_WAIT, is_new: false }).await?;
        Ok(Credentials::token(self.user.clone(), tokens.access))
    }
}

impl Prove for TokenProof {
    fn credentials(&self) -> Later<'_, Result<Arc<Credentials>>> {
        Box::pin(async { self.now().await.map(Arc::new) })
    }
}
