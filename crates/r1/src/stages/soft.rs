//! Fine-tuning with the teacher's distribution over the next token in the loss, which is kept on the disk.
//!
//! The file holds, for each target of each sequence in their order, the teacher's k likeliest tokens:
//! an id and a log-probability of four bytes each, the lowest first. Left out: modules for further tokens.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use data::Tokenizer;
use lm::Sequence;
use moe_model::Decoder;
use serde::Serialize;
use sft::{Batches, Kept, SoftLoss, SoftReport, SoftTargets, soft_step, soft_targets};

use super::cost::Cost;
use super::means;
use super::sft::{FineTuning, begin, rehearse_for};
use super::training::refused;
use crate::backend::MICRO_TOKENS;
use crate::preset::Logits;
use crate::stage::StageContext;

/// The file's name in a stage's directory.
pub(crate) const LOGITS: &str = "logits.bin";

/// Targets whose logits are in memory at once.
const CHUNK: usize = 256;

/// Whether the ids of one model mean the same to the other.
///
/// # Errors
/// Two tokenizers, by the names of their models.
pub(crate) fn share_tokenizer(
    (teacher, its): (&str, &Tokenizer),
    (student, own): (&str, &Tokenizer),
) -> Result<()> {
    ensure!(
        its.fingerprint() == own.fingerprint(),
        "the tokenizers of the teacher {teacher} ({} tokens) and the student {student} ({} tokens) differ, and \
         logits are of tokens: distil samples alone, or choose models that share a tokenizer",
        its.vocab_size(),
        own.vocab_size(),
    );
    Ok(())
}

/// The teacher's distributions before the targets of some sequences.
pub(crate) struct SoftFile {
    path: PathBuf,
    kept: Kept,
    /// Where each sequence begins, in bytes, and where the last ends.
    starts: Vec<u64>,
}

impl SoftFile {
    /// The file at `path` for `sequences`, whether or not it is written yet; `vocabulary` tokens are known.
    pub(crate) fn new(
        path: &Path,
        sequences: &[Sequence],
        logits: &Logits,
        vocabulary: usize,
    ) -> Self {
        let k = logits.k.min(vocabulary);
        let mut starts = vec![0];
        for sequence in sequences {
            let bytes = (sequence.targets() * k * 8) as u64;
            starts.push(starts[starts.len() - 1] + bytes);
        }
        Self {
            path: path.to_owned(),
            kept: Kept {
                k,
                vocabulary,
                temperature: logits.temperature,
            },
            starts,
        }
    }

    /// Asks the teacher for what is not in the file yet; an attempt that was broken off goes on behind its last
    /// whole batch.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(crate) fn write(
        &self,
        teacher: &Decoder,
        sequences: &[Sequence],
        cx: &StageContext,
    ) -> Result<()> {
        let failed = || self.path.display().to_string();
        let mut options = File::options();
        let options = options.create(true).truncate(false).write(true);
        let file = options.open(&self.path).with_context(failed)?;
        let length = file.metadata().with_context(failed)?.len();
        let whole = self.starts.iter().filter(|start| **start <= length).count() - 1;
        file.set_len(self.starts[whole]).with_context(failed)?;
        let mut file = BufWriter::new(file);
        file.seek(SeekFrom::End(0)).with_context(failed)?;
        let progress = cx.progress(sequences.len(), "sequences read by the teacher");
        progress.inc(whole);
        let mut rest = &sequences[whole..];
        while !rest.is_empty() {
            // As many as fit into a pass side by side.
            let fits = |count: &usize| {
                let longest = rest[..*count].iter().map(|it| it.tokens.len()).max();
                *count * longest.unwrap_or(0) <= MICRO_TOKENS
            };
            let count = (1..=rest.len()).take_while(fits).last().unwrap_or(1);
            let (batch, later) = rest.split_at(count);
            for soft in soft_targets(teacher, batch, self.kept, CHUNK) {
                for (id, log_prob) in soft.ids.iter().zip(&soft.log_probs) {
                    file.write_all(&id.to_le_bytes()).with_context(failed)?;
                    file.write_all(&log_prob.to_le_bytes())
                        .with_context(failed)?;
                }
            }
            file.flush().with_context(failed)?;
            progress.inc(count);
            rest = later;
        }
        Ok(())
    }

    /// What the file says of one of the sequences.
    ///
    /// # Errors
    /// A file that cannot be read or ends before it.
    pub(crate) fn read(&self, at: usize) -> Result<SoftTargets> {
        let failed = || self.path.display().to_string();
        let mut file = File::open(&self.path).with_context(failed)?;
        file.seek(SeekFrom::Start(self.starts[at]))
            .with_context(failed)?;
        let mut bytes = vec![0; (self.starts[at + 1] - self.starts[at]) as usize];
        file.read_exact(&mut bytes).with_context(failed)?;
        let (pairs, _) = bytes.as_chunks::<8>();
        let word = |pair: &[u8; 8], at: usize| [pair[at], pair[at + 1], pair[at + 2], pair[at + 3]];
        Ok(SoftTargets {
            k: self.kept.k,
            ids: pairs
                .iter()
                .map(|it| u32::from_le_bytes(word(it, 0)))
                .collect(),
            log_probs: pairs
                .iter()
                .map(|it| f32::from_le_bytes(word(it, 4)))
                .collect(),
        })
    }
}

/// A line of `metrics.jsonl`.
#[derive(Serialize)]
struct Metric {
    #[serde(flatten)]
    report: SoftReport,
    seconds: f64,
}

/// [`super::sft::fine_tune`] with the teacher's distributions, as `file` has them, in the loss.
pub(crate) fn fine_tune_softly(
    cx: &StageContext,
    model: Decoder,
    sequences: &[Sequence],
    (file, logits): (&SoftFile, &Logits),
    how: &FineTuning<'_>,
    cost: &mut Cost,
) -> Result<Decoder> {
    let (mut trainer, steps) = begin(cx, model, sequences.len(), how)?;
    rehearse_for(cx, &mut trainer, sequences, how.plan.batch)?;
    let loss = SoftLoss {
        divergence: logits.kl,
        alpha: logits.alpha,
        temperature: logits.temperature,
        chunk: CHUNK,
    };
    let progress = cx.progress(steps, "steps");
    let batches = Batches::new(sequences, how.plan.batch, cx.seed).places();
    for places in batches.take(steps) {
        let began = Instant::now();
        let soft = places.iter().map(|place| file.read(*place));
        let soft = soft.collect::<Result<Vec<_>>>()?;
        let batch = places.iter().map(|place| &sequences[*place]);
        let pairs: Vec<_> = batch.zip(&soft).collect();
        let report = soft_step(&mut trainer, &pairs, MICRO_TOKENS, &loss).map_err(|error| {
            refused(error, |at| {
                format!("sample {} of {}", places[at] + 1, sequences.len())
            })
        })?;
        let tokens = pairs.iter().map(|(it, _)| it.tokens.len()).sum();
        cost.train("training", trainer.model(), tokens);
        let seconds = began.elapsed().as_secs_f64();
        progress.set_message(format!("loss {:.3}, KL {:.3}", report.sft.loss, report.kl));
        cx.metric(&Metric { report, seconds })?;
        progress.inc(1);
    }
    means::finish(&cx.dir, trainer.into_model(), how.base)
}
