//! `parse --decrypt`: what was encrypted is taken out of its envelope, and everything else is done with that.
//!
//! What comes out is a message of its own and nothing is put around it, so that no HTML of a stranger can carry it away
//! (the attacks called EFAIL). It stays in memory, unless attachments are saved. What was changed on the way is not shown.
//! RFC 3156 §4; RFC 8551 §3.3.

use super::driver::{Action, warn_of_limits};
use super::gnupg::{self, Done, Task};
use super::letter::Letter;
use super::sheet::Sheet;
use super::sources::{Reading, Source};
use super::verify::{Signed, Verifier};
use crate::cli::context::Context;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::view::Message;
use mailkit::reading::sealed::{self, Form, Scheme, Sealed};

/// Envelopes within each other that are opened.
const ENVELOPES_MAX: usize = 5;

/// Whether envelopes are opened.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Trust")]
pub(super) struct Decrypt {
    /// Take out what is encrypted with OpenPGP or S/MIME, by gpg and gpgsm, and show, save or verify that instead of the
    /// message around it. Exit code 1 if nothing is encrypted
    #[arg(long)]
    decrypt: bool,
}

impl Decrypt {
    /// The action within an envelope, if that was asked for.
    pub(super) fn within<'a>(
        &self,
        action: &'a dyn Action,
        verifier: Option<&'a Verifier<'a>>,
        reading: Reading,
        context: &'a Context,
    ) -> Option<Opener<'a>> {
        self.decrypt.then_some(Opener { action, verifier, reading, context })
    }
}

/// Does something with what is in the envelope.
pub(super) struct Opener<'a> {
    action: &'a dyn Action,
    verifier: Option<&'a Verifier<'a>>,
    reading: Reading,
    context: &'a Context,
}

impl Action for Opener<'_> {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let Some(first) = next(&letter.message) else {
            sheet.found_nothing();
            return Ok(());
        };
        let more = sealed::find(&letter.message).filter(Sealed::is_encrypted).count().saturating_sub(1);
        if more > 0 {
            sheet.warn(format!("{more} more parts are encrypted; the first is opened"));
        }
        let left = sealed::uncovered(&letter.message, &first);
        let is_said =
            |id: &&String| letter.message.part(id).is_some_and(|part| !part.media.is("application", "pgp-encrypted"));
        let left: Vec<&str> = left.iter().filter(is_said).map(String::as_str).collect();
        if !left.is_empty() {
            sheet.warn(format!("not encrypted, and not shown with what is: part {}", left.join(", ")));
        }
        let (mut octets, mut signed) = self.open(&letter.message, &first)?;
        for _ in 1..ENVELOPES_MAX {
            let opened = {
                let message = Message::parse_within(&octets, &self.reading.limits);
                match next(&message).filter(|sealed| is_whole(&message, sealed)) {
                    Some(sealed) => self.open(&message, &sealed)?,
                    None => break,
                }
            };
            octets = opened.0;
            signed.extend(opened.1);
        }
        signed.retain(Signed::has_signature);
        match self.verifier {
            Some(verifier) => verifier.unseals(&letter.message, signed)?,
            // Who reads the text wants to know who wrote it.
            None => signed.iter().for_each(|signed| {
                let lines = signed.lines();
                sheet.warn(lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join("; "));
            }),
        }
        let source = letter.source.opened(octets);
        let inner = Letter::of(&source, &self.reading);
        match inner.part() {
            Some(_) => {
                warn_of_limits(self.action, &inner, sheet);
                self.action.run(&inner, sheet)
            }
            None => {
                sheet.found_nothing();
                Ok(())
            }
        }
    }

    fn is_headed(&self) -> bool {
        self.action.is_headed()
    }

    fn needs_json(&self) -> bool {
        self.action.needs_json()
    }

    fn is_about_all(&self) -> bool {
        self.action.is_about_all()
    }

    fn picks(&self) -> bool {
        false
    }

    fn finish(&self, sheet: &mut Sheet) -> Result<()> {
        self.action.finish(sheet)
    }
}

impl Opener<'_> {
    /// The message in an envelope, and who signed it.
    fn open(&self, message: &Message<'_>, sealed: &Sealed) -> Result<(Vec<u8>, Vec<Signed>)> {
        let Some(part) = message.parts().get(sealed.part) else { return Err(closed(sealed, "it has no content")) };
        let content = message.content(part).content;
        let envelope = match &sealed.form {
            Form::EncryptedLines(lines) => content.get(lines.at.clone()).unwrap_or_default(),
            _ => &content,
        };
        let is_encrypted = sealed.is_encrypted();
        let (mut done, verified) = self.context.block_on(async {
            let done = gnupg::run(sealed.scheme, &Task::Open { envelope, is_encrypted }, self.context).await?;
            // Of what is only signed, the content comes out by one run and what its signatures are worth by another.
            let verified = match is_encrypted {
                true => None,
                false => Some(gnupg::run(sealed.scheme, &Task::Whole(envelope), self.context).await?),
            };
            Ok((done, verified))
        })?;
        if is_encrypted {
            check(&done, sealed)?;
        } else if done.content.is_empty() {
            return Err(closed(sealed, "nothing came out").caused_by(done.words));
        }
        let inner = sealed::opened(message, sealed, &std::mem::take(&mut done.content));
        let signed = Signed::of(message, sealed).unsealed(verified.unwrap_or(done));
        Ok((inner, vec![self.context.block_on(signed.with_owners(self.context))?]))
    }
}

/// The first thing that has to be opened before it can be read.
fn next(message: &Message<'_>) -> Option<Sealed> {
    sealed::find(message).find(|sealed| sealed.is_encrypted() || sealed.form == Form::SignedWhole)
}

/// Whether an envelope is all there is in a message: what stands beside one is not its content.
fn is_whole(message: &Message<'_>, sealed: &Sealed) -> bool {
    let root = message.root();
    sealed.part == root.index && !matches!(sealed.form, Form::EncryptedLines(_))
        || root.media.is("multipart", "encrypted")
}

/// Whether what came out may be shown: all of it, unchanged, from one envelope.
fn check(done: &Done, sealed: &Sealed) -> Result<()> {
    let is_open = match sealed.scheme {
        Scheme::Pgp => done.outcome.is_decrypted && done.outcome.plaintexts == 1,
        Scheme::Smime => done.is_success,
    };
    if is_open {
        return Ok(());
    }
    let what = match () {
        () if done.outcome.plaintexts > 1 => "there are several messages in it, glued together",
        () if !done.outcome.missing_keys.is_empty() => "the key to it is not here",
        () => "it cannot be decrypted, or was changed since it was encrypted",
    };
    let kind = if done.outcome.missing_keys.is_empty() { Kind::Data } else { Kind::Config };
    let error =
        Error::new(kind, format!("cannot open what is encrypted with {}", sealed.scheme.name())).caused_by(what);
    Err(if done.words.is_empty() { error } else { error.said(done.words.clone()) })
}

fn closed(sealed: &Sealed, why: &str) -> Error {
    Error::new(Kind::Data, format!("cannot open what is made with {}: {why}", sealed.scheme.name()))
}

impl Source {
    /// What was found in it, in its place.
    fn opened(&self, octets: Vec<u8>) -> Self {
        Self {
            path: self.path.clone(),
            index: self.index,
            offset: self.offset,
            size: octets.len() as u64,
            octets,
            flags: self.flags.clone(),
            is_in_mbox: false,
        }
    }
}
