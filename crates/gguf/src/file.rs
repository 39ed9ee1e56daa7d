//! A file: its metadata, and its tensors as they lie in it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::error::{GgufError, io};
use crate::kind::Kind;
use crate::parse;
use crate::value::Value;

/// An open file whose head has been read and checked.
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    file: fs::File,
    metadata: BTreeMap<String, Value>,
    tensors: BTreeMap<String, Tensor>,
    data: u64,
}

/// A tensor of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// How its numbers are stored.
    pub kind: Kind,
    /// Its shape, the contiguous axis last.
    pub shape: Vec<usize>,
    /// Where it begins, from the first tensor on.
    offset: u64,
}

impl Tensor {
    /// Rows of numbers, and numbers in a row; a vector is one row.
    pub fn matrix(&self) -> [usize; 2] {
        let (row, rows) = self.shape.split_last().unwrap_or((&0, &[]));
        [rows.iter().product(), *row]
    }
}

impl File {
    /// Opens a file and reads all but its tensors.
    ///
    /// # Errors
    /// A file that cannot be read, is no GGUF, is damaged or shorter than it should be, or that holds a
    /// kind of tensor that is not read: the place in it is named.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, GgufError> {
        let path = path.as_ref();
        let file = fs::File::open(path).map_err(io(path))?;
        let length = file.metadata().map_err(io(path))?.len();
        let head = parse::head(BufReader::new(&file), length);
        let head = head.map_err(|(at, problem)| GgufError::Format {
            path: path.into(),
            at,
            problem,
        })?;
        let tensor = |(kind, shape, offset)| Tensor {
            kind,
            shape,
            offset,
        };
        let tensors = head.tensors.into_iter();
        let found = Self {
            path: path.into(),
            file,
            metadata: head.metadata,
            tensors: tensors.map(|(name, it)| (name, tensor(it))).collect(),
            data: head.data,
        };
        match found.metadata.get("split.count").and_then(Value::as_count) {
            Some(parts) if parts > 1 => Err(found.unsupported(format!(
                "this is one of {parts} parts; join them with `llama-gguf-split --merge`"
            ))),
            _ => Ok(found),
        }
    }

    /// Whether a file begins as GGUF does.
    pub fn is_gguf(path: &Path) -> bool {
        let mut magic = [0; 4];
        let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic));
        read.is_ok() && magic == *b"GGUF"
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its metadata by key.
    pub fn metadata(&self) -> &BTreeMap<String, Value> {
        &self.metadata
    }

    /// Its tensors by the names they have in it.
    pub fn tensors(&self) -> &BTreeMap<String, Tensor> {
        &self.tensors
    }

    /// Replaces `bytes` by those of `count` rows of a tensor, from row `first` on.
    ///
    /// # Errors
    /// The file cannot be read.
    ///
    /// # Panics
    /// If there is no such tensor, or if it has not as many rows.
    pub fn read_rows(
        &mut self,
        name: &str,
        first: usize,
        count: usize,
        bytes: &mut Vec<u8>,
    ) -> Result<(), GgufError> {
        let tensor = &self.tensors[name];
        let [rows, row] = tensor.matrix();
        assert!(first + count <= rows, "`{name}` has {rows} rows");
        let width = tensor.kind.row_bytes(row).expect("rows were checked");
        let at = self.data + tensor.offset + (first * width) as u64;
        bytes.resize(count * width, 0);
        self.file
            .seek(SeekFrom::Start(at))
            .and_then(|_| self.file.read_exact(bytes))
            .map_err(io(&self.path))
    }

    /// A text of the metadata.
    pub(crate) fn text(&self, key: &str) -> Result<&str, GgufError> {
        let value = self.value(key)?;
        let problem = || self.wrong(key, &format!("is {} and no text", value.describe()));
        value.as_text().ok_or_else(problem)
    }

    /// A list of the metadata.
    pub(crate) fn list(&self, key: &str) -> Result<&[Value], GgufError> {
        let value = self.value(key)?;
        let problem = || self.wrong(key, &format!("is {} and no list", value.describe()));
        value.as_list().ok_or_else(problem)
    }

    /// A whole number of the metadata.
    pub(crate) fn count(&self, key: &str) -> Result<u64, GgufError> {
        let value = self.value(key)?;
        let problem = || self.wrong(key, &format!("is {} and no count", value.describe()));
        value.as_count().ok_or_else(problem)
    }

    /// A number of the metadata, where it is there.
    pub(crate) fn number(&self, key: &str) -> Result<Option<f64>, GgufError> {
        let Some(value) = self.metadata.get(key) else {
            return Ok(None);
        };
        let problem = || self.wrong(key, &format!("is {} and no number", value.describe()));
        value.as_number().map(Some).ok_or_else(problem)
    }

    fn value(&self, key: &str) -> Result<&Value, GgufError> {
        let found = self.metadata.get(key);
        found.ok_or_else(|| self.wrong(key, "is missing"))
    }

    pub(crate) fn wrong(&self, key: &str, problem: &str) -> GgufError {
        GgufError::Metadata {
            path: self.path.clone(),
            key: key.into(),
            problem: problem.into(),
        }
    }

    pub(crate) fn unsupported(&self, problem: String) -> GgufError {
        GgufError::Unsupported {
            path: self.path.clone(),
            problem,
        }
    }
}
