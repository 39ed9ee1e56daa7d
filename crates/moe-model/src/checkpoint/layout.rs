//! What our parameters are called and how they lie in a checkpoint.
//!
//! They carry Hugging Face's names but for two things: linear weights are stored transposed, and the
//! experts of a layer are one stacked tensor.

use super::CheckpointError;
use crate::decoder::Decoder;
use crate::hf;

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
        let family = hf::Family::of(self.config()).ok_or(CheckpointError::NoArchitecture)?;
        Ok(stored(family, name, shape, values))
    }
}

/// How a parameter of ours lies on disk.
pub(super) enum Layout {
    /// As it is.
    Same,
    /// With its two dimensions swapped.
    Transposed,
    /// As one transposed matrix an expert, under these names.
    Experts(Vec<String>),
}

pub(super) fn layout(family: hf::Family, name: &str, shape: &[usize]) -> Layout {
    match shape {
        [experts, ..] if shape.len() == 3 => {
            let (parent, field) = name.rsplit_once('.').expect("expert weights have a parent");
            Layout::Experts(
                (0..*experts)
                    .map(|e| family.on_disk(&format!("{parent}.{e}.{field}.weight")))
                    .collect(),
            )
        }
        [_, _] if !name.ends_with("embed_tokens.weight") && !name.ends_with("gate.weight") => {
            Layout::Transposed
        }
        _ => Layout::Same,
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

/// The tensors on disk of one parameter of ours.
pub(super) fn stored(
    family: hf::Family,
    name: &str,
    shape: &[usize],
    values: &[f32],
) -> Vec<StoredTensor> {
    let turned = |name: String, values: &[f32], rows: usize, cols: usize| StoredTensor {
        name,
        shape: vec![cols, rows],
        values: transpose(values, rows, cols),
    };
    match layout(family, name, shape) {
        Layout::Same => vec![StoredTensor {
            name: family.on_disk(name),
            shape: shape.to_vec(),
            values: values.to_vec(),
        }],
        Layout::Transposed => vec![turned(family.on_disk(name), values, shape[0], shape[1])],
        Layout::Experts(names) => {
            let (rows, cols) = (shape[1], shape[2]);
            let matrices = names.into_iter().zip(values.chunks(rows * cols));
            matrices
                .map(|(name, matrix)| turned(name, matrix, rows, cols))
                .collect()
        }
    }
}

pub(super) fn transpose(values: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    (0..cols)
        .flat_map(|col| (0..rows).map(move |row| values[row * cols + col]))
        .collect()
}
