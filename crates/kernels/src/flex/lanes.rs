//! Lanes: each a thread with a pool of its own, so that what runs in one stays there.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// One pool for each lane, made when first needed.
static POOLS: Mutex<Vec<Arc<ThreadPool>>> = Mutex::new(Vec::new());

/// Applies `f` to every item, `lanes` at once at most.
pub(crate) fn run<T: Send, R: Send>(
    lanes: usize,
    items: Vec<T>,
    f: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let count = items.len();
    let queue = Mutex::new(items.into_iter().enumerate());
    let results: Mutex<Vec<Option<R>>> = Mutex::new((0..count).map(|_| None).collect());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    std::thread::scope(|scope| {
        for pool in pools(lanes.min(count)) {
            let work = || {
                while let Some((at, item)) = next() {
                    let result = f(item);
                    results.lock().unwrap_or_else(PoisonError::into_inner)[at] = Some(result);
                }
            };
            scope.spawn(move || pool.install(work));
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    let all: Option<Vec<R>> = results.into_iter().collect();
    all.expect("the scope ends when every item is through, or panics")
}

/// Pools of one thread, where burn's and our own operations run without sharing.
fn pools(count: usize) -> Vec<Arc<ThreadPool>> {
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    while pools.len() < count {
        let lane = pools.len();
        let pool = ThreadPoolBuilder::new()
            .num_threads(1)
            .thread_name(move |_| format!("lane-{lane}"))
            .build()
            .expect("the system lets a process start as many threads as it has processors");
        pools.push(Arc::new(pool));
    }
    pools[..count].to_vec()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn results_come_in_order_whatever_the_lanes() {
        for lanes in 1..5 {
            let items: Vec<usize> = (0..23).collect();
            let squares = run(lanes, items, |i| i * i);
            assert_eq!(squares, (0..23).map(|i| i * i).collect::<Vec<_>>());
        }
    }

    #[test]
    fn two_lanes_are_under_way_at_once() {
        let barrier = Barrier::new(2);
        let leaders = run(2, vec![(), ()], |()| barrier.wait().is_leader());
        assert_eq!(leaders.iter().filter(|&&leader| leader).count(), 1);
    }

    #[test]
    fn inside_a_lane_nothing_is_shared_out() {
        let threads = run(2, vec![(), ()], |()| rayon::current_num_threads());
        assert_eq!(threads, [1, 1]);
    }

    #[test]
    #[should_panic(expected = "scoped thread panicked")]
    fn a_panic_is_passed_on() {
        run(2, vec![1, 2, 3], |i| assert_ne!(i, 2));
    }
}
