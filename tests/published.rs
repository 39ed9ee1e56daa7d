//! Published checkpoints: what an independent implementation computes from them, and a run from one.
//!
//! They are large, so they are fetched by pip, once, into the folder that `R1_WEIGHTS` names (by default
//! beside the build's own output); where that cannot be, a test is skipped and says so. Qwen2.5-Coder, 1.1 GB,
//! is used where it is there already.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use data::Tokenizer;
use lm::{CausalLm, GenerateOptions, Prompt, Sampling, TokenBatch, generate};
use moe_model::Decoder;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{finished, r1, root};
use crate::transformers::say;

/// How far a logit may be off: the reference adds in another order.
const NEAR: f64 = 2e-2;

fn folder() -> PathBuf {
    let named = std::env::var_os("R1_WEIGHTS").map(PathBuf::from);
    named.unwrap_or_else(|| root().join("target/weights"))
}

fn shared(path: &str) -> PathBuf {
    root().join("../shared").join(path)
}

/// SmolLM2-135M-Instruct, fetched where it is missing.
fn smollm2() -> Option<&'static Path> {
    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let fetch = || {
        let dir = folder().join("smollm2");
        let file = dir.join("smollm2-135m-instruct-q4_1.gguf");
        if file.is_file() {
            return Some(file);
        }
        let script = shared("weights/assemble.sh");
        let fetched = Command::new("sh")
            .arg(script)
            .args(["smollm2".as_ref(), dir.as_os_str()])
            .output();
        if fetched.is_ok_and(|output| output.status.success()) && file.is_file() {
            return Some(file);
        }
        say("skipped: SmolLM2 is not at hand, and pip could not fetch it");
        None
    };
    FILE.get_or_init(fetch).as_deref()
}

fn ids(value: &Value) -> Vec<u32> {
    let ids = value.as_array().expect("ids").iter();
    ids.map(|id| id.as_u64().expect("an id") as u32).collect()
}

/// Tokens, likeliest next tokens and greedy continuations of the cases recorded of a file.
fn agrees(file: &Path, golden: &str) {
    let Ok(text) = fs::read(shared(golden)) else {
        say(&format!("skipped: {golden} is not at hand"));
        return;
    };
    let golden: Value = serde_json::from_slice(&text).expect("golden values");
    let parts = gguf::File::open(file)
        .and_then(|file| file.tokenizer())
        .expect("a tokenizer");
    let json = serde_json::to_vec(&parts.tokenizer).expect("JSON");
    let tokenizer = Tokenizer::from_parts(&json, parts.config, file).expect("a tokenizer");
    let model = Decoder::load(file, &r1::backend::device().expect("a device")).expect("a model");
    let mut farthest = 0.0_f64;
    for case in golden["cases"].as_array().expect("cases") {
        let prompt = ids(&case["ids"]);
        let text = case["prompt"].as_str().expect("a prompt");
        assert_eq!(tokenizer.encode(text), prompt, "{text}");
        let hidden = model.forward(&TokenBatch::new(&[&prompt])).hidden_btd;
        let [_, t, d] = hidden.dims();
        let last = hidden.slice([0..1, t - 1..t, 0..d]).reshape([1, d]);
        let logits: Vec<f32> = model.logits(last).into_data().iter::<f32>().collect();
        let mut order: Vec<usize> = (0..logits.len()).collect();
        order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
        for (pair, found) in case["last_top10"]
            .as_array()
            .expect("pairs")
            .iter()
            .zip(order)
        {
            assert_eq!(pair[0], found, "{text}");
            farthest =
                farthest.max((f64::from(logits[found]) - pair[1].as_f64().expect("a logit")).abs());
        }
        let expected = ids(&case["greedy_ids"]);
        let options = GenerateOptions {
            samples: 1,
            sampling: Sampling {
                temperature: 0.0,
                ..Sampling::PLAIN
            },
            max_new_tokens: expected.len(),
            end_token: tokenizer.end,
            seed: 0,
            max_rows: 1,
            memory: None,
        };
        let asked = Prompt {
            id: String::new(),
            tokens: prompt,
        };
        let said = generate(&model, &[asked], &options, &mut |_| ()).unwrap();
        assert_eq!(said[0].tokens, expected, "{text}");
    }
    say(&format!("{}: logits within {farthest:.1e}", file.display()));
    assert!(farthest <= NEAR, "{farthest}");
}

#[test]
fn smollm2_computes_what_was_recorded() {
    if let Some(file) = smollm2() {
        agrees(file, "weights/smollm2_135m_golden.json");
    }
}

#[test]
fn qwen_computes_what_was_recorded() {
    let file = folder().join("qwen/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf");
    if file.is_file() {
        agrees(&file, "weights/qwen25_coder_1p5b_golden.json");
    } else {
        say("skipped: Qwen2.5-Coder is not at hand");
    }
}

/// The preset `smollm2-gsm8k` cut down to a few steps.
#[test]
fn smollm2_takes_a_few_steps_on_gsm8k() {
    let (train, test) = (
        shared("data/math/gsm8k_train.jsonl"),
        shared("data/math/gsm8k_test.jsonl"),
    );
    let Some(file) = smollm2().filter(|_| train.is_file()) else {
        say("skipped: SmolLM2 or GSM8K is not at hand");
        return;
    };
    let dir = TempDir::new().expect("a temporary directory");
    let mut command = r1(&["pipeline", "smollm2-gsm8k", "--seed=1", "--quiet"]);
    let mut set = |change: String| {
        command.args(["--set", &change]);
    };
    set(format!("recipe.model={}", file.display()));
    set(format!("tasks.file={}", train.display()));
    set(format!("tasks.held_out_file={}", test.display()));
    for change in [
        "tasks.held_out=2",
        "tasks.cold_start=4",
        "cold_start_sft.batch=2",
        "cold_start_sft.epochs=1",
        "reasoning.steps=1",
        "reasoning.prompts=1",
        "reasoning.group=4",
        "reasoning.max_new_tokens=24",
        "eval.samples=1",
        "eval.max_new_tokens=24",
    ] {
        set(change.into());
    }
    let output = finished(command.arg("--run-dir").arg(dir.path()));
    assert!(output.status.success(), "{output:?}");
    let step =
        fs::read_to_string(dir.path().join("4-reasoning-rl/metrics.jsonl")).expect("metrics");
    let step: Value = serde_json::from_str(step.trim()).expect("one step");
    assert!(
        step["loss"].is_number() && step["entropy"].as_f64() > Some(0.0),
        "{step}"
    );
    let manifest = fs::read(dir.path().join("4-reasoning-rl/stage.json")).expect("a manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("a manifest");
    say(&format!(
        "one step of 4 responses: {} s, {} MB at most",
        step["seconds"], manifest["peak_rss_mb"]
    ));
    let count = |stage: &str| {
        let config = fs::read(dir.path().join(stage).join("config.json")).expect("a model");
        serde_json::from_slice::<Value>(&config).expect("JSON")["num_hidden_layers"].as_u64()
    };
    assert_eq!(
        (count("1-base"), count("4-reasoning-rl")),
        (Some(30), Some(30))
    );
}
