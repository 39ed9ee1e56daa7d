//! What can go wrong with adapters.

use std::path::PathBuf;

/// What went wrong with an adapter.
#[derive(Debug, thiserror::Error)]
pub enum LoraError {
    /// A second adapter.
    #[error("the model has an adapter already; merge it first, or take the model without it")]
    Adapted,
    /// No rank.
    #[error("the rank of an adapter is 0; it is at least 1")]
    Rank,
    /// A scale that is no scale.
    #[error("the alpha of an adapter is {0}; it is a positive number")]
    Alpha(f64),
    /// A target that is not there.
    #[error("the model has no projection `{target}` to adapt; it has {present}")]
    Target {
        /// As it was given; empty where none was.
        target: String,
        /// The last parts of the names there are.
        present: String,
    },
    /// Routed experts.
    #[error(
        "the target `{0}` names the routed experts too, which cannot be adapted; name projections of \
         attention, or mlp.{0} for dense layers and shared_experts.{0} for experts that every token \
         goes to"
    )]
    Experts(String),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// `adapter_config.json` describes something else than we have.
    #[error("{path}: {problem}")]
    Config {
        /// The file.
        path: PathBuf,
        /// Key and reason.
        problem: String,
    },
    /// The weights are damaged or not those of the configuration and the model.
    #[error(
        "{path}: {problem}; adapter_config.json, the weights and the model have to belong together"
    )]
    Weights {
        /// The file.
        path: PathBuf,
        /// Tensor and reason.
        problem: String,
    },
}

impl LoraError {
    pub(super) fn no_target(target: &str, names: &[String]) -> Self {
        let mut present: Vec<&str> = Vec::new();
        for name in names {
            let last = name.rsplit('.').next().unwrap_or(name);
            if !present.contains(&last) {
                present.push(last);
            }
        }
        Self::Target {
            target: target.into(),
            present: present.join(", "),
        }
    }
}
