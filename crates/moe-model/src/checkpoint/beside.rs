//! Files written beside the ones they replace.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::error::{CheckpointError, io};

/// A file under a name of its own, `<name>.partial`, until it is put in its place; removed if it
/// never is.
#[derive(Debug)]
pub(super) struct Beside {
    path: PathBuf,
    partial: PathBuf,
    file: BufWriter<File>,
    placed: bool,
}

impl Beside {
    /// Begins the file that will be `path`.
    pub(super) fn create(path: PathBuf) -> Result<Self, CheckpointError> {
        let mut partial = path.clone().into_os_string();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let file = BufWriter::new(File::create(&partial).map_err(io(&partial))?);
        Ok(Self {
            path,
            partial,
            file,
            placed: false,
        })
    }

    /// Where it will be.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), CheckpointError> {
        self.file.write_all(bytes).map_err(io(&self.partial))
    }

    /// Waits until all of it is on the disk.
    pub(super) fn sync(&mut self) -> Result<(), CheckpointError> {
        self.file.flush().map_err(io(&self.partial))?;
        self.file.get_ref().sync_all().map_err(io(&self.partial))
    }

    /// Puts it in its place, over what was there.
    pub(super) fn place(mut self) -> Result<(), CheckpointError> {
        fs::rename(&self.partial, &self.path).map_err(io(&self.path))?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.placed {
            // The error that led here is the one to report.
            drop(fs::remove_file(&self.partial));
        }
    }
}

/// Waits until renames and removals in a directory are on the disk.
pub(super) fn sync_directory(dir: &Path) -> Result<(), CheckpointError> {
    // Elsewhere a directory cannot be opened.
    if cfg!(unix) {
        let dir_file = File::open(dir).map_err(io(dir))?;
        dir_file.sync_all().map_err(io(dir))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_stays_until_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, "old").unwrap();
        let mut dropped = Beside::create(path.clone()).unwrap();
        dropped.write(b"half").unwrap();
        drop(dropped);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");

        let mut file = Beside::create(path.clone()).unwrap();
        file.write(b"new").unwrap();
        file.sync().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        file.place().unwrap();
        sync_directory(dir.path()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
