//! Conversations with sessions, without sockets: a transcript is played against them, whole or octet by octet.

use crate::host::{Host, Store};
use mailkit::imap::server::{Ask, Policy, Session};
use mailkit::sasl::{Mechanism, PlaintextAuth};
use mailkit::wire::frame::Framer;
use mailkit::wire::pattern::{Bindings, fill, matches};
use mailkit::wire::session::{Flow, Input, Output, Peer, Pumped, Session as _, Tls, pump};
use mailkit::wire::transcript::{Entry, Side, parse};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// One connection: the session, its host, and what the client has not read yet.
pub(crate) struct Talk {
    session: Session,
    host: Host,
    framer: Framer,
    pub(crate) unread: Vec<u8>,
    pub(crate) is_closed: bool,
    /// The most output that waited at once.
    pub(crate) largest_output: usize,
    awaits_tls: bool,
}

pub(crate) fn policy() -> Policy {
    Policy {
        hostname: "mx.hamburger.example".into(),
        size_max: 1_000_000,
        plaintext_auth: PlaintextAuth::Loopback,
        mechanisms: vec![Mechanism::Plain, Mechanism::Login],
    }
}

pub(crate) fn peer(address: &str) -> Peer {
    Peer { address: address.parse().expect("well formed"), tls: None, can_start_tls: true }
}

pub(crate) fn tls() -> Tls {
    Tls { version: "TLSv1.3".into(), cipher: "TLS_AES_128_GCM_SHA256".into(), ..Tls::default() }
}

impl Talk {
    pub(crate) fn new(store: &Arc<Mutex<Store>>, policy: Policy, peer: Peer) -> Self {
        let mut talk = Self {
            session: Session::new(Arc::new(policy)),
            host: Host::new(store),
            framer: Framer::new(),
            unread: Vec::new(),
            is_closed: false,
            largest_output: 0,
            awaits_tls: false,
        };
        talk.input(Input::Start(peer));
        talk
    }

    /// A user who has logged in already.
    pub(crate) fn of_bob(store: &Arc<Mutex<Store>>) -> Self {
        let mut talk = Self::new(store, policy(), peer("127.0.0.1:9"));
        talk.say(b"l LOGIN bob secret\r\n");
        talk.unread.clear();
        talk
    }

    pub(crate) fn say(&mut self, octets: &[u8]) {
        // What the driver does with octets in the place of a handshake.
        self.is_closed |= self.awaits_tls;
        self.framer.push(octets);
        self.go_on();
    }

    /// Says a line, and hears what comes of it.
    pub(crate) fn ask(&mut self, line: &str) -> String {
        self.say(format!("{line}\r\n").as_bytes());
        self.hear()
    }

    pub(crate) fn hear(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.unread)).into_owned()
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// Gives the session something other than octets.
    pub(crate) fn input(&mut self, input: Input<'_, mailkit::imap::server::Answer>) {
        let mut out = Output::new();
        let flow = self.session.on(input, &mut out);
        self.flow(flow, &mut out);
        self.write(&mut out);
        self.go_on();
    }

    pub(crate) fn secure(&mut self) {
        assert!(std::mem::take(&mut self.awaits_tls), "nobody asked for TLS");
        self.input(Input::Secured(tls()));
    }

    fn go_on(&mut self) {
        let mut out = Output::new();
        while !self.is_closed && !self.awaits_tls {
            match pump(&mut self.session, &mut self.framer, &mut out) {
                Pumped::Hungry => break,
                Pumped::Full => self.write(&mut out),
                Pumped::Flow(flow) => self.flow(flow, &mut out),
            }
        }
        self.write(&mut out);
    }

    fn flow(&mut self, mut flow: Flow<Ask>, out: &mut Output) {
        loop {
            match flow {
                Flow::Continue => return,
                Flow::Close => {
                    self.is_closed = true;
                    return;
                }
                Flow::StartTls => {
                    self.awaits_tls = true;
                    self.is_closed = self.framer.has_unread();
                    return;
                }
                Flow::Ask(ask) => {
                    self.write(out);
                    let answer = self.host.perform(ask);
                    flow = self.session.on(Input::Answer(answer), out);
                }
            }
        }
    }

    fn write(&mut self, out: &mut Output) {
        self.largest_output = self.largest_output.max(out.as_slice().len());
        self.unread.extend_from_slice(out.as_slice());
        out.clear();
    }

    fn line(&mut self) -> Option<String> {
        let end = self.unread.windows(2).position(|pair| pair == b"\r\n")?;
        let line = self.unread.drain(..end + 2).collect::<Vec<_>>();
        Some(String::from_utf8_lossy(&line[..end]).into_owned())
    }
}

/// Plays a transcript as a whole and octet by octet; says where it fails.
pub(crate) fn play(text: &str, prepare: impl Fn(&mut Store)) -> Result<(), String> {
    let entries = parse(text).map_err(|error| error.to_string())?;
    for by_octet in [false, true] {
        let store = Store::new();
        prepare(&mut store.lock().expect("nobody panicked"));
        let mut policy = policy();
        for entry in &entries {
            let Entry::Given(given) = entry else { continue };
            let mut words = given.splitn(3, ' ');
            match (words.next(), words.next(), words.next()) {
                (Some("size_max"), Some(number), _) => policy.size_max = number.parse().expect("well formed"),
                (Some("mail"), _, Some(text)) => {
                    let text = fill(&text.replace("\\r\\n", "\r\n"), &Bindings::new());
                    store
                        .lock()
                        .expect("it is there")
                        .mailboxes
                        .get_mut("INBOX")
                        .expect("it is there")
                        .deliver(text.as_bytes(), Default::default());
                }
                _ => {}
            }
        }
        let mut stage = Stage { store, policy, talks: BTreeMap::new(), bindings: Bindings::new(), by_octet };
        stage.bindings.insert("host".into(), "mx.hamburger.example".into());
        for entry in &entries {
            stage.step(entry).map_err(|why| format!("at `{entry}`, by octet {by_octet}: {why}"))?;
        }
        for (number, talk) in &stage.talks {
            if !talk.unread.is_empty() {
                return Err(format!("{number}S: {} was not expected", talk.unread.escape_ascii()));
            }
        }
    }
    Ok(())
}

struct Stage {
    store: Arc<Mutex<Store>>,
    policy: Policy,
    talks: BTreeMap<u32, Talk>,
    bindings: Bindings,
    by_octet: bool,
}

impl Stage {
    fn step(&mut self, entry: &Entry) -> Result<(), String> {
        match entry {
            Entry::Line { connection, side: Side::Client, text } => {
                let line = fill(text, &self.bindings) + "\r\n";
                self.say(*connection, line.as_bytes());
            }
            Entry::Raw { connection, side: Side::Client, octets } => {
                let octets = match std::str::from_utf8(octets) {
                    Ok(text) => fill(text, &self.bindings).into_bytes(),
                    Err(_) => octets.clone(),
                };
                self.say(*connection, &octets);
            }
            Entry::Line { connection, side: Side::Server, text } => {
                let line = self.talk(*connection).line().ok_or("nothing was said")?;
                if !matches(text, &line, &mut self.bindings) {
                    return Err(format!("heard `{line}`"));
                }
            }
            Entry::Raw { connection, side: Side::Server, octets } => {
                let unread = &mut self.talk(*connection).unread;
                if !unread.starts_with(octets) {
                    return Err(format!("heard `{}`", unread.escape_ascii()));
                }
                unread.drain(..octets.len());
            }
            Entry::Tls(_) => self.talk(1).secure(),
            Entry::Closed(_) if !self.talk(1).is_closed => return Err("the connection is open".into()),
            Entry::Closed(_) if !self.talk(1).unread.is_empty() => return Err("something more was said".into()),
            _ => {}
        }
        Ok(())
    }

    fn talk(&mut self, number: u32) -> &mut Talk {
        let (store, policy) = (&self.store, &self.policy);
        self.talks.entry(number).or_insert_with(|| Talk::new(store, policy.clone(), peer("127.0.0.1:9")))
    }

    fn say(&mut self, number: u32, octets: &[u8]) {
        let size = if self.by_octet { 1 } else { octets.len() };
        for piece in octets.chunks(size.max(1)) {
            self.talk(number).say(piece);
        }
        // As the driver does when a store rings its bell.
        for talk in self.talks.values_mut().filter(|talk| talk.session().listens()) {
            talk.input(Input::News);
        }
    }
}
