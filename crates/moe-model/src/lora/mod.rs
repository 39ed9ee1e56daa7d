//! Low-rank adapters (LoRA, arXiv 2106.09685): a model whose weights W stay as they are, with a
//! trained `scale·A·B` of low rank beside some of them.
//!
//! The base's parameters ask for no gradient, so none is computed, summed or kept a moment of. What
//! is left out: dropout on the adapter's input, adapters of embeddings, norms, biases, routers and
//! routed experts, several adapters at once. Modules for further tokens are frozen with the rest
//! and have none; router biases do not move.

mod error;
mod peft;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use lm::{CausalLm, ParameterPath};
use rand::RngExt;

pub use error::LoraError;

use crate::Decoder;
use crate::projection::{Adapter, Projection};

/// Which projections have adapters, and of what kind. The terms are those of PEFT.
#[derive(Debug, Clone, PartialEq)]
pub struct LoraConfig {
    /// Columns of A and rows of B, r; at least 1.
    pub rank: usize,
    /// α: the change is scaled by α / r.
    pub alpha: f64,
    /// The projections: `q_proj`, `k_proj`, `v_proj`, `o_proj`, `gate_proj`, `up_proj`, `down_proj`,
    /// those of latent attention (`q_a_proj`, `q_b_proj`, `kv_a_proj_with_mqa`, `kv_b_proj`), or a
    /// longer end of a name, as `shared_experts.up_proj` or `layers.0.self_attn.q_proj`.
    pub targets: Vec<String>,
    /// Whether the change is scaled by α / √r instead, which keeps the size of its gradient as r
    /// grows (rsLoRA, arXiv 2312.03732).
    pub rslora: bool,
}

impl LoraConfig {
    /// The factor on A·B.
    pub fn scale(&self) -> f64 {
        let rank = self.rank as f64;
        self.alpha / if self.rslora { rank.sqrt() } else { rank }
    }

    /// The target that a projection of this name is, if it is one.
    fn target(&self, name: &str) -> Option<usize> {
        let ends = |target: &String| {
            let rest = name.strip_suffix(target.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        self.targets.iter().position(ends)
    }
}

impl Decoder {
    /// The model with an adapter on each of the targets, and nothing else trained. A is uniform in
    /// ±1/√(width of its input), as Kaiming's initialisation in PEFT, B is 0: it computes what it
    /// did.
    ///
    /// # Errors
    /// A model that has adapters, a rank of 0, a scale that is not a positive number, a target that is
    /// not in the model or means its routed experts.
    pub fn with_adapter(self, config: &LoraConfig, seed: u64) -> Result<Self, LoraError> {
        self.adapted(config, |name, from, to, device| {
            let down = uniform(seed, name, from, config.rank);
            let up = vec![0.0; config.rank * to];
            (
                matrix(down, [from, config.rank], device),
                matrix(up, [config.rank, to], device),
            )
        })
    }

    /// What the adapters are like; `None` for a model without.
    pub fn adapter(&self) -> Option<&LoraConfig> {
        self.lora.as_ref()
    }

    /// Parameters that are trained by gradient: those of the adapters, or all, where there are none.
    pub fn trained_parameters(&self) -> usize {
        if self.lora.is_none() {
            return self.parameters().0;
        }
        let mut model = self.clone();
        let projections = model.projections().into_iter();
        let adapters = projections.filter_map(|(_, projection)| projection.adapter.as_ref());
        let elements = |adapter: &Adapter| {
            let [from, rank] = adapter.down.dims();
            let [_, to] = adapter.up.dims();
            rank * (from + to)
        };
        adapters.map(elements).sum()
    }

    /// A model without adapters that computes the same: each `W + scale·A·B` is a weight of its own,
    /// and all weights are trained again. A model without adapters stays as it is.
    #[must_use]
    pub fn merge(self) -> Self {
        self.strip(|projection| {
            if projection.adapter.is_some() {
                let merged = projection.effective().detach();
                let weight = projection.weight.clone();
                projection.weight = weight.map(|_| merged);
            }
        })
    }

    /// The model the adapters were put on: the reference that KL is measured against, for the
    /// weights are shared and take no further memory.
    #[must_use]
    pub fn without_adapter(&self) -> Self {
        self.clone().strip(|_| ())
    }

    /// Puts adapters of given values on the targets: of each projection's name, input and output
    /// width the matrices A and B.
    fn adapted(
        mut self,
        config: &LoraConfig,
        mut values: impl FnMut(&str, usize, usize, &Device) -> (Tensor<2>, Tensor<2>),
    ) -> Result<Self, LoraError> {
        self.check(config)?;
        let device = self.device();
        self = self.no_grad();
        self.lora = Some(config.clone());
        for (name, projection) in self.projections() {
            if config.target(&name).is_some() {
                let [from, to] = projection.weight.dims();
                let (down, up) = values(&name, from, to, &device);
                projection.adapter = Some(Adapter {
                    down: Param::from_tensor(down),
                    up: Param::from_tensor(up),
                    scale: config.scale(),
                });
            }
        }
        Ok(self)
    }

    fn check(&mut self, config: &LoraConfig) -> Result<(), LoraError> {
        if self.lora.is_some() {
            return Err(LoraError::Adapted);
        }
        if config.rank == 0 {
            return Err(LoraError::Rank);
        }
        if !(config.scale().is_finite() && config.scale() > 0.0) {
            return Err(LoraError::Alpha(config.alpha));
        }
        let names = self.projections().into_iter().map(|(name, _)| name);
        let names: Vec<String> = names.collect();
        let mixtures = (0..self.config().layers).filter(|&l| self.config().mixture_at(l).is_some());
        let experts: Vec<String> = mixtures
            .flat_map(|layer| {
                ["gate_proj", "up_proj", "down_proj"]
                    .map(|field| format!("model.layers.{layer}.mlp.experts.0.{field}"))
            })
            .collect();
        if config.targets.is_empty() {
            return Err(LoraError::no_target("", &names));
        }
        for target in &config.targets {
            let one = LoraConfig {
                targets: vec![target.clone()],
                ..config.clone()
            };
            if experts.iter().any(|name| one.target(name).is_some()) {
                return Err(LoraError::Experts(target.clone()));
            }
            if !names.iter().any(|name| one.target(name).is_some()) {
                return Err(LoraError::no_target(target, &names));
            }
        }
        Ok(())
    }

    /// Takes the adapters off, after `first` has seen each projection.
    fn strip(mut self, first: impl Fn(&mut Projection)) -> Self {
        if self.lora.take().is_none() {
            return self;
        }
        for (_, projection) in self.projections() {
            first(projection);
            projection.adapter = None;
        }
        self.map(&mut Thaw::default())
    }
}

/// Makes parameters trained again, all but router biases, which never are by gradient.
#[derive(Default)]
struct Thaw(ParameterPath);

impl ModuleMapper for Thaw {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.0.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.0.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let moved = self.0.name().ends_with("e_score_correction_bias");
        param.set_require_grad(!moved)
    }
}

fn matrix(values: Vec<f32>, shape: [usize; 2], device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// A, `[from, rank]`, from a stream of its own for each projection.
fn uniform(seed: u64, name: &str, from: usize, rank: usize) -> Vec<f32> {
    let mut rng = lm::seed::stream(seed, &["adapter", name]);
    let bound = (from as f64).sqrt().recip();
    let draw = |_| ((2.0 * rng.random::<f64>() - 1.0) * bound) as f32;
    (0..from * rank).map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::{small_dense, small_mixture};

    fn config(targets: &[&str]) -> LoraConfig {
        LoraConfig {
            rank: 4,
            alpha: 8.0,
            targets: targets.iter().map(ToString::to_string).collect(),
            rslora: false,
        }
    }

    #[test]
    fn the_scale_is_alpha_over_the_rank_or_its_root() {
        let plain = config(&[]);
        assert_eq!(plain.scale(), 2.0);
        let root = LoraConfig {
            rslora: true,
            ..plain
        };
        assert_eq!(root.scale(), 4.0);
    }

    #[test]
    fn a_target_is_the_end_of_a_name() {
        let config = config(&["q_proj", "layers.1.self_attn.o_proj"]);
        assert_eq!(config.target("model.layers.0.self_attn.q_proj"), Some(0));
        assert_eq!(config.target("model.layers.1.self_attn.o_proj"), Some(1));
        assert_eq!(config.target("model.layers.0.self_attn.o_proj"), None);
        assert_eq!(config.target("model.layers.0.self_attn.kq_proj"), None);
    }

    #[test]
    fn what_cannot_be_adapted_is_refused() {
        let model = || Decoder::init(&small_mixture(), 1, &Device::flex()).unwrap();
        let refused = |config: &LoraConfig| model().with_adapter(config, 1).unwrap_err();
        let experts = refused(&config(&["o_proj", "up_proj"])).to_string();
        assert!(experts.contains("`up_proj` names the routed experts"));
        assert!(
            model()
                .with_adapter(&config(&["shared_experts.up_proj"]), 1)
                .is_ok()
        );
        let none = refused(&config(&["lm_head"])).to_string();
        assert!(
            none.contains("`lm_head`") && none.contains("o_proj"),
            "{none}"
        );
        assert!(matches!(refused(&config(&[])), LoraError::Target { .. }));
        let zero = LoraConfig {
            rank: 0,
            ..config(&["o_proj"])
        };
        assert!(matches!(refused(&zero), LoraError::Rank));
        let alpha = LoraConfig {
            alpha: -1.0,
            ..config(&["o_proj"])
        };
        assert!(matches!(refused(&alpha), LoraError::Alpha(_)));
        let twice = model().with_adapter(&config(&["o_proj"]), 1).unwrap();
        let twice = twice.with_adapter(&config(&["o_proj"]), 1);
        assert!(matches!(twice, Err(LoraError::Adapted)));
    }

    #[test]
    fn only_adapters_are_trained_until_they_are_merged() {
        let model = Decoder::init(&small_dense(), 1, &Device::flex()).unwrap();
        let trained = |model: &Decoder| {
            let mut count = Count::default();
            model.clone().train().map(&mut count);
            count.0
        };
        let all = trained(&model);
        let adapted = model.with_adapter(&config(&["k_proj"]), 1).unwrap();
        // Two layers of 4·(width in + width out).
        let wide: usize = adapted.clone().projections()[1]
            .1
            .weight
            .dims()
            .iter()
            .sum();
        assert_eq!(trained(&adapted), 2 * 4 * wide);
        assert_eq!(adapted.trained_parameters(), 2 * 4 * wide);
        assert_eq!(trained(&adapted.clone().train().valid()), 2 * 4 * wide);
        assert_eq!(trained(&adapted.without_adapter()), all);
        assert_eq!(trained(&adapted.merge()), all);
    }

    #[derive(Default)]
    struct Count(usize);

    impl ModuleMapper for Count {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if param.val().is_require_grad() {
                self.0 += param.shape().num_elements();
            }
            param
        }
    }
}
