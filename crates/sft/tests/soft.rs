//! Logit distillation: the loss is the divergence, its gradient the loss's, and the student gets nearer.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use lm::{CausalLm, Sequence, states};
use moe_model::{AttentionConfig, Decoder, DecoderConfig, GroupedConfig, RopeConfig};
use sft::{Divergence, Kept, SoftLoss, SoftTargets, divergence, soft_step, soft_targets, step};
use trainer::{AdamWConfig, Apart, OptimizerState, Schedule, Share, Trainer, TrainerConfig};

const V: usize = 16;

fn model(seed: u64, tied: bool) -> Decoder {
    let config = DecoderConfig {
        vocabulary: V,
        width: 16,
        layers: 1,
        inner: 24,
        inner_bias: false,
        attention: AttentionConfig::Grouped(GroupedConfig::new(2, 1, 8)),
        mixture: None,
        mtp: None,
        rope: RopeConfig::plain(10_000.0),
        norm_eps: 1e-6,
        tied,
        max_positions: 32,
        init_std: 0.3,
    };
    Decoder::init(&config, seed, &Device::flex()).unwrap()
}

fn trainer(model: Decoder, lr: f64) -> Trainer<Decoder> {
    let config = TrainerConfig {
        adamw: AdamWConfig {
            beta1: 0.9,
            beta2: 0.95,
            eps: 1e-8,
            weight_decay: 0.0,
            state: OptimizerState::Float32,
        },
        schedule: Schedule::constant(lr, 0),
        clip: 1e9,
        checkpointing: false,
    };
    Trainer::new(model, config)
}

fn sequences() -> Vec<Sequence> {
    (0..6u32)
        .map(|i| Sequence {
            tokens: (0..5 + i % 3)
                .map(|at| (i * 7 + at * 5 + at * at) % V as u32)
                .collect(),
            context: 1 + (i % 2) as usize,
        })
        .collect()
}

fn kept(k: usize, temperature: f64) -> Kept {
    Kept {
        k,
        vocabulary: V,
        temperature,
    }
}

const LOSS: SoftLoss = SoftLoss {
    divergence: Divergence::Forward,
    alpha: 0.7,
    temperature: 2.0,
    chunk: 4,
};

/// The distributions before all targets, `[n][v]`.
fn distributions(model: &Decoder, sequences: &[Sequence], temperature: f64) -> Vec<Vec<f64>> {
    let logits = model.logits(states(model, sequences).hidden_nd);
    let all = log_softmax(logits.div_scalar(temperature), 1).into_data();
    let all: Vec<f64> = all.iter::<f64>().collect();
    all.chunks(V)
        .map(|row| row.iter().map(|it| it.exp()).collect())
        .collect()
}

fn kl(p: &[f64], q: &[f64]) -> f64 {
    p.iter().zip(q).map(|(p, q)| p * (p / q).ln()).sum()
}

/// The mean divergence that a step with rate 0 reports, and its gradient norm.
fn reported(soft: &[SoftTargets], loss: &SoftLoss, micro: usize) -> (f64, f64, f64) {
    let data = sequences();
    let batch: Vec<_> = data.iter().zip(soft).collect();
    let report = soft_step(&mut trainer(model(2, true), 1e-12), &batch, micro, loss).unwrap();
    (report.kl, report.sft.loss, report.sft.step.grad_norm)
}

#[test]
fn with_all_tokens_it_is_the_full_divergence() {
    let (data, teacher, student) = (sequences(), model(1, true), model(2, true));
    let (p, q) = (
        distributions(&teacher, &data, 2.0),
        distributions(&student, &data, 2.0),
    );
    let mean = |of: &dyn Fn(&[f64], &[f64]) -> f64| {
        p.iter().zip(&q).map(|(p, q)| of(p, q)).sum::<f64>() / p.len() as f64
    };
    let soft = soft_targets(&teacher, &data, kept(V, 2.0), 5);
    let (forward, nll, _) = reported(&soft, &LOSS, 4096);
    assert!(
        (forward - mean(&kl)).abs() < 1e-5,
        "{forward} and {}",
        mean(&kl)
    );
    let reverse = SoftLoss {
        divergence: Divergence::Reverse,
        ..LOSS
    };
    let (found, _, _) = reported(&soft, &reverse, 4096);
    let expected = mean(&|p, q| kl(q, p));
    assert!((found - expected).abs() < 1e-5, "{found} and {expected}");
    // The cross entropy beside it is that of a plain step.
    let batch: Vec<&Sequence> = data.iter().collect();
    let plain = step(&mut trainer(model(2, true), 1e-12), &batch, 4096).unwrap();
    assert!((plain.loss - nll).abs() < 1e-5);
    // Fewer tokens tell less: the rest is one outcome.
    for (k, divergence) in [(1, Divergence::Forward), (3, Divergence::Reverse)] {
        let soft = soft_targets(&teacher, &data, kept(k, 2.0), 5);
        let loss = SoftLoss { divergence, ..LOSS };
        let (found, _, _) = reported(&soft, &loss, 4096);
        let lump = |row: &[f64], order: &[usize]| {
            let mut kept: Vec<f64> = order[..k].iter().map(|at| row[*at]).collect();
            kept.push(1.0 - kept.iter().sum::<f64>());
            kept
        };
        let expected = mean(&|p, q| {
            let mut order: Vec<usize> = (0..V).collect();
            order.sort_by(|a, b| p[*b].total_cmp(&p[*a]));
            let (p, q) = (lump(p, &order), lump(q, &order));
            match divergence {
                Divergence::Forward => kl(&p, &q),
                Divergence::Reverse => kl(&q, &p),
            }
        });
        assert!(
            (found - expected).abs() < 1e-5,
            "k = {k}: {found} and {expected}"
        );
    }
}

#[test]
fn neither_chunks_nor_micro_batches_change_anything() {
    let soft = soft_targets(&model(1, true), &sequences(), kept(3, 2.0), 2);
    assert_eq!(
        soft,
        soft_targets(&model(1, true), &sequences(), kept(3, 2.0), 1000)
    );
    let (kl, nll, norm) = reported(
        &soft,
        &SoftLoss {
            chunk: 1000,
            ..LOSS
        },
        4096,
    );
    for (chunk, micro) in [(1, 4096), (3, 4096), (1000, 8), (2, 16)] {
        let found = reported(&soft, &SoftLoss { chunk, ..LOSS }, micro);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-5 * b.abs().max(1.0);
        assert!(
            near(found.0, kl) && near(found.1, nll) && near(found.2, norm),
            "{found:?}"
        );
    }
}

#[test]
fn without_a_share_of_the_loss_it_is_plain_training() {
    let data = sequences();
    let soft = soft_targets(&model(1, true), &data, kept(3, 2.0), 4);
    let loss = SoftLoss { alpha: 0.0, ..LOSS };
    let (_, nll, norm) = reported(&soft, &loss, 4096);
    let batch: Vec<&Sequence> = data.iter().collect();
    let plain = step(&mut trainer(model(2, true), 1e-12), &batch, 4096).unwrap();
    assert!((plain.loss - nll).abs() < 1e-5);
    assert!((plain.step.grad_norm - norm).abs() < 1e-4 * norm, "{norm}");
}

/// Central differences of the divergence in the student's logits, for both ways and with a rest or without.
#[test]
fn the_gradient_is_that_of_finite_differences() {
    let device = Device::flex().autodiff();
    let (rows, v) = (3, 5);
    let logits: Vec<f64> = (0..rows * v)
        .map(|i| ((i * 37 % 11) as f64 - 5.0) / 4.0)
        .collect();
    for way in [Divergence::Forward, Divergence::Reverse] {
        for (ids, p) in [
            (
                vec![0, 3, 1, 4, 2, 0],
                vec![0.5_f32, 0.3, 0.6, 0.1, 0.45, 0.35],
            ),
            (
                (0..rows as i32).flat_map(|_| 0..v as i32).collect(),
                [0.4_f32, 0.3, 0.15, 0.1, 0.05].repeat(rows),
            ),
        ] {
            let k = ids.len() / rows;
            let log_p: Vec<f32> = p.iter().map(|p| p.ln()).collect();
            let of = |logits: Tensor<2>| {
                let ids = TensorData::new(ids.clone(), [rows, k]);
                let log_p = TensorData::new(log_p.clone(), [rows, k]);
                let ids = Tensor::<2, Int>::from_data(ids, &device);
                divergence(logits, ids, Tensor::from_data(log_p, &device), way).sum()
            };
            let tensor = |values: &[f64]| {
                let values: Vec<f32> = values.iter().map(|it| *it as f32).collect();
                Tensor::<2>::from_data(TensorData::new(values, [rows, v]), &device)
            };
            let leaf = tensor(&logits).require_grad();
            let gradients = of(leaf.clone()).backward();
            let found: Vec<f64> = leaf.grad(&gradients).unwrap().into_data().iter().collect();
            for at in 0..logits.len() {
                let moved = |by: f64| {
                    let mut logits = logits.clone();
                    logits[at] += by;
                    f64::from(of(tensor(&logits)).into_scalar::<f32>())
                };
                let expected = (moved(1e-2) - moved(-1e-2)) / 2e-2;
                assert!(
                    (found[at] - expected).abs() < 1e-3,
                    "{way:?}, k = {k}: {found:?}"
                );
            }
        }
    }
}

/// Whether the output layer is the embedding or not, both ways lead to the teacher.
#[test]
fn steps_go_down_the_loss() {
    for tied in [true, false] {
        let (data, teacher) = (sequences(), model(1, true));
        let soft = soft_targets(&teacher, &data, kept(4, 2.0), 4);
        let batch: Vec<_> = data.iter().zip(&soft).collect();
        for way in [Divergence::Forward, Divergence::Reverse] {
            let loss = SoftLoss {
                divergence: way,
                ..LOSS
            };
            let mut student = trainer(model(2, tied), 0.01);
            let first = soft_step(&mut student, &batch, 16, &loss).unwrap();
            let last = (0..200)
                .map(|_| soft_step(&mut student, &batch, 16, &loss).unwrap())
                .last()
                .unwrap();
            assert!(
                last.kl < 0.5 * first.kl,
                "{way:?}: {} to {}",
                first.kl,
                last.kl
            );
        }
    }
}

/// Without cross entropy the student ends where the teacher is.
#[test]
fn the_student_gets_nearer_to_the_teacher() {
    let (data, teacher) = (sequences(), model(1, true));
    let soft = soft_targets(&teacher, &data, kept(8, 1.0), 64);
    let batch: Vec<_> = data.iter().zip(&soft).collect();
    let loss = SoftLoss {
        alpha: 1.0,
        temperature: 1.0,
        ..LOSS
    };
    let apart = |student: &Decoder| {
        let (p, q) = (
            distributions(&teacher, &data, 1.0),
            distributions(student, &data, 1.0),
        );
        p.iter().zip(&q).map(|(p, q)| kl(p, q)).sum::<f64>() / p.len() as f64
    };
    let before = apart(&model(2, true));
    let mut student = trainer(model(2, true), 0.01);
    for _ in 0..300 {
        soft_step(&mut student, &batch, 4096, &loss).unwrap();
    }
    let after = apart(&student.into_model());
    assert!(after < 0.1 * before, "{before} nats to {after}");
    // Hard targets alone leave it further away.
    let mut plain = trainer(model(2, true), 0.01);
    let hard: Vec<&Sequence> = data.iter().collect();
    for _ in 0..300 {
        step(&mut plain, &hard, 4096).unwrap();
    }
    assert!(apart(&plain.into_model()) > after);
}

/// Chunk by chunk the gradient is that of the loss in one piece.
#[test]
fn the_gradient_of_a_step_is_that_of_the_loss_as_a_whole() {
    let (data, teacher) = (sequences(), model(1, true));
    let soft = soft_targets(&teacher, &data, kept(3, 2.0), 4);
    for tied in [true, false] {
        for way in [Divergence::Forward, Divergence::Reverse] {
            let mut whole = trainer(model(2, tied), 1e-12);
            let taken = whole.accumulate(&[()], |model, ()| {
                let states = states(model, &data);
                let (n, device) = (states.targets.len(), model.device());
                let logits = model.logits(states.hidden_nd);
                let data = TensorData::new(states.targets, [n, 1]);
                let chosen =
                    log_softmax(logits.clone(), 1).gather(1, Tensor::from_data(data, &device));
                let ids: Vec<i32> = soft
                    .iter()
                    .flat_map(|it| &it.ids)
                    .map(|it| *it as i32)
                    .collect();
                let p: Vec<f32> = soft.iter().flat_map(|it| it.log_probs.clone()).collect();
                let ids = Tensor::from_data(TensorData::new(ids, [n, 3]), &device);
                let p = Tensor::from_data(TensorData::new(p, [n, 3]), &device);
                let kl = divergence(logits / 2.0, ids, p, way).mean();
                Share {
                    loss: chosen.mean().neg() * 0.3 + kl * 0.7 * 4.0,
                    load: Vec::new(),
                    apart: Apart::default(),
                    report: (),
                }
            });
            taken.unwrap();
            let norm = whole.grad_norm();
            let loss = SoftLoss {
                divergence: way,
                ..LOSS
            };
            let batch: Vec<_> = data.iter().zip(&soft).collect();
            let mut pieces = trainer(model(2, tied), 1e-12);
            let found = soft_step(&mut pieces, &batch, 16, &loss).unwrap();
            let found = found.sft.step.grad_norm;
            assert!(
                (found - norm).abs() < 1e-4 * norm,
                "{way:?}: {found} and {norm}"
            );
        }
    }
}
