//! The tokenizer in a file, and the file's metadata of a tokenizer.
//!
//! Byte-level BPE alone: tokens, merges, and the name of the way texts are cut before (`pre`).

mod pre;

use serde_json::{Map, Value as Json, json};

use crate::error::GgufError;
use crate::file::File;
use crate::value::Value;

const TOKENS: &str = "tokenizer.ggml.tokens";
const TYPES: &str = "tokenizer.ggml.token_type";
const MERGES: &str = "tokenizer.ggml.merges";
const MODEL: &str = "tokenizer.ggml.model";
const PRE: &str = "tokenizer.ggml.pre";
const TEMPLATE: &str = "tokenizer.chat_template";

/// Types of tokens: of a text, of the template, part of a text but never cut.
const NORMAL: u64 = 1;
const CONTROL: u64 = 3;
const USER: u64 = 4;

/// A tokenizer as Hugging Face directories have it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// `tokenizer.json`.
    pub tokenizer: Json,
    /// `tokenizer_config.json`, with the chat template.
    pub config: Json,
}

impl File {
    /// The tokenizer in the file.
    ///
    /// # Errors
    /// There is none, or it is of another kind than byte-level BPE, or its metadata are wrong.
    pub fn tokenizer(&self) -> Result<Parts, GgufError> {
        let model = self.text(MODEL)?;
        if model != "gpt2" {
            return Err(self.wrong(
                MODEL,
                &format!("is `{model}`; byte-level BPE (`gpt2`) alone is read: take the Hugging Face directory"),
            ));
        }
        let texts = |key: &str| -> Result<Vec<&str>, GgufError> {
            let values = self.list(key)?.iter().map(Value::as_text);
            let texts: Option<Vec<&str>> = values.collect();
            texts.ok_or_else(|| self.wrong(key, "is no list of texts"))
        };
        let name = if self.metadata().contains_key(PRE) {
            self.text(PRE)?
        } else {
            "default"
        };
        let cut = pre::named(name).ok_or_else(|| {
            let known = pre::NAMES.join(", ");
            self.wrong(
                PRE,
                &format!("is `{name}`, which is not read; read are {known}"),
            )
        })?;
        let tokens = texts(TOKENS)?;
        let mut pairs = Vec::new();
        for merge in texts(MERGES)? {
            let pair = merge.split_once(' ');
            let (left, right) =
                pair.ok_or_else(|| self.wrong(MERGES, &format!("has `{merge}`, no pair")))?;
            pairs.push(json!([left, right]));
        }
        let types: Vec<u64> = match self.metadata().contains_key(TYPES) {
            true => self
                .list(TYPES)?
                .iter()
                .filter_map(Value::as_count)
                .collect(),
            false => vec![NORMAL; tokens.len()],
        };
        if types.len() != tokens.len() {
            let problem = format!("has {} types for {} tokens", types.len(), tokens.len());
            return Err(self.wrong(TYPES, &problem));
        }
        let mut vocabulary = Map::new();
        let mut added = Vec::new();
        for (id, (token, kind)) in tokens.iter().zip(&types).enumerate() {
            vocabulary.insert((*token).to_owned(), id.into());
            if matches!(*kind, CONTROL | USER) {
                added.push(json!({
                    "id": id, "content": token, "special": *kind == CONTROL, "normalized": false,
                    "single_word": false, "lstrip": false, "rstrip": false,
                }));
            }
        }
        let tokenizer = json!({
            "version": "1.0",
            "added_tokens": added,
            "normalizer": cut.normalizer,
            "pre_tokenizer": cut.pre_tokenizer,
            "post_processor": null,
            "decoder": { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true },
            "model": {
                "type": "BPE", "vocab": vocabulary, "merges": pairs, "ignore_merges": cut.ignore_merges,
                "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
                "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
            },
        });
        Ok(Parts {
            tokenizer,
            config: self.tokenizer_config(&tokens)?,
        })
    }

    fn tokenizer_config(&self, tokens: &[&str]) -> Result<Json, GgufError> {
        let mut config = json!({
            "tokenizer_class": "PreTrainedTokenizerFast",
            "clean_up_tokenization_spaces": false,
            "add_bos_token": self.metadata().get("tokenizer.ggml.add_bos_token") == Some(&Value::Bool(true)),
        });
        for (key, from) in [
            ("bos_token", "bos"),
            ("eos_token", "eos"),
            ("pad_token", "padding"),
        ] {
            let from = format!("tokenizer.ggml.{from}_token_id");
            if !self.metadata().contains_key(&from) {
                continue;
            }
            let id = self.count(&from)?;
            let token = tokens.get(usize::try_from(id).unwrap_or(usize::MAX));
            let token = token
                .ok_or_else(|| self.wrong(&from, &format!("is {id}, beyond the vocabulary")))?;
            config[key] = (*token).into();
        }
        if self.metadata().contains_key(TEMPLATE) {
            config["chat_template"] = self.text(TEMPLATE)?.into();
        }
        Ok(config)
    }
}

/// The metadata of a tokenizer for a model with `vocabulary` tokens: rows of the embedding without a
/// token get names of their own.
///
/// # Errors
/// A tokenizer that llama.cpp would cut texts otherwise with, or that is no byte-level BPE.
pub fn tokenizer_metadata(
    parts: &Parts,
    vocabulary: usize,
) -> Result<Vec<(String, Value)>, String> {
    let Parts { tokenizer, config } = parts;
    let model = &tokenizer["model"];
    if model["type"] != "BPE" {
        return Err("the tokenizer is no byte-level BPE, which alone is written".into());
    }
    let name = pre::of(tokenizer).ok_or_else(|| {
        format!(
            "llama.cpp has no name for the way this tokenizer cuts texts; it knows {}",
            pre::NAMES.join(", ")
        )
    })?;
    let mut tokens: Vec<Option<(String, u64)>> = vec![None; vocabulary];
    let mut place = |id: Option<u64>, text: &str, kind: u64| -> Result<(), String> {
        let id = id.and_then(|id| usize::try_from(id).ok());
        let slot = id.and_then(|id| tokens.get_mut(id));
        let slot =
            slot.ok_or_else(|| format!("token `{text}` lies beyond the model's {vocabulary}"))?;
        *slot = Some((text.to_owned(), kind));
        Ok(())
    };
    for (token, id) in model["vocab"].as_object().into_iter().flatten() {
        place(id.as_u64(), token, NORMAL)?;
    }
    for token in tokenizer["added_tokens"].as_array().into_iter().flatten() {
        let kind = if token["special"] == true {
            CONTROL
        } else {
            USER
        };
        place(
            token["id"].as_u64(),
            token["content"].as_str().unwrap_or_default(),
            kind,
        )?;
    }
    // Llama.cpp's type for what is never said.
    const UNUSED: u64 = 5;
    let token = |(id, token): (usize, Option<(String, u64)>)| {
        token.unwrap_or_else(|| (format!("[PAD{id}]"), UNUSED))
    };
    let (texts, kinds): (Vec<String>, Vec<u64>) = tokens.into_iter().enumerate().map(token).unzip();
    let merges = model["merges"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|merge| match merge {
            Json::String(pair) => Value::Text(pair.clone()),
            pair => {
                let side = |at: usize| pair[at].as_str().unwrap_or_default();
                Value::Text(format!("{} {}", side(0), side(1)))
            }
        });
    let mut metadata = vec![
        (MODEL.into(), "gpt2".into()),
        (PRE.into(), name.into()),
        (MERGES.into(), Value::List(merges.collect())),
    ];
    for (key, to) in [
        ("bos_token", "bos"),
        ("eos_token", "eos"),
        ("pad_token", "padding"),
    ] {
        let content = config[key].as_str().or(config[key]["content"].as_str());
        let id = content.and_then(|content| texts.iter().position(|text| text == content));
        if let Some(id) = id {
            metadata.push((
                format!("tokenizer.ggml.{to}_token_id"),
                Value::Unsigned(id as u64),
            ));
        }
    }
    let begins = config["add_bos_token"] == true;
    metadata.push(("tokenizer.ggml.add_bos_token".into(), Value::Bool(begins)));
    if let Some(template) = config["chat_template"].as_str() {
        metadata.push((TEMPLATE.into(), template.into()));
    }
    let kinds = kinds.into_iter().map(|kind| Value::Signed(kind as i64));
    metadata.push((TYPES.into(), Value::List(kinds.collect())));
    let texts = texts.into_iter().map(Value::Text);
    metadata.push((TOKENS.into(), Value::List(texts.collect())));
    Ok(metadata)
}
