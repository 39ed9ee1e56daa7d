//! The decoder written down slowly, in double precision and one number at a time, to hold the fast
//! one against.

mod mtp;

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use lm::{CausalLm, ParameterPath, TokenBatch};

use crate::Decoder;
use crate::config::tests::{small_families, small_mixture};
use crate::config::{
    AttentionConfig, DecoderConfig, GroupedConfig, LatentConfig, MixtureConfig, RopeConfig,
    RopeScaling, Scores, YarnConfig,
};
use crate::rope::frequencies;

/// A model as its checkpoint has it.
struct Plain {
    config: DecoderConfig,
    weights: BTreeMap<String, (Vec<usize>, Vec<f64>)>,
}

impl Plain {
    fn vector(&self, name: &str) -> &[f64] {
        &self.weights[name].1
    }

    fn linear(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let (shape, weight) = &self.weights[&format!("{name}.weight")];
        let bias = self.weights.get(&format!("{name}.bias"));
        (0..shape[0])
            .map(|row| {
                let weights = &weight[row * shape[1]..][..shape[1]];
                let sum: f64 = weights.iter().zip(x).map(|(w, x)| w * x).sum();
                sum + bias.map_or(0.0, |(_, bias)| bias[row])
            })
            .collect()
    }

    fn norm(&self, name: &str, x: &[f64], eps: f64) -> Vec<f64> {
        let weight = self.vector(&format!("{name}.weight"));
        let square: f64 = x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64;
        let scale = 1.0 / (square + eps).sqrt();
        x.iter().zip(weight).map(|(x, w)| x * scale * w).collect()
    }

    /// Rotates `x`, all of which is rotary, to a position.
    fn rotate(&self, x: &mut [f64], position: usize, interleaved: bool) {
        let half = x.len() / 2;
        let size = self.config.rope.magnitude();
        for (i, frequency) in frequencies(&self.config.rope, x.len()).iter().enumerate() {
            let (a, b) = if interleaved {
                (2 * i, 2 * i + 1)
            } else {
                (i, i + half)
            };
            let (sin, cos) = (position as f64 * frequency).sin_cos();
            let (left, right) = (x[a], x[b]);
            x[a] = (left * cos - right * sin) * size;
            x[b] = (left * sin + right * cos) * size;
        }
    }

    /// Queries, keys and values of one token: a vector a head.
    fn latent(
        &self,
        at: &str,
        latent: &LatentConfig,
        x: &[f64],
        position: usize,
    ) -> [Vec<Vec<f64>>; 3] {
        let q = match latent.query_rank {
            None => self.linear(&format!("{at}.q_proj"), x),
            Some(_) => {
                let low = self.linear(&format!("{at}.q_a_proj"), x);
                let low = self.norm(&format!("{at}.q_a_layernorm"), &low, 1e-6);
                self.linear(&format!("{at}.q_b_proj"), &low)
            }
        };
        let joint = self.linear(&format!("{at}.kv_a_proj_with_mqa"), x);
        let (low, shared) = joint.split_at(latent.latent_rank);
        let mut shared = shared.to_vec();
        self.rotate(&mut shared, position, latent.interleaved);
        let low = self.norm(&format!("{at}.kv_a_layernorm"), low, 1e-6);
        let kv = self.linear(&format!("{at}.kv_b_proj"), &low);
        let queries = q.chunks(latent.nope_dim + latent.rope_dim).map(|head| {
            let mut head = head.to_vec();
            self.rotate(&mut head[latent.nope_dim..], position, latent.interleaved);
            head
        });
        let pairs = || kv.chunks(latent.nope_dim + latent.value_dim);
        let keys = pairs().map(|head| [&head[..latent.nope_dim], &shared].concat());
        let values = pairs().map(|head| head[latent.nope_dim..].to_vec());
        [queries.collect(), keys.collect(), values.collect()]
    }

    fn grouped(
        &self,
        at: &str,
        grouped: &GroupedConfig,
        x: &[f64],
        position: usize,
    ) -> [Vec<Vec<f64>>; 3] {
        let heads = |name: &str, norm: &str, rotated: bool| -> Vec<Vec<f64>> {
            let all = self.linear(&format!("{at}.{name}"), x);
            let one = |head: &[f64]| {
                let mut head = match rotated && grouped.qk_norm {
                    true => self.norm(&format!("{at}.{norm}"), head, self.config.norm_eps),
                    false => head.to_vec(),
                };
                if rotated {
                    self.rotate(&mut head[..grouped.rotated_dim], position, false);
                }
                head
            };
            all.chunks(grouped.head_dim).map(one).collect()
        };
        let each = grouped.heads / grouped.kv_heads;
        let repeated = |heads: Vec<Vec<f64>>| -> Vec<Vec<f64>> {
            heads
                .iter()
                .flat_map(|head| std::iter::repeat_n(head.clone(), each))
                .collect()
        };
        [
            heads("q_proj", "q_norm", true),
            repeated(heads("k_proj", "k_norm", true)),
            repeated(heads("v_proj", "", false)),
        ]
    }

    fn attention(&self, at: &str, stream: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let tokens: Vec<[Vec<Vec<f64>>; 3]> = stream
            .iter()
            .enumerate()
            .map(|(position, x)| match &self.config.attention {
                AttentionConfig::Latent(latent) => self.latent(at, latent, x, position),
                AttentionConfig::Grouped(grouped) => self.grouped(at, grouped, x, position),
            })
            .collect();
        let latent = matches!(self.config.attention, AttentionConfig::Latent(_));
        let further = if latent {
            self.config.rope.attention_scale()
        } else {
            1.0
        };
        let mixed = (0..tokens.len()).map(|t| {
            let heads = tokens[t][0].iter().enumerate().map(|(h, query)| {
                let scale = further / (query.len() as f64).sqrt();
                let score = |s: usize| -> f64 {
                    scale
                        * query
                            .iter()
                            .zip(&tokens[s][1][h])
                            .map(|(q, k)| q * k)
                            .sum::<f64>()
                };
                let weights = softmax(&(0..=t).map(score).collect::<Vec<_>>());
                let mut sum = vec![0.0; tokens[t][2][h].len()];
                for (s, weight) in weights.iter().enumerate() {
                    for (sum, value) in sum.iter_mut().zip(&tokens[s][2][h]) {
                        *sum += weight * value;
                    }
                }
                sum
            });
            self.linear(&format!("{at}.o_proj"), &heads.collect::<Vec<_>>().concat())
        });
        mixed.collect()
    }

    fn dense(&self, at: &str, x: &[f64], names: [&str; 3]) -> Vec<f64> {
        let [gate, up, down] = names.map(|name| format!("{at}.{name}"));
        let gate = self.linear(&gate, x);
        let inner: Vec<f64> = gate
            .iter()
            .zip(self.linear(&up, x))
            .map(|(gate, up)| gate / (1.0 + (-gate).exp()) * up)
            .collect();
        self.linear(&down, &inner)
    }

    fn feed(&self, layer: usize, x: &[f64]) -> Vec<f64> {
        const NAMES: [&str; 3] = ["gate_proj", "up_proj", "down_proj"];
        let block = format!("model.layers.{layer}");
        let Some(mixture) = self.config.mixture_at(layer) else {
            return self.dense(&format!("{block}.mlp"), x, NAMES);
        };
        let mixtral = self
            .weights
            .contains_key(&format!("{block}.block_sparse_moe.gate.weight"));
        let (at, names) = match mixtral {
            true => (format!("{block}.block_sparse_moe"), ["w1", "w3", "w2"]),
            false => (format!("{block}.mlp"), NAMES),
        };
        let logits = self.linear(&format!("{at}.gate"), x);
        let (scores, bias) = match mixture.scores {
            Scores::Softmax => (softmax(&logits), vec![0.0; logits.len()]),
            Scores::Sigmoid => {
                let bias = self.vector(&format!("{at}.gate.e_score_correction_bias"));
                let sigmoid = logits.iter().map(|x| 1.0 / (1.0 + (-x).exp()));
                (sigmoid.collect(), bias.to_vec())
            }
        };
        let chosen = choose(mixture, &scores, &bias);
        let sum: f64 = chosen.iter().map(|&e| scores[e]).sum();
        let mut out = vec![0.0; x.len()];
        for expert in chosen {
            let weight = match mixture.normalise {
                true => scores[expert] / (sum + 1e-20),
                false => scores[expert],
            };
            let said = self.dense(&format!("{at}.experts.{expert}"), x, names);
            add(&mut out, &said, weight * mixture.scaling);
        }
        if mixture.shared > 0 {
            add(
                &mut out,
                &self.dense(&format!("{at}.shared_experts"), x, NAMES),
                1.0,
            );
        }
        out
    }

    fn normed(&self, name: &str, stream: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let eps = self.config.norm_eps;
        stream.iter().map(|x| self.norm(name, x, eps)).collect()
    }

    fn embedding(&self, id: u32) -> &[f64] {
        let width = self.config.width;
        &self.vector("model.embed_tokens.weight")[id as usize * width..][..width]
    }

    fn block(&self, layer: usize, stream: &mut [Vec<f64>]) {
        let at = format!("model.layers.{layer}");
        let normed = self.normed(&format!("{at}.input_layernorm"), stream);
        let attended = self.attention(&format!("{at}.self_attn"), &normed);
        stream
            .iter_mut()
            .zip(&attended)
            .for_each(|(x, more)| add(x, more, 1.0));
        let fed = self.normed(&format!("{at}.post_attention_layernorm"), stream);
        let fed = fed.iter().map(|x| self.feed(layer, x));
        stream
            .iter_mut()
            .zip(fed)
            .for_each(|(x, more)| add(x, &more, 1.0));
    }

    /// The state of every token that the projection reads.
    fn hidden(&self, ids: &[u32]) -> Vec<Vec<f64>> {
        let mut stream: Vec<Vec<f64>> = ids.iter().map(|&id| self.embedding(id).to_vec()).collect();
        (0..self.config.layers).for_each(|layer| self.block(layer, &mut stream));
        self.normed("model.norm", &stream)
    }

    fn project(&self, hidden: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let head = match self.config.tied {
            true => "model.embed_tokens",
            false => "lm_head",
        };
        hidden.iter().map(|x| self.linear(head, x)).collect()
    }

    /// Logits of every token.
    fn logits(&self, ids: &[u32]) -> Vec<Vec<f64>> {
        self.project(&self.hidden(ids))
    }
}

/// The experts with the best biased scores, within the groups whose two best sum up highest.
fn choose(mixture: &MixtureConfig, scores: &[f64], bias: &[f64]) -> Vec<usize> {
    let biased: Vec<f64> = scores.iter().zip(bias).map(|(s, b)| s + b).collect();
    let best = |candidates: Vec<usize>, value: &dyn Fn(usize) -> f64, count: usize| {
        let mut candidates = candidates;
        candidates.sort_by(|&a, &b| value(b).total_cmp(&value(a)));
        candidates.truncate(count);
        candidates
    };
    let size = mixture.experts / mixture.groups;
    let strength = |group: usize| -> f64 {
        let members = (group * size..(group + 1) * size).collect();
        best(members, &|e| biased[e], 2)
            .iter()
            .map(|&e| biased[e])
            .sum()
    };
    let groups = best(
        (0..mixture.groups).collect(),
        &strength,
        mixture.active_groups,
    );
    let eligible = groups
        .into_iter()
        .flat_map(|group| group * size..(group + 1) * size);
    best(eligible.collect(), &|e| biased[e], mixture.active)
}

fn softmax(x: &[f64]) -> Vec<f64> {
    let most = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = x.iter().map(|x| (x - most).exp()).sum();
    x.iter().map(|x| (x - most).exp() / total).collect()
}

fn add(to: &mut [f64], more: &[f64], weight: f64) {
    to.iter_mut()
        .zip(more)
        .for_each(|(to, more)| *to += weight * more);
}

/// Moves the vectors, which begin at 0 or 1, so that leaving one out shows.
struct Unsettle(u32);

impl ModuleMapper for Unsettle {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if D > 1 {
            return param;
        }
        self.0 += 1;
        let phase = self.0 as f32;
        param.map(|tensor| {
            let shape = tensor.dims();
            let moves = (0..shape[0])
                .map(|i| 0.3 * (phase + 1.7 * i as f32).sin())
                .collect();
            let moves: Tensor<D> =
                Tensor::from_data(TensorData::new(moves, shape), &tensor.device());
            let tracked = tensor.is_require_grad();
            (tensor + moves).detach().set_require_grad(tracked)
        })
    }
}

struct Collect<'a> {
    path: ParameterPath,
    model: &'a Decoder,
    weights: BTreeMap<String, (Vec<usize>, Vec<f64>)>,
}

impl ModuleVisitor for Collect<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let shape = param.val().dims();
        let values: Vec<f32> = param.val().into_data().iter::<f32>().collect();
        let stored = self.model.as_stored(&self.path.name(), &shape, &values);
        for tensor in stored.unwrap() {
            let values = tensor.values.into_iter().map(f64::from).collect();
            self.weights.insert(tensor.name, (tensor.shape, values));
        }
    }
}

fn plain(model: &Decoder) -> Plain {
    let mut collect = Collect {
        path: ParameterPath::default(),
        model,
        weights: BTreeMap::new(),
    };
    model.visit(&mut collect);
    Plain {
        config: model.config().clone(),
        weights: collect.weights,
    }
}

#[test]
fn every_architecture_computes_what_is_written_down() {
    let mut configs = small_families();
    configs.push(DecoderConfig {
        rope: RopeConfig {
            theta: 10_000.0,
            scaling: RopeScaling::Yarn(YarnConfig {
                factor: 8.0,
                trained_positions: 16,
                mscale: Some(0.5),
                mscale_all_dim: Some(1.0),
                ..YarnConfig::default()
            }),
        },
        ..small_mixture()
    });
    configs.push(DecoderConfig {
        attention: AttentionConfig::Grouped(GroupedConfig {
            rotated_dim: 4,
            ..GroupedConfig::new(4, 2, 6)
        }),
        mixture: None,
        ..small_mixture()
    });
    for (seed, config) in configs.into_iter().enumerate() {
        let config = DecoderConfig {
            init_std: 0.4,
            ..config
        };
        let model = Decoder::init(&config, seed as u64, &Device::flex()).unwrap();
        let model = model.map(&mut Unsettle(0));
        let ids: Vec<u32> = (0..12).map(|i| (i * 7 + seed as u32 * 3) % 23).collect();
        let hidden = model.forward(&TokenBatch::new(&[&ids])).hidden_btd;
        let [_, t, d] = hidden.dims();
        let found: Vec<f32> = model
            .logits(hidden.reshape([t, d]))
            .into_data()
            .iter::<f32>()
            .collect();
        let wanted = plain(&model).logits(&ids).concat();
        assert_eq!(found.len(), wanted.len());
        for (at, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
            let off = (f64::from(*found) - wanted).abs();
            assert!(
                off < 1e-4 * (1.0 + wanted.abs()),
                "{config:?}: {found} and {wanted} at {at}"
            );
        }
    }
}
