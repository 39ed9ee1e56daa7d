//! Memory: what there is, and what a stage is going to take, known before it takes it.
//!
//! A [`Need`] begins with what the process holds and adds what training brings, counted from
//! the model's settings. Left out: what an accelerator holds; there the longest case is tried
//! instead, by every stage before its first step.

use std::fmt::{self, Display, Formatter};
use std::fs;

use anyhow::{Context, Result, bail, ensure};
use lm::CausalLm;
use moe_model::{ActivationCount, Decoder};
use trainer::OptimizerState;

/// Bytes a run may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    bytes: Option<u64>,
}

impl Budget {
    /// What was asked for, or else what the machine has left where the model is in its memory.
    pub(crate) fn new(asked: Option<u64>) -> Self {
        let on_host = !cfg!(any(feature = "wgpu", feature = "cuda"));
        let there = || available().filter(|_| on_host);
        Self {
            bytes: asked.or_else(|| there().map(|free| free + resident().unwrap_or(0))),
        }
    }

    /// Whether a need can be met.
    ///
    /// # Errors
    /// It cannot; the message says what it is made of and what would make it smaller.
    pub(crate) fn check(self, need: &Need) -> Result<()> {
        match self.bytes {
            Some(bytes) if need.total() > bytes => bail!(
                "this needs about {need}, and there are {}; {}",
                size(bytes),
                need.remedy(bytes)
            ),
            _ => Ok(()),
        }
    }

    /// What the run may take beyond what it holds now; `None`: not limited.
    pub(crate) fn spare(self) -> Option<u64> {
        let held = resident().unwrap_or(0);
        self.bytes.map(|bytes| bytes.saturating_sub(held))
    }

    /// What a need leaves for the caches of sampling; `None`: not limited.
    pub(crate) fn left(self, need: &Need) -> Option<u64> {
        self.bytes.map(|bytes| bytes.saturating_sub(need.resting()))
    }
}

/// What the allocator holds besides at most: freed pages for some milliseconds, and what else there is of
/// a huge page.
const SLACK: u64 = 64_000_000;

/// What a process that has worked for a while holds besides weights: its code, buffers of its threads, freed
/// memory in pieces.
const WARM: u64 = 68_000_000;

/// Bytes by what they hold.
///
/// On its way back a pass lets go of activations as it comes by gradients, so where it holds most,
/// half of the gradients are there; those of the block it is in come on top of what it kept. Where blocks are
/// computed again it holds most in the last of them, with all gradients, or at the logits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need {
    /// Held for as long as the stage runs.
    held: Vec<(&'static str, u64)>,
    /// Held by the passes under way at once.
    passing: Vec<(&'static str, u64)>,
    /// Tokens of those passes.
    tokens: usize,
}

/// What is trained, and beside what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Training {
    /// Passes under way at once.
    pub(crate) lanes: usize,
    /// Passes of a step.
    pub(crate) passes: usize,
    /// Padded tokens of one pass at most.
    pub(crate) tokens: usize,
    /// Targets among them.
    pub(crate) targets: usize,
    /// Copies of the weights beside those that are trained: a reference, an earlier policy.
    pub(crate) copies: usize,
    /// Whether blocks are computed again.
    pub(crate) checkpointing: bool,
    /// How the optimizer remembers its moments.
    pub(crate) state: OptimizerState,
}

impl Need {
    /// What training `model`, which is in memory already, takes.
    pub(crate) fn of(model: &Decoder, training: &Training) -> Self {
        let Training {
            lanes,
            passes,
            tokens,
            targets,
            copies,
            checkpointing,
            state,
        } = *training;
        let weights = 4 * model.parameters().0 as u64;
        let trained = 4 * model.trained_parameters() as u64;
        let moments = match state {
            OptimizerState::Float32 => 2 * trained,
            // A byte each, and two scales for 256 of them.
            OptimizerState::Int8 => trained / 4 * 65 / 32,
        };
        let at_once = lanes as u64;
        let (activations, gradients) = match checkpointing {
            true => {
                let count = ActivationCount::checkpointed(model.config());
                let inputs = count.token - count.block;
                let block = tokens * count.block * 3 / 2;
                let most = tokens * inputs + block.max(targets * count.target);
                (most, at_once * trained)
            }
            false => {
                let count = ActivationCount::new(model.config());
                let all = tokens * (count.token + count.block) + targets * count.target;
                (all, at_once * trained / 2)
            }
        };
        let activations = at_once * 4 * activations as u64;
        let gradients = gradients + if passes > lanes { trained } else { 0 };
        let training = moments + copies as u64 * weights + activations + gradients;
        let mut held = vec![
            ("in use", resident().unwrap_or(0).max(weights + WARM)),
            ("optimizer", moments),
        ];
        if copies > 0 {
            held.push(("copies of the weights", copies as u64 * weights));
        }
        Self {
            held,
            passing: vec![
                ("gradients", gradients),
                ("the allocator", (training / 4).min(SLACK)),
                ("activations", activations),
            ],
            tokens,
        }
    }

    /// All of it.
    pub(crate) fn total(&self) -> u64 {
        let parts = self.held.iter().chain(&self.passing);
        parts.map(|(_, bytes)| bytes).sum()
    }

    /// What is held between passes.
    fn resting(&self) -> u64 {
        self.held.iter().map(|(_, bytes)| bytes).sum()
    }

    /// What would fit into `bytes`.
    fn remedy(&self, bytes: u64) -> String {
        // Shorter passes have less of both.
        let shrinking: u64 = self.passing[1..].iter().map(|(_, bytes)| bytes).sum();
        let rest = self.total() - shrinking;
        let fitting = bytes.saturating_sub(rest) as f64 / shrinking.max(1) as f64;
        match (fitting * self.tokens as f64) as usize {
            0 => "a smaller model, or more memory, is needed".to_owned(),
            tokens => format!(
                "passes of at most {tokens} tokens would fit where {} are asked for: shorten the \
                 prompts and responses, or give it more --memory",
                self.tokens
            ),
        }
    }
}

impl Display for Need {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} of memory (", size(self.total()))?;
        for (place, (what, bytes)) in self.held.iter().chain(&self.passing).enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{what} {}", size(*bytes))?;
        }
        write!(f, ")")
    }
}

/// Bytes as people read them: `1.5 GB`, `310 MB`, `0.4 MB`; units of 1000.
pub(crate) fn size(bytes: u64) -> String {
    match bytes as f64 / 1e6 {
        mb if mb >= 1000.0 => format!("{:.1} GB", mb / 1e3),
        mb if mb >= 10.0 => format!("{mb:.0} MB"),
        mb => format!("{mb:.1} MB"),
    }
}

/// Bytes as a person writes them: `2G`, `1.5g`, `512M`, `1000000`; a unit is 1024 of the one below.
pub(crate) fn bytes(text: &str) -> Result<u64> {
    let hint = || format!("`{text}` is no number of bytes; write 512M, 2G or 1000000");
    let units = ["K", "M", "G", "T"];
    let upper = text.trim().to_uppercase();
    let found = { units.iter().zip(1..) }.find(|(unit, _)| upper.ends_with(**unit));
    let (number, power) = found.map_or((upper.as_str(), 0), |(_, power)| {
        (&upper[..upper.len() - 1], power)
    });
    let number: f64 = number.trim().parse().with_context(hint)?;
    let bytes = number * 1024_f64.powi(power);
    ensure!(bytes >= 1.0 && bytes < u64::MAX as f64, hint());
    Ok(bytes as u64)
}

/// Bytes this process holds; Linux alone tells.
pub(crate) fn resident() -> Option<u64> {
    status("VmRSS:")
}

/// The most this process has held since [`forget_peak`]; Linux alone tells.
pub(crate) fn peak() -> Option<u64> {
    status("VmHWM:")
}

/// Lets [`peak`] begin anew from what the process holds now; elsewhere than on Linux, where that is
/// not to be had, it does nothing.
pub(crate) fn forget_peak() {
    drop(fs::write("/proc/self/clear_refs", "5"));
}

fn status(field: &str) -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/self/status").ok()?, field)
}

/// Bytes that nobody uses: of the machine, or of this process's control group where that is less.
fn available() -> Option<u64> {
    let machine = kibibytes(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")?;
    let group = |file: &str| -> Option<u64> {
        let text = fs::read_to_string(format!("/sys/fs/cgroup/{file}")).ok()?;
        text.trim().parse().ok()
    };
    let left = match (group("memory.max"), group("memory.current")) {
        (Some(most), Some(used)) => most.saturating_sub(used),
        _ => u64::MAX,
    };
    Some(machine.min(left))
}

fn kibibytes(text: &str, field: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kibibytes)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use moe_model::Preset;

    use super::*;

    #[test]
    fn bytes_have_units() {
        let of = |text: &str| bytes(text).ok();
        assert_eq!(of("2G"), Some(2 << 30));
        assert_eq!(of("1.5k"), Some(1536));
        assert_eq!(of(" 12 M "), Some(12 << 20));
        assert_eq!(of("1000"), Some(1000));
        for bad in ["", "G", "-1G", "0", "2X", "nan", "inf", "1e30T"] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes_are_read_from_the_system() {
        let text = "VmPeak:\t  9 kB\nVmRSS:\t   12 kB\n";
        assert_eq!(kibibytes(text, "VmRSS:"), Some(12 * 1024));
        assert_eq!(kibibytes(text, "VmHWM:"), None);
        assert_eq!(size(999_000_000), "999 MB");
        assert_eq!(size(2_540_000_000), "2.5 GB");
        assert_eq!(size(440_000), "0.4 MB");
    }

    #[test]
    fn a_need_that_cannot_be_met_says_what_would() {
        let model = Decoder::init(&Preset::Smoke.config(), 0, &Device::flex()).unwrap();
        let training = |tokens| Training {
            lanes: 2,
            passes: 6,
            tokens,
            targets: tokens,
            copies: 2,
            checkpointing: false,
            state: OptimizerState::Float32,
        };
        let (small, large) = (
            Need::of(&model, &training(64)),
            Need::of(&model, &training(4096)),
        );
        let weights = 4 * model.parameters().0 as u64;
        assert_eq!(
            small.held[1..],
            [
                ("optimizer", 2 * weights),
                ("copies of the weights", 2 * weights)
            ]
        );
        assert_eq!(small.passing[0], ("gradients", 2 * weights));
        let activations = |need: &Need| need.passing[2].1;
        assert_eq!(activations(&large), 64 * activations(&small));

        let budget = Budget {
            bytes: Some(small.total() + activations(&small)),
        };
        budget.check(&small).unwrap();
        let error = budget.check(&large).unwrap_err().to_string();
        assert!(error.contains("passes of at most 1"), "{error}");
        assert_eq!(Budget { bytes: None }.left(&large), None);
        Budget { bytes: None }.check(&large).unwrap();
        let nothing = Budget { bytes: Some(1) }
            .check(&large)
            .unwrap_err()
            .to_string();
        assert!(nothing.contains("smaller model"), "{nothing}");
    }
}
