//! A checkpoint that somebody else trained, taken in as if it had been pretrained here.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::checkpoint::save;
use crate::Artifact;
use crate::generate::speaker::Speaker;
use crate::stage::{Stage, StageContext};

/// Reads a model with its tokenizer, and leaves it as every stage leaves its own.
pub struct Import<'a> {
    model: &'a str,
}

impl<'a> Import<'a> {
    /// Takes in `model`: a directory, a GGUF file, or `hub:…`.
    pub fn new(model: &'a str) -> Self {
        Self { model }
    }
}

impl Stage for Import<'_> {
    fn inputs(&self) -> Vec<&Artifact> {
        Vec::new()
    }

    /// Where the model is, and the hash of its files; of the hub, its name alone.
    fn settings(&self) -> Value {
        let files = eval::fingerprint(Path::new(self.model)).ok();
        json!({ "model": self.model, "files": files })
    }

    fn describe(&self) -> &'static str {
        "taking in a checkpoint"
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        cx.start_over()?;
        let speaker = Speaker::find(Path::new(self.model), cx.console())?;
        let model = speaker.load()?;
        let count = model.count();
        cx.log(format!(
            "{}: {} parameters, {} tokens in the vocabulary, {} positions",
            self.model,
            count.total,
            speaker.tokenizer.vocab_size(),
            speaker.positions
        ));
        save(&cx.dir, &model, &speaker.tokenizer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_known_by_what_is_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.json");
        let name = dir.path().display().to_string();
        std::fs::write(&file, "1").unwrap();
        let before = Import::new(&name).settings();
        std::fs::write(&file, "2").unwrap();
        assert_ne!(Import::new(&name).settings(), before);
        std::fs::write(&file, "1").unwrap();
        assert_eq!(Import::new(&name).settings(), before);
    }
}
