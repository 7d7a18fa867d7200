//! A transaction, planned: which commands to say to this server, or why to say nothing.
//!
//! Pure. Sees to it that nothing is uploaded which the server has already said it will not take.
//! RFC 1870 §6; RFC 2920; RFC 3461 §4; RFC 6152 §3; RFC 6531 §3.2, §3.6.

use super::client::Request;
use super::extension::Extensions;
use super::outcome::{Outcome, Phase};
use crate::address::Address;
use crate::envelope::{BodyType, Envelope, ForwardPath, ReversePath};
use crate::notify::{encode_xtext, original_recipient};
use crate::status::EnhancedStatus;
use lettre::transport::smtp::commands::Mail;
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter, RcptParameter};

/// What matters about a message for its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Octets, line ends as CRLF, dots unstuffed.
    pub size: u64,
    /// Whether octets above 127 stand anywhere in it.
    pub is_eight_bit: bool,
    /// Whether header fields are UTF-8.
    pub has_utf8_header: bool,
}

impl Facts {
    /// The facts of a message of so many octets that travels in this envelope; `has_utf8_header` is not said there.
    pub fn new(size: u64, envelope: &Envelope, has_utf8_header: bool) -> Self {
        Self { size, is_eight_bit: envelope.body == BodyType::EightBitMime, has_utf8_header }
    }
}

/// What to say.
pub struct Plan {
    /// MAIL, with the parameters that this server knows and this message needs.
    pub mail: Request,
    /// For each recipient of the envelope in its order: RCPT, or why not.
    pub recipients: Vec<Result<Request, Outcome>>,
    /// Whether all of that may be sent at once.
    pub is_pipelined: bool,
}

/// Plans a transaction. An error holds for all recipients.
pub fn plan(envelope: &Envelope, facts: Facts, extensions: &Extensions) -> Result<Plan, Outcome> {
    if let Some(size_max) = extensions.size_max.filter(|size_max| facts.size > *size_max) {
        let text = format!("the message has {} octets, the server takes {size_max}", facts.size);
        return Err(Outcome::refused_here(Phase::Mail, EnhancedStatus::new(5, 3, 4), text));
    }
    let sender_needs_utf8 = envelope.reverse_path.address().is_some_and(Address::needs_smtputf8);
    if !extensions.smtputf8 && (envelope.smtputf8 || facts.has_utf8_header || sender_needs_utf8) {
        return Err(needs_smtputf8(Phase::Mail, "the message"));
    }
    let needs_utf8 = |path: &ForwardPath| path.address().is_some_and(Address::needs_smtputf8);
    let uses_utf8 = extensions.smtputf8
        && (envelope.smtputf8
            || facts.has_utf8_header
            || sender_needs_utf8
            || envelope.recipients.iter().any(needs_utf8));
    let recipients = envelope.recipients.iter().map(|path| match path {
        path if needs_utf8(path) && !uses_utf8 => Err(needs_smtputf8(Phase::Rcpt, "the address")),
        ForwardPath::Mailbox(address) => {
            let parameters = if extensions.dsn { reports_on(envelope, path) } else { Vec::new() };
            Ok(Request::rcpt(&ForwardPath::Mailbox(address.to_ascii_domain()), parameters))
        }
        ForwardPath::Postmaster => Ok(Request::rcpt(path, Vec::new())),
    });
    let sender = match &envelope.reverse_path {
        ReversePath::Null => None,
        ReversePath::Mailbox(address) => Some(lettre_address(&address.to_ascii_domain())),
    };
    Ok(Plan {
        mail: Request::mail(&Mail::new(sender, parameters(envelope, facts, extensions, uses_utf8))),
        recipients: recipients.collect(),
        is_pipelined: extensions.pipelining,
    })
}

fn parameters(envelope: &Envelope, facts: Facts, extensions: &Extensions, uses_utf8: bool) -> Vec<MailParameter> {
    let mut parameters = Vec::new();
    if let (true, Ok(size)) = (extensions.size, usize::try_from(facts.size)) {
        parameters.push(MailParameter::Size(size));
    }
    // Against RFC 6152 §3: what was not turned into seven bits goes to servers without 8BITMIME too, unannounced. A
    // relay turns nothing, because that would break signatures, and to refuse would lose mail that such servers pass
    // on well in practice.
    if extensions.eight_bit_mime && (facts.is_eight_bit || envelope.body == BodyType::EightBitMime) {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    if uses_utf8 {
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if let Some(reports) = envelope.reports.as_deref().filter(|_| extensions.dsn) {
        let ret = reports.ret.map(|ret| format!("RET={ret}"));
        let id = reports.envelope_id.as_ref().map(|id| format!("ENVID={}", encode_xtext(id.as_str())));
        let said = ret.into_iter().chain(id);
        parameters.extend(said.map(|keyword| MailParameter::Other { keyword, value: None }));
    }
    parameters
}

/// What the sender wants to be told about this recipient. lettre's own form of a parameter with a value would encode
/// what is encoded already.
fn reports_on(envelope: &Envelope, recipient: &ForwardPath) -> Vec<RcptParameter> {
    let Some(asked) = envelope.reports.as_ref().and_then(|reports| reports.of(recipient)) else { return Vec::new() };
    let notify = asked.notify.map(|notify| format!("NOTIFY={notify}"));
    let original = asked.original.as_ref().map(|address| format!("ORCPT={}", original_recipient(address)));
    let said = notify.into_iter().chain(original);
    said.map(|keyword| RcptParameter::Other { keyword, value: None }).collect()
}

/// RFC 6531 §3.6: no server is made to guess.
fn needs_smtputf8(phase: Phase, what: &str) -> Outcome {
    let text = format!("{what} needs SMTPUTF8, which the server does not offer");
    Outcome::refused_here(phase, EnhancedStatus::new(5, 6, 7), text)
}

/// lettre checks addresses by rules narrower than those of RFC 5321; ours are checked already.
pub(super) fn lettre_address(address: &Address) -> lettre::Address {
    let text = address.to_string();
    let (local_part, domain) = text.rsplit_once('@').unwrap_or((&text, ""));
    lettre::Address::new_dangerous(local_part, domain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use crate::notify::{EnvelopeId, Notify, RecipientRequest, ReportRequest, Ret};
    use crate::wire::exchange::Exchange;
    use crate::wire::session::Output;

    const PLAIN: Facts = Facts { size: 1000, is_eight_bit: false, has_utf8_header: false };

    fn envelope(from: &str, recipients: &[&str]) -> Envelope {
        let recipients = recipients.iter().map(|path| ForwardPath::parse(path).unwrap()).collect();
        Envelope::new(ReversePath::parse(from).unwrap(), recipients)
    }

    fn modern() -> Extensions {
        Extensions {
            pipelining: true,
            size: true,
            size_max: Some(5000),
            eight_bit_mime: true,
            smtputf8: true,
            ..Extensions::default()
        }
    }

    /// The plan as it would be said, refusals in place of what is not said.
    fn said(envelope: &Envelope, facts: Facts, extensions: &Extensions) -> Vec<String> {
        let line = |request: &Request| {
            let mut out = Output::new();
            request.encode(&mut out);
            String::from_utf8(out.as_slice().to_vec()).unwrap().trim_end().to_owned()
        };
        let why = |outcome: &Outcome| format!("{} {}", outcome.phase, outcome.enhanced.unwrap());
        match plan(envelope, facts, extensions) {
            Err(outcome) => vec![why(&outcome)],
            Ok(plan) => {
                let recipients = plan.recipients.iter().map(|planned| match planned {
                    Ok(request) => line(request),
                    Err(outcome) => why(outcome),
                });
                std::iter::once(line(&plan.mail)).chain(recipients).collect()
            }
        }
    }

    #[test]
    fn only_what_is_known_and_needed_is_said() {
        let ordinary = envelope("<alice@crepes.fr>", &["<bob@hamburger.edu>"]);
        let eight_bit = Facts { is_eight_bit: true, ..PLAIN };
        let utf8 = Facts { has_utf8_header: true, ..eight_bit };
        let rcpt = "RCPT TO:<bob@hamburger.edu>";
        for (facts, extensions, mail) in [
            (PLAIN, Extensions::default(), "MAIL FROM:<alice@crepes.fr>"),
            (PLAIN, modern(), "MAIL FROM:<alice@crepes.fr> SIZE=1000"),
            (eight_bit, modern(), "MAIL FROM:<alice@crepes.fr> SIZE=1000 BODY=8BITMIME"),
            (eight_bit, Extensions::default(), "MAIL FROM:<alice@crepes.fr>"),
            (utf8, modern(), "MAIL FROM:<alice@crepes.fr> SIZE=1000 BODY=8BITMIME SMTPUTF8"),
        ] {
            assert_eq!(said(&ordinary, facts, &extensions), [mail, rcpt]);
        }
        assert_eq!(
            said(&envelope("<>", &["<postmaster>"]), PLAIN, &modern()),
            ["MAIL FROM:<> SIZE=1000", "RCPT TO:<postmaster>"]
        );
        assert!(plan(&ordinary, PLAIN, &modern()).is_ok_and(|plan| plan.is_pipelined));
    }

    #[test]
    fn what_the_server_will_not_take_is_not_offered_to_it() {
        let ordinary = envelope("<alice@crepes.fr>", &["<bob@hamburger.edu>"]);
        let large = Facts { size: 5001, ..PLAIN };
        assert_eq!(said(&ordinary, large, &modern()), ["mail 5.3.4"]);
        assert_eq!(plan(&ordinary, large, &modern()).err().and_then(|outcome| outcome.kind()), Some(Kind::Data));
        let utf8 = Facts { has_utf8_header: true, ..PLAIN };
        assert_eq!(said(&ordinary, utf8, &Extensions::default()), ["mail 5.6.7"]);
        let declared = Envelope { smtputf8: true, ..ordinary };
        assert_eq!(said(&declared, PLAIN, &Extensions::default()), ["mail 5.6.7"]);
    }

    #[test]
    fn one_address_that_needs_smtputf8_does_not_keep_the_others_back() {
        let mixed = envelope("<alice@crepes.fr>", &["<bob@hamburger.edu>", "<jürgen@hamburger.edu>"]);
        let old = Extensions::default();
        assert_eq!(
            said(&mixed, PLAIN, &old),
            ["MAIL FROM:<alice@crepes.fr>", "RCPT TO:<bob@hamburger.edu>", "rcpt 5.6.7"]
        );
        assert_eq!(said(&mixed, PLAIN, &modern())[0], "MAIL FROM:<alice@crepes.fr> SIZE=1000 SMTPUTF8");
        assert_eq!(said(&envelope("<élise@crepes.fr>", &["<bob@hamburger.edu>"]), PLAIN, &old), ["mail 5.6.7"]);
    }

    #[test]
    fn domains_travel_in_the_form_every_server_knows() {
        let envelope = envelope("<a@bücher.example>", &["<b@bücher.example>"]);
        assert_eq!(
            said(&envelope, PLAIN, &Extensions::default()),
            ["MAIL FROM:<a@xn--bcher-kva.example>", "RCPT TO:<b@xn--bcher-kva.example>"]
        );
    }

    #[test]
    fn reports_are_asked_for_where_that_is_known() {
        let mut asking =
            envelope("<alice@crepes.fr>", &["<bob+tag@hamburger.edu>", "<carol@hamburger.edu>", "<postmaster>"]);
        let about = |path: &ForwardPath| RecipientRequest {
            recipient: path.clone(),
            notify: Some(Notify { delay: true, ..Notify::default() }),
            original: path.address().cloned(),
        };
        let reports = ReportRequest {
            ret: Some(Ret::Headers),
            envelope_id: EnvelopeId::new("a=b").ok(),
            recipients: vec![about(&asking.recipients[0]), about(&asking.recipients[2])],
        };
        asking.reports = Some(Box::new(reports));
        let known = Extensions { dsn: true, ..Extensions::default() };
        assert_eq!(
            said(&asking, PLAIN, &known),
            [
                "MAIL FROM:<alice@crepes.fr> RET=HDRS ENVID=a+3Db",
                "RCPT TO:<bob+tag@hamburger.edu> NOTIFY=DELAY ORCPT=rfc822;bob+2Btag@hamburger.edu",
                "RCPT TO:<carol@hamburger.edu>",
                "RCPT TO:<postmaster>",
            ]
        );
        assert_eq!(said(&asking, PLAIN, &Extensions::default())[0], "MAIL FROM:<alice@crepes.fr>");
    }

    #[test]
    fn odd_addresses_pass_unchanged() {
        for path in ["<\"a@b c\"@x>", "<o'neil+tag@x.example>", "<a@[192.0.2.1]>", "<a@[IPv6:2001:db8::1]>"] {
            assert_eq!(said(&envelope("<>", &[path]), PLAIN, &Extensions::default())[1], format!("RCPT TO:{path}"));
        }
    }
}
