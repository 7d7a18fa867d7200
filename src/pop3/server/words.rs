//! What the server says: every response of it that is a sentence, in one place.
//!
//! Sentences that other protocols say too stand where all can reach them: with the faults, the farewells
//! and the refused logins. RFC 1939 §5; RFC 2449 §8.1; RFC 3206 §4.

use super::Refusal;
use super::state::Verdict;
use crate::pop3::command::{Mistake, Number};
use crate::pop3::response::Response;
use crate::sasl::{LoginRefusal, Malformed};
use crate::wire::frame::Fault;
use crate::wire::session::Farewell;

/// `[SYS/TEMP]`: may be better later (RFC 3206 §4).
const TEMPORARY: &str = "SYS/TEMP";
/// `[AUTH]`: name or password (RFC 3206 §4).
const AUTH: &str = "AUTH";

pub(super) fn greeting(hostname: &str) -> Response {
    Response::ok(format!("{hostname} POP3 ready"))
}

pub(super) fn bye() -> Response {
    Response::ok("Bye")
}

pub(super) fn farewell(why: Farewell) -> Response {
    Response::err_with(TEMPORARY, why.to_string())
}

pub(super) fn too_many_mistakes() -> Response {
    Response::err("Too many bad commands")
}

pub(super) fn too_many_logins() -> Response {
    Response::err_with(AUTH, "Too many failed logins")
}

pub(super) fn no_web_server() -> Response {
    Response::err("This is no web server")
}

/// The driver answered what was not asked.
pub(super) fn confused() -> Response {
    Response::err_with(TEMPORARY, "Cannot go on, try again later")
}

pub(super) fn line(fault: Fault) -> Response {
    Response::err(fault.to_string())
}

pub(super) fn mistake(mistake: Mistake) -> Response {
    Response::err(match mistake {
        Mistake::UnknownVerb | Mistake::Http => "Command not recognized",
        Mistake::NotText => "Neither ASCII nor UTF-8",
        Mistake::Arguments(form) => form,
    })
}

pub(super) fn out_of_order(verdict: Verdict) -> Response {
    Response::err(match verdict {
        Verdict::Later | Verdict::Go => "Log in first",
        Verdict::Over => "Logged in already",
    })
}

pub(super) fn capabilities() -> Response {
    Response::ok("What can be said here")
}

pub(super) fn begin_tls() -> Response {
    Response::ok("Ready to start TLS")
}

pub(super) fn has_tls() -> Response {
    Response::err("TLS is in use already")
}

pub(super) fn not_implemented() -> Response {
    Response::err("Command not implemented")
}

pub(super) fn needs_tls() -> Response {
    Response::err(LoginRefusal::NEEDS_TLS)
}

pub(super) fn password_next() -> Response {
    Response::ok("Now the password")
}

pub(super) fn user_first() -> Response {
    Response::err("Say USER first")
}

pub(super) fn unknown_mechanism() -> Response {
    Response::err("Mechanism not supported")
}

pub(super) fn login_malformed(why: Malformed) -> Response {
    Response::err(why.to_string())
}

pub(super) fn refused(why: Refusal) -> Response {
    match why {
        Refusal::Login(LoginRefusal::Bad) => Response::err_with(AUTH, LoginRefusal::Bad.to_string()),
        Refusal::Login(why) => Response::err_with(TEMPORARY, why.to_string()),
        Refusal::InUse => Response::err_with("IN-USE", "Another session has the maildrop open"),
        Refusal::Temporary => Response::err_with(TEMPORARY, "Not possible at the moment, try again later"),
    }
}

pub(super) fn opened(count: usize, octets: u64) -> Response {
    Response::ok(format!("{count} messages, {octets} octets"))
}

pub(super) fn stat(count: usize, octets: u64) -> Response {
    Response::ok(format!("{count} {octets}"))
}

pub(super) fn entry(message: Number, what: &str) -> Response {
    Response::ok(format!("{message} {what}"))
}

pub(super) fn list_follows(count: usize) -> Response {
    Response::ok(format!("{count} messages"))
}

pub(super) fn message_follows(octets: u64) -> Response {
    Response::ok(format!("{octets} octets"))
}

pub(super) fn top_follows() -> Response {
    Response::ok("The beginning follows")
}

pub(super) fn deleted(message: Number) -> Response {
    Response::ok(format!("Message {message} will be deleted at QUIT"))
}

pub(super) fn no_such_message() -> Response {
    Response::err("No such message")
}

pub(super) fn done() -> Response {
    Response::ok("Ok")
}

/// RFC 1939 §6
pub(super) fn not_removed() -> Response {
    Response::err_with(TEMPORARY, "Deleted messages were not removed")
}
