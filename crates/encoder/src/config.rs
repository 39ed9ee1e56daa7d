//! The settings of a directory: the encoder's, and how its vectors become one.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::EncoderError;

/// `config.json`, as far as it matters.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct BertConfig {
    model_type: String,
    pub(crate) hidden_size: usize,
    pub(crate) num_hidden_layers: usize,
    pub(crate) num_attention_heads: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) max_position_embeddings: usize,
    pub(crate) type_vocab_size: usize,
    pub(crate) vocab_size: usize,
    pub(crate) layer_norm_eps: f64,
    hidden_act: String,
    #[serde(default = "absolute")]
    position_embedding_type: String,
}

fn absolute() -> String {
    "absolute".into()
}

/// How the vectors of a text's tokens become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pooling {
    /// Their mean.
    Mean,
    /// That of the first.
    First,
}

/// All that is set beside the weights.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) bert: BertConfig,
    pub(crate) pooling: Pooling,
    /// Whether vectors are scaled to length 1.
    pub(crate) normalise: bool,
    /// Tokens of a text that are read, the first and last included.
    pub(crate) max_tokens: usize,
}

#[derive(Deserialize)]
struct PoolingFile {
    #[serde(default)]
    pooling_mode_cls_token: bool,
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
}

#[derive(Deserialize)]
struct Part {
    #[serde(rename = "type")]
    kind: String,
    path: String,
}

#[derive(Deserialize)]
struct LengthFile {
    max_seq_length: Option<usize>,
}

impl Settings {
    /// Reads those of a directory. Without `modules.json` the mean is taken, and not scaled.
    pub(crate) fn read(dir: &Path) -> Result<Self, EncoderError> {
        let path = dir.join("config.json");
        let bert: BertConfig = json(&path)?;
        bert.check()
            .map_err(|problem| EncoderError::Settings { path, problem })?;
        let mut settings = Self {
            max_tokens: bert.max_position_embeddings,
            bert,
            pooling: Pooling::Mean,
            normalise: false,
        };
        let modules = dir.join("modules.json");
        if modules.exists() {
            for part in json::<Vec<Part>>(&modules)? {
                settings.follow(dir, &modules, &part)?;
            }
        }
        let length = dir.join("sentence_bert_config.json");
        if length.exists() {
            let most = json::<LengthFile>(&length)?.max_seq_length;
            let most = most.unwrap_or(settings.max_tokens).min(settings.max_tokens);
            if most < 3 {
                return Err(EncoderError::Settings {
                    path: length,
                    problem: format!("`max_seq_length` is {most}, which leaves no room for a word"),
                });
            }
            settings.max_tokens = most;
        }
        Ok(settings)
    }

    fn follow(&mut self, dir: &Path, modules: &Path, part: &Part) -> Result<(), EncoderError> {
        let kind = part.kind.rsplit('.').next().unwrap_or_default();
        match kind {
            "Transformer" => Ok(()),
            "Normalize" => {
                self.normalise = true;
                Ok(())
            }
            "Pooling" => {
                let path = dir.join(&part.path).join("config.json");
                let file: PoolingFile = json(&path)?;
                self.pooling = match (file.pooling_mode_cls_token, file.pooling_mode_mean_tokens) {
                    (false, true) => Pooling::Mean,
                    (true, false) => Pooling::First,
                    _ => {
                        let problem = "set one of `pooling_mode_mean_tokens` and \
                                       `pooling_mode_cls_token`; no other pooling is known"
                            .into();
                        return Err(EncoderError::Settings { path, problem });
                    }
                };
                Ok(())
            }
            _ => Err(EncoderError::Settings {
                path: modules.into(),
                problem: format!(
                    "a module `{}` is not known; Transformer, Pooling and Normalize are",
                    part.kind
                ),
            }),
        }
    }
}

impl BertConfig {
    fn check(&self) -> Result<(), String> {
        if self.model_type != "bert" {
            return Err(format!(
                "`model_type` is {:?}; only \"bert\" is read",
                self.model_type
            ));
        }
        if self.hidden_act != "gelu" {
            return Err(format!(
                "`hidden_act` is {:?}; only \"gelu\" is known",
                self.hidden_act
            ));
        }
        if self.position_embedding_type != "absolute" {
            return Err(format!(
                "`position_embedding_type` is {:?}; only \"absolute\" is known",
                self.position_embedding_type
            ));
        }
        let (width, heads) = (self.hidden_size, self.num_attention_heads);
        if heads == 0 || width == 0 || !width.is_multiple_of(heads) {
            return Err(format!(
                "`hidden_size` {width} is not a multiple of `num_attention_heads` {heads}"
            ));
        }
        if self.type_vocab_size == 0 {
            return Err("`type_vocab_size` is 0".into());
        }
        Ok(())
    }
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, EncoderError> {
    let text = std::fs::read_to_string(path).map_err(|source| EncoderError::Io {
        path: path.into(),
        source,
    })?;
    serde_json::from_str(&text).map_err(|error| EncoderError::Settings {
        path: path.into(),
        problem: error.to_string(),
    })
}
