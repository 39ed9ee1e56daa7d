//! The recipe with adapters in place of the weights, and in less memory.

use std::fs;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{finished, r1};

/// A cold start and reinforcement learning after the smallest base, as far as `until`, with `changes`.
fn run(dir: &Path, until: &str, changes: &[&str]) -> PathBuf {
    let mut command = r1(&["pipeline", "smoke", "--quiet", "--until", until]);
    command.args(["--set", "recipe.stages=cold_start_rl", "--run-dir"]);
    let run = dir.join("run");
    command.arg(&run);
    for change in changes {
        command.args(["--set", change]);
    }
    let output = finished(&mut command);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    run
}

fn weights(stage: &Path) -> Vec<u8> {
    fs::read(stage.join("model.safetensors")).expect("a model")
}

/// All numbers of a model, by the names of its tensors.
fn values(stage: &Path) -> Vec<f32> {
    let bytes = weights(stage);
    let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
    let mut names = tensors.names();
    names.sort();
    let number = |four: &[u8]| f32::from_le_bytes(four.try_into().expect("four bytes"));
    let of = |name: &&str| {
        tensors
            .tensor(name)
            .expect("a tensor")
            .data()
            .chunks_exact(4)
            .map(number)
    };
    names.iter().flat_map(of).collect()
}

#[test]
fn adapters_change_what_they_are_beside_and_nothing_else() {
    let dir = TempDir::new().expect("a temporary directory");
    let run = run(
        dir.path(),
        "4-reasoning-rl",
        &["lora.rank=4", "lora.alpha=8", "memory.optimizer_state=int8"],
    );
    for (before, after) in [
        ("1-base", "3-cold-start"),
        ("3-cold-start", "4-reasoning-rl"),
    ] {
        let after = run.join(after);
        let (old, new) = (weights(&run.join(before)), weights(&after));
        let old = SafeTensors::deserialize(&old).expect("safetensors");
        let new = SafeTensors::deserialize(&new).expect("safetensors");
        let mut changed = 0;
        for (name, tensor) in new.tensors() {
            let beside = name.ends_with("q_proj.weight") || name.ends_with("o_proj.weight");
            let same = old.tensor(&name).expect("the same tensors").data() == tensor.data();
            assert!(same || beside, "{name} has no adapter");
            changed += usize::from(!same);
        }
        assert!(changed > 0, "nothing was learned");
        let config = fs::read(after.join("adapter/adapter_config.json")).expect("an adapter");
        let config: Value = serde_json::from_slice(&config).expect("JSON");
        assert_eq!(
            (&config["r"], &config["lora_alpha"]),
            (&4.into(), &8.0.into())
        );
        assert_eq!(config["base_model_name_or_path"], before);
        let merged = dir.path().join(format!("merged-{before}"));
        let mut command = r1(&["export", "--storage", "f32", "--adapter"]);
        command.arg(after.join("adapter"));
        let output = finished(command.arg(run.join(before)).arg(&merged));
        assert!(output.status.success(), "{output:?}");
        assert_eq!(weights(&merged), weights(&after));
        let adapter = fs::read(after.join("adapter/adapter_model.safetensors")).expect("weights");
        assert!(
            SafeTensors::deserialize(&adapter)
                .expect("safetensors")
                .len()
                >= 2
        );
    }
}

#[test]
fn computing_blocks_again_trains_the_same() {
    let dirs = [false, true].map(|again| (again, TempDir::new().expect("a temporary directory")));
    let [kept, computed] = dirs.each_ref().map(|(again, dir)| {
        let change = format!("memory.checkpointing={again}");
        run(dir.path(), "3-cold-start", &[&change])
    });
    let same = |stage: &str| weights(&kept.join(stage)) == weights(&computed.join(stage));
    assert!(same("1-base"), "a base is not fine-tuned");
    // A router's scores have several uses, whose gradients are added in another order.
    let [before, a, b] = [
        kept.join("1-base"),
        kept.join("3-cold-start"),
        computed.join("3-cold-start"),
    ]
    .map(|stage| values(&stage));
    let apart =
        |x: &[f32], y: &[f32]| -> f32 { x.iter().zip(y).map(|(x, y)| (x - y).powi(2)).sum() };
    let (learned, differs) = (apart(&before, &a), apart(&a, &b));
    assert!(
        learned > 0.0 && differs < 1e-4 * learned,
        "{differs} of {learned}"
    );
}

#[test]
fn a_projection_that_is_not_there_is_named() {
    let dir = TempDir::new().expect("a temporary directory");
    let mut command = r1(&["pipeline", "smoke", "--quiet", "--until", "3-cold-start"]);
    command.args([
        "--set",
        "recipe.stages=cold_start_rl",
        "--set",
        "lora.rank=4",
    ]);
    command.args(["--set", "lora.targets=qproj", "--run-dir"]);
    let output = finished(command.arg(dir.path().join("run")));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(
        errors.contains("qproj") && errors.contains("o_proj"),
        "{errors}"
    );
}
