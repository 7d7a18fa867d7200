//! Several threads that do the same with many items, and give what comes of it back in the order of the items.
//!
//! Items go out in batches, small enough to be shared out evenly and large enough that handing them over costs nothing
//! beside the work. Not more than a few batches are under way, nor more than they may weigh together, so that whoever
//! reads the output slowly holds up the reading of the input, and not the memory. Threads begin when there is work for
//! them: a single batch never sees one.
//! Knows nothing of messages.

use mailkit::error::{Error, Kind, Result};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;

/// Items of one batch.
const ITEMS_MAX: usize = 16;
/// What the items of one batch weigh; one that is heavier goes alone.
const WEIGHT_MAX: usize = 512 * 1024;
/// What all batches under way weigh; one that is heavier is worked on when no other is under way.
const LOAD_MAX: usize = 64 * 1024 * 1024;

/// What is to be done with an item. Each thread has its own `Tools`, which need not be made anew for every item.
pub(super) struct Craft<'c, I, O, T> {
    /// Does it.
    pub(super) work: &'c (dyn Fn(I, &mut T) -> O + Sync),
    /// How much there is to do with an item.
    pub(super) weigh: &'c (dyn Fn(&I) -> usize + Sync),
    /// Threads.
    pub(super) jobs: usize,
}

/// Items, and where to put what comes of them.
type Batch<I, O> = (Vec<I>, Sender<Vec<O>>);

/// A batch that was given away: what it weighs, and from where its results come.
struct Given<O> {
    weight: usize,
    made: Receiver<Vec<O>>,
}

/// The threads at work.
pub(super) struct Crew<'s, 'c, I, O, T> {
    scope: &'s Scope<'s, 'c>,
    craft: &'c Craft<'c, I, O, T>,
    orders: SyncSender<Batch<I, O>>,
    queue: Arc<Mutex<Receiver<Batch<I, O>>>>,
    started: usize,
    /// What the batches under way weigh.
    load: usize,
    tools: T,
}

impl<'s, 'c, I: Send + 's, O: Send + 's, T: Default> Crew<'s, 'c, I, O, T>
where
    'c: 's,
{
    /// A crew whose threads end with the scope.
    pub(super) fn new(scope: &'s Scope<'s, 'c>, craft: &'c Craft<'c, I, O, T>) -> Self {
        let (orders, queue) = sync_channel(craft.jobs * 2 + 1);
        Self { scope, craft, orders, queue: Arc::new(Mutex::new(queue)), started: 0, load: 0, tools: T::default() }
    }

    /// Works on all items; `each` is given what came of them, in their order. It may have the crew work on more items
    /// before the next one.
    pub(super) fn run(
        &mut self,
        items: Box<dyn Iterator<Item = I> + Send>,
        each: &mut dyn FnMut(&mut Self, Vec<O>) -> Result<()>,
    ) -> Result<()> {
        let mut under_way: VecDeque<Given<O>> = VecDeque::new();
        let mut items = items.peekable();
        let mut size = 1;
        while let Some((batch, weight)) = self.batch(&mut items, size) {
            // The first batches are small, so that a few large files are shared out, too.
            size = (size * 2).min(ITEMS_MAX);
            let is_heavy = weight > LOAD_MAX;
            while let Some(oldest) = under_way.pop_front_if(|_| self.load.saturating_add(weight) > LOAD_MAX) {
                self.settle(oldest, each)?;
            }
            // What is heavy is done before the next one is even looked at.
            if under_way.is_empty() && (is_heavy || items.peek().is_none()) {
                let made = batch.into_iter().map(|item| (self.craft.work)(item, &mut self.tools)).collect();
                each(self, made)?;
                continue;
            }
            if under_way.len() > self.craft.jobs * 2
                && let Some(oldest) = under_way.pop_front()
            {
                self.settle(oldest, each)?;
            }
            under_way.push_back(self.give(batch, weight)?);
        }
        while let Some(oldest) = under_way.pop_front() {
            self.settle(oldest, each)?;
        }
        Ok(())
    }

    /// Items to be worked on by one thread, and what they weigh.
    fn batch(&self, items: &mut impl Iterator<Item = I>, size: usize) -> Option<(Vec<I>, usize)> {
        let mut batch = vec![items.next()?];
        let mut weight = (self.craft.weigh)(&batch[0]);
        while batch.len() < size && weight < WEIGHT_MAX {
            let Some(item) = items.next() else { break };
            weight = weight.saturating_add((self.craft.weigh)(&item));
            batch.push(item);
        }
        Some((batch, weight))
    }

    fn give(&mut self, batch: Vec<I>, weight: usize) -> Result<Given<O>> {
        if self.started < self.craft.jobs {
            self.started += 1;
            let (queue, craft) = (Arc::clone(&self.queue), self.craft);
            self.scope.spawn(move || serve(&queue, craft));
        }
        let (sender, made) = channel();
        self.orders.send((batch, sender)).map_err(|_| lost())?;
        self.load += weight;
        Ok(Given { weight, made })
    }

    fn settle(&mut self, given: Given<O>, each: &mut dyn FnMut(&mut Self, Vec<O>) -> Result<()>) -> Result<()> {
        let made = given.made.recv().map_err(|_| lost())?;
        each(self, made)?;
        self.load -= given.weight;
        Ok(())
    }
}

/// What a thread does until there are no more orders.
fn serve<I, O, T: Default>(queue: &Mutex<Receiver<Batch<I, O>>>, craft: &Craft<'_, I, O, T>) {
    let mut tools = T::default();
    loop {
        // Nobody panics while holding it.
        let order = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((batch, sender)) = order else { return };
        let made = batch.into_iter().map(|item| (craft.work)(item, &mut tools)).collect();
        // Whoever asked may have ended with an error meanwhile.
        let _ = sender.send(made);
    }
}

/// A thread has ended before its time, with a panic that was told.
fn lost() -> Error {
    Error::new(Kind::Software, "a thread was lost")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// What comes of so many items with so many threads; each tenth has two more behind it.
    fn made(count: usize, jobs: usize) -> Vec<usize> {
        let work = |item: usize, seen: &mut usize| {
            *seen += 1;
            if item.is_multiple_of(7) {
                std::thread::yield_now();
            }
            item
        };
        let craft = Craft { work: &work, weigh: &|item| item * 1_000, jobs };
        let mut found = Vec::new();
        std::thread::scope(|scope| {
            let mut crew = Crew::new(scope, &craft);
            crew.run(Box::new(0..count), &mut |crew, made| {
                for item in made {
                    found.push(item);
                    if item % 10 == 9 {
                        crew.run(Box::new([1000, 1001].into_iter()), &mut |_, made| {
                            found.extend(made);
                            Ok(())
                        })?;
                    }
                }
                Ok(())
            })
        })
        .expect("all is well");
        found
    }

    #[test]
    fn what_comes_of_items_comes_in_their_order_however_many_work() {
        for count in [0, 1, 2, 9, 10, 11, 1000] {
            let behind = |item| if item % 10 == 9 { vec![item, 1000, 1001] } else { vec![item] };
            let wanted: Vec<usize> = (0..count).flat_map(behind).collect();
            for jobs in [1, 2, 3, 16] {
                assert_eq!(made(count, jobs), wanted, "{count} by {jobs}");
            }
        }
    }

    #[test]
    fn no_more_is_read_than_is_worked_on() {
        let work = |item: usize, (): &mut ()| item;
        let craft = Craft { work: &work, weigh: &|_| WEIGHT_MAX, jobs: 2 };
        let read = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&read);
        let failed = std::thread::scope(|scope| {
            let items = (0..1000).inspect(move |_| *counted.lock().expect("not poisoned") += 1);
            let stop = |_: &mut Crew<'_, '_, usize, usize, ()>, _| Err(Error::new(Kind::Io, "nobody reads this"));
            Crew::new(scope, &craft).run(Box::new(items), &mut { stop })
        });
        assert!(failed.is_err());
        let read = *read.lock().expect("not poisoned");
        assert!(read < 10, "{read}");
    }

    #[test]
    fn what_is_held_weighs_no_more_than_may_be_under_way_and_one_heavy_item() {
        const HEAVY: usize = 8 * LOAD_MAX;
        let work = |item: usize, (): &mut ()| item;
        let craft = Craft { work: &work, weigh: &|item| *item, jobs: 16 };
        let (held, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (now, seen) = (Arc::clone(&held), Arc::clone(&most));
        let weights = [1, HEAVY, HEAVY, LOAD_MAX / 3, LOAD_MAX, 1000, LOAD_MAX / 2].into_iter().cycle().take(700);
        let made = std::thread::scope(|scope| {
            let items = weights.clone().inspect(move |weight| {
                seen.fetch_max(now.fetch_add(*weight, Ordering::Relaxed) + weight, Ordering::Relaxed);
            });
            let mut all = Vec::new();
            let settled = Crew::new(scope, &craft).run(Box::new(items), &mut |_, made| {
                held.fetch_sub(made.iter().sum(), Ordering::Relaxed);
                all.extend(made);
                Ok(())
            });
            settled.map(|()| all)
        });
        assert_eq!(made.expect("all is well"), weights.collect::<Vec<_>>());
        let most = most.load(Ordering::Relaxed);
        assert!(most <= HEAVY + 2 * LOAD_MAX, "{most}");
    }
}
