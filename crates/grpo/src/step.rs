//! One GRPO step: from scored groups to an updated policy.

use lm::{CausalLm, router_reports};
use trainer::Trainer;

use crate::advantage::mean;
use crate::average::Counts;
use crate::config::GrpoConfig;
use crate::error::StepError;
use crate::group::Group;
use crate::kl::KlIn;
use crate::offender;
use crate::parts::parts;
use crate::pass::{Seen, pass, per_token};
use crate::reference::{sums, token_kl};
use crate::report::GrpoReport;
use crate::rows::{Row, all_tokens, live_tokens, response_advantages, rows, spread};

/// Improves the policy on `groups`; `reference` is the model KL is measured against.
///
/// Responses are weighed as the objective says over the whole minibatch, so cutting it into
/// micro-batches of at most `micro_tokens` padded tokens changes nothing.
///
/// # Errors
/// A loss or gradient that is not finite, a KL or a gap between sampler and trainer beyond its
/// limit. The optimizer step in which that is found is not taken.
pub fn step<M: CausalLm>(
    trainer: &mut Trainer<M>,
    reference: Option<&M>,
    groups: &[Group],
    config: &GrpoConfig,
    micro_tokens: usize,
) -> Result<GrpoReport, StepError> {
    let reference = reference.filter(|_| config.beta > 0.0);
    let kl_sums = reference
        .filter(|_| config.kl_in == KlIn::Reward)
        .map(|reference| sums(&token_kl(reference, groups, config, micro_tokens)));
    let kl_sums = kl_sums.as_deref();
    let advantages = response_advantages(groups, config, kl_sums);
    let mut report = GrpoReport {
        parts: parts(groups, config, kl_sums, &advantages),
        ..GrpoReport::of(groups)
    };
    if let Some(sums) = kl_sums {
        report.kl = sums.concat().iter().sum::<f64>() / all_tokens(groups).max(1) as f64;
        config.check_kl(report.kl, || offender::by_sums(groups, sums))?;
    }
    let rows = rows(groups, config, spread(groups, &advantages));
    let update = Update {
        reference: reference.filter(|_| config.kl_in != KlIn::Reward),
        groups,
        config,
        micro_tokens,
    };
    update.run(trainer, &rows, &mut report, |_| Ok(()))?;
    Ok(report)
}

/// What the optimizer steps of a rollout need besides its rows.
pub(crate) struct Update<'a, M> {
    /// The model of the KL term in the loss.
    pub(crate) reference: Option<&'a M>,
    pub(crate) groups: &'a [Group],
    pub(crate) config: &'a GrpoConfig,
    pub(crate) micro_tokens: usize,
}

impl<M: CausalLm> Update<'_, M> {
    /// Takes the optimizer steps; `beside` does whatever else is to be trained on a minibatch.
    pub(crate) fn run(
        &self,
        trainer: &mut Trainer<M>,
        rows: &[Row],
        report: &mut GrpoReport,
        mut beside: impl FnMut(&[Row]) -> Result<(), StepError>,
    ) -> Result<(), StepError> {
        let config = self.config;
        let size = rows.len().div_ceil(config.minibatches.max(1)).max(1);
        let rollout_tokens = live_tokens(rows) as f64 / rows.chunks(size).count().max(1) as f64;
        let mut seen: Vec<Seen> = Vec::new();
        let (mut grad_norms, mut losses) = (Vec::new(), Vec::new());
        for _ in 0..config.inner_epochs {
            for minibatch in rows.chunks(size).filter(|rows| live_tokens(rows) > 0) {
                let counts = Counts {
                    responses: minibatch.len(),
                    tokens: live_tokens(minibatch),
                    rollout_tokens,
                };
                let first = seen.is_empty();
                let here = self.gradient(trainer, minibatch, &counts)?;
                if first {
                    report.sampler_gap_mean = per_token(&here, |part| part.gap);
                    report.sampler_gap_max = here.iter().map(|p| p.gap_max).fold(0.0, f64::max);
                }
                self.check(trainer, minibatch, &counts, &here, first)?;
                let stepped = trainer.step().map_err(|cause| StepError::NotFinite {
                    cause,
                    offender: self.not_finite(trainer, minibatch, &counts),
                })?;
                losses.push(here.iter().map(|part| part.loss).sum());
                grad_norms.push(stepped.grad_norm);
                report.lr = stepped.lr;
                report.max_load = stepped.max_load;
                seen.extend(here);
                beside(minibatch)?;
            }
        }
        if self.reference.is_some() {
            report.kl = per_token(&seen, |part| part.kl);
        }
        report.entropy = per_token(&seen, |part| part.entropy);
        report.clip_fraction = per_token(&seen, |part| part.clipped);
        report.clip_fraction_low = per_token(&seen, |part| part.clipped_low);
        report.clip_fraction_high = report.clip_fraction - report.clip_fraction_low;
        report.loss = mean(&losses);
        report.grad_norm = mean(&grad_norms);
        let routers: Vec<_> = seen.iter().map(|part| &*part.routers).collect();
        report.routers = router_reports(&routers);
        Ok(())
    }

    fn gradient(
        &self,
        trainer: &mut Trainer<M>,
        minibatch: &[Row],
        counts: &Counts,
    ) -> Result<Vec<Seen>, StepError> {
        let (config, micro_tokens) = (self.config, self.micro_tokens);
        pass(
            trainer,
            self.reference,
            minibatch,
            counts,
            config,
            micro_tokens,
        )
        .map_err(|cause| StepError::NotFinite {
            cause,
            offender: self.not_finite(trainer, minibatch, counts),
        })
    }

    /// Refuses the step that the accumulated gradient would take.
    fn check(
        &self,
        trainer: &mut Trainer<M>,
        minibatch: &[Row],
        counts: &Counts,
        seen: &[Seen],
        first: bool,
    ) -> Result<(), StepError> {
        let config = self.config;
        let worst = |of: fn(&Seen) -> f64| {
            let model = trainer.snapshot();
            let alone = |row: &Row| per_token(&[self.alone(&model, row, counts)], of);
            offender::highest(self.groups, minibatch, alone)
        };
        let kl = per_token(seen, |part| part.kl);
        let mut checked = config.check_kl(kl, || worst(|part| part.kl));
        if first && checked.is_ok() {
            let gap = per_token(seen, |part| part.gap);
            checked = config.check_gap(gap, || worst(|part| part.gap));
        }
        if checked.is_err() {
            trainer.discard();
        }
        checked
    }

    /// What a response comes to on its own.
    fn alone(&self, model: &M, row: &Row, counts: &Counts) -> Seen {
        crate::pass::share(model, self.reference, &[row], counts, self.config).report
    }

    /// The first response with a loss or gradient that is not finite by itself.
    fn not_finite(
        &self,
        trainer: &mut Trainer<M>,
        minibatch: &[Row],
        counts: &Counts,
    ) -> Option<crate::Offender> {
        let overflows = |row: &&Row| {
            let alone = std::slice::from_ref(*row);
            let found = pass(trainer, self.reference, alone, counts, self.config, 1);
            let finite = found.is_ok() && trainer.grad_norm().is_finite();
            trainer.discard();
            !finite
        };
        let row = minibatch.iter().filter(|row| !row.masked).find(overflows)?;
        Some(offender::of(self.groups, row))
    }
}
