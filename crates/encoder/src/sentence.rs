//! Texts to vectors: tokens, the encoder in batches of like length, and pooling.

use std::path::Path;

use burn::tensor::{Device, Int, Tensor, TensorData};
use tokenizers::{Tokenizer, TruncationParams};

use crate::EncoderError;
use crate::bert::Bert;
use crate::config::{Pooling, Settings};
use crate::weights::Weights;

/// Padded tokens of a batch at most; a longer text has a batch of its own.
const BATCH_TOKENS: usize = 4096;

/// Turns texts into vectors.
///
/// ```no_run
/// use burn::tensor::Device;
/// let encoder = encoder::SentenceEncoder::load("all-MiniLM-L6-v2".as_ref(), &Device::default())?;
/// let vectors = encoder.embed(&["A man eats.", "Someone is eating."]);
/// let alike: f32 = vectors[0].iter().zip(&vectors[1]).map(|(a, b)| a * b).sum();
/// # Ok::<(), encoder::EncoderError>(())
/// ```
#[derive(Debug)]
pub struct SentenceEncoder {
    bert: Bert,
    settings: Settings,
    tokenizer: Tokenizer,
    device: Device,
}

impl SentenceEncoder {
    /// Reads a directory with `config.json`, `model.safetensors` and `tokenizer.json`, and, where
    /// they are, `modules.json`, `1_Pooling/config.json` and `sentence_bert_config.json`.
    ///
    /// # Errors
    /// If a file is missing, damaged, of another architecture or of another model.
    pub fn load(dir: &Path, device: &Device) -> Result<Self, EncoderError> {
        let settings = Settings::read(dir)?;
        let tokenizer = tokenizer(dir, &settings)?;
        let path = dir.join("model.safetensors");
        let bytes = std::fs::read(&path).map_err(|source| EncoderError::Io {
            path: path.clone(),
            source,
        })?;
        let weights = Weights::new(&path, &bytes, device)?;
        Ok(Self {
            bert: Bert::load(&settings.bert, &weights)?,
            settings,
            tokenizer,
            device: device.clone(),
        })
    }

    /// Length of a vector.
    pub fn width(&self) -> usize {
        self.settings.bert.hidden_size
    }

    /// Tokens of a text that are read, its first and last mark included; the rest is cut off.
    pub fn max_tokens(&self) -> usize {
        self.settings.max_tokens
    }

    /// One vector per text, in their order, of length 1 where the model's directory asks for it.
    /// Texts that say the same have the same vector; a text without a word has that of none.
    pub fn embed(&self, texts: &[&str]) -> Vec<Vec<f32>> {
        let tokens: Vec<Vec<u32>> = texts.iter().map(|text| self.tokens(text)).collect();
        let mut order: Vec<usize> = (0..tokens.len()).collect();
        order.sort_by_key(|&at| tokens[at].len());
        let share = texts.len().div_ceil(kernels::lanes(&self.device));
        let mut batches = Vec::new();
        let mut rest = order.as_slice();
        while !rest.is_empty() {
            // Longer texts come later: the last decides how long the batch is.
            let fits = |count: &usize| *count * tokens[rest[count - 1]].len() <= BATCH_TOKENS;
            let count = (1..=rest.len()).take_while(fits).last().unwrap_or(1);
            let (batch, later) = rest.split_at(count.min(share));
            batches.push(batch);
            rest = later;
        }
        let embed = |batch: &[usize]| {
            let texts: Vec<&[u32]> = batch.iter().map(|&at| &tokens[at][..]).collect();
            self.batch(&texts)
        };
        let found = kernels::side_by_side(&self.device, batches.clone(), embed);
        let mut vectors = vec![Vec::new(); texts.len()];
        for (&at, vector) in batches
            .into_iter()
            .flatten()
            .zip(found.into_iter().flatten())
        {
            vectors[at] = vector;
        }
        vectors
    }

    fn tokens(&self, text: &str) -> Vec<u32> {
        let encoded = self.tokenizer.encode(text, true);
        encoded.map_or_else(|_| Vec::new(), |encoded| encoded.get_ids().to_vec())
    }

    fn batch(&self, texts: &[&[u32]]) -> Vec<Vec<f32>> {
        let d = self.width();
        let (b, t) = (texts.len(), texts.last().map_or(0, |text| text.len()));
        if t == 0 {
            return vec![vec![0.0; d]; b];
        }
        let at = |row: usize, col: usize| texts[row].get(col).copied();
        let places = || (0..b).flat_map(|row| (0..t).map(move |col| (row, col)));
        let tokens: Vec<i32> = places()
            .map(|(r, c)| at(r, c).unwrap_or(0) as i32)
            .collect();
        let seen: Vec<f32> = places()
            .map(|(r, c)| f32::from(u8::from(at(r, c).is_some())))
            .collect();
        let tokens = Tensor::<2, Int>::from_data(TensorData::new(tokens, [b, t]), &self.device);
        let seen = Tensor::<2>::from_data(TensorData::new(seen, [b, t]), &self.device);
        let hidden_btd = self.bert.forward(tokens, seen.clone());
        let pooled = match self.settings.pooling {
            Pooling::First => hidden_btd.slice([0..b, 0..1, 0..d]).reshape([b, d]),
            Pooling::Mean => {
                let count = seen.clone().sum_dim(1).clamp_min(1.0);
                let sum = (hidden_btd * seen.unsqueeze_dim(2)).sum_dim(1);
                sum.reshape([b, d]) / count
            }
        };
        let values: Vec<f32> = pooled.into_data().iter::<f32>().collect();
        let rows = values.chunks_exact(d).map(<[f32]>::to_vec);
        match self.settings.normalise {
            true => rows.map(unit).collect(),
            false => rows.collect(),
        }
    }
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-12);
    vector.iter_mut().for_each(|x| *x /= length);
    vector
}

fn tokenizer(dir: &Path, settings: &Settings) -> Result<Tokenizer, EncoderError> {
    let path = dir.join("tokenizer.json");
    let wrong = |problem: String| EncoderError::Tokenizer {
        path: path.clone(),
        problem,
    };
    let mut tokenizer = Tokenizer::from_file(&path).map_err(|error| wrong(error.to_string()))?;
    tokenizer.with_padding(None);
    let cut = TruncationParams {
        max_length: settings.max_tokens,
        ..TruncationParams::default()
    };
    tokenizer
        .with_truncation(Some(cut))
        .map_err(|error| wrong(error.to_string()))?;
    let (has, holds) = (tokenizer.get_vocab_size(true), settings.bert.vocab_size);
    if has > holds {
        return Err(wrong(format!(
            "it has {has} tokens, the model {holds}: they are not of one model"
        )));
    }
    Ok(tokenizer)
}
