//! Many domains: a few looked up at once, printed in the order they were named, or as they come.
//!
//! Who is done early waits for those before, in a window that is bounded, so that a million names take no more room
//! than a thousand. What is ready is written at once, many lines by one call.

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use futures_util::{FutureExt, Stream, StreamExt};
use mailkit::error::Result;
use tokio::sync::Semaphore;

/// Results that wait for an earlier one, for each that is worked on.
const WINDOW: usize = 8;
/// Octets that are written together at most.
const TOGETHER: usize = 64 * 1024;

/// What came of one name.
#[derive(Debug)]
pub(super) struct Line {
    /// For standard output, with its line ends.
    pub(super) text: String,
    /// What the process would end with.
    pub(super) exit: Exit,
}

/// Works on all names, `jobs` at once, and prints. The worst exit counts.
pub(super) async fn run<N, F>(
    context: &Context,
    names: impl Stream<Item = N> + Unpin,
    work: impl Fn(N) -> F,
    (jobs, is_ordered): (usize, bool),
) -> Result<Exit>
where
    F: Future<Output = Result<Line>>,
{
    let at_once = Semaphore::new(jobs);
    let begun = names.map(|name| {
        let done = work(name);
        async {
            // It is never closed.
            let _permit = at_once.acquire().await;
            done.await
        }
    });
    let window = jobs.saturating_mul(WINDOW);
    match is_ordered {
        true => print(context, begun.buffered(window)).await,
        false => print(context, begun.buffer_unordered(jobs)).await,
    }
}

async fn print(context: &Context, lines: impl Stream<Item = Result<Line>>) -> Result<Exit> {
    let mut lines = std::pin::pin!(lines);
    let (mut worst, mut text) = (Exit::OK, String::new());
    loop {
        let next = match lines.next().now_or_never() {
            Some(next) if text.len() < TOGETHER => next,
            ready => {
                context.octets(text.as_bytes())?;
                text.clear();
                match ready {
                    Some(next) => next,
                    None => lines.next().await,
                }
            }
        };
        let Some(line) = next else { break };
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                context.octets(text.as_bytes())?;
                return Err(error);
            }
        };
        text.push_str(&line.text);
        if line.exit.code() > worst.code() {
            worst = line.exit;
        }
    }
    context.octets(text.as_bytes())?;
    Ok(worst)
}
