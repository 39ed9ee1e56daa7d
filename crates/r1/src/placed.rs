//! Directories that are whole or not there.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Error, Result};
use data::files::write_whole;

/// Makes the directory `place`, over what was there: `fill` writes its files beside it, `seal` then gives the name and
/// the text of the one that makes it whole and is written last. It comes into its place by a rename, once all of it is
/// on the disk.
///
/// # Errors
/// A file cannot be written or removed; all but those of `seal` are told with `writing`.
pub(crate) fn put(
    place: &Path,
    writing: impl Fn() -> String,
    fill: impl FnOnce(&Path) -> Result<()>,
    seal: impl FnOnce(&Path) -> Result<(&'static str, String)>,
) -> Result<()> {
    let partial = place.with_extension("partial");
    remove(&partial)?;
    fs::create_dir_all(&partial).with_context(&writing)?;
    fill(&partial).with_context(&writing)?;
    let (name, text) = seal(&partial)?;
    for entry in fs::read_dir(&partial).with_context(&writing)? {
        let file = entry.and_then(|entry| File::open(entry.path()));
        file.and_then(|file| file.sync_all())
            .with_context(&writing)?;
    }
    write_whole(&partial.join(name), text.as_bytes())
        .map_err(|(path, error)| Error::new(error).context(path.display().to_string()))?;
    remove(place)?;
    fs::rename(&partial, place).with_context(&writing)?;
    place.parent().map_or(Ok(()), sync).with_context(&writing)
}

/// Removes a directory, where it is there.
pub(crate) fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", dir.display()))
        }
        _ => Ok(()),
    }
}

/// Waits until a directory's names are on the disk, where that can be waited for.
pub(crate) fn sync(dir: &Path) -> std::io::Result<()> {
    match cfg!(unix) {
        true => File::open(dir)?.sync_all(),
        false => Ok(()),
    }
}
