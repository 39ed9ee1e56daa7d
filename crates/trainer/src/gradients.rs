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

impl GradientSum {
    /// Adds the gradients of one backward pass.
    pub(crate) fn add<M: Module>(&mut self, model: &M, gradients: Gradients) {
        let path = ParameterPath::default();
        model.visit(&mut Adder {
            path,
            gradients,
            sum: &mut self.by_name,
        });
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

struct Adder<'a> {
    path: ParameterPath,
    gradients: Gradients,
    sum: &'a mut BTreeMap<String, Tensor<1>>,
}

impl ModuleVisitor for Adder<'_> {
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
        let name = self.path.name();
        let total = match self.sum.remove(&name) {
            Some(earlier) => earlier + flat,
            None => flat,
        };
        self.sum.insert(name, total);
    }
}
