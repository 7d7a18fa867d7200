//! The conversation itself: says what it is told to, shows what it hears, and waits for its turn.
//!
//! A person may speak at any time. Lines from a file or a pipe wait for the answers that are due: otherwise a greeting would
//! meet a QUIT. Each answer has a limited time, whoever waits for it. What is shown is a transcript, without its secrets.

use super::act::Act;
use super::bodies::Bodies;
use super::opening::Wish;
use super::party::{Ended, Lines, News, Open, Party, Patience};
use super::turn::{Answer, Grade, Turn, begin};
use crate::endpoint::{Endpoint, Protocol};
use crate::engine::dial::{Dialled, Security, follow};
use crate::engine::passed::introduce;
use crate::error::{Error, Kind, Result};
use crate::net::connection::Connection;
use crate::net::tls::{ClientTls, Refused, TlsOptions, Trust};
use crate::sasl::Credentials;
use crate::smtp::outcome::{Outcome, Phase as Step};
use crate::smtp::reply::Reply;
use crate::wire::record::{Data, Keep, Recorder};
use crate::wire::secured::{Objection, Tls};
use crate::wire::transcript::{Entry, Side};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep_until, timeout_at};

/// A longer line is taken in parts.
const LINE_MAX: usize = 16 * 1024;
/// Octets of an answer that are told where it was another one than expected.
const WORDS_MAX: usize = 2048;
/// Whether a line that ends with LF alone is one, is for the server to say: it has this long to answer.
const DOUBT_WAIT: Duration = Duration::from_secs(1);
/// A person who has seen nothing by then is told that the connection stands.
const GREETING_WAIT: Duration = Duration::from_secs(1);
/// Nothing is lost when a goodbye is not answered.
const GOODBYE_WAIT: Duration = Duration::from_secs(5);

/// A conversation.
pub struct Talk<'a> {
    pub(super) connection: Option<Connection>,
    pub(super) turn: Box<dyn Turn>,
    pub(super) endpoint: &'a Endpoint,
    pub(super) name: String,
    pub(super) helo: String,
    pub(super) credentials: Option<&'a Credentials>,
    tls: TlsOptions,
    recorder: Recorder,
    /// Whether the text of messages is shown.
    pub(super) shows_text: Arc<AtomicBool>,
    /// A line of the server that is not complete.
    hears: Vec<u8>,
    /// A line of ours that is not complete.
    says: Vec<u8>,
    /// The server said something when nothing was due.
    is_unasked: bool,
    /// We have said something that may be no command.
    is_doubtful: bool,
    /// Somebody was told that this takes its time.
    has_doubted: bool,
    /// We have said goodbye, or the server may go for another reason of ours.
    is_over: bool,
    patience: Patience,
    show: Box<dyn FnMut(News) + 'a>,
    pub(super) open: Open<'a>,
}

impl<'a> Talk<'a> {
    /// Over a connection on which nothing has been said; TLS begins if the URL says that it comes first.
    pub async fn begin(mut dialled: Dialled, party: Party<'a>) -> Result<Self> {
        let Party { endpoint, mut tls, helo, credentials, passed, patience, show, open } = party;
        tls.trust = Trust::Observed(Box::new(tls.trust));
        let said = match passed {
            Some(passed) => Some(introduce(&mut dialled.connection, passed, patience.each).await??),
            None => None,
        };
        let shows_text = Arc::new(AtomicBool::new(true));
        let bodies = Bodies { inner: follow(endpoint.protocol)(), shows_text: shows_text.clone() };
        let mut recorder = Recorder::new(Box::new(bodies), Keep { data: Data::None, secrets: false }, Duration::ZERO);
        credentials.and_then(Credentials::secret).into_iter().for_each(|secret| recorder.hide(secret));
        let mut talk = Self {
            connection: Some(dialled.connection),
            turn: begin(endpoint.protocol),
            endpoint,
            name: dialled.name,
            helo,
            credentials,
            tls,
            recorder,
            shows_text,
            hears: Vec::new(),
            says: Vec::new(),
            is_unasked: false,
            is_doubtful: false,
            has_doubted: false,
            is_over: false,
            patience,
            show,
            open,
        };
        if let Some(said) = said {
            (talk.show)(News::Entry(Entry::Note(1, format!("PROXY header {said}"))));
        }
        if let Security::Implicit(_) = dialled.security {
            let begun = talk.handshake(Refused::before_words).await;
            begun.map_err(|error| error.under(talk.recorder.veil()))?;
        }
        Ok(talk)
    }

    /// Says what everybody says first, as far as wanted. Ends the conversation if it is to be dropped there.
    pub async fn open_with(&mut self, wish: &Wish) -> Result<()> {
        let opened = self.opening(wish).await;
        opened.map_err(|error| error.under(self.recorder.veil()))?;
        if wish.is_dropped {
            self.cut();
        }
        Ok(())
    }

    /// Goes on with what is typed, until there is no more of it, or the server has gone.
    pub async fn go_on(&mut self, lines: Lines<'_>) -> Result<Ended> {
        let ended = self.converse(lines).await;
        ended.map_err(|error| error.under(self.recorder.veil()))
    }

    async fn converse(&mut self, lines: Lines<'_>) -> Result<Ended> {
        let (mut due, mut late) = (self.turn.due(), self.end_of_wait());
        let (mut is_puzzled, puzzled_at) = (lines.is_live, Instant::now() + GREETING_WAIT);
        loop {
            if self.connection.is_none() {
                return Ok(Ended::Well);
            }
            is_puzzled &= self.last().is_none();
            if self.turn.due() != due {
                (due, late) = (self.turn.due(), self.end_of_wait());
            }
            let may_speak = lines.is_live || due == 0;
            // A person thinks for as long as he likes, and an answer that he asked for has its time all the same. Who never
            // stops talking is never waited for, and has no more of it than others.
            if due > 0 && Instant::now() >= late {
                self.silent()?;
                continue;
            }
            tokio::select! {
                biased;
                heard = hear(&mut self.connection) => self.take(heard?)?,
                line = lines.from.recv(), if may_speak => {
                    let Some(line) = line else { return Ok(Ended::Well) };
                    let act = super::parse(&line?, lines.end, self.turn.is_text());
                    match act {
                        Ok(Act::Quit) => return Ok(Ended::Well),
                        Ok(act) => if let Some(ended) = self.act(act, lines.is_live).await? { return Ok(ended) },
                        Err(error) if lines.is_live => self.tell(News::Word(error.to_string())),
                        Err(error) => return Err(Error::new(Kind::Usage, error.to_string())),
                    }
                }
                () = sleep_until(puzzled_at), if is_puzzled => {
                    is_puzzled = false;
                    self.tell(News::Word(format!("connected to {}, which has not greeted yet", self.name)));
                }
                () = sleep_until(late), if due > 0 => self.silent()?,
            }
        }
    }

    /// Whether the connection stands.
    pub fn is_open(&self) -> bool {
        self.connection.is_some()
    }

    /// The last complete answer, as it was heard.
    pub(super) fn last(&self) -> Option<&Answer> {
        self.turn.last()
    }

    /// Says goodbye, unless that was done, or is not possible in the middle of a message.
    pub async fn leave(mut self) -> Result<()> {
        let left = self.part().await;
        left.map_err(|error| error.under(self.recorder.veil()))
    }

    async fn part(&mut self) -> Result<()> {
        if self.turn.is_text() && self.connection.is_some() {
            self.tell(News::Warning("the message has no end, so the connection is cut: it is not sent".to_owned()));
            self.cut();
        }
        if self.connection.is_some() && !self.is_over {
            self.patience.each = self.patience.each.min(GOODBYE_WAIT);
            if self.turn.due() > 0 {
                self.answered().await?;
            }
            let goodbye = self.turn.goodbye();
            if self.say_line(&goodbye).await.is_ok() {
                let _ = self.answered().await;
            }
        }
        if let Some(connection) = &mut self.connection {
            connection.close().await;
            (self.show)(News::Entry(Entry::Closed(1)));
        }
        Ok(())
    }

    async fn act(&mut self, act: Act, is_live: bool) -> Result<Option<Ended>> {
        let told = match act {
            Act::Say(octets) => self.say(&octets).await,
            Act::StartTls => self.start_tls().await,
            Act::Login(mechanism) => self.login(mechanism.as_deref()).await,
            Act::Data(path) => self.send(&path).await,
            Act::Wait(wait) => self.listen(wait).await,
            Act::Cut => {
                self.cut();
                Ok(())
            }
            Act::Help => {
                (self.show)(News::Help(super::act::HELP));
                Ok(())
            }
            Act::Expect(wanted) => match self.is_as_expected(&wanted) {
                true => Ok(()),
                false if is_live => {
                    self.tell(News::Word(format!("the last answer does not begin with {wanted}")));
                    Ok(())
                }
                false => return Ok(Some(self.unexpected(&wanted))),
            },
            Act::Quit => Ok(()),
        };
        match told {
            // A person sees what went wrong, and decides.
            Err(error) if is_live && self.connection.is_some() => {
                self.tell(News::Word(error.to_string()));
                Ok(None)
            }
            told => told.map(|()| None),
        }
    }

    /// Whether the last answer begins so: with a code or a word, and perhaps what stands behind it.
    pub fn is_as_expected(&self, wanted: &str) -> bool {
        self.last().is_some_and(|last| format!("{} {}", last.word, last.text).starts_with(wanted))
    }

    /// That this was expected, and something else came; neither shows a secret.
    pub fn unexpected(&self, wanted: &str) -> Ended {
        let got = self.last().map(|last| self.words(last));
        Ended::Unexpected { wanted: self.recorder.veil().over(wanted).into_owned(), got }
    }

    /// An answer as it may be shown. What was kept of it may end in the middle of a secret, so that it is cut again.
    fn words(&self, answer: &Answer) -> String {
        let words = format!("{} {}", answer.word, answer.text);
        let mut shown = self.recorder.veil().over_cut(&words).into_owned();
        shown.truncate(shown.floor_char_boundary(WORDS_MAX));
        shown
    }

    /// Says something to whoever looks on, in which the server's words may be.
    fn tell(&mut self, news: News) {
        let news = match news {
            News::Word(text) => News::Word(self.recorder.veil().over(&text).into_owned()),
            News::Warning(text) => News::Warning(self.recorder.veil().over(&text).into_owned()),
            other => other,
        };
        (self.show)(news);
    }

    pub(super) async fn say_line(&mut self, line: &str) -> Result<()> {
        self.say(format!("{line}\r\n").as_bytes()).await
    }

    pub(super) async fn say(&mut self, octets: &[u8]) -> Result<()> {
        let wait = self.patience.each;
        let Some(connection) = &mut self.connection else { return Err(self.gone()) };
        connection.send(octets, wait).await.map_err(|error| broken(&self.name, error))?;
        for piece in octets.split_inclusive(|octet| *octet == b'\n') {
            self.says.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.says.len() >= LINE_MAX {
                let line = std::mem::take(&mut self.says);
                self.is_doubtful |= !line.ends_with(b"\r\n") && !self.turn.is_text();
                self.is_over |= is_goodbye(&line) && !self.turn.is_text();
                self.turn.said(&line);
                self.record(Side::Client, &line);
            }
        }
        Ok(())
    }

    /// Shows what was said, in lines, without the secrets that were said before.
    fn record(&mut self, from: Side, octets: &[u8]) {
        let Self { recorder, show, .. } = self;
        recorder.octets(from, octets, Duration::ZERO, |spoken| show(News::Entry(spoken.entry(1))));
    }

    /// Shows what was said and has no end of a line.
    fn record_rest(&mut self) {
        let said = std::mem::take(&mut self.says);
        self.record(Side::Client, &said);
        let Self { recorder, show, .. } = self;
        recorder.finish(Duration::ZERO, |spoken| show(News::Entry(spoken.entry(1))));
    }

    /// Waits for the answers that are due.
    pub(super) async fn answered(&mut self) -> Result<()> {
        self.is_unasked = false;
        let (mut due, mut end) = (self.turn.due(), self.end_of_wait());
        while self.turn.due() > 0 {
            // Who never stops talking is never waited for, and has no more time than others.
            if Instant::now() >= end {
                self.silent()?;
                continue;
            }
            match timeout_at(end, hear(&mut self.connection)).await {
                Ok(heard) => self.take(heard?)?,
                Err(_) => self.silent()?,
            }
            if self.connection.is_none() && self.turn.due() > 0 {
                return Err(self.gone());
            }
            if self.turn.due() < due {
                (due, end) = (self.turn.due(), self.end_of_wait());
            }
        }
        Ok(())
    }

    /// Takes what the server said; nothing means that it has gone.
    fn take(&mut self, octets: Vec<u8>) -> Result<()> {
        if octets.is_empty() {
            self.record_rest();
            (self.show)(News::Entry(Entry::Closed(1)));
            self.connection = None;
            if !self.is_over && self.turn.due() > 0 {
                return Err(self.gone());
            }
            return Ok(());
        }
        self.record(Side::Server, &octets);
        for piece in octets.split_inclusive(|octet| *octet == b'\n') {
            self.hears.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.hears.len() >= LINE_MAX {
                self.is_unasked |= self.turn.due() == 0;
                self.turn.heard(&std::mem::take(&mut self.hears));
            }
        }
        Ok(())
    }

    async fn listen(&mut self, wait: Duration) -> Result<()> {
        let end = Instant::now() + wait;
        while self.connection.is_some() && Instant::now() < end {
            match timeout_at(end, hear(&mut self.connection)).await {
                Ok(heard) => self.take(heard?)?,
                Err(_) => break,
            }
        }
        Ok(())
    }

    pub(super) async fn start_tls(&mut self) -> Result<()> {
        let words = self.turn.start_tls();
        self.say_line(&words).await?;
        self.answered().await?;
        self.expect_yes(Step::Tls, "the server does not begin TLS", Kind::Unavailable)?;
        if self.is_unasked || !self.hears.is_empty() {
            self.cut();
            return Err(Error::new(Kind::Unavailable, "the server spoke on in clear after agreeing to TLS")
                .with_peer(&self.name)
                .hint("somebody on the way may be putting words into its mouth"));
        }
        self.handshake(|refused| refused).await
    }

    /// Begins TLS; what there is to advise if that fails depends on whether anything was said before.
    async fn handshake(&mut self, advised: impl FnOnce(Refused) -> Refused) -> Result<()> {
        let tls = ClientTls::with(&self.tls)?;
        let connection = self.connection.take().ok_or_else(|| self.gone())?;
        let connection = connection.connect_tls(&tls, &self.name, self.patience.each).await.map_err(advised)?;
        (self.show)(News::Entry(Entry::Tls(1)));
        if let Some(Tls { version, cipher, objections, .. }) = connection.tls() {
            self.tell(News::Word(format!("TLS is up: {version}, {cipher}")));
            for Objection { text, .. } in objections {
                self.tell(News::Warning(format!("its certificate is not accepted: {text}")));
            }
        }
        self.connection = Some(connection);
        self.turn.secured();
        self.answered().await
    }

    /// Hangs up without a word.
    fn cut(&mut self) {
        if self.connection.take().is_some() {
            (self.show)(News::Entry(Entry::Cut(1)));
        }
        self.is_over = true;
    }

    /// An error with the server's words, if its last answer is a no. In SMTP a reply code says what sort of no that is,
    /// in other protocols `kind` does.
    pub(super) fn expect_yes(&self, step: Step, what: &str, kind: Kind) -> Result<()> {
        let last = self.last();
        if last.is_some_and(|last| last.grade != Grade::Bad) {
            return Ok(());
        }
        let words = last.map(|last| self.words(last)).unwrap_or_default();
        let speaks_smtp = matches!(self.endpoint.protocol, Protocol::Smtp | Protocol::Lmtp);
        let reply = speaks_smtp.then(|| Reply::of_lines(std::slice::from_ref(&words))).flatten();
        let kind = reply.and_then(|reply| Outcome::of(step, &reply).kind()).unwrap_or(kind);
        Err(Error::new(kind, what).with_peer(&self.name).said(words))
    }

    fn wait(&self) -> Duration {
        match (self.is_doubtful, self.turn.is_unsure()) {
            (true, _) => self.patience.each.min(DOUBT_WAIT),
            (_, true) => self.patience.last,
            _ => self.patience.each,
        }
    }

    /// When an answer has to be complete. What is fetched may be long, and takes as long as a message may.
    fn end_of_wait(&self) -> Instant {
        let is_short = matches!(self.endpoint.protocol, Protocol::Smtp | Protocol::Lmtp) || self.is_doubtful;
        Instant::now() + if is_short { self.wait() } else { self.wait().max(self.patience.last) }
    }

    /// No answer came in time. That is an error, unless what we said may not have asked for one.
    fn silent(&mut self) -> Result<()> {
        if std::mem::take(&mut self.is_doubtful) {
            self.turn.forget();
            if !std::mem::replace(&mut self.has_doubted, true) {
                let seconds = DOUBT_WAIT.as_secs();
                let word = format!(
                    "what was said ended without CRLF and has no answer; each such line waits {seconds} second"
                );
                self.tell(News::Warning(word));
            }
            return Ok(());
        }
        Err(self.lost(&format!("no answer within {} seconds", self.wait().as_secs_f64())))
    }

    fn gone(&self) -> Error {
        self.lost("the server closed the connection")
    }

    fn lost(&self, what: &str) -> Error {
        match self.turn.is_unsure() {
            true => Error::new(Kind::Protocol, format!("{what}: nobody knows whether the message was taken")),
            false => Error::new(Kind::Temporary, what),
        }
        .with_peer(&self.name)
    }
}

/// What the server says next; nothing when it has gone. Can be dropped without loss.
async fn hear(connection: &mut Option<Connection>) -> Result<Vec<u8>> {
    let mut buffer = vec![0; LINE_MAX];
    let Some(open) = connection else { return Ok(Vec::new()) };
    match open.read(&mut buffer).await {
        Ok(count) => {
            buffer.truncate(count);
            Ok(buffer)
        }
        // Whoever hangs up the hard way has hung up.
        Err(_) => Ok(Vec::new()),
    }
}

fn broken(name: &str, error: std::io::Error) -> Error {
    Error::new(Kind::Temporary, "the connection broke").with_peer(name).caused_by(error)
}

/// Whether the server may hang up for what we said.
fn is_goodbye(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    text.split_ascii_whitespace()
        .take(2)
        .any(|word| ["QUIT", "LOGOUT"].iter().any(|bye| word.eq_ignore_ascii_case(bye)))
}
