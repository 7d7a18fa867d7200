//! Who is there, and what can be done here: CAPABILITY, ID, STARTTLS, LOGIN, AUTHENTICATE, LOGOUT.
//!
//! RFC 3501 §6.1, §6.2; RFC 2971; RFC 4959.

use super::ask::{Answer, Ask};
use super::job::{Core, Job, Step};
use super::words::{self, Done};
use crate::imap::response::Code;
use crate::sasl::login::{LINE_MAX, Login, Turn};
use crate::sasl::{Credentials, LoginRefusal, Malformed};
use crate::wire::frame::{Expect, Frame};
use crate::wire::session::Output;

/// Logins that may fail in one connection.
pub(super) const FAILURES_MAX: u32 = 3;

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

pub(super) fn login(credentials: Credentials, core: &mut Core, out: &mut Output) -> Step {
    if core.allows_password() { go_on(Login::with(credentials), core, out) } else { Step::Done(words::needs_tls()) }
}

pub(super) fn authenticate(name: &str, initial: Option<&[u8]>, core: &mut Core, out: &mut Output) -> Step {
    let Some(mechanism) = core.offer().find(name) else {
        return Step::Done(Done::no(Code::Cannot, "Mechanism not supported"));
    };
    if !core.allows_password() {
        return Step::Done(words::needs_tls());
    }
    let step = core.offer().begin(mechanism, initial);
    go_on(Login::begin(step), core, out)
}

fn go_on(turn: Turn<(), LoginRefusal>, core: &mut Core, out: &mut Output) -> Step {
    match turn {
        Turn::Challenge(login, challenge) => {
            out.line(format!("+ {}", challenge.as_str()));
            Step::Read(Expect::Line { max: LINE_MAX }, Box::new(login))
        }
        Turn::LookUp(login, wanted) => Step::Ask(Ask::Keys(wanted), Box::new(login)),
        Turn::Judge(login, credentials) => Step::Ask(Ask::Authenticate(credentials), Box::new(login)),
        Turn::Over(Ok(())) => {
            core.is_logged_in = true;
            core.failed_logins = 0;
            Step::Done(Done::ok("Logged in").with(Code::Capability(capabilities(core))))
        }
        Turn::Over(Err(why)) => {
            core.failed_logins += 1;
            Step::Done(words::login_refused(why))
        }
        Turn::Failed(why) => malformed(why, core),
        // The world has let somebody in who does not want it.
        Turn::Declined(why) => Step::Bye(match why {
            Malformed::Cancelled => "Login cancelled",
            _ => "The answer is not base64",
        }),
        Turn::Confused => Step::confused(),
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

impl Job for Login<(), LoginRefusal> {
    fn answer(self: Box<Self>, answer: Answer, core: &mut Core, out: &mut Output) -> Step {
        match answer {
            Answer::Keys(found) => go_on(self.found(found), core, out),
            Answer::Authenticated(result) => go_on(self.judged(result.map(|_| ())), core, out),
            _ => Step::confused(),
        }
    }

    fn frame(self: Box<Self>, frame: Frame<'_>, core: &mut Core, out: &mut Output) -> Step {
        let Frame::Line(line) = frame else { return Step::confused() };
        go_on(self.line(line), core, out)
    }
}
