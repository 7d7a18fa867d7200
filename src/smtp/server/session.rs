//! One connection of an SMTP server, as a state machine.
//!
//! Commands come in, replies go out; what needs users, routes or a store is asked. What may come when is
//! in `state`, what is said in `words`, how a message is taken in `data`, how trust is won in `login`.
//! Knows no sockets and no clock. RFC 5321 §3, §4; RFC 1870; RFC 2920; RFC 6531.

mod login;

use super::data::{Ending, Incoming, Next};
use super::state::{Phase, Verdict, verdict};
use super::{Answer, Ask, Policy, Protocol, RecipientRefusal, Role, Transaction, words};
use crate::envelope::{Envelope, ForwardPath, ReversePath};
use crate::sasl::LoginRefusal;
use crate::sasl::login::{LINE_MAX, Login};
use crate::smtp::command::{Command, MailParameters, Mistake, Verb};
use crate::smtp::extension::Extensions;
use crate::smtp::reply::Reply;
use crate::wire::frame::{Expect, Fault, Frame, TextRule};
use crate::wire::session::{Flow, Input, Output, Peer, Session as Contract, Tls};
use std::time::Duration;

/// RFC 5321 §4.5.3.1.4 asks for 512; ESMTP parameters may add to it.
const COMMAND_MAX: usize = 4096;
/// RFC 5321 §4.5.3.2.7.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// Who has said so much nonsense is no mail client.
const MISTAKES_MAX: u32 = 10;
/// Who names so many unknown recipients on one connection is looking for known ones.
const UNKNOWN_MAX: u32 = 100;

/// One connection.
#[derive(Debug)]
pub struct Session {
    policy: Policy,
    peer: Option<Peer>,
    tls: Option<Tls>,
    hello: Option<Hello>,
    user: Option<String>,
    open: Option<Open>,
    state: State,
    /// MAIL was refused, so that what was pipelined behind it is out of order by no mistake (RFC 2920 §3.1).
    was_mail_refused: bool,
    mistakes: u32,
    failed_logins: u32,
    unknown_recipients: u32,
    messages: usize,
}

#[derive(Debug)]
struct Hello {
    name: String,
    is_extended: bool,
}

/// A transaction that MAIL opened.
#[derive(Debug)]
struct Open {
    reverse_path: ReversePath,
    parameters: MailParameters,
    recipients: Vec<ForwardPath>,
}

#[derive(Debug)]
enum State {
    /// A command comes next.
    Command,
    /// Somebody logs in: an answer to our challenge comes next, or the world is asked.
    Login(Login<String, LoginRefusal>),
    /// The world is asked about a recipient.
    RecipientAsked(ForwardPath),
    /// The world is asked whether a message may come.
    BeginAsked,
    /// A message comes, or the world is asked to take it.
    Text(Incoming),
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
            hello: None,
            user: None,
            open: None,
            state: State::Command,
            was_mail_refused: false,
            mistakes: 0,
            failed_logins: 0,
            unknown_recipients: 0,
            messages: 0,
        }
    }

    fn frame(&mut self, frame: Frame<'_>, out: &mut Output) -> Flow<Ask> {
        match (&mut self.state, frame) {
            (State::Command, Frame::Line(line)) => self.line(line, out),
            (State::Command, Frame::Fault(fault)) => self.mistake(&words::line(fault), out),
            (State::Login(_), frame) => self.login_answer(frame, out),
            (State::Text(incoming), frame) => {
                let next = incoming.frame(frame);
                self.text(next, out)
            }
            (State::Closed, _) => Flow::Close,
            _ => self.confused(out),
        }
    }

    fn answer(&mut self, answer: Answer, out: &mut Output) -> Flow<Ask> {
        match (std::mem::replace(&mut self.state, State::Command), answer) {
            (State::Login(login), Answer::Keys(found)) => self.log_in(login.found(found), out),
            (State::Login(login), Answer::Authenticated(result)) => self.log_in(login.judged(result), out),
            (State::RecipientAsked(path), Answer::Recipient(result)) => match (result, &mut self.open) {
                (Ok(()), Some(open)) => {
                    open.recipients.push(path);
                    say(&words::recipient_ok(), out)
                }
                // RFC 6409 §4.3: where people send from, the login is what is missing.
                (Err(RecipientRefusal::RelayDenied), _)
                    if self.policy.role == Role::Submission && self.user.is_none() =>
                {
                    say(&words::login_first(), out)
                }
                (Err(why), _) => self.recipient_refused(why, out),
                (Ok(()), None) => self.confused(out),
            },
            (State::BeginAsked, Answer::Begun(Ok(()))) => {
                self.state = State::Text(Incoming::new());
                say(&words::go_ahead(), out)
            }
            (State::BeginAsked, Answer::Begun(Err(why))) => say(&words::refused(why), out),
            (State::Text(mut incoming), answer) => {
                let next = match answer {
                    Answer::Written(result) => incoming.written(result),
                    Answer::Discarded => incoming.discarded(),
                    Answer::Committed(Ok(id)) => {
                        self.mistakes = 0;
                        return say(&words::queued(&id), out);
                    }
                    Answer::Committed(Err(why)) => Next::Over(Ending::Refused(why)),
                    Answer::Keys(_) | Answer::Authenticated(_) | Answer::Recipient(_) | Answer::Begun(_) => {
                        return self.confused(out);
                    }
                };
                self.state = State::Text(incoming);
                self.text(next, out)
            }
            (State::Closed, _) => {
                self.state = State::Closed;
                Flow::Close
            }
            _ => self.confused(out),
        }
    }

    fn recipient_refused(&mut self, why: RecipientRefusal, out: &mut Output) -> Flow<Ask> {
        // Those who logged in are known, and their address books may be old.
        if why == RecipientRefusal::NoSuchUser && self.user.is_none() {
            self.unknown_recipients += 1;
            if self.unknown_recipients >= UNKNOWN_MAX {
                return self.close(&words::too_many_unknown(&self.policy.hostname), out);
            }
        }
        say(&words::recipient_refused(why), out)
    }

    fn text(&mut self, next: Next, out: &mut Output) -> Flow<Ask> {
        match next {
            Next::Read => Flow::Continue,
            Next::Ask(ask) => Flow::Ask(ask),
            Next::Over(ending) => {
                self.state = State::Command;
                match ending {
                    Ending::Fault(fault @ (Fault::BareCr | Fault::BareLf)) => self.close(&words::text(fault), out),
                    Ending::Fault(fault) => say(&words::text(fault), out),
                    Ending::Refused(why) => say(&words::refused(why), out),
                }
            }
        }
    }

    fn phase(&self) -> Phase {
        match (&self.hello, &self.open) {
            (None, _) => Phase::Connected,
            (Some(_), None) => Phase::Ready,
            (Some(_), Some(open)) if open.recipients.is_empty() => Phase::Mail,
            (Some(_), Some(_)) => Phase::Rcpt,
        }
    }

    fn line(&mut self, line: &[u8], out: &mut Output) -> Flow<Ask> {
        let (verb, arguments) = match Verb::split(line) {
            Ok((verb, _)) if verb != Verb::Auth && line.len() > COMMAND_MAX => {
                return self.mistake(&words::line(Fault::LineTooLong), out);
            }
            Ok(split) => split,
            Err(Mistake::Http) => return self.close(&words::no_web_server(&self.policy.hostname), out),
            Err(mistake) => return self.mistake(&words::mistake(mistake), out),
        };
        match verdict(verb, self.phase()) {
            Verdict::Go => {}
            verdict if self.was_mail_refused && matches!(verb, Verb::Rcpt | Verb::Data) => {
                return say(&words::out_of_order(verdict), out);
            }
            // All recipients of a pipelined group were refused: nobody's mistake either.
            Verdict::RcptFirst => return say(&words::out_of_order(Verdict::RcptFirst), out),
            verdict => return self.mistake(&words::out_of_order(verdict), out),
        }
        if verb == Verb::Mail {
            self.was_mail_refused = true;
        }
        match Command::parse(verb, arguments) {
            Ok(command) => self.command(command, out),
            Err(mistake) => self.mistake(&words::mistake(mistake), out),
        }
    }

    fn command(&mut self, command: Command, out: &mut Output) -> Flow<Ask> {
        match command {
            Command::Ehlo(name) => self.hello(name, true, out),
            Command::Helo(name) => self.hello(name, false, out),
            Command::Mail(path, parameters) => self.mail(path, parameters, out),
            Command::Rcpt(path) => self.rcpt(path, out),
            Command::Data => self.data(out),
            Command::Rset => {
                self.open = None;
                self.was_mail_refused = false;
                say(&words::done(), out)
            }
            Command::Noop => say(&words::done(), out),
            Command::Vrfy(_) => say(&words::not_verified(), out),
            Command::Expn(_) => self.mistake(&words::not_implemented(), out),
            Command::Help => say(&words::help(), out),
            Command::Quit => self.close(&words::bye(), out),
            Command::Auth { mechanism, initial } => self.auth(&mechanism, initial.as_deref(), out),
            Command::StartTls => self.start_tls(out),
        }
    }

    fn hello(&mut self, name: String, is_extended: bool, out: &mut Output) -> Flow<Ask> {
        self.hello = Some(Hello { name, is_extended });
        self.open = None; // RFC 5321 §4.1.4
        self.was_mail_refused = false;
        let extensions = if is_extended { self.extensions().lines() } else { Vec::new() };
        say(&words::hello(&self.policy.hostname, extensions), out)
    }

    /// Only what works at this moment.
    fn extensions(&self) -> Extensions {
        let auth = self.offer().iter().filter(|_| self.may_log_in()).map(|mechanism| mechanism.name().into());
        Extensions {
            pipelining: true,
            size: true,
            size_max: Some(self.policy.size_max),
            eight_bit_mime: true,
            smtputf8: true,
            enhanced_status_codes: true,
            starttls: self.can_start_tls(),
            auth: auth.collect(),
            ..Extensions::default()
        }
    }

    fn mail(&mut self, reverse_path: ReversePath, parameters: MailParameters, out: &mut Output) -> Flow<Ask> {
        let is_extended = self.hello.as_ref().is_some_and(|hello| hello.is_extended);
        let is_ascii = reverse_path.address().is_none_or(|address| address.to_string().is_ascii());
        if self.messages >= self.policy.messages_max {
            self.close(&words::too_many_messages(&self.policy.hostname), out)
        } else if self.policy.auth_required && self.user.is_none() {
            say(&words::login_first(), out)
        } else if !is_extended && !parameters.is_empty() {
            self.mistake(&words::mistake(Mistake::UnknownParameter), out)
        } else if !is_ascii && !parameters.smtputf8 {
            say(&words::needs_smtputf8(), out)
        } else if parameters.size.is_some_and(|size| size > self.policy.size_max) {
            say(&words::text(Fault::TextTooLong), out) // RFC 1870 §6.1: said before the upload.
        } else {
            self.open = Some(Open { reverse_path, parameters, recipients: Vec::new() });
            self.was_mail_refused = false;
            say(&words::sender_ok(), out)
        }
    }

    fn rcpt(&mut self, path: ForwardPath, out: &mut Output) -> Flow<Ask> {
        let Some(open) = &self.open else { return self.confused(out) };
        let is_ascii = path.address().is_none_or(|address| address.to_string().is_ascii());
        if !is_ascii && !open.parameters.smtputf8 {
            say(&words::needs_smtputf8(), out)
        } else if open.recipients.contains(&path) {
            say(&words::recipient_ok(), out) // Named twice, they still get one copy.
        } else if open.recipients.len() >= self.policy.recipients_max {
            say(&words::too_many_recipients(), out)
        } else {
            let ask = Ask::Recipient {
                reverse_path: open.reverse_path.clone(),
                recipient: path.clone(),
                user: self.user.clone(),
            };
            self.state = State::RecipientAsked(path);
            Flow::Ask(ask)
        }
    }

    /// From here on the transaction is over, however the message ends: MAIL is needed for the next.
    fn data(&mut self, out: &mut Output) -> Flow<Ask> {
        let (Some(open), Some(hello), Some(peer)) = (self.open.take(), &self.hello, &self.peer) else {
            return self.confused(out);
        };
        self.messages += 1;
        self.state = State::BeginAsked;
        Flow::Ask(Ask::Begin(Box::new(Transaction {
            envelope: Envelope {
                body: open.parameters.body.unwrap_or_default(),
                smtputf8: open.parameters.smtputf8,
                ..Envelope::new(open.reverse_path, open.recipients)
            },
            helo: hello.name.clone(),
            protocol: Protocol {
                is_extended: hello.is_extended,
                has_utf8: open.parameters.smtputf8,
                has_tls: self.tls.is_some(),
                has_auth: self.user.is_some(),
            },
            user: self.user.clone(),
            tls: self.tls.clone(),
            peer: peer.address,
        })))
    }

    /// A reply to something that no well-made client says. Too many of those end the connection.
    fn mistake(&mut self, reply: &Reply, out: &mut Output) -> Flow<Ask> {
        self.mistakes += 1;
        if self.mistakes >= MISTAKES_MAX {
            return self.close(&words::too_many_mistakes(&self.policy.hostname), out);
        }
        say(reply, out)
    }

    fn close(&mut self, reply: &Reply, out: &mut Output) -> Flow<Ask> {
        self.state = State::Closed;
        reply.print(out);
        Flow::Close
    }

    fn confused(&mut self, out: &mut Output) -> Flow<Ask> {
        self.close(&words::confused(&self.policy.hostname), out)
    }
}

fn say(reply: &Reply, out: &mut Output) -> Flow<Ask> {
    reply.print(out);
    Flow::Continue
}

impl Contract for Session {
    type Ask = Ask;
    type Answer = Answer;

    fn expect(&self) -> Expect {
        match self.state {
            State::Text(_) => Expect::Dotted { max: self.policy.size_max, rule: TextRule::Strict },
            State::Login(_) => Expect::Line { max: LINE_MAX },
            _ if self.may_log_in() => Expect::Line { max: LINE_MAX },
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
            Input::Farewell(why) => self.close(&words::farewell(&self.policy.hostname, why), out),
        }
    }
}
