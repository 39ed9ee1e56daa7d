//! A small model with random weights, on the disk, for the tests of all that talks.

use data::Tokenizer;
use moe_model::{Decoder, Preset, SaveOptions};
use tempfile::TempDir;

use super::speaker::Speaker;
use crate::progress::Console;

/// A model of 128 positions in a directory of its own.
pub(crate) struct Small {
    pub(crate) dir: TempDir,
    pub(crate) speaker: Speaker,
    pub(crate) model: Decoder,
}

impl Small {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let texts = (0..50).map(|i| format!("First, {i} + 7 = {}. So it is 七八.", i + 7));
        let tokenizer = Tokenizer::train(texts, 300).unwrap();
        let config = moe_model::DecoderConfig {
            vocabulary: tokenizer.vocab_size(),
            ..Preset::Smoke.config()
        };
        let device = crate::backend::device().unwrap();
        let model = Decoder::init(&config, 5, &device).unwrap();
        let options = SaveOptions {
            end_token: Some(tokenizer.end),
            ..SaveOptions::default()
        };
        model.save(dir.path(), &options).unwrap();
        tokenizer.save(dir.path()).unwrap();
        let speaker = Speaker::find(dir.path(), &Console::Quiet).unwrap();
        let model = speaker.load().unwrap();
        Self {
            dir,
            speaker,
            model,
        }
    }
}
