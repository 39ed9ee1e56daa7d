//! PEFT computes the same from an adapter of ours, and we from one of PEFT's.
//!
//! Needs a Python with `peft`, `transformers` and `torch`: the one that `R1_PYTHON` names, otherwise
//! `python3` where it has them. Without one the test is skipped, and says so.

#[path = "small/adapted.rs"]
mod adapted;
mod small;
#[path = "small/families.rs"]
mod small_families;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use adapted::{furthest, trained};
use burn::tensor::Device;
use lm::{CausalLm, TokenBatch};
use moe_model::{AttentionConfig, Decoder, DecoderConfig, GroupedConfig, SaveOptions};
use serde_json::Value;
use small_families::{dense, models};

/// The interpreter to use, if there is one.
fn python() -> Option<OsString> {
    let named = std::env::var_os("R1_PYTHON");
    let python = named.unwrap_or_else(|| "python3".into());
    let usable = Command::new(&python)
        .args(["-c", "import peft, torch, transformers"])
        .output()
        .is_ok_and(|output| output.status.success());
    usable.then_some(python)
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("a line of output");
}

/// Qwen2 and Qwen3: biases or norms of queries and keys.
fn qwen() -> [Decoder; 2] {
    [true, false].map(|qkv_bias| {
        let grouped = GroupedConfig {
            qkv_bias,
            qk_norm: !qkv_bias,
            ..GroupedConfig::new(4, 2, 4)
        };
        let config = DecoderConfig {
            attention: AttentionConfig::Grouped(grouped),
            ..dense()
        };
        Decoder::init(&config, 6, &Device::flex()).unwrap()
    })
}

fn logits(model: &Decoder) -> Vec<f32> {
    let hidden = model.forward(&TokenBatch::new(&[[1u32, 2, 3, 4, 5, 6, 7]]));
    let hidden_nd = hidden.hidden_btd.reshape([7, model.config().width]);
    model.logits(hidden_nd).into_data().iter::<f32>().collect()
}

#[test]
fn peft_and_we_read_each_others_adapters() {
    let Some(python) = python() else {
        say("skipped: no Python with peft, torch and transformers; name one in R1_PYTHON");
        return;
    };
    let temp = tempfile::tempdir().unwrap();
    let mut cases: Vec<(PathBuf, Decoder)> = Vec::new();
    for (at, model) in models(5).into_iter().chain(qwen()).enumerate() {
        let dir = temp.path().join(at.to_string());
        let [base, merged, adapter] = ["base", "merged", "adapter"].map(|name| dir.join(name));
        for dir in [&base, &merged, &adapter] {
            std::fs::create_dir_all(dir).unwrap();
        }
        let options = SaveOptions::default();
        // `transformers` has no architecture for some.
        if model.save(&base, &options).is_err() {
            continue;
        }
        let adapted = trained(model);
        adapted.clone().merge().save(&merged, &options).unwrap();
        adapted.save_adapter(&adapter, "base").unwrap();
        cases.push((dir, adapted));
    }
    assert!(cases.len() >= 5, "{} families", cases.len());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/adapters.py");
    let dirs = cases.iter().map(|(dir, _)| dir);
    let output = Command::new(python).arg(script).args(dirs).output();
    let output = output.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found.len(), cases.len());
    for ((dir, adapted), found) in cases.into_iter().zip(found) {
        let of = |name: &str| -> Vec<f32> {
            let values = found[name].as_array().unwrap().iter();
            values.map(|value| value.as_f64().unwrap() as f32).collect()
        };
        let theirs = adapted.without_adapter();
        let theirs = theirs.load_adapter(&dir.join("theirs")).unwrap();
        let distances = [
            furthest(&logits(&adapted), &of("adapted")),
            furthest(&logits(&adapted.merge()), &of("merged")),
            furthest(&logits(&theirs), &of("theirs")),
        ];
        let name = dir.file_name().unwrap().to_string_lossy();
        say(&format!("model {name}: {distances:?}"));
        assert!(distances.iter().all(|&distance| distance < 1e-4));
        assert!(furthest(&of("adapted"), &of("theirs")) > 0.01);
    }
}
