//! Small models with adapters that do something.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use moe_model::{Decoder, LoraConfig};

/// Every projection of attention, and of the feed-forward where it is dense.
pub(crate) fn config(model: &Decoder) -> LoraConfig {
    let latent = matches!(
        model.config().attention,
        moe_model::AttentionConfig::Latent(_)
    );
    let mut targets = match latent {
        true => vec!["kv_a_proj_with_mqa", "kv_b_proj", "o_proj"],
        false => vec!["q_proj", "k_proj", "v_proj", "o_proj"],
    };
    if model.config().mixture.is_none() {
        targets.extend(["gate_proj", "up_proj", "down_proj"]);
    }
    LoraConfig {
        rank: 3,
        alpha: 6.0,
        targets: targets.into_iter().map(Into::into).collect(),
        rslora: false,
    }
}

/// Gives every trained parameter values, B too, as training would.
struct Trained(f32);

impl ModuleMapper for Trained {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !param.val().is_require_grad() {
            return param;
        }
        let shape = param.shape();
        let values = (0..shape.num_elements()).map(|i| {
            self.0 += 1.0;
            0.2 * (self.0 * 1.3 + i as f32).sin()
        });
        let values = TensorData::new(values.collect::<Vec<f32>>(), shape);
        param.map(|tensor| {
            let fresh = Tensor::from_data(values.clone(), &tensor.device());
            fresh.detach().require_grad()
        })
    }
}

/// With an adapter as training leaves it.
pub(crate) fn trained(model: Decoder) -> Decoder {
    let config = config(&model);
    let adapted = model.with_adapter(&config, 1).unwrap();
    adapted.train().map(&mut Trained(0.0)).valid()
}

/// The largest difference.
pub(crate) fn furthest(left: &[f32], right: &[f32]) -> f32 {
    assert_eq!(left.len(), right.len());
    let differences = left.iter().zip(right).map(|(l, r)| (l - r).abs());
    differences.fold(0.0, f32::max)
}
