//! What the server says: every reply of it, in one place.
//!
//! Sentences that other protocols say too stand where all can reach them: with the faults, the farewells
//! and the refused logins. RFC 5321 §4.2.3; RFC 3463 §3; RFC 4954 §6.

use super::state::Verdict;
use super::{RecipientRefusal, Refusal};
use crate::address::AddressError;
use crate::sasl::LoginRefusal;
use crate::smtp::command::{Mistake, Verb};
use crate::smtp::reply::Reply;
use crate::status::{EnhancedStatus, ReplyCode};
use crate::wire::frame::Fault;
use crate::wire::session::Farewell;

/// A reply in one line; the numbers are those of the RFCs above.
fn reply(code: u16, class: u8, subject: u16, detail: u16, text: impl Into<String>) -> Reply {
    Reply {
        code: ReplyCode::new(code).expect("each code in this file lies between 200 and 599"),
        enhanced: Some(EnhancedStatus::new(class, subject, detail)),
        lines: vec![text.into()],
    }
}

/// Greetings and the like carry no enhanced status code (RFC 2034 §3).
fn plain(code: u16, lines: Vec<String>) -> Reply {
    Reply { enhanced: None, lines, ..reply(code, 2, 0, 0, "") }
}

pub(super) fn greeting(hostname: &str) -> Reply {
    plain(220, vec![format!("{hostname} ESMTP ready")])
}

/// To EHLO and HELO; `extensions` is empty for the latter.
pub(super) fn hello(hostname: &str, extensions: Vec<String>) -> Reply {
    let mut lines = extensions;
    lines.insert(0, hostname.to_owned());
    plain(250, lines)
}

pub(super) fn challenge(base64: &str) -> Reply {
    plain(334, vec![base64.to_owned()])
}

pub(super) fn go_ahead() -> Reply {
    plain(354, vec!["End the message with a lone dot: <CR><LF>.<CR><LF>".to_owned()])
}

pub(super) fn done() -> Reply {
    reply(250, 2, 0, 0, "Ok")
}

pub(super) fn sender_ok() -> Reply {
    reply(250, 2, 1, 0, "Sender ok")
}

pub(super) fn recipient_ok() -> Reply {
    reply(250, 2, 1, 5, "Recipient ok")
}

pub(super) fn queued(id: &str) -> Reply {
    reply(250, 2, 0, 0, format!("Ok: queued as {id}"))
}

pub(super) fn help() -> Reply {
    let verbs: Vec<&str> = Verb::all().filter(|verb| *verb != Verb::Expn).map(Verb::name).collect();
    reply(214, 2, 0, 0, verbs.join(" "))
}

pub(super) fn not_verified() -> Reply {
    reply(252, 2, 5, 0, "Recipients are checked at RCPT")
}

pub(super) fn ready_for_tls() -> Reply {
    reply(220, 2, 0, 0, "Ready to start TLS")
}

pub(super) fn logged_in() -> Reply {
    reply(235, 2, 7, 0, "Logged in")
}

pub(super) fn bye() -> Reply {
    reply(221, 2, 0, 0, "Bye")
}

pub(super) fn farewell(hostname: &str, why: Farewell) -> Reply {
    let (subject, detail) = match why {
        Farewell::Shutdown | Farewell::TooMany => (3, 2),
        Farewell::TooSlow => (4, 2),
    };
    reply(421, 4, subject, detail, format!("{hostname} {why}"))
}

pub(super) fn too_many_mistakes(hostname: &str) -> Reply {
    reply(421, 4, 7, 0, format!("{hostname} Too many bad commands"))
}

pub(super) fn too_many_logins(hostname: &str) -> Reply {
    reply(421, 4, 7, 0, format!("{hostname} Too many failed logins"))
}

pub(super) fn too_many_unknown(hostname: &str) -> Reply {
    reply(421, 4, 7, 0, format!("{hostname} Too many unknown recipients"))
}

pub(super) fn too_many_messages(hostname: &str) -> Reply {
    reply(421, 4, 7, 0, format!("{hostname} Too many messages in one connection, connect again"))
}

pub(super) fn no_web_server(hostname: &str) -> Reply {
    reply(421, 4, 7, 0, format!("{hostname} This is no web server"))
}

/// The driver answered what was not asked.
pub(super) fn confused(hostname: &str) -> Reply {
    reply(421, 4, 3, 0, format!("{hostname} Cannot go on, try again later"))
}

pub(super) fn too_many_recipients() -> Reply {
    reply(452, 4, 5, 3, "Too many recipients")
}

pub(super) fn line(fault: Fault) -> Reply {
    reply(500, 5, 5, 2, fault.to_string())
}

/// RFC 4954 §4 has a code of its own for this.
pub(super) fn login_line_too_long() -> Reply {
    reply(500, 5, 5, 6, Fault::LineTooLong.to_string())
}

pub(super) fn out_of_order(verdict: Verdict) -> Reply {
    match verdict {
        Verdict::HelloFirst => reply(503, 5, 5, 1, "Say EHLO or HELO first"),
        Verdict::MailFirst => reply(503, 5, 5, 1, "Say MAIL first"),
        // RFC 2920 §3.1: the answer to a DATA that was sent along with recipients who were all refused.
        Verdict::RcptFirst => reply(554, 5, 5, 1, "No valid recipients"),
        Verdict::NotNow | Verdict::Go => reply(503, 5, 5, 1, "Not within a transaction"),
    }
}

pub(super) fn mistake(mistake: Mistake) -> Reply {
    let address = |error: AddressError| format!("Bad address: {error}");
    match mistake {
        Mistake::UnknownVerb | Mistake::Http => reply(500, 5, 5, 2, "Command not recognized"),
        Mistake::NotText => reply(500, 5, 5, 2, "Neither ASCII nor UTF-8"),
        Mistake::Arguments(form) => reply(501, 5, 5, 4, form),
        Mistake::Sender(error) => reply(501, 5, 1, 7, address(error)),
        Mistake::Recipient(error) => reply(501, 5, 1, 3, address(error)),
        Mistake::UnknownParameter => reply(555, 5, 5, 4, "Parameter not recognized"),
        Mistake::BadParameter => reply(501, 5, 5, 4, "Bad value of a parameter"),
    }
}

pub(super) fn not_implemented() -> Reply {
    reply(502, 5, 5, 1, "Command not implemented")
}

pub(super) fn has_tls() -> Reply {
    reply(503, 5, 5, 1, "TLS is in use already")
}

pub(super) fn ehlo_first() -> Reply {
    reply(503, 5, 5, 1, "Say EHLO first")
}

pub(super) fn logged_in_already() -> Reply {
    reply(503, 5, 5, 1, "Logged in already")
}

pub(super) fn login_first() -> Reply {
    reply(530, 5, 7, 0, "Log in first")
}

pub(super) fn needs_tls() -> Reply {
    reply(538, 5, 7, 11, LoginRefusal::NEEDS_TLS)
}

pub(super) fn unknown_mechanism() -> Reply {
    reply(504, 5, 5, 4, "Mechanism not supported")
}

pub(super) fn login_cancelled(why: crate::sasl::Malformed) -> Reply {
    reply(501, 5, 7, 0, why.to_string())
}

pub(super) fn login_malformed(why: crate::sasl::Malformed) -> Reply {
    reply(501, 5, 5, 2, why.to_string())
}

pub(super) fn login_refused(why: LoginRefusal) -> Reply {
    match why {
        LoginRefusal::Bad => reply(535, 5, 7, 8, why.to_string()),
        LoginRefusal::Temporary | LoginRefusal::TooManyFailures | LoginRefusal::TooManySessions => {
            reply(454, 4, 7, 0, why.to_string())
        }
    }
}

pub(super) fn needs_smtputf8() -> Reply {
    reply(553, 5, 6, 7, "An address that is not ASCII needs SMTPUTF8")
}

pub(super) fn recipient_refused(why: RecipientRefusal) -> Reply {
    match why {
        RecipientRefusal::NoSuchUser => reply(550, 5, 1, 1, "No such user here"),
        RecipientRefusal::RelayDenied => reply(550, 5, 7, 1, "Mail for other domains is taken after a login only"),
        RecipientRefusal::Temporary => refused(Refusal::Temporary),
        RecipientRefusal::Policy(text) => reply(550, 5, 7, 1, text),
    }
}

pub(super) fn refused(why: Refusal) -> Reply {
    match why {
        Refusal::DiskFull => reply(452, 4, 3, 1, "Not enough room at the moment, try again later"),
        Refusal::Temporary => reply(451, 4, 3, 0, "Not possible at the moment, try again later"),
        Refusal::TooLarge => reply(552, 5, 3, 4, Fault::TextTooLong.to_string()),
        Refusal::Loop => reply(554, 5, 4, 6, "The message has passed too many servers"),
        Refusal::Content(text) => reply(550, 5, 6, 0, text),
    }
}

/// A message that came to its end, and was bad as octets.
pub(super) fn text(fault: Fault) -> Reply {
    match fault {
        // The code that Postfix made known for this.
        Fault::BareCr | Fault::BareLf => reply(550, 5, 6, 11, fault.to_string()),
        Fault::Nul | Fault::LineTooLong => reply(550, 5, 6, 0, fault.to_string()),
        Fault::TextTooLong => refused(Refusal::TooLarge),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_of_a_status_is_the_first_digit_of_its_code() {
        let faults = [Fault::BareCr, Fault::BareLf, Fault::Nul, Fault::LineTooLong, Fault::TextTooLong];
        let mut replies = vec![done(), sender_ok(), recipient_ok(), queued("x"), help(), not_verified(), bye()];
        replies.extend([ready_for_tls(), logged_in(), too_many_mistakes("h"), too_many_logins("h"), confused("h")]);
        replies.extend([
            too_many_unknown("h"),
            too_many_messages("h"),
            no_web_server("h"),
            too_many_recipients(),
            login_line_too_long(),
        ]);
        replies.extend([not_implemented(), has_tls(), ehlo_first(), logged_in_already(), login_first(), needs_tls()]);
        replies.extend([unknown_mechanism(), needs_smtputf8()]);
        replies.extend(faults.into_iter().flat_map(|fault| [line(fault), text(fault)]));
        replies.extend([Farewell::Shutdown, Farewell::TooSlow, Farewell::TooMany].map(|why| farewell("h", why)));
        replies.extend([LoginRefusal::Bad, LoginRefusal::Temporary, LoginRefusal::TooManyFailures].map(login_refused));
        replies.extend([Refusal::DiskFull, Refusal::Temporary, Refusal::TooLarge, Refusal::Loop].map(refused));
        replies.extend([RecipientRefusal::NoSuchUser, RecipientRefusal::RelayDenied].map(recipient_refused));
        for reply in replies {
            let class = reply.enhanced.map(|status| u16::from(status.class));
            assert_eq!(class, Some(reply.code.get() / 100), "{}", reply.words());
        }
        assert_eq!([greeting("h").code.get(), go_ahead().code.get(), challenge("").code.get()], [220, 354, 334]);
    }
}
