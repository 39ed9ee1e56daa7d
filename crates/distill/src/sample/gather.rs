//! Replies that come in any order, put together by problem.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::vec::IntoIter;

use data::{Answers, Ask, Problem, Reply, Unanswered};

use super::SampleError;

/// A problem and how it is asked.
pub(crate) struct Plan<T> {
    pub(crate) problem: Problem,
    /// At least one, each with a number of its own.
    pub(crate) asks: Vec<Ask>,
    /// Whatever is wanted back with it.
    pub(crate) with: T,
}

/// A problem and what was said to it.
pub(crate) struct Gathered<T> {
    /// The place of its plan.
    pub(crate) at: usize,
    pub(crate) problem: Problem,
    pub(crate) with: T,
    /// By the number of the sample.
    pub(crate) replies: Vec<(u32, Result<Reply, Unanswered>)>,
}

/// Problems under way.
struct Open<T> {
    groups: HashMap<String, (usize, Gathered<T>)>,
    /// Hashes of all ids; of 64 bits, so that among a million a wrong one is as likely as one in 10⁷.
    seen: HashSet<u64>,
    twice: Option<String>,
}

struct Asks<'a, T> {
    plans: &'a mut (dyn Iterator<Item = Plan<T>> + Send),
    at: usize,
    open: &'a Mutex<Open<T>>,
    current: IntoIter<Ask>,
}

impl<T> Iterator for Asks<'_, T> {
    type Item = Ask;

    fn next(&mut self) -> Option<Ask> {
        loop {
            if let Some(ask) = self.current.next() {
                return Some(ask);
            }
            if lock(self.open).twice.is_some() {
                return None;
            }
            let plan = self.plans.next()?;
            let mut hasher = DefaultHasher::new();
            plan.problem.id.hash(&mut hasher);
            let mut open = lock(self.open);
            if !open.seen.insert(hasher.finish()) {
                open.twice = Some(plan.problem.id);
                return None;
            }
            let id = plan.problem.id.clone();
            let gathered = Gathered {
                at: self.at,
                problem: plan.problem,
                with: plan.with,
                replies: Vec::with_capacity(plan.asks.len()),
            };
            open.groups.insert(id, (plan.asks.len(), gathered));
            self.at += 1;
            self.current = plan.asks.into_iter();
        }
    }
}

/// Asks what `plans` say, and gives each problem when it is complete.
pub(crate) fn gather<T: Send>(
    plans: &mut (dyn Iterator<Item = Plan<T>> + Send),
    teacher: &dyn Answers,
    each: &mut dyn FnMut(Gathered<T>) -> ControlFlow<()>,
) -> Result<(), SampleError> {
    let open = Mutex::new(Open {
        groups: HashMap::new(),
        seen: HashSet::new(),
        twice: None,
    });
    let mut asks = Asks {
        plans,
        at: 0,
        open: &open,
        current: Vec::new().into_iter(),
    };
    let mut left = false;
    let outcome = teacher.answer(&mut asks, &mut |ask, reply| {
        let Some(mut gathered) = complete(&mut lock(&open), ask, reply) else {
            return ControlFlow::Continue(());
        };
        gathered.replies.sort_by_key(|(sample, _)| *sample);
        let flow = each(gathered);
        left |= flow.is_break();
        flow
    });
    outcome.map_err(SampleError::Teacher)?;
    let open = open.into_inner().unwrap_or_else(PoisonError::into_inner);
    match open.twice {
        Some(id) => Err(SampleError::SameId { id }),
        None if !left && !open.groups.is_empty() => Err(SampleError::LeftOut {
            problems: open.groups.len(),
        }),
        None => Ok(()),
    }
}

/// Adds a reply, and takes its problem out if that was the last.
fn complete<T>(
    open: &mut Open<T>,
    ask: Ask,
    reply: Result<Reply, Unanswered>,
) -> Option<Gathered<T>> {
    let (wanted, gathered) = open.groups.get_mut(&ask.id)?;
    gathered.replies.push((ask.sample, reply));
    let done = gathered.replies.len() == *wanted;
    done.then(|| open.groups.remove(&ask.id))?
        .map(|(_, gathered)| gathered)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
