//! Adapters on disk as PEFT has them: `adapter_config.json` and `adapter_model.safetensors`.
//!
//! A and B are stored transposed, as every linear weight. Settings we have no adapter for (DoRA,
//! ranks by pattern, trained biases and whole modules, names as a regular expression) are refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use burn::tensor::Tensor;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::{Map, Value, json};

use super::{LoraConfig, LoraError, matrix};
use crate::Decoder;
use crate::checkpoint::storage;

const CONFIG: &str = "adapter_config.json";
const WEIGHTS: &str = "adapter_model.safetensors";

/// The name of a tensor of the projection `name`.
fn on_disk(name: &str, which: char) -> String {
    format!("base_model.model.{name}.lora_{which}.weight")
}

impl Decoder {
    /// Writes the adapters to a directory that exists; `base` is what the model they belong to is
    /// called: a path or a name on a hub.
    ///
    /// # Errors
    /// A model without adapters; a file that cannot be written.
    pub fn save_adapter(&self, dir: &Path, base: &str) -> Result<(), LoraError> {
        let path = dir.join(CONFIG);
        let Some(config) = self.adapter() else {
            return Err(LoraError::Config {
                path,
                problem: "the model has no adapter to write".into(),
            });
        };
        let mut tensors = BTreeMap::new();
        let mut model = self.clone();
        for (name, projection) in model.projections() {
            if let Some(adapter) = &projection.adapter {
                tensors.insert(on_disk(&name, 'A'), turned(adapter.down.val()));
                tensors.insert(on_disk(&name, 'B'), turned(adapter.up.val()));
            }
        }
        let views = tensors.iter().map(|(name, (shape, bytes))| {
            let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
            (name, view.expect("as many bytes as the shape has"))
        });
        // `transformers` refuses a file without a format.
        let format = [("format".to_string(), "pt".to_string())].into();
        let weights = safetensors::serialize(views, Some(format)).expect("the header is small");
        write(&dir.join(WEIGHTS), &weights)?;
        // Last, for its existence means that the weights are there.
        write(&path, format!("{:#}\n", to_json(config, base)).as_bytes())
    }

    /// The model with the adapters of a directory, in f32, bf16 or f16.
    ///
    /// # Errors
    /// A file that cannot be read or has settings or tensors that do not fit the model: the file,
    /// and the key or tensor, are named.
    pub fn load_adapter(self, dir: &Path) -> Result<Self, LoraError> {
        let path = dir.join(CONFIG);
        let text = read(&path)?;
        let problem = |problem| LoraError::Config {
            path: path.clone(),
            problem,
        };
        let json: Value = serde_json::from_slice(&text)
            .map_err(|error| problem(format!("not JSON ({error}); copy it again")))?;
        let config = from_json(&json).map_err(problem)?;

        let path = dir.join(WEIGHTS);
        let bytes = read(&path)?;
        let wrong = |problem| LoraError::Weights {
            path: path.clone(),
            problem,
        };
        let tensors = SafeTensors::deserialize(&bytes)
            .map_err(|error| wrong(format!("no whole safetensors file ({error})")))?;
        let mut problems = Vec::new();
        let mut known = Vec::new();
        let model = self
            .adapted(&config, |name, from, to, device| {
                let mut tensor = |which, shape: [usize; 2]| {
                    let name = on_disk(name, which);
                    let values = values(&tensors, &name, shape).unwrap_or_else(|problem| {
                        problems.push(format!("tensor `{name}` {problem}"));
                        vec![0.0; shape[0] * shape[1]]
                    });
                    known.push(name);
                    matrix(values, shape, device).transpose()
                };
                let rank = config.rank;
                (tensor('A', [rank, from]), tensor('B', [to, rank]))
            })
            .map_err(|error| match error {
                // The settings came out of that file.
                LoraError::Rank
                | LoraError::Alpha(_)
                | LoraError::Target { .. }
                | LoraError::Experts(_) => problem(error.to_string()),
                other => other,
            })?;
        let unknown = tensors.names().into_iter();
        let unknown = unknown.filter(|name| !known.iter().any(|known| known == name));
        problems.extend(unknown.map(|name| format!("tensor `{name}` is not of this adapter")));
        match problems.first() {
            None => Ok(model),
            Some(first) => Err(wrong(match problems.len() {
                1 => first.clone(),
                n => format!("{first}, and {} more like it", n - 1),
            })),
        }
    }
}

/// Shape and bytes of the transpose.
fn turned(tensor: Tensor<2>) -> (Vec<usize>, Vec<u8>) {
    let tensor = tensor.without_autodiff().transpose();
    let shape = tensor.dims().to_vec();
    let values = tensor.into_data();
    let bytes = values.iter::<f32>().flat_map(f32::to_le_bytes).collect();
    (shape, bytes)
}

fn values(tensors: &SafeTensors<'_>, name: &str, shape: [usize; 2]) -> Result<Vec<f32>, String> {
    let tensor = tensors.tensor(name).map_err(|_| "is missing")?;
    if tensor.shape() != shape {
        let found = tensor.shape();
        return Err(format!("has shape {found:?}, the model asks for {shape:?}"));
    }
    if storage::width(tensor.dtype()).is_none() {
        let found = tensor.dtype();
        return Err(format!(
            "is stored as {found:?}, only f32, bf16 and f16 are read"
        ));
    }
    let mut values = Vec::new();
    storage::decode(tensor.dtype(), tensor.data(), &mut values);
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(format!("holds {value}")),
        None => Ok(values),
    }
}

fn to_json(config: &LoraConfig, base: &str) -> Value {
    json!({
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "inference_mode": true,
        "r": config.rank,
        "lora_alpha": config.alpha,
        "use_rslora": config.rslora,
        "target_modules": config.targets,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": false,
        "init_lora_weights": true,
        "modules_to_save": null,
    })
}

fn from_json(json: &Value) -> Result<LoraConfig, String> {
    let fields = json.as_object().ok_or("the file is not a JSON object")?;
    refuse_unsupported(fields)?;
    let targets = fields.get("target_modules").and_then(Value::as_array);
    let targets = targets.and_then(|targets| {
        let names = targets.iter().map(|name| name.as_str().map(Into::into));
        names.collect::<Option<Vec<String>>>()
    });
    let rank = fields.get("r").and_then(Value::as_u64);
    Ok(LoraConfig {
        rank: rank.ok_or("`r` is not a whole number")? as usize,
        alpha: fields
            .get("lora_alpha")
            .and_then(Value::as_f64)
            .ok_or("`lora_alpha` is not a number")?,
        targets: targets.ok_or("`target_modules` is not a list of names; write the names out")?,
        rslora: fields.get("use_rslora").and_then(Value::as_bool) == Some(true),
    })
}

/// Refuses what would change what the adapter computes.
fn refuse_unsupported(fields: &Map<String, Value>) -> Result<(), String> {
    let kind = fields.get("peft_type").and_then(Value::as_str);
    if kind != Some("LORA") {
        return Err(format!("`peft_type` is {kind:?}; only LORA is supported"));
    }
    let bias = fields.get("bias").and_then(Value::as_str);
    if bias.is_some_and(|bias| bias != "none") {
        return Err("`bias` asks for trained biases; only `none` is supported".into());
    }
    let unset = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(values) => values.is_empty(),
        _ => false,
    };
    let keys = [
        "use_dora",
        "fan_in_fan_out",
        "modules_to_save",
        "rank_pattern",
        "alpha_pattern",
        "layers_to_transform",
        "exclude_modules",
        "layer_replication",
        "trainable_token_indices",
        "target_parameters",
        "lora_bias",
        "use_qalora",
    ];
    for key in keys {
        if fields.get(key).is_some_and(|value| !unset(value)) {
            return Err(format!("`{key}` is set, which is not supported"));
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, LoraError> {
    fs::read(path).map_err(|source| LoraError::Io {
        path: path.into(),
        source,
    })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), LoraError> {
    fs::write(path, bytes).map_err(|source| LoraError::Io {
        path: path.into(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_what_we_lack_is_refused() {
        let config = LoraConfig {
            rank: 3,
            alpha: 6.5,
            targets: vec!["q_proj".into(), "up_proj".into()],
            rslora: true,
        };
        let json = to_json(&config, "base");
        assert_eq!(from_json(&json).unwrap(), config);
        let with = |key: &str, value: Value| {
            let mut json = json.clone();
            json[key] = value;
            from_json(&json).unwrap_err()
        };
        assert!(with("use_dora", json!(true)).contains("`use_dora`"));
        assert!(with("rank_pattern", json!({ "q_proj": 8 })).contains("`rank_pattern`"));
        assert!(with("target_modules", json!(".*_proj")).contains("list of names"));
        assert!(with("peft_type", json!("IA3")).contains("IA3"));
        assert!(with("bias", json!("all")).contains("`bias`"));
    }
}
