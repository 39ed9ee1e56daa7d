//! Gradient checkpointing (arXiv 1604.06174): a pass through the blocks of a model that keeps the
//! input of each block alone, and computes a block again when its gradient is due.
//!
//! Backends differentiate one graph a backward pass, so this is done above them, on any of them.
//! Forth, the blocks run without a graph, and a *leaf* stands for what comes out. The loss is
//! differentiated down to that leaf; then, from the last block to the first, a block runs once more
//! with a graph of its own, and its share of the gradient is that of
//! `sum(output · gradient of the output)`, which leaves the gradient of its input for the block before.
//! The operations are the same, so the gradients are too.
//!
//! Left out: anything but a chain of blocks, which pass on one tensor and may give one more to the
//! loss.

use std::sync::{Arc, Mutex, PoisonError};

use burn::tensor::{Gradients, Tensor};

/// What passes under way have left to be computed again. Clones share it: the model writes, whoever
/// calls `backward` reads.
#[derive(Debug, Clone, Default)]
pub struct Tape(Arc<Mutex<Vec<Done>>>);

impl Tape {
    /// Completes the gradients that a backward pass left at the leaves of this tape, block by block,
    /// and forgets them. `each` is given those of every block, and of what came before the first; a
    /// parameter that is used in several places is in several of them.
    pub fn replay(&self, gradients: &mut Gradients, mut each: impl FnMut(Gradients)) {
        let chains = std::mem::take(&mut *self.chains());
        for chain in chains {
            chain.replay(gradients, &mut each);
        }
    }

    fn chains(&self) -> std::sync::MutexGuard<'_, Vec<Done>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A chain of blocks being run.
pub struct Chain<'a> {
    tape: &'a Tape,
    start: Option<Tensor<2>>,
    state: Tensor<2>,
    side: Option<Tensor<2>>,
    segments: Vec<Segment>,
}

impl<'a> Chain<'a> {
    /// Begins with what the first block reads; `trained`: whether a parameter had a part in it.
    pub fn new(tape: &'a Tape, start: Tensor<2>, trained: bool) -> Self {
        Self {
            tape,
            state: start.clone().detach(),
            start: trained.then_some(start),
            side: None,
            segments: Vec::new(),
        }
    }

    /// What the next block reads, without a graph.
    pub fn state(&self) -> Tensor<2> {
        self.state.clone()
    }

    /// A leaf for what the next block gives to the loss beside its output.
    pub fn side(&mut self, value: Tensor<2>) -> Tensor<2> {
        let leaf = value.detach().require_grad();
        self.side = Some(leaf.clone());
        leaf
    }

    /// Notes a block: its output, computed without a graph, and how to compute that again with one,
    /// beside what went to [`Self::side`].
    pub fn push(
        &mut self,
        output: Tensor<2>,
        again: impl FnOnce(Tensor<2>) -> (Tensor<2>, Option<Tensor<2>>) + Send + 'static,
    ) {
        let input = std::mem::replace(&mut self.state, output.detach());
        self.segments.push(Segment {
            input,
            side: self.side.take(),
            again: Box::new(again),
        });
    }

    /// A leaf for what the last block gave.
    pub fn finish(self) -> Tensor<2> {
        let end = self.state.require_grad();
        self.tape.chains().push(Done {
            start: self.start,
            segments: self.segments,
            end: end.clone(),
        });
        end
    }
}

/// A chain that was run.
struct Done {
    start: Option<Tensor<2>>,
    segments: Vec<Segment>,
    end: Tensor<2>,
}

impl std::fmt::Debug for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} blocks", self.segments.len())
    }
}

type Again = Box<dyn FnOnce(Tensor<2>) -> (Tensor<2>, Option<Tensor<2>>) + Send>;

struct Segment {
    input: Tensor<2>,
    side: Option<Tensor<2>>,
    again: Again,
}

impl Done {
    fn replay(self, gradients: &mut Gradients, each: &mut impl FnMut(Gradients)) {
        let mut due = self.end.grad_remove(gradients);
        for segment in self.segments.into_iter().rev() {
            let side_due = segment.side.and_then(|side| side.grad_remove(gradients));
            if due.is_none() && side_due.is_none() {
                continue;
            }
            let input = segment.input.require_grad();
            let (output, side) = (segment.again)(input.clone());
            let loss = [pulled(Some(output), due), pulled(side, side_due)];
            let loss = loss.into_iter().flatten().reduce(|a, b| a + b);
            let mut found = loss.expect("one of the two is due").backward();
            due = input.grad_remove(&mut found);
            each(found);
        }
        if let Some(loss) = pulled(self.start, due) {
            each(loss.backward());
        }
    }
}

/// A loss whose gradient at `output` is the one that is due.
fn pulled(output: Option<Tensor<2>>, due: Option<Tensor<2>>) -> Option<Tensor<1>> {
    Some((output? * Tensor::from_inner(due?)).sum())
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    /// Two blocks y = x·w, the first of which also gives x to the loss, at x = 3, w = 2 and 5: the
    /// loss is y + 7·side.
    #[test]
    fn gradients_worked_by_hand() {
        let device = Device::flex().autodiff();
        let number = |value: f32| Tensor::<2>::from_floats([[value]], &device);
        let [start, first, second] = [3.0, 2.0, 5.0].map(|x| number(x).require_grad());
        let tape = Tape::default();
        let mut chain = Chain::new(&tape, start.clone() * 1.0, true);
        let side = chain.side(chain.state());
        for (weight, gives) in [(first.clone(), true), (second.clone(), false)] {
            let output = chain.state() * weight.clone().detach();
            chain.push(output, move |x| (x.clone() * weight, gives.then_some(x)));
        }
        let end = chain.finish();
        let loss = (end.clone() + side * 7.0).sum();
        assert_eq!(loss.clone().into_scalar::<f32>(), 30.0 + 21.0);
        let mut gradients = loss.backward();
        let mut found = [Vec::new(), Vec::new(), Vec::new()];
        let value = |gradient: Tensor<2>| gradient.into_scalar::<f32>();
        tape.replay(&mut gradients, |mut of_block| {
            for (leaf, found) in [&start, &first, &second].into_iter().zip(&mut found) {
                found.extend(leaf.grad_remove(&mut of_block).map(value));
            }
        });
        // d/dx = 2·5 + 7, d/dw = 3·5 and 3·2.
        assert_eq!(found, [vec![17.0], vec![15.0], vec![6.0]]);
        tape.replay(&mut gradients, |_| panic!("the tape is read once"));
    }
}
