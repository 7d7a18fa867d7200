//! A server that does one thing wrong, or nothing, at one moment of a conversation.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};

/// What the server does when its moment has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Act {
    /// Says this instead of what it ought to.
    Say(String),
    /// Hangs up.
    Close,
    /// Says nothing any more.
    Silence,
}

/// How the server behaves.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    /// The moment: `greeting`, or the verb in lower case; `dot` for the end of the message, `rcpt 2` for the second
    /// recipient, `handshake` for TLS; anything else never comes.
    pub(crate) moment: String,
    pub(crate) act: Act,
    /// What it offers in its answer to EHLO.
    pub(crate) offers: Vec<&'static str>,
}

/// What the server has seen when all is over.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    /// Messages it has heard the end of.
    pub(crate) messages: usize,
    pub(crate) says_goodbye: bool,
}

/// One conversation.
struct Talk<'a> {
    script: &'a Script,
    stream: BufReader<TcpStream>,
    recipients: usize,
    accepted: usize,
    has_sender: bool,
}

/// Serves whoever comes, one after the other, until it is told to stop.
pub(crate) fn serve(listener: &TcpListener, script: &Script, is_over: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    loop {
        let (stream, _) = listener.accept().expect("somebody comes");
        if is_over.load(Ordering::Acquire) {
            return seen;
        }
        seen.connections += 1;
        let stream = BufReader::new(stream);
        // Nothing more to say: the connection ends here.
        let _ = Talk { script, stream, recipients: 0, accepted: 0, has_sender: false }.run(&mut seen);
    }
}

/// Tells a server to stop, which waits for the next to come.
pub(crate) fn stop(listener: &TcpListener, is_over: &AtomicBool) {
    is_over.store(true, Ordering::Release);
    TcpStream::connect(listener.local_addr().expect("bound")).expect("it listens");
}

impl Talk<'_> {
    /// None ends the connection.
    fn run(&mut self, seen: &mut Seen) -> Option<()> {
        self.answer("greeting", "220 mx.hamburger.example ESMTP")?;
        loop {
            let line = self.line()?;
            let verb = line.split(' ').next().unwrap_or_default().to_ascii_lowercase();
            match verb.as_str() {
                "ehlo" => {
                    let offers: String = self.script.offers.iter().map(|offer| format!("250-{offer}\r\n")).collect();
                    self.answer("ehlo", &format!("250-mx.hamburger.example\r\n{offers}250 HELP"))?;
                }
                "starttls" => {
                    self.answer("starttls", "220 2.0.0 Go ahead")?;
                    if self.script.moment == "handshake" {
                        return self.act();
                    }
                }
                "auth" => {
                    self.answer("auth", "235 2.7.0 Welcome")?;
                }
                "mail" => self.has_sender = self.answer("mail", "250 2.1.0 Sender ok")? == "2",
                "rcpt" if !self.has_sender => self.say("503 5.5.1 MAIL first")?,
                "rcpt" => {
                    self.recipients += 1;
                    let moment = if self.recipients == 2 { "rcpt 2" } else { "rcpt" };
                    if self.answer(moment, "250 2.1.5 Recipient ok")? == "2" {
                        self.accepted += 1;
                    }
                }
                "data" if self.accepted == 0 => self.say("503 5.5.1 No valid recipients")?,
                "data" => {
                    if self.answer("data", "354 Go ahead")? == "3" {
                        while self.line()? != "." {}
                        seen.messages += 1;
                        self.answer("dot", "250 2.0.0 Queued")?;
                    }
                }
                "quit" => {
                    seen.says_goodbye = true;
                    self.say("221 2.0.0 Bye")?;
                    return None;
                }
                _ => self.say("250 2.0.0 Ok")?,
            }
        }
    }

    /// Does what is due at a moment; gives the first digit of what it said.
    fn answer(&mut self, moment: &str, usual: &str) -> Option<String> {
        let said = match (&self.script.act, self.script.moment == moment) {
            (_, false) => usual.to_owned(),
            (Act::Say(words), true) => words.clone(),
            (Act::Close | Act::Silence, true) => return self.act().map(|()| String::new()),
        };
        self.say(&said)?;
        said.get(..1).map(str::to_owned)
    }

    fn act(&mut self) -> Option<()> {
        if self.script.act == Act::Silence {
            // Until the other side has enough.
            let _ = self.stream.read_to_end(&mut Vec::new());
        }
        None
    }

    fn say(&mut self, text: &str) -> Option<()> {
        self.stream.get_mut().write_all(format!("{text}\r\n").as_bytes()).ok()
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let count = self.stream.read_line(&mut line).ok()?;
        (count > 0).then(|| line.trim_end().to_owned())
    }
}
