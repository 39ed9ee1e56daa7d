//! SFT of the student on the set: the loss falls on the last turn alone.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use data::Tokenizer;
use data::chat::Message;
use data::dataset::Dataset;
use data::template::THINK;
use distill::assembly::{CARD, Card, Entry};
use lm::Sequence;
use serde_json::{Value, json};

use crate::Artifact;
use crate::generate::speaker::Speaker;
use crate::preset::{self, Logits};
use crate::stage::{Stage, StageContext};
use crate::stages::Means;
use crate::stages::checkpoint::{Checkpoint, save};
use crate::stages::cost::Cost;
use crate::stages::files::{read_json, write_json};
use crate::stages::sft::{FineTuning, fine_tune};
use crate::stages::soft::{LOGITS, SoftFile, fine_tune_softly};
use crate::stages::training::identity;

/// Trains the student.
pub(super) struct Learning<'a> {
    pub(super) base: &'a Artifact,
    pub(super) set: &'a Artifact,
    /// What the teacher took for likely, and how it is learned.
    pub(super) soft: Option<(&'a Artifact, &'a Logits)>,
    pub(super) plan: &'a preset::Supervised,
    pub(super) means: &'a Means,
}

impl Stage for Learning<'_> {
    fn inputs(&self) -> Vec<&Artifact> {
        let soft = self.soft.map(|(artifact, _)| artifact);
        [self.base, self.set].into_iter().chain(soft).collect()
    }

    fn settings(&self) -> Value {
        let logits = self.soft.map(|(_, logits)| logits);
        self.means
            .join(json!({ "plan": identity(self.plan), "logits": logits }))
    }

    fn describe(&self) -> &'static str {
        "SFT of the student"
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        let state = cx.resume()?;
        let Checkpoint { model, tokenizer } = Checkpoint::open(self.base)?;
        let positions = model.config().max_positions;
        let mut cost = Cost::default();
        let how = FineTuning {
            plan: self.plan,
            means: self.means,
            base: self.base,
        };
        let model = match self.soft {
            None => {
                let sequences = sequences(self.set, &tokenizer, positions, cx)?;
                fine_tune(cx, model, &sequences, &how, state, &mut cost)?
            }
            Some((artifact, logits)) => {
                let positions = read_json(&artifact.file(POSITIONS))?;
                let sequences = sequences(self.set, &tokenizer, positions, cx)?;
                let file = SoftFile::new(
                    &artifact.file(LOGITS),
                    &sequences,
                    logits,
                    tokenizer.vocab_size(),
                );
                let soft = (&file, logits);
                fine_tune_softly(cx, model, &sequences, soft, &how, state, &mut cost)?
            }
        };
        cost.write(&cx.dir)?;
        save(&cx.dir, &model, &tokenizer)
    }
}

/// What the teacher takes for likely before each token of the set.
pub(super) struct Reading<'a> {
    pub(super) teacher: &'a Speaker,
    /// The student, for what it can read.
    pub(super) base: &'a Artifact,
    pub(super) set: &'a Artifact,
    pub(super) logits: &'a Logits,
}

/// Tokens of the longest sequence that both models can read.
const POSITIONS: &str = "positions.json";

impl Stage for Reading<'_> {
    fn inputs(&self) -> Vec<&Artifact> {
        vec![self.base, self.set]
    }

    /// The set is the teacher's, but another teacher may have said the same.
    fn settings(&self) -> Value {
        let teacher = eval::fingerprint(&self.teacher.dir).ok();
        json!({ "teacher": teacher, "k": self.logits.k, "temperature": self.logits.temperature })
    }

    fn describe(&self) -> &'static str {
        "the teacher's distributions over the next token"
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        let student = Speaker::find(&self.base.dir, cx.console())?;
        let positions = student.positions.min(self.teacher.positions);
        let sequences = sequences(self.set, &student.tokenizer, positions, cx)?;
        let teacher = self.teacher.load()?;
        let vocabulary = student.tokenizer.vocab_size();
        let file = SoftFile::new(&cx.dir.join(LOGITS), &sequences, self.logits, vocabulary);
        file.write(&teacher, &sequences, cx)?;
        write_json(&cx.dir.join(POSITIONS), &positions)
    }
}

/// The files of a set to train on.
///
/// # Errors
/// A set without a card.
pub(super) fn files(set: &Artifact) -> Result<Vec<PathBuf>> {
    let card: Card = read_json(&set.file(CARD))?;
    let train = card
        .files
        .iter()
        .filter(|file| file.name.starts_with("train-"));
    Ok(train.map(|file| set.file(&file.name)).collect())
}

/// The entries of a set as sequences, in its order; those longer than `positions`, and those the chat
/// template refuses, are left out and said.
pub(super) fn sequences(
    set: &Artifact,
    tokenizer: &Tokenizer,
    positions: usize,
    cx: &StageContext,
) -> Result<Vec<Sequence>> {
    let (mut found, mut longer, mut refused) = (Vec::new(), 0, 0);
    for file in files(set)? {
        for entry in Dataset::open(file)?.records::<Entry>() {
            let entry = entry.map_err(|fault| anyhow::anyhow!("{fault}"))?;
            match sequence(tokenizer, &entry.messages) {
                Ok(sequence) if sequence.tokens.len() <= positions => found.push(sequence),
                Ok(_) => longer += 1,
                Err(_) => refused += 1,
            }
        }
    }
    if longer > 0 {
        cx.log(format!(
            "{longer} samples are longer than {positions} tokens, all that can be read, and left out"
        ));
    }
    if refused > 0 {
        cx.log(format!(
            "the student's chat template refuses {refused} samples"
        ));
    }
    ensure!(
        !found.is_empty(),
        "no sample of the set can be learned from"
    );
    Ok(found)
}

/// A conversation whose last turn is learned.
fn sequence(tokenizer: &Tokenizer, messages: &[Message]) -> Result<Sequence> {
    let (last, before) = messages
        .split_last()
        .context("a conversation without a turn")?;
    let mut tokens = tokenizer.encode_dialogue(before)?;
    let context = tokens.len();
    // What the prompt has begun belongs to the turn.
    let said = match tokenizer.opens_reasoning(&tokens) {
        true => last.content.strip_prefix(THINK).unwrap_or(&last.content),
        false => &last.content,
    };
    tokens.extend(tokenizer.encode_text(said));
    tokens.push(tokenizer.end);
    Ok(Sequence { tokens, context })
}
