//! A second opinion: a small model of the server, and random conversations in which both must agree.
//!
//! The model knows only what the RFCs say about order; it shares no code with the session.
//! RFC 5321 §3.3, §4.1.4; RFC 2920 §3.1; RFC 3207 §4.2; RFC 4954 §4.

use super::Refusal;
use super::stage::{Stage, policy};
use proptest::prelude::*;

/// What a client may do, sensible or not.
#[derive(Debug, Clone, Copy)]
enum Act {
    Ehlo,
    Helo,
    HelloWithoutName,
    Mail,
    MailTooLarge,
    MailNotAscii,
    MailMalformed,
    Rcpt,
    RcptUnknown,
    RcptMalformed,
    Data(Text),
    DataRefused,
    Rset,
    Noop,
    Vrfy,
    Expn,
    Auth,
    AuthWrong,
    AuthCancelled,
    StartTls,
    Nonsense,
    TooLong,
    Quit,
}

#[derive(Debug, Clone, Copy)]
enum Text {
    Good,
    Nul,
    TooLarge,
    BareLf,
    RefusedAtDot,
}

#[derive(Debug, Default)]
struct Model {
    hello: Option<bool>,
    recipients: Option<usize>,
    is_logged_in: bool,
    has_tls: bool,
    after_refused_mail: bool,
    mistakes: u32,
    failed_logins: u32,
    messages: usize,
    is_closed: bool,
}

impl Model {
    fn mistake(&mut self, code: u16) -> u16 {
        self.mistakes += 1;
        self.is_closed = self.mistakes == 10;
        if self.is_closed { 421 } else { code }
    }

    /// Out of order within a transaction's commands.
    fn misplaced(&mut self, code: u16) -> u16 {
        if self.after_refused_mail { code } else { self.mistake(code) }
    }

    fn act(&mut self, act: Act) -> u16 {
        match act {
            Act::Ehlo | Act::Helo => {
                let (is_extended, after_refused_mail) = (matches!(act, Act::Ehlo), false);
                (self.hello, self.recipients) = (Some(is_extended), None);
                self.after_refused_mail = after_refused_mail;
                250
            }
            Act::HelloWithoutName => self.mistake(501),
            Act::Mail | Act::MailTooLarge | Act::MailNotAscii | Act::MailMalformed => self.mail(act),
            Act::Rcpt | Act::RcptUnknown | Act::RcptMalformed => match (self.recipients, act) {
                (None, _) => self.misplaced(503),
                (_, Act::RcptMalformed) => self.mistake(501),
                (_, Act::RcptUnknown) => 550,
                (Some(count), _) => {
                    self.recipients = Some(count + 1);
                    250
                }
            },
            Act::Data(_) | Act::DataRefused => match (self.recipients, act) {
                (None, _) => self.misplaced(503),
                (Some(0), _) => 554,
                (Some(_), Act::DataRefused) => {
                    (self.recipients, self.messages) = (None, self.messages + 1);
                    452
                }
                (Some(_), _) => {
                    (self.recipients, self.messages) = (None, self.messages + 1);
                    354
                }
            },
            Act::Rset => {
                (self.recipients, self.after_refused_mail) = (None, false);
                250
            }
            Act::Noop => 250,
            Act::Vrfy => 252,
            Act::Expn => self.mistake(502),
            Act::Auth | Act::AuthWrong | Act::AuthCancelled => self.auth(act),
            Act::StartTls => match (self.hello, self.recipients) {
                (None, _) | (_, Some(_)) => self.mistake(503),
                _ if self.has_tls => self.mistake(503),
                _ => {
                    (self.hello, self.is_logged_in, self.has_tls, self.after_refused_mail) = (None, false, true, false);
                    220
                }
            },
            Act::Nonsense | Act::TooLong => self.mistake(500),
            Act::Quit => {
                self.is_closed = true;
                221
            }
        }
    }

    fn mail(&mut self, act: Act) -> u16 {
        if self.hello.is_none() || self.recipients.is_some() {
            return self.mistake(503);
        }
        self.after_refused_mail = true;
        match act {
            Act::MailMalformed => self.mistake(501),
            _ if self.messages == 4 => {
                self.is_closed = true;
                421
            }
            Act::MailTooLarge if self.hello == Some(false) => self.mistake(555),
            Act::MailTooLarge => 552,
            Act::MailNotAscii => 553,
            _ => {
                (self.recipients, self.after_refused_mail) = (Some(0), false);
                250
            }
        }
    }

    fn auth(&mut self, act: Act) -> u16 {
        if self.hello.is_none() || self.recipients.is_some() || self.is_logged_in || self.hello == Some(false) {
            return self.mistake(503);
        }
        match act {
            Act::AuthCancelled => 334,
            Act::AuthWrong => {
                self.failed_logins += 1;
                self.is_closed = self.failed_logins == 3;
                if self.is_closed { 421 } else { 535 }
            }
            _ => {
                self.is_logged_in = true;
                235
            }
        }
    }

    fn text(&mut self, text: Text) -> u16 {
        match text {
            Text::Good => {
                self.mistakes = 0;
                250
            }
            Text::Nul => 550,
            Text::TooLarge => 552,
            Text::RefusedAtDot => 451,
            Text::BareLf => {
                self.is_closed = true;
                550
            }
        }
    }
}

fn line(act: Act) -> String {
    match act {
        Act::Ehlo => "EHLO crepes.fr",
        Act::Helo => "HELO crepes.fr",
        Act::HelloWithoutName => "EHLO",
        Act::Mail => "MAIL FROM:<alice@crepes.fr>",
        Act::MailTooLarge => "MAIL FROM:<alice@crepes.fr> SIZE=100001",
        Act::MailNotAscii => "MAIL FROM:<élise@crepes.fr>",
        Act::MailMalformed => "MAIL FROM:alice",
        Act::Rcpt => "RCPT TO:<bob@hamburger.edu>",
        Act::RcptUnknown => "RCPT TO:<nobody@hamburger.edu>",
        Act::RcptMalformed => "RCPT TO:<>",
        Act::Data(_) | Act::DataRefused => "DATA",
        Act::Rset => "RSET",
        Act::Noop => "NOOP",
        Act::Vrfy => "VRFY bob",
        Act::Expn => "EXPN all",
        Act::Auth => "AUTH PLAIN AGJvYgBzZWNyZXQ=",
        Act::AuthWrong => "AUTH PLAIN AGJvYgB3cm9uZw==",
        Act::AuthCancelled => "AUTH LOGIN",
        Act::StartTls => "STARTTLS",
        Act::Nonsense => "XYZZY",
        Act::TooLong => return "N".repeat(20_000),
        Act::Quit => "QUIT",
    }
    .to_owned()
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    use Act::*;
    let texts = [Text::Good, Text::Nul, Text::TooLarge, Text::BareLf, Text::RefusedAtDot].map(Data);
    // The way forward stands here more often, so that conversations get somewhere.
    let way = [Ehlo, Ehlo, Mail, Mail, Mail, Rcpt, Rcpt, Rcpt, Data(Text::Good), Data(Text::Good), StartTls, Auth];
    let others = [Helo, MailTooLarge, MailNotAscii, MailMalformed, RcptUnknown, RcptMalformed, DataRefused];
    let rest = [Rset, Noop, Vrfy, Expn, AuthWrong, AuthCancelled, Nonsense, TooLong, HelloWithoutName, Quit];
    let all: Vec<Act> = way.into_iter().chain(texts).chain(others).chain(rest).collect();
    proptest::collection::vec(prop::sample::select(all), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn session_and_model_agree_on_every_reply(acts in acts()) {
        let (mut stage, _) = Stage::new(policy());
        let mut model = Model::default();
        for act in acts {
            match act {
                Act::DataRefused => stage.at_begin = Some(Refusal::DiskFull),
                Act::Data(Text::RefusedAtDot) => stage.at_commit = Some(Refusal::Temporary),
                _ => {}
            }
            let code = stage.code(&line(act));
            prop_assert_eq!(code, model.act(act), "{:?} with {:?}", act, model);
            match act {
                Act::Data(text) if code == 354 => {
                    let said = match text {
                        Text::Good | Text::RefusedAtDot => "Subject: x\r\n\r\nHello\r\n.".to_owned(),
                        Text::Nul => "a\0b\r\n.".to_owned(),
                        Text::TooLarge => "0123456789\r\n".repeat(9000) + ".",
                        Text::BareLf => "a\n.\nMAIL FROM:<evil@x>\r\n.".to_owned(),
                    };
                    prop_assert_eq!(stage.code(&said), model.text(text));
                }
                Act::AuthCancelled if code == 334 => prop_assert_eq!(stage.code("*"), 501),
                _ => {}
            }
            (stage.at_begin, stage.at_commit) = (None, None);
            prop_assert_eq!(stage.is_closed, model.is_closed);
            if model.is_closed {
                break;
            }
        }
    }

    #[test]
    fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..200), hello: bool) {
        let (mut stage, _) = Stage::new(policy());
        if hello {
            stage.say("EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<bob@hamburger.edu>\r\n");
        }
        stage.say(&octets);
        stage.say("\r\n.\r\nQUIT\r\n");
    }
}
