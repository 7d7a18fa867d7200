//! What never leaves the machine, tried on the whole way from arguments to octets.

use super::super::context::Context;
use super::super::globals::Globals;
use super::compose::{Outgoing, compose};
use super::content::ContentArgs;
use super::people::{LocalNames, Named};
use clap::Parser;
use mailkit::error::Result;
use mailkit::net::clock::SystemClock;
use mailkit::net::entropy::SystemEntropy;
use proptest::prelude::*;
use rustix::fs::{MemfdFlags, memfd_create};
use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Messages that are generated.
const CASES: u32 = 10_000;
/// The domain of all who must not be seen.
const BLIND: &str = "blind.example";

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    globals: Globals,
    #[command(flatten)]
    content: ContentArgs,
}

/// Composes with arguments that are changed after they were read: reading them takes longer than all the rest.
fn composed(change: impl FnOnce(&mut ContentArgs)) -> Result<Outgoing> {
    static READ: LazyLock<(ContentArgs, Context)> = LazyLock::new(|| {
        let line = ["send", "--quiet", "--no-input", "-f", "alice@crepes.example", "bob@hamburger.example"];
        let line = Line::try_parse_from(line).expect("arguments that clap takes");
        (line.content, Context::new("send", line.globals))
    });
    let mut content = READ.0.clone();
    change(&mut content);
    let people = Named::new(&content)?.complete(LocalNames::new(&content, None))?;
    compose(&content, people, &READ.1, None, &SystemClock, &SystemEntropy)
}

/// Addresses that nobody may see, as a field body has them.
fn hidden() -> impl Strategy<Value = String> {
    let one = prop_oneof![
        Just(format!("secret@{BLIND}")),
        Just(format!("Secret Agent <secret@{BLIND}>")),
        Just(format!("\"Agent, Secret\" <secret@{BLIND}>")),
        Just(format!("(who?) secret@{BLIND}")),
        Just(format!("=?utf-8?q?S=C3=A9cret?= <secret@{BLIND}>")),
        Just(format!("agents: one@{BLIND}, two@{BLIND};")),
        Just(format!("sécret@{BLIND}")),
    ];
    (proptest::collection::vec(one, 1..4), prop_oneof![Just(", "), Just(",\n "), Just("\n\t,\n  "), Just(",")])
        .prop_map(|(all, between)| all.join(between))
}

/// A piece of a header section.
fn piece() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("Bcc"),
        Just("BCC"),
        Just("bcc"),
        Just("bCc"),
        Just("Resent-Bcc"),
        Just("resent-bcc"),
        Just("RESENT-BCC"),
    ];
    let gap = prop_oneof![Just(":"), Just(": "), Just(" :"), Just("\t: "), Just(":\n "), Just(":\n\t\n ")];
    let broken = prop_oneof![Just("Bcc\n : "), Just("resent-bcc\n\t:"), Just("junk\n Bcc: "), Just("junk\n\tBCC :")];
    prop_oneof![
        4 => (name, gap, hidden()).prop_map(|(name, gap, hidden)| format!("{name}{gap}{hidden}\n")),
        1 => (broken, hidden()).prop_map(|(broken, hidden)| format!("{broken}{hidden}\n")),
        1 => Just("To: bob@hamburger.example\n".to_owned()),
        1 => Just("Cc: carol@hamburger.example,\n dave@hamburger.example\n".to_owned()),
        1 => Just("Subject: Crepes\n  and more\n".to_owned()),
        1 => Just("Resent-To: bob@hamburger.example\n".to_owned()),
        1 => prop_oneof![
            Just("a line that is none\n"), Just(" \n"), Just("\tmore\n"), Just(": no name\n"),
            Just("From mbox Thu Jan  1\n"), Just("caf\u{e9}: no name\n"), Just("X-Long: y\n"), Just("=\n"),
        ].prop_map(str::to_owned),
    ]
}

/// Messages that were not refused, and all.
static SENT: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_blind_copy_is_ever_seen_by_anybody_else(
        (mode, end, plain) in (0..3u8, 0..4u8, any::<bool>()),
        first in prop_oneof![4 => Just("From: alice@crepes.example\n"), 1 => Just("\u{feff}From: a@b.example\n"), 1 => Just("")],
        pieces in proptest::collection::vec(piece(), 0..7),
        hidden in hidden(),
    ) {
        let message = format!("{first}{}\nThe text\n", pieces.concat());
        let (message, fix) = match end {
            0 => (message, false),
            1 => (message.replace('\n', "\r\n"), false),
            2 => (message.replace('\n', "\r"), true),
            _ => (message.replacen('\n', "\r\n", 3), false),
        };
        let sent = if mode == 0 {
            composed(|args| {
                (args.body, args.subject) = (Some("The text".to_owned()), Some("Crepes".to_owned()));
                args.bcc = vec![hidden.replace('\n', " ")];
            })
        } else {
            // So many files would keep a disk busy; this one lies in memory.
            let mut file = File::from(memfd_create("message", MemfdFlags::CLOEXEC).expect("memory"));
            file.write_all(message.as_bytes()).expect("written");
            let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
            composed(|args| {
                args.message = Some(path);
                (args.read_recipients, args.fix, args.no_fixups) = (mode == 1, fix, plain);
            })
        };
        // What is refused is seen by nobody.
        if let Ok(sent) = sent {
            let octets = sent.content.to_vec().expect("it can be read");
            prop_assert!(!String::from_utf8_lossy(&octets).contains(BLIND), "{}", octets.escape_ascii());
            SENT[0].fetch_add(1, Ordering::Relaxed);
        }
        // A test in which all is refused would show nothing.
        if SENT[1].fetch_add(1, Ordering::Relaxed) + 1 == CASES {
            prop_assert!(SENT[0].load(Ordering::Relaxed) > CASES / 2);
        }
    }
}
