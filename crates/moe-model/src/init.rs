//! Random initial weights.
//!
//! Each parameter draws from a stream of its own, named by seed and path, so a change in one part
//! of a model leaves the others' weights as they were.

use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::{Device, Tensor, TensorData};
use lm::ParameterPath;
use rand::RngExt;

/// Sets matrices to N(0, std²). Vectors (norm weights, router biases) stay as built.
pub(crate) fn initialise<M: Module>(model: M, std: f64, seed: u64) -> M {
    model.map(&mut Initialise {
        path: ParameterPath::default(),
        std,
        seed,
    })
}

/// A matrix or a stack of them. It takes memory once it is set, or used: it is zeros until then.
pub(crate) fn unset<const D: usize>(shape: [usize; D], device: &Device) -> Param<Tensor<D>> {
    Param::uninitialized(
        ParamId::new(),
        move |device, require_grad| Tensor::zeros(shape, device).set_require_grad(require_grad),
        device.clone(),
        true,
        shape.into(),
    )
}

struct Initialise {
    path: ParameterPath,
    std: f64,
    seed: u64,
}

impl ModuleMapper for Initialise {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if D == 1 {
            return param;
        }
        // Neither asks for the values, so a parameter that was never set is never allocated.
        let (shape, device) = (param.lazy_shape(), param.lazy_device());
        let values = normal(self.seed, &self.path.name(), shape.num_elements(), self.std);
        let fresh = Tensor::from_data(TensorData::new(values, shape), &device);
        let id = param.id;
        param.transform_for_load(fresh, id)
    }
}

/// `count` draws from N(0, std²) by Box and Muller's transform.
fn normal(seed: u64, name: &str, count: usize, std: f64) -> Vec<f32> {
    let mut rng = lm::seed::stream(seed, &["weights", name]);
    let mut values = Vec::with_capacity(count + 1);
    while values.len() < count {
        let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt() * std;
        let angle = std::f64::consts::TAU * rng.random::<f64>();
        values.push((radius * angle.cos()) as f32);
        values.push((radius * angle.sin()) as f32);
    }
    values.truncate(count);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_asked_deviation() {
        let values = normal(3, "a", 20_000, 0.5);
        let mean = values.iter().sum::<f32>() / 20_000.0;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / 20_000.0;
        assert!(mean.abs() < 0.02 && (variance.sqrt() - 0.5).abs() < 0.02);
        assert_ne!(values, normal(3, "b", 20_000, 0.5));
    }
}
