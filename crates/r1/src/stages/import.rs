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

    /// Where the model is, and its files by length.
    fn settings(&self) -> Value {
        json!({ "model": self.model, "files": lengths(Path::new(self.model)) })
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

/// Names and lengths of the files of a directory, or of the one file.
fn lengths(path: &Path) -> Vec<(String, u64)> {
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    let Ok(entries) = std::fs::read_dir(path) else {
        return vec![(String::new(), length(path))];
    };
    let mut files: Vec<(String, u64)> = entries
        .filter_map(Result::ok)
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, length(&entry.path()))
        })
        .collect();
    files.sort();
    files
}
