//! One connection of a POP3 server, as a state machine.
//!
//! What may come when is in `state`, what is said in `words`, the messages and their marks in `maildrop`,
//! how one is sent in `text`, how trust is won in `login`. Knows no sockets and no clock.
//! RFC 1939 §3 to §7; RFC 2449.

mod login;

use super::maildrop::Maildrop;
use super::state::{Phase, Verdict, verdict};
use super::text::{Next, Outgoing};
use super::{Answer, Ask, Listing, Piece, Policy, Refusal, words};
use crate::pop3::capability::Capabilities;
use crate::pop3::command::{Command, Mistake, Number, Verb};
use crate::pop3::response::Response;
use crate::sasl::Credentials;
use crate::sasl::login::{LINE_MAX, Login};
use crate::wire::frame::{Expect, Fault, Frame};
use crate::wire::session::{Farewell, Flow, Input, Output, Peer, Session as Contract, Tls};
use std::time::Duration;

/// RFC 2449 §4.
const COMMAND_MAX: usize = 255;
/// RFC 1939 §3.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// Who has said so much nonsense is no mail client.
const MISTAKES_MAX: u32 = 10;

/// One connection.
#[derive(Debug)]
pub struct Session {
    policy: Policy,
    peer: Option<Peer>,
    tls: Option<Tls>,
    /// What USER said, until PASS.
    user: Option<String>,
    /// Open after the login.
    maildrop: Option<Maildrop>,
    state: State,
    mistakes: u32,
    failed_logins: u32,
}

#[derive(Debug)]
enum State {
    /// A command comes next.
    Command,
    /// Somebody logs in: an answer to our challenge comes next, or the world is asked.
    Login(Login<Vec<Listing>, Refusal>),
    /// The world is asked for a piece of a message.
    Sending(Outgoing),
    /// The world is asked to remove what is marked.
    UpdateAsked,
    /// TLS is being negotiated.
    Securing,
    /// Nothing more is said.
    Closed,
}

impl Session {
    /// A connection that has not begun.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            peer: None,
            tls: None,
            user: None,
            maildrop: None,
            state: State::Command,
            mistakes: 0,
            failed_logins: 0,
        }
    }

    fn frame(&mut self, frame: Frame<'_>, out: &mut Output) -> Flow<Ask> {
        match (&self.state, frame) {
            (State::Command, Frame::Line(line)) => self.line(line, out),
            (State::Command, Frame::Fault(fault)) => self.mistake(&words::line(fault), out),
            (State::Login(_), frame) => self.login_answer(frame, out),
            (State::Closed, _) => Flow::Close,
            _ => self.close(&words::confused(), out),
        }
    }

    fn answer(&mut self, answer: Answer, out: &mut Output) -> Flow<Ask> {
        match (std::mem::replace(&mut self.state, State::Command), answer) {
            (State::Login(login), Answer::Keys(found)) => self.log_in(login.found(found), out),
            (State::Login(login), Answer::Opened(result)) => self.log_in(login.judged(result), out),
            (State::Sending(outgoing), Answer::Piece(piece)) => self.piece(outgoing, piece, out),
            (State::UpdateAsked, Answer::Updated(Ok(()))) => self.close(&words::bye(), out),
            (State::UpdateAsked, Answer::Updated(Err(_))) => self.close(&words::not_removed(), out),
            (State::Closed, _) => {
                self.state = State::Closed;
                Flow::Close
            }
            _ => self.close(&words::confused(), out),
        }
    }

    fn line(&mut self, line: &[u8], out: &mut Output) -> Flow<Ask> {
        let (verb, arguments) = match Verb::split(line) {
            Ok((verb, _)) if !matches!(verb, Verb::Auth | Verb::Pass) && line.len() > COMMAND_MAX => {
                return self.mistake(&words::line(Fault::LineTooLong), out);
            }
            Ok(split) => split,
            Err(Mistake::Http) => return self.close(&words::no_web_server(), out),
            Err(mistake) => return self.mistake(&words::mistake(mistake), out),
        };
        let phase = if self.maildrop.is_some() { Phase::Transaction } else { Phase::Authorization };
        match verdict(verb, phase) {
            Verdict::Go => {}
            verdict => return self.mistake(&words::out_of_order(verdict), out),
        }
        match Command::parse(verb, arguments) {
            Ok(command) => self.command(command, out),
            Err(mistake) => self.mistake(&words::mistake(mistake), out),
        }
    }

    fn command(&mut self, command: Command, out: &mut Output) -> Flow<Ask> {
        match command {
            Command::Capa => {
                let lines = self.capabilities().lines();
                listing(&words::capabilities(), lines.into_iter(), out)
            }
            Command::Stls => self.stls(out),
            Command::User(_) | Command::Pass(_) | Command::Auth { .. } if !self.may_say_password() => {
                self.mistake(&words::needs_tls(), out)
            }
            Command::User(name) => {
                self.user = Some(name);
                say(&words::password_next(), out)
            }
            Command::Pass(password) => match self.user.take() {
                Some(user) => self.log_in(Login::with(Credentials::new(user, password)), out),
                None => self.mistake(&words::user_first(), out),
            },
            Command::Auth { mechanism, initial } => {
                self.auth(&mechanism, initial.as_ref().map(|initial| initial.as_bytes()), out)
            }
            Command::Quit => self.quit(out),
            command => self.transaction(&command, out),
        }
    }

    /// What is said to an open maildrop; the table sees to it that it is open.
    fn transaction(&mut self, command: &Command, out: &mut Output) -> Flow<Ask> {
        let Some(maildrop) = &mut self.maildrop else { return self.close(&words::confused(), out) };
        match *command {
            Command::Stat => {
                let (count, octets) = maildrop.total();
                say(&words::stat(count, octets), out)
            }
            Command::List(None) => {
                let lines = maildrop.iter().map(|(number, listing)| format!("{number} {}", listing.size));
                listing(&words::list_follows(maildrop.total().0), lines, out)
            }
            Command::Uidl(None) => {
                let lines = maildrop.iter().map(|(number, listing)| format!("{number} {}", listing.uid));
                listing(&words::list_follows(maildrop.total().0), lines, out)
            }
            Command::List(Some(number)) => match maildrop.get(number) {
                Some((_, listing)) => say(&words::entry(number, &listing.size.to_string()), out),
                None => say(&words::no_such_message(), out),
            },
            Command::Uidl(Some(number)) => match maildrop.get(number) {
                Some((_, listing)) => say(&words::entry(number, &listing.uid), out),
                None => say(&words::no_such_message(), out),
            },
            Command::Retr(number) => self.send(number, None, out),
            Command::Top(number, lines) => self.send(number, Some(lines), out),
            Command::Dele(number) if maildrop.mark(number) => say(&words::deleted(number), out),
            Command::Dele(_) => say(&words::no_such_message(), out),
            Command::Rset => {
                maildrop.unmark_all();
                let (count, octets) = maildrop.total();
                say(&words::opened(count, octets), out)
            }
            _ => say(&words::done(), out),
        }
    }

    fn send(&mut self, number: Number, body_lines: Option<u64>, out: &mut Output) -> Flow<Ask> {
        match self.maildrop.as_ref().and_then(|maildrop| maildrop.get(number)) {
            Some((index, _)) => {
                let outgoing = Outgoing::new(index, body_lines, number);
                let ask = outgoing.ask();
                self.state = State::Sending(outgoing);
                Flow::Ask(ask)
            }
            None => say(&words::no_such_message(), out),
        }
    }

    fn piece(&mut self, mut outgoing: Outgoing, piece: Result<Piece, Refusal>, out: &mut Output) -> Flow<Ask> {
        let piece = match piece {
            Ok(piece) => piece,
            Err(why) if outgoing.is_new() => return say(&words::refused(why), out),
            Err(_) => return self.cut(),
        };
        if outgoing.is_new() {
            let size = self.maildrop.as_ref().and_then(|maildrop| maildrop.get(outgoing.number()));
            match size {
                Some((_, listing)) if !outgoing.is_top() => words::message_follows(listing.size).print(out),
                _ => words::top_follows().print(out),
            }
        }
        match outgoing.piece(&piece, out.buffer()) {
            Next::Ask(ask) => {
                self.state = State::Sending(outgoing);
                Flow::Ask(ask)
            }
            Next::End => Flow::Continue,
            Next::Broken => self.cut(),
        }
    }

    /// Half a message was sent: a dot now would make it look whole, and so would any other word.
    fn cut(&mut self) -> Flow<Ask> {
        self.state = State::Closed;
        Flow::Close
    }

    fn quit(&mut self, out: &mut Output) -> Flow<Ask> {
        // RFC 1939 §6: the lock goes before the answer, or a client that comes back at once would find itself there.
        match self.maildrop.as_ref().map(Maildrop::marked) {
            Some(marked) => {
                self.state = State::UpdateAsked;
                Flow::Ask(Ask::Update(marked))
            }
            None => self.close(&words::bye(), out),
        }
    }

    /// Only what works at this moment.
    fn capabilities(&self) -> Capabilities {
        let sasl = self.offer().iter().filter(|_| self.may_say_password()).map(|found| found.name().to_owned());
        Capabilities {
            top: true,
            uidl: true,
            user: self.may_say_password(),
            sasl: sasl.collect(),
            stls: self.can_start_tls() && self.maildrop.is_none(),
            resp_codes: true,
            auth_resp_code: true,
            pipelining: true,
            implementation: Some("mailkit".to_owned()),
        }
    }

    /// A response to something that no well-made client says. Too many of those end the connection.
    fn mistake(&mut self, response: &Response, out: &mut Output) -> Flow<Ask> {
        self.mistakes += 1;
        if self.mistakes >= MISTAKES_MAX {
            return self.close(&words::too_many_mistakes(), out);
        }
        say(response, out)
    }

    fn close(&mut self, response: &Response, out: &mut Output) -> Flow<Ask> {
        self.state = State::Closed;
        response.print(out);
        Flow::Close
    }
}

fn say(response: &Response, out: &mut Output) -> Flow<Ask> {
    response.print(out);
    Flow::Continue
}

/// A response of several lines. None of ours begins with a dot (RFC 1939 §3).
fn listing(first: &Response, lines: impl Iterator<Item = String>, out: &mut Output) -> Flow<Ask> {
    first.print(out);
    lines.for_each(|line| out.line(line));
    out.line(".");
    Flow::Continue
}

impl Contract for Session {
    type Ask = Ask;
    type Answer = Answer;

    fn expect(&self) -> Expect {
        match self.maildrop {
            None if self.may_say_password() => Expect::Line { max: LINE_MAX },
            _ => Expect::Line { max: COMMAND_MAX },
        }
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn on(&mut self, input: Input<'_, Answer>, out: &mut Output) -> Flow<Ask> {
        match input {
            Input::Start(peer) => {
                self.tls = peer.tls.clone();
                self.peer = Some(peer);
                say(&words::greeting(&self.policy.hostname), out)
            }
            Input::Frame(frame) => self.frame(frame, out),
            Input::Answer(answer) => self.answer(answer, out),
            Input::News => Flow::Continue,
            Input::Secured(tls) => self.secured(tls),
            // RFC 1939 §3: without a word, since the client would take it for the response to its next command.
            Input::Farewell(Farewell::TooSlow) => self.cut(),
            Input::Farewell(why) => self.close(&words::farewell(why), out),
        }
    }
}
