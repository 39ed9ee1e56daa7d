//! The log-probabilities a model gives to the target tokens of sequences.
//!
//! The vocabulary projection is computed at target positions only: prompts and padding cost no
//! logits.

use burn::tensor::{Int, Tensor, TensorData};

use crate::{CausalLm, Sequence, TokenBatch};

/// Log-probabilities of the targets of a batch, sequence after sequence.
pub struct Scores {
    /// Log-probability of each target token, `[n]`.
    pub log_probs_n: Tensor<1>,
    /// Entropy in nats of the distribution each target was drawn from, `[n]`, without gradient.
    pub entropy_n: Tensor<1>,
    /// The architecture's own loss.
    pub aux_loss: Option<Tensor<1>>,
    /// Tokens each expert received, layer by layer, padding left out.
    pub load: Vec<Vec<u64>>,
}

/// Scores every target of `sequences` under `softmax(logits / temperature)`.
///
/// Targets are the tokens after [`Sequence::context`]; they appear in order of sequence, then
/// position.
pub fn score<M: CausalLm>(model: &M, sequences: &[Sequence], temperature: f64) -> Scores {
    let device = model.device();
    let rows: Vec<&[u32]> = sequences.iter().map(|s| s.tokens.as_slice()).collect();
    let batch = TokenBatch::new(&rows);
    let (positions, targets) = target_positions(sequences, batch.width());
    let output = model.forward(&batch);
    let [b, t, d] = output.hidden_btd.dims();
    let load = output
        .routing
        .iter()
        .map(|index| count(index, &batch, model.experts()))
        .collect();

    let n = targets.len();
    let select = Tensor::<1, Int>::from_data(TensorData::new(positions, [n]), &device);
    let hidden_nd = output.hidden_btd.reshape([b * t, d]).select(0, select);
    let targets_n = Tensor::<1, Int>::from_data(TensorData::new(targets, [n]), &device);
    let (log_probs_n, entropy_n) =
        kernels::log_prob(model.logits(hidden_nd), targets_n, temperature);
    Scores {
        log_probs_n,
        entropy_n,
        aux_loss: output.aux_loss,
        load,
    }
}

/// The flat position each target is predicted from, and the target.
fn target_positions(sequences: &[Sequence], width: usize) -> (Vec<i32>, Vec<i32>) {
    let mut positions = Vec::new();
    let mut targets = Vec::new();
    for (row, sequence) in sequences.iter().enumerate() {
        for col in sequence.context.max(1)..sequence.tokens.len() {
            positions.push((row * width + col - 1) as i32);
            targets.push(sequence.tokens[col] as i32);
        }
    }
    (positions, targets)
}

/// Tokens each expert received from the real tokens of a batch.
fn count(index_nk: &Tensor<2, Int>, batch: &TokenBatch, experts: usize) -> Vec<u64> {
    let [_, k] = index_nk.dims();
    let chosen: Vec<i64> = index_nk.to_data().iter::<i64>().collect();
    let mut load = vec![0; experts];
    for (choice, real) in chosen.chunks(k).zip(batch.is_real()) {
        if real {
            choice.iter().for_each(|&expert| load[expert as usize] += 1);
        }
    }
    load
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_predicted_from_the_position_before() {
        let sequences = [
            Sequence {
                tokens: vec![3, 4, 5],
                context: 2,
            },
            Sequence {
                tokens: vec![6, 7, 8, 9],
                context: 1,
            },
        ];
        let (positions, targets) = target_positions(&sequences, 4);
        assert_eq!(targets, [5, 7, 8, 9]);
        assert_eq!(positions, [1, 4, 5, 6]);
    }
}
