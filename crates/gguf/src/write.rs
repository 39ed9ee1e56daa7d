//! A file written: metadata, then tensor by tensor.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{GgufError, io};
use crate::kind::Kind;
use crate::parse::size;
use crate::quant::quantise;
use crate::value::Value;
use crate::weights::place_in_file;

/// Bytes every tensor begins at a multiple of.
const ALIGNMENT: u64 = 32;

/// A tensor that is going to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// llama.cpp's name of it.
    pub name: String,
    /// How it is stored.
    pub kind: Kind,
    /// Its shape, the contiguous axis last.
    pub shape: Vec<usize>,
}

/// A file that is being written beside its place, and put there when it is whole.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    beside: PathBuf,
    file: BufWriter<fs::File>,
    left: std::vec::IntoIter<Shape>,
    bytes: Vec<u8>,
}

impl Writer {
    /// Begins a file at `path` with this metadata and these tensors, which [`tensor`](Self::tensor) is then
    /// given in this order.
    ///
    /// # Errors
    /// The file cannot be written, or the rows of a tensor are no whole number of blocks of its kind.
    pub fn new(
        path: &Path,
        metadata: &[(String, Value)],
        tensors: Vec<Shape>,
    ) -> Result<Self, GgufError> {
        let mut head = b"GGUF".to_vec();
        head.extend(3_u32.to_le_bytes());
        head.extend((tensors.len() as u64).to_le_bytes());
        head.extend((metadata.len() as u64).to_le_bytes());
        for (key, value) in metadata {
            text(&mut head, key);
            let kind = number(value);
            head.extend(kind.to_le_bytes());
            put(&mut head, kind, value);
        }
        let mut offset = 0_u64;
        for tensor in &tensors {
            let bytes = size(tensor.kind, &tensor.shape).ok_or_else(|| GgufError::Unsupported {
                path: path.into(),
                problem: format!(
                    "tensor `{}` of shape {:?} cannot be stored as {}, which has blocks of {}",
                    tensor.name,
                    tensor.shape,
                    tensor.kind.name(),
                    tensor.kind.block()
                ),
            })?;
            text(&mut head, &tensor.name);
            head.extend((tensor.shape.len() as u32).to_le_bytes());
            for axis in tensor.shape.iter().rev() {
                head.extend((*axis as u64).to_le_bytes());
            }
            head.extend(tensor.kind.number().to_le_bytes());
            head.extend(offset.to_le_bytes());
            offset = (offset + bytes).next_multiple_of(ALIGNMENT);
        }
        head.resize(head.len().next_multiple_of(ALIGNMENT as usize), 0);
        let mut beside = path.as_os_str().to_owned();
        beside.push(".partial");
        let beside = PathBuf::from(beside);
        let mut file = BufWriter::new(fs::File::create(&beside).map_err(io(&beside))?);
        file.write_all(&head).map_err(io(&beside))?;
        Ok(Self {
            path: path.into(),
            beside,
            file,
            left: tensors.into_iter(),
            bytes: Vec::new(),
        })
    }

    /// Writes the next tensor.
    ///
    /// # Errors
    /// The file cannot be written.
    ///
    /// # Panics
    /// If there is none left, or `values` are not as many as its shape says.
    pub fn tensor(&mut self, values: &[f32]) -> Result<(), GgufError> {
        let tensor = self.left.next().expect("a tensor that was announced");
        assert_eq!(
            values.len(),
            tensor.shape.iter().product::<usize>(),
            "`{}`",
            tensor.name
        );
        self.bytes.clear();
        quantise(tensor.kind, values, &mut self.bytes);
        let whole = self.bytes.len().next_multiple_of(ALIGNMENT as usize);
        self.bytes.resize(whole, 0);
        self.file.write_all(&self.bytes).map_err(io(&self.beside))
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// The file cannot be written.
    ///
    /// # Panics
    /// If a tensor is left.
    pub fn finish(mut self) -> Result<(), GgufError> {
        assert_eq!(self.left.len(), 0, "every tensor is written");
        self.file.flush().map_err(io(&self.beside))?;
        self.file.get_ref().sync_all().map_err(io(&self.beside))?;
        fs::rename(&self.beside, &self.path).map_err(io(&self.path))
    }
}

impl Drop for Writer {
    /// What was not finished does not stay.
    fn drop(&mut self) {
        drop(fs::remove_file(&self.beside));
    }
}

/// The rows of `values`, `width` wide, of heads of `head` rows, in llama.cpp's order: what files of the
/// architecture `llama` hold of queries and keys.
pub fn permuted(values: &[f32], width: usize, head: usize) -> Vec<f32> {
    let mut turned = vec![0.0; values.len()];
    for (row, from) in values.chunks_exact(width).enumerate() {
        turned[place_in_file(row, head) * width..][..width].copy_from_slice(from);
    }
    turned
}

fn text(to: &mut Vec<u8>, text: &str) {
    to.extend((text.len() as u64).to_le_bytes());
    to.extend(text.as_bytes());
}

/// The number of a value's type. Whole numbers have 32 bits where they fit, as llama.cpp expects, and
/// floats always.
fn number(value: &Value) -> u32 {
    match value {
        Value::Unsigned(value) if u32::try_from(*value).is_ok() => 4,
        Value::Unsigned(_) => 10,
        Value::Signed(value) if i32::try_from(*value).is_ok() => 5,
        Value::Signed(_) => 11,
        Value::Float(_) => 6,
        Value::Bool(_) => 7,
        Value::Text(_) => 8,
        Value::List(_) => 9,
    }
}

/// Writes a value as one of the type with number `kind`, which is at least as wide as its own.
fn put(to: &mut Vec<u8>, kind: u32, value: &Value) {
    match value {
        Value::Unsigned(value) if kind == 4 => to.extend((*value as u32).to_le_bytes()),
        Value::Unsigned(value) => to.extend(value.to_le_bytes()),
        Value::Signed(value) if kind == 5 => to.extend((*value as i32).to_le_bytes()),
        Value::Signed(value) => to.extend(value.to_le_bytes()),
        Value::Float(value) => to.extend((*value as f32).to_le_bytes()),
        Value::Bool(value) => to.push(u8::from(*value)),
        Value::Text(value) => text(to, value),
        Value::List(values) => {
            // The values of a list have one type: that of the widest.
            let kind = values.iter().map(number).max().unwrap_or(4);
            to.extend(kind.to_le_bytes());
            to.extend((values.len() as u64).to_le_bytes());
            values.iter().for_each(|value| put(to, kind, value));
        }
    }
}
