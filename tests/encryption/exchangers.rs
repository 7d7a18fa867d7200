//! A whole way in memory: a zone, mail exchangers with the certificates they have, and a domain's web server.

use super::authority::Chain;
use super::clients::End;
use mailkit::address::Domain;
use mailkit::endpoint::TlsMode;
use mailkit::engine::courier::SmtpCourier;
use mailkit::engine::guarding::Guarding;
use mailkit::engine::http::Find;
use mailkit::engine::route::Rules;
use mailkit::engine::smtp::{Dialect, Manner};
use mailkit::engine::sts::{Policies, Silent};
use mailkit::envelope::{Envelope, ForwardPath, ReversePath};
use mailkit::error::Result;
use mailkit::net::entropy::SeededEntropy;
use mailkit::net::tls::{ClientTls, Trust};
use mailkit::net::zone::Zone;
use mailkit::policy::level::Level;
use mailkit::store::policies::PolicyStore;
use mailkit::submit::direct::{self, Direct};
use mailkit::world::{Clock, Connect, Disk, Later, Stream};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// The port of web servers.
const WEB: u16 = 443;

/// Who listens where, and what was heard.
#[derive(Default)]
pub(crate) struct Net {
    /// Mail exchangers by address; without a chain they have no TLS.
    pub(crate) hosts: Vec<(&'static str, Option<Chain>)>,
    /// The web server: its certificate, and what it answers to every question.
    pub(crate) web: Mutex<Option<(Chain, String)>>,
    /// Letters: `192.0.2.1 tls mx.x.test` with the name that was asked for, or `192.0.2.1 clear`.
    pub(crate) letters: Mutex<Vec<String>>,
    /// Questions to the web server.
    pub(crate) questions: Mutex<Vec<String>>,
}

/// Connections into a net.
#[derive(Clone)]
pub(crate) struct Paths(pub(crate) Arc<Net>);

impl Connect for Paths {
    fn connect(&self, to: SocketAddr) -> Later<'_, io::Result<Box<dyn Stream>>> {
        let (near, far) = duplex(64 * 1024);
        let (net, ip) = (self.0.clone(), to.ip().to_string());
        let is_there = match to.port() {
            WEB => net.web.lock().expect("whole").is_some(),
            _ => net.hosts.iter().any(|(known, _)| *known == ip),
        };
        if is_there {
            tokio::spawn(async move {
                match to.port() {
                    WEB => net.answer(Box::new(far)).await,
                    _ => net.receive(&ip, Box::new(far)).await,
                }
            });
        }
        let stream: Box<dyn Stream> = Box::new(near);
        Box::pin(std::future::ready(if is_there { Ok(stream) } else { Err(io::ErrorKind::ConnectionRefused.into()) }))
    }
}

impl Find for Paths {
    fn find<'a>(&'a self, _: &'a str, port: u16) -> Later<'a, Result<Vec<SocketAddr>>> {
        Box::pin(std::future::ready(Ok(vec![([192, 0, 2, 80], port).into()])))
    }
}

impl Net {
    /// Takes letters, in clear or behind STARTTLS.
    pub(crate) async fn receive(&self, ip: &str, far: Box<dyn Stream>) {
        let chain = self.hosts.iter().find(|(known, _)| *known == ip).and_then(|(_, chain)| chain.clone());
        let (mut end, mut way) = (End::new(far), "clear".to_owned());
        let mut greeting = "220 mx\r\n";
        loop {
            end.say(greeting).await;
            greeting = "";
            let Some(line) = end.line().await else { return };
            let verb = line.split_whitespace().next().unwrap_or_default().to_owned();
            let offers = chain.is_some() && way == "clear";
            let answer = match verb.as_str() {
                "EHLO" if offers => "250-mx\r\n250 STARTTLS\r\n",
                "EHLO" | "MAIL" | "RCPT" => "250 ok\r\n",
                "DATA" => "354 go on\r\n",
                "." => {
                    self.letters.lock().expect("whole").push(format!("{ip} {way}"));
                    "250 ok\r\n"
                }
                "STARTTLS" => "220 go on\r\n",
                "QUIT" => "221 bye\r\n",
                _ => "",
            };
            end.say(answer).await;
            if let ("STARTTLS", Some(chain)) = (verb.as_str(), &chain) {
                // A client that does not like the certificate is gone.
                let Ok(secured) = TlsAcceptor::from(chain.server()).accept(end.stream).await else { return };
                way = format!("tls {}", secured.get_ref().1.server_name().unwrap_or("-"));
                end = End::new(Box::new(secured));
            }
        }
    }

    async fn answer(&self, far: Box<dyn Stream>) {
        let Some((chain, answer)) = self.web.lock().expect("whole").clone() else { return };
        let Ok(mut stream) = TlsAcceptor::from(chain.server()).accept(far).await else { return };
        let mut question = Vec::new();
        while !question.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut question).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let first = String::from_utf8_lossy(&question).lines().next().unwrap_or_default().to_owned();
        self.questions.lock().expect("whole").push(first);
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

/// How policies are kept.
pub(crate) struct Keeping {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Whose word counts for the web server and, under a policy, for exchangers.
    pub(crate) trust: Trust,
}

impl Keeping {
    /// The policies of a world where DNS says this.
    pub(crate) fn policies(&self, net: &Arc<Net>, zone: &Arc<Zone>) -> Policies {
        Policies {
            dns: zone.clone(),
            connect: Arc::new(Paths(net.clone())),
            find: Arc::new(Paths(net.clone())),
            trust: self.trust.clone(),
            trace: None,
            clock: self.clock.clone(),
            store: Some(PolicyStore::new(self.disk.clone(), "/policies".into())),
            silent: Silent::default(),
        }
    }
}

/// What came of a letter to bob, in words: who vouched for the exchanger, or why there was none.
pub(crate) async fn send(
    net: &Arc<Net>,
    zone: Zone,
    level: Level,
    keeping: Option<&Keeping>,
    to: &str,
) -> (String, Vec<String>) {
    let zone = Arc::new(zone);
    let trust = keeping.map_or(Trust::Anyone, |keeping| keeping.trust.clone());
    let policies = keeping.map(|keeping| Arc::new(keeping.policies(net, &zone)));
    let path = ForwardPath::parse(&format!("<{to}>")).expect("a path");
    let envelope = Envelope::new(ReversePath::Null, vec![path]);
    let content = b"Subject: x\r\n\r\n".to_vec();
    let sending = Direct {
        courier: SmtpCourier {
            connect: Arc::new(Paths(net.clone())),
            helo: Domain::parse("crepes.example").expect("a name"),
            tls: ClientTls::new(&Trust::Anyone).expect("it trusts anyone"),
            mode: TlsMode::Opportunistic,
            authorities: trust.into(),
            credentials: None,
            dialect: Dialect::Smtp,
            trace: None,
        },
        dns: &*zone,
        entropy: &SeededEntropy::new(7),
        rules: Rules::default(),
        guarding: Guarding { level, policies },
        port: 25,
        envelope: &envelope,
        content: &content,
        needs_utf8: false,
        manner: Manner::default(),
        required: &[],
        stop: CancellationToken::new(),
    };
    let mut sent = direct::send(&sending, |_| {}).await;
    let (way, (_, outcome)) = (sent.ways.remove(0), sent.recipients.remove(0));
    let said = match (outcome.kind(), way.tls) {
        (None, Some(tls)) => format!("accepted: {}", tls.verified.word()),
        (None, None) => "accepted: clear".to_owned(),
        (Some(kind), _) => format!("{kind:?}: {}", outcome.text),
    };
    (said, way.remarks)
}
