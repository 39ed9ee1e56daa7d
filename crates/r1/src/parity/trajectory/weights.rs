//! The weights a run ended with.

use std::collections::BTreeMap;

use anyhow::Result;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use lm::ParameterPath;
use moe_model::Decoder;

use super::super::case::Numbers;
use super::super::measure::{norm, values};

/// The largest difference of a tensor of the model, relative in the L2 norm, and the tensor. One that
/// is not among those expected differs without bound.
pub(super) fn compare(
    model: &Decoder,
    expected: &BTreeMap<String, Numbers>,
) -> Result<(f64, String)> {
    let mut stored = Stored {
        path: ParameterPath::default(),
        model,
        found: Ok(BTreeMap::new()),
    };
    model.visit(&mut stored);
    let found = stored.found?;
    let mut most = (0.0, String::new());
    for (name, values) in found {
        let off = match expected.get(&name) {
            Some(expected) => between(&values, &expected.values),
            None => f64::INFINITY,
        };
        if off.is_nan() {
            return Ok((off, name));
        }
        if most.1.is_empty() || off > most.0 {
            most = (off, name);
        }
    }
    Ok(most)
}

fn between(found: &[f32], expected: &[f32]) -> f64 {
    if found.len() != expected.len() {
        return f64::INFINITY;
    }
    let off = norm(found.iter().zip(expected).map(|(a, b)| a - b));
    off / norm(expected.iter().copied()).max(TINY)
}

/// Tensors smaller than this are compared in absolute terms.
const TINY: f64 = 1e-6;

/// Every parameter by the names of the checkpoint.
struct Stored<'a> {
    path: ParameterPath,
    model: &'a Decoder,
    found: Result<BTreeMap<String, Vec<f32>>>,
}

impl ModuleVisitor for Stored<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Ok(found) = &mut self.found else {
            return;
        };
        let tensor = param.val();
        let shape = tensor.dims();
        match self
            .model
            .as_stored(&self.path.name(), &shape, &values(tensor))
        {
            Ok(stored) => found.extend(stored.into_iter().map(|t| (t.name, t.values))),
            Err(error) => self.found = Err(error.into()),
        }
    }
}
