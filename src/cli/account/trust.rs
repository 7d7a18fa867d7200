//! `mailkit account trust`: a server's certificates, shown before they are trusted.

use super::discover::table;
use crate::cli::config;
use crate::cli::context::Context;
use crate::cli::dial::DialArgs;
use crate::cli::exit::Exit;
use crate::cli::login::Server;
use mailkit::account::pins;
use mailkit::checkup::chain;
use mailkit::endpoint::{Endpoint, masked};
use mailkit::error::{Error, Kind, Result};
use mailkit::message::safe::terminal;
use mailkit::net::tls::{Certified, Trust::Anyone};
use mailkit::wire::secured::{Certificate, Fingerprint};
use serde_json::{Value, json};

/// Show a server's certificates, and trust its own from now on
///
/// For servers whose certificate no authority vouches for, as on a machine of one's own. Compare the fingerprint with
/// what whoever runs the server says: this connection could lead to somebody else. What is trusted is the key of the
/// server's certificate, whatever name and date are on it, and nothing else.
///
/// Without -A the line is printed that an account needs; with it, it is written into the account.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit account trust imaps://imap.example.org
  mailkit account trust -A local --yes imaps://imap.example.org")]
pub(super) struct Trust {
    /// Do not ask
    #[arg(long)]
    yes: bool,

    /// Trust this very certificate, not every one with the same key
    #[arg(long)]
    certificate: bool,

    /// The server: its URL, or its name, with a port of its own if it is not 993
    #[arg(value_name = "HOST[:PORT]|URL")]
    server: String,
}

/// Looks, shows, asks, and writes or prints.
pub(super) fn run(args: &Trust, context: &Context) -> Result<Exit> {
    let endpoint = endpoint(&args.server)?;
    let account = context.globals.account.as_deref();
    let known = account.map(|name| context.config()?.account(Some(name))).transpose()?;
    // An account may have a way of its own, through a proxy or from another address.
    let server = Server { endpoint: endpoint.clone(), account: known, why: None };
    let dial = DialArgs::default().over(known.map(|(_, account)| account))?;
    let tls = context.block_on(async {
        let ask = |question: &str| context.ask_password(question);
        let way = dial.way(&ask, &server, context.hidden(), Anyone.into()).await?;
        chain(&*dial.connect(), &way, &endpoint, context.trace()?.as_ref()).await
    })?;
    let own = tls.chain.first().ok_or_else(|| {
        Error::new(Kind::Unavailable, "the server showed no certificate").with_peer(endpoint.authority())
    })?;
    let pin = if args.certificate { own.sha256 } else { own.spki.unwrap_or(own.sha256) };
    if context.is_json() {
        context.object(&object(&endpoint, &tls.chain, pin))?;
    } else {
        for line in page(&endpoint, &tls.chain).lines() {
            context.say(line);
        }
    }
    let Some((name, account)) = known else {
        if !context.is_json() {
            context.line(&format!("tls = {}", pins(&[pin])))?;
        }
        return Ok(Exit::OK);
    };
    if !args.yes {
        context.confirm(&format!("Does {name} trust this certificate, and no other?"), "--yes")?;
    }
    let mut file = config::file_of(context, name)?;
    // A pin and authorities exclude each other.
    if account.tls.ca.is_some() {
        file.unset(name, "tls.ca");
    }
    file.set(name, "tls.pin", &pins(&[pin]).replacen("{ pin = ", "", 1).replace(" }", ""))?;
    let path = file.path().display().to_string();
    file.write()?;
    context.note(&format!("{name} in {path} trusts it"));
    Ok(Exit::OK)
}

/// A URL; or a host, whose port says what is spoken there.
fn endpoint(text: &str) -> Result<Endpoint> {
    let wrong = |why: String| Error::new(Kind::Usage, format!("{}: {why}", masked(text)));
    if text.contains("://") {
        return Endpoint::parse(text).map_err(|error| wrong(error.to_string()));
    }
    let spoken = Endpoint::of_host(text, |port| {
        Some(match port {
            None | Some("993") => ("imaps", ""),
            Some("465") => ("smtps", ""),
            Some("995") => ("pop3s", ""),
            Some("25" | "587") => ("smtp", "?tls=require"),
            Some("143") => ("imap", "?tls=require"),
            Some("110") => ("pop3", "?tls=require"),
            Some(_) => return None,
        })
    });
    match spoken {
        Some(endpoint) => endpoint.map_err(|error| wrong(error.to_string())),
        None => Err(wrong("what is spoken at this port?".to_owned()).hint("say it by a URL: imaps://host:port")),
    }
}

/// A stranger's words, harmless: a line end among them would begin a row of theirs.
fn row(what: &str, value: &str) -> [String; 3] {
    [String::new(), what.to_owned(), terminal(value).into_owned()]
}

fn page(endpoint: &Endpoint, chain: &[Certificate]) -> String {
    let mut page = format!("{} shows:\n", terminal(&endpoint.authority()));
    for (index, certificate) in chain.iter().enumerate() {
        let mut rows = Vec::new();
        let mut row = |what: &str, value: String| rows.push(row(what, &value));
        match Certified::read(&certificate.der) {
            Some(read) => {
                row("for", read.subject);
                row("names", read.names.join(" "));
                row("signed by", read.issuer);
                row("from", read.begins.to_string());
                row("until", read.ends.to_string());
            }
            None => row("unreadable", String::new()),
        }
        row("certificate", certificate.sha256.to_string());
        row("key", certificate.spki.map_or_else(String::new, |key| key.to_string()));
        let gap = if index == 0 { "" } else { "\n" };
        page.push_str(&format!("{gap}{}", table(&rows)));
    }
    page
}

fn object(endpoint: &Endpoint, chain: &[Certificate], pin: Fingerprint) -> Value {
    let chain = chain.iter().map(|certificate| {
        let read = Certified::read(&certificate.der);
        json!({
            "subject": read.as_ref().map(|read| read.subject.clone()),
            "issuer": read.as_ref().map(|read| read.issuer.clone()),
            "names": read.as_ref().map(|read| read.names.clone()).unwrap_or_default(),
            "not_before": read.as_ref().map(|read| read.begins.to_string()),
            "not_after": read.as_ref().map(|read| read.ends.to_string()),
            "sha256": certificate.sha256.to_string(),
            "spki_sha256": certificate.spki.map(|key| key.to_string()),
        })
    });
    json!({
        "schema": "mailkit.trust/1", "url": endpoint.to_string(), "chain": chain.collect::<Vec<_>>(),
        "pin": pin.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_words_make_no_rows() {
        let shown = row("for", "O=y\n  certificate  sha256:00\x1b[2J").concat();
        assert!(!shown.contains(char::is_control), "{shown}");
    }

    #[test]
    fn a_port_says_what_is_spoken_there() {
        for (text, wanted) in [
            ("mail.x.test", Some("imaps://mail.x.test:993")),
            ("mail.x.test:465", Some("smtps://mail.x.test:465")),
            ("localhost:587", Some("smtp://localhost:587?tls=require")),
            ("[::1]:995", Some("pop3s://[::1]:995")),
            ("::1", Some("imaps://[::1]:993")),
            ("pop3://x.test:1100", Some("pop3://x.test:1100")),
            ("x.test:1100", None),
            ("http://x.test", None),
            ("", None),
        ] {
            assert_eq!(endpoint(text).ok().map(|endpoint| endpoint.to_string()).as_deref(), wanted, "{text}");
        }
    }
}
