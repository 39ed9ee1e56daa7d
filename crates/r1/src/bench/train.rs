//! `r1 bench train`: how fast models of three shapes learn, and in how much memory.
//!
//! Weights and tokens are random, so nothing is learned; speed does not depend on it. Left out: reading
//! data, and judging responses, whose reward here is their length.

use std::cell::OnceCell;
use std::io::Write;
use std::time::Instant;

use anyhow::Result;
use burn::module::Module;
use burn::tensor::Device;
use data::{Check, Completion, Domain, Finish, Problem};
use grpo::{Group, GrpoConfig, Objective};
use lm::{CausalLm, GenerateOptions, Prompt, Rollout, Sampling, Sequence, generate};
use moe_model::{AttentionConfig, Decoder, DecoderConfig, LoraConfig};
use rewards::Score;
use serde::Serialize;
use trainer::{AdamWConfig, OptimizerState, Schedule, Trainer, TrainerConfig};

use super::limits::Limits;
use super::shapes::Shape;
use crate::backend::{self, MICRO_TOKENS};
use crate::memory::{self, Need, Training};
use crate::usage::UsageError;

/// Sequences of a batch, and their tokens.
const BATCH: usize = 16;
const LENGTH: usize = 128;
/// A step of reinforcement learning.
const PROMPTS: usize = 4;
const SAMPLES: u32 = 16;
const PROMPT: usize = 24;
const NEW: usize = 64;

/// The arguments of `r1 bench train`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only figures whose name contains one of these, as train_S_fp32.
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// Name the figures and do nothing.
    #[arg(long)]
    list: bool,
    /// Seconds each figure is repeated for; once at least.
    #[arg(long, value_name = "S", default_value_t = 10.0)]
    seconds: f64,
    #[command(flatten)]
    how: How,
}

/// How models are trained, and on what.
#[derive(Debug, Clone, Copy, clap::Args)]
struct How {
    /// Tokens of a sequence; a batch has 2048 tokens, but two sequences at least.
    #[arg(long, value_name = "N", default_value_t = LENGTH)]
    length: usize,
    /// Keep the inputs of blocks alone and compute blocks again.
    #[arg(long)]
    checkpointing: bool,
    /// A byte for each moment of the optimizer in place of four.
    #[arg(long)]
    int8: bool,
    /// Train adapters of this rank on every projection; 0: the weights.
    #[arg(long, value_name = "R", default_value_t = 0)]
    lora: usize,
}

impl How {
    fn batch(self) -> usize {
        (BATCH * LENGTH / self.length.max(2)).max(2)
    }

    fn state(self) -> OptimizerState {
        match self.int8 {
            true => OptimizerState::Int8,
            false => OptimizerState::Float32,
        }
    }

    /// The model as it is trained.
    fn prepare(self, model: Decoder) -> Result<Decoder> {
        if self.lora == 0 {
            return Ok(model);
        }
        let attention = match &model.config().attention {
            AttentionConfig::Latent(_) => ["kv_a_proj_with_mqa", "kv_b_proj", "o_proj"].as_slice(),
            AttentionConfig::Grouped(_) => &["q_proj", "k_proj", "v_proj", "o_proj"],
        };
        let inner = match model.config().mixture {
            Some(_) => [].as_slice(),
            None => &["gate_proj", "up_proj", "down_proj"],
        };
        let names = attention.iter().chain(inner);
        let config = LoraConfig {
            rank: self.lora,
            alpha: 2.0 * self.lora as f64,
            targets: names.map(ToString::to_string).collect(),
            rslora: false,
        };
        Ok(model.with_adapter(&config, 0)?)
    }
}

/// What is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Train,
    Grpo,
}

impl Work {
    const ALL: [Self; 2] = [Self::Train, Self::Grpo];

    fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Grpo => "grpo",
        }
    }
}

/// A line of the output.
#[derive(Debug, Serialize)]
struct Line {
    figure: String,
    /// Median of the repetitions; of GRPO, tokens of responses.
    tok_s: f64,
    tok_s_best: f64,
    step_s: f64,
    repetitions: usize,
    params: usize,
    threads: usize,
    /// Of this process while the figure ran; absent where the system does not tell.
    peak_rss_mb: Option<u64>,
    /// What a run would have announced.
    expected_mb: u64,
    /// Floating-point operations of a training step's products, as a share of the machine's in the
    /// best repetition; of GRPO, those of the step and of its sampling.
    fraction_of_peak: f64,
    machine_gflop_s: f64,
}

/// Prints a line for every figure asked for.
///
/// # Errors
/// [`UsageError`] if no figure is meant; a device that cannot be used.
pub(super) fn run(args: &Args) -> Result<()> {
    let asked = |name: &str| {
        args.words.is_empty() || args.words.iter().any(|word| name.contains(word.as_str()))
    };
    let figures: Vec<(Work, Shape, String)> = Work::ALL
        .into_iter()
        .flat_map(|work| Shape::ALL.map(|shape| (work, shape, shape.figure(work.name(), None))))
        .filter(|(_, _, name)| asked(name))
        .collect();
    if figures.is_empty() {
        let words = args.words.join(", ");
        return Err(UsageError(format!("no figure contains {words}; --list names them")).into());
    }
    let mut out = std::io::stdout().lock();
    if args.list {
        for (_, _, name) in &figures {
            writeln!(out, "{name}")?;
        }
        return Ok(());
    }
    let device = backend::device()?;
    // After the first figure, whose memory they would be taken for.
    let known = OnceCell::new();
    let limits = || *known.get_or_init(|| Limits::measure(&device));
    for (work, shape, name) in figures {
        let line = measure(
            (work, args.how),
            shape,
            name,
            args.seconds,
            &limits,
            &device,
        )?;
        writeln!(out, "{}", serde_json::to_string(&line)?)?;
        out.flush()?;
    }
    Ok(())
}

fn measure(
    (work, how): (Work, How),
    shape: Shape,
    figure: String,
    seconds: f64,
    limits: &dyn Fn() -> Limits,
    device: &Device,
) -> Result<Line> {
    memory::forget_peak();
    let config = DecoderConfig {
        max_positions: shape.config().max_positions.max(how.length),
        ..shape.config()
    };
    let model = how.prepare(Decoder::init(&config, 0, device)?)?;
    let (params, active) = model.parameters();
    let expected = expected((work, how), &model);
    let mut bench = Bench::new(model, how);
    // The first step makes room for what all others use.
    bench.step(work)?;
    let mut steps = Vec::new();
    let begun = Instant::now();
    while steps.is_empty() || begun.elapsed().as_secs_f64() < seconds {
        let start = Instant::now();
        let tokens = bench.step(work)?;
        steps.push((start.elapsed().as_secs_f64(), tokens));
    }
    let peak = memory::peak();
    let limits = limits();
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rate = |(seconds, tokens): (f64, Tokens)| tokens.counted as f64 / seconds;
    let ((fastest, work_done), median) = (steps[0], steps[steps.len() / 2]);
    // 2 operations a weight forth, 4 back; a reference and sampling go forth only.
    let flop = active as f64 * (6 * work_done.trained + 2 * work_done.read) as f64;
    Ok(Line {
        figure,
        tok_s: rate(median).round(),
        tok_s_best: rate(steps[0]).round(),
        step_s: round(median.0),
        repetitions: steps.len(),
        params,
        threads: rayon::current_num_threads(),
        peak_rss_mb: peak.map(|bytes| bytes / 1_000_000),
        expected_mb: expected / 1_000_000,
        fraction_of_peak: round(flop / fastest / limits.flop_s),
        machine_gflop_s: round(limits.flop_s / 1e9),
    })
}

/// What a stage would say it needs.
fn expected((work, how): (Work, How), model: &Decoder) -> u64 {
    let (sequences, length, targets, copies) = match work {
        Work::Train => (how.batch(), how.length, how.length - 1, 0),
        Work::Grpo => (PROMPTS * SAMPLES as usize, PROMPT + NEW, NEW, 1),
    };
    let rows = (MICRO_TOKENS / length).clamp(1, sequences);
    let passes = sequences.div_ceil(rows);
    let training = Training {
        lanes: kernels::lanes(&model.device()).min(passes),
        passes,
        tokens: rows * length,
        targets: rows * targets,
        copies,
        checkpointing: how.checkpointing,
        state: how.state(),
    };
    Need::of(model, &training).total()
}

/// Tokens of a step.
#[derive(Debug, Clone, Copy)]
struct Tokens {
    /// Those the rate is of.
    counted: usize,
    /// Those trained on.
    trained: usize,
    /// Those read or said without a gradient.
    read: usize,
}

struct Bench {
    trainer: Trainer<Decoder>,
    reference: Decoder,
    vocabulary: usize,
    how: How,
}

impl Bench {
    fn new(model: Decoder, how: How) -> Self {
        let config = TrainerConfig {
            adamw: AdamWConfig {
                state: how.state(),
                ..AdamWConfig::default()
            },
            schedule: Schedule::constant(1e-5, 0),
            clip: 1.0,
            checkpointing: how.checkpointing,
        };
        Self {
            how,
            reference: model.without_adapter().valid(),
            vocabulary: model.vocabulary(),
            trainer: Trainer::new(model, config),
        }
    }

    fn step(&mut self, work: Work) -> Result<Tokens> {
        match work {
            Work::Train => self.train(),
            Work::Grpo => self.grpo(),
        }
    }

    fn tokens(&self, row: usize, length: usize) -> Vec<u32> {
        let token = |at: usize| 3 + (row * 31 + at * 17) % (self.vocabulary - 3);
        (0..length).map(|at| token(at) as u32).collect()
    }

    fn train(&mut self) -> Result<Tokens> {
        let (batch, length) = (self.how.batch(), self.how.length);
        let sequences: Vec<Sequence> = (0..batch)
            .map(|row| Sequence {
                tokens: self.tokens(row, length),
                context: 1,
            })
            .collect();
        let batch: Vec<&Sequence> = sequences.iter().collect();
        sft::step(&mut self.trainer, &batch, MICRO_TOKENS)?;
        Ok(Tokens {
            counted: sequences.len() * length,
            trained: sequences.len() * length,
            read: 0,
        })
    }

    fn grpo(&mut self) -> Result<Tokens> {
        let prompts: Vec<Prompt> = (0..PROMPTS)
            .map(|row| Prompt {
                id: row.to_string(),
                tokens: self.tokens(row, PROMPT),
            })
            .collect();
        let options = GenerateOptions {
            samples: SAMPLES,
            sampling: Sampling::PLAIN,
            max_new_tokens: NEW,
            // Some responses end early, so that lengths and rewards differ.
            end_token: 0,
            seed: self.trainer.steps() as u64,
            max_rows: PROMPTS * SAMPLES as usize,
            memory: None,
        };
        let mut said =
            generate(&self.trainer.snapshot(), &prompts, &options, &mut |_| ())?.into_iter();
        let groups: Vec<Group> = prompts
            .into_iter()
            .map(|prompt| group(prompt, said.by_ref().take(SAMPLES as usize).collect()))
            .collect();
        let config = GrpoConfig {
            beta: 0.01,
            ..GrpoConfig::of(Objective::Grpo, NEW)
        };
        grpo::step(
            &mut self.trainer,
            Some(&self.reference),
            &groups,
            &config,
            MICRO_TOKENS,
        )?;
        let completions = groups.iter().flat_map(|group| &group.completions);
        let counted: usize = completions.map(|completion| completion.tokens.len()).sum();
        let read = counted + PROMPTS * SAMPLES as usize * PROMPT;
        Ok(Tokens {
            counted,
            trained: read,
            // Sampling reads a prompt once, the reference reads everything.
            read: read + counted + PROMPTS * PROMPT,
        })
    }
}

/// Responses with their length as the reward.
fn group(prompt: Prompt, rollouts: Vec<Rollout>) -> Group {
    let problem = Problem {
        id: prompt.id,
        question: String::new(),
        answer: String::new(),
        solution: None,
        family: "length".into(),
        domain: Domain::General,
        level: 1,
        language: "en".into(),
        check: Check::Answer,
    };
    let scores = rollouts.iter().map(|rollout| Score {
        total: rollout.tokens.len() as f32 / NEW as f32,
        accuracy: Some(0.0),
        format: 0.0,
        language: 0.0,
        extra: Vec::new(),
        rule: "none".into(),
        answer: None,
        reason: String::new(),
        unjudged: Vec::new(),
    });
    let scores: Vec<Score> = scores.collect();
    let completions = rollouts.into_iter().map(|rollout| Completion {
        problem: problem.id.clone(),
        sample: rollout.sample,
        tokens: rollout.tokens,
        log_probs: rollout.log_probs,
        text: String::new(),
        finish: Finish::Stop,
    });
    Group {
        completions: completions.collect(),
        problem,
        prompt: prompt.tokens,
        scores,
        parts: Vec::new(),
    }
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: How = How {
        length: LENGTH,
        checkpointing: false,
        int8: false,
        lora: 0,
    };

    #[test]
    fn figures_are_measured() {
        let limits = || Limits {
            flop_s: 1e9,
            bytes_s: 1e9,
        };
        let device = Device::flex();
        for work in Work::ALL {
            let name = Shape::S.figure(work.name(), None);
            let line = measure((work, PLAIN), Shape::S, name, 0.0, &limits, &device).unwrap();
            assert_eq!((line.params, line.repetitions), (2_976_192, 1));
            assert!(line.tok_s > 0.0 && line.step_s > 0.0 && line.fraction_of_peak > 0.0);
            assert!(line.expected_mb > 12, "the weights alone are 12 MB");
        }
    }

    #[test]
    fn a_word_without_a_figure_is_wrong_usage() {
        let args = Args {
            words: vec!["gen_S".into()],
            list: true,
            seconds: 0.0,
            how: PLAIN,
        };
        assert!(run(&args).unwrap_err().is::<UsageError>());
    }
}
