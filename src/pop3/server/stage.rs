//! A stage for tests: a session, and a maildrop in memory that answers it.

use super::{Answer, Ask, Listing, LoginRefusal, Piece, PlaintextAuth, Policy, Refusal, Session};
use crate::wire::frame::Framer;
use crate::wire::session::{Farewell, Flow, Input, Output, Peer, Pumped, Session as _, Tls, pump};

/// A conversation and the world around it.
pub(super) struct Stage {
    session: Session,
    framer: Framer,
    pub(super) is_closed: bool,
    pub(super) messages: Vec<&'static str>,
    /// Octets of a message at once.
    pub(super) piece_size: usize,
    /// Reads from this offset on fail.
    pub(super) unreadable_from: Option<u64>,
    pub(super) is_in_use: bool,
    pub(super) can_update: bool,
    pub(super) updates: Vec<Vec<usize>>,
    pub(super) reads: usize,
}

impl Stage {
    /// A connection from this machine, and the greeting.
    pub(super) fn new() -> (Self, String) {
        Self::from("[::1]:49152")
    }

    pub(super) fn from(address: &str) -> (Self, String) {
        let policy = Policy { hostname: "mx.hamburger.edu".into(), plaintext_auth: PlaintextAuth::Loopback };
        let mut stage = Self {
            session: Session::new(policy),
            framer: Framer::new(),
            is_closed: false,
            messages: vec!["Subject: One\r\n\r\nHello\r\n.\r\n", "Subject: Two\r\n\r\nKetchup?\r\nPickles?\r\n"],
            piece_size: 7,
            unreadable_from: None,
            is_in_use: false,
            can_update: true,
            updates: Vec::new(),
            reads: 0,
        };
        let peer = Peer { address: address.parse().unwrap(), tls: None, can_start_tls: true };
        let greeting = stage.on(Input::Start(peer));
        (stage, greeting)
    }

    /// With bob logged in.
    pub(super) fn open() -> Self {
        let (mut stage, _) = Self::new();
        assert_eq!(stage.say("USER bob\r\nPASS secret\r\n"), "+OK Now the password\r\n+OK 2 messages, 62 octets\r\n");
        stage
    }

    /// Says something; gives what is said to that.
    pub(super) fn say(&mut self, octets: impl AsRef<[u8]>) -> String {
        self.framer.push(octets.as_ref());
        let mut out = Output::new();
        while !self.is_closed {
            match pump(&mut self.session, &mut self.framer, &mut out) {
                Pumped::Hungry => break,
                Pumped::Full => {}
                Pumped::Flow(flow) => self.follow(flow, &mut out),
            }
        }
        String::from_utf8(out.as_slice().to_vec()).unwrap()
    }

    pub(super) fn farewell(&mut self, why: Farewell) -> String {
        self.on(Input::Farewell(why))
    }

    fn on(&mut self, input: Input<'_, Answer>) -> String {
        let mut out = Output::new();
        let flow = self.session.on(input, &mut out);
        self.follow(flow, &mut out);
        String::from_utf8(out.as_slice().to_vec()).unwrap()
    }

    fn follow(&mut self, mut flow: Flow<Ask>, out: &mut Output) {
        loop {
            let input = match flow {
                Flow::Continue => return,
                Flow::Close => return self.is_closed = true,
                Flow::StartTls if self.framer.has_unread() => return self.is_closed = true,
                Flow::StartTls => {
                    Input::Secured(Tls { version: "TLSv1.3".into(), cipher: "none".into(), ..Tls::default() })
                }
                Flow::Ask(ask) => Input::Answer(self.perform(ask)),
            };
            flow = self.session.on(input, out);
        }
    }

    fn perform(&mut self, ask: Ask) -> Answer {
        match ask {
            Ask::Authenticate(credentials) => Answer::Opened(match credentials.user.as_str() {
                _ if self.is_in_use => Err(Refusal::InUse),
                "bob" if credentials.password().is_some_and(|password| password.expose() == "secret") => {
                    let sizes = self.messages.iter().map(|message| message.len() as u64);
                    Ok(sizes.enumerate().map(|(at, size)| Listing { size, uid: format!("uid-{at}") }).collect())
                }
                "tired" => Err(Refusal::Login(LoginRefusal::Temporary)),
                _ => Err(Refusal::Login(LoginRefusal::Bad)),
            }),
            Ask::Read { message, offset } => {
                self.reads += 1;
                if self.unreadable_from.is_some_and(|from| offset >= from) {
                    return Answer::Piece(Err(Refusal::Temporary));
                }
                let rest = &self.messages[message].as_bytes()[offset as usize..];
                let octets = rest[..rest.len().min(self.piece_size)].to_vec();
                let last = octets.len() == rest.len();
                Answer::Piece(Ok(Piece { octets, last }))
            }
            Ask::Update(messages) => {
                self.updates.push(messages);
                Answer::Updated(if self.can_update { Ok(()) } else { Err(Refusal::Temporary) })
            }
        }
    }
}
