//! Tensors in a file of the safetensors format, written one after the other and read at random, bits as they are.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use safetensors::tensor::{Metadata, TensorInfo};
use safetensors::{Dtype, View};

/// Why a state cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file cannot be written or read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// The file is no state.
    #[error("{path}: {reason}; it is no state of training, or damaged")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is of another model.
    #[error("{path}: `{name}` is {found} there, and {expected} in this model")]
    Differs {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Its shape and type in the file.
        found: String,
        /// What it must be.
        expected: String,
    },
}

/// A tensor to be written; its bytes are fetched when it is its turn.
pub(crate) struct Stored {
    shape: Vec<usize>,
    dtype: Dtype,
    values: Values,
}

enum Values {
    Float(Tensor<1>),
    Int(Tensor<1, Int>),
}

impl Stored {
    /// Flattened values of this shape.
    pub(crate) fn float(values: Tensor<1>, shape: &[usize]) -> Self {
        Self {
            shape: shape.to_vec(),
            dtype: stored(values.dtype()),
            values: Values::Float(values),
        }
    }

    pub(crate) fn int(values: Tensor<1, Int>) -> Self {
        Self {
            shape: values.dims().to_vec(),
            dtype: stored(values.dtype()),
            values: Values::Int(values),
        }
    }
}

impl View for Stored {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let data = match &self.values {
            Values::Float(values) => values.clone().into_data(),
            Values::Int(values) => values.clone().into_data(),
        };
        Cow::Owned(data.as_bytes().to_vec())
    }

    fn data_len(&self) -> usize {
        self.shape.iter().product::<usize>() * self.dtype.bitsize() / 8
    }
}

/// Writes a file of tensors and one number beside them.
pub(crate) fn write(
    path: &Path,
    tensors: Vec<(String, Stored)>,
    steps: usize,
) -> Result<(), StateError> {
    let steps = HashMap::from([(STEPS.to_owned(), steps.to_string())]);
    safetensors::serialize_to_file(tensors, Some(steps), path).map_err(|error| match error {
        safetensors::SafeTensorError::IoError(source) => io(path)(source),
        other => damaged(path, other.to_string()),
    })
}

/// The number's name.
const STEPS: &str = "steps";

/// A file of tensors, open.
pub(crate) struct Tensors {
    path: PathBuf,
    file: File,
    /// Where the first tensor begins.
    start: u64,
    metadata: Metadata,
}

impl Tensors {
    /// Reads the header and compares it with the size of the file.
    pub(crate) fn open(path: &Path) -> Result<Self, StateError> {
        let mut file = File::open(path).map_err(io(path))?;
        let bytes = file.metadata().map_err(io(path))?.len();
        let mut length = [0; 8];
        file.read_exact(&mut length).map_err(io(path))?;
        let length = u64::from_le_bytes(length);
        if length > bytes {
            return Err(damaged(path, format!("a header of {length} bytes")));
        }
        let mut header = vec![0; length as usize];
        file.read_exact(&mut header).map_err(io(path))?;
        let metadata: Metadata = serde_json::from_slice(&header)
            .map_err(|error| damaged(path, format!("its header: {error}")))?;
        let start = 8 + length;
        let whole = start + metadata.data_len() as u64;
        if whole != bytes {
            let reason = format!("it has {bytes} bytes and says {whole}");
            return Err(damaged(path, reason));
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            start,
            metadata,
        })
    }

    /// The number that was written beside the tensors.
    pub(crate) fn steps(&self) -> Result<usize, StateError> {
        let found = self.metadata.metadata().as_ref();
        let found = found.and_then(|all| all.get(STEPS)?.parse().ok());
        found.ok_or_else(|| damaged(&self.path, format!("no number `{STEPS}`")))
    }

    /// The names of all tensors.
    pub(crate) fn names(&self) -> Vec<String> {
        self.metadata.offset_keys()
    }

    /// The values of a tensor, which must have this shape where one is given.
    pub(crate) fn read(
        &mut self,
        name: &str,
        shape: Option<&[usize]>,
    ) -> Result<TensorData, StateError> {
        let differs = |found: &str, expected: String| StateError::Differs {
            path: self.path.clone(),
            name: name.to_owned(),
            found: found.to_owned(),
            expected,
        };
        let Some(TensorInfo {
            dtype,
            shape: found,
            data_offsets: (from, to),
        }) = self.metadata.info(name).cloned()
        else {
            return Err(differs("missing", format!("{:?}", shape.unwrap_or(&[]))));
        };
        if let Some(shape) = shape.filter(|shape| *shape != found) {
            return Err(differs(&format!("{found:?}"), format!("{shape:?}")));
        }
        let Some(kind) = burned(dtype) else {
            return Err(differs(&dtype.to_string(), "of another type".into()));
        };
        let mut bytes = vec![0; to - from];
        let at = SeekFrom::Start(self.start + from as u64);
        self.file.seek(at).map_err(io(&self.path))?;
        self.file.read_exact(&mut bytes).map_err(io(&self.path))?;
        Ok(TensorData::from_bytes_vec(bytes, found, kind))
    }

    /// A vector of floats.
    pub(crate) fn vector(&mut self, name: &str, device: &Device) -> Result<Tensor<1>, StateError> {
        let data = self.read(name, None)?;
        let dtype = data.dtype();
        Ok(Tensor::from_data(data, (device, dtype)))
    }

    /// A vector of whole numbers.
    pub(crate) fn integers(
        &mut self,
        name: &str,
        device: &Device,
    ) -> Result<Tensor<1, Int>, StateError> {
        let data = self.read(name, None)?;
        let dtype = data.dtype();
        Ok(Tensor::from_data(data, (device, dtype)))
    }
}

/// The types a trainer's tensors have; the rest never occurs.
const TYPES: [(DType, Dtype); 6] = [
    (DType::F64, Dtype::F64),
    (DType::F32, Dtype::F32),
    (DType::F16, Dtype::F16),
    (DType::BF16, Dtype::BF16),
    (DType::I64, Dtype::I64),
    (DType::I32, Dtype::I32),
];

fn stored(dtype: DType) -> Dtype {
    let found = TYPES.iter().find(|(burned, _)| *burned == dtype);
    found.map(|(_, stored)| *stored).unwrap_or_else(|| {
        panic!("weights and moments are floats or whole numbers of four bytes, not {dtype:?}")
    })
}

fn burned(dtype: Dtype) -> Option<DType> {
    let found = TYPES.iter().find(|(_, stored)| *stored == dtype);
    found.map(|(burned, _)| *burned)
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> StateError {
    let path = path.to_owned();
    |source| StateError::Io { path, source }
}

fn damaged(path: &Path, reason: String) -> StateError {
    StateError::Damaged {
        path: path.to_owned(),
        reason,
    }
}
