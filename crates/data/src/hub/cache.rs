//! The hub's cache: what its clients agreed on.
//!
//! `<kind>--<owner>--<name>/blobs/<etag>` holds contents, `snapshots/<commit>/<path>` links to them, and
//! `refs/<revision>` holds a commit. An unfinished content is called `<etag>.incomplete`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::HubError;
use super::name::{Repo, is_hex};

/// One repository in the cache.
#[derive(Debug, Clone)]
pub(super) struct Cached {
    root: PathBuf,
    locks: PathBuf,
}

/// Names a file in what went wrong with it.
pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> HubError {
    let path = path.to_owned();
    move |source| HubError::Io { path, source }
}

impl Cached {
    pub(super) fn new(cache: &Path, repo: &Repo) -> Self {
        Self {
            root: cache.join(repo.folder()),
            locks: cache.join(".locks").join(repo.folder()),
        }
    }

    /// The commit that a revision was last known to be, if its snapshot is there.
    pub(super) fn commit(&self, repo: &Repo) -> Option<String> {
        let commit = match repo.is_commit() {
            true => repo.revision().to_owned(),
            false => fs::read_to_string(self.root.join("refs").join(repo.revision())).ok()?,
        };
        let commit = commit.trim().to_owned();
        (is_hex(&commit, 40) && self.snapshot(&commit).is_dir()).then_some(commit)
    }

    /// Remembers which commit a revision is.
    pub(super) fn remember(&self, repo: &Repo, commit: &str) -> Result<(), HubError> {
        if repo.is_commit() {
            return Ok(());
        }
        let file = self.root.join("refs").join(repo.revision());
        if fs::read_to_string(&file).is_ok_and(|known| known == commit) {
            return Ok(());
        }
        folder_of(&file)?;
        fs::write(&file, commit).map_err(io(&file))
    }

    pub(super) fn snapshot(&self, commit: &str) -> PathBuf {
        self.root.join("snapshots").join(commit)
    }

    pub(super) fn blob(&self, etag: &str) -> PathBuf {
        self.root.join("blobs").join(etag)
    }

    /// The files of a snapshot that are there, by their `/`-separated paths.
    pub(super) fn files(&self, commit: &str) -> Vec<String> {
        let (mut files, mut folders) = (Vec::new(), vec![String::new()]);
        while let Some(folder) = folders.pop() {
            let dir = self.snapshot(commit).join(&folder);
            for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
                let path = format!("{folder}{}", entry.file_name().to_string_lossy());
                // By what a link leads to: one whose content is gone is no file.
                match fs::metadata(entry.path()) {
                    Ok(found) if found.is_dir() => folders.push(format!("{path}/")),
                    Ok(_) => files.push(path),
                    Err(_) => {}
                }
            }
        }
        files.sort();
        files
    }

    /// Keeps other processes from the same content until what is returned is dropped.
    pub(super) fn lock(&self, etag: &str) -> Result<File, HubError> {
        let path = self.locks.join(format!("{etag}.lock"));
        folder_of(&path)?;
        let file = File::create(&path).map_err(io(&path))?;
        file.lock().map_err(io(&path))?;
        Ok(file)
    }

    /// Puts a content into a snapshot: linked to, or copied where links are not to be had.
    pub(super) fn place(&self, etag: &str, commit: &str, file: &str) -> Result<(), HubError> {
        let place = self.snapshot(commit).join(file);
        if fs::metadata(&place).is_ok() {
            return Ok(());
        }
        folder_of(&place)?;
        // A link whose content is gone would be in the way.
        let _ = fs::remove_file(&place);
        let up = "../".repeat(file.split('/').count() + 1);
        let target = format!("{up}blobs/{etag}");
        link(Path::new(&target), &place)
            .or_else(|_| fs::copy(self.blob(etag), &place).map(drop))
            .map_err(io(&place))
    }
}

#[cfg(unix)]
fn link(target: &Path, place: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, place)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Makes the folder that a file is to lie in.
pub(super) fn folder_of(file: &Path) -> Result<(), HubError> {
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder).map_err(io(folder))
}
