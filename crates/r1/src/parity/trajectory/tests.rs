//! Runs worked by hand, refusals by name, and the reference's own runs where they are at hand.
//!
//! A model of zeros gives every token the probability 1/v whatever the context, and its gradient is
//! zero: the loss is ln v, the weights stay.

use std::path::PathBuf;

use moe_model::{AttentionConfig, DecoderConfig, GroupedConfig, RopeConfig, SaveOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

const VOCABULARY: usize = 11;

/// A case with this trajectory; its model has ended as it began.
fn recorded(trajectory: &Value) -> TempDir {
    let config = DecoderConfig {
        vocabulary: VOCABULARY,
        width: 8,
        layers: 1,
        inner: 12,
        inner_bias: false,
        attention: AttentionConfig::Grouped(GroupedConfig::new(2, 1, 4)),
        mixture: None,
        mtp: None,
        rope: RopeConfig::plain(10_000.0),
        norm_eps: 1e-6,
        tied: false,
        max_positions: 32,
        init_std: 0.0,
    };
    let dir = tempfile::tempdir().unwrap();
    let model = Decoder::init(&config, 0, &device().unwrap()).unwrap();
    model.save(dir.path(), &SaveOptions::default()).unwrap();
    let [began, ended] = ["model", "final"].map(|name| dir.path().join(name));
    let [began, ended] = [began, ended].map(|path| path.with_extension("safetensors"));
    std::fs::copy(began, ended).unwrap();
    std::fs::write(dir.path().join(FILE), trajectory.to_string()).unwrap();
    dir
}

fn found(trajectory: &Value) -> Result<TrajectoryDifferences> {
    compare(recorded(trajectory).path())
}

/// Two steps of next-token training; the second at half a cosine, after one of warm-up.
fn sft() -> Value {
    let batch = json!({
        "input_ids": [[3, 4, 5, 6], [0, 7, 8, 9]],
        "attention_mask": [[1, 1, 1, 1], [0, 1, 1, 1]],
        "labels": [[-100, -100, 5, 6], [-100, -100, 8, 9]],
    });
    let loss = (VOCABULARY as f64).ln();
    let step = |lr: f64| json!({"lr": lr, "loss": loss, "grad_norm_before_clip": 0.0});
    json!({
        "hyper": {
            "lr": 0.02, "betas": [0.9, 0.95], "eps": 1e-8, "weight_decay": 0.1,
            "max_grad_norm": 1.0, "schedule": "cosine_with_warmup", "num_warmup_steps": 1,
            "num_training_steps": 3,
        },
        "batches": [batch, batch, batch],
        "steps": [step(0.0), step(0.02), step(0.01)],
        "final_loss_on_batch0": loss,
    })
}

/// A rollout of two responses, of two tokens and one, trained on twice.
///
/// Rewards 1 and 0 have mean 0.5 and std 1/√2. Ratios are 1, so the loss is −(2a − a)/3.
fn rl() -> Value {
    let a = 0.5 / (0.5_f64.sqrt() + 1e-4);
    let p = -(VOCABULARY as f64).ln();
    let step = |iteration: u32| {
        json!({
            "batch": 0, "iteration": iteration, "loss": -a / 3.0, "kl_mean": 0.0,
            "clip_region_mean": 0.0, "grad_norm_before_clip": 0.0, "advantages": [a, -a],
            "logps": [[p, p], [p, 0.0]], "ref_logps": [[p, p], [p, 0.0]],
            "num_items_in_batch": 3.0,
        })
    };
    json!({
        "hyper": {
            "lr": 0.01, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.0,
            "max_grad_norm": 1.0, "schedule": "constant", "num_iterations": 2,
        },
        "config": {
            "loss_type": "dapo", "importance_sampling_level": "token", "beta": 0.04,
            "epsilon": 0.2, "epsilon_high": 0.28, "delta": null, "scale_rewards": "group",
            "num_generations": 2, "max_completion_length": 2, "gradient_accumulation_steps": 1,
            "steps_per_generation": 1, "reward_weights": [2.0], "temperature": 0.8,
            "multi_objective_aggregation": "sum_then_normalize", "num_items_in_batch": 3.0,
        },
        "batches": [{
            "prompt_ids": [[0, 3], [0, 3]], "prompt_mask": [[0, 1], [0, 1]],
            "completion_ids": [[4, 2], [2, 0]], "completion_mask": [[1, 1], [1, 0]],
            "rewards": [0.5, 0.0],
        }],
        "steps": [step(0), step(1)],
    })
}

#[test]
fn runs_worked_by_hand_pass() {
    for (trajectory, steps) in [(sft(), 3), (rl(), 2)] {
        let found = found(&trajectory).unwrap();
        assert!(found.pass(), "{}", found.line());
        assert_eq!(found.steps.len(), steps);
        assert!(found.line().starts_with("pass"));
    }
}

#[test]
fn every_recorded_number_is_compared() {
    let cases = [
        (sft(), "/steps/0/lr", json!(1e-9), 1),
        (sft(), "/steps/2/lr", json!(0.010_000_1), 3),
        (sft(), "/steps/1/loss", json!(2.4), 2),
        (sft(), "/steps/1/grad_norm_before_clip", json!(1e-3), 2),
        (rl(), "/steps/1/lr", json!(0.011), 2),
        (rl(), "/steps/0/loss", json!(0.1), 1),
        (rl(), "/steps/1/kl_mean", json!(1e-3), 2),
        (rl(), "/steps/1/clip_region_mean", json!(0.33), 2),
        (rl(), "/steps/1/grad_norm_before_clip", json!(1e-3), 2),
        (rl(), "/steps/0/advantages/1", json!(-0.7), 1),
        (rl(), "/steps/0/logps/1/0", json!(-2.0), 1),
        (rl(), "/steps/1/ref_logps/0/1", json!(-2.0), 2),
    ];
    for (mut trajectory, pointer, wrong, step) in cases {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match trajectory.pointer_mut(parent).unwrap() {
            Value::Array(list) => list[name.parse::<usize>().unwrap()] = wrong,
            object => object[name] = wrong,
        }
        let found = found(&trajectory).unwrap();
        let line = found.line();
        let first = format!("step {step} is the first to differ");
        assert!(
            line.starts_with("FAIL") && line.contains(&first),
            "{pointer}: {line}"
        );
    }
    let mut trajectory = sft();
    trajectory["final_loss_on_batch0"] = json!(2.0);
    let found = found(&trajectory).unwrap();
    assert!(!found.pass(), "{}", found.line());
}

#[test]
fn every_difference_counts() {
    let fine = TrajectoryDifferences {
        steps: vec![StepDifferences::default(); 2],
        ..TrajectoryDifferences::default()
    };
    assert!(fine.pass());
    let cases: [fn(&mut TrajectoryDifferences); 9] = [
        |d| d.steps[1].lr = 1e-8,
        |d| d.steps[1].loss = 2e-4,
        |d| d.steps[1].grad_norm = f64::NAN,
        |d| d.steps[1].kl = 2e-4,
        |d| d.steps[1].clip_fraction = 0.1,
        |d| d.steps[1].advantages = f64::INFINITY,
        |d| d.steps[1].log_probs = f64::NAN,
        |d| d.final_loss = 2e-4,
        |d| d.weights = 1e-4,
    ];
    for spoil in cases {
        let mut found = fine.clone();
        spoil(&mut found);
        assert!(
            !found.pass() && found.line().starts_with("FAIL"),
            "{found:?}"
        );
    }
}

/// Weights the run did not end with: of another value, and none.
#[test]
fn weights_are_compared_by_name() {
    let dir = recorded(&sft());
    let mut case = Case::open(dir.path()).unwrap();
    let model = Decoder::load(dir.path(), &device().unwrap()).unwrap();
    assert_eq!(weights::compare(&model, &case.weights).unwrap().0, 0.0);
    // Ones but for one of eight: 0.5 of √(7 + 1.5²).
    let norm = case.weights.get_mut("model.norm.weight").unwrap();
    norm.values[3] = 1.5;
    let (off, of) = weights::compare(&model, &case.weights).unwrap();
    assert!((off - 0.5 / 9.25_f64.sqrt()).abs() < 1e-9, "{off}");
    assert_eq!(of, "model.norm.weight");
    case.weights.get_mut("model.norm.weight").unwrap().values[3] = f32::NAN;
    assert!(weights::compare(&model, &case.weights).unwrap().0.is_nan());
    case.weights.remove("model.norm.weight");
    let missing = (f64::INFINITY, "model.norm.weight".to_string());
    assert_eq!(weights::compare(&model, &case.weights).unwrap(), missing);
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    for (trajectory, pointer, wrong, words) in [
        (sft(), "/hyper/schedule", json!("linear"), "`linear`"),
        (sft(), "/hyper/lr", json!("fast"), "hyper"),
        (
            sft(),
            "/hyper/num_warmup_steps",
            json!(null),
            "`num_warmup_steps`",
        ),
        (sft(), "/batches", json!([]), "0 batches and 3 steps"),
        (
            sft(),
            "/batches/1/labels/0/3",
            json!(-100),
            "batch 1: labels",
        ),
        (sft(), "/batches/2/labels/1/3", json!(4), "batch 2: labels"),
        (sft(), "/steps/0", json!({"lr": 0.0}), "`loss`"),
        (rl(), "/config/loss_type", json!("gfpo"), "`gfpo`"),
        (
            rl(),
            "/config/steps_per_generation",
            json!(2),
            "`steps_per_generation`",
        ),
        (
            rl(),
            "/config/multi_objective_aggregation",
            json!("normalize_then_sum"),
            "`sum_then_normalize`",
        ),
        (rl(), "/hyper/num_iterations", json!(3), "2 steps, not 3"),
        (rl(), "/steps/1/iteration", json!(0), "step 2: `batch`"),
        (
            rl(),
            "/steps/1/num_items_in_batch",
            json!(4.0),
            "step 2: `num_items_in_batch`",
        ),
        (
            rl(),
            "/steps/0/advantages",
            json!([0.0]),
            "step 1: `advantages`",
        ),
        (
            rl(),
            "/steps/0/ref_logps",
            json!([[0.0], [0.0]]),
            "step 1: `ref_logps`",
        ),
        (
            rl(),
            "/batches/0/prompt_ids/1/1",
            json!(4),
            "batch 0: a group",
        ),
        (
            rl(),
            "/batches/0/prompt_mask",
            json!([[0, 0], [0, 0]]),
            "batch 0: a prompt",
        ),
        (
            rl(),
            "/batches/0/completion_mask/1",
            json!([0, 1]),
            "`completion_mask`",
        ),
    ] {
        let mut trajectory = trajectory;
        *trajectory.pointer_mut(pointer).unwrap() = wrong;
        let message = format!("{:#}", found(&trajectory).unwrap_err());
        assert!(
            message.contains(FILE) && message.contains(words),
            "{pointer}: {message}"
        );
    }
}

/// Every reference run at hand; none where the folder is missing.
#[test]
fn the_reference_runs_pass() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/parity/training");
    let Ok(entries) = std::fs::read_dir(root) else {
        return;
    };
    let mut checked = 0;
    for dir in entries.map(|entry| entry.unwrap().path()) {
        let found = compare(&dir).unwrap();
        assert!(found.pass(), "{}", found.line());
        checked += 1;
    }
    assert!(checked > 0);
}
