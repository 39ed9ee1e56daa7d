//! What reads directories in `moe-model`, by itself: the rest of that crate needs burn, which takes a quarter of
//! an hour to build with the fuzzer's instrumentation.

#![allow(dead_code, reason = "`moe-model` calls what is not called here")]

#[path = "../../../../crates/moe-model/src/checkpoint/error.rs"]
mod error;
#[path = "../../../../crates/moe-model/src/checkpoint/files.rs"]
mod files;
#[path = "../../../../crates/moe-model/src/checkpoint/header.rs"]
mod header;
#[path = "../../../../crates/moe-model/src/checkpoint/storage.rs"]
mod storage;
#[path = "../../../../crates/moe-model/src/checkpoint/to_gguf.rs"]
mod to_gguf;

pub use to_gguf::to_gguf;

// As the folder's own `mod.rs` has them.
const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
