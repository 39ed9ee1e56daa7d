//! Files that are either whole or not there.

use std::fs::File;
use std::io::{Error, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Writes a file beside its place, waits until it is on the disk, and renames it into its place.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), (PathBuf, Error)> {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    let beside = PathBuf::from(name);
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    let mut file = File::create(&beside).map_err(at(&beside))?;
    file.write_all(bytes).map_err(at(&beside))?;
    file.sync_all().map_err(at(&beside))?;
    drop(file);
    std::fs::rename(&beside, path).map_err(at(path))?;
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let dir = dir.unwrap_or(Path::new("."));
    // Where directories can be synchronised, so that the name is on the disk too.
    if cfg!(unix) {
        File::open(dir)
            .and_then(|dir| dir.sync_all())
            .map_err(at(dir))?;
    }
    Ok(())
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes).into())
}

pub(crate) fn hex(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
