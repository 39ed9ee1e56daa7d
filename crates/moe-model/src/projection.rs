//! Products of rows with weights: a projection, with a low-rank adapter beside it where it has one.

use burn::module::{Module, Param};
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use kernels::Packed;

/// `x·W + bias`, plus `scale·(x·A)·B` with an adapter (LoRA, arXiv 2106.09685, equation 3).
#[derive(Module, Debug)]
pub(crate) struct Projection {
    /// W, `[from, to]`.
    pub(crate) weight: Param<Tensor<2>>,
    /// `[to]`.
    pub(crate) bias: Option<Param<Tensor<1>>>,
    pub(crate) adapter: Option<Adapter>,
    /// W as sampling reads it, in its place.
    #[module(skip)]
    packed: Option<Packed>,
}

/// A change of a projection's weight of low rank.
#[derive(Module, Debug)]
pub(crate) struct Adapter {
    /// A, `[from, rank]`: the transpose of what checkpoints call `lora_A`.
    pub(crate) down: Param<Tensor<2>>,
    /// B, `[rank, to]`: the transpose of `lora_B`.
    pub(crate) up: Param<Tensor<2>>,
    pub(crate) scale: f64,
}

impl Projection {
    /// One without bias.
    pub(crate) fn plain(from: usize, to: usize, device: &Device) -> Self {
        Self::new(from, to, false, device)
    }

    /// Weights are set by [`crate::init`] or a checkpoint, biases begin at 0.
    pub(crate) fn new(from: usize, to: usize, bias: bool, device: &Device) -> Self {
        let Linear { weight, bias, .. } = LinearConfig::new(from, to)
            .with_bias(bias)
            .with_initializer(Initializer::Zeros)
            .init(device);
        Self {
            weight,
            bias,
            adapter: None,
            packed: None,
        }
    }

    /// Lays W out for sampling, where that is of use, and lets go of it as it was: from here on
    /// there is [`forward`](Self::forward) and nothing else.
    pub(crate) fn pack(&mut self) {
        if self.packed.is_some() {
            return;
        }
        self.packed = Packed::new(self.weight.val());
        if self.packed.is_some() {
            let device = self.weight.val().device();
            self.weight = Param::from_tensor(Tensor::zeros([0, 0], &device));
        }
    }

    /// Whether there is nothing but [`forward`](Self::forward).
    pub(crate) fn is_packed(&self) -> bool {
        self.packed.is_some()
    }

    /// Of rows; without gradients each by itself, as [`kernels::linear`] has it.
    ///
    /// # Shapes
    /// `[n, from]` to `[n, to]`.
    pub(crate) fn forward(&self, x_nd: Tensor<2>) -> Tensor<2> {
        let bias = self.bias.as_ref().map(|bias| bias.val());
        let change_nf = self.adapter.as_ref().map(|Adapter { down, up, scale }| {
            let low_nr = kernels::linear(x_nd.clone(), down.val(), None);
            kernels::linear(low_nr, up.val(), None) * *scale
        });
        let out_nf = match &self.packed {
            Some(packed) => kernels::linear_packed(x_nd, packed, bias),
            None => kernels::linear(x_nd, self.weight.val(), bias),
        };
        match change_nf {
            Some(change_nf) => out_nf + change_nf,
            None => out_nf,
        }
    }

    /// W with the adapter's change in it, `W + scale·A·B`.
    pub(crate) fn effective(&self) -> Tensor<2> {
        let weight = self.weight.val();
        match &self.adapter {
            Some(adapter) => {
                weight + kernels::linear(adapter.down.val(), adapter.up.val(), None) * adapter.scale
            }
            None => weight,
        }
    }
}

/// Each row against each row of a matrix, `x · weightᵀ`; without gradients each by itself.
pub(crate) fn against(x_nd: Tensor<2>, weight_vd: Tensor<2>) -> Tensor<2> {
    if x_nd.device().is_autodiff() {
        return x_nd.matmul(weight_vd.transpose());
    }
    kernels::linear(x_nd, weight_vd.transpose(), None)
}
