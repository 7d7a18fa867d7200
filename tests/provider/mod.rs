//! A provider of tokens, over HTTP and TLS on loopback: what it is asked it checks and writes down.
//!
//! Every secret that it gives out holds the word `canary`, so that one which shows up where it should not is found.
//! RFC 6749, RFC 7636 §4.6, RFC 8414 §3.2, RFC 8628 §3, RFC 9700 §4.14.2.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mailkit::net::connection::Connection;
use mailkit::net::tls::{Identity, ServerTls};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The secret of the one client that has one.
pub(crate) const CLIENT_SECRET: &str = "canary-client-secret";

/// Fields of a form or a query.
pub(crate) type Fields = BTreeMap<String, String>;

/// A running provider. It ends with the test process.
pub(crate) struct Provider {
    /// Its port on loopback.
    pub(crate) port: u16,
    /// What vouches for it, as PEM.
    pub(crate) authority: String,
    state: Arc<Mutex<State>>,
}

/// What it does, and what it has seen.
pub(crate) struct State {
    /// Seconds that an access token lasts.
    pub(crate) lifetime: u64,
    /// Each renewal gives a new refresh token, and the old one shown again ends all.
    pub(crate) rotates: bool,
    /// Answers of the token endpoint that come before its own: status line and body.
    pub(crate) instead: VecDeque<(String, String)>,
    /// What the token endpoint waits after it has decided and before it answers.
    pub(crate) holds: Duration,
    /// What the device endpoint's codes are answered with before the user has consented.
    pub(crate) pending: VecDeque<&'static str>,
    /// The user refuses.
    pub(crate) refuses: bool,
    /// Forms that reached the token endpoint.
    pub(crate) asked: Vec<Fields>,
    codes: BTreeMap<String, Fields>,
    live: BTreeSet<String>,
    spent: BTreeSet<String>,
    count: u32,
}

impl Provider {
    /// Starts one; its certificate is good for `localhost`.
    pub(crate) fn start() -> Self {
        let identity = Identity::self_signed(&["localhost".into()]).expect("a certificate");
        let tls = ServerTls::new(&identity).expect("a server");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("it can be");
        let port = listener.local_addr().expect("bound").port();
        let state = Arc::new(Mutex::new(State {
            lifetime: 3600,
            rotates: true,
            instead: VecDeque::new(),
            holds: Duration::ZERO,
            pending: VecDeque::new(),
            refuses: false,
            asked: Vec::new(),
            codes: BTreeMap::new(),
            live: BTreeSet::new(),
            spent: BTreeSet::new(),
            count: 0,
        }));
        let shared = state.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                while let Ok((stream, peer)) = listener.accept().await {
                    let connection = Connection::new(Box::new(stream), peer, None);
                    tokio::spawn(serve(connection, tls.clone(), port, shared.clone()));
                }
            });
        });
        Self { port, authority: identity.certificates, state }
    }

    /// Its address.
    pub(crate) fn issuer(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// What it does, and what it has seen.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("whole")
    }

    /// How often tokens were asked for in this way.
    pub(crate) fn asked(&self, grant: &str) -> usize {
        self.state().asked.iter().filter(|form| form.get("grant_type").is_some_and(|found| found == grant)).count()
    }
}

async fn serve(connection: Connection, tls: ServerTls, port: u16, state: Arc<Mutex<State>>) {
    // A client that does not trust us goes away here.
    let Ok(mut connection) = connection.accept_tls(&tls, Duration::from_secs(10)).await else { return };
    let mut text = Vec::new();
    let request = loop {
        if connection.read_buf(&mut text).await.unwrap_or(0) == 0 {
            return;
        }
        let read = String::from_utf8(text.clone()).expect("text");
        let Some((head, body)) = read.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        if body.len() >= length {
            break (head.split(' ').nth(1).expect("a target").to_owned(), body.to_owned());
        }
    };
    let (target, body) = request;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (answer, holds) = {
        let mut state = state.lock().expect("whole");
        let answer = match path {
            "/authorize" => state.authorize(&fields(query)),
            "/token" => {
                let form = fields(&body);
                state.asked.push(form.clone());
                match state.instead.pop_front() {
                    Some((status, body)) => {
                        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
                    }
                    None => state.token(&form),
                }
            }
            "/device" => json("200 OK", &state.device(port)),
            "/.well-known/oauth-authorization-server" => json("200 OK", &metadata(port)),
            _ => json("404 Not Found", "{}"),
        };
        (answer, if path == "/token" { state.holds } else { Duration::ZERO })
    };
    tokio::time::sleep(holds).await;
    // Whoever asked may be gone.
    let _ = connection.write_all(answer.as_bytes()).await;
    connection.close().await;
}

impl State {
    /// Consents for the user, or refuses (RFC 6749 §4.1.2).
    fn authorize(&mut self, query: &Fields) -> String {
        for (name, wanted) in [("response_type", "code"), ("code_challenge_method", "S256"), ("client_id", "me")] {
            assert_eq!(query.get(name).map(String::as_str), Some(wanted), "{name}");
        }
        let redirect = query.get("redirect_uri").expect("a place to come back to");
        let state = query.get("state").expect("a state");
        let back = if self.refuses {
            format!("{redirect}?error=access_denied&error_description=not+today&state={state}")
        } else {
            let code = self.secret("code");
            self.codes.insert(code.clone(), query.clone());
            format!("{redirect}?code={code}&state={state}")
        };
        format!("HTTP/1.1 302 Found\r\nLocation: {back}\r\nContent-Length: 0\r\n\r\n")
    }

    fn token(&mut self, form: &Fields) -> String {
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        if field("client_id") != "me" || !["", CLIENT_SECRET].contains(&field("client_secret")) {
            return refused("invalid_client");
        }
        match field("grant_type") {
            "authorization_code" => {
                // RFC 6749 §4.1.3: once only, for the same place; RFC 7636 §4.6: by who asked for it.
                let Some(asked) = self.codes.remove(field("code")) else { return refused("invalid_grant") };
                let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, field("code_verifier").as_bytes()));
                if asked["code_challenge"] != challenge || asked["redirect_uri"] != field("redirect_uri") {
                    return refused("invalid_grant");
                }
                self.granted(true)
            }
            "refresh_token" => {
                let shown = field("refresh_token").to_owned();
                if self.spent.contains(&shown) {
                    // RFC 9700 §4.14.2: somebody else has it, so nobody may.
                    self.live.clear();
                }
                if !self.live.contains(&shown) {
                    return refused("invalid_grant");
                }
                if self.rotates {
                    self.live.remove(&shown);
                    self.spent.insert(shown);
                }
                let rotates = self.rotates;
                self.granted(rotates)
            }
            "urn:ietf:params:oauth:grant-type:device_code" => match self.pending.pop_front() {
                Some(error) => refused(error),
                None => self.granted(true),
            },
            "client_credentials" if field("client_secret") == CLIENT_SECRET => self.granted(false),
            "client_credentials" => refused("invalid_client"),
            _ => refused("unsupported_grant_type"),
        }
    }

    fn granted(&mut self, with_refresh: bool) -> String {
        let access = self.secret("access");
        let mut object = serde_json::json!({
            "access_token": access, "token_type": "Bearer", "expires_in": self.lifetime, "scope": "mail",
        });
        if with_refresh {
            let refresh = self.secret("refresh");
            self.live.insert(refresh.clone());
            object["refresh_token"] = refresh.into();
        }
        json("200 OK", &object.to_string())
    }

    fn device(&mut self, port: u16) -> String {
        serde_json::json!({
            "device_code": self.secret("device"), "user_code": "WDJB-MJHT", "expires_in": 60, "interval": 1,
            "verification_uri": format!("https://localhost:{port}/here"),
        })
        .to_string()
    }

    fn secret(&mut self, what: &str) -> String {
        self.count += 1;
        format!("canary-{what}-{}", self.count)
    }
}

fn metadata(port: u16) -> String {
    let at = |path: &str| format!("https://localhost:{port}{path}");
    serde_json::json!({
        "issuer": at(""), "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
        "device_authorization_endpoint": at("/device"),
    })
    .to_string()
}

fn refused(error: &str) -> String {
    json("400 Bad Request", &serde_json::json!({ "error": error, "error_description": "it is so" }).to_string())
}

fn json(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn fields(text: &str) -> Fields {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}
