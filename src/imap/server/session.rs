//! One connection of an IMAP server: reads commands, hands them out, ends them.
//!
//! Commands run one after another; between them, and inside some, the client hears what happened in its mailbox.
//! Knows the frame of a command and of its end, no command's inside. RFC 3501 §2.2, §3, §5.3, §7.1; RFC 9051 §5.4.

use super::ask::{Answer, Ask};
use super::job::{Core, Job, Step};
use super::reader::{Heard, Next, Reader, UNASKED_MAX};
use super::report::Ending;
use super::words::{self, Done};
use super::{Policy, append, fetch, idle, list, login, mailboxes, search, select, store};
use crate::imap::command::{self, AppendHead, Command};
use crate::imap::response::{Code, Condition, status};
use crate::imap::token::Lexer;
use crate::imap::verb::{News, Verb};
use crate::wire::frame::{Expect, Frame};
use crate::wire::literal::Announced;
use crate::wire::session::{Farewell, Flow, Input, Output, Peer, Session as Contract, Tls};
use std::sync::Arc;
use std::time::Duration;

/// RFC 9051 §5.4: at least this long for who has logged in.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// Strangers have less to think about.
const PATIENCE_BEFORE_LOGIN: Duration = Duration::from_secs(60);
/// For a literal that was announced.
const PATIENCE_IN_LITERAL: Duration = Duration::from_secs(5 * 60);
/// Who has said so much nonsense without a break is no mail client.
const MISTAKES_MAX: u32 = 10;
/// A tag is repeated in the response; longer ones are nobody's.
const TAG_MAX: usize = 200;
/// What a browser would say, led here by a page that wants to speak to a mail server.
const HTTP_METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "CONNECT", "OPTIONS"];

/// One connection.
pub struct Session {
    core: Core,
    reader: Reader,
    running: Running,
    stage: Stage,
    mistakes: u32,
}

/// The command that was read last.
#[derive(Debug)]
struct Running {
    tag: String,
    verb: Verb,
}

/// Who is to act.
enum Stage {
    /// The client: a command comes.
    Command,
    /// The client: something comes for a command that runs.
    Read(Expect, Box<dyn Job>),
    /// The world: an answer comes.
    Asked(Box<dyn Job>),
    /// Nobody: TLS is being negotiated.
    Securing,
    /// Nobody any more.
    Closed,
}

impl Session {
    /// A connection that has not begun.
    pub fn new(policy: Arc<Policy>) -> Self {
        let core = Core { policy, peer: None, tls: None, is_logged_in: false, failed_logins: 0, view: None };
        let reader = Reader::new(core.limits());
        let running = Running { tag: "*".to_owned(), verb: Verb::Noop };
        Self { core, reader, running, stage: Stage::Command, mistakes: 0 }
    }

    fn start(&mut self, peer: Peer, out: &mut Output) -> Flow<Ask> {
        self.core.tls = peer.tls.clone();
        self.core.peer = Some(peer);
        let code = Code::Capability(login::capabilities(&self.core));
        let text = format!("{} ready", self.core.policy.hostname);
        out.line(format!("* {}", status(Condition::Ok, Some(&code), &text)));
        Flow::Continue
    }

    fn frame(&mut self, frame: Frame<'_>, out: &mut Output) -> Flow<Ask> {
        if let Frame::Fault(fault) = frame {
            // What was in a faulty line is unknown, and with it whether a literal follows: the step is lost.
            return self.bye(&fault.to_string(), out);
        }
        match std::mem::replace(&mut self.stage, Stage::Command) {
            Stage::Command => match frame {
                Frame::Line(line) => self.line(line, out),
                Frame::Piece(octets) => {
                    self.reader.piece(octets);
                    Flow::Continue
                }
                Frame::End => {
                    self.reader.literal_end();
                    Flow::Continue
                }
                Frame::Fault(_) => Flow::Close,
            },
            Stage::Read(_, job) => {
                let step = job.frame(frame, &mut self.core, out);
                self.follow(step, out)
            }
            Stage::Asked(_) | Stage::Securing => self.follow(Step::confused(), out),
            Stage::Closed => self.follow(Step::Close, out),
        }
    }

    fn line(&mut self, line: &[u8], out: &mut Output) -> Flow<Ask> {
        match self.reader.line(line) {
            Heard::Command => self.command(out),
            Heard::Literal(literal) => self.literal(literal, out),
            Heard::Refused(why) => self.refuse(why, out),
            Heard::Lost => self.bye(words::MALFORMED_LITERAL, out),
        }
    }

    fn literal(&mut self, literal: Announced, out: &mut Output) -> Flow<Ask> {
        if !self.reader.is_refused() {
            match self.look_ahead() {
                Ok(None) => {}
                Ok(Some((tag, head))) if literal.waits || literal.len <= UNASKED_MAX => {
                    self.reader.take();
                    self.running = Running { tag, verb: Verb::Append };
                    let step = append::begin(head, &self.core);
                    return self.follow(step, out);
                }
                Ok(Some(_)) => self.reader.refuse(words::literal_too_big()),
                Err(why) => self.reader.refuse(why),
            }
        }
        match self.reader.literal(literal) {
            Next::GoAhead => {
                out.line(words::GO_AHEAD);
                Flow::Continue
            }
            Next::Read => Flow::Continue,
            Next::Refused(why) => self.refuse(why, out),
            Next::Lost => {
                let bye = status(Condition::Bye, Some(&Code::TooBig), words::LITERAL_TOO_BIG);
                out.line(format!("* {bye}"));
                self.follow(Step::Close, out)
            }
        }
    }

    /// What can be known of a command whose literal is only announced: whether it will be refused anyway, and
    /// whether the literal is the message of an APPEND, which never becomes part of the command's text.
    fn look_ahead(&self) -> Result<Option<(String, AppendHead)>, Done> {
        let mut lexer = Lexer::new(self.reader.text());
        let tag = tag_of(&mut lexer).ok_or_else(words::no_tag)?;
        let verb = lexer.space().ok().and_then(|()| command::verb(&mut lexer)).ok_or_else(words::unknown)?;
        let state = self.core.state();
        if !verb.is_allowed(state) {
            return Err(words::out_of_place(verb, state));
        }
        if verb != Verb::Append {
            return Ok(None);
        }
        let head = command::append_head(&mut lexer).transpose().map_err(words::not_understood)?;
        Ok(head.map(|head| (tag.to_owned(), head)))
    }

    /// Ends a command that was not read as a whole.
    fn refuse(&mut self, why: Done, out: &mut Output) -> Flow<Ask> {
        let text = self.reader.take();
        let tag = tag_of(&mut Lexer::new(&text)).unwrap_or("*").to_owned();
        self.running = Running { tag, verb: Verb::Noop };
        self.say(why, out)
    }

    fn command(&mut self, out: &mut Output) -> Flow<Ask> {
        let text = self.reader.take();
        let mut lexer = Lexer::new(&text);
        let Some(tag) = tag_of(&mut lexer) else {
            self.running = Running { tag: "*".to_owned(), verb: Verb::Noop };
            return self.say(words::no_tag(), out);
        };
        self.running = Running { tag: tag.to_owned(), verb: Verb::Noop };
        if HTTP_METHODS.contains(&tag) && !self.core.is_logged_in {
            return self.bye(words::NO_WEB_SERVER, out);
        }
        let verb = lexer.space().ok().and_then(|()| command::verb(&mut lexer));
        let Some(verb) = verb else {
            return self.say(words::unknown(), out);
        };
        self.running.verb = verb;
        let state = self.core.state();
        if !verb.is_allowed(state) {
            return self.say(words::out_of_place(verb, state), out);
        }
        let step = match command::arguments(verb, &mut lexer) {
            Ok(command) => dispatch(command, verb, &mut self.core, out),
            Err(why) => {
                // RFC 3501 §6.3.1: a SELECT that fails leaves no mailbox open, also for a name that none can have.
                if let (Verb::Select | Verb::Examine, command::Refusal::Name(_)) = (verb, &why) {
                    self.core.view = None;
                }
                Step::Done(words::not_understood(why))
            }
        };
        self.follow(step, out)
    }

    fn follow(&mut self, step: Step, out: &mut Output) -> Flow<Ask> {
        match step {
            Step::Ask(ask, job) => {
                self.stage = Stage::Asked(job);
                Flow::Ask(ask)
            }
            Step::Read(expect, job) => {
                self.stage = Stage::Read(expect, job);
                Flow::Continue
            }
            Step::Done(done) => self.done(done, out),
            Step::Say(done) => self.say(done, out),
            Step::StartTls => {
                out.line(format!("{} OK Ready to start TLS", self.running.tag));
                self.stage = Stage::Securing;
                Flow::StartTls
            }
            Step::Bye(why) => self.bye(why, out),
            Step::Close => {
                self.stage = Stage::Closed;
                Flow::Close
            }
        }
    }

    /// Ends a command: first come other sessions' changes, as far as the command lets them.
    fn done(&mut self, done: Done, out: &mut Output) -> Flow<Ask> {
        let news = self.running.verb.news();
        match &self.core.view {
            Some(view) if news != News::None && done.condition != Condition::Bad => {
                let (ask, job) = Ending::begin(view, done, news == News::All);
                self.follow(Step::Ask(ask, job), out)
            }
            _ => self.say(done, out),
        }
    }

    fn say(&mut self, done: Done, out: &mut Output) -> Flow<Ask> {
        let Done { condition, code, text } = done;
        let completed = || format!("{} completed", self.running.verb.name()).into();
        let text = text.unwrap_or_else(completed);
        out.line(format!("{} {}", self.running.tag, status(condition, code.as_ref(), &text)));
        self.reader = Reader::new(self.core.limits());
        self.stage = Stage::Command;
        self.mistakes = if condition == Condition::Bad { self.mistakes + 1 } else { 0 };
        if self.running.verb == Verb::Logout && condition == Condition::Ok {
            return self.follow(Step::Close, out);
        }
        if self.core.failed_logins >= login::FAILURES_MAX {
            return self.bye(words::TOO_MANY_LOGINS, out);
        }
        if self.mistakes >= MISTAKES_MAX {
            return self.bye(words::TOO_MANY_MISTAKES, out);
        }
        Flow::Continue
    }

    fn bye(&mut self, why: &str, out: &mut Output) -> Flow<Ask> {
        out.line(format!("* {}", status(Condition::Bye, None, why)));
        self.stage = Stage::Closed;
        Flow::Close
    }

    fn secured(&mut self, tls: Tls) -> Flow<Ask> {
        self.core.tls = Some(tls);
        self.stage = Stage::Command;
        // RFC 9051 §6.2.1: what was said before the handshake counts for nothing.
        self.mistakes = 0;
        Flow::Continue
    }

    fn farewell(&mut self, why: Farewell, out: &mut Output) -> Flow<Ask> {
        let may_speak = match &self.stage {
            Stage::Command | Stage::Securing => true,
            Stage::Read(_, job) | Stage::Asked(job) => !job.is_in_literal(),
            Stage::Closed => false,
        };
        if may_speak { self.bye(&why.to_string(), out) } else { self.follow(Step::Close, out) }
    }
}

fn tag_of<'t>(lexer: &mut Lexer<'t>) -> Option<&'t str> {
    lexer.tag().ok().filter(|tag| tag.len() <= TAG_MAX)
}

fn dispatch(command: Command, verb: Verb, core: &mut Core, out: &mut Output) -> Step {
    match command {
        Command::Plain(Verb::Check | Verb::Noop) => Step::Done(Done::completed()),
        Command::Plain(Verb::Capability) => login::capability(core, out),
        Command::Plain(Verb::Id) => login::id(out),
        Command::Plain(Verb::Logout) => login::logout(out),
        Command::Plain(Verb::StartTls) => login::start_tls(core),
        Command::Authenticate(mechanism, initial) => login::authenticate(&mechanism, initial.as_deref(), core, out),
        Command::Login(credentials) => login::login(credentials, core, out),
        Command::Plain(Verb::Namespace) => mailboxes::namespace(out),
        Command::Mailbox(verb, name) => mailboxes::change(verb, name, core),
        Command::Rename(from, to) => mailboxes::rename(from, to, core),
        Command::Status(name, items) => mailboxes::status(name, items),
        Command::List(listing) => list::list(listing),
        Command::Select { name, read_only } => select::open(name, read_only, core),
        Command::Plain(Verb::Close) => select::close(core),
        Command::Plain(Verb::Unselect) => select::unselect(core),
        Command::Plain(Verb::Idle) => idle::begin(core, out),
        Command::Fetch(set, items) => fetch::fetch(&set, items, verb.has_uids(), core, out),
        Command::Search(key) => search::search(key, verb.has_uids(), core, out),
        Command::Store { set, change, silent } => store::store(&set, change, silent, verb.has_uids(), core),
        Command::Transfer(set, to) => store::transfer(&set, to, verb, core),
        Command::Plain(Verb::Expunge) => store::expunge(None, core),
        Command::UidExpunge(set) => store::expunge(Some(set), core),
        Command::Plain(_) => Step::Done(words::unknown()),
    }
}

impl Contract for Session {
    type Ask = Ask;
    type Answer = Answer;

    fn expect(&self) -> Expect {
        match &self.stage {
            Stage::Read(expect, _) => *expect,
            _ => self.reader.expect(),
        }
    }

    fn patience(&self) -> Duration {
        match self.expect() {
            _ if !self.core.is_logged_in => PATIENCE_BEFORE_LOGIN,
            Expect::Octets { .. } => PATIENCE_IN_LITERAL,
            _ => PATIENCE,
        }
    }

    fn listens(&self) -> bool {
        matches!(&self.stage, Stage::Read(_, job) if job.listens())
    }

    fn on(&mut self, input: Input<'_, Answer>, out: &mut Output) -> Flow<Ask> {
        match input {
            Input::Start(peer) => self.start(peer, out),
            Input::Frame(frame) => self.frame(frame, out),
            Input::Answer(answer) => match std::mem::replace(&mut self.stage, Stage::Closed) {
                Stage::Asked(job) => {
                    let step = job.answer(answer, &mut self.core, out);
                    self.follow(step, out)
                }
                _ => self.follow(Step::confused(), out),
            },
            Input::News => match std::mem::replace(&mut self.stage, Stage::Closed) {
                Stage::Read(_, job) if job.listens() => {
                    let step = job.news(&mut self.core);
                    self.follow(step, out)
                }
                stage => {
                    self.stage = stage;
                    Flow::Continue
                }
            },
            Input::Secured(tls) => self.secured(tls),
            Input::Farewell(why) => self.farewell(why, out),
        }
    }
}
