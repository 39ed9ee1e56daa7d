//! Where a model's tensors are read from: the files of a directory, or one GGUF file.

use std::path::Path;

use super::error::CheckpointError;
use super::files::Files;
use super::layout::Piece;
use super::storage;

/// Numbers read at a time.
const BLOCK: usize = 1 << 18;

/// Tensors by the names `transformers` gives them.
#[derive(Debug)]
pub(super) enum Source {
    Files(Files),
    Gguf(gguf::Weights),
}

impl Source {
    /// The file messages are about.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Files(files) => &files.path,
            Self::Gguf(weights) => weights.file().path(),
        }
    }

    /// Every tensor.
    pub(super) fn names(&self) -> Box<dyn Iterator<Item = &String> + '_> {
        match self {
            Self::Files(files) => Box::new(files.tensors.keys()),
            Self::Gguf(weights) => Box::new(weights.names()),
        }
    }

    /// Whether there is a tensor of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.shape(name).is_some()
    }

    /// A tensor's shape.
    pub(super) fn shape(&self, name: &str) -> Option<&[usize]> {
        match self {
            Self::Files(files) => files.tensors.get(name).map(|place| &place.info.shape[..]),
            Self::Gguf(weights) => weights.shape(name),
        }
    }

    /// The type of a tensor that is stored in one that is not read.
    pub(super) fn unread(&self, name: &str) -> Option<String> {
        let Self::Files(files) = self else {
            return None;
        };
        let dtype = files.tensors.get(name)?.info.dtype;
        storage::width(dtype)
            .is_none()
            .then(|| format!("{dtype:?}"))
    }

    /// What messages call a tensor.
    pub(super) fn describe(&self, name: &str) -> String {
        match self {
            Self::Files(files) => files.describe(name),
            Self::Gguf(_) => format!("tensor `{name}`"),
        }
    }

    /// Reads a tensor that is there with the shape and a type asked for into its place among the
    /// parameter's values, a block at a time. Gives the row, column and value of the first element
    /// that is not finite.
    pub(super) fn read(
        &mut self,
        piece: &Piece,
        parameter: &mut [f32],
    ) -> Result<Option<(usize, usize, f32)>, CheckpointError> {
        let to = &mut parameter[piece.values.clone()];
        let [rows, cols] = piece.matrix();
        let at_once = (BLOCK / cols.max(1)).max(1);
        let mut values = Vec::new();
        let mut odd = None;
        for first in (0..rows).step_by(at_once) {
            let count = at_once.min(rows - first);
            match self {
                Self::Files(files) => {
                    files.rows(&piece.name, cols, first..first + count, &mut values)?;
                }
                Self::Gguf(weights) => weights.rows(&piece.name, first, count, &mut values)?,
            }
            let at = values.iter().position(|value| !value.is_finite());
            odd = odd.or(at.map(|at| (first + at / cols, at % cols, values[at])));
            if piece.transposed {
                for (col, to) in to.chunks_exact_mut(rows).enumerate() {
                    let from = values[col..].iter().step_by(cols);
                    to[first..first + count]
                        .iter_mut()
                        .zip(from)
                        .for_each(|(to, from)| *to = *from);
                }
            } else {
                to[first * cols..][..values.len()].copy_from_slice(&values);
            }
        }
        Ok(odd)
    }
}
