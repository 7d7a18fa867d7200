//! A stage for tests: a session, and a world in memory that answers it.

use super::{Answer, Ask, PlaintextAuth, Policy, RecipientRefusal, Refusal, Role, Session, Transaction};
use crate::sasl::LoginRefusal;
use crate::wire::frame::Framer;
use crate::wire::session::{Farewell, Flow, Input, Output, Peer, Pumped, Session as _, Tls, pump};

/// A conversation and the world around it.
pub(super) struct Stage {
    session: Session,
    framer: Framer,
    pub(super) is_closed: bool,
    /// Messages that were made durable.
    pub(super) kept: Vec<(Transaction, Vec<u8>)>,
    incoming: Option<(Transaction, Vec<u8>)>,
    /// Refuses the next DATA, piece or dot.
    pub(super) at_begin: Option<Refusal>,
    pub(super) at_write: Option<Refusal>,
    pub(super) at_commit: Option<Refusal>,
}

pub(super) fn policy() -> Policy {
    Policy {
        hostname: "mx.hamburger.edu".into(),
        size_max: 100_000,
        recipients_max: 5,
        messages_max: 4,
        role: Role::Relay,
        auth_required: false,
        plaintext_auth: PlaintextAuth::Loopback,
    }
}

pub(super) fn tls() -> Tls {
    Tls { version: "TLSv1.3".into(), cipher: "TLS13_AES_128_GCM_SHA256".into(), ..Tls::default() }
}

impl Stage {
    /// A connection from this machine, and the greeting.
    pub(super) fn new(policy: Policy) -> (Self, String) {
        Self::from("127.0.0.1:49152", policy)
    }

    pub(super) fn from(address: &str, policy: Policy) -> (Self, String) {
        let mut stage = Self {
            session: Session::new(policy),
            framer: Framer::new(),
            is_closed: false,
            kept: Vec::new(),
            incoming: None,
            at_begin: None,
            at_write: None,
            at_commit: None,
        };
        let peer = Peer { address: address.parse().unwrap(), tls: None, can_start_tls: true };
        let greeting = stage.on(Input::Start(peer));
        (stage, greeting)
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

    /// Says a line; gives the code of the last reply.
    pub(super) fn code(&mut self, line: &str) -> u16 {
        let said = self.say(format!("{line}\r\n"));
        said.lines().last().and_then(|line| line.get(..3)?.parse().ok()).unwrap_or(0)
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
                Flow::StartTls => Input::Secured(tls()),
                Flow::Ask(ask) => Input::Answer(self.perform(ask)),
            };
            flow = self.session.on(input, out);
        }
    }

    fn perform(&mut self, ask: Ask) -> Answer {
        match ask {
            Ask::Authenticate(credentials) => Answer::Authenticated(match credentials.user.as_str() {
                "bob" if credentials.password().is_some_and(|password| password.expose() == "secret") => {
                    Ok("bob".into())
                }
                "tired" => Err(LoginRefusal::Temporary),
                _ => Err(LoginRefusal::Bad),
            }),
            Ask::Recipient { recipient, user, .. } => Answer::Recipient(match recipient.to_string().split_once('@') {
                None | Some(("bob" | "alice" | "jürgen", "hamburger.edu")) => Ok(()),
                Some(("tired", "hamburger.edu")) => Err(RecipientRefusal::Temporary),
                Some((_, "hamburger.edu")) => Err(RecipientRefusal::NoSuchUser),
                Some(_) if user.is_some() => Ok(()),
                Some(_) => Err(RecipientRefusal::RelayDenied),
            }),
            Ask::Begin(transaction) => Answer::Begun(match self.at_begin.take() {
                Some(refusal) => Err(refusal),
                None => {
                    assert!(self.incoming.is_none(), "the last message was neither kept nor forgotten");
                    self.incoming = Some((transaction, Vec::new()));
                    Ok(())
                }
            }),
            Ask::Write(piece) => Answer::Written(match self.at_write.take() {
                Some(refusal) => Err(refusal),
                None => {
                    self.incoming.as_mut().unwrap().1.extend(piece);
                    Ok(())
                }
            }),
            Ask::Commit => {
                let incoming = self.incoming.take().unwrap();
                Answer::Committed(match self.at_commit.take() {
                    Some(refusal) => Err(refusal),
                    None => {
                        self.kept.push(incoming);
                        Ok(format!("Q{}", self.kept.len()))
                    }
                })
            }
            Ask::Discard => {
                assert!(self.incoming.take().is_some(), "nothing to forget");
                Answer::Discarded
            }
        }
    }
}
