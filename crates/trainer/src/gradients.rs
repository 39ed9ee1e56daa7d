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
        let squares: Vec<Tensor<1>> = self
            .by_name
            .values()
            .map(|g| (g.clone() * g.clone()).sum())
            .collect();
        if squares.is_empty() {
            return 0.0;
        }
        let squares = Tensor::cat(squares, 0).into_data();
        squares.iter::<f32>().map(f64::from).sum::<f64>().sqrt()
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
