//! GGUF, the one-file checkpoints of llama.cpp, seen as the Hugging Face directories they were made from.
//!
//! - [`File`]: metadata and tensors of a file, versions 2 and 3;
//! - [`Weights`]: its tensors by their Hugging Face names, as `f32`, any rows of them at a time;
//! - [`File::config`]: what `config.json` would say, of the architectures llama, qwen2 and qwen3;
//! - [`File::tokenizer`]: what `tokenizer.json` and `tokenizer_config.json` would say;
//! - [`Writer`]: files in F32, F16, BF16 or Q8_0; [`metadata`] and [`Weights::names`] say what goes into them.
//!
//! No file is held in memory or mapped, and no number in a file makes more memory be taken than the file
//! is long. Left out: computing with quantised numbers, which are widened as they are read; files that
//! are split, big-endian, or of version 1; tokenizers that are not byte-level BPE.

mod config;
mod error;
mod file;
mod kind;
mod names;
mod parse;
mod quant;
mod tokenizer;
mod value;
mod weights;
mod write;

pub use config::metadata;
pub use error::GgufError;
pub use file::{File, Tensor};
pub use kind::Kind;
pub use names::{hugging_face, llama_cpp};
pub use quant::{dequantise, quantise};
pub use tokenizer::{Parts, tokenizer_metadata};
pub use value::Value;
pub use weights::Weights;
pub use write::{Shape, Writer, permuted};
