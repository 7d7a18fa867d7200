//! `mailkit mx probe`: one server, looked at.
//!
//! What is done and what it means, `probe` knows; here are the arguments. How it is shown is `sight`'s business.

use super::columns::Width;
use super::passed::PassedArgs;
use super::sight::{Object, exit, page};
use crate::cli::console::terminal_columns;
use crate::cli::context::Context;
use crate::cli::dial::DialArgs;
use crate::cli::exit::Exit;
use crate::cli::host;
use crate::cli::login::Server;
use mailkit::address::Address;
use mailkit::endpoint::{Endpoint, EndpointError, Protocol, TlsMode, masked};
use mailkit::envelope::{Envelope, ForwardPath, ReversePath};
use mailkit::error::{Error, Kind, Result};
use mailkit::message::safe::terminal;
use mailkit::net::clock::SystemClock;
use mailkit::probe::{Look, Sighting, look_at, unreached};
use mailkit::smtp::xclient::Attribute;
use mailkit::world::Clock;

/// Look at a mail server: greeting, extensions, encryption, certificate, and whom it takes mail for
///
/// Of SMTP, LMTP, POP3, IMAP or ManageSieve. Connects, greets, begins TLS where it is offered, greets again, and says goodbye. The
/// first sentence is the answer; below it are all replies, each with the time it took. With --rcpt it asks for recipients
/// too, and takes that back: nothing is ever sent to anybody, and nothing is changed. No answer is waited for longer
/// than half a minute, unless --timeout says so.
///
/// A server's own administrator can look with the eyes of others: --xclient and --proxy-protocol say whose connection
/// this is, where the server is configured to believe it.
///
/// Ends with 0 if the server is ready, 1 if it takes mail for some of the recipients only; else with the code of what
/// failed, as for a message: 67 for an unknown recipient, 69 for no TLS or no good certificate where the scheme of a URL
/// demands them, 75 for a server that is not there or defers what was asked, greylisting included, 76 for one that
/// breaks the protocol.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit mx probe --rcpt bob@hamburger.example 127.0.0.1:1025
  mailkit mx probe --json smtp://127.0.0.1:1025?tls=none
  mailkit mx probe --xclient ADDR=192.0.2.7 --xclient NAME=mail.crepes.example mx1.example.org
  mailkit mx probe --proxy-protocol v1 --proxy-from 192.0.2.7 mx1.example.org")]
pub(super) struct Probe {
    /// The server: a host, perhaps with a port, which says what is spoken there, and encrypted if it offers that; or a
    /// URL, which says what is spoken and whether encryption is a must: smtp, smtps, submission, submissions, lmtp,
    /// pop3, pop3s, imap, imaps, sieve, smtp+unix, smtp+pipe...
    #[arg(value_name = "HOST[:PORT]|URL")]
    server: String,

    /// Ask whether mail for this address would be taken; may be given several times
    #[arg(long, value_name = "ADDRESS")]
    rcpt: Vec<String>,

    /// From whom that mail would come; the null reverse-path, from which reports come, if not given
    #[arg(long, value_name = "ADDRESS", requires = "rcpt")]
    from: Option<String>,

    /// The name to say in EHLO; the name of this machine if not given
    #[arg(long, value_name = "NAME")]
    helo: Option<String>,

    /// Say this of the client, by XCLIENT, and greet anew: NAME, REVERSE_NAME, ADDR, PORT, PROTO, HELO, LOGIN, DESTADDR
    /// or DESTPORT, with [UNAVAILABLE] as a possible value; may be given several times
    #[arg(long, value_name = "NAME=VALUE", help_heading = "As another client")]
    xclient: Vec<Attribute>,

    #[command(flatten)]
    passed: PassedArgs,

    #[command(flatten)]
    dial: DialArgs,
}

/// Looks at the server, and prints what it saw.
pub(super) fn run(probe: &Probe, context: &Context) -> Result<Exit> {
    let endpoint = endpoint(&probe.server)?;
    if matches!(endpoint.protocol, Protocol::Pop3 | Protocol::Imap | Protocol::Sieve) {
        let words = [("--rcpt", probe.rcpt.is_empty()), ("--xclient", probe.xclient.is_empty())];
        if let Some((word, _)) = words.into_iter().find(|(_, is_empty)| !is_empty) {
            return Err(Error::new(Kind::Usage, format!("{word} is said to servers of SMTP and LMTP only")));
        }
    }
    let helo = host::helo(probe.helo.as_deref())?;
    let envelope = envelope(probe)?;
    let proxy = probe.passed.read(endpoint.port)?;
    let tls = probe.dial.tls().read()?;
    let sighting = context.block_on(async {
        let ask = |question: &str| context.ask_password(question);
        let server = Server { endpoint: endpoint.clone(), account: None, why: None };
        let way = match probe.dial.way(&ask, &server, context.hidden(), tls).await {
            Ok(way) => way,
            Err(error) if matches!(error.kind(), Kind::NoHost | Kind::Temporary) => {
                return Ok(unreached(&endpoint, &error));
            }
            Err(error) => return Err(error),
        };
        let trace = context.trace()?;
        let look = Look {
            endpoint: &endpoint,
            way: &way,
            helo: &helo,
            proxy: proxy.as_ref(),
            xclient: &probe.xclient,
            envelope: envelope.as_ref(),
            trace: trace.as_ref(),
            now: SystemClock.now(),
            is_demanding: Endpoint::is_meant(&probe.server),
        };
        look_at(&*probe.dial.connect(), &look).await
    })?;
    print(context, &sighting)?;
    Ok(exit(&sighting))
}

fn print(context: &Context, sighting: &Sighting) -> Result<()> {
    if context.is_json() {
        let object = serde_json::to_value(Object::new(sighting)).expect("strings, numbers and lists always print");
        return context.object(&object);
    }
    page(sighting, Width::of(terminal_columns())).lines().try_for_each(|line| context.line(&terminal(line)))
}

/// A URL; or a host, where TLS begins if it is offered, as it does between servers.
fn endpoint(text: &str) -> Result<Endpoint> {
    let wrong = |why: &str| Error::new(Kind::Usage, format!("{}: {why}", masked(text)));
    let read = match Endpoint::is_meant(text) {
        true => Endpoint::parse(text),
        false => Endpoint::of_host(text, |port| {
            Some(match port {
                Some("465") => ("smtps", ""),
                Some("993") => ("imaps", ""),
                Some("995") => ("pop3s", ""),
                Some("143") => ("imap", "?tls=try"),
                Some("110") => ("pop3", "?tls=try"),
                Some("4190") => ("sieve", "?tls=try"),
                _ => ("smtp", "?tls=try"),
            })
        })
        .unwrap_or(Err(EndpointError::Host)),
    };
    let endpoint = read.map_err(|error| match error {
        // Not repeated: standard error often ends in a log.
        EndpointError::Password => Error::new(Kind::Usage, error.to_string()),
        _ => wrong(&error.to_string()),
    })?;
    let endpoint = match endpoint {
        // RFC 8314 §3: at these ports nobody speaks in clear first, whatever the scheme says.
        endpoint if begins_with_tls(&endpoint) && !text.contains('?') => {
            Endpoint { tls: TlsMode::Implicit, ..endpoint }
        }
        // Elsewhere nothing on this machine needs TLS; here it is looked at, too.
        Endpoint { tls: TlsMode::None, local: None, .. } if !text.contains('?') => {
            Endpoint { tls: TlsMode::Opportunistic, ..endpoint }
        }
        endpoint => endpoint,
    };
    match &endpoint.user {
        Some(_) => Err(wrong("nobody logs in here, so there is no user")),
        None => Ok(endpoint),
    }
}

/// Whether a port is the one where the protocol begins with TLS.
fn begins_with_tls(endpoint: &Endpoint) -> bool {
    let port = (endpoint.protocol, endpoint.port);
    endpoint.local.is_none() && matches!(port, (Protocol::Smtp, 465) | (Protocol::Imap, 993) | (Protocol::Pop3, 995))
}

/// Who is to be asked about.
fn envelope(probe: &Probe) -> Result<Option<Envelope>> {
    let wrong = |what: &str, text: &str| Error::new(Kind::Usage, format!("{what} {text}: not an address"));
    let recipients = probe
        .rcpt
        .iter()
        .map(|text| ForwardPath::parse(&format!("<{text}>")).map_err(|error| wrong("--rcpt", text).caused_by(error)));
    let recipients = recipients.collect::<Result<Vec<_>>>()?;
    let from = match probe.from.as_deref() {
        None | Some("" | "<>") => ReversePath::Null,
        Some(text) => {
            let address = Address::parse(text).map_err(|error| wrong("--from", text).caused_by(error))?;
            ReversePath::Mailbox(address)
        }
    };
    Ok((!recipients.is_empty()).then(|| Envelope::new(from, recipients)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_server_between_servers() {
        for (text, wanted) in [
            ("mx1.x.test", Some("smtp://mx1.x.test:25?tls=try")),
            ("localhost:2525", Some("smtp://localhost:2525?tls=try")),
            ("mx1.x.test:465", Some("smtps://mx1.x.test:465")),
            ("::1", Some("smtp://[::1]:25?tls=try")),
            ("[::1]:26", Some("smtp://[::1]:26?tls=try")),
            ("submission://x.test", Some("smtp://x.test:587")),
            ("lmtp+unix:///run/lmtp", Some("lmtp+unix:///run/lmtp")),
            ("smtp://127.0.0.1:2525", Some("smtp://127.0.0.1:2525?tls=try")),
            ("smtp://127.0.0.1:2525?tls=none", Some("smtp://127.0.0.1:2525")),
            ("smtp://x.test:465", Some("smtps://x.test:465")),
            ("smtp://127.0.0.1:465", Some("smtps://127.0.0.1:465")),
            ("smtp://x.test:465?tls=try", Some("smtp://x.test:465?tls=try")),
            ("imap://x.test:993", Some("imaps://x.test:993")),
            ("pop3://x.test:995", Some("pop3s://x.test:995")),
            ("smtp://bob@x.test", None),
            ("imap://x.test", Some("imap://x.test:143")),
            ("x.test:port", None),
            ("", None),
        ] {
            assert_eq!(endpoint(text).ok().map(|endpoint| endpoint.to_string()).as_deref(), wanted, "{text}");
        }
    }
}
