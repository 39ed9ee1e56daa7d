//! The decoder as a language model: cached decoding, sampling, balancing.

mod small;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use lm::{
    Cache, CausalLm, GenerateOptions, Prompt, Sampling, Sequence, TokenBatch, generate, score,
};
use moe_model::{AttentionConfig, Decoder, DecoderConfig, GroupedConfig, MixtureConfig, MtpConfig};

fn mixture(query_rank: Option<usize>) -> DecoderConfig {
    DecoderConfig {
        layers: 3,
        ..small::mixture(query_rank)
    }
}

fn mtp(depth: usize) -> DecoderConfig {
    DecoderConfig {
        mtp: Some(MtpConfig { depth, weight: 0.3 }),
        ..mixture(None)
    }
}

fn dense() -> DecoderConfig {
    DecoderConfig {
        attention: AttentionConfig::Grouped(GroupedConfig::new(4, 2, 6)),
        mixture: None,
        tied: true,
        ..mixture(None)
    }
}

/// A mixture in every block whose router is a softmax, as in Mixtral.
fn softmax() -> DecoderConfig {
    let mixture = mixture(None).mixture.map(|mixture| MixtureConfig {
        dense_layers: Vec::new(),
        scores: moe_model::Scores::Softmax,
        shared: 0,
        groups: 1,
        active_groups: 1,
        scaling: 1.0,
        bias_speed: 0.0,
        ..mixture
    });
    DecoderConfig { mixture, ..dense() }
}

fn models() -> Vec<Decoder> {
    [mixture(None), mixture(Some(7)), softmax(), dense()]
        .iter()
        .map(|config| Decoder::init(config, 5, &Device::flex()).unwrap())
        .collect()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

fn assert_close(left: &[f32], right: &[f32], tolerance: f32) {
    assert_eq!(left.len(), right.len());
    for (i, (l, r)) in left.iter().zip(right).enumerate() {
        assert!(
            (l - r).abs() <= tolerance * (1.0 + r.abs()),
            "at {i}: {l} and {r}"
        );
    }
}

#[test]
fn cached_decoding_equals_the_full_forward() {
    let rows: [Vec<u32>; 3] = [
        vec![1, 2, 3, 4, 5, 6, 7],
        vec![9, 8, 7, 6, 5],
        vec![3, 3, 3],
    ];
    for model in models() {
        let d = model.config().width;
        let batch = TokenBatch::new(&rows);
        let full = values(model.forward(&batch).hidden_btd);
        // prompts of different lengths, then token by token
        let prompt_lengths = [4, 2, 1];
        let prompts: Vec<&[u32]> = rows
            .iter()
            .zip(prompt_lengths)
            .map(|(row, n)| &row[..n])
            .collect();
        let mut cache = model.cache(3, 10);
        let prompt_batch = TokenBatch::new(&prompts);
        let hidden = values(model.decode(&prompt_batch, &mut cache));
        for (row, &length) in prompt_lengths.iter().enumerate() {
            for col in 0..length {
                let at = (row * prompt_batch.width() + col) * d;
                let expected = (row * batch.width() + col) * d;
                assert_close(&hidden[at..][..d], &full[expected..][..d], 2e-5);
            }
        }
        for step in 0..2 {
            let next: Vec<[u32; 1]> = rows
                .iter()
                .zip(prompt_lengths)
                .map(|(row, n)| [row[n + step]])
                .collect();
            let hidden = values(model.decode(&TokenBatch::new(&next), &mut cache));
            for (row, &length) in prompt_lengths.iter().enumerate() {
                let expected = (row * batch.width() + length + step) * d;
                assert_close(&hidden[row * d..][..d], &full[expected..][..d], 2e-5);
            }
        }
        assert_eq!(cache.lengths(), [6, 4, 3]);
    }
}

#[test]
fn padding_changes_nothing() {
    for model in models() {
        let alone = score(&model, &[sequence(&[3, 1, 4, 1])], 1.0);
        let beside = score(&model, &[sequence(&[3, 1, 4, 1]), sequence(&[5; 12])], 1.0);
        let beside = values(beside.log_probs_n);
        assert_close(&values(alone.log_probs_n), &beside[..3], 1e-5);
    }
}

fn sequence(tokens: &[u32]) -> Sequence {
    Sequence {
        tokens: tokens.to_vec(),
        context: 1,
    }
}

#[test]
fn samples_do_not_depend_on_their_neighbours() {
    let prompts: Vec<Prompt> = (0..5)
        .map(|i| Prompt {
            id: format!("p{i}"),
            tokens: (1..=i + 2).collect(),
        })
        .collect();
    let options = |max_rows| GenerateOptions {
        samples: 3,
        sampling: Sampling::PLAIN,
        max_new_tokens: 12,
        end_token: 2,
        seed: 9,
        max_rows,
    };
    for model in models() {
        let mut done = 0;
        let together = generate(&model, &prompts, &options(64), &mut |n| done += n);
        assert_eq!(done, 15);
        let apart = generate(&model, &prompts, &options(1), &mut |_| ());
        assert_eq!(together.len(), 15);
        for (one, other) in together.iter().zip(&apart) {
            assert_eq!(one.tokens, other.tokens);
            assert_close(&one.log_probs, &other.log_probs, 1e-4);
        }
    }
}

#[test]
fn the_sampler_reports_the_log_probs_training_sees() {
    let prompts = [Prompt {
        id: "p".into(),
        tokens: vec![4, 5, 6],
    }];
    let options = GenerateOptions {
        samples: 6,
        sampling: Sampling {
            temperature: 0.7,
            top_p: 1.0,
            ..Sampling::PLAIN
        },
        max_new_tokens: 9,
        end_token: 2,
        seed: 1,
        max_rows: 8,
    };
    for model in models() {
        let rollouts = generate(&model, &prompts, &options, &mut |_| ());
        let sequences: Vec<Sequence> = rollouts
            .iter()
            .map(|rollout| Sequence {
                tokens: [&prompts[0].tokens[..], &rollout.tokens].concat(),
                context: 3,
            })
            .collect();
        let scored = values(score(&model, &sequences, 0.7).log_probs_n);
        let sampled: Vec<f32> = rollouts.iter().flat_map(|r| r.log_probs.clone()).collect();
        assert_close(&sampled, &scored, 1e-4);
    }
}

#[test]
fn a_loaded_expert_is_biased_down_and_an_idle_one_up() {
    let model = Decoder::init(&mixture(None), 5, &Device::flex())
        .unwrap()
        .train();
    let before = score(&model, &[sequence(&[1, 2, 3, 4, 5, 6])], 1.0);
    assert_eq!(before.routers.len(), 2, "two of three blocks are mixtures");
    assert!(
        before
            .load()
            .iter()
            .all(|load| load.iter().sum::<u64>() == 12)
    );
    // push everything to the experts that were idle
    let mut model = model;
    for _ in 0..200 {
        let load = score(&model, &[sequence(&[1, 2, 3, 4, 5, 6])], 1.0).load();
        model = model.after_step(&load);
    }
    let after = score(&model, &[sequence(&[1, 2, 3, 4, 5, 6])], 1.0);
    let most = |load: &[Vec<u64>]| load.iter().map(|l| *l.iter().max().unwrap()).max().unwrap();
    assert!(
        most(&after.load()) < most(&before.load()),
        "{:?} {:?}",
        before.routers,
        after.routers
    );
}

#[test]
fn modules_are_scored_only_where_gradients_are_wanted() {
    let sequences = [sequence(&[1, 2, 3, 4, 5, 6]), sequence(&[7, 8])];
    let model = Decoder::init(&mtp(2), 5, &Device::flex()).unwrap();
    let plain = score(&model, &sequences, 1.0);
    assert!(plain.further.is_none());
    assert_eq!(plain.routers.len(), 2, "the main model's");
    let model = model.train();
    let trained = score(&model, &sequences, 1.0);
    let load = trained.load();
    let [main, further] = [&load[..2], &load[2..]];
    assert_eq!(main, plain.load());
    // Two experts for each token that has one, or two, ahead of it.
    let tokens: Vec<u64> = further.iter().map(|load| load.iter().sum()).collect();
    assert_eq!(tokens, [2 * (5 + 1), 2 * 4]);
    assert_eq!(
        values(trained.log_probs_n),
        values(score(&model.valid(), &sequences, 1.0).log_probs_n)
    );
    // A batch too short for either module loads nobody and still moves on.
    let short = score(&model, &[sequence(&[3, 4])], 1.0);
    assert_eq!(short.further.as_ref().unwrap().targets, 0);
    let load = short.load();
    let idle: Vec<u64> = load[3..].concat();
    assert_eq!(idle, [0; 8]);
    let _ = model.after_step(&load);
}

#[test]
fn gradients_agree_with_finite_differences() {
    for config in [mixture(None), mixture(Some(7)), softmax(), dense()] {
        let model = Decoder::init(&config, 5, &Device::flex()).unwrap().train();
        let sequences = [sequence(&[1, 2, 3, 4, 5]), sequence(&[7, 8, 9])];
        let loss = |model: &Decoder| {
            let scores = score(model, &sequences, 1.0);
            let aux = scores
                .aux_loss
                .unwrap_or_else(|| scores.log_probs_n.clone().sum() * 0.0);
            scores.log_probs_n.mean() + aux * 100.0
        };
        let gradients = loss(&model).backward();
        let mut probe = Probe {
            gradients,
            names: Vec::new(),
        };
        model.visit(&mut probe);
        assert!(!probe.names.is_empty());
        for (index, analytic) in probe.names {
            let nudge = |by: f32| {
                let mut nudge = Nudge { index, by, seen: 0 };
                let moved = model.clone().map(&mut nudge);
                f64::from(loss(&moved).into_scalar::<f32>())
            };
            let step = 3e-3;
            let numeric = (nudge(step) - nudge(-step)) / (2.0 * f64::from(step));
            let close = (numeric - analytic).abs() <= 2e-3 + 0.03 * analytic.abs();
            assert!(close, "parameter {index}: {numeric} and {analytic}");
        }
    }
}

/// The derivative along each parameter's own gradient direction, by parameter number.
struct Probe {
    gradients: burn::tensor::Gradients,
    names: Vec<(usize, f64)>,
}

impl burn::module::ModuleVisitor for Probe {
    fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
        let index = self.names.len();
        let gradient = param.val().grad(&self.gradients);
        // along the all-ones direction
        let along = gradient.map_or(0.0, |g| f64::from(g.sum().into_scalar::<f32>()));
        self.names.push((index, along));
    }
}

/// Adds `by` to every element of parameter number `index`.
struct Nudge {
    index: usize,
    by: f32,
    seen: usize,
}

impl burn::module::ModuleMapper for Nudge {
    fn map_float<const D: usize>(
        &mut self,
        param: burn::module::Param<Tensor<D>>,
    ) -> burn::module::Param<Tensor<D>> {
        self.seen += 1;
        // the router's bias chooses experts and has no gradient
        let skipped = D == 1 && !param.val().is_require_grad();
        if self.seen - 1 != self.index || skipped {
            return param;
        }
        param.map(|tensor| (tensor + self.by).detach().require_grad())
    }
}
