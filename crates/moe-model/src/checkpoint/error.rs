//! What can go wrong with a checkpoint.

use std::path::{Path, PathBuf};

/// What went wrong with a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// `config.json` does not describe a model we have.
    #[error("{path}: {problem}")]
    Config {
        /// The file.
        path: PathBuf,
        /// Key and reason.
        problem: String,
    },
    /// A directory without weights.
    #[error(
        "{0} has neither model.safetensors nor model.safetensors.index.json; give the directory of \
         a whole checkpoint (other formats, such as pytorch_model.bin, are not read)"
    )]
    NoWeights(PathBuf),
    /// A weights file is damaged.
    #[error("{path} is no whole safetensors file: {problem}; copy or download it again")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The index and the shards it names do not belong together.
    #[error("{path}: {}", list(.problems))]
    Index {
        /// The index.
        path: PathBuf,
        /// One line a tensor or shard.
        problems: Vec<String>,
    },
    /// Tensors are absent, unknown, misshapen or of a type that is not read.
    #[error("{path}: {}; config.json and the weights have to be of one model", list(.problems))]
    Tensors {
        /// The weights file or the index.
        path: PathBuf,
        /// One line a tensor.
        problems: Vec<String>,
    },
    /// Weights that are infinite or not a number.
    #[error(
        "{path}: {}; training diverged or the file is damaged, take an earlier checkpoint",
        list(.problems)
    )]
    NotFinite {
        /// The weights file or the index.
        path: PathBuf,
        /// One line a tensor.
        problems: Vec<String>,
    },
    /// Weights that the files would not hold; nothing was written.
    #[error("{dir} is left as it was: {}", list(.problems))]
    Unstorable {
        /// Where they were to be saved.
        dir: PathBuf,
        /// One line a tensor.
        problems: Vec<String>,
    },
    /// A model with adapters, of which a checkpoint knows nothing.
    #[error("the model has adapters: merge them to save a whole model, or save the adapters alone")]
    Adapted,
    /// A model packed for sampling, which has let go of its weights as files hold them.
    #[error("the model is packed for sampling: save the one it was made of")]
    Packed,
    /// A GGUF file is damaged, or holds what is not read.
    #[error(transparent)]
    Gguf(#[from] gguf::GgufError),
    /// A model has no GGUF form.
    #[error("{path}: {problem}")]
    NoGguf {
        /// The file that says so.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// `transformers` has no architecture for these settings.
    #[error("no Hugging Face architecture joins this attention with this feed-forward")]
    NoArchitecture,
}

/// How many problems a message spells out.
const LISTED: usize = 20;

fn list(problems: &[String]) -> String {
    let mut text = problems[..problems.len().min(LISTED)].join("; ");
    if problems.len() > LISTED {
        text += &format!("; and {} more", problems.len() - LISTED);
    }
    text
}

/// Puts the file into an error of the system.
pub(super) fn io(path: &Path) -> impl Fn(std::io::Error) -> CheckpointError {
    |source| CheckpointError::Io {
        path: path.into(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_cut_and_counted() {
        let problems: Vec<String> = (0..23).map(|i| format!("p{i}")).collect();
        let text = list(&problems);
        assert!(text.starts_with("p0; p1; ") && text.ends_with("p19; and 3 more"));
        assert_eq!(list(&problems[..2]), "p0; p1");
    }
}
