//! `r1 bench generate`: how fast models of three shapes speak, beside what the machine allows.
//!
//! Weights are random, so what is said is noise; speed does not depend on it. Left out: reading
//! long prompts, and batches whose rows end at different times.

use std::cell::OnceCell;
use std::io::Write;
use std::time::Instant;

use anyhow::Result;
use burn::tensor::Device;
use lm::{
    CausalLm, GenerateOptions, NotFinite, Prompt, Rollout, Sampling, differing_tokens, generate,
};
use moe_model::Decoder;
use serde::Serialize;

use super::limits::Limits;
use super::shapes::Shape;
use crate::backend;
use crate::memory;
use crate::usage::UsageError;

/// Tokens of a prompt.
const PROMPT: usize = 16;
/// Tokens said after it.
const NEW: usize = 64;

/// The arguments of `r1 bench generate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only figures whose name contains one of these, as gen_S_b16_fp32.
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// Name the figures and do nothing.
    #[arg(long)]
    list: bool,
    /// Seconds each figure is repeated for; once at least.
    #[arg(long, value_name = "S", default_value_t = 10.0)]
    seconds: f64,
}

/// A line of the output.
#[derive(Debug, Serialize)]
struct Line {
    figure: String,
    /// Median of the repetitions.
    tok_s: f64,
    tok_s_best: f64,
    repetitions: usize,
    params: usize,
    batch: usize,
    prompt: usize,
    new_tokens: usize,
    threads: usize,
    /// Of this process while the figure ran; absent where the system does not tell.
    peak_rss_mb: Option<u64>,
    /// Floating-point operations a token takes at least, and their share of the machine's in the
    /// best repetition.
    flop_per_token: f64,
    flop_share: f64,
    /// Bytes a token's share of the weights and its cache take at least, likewise.
    bytes_per_token: f64,
    bytes_share: f64,
    machine_gflop_s: f64,
    machine_gb_s: f64,
    /// Tokens that differ when every row is sampled alone: none on the CPU.
    tokens_differing_alone: usize,
}

/// Prints a line for every figure asked for.
///
/// # Errors
/// [`UsageError`] if no figure is meant; a device that cannot be used.
pub(super) fn run(args: &Args) -> Result<()> {
    let asked = |name: &str| {
        args.words.is_empty() || args.words.iter().any(|word| name.contains(word.as_str()))
    };
    let figures: Vec<(Shape, usize, String)> = Shape::ALL
        .into_iter()
        .flat_map(|shape| {
            [1, 16, 128].map(|batch| (shape, batch, shape.figure("gen", Some(batch))))
        })
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
    for (shape, batch, name) in figures {
        let line = measure(shape, batch, name, args.seconds, &limits, &device)?;
        writeln!(out, "{}", serde_json::to_string(&line)?)?;
        out.flush()?;
    }
    Ok(())
}

fn measure(
    shape: Shape,
    batch: usize,
    figure: String,
    seconds: f64,
    limits: &dyn Fn() -> Limits,
    device: &Device,
) -> Result<Line> {
    memory::forget_peak();
    let model = Decoder::init(&shape.config(), 0, device)?;
    let prompts = prompts(batch, model.vocabulary());
    let first = said(&model, &prompts, batch)?;
    let mut times = Vec::new();
    let begun = Instant::now();
    while times.is_empty() || begun.elapsed().as_secs_f64() < seconds {
        let start = Instant::now();
        said(&model, &prompts, batch)?;
        times.push(start.elapsed().as_secs_f64());
    }
    let peak_rss_mb = memory::peak().map(|bytes| bytes / 1_000_000);
    let limits = limits();
    times.sort_by(f64::total_cmp);
    let tokens = (batch * NEW) as f64;
    let (best, median) = (tokens / times[0], tokens / times[times.len() / 2]);
    let alone = prompts[..batch.min(4)].iter();
    let alone = alone.map(|prompt| said(&model, std::slice::from_ref(prompt), 1));
    let alone = alone.collect::<Result<Vec<_>, _>>()?.concat();
    let (params, active) = model.parameters();
    // Reading the prompt is part of the work: every token said carries its part of it.
    let passes = (PROMPT + NEW) as f64 / NEW as f64;
    let flop_per_token = 2.0 * active as f64 * passes;
    let cached = (PROMPT + NEW / 2) * model.cache_bytes();
    let bytes_per_token = 4.0 * params as f64 / batch as f64 + cached as f64;
    Ok(Line {
        figure,
        tok_s: median.round(),
        tok_s_best: best.round(),
        repetitions: times.len(),
        params,
        batch,
        prompt: PROMPT,
        new_tokens: NEW,
        threads: rayon::current_num_threads(),
        peak_rss_mb,
        flop_per_token,
        flop_share: round(best * flop_per_token / limits.flop_s),
        bytes_per_token: bytes_per_token.round(),
        bytes_share: round(best * bytes_per_token / limits.bytes_s),
        machine_gflop_s: round(limits.flop_s / 1e9),
        machine_gb_s: round(limits.bytes_s / 1e9),
        tokens_differing_alone: differing_tokens(&first[..alone.len()], &alone),
    })
}

fn prompts(batch: usize, vocabulary: usize) -> Vec<Prompt> {
    let token = |row: usize, at: usize| (3 + (row * 31 + at * 17) % (vocabulary - 3)) as u32;
    let prompt = |row| Prompt {
        id: format!("{row}"),
        tokens: (0..PROMPT).map(|at| token(row, at)).collect(),
    };
    (0..batch).map(prompt).collect()
}

fn said(model: &Decoder, prompts: &[Prompt], max_rows: usize) -> Result<Vec<Rollout>, NotFinite> {
    let options = GenerateOptions {
        samples: 1,
        sampling: Sampling::PLAIN,
        max_new_tokens: NEW,
        end_token: u32::MAX,
        seed: 0,
        max_rows,
        memory: None,
    };
    generate(model, prompts, &options, &mut |_| ())
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_measured_and_says_the_same_alone() {
        let limits = || Limits {
            flop_s: 1e9,
            bytes_s: 1e9,
        };
        let device = Device::flex();
        let line = measure(Shape::S, 2, "gen_S_b2_fp32".into(), 0.0, &limits, &device).unwrap();
        assert_eq!((line.params, line.tokens_differing_alone), (2_976_192, 0));
        assert!(line.tok_s > 0.0 && line.tok_s_best >= line.tok_s);
        // 80 passes of 2,976,192 parameters for 64 tokens.
        assert_eq!(line.flop_per_token, 2.0 * 2_976_192.0 * 1.25);
    }

    #[test]
    fn a_word_without_a_figure_is_wrong_usage() {
        let args = Args {
            words: vec!["gen_X".into()],
            list: true,
            seconds: 0.0,
        };
        assert!(run(&args).unwrap_err().is::<UsageError>());
    }
}
