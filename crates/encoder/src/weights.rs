//! Tensors out of `model.safetensors`, with or without the prefix `bert.`.

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use safetensors::{Dtype, SafeTensors};

use crate::EncoderError;

/// A weights file to take tensors from.
pub(crate) struct Weights<'a> {
    path: PathBuf,
    tensors: SafeTensors<'a>,
    prefix: &'static str,
    device: Device,
}

impl<'a> Weights<'a> {
    pub(crate) fn new(path: &Path, bytes: &'a [u8], device: &Device) -> Result<Self, EncoderError> {
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| EncoderError::Weights {
            path: path.into(),
            problem: format!("no whole safetensors file ({error})"),
        })?;
        let prefixed = tensors.iter().any(|(name, _)| name.starts_with("bert."));
        Ok(Self {
            path: path.into(),
            tensors,
            prefix: if prefixed { "bert." } else { "" },
            device: device.clone(),
        })
    }

    /// The vector of that name.
    pub(crate) fn vector(&self, name: &str, length: usize) -> Result<Tensor<1>, EncoderError> {
        let values = self.values(name, &[length])?;
        Ok(Tensor::from_data(
            TensorData::new(values, [length]),
            &self.device,
        ))
    }

    /// The matrix of that name as it lies, `[rows, columns]`.
    pub(crate) fn matrix(&self, name: &str, shape: [usize; 2]) -> Result<Tensor<2>, EncoderError> {
        let values = self.values(name, &shape)?;
        Ok(Tensor::from_data(
            TensorData::new(values, shape),
            &self.device,
        ))
    }

    /// A projection's weight, `[from, to]`: files have it the other way round.
    pub(crate) fn projection(
        &self,
        name: &str,
        [from, to]: [usize; 2],
    ) -> Result<Tensor<2>, EncoderError> {
        let lies = self.values(name, &[to, from])?;
        let turned: Vec<f32> = (0..from * to)
            .map(|at| lies[at % to * from + at / to])
            .collect();
        Ok(Tensor::from_data(
            TensorData::new(turned, [from, to]),
            &self.device,
        ))
    }

    fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, EncoderError> {
        let name = format!("{}{name}", self.prefix);
        let wrong = |problem: String| EncoderError::Weights {
            path: self.path.clone(),
            problem,
        };
        let view = self.tensors.tensor(&name);
        let view = view.map_err(|_| wrong(format!("there is no tensor `{name}`")))?;
        if view.shape() != shape {
            let found = view.shape();
            return Err(wrong(format!(
                "`{name}` has shape {found:?}, config.json says {shape:?}"
            )));
        }
        let bytes = view.data();
        let values: Vec<f32> = match view.dtype() {
            Dtype::F32 => {
                let fours = bytes.as_chunks::<4>().0;
                fours.iter().map(|&four| f32::from_le_bytes(four)).collect()
            }
            Dtype::F16 => {
                let pairs = bytes.as_chunks::<2>().0;
                let numbers = pairs.iter().map(|&pair| half::f16::from_le_bytes(pair));
                numbers.map(f32::from).collect()
            }
            Dtype::BF16 => {
                let pairs = bytes.as_chunks::<2>().0;
                let numbers = pairs.iter().map(|&pair| half::bf16::from_le_bytes(pair));
                numbers.map(f32::from).collect()
            }
            other => {
                return Err(wrong(format!(
                    "`{name}` is {other:?}; F32, F16 and BF16 are read"
                )));
            }
        };
        match values.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(wrong(format!("`{name}` is not finite at element {at}"))),
            None => Ok(values),
        }
    }
}
