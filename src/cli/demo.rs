//! `mailkit demo`: the seed story, told stage by stage.

use super::context::Context;
use super::exit::Exit;
use mailkit::demo::{Stage, play};
use mailkit::error::{Error, Kind, Result};

/// Watch a mail travel from Alice to Bob and back, over two real servers in this process
///
/// Submission, queue, MX lookup, relay, POP3 and IMAP, a reply, two bounces: each stage is played on loopback
/// with its conversation, and checked. Nothing is left behind. Ends with 0 if every stage held, else with 70.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit demo
  mailkit demo --json | jq .title")]
pub(super) struct Args {}

/// Plays and prints.
pub(super) fn run(_: &Args, context: &Context) -> Result<Exit> {
    let all_held = context.block_on_all_cores(play(|stage| print(stage, context)))?;
    if all_held {
        return Ok(Exit::OK);
    }
    Err(Error::new(Kind::Software, "a stage of the story did not hold"))
}

fn print(stage: &Stage, context: &Context) -> Result<()> {
    if context.is_json() {
        return context.object(stage);
    }
    context.line(&format!("\n{}. {}", stage.number, stage.title))?;
    for line in &stage.conversation {
        context.line(&format!("     {}", mailkit::message::safe::terminal(line)))?;
    }
    for fact in &stage.facts {
        let mark = if fact.held { '✓' } else { '✗' };
        context.line(&format!("   {mark} {}", mailkit::message::safe::terminal(&fact.text)))?;
    }
    Ok(())
}
