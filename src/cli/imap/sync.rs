//! `mailkit imap sync`: mailboxes on a server and a tree of Maildirs become the same.
//!
//! What is done and in which order it is made safe is `sync`'s business.

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::login::{self, LoginArgs, Service};
use clap::ValueEnum;
use mailkit::account::state_dir;
use mailkit::endpoint::Endpoint;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::fingerprint::Digest;
use mailkit::message::safe::terminal;
use mailkit::net::clock::SystemClock;
use mailkit::net::entropy::SystemEntropy;
use mailkit::store::disk::RealDisk;
use mailkit::store::tree::Layout;
use mailkit::sync::{self, Conflict, Expunge, Kinds, Mirror, OnDelete, Place, Policy, Report, Side, Source};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bring the mailboxes of an IMAP server and a Maildir into agreement
///
/// New messages, flags, moves between folders and removals go both ways. What both sides agreed on is remembered, so that
/// each change is told from the other side's; a message that was moved is moved on the other side too, without being
/// transferred. A run that was interrupted anywhere loses nothing and doubles nothing.
///
/// INBOX is the Maildir itself, every other mailbox a directory in it (Maildir++), or a directory tree where the Maildir
/// is laid out so already. A message that was removed here is put into the mailbox for removed mail on the server, and one
/// that was removed there is kept below .mailkit/undo in the Maildir. If many messages of a folder, or all, are gone on
/// one side, nothing is removed on the other without --allow-mass-delete.
///
/// Nothing is printed when all is well, unless --json or -v asks for it. Ends with 0 if both sides agree, 1 if something
/// was left out, 75 if trying again may help, 77 if removals were held back, 78 if the Maildir is not the one that was
/// synchronised before.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit imap sync imap://bob@127.0.0.1:1143 --password-env PASSWORD --maildir Mail
  mailkit imap sync imap://bob@127.0.0.1:1143 --password-env PASSWORD --maildir Mail --pull --json
  mailkit imap sync imaps://bob@imap.example.org --password-cmd 'pass mail/bob' --maildir Mail --only new,flags")]
pub(super) struct Args {
    /// The server as a URL such as imaps://bob@imap.example.org, or an account of the configuration
    #[arg(value_name = "URL|ACCOUNT")]
    server: Option<String>,

    /// The root of the Maildirs; an account's own if not given
    #[arg(long, value_name = "DIR")]
    maildir: Option<PathBuf>,

    /// How folders lie in a Maildir that is made: .A.B, A/B, or A/B with what a file system may not like escaped
    #[arg(long, value_enum, default_value_t = LayoutArg::MaildirPlusPlus)]
    layout: LayoutArg,

    /// Where it is remembered what both sides agreed on; a file of the user's state directory if not given
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// Change nothing on the server
    #[arg(long, conflicts_with = "push")]
    pull: bool,

    /// Change nothing here
    #[arg(long)]
    push: bool,

    /// Only these kinds of changes
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KIND")]
    only: Vec<KindArg>,

    /// Remove nothing on either side
    #[arg(long)]
    no_delete: bool,

    /// What becomes of a message on the server whose file was removed
    #[arg(long, value_enum, default_value_t = OnDeleteArg::Trash, value_name = "WHAT")]
    on_delete: OnDeleteArg,

    /// Where messages that are flagged as deleted are removed for good
    #[arg(long, value_enum, default_value_t = ExpungeArg::None, value_name = "SIDE")]
    expunge: ExpungeArg,

    /// What wins if one side removed a message that the other has changed
    #[arg(long, value_enum, default_value_t = ConflictArg::EditsKeep, value_name = "RULE")]
    conflict: ConflictArg,

    /// Remove even if it looks like an accident; with a number, up to so many messages of a folder
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "18446744073709551615")]
    allow_mass_delete: Option<u64>,

    /// Look at all messages, whatever the server's counters say
    #[arg(long)]
    full: bool,

    #[command(flatten)]
    login: LoginArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LayoutArg {
    #[value(name = "maildir++")]
    MaildirPlusPlus,
    Verbatim,
    Escaped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KindArg {
    /// New messages, and moved ones
    New,
    /// Flags and keywords
    Flags,
    /// Removals
    Deletions,
    /// Folders that were made, renamed or removed
    Folders,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnDeleteArg {
    /// It goes where the server keeps removed mail
    Trash,
    /// It is removed for good
    Expunge,
    /// It is flagged as deleted
    Flag,
    /// Nothing
    Ignore,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExpungeArg {
    None,
    Here,
    There,
    Both,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ConflictArg {
    /// The removal
    DeleteWins,
    /// A change that says that somebody wants the message
    EditsKeep,
    /// The message stays in any case
    KeepWins,
}

impl Args {
    fn policy(&self) -> Policy {
        let is_meant = |kind| self.only.is_empty() || self.only.contains(&kind);
        let kinds = Kinds {
            new: is_meant(KindArg::New),
            flags: is_meant(KindArg::Flags),
            deletions: is_meant(KindArg::Deletions) && !self.no_delete,
            folders: is_meant(KindArg::Folders),
        };
        let mut policy = Policy {
            pull: if self.push { Kinds::NONE } else { kinds },
            push: if self.pull { Kinds::NONE } else { kinds },
            on_delete: match self.on_delete {
                OnDeleteArg::Trash => OnDelete::Trash,
                OnDeleteArg::Expunge => OnDelete::Expunge,
                OnDeleteArg::Flag => OnDelete::Flag,
                OnDeleteArg::Ignore => OnDelete::Ignore,
            },
            expunge: Expunge {
                here: matches!(self.expunge, ExpungeArg::Here | ExpungeArg::Both) && !self.push,
                there: matches!(self.expunge, ExpungeArg::There | ExpungeArg::Both) && !self.pull,
            },
            conflict: match self.conflict {
                ConflictArg::DeleteWins => Conflict::DeleteWins,
                ConflictArg::EditsKeep => Conflict::EditsKeep,
                ConflictArg::KeepWins => Conflict::KeepWins,
            },
            ..Policy::default()
        };
        policy.guard.allowed = self.allow_mass_delete.unwrap_or_default();
        policy
    }
}

/// What came of a run.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Object {
    schema: &'static str,
    /// 0 if both sides agree, 1 if something was left out, 77 if removals were held back.
    exit: u8,
    server: String,
    maildir: String,
    /// Folders that both sides have.
    folders: u64,
    /// Folders in which something may have changed on the server.
    looked_at: u64,
    /// Directories that were read.
    scanned: u64,
    /// Messages that came from the server.
    fetched: u64,
    fetched_octets: u64,
    /// Messages that went to the server.
    sent: u64,
    sent_octets: u64,
    /// Messages that both sides had already.
    paired: u64,
    /// Messages whose flags changed in the Maildir.
    flagged_here: u64,
    /// Messages whose flags changed on the server.
    flagged_there: u64,
    moved_here: u64,
    moved_there: u64,
    removed_here: u64,
    /// Messages that were expunged, flagged, or put where removed mail is kept, on the server.
    removed_there: u64,
    /// Copies of messages that were sent twice, removed again.
    ghosts: u64,
    /// Folders made, renamed or removed, on either side.
    folders_changed: u64,
    /// Messages that one side removed and gets back, because the other has changed them.
    revived: u64,
    /// Messages whose mailbox began a new life without them.
    stranded: u64,
    /// Messages that the server counts or lists and does not give.
    missing: u64,
    /// All that did not work.
    refusals: u64,
    /// The first of them.
    refused: Vec<Refused>,
    /// Removals that look like an accident, and were not carried out.
    held_back: Vec<HeldBack>,
}

/// Something that did not work.
#[derive(Debug, Serialize, JsonSchema)]
struct Refused {
    /// The mailbox or the directory; empty if nobody knows.
    folder: String,
    what: String,
    /// The words of the server, or of the system.
    text: String,
}

/// Removals that look like an accident.
#[derive(Debug, Serialize, JsonSchema)]
struct HeldBack {
    folder: String,
    side: SideName,
    removals: u64,
    /// Of so many messages.
    of: u64,
}

/// The side from which they would be removed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum SideName {
    Here,
    There,
}

impl Object {
    fn new(exit: Exit, endpoint: &Endpoint, maildir: &Path, report: &Report) -> Self {
        let refused = report.refused.iter().map(|refused| Refused {
            folder: refused.folder.clone(),
            what: refused.what.clone(),
            text: refused.text.clone(),
        });
        let held_back = report.suspicions.iter().map(|found| HeldBack {
            folder: found.folder.clone(),
            side: match found.side {
                Side::Here => SideName::Here,
                Side::There => SideName::There,
            },
            removals: found.removals,
            of: found.of,
        });
        Self {
            schema: "mailkit.imap-sync/2",
            exit: exit.code(),
            server: endpoint.authority(),
            maildir: maildir.to_string_lossy().into_owned(),
            folders: report.folders,
            looked_at: report.looked_at,
            scanned: report.scanned,
            fetched: report.fetched,
            fetched_octets: report.fetched_octets,
            sent: report.sent,
            sent_octets: report.sent_octets,
            paired: report.paired,
            flagged_here: report.flagged_here,
            flagged_there: report.flagged_there,
            moved_here: report.moved_here,
            moved_there: report.moved_there,
            removed_here: report.removed_here,
            removed_there: report.removed_there,
            ghosts: report.ghosts,
            folders_changed: report.folders_changed,
            revived: report.revived,
            stranded: report.stranded,
            missing: report.missing,
            refusals: report.refusals,
            refused: refused.collect(),
            held_back: held_back.collect(),
        }
    }
}

/// Brings them into agreement.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let server = login::server(context, args.server.as_deref(), Service::Imap)?;
    let of_account = || server.account.and_then(|(_, account)| account.maildir.clone());
    let maildir = args
        .maildir
        .clone()
        .or_else(of_account)
        .ok_or_else(|| Error::new(Kind::Usage, "nowhere to put the messages").hint("say where: --maildir DIR"))?;
    let endpoint = &server.endpoint;
    let report = context.block_on(async {
        let credentials = args.login.credentials(context, &server).await?.ok_or_else(|| {
            Error::new(Kind::Usage, "nobody to log in as")
                .hint("name the user with --user or in the URL: imap://user@host")
        })?;
        let name = login::source(&credentials, endpoint);
        // Opened first: a Maildir that cannot be used should not cost a conversation.
        let mut mirror = Mirror::open(place(args, &maildir, &name)?, &name).await?;
        let source = Source {
            endpoint,
            way: args.login.way(context, &server, args.login.tls(Some(&server))?).await?,
            credentials,
            trace: context.trace()?,
        };
        let session = sync::open(&*args.login.connect(Some(&server))?, source).await?;
        let bar = context.progress("synchronising", 0);
        let mut progress = |done: u64, all: u64| {
            bar.set_length(all);
            bar.set_position(done);
        };
        let result = mirror.sync(session, &name, &args.policy(), args.full, &mut progress).await;
        bar.finish_and_clear();
        result
    })?;
    tell(context, endpoint, &maildir, &report)
}

fn place(args: &Args, maildir: &Path, source: &str) -> Result<Place> {
    let state = match &args.state {
        Some(state) => state.clone(),
        None => {
            // The same directory under another name is the same.
            let absolute = std::path::absolute(maildir).unwrap_or_else(|_| maildir.to_owned());
            let root = absolute.canonicalize().unwrap_or(absolute);
            let name = Digest::of(format!("{source}\0{}", root.display()).as_bytes());
            state_dir()?.join("sync").join(format!("{name}.db"))
        }
    };
    Ok(Place {
        disk: Arc::new(RealDisk),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        maildir: maildir.to_owned(),
        layout: match args.layout {
            LayoutArg::MaildirPlusPlus => Layout::MaildirPlusPlus,
            LayoutArg::Verbatim => Layout::Verbatim,
            LayoutArg::Escaped => Layout::Escaped,
        },
        state: Some(state),
    })
}

fn tell(context: &Context, endpoint: &Endpoint, maildir: &Path, report: &Report) -> Result<Exit> {
    let exit = if !report.suspicions.is_empty() {
        Exit::from(Kind::NoPermission)
    } else if report.refusals > 0 || report.missing > 0 {
        Exit::PARTIAL
    } else {
        Exit::OK
    };
    if context.is_json() {
        context.object(&Object::new(exit, endpoint, maildir, report))?;
        return Ok(exit);
    }
    // The server's words are made safe here: a line end in a name would begin a line of its own.
    for refused in &report.refused {
        let (folder, text) = (terminal(&refused.folder), terminal(&refused.text));
        let of = if folder.is_empty() { String::new() } else { format!("{folder} of ") };
        context.complain(&format!("cannot {} ({of}{})\n  because: {text}", refused.what, endpoint.authority()));
    }
    let told = report.refused.len() as u64;
    if report.refusals > told {
        context.complain(&format!("and {} times more", report.refusals - told));
    }
    for found in &report.suspicions {
        let (where_, other) = match found.side {
            Side::Here => ("here", "on the server"),
            Side::There => ("on the server", "here"),
        };
        context.complain(&format!(
            "{} of {} messages of {} are gone {other}, and are not removed {where_}\n  if that is meant: --allow-mass-delete",
            found.removals,
            found.of,
            terminal(&found.folder),
        ));
    }
    if report.missing > 0 {
        context.complain(&format!(
            "{} lists messages and does not give them: {}\n  the next run asks for them again",
            endpoint.authority(),
            report.missing
        ));
    }
    if report.stranded > 0 {
        context.complain(&format!(
            "{} messages are in mailboxes of {} no more that began a new life; they stay here",
            report.stranded,
            endpoint.authority()
        ));
    }
    context.detail(&format!(
        "{}: {} folders; {} messages came ({} octets) and {} went ({} octets); flags changed {} here, {} there; \
         moved {} here, {} there; removed {} here, {} there",
        endpoint.authority(),
        report.folders,
        report.fetched,
        report.fetched_octets,
        report.sent,
        report.sent_octets,
        report.flagged_here,
        report.flagged_there,
        report.moved_here,
        report.moved_there,
        report.removed_here,
        report.removed_there
    ));
    Ok(exit)
}
