//! The order in which sequences are seen.

use data::seed;
use lm::Sequence;
use rand::seq::SliceRandom;

/// Batches of similar length, shuffled anew each epoch.
///
/// Sequences are shuffled, sorted by length within pools of 16 batches, cut into batches,
/// and the batches shuffled: little padding, yet no order by length over the epoch. The last,
/// smaller batch of an epoch is kept.
pub struct Batches<'a> {
    data: &'a [Sequence],
    batch: usize,
    seed: u64,
    epoch: usize,
    /// By their places in `data`.
    queue: Vec<Vec<usize>>,
}

/// Batches sorted by length together.
const POOL: usize = 16;

impl<'a> Batches<'a> {
    /// Endless batches of `batch` sequences.
    ///
    /// # Panics
    /// If `data` is empty or `batch` is 0.
    pub fn new(data: &'a [Sequence], batch: usize, seed: u64) -> Self {
        assert!(
            !data.is_empty() && batch > 0,
            "training needs sequences and a batch size"
        );
        Self {
            data,
            batch,
            seed,
            epoch: 0,
            queue: Vec::new(),
        }
    }

    /// Batches of one epoch.
    pub fn per_epoch(&self) -> usize {
        self.data.len().div_ceil(self.batch)
    }

    /// The same batches, as the places of their sequences in the data.
    pub fn places(mut self) -> impl Iterator<Item = Vec<usize>> {
        std::iter::repeat_with(move || self.next_places())
    }

    fn next_places(&mut self) -> Vec<usize> {
        loop {
            match self.queue.pop() {
                Some(places) => return places,
                None => self.refill(),
            }
        }
    }

    fn refill(&mut self) {
        let mut rng = seed::stream(self.seed, &["epoch", &self.epoch.to_string()]);
        self.epoch += 1;
        let mut order: Vec<usize> = (0..self.data.len()).collect();
        order.shuffle(&mut rng);
        for pool in order.chunks_mut(self.batch * POOL) {
            pool.sort_by_key(|place| self.data[*place].tokens.len());
        }
        self.queue = order.chunks(self.batch).map(<[_]>::to_vec).collect();
        self.queue.shuffle(&mut rng);
    }
}

impl<'a> Iterator for Batches<'a> {
    type Item = Vec<&'a Sequence>;

    fn next(&mut self) -> Option<Self::Item> {
        let places = self.next_places().into_iter();
        Some(places.map(|place| &self.data[place]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequences(count: usize) -> Vec<Sequence> {
        (0..count)
            .map(|i| Sequence {
                tokens: vec![i as u32; 1 + i * 7 % 13],
                context: 1,
            })
            .collect()
    }

    #[test]
    fn an_epoch_sees_everything_once() {
        let data = sequences(50);
        let mut batches = Batches::new(&data, 8, 1);
        for _ in 0..2 {
            let mut seen: Vec<u32> = (0..batches.per_epoch())
                .flat_map(|_| batches.next().unwrap())
                .map(|sequence| sequence.tokens[0])
                .collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..50).collect::<Vec<u32>>());
        }
    }

    #[test]
    fn places_are_those_of_the_batches() {
        let data = sequences(50);
        let places = Batches::new(&data, 8, 1).places().take(9);
        for (places, batch) in places.zip(Batches::new(&data, 8, 1)) {
            let found: Vec<&Sequence> = places.iter().map(|place| &data[*place]).collect();
            assert_eq!(found, batch);
        }
    }

    #[test]
    fn the_order_follows_the_seed() {
        let data = sequences(50);
        let order = |seed| -> Vec<u32> {
            Batches::new(&data, 4, seed)
                .take(5)
                .flatten()
                .map(|s| s.tokens[0])
                .collect()
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
    }
}
