//! Who is there, and what can be done here: CAPABILITY, ID, STARTTLS, LOGIN, AUTHENTICATE, LOGOUT.
//!
//! RFC 3501 §6.1, §6.2; RFC 2971; RFC 4959; RFC 5802 §5 and RFC 7628 §3.2.3 (the server's last word).

use super::ask::{Answer, Ask};
use super::job::{Core, Job, Step};
use super::words::{self, Done};
use crate::imap::response::Code;
use crate::sasl::{Credentials, Exchange, LoginRefusal, Malformed, Step as SaslStep, Tail, base64};
use crate::wire::frame::{Expect, Frame};
use crate::wire::session::Output;

/// Logins that may fail in one connection.
pub(super) const FAILURES_MAX: u32 = 3;
/// RFC 4954 §4 asks for this much in an authentication exchange.
const ANSWER_MAX: usize = 12288;

/// What works here, always.
const CAPABILITIES: &str =
    "IMAP4rev1 LITERAL- SASL-IR ID IDLE NAMESPACE UIDPLUS UNSELECT MOVE CHILDREN SPECIAL-USE STATUS=SIZE";

/// The list of CAPABILITY, as things stand (RFC 9051 §6.1.1).
pub(super) fn capabilities(core: &Core) -> String {
    let mut list = format!("{CAPABILITIES} APPENDLIMIT={}", core.policy.size_max);
    if core.is_logged_in {
        return list;
    }
    if core.can_start_tls() {
        list.push_str(" STARTTLS");
    }
    if !core.allows_password() {
        list.push_str(" LOGINDISABLED");
        return list;
    }
    for mechanism in core.offer().iter() {
        list.push_str(" AUTH=");
        list.push_str(mechanism.name());
    }
    list
}

pub(super) fn capability(core: &Core, out: &mut Output) -> Step {
    out.line(format!("* CAPABILITY {}", capabilities(core)));
    Step::Done(Done::completed())
}

/// RFC 2971 §3.1: to strangers too, so without a version.
pub(super) fn id(out: &mut Output) -> Step {
    out.line("* ID (\"name\" \"mailkit\")");
    Step::Done(Done::completed())
}

pub(super) fn logout(out: &mut Output) -> Step {
    out.line("* BYE Bye");
    Step::Say(Done::completed())
}

pub(super) fn start_tls(core: &Core) -> Step {
    match (core.can_start_tls(), core.tls.is_some()) {
        (true, _) => Step::StartTls,
        (false, true) => Step::Done(Done::bad("TLS is in use already")),
        (false, false) => Step::Done(Done::no(Code::Cannot, "TLS is not available here")),
    }
}

pub(super) fn login(credentials: Credentials, core: &Core) -> Step {
    if core.allows_password() {
        Step::Ask(Ask::Authenticate(credentials), Box::new(Login::Asked(Tail::default())))
    } else {
        Step::Done(words::needs_tls())
    }
}

pub(super) fn authenticate(name: &str, initial: Option<&[u8]>, core: &mut Core, out: &mut Output) -> Step {
    let Some(mechanism) = core.offer().find(name) else {
        return Step::Done(Done::no(Code::Cannot, "Mechanism not supported"));
    };
    if !core.allows_password() {
        return Step::Done(words::needs_tls());
    }
    let step = core.offer().begin(mechanism, initial);
    Login::go_on(step, core, out)
}

/// A login on its way.
enum Login {
    /// An answer to our challenge comes next.
    Challenged(Exchange),
    /// The world is asked for a user's keys.
    Keys(Exchange),
    /// The world is asked about a login.
    Asked(Tail),
    /// The client has been told more about its login, and acknowledges that.
    Told(Result<(), LoginRefusal>),
}

impl Login {
    fn go_on(step: SaslStep, core: &mut Core, out: &mut Output) -> Step {
        match step {
            SaslStep::Challenge(exchange, challenge) => Self::Challenged(exchange).ask(&challenge, out),
            SaslStep::LookUp(exchange, wanted) => Step::Ask(Ask::Keys(wanted), Box::new(Self::Keys(exchange))),
            SaslStep::Done(credentials, tail) => Step::Ask(Ask::Authenticate(credentials), Box::new(Self::Asked(tail))),
            SaslStep::Failed(why) => malformed(why, core),
        }
    }

    fn ask(self, challenge: &[u8], out: &mut Output) -> Step {
        out.line(format!("+ {}", base64::encode(challenge).as_str()));
        Step::Read(Expect::Line { max: ANSWER_MAX }, Box::new(self))
    }

    fn end(result: Result<(), LoginRefusal>, core: &mut Core) -> Step {
        match result {
            Ok(()) => {
                core.is_logged_in = true;
                core.failed_logins = 0;
                Step::Done(Done::ok("Logged in").with(Code::Capability(capabilities(core))))
            }
            Err(why) => {
                core.failed_logins += 1;
                Step::Done(words::login_refused(why))
            }
        }
    }
}

/// The client broke the rules: what is no base64 or was given up is BAD (RFC 9051 §6.2.2), the rest a failed login.
fn malformed(why: Malformed, core: &mut Core) -> Step {
    match why {
        Malformed::Cancelled | Malformed::NotBase64 => Step::Done(Done::bad(why.to_string())),
        Malformed::NotThisMechanism | Malformed::Downgraded | Malformed::ForAnother => {
            core.failed_logins += 1;
            Step::Done(Done::no(Code::AuthenticationFailed, why.to_string()))
        }
    }
}

impl Job for Login {
    fn answer(self: Box<Self>, answer: Answer, core: &mut Core, out: &mut Output) -> Step {
        match answer {
            Answer::Keys(found) => match (*self, found) {
                (Self::Keys(exchange), Ok(found)) => Self::go_on(exchange.found(found), core, out),
                (Self::Keys(_), Err(why)) => Self::end(Err(why), core),
                _ => Step::confused(),
            },
            Answer::Authenticated(result) => {
                let Self::Asked(tail) = *self else { return Step::confused() };
                let result = result.map(|_| ());
                // Where the mechanism has a last word of its own, it comes first.
                let last = match result {
                    Ok(()) => tail.on_success,
                    Err(why) => tail.on_failure.filter(|_| why == LoginRefusal::Bad),
                };
                match last {
                    Some(challenge) => Self::Told(result).ask(&challenge, out),
                    None => Self::end(result, core),
                }
            }
            _ => Step::confused(),
        }
    }

    fn frame(self: Box<Self>, frame: Frame<'_>, core: &mut Core, out: &mut Output) -> Step {
        let Frame::Line(line) = frame else { return Step::confused() };
        match (*self, base64::decode_answer(line)) {
            (Self::Challenged(exchange), Ok(answer)) => Self::go_on(exchange.answer(&answer), core, out),
            (Self::Challenged(_), Err(why)) => malformed(why, core),
            (Self::Told(Ok(())), Ok(_)) => Self::end(Ok(()), core),
            // The world has let somebody in who does not want it.
            (Self::Told(Ok(())), Err(why)) => Step::Bye(match why {
                Malformed::Cancelled => "Login cancelled",
                _ => "The answer is not base64",
            }),
            (Self::Told(Err(why)), _) => Self::end(Err(why), core),
            _ => Step::confused(),
        }
    }
}
