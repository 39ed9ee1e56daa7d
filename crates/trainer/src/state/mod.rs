//! What is needed to go on with training, on disk: bit for bit, so that nothing shows afterwards.
//!
//! A file of the safetensors format: `weights.NAME` in the order and layout the model has in memory, `mean.NAME`
//! and `square.NAME`, or their codes and scales where the optimizer keeps a byte each, and the number of steps.
//! Left out: gradients, since a state is taken between steps, and where the caller is in its data.

mod file;

use std::path::Path;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use lm::{CausalLm, ParameterPath};

pub use file::StateError;
pub(crate) use file::{Stored, Tensors};

use crate::Trainer;
use crate::adamw::Moments;

const WEIGHTS: &str = "weights";

impl<M: CausalLm> Trainer<M> {
    /// Writes the weights, the optimizer's moments and the number of steps. The file is neither written beside
    /// its place nor waited for: that is the caller's, who has more to write.
    ///
    /// # Errors
    /// A file that cannot be written.
    ///
    /// # Panics
    /// In the middle of a step, with gradients accumulated.
    pub fn save_state(&self, path: &Path) -> Result<(), StateError> {
        assert_eq!(self.grad_norm(), 0.0, "a state is taken between steps");
        let mut tensors = weights(self.model());
        self.moments().store(&mut tensors);
        file::write(path, tensors, self.steps())
    }

    /// Takes the weights, moments and steps of a trainer of the same model and settings. After an error the
    /// model is in parts the one and in parts the other.
    ///
    /// # Errors
    /// A file that cannot be read, is damaged, or is of another model.
    pub fn restore_state(&mut self, path: &Path) -> Result<(), StateError> {
        let mut tensors = Tensors::open(path)?;
        let steps = tensors.steps()?;
        let device = self.model().valid().device();
        let moments = Moments::read(&mut tensors, &device)?;
        let mut failed = None;
        self.change(moments, steps, |model| {
            let (model, error) = read(model, &mut tensors);
            failed = error;
            model
        });
        failed.map_or(Ok(()), Err)
    }
}

/// Writes a model's weights, bit for bit.
///
/// # Errors
/// A file that cannot be written.
pub fn save_weights<M: Module>(model: &M, path: &Path) -> Result<(), StateError> {
    file::write(path, weights(model), 0)
}

/// `model` with the weights that [`save_weights`] wrote of one of the same shape.
///
/// # Errors
/// A file that cannot be read, is damaged, or is of another model.
pub fn load_weights<M: Module>(model: M, path: &Path) -> Result<M, StateError> {
    let (model, failed) = read(model, &mut Tensors::open(path)?);
    failed.map_or(Ok(model), Err)
}

fn weights<M: Module>(model: &M) -> Vec<(String, Stored)> {
    let mut collector = Collector::default();
    model.visit(&mut collector);
    collector.tensors
}

fn read<M: Module>(model: M, tensors: &mut Tensors) -> (M, Option<StateError>) {
    let mut reader = Reader {
        path: ParameterPath::default(),
        tensors,
        failed: None,
    };
    let model = model.map(&mut reader);
    (model, reader.failed)
}

fn name(path: &ParameterPath) -> String {
    format!("{WEIGHTS}.{}", path.name())
}

#[derive(Default)]
struct Collector {
    path: ParameterPath,
    tensors: Vec<(String, Stored)>,
}

impl ModuleVisitor for Collector {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val().without_autodiff();
        let shape = tensor.dims();
        let stored = Stored::float(tensor.flatten(0, D - 1), &shape);
        self.tensors.push((name(&self.path), stored));
    }
}

struct Reader<'a> {
    path: ParameterPath,
    tensors: &'a mut Tensors,
    failed: Option<StateError>,
}

impl ModuleMapper for Reader<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.failed.is_some() {
            return param;
        }
        let (id, tensor, mapper) = param.consume();
        let found = self.tensors.read(&name(&self.path), Some(&tensor.dims()));
        let tensor = match found {
            Ok(data) => {
                let dtype = data.dtype();
                let new: Tensor<D> = Tensor::from_data(data, (&tensor.device(), dtype));
                match tensor.is_require_grad() {
                    true => new.require_grad(),
                    false => new,
                }
            }
            Err(error) => {
                self.failed = Some(error);
                tensor
            }
        };
        Param::from_mapped_value(id, tensor, mapper)
    }
}
