//! `r1 bench`: what a method does, over several seeds, in one page; and how fast generation and training
//! are.
//!
//! A benchmark of a method carries out stages of the recipe with the recipe's own code, one run directory a
//! seed, and compares their results. It leaves out whatever a stage does: numbers and curves are
//! read from the files that stages leave anyway, as the report's are.

mod countdown;
mod generate;
mod grpo_vs_ppo;
mod limits;
mod long_run;
mod outcome;
mod page;
mod plan;
mod shapes;
mod train;

use anyhow::Result;

/// The benchmarks there are.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Bench {
    /// R1-Zero on Countdown: a pretrained base learns by reinforcement learning alone.
    ///
    /// Each seed makes its problems, pretrains a base, trains R1-Zero from it and measures both on
    /// the held-out problems, in RUN_DIR/seed-N; curves.html and results.json put the seeds side by
    /// side. Stages that are complete are not done again.
    Countdown(plan::Plan),
    /// GRPO and PPO with a critic from the same start: operations, time, memory and reward.
    ///
    /// Each seed pretrains a base on Countdown and trains it both ways, in RUN_DIR/seed-N, by as many
    /// steps on the same problems; curves.html and results.json compare what that takes and gives.
    GrpoVsPpo(plan::Plan),
    /// Tokens a second of generation with random weights, one JSON line a figure.
    ///
    /// Shapes S, M and D are a dense model of 3M parameters, one of 20M, and a mixture of 6M with
    /// latent attention; every row reads 16 tokens and says 64 at temperature 1.
    Generate(generate::Args),
    /// Tokens a second of training with random weights, and the memory it takes beside what was
    /// expected, one JSON line a figure.
    ///
    /// Shapes are those of `generate`. train_*: AdamW on batches of 16 sequences of 128 tokens. grpo_*:
    /// a whole step, 4 prompts with 16 samples of 64 tokens, β = 0.01, a reward for length.
    Train(train::Args),
    /// Memory, threads and open files at the beginning and the end of thousands of small steps of
    /// reinforcement learning, one JSON line.
    LongRun(long_run::Args),
}

/// Carries a benchmark out, or goes on with it, and prints its table.
///
/// # Errors
///
/// Wrong arguments ([`crate::UsageError`]), before anything is written; what a stage fails with.
pub(crate) fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Countdown(plan) => countdown::run(plan),
        Bench::GrpoVsPpo(plan) => grpo_vs_ppo::run(plan),
        Bench::Generate(args) => generate::run(args),
        Bench::Train(args) => train::run(args),
        Bench::LongRun(args) => long_run::run(args),
    }
}
