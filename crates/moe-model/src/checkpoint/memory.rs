//! Loading and saving need little more memory than the parameters themselves.
//!
//! The most a process ever held can only be asked of the whole process, so the test starts itself
//! again as one that does nothing else.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use burn::tensor::Device;

use super::SaveOptions;
use crate::config::tests::small_mixture;
use crate::config::{DecoderConfig, MixtureConfig};
use crate::{Decoder, ParameterCount};

/// Names the directory to load from and save to, in the process started for it.
const DIR: &str = "CHECKPOINT_MEMORY_DIR";

/// 37M parameters, 149 MB in f32; its largest, an expert stack, is a tenth of that.
fn config() -> DecoderConfig {
    let small = small_mixture();
    DecoderConfig {
        vocabulary: 6000,
        width: 512,
        layers: 3,
        inner: 2048,
        mixture: small.mixture.clone().map(|mixture| MixtureConfig {
            inner: 1024,
            ..mixture
        }),
        ..small
    }
}

/// A line of /proc/self/status, in bytes.
fn memory(key: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .unwrap();
    1024.0
        * line
            .trim()
            .strip_suffix("kB")
            .unwrap()
            .trim()
            .parse::<f64>()
            .unwrap()
}

/// Peaks of loading, and of loading and then saving, over what was held before; in parameters.
fn measure(dir: &Path) -> [f64; 2] {
    let parameters = 4.0 * ParameterCount::new(&config()).total as f64;
    let before = memory("VmRSS:");
    let model = Decoder::load(dir, &Device::flex()).unwrap();
    let loaded = (memory("VmHWM:") - before) / parameters;
    model.save(dir, &SaveOptions::default()).unwrap();
    [loaded, (memory("VmHWM:") - before) / parameters]
}

#[test]
fn loading_and_saving_stay_near_the_size_of_the_parameters() {
    if let Some(dir) = std::env::var_os(DIR) {
        let peaks = measure(Path::new(&dir));
        fs::write(
            Path::new(&dir).join("peaks.json"),
            serde_json::to_string(&peaks).unwrap(),
        )
        .unwrap();
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let model = Decoder::init(&config(), 1, &Device::flex()).unwrap();
    let sharded = SaveOptions {
        max_shard_bytes: 50_000_000,
        ..SaveOptions::default()
    };
    model.save(dir.path(), &sharded).unwrap();
    let name = "checkpoint::memory::loading_and_saving_stay_near_the_size_of_the_parameters";
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(DIR, dir.path())
        .output()
        .unwrap();
    assert!(child.status.success(), "{child:?}");
    let peaks = fs::read(dir.path().join("peaks.json")).expect("the test of that name ran");
    let [loaded, saved]: [f64; 2] = serde_json::from_slice(&peaks).unwrap();
    let figures = format!("peaks over the parameters: loading {loaded:.3}, then saving {saved:.3}");
    writeln!(std::io::stdout(), "{figures}").unwrap();
    // Below 1 nothing would have been loaded.
    assert!((0.99..1.3).contains(&loaded), "{loaded}");
    assert!((0.99..1.3).contains(&saved), "{saved}");
}
