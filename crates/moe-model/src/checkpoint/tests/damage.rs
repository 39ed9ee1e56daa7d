//! Files and configurations that are damaged or of another model.

use super::*;

#[test]
fn every_wrong_tensor_is_listed() {
    let dir = saved(&small_dense(), u64::MAX);
    edit_tensors(&dir.path().join(WEIGHTS), |tensors| {
        for (name, dtype, shape, data) in tensors.iter_mut() {
            match name.as_str() {
                "model.norm.weight" => *name = "model.nrom.weight".into(),
                "model.layers.0.mlp.gate_proj.weight" => shape.reverse(),
                "model.layers.1.input_layernorm.weight" => {
                    *dtype = Dtype::F64;
                    data.extend(data.clone());
                }
                _ => {}
            }
        }
    });
    refused(dir.path(), WEIGHTS, "tensor `model.norm.weight` is missing");
    refused(
        dir.path(),
        WEIGHTS,
        "tensor `model.nrom.weight` is not of this model",
    );
    refused(
        dir.path(),
        WEIGHTS,
        "tensor `model.layers.0.mlp.gate_proj.weight` has shape [16, 24], the configuration asks \
         for [24, 16]",
    );
    refused(
        dir.path(),
        WEIGHTS,
        "tensor `model.layers.1.input_layernorm.weight` is stored as F64, only f32, bf16 and f16 \
         are read",
    );
}

#[test]
fn a_tied_model_may_have_its_projection_too() {
    let dir = saved(&small_dense(), u64::MAX);
    edit_tensors(&dir.path().join(WEIGHTS), |tensors| {
        tensors.push(("lm_head.weight".into(), Dtype::F32, vec![1], vec![0; 4]));
    });
    load(dir.path()).unwrap();
}

#[test]
fn damaged_files_are_named() {
    let dir = saved(&small_dense(), u64::MAX);
    let path = dir.path().join(WEIGHTS);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    refused(dir.path(), WEIGHTS, "its tensors need");
    fs::write(&path, &bytes[..100]).unwrap();
    refused(dir.path(), WEIGHTS, "its header claims");
    let mut corrupt = bytes.clone();
    corrupt[8] = b'?';
    fs::write(&path, corrupt).unwrap();
    refused(
        dir.path(),
        WEIGHTS,
        "its header is not a JSON object of tensors",
    );
    fs::remove_file(&path).unwrap();
    let error = load(dir.path()).unwrap_err().to_string();
    assert!(
        error.contains("has neither model.safetensors nor"),
        "{error}"
    );
}

#[test]
fn weights_that_are_not_finite_are_named_with_their_place() {
    let name = "model.layers.1.mlp.down_proj.weight";
    let spoil = |path: &Path| {
        edit_tensors(path, |tensors| {
            if let Some(tensor) = tensors.iter_mut().find(|tensor| tensor.0 == name) {
                // Row 2 and column 3 of [16, 24].
                tensor.3[4 * 51..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
                tensor.3[4 * 60..][..4].copy_from_slice(&f32::INFINITY.to_le_bytes());
            }
        });
    };
    let dir = saved(&small_dense(), u64::MAX);
    spoil(&dir.path().join(WEIGHTS));
    let why = format!("tensor `{name}` holds NaN at element [2, 3]; training diverged");
    refused(dir.path(), WEIGHTS, &why);

    let dir = saved(&small_dense(), 0);
    let index: Value = serde_json::from_slice(&fs::read(dir.path().join(INDEX)).unwrap()).unwrap();
    let shard = index["weight_map"][name].as_str().unwrap();
    spoil(&dir.path().join(shard));
    let why = format!("tensor `{name}` in `{shard}` holds NaN at element [2, 3]");
    refused(dir.path(), INDEX, &why);
}

#[test]
fn a_configuration_that_cannot_be_is_named_with_its_key() {
    let dir = saved(&small_dense(), u64::MAX);
    let path = dir.path().join(CONFIG);
    let good: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let cases = [
        (
            "model_type",
            json!("bert"),
            "model_type is `bert`; known are deepseek_v3, llama",
        ),
        (
            "num_attention_heads",
            json!(0),
            "`num_attention_heads` is 0: must be at least 1",
        ),
        (
            "num_attention_heads",
            json!(-4),
            "`num_attention_heads` is -4, not a whole number",
        ),
        (
            "num_key_value_heads",
            json!(3),
            "`num_key_value_heads` is 3: must divide heads (4)",
        ),
        (
            "vocab_size",
            json!(0),
            "`vocab_size` is 0: must be at least 1",
        ),
    ];
    for (key, value, why) in cases {
        let mut json = good.clone();
        json[key] = value;
        fs::write(&path, json.to_string()).unwrap();
        refused(dir.path(), CONFIG, why);
    }
    let mut json = good.clone();
    json["head_dim"] = Value::Null;
    json["num_attention_heads"] = json!(3);
    fs::write(&path, json.to_string()).unwrap();
    refused(
        dir.path(),
        CONFIG,
        "`num_attention_heads` is 3, which does not divide `hidden_size` (16)",
    );
    fs::write(&path, "{").unwrap();
    refused(dir.path(), CONFIG, "not JSON");
    fs::remove_file(&path).unwrap();
    refused(dir.path(), CONFIG, "No such file");
}
