//! Modules for further tokens on disk: as published, dropped, damaged.

mod small;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use burn::tensor::Device;
use lm::{CausalLm, TokenBatch};
use moe_model::{Decoder, DecoderConfig, MixtureConfig, MtpConfig, SaveOptions};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use tempfile::TempDir;

const COPIES: [&str; 2] = ["embed_tokens.weight", "shared_head.head.weight"];

fn model() -> Decoder {
    let small = small::mixture(None);
    let config = DecoderConfig {
        vocabulary: 23,
        mixture: small.mixture.clone().map(|mixture| MixtureConfig {
            experts: 4,
            groups: 1,
            active_groups: 1,
            ..mixture
        }),
        mtp: Some(MtpConfig {
            depth: 2,
            weight: 0.2,
        }),
        init_std: 0.3,
        ..small
    };
    Decoder::init(&config, 1, &Device::flex()).unwrap()
}

fn saved() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    model().save(dir.path(), &SaveOptions::default()).unwrap();
    dir
}

fn load(dir: &TempDir) -> Result<Decoder, String> {
    Decoder::load(dir.path(), &Device::flex()).map_err(|error| error.to_string())
}

/// States of the main model and of its modules.
fn states(model: &Decoder) -> Vec<Vec<f32>> {
    let batch = TokenBatch::new(&[[1u32, 2, 3, 4, 5]]);
    let main = model.forward(&batch).hidden_btd;
    let further = model.multi_token(&batch, main.clone());
    let further = further.into_iter().flat_map(|further| further.modules);
    std::iter::once(main)
        .chain(further.map(|module| module.hidden_btd))
        .map(|states| states.into_data().iter::<f32>().collect())
        .collect()
}

/// Rewrites the weights, each tensor of layer 2 or later as `change` says: its bytes, or nothing.
fn rewrite(dir: &Path, change: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) {
    let path = dir.join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut kept = BTreeMap::new();
    for (name, view) in file.tensors() {
        let module = ["model.layers.2.", "model.layers.3."]
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix));
        let data = view.data().to_vec();
        let data = match module {
            Some(field) => change(field, data),
            None => Some(data),
        };
        if let Some(data) = data {
            kept.insert(name, (view.dtype(), view.shape().to_vec(), data));
        }
    }
    let views = kept.iter().map(|(name, (dtype, shape, data))| {
        let view = TensorView::new(*dtype, shape.clone(), data).unwrap();
        (name, view)
    });
    safetensors::serialize_to_file(views, None, &path).unwrap();
}

#[test]
fn modules_lie_on_disk_as_published() {
    let dir = saved();
    let bytes = fs::read(dir.path().join("model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let shape = |name: &str| {
        let name = format!("model.layers.3.{name}.weight");
        file.tensor(&name).unwrap().shape().to_vec()
    };
    assert_eq!(shape("enorm"), [16]);
    assert_eq!(shape("hnorm"), [16]);
    assert_eq!(shape("eh_proj"), [16, 32]);
    assert_eq!(shape("shared_head.norm"), [16]);
    assert_eq!(shape("shared_head.head"), [23, 16]);
    assert_eq!(shape("embed_tokens"), [23, 16]);
    assert_eq!(shape("mlp.experts.3.down_proj"), [16, 12]);
    assert_eq!(shape("mlp.gate"), [4, 16]);
    assert_eq!(shape("input_layernorm"), [16]);
    let text = fs::read_to_string(dir.path().join("config.json")).unwrap();
    assert!(text.contains("\"num_nextn_predict_layers\": 2"), "{text}");
    assert!(text.contains("\"num_hidden_layers\": 2"), "{text}");
}

#[test]
fn modules_come_back_with_their_copies_or_without() {
    let dir = saved();
    let wanted = states(&model());
    assert_eq!(wanted.len(), 3);
    let loaded = load(&dir).unwrap();
    assert_eq!(loaded.config(), model().config());
    assert_eq!(states(&loaded), wanted);
    rewrite(dir.path(), |field, data| {
        (!COPIES.contains(&field)).then_some(data)
    });
    assert_eq!(states(&load(&dir).unwrap()), wanted);
}

/// `transformers` writes the number of modules and drops their tensors.
#[test]
fn a_checkpoint_without_modules_is_a_model_without() {
    let dir = saved();
    rewrite(dir.path(), |_, _| None);
    let loaded = load(&dir).unwrap();
    assert_eq!(loaded.config().mtp, None);
    assert_eq!(states(&loaded), states(&model())[..1]);
    let again = tempfile::tempdir().unwrap();
    loaded.save(again.path(), &SaveOptions::default()).unwrap();
    assert_eq!(load(&again).unwrap().config().mtp, None);
}

#[test]
fn missing_and_differing_tensors_are_named() {
    let dir = saved();
    rewrite(dir.path(), |field, data| {
        (!field.ends_with("norm.weight")).then_some(data)
    });
    let error = load(&dir).unwrap_err();
    for name in [
        "2.enorm",
        "3.hnorm",
        "3.shared_head.norm",
        "2.input_layernorm",
    ] {
        let line = format!("tensor `model.layers.{name}.weight` is missing");
        assert!(error.contains(&line), "{error}");
    }
    assert!(!error.contains("eh_proj"), "{error}");

    for copy in COPIES {
        let dir = saved();
        rewrite(dir.path(), |field, mut data| {
            if field == copy {
                data[0] ^= 1;
            }
            Some(data)
        });
        let error = load(&dir).unwrap_err();
        let line = format!("tensor `model.layers.2.{copy}` differs from `");
        assert!(error.contains(&line), "{error}");
    }
}
