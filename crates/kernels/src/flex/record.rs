//! Putting an operation on burn's tape.

use burn::backend::Flex;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn_flex::FlexTensor;

/// A tensor of the autodiff backend over Flex.
pub(super) type Tracked<C> = FloatTensor<burn::backend::Autodiff<Flex, C>>;

/// Attaches `output` to its `parents`, with what the backward pass needs of the forward one. The
/// state is dropped at once where no parent wants a gradient.
pub(super) fn record<C: CheckpointStrategy, Op: Backward<Flex, N>, const N: usize>(
    op: Op,
    parents: [NodeGuard; N],
    state: Op::State,
    output: FlexTensor,
) -> Tracked<C> {
    match op.prepare::<C>(parents).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(state, output),
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    }
}

/// Adds a gradient to a parent that wants one.
pub(super) fn give(grads: &mut Gradients, parent: Option<NodeId>, gradient: FlexTensor) {
    if let Some(id) = parent {
        grads.register::<Flex>(id, gradient);
    }
}
