//! What the semantic filter reads with, beside the words: vectors of sentences, and a language model.

use std::path::Path;

use anyhow::{Context, Result};
use data::Tokenizer;
use distill::{Embed, Likelihood, Surprise};
use encoder::SentenceEncoder;
use lm::{Sequence, score};
use moe_model::Decoder;

use crate::backend::device;
use crate::generate::speaker::Speaker;
use crate::progress::Console;
use crate::usage::UsageError;

/// A sentence encoder.
pub(super) struct Vectors {
    encoder: SentenceEncoder,
    /// Of its directory.
    pub(super) sha256: String,
}

impl Vectors {
    /// # Errors
    /// A directory that is not there ([`UsageError`]), or of no encoder.
    pub(super) fn load(dir: &Path) -> Result<Self> {
        if !dir.is_dir() {
            let shown = dir.display();
            return Err(UsageError(format!("--encoder: there is no directory {shown}")).into());
        }
        let loaded = SentenceEncoder::load(dir, &device()?);
        Ok(Self {
            encoder: loaded.with_context(|| format!("--encoder {}", dir.display()))?,
            sha256: eval::fingerprint(dir)?,
        })
    }
}

impl Embed for Vectors {
    fn embed(&self, texts: &[&str]) -> Vec<Vec<f32>> {
        self.encoder.embed(texts)
    }
}

impl Embed for &Vectors {
    fn embed(&self, texts: &[&str]) -> Vec<Vec<f32>> {
        self.encoder.embed(texts)
    }
}

/// A reference model that nobody has read yet.
pub(super) struct Reference {
    speaker: Speaker,
    /// Of its files.
    pub(super) sha256: String,
}

impl Reference {
    /// # Errors
    /// A model that is none.
    pub(super) fn find(model: &Path, console: &Console) -> Result<Self> {
        let speaker = Speaker::find(model, console)?;
        let sha256 = eval::fingerprint(&speaker.dir)?;
        Ok(Self { speaker, sha256 })
    }

    /// Reads its weights.
    ///
    /// # Errors
    /// Weights that are missing or damaged.
    pub(super) fn load(&self) -> Result<Reader> {
        Ok(Reader {
            model: self.speaker.load()?,
            tokenizer: (*self.speaker.tokenizer).clone(),
            positions: self.speaker.positions,
        })
    }
}

/// A language model that reads responses.
pub(super) struct Reader {
    model: Decoder,
    tokenizer: Tokenizer,
    positions: usize,
}

impl Surprise for Reader {
    /// What lies behind the model's last position is not read, and has no tokens.
    fn surprise(&self, question: &str, parts: &[&str]) -> Vec<Likelihood> {
        let mut tokens = self.tokenizer.encode_prompt(question);
        let context = tokens.len().max(1);
        let mut ends = Vec::with_capacity(parts.len());
        for part in parts {
            tokens.extend(self.tokenizer.encode_text(part));
            ends.push(tokens.len());
        }
        tokens.truncate(self.positions);
        if tokens.len() <= context {
            return vec![Likelihood::default(); parts.len()];
        }
        let length = tokens.len();
        let scored = score(&self.model, &[Sequence { tokens, context }], 1.0);
        let log_probs: Vec<f32> = scored.log_probs_n.into_data().iter::<f32>().collect();
        let mut start = context;
        let likelihood = |end: usize| {
            let end = end.clamp(start, length.max(start));
            let read = &log_probs[start - context..end - context];
            start = end;
            Likelihood {
                nats: read.iter().map(|it| -f64::from(*it)).sum(),
                tokens: read.len(),
            }
        };
        ends.into_iter().map(likelihood).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::testing::Small;

    #[test]
    fn parts_add_up_to_the_whole() {
        let small = Small::new();
        let reference = Reference::find(small.dir.path(), &Console::Quiet).unwrap();
        let reader = reference.load().unwrap();
        let parts = ["First, 1 + 7 = 8.", " So it is 8."];
        let found = reader.surprise("1 + 7?", &parts);
        let tokens: usize = parts
            .iter()
            .map(|it| reader.tokenizer.encode_text(it).len())
            .sum();
        let sum: Likelihood = found.iter().copied().sum();
        assert_eq!(sum.tokens, tokens);
        // Of random weights nothing is likelier than by chance, by much.
        let uniform = (reader.tokenizer.vocab_size() as f64).ln();
        assert!((sum.mean() - uniform).abs() < 1.5, "{} nats", sum.mean());
        // What comes later does not change what came before.
        let alone = reader.surprise("1 + 7?", &parts[..1]);
        assert!((alone[0].nats - found[0].nats).abs() < 1e-3);
        let other = reader.surprise("八?", &parts[..1]);
        assert!(
            (alone[0].nats - other[0].nats).abs() > 1e-3,
            "the question is read"
        );
    }

    #[test]
    fn what_does_not_fit_is_not_read() {
        let small = Small::new();
        let reader = Reference::find(small.dir.path(), &Console::Quiet).unwrap();
        let reader = reader.load().unwrap();
        let long = "7 ".repeat(400);
        let found = reader.surprise("1 + 7?", &["8", &long, "9"]);
        assert!(found[0].tokens == 1 && found[1].tokens > 0 && found[2].tokens == 0);
        let none = reader.surprise(&long, &["8"]);
        assert_eq!(none, [Likelihood::default()]);
    }
}
