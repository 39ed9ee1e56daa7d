//! What a data set is made of: a file, the files of a folder, or those of the hub.

use std::path::{Path, PathBuf};

use super::{ColumnMap, Fault, FromRow, ReadError, Records, Row};

/// One file, and what its records are called.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) family: String,
    pub(super) prefix: String,
}

/// Where records are read from, as often as wanted.
///
/// ```
/// use data::{Conversation, dataset::{Dataset, Fault}};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("chat.jsonl");
/// # std::fs::write(&path, "{\"q\": \"1 + 1?\", \"a\": \"2\"}\n{}\n")?;
/// let chats = Dataset::open(&path)?.with_columns("question=q,answer=a".parse()?);
/// for record in chats.records::<Conversation>() {
///     match record {
///         Ok(conversation) => assert_eq!(conversation.messages.len(), 2),
///         Err(Fault::Skipped(skipped)) => assert_eq!(skipped.line, 2),
///         Err(Fault::Failed(error)) => return Err(error.into()),
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Dataset {
    parts: Vec<Part>,
    columns: ColumnMap,
}

impl Dataset {
    /// A file; a folder, whose files are read in the order of their names; or
    /// `hub:owner/name[@revision][:config/split or file pattern]`, which is downloaded now where it
    /// is not in the hub's cache.
    ///
    /// # Errors
    /// When a folder has no file to read or the hub does not give the files. A file is opened only
    /// when it is read.
    pub fn open(source: impl AsRef<Path>) -> Result<Self, ReadError> {
        let source = source.as_ref();
        let parts = match source.to_str().and_then(|text| text.strip_prefix("hub:")) {
            Some(name) => hub(name)?,
            None if source.is_dir() => folder(source)?,
            None => {
                let name = stem(source);
                vec![Part {
                    path: source.into(),
                    family: name.clone(),
                    prefix: name,
                }]
            }
        };
        Ok(Self {
            parts,
            columns: ColumnMap::default(),
        })
    }

    /// The same with names for its columns.
    #[must_use]
    pub fn with_columns(self, columns: ColumnMap) -> Self {
        Self { columns, ..self }
    }

    /// The files, in the order they are read in.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.parts.iter().map(|part| part.path.as_path())
    }

    /// Reads from the beginning.
    pub fn records<T: FromRow>(&self) -> Records<T> {
        self.rows(T::from_row, T::NEEDS)
    }

    pub(crate) fn rows<T>(
        &self,
        parse: fn(&Row) -> Result<T, String>,
        needs: &'static str,
    ) -> Records<T> {
        Records::new(self.parts.clone(), self.columns.clone(), parse, needs)
    }

    /// The first record that can be used, as a person reads it: to look at before training.
    ///
    /// # Errors
    /// When the first file cannot be read, or has no such record.
    pub fn sample<T: FromRow>(&self) -> Result<String, ReadError> {
        for record in self.records::<T>() {
            match record {
                Ok(record) => return Ok(record.show()),
                Err(Fault::Skipped(_)) => {}
                Err(Fault::Failed(error)) => return Err(error),
            }
        }
        // A file without a record has failed above, and no data set is without a file.
        Err(ReadError::Empty {
            path: self.files().collect(),
        })
    }

    /// The files of a snapshot of the hub's data set `name`.
    #[cfg(feature = "hub")]
    pub(crate) fn of_files(name: &str, paths: Vec<PathBuf>) -> Self {
        let part = |path: PathBuf| Part {
            family: name.to_owned(),
            prefix: format!("{name}-{}", stem(&path)),
            path,
        };
        Self {
            parts: paths.into_iter().map(part).collect(),
            columns: ColumnMap::default(),
        }
    }
}

#[cfg(feature = "hub")]
fn hub(name: &str) -> Result<Vec<Part>, ReadError> {
    let hub = crate::hub::Hub::from_env().map_err(Box::new)?;
    Ok(hub.dataset(name).map_err(Box::new)?.parts)
}

#[cfg(not(feature = "hub"))]
fn hub(name: &str) -> Result<Vec<Part>, ReadError> {
    Err(ReadError::Feature {
        path: format!("hub:{name}").into(),
        what: "the Hugging Face hub",
        feature: "hub",
    })
}

fn folder(path: &Path) -> Result<Vec<Part>, ReadError> {
    let io = |source| ReadError::Io {
        path: path.into(),
        source,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(io)? {
        let file = entry.map_err(io)?.path();
        if file.is_file() && is_data(&file.to_string_lossy()) {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(ReadError::Folder { path: path.into() });
    }
    files.sort();
    let family = path
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into());
    let part = |path: PathBuf| Part {
        family: family.clone(),
        prefix: stem(&path),
        path,
    };
    Ok(files.into_iter().map(part).collect())
}

/// Whether a file is called as one with records is.
pub(crate) fn is_data(name: &str) -> bool {
    bare(name) != name && !bare(name).is_empty()
}

/// The name of a file without folders and extensions.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match bare(&name) {
        bare if bare == name => path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into(),
        bare => bare.to_owned(),
    }
}

/// A name without the extensions of a file with records.
fn bare(name: &str) -> &str {
    let unpacked = [".gz", ".zst"]
        .iter()
        .find_map(|packing| name.strip_suffix(packing))
        .unwrap_or(name);
    [".jsonl", ".json", ".ndjson", ".parquet"]
        .iter()
        .find_map(|form| unpacked.strip_suffix(form))
        .unwrap_or(name)
}
