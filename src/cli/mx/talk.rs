//! `mailkit mx talk`: a conversation by hand with any mail server.
//!
//! What is said and when, `talk` knows; here are the arguments, the lines that are typed, and how what is heard is shown.

use super::passed::PassedArgs;
use crate::cli::console::harmless_json;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::host;
use crate::cli::input;
use crate::cli::login::{LoginArgs, Server};
use mailkit::endpoint::{Endpoint, EndpointError, Protocol, masked};
use mailkit::engine::dial::{Dial, Dialled, dial, follow};
use mailkit::envelope::{ForwardPath, ReversePath};
use mailkit::error::{Error, Kind, Result};
use mailkit::message::safe::terminal;
use mailkit::smtp::xclient::Attribute;
use mailkit::talk::{Ended, Lines, News, Party, Patience, Phase, Talk, Wish};
use mailkit::wire::event::{Direction, Event, Role};
use mailkit::wire::transcript::{Entry, Side};
use std::cell::Cell;
use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc};

/// The longest that an answer is waited for, unless told otherwise.
const WAIT: Duration = Duration::from_secs(30);
/// The same for the answer to a message (RFC 5321 §4.5.3.2.6).
const LAST_WAIT: Duration = Duration::from_secs(10 * 60);
/// Octets of a line that is typed.
const LINE_MAX: u64 = 1024 * 1024;
/// A script that is longer is looked at line by line, when each is said.
const CHECKED_MAX: u64 = 16 * 1024 * 1024;
/// Lines that were read and not yet said.
const WAITING_MAX: usize = 64;

/// Talk to a mail server by hand: what is typed is said as it stands, and all that is heard is shown
///
/// SMTP, LMTP, POP3, IMAP or ManageSieve. Lines come from the terminal, from standard input or from --script; those that are not
/// typed by a person wait for the answer to the line before. Lines that begin with a dot and a word, in small letters or
/// capitals, are for mailkit:
/// .starttls, .auth, .data FILE, .raw TEXT, .expect WORD, .wait TIME, .cut, .quit; .help tells what they do.
///
/// What is printed is a transcript, C: for the client and S: for the server; with --json each line of it as one of a trace;
/// secrets are left out. A certificate that
/// is not good is told of, and the conversation goes on, without a login.
///
/// Ends with 0 when all was said, 1 when an answer was not the expected one; where the server refuses a step of --until
/// with the code of that, as for a message: 67 for an unknown recipient; 75 when it is not reached, falls silent or
/// hangs up, 76 when that leaves open whether it took a message.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  printf 'EHLO crepes.example\\nQUIT\\n' | mailkit mx talk smtp://127.0.0.1:1025
  mailkit mx talk --until rcpt --rcpt bob@hamburger.example --expect 250 smtp://127.0.0.1:1025 </dev/null
  mailkit mx talk imaps://imap.example.org")]
pub(super) struct TalkArgs {
    /// The server; the URL says what is spoken there. TLS comes first with smtps, pop3s and imaps only; elsewhere
    /// .starttls begins it
    #[arg(value_name = "URL")]
    server: String,

    /// Say the lines of this file, - for standard input
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,

    /// First say what everybody says, up to this phase: greeting, ehlo, tls, auth, mail, rcpt or data
    #[arg(long, value_name = "PHASE")]
    until: Option<Phase>,

    /// The same, and then hang up without a word, as a client that crashes
    #[arg(long, value_name = "PHASE", conflicts_with_all = ["until", "script", "expect"])]
    drop_after: Option<Phase>,

    /// The reverse-path for --until and --drop-after; the null one if not given
    #[arg(long, value_name = "ADDRESS")]
    from: Option<String>,

    /// A recipient for --until and --drop-after; may be given several times
    #[arg(long, value_name = "ADDRESS")]
    rcpt: Vec<String>,

    /// Ask to be taken for another client on the way to --until or --drop-after, as Postfix allows those it trusts: NAME,
    /// ADDR, PORT, PROTO, HELO, LOGIN and others; may be given several times
    #[arg(long, value_name = "ATTRIBUTE=VALUE", help_heading = "As another client")]
    xclient: Vec<Attribute>,

    /// End with 1 if the last answer does not begin so, as 250, +OK or NO
    #[arg(long, value_name = "WORD")]
    expect: Option<String>,

    /// End each line with LF alone, as no mail program should
    #[arg(long)]
    lf: bool,

    /// Show when each line was said or heard
    #[arg(long)]
    times: bool,

    /// The name to say in EHLO; the name of this machine if not given
    #[arg(long, value_name = "NAME")]
    helo: Option<String>,

    #[command(flatten)]
    passed: PassedArgs,

    #[command(flatten)]
    login: LoginArgs,
}

/// Talks.
pub(super) fn run(args: &TalkArgs, context: &Context) -> Result<Exit> {
    let endpoint = endpoint(&args.server)?;
    let account = match context.globals.account.as_deref() {
        None => None,
        Some(name) => {
            let asked = mailkit::account::Asked { name: Some(name), ..Default::default() };
            let (name, account, _) = context.config()?.choose(&asked)?;
            Some((name, account))
        }
    };
    talk(args, context, &Server { endpoint, account, why: None }, false)
}

/// What `imap raw` asks for beside its server.
pub(in crate::cli) struct Door<'a> {
    pub(in crate::cli) script: Option<PathBuf>,
    pub(in crate::cli) expect: Option<String>,
    pub(in crate::cli) times: bool,
    pub(in crate::cli) login: &'a LoginArgs,
}

/// Talks, once somebody is logged in.
pub(in crate::cli) fn behind_login(context: &Context, server: &Server<'_>, door: Door<'_>) -> Result<Exit> {
    let args = TalkArgs {
        server: String::new(),
        script: door.script,
        until: Some(Phase::Auth),
        drop_after: None,
        from: None,
        rcpt: Vec::new(),
        xclient: Vec::new(),
        expect: door.expect,
        lf: false,
        times: door.times,
        helo: None,
        passed: PassedArgs::default(),
        login: door.login.clone(),
    };
    talk(&args, context, server, true)
}

fn talk(args: &TalkArgs, context: &Context, server: &Server<'_>, is_known: bool) -> Result<Exit> {
    let endpoint = &server.endpoint;
    let wish = wish(args)?;
    if !args.xclient.is_empty() && endpoint.protocol != Protocol::Smtp && endpoint.protocol != Protocol::Lmtp {
        return Err(Error::new(Kind::Usage, "XCLIENT is a word of SMTP and LMTP only"));
    }
    if let Some(path) = args.script.as_deref().filter(|path| *path != Path::new(input::STDIN)) {
        check(path, endpoint.protocol)?;
    }
    let passed = args.passed.read(endpoint.port)?;
    let helo = host::helo(args.helo.as_deref())?.to_ascii().to_string();
    let is_live = args.script.is_none() && std::io::stdin().is_terminal();
    let ended = context.block_on(async {
        // Before a line is typed: a question in the middle of them would get one as its answer.
        let credentials = args.login.credentials(context, server).await?;
        if is_known && credentials.is_none() {
            return Err(Error::new(Kind::Usage, "nobody to log in as")
                .hint("name the user with --user or in the URL: imap://user@host"));
        }
        let tls = args.login.tls(Some(server))?;
        let way = args.login.way(context, server, tls.clone()).await?;
        let trace = context.trace()?;
        if let (Some(trace), Some(secret)) = (&trace, credentials.as_ref().and_then(|known| known.secret())) {
            trace.hide(secret);
        }
        let whom = Dial { endpoint, way: &way, trace: trace.as_ref().map(|to| (to, follow(endpoint.protocol))) };
        let dialled = dial(&*args.login.connect(Some(server))?, whom).await?;
        let screen = Screen {
            context,
            args,
            is_live,
            protocol: endpoint.protocol,
            begun: Instant::now(),
            lost: Cell::new(None),
            over: Notify::new(),
        };
        let party = Party {
            endpoint,
            tls,
            helo,
            credentials: credentials.as_ref(),
            passed: passed.as_ref(),
            patience: patience(way.limits.each),
            show: Box::new(|news| screen.show(news)),
            open: Box::new(input::content),
        };
        let converse = converse(args, wish.as_ref(), is_live, dialled, party);
        let ended = tokio::select! {
            ended = converse => ended,
            // Nobody sees what is said any more.
            () = screen.over.notified() => Ok(Ended::Well),
        };
        match screen.lost.take() {
            Some(lost) => Err(lost),
            None => ended,
        }
    })?;
    match ended {
        Ended::Well => Ok(Exit::OK),
        Ended::Unexpected { wanted, got } => {
            let got = got.as_deref().unwrap_or("nothing");
            context.warn(&terminal(&format!("expected {wanted}, and the last answer was: {got}")));
            Ok(Exit::PARTIAL)
        }
    }
}

/// Has the conversation.
async fn converse(
    args: &TalkArgs,
    wish: Option<&Wish>,
    is_live: bool,
    dialled: Dialled,
    party: Party<'_>,
) -> Result<Ended> {
    let mut talk = Talk::begin(dialled, party).await?;
    if let Some(wish) = wish
        && let Err(error) = talk.open_with(wish).await
    {
        let is_wanted = |wanted: &String| talk.is_open() && talk.is_as_expected(wanted);
        if !args.expect.as_ref().is_some_and(is_wanted) {
            return Err(error);
        }
        // That it is refused there is what was to be shown.
        talk.leave().await?;
        return Ok(Ended::Well);
    }
    let mut lines = lines(args.script.as_deref())?;
    let end: &[u8] = if args.lf { b"\n" } else { b"\r\n" };
    let ended = talk.go_on(Lines { from: &mut lines, is_live, end }).await;
    let ended = match (ended?, &args.expect) {
        (Ended::Well, Some(wanted)) if !talk.is_as_expected(wanted) => talk.unexpected(wanted),
        (ended, _) => ended,
    };
    talk.leave().await?;
    Ok(ended)
}

fn patience(told: Option<Duration>) -> Patience {
    Patience { each: told.unwrap_or(WAIT), last: told.unwrap_or(LAST_WAIT) }
}

/// A URL: a bare host does not say what is spoken there.
fn endpoint(text: &str) -> Result<Endpoint> {
    let wrong = |why: &str| Error::new(Kind::Usage, format!("{}: {why}", masked(text)));
    if !Endpoint::is_meant(text) {
        return Err(wrong("not a URL").hint("say what is spoken there, as in smtp://127.0.0.1:25 or imaps://host"));
    }
    Endpoint::parse(text).map_err(|error| match error {
        // Not repeated: standard error often ends in a log.
        EndpointError::Password => Error::new(Kind::Usage, error.to_string())
            .hint("name its source: --password-cmd, --password-env or --password-file"),
        _ => wrong(&error.to_string()),
    })
}

fn wish(args: &TalkArgs) -> Result<Option<Wish>> {
    let (phase, is_dropped) = match (args.until, args.drop_after) {
        (Some(phase), _) => (phase, false),
        (_, Some(phase)) => (phase, true),
        _ if args.from.is_some() || !args.rcpt.is_empty() || !args.xclient.is_empty() => {
            return Err(Error::new(Kind::Usage, "--from, --rcpt and --xclient are said on the way to a phase")
                .hint("name it: --until rcpt"));
        }
        _ => return Ok(None),
    };
    if phase < Phase::Tls && !args.xclient.is_empty() {
        return Err(Error::new(
            Kind::Usage,
            format!("XCLIENT is said behind EHLO and TLS, and not on the way to {phase}"),
        )
        .hint("name a later phase, as in --until tls"));
    }
    if phase >= Phase::Rcpt && args.rcpt.is_empty() {
        return Err(Error::new(Kind::Usage, format!("no recipient is named on the way to {phase}")).hint("give --rcpt"));
    }
    let wrong = |what: &str, text: &str| Error::new(Kind::Usage, format!("{what} {text}: not an address"));
    let from = args.from.clone().filter(|from| from != "<>").unwrap_or_default();
    ReversePath::parse(&format!("<{from}>")).map_err(|error| wrong("--from", &from).caused_by(error))?;
    for text in &args.rcpt {
        ForwardPath::parse(&format!("<{text}>")).map_err(|error| wrong("--rcpt", text).caused_by(error))?;
    }
    Ok(Some(Wish { phase, is_dropped, from, recipients: args.rcpt.clone(), client: args.xclient.clone() }))
}

/// Where the conversation is shown.
struct Screen<'a> {
    context: &'a Context,
    args: &'a TalkArgs,
    is_live: bool,
    protocol: Protocol,
    begun: Instant,
    /// Why nothing can be shown any more.
    lost: Cell<Option<Error>>,
    over: Notify,
}

impl Screen<'_> {
    /// Shows what happens: the transcript on standard output, the rest beside it.
    fn show(&self, news: News) {
        let context = self.context;
        let line = match news {
            News::Help(text) => return text.lines().for_each(|line| context.say(line)),
            News::Word(text) => return text.lines().for_each(|line| context.note(&terminal(line))),
            News::Warning(text) => return context.warn(&terminal(&text)),
            // Who has typed it sees it already.
            News::Entry(Entry::Line { side: Side::Client, .. } | Entry::Raw { side: Side::Client, .. })
                if self.is_live && !context.is_json() =>
            {
                return;
            }
            News::Entry(entry) => entry,
        };
        let ms = (self.begun.elapsed().as_secs_f64() * 10_000.0).round() / 10.0;
        let line = match (context.is_json(), self.args.times) {
            (true, _) => self.event(&line, ms),
            (false, true) => format!("[{ms:8.1}ms] {line}"),
            (false, false) => line.to_string(),
        };
        if let Err(error) = context.line(&line) {
            self.lost.set(Some(error));
            self.over.notify_one();
        }
    }
}

impl Screen<'_> {
    /// A line of the transcript, as one of a trace in JSON.
    fn event(&self, entry: &Entry, ms: f64) -> String {
        // What an entry prints, an event reads.
        let event = Event::from_text(&entry.to_string()).unwrap_or_else(|_| Event::new(1, Direction::Nobody));
        let proto = follow(self.protocol)().protocol().into();
        harmless_json(&Event { ms, proto, side: Some(Role::Client), ..event }.to_json())
    }
}

/// Looks through a script before anybody is talked to. One that is no ordinary file is read once, when it is said.
fn check(path: &Path, protocol: Protocol) -> Result<()> {
    let failed = |error| Error::input(path, error);
    let facts = std::fs::metadata(path).map_err(failed)?;
    if !facts.is_file() || facts.len() > CHECKED_MAX {
        return Ok(());
    }
    let script = std::fs::read(path).map_err(failed)?;
    let lines = script.split(|octet| *octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let has_messages = matches!(protocol, Protocol::Smtp | Protocol::Lmtp);
    mailkit::talk::check(lines, has_messages).map_err(|(number, error)| {
        let what = format!("line {number} of {}: {error}", path.display());
        Error::new(Kind::Usage, terminal(&what).into_owned())
    })
}

fn too_long(name: &Path) -> Error {
    Error::new(Kind::Data, format!("a line of {} has more than {LINE_MAX} octets", name.display()))
        .hint("what is that long is sent from a file, with .data")
}

/// Reads lines in a thread of its own, since nobody knows when the next one comes.
fn lines(script: Option<&Path>) -> Result<mpsc::Receiver<Result<Vec<u8>>>> {
    let (name, reader): (PathBuf, Box<dyn Read + Send>) = match script.filter(|path| path.as_os_str() != input::STDIN) {
        None => ("standard input".into(), Box::new(std::io::stdin())),
        Some(path) => {
            let failed = |error| Error::input(path, error);
            (path.to_owned(), Box::new(std::fs::File::open(path).map_err(failed)?))
        }
    };
    let (to, lines) = mpsc::channel(WAITING_MAX);
    let read = move || {
        let mut reader = BufReader::new(reader);
        loop {
            let mut line = Vec::new();
            // As many octets as a line may have, and its end.
            let read = reader.by_ref().take(LINE_MAX + 2).read_until(b'\n', &mut line);
            let line = match read {
                Ok(0) => return,
                Ok(_) => {
                    let end = if line.ends_with(b"\r\n") { 2 } else { usize::from(line.ends_with(b"\n")) };
                    line.truncate(line.len() - end);
                    // In parts it would be other words, each with an end that nobody typed.
                    match line.len() as u64 > LINE_MAX {
                        true => Err(too_long(&name)),
                        false => Ok(line),
                    }
                }
                Err(error) => Err(Error::input(&name, error)),
            };
            let is_over = line.is_err();
            if to.blocking_send(line).is_err() || is_over {
                return;
            }
        }
    };
    let started = std::thread::Builder::new().name("lines".into()).spawn(read);
    started.map_err(|error| Error::new(Kind::Temporary, "the system gives no threads").caused_by(error))?;
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_by_what_is_spoken_there() {
        for (text, is_good) in [
            ("smtp://127.0.0.1:2525", true),
            ("imaps://bob@imap.x.test", true),
            ("lmtp+unix:///run/lmtp", true),
            ("smtp+pipe:sendmail -bs", true),
            ("127.0.0.1:2525", false),
            ("http://x.test", false),
            ("smtp://bob:secret@x.test", false),
        ] {
            let read = endpoint(text);
            assert_eq!(read.is_ok(), is_good, "{text}");
            assert!(read.err().is_none_or(|error| !error.to_string().contains("secret")), "{text}");
        }
        assert_eq!(endpoint("pop3://x.test").map(|endpoint| endpoint.protocol).ok(), Some(Protocol::Pop3));
    }
}
