//! A directory made into one GGUF file, for llama.cpp.

use std::path::Path;

use gguf::{Kind, Parts, Shape, Value, Writer, permuted};
use serde_json::Value as Json;

use super::error::{CheckpointError, io};
use super::files::Files;
use super::{CONFIG, storage};

/// Whose rows are the vocabulary.
const EMBEDDING: &str = "model.embed_tokens.weight";

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
    let mut files = Files::open(from)?;
    let vocabulary = vocabulary(&config, &files).map_err(refuse(CONFIG))?;
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
        let heads = turned(theirs);
        check(theirs, &place.info.shape, heads).map_err(refuse(CONFIG))?;
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

/// Rows of the embedding, as many as the configuration says: its number alone would be believed whatever it is.
fn vocabulary(config: &Json, files: &Files) -> Result<usize, String> {
    let place = files.tensors.get(EMBEDDING);
    let rows = place.and_then(|place| place.info.shape.first().copied());
    let rows = rows.ok_or_else(|| format!("tensor `{EMBEDDING}` is missing"))?;
    let said = &config["vocab_size"];
    match said.as_u64() == Some(rows as u64) {
        true => Ok(rows),
        false => Err(format!(
            "`vocab_size` is {said}, and `{EMBEDDING}` has {rows} rows"
        )),
    }
}

/// Whether a file of GGUF has such tensors, and this one's rows make up as many heads of pairs.
fn check(name: &str, shape: &[usize], heads: Option<usize>) -> Result<(), String> {
    if !(1..=4).contains(&shape.len()) || shape.contains(&0) {
        return Err(format!(
            "tensor `{name}` has shape {shape:?}, which GGUF does not have"
        ));
    }
    let Some(heads) = heads else { return Ok(()) };
    let pairs = heads.checked_mul(2).filter(|_| heads > 0);
    match pairs.is_some_and(|pairs| shape[0].is_multiple_of(pairs)) && shape.len() < 3 {
        true => Ok(()),
        false => Err(format!(
            "tensor `{name}` of shape {shape:?} does not make up {heads} heads"
        )),
    }
}

fn json(path: &Path) -> Result<Json, CheckpointError> {
    let text = std::fs::read(path).map_err(io(path))?;
    serde_json::from_slice(&text).map_err(|error| CheckpointError::Config {
        path: path.into(),
        problem: format!("not JSON ({error}); download it again"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_whole_pairs_of_rows_and_shapes_those_of_gguf() {
        for (shape, heads) in [
            (&[8, 4][..], Some(2)),
            (&[8], Some(4)),
            (&[3, 1, 2, 5], None),
        ] {
            assert_eq!(check("q", shape, heads), Ok(()), "{shape:?} {heads:?}");
        }
        for (shape, heads) in [
            (&[8, 4][..], Some(0)),
            (&[8, 4], Some(8)),
            (&[8, 4], Some(3)),
            (&[8, 4], Some(usize::MAX)),
            (&[8, 2, 2], Some(2)),
            (&[8, 0], Some(2)),
            (&[], None),
            (&[1, 1, 1, 1, 1], None),
        ] {
            let error = check("q", shape, heads).unwrap_err();
            assert!(error.starts_with("tensor `q`"), "{error}");
        }
    }
}
