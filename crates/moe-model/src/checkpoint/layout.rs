//! What our parameters are called and how they lie in a checkpoint.
//!
//! They carry Hugging Face's names but for three things: linear weights are stored transposed, the
//! experts of a layer are one stacked tensor, and modules for further tokens are layers after the
//! last. Nothing is read or written here.

use std::ops::Range;

use super::CheckpointError;
use crate::config::DecoderConfig;
use crate::decoder::Decoder;
use crate::{hf, mtp};

impl Decoder {
    /// A parameter, or its gradient, as the tensors a checkpoint has in its place: each with its
    /// name, shape and values. Linear weights are transposed, stacked experts taken apart.
    ///
    /// # Errors
    /// `transformers` has no architecture for the model's settings.
    pub fn as_stored(
        &self,
        name: &str,
        shape: &[usize],
        values: &[f32],
    ) -> Result<Vec<StoredTensor>, CheckpointError> {
        let pieces = Names::new(self.config())?.layout(name, shape).into_iter();
        Ok(pieces.map(|piece| stored(piece, values)).collect())
    }
}

/// A tensor as a checkpoint has it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredTensor {
    /// The name `transformers` gives it.
    pub name: String,
    /// Its shape there.
    pub shape: Vec<usize>,
    /// Its values, row after row.
    pub values: Vec<f32>,
}

/// A tensor on disk, and the part of a parameter that it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    /// The name `transformers` gives it.
    pub(super) name: String,
    /// Its shape on disk.
    pub(super) shape: Vec<usize>,
    /// Its place among the parameter's values.
    pub(super) values: Range<usize>,
    /// Whether it is a matrix whose rows on disk are columns here.
    pub(super) transposed: bool,
}

impl Piece {
    /// Rows and columns on disk; a vector is one row.
    pub(super) fn matrix(&self) -> [usize; 2] {
        match self.shape[..] {
            [rows, cols] => [rows, cols],
            _ => [1, self.values.len()],
        }
    }

    /// What messages call the element in this row and column of [`Self::matrix`].
    pub(super) fn element(&self, row: usize, col: usize) -> String {
        match self.shape.len() {
            1 => format!("[{col}]"),
            _ => format!("[{row}, {col}]"),
        }
    }
}

/// What decides the names on disk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names {
    family: hf::Family,
    layers: usize,
}

impl Names {
    /// Those of a model with these settings, if `transformers` has an architecture for them.
    pub(super) fn new(config: &DecoderConfig) -> Result<Self, CheckpointError> {
        let family = hf::Family::of(config).ok_or(CheckpointError::NoArchitecture)?;
        let layers = config.layers;
        Ok(Self { family, layers })
    }

    /// Which tensors on disk the parameter `name` is made of, in the order of its values.
    pub(super) fn layout(self, name: &str, shape: &[usize]) -> Vec<Piece> {
        let name = mtp::name_on_disk(name, self.layers);
        let matrix = |name: &str, at: usize, rows: usize, cols: usize| Piece {
            name: self.family.on_disk(name),
            shape: vec![cols, rows],
            values: at * rows * cols..(at + 1) * rows * cols,
            transposed: true,
        };
        match *shape {
            [experts, rows, cols] => {
                let (parent, field) = name.rsplit_once('.').expect("expert weights have a parent");
                let expert = |e| matrix(&format!("{parent}.{e}.{field}.weight"), e, rows, cols);
                (0..experts).map(expert).collect()
            }
            [rows, cols]
                if !name.ends_with("embed_tokens.weight") && !name.ends_with("gate.weight") =>
            {
                vec![matrix(&name, 0, rows, cols)]
            }
            _ => vec![Piece {
                name: self.family.on_disk(&name),
                shape: shape.to_vec(),
                values: 0..shape.iter().product(),
                transposed: false,
            }],
        }
    }
}

/// The pieces, out of all those of a model, that its checkpoints repeat under further names.
pub(super) fn copies(config: &DecoderConfig, pieces: &[Piece]) -> Vec<Repeat> {
    let find = |(name, original): (String, &str)| {
        let original = pieces.iter().find(|piece| piece.name == original)?.clone();
        let copy = Piece {
            name,
            ..original.clone()
        };
        Some(Repeat { copy, original })
    };
    mtp::copies(config).into_iter().filter_map(find).collect()
}

/// A tensor on disk that repeats another.
#[derive(Debug, Clone)]
pub(super) struct Repeat {
    /// The further one.
    pub(super) copy: Piece,
    /// The one it repeats.
    pub(super) original: Piece,
}

/// Whether a tensor that the model lacks may lie in a checkpoint all the same.
pub(super) fn superfluous(name: &str, tied: bool) -> bool {
    // Tied models are often stored with the projection; early Llamas with their frequencies.
    (tied && name == "lm_head.weight") || name.ends_with(".rotary_emb.inv_freq")
}

fn stored(piece: Piece, values: &[f32]) -> StoredTensor {
    let values = &values[piece.values.clone()];
    let [rows, cols] = piece.matrix();
    StoredTensor {
        values: match piece.transposed {
            true => (0..rows * cols)
                .map(|at| values[at % cols * rows + at / cols])
                .collect(),
            false => values.to_vec(),
        },
        name: piece.name,
        shape: piece.shape,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hf::Family::{DeepseekV3, Mixtral};

    fn layout(family: hf::Family, name: &str, shape: &[usize]) -> Vec<Piece> {
        Names { family, layers: 2 }.layout(name, shape)
    }

    #[test]
    fn linear_weights_are_turned_and_experts_taken_apart() {
        let piece = |name: &str, values, transposed| Piece {
            name: name.into(),
            shape: vec![3, 2],
            values,
            transposed,
        };
        assert_eq!(
            layout(DeepseekV3, "lm_head.weight", &[2, 3]),
            [piece("lm_head.weight", 0..6, true)]
        );
        assert_eq!(
            layout(DeepseekV3, "model.embed_tokens.weight", &[3, 2]),
            [piece("model.embed_tokens.weight", 0..6, false)]
        );
        let experts = "model.layers.1.mlp.experts.up_proj";
        assert_eq!(
            layout(Mixtral, experts, &[2, 2, 3]),
            [
                piece(
                    "model.layers.1.block_sparse_moe.experts.0.w3.weight",
                    0..6,
                    true
                ),
                piece(
                    "model.layers.1.block_sparse_moe.experts.1.w3.weight",
                    6..12,
                    true
                ),
            ]
        );
    }

    #[test]
    fn values_go_along() {
        // Rows of two become rows of three: [[1, 2], [3, 4], [5, 6]] turned.
        let piece = layout(DeepseekV3, "lm_head.weight", &[3, 2]).remove(0);
        let tensor = stored(piece, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(tensor.shape, [2, 3]);
        assert_eq!(tensor.values, [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
    }
}
