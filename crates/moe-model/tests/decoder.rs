//! The decoder as a language model: cached decoding, sampling, balancing.

mod small;
#[path = "small/families.rs"]
mod small_families;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use lm::{
    Cache, CausalLm, GenerateOptions, Prompt, Sampling, Sequence, TokenBatch, generate, score,
};
use moe_model::{Decoder, DecoderConfig, MtpConfig};
use small_families::{dense, mixture, models, softmax};

fn mtp(depth: usize) -> DecoderConfig {
    DecoderConfig {
        mtp: Some(MtpConfig { depth, weight: 0.3 }),
        ..mixture(None)
    }
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
    for model in models(5) {
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
fn long_rows_of_any_place_in_a_cache_equal_the_full_forward() {
    let row = |seed: u32, length: u32| -> Vec<u32> {
        (0..length)
            .map(|at| (at * at + seed * at + seed) % 31)
            .collect()
    };
    let rows = [row(1, 1100), row(2, 1061), row(3, 40)];
    for model in models(6) {
        let logits = |hidden: Tensor<3>| {
            let [b, t, d] = hidden.dims();
            values(model.logits(hidden.reshape([b * t, d])))
        };
        let full = rows
            .each_ref()
            .map(|row| logits(model.forward(&TokenBatch::new(&[row])).hidden_btd));
        let [prompts, parts] = [0, 10].map(|skipped| {
            rows.each_ref().map(|row| {
                let cut = row.len() - 16;
                if skipped == 0 {
                    &row[..cut]
                } else {
                    &row[cut..cut + skipped]
                }
            })
        });
        let mut cache = model.cache(5, 1110);
        let places = [3, 0, 2];
        model.decode_rows(&TokenBatch::new(&prompts), &places, &mut cache);
        let check = |hidden: Tensor<3>, order: &[usize], from: usize| {
            let [_, t, _] = hidden.dims();
            let found = logits(hidden);
            for (at, &row) in order.iter().enumerate() {
                let first = (rows[row].len() - 16 + from) * 31;
                let expected = &full[row][first..][..t * 31];
                assert_close(&found[at * t * 31..][..t * 31], expected, 1e-4);
            }
        };
        let several = model.decode_rows(&TokenBatch::new(&parts), &places, &mut cache);
        check(several, &[0, 1, 2], 0);
        for step in 10..16 {
            let order = [2, 0, 1];
            let next = order.map(|row| [rows[row][rows[row].len() - 16 + step]]);
            let places = order.map(|row| places[row]);
            let hidden = model.decode_rows(&TokenBatch::new(&next), &places, &mut cache);
            check(hidden, &order, step);
        }
        assert_eq!(cache.lengths(), [1061, 0, 40, 1100, 0]);
    }
}

#[test]
fn padding_changes_nothing() {
    for model in models(5) {
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
        memory: None,
    };
    for model in models(5) {
        let rollouts = generate(&model, &prompts, &options, &mut |_| ()).unwrap();
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
    // Products add in another order where no gradient is wanted.
    assert_close(
        &values(trained.log_probs_n),
        &values(score(&model.valid(), &sequences, 1.0).log_probs_n),
        1e-6,
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
