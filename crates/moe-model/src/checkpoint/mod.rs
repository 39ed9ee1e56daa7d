//! Checkpoints as Hugging Face directories: `config.json` and `model.safetensors`, or shards of it
//! with an index; and as GGUF files.
//!
//! `layout` says how a parameter becomes tensors on disk, `header` what a file has, `files` where
//! each tensor is, `source` that it may be a GGUF file instead, which `to_gguf` makes of a directory;
//! `load` and `save` go through the model. No file is held in memory or mapped: both ways a tensor
//! passes by in blocks.

mod beside;
mod error;
mod files;
mod header;
mod layout;
mod load;
mod plan;
mod save;
mod source;
pub(crate) mod storage;
mod to_gguf;

pub use error::CheckpointError;
pub use layout::StoredTensor;
pub use save::SaveOptions;
pub use storage::Storage;
pub use to_gguf::to_gguf;

const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

#[cfg(test)]
mod memory;
#[cfg(test)]
mod tests;
