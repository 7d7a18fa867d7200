//! What the server says to people: its sentences, in one place.
//!
//! Sentences that other protocols say too stand where all can reach them: with the faults, the farewells and the
//! refused logins. RFC 9051 §7.1; RFC 5530.

use super::ask::Refusal;
use crate::imap::command;
use crate::imap::response::{Code, Condition};
use crate::imap::verb::{State, Verb};
use crate::sasl::LoginRefusal;
use crate::wire::frame::Fault;
use std::borrow::Cow;

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) condition: Condition,
    pub(super) code: Option<Code>,
    /// None to say that the command is completed.
    pub(super) text: Option<Cow<'static, str>>,
}

impl Done {
    /// It was done.
    pub(super) fn completed() -> Self {
        Self { condition: Condition::Ok, code: None, text: None }
    }

    pub(super) fn ok(text: &'static str) -> Self {
        Self { condition: Condition::Ok, code: None, text: Some(text.into()) }
    }

    pub(super) fn no(code: Code, text: impl Into<Cow<'static, str>>) -> Self {
        Self { condition: Condition::No, code: Some(code), text: Some(text.into()) }
    }

    pub(super) fn bad(text: impl Into<Cow<'static, str>>) -> Self {
        Self { condition: Condition::Bad, code: None, text: Some(text.into()) }
    }

    pub(super) fn with(mut self, code: Code) -> Self {
        self.code = Some(code);
        self
    }
}

/// The world could not, or would not.
pub(super) fn refused(why: Refusal) -> Done {
    match why {
        Refusal::NoMailbox => Done::no(Code::NonExistent, "No such mailbox"),
        Refusal::Exists => Done::no(Code::AlreadyExists, "There is a mailbox of that name"),
        Refusal::Gone => gone(),
        Refusal::Cannot(why) => Done::no(Code::Cannot, why),
        Refusal::DiskFull => Done::no(Code::OverQuota, "Not enough room at the moment, try again later"),
        Refusal::Temporary => Done::no(Code::Unavailable, "Not possible at the moment, try again later"),
    }
}

/// The same where the mailbox is one that messages go to, so that the client may create it (RFC 9051 §7.1).
pub(super) fn destination_refused(why: Refusal) -> Done {
    match why {
        Refusal::NoMailbox => Done::no(Code::TryCreate, "No such mailbox"),
        why => refused(why),
    }
}

/// Messages that the client still has a number for (RFC 2180 §4.1).
pub(super) fn gone() -> Done {
    Done::no(Code::ExpungeIssued, "Some of these messages are gone")
}

pub(super) fn not_understood(why: command::Refusal) -> Done {
    match why {
        command::Refusal::Syntax(syntax) => Done::bad(syntax.0),
        command::Refusal::Name(error) => Done::no(Code::Cannot, error.to_string()),
        command::Refusal::Charset => Done::no(Code::BadCharset, "Charset not supported"),
    }
}

pub(super) fn literal_too_big() -> Done {
    Done::bad(LITERAL_TOO_BIG).with(Code::TooBig)
}

pub(super) fn malformed_literal() -> Done {
    Done::bad(MALFORMED_LITERAL)
}

pub(super) fn no_tag() -> Done {
    Done::bad("Missing or malformed tag")
}

pub(super) fn message_too_big() -> Done {
    Done::no(Code::TooBig, Fault::TextTooLong.to_string())
}

pub(super) fn message_has_nul() -> Done {
    Done::no(Code::Cannot, Fault::Nul.to_string())
}

pub(super) fn message_is_empty() -> Done {
    Done::no(Code::Cannot, "An empty message cannot be kept")
}

pub(super) fn too_many_keywords() -> Done {
    Done::no(Code::Limit, "The mailbox has too many keywords already")
}

/// Why a command may not come now.
pub(super) fn out_of_place(verb: Verb, state: State) -> Done {
    Done::bad(match state {
        State::NotAuthenticated => "Log in first",
        _ if verb.is_allowed(State::NotAuthenticated) => "Logged in already",
        State::Authenticated | State::Selected => "Open a mailbox first",
    })
}

pub(super) fn unknown() -> Done {
    Done::bad("Command not recognized")
}

pub(super) fn no_such_number() -> Done {
    Done::bad("No message has that number")
}

pub(super) fn read_only() -> Done {
    Done::no(Code::Cannot, "The mailbox is open for reading only")
}

pub(super) fn login_refused(why: LoginRefusal) -> Done {
    match why {
        LoginRefusal::Bad => Done::no(Code::AuthenticationFailed, why.to_string()),
        LoginRefusal::Temporary | LoginRefusal::TooManyFailures => Done::no(Code::Unavailable, why.to_string()),
        LoginRefusal::TooManySessions => Done::no(Code::Limit, why.to_string()),
    }
}

pub(super) fn needs_tls() -> Done {
    Done::no(Code::PrivacyRequired, LoginRefusal::NEEDS_TLS)
}

pub(super) const GO_AHEAD: &str = "+ Go ahead";
pub(super) const LITERAL_TOO_BIG: &str = "The literal is larger than allowed here";
pub(super) const MALFORMED_LITERAL: &str = "Malformed literal";
pub(super) const MAILBOX_GONE: &str = "The open mailbox is gone";
pub(super) const TOO_MANY_MISTAKES: &str = "Too many bad commands";
pub(super) const TOO_MANY_LOGINS: &str = "Too many failed logins";
pub(super) const NO_WEB_SERVER: &str = "This is no web server";
pub(super) const CONFUSED: &str = "Cannot go on, try again later";
