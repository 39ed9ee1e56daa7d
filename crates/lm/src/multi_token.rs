//! The loss of modules that predict further tokens: multi-token prediction (DeepSeek-V3, arXiv
//! 2412.19437, section 2.2.2, equations 24 and 25).
//!
//! A module at depth k is trained on the targets of the main loss, each predicted from k positions
//! earlier; targets without such a position are left out. Equation 24 divides by the length of the
//! whole sequence all the same: here by the number of main targets, so that a batch cut into
//! micro-batches has the same loss.

use burn::tensor::{Int, Tensor, TensorData};

use crate::router::sums;
use crate::score::{add, target_positions};
use crate::{CausalLm, MultiToken, RouterSums, Sequence, TokenBatch};

/// What the modules for further tokens say about the targets within their reach, all depths
/// together. Sums, so that micro-batches add up; measurements without gradient.
pub struct FurtherScores {
    /// Negative log-probability of the targets in nats, summed, `[1]`.
    pub nll: Tensor<1>,
    /// Targets that were a module's first choice, `[1]`.
    pub first_choices: Tensor<1, Int>,
    /// Targets.
    pub targets: usize,
}

/// What the modules add to a pass.
pub(crate) struct Further {
    /// Their losses, weighted: predictions and balance.
    pub(crate) aux_loss: Option<Tensor<1>>,
    /// What the routers did, module by module.
    pub(crate) routers: Vec<RouterSums>,
    pub(crate) scores: FurtherScores,
}

/// Scores the targets of `sequences` with the modules' states of `batch`.
pub(crate) fn further<M: CausalLm>(
    model: &M,
    further: MultiToken,
    sequences: &[Sequence],
    batch: &TokenBatch,
    temperature: f64,
) -> Further {
    let device = model.device();
    let depth = further.modules.len();
    let main: usize = sequences.iter().map(Sequence::targets).sum();
    let mut sum = Further {
        aux_loss: None,
        routers: Vec::new(),
        scores: FurtherScores {
            nll: Tensor::zeros([1], &device),
            first_choices: Tensor::zeros([1], &device),
            targets: 0,
        },
    };
    for (module, ahead) in further.modules.into_iter().zip(1..) {
        let read = batch.shifted(ahead);
        sum.routers
            .extend(sums(&module.routing, &read, model.experts()));
        sum.aux_loss = add(sum.aux_loss, module.aux_loss);

        let (positions, targets) = target_positions(sequences, batch.width(), ahead);
        let n = targets.len();
        if n == 0 {
            continue;
        }
        let [b, t, d] = module.hidden_btd.dims();
        let select = Tensor::<1, Int>::from_data(TensorData::new(positions, [n]), &device);
        let hidden_nd = module.hidden_btd.reshape([b * t, d]).select(0, select);
        let targets_n = Tensor::<1, Int>::from_data(TensorData::new(targets, [n]), &device);
        let logits_nv = model.logits(hidden_nd);
        let best_n = logits_nv.clone().argmax(1).squeeze_dim(1);
        let (log_probs_n, _) = kernels::log_prob(logits_nv, targets_n.clone(), temperature);
        let nll = -log_probs_n.sum();

        let weight = further.weight / (depth * main) as f64;
        sum.aux_loss = add(sum.aux_loss, Some(nll.clone() * weight));
        let scores = &mut sum.scores;
        scores.nll = scores.nll.clone() + nll.detach();
        scores.first_choices = scores.first_choices.clone() + best_n.equal(targets_n).int().sum();
        scores.targets += n;
    }
    sum
}
