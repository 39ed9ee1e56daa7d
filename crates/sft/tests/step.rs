//! Training on a model: it learns, on targets only, and how the batch is cut does not matter.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor};
use lm::{Sequence, score};
use moe_model::{AttentionConfig, Decoder, DecoderConfig, LatentConfig, MixtureConfig, MtpConfig};
use sft::{Batches, SftReport, step};
use trainer::{AdamWConfig, Schedule, TrainError, Trainer, TrainerConfig};

fn trainer(lr: f64) -> Trainer<Decoder> {
    trainer_of(lr, None)
}

/// Of a model with modules for further tokens.
fn trainer_of(lr: f64, mtp: Option<MtpConfig>) -> Trainer<Decoder> {
    let config = DecoderConfig {
        vocabulary: 16,
        width: 16,
        layers: 2,
        inner: 24,
        inner_bias: false,
        attention: AttentionConfig::Latent(LatentConfig {
            heads: 2,
            query_rank: None,
            latent_rank: 8,
            nope_dim: 6,
            rope_dim: 4,
            value_dim: 6,
            bias: false,
            interleaved: true,
        }),
        mixture: Some(MixtureConfig {
            dense_layers: vec![0],
            scores: moe_model::Scores::Sigmoid,
            experts: 4,
            active: 2,
            shared: 1,
            inner: 12,
            groups: 1,
            active_groups: 1,
            normalise: true,
            scaling: 1.0,
            bias_speed: 0.001,
            balance_weight: 0.0,
        }),
        mtp,
        rope: moe_model::RopeConfig::plain(10_000.0),
        norm_eps: 1e-6,
        tied: false,
        max_positions: 32,
        init_std: 0.1,
    };
    let model = Decoder::init(&config, 3, &Device::flex()).unwrap();
    let config = TrainerConfig {
        adamw: AdamWConfig {
            beta1: 0.9,
            beta2: 0.95,
            eps: 1e-8,
            weight_decay: 0.1,
            state: trainer::OptimizerState::Float32,
        },
        schedule: Schedule::constant(lr, 0),
        clip: 1.0,
        checkpointing: false,
    };
    Trainer::new(model, config)
}

const MODULES: Option<MtpConfig> = Some(MtpConfig {
    depth: 2,
    weight: 0.3,
});

/// Counting up from anywhere, after a context of noise.
fn data() -> Vec<Sequence> {
    (0..40u32)
        .map(|i| {
            let noise = [i * 7 % 13, i * 5 % 11];
            let start = i % 9;
            let tokens = noise.into_iter().chain(start..start + 3 + i % 4).collect();
            Sequence { tokens, context: 3 }
        })
        .collect()
}

#[test]
fn the_loss_falls() {
    let data = data();
    let mut trainer = trainer(0.01);
    let losses: Vec<f64> = Batches::new(&data, 8, 1)
        .take(80)
        .map(|batch| step(&mut trainer, &batch, 4096).unwrap().loss)
        .collect();
    assert!(
        (losses[0] - 16f64.ln()).abs() < 0.3,
        "it starts at chance: {}",
        losses[0]
    );
    assert!(losses[79] < 0.3, "{losses:?}");
}

#[test]
fn modules_for_further_tokens_learn_beside_the_model() {
    let data = data();
    let mut trainer = trainer_of(0.01, MODULES);
    let reports: Vec<SftReport> = Batches::new(&data, 8, 1)
        .take(80)
        .map(|batch| step(&mut trainer, &batch, 4096).unwrap())
        .collect();
    let (first, last) = (reports[0].further.unwrap(), reports[79].further.unwrap());
    assert!((first.mtp_loss - 16f64.ln()).abs() < 0.3, "{first:?}");
    assert!(last.mtp_loss < 0.5, "{last:?}");
    assert!(first.draft_accuracy < 0.3 && last.draft_accuracy > 0.8);
    assert!(reports[79].loss < 0.3, "{:?}", reports[79]);
}

#[test]
fn micro_batches_change_nothing() {
    let data = data();
    let batch: Vec<&Sequence> = data.iter().take(9).collect();
    for mtp in [None, MODULES] {
        let run = |micro_tokens| {
            let mut trainer = trainer_of(0.01, mtp);
            let report = step(&mut trainer, &batch, micro_tokens).unwrap();
            let after = score(&trainer.into_model(), &data[..1], 1.0).log_probs_n;
            (report, after.into_data().iter::<f32>().collect::<Vec<_>>())
        };
        let (whole, after) = run(10_000);
        let (cut, after_cut) = run(12);
        assert_eq!(whole.tokens, cut.tokens);
        assert!((whole.loss - cut.loss).abs() < 1e-5);
        assert!((whole.step.grad_norm - cut.step.grad_norm).abs() < 1e-4 * whole.step.grad_norm);
        assert_eq!(whole.step.max_load, cut.step.max_load);
        assert_eq!(whole.further.is_some(), mtp.is_some());
        if let (Some(whole), Some(cut)) = (whole.further, cut.further) {
            assert!((whole.mtp_loss - cut.mtp_loss).abs() < 1e-5);
            assert_eq!(whole.draft_accuracy, cut.draft_accuracy);
        }
        assert!(
            after
                .iter()
                .zip(&after_cut)
                .all(|(a, b)| (a - b).abs() < 1e-3)
        );
    }
}

#[test]
fn a_run_repeats_itself() {
    let data = data();
    let run = || -> Vec<f64> {
        let mut trainer = trainer(0.01);
        let batches = Batches::new(&data, 8, 1).take(5);
        batches
            .map(|batch| step(&mut trainer, &batch, 64).unwrap().loss)
            .collect()
    };
    assert_eq!(run(), run());
}

/// Makes the embedding of a token NaN.
#[derive(Default)]
struct Spoil {
    inside: Vec<String>,
}

const SPOILED: usize = 9;

impl ModuleMapper for Spoil {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.inside.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.inside.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !self.inside.iter().any(|name| name.contains("embed")) {
            return param;
        }
        param.map(|weight| {
            let row = weight.clone().narrow(0, SPOILED, 1) * f32::NAN;
            let [below, above] = [(0, SPOILED), (SPOILED + 1, weight.dims()[0] - SPOILED - 1)]
                .map(|(from, count)| weight.clone().narrow(0, from, count));
            Tensor::cat(vec![below, row, above], 0)
        })
    }
}

#[test]
fn the_sequence_and_the_weight_that_overflow_are_named() {
    let sequence = |token: u32| Sequence {
        tokens: vec![1, token, 2, 3],
        context: 1,
    };
    let batch = [4, 5, SPOILED as u32, 6].map(sequence);
    let batch: Vec<&Sequence> = batch.iter().collect();
    let whole = trainer(0.01);
    let config = *whole.config();
    let mut trainer = Trainer::new(whole.into_model().map(&mut Spoil::default()), config);
    let error = step(&mut trainer, &batch, 4096).unwrap_err();
    let TrainError::NotFinite { tensor, .. } = &error.cause;
    assert!(tensor.as_ref().unwrap().contains("embed"), "{error}");
    assert_eq!(error.at, Some(2));
    assert!(
        error
            .to_string()
            .ends_with("(sequence 3 of the batch does so alone)")
    );
}

#[test]
fn an_overflow_stops_training_and_leaves_the_model() {
    let data = data();
    let batch: Vec<&Sequence> = data.iter().take(4).collect();
    let mut trainer = trainer(f64::INFINITY);
    step(&mut trainer, &batch, 4096).unwrap();
    let error = step(&mut trainer, &batch, 4096).unwrap_err();
    let TrainError::NotFinite { step, tensor, .. } = &error.cause;
    // An infinite learning rate spoils the weights, and that is no sequence's doing.
    assert_eq!((*step, tensor.is_some(), error.at), (2, true, None));
    assert!(error.to_string().contains("step 2"));
}
