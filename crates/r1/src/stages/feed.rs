//! What next-token training reads, batch by batch, and how it is found again in the midst.

use anyhow::{Context, Result};
use lm::Sequence;
use serde_json::{Value, json};
use sft::Batches;

/// Batches without end.
pub(super) trait Feed {
    /// The next batch.
    ///
    /// # Errors
    /// There is nothing left to read.
    fn next(&mut self) -> Result<Vec<Sequence>>;

    /// What a person knows sequence `at` of the last batch by.
    fn name(&self, at: usize) -> String;

    /// Tokens of the longest sequence there is.
    fn longest(&self) -> usize;

    /// All it takes to go on with the very next batch.
    fn position(&self) -> Value;

    /// Goes on from what [`position`](Self::position) said, from the beginning.
    ///
    /// # Errors
    /// It was said by another feed.
    fn seek(&mut self, position: Value) -> Result<()>;
}

/// Sequences at hand, shuffled anew each epoch.
pub(super) struct Shuffled<'a> {
    sequences: &'a [Sequence],
    batches: Batches<'a>,
    last: Vec<&'a Sequence>,
    drawn: usize,
}

impl<'a> Shuffled<'a> {
    /// Batches of `batch` of `sequences`, of which there is at least one.
    pub(super) fn new(sequences: &'a [Sequence], batch: usize, seed: u64) -> Self {
        Self {
            sequences,
            batches: Batches::new(sequences, batch, seed),
            last: Vec::new(),
            drawn: 0,
        }
    }
}

impl Feed for Shuffled<'_> {
    fn next(&mut self) -> Result<Vec<Sequence>> {
        self.drawn += 1;
        self.last = self.batches.next().context("batches have no end")?;
        Ok(self.last.iter().map(|&sequence| sequence.clone()).collect())
    }

    fn name(&self, at: usize) -> String {
        let is_it = |it: &Sequence| {
            self.last
                .get(at)
                .is_some_and(|last| std::ptr::eq(*last, it))
        };
        match self.sequences.iter().position(is_it) {
            Some(place) => format!("sample {} of {}", place + 1, self.sequences.len()),
            None => format!("sample {} of the batch", at + 1),
        }
    }

    fn longest(&self) -> usize {
        let lengths = self.sequences.iter().map(|sequence| sequence.tokens.len());
        lengths.max().unwrap_or(1)
    }

    fn position(&self) -> Value {
        json!(self.drawn)
    }

    fn seek(&mut self, position: Value) -> Result<()> {
        let drawn: usize = serde_json::from_value(position).context("a number of batches")?;
        self.drawn += self.batches.by_ref().take(drawn).count();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_gives_the_very_next_batch() {
        let sequence = |i: u32| Sequence {
            tokens: vec![i; 1 + i as usize % 5],
            context: 1,
        };
        let sequences: Vec<Sequence> = (0..23).map(sequence).collect();
        let tokens = |feed: &mut Shuffled<'_>| -> Vec<u32> {
            let batch = feed.next().unwrap();
            batch.iter().map(|sequence| sequence.tokens[0]).collect()
        };
        let mut whole = Shuffled::new(&sequences, 4, 7);
        assert_eq!(whole.longest(), 5);
        let first = tokens(&mut whole)[1];
        assert_eq!(whole.name(1), format!("sample {} of 23", first + 1));
        let mut whole = Shuffled::new(&sequences, 4, 7);
        for _ in 0..9 {
            tokens(&mut whole);
        }
        let mut other = Shuffled::new(&sequences, 4, 7);
        other.seek(whole.position()).unwrap();
        assert_eq!(other.position(), whole.position());
        for _ in 0..9 {
            assert_eq!(tokens(&mut other), tokens(&mut whole));
        }
    }
}
