//! A model part of the way to another.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use lm::ParameterPath;

/// Moves `model` towards `other`, a model of the same shape: every parameter becomes
/// (1 − share) times its own plus share times the other's. A reference that follows the policy this
/// way is that of TR-DPO (arXiv 2404.09656, soft update).
pub fn mix<M: Module>(model: M, other: &M, share: f64) -> M {
    let mut found = Collector::default();
    other.visit(&mut found);
    model.map(&mut Mix {
        path: ParameterPath::default(),
        others: found.by_name,
        share,
    })
}

#[derive(Default)]
struct Collector {
    path: ParameterPath,
    by_name: BTreeMap<String, Tensor<1>>,
}

impl ModuleVisitor for Collector {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let flat: Tensor<1> = param.val().flatten(0, D - 1);
        self.by_name.insert(self.path.name(), flat);
    }
}

struct Mix {
    path: ParameterPath,
    others: BTreeMap<String, Tensor<1>>,
    share: f64,
}

impl ModuleMapper for Mix {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.name();
        let other = self.others.remove(&name);
        let other = other.unwrap_or_else(|| panic!("`{name}` is in both models"));
        let (id, tensor, mapper) = param.consume();
        let other = other.reshape(tensor.dims());
        let tensor = tensor * (1.0 - self.share) + other * self.share;
        Param::from_mapped_value(id, tensor, mapper)
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Param;
    use burn::tensor::Device;

    use super::*;

    #[derive(Module, Debug)]
    struct Two {
        a: Param<Tensor<1>>,
        b: Param<Tensor<2>>,
    }

    fn two(a: f32, b: f32) -> Two {
        let device = Device::flex();
        Two {
            a: Param::from_tensor(Tensor::from_floats([a], &device)),
            b: Param::from_tensor(Tensor::from_floats([[b, 0.0]], &device)),
        }
    }

    #[test]
    fn every_parameter_moves() {
        let mixed = mix(two(1.0, 4.0), &two(3.0, 8.0), 0.25);
        let [a, b] = [mixed.a.val(), mixed.b.val().flatten(0, 1)].map(Tensor::into_data);
        assert_eq!(a.iter::<f32>().collect::<Vec<_>>(), [1.5]);
        assert_eq!(b.iter::<f32>().collect::<Vec<_>>(), [5.0, 0.0]);
    }
}
