//! Gradients summed over micro-batches, by parameter name.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};
use lm::ParameterPath;

/// The flattened gradient of each parameter.
#[derive(Debug, Default)]
pub(crate) struct GradientSum {
    by_name: BTreeMap<String, Tensor<1>>,
}

/// Gradients that whoever makes a [`crate::Share`] has taken already, of what its loss leaves out: an
/// output layer whose logits are too many to be in memory at once, say.
#[derive(Debug, Default)]
pub struct Apart(pub(crate) GradientSum);

impl Apart {
    /// Adds those of `model`'s parameters out of a backward pass.
    pub fn add<M: Module>(&mut self, model: &M, gradients: Gradients) {
        self.0.add(GradientSum::of(model, gradients));
    }
}

impl GradientSum {
    /// The gradients of one backward pass.
    pub(crate) fn of<M: Module>(model: &M, gradients: Gradients) -> Self {
        let mut sum = Self::default();
        model.visit(&mut Collector {
            path: ParameterPath::default(),
            gradients,
            sum: &mut sum.by_name,
        });
        sum
    }

    /// Adds the gradients of another pass.
    pub(crate) fn add(&mut self, other: Self) {
        for (name, gradient) in other.by_name {
            let total = match self.by_name.remove(&name) {
                Some(earlier) => earlier + gradient,
                None => gradient,
            };
            self.by_name.insert(name, total);
        }
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Tensor<1>> {
        self.by_name.remove(name)
    }

    pub(crate) fn clear(&mut self) {
        self.by_name.clear();
    }

    /// The L2 norm over all parameters; 0 when there are none.
    pub(crate) fn norm(&self) -> f64 {
        let squares = sums(self.by_name.values().map(square));
        squares.into_iter().map(f64::from).sum::<f64>().sqrt()
    }

    /// The first parameter by name whose gradient has a norm that is not finite.
    pub(crate) fn not_finite(&self) -> Option<String> {
        let squares = sums(self.by_name.values().map(square));
        let mut named = self.by_name.keys().zip(squares);
        named.find_map(|(name, sum)| (!sum.is_finite()).then(|| name.clone()))
    }
}

/// The first parameter of `model`, a [`valid`](Module::valid) one, that is not finite.
pub(crate) fn spoiled<M: Module>(model: &M) -> Option<String> {
    let mut weights = Weights::default();
    model.visit(&mut weights);
    // 0 but for what is not finite, which becomes NaN.
    let sums = sums(weights.values.into_iter().map(|weight| weight * 0.0));
    let mut named = weights.names.into_iter().zip(sums);
    named.find_map(|(name, sum)| sum.is_nan().then_some(name))
}

fn square(tensor: &Tensor<1>) -> Tensor<1> {
    tensor.clone() * tensor.clone()
}

/// The sum of each.
fn sums(tensors: impl Iterator<Item = Tensor<1>>) -> Vec<f32> {
    let sums: Vec<Tensor<1>> = tensors.map(Tensor::sum).collect();
    match sums.is_empty() {
        true => Vec::new(),
        false => Tensor::cat(sums, 0).into_data().iter().collect(),
    }
}

/// Every parameter, flat.
#[derive(Default)]
struct Weights {
    path: ParameterPath,
    names: Vec<String>,
    values: Vec<Tensor<1>>,
}

impl ModuleVisitor for Weights {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.names.push(self.path.name());
        self.values.push(param.val().flatten(0, D - 1));
    }
}

struct Collector<'a> {
    path: ParameterPath,
    gradients: Gradients,
    sum: &'a mut BTreeMap<String, Tensor<1>>,
}

impl ModuleVisitor for Collector<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = param.val().grad_remove(&mut self.gradients) else {
            return;
        };
        let flat: Tensor<1> = gradient.flatten(0, D - 1);
        self.sum.insert(self.path.name(), flat);
    }
}
