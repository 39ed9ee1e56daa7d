//! The log-probabilities a model gives to the target tokens of sequences.
//!
//! The vocabulary projection is computed at target positions only: prompts and padding cost no
//! logits.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor, TensorData};

use crate::multi_token::{FurtherScores, further};
use crate::router::{RouterSums, sums};
use crate::{CausalLm, Hidden, Sequence, TokenBatch};

/// Log-probabilities of the targets of a batch, sequence after sequence.
pub struct Scores {
    /// Log-probability of each target token, `[n]`.
    pub log_probs_n: Tensor<1>,
    /// Entropy in nats of the distribution each target was drawn from, `[n]`; with a gradient from
    /// [`score_with_entropy`] alone.
    pub entropy_n: Tensor<1>,
    /// The architecture's own loss, that of its modules for further tokens included, as a mean over
    /// the targets.
    pub aux_loss: Option<Tensor<1>>,
    /// What the routers did, layer by layer, those of modules for further tokens last.
    pub routers: Vec<RouterSums>,
    /// What the modules for further tokens say; `None` without such modules or without gradients.
    pub further: Option<FurtherScores>,
}

impl Scores {
    /// Tokens each expert received, layer by layer, padding left out.
    pub fn load(&self) -> Vec<Vec<u64>> {
        self.routers
            .iter()
            .map(|router| router.load.clone())
            .collect()
    }
}

/// Scores every target of `sequences` under `softmax(logits / temperature)`.
///
/// Targets are the tokens after [`Sequence::context`]; they appear in order of sequence, then
/// position. Modules that predict further tokens are there to be trained: they are left out when
/// the model tracks no gradients ([`valid`](burn::module::Module::valid)).
pub fn score<M: CausalLm>(model: &M, sequences: &[Sequence], temperature: f64) -> Scores {
    scores(model, sequences, temperature, false)
}

/// [`score`] with the gradient of the entropies, which keeps every target's distribution in memory
/// until the backward pass.
pub fn score_with_entropy<M: CausalLm>(
    model: &M,
    sequences: &[Sequence],
    temperature: f64,
) -> Scores {
    scores(model, sequences, temperature, true)
}

fn scores<M: CausalLm>(
    model: &M,
    sequences: &[Sequence],
    temperature: f64,
    entropy_gradient: bool,
) -> Scores {
    let rows: Vec<&[u32]> = sequences.iter().map(|s| s.tokens.as_slice()).collect();
    let batch = TokenBatch::new(&rows);
    let output = model.forward(&batch);
    let hidden_btd = output.hidden_btd.clone();
    let mut states = states_of(model, sequences, &batch, output);
    let further = model.device().is_autodiff().then(|| {
        let modules = model.multi_token(&batch, hidden_btd)?;
        let further = further(model, modules, sequences, &batch, temperature);
        states.aux_loss = add(states.aux_loss.take(), further.aux_loss);
        states.routers.extend(further.routers);
        Some(further.scores)
    });

    let n = states.targets.len();
    let targets = TensorData::new(states.targets, [n]);
    let targets_n = Tensor::<1, Int>::from_data(targets, &model.device());
    let logits_nv = model.logits(states.hidden_nd);
    let with_gradient = entropy_gradient.then(|| entropy(logits_nv.clone(), temperature));
    let (log_probs_n, entropy_n) = kernels::log_prob(logits_nv, targets_n, temperature);
    Scores {
        log_probs_n,
        entropy_n: with_gradient.unwrap_or(entropy_n),
        aux_loss: states.aux_loss,
        routers: states.routers,
        further: further.flatten(),
    }
}

/// What the targets of a batch are predicted from, sequence after sequence.
pub struct States {
    /// The hidden state before each target, `[n, d]`.
    pub hidden_nd: Tensor<2>,
    /// The targets.
    pub targets: Vec<i32>,
    /// The architecture's own loss.
    pub aux_loss: Option<Tensor<1>>,
    /// What the routers did, layer by layer.
    pub routers: Vec<RouterSums>,
}

/// Reads `sequences` up to each of their targets, in the order of [`score`]. Modules that predict
/// further tokens are left out.
pub fn states<M: CausalLm>(model: &M, sequences: &[Sequence]) -> States {
    let rows: Vec<&[u32]> = sequences.iter().map(|s| s.tokens.as_slice()).collect();
    let batch = TokenBatch::new(&rows);
    let output = model.forward(&batch);
    states_of(model, sequences, &batch, output)
}

fn states_of<M: CausalLm>(
    model: &M,
    sequences: &[Sequence],
    batch: &TokenBatch,
    output: Hidden,
) -> States {
    let (positions, targets) = target_positions(sequences, batch.width(), 0);
    let [b, t, d] = output.hidden_btd.dims();
    let n = positions.len();
    let select = Tensor::<1, Int>::from_data(TensorData::new(positions, [n]), &model.device());
    States {
        hidden_nd: output.hidden_btd.reshape([b * t, d]).select(0, select),
        targets,
        aux_loss: output.aux_loss,
        routers: sums(&output.routing, batch, model.experts()),
    }
}

/// Entropy in nats of each row's softmax(logits / temperature), `[n]`.
fn entropy(logits_nv: Tensor<2>, temperature: f64) -> Tensor<1> {
    let log_probs_nv = log_softmax(logits_nv.div_scalar(temperature), 1);
    // A logit of −∞ has probability 0 and adds nothing: keep 0 · −∞ out of the sum.
    let log_probs_nv = log_probs_nv.clamp_min(-1e4);
    (log_probs_nv.clone().exp() * log_probs_nv)
        .sum_dim(1)
        .neg()
        .squeeze_dim(1)
}

/// The flat position each target is predicted from by a module that reads `ahead` tokens further,
/// and the target. Targets among the first `ahead` tokens after the first have no such position.
pub(crate) fn target_positions(
    sequences: &[Sequence],
    width: usize,
    ahead: usize,
) -> (Vec<i32>, Vec<i32>) {
    let mut positions = Vec::new();
    let mut targets = Vec::new();
    for (row, sequence) in sequences.iter().enumerate() {
        for col in sequence.context.max(1 + ahead)..sequence.tokens.len() {
            positions.push((row * width + col - 1 - ahead) as i32);
            targets.push(sequence.tokens[col] as i32);
        }
    }
    (positions, targets)
}

/// The sum of two losses that may be absent.
pub(crate) fn add(left: Option<Tensor<1>>, right: Option<Tensor<1>>) -> Option<Tensor<1>> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left + right),
        (left, right) => left.or(right),
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn entropy_has_its_gradient() {
        let device = Device::flex().autodiff();
        let logits = Tensor::<2>::from_floats([[0.2, -0.4, 1.0]], &device).require_grad();
        let found = entropy(logits.clone(), 2.0);
        let gradients = found.clone().sum().backward();
        // Softmax of 0.1, −0.2, 0.5; dH/dz = −p·(log p + H), and a half of it by the temperature.
        let weights = [0.1_f64, -0.2, 0.5].map(f64::exp);
        let p = weights.map(|weight| weight / weights.iter().sum::<f64>());
        let h: f64 = -p.iter().map(|p| p * p.ln()).sum::<f64>();
        assert!((f64::from(found.into_scalar::<f32>()) - h).abs() < 1e-6);
        let gradient = logits.grad(&gradients).unwrap().into_data();
        for (found, p) in gradient.iter::<f64>().zip(p) {
            assert!((found + 0.5 * p * (p.ln() + h)).abs() < 1e-6, "{gradient}");
        }
    }

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
        let (positions, targets) = target_positions(&sequences, 4, 0);
        assert_eq!(targets, [5, 7, 8, 9]);
        assert_eq!(positions, [1, 4, 5, 6]);
        let (positions, targets) = target_positions(&sequences, 4, 1);
        assert_eq!(targets, [5, 8, 9], "a token further, 7 has no position");
        assert_eq!(positions, [0, 4, 5]);
    }
}
