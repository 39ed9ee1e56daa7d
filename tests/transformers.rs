//! What we save, `transformers` loads, and computes the same from.
//!
//! Needs a Python with `transformers` (4.56 or newer) and `torch`: the one that `R1_PYTHON` names,
//! otherwise `python3` where it has both. Without one the test is skipped, and says so.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use moe_model::{
    AttentionConfig, Decoder, DecoderConfig, GroupedConfig, LatentConfig, MixtureConfig, Preset,
    RopeConfig, RopeScaling, SaveOptions, Scores, Storage, YarnConfig,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{finished, r1, root};

const SCRIPT: &str = "tests/record_cases.py";

/// The interpreter to use, if there is one.
pub(crate) fn python() -> Option<OsString> {
    let named = std::env::var_os("R1_PYTHON");
    let python = named.clone().unwrap_or_else(|| "python3".into());
    let usable = Command::new(&python)
        .args(["-c", "import torch, transformers"])
        .output()
        .is_ok_and(|output| output.status.success());
    assert!(
        usable || named.is_none(),
        "R1_PYTHON is {python:?}, which cannot import torch and transformers"
    );
    usable.then_some(python)
}

pub(crate) fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("a line of output");
}

/// One of every architecture, with the settings that set it apart.
fn models() -> Vec<(&'static str, DecoderConfig)> {
    let smoke = DecoderConfig {
        vocabulary: 96,
        // Wide enough that the likeliest token is so by far.
        init_std: 0.3,
        // Its heads are not for others to load.
        mtp: None,
        ..Preset::Smoke.config()
    };
    let yarn = |mscale, mscale_all_dim| RopeConfig {
        theta: 10_000.0,
        scaling: RopeScaling::Yarn(YarnConfig {
            factor: 8.0,
            trained_positions: 16,
            mscale,
            mscale_all_dim,
            ..YarnConfig::default()
        }),
    };
    let latent = |query_rank, bias, rope| DecoderConfig {
        attention: AttentionConfig::Latent(LatentConfig {
            heads: 2,
            query_rank,
            latent_rank: 16,
            nope_dim: 8,
            rope_dim: 8,
            value_dim: 12,
            bias,
            interleaved: true,
        }),
        rope,
        ..smoke.clone()
    };
    let grouped = |qkv_bias, output_bias, qk_norm| DecoderConfig {
        attention: AttentionConfig::Grouped(GroupedConfig {
            qkv_bias,
            output_bias,
            qk_norm,
            ..GroupedConfig::new(4, 2, 8)
        }),
        mixture: None,
        ..smoke.clone()
    };
    let softmax = |dense_layers, inner, normalise| {
        Some(MixtureConfig {
            dense_layers,
            scores: Scores::Softmax,
            experts: 6,
            active: 2,
            shared: 0,
            inner,
            groups: 1,
            active_groups: 1,
            normalise,
            scaling: 1.0,
            bias_speed: 0.0,
            balance_weight: 0.01,
        })
    };
    let plain = RopeConfig::plain(10_000.0);
    vec![
        ("deepseek_v3", latent(None, false, plain.clone())),
        ("deepseek_v3_q_compressed", latent(Some(20), true, plain)),
        ("deepseek_v3_yarn", latent(None, false, yarn(None, None))),
        (
            "deepseek_v3_q_compressed_yarn",
            latent(Some(20), false, yarn(Some(1.0), Some(1.0))),
        ),
        (
            "llama",
            DecoderConfig {
                rope: RopeConfig {
                    theta: 500_000.0,
                    scaling: RopeScaling::Llama3 {
                        factor: 8.0,
                        low: 1.0,
                        high: 4.0,
                        trained_positions: 16,
                    },
                },
                ..grouped(false, false, false)
            },
        ),
        (
            "llama_tied_with_biases",
            DecoderConfig {
                tied: true,
                inner_bias: true,
                ..grouped(true, true, false)
            },
        ),
        ("qwen2", grouped(true, false, false)),
        ("qwen3", grouped(false, false, true)),
        (
            "qwen3_moe",
            DecoderConfig {
                mixture: softmax(vec![0], 24, true),
                ..grouped(false, false, true)
            },
        ),
        (
            "mixtral",
            DecoderConfig {
                mixture: softmax(vec![], smoke.inner, true),
                ..grouped(false, false, false)
            },
        ),
    ]
}

/// Moves the vectors, which begin at 0 or 1, so that one left out shows.
struct Unsettle(f32);

impl ModuleMapper for Unsettle {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if D > 1 {
            return param;
        }
        self.0 += 1.0;
        param.map(|tensor| {
            let shape = tensor.dims();
            let moves = (0..shape[0]).map(|i| 0.2 * (self.0 + 1.7 * i as f32).sin());
            let moves = TensorData::new(moves.collect::<Vec<f32>>(), shape);
            tensor.clone() + Tensor::from_data(moves, &tensor.device())
        })
    }
}

/// Saves every model in one file and in shards, in f32 and in bf16.
fn save(root: &Path) -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    for (seed, (name, config)) in models().into_iter().enumerate() {
        let device = r1::backend::device().expect("a device");
        let model = Decoder::init(&config, seed as u64, &device).expect("a valid configuration");
        let model = model.map(&mut Unsettle(0.0));
        for (storage, type_name) in [(Storage::F32, "f32"), (Storage::Bf16, "bf16")] {
            for (max_shard_bytes, files) in [(u64::MAX, "single"), (20_000, "sharded")] {
                let dir = root.join(format!("{name}-{type_name}-{files}"));
                fs::create_dir(&dir).expect("a directory");
                let options = SaveOptions {
                    storage,
                    max_shard_bytes,
                    ..SaveOptions::default()
                };
                model.save(&dir, &options).expect("the model is saved");
                let index = dir.join("model.safetensors.index.json");
                assert_eq!(index.exists(), files == "sharded");
                dirs.push(dir);
            }
        }
    }
    dirs
}

#[test]
fn transformers_computes_the_same_from_what_is_saved() {
    let Some(python) = python() else {
        say("skipped: no Python with torch and transformers; name one in R1_PYTHON");
        return;
    };
    let temp = TempDir::new().expect("a temporary directory");
    let dirs = save(temp.path());
    let script = root().join(SCRIPT);
    let output = finished(Command::new(python).arg(script).args(&dirs));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");

    let output = finished(r1(&["parity", "--json"]).arg(temp.path()));
    let printed = String::from_utf8_lossy(&output.stdout);
    let cases: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON object a line"))
        .collect();
    for case in &cases {
        let dir = Path::new(case["case"].as_str().expect("a path"));
        let name = dir.file_name().expect("a name").to_string_lossy();
        let figures = ["logits", "cached_logits", "loss"]
            .map(|key| format!("{key} {:.1e}", case[key].as_f64().expect("a number")));
        let tokens = &case["tokens"];
        say(&format!("{name}: {}, tokens {tokens}", figures.join(", ")));
    }
    assert_eq!(cases.len(), dirs.len(), "{printed}");
    assert!(output.status.success(), "{printed}");
}
