//! An artifact: the directory a finished stage leaves, one arrow of the figure.
//!
//! Its manifest, `stage.json`, is written last, so where it exists the artifact is whole. It lists
//! every file with its hash; an artifact whose files no longer match is refused.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use data::files::{hex, sha256_of, write_whole};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// The manifest's file name.
pub(crate) const MANIFEST: &str = "stage.json";
/// The same of a policy that was kept for its score.
pub(crate) const SCORE: &str = "score.json";
/// Training curves carry times, so they take no part in a fingerprint.
pub(crate) const METRICS: &str = "metrics.jsonl";

/// A finished stage's directory, and what identifies its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Where its files lie.
    pub dir: PathBuf,
    /// Hash of how it was made and of every file, training curves and times apart.
    pub fingerprint: String,
}

/// Why a directory is not an artifact.
#[derive(Debug, Error)]
pub enum ArtifactError {
    /// No manifest: the stage was never finished, or this is another directory.
    #[error("{0} holds no finished stage: it has no {MANIFEST}; run the stage that makes it")]
    Unfinished(PathBuf),
    /// The manifest is not one.
    #[error("{path} is damaged ({reason}); remove its directory and run again")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file is missing or is not what the stage wrote.
    #[error("{0} is missing or changed since its stage wrote it; run again to remake it")]
    Changed(PathBuf),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl Artifact {
    /// Opens a finished stage's directory after checking each of its files.
    ///
    /// # Errors
    ///
    /// No manifest, a damaged one, or a file that is missing or changed.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, ArtifactError> {
        let dir = dir.into();
        let manifest = Manifest::read(&dir)?;
        manifest.verify(&dir)?;
        Ok(Self {
            fingerprint: manifest.fingerprint(),
            dir,
        })
    }

    /// The path of one of its files.
    #[must_use]
    pub fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.join(name)
    }

    /// The stage's name, as in `1-base`.
    #[must_use]
    pub fn name(&self) -> String {
        self.dir
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    }
}

/// What `stage.json` says about a finished stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The stage, as in `1-base`.
    pub name: String,
    /// The kind of stage, as in `Pretrain`.
    pub kind: String,
    /// Hash of the kind, name, settings, inputs, seed and recipe version.
    pub identity: String,
    /// The run's seed.
    pub seed: u64,
    /// Fingerprints of the artifacts it read, by their names.
    pub inputs: BTreeMap<String, String>,
    /// Its settings.
    pub settings: serde_json::Value,
    /// How long the process that finished it worked on it.
    pub seconds: f64,
    /// The most memory that process had held by then, in MB (10⁶ bytes), where the system tells.
    pub peak_rss_mb: Option<f64>,
    /// Every file but the manifest, by its path with forward slashes.
    pub files: BTreeMap<String, FileRecord>,
}

/// A file as it was when its stage finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileRecord {
    /// Its length.
    pub bytes: u64,
    /// Its hash, in hexadecimal.
    pub sha256: String,
}

impl Manifest {
    pub(crate) fn read(dir: &Path) -> Result<Self, ArtifactError> {
        let path = dir.join(MANIFEST);
        let bytes = match fs::read(&path) {
            Err(error) if is_missing(&error) => {
                return Err(ArtifactError::Unfinished(dir.to_owned()));
            }
            bytes => bytes.map_err(io(&path))?,
        };
        serde_json::from_slice(&bytes).map_err(|error| ArtifactError::Manifest {
            path,
            reason: error.to_string(),
        })
    }

    /// Writes it beside the files it lists, once they are on the disk.
    pub(crate) fn write(&self, dir: &Path) -> Result<(), ArtifactError> {
        for name in self.files.keys() {
            let path = dir.join(name);
            let file = File::open(&path).and_then(|file| file.sync_all());
            file.map_err(io(&path))?;
        }
        let text = serde_json::to_string_pretty(self).expect("a manifest is plain JSON") + "\n";
        write_whole(&dir.join(MANIFEST), text.as_bytes())
            .map_err(|(path, source)| ArtifactError::Io { path, source })
    }

    /// Checks that every file is there as it was written.
    pub(crate) fn verify(&self, dir: &Path) -> Result<(), ArtifactError> {
        verify(dir, &self.files)
    }

    /// What another stage may know this one's result by: no time goes into it.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(&self.identity);
        for (name, record) in &self.files {
            if Path::new(name)
                .file_name()
                .is_none_or(|name| name != METRICS)
            {
                hash.update(format!("\n{name} {}", record.sha256));
            }
        }
        hex(&hash.finalize())
    }
}

/// Checks that files are there as they were recorded.
pub(crate) fn verify(
    dir: &Path,
    files: &BTreeMap<String, FileRecord>,
) -> Result<(), ArtifactError> {
    for (name, record) in files {
        let path = dir.join(name);
        let length = match fs::metadata(&path) {
            Err(error) if is_missing(&error) => return Err(ArtifactError::Changed(path)),
            found => found.map_err(io(&path))?.len(),
        };
        if length != record.bytes || hash_file(&path)? != record.sha256 {
            return Err(ArtifactError::Changed(path));
        }
    }
    Ok(())
}

/// The files that a manifest lists.
#[derive(Debug, Deserialize)]
struct Listed {
    #[serde(default)]
    files: BTreeMap<String, FileRecord>,
}

/// Checks that the model in `dir` is as its stage wrote it: every file that `stage.json` or `score.json` lists there, or
/// in the directory that `dir` is a part of, lines of JSON apart. A model without them comes from elsewhere, and
/// nothing is known of it.
pub(crate) fn check_model(dir: &Path) -> Result<(), ArtifactError> {
    let part = dir.parent().zip(dir.file_name());
    let part = part.map(|(home, name)| (home, format!("{}/", name.to_string_lossy())));
    for (home, part) in [(dir, String::new())].into_iter().chain(part) {
        for name in [MANIFEST, SCORE] {
            let path = home.join(name);
            let bytes = match fs::read(&path) {
                Err(error) if is_missing(&error) => continue,
                bytes => bytes.map_err(io(&path))?,
            };
            let listed: Result<Listed, _> = serde_json::from_slice(&bytes);
            let mut files = match listed {
                Ok(listed) => listed.files,
                Err(error) => {
                    let reason = error.to_string();
                    return Err(ArtifactError::Manifest { path, reason });
                }
            };
            files.retain(|name, _| name.starts_with(&part) && !name.ends_with(".jsonl"));
            return verify(home, &files);
        }
    }
    Ok(())
}

/// Records every file below `dir` but the manifest.
pub(crate) fn record(dir: &Path) -> Result<BTreeMap<String, FileRecord>, ArtifactError> {
    let mut files = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(io(&folder))? {
            let path = entry.map_err(io(&folder))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path != dir.join(MANIFEST) {
                let bytes = fs::metadata(&path).map_err(io(&path))?.len();
                let record = FileRecord {
                    bytes,
                    sha256: hash_file(&path)?,
                };
                files.insert(relative(dir, &path), record);
            }
        }
    }
    Ok(files)
}

/// SHA-256 of `parts`, each preceded by its length so that no two lists run together.
pub(crate) fn hash_parts(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

fn relative(dir: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(dir).unwrap_or(path);
    let parts: Vec<_> = inside
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

fn hash_file(path: &Path) -> Result<String, ArtifactError> {
    let file = File::open(path).map_err(io(path))?;
    sha256_of(file).map_err(io(path))
}

/// Whether a file is not there, which is not the same as one that cannot be read now.
pub(crate) fn is_missing(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> ArtifactError {
    let path = path.to_owned();
    |source| ArtifactError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(dir: &Path, seconds: f64) -> Manifest {
        let manifest = Manifest {
            name: "1-base".into(),
            kind: "Pretrain".into(),
            identity: "i".into(),
            seed: 1,
            inputs: BTreeMap::new(),
            settings: serde_json::Value::Null,
            seconds,
            peak_rss_mb: None,
            files: record(dir).unwrap(),
        };
        manifest.write(dir).unwrap();
        manifest
    }

    #[test]
    fn files_are_recorded_with_their_known_hash() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        fs::write(dir.path().join("a/x"), "abc").unwrap();
        let files = record(dir.path()).unwrap();
        // FIPS 180-2, appendix B.1.
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".into();
        assert_eq!(
            files,
            BTreeMap::from([("a/x".into(), FileRecord { bytes: 3, sha256 })])
        );
    }

    #[test]
    fn a_fingerprint_knows_files_but_neither_curves_nor_times() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("model"), "abc").unwrap();
        fs::write(dir.path().join(METRICS), "1").unwrap();
        let first = finished(dir.path(), 1.0).fingerprint();
        fs::write(dir.path().join(METRICS), "2").unwrap();
        assert_eq!(finished(dir.path(), 2.0).fingerprint(), first);
        fs::write(dir.path().join("model"), "abd").unwrap();
        assert_ne!(finished(dir.path(), 1.0).fingerprint(), first);
    }

    #[test]
    fn opening_refuses_what_is_not_whole() {
        let dir = tempfile::tempdir().unwrap();
        let opened = || Artifact::open(dir.path()).map(|artifact| artifact.fingerprint);
        assert!(matches!(opened(), Err(ArtifactError::Unfinished(_))));
        fs::write(dir.path().join("model"), "abc").unwrap();
        let manifest = finished(dir.path(), 1.0);
        assert_eq!(opened().unwrap(), manifest.fingerprint());
        fs::write(dir.path().join("model"), "abd").unwrap();
        assert!(matches!(opened(), Err(ArtifactError::Changed(_))));
        fs::remove_file(dir.path().join("model")).unwrap();
        assert!(matches!(opened(), Err(ArtifactError::Changed(_))));
        fs::write(dir.path().join(MANIFEST), "{").unwrap();
        assert!(matches!(opened(), Err(ArtifactError::Manifest { .. })));
    }

    #[test]
    fn a_model_is_held_to_what_lies_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let (model, adapter) = (dir.path().join("6-sft"), dir.path().join("6-sft/adapter"));
        fs::create_dir_all(&adapter).unwrap();
        let (weights, low_rank) = (model.join("weights"), adapter.join("weights"));
        fs::write(&weights, "abc").unwrap();
        fs::write(&low_rank, "abc").unwrap();
        fs::write(model.join(METRICS), "1").unwrap();
        check_model(&model).unwrap();
        finished(&model, 1.0);
        fs::write(model.join(METRICS), "2").unwrap();
        fs::write(model.join("added"), "by a person").unwrap();
        check_model(&model).unwrap();
        let changed = |of: &Path| match check_model(of) {
            Err(ArtifactError::Changed(path)) => Some(path),
            checked => {
                checked.unwrap();
                None
            }
        };
        fs::write(&weights, "abd").unwrap();
        assert_eq!((changed(&model), changed(&adapter)), (Some(weights), None));
        fs::write(&low_rank, "").unwrap();
        assert_eq!(changed(&adapter), Some(low_rank));
        assert_eq!(
            changed(&model.join("weights")),
            None,
            "a file is no directory"
        );
    }

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(hash_parts(&["ab", "c"]), hash_parts(&["a", "bc"]));
    }
}
