//! Whole checkpoints: saved, read back, and damaged in every way that has its own message.

mod damage;
mod properties;
mod saving;
mod shards;

use std::fs;
use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use lm::{CausalLm, TokenBatch};
use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::Decoder;
use crate::config::DecoderConfig;
use crate::config::tests::{small_dense, small_families, small_mixture};

fn model(config: &DecoderConfig) -> Decoder {
    Decoder::init(config, 1, &Device::flex()).unwrap()
}

/// A directory with a model of three or more shards, or of one.
fn saved(config: &DecoderConfig, max_shard_bytes: u64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let options = SaveOptions {
        max_shard_bytes,
        ..SaveOptions::default()
    };
    model(config).save(dir.path(), &options).unwrap();
    dir
}

fn hidden(model: &Decoder) -> Vec<f32> {
    let batch = TokenBatch::new(&[vec![1u32, 2, 3, 4]]);
    let hidden = model.forward(&batch).hidden_btd.into_data();
    hidden.iter::<f32>().collect()
}

fn load(dir: &Path) -> Result<Decoder, CheckpointError> {
    Decoder::load(dir, &Device::flex())
}

/// What loading says, after it named the file it is about.
#[track_caller]
fn refused(dir: &Path, file: &str, why: &str) {
    let error = load(dir).unwrap_err().to_string();
    let named = dir.join(file).display().to_string();
    assert!(error.starts_with(&named), "{error}");
    assert!(error.contains(why), "{error}\nshould say\n{why}");
}

fn files(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn edit_json(path: &Path, edit: impl FnOnce(&mut Value)) {
    let mut json = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    edit(&mut json);
    fs::write(path, json.to_string()).unwrap();
}

type Tensors = Vec<(String, Dtype, Vec<usize>, Vec<u8>)>;

/// Rewrites a weights file with another library.
fn edit_tensors(path: &Path, edit: impl FnOnce(&mut Tensors)) {
    let bytes = fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: Tensors = file
        .tensors()
        .into_iter()
        .map(|(name, t)| (name, t.dtype(), t.shape().to_vec(), t.data().to_vec()))
        .collect();
    edit(&mut tensors);
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        let view = safetensors::tensor::TensorView::new(*dtype, shape.clone(), data);
        (name.clone(), view.unwrap())
    });
    fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}
