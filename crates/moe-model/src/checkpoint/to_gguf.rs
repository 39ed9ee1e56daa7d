//! A directory made into one GGUF file, for llama.cpp.

use std::path::Path;

use gguf::{Kind, Parts, Shape, Value, Writer, permuted};
use serde_json::Value as Json;

use super::error::{CheckpointError, io};
use super::files::Files;
use super::{CONFIG, storage};

/// Writes the checkpoint in the directory `from`, with its tokenizer, as the file `to`, its matrices stored
/// as `kind` (F32, F16, BF16 or Q8_0) and its vectors in f32. `name` is what the model is called in it.
///
/// Matrices whose rows are no whole number of Q8_0's blocks are stored in f16, as llama.cpp does. One
/// tensor is in memory at a time.
///
/// # Errors
/// A directory that is missing or damaged; a model that is no Llama, Qwen2 or Qwen3, or whose positions or
/// tokenizer llama.cpp does not have; a file that cannot be written.
pub fn to_gguf(from: &Path, to: &Path, kind: Kind, name: &str) -> Result<(), CheckpointError> {
    let refuse = |file: &str| {
        let path = from.join(file);
        move |problem| CheckpointError::NoGguf {
            path: path.clone(),
            problem,
        }
    };
    let config = json(&from.join(CONFIG))?;
    let mut metadata = gguf::metadata(&config, name).map_err(refuse(CONFIG))?;
    let parts = Parts {
        tokenizer: json(&from.join("tokenizer.json"))?,
        config: json(&from.join("tokenizer_config.json"))?,
    };
    let vocabulary = config["vocab_size"].as_u64().unwrap_or(0) as usize;
    let tokenizer = gguf::tokenizer_metadata(&parts, vocabulary);
    metadata.extend(tokenizer.map_err(refuse("tokenizer.json"))?);
    // llama.cpp's number for the type of most tensors.
    let number = match kind {
        Kind::F32 => 0,
        Kind::F16 => 1,
        Kind::Q8_0 => 7,
        _ => 32,
    };
    metadata.push(("general.file_type".into(), Value::Unsigned(number)));

    let mut files = Files::open(from)?;
    let heads = |key: &str| config[key].as_u64().map(|heads| heads as usize);
    let queries = heads("num_attention_heads").unwrap_or(1);
    let keys = heads("num_key_value_heads").unwrap_or(queries);
    let turned = |name: &str| match name {
        _ if config["model_type"] != "llama" => None,
        name if name.contains(".q_proj.") => Some(queries),
        name if name.contains(".k_proj.") => Some(keys),
        _ => None,
    };
    let mut names = Vec::new();
    let mut shapes = Vec::new();
    for (theirs, place) in &files.tensors {
        let unread = || format!("tensor `{theirs}` has no name in GGUF");
        let ours = gguf::llama_cpp(theirs).ok_or_else(|| refuse(CONFIG)(unread()))?;
        if storage::width(place.info.dtype).is_none() {
            let problem = format!("tensor `{theirs}` is stored as {:?}", place.info.dtype);
            return Err(refuse(CONFIG)(problem));
        }
        let row = place.info.shape.last().copied().unwrap_or(0);
        shapes.push(Shape {
            name: ours,
            kind: match place.info.shape.len() {
                1 => Kind::F32,
                _ if kind.row_bytes(row).is_none() => Kind::F16,
                _ => kind,
            },
            shape: place.info.shape.clone(),
        });
        names.push(theirs.clone());
    }
    let mut writer = Writer::new(to, &metadata, shapes.clone())?;
    let mut values = Vec::new();
    for (name, Shape { shape, .. }) in names.iter().zip(shapes) {
        let (rows, cols) = match shape[..] {
            [rows, cols] => (rows, cols),
            _ => (shape.iter().product(), 1),
        };
        files.rows(name, cols, 0..rows, &mut values)?;
        match turned(name) {
            Some(heads) => writer.tensor(&permuted(&values, cols, rows / heads))?,
            None => writer.tensor(&values)?,
        }
    }
    Ok(writer.finish()?)
}

fn json(path: &Path) -> Result<Json, CheckpointError> {
    let text = std::fs::read(path).map_err(io(path))?;
    serde_json::from_slice(&text).map_err(|error| CheckpointError::Config {
        path: path.into(),
        problem: format!("not JSON ({error}); download it again"),
    })
}
