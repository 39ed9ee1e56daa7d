//! AdamW (arXiv 1711.05101) as PyTorch defines it, over a whole module.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor};
use kernels::{AdamWStep, Int8Moments};
use lm::ParameterPath;
use serde::{Deserialize, Serialize};

use crate::gradients::GradientSum;
use crate::state::{StateError, Stored, Tensors};

/// Settings of the optimizer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdamWConfig {
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the root of the latter.
    pub eps: f64,
    /// Decoupled decay of matrices; vectors (norms, biases) never decay.
    pub weight_decay: f64,
    /// How the two means are remembered.
    #[serde(default)]
    pub state: OptimizerState,
}

/// How an optimizer remembers its moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerState {
    /// 8 bytes a parameter.
    #[default]
    Float32,
    /// 2.03 bytes a parameter ([`Int8Moments`]). Parameters of less than 4096 elements keep their
    /// moments in f32, as in bitsandbytes: they weigh little and are often norms.
    Int8,
}

/// Elements from which on moments are quantised.
const QUANTISED_FROM: usize = 4096;

/// What language models are usually trained with (arXiv 2005.14165, appendix B), without decay.
impl Default for AdamWConfig {
    fn default() -> Self {
        Self {
            beta1: 0.9,
            beta2: 0.95,
            eps: 1e-8,
            weight_decay: 0.0,
            state: OptimizerState::Float32,
        }
    }
}

/// Moments of every parameter that has had a gradient.
#[derive(Debug, Default)]
pub(crate) struct Moments {
    by_name: BTreeMap<String, Moment>,
}

/// Those of one parameter.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "one a parameter, beside tensors a thousand times as large"
)]
enum Moment {
    Float32([Tensor<1>; 2]),
    Int8(Int8Moments),
}

impl Moment {
    fn zeros(gradient: &Tensor<1>, state: OptimizerState) -> Self {
        let elements = gradient.dims()[0];
        match state {
            OptimizerState::Int8 if elements >= QUANTISED_FROM => {
                Self::Int8(Int8Moments::zeros(elements, &gradient.device()))
            }
            _ => Self::Float32([Tensor::zeros_like(gradient), Tensor::zeros_like(gradient)]),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Float32([mean, square]) => 4 * (mean.dims()[0] + square.dims()[0]),
            Self::Int8(moments) => moments.bytes(),
        }
    }

    /// The parameter after a step, and what is remembered.
    fn step(self, flat: Tensor<1>, gradient: Tensor<1>, step: &AdamWStep) -> (Tensor<1>, Self) {
        match self {
            Self::Float32([mean, square]) => {
                let (flat, mean, square) = kernels::adamw(flat, gradient, mean, square, step);
                (flat, Self::Float32([mean, square]))
            }
            Self::Int8(moments) => {
                let (flat, moments) = kernels::adamw_int8(flat, gradient, moments, step);
                (flat, Self::Int8(moments))
            }
        }
    }
}

impl Moments {
    /// What they take in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.by_name.values().map(Moment::bytes).sum()
    }

    /// Adds them to what is going to be written.
    pub(crate) fn store(&self, tensors: &mut Vec<(String, Stored)>) {
        for (name, moment) in &self.by_name {
            let mut add = |what: &str, stored| tensors.push((format!("{what}.{name}"), stored));
            match moment {
                Moment::Float32(both) => {
                    for (what, values) in MOMENTS.into_iter().zip(both) {
                        add(what, Stored::float(values.clone(), &values.dims()));
                    }
                }
                Moment::Int8(both) => {
                    for (at, (codes, scales)) in both.clone().into_parts().into_iter().enumerate() {
                        let shape = scales.dims();
                        add(CODES[at], Stored::int(codes));
                        add(SCALES[at], Stored::float(scales, &shape));
                    }
                }
            }
        }
    }

    /// Those that were written.
    pub(crate) fn read(tensors: &mut Tensors, device: &Device) -> Result<Self, StateError> {
        let mut by_name = BTreeMap::new();
        for stored in tensors.names() {
            let Some((what, name)) = stored.split_once('.') else {
                continue;
            };
            let moment = if what == MOMENTS[0] {
                let [mean, square] = MOMENTS.map(|what| format!("{what}.{name}"));
                Moment::Float32([
                    tensors.vector(&mean, device)?,
                    tensors.vector(&square, device)?,
                ])
            } else if what == CODES[0] {
                let mut part = |at: usize| -> Result<_, StateError> {
                    let codes = tensors.integers(&format!("{}.{name}", CODES[at]), device)?;
                    let scales = tensors.vector(&format!("{}.{name}", SCALES[at]), device)?;
                    Ok((codes, scales))
                };
                Moment::Int8(Int8Moments::from_parts([part(0)?, part(1)?]))
            } else {
                continue;
            };
            by_name.insert(name.to_owned(), moment);
        }
        Ok(Self { by_name })
    }
}

/// What the two moments are called on disk, and the parts of them where they take a byte each.
const MOMENTS: [&str; 2] = ["mean", "square"];
const CODES: [&str; 2] = ["mean_codes", "square_codes"];
const SCALES: [&str; 2] = ["mean_scales", "square_scales"];

/// Applies step number `step` (from 1) to every parameter with a gradient.
pub(crate) fn apply<M: Module>(
    model: M,
    moments: &mut Moments,
    gradients: &mut GradientSum,
    config: &AdamWConfig,
    rate: f64,
    scale: f64,
    step: usize,
) -> M {
    let path = ParameterPath::default();
    model.map(&mut Apply {
        path,
        moments,
        gradients,
        config,
        rate,
        scale,
        step,
    })
}

struct Apply<'a> {
    path: ParameterPath,
    moments: &'a mut Moments,
    gradients: &'a mut GradientSum,
    config: &'a AdamWConfig,
    rate: f64,
    scale: f64,
    step: usize,
}

impl ModuleMapper for Apply<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.name();
        let Some(gradient) = self.gradients.take(&name) else {
            return param;
        };
        let gradient = if self.scale < 1.0 {
            gradient * self.scale
        } else {
            gradient
        };
        let AdamWConfig {
            beta1,
            beta2,
            eps,
            weight_decay,
            state,
        } = *self.config;
        let moment = self.moments.by_name.remove(&name);
        let moment = moment.unwrap_or_else(|| Moment::zeros(&gradient, state));
        let update = AdamWStep {
            lr: self.rate,
            beta1,
            beta2,
            eps,
            weight_decay: if D > 1 { weight_decay } else { 0.0 },
            correction1: 1.0 - beta1.powi(self.step as i32),
            correction2: 1.0 - beta2.powi(self.step as i32),
        };
        let (id, tensor, mapper) = param.consume();
        let shape = tensor.dims();
        let flat: Tensor<1> = tensor.inner().flatten(0, D - 1);
        let (flat, moment) = moment.step(flat, gradient, &update);
        self.moments.by_name.insert(name, moment);
        let tensor = Tensor::from_inner(flat.reshape(shape)).require_grad();
        Param::from_mapped_value(id, tensor, mapper)
    }
}
