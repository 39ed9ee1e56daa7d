//! Files that are whole or not there, and what files are known by.
//!
//! Left out: undoing what another process left half done beside a file; it is written over.

use std::fs::File;
use std::io::{Error, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Writes a file beside its place, waits until it is on the disk, and renames it into its place.
///
/// # Errors
/// The file or directory that failed, and how.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), (PathBuf, Error)> {
    let beside = partial(path);
    let mut file = File::create(&beside).map_err(at(&beside))?;
    file.write_all(bytes).map_err(at(&beside))?;
    settle(file, path)
}

/// Where a file lies until it is whole.
pub fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

/// Puts a file that was written at [`partial`] into its place, once it is on the disk.
///
/// # Errors
/// The file or directory that failed, and how.
pub fn settle(file: File, path: &Path) -> Result<(), (PathBuf, Error)> {
    let beside = partial(path);
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

fn at(path: &Path) -> impl FnOnce(Error) -> (PathBuf, Error) {
    let path = path.to_owned();
    move |error| (path, error)
}

/// SHA-256 of bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of a file's content, in hexadecimal as `sha256sum` prints it.
///
/// # Errors
/// When it cannot be read.
pub fn sha256_of(file: impl Read) -> Result<String, Error> {
    let mut file = file;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// Bytes in hexadecimal, in small letters.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-2, appendix B.1.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn bytes_and_files_have_the_hash_of_their_content() {
        assert_eq!(sha256(b"abc"), ABC);
        assert_eq!(sha256_of(&b"abc"[..]).unwrap(), ABC);
        let long = vec![b'a'; 100_000];
        assert_eq!(sha256_of(&long[..]).unwrap(), sha256(&long));
    }

    #[test]
    fn a_file_is_written_over_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(partial(&path), "rest of a killed run, longer").unwrap();
        write_whole(&path, b"whole").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        assert!(!partial(&path).exists());
    }
}
