//! Files written and read again; files that are damaged.

use std::fs;
use std::path::Path;

use gguf::{File, GgufError, Kind, Shape, Value, Weights, Writer, metadata, permuted};
use proptest::prelude::*;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

fn config(model_type: &str) -> serde_json::Value {
    json!({
        "model_type": model_type, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1,
        "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16, "vocab_size": 5,
        "max_position_embeddings": 128, "rms_norm_eps": 1e-5, "rope_theta": 500_000.0,
        "tie_word_embeddings": true,
    })
}

/// The tensors of such a model by their Hugging Face names, with their values.
fn tensors() -> Vec<(&'static str, Vec<usize>, Vec<f32>)> {
    let mut rng = SmallRng::seed_from_u64(4);
    let layer = |name| -> &'static str { String::leak(format!("model.layers.0.{name}.weight")) };
    let shapes = vec![
        ("model.embed_tokens.weight", vec![5, 32]),
        ("model.norm.weight", vec![32]),
        (layer("input_layernorm"), vec![32]),
        (layer("post_attention_layernorm"), vec![32]),
        (layer("self_attn.q_proj"), vec![32, 32]),
        (layer("self_attn.k_proj"), vec![16, 32]),
        (layer("self_attn.v_proj"), vec![16, 32]),
        (layer("self_attn.o_proj"), vec![32, 32]),
        (layer("mlp.gate_proj"), vec![64, 32]),
        (layer("mlp.up_proj"), vec![64, 32]),
        (layer("mlp.down_proj"), vec![32, 64]),
    ];
    let filled = |(name, shape): (_, Vec<usize>)| {
        let count = shape.iter().product();
        let values = (0..count).map(|_| rng.random_range(-1.0..1.0)).collect();
        (name, shape, values)
    };
    shapes.into_iter().map(filled).collect()
}

fn write(path: &Path, model_type: &str, kind: Kind) {
    let tensors = tensors();
    let shapes = tensors.iter().map(|(name, shape, _)| Shape {
        name: gguf::llama_cpp(name).unwrap(),
        kind: if shape.len() == 1 { Kind::F32 } else { kind },
        shape: shape.clone(),
    });
    let metadata = metadata(&config(model_type), "small").unwrap();
    let mut writer = Writer::new(path, &metadata, shapes.collect()).unwrap();
    for (name, shape, values) in tensors {
        let turned = model_type == "llama" && (name.contains("q_proj") || name.contains("k_proj"));
        match turned {
            true => writer.tensor(&permuted(&values, shape[1], 16)).unwrap(),
            false => writer.tensor(&values).unwrap(),
        }
    }
    writer.finish().unwrap();
}

#[test]
fn what_is_written_is_read() {
    let dir = tempfile::tempdir().unwrap();
    for model_type in ["llama", "qwen2", "qwen3"] {
        for (kind, near) in [
            (Kind::F32, 0.0),
            (Kind::F16, 1e-3),
            (Kind::Bf16, 4e-3),
            (Kind::Q8_0, 5e-3),
        ] {
            let path = dir.path().join("m.gguf");
            write(&path, model_type, kind);
            assert!(File::is_gguf(&path));
            let mut file = File::open(&path).unwrap();
            let found = file.config().unwrap();
            for (key, value) in config(model_type).as_object().unwrap() {
                assert_eq!(&found[key], value, "{model_type}: {key}");
            }
            let mut weights = Weights::new(file).unwrap();
            assert_eq!(weights.names().count(), 11);
            for (name, shape, values) in tensors() {
                assert_eq!(weights.shape(name), Some(&shape[..]), "{name}");
                let rows = if shape.len() == 1 { 1 } else { shape[0] };
                let (mut whole, mut part) = (Vec::new(), Vec::new());
                weights.rows(name, 0, rows, &mut whole).unwrap();
                let far = values.iter().zip(&whole).map(|(a, b)| (a - b).abs());
                assert!(
                    far.fold(0.0, f32::max) <= near,
                    "{model_type} {kind:?} {name}"
                );
                // Any rows alone are those of the whole.
                let first = rows / 3;
                weights.rows(name, first, rows - first, &mut part).unwrap();
                assert_eq!(part, whole[first * values.len() / rows..], "{name}");
            }
        }
    }
}

#[test]
fn a_head_of_any_size_is_compared_with_the_tensor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.gguf");
    let mut fields = metadata(&config("llama"), "m").unwrap();
    for (key, value) in &mut fields {
        if key.ends_with("key_length") || key.ends_with("dimension_count") {
            *value = (u64::MAX / 2).into();
        }
    }
    let shape = |name: &str, shape: &[usize]| Shape {
        name: name.into(),
        kind: Kind::F32,
        shape: shape.to_vec(),
    };
    let shapes = vec![
        shape("rope_freqs.weight", &[2]),
        shape("token_embd.weight", &[1, 1]),
    ];
    let mut writer = Writer::new(&path, &fields, shapes).unwrap();
    writer.tensor(&[1.0, 1.0]).unwrap();
    writer.tensor(&[1.0]).unwrap();
    writer.finish().unwrap();
    let error = File::open(&path).unwrap().config().unwrap_err().to_string();
    assert!(error.contains("not Llama 3's"), "{error}");
}

#[test]
fn the_numbers_of_a_list_have_the_width_of_the_widest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.gguf");
    let list = |values: &[Value]| Value::List(values.to_vec());
    let mixed = [
        ("a".to_owned(), list(&[1_u64.into(), (1_u64 << 40).into()])),
        (
            "b".to_owned(),
            list(&[Value::Signed(-1 << 40), Value::Signed(-1)]),
        ),
        ("c".to_owned(), list(&[list(&[1_u64.into()]), list(&[])])),
    ];
    Writer::new(&path, &mixed, vec![])
        .unwrap()
        .finish()
        .unwrap();
    let read: Vec<_> = File::open(&path)
        .unwrap()
        .metadata()
        .clone()
        .into_iter()
        .collect();
    assert_eq!(read, mixed);
}

fn opened(bytes: &[u8]) -> Result<File, GgufError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.gguf");
    fs::write(&path, bytes).unwrap();
    File::open(path)
}

fn whole() -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m.gguf");
    write(&path, "llama", Kind::Q8_0);
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        1,
        "nothing stays beside it"
    );
    fs::read(path).unwrap()
}

#[test]
fn damage_is_named_with_its_place() {
    let whole = whole();
    let error = |bytes: &[u8]| opened(bytes).unwrap_err().to_string();
    assert!(error(b"").contains("ends too early"));
    assert!(error(b"PK\x03\x04 and more").contains("no GGUF file"));
    let version = |n: u32| {
        let mut bytes = whole.clone();
        bytes[4..8].copy_from_slice(&n.to_le_bytes());
        error(&bytes)
    };
    assert!(version(1).contains("version 1"));
    assert!(version(3_u32.swap_bytes()).contains("big-endian"));
    assert!(version(77).contains("version 77"));
    let cut = error(&whole[..whole.len() - 32]);
    assert!(
        cut.contains("the download broke off") && cut.contains("tensor `"),
        "{cut}"
    );
    let mut many = whole.clone();
    many[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(error(&many).contains("tensors are announced"));
}

#[test]
fn a_dropped_writer_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m.gguf");
    let shape = Shape {
        name: "a".into(),
        kind: Kind::Q8_0,
        shape: vec![2, 31],
    };
    let error = Writer::new(&path, &[], vec![shape.clone()]).unwrap_err();
    assert!(error.to_string().contains("blocks of 32"), "{error}");
    let whole = Shape {
        shape: vec![2, 32],
        ..shape
    };
    drop(Writer::new(&path, &[("k".into(), Value::Bool(true))], vec![whole]).unwrap());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut with_magic = b"GGUF\x03\0\0\0".to_vec();
        with_magic.extend(&bytes);
        prop_assert!(opened(&with_magic).is_err() || with_magic.len() >= 24);
        prop_assert!(opened(&bytes).is_err());
    }

    #[test]
    fn no_change_of_a_file_panics(changes in prop::collection::vec((0_usize..1200, any::<u8>()), 1..6)) {
        let mut bytes = whole();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        if let Ok(mut file) = opened(&bytes) {
            drop(file.config());
            drop(file.tokenizer());
            drop(Weights::new(file).map(|mut weights| {
                let names: Vec<String> = weights.names().cloned().collect();
                for name in names {
                    let shape = weights.shape(&name).unwrap().to_vec();
                    let rows = if shape.len() == 1 { 1 } else { shape[..shape.len() - 1].iter().product() };
                    drop(weights.rows(&name, 0, rows, &mut Vec::new()));
                }
            }));
        }
    }
}
