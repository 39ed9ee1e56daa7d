//! The longest case first: before its first step a stage learns whether it has the memory.
//!
//! What is needed is counted and compared with what there is; then one pass of the longest
//! sequences, as many at once as there will be, goes forth and back, and one token is sampled for a
//! full batch of the longest prompts. A shortage shows in seconds. Nothing of it stays.

use anyhow::{Result, ensure};
use kernels::lanes;
use lm::{CausalLm, Engine, EngineOptions, Request, Sequence, packed_bytes, score};
use moe_model::Decoder;
use trainer::{Apart, Share, Trainer};

use crate::backend::MICRO_TOKENS;
use crate::memory::{Need, Training};
use crate::stage::StageContext;

/// The largest things a stage is going to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Longest {
    /// Tokens of a prompt.
    pub(super) prompt: usize,
    /// Tokens of a response.
    pub(super) response: usize,
    /// Responses a step learns from, or sequences a batch has.
    pub(super) sequences: usize,
    /// Copies of the weights beside those that are trained.
    pub(super) copies: usize,
    /// Responses sampled at once; 0: none are.
    pub(super) rows: usize,
}

/// Counts, tells, and tries. Returns the bytes sampling may take, `None` if as many as it likes.
///
/// # Errors
/// Too little memory, by what it is for and what would fit.
pub(super) fn rehearse(
    cx: &StageContext,
    trainer: &mut Trainer<Decoder>,
    longest: &Longest,
) -> Result<Option<u64>> {
    let length = (longest.prompt + longest.response).max(2);
    let rows = (MICRO_TOKENS / length).clamp(1, longest.sequences.max(1));
    let passes = longest.sequences.div_ceil(rows);
    let model = trainer.model();
    let positions = model.config().max_positions;
    ensure!(
        length <= positions,
        "prompts of up to {} tokens and responses of up to {} do not fit into the model's {positions} \
         positions; shorten the responses (max_new_tokens) or leave the long problems out",
        longest.prompt,
        longest.response,
    );
    let lanes = lanes(&model.device()).min(passes).max(1);
    let need = Need::of(
        model,
        &Training {
            lanes,
            passes,
            tokens: rows * length,
            targets: rows * longest.response.min(length - 1),
            copies: longest.copies,
            checkpointing: trainer.config().checkpointing,
            state: trainer.config().adamw.state,
        },
    );
    cx.log(format!("about {need}"));
    cx.memory.check(&need)?;
    let left = cx.memory.left(&need);
    if longest.rows > 0 {
        sample(&trainer.snapshot(), longest, left)?;
    }
    let sequence = Sequence {
        tokens: vec![0; length],
        context: longest.prompt.max(1),
    };
    let parts = vec![vec![sequence; rows]; lanes];
    let tried = trainer.accumulate(&parts, |model, part| Share {
        loss: score(model, part, 1.0).log_probs_n.mean(),
        load: Vec::new(),
        apart: Apart::default(),
        report: (),
    });
    trainer.discard();
    tried?;
    Ok(left)
}

/// Reads the longest prompt and begins as many responses to it as fit, at most those asked for.
fn sample(model: &Decoder, longest: &Longest, memory: Option<u64>) -> Result<()> {
    let capacity = longest.prompt + longest.response;
    let spare = memory.map(|bytes| bytes.saturating_sub(packed_bytes(model)));
    let model = &model.clone().packed();
    let options = |rows| EngineOptions {
        memory: spare,
        ..EngineOptions::new(rows, capacity)
    };
    let rows = match options(longest.rows).check(model) {
        Ok(()) => longest.rows,
        Err(shortage) => shortage.fitting,
    };
    // Not even one: the error says so.
    let mut engine = Engine::new(model, options(rows.max(1)))?;
    let request = Request {
        samples: 0..rows as u32,
        ..Request::new("", vec![0; longest.prompt.max(1)], longest.response)
    };
    engine.submit(request)?;
    engine.step();
    Ok(())
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use moe_model::Preset;
    use trainer::{AdamWConfig, Schedule, TrainerConfig};

    use super::*;
    use crate::best::Best;
    use crate::memory::Budget;
    use crate::progress::Console;
    use crate::stage::Work;
    use crate::states::States;
    use crate::stop::Stop;

    const LONGEST: Longest = Longest {
        prompt: 8,
        response: 24,
        sequences: 64,
        copies: 2,
        rows: 32,
    };

    fn rehearsed(memory: Option<u64>) -> Result<Option<u64>> {
        let dir = tempfile::tempdir().unwrap();
        let work = Work {
            dir: dir.path().to_owned(),
            states: States::new(dir.path().join("states"), 1),
            best: Best::new(dir.path().join("best"), 0),
            resumed: false,
        };
        let cx = StageContext::new(
            "2-r1-zero",
            work,
            1,
            Console::new(true),
            Budget::new(memory),
            Stop::default(),
        );
        let model = Decoder::init(&Preset::Smoke.config(), 0, &Device::flex()).unwrap();
        let config = TrainerConfig {
            adamw: AdamWConfig::default(),
            schedule: Schedule::constant(1e-3, 0),
            clip: 1.0,
            checkpointing: false,
        };
        let mut trainer = Trainer::new(model, config);
        let left = rehearse(&cx, &mut trainer, &LONGEST);
        assert_eq!(
            (trainer.steps(), trainer.grad_norm()),
            (0, 0.0),
            "nothing stays"
        );
        left
    }

    #[test]
    fn what_fits_is_tried_and_what_does_not_is_refused() {
        let there = 8 << 30;
        let left = rehearsed(Some(there)).unwrap().unwrap();
        assert!(left > 0 && left < there);
        let error = rehearsed(Some(1 << 20)).unwrap_err().to_string();
        assert!(error.contains("there are 1.0 MB"), "{error}");
    }
}
