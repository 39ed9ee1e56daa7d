//! A model's settings: GGUF's metadata and Hugging Face's `config.json`, one made of the other.

use serde_json::{Map, Value as Json, json};

use crate::error::GgufError;
use crate::file::File;
use crate::quant::dequantise;
use crate::value::Value;

/// Architectures by both names: llama.cpp's and `model_type`, and the class of `transformers`.
const ARCHITECTURES: [(&str, &str); 3] = [
    ("llama", "LlamaForCausalLM"),
    ("qwen2", "Qwen2ForCausalLM"),
    ("qwen3", "Qwen3ForCausalLM"),
];

/// Llama 3's scaling of rotary positions, as every published model has it: the lowest and the highest
/// frequency factor, and the positions trained before it.
const LLAMA3: (f64, f64, f64) = (1.0, 4.0, 8192.0);

impl File {
    /// llama.cpp's name of the architecture: llama, qwen2 or qwen3.
    ///
    /// # Errors
    /// Metadata is missing, or the architecture is another.
    pub fn architecture(&self) -> Result<&str, GgufError> {
        let found = self.text("general.architecture")?;
        if ARCHITECTURES.iter().any(|(name, _)| *name == found) {
            return Ok(found);
        }
        let known = ARCHITECTURES.map(|(name, _)| name).join(", ");
        Err(self.wrong(
            "general.architecture",
            &format!("is `{found}`; read are {known}"),
        ))
    }

    /// What `config.json` says of such a model.
    ///
    /// # Errors
    /// Metadata is missing, of the wrong type, or says what is not read.
    pub fn config(&mut self) -> Result<Json, GgufError> {
        let name = self.architecture()?.to_owned();
        let class = ARCHITECTURES.iter().find(|it| it.0 == name).map(|it| it.1);
        let key = |rest: &str| format!("{name}.{rest}");
        let width = self.count(&key("embedding_length"))?;
        let heads = self.count(&key("attention.head_count"))?;
        let optional = |file: &Self, rest: &str| match file.metadata().contains_key(&key(rest)) {
            true => file.count(&key(rest)).map(Some),
            false => Ok(None),
        };
        if heads == 0 {
            return Err(self.wrong(&key("attention.head_count"), "is 0"));
        }
        let head_dim = optional(self, "attention.key_length")?.unwrap_or(width / heads);
        let turned = optional(self, "rope.dimension_count")?;
        if turned.is_some_and(|turned| turned != head_dim) {
            let problem =
                format!("is not {head_dim}, the size of a head; parts that turn are not read");
            return Err(self.wrong(&key("rope.dimension_count"), &problem));
        }
        let epsilon = key("attention.layer_norm_rms_epsilon");
        let epsilon = self
            .number(&epsilon)?
            .ok_or_else(|| self.wrong(&epsilon, "is missing"))?;
        let embedding = self.tensors().get("token_embd.weight");
        let vocabulary = embedding.map(|it| it.matrix()[0]).ok_or_else(|| {
            self.unsupported(
                "tensor `token_embd.weight` is missing; this is no language model".into(),
            )
        })?;
        let mut config = json!({
            "architectures": [class],
            "model_type": name,
            "hidden_size": width,
            "intermediate_size": self.count(&key("feed_forward_length"))?,
            "num_hidden_layers": self.count(&key("block_count"))?,
            "num_attention_heads": heads,
            "num_key_value_heads": optional(self, "attention.head_count_kv")?.unwrap_or(heads),
            "head_dim": head_dim,
            "hidden_act": "silu",
            "rms_norm_eps": shortest(epsilon),
            "rope_theta": shortest(self.number(&key("rope.freq_base"))?.unwrap_or(10_000.0)),
            "max_position_embeddings": self.count(&key("context_length"))?,
            "vocab_size": vocabulary,
            "tie_word_embeddings": !self.tensors().contains_key("output.weight"),
            "torch_dtype": "float32",
        });
        if name == "llama" {
            let biased = |part: &str| self.tensors().contains_key(&format!("blk.0.{part}.bias"));
            config["attention_bias"] = biased("attn_output").into();
            config["mlp_bias"] = biased("ffn_down").into();
        }
        for (key, token) in [("bos_token_id", "bos"), ("eos_token_id", "eos")] {
            let from = format!("tokenizer.ggml.{token}_token_id");
            if self.metadata().contains_key(&from) {
                config[key] = self.count(&from)?.into();
            }
        }
        let scaling = self.scaling(&name, head_dim)?;
        if !scaling.is_null() {
            config["rope_scaling"] = scaling;
        }
        Ok(config)
    }

    /// `rope_scaling`.
    fn scaling(&mut self, name: &str, head_dim: u64) -> Result<Json, GgufError> {
        if self.tensors().contains_key("rope_freqs.weight") {
            return self.llama3(name, head_dim);
        }
        let key = |rest: &str| format!("{name}.rope.scaling.{rest}");
        if !self.metadata().contains_key(&key("type")) {
            return Ok(Json::Null);
        }
        let kind = self.text(&key("type"))?.to_owned();
        let number = |rest: &str| {
            let found = self.number(&key(rest))?;
            found.ok_or_else(|| self.wrong(&key(rest), "is missing"))
        };
        match kind.as_str() {
            "none" => Ok(Json::Null),
            "linear" => Ok(json!({ "rope_type": "linear", "factor": number("factor")? })),
            "yarn" => Ok(json!({
                "rope_type": "yarn",
                "factor": number("factor")?,
                "original_max_position_embeddings": number("original_context_length")? as u64,
            })),
            other => {
                let problem = format!("is `{other}`; read are none, linear and yarn");
                Err(self.wrong(&key("type"), &problem))
            }
        }
    }

    /// Llama 3's settings, found from the factors they were made into.
    fn llama3(&mut self, name: &str, head_dim: u64) -> Result<Json, GgufError> {
        const TENSOR: &str = "rope_freqs.weight";
        let tensor = self.tensors()[TENSOR].clone();
        let (mut bytes, mut factors) = (Vec::new(), Vec::new());
        self.read_rows(TENSOR, 0, tensor.matrix()[0], &mut bytes)?;
        dequantise(tensor.kind, &bytes, &mut factors);
        let theta = self
            .number(&format!("{name}.rope.freq_base"))?
            .unwrap_or(10_000.0);
        let factor = f64::from(factors.iter().copied().fold(1.0, f32::max));
        let near =
            |(found, expected): (&f32, f64)| (f64::from(*found) / expected - 1.0).abs() < 1e-4;
        // The size of a head is a number of the file, which may be any; that of the tensor is not.
        let is_llama3 = factors.len() as u64 == head_dim / 2 && {
            let expected = llama3_factors(theta, head_dim as usize, factor);
            factors.iter().zip(expected).all(near)
        };
        if !is_llama3 {
            return Err(self.unsupported(format!(
                "tensor `{TENSOR}` scales positions in a way that is not Llama 3's; take the Hugging Face \
                 directory of this model"
            )));
        }
        let (low, high, trained) = LLAMA3;
        Ok(json!({
            "rope_type": "llama3",
            "factor": factor,
            "low_freq_factor": low,
            "high_freq_factor": high,
            "original_max_position_embeddings": trained as u64,
        }))
    }
}

/// By what each frequency is divided (Llama 3.1's reference code).
fn llama3_factors(theta: f64, head_dim: usize, factor: f64) -> Vec<f64> {
    let (low, high, trained) = LLAMA3;
    let one = |pair: usize| {
        let wavelength =
            2.0 * std::f64::consts::PI * theta.powf(2.0 * pair as f64 / head_dim as f64);
        if wavelength < trained / high {
            1.0
        } else if wavelength > trained / low {
            factor
        } else {
            let smooth = (trained / wavelength - low) / (high - low);
            1.0 / ((1.0 - smooth) / factor + smooth)
        }
    };
    (0..head_dim / 2).map(one).collect()
}

/// A number that was an `f32`, with as few digits as give that again: 1e-5 and not 9.999999747e-6.
fn shortest(number: f64) -> f64 {
    let narrow = number as f32;
    if f64::from(narrow) == number {
        return narrow.to_string().parse().unwrap_or(number);
    }
    number
}

/// The metadata of a model that `config`, a parsed `config.json`, describes: all but its tokenizer's.
///
/// # Errors
/// An architecture that llama.cpp has no such file of, or settings it does not know, by their key.
pub fn metadata(config: &Json, name: &str) -> Result<Vec<(String, Value)>, String> {
    let fields = config.as_object().ok_or("config.json is no JSON object")?;
    let model_type = fields
        .get("model_type")
        .and_then(Json::as_str)
        .unwrap_or_default();
    let Some((architecture, _)) = ARCHITECTURES.iter().find(|it| it.0 == model_type) else {
        let known = ARCHITECTURES.map(|(name, _)| name).join(", ");
        return Err(format!(
            "model_type is `{model_type}`; files are written of {known}"
        ));
    };
    if ["attention_bias", "mlp_bias"]
        .iter()
        .any(|key| fields.get(*key) == Some(&Json::Bool(true)))
    {
        return Err("biases outside queries, keys and values are not written".into());
    }
    let count = |key: &str| {
        let value = fields.get(key).and_then(Json::as_u64);
        value.ok_or_else(|| format!("config.json: `{key}` is missing or no whole number"))
    };
    let (width, heads) = (count("hidden_size")?, count("num_attention_heads")?);
    let head_dim = count("head_dim").unwrap_or(width / heads.max(1));
    let theta = rope(fields)?;
    let epsilon = fields
        .get("rms_norm_eps")
        .and_then(Json::as_f64)
        .unwrap_or(1e-6);
    let unsigned =
        |rest: &str, value: u64| (format!("{architecture}.{rest}"), Value::Unsigned(value));
    let float = |rest: &str, value: f64| (format!("{architecture}.{rest}"), Value::Float(value));
    Ok(vec![
        ("general.architecture".into(), (*architecture).into()),
        ("general.name".into(), name.into()),
        unsigned("context_length", count("max_position_embeddings")?),
        unsigned("embedding_length", width),
        unsigned("block_count", count("num_hidden_layers")?),
        unsigned("feed_forward_length", count("intermediate_size")?),
        unsigned("attention.head_count", heads),
        unsigned(
            "attention.head_count_kv",
            count("num_key_value_heads").unwrap_or(heads),
        ),
        unsigned("attention.key_length", head_dim),
        unsigned("attention.value_length", head_dim),
        unsigned("rope.dimension_count", head_dim),
        unsigned("vocab_size", count("vocab_size")?),
        float("attention.layer_norm_rms_epsilon", epsilon),
        float("rope.freq_base", theta),
    ])
}

/// θ of plain rotary positions, in the old spelling or in that of transformers 5.
fn rope(fields: &Map<String, Json>) -> Result<f64, String> {
    let new = fields.get("rope_parameters").and_then(Json::as_object);
    let scaled = new.or_else(|| fields.get("rope_scaling").and_then(Json::as_object));
    let kind = scaled.and_then(|rope| rope.get("rope_type").or(rope.get("type")));
    match kind.and_then(Json::as_str).unwrap_or("default") {
        "default" => {}
        other => {
            return Err(format!(
                "rope_type `{other}` is not written, only plain positions"
            ));
        }
    }
    let theta = new
        .and_then(|rope| rope.get("rope_theta"))
        .or(fields.get("rope_theta"));
    Ok(theta.and_then(Json::as_f64).unwrap_or(10_000.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lose_the_noise_of_f32() {
        assert_eq!(shortest(f64::from(1e-5_f32)), 1e-5);
        assert_eq!(shortest(100_000.0), 100_000.0);
        assert_eq!(shortest(0.1), 0.1);
    }

    #[test]
    fn frequencies_are_divided_as_llama_3_does() {
        let factors = llama3_factors(500_000.0, 128, 8.0);
        assert_eq!((factors[0], factors[63]), (1.0, 8.0));
        assert!(factors.windows(2).all(|pair| pair[0] <= pair[1]));
        // Wavelength 2π·500000^(2·32/128) = 4443: smooth = (8192/4443 − 1)/3.
        let smooth = (8192.0 / 4_442.882_938 - 1.0) / 3.0;
        assert!((factors[32] - 1.0 / ((1.0 - smooth) / 8.0 + smooth)).abs() < 1e-6);
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let refused = |config: Json| metadata(&config, "m").unwrap_err();
        assert!(refused(json!({ "model_type": "deepseek_v3" })).contains("deepseek_v3"));
        assert!(refused(json!({ "model_type": "llama" })).contains("hidden_size"));
        let scaled = json!({ "model_type": "llama", "hidden_size": 8, "num_attention_heads": 2,
            "rope_scaling": { "rope_type": "yarn" } });
        assert!(refused(scaled).contains("yarn"));
    }
}
