//! What a step of reinforcement learning leaves in `metrics.jsonl`.

use grpo::ppo::CriticReport;
use grpo::{Alarm, Group, GrpoReport};
use serde::Serialize;

use crate::run::peak_rss_mb;

/// A line of `metrics.jsonl`.
#[derive(Serialize)]
pub(super) struct Metric {
    #[serde(flatten)]
    report: GrpoReport,
    /// The critic's side, where there is one.
    #[serde(flatten)]
    critic: Option<CriticReport>,
    /// Tied groups that others were drawn for; what is reported is without them.
    resampled: usize,
    /// The hardest level asked.
    level: u32,
    /// What the step gave reason to warn of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alarms: Vec<String>,
    seconds: f64,
    sample_seconds: f64,
    train_seconds: f64,
    /// Response tokens sampled a second.
    sample_tokens_per_second: f64,
    /// Tokens of prompts and responses trained on a second.
    train_tokens_per_second: f64,
    /// The most memory the process has held so far, in MB, where the system tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_rss_mb: Option<f64>,
}

impl Metric {
    pub(super) fn new(
        report: GrpoReport,
        critic: Option<CriticReport>,
        resampled: usize,
        level: u32,
        alarms: &[Alarm],
        (sampled, sample_seconds): (usize, f64),
        (trained, train_seconds): (usize, f64),
    ) -> Self {
        Self {
            report,
            critic,
            resampled,
            level,
            alarms: alarms.iter().map(ToString::to_string).collect(),
            seconds: sample_seconds + train_seconds,
            sample_seconds,
            train_seconds,
            sample_tokens_per_second: sampled as f64 / sample_seconds,
            train_tokens_per_second: trained as f64 / train_seconds,
            peak_rss_mb: peak_rss_mb(),
        }
    }
}

/// Tokens of a rollout.
pub(super) struct Tokens {
    /// Response tokens.
    pub(super) responses: usize,
    /// Tokens the sampler read and wrote: each prompt once.
    pub(super) sampled: usize,
    /// Tokens a pass of training reads: each response with its prompt.
    pub(super) read: usize,
}

impl Tokens {
    /// Counts `groups`; `tied` ones were sampled but are not trained on.
    pub(super) fn of(groups: &[Group], tied: &[Group]) -> Self {
        let responses = |group: &Group| -> usize {
            let completions = group.completions.iter();
            completions.map(|c| c.tokens.len()).sum()
        };
        let all = || groups.iter().chain(tied);
        let read = |group: &Group| group.prompt.len() * group.completions.len() + responses(group);
        Self {
            responses: all().map(responses).sum(),
            sampled: all()
                .map(|group| group.prompt.len() + responses(group))
                .sum(),
            read: groups.iter().map(read).sum(),
        }
    }
}
