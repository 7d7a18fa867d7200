//! Many domains: a few looked up at once, printed in the order they were named, or as they come.
//!
//! Who is done early waits for those before, in a window that is bounded, so that a million names take no more room
//! than a thousand. What is ready is written at once, many lines by one call.

use super::tally::Tally;
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
    /// Whether this is a page, with a blank line between it and the one that is printed before it.
    pub(super) is_page: bool,
    /// What the process would end with.
    pub(super) exit: Exit,
}

/// Works on all names, `jobs` at once, hands out what is to be printed, and counts how each ended.
pub(super) async fn run<N, F>(
    names: impl Stream<Item = N> + Unpin,
    work: impl Fn(N) -> F,
    (jobs, is_ordered): (usize, bool),
    print: impl FnMut(&str) -> Result<()>,
) -> Result<Tally>
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
        true => print_all(begun.buffered(window), print).await,
        false => print_all(begun.buffer_unordered(jobs), print).await,
    }
}

async fn print_all(
    lines: impl Stream<Item = Result<Line>>,
    mut print: impl FnMut(&str) -> Result<()>,
) -> Result<Tally> {
    let mut lines = std::pin::pin!(lines);
    let (mut tally, mut text, mut is_begun) = (Tally::default(), String::new(), false);
    loop {
        let next = match lines.next().now_or_never() {
            Some(next) if text.len() < TOGETHER => next,
            ready => {
                print(&text)?;
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
                print(&text)?;
                return Err(error);
            }
        };
        // Here, where their order is known: who is done first is not always printed first.
        if line.is_page && std::mem::replace(&mut is_begun, true) {
            text.push('\n');
        }
        text.push_str(&line.text);
        tally.add(line.exit);
    }
    print(&text)?;
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use super::super::object::exit;
    use super::*;
    use mailkit::address::Domain;
    use mailkit::error::{Error, Kind};
    use mailkit::net::zone::Zone;
    use mailkit::probe::{Level, look_up};
    use std::cell::{Cell, RefCell};
    use std::time::Duration;

    const DONE: Line = Line { text: String::new(), is_page: false, exit: Exit::OK };

    #[tokio::test(start_paused = true)]
    async fn results_keep_their_order_in_a_window_that_is_bounded() {
        for is_ordered in [true, false] {
            let (busy, most, begun, printed) = (Cell::new(0), Cell::new(0), Cell::new(0), RefCell::new(String::new()));
            let names = futures_util::stream::iter(0..1000_u64).inspect(|_| begun.set(begun.get() + 1));
            let work = |number: u64| {
                let (busy, most, begun, printed) = (&busy, &most, &begun, &printed);
                async move {
                    busy.set(busy.get() + 1);
                    most.set(busy.get().max(most.get()));
                    // One in a hundred takes its time, and those behind it wait to be printed.
                    tokio::time::sleep(Duration::from_millis(if number.is_multiple_of(100) {
                        500
                    } else {
                        1 + number % 7
                    }))
                    .await;
                    busy.set(busy.get() - 1);
                    let waiting = begun.get() - printed.borrow().lines().count();
                    assert!(waiting <= 10 * WINDOW + TOGETHER / 1024 + 2, "{waiting}");
                    Ok(Line { text: format!("{number:01023}\n"), ..DONE })
                }
            };
            let print = |text: &str| {
                printed.borrow_mut().push_str(text);
                Ok(())
            };
            let tally = run(Box::pin(names), work, (10, is_ordered), print).await.expect("it ends");
            let printed = printed.take();
            let mut numbers: Vec<u64> = printed.lines().map(|line| line.parse().expect("a number")).collect();
            assert_eq!(numbers.is_sorted(), is_ordered);
            numbers.sort_unstable();
            assert!(numbers.into_iter().eq(0..1000) && tally.exit() == Exit::OK && most.get() == 10);
        }
    }

    #[tokio::test]
    async fn many_domains_end_with_the_code_of_what_lasts() {
        let mut zone = String::from("$ORIGIN cases.test.\nmx A 192.0.2.1\nnone MX 0 .\n");
        (0..500).for_each(|number| zone.push_str(&format!("h{number} MX 10 mx\n")));
        let zone = Zone::parse(&zone).expect("a zone");
        let mut names: Vec<String> = (0..500).map(|number| format!("h{number}.cases.test")).collect();
        names.push("none.cases.test".to_owned());
        let work = |name: String| {
            let zone = &zone;
            async move {
                let report = look_up(zone, &Domain::parse(&name).expect("a name")).await;
                Ok(Line { text: format!("{}\n", report.ascii), exit: exit(&report, Level::Error), ..DONE })
            }
        };
        let printed = RefCell::new(String::new());
        let print = |text: &str| {
            printed.borrow_mut().push_str(text);
            Ok(())
        };
        let tally = run(futures_util::stream::iter(names.clone()), work, (20, true), print).await.expect("it ends");
        assert_eq!(tally.exit().code(), 68);
        assert_eq!(tally.sentence("without mail"), "501 domains: 500 good, 1 without mail");
        assert!(printed.take().lines().eq(names.iter().map(String::as_str)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_blank_line_stands_between_pages_whoever_is_done_first() {
        for (is_ordered, wanted) in [(true, "40\n\n10\n\n30\n\n20\n"), (false, "10\n\n20\n\n30\n\n40\n")] {
            let printed = RefCell::new(String::new());
            let work = |wait: u64| async move {
                tokio::time::sleep(Duration::from_millis(wait)).await;
                // A line that named nothing has been told elsewhere.
                let text = if wait == 5 { String::new() } else { format!("{wait}\n") };
                Ok(Line { text, is_page: wait != 5, ..DONE })
            };
            let print = |text: &str| {
                printed.borrow_mut().push_str(text);
                Ok(())
            };
            let names = futures_util::stream::iter([5, 40, 10, 5, 30, 20]);
            run(names, work, (10, is_ordered), print).await.expect("it ends");
            assert_eq!(printed.take(), wanted);
        }
    }

    #[tokio::test]
    async fn what_was_ready_is_printed_before_the_end_that_a_failure_makes() {
        let work = |number: u8| async move {
            match number {
                3 => Err(Error::new(Kind::NoInput, "gone")),
                _ => Ok(Line { text: format!("{number}\n"), ..DONE }),
            }
        };
        let printed = RefCell::new(String::new());
        let print = |text: &str| {
            printed.borrow_mut().push_str(text);
            Ok(())
        };
        let end = run(futures_util::stream::iter(0..9), work, (2, true), print).await;
        assert_eq!((end.map_err(|error| error.kind()), printed.take().as_str()), (Err(Kind::NoInput), "0\n1\n2\n"));
    }
}
