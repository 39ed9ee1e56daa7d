//! Reinforcement learning, repeated.
//!
//! The responses are the reference's. Their log-probs when sampled are ours, at the policy that
//! comes to the rollout. Everything is trained twice: an optimizer step a call, where each can be
//! seen, and a rollout a call, as training does it; both have to end with the reference's weights.

use anyhow::Result;
use data::{Check, Completion, Domain, Finish, Problem};
use grpo::{Group, GrpoConfig, advantages, weighted_sum};
use lm::{Sequence, score};
use moe_model::Decoder;
use rewards::Score;
use trainer::Trainer;

use super::super::measure::{values, worse};
use super::case::Case;
use super::rollouts::{Grpo, GrpoStep, Rollout};
use super::{MICRO_TOKENS, StepDifferences, TrajectoryDifferences, relative, weights};

pub(super) fn measure(case: &Case, run: &Grpo, model: Decoder) -> Result<TrajectoryDifferences> {
    let config = &run.settings.grpo;
    let once = GrpoConfig {
        inner_epochs: 1,
        ..*config
    };
    let mut stepwise = Trainer::new(model.clone(), case.trainer);
    let mut whole = Trainer::new(model.clone(), case.trainer);
    let mut found = TrajectoryDifferences {
        case: case.dir.display().to_string(),
        ..TrajectoryDifferences::default()
    };
    for (rollout, expected) in run
        .batches
        .iter()
        .zip(run.steps.chunks(config.inner_epochs))
    {
        let groups = run.groups(rollout, &stepwise.snapshot());
        for expected in expected {
            let policy = stepwise.snapshot();
            let report = grpo::step(&mut stepwise, Some(&model), &groups, &once, MICRO_TOKENS)?;
            found.steps.push(StepDifferences {
                lr: expected.lr.map_or(0.0, |lr| relative(report.lr, lr)),
                loss: relative(report.loss, expected.loss),
                grad_norm: relative(report.grad_norm, expected.grad_norm),
                kl: relative(report.kl, expected.kl),
                clip_fraction: relative(report.clip_fraction, expected.clip_fraction),
                advantages: advantages_off(&groups, config, expected),
                log_probs: worse(
                    log_probs_off(&policy, rollout, config, &expected.logps),
                    log_probs_off(&model, rollout, config, &expected.ref_logps),
                ),
            });
        }
        let groups = run.groups(rollout, &whole.snapshot());
        grpo::step(&mut whole, Some(&model), &groups, config, MICRO_TOKENS)?;
    }
    for trainer in [stepwise, whole] {
        let (off, of) = weights::compare(&trainer.into_model(), &case.weights)?;
        if found.weights_of.is_empty() || off.is_nan() || off > found.weights {
            (found.weights, found.weights_of) = (off, of);
        }
    }
    Ok(found)
}

/// The log-prob of each token of each response.
fn log_probs(model: &Decoder, rollout: &Rollout, config: &GrpoConfig) -> Vec<Vec<f32>> {
    let scores = score(model, &rollout.sequences, config.temperature);
    let all = values(scores.log_probs_n);
    let mut left = all.as_slice();
    let row = |sequence: &Sequence| {
        let (row, rest) = left.split_at(sequence.targets());
        left = rest;
        row.to_vec()
    };
    rollout.sequences.iter().map(row).collect()
}

fn log_probs_off(
    model: &Decoder,
    rollout: &Rollout,
    config: &GrpoConfig,
    expected: &[Vec<f64>],
) -> f64 {
    let found = log_probs(model, rollout, config);
    let pairs = found
        .iter()
        .zip(expected)
        .flat_map(|(a, b)| a.iter().zip(b));
    pairs.fold(0.0, |most, (&a, b)| worse(most, (f64::from(a) - b).abs()))
}

/// The largest difference of an advantage, relative to it or to 1, the deviation of most.
fn advantages_off(groups: &[Group], config: &GrpoConfig, expected: &GrpoStep) -> f64 {
    let rewards = |group: &Group| group.scores.iter().map(|s| f64::from(s.total)).collect();
    let rewards: Vec<Vec<f64>> = groups.iter().map(rewards).collect();
    let found = advantages(&rewards, config.advantage_scale, config.baseline).concat();
    let off = found.iter().zip(&expected.advantages);
    off.fold(0.0, |most, (a, b)| {
        worse(most, (a - b).abs() / b.abs().max(1.0))
    })
}

impl Grpo {
    /// The rollout as if `policy` had sampled it.
    fn groups(&self, rollout: &Rollout, policy: &Decoder) -> Vec<Group> {
        let old = log_probs(policy, rollout, &self.settings.grpo);
        let size = self.settings.group;
        let group = |at: usize| {
            let rows = at * size..(at + 1) * size;
            let of = &rollout.sequences[at * size];
            let completion = |row: usize| completion(&rollout.sequences[row], &old[row]);
            let reward = |row: usize| weighted_sum(&[rollout.rewards[row]], &self.settings.weights);
            Group {
                problem: problem(at),
                prompt: of.tokens[..of.context].to_vec(),
                completions: rows.clone().map(completion).collect(),
                scores: rows.map(|row| scored(reward(row) as f32)).collect(),
                parts: Vec::new(),
            }
        };
        (0..rollout.sequences.len() / size).map(group).collect()
    }
}

fn completion(sequence: &Sequence, log_probs: &[f32]) -> Completion {
    Completion {
        problem: String::new(),
        sample: 0,
        tokens: sequence.tokens[sequence.context..].to_vec(),
        log_probs: log_probs.to_vec(),
        text: String::new(),
        finish: Finish::Stop,
    }
}

fn problem(at: usize) -> Problem {
    Problem {
        id: at.to_string(),
        question: String::new(),
        answer: String::new(),
        solution: None,
        family: "recorded".into(),
        domain: Domain::General,
        level: 1,
        language: "en".into(),
        check: Check::Answer,
    }
}

fn scored(reward: f32) -> Score {
    Score {
        total: reward,
        accuracy: Some(reward),
        format: 0.0,
        language: 0.0,
        extra: Vec::new(),
        rule: "recorded".into(),
        answer: None,
        reason: String::new(),
        unjudged: Vec::new(),
    }
}
