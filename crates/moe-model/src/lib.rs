//! A DeepSeek-V3-style mixture-of-experts decoder and its dense relatives.
//!
//! One decoder whose blocks take settings, not copies: attention is multi-head latent
//! ([`LatentConfig`]) or grouped-query ([`GroupedConfig`]); the feed-forward is a dense SwiGLU or
//! a mixture of experts ([`MixtureConfig`]); modules may predict further tokens ([`MtpConfig`]).
//! Checkpoints are Hugging Face directories of DeepSeek-V3, Llama, Qwen2, Qwen3, Qwen3-MoE or
//! Mixtral. A [`Preset`] is a model by name.
//!
//! Letters in shapes: b sequences, t positions, n = b·t tokens, d width, h heads, g key-value
//! heads, r latent rank, e experts, k experts a token, f inner width, v vocabulary.
#![recursion_limit = "256"]

mod activations;
mod attention;
mod block;
mod cache;
mod checkpoint;
mod config;
mod count;
mod decoder;
mod draft;
mod feed_forward;
mod hf;
mod init;
mod lora;
mod mtp;
mod norm;
#[cfg(test)]
mod plain;
mod preset;
mod projection;
mod rope;

pub use activations::ActivationCount;
pub use cache::DecoderCache;
pub use checkpoint::{CheckpointError, SaveOptions, Storage, StoredTensor, to_gguf};
pub use config::{
    AttentionConfig, ConfigError, DecoderConfig, GroupedConfig, LatentConfig, MixtureConfig,
    MtpConfig, RopeConfig, RopeScaling, Scores, YarnConfig,
};
pub use count::{CacheCount, ParameterCount};
pub use decoder::Decoder;
pub use draft::MtpDrafter;
pub use lora::{LoraConfig, LoraError};
pub use preset::Preset;
