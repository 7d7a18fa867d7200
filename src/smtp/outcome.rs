//! What became of a recipient: how far the conversation came, what was said, and what that means.
//!
//! One answer for queue, exit code and report: nobody else interprets reply codes.
//! RFC 5321 §4.2.1, §4.2.5; RFC 3463 §3; RFC 7504; RFC 7505.

use super::reply::Reply;
use crate::envelope::ForwardPath;
use crate::error::Kind;
use crate::status::{EnhancedStatus, Fate, ReplyCode};
use std::fmt;

/// How far the conversation came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Reaching the server.
    Connect,
    /// Its first words.
    Greeting,
    /// EHLO, HELO or LHLO.
    Hello,
    /// STARTTLS and the handshake.
    Tls,
    /// XCLIENT, for whoever looks at a server with the eyes of another client.
    Xclient,
    /// AUTH.
    Auth,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA, until the server wants the message.
    Data,
    /// From the first octet of the message to the reply to its dot.
    Dot,
}

/// What became of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How far it came.
    pub phase: Phase,
    /// The server's code, unless the end came without one.
    pub code: Option<ReplyCode>,
    /// The server's enhanced status code, or ours when we gave up ourselves.
    pub enhanced: Option<EnhancedStatus>,
    /// The server's words, or ours; may hold any character.
    pub text: String,
    /// What it means.
    pub ending: Ending,
}

/// What an outcome means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// The server has the message, or has agreed so far.
    Accepted,
    /// It has not.
    Failed(Fate),
    /// The server would have taken it, but another recipient was refused, and it was to go to all or to none.
    Withheld,
    /// The message was on its way and no reply came, or none that makes sense: it may have the message.
    Unknown,
}

/// RFC 3463 §3.6: something was wrong with the protocol. Transient, since no server is meant to stay so.
const NO_SMTP: EnhancedStatus = EnhancedStatus { class: 4, subject: 5, detail: 0 };

impl Phase {
    /// One word, as in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Hello => "ehlo",
            Self::Tls => "tls",
            Self::Xclient => "xclient",
            Self::Auth => "auth",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::Dot => "dot",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Outcome {
    /// What a reply means in this phase.
    pub fn of(phase: Phase, reply: &Reply) -> Self {
        let is_good = match phase {
            Phase::Data => reply.code.is_intermediate(),
            _ => reply.code.is_success(),
        };
        let ending = match reply.code.fate() {
            _ if is_good => Ending::Accepted,
            Some(fate) => Ending::Failed(fate),
            None if phase == Phase::Dot => Ending::Unknown,
            None => Ending::Failed(Fate::Transient),
        };
        let outcome = Self { phase, code: Some(reply.code), enhanced: reply.enhanced, text: reply.text(), ending };
        match outcome.is_too_many() && reply.code.get() == 552 {
            // RFC 5321 §4.5.3.1.10: RFC 821 had the wrong code for it.
            true => Self { ending: Ending::Failed(Fate::Transient), ..outcome },
            false => outcome,
        }
    }

    /// We gave up ourselves, before the server could have refused.
    pub fn refused_here(phase: Phase, enhanced: EnhancedStatus, text: impl Into<String>) -> Self {
        let fate = if enhanced.class == 5 { Fate::Permanent } else { Fate::Transient };
        Self { phase, code: None, enhanced: Some(enhanced), text: text.into(), ending: Ending::Failed(fate) }
    }

    /// The same for good, for a reason that no status tells.
    pub fn failed_here(phase: Phase, text: impl Into<String>) -> Self {
        Self { phase, code: None, enhanced: None, text: text.into(), ending: Ending::Failed(Fate::Permanent) }
    }

    /// The conversation broke off. Once the message was on its way, nobody knows whether it arrived
    /// (RFC 5321 §4.5.4.1, RFC 1047).
    pub fn lost(phase: Phase, text: impl Into<String>) -> Self {
        let ending = if phase == Phase::Dot { Ending::Unknown } else { Ending::Failed(Fate::Transient) };
        Self { phase, code: None, enhanced: Some(EnhancedStatus::new(4, 4, 2)), text: text.into(), ending }
    }

    /// What was said is no SMTP, so the conversation could not go on.
    pub fn broken(phase: Phase, text: impl Into<String>) -> Self {
        Self { enhanced: Some(NO_SMTP), ..Self::lost(phase, text) }
    }

    /// Nothing was sent to a recipient, because another one was refused.
    pub fn withheld(refused: &ForwardPath) -> Self {
        let text = format!("{refused} was refused, and all were to have it or none");
        Self { phase: Phase::Rcpt, code: None, enhanced: None, text, ending: Ending::Withheld }
    }

    /// Whether all is well so far.
    pub fn is_accepted(&self) -> bool {
        self.ending == Ending::Accepted
    }

    /// Whether the server takes no more recipients in this transaction, and perhaps this one in the next
    /// (RFC 5321 §4.5.3.1.10).
    pub fn is_too_many(&self) -> bool {
        let (Phase::Rcpt, Some(code), false) = (self.phase, self.code, self.is_accepted()) else { return false };
        match self.enhanced {
            Some(status) => (status.subject, status.detail) == (5, 3),
            // Without a status 552 may mean that a mailbox is full; the words tell. 452 may mean that the disk is,
            // which a second attempt finds out at no great cost.
            None if code.get() == 552 => self.text.to_ascii_lowercase().contains("too many recipients"),
            None => code.get() == 452,
        }
    }

    /// The sort of failure; none if there was none of its own.
    pub fn kind(&self) -> Option<Kind> {
        match self.ending {
            // Nobody has failed it; those who were refused say why.
            Ending::Accepted | Ending::Withheld => None,
            Ending::Unknown => Some(Kind::Protocol),
            Ending::Failed(Fate::Permanent) => Some(self.permanent_kind()),
            Ending::Failed(Fate::Transient)
                if self.code.map_or(self.enhanced == Some(NO_SMTP), |code| code.fate().is_none()) =>
            {
                Some(Kind::Protocol)
            }
            Ending::Failed(Fate::Transient) => Some(Kind::Temporary),
        }
    }

    /// The enhanced status code decides if it says anything; else phase and code do.
    fn permanent_kind(&self) -> Kind {
        let subject = self.enhanced.map(|status| (status.subject, status.detail));
        match (self.phase, subject) {
            (Phase::Auth, _) => Kind::NoPermission,
            (_, Some((1, 10))) => Kind::NoHost, // RFC 7505 §4.2: a null MX
            // DNS knows no such domain, or no way to it.
            (Phase::Connect, Some((1, 2) | (4, 4))) => Kind::NoHost,
            // The sender's address is at fault, and no recipient is missing (RFC 3463 §3.2; RFC 7505 §4.2).
            (_, Some((1, 7 | 8))) | (Phase::Mail, Some((1, _))) => Kind::Unavailable,
            (_, Some((1, _))) => Kind::NoUser,
            (_, Some((3, 4) | (6, _))) => Kind::Data,
            (_, Some((7, _))) => Kind::NoPermission,
            (_, Some((2..=4, _))) => Kind::Unavailable,
            // X.0 and X.5 say no more than that something is wrong.
            _ => self.kind_by_code(),
        }
    }

    fn kind_by_code(&self) -> Kind {
        match (self.phase, self.code.map_or(0, ReplyCode::get)) {
            (_, 521 | 556) => Kind::NoHost, // RFC 7504: takes no mail at all
            (_, 530 | 534 | 535 | 538) => Kind::NoPermission,
            (Phase::Rcpt, 550 | 551 | 553) => Kind::NoUser,
            (Phase::Mail | Phase::Data | Phase::Dot, 552) => Kind::Data,
            _ => Kind::Unavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `550 5.1.1 text` as a reply.
    fn outcome(phase: Phase, words: &str) -> Outcome {
        let (code, rest) = words.split_once(' ').unwrap_or((words, ""));
        let code = ReplyCode::new(code.parse().unwrap()).unwrap();
        let enhanced = rest.split(' ').next().and_then(EnhancedStatus::parse);
        Outcome::of(phase, &Reply { code, enhanced, lines: vec![rest.to_owned()] })
    }

    #[test]
    fn each_reply_leads_to_one_sort_of_failure() {
        for (phase, words, wanted) in [
            (Phase::Rcpt, "250 2.1.5 ok", None),
            (Phase::Rcpt, "251 will forward", None),
            (Phase::Data, "354 go", None),
            (Phase::Dot, "250 queued", None),
            (Phase::Rcpt, "450 later", Some(Kind::Temporary)),
            (Phase::Rcpt, "450 4.1.1 greylisted", Some(Kind::Temporary)),
            (Phase::Rcpt, "451 4.7.1 greylisted", Some(Kind::Temporary)),
            (Phase::Rcpt, "550 5.1.1 no such user", Some(Kind::NoUser)),
            (Phase::Rcpt, "550 no such user", Some(Kind::NoUser)),
            (Phase::Rcpt, "553 bad name", Some(Kind::NoUser)),
            (Phase::Rcpt, "550 5.1.10 null MX", Some(Kind::NoHost)),
            (Phase::Rcpt, "556 takes no mail", Some(Kind::NoHost)),
            (Phase::Rcpt, "550 5.7.1 no relaying", Some(Kind::NoPermission)),
            (Phase::Rcpt, "530 log in", Some(Kind::NoPermission)),
            (Phase::Mail, "530 5.5.1 log in", Some(Kind::NoPermission)),
            (Phase::Rcpt, "550 5.5.0 mailbox unavailable", Some(Kind::NoUser)),
            (Phase::Rcpt, "550 5.0.0 no", Some(Kind::NoUser)),
            (Phase::Rcpt, "554 rejected", Some(Kind::Unavailable)),
            (Phase::Rcpt, "552 mailbox full", Some(Kind::Unavailable)),
            (Phase::Rcpt, "552 5.2.2 mailbox full", Some(Kind::Unavailable)),
            (Phase::Rcpt, "550 5.1.8 sender's domain", Some(Kind::Unavailable)),
            (Phase::Mail, "550 5.1.7 bad sender", Some(Kind::Unavailable)),
            (Phase::Mail, "552 5.3.4 too big", Some(Kind::Data)),
            (Phase::Mail, "552 too big", Some(Kind::Data)),
            (Phase::Mail, "530 5.7.0 log in", Some(Kind::NoPermission)),
            (Phase::Mail, "250 ok", None),
            (Phase::Data, "554 5.7.1 policy", Some(Kind::NoPermission)),
            (Phase::Data, "554 no valid recipients", Some(Kind::Unavailable)),
            (Phase::Data, "250 what", Some(Kind::Protocol)),
            (Phase::Mail, "354 what", Some(Kind::Protocol)),
            (Phase::Dot, "452 4.2.2 full", Some(Kind::Temporary)),
            (Phase::Dot, "421 4.3.2 stopping", Some(Kind::Temporary)),
            (Phase::Dot, "554 5.6.0 content", Some(Kind::Data)),
            (Phase::Dot, "550 5.7.26 no DMARC", Some(Kind::NoPermission)),
            (Phase::Dot, "554 5.4.6 loop", Some(Kind::Unavailable)),
            (Phase::Dot, "554 failed", Some(Kind::Unavailable)),
            (Phase::Dot, "354 what", Some(Kind::Protocol)),
            (Phase::Auth, "235 2.7.0 ok", None),
            (Phase::Auth, "535 no", Some(Kind::NoPermission)),
            (Phase::Auth, "535 5.7.8 no", Some(Kind::NoPermission)),
            (Phase::Auth, "454 4.7.0 later", Some(Kind::Temporary)),
            (Phase::Greeting, "554 no SMTP service here", Some(Kind::Unavailable)),
            (Phase::Greeting, "521 takes no mail", Some(Kind::NoHost)),
            (Phase::Greeting, "421 too many", Some(Kind::Temporary)),
        ] {
            assert_eq!(outcome(phase, words).kind(), wanted, "{phase}: {words}");
        }
    }

    #[test]
    fn too_many_recipients_is_no_judgement_on_one_of_them() {
        for (phase, words, is_too_many, kind) in [
            (Phase::Rcpt, "452 4.5.3 Too many recipients", true, Some(Kind::Temporary)),
            (Phase::Rcpt, "451 4.5.3 one domain at a time", true, Some(Kind::Temporary)),
            (Phase::Rcpt, "452 too many recipients", true, Some(Kind::Temporary)),
            (Phase::Rcpt, "452 perhaps", true, Some(Kind::Temporary)),
            (Phase::Rcpt, "552 5.5.3 Too many recipients", true, Some(Kind::Temporary)),
            (Phase::Rcpt, "552 Too many recipients", true, Some(Kind::Temporary)),
            (Phase::Rcpt, "452 4.2.2 mailbox full", false, Some(Kind::Temporary)),
            (Phase::Rcpt, "552 mailbox full", false, Some(Kind::Unavailable)),
            (Phase::Rcpt, "250 2.5.3 ok", false, None),
            (Phase::Mail, "452 4.5.3 later", false, Some(Kind::Temporary)),
        ] {
            let outcome = outcome(phase, words);
            assert_eq!((outcome.is_too_many(), outcome.kind()), (is_too_many, kind), "{phase}: {words}");
        }
    }

    #[test]
    fn what_is_lost_behind_the_message_is_unknown() {
        assert_eq!(Outcome::lost(Phase::Dot, "cut").ending, Ending::Unknown);
        assert_eq!(Outcome::lost(Phase::Dot, "cut").kind(), Some(Kind::Protocol));
        assert_eq!(Outcome::lost(Phase::Rcpt, "cut").kind(), Some(Kind::Temporary));
        assert_eq!(Outcome::broken(Phase::Dot, "HTTP").ending, Ending::Unknown);
        assert_eq!(Outcome::broken(Phase::Greeting, "HTTP").ending, Ending::Failed(Fate::Transient));
        assert_eq!(Outcome::broken(Phase::Greeting, "HTTP").kind(), Some(Kind::Protocol));
        assert_eq!(outcome(Phase::Rcpt, "451 4.5.0 what").kind(), Some(Kind::Temporary));
        assert_eq!(outcome(Phase::Dot, "354 what").ending, Ending::Unknown);
    }

    #[test]
    fn what_we_refuse_ourselves_has_a_kind_too() {
        for (enhanced, wanted) in [("5.3.4", Kind::Data), ("5.6.7", Kind::Data), ("4.4.1", Kind::Temporary)] {
            let outcome = Outcome::refused_here(Phase::Mail, EnhancedStatus::parse(enhanced).unwrap(), "no");
            assert_eq!(outcome.kind(), Some(wanted));
        }
    }
}
