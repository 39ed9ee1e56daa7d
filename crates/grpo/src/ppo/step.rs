//! One PPO step: from scored responses to an updated policy and critic.

use lm::{CausalLm, Sequence, micro_batches};
use serde::Serialize;
use trainer::{Apart, Share, Trainer};

use super::{Critic, PpoConfig, gae, value::value_loss};
use crate::advantage::{deviation, mean};
use crate::config::GrpoConfig;
use crate::error::StepError;
use crate::group::Group;
use crate::kl::KlIn;
use crate::offender;
use crate::parts::parts;
use crate::reference::{per_token, sums, token_kl};
use crate::report::GrpoReport;
use crate::rows::{Row, all_tokens, judged, live_tokens, rewards, rows, vector};
use crate::step::Update;

/// What a step saw and did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PpoReport {
    /// The policy's side. The parts' shares are 0: nothing is compared with its group.
    #[serde(flatten)]
    pub policy: GrpoReport,
    /// The critic's.
    #[serde(flatten)]
    pub critic: CriticReport,
}

/// What the critic did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct CriticReport {
    /// Its loss, mean over tokens, then over optimizer steps.
    pub value_loss: f64,
    /// Share of tokens whose value the clip held back.
    pub value_clip_fraction: f64,
    /// 1 − Var(return − value) / Var(return) over the tokens, before the step: 1 for a critic that
    /// knows, 0 for one that says the same of everything.
    pub explained_variance: f64,
    /// Global norm of its gradient before clipping, mean over optimizer steps.
    pub critic_grad_norm: f64,
}

/// Improves the policy on `groups`, and the critic's idea of them; `reference` is the model KL is
/// measured against.
///
/// Everything `config` says holds but how rewards become advantages: `advantage_scale`, `baseline`
/// and `reward_parts` play no part. With [`KlIn::Reward`] each token pays for its own KL.
///
/// # Errors
/// As [`crate::step`]; also a critic whose loss or gradient is not finite.
pub fn step<M: CausalLm>(
    trainer: &mut Trainer<M>,
    critic: &mut Trainer<Critic<M>>,
    reference: Option<&M>,
    groups: &[Group],
    config: &GrpoConfig,
    ppo: &PpoConfig,
    micro_tokens: usize,
) -> Result<PpoReport, StepError> {
    let reference = reference.filter(|_| config.beta > 0.0);
    let kl = reference
        .filter(|_| config.kl_in == KlIn::Reward)
        .map(|reference| token_kl(reference, groups, config, micro_tokens));
    let mut report = GrpoReport::of(groups);
    let kl_sums = kl.as_deref().map(sums);
    if let Some(sums) = &kl_sums {
        report.kl = sums.concat().iter().sum::<f64>() / all_tokens(groups).max(1) as f64;
        config.check_kl(report.kl, || offender::by_sums(groups, sums))?;
    }
    let none: Vec<Vec<f64>> = groups.iter().map(|g| vec![0.0; judged(g).len()]).collect();
    report.parts = parts(groups, config, kl_sums.as_deref(), &none);

    let episodes = episodes(
        &critic.snapshot(),
        groups,
        config,
        ppo,
        kl.as_deref(),
        micro_tokens,
    );
    let rows = rows(groups, config, advantages(groups, &episodes, ppo));
    let update = Update {
        reference: reference.filter(|_| config.kl_in != KlIn::Reward),
        groups,
        config,
        micro_tokens,
    };
    let mut taught = Vec::new();
    update.run(trainer, &rows, &mut report, |minibatch| {
        taught.push(teach(critic, minibatch, &episodes, ppo, micro_tokens)?);
        Ok(())
    })?;
    let over = |of: fn(&Taught) -> f64| mean(&taught.iter().map(of).collect::<Vec<_>>());
    Ok(PpoReport {
        policy: report,
        critic: CriticReport {
            value_loss: over(|taught| taught.loss),
            value_clip_fraction: over(|taught| taught.clipped),
            explained_variance: explained(&rows, &episodes),
            critic_grad_norm: over(|taught| taught.grad_norm),
        },
    })
}

/// A response as the critic sees it, token by token.
#[derive(Debug, Clone, Default)]
struct Episode {
    values: Vec<f64>,
    advantages: Vec<f64>,
    returns: Vec<f64>,
}

/// The episode of every response, group by group; empty for one that could not be judged.
fn episodes<M: CausalLm>(
    critic: &Critic<M>,
    groups: &[Group],
    config: &GrpoConfig,
    ppo: &PpoConfig,
    kl: Option<&[Vec<Vec<f64>>]>,
    micro_tokens: usize,
) -> Vec<Vec<Episode>> {
    let values = per_token(groups, micro_tokens, |sequences, _| {
        let (values_n, _) = critic.values(sequences);
        values_n.into_data().iter::<f32>().map(f64::from).collect()
    });
    let mut all = Vec::new();
    for (g, (group, mut values)) in groups.iter().zip(values).enumerate() {
        let mut episodes = vec![Episode::default(); group.completions.len()];
        for (i, reward) in judged(group).into_iter().zip(rewards(group, config, None)) {
            let values = std::mem::take(&mut values[i]);
            let mut paid = match kl {
                Some(kl) => kl[g][i].iter().map(|kl| -config.beta * kl).collect(),
                None => vec![0.0; values.len()],
            };
            if let Some(last) = paid.last_mut() {
                *last += reward;
            }
            let (advantages, returns) = gae(&paid, &values, ppo.gamma, ppo.lambda);
            episodes[i] = Episode {
                values,
                advantages,
                returns,
            };
        }
        all.push(episodes);
    }
    all
}

/// The advantages of each judged response's tokens, group by group.
fn advantages(groups: &[Group], episodes: &[Vec<Episode>], ppo: &PpoConfig) -> Vec<Vec<Vec<f32>>> {
    let all: Vec<f64> = episodes
        .iter()
        .flatten()
        .flat_map(|episode| episode.advantages.clone())
        .collect();
    let (centre, divisor) = match ppo.whiten {
        true => (mean(&all), deviation(&all) + 1e-8),
        false => (0.0, 1.0),
    };
    let scaled = |advantage: &f64| ((advantage - centre) / divisor) as f32;
    let of_group = |(group, episodes): (&Group, &Vec<Episode>)| {
        let judged = judged(group).into_iter();
        judged
            .map(|i| episodes[i].advantages.iter().map(scaled).collect())
            .collect()
    };
    groups.iter().zip(episodes).map(of_group).collect()
}

/// What an optimizer step of the critic came to.
struct Taught {
    loss: f64,
    clipped: f64,
    grad_norm: f64,
}

/// Takes one optimizer step of the critic on the responses of `minibatch`.
fn teach<M: CausalLm>(
    critic: &mut Trainer<Critic<M>>,
    minibatch: &[Row],
    episodes: &[Vec<Episode>],
    ppo: &PpoConfig,
    micro_tokens: usize,
) -> Result<Taught, StepError> {
    let rows: Vec<&Row> = minibatch.iter().filter(|row| !row.masked).collect();
    let lengths: Vec<usize> = rows.iter().map(|row| row.sequence.tokens.len()).collect();
    let tokens = live_tokens(minibatch) as f64;
    let parts = micro_batches(&lengths, micro_tokens);
    let seen = critic
        .accumulate(&parts, |critic, part| {
            let here: Vec<&Row> = part.iter().map(|&i| rows[i]).collect();
            let sequences: Vec<Sequence> = here.iter().map(|row| row.sequence.clone()).collect();
            let (values_n, states) = critic.values(&sequences);
            let device = values_n.device();
            let of_tokens = |values: fn(&Episode) -> &[f64]| {
                let of_row = |row: &&Row| values(&episodes[row.of.0][row.of.1]).to_vec();
                let all = here.iter().flat_map(of_row).map(|value| value as f32);
                vector(all.collect(), &device)
            };
            let old_n = of_tokens(|episode| &episode.values);
            let returns_n = of_tokens(|episode| &episode.returns);
            let targets = states.targets.len() as f64;
            let (loss_n, clipped_n) = value_loss(values_n, old_n, returns_n, ppo.value_clip);
            let mut loss = loss_n.sum() / tokens;
            let load = states
                .routers
                .iter()
                .map(|router| router.load.clone())
                .collect();
            let measured =
                burn::tensor::Tensor::cat(vec![loss.clone().detach(), clipped_n.sum() / tokens], 0);
            let measured: Vec<f64> = measured.into_data().iter::<f32>().map(f64::from).collect();
            if let Some(aux) = states.aux_loss {
                loss = loss + aux * (targets / tokens);
            }
            Share {
                loss,
                load,
                apart: Apart::default(),
                report: [measured[0], measured[1]],
            }
        })
        .map_err(StepError::Critic)?;
    let stepped = critic.step().map_err(StepError::Critic)?;
    Ok(Taught {
        loss: seen.iter().map(|part| part[0]).sum(),
        clipped: seen.iter().map(|part| part[1]).sum(),
        grad_norm: stepped.grad_norm,
    })
}

/// How much of the returns' variance the values explain.
fn explained(rows: &[Row], episodes: &[Vec<Episode>]) -> f64 {
    let episodes = || rows.iter().map(|row| &episodes[row.of.0][row.of.1]);
    let returns: Vec<f64> = episodes().flat_map(|e| e.returns.clone()).collect();
    let errors: Vec<f64> = episodes().flat_map(|e| e.advantages.clone()).collect();
    let (returns, errors) = (deviation(&returns), deviation(&errors));
    match returns > 0.0 {
        true => 1.0 - (errors / returns).powi(2),
        false => 0.0,
    }
}
